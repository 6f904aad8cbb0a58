"""Stability moves slowly to what skills, help, network and day activity carry, less debts, stance of neighbours and load."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import stability
from model.mechanisms.stability import carried_stability
from model.world import NOBODY, Count, Place, Status, TeamKind, Wish

SHARE, DAMAGE = st.floats(0, 1), st.floats(0, 10)


@pytest.fixture(scope="session")
def p():
    return stability.Parameters(
        speed_per_month=0.2,
        gain_of_help=0.25,
        gain_of_network=0.2,
        gain_of_participation=0.15,
        cost_of_debts=0.1,
        cost_of_stance=0.2,
        cost_of_load=0.02,
        cost_of_episode=0.08,
        network_from_ties_per_month=0.1,
        participation_per_welzijn_hour=0.04,
        participation_lost_in_episode=0.15,
        participation_lost_per_month=0.02,
        gain_of_wish=0.05,
        network_from_guidance_per_month=0.1,
        lonely_below=0.4,
    )


def test_what_a_life_carries_by_hand(p):
    """Skills of 0.5 alone, all else in the middle, carry 0.5. Help for all of the need adds 0.25; a full network and full days
    add 0.2 x 0.5 and 0.15 x 0.5; debts take 0.1; neighbours at 0.1 take 0.2 x 0.4; damage 3 takes 0.02 x 2; living otherwise
    than one wishes takes 0.05."""
    assert carried_stability(0.5, 0.0, 0.5, 0.5, 0, True, 0.5, 1.0, p) == pytest.approx(0.5)
    assert carried_stability(0.5, 1.0, 0.5, 0.5, 0, True, 0.5, 1.0, p) == pytest.approx(0.75)
    assert carried_stability(0.5, 0.0, 1.0, 1.0, 0, True, 0.5, 1.0, p) == pytest.approx(0.5 + 0.1 + 0.075)
    assert carried_stability(0.5, 0.0, 0.5, 0.5, 1, True, 0.1, 3.0, p) == pytest.approx(0.5 - 0.1 - 0.08 - 0.04)
    assert carried_stability(0.5, 0.0, 0.5, 0.5, 0, False, 0.5, 1.0, p) == pytest.approx(0.45)


@given(SHARE, SHARE, SHARE, SHARE, SHARE, SHARE, SHARE, SHARE, DAMAGE, DAMAGE)
def test_help_network_days_and_neighbours_carry_and_debts_and_load_do_not(
    p, coping, help_, more_help, network, more_network, days, more_days, tolerance, damage, more_damage
):
    def ordered(a, b):
        return sorted((a, b))

    (little, much), (few, many), (idle, busy), (light, heavy) = map(
        ordered, (help_, network, days, damage), (more_help, more_network, more_days, more_damage)
    )
    worst = carried_stability(coping, little, few, idle, 1, False, tolerance, heavy, p)
    best = carried_stability(coping, much, many, busy, 0, True, tolerance, light, p)
    assert 0.0 <= worst <= best <= 1.0
    assert carried_stability(coping, help_, network, days, 0, True, 0.9, damage, p) >= carried_stability(
        coping, help_, network, days, 0, True, 0.1, damage, p
    )


def lived(one_person, p, huidig, luck, ties=0.0, welzijn_hours=0.0, **columns):
    """One person for a month, in a buurt at tolerance 0.5 and damage 1."""
    world = one_person(**columns)
    world.buurten.tolerance[:], world.buurten.damage[:], world.buurten.ties[:] = 0.5, 1.0, ties
    teams = world.teams
    teams.hours[teams.kind == TeamKind.WELZIJN] = welzijn_hours
    stability.step(world, p, huidig, luck)
    return world.persons


def test_a_fifth_of_the_way_each_month(one_person, p, huidig, luck):
    """From 0.2 to the 0.5 that is carried: 0.2 + 0.2 x 0.3 = 0.26. With 4 of 8 hours of help it is on the way to 0.625."""
    assert lived(one_person, p, huidig, luck, stability=0.2).stability[0] == pytest.approx(0.26)
    helped = lived(one_person, p, huidig, luck, stability=0.2, need=8.0, hours=4.0)
    assert helped.stability[0] == pytest.approx(0.2 + 0.2 * (0.625 - 0.2))
    more_than_needed = lived(one_person, p, huidig, luck, stability=0.2, need=8.0, hours=16.0)
    assert more_than_needed.stability[0] == pytest.approx(0.2 + 0.2 * (0.75 - 0.2))


def test_an_episode_that_lasts_sets_back(one_person, p, huidig, luck):
    """0.26 as above, less 0.08; a day activity of 0.5 loses 15%."""
    persons = lived(one_person, p, huidig, luck, stability=0.2, episode=1)
    assert persons.stability[0] == pytest.approx(0.18) and persons.participation[0] == pytest.approx(0.5 * 0.85)


def test_without_a_home_stability_goes_to_what_skills_alone_carry(one_person, p, huidig, luck):
    persons = lived(one_person, p, huidig, luck, stability=0.2, coping=0.6, place=Place.OPVANG, dwelling=NOBODY)
    assert persons.stability[0] == pytest.approx(0.2 + 0.2 * 0.4)
    assert persons.network[0] == 0.5 and persons.participation[0] == 0.5


def test_a_home_alone_repairs_neither_debts_nor_loneliness(one_person, p, huidig, luck):
    """Without welzijn and without day activity, five years in a warm buurt leave debts and network as they were."""
    world = one_person(debts=1, network=0.1, participation=0.0)
    world.buurten.ties[:] = 0.9
    for _ in range(60):
        stability.step(world, p, huidig, luck)
    assert world.persons.debts[0] == 1 and world.persons.network[0] == pytest.approx(0.1)


def test_who_takes_part_comes_to_know_the_neighbours(one_person, p, huidig, luck):
    """A tenth of the distance to the ties of the buurt, times participation: 0.1 + 0.1 x (0.9 - 0.1) x 0.5 = 0.14."""
    persons = lived(one_person, p, huidig, luck, ties=0.9, network=0.1, participation=0.5)
    assert persons.network[0] == pytest.approx(0.14)


def test_welzijn_leads_to_day_activity(one_person, p, huidig, luck):
    """Five hours for the one person of the wijk: 0.04 x 5 of what is missing; 2% is lost: 0.5 + 0.2 x 0.5 - 0.02 x 0.5 = 0.59."""
    assert lived(one_person, p, huidig, luck, welzijn_hours=5.0).participation[0] == pytest.approx(0.59)
    assert lived(one_person, p, huidig, luck, welzijn_hours=0.0).participation[0] == pytest.approx(0.49)
    assert lived(one_person, p, huidig, luck, welzijn_hours=99.0).participation[0] == pytest.approx(0.99)


def test_welzijn_is_shared_by_those_who_live_in_the_wijk(small_world, p, huidig, luck):
    """Twenty hours for n persons: 0.04 x 20 / n of what is missing, for each of them."""
    world = small_world()
    persons, teams = world.persons, world.teams
    persons.participation[:] = 0.5
    teams.hours[teams.kind == TeamKind.WELZIJN] = 20.0
    stability.step(world, p, huidig, luck)
    home = persons.place == Place.THUIS
    wijk = world.buurten.wijk[world.dwellings.buurt[persons.dwelling[home]]]
    n = np.bincount(wijk)[wijk]
    assert (n > 1).any()
    assert persons.participation[home] == pytest.approx(0.49 + 0.5 * np.minimum(1.0, 0.04 * 20.0 / n), rel=1e-5)


def test_who_wants_peers_near_misses_them_and_who_does_not_can_do_with_or_without(small_world, p, huidig, luck):
    """Alike in all but their wish and whether another vulnerable resident lives in the portiek: to miss them takes 0.2 x 0.05."""
    found = {}
    for wish in Wish:
        for company in (False, True):
            world = small_world()
            persons, d = world.persons, world.dwellings
            persons.clear(np.arange(persons.rows))
            lived_in = np.flatnonzero((d.identity != 0) & (d.portiek == d.portiek[0]))
            for row, home in enumerate(lived_in[: 1 + company]):
                persons.identity[row], persons.place[row], persons.dwelling[row] = d.identity[home], Place.THUIS, home
                persons.buurt[row] = d.buurt[home]
                persons.wish[row], persons.status[row] = wish, Status.BEKEND
            stability.step(world, p, huidig, luck)
            found[wish, company] = float(persons.stability[0])
    alone, with_peers = Wish.ZELFSTANDIG, Wish.BIJ_LOTGENOTEN
    assert found[alone, False] == found[alone, True] == found[with_peers, True]
    assert found[with_peers, False] == pytest.approx(found[alone, False] - 0.2 * 0.05)


def test_guidance_that_looks_at_neighbours_makes_a_network(one_person, p, huidig, luck):
    """A tenth of the distance to the ties of the buurt for help in full: 0.1 + 0.1 x 0.8; without the lever nothing."""
    columns = {"network": 0.1, "participation": 0.0, "need": 8.0, "hours": 8.0}
    for context, network in ((True, 0.18), (False, 0.1)):
        levers = huidig._replace(contextgericht=context)
        assert lived(one_person, p, levers, luck, ties=0.9, **columns).network[0] == pytest.approx(network)


@pytest.mark.parametrize(("network", "lonely"), [(0.39, 1), (0.41, 0)])
def test_who_has_little_network_is_counted_as_lonely(one_person, p, huidig, luck, network, lonely):
    world = one_person(network=network, participation=0.0)
    stability.step(world, p, huidig, luck)
    assert world.counts[:, Count.EENZAAM].sum() == lonely
