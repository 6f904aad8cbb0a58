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
from model.world import AgeClass, DwellingKind, Place, Profile, SesClass, Tenure, World

LARGE = 100  # households from which a buurt counts in errors: CBS rounds, and a household more or less is noise
HOUSEHOLDS = "aandeel huishoudens"
COMPARED = {"ses_woa": "gemiddelde SES", "ses_spreiding": "spreiding SES", "p_wmo": "aandeel kwetsbaar"}  # observed: of the world


class Margin(NamedTuple):
    """One share of households: its name, and what each buurt [n] was asked to have and got."""

    name: str
    asked: np.ndarray
    got: np.ndarray


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
    """What is known of large buurten besides the margins, against the world: waargenomen, model, buurten, rangcorrelatie.

    Nothing of this went into the world, so that it tells how well the synthesis guesses what it was not told.
    """
    d = world.dwellings
    lived = d.identity != 0
    found = pd.DataFrame({"buurt": d.buurt[lived], "ses": d.ses[lived], "person": d.person[lived] >= 0}).groupby("buurt")
    of_world = pd.DataFrame(
        {"gemiddelde SES": found.ses.mean(), "spreiding SES": found.ses.std(), "aandeel kwetsbaar": found.person.mean()}
    )
    large = town.buurten.huishoudens >= LARGE
    rows = []
    for column, name in COMPARED.items():
        if column in town.observed:
            pair = pd.DataFrame({"known": town.observed[column], "model": of_world[name]})[large].dropna()
            rank = spearmanr(pair.known, pair.model).statistic if len(pair) > 2 else np.nan
            rows.append((column, name, len(pair), float(rank)))
    return pd.DataFrame(rows, columns=["waargenomen", "model", "buurten", "rangcorrelatie"])


def _clustering(town: Town, buurt: np.ndarray, tenure: np.ndarray) -> tuple[float, float]:
    """Dissimilarity of corporatie homes over buurten, asked and got."""
    households = town.buurten.huishoudens.to_numpy(float)
    got = np.bincount(buurt[tenure == int(Tenure.SOCIALE_HUUR)], minlength=len(town.buurten))
    return dissimilarity(town.buurten.p_corp.to_numpy() / 100.0 * households, households), dissimilarity(got, households)


def dissimilarity(part: np.ndarray, whole: np.ndarray) -> float:
    """Share of `part` [n] that would have to move to be spread as the rest of `whole` [n]."""
    rest = whole - part
    return float(0.5 * np.abs(part / max(part.sum(), 1e-12) - rest / max(rest.sum(), 1e-12)).sum())
