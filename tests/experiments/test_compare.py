"""Paired differences, verdicts and shares, by hand."""

import numpy as np
import pandas as pd
import pytest

from experiments.compare import Interval, against_published, differences, influence, paired, three_shares, verdict


def test_the_interval_is_students_by_hand():
    """Differences 1, 2, 3: mean 2, sd 1, t(0.975; 2) = 4.3027, half width 4.3027 / sqrt(3) = 2.4842."""
    x = paired(np.array([1.0, 2.0, 3.0]))
    assert (x.mean, x.pairs) == (2.0, 3)
    assert x.low == pytest.approx(2 - 2.4842, abs=1e-4) and x.high == pytest.approx(2 + 2.4842, abs=1e-4)


def test_unknown_pairs_are_left_out_and_one_pair_has_no_interval():
    assert paired(np.array([1.0, np.nan, 3.0])).pairs == 2
    alone = paired(np.array([1.0, np.nan]))
    assert alone.mean == 1.0 and np.isnan(alone.low)
    assert np.isnan(paired(np.array([np.nan])).mean)


def test_a_difference_of_nothing_is_exactly_nothing():
    assert paired(np.zeros(8)) == (0.0, 0.0, 0.0, 8)


@pytest.mark.parametrize(
    ("reference", "interval", "said"),
    [
        (1.0, Interval(2, 1, 3, 4), "same"),
        (-1.0, Interval(2, 1, 3, 4), "flipped"),
        (1.0, Interval(2, -1, 5, 4), "not separable"),
        (1.0, Interval(2, np.nan, np.nan, 1), "not separable"),
    ],
)
def test_a_verdict_needs_an_interval_that_excludes_zero(reference, interval, said):
    assert verdict(reference, interval) == said


def test_scenarios_are_paired_on_seeds():
    """Values that differ by 1 in every seed: the interval has no width, however far the seeds lie apart."""
    rows = [("", "x", s, seed, 100.0 * seed + (s == "b")) for s in "ab" for seed in (1, 2, 3)]
    table = differences(
        pd.DataFrame(rows, columns=["design", "indicator", "scenario", "seed", "value"]), ["design", "indicator"], "a"
    )
    row = table.iloc[0]
    assert (row.scenario, row.baseline_value, row.value, row.difference, row.low, row.high) == ("b", 200.0, 201.0, 1.0, 1.0, 1.0)


def test_shares_are_weighted_and_sum_to_one():
    base = {"scenario": "b", "indicator": "x", "level": "gemeente", "payer": "", "profile": "", "seeds": 4}
    points = [("", 1.0, 0.5, 1.5), ("p", 1.0, 0.5, 1.5), ("q", -1.0, -1.5, -0.5), ("r", 0.0, -1.0, 1.0)]
    table = pd.DataFrame([{**base, "design": d, "difference": m, "low": a, "high": b} for d, m, a, b in points])
    row = three_shares(table, {"": 1.0, "p": 1.0, "q": 2.0, "r": 4.0}, ["x"]).iloc[0]
    assert (row.same, row.flipped, row.not_separable, row.points) == (2 / 8, 2 / 8, 4 / 8, 4)


def test_within_a_factor_two_of_published():
    main = dict.fromkeys(
        ["vaak_hinder", "klachten_over_personen", "politiemeldingen_per_inwoner", "mutatiegraad", "wachttijd_regulier"], 1.0
    )
    table = against_published(main | {"vaak_hinder": 0.09, "mutatiegraad": 0.2}, {"uitzettingen": 1.6}).set_index("rij")
    assert table.binnen_factor_2["E076"] and table.binnen_factor_2["E093"]
    assert not table.binnen_factor_2["E114"] and not table.binnen_factor_2["E121"]


def test_influence_is_the_distance_between_both_ends():
    rows = [("a.b=laag", 1.0), ("a.b=hoog", 4.0), ("c.d=laag", 2.0), ("c.d=hoog", 1.5)]
    table = pd.DataFrame(
        [{"design": d, "indicator": "x", "level": "gemeente", "scenario": "s", "difference": v} for d, v in rows]
    )
    assert influence(table, "x")[["parameter", "verschuiving"]].to_numpy().tolist() == [["a.b", 3.0], ["c.d", 0.5]]
