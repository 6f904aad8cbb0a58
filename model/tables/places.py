"""Where buurten lie: what is drawn of them, where their centres are, and which lie near each other.

    ground = read(folder, vintage, points, own, reused)  all that the folder knows of places, for the whole country
    frame, report = located(ground, frame, error)        x and y of each buurt, and the lines of the imputation report
    shapes_of(ground, frame, least)                      polygons of buurten, else of wijken, else None
    neighbours(ground, frame, nearest)                   pairs of buurten near each other, with metres

Not every buurt has a polygon. A wijk has one nearly everywhere, so its buurten are laid out around its centre at the distances
that their areas imply. That puts a buurt off by about a kilometre, and the report says by how much (attribute `ligging`); how far
they lie from each other comes out near the truth: 0.92 times (median over 61 wijken of 2024 whose buurten have polygons).
"""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from model.parameters import Problem, Refused
from model.tables.account import Line
from model.tables.vintage import Vintage

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

RD = "EPSG:28992"
GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))  # the turn of a sunflower's next seed: no two stand in one line


class Ground(NamedTuple):
    """What a folder knows of places, for the whole country.

    polygons   code, niveau (buurt or wijk), bron, geometry (EPSG:28992); a code once, the best source first
    points     centres of polygons, else as tables give them: x, y (metres, EPSG:28992), indexed by code
    touching   codes of buurten that touch: a, b; each pair once
    touch_m    how far apart (metres) two drawn borders may lie that are one border
    """

    polygons: "GeoDataFrame"
    points: pd.DataFrame
    touching: pd.DataFrame
    touch_m: float


# Reading


def read(
    folder: Path,
    vintage: Vintage,
    points: pd.DataFrame,
    own: "GeoDataFrame | None" = None,
    reused: Mapping[int, frozenset[str]] | None = None,
) -> Ground:
    """The ground of a vintage. `points`: x, y by code; `own`: polygons (code, geometry) that go before the vintage's.

    `reused`: year -> codes that are of another place in the vintage; polygons of that year are then not of these codes.
    Files that are absent leave it empty. Raises `Refused` for own polygons without a coordinate system.
    """
    import geopandas

    layers = [] if own is None else [_own(own)]
    for shapes in vintage.shapes:
        path = folder / shapes["file"]
        if path.is_file():
            layer, gone = _layer(path, shapes["level"], shapes["source"]), (reused or {}).get(shapes.get("year", vintage.year))
            layers.append(layer if gone is None else layer[~layer.code.isin(gone)])
    none = geopandas.GeoDataFrame({"code": [], "niveau": [], "bron": []}, geometry=[], crs=RD)
    polygons = pd.concat(layers, ignore_index=True).drop_duplicates("code") if layers else none
    listed = vintage.neighbours
    pairs = folder / listed["file"] if listed else None
    touching = pd.DataFrame({"a": [], "b": []}, dtype=str)
    if pairs is not None and pairs.is_file():
        columns = {theirs: ours for ours, theirs in listed["columns"].items()}
        touching = pd.read_csv(pairs, dtype=str, usecols=list(columns)).rename(columns=columns)
    return Ground(polygons, _points(polygons, points), touching, float(listed.get("touch_m", 0.0)))


def of_own(own: "GeoDataFrame") -> Ground:
    """The ground of a town that no folder holds: own polygons (code, geometry) and their centres."""
    polygons = _own(own)
    nowhere, untold = pd.DataFrame(columns=["x", "y"], dtype=float), pd.DataFrame(columns=["a", "b"], dtype=str)
    return Ground(polygons, _points(polygons, nowhere), untold, 0.0)


def _own(own: "GeoDataFrame") -> "GeoDataFrame":
    if own.crs is None:
        raise Refused([Problem("own polygons", "no coordinate system", f"one that is named, such as {RD}")])
    shapes = own[["code", "geometry"]].to_crs(RD)
    shapes["geometry"] = shapes.geometry.make_valid()
    return shapes.assign(niveau=np.where(shapes.code.str.startswith("WK"), "wijk", "buurt"), bron="eigen polygonen")


def _layer(path: Path, level: str, source: str) -> "GeoDataFrame":
    import geopandas

    with gzip.open(path) as file:
        return geopandas.read_file(file)[["code", "geometry"]].to_crs(RD).assign(niveau=level, bron=source)


def _points(polygons: "GeoDataFrame", told: pd.DataFrame) -> pd.DataFrame:
    middle = polygons.geometry.centroid
    drawn_at = pd.DataFrame({"x": middle.x.to_numpy(), "y": middle.y.to_numpy()}, index=polygons.code)
    both = pd.concat([drawn_at, told[["x", "y"]].dropna()])
    return both[~both.index.duplicated()]


# What is drawn


def shapes_of(ground: Ground, frame: pd.DataFrame, least: float) -> "GeoDataFrame | None":
    """What is drawn of the buurten of a town: code, niveau, geometry (EPSG:28992), or None.

    A gemeente is drawn by buurt if its polygons hold a share `least` of its households, else by wijk. Where most households
    live in gemeenten without polygons of buurten, all is drawn by wijk: a country with eight cities in detail misleads.
    None if what can be drawn holds less than `least` of all households.
    """
    known = ground.polygons
    homes = frame.huishoudens
    by_buurt = frame.code.isin(known.code[known.niveau == "buurt"])
    share = (homes * by_buurt).groupby(frame.gemeente).sum() / homes.groupby(frame.gemeente).sum()
    fine = frame.gemeente.map(share) >= least
    coarse = homes[fine].sum() < homes[~fine].sum()
    buurten = known[known.code.isin(frame.code[fine])]
    wijken = known[known.code.isin(frame.wijk if coarse else frame.wijk[~fine])]
    parts = [wijken, _as_wijken(buurten, frame, wijken) if coarse else buurten]
    shapes = pd.concat(parts, ignore_index=True)[["code", "niveau", "geometry"]].sort_values("code", ignore_index=True)
    return shapes if homes[area_of(shapes, frame) != ""].sum() >= least * homes.sum() else None


def _as_wijken(buurten: "GeoDataFrame", frame: pd.DataFrame, known: "GeoDataFrame") -> "GeoDataFrame":
    """Polygons of buurten as one polygon per wijk, for wijken that have none of their own."""
    wijk = buurten.code.map(frame.set_index("code").wijk)
    new = buurten.assign(wijk=wijk)[~wijk.isin(known.code)]
    return new.dissolve("wijk", as_index=False)[["wijk", "geometry"]].rename(columns={"wijk": "code"}).assign(niveau="wijk")


def area_of(shapes: "GeoDataFrame", frame: pd.DataFrame) -> pd.Series:
    """Code of the shape that each buurt is drawn in: its own, else that of its wijk, else ""."""
    have = set(shapes.code)
    return frame.code.where(frame.code.isin(have), frame.wijk.where(frame.wijk.isin(have), ""))


# Centres


def located(ground: Ground, frame: pd.DataFrame, of_wijk: float) -> tuple[pd.DataFrame, list[Line]]:
    """The frame with x and y, and lines that say from where.

    `of_wijk`: how far (metres) a wijk's centre puts a buurt off, typically (`layout_error`).
    """
    found = centres(ground, frame)
    rows = []
    for level, mine in frame.groupby(found.niveau, sort=False):
        error = of_wijk if level == "wijk" else float("nan")
        rows.append(Line("ligging", level, _sources_at(ground, level, mine), mine.index.to_numpy(), error))
    return frame.assign(x=found.x, y=found.y), rows


def sources(ground: Ground, frame: pd.DataFrame) -> list[str]:
    """Sources of the polygons of a town's buurten and wijken."""
    return list(ground.polygons.bron[ground.polygons.code.isin({*frame.code, *frame.wijk})].unique())


def _sources_at(ground: Ground, level: str, mine: pd.DataFrame) -> str:
    codes = {"buurt": mine.code, "wijk": mine.wijk}.get(level)
    return "" if codes is None else "; ".join(ground.polygons.bron[ground.polygons.code.isin(codes)].unique())


def centres(ground: Ground, frame: pd.DataFrame) -> pd.DataFrame:
    """Centre of each buurt: x, y (metres, EPSG:28992) and the niveau that it comes from.

    buurt      its own polygon or point
    wijk       laid out around the centre of its wijk
    gemeente   laid out around the mean of the gemeente's other buurten, where its wijk has no place
    ""         unknown, x and y empty: nothing of the gemeente has a place
    """
    found = ground.points.reindex(frame.code).set_axis(frame.index).astype(float)
    found["niveau"] = np.where(found.x.notna(), "buurt", "")
    for level in ("wijk", "gemeente"):
        middle = ground.points if level == "wijk" else found[["x", "y"]].groupby(frame.gemeente).mean().dropna()
        rest = (found.niveau == "") & frame[level].isin(middle.index)
        mine = frame[rest]
        found.loc[rest, ["x", "y"]] = middle.loc[mine[level], ["x", "y"]].to_numpy() + laid_out(mine, mine[level])
        found.loc[rest, "niveau"] = level
    return found


def laid_out(buurten: pd.DataFrame, around: pd.Series) -> np.ndarray:
    """Metres [n, 2] from the centre of their group (`around`) at which buurten lie if each has its area around it.

    An area is inwoners / dichtheid (per km2). The densest stand in the middle, as in most towns; the others spiral outwards like
    the seeds of a sunflower.
    """
    area = pd.Series(buurten.inwoners.to_numpy(float).clip(1.0) / buurten.dichtheid.to_numpy(float))
    group = pd.Series(around.to_numpy())
    dense_first = np.argsort(-buurten.dichtheid.to_numpy(float), kind="stable")
    area, group = area.iloc[dense_first], group.iloc[dense_first]
    radius = 1000.0 * np.sqrt((area.groupby(group).cumsum() - area / 2.0) / np.pi)
    angle = GOLDEN_ANGLE * group.groupby(group).cumcount()
    places = pd.DataFrame({"x": radius * np.cos(angle), "y": radius * np.sin(angle)})
    return (places - places.groupby(group).transform("mean")).sort_index().to_numpy()


def layout_error(ground: Ground, everywhere: pd.DataFrame) -> float:
    """Median metres between the own centre of a buurt and where its wijk's centre would put it; nan if none has both."""
    wijk = "WK" + everywhere.code.str[2:8]
    of_buurt = everywhere.code.str.startswith("BU") & everywhere.inwoners.gt(0) & everywhere.dichtheid.gt(0)
    known = everywhere[of_buurt & everywhere.code.isin(ground.points.index) & wijk.isin(ground.points.index)]
    if known.empty:
        return float("nan")
    wijk = wijk[known.index]
    put = ground.points.loc[wijk].to_numpy() + laid_out(known, wijk)
    return float(np.median(np.hypot(*(put - ground.points.loc[known.code].to_numpy()).T)))


# Neighbours


def neighbours(ground: Ground, frame: pd.DataFrame, nearest: int) -> pd.DataFrame:
    """Pairs of buurten that lie near each other: a, b (rows of the frame, which has x and y) and metres between centres.

    Buurten that touch, by the list of the vintage or by their polygons, also across the borders of gemeenten. A buurt of which
    nothing is known to touch has the `nearest` by centre. Every pair stands there both ways, sorted by a and then by b; no
    buurt is its own neighbour. A buurt without a place has no neighbours here.
    """
    where = frame[["x", "y"]].to_numpy(float)
    placed = np.flatnonzero(np.isfinite(where).all(axis=1))
    pairs = [_listed(ground, frame), _touching(ground, frame)]
    touched = np.unique(np.concatenate(pairs))
    alone = np.setdiff1d(placed, touched)
    count = min(nearest, len(placed) - 1)
    if count > 0 and len(alone):
        _, near = cKDTree(where[placed]).query(where[alone], k=count + 1)
        pairs.append(np.column_stack([np.repeat(alone, count + 1), placed[near].ravel()]))
    both = np.concatenate([p[:, order] for p in pairs for order in ([0, 1], [1, 0])])
    a, b = np.unique(both[both[:, 0] != both[:, 1]], axis=0).T
    return pd.DataFrame({"a": a, "b": b, "metres": np.hypot(*(where[a] - where[b]).T)})


def _listed(ground: Ground, frame: pd.DataFrame) -> np.ndarray:
    """Rows [m, 2] of the pairs that the vintage lists."""
    row = pd.Series(np.arange(len(frame)), index=frame.code)
    listed = ground.touching[ground.touching.a.isin(row.index) & ground.touching.b.isin(row.index)]
    return np.column_stack([row[listed.a], row[listed.b]]).astype(np.int64).reshape(-1, 2)


def _touching(ground: Ground, frame: pd.DataFrame) -> np.ndarray:
    """Rows [m, 2] of buurten whose polygons touch, but for pairs of which the list could have told."""
    row = pd.Series(np.arange(len(frame)), index=frame.code)
    mine = ground.polygons[ground.polygons.code.isin(row.index)]
    if mine.empty:
        return np.zeros((0, 2), np.int64)
    a, b = mine.sindex.query(mine.geometry.array, predicate="dwithin", distance=ground.touch_m)
    rows = row[mine.code].to_numpy()[np.column_stack([a, b])].astype(np.int64)
    told = frame.gemeente.where(frame.code.isin(set(ground.touching.a) | set(ground.touching.b)), "").to_numpy()
    return rows[(told[rows[:, 0]] == "") | (told[rows[:, 0]] != told[rows[:, 1]])]
