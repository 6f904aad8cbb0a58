"""A study's tables, read from its folder (docs/results.md): all that is drawn and told of it."""

from dataclasses import dataclass
from functools import cached_property
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from experiments import bundle
from experiments.bundle import BUNDLES

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

LINES = (
    "leefbaarheid", "leefbaarheid_slechtste", "klachten", "escalaties", "uitzettingen", "opnamedagen",
    "wachttijd_personen", "wachttijd_regulier", "wachttijd_laag_inkomen", "zachte_landing", "kosten",
)  # fmt: skip
DRIFT = ("aandeel_kwetsbaar", "leefbaarheid", "verdraagzaamheid", "banden", "draagkracht", "draaglast", "druk_op_hulp")
TABLES = (
    "indicators", "differences", "ledger", "labels", "validation", "checks", "fit", "imputed", "parameters", "designs",
    "observed", "pockets",
)  # fmt: skip
LARGE = ("indicators", "ledger")  # rows of every design point; only the study's own are drawn


@dataclass(frozen=True)
class Tables:
    """A study's folder, read."""

    manifest: dict[str, Any]
    frames: dict[str, pd.DataFrame]

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.frames[name]

    @property
    def baseline(self) -> str:
        return str(self.manifest["baseline"])

    @property
    def others(self) -> list[str]:
        """The scenarios that are compared with the baseline."""
        return [s for s in self.manifest["scenarios"] if s != self.baseline]

    @property
    def seeds(self) -> int:
        return len(self.manifest["seeds"])

    @property
    def lines(self) -> list[str]:
        """The indicators of the table of differences that this study measured."""
        return [name for name in LINES if (self["labels"].name == name).any()]

    def label(self, indicator: str) -> pd.Series:
        return self["labels"].set_index("name").loc[indicator]

    @cached_property
    def drift(self) -> pd.DataFrame:
        """How far the baseline has moved from month 0 to its last year, mean over seeds: indicator, maand_0, laatste_jaar."""
        t = self["indicators"]
        own = t[(t.design == "") & (t.scenario == self.baseline) & (t.level == "gemeente") & (t.period == "year")]
        shown = [name for name in DRIFT if name in t]
        ends = [own[own.month == month][shown].astype(float).mean() for month in (0, own.month.max())]
        return pd.DataFrame({"indicator": shown, "maand_0": ends[0].to_numpy(), "laatste_jaar": ends[1].to_numpy()})

    @cached_property
    def town(self) -> pd.DataFrame:
        """The study's own differences for the gemeente as a whole."""
        d = self["differences"]
        return d[(d.design == "") & (d.level == "gemeente")]

    def whole(self, indicator: str, payer: str = "", profile: str = "") -> pd.DataFrame:
        """The study's own differences for the gemeente, in the order of the scenarios."""
        d = self.town
        return d[(d.indicator == indicator) & (d.payer == payer) & (d.profile == profile) & d.scenario.isin(self.others)]

    def parameter(self, name: str, default: float) -> float:
        """A parameter of the study, as a number."""
        found = self["parameters"].set_index("parameter").waarde
        return float(found[name]) if name in found else default

    @property
    def mapped(self) -> bool:
        return "geometry" in self["places"].columns and bool(self["places"].geometry.notna().any())


class TownTables(NamedTuple):
    """A town before any simulation, as `experiments.gemeente` writes it (docs/gemeente.md). `facts` is its manifest."""

    facts: dict[str, Any]
    places: "GeoDataFrame"
    margins: pd.DataFrame
    fit: pd.DataFrame
    compared: pd.DataFrame
    imputed: pd.DataFrame


def load_town(folder: Path) -> TownTables:
    """Read a town's folder."""
    facts = loads((folder / "manifest.json").read_text(encoding="utf-8"))
    frames = (pd.read_parquet(folder / f"{name}.parquet") for name in ("margins", "fit", "compared", "imputed"))
    return TownTables(facts, _places(folder / "places.parquet"), *frames)


def load(folder: Path) -> Tables:
    """Read a study's folder (docs/results.md)."""
    own = [("design", "==", "")]
    frames = {name: pd.read_parquet(folder / f"{name}.parquet", filters=own if name in LARGE else None) for name in TABLES}
    for name in BUNDLES:
        frames |= bundle.read(folder / f"{name}.parquet")
    frames["places"] = _places(folder / "places.parquet")
    return Tables(loads((folder / "manifest.json").read_text(encoding="utf-8")), frames)


def _places(path: Path) -> pd.DataFrame:
    import pyarrow.parquet as pq

    if "geometry" not in pq.read_schema(path).names:
        return pd.read_parquet(path)
    import geopandas

    return geopandas.read_parquet(path)
