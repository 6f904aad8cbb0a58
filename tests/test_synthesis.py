"""Households from margins: a two by two table by hand, the laws of iterative proportional fitting, and whole households."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model import synthesis
from model.parameters import Refused
from model.randomness import Luck
from model.synthesis import (
    ALIKE,
    CLOSE,
    SHAPE,
    SIZES,
    country_margins,
    country_table,
    fitted,
    margins,
    size_shares,
    tilted,
    whole,
)

shares_of = st.integers(0, 2**32 - 1).map(lambda seed: np.random.default_rng(seed))


def test_a_table_of_two_by_two_by_hand():
    """Odds ratio 4, rows 0.5 and 0.5, columns 0.6 and 0.4: x (x - 0.1) = 4 (0.5 - x)(0.6 - x) gives x = 0.3822."""
    cells = fitted(np.array([[2.0, 1.0], [1.0, 2.0]]), {"a": np.array([[0.5, 0.5]]), "b": np.array([[0.6, 0.4]])})[0]
    x = (4.3 - np.sqrt(4.3**2 - 4 * 3 * 1.2)) / 6  # 3 x^2 - 4.3 x + 1.2 = 0
    assert cells == pytest.approx(np.array([[x, 0.5 - x], [0.6 - x, x - 0.1]]), abs=CLOSE)


@settings(max_examples=20)
@given(shares_of)
def test_every_margin_is_met_and_odds_ratios_stay(rng):
    table = rng.uniform(0.1, 1.0, (3, 5, 4))
    wanted = {k: rng.dirichlet(np.full(n, 2.0), size=6) for k, n in zip("abc", table.shape, strict=True)}
    cells = fitted(table, wanted)
    for axis, asked in enumerate(wanted.values(), start=1):
        others = tuple(a for a in (1, 2, 3) if a != axis)
        assert cells.sum(axis=others) == pytest.approx(asked, abs=CLOSE)

    def odds(t):
        return np.log(t[..., :-1, :-1, :]) + np.log(t[..., 1:, 1:, :]) - np.log(t[..., 1:, :-1, :]) - np.log(t[..., :-1, 1:, :])

    assert odds(cells) == pytest.approx(np.broadcast_to(odds(table), (6, 2, 4, 4)), abs=1e-6)


def test_what_a_margin_excludes_does_not_occur():
    cells = fitted(np.ones((2, 3)), {"a": np.array([[1.0, 0.0]]), "b": np.array([[0.2, 0.3, 0.5]])})
    assert cells[0, 1].tolist() == [0, 0, 0] and cells[0, 0] == pytest.approx([0.2, 0.3, 0.5])


def test_margins_that_contradict_each_other_are_refused():
    with pytest.raises(Refused, match="off after"):
        fitted(np.ones((2, 2)), {"a": np.array([[0.5, 0.5]]), "b": np.array([[0.5, 0.3]])})


def test_tilting_meets_the_mean_and_stays_closest_to_the_shares():
    shares, values = np.array([0.5, 0.3, 0.2]), np.array([1.0, 2.0, 3.0])
    same, more = tilted(shares, values, np.array([1.7, 2.2]))  # 1.7 is already their mean
    assert same == pytest.approx(shares, abs=1e-7)
    assert more @ values == pytest.approx(2.2) and more.sum() == pytest.approx(1.0)
    assert np.log(more[1] / shares[1]) * 2 == pytest.approx(np.log(more[0] / shares[0]) + np.log(more[2] / shares[2]))


def test_a_known_share_of_one_person_households_is_met_and_so_is_the_mean(rooms):
    shares = size_shares(np.array([2.0, 2.0]), np.array([np.nan, 0.5]), rooms.synthesis)
    assert shares @ SIZES == pytest.approx([2.0, 2.0]) and shares[1, 0] == pytest.approx(0.5)
    assert shares[0, 0] != pytest.approx(0.5, abs=0.01)


def test_neighbouring_cells_are_alike():
    """Along the order each cell differs from the next in one trait by one step, and every cell is there once."""
    assert sorted(ALIKE) == list(range(60))
    traits = np.stack(np.unravel_index(ALIKE, SHAPE[1:]))
    assert (np.abs(np.diff(traits, axis=1)).sum(axis=0) == 1).all()


@settings(max_examples=20)
@given(shares_of, arrays(int, 5, elements=st.integers(1, 3000)), st.integers(0, 99))
def test_whole_households_are_exact_per_tenure_and_within_one_per_cell(rng, households, seed):
    cells = rng.dirichlet(np.full(np.prod(SHAPE), 0.5), size=5).reshape(5, *SHAPE)
    got = whole(cells, households, Luck(seed, 0))
    assert (got >= 0).all() and (got.sum(axis=(1, 2, 3, 4)) == households).all()
    tenure = cells.sum(axis=(2, 3, 4)) * households[:, None]
    assert (np.abs(got.sum(axis=(2, 3, 4)) - tenure) < 1 + 1e-9).all()
    scaled = cells * (got.sum(axis=(2, 3, 4)) / cells.sum(axis=(2, 3, 4)))[:, :, None, None, None]
    assert (np.abs(got - scaled) < 1 + 1e-6).all()


def test_no_cell_is_favoured_over_many_seeds():
    """Systematic sampling is unbiased: a cell of 0.3 households exists in three towns out of ten."""
    cells = np.full((1, *SHAPE), 1.0 / np.prod(SHAPE))
    counts = np.mean([whole(cells, np.array([54]), Luck(s, 0)) for s in range(400)], axis=0)
    assert counts.mean() == pytest.approx(0.3) and counts.std() < 0.06


def test_asked_margins_of_the_country_are_those_of_the_country(rooms, small_town):
    """A buurt that is as the country is asked for the country's ages and incomes."""
    t = rooms.town
    town = small_town(
        p_oud=100 * t.share_65plus, p_jong=100 * t.share_15_34, p_laag_ink=40.0, p_hoog_ink=20.0,
        hh_grootte=float(rooms.synthesis.size_share @ SIZES),
    )  # fmt: skip
    wanted = margins(town.buurten, rooms.synthesis, t)
    assert wanted["age"][0] == pytest.approx(rooms.synthesis.age_share, abs=1e-9)
    assert wanted["ses"][0] == pytest.approx([0.4, 0.4, 0.2])
    assert wanted["size"][0] == pytest.approx(rooms.synthesis.size_share, abs=1e-6)


def test_the_country_table_has_the_stated_associations(rooms):
    """Fitted to the country's own margins: low incomes rent from corporaties (E053: 43%), families are seldom old."""
    p = rooms.synthesis
    wanted = country_margins(p, rooms.town)
    cells = fitted(country_table(p), wanted)[0]
    low = cells[..., 0]
    assert low[2].sum() / low.sum() == pytest.approx(0.43, abs=0.03)
    old_families = cells[:, 2:, 2:].sum() / cells[:, :, 2:].sum()
    assert old_families < 0.3 * cells[:, 2:, 1].sum() / cells[:, :, 1].sum()
    assert synthesis.MARGINS == tuple(wanted)
