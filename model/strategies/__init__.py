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


def in_turn(
    vacancies: Vacancies, queue: Queue, luck: Luck, cost: Callable[[], np.ndarray], taken: Callable[[int], None]
) -> Pairs:
    """Persons in their turn get the vacancy of the lowest `cost()` [n] (inf: not at all); equal costs go by ticket.

    `taken(i)` tells the strategy that vacancy i is gone, before the next person's turn.
    """
    free, key = np.ones(vacancies.dwelling.size, bool), luck.key(Stream.WHICH_HOME)
    pairs: Pairs = []
    for k in range(min(vacancies.reserved, queue.person.size, free.size)):
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
