"""What a town is: whole numbers that keep their totals, who owns the corporatie homes, and which buurten are near."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model.parameters import Refused
from model.town import COLUMNS, Town, income_shares, near_in_wijk, ownership, to_totals


def test_whole_numbers_keep_their_total():
    assert to_totals(np.ones((1, 3)), np.array([10])).tolist() == [[4, 3, 3]]


@given(arrays(float, (4, 5), elements=st.floats(0.01, 1)), arrays(int, 4, elements=st.integers(0, 5000)))
def test_whole_numbers_are_within_one_of_their_share(shares, totals):
    whole = to_totals(shares, totals)
    exact = shares / shares.sum(axis=1, keepdims=True) * totals[:, None]
    assert (whole.sum(axis=1) == totals).all() and (np.abs(whole - exact) < 1 + 1e-9).all()


def test_two_corporaties_divide_the_stock_two_to_one_and_each_has_its_part_of_town(small_town):
    """Stock by buurt: 90, 40, 36, 60, 9, 9 homes; the first corporatie has two thirds of 244: all of the first three."""
    frame = small_town().buurten
    corporaties, bezit = ownership(frame, {"GM0000": 2})
    assert corporaties.naam.tolist() == ["Corporatie 1 (Proefstad)", "Corporatie 2 (Proefstad)"]
    assert bezit[bezit.corporatie == 1].buurt.tolist() == [0, 1, 2]
    assert bezit.groupby("buurt").aandeel.sum().to_numpy() == pytest.approx(np.ones(6))
    homes = frame.huishoudens * frame.p_corp / 100
    owned = (bezit.aandeel * homes.to_numpy()[bezit.buurt]).groupby(bezit.corporatie).sum()
    assert owned.to_numpy() == pytest.approx(homes.sum() * np.array([2 / 3, 1 / 3]), rel=0.03)


def test_every_gemeente_has_its_own_corporaties_and_a_buurt_without_homes_has_an_owner(small_town):
    wijk, gemeente = ["WK1", "WK1", "WK1", "WK2", "WK2", "WK2"], ["GM1", "GM1", "GM1", "GM2", "GM2", "GM2"]
    frame = small_town(wijk=wijk, gemeente=gemeente, p_corp=[60.0, 0, 30, 75, 15, 10]).buurten
    corporaties, bezit = ownership(frame, {"GM1": 1, "GM2": 3})
    assert corporaties.gemeente.tolist() == ["GM1", "GM2", "GM2", "GM2"]
    assert set(bezit.buurt) == set(range(6))
    assert (corporaties.gemeente.to_numpy()[bezit.corporatie - 1] == frame.gemeente.to_numpy()[bezit.buurt]).all()


def test_buurten_of_one_wijk_are_near_each_other_both_ways(small_town):
    near = near_in_wijk(small_town().buurten)
    pairs = set(zip(near.a, near.b, strict=True))
    assert pairs == {(0, 1), (1, 0), (2, 3), (3, 2), (2, 4), (4, 2), (3, 4), (4, 3)}
    assert near.metres[0] == pytest.approx((1000 * np.sqrt(300 / 6000) + 1000 * np.sqrt(210 / 5000)) / 2)


def test_at_the_national_mean_incomes_are_the_nations(rooms):
    low, high = income_shares(np.array([rooms.town.koop_share]), np.ones(1), np.array([rooms.town.hh_size]), rooms.town)
    assert low[0] == pytest.approx(0.4, abs=0.02) and high[0] == pytest.approx(0.2, abs=0.03)  # of the mean, not a mean


def test_a_town_without_a_column_or_with_an_empty_one_is_refused_by_name(small_town):
    town = small_town()
    with pytest.raises(Refused, match="also p_koop"):
        Town("GM0000", "Proefstad", True, town.buurten.drop(columns="p_koop"), town.corporaties, town.bezit, town.near)
    with pytest.raises(Refused, match="nothing in some rows of p_corp"):
        small_town(p_corp=[60.0, 40, 30, np.nan, 15, 10])
    with pytest.raises(Refused, match="beyond its bounds in p_koop"):
        small_town(p_koop=[130.0, 40, 30, 20, 15, 10])
    assert set(COLUMNS) == set(town.buurten) and isinstance(town.buurten, pd.DataFrame)
