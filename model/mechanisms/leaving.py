"""Who leaves a home (m3, m37; E115, E123).

People move at the rate of their tenure and age, more when they are discontented, and most of all when leefbaarheid falls
and they can afford to go: the selective step of the spiral. The oldest die or go to a nursing home. Who is evicted, or
gives up the home in a long opname, joins the queue of persons from opvang or clinic. Without a driegesprek the gemeente hears of
an eviction two days later and the care organisation fourteen (E013-E014); in those days harm may be done, which costs stability
and trust (m37). Left out: moves within the town by the same household (elderly who pass on a family home, m13).
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, part, rule
from model.packing import packed, unpacked
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, uniform_at
from model.world import NEVER, NOBODY, AgeClass, ByPlace, Count, Dwellings, Eviction, Place, Profile, Status, Tenure, World

WRITES = ("dwellings.months_here", "dwellings.months_vacant")  # and it empties rows
READS = (
    "dwellings.buurt", "dwellings.tenure", "dwellings.identity", "dwellings.person", "dwellings.ses", "dwellings.age_class",
    "dwellings.size", "dwellings.months_here", "dwellings.satisfaction", "dwellings.eviction", "dwellings.months_vacant",
    "persons.identity", "persons.dwelling", "persons.home_lost", "buurten.wijk", "buurten.first", "buurten.last",
    "buurten.start_score", "buurten.score",
)  # fmt: skip
STRATUM = ("ses", "age_class", "size")  # of who left last: who enters in the warm-up gets it (choice 8)
REACH = 2.5  # SD: few have more means
MOVES, GOES, LOSES_HOME, BECOMES_PERSON = range(4)  # a household, a person; a person to the queue, a household to the queue
KEPT = STRATUM + tuple(name for name, c in Dwellings.columns().items() if not c.occupant)


class Parameters(NamedTuple):
    turnover_per_year: per(Tenure)  # type: ignore[valid-type]
    age_ratio: per(AgeClass)  # type: ignore[valid-type]
    exit_of_oldest_per_year: float
    person_ratio: float
    discontent_from: float
    discontent_slope: float
    selective_slope: float
    late_days_gemeente: float
    late_days_zorg: float
    harm_per_late_day: float
    harm_to_stability: float
    harm_to_trust: float


@rule
def move_probability(per_year, age_ratio, exit_per_year, person_ratio, satisfaction, ses, fall, p):
    """Chance to leave this month; `fall` is how far leefbaarheid has fallen since the start (0 if it rose)."""
    discontent = 1.0 + p.discontent_slope * max(0.0, p.discontent_from - satisfaction)
    selective = 1.0 + p.selective_slope * max(0.0, ses) * fall
    return min(1.0, (per_year * age_ratio * person_ratio * discontent * selective + exit_per_year) / 12.0)


@rule
def usual_highest(fall, p):
    """No chance to leave is higher than this, but for who is discontented or has means of more than `REACH`."""
    per_year, ratio, person = p.turnover_per_year.max(), p.age_ratio.max(), max(1.0, p.person_ratio)
    return move_probability(per_year, ratio, p.exit_of_oldest_per_year, person, p.discontent_from, REACH, fall, p)


@rule
def harm_probability(days, per_day):
    """Chance that harm is done in so many days in which nobody who could help has heard of an eviction."""
    return 1.0 - np.exp(-per_day * days)


@part
def _grow_used(first, last, identity, months_here, months_vacant):
    """One month more for who lives in the homes of a buurt, and for what stands empty there."""
    for i in range(first, last):
        months_here[i] += np.uint16(1) if (identity[i] != 0) & (months_here[i] < np.uint16(60_000)) else np.uint16(0)
    for i in range(first, last):
        months_vacant[i] += np.uint8(1) if (identity[i] == 0) & (months_vacant[i] < np.uint8(250)) else np.uint8(0)


@kernel
def _must_leave(eviction, home_lost, dwelling):
    """bool [dwellings]: who lives there is evicted, or is a person who gives the home up."""
    must = eviction != 0
    for row in range(home_lost.size):
        if home_lost[row]:
            must[dwelling[row]] = True
    return must


@kernel
def _leave(key, identity, person, tenure, age_class, ses, satisfaction, must, first, last, months_here, months_vacant,
           fall, p):  # fmt: skip
    """Rows [n] of homes that are left this month.

    Buurt by buurt: first who may, which is told from the draw but for a few, and then their own chance.
    """
    out, left, exits = np.empty(identity.size, np.int64), 0, np.zeros(p.age_ratio.size)
    exits[AgeClass.VANAF_75] = p.exit_of_oldest_per_year
    may = np.empty(np.int64((last - first).max()), np.bool_)
    for b in range(first.size):
        begin, end = np.uint64(first[b]), np.uint64(last[b])
        _grow_used(begin, end, identity, months_here, months_vacant)
        highest = usual_highest(fall[b], p)
        for i in range(begin, end):
            unusual = (satisfaction[i] < p.discontent_from) | (ses[i] > REACH)
            may[i - begin] = (uniform_at(key, identity[i]) < highest) | unusual | must[i]
        for i in range(begin, end):
            if not may[i - begin] or identity[i] == 0:
                continue
            age, ratio = age_class[i], p.person_ratio if person[i] != NOBODY else 1.0
            chance = move_probability(
                p.turnover_per_year[tenure[i]], p.age_ratio[age], exits[age], ratio, satisfaction[i], ses[i], fall[b], p
            )
            if must[i] or uniform_at(key, identity[i]) < chance:
                out[left] = i
                left += 1
    return out[:left].copy()


@kernel
def _hear_late(key, homes, eviction, person, identity, buurt, late_days, numbers, stability, trust, counts):
    """Some of who is evicted from homes [n] come to harm in the days before anybody who could help hears of it."""
    p = unpacked(Parameters, numbers)
    harm = harm_probability(late_days, p.harm_per_late_day)
    for home in homes:
        row = person[home]
        if eviction[home] != Eviction.NONE and uniform_at(key, identity[row] + np.uint64(1 << 60)) < harm:
            stability[row] *= 1.0 - p.harm_to_stability
            trust[row] *= 1.0 - p.harm_to_trust
            counts[buurt[home], Count.NAZORG_LAAT] += 1


@kernel
def _start_waiting(homes, person, eviction, month, places, dwelling, since, waiting_since, status, line, contract, opname_days,
                   episode, home_lost, need, hours, episode_days, stable_months, clocks, by_place):  # fmt: skip
    """The persons in homes [n] have none from this month on, nor anything that was going on in it: the evicted wait in opvang."""
    for home in homes:
        row, place = person[home], Place.OPVANG if eviction[home] != Eviction.NONE else Place.KLINIEK
        places[row], dwelling[row] = place, NOBODY
        by_place[place, ByPlace.GEKOMEN] += 1
        since[row] = waiting_since[row] = month
        status[row], line[row], contract[row] = Status.BEKEND, 2, NEVER
        opname_days[row] = episode[row] = home_lost[row] = stable_months[row] = 0
        need[row] = hours[row] = episode_days[row] = 0.0
        for clock in clocks:
            clock[row] = np.inf


@kernel
def _fates(homes, eviction, person, home_lost, buurt, tenure, counts):
    """What becomes [n] of who leaves each of the homes [n]; it is counted."""
    fate = np.empty(homes.size, np.uint8)
    for i, home in enumerate(homes):
        row, evicted, count = person[home], eviction[home] != Eviction.NONE, counts[buurt[home]]
        if row == NOBODY:
            fate[i] = BECOMES_PERSON if evicted else MOVES
        else:
            fate[i] = LOSES_HOME if evicted or home_lost[row] else GOES
        count[Count.THUIS_VERLOREN] += fate[i] == LOSES_HOME
        count[Count.PERSONEN_VERTROKKEN] += fate[i] == GOES
        count[Count.DAKLOOS_GEWORDEN] += fate[i] == BECOMES_PERSON
        count[Count.VERTROKKEN] += 1
        count[Count.VERTROKKEN_SOCIAAL] += tenure[home] == Tenure.SOCIALE_HUUR
    return fate


@kernel
def _decide(key, identity, person, tenure, age_class, ses, satisfaction, eviction, home_lost, dwelling, buurt, first, last,
            months_here, months_vacant, start_score, score, numbers, counts):  # fmt: skip
    """Homes that are left this month; rows of the persons who go; homes of who becomes a person; and those of who waits anew."""
    p = unpacked(Parameters, numbers)
    must, fall = _must_leave(eviction, home_lost, dwelling), np.maximum(0.0, start_score - score)
    homes = _leave(key, identity, person, tenure, age_class, ses, satisfaction, must, first, last, months_here, months_vacant,
                   fall, p)  # fmt: skip
    fate = _fates(homes, eviction, person, home_lost, buurt, tenure, counts)
    return homes, person[homes[fate == GOES]], homes[fate == BECOMES_PERSON], homes[fate >= LOSES_HOME]


@kernel
def _become_persons(rows, homes, wijk, of_homes, person, identity, profile, debts, ses, age_class, size, network_wijk):
    """Ordinary households in homes [n] that are evicted become economisch daklozen in rows [n], under their own identity."""
    who, buurt, home_ses, home_age, home_size = of_homes
    for k, home in enumerate(homes):
        row = person[home] = rows[k]
        identity[row], profile[row], debts[row] = who[home], Profile.ECONOMISCH_DAKLOOS, 1
        ses[row], age_class[row], size[row] = home_ses[home], home_age[home], home_size[home]
        network_wijk[row] = wijk[buurt[home]]


def _evict(world: World, homes: np.ndarray) -> None:
    """The households in homes [n] get a row in persons."""
    p, d = world.persons, world.dwellings
    rows = world.new_persons(homes.size)
    of_homes = (d.identity, d.buurt, d.ses, d.age_class, d.size)
    _become_persons(
        rows, homes, world.buurten.wijk, of_homes, d.person, p.identity, p.profile, p.debts, p.ses, p.age_class, p.size,
        p.network_wijk,
    )  # fmt: skip


def _join_the_queue(world: World, luck: Luck, homes: np.ndarray, late_days: float, parameters: Parameters) -> None:
    """The persons in homes [n] lose them, and wait for another; so many days late who could help hears of an eviction."""
    p, d = world.persons, world.dwellings
    _hear_late(
        luck.key(Stream.AVERTED), homes, d.eviction, d.person, p.identity, d.buurt, late_days, packed(parameters), p.stability,
        p.trust, world.counts,
    )  # fmt: skip
    _start_waiting(
        homes, d.person, d.eviction, luck.month, p.place, p.dwelling, p.since, p.waiting_since, p.status, p.line,
        p.contract, p.opname_days, p.episode, p.home_lost, p.need, p.hours, p.episode_days, p.stable_months,
        (p.end_day, p.call_day, p.harm_day, p.patience_day), world.by_place,
    )  # fmt: skip


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Decide who leaves, see where they go, and empty their homes."""
    d, persons, b = world.dwellings, world.persons, world.buurten
    homes, gone, evicted, waiting = _decide(
        luck.key(Stream.WHO_LEAVES), d.identity, d.person, d.tenure, d.age_class, d.ses, d.satisfaction, d.eviction,
        persons.home_lost, persons.dwelling, d.buurt, b.first, b.last, d.months_here, d.months_vacant, b.start_score, b.score,
        packed(p), world.counts,
    )  # fmt: skip
    persons.clear(gone)
    if evicted.size:
        _evict(world, evicted)
    if waiting.size:
        late_days = 0.0 if levers.driegesprek else p.late_days_gemeente + p.late_days_zorg
        _join_the_queue(world, luck, waiting, late_days, p)
    d.clear(homes, but=KEPT)
