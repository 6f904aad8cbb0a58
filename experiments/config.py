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


class Drawn(Enum):
    """How numbers are drawn."""

    none = "none"
    lhs = "lhs"
    sobol = "sobol"


class Kind(Enum):
    """How design points are made."""

    none = "none"
    grid = "grid"
    list = "list"
    zip = "zip"
    lhs = "lhs"
    sobol = "sobol"


class Scale(Enum):
    """On which scale numbers are spread: auto is log where they can not be 0."""

    auto = "auto"
    linear = "linear"
    log = "log"


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
class Draws:
    """How unsure are the differences because numbers are? Draws of these numbers together, each within its range."""

    kind: Drawn = Drawn.sobol
    parameters: list[str] = field(default_factory=list)
    number: int = 16
    seed: int = 1
    scale: Scale = Scale.auto
    where: list[str] = field(default_factory=list)
    seeds: int = 2
    months: int = 60


@dataclass
class Design:
    """Design points of the user's own, each with every scenario and the first of the seeds (docs/designs.md)."""

    kind: Kind = Kind.none
    over: Any = field(default_factory=dict)  # open, so that any path can be named: see `schema`
    points: list[Any] = field(default_factory=list)
    number: int = 16
    seed: int = 1
    scale: Scale = Scale.auto
    where: list[str] = field(default_factory=list)
    seeds: int = 4
    months: int = 60


@dataclass
class Ranking:
    """In which order do the scenarios stand on one outcome? With a batch, seeds are added until that is settled."""

    outcome: str = "leefbaarheid"
    error: float = 0.05  # probability that anything that is called settled is wrong
    batch: int = 0  # seeds that are added at a time; 0: the number of seeds is `seeds`
    most: int = 128  # seeds at which one stops looking


@dataclass
class Results:
    folder: str = "results"
    detail: Detail = Detail.monthly
    design_detail: Detail = Detail.summary
    pdf: bool = True  # the report as PDF too, where a Chromium is found


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
    draws: Draws = field(default_factory=Draws)
    design: Design = field(default_factory=Design)
    ranking: Ranking = field(default_factory=Ranking)
    part: int = 0  # 1 to parts: only this share of the runs; 0 is all
    parts: int = 1
    dry: bool = False  # say what would be run, and how long it would take
    results: Results = field(default_factory=Results)


WHOLE = {
    "seeds": (2, 10_000), "first_seed": (0, 1_000_000_000), "months": (12, 1200), "warmup": (12, 240), "workers": (1, 256),
    "part": (0, 100_000), "parts": (1, 100_000),
}  # fmt: skip
SIZES = {
    "robustness.seeds": (0, 10_000), "robustness.months": (12, 1200), "screen.seeds": (0, 10_000), "draws.seeds": (0, 10_000),
    "draws.months": (12, 1200), "design.seeds": (0, 10_000), "design.months": (12, 1200), "ranking.batch": (0, 10_000),
    "ranking.most": (2, 10_000),
}  # fmt: skip
EXECUTION = ("workers", "part", "parts", "dry")  # who computes a study, and how much of it now: no part of what it is
EXTENT = (
    "scenarios",
    "baseline",
    "seeds",
    "first_seed",
    "robustness",
    "screen",
    "draws",
    "design",
    "ranking",
    "vraag",
)  # what extends it


OF_TABLES = {"gemeente.code", "gemeente.data", "gemeente.cache", "gemeente.vintage"}  # what only real tables have


def with_source(arguments: list[str]) -> list[str]:
    """The arguments, with gemeente=cbs where they say something of real tables and not where the town comes from."""
    keys = {argument.partition("=")[0] for argument in arguments}
    return ["gemeente=cbs", *arguments] if keys & OF_TABLES and not keys & {"gemeente", "gemeente.bron"} else arguments


def schema() -> Any:
    """The schema as a node for Hydra. `design.over` takes keys that it has not."""
    from omegaconf import OmegaConf

    node = OmegaConf.structured(Config)
    OmegaConf.set_struct(node.design.over, False)
    return node


def composed(overrides: list[str]) -> dict[str, Any]:
    """The resolved configuration of `python -m experiments.run <overrides>`, for notebooks, docs and tests."""
    from hydra import compose, initialize_config_dir
    from hydra.core.config_store import ConfigStore
    from hydra.core.global_hydra import GlobalHydra
    from omegaconf import OmegaConf

    ConfigStore.instance().store("schema", schema())
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        node = compose("config", with_source(overrides))
    return OmegaConf.to_container(node, resolve=True, throw_on_missing=True, enum_to_str=True)  # type: ignore[return-value]
