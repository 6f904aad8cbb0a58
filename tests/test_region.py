"""Several gemeenten: each has its own hours, its own queues and its own corporaties, and nothing crosses a border."""

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from experiments.engine import measure, rows
from model import homes, ledger
from model.city import City
from model.indicators import Record, place_by_place
from model.indicators import measure as measured
from model.letting import Line
from model.letting_round import LettingRound
from model.mechanisms import draagkracht, inflow, leaving, nuisance, settling
from model.parameters import Refused
from model.policies import FOREVER, Setting
from model.randomness import Luck
from model.town import Town, near_in_wijk, ownership
from model.world import Count, TeamKind

AA, BB = "GM0001", "GM0002"
BORDER = {"gemeente": [AA, AA, BB, BB, BB, BB], "gemeente_naam": ["Aa", "Aa", "Bee", "Bee", "Bee", "Bee"]}
HOURS = (Count.WIJKTEAM_UREN, Count.AMBULANT_UREN, Count.WELZIJN_UREN, Count.WIJKAGENT_UREN, Count.BEHEER_UREN)


@pytest.fixture(scope="session")
def region(small_town):
    """`region(**columns)`: wijk WK01 (510 inhabitants) is gemeente Aa, WK02 (570) and WK03 (220) are Bee."""
    return lambda **columns: small_town(**{**BORDER, **columns})


def home_gemeente(world, homes):
    return world.buurten.gemeente[world.dwellings.buurt[homes]]


def asks_in(world, persons):
    """Gemeente in which each of the persons asks for a home: that of their network."""
    return world.wijken.gemeente[world.persons.network_wijk[persons]]


def test_what_lies_where(region, small_world):
    world = small_world(town=region())
    g, c, teams = world.gemeenten, world.corporaties, world.teams
    assert g.first.tolist() == [0, 2] and g.last.tolist() == [2, 6] and g.inwoners.tolist() == [510.0, 790.0]
    assert world.wijken.gemeente.tolist() == [0, 1, 1] and c.gemeente.tolist() == [0, 0, 1, 1]
    assert world.counts.shape[0] == 6 + 2
    for k in range(c.rows):
        mine = world.dwellings.corporatie == k + 1
        assert c.homes[k] == mine.sum() > 0 and set(home_gemeente(world, mine)) == {c.gemeente[k]}
    assert g.sociale_huur.tolist() == np.bincount(c.gemeente, weights=c.homes).tolist()
    beheer = teams.kind == TeamKind.BEHEER
    assert np.array_equal(teams.gemeente[~beheer], world.wijken.gemeente[teams.wijk[~beheer]])
    assert np.array_equal(teams.gemeente[beheer], c.gemeente[teams.wijk[beheer]])


def test_each_gemeente_divides_its_own_hours(region, small_city, rooms):
    """At one hour per inhabitant Aa has 510 hours and Bee 790; half of them follow who asks, and only WK03 has asked.

    Nobody in Aa has asked, so that all its hours go by inhabitants: 510. In Bee WK02 has half of 570, and WK03 half of 220
    with the half of 790 that follows: 285 and 505.
    """
    s = rooms.support._replace(
        wijkteam_fte_per_inhabitant=0.01, direct_hours_per_fte=100.0, wijkteam_share=1.0, following_wijkteam=0.5
    )
    city = small_city(town=region(), rooms=rooms._replace(support=s))
    teams = city.world.teams
    wijkteams = teams.kind == TeamKind.WIJKTEAM
    teams.asked[wijkteams] = [0.0, 0.0, 30.0]
    city.world.counts[:] = 0
    city.organisations[0].decide()
    assert teams.hours[wijkteams].tolist() == pytest.approx([510.0, 285.0, 505.0])
    assert city.world.gemeente_counts[:, Count.WIJKTEAM_UREN].tolist() == [510, 790]


@pytest.mark.parametrize(("following", "hours"), [(0.0, [500.0, 900.0, 100.0]), (1.0, [500.0, 500.0, 500.0])])
def test_staff_that_somebody_counted_works_where_it_was_counted(region, small_city, rooms, following, hours):
    """At 100 hours each: 5 fte in Aa; of 10 in Bee nine are counted in WK02, unless they follow the clients of both wijken."""
    s = rooms.support._replace(direct_hours_per_fte=100.0, wijkteam_share=1.0, following_wijkteam=following)
    counted = pd.DataFrame({"wijk": ["WK01", "WK02", "WK03"], "soort": "wijkteam", "fte": [5.0, 9.0, 1.0], "caseload": np.nan})
    city = small_city(town=replace(region(), teams=counted), rooms=rooms._replace(support=s))
    teams = city.world.teams
    wijkteams = teams.kind == TeamKind.WIJKTEAM
    teams.asked[wijkteams] = [0.0, 20.0, 20.0]
    city.organisations[0].decide()
    assert teams.hours[wijkteams].tolist() == pytest.approx(hours)


def test_beheerders_intervene_in_their_own_gemeente_only(region, small_world):
    """At 4 hours each: in Aa 10 hours for 5 noisy portieken, which is half; in Bee 100 hours for one, or none at all."""
    world = small_world(town=region())
    teams, portieken = world.teams, world.portieken
    beheer = np.flatnonzero(teams.kind == TeamKind.BEHEER)
    teams.hours[beheer] = [6.0, 4.0, 0.0, 100.0]
    gemeente = world.buurten.gemeente[portieken.buurt]
    portieken.complaints[np.flatnonzero(gemeente == 0)[:5]] = [1, 2, 1, 1, 7]
    portieken.complaints[np.flatnonzero(gemeente == 1)[0]] = 3
    asked = (portieken.complaints, portieken.buurt, world.buurten.gemeente, (teams.kind, teams.gemeente, teams.hours), 4.0)
    assert nuisance.share_served(*asked).tolist() == [0.5, 1.0]
    teams.hours[beheer[2:]] = 0.0
    assert nuisance.share_served(*asked).tolist() == [0.5, 0.0]


def test_what_is_near_in_a_gemeente_is_what_its_own_teams_have(region, small_city, lively):
    city = small_city(town=region(), rooms=lively, months=6)
    world, teams = city.world, city.world.teams
    teams.hours[teams.gemeente == 1] *= 3.0
    before = world.buurten.team_hours.copy()
    draagkracht.step(world, lively.draagkracht, city.levers, city.luck)
    near = np.bincount(world.buurten.gemeente, weights=world.buurten.team_hours)
    assert near == pytest.approx(np.bincount(teams.gemeente, weights=teams.hours))
    assert world.buurten.team_hours == pytest.approx(before * [1, 1, 3, 3, 3, 3])


@pytest.mark.parametrize("strategie", ["geen", "loting", "plafond", "draagkracht"])
def test_nobody_is_housed_outside_their_gemeente(region, small_city, lively, strategie):
    city = small_city(town=region(), rooms=lively, strategie=strategie)
    housed = np.zeros((2, 2), np.int64)  # persons and seekers, by gemeente

    def live(mechanism, *more):
        if mechanism is settling:
            world, [made] = city.world, more
            persons, seekers = home_gemeente(world, made.person_homes), home_gemeente(world, made.seeker_homes)
            assert np.array_equal(asks_in(world, made.persons), persons)
            assert np.array_equal(world.seekers.gemeente[made.seekers], seekers)
            housed[:] += np.array([np.bincount(persons, minlength=2), np.bincount(seekers, minlength=2)])
        City.live(city, mechanism, *more)

    city.live = live
    for _ in range(24):
        city.step()
        world = city.world
        at_home = np.flatnonzero(world.persons.dwelling >= 0)
        assert np.array_equal(asks_in(world, at_home), home_gemeente(world, world.persons.dwelling[at_home]))
        assert (np.diff(world.seekers.gemeente.astype(int)) >= 0).all()
        for g in range(2):
            assert (np.diff(world.seekers.since[world.seekers.gemeente == g]) >= 0).all(), "a queue is in order"
    assert (housed > 0).all(), "else this says little"


def test_the_books_notice_who_crosses_a_border(region, small_city, lively):
    """The region still closes; the two gemeenten do not."""
    city = small_city(town=region(), rooms=lively, months=6)
    counts, gemeente = city.record.counts.astype(np.int64), city.world.buurten.gemeente
    ledger.check(counts[5], counts[6], gemeente, 6)
    for count, account in ((Count.WONINGZOEKENDEN, "woningzoekenden"), (Count.PERSONEN_WACHTEND, "personen")):
        wrong = counts[6].copy()
        wrong[-2:, count] += [1, -1]
        with pytest.raises(ledger.BooksDoNotClose, match=rf"{account} in gemeente \[0, 1\]"):
            ledger.check(counts[5], wrong, gemeente, 6)


def twice(town: Town) -> Town:
    """Two gemeenten that are the same but for their codes."""
    one = town.buurten
    frames = [one.assign(code=one.code + k, wijk=one.wijk + k, gemeente=f"GM{k}", gemeente_naam=k) for k in ("A", "B")]
    frame = pd.concat(frames, ignore_index=True)
    owned = ownership(frame, dict.fromkeys(("GMA", "GMB"), len(town.corporaties)))
    return Town("GMA+GMB", "Twee", True, frame, *owned, near_in_wijk(frame))


def test_two_equal_gemeenten_have_twice_the_hours_of_one(small_town, small_city):
    """And each as many as it would have alone, in every month."""
    one, two = (small_city(town=town, months=6, record=6) for town in (small_town(), twice(small_town())))
    hours, both = one.record.counts[:, 6:, HOURS], two.record.counts[:, 12:, HOURS]
    assert (hours[1:] > 0).all() and both.shape[1] == 2
    assert np.array_equal(both[:, :1], hours) and np.array_equal(both[:, 1:], hours)
    assert two.world.teams.fte.sum() == pytest.approx(2 * one.world.teams.fte.sum())


def line_of(now: LettingRound, gemeente: int) -> Line:
    """The line of one gemeente."""
    return Line(*[column[now.in_line[gemeente] : now.in_line[gemeente + 1]] for column in now.line])


def test_a_corporatie_sees_its_own_gemeente_and_no_other(region, small_city, lively):
    """All that it is handed concerns its gemeente; together they are handed everything."""
    nobody_passed_over = lively._replace(access=lively.access._replace(exclusion_of_resistance=0.0, exclusion_of_overload=0.0))
    city = small_city(town=region(), rooms=nobody_passed_over, strategie="spreiding", months=6)
    city.begin_month()
    city.live(leaving)
    city.prepare_lettings()
    world, now = city.world, city.letting_round
    for g in range(2):
        line = line_of(now, g)
        assert line.row.size and not line.person.any() and (world.seekers.gemeente[line.row] == g).all()
        assert np.array_equal(line.identity, world.seekers.identity[line.row])
        waiting = now.queue_of(g).person
        assert waiting.size and (asks_in(world, waiting) == g).all()
    assert now.in_line.tolist()[-1] == now.line.row.size == world.seekers.rows
    assert sum(now.queue_of(g).person.size for g in range(2)) == (world.persons.place > 1).sum()
    homes = [now.vacancies_of(k, 0).dwelling for k in range(4)]
    assert sum(h.size for h in homes) == now.offered.size > 0
    assert all((world.dwellings.corporatie[h] == k + 1).all() for k, h in enumerate(homes))
    bee = now.view_of(1)
    assert bee.wijk.tolist() == [0, 0, 0, 1] and bee.homes.tolist() == world.buurten.homes[2:].tolist()
    for k, h in enumerate(homes):
        seen = now.vacancies_of(k, reserved=1)
        assert np.array_equal(seen.dwelling, h) and seen.reserved == 1
        assert np.array_equal(seen.buurt, world.dwellings.buurt[h] - (0, 2)[world.corporaties.gemeente[k]])


def test_persons_and_seekers_queue_by_when_they_came_within_their_gemeente(region, small_city, lively):
    city = small_city(town=region(), rooms=lively, strategie="geen", months=6)
    city.prepare_lettings()
    world = city.world
    for g in range(2):
        line = line_of(city.letting_round, g)
        since = np.empty(line.row.size, np.int64)
        since[line.person] = world.persons.waiting_since[line.row[line.person]]
        since[~line.person] = world.seekers.since[line.row[~line.person]]
        keys = 2 * since + line.person
        assert line.person.any() and (~line.person).any() and (np.diff(keys) >= 0).all()
        assert np.array_equal(line.row[line.person], city.letting_round.queue_of(g).person)


def test_who_arrives_where_does_not_depend_on_what_is_decided(region, small_city, lively):
    """Choice 6, for each gemeente by itself: nor on the queue and the vacancies of the other."""
    came = []
    for strategie, quota in (("loting", 0.3), ("geen", 0.3), ("concentratie", 0.3)):
        city = small_city(town=region(), rooms=lively, strategie=strategie, quota=quota, months=12)
        came.append(city.record.counts[:13, -2:, [Count.PERSONEN_INSTROOM, Count.ZOEKERS_INSTROOM]])
    assert np.array_equal(came[0], came[1]) and np.array_equal(came[0], came[2]) and (came[0].sum(axis=0) > 0).all()
    city = small_city(town=region(), rooms=lively)
    gone = city.world.seekers.gemeente == 1
    city.world.seekers.keep(~gone)
    city.world.dwellings.months_vacant[home_gemeente(city.world, slice(None)) == 1] = 0
    ledger.recount(city.world)
    city.run(1)
    assert np.array_equal(city.world.gemeente_counts[:, [Count.PERSONEN_INSTROOM, Count.ZOEKERS_INSTROOM]], came[0][1])


def test_nobody_arrives_where_there_is_nothing_to_ask_for(region, small_city, small_world, lively, rooms):
    """Aa without homes of corporaties: its inhabitants do not count; its own residents who lose a home wait there."""
    town = region(p_corp=[0.0, 0.0, 30.0, 75.0, 15.0, 10.0])
    world = small_world(town=town)
    w = world.wijken
    assert inflow.wijken_of_arrivals(w.inwoners, w.gemeente, world.gemeenten.sociale_huur) == pytest.approx([0.0, 570 / 790, 1.0])
    city = small_city(town=town, rooms=lively, months=24)
    arrived = city.record.counts[1:25, -2:, [Count.PERSONEN_INSTROOM, Count.ZOEKERS_INSTROOM]].sum(axis=0)
    assert (arrived[0] == 0).all() and (arrived[1] > 0).all()
    assert city.world.corporaties.homes[:2].tolist() == [0.0, 0.0]
    nothing = small_world(town=region(p_corp=0.0))
    inflow.add_persons(nothing, rooms.inflow, Luck(1, 1), nothing.persons_per_month)
    assert nothing.persons_per_month == 0.0 and nothing.seekers.rows == 0


def test_counters_of_gemeenten_add_up_to_those_of_the_whole(region, small_city, lively):
    city = small_city(town=region(), rooms=lively, months=24, record=24)
    windows = [slice(0, 1), slice(1, 13), slice(13, 25)]
    town, of_gemeenten, buurten = (city.record.period(windows, level) for level in ("town", "gemeente", "buurt"))
    assert np.array_equal(of_gemeenten.counts.sum(axis=1), town.counts[:, 0])
    assert of_gemeenten.counts[:, 0, Count.WONINGZOEKENDEN].tolist() != [0, 0, 0]
    assert np.array_equal(of_gemeenten.counts[:, 0, Count.INCIDENTEN], buurten.counts[:, :2, Count.INCIDENTEN].sum(axis=1))
    assert of_gemeenten.homes.tolist() == [buurten.homes[:2].sum(), buurten.homes[2:].sum()]
    mine = slice(2, 6)
    score = (buurten.states["score"][:, mine] * buurten.homes[mine]).sum(axis=1) / buurten.homes[mine].sum()
    assert of_gemeenten.states["score"][:, 1] == pytest.approx(score)
    assert of_gemeenten.states["draagkracht"].sum(axis=1) == pytest.approx(town.states["draagkracht"][:, 0])


def lived(town, rooms, huidig, scenarios):
    """Name -> run of each scenario, of one world."""
    ground = measure.Ground(town, rooms, huidig, 6, frozenset())
    asked = tuple(
        measure.Asked(name, "", name, 1, (Setting("strategie", name, 1, FOREVER, name),), 18, "monthly") for name in scenarios
    )
    return {a.scenario: (a, run) for a, run in measure.live(ground, 1, asked)}


def test_a_region_has_rows_for_each_gemeente_and_a_gemeente_alone_has_not(region, small_town, rooms, huidig):
    for town, places in ((region(), [AA, BB]), (small_town(), [])):
        keys = partial(rows.keys_of, _plan(town))
        found = rows.indicator_rows(keys, list(lived(town, rooms, huidig, ["loting"]).values())).to_pandas()
        told = found[found.level == "regiogemeente"]
        assert list(dict.fromkeys(told.place)) == places and len(told) == 3 * len(places)
        assert set(found.level) == {"gemeente", "wijk", "buurt"} | ({"regiogemeente"} if places else set())
        assert found[found.level == "gemeente"].place.unique().tolist() == [town.code]


def _plan(town):
    """As much of a plan as rows of indicators need."""
    from types import SimpleNamespace

    return SimpleNamespace(town=town)


def test_the_last_scenario_lives_in_the_world_of_month_0_and_is_the_same(region, lively, huidig):
    one, other = (lived(region(), lively, huidig, names) for names in (["geen", "loting"], ["loting", "geen"]))
    for name in one:
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one[name][1], other[name][1], strict=True)), name
    assert not np.array_equal(one["geen"][1].counts, one["loting"][1].counts)


def test_the_size_of_blocks_changes_nothing(small_world, region, monkeypatch):
    whole = small_world(town=region())
    monkeypatch.setattr(homes, "CHUNK", 50)
    assert small_world(town=region()).differing(whole) == []


def test_a_counter_that_the_record_can_not_hold_is_refused(small_world):
    world = small_world()
    record = Record(world, 1)
    world.counts[0, 0] = 2**31
    with pytest.raises(OverflowError, match="too large"):
        record.add(world)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"gemeente": [AA, AA, BB, BB, AA, AA]}, "together"),
        ({"gemeente": [AA, AA, AA, BB, BB, BB]}, "wijk WK02 in several gemeenten"),
    ],
)
def test_a_gemeente_that_is_torn_apart_is_refused(region, columns, told):
    with pytest.raises(Refused, match=told):
        region(**columns)


def test_a_corporatie_with_homes_across_the_border_is_refused(region):
    town = region()
    with pytest.raises(Refused, match="corporatie 1 with homes elsewhere"):
        Town(town.code, town.naam, True, town.buurten, town.corporaties, town.bezit.assign(corporatie=1), town.near)


def test_places_of_several_levels_are_measured_at_once_as_each_by_itself(region, small_city, lively):
    """Also where periods are of unequal length; the rows keep their order."""
    record = small_city(town=region(), rooms=lively, months=6, record=6).record
    stretches = {"town": [slice(0, 1), slice(1, 3), slice(3, 7)], "gemeente": [slice(1, 7)], "buurt": [slice(0, 1), slice(1, 7)]}
    periods = [record.period(months, level) for level, months in stretches.items()]
    apart = [measured(x) for x in periods]
    together = measured(place_by_place(periods))[0]
    assert np.array_equal(together, np.concatenate([x.reshape(-1, x.shape[-1]) for x in apart]), equal_nan=True)
