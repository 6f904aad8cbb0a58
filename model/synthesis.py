"""Which households live in a buurt: tenure x size x age x SES, so that the buurt's margins are met jointly.

The country's household table, made of pairwise associations, is fitted to every buurt's own margins by iterative
proportional fitting (Deming and Stephan 1940): of all tables with these margins it is the one closest to the country's, and
it keeps the country's odds ratios. All buurten are fitted in one array. Fitted numbers are fractions; `whole` makes
households of them, exact per tenure and within a few households for the other margins.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import elementwise

from model.parameters import Problem, Refused, per
from model.randomness import Luck, Stream
from model.town import Parameters as Country
from model.town import to_totals
from model.world import AgeClass, SesClass, Tenure

SIZES = np.array([1.0, 2.0, 3.0, 4.0, 5.3])  # persons; the last stands for five and more
SHAPE = (len(Tenure), SIZES.size, len(AgeClass), len(SesClass))
MARGINS = ("tenure", "size", "age", "ses")
ROUNDS, CLOSE = 500, 1e-5  # of the fitting: it stops when no margin is further off, as a share of a buurt's households


def _alike() -> np.ndarray:
    """Cells (size, age, SES) of one tenure in an order in which each differs from the next in one step of one trait."""
    cells = np.arange(np.prod(SHAPE[1:])).reshape(SHAPE[1:])
    there = np.concatenate([row[:: 1 if k % 2 == 0 else -1] for k, row in enumerate(cells)])  # [size and age, SES]
    return np.concatenate([there[:: 1 if ses % 2 == 0 else -1, ses] for ses in range(SHAPE[3])])


ALIKE = _alike()


class Parameters(NamedTuple):
    """The country's households: shares of size and age, and how tenure, size, age and SES go together."""

    size_1: float
    size_2: float
    size_3: float
    size_4: float
    size_5: float
    age_share: per(AgeClass)  # type: ignore[valid-type]
    low_income_of_tenure: per(Tenure)  # type: ignore[valid-type]
    high_income_of_tenure: per(Tenure)  # type: ignore[valid-type]
    alone_of_tenure: per(Tenure)  # type: ignore[valid-type]
    family_of_tenure: per(Tenure)  # type: ignore[valid-type]
    young_of_tenure: per(Tenure)  # type: ignore[valid-type]
    old_of_tenure: per(Tenure)  # type: ignore[valid-type]
    alone_of_age: per(AgeClass)  # type: ignore[valid-type]
    family_of_age: per(AgeClass)  # type: ignore[valid-type]
    alone_of_ses: per(SesClass)  # type: ignore[valid-type]

    @property
    def size_share(self) -> np.ndarray:
        """Shares [5] of households by size, one to five and more."""
        shares = np.array([self.size_1, self.size_2, self.size_3, self.size_4, self.size_5])
        return shares / shares.sum()


def country_table(p: Parameters) -> np.ndarray:
    """Weights [tenure, size, age, SES] whose odds ratios are those of the stated associations; its own margins do not matter."""

    def of_size(alone: np.ndarray, family: np.ndarray | None = None) -> np.ndarray:
        """[codes, size]: how much likelier each size is than in the country."""
        share = p.size_share
        many = share[2:].sum()
        three = np.full(alone.size, many) if family is None else family
        two = np.maximum(1.0 - alone - three, 0.01)
        return np.stack([alone / share[0], two / share[1], *[three / many] * 3], axis=1)

    low, high = p.low_income_of_tenure, p.high_income_of_tenure
    ses = np.stack([low, np.maximum(1.0 - low - high, 0.01), high], axis=1)
    young, old = p.young_of_tenure, p.old_of_tenure
    age = np.stack([young, np.maximum(1.0 - young - old, 0.01), old, old], axis=1) / np.array(
        [p.age_share[0], p.age_share[1], *[p.age_share[2:].sum()] * 2]
    )
    table = np.ones(SHAPE)
    table *= of_size(p.alone_of_tenure, p.family_of_tenure)[:, :, None, None]
    table *= age[:, None, :, None] * p.age_share[None, None, :, None]
    table *= ses[:, None, None, :]
    table *= of_size(p.alone_of_age, p.family_of_age).T[None, :, :, None] * p.size_share[None, :, None, None]
    table *= of_size(p.alone_of_ses).T[None, :, None, :]
    return table / table.sum()


def tilted(shares: np.ndarray, values: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Shares [n, k] closest to shares [k] (least relative entropy) whose means of values [k] are `means` [n].

    A mean beyond the values is moved to just within them.
    """
    targets = np.clip(means, values.min() + 0.02, values.max() - 0.02)

    def weights(slope: np.ndarray) -> np.ndarray:
        tilt = shares * np.exp(slope[..., None] * (values - values.mean()))
        return tilt / tilt.sum(axis=-1, keepdims=True)

    low, high = np.full(targets.shape, -60.0), np.full(targets.shape, 60.0)
    found = elementwise.find_root(lambda s, target: weights(s) @ values - target, (low, high), args=(targets,))
    return weights(found.x)


def size_shares(mean: np.ndarray, alone: np.ndarray, p: Parameters) -> np.ndarray:
    """Shares [n, 5] by size for buurten of these mean sizes [n]; `alone` [n] are known shares of one person, or nan."""
    shares = tilted(p.size_share, SIZES, mean)
    known = np.flatnonzero(~np.isnan(alone))
    if known.size:
        one = np.clip(alone[known], 0.0, 0.99)
        rest = p.size_share[1:] / p.size_share[1:].sum()
        others = tilted(rest, SIZES[1:], (mean[known] - one) / (1.0 - one))
        shares[known] = np.concatenate([one[:, None], (1.0 - one)[:, None] * others], axis=1)
    return shares


def margins(buurten: pd.DataFrame, p: Parameters, country: Country) -> dict[str, np.ndarray]:
    """Shares [n, codes] that each buurt of a town is asked to have, per margin of `MARGINS`; rows sum to 1."""
    share = {
        c: buurten[c].to_numpy(float) / 100.0 for c in ("p_koop", "p_corp", "p_1p", "p_oud", "p_jong", "p_laag_ink", "p_hoog_ink")
    }
    free = np.maximum(0.0, 1.0 - share["p_koop"] - share["p_corp"])
    between = np.maximum(0.0, 1.0 - share["p_jong"] - share["p_oud"]) / (1.0 - country.share_15_34 - country.share_65plus)
    old = share["p_oud"] / country.share_65plus
    age = p.age_share * np.stack([share["p_jong"] / country.share_15_34, between, old, old], axis=1)
    middle = np.maximum(0.0, 1.0 - share["p_laag_ink"] - share["p_hoog_ink"])
    wanted = {
        "tenure": np.stack([share["p_koop"], free, share["p_corp"]], axis=1),
        "size": size_shares(buurten.hh_grootte.to_numpy(float), share["p_1p"], p),
        "age": age,
        "ses": np.stack([share["p_laag_ink"], middle, share["p_hoog_ink"]], axis=1),
    }
    return {name: values / values.sum(axis=1, keepdims=True) for name, values in wanted.items()}


def country_margins(p: Parameters, country: Country) -> dict[str, np.ndarray]:
    """Shares [1, codes] of the country's own households, per margin of `MARGINS`."""
    tenure = [country.koop_share, 1.0 - country.koop_share - country.corp_share, country.corp_share]
    wanted = {"tenure": tenure, "size": p.size_share, "age": p.age_share / p.age_share.sum(), "ses": [0.4, 0.4, 0.2]}
    return {name: np.array([shares], float) for name, shares in wanted.items()}


def fitted(table: np.ndarray, wanted: dict[str, np.ndarray]) -> np.ndarray:
    """Shares [n, *table.shape] with the odds ratios of `table` and the margins `wanted` {name: [n, codes]}, in axis order.

    Raises `Refused` if a margin is still further off than `CLOSE` after `ROUNDS` rounds.
    """
    cells = np.broadcast_to(table, (len(next(iter(wanted.values()))), *table.shape)).copy()
    off = 1.0
    for _ in range(ROUNDS):
        off = 0.0
        for axis, shares in enumerate(wanted.values(), start=1):
            others = tuple(a for a in range(1, cells.ndim) if a != axis)
            got = cells.sum(axis=others)
            off = max(off, float(np.abs(got - shares).max()))
            cells *= np.expand_dims(np.divide(shares, got, out=np.zeros_like(got), where=got > 0.0), others)
        if off < CLOSE:
            return cells
    raise Refused(
        [Problem("margins of the buurten", f"a table that is {off:.1e} off after {ROUNDS} rounds", f"less than {CLOSE}")]
    )


def whole(cells: np.ndarray, households: np.ndarray, luck: Luck) -> np.ndarray:
    """Households [n, tenure, size, age, SES] of fitted shares: exact per buurt and tenure, at random within a household per cell.

    Cells of one tenure are laid end to end in the order `ALIKE` and cut at whole numbers from a random start (systematic
    sampling), so that what one cell lacks the next one, which is like it, has.
    """
    n = len(cells)
    tenure = to_totals(cells.sum(axis=(2, 3, 4)), households)
    start = luck.draws(Stream.WHICH_HOUSEHOLDS, np.arange(1, tenure.size + 1)).reshape(tenure.shape)
    ends = np.cumsum(cells.reshape(n, SHAPE[0], -1)[:, :, ALIKE], axis=2)
    ends *= (tenure / np.maximum(ends[:, :, -1], 1e-300))[:, :, None]
    ends[:, :, -1] = tenure
    counts = np.empty(ends.shape, np.int64)
    counts[:, :, ALIKE] = np.diff(np.floor(ends + start[:, :, None]).astype(np.int64), axis=2, prepend=0)
    return counts.reshape(n, *SHAPE)
