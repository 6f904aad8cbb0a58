"""The ranking certificate: paired seeds are added in batches until the order of scenarios is settled at a chosen error rate.

Looking after every batch and stopping when the order looks clear makes a fixed interval wrong far too often. Here every pair
of scenarios gets a confidence sequence: an interval that covers the true mean difference after every number of seeds at once,
with the chosen probability. It is the sequence of the Bayes factor t-test with a normal prior N(0, EFFECT^2) on the
standardised difference and the right Haar prior on its standard deviation (Rouder et al. 2009; Wang & Ramdas 2024; Perez-Ortiz
et al. 2024). The error rate is shared over all pairs, so that with probability 1 - error no sequence ever misses. Then every
order that is called settled is right and every pair that is called equivalent is, whenever one stops and for whatever reason.

It assumes that the scenarios are chosen before the first batch, that seeds are drawn independently, that the differences of a
pair are about normal, and that no value is unknown because of what it would have been. Scenarios may be correlated in any way.

Measured on 100,000 studies of one pair without a
difference, looked at after every 4 seeds up to 200, at error 0.05: an order is ever called settled in 1.4% with normal
differences, 1.2% with heavy tails (t with 4 degrees of freedom), 4.1% with skewed ones (a centred exponential). It does break
where a rare large seed carries the mean: 10% with lognormal differences (skewness 6), and 46% where one seed in twenty differs
from all others. For such outcomes the certificate says nothing. A difference of 0.5 standard deviation is settled after 48
seeds on the median, one of 1 after 24. Among four scenarios (six pairs) that is 68 and 32.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse.csgraph import connected_components

# The smallest effect that convention calls one. Wider priors settle large effects with fewer seeds (1.0: 16 instead of 24 at 1
# sd), but decide on as few as 5 seeds, where skewed differences are wrong too often (1.0: 9% instead of 4%).
EFFECT = 0.2
PAIRS = ["first", "second", "seeds", "difference", "low", "high", "e_value", "verdict"]


class Certificate(NamedTuple):
    """What is known of the order of scenarios.

    pairs     one row per pair of scenarios: first, second, seeds (that both are known for), difference (mean of first minus
              second), low and high (confidence sequence; infinite with too few seeds), e_value, and verdict: 'settled' if the
              sequence excludes 0, 'equivalent' if it lies within the relevant difference, else 'open'
    groups    scenarios from best to worst: whoever is in an earlier group is settled to be better than whoever is in a later
    settled   whether no pair is open
    seeds     how many seeds were lived
    """

    pairs: pd.DataFrame
    groups: list[list[str]]
    settled: bool
    seeds: int


def certificate(values: np.ndarray, names: list[str], error: float, relevant: float, better: int) -> Certificate:
    """The certificate of one outcome, values [seeds, scenarios]. NaN is unknown: a pair counts seeds that both are known for.

    error: probability, over all pairs and all numbers of seeds together, that anything certified is wrong. relevant: the
    smallest difference that matters. A pair within it is 'equivalent' also where its sign is known: more seeds serve nobody.
    better: 1 if more is better, -1 if less is; at 0 groups stand from high to low.

    Groups are the finest ordered ones of which every earlier member is settled to be better than every later one. Two
    scenarios of a pair that is open or equivalent share a group. Not being told apart is not transitive: if A is settled to
    be better than C and neither is told apart from B, all three share a group. Within a group the better mean comes first.

    Raises ValueError if error is not between 0 and 1, relevant is negative, or names do not fit the values.
    """
    if not 0.0 < error < 1.0 or relevant < 0.0 or len(set(names)) != values.shape[1]:
        raise ValueError(f"error {error}, relevant {relevant}, names {names} for {values.shape[1]} scenarios")
    couples = np.array(list(combinations(range(len(names)), 2)), dtype=int).reshape(-1, 2)
    pairs, mean, scatter = _moments(values[:, couples[:, 0]] - values[:, couples[:, 1]])
    half = half_width(pairs, scatter, error / max(len(couples), 1))
    low, high = np.where(pairs > 0, mean - half, -np.inf), np.where(pairs > 0, mean + half, np.inf)
    same, apart = (low >= -relevant) & (high <= relevant), (low > 0.0) | (high < 0.0)
    said = np.select([same, apart], ["equivalent", "settled"], "open")
    first, second = (np.array(names, dtype=object)[couples[:, k]] for k in (0, 1))
    table = dict(zip(PAIRS, (first, second, pairs, mean, low, high, e_value(pairs, mean, scatter), said), strict=True))
    sign = better or 1
    wins = np.zeros((len(names), len(names)), dtype=bool)
    ahead = np.where((sign * mean > 0.0)[:, None], couples, couples[:, ::-1])[said == "settled"]
    wins[ahead[:, 0], ahead[:, 1]] = True
    return Certificate(pd.DataFrame(table), _groups(wins, sign * _moments(values)[1], names), "open" not in said, len(values))


def stop(found: Certificate, most: int) -> bool:
    """Whether to add no further batch: no pair is open, or `most` seeds are lived and open pairs are not separable with them."""
    return found.settled or found.seeds >= most


def e_value(pairs: np.ndarray, mean: np.ndarray, scatter: np.ndarray) -> np.ndarray:
    """Evidence against a mean difference of 0: the Bayes factor, of number, mean and sum of squares about the mean.

    The probability that it ever reaches 1 / error is at most `error` if the mean difference is 0. Differences that are all 0
    give a value below 1, and equal ones that are not 0 give (1 + pairs EFFECT^2)^((pairs - 1) / 2), the most that the
    number of pairs can give. It is infinite where it is beyond floating point, and 1 for a single pair or none. It is to be
    held against 1 / error and not to be multiplied with other evidence: its mean is 1 or less only under stopping rules that
    do not look at the unit of the differences (Perez-Ortiz et al. 2024).
    """
    prior = 1.0 + np.maximum(pairs, 1) * EFFECT**2
    square = pairs * np.square(np.where(pairs > 0, mean, 0.0))
    whole = scatter + square
    ratio = np.divide(whole, scatter + square / prior, out=np.ones_like(whole), where=whole > 0.0)
    with np.errstate(over="ignore"):
        return np.where(pairs > 1, np.exp(0.5 * (pairs * np.log(ratio) - np.log(prior))), 1.0)


def half_width(pairs: np.ndarray, scatter: np.ndarray, error: float) -> np.ndarray:
    """Half the width of the confidence sequence: shifted by more than this, differences have an `e_value` of 1 / error or more.

    Infinite while no differences, however equal, could give that much evidence. Differences that are all equal have width
    0 as soon as it is finite, which normal differences never have: an event so rare that no seed has shown it is not seen.
    """
    n = np.maximum(pairs, 1)
    prior = 1.0 + n * EFFECT**2
    needed = np.exp((np.log(prior) - 2.0 * np.log(error)) / n)
    bounded = needed < prior
    square = scatter * np.divide(needed - 1.0, 1.0 - needed / prior, out=np.zeros_like(prior), where=bounded)
    return np.where(bounded, np.sqrt(square / n), np.inf)


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number, mean (NaN if none) and sum of squares about the mean, over the known rows of values [seeds, V]."""
    known = np.isfinite(values)
    n = known.sum(axis=0)
    mean = np.where(n > 0, values.sum(axis=0, where=known) / np.maximum(n, 1), np.nan)
    return n, mean, np.square(values - mean).sum(axis=0, where=known)


def _groups(wins: np.ndarray, merit: np.ndarray, names: list[str]) -> list[list[str]]:
    """The groups of `certificate`; wins [k, k]: row is settled to be better than column; merit [k]: more is better.

    Two scenarios belong together if each is, in steps, not settled to be worse than the other. These strong components of
    'not worse' can be put in one order, as of every two scenarios at least one is not settled to be worse. All of an earlier
    component win from all of a later one, so the most wins of its members tells its place.
    """
    label = connected_components(~wins.T, directed=True, connection="strong")[1]
    members = [np.flatnonzero(label == k) for k in range(label.max() + 1)]
    members.sort(key=lambda group: -wins[group].sum(axis=1).max())
    return [[names[k] for k in group[np.argsort(-merit[group], kind="stable")]] for group in members]
