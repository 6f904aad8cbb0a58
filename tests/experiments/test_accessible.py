"""Every page, audited by axe-core in a headless Chromium: nothing against WCAG 2 A or AA on a wide screen or on a phone."""

import json
import os
import re
import subprocess
import sys
from html import escape, unescape
from importlib.util import find_spec
from pathlib import Path

import pytest

from experiments import gallery, gemeente, printing, report
from experiments.figures import draw_all
from tests.experiments.test_report import Page, study
from tests.experiments.test_sweeping import differing
from tests.experiments.undrawn import undrawn

AXE = find_spec("axe_core_python")
RULES = ["wcag2a", "wcag2aa"]
WIDE, PHONE = 1200, 400  # pixels
BROKEN = '<!DOCTYPE html><html lang="nl"><head><title>x</title></head><body><main><img src="data:,"></main></body></html>'
AUDIT = """
axe.run(document, {runOnly: %s, resultTypes: ["violations"]}).then(
  found => found.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))]), error => [["failed", [String(error)]]]
).then(told => parent.postMessage([%s, told], "*"));
"""
COLLECT = """
const told = {};
onmessage = e => { told[e.data[0]] = e.data[1]; document.getElementById("told").textContent = JSON.stringify(told); };
"""
SMALL_TOWN = ["households", 600], ["wijken", 3], ["buurten", 6]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Every kind of page, in both languages where there are two: name -> text."""
    folder = tmp_path_factory.mktemp("pages")
    town = [f"parameters.voorbeeldstad.{name}.value={value}" for name, value in SMALL_TOWN]
    with undrawn(), pytest.MonkeyPatch.context() as patch:
        made = study(folder / "study", mapped=True)
        patch.setattr(report, "draw_all", lambda folder: draw_all(folder, ["verschillen", "kaart", "hulp"]))  # all alike in HTML
        report.write(made)
        gallery.main([str(made), "figures=zakken,kaart"])
        sweep, _ = differing(folder, [(q, d) for q in (0.1, 0.3) for d in (20, 40)], ["quota", "months"])
        patch.setattr(sys, "argv", ["experiments.gemeente", *town, f"results.folder={folder}"])
        gemeente.main()
    found = [*made.glob("*.html"), *sweep.glob("*.html"), *folder.glob("gemeente-*/*.html")]
    return {f"{page.parent.name}/{page.name}": page.read_text(encoding="utf-8") for page in sorted(found)}


def test_there_are_pages_of_each_kind(pages):
    assert sorted(Path(name).name for name in pages) == sorted(
        ["gallery.html", "gemeente.html", "gemeente.en.html"] + 2 * ["report.html", "report.en.html"]
    )


def test_no_page_asks_for_anything_from_elsewhere(pages):
    for name, text in pages.items():
        page = Page(text)
        assert not {"script", "link", "iframe", "object", "embed"} & {tag for tag, _ in page.tags}, name
        assert not re.search(r"url\(|@import", text), name
        asked = [a[key] for _, a in page.tags for key in ("src", "srcset", "href", "action") if key in a]
        assert [x[:80] for x in asked if "//" in x[:80] or (":" in x[:80] and not x.startswith("data:image/"))] == [], name


def audited(browser, pages, folder):
    """What axe says of each page: [[rule, [elements]]], all in one Chromium, each page in a frame of its own."""
    axe = (Path(AXE.submodule_search_locations[0]) / "axe.min.js").read_text(encoding="utf-8")
    frames = []
    for k, ((name, width), text) in enumerate(pages.items()):
        script = AUDIT % (json.dumps(RULES), json.dumps(f"{name} {width}"))
        copy = text.replace("</body>", f"<script>{axe}</script><script>{script}</script></body>")
        (folder / f"{k}.html").write_text(copy, encoding="utf-8")
        frames.append(f'<iframe title="{escape(name)}" src="{k}.html" width="{width}" height="900"></iframe>')
    whole = f'<!DOCTYPE html><pre id="told"></pre><script>{COLLECT}</script>{"".join(frames)}'
    (folder / "all.html").write_text(whole, encoding="utf-8")
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    own = [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=60000", "--dump-dom", (folder / "all.html").as_uri()]
    dumped = subprocess.run(
        [browser, *printing.QUIET, *as_root, *own], check=True, capture_output=True, text=True, timeout=printing.SECONDS
    ).stdout
    return json.loads(unescape(re.search(r'<pre id="told">(.*?)</pre>', dumped, re.DOTALL)[1]))


@pytest.mark.skipif(printing.browser() is None, reason="needs a Chromium")
@pytest.mark.skipif(AXE is None, reason="needs axe-core-python (of the dev extra)")
def test_nothing_on_any_page_is_against_wcag(pages, tmp_path):
    asked = {(name, width): text for name, text in pages.items() for width in ((PHONE,) if ".en." in name else (WIDE,))}
    told = audited(printing.browser(), asked | {("broken", WIDE): BROKEN}, tmp_path)
    assert told.pop(f"broken {WIDE}") == [["image-alt", ['<img src="data:,">']]], "what is wrong would be found"
    assert told == {f"{name} {width}": [] for name, width in asked}
