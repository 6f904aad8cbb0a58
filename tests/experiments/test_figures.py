"""Figures from a tiny study made by hand: each draws in both languages, from tables alone, to the same bytes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from experiments import figures
from experiments.figures import FIGURES, draw_all, drawn
from experiments.figures.comparison import forest_data
from experiments.figures.over_time import time_data
from experiments.figures.style import PAGE, apart
from experiments.loaded import load
from experiments.prose import EN, NL
from tests.experiments.test_report import BASE, SCENARIOS, study


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """Small bitmaps: their content is that of the drawings."""
    monkeypatch.setattr(figures, "DPI", 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return study(tmp_path_factory.mktemp("study"), mapped=True)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("language", [NL, EN])
def test_every_figure_draws_in_both_languages(folder, name, language):
    data, draw = FIGURES[name]
    tables = load(folder)
    figure = drawn(draw, tables, language, PAGE)
    assert isinstance(figure, Figure)
    assert any(ax.lines or ax.patches or ax.collections for ax in figure.axes)
    assert len(data(tables))


def test_the_same_tables_give_the_same_svg(folder):
    files = [folder / "figures" / f"rekening.{language}.svg" for language in (NL, EN)]
    assert draw_all(folder, ["rekening"]) == ["rekening"]
    first = [f.read_bytes() for f in files]
    draw_all(folder, ["rekening"])
    assert [f.read_bytes() for f in files] == first
    assert first[0] != first[1]
    assert (folder / "figures" / "rekening.csv").is_file() and (folder / "figures" / "rekening.nl.png").is_file()


def test_the_forest_is_in_units_of_what_matters_and_right_is_better(folder):
    row = forest_data(load(folder)).set_index(["indicator", "scenario"]).loc[("escalaties", SCENARIOS[0])]
    assert row.scaled_difference == pytest.approx(-row.difference / row.relevant_difference)  # fewer is better
    row = forest_data(load(folder)).set_index(["indicator", "scenario"]).loc[("leefbaarheid", SCENARIOS[0])]
    assert row.scaled_low == pytest.approx(row.low / row.relevant_difference)


def test_time_starts_at_zero_and_pairs_on_seeds(folder):
    data = time_data(load(folder))
    assert (data[data.month == 0][["mean", "low", "high"]] == 0).all(axis=None)
    change = data[data.what == "change"].pivot(index="month", columns="scenario", values="mean")
    difference = data[data.what == "difference"].pivot(index="month", columns="scenario", values="mean")
    np.testing.assert_allclose(difference[SCENARIOS[0]], change[SCENARIOS[0]] - change[BASE], atol=1e-7)


def test_figures_without_a_map_or_a_design_leave_those_out(tmp_path):
    folder = study(tmp_path, mapped=False, empty=True)
    tables = load(folder)
    assert drawn(FIGURES["kaart"][1], tables, NL, PAGE) is None
    assert drawn(FIGURES["robuustheid"][1], tables, NL, PAGE) is None
    assert draw_all(folder, ["kaart", "robuustheid"]) == []
    assert list((folder / "figures").iterdir()) == []


def test_a_scenario_alone_and_six_of_them_draw(tmp_path):
    for k, names in enumerate((["spreiding+driegesprek"], [f"scenario_{n}" for n in "abcdef"])):
        tables = load(study(tmp_path / str(k), scenarios=names))
        assert all(drawn(draw, tables, NL, PAGE) is not None for name, (_, draw) in FIGURES.items() if name != "kaart")


def test_by_year_alone_is_enough(tmp_path):
    folder = study(tmp_path)
    t = pd.read_parquet(folder / "indicators.parquet")
    t[t.period == "year"].to_parquet(folder / "indicators.parquet", index=False)
    assert set(time_data(load(folder)).month) == {0, 12, 24}


def test_labels_are_moved_apart_as_little_as_needed():
    assert apart([0.0, 1.0, 2.0], 0.5) == [0.0, 1.0, 2.0]
    assert apart([1.0, 1.0], 0.5) == pytest.approx([0.75, 1.25])
    placed = apart([0.0, 0.1, 0.2, 3.0], 1.0)
    assert np.diff(sorted(placed)).min() >= 1.0 - 1e-9
    assert placed == sorted(placed)
