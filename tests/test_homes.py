"""Homes of the right kind and owner, in portieken, with a household in each that has its traits; ties that fade with distance."""

import numpy as np
import pandas as pd
import pytest

from model.homes import vacancy_share
from model.population import build
from model.world import DwellingKind, Tenure


@pytest.fixture(scope="module")
def town(small_town):
    """Two buurten of flats and houses, large enough for shares to show, and one a few kilometres off."""
    return small_town(
        buurten=3, huishoudens=[2000, 2000, 1000], inwoners=[4000, 4400, 2400], p_eengezins=[10.0, 80.0, 100.0],
        p_koop=[20.0, 60.0, 90.0], p_corp=[70.0, 30.0, 0.0], dichtheid=[8000.0, 4000.0, 120.0], wijk=["WK01", "WK01", "WK02"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(town, rooms):
    return build(town, rooms, 1, 0.3, 0)


def test_homes_are_households_and_what_stands_empty(town, rooms, world):
    d = world.dwellings
    for t in Tenure:
        households = np.sum((d.identity != 0) & (d.tenure == t))
        assert np.sum(d.tenure == t) == pytest.approx(households / (1 - vacancy_share(t, rooms)), abs=2)
    assert np.bincount(d.buurt[d.identity != 0]).tolist() == town.buurten.huishoudens.tolist()


def test_an_empty_home_keeps_the_stratum_of_who_left(world):
    """Its size, age and tenure occur in its buurt; its occupant's columns are empty."""
    d = world.dwellings
    empty = np.flatnonzero(d.identity == 0)
    strata = {(b, t, s, a) for b, t, s, a in zip(d.buurt, d.tenure, d.size, d.age_class, strict=True)}
    assert empty.size > 10
    assert all((d.buurt[i], d.tenure[i], d.size[i], d.age_class[i]) in strata for i in empty)
    assert (d.size[empty] > 0).all() and (d.person[empty] == -1).all()


def test_every_home_of_a_corporatie_has_its_owner_in_the_given_shares(town, world):
    d = world.dwellings
    assert ((d.corporatie > 0) == (d.tenure == Tenure.SOCIALE_HUUR)).all()
    for row in town.bezit.itertuples():
        social = (d.buurt == row.buurt) & (d.tenure == Tenure.SOCIALE_HUUR)
        assert np.sum(social & (d.corporatie == row.corporatie)) == pytest.approx(row.aandeel * social.sum(), abs=1)


def test_a_portiek_holds_homes_of_one_kind_and_is_smaller_in_the_countryside(world, rooms):
    d, p = world.dwellings, rooms.homes
    homes = pd.DataFrame({"buurt": d.buurt, "portiek": d.portiek, "kind": d.kind})
    assert (homes.groupby("portiek").kind.nunique() == 1).all()
    assert (homes.groupby("portiek").buurt.nunique() == 1).all()
    assert np.array_equal(np.sort(np.unique(d.portiek)), np.arange(world.portieken.rows))
    size = homes.groupby(["buurt", "kind", "portiek"]).size().groupby(["buurt", "kind"]).mean()
    for b, kind in ((0, DwellingKind.MEERGEZINS), (1, DwellingKind.EENGEZINS)):
        aim = p.homes_per_portiek[kind] * min(1.0, world.buurten.dichtheid[b] / p.portiek_density) ** p.portiek_of_density
        assert size[b, kind] == pytest.approx(aim, rel=0.05)
    assert size[2, DwellingKind.EENGEZINS] < 0.6 * size[1, DwellingKind.EENGEZINS]


def test_a_few_homes_of_another_kind_join_a_portiek(small_town, rooms):
    """Two flats among houses are no portiek of their own."""
    town = small_town(buurten=1, huishoudens=60, inwoners=130, p_eengezins=97.0, dichtheid=3500.0)
    w = build(town, rooms, 1, 0.3, 0)
    assert w.portieken.homes.min() >= rooms.homes.portiek_least


def test_larger_households_live_in_single_family_homes_more_often(world):
    d = world.dwellings
    mine = (d.buurt < 2) & (d.tenure == Tenure.SOCIALE_HUUR)
    single = d.kind == DwellingKind.EENGEZINS
    assert single[mine & (d.size >= 4)].mean() > 1.3 * single[mine & (d.size == 1)].mean()


def test_incomes_lie_in_their_class(world, town):
    """The 40% lowest incomes of the country have a SES below its 40th percentile, -0.253."""
    d = world.dwellings
    lived = d.identity != 0
    low = [np.mean(d.ses[lived & (d.buurt == b)] < -0.25335) for b in range(3)]
    assert low == pytest.approx(town.buurten.p_laag_ink / 100, abs=0.005)


@pytest.mark.parametrize("slope", [0.0, 500.0])
def test_homes_are_cheaper_where_corporaties_own_more(town, rooms, slope):
    """Of one size, and at 500 euro per whole share: the first buurt has 40 points more of their homes than the second."""
    varied = rooms._replace(homes=rooms.homes._replace(rent_of_corp_share=slope, rent_spread=0.0))
    d = build(town, varied, 1, 0.3, 0).dwellings
    alike = (d.tenure == Tenure.SOCIALE_HUUR) & (d.rooms == 2)
    rents = [d.rent[alike & (d.buurt == b)].astype(float) for b in (0, 1)]
    assert all(r.size > 30 and np.ptp(r) == 0.0 for r in rents)
    assert rents[1][0] - rents[0][0] == pytest.approx(0.4 * slope, abs=0.01)


def test_half_of_the_ties_are_in_the_portiek_and_one_fades_with_distance(small_town, rooms):
    """Own buurt 0 m (half of 700 m across), next one 700 m, and one of equal size at 2.4 km, with a decay of 600 m."""
    town = small_town(buurten=3, huishoudens=2000, inwoners=4000, dichtheid=4000 / 0.49, wijk=["WK01", "WK02", "WK03"])
    near = pd.DataFrame({"a": [0, 0, 1, 2], "b": [1, 2, 0, 0], "metres": [700.0, 2400.0, 700.0, 2400.0]})
    w = build(type(town)(**{**vars(town), "near": near}), rooms, 1, 0.3, 0)
    d = w.dwellings
    assert (d.portiek[d.ties[:, :3]] == d.portiek[:, None]).all()
    assert (d.buurt[d.ties[:, 3:5]] == d.buurt[:, None]).all()
    assert (d.ties != np.arange(d.rows)[:, None]).all()
    of_first = np.bincount(d.buurt[d.ties[d.buurt == 0, 5]], minlength=3)
    weights = np.exp(-np.array([350.0, 700.0, 2400.0]) / rooms.homes.tie_decay)
    assert of_first / of_first.sum() == pytest.approx(weights / weights.sum(), abs=0.03)


@pytest.mark.parametrize("households", [1, 2, 7])
def test_a_buurt_of_hardly_anyone_is_built(small_town, rooms, households):
    w = build(small_town(buurten=2, huishoudens=[households, 40], inwoners=[2 * households, 80]), rooms, 1, 0.3, 0)
    d = w.dwellings
    assert np.sum((d.buurt == 0) & (d.identity != 0)) == households
    assert (d.ties < d.rows).all()
