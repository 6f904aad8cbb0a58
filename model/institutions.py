"""The organisations, as mesa agents: each decides, within its mandate, on its own rows.

Gemeente, welzijn and politie divide hours that are fixed by inhabitants; the zorgaanbieder divides one pool that can follow
its clients (choice 2); a corporatie divides its vacancies between the queue of persons and regular seekers.
"""

from typing import TYPE_CHECKING

import mesa
import numpy as np

from model import letting, strategies
from model.mechanisms.settling import Lettings
from model.strategies import Queue, Vacancies
from model.world import Count, Place, Status, TeamKind, World

if TYPE_CHECKING:
    from model.city import City


def divided(world: World, kind: TeamKind, total: float, following: float) -> np.ndarray:
    """Hours [wijken]: a fixed part by inhabitants, and a part that follows what was asked last month."""
    w, mine = world.wijken, world.teams.kind == kind
    by_inhabitants = w.inwoners / w.inwoners.sum()
    asked = np.zeros(w.rows)
    asked[world.teams.wijk[mine]] = world.teams.asked[mine]
    by_clients = asked / asked.sum() if asked.sum() > 0 else by_inhabitants
    return total * ((1.0 - following) * by_inhabitants + following * by_clients)


class Organisation(mesa.Agent):
    """An organisation with teams of some kinds."""

    model: "City"
    kind: TeamKind
    count: Count

    def provide(self, share: float, following: float, capacity: float = 1.0) -> None:
        """Put this month's hours into the teams: FTE times direct hours, of which `share` is for this work."""
        world, p = self.model.world, self.model.rooms.support
        mine = world.teams.kind == self.kind
        total = world.teams.fte[mine].sum() * p.direct_hours_per_fte * share * capacity
        world.teams.hours[mine] = divided(world, self.kind, total, following)[world.teams.wijk[mine]]
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
        self.number = number

    def provide(self) -> None:
        """Hours of the beheerders, by homes."""
        teams, p = self.model.world.teams, self.model.rooms.support
        mine = (teams.kind == TeamKind.BEHEER) & (teams.wijk == self.number)
        teams.hours[mine] = teams.fte[mine] * p.direct_hours_per_fte
        self.model.world.counts[-1, Count.BEHEER_UREN] += round(float(teams.hours[mine].sum()))

    def decide(self) -> Lettings:
        """This month's lettings: reserved homes by the strategy, the others to regular seekers."""
        city, world = self.model, self.model.world
        d = world.dwellings
        homes = city.offered[d.corporatie[city.offered] == self.number + 1]
        strategy = strategies.find(city.levers.strategie)
        reserves = getattr(strategy, "RESERVES", True)
        persons, person_homes = np.zeros(0, np.int64), np.zeros(0, np.int64)
        if reserves:
            world.carry[self.number] += city.levers.quota * homes.size
            reserved = int(world.carry[self.number])  # fractions carry over; unused homes do not (choice 8)
            world.carry[self.number] -= reserved
            pairs = strategy.propose(
                self._vacancies(homes, reserved), self._queue(), city.public_view, city.rooms.strategies, city.luck
            )
            if pairs:
                persons, person_homes = np.array(pairs, np.int64).T
                city.waiting = without(city.waiting, persons)
                homes = without(homes, person_homes)
        seekers, seeker_homes, more_persons, more_homes = self._let(homes, with_persons=not reserves)
        return Lettings(
            np.concatenate([persons, more_persons]), np.concatenate([person_homes, more_homes]), seekers, seeker_homes
        )

    def _vacancies(self, homes: np.ndarray, reserved: int) -> Vacancies:
        d, persons = self.model.world.dwellings, self.model.world.persons
        portiek = d.portiek[homes]
        known = (persons.place == Place.THUIS) & (persons.status == Status.BEKEND)
        per_portiek = np.bincount(d.portiek[persons.dwelling[known]], minlength=self.model.world.portieken.rows)
        return Vacancies(homes, d.buurt[homes], portiek, d.rent[homes], d.months_vacant[homes], per_portiek[portiek], reserved)

    def _queue(self) -> Queue:
        city, persons = self.model, self.model.world.persons
        rows = city.waiting
        return Queue(rows, persons.identity[rows], persons.profile[rows], city.month - persons.waiting_since[rows])

    def _let(self, homes: np.ndarray, with_persons: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """(seekers, their homes, persons, their homes); persons only where they queue with everyone."""
        city, world = self.model, self.model.world
        d, s, persons = world.dwellings, world.seekers, world.persons
        rows, kind = np.flatnonzero(~city.housed), np.zeros(0, bool)
        who, ses, since = s.identity[rows], s.ses[rows], s.since[rows]
        kind = np.zeros(rows.size, bool)
        if with_persons:
            who, ses = np.concatenate([who, persons.identity[city.waiting]]), np.concatenate([ses, persons.ses[city.waiting]])
            since = np.concatenate([since, persons.waiting_since[city.waiting]])
            rows, kind = np.concatenate([rows, city.waiting]), np.concatenate([kind, np.ones(city.waiting.size, bool)])
            order = np.argsort(since, kind="stable")
            who, ses, rows, kind = who[order], ses[order], rows[order], kind[order]
        score = world.buurten.score[d.buurt[homes]].astype(np.float32)
        found = letting.let(city.rooms.letting, city.luck, homes, d.rent[homes], score, who, ses)
        homes, found = homes[found >= 0], found[found >= 0]
        is_person = kind[found]
        seekers, chosen = rows[found[~is_person]], rows[found[is_person]]
        city.housed[seekers] = True
        city.waiting = without(city.waiting, chosen)
        return seekers, homes[~is_person], chosen, homes[is_person]


def without(rows: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Rows [n] that are not among `gone`, in their order."""
    if not gone.size:
        return rows
    left = set(gone.tolist())
    return np.array([row for row in rows.tolist() if row not in left], dtype=np.int64)


def waiting_persons(world: World) -> np.ndarray:
    """Rows of persons who wait for a home, first come first; those of one month by identity."""
    persons = world.persons
    rows = np.flatnonzero(persons.place > Place.THUIS)
    return rows[np.lexsort((persons.identity[rows], persons.waiting_since[rows]))]
