"""Ties grow with time together; tolerance and help wear under nuisance and overload; a bad month weighs more than a good one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import neighbourhood
from model.mechanisms.neighbourhood import mark, next_help, next_tolerance, tie_half_time, tie_strength
from model.world import AgeClass

SHARE, HOURS, NUISANCE, DAMAGE = st.floats(0, 1), st.floats(0, 10), st.floats(0, 10), st.floats(0, 10)


def test_tie_by_hand():
    """Half of a full tie after the half-time, three quarters after three times as long, nothing on the first day."""
    assert tie_strength(36.0, 36.0) == 0.5
    assert tie_strength(108.0, 36.0) == 0.75
    assert tie_strength(0.0, 36.0) == 0.0


@given(st.floats(0, 600), st.floats(0, 600))
def test_a_tie_only_grows_with_time(months, more):
    low, high = sorted((months, more))
    assert 0.0 <= tie_strength(low, 36.0) <= tie_strength(high, 36.0) < 1.0


def test_tolerance_by_hand():
    """0.4 + 0.05 x (0.6 - 0.4) = 0.41 in a quiet month; 2 incidents at damage 1.5 take 0.02 x 1.5 x 2 x 0.4 = 0.024 of it."""
    assert next_tolerance(0.4, 0.0, 1.5, 0.6, 0.05, 0.02) == pytest.approx(0.41)
    assert next_tolerance(0.4, 2.0, 1.5, 0.6, 0.05, 0.02) == pytest.approx(0.41 - 0.024)
    assert next_tolerance(0.6, 0.0, 1.5, 0.6, 0.05, 0.02) == pytest.approx(0.6)


@given(SHARE, NUISANCE, NUISANCE, DAMAGE, DAMAGE)
def test_more_nuisance_and_more_overload_leave_less_tolerance(tolerance, nuisance, more_nuisance, damage, more_damage):
    quiet, loud = sorted((nuisance, more_nuisance))
    light, heavy = sorted((damage, more_damage))
    after = next_tolerance(tolerance, loud, heavy, 0.6, 0.05, 0.02)
    assert after <= next_tolerance(tolerance, quiet, light, 0.6, 0.05, 0.02)
    assert 0.0 <= after <= 1.0


@given(SHARE)
def test_in_peace_tolerance_recovers_towards_its_rest_and_never_past_it(tolerance):
    after = next_tolerance(tolerance, 0.0, 1.0, 0.6, 0.05, 0.02)
    assert min(tolerance, 0.6) - 1e-12 <= after <= max(tolerance, 0.6) + 1e-12
    assert abs(after - 0.6) <= abs(tolerance - 0.6)


def test_help_by_hand():
    """Ties and tolerance of 0.5 bring 2 x 4 x 0.5 x 0.5 = 2 hours; damage 1 leaves 2 / 1.3; a month goes a tenth of the way."""
    assert next_help(0.0, 2.0, 0.5, 0.5, 0.0, 0.1, 0.3) == pytest.approx(0.2)
    assert next_help(0.0, 2.0, 0.5, 0.5, 1.0, 0.1, 0.3) == pytest.approx(0.1 * 2 / 1.3)
    assert next_help(2.0, 2.0, 0.5, 0.5, 0.0, 0.1, 0.3) == pytest.approx(2.0)


@given(HOURS, SHARE, SHARE, SHARE, SHARE, DAMAGE, DAMAGE)
def test_ties_and_tolerance_bring_help_and_overload_takes_it(
    informal, tolerance, more_tolerance, tie, stronger, damage, more_damage
):
    low, high = sorted((tolerance, more_tolerance))
    weak, strong = sorted((tie, stronger))
    light, heavy = sorted((damage, more_damage))
    assert next_help(informal, 2.4, low, weak, heavy, 0.1, 0.3) <= next_help(informal, 2.4, high, strong, light, 0.1, 0.3)


def test_mark_by_hand():
    """7.6 at ties of 0.5 and in peace; ties of 0.7 add 1.5 x 0.2; two incidents a month take 0.6 x 2; from 0 to 10."""
    assert mark(0.5, 0.0, 7.6, 1.5, 0.6) == pytest.approx(7.6)
    assert mark(0.7, 0.0, 7.6, 1.5, 0.6) == pytest.approx(7.9)
    assert mark(0.5, 2.0, 7.6, 1.5, 0.6) == pytest.approx(6.4)
    assert mark(0.5, 99.0, 7.6, 1.5, 0.6) == 0.0 and mark(1.0, 0.0, 7.6, 9.0, 0.6) == 10.0


@given(SHARE, SHARE, NUISANCE, NUISANCE)
def test_ties_make_contentment_and_nuisance_takes_it(tie, stronger, nuisance, more_nuisance):
    (weak, strong), (quiet, loud) = sorted((tie, stronger)), sorted((nuisance, more_nuisance))
    assert mark(weak, loud, 7.6, 1.5, 0.6) <= mark(strong, quiet, 7.6, 1.5, 0.6)


@pytest.fixture(scope="module")
def p():
    return neighbourhood.Parameters(
        tie_months=36.0,
        tolerance_rest=0.6,
        tolerance_recovery=0.05,
        tolerance_wear=0.02,
        help_hours=np.array([1.0, 2.0, 2.0, 1.0]),
        help_speed=0.1,
        help_wear=0.3,
        content_rest=7.6,
        content_of_ties=1.5,
        content_of_nuisance=0.6,
        content_speed_down=0.3,
        content_speed_up=0.1,
        help_of_ses=0.0,
        meeting_gain=0.0,
        meeting_reference=150.0,
    )


@pytest.fixture
def settled(small_world):
    """Everyone has lived here for 36 months, at tolerance 0.6, and nobody notices anything."""
    world = small_world()
    d = world.dwellings
    lived = d.identity != 0
    d.months_here[:] = np.where(lived, 36, 0)
    d.tolerance[:], d.nuisance[:], d.informal_help[:], d.satisfaction[:] = 0.6, 0.0, 0.0, 7.6
    d.age_class[:] = AgeClass.VAN_35_TOT_65
    return world, np.flatnonzero(lived & (d.identity[d.ties] != 0).all(axis=1))


def test_a_household_by_hand(settled, p, huidig, luck):
    """All six ties are 0.5. Help: a tenth of 2 x 4 x 0.5 x 0.6 / 1.3. Contentment rests at 7.6, tolerance at 0.6."""
    world, full = settled
    neighbourhood.step(world, p, huidig, luck)
    d = world.dwellings
    assert d.tolerance[full] == pytest.approx(0.6) and d.satisfaction[full] == pytest.approx(7.6)
    assert d.informal_help[full] == pytest.approx(0.1 * 2.4 / 1.3)


def test_a_tie_starts_anew_when_one_of_the_two_moves(settled, p, huidig, luck):
    """Five ties of 0.5 and one of nothing: 2.5 / 6, seen in the help that a tenth of the way brings."""
    world, full = settled
    d = world.dwellings
    me = full[0]
    d.months_here[d.ties[me, 5]] = 0
    times = int((d.ties[me] == d.ties[me, 5]).sum())
    neighbourhood.step(world, p, huidig, luck)
    assert d.informal_help[me] == pytest.approx(0.1 * 2 * 4 * 0.6 * (0.5 * (6 - times) / 6) / 1.3)


def test_contentment_falls_faster_than_it_rises(settled, p, huidig, luck):
    """Two incidents a month make the mark 6.4: 0.3 of the way down. From 5.2 it rises by 0.1 of the way to 7.6."""
    world, full = settled
    d = world.dwellings
    bothered, sour = full[:2]
    d.nuisance[bothered], d.satisfaction[sour] = 2.0, 5.2
    neighbourhood.step(world, p, huidig, luck)
    assert d.satisfaction[bothered] == pytest.approx(7.6 + 0.3 * (6.4 - 7.6))
    assert d.satisfaction[sour] == pytest.approx(5.2 + 0.1 * (7.6 - 5.2))


def test_buurten_show_the_means_of_those_who_live_there(settled, p, huidig, luck):
    world, _ = settled
    d, b = world.dwellings, world.buurten
    d.nuisance[:] = np.arange(d.rows) % 7
    neighbourhood.step(world, p, huidig, luck)
    lived = d.identity != 0
    for k in range(b.rows):
        here = lived & (d.buurt == k)
        assert b.tolerance[k] == pytest.approx(d.tolerance[here].mean(dtype=float), rel=1e-5)
        assert b.satisfaction[k] == pytest.approx(d.satisfaction[here].mean(dtype=float), rel=1e-5)
        assert b.informal_help[k] == pytest.approx(d.informal_help[here].sum(dtype=float), rel=1e-5)
    strength = tie_strength(36.0, 36.0) * (d.identity[d.ties] != 0).mean(axis=1)  # a tie with a vacant home is none
    for k in range(b.rows):
        assert b.ties[k] == pytest.approx(strength[lived & (d.buurt == k)].mean(), rel=1e-5)


def test_a_burdened_buurt_bears_less_of_the_same_nuisance(settled, p, huidig, luck):
    world, full = settled
    d = world.dwellings
    d.nuisance[:] = 1.0
    world.buurten.damage[0], world.buurten.damage[1] = 4.0, 1.0
    neighbourhood.step(world, p, huidig, luck)
    heavy, light = (d.tolerance[full[d.buurt[full] == k]] for k in (0, 1))
    assert heavy == pytest.approx(0.6 - 0.02 * 4 * 0.6) and light == pytest.approx(0.6 - 0.02 * 0.6)


def test_half_time_of_a_tie_by_hand():
    """36 months at the reference; with twice the hours of meeting places 36 / 1.5; without any 36 / 0.5."""
    assert [tie_half_time(36.0, hours, 0.5, 150.0) for hours in (150.0, 300.0, 0.0)] == pytest.approx([36.0, 24.0, 72.0])


def test_where_people_meet_ties_are_stronger(small_world, p, huidig, luck):
    ties = []
    for hours in (50.0, 450.0):
        world = small_world()
        world.dwellings.months_here[:] = 24
        world.buurten.voorzieningen[:] = hours * world.buurten.inwoners / 1000.0
        neighbourhood.step(world, p._replace(meeting_gain=0.3), huidig, luck)
        ties.append(world.buurten.ties)
    assert (ties[0] < ties[1]).all()


def test_who_has_more_means_gives_a_little_more(small_world, p, huidig, luck):
    """One SD more, a tenth more; never less than nothing."""
    given = []
    for ses in (-20.0, 0.0, 1.0):
        world = small_world()
        world.dwellings.months_here[:], world.dwellings.informal_help[:], world.dwellings.ses[:] = 24, 0.0, ses
        neighbourhood.step(world, p._replace(help_of_ses=0.1), huidig, luck)
        given.append(world.buurten.informal_help.sum())
    assert given[0] == 0.0 and given[2] == pytest.approx(1.1 * given[1], rel=1e-5)
