"""How fast: every claim about speed or memory, measured beside another way of doing it in the same run.

    python -m experiments.bench                      all rows, a minute or two
    python -m experiments.bench --only month share   some of them
    python -m experiments.bench --quick              small sizes: whether it works, not how fast it is

Both sides of a row take turns within each round, so that whatever else the machine does strikes both; at least three
rounds, all of them shown. Nothing here fails: a row says whether its target is reached, and the reader judges. A
household-month is one household that lives one month.

Rows: `month` is the full month of the model on one core, beside the frozen month of `experiments.bench_core` for as
many households, which tells how fast the machine was. `objects` and `numpy` are that frozen month by kernels against
one mesa agent per household and against plain NumPy. `share` is the part of a run that passes outside kernels.
`memory` is what columns weigh. `help` is how soon the command answers.

Not measured yet: all kernels against the memory-bandwidth bound at 8.4 million households; cost per household-month
from 10,000 to 8.4 million households; the Netherlands for 10 years on one core; 1,000 runs on two workers against one;
overhead of a sweep per run.
"""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from experiments.measure import Ground
    from model.policies import Levers
    from model.rooms import Rooms
    from model.town import Town

ROOT = Path(__file__).resolve().parent.parent
SEED = 1
TOWN = 12_000  # households of one town; what is larger is a region of such gemeenten, so that buurten keep their size


class Size(NamedTuple):
    """How much is measured; months are per round."""

    rounds: int
    town: int  # households of one town
    month_towns: int
    month_months: int
    objects_households: int
    objects_months: int
    kernel_months: int  # of the kernels beside those objects: they are hundreds of times faster
    numpy_households: int
    numpy_months: int
    share_towns: int
    share_months: int
    help_rounds: int
    country_towns: int


FULL = Size(5, TOWN, 8, 24, 10_000, 6, 600, 1_000_000, 8, 3, 120, 9, 698)
QUICK = Size(3, 1_000, 2, 12, 480, 3, 30, 20_000, 3, 1, 12, 2, 3)


class Side(NamedTuple):
    """One of two ways, or a ratio of them, with what it took in each round."""

    name: str
    values: list[float]


class Target(NamedTuple):
    """What a median is to reach; `more` says that more is better."""

    reach: float
    beyond: float
    more: bool = False

    def verdict(self, median: float) -> str:
        """Whether it is reached, in words."""
        sign, better = (">=", median.__ge__) if self.more else ("<=", median.__le__)
        outcome = "beyond" if better(self.beyond) else "reached" if better(self.reach) else "NOT REACHED"
        return f"target {sign} {self.reach:g}, beyond {sign} {self.beyond:g}: {outcome}"


class Row(NamedTuple):
    """A claim with its measurement: the median of side `judged` is held against the target."""

    what: str
    unit: str
    sides: list[Side]
    judged: int
    target: Target
    notes: list[str]

    def text(self, judge: bool) -> str:
        """The row as plain text, with all its rounds; `judge` adds the verdict."""
        lines = [f"{self.what} ({self.unit})"]
        width = max(len(side.name) for side in self.sides)
        lines.append(f"  {'':{width}}  {'min':>9} {'median':>9} {'max':>9}   rounds")
        for name, v in self.sides:
            three = " ".join(f"{_number(x):>9}" for x in (min(v), statistics.median(v), max(v)))
            lines.append(f"  {name:{width}}  {three}   {' '.join(map(_number, v))}")
        lines += [f"  {note}" for note in self.notes]
        name, values = self.sides[self.judged]
        median = statistics.median(values)
        if judge:
            lines.append(f"  {name}, median {_number(median)}; {self.target.verdict(median)}")
        return "\n".join(lines)


def _number(x: float) -> str:
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


# ---- measuring ----


def interleaved(rounds: int, *ways: Callable[[], float]) -> list[list[float]]:
    """What each way returns in each round. They take turns, and each round another goes first."""
    values: list[list[float]] = [[] for _ in ways]
    for r in range(rounds):
        for k in range(len(ways)):
            which = (k + r) % len(ways)
            values[which].append(ways[which]())
    return values


def ns_per_household_month(step: Callable[[], Any], months: int, households: int) -> float:
    """Nanoseconds for one household in one month, over `months` steps."""
    start = time.perf_counter_ns()
    for _ in range(months):
        step()
    return (time.perf_counter_ns() - start) / months / households


def over(above: list[float], below: list[float], name: str) -> Side:
    """Ratio of two sides, round by round."""
    return Side(name, [a / b for a, b in zip(above, below, strict=True)])


# ---- what is measured ----


def settings() -> "tuple[Rooms, Levers]":
    """The model's own numbers, and today's levers."""
    from omegaconf import OmegaConf

    from experiments.scenarios import read_levers
    from model.rooms import read_rooms

    configs = ROOT / "configs"
    loaded = {path.stem: OmegaConf.load(path) for path in sorted((configs / "parameters").glob("*.yaml"))}
    plain: Any = OmegaConf.to_container(OmegaConf.create({"parameters": loaded}), resolve=True)
    levers: Any = OmegaConf.to_container(OmegaConf.load(configs / "levers" / "huidig.yaml"))
    return read_rooms(plain["parameters"]), read_levers(levers, float(OmegaConf.load(configs / "config.yaml").quota))


def towns(rooms: "Rooms", households: int, count: int) -> "Town":
    """`count` voorbeeldsteden of so many households side by side, each a gemeente of its own with its own corporaties."""
    from dataclasses import replace

    import pandas as pd

    from model.voorbeeldstad import voorbeeldstad

    one = voorbeeldstad(rooms.voorbeeldstad._replace(households=households), rooms.town)

    def copy(k: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        b, owners, owned, tail = one.buurten, one.corporaties, one.bezit, f"-{k}"
        return (
            b.assign(code=b.code + tail, wijk=b.wijk + tail, gemeente=b.gemeente + tail),
            owners.assign(gemeente=owners.gemeente + tail),
            owned.assign(buurt=owned.buurt + k * len(b), corporatie=owned.corporatie + k * len(owners)),
        )

    parts = [pd.concat(frames, ignore_index=True) for frames in zip(*map(copy, range(count)), strict=True)]
    return replace(one, buurten=parts[0], corporaties=parts[1], bezit=parts[2])


def ground(town: int, count: int) -> "Ground":
    """What worlds of such towns are made of."""
    from experiments.measure import Ground

    rooms, huidig = settings()
    return Ground(towns(rooms, town, count), rooms, huidig, warmup=36, without=frozenset())


def households(of: "Ground") -> int:
    """Households that the tables ask for."""
    return int(of.town.buurten.huishoudens.sum())


# ---- rows ----


def row_month(size: Size) -> Row:
    """The full month on one core."""
    from experiments.bench_core import Columns, Parameters, start
    from experiments.measure import month_zero
    from model.city import City

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
    from experiments.measure import month_zero
    from model.city import City
    from model.population import Blocks, build

    months = size.month_months
    this = ground(size.town, size.month_towns)
    n = households(this)
    blocks = Blocks(**{name: getattr(this.rooms, name) for name in Blocks._fields})
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
    from experiments.bench_core import differences

    found = differences(min(1_000, size.objects_households))
    return "; ".join(["THE WAYS DIFFER", *found[:3]]) if found else "all three ways agree: counters equal, floats to 1e-6"


def row_objects(size: Size) -> Row:
    """Kernels over columns against one mesa agent per household."""
    from experiments.bench_core import Columns, Objects, Parameters, start

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
    from experiments.bench_core import Arrays, Columns, Parameters, start

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
def timed_kernels(clock: Clock) -> Iterator[None]:
    """While it lasts, every kernel that Python code of the model calls is timed. All must have been compiled before.

    Rules (scalar, without `nogil`) that Python calls one by one are no kernels: their time counts as outside.
    """
    from numba.core.dispatcher import Dispatcher

    places = [
        (module, name, thing)
        for key, module in list(sys.modules.items())
        if key.partition(".")[0] == "model"
        for name, thing in vars(module).items()
        if isinstance(thing, Dispatcher) and thing.targetoptions.get("nogil")
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


def one_run(this: "Ground", start: Any, months: int) -> None:
    """One run as a study does it: a copy of month 0, all months, what is kept of them, and its chunk written."""
    from experiments.measure import Asked, summed_up
    from experiments.store import Store
    from model.city import City

    asked = Asked("run", "", "huidig", SEED, (), months, "monthly")
    city = City(start.copy(), this.rooms, this.huidig, [], SEED, months=months)
    city.run(months)
    with tempfile.TemporaryDirectory() as folder:
        Store(Path(folder)).append([(asked, summed_up(city.record, asked, this.rooms))])
    city.close()


def ms_in_run(this: "Ground", start: Any, months: int, clock: Clock, cost: tuple[float, float]) -> tuple[float, float]:
    """(whole, inside kernels) milliseconds of one run, without what the timers took."""
    clock.ns = clock.calls = 0
    with timed_kernels(clock):
        began = time.perf_counter_ns()
        one_run(this, start, months)
        whole = time.perf_counter_ns() - began
    return (whole - clock.calls * cost[0]) / 1e6, (clock.ns - clock.calls * cost[1]) / 1e6


def ms_untimed(this: "Ground", start: Any, months: int) -> float:
    """Milliseconds of one run without any timer."""
    began = time.perf_counter_ns()
    one_run(this, start, months)
    return (time.perf_counter_ns() - began) / 1e6


def row_share(size: Size) -> Row:
    """Part of a run that passes outside kernels."""
    from experiments.measure import month_zero

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


def resident(which: str) -> float:
    """MB that this process holds now (`VmRSS`) or held at most (`VmHWM`); 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024.0 for line in lines if line.startswith(which))


def weigh(town: int, count: int) -> None:
    """Print as JSON what a city weighs after a year; meant for a process of its own."""
    this = ground(town, count)
    from experiments.measure import month_zero
    from model.city import City

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
    code = f"from experiments.bench import weigh; weigh({size.town}, {size.month_towns})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    n = found["households"]
    each = sorted(((weight / n, name) for name, weight in found["tables"].items()), reverse=True)
    return Row(
        what=f"Memory of all columns, {n:,} households",
        unit="bytes per household",
        sides=[Side("all columns", [found["bytes"] / n])],
        judged=0,
        target=Target(120, 80),
        notes=[
            "of which " + ", ".join(f"{name} {_number(weight)}" for weight, name in each),
            f"besides, {_number(found['record'] / n)} bytes per household for every month that a run keeps",
            f"a process of its own: {found['before']:.0f} MB before the city, {found['peak']:.0f} MB at most",
        ],
    )


def live_country(town: int, count: int, months: int) -> None:
    """Print as JSON what each month of a country costs, and what it weighs at most; meant for a process of its own."""
    from experiments.measure import built
    from model.city import City

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
    code = f"from experiments.bench import live_country; live_country({size.town}, {size.country_towns}, {size.rounds})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
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


ROWS: dict[str, Callable[[Size], Row | str]] = {
    "month": row_month,
    "build": row_build,
    "objects": row_objects,
    "numpy": row_numpy,
    "share": row_share,
    "memory": row_memory,
    "country": row_country,
    "help": row_help,
}


def machine() -> str:
    """What it was measured on."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "mesa"))
    return f"{cores} cores ({platform.machine()}), python {platform.python_version()}, {packages}"


def main(arguments: list[str] | None = None) -> None:
    """Measure the rows that were asked for, and print each as soon as it is there."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.bench", description="Benchmarks as ratios, both sides in one run."
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it works, not how fast it is")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="NAME", help="rows, of " + ", ".join(ROWS))
    asked = parser.parse_args(arguments)
    print(machine() + (" -- quick: sizes too small to judge by" if asked.quick else ""), flush=True)
    for name in asked.only or ROWS:
        row = ROWS[name](QUICK if asked.quick else FULL)
        print("\n" + (row if isinstance(row, str) else row.text(judge=not asked.quick)), flush=True)


if __name__ == "__main__":
    main()
