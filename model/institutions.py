"""The organisations, as mesa agents: each decides, within its mandate, on its own rows.

Gemeente, welzijn and politie have hours where their staff works: by inhabitants, or as somebody counted it. The zorgaanbieder
has a pool that can follow its clients (choice 2); a corporatie places persons in the homes that it has reserved, and its other
homes go to the line (`letting_round`). Hours and queues belong to a gemeente: none is divided over a border.
"""

from typing import TYPE_CHECKING

import mesa
import numpy as np

from model import strategies
from model.jit import kernel
from model.policies import Levers
from model.world import Count, TeamKind, World

if TYPE_CHECKING:
    from model.city import City


@kernel
def _sum_per_gemeente(teams, gemeente, value, gemeenten):
    """Sum [gemeenten] of a value of teams in rows [n]; gemeente [n] is that of each."""
    out = np.zeros(gemeenten)
    for k, team in enumerate(teams):
        out[gemeente[k]] += value[team]
    return out


@kernel
def _asked_over_hours(teams, gemeente, staff_hours, asked):
    """Hours asked of teams in rows [n] over those of their staff [gemeenten], at least 1."""
    return np.maximum(1.0, _sum_per_gemeente(teams, gemeente, asked, staff_hours.size) / np.maximum(staff_hours, 1e-9))


@kernel
def _provide(teams, gemeente, staff_hours, share, capacity, by_staff, following, asked, hours, counts, counter):
    """Each gemeente divides its hours over its teams [n]: by its staff there, and a part `following` by what was asked there."""
    total, of_gemeenten = staff_hours * share * capacity, counts[counts.shape[0] - capacity.size :]
    there = _sum_per_gemeente(teams, gemeente, asked, capacity.size)
    for g in range(total.size):
        of_gemeenten[g, counter] += np.int64(np.rint(total[g]))
    for k, team in enumerate(teams):
        g, by_clients = gemeente[k], by_staff[k]
        if there[g] > 0.0:
            by_clients = asked[team] / there[g]
        hours[team] = total[g] * ((1.0 - following) * by_staff[k] + following * by_clients)


class Organisation(mesa.Agent):
    """An organisation with teams of some kinds. One agent acts for its like in every gemeente, since all follow one rule."""

    model: "City"
    kind: TeamKind
    count: Count

    def __init__(self, model: "City") -> None:
        super().__init__(model)
        world, self.counter = model.world, int(self.count)
        self.teams = np.flatnonzero(world.teams.kind == self.kind)
        self.gemeente = world.teams.gemeente[self.teams].astype(np.int64)
        staff = _sum_per_gemeente(self.teams, self.gemeente, world.teams.fte, world.gemeenten.rows)
        self.by_staff = (
            world.teams.fte[self.teams] / np.maximum(staff, 1e-9)[self.gemeente]
        )  # share of a gemeente's, in each team
        self.staff_hours = staff * model.rooms.support.direct_hours_per_fte  # [gemeenten] a month: staff does not change
        self.full = np.ones(world.gemeenten.rows)  # capacity, where nothing is added or taken

    def provide(self, share: float, following: float, capacity: np.ndarray) -> None:
        """Put this month's hours into the teams: FTE times direct hours, times `capacity` [gemeenten].

        `share` of them is for this work. Each gemeente divides its own over its own wijken: by its staff there, and a part
        `following` by what was asked there last month.
        """
        world, teams = self.model.world, self.model.world.teams
        _provide(
            self.teams, self.gemeente, self.staff_hours, share, capacity, self.by_staff, following, teams.asked,
            teams.hours, world.counts, self.counter,
        )  # fmt: skip


class Gemeente(Organisation):
    """Has the wijkteams."""

    kind, count = TeamKind.WIJKTEAM, Count.WIJKTEAM_UREN

    def decide(self) -> None:
        p = self.model.rooms.support
        self.provide(p.wijkteam_share, p.following_wijkteam, self.full)


class Zorgaanbieder(Organisation):
    """Has the ambulant pool and FACT."""

    kind, count = TeamKind.AMBULANT, Count.AMBULANT_UREN

    def decide(self) -> None:
        p, levers = self.model.rooms.support, self.model.levers
        growth = self.full if levers.wijkbudget else self._asked_over_hours() ** p.hours_follow_indications
        self.provide(1.0, p.following_ambulant, levers.ambulante_capaciteit * growth)

    def _asked_over_hours(self) -> np.ndarray:
        """Hours asked last month over those of today's staff [gemeenten], at least 1: indications add hours and take none."""
        return _asked_over_hours(self.teams, self.gemeente, self.staff_hours, self.model.world.teams.asked)


class Welzijn(Organisation):
    """Leads people to clubs and day activity."""

    kind, count = TeamKind.WELZIJN, Count.WELZIJN_UREN

    def decide(self) -> None:
        self.provide(1.0, 0.0, self.full)


class Politie(Organisation):
    """Has the wijkagenten."""

    kind, count = TeamKind.WIJKAGENT, Count.WIJKAGENT_UREN

    def decide(self) -> None:
        self.provide(1.0, 0.0, self.full)


class Corporatie(mesa.Agent):
    """Owns homes in one gemeente; decides who gets which of its reserved homes. Its beheerders: `provide_beheer`."""

    model: "City"

    def __init__(self, model: "City", number: int) -> None:
        super().__init__(model)
        self.number = number
        self.gemeente = int(model.world.corporaties.gemeente[number])

    def decide(self) -> None:
        """Place persons in this month's reserved homes, as the strategy proposes: it sees this gemeente and no other."""
        city, now = self.model, self.model.letting_round
        reserved = now.reserved[self.number]
        queue = now.queue_of(self.gemeente) if reserved else None
        if queue is None or not queue.person.size:
            return
        vacancies, view = now.vacancies_of(self.number, reserved), now.view_of(self.gemeente)
        pairs = strategies.find(city.levers.strategie).propose(vacancies, queue, view, city.rooms.strategies, city.luck)
        if len(pairs):
            now.place(self.number, self.gemeente, pairs)


@kernel
def _reserved(owned, share, carry):
    """How many of the homes of each corporatie [n], which start at `owned` [n + 1], go by agreement; `carry` keeps fractions."""
    out = np.empty(carry.size, np.int64)
    for k in range(carry.size):
        due = carry[k] + share * (owned[k + 1] - owned[k])
        out[k] = int(due)
        carry[k] = due - out[k]
    return out


def reserved(world: World, levers: Levers, owned: np.ndarray) -> list[int]:
    """How many of this month's homes of each corporatie go by agreement, as far as the agreement is kept (m51).

    owned [corporaties + 1]: where the homes that each has to let start. Fractions carry over; unused homes do not (choice 8).
    """
    found: list[int] = _reserved(owned, levers.quota * levers.nakoming, world.corporaties.carry).tolist()
    return found


@kernel
def _provide_beheer(kind, gemeente, fte, hours_per_fte, capacity, hours, counts):
    for team in range(kind.size):
        if kind[team] == TeamKind.BEHEER:
            hours[team] = fte[team] * hours_per_fte * capacity
            counts[gemeente[team], Count.BEHEER_UREN] += np.int64(np.rint(hours[team]))


def provide_beheer(world: World, direct_hours_per_fte: float, sociaal_beheer: float) -> None:
    """Every corporatie puts in this month's hours of its beheerders, who follow its homes."""
    teams = world.teams
    _provide_beheer(
        teams.kind, teams.gemeente, teams.fte, direct_hours_per_fte, sociaal_beheer, teams.hours, world.gemeente_counts
    )
