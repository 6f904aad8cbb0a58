"""A gemeente's tables in one checked form, whether they are real or drawn: what `population` builds from.

`voorbeeldstad` is drawn from published margins and says so wherever it is shown. `cbs` reads the tables of CBS, RIVM and
the Leefbaarometer from a folder. What a table does not know is filled along a declared chain, and counted.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from model.parameters import Problem, Refused
from model.randomness import Luck, Stream

COLUMNS = {
    "code": "CBS code of the buurt",
    "naam": "name",
    "wijk": "CBS code of the wijk",
    "wijk_naam": "name of the wijk",
    "huishoudens": "households",
    "inwoners": "inhabitants",
    "hh_grootte": "mean household size",
    "p_koop": "% koop of dwellings",
    "p_corp": "% of dwellings that corporaties let",
    "woz_ratio": "WOZ value over the national mean",
    "dichtheid": "inhabitants per km2",
    "p_oud": "% of inhabitants of 65 and over",
    "klasse": "last published leefbaarheid class (1-9) of its wijk; empty if unknown",
}


@dataclass(frozen=True)
class Town:
    """A gemeente as its tables show it. `buurten` has the columns of `COLUMNS`, one row per inhabited buurt."""

    code: str
    naam: str
    synthetic: bool
    buurten: pd.DataFrame
    corporaties: int
    imputed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["attribuut", "niveau", "buurten", "huishoudens"]))
    shapes: Any = None  # GeoDataFrame with code and geometry (EPSG:28992), where there are polygons
    sources: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        missing = [c for c in COLUMNS if c not in self.buurten]
        if missing:
            raise Refused([Problem(f"tables of {self.naam}", "columns " + ", ".join(self.buurten), "also " + ", ".join(missing))])

    @property
    def wijken(self) -> list[str]:
        """Codes of the wijken, in order of their first buurt."""
        return list(dict.fromkeys(self.buurten.wijk))


class Parameters(NamedTuple):
    """The synthetic town's margins; numbers with a source are published, the others assumed."""

    households: int
    wijken: int
    buurten: int
    corporaties: int
    town_seed: int
    buurt_size_cv: float
    koop_share: float
    corp_share: float
    corp_sd: float
    corp_within_wijk: float
    hh_size_mean: float
    hh_size_sd: float
    woz_sd: float
    woz_of_corp: float
    dichtheid_median: float
    dichtheid_sd: float
    share_65plus: float
    share_65plus_sd: float
    class_of_mean: float
    score_of_woz: float
    score_of_koop: float
    class_width: float


def _normals(luck: Luck, question: int, count: int) -> np.ndarray:
    return ndtri(
        np.clip(luck.draws(Stream.TOWN, np.arange(1, count + 1, dtype=np.uint64) + np.uint64(question << 32)), 1e-9, 1 - 1e-9)
    )


def to_total(shares: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to shares [n] that sum to total (largest remainders)."""
    exact = shares / shares.sum() * total
    whole = np.floor(exact).astype(np.int64)
    whole[np.argsort(whole - exact, kind="stable")[: total - whole.sum()]] += 1
    return whole


def voorbeeldstad(p: Parameters) -> Town:
    """The synthetic town: drawn once, from `town_seed` and published margins, so that every study has the same buurten."""
    luck, n = Luck(p.town_seed, 0), p.buurten
    wijk = np.sort(np.arange(n) % p.wijken)
    sigma = np.sqrt(np.log1p(p.buurt_size_cv**2))
    size = to_total(np.exp(sigma * _normals(luck, 1, n)), p.households)
    # Corporatie shares: quantiles of a beta distribution with the measured mean and spread, given out in an order in which
    # buurten of one wijk lie near each other: that is how corporatie homes cluster.
    from scipy.stats import beta

    spread = p.corp_share * (1 - p.corp_share) / p.corp_sd**2 - 1
    quantiles = beta.ppf((np.arange(n) + 0.5) / n, p.corp_share * spread, (1 - p.corp_share) * spread)
    near = np.sqrt(p.corp_within_wijk) * _normals(luck, 2, p.wijken)[wijk] + np.sqrt(1 - p.corp_within_wijk) * _normals(
        luck, 3, n
    )
    corp = np.empty(n)
    corp[np.argsort(near, kind="stable")] = quantiles
    corp = np.clip(corp * p.corp_share / np.average(corp, weights=size), 0, 0.95)
    free = 1 - p.koop_share - p.corp_share
    koop = (1 - corp) * (1 - free / (1 - p.corp_share))
    low = (corp - p.corp_share) / p.corp_sd
    woz = np.exp(p.woz_sd * (p.woz_of_corp * low + np.sqrt(max(0.0, 1 - p.woz_of_corp**2)) * _normals(luck, 4, n)))
    woz /= np.average(woz, weights=size)
    hh = np.clip(p.hh_size_mean + p.hh_size_sd * (-0.4 * low + 0.9 * _normals(luck, 5, n)), 1.2, 3.2)
    hh *= p.hh_size_mean / np.average(hh, weights=size)
    oud = np.clip(p.share_65plus + p.share_65plus_sd * _normals(luck, 6, n), 0.05, 0.5)
    score = p.score_of_woz * np.log(woz) + p.score_of_koop * (koop - p.koop_share)
    per_wijk = pd.Series(score * size).groupby(wijk).sum() / pd.Series(size).groupby(wijk).sum()
    klasse = np.clip(np.floor(per_wijk.to_numpy()[wijk] / p.class_width + p.class_of_mean + 0.5), 1, 9)
    order = pd.Series(wijk).groupby(wijk).cumcount().to_numpy() + 1
    frame = pd.DataFrame(
        {
            "code": [f"BU9999{w + 1:02d}{k:02d}" for w, k in zip(wijk, order, strict=True)],
            "naam": [f"Buurt {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[w]}{k}" for w, k in zip(wijk, order, strict=True)],
            "wijk": [f"WK9999{w + 1:02d}" for w in wijk],
            "wijk_naam": [f"Wijk {'ABCDEFGHIJKLMNOPQRSTUVWXYZ'[w]}" for w in wijk],
            "huishoudens": size,
            "inwoners": np.round(size * hh).astype(np.int64),
            "hh_grootte": hh,
            "p_koop": 100 * koop,
            "p_corp": 100 * corp,
            "woz_ratio": woz,
            "dichtheid": np.exp(np.log(p.dichtheid_median) + p.dichtheid_sd * _normals(luck, 7, n)),
            "p_oud": 100 * oud,
            "klasse": klasse,
        }
    )
    note = "drawn from published margins (docs/parameters.md, room tables); no real place"
    return Town("GM9999", "Voorbeeldstad (synthetisch)", True, frame, p.corporaties, sources=(note,))


FILES = {
    "buurten": "buurten_2024_nl.csv.gz",
    "wijken": "wijken_2024_nl.csv.gz",
    "gemeenten": "gemeenten_2024_nl.csv",
    "leefbaarheid": "leefbaarometer2_wijk_klasse_2002_2016.csv",
}
SHAPES = "buurten_2024_selectie_rd.geojson.gz"
NEEDED = {
    "buurten": ["code", "naam", "wk_code", "gm_code", "gm_naam", "inwoners", "inw_65plus", "huishoudens", "hh_grootte",
                "dichtheid_km2", "woz_keur", "p_koop", "p_corp_est"],
    "wijken": ["code", "naam", "woz_keur", "p_koop", "hh_grootte", "inw_65plus", "inwoners", "dichtheid_km2"],
    "gemeenten": ["code", "naam", "huishoudens", "woz_keur", "p_koop", "hh_grootte", "inw_65plus", "inwoners", "dichtheid_km2"],
    "leefbaarheid": ["code", "kl16"],
}  # fmt: skip


def _read(folder: Path, name: str) -> pd.DataFrame:
    path = folder / FILES[name]
    if not path.is_file():
        raise Refused(
            [Problem("gemeente.data", f"no file {FILES[name]} in {folder}", "a folder with " + ", ".join(FILES.values()))]
        )
    frame = pd.read_csv(path, dtype={"code": str, "naam": str, "wk_code": str, "gm_code": str, "gm_naam": str}, low_memory=False)
    missing = [c for c in NEEDED[name] if c not in frame]
    if missing:
        raise Refused([Problem(FILES[name], "columns " + ", ".join(frame), "also " + ", ".join(missing))])
    return frame[NEEDED[name]].set_index("code", drop=False)


def cbs(code: str, folder: Path, p: Parameters) -> Town:
    """A real gemeente of 2024 from a folder of tables. Raises `Refused` for a missing folder, file, column or code."""
    if not folder.is_dir():
        raise Refused([Problem("gemeente.data", repr(str(folder)), "a folder with the tables (docs/data.md)")])
    buurten, wijken, gemeenten, lbm = (_read(folder, name) for name in ("buurten", "wijken", "gemeenten", "leefbaarheid"))
    if code not in gemeenten.index:
        near = [c for c in gemeenten.index if c[:4] == str(code)[:4]][:12]
        raise Refused(
            [
                Problem(
                    "gemeente.code",
                    repr(code),
                    f"a code of {FILES['gemeenten']}, such as " + ", ".join(near or gemeenten.index[:12]),
                )
            ]
        )
    mine = buurten[(buurten.gm_code == code) & (buurten.huishoudens > 0)].copy()
    for table in (mine, wijken, gemeenten):
        table["p_oud"] = 100.0 * table.inw_65plus / table.inwoners
    town = gemeenten.loc[code]
    corp_of_rent = _corporatie_of_rent(buurten[buurten.gm_code == code])
    report: list[dict[str, Any]] = []

    def fill(attribute: str) -> pd.Series:
        """buurt, then its wijk, then the gemeente; what is suppressed is never zero."""
        own = mine[attribute]
        from_wijk = mine.wk_code.map(wijken[attribute])
        values = own.fillna(from_wijk).fillna(town[attribute])
        for level, used in (("wijk", own.isna() & from_wijk.notna()), ("gemeente", own.isna() & from_wijk.isna())):
            if used.any():
                report.append(
                    {
                        "attribuut": attribute,
                        "niveau": level,
                        "buurten": int(used.sum()),
                        "huishoudens": int(mine.huishoudens[used].sum()),
                    }
                )
        return values

    koop = fill("p_koop")
    corp = mine.p_corp_est.fillna((100 - koop) * corp_of_rent)
    report.append(
        {
            "attribuut": "p_corp",
            "niveau": "schatting uit gemeente (2020)",
            "buurten": len(mine),
            "huishoudens": int(mine.huishoudens.sum()),
        }
    )
    klasse = mine.wk_code.map(lbm.kl16)
    unknown = klasse.isna()
    if unknown.any():
        report.append(
            {
                "attribuut": "leefbaarheid",
                "niveau": "geschat uit WOZ en koop",
                "buurten": int(unknown.sum()),
                "huishoudens": int(mine.huishoudens[unknown].sum()),
            }
        )
    known = ~unknown
    report.append(
        {
            "attribuut": "leefbaarheid",
            "niveau": "klasse van de wijk (2016)",
            "buurten": int(known.sum()),
            "huishoudens": int(mine.huishoudens[known].sum()),
        }
    )
    national_woz = np.average(gemeenten.woz_keur.dropna(), weights=gemeenten.huishoudens[gemeenten.woz_keur.notna()])
    frame = pd.DataFrame(
        {
            "code": mine.code,
            "naam": mine.naam,
            "wijk": mine.wk_code,
            "wijk_naam": mine.wk_code.map(wijken.naam),
            "huishoudens": mine.huishoudens.astype(np.int64),
            "inwoners": mine.inwoners,
            "hh_grootte": fill("hh_grootte"),
            "p_koop": koop,
            "p_corp": np.minimum(corp, 100 - koop),
            "woz_ratio": fill("woz_keur") / national_woz,
            "dichtheid": fill("dichtheid_km2").clip(lower=1.0),
            "p_oud": fill("p_oud").clip(0.0, 100.0),
            "klasse": klasse,
        }
    ).reset_index(drop=True)
    frame = frame.sort_values("code", ignore_index=True)
    sources = (
        "CBS Kerncijfers wijken en buurten 2024 (85984NED), CC BY 4.0",
        "CBS 2020: aandeel corporatie per gemeente",
        "Leefbaarometer 2.0, 2016 (BZK), CC0",
    )
    return Town(code, str(town.naam), False, frame, p.corporaties, pd.DataFrame(report), _shapes(folder, frame), sources)


def _corporatie_of_rent(buurten: pd.DataFrame) -> float:
    """Share of rented homes that corporaties let, as the gemeente's estimate implies it."""
    known = buurten.p_corp_est.notna() & (buurten.p_koop < 100)
    return float((buurten.p_corp_est[known] / (100 - buurten.p_koop[known])).median())


def _shapes(folder: Path, frame: pd.DataFrame) -> Any:
    path = folder / SHAPES
    if not path.is_file():
        return None
    import gzip
    import json

    import geopandas

    with gzip.open(path, "rt", encoding="utf-8") as file:
        features = [f for f in json.load(file)["features"] if f["properties"]["code"] in set(frame.code)]
    if not features:
        return None
    return geopandas.GeoDataFrame.from_features(features, crs="EPSG:28992")[["code", "geometry"]]
