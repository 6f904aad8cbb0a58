"""Persons and households seen again: flows that close, landings that end in one way, and a run that stays the same."""

from itertools import pairwise

import numpy as np
import pytest

from model.followed import CAME, EMPTY, HARD, LEFT, LOST, MARK_STEPS, TEAM, Followed, Landings, Seen, moves, seen
from model.world import CARE, NEVER, ByProfile, Persons, Place, Profile, Status

MONTHS = 24


@pytest.fixture(scope="module")
def lived(small_city, lively):
    """A lively town that was followed for two years, with what its persons' table held at the start of each."""
    city = small_city(rooms=lively, record=MONTHS, follow=True)
    stocks = [seen(city.world.persons)]
    for _ in range(MONTHS // 12):
        city.run(12)
        stocks.append(seen(city.world.persons))
    return city, stocks


def a_table(identity, place, waited):
    return Seen(np.array(identity, np.uint64), np.array(place, np.uint8), np.array(waited, bool))


def test_persons_are_found_again_by_identity_wherever_their_row_is():
    before = a_table([3, 5, 9], [Place.OPVANG, Place.THUIS, Place.BANK], [True, False, True])
    after = a_table([1, 2, 3, 9], [Place.THUIS, Place.THUIS, Place.THUIS, Place.BANK], [False, True, True, True])
    found = moves(before, after)
    expected = np.zeros_like(found)
    expected[Place.OPVANG, Place.THUIS] = expected[Place.BANK, Place.BANK] = 1
    expected[Place.THUIS, Place.AFWEZIG] = 1  # 5 recovered, or left
    expected[Place.AFWEZIG, Place.THUIS] = 1  # 1 became vulnerable
    expected[CAME, Place.THUIS] = 1  # 2 asked for a home, and got one
    assert np.array_equal(found, expected)
    nobody = a_table([], [], [])
    assert moves(before, nobody)[:, Place.AFWEZIG].sum() == 3 and moves(nobody, after)[CAME].sum() == 3


def test_what_stays_and_what_enters_a_place_is_its_stock_a_year_later(lived):
    city, stocks = lived
    flows = city.record.followed.kept().flows
    assert len(flows) == MONTHS // 12
    for year, (before, after) in enumerate(pairwise(stocks)):
        places = np.arange(1, len(Place))
        assert np.array_equal(flows[year].sum(axis=1)[places], np.bincount(before.place, minlength=len(Place))[places])
        assert np.array_equal(flows[year].sum(axis=0)[places], np.bincount(after.place, minlength=len(Place))[places])
    assert flows[:, Place.THUIS, Place.OPVANG].sum() and flows[:, Place.OPVANG, Place.THUIS].sum()


def test_every_placement_ends_in_one_way_and_no_later_than_now(lived):
    city, _ = lived
    landings = city.record.followed.kept().landings
    placed = city.record.by_profile[1:, :, ByProfile.GEPLAATST].sum(axis=0)
    assert np.array_equal(landings.sum(axis=(0, 2)), placed) and placed.sum() > 20
    assert landings[0, :, HARD].sum() == 0  # nothing happens in the month of the placement: it comes after
    assert landings[:, :, HARD].sum() > 0 and landings[1:-1, :, LOST].sum() > 0


def test_without_a_wish_for_network_a_landing_of_which_all_is_seen_is_soft_where_it_is_judged_soft(small_city, lively):
    """The two ways to count agree: with nobody recovering or moving on, judged after 3 months, and no placement in the last 3."""
    still = lively._replace(
        landing=lively.landing._replace(some_network=0.0),
        vulnerability=lively.vulnerability._replace(remission_per_year=0.0),
        leaving=lively.leaving._replace(turnover_per_year=lively.leaving.turnover_per_year * 0, exit_of_oldest_per_year=0.0),
    )
    city = small_city(rooms=still, record=12, follow=True)
    city.world.buurten.score[:] = city.world.buurten.start_score
    city.run(12)
    landings = city.record.followed.kept().landings.sum(axis=1)
    after = still.landing.after_months
    hard_by_then = landings[: after + 1, HARD].sum()
    judged, soft = (city.record.by_profile[1:, :, c].sum() for c in (ByProfile.GELAND_BEOORDEELD, ByProfile.GELAND_ZACHT))
    young = landings[:after, LOST].sum()  # placed less than 3 months ago and still well
    assert landings[after:, LOST].sum() + landings[after + 1 :, HARD].sum() == soft > 0
    hard_early = landings[:after, HARD].sum()  # some of them too late in the year to be judged
    assert judged - soft <= hard_by_then <= judged - soft + young + hard_early


@pytest.fixture
def persons() -> Persons:
    """Three persons with rows in the table, waiting in opvang."""
    table = Persons(3)
    table.identity[:] = [11, 12, 13]
    table.place[:], table.status[:] = Place.OPVANG, Status.BEKEND
    table.profile[:] = [Profile.LVB, Profile.LVB, Profile.PSYCHISCH]
    table.waiting_since[:] = table.since[:] = -4
    return table


def place(persons, row, month):
    persons.place[row], persons.since[row], persons.escalations[row] = Place.THUIS, month, 0


def test_three_placements_by_hand(persons):
    """One has an escalation in month 3, one loses the home in month 4 and is placed again, one recovers in month 5."""
    followed = Landings(persons, 6)
    for month in range(1, 7):
        if month == 1:
            for row in range(3):
                place(persons, row, month)
        if month == 3:
            persons.escalations[0] = 1
        if month == 4:
            place(persons, 1, month)  # lost and found within one month: a new landing
        if month == 5:
            persons.clear(np.array([2]))
        followed.add(persons, month)
    found = followed.kept(6, 6)
    expected = np.zeros_like(found)
    expected[2, Profile.LVB, HARD] = 1  # months 2 and 3
    expected[3, Profile.LVB, HARD] = 1
    expected[2, Profile.LVB, LOST] = 1  # placed in month 4, still well in month 6
    expected[3, Profile.PSYCHISCH, LOST] = 1  # last seen in month 4
    assert np.array_equal(found, expected)


def test_who_recovers_and_falls_ill_again_within_one_month_was_last_seen_before(persons):
    """The same person may get the same row again, at home and never having waited: the placement did not fail."""
    followed = Landings(persons, 3)
    place(persons, 0, 1)
    followed.add(persons, 1)
    followed.add(persons, 2)
    place(persons, 0, 3)
    persons.waiting_since[0] = NEVER
    followed.add(persons, 3)
    found = followed.kept(3, 3)
    assert found[:, :, HARD].sum() == 0 and found[1, Profile.LVB, LOST] == 1


def test_who_becomes_vulnerable_at_home_was_not_placed(persons):
    persons.waiting_since[0] = NEVER
    followed = Landings(persons, 3)
    place(persons, 0, 1)
    followed.add(persons, 1)
    assert (followed.placed == NEVER).all()


def test_a_table_that_grows_is_followed_on(persons):
    followed = Landings(persons, 3)
    persons.grow(5)
    persons.identity[4], persons.waiting_since[4] = 15, 0
    place(persons, 4, 1)
    followed.add(persons, 1)
    assert np.flatnonzero(followed.placed == 1).tolist() == [4]


def test_a_home_says_who_left_who_never_was_and_how_it_is_for_who_stayed(small_world):
    world = small_world()
    world.dwellings.clear(np.array([0]))
    followed = Followed(world, 2)
    for month, mark in ((1, 8.0), (2, 7.0)):
        world.month = month
        world.dwellings.satisfaction[:] = mark
        if month == 2:
            world.dwellings.identity[1] = 99
        followed.add(world)
    marks, tenure, placed = followed.kept().homes
    lives_there = world.dwellings.identity != 0
    assert marks[0] == EMPTY and marks[1] == LEFT
    assert set(marks[2:][lives_there[2:]]) == {round(7.5 * MARK_STEPS)}
    assert np.array_equal(tenure, world.dwellings.tenure) and not placed.any()


def test_who_waits_is_counted_with_the_months_that_they_have_waited(small_world, one_person):
    world = one_person(place=Place.OPVANG, waiting_since=-2, since=-2)
    followed = Followed(world, 2)
    for month in (1, 2):
        world.month = month
        followed.add(world)
    waits = followed.kept().waits
    assert waits[Profile.PSYCHISCH].tolist() == [2, 3 + 4] and waits.sum() == 9


def test_a_run_that_is_followed_is_the_same_run_and_a_fork_follows_on(small_city, lively):
    plain, watched = (small_city(rooms=lively, record=8, follow=follow) for follow in (False, True))
    plain.run(8)
    watched.run(4)
    twin = watched.fork([])
    for city in (watched, twin):
        city.run(4)
    assert plain.record.followed is None and plain.world.differing(watched.world) == []
    one, other = (city.record.followed.kept() for city in (watched, twin))
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    twin.close()


def test_hours_of_teams_are_those_of_each_month(lived):
    city, _ = lived
    kept, teams = city.record.followed.kept(), city.world.teams
    assert kept.teams.shape == (MONTHS, CARE, len(TEAM))
    for kind in range(CARE):
        mine = teams.kind == kind
        now = [teams.hours[mine].sum(), teams.asked[mine].sum(), teams.given[mine].sum()]
        assert kept.teams[-1, kind] == pytest.approx(now, rel=1e-6)
    assert (kept.teams[:, :, 2] <= kept.teams[:, :, 0] * (1 + 1e-6)).all(), "nobody gives hours that are not there"
    assert kept.teams[:, :, 1].max(axis=0).min() > 0
