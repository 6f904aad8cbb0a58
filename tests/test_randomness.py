"""Luck is a pure, even and independent function of (seed, stream, month, identity)."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from model import randomness
from model.randomness import (
    Luck,
    Stream,
    exponential_at,
    normal_at,
    normal_of,
    poisson_at,
    stream_key,
    ticket,
    uniform,
    uniform_at,
)

ROOT = Path(__file__).parents[1]
UINT64 = st.integers(0, 2**64 - 1).map(np.uint64)
SEEDS = st.integers(0, 2**31)
MONTHS = st.integers(-500, 5000)
STREAMS = st.sampled_from(list(Stream))
N = 100_000
UNLIKELY = 1e-4  # p-value below which a draw is no longer believed to be even; inputs are fixed, so it never flickers
MANY = np.arange(1, N + 1, dtype=np.uint64)


def correlation_limit(n: int) -> float:
    """Five standard errors of a correlation between n independent pairs."""
    return 5.0 / np.sqrt(n)


def test_the_mixer_is_splitmix64():
    """Key 0 and identities 1, 2, 3 are the first three outputs of SplitMix64 with seed 0, as published."""
    published = (0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F)
    for identity, word in enumerate(published, start=1):
        assert uniform_at(np.uint64(0), np.uint64(identity)) == (word >> 11) / 2**53


@pytest.mark.parametrize(
    ("seed", "stream", "month", "identity", "value"),
    [
        (0, Stream.TOWN, 0, 1, 0.0471950296250323),
        (1, Stream.ONSET, 1, (1 << 56) + 1, 0.516567151533833),
        (1, Stream.ONSET, -36, (1 << 56) + 1, 0.06590685757345993),
        (2024, Stream.WHO_LEAVES, 120, (4 << 56) + 12345, 0.4735811793765644),
        (7, Stream.OUT_OF_SIGHT, 1200, 2**64 - 1, 0.5675302896248287),
    ],
)
def test_known_answers(seed, stream, month, identity, value):
    """Published results hang on these values: a change here is a change of every result."""
    assert uniform(seed, stream, month, np.uint64(identity)) == value


@given(SEEDS, STREAMS, MONTHS, UINT64)
def test_a_draw_lies_on_the_unit_interval(seed, stream, month, identity):
    assert 0.0 <= uniform(seed, stream, month, identity) < 1.0


@given(SEEDS, STREAMS, MONTHS, st.lists(UINT64, min_size=1, max_size=20))
def test_draws_of_luck_equal_the_scalar_rule(seed, stream, month, identities):
    drawn = Luck(seed, month).draws(stream, np.array(identities, np.uint64))
    assert drawn.tolist() == [uniform(seed, stream, month, identity) for identity in identities]


@given(SEEDS, STREAMS, MONTHS, st.lists(UINT64, min_size=2, max_size=20, unique=True), st.randoms())
def test_nobodys_luck_depends_on_who_else_draws_or_in_which_order(seed, stream, month, identities, shuffler):
    luck, who = Luck(seed, month), np.array(identities, np.uint64)
    order = list(range(who.size))
    shuffler.shuffle(order)
    some = order[: who.size // 2 + 1]
    assert (luck.draws(stream, who[some]) == luck.draws(stream, who)[some]).all()


@given(SEEDS, STREAMS, MONTHS, st.lists(UINT64, min_size=1, max_size=20), st.integers(1, 8), st.integers(0, 7))
def test_one_trait_more_or_one_person_more_changes_no_other_trait(seed, stream, month, identities, few, more):
    luck, who = Luck(seed, month), np.array(identities, np.uint64)
    some, all_ = luck.several(stream, who, few), luck.several(stream, who, few + more)
    assert all_.shape == (few + more, who.size)
    assert np.array_equal(all_[:few], some) and np.array_equal(luck.several(stream, who[:1], few), some[:, :1])


def test_several_traits_of_one_person_are_independent_of_each_other_and_of_the_single_draw():
    luck = Luck(1, 1)
    rows = np.vstack([luck.several(Stream.PERSON_TRAITS, MANY, 8), luck.draws(Stream.PERSON_TRAITS, MANY)])
    assert largest_correlation(rows) < correlation_limit(N)
    assert min(stats.kstest(u, "uniform").pvalue for u in rows) > UNLIKELY


def test_every_stream_has_its_own_key_under_its_own_number():
    """The keys of a month stand in one array, indexed by number; a stream that is no more leaves a gap."""
    luck = Luck(3, 7)
    keys = [int(luck.key(s)) for s in Stream]
    assert keys == [int(stream_key(3, s, 7)) for s in Stream] and len(set(keys)) == len(Stream)


@pytest.mark.parametrize("seed", [0, 1, 2, 2**31])
@pytest.mark.parametrize("month", [-36, 0, 1, 120])
def test_draws_are_uniform(seed, month):
    """Kolmogorov-Smirnov over the interval, and chi-square over 100 equal parts."""
    u = Luck(seed, month).draws(Stream.ONSET, MANY)
    assert stats.kstest(u, "uniform").pvalue > UNLIKELY
    assert stats.chisquare(np.bincount((u * 100).astype(int), minlength=100)).pvalue > UNLIKELY


@pytest.mark.parametrize("stream", list(Stream), ids=lambda s: s.name)
def test_every_stream_is_uniform_over_identities_as_the_model_makes_them(stream):
    """Identities are a kind, a month and an ordinal in one number: structured, and no less even for it."""
    kinds, months, ordinals = np.meshgrid(np.arange(1, 5), np.arange(960, 1060), np.arange(1, 51), indexing="ij")
    who = (kinds.astype(np.uint64) << np.uint64(56)) | (months.astype(np.uint64) << np.uint64(32)) | ordinals.astype(np.uint64)
    u = Luck(1, 12).draws(stream, who.ravel())
    assert stats.kstest(u, "uniform").pvalue > UNLIKELY


def test_the_last_bits_are_even_too():
    """Of the 53 bits of a draw, each is set in half of the draws, within five standard errors."""
    bits = (Luck(3, 5).draws(Stream.INCIDENTS, MANY) * 2**53).astype(np.uint64)
    set_share = np.array([((bits >> np.uint64(k)) & np.uint64(1)).mean() for k in range(53)])
    assert np.abs(set_share - 0.5).max() < 5 * 0.5 / np.sqrt(N)


def largest_correlation(rows: np.ndarray) -> float:
    """Largest absolute correlation between two of the rows [k, n]."""
    r = np.corrcoef(rows)
    return float(np.abs(r - np.eye(len(r))).max())


def test_streams_are_independent():
    rows = np.array([Luck(1, 1).draws(s, MANY[:20_000]) for s in Stream])
    assert largest_correlation(rows) < correlation_limit(20_000)


def test_months_are_independent():
    rows = np.array([Luck(1, m).draws(Stream.ONSET, MANY[:20_000]) for m in range(-36, 85)])
    assert largest_correlation(rows) < correlation_limit(20_000)


def test_neighbouring_seeds_are_independent():
    rows = np.array([Luck(s, 1).draws(Stream.ONSET, MANY[:20_000]) for s in range(100)])
    assert largest_correlation(rows) < correlation_limit(20_000)


@pytest.mark.parametrize("step", [1, 1 << 16, 1 << 32, 1 << 48, 1 << 50, 1 << 56, 1 << 60])
def test_neighbouring_identities_are_independent(step):
    """Also where identities differ in one high bit: so are further draws of one identity made. Chi-square over a 20 x 20 grid."""
    luck = Luck(1, 1)
    here, there = luck.draws(Stream.ONSET, MANY), luck.draws(Stream.ONSET, MANY + np.uint64(step))
    assert abs(np.corrcoef(here, there)[0, 1]) < correlation_limit(N)
    cells = (here * 20).astype(int) * 20 + (there * 20).astype(int)
    assert stats.chisquare(np.bincount(cells, minlength=400)).pvalue > UNLIKELY


def test_exponential_waiting_times_have_their_mean_and_shape():
    key = Luck(1, 1).key(Stream.COURSE)
    days = np.array([exponential_at(key, i, 14.0) for i in MANY[:20_000]])
    assert days.min() >= 0.0
    assert stats.kstest(days, "expon", args=(0, 14.0)).pvalue > UNLIKELY
    assert days.mean() == pytest.approx(14.0, abs=5 * 14.0 / np.sqrt(days.size))  # sd equals the mean


@given(UINT64, UINT64, st.floats(0.1, 1000.0), st.floats(1.01, 10.0))
def test_a_waiting_time_grows_in_proportion_to_its_mean(key, identity, mean, ratio):
    """Same luck, longer mean: the same person waits that much longer, and nobody changes places."""
    assert exponential_at(key, identity, ratio * mean) == pytest.approx(ratio * exponential_at(key, identity, mean))


@pytest.mark.parametrize("rate", [0.01, 0.3, 1.0, 4.0, 15.0, 29.0])
def test_poisson_has_its_mean_and_variance(rate):
    key = Luck(1, 1).key(Stream.INCIDENTS)
    counts = np.array([poisson_at(key, i, rate) for i in MANY[:20_000]])
    error = np.sqrt(rate / counts.size)
    assert counts.mean() == pytest.approx(rate, abs=5 * error)
    error_of_variance = np.sqrt((rate + 2 * rate**2) / counts.size)  # fourth moment of a Poisson count
    assert counts.var() == pytest.approx(rate, abs=5 * error_of_variance)


@given(UINT64, UINT64)
def test_at_rate_zero_nothing_happens(key, identity):
    assert poisson_at(key, identity, 0.0) == 0


@given(UINT64, UINT64, st.floats(0.0, 29.0))
def test_poisson_is_the_inverse_of_its_distribution(key, identity, rate):
    """The count k is the smallest with P(at most k) > u; scipy has the distribution."""
    u, k = uniform_at(key, identity), poisson_at(key, identity, rate)
    assert stats.poisson.cdf(k, rate) > u - 1e-9
    assert k == 0 or stats.poisson.cdf(k - 1, rate) <= u + 1e-9


@given(UINT64, UINT64, st.floats(0.0, 20.0), st.floats(0.0, 9.0))
def test_a_higher_rate_never_gives_fewer(key, identity, rate, more):
    assert poisson_at(key, identity, rate + more) >= poisson_at(key, identity, rate)


@given(SEEDS, MONTHS, UINT64, st.lists(st.integers(0, 2**40), min_size=2, max_size=30, unique=True))
def test_one_option_more_leaves_the_order_of_the_others(seed, month, identity, options):
    """The choice among all is the choice among the others, or the new option itself."""
    luck = Luck(seed, month)
    *others, new = options
    fewer = luck.tickets(Stream.WHICH_HOME, identity, np.array(others))
    more = luck.tickets(Stream.WHICH_HOME, identity, np.array(options))
    assert (np.argsort(more[:-1]) == np.argsort(fewer)).all()
    assert options[np.argmin(more)] in (others[np.argmin(fewer)], new)


@given(SEEDS, MONTHS, UINT64, st.lists(UINT64, min_size=1, max_size=20))
def test_tickets_of_luck_equal_the_scalar_rule(seed, month, identity, options):
    luck = Luck(seed, month)
    drawn = luck.tickets(Stream.WHICH_HOME, identity, np.array(options, np.uint64))
    assert drawn.tolist() == [ticket(luck.key(Stream.WHICH_HOME), identity, option) for option in options]


def test_every_option_is_chosen_equally_often():
    luck, options = Luck(1, 1), np.arange(1000, 1010)
    chosen = [np.argmin(luck.tickets(Stream.WHICH_HOME, i, options)) for i in MANY[:20_000]]
    assert stats.chisquare(np.bincount(chosen, minlength=10)).pvalue > UNLIKELY


def test_neighbouring_identities_choose_independently():
    luck, options = Luck(1, 1), np.arange(5)
    chosen = np.array([np.argmin(luck.tickets(Stream.WHICH_HOME, i, options)) for i in MANY[:20_000]])
    pairs = chosen[:-1] * 5 + chosen[1:]
    assert stats.chisquare(np.bincount(pairs, minlength=25)).pvalue > UNLIKELY


def test_compiled_and_plain_python_agree(plain_python):
    """Every draw in numbers: a waiting time may differ in its last bit, all else is equal."""

    @settings(max_examples=30)
    @given(SEEDS, STREAMS, MONTHS, UINT64, UINT64, st.floats(0.0, 29.0))
    def agree(seed, stream, month, identity, option, rate):
        def draws():
            luck = Luck(seed, month)
            key, some = np.uint64(luck.key(stream)), np.array([identity, option])
            even = [randomness.uniform(seed, stream, month, identity), randomness.uniform_at(key, identity)]
            whole = [int(key), randomness.ticket(key, identity, option), randomness.poisson_at(key, identity, rate)]
            even += luck.several(stream, some, 2).ravel().tolist()
            return even + whole + luck.draws(stream, some).tolist() + luck.tickets(stream, identity, some).tolist(), (
                randomness.exponential_at(key, identity, 7.0)
            )

        compiled, waiting = draws()
        with plain_python():
            written, waiting_written = draws()
        assert compiled == written
        assert waiting == pytest.approx(waiting_written, rel=1e-12)

    agree()


def test_one_normal_is_that_of_many():
    """Equal bits in a kernel and in NumPy; the ends of the interval lie six standard deviations out."""
    u = np.concatenate([[0.0, 1e-9, 0.5, 1.0 - 1e-9, 1.0], Luck(1, 1).draws(Stream.TOWN, MANY)])
    assert [normal_at(x) for x in u] == normal_of(u).tolist() == [normal_at.py_func(x) for x in u]
    assert [normal_at(x) for x in (0.0, 0.5, 1.0)] == pytest.approx([-5.9978, 0.0, 5.9978], abs=1e-4)


def test_a_normal_comes_from_the_cache_in_any_process(tmp_path):
    """The second process compiles nothing, and draws what the first did."""
    code = "from model.randomness import normal_at; print(normal_at(0.975), sum(normal_at.stats.cache_hits.values()))"
    said = [
        subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}, text=True,
            capture_output=True, check=True,
        ).stdout.split()
        for _ in range(2)
    ]  # fmt: skip
    assert said == [[str(normal_at(0.975)), "0"], [str(normal_at(0.975)), "1"]]


@pytest.mark.parametrize("rate", [0.0, 0.3, 6.0, 25.0, 400.0, 20_000.0])
def test_arrivals_are_poisson_at_any_rate(rate):
    """Mean and variance are the rate, within five standard errors of 2,000 months; small rates are those of the kernels."""
    counts = np.array([Luck(5, month).arrivals(Stream.HOW_MANY_SEEKERS, rate) for month in range(2000)])
    assert abs(counts.mean() - rate) <= 5 * np.sqrt(rate / 2000)
    assert abs(counts.var() - rate) <= 5 * np.sqrt((2 * rate**2 + rate) / 2000)
    if rate < 30:
        keys = [Luck(5, month).key(Stream.HOW_MANY_SEEKERS) for month in range(200)]
        assert counts[:200].tolist() == [poisson_at(key, np.uint64(1), rate) for key in keys]


def test_a_scipy_that_names_its_functions_otherwise_is_told_in_words():
    with pytest.raises(ImportError, match=r"ndtri_of_tomorrow: found \[\]; possible: one of type .*double"):
        randomness._of_scipy("ndtri_of_tomorrow", 1)
