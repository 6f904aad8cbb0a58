"""Figures from a tiny study made by hand: each draws in both languages, from tables alone, to the same bytes."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments import figures
from experiments.figures import FIGURES, FORMATS, SELDOM, draw_all, drawn
from experiments.figures.bill import bill_data
from experiments.figures.comparison import forest_data
from experiments.figures.over_time import time_data
from experiments.figures.places import MAPPED, map_data
from experiments.figures.style import COLUMN, LINE, PAGE, SIZES, SLIDE, SMALLEST, apart, cut, inches, wrapped
from experiments.loaded import load
from experiments.prose import EN, NL
from tests.experiments.test_report import BASE, BUURTEN, SCENARIOS, study


@pytest.fixture(autouse=True)
def coarse(monkeypatch):
    """Small bitmaps: their content is that of the drawings."""
    monkeypatch.setattr(figures, "DPI", 30)


STATES = ("draagkracht", "draaglast", "aandeel_kwetsbaar", "druk_op_hulp")  # besides what the tiny study measures


def measured(folder):
    """Give a tiny study everything that is mapped or drawn over time: buurt k has k, and k + 1 under the first scenario."""
    t, labels = (pd.read_parquet(folder / f"{name}.parquet") for name in ("indicators", "labels"))
    more = t.place.map({place: k for k, place in enumerate(BUURTEN)}).fillna(0.5) + (t.scenario == SCENARIOS[0]) * (t.month > 0)
    luck = 0.1 * t.seed * (t.scenario == SCENARIOS[1])
    every = (*STATES, "plaatsingen", "escalaties", "zachte_landing", "wachttijd_personen")
    t.assign(**dict.fromkeys(every, more + luck - luck.mean())).to_parquet(folder / "indicators.parquet", index=False)
    new = pd.DataFrame({"name": STATES, "unit": "verhouding", "nl": STATES, "en": STATES, "better": 1, "window": "last_year"})
    pd.concat([labels, new[~new.name.isin(labels.name)]]).to_parquet(folder / "labels.parquet", index=False)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return measured(study(tmp_path_factory.mktemp("study"), mapped=True))


def outside(figure):
    """Texts that leave the paper of a figure by more than a hundredth of an inch, or are smaller than can be read on it."""
    said = []
    with pytest.MonkeyPatch.context() as patch:
        draw = Text.draw
        patch.setattr(Text, "draw", lambda text, renderer: (said.append(text), draw(text, renderer)))
        figure.draw_without_rendering()
    wide, high, slack = figure.bbox.width, figure.bbox.height, 0.01 * figure.dpi
    gone = []
    for text in said:
        box = text.get_window_extent()
        fits = -slack <= box.x0 and -slack <= box.y0 and box.x1 <= wide + slack and box.y1 <= high + slack
        if text.get_text().strip() and text.get_visible() and not (fits and text.get_fontsize() >= SMALLEST):
            gone.append(text.get_text())
    return gone


EVERY = [(size, name) for size in SIZES.values() for name in FIGURES if name not in SELDOM]


@pytest.mark.parametrize(("size", "name"), EVERY, ids=[f"{name} {size.name}" for size, name in EVERY])
def test_every_figure_draws_with_all_that_it_says_on_the_paper(folder, size, name):
    data, draw = FIGURES[name]
    tables = load(folder)
    figure = drawn(draw, tables, EN if size == SLIDE else NL, size)  # Dutch takes more room on paper
    assert isinstance(figure, Figure)
    assert any(ax.lines or ax.patches or ax.collections for ax in figure.axes)
    assert len(data(tables))
    assert figure.get_figwidth() == size.width and figure.get_figheight() <= (size.height or 11.0)
    assert outside(figure) == []


def test_a_figure_tells_where_it_comes_from_in_every_format(folder):
    draw_all(folder, ["zakken"], sizes=[COLUMN], formats=FORMATS)
    for kind in FORMATS:
        told = (folder / "figures" / f"zakken.column.nl.{kind}").read_bytes()
        told = told.replace(b"\x00", b"").decode("latin-1")
        assert "commit: deadbeef" in told and "seeds: 1, 2, 3" in told and "code: 0123abcd" in told
        assert "tables: pockets" in told  # those that were read


def test_type_is_as_large_as_it_says_and_shrinks_only_where_the_height_is_fixed():
    assert SLIDE.lines(1.0) == pytest.approx(16 * LINE / 72)
    assert SLIDE.fitting(20) == SLIDE and PAGE.fitting(1000) == PAGE
    assert SLIDE.fitting(50).lines(50) == pytest.approx(SLIDE.height)
    assert SLIDE.fitting(1000).font == SMALLEST


def test_texts_are_measured_cut_and_wrapped():
    assert inches("ii", 8) < inches("WW", 8) and inches("WW", 16) == pytest.approx(2 * inches("WW", 8))
    assert cut("spreiding", inches("spreiding", 8), 8) == "spreiding"
    assert cut("spreiding", inches("spreid…", 8) + 1e-6, 8) == "spreid…"
    assert wrapped("een twee drie", inches("een twee", 8) + 1e-6, 8) == "een twee\ndrie"


def test_a_waterfall_begins_each_bar_where_the_last_one_ended(folder):
    tables = load(folder)
    figure = drawn(FIGURES["rekening"][1], tables, NL, PAGE)
    *parts, total = figure.axes[0].patches
    changes = bill_data(tables).query("scenario == @SCENARIOS[0] and payer != ''").difference.to_numpy() / 1e3
    assert [p.get_x() for p in parts] == pytest.approx([0.0, *np.cumsum(changes)[:-1]])
    assert [p.get_width() for p in parts] == pytest.approx(changes) and total.get_x() == 0.0


def test_a_map_shows_levels_differences_and_which_may_be_zero(folder):
    found = map_data(load(folder), MAPPED["kaart_draagkracht"]).set_index("vlak")
    assert found.loc["BU02", "maand_0"] == pytest.approx(found.loc["BU02", BASE])
    assert found[f"verschil_{SCENARIOS[0]}"].dropna().tolist() == pytest.approx([1.0, 1.0])
    assert found[f"zonder_{SCENARIOS[0]}"].dropna().tolist() == [0.0, 0.0]
    assert found[f"zonder_{SCENARIOS[1]}"].dropna().tolist() == [1.0, 1.0]  # 0.1, 0.2 and 0.3: an interval from -0.05 to 0.45
    assert np.isnan(found.loc["BU03", BASE])  # 20 households


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


def test_differences_over_time_start_at_zero_and_pair_on_seeds(folder):
    data = time_data(load(folder)).query("outcome == 'leefbaarheid'")
    level = data[data.what == "level"].pivot(index="month", columns="scenario", values="mean")
    difference = data[data.what == "difference"]
    assert (difference[difference.month == 0][["mean", "low", "high"]] == 0).all(axis=None)
    difference = difference.pivot(index="month", columns="scenario", values="mean")
    np.testing.assert_allclose(difference[SCENARIOS[0]], level[SCENARIOS[0]] - level[BASE], atol=1e-7)


def test_figures_without_a_map_or_a_design_leave_those_out(tmp_path):
    folder = study(tmp_path, mapped=False, empty=True)
    tables = load(folder)
    assert drawn(FIGURES["kaart"][1], tables, NL, PAGE) is None
    assert drawn(FIGURES["robuustheid"][1], tables, NL, PAGE) is None
    assert draw_all(folder, ["kaart", "robuustheid"]) == []
    assert list((folder / "figures").iterdir()) == []


@pytest.mark.parametrize("names", [["spreiding+driegesprek"], [f"driehoek_{n}+driepartijencontract" for n in "abcdefgh"]])
def test_one_scenario_and_eight_with_long_names_fit_a_column(tmp_path, names):
    tables = load(study(tmp_path, scenarios=names))
    for name in ("verschillen", "rekening", "zakken"):
        assert outside(drawn(FIGURES[name][1], tables, NL, COLUMN)) == [], name


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


def test_the_source_of_a_figure_names_the_hash_of_the_file_that_holds_its_table(folder):
    tables = load(folder)
    tables.manifest["results"] = {"persons.parquet": "0123456789abcdef", "differences.parquet": "fedcba9876543210"}
    told = figures.provenance(tables, {"flows", "differences"})
    assert "tables: differences fedcba987654, flows 0123456789ab" in told
