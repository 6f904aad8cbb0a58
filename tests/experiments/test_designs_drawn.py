"""What was varied, as cells, points and lines: which axes are shown, where the order turns, who is best, and what is sure."""

import numpy as np
import pandas as pd

from experiments.figures import designs, drawn
from experiments.figures.designs import About, best_of, plane, plane_of, raster_data, turns
from experiments.figures.style import COLUMN, PAGE
from experiments.loaded import load
from experiments.prose import NL
from tests.experiments.test_report import BASE, SCENARIOS, study

ABOUT = About("leefbaarheid", "score", 1, "loting", 0.02)


def rows(points, paths, scenarios=("spreiding",)):
    """A frame of differences: (values of the paths, difference) for each point, +- 0.015, for each scenario."""
    found = []
    for *values, difference in points:
        for k, scenario in enumerate(scenarios):
            off = difference * (k + 1)
            found.append((*values, scenario, off, off - 0.015, off + 0.015, 4))
    return pd.DataFrame(found, columns=[*paths, "scenario", "difference", "low", "high", "seeds"])


def test_of_three_axes_the_third_is_held_where_the_study_has_it_or_near():
    points = [(q, d, s, 0.01) for q in (0.1, 0.3) for d in (20, 40) for s in (1.0, 2.0, 4.0)]
    found = plane(rows(points, ["quota", "days", "shape"]), ["quota", "days", "shape"], {"shape": 2.2}, ABOUT)
    assert (found.across, found.up, found.fixed, found.scattered) == ("quota", "days", {"shape": 2.0}, False)
    assert len(found.rows) == 4


def test_one_axis_has_the_scenario_as_its_second():
    found = plane(rows([(0.1, 0.0), (0.3, 0.0)], ["quota"], ("a", "b")), ["quota"], {}, ABOUT)
    assert found.up == "" and found.rows.up.tolist() == ["a", "b", "a", "b"]


def test_points_that_fill_few_of_all_combinations_are_points_and_hold_nothing():
    points = [(0.1 * k, 10.0 * k * k, k, 0.01) for k in range(1, 9)]
    found = plane(rows(points, ["quota", "days", "other"]), ["quota", "days", "other"], {"other": 1}, ABOUT)
    assert found.scattered and found.fixed == {} and len(found.rows) == 8


def test_the_line_stands_where_the_sign_turns_and_not_beside_what_is_unknown_or_zero():
    signs = np.array([[1.0, -1.0, 0.0], [1.0, 1.0, np.nan]])  # [up, across]
    assert turns(signs) == [((0.5, -0.5), (0.5, 0.5)), ((0.5, 0.5), (1.5, 0.5))]
    assert turns(signs, upward=False) == [((0.5, -0.5), (0.5, 0.5))], "rows of scenarios are no order"


def test_the_best_is_the_baseline_where_all_lose_and_sure_where_its_interval_excludes_zero():
    points = [(1, 1, 0.01), (2, 1, 0.02), (1, 2, -0.01), (2, 2, -0.02)]
    found = plane(rows(points, ["x", "y"], ("a", "b")), ["x", "y"], {}, ABOUT)  # b is twice as far from 0 as a, +- 0.015
    kinds, sure = best_of(found, ["a", "b"])
    assert kinds.tolist() == [[3, 3], [1, 1]]  # b, b; the baseline
    assert sure.tolist() == [[True, True], [False, True]], "a at (1, 2) can not be told from the baseline"
    kinds, _ = best_of(found._replace(about=ABOUT._replace(better=-1)), ["a", "b"])
    assert kinds.tolist() == [[1, 1], [3, 3]]
    level = plane(rows([(1, 1, 0.0), (2, 1, -0.1)], ["x", "y"], ("a", "b")), ["x", "y"], {}, ABOUT)
    kinds, sure = best_of(level, ["a", "b"])
    assert kinds.tolist() == [[0, 1]] and sure.tolist() == [[False, True]], "where all are equal nobody is best"


def test_a_study_gives_the_differences_of_its_design_under_the_names_of_its_axes(tmp_path):
    data = raster_data(load(study(tmp_path)))
    own = data[data.scenario == SCENARIOS[0]].set_index(["quota", "crisis.harm_days"]).difference
    assert own.to_dict() == {(0.1, 20.0): 0.01, (0.1, 40.0): 0.01, (0.3, 20.0): -0.01, (0.3, 40.0): -0.01}
    found = plane_of(load(tmp_path))
    assert found.own == {"quota": 0.3, "crisis.harm_days": 40.0} and found.about.baseline == BASE


def test_without_a_design_there_is_nothing_to_draw(tmp_path):
    study(tmp_path)
    frame = pd.read_parquet(tmp_path / "designs.parquet")
    frame[frame.kind == "study"].to_parquet(tmp_path / "designs.parquet", index=False)
    assert raster_data(load(tmp_path)).empty and designs.raster(load(tmp_path), NL, PAGE) is None


def test_points_that_form_no_grid_are_drawn_one_by_one_and_nothing_is_filled_in():
    points = [(0.1 * k, 10.0 * 3**k, (-1) ** k * 0.01 * k) for k in range(1, 8)]
    found = plane(rows(points, ["quota", "days"], ("a", "b")), ["quota", "days"], {"quota": 0.35}, ABOUT)
    figure = drawn(lambda t, lang, size: designs.raster_of(t, lang, size), found, NL, COLUMN)
    panels = figure.axes[:2]
    assert sum(len(c.get_offsets()) for c in panels[0].collections) == 7 and not panels[0].patches
    assert panels[0].get_yscale() == "log" and panels[0].get_xscale() == "linear"
    note = figure.get_supxlabel().replace("\n", " ")
    assert "Tussen losse punten is niets gerekend en dus niets ingekleurd" in note
