"""The ranking certificate: its closed forms against the definition, error rate and power by simulation, groups by hand."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from experiments.ranking import EFFECT, certificate, e_value, half_width, stop

ERROR = 0.05
BATCH, MOST, STUDIES = 4, 200, 4000
LOOKS = np.arange(BATCH, MOST + 1, BATCH)
DIFFERENCES = {
    "normal": lambda rng, shape: rng.standard_normal(shape),
    "heavy-tailed": lambda rng, shape: rng.standard_t(4, shape) / np.sqrt(2.0),
    "skewed": lambda rng, shape: rng.standard_exponential(shape) - 1.0,
}


def looks(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and sum of squares about it, [studies, looks], after every batch of differences [studies, seeds]."""
    mean = differences.cumsum(axis=1)[:, LOOKS - 1] / LOOKS
    squares = np.square(differences).cumsum(axis=1)[:, LOOKS - 1]
    return mean, np.maximum(squares - LOOKS * mean**2, 0.0)  # equal differences round to less than nothing


def misses(differences: np.ndarray, truth: float, error: float) -> np.ndarray:
    """Per study and look, whether the confidence sequence does not cover the true mean difference."""
    mean, scatter = looks(differences)
    return np.abs(mean - truth) > half_width(LOOKS, scatter, error)


def at_most(error: float, studies: int) -> int:
    """More than this many wrong studies come about once in a thousand times, if the error rate is what it should be."""
    return int(stats.binom.ppf(0.999, studies, error))


def settled_after(differences: np.ndarray, error: float) -> float:
    """Median number of seeds after which the order of a pair is settled."""
    settled = misses(differences, 0.0, error)
    return float(np.median(np.where(settled.any(axis=1), LOOKS[settled.argmax(axis=1)], np.inf)))


# The closed forms


@given(st.integers(2, 60), st.floats(-8, 8))
def test_the_e_value_is_the_mixture_of_t_densities_that_defines_it(n, t):
    """Of t under effects drawn from N(0, EFFECT^2), over t under no effect."""
    effects = np.linspace(-10 * EFFECT, 10 * EFFECT, 1001)
    density = stats.nct.pdf(t, n - 1, np.sqrt(n) * effects) * stats.norm.pdf(effects, scale=EFFECT)
    expected = integrate.simpson(density, x=effects) / stats.t.pdf(t, n - 1)
    found = e_value(np.array(n), np.array(t / np.sqrt(n)), np.array(n - 1.0))
    assert float(found) == pytest.approx(expected, rel=1e-6)


@given(st.integers(20, 500), st.floats(0.001, 1000), st.floats(0.01, 0.5))
def test_at_the_edge_of_the_sequence_the_evidence_is_just_enough(n, scatter, error):
    half = half_width(np.array(n), np.array(scatter), error)
    assert float(e_value(np.array(n), half, np.array(scatter))) == pytest.approx(1.0 / error, rel=1e-6)


def test_no_interval_before_fifteen_seeds_and_none_of_a_single_seed():
    """Even equal differences: (1 + 0.04 n)^((n - 1) / 2) is 18.8 at n = 14 and 26.8 at n = 15, and 1 / 0.05 = 20."""
    n = np.arange(31)
    assert np.flatnonzero(np.isfinite(half_width(n, n * 1.0, ERROR)))[0] == 15
    assert e_value(np.array([14, 15]), np.ones(2), np.zeros(2)) == pytest.approx([1.56**6.5, 1.6**7])
    assert e_value(np.array([0, 1]), np.array([np.nan, 5.0]), np.zeros(2)).tolist() == [1.0, 1.0]


def test_a_half_width_by_hand():
    """n = 25: prior 2, needed = (2 * 400)^(1/25) = 1.30655; squares 25 * 0.30655 / (1 - 0.65328) = 22.104; sqrt(22.104 / 25)."""
    assert float(half_width(np.array(25), np.array(25.0), ERROR)) == pytest.approx(np.sqrt(22.104 / 25), abs=1e-3)


# Error rate and power


@pytest.mark.parametrize("kind", DIFFERENCES)
def test_equal_scenarios_are_ever_ordered_no_more_often_than_the_error_rate(kind):
    """100,000 studies of each gave 1.4% normal, 1.2% heavy-tailed, 4.1% skewed."""
    wrong = misses(DIFFERENCES[kind](np.random.default_rng(1), (STUDIES, MOST)), 0.0, ERROR).any(axis=1).sum()
    assert wrong <= at_most(ERROR, STUDIES)


def test_a_fixed_interval_looked_at_as_often_is_wrong_far_too_often():
    """The same simulation finds what it is there to find."""
    mean, scatter = looks(np.random.default_rng(1).standard_normal((STUDIES, MOST)))
    student = stats.t.ppf(1 - ERROR / 2, LOOKS - 1) * np.sqrt(scatter / (LOOKS - 1) / LOOKS)
    assert (np.abs(mean) > student).any(axis=1).sum() > 5 * at_most(ERROR, STUDIES)


def test_a_rare_large_seed_breaks_it_as_its_documentation_says():
    """One seed in twenty differs: 46% of 100,000 studies without a difference were ordered."""
    rare = (np.random.default_rng(1).random((STUDIES, MOST)) < 0.05) - 0.05
    assert misses(rare, 0.0, ERROR).any(axis=1).mean() == pytest.approx(0.456, abs=0.03)


@pytest.mark.parametrize("kind", DIFFERENCES)
def test_among_four_scenarios_that_share_a_baseline_anything_is_ever_wrong_no_more_often_than_the_error_rate(kind):
    """Means 0, 0, 0.3 and 0.6 over a baseline whose luck all share: no sequence of the six pairs ever misses its difference."""
    luck = DIFFERENCES[kind](np.random.default_rng(2), (STUDIES, MOST, 4))
    luck[..., 0] = 0.0  # the baseline, of which the others differ: a skewed outcome stays skewed in three of the pairs
    means = np.array([0.0, 0.0, 0.3, 0.6])
    values = means + luck
    wrong = np.zeros(STUDIES, bool)
    for a, b in combinations(range(4), 2):
        wrong |= misses(values[..., a] - values[..., b], means[a] - means[b], ERROR / 6).any(axis=1)
    assert wrong.sum() <= at_most(ERROR, STUDIES)


def test_the_certificate_says_of_a_batch_what_the_simulations_count():
    """Noise that all share cancels in the pairs; of the same differences the certificate settles what the sequence excludes."""
    rng = np.random.default_rng(3)
    luck = rng.standard_normal((12, MOST, 3)) + np.array([0.0, 0.0, 0.5])
    values = luck + 100.0 * rng.standard_normal((12, MOST, 1))
    pairs = list(combinations(range(3), 2))
    expected = np.stack([misses(values[..., a] - values[..., b], 0.0, ERROR / 3) for a, b in pairs], axis=-1)
    assert 0 < expected.sum() < expected.size
    for study, look in np.ndindex(12, len(LOOKS)):
        found = certificate(values[study, : LOOKS[look]], list("abc"), ERROR, 0.0, 1).pairs
        assert (found.verdict == "settled").tolist() == expected[study, look].tolist()
        assert np.allclose(found.e_value >= 3 / ERROR, expected[study, look])


@pytest.mark.parametrize(
    ("effect", "error", "seeds"), [(0.5, ERROR, 48), (1.0, ERROR, 24), (0.5, ERROR / 6, 68), (1.0, ERROR / 6, 32)]
)
def test_power_is_what_the_documentation_promises(effect, error, seeds):
    differences = effect + np.random.default_rng(4).standard_normal((STUDIES, MOST))
    assert abs(settled_after(differences, error) - seeds) <= BATCH


# Certificates


def study(*means: float, seeds: int = 60, noise: float = 0.1) -> np.ndarray:
    """Values [seeds, scenarios] about the means, with luck that all scenarios share."""
    rng = np.random.default_rng(5)
    return np.array(means) + noise * rng.standard_normal((seeds, len(means))) + 50.0 * rng.standard_normal((seeds, 1))


def test_a_clear_order_is_settled_and_best_comes_first():
    values, names = study(2.0, 3.0, 1.0), ["a", "b", "c"]
    more, less, neither = (certificate(values, names, ERROR, 0.0, better) for better in (1, -1, 0))
    assert more.groups == neither.groups == [["b"], ["a"], ["c"]] and less.groups == [["c"], ["a"], ["b"]]
    assert more.settled and more.seeds == 60 and (more.pairs.verdict == "settled").all()
    assert list(zip(more.pairs["first"], more.pairs["second"], strict=True)) == [("a", "b"), ("a", "c"), ("b", "c")]
    row = more.pairs.iloc[0]
    assert row.difference == pytest.approx((values[:, 0] - values[:, 1]).mean()) and row.low < row.difference < row.high < 0.0


def test_open_pairs_share_a_group_and_leave_the_order_unsettled():
    found = certificate(study(1.0, 1.0, 2.0), ["a", "b", "c"], ERROR, 0.0, 1)
    assert found.pairs.verdict.tolist() == ["open", "settled", "settled"]
    assert not found.settled and [set(group) for group in found.groups] == [{"c"}, {"a", "b"}]


def test_a_difference_that_matters_to_nobody_counts_as_decided_also_where_its_sign_is_known():
    values = study(1.0, 1.2, 2.0)
    assert certificate(values, ["a", "b", "c"], ERROR, 0.0, 1).groups == [["c"], ["b"], ["a"]]
    found = certificate(values, ["a", "b", "c"], ERROR, 0.5, 1)
    assert found.pairs.verdict.tolist() == ["equivalent", "settled", "settled"]
    assert found.settled and found.groups == [["c"], ["b", "a"]] and found.pairs.high[0] < 0.0


def test_whoever_is_not_told_apart_from_both_sides_joins_them():
    """a over b over c, each near the next and a not near c: a settled pair inside one group, and everything is decided."""
    found = certificate(study(0.4, 0.2, 0.0), ["a", "b", "c"], ERROR, 0.3, 1)
    assert found.pairs.verdict.tolist() == ["equivalent", "settled", "equivalent"]
    assert found.groups == [["a", "b", "c"]] and found.settled


def test_pairs_count_seeds_that_both_are_known_for():
    """a is known for the first half, c for the second: nothing is known of that pair, and b is between them."""
    values = study(3.0, 2.0, 1.0)
    values[30:, 0] = values[:30, 2] = np.nan
    found = certificate(values, ["a", "b", "c"], ERROR, 0.0, 1)
    row = found.pairs.iloc[1]
    assert found.pairs.seeds.tolist() == [30, 0, 30] and found.pairs.verdict.tolist() == ["settled", "open", "settled"]
    assert np.isnan(row.difference) and (row.low, row.high, row.e_value) == (-np.inf, np.inf, 1.0)
    assert found.groups == [["a", "b", "c"]] and not found.settled


def test_orders_that_run_in_a_circle_are_one_group():
    """Unknown values alone can do this: each pair is known for other seeds."""
    values = np.full((90, 4), np.nan)
    for k, (first, second) in enumerate([(0, 1), (1, 2), (2, 0)]):
        values[30 * k : 30 * k + 30, first], values[30 * k : 30 * k + 30, second] = 1.0, 0.0
    values[:, 3] = -5.0
    found = certificate(values, ["a", "b", "c", "d"], ERROR, 0.0, 1)
    assert (found.pairs.verdict == "settled").all() and found.settled
    assert [set(group) for group in found.groups] == [{"a", "b", "c"}, {"d"}]


@pytest.mark.parametrize(("shift", "verdict"), [(0.0, "equivalent"), (2.0, "settled"), (0.25, "equivalent")])
def test_differences_that_never_vary_are_decided_as_soon_as_the_sequence_is_finite(shift, verdict):
    """The evidence of equal differences passes 20 at fifteen seeds. No evidence speaks against 0 if they are all 0."""
    luck = np.arange(15.0)
    values = np.stack([luck, luck + shift], axis=1)
    early, found = (certificate(v, ["a", "b"], ERROR, 0.5, 1) for v in (values[:14], values))
    assert early.pairs.verdict.tolist() == ["open"] and np.isinf(early.pairs.low[0])
    assert found.pairs.verdict.tolist() == [verdict] and (found.pairs.low[0], found.pairs.high[0]) == (-shift, -shift)
    assert found.pairs.e_value[0] == pytest.approx(1.6**-0.5 if shift == 0.0 else 1.6**7)


def test_batches_are_added_until_no_pair_is_open_or_seeds_run_out():
    clear, unclear = study(1.0, 2.0), study(1.0, 1.0)
    assert not stop(certificate(clear[:8], ["a", "b"], ERROR, 0.0, 1), 60)
    assert stop(certificate(clear[:20], ["a", "b"], ERROR, 0.0, 1), 60)
    assert not stop(certificate(unclear[:59], ["a", "b"], ERROR, 0.0, 1), 60)
    assert stop(certificate(unclear, ["a", "b"], ERROR, 0.0, 1), 60)


def test_one_scenario_alone_is_in_order():
    found = certificate(np.ones((3, 1)), ["a"], ERROR, 0.0, 1)
    assert found.pairs.empty and found.groups == [["a"]] and found.settled


@pytest.mark.parametrize(
    ("names", "error", "relevant"),
    [(["a"], 0.05, 0.0), (["a", "a"], 0.05, 0.0), (["a", "b"], 0.0, 0.0), (["a", "b"], 0.05, -1.0)],
)
def test_what_can_not_be_certified_is_refused(names, error, relevant):
    with pytest.raises(ValueError, match="scenarios"):
        certificate(np.ones((3, 2)), names, error, relevant, 1)


@given(st.permutations(range(5)), st.permutations(range(40)), st.floats(0.1, 10))
def test_groups_do_not_depend_on_the_order_of_scenarios_or_seeds_nor_on_the_unit(scenarios, seeds, unit):
    values, names = study(0.0, 0.03, 0.2, 0.2, 1.0, seeds=40), np.array(list("abcde"))
    expected = certificate(values, list(names), ERROR, 0.05, 1).groups
    shuffled = unit * values[np.ix_(seeds, scenarios)]
    assert certificate(shuffled, list(names[scenarios]), ERROR, unit * 0.05, 1).groups == expected
    assert 1 < len(expected) < 5


@given(st.integers(0, 2**32 - 1), st.integers(10, 60), st.floats(0.0, 0.3))
def test_every_pair_across_groups_is_settled_whatever_is_unknown(seed, seeds, unknown):
    rng = np.random.default_rng(seed)
    values = rng.normal(rng.normal(size=5), 0.5, (seeds, 5))
    values[rng.random(values.shape) < unknown] = np.nan
    found = certificate(values, list("abcde"), ERROR, 0.1, 1)
    place = {name: k for k, group in enumerate(found.groups) for name in group}
    assert sorted(place) == list("abcde")
    for pair in found.pairs.itertuples():
        if place[pair.first] != place[pair.second]:
            assert pair.verdict == "settled" and (pair.difference > 0) == (place[pair.first] < place[pair.second])
