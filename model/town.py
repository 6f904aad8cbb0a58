"""A gemeente as its tables show it, whether they are real or drawn: the one form that `population` builds from."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit

from model.parameters import Problem, Refused

COLUMNS = {
    "code": "CBS code of the buurt",
    "naam": "name",
    "wijk": "CBS code of the wijk",
    "wijk_naam": "name of the wijk",
    "gemeente": "CBS code of the gemeente",
    "gemeente_naam": "name of the gemeente",
    "huishoudens": "households",
    "inwoners": "inhabitants",
    "hh_grootte": "mean household size",
    "p_1p": "% one-person households; empty if unknown: then the mean size decides",
    "p_koop": "% koop of dwellings",
    "p_corp": "% of dwellings that corporaties let",
    "p_eengezins": "% single-family homes",
    "woz_ratio": "WOZ value over the national mean",
    "dichtheid": "inhabitants per km2",
    "p_oud": "% of inhabitants of 65 and over",
    "p_jong": "% of inhabitants of 15 to 34",
    "p_laag_ink": "% of households among the 40% lowest incomes of the country",
    "p_hoog_ink": "% of households among the 20% highest incomes of the country",
    "klasse": "last published leefbaarheid class (1-9) of its wijk; empty if unknown",
    "score": "official leefbaarheid score of the buurt; empty if unknown",
    "x": "centre, metres east (EPSG:28992); empty if unknown",
    "y": "centre, metres north (EPSG:28992); empty if unknown",
}
UNKNOWN_ALLOWED = ("p_1p", "klasse", "score", "x", "y")
TEAMS = ["wijk", "soort", "fte", "caseload"]
IMPUTED = ["attribuut", "niveau", "bron", "buurten", "huishoudens", "zekerheid"]


class Parameters(NamedTuple):
    """The country that a buurt deviates from, and how leefbaarheid starts."""

    koop_share: float
    corp_share: float
    share_65plus: float
    share_15_34: float
    class_of_mean: float
    class_width: float
    score_of_woz: float
    score_of_koop: float
    hh_size: float
    low_income_at_mean: float
    low_income_of_koop: float
    low_income_of_woz: float
    low_income_of_size: float
    high_income_at_mean: float
    high_income_of_koop: float
    high_income_of_woz: float
    high_income_of_size: float


@dataclass(frozen=True)
class Town:
    """A gemeente, a region or the country. `buurten` has the columns of `COLUMNS`, one row per inhabited buurt.

    bezit     [buurt (row), corporatie (1, 2, ...), aandeel]: who owns the corporatie homes of a buurt; shares sum to 1
    corporaties   [naam, gemeente]: row k is corporatie k + 1
    near      [a (row), b (row), metres]: pairs of buurten that lie near each other, both ways, and how far apart
    teams     [wijk (code), soort, fte, caseload]: staff as somebody counted it; elsewhere it goes by inhabitants. caseload is
              clients per FTE: to compare with, never an input
    observed  what is known besides, by code of the buurt: to compare with, never an input
    imputed   what was filled in, from where, and how sure that is (columns of `IMPUTED`)
    sources, hashes    what the tables are called, and the SHA-256 of each file that was read
    shapes    polygons, where there are any: code, niveau (buurt or wijk), geometry (EPSG:28992)
    """

    code: str
    naam: str
    synthetic: bool
    buurten: pd.DataFrame
    corporaties: pd.DataFrame
    bezit: pd.DataFrame
    near: pd.DataFrame
    vintage: int = 0
    teams: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=TEAMS))
    observed: pd.DataFrame = field(default_factory=pd.DataFrame)
    imputed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=IMPUTED))
    shapes: Any = None
    sources: tuple[str, ...] = ()
    hashes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problems = self._values() or self._borders()
        if problems:
            raise Refused(problems)

    def _values(self) -> list[Problem]:
        """Columns that are missing or empty, and shares that can not be."""
        where, b = f"tables of {self.naam}", self.buurten
        problems = []
        if missing := [c for c in COLUMNS if c not in b]:
            problems.append(Problem(where, "columns " + ", ".join(b), "also " + ", ".join(missing)))
        elif (homes := b.huishoudens.sum()) < 2:
            problems.append(Problem(where, f"households: {homes} in all", "two at least: a home has neighbours"))
        if empty := [c for c in b if c in COLUMNS and c not in UNKNOWN_ALLOWED and b[c].isna().any()]:
            problems.append(Problem(where, "nothing in some rows of " + ", ".join(empty), "a value in each row"))
        if beyond := [c for c in b if c.startswith("p_") and ((b[c] < 0) | (b[c] > 100)).any()]:
            problems.append(Problem(where, "a share beyond its bounds in " + ", ".join(beyond), "0 to 100%"))
        return problems

    def _borders(self) -> list[Problem]:
        """What lies across the border of a gemeente: its queues and hours stay within."""
        where, b = f"tables of {self.naam}", self.buurten
        starts = b.gemeente[b.gemeente != b.gemeente.shift()]
        torn = starts[starts.duplicated()].unique()
        problems = [Problem(where, f"buurten of {g} in several places", "the buurten of a gemeente together") for g in torn]
        per_wijk = b.groupby("wijk", sort=False).gemeente.nunique()
        problems += [Problem(where, f"wijk {w} in several gemeenten", "one gemeente") for w in per_wijk.index[per_wijk > 1]]
        owner = self.corporaties.gemeente.reindex(self.bezit.corporatie - 1).to_numpy()
        abroad = self.bezit.corporatie[owner != b.gemeente.to_numpy()[self.bezit.buurt]].unique()
        return problems + [Problem(where, f"corporatie {k} with homes elsewhere", "all in its own gemeente") for k in abroad]

    @property
    def wijken(self) -> list[str]:
        """Codes of the wijken, in order of their first buurt."""
        return list(dict.fromkeys(self.buurten.wijk))

    @property
    def gemeenten(self) -> list[str]:
        """Codes of the gemeenten, in order of their first buurt."""
        return list(dict.fromkeys(self.buurten.gemeente))


def features(koop: np.ndarray, woz_ratio: np.ndarray, hh_size: np.ndarray, p: Parameters) -> np.ndarray:
    """Koop (share), log WOZ and household size from the country's [n, 3]: what foretells incomes and who lets."""
    return np.column_stack([koop - p.koop_share, np.log(woz_ratio), hh_size - p.hh_size])


def income_shares(koop: np.ndarray, woz_ratio: np.ndarray, hh_size: np.ndarray, p: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Shares of households [n] among the country's 40% lowest and 20% highest incomes, as tenure, WOZ and size foretell them."""
    x = features(koop, woz_ratio, hh_size, p)
    low = x @ np.array([p.low_income_of_koop, p.low_income_of_woz, p.low_income_of_size])
    high = x @ np.array([p.high_income_of_koop, p.high_income_of_woz, p.high_income_of_size])
    return expit(p.low_income_at_mean + low), expit(p.high_income_at_mean + high)


def to_totals(shares: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Whole numbers [n, k] in proportion to shares [n, k] whose rows sum to totals [n] (largest remainders)."""
    exact = shares / shares.sum(axis=1, keepdims=True) * totals[:, None]
    whole = np.floor(exact).astype(np.int64)
    rank = np.argsort(np.argsort(whole - exact, axis=1, kind="stable"), axis=1, kind="stable")
    return whole + (rank < (totals - whole.sum(axis=1))[:, None])


def ownership(buurten: pd.DataFrame, count: dict[str, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(corporaties, bezit) of `Town` for so many corporaties per gemeente, where no table says who owns what.

    The k-th of a gemeente has a share of its stock in proportion to 1/k, in buurten that follow each other: most
    corporaties have a part of town where they own the most.
    """
    names: list[tuple[str, str]] = []
    rows: list[tuple[Any, ...]] = []
    stock = (buurten.huishoudens * buurten.p_corp / 100.0).to_numpy()
    for gemeente, mine in buurten.groupby("gemeente", sort=False).indices.items():
        many = count[str(gemeente)]
        first = len(names) + 1
        names += [(f"Corporatie {k + 1} ({buurten.gemeente_naam.iloc[mine[0]]})", gemeente) for k in range(many)]
        edges = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, many + 1))])
        edges *= stock[mine].sum() / edges[-1]
        low = np.concatenate([[0.0], np.cumsum(stock[mine])[:-1]])
        for row, start in zip(mine, low, strict=True):
            part = np.minimum(start + stock[row], edges[1:]) - np.maximum(start, edges[:-1])
            part = np.where(stock[row] > 0, np.maximum(part, 0.0), np.arange(many) == 0)
            rows += [(row, first + k, part[k] / part.sum()) for k in np.flatnonzero(part > 1e-9 * part.sum())]
    return pd.DataFrame(names, columns=["naam", "gemeente"]), pd.DataFrame(rows, columns=["buurt", "corporatie", "aandeel"])


def identities_of(codes: pd.Series) -> np.ndarray:
    """uint64 [n] that belong to the codes of buurten: what is drawn by them does not depend on the town around."""
    return np.array([int.from_bytes(code[-8:].encode(), "big") for code in codes], np.uint64)


def near_in_wijk(buurten: pd.DataFrame) -> pd.DataFrame:
    """`near` of `Town` where nothing is known of where buurten lie: all of one wijk, as far apart as their sizes imply."""
    across = 1000.0 * np.sqrt(buurten.inwoners / buurten.dichtheid).to_numpy()
    pairs = [(i, j) for mine in buurten.groupby("wijk").indices.values() for i in mine for j in mine if i != j]
    a, b = np.array(pairs, np.int64).reshape(-1, 2).T
    return pd.DataFrame({"a": a, "b": b, "metres": (across[a] + across[b]) / 2.0})
