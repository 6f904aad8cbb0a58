"""Who leaves a home (m3, m13; E115, E123).

People move at the rate of their tenure and age, more when they are discontented, and most of all when leefbaarheid falls
and they can afford to go: the selective step of the spiral. The oldest die or go to a nursing home. Who is evicted, or
gives up the home in a long opname, joins the queue of persons from opvang or clinic. Left out: moves within the town by
the same household (elderly who pass on a family home, m13).
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, uniform_at
from model.world import NOBODY, AgeClass, Count, Eviction, Place, Profile, Status, Tenure, World

WRITES = ("dwellings.months_here", "dwellings.months_vacant")  # and it empties rows
KEPT = ("buurt", "portiek", "tenure", "corporatie", "rooms", "rent", "ties", "ses", "age_class", "size")


class Parameters(NamedTuple):
    turnover_per_year: per(Tenure)  # type: ignore[valid-type]
    age_ratio: per(AgeClass)  # type: ignore[valid-type]
    exit_of_oldest_per_year: float
    person_ratio: float
    discontent_from: float
    discontent_slope: float
    selective_slope: float


@rule
def move_probability(per_year, age_ratio, exit_per_year, person_ratio, satisfaction, ses, fall, p):
    """Chance to leave this month; `fall` is how far leefbaarheid has fallen since the start (0 if it rose)."""
    discontent = 1.0 + p.discontent_slope * max(0.0, p.discontent_from - satisfaction)
    selective = 1.0 + p.selective_slope * max(0.0, ses) * fall
    return min(1.0, (per_year * age_ratio * person_ratio * discontent * selective + exit_per_year) / 12.0)


@kernel
def _leave(key, identity, person, tenure, age_class, ses, satisfaction, eviction, buurt, months_here, months_vacant, home_lost,
           fall, p, out):  # fmt: skip
    left = 0
    for i in range(identity.size):
        if identity[i] == 0:
            months_vacant[i] = min(months_vacant[i] + 1, 250)
            continue
        months_here[i] = min(months_here[i] + 1, 60_000)
        row = person[i]
        if eviction[i] == Eviction.NONE and not (row != NOBODY and home_lost[row]):
            age = age_class[i]
            exits = p.exit_of_oldest_per_year if age == AgeClass.VANAF_75 else 0.0
            ratio = p.person_ratio if row != NOBODY else 1.0
            chance = move_probability(
                p.turnover_per_year[tenure[i]], p.age_ratio[age], exits, ratio, satisfaction[i], ses[i], fall[buurt[i]], p
            )
            if uniform_at(key, identity[i]) >= chance:
                continue
        out[left] = i
        left += 1
    return left


def _join_the_queue(world: World, luck: Luck, rows: np.ndarray, place: np.ndarray) -> None:
    """Persons [n] lose their home and wait in `place` [n] for another."""
    persons = world.persons
    persons.place[rows] = place
    persons.dwelling[rows] = NOBODY
    persons.since[rows] = persons.waiting_since[rows] = luck.month
    persons.status[rows], persons.line[rows] = Status.BEKEND, 2
    for name in ("opname_days", "episode", "home_lost", "need", "hours", "episode_days"):
        getattr(persons, name)[rows] = 0
    for name in ("end_day", "call_day", "harm_day", "patience_day"):
        getattr(persons, name)[rows] = np.inf


def _become_persons(world: World, luck: Luck, homes: np.ndarray) -> np.ndarray:
    """Ordinary households [n] that are evicted become economisch daklozen, under their own identity; their rows."""
    rows = world.new_persons(homes.size)
    persons, d = world.persons, world.dwellings
    persons.identity[rows] = d.identity[homes]
    persons.profile[rows] = Profile.ECONOMISCH_DAKLOOS
    persons.debts[rows] = 1
    for name in ("ses", "age_class", "size"):
        getattr(persons, name)[rows] = getattr(d, name)[homes]
    persons.network_wijk[rows] = world.buurten.wijk[d.buurt[homes]]
    return rows


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Decide who leaves, see where they go, and empty their homes."""
    d, persons, b = world.dwellings, world.persons, world.buurten
    out = np.empty(d.rows, np.int64)
    fall = np.maximum(0.0, b.start_score - b.score)
    count = _leave(
        luck.key(Stream.WHO_LEAVES), d.identity, d.person, d.tenure, d.age_class, d.ses, d.satisfaction, d.eviction, d.buurt,
        d.months_here, d.months_vacant, persons.home_lost, fall, p, out,
    )  # fmt: skip
    homes = out[:count]
    evicted = homes[d.eviction[homes] != Eviction.NONE]
    with_person = homes[d.person[homes] != NOBODY]
    rows = d.person[with_person]
    lost = (d.eviction[with_person] != Eviction.NONE) | (persons.home_lost[rows] == 1)
    place = np.where(d.eviction[with_person[lost]] != Eviction.NONE, Place.OPVANG, Place.KLINIEK)
    np.add.at(world.counts[:, Count.THUIS_VERLOREN], d.buurt[with_person[lost]], 1)
    np.add.at(world.counts[:, Count.PERSONEN_VERTROKKEN], d.buurt[with_person[~lost]], 1)
    _join_the_queue(world, luck, rows[lost], place)
    persons.clear(rows[~lost])
    ordinary = evicted[d.person[evicted] == NOBODY]
    np.add.at(world.counts[:, Count.DAKLOOS_GEWORDEN], d.buurt[ordinary], 1)
    _join_the_queue(world, luck, _become_persons(world, luck, ordinary), np.full(ordinary.size, Place.OPVANG))
    np.add.at(world.counts[:, Count.VERTROKKEN], d.buurt[homes], 1)
    social = homes[d.tenure[homes] == Tenure.SOCIALE_HUUR]
    np.add.at(world.counts[:, Count.VERTROKKEN_SOCIAAL], d.buurt[social], 1)
    d.clear(homes, but=KEPT)
