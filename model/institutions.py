"""The organisations, as mesa agents: each decides, within its mandate, on its own rows.

Gemeente, welzijn and politie divide hours that are fixed by inhabitants; the zorgaanbieder divides a pool that can follow
its clients (choice 2); a corporatie divides its vacancies between the queue of persons and regular seekers. Hours and queues
belong to a gemeente: none is divided over a border.
"""

from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import mesa
import numpy as np

from model import access, letting, strategies
from model.jit import kernel
from model.mechanisms.settling import Lettings
from model.policies import Levers
from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Queue, Vacancies
from model.world import Count, Place, Status, TeamKind, Tenure, World

if TYPE_CHECKING:
    from model.city import City

NONE = np.zeros(0, np.int64)


class Organisation(mesa.Agent):
    """An organisation with teams of some kinds. One agent acts for its like in every gemeente, since all follow one rule."""

    model: "City"
    kind: TeamKind
    count: Count

    def __init__(self, model: "City") -> None:
        super().__init__(model)
        world = model.world
        self.teams = np.flatnonzero(world.teams.kind == self.kind)
        self.gemeente = world.teams.gemeente[self.teams].astype(np.int64)
        inwoners = np.maximum(world.gemeenten.inwoners, 1.0)[self.gemeente]
        self.by_inhabitants = world.wijken.inwoners[world.teams.wijk[self.teams]] / inwoners

    def provide(self, share: float, following: float, capacity: float | np.ndarray = 1.0) -> None:
        """Put this month's hours into the teams: FTE times direct hours, times `capacity` (one, or [gemeenten]).

        `share` of them is for this work. Each gemeente divides its own over its own wijken: a part by inhabitants, and a part
        `following` that goes by what was asked there last month.
        """
        world, teams, mine = self.model.world, self.model.world.teams, self.teams
        total = self._per_gemeente(teams.fte[mine]) * self.model.rooms.support.direct_hours_per_fte * share * capacity
        parts = self.by_inhabitants
        if following:
            asked = teams.asked[mine]
            there = self._per_gemeente(asked)[self.gemeente]
            by_clients = np.where(there > 0.0, asked / np.where(there > 0.0, there, 1.0), self.by_inhabitants)
            parts = (1.0 - following) * self.by_inhabitants + following * by_clients
        teams.hours[mine] = total[self.gemeente] * parts
        world.gemeente_counts[:, self.count] += np.rint(total).astype(np.int64)

    def _per_gemeente(self, values: np.ndarray) -> np.ndarray:
        """Sum [gemeenten] of a value of each of its teams [n]."""
        return np.bincount(self.gemeente, weights=values, minlength=self.model.world.gemeenten.rows)


class Gemeente(Organisation):
    """Has the wijkteams."""

    kind, count = TeamKind.WIJKTEAM, Count.WIJKTEAM_UREN

    def decide(self) -> None:
        p = self.model.rooms.support
        self.provide(p.wijkteam_share, p.following_wijkteam)


class Zorgaanbieder(Organisation):
    """Has the ambulant pool and FACT."""

    kind, count = TeamKind.AMBULANT, Count.AMBULANT_UREN

    def decide(self) -> None:
        p, levers = self.model.rooms.support, self.model.levers
        growth = 1.0 if levers.wijkbudget else self._asked_over_hours() ** p.hours_follow_indications
        self.provide(1.0, p.following_ambulant, levers.ambulante_capaciteit * growth)

    def _asked_over_hours(self) -> np.ndarray:
        """Hours asked last month over those of today's staff [gemeenten], at least 1: indications add hours and take none."""
        teams = self.model.world.teams
        there = self._per_gemeente(teams.fte[self.teams]) * self.model.rooms.support.direct_hours_per_fte
        return np.maximum(1.0, self._per_gemeente(teams.asked[self.teams]) / np.maximum(there, 1e-9))


class Welzijn(Organisation):
    """Leads people to clubs and day activity."""

    kind, count = TeamKind.WELZIJN, Count.WELZIJN_UREN

    def decide(self) -> None:
        self.provide(1.0, 0.0)


class Politie(Organisation):
    """Has the wijkagenten."""

    kind, count = TeamKind.WIJKAGENT, Count.WIJKAGENT_UREN

    def decide(self) -> None:
        self.provide(1.0, 0.0)


class Corporatie(mesa.Agent):
    """Owns homes in one gemeente; has beheerders; decides who gets which vacant home."""

    model: "City"

    def __init__(self, model: "City", number: int) -> None:
        super().__init__(model)
        teams = model.world.teams
        self.number, self.teams = number, np.flatnonzero((teams.kind == TeamKind.BEHEER) & (teams.wijk == number))
        self.gemeente = int(model.world.corporaties.gemeente[number])

    def provide(self) -> None:
        """Hours of the beheerders, by homes."""
        teams, mine = self.model.world.teams, self.teams
        teams.hours[mine] = teams.fte[mine] * self.model.rooms.support.direct_hours_per_fte * self.model.levers.sociaal_beheer
        self.model.world.gemeente_counts[self.gemeente, Count.BEHEER_UREN] += round(float(teams.hours[mine].sum()))

    def decide(self) -> Lettings:
        """This month's lettings: reserved homes by the strategy, the others to regular seekers."""
        city = self.model
        homes = city.letting_round.homes_of(self.number)
        persons = person_homes = NONE
        if not homes.size:
            self._remember(0, 0)
            return Lettings(persons, person_homes, NONE, NONE)
        strategy = strategies.find(city.levers.strategie)
        if getattr(strategy, "RESERVES", True):
            persons, person_homes = self._place(strategy, homes, self._reserved(homes.size))
            homes = without(homes, person_homes, city.letting_round.marks)
        seekers, seeker_homes, more_persons, more_homes = self._let(homes)
        self._remember(persons.size, persons.size + seekers.size + more_persons.size)
        return Lettings(
            np.concatenate([persons, more_persons]), np.concatenate([person_homes, more_homes]), seekers, seeker_homes
        )

    def _reserved(self, homes: int) -> int:
        """How many of this month's homes go by agreement, as far as the agreement is kept (m51)."""
        city, carry = self.model, self.model.world.corporaties.carry
        carry[self.number] += city.levers.quota * city.levers.nakoming * homes
        reserved = int(carry[self.number])  # fractions carry over; unused homes do not (choice 8)
        carry[self.number] -= reserved
        return reserved

    def _remember(self, by_agreement: int, let: int) -> None:
        """What those at the desk have seen of late, and how much they resist."""
        c, k, p = self.model.world.corporaties, self.number, self.model.rooms.access
        if let:
            c.voorrang[k] = p.share_kept_per_month * c.voorrang[k] + (1.0 - p.share_kept_per_month) * by_agreement / let
        c.weerstand[k] = access.next_resistance(c.weerstand[k], c.voorrang[k], p)

    def _place(self, strategy: ModuleType, homes: np.ndarray, reserved: int) -> tuple[np.ndarray, np.ndarray]:
        """(persons, their homes), as the strategy proposes to this corporatie, which sees its own gemeente and no other."""
        city, now, gemeente = self.model, self.model.letting_round, self.gemeente
        d, persons, waiting = city.world.dwellings, city.world.persons, now.waiting[gemeente]
        queue = Queue(waiting, persons.identity[waiting], persons.profile[waiting], city.month - persons.waiting_since[waiting])
        portiek = d.portiek[homes]
        vacancies = Vacancies(
            homes, now.buurt_in_view(gemeente, d.buurt[homes]), portiek, d.rent[homes], d.months_vacant[homes],
            now.known_in_portiek[portiek], reserved,
        )  # fmt: skip
        pairs = strategy.propose(vacancies, queue, now.view_of(gemeente), city.rooms.strategies, city.luck)
        if not pairs:
            return NONE, NONE
        rows, their_homes = np.array(pairs, np.int64).T
        now.waiting[gemeente] = without(waiting, rows, now.marks)
        return rows, their_homes

    def _let(self, homes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(seekers, their homes, persons, their homes); persons only where they queue with everyone."""
        city, d, line = self.model, self.model.world.dwellings, self.model.letting_round.line_of(self.gemeente)
        score = self.model.world.buurten.score[d.buurt[homes]].astype(np.float32)
        found = letting.let(city.rooms.letting, city.luck, homes, d.rent[homes], score, line.identity, line.ses, line.housed)
        homes, found = homes[found >= 0], found[found >= 0]
        rows, person = line.row[found], line.person[found]
        return rows[~person], homes[~person], rows[person], homes[person]


class Line(NamedTuple):
    """Everyone [n] in a gemeente whom corporaties may let to this month without an agreement, who waits longest first."""

    row: np.ndarray  # in seekers, or in persons
    person: np.ndarray  # whether it is a person
    identity: np.ndarray
    ses: np.ndarray
    housed: np.ndarray  # has found a home this month


class LettingRound:
    """What the corporaties need in one month: homes to let, who waits where, and what may be known.

    Sorted once for all, and handed out in slices: by corporatie what is offered, by gemeente everything else.
    """

    def __init__(self, world: World, view: PublicView, reserves: bool, candidates: np.ndarray) -> None:
        self.world, self.view, self.reserves = world, view, reserves
        d, s, many = world.dwellings, world.seekers, np.arange(world.gemeenten.rows + 1)
        offered = offered_homes(world)
        owner = d.corporatie[offered]
        order = np.argsort(owner, kind="stable")
        self.offered = offered[order]
        self._edges = np.searchsorted(owner[order], np.arange(1, world.corporaties.rows + 2))
        self.waiting = np.split(candidates, np.searchsorted(asks_in(world, candidates), many[1:-1]))
        self.known_in_portiek = known_in_portiek(world)
        self.marks = np.zeros(max(d.rows, world.persons.rows), bool)
        self._seekers = np.searchsorted(s.gemeente, many)
        self._lines: dict[int, Line] = {}

    def homes_of(self, corporatie: int) -> np.ndarray:
        """Rows of the homes that it has to let, in order."""
        return self.offered[self._edges[corporatie] : self._edges[corporatie + 1]]

    def view_of(self, gemeente: int) -> PublicView:
        """The public view of one gemeente; it starts at that gemeente's own first buurt and wijk."""
        g = self.world.gemeenten
        return self.view.part(int(g.first[gemeente]), int(g.last[gemeente]))

    def buurt_in_view(self, gemeente: int, buurt: np.ndarray) -> np.ndarray:
        """Which row of that view each buurt [n] is."""
        return buurt - self.world.gemeenten.first[gemeente]

    def line_of(self, gemeente: int) -> Line:
        """The line of one gemeente, which its corporaties serve one after the other."""
        if gemeente not in self._lines:
            first, last = int(self._seekers[gemeente]), int(self._seekers[gemeente + 1])
            waiting = NONE if self.reserves else self.waiting[gemeente]
            self._lines[gemeente] = line_of(self.world, first, last, waiting)
        return self._lines[gemeente]


def candidates(world: World, p: access.Parameters, levers: Levers, luck: Luck, passed_over: np.ndarray = NONE) -> np.ndarray:
    """Rows of the waiting persons who may be proposed this month; not those whose identity is in `passed_over` (see `City`)."""
    rows = waiting_persons(world)
    rows = rows[access.may_be_proposed(world, p, levers, luck, rows)]
    return rows[~np.isin(world.persons.identity[rows], passed_over)] if passed_over.size else rows


def line_of(world: World, first: int, last: int, waiting: np.ndarray) -> Line:
    """Seekers in rows first to last and waiting persons [m], by when they came; seekers before persons of the same month."""
    s, persons = world.seekers, world.persons
    row, identity, ses, person = np.arange(first, last), s.identity[first:last], s.ses[first:last], np.zeros(last - first, bool)
    if waiting.size:
        at = np.searchsorted(s.since[first:last], persons.waiting_since[waiting], side="right")
        row, person = np.insert(row, at, waiting), np.insert(person, at, True)
        identity, ses = np.insert(identity, at, persons.identity[waiting]), np.insert(ses, at, persons.ses[waiting])
    return Line(row, person, identity, ses, np.zeros(row.size, bool))


def without(rows: np.ndarray, gone: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Rows [n] of a table without those that are among `gone`, in their order; marks (bool, all False) is as long as the table.

    It is lent, because to make one that long for every corporatie would cost more than all else that they do.
    """
    marks[gone] = True
    stay = rows[~marks[rows]]
    marks[gone] = False
    return stay


def asks_in(world: World, persons: np.ndarray) -> np.ndarray:
    """Gemeente in which each of the persons in rows [n] asks for a home: that of their network."""
    return world.wijken.gemeente[world.persons.network_wijk[persons]]


def waiting_persons(world: World) -> np.ndarray:
    """Rows of persons who wait for a home, by gemeente; there first come first, and those of one month by identity."""
    persons = world.persons
    rows = np.flatnonzero(persons.place > int(Place.THUIS))
    return rows[np.lexsort((persons.identity[rows], persons.waiting_since[rows], asks_in(world, rows)))]


@kernel
def _offered(identity, tenure, months_vacant, out):
    """Rows of corporatie homes that stood empty before this month, into `out`; returns how many."""
    found = 0
    for i in range(identity.size):
        if identity[i] == 0 and months_vacant[i] > 0 and tenure[i] == Tenure.SOCIALE_HUUR:
            out[found] = i
            found += 1
    return found


def offered_homes(world: World) -> np.ndarray:
    """Rows of corporatie homes to let."""
    d = world.dwellings
    out = np.empty(d.rows, np.int64)
    return out[: _offered(d.identity, d.tenure, d.months_vacant, out)]


@kernel
def _known(place, status, dwelling, portiek, out):
    for i in range(place.size):
        if place[i] == Place.THUIS and status[i] == Status.BEKEND:
            out[portiek[dwelling[i]]] += 1


def known_in_portiek(world: World) -> np.ndarray:
    """Known persons who live in each portiek [portieken]."""
    persons, out = world.persons, np.zeros(world.portieken.rows, np.int64)
    _known(persons.place, persons.status, persons.dwelling, world.dwellings.portiek, out)
    return out
