"""A town lived with more and more placements in one buurt: what is measured there, and in the rest of its gemeente.

All doses of a seed start from one world of month 0 and meet the same luck. A job is a buurt under a seed; a process keeps
the world of the seed that it worked on last. Every indicator is kept, over the window in which it is compared.
"""

import logging
import pickle
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np

from experiments.engine.measure import Ground, month_zero
from model.city import City
from model.dose import place_more, room_for
from model.indicators import INDICATORS, SUMS, Period, Record, measure
from model.policies import Setting
from model.randomness import Luck
from model.world import World

PLACES = ("buurt", "rest")  # the buurt itself, and the gemeente without it
LAST_YEAR = np.array([i.window == "last_year" for i in INDICATORS.values()])
UNDOSED = -1  # in place of the row of a buurt


class Doses(NamedTuple):
    """What is lived: a town under a scenario, and how many placements [doses] each buurt gets (the first is none)."""

    ground: Ground
    settings: tuple[Setting, ...]
    months: int
    counts: dict[int, tuple[int, ...]]  # by row of the buurt


class Job(NamedTuple):
    """A buurt under a seed, or `UNDOSED`."""

    seed: int
    buurt: int


Lived = tuple[Job, np.ndarray]
_asked: Doses  # of this process


def source() -> bytes:
    """The code of this file, which decides what is measured."""
    return Path(__file__).read_bytes()


# Work


def room(asked: Doses, seeds: list[int], workers: int) -> tuple[np.ndarray, np.ndarray]:
    """The largest dose that month 0 has room for under every seed, and how many dwellings there are, by buurt [buurten]."""
    found = np.array([found for _, found in _each(_room, asked, [Job(seed, UNDOSED) for seed in seeds], workers)])
    return found[:, 0].min(axis=0), np.rint(found[:, 1].mean(axis=0))


def live(asked: Doses, seeds: list[int], workers: int) -> Iterator[Lived]:
    """What each job yields, as it comes: indicators of all buurten [buurten, places, I] undosed, and of a buurt [doses - 1,
    places, I] with each dose but none.
    """
    jobs = [Job(seed, buurt) for seed in seeds for buurt in (UNDOSED, *asked.counts)]
    yield from _each(_lived, asked, jobs, workers)


def _each(work: Callable[[Job], Lived], asked: Doses, jobs: list[Job], workers: int) -> Iterator[Lived]:
    """Work on a few processes. The first job is done here, so that workers find compiled kernels."""
    told = pickle.dumps(asked)
    _begin(told)
    alone = jobs if workers == 1 else jobs[:1]
    yield from map(work, alone)
    if len(jobs) > len(alone):
        with joblib.parallel_config("loky", inner_max_num_threads=1, initializer=_begin, initargs=(told,)):
            parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
            yield from parallel(joblib.delayed(work)(job) for job in jobs[len(alone) :])


def _begin(told: bytes) -> None:
    """Tell a worker once what all its jobs share."""
    global _asked
    logging.getLogger("MESA").setLevel(logging.WARNING)
    _asked = pickle.loads(told)
    _world.cache_clear()


@lru_cache(maxsize=1)
def _world(seed: int) -> World:
    return month_zero(_asked.ground, seed)


def _room(job: Job) -> Lived:
    world = _world(job.seed)
    return job, np.stack([room_for(world), world.buurten.homes])


def _lived(job: Job) -> Lived:
    world = _world(job.seed)

    def after(buurt: int, count: int) -> np.ndarray:
        return outcomes(dosed(_asked, world.copy(), job.seed, buurt, count), world.buurten.gemeente)

    if job.buurt == UNDOSED:
        return job, after(0, 0)
    return job, np.stack([after(job.buurt, count)[job.buurt] for count in _asked.counts[job.buurt][1:]])


def dosed(asked: Doses, world: World, seed: int, buurt: int, count: int) -> Record:
    """The record of a town that lives on from month 0 with `count` placements more in one buurt."""
    place_more(world, buurt, count, asked.ground.rooms, asked.ground.huidig, Luck(seed, world.month))
    of = asked.ground
    with City(world, of.rooms, of.huidig, list(asked.settings), seed, of.without, months=asked.months) as city:
        city.run(asked.months)
        return city.record


# Measures


def outcomes(record: Record, gemeente: np.ndarray) -> np.ndarray:
    """Every indicator of every buurt and of the rest of its gemeente [buurten, places, I]; NaN where there is no rest.

    gemeente: row of that of each buurt [buurten].
    """
    windows = [slice(1, record.filled + 1), slice(max(1, record.filled - 11), record.filled + 1)]
    part = record.period(windows, "buurt")
    rest = without(record.period(windows, "gemeente"), part, gemeente)
    found = np.stack([_of_windows(measure(part)), _of_windows(measure(rest))], axis=1)
    found[rest.homes <= 0, 1] = np.nan
    return found


def _of_windows(both: np.ndarray) -> np.ndarray:
    """Of indicators [horizon and last year, places, I]: each over its own window [places, I]."""
    return np.where(LAST_YEAR, both[1], both[0])


def without(whole: Period, part: Period, of: np.ndarray) -> Period:
    """The gemeente of each buurt without that buurt [buurten]; `of` [buurten] is the place in `whole` of each part."""
    homes = whole.homes[of] - part.homes
    states: dict[str, Any] = {}
    for name, mine in part.states.items():
        if name in SUMS:
            states[name] = whole.states[name][:, of] - mine
        else:
            total = whole.states[name][:, of] * whole.homes[of] - mine * part.homes
            states[name] = total / np.maximum(homes, 1.0)
    return Period(whole.counts[:, of] - part.counts, states, part.months, homes, whole.social[of] - part.social)
