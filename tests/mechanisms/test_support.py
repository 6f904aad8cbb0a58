"""Hours of help, whom they reach, and how soon: asked, divided, given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import support
from model.mechanisms.support import (
    asks,
    coverages,
    drop_out_probability,
    hours_left,
    need_hours,
    response_days,
    travel_share,
)
from model.randomness import Luck
from model.world import NOBODY, Count, Place, Profile, Status, TeamKind

LOAD = st.floats(0, 5)


def test_need_by_hand():
    """The profile's hours at stability 0.5; half as much again at 0; half at 1; never less than a fifth."""
    assert [need_hours(8.0, s, 1.5, 0.2) for s in (0.0, 0.5, 1.0)] == pytest.approx([12.0, 8.0, 4.0])
    assert need_hours(8.0, 1.5, 1.5, 0.2) == pytest.approx(1.6)


@given(st.floats(0, 1), st.floats(0, 1))
def test_need_follows_stability(stability, other):
    low, high = sorted((stability, other))
    assert need_hours(7.0, low, 1.5, 0.2) >= need_hours(7.0, high, 1.5, 0.2) > 0.0


def test_what_is_asked_by_hand():
    """Three hours: of the wijkteam on the first line, of the ambulant pool on the second, urgent in an episode.

    Who sleeps asks the waakvlam of half an hour, whatever line they were on.
    """
    assert asks(True, 1, 0, 3.0, 0.5) == (0, TeamKind.WIJKTEAM, 3.0)
    assert asks(True, 2, 0, 3.0, 0.5) == (0, TeamKind.AMBULANT, 3.0)
    assert asks(True, 2, 1, 3.0, 0.5) == (1, TeamKind.AMBULANT, 3.0)
    assert asks(False, 2, 1, 3.0, 0.5) == (0, TeamKind.WIJKTEAM, 0.5)


def test_travel_by_hand():
    """A fifth of the hours for who lives alone; half of that at 30 clients per 1,000 homes; a quarter at 90."""
    assert [travel_share(c, 0.2, 30.0) for c in (0.0, 30.0, 90.0)] == pytest.approx([0.2, 0.1, 0.05])


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_clients_who_live_close_together_cost_less_travel(clients, other):
    few, many = sorted((clients, other))
    assert 0.0 < travel_share(many, 0.2, 30.0) <= travel_share(few, 0.2, 30.0) <= 0.2


def test_response_by_hand():
    """Five days until the threshold of 0.85. At 1.35 the excess is 0.5: 5 x (1 + 12 x 0.25) = 20. At 1.85: 5 x (1 + 12) = 65.

    Where organisations work half as one, short lines take 15% off.
    """
    assert [response_days(load, 0.0, 5.0, 0.85, 12.0, 0.3) for load in (0.0, 0.85, 1.35, 1.85)] == pytest.approx(
        [5.0, 5.0, 20.0, 65.0]
    )
    assert response_days(1.35, 0.5, 5.0, 0.85, 12.0, 0.3) == pytest.approx(20.0 * 0.85)


@given(LOAD, LOAD)
def test_response_grows_convexly_with_load(load, other):
    low, high = sorted((load, other))
    days = [response_days(x, 0.0, 5.0, 0.85, 12.0, 0.3) for x in (low, (low + high) / 2, high)]
    assert 5.0 <= days[0] <= days[1] <= days[2]
    assert days[1] <= (days[0] + days[2]) / 2 + 1e-9


@pytest.fixture(scope="module")
def p(rooms):
    """No travel, no luck: nobody leaves, nobody drops out of sight, nobody is found, trust stands still."""
    need = np.full(len(Profile), 8.0)
    return rooms.support._replace(
        need_hours=need,
        need_waakvlam_hours=0.5,
        travel_share_alone=0.0,
        response_days=5.0,
        load_threshold=0.85,
        response_convexity=12.0,
        stable_above=0.55,
        months_to_step_down=3,
        outreach_finds_per_hour=0.0,
        staff_leave_per_year=0.0,
        trust_gain_per_month=0.0,
        trust_lost_in_crisis=0.0,
        out_of_sight_per_month=0.0,
        fragmentation_loss=0.0,
        short_lines_gain=0.0,
        triage=0.0,
        turnover_of_load=0.0,
        signal_finds_per_month=0.0,
        indication_not_renewed=0.0,
    )


def helped(one_person, p, huidig, luck, wijkteam=100.0, ambulant=100.0, levers=None, **columns):
    """One person for a month, with so many hours in every wijk."""
    world = one_person(**columns)
    teams = world.teams
    teams.hours[teams.kind == TeamKind.WIJKTEAM] = wijkteam
    teams.hours[teams.kind == TeamKind.AMBULANT] = ambulant
    support.step(world, p, levers or huidig, luck)
    return world


def books(world, kind):
    """(asked, given) of all teams of a kind."""
    mine = world.teams.kind == kind
    return world.teams.asked[mine].sum(), world.teams.given[mine].sum()


def test_enough_hours_cover_the_need(one_person, p, huidig, luck):
    """Stability 0.75 asks 8 x 0.75 = 6 hours of the second line, and gets them."""
    world = helped(one_person, p, huidig, luck, stability=0.75, line=2)
    assert (world.persons.need[0], world.persons.hours[0]) == (6.0, 6.0)
    assert books(world, TeamKind.AMBULANT) == (6.0, 6.0) and books(world, TeamKind.WIJKTEAM) == (0.0, 0.0)


def test_the_first_line_is_the_wijkteams(one_person, p, huidig, luck):
    world = helped(one_person, p, huidig, luck, line=1)
    assert books(world, TeamKind.WIJKTEAM) == (8.0, 8.0) and books(world, TeamKind.AMBULANT) == (0.0, 0.0)


def test_too_few_hours_are_a_part_for_everyone_and_a_slow_response(one_person, p, huidig, luck):
    """4 of 8 hours asked, and 4 of the wijkteam idle: a load of 8 / 8 = 1, and 5 x (1 + 12 x 0.15^2) = 6.35 days."""
    world = helped(one_person, p, huidig, luck, wijkteam=4.0, ambulant=4.0)
    wijk = world.buurten.wijk[world.dwellings.buurt[world.persons.dwelling[0]]]
    assert world.persons.hours[0] == pytest.approx(4.0, rel=1e-5)
    assert books(world, TeamKind.AMBULANT) == pytest.approx((8.0, 4.0), rel=1e-5)
    assert world.wijken.load[wijk] == pytest.approx(1.0) and world.wijken.response_days[wijk] == pytest.approx(6.35)
    assert np.delete(world.wijken.load, wijk).tolist() == [0.0, 0.0]


def test_travel_takes_ambulant_hours(one_person, p, huidig, luck):
    """A fifth, less a little for the density of one client: of 5 hours 4 and a bit are left."""
    world = helped(one_person, p._replace(travel_share_alone=0.2), huidig, luck, ambulant=5.0)
    wijk = world.buurten.wijk[world.dwellings.buurt[world.persons.dwelling[0]]]
    density = 1000.0 * (8.0 / 8.0) / world.wijken.homes[wijk]
    assert world.persons.hours[0] == pytest.approx(5.0 * (1 - travel_share(density, 0.2, p.travel_density)), rel=1e-5)


@pytest.mark.parametrize(
    "columns",
    [
        {"status": Status.LATENT},  # nobody knows
        {"opname_days": 12},  # helped elsewhere
        {"place": Place.OPVANG, "dwelling": NOBODY},
    ],
)
def test_who_is_unknown_or_elsewhere_gets_no_hours(one_person, p, huidig, luck, columns):
    world = helped(one_person, p, huidig, luck, **columns)
    assert world.persons.hours[0] == 0.0 and books(world, TeamKind.AMBULANT) == (0.0, 0.0)


@pytest.mark.parametrize(("waakvlam", "hours"), [(True, 0.5), (False, 0.0)])
def test_a_waakvlam_is_half_an_hour_a_month(one_person, p, huidig, luck, waakvlam, hours):
    levers = huidig._replace(waakvlam=waakvlam)
    world = helped(one_person, p, huidig, luck, levers=levers, status=Status.SLAPEND, line=0)
    assert world.persons.hours[0] == hours and books(world, TeamKind.WIJKTEAM) == (hours, hours)


def test_after_good_months_help_steps_down_a_line_and_in_the_end_to_a_waakvlam(one_person, p, huidig, luck):
    """Three good months for each step: the second line, the first, and then a dormant contact."""
    world = one_person(stability=0.8, line=2)
    lines = []
    for _ in range(6):
        support.step(world, p, huidig, luck)
        lines.append((int(world.persons.line[0]), Status(world.persons.status[0]).name))
    assert lines == [(2, "BEKEND")] * 2 + [(1, "BEKEND")] * 3 + [(0, "SLAPEND")]


def test_a_bad_month_starts_the_count_again(one_person, p, huidig, luck):
    assert helped(one_person, p, huidig, luck, stability=0.5, stable_months=2).persons.stable_months[0] == 0


@pytest.mark.parametrize("status", [Status.BEKEND, Status.SLAPEND])
def test_an_episode_brings_help_back(one_person, p, huidig, luck, status):
    world = helped(one_person, p, huidig, luck, status=status, line=0, episode=1, stability=0.8)
    assert (world.persons.status[0], world.persons.line[0]) == (Status.BEKEND, 2)


@pytest.mark.parametrize(("columns", "line"), [({"crisis": 1}, 2), ({"conflict": 1}, 1)])
def test_a_crisis_or_a_conflict_brings_who_was_hidden_to_light(one_person, p, huidig, luck, columns, line):
    world = helped(one_person, p, huidig, luck, status=Status.LATENT, line=0, **columns)
    assert (world.persons.status[0], world.persons.line[0]) == (Status.BEKEND, line)
    assert world.counts[:, Count.GEVONDEN].sum() == 1


@pytest.mark.parametrize(("wijkteam", "outreach", "found"), [(1e6, True, True), (1e6, False, False), (0.0, True, False)])
def test_teams_with_time_to_spare_find_who_does_not_ask(one_person, p, huidig, luck, wijkteam, outreach, found):
    """Under pressure, or without the lever, nobody looks."""
    sure = p._replace(outreach_finds_per_hour=1.0)
    world = helped(
        one_person, sure, huidig, luck, wijkteam, levers=huidig._replace(outreach=outreach), status=Status.LATENT, line=0
    )
    assert (world.persons.status[0] == Status.BEKEND) == found


@pytest.mark.parametrize(("threshold", "spare"), [(0.85, 34.0), (0.425, 17.0)])
def test_outreach_finds_so_many_per_hour_to_spare(small_world, p, huidig, threshold, spare):
    """Nobody asks, so of 40 hours of the wijkteam 85% is to spare: 34. At 0.1 an hour that is 3.4 a month per wijk.

    However many there are to be found; over twenty months within five standard errors.
    """
    found = 0
    for month in range(1, 21):
        world = small_world()
        world.persons.status[:] = Status.LATENT
        world.teams.hours[world.teams.kind == TeamKind.WIJKTEAM] = 40.0
        support.step(world, p._replace(outreach_finds_per_hour=0.1, load_threshold=threshold), huidig, Luck(1, month))
        found += int(world.counts[:, Count.GEVONDEN].sum())
    expected = 20 * 3 * 0.1 * spare
    assert abs(found - expected) < 5 * np.sqrt(expected)


def test_trust_grows_with_help_that_reaches_and_goes_with_a_worker_and_after_a_crisis(one_person, p, huidig, luck):
    """0.5 + 0.1 x 0.5; less 30% when the worker leaves; less 20% after a crisis. No hours, no growth."""

    def trust(ambulant=100.0, crisis=0, **changed):
        return helped(one_person, p._replace(**changed), huidig, luck, ambulant=ambulant, crisis=crisis).persons.trust[0]

    assert trust(trust_gain_per_month=0.1) == pytest.approx(0.55)
    assert trust(trust_gain_per_month=0.1, ambulant=4.0) == pytest.approx(0.525, rel=1e-5)
    assert trust(trust_gain_per_month=0.1, ambulant=0.0) == pytest.approx(0.5)
    assert trust(staff_leave_per_year=12.0, trust_lost_with_worker=0.3) == pytest.approx(0.35)
    assert trust(crisis=1, trust_lost_in_crisis=0.2) == pytest.approx(0.4)


def test_staff_who_leave_in_a_year_leave_spread_over_its_months(small_world, p, huidig):
    """Six in twelve months: in each month half of the persons lose a worker, within five standard errors."""
    lost = asked = 0
    for month in range(1, 6):
        world = small_world()
        persons = world.persons
        known = (persons.place == Place.THUIS) & (persons.status == Status.BEKEND)
        support.step(world, p._replace(staff_leave_per_year=6.0), huidig, Luck(1, month))
        asked += known.sum()
        lost += (persons.trust[known] < 0.5).sum()
    assert asked > 50 and abs(lost - asked / 2) < 5 * np.sqrt(asked / 4)


@pytest.mark.parametrize(("trust", "status"), [(0.0, Status.LATENT), (1.0, Status.BEKEND)])
def test_who_has_no_trust_drops_out_of_sight(one_person, p, huidig, luck, trust, status):
    world = helped(one_person, p._replace(out_of_sight_per_month=1.0), huidig, luck, trust=trust)
    assert world.persons.status[0] == status


def test_drop_out_by_hand(p):
    """0.05 a month: at trust 0.6 0.02, and 0.016 where 0.4 of them can reach who helps, which keeps half of those."""
    half = p._replace(out_of_sight_per_month=0.05, contact_kept_by_reach=0.5)
    assert drop_out_probability(0.6, 0.0, half) == pytest.approx(0.02)
    assert drop_out_probability(0.6, 0.4, half) == pytest.approx(0.016)
    assert drop_out_probability(1.0, 0.0, half) == 0.0
    assert drop_out_probability(0.0, 1.0, half._replace(contact_kept_by_reach=1.0)) == 0.0


@pytest.mark.parametrize(("reachable", "status"), [(0.0, Status.LATENT), (1.0, Status.BEKEND)])
def test_who_can_be_reached_keeps_contact(one_person, p, huidig, luck, reachable, status):
    sure, levers = p._replace(out_of_sight_per_month=1.0, contact_kept_by_reach=1.0), huidig._replace(bereikbaarheid=reachable)
    world = helped(one_person, sure, huidig, luck, levers=levers, trust=0.0)
    assert world.persons.status[0] == status


def test_who_is_kept_in_sight_does_not_drop_out_and_others_do(small_world, p, huidig, luck):
    world = small_world()
    q, sure = world.persons, p._replace(out_of_sight_per_month=1.0, contact_kept_by_reach=0.0)
    q.trust[:], q.episode[:] = 0.0, 0
    known = np.flatnonzero((q.place == Place.THUIS) & (q.status == Status.BEKEND))
    support.step(world, sure, huidig, luck, q.identity[known[:2]].copy())
    assert known.size > 2 and (q.status[known[:2]] == Status.BEKEND).all() and (q.status[known[2:]] == Status.LATENT).all()


def test_hours_given_are_never_more_than_there_are_nor_more_than_asked(small_city, lively):
    city = small_city(rooms=lively)
    short = 0
    for _ in range(24):
        city.step()
        teams, persons = city.world.teams, city.world.persons
        care = teams.kind <= TeamKind.AMBULANT
        assert (teams.given <= teams.hours).all()
        assert (teams.given <= teams.asked * (1 + 1e-6)).all()  # a person's hours are kept in single precision
        assert persons.hours.sum(dtype=float) <= teams.given[care].sum() + 1e-3
        short += (teams.given[care] < teams.asked[care] - 1e-6).sum()
    assert short > 0, "the lively town asks for more than there is, else this says nothing"


def test_hours_that_are_left_by_hand():
    """Where everybody works apart a fifth goes to each other; half as one, a tenth; as one, nothing."""
    assert [hours_left(s, 0.2) for s in (0.0, 0.5, 1.0)] == pytest.approx([0.8, 0.9, 1.0])


def test_coverages_by_hand():
    """Ten hours for 5 urgent and 15 other. Without triage half for both; with it all for the urgent, a third for the others."""
    assert coverages(10.0, 5.0, 15.0, 0.0) == pytest.approx((0.5, 0.5))
    assert coverages(10.0, 5.0, 15.0, 1.0) == pytest.approx((1.0, 1 / 3))
    assert coverages(10.0, 5.0, 15.0, 0.5) == pytest.approx((0.75, 5 / 12))
    assert coverages(3.0, 5.0, 15.0, 1.0) == pytest.approx((0.6, 0.0))


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 100), st.floats(0, 1))
def test_triage_divides_no_more_than_there_is(hours, urgent, other, triage):
    of_urgent, of_other = coverages(hours, urgent, other, triage)
    assert 0.0 <= of_other <= of_urgent + 1e-12 <= 1.0 + 1e-9
    assert of_urgent * urgent + of_other * other <= hours + 1e-6


def test_where_organisations_work_apart_hours_are_lost(one_person, p, huidig, luck):
    """Of 5 hours a fifth is lost without samenwerking: 4 of the 8 that are asked."""
    world = one_person()
    world.teams.hours[:], world.wijken.samenwerking[:] = 5.0, 0.0
    support.step(world, p._replace(fragmentation_loss=0.2), huidig, luck)
    assert world.persons.hours[0] == pytest.approx(4.0, rel=1e-5)


@pytest.mark.parametrize(("arrears", "samenwerking", "found"), [(2, 1.0, True), (2, 0.0, False), (0, 1.0, False)])
def test_arrears_tell_of_who_is_hidden_where_signals_are_shared(one_person, p, huidig, luck, arrears, samenwerking, found):
    world = one_person(status=Status.LATENT, line=0)
    world.dwellings.arrears[world.persons.dwelling[0]], world.wijken.samenwerking[:] = arrears, samenwerking
    support.step(world, p._replace(signal_finds_per_month=1.0), huidig, luck)
    assert (world.persons.status[0] == Status.BEKEND) == found


@pytest.mark.parametrize(("wijkbudget", "line"), [(False, 1), (True, 2)])
def test_an_indication_ends_after_its_term_and_need_does_not(one_person, p, huidig, luck, wijkbudget, line):
    """A term of one month that is never renewed; a team with freedom decides by need."""
    short = p._replace(indication_months=1.0, indication_not_renewed=1.0)
    world = helped(one_person, short, huidig, luck, levers=huidig._replace(wijkbudget=wijkbudget), stability=0.2)
    assert world.persons.line[0] == line
    assert world.counts[:, Count.INDICATIES_AFGELOPEN].sum() == (line == 1)


@pytest.mark.parametrize(("until", "status"), [(100, Status.BEKEND), (-100, Status.LATENT)])
def test_under_a_contract_nobody_drops_out_of_sight(one_person, p, huidig, luck, until, status):
    world = helped(one_person, p._replace(out_of_sight_per_month=1.0), huidig, luck, trust=0.0, contract=until)
    assert world.persons.status[0] == status
    assert world.counts[:, Count.CONTACT_VERLOREN].sum() == (status == Status.LATENT)


def test_a_team_with_freedom_counts_what_people_can_do_themselves_and_keeps_hours_for_prevention(one_person, p, huidig, luck):
    """A tenth of the need at full samenwerking: 7.2 of 8 hours. Of 6 hours of the wijkteam a tenth is kept: 5.4 are given."""
    free = huidig._replace(wijkbudget=True)
    world = one_person(line=1)
    world.teams.hours[:], world.wijken.samenwerking[:] = 6.0, 1.0
    support.step(world, p._replace(own_contribution=0.1, prevention_share=0.1), free, luck)
    assert world.persons.need[0] == pytest.approx(7.2) and world.persons.hours[0] == pytest.approx(5.4, rel=1e-5)


def test_overload_makes_staff_leave(one_person, p, huidig, luck):
    """A load of 1.85 is 1 above the threshold: with 12 x a half a year everyone leaves, and without overload half of them."""
    trusting = []
    for wijkteam in (0.0, 1e6):
        world = one_person()
        teams = world.teams
        teams.hours[teams.kind == TeamKind.WIJKTEAM] = wijkteam
        teams.hours[teams.kind == TeamKind.AMBULANT] = 8.0 / 1.85
        often = p._replace(staff_leave_per_year=1e-9, turnover_of_load=1e12, trust_lost_with_worker=0.3)
        support.step(world, often, huidig, luck)
        trusting.append(float(world.persons.trust[0]))
    assert trusting == pytest.approx([0.35, 0.5])
