"""Persons and households: estimates by hand and against SciPy, twins one by one, and tables whose sums close."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from scipy import stats

from experiments import bundle, compare, survival
from experiments.engine.persons import PersonTables, Side, household_rows, landing_rows, ledger, vulnerable_row, wait_rows
from experiments.figures import drawn
from experiments.figures.fairness import fairness_data, twins, twins_data
from experiments.figures.persons import flows_data, landing_data
from experiments.figures.style import PAGE
from experiments.loaded import load
from experiments.prose import NL
from model.followed import EMPTY, HARD, LEFT, LOST, nothing
from model.world import ByPlace, Count, Place, Profile, Tenure
from tests.experiments.test_report import BASE, SCENARIOS, study


class Kept:
    """What a run keeps of whom it followed, with what a test gives it."""

    def __init__(self, **given):
        vars(self).update(nothing()._asdict() | given)


def nobody_followed():
    """What a run of a summary keeps of persons: only how many were where."""
    return Kept(places=np.zeros((len(Place), len(ByPlace)), np.int64), counts=np.zeros(len(Count), np.int64))


# How long it lasts


def test_the_product_limit_by_hand():
    """Of 10 one goes in month 1; two are lost from sight; of 7 three go in month 2."""
    found = survival.curve(np.array([0, 1, 3, 0]), np.array([10, 10, 7, 0]))
    np.testing.assert_allclose(found[:3], [1.0, 0.9, 0.9 * 4 / 7])
    assert np.isnan(found[3]), "nobody is left to tell"


def test_the_product_limit_is_that_of_scipy():
    rng = np.random.default_rng(1)
    months, lost = rng.integers(1, 24, 300), rng.random(300) < 0.4
    theirs = stats.ecdf(stats.CensoredData(uncensored=months[~lost], right=months[lost])).sf
    axis = np.arange(25)
    events = np.array([np.count_nonzero(~lost & (months == m)) for m in axis])
    at_risk = np.array([np.count_nonzero(months >= m) for m in axis])
    ours = survival.curve(events, at_risk)
    np.testing.assert_allclose(ours[theirs.quantiles.astype(int)], theirs.probabilities, rtol=1e-12)


def test_the_interval_over_seeds_of_a_mean_is_the_interval_of_student():
    values = np.array([0.2, 0.5, 0.9, 0.4])
    sums = np.stack([values, np.ones(4)], axis=1)
    found = survival.over_seeds(sums, lambda x: np.asarray(x[0] / x[1]))
    expected = compare.paired(values)
    np.testing.assert_allclose([float(x) for x in found], [expected.mean, expected.low, expected.high])
    assert np.isnan(survival.over_seeds(sums[:1], lambda x: np.asarray(x[0] / x[1]))[1])


# Rows of one run


def test_landings_become_numbers_at_risk():
    """Three placements: one is no longer soft after 2 months, one is lost from sight after 1, one still soft after 3."""
    landings = np.zeros((4, len(Profile), 2), np.int32)
    landings[2, Profile.LVB, HARD] = landings[1, Profile.LVB, LOST] = landings[3, Profile.LVB, LOST] = 1
    rows = pd.DataFrame(landing_rows(Kept(landings=landings)))
    assert rows.profile.unique().tolist() == ["lvb"]
    assert rows.at_risk.tolist() == [3, 3, 2, 1]
    assert rows.events.tolist() == [0, 0, 1, 0] and rows.censored.tolist() == [0, 1, 0, 1]


def test_of_a_profile_of_which_nobody_waits_the_months_are_unknown():
    waits = np.zeros((len(Profile), 2), np.int64)
    waits[Profile.LVB] = [24, 120]  # two persons all year, who had waited five months on average
    rows = pd.DataFrame(wait_rows(Kept(waits=waits, landings=np.zeros((25, len(Profile), 2))))).set_index("profile")
    assert rows.waiting["lvb"] == 2.0 and rows.months["lvb"] == 5.0
    assert rows.waiting["psychisch"] == 0.0 and np.isnan(rows.months["psychisch"])


def test_a_difference_up_to_the_threshold_is_the_same():
    base = Side(np.array([7.0, 7.0, 7.0, 7.0, 7.0]), np.array([True, True, True, True, False]))
    scenario = Side(np.array([7.1, 7.2, 6.8, 7.0, 9.0]), np.array([True, True, True, False, True]))
    assert ledger(base, scenario, 0.1) == (1, 1, 1, 3, 5, 1, 1)


def test_households_are_put_beside_themselves():
    """Five homes: better, worse with a neighbour placed, left in one run, vacant at month 0, the same."""
    tenure = [Tenure.KOOP, Tenure.SOCIALE_HUUR, Tenure.KOOP, Tenure.KOOP, Tenure.SOCIALE_HUUR]
    base = Kept(homes=np.array([[150, 150, 150, EMPTY, 150], tenure, [0, 0, 0, 0, 2]], np.uint8))
    run = Kept(homes=np.array([[160, 140, LEFT, EMPTY, 151], tenure, [0, 1, 0, 0, 2]], np.uint8))
    rows = {name: counts for name, *counts in household_rows(base, run, 0.1)}
    assert rows["huishoudens"] == [1, 1, 1, 3, 4, 1, 0]
    assert rows["koop"] == [1, 0, 0, 1, 2, 1, 0]
    assert rows["sociale_huur"] == [0, 1, 1, 2, 2, 0, 0]
    assert rows["meer_geplaatst"] == [0, 0, 1, 1, 1, 0, 0] and rows["minder_geplaatst"] == [0] * 7
    with pytest.raises(ValueError, match="not of one town"):
        list(household_rows(base, Kept(homes=run.homes[:, :4]), 0.1))


def test_vulnerable_residents_are_matched_by_identity():
    base = Kept(persons=np.array([3, 5, 8], np.uint64), stability=np.array([100, 100, 100], np.uint8))
    run = Kept(persons=np.array([5, 8, 9], np.uint64), stability=np.array([140, 101, 250], np.uint8))
    assert vulnerable_row(base, run, 0.05) == ("kwetsbare_bewoners", 1, 1, 0, 2, 4, 1, 1)


# Tables of a study


def test_a_study_closes_its_flows_from_year_to_year(whole):
    """Who is in a place at the end of a year is there at the start of the next; who came and went is in no place."""
    flows = load(whole)["flows"]
    assert set(flows.year) == {1, 2} and set(flows.scenario) == set(load(whole).manifest["scenarios"])
    for _, run in flows.groupby(["scenario", "seed"]):
        ends, starts = (
            run[run.year == year].groupby(way).persons.sum().drop(["buiten", "gekomen"], errors="ignore")
            for year, way in ((1, "to"), (2, "from"))
        )  # fmt: skip
        assert ends.to_dict() == starts.to_dict()
    assert not flows[(flows["from"] == "buiten") & (flows.to != "thuis")].persons.sum(), "who waits has joined the queue"


def test_a_study_has_twins_and_landings_of_every_seed_and_its_thresholds_among_its_parameters(whole):
    tables = load(whole)
    twins = tables["twins"]
    assert set(twins.scenario) == set(tables.others) and set(twins.seed) == set(tables.manifest["seeds"])
    assert (twins.better + twins.same + twins.worse == twins.matched).all()
    assert (twins.matched + twins.only_baseline + twins.only_scenario <= twins.of).all()
    parts = twins[twins.group.isin(["koop", "vrije_huur", "sociale_huur"])].groupby(["scenario", "seed"]).of.sum()
    assert parts.to_dict() == twins[twins.group == "huishoudens"].set_index(["scenario", "seed"]).of.to_dict()
    assert tables.parameter("indicators.same_mark", 0.0) > 0.0
    placed = tables["landing"].groupby(["scenario", "seed"])[["events", "censored"]].sum().sum(axis=1)
    at_start = tables["landing"].query("month == 0").groupby(["scenario", "seed"]).at_risk.sum()
    assert placed.to_dict() == at_start.to_dict() and placed.min() > 0


def test_a_study_that_keeps_a_summary_has_these_tables_without_rows(finished, tmp_path):
    with PersonTables(finished, tmp_path) as tables:
        tables.take([(finished.asked[0]._replace(detail="summary"), nobody_followed())])
    found = bundle.read(tmp_path / "persons.parquet")
    assert [len(found[name]) for name in ("flows", "landing", "waits", "twins", "teams", "stays")] == [0, 0, 0, 0, 0, 7]


# What is drawn


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory):
    return load(study(tmp_path_factory.mktemp("persons")))


def test_flows_are_a_mean_per_year_and_seed(by_hand):
    rows = flows_data(by_hand).set_index(["scenario", "from", "to"])
    assert rows.persons[BASE, "opvang", "thuis"] == 15.0
    assert rows.persons[SCENARIOS[0], "thuis", "opvang"] == 3.0


def test_landings_of_all_profiles_come_first_and_end_where_few_are_left(by_hand):
    rows = landing_data(by_hand)
    assert rows.profile.iloc[0] == "" and rows.at_risk.iloc[0] == 3 * 2 * 40
    twelve = rows[(rows.scenario == BASE) & (rows.profile == "lvb") & (rows.month == 12)].iloc[0]
    expected = np.prod([1 - 1 / n for n in range(40, 34, -1)])
    assert twelve.share == pytest.approx(expected) and twelve.low == pytest.approx(expected), "all seeds are alike"


def test_twins_are_shares_of_who_was_matched(by_hand):
    row = twins_data(by_hand).set_index(["scenario", "group"]).loc[(SCENARIOS[0], "koop")]
    matched = 3 * 102 + 6
    assert row.better == pytest.approx(30 / matched) and row.net == pytest.approx((30 - 42) / matched)
    assert row.low < row.net < row.high


def test_the_worst_off_are_named_in_each_world(by_hand):
    rows = fairness_data(by_hand).set_index(["panel", "who", "scenario"])
    assert rows.group["waiting", "worst", BASE] == "lvb" and rows.value["waiting", "worst", BASE] == pytest.approx(7.0)
    assert rows.value["waiting", "everyone", BASE] == pytest.approx(6.5)
    assert rows.difference["waiting", "worst", SCENARIOS[0]] == pytest.approx(2.0)
    assert rows.difference["landing", "everyone", SCENARIOS[0]] < 0.0
    assert rows.group["neighbours", "worst", BASE] == "BU02", "it receives most for its homes"


def test_a_group_that_nobody_is_in_is_told_as_such(by_hand):
    """Where no portiek got more placements than under the baseline there are no rows of that group for that scenario."""
    rows = by_hand["twins"]
    tables = replace(
        by_hand, frames={**by_hand.frames, "twins": rows[(rows.group != "meer_geplaatst") | (rows.scenario != SCENARIOS[0])]}
    )
    figure = drawn(twins, tables, NL, PAGE)
    assert "niemand" in [text.get_text() for text in figure.findobj(Text)]
