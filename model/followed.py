"""The same persons and households seen again through a run: where persons go, how long a landing stays soft, how homes fare.

Counters say how much happens where. Here whoever is followed is found again by identity, which is the same in every scenario
of a seed. Only columns are read, at the ends of months, so that a run that is followed is the same run.
"""

from copy import copy
from typing import NamedTuple

import numpy as np

from model.jit import kernel
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


@kernel
def _seen(identity, place, waiting_since):
    rows = np.flatnonzero(place)  # AFWEZIG is 0
    rows = rows[np.argsort(identity[rows])]
    return identity[rows], place[rows], waiting_since[rows] != NEVER


def seen(persons: Persons) -> Seen:
    return Seen(*_seen(persons.identity, persons.place, persons.waiting_since))


def moves(before: Seen, after: Seen) -> np.ndarray:
    """Persons [Place + 1, Place] by where they were before and where after (`Kept.flows`)."""
    found = np.zeros((len(Place) + 1, len(Place)), np.int32)
    _pair(before.identity, before.place, after.identity, after.place, after.waited, found)
    return found


@kernel
def _pair(identity_before, place_before, identity_after, place_after, waited, found):
    """Walk along both lists, which ascend by identity, and count in `found` who is in both, or in one."""
    i, j, old, new = 0, 0, identity_before.size, identity_after.size
    while i < old or j < new:
        if j == new or (i < old and identity_before[i] < identity_after[j]):  # gone
            found[place_before[i], Place.AFWEZIG] += 1
            i += 1
        elif i == old or identity_after[j] < identity_before[i]:  # new
            if waited[j]:
                found[CAME, place_after[j]] += 1
            else:
                found[Place.AFWEZIG, place_after[j]] += 1
            j += 1
        else:
            found[place_before[i], place_after[j]] += 1
            i, j = i + 1, j + 1


@kernel
def _see_landings(month, identity, profile, place, since, waiting_since, escalations, who, who_profile, placed, ended):
    """End in `ended` what ends this month, and begin with who was placed in it."""
    for row in range(identity.size):
        if placed[row] != NEVER:
            age = month - placed[row]
            # who has never waited has recovered, and become vulnerable anew at home in the same month
            same = identity[row] == who[row] and waiting_since[row] != NEVER
            there = place[row] == Place.THUIS and since[row] == placed[row]
            if not same:
                ended[age - 1, who_profile[row], LOST] += 1
                placed[row] = NEVER
            elif not there or escalations[row] > 0:
                ended[age, who_profile[row], HARD] += 1
                placed[row] = NEVER
        if since[row] == month and place[row] == Place.THUIS and waiting_since[row] != NEVER:
            placed[row], who[row], who_profile[row] = month, identity[row], profile[row]


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

    def add(self, persons: Persons, month: int) -> None:
        """See who is still at home and well, and who was placed this month."""
        more = persons.rows - self.who.size
        if more:
            self.who, self.profile = np.pad(self.who, (0, more)), np.pad(self.profile, (0, more))
            self.placed = np.pad(self.placed, (0, more), constant_values=NEVER)
        _see_landings(
            month, persons.identity, persons.profile, persons.place, persons.since, persons.waiting_since, persons.escalations,
            self.who, self.profile, self.placed, self.ended,
        )  # fmt: skip

    def kept(self, months: int, month: int) -> np.ndarray:
        """Placements [months + 1, Profile, 2] by how long they were followed and how that ended; now is `month`."""
        found = self.ended[: months + 1].copy()
        rows = np.flatnonzero(self.placed != NEVER)
        np.add.at(found[:, :, LOST], (month - self.placed[rows], self.profile[rows]), 1)
        return found


@kernel
def _see_placements(month, placed, dwelling, portiek, into_portiek):
    """One more for the portiek of everyone who was placed this month."""
    for row in range(placed.size):
        if placed[row] == month:
            into_portiek[portiek[dwelling[row]]] += 1


@kernel
def _see_waiting(month, place, profile, waiting_since, waiting):
    """Of each profile how many wait for a home now, and how long they have, into waiting [Profile, 2]."""
    for row in range(place.size):
        if place[row] > Place.THUIS:
            waiting[profile[row], 0] += 1
            waiting[profile[row], 1] += month - waiting_since[row]


@kernel
def _see_homes(identity, satisfaction, residents, marks):
    """Add the mark of who has lived there since month 0; once others live there it is NaN, and stays so."""
    for i in range(marks.size):
        marks[i] = marks[i] + satisfaction[i] if identity[i] == residents[i] else np.float32(np.nan)


@kernel
def _see_stability(identity, stability, who, total, months):
    """Add the stability of everyone in the table; a row in which somebody else stands begins anew."""
    for row in range(identity.size):
        if identity[row] != who[row]:
            who[row], total[row], months[row] = identity[row], 0.0, 0.0
        total[row] += stability[row]
        months[row] += 1.0


@kernel
def _see_teams(kind, hours, asked, given, out):
    """Hours of the teams of each kind that helps persons, into out [CARE, TEAM]; added up in double precision."""
    for care in range(CARE):
        there, wanted, spent = 0.0, 0.0, 0.0
        for team in range(kind.size):
            if kind[team] == care:
                there, wanted, spent = there + hours[team], wanted + asked[team], spent + given[team]
        out[care, 0], out[care, 1], out[care, 2] = there, wanted, spent


@kernel
def _code_persons(who, total, months):
    """Who is there, ascending, and their mean stability as `Kept.stability` codes it."""
    rows = np.flatnonzero(who)
    rows = rows[np.argsort(who[rows])]
    codes = np.empty(rows.size, np.uint8)
    for k, row in enumerate(rows):
        codes[k] = np.uint8(np.rint(STABILITY_STEPS * (total[row] / max(months[row], 1.0))))
    return who[rows], codes


@kernel
def _code_homes(months, residents, marks, tenure, portiek, into_portiek, out):
    """Mark (a mean over so many months, in single precision), tenure and placements of every home, as `Kept.homes` codes them."""
    for i in range(marks.size):
        if months > 0 and np.isfinite(marks[i]):
            out[0, i] = np.uint8(np.rint(np.float32(MARK_STEPS) * marks[i] / months))
        else:
            out[0, i] = EMPTY if residents[i] == 0 else LEFT
        out[1, i], out[2, i] = tenure[i], min(into_portiek[portiek[i]], PORTIEK_FULL)


@kernel
def _see(month, placed, dwelling, portiek, into_portiek, place, profile, waiting_since, waiting, lives_there, satisfaction,
         residents, marks, identity, stability, who, total, months, kind, hours, asked, given, teams):  # fmt: skip
    """All that is seen of a month but the landings."""
    _see_placements(month, placed, dwelling, portiek, into_portiek)
    _see_waiting(month, place, profile, waiting_since, waiting)
    _see_homes(lives_there, satisfaction, residents, marks)
    _see_stability(identity, stability, who, total, months)
    _see_teams(kind, hours, asked, given, teams)


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
        persons, d, teams, month = world.persons, world.dwellings, world.teams, world.month - self.first
        self.last = world.month
        self.landings.add(persons, world.month)
        self._make_room(persons.rows)
        _see(
            world.month, self.landings.placed, persons.dwelling, d.portiek, self.into_portiek, persons.place, persons.profile,
            persons.waiting_since, self.waiting[month], d.identity, d.satisfaction, self.residents, self.marks, persons.identity,
            persons.stability, self.who, self.stability, self.months_seen, teams.kind, teams.hours, teams.asked, teams.given,
            self.teams[month - 1],
        )  # fmt: skip
        if month % YEAR == 0:
            now = seen(persons)
            self.flows[month // YEAR - 1] = moves(self.year_began, now)
            self.year_began = now

    def _make_room(self, persons: int) -> None:
        """For as many rows of persons as there are now."""
        more = persons - self.who.size
        if more:
            self.who, self.stability, self.months_seen = (
                np.pad(column, (0, more)) for column in (self.who, self.stability, self.months_seen)
            )

    def kept(self) -> Kept:
        """What is kept of the run as far as it has come."""
        months = self.last - self.first
        persons, stability = _code_persons(self.who, self.stability, self.months_seen)
        return Kept(
            self.flows[: months // YEAR].copy(),
            self.landings.kept(months, self.last),
            self.waiting[max(1, months - YEAR + 1) : months + 1].sum(axis=0),
            self._homes(months),
            persons,
            stability,
            self.teams[:months].copy(),
        )

    def _homes(self, months: int) -> np.ndarray:
        out = np.empty((3, self.marks.size), np.uint8)
        _code_homes(np.float32(months), self.residents, self.marks, self.tenure, self.portiek, self.into_portiek, out)
        return out
