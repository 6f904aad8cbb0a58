"""Numbers with their papers: value, unit, range, source and evidence status, read into the typed block of a room.

No number of the model stands in code. A room declares a NamedTuple of names and types; `configs/parameters/` holds an
entry per name. `read` refuses what is missing, unknown, mistyped or out of range, and says which, all at once.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_type_hints

import numpy as np

STATUSES = ("published", "seed", "unverified", "assumed")
ENTRY = ("value", "unit", "range", "source", "status")


class Problem(NamedTuple):
    """One thing that is wrong with the input: where, what was found, what is possible."""

    where: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}; possible: {self.expected}"


class Refused(ValueError):
    """Input that can not be used. Carries every problem, not the first."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


Block = TypeVar("Block")


def per(codes: type[IntEnum], of: type[IntEnum] | None = None) -> Any:
    """Type of a parameter with one value per code, as an array indexed by the code: numbers, or codes `of` another kind."""
    return Annotated[np.ndarray, codes, of]


def range_of(entry: Mapping[str, Any], code: str = "") -> Any:
    """Lowest and highest value of an entry; of one of its codes, where each has its own. None where a code has none."""
    found = entry["range"]
    return found.get(code) if isinstance(found, Mapping) else found


def read(block: type[Block], entries: Mapping[str, Any], where: str) -> Block:
    """The typed block from its YAML entries.

    Raises `Refused` with every problem found; `where` is the dotted path of the block in the configuration.
    """
    hints = get_type_hints(block, include_extras=True)
    problems = [Problem(f"{where}.{n}", "nothing", "an entry (see docs/parameters.md)") for n in hints if n not in entries]
    problems += [Problem(f"{where}.{n}", "an unknown name", ", ".join(hints)) for n in entries if n not in hints]
    values: dict[str, Any] = {}
    for name, kind in hints.items():
        if name in entries:
            try:
                values[name] = _value(kind, entries[name], f"{where}.{name}")
            except Refused as refused:
                problems += refused.problems
    if problems:
        raise Refused(problems)
    return block(**values)


def _value(kind: Any, entry: Any, where: str) -> Any:
    if not isinstance(entry, Mapping) or any(key not in entry for key in ENTRY):
        raise Refused([Problem(where, repr(entry), "an entry with " + ", ".join(ENTRY))])
    for status in entry["status"].values() if isinstance(entry["status"], Mapping) else [entry["status"]]:
        if status not in STATUSES:
            raise Refused([Problem(f"{where}.status", repr(status), ", ".join(STATUSES))])
    if not get_args(kind):
        return _number(kind, entry["value"], entry["range"], f"{where}.value")
    _, codes, of = get_args(kind)
    names = [code.name.lower() for code in codes]
    found = entry["value"]
    if not isinstance(found, Mapping) or set(found) != set(names):
        raise Refused([Problem(f"{where}.value", repr(found), "one number for each of " + ", ".join(names))])
    if of is not None:
        return np.array([_code(of, found[n], f"{where}.value.{n}") for n in names], dtype=np.int64)
    return np.array([_number(float, found[n], range_of(entry, n), f"{where}.value.{n}") for n in names], dtype=np.float64)


def _code(of: type[IntEnum], found: Any, where: str) -> int:
    possible = {code.name.lower(): int(code) for code in of}
    if not isinstance(found, str) or found not in possible:
        raise Refused([Problem(where, repr(found), ", ".join(possible))])
    return possible[found]


def _number(kind: type, found: Any, bounds: Any, where: str) -> Any:
    if kind is bool:
        if isinstance(found, bool):
            return found
        raise Refused([Problem(where, repr(found), "true or false")])
    wanted = "a whole number" if kind is int else "a number"
    if not isinstance(bounds, list | tuple) or len(bounds) != 2 or not all(isinstance(b, int | float) for b in bounds):
        raise Refused([Problem(where.replace(".value", ".range"), repr(bounds), "two numbers: lowest and highest")])
    low, high = bounds
    fits = isinstance(found, int | float) and not isinstance(found, bool) and np.isfinite(found)
    if not fits or (kind is int and found != int(found)) or not low <= found <= high:
        raise Refused([Problem(where, repr(found), f"{wanted} from {low} to {high}")])
    return kind(found)  # cast: an int given for a float would compile every kernel a second time
