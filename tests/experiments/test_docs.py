"""The generated pages are what the code says today."""

import re

import pytest

from experiments import causal
from experiments.docs import DOCS, GENERATED, PAGES


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_up_to_date(page):
    assert (DOCS / page).read_text(encoding="utf-8") == GENERATED + PAGES[page](), "run `make docs`"


def test_the_causal_diagram_is_drawn_of_what_mechanisms_declare_today():
    assert causal.digest(causal.flows()) in causal.PICTURE.read_text(encoding="utf-8"), "run `make docs`"


def test_links_between_pages_lead_somewhere():
    for path in [*DOCS.rglob("*.md"), DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
