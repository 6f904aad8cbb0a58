"""The documentation site builds without a broken link and without a network, and what its how-to pages say works.

Blocks of code are taken from the pages themselves, so that a page can not go on telling what no longer holds.
"""

import logging
import re
import socket
from html.parser import HTMLParser
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import yaml

from experiments import scenarios, site
from experiments.docs import DOCS
from experiments.figures import drawn
from experiments.figures.style import COLUMN, PAGE
from experiments.loaded import Tables
from model import indicators, strategies
from model.policies import Setting
from model.public_view import PublicView
from model.randomness import Luck
from model.world import Count

FETCHING = {"script": "src", "img": "src", "iframe": "src", "source": "src"}  # elements whose address a browser asks for


# The site


class Fetched(HTMLParser):
    """Addresses that a browser asks for when it shows a page."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "link" and given.get("rel") not in ("canonical", "next", "prev"):
            self.found.append(given.get("href", ""))
        self.found.append(given.get(FETCHING.get(tag, ""), ""))


def fetched(page):
    reader = Fetched()
    reader.feed(page)
    return [address for address in reader.found if address]


def heard():
    """Let mkdocs count its warnings: a command of Hydra that ran before in this process silences every logger that is there."""
    logging.disable(logging.NOTSET)
    logging.getLogger("mkdocs").setLevel(logging.WARNING)
    for name, logger in logging.root.manager.loggerDict.items():
        if name.startswith("mkdocs") and isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site, built strictly and without a network."""
    pytest.importorskip("mkdocstrings", reason="the site needs its packages: pip install .[site]")
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    def offline(*_):
        raise OSError("building the site asks for something elsewhere")

    folder = tmp_path_factory.mktemp("site")
    heard()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", offline)
        build(load_config(str(DOCS.parent / "mkdocs.yml"), site_dir=str(folder)))
    return folder


def test_the_site_builds_strictly_and_has_every_page(built):
    pages = {path.relative_to(DOCS).with_suffix(".html").as_posix() for path in DOCS.rglob("*.md")}
    pages = {page.replace("README", "index") for page in pages} | {"contributing.html", "changelog.html", "mesa.html"}
    assert [page for page in sorted(pages) if not (built / page).is_file()] == []


def test_links_that_lead_nowhere_stop_the_build(tmp_path):
    abort = pytest.importorskip("mkdocs.exceptions", reason="the site needs its packages: pip install .[site]").Abort
    from mkdocs.commands.build import build
    from mkdocs.config import load_config

    (tmp_path / "docs").mkdir()
    links = "[a](nowhere.md) [b](index.md#no-such-heading) [c](/absolute.md) [d](folder/) [e](#one)"
    (tmp_path / "docs" / "index.md").write_text(f"# One\n\n{links}\n", encoding="utf-8")
    alone = {"docs_dir": str(tmp_path / "docs"), "nav": ["index.md"], "not_in_nav": "", "plugins": [], "hooks": []}
    config = load_config(str(DOCS.parent / "mkdocs.yml"), site_dir=str(tmp_path / "site"), **alone)
    heard()
    with pytest.raises(abort, match="4 warnings"):
        build(config)


def test_nothing_is_asked_of_another_machine(built):
    for path in built.rglob("*.html"):
        outside = [a for a in fetched(path.read_text(encoding="utf-8")) if re.match(r"(https?:)?//", a)]
        assert outside == [], path.name
    for path in built.rglob("*.css"):
        outside = re.findall(r"""(?:url\(|@import)\s*["']?((?:https?:)?//[^)"']+)""", path.read_text(encoding="utf-8"))
        assert outside == [], path.name


def test_an_address_elsewhere_is_seen():
    page = (
        '<link rel="stylesheet" href="https://a/x.css"><script src="//b/y.js"></script><a href="https://c"></a><img src="z.png">'
    )
    assert fetched(page) == ["https://a/x.css", "//b/y.js", "z.png"]


def test_python_names_come_with_their_docstrings(built):
    page = (built / "python.html").read_text(encoding="utf-8")
    for name in ("model.city.City.step", "experiments.loaded.load", "model.policies.Levers", "experiments.plan.plan"):
        assert f'id="{name}"' in page
    assert "One month, in the only order that there is." in page


def test_a_notebook_is_read_as_text_code_and_what_it_gave():
    html = [
        "<div>\n",
        "<style scoped>\n  td {}\n</style>\n",
        '<table border="1" class="dataframe">\n',
        "  <tr></tr>\n</table>\n</div>",
    ]
    notebook = {"cells": [
        {"cell_type": "markdown", "source": ["# A town\n", "\n", "Text."]},
        {"cell_type": "code", "source": ["city.run(1)\n", "city"], "outputs": [
            {"output_type": "stream", "text": ["one\n", "two\n"]},
            {"data": {"text/html": html, "text/plain": ["plain"]}},
            {"data": {"image/png": "QUJD\n", "text/plain": ["<Figure>"]}},
        ]},
    ]}  # fmt: skip
    text = site.read_notebook(notebook)
    assert text.startswith("# A town\n\nText.\n\n[Download the notebook](mesa.ipynb)")
    assert "```python\ncity.run(1)\ncity\n```\n\n```text\none\ntwo\n```\n\n<div><table><tr></tr></table></div>\n\n" in text
    assert text.endswith('src="data:image/png;base64,QUJD">\n')


# What the how-to pages say


def block(page, language, number=0):
    """The n-th block of code of a how-to page in a language."""
    text = (DOCS / "how-to" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)[number]


def test_the_policy_of_the_page_is_a_scenario_by_its_file_name(tmp_path, monkeypatch):
    (tmp_path / "extra_uren.yaml").write_text(block("policy.md", "yaml"), encoding="utf-8")
    monkeypatch.setattr(scenarios, "POLICIES", tmp_path)
    asked = yaml.safe_load(block("policy.md", "yaml", 1))["scenarios"]
    alone, spread = (scenarios.settings_of(item, "scenarios") for item in asked)
    assert alone == [Setting("ambulante_capaciteit", 1.5, 13, 37, "extra_uren")]
    assert [s.lever for s in spread] == ["strategie", "ambulante_capaciteit"]


def test_the_strategy_of_the_page_is_found_and_looks_for_the_quietest_buurt(tmp_path, monkeypatch):
    (tmp_path / "rust.py").write_text(block("strategy.md", "python"), encoding="utf-8")
    monkeypatch.setattr(strategies, "__path__", [*strategies.__path__, str(tmp_path)])
    assert "rust" in strategies.names()
    homes = strategies.Vacancies(
        np.array([10, 20, 30]), np.arange(3), np.arange(3), np.full(3, 600.0), *np.ones((2, 3)), reserved=2
    )
    queue = strategies.Queue(np.array([100, 101, 102]), np.arange(1, 4).astype(np.uint64), np.zeros(3), np.full(3, 6))
    view = PublicView(
        wijk=np.zeros(3, int), homes=np.full(3, 100.0), corporatie_homes=np.full(3, 50.0), leefbaarheid_class=np.full(3, 6),
        placed=np.zeros(3), complaints=np.array([3.0, 0.5, 1.2]), caseload=np.ones(3), spare_hours=np.zeros(3), exact=False,
    )  # fmt: skip
    pairs = strategies.find("rust").propose(homes, queue, view, strategies.Parameters(1.0, 1, 1.0), Luck(1, 1))
    assert pairs == [(100, 20), (101, 30)]  # after the first, 1.5 complaints stand against 1.2
    assert view.complaints.tolist() == [3.0, 0.5, 1.2]


def test_the_indicator_of_the_page_registers_under_its_name(monkeypatch):
    monkeypatch.setattr(indicators, "INDICATORS", {})
    exec(block("indicator.md", "python"), dict(vars(indicators)))
    made = indicators.INDICATORS["interventies"]
    counts = np.zeros((1, 1, len(Count)), np.int64)
    counts[0, 0, Count.INTERVENTIES] = 6
    half_a_year = indicators.Period(counts, {}, np.array([[6.0]]), np.array([400.0]), np.array([120.0]))
    assert made.compute(half_a_year).item() == pytest.approx(100.0)  # 12 a year on 120 homes
    words = yaml.safe_load((DOCS.parent / "experiments" / "templates" / "words.yaml").read_text(encoding="utf-8"))
    assert made.unit in words["units"] and made.window == "horizon"


def test_the_figure_of_the_page_is_drawn_in_both_languages():
    page = ModuleType("opname")
    exec(block("figure.md", "python"), vars(page))
    row = {"design": "", "level": "gemeente", "indicator": "opnamedagen", "payer": "", "profile": "", "seeds": 4}
    rows = [row | {"scenario": "spreiding", "difference": -2.0, "low": -3.0, "high": -1.0}]
    tables = Tables(
        {"baseline": "loting", "scenarios": ["loting", "spreiding"], "seeds": [1, 2, 3, 4]}, {"differences": pd.DataFrame(rows)}
    )
    assert page.opname_data(tables).difference.tolist() == [-2.0]
    for language, size in (("nl", PAGE), ("en", COLUMN)):
        ax = drawn(page.opname, tables, language, size).axes[0]
        assert [label.get_text() for label in ax.get_yticklabels()] == ["spreiding"]
        assert ("days of opname" in ax.get_xlabel()) == (language == "en") and "4" in ax.get_xlabel()
