"""How vacancies meet persons: one file per placement strategy, found by its name, all with one signature.

    propose(vacancies, queue, public_view, p, luck) -> pairs of (person, dwelling), both row numbers

A strategy decides nothing else: how many homes are reserved is the quota's, and who is at the head of the queue is the
queue's. `RESERVES = False` says that it leaves persons in the queue with everyone; `LOOKS = False` that it looks at no
public view, which is then not drawn up; `EXACT = True` that its view is filled with a latent value. One more vacancy never
changes how the others compare: ties go to the smallest ticket.
"""

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from types import ModuleType
from typing import NamedTuple

import numpy as np

from model.jit import kernel
from model.randomness import Luck, Stream, ticket


class Parameters(NamedTuple):
    """What strategies share."""

    ceiling_per_1000_homes: float
    ceiling_per_portiek: int
    need_per_placement: float


class Vacancies(NamedTuple):
    """Vacant homes [n] of one corporatie, and how many of them are reserved this month."""

    dwelling: np.ndarray
    buurt: np.ndarray
    portiek: np.ndarray
    rent: np.ndarray
    months_vacant: np.ndarray
    known_in_portiek: np.ndarray  # known persons who live in that portiek: the corporatie's own tenants
    reserved: int


class Queue(NamedTuple):
    """Persons [m] who wait, first come first."""

    person: np.ndarray
    identity: np.ndarray
    profile: np.ndarray
    waiting_months: np.ndarray


Pairs = np.ndarray | list[tuple[int, int]]  # of a person and a home, both by row number: int64 [n, 2], or a list


@kernel
def _cheapest(cost, free, key, identity, dwelling):
    """The free vacancy of the lowest finite cost, by ticket among equals; -1 if there is none."""
    best, lot = -1, np.uint64(0)
    for i in range(cost.size):
        if not free[i] or not np.isfinite(cost[i]) or (best >= 0 and cost[i] > cost[best]):
            continue
        mine = ticket(key, identity, dwelling[i])
        if best < 0 or cost[i] < cost[best] or mine < lot:
            best, lot = i, mine
    return best


@kernel
def _each_cheapest(cost, key, turns, person, identity, dwelling):
    """Pairs of the first persons in the queue, so many turns, and the vacancies [n] that they get."""
    free, pairs, found = np.ones(dwelling.size, np.bool_), np.empty((turns, 2), np.int64), 0
    for k in range(turns):
        i = _cheapest(cost, free, key, identity[k], dwelling)
        if i < 0:
            break
        free[i] = False
        pairs[k, 0], pairs[k, 1], found = person[k], dwelling[i], k + 1
    return pairs[:found]


@kernel
def _each_least_loaded(group, load, size, step, key, turns, person, identity, dwelling):
    """The same, where a vacancy costs the load of its group over its size, and who gets it adds `step` to that load."""
    load, cost = load.astype(np.float64), np.empty(dwelling.size)
    free, pairs, found = np.ones(dwelling.size, np.bool_), np.empty((turns, 2), np.int64), 0
    for k in range(turns):
        for i in range(dwelling.size):
            cost[i] = load[group[i]] / size[group[i]]
        i = _cheapest(cost, free, key, identity[k], dwelling)
        if i < 0:
            break
        free[i] = False
        load[group[i]] += step
        pairs[k, 0], pairs[k, 1], found = person[k], dwelling[i], k + 1
    return pairs[:found]


def _turns(vacancies: Vacancies, queue: Queue) -> int:
    """How many persons have a turn."""
    return min(vacancies.reserved, queue.person.size, vacancies.dwelling.size)


def cheapest(vacancies: Vacancies, queue: Queue, luck: Luck, cost: np.ndarray) -> Pairs:
    """Persons in their turn get the vacancy of the lowest cost [n] that is left (inf: not at all); equal costs go by ticket."""
    turns, key = _turns(vacancies, queue), luck.key(Stream.WHICH_HOME)
    return _each_cheapest(cost, key, turns, queue.person, queue.identity, vacancies.dwelling)


def least_loaded(
    vacancies: Vacancies, queue: Queue, luck: Luck, group: np.ndarray, load: np.ndarray, size: np.ndarray, step: float
) -> Pairs:
    """Persons in their turn get a vacancy whose group has the lowest load for its size, and add `step` to that load.

    group: which one each vacancy is in [n]; load and size: of each group. Equal ones go by ticket. `load` is not changed.
    """
    turns, key = _turns(vacancies, queue), luck.key(Stream.WHICH_HOME)
    return _each_least_loaded(group, load, size, step, key, turns, queue.person, queue.identity, vacancies.dwelling)


def in_turn(
    vacancies: Vacancies, queue: Queue, luck: Luck, cost: Callable[[], np.ndarray], taken: Callable[[int], None]
) -> Pairs:
    """Persons in their turn get the vacancy of the lowest `cost()` [n] (inf: not at all); equal costs go by ticket.

    `taken(i)` tells the strategy that vacancy i is gone, before the next person's turn.
    """
    free, key = np.ones(vacancies.dwelling.size, bool), luck.key(Stream.WHICH_HOME)
    pairs: list[tuple[int, int]] = []
    for k in range(_turns(vacancies, queue)):
        i = _cheapest(cost(), free, key, queue.identity[k], vacancies.dwelling)
        if i < 0:
            break
        free[i] = False
        pairs.append((int(queue.person[k]), int(vacancies.dwelling[i])))
        taken(i)
    return pairs


def names() -> list[str]:
    """All strategies, by file name."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__))


@cache
def find(name: str) -> ModuleType:
    """The module of a strategy."""
    return importlib.import_module(f"{__name__}.{name}")


@cache
def reserves(name: str) -> bool:
    """Whether a strategy places persons by agreement; else they queue with everyone."""
    return bool(getattr(find(name), "RESERVES", True))


@cache
def looks(name: str) -> bool:
    """Whether a strategy looks at the public view; else it is handed one of no buurten."""
    return bool(getattr(find(name), "LOOKS", True))


@cache
def exact(name: str) -> bool:
    """Whether a strategy is shown last month's latent value."""
    return bool(getattr(find(name), "EXACT", False))
