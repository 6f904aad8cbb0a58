"""Lessons: what they pick is picked by rule, and each draws and tells what its run computed."""

import numpy as np
import pandas as pd
import pytest

from experiments import lessons
from model.parameters import Refused
from tests.experiments.small import small


def test_the_two_buurten_bear_the_same_and_lie_furthest_apart():
    """Rows 2 and 3 bear 1.00 and 1.04; row 4 bears too much to be compared, row 1 too little to count."""
    rows = [
        (1, 0.1, 0.5),
        (1, 0.2, 0.4),
        (1, 1.0, 0.1),
        (1, 1.04, -0.1),
        (1, 2.0, -0.9),
        (2, 1.02, -0.5),
        (2, 0.1, 0),
        (2, 0.2, 0),
    ]
    data = pd.DataFrame(rows, columns=["seed", "load", "change"]).assign(homes=400)
    assert lessons._alike(data) == (2, 3)


def test_of_two_buurten_one_holds_and_the_other_falls_and_a_small_one_must_differ_more():
    """By 0.2 for 400 and 400 homes is more than by 0.3 for 400 and 100; two that both rise, or both fall, are no such pair."""
    rows = [
        (1, 1.0, 0.1, 400),
        (1, 1.0, -0.1, 400),
        (2, 1.0, 0.2, 100),
        (2, 1.0, -0.1, 400),
        (3, 1.0, 0.9, 400),
        (3, 1.0, 0.1, 400),
    ]
    data = pd.DataFrame(rows, columns=["seed", "load", "change", "homes"])
    assert lessons._alike(data) == (0, 1)
    with pytest.raises(Refused, match="of which one holds"):
        lessons._alike(data[data.seed == 3].reset_index(drop=True))


def test_buurten_differ_only_in_what_shows_in_two_decimals():
    data = pd.DataFrame({name: [0.40, 0.40] for name in lessons.EXPLAIN} | {"ties": [0.401, 0.404], "kwaliteit": [0.4, 0.5]})
    assert lessons._unlike(data, 0, 1) == ["quality of the stock 0.40 against 0.50"]


@pytest.mark.parametrize(("turned", "said"), [(0, "none of the 48"), (1, "1 of the 48 mechanisms surely gives"), (2, "give it")])
def test_how_many_mechanisms_turn_the_difference_is_said_in_words(turned, said):
    assert said in lessons._turned(turned, 48)


def test_mechanisms_that_need_a_lever_are_counted_apart():
    assert lessons._idle(12).startswith("12 of them change not one number") and lessons._idle(0) == ""


def test_a_straight_line_explains_all_of_what_is_one():
    z = pd.DataFrame({"a": [0.0, 1.0, 2.0], "b": [1.0, 0.0, 1.0]})
    assert lessons._explained(z, 1.0 + 2.0 * z.a - z.b, np.array([1.0, 2.0, -1.0])) == pytest.approx(1.0)


def test_a_lesson_draws_tells_and_keeps_its_data(tmp_path):
    p = small(tmp_path, "months=24", "seeds=2", "workers=1")
    lessons.write(p.config, ["spiral"])
    folder = tmp_path / "lessons"
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "spiral.csv", "spiral.svg"]
    assert len(pd.read_csv(folder / "spiral.csv")) == 2 * 2 * 25
    page = (folder / "README.md").read_text(encoding="utf-8")
    assert "python -m experiments.lessons spiral" in page and "nan" not in page


def test_a_town_that_shows_nothing_is_refused_in_words(tmp_path):
    p = small(tmp_path, "months=12", "seeds=2", "workers=1")
    with pytest.raises(Refused, match="lesson person"):
        lessons.write(p.config, ["person"])


def test_a_mechanism_that_is_off_changes_the_headline(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "SHORT", 12)
    p = small(tmp_path, "seeds=2", "workers=1")
    own, off = (lessons._without(p, name, p.seeds[0]) for name in ("", "m25"))
    assert own[:2] == ("", p.seeds[0]) and off[0] == "m25" and own[2:] != off[2:]
