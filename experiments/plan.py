"""A study, checked before anything runs: its town, numbers, scenarios and design points, and the folder that it owns."""

import hashlib
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from experiments.config import CONFIGS, EXECUTION, WHOLE
from experiments.measure import Job
from experiments.scenarios import read_levers, scenario_name, settings_of
from model import tables
from model.city import MECHANISMS
from model.indicators import BESIDES, INDICATORS
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


class Plan(NamedTuple):
    """Everything that a study will do. `designs`: name -> parameter values that differ from the study's own."""

    config: dict[str, Any]
    folder: Path
    town: Town
    rooms: Rooms
    huidig: Levers
    scenarios: dict[str, list[Setting]]
    baseline: str
    seeds: list[int]
    designs: dict[str, dict[str, Any]]
    data_hashes: dict[str, str]


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
    unknown = [m for m in config["without"] if m not in MECHANISMS]
    problems += [Problem("without", repr(m), ", ".join(MECHANISMS)) for m in unknown]
    if "rooms" in parts:
        try:
            parts["town"] = read_town(config["gemeente"], parts["rooms"])
        except Refused as refused:
            problems += refused.problems
    if "rooms" in parts:
        parts["designs"], wrong = _designs(config, parts["rooms"])
        problems += wrong
    if problems:
        raise Refused(problems)
    seeds = list(range(config["first_seed"], config["first_seed"] + config["seeds"]))
    folder = Path(config["results"]["folder"]) / f"{config['name']}-{study_hash(config)}"
    return Plan(
        config, folder, seeds=seeds, baseline=config["baseline"], data_hashes=_hashes(config["gemeente"], parts["town"]), **parts
    )


def _whole_numbers(config: dict[str, Any]) -> list[Problem]:
    problems = [
        Problem(key, repr(config[key]), f"a whole number from {low} to {high}")
        for key, (low, high) in WHOLE.items()
        if not low <= config[key] <= high
    ]
    robust = config["robustness"]
    for key, (low, high) in {"seeds": (0, 10_000), "months": (12, 1200)}.items():
        if not low <= robust[key] <= high:
            problems.append(Problem(f"robustness.{key}", repr(robust[key]), f"a whole number from {low} to {high}"))
    if not 0 <= config["quota"] <= 1:
        problems.append(Problem("quota", repr(config["quota"]), "a share from 0 to 1"))
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


def _designs(config: dict[str, Any], rooms: Rooms) -> tuple[dict[str, dict[str, Any]], list[Problem]]:
    """The design points: the study itself, shapes x catchments (choice 1, 2), and each screened number at both ends."""
    robust, problems = config["robustness"], _robustness_problems(config)
    designs: dict[str, dict[str, Any]] = {MAIN: {}}
    if problems:
        return designs, problems
    own = (rooms.draagkracht.shape, rooms.support.following_wijkteam, rooms.support.following_ambulant)
    for shape, exponent in robust["shapes"].items() if robust["seeds"] else []:
        for catchment, (wijkteam, ambulant) in robust["catchments"].items():
            weight = robust["shape_weights"][shape] * robust["catchment_weights"][catchment]
            if weight > 0 and (exponent, wijkteam, ambulant) != own:  # that point is the study itself
                designs[f"vorm={shape}, verzorging={catchment}"] = {
                    "draagkracht.shape": exponent,
                    "support.following_wijkteam": wijkteam,
                    "support.following_ambulant": ambulant,
                }
    for path in config["screen"]["parameters"] if config["screen"]["seeds"] else []:
        room, _, name = path.partition(".")
        entry = config["parameters"].get(room, {}).get(name)
        if entry is None or not isinstance(entry["value"], int | float):
            problems.append(Problem("screen.parameters", repr(path), "room.parameter of docs/parameters.md with one number"))
            continue
        for end, value in zip(("laag", "hoog"), entry["range"], strict=True):
            designs[f"{path}={end}"] = {path: value}
    return designs, problems


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
    known = [*INDICATORS, *(b[0] for b in BESIDES)]
    problems += [Problem(f"{where}.indicators", repr(i), ", ".join(known)) for i in robust["indicators"] if i not in known]
    return problems


def with_values(rooms: Rooms, values: dict[str, Any]) -> Rooms:
    """The rooms with some numbers replaced, as `room.parameter` -> value."""
    for path, value in values.items():
        room, name = path.split(".")
        block = getattr(rooms, room)
        kind = type(getattr(block, name))
        rooms = rooms._replace(**{room: block._replace(**{name: kind(value)})})
    return rooms


def jobs(p: Plan) -> list[Job]:
    """All jobs in (design point, seed) order; the design points of the study itself first."""
    c = p.config
    town = replace(p.town, shapes=None)  # workers draw nothing

    def job(design: str, seed: int, scenarios: dict[str, list[Setting]], months: int, detail: str) -> Job:
        rooms = with_values(p.rooms, p.designs.get(design, {}))
        monthly, everything = detail in ("monthly", "full"), detail == "full"
        return Job(
            design, seed, town, rooms, p.huidig, scenarios, c["warmup"], months, frozenset(c["without"]), monthly, everything
        )

    found = [job(MAIN, seed, p.scenarios, c["months"], c["results"]["detail"]) for seed in p.seeds]
    few = p.seeds[:2]
    base = p.scenarios[p.baseline]
    found += [job(LATE, s, {LATE: base + settings_of("laat_signaal", LATE)}, c["months"], "summary") for s in few]
    found += [
        job(PLACEBO, s, {p.baseline: base, PLACEBO: base + settings_of("placebo", PLACEBO)}, 24, "summary") for s in few[:1]
    ]
    for design in p.designs:
        if design != MAIN:
            grid = design.startswith("vorm=")
            count = c["robustness"]["seeds"] if grid else c["screen"]["seeds"]
            months = c["robustness"]["months"]
            found += [job(design, s, p.scenarios, months, c["results"]["design_detail"]) for s in p.seeds[:count]]
    return found


def study_hash(config: dict[str, Any]) -> str:
    """Name of the study's folder: its configuration without scenarios, seeds, workers, and where results go."""
    kept = {k: v for k, v in config.items() if k not in EXECUTION}
    kept["results"] = {k: v for k, v in config["results"].items() if k != "folder"}
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:10]


def identity(p: Plan) -> dict[str, Any]:
    """What makes two studies the same: configuration, data, code. Equal identities give equal bytes."""
    return {"config": {k: v for k, v in p.config.items() if k != "workers"}, "data": p.data_hashes, "model": sources_hash()}
