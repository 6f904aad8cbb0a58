"""Pages as PDF, where there is a Chromium to print them.

    python -m experiments.printing results/STUDY      prints report.html and report.en.html of a finished study

`experiments.run` does so at its end, unless `results.pdf=false`.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
QUIET = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-pdf-header-footer",
)  # fmt: skip
SECONDS = 120.0  # within which a page is printed
REPORTS = ("report.html", "report.en.html")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m experiments.printing", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the folder of a finished study")
    pages = [page for name in REPORTS if (page := parser.parse_args().folder / name).is_file()]
    if not pages:
        sys.exit("found no report.html there; expected the folder of a finished study")
    if browser() is None:
        sys.exit(f"found no Chromium; expected one of {', '.join(BROWSERS)} on the path")
    written = print_pages(pages)
    print(*(f"written: {path}" for path in written), sep="\n")
    sys.exit(len(written) < len(pages))


def browser() -> str | None:
    """Where a Chromium is, if there is one."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def print_pages(pages: list[Path]) -> list[Path]:
    """Write a PDF beside each page; returns those written. None where there is no browser; one that fails is the last."""
    found, written = browser(), []
    for page in pages if found else []:
        pdf = _printed(str(found), page)
        if pdf is None:
            break
        written.append(pdf)
    return written


def _printed(found: str, page: Path) -> Path | None:
    target = page.with_suffix(".pdf")
    target.unlink(missing_ok=True)
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # it refuses to start otherwise
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:  # its children may still write there
        own = [f"--user-data-dir={profile}", f"--print-to-pdf={target.resolve()}", page.resolve().as_uri()]
        try:
            _run([found, *QUIET, *as_root, *own])
        except (subprocess.SubprocessError, OSError) as error:
            target.unlink(missing_ok=True)
            print(f"{page.name} was not printed as PDF: {error}", file=sys.stderr)
    return target if target.is_file() else None


def _run(command: list[str]) -> None:
    """Run a program; one that takes too long is ended with all its children. Raises `subprocess.SubprocessError`."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if code != 0:
        raise subprocess.CalledProcessError(code, command[0])


if __name__ == "__main__":
    main()
