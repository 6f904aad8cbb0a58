"""The same persons and households seen again through a run: where persons go, how long a landing stays soft, how homes fare.

Counters say how much happens where. Here whoever is followed is found again by identity, which is the same in every scenario
of a seed. Only columns are read, at the ends of months, so that a run that is followed is the same run.
"""

from copy import copy
from typing import NamedTuple

import numpy as np

from model.world import CARE, NEVER, Persons, Place, Profile, World

YEAR = 12  # months
CAME = len(Place)  # the row in flows of who was in no place yet, and has waited since
HARD, LOST = 0, 1  # how months since a placement end: no longer soft, or out of sight
PORTIEK_FULL = 255  # more placements in a portiek are not told apart
EMPTY, LEFT = 254, 255  # codes instead of a mark: the home was vacant at month 0, or its residents of month 0 are gone
MARK_STEPS = 25  # codes of a mark from 0 to 10: steps of 0.04
STABILITY_STEPS = 250  # codes of a stability from 0 to 1
TEAM = ("hours", "asked", "given")


class Kept(NamedTuple):
    """What is kept of a run that was followed; of one that was not, all arrays have length zero.

    flows      int32 [whole years, Place + 1, Place]: persons by where they were at the start of a year and where a year later;
               AFWEZIG is who was not vulnerable, or not in town, and the row after all places (CAME) who has joined the queue
               since and so came from elsewhere, or lost a home
    landings   int32 [months + 1, Profile, 2]: placements by months until no longer soft (HARD), or until last seen (LOST)
    waits      int64 [Profile, 2]: months that persons spent waiting in the last year, and months that they had waited by then,
               added up over the same months
    homes      uint8 [3, dwellings]: mean mark of who has lived there since month 0 (`MARK_STEPS`, EMPTY, LEFT), Tenure, and
               placements in the portiek
    persons    uint64 [n]: identities of the vulnerable residents at the end, ascending
    stability  uint8 [n]: their mean stability since they came or since month 0 (`STABILITY_STEPS`)
    teams      float32 [months, CARE, 3]: hours that teams of each kind that helps persons have, are asked and give (TEAM)
    """

    flows: np.ndarray
    landings: np.ndarray
    waits: np.ndarray
    homes: np.ndarray
    persons: np.ndarray
    stability: np.ndarray
    teams: np.ndarray


def nothing() -> Kept:
    """What is kept of a run that was not followed."""
    places, profiles = len(Place), len(Profile)
    return Kept(
        np.zeros((0, places + 1, places), np.int32), np.zeros((0, profiles, 2), np.int32), np.zeros((0, 2), np.int64),
        np.zeros((3, 0), np.uint8), np.zeros(0, np.uint64), np.zeros(0, np.uint8), np.zeros((0, CARE, len(TEAM)), np.float32),
    )  # fmt: skip


class Seen(NamedTuple):
    """Who is in the table of persons, by identity, and where, and whether they have ever waited for a home."""

    identity: np.ndarray  # uint64 [n], ascending
    place: np.ndarray  # uint8 [n]
    waited: np.ndarray  # bool [n]


def seen(persons: Persons) -> Seen:
    rows = np.flatnonzero(persons.place != int(Place.AFWEZIG))
    rows = rows[np.argsort(persons.identity[rows])]
    return Seen(persons.identity[rows], persons.place[rows], persons.waiting_since[rows] != NEVER)


def moves(before: Seen, after: Seen) -> np.ndarray:
    """Persons [Place + 1, Place] by where they were before and where after (`Kept.flows`)."""
    at = np.minimum(np.searchsorted(after.identity, before.identity), max(after.identity.size - 1, 0))
    known = after.identity[at] == before.identity if after.identity.size else np.zeros(before.identity.size, bool)
    found = np.zeros((len(Place) + 1, len(Place)), np.int32)
    np.add.at(found, (before.place[known], after.place[at[known]]), 1)
    np.add.at(found, (before.place[~known], int(Place.AFWEZIG)), 1)
    new = ~np.isin(after.identity, before.identity, assume_unique=True)
    np.add.at(found, (np.where(after.waited[new], CAME, int(Place.AFWEZIG)), after.place[new]), 1)
    return found


class Landings:
    """Placements since the start, each until it is no longer soft (m45): the home is lost, or neighbours' patience ends.

    A placement is the subject: who is placed again is followed anew. Who recovers or moves on by own choice goes out of sight
    with the last month that was seen, as does whoever still lives there softly at the end. `landing` asks for some network
    besides, a year after; that is a state and no event, and does not end a placement here.
    """

    def __init__(self, persons: Persons, months: int) -> None:
        self.ended = np.zeros((months + 1, len(Profile), 2), np.int32)
        self.who = np.zeros(persons.rows, np.uint64)
        self.profile = np.zeros(persons.rows, np.uint8)
        self.placed = np.full(persons.rows, NEVER, np.int32)  # month of the placement that is followed

    def copy(self) -> "Landings":
        twin = copy(self)
        for name in ("ended", "who", "profile", "placed"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def add(self, persons: Persons, month: int) -> np.ndarray:
        """See who is still at home and well; returns the rows that were placed this month."""
        more = persons.rows - self.who.size
        if more:
            self.who, self.profile = np.pad(self.who, (0, more)), np.pad(self.profile, (0, more))
            self.placed = np.pad(self.placed, (0, more), constant_values=NEVER)
        rows = np.flatnonzero(self.placed != NEVER)
        same = persons.identity[rows] == self.who[rows]
        there = (persons.place[rows] == int(Place.THUIS)) & (persons.since[rows] == self.placed[rows])
        again = same & (persons.waiting_since[rows] == NEVER)  # recovered, and vulnerable anew at home in the same month
        same &= ~again
        hard = same & ~(there & (persons.escalations[rows] == 0))
        age = month - self.placed[rows]
        np.add.at(self.ended[:, :, HARD], (age[hard], self.profile[rows[hard]]), 1)
        np.add.at(self.ended[:, :, LOST], (age[~same] - 1, self.profile[rows[~same]]), 1)
        self.placed[rows[hard | ~same]] = NEVER
        new = np.flatnonzero(
            (persons.since == month) & (persons.place == int(Place.THUIS)) & (persons.waiting_since != NEVER)
        )  # who becomes vulnerable at home has never waited
        self.placed[new], self.who[new], self.profile[new] = month, persons.identity[new], persons.profile[new]
        return new

    def kept(self, months: int, month: int) -> np.ndarray:
        """Placements [months + 1, Profile, 2] by how long they were followed and how that ended; now is `month`."""
        found = self.ended[: months + 1].copy()
        rows = np.flatnonzero(self.placed != NEVER)
        np.add.at(found[:, :, LOST], (month - self.placed[rows], self.profile[rows]), 1)
        return found


class Followed:
    """Whoever is followed from the world's month on, for so many months; `add` sees the month that has just ended."""

    def __init__(self, world: World, months: int) -> None:
        self.first = self.last = world.month
        self.year_began = seen(world.persons)
        self.flows = np.zeros((months // YEAR, len(Place) + 1, len(Place)), np.int32)
        self.landings = Landings(world.persons, months)
        self.waiting = np.zeros((months + 1, len(Profile), 2), np.int64)
        self.residents = world.dwellings.identity.copy()  # never changed: copies share it
        self.tenure, self.portiek = world.dwellings.tenure, world.dwellings.portiek
        self.marks = np.where(self.residents != 0, np.float32(0.0), np.float32(np.nan))
        self.into_portiek = np.zeros(world.portieken.rows, np.uint16)
        self.who = world.persons.identity.copy()
        self.stability, self.months_seen = np.zeros((2, self.who.size))
        self.teams = np.zeros((months, CARE, len(TEAM)), np.float32)

    def copy(self) -> "Followed":
        """One of its own with equal content."""
        twin = copy(self)
        twin.landings = self.landings.copy()
        for name in ("flows", "waiting", "marks", "into_portiek", "who", "stability", "months_seen", "teams"):
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def add(self, world: World) -> None:
        """See everyone at the end of a month."""
        persons, d, month = world.persons, world.dwellings, world.month - self.first
        self.last = world.month
        placed = self.landings.add(persons, world.month)
        np.add.at(self.into_portiek, d.portiek[persons.dwelling[placed]], 1)
        if month % YEAR == 0:
            now = seen(persons)
            self.flows[month // YEAR - 1] = moves(self.year_began, now)
            self.year_began = now
        waits = np.flatnonzero(persons.place > int(Place.THUIS))
        waited = (world.month - persons.waiting_since[waits]).astype(float)
        for k, weights in enumerate((None, waited)):
            self.waiting[month, :, k] = np.bincount(persons.profile[waits], weights, len(Profile))
        self.marks += d.satisfaction
        self.marks[d.identity != self.residents] = np.nan
        self._see_stability(persons)
        for k, name in enumerate(TEAM):
            of_kinds = np.bincount(world.teams.kind, getattr(world.teams, name), CARE)
            self.teams[month - 1, :, k] = of_kinds[:CARE]

    def _see_stability(self, persons: Persons) -> None:
        more = persons.rows - self.who.size
        if more:
            self.who, self.stability, self.months_seen = (
                np.pad(column, (0, more)) for column in (self.who, self.stability, self.months_seen)
            )
        new = persons.identity != self.who
        self.who[new] = persons.identity[new]
        self.stability[new] = self.months_seen[new] = 0.0
        self.stability += persons.stability
        self.months_seen += 1.0

    def kept(self) -> Kept:
        """What is kept of the run as far as it has come."""
        months = self.last - self.first
        there = np.flatnonzero(self.who)
        order = there[np.argsort(self.who[there])]
        mean = self.stability[order] / np.maximum(self.months_seen[order], 1.0)
        return Kept(
            self.flows[: months // YEAR].copy(),
            self.landings.kept(months, self.last),
            self.waiting[max(1, months - YEAR + 1) : months + 1].sum(axis=0),
            self._homes(months),
            self.who[order],
            np.rint(STABILITY_STEPS * mean).astype(np.uint8),
            self.teams[:months].copy(),
        )

    def _homes(self, months: int) -> np.ndarray:
        here = np.isfinite(self.marks) & (months > 0)
        codes = np.where(self.residents == 0, EMPTY, LEFT).astype(np.uint8)
        codes[here] = np.rint(MARK_STEPS * self.marks[here] / max(months, 1)).astype(np.uint8)
        placements = np.minimum(self.into_portiek[self.portiek], PORTIEK_FULL)
        return np.stack([codes, self.tenure, placements]).astype(np.uint8)
