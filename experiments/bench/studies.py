"""What a study takes besides its model: time, memory and files; and what runs save that share months."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import psutil

from experiments import report
from experiments.bench.rows import ROOT, Row, Side, Target, apart, interleaved, number, over, resident
from experiments.bench.towns import SEED, Size, ground
from experiments.config import composed
from experiments.engine import study, workers
from experiments.engine.measure import Asked, Failed, Ground, Run, live
from experiments.plan import Plan, plan
from experiments.scenarios import settings_of
from model.policies import FOREVER, Setting

BASELINE, OTHERS = "loting", ("concentratie", "spreiding", "draagkracht")
LOOKS = 0.02  # seconds between two looks at a study's folder
BEGIN = """
import experiments.engine.study
from experiments.config import composed
from experiments.plan import plan
plan(composed([]))
"""


def planned(folder: Path, runs: int, households: int, months: int, workers: int, *more: str) -> Plan:
    """A study of about so many runs of voorbeeldstad: four scenarios times seeds, and the runs that are its checks."""
    return plan(
        composed(
            [
                f"results.folder={folder}", f"baseline={BASELINE}", f"scenarios=[{','.join(OTHERS)}]",
                f"seeds={max(2, runs // (1 + len(OTHERS)))}", f"months={months}", f"workers={workers}",
                f"parameters.voorbeeldstad.households.value={households}", "robustness.seeds=0", "draws.kind=none", *more,
            ]
        )
    )  # fmt: skip


def swept(folder: Path, points: int, households: int, months: int) -> Plan:
    """So many design points of four scenarios and two seeds, besides the study itself, with one worker."""
    number = f"design.number={points}"
    over = "design.over={draagkracht.shape: [0.5, 2.0], support.following_wijkteam: [0.1, 0.9]}"
    return planned(
        folder, 8, households, months, 1, "design.kind=lhs", number, over, "design.seeds=2", f"design.months={months}"
    )  # fmt: skip


# ---- all but the model ----


class Spent(NamedTuple):
    """Milliseconds of a study with one worker, and those of them in `measure.live`; cpu is the processor's own time."""

    runs: int
    wall: float
    cpu: float
    model_wall: float
    model_cpu: float

    @property
    def engine(self) -> float:
        """Milliseconds of all but the model."""
        return self.wall - self.model_wall


@contextmanager
def model_timed(spent: list[float]) -> Iterator[None]:
    """While it lasts, seconds (wall, cpu) of a study's calls of `measure.live` are added to `spent`."""
    own = workers.live

    def timed(ground: Ground, seed: int, asked: tuple[Asked, ...]) -> Iterator[tuple[Asked, Run | Failed]]:
        wall, cpu = time.perf_counter(), time.process_time()
        found = list(own(ground, seed, asked))
        spent[0] += time.perf_counter() - wall
        spent[1] += time.process_time() - cpu
        return iter(found)

    workers.live = timed
    try:
        yield
    finally:
        workers.live = own


def spent_on(points: int, size: Size) -> Spent:
    """Live a sweep of design points with one worker, tables and all."""
    inside = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as folder, model_timed(inside):
        p = swept(Path(folder), points, size.overhead_households, size.overhead_months)
        wall, cpu = time.perf_counter(), time.process_time()
        computed = study.run(p).computed
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Spent(computed, 1000 * wall, 1000 * cpu, 1000 * inside[0], 1000 * inside[1])


def row_overhead(size: Size) -> Row:
    """What a run costs besides the model: what grows with runs, apart from what a study costs once.

    The model is timed within the study itself, call by call: the difference of two whole studies would drown in the noise
    of their models.
    """
    few: list[Spent] = []
    many: list[Spent] = []
    spent_on(1, size)  # whatever was not compiled or imported yet

    def lived(points: int, into: list[Spent]) -> float:
        into.append(spent_on(points, size))
        return into[-1].engine

    interleaved(size.study_rounds, lambda: lived(size.overhead_few, few), lambda: lived(size.overhead_points, many))
    grows = [(b.engine - a.engine) / (b.runs - a.runs) for a, b in zip(few, many, strict=True)]
    cpu = [(b.cpu - b.model_cpu - a.cpu + a.model_cpu) / (b.runs - a.runs) for a, b in zip(few, many, strict=True)]
    once = statistics.median(a.engine - a.runs * g for a, g in zip(few, grows, strict=True))
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", BEGIN], cwd=ROOT, check=True)
    start = time.perf_counter() - began
    return Row(
        what=f"All of a sweep but its model, {size.overhead_points} design points, {many[0].runs:,} runs of "
        f"{size.overhead_months} months, one worker, tables written",
        unit="ms per run",
        sides=[
            Side("whole study", [x.wall / x.runs for x in many]),
            Side("measure.live", [x.model_wall / x.runs for x in many]),
            Side("all but the model", [x.engine / x.runs for x in many]),
            Side("of which grows with runs", grows),
            Side("the same, processor time", cpu),
        ],
        judged=3,
        target=Target(2.0, 0.5),
        notes=[
            f"{size.overhead_households:,} households in 25 buurten, detail summary; {few[0].runs} runs tell what does not grow",
            f"once a study: {number(once)} ms (the fit with its own month 0, tables of one size, the map, the lock)",
            f"before it: {number(1000 * start)} ms to start Python, compose the configuration and plan",
        ],
    )


# ---- workers ----


def seconds_of(runs: int, size: Size, workers: int) -> float:
    """Seconds of a study, tables and all."""
    with tempfile.TemporaryDirectory() as folder:
        p = planned(Path(folder), runs, size.worker_households, size.worker_months, workers)
        began = time.perf_counter()
        study.run(p)
        return time.perf_counter() - began


def row_workers(size: Size) -> Row:
    """A study on two workers against one."""
    seconds_of(8, size, 1)  # whatever was not compiled yet
    one, two = interleaved(
        size.study_rounds,
        lambda: seconds_of(size.worker_runs, size, 1),
        lambda: seconds_of(size.worker_runs, size, 2),
    )
    what = f"{size.worker_runs:,} runs of {size.worker_households:,} households x {size.worker_months} months"
    notes = ["workers start anew with each study and load their kernels, which weighs less the more runs there are"]
    if size.worker_runs < 1000:
        notes.append("the claim is of 1,000 runs: --only workers --runs 1000 --rounds 1 measures it")
    return Row(
        what=f"Two workers against one: {what}, tables written",
        unit="seconds",
        sides=[Side("one worker", one), Side("two workers", two), over(one, two, "times faster")],
        judged=2,
        target=Target(1.6, 1.8, more=True),
        notes=notes,
    )


# ---- memory and files ----


def files(folder: Path) -> int:
    """Files in a folder and all that is below it, also while others take files away."""
    return sum(len(names) for _, _, names in os.walk(folder))


@contextmanager
def most_files(folder: Path) -> Iterator[list[int]]:
    """The most files that were seen in a folder while it lasts, as the one item of a list."""
    most, done = [0], threading.Event()

    def look() -> None:
        while not done.wait(LOOKS):
            most[0] = max(most[0], files(folder))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield most
    finally:
        done.set()
        watcher.join()


def watch(runs: int, households: int, months: int) -> None:
    """Print as JSON what a study with two workers holds at most and leaves behind; meant for a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        p = planned(Path(folder), runs, households, months, workers=2)
        with most_files(p.folder) as most:
            computed = study.run(p).computed
        workers = [resident("VmHWM", child.pid) for child in psutil.Process().children(recursive=True)]
        found = {"runs": computed, "main": resident("VmHWM"), "worker": max(workers), "most": most[0], "left": files(p.folder)}
        report.write(p.folder)
        print(json.dumps(found | {"reported": files(p.folder)}))


@cache
def watched(runs: int, households: int, months: int) -> dict[str, Any]:
    """What `watch` finds, looked at once however many rows tell of it."""
    return apart(f"watch({runs}, {households}, {months})", __name__)


def row_flat(size: Size) -> Row:
    """Memory of few runs against many. It hardly varies, so there is one round."""
    few, many = (watched(runs, size.flat_households, size.flat_months) for runs in (size.flat_few, size.flat_many))
    ratios = {name: many[name] / few[name] if few[name] else float("nan") for name in ("main", "worker")}
    return Row(
        what=f"Peak memory of {few['runs']:,} runs against {many['runs']:,}, two workers",
        unit="MB",
        sides=[
            *(
                Side(f"{told}, {x['runs']:,} runs", [x[name]])
                for name, told in (("main", "main process"), ("worker", "largest worker"))
                for x in (few, many)
            ),
            Side("ratio of the main process", [ratios["main"]]),
            Side("ratio of the largest worker", [ratios["worker"]]),
            Side("the larger ratio", [max(ratios.values())]),
        ],
        judged=6,
        target=Target(1.1),
        notes=[f"{size.flat_households:,} households x {size.flat_months} months; each study in a process of its own"],
    )


def row_files(size: Size) -> Row:
    """What a study leaves in its folder, and the most that stands there while it runs."""
    found = watched(size.flat_many, size.flat_households, size.flat_months)
    return Row(
        what=f"Files of a study of {found['runs']:,} runs",
        unit="files",
        sides=[
            Side("at the end", [found["left"]]),
            Side("most at any moment", [found["most"]]),
            Side("with its report and figures", [found["reported"]]),
        ],
        judged=0,
        target=Target(19),
        notes=[f"looked at every {1000 * LOOKS:.0f} ms; chunks grow with the minutes that a study takes, not with its runs"],
    )


# ---- shared months ----


def ms_of(this: Ground, together: list[tuple[Asked, ...]], into: dict[str, Run]) -> float:
    """Milliseconds of living some groups of runs, each with a month 0 of its own; the runs are put `into`."""
    began = time.perf_counter()
    for group in together:
        for a, run in live(this, SEED, group):
            if not isinstance(run, Run):
                raise RuntimeError(run.traceback)
            into[a.scenario] = run
    return 1000 * (time.perf_counter() - began)


def _saved(what: str, size: Size, this: Ground, ways: dict[str, list[tuple[Asked, ...]]], note: str) -> Row:
    """A row of two ways of living the same runs: the first shares more than the second."""
    kept: list[dict[str, Run]] = [{}, {}]
    calls = [(lambda k=k, groups=groups: ms_of(this, groups, kept[k])) for k, groups in enumerate(ways.values())]
    for call in calls:
        call()  # whatever was not compiled yet
    values = interleaved(size.study_rounds, *calls)
    same = all(
        np.array_equal(x, y, equal_nan=True) for name in kept[0] for x, y in zip(kept[0][name], kept[1][name], strict=True)
    )
    sides = [Side(name, v) for name, v in zip(ways, values, strict=True)]
    told = "both ways give equal runs" if same else "THE RUNS DIFFER"
    return Row(what, "ms", [*sides, over(values[1], values[0], "times faster")], 2, None, [note, told])


def row_month_zero(size: Size) -> Row:
    """Scenarios of one seed lived together, against each with a building and a warm-up of its own."""
    this, months = ground(size.shared_households, 1), size.shared_months
    wanted = [
        Asked(name, "", name, SEED, tuple(settings_of(name, "scenarios")), months, "monthly") for name in (BASELINE, *OTHERS)
    ]
    return _saved(
        f"Month 0 shared by {len(wanted)} scenarios, {size.shared_households:,} households x {months} months",
        size,
        this,
        {"one month 0": [tuple(wanted)], "each its own": [(a,) for a in wanted]},
        f"month 0 is the building of the world and a warm-up of {this.warmup} months",
    )


def row_shared(size: Size) -> Row:
    """Two scenarios that part halfway, sharing the months before, against each living all its months."""
    this, months = ground(size.shared_households, 1), size.shared_months
    part = months // 2 + 1
    late = (Setting("strategie", "spreiding", part, FOREVER, "spreiding"),)
    two = [Asked("a", "", "a", SEED, (), months, "monthly"), Asked("b", "", "b", SEED, late, months, "monthly")]
    return _saved(
        f"Months shared by two scenarios that part at month {part} of {months}, {size.shared_households:,} households",
        size,
        this,
        {"shared": [tuple(two)], "each lives all": [tuple(a._replace(apart=True) for a in two)]},
        f"{months + months - part + 1} months against {2 * months}; month 0 is shared either way",
    )
