"""A study, checked before anything runs: its town, numbers, scenarios and design points, and the folder that it owns."""

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from experiments import designs, switches
from experiments.config import CONFIGS, EXECUTION, EXTENT, SIZES, WHOLE
from experiments.engine.measure import Asked, Ground, Job, version
from experiments.scenarios import read_levers, scenario_name, settings_of
from model import tables
from model.indicators import COMPARED
from model.jit import sources_hash
from model.parameters import Problem, Refused
from model.policies import Levers, Setting
from model.rooms import Rooms, read_rooms
from model.tables import Tables, statline
from model.tables.vintage import Vintage, read_vintage
from model.town import Town
from model.voorbeeldstad import voorbeeldstad

MAIN = ""  # the name of the design point that is the study itself
LATE = "controle: laat signaal"
PLACEBO = "controle: placebo"
AGAIN = "controle: nog eens"  # one run lived once more, in a job of its own
CHECKS = (LATE, PLACEBO, AGAIN)


class Point(NamedTuple):
    """A design point: what it changes, and how much of it is lived. `kind`: study, shape, screen, draw or design."""

    name: str
    kind: str
    values: dict[str, Any]
    seeds: int
    months: int
    detail: str


@dataclass(frozen=True, eq=False)
class Plan:
    """Everything that a study will do; the first of its points is the study itself."""

    config: dict[str, Any]
    folder: Path
    town: Town
    rooms: Rooms
    huidig: Levers
    scenarios: dict[str, list[Setting]]
    baseline: str
    seeds: list[int]
    points: list[Point]
    data_hashes: dict[str, str]

    @cached_property
    def asked(self) -> list[Asked]:
        """Every run of the study, in (design point, seed, scenario) order; the checks after the study itself."""
        return _asked(self)


def plan(config: dict[str, Any]) -> Plan:
    """The checked plan of a resolved configuration; raises one `Refused` with every problem."""
    problems = _whole_numbers(config)
    parts: dict[str, Any] = {}
    for name, make in {
        "rooms": lambda: read_rooms(config["parameters"]),
        "huidig": lambda: read_levers(config["levers"], config["quota"]),
        "scenarios": lambda: _scenarios(config),
    }.items():
        try:
            parts[name] = make()
        except Refused as refused:
            problems += refused.problems
    unknown = switches.problems(config["without"])
    problems += unknown or switches.clashes(config["without"], parts.get("scenarios", {}))
    if "rooms" in parts:
        try:
            parts["town"] = read_town(config["gemeente"], parts["rooms"])
        except Refused as refused:
            problems += refused.problems
        try:
            parts["points"] = _points(config, parts["rooms"])
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    seeds = list(range(config["first_seed"], config["first_seed"] + config["seeds"]))
    hashes = _hashes(config["gemeente"], parts["town"])
    folder = Path(config["results"]["folder"]) / f"{config['name']}-{study_hash(config, hashes)}"
    return Plan(config, folder, seeds=seeds, baseline=config["baseline"], data_hashes=hashes, **parts)


def ground(p: Plan, values: dict[str, Any] | None = None) -> Ground:
    """What the worlds of a design point are made of; what draws a map stays behind, and what is switched off stays off."""
    rooms, huidig = designs.with_values(p.rooms, p.huidig, values or {})
    rooms, huidig, off = switches.switched(rooms, huidig, p.config["without"])
    town = p.town if p.town.shapes is None else replace(p.town, shapes=None)  # a town is checked whenever it is made
    return Ground(town, rooms, huidig, p.config["warmup"], off)


def _whole_numbers(config: dict[str, Any]) -> list[Problem]:
    problems = [
        Problem(key, repr(config[key]), f"a whole number from {low} to {high}")
        for key, (low, high) in WHOLE.items()
        if not low <= config[key] <= high
    ]
    for where, (low, high) in SIZES.items():
        key, _, name = where.partition(".")
        if not low <= config[key][name] <= high:
            problems.append(Problem(where, repr(config[key][name]), f"a whole number from {low} to {high}"))
    if config["part"] and config["ranking"]["batch"]:
        problems.append(Problem("part", repr(config["part"]), "0 with ranking.batch: whether seeds are enough takes all of them"))
    if config["part"] > config["parts"]:
        problems.append(Problem("part", repr(config["part"]), f"a whole number from 0 (all) to parts ({config['parts']})"))
    problems += _ranking_problems(config["ranking"])
    if not 0 <= config["quota"] <= 1:
        problems.append(Problem("quota", repr(config["quota"]), "a share from 0 to 1"))
    return problems


def _ranking_problems(ranking: dict[str, Any]) -> list[Problem]:
    """An outcome that exists, an error rate that is one, and batches that fit below the most."""
    problems, known = [], list(COMPARED)
    if ranking["outcome"] not in known:
        problems.append(Problem("ranking.outcome", repr(ranking["outcome"]), ", ".join(known)))
    if not 0.0 < ranking["error"] < 1.0:
        problems.append(Problem("ranking.error", repr(ranking["error"]), "a probability between 0 and 1"))
    if ranking["batch"] == 1:
        problems.append(Problem("ranking.batch", "1", "0 (seeds are as many as `seeds` says), or at least 2 at a time"))
    return problems


def _scenarios(config: dict[str, Any]) -> dict[str, list[Setting]]:
    """Name -> settings, the baseline first."""
    problems: list[Problem] = []
    found: dict[str, list[Setting]] = {}
    items = [(config["baseline"].split("+") if "+" in config["baseline"] else config["baseline"], "baseline")]
    items += [(item, f"scenarios[{k}]") for k, item in enumerate(config["scenarios"])]
    for item, where in items:
        try:
            found.setdefault(scenario_name(item), settings_of(item, where))
        except Refused as refused:
            problems += refused.problems
    if len(found) < 2 and not problems:
        problems.append(Problem("scenarios", repr(config["scenarios"]), "at least one scenario besides the baseline"))
    if problems:
        raise Refused(problems)
    return found


def read_town(gemeente: dict[str, Any], rooms: Rooms) -> Town:
    """The town that the configuration names."""
    own = Path(gemeente["eigen"]) if gemeente["eigen"] is not None else None
    if gemeente["bron"] == "voorbeeldstad":
        drawn = voorbeeldstad(rooms.voorbeeldstad, rooms.town)
        _refuse_tables(gemeente, drawn.code)
        if own is None:
            return drawn
        return tables.drawn_with_own(drawn, _mapping(own), own.parent, own.name, rooms.voorbeeldstad.woz_national, rooms.tables)
    found = gemeente["code"]
    codes = found if isinstance(found, list) else [found]
    if not codes or not all(isinstance(code, str) for code in codes):
        raise Refused([Problem("gemeente.code", repr(found), "a code such as GM0828, a list of codes for a region, or NL")])
    read = read_tables(gemeente)
    if own is not None:
        read = tables.with_own(read, _mapping(own), own.parent, own.name)
    return tables.town(read, codes, rooms.tables, rooms.town)


def _refuse_tables(gemeente: dict[str, Any], code: str) -> None:
    """Raises `Refused` where the synthetic town is asked for with the code of a real one, or with its tables."""
    own = {"code": code, "data": None}
    given = [name for name in own if gemeente.get(name, own[name]) != own[name]]
    if given:
        found = "{} beside voorbeeldstad, which is synthetic"
        possible = "gemeente=cbs for a real gemeente, or this key left out"
        raise Refused([Problem(f"gemeente.{name}", found.format(repr(gemeente[name])), possible) for name in given])


def _hashes(gemeente: dict[str, Any], town: Town) -> dict[str, str]:
    """SHA-256 of every table that was read, and of the mappings that say what their columns are."""
    mappings = [CONFIGS / "vintage" / f"{gemeente['vintage']}.yaml"] if gemeente["bron"] == "cbs" else []
    mappings += [Path(gemeente["eigen"])] if gemeente["eigen"] is not None else []
    return town.hashes | {f"mapping {path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in mappings}


def _mapping(path: Path) -> dict[str, Any]:
    """A user's mapping file (docs/own-tables.md)."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = " ".join(str(error).split())
        raise Refused([Problem("gemeente.eigen", f"{path} ({said})", "a mapping in YAML (docs/own-tables.md)")]) from error
    if not isinstance(found, dict):
        raise Refused([Problem("gemeente.eigen", f"{path} with {found!r}", "a mapping with tables (docs/own-tables.md)")])
    return found


def read_tables(gemeente: dict[str, Any]) -> Tables:
    """The tables of the configured year: from the folder, or from StatLine by way of the cache where no folder is given."""
    vintage = vintage_of(gemeente["vintage"])
    if gemeente["data"] is not None:
        return tables.read(Path(gemeente["data"]), vintage)
    cache = Path(gemeente["cache"]) if gemeente["cache"] is not None else statline.default_cache()
    print(f"No gemeente.data: the tables of {vintage.year} come from CBS StatLine, by way of {cache}", file=sys.stderr)
    return tables.read(cache, statline.download(vintage, cache))


def vintage_of(year: int) -> Vintage:
    """The mapping file of a year (configs/vintage)."""
    from omegaconf import OmegaConf

    path = CONFIGS / "vintage" / f"{year}.yaml"
    if not path.is_file():
        raise Refused([Problem("gemeente.vintage", repr(year), ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))))])
    return read_vintage(OmegaConf.to_container(OmegaConf.load(path)), f"configs/vintage/{path.name}")  # type: ignore[arg-type]


def _points(config: dict[str, Any], rooms: Rooms) -> list[Point]:
    """The study itself; shapes x catchments (choices 1, 2); each screened number at both ends; draws; the user's own design.

    Raises `Refused` with all that is wrong.
    """
    problems, robust = _robustness_problems(config), config["robustness"]
    found = [Point(MAIN, "study", {}, config["seeds"], config["months"], config["results"]["detail"])]
    parts: list[tuple[str, Callable[[], list[designs.Point]], dict[str, Any]]] = [
        ("shape", lambda: _shapes(robust, rooms) if robust["seeds"] and not problems else [], robust),
        ("screen", lambda: _screened(config), config["screen"] | {"months": robust["months"]}),
        ("draw", lambda: designs.draw_points(config["draws"], config), config["draws"]),
        ("design", lambda: designs.design_points(config["design"], config), config["design"]),
    ]
    for kind, make, size in parts:
        try:
            made = make()
        except Refused as refused:
            problems += refused.problems
            continue
        found += [Point(p.name, kind, p.values, size["seeds"], size["months"], config["results"]["design_detail"]) for p in made]
    if problems:
        raise Refused(problems)
    return found


def _shapes(robust: dict[str, Any], rooms: Rooms) -> list[designs.Point]:
    """Shapes x catchments with a weight, but for the point that is the study itself."""
    own = (rooms.draagkracht.shape, rooms.support.following_wijkteam, rooms.support.following_ambulant)
    found = []
    for shape, exponent in robust["shapes"].items():
        for catchment, (wijkteam, ambulant) in robust["catchments"].items():
            weight = robust["shape_weights"][shape] * robust["catchment_weights"][catchment]
            if weight > 0 and (exponent, wijkteam, ambulant) != own:
                values = {
                    "draagkracht.shape": exponent,
                    "support.following_wijkteam": wijkteam,
                    "support.following_ambulant": ambulant,
                }
                found.append(designs.Point(f"vorm={shape}, toedeling={catchment}", values))
    return found


def _screened(config: dict[str, Any]) -> list[designs.Point]:
    """Each screened number at both ends of its range."""
    found, problems = [], []
    screened = list(dict.fromkeys(config["screen"]["parameters"])) if config["screen"]["seeds"] else []
    for path in screened:
        room, _, name = path.partition(".")
        entry = config["parameters"].get(room, {}).get(name)
        if entry is None or not isinstance(entry["value"], int | float) or room in designs.TABLES_FIRST:
            problems.append(
                Problem(
                    "screen.parameters",
                    repr(path),
                    "room.parameter of docs/parameters.md with one number, not of the town's tables",
                )
            )
            continue
        found += [designs.Point(f"{path}={end}", {path: v}) for end, v in zip(("laag", "hoog"), entry["range"], strict=True)]
    if problems:
        raise Refused(problems)
    return found


def _robustness_problems(config: dict[str, Any]) -> list[Problem]:
    """Shapes within the parameter's range, catchments as two shares, a weight for each, and indicators that exist."""
    robust, where = config["robustness"], "robustness"
    low, high = config["parameters"]["draagkracht"]["shape"]["range"]
    problems = [
        Problem(f"{where}.shapes.{name}", repr(x), f"a number from {low} to {high}")
        for name, x in robust["shapes"].items()
        if not low <= x <= high
    ]
    for name, shares in robust["catchments"].items():
        if len(shares) != 2 or not all(0 <= x <= 1 for x in shares):
            problems.append(Problem(f"{where}.catchments.{name}", repr(shares), "two shares from 0 to 1: wijkteam, ambulant"))
    for kind in ("shape", "catchment"):
        weights, names = robust[f"{kind}_weights"], robust[f"{kind}s"]
        if set(weights) != set(names) or not all(w >= 0 for w in weights.values()) or not sum(weights.values()) > 0:
            problems.append(
                Problem(f"{where}.{kind}_weights", repr(weights), "a weight of 0 or more for each of " + ", ".join(names))
            )
    known = list(COMPARED)
    if not robust["indicators"]:
        problems.append(Problem(f"{where}.indicators", "none", "at least one of " + ", ".join(known)))
    problems += [Problem(f"{where}.indicators", repr(i), ", ".join(known)) for i in robust["indicators"] if i not in known]
    return problems


def _asked(p: Plan) -> list[Asked]:
    """What `Plan.asked` gives.

    The key of a run is a hash of all that decides it: the configuration of its design point, scenario, seed, months, detail,
    data and code. Where it stands in the study is not part of it.
    """
    base = p.scenarios[p.baseline]
    world = _hash([_world(p), version()])

    def runs(point: Point, seed: int, scenarios: dict[str, list[Setting]], apart: str = "") -> list[Asked]:
        point_key = _hash([world, sorted(_changed(p, point.values).items())])
        found = []
        for name, settings in scenarios.items():
            lines = [s[:4] for s in settings]
            key = _hash([point_key, seed, lines, point.months, point.detail, name == apart])[:32]
            found.append(Asked(key, point.name, name, seed, tuple(settings), point.months, point.detail, name == apart))
        return found

    study, *points = p.points
    found = [a for seed in p.seeds for a in runs(study, seed, p.scenarios)]
    late = study._replace(name=LATE, detail="summary")
    placebo = study._replace(name=PLACEBO, detail="summary", months=24)
    twins = {p.baseline: base, PLACEBO: base + settings_of("placebo", PLACEBO)}
    found += [a for seed in p.seeds[:2] for a in runs(late, seed, {LATE: base + settings_of("laat_signaal", LATE)})]
    found += runs(placebo, p.seeds[0], twins, apart=PLACEBO)
    found += runs(placebo._replace(name=AGAIN), p.seeds[0], {AGAIN: base}, apart=AGAIN)
    found += [a for point in points for seed in p.seeds[: point.seeds] for a in runs(point, seed, p.scenarios)]
    return found


def jobs(p: Plan) -> list[Job]:
    """What is asked, by the world of month 0 that it starts from; a run that stands in the study twice is asked once."""
    values = {point.name: point.values for point in p.points}
    changed = {name: _hash(sorted(_changed(p, of).items())) for name, of in values.items()}
    worlds: dict[tuple[str, int, bool], dict[str, Asked]] = {}
    for a in p.asked:
        world = changed.get(a.design, changed[MAIN]), a.seed, a.design == AGAIN
        worlds.setdefault(world, {}).setdefault(a.key, a)
    together = [tuple(world.values()) for world in worlds.values()]
    return [Job(values.get(runs[0].design, {}), runs[0].seed, runs) for runs in together]


def _world(p: Plan) -> dict[str, Any]:
    """What decides the world of month 0 and how it goes on, besides design point, scenario, seed and code."""
    c = p.config
    return {
        "parameters": {room: {name: e["value"] for name, e in entries.items()} for room, entries in c["parameters"].items()},
        "levers": {name: lever["value"] for name, lever in c["levers"].items()},
        "quota": c["quota"],
        "warmup": c["warmup"],
        "without": sorted(switches.told(c["without"])),
        "gemeente": {name: c["gemeente"][name] for name in ("bron", "code", "vintage")},
        "data": p.data_hashes,
    }


def _changed(p: Plan, values: dict[str, Any]) -> dict[str, Any]:
    """The values that differ from the study's own, with those that follow them: a point that is the study itself has none."""
    whole = {**designs.followed(p.rooms, values), **values}
    return {path: value for path, value in whole.items() if designs.own_value(path, p.config) != value}


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def study_hash(config: dict[str, Any], data_hashes: dict[str, str]) -> str:
    """Name of the study's folder: its configuration without what only says how much of it is computed, where and by whom.

    Scenarios, seeds and design points extend a study; where tables and results lie does not make another one, but what
    stands in the tables does.
    """
    return _hash([settled(config, EXTENT + EXECUTION), data_hashes])[:10]


def settled(config: dict[str, Any], without: tuple[str, ...]) -> dict[str, Any]:
    """The configuration without some keys, and without the places of tables and results."""
    kept = {k: v for k, v in config.items() if k not in without}
    kept["results"] = {k: v for k, v in config["results"].items() if k not in ("folder", "pdf")}
    kept["gemeente"] = {k: v for k, v in config["gemeente"].items() if k not in ("data", "cache", "eigen")}
    return kept


def identity(p: Plan) -> dict[str, Any]:
    """What makes two studies the same: configuration, data, code. Equal identities give equal bytes."""
    return {
        "config": settled(p.config, EXECUTION), "without": switches.told(p.config["without"]), "data": p.data_hashes,
        "model": sources_hash(), "runs": version(),
    }  # fmt: skip
