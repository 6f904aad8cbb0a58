"""The shape of a study's configuration: every key, its type, and the values it may have. Imports nothing heavy."""

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

from omegaconf import MISSING

CONFIGS = Path(__file__).resolve().parent.parent / "configs"


class Detail(Enum):
    """How much is kept of each run: gemeente by month and places by year; by year only; everything by month."""

    monthly = "monthly"
    summary = "summary"
    full = "full"


class Bron(Enum):
    """Where a town comes from."""

    voorbeeldstad = "voorbeeldstad"
    cbs = "cbs"


@dataclass
class Gemeente:
    bron: Bron = MISSING
    code: Any = MISSING  # one code, NL, or a list of codes
    data: str | None = None  # a folder with the tables; without one they are downloaded
    cache: str | None = None  # where downloads are kept; none is the folder of the user's caches
    vintage: int = 2024
    eigen: str | None = None  # a mapping of the user's own tables (docs/own-tables.md)


@dataclass
class Entry:
    """A parameter with its papers; `source` and `status` are one text, or one per code."""

    value: Any = MISSING
    unit: str = MISSING
    range: list[float] = MISSING
    source: Any = MISSING
    status: Any = MISSING


@dataclass
class Lever:
    value: Any = MISSING
    source: str = MISSING


@dataclass
class Question:
    nl: str = MISSING
    en: str = MISSING


@dataclass
class Robustness:
    """The small design of choice 1: does the order of scenarios hold over shapes and catchments?"""

    shapes: dict[str, float] = field(
        default_factory=lambda: {"verzadigend": 0.25, "afnemend": 0.5, "lineair": 1.0, "convex": 2.0, "drempel": 4.0}
    )
    shape_weights: dict[str, float] = field(
        default_factory=lambda: {"verzadigend": 1.0, "afnemend": 1.0, "lineair": 1.0, "convex": 1.0, "drempel": 1.0}
    )
    catchments: dict[str, list[float]] = field(
        default_factory=lambda: {"vast": [0.0, 0.0], "gemengd": [0.0, 1.0], "volgend": [1.0, 1.0]}
    )
    catchment_weights: dict[str, float] = field(default_factory=lambda: {"vast": 1.0, "gemengd": 1.0, "volgend": 1.0})
    seeds: int = 4
    months: int = 60
    indicators: list[str] = field(
        default_factory=lambda: [
            "leefbaarheid",
            "leefbaarheid_slechtste",
            "escalaties",
            "zachte_landing",
            "opnamedagen",
            "kosten",
        ]
    )


@dataclass
class Screen:
    """Which numbers move the headline most: each of these in turn at both ends of its range."""

    parameters: list[str] = field(default_factory=list)
    seeds: int = 2


@dataclass
class Results:
    folder: str = "results"
    detail: Detail = Detail.monthly
    design_detail: Detail = Detail.summary


@dataclass
class Config:
    name: str = MISSING
    vraag: Question = field(default_factory=Question)
    scenarios: list[Any] = MISSING
    baseline: str = MISSING
    quota: float = MISSING
    seeds: int = MISSING
    first_seed: int = MISSING
    months: int = MISSING
    warmup: int = MISSING
    workers: int = MISSING
    without: list[str] = MISSING
    gemeente: Gemeente = field(default_factory=Gemeente)
    levers: dict[str, Lever] = field(default_factory=dict)
    parameters: dict[str, dict[str, Entry]] = field(default_factory=dict)
    robustness: Robustness = field(default_factory=Robustness)
    screen: Screen = field(default_factory=Screen)
    results: Results = field(default_factory=Results)


WHOLE = {"seeds": (2, 10_000), "first_seed": (0, 1_000_000_000), "months": (12, 1200), "warmup": (12, 240), "workers": (1, 256)}
EXECUTION = ("scenarios", "seeds", "workers", "baseline")  # what a study's hash leaves out: see experiments.study


def composed(overrides: list[str]) -> dict[str, Any]:
    """The resolved configuration of `python -m experiments.run <overrides>`, for notebooks, docs and tests."""
    from hydra import compose, initialize_config_dir
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import OmegaConf

    ConfigStore.instance().store("schema", Config)
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        node = compose("config", overrides)
    return OmegaConf.to_container(node, resolve=True, throw_on_missing=True, enum_to_str=True)  # type: ignore[return-value]
