"""The split of uncertainty and the load of help, as figures have them: scaled, in order, and paired on seeds."""

import pandas as pd
import pytest

from experiments.figures.doubt import doubt_data
from experiments.figures.help import help_data, helping
from experiments.figures.style import PAGE
from experiments.loaded import load
from experiments.prose import NL
from tests.experiments.test_report import BASE, SCENARIOS, SEEDS, study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return study(tmp_path_factory.mktemp("study"))


def test_the_split_is_in_units_of_what_matters_and_right_is_better(folder):
    data = doubt_data(load(folder)).set_index(["indicator", "scenario"])
    row = data.loc[("leefbaarheid", SCENARIOS[0])]  # 0.02 [-0.01, 0.05], of which 0.02 matters
    assert (row.scaled_mean, row.scaled_low, row.scaled_high) == pytest.approx((1.0, -0.5, 2.5))
    row = data.loc[("escalaties", SCENARIOS[0])]  # the same numbers, of which 0.46 matters and fewer is better
    assert (row.scaled_mean, row.scaled_low, row.scaled_high) == pytest.approx((-0.02 / 0.46, -0.05 / 0.46, 0.01 / 0.46))
    assert list(dict.fromkeys(doubt_data(load(folder)).indicator)) == ["leefbaarheid", "escalaties"], "as in all tables"


def test_the_load_of_help_is_paired_on_seeds(tmp_path):
    folder = study(tmp_path)
    t = pd.read_parquet(folder / "indicators.parquet")
    luck = t.seed.astype(float)  # the same luck in each scenario: it leaves the differences alone
    t["druk_op_hulp"] = 0.5 + luck + 0.25 * (t.scenario == SCENARIOS[0]) * (t.month > 0)
    t.to_parquet(folder / "indicators.parquet", index=False)
    data = help_data(load(folder)).set_index(["indicator", "what", "scenario", "month"])
    level = data.loc[("druk_op_hulp", "level", SCENARIOS[0], 24)]
    assert level["mean"] == pytest.approx(0.75 + sum(SEEDS) / len(SEEDS)) and level.low < level["mean"] < level.high
    told = data.loc[("druk_op_hulp", "difference", SCENARIOS[0], 24)]
    assert (told["mean"], told.low, told.high) == pytest.approx((0.25, 0.25, 0.25))
    teams = data.loc[("druk_wijkteam", "difference", SCENARIOS[0], 24)]  # 90 + seed hours asked of 100, and 80 + seed
    assert (teams["mean"], teams.low, teams.high) == pytest.approx((0.1, 0.1, 0.1))
    against_itself = data.xs((BASE, "difference"), level=("scenario", "what"))
    assert (against_itself[["mean", "low", "high"]] == 0).all(axis=None)


def test_a_study_that_did_not_measure_it_has_no_figure_of_help(tmp_path):
    folder = study(tmp_path)
    t = pd.read_parquet(folder / "indicators.parquet").drop(columns=["druk_op_hulp", "reactietijd"])
    t.to_parquet(folder / "indicators.parquet", index=False)
    tables = load(folder)
    tables.frames["teams"] = tables["teams"].iloc[:0]
    assert help_data(tables).empty and helping(tables, NL, PAGE) is None
