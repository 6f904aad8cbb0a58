"""The synthetic town: drawn from published margins, and labelled synthetic wherever it is shown."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri

from model.randomness import Luck, Stream
from model.town import Parameters as Country
from model.town import Town, income_shares, near_in_wijk, ownership, to_totals


class Parameters(NamedTuple):
    """Its margins; numbers with a source are published, the others assumed."""

    households: int
    wijken: int
    buurten: int
    corporaties: int
    town_seed: int
    buurt_size_cv: float
    corp_sd: float
    corp_within_wijk: float
    hh_size_mean: float
    hh_size_sd: float
    hh_size_of_corp: float
    woz_national: float
    woz_sd: float
    woz_of_corp: float
    dichtheid_median: float
    dichtheid_sd: float
    share_65plus_sd: float
    share_15_34_sd: float
    eengezins_at_mean: float
    eengezins_of_koop: float


def _normals(luck: Luck, question: int, count: int) -> np.ndarray:
    return ndtri(
        np.clip(luck.draws(Stream.TOWN, np.arange(1, count + 1, dtype=np.uint64) + np.uint64(question << 32)), 1e-9, 1 - 1e-9)
    )


def voorbeeldstad(p: Parameters, country: Country) -> Town:
    """The synthetic town: drawn once, from `town_seed` and published margins, so that every study has the same buurten."""
    luck, n = Luck(p.town_seed, 0), p.buurten
    wijk = np.sort(np.arange(n) % p.wijken)
    sigma = np.sqrt(np.log1p(p.buurt_size_cv**2))
    size = to_totals(np.exp(sigma * _normals(luck, 1, n))[None], np.array([p.households]))[0]
    # Corporatie shares: quantiles of a beta distribution with the measured mean and spread, given out in an order in which
    # buurten of one wijk lie near each other: that is how corporatie homes cluster.
    from scipy.stats import beta

    spread = country.corp_share * (1 - country.corp_share) / p.corp_sd**2 - 1
    quantiles = beta.ppf((np.arange(n) + 0.5) / n, country.corp_share * spread, (1 - country.corp_share) * spread)
    near = np.sqrt(p.corp_within_wijk) * _normals(luck, 2, p.wijken)[wijk] + np.sqrt(1 - p.corp_within_wijk) * _normals(
        luck, 3, n
    )
    corp = np.empty(n)
    corp[np.argsort(near, kind="stable")] = quantiles
    corp = np.clip(corp * country.corp_share / np.average(corp, weights=size), 0, 0.95)
    free = 1 - country.koop_share - country.corp_share
    koop = (1 - corp) * (1 - free / (1 - country.corp_share))
    low = (corp - country.corp_share) / p.corp_sd
    woz = np.exp(p.woz_sd * (p.woz_of_corp * low + np.sqrt(max(0.0, 1 - p.woz_of_corp**2)) * _normals(luck, 4, n)))
    woz /= np.average(woz, weights=size)
    larger = p.hh_size_of_corp * low + np.sqrt(max(0.0, 1 - p.hh_size_of_corp**2)) * _normals(luck, 5, n)
    hh = np.clip(p.hh_size_mean + p.hh_size_sd * larger, 1.2, 3.2)
    hh *= p.hh_size_mean / np.average(hh, weights=size)
    oud = np.clip(country.share_65plus + p.share_65plus_sd * _normals(luck, 6, n), 0.05, 0.5)
    score = country.score_of_woz * np.log(woz) + country.score_of_koop * (koop - country.koop_share)
    per_wijk = pd.Series(score * size).groupby(wijk).sum() / pd.Series(size).groupby(wijk).sum()
    klasse = np.clip(np.floor(per_wijk.to_numpy()[wijk] / country.class_width + country.class_of_mean + 0.5), 1, 9)
    low_income, high_income = income_shares(koop, woz, hh, country)
    order = pd.Series(wijk).groupby(wijk).cumcount().to_numpy() + 1
    frame = pd.DataFrame(
        {
            "code": [f"BU9999{w + 1:02d}{k:02d}" for w, k in zip(wijk, order, strict=True)],
            "naam": [f"Buurt {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[w]}{k}" for w, k in zip(wijk, order, strict=True)],
            "wijk": [f"WK9999{w + 1:02d}" for w in wijk],
            "wijk_naam": [f"Wijk {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[w]}" for w in wijk],
            "gemeente": "GM9999",
            "gemeente_naam": "Voorbeeldstad",
            "huishoudens": size,
            "inwoners": np.round(size * hh).astype(np.int64),
            "hh_grootte": hh,
            "p_1p": np.nan,
            "p_koop": 100 * koop,
            "p_corp": 100 * corp,
            "p_eengezins": 100 * expit(p.eengezins_at_mean + p.eengezins_of_koop * (koop - country.koop_share)),
            "woz_ratio": woz,
            "dichtheid": np.exp(np.log(p.dichtheid_median) + p.dichtheid_sd * _normals(luck, 7, n)),
            "p_oud": 100 * oud,
            "p_jong": 100 * np.clip(country.share_15_34 + p.share_15_34_sd * _normals(luck, 8, n), 0.05, 0.8),
            "p_laag_ink": 100 * low_income,
            "p_hoog_ink": 100 * high_income,
            "klasse": klasse,
            "score": np.nan,
            "x": np.nan,
            "y": np.nan,
        }
    )
    note = "drawn from published margins (docs/parameters.md, rooms voorbeeldstad and town); no real place"
    owned = ownership(frame, {"GM9999": p.corporaties})
    return Town("GM9999", "Voorbeeldstad (synthetisch)", True, frame, *owned, near_in_wijk(frame), sources=(note,))
