"""The command of the benchmarks: measure the rows that were asked for, and print each as soon as it is there."""

import argparse
import os
import platform
from collections.abc import Callable
from importlib.metadata import version

from experiments.bench import __doc__ as story
from experiments.bench import bounds, months, studies
from experiments.bench.rows import Row
from experiments.bench.towns import FULL, QUICK, Size

ROWS: dict[str, Callable[[Size], Row | str]] = {
    "month": months.row_month,
    "build": months.row_build,
    "objects": months.row_objects,
    "numpy": months.row_numpy,
    "share": months.row_share,
    "memory": months.row_memory,
    "country": months.row_country,
    "sizes": bounds.row_sizes,
    "bandwidth": bounds.row_bandwidth,
    "help": months.row_help,
    "overhead": studies.row_overhead,
    "workers": studies.row_workers,
    "flat": studies.row_flat,
    "files": studies.row_files,
    "start": studies.row_month_zero,
    "months": studies.row_shared,
}


def machine() -> str:
    """What it was measured on, and how busy it was."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numba", "numpy", "mesa"))
    busy = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return f"{cores} cores ({platform.machine()}), python {platform.python_version()}, {packages}{busy}"


def main(arguments: list[str] | None = None) -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.bench", description=story, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it works, not how fast it is")
    parser.add_argument("--only", nargs="+", choices=ROWS, metavar="NAME", help="rows, of " + ", ".join(ROWS))
    parser.add_argument("--runs", type=int, help=f"runs of the row workers (now {FULL.worker_runs})")
    parser.add_argument("--rounds", type=int, help=f"rounds of the rows of a study (now {FULL.study_rounds})")
    asked = parser.parse_args(arguments)
    size = QUICK if asked.quick else FULL
    size = size._replace(worker_runs=asked.runs or size.worker_runs, study_rounds=asked.rounds or size.study_rounds)
    print(machine() + (" -- quick: sizes too small to judge by" if asked.quick else ""), flush=True)
    for name in asked.only or ROWS:
        row = ROWS[name](size)
        print("\n" + (row if isinstance(row, str) else row.text(judge=not asked.quick)), flush=True)


if __name__ == "__main__":
    main()
