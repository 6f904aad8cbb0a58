"""Outlines of buurten from a user's GeoJSON or GPKG, in EPSG:28992 (RD) or refused."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from model.parameters import Problem, Refused
from model.tables.files import opened_as, too_large, unpacked
from model.tables.schema import FIELDS, Finding, check

RD = "EPSG:28992"
JSON = (".geojson", ".json", ".geojson.gz", ".json.gz")


def read_polygons(path: Path, column: str, layer: str, largest: int) -> tuple[Any, list[Finding]]:
    """GeoDataFrame [number of the feature; buurt, geometry] and what is wrong inside it.

    Raises `Refused` where there is nothing to look at, or where the file as a whole is not in RD.
    """
    if not path.is_file():
        raise Refused([Problem(path.name, f"no such file in {path.parent}", "a file")])
    name = path.name.lower()
    if not name.endswith((*JSON, ".gpkg")):
        raise Refused([Problem(path.name, f"a file of kind {path.suffix or 'unknown'}", ", ".join((*JSON, ".gpkg")))])
    frame = _gpkg(path, column, layer, largest) if name.endswith(".gpkg") else _geojson(path, column, largest)
    if not len(frame):
        raise Refused([Problem(path.name, "no features", "a polygon per buurt")])
    codes = pd.DataFrame({"buurt": frame.buurt}, index=frame.index)
    return frame, check(codes, codes, FIELDS, ["buurt"], "feature") + _wrong_shapes(path, frame)


def _geojson(path: Path, column: str, largest: int) -> Any:
    """GeoJSON that declares no CRS is taken by its coordinates: the standard says degrees, many Dutch files are in RD."""
    import geopandas

    with opened_as(path, "GeoJSON"):
        found = json.loads(unpacked(path, largest))
        features = found["features"]
        _same_crs(path, found["crs"]["properties"]["name"] if found.get("crs") else RD)
        names = {name for feature in features for name in feature["properties"] or {}}
        if features and column not in names:
            raise _no_property(path, column, names)
        codes = [_code((feature["properties"] or {}).get(column)) for feature in features]
        shapes = [_shape(feature.get("geometry")) for feature in features]
    return geopandas.GeoDataFrame({"buurt": pd.Series(codes, dtype="str")}, geometry=shapes, crs=RD).set_axis(_numbered(codes))


def _shape(geometry: Any) -> Any:
    """The geometry of a feature; None, to be found as such, where it is none."""
    from shapely.errors import ShapelyError
    from shapely.geometry import shape

    try:
        return shape(geometry) if geometry else None
    except (ShapelyError, ValueError, TypeError, AttributeError, IndexError, KeyError):
        return None


def _gpkg(path: Path, column: str, layer: str, largest: int) -> Any:
    import geopandas

    if path.stat().st_size > largest:
        raise too_large(path, largest)
    with opened_as(path, "GPKG"):
        layers = list(geopandas.list_layers(path).name)
        if layer not in layers and (layer or len(layers) != 1):
            found = f"no layer {layer!r}" if layer else f"{len(layers)} layers"
            raise Refused([Problem(path.name, found, "`layer:` in the mapping, one of " + ", ".join(layers))])
        frame = geopandas.read_file(path, layer=layer or layers[0])
        _same_crs(path, frame.crs)
        if column not in frame:
            raise _no_property(path, column, set(frame.columns) - {"geometry"})
        codes = pd.Series([_code(value) for value in frame[column]], dtype="str")
    return geopandas.GeoDataFrame({"buurt": codes}, geometry=list(frame.geometry), crs=RD).set_axis(_numbered(codes))


def _numbered(rows: Any) -> pd.RangeIndex:
    return pd.RangeIndex(1, len(rows) + 1)


def _code(value: Any) -> str | None:
    said = "" if value is None or value != value else str(value).strip()
    return said.encode("utf-8", "replace").decode() or None  # JSON can spell what is no character


def _no_property(path: Path, column: str, names: set[str]) -> Refused:
    return Refused(
        [Problem(f"{path.name}, property {column}", "no such property", ", ".join(sorted(map(str, names))) or "properties")]
    )


def _same_crs(path: Path, declared: Any) -> None:
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    try:
        crs = CRS.from_user_input(declared)
    except CRSError:
        crs = None
    if crs is None or crs.to_epsg() != 28992:
        raise Refused([Problem(path.name, f"coordinates in {declared if crs is None else crs.name}", f"{RD} (RD, metres)")])


def _wrong_shapes(path: Path, frame: Any) -> list[Finding]:
    """Features that are no polygon or lie outside the country. Raises `Refused`, once, if no feature lies inside."""
    kinds = frame.geometry.geom_type
    good = kinds.isin(["Polygon", "MultiPolygon"]) & ~frame.geometry.is_empty
    found = [
        Finding(int(row), "", f"a {kind}" if isinstance(kind, str) else "no geometry", "a polygon with an area")
        for row, kind in kinds[~good].items()
    ]
    x, y = FIELDS["x"], FIELDS["y"]
    b = frame[good].bounds
    outside = b[~((b.minx >= x.low) & (b.maxx <= x.high) & (b.miny >= y.low) & (b.maxy <= y.high))]
    possible = f"{RD}: x from {x.low:.0f} to {x.high:.0f} m, y from {y.low:.0f} to {y.high:.0f} m"
    said = {
        int(row): f"coordinates such as {at.minx:.6g}, {at.miny:.6g}"
        + (" (degrees)" if abs(at.minx) <= 180 and abs(at.miny) <= 90 else "")
        for row, at in outside.iterrows()
    }
    if len(said) > 1 and len(said) == good.sum():
        raise Refused([Problem(path.name, next(iter(said.values())) + " everywhere", possible)])
    return found + [Finding(row, "", words, possible) for row, words in said.items()]
