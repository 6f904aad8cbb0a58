"""The city as a mesa model: it owns the world and writes out the month."""

import ctypes
import sys
from types import ModuleType
from typing import Any, Self

import mesa
import numpy as np

from model import institutions, ledger, letting_round, strategies
from model.indicators import Record
from model.mechanisms import (
    ageing,
    arrears,
    crisis,
    draagkracht,
    inflow,
    landing,
    leaving,
    leefbaarheid,
    neighbourhood,
    nuisance,
    publication,
    samenwerking,
    settling,
    stability,
    support,
    vulnerability,
)
from model.policies import Levers, Setting, levers_at
from model.public_view import UNSEEN, public_view
from model.randomness import Luck
from model.rooms import Rooms
from model.world import World

MECHANISMS = {  # by name, in the order of a month
    module.__name__.rpartition(".")[2]: module
    for module in (
        inflow, vulnerability, ageing, support, stability, crisis, nuisance, arrears, leaving, settling, neighbourhood,
        draagkracht, landing, leefbaarheid, samenwerking, publication,
    )
}  # fmt: skip
LARGE = 64 * 2**20  # bytes of all columns: more than half a million households


class City(mesa.Model):
    """A town that lives month by month under a scenario.

    `settings` are the lines of the scenario's policies; `off` names mechanisms that are switched off: do so before the
    warm-up, because a world that has lived with a mechanism keeps what it left. Persons whose identities are `passed_over` wait
    like others, and nothing is let to them: so one sees what happens without a placement. Those who are `kept_in_sight` never
    drop out of sight of who helps: so one sees what happens without a loss of contact. With `follow` the record keeps
    persons and households too (`model.followed`). Mesa's own generator is never drawn from: all luck comes from `seed` (see
    `model.randomness`). The record has room for `months` months; what is lived beyond them is not kept. Call `close()` when done,
    or use it in a `with` block.
    """

    def __init__(
        self,
        world: World,
        rooms: Rooms,
        huidig: Levers,
        settings: list[Setting] | None = None,
        seed: int = 0,
        off: frozenset[str] = frozenset(),
        months: int = 0,
        passed_over: tuple[int, ...] = (),
        kept_in_sight: tuple[int, ...] = (),
        follow: bool = False,
    ) -> None:
        super().__init__(rng=0)
        self.passed_over, self.kept_in_sight = np.array(passed_over, np.uint64), np.array(kept_in_sight, np.uint64)
        self.numbered = 0
        self.world, self.rooms, self.huidig, self.settings, self.seed, self.off = world, rooms, huidig, settings or [], seed, off
        self.parameters_of = {module: getattr(rooms, n) for n, module in MECHANISMS.items() if n not in off}
        self.organisations = [
            c(self) for c in (institutions.Gemeente, institutions.Zorgaanbieder, institutions.Welzijn, institutions.Politie)
        ]
        self.corporaties = [institutions.Corporatie(self, k) for k in range(world.corporaties.rows)]
        self.levers, self.luck = huidig, Luck(seed, world.month)
        ledger.recount(world)
        self.record = Record(world, months, follow)
        self.record.add(world)

    def register_agent(self, agent: mesa.Agent) -> None:
        """As mesa does, except that numbers are counted here: mesa 3.3 counts them in a table of its own that keeps every model
        which ever had an agent (mesa issue 3179), so that a city which nobody closes would never be freed.
        """
        super().register_agent(agent)
        kept = getattr(mesa.Agent, "_ids", None)  # later versions of mesa have no such table
        if kept is not None:
            kept.pop(self, None)
            self.numbered += 1
            agent.unique_id = self.numbered

    @property
    def month(self) -> int:
        return self.world.month

    def step(self) -> None:
        """One month, in the only order that there is."""
        before = self.begin_month()
        self.live(inflow)  # who asks for a home
        self.live(vulnerability)  # who becomes vulnerable, and who recovers
        self.live(ageing)
        for organisation in self.organisations:
            organisation.decide()
        institutions.provide_beheer(self.world, self.rooms.support.direct_hours_per_fte, self.levers.sociaal_beheer)
        self.live(support, self.kept_in_sight)  # who is helped
        self.live(stability)  # how it goes
        self.live(crisis)  # what an episode comes to
        self.live(nuisance)  # what neighbours notice, say and do
        self.live(arrears)  # who pays, who is evicted
        self.live(leaving)  # who leaves a home
        self.prepare_lettings()
        for corporatie in self.corporaties:
            corporatie.decide()  # who gets a reserved home
        self.live(settling, self.letting_round.let(self.rooms.letting, self.rooms.access, self.luck))  # who enters one
        self.live(neighbourhood)  # ties, tolerance, informal help
        self.live(draagkracht)  # what the buurt can carry, and must
        self.live(landing)  # who has landed softly
        self.live(leefbaarheid)
        self.live(samenwerking)  # who have learnt to work as one
        self.live(publication)  # what becomes known
        self.close_books(before)

    def begin_month(self) -> ledger.Page:
        """Turn the page; returns last month's counters."""
        world = self.world
        before = ledger.turn_page(world)
        world.month += 1
        self.luck = Luck(self.seed, world.month)
        self.levers = levers_at(world.month, self.huidig, self.settings)
        return before

    def live(self, mechanism: ModuleType, *more: Any) -> None:
        """A mechanism does its month, unless it is switched off."""
        p = self.parameters_of.get(mechanism)
        if p is not None:
            mechanism.step(self.world, p, self.levers, self.luck, *more)

    def prepare_lettings(self) -> None:
        """What all corporaties need this month: homes to let and how many are reserved, who waits, and what may be known."""
        world, rooms, levers = self.world, self.rooms, self.levers
        reserves = strategies.reserves(levers.strategie)
        self.public_view = UNSEEN
        if strategies.looks(levers.strategie):
            self.public_view = public_view(world, rooms.public_view, self.luck, strategies.exact(levers.strategie))
        who = letting_round.candidates(world, rooms.access, levers, self.luck, self.passed_over)
        self.letting_round = now = letting_round.LettingRound(world, self.public_view, reserves, who)
        if reserves:
            now.reserved = institutions.reserved(world, levers, now.owned)

    def close_books(self, before: ledger.Page) -> None:
        """Recount everyone, check that stocks equal flows, and keep the month."""
        world = self.world
        ledger.recount(world)
        ledger.check(before.counts, world.counts, world.buurten.gemeente, world.month)
        ledger.check_places(before.by_place, world.by_place, world.month)
        if world.month - self.record.first < self.record.counts.shape[0]:
            self.record.add(world)

    def run(self, months: int) -> None:
        """Live a number of months."""
        for _ in range(months):
            self.step()

    def fork(self, settings: list[Setting]) -> "City":
        """A city of its own with equal past that goes on under other settings; what these say of past months is not done."""
        twin = City(self.world.copy(), self.rooms, self.huidig, settings, self.seed, self.off)
        twin.passed_over, twin.kept_in_sight = self.passed_over, self.kept_in_sight
        twin.record = self.record.copy()
        return twin

    def close(self) -> None:
        """Let go of the world at once; a city that is not closed waits for Python's garbage collector. Twice does no harm."""
        large = self.__dict__.get("world") is not None and self.world.nbytes >= LARGE
        self.remove_all_agents()
        self.organisations, self.corporaties = [], []
        for name in ("world", "record", "letting_round", "public_view"):
            self.__dict__.pop(name, None)
        if large:
            give_back()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()


def give_back() -> None:
    """Hand freed memory back to the system, where that is Linux with glibc, which keeps it when something small above it is still
    in use: of a million households most columns would stay. It takes some milliseconds, as much as two months of a town. So only
    a large world is given back (`LARGE`); what a smaller one leaves is taken by the next.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
