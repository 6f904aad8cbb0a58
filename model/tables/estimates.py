"""What no table says per buurt, estimated from what they do say: corporatie homes and incomes.

An estimate has two parts. What a buurt is like (koop, WOZ, household size) says whether it lies above or below its
gemeente, as a sum of logits. What is measured of its wijk or gemeente says where the total lies: all logits of the place
move by one number until it is met. A buurt's own measured value is kept as it is, and what it takes of the total is not left
for the others. The slopes are fitted by
`experiments.fit_estimates`; why they may be carried to other gemeenten stands in docs/decisions/0006.

How sure a value is (`zekerheid`) is the median distance to the measured value in percentage points, over buurten of
Amsterdam 2019 whose wijk was left out of the fit and whose gemeente has a total. It is nan where there is no total, for
high incomes too: theirs was measured with the total of low ones.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from model.randomness import Luck, Stream, normal_of
from model.tables import chain
from model.tables.account import Line
from model.town import Parameters as Country
from model.town import features, identities_of, income_shares

if TYPE_CHECKING:
    from model.tables import Parameters
    from model.tables.sources import Part

ESTIMATED = ("p_corp", "p_laag_ink", "p_hoog_ink")
PERSONS = "p_laag_pers"  # % of persons, not households, with a low income: what tables have per wijk
FAR = 40.0  # logits: no share is nearer to 0 or 1 than this
HALVINGS = 60

Lines = list[Line]


class Total(NamedTuple):
    """What is measured of the place of each buurt [n]: its share (nan if nothing is), code and level, and the file."""

    share: pd.Series
    place: pd.Series
    level: pd.Series
    file: pd.Series


def complete(
    frame: pd.DataFrame, filled: dict[str, chain.Filled], local: "Part", country: Country, p: "Parameters"
) -> tuple[pd.DataFrame, Lines]:
    """The frame with the shares of `ESTIMATED`, and lines for the imputation report."""
    frame = frame.copy()
    lines = _corporatie(frame, filled, local, country, p) + _incomes(frame, filled, local, country, p)
    return frame, lines


def features_of(frame: pd.DataFrame, country: Country) -> np.ndarray:
    """`town.features` [n, 3] of buurten or gemeenten with shares in %."""
    return features(frame.p_koop / 100.0, frame.woz_ratio, frame.hh_grootte, country)


def residual(code: pd.Series, seed: int) -> np.ndarray:
    """Standard normal [n] that belongs to the code of a buurt, the same in every study."""
    return normal_of(Luck(seed, 0).draws(Stream.TOWN, identities_of(code)))


def shift(logits: np.ndarray, weights: np.ndarray, wanted: np.ndarray, place: np.ndarray) -> np.ndarray:
    """What to add to logits [n], one number per place, so that its weighted mean share is `wanted`; 0 where that is nan."""
    at, places = pd.factorize(place)
    total = np.bincount(at, weights * wanted)
    low, high = np.full(len(places), -FAR), np.full(len(places), FAR)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        short = np.bincount(at, weights * expit(logits + middle[at])) < total
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    return np.where(np.isnan(wanted), 0.0, ((low + high) / 2)[at])


def left_for(wanted: np.ndarray, known: np.ndarray, weights: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Mean share [n] of the buurten of each place that are not known (nan), where all together have the share `wanted`.

    Never beyond 0 and 1: totals are rounded and may be of another year. nan without a total, or without anything unknown.
    """
    at, places = pd.factorize(place)
    free = np.where(np.isnan(known), weights, 0.0)
    left = np.bincount(at, weights * (wanted - np.nan_to_num(known)))
    unknown = np.bincount(at, free)
    return np.divide(left, unknown, out=np.full(len(places), np.nan), where=unknown > 0).clip(0.0, 1.0)[at]


def _corporatie(frame: pd.DataFrame, filled: dict[str, chain.Filled], local: "Part", country: Country, p: "Parameters") -> Lines:
    """Fills `p_corp`; lines of the report."""

    def part(rows: pd.DataFrame, code: pd.Series) -> pd.Series:
        """Of all that is not koop, which is of the same table and year where that has it."""
        koop = code.map(rows.p_koop) if "p_koop" in rows else mean_of(frame.p_koop, frame.huishoudens, code)
        return (code.map(rows.p_corp) / (100.0 - koop)).clip(upper=1.0)

    rent = (100.0 - frame.p_koop).to_numpy()
    slopes = np.array([p.corporatie_of_koop, p.corporatie_of_woz, p.corporatie_of_size])
    logits = logit(country.corp_share / (1.0 - country.koop_share)) + features_of(frame, country) @ slopes
    logits += p.corporatie_residual * p.corporatie_residual_sd * residual(frame.code, p.corporatie_residual_seed)
    total = _total(frame, local, "p_corp", part)
    known = np.minimum(_known(frame, filled, "p_corp") / np.where(rent > 0, rent, np.inf), 1.0)
    logits += _towards(logits, frame.huishoudens.to_numpy() * rent, total, known)
    measured = p.corporatie_error + p.corporatie_residual * (p.corporatie_error_of_residual - p.corporatie_error)
    error = np.where(total.share.notna(), measured, np.nan)
    return _kept(frame, filled, local, "p_corp", np.minimum(rent * expit(logits), rent), total, error, rent)


def _incomes(frame: pd.DataFrame, filled: dict[str, chain.Filled], local: "Part", country: Country, p: "Parameters") -> Lines:
    """Fills `p_laag_ink` and `p_hoog_ink`; lines of the report.

    Where low incomes turn out more frequent than foretold, high incomes are taken to be rarer.
    """
    households = frame.huishoudens.to_numpy()
    low, high = map(logit, income_shares(frame.p_koop / 100.0, frame.woz_ratio, frame.hh_grootte, country))
    persons = _persons(frame, local, country, p)
    more = p.low_income_of_persons * persons.fillna(0.0)
    totals = {a: _total(frame, local, a, _share_of(a)) for a in ("p_laag_ink", "p_hoog_ink")}
    known = {a: _known(frame, filled, a) / 100.0 for a in totals}
    more = more + _towards(low + more, households, totals["p_laag_ink"], known["p_laag_ink"])
    high = high + p.high_income_of_low * more
    high = high + _towards(high, households, totals["p_hoog_ink"], known["p_hoog_ink"])

    def kept(attribute: str, logits: pd.Series, with_persons: float, without: float, most: np.ndarray) -> Lines:
        error = np.where(persons.notna(), with_persons, without)
        error = np.where(totals["p_laag_ink"].share.notna(), error, np.nan)
        return _kept(frame, filled, local, attribute, 100.0 * expit(logits), totals[attribute], error, most)

    whole = np.full(len(frame), 100.0)
    lines = kept("p_laag_ink", low + more, p.low_income_error, p.low_income_error_without_persons, whole)
    rest = whole - frame.p_laag_ink.to_numpy()
    return lines + kept("p_hoog_ink", high, p.high_income_error, p.high_income_error_without_persons, rest)


def _share_of(attribute: str) -> Callable[[pd.DataFrame, pd.Series], pd.Series]:
    return lambda rows, code: code.map(rows[attribute]) / 100.0


def _known(frame: pd.DataFrame, filled: dict[str, chain.Filled], attribute: str) -> np.ndarray:
    """Measured values [n] of the buurten themselves, nan elsewhere."""
    own = filled.get(attribute)
    return np.full(len(frame), np.nan) if own is None else own.values.where(own.level.eq("buurt")).to_numpy(float)


def _towards(logits: np.ndarray | pd.Series, weights: np.ndarray, total: Total, known: np.ndarray) -> np.ndarray:
    """What to add to logits [n] so that the unknown buurten of each place have what the known ones leave of its total."""
    share, place = total.share.to_numpy(), total.place.to_numpy()
    wanted = left_for(share, known, weights, place)
    return shift(np.asarray(logits), np.where(np.isnan(known), weights, 0.0), wanted, place)


def _persons(frame: pd.DataFrame, local: "Part", country: Country, p: "Parameters") -> pd.Series:
    """How much more often persons of the wijk have a low income than its koop and WOZ foretell [n], logits; nan if unknown."""
    known = [rows[PERSONS] for rows in local.frames.values() if PERSONS in rows]
    share = frame.wijk.map(pd.concat(known).groupby(level=0).first()) / 100.0 if known else pd.Series(np.nan, index=frame.index)
    expected = p.persons_low_at_mean + persons_features(frame, country) @ np.array([p.persons_low_of_koop, p.persons_low_of_woz])
    return logit(share.where((share > 0) & (share < 1))) - expected


def persons_features(frame: pd.DataFrame, country: Country) -> np.ndarray:
    """Koop and log WOZ of the wijk of each buurt [n, 2], means over its households, from the country's."""
    columns = [frame.p_koop / 100.0 - country.koop_share, np.log(frame.woz_ratio)]
    return np.column_stack([mean_of(column, frame.huishoudens, frame.wijk) for column in columns])


def mean_of(values: pd.Series, weights: pd.Series, place: pd.Series) -> pd.Series:
    """Weighted mean of the place in which each row lies [n]."""
    return (values * weights).groupby(place).transform("sum") / weights.groupby(place).transform("sum")


def _total(frame: pd.DataFrame, local: "Part", attribute: str, share: Callable[[pd.DataFrame, pd.Series], pd.Series]) -> Total:
    """The nearest measured share per buurt, along the chain of the attribute: of its wijk, else of its gemeente."""
    found = Total(pd.Series(np.nan, index=frame.index), frame.gemeente, *(pd.Series("", index=frame.index) for _ in range(2)))
    for level in ("wijk", "gemeente"):
        code = chain.code_at(frame.code, level)
        for name in local.vintage.chains.get(attribute, []):
            if name in local.frames:
                value = share(local.frames[name], code)
                new = found.share.isna() & value.notna()
                if new.any():
                    found = Total(*(old.where(~new, now) for old, now in zip(found, (value, code, level, name), strict=True)))
    return found


def _kept(
    frame: pd.DataFrame, filled: dict[str, chain.Filled], local: "Part", attribute: str, estimate: np.ndarray, total: Total,
    error: np.ndarray, most: np.ndarray,
) -> Lines:  # fmt: skip
    """Fills the attribute: measured where the buurt's own value is known, else the estimate, with its `error` [n]; never above
    `most` [n]."""
    own = filled.get(attribute)
    values, known = pd.Series(estimate, index=frame.index), pd.Series(False, index=frame.index)
    level = total.level.map({"wijk": "geschat binnen wijk", "gemeente": "geschat binnen gemeente", "": "geschat zonder totaal"})
    file = total.file
    if own is not None:
        known = own.level.eq("buurt")
        values, level, file = values.where(~known, own.values), level.where(~known, "buurt"), file.where(~known, own.file)
    frame[attribute] = np.minimum(values, most)
    told = pd.DataFrame({"level": level, "file": file, "error": pd.Series(error, index=frame.index).where(~known)})
    return [
        Line(attribute, at, local.vintage.files[name].source if name else "", mine.index.to_numpy(), off)
        for (at, name, off), mine in told.groupby(["level", "file", "error"], sort=False, dropna=False)
    ]
