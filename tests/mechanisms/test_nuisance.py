"""Incidents that everyone causes; neighbours notice last month's, complain when tolerance is gone, and beheer intervenes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import nuisance
from model.mechanisms.nuisance import (
    complaint_probability,
    conflict_probability,
    conversation_probability,
    episode_rate,
    incident_rate,
)
from model.randomness import Luck, Stream, poisson_at
from model.world import Count, Place, TeamKind, Tenure

SHARE, NUISANCE, RATIO = st.floats(0, 1), st.floats(0, 10), st.floats(0, 20)


def test_incidents_by_hand():
    """0.06 a month; frailty 3 makes it 0.18; control of 0.25 leaves 0.135; an intervention of 0.4 leaves 0.081."""
    assert incident_rate(0.06, 1.0, 0.0, 0.0) == pytest.approx(0.06)
    assert incident_rate(0.06, 3.0, 0.25, 0.4) == pytest.approx(0.081)


def test_episode_rate_by_hand():
    """3 a month of episode: 10 days bring 1; guidance of 0.2 leaves 0.8, and an intervention of 0.4 leaves 0.48 of it."""
    assert episode_rate(3.0, 10.0, 0.0, 0.0) == pytest.approx(1.0)
    assert episode_rate(3.0, 10.0, 0.2, 0.4) == pytest.approx(0.48)


@given(RATIO, RATIO, SHARE, SHARE, SHARE, SHARE)
def test_frailty_brings_incidents_and_control_and_interventions_take_them(
    frailty, more, control, more_control, effect, more_effect
):
    calm, wild = sorted((frailty, more))
    loose, tight = sorted((control, more_control))
    weak, strong = sorted((effect, more_effect))
    assert 0.0 <= incident_rate(0.06, calm, tight, strong) <= incident_rate(0.06, wild, loose, weak)


def test_complaint_by_hand():
    """0.04 per incident noticed: two of them at tolerance 0.25 is 0.04 x 2 x 0.75 = 0.06; at full tolerance nobody complains."""
    assert complaint_probability(2.0, 0.25, 0.04) == pytest.approx(0.06)
    assert complaint_probability(2.0, 1.0, 0.04) == 0.0
    assert complaint_probability(100.0, 0.0, 0.04) == 1.0


def test_conflict_by_hand():
    """Convex in the tolerance that is gone: half gone is a quarter of 0.2."""
    assert conflict_probability(0.5, 0.2) == pytest.approx(0.05)
    assert conflict_probability(1.0, 0.2) == 0.0


@given(NUISANCE, NUISANCE, SHARE, SHARE)
def test_more_nuisance_and_less_tolerance_bring_complaints_and_conflicts(heard, more, tolerance, other):
    quiet, loud = sorted((heard, more))
    low, high = sorted((tolerance, other))
    assert 0.0 <= complaint_probability(quiet, high, 0.04) <= complaint_probability(loud, low, 0.04) <= 1.0
    assert conflict_probability(high, 0.2) <= conflict_probability(low, 0.2)


@pytest.fixture(scope="module")
def p(rooms):
    """Nobody causes or says anything, unless a test says so."""
    return rooms.nuisance._replace(
        incidents_per_month=0.0, incidents_per_episode_month=0.0, complaint_per_incident=0.0, conflict_per_complaint=0.0,
        memory_kept_per_month=0.7, tie_weight=0.15, often_bothered_from=1.0, intervention_hours=4.0, intervention_months=3,
        intervention_effect=0.4, control_of_cohesion=0.5, quality_hushes=0.0, addressed_share=0.0,
    )  # fmt: skip


@pytest.fixture
def one_culprit(one_person):
    """One household caused ten incidents last month; the row of its home."""
    world = one_person()
    d = world.dwellings
    culprit = np.flatnonzero((d.identity != 0) & (d.tenure == Tenure.SOCIALE_HUUR))[5]
    d.incidents[culprit] = 10
    world.portieken.incidents[d.portiek[culprit]] = 10
    return world, culprit


def counted(world, *counts):
    return [int(world.counts[:, c].sum()) for c in counts]


def test_neighbours_notice_what_was_caused_last_month(one_culprit, p, huidig, luck):
    """In the portiek ten, by each tie 0.15 of ten besides; 0.3 of it is noticed at once. The culprit notices none of it."""
    world, culprit = one_culprit
    d = world.dwellings
    nuisance.step(world, p, huidig, luck)
    lived = d.identity != 0
    ties = (d.ties == culprit).sum(axis=1)
    near = d.portiek == d.portiek[culprit]
    heard = 10.0 * near + 0.15 * 10.0 * ties
    heard[culprit] = 0.0
    assert d.nuisance == pytest.approx(np.where(lived, 0.3 * heard, 0.0), abs=1e-6)
    assert counted(world, Count.VAAK_HINDER) == [(d.nuisance[lived] >= 1.0).sum()]


def test_what_was_caused_last_month_is_kept_beside_what_is_caused_now(one_culprit, p, huidig, luck):
    """Neighbours complain of the ten, when this month's are already other ones."""
    world, culprit = one_culprit
    nuisance.step(world, p, huidig, luck)
    assert world.dwellings.incidents_before[culprit] == 10 and world.dwellings.incidents[culprit] == 0
    assert world.dwellings.incidents_before.sum() == 10


def test_what_neighbours_say_stands_with_their_portiek(small_city, lively):
    """Conversations, complaints and conflicts add up to what is counted."""
    world = small_city(rooms=lively, months=3).world
    for column, count in (("conversations", Count.GESPREKKEN), ("complaints", Count.KLACHTEN),
                          ("conflicts", Count.ESCALATIES_HUISHOUDENS)):  # fmt: skip
        assert getattr(world.portieken, column).sum() == world.counts[:, count].sum() > 0, column


def test_what_was_noticed_fades(one_person, p, huidig, luck):
    world = one_person()
    lived = world.dwellings.identity != 0
    world.dwellings.nuisance[lived] = 2.0
    nuisance.step(world, p, huidig, luck)
    assert world.dwellings.nuisance[lived] == pytest.approx(1.4)


def test_only_tenants_of_corporaties_who_hear_something_complain_to_the_landlord(one_culprit, p, huidig, luck):
    world, culprit = one_culprit
    d = world.dwellings
    d.tolerance[:] = 0.0
    nuisance.step(world, p._replace(complaint_per_incident=1e9), huidig, luck)
    hears = (d.portiek == d.portiek[culprit]) | (d.ties == culprit).any(axis=1)
    hears[culprit] = False
    complainers = hears & (d.identity != 0) & (d.tenure == Tenure.SOCIALE_HUUR)
    assert counted(world, Count.KLACHTEN) == [complainers.sum()]
    assert np.array_equal(world.portieken.complaints, np.bincount(d.portiek[complainers], minlength=world.portieken.rows))


@pytest.mark.parametrize(("by_persons", "about_persons"), [(0, False), (10, True)])
def test_a_complaint_is_about_a_person_as_often_as_persons_caused_what_was_heard(
    one_culprit, p, huidig, luck, by_persons, about_persons
):
    """None of the ten by persons: no complaint about them, and a conflict between households; all ten: every complaint."""
    world, culprit = one_culprit
    d = world.dwellings
    d.tolerance[:] = 0.0
    here = d.portiek[culprit]
    d.ties[d.portiek != here] = 0  # only the portiek hears it: home 0 stays silent
    world.portieken.person_incidents[here] = by_persons
    nuisance.step(world, p._replace(complaint_per_incident=1e9, conflict_per_complaint=1.0), huidig, luck)
    complaints, of_persons, conflicts = counted(world, Count.KLACHTEN, Count.KLACHTEN_PERSONEN, Count.ESCALATIES_HUISHOUDENS)
    assert complaints > 0
    assert (of_persons, conflicts) == ((complaints, 0) if about_persons else (0, complaints))


def complained(one_culprit, p, huidig, luck, hours, protocol=True):
    world, _ = one_culprit
    world.dwellings.tolerance[:] = 0.0
    world.teams.hours[world.teams.kind == TeamKind.BEHEER] = hours
    nuisance.step(world, p._replace(complaint_per_incident=1e9), huidig._replace(overlastprotocol=protocol), luck)
    return world, world.portieken.complaints > 0


def test_with_hours_enough_beheer_intervenes_wherever_there_was_a_complaint(one_culprit, p, huidig, luck):
    world, where = complained(one_culprit, p, huidig, luck, hours=1e6)
    assert where.any() and np.array_equal(world.portieken.intervention, np.where(where, 3, 0))
    assert counted(world, Count.INTERVENTIES) == [where.sum()]


@pytest.mark.parametrize(("hours", "protocol"), [(0.0, True), (1e6, False)])
def test_without_hours_or_protocol_nobody_intervenes(one_culprit, p, huidig, luck, hours, protocol):
    world, where = complained(one_culprit, p, huidig, luck, hours, protocol)
    assert where.any() and counted(world, Count.INTERVENTIES) == [0]


def test_with_hours_for_some_beheer_intervenes_in_a_part_of_them(small_world, p, huidig):
    """Everyone complains everywhere, four hours each; hours for half of the portieken reach half, within five standard errors."""
    world = small_world()
    d, portieken = world.dwellings, world.portieken
    d.tolerance[:], d.tenure[:] = 0.0, Tenure.SOCIALE_HUUR
    portieken.incidents[:] = 5
    n = portieken.rows
    world.teams.hours[world.teams.kind == TeamKind.BEHEER] = 4.0 * n / 2 / 2  # two corporaties
    done = 0
    for month in range(1, 21):
        twin = world.copy()
        nuisance.step(twin, p._replace(complaint_per_incident=1e9), huidig, Luck(1, month))
        assert (twin.portieken.complaints > 0).all()
        done += counted(twin, Count.INTERVENTIES)[0]
    assert abs(done - 20 * n / 2) < 5 * np.sqrt(20 * n * 0.25)


def test_who_hears_nothing_this_month_does_not_complain_of_what_was(one_person, p, huidig, luck):
    world = one_person()
    world.dwellings.nuisance[:], world.dwellings.tolerance[:] = 5.0, 0.0
    nuisance.step(world, p._replace(complaint_per_incident=1e9), huidig, luck)
    assert counted(world, Count.KLACHTEN) == [0]


def test_an_intervention_works_for_some_months(one_person, p, huidig, luck):
    world = one_person()
    world.portieken.intervention[:] = 3
    left = []
    for _ in range(4):
        nuisance.step(world, p, huidig, luck)
        left.append(int(world.portieken.intervention[0]))
    assert left == [2, 1, 0, 0]


def caused(small_world, p, huidig, luck, ties=0.0, intervention=0):
    world = small_world()
    world.buurten.ties[:], world.portieken.intervention[:] = ties, intervention
    nuisance.step(world, p._replace(incidents_per_month=1.0), huidig, luck)
    return world


def test_incidents_add_up(small_world, p, huidig, luck):
    """By household, by portiek and by buurt it is one number; vacant homes cause nothing."""
    world = caused(small_world, p, huidig, luck)
    d = world.dwellings
    assert d.incidents.sum() > 100 and (d.incidents[d.identity == 0] == 0).all()
    assert np.array_equal(world.portieken.incidents, np.bincount(d.portiek, weights=d.incidents))
    assert np.array_equal(world.counts[:-1, Count.INCIDENTEN], np.bincount(d.buurt, weights=d.incidents))


@pytest.mark.parametrize(("ties", "intervention"), [(0.0, 0), (0.6, 0), (0.6, 3)])
def test_every_household_causes_a_poisson_count_at_its_own_rate(small_world, p, huidig, luck, ties, intervention):
    """Base 1 a month times its frailty, less 0.5 x ties, less 0.4 while an intervention works: drawn with its own luck."""
    world = caused(small_world, p, huidig, luck, ties, intervention)
    d, key = world.dwellings, luck.key(Stream.INCIDENTS)
    lived = np.flatnonzero(d.identity)
    rates = [incident_rate(1.0, float(d.frailty[i]), 0.5 * ties, 0.4 if intervention else 0.0) for i in lived]
    assert d.incidents[lived].tolist() == [poisson_at(key, d.identity[i], rate) for i, rate in zip(lived, rates, strict=True)]


def test_social_control_and_interventions_make_it_quieter_for_everyone(small_world, p, huidig, luck):
    """Same luck: no household causes more than it would have."""
    wild, close, calmed = (
        caused(small_world, p, huidig, luck, **with_).dwellings.incidents for with_ in ({}, {"ties": 0.8}, {"intervention": 3})
    )
    for quieter in (close, calmed):
        assert (quieter <= wild).all() and quieter.sum() < wild.sum()


def test_persons_add_only_on_the_days_of_an_episode(one_person, p, huidig, luck):
    """12 a month: in ten days of an episode a Poisson count with mean 4, without an episode none; and it is gone next month."""
    loud = p._replace(incidents_per_episode_month=12.0)
    for days in (0.0, 10.0):
        world = one_person(episode_days=days)
        home = world.persons.dwelling[0]
        here = world.dwellings.portiek[home]
        expected = poisson_at(luck.key(Stream.EPISODE_INCIDENTS), world.persons.identity[0], 4.0) if days else 0
        nuisance.step(world, loud, huidig, luck)
        portieken = world.portieken
        assert (world.dwellings.incidents[home], portieken.incidents[here], portieken.person_incidents[here]) == (expected,) * 3
        assert counted(world, Count.INCIDENTEN, Count.INCIDENTEN_PERSONEN) == [expected, expected]
        assert (expected > 0) == (days > 0)
        world.persons.episode_days[0] = 0.0
        nuisance.step(world, loud, huidig, Luck(1, 2))
        assert (portieken.incidents == 0).all() and (portieken.person_incidents == 0).all()


def test_a_person_who_is_not_at_home_causes_nothing_there(one_person, p, huidig, luck):
    world = one_person(episode_days=10.0, place=Place.OPVANG)
    nuisance.step(world, p._replace(incidents_per_episode_month=1e3), huidig, luck)
    assert counted(world, Count.INCIDENTEN_PERSONEN) == [0]


def test_conversations_by_hand():
    """0.38 at a tolerance of 0.5, 0.46 at the usual 0.6 (E073); nobody without tolerance."""
    assert [conversation_probability(t, 0.38) for t in (0.5, 0.6, 0.0)] == pytest.approx([0.38, 0.456, 0.0])


def test_who_speaks_to_the_neighbour_does_not_complain_and_feels_better(one_culprit, p, huidig, luck):
    """All who would complain speak instead, and half of what they felt is gone."""
    world, _ = one_culprit
    world.dwellings.tolerance[:] = 0.5
    sure, silent = p._replace(complaint_per_incident=1e9, addressed_share=1.0, conversation_effect=0.5), p
    twin = world.copy()
    nuisance.step(world, sure, huidig, luck)
    nuisance.step(twin, silent, huidig, luck)
    spoke = world.dwellings.nuisance < twin.dwellings.nuisance
    assert counted(world, Count.KLACHTEN, Count.GESPREKKEN) == [0, spoke.sum()] and spoke.any()
    assert world.dwellings.nuisance[spoke] == pytest.approx(0.5 * twin.dwellings.nuisance[spoke])


def test_in_a_better_stock_less_is_heard(one_culprit, p, huidig, luck):
    """Two SD at 0.5 log points each leave exp(-1) of what comes from the portiek."""
    world, _ = one_culprit
    twin = world.copy()
    world.buurten.kwaliteit[:], twin.buurten.kwaliteit[:] = 2.0, 0.0
    for each in (world, twin):
        nuisance.step(each, p._replace(quality_hushes=0.5, tie_weight=0.0), huidig, luck)
    heard = twin.dwellings.nuisance > 0
    assert heard.any() and world.dwellings.nuisance[heard] == pytest.approx(np.exp(-1.0) * twin.dwellings.nuisance[heard])


@pytest.mark.parametrize(("months_left", "caused"), [(0, True), (1, True), (2, False)])
def test_an_intervention_calms_what_persons_cause_too(one_person, p, huidig, luck, months_left, caused):
    """One that works in full leaves none; what has a month left has ended when this month's incidents are caused."""
    sure = p._replace(incidents_per_episode_month=20.0, intervention_effect=1.0)
    world = one_person(episode_days=30.0)
    world.portieken.intervention[:] = months_left
    nuisance.step(world, sure, huidig, luck)
    assert (world.counts[:, Count.INCIDENTEN_PERSONEN].sum() > 0) == caused


def test_guidance_that_looks_at_neighbours_prevents_incidents(one_person, p, huidig, luck):
    """All of them where it works in full on help in full; none without help."""
    sure = p._replace(incidents_per_episode_month=20.0, context_effect=1.0)
    for hours, caused in ((8.0, False), (0.0, True)):
        world = one_person(episode_days=30.0, need=8.0, hours=hours)
        nuisance.step(world, sure, huidig._replace(contextgericht=True), luck)
        assert (world.counts[:, Count.INCIDENTEN_PERSONEN].sum() > 0) == caused
