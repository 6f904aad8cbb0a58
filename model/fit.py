"""How well the world meets what its tables ask: per margin over the town, and per buurt.

`asked` holds what the tables say (or what was filled in for them), `got` what the households of the world are. CBS rounds
households to five and shares to one per cent, so that an error below that is none.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

from model import synthesis
from model.homes import INCOME_EDGES
from model.population import Blocks
from model.randomness import normal_of
from model.town import Town
from model.world import AgeClass, DwellingKind, Place, Profile, SesClass, Status, TeamKind, Tenure, World

LARGE = 100  # households from which a buurt counts in errors: CBS rounds, and a household more or less is noise
HOUSEHOLDS = "aandeel huishoudens"
FEW = 3  # places below which there is no order to speak of


class Counterpart(NamedTuple):
    """A column of `Town.observed` and what in the model should go with it: more with more (1), or less with more (-1)."""

    observed: str
    model: str
    expected: int = 1


BUILT = (  # with what the world is like before any month
    Counterpart("ses_woa", "gemiddelde SES"),
    Counterpart("ses_spreiding", "spreiding SES"),
    Counterpart("p_wmo", "aandeel kwetsbaar"),
)
LIVED = (  # with an indicator, which takes months
    Counterpart("klachten", "klachten"),
    Counterpart("p_ernst_geluid_buren", "vaak_hinder"),
    Counterpart("p_eenzaam", "banden", -1),
    Counterpart("ses_woa", "leefbaarheid"),
    Counterpart("p_wmo", "aandeel_kwetsbaar"),
)
CLIENTS = {  # kinds of teams that have clients in the model, and what these are
    "wijkteam": "bekende kwetsbare bewoners per fte",
    "ambulant": "bekende kwetsbare bewoners per fte ambulant",
    "welzijn": "kwetsbare bewoners thuis per fte",
}


class Margin(NamedTuple):
    """One share of households: its name, and what each buurt [n] was asked to have and got."""

    name: str
    asked: np.ndarray
    got: np.ndarray


class Compared(NamedTuple):
    """A row of `compared`."""

    waargenomen: str
    niveau: str
    plaats: str
    aantal: int
    mediaan: float
    laagste: float
    hoogste: float
    model: str
    indicator: str
    model_mediaan: float
    model_laagste: float
    model_hoogste: float
    vergeleken: int
    rangcorrelatie: float


def _shares(buurt: np.ndarray, code: np.ndarray, buurten: int, codes: int) -> np.ndarray:
    """Shares [buurten, codes] of households [n] by code."""
    counts = np.bincount(buurt * codes + code, minlength=buurten * codes).reshape(buurten, codes)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def margins(town: Town, p: Blocks, world: World) -> list[Margin]:
    """Every margin that the synthesis was asked for, and the kind of dwelling, per buurt."""
    d = world.dwellings
    lived = d.identity != 0
    buurt, n = d.buurt[lived].astype(np.int64), len(town.buurten)
    ses = np.searchsorted(normal_of(INCOME_EDGES[1:-1]), d.ses[lived], side="right")
    wanted = synthesis.margins(town.buurten, p.synthesis, p.town)
    single = town.buurten.p_eengezins.to_numpy() / 100.0
    wanted["kind"] = np.stack([single, 1.0 - single], axis=1)
    got = {"tenure": d.tenure[lived], "size": d.size[lived] - 1, "age": d.age_class[lived], "ses": ses, "kind": d.kind[lived]}
    names = {
        "tenure": [t.name.lower() for t in Tenure],
        "size": [f"huishoudens van {k}" for k in (1, 2, 3, 4)] + ["huishoudens van 5+"],
        "age": [f"leeftijd {a.name.lower()}" for a in AgeClass],
        "ses": [f"inkomen {s.name.lower()}" for s in SesClass],
        "kind": [k.name.lower() for k in DwellingKind],
    }
    found = []
    for margin, codes in names.items():
        shares = _shares(buurt, got[margin].astype(np.int64), n, len(codes))
        found += [Margin(name, wanted[margin][:, k], shares[:, k]) for k, name in enumerate(codes)]
    return found


def by_buurt(town: Town, p: Blocks, world: World) -> pd.DataFrame:
    """Long: code, naam, huishoudens, marge, eenheid, gevraagd, gekregen (shares of households)."""
    base = town.buurten[["code", "naam", "huishoudens"]]
    parts = [base.assign(marge=m.name, eenheid=HOUSEHOLDS, gevraagd=m.asked, gekregen=m.got) for m in margins(town, p, world)]
    return pd.concat(parts, ignore_index=True)


def fit(town: Town, p: Blocks, world: World) -> pd.DataFrame:
    """One row per margin: marge, eenheid, gevraagd, gekregen over the town; fout and p95 over large buurten; the worst buurt.

    fout     mean distance between asked and got over buurten of 100 households and more
    p95      the distance that 95% of them stay within
    slechtste, slechtste_fout    the buurt that is furthest off, and how far

    Of a profile of vulnerable residents `gevraagd` is the country's share: a town of lower SES has more.
    """
    d, households = world.dwellings, town.buurten.huishoudens.to_numpy(float)
    lived = d.identity != 0
    large = households >= min(LARGE, households.max())
    rows = [("huishoudens", "aantal", households.sum(), float(lived.sum()), 0.0, 0.0, "", 0.0)]
    for m in margins(town, p, world):
        off = np.abs(m.asked - m.got)[large]
        worst = np.flatnonzero(large)[int(off.argmax())]
        means = (float(np.average(values, weights=households)) for values in (m.asked, m.got))
        rows.append((m.name, HOUSEHOLDS, *means, off.mean(), np.quantile(off, 0.95), town.buurten.naam[worst], off.max()))
    size = synthesis.SIZES[d.size[lived] - 1].mean()
    asked = float(np.average(town.buurten.hh_grootte, weights=households))
    rows.append(("gemiddelde huishoudgrootte", "personen", asked, size, np.nan, np.nan, "", np.nan))
    rows.append(
        (
            "clustering corporatie (dissimilariteit)",
            "index",
            *_clustering(town, d.buurt[lived], d.tenure[lived]),
            np.nan,
            np.nan,
            "",
            np.nan,
        )
    )
    at_home = world.persons.place == int(Place.THUIS)
    stock = np.bincount(world.persons.profile[at_home], minlength=len(Profile)) / lived.sum()
    rows += [
        (
            f"profiel {k.name.lower()}",
            HOUSEHOLDS,
            p.vulnerability.stock_share[k],
            stock[k],
            np.nan,
            np.nan,
            "",
            np.nan,
        )
        for k in Profile
    ]
    columns = ["marge", "eenheid", "gevraagd", "gekregen", "fout", "p95", "slechtste", "slechtste_fout"]
    return pd.DataFrame(rows, columns=columns)


def compared(town: Town, world: World) -> pd.DataFrame:
    """What is known besides the margins, against the world as built, before any month: one row per column of `town.observed`,
    and per kind of team of which a caseload is told.

    waargenomen    the column, or `caseload <kind of team>`
    niveau, plaats what it is of: buurten or wijken; name of the wijk where a row is about one
    aantal, mediaan, laagste, hoogste    how many of them have it, and its values
    model          what it is compared with (`BUILT`, `CLIENTS`); empty where the world as built has nothing like it
    indicator      the indicator that is like it once months are lived (`LIVED`); empty if there is none
    model_mediaan, model_laagste, model_hoogste    values of `model` where both are known
    vergeleken, rangcorrelatie    how many were compared, and how far they stand in the same order; nan below `FEW`

    Buurten are compared from `LARGE` households on. Where fewer than `FEW` wijken have a caseload each has its own row. Nothing
    of this went into the world, so that it tells how well the synthesis guesses what it was not told.
    """
    rows = _beside(town, _of_world(world)) + _caseloads(town, world)
    return pd.DataFrame(rows, columns=list(Compared._fields))


def _of_world(world: World) -> pd.DataFrame:
    """What the households of each buurt [buurten that anybody lives in] are like: columns as `BUILT` names them."""
    d = world.dwellings
    lived = d.identity != 0
    found = pd.DataFrame({"buurt": d.buurt[lived], "ses": d.ses[lived], "person": d.person[lived] >= 0}).groupby("buurt")
    return pd.DataFrame(
        {"gemiddelde SES": found.ses.mean(), "spreiding SES": found.ses.std(), "aandeel kwetsbaar": found.person.mean()}
    )


def _beside(town: Town, of_world: pd.DataFrame) -> list[Compared]:
    """One row per column of `town.observed`."""
    built, lived = ({c.observed: c.model for c in pairs} for pairs in (BUILT, LIVED))
    large = town.buurten.huishoudens >= LARGE
    rows = []
    for column in town.observed.columns.drop("code", errors="ignore"):
        known, model = town.observed[column].astype(float), built.get(column, "")
        of_model = of_world[model].reindex(known.index) if model else pd.Series(np.nan, index=known.index)
        rows.append(_row(column, "buurt", "", known, model, of_model.where(large), lived.get(column, "")))
    return rows


def _row(
    observed: str, level: str, place: str, known: pd.Series, model: str, of_model: pd.Series, indicator: str = ""
) -> Compared:
    """What is known of places [n] and what the model has of them, nan where that is not compared."""
    pair = pd.DataFrame({"known": known, "model": of_model}).dropna()
    return Compared(
        observed, level, place, int(known.notna().sum()), *_spread(known), model, indicator, *_spread(pair.model), len(pair),
        _rank(pair.known, pair.model),
    )  # fmt: skip


def _spread(values: pd.Series) -> tuple[float, float, float]:
    """Median, lowest and highest; nan where nothing is known."""
    return float(values.median()), float(values.min()), float(values.max())


def _rank(one: pd.Series, other: pd.Series) -> float:
    """Rank correlation; nan where there are fewer than `FEW`, or where all of either are equal."""
    if len(one) < FEW or one.nunique() < 2 or other.nunique() < 2:
        return float("nan")
    return float(spearmanr(one, other).statistic)


def _caseloads(town: Town, world: World) -> list[Compared]:
    """One row per kind of team of which a caseload is told; one per wijk where fewer than `FEW` wijken have one."""
    names = town.buurten.groupby("wijk", sort=False).wijk_naam.first()
    rows = []
    for kind, told in town.teams.dropna(subset=["caseload"]).groupby("soort", sort=False):
        known = told.set_index("wijk").caseload.astype(float)
        model = CLIENTS.get(str(kind), "")
        of_model = pd.Series(_clients_per_fte(world, str(kind)), index=town.wijken).reindex(known.index)
        parts = [known.index] if len(known) >= FEW else [pd.Index([wijk]) for wijk in known.index]
        for mine in parts:
            place = str(names[mine[0]]) if len(known) < FEW else ""
            rows.append(_row(f"caseload {kind}", "wijk", place, known[mine], model, of_model[mine]))
    return rows


def _clients_per_fte(world: World, kind: str) -> np.ndarray:
    """Clients [wijken] of a kind of team for each of its FTE; nan where there are no FTE, or where it has no clients.

    Before any month all who are known are with the wijkteam: who has ambulant help is known only when months are lived. So
    both kinds are taken to have them all. Welzijn is there for all vulnerable residents at home.
    """
    persons, teams, wijken = world.persons, world.teams, world.wijken.rows
    if kind not in CLIENTS:
        return np.full(wijken, np.nan)
    counted = np.ones(persons.rows) if kind == "welzijn" else persons.status == int(Status.BEKEND)
    clients = np.bincount(world.buurten.wijk, weights=world.sum_at_home(counted), minlength=wijken)
    fte, mine = np.zeros(wijken), teams.kind == int(TeamKind[kind.upper()])
    fte[teams.wijk[mine]] = teams.fte[mine]
    return clients / np.where(fte > 0.0, fte, np.nan)


def observed_against(indicators: pd.DataFrame, observed: pd.DataFrame, buurten: pd.DataFrame) -> pd.DataFrame:
    """What is known of buurten against what the model makes of them: waargenomen, indicator, buurten, rang, verwacht.

    indicators   one row per buurt, by its code; a column per indicator (`model.indicators`), such as a scenario's mean over seeds
    observed     `Town.observed`: `code`, and a column for each thing that is known; or nothing at all
    buurten      `Town.buurten`: which are large (`LARGE` households), and how many corporatie homes they have

    One row per pair of `LIVED` of which both sides are there, in that order. `buurten`: how many were compared. `rang`: rank
    correlation, nan as in `compared`. `verwacht`: the sign that it should have. Complaints are taken per corporatie home,
    as the indicator is: their number says mostly how large a buurt is.
    """
    large = buurten[buurten.huishoudens >= LARGE].set_index("code")
    homes = large.huishoudens * large.p_corp / 100.0
    rows = []
    for pair in LIVED:
        if pair.observed not in observed or pair.model not in indicators:
            continue
        values = observed.set_index("code")[pair.observed].astype(float).reindex(large.index)
        values = values / homes.where(homes > 0.0) if pair.observed == "klachten" else values
        both = pd.DataFrame({"known": values, "model": indicators[pair.model].reindex(large.index)}).dropna()
        rows.append((pair.observed, pair.model, len(both), _rank(both.known, both.model), pair.expected))
    return pd.DataFrame(rows, columns=["waargenomen", "indicator", "buurten", "rang", "verwacht"])


def _clustering(town: Town, buurt: np.ndarray, tenure: np.ndarray) -> tuple[float, float]:
    """Dissimilarity of corporatie homes over buurten, asked and got."""
    households = town.buurten.huishoudens.to_numpy(float)
    got = np.bincount(buurt[tenure == int(Tenure.SOCIALE_HUUR)], minlength=len(town.buurten))
    return dissimilarity(town.buurten.p_corp.to_numpy() / 100.0 * households, households), dissimilarity(got, households)


def dissimilarity(part: np.ndarray, whole: np.ndarray) -> float:
    """Share of `part` [n] that would have to move to be spread as the rest of `whole` [n]."""
    rest = whole - part
    return float(0.5 * np.abs(part / max(part.sum(), 1e-12) - rest / max(rest.sum(), 1e-12)).sum())
