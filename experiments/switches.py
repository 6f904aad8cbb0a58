"""The register of mechanisms (configs/mechanisms.yaml) as switches: what `without=[crisis,m26]` takes out of a world.

A name is a file of model/mechanisms, which then does nothing, or an m-number, which gets the neutral values of its entry: a
rule that makes no difference, in a world that is built and warmed up so. A neutral value may lie outside the range of its
parameter, because it is a switch and no claim about a number.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import yaml

from experiments import designs
from experiments.config import CONFIGS
from model.city import MECHANISMS
from model.parameters import Problem
from model.policies import Levers, Setting
from model.rooms import Rooms

REGISTER = CONFIGS / "mechanisms.yaml"
SWITCHES = ("neutral", "levers", "without")  # the keys of an entry that say how it is switched off


class Switch(NamedTuple):
    """What names in `without` come to, together."""

    values: dict[str, Any]  # room.parameter -> neutral value, of every code where it holds one per code
    levers: dict[str, Any]
    files: frozenset[str]  # mechanisms that do nothing


@cache
def register() -> dict[str, dict[str, Any]]:
    """m-number -> its entry, in order."""
    return yaml.safe_load(REGISTER.read_text(encoding="utf-8"))


def switchable() -> list[str]:
    """The m-numbers that can be switched off, in order."""
    return [m for m, entry in register().items() if any(key in entry for key in SWITCHES)]


def switch(names: Iterable[str]) -> Switch:
    """What these names take out; each is a mechanism or can be switched off (see `problems`)."""
    values: dict[str, Any] = {}
    levers: dict[str, Any] = {}
    files: set[str] = set()
    for name in names:
        entry: dict[str, Any] = {"without": name} if name in MECHANISMS else register()[name]
        values |= entry.get("neutral", {})
        levers |= entry.get("levers", {})
        files |= {entry["without"]} if "without" in entry else set()
    return Switch(values, levers, frozenset(files))


def switched(rooms: Rooms, huidig: Levers, names: Iterable[str]) -> tuple[Rooms, Levers, frozenset[str]]:
    """Numbers and levers with the neutral values of these names, and the mechanisms that are off.

    A parameter that follows another (see `designs.followed`) follows it here too.
    """
    off = switch(names)
    for path, value in {**designs.followed(rooms, off.values), **off.values}.items():
        room, _, name = path.partition(".")
        block = getattr(rooms, room)
        held = getattr(block, name)
        neutral = np.full_like(held, value) if isinstance(held, np.ndarray) else type(held)(value)
        rooms = rooms._replace(**{room: block._replace(**{name: neutral})})
    return rooms, huidig._replace(**off.levers), off.files


def told(names: Iterable[str]) -> list[str]:
    """The names, those of the register with what they set: two registers that differ give different keys."""

    def of(name: str) -> str:
        off = switch([name])
        return f"{name}: {off.values | off.levers} {sorted(off.files)}"

    return [name if name in MECHANISMS else of(name) for name in names]


def problems(names: Iterable[Any]) -> list[Problem]:
    """Names that are no mechanism and no entry that can be switched off."""
    possible = f"{', '.join(MECHANISMS)}; of docs/mechanisms.md {', '.join(switchable())}"
    found = []
    for name in names:
        if name in MECHANISMS or name in switchable():
            continue
        entry = register().get(name) if isinstance(name, str) else None
        why = "" if entry is None else f", which can not be switched off ({entry['state']}: {entry['why']})"
        found.append(Problem("without", f"{name!r}{why}", possible))
    return found


def clashes(names: Iterable[str], scenarios: Mapping[str, Iterable[Setting]]) -> list[Problem]:
    """Scenarios that move a lever which one of the names holds: they would switch it on again."""
    found = []
    for name in names:
        held = switch([name]).levers
        for scenario, settings in scenarios.items():
            for s in [s for s in settings if s.lever in held and s.value != held[s.lever]]:
                told = f"{name!r}, which holds {s.lever} at {held[s.lever]!r}, while {scenario} sets it to {s.value!r}"
                found.append(Problem("without", told, f"scenarios that leave {s.lever} alone, or {name} not named"))
    return found
