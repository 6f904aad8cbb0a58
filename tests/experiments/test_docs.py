"""The generated pages are what the code says today, and no link between pages is broken where they are read on GitHub."""

import re
from collections import Counter
from functools import cache

import pytest

from experiments import causal
from experiments.docs import DOCS, GENERATED, PAGES, glossary, lever_stories, policy_stories, strategy_stories
from model.policies import Levers
from model.world import ByProfile, Count, DwellingKind, Payer, Place, Profile, Status, TeamKind, Tenure, Wish


@pytest.mark.parametrize("page", PAGES)
def test_the_page_is_up_to_date(page):
    assert (DOCS / page).read_text(encoding="utf-8") == GENERATED + PAGES[page](), "run `make docs`"


def test_the_causal_diagram_is_drawn_of_what_mechanisms_declare_today():
    assert causal.digest(causal.flows()) in causal.PICTURE.read_text(encoding="utf-8"), "run `make docs`"


WRITTEN = [*sorted(DOCS.rglob("*.md")), *(DOCS.parent / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def prose(path):
    """A page without its blocks of code."""
    return FENCED.sub("", path.read_text(encoding="utf-8"))


@cache
def anchors(path):
    """The anchors that GitHub gives the headings of a page."""
    found = Counter()
    for heading in re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        found[re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")] += 1
    return {slug if n == 0 else f"{slug}-{n}" for slug, count in found.items() for n in range(count)}


def broken(path):
    """Links of a page, to files and to headings, that lead nowhere as GitHub reads them."""
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(path)):
        place, _, anchor = target.partition("#")
        if ":" in place:
            continue
        page = path.parent / place if place else path
        if not page.exists() or (anchor and anchor not in anchors(page)):
            yield target


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(DOCS.parent).as_posix())
def test_links_and_anchors_lead_somewhere(path):
    assert list(broken(path)) == []


def test_a_link_that_leads_nowhere_is_seen(tmp_path):
    (tmp_path / "b.md").write_text(
        "# One `thing`, twice\n\n# One `thing`, twice\n\n```\n# no heading [x](y.md)\n```\n", encoding="utf-8"
    )
    page = tmp_path / "a.md"
    page.write_text(
        "[a](b.md#one-thing-twice-1) [b](c.md) [c](b.md#no-heading) [d](https://example.org/c.md) [e](#no)", encoding="utf-8"
    )
    assert list(broken(page)) == ["c.md", "b.md#no-heading", "#no"]


def test_every_word_in_which_the_code_is_dutch_is_in_the_glossary():
    known = glossary().lower().replace("_", " ")
    kinds = (Tenure, DwellingKind, Profile, Place, Wish, Status, TeamKind, Payer)
    assert [name for kind in kinds for name in kind.__members__ if name.lower().replace("_", " ") not in known] == []
    words = {word for kind in (Count, ByProfile) for name in kind.__members__ for word in name.lower().split("_")}
    assert sorted(word for word in words if word not in known) == []


def test_every_lever_and_every_policy_is_explained():
    assert list(lever_stories()) == list(Levers._fields)
    for stories in (lever_stories(), policy_stories(), strategy_stories()):
        assert [name for name, story in stories.items() if not story] == []
