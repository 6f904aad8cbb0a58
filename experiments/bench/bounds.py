"""What the machine allows, and whether size matters: kernels against memory bandwidth, and a household-month at four sizes."""

import json
import statistics
import time
from typing import Any

import numba
import numpy as np

from experiments.bench.months import Clock, cost_of_clock, timed_kernels
from experiments.bench.rows import Row, Side, Target, apart, ns_per_household_month, number, over
from experiments.bench.towns import SEED, Size, ground, households
from experiments.engine.measure import month_zero
from model import ledger, letting_round
from model.city import City
from model.mechanisms import arrears, leaving, neighbourhood, nuisance, settling, vulnerability
from model.world import Dwellings

# Of the kernels that pass over every home each month: columns of dwellings that they read whole, and those that they write whole.
PASSES: dict[Any, tuple[tuple[str, ...], tuple[str, ...]]] = {
    neighbourhood._live_together: (
        ("identity", "ties", "age_class", "ses", "months_here", "nuisance", "tolerance", "informal_help", "satisfaction"),
        ("tolerance", "informal_help", "satisfaction"),
    ),
    nuisance._notice: (("identity", "portiek", "tenure", "ties", "tolerance", "incidents", "nuisance"), ("nuisance",)),
    nuisance._cause: (("identity", "frailty", "incidents"), ("incidents", "incidents_before")),
    arrears._pay: (("identity", "tenure", "ses", "person", "incidents_before", "arrears"), ()),
    leaving._decide: (
        ("identity", "ses", "satisfaction", "eviction", "months_here", "months_vacant"),
        ("months_here", "months_vacant"),
    ),
    vulnerability._who_become: (("identity", "person", "ses"), ()),
    settling._market: (("identity",), ()),
    ledger._recount: (("identity", "person", "tenure"), ()),
    letting_round._homes_to_let: (("months_vacant",), ()),
}
TRIAD = 24  # bytes that the triad moves for each number: two are read, and one is written


def bytes_of_passes() -> int:
    """Bytes of one home that these kernels read and write in a month; what they do with a few homes besides is not counted."""
    columns = Dwellings.columns()
    moved = [columns[name] for reads, writes in PASSES.values() for name in (*reads, *writes)]
    return sum(np.dtype(c.dtype).itemsize * c.width for c in moved)


@numba.njit(nogil=True)
def _triad(a, b, c):
    for i in range(a.size):
        a[i] = b[i] + 3.0 * c[i]


def live_against_memory(town: int, count: int, rounds: int, numbers: int) -> None:
    """Print as JSON what the passes of a month cost, and the triad beside each month; meant for a process of its own."""
    this = ground(town, count)
    city = City(month_zero(this, SEED), this.rooms, this.huidig, [], SEED, months=rounds + 1)
    city.step()  # whatever was not compiled yet
    a, b, c = (np.full(numbers, x) for x in (0.0, 1.0, 2.0))
    _triad(a, b, c)
    passes, triad, clock, cost = [], [], Clock(), cost_of_clock()
    for _ in range(rounds):
        clock.ns = clock.calls = 0
        with timed_kernels(clock, PASSES):
            city.step()
        passes.append(clock.ns - clock.calls * cost[1])
        began = time.perf_counter_ns()
        _triad(a, b, c)
        triad.append((time.perf_counter_ns() - began) / numbers / TRIAD)
    print(json.dumps({"passes": passes, "ns_per_byte": triad, "households": households(this)}))


def row_bandwidth(size: Size) -> Row:
    """How near the kernels that pass over every home come to what memory could deliver, on one thread."""
    found = apart(f"live_against_memory({size.town}, {size.country_towns}, {size.rounds}, {size.triad_numbers})", __name__)
    n, moved = found["households"], bytes_of_passes()
    passes, bound = [ns / n for ns in found["passes"]], [moved * ns for ns in found["ns_per_byte"]]
    shares = [100.0 * least / took for least, took in zip(bound, passes, strict=True)]
    return Row(
        what=f"Kernels that pass over every home against the bandwidth of memory, {n:,} households, one thread",
        unit="ns per household-month",
        sides=[Side("kernels", passes), Side("memory alone", bound), Side("% of the bound", shares)],
        judged=2,
        target=Target(20, 35, more=True),
        notes=[
            f"{len(PASSES)} kernels read and write {moved} bytes of each home in a month",
            f"the triad beside each month moves {number(1.0 / statistics.median(found['ns_per_byte']))} GB a second",
        ],
    )


def live_sizes(town: int, counts: list[int], rounds: int, months: int) -> None:
    """Print as JSON what a household-month costs in regions of so many towns, in turn; meant for a process of its own."""
    cities: list[tuple[City, int]] = []
    ns: list[list[float]] = []
    many: list[int] = []
    for count in counts:
        this, lived = ground(town, count), max(1, months // count)
        city = City(month_zero(this, SEED), this.rooms, this.huidig, [], SEED, months=lived * rounds + 1)
        city.step()  # whatever was not compiled yet
        cities.append((city, lived))
        many.append(households(this))
        ns.append([])
    for _ in range(rounds):
        for k, (city, lived) in enumerate(cities):
            ns[k].append(ns_per_household_month(city.step, lived, many[k]))
    print(json.dumps({"households": many, "ns": ns}))


def row_sizes(size: Size) -> Row:
    """Whether a household-month costs the same in a town and in a country."""
    found = apart(f"live_sizes({size.town}, {list(size.sizes)}, {size.rounds}, {size.sizes_months})", __name__)
    rounds = list(zip(*found["ns"], strict=True))
    dearest = over([max(r) for r in rounds], [min(r) for r in rounds], "dearest over cheapest")
    return Row(
        what="A household-month in a town and in a country, one core",
        unit="ns per household-month",
        sides=[*(Side(f"{n:,} households", v) for n, v in zip(found["households"], found["ns"], strict=True)), dearest],
        judged=len(found["ns"]),
        target=Target(2.0, 1.5),
        notes=[f"towns of {size.town:,} side by side"],
    )
