"""The causal diagram, on what made-up mechanisms declare."""

import pytest

from experiments import causal
from experiments.causal import Flow


@pytest.fixture
def made_up(monkeypatch):
    """Support writes need, which draagkracht reads; draagkracht writes damage, which stability reads and support does not."""
    said = {
        "WRITES": {"support": ("persons.need",), "draagkracht": ("buurten.damage", "buurten.draaglast"), "stability": ()},
        "READS": {
            "support": ("persons.identity", "teams.hours"), "stability": ("buurten.damage", "dwellings.buurt"),
            "draagkracht": ("persons.need", "buurten.draaglast", "counts.incidenten"),
        },
    }  # fmt: skip
    monkeypatch.setattr(causal, "declared", said.__getitem__)
    monkeypatch.setattr(causal, "INSTITUTIONS_READ", ())
    return said


def test_what_is_written_finds_its_readers_in_the_order_of_tables(made_up):
    assert causal.flows() == [
        Flow("persons.(rows)", ("inflow", "vulnerability", "leaving", "settling"), ("support",)),
        Flow("persons.need", ("support",), ("draagkracht",)),
        Flow("buurten.draaglast", ("draagkracht",), ("draagkracht",)),
        Flow("buurten.damage", ("draagkracht",), ("stability",)),
        Flow("teams.hours", ("institutions",), ("support",)),
        Flow("counts.incidenten", ("nuisance",), ("draagkracht",)),
    ]


def test_a_mechanism_acts_on_another_and_not_on_itself_or_through_who_is_there(made_up):
    acts = causal.graph(causal.flows())
    assert dict(acts.edges) == {
        ("support", "draagkracht"): {"through": ["persons.need"]},
        ("draagkracht", "stability"): {"through": ["buurten.damage"]},
        ("institutions", "support"): {"through": ["teams.hours"]},
        ("nuisance", "draagkracht"): {"through": ["counts.incidenten"]},
    }


def test_the_picture_leaves_out_what_a_mechanism_keeps_for_itself_and_says_what_it_was_drawn_of(made_up, tmp_path):
    found = causal.flows()
    assert [f.name for f in found if f not in causal.between(found)] == ["buurten.draaglast"]
    path = tmp_path / "images" / "causal.svg"
    causal.draw(path)
    assert causal.digest(found) in path.read_text(encoding="utf-8")
    assert causal.digest(found[1:]) != causal.digest(found)


def test_who_does_not_say_what_it_reads_is_named(made_up):
    made_up["READS"]["draagkracht"] = None
    assert causal.undeclared() == ["draagkracht"]
    assert "not declared yet: `draagkracht`" in causal.page()
