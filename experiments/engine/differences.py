"""Scenarios beside the baseline, design point by design point: what is compared, and what is made of it over design points."""

from functools import cache

import numpy as np
import pandas as pd
import pyarrow as pa

from experiments import compare, ranking
from experiments.engine.measure import Asked, Run
from experiments.engine.rows import Pairs
from experiments.plan import MAIN, Plan
from model.indicators import COMPARED
from model.world import ByProfile, Payer, Profile

NAMES = list(COMPARED)
BY_BUURT = ("leefbaarheid", "plaatsingen", "escalaties")  # compared per buurt as well, in the study itself
NUMBERS = ("value", "baseline_value", "difference", "low", "high", "variance_ratio")  # of `compare.Compared`


class Values:
    """What is compared of one design point: [seeds, scenarios, V], and what each of the V is. Unknown is NaN."""

    def __init__(self, p: Plan, design: str, what: dict[str, np.ndarray]) -> None:
        self.p, self.design, self.what = p, design, what
        self.seeds = {seed: k for k, seed in enumerate(p.seeds)}
        self.scenarios = {name: k for k, name in enumerate(p.scenarios)}
        self.array = np.full((len(self.seeds), len(self.scenarios), len(what["indicator"])), np.nan)

    def take(self, pairs: Pairs) -> None:
        """Take the values of some runs."""
        for a, run in pairs:
            self.array[self.seeds[a.seed], self.scenarios[a.scenario]] = self._of(a, run)

    @property
    def known(self) -> bool:
        """Whether any scenario can be compared."""
        base = np.isfinite(self.array[:, self.scenarios[self.p.baseline]])
        others = [k for name, k in self.scenarios.items() if name != self.p.baseline]
        return bool((np.isfinite(self.array[:, others]).any(axis=(0, 1)) & base.any(axis=0)).any())

    def _of(self, a: Asked, run: Run) -> np.ndarray:
        head = run.windows[window_rows(), np.arange(len(NAMES))]
        if self.design != MAIN:
            return head
        a_year = run.cents.sum(axis=0) / 100.0 * 12.0 / a.months
        judged, soft = run.profiles[:, ByProfile.GELAND_BEOORDEELD], run.profiles[:, ByProfile.GELAND_ZACHT]
        landed = np.where(judged > 0, soft / np.maximum(judged, 1), np.nan)
        by_buurt = last_year(self.p, a, run)
        return np.concatenate([head, a_year, landed, *(by_buurt[:, NAMES.index(name)] for name in BY_BUURT)])


def last_year(p: Plan, a: Asked, run: Run) -> np.ndarray:
    """Indicators of each buurt in the last year [buurten, I]; with every month kept, the mean over its months."""
    last, buurten = 12 if a.detail == "full" else 1, len(p.town.buurten)
    return run.indicators[-last * buurten :].reshape(last, buurten, -1).mean(axis=0, dtype=float)


@cache
def window_rows() -> np.ndarray:
    """Row of `Run.windows` over which each indicator is compared."""
    return np.array([0 if label.window == "horizon" else 1 for label in COMPARED.values()])


def _compared(p: Plan, whole: bool) -> dict[str, np.ndarray]:
    """What is compared: every indicator for the gemeente; in the study itself also per payer, profile and buurt."""
    windows = ["horizon" if k == 0 else "last_year" for k in window_rows()]
    rows = [(name, window, "gemeente", p.town.code, "", "") for name, window in zip(NAMES, windows, strict=True)]
    if whole:
        rows += [("kosten", "horizon", "gemeente", p.town.code, "", k.name.lower()) for k in Payer]
        rows += [("zachte_landing", "horizon", "gemeente", p.town.code, k.name.lower(), "") for k in Profile]
        rows += [(name, "last_year", "buurt", code, "", "") for name in BY_BUURT for code in p.town.buurten.code]
    columns = ["indicator", "window", "level", "place", "profile", "payer"]
    return dict(zip(columns, np.array(rows, object).T, strict=True))


class Findings:
    """Differences from the baseline, design point by design point, and what is made of them over design points."""

    def __init__(self, p: Plan) -> None:
        self.p = p
        self.kind = {point.name: point.kind for point in p.points}
        self.headline = [NAMES.index(name) for name in p.config["robustness"]["indicators"]]
        self._what = {whole: _compared(p, whole) for whole in (True, False)}
        self._near: list[pd.DataFrame] = []
        self._drawn: list[np.ndarray] = []

    def values_of(self, design: str) -> Values:
        """Where the values of a design point are put."""
        return Values(self.p, design, self._what[design == MAIN])

    def compared(self, values: Values) -> pa.Table:
        """The rows of one design point: paired differences with their interval, what pairing won, and whether they matter."""
        names, base = np.array(list(values.scenarios), object), values.scenarios[self.p.baseline]
        c = compare.compared(values.array, base)
        known = ~np.isnan(c.value) & ~np.isnan(c.baseline_value)
        known[base] = False
        what, scenario = np.nonzero(known.T)
        numbers = {name: getattr(c, name)[scenario, what] for name in NUMBERS}
        keys = {name: column[what] for name, column in values.what.items()}
        block = self.p.rooms.indicators
        told = zip(keys["indicator"], numbers["baseline_value"].tolist(), strict=True)
        relevant = [COMPARED[name].relevant_difference(block, baseline) for name, baseline in told]
        columns = {"design": np.full(what.size, values.design, object), **keys, "scenario": names[scenario], **numbers}
        columns |= {"seeds": c.pairs[scenario, what].astype(np.int64), "relevant_difference": np.array(relevant, float)}
        rows = pa.table({name: pa.array(column, from_pandas=True) for name, column in columns.items()})  # unknown is null
        self._keep(values, rows, base)
        return rows

    def _keep(self, values: Values, rows: pa.Table, base: int) -> None:
        kind = self.kind[values.design]
        if kind == "study":
            self._study = values.array[:, :, NAMES.index(self.p.config["ranking"]["outcome"])]
        if kind in ("study", "shape", "screen"):
            frame = rows.to_pandas()
            whole = (frame.level == "gemeente") & (frame.payer == "") & (frame.profile == "")
            self._near.append(frame[whole & frame.indicator.isin([NAMES[k] for k in self.headline])])
        if kind == "draw":
            seeds = self.p.config["draws"]["seeds"]
            of = values.array[:seeds][:, :, self.headline]
            self._drawn.append(of - of[:, [base]])

    def ranking(self) -> pd.DataFrame:
        """The certificate of the order of scenarios on the chosen outcome, pair by pair, with the group of each."""
        found = certificate(self.p, self._study)
        group = {name: k for k, names in enumerate(found.groups) for name in names}
        of_pairs = {f"{side}_group": found.pairs[side].map(group) for side in ("first", "second")}
        return found.pairs.assign(indicator=self.p.config["ranking"]["outcome"], **of_pairs)

    def near(self) -> pd.DataFrame:
        """The headline's differences in the study itself, over shapes and catchments, and of screened numbers."""
        return pd.concat(self._near, ignore_index=True)

    def variance(self) -> pd.DataFrame:
        """Per scenario and headline indicator: how much of the variance of a difference is of numbers, and how much of luck."""
        columns = ["scenario", "indicator", *compare.Split._fields]
        if not self._drawn:
            return pd.DataFrame({name: pd.Series(dtype=object if k < 2 else float) for k, name in enumerate(columns)})
        drawn = np.stack(self._drawn)  # [draws, seeds, scenarios, headline]
        rows = [
            (scenario, NAMES[index], *compare.split(drawn[:, :, k, h]))
            for k, scenario in enumerate(self.p.scenarios) if scenario != self.p.baseline
            for h, index in enumerate(self.headline)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)


def certificate(p: Plan, values: np.ndarray) -> ranking.Certificate:
    """How sure the order of scenarios is: values [seeds, scenarios] of the chosen outcome."""
    asked_for = p.config["ranking"]
    at_baseline = values[:, list(p.scenarios).index(p.baseline)]
    label = COMPARED[asked_for["outcome"]]
    matters = label.relevant_difference(p.rooms.indicators, float(np.nanmean(at_baseline)))
    return ranking.certificate(values, list(p.scenarios), asked_for["error"], matters, label.better)
