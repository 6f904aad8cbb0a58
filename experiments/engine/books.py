"""What is checked in every study while its runs go by: money, the placebo, base rates, and what is known of buurten."""

import numpy as np
import pandas as pd

from experiments import compare
from experiments.engine.differences import NAMES, last_year
from experiments.engine.measure import Run
from experiments.engine.rows import Pairs
from experiments.plan import AGAIN, LATE, MAIN, PLACEBO, Plan
from model.fit import observed_against
from model.indicators import INDICATORS
from model.world import Count


class Books:
    """What is checked in this very study, run by run: money, the placebo, base rates, buurten."""

    def __init__(self, p: Plan) -> None:
        self.p, self.months, self.cents = p, 0, 0
        self.twins: dict[str, Run] = {}
        self.rates: dict[str, list[np.ndarray]] = {MAIN: [], LATE: []}
        self.reports: dict[str, list[int]] = {MAIN: [], LATE: []}
        self.seeds = 0  # of the baseline
        self.by_buurt = np.zeros((len(p.town.buurten), len(INDICATORS)))

    def take(self, pairs: Pairs) -> None:
        """Take some runs into the books."""
        for a, run in pairs:
            self.months += a.months
            self.cents = max(self.cents, abs(int(run.booked) - int(run.owed)))
            if a.design in (PLACEBO, AGAIN):
                self.twins[a.scenario] = run
            if (a.design == MAIN and a.scenario == self.p.baseline) or a.design == LATE:
                self.rates[a.design].append(run.windows[0])
                self.reports[a.design].append(int(run.counts[Count.POLITIEMELDINGEN]))
            if a.design == MAIN and a.scenario == self.p.baseline:
                self.seeds += 1
                self.by_buurt += last_year(self.p, a, run)

    def checks(self, failed: int) -> pd.DataFrame:
        """What was checked, with its outcome."""
        rows = [
            ("placebo", "grootste verschil tussen de baseline en een placebobeleid", *self._apart(PLACEBO)),
            (
                "nog_eens",
                "grootste verschil van een run die nog eens apart is geleefd, waar het kan in een ander proces",
                *self._apart(AGAIN),
            ),
            (
                "mensen_en_woningen",
                "maanden waarin bewoners, personen, woningzoekenden en woningen sluitend zijn geteld",
                self.months,
                True,
            ),
            (
                "geld",
                "grootste verschil in centen tussen gebeurtenissen maal prijs en de som over betalers",
                self.cents,
                not self.cents,
            ),
            ("volledig", "runs die niet zijn gelukt", failed, not failed),
        ]
        return pd.DataFrame(rows, columns=["controle", "wat", "waarde", "goed"]).astype({"waarde": float})

    def _apart(self, other: str) -> tuple[float, bool]:
        """The largest difference of the baseline from a run that should be equal to it; NaN where one of them is missing."""
        if not self.twins.keys() >= {self.p.baseline, other}:
            return np.nan, False
        pairs = list(zip(self.twins[self.p.baseline], self.twins[other], strict=True))
        largest = max(float(np.nanmax(np.abs(a - b), initial=0.0)) for a, b in pairs)
        return largest, all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    def against_published(self) -> pd.DataFrame:
        """Model against published, from the baseline and from the check with late signals."""

        def means(design: str) -> dict[str, float]:
            if not self.rates[design]:
                return dict.fromkeys([*NAMES, "politiemeldingen_per_inwoner"], np.nan)
            found = pd.DataFrame(self.rates[design], columns=NAMES).mean().to_dict()
            a_year = np.mean(self.reports[design]) / (self.p.config["months"] / 12.0)
            return found | {"politiemeldingen_per_inwoner": 1000.0 * a_year / self.p.town.buurten.inwoners.sum()}

        return compare.against_published(means(MAIN), means(LATE))

    def observed(self) -> pd.DataFrame:
        """What is known of buurten against what the baseline makes of them in its last year, mean over seeds."""
        mean = self.by_buurt / max(self.seeds, 1)
        indicators = pd.DataFrame(mean, index=self.p.town.buurten.code, columns=list(INDICATORS))
        return observed_against(indicators, self.p.town.observed, self.p.town.buurten)
