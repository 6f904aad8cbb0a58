"""Arrears start, end or grow; a judgment may follow, which is averted or ends in an eviction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import arrears
from model.mechanisms.arrears import REACH, averted_probability, end_probability, start_probability, usual_highest
from model.world import NOBODY, Count, Eviction, Tenure

SHARE = st.floats(0.0, 1.0)


def test_start_by_hand():
    """0.12 a year is 0.01 a month at mean SES; debts make it three times as much; SES -1 makes it exp(0.4) = 1.4918 times."""
    assert start_probability(0.0, False, 0.12, 0.4, 3.0) == pytest.approx(0.01)
    assert start_probability(0.0, True, 0.12, 0.4, 3.0) == pytest.approx(0.03)
    assert start_probability(-1.0, False, 0.12, 0.4, 3.0) == pytest.approx(0.01 * 1.4918, rel=1e-4)
    assert start_probability(-9.0, True, 12.0, 0.4, 3.0) == 1.0


@given(st.floats(-3, 3), st.floats(-3, 3), st.booleans())
def test_arrears_start_more_often_at_low_ses_and_with_debts(ses, other, debts):
    low, high = sorted((ses, other))
    assert start_probability(low, debts, 0.075, 0.4, 3.0) >= start_probability(high, debts, 0.075, 0.4, 3.0)
    assert start_probability(ses, True, 0.075, 0.4, 3.0) >= start_probability(ses, False, 0.075, 0.4, 3.0)


@given(st.floats(REACH, 5), st.floats(0, 1.2), st.floats(0.5, 9))
def test_nobody_of_some_means_falls_behind_with_more_than_the_usual_highest_chance(rooms, ses, slope, ratio):
    p = rooms.arrears._replace(ses_slope=slope, debts_ratio=ratio)
    for debts, highest in zip((False, True), usual_highest(p), strict=True):
        assert start_probability(ses, debts, p.start_per_year, slope, ratio) <= highest


def test_averted_by_hand():
    """0.6 are averted anyway. A driegesprek takes 0.3 of the other 0.4, help in full 0.3 of what then is left."""
    assert averted_probability(0.6, False, 0.0, 0.3, 0.3) == pytest.approx(0.6)
    assert averted_probability(0.6, True, 0.0, 0.3, 0.3) == pytest.approx(1 - 0.4 * 0.7)
    assert averted_probability(0.6, True, 1.0, 0.3, 0.3) == pytest.approx(1 - 0.4 * 0.7 * 0.7)
    assert averted_probability(0.6, True, 0.5, 0.3, 0.3) == pytest.approx(1 - 0.4 * 0.7 * 0.85)


@given(SHARE, SHARE, SHARE, SHARE, SHARE)
def test_speaking_and_helping_avert_more(base, helped, more, by_driegesprek, by_help):
    low, high = sorted((helped, more))
    without, with_it = (averted_probability(base, talk, low, by_driegesprek, by_help) for talk in (False, True))
    assert 0.0 <= without <= with_it <= 1.0
    assert averted_probability(base, True, high, by_driegesprek, by_help) >= with_it - 1e-12


@pytest.fixture(scope="module")
def p(rooms):
    """Nothing happens, unless a test says so."""
    return rooms.arrears._replace(start_per_year=0.0, end_per_month=0.0, judgment_per_month=0.0, nuisance_judgment=0.0)


def tenants(world):
    d = world.dwellings
    return (d.identity != 0) & (d.tenure == Tenure.SOCIALE_HUUR)


def test_only_tenants_of_corporaties_fall_behind(small_world, p, huidig, luck):
    world = small_world()
    arrears.step(world, p._replace(start_per_year=1e9), huidig, luck)
    assert np.array_equal(world.dwellings.arrears, tenants(world).astype(np.uint8))
    assert world.counts[:, Count.ACHTERSTANDEN].sum() == tenants(world).sum()


def test_arrears_grow_by_a_month_or_end(small_world, p, huidig, luck):
    world = small_world()
    mine = tenants(world)
    world.dwellings.arrears[mine] = 2
    arrears.step(world, p, huidig, luck)
    assert (world.dwellings.arrears[mine] == 3).all()
    arrears.step(world, p._replace(end_per_month=1.0), huidig, luck)
    assert (world.dwellings.arrears[mine] == 0).all()


def test_end_by_hand(p):
    """0.15 a month; an early signal makes it 1.4 times, 0.21; guidance in full half as much again, 0.315."""
    plain = p._replace(end_per_month=0.15, early_end_ratio=1.4, tenancy_gain=0.5)
    assert [end_probability(False, 0.0, plain), end_probability(True, 0.0, plain)] == pytest.approx([0.15, 0.21])
    assert end_probability(True, 1.0, plain) == pytest.approx(0.315)
    assert end_probability(True, 1.0, plain._replace(end_per_month=0.9)) == 1.0


@pytest.mark.parametrize(("contextgericht", "hours", "left"), [(True, 8.0, 0), (True, 0.0, 3), (False, 8.0, 3)])
def test_guidance_that_looks_at_the_tenancy_ends_arrears_of_who_is_helped(
    one_person, p, huidig, luck, contextgericht, hours, left
):
    """Never by itself, and always with help in full that looks at the tenancy; not without help."""
    home = int(np.flatnonzero(tenants(one_person()))[0])
    world = one_person(dwelling=home, need=8.0, hours=hours)
    world.dwellings.arrears[home] = 2
    sure = p._replace(end_per_month=1e-12, early_end_ratio=1.0, tenancy_gain=1e15, judgment_from_months=100)
    arrears.step(world, sure, huidig._replace(contextgericht=contextgericht), luck)
    assert world.dwellings.arrears[home] == left


def test_an_early_signal_ends_the_same_arrears_and_more(small_world, p, huidig, luck):
    """0.3 a month without and 0.3 x 1.5 = 0.45 with; the same tenants have the same luck."""
    ended = {}
    for early in (False, True):
        world = small_world()
        mine = tenants(world)
        world.dwellings.arrears[mine] = 1
        mine_p = p._replace(end_per_month=0.3, early_end_ratio=1.5)
        arrears.step(world, mine_p, huidig._replace(vroegsignalering=early), luck)
        ended[early] = mine & (world.dwellings.arrears == 0)
    assert 0 < ended[False].sum() < ended[True].sum()
    assert ended[True][ended[False]].all()


def judged(small_world, p, huidig, luck, averted):
    """Everyone has been behind for long enough and is brought to court; nobody has help."""
    world = small_world()
    world.persons.clear(np.flatnonzero(world.persons.identity))
    world.dwellings.person[:] = NOBODY
    world.dwellings.arrears[tenants(world)] = p.judgment_from_months - 1
    sure = p._replace(judgment_per_month=1.0, averted_share=averted, averted_by_driegesprek=0.0)
    arrears.step(world, sure, huidig, luck)
    return world


def test_a_judgment_that_is_not_averted_ends_in_an_eviction(small_world, p, huidig, luck):
    world = judged(small_world, p, huidig, luck, averted=0.0)
    assert (world.dwellings.eviction[tenants(world)] == Eviction.ARREARS).all()
    for count in (Count.VONNISSEN, Count.UITZETTINGEN):
        assert world.counts[:, count].sum() == tenants(world).sum()
    assert world.counts[:, Count.UITZETTINGEN_OVERLAST].sum() == 0


def test_a_judgment_that_is_averted_wipes_the_slate(small_world, p, huidig, luck):
    world = judged(small_world, p, huidig, luck, averted=1.0)
    assert (world.dwellings.eviction == Eviction.NONE).all() and (world.dwellings.arrears == 0).all()
    assert world.counts[:, Count.VONNISSEN].sum() == tenants(world).sum()
    assert world.counts[:, Count.UITZETTINGEN].sum() == 0


@pytest.mark.parametrize(("until", "left"), [(100, 0), (-100, 3)])
def test_under_a_contract_arrears_are_called_early(one_person, p, huidig, luck, until, left):
    """Where signals are late for all others: contact ends them at once, and without a contract nothing does."""
    home = int(np.flatnonzero(tenants(one_person()))[0])
    world = one_person(dwelling=home, contract=until)
    world.dwellings.arrears[home] = 2
    sure = p._replace(end_per_month=1e-12, early_end_ratio=1e15, judgment_from_months=100)
    arrears.step(world, sure, huidig._replace(vroegsignalering=False), luck)
    assert world.dwellings.arrears[home] == left


def test_before_so_many_months_nobody_is_brought_to_court(small_world, p, huidig, luck):
    world = small_world()
    world.dwellings.arrears[tenants(world)] = p.judgment_from_months - 2
    arrears.step(world, p._replace(judgment_per_month=1.0), huidig, luck)
    assert world.counts[:, Count.VONNISSEN].sum() == 0


def test_who_causes_much_is_brought_to_court_only_if_somebody_complains(small_world, p, huidig, luck):
    """Complaints of this month are about incidents of last month: who causes them only now is not meant."""
    world = small_world()
    d = world.dwellings
    two = np.flatnonzero(tenants(world))
    first = next(i for i in two if (d.portiek[two] == d.portiek[i]).sum() > 1)
    other = next(i for i in two if d.portiek[i] != d.portiek[first])
    d.incidents_before[[first, other]] = 5
    now = next(i for i in two if d.portiek[i] == d.portiek[first] and i != first)
    d.incidents[now] = 5
    world.portieken.complaints[d.portiek[first]] = 1
    sure = p._replace(nuisance_incidents=5, nuisance_judgment=1.0, averted_share=0.0, averted_by_help=0.0)
    arrears.step(world, sure, huidig, luck)
    assert d.eviction[first] == Eviction.NUISANCE and (d.eviction[[other, now]] == Eviction.NONE).all()
    assert world.counts[:, Count.UITZETTINGEN_OVERLAST].sum() == 1


@pytest.mark.parametrize(("hours", "evicted"), [(0.0, True), (8.0, False)])
def test_help_at_hand_averts_a_judgment(one_person, p, huidig, luck, hours, evicted):
    """Help for all of the need closes what is left, when it works for sure; without hours nothing is averted."""
    world = one_person(need=8.0, hours=hours)
    d, home = world.dwellings, world.persons.dwelling[0]
    d.tenure[home], d.arrears[home] = Tenure.SOCIALE_HUUR, p.judgment_from_months
    sure = p._replace(judgment_per_month=1.0, averted_share=0.0, averted_by_help=1.0)
    arrears.step(world, sure, huidig, luck)
    assert (d.eviction[home] == Eviction.ARREARS) == evicted
    assert world.counts[:, Count.VONNISSEN].sum() == 1


def test_debts_make_a_person_fall_behind(one_person, p, huidig, luck):
    """Same luck, a chance that only the ratio of debts lifts to 1."""
    for debts in (0, 1):
        world = one_person(debts=debts)
        home = world.persons.dwelling[0]
        world.dwellings.tenure[home] = Tenure.SOCIALE_HUUR
        arrears.step(world, p._replace(start_per_year=1e-9, ses_slope=0.0, debts_ratio=1e12), huidig, luck)
        assert world.dwellings.arrears[home] == debts


def test_arrears_of_many_months_are_debts(one_person, p, huidig, luck):
    """From the fourth month on; the third is not yet."""
    for months, debts in ((2, 0), (3, 1)):
        world = one_person()
        d, persons = world.dwellings, world.persons
        d.tenure[persons.dwelling[0]], d.arrears[persons.dwelling[0]] = Tenure.SOCIALE_HUUR, months
        arrears.step(world, p._replace(judgment_from_months=4), huidig, luck)
        assert persons.debts[0] == debts == world.counts[:, Count.SCHULDEN].sum()


@pytest.mark.parametrize(("hours", "debts"), [(8.0, 0), (0.0, 1)])
def test_debts_end_with_help_and_not_with_a_home(one_person, p, huidig, luck, hours, debts):
    world = one_person(debts=1, need=8.0, hours=hours)
    arrears.step(world, p._replace(debts_end_per_year=12.0), huidig, luck)
    assert world.persons.debts[0] == debts
