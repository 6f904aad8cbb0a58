"""Scenarios against the baseline, paired on seeds: differences with intervals, the three shares, model against published."""

from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

CONFIDENCE = 0.95
SAME, FLIPPED, OPEN = "same", "flipped", "not separable"
SHARES = ["same", "flipped", "not_separable"]
AT_ONCE = 256 << 10  # bytes of values that are compared at once


class Interval(NamedTuple):
    """Mean difference and its interval over n paired seeds; NaN where there are fewer than two pairs."""

    mean: float
    low: float
    high: float
    pairs: int


class Compared(NamedTuple):
    """Scenarios against the baseline, arrays [scenarios, V]; NaN is unknown. The baseline has a row too, against itself."""

    value: np.ndarray  # mean over the seeds that the scenario is known for
    baseline_value: np.ndarray  # mean over the seeds that the baseline is known for
    difference: np.ndarray  # mean over the pairs: seeds that both are known for
    low: np.ndarray
    high: np.ndarray
    pairs: np.ndarray
    variance_ratio: np.ndarray  # how many times more seeds the same interval would take with unpaired seeds


class Split(NamedTuple):
    """What makes one difference uncertain, taken apart (`split`). Variances are in the unit of the difference, squared."""

    mean: float
    parameters: float  # variance between draws of the parameters
    luck: float  # variance between seeds under one draw
    share_parameters: float  # of the sum of both
    low: float
    high: float
    same_sign: float
    draws: int
    seeds: int


NO_SPLIT = Split(*(np.nan,) * 7, 0, 0)


def paired(difference: np.ndarray) -> Interval:
    """Student interval of paired differences [seeds]; pairs with an unknown value are left out."""
    mean, low, high, pairs = _student(difference[:, None])
    return Interval(float(mean[0]), float(low[0]), float(high[0]), int(pairs[0]))


def compared(values: np.ndarray, baseline: int) -> Compared:
    """Every scenario against the scenario in row `baseline`, paired on seeds.

    values: [seeds, scenarios, V], NaN where a value is unknown; V is any number of things that are compared, each with its
    own pairs. `variance_ratio` is (variance of the scenario + variance of the baseline) / variance of their difference, over
    the pairs. It is inf where values vary and their difference does not, beyond the rounding of the values. It is NaN where
    there are fewer than two pairs or where nothing varies.
    """
    seeds, scenarios, size = values.shape
    width = max(1, AT_ONCE // max(1, 8 * seeds * scenarios))  # of all V at once, what passes by would outgrow the study's runs
    parts = [_compared(values[:, :, k : k + width], baseline) for k in range(0, max(size, 1), width)]
    return Compared(*(np.concatenate(columns, axis=1) for columns in zip(*parts, strict=True)))


def _compared(values: np.ndarray, baseline: int) -> Compared:
    """`compared`, of a few things."""
    values = values.astype(float)
    base = np.broadcast_to(values[:, [baseline]], values.shape)
    difference = values - base
    mean = _moments(values)[1]
    at_baseline = np.broadcast_to(mean[[baseline]], mean.shape)
    return Compared(mean, at_baseline, *_student(difference), _variance_ratio(values, base, difference))


def _student(differences: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean, low, high and pairs [...] of differences [seeds, ...]."""
    pairs, mean, variance = _moments(differences)
    half = _quantiles(len(differences))[pairs] * np.sqrt(variance) / np.sqrt(np.maximum(pairs, 1))
    return mean, mean - half, mean + half, pairs


@cache
def _quantiles(most: int) -> np.ndarray:
    """Half the width of a Student interval, in standard errors, with 0 to `most` pairs [most + 1]."""
    return np.asarray(stats.t.ppf(0.5 + CONFIDENCE / 2, np.maximum(np.arange(most + 1) - 1, 1)))


def _moments(values: np.ndarray, known: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number, mean and variance (ddof 1) over the known rows of values [seeds, ...]; NaN where there are too few."""
    known = np.isfinite(values) if known is None else known
    n = known.sum(axis=0)
    mean = np.where(n > 0, values.sum(axis=0, where=known) / np.maximum(n, 1), np.nan)
    squares = np.square(values - mean).sum(axis=0, where=known)
    return n, mean, np.where(n > 1, squares / np.maximum(n - 1, 1), np.nan)


def _variance_ratio(scenario: np.ndarray, base: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """See `compared`; all arrays are [seeds, scenarios, V]. What varies goes by its spread: equal numbers may have a variance."""
    known = np.isfinite(difference)
    pairs, _, variance = _moments(difference)
    apart = _moments(scenario, known)[2] + _moments(base, known)[2]
    varies = np.maximum(_spread(scenario, known), _spread(base, known)) > 0.0
    largest = np.maximum(np.abs(scenario), np.abs(base)).max(axis=0, where=known, initial=0.0)
    still = _spread(difference, known) <= 2.0 * np.finfo(float).eps * largest
    ratio = np.divide(apart, variance, out=np.full(pairs.shape, np.inf), where=~still)
    return np.where((pairs > 1) & varies, ratio, np.nan)


def _spread(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Largest minus smallest over the known rows of values [seeds, ...]; -inf where none is known."""
    return values.max(axis=0, where=known, initial=-np.inf) - values.min(axis=0, where=known, initial=np.inf)


def split(differences: np.ndarray) -> Split:
    """Two kinds of uncertainty of one paired difference apart: [draws of the parameters, seeds], every draw under the same seeds.

    Two-way random effects without replication (Searle, Casella & McCulloch 1992, Variance Components, ch. 4): difference =
    mean + draw + seed + rest. `parameters` is the variance of the draws, (MS draws - MS rest) / seeds, not below 0. `luck` is
    the variance of seed and rest together, which is the mean over draws of the variance over seeds. The rest holds both plain
    luck and parameters that work out differently under another seed: one run per cell can not tell these apart.

    `low` and `high` hold 95% of the draws' mean effects, which is the effect that a draw would have over endless seeds. They
    are quantiles of the draws' means, drawn in until their variance is `parameters` (Louis 1984: the means themselves lie
    too far apart, as a few seeds leave luck in them), so that a skewed spread stays skewed. Half the Student interval of the
    overall mean over seeds is added to either side in quadrature. That is all that luck adds, and it goes to 0 with more
    seeds. With fewer than 39 draws no quantile lies that far out, and the outermost draws stand for it.

    `same_sign` is the share of draws whose own mean has the sign of the overall mean; a few seeds leave some luck in it.
    Only complete cases count: seeds that no draw knows are left out, then draws that do not know every other seed. All is
    NaN but mean and same_sign with one draw or one seed, and those as well with none.
    """
    y = _complete(differences)
    draws, seeds = y.shape
    if not y.size:
        return NO_SPLIT
    mean = y.mean()
    same = float((np.sign(y.mean(axis=1)) == np.sign(mean)).mean())
    if min(draws, seeds) < 2:
        return NO_SPLIT._replace(mean=float(mean), same_sign=same, draws=draws, seeds=seeds)
    z = y - y[0, 0]  # numbers that are all equal get variances of exactly 0
    parameters = max(0.0, float(z.mean(axis=1).var(ddof=1) - _rest(z) / seeds))
    luck = float(z.var(axis=1, ddof=1).mean())
    share = parameters / (parameters + luck) if parameters + luck > 0.0 else np.nan
    below, above = _range(z, parameters)
    return Split(float(mean), parameters, luck, share, float(mean - below), float(mean + above), same, draws, seeds)


def _complete(differences: np.ndarray) -> np.ndarray:
    """The complete cases of `split`, [draws, seeds]."""
    known = np.isfinite(differences)
    seeds = known.any(axis=0)
    return differences[np.ix_(known[:, seeds].all(axis=1), seeds)] if seeds.any() else np.zeros((0, 0))


def _rest(y: np.ndarray) -> float:
    """Mean square of what neither the draw nor the seed explains, of y [draws, seeds]."""
    rest = y - y.mean(axis=1, keepdims=True) - y.mean(axis=0, keepdims=True) + y.mean()
    return float(np.square(rest).sum() / ((y.shape[0] - 1) * (y.shape[1] - 1)))


def _range(y: np.ndarray, parameters: float) -> tuple[float, float]:
    """How far the range of `split` reaches below and above the mean of y [draws, seeds]."""
    of_draws = y.mean(axis=1)
    spread, mean = of_draws.var(ddof=1), of_draws.mean()
    drawn_in = np.sqrt(parameters / spread) if spread > 0.0 else 0.0
    tail = 0.5 - CONFIDENCE / 2
    # Weibull's plotting positions: a new draw falls outside with the wanted probability, however few the draws
    down, up = drawn_in * (np.quantile(of_draws, [tail, 1.0 - tail], method="weibull") - mean)
    of_seeds = paired(y.mean(axis=0))
    of_mean = (of_seeds.high - of_seeds.low) / 2
    return float(np.hypot(min(down, 0.0), of_mean)), float(np.hypot(max(up, 0.0), of_mean))


def verdict(reference: float, x: Interval) -> str:
    """'same', 'flipped' or 'not separable', against the sign of the study's own difference (choice 1)."""
    return str(_verdicts(np.array(reference), np.array(x.mean), np.array(x.low), np.array(x.high)))


def _verdicts(reference: np.ndarray, mean: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """`verdict` of many."""
    no_order = ~np.isfinite(reference) | (reference == 0.0)
    unsure = no_order | ~np.isfinite(low) | ((low <= 0.0) & (0.0 <= high))
    return np.select([unsure, np.sign(mean) == np.sign(reference)], [OPEN, SAME], FLIPPED)


def three_shares(table: pd.DataFrame, weights: dict[str, float], indicators: list[str]) -> pd.DataFrame:
    """Over the design of choice 1: per scenario and indicator the weight of points with the same order, flipped, not separable.

    table: the differences of the gemeente; weights: design point -> weight, "" being the study itself.
    """
    keys = ["scenario", "indicator"]
    wanted = (table.level == "gemeente") & (table.payer == "") & (table.profile == "") & table.indicator.isin(indicators)
    headline = table[wanted]
    main = headline[headline.design == ""].drop_duplicates(keys)[[*keys, "difference"]]
    points = headline[headline.design.isin(weights)].merge(main, on=keys, suffixes=("", "_main"))
    said = _verdicts(*(points[name].to_numpy(float) for name in ("difference_main", "difference", "low", "high")))
    weight = points.design.map(weights).to_numpy(float)
    shares = {name: np.where(said == what, weight, 0.0) for name, what in zip(SHARES, (SAME, FLIPPED, OPEN), strict=True)}
    groups = points.assign(**shares, points=1).groupby(keys, sort=False)
    how = {"difference_main": "first", **dict.fromkeys(SHARES, "sum"), "points": "sum", "seeds": "min"}
    found = groups.agg(how).reset_index()
    found[SHARES] = found[SHARES].div(found[SHARES].sum(axis=1), axis=0)
    return found[found.points > 1].rename(columns={"difference_main": "difference"}).reset_index(drop=True)


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
    own = table[(table.indicator == indicator) & (table.level == "gemeente")]
    ends = own[own.design.str.endswith(("=laag", "=hoog"))]
    if ends.empty:
        return pd.DataFrame(columns=["parameter", "laag", "hoog", "verschuiving"])
    ends = ends.assign(parameter=ends.design.str.rpartition("=")[0], einde=ends.design.str.rpartition("=")[2])
    wide = ends.pivot_table(index=["parameter", "scenario"], columns="einde", values="difference", sort=False)
    wide["verschuiving"] = (wide.hoog - wide.laag).abs()
    return wide.groupby(level="parameter").mean().sort_values("verschuiving", ascending=False).reset_index()
