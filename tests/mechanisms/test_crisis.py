"""Four clocks run from the first day of an episode: it ends, help comes, it becomes a crisis, the neighbours have had enough."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import crisis
from model.mechanisms.crisis import (
    bearing,
    call_days,
    clocks,
    consents,
    episode_probability,
    may_start,
    opname_stay,
    outcome,
    patience_around,
    starts,
    usual_highest,
)  # fmt: skip
from model.randomness import Luck, Stream, uniform_at
from model.world import ByProfile, Count, Place, Profile, Status

DAY = st.floats(0.0, 60.0)
SHARE = st.floats(0.0, 1.0)


@pytest.fixture(scope="module")
def p(rooms):
    """No new episodes, no opname, no police, no home lost, unless a test says so."""
    none = np.zeros(len(Profile))
    return rooms.crisis._replace(
        episodes_per_year=none, opname_share=none, police_at_crisis=0.0, police_at_escalation=0.0,
        home_lost_after_long_opname=0.0, memory_kept_per_month=0.9, call_days=7.0, reachability_gain=0.4, latent_call_ratio=3.0,
        lost_contact_call_ratio=2.0,
    )  # fmt: skip


def test_episode_by_hand():
    """1.2 a year is a hazard of 0.1 at stability 0.5; at 0.1 it is exp(3 x 0.4) times that; after two episodes 1 + 0.6 x 2."""
    assert episode_probability(1.2, 0.5, 0.0, 3.0, 0.6) == pytest.approx(1 - np.exp(-0.1))
    assert episode_probability(1.2, 0.1, 0.0, 3.0, 0.6) == pytest.approx(1 - np.exp(-0.1 * np.exp(1.2)))
    assert episode_probability(1.2, 0.5, 2.0, 3.0, 0.6) == pytest.approx(1 - np.exp(-0.1 * 2.2))


@given(SHARE, SHARE, st.floats(0, 5), st.floats(0, 5))
def test_episodes_come_sooner_when_stability_fails_and_after_earlier_ones(stability, other, memory, more):
    low, high = sorted((stability, other))
    few, many = sorted((memory, more))
    assert episode_probability(0.6, low, many, 3.0, 0.6) >= episode_probability(0.6, high, few, 3.0, 0.6)
    assert 0.0 <= episode_probability(0.6, low, many, 3.0, 0.6) <= 1.0


@given(SHARE, st.sampled_from(list(Profile)), st.floats(-1, 1), st.floats(0, 5))
def test_an_episode_starts_when_the_draw_is_below_its_chance(rooms, lot, kind, stability, memory):
    p = rooms.crisis
    chance = episode_probability(p.episodes_per_year[kind], stability, memory, p.stability_slope, p.memory_slope)
    per_year = p.episodes_per_year[kind]
    worst, best = usual_highest(per_year, p.stability_slope)
    for draw in (lot, chance, np.nextafter(chance, 0.0)):
        assert starts(draw, per_year, worst, best, stability, memory, p) == (draw < chance)


def test_who_may_start_by_hand(rooms):
    """The line falls from 0.2 at stability 0 to 0.1 at 1; after an episode it is 1 + 0.6 times as high. It ends at 0 and at 1."""
    p = rooms.crisis._replace(memory_slope=0.6)
    assert may_start(0.14, 0.2, 0.1, 0.5, 0.0, p) and not may_start(0.16, 0.2, 0.1, 0.5, 0.0, p)
    assert may_start(0.23, 0.2, 0.1, 0.5, 1.0, p) and not may_start(0.25, 0.2, 0.1, 0.5, 1.0, p)
    assert may_start(0.99, 0.2, 0.1, -0.1, 0.0, p) and may_start(0.99, 0.2, 0.1, 1.1, 0.0, p)


def test_days_to_a_call_by_hand(p):
    """Seven days; half reachable at full trust takes 0.4 x 0.5 = 20% off; unknown to help x 3; lost contact x 2."""
    assert call_days(Status.BEKEND, 1.0, True, 0.0, p) == pytest.approx(7.0)
    assert call_days(Status.BEKEND, 1.0, True, 0.5, p) == pytest.approx(5.6)
    assert call_days(Status.LATENT, 1.0, True, 0.5, p) == pytest.approx(16.8)
    assert call_days(Status.SLAPEND, 1.0, False, 0.5, p) == pytest.approx(11.2)
    assert call_days(Status.SLAPEND, 1.0, True, 0.5, p) == pytest.approx(5.6)


@given(st.sampled_from(list(Status)), SHARE, SHARE, SHARE, st.booleans())
def test_reachability_trust_and_a_waakvlam_shorten_the_time_to_a_call(p, status, trust, reachable, more, waakvlam):
    low, high = sorted((reachable, more))
    assert 0.0 < call_days(status, trust, waakvlam, high, p) <= call_days(status, trust, waakvlam, low, p)
    assert call_days(status, trust, True, low, p) <= call_days(status, trust, False, low, p)
    assert call_days(Status.LATENT, trust, waakvlam, low, p) >= call_days(Status.BEKEND, trust, waakvlam, low, p)


def test_neighbours_bear_as_the_mean_of_their_portiek_by_hand():
    """Two portieken: 0.2, 0.4 and a vacant home that bears as anyone does at rest (0.6); and one home of 0.9 alone."""
    portiek, lives_at = np.array([4, 4, 4, 7]), np.array([1, 2, 0, 3], np.uint64)
    tolerance = np.array([0.2, 0.4, 0.1, 0.9], np.float32)
    around = [patience_around(home, portiek, lives_at, tolerance, 0.6) for home in range(4)]
    assert around == pytest.approx([0.4, 0.4, 0.4, 0.9])


@pytest.mark.parametrize(
    ("end", "response", "harm", "patience", "day", "is_crisis", "is_escalation"),
    [
        (10, 8, 20, 9, 8, False, False),  # help is first; the neighbours' patience would have lasted a day longer
        (6, 8, 20, 9, 6, False, False),  # it ends by itself
        (10, 8, 5, 9, 5, True, False),  # a crisis before anybody comes
        (10, 8, 20, 3, 8, False, True),  # the neighbours first, then help
        (10, 8, 5, 3, 5, True, True),  # the neighbours first, then a crisis
        (10, 8, 8, 8, 8, False, False),  # on the same day help is in time
    ],
)
def test_what_comes_first_counts(end, response, harm, patience, day, is_crisis, is_escalation):
    assert outcome(end, response, harm, patience) == (day, is_crisis, is_escalation)


@given(DAY, DAY, DAY, DAY, DAY)
def test_help_that_comes_sooner_never_makes_it_worse(end, response, later, harm, patience):
    soon, late = sorted((response, later))
    day, is_crisis, escalated = outcome(end, soon, harm, patience)
    late_day, late_crisis, late_escalated = outcome(end, late, harm, patience)
    assert day <= late_day and is_crisis <= late_crisis and escalated <= late_escalated


def keys(seed: int) -> np.ndarray:
    return Luck(seed, 1).keys


def test_all_clocks_start_on_the_day_of_onset():
    """With no time on them they ring at once: on day 5."""
    assert clocks(keys(1), np.uint64(7), 5.0, 0.0, 0.0, 0.0, 0.0) == (5.0, 5.0, 5.0, 5.0)


@given(st.integers(0, 1000), st.integers(1, 2**60).map(np.uint64), st.floats(0, 31), *[st.floats(0.1, 60)] * 4)
def test_each_clock_has_its_own_luck_and_runs_in_proportion_to_its_mean(seed, who, start, course, call, harm, patience):
    """Only the call is twice as long: it comes twice as late, counted from the onset, and the other clocks ring as they did."""
    end, called, harmed, lost = clocks(keys(seed), who, start, course, call, harm, patience)
    later_end, later_call, later_harm, later_lost = clocks(keys(seed), who, start, course, 2 * call, harm, patience)
    assert (later_end, later_harm, later_lost) == (end, harmed, lost)
    assert later_call - start == pytest.approx(2 * (called - start))
    assert min(end, called, harmed, lost) >= start


def test_opname_by_hand(p):
    """Of crises 0.5 x (1 - 0.2) = 0.4 become an opname where help covers the need; whole days, at least one, 25.5 on average.

    One day and the whole part of an exponential with mean 25: 1 + 1 / (exp(1/25) - 1). Within five standard errors.
    """
    mine, luck_of = p._replace(opname_less_with_help=0.2, opname_days=25.0), keys(1)
    stays = np.array([opname_stay(luck_of, np.uint64(who), 0.5, 1.0, mine) for who in range(1, 20_001)])
    admitted = stays[stays > 0]
    assert admitted.size / stays.size == pytest.approx(0.4, abs=5 * np.sqrt(0.24 / stays.size))
    assert admitted.mean() == pytest.approx(25.5, abs=5 * 25.0 / np.sqrt(admitted.size))


@given(st.integers(0, 1000), SHARE, SHARE, SHARE, SHARE)
def test_help_prevents_opnamen_and_a_higher_share_brings_them(p, seed, share, more_share, helped, more_help):
    mine, luck_of, who = p._replace(opname_less_with_help=0.5, opname_days=25.0), keys(seed), np.uint64(seed + 1)
    (low, high), (little, much) = sorted((share, more_share)), sorted((helped, more_help))
    stay = opname_stay(luck_of, who, low, much, mine)
    assert stay in (0, opname_stay(luck_of, who, high, little, mine)), "who is admitted anyway stays as long"
    assert opname_stay(luck_of, who, 0.0, helped, mine) == 0


def in_episode(one_person, end=100.0, call=100.0, harm=100.0, patience=100.0, response=3.0, **columns):
    """One person, halfway an episode that began last month, with days counted from the first of this month."""
    clocks = {"end_day": end, "call_day": call, "harm_day": harm, "patience_day": patience}
    world = one_person(episode=1, **clocks, **columns)
    world.wijken.response_days[:] = response
    return world


def counted(world, *counts):
    return [int(world.counts[:, c].sum()) for c in counts]


def test_help_in_time(one_person, p, huidig, luck):
    """A call on day 4 and help three days later, before the crisis of day 10: seven days, and no crisis."""
    world = in_episode(one_person, call=4.0, harm=10.0)
    crisis.step(world, p, huidig, luck)
    persons = world.persons
    assert persons.episode[0] == 0 and persons.episode_days[0] == 7.0
    assert counted(world, Count.CRISES, Count.ESCALATIES_PERSONEN) == [0, 0]
    assert np.isinf([persons.end_day[0], persons.call_day[0], persons.harm_day[0], persons.patience_day[0]]).all()


def test_help_too_late(one_person, p, huidig, luck):
    """The same call, and a response of nine days: the crisis of day 10 comes first, and crisis help follows."""
    world = in_episode(one_person, call=4.0, harm=10.0, response=9.0)
    crisis.step(world, p, huidig, luck)
    assert world.persons.crisis[0] == 1 and world.persons.episode_days[0] == 10.0
    assert counted(world, Count.CRISES, Count.CRISISHULP, Count.OPNAMEN) == [1, 1, 0]
    assert world.by_profile[Profile.PSYCHISCH, ByProfile.CRISES] == 1


def test_patience_that_ends_is_one_escalation(one_person, p, huidig, luck):
    """Patience ends on day 5, help comes on day 7: an escalation, and the next month none, because the episode is over."""
    world = in_episode(one_person, call=4.0, patience=5.0)
    crisis.step(world, p, huidig, luck)
    assert world.persons.conflict[0] == 1 and world.persons.escalations[0] == 1
    assert world.by_profile[Profile.PSYCHISCH, ByProfile.ESCALATIES] == 1
    crisis.step(world, p, huidig, Luck(1, 2))
    assert world.persons.conflict[0] == 0 and counted(world, Count.ESCALATIES_PERSONEN) == [1]


def test_clocks_run_on_over_the_end_of_the_month(one_person, p, huidig, luck):
    """January has 31 days: what lies on day 40 now lies on day 9 of February."""
    world = in_episode(one_person, end=90.0, call=50.0, harm=40.0, patience=35.0)
    crisis.step(world, p, huidig, luck)
    persons = world.persons
    assert persons.episode[0] == 1 and persons.episode_days[0] == 31.0
    clocks = [persons.end_day[0], persons.call_day[0], persons.harm_day[0], persons.patience_day[0]]
    assert clocks == [59.0, 19.0, 9.0, 4.0]
    crisis.step(world, p, huidig, Luck(1, 2))
    assert counted(world, Count.CRISES, Count.ESCALATIES_PERSONEN) == [1, 1]
    assert persons.episode_days[0] == 9.0


def test_days_of_opname_are_counted_to_the_end_and_the_home_is_kept(one_person, p, huidig, luck):
    """Forty days: 31 in January, 9 in February, none in March."""
    world = one_person(opname_days=40)
    for month, days, left in ((1, 31, 9), (2, 40, 0), (3, 40, 0)):
        crisis.step(world, p, huidig, Luck(1, month))
        assert counted(world, Count.OPNAMEDAGEN) == [days] and world.persons.opname_days[0] == left
        assert world.by_profile[Profile.PSYCHISCH, ByProfile.OPNAMEDAGEN] == days
    assert world.persons.place[0] == Place.THUIS


def test_a_crisis_becomes_an_opname_with_the_days_that_are_left_of_the_month(one_person, p, huidig, luck):
    """In a crisis on day 10 of 31 no more than 21 days of opname fall in this month; the rest is still to come."""
    sure = p._replace(opname_share=np.ones(len(Profile)), opname_less_with_help=0.0, opname_days=1000.0)
    world = in_episode(one_person, harm=10.0)
    crisis.step(world, sure, huidig, luck)
    assert counted(world, Count.OPNAMEN, Count.CRISISHULP, Count.OPNAMEDAGEN) == [1, 0, 21]
    assert world.by_profile[Profile.PSYCHISCH, ByProfile.OPNAMEDAGEN] == 21
    assert world.persons.opname_days[0] > 0 and world.persons.home_lost[0] == 0


def test_without_a_free_bed_an_opname_is_put_off_and_there_is_crisis_help(one_person, p, huidig, luck):
    sure = p._replace(opname_share=np.ones(len(Profile)), opname_less_with_help=0.0)
    world = in_episode(one_person, harm=10.0)
    world.institutions.full[world.institutions.kind == Place.KLINIEK] = 1
    crisis.step(world, sure, huidig, luck)
    assert counted(world, Count.CRISES, Count.OPNAMEN, Count.OPNAMEN_UITGESTELD, Count.CRISISHULP) == [1, 0, 1, 1]
    assert world.persons.opname_days[0] == 0


def test_a_full_opvang_puts_no_opname_off(one_person):
    world = one_person()
    world.institutions.full[world.institutions.kind != Place.KLINIEK] = 1
    i = world.institutions
    assert not crisis.without_bed((i.kind, i.gemeente, i.full), world.buurten.gemeente).any()


def test_a_long_opname_may_cost_the_home(one_person, p, huidig, luck):
    sure = p._replace(
        opname_share=np.ones(len(Profile)), opname_less_with_help=0.0, opname_days=1e6, long_opname_days=90.0,
        home_lost_after_long_opname=1.0,
    )  # fmt: skip
    world = in_episode(one_person, harm=10.0)
    crisis.step(world, sure, huidig, luck)
    assert world.persons.home_lost[0] == 1


def test_memory_fades_and_an_episode_adds_to_it(one_person, p, huidig, luck):
    """A memory of 2 keeps 90%: 1.8. A new episode makes it 2.8."""
    world = one_person(memory=2.0)
    crisis.step(world, p, huidig, luck)
    assert world.persons.memory[0] == pytest.approx(1.8)
    world = one_person(memory=2.0)
    crisis.step(world, p._replace(episodes_per_year=np.full(len(Profile), 1e9)), huidig, luck)
    assert world.persons.memory[0] == pytest.approx(2.8) and counted(world, Count.EPISODES) == [1]


def test_a_new_episode_sets_its_clocks_by_stability_tolerance_and_reach(one_person, p, huidig, luck):
    """Four long clocks of a person at stability 0.8 and full trust, among neighbours at tolerance 0.25, with 0.3 reachable.

    The onset is on some day of 31. Means: course 10,000 days; call 100,000 x (1 - 0.4 x 0.3); harm 100,000 x (0.5 + 0.8);
    patience 100,000 x 2 x 0.25. None of them rings this month, and next month's clocks stand 31 days lower.
    """
    slow = p._replace(episodes_per_year=np.full(len(Profile), 1e9), episode_days=np.full(len(Profile), 1e4), call_days=1e5)
    slow = slow._replace(harm_days=1e5, patience_days=1e5)
    world = one_person(stability=0.8, trust=1.0)
    world.dwellings.tolerance[:] = 0.25
    crisis.step(world, slow, huidig._replace(bereikbaarheid=0.3), luck)
    persons, who = world.persons, world.persons.identity[0]
    onset = 31 * uniform_at(luck.key(Stream.ONSET_DAY), who)
    expected = clocks(keys(1), who, onset, 1e4, 1e5 * (1 - 0.4 * 0.3), 1e5 * 1.3, 1e5 * 0.5)
    now = [persons.end_day[0], persons.call_day[0], persons.harm_day[0], persons.patience_day[0]]
    assert np.array(now) + 31 == pytest.approx(expected, rel=1e-5)
    assert persons.episode[0] == 1 and persons.episode_days[0] == pytest.approx(31 - onset)


@pytest.mark.parametrize(("clocks_", "reports"), [({"harm": 10.0}, 1), ({"patience": 5.0, "call": 4.0}, 1), ({"call": 4.0}, 0)])
def test_the_police_hear_of_crises_and_of_escalations(one_person, p, huidig, luck, clocks_, reports):
    world = in_episode(one_person, **clocks_)
    crisis.step(world, p._replace(police_at_crisis=1.0, police_at_escalation=1.0), huidig, luck)
    assert counted(world, Count.POLITIEMELDINGEN) == [reports]


@pytest.mark.parametrize(("hours", "admitted"), [(0.0, True), (8.0, False)])
def test_help_at_hand_prevents_an_opname(one_person, p, huidig, luck, hours, admitted):
    """Help for all of the need prevents it here for sure; without hours every crisis becomes one."""
    sure = p._replace(opname_share=np.ones(len(Profile)), opname_less_with_help=1.0, opname_days=10.0)
    world = in_episode(one_person, harm=10.0, need=8.0, hours=hours)
    crisis.step(world, sure, huidig, luck)
    assert counted(world, Count.OPNAMEN, Count.CRISISHULP) == ([1, 0] if admitted else [0, 1])


def test_neighbours_who_were_told_bear_more(one_person, p, huidig, luck):
    """Same luck: patience lasts 1 + 0.4 times as long, counted from the day of onset."""
    often = p._replace(episodes_per_year=np.full(len(Profile), 1e9), informed_patience_gain=0.4, patience_days=1e5, harm_days=1e9)
    often = often._replace(episode_days=np.full(len(Profile), 1e9), call_days=1e9, consent_share=1.0)
    days = {}
    for told in (False, True):
        world = one_person()
        crisis.step(world, often, huidig._replace(buurtinformatie=told), luck)
        days[told] = world.persons.patience_day[0]
    assert days[True] == pytest.approx(1.4 * days[False], rel=1e-3)  # the day of onset is small against 100,000


def test_who_does_not_consent_has_neighbours_who_were_not_told(one_person, p, huidig, luck):
    often = p._replace(episodes_per_year=np.full(len(Profile), 1e9), consent_share=0.0)
    untold, told = one_person(), one_person()
    crisis.step(untold, often, huidig, luck)
    crisis.step(told, often, huidig._replace(buurtinformatie=True), luck)
    assert told.differing(untold) == []


def test_consent_is_given_once_for_life_by_the_share_that_there_is(p):
    """Of 10,000 persons seven in ten, within five standard errors; and nobody where nobody does."""
    seven = p._replace(consent_share=0.7)
    agreed = np.array([consents(1, np.uint64(who), seven) for who in range(10_000)])
    assert agreed.mean() == pytest.approx(0.7, abs=5 * np.sqrt(0.21 / 10_000))
    assert not any(consents(1, np.uint64(who), p._replace(consent_share=0.0)) for who in range(100))


def test_last_months_crisis_and_conflict_are_past(one_person, p, huidig, luck):
    world = one_person(crisis=1, conflict=1, episode_days=12.0)
    crisis.step(world, p, huidig, luck)
    assert (world.persons.crisis[0], world.persons.conflict[0], world.persons.episode_days[0]) == (0, 0, 0.0)


def test_who_is_not_at_home_has_no_episode(one_person, p, huidig, luck):
    world = one_person(place=Place.OPVANG, dwelling=-1, episode=1)
    crisis.step(world, p._replace(episodes_per_year=np.full(len(Profile), 1e9)), huidig, luck)
    assert world.persons.episode[0] == 0 and counted(world, Count.EPISODES) == [0]


def test_what_neighbours_bear_by_hand(p):
    """Twice their tolerance. Told of a person who is known: 1.4 times, less 30% after an earlier episode; a fix adds a fifth."""
    mine = p._replace(informed_patience_gain=0.4, disclosed_fear=0.3, fix_patience_gain=0.2)
    assert bearing(0.6, True, False, False, 0.0, mine) == pytest.approx(1.2)
    assert bearing(0.6, True, True, False, 0.0, mine) == pytest.approx(1.2 * 1.4)
    assert bearing(0.6, True, True, False, 2.0, mine) == pytest.approx(1.2 * 1.4 * 0.7)
    assert bearing(0.6, True, False, True, 2.0, mine) == pytest.approx(1.2 * 1.2)
    assert bearing(0.6, False, True, True, 0.0, mine) == pytest.approx(1.2), "of whom nobody knows nothing can be told"


def test_a_number_to_call_keeps_escalations_from_the_police(one_person, p, huidig, luck):
    """All of them where it keeps all; none without the lever."""
    sure = p._replace(police_at_escalation=1.0, number_keeps_from_police=1.0)
    for number, reports in ((True, 0), (False, 1)):
        world = one_person(episode=1, end_day=20.0, call_day=90.0, harm_day=90.0, patience_day=3.0)
        crisis.step(world, sure, huidig._replace(belnummer=number), luck)
        assert world.counts[:, Count.ESCALATIES_PERSONEN].sum() == 1
        assert world.counts[:, Count.POLITIEMELDINGEN].sum() == reports


def test_under_a_contract_somebody_calls_sooner(one_person, p, huidig, luck):
    """A quarter of the days, under the same luck."""
    sure = p._replace(
        episodes_per_year=np.full(len(Profile), 1e9), episode_days=np.full(len(Profile), 1e6), call_days=1e4, harm_days=1e6,
        patience_days=1e6, contract_call_gain=0.25,
    )  # fmt: skip
    days = []
    for until in (100, -100):
        world = one_person(contract=until)
        crisis.step(world, sure, huidig._replace(bereikbaarheid=0.0), luck)
        days.append(float(world.persons.call_day[0]))
    assert days[0] < days[1] and days[0] == pytest.approx(0.75 * days[1], rel=0.01)
