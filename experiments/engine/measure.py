"""What one run is, how runs of one world are lived together, and what is kept of each.

A job is a world of month 0 (ground and seed) with all that is asked of it. The world is built and warmed up once. Runs
whose levers agree up to some month live those months together: the city forks where they part. What comes back are
arrays and not frames, so that a worker sends little.
"""

import hashlib
import traceback
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version as package_version
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from model import followed, ledger, population
from model.city import City
from model.indicators import Record, measure, place_by_place
from model.jit import sources_hash
from model.policies import Levers, Setting, levers_at
from model.rooms import Rooms
from model.town import Town
from model.world import World


class Ground(NamedTuple):
    """What a world is made of, besides its seed."""

    town: Town
    rooms: Rooms
    huidig: Levers
    warmup: int
    without: frozenset[str]


class Asked(NamedTuple):
    """One run. `key` says what is computed; design, scenario and seed say where it stands in the study."""

    key: str
    design: str
    scenario: str
    seed: int
    settings: tuple[Setting, ...]
    months: int
    detail: str  # monthly, summary or full
    apart: bool = False  # shares no month with another run, although its levers may agree


class Job(NamedTuple):
    """All that is asked of one world of month 0; `values` are what its design point changes."""

    values: dict[str, Any]
    seed: int
    asked: tuple[Asked, ...]


class Run(NamedTuple):
    """What is kept of one run. I indicators; rows as `blocks` says, place by place within a month."""

    indicators: np.ndarray  # float32 [rows, I]
    windows: np.ndarray  # float64 [2, I + 2]: horizon and last year, with worst buurt and costs
    profiles: np.ndarray  # int64 [Profile, ByProfile] over the horizon
    places: np.ndarray  # int64 [Place, ByPlace] over the horizon
    cents: np.ndarray  # int64 [Event, Payer] over the horizon, each year's discounted
    booked: np.ndarray  # int64 []: cents of all bookings together, before discounting
    owed: np.ndarray  # int64 []: events times price, added up apart from the bookings; equals `booked`
    counts: np.ndarray  # int64 [Count] of the whole over the horizon
    # who was followed (`model.followed.Kept`); of a summary all of these have length zero
    flows: np.ndarray  # int32 [whole years, Place + 1, Place]
    landings: np.ndarray  # int32 [months + 1, Profile, 2]
    waits: np.ndarray  # int64 [Profile, 2]
    homes: np.ndarray  # uint8 [3, dwellings]
    persons: np.ndarray  # uint64 [n]
    stability: np.ndarray  # uint8 [n]
    teams: np.ndarray  # float32 [months, CARE, TEAM]


assert Run._fields[-len(followed.Kept._fields) :] == followed.Kept._fields


class Failed(NamedTuple):
    """A run that ended in an error."""

    traceback: str


class Block(NamedTuple):
    """A stretch of rows of `Run.indicators`: every place of a level, for each of some periods."""

    period: str  # month or year
    level: str  # gemeente, regiogemeente, wijk or buurt
    months: tuple[int, ...]  # the last month of each period; 0 is the start


@cache
def version() -> str:
    """Hash of all code that decides what a run yields, as this process has loaded it: ours, and the packages that count."""
    ours = (Path(__file__), Path(__file__).parents[1] / "designs.py")
    packages = [f"{name} {package_version(name)}" for name in ("numpy", "scipy", "mesa")]
    return hashlib.sha256(repr([sources_hash(), packages, *(path.read_bytes() for path in ours)]).encode()).hexdigest()[:16]


def blocks(detail: str, months: int, gemeenten: int) -> list[Block]:
    """The rows of a run: `summary` is the gemeente and its buurten by year; `monthly` adds the gemeente by month, wijken, and
    the members of a region; `full` has buurten by month. All but `summary` follow persons and households besides."""
    by_month = tuple(range(months + 1))
    by_year = (0, *(min(m + 12, months) for m in range(0, months, 12)))
    found = [Block("year", "gemeente", by_year)]
    if follows(detail):
        found.insert(0, Block("month", "gemeente", by_month))
        found += [Block("year", "regiogemeente", by_year)] if gemeenten > 1 else []
        found.append(Block("year", "wijk", by_year))
    by_buurt = Block("month", "buurt", by_month) if detail == "full" else Block("year", "buurt", by_year)
    return [*found, by_buurt]


def follows(detail: str) -> bool:
    """Whether a run of this detail follows persons and households. It goes by detail, because the key of a run holds that and
    not the design point that asks for it."""
    return detail != "summary"


# Worlds


def blocks_of(rooms: Rooms) -> population.Blocks:
    """The blocks that building a world needs."""
    return population.Blocks(**{name: getattr(rooms, name) for name in population.Blocks._fields})


def built(ground: Ground, seed: int) -> World:
    """The world as the tables give it, before the warm-up."""
    return population.build(ground.town, blocks_of(ground.rooms), seed, ground.huidig.quota, ground.warmup)


def month_zero(ground: Ground, seed: int) -> World:
    """The world of month 0: built from the tables, and lived in for the warm-up."""
    world = built(ground, seed)
    city = City(world, ground.rooms, ground.huidig, [], seed, ground.without)
    city.run(ground.warmup)
    city.close()
    return world


# Runs


def live(ground: Ground, seed: int, asked: tuple[Asked, ...]) -> Iterator[tuple[Asked, Run | Failed]]:
    """All runs of one world, in the order in which they end. One that fails takes only those along that share its months."""
    try:
        world = month_zero(ground, seed)
        months, follow = max(a.months for a in asked), any(follows(a.detail) for a in asked)
        city = City(world, ground.rooms, ground.huidig, [], seed, ground.without, months=months, follow=follow)
    except Exception:
        told = Failed(traceback.format_exc())
        yield from ((a, told) for a in asked)
        return
    del world
    yield from _go_on(city, list(asked))
    city.close()


def _go_on(city: City, asked: list[Asked]) -> Iterator[tuple[Asked, Run | Failed]]:
    """Live on from the city's month, together as long as levers agree; the last to part keeps the city: a country is large."""
    try:
        while asked:
            for a in [a for a in asked if a.months == city.month]:
                yield a, summed_up(city.record, a, city.rooms)
                asked.remove(a)
            groups = _parting(city, asked)
            while len(groups) > 1:
                twin = city.fork(list(groups[0][0].settings))
                leaving = groups.pop(0)
                asked = [a for group in groups for a in group]
                yield from _go_on(twin, leaving)
                twin.close()
            if asked:
                city.settings = list(asked[0].settings)
                city.run(asked[0].months - city.month if len(asked) == 1 else 1)
    except Exception:
        told = Failed(traceback.format_exc())
        yield from ((a, told) for a in asked)


def _parting(city: City, asked: list[Asked]) -> list[list[Asked]]:
    """Who lives the next month together."""
    groups: dict[Any, list[Asked]] = {}
    for a in asked:
        levers = levers_at(city.month + 1, city.huidig, list(a.settings))
        groups.setdefault((levers, a.key if a.apart else ""), []).append(a)
    return list(groups.values())


def summed_up(record: Record, asked: Asked, rooms: Rooms) -> Run:
    """A run's record as the arrays that are kept: up to its last month, which must be now where persons are followed."""
    last = asked.months
    years = [slice(m + 1, min(m + 13, last + 1)) for m in range(0, last, 12)]
    windows = [slice(1, last + 1), slice(max(1, last - 11), last + 1)]
    whole = record.period(windows, "town")
    of_years = record.period(years, "town").counts[:, 0]
    large = record.homes >= min(rooms.indicators.smallest_buurt_homes, record.homes.max())
    worst = record.period(windows, "buurt").states["score"][:, large].min(axis=1)
    booked = ledger.bill(of_years, rooms.ledger)
    cents = ledger.discounted(booked, rooms.ledger.discount_rate)
    last_year = ledger.discounted(ledger.bill(whole.counts[1:, 0], rooms.ledger), rooms.ledger.discount_rate, len(years) - 1)
    per_year = np.array([cents.sum(), last_year.sum()]) / 100.0 * 12.0 / whole.months[:, 0]
    return Run(
        indicators=_rows(record, asked),
        windows=np.concatenate([measure(whole)[:, 0], worst[:, None], per_year[:, None]], axis=1),
        profiles=record.by_profile[1 : last + 1].sum(axis=0),
        places=record.by_place[1 : last + 1].sum(axis=0),
        cents=cents.sum(axis=0),
        booked=np.array(booked.sum()),
        owed=np.array(ledger.owed(of_years, rooms.ledger)),
        counts=whole.counts[0, 0],
        **_followed(record, asked)._asdict(),
    )


def _followed(record: Record, asked: Asked) -> followed.Kept:
    """Persons and households of a run whose detail asks for them; raises `ValueError` where the record has other months."""
    if not follows(asked.detail):
        return followed.nothing()
    if record.followed is None or record.followed.last - record.followed.first != asked.months:
        raise ValueError(f"{asked.scenario}: nobody was followed for {asked.months} months")
    return record.followed.kept()


def _rows(record: Record, asked: Asked) -> np.ndarray:
    """Indicators [rows, I], block after block."""
    level_of = {"gemeente": "town", "regiogemeente": "gemeente", "wijk": "wijk", "buurt": "buurt"}
    periods = []
    for block in blocks(asked.detail, asked.months, record.gemeenten):
        slices = [slice(0, 1)] + [slice(a + 1, b + 1) for a, b in pairwise(block.months)]
        periods.append(record.period(slices, level_of[block.level]))
    return measure(place_by_place(periods))[0].astype(np.float32)
