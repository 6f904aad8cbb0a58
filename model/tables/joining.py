"""What a user measured, put in the place of what was taken from elsewhere.

joined = join(buurten, own, woz)         the table of buurten, and an account of what was put in
owners(joined, corporaties, bezit)       who owns the corporatie homes: as told, and elsewhere as estimated
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from model.tables.account import Line
from model.tables.own import MEASURED, Own

CLASH = 10.0  # percentage points by which koop and own stock may exceed 100 before it is told: less is rounding and vacancy
MOST_INCOME = 98.0  # % of households that are of low or of high income, at most: as in `estimates`
LEAST_DENSITY = 1.0  # inhabitants per km2 where a table says less: as in official tables, for who lives near is divided by it
LEVEL = "eigen tabel"
NO_HOMES = f"{LEVEL} (volledig): geen corporatiewoningen"
BOUNDED = f"{LEVEL}, begrensd door p_koop"


class Joined(NamedTuple):
    """`buurten` with what was measured; `observed` [code, ...] of them; who owns what.

    `lines` go before those of the official tables where both name a buurt (`account.settled`), and later ones before earlier.

    `corporaties` and `bezit` are as in `Town`, but only of buurten of which the stock is told (row numbers of `buurten`).
    """

    buurten: pd.DataFrame
    observed: pd.DataFrame
    lines: list[Line]
    corporaties: pd.DataFrame
    bezit: pd.DataFrame


class _Account:
    """Lines about buurten [n] of own tables."""

    def __init__(self, own: Own) -> None:
        self.of, self.lines = own.of, list[Line]()

    def add(self, attribute: str, level: str, kind: str, mine: pd.Series) -> None:
        if mine.any():
            self.lines.append(Line(attribute, level, self.of[kind], np.flatnonzero(mine)))


def join(buurten: pd.DataFrame, own: Own, woz: float) -> Joined:
    """Own tables put into `buurten` (columns of `model.town.COLUMNS`, complete, one row per buurt, index 0, 1, ...).

    woz        national mean WOZ value (1000 euro), in which `woz` of an own table becomes `woz_ratio`
    buurten    every value of an own table of kind `buurten` replaces that of the frame; an empty one leaves it. Where koop is
               replaced and p_corp is not told, p_corp keeps its part of the rented homes
    bezit      p_corp = 100 * homes / households in each buurt that has a row, all of its complexes together; this goes before
               p_corp of kind `buurten`. A buurt with an empty number stays as it was. With `complete`, a buurt without a row
               in a gemeente that has rows has no corporatie homes; otherwise it stays as it was
    p_koop     is kept: p_corp is no more than 100 - p_koop. Where own stock goes more than `CLASH` points above that, a line
               says so
    incomes    where one of low and high is told, the other gives way: `MOST_INCOME` at most together, and never below 0
    dichtheid  `LEAST_DENSITY` at least
    scores     score and klasse of the buurt itself
    observed   klachten and what is in own tables of kind `observed`: never an input

    Rows of other buurten are left out. Does not change its input.
    """
    frame, account = buurten.copy(), _Account(own)
    told = {name: frame.code.map(own.buurten[name]).astype(float) for name in MEASURED if name in own.buurten}
    if "woz" in told:
        told["woz_ratio"] = told.pop("woz") / woz
    if "dichtheid" in told:
        told["dichtheid"] = told["dichtheid"].clip(lower=LEAST_DENSITY)
    if "p_koop" in told and (known := told["p_koop"].notna()).any():
        rented = 100.0 - frame.p_koop
        part = (frame.p_corp / rented.where(rented > 0)).fillna(0.0)
        frame["p_corp"] = frame.p_corp.where(~known, part * (100.0 - told["p_koop"]))
    for name, values in told.items():
        frame[name] = values.fillna(frame[name])
        account.add("woz" if name == "woz_ratio" else name, LEVEL, "buurten", values.notna())
    homes = _homes(frame, own, account)
    frame["p_corp"] = (100.0 * homes / frame.huishoudens).fillna(frame.p_corp)
    _within_rent(frame, homes, told, account)
    _within_incomes(frame, told)
    for name in ("score", "klasse"):
        if name in own.scores:
            values = frame.code.map(own.scores[name]).astype(float)
            frame[name] = values.fillna(frame[name])
            account.add(name, LEVEL, "scores", values.notna())
    return Joined(frame, _observed(frame, own), account.lines, *_owned(frame, own, homes))


def _homes(frame: pd.DataFrame, own: Own, account: _Account) -> pd.Series:
    """Corporatie homes of each buurt as own tables tell; NaN where they do not."""
    unknown = own.bezit.woningen.isna().groupby(own.bezit.buurt).any()
    total = own.bezit.groupby("buurt").woningen.sum().astype(float).where(~unknown)
    homes = frame.code.map(total).astype(float)
    account.add("p_corp", LEVEL, "bezit", homes.notna())
    if own.complete:
        none = ~frame.code.isin(total.index) & frame.gemeente.isin("GM" + total.index.str[2:6])
        account.add("p_corp", NO_HOMES, "bezit", none)
        homes = homes.where(~none, 0.0)
    return homes


def _within_rent(frame: pd.DataFrame, homes: pd.Series, told: dict[str, pd.Series], account: _Account) -> None:
    """p_corp no more than what is not koop, and a line where own stock clashes with that."""
    excess = frame.p_koop + frame.p_corp - 100.0
    own_share = told.get("p_corp", pd.Series(np.nan, index=frame.index)).notna()
    for kind, mine in (("bezit", homes.notna()), ("buurten", own_share & homes.isna())):
        account.add("p_corp", BOUNDED, kind, mine & (excess > CLASH))
    frame["p_corp"] = np.minimum(frame.p_corp, 100.0 - frame.p_koop)


def _within_incomes(frame: pd.DataFrame, told: dict[str, pd.Series]) -> None:
    """Where one of the two is told, the other no more than is left; buurten that nobody told of stay as they are."""
    none = pd.Series(np.nan, index=frame.index)
    low, high = (told.get(name, none).notna() for name in ("p_laag_ink", "p_hoog_ink"))
    for name, other, gives in (("p_laag_ink", "p_hoog_ink", high & ~low), ("p_hoog_ink", "p_laag_ink", low & ~high)):
        left = (MOST_INCOME - frame[other]).clip(lower=0.0)
        frame[name] = frame[name].where(~gives, np.minimum(frame[name], left))


def _observed(frame: pd.DataFrame, own: Own) -> pd.DataFrame:
    found = pd.DataFrame({"code": frame.code})
    for table in (own.klachten, own.observed):
        for name in table if len(table) else []:  # a kind that nobody gave has columns too
            found[name] = frame.code.map(table[name]).astype(float)
    return found


def _owned(frame: pd.DataFrame, own: Own, homes: pd.Series) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(corporaties, bezit) of the buurten whose stock is told. A buurt without homes goes to the largest of its gemeente."""
    row = pd.Series(frame.index, index=frame.code)
    mine = own.bezit[own.bezit.buurt.isin(frame.code[homes > 0]) & (own.bezit.woningen > 0)]
    stock = mine.assign(buurt=mine.buurt.map(row)).groupby(["buurt", "corporatie"], as_index=False).woningen.sum()
    stock["gemeente"] = stock.buurt.map(frame.gemeente)
    owners = stock.groupby(["corporatie", "gemeente"], as_index=False).woningen.sum()
    owners = owners.sort_values(["woningen", "corporatie"], ascending=[False, True], kind="stable", ignore_index=True)
    owners["number"] = np.arange(1, len(owners) + 1)  # who works in two gemeenten is a corporatie in each
    corporaties = owners.rename(columns={"corporatie": "naam"})[["naam", "gemeente"]]
    of = frame.gemeente[homes == 0].map(owners.groupby("gemeente").number.first()).dropna()
    mine = stock.merge(owners[["corporatie", "gemeente", "number"]], on=["corporatie", "gemeente"])
    stock = mine.sort_values(["buurt", "number"], ignore_index=True)
    bezit = pd.DataFrame(
        {
            "buurt": [*stock.buurt, *of.index],
            "corporatie": [*stock.number, *of],
            "aandeel": [*(stock.woningen / stock.groupby("buurt").woningen.transform("sum")), *np.ones(len(of))],
        }
    )
    return corporaties, bezit.sort_values(["buurt", "corporatie"], ignore_index=True)


def owners(joined: Joined, corporaties: pd.DataFrame, bezit: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(corporaties, bezit) of `Town`: as told where that is known, elsewhere the estimated ones (`model.town.ownership`)."""
    rest = bezit[~bezit.buurt.isin(joined.bezit.buurt)]
    used = np.unique(rest.corporatie)
    number = pd.Series(len(joined.corporaties) + 1 + np.arange(len(used)), index=used)
    every = pd.concat([joined.corporaties, corporaties.iloc[used - 1]], ignore_index=True)
    both = pd.concat([joined.bezit, rest.assign(corporatie=rest.corporatie.map(number))], ignore_index=True)
    return every, both.sort_values(["buurt", "corporatie"], ignore_index=True).astype({"buurt": int, "corporatie": int})
