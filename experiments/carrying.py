"""From outcomes at a few doses to a carrying capacity: plain numbers in and out, without model or files.

The harm of one more placement between two doses is the paired difference of the outcome, seed by seed, divided by the
step. It is relevant where its mean over seeds exceeds the margin. The capacity is the smallest dose from which it stays
relevant up to the last dose. "None found" is a result: infinity here.

Why plain differences and no fitted curve: to make harm rise with the dose (isotonic or convex) decides beforehand what
is asked, since under a saturating shape of load -> damage (choice 1) one placement more does ever less harm. With plain
differences that shape gives "none found", and `first` says that the first placements already did relevant harm. The price
is noise: the last step alone can decide, which is why the share of resamples that find none is told with every capacity.

A capacity is a threshold only where harm rises with the dose. On a straight line near the margin it is decided by luck, and
its interval runs from the first dose to none; `rises` tells the two apart.

The interval is the percentile bootstrap over seeds. With few seeds it is too narrow (with six by about a tenth, and more in
the tails), and its ends lie on doses that were lived: read it as a range of doses, not as exact odds. Below `FEWEST` seeds
there is no result at all: two seeds that agree by luck would agree in every resample, and look sure.
"""

from typing import NamedTuple

import numpy as np

from experiments.compare import CONFIDENCE

NONE = np.inf
# Of three seeds, one of them drawn three times is 1 resample in 27: more than the 2.5% of a tail, so that the interval is the
# range of single seeds. Of four it is 1 in 256, and the ends are means of different seeds.
FEWEST = 4
SURE = 0.95  # share of resamples that must agree before something is called sure


class Capacity(NamedTuple):
    """Placements per 1,000 dwellings beyond which one more does relevant harm; infinite where none was found."""

    capacity: float
    low: float
    high: float
    none: float  # share of resamples in which none is found
    first: bool  # whether harm is relevant at the first dose
    first_sure: float  # share of resamples in which it is
    rises: float  # share of resamples in which the last step does more harm by placement than the first
    seeds: int  # without a result below `FEWEST`; an outcome that is unknown at any dose leaves its seed out


UNKNOWN = Capacity(*(np.nan,) * 4, False, np.nan, np.nan, 0)


def harm(values: np.ndarray, doses: np.ndarray, better: int) -> np.ndarray:
    """Harm of one placement more per 1,000 dwellings [seeds, doses - 1] from outcomes [seeds, doses].

    `better` is +1 for an outcome of which more is better and -1 where less is.
    """
    return -better * np.diff(values, axis=-1) / np.diff(doses)


def beyond(mean_harm: np.ndarray, doses: np.ndarray, margin: float) -> np.ndarray:
    """Smallest dose [...] from which harm [..., doses - 1] stays above the margin; infinite where it does not at the end."""
    above = mean_harm > margin
    stays = np.logical_and.accumulate(above[..., ::-1], axis=-1)[..., ::-1]
    first = np.argmax(stays, axis=-1)
    return np.where(stays.any(axis=-1), doses[first], NONE)


def capacity(values: np.ndarray, doses: np.ndarray, better: int, margin: float, resamples: int) -> Capacity:
    """Capacity with its interval from outcomes [seeds, doses]; resampling is the same for every curve.

    Below `FEWEST` whole seeds all is unknown but their number.
    """
    whole = values[np.isfinite(values).all(axis=1)]
    seeds = len(whole)
    if seeds < FEWEST:
        return UNKNOWN._replace(seeds=seeds)
    each = harm(whole, doses, better)
    picked = np.random.default_rng(0).integers(seeds, size=(resamples, seeds))
    again = each[picked].mean(axis=1)
    found = beyond(again, doses, margin)
    # An inverted distribution takes no mean of two values, of which one may be infinite.
    tails = [(1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0]
    low, high = np.quantile(found, tails, method="inverted_cdf")
    mean = each.mean(axis=0)
    return Capacity(
        float(beyond(mean, doses, margin)), float(low), float(high), float(np.isinf(found).mean()),
        bool(mean[0] > margin), float((again[:, 0] > margin).mean()), float((again[:, -1] > again[:, 0]).mean()), seeds,
    )  # fmt: skip
