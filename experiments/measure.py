"""One (design point, seed): the shared world of month 0, every scenario on its own copy, and what is kept of each.

What comes back are arrays and not frames, so that a worker sends little. All scenarios of a job start from one bit-equal
world and meet the same luck; the warm-up is lived once.
"""

from typing import NamedTuple

import numpy as np

from model import ledger, population
from model.city import City
from model.indicators import Record, measure
from model.policies import Levers, Setting
from model.rooms import Rooms
from model.town import Town
from model.world import World


class Job(NamedTuple):
    """What a worker needs for one design point and seed."""

    design: str
    seed: int
    town: Town
    rooms: Rooms
    huidig: Levers
    scenarios: dict[str, list[Setting]]
    warmup: int
    months: int
    without: frozenset[str]
    monthly: bool  # gemeente by month as well
    everything: bool  # buurten by month as well


class Run(NamedTuple):
    """What is kept of one run. I indicators; T months, Y years, G gemeenten, W wijken, B buurten; row 0 of each is month 0."""

    months: np.ndarray  # [T + 1, I], empty unless asked
    gemeente: np.ndarray  # [Y + 1, I], all gemeenten of the town as one
    gemeenten: np.ndarray  # [Y + 1, G, I]
    wijken: np.ndarray  # [Y + 1, W, I]
    buurten: np.ndarray  # [Y + 1, B, I], or by month
    windows: np.ndarray  # [2, I + 2]: horizon and last year, with worst buurt and costs
    profiles: np.ndarray  # [Profile, ByProfile] over the horizon
    cents: np.ndarray  # [Y, Event, Payer]
    owed: int  # cents: events times price, added up apart from the bookings
    counts: np.ndarray  # [Count] of the whole over the horizon


def blocks_of(rooms: Rooms) -> population.Blocks:
    """The blocks that building a world needs."""
    return population.Blocks(**{name: getattr(rooms, name) for name in population.Blocks._fields})


def built(job: Job) -> World:
    """The world as the tables give it, before the warm-up."""
    return population.build(job.town, blocks_of(job.rooms), job.seed, job.huidig.quota, job.warmup)


def month_zero(job: Job) -> World:
    """The world of month 0: built from the tables, and lived in for the warm-up."""
    world = built(job)
    city = City(world, job.rooms, job.huidig, [], job.seed, job.without)
    city.run(job.warmup)
    city.close()
    return world


def live(job: Job) -> dict[str, Run]:
    """All scenarios of one job. The last lives in the world of month 0 itself: a country is large."""
    start, last = month_zero(job), list(job.scenarios)[-1]
    return {
        name: live_scenario(job, start if name == last else start.copy(), settings) for name, settings in job.scenarios.items()
    }


def live_scenario(job: Job, world: World, settings: list[Setting]) -> Run:
    """One scenario from month 0, in the world that it is given."""
    city = City(world, job.rooms, job.huidig, settings, job.seed, job.without, months=job.months)
    city.run(job.months)
    run = summed_up(city.record, job)
    city.close()
    return run


def summed_up(record: Record, job: Job) -> Run:
    """A run's record as the tables that are kept."""
    last = record.counts.shape[0] - 1
    every_month = [slice(m, m + 1) for m in range(last + 1)]
    years = [slice(0, 1)] + [slice(m + 1, min(m + 13, last + 1)) for m in range(0, last, 12)]
    windows = [slice(1, last + 1), slice(max(1, last - 11), last + 1)]
    of_years = [record.counts[y].sum(axis=(0, 1), dtype=np.int64) for y in years[1:]]
    whole = record.period(windows, "town")
    large = record.homes >= min(job.rooms.indicators.smallest_buurt_homes, record.homes.max())
    worst = record.period(windows, "buurt").states["score"][:, large].min(axis=1)
    per_year = ledger.bill(whole.counts[:, 0], job.rooms.ledger).sum(axis=(1, 2)) / 100.0 * 12.0 / whole.months[:, 0]
    return Run(
        months=measure(record.period(every_month, "town"))[:, 0] if job.monthly else np.zeros((0, 0)),
        gemeente=measure(record.period(years, "town"))[:, 0],
        gemeenten=measure(record.period(years, "gemeente")),
        wijken=measure(record.period(years, "wijk")),
        buurten=measure(record.period(every_month if job.everything else years, "buurt")),
        windows=np.concatenate([measure(whole)[:, 0], worst[:, None], per_year[:, None]], axis=1),
        profiles=record.by_profile[1:].sum(axis=0),
        cents=np.stack([ledger.bill(counts, job.rooms.ledger) for counts in of_years]),
        owed=sum(ledger.owed(counts, job.rooms.ledger) for counts in of_years),
        counts=whole.counts[0, 0],
    )
