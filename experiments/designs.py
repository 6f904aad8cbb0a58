"""Designs: from plain configuration to checked points, each a few values that differ from the study's own.

A point gives values to paths: `quota`, `levers.<name>`, `<room>.<parameter>`, or `<room>.<parameter>.<code>` where the
parameter holds a value per code. Points are listed (`grid`, `list`, `zip`) or sampled (`lhs`, `sobol`, by scipy.stats.qmc).
Everything is checked as the study's own values are, and all that is wrong is told at once.
"""

import difflib
import math
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from itertools import product
from typing import Any, NamedTuple, get_args, get_type_hints

import numpy as np
import pandas as pd
import yaml
from scipy.stats import qmc

from experiments.config import CONFIGS
from model.parameters import Problem, Refused, range_of, read
from model.policies import BOUNDS, Levers, checked
from model.rooms import Rooms, blocks
from model.strategies import names

LISTED = ("grid", "list", "zip")
SAMPLED = ("lhs", "sobol")
SCALES = ("linear", "log", "auto")
TABLES_FIRST = ("voorbeeldstad", "town", "tables")  # read when the town's tables are made, before there is any point
FOLLOWS = re.compile(r"\$\{parameters\.(\w+\.\w+)\.value\}")
TEXT_OR_NAME = re.compile(r"""'[^']*'|"[^"]*"|`(?P<quoted>[^`]*)`|(?<![\w.])(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)""")
WORDS = {word: word for word in ("and", "or", "not", "in", "True", "False")} | {"true": "True", "false": "False"}
NOT_EVALUATED = (  # what pandas raises, in one version or another, for a filter that it can not work out
    SyntaxError, NameError, TypeError, ValueError, AttributeError, KeyError, ArithmeticError, NotImplementedError,
    tokenize.TokenError,
)  # fmt: skip


class Point(NamedTuple):
    """A design point or a draw. `values`: path -> value, in its own type."""

    name: str
    values: dict[str, Any]


class Axis(NamedTuple):
    """What is sampled of one path: from low to high, both included. `whole`: low, high and all between are whole numbers."""

    low: float
    high: float
    log: bool
    whole: bool


def design_points(design: dict[str, Any], config: dict[str, Any]) -> list[Point]:
    """The points of the key `design`; none for kind none, and none for 0 seeds.

    config: the study's resolved configuration, whose parameters and levers are known to be good. Raises `Refused` with
    every problem. More points with the same seed extend a Sobol sequence: the first 16 of 32 are the 16, under the same
    names. A Latin hypercube has no such law: each number of points is a design of its own. A filter leaves names as they
    are, so that names skip what did not pass.
    """
    kind, over, points = design["kind"], design["over"], design["points"]
    if design["seeds"] == 0 or (kind == "none" and not over and not points):
        return []
    if kind == "none":  # most likely forgotten, and the study would run without its design
        possible = f"{', '.join((*LISTED, *SAMPLED))}; or design.seeds=0 for no design"
        raise Refused([Problem("design.kind", "none, with values to vary", possible)])
    if kind in LISTED:
        return _listed(design, config)
    if kind in SAMPLED:
        return _sampled(design, over, config, "design.over", "punt")
    raise Refused([Problem("design.kind", repr(kind), ", ".join(("none", *LISTED, *SAMPLED)))])


def draw_points(draws: dict[str, Any], config: dict[str, Any]) -> list[Point]:
    """The draws of parameters of the key `draws`, each over its own range; none for kind none, no parameters or 0 seeds.

    Raises `Refused` with every problem. What holds of names and of more points is told at `design_points`.
    """
    wanted = [str(path).removeprefix("parameters.") for path in draws["parameters"]]
    if draws["kind"] == "none" or not wanted or draws["seeds"] == 0:
        return []
    possible = "room.parameter of docs/parameters.md; levers are chosen and not drawn: vary them in design"
    levers = [path for path in wanted if path.partition(".")[0] in ("quota", "levers")]
    problems = [Problem("draws.parameters", repr(path), possible) for path in levers]
    problems += [Problem("draws.parameters", f"{path!r} {n} times", "each once") for path, n in Counter(wanted).items() if n > 1]
    if draws["kind"] not in SAMPLED:
        problems.append(Problem("draws.kind", repr(draws["kind"]), ", ".join((*SAMPLED, "none"))))
    _refuse(problems)
    return _sampled(draws, dict.fromkeys(wanted), config, "draws.parameters", "trekking")


def with_values(rooms: Rooms, huidig: Levers, values: Mapping[str, Any]) -> tuple[Rooms, Levers]:
    """Rooms and today's levers at a point. `values`: path -> value, as a `Point` holds them.

    A parameter that configs/parameters gives as the value of another one moves with that other, as it does when the
    other is given on the command line; not if the study or the point gives it a value of its own.
    """
    for path, value in {**followed(rooms, values), **values}.items():
        room, name, code = _parts(path)
        if room in ("quota", "levers"):
            lever = name or room
            huidig = huidig._replace(**{lever: type(getattr(huidig, lever))(value)})
            continue
        block = getattr(rooms, room)
        held = getattr(block, name)
        if code:
            _, codes, of = get_args(get_type_hints(blocks()[room], include_extras=True)[name])
            held = held.copy()
            held[codes[code.upper()]] = value if of is None else of[value.upper()]
        else:
            held = type(held)(value)
        rooms = rooms._replace(**{room: block._replace(**{name: held})})
    return rooms, huidig


def followed(rooms: Rooms, values: Mapping[str, Any]) -> dict[str, Any]:
    """Path -> value of parameters that move because `values` moves the one that they follow."""

    def held(path: str) -> Any:
        room, name, _ = _parts(path)
        return getattr(getattr(rooms, room), name)

    return {
        follower + path.removeprefix(leader): value
        for follower, leader in _followers().items()
        for path, value in values.items()
        if (path == leader or path.startswith(f"{leader}.")) and np.array_equal(held(follower), held(leader))
    }


@cache
def _followers() -> dict[str, str]:
    """Parameters that are the same as another one: follower -> leader, as `room.parameter`.

    Read from the files, because a resolved configuration no longer says so.
    """
    found = {}
    for file in sorted((CONFIGS / "parameters").glob("*.yaml")):
        text = file.read_text(encoding="utf-8")
        for name, entry in yaml.safe_load(text).items() if "${" in text else ():
            if match := FOLLOWS.fullmatch(str(entry["value"])):
                found[f"{file.stem}.{name}"] = match.group(1)
    return found


def _listed(design: dict[str, Any], config: dict[str, Any]) -> list[Point]:
    """The points of a grid (all combinations, the last path fastest), a zip or a list, named by their values."""
    problems: list[Problem] = []
    rows: list[dict[str, Any]] = []
    filters: list[str] = []
    given = design["points"] if design["kind"] == "list" else [design["over"]]
    with _gathered(problems):
        filters = _filters(design["where"], _written(given), "design.where")
    with _gathered(problems):
        rows = _list(given, config) if design["kind"] == "list" else _combined(design["kind"], design["over"], config)
    _refuse(problems)
    points = [Point(", ".join(f"{path}={_told(value)}" for path, value in row.items()), row) for row in rows]
    return _passing(points, filters, config, "design")


def _list(given: list[Any], config: dict[str, Any]) -> list[dict[str, Any]]:
    """The checked values of each listed point."""
    if not given:
        raise Refused([Problem("design.points", "[]", "a list of points, such as [{quota:0.1},{quota:0.3}]")])
    problems: list[Problem] = []
    rows: list[dict[str, Any]] = []
    for k, point in enumerate(given):
        where, row = f"design.points[{k}]", {}
        for path, value in _by_path(point, config, where, problems).items():
            with _gathered(problems):
                row[path] = _checked(path, value, config, f"{where}.{path}")
        rows.append(row)
    _refuse(problems)
    return rows


def _combined(kind: str, over: Any, config: dict[str, Any]) -> list[dict[str, Any]]:
    """The checked values of each point of a grid or a zip."""
    problems: list[Problem] = []
    levels: dict[str, list[Any]] = {}
    for path, values in _by_path(over, config, "design.over", problems).items():
        where = f"design.over.{path}"
        levels[path] = []
        if not isinstance(values, list) or not values:
            problems.append(Problem(where, repr(values), "a list of values, such as [0.1,0.3]"))
            continue
        for value in values:
            with _gathered(problems):
                levels[path].append(_checked(path, value, config, where))
    _refuse(problems)
    counts = {path: len(values) for path, values in levels.items()}
    if kind == "zip" and len(set(counts.values())) > 1:
        found = ", ".join(f"{n} of {path}" for path, n in counts.items())
        raise Refused([Problem("design.over", found, "as many values of each path for a zip, or design.kind=grid")])
    combined = product(*levels.values()) if kind == "grid" else zip(*levels.values(), strict=True)
    return [dict(zip(levels, values, strict=True)) for values in combined]


def _sampled(design: dict[str, Any], over: Any, config: dict[str, Any], where: str, word: str) -> list[Point]:
    """Points of a Latin hypercube or a scrambled Sobol sequence, named `word 0001` and on. `where`: the key that holds `over`."""
    key = where.partition(".")[0]
    problems = _sampling_problems(design, key)
    axes: dict[str, Axis] = {}
    filters: list[str] = []
    with _gathered(problems):
        filters = _filters(design["where"], _written([over]), f"{key}.where")
    for path, bounds in _by_path(over, config, where, problems).items():
        with _gathered(problems):
            axes[path] = _axis(path, bounds, design["scale"], config, f"{where}.{path}")
    _refuse(problems)
    columns = [_scaled(u, axis) for u, axis in zip(_unit(design, len(axes)).T, axes.values(), strict=True)]
    rows = [dict(zip(axes, values, strict=True)) for values in zip(*columns, strict=True)]
    return _passing([Point(f"{word} {k:04d}", row) for k, row in enumerate(rows, start=1)], filters, config, key)


def _sampling_problems(design: dict[str, Any], key: str) -> list[Problem]:
    """What is wrong with number, seed and scale."""
    problems = []
    number, seed = design["number"], design["seed"]
    if type(number) is not int or number < 1:
        problems.append(Problem(f"{key}.number", repr(number), "a whole number of 1 or more"))
    elif design["kind"] == "sobol" and number & (number - 1):
        below = 1 << (number.bit_length() - 1)
        possible = f"{below} or {2 * below}, as a Sobol sequence is in balance at powers of two; or {key}.kind=lhs"
        problems.append(Problem(f"{key}.number", repr(number), possible))
    if type(seed) is not int or seed < 0:
        problems.append(Problem(f"{key}.seed", repr(seed), "a whole number of 0 or more"))
    if design["scale"] not in SCALES:
        problems.append(Problem(f"{key}.scale", repr(design["scale"]), ", ".join(SCALES)))
    return problems


def _axis(path: str, bounds: Any, scale: str, config: dict[str, Any], where: str) -> Axis:
    """The axis of a path between two bounds, or over its own range for None."""
    own = _checked(path, own_value(path, config), config, where)
    if isinstance(own, bool | str):
        raise Refused([Problem(where, f"{path}, which is {_told(own)} here", "a number; or a grid, list or zip for what is not")])
    whole = isinstance(own, int)
    if bounds is None:
        low, high = _range(path, config)
        low, high = (math.ceil(low), math.floor(high)) if whole else (low, high)
    elif isinstance(bounds, list) and len(bounds) == 2:
        low, high = (_checked(path, bound, config, where) for bound in bounds)
    else:
        raise Refused([Problem(where, repr(bounds), "[lowest,highest], or null for the range of docs/parameters.md")])
    if not low < high:
        raise Refused([Problem(where, f"from {_told(low)} to {_told(high)}", "a lowest value below the highest")])
    if scale == "log" and low <= 0:
        raise Refused([Problem(where, f"from {_told(low)} on a log scale", "a lowest value above 0, or scale linear or auto")])
    return Axis(low, high, scale == "log" or (scale == "auto" and low > 0), whole)


def _unit(design: dict[str, Any], axes: int) -> np.ndarray:
    """[number, axes], each in 0..1."""
    if design["kind"] == "lhs":
        return qmc.LatinHypercube(axes, rng=design["seed"]).random(design["number"])
    return qmc.Sobol(axes, rng=design["seed"]).random_base2(design["number"].bit_length() - 1)


def _scaled(u: np.ndarray, axis: Axis) -> list[Any]:
    """Numbers of an axis from u in 0..1 [n]. A whole number stands for half a unit to either side, so the ends count in full."""
    half = 0.5 if axis.whole else 0.0
    low, high = axis.low - half, axis.high + half
    x = low * (high / low) ** u if axis.log else low + u * (high - low)
    if axis.whole:
        return np.clip(np.rint(x), axis.low, axis.high).astype(np.int64).tolist()
    return np.clip(x, axis.low, axis.high).tolist()


def _passing(points: list[Point], filters: list[str], config: dict[str, Any], key: str) -> list[Point]:
    """The points that pass every filter; refuses filters that fail, points that are the same, and none left.

    A path that a point leaves out has the study's own value.
    """
    paths = list(dict.fromkeys(path for point in points for path in point.values))
    own = {path: _checked(path, own_value(path, config), config, key) for path in paths}
    frame = pd.DataFrame([own | point.values for point in points])
    problems: list[Problem] = []
    passing = np.ones(len(points), bool)
    for k, text in enumerate(filters):
        with _gathered(problems):
            passing &= _filtered(text, frame, f"{key}.where[{k}]")
    _refuse(problems)
    follows = [tuple(path for path in point.values if path in _followers()) for point in points]  # such a path, given, stays put
    again = frame.assign(follows=follows)[passing].duplicated()
    if again.any():
        first = points[int(again[again].index[0])].name
        found = f"{again.sum()} of {len(again)} points that are there already, such as {first}"
        raise Refused([Problem(key, found, "points that all differ (of whole numbers there may be too few)")])
    if not passing.any():
        raise Refused([Problem(f"{key}.where", f"none of {len(points)} points left", "filters that leave at least one")])
    return [point for point, passes in zip(points, passing, strict=True) if passes]


def _filtered(text: str, frame: pd.DataFrame, where: str) -> np.ndarray:
    """Which rows of the frame pass a filter; nothing but its columns is in scope."""
    possible = f"a comparison that is true or false for each point, of {', '.join(frame.columns)}"
    found = text.replace("`", "")
    try:
        passes = frame.eval(text, engine="python", local_dict={}, global_dict={})
    except NOT_EVALUATED as error:
        raise Refused([Problem(where, f"{found!r} ({' '.join(str(error).split())})", possible)]) from error
    if not isinstance(passes, pd.Series) or passes.dtype != bool:
        raise Refused([Problem(where, repr(found), possible)])
    return passes.to_numpy()


def _filters(texts: list[Any], paths: list[str], where: str) -> list[str]:
    """Filters with every path in backticks, as pandas wants names with dots; refuses other names."""
    problems: list[Problem] = []

    def quoted(match: re.Match[str]) -> str:
        name = match["name"] or match["quoted"]
        if name is None:
            return match[0]
        path = name.removeprefix("parameters.")
        if path in paths:
            return f"`{path}`"
        if name not in WORDS:
            near = difflib.get_close_matches(path, paths, n=3, cutoff=0.5) or paths
            problems.append(Problem(where, f"an unknown name, {name!r}", ", ".join(near)))
        return WORDS.get(name, name)

    found = [TEXT_OR_NAME.sub(quoted, str(text)) for text in texts]
    _refuse(problems)
    return found


def _written(given: list[Any]) -> list[str]:
    """The paths in mappings of paths, good or not."""
    opened = [path for mapping in given if isinstance(mapping, Mapping) for path, _ in _opened(mapping)]
    return list(dict.fromkeys(path.removeprefix("parameters.") for path in opened))


def _by_path(given: Any, config: dict[str, Any], where: str, problems: list[Problem]) -> dict[str, Any]:
    """What is given by known path; what is wrong is added to `problems`.

    Inner mappings are opened, so that {crisis: {harm_days: x}} is crisis.harm_days.
    """
    if not isinstance(given, Mapping) or not given:
        problems.append(Problem(where, repr(given), "values by path, such as quota or crisis.harm_days"))
        return {}
    known = _paths(config)
    found: dict[str, Any] = {}
    for text, value in _opened(given):
        path = text.removeprefix("parameters.")
        room = path.partition(".")[0]
        if room in TABLES_FIRST:
            possible = f"another room: {room} makes the town's tables before there is any point, so vary it with -m"
            problems.append(Problem(where, repr(text), possible))
        elif path not in known:
            problems.append(Problem(where, repr(text), _near(path, known)))
        elif path in found:
            problems.append(Problem(where, f"{path!r} more than once", "each once"))
        else:
            found[path] = value
    return found


def _opened(given: Mapping[Any, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        if isinstance(value, Mapping) and value:
            yield from _opened(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _paths(config: dict[str, Any]) -> list[str]:
    """Every path that can be varied."""
    found = ["quota", *(f"levers.{name}" for name in Levers._fields if name != "quota")]
    for room, entries in config["parameters"].items():
        for name, entry in entries.items() if room not in TABLES_FIRST else ():
            coded = isinstance(entry["value"], Mapping)
            found += [f"{room}.{name}.{code}" for code in entry["value"]] if coded else [f"{room}.{name}"]
    return found


def _near(path: str, known: list[str]) -> str:
    """Paths inside an unknown one, or else those with its last word, and those that are written like it."""
    inside = [".".join(k.split(".")[: path.count(".") + 2]) for k in known if k.startswith(f"{path}.")]
    elsewhere = [k for k in known if k.rpartition(".")[2] == path.rpartition(".")[2]]
    near = inside or [*elsewhere[:3], *difflib.get_close_matches(path, known, n=3, cutoff=0.5)]
    return ", ".join(dict.fromkeys(near)) or "quota, levers.<name> or <room>.<parameter> (docs/parameters.md)"


def _parts(path: str) -> tuple[str, str, str]:
    """Room (or `quota`, `levers`), name and code of a path; '' for what it does not have."""
    room, name, code = (*path.split("."), "", "")[:3]
    return room, name, code


def own_value(path: str, config: dict[str, Any]) -> Any:
    """The study's own value."""
    room, name, code = _parts(path)
    if room == "quota":
        return config["quota"]
    if room == "levers":
        return config["levers"][name]["value"]
    value = config["parameters"][room][name]["value"]
    return value[code] if code else value


def _range(path: str, config: dict[str, Any]) -> tuple[float, float]:
    """Lowest and highest value of a path that is a number."""
    room, name, code = _parts(path)
    if room in ("quota", "levers"):
        return BOUNDS[name or room]
    low, high = range_of(config["parameters"][room][name], code)
    return low, high


def _checked(path: str, value: Any, config: dict[str, Any], where: str) -> Any:
    """The value in its own type, read as the study's own would be; raises `Refused` for an impossible one."""
    room, name, code = _parts(path)
    if room in ("quota", "levers"):
        return checked(name or room, value, where, names())
    entries = config["parameters"][room]
    entry = entries[name] | {"value": entries[name]["value"] | {code: value} if code else value}
    try:
        found = getattr(read(blocks()[room], entries | {name: entry}, where), name)
    except Refused as refused:
        raise Refused([Problem(where, repr(value), problem.expected) for problem in refused.problems]) from refused
    if code:
        return value if isinstance(value, str) else float(value)
    return found


def _told(value: Any) -> str:
    """A value as it is written on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".0")


@contextmanager
def _gathered(problems: list[Problem]) -> Iterator[None]:
    """Whatever is refused inside is added to the problems."""
    try:
        yield
    except Refused as refused:
        problems += refused.problems


def _refuse(problems: Iterable[Problem]) -> None:
    """Raises `Refused` if there is any problem; each is told once."""
    if found := list(dict.fromkeys(problems)):
        raise Refused(found)
