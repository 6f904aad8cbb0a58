"""The strip of one life: where somebody was, what lasted, what happened, and what happened around them."""

import json

import numpy as np
import pandas as pd
import pytest

from experiments.figures import drawn
from experiments.figures.story import StoryTables, around, load_story, spells, stays, strip, strip_data
from experiments.figures.style import COLUMN, PAGE
from experiments.prose import EN, NL

FACTS = {
    "question": {"who": "9", "zonder": "contactverlies", "seed": 1, "parts": ["spreiding", "driegesprek"],
                 "papers": {"first_year": 2025}},
    "config": {"months": 24}, "asked": {"event": "escalatie", "date": "2025-07", "start": 6},
}  # fmt: skip
HOME, STREET = {"place": "thuis", "portiek": 3}, {"place": "opvang", "portiek": -1}
EVENTS = [  # a year at home, half a year in the opvang, and home again elsewhere
    (0, "2024-12", "begin", 5.0, HOME),
    (3, "2025-03", "gevonden", 1.0, HOME),
    (7, "2025-07", "escalatie", np.nan, HOME),
    (8, "2025-08-16", "opname", 30.4, HOME),
    (10, "2025-10", "achterstand", 1.0, HOME),
    (12, "2025-12", "uitgezet", np.nan, STREET),
    (18, "2026-06", "geplaatst", 6.0, {"place": "thuis", "portiek": 4}),
    (20, "2026-08", "uit_beeld", np.nan, {"place": "thuis", "portiek": 4}),
]


def log(events, identity="9"):
    head = ["month", "date", "event", "value"]
    frame = pd.DataFrame([dict(zip(head, e[:4], strict=True)) | e[4] for e in events])
    return frame.assign(identity=identity, profile="verslaving", verloop="verteld")


def tables(events=EVENTS, **question):
    facts = FACTS | {"question": FACTS["question"] | question}
    told = log(events)
    stability = pd.DataFrame({"month": range(25), "stability": np.linspace(0.8, 0.4, 25), "verloop": "verteld"})
    both = [pd.concat([frame, frame.assign(verloop="zonder")], ignore_index=True) for frame in (told, stability)]
    return StoryTables(facts, *both)


def test_places_follow_each_other_without_gaps():
    found = stays(log(EVENTS), tables())
    assert [place for *_, place, _ in found] == ["thuis", "opvang", "thuis"]
    assert [start for _, start, *_ in found][1:] == [end for _, _, end, *_ in found][:-1]
    assert found[0][1] == 2025.0 and found[-1][2] == 2027.0
    assert found[1][1] == pytest.approx(2025 + 11.5 / 12) and found[1][2] == pytest.approx(2026 + 5.5 / 12)


def test_a_spell_has_lasted_since_somebody_lives_there_if_only_its_end_is_told_and_ends_with_the_home():
    found = {(lane, round(start, 2), round(end, 2)) for lane, start, end, *_ in spells(log(EVENTS), tables())}
    assert found == {
        ("buiten_beeld", 2025.0, round(2025 + 2.5 / 12, 2)),  # found in March: out of sight until then
        ("buiten_beeld", round(2026 + 7.5 / 12, 2), 2027.0),
        ("huurachterstand", round(2025 + 9.5 / 12, 2), round(2025 + 11.5 / 12, 2)),  # until the eviction
        ("opname", round(2025 + (7 + 15 / 31) / 12, 2), round(2025 + (7 + 15 / 31) / 12 + 1 / 12, 2)),
    }


def test_what_happens_in_a_portiek_counts_in_the_months_in_which_the_person_lives_there():
    near = log([(m, "2025-01", "klacht", 2.0, {"place": "", "portiek": p}) for m, p in
                ((2, 3), (2, 4), (12, 3), (13, 3), (18, 4), (19, 4))], identity="0")  # fmt: skip
    assert around(near, log(EVENTS)).month.tolist() == [2, 12, 19], "the month of a move still belongs to where it began"


def test_a_history_is_drawn_as_two_strips_in_both_languages():
    for language, size in ((NL, PAGE), (EN, COLUMN)):
        figure = drawn(strip, tables(), language, size)
        assert len(figure.axes) == 4 and figure.get_figwidth() == size.width
        said = " ".join(t.get_text() for ax in figure.axes for t in ax.texts)
        assert ("zonder contactverlies" if language == NL else "without loss of contact") in said


def test_a_portiek_is_no_one_life():
    assert strip(tables(who=""), NL, PAGE) is None


def test_only_events_of_the_person_and_of_portieken_are_read(tmp_path):
    mine, others = log(EVENTS), log(EVENTS, identity="12")
    neighbours = log([(2, "2025-02", "klacht", 3.0, {"place": "", "portiek": 3})], identity="0")
    pd.concat([mine, others, neighbours]).to_parquet(tmp_path / "gebeurtenissen.parquet", index=False)
    tables().stability.to_parquet(tmp_path / "stabiliteit.parquet", index=False)
    facts = FACTS | {"question": FACTS["question"] | {"zonder": ""}}
    (tmp_path / "manifest.json").write_text(json.dumps(facts), encoding="utf-8")
    found = load_story(tmp_path)
    assert len(found.events) == len(EVENTS) + 1
    data = strip_data(found).set_index("lane")
    assert data.loc["klacht", "count"] == 3 and data.loc["escalatie", "until"] == pytest.approx(2025 + 6.5 / 12)
