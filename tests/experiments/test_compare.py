"""Paired differences, verdicts, shares and kinds of uncertainty, by hand and by law."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from experiments import compare
from experiments.compare import Interval, against_published, compared, influence, paired, split, three_shares, verdict

SOME_UNKNOWN = st.floats(-1e6, 1e6) | st.just(np.nan)


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
        (0.0, Interval(2, 1, 3, 4), "not separable"),  # no order to be the same as
        (1.0, Interval(2, -1, 5, 4), "not separable"),
        (1.0, Interval(2, np.nan, np.nan, 1), "not separable"),
    ],
)
def test_a_verdict_needs_an_interval_that_excludes_zero(reference, interval, said):
    assert verdict(reference, interval) == said


def test_scenarios_are_paired_on_seeds():
    """Values that differ by 1 in every seed: the interval has no width, however far the seeds lie apart."""
    base = np.array([100.0, 200.0, 300.0])
    x = compared(np.stack([base, base + 1.0], axis=1)[..., None], 0)
    assert [float(column[1, 0]) for column in x] == [201.0, 200.0, 1.0, 1.0, 1.0, 3, np.inf]
    assert [float(column[0, 0]) for column in x[:6]] == [200.0, 200.0, 0.0, 0.0, 0.0, 3]


def test_a_mean_counts_its_own_seeds_and_a_difference_the_seeds_of_both():
    """Scenario 2, ?, 6, 10 and baseline 1, 50, ?, 7: means 6 and 58 / 3, pairs 1 and 3, difference 2."""
    values = np.array([[1.0, 2.0], [50.0, np.nan], [np.nan, 6.0], [7.0, 10.0]])[..., None]
    x = compared(values, 0)
    assert (x.value[1, 0], x.baseline_value[1, 0], x.difference[1, 0], x.pairs[1, 0]) == (6.0, 58 / 3, 2.0, 2)
    assert x.low[1, 0] == pytest.approx(2.0 - 12.706, abs=1e-3)  # sd sqrt(2), t(0.975; 1) = 12.706


@given(arrays(float, array_shapes(min_dims=3, max_dims=3, max_side=5), elements=SOME_UNKNOWN), st.data())
def test_every_cell_is_what_it_is_alone(values, data):
    baseline = data.draw(st.integers(0, values.shape[1] - 1))
    x = compared(values, baseline)
    for k, v in np.ndindex(values.shape[1:]):
        own, base = values[:, k, v], values[:, baseline, v]
        alone = paired(own - base)
        found = [column[k, v] for column in (x.difference, x.low, x.high, x.pairs)]
        np.testing.assert_allclose(found, alone, rtol=1e-12, atol=1e-9)
        for mean, of in ((x.value[k, v], own), (x.baseline_value[k, v], base)):
            known = of[np.isfinite(of)]
            np.testing.assert_allclose(mean, known.mean() if known.size else np.nan, rtol=1e-12, atol=1e-9)


def test_what_is_compared_slice_by_slice_is_what_it_is_at_once(monkeypatch):
    values = np.random.default_rng(7).normal(size=(4, 3, 50))
    values[2, 1, 5], values[:, 2, 40] = np.nan, np.nan
    whole = compared(values, 0)
    monkeypatch.setattr(compare, "AT_ONCE", values[:, :, :7].nbytes)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(compared(values, 0), whole, strict=True))


def test_pairing_saves_as_many_seeds_as_the_variances_say():
    """Baseline 1, 2, 3 and scenario 2, 4, 6: variances 1 and 4, and 1 of the difference. Opposite seeds make pairing worse."""
    base = np.array([1.0, 2.0, 3.0])
    values = np.stack([base, 2.0 * base, -base], axis=1)[..., None]
    assert compared(values, 0).variance_ratio[1:, 0].tolist() == [5.0, 0.5]


@pytest.mark.parametrize(
    ("base", "scenario", "ratio"),
    [
        ([0.1, 0.2, 0.7], [0.4, 0.5, 1.0], np.inf),  # by 0.3 but for rounding
        ([0.1, 0.1, 0.1], [0.3, 0.3, 0.3], np.nan),
        ([1.0, 2.0, np.nan], [3.0, np.nan, 7.0], np.nan),
    ],
)
def test_where_pairing_saves_everything_or_nothing_can_be_said(base, scenario, ratio):
    found = compared(np.stack([base, scenario], axis=1)[..., None], 0).variance_ratio[1, 0]
    np.testing.assert_equal(float(found), ratio)


def test_shares_are_weighted_and_sum_to_one():
    base = {"scenario": "b", "indicator": "x", "level": "gemeente", "payer": "", "profile": "", "seeds": 4}
    points = [("", 1.0, 0.5, 1.5), ("p", 1.0, 0.5, 1.5), ("q", -1.0, -1.5, -0.5), ("r", 0.0, -1.0, 1.0)]
    table = pd.DataFrame([{**base, "design": d, "difference": m, "low": a, "high": b} for d, m, a, b in points])
    row = three_shares(table, {"": 1.0, "p": 1.0, "q": 2.0, "r": 4.0}, ["x"]).iloc[0]
    assert (row.same, row.flipped, row.not_separable, row.points) == (2 / 8, 2 / 8, 4 / 8, 4)


def test_shares_are_of_the_headline_of_the_gemeente_and_need_a_second_point():
    base = {"design": "", "indicator": "x", "level": "gemeente", "payer": "", "profile": "", "scenario": "b", "seeds": 4}
    base |= {"difference": 1.0, "low": 0.5, "high": 1.5}
    point, unsure = base | {"design": "p", "seeds": 3}, base | {"design": "q", "low": np.nan, "high": np.nan}
    others = [base | change for change in ({"indicator": "y"}, {"scenario": "c"}, {"payer": "zorg"}, {"level": "wijk"})]
    table = pd.DataFrame([base, *others, point, point | {"payer": "zorg"}, unsure, point | {"design": "elsewhere"}])
    found = three_shares(table, {"": 1.0, "p": 2.0, "q": 1.0}, ["x", "y"])
    assert found.to_numpy().tolist() == [["b", "x", 1.0, 0.75, 0.0, 0.25, 3, 3]]
    assert three_shares(table.iloc[:0], {"": 1.0}, ["x"]).empty


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


# Two kinds of uncertainty apart


def test_the_two_variances_by_hand():
    """Draws (1, 2) and (3, 6): mean squares 9 of draws, 4 of seeds, 1 of the rest.

    Parameters (9 - 1) / 2 = 4; luck is the mean of the variances of both draws, 0.5 and 4.5.
    """
    x = split(np.array([[1.0, 2.0], [3.0, 6.0]]))
    assert (x.mean, x.parameters, x.luck, x.share_parameters) == pytest.approx((3.0, 4.0, 2.5, 4.0 / 6.5))
    assert (x.same_sign, x.draws, x.seeds) == (1.0, 2, 2)


def test_without_luck_the_range_is_that_of_the_draws():
    """39 draws: a 40th falls below the lowest or above the highest once in twenty times."""
    x = split(np.repeat(np.arange(39.0)[:, None], 3, axis=1))
    assert (x.luck, x.share_parameters, x.low, x.high) == pytest.approx((0.0, 1.0, 0.0, 38.0))
    assert x.same_sign == 38 / 39


def test_without_parameters_the_range_is_the_interval_of_the_mean():
    """Twenty draws that are the same under every seed: 1, 2, 3 by Student, as a single draw would have it."""
    x = split(np.tile([1.0, 2.0, 3.0], (20, 1)))
    assert (x.parameters, x.luck, x.share_parameters) == (0.0, 1.0, 0.0)
    assert (x.low, x.high) == pytest.approx(tuple(paired(np.array([1.0, 2.0, 3.0]))[1:3]))


def test_the_variance_of_parameters_is_never_below_zero():
    """Draws that lie closer together than their luck explains."""
    x = split(np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert (x.parameters, x.luck, x.share_parameters) == (0.0, 0.5, 0.0)


def test_known_components_are_found_without_bias():
    """Draws with sd 1, seeds with sd 0.5, rest with sd 1.5: parameters 1 and luck 0.25 + 2.25, over 2,000 studies."""
    rng = np.random.default_rng(1)
    found = np.array([split(3.0 + effects(rng, 25, 6, rng.standard_normal(25), 0.5, 1.5))[:3] for _ in range(2000)])
    error = found.std(axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(found.mean(axis=0) - [3.0, 1.0, 2.5]) < 4 * error).all() and (error < 0.02).all()


def effects(rng: np.random.Generator, draws: int, seeds: int, of_draws: np.ndarray, seed: float, rest: float) -> np.ndarray:
    """Differences [draws, seeds] with an effect per draw, and luck of which all draws share a part."""
    return of_draws[:, None] + seed * rng.standard_normal(seeds) + rest * rng.standard_normal((draws, seeds))


@pytest.mark.parametrize(("spread", "skewed"), [(1.0, False), (1.0, True), (0.2, False), (0.0, False)])
def test_the_range_holds_the_mean_effects_of_new_draws(spread, skewed):
    """95% of draws that were not in the study, over 400 studies with four seeds; luck has variance 2 throughout."""
    rng = np.random.default_rng(2)
    draw = (lambda n: spread * (rng.standard_exponential(n) - 1)) if skewed else (lambda n: spread * rng.standard_normal(n))
    inside = []
    for _ in range(400):
        x, new = split(effects(rng, 100, 4, draw(100), 1.0, 1.0)), draw(200)
        inside.append(((x.low <= new) & (new <= x.high)).mean())
    assert 0.93 < np.mean(inside) < 0.985


def test_more_seeds_take_luck_out_of_the_range():
    """Draws with sd 1 under luck with sd 3: the means of four seeds spread over 1.8, the range stays near 2 times 1.96."""
    rng = np.random.default_rng(3)
    of_draws = rng.standard_normal(2000)
    few, many = (split(effects(rng, 2000, seeds, of_draws, 0.0, 3.0)) for seeds in (4, 100))
    assert few.high - few.low == pytest.approx(3.92, rel=0.1) and many.high - many.low == pytest.approx(3.92, rel=0.05)
    assert few.share_parameters == pytest.approx(0.1, abs=0.02) and many.luck == pytest.approx(9.0, rel=0.05)


def test_complete_cases_are_draws_that_know_every_seed_that_any_draw_knows():
    known = np.array([[1.0, 2.0], [3.0, 6.0]])
    y = np.full((4, 3), np.nan)
    y[np.ix_([0, 2], [0, 2])] = known
    y[1, 0] = 100.0  # a draw that lacks the last seed; the seed in the middle is known to none
    assert split(y) == split(known)


@pytest.mark.parametrize(("y", "draws", "seeds"), [([[1.0, 2.0]], 1, 2), ([[1.0], [2.0]], 2, 1)])
def test_one_draw_or_one_seed_tells_no_kinds_apart(y, draws, seeds):
    x = split(np.array(y))
    assert (x.mean, x.same_sign, x.draws, x.seeds) == (1.5, 1.0, draws, seeds) and np.isnan(x[1:6]).all()


def test_differences_that_never_vary_have_no_kinds_of_uncertainty():
    x = split(np.full((6, 4), 0.1))
    assert (x.parameters, x.luck, x.low, x.high) == (0.0, 0.0, x.mean, x.mean) and np.isnan(x.share_parameters)


def test_nothing_known_is_nothing_said():
    x = split(np.full((3, 2), np.nan))
    assert np.isnan(x[:7]).all() and (x.draws, x.seeds) == (0, 0)


@given(arrays(float, (6, 4), elements=st.floats(-100, 100)), st.floats(0.1, 10), st.permutations(range(6)))
def test_kinds_of_uncertainty_follow_the_unit_and_not_the_order(y, unit, order):
    x, other = split(y), split(-unit * y[order][:, ::-1])
    expected = (-unit * x.mean, unit**2 * x.parameters, unit**2 * x.luck, -unit * x.high, -unit * x.low)
    assert (other.mean, other.parameters, other.luck, other.low, other.high) == pytest.approx(expected, rel=1e-6, abs=1e-6)
    assert x.low <= x.mean <= x.high and x.parameters >= 0.0
