"""Wrong pockets (m44): who pays more than under the baseline, who pays less, and which side payments would make it good.

A scenario invests where one payer pays more, and pays off where another pays less. If the whole does not cost more, those
who win can give those who lose what they lose, and nobody loses. All is euro a year, paired on seeds. Differences are means
over seeds: side payments settle those, and not the luck of one seed.
"""

import numpy as np
import pandas as pd

from experiments.compare import paired

TOGETHER = ""  # in the column `payer`: all payers
INVESTS, BENEFITS, OPEN, UNCHANGED = "invests", "benefits", "open", "unchanged"
COLUMNS = {
    "scenario": str, "payer": str, "difference": float, "low": float, "high": float, "role": str, "side_payment": float,
    "possible": bool, "possible_share": float, "seeds": int,
}  # fmt: skip


def side_payments(difference: np.ndarray) -> np.ndarray:
    """The smallest side payments [payers] after which nobody loses: received above 0, paid below, and 0 together.

    difference: what each payer pays more [payers], in euro. Losers get what they lose, from the winners in proportion to what
    these win. NaN for all where the whole loses: then no payments can do it. A cent is too little to be a loss.
    """
    lost, won = np.maximum(difference, 0.0), np.maximum(-difference, 0.0)
    if not possible(difference):
        return np.full(difference.shape, np.nan)
    return lost - won * (lost.sum() / won.sum() if won.any() else 0.0)


def possible(difference: np.ndarray) -> np.ndarray:
    """Whether the whole does not lose, to the cent [...], of differences [..., payers] in euro."""
    return np.round(difference.sum(axis=-1), 2) <= 0.0


def role(difference: float, low: float, high: float) -> str:
    """What a payer is shown to do: `open` where the interval holds 0 or is unknown."""
    if difference == low == high == 0.0:
        return UNCHANGED
    return INVESTS if low > 0.0 else BENEFITS if high < 0.0 else OPEN


def table(euros: np.ndarray, scenarios: list[str], baseline: str, payers: list[str]) -> pd.DataFrame:
    """A row per scenario and payer, and one for all payers together (docs/results.md).

    euros: a year [seeds, scenarios, payers]; NaN where a run is missing. Only seeds that both are known for count.
    """
    base = euros[:, scenarios.index(baseline)]
    rows: list[tuple] = []
    for k, scenario in enumerate(scenarios):
        difference = euros[:, k] - base
        difference = difference[np.isfinite(difference).all(axis=1)]
        if scenario != baseline and len(difference):
            rows += _rows(scenario, difference, payers)
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype(COLUMNS)


def _rows(scenario: str, difference: np.ndarray, payers: list[str]) -> list[tuple]:
    """The rows of one scenario, of differences [seeds, payers]."""
    payments = side_payments(difference.mean(axis=0))
    can, share = bool(np.isfinite(payments).all()), float(possible(difference).mean())
    rows = []
    for name, of, payment in zip(
        [*payers, TOGETHER], [*difference.T, difference.sum(axis=1)], [*payments, 0.0 if can else np.nan], strict=True
    ):
        x = paired(of)
        rows.append((scenario, name, x.mean, x.low, x.high, role(x.mean, x.low, x.high), payment, can, share, x.pairs))
    return rows
