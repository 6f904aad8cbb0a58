"""What is seen while a study runs: how far it is, how long it still takes, what failed, and what it has found so far.

On a terminal it is a bar with a line per headline indicator, on the last lines of the screen. In a log or in CI it is
quiet: one line every `QUIET` seconds.
"""

import sys
import time

import numpy as np
from tqdm import tqdm

from experiments.compare import paired
from experiments.engine.differences import NAMES, window_rows
from experiments.engine.measure import Asked, Failed, Run
from experiments.plan import MAIN, Plan
from experiments.show import number, signed

QUIET = 600.0  # seconds between two lines in a log
SHOWN = 3  # headline indicators
EVERY = 1.0  # seconds between two looks at the headline


class Progress:
    """Counts runs as they come, and keeps the headline of the study itself."""

    def __init__(self, p: Plan, total: int, known: int) -> None:
        self.p, self.total, self.done, self.failed = p, total, 0, 0
        self.began = self.told = time.monotonic()
        self.indicators = p.config["robustness"]["indicators"][:SHOWN]
        self.values: dict[tuple[str, str], dict[int, float]] = {}
        self.seen = sys.stderr.isatty()
        self.bar = tqdm(total=total + known, initial=known, unit="run", desc="runs", disable=not self.seen, dynamic_ncols=True)
        self.lines = [
            tqdm(total=0, position=k + 1, bar_format="{desc}", disable=not self.seen, leave=False)
            for k in range(len(self.indicators))
        ]

    def add(self, asked: Asked, found: Run | Failed) -> None:
        """One run more."""
        self.done += 1
        if isinstance(found, Failed):
            self.failed += 1
            self.bar.set_postfix(failed=self.failed)
        else:
            self.learn(asked, found)
        self.bar.update(1)
        now = time.monotonic()
        if self.seen and now - self.told > EVERY:
            self.told = now
            for line, indicator in zip(self.lines, self.indicators, strict=True):
                line.set_description_str(self.headline(indicator))
        elif not self.seen and now - self.told > QUIET:
            self.told = now
            print(self.summary(), file=sys.stderr, flush=True)

    def learn(self, asked: Asked, run: Run) -> None:
        """Take the headline indicators of a run of the study itself."""
        if asked.design != MAIN:
            return
        for name in self.indicators:
            k = NAMES.index(name)
            self.values.setdefault((asked.scenario, name), {})[asked.seed] = float(run.windows[window_rows()[k], k])

    def headline(self, indicator: str) -> str:
        """The differences of one indicator so far, with their interval over the seeds that are in."""
        base = self.values.get((self.p.baseline, indicator), {})
        told, pairs = [], []
        for scenario in self.p.scenarios:
            mine = self.values.get((scenario, indicator), {})
            seeds = sorted(mine.keys() & base.keys())
            if scenario == self.p.baseline or len(seeds) < 2:
                continue
            x = paired(np.array([mine[s] - base[s] for s in seeds]))
            told.append(f"{scenario} {signed(x.mean)} [{signed(x.low)}, {signed(x.high)}]")
            pairs.append(x.pairs)
        count = f", {min(pairs)} seeds" if pairs else ""
        return f"  {indicator}{count}: " + ("; ".join(told) or "no pair of runs yet")

    def summary(self) -> str:
        """One line: how far, how fast, how long still."""
        seconds = time.monotonic() - self.began
        rate = self.done / seconds if seconds else 0.0
        left = (self.total - self.done) / rate if rate else float("nan")
        failed = f", {self.failed} failed" if self.failed else ""
        far = f"{self.done:,} of {self.total:,} runs{failed}; {rate:.1f} a second; {number(left)} s to go"
        return f"{far};{self.headline(self.indicators[0])}"

    def close(self) -> None:
        """Clear the lines; the bar stays."""
        for line in reversed(self.lines):
            line.close()
        self.bar.close()
