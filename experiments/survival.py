"""How long something lasts: the product-limit estimate of counts by month, and intervals that know that persons share a seed."""

from collections.abc import Callable

import numpy as np
from scipy import stats

from experiments.compare import CONFIDENCE


def curve(events: np.ndarray, at_risk: np.ndarray) -> np.ndarray:
    """Share [..., months] for whom it still lasts after each month (Kaplan & Meier 1958); NaN from where nobody is at risk.

    events, at_risk: [..., months]; who is lost from sight in a month counts as at risk in it.
    """
    known = np.cumprod(at_risk > 0, axis=-1).astype(bool)
    left = np.cumprod(1.0 - events / np.maximum(at_risk, 1), axis=-1)
    return np.where(known, left, np.nan)


def over_seeds(sums: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A statistic of counts added up over seeds [seeds, ...], with its interval: value, low, high, each as the statistic gives.

    Seeds are independent and persons of a seed are not, so each seed in turn is left out (Efron & Stein 1981) and Student's
    quantile at seeds - 1 is taken. Of a mean over seeds this is its Student interval. NaN where there is one seed.
    """
    seeds = len(sums)
    value = statistic(sums.sum(axis=0))
    if seeds < 2:
        return value, np.full_like(value, np.nan), np.full_like(value, np.nan)
    without = np.stack([statistic(sums.sum(axis=0) - one) for one in sums])
    variance = (seeds - 1) / seeds * np.square(without - without.mean(axis=0)).sum(axis=0)
    half = stats.t.ppf(0.5 + CONFIDENCE / 2, seeds - 1) * np.sqrt(variance)
    return value, value - half, value + half
