"""Draaglast against draagkracht, in hours, and what their balance does: the shape is a parameter."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import draagkracht
from model.mechanisms.draagkracht import damage
from model.world import Count, TeamKind

LOAD = st.floats(0.001, 5.0)
SHAPE = st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0])
REFERENCE, NO_LIMIT = 0.2, 1e9


def test_damage_by_hand():
    """Twice the reference load: 2 if linear, 4 if convex, 16 near a threshold, 2 to the power 1/4 = 1.1892 if saturating."""
    at_twice = [damage(0.4, 0.2, shape, NO_LIMIT) for shape in (0.25, 1.0, 2.0, 4.0)]
    assert at_twice == pytest.approx([1.1892, 2.0, 4.0, 16.0], rel=1e-4)
    assert damage(0.4, 0.2, 4.0, 10.0) == 10.0  # wear has an end


@given(SHAPE)
def test_all_shapes_agree_at_the_reference_load_and_at_none(shape):
    assert damage(REFERENCE, REFERENCE, shape, NO_LIMIT) == pytest.approx(1.0)
    assert damage(0.0, REFERENCE, shape, NO_LIMIT) == 0.0


@given(LOAD, LOAD, SHAPE)
def test_more_load_never_does_less_damage(load, other, shape):
    low, high = sorted((load, other))
    assert damage(low, REFERENCE, shape, 10.0) <= damage(high, REFERENCE, shape, 10.0) <= 10.0


@given(LOAD, st.floats(0.01, 0.99))
def test_spreading_wins_if_convex_and_concentrating_if_saturating(load, uneven):
    """Two buurten share a load: evenly, or one a part and the other the rest. The shape alone decides which is worse."""

    def together(shape):
        spread = 2 * damage(load, REFERENCE, shape, NO_LIMIT)
        concentrated = damage(load * (1 - uneven), REFERENCE, shape, NO_LIMIT) + damage(
            load * (1 + uneven), REFERENCE, shape, NO_LIMIT
        )
        return spread, concentrated

    spread, concentrated = together(2.0)
    assert spread < concentrated
    spread, concentrated = together(0.5)
    assert spread > concentrated
    spread, concentrated = together(1.0)
    assert spread == pytest.approx(concentrated)


@pytest.fixture
def lived(one_person, rooms, huidig, luck):
    """One person who needs 6 hours, 8 incidents in that buurt, and 100 hours of wijkteam in the wijk of that buurt."""
    world = one_person(need=6.0)
    home = world.dwellings.buurt[world.persons.dwelling[0]]
    world.counts[home, Count.INCIDENTEN] = 8
    teams = world.teams
    teams.hours[(teams.kind == TeamKind.WIJKTEAM) & (teams.wijk == world.buurten.wijk[home])] = 100.0
    world.buurten.informal_help[:], world.buurten.voorzieningen[:] = 50.0, 10.0
    p = rooms.draagkracht._replace(hours_per_incident=0.5, reference_load=0.2, shape=2.0, damage_limit=10.0)
    draagkracht.step(world, p, huidig, luck)
    return world, home


def test_draaglast_is_need_and_the_time_that_incidents_cost(lived):
    """6 hours, and 8 incidents of half an hour: 10. Elsewhere nothing."""
    world, home = lived
    assert world.buurten.draaglast.tolist() == [10.0 if b == home else 0.0 for b in range(6)]


def test_draagkracht_is_residents_facilities_and_teams_near_by(lived):
    """The wijk's 100 hours go by homes; each buurt has 50 of its residents and 10 of its facilities besides."""
    world, home = lived
    b = world.buurten
    near = np.where(b.wijk == b.wijk[home], 100.0 * b.homes / world.wijken.homes[b.wijk], 0.0)
    assert near.sum() == pytest.approx(100.0)
    assert b.team_hours == pytest.approx(near)
    assert b.draagkracht == pytest.approx(60.0 + near)
    assert b.spare_exact == pytest.approx(b.draagkracht - b.draaglast)


def test_hours_of_beheer_go_where_corporatie_homes_are(one_person, rooms, huidig, luck):
    world = one_person()
    teams = world.teams
    teams.hours[teams.kind == TeamKind.BEHEER] = [30.0, 70.0]
    draagkracht.step(world, rooms.draagkracht, huidig, luck)
    stock = world.buurten.sociale_huur
    assert world.buurten.team_hours == pytest.approx(100.0 * stock / stock.sum())


def test_a_town_without_corporatie_homes_and_without_residents_who_help_can_still_be_computed(one_person, rooms, huidig, luck):
    """No draagkracht at all, and need: the damage is at its limit, and nothing is divided by zero."""
    world = one_person(need=6.0)
    b = world.buurten
    home = world.dwellings.buurt[world.persons.dwelling[0]]
    b.sociale_huur[:] = b.voorzieningen[:] = b.informal_help[:] = world.wijken.homes[:] = 0.0
    draagkracht.step(world, rooms.draagkracht, huidig, luck)
    assert b.damage[home] == rooms.draagkracht.damage_limit and np.isfinite(b.damage).all()


def test_the_step_follows_the_rule(lived):
    """Ten hours of draaglast over draagkracht, relative to 0.2, squared."""
    world, home = lived
    b = world.buurten
    assert b.damage[home] == pytest.approx(damage(10.0 / b.draagkracht[home], 0.2, 2.0, 10.0))
    assert (np.delete(b.damage, home) == 0.0).all()
