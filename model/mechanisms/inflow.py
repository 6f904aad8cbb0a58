"""Who asks for a home: persons from institutions and from couches, and regular house-seekers.

Arrivals are exogenous (choice 6): how many come in a month, and who they are, depends on the seed, the month and their
ordinal alone, so that every scenario meets the same people. Blocked outflow keeps persons in dear places and slowly
costs them skills (m10, m11); who waits too long finds another way or gives up. The number of statushouders swings from
year to year (m15). Left out: institutions with a limited number of places, and gates of the woonladder (m18).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from model.jit import kernel
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, poisson_at, uniform_at
from model.world import ByProfile, Count, Place, Profile, Status, World

WRITES = ("persons.coping",)

PERSON_ID, SEEKER_ID = np.uint64(2 << 56), np.uint64(3 << 56)
FIRST_MONTH = 1000  # added to a month, so that the months of the warm-up are positive in an identity


class Parameters(NamedTuple):
    inflow_ratio: float
    profile_share: per(Profile)  # type: ignore[valid-type]
    origin: per(Profile, Place)  # type: ignore[valid-type]
    statushouder_swing: float
    debts_share: per(Profile)  # type: ignore[valid-type]
    coping_mean: per(Profile)  # type: ignore[valid-type]
    network_mean: per(Profile)  # type: ignore[valid-type]
    network_in_town: float
    skills_lost_per_month: float
    persons_give_up_per_month: float
    seekers_per_home: float
    seekers_give_up_per_year: float
    seeker_ses_mean: float
    seeker_ses_sd: float
    seeker_young_share: float
    seeker_old_share: float
    seeker_alone_share: float


@kernel
def _skills(place, coping, lost_per_month):
    for i in range(place.size):
        if place[i] > Place.THUIS and place[i] != Place.BANK:
            coping[i] *= 1.0 - lost_per_month


@kernel
def _gives_up(key, identities, probability):
    out = np.zeros(identities.size, np.bool_)
    for i in range(identities.size):
        out[i] = identities[i] != 0 and uniform_at(key, identities[i]) < probability
    return out


def identities(kind: np.uint64, month: int, count: int) -> np.ndarray:
    """Identities [count] of those who arrive in a month: kind, month and ordinal, and nothing else."""
    return kind | (np.uint64(month + FIRST_MONTH) << np.uint64(32)) | np.arange(1, count + 1, dtype=np.uint64)


def person_traits(p: Parameters, luck: Luck, who: np.ndarray, wijken: int) -> dict[str, np.ndarray]:
    """Columns of newly arrived persons [n], by identity alone; places follow from the profile."""
    shares = p.profile_share.copy()
    year = (luck.month + FIRST_MONTH) // 12
    swing = 2.0 * Luck(luck.seed, year).draws(Stream.SHOCK_YEAR, np.array([Profile.STATUSHOUDER]))[0] - 1.0
    shares[Profile.STATUSHOUDER] *= p.statushouder_swing**swing
    u = luck.several(Stream.PERSON_TRAITS, who, 8)
    profile = np.minimum(np.searchsorted(np.cumsum(shares) / shares.sum(), u[0], side="right"), len(Profile) - 1)
    young, old = profile == Profile.JONGERE_JEUGDZORG, profile == Profile.KWETSBARE_OUDERE
    family = (profile == Profile.VROUW_GEZIN_OPVANG) | (profile == Profile.MULTIPROBLEEMGEZIN)
    in_town = u[4] < p.network_in_town
    return {
        "profile": profile.astype(np.uint8),
        "place": p.origin[profile].astype(np.uint8),
        "debts": (u[1] < p.debts_share[profile]).astype(np.uint8),
        "coping": np.clip(p.coping_mean[profile] + 0.2 * (u[2] - 0.5), 0.0, 1.0),
        "network": np.where(in_town, np.clip(p.network_mean[profile] + 0.4 * (u[3] - 0.5), 0.0, 1.0), 0.0),
        "network_wijk": np.minimum((u[5] * wijken).astype(np.uint16), wijken - 1),
        "ses": p.seeker_ses_mean - 0.5 + p.seeker_ses_sd * ndtri(np.clip(u[6], 1e-9, 1 - 1e-9)),
        "age_class": np.where(young, 0, np.where(old, 3, np.where(u[7] < 0.35, 0, 1))).astype(np.uint8),
        "size": np.where(family, 3, 1).astype(np.uint8),
    }


def seeker_traits(p: Parameters, luck: Luck, who: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of newly registered regular seekers [n], by identity alone."""
    u = luck.several(Stream.SEEKER_TRAITS, who, 3)
    old = u[1] > 1.0 - p.seeker_old_share
    return {
        "identity": who,
        "ses": p.seeker_ses_mean + p.seeker_ses_sd * ndtri(np.clip(u[0], 1e-9, 1 - 1e-9)),
        "age_class": np.where(u[1] < p.seeker_young_share, 0, np.where(old, 2, 1)).astype(np.uint8),
        "size": np.where(u[2] < p.seeker_alone_share, 1, np.where(u[2] < 0.5 + p.seeker_alone_share / 2, 2, 3)).astype(np.uint8),
        "since": np.full(who.size, luck.month, np.int16),
    }


def add_persons(world: World, p: Parameters, luck: Luck, per_month: float) -> None:
    """This month's persons join the queue, each in the institution (or on the couch) that they come from."""
    count = poisson_at(luck.key(Stream.HOW_MANY_PERSONS), np.uint64(1), per_month)
    who = identities(PERSON_ID, luck.month, count)
    rows = world.new_persons(count)
    values = person_traits(p, luck, who, world.wijken.rows)
    for name, value in values.items():
        getattr(world.persons, name)[rows] = value
    world.persons.identity[rows] = who
    world.persons.status[rows] = Status.BEKEND
    world.persons.line[rows] = 2
    world.persons.stability[rows] = values["coping"]
    world.persons.since[rows] = world.persons.waiting_since[rows] = luck.month
    world.counts[-1, Count.PERSONEN_INSTROOM] += count


def add_seekers(world: World, p: Parameters, luck: Luck, per_month: float) -> None:
    """This month's regular seekers join the end of the queue."""
    count = poisson_at(luck.key(Stream.HOW_MANY_SEEKERS), np.uint64(1), per_month)
    who = identities(SEEKER_ID, luck.month, count)
    world.seekers.append(**seeker_traits(p, luck, who))
    world.counts[-1, Count.ZOEKERS_INSTROOM] += count


def leave_the_queues(world: World, p: Parameters, luck: Luck) -> None:
    """Who finds another way, or gives up."""
    key = luck.key(Stream.WHO_GIVES_UP_WAITING)
    gone = _gives_up(key, world.seekers.identity, p.seekers_give_up_per_year / 12.0)
    world.counts[-1, Count.ZOEKERS_AFGEHAAKT] += gone.sum()
    world.seekers.keep(~gone)
    waiting = np.where(world.persons.place > Place.THUIS, world.persons.identity, np.uint64(0))
    rows = np.flatnonzero(_gives_up(key, waiting, p.persons_give_up_per_month))
    world.counts[-1, Count.PERSONEN_AFGEHAAKT] += rows.size
    world.persons.clear(rows)


PLACE_COUNT = np.zeros(len(Place), np.int64)  # which counter counts the months in a place
for _place, _count in {
    Place.OPVANG: Count.OPVANG_MAANDEN,
    Place.BESCHERMD_WONEN: Count.BW_MAANDEN,
    Place.KLINIEK: Count.KLINIEK_MAANDEN,
    Place.JEUGDZORG: Count.JEUGDZORG_MAANDEN,
    Place.VROUWENOPVANG: Count.VROUWENOPVANG_MAANDEN,
    Place.AZC: Count.AZC_MAANDEN,
    Place.BANK: Count.BANK_MAANDEN,
}.items():
    PLACE_COUNT[_place] = _count


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of arrivals, giving up, and waiting."""
    add_persons(world, p, luck, world.persons_per_month)
    add_seekers(world, p, luck, world.seekers_per_month)
    leave_the_queues(world, p, luck)
    persons = world.persons
    _skills(persons.place, persons.coping, p.skills_lost_per_month)
    waiting = persons.place > Place.THUIS
    months = np.bincount(persons.place[waiting], minlength=len(Place))
    for place in range(Place.OPVANG, len(Place)):
        world.counts[-1, PLACE_COUNT[place]] += months[place]
    world.by_profile[:, ByProfile.WACHTEND] += np.bincount(persons.profile[waiting], minlength=len(Profile))
