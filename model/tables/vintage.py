"""A vintage: which tables hold a year, under which names, and along which chain an attribute is filled (configs/vintage)."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from model.parameters import Problem, Refused

CHAINED = (
    "hh_grootte", "dichtheid", "woz", "p_koop", "p_corp", "p_eengezins", "p_oud", "p_jong", "p_1p", "p_laag_ink", "p_hoog_ink",
    "klasse",
)  # fmt: skip


class Source(NamedTuple):
    """One table: its file, its columns (ours: theirs), what is computed of them, and whether it may be absent."""

    file: str
    source: str
    columns: dict[str, str]
    compute: dict[str, str]
    optional: bool
    statline: dict[str, Any]


class Vintage(NamedTuple):
    """A year of tables. `chains`: attribute -> names of files, nearest first."""

    year: int
    files: dict[str, Source]
    chains: dict[str, list[str]]
    observed: dict[str, list[str]]
    shapes: list[dict[str, str]]
    neighbours: dict[str, Any]


def read_vintage(raw: Mapping[str, Any], where: str) -> Vintage:
    """The checked vintage of a mapping file; raises `Refused` with every problem."""
    problems = [Problem(f"{where}: {key}", "nothing", "an entry") for key in ("year", "files", "chains") if not raw.get(key)]
    if problems:
        raise Refused(problems)
    files = {}
    for name, entry in raw["files"].items():
        problems += [
            Problem(f"{where}: files.{name}.{key}", "nothing", "an entry")
            for key in ("file", "source", "columns")
            if key not in entry
        ]
        if "code" not in entry.get("columns", {}):
            problems.append(Problem(f"{where}: files.{name}.columns", ", ".join(entry.get("columns", {})), "also code"))
        files[name] = Source(
            entry.get("file", ""), entry.get("source", ""), dict(entry.get("columns", {})), dict(entry.get("compute", {})),
            bool(entry.get("optional", False)), dict(entry.get("statline", {})),
        )  # fmt: skip
    for attribute, chain in raw["chains"].items():
        if attribute not in CHAINED:
            problems.append(Problem(f"{where}: chains.{attribute}", "an unknown attribute", ", ".join(CHAINED)))
        for name in chain:
            if name not in files:
                problems.append(Problem(f"{where}: chains.{attribute}", repr(name), "one of files: " + ", ".join(files)))
            elif attribute not in {**files[name].columns, **files[name].compute}:
                problems.append(Problem(f"{where}: chains.{attribute}", repr(name), f"a file with a column {attribute}"))
    for name, columns in raw.get("observed", {}).items():
        have = {**files[name].columns, **files[name].compute} if name in files else {}
        problems += [Problem(f"{where}: observed.{name}", repr(c), "a column of that file") for c in columns if c not in have]
    if problems:
        raise Refused(problems)
    return Vintage(
        int(raw["year"]), files, dict(raw["chains"]), dict(raw.get("observed", {})), list(raw.get("shapes", [])),
        dict(raw.get("neighbours", {})),
    )  # fmt: skip
