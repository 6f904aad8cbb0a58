"""What a row of the benchmarks is, and how its sides are measured in turn."""

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Side(NamedTuple):
    """One of two ways, or a ratio of them, with what it took in each round."""

    name: str
    values: list[float]


class Target(NamedTuple):
    """What a median is to reach, and at best; `more` says that more is better."""

    reach: float
    beyond: float | None = None
    more: bool = False

    def verdict(self, median: float) -> str:
        """Whether it is reached, in words."""
        sign, better = (">=", median.__ge__) if self.more else ("<=", median.__le__)
        told = f"target {sign} {self.reach:g}" + ("" if self.beyond is None else f", beyond {sign} {self.beyond:g}")
        beyond = self.beyond is not None and better(self.beyond)
        return f"{told}: " + ("beyond" if beyond else "reached" if better(self.reach) else "NOT REACHED")


class Row(NamedTuple):
    """A claim with its measurement: the median of side `judged` is held against the target, if there is one."""

    what: str
    unit: str
    sides: list[Side]
    judged: int
    target: Target | None
    notes: list[str]

    def text(self, judge: bool) -> str:
        """The row as plain text, with all its rounds; `judge` adds the verdict."""
        lines = [f"{self.what} ({self.unit})"]
        width = max(len(side.name) for side in self.sides)
        lines.append(f"  {'':{width}}  {'min':>9} {'median':>9} {'max':>9}   rounds")
        for name, v in self.sides:
            three = " ".join(f"{number(x):>9}" for x in (min(v), statistics.median(v), max(v)))
            lines.append(f"  {name:{width}}  {three}   {' '.join(map(number, v))}")
        lines += [f"  {note}" for note in self.notes]
        if judge and self.target:
            name, values = self.sides[self.judged]
            median = statistics.median(values)
            lines.append(f"  {name}, median {number(median)}; {self.target.verdict(median)}")
        return "\n".join(lines)


def number(x: float) -> str:
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.1f}" if abs(x) >= 10 else f"{x:.2f}"


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


def resident(which: str, process: int | str = "self") -> float:
    """MB that a process holds now (`VmRSS`) or held at most (`VmHWM`); 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024.0 for line in lines if line.startswith(which)), 0.0)


def apart(call: str, module: str) -> dict[str, Any]:
    """What a function of a module prints as JSON on its last line, called in a process of its own."""
    code = f"from {module} import {call.partition('(')[0]}; {call}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found
