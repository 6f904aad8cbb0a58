"""Scenarios against the baseline, paired on seeds: differences with intervals, the three shares, model against published."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """Mean difference and its interval over n paired seeds; NaN where there are fewer than two pairs."""

    mean: float
    low: float
    high: float
    pairs: int


def paired(difference: np.ndarray) -> Interval:
    """Student interval of paired differences [seeds]; pairs with an unknown value are left out."""
    known = difference[np.isfinite(difference)]
    n = known.size
    if n < 2:
        return Interval(float(known.mean()) if n else np.nan, np.nan, np.nan, n)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, n - 1) * known.std(ddof=1) / np.sqrt(n)
    return Interval(float(known.mean()), float(known.mean() - half), float(known.mean() + half), n)


def verdict(reference: float, x: Interval) -> str:
    """'same', 'flipped' or 'not separable', against the sign of the study's own difference (choice 1)."""
    if not np.isfinite(x.low) or x.low <= 0.0 <= x.high:
        return "not separable"
    return "same" if np.sign(x.mean) == np.sign(reference) else "flipped"


def differences(values: pd.DataFrame, keys: list[str], baseline: str) -> pd.DataFrame:
    """Paired differences per key and scenario.

    values: columns `keys` (design, indicator, level, ...), scenario, seed, value. Returns the keys, scenario, value,
    baseline_value, difference, low, high, seeds.
    """
    wide = values.set_index([*keys, "seed", "scenario"])["value"].unstack("scenario", sort=False)
    rows = []
    for key, group in wide.groupby(level=list(range(len(keys))), sort=False):
        if baseline not in group or group[baseline].isna().all():
            continue
        for scenario in group.columns:
            if scenario == baseline or group[scenario].isna().all():
                continue
            x = paired((group[scenario] - group[baseline]).to_numpy())
            rows.append((*key, scenario, group[scenario].mean(), group[baseline].mean(), *x))
    return pd.DataFrame(rows, columns=[*keys, "scenario", "value", "baseline_value", "difference", "low", "high", "seeds"])


def three_shares(table: pd.DataFrame, weights: dict[str, float], indicators: list[str]) -> pd.DataFrame:
    """Over the design of choice 1: per scenario and indicator the weight of points with the same order, flipped, not separable.

    table: the differences of the gemeente; weights: design point -> weight, "" being the study itself.
    """
    rows = []
    headline = table[(table.level == "gemeente") & (table.payer == "") & (table.profile == "")]
    for (scenario, indicator), group in headline.groupby(["scenario", "indicator"], sort=False):
        points = group[group.design.isin(weights)]
        main = group[group.design == ""]
        if indicator not in indicators or main.empty or len(points) < 2:
            continue
        share = {"same": 0.0, "flipped": 0.0, "not separable": 0.0}
        for point in points.itertuples():
            share[verdict(main.difference.iloc[0], Interval(point.difference, point.low, point.high, point.seeds))] += weights[
                point.design
            ]
        total = sum(share.values())
        rows.append(
            (
                scenario,
                indicator,
                main.difference.iloc[0],
                *(v / total for v in share.values()),
                len(points),
                int(points.seeds.min()),
            )
        )
    columns = ["scenario", "indicator", "difference", "same", "flipped", "not_separable", "points", "seeds"]
    return pd.DataFrame(rows, columns=columns)


PUBLISHED = (
    # row, what, unit, published, which design point, how the model counts it
    ("E076", "vaak hinder van buren", "aandeel huishoudens", 0.05, "main", "vaak_hinder"),
    ("E078", "klachten over kwetsbare bewoners", "per 1.000 corporatiewoningen per jaar", 7.9, "main", "klachten_over_personen"),
    ("E084", "politiemeldingen verward gedrag", "per 1.000 inwoners per jaar", 7.8, "main", "politiemeldingen_per_inwoner"),
    ("E093", "uitzettingen bij late signalen (2013)", "per 1.000 corporatiewoningen per jaar", 3.1, "late", "uitzettingen"),
    ("E114", "vrijgekomen corporatiewoningen", "aandeel per jaar", 0.07, "main", "mutatiegraad"),
    ("E121", "inschrijfduur regulier", "maanden", 72.0, "main", "wachttijd_regulier"),
)


def against_published(main: dict[str, float], late: dict[str, float]) -> pd.DataFrame:
    """Model beside published for the rows that base rates were set with (choice 8), and whether they lie within a factor two."""
    rows = []
    for row, what, unit, published, where, name in PUBLISHED:
        value = (main if where == "main" else late)[name]
        rows.append((row, what, unit, published, value, bool(0.5 <= value / published <= 2.0)))
    return pd.DataFrame(rows, columns=["rij", "wat", "eenheid", "gepubliceerd", "model", "binnen_factor_2"])


def influence(table: pd.DataFrame, indicator: str) -> pd.DataFrame:
    """How far each screened number moves the headline between its ends, largest first.

    table: differences of the gemeente with designs named `room.parameter=laag|hoog`; the mean over scenarios of the
    absolute change counts.
    """
    ends = table[(table.indicator == indicator) & (table.level == "gemeente") & table.design.str.endswith(("=laag", "=hoog"))]
    if ends.empty:
        return pd.DataFrame(columns=["parameter", "laag", "hoog", "verschuiving"])
    ends = ends.assign(parameter=ends.design.str.rpartition("=")[0], einde=ends.design.str.rpartition("=")[2])
    wide = ends.pivot_table(index=["parameter", "scenario"], columns="einde", values="difference", sort=False)
    wide["verschuiving"] = (wide.hoog - wide.laag).abs()
    return wide.groupby(level="parameter").mean().sort_values("verschuiving", ascending=False).reset_index()
