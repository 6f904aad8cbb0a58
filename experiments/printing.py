"""Pages as PDF, where there is a Chromium to print them."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
QUIET = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-pdf-header-footer",
)  # fmt: skip
SECONDS = 120  # within which a page is printed


def browser() -> str | None:
    """Where a Chromium is, if there is one."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def print_pages(pages: list[Path]) -> list[Path]:
    """Write a PDF beside each page; returns those written. None where there is no browser; one that fails says so in words."""
    found = browser()
    if found is None:
        return []
    return [pdf for page in pages if (pdf := _printed(found, page))]


def _printed(found: str, page: Path) -> Path | None:
    target = page.with_suffix(".pdf")
    target.unlink(missing_ok=True)
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # it refuses to start otherwise
    with tempfile.TemporaryDirectory() as profile:
        own = [f"--user-data-dir={profile}", f"--print-to-pdf={target.resolve()}", page.resolve().as_uri()]
        try:
            subprocess.run([found, *QUIET, *as_root, *own], check=True, capture_output=True, timeout=SECONDS)
        except (subprocess.SubprocessError, OSError) as error:
            print(f"{page.name} was not printed as PDF: {error}", file=sys.stderr)
    return target if target.is_file() else None
