"""Who leaves: by tenure and age, more when discontented, most when the buurt falls and they can afford to go."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import leaving
from model.mechanisms.leaving import REACH, harm_probability, move_probability, usual_highest
from model.world import NOBODY, AgeClass, Count, Eviction, Place, Profile, Status, Tenure

MARK, SES, FALL = st.floats(0, 10), st.floats(-3, 3), st.floats(0, 1)


@pytest.fixture(scope="session")
def p(rooms):
    return rooms.leaving._replace(discontent_from=6.5, discontent_slope=0.4, selective_slope=4.0)


def test_move_by_hand(p):
    """Per year over twelve; a mark one point too low is 1.4 times, SES 1 in a buurt that fell by 0.1 is 1.4 times; both: 1.96."""
    assert move_probability(0.06, 1.0, 0.0, 1.0, 7.0, 0.0, 0.0, p) == pytest.approx(0.005)
    assert move_probability(0.06, 1.7, 0.0, 1.0, 7.0, 0.0, 0.0, p) == pytest.approx(0.005 * 1.7)
    assert move_probability(0.06, 1.0, 0.0, 1.0, 5.5, 0.0, 0.0, p) == pytest.approx(0.005 * 1.4)
    assert move_probability(0.06, 1.0, 0.0, 1.0, 7.0, 1.0, 0.1, p) == pytest.approx(0.005 * 1.4)
    assert move_probability(0.06, 1.0, 0.0, 1.0, 5.5, 1.0, 0.1, p) == pytest.approx(0.005 * 1.96)
    assert move_probability(0.06, 1.0, 0.0, 0.6, 7.0, 0.0, 0.0, p) == pytest.approx(0.003)


def test_death_and_the_nursing_home_come_on_top(p):
    """0.06 a year, whatever the mark: (0.06 + 0.06) / 12."""
    assert move_probability(0.06, 1.0, 0.06, 1.0, 7.0, 0.0, 0.0, p) == pytest.approx(0.01)


@given(MARK, MARK, SES, SES, FALL, FALL)
def test_discontent_and_decline_drive_out_those_who_can_afford_it(p, mark, other_mark, ses, other_ses, fall, other_fall):
    bad, good = sorted((mark, other_mark))
    poor, rich = sorted((ses, other_ses))
    less, more = sorted((fall, other_fall))

    def chance(mark, ses, fall):
        return move_probability(0.062, 0.8, 0.0, 1.0, mark, ses, fall, p)

    assert chance(bad, ses, fall) >= chance(good, ses, fall)
    assert chance(mark, rich, fall) >= chance(mark, poor, fall)
    assert chance(mark, ses, more) >= chance(mark, ses, less)
    assert chance(mark, min(ses, 0.0), more) == chance(mark, min(ses, 0.0), less), "who can not afford it stays"


@given(
    st.floats(6.5, 10), st.floats(-5, REACH), FALL, st.sampled_from(list(Tenure)), st.sampled_from(list(AgeClass)), st.booleans()
)
def test_nobody_leaves_with_more_than_the_usual_highest_chance_unless_discontented_or_of_large_means(
    p, mark, ses, fall, tenure, age, is_person
):
    ratio, exits = p.person_ratio if is_person else 1.0, p.exit_of_oldest_per_year if age == AgeClass.VANAF_75 else 0.0
    chance = move_probability(p.turnover_per_year[tenure], p.age_ratio[age], exits, ratio, mark, ses, fall, p)
    assert chance <= usual_highest(fall, p)


@pytest.fixture(scope="module")
def stay(p):
    """Nobody leaves by choice."""
    return p._replace(turnover_per_year=np.zeros(3), exit_of_oldest_per_year=0.0)


def counted(world, *counts):
    return [int(world.counts[:, c].sum()) for c in counts]


def test_months_go_by_in_homes_and_in_vacancies(small_world, stay, huidig, luck):
    world = small_world()
    d = world.dwellings
    lived, here, empty = d.identity != 0, d.months_here.copy(), d.months_vacant.copy()
    leaving.step(world, stay, huidig, luck)
    assert np.array_equal(d.months_here, here + lived) and np.array_equal(d.months_vacant, empty + ~lived)
    assert counted(world, Count.VERTROKKEN) == [0]


def test_who_leaves_takes_everything_but_the_home_and_its_stratum(small_world, p, huidig, luck):
    """Everyone goes: homes stand empty, and keep what the leaver's stratum was, for the warm-up."""
    world = small_world()
    before = world.dwellings.copy()
    leaving.step(world, p._replace(turnover_per_year=np.full(3, 1e9)), huidig, luck)
    d = world.dwellings
    assert (d.identity == 0).all() and (d.person == NOBODY).all() and (d.arrears == 0).all()
    assert set(leaving.KEPT) & set(d.differing(before)) == {"months_vacant"}  # homes that were empty already
    lived = (before.identity != 0).sum()
    social = ((before.identity != 0) & (before.tenure == Tenure.SOCIALE_HUUR)).sum()
    assert counted(world, Count.VERTROKKEN, Count.VERTROKKEN_SOCIAAL) == [lived, social]


def test_a_person_who_moves_on_by_choice_leaves_the_model(one_person, p, huidig, luck):
    world = one_person()
    leaving.step(world, p._replace(turnover_per_year=np.full(3, 1e9)), huidig, luck)
    assert world.persons.identity[0] == 0 and world.persons.place[0] == Place.AFWEZIG
    assert counted(world, Count.PERSONEN_VERTROKKEN, Count.THUIS_VERLOREN) == [1, 0]


def test_vulnerable_residents_move_less_by_choice(one_person, p, huidig, luck):
    """At a ratio of 0 everyone goes but the one person of the town."""
    world = one_person()
    home = world.persons.dwelling[0]
    leaving.step(
        world, p._replace(turnover_per_year=np.full(3, 1e9), exit_of_oldest_per_year=0.0, person_ratio=0.0), huidig, luck
    )
    assert np.flatnonzero(world.dwellings.identity).tolist() == [home]


def test_a_person_who_is_evicted_waits_in_opvang(one_person, stay, huidig, luck):
    world = one_person(episode=1, end_day=4.0, hours=3.0)
    home = world.persons.dwelling[0]
    world.dwellings.eviction[home] = Eviction.ARREARS
    leaving.step(world, stay, huidig, luck)
    persons = world.persons
    assert world.dwellings.identity[home] == 0 and world.dwellings.eviction[home] == Eviction.NONE
    assert (persons.place[0], persons.dwelling[0], persons.status[0]) == (Place.OPVANG, NOBODY, Status.BEKEND)
    assert persons.waiting_since[0] == luck.month and persons.episode[0] == 0 and np.isinf(persons.end_day[0])
    assert (persons.line[0], persons.hours[0]) == (2, 0.0)
    assert counted(world, Count.THUIS_VERLOREN, Count.PERSONEN_VERTROKKEN, Count.DAKLOOS_GEWORDEN) == [1, 0, 0]


def test_harm_by_hand():
    """Sixteen days at 0.005 a day: 1 - exp(-0.08) = 0.0769; no days, no harm."""
    assert harm_probability(16.0, 0.005) == pytest.approx(0.0769, abs=1e-4)
    assert harm_probability(0.0, 0.005) == 0.0


@pytest.mark.parametrize("driegesprek", [False, True])
def test_with_a_driegesprek_nobody_hears_too_late(one_person, stay, huidig, luck, driegesprek):
    """Harm is done in the days in which nobody knows of the eviction: 0.5 x (1 - 0.3) = 0.35 of stability, 0.5 x 0.6 of trust."""
    world = one_person(stability=0.5, trust=0.5)
    world.dwellings.eviction[world.persons.dwelling[0]] = Eviction.ARREARS
    sure = stay._replace(harm_per_late_day=1e9, harm_to_stability=0.3, harm_to_trust=0.4)
    leaving.step(world, sure, huidig._replace(driegesprek=driegesprek), luck)
    came_to = (0.5, 0.5) if driegesprek else (0.35, 0.3)
    assert (world.persons.stability[0], world.persons.trust[0]) == pytest.approx(came_to)
    assert counted(world, Count.NAZORG_LAAT) == [not driegesprek] and world.persons.place[0] == Place.OPVANG


def test_who_gives_up_the_home_in_an_opname_comes_to_no_harm_by_late_news(one_person, stay, huidig, luck):
    world = one_person(home_lost=1, opname_days=60, stability=0.5, trust=0.5)
    leaving.step(world, stay._replace(harm_per_late_day=1e9), huidig, luck)
    assert (world.persons.stability[0], world.persons.trust[0]) == (0.5, 0.5)
    assert counted(world, Count.NAZORG_LAAT) == [0]


def test_a_home_lost_in_a_long_opname_leads_to_the_clinic(one_person, stay, huidig, luck):
    world = one_person(home_lost=1, opname_days=60)
    leaving.step(world, stay, huidig, luck)
    assert world.persons.place[0] == Place.KLINIEK and world.persons.home_lost[0] == 0 and world.persons.opname_days[0] == 0


def test_an_ordinary_household_that_is_evicted_becomes_economisch_dakloos(one_person, stay, huidig, luck):
    """Under its own identity, with its own traits, and with debts."""
    world = one_person()
    d, persons = world.dwellings, world.persons
    home = np.flatnonzero((d.identity != 0) & (d.person == NOBODY) & (d.tenure == Tenure.SOCIALE_HUUR))[3]
    who, ses, size = d.identity[home], d.ses[home], d.size[home]
    d.eviction[home] = Eviction.ARREARS
    leaving.step(world, stay, huidig, luck)
    [row] = np.flatnonzero(persons.identity == who)
    assert (persons.profile[row], persons.place[row], persons.debts[row]) == (Profile.ECONOMISCH_DAKLOOS, Place.OPVANG, 1)
    assert (persons.ses[row], persons.size[row]) == (ses, size)
    assert counted(world, Count.DAKLOOS_GEWORDEN, Count.THUIS_VERLOREN, Count.VERTROKKEN) == [1, 0, 1]


def test_only_the_oldest_die_or_go_to_a_nursing_home(small_world, stay, huidig, luck):
    world = small_world()
    old = world.dwellings.age_class == AgeClass.VANAF_75
    lived = world.dwellings.identity != 0
    leaving.step(world, stay._replace(exit_of_oldest_per_year=12.0), huidig, luck)
    assert np.array_equal(lived & (world.dwellings.identity == 0), lived & old)


def test_the_same_people_leave_a_buurt_that_falls_and_more(small_world, p, huidig, luck):
    """Same luck: who would have gone anyway goes, and better-off households with them."""
    left = {}
    for fall in (0.0, 0.5):
        world = small_world()
        world.buurten.score[:] = world.buurten.start_score - fall
        before = world.dwellings.identity.copy()
        leaving.step(world, p._replace(turnover_per_year=np.full(3, 1.0)), huidig, luck)
        left[fall] = (before != 0) & (world.dwellings.identity == 0)
    more = left[0.5] & ~left[0.0]
    assert left[0.5][left[0.0]].all() and more.any()
    assert (world.dwellings.ses[more] > 0).all()
