"""Where buurten lie: polygons, and which buurten touch."""

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd

from model.tables.vintage import Vintage


def shapes_of(folder: Path, vintage: Vintage, frame: pd.DataFrame) -> Any:
    """Polygons of the buurten (or of their wijken), or None; code, niveau, geometry in EPSG:28992."""
    for entry in vintage.shapes:
        path = folder / entry["file"]
        wanted = set(frame.code if entry["level"] == "buurt" else frame.wijk)
        if not path.is_file():
            continue
        import geopandas

        with gzip.open(path, "rt", encoding="utf-8") as file:
            features = [f for f in json.load(file)["features"] if f["properties"]["code"] in wanted]
        if features:
            shapes = geopandas.GeoDataFrame.from_features(features, crs="EPSG:28992")[["code", "geometry"]]
            return shapes.assign(niveau=entry["level"])
    return None
