"""How vacancies meet persons: one file per placement strategy, found by its name, all with one signature.

    propose(vacancies, queue, public_view, p, luck) -> list of (person, dwelling), both row numbers

A strategy decides nothing else: how many homes are reserved is the quota's, and who is at the head of the queue is the
queue's. `RESERVES = False` says that it leaves persons in the queue with everyone; `EXACT = True` that its view is
filled with a latent value. One more vacancy never changes how the others compare: ties go to the smallest ticket.
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


Pairs = list[tuple[int, int]]


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
def _each_cheapest(cost, key, identity, dwelling, out):
    """Positions of the vacancies that persons [n] get in their turn, into `out` [n]; returns how many get one."""
    free = np.ones(dwelling.size, np.bool_)
    for k in range(out.size):
        out[k] = _cheapest(cost, free, key, identity[k], dwelling)
        if out[k] < 0:
            return k
        free[out[k]] = False
    return out.size


@kernel
def _each_least_loaded(group, load, size, step, key, identity, dwelling, out):
    """The same, where a vacancy costs the load of its group over its size, and who gets it adds `step` to that load."""
    free, cost = np.ones(dwelling.size, np.bool_), np.empty(dwelling.size)
    for k in range(out.size):
        for i in range(dwelling.size):
            cost[i] = load[group[i]] / size[group[i]]
        out[k] = _cheapest(cost, free, key, identity[k], dwelling)
        if out[k] < 0:
            return k
        free[out[k]] = False
        load[group[out[k]]] += step
    return out.size


def _turns(vacancies: Vacancies, queue: Queue) -> int:
    """How many persons have a turn."""
    return min(vacancies.reserved, queue.person.size, vacancies.dwelling.size)


def _pairs(vacancies: Vacancies, queue: Queue, taken: np.ndarray) -> Pairs:
    """Who comes first in the queue gets the first of the vacancies at positions `taken`, and so on."""
    return list(zip(queue.person[: taken.size].tolist(), vacancies.dwelling[taken].tolist(), strict=True))


def cheapest(vacancies: Vacancies, queue: Queue, luck: Luck, cost: np.ndarray) -> Pairs:
    """Persons in their turn get the vacancy of the lowest cost [n] that is left (inf: not at all); equal costs go by ticket."""
    out = np.empty(_turns(vacancies, queue), np.int64)
    found = _each_cheapest(cost, luck.key(Stream.WHICH_HOME), queue.identity, vacancies.dwelling, out)
    return _pairs(vacancies, queue, out[:found])


def least_loaded(
    vacancies: Vacancies, queue: Queue, luck: Luck, group: np.ndarray, load: np.ndarray, size: np.ndarray, step: float
) -> Pairs:
    """Persons in their turn get a vacancy whose group has the lowest load for its size, and add `step` to that load.

    group: which one each vacancy is in [n]; load and size: of each group. Equal ones go by ticket. `load` is not changed.
    """
    out = np.empty(_turns(vacancies, queue), np.int64)
    found = _each_least_loaded(
        group, load.astype(float), size, step, luck.key(Stream.WHICH_HOME), queue.identity, vacancies.dwelling, out
    )
    return _pairs(vacancies, queue, out[:found])


def in_turn(
    vacancies: Vacancies, queue: Queue, luck: Luck, cost: Callable[[], np.ndarray], taken: Callable[[int], None]
) -> Pairs:
    """Persons in their turn get the vacancy of the lowest `cost()` [n] (inf: not at all); equal costs go by ticket.

    `taken(i)` tells the strategy that vacancy i is gone, before the next person's turn.
    """
    free, key = np.ones(vacancies.dwelling.size, bool), luck.key(Stream.WHICH_HOME)
    pairs: Pairs = []
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
