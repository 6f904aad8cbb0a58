"""The organisations, as mesa agents: each decides, within its mandate, on its own rows.

Gemeente, welzijn and politie divide hours that are fixed by inhabitants; the zorgaanbieder divides one pool that can follow
its clients (choice 2); a corporatie divides its vacancies between the queue of persons and regular seekers.
"""

from typing import TYPE_CHECKING, NamedTuple

import mesa
import numpy as np

from model import letting, strategies
from model.jit import kernel
from model.mechanisms.settling import Lettings
from model.strategies import Queue, Vacancies
from model.world import Count, Place, Status, TeamKind, Tenure, World

if TYPE_CHECKING:
    from model.city import City


class Organisation(mesa.Agent):
    """An organisation with teams of some kinds."""

    model: "City"
    kind: TeamKind
    count: Count

    def __init__(self, model: "City") -> None:
        super().__init__(model)
        self.teams = np.flatnonzero(model.world.teams.kind == self.kind)

    def provide(self, share: float, following: float, capacity: float = 1.0) -> None:
        """Put this month's hours into the teams: FTE times direct hours, of which `share` is for this work.

        They are divided over wijken: a part by inhabitants, and a part `following` that goes by what was asked last month.
        """
        world, teams, mine = self.model.world, self.model.world.teams, self.teams
        total = teams.fte[mine].sum() * self.model.rooms.support.direct_hours_per_fte * share * capacity
        by_inhabitants = (world.wijken.inwoners / world.wijken.inwoners.sum())[teams.wijk[mine]]
        asked = teams.asked[mine]
        by_clients = asked / asked.sum() if following and asked.any() else by_inhabitants
        teams.hours[mine] = total * ((1.0 - following) * by_inhabitants + following * by_clients)
        world.counts[-1, self.count] += round(total)


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
        self.provide(1.0, self.model.rooms.support.following_ambulant, self.model.levers.ambulante_capaciteit)


class Welzijn(Organisation):
    """Leads people to clubs and day activity."""

    kind, count = TeamKind.WELZIJN, Count.WELZIJN_UREN

    def decide(self) -> None:
        self.provide(1.0, self.model.rooms.support.following_wijkteam)


class Politie(Organisation):
    """Has the wijkagenten."""

    kind, count = TeamKind.WIJKAGENT, Count.WIJKAGENT_UREN

    def decide(self) -> None:
        self.provide(1.0, 0.0)


class Corporatie(mesa.Agent):
    """Owns homes; has beheerders; decides who gets which vacant home."""

    model: "City"

    def __init__(self, model: "City", number: int) -> None:
        super().__init__(model)
        teams = model.world.teams
        self.number, self.teams = number, np.flatnonzero((teams.kind == TeamKind.BEHEER) & (teams.wijk == number))

    def provide(self) -> None:
        """Hours of the beheerders, by homes."""
        teams, mine = self.model.world.teams, self.teams
        teams.hours[mine] = teams.fte[mine] * self.model.rooms.support.direct_hours_per_fte
        self.model.world.counts[-1, Count.BEHEER_UREN] += round(float(teams.hours[mine].sum()))

    def decide(self) -> Lettings:
        """This month's lettings: reserved homes by the strategy, the others to regular seekers."""
        city, world = self.model, self.model.world
        d = world.dwellings
        homes = city.offered[d.corporatie[city.offered] == self.number + 1]
        strategy = strategies.find(city.levers.strategie)
        persons, person_homes = np.zeros(0, np.int64), np.zeros(0, np.int64)
        if getattr(strategy, "RESERVES", True):
            world.carry[self.number] += city.levers.quota * homes.size
            reserved = int(world.carry[self.number])  # fractions carry over; unused homes do not (choice 8)
            world.carry[self.number] -= reserved
            pairs = strategy.propose(
                self._vacancies(homes, reserved), self._queue(), city.public_view, city.rooms.strategies, city.luck
            )
            if pairs:
                persons, person_homes = np.array(pairs, np.int64).T
                city.waiting = without(city.waiting, persons, world.persons.rows)
                homes = without(homes, person_homes, d.rows)
        seekers, seeker_homes, more_persons, more_homes = self._let(homes)
        return Lettings(
            np.concatenate([persons, more_persons]), np.concatenate([person_homes, more_homes]), seekers, seeker_homes
        )

    def _vacancies(self, homes: np.ndarray, reserved: int) -> Vacancies:
        city, d = self.model, self.model.world.dwellings
        portiek = d.portiek[homes]
        known = city.known_in_portiek[portiek]
        return Vacancies(homes, d.buurt[homes], portiek, d.rent[homes], d.months_vacant[homes], known, reserved)

    def _queue(self) -> Queue:
        city, persons = self.model, self.model.world.persons
        rows = city.waiting
        return Queue(rows, persons.identity[rows], persons.profile[rows], city.month - persons.waiting_since[rows])

    def _let(self, homes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(seekers, their homes, persons, their homes); persons only where they queue with everyone."""
        city, d, line = self.model, self.model.world.dwellings, self.model.line
        score = self.model.world.buurten.score[d.buurt[homes]].astype(np.float32)
        found = letting.let(city.rooms.letting, city.luck, homes, d.rent[homes], score, line.identity, line.ses, line.housed)
        homes, found = homes[found >= 0], found[found >= 0]
        rows, person = line.row[found], line.person[found]
        return rows[~person], homes[~person], rows[person], homes[person]


class Line(NamedTuple):
    """Everyone [n] whom corporaties may let to this month without an agreement, who waits longest first."""

    row: np.ndarray  # in seekers, or in persons
    person: np.ndarray  # whether it is a person
    identity: np.ndarray
    ses: np.ndarray
    housed: np.ndarray  # has found a home this month


def line_of_seekers(world: World) -> Line:
    """Regular seekers as they stand in the queue."""
    s = world.seekers
    none = np.zeros(s.rows, bool)
    return Line(np.arange(s.rows), none, s.identity, s.ses, none.copy())


def line_of_all(world: World, waiting: np.ndarray) -> Line:
    """Seekers and waiting persons [m] in one queue, by when they came; seekers before persons of the same month."""
    s, persons = world.seekers, world.persons
    order = np.argsort(np.concatenate([s.since, persons.waiting_since[waiting]]), kind="stable")
    row, person = np.concatenate([np.arange(s.rows), waiting])[order], order >= s.rows
    identity = np.concatenate([s.identity, persons.identity[waiting]])[order]
    ses = np.concatenate([s.ses, persons.ses[waiting]])[order]
    return Line(row, person, identity, ses, np.zeros(row.size, bool))


def without(rows: np.ndarray, gone: np.ndarray, of: int) -> np.ndarray:
    """Rows [n] of a table of so many rows, without those that are among `gone`, in their order."""
    stay = np.ones(of, bool)
    stay[gone] = False
    return rows[stay[rows]]


def waiting_persons(world: World) -> np.ndarray:
    """Rows of persons who wait for a home, first come first; those of one month by identity."""
    persons = world.persons
    rows = np.flatnonzero(persons.place > int(Place.THUIS))
    return rows[np.lexsort((persons.identity[rows], persons.waiting_since[rows]))]


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
