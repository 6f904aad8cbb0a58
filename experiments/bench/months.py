"""The model itself: its month, building its world, what passes outside kernels, memory, a country; and the command's help."""

import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numba.core.dispatcher import Dispatcher

from experiments.bench.agree import differences
from experiments.bench.arrays import Arrays
from experiments.bench.frozen import Columns, Parameters, start
from experiments.bench.objects import Objects
from experiments.bench.rows import ROOT, Row, Side, Target, apart, interleaved, ns_per_household_month, number, over, resident
from experiments.bench.towns import SEED, Size, ground, households
from experiments.engine.measure import Asked, Ground, blocks_of, built, month_zero, summed_up
from experiments.engine.store import Store
from model.city import City
from model.population import build


def row_month(size: Size) -> Row:
    """The full month on one core."""
    months = size.month_months
    this = ground(size.town, size.month_towns)
    n = households(this)
    city = City(month_zero(this, SEED), this.rooms, this.huidig, [], SEED, months=12 + months * size.rounds)
    city.run(12)
    p = Parameters()
    core = Columns(start(n, p), p, SEED)
    core.step()
    full, frozen = interleaved(
        size.rounds,
        lambda: ns_per_household_month(city.step, months, n),
        lambda: ns_per_household_month(core.step, months, n),
    )
    city.close()
    notes = [f"{size.month_towns} towns of {size.town:,} side by side; {months} months a round"]
    return Row(
        what=f"The full month on one core, {n:,} households",
        unit="ns per household-month",
        sides=[Side("full month", full), Side("frozen month", frozen), over(full, frozen, "full over frozen")],
        judged=0,
        target=Target(40, 20),
        notes=notes,
    )


def row_build(size: Size) -> Row:
    """What a world costs to build, in months of its own simulation."""
    months = size.month_months
    this = ground(size.town, size.month_towns)
    n = households(this)
    blocks = blocks_of(this.rooms)
    city = City(month_zero(this, SEED), this.rooms, this.huidig, [], SEED, months=months * size.rounds)
    built, month = interleaved(
        size.rounds,
        lambda: ns_per_household_month(lambda: build(this.town, blocks, SEED, this.huidig.quota, this.warmup), 1, n),
        lambda: ns_per_household_month(city.step, months, n),
    )
    city.close()
    return Row(
        what=f"Building the world from its tables, {n:,} households",
        unit="ns per household",
        sides=[Side("building", built), Side("one month", month), over(built, month, "months that building costs")],
        judged=2,
        target=Target(6, 3),
        notes=["synthesis from margins, homes, portieken, ties, teams, queues and the stock of vulnerable residents"],
    )


def _agreed(size: Size) -> str:
    """Says that the three frozen months give the same numbers, or what differs."""
    found = differences(min(1_000, size.objects_households))
    return "; ".join(["THE WAYS DIFFER", *found[:3]]) if found else "all three ways agree: counters equal, floats to 1e-6"


def row_objects(size: Size) -> Row:
    """Kernels over columns against one mesa agent per household."""
    n, p = size.objects_households, Parameters()
    agreed = _agreed(size)
    s = start(n, p)
    columns, objects = Columns(s, p, 1), Objects(s, p, 1)
    columns.step()
    objects.step()
    kernels, agents = interleaved(
        size.rounds,
        lambda: ns_per_household_month(columns.step, size.kernel_months, n),
        lambda: ns_per_household_month(objects.step, size.objects_months, n),
    )
    objects.remove_all_agents()
    return Row(
        what=f"A frozen month: columns against one mesa agent per household, {n:,} households",
        unit="ns per household-month",
        sides=[Side("kernels", kernels), Side("mesa agents", agents), over(agents, kernels, "times faster")],
        judged=2,
        target=Target(250, 500, more=True),
        notes=[
            "agents call the same scalar rules as plain Python (.py_func) by AgentSet.do;",
            "their luck is drawn beforehand by a kernel and handed over",
            agreed,
        ],
    )


def row_numpy(size: Size) -> Row:
    """Kernels over columns against plain NumPy."""
    n, p = size.numpy_households, Parameters()
    agreed = _agreed(size)
    s = start(n, p)
    columns, arrays = Columns(s, p, 1), Arrays(s, p, 1)
    columns.step()
    arrays.step()
    kernels, numpy = interleaved(
        size.rounds,
        lambda: ns_per_household_month(columns.step, size.numpy_months, n),
        lambda: ns_per_household_month(arrays.step, size.numpy_months, n),
    )
    return Row(
        what=f"A frozen month: kernels against plain NumPy in single precision, {n:,} households",
        unit="ns per household-month",
        sides=[Side("kernels", kernels), Side("numpy", numpy), over(numpy, kernels, "times faster")],
        judged=2,
        target=Target(3, 5, more=True),
        notes=[agreed],
    )


class Clock:
    """Nanoseconds and calls inside kernels."""

    def __init__(self) -> None:
        self.ns, self.calls = 0, 0

    def around(self, kernel: Callable[..., Any]) -> Callable[..., Any]:
        """The kernel, timed."""
        now = time.perf_counter_ns

        def timed(*args: Any) -> Any:
            start = now()
            result = kernel(*args)
            self.ns += now() - start
            self.calls += 1
            return result

        return timed


@contextmanager
def timed_kernels(clock: Clock, only: Collection[Dispatcher] | None = None) -> Iterator[None]:
    """While it lasts, every kernel that Python code of the model calls is timed, or `only` some. All must have been compiled.

    Rules (scalar, without `nogil`) that Python calls one by one are no kernels: their time counts as outside.
    """
    places = [
        (module, name, thing)
        for key, module in list(sys.modules.items())
        if key.partition(".")[0] == "model"
        for name, thing in vars(module).items()
        if isinstance(thing, Dispatcher) and thing.targetoptions.get("nogil") and (only is None or thing in only)
    ]
    try:
        for module, name, thing in places:
            setattr(module, name, clock.around(thing))
        yield
    finally:
        for module, name, thing in places:
            setattr(module, name, thing)


def cost_of_clock() -> tuple[float, float]:
    """Nanoseconds that the timer adds to a call: in all, and as far as they fall inside what it measures."""
    clock, calls = Clock(), 100_000

    def nothing() -> None:
        pass

    timed = clock.around(nothing)
    marks = [time.perf_counter_ns()]
    for call in (nothing, timed):
        for _ in range(calls):
            call()
        marks.append(time.perf_counter_ns())
    bare, wrapped = marks[1] - marks[0], marks[2] - marks[1]
    return max(0.0, (wrapped - bare) / calls), max(0.0, (clock.ns - bare) / calls)


def one_run(this: Ground, start: Any, months: int) -> None:
    """One run as a study does it: a copy of month 0, all months, what is kept of them, and its chunk written."""
    asked = Asked("run", "", "huidig", SEED, (), months, "monthly")
    city = City(start.copy(), this.rooms, this.huidig, [], SEED, months=months, follow=True)
    city.run(months)
    with tempfile.TemporaryDirectory() as folder:
        Store(Path(folder)).append([(asked, summed_up(city.record, asked, this.rooms))])
    city.close()


def ms_in_run(this: Ground, start: Any, months: int, clock: Clock, cost: tuple[float, float]) -> tuple[float, float]:
    """(whole, inside kernels) milliseconds of one run, without what the timers took."""
    clock.ns = clock.calls = 0
    with timed_kernels(clock):
        began = time.perf_counter_ns()
        one_run(this, start, months)
        whole = time.perf_counter_ns() - began
    return (whole - clock.calls * cost[0]) / 1e6, (clock.ns - clock.calls * cost[1]) / 1e6


def ms_untimed(this: Ground, start: Any, months: int) -> float:
    """Milliseconds of one run without any timer."""
    began = time.perf_counter_ns()
    one_run(this, start, months)
    return (time.perf_counter_ns() - began) / 1e6


def row_share(size: Size) -> Row:
    """Part of a run that passes outside kernels."""
    this = ground(size.town, size.share_towns)
    start, clock, cost = month_zero(this, SEED), Clock(), cost_of_clock()
    months = size.share_months
    ms_untimed(this, start, months)  # whatever was not compiled yet
    pairs: list[tuple[float, float]] = []

    def timed() -> float:
        pairs.append(ms_in_run(this, start, months, clock, cost))
        return pairs[-1][0]

    whole, untimed = interleaved(size.rounds, timed, lambda: ms_untimed(this, start, months))
    inside = [kernels for _, kernels in pairs]
    outside = [100.0 * (1.0 - k / w) for k, w in zip(inside, whole, strict=True)]
    rest = 1000.0 * statistics.median(w - k for w, k in pairs) / months
    return Row(
        what=f"Share of a run outside kernels, {households(this):,} households x {months} months, tables written",
        unit="ms per run",
        sides=[
            Side("whole run", whole),
            Side("inside kernels", inside),
            Side("whole run, no timers", untimed),
            Side("% outside kernels", outside),
        ],
        judged=3,
        target=Target(25, 10),
        notes=[
            f"{clock.calls / months:.0f} kernel calls a month; handing over their arguments counts as inside",
            f"{rest:,.0f} microseconds a month outside; the timers' own {cost[0]:.0f} ns a call is subtracted",
        ],
    )


def weigh(town: int, count: int) -> None:
    """Print as JSON what a city weighs after a year; meant for a process of its own."""
    this = ground(town, count)
    before = resident("VmRSS")
    city = City(month_zero(this, SEED), this.rooms, this.huidig, [], SEED, months=12)
    city.run(12)
    world = city.world
    tables = {name: getattr(world, name).nbytes for name in world.tables()}
    found = {
        "bytes": world.nbytes,
        "tables": tables,
        "households": households(this),
        "before": before,
        "peak": resident("VmHWM"),
    }
    found["record"] = city.record.counts[0].nbytes + city.record.states[0].nbytes
    print(json.dumps(found))


def row_memory(size: Size) -> Row:
    """Bytes of all columns. They do not vary, so there is one round."""
    found = apart(f"weigh({size.town}, {size.month_towns})", __name__)
    n = found["households"]
    each = sorted(((weight / n, name) for name, weight in found["tables"].items()), reverse=True)
    return Row(
        what=f"Memory of all columns, {n:,} households",
        unit="bytes per household",
        sides=[Side("all columns", [found["bytes"] / n])],
        judged=0,
        target=Target(120, 80),
        notes=[
            "of which " + ", ".join(f"{name} {number(weight)}" for weight, name in each),
            f"besides, {number(found['record'] / n)} bytes per household for every month that a run keeps",
            f"a process of its own: {found['before']:.0f} MB before the city, {found['peak']:.0f} MB at most",
        ],
    )


def live_country(town: int, count: int, months: int) -> None:
    """Print as JSON what each month of a country costs, and what it weighs at most; meant for a process of its own."""
    this = ground(town, count)
    city = City(built(this, SEED), this.rooms, this.huidig, [], SEED, months=months + 1)
    city.step()  # whatever was not compiled yet
    whole, inside, clock, cost = [], [], Clock(), cost_of_clock()
    for _ in range(months):
        clock.ns = clock.calls = 0
        with timed_kernels(clock):
            began = time.perf_counter_ns()
            city.step()
            whole.append(time.perf_counter_ns() - began - clock.calls * cost[0])
        inside.append(clock.ns - clock.calls * cost[1])
    print(json.dumps({"whole": whole, "inside": inside, "households": households(this), "peak": resident("VmHWM")}))


def row_country(size: Size) -> Row:
    """A country on one core: what all that is not a kernel adds, and whether it fits."""
    found = apart(f"live_country({size.town}, {size.country_towns}, {size.rounds})", __name__)
    n = found["households"]
    whole, inside = ([ns / n for ns in found[name]] for name in ("whole", "inside"))
    return Row(
        what=f"A country on one core, {n:,} households in {size.country_towns} gemeenten, a month a round",
        unit="ns per household-month",
        sides=[Side("whole month", whole), Side("inside kernels", inside), over(whole, inside, "times the kernels")],
        judged=2,
        target=Target(2.0, 1.3),
        notes=[
            f"ten years would take {statistics.median(whole) * n * 120 / 6e10:.0f} minutes, without warm-up",
            f"a process of its own, building included: {found['peak']:,.0f} MB at most (target 3,000)",
        ],
    )


def row_help(size: Size) -> Row | str:
    """How soon the command answers."""
    if importlib.util.find_spec("experiments.run") is None:
        return "The command's help: skipped, because experiments.run is not there"

    def ms(*args: str) -> float:
        began = time.perf_counter_ns()
        subprocess.run([sys.executable, *args], cwd=ROOT, capture_output=True, check=True)
        return (time.perf_counter_ns() - began) / 1e6

    command, bare = interleaved(size.help_rounds, lambda: ms("-m", "experiments.run", "--help"), lambda: ms("-c", "import hydra"))
    return Row(
        what="The command's help",
        unit="ms",
        sides=[
            Side("python -m experiments.run --help", command),
            Side('python -c "import hydra"', bare),
            over(command, bare, "ratio"),
        ],
        judged=2,
        target=Target(3, 2),
        notes=[],
    )
