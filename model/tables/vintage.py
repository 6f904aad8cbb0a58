"""A vintage: which tables hold a year, under which names, and along which chain an attribute is filled (configs/vintage).

A mapping file has up to two halves of one shape. `files` and `chains` are the tables of a folder. The section `statline` has
`files` and `chains` of its own: the tables that are downloaded when there is no folder. StatLine holds in one table what a
folder has in several, and measures what a folder may have to estimate.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from model.parameters import Problem, Refused
from model.tables.files import MARKS, PLAIN, Form

CHAINED = (
    "hh_grootte", "dichtheid", "woz", "p_koop", "p_corp", "p_eengezins", "p_oud", "p_jong", "p_1p", "p_laag_ink", "p_hoog_ink",
    "klasse",
)  # fmt: skip
NEEDED = ("hh_grootte", "dichtheid", "woz", "p_koop", "p_eengezins", "p_oud")  # chains without which there is no town
COUNTED = ("naam", "huishoudens", "inwoners")  # columns of the table that says which buurten there are
CATALOG = "opendata.cbs.nl"  # where CBS publishes its own tables; a mapping file names another where it needs one


class Download(NamedTuple):
    """A table of StatLine. `columns`: ours -> the stem of theirs, which is its name without the number that each year changes."""

    table: str
    catalog: str
    columns: dict[str, str]

    @property
    def file(self) -> str:
        """Where it lies in the cache folder."""
        return f"{self.table}/{self.table}.csv.gz"


class Same(NamedTuple):
    """When a code of another year is still the same wijk: inhabitants within a factor, where either year has `least` of them."""

    within: float
    least: float


class Source(NamedTuple):
    """One table: its file and how that is written, its columns (ours: theirs), what is computed, whether it may be absent.

    What was downloaded is written with our names, so its columns are ours on both sides.
    """

    file: str
    source: str
    columns: dict[str, str]
    compute: dict[str, str]
    optional: bool
    statline: Download | None
    year: int | None = None  # of its codes, where that is not the vintage's
    form: Form = PLAIN
    same: Same | None = None


class Vintage(NamedTuple):
    """A year of tables. `chains`: attribute -> names of files, nearest first. `statline`: the same year as it is downloaded."""

    year: int
    files: dict[str, Source]
    chains: dict[str, list[str]]
    observed: dict[str, list[str]]
    shapes: list[dict[str, Any]]
    neighbours: dict[str, Any]
    statline: "Vintage | None" = None


def read_vintage(raw: Mapping[str, Any], where: str) -> Vintage:
    """The checked vintage of a mapping file; raises `Refused` with every problem.

    A year that has nothing but `statline` is read from a folder in the form in which it is downloaded.
    """
    problems: list[Problem] = []
    online = None
    if "statline" in raw:
        online = _vintage({**raw["statline"], "year": raw.get("year")}, f"{where}: statline", problems)
        problems += [
            Problem(f"{where}: statline: files.{name}", "a file", "a table of StatLine")
            for name, source in online.files.items()
            if source.statline is None
        ]
    found = online if online and "files" not in raw else _vintage(raw, where, problems)
    if problems:
        raise Refused(problems)
    return found._replace(statline=online)


def _vintage(raw: Mapping[str, Any], where: str, problems: list[Problem]) -> Vintage:
    """One half of a mapping file; what is wrong with it is added to `problems`."""
    missing = [Problem(f"{where}: {key}", "nothing", "an entry") for key in ("year", "files", "chains") if not raw.get(key)]
    if missing:
        problems += missing
        return Vintage(0, {}, {}, {}, [], {})
    files = {name: _source(entry, f"{where}: files.{name}", problems) for name, entry in raw["files"].items()}
    have = {name: {**source.columns, **source.compute} for name, source in files.items()}
    if not any(set(COUNTED) <= set(columns) for columns in have.values()):
        problems.append(Problem(f"{where}: files", "none that counts buurten", "one with the columns " + ", ".join(COUNTED)))
    absent = [a for a in NEEDED if not raw["chains"].get(a)]
    problems += [Problem(f"{where}: chains.{a}", "nothing", "names of files, nearest first") for a in absent]
    for attribute, chain in raw["chains"].items():
        if attribute not in CHAINED:
            problems.append(Problem(f"{where}: chains.{attribute}", "an unknown attribute", ", ".join(CHAINED)))
        for name in chain:
            if name not in files:
                problems.append(Problem(f"{where}: chains.{attribute}", repr(name), "one of files: " + ", ".join(files)))
            elif attribute not in have[name]:
                problems.append(Problem(f"{where}: chains.{attribute}", repr(name), f"a file with a column {attribute}"))
    for name, columns in raw.get("observed", {}).items():
        unknown = [c for c in columns if c not in have.get(name, {})]
        problems += [Problem(f"{where}: observed.{name}", repr(c), "a column of that file") for c in unknown]
    return Vintage(
        int(raw["year"]), files, dict(raw["chains"]), dict(raw.get("observed", {})), list(raw.get("shapes", [])),
        dict(raw.get("neighbours", {})),
    )  # fmt: skip


def _source(entry: Mapping[str, Any], where: str, problems: list[Problem]) -> Source:
    """One table of a mapping file: a `file` of the folder, or a `table` of StatLine."""
    kind = "table" if "table" in entry else "file"
    needed = (kind, "source", "columns")
    problems += [Problem(f"{where}.{key}", "nothing", "an entry") for key in needed if key not in entry]
    possible = ("catalog", "compute", "optional", "year", "same", *needed, *Form._fields)
    problems += [Problem(f"{where}.{key}", "an unknown name", ", ".join(possible)) for key in entry if key not in possible]
    for name, marks in MARKS.items():
        if name in entry and entry[name] not in marks:
            problems.append(Problem(f"{where}.{name}", repr(entry[name]), ", ".join(map(repr, marks))))
    columns = dict(entry.get("columns", {}))
    if "code" not in columns:
        problems.append(Problem(f"{where}.columns", ", ".join(columns), "also code"))
    download = None
    file = entry.get("file", "")
    if kind == "table":
        download = Download(str(entry["table"]), entry.get("catalog", CATALOG), columns)
        file, columns = download.file, {ours: ours for ours in columns}
    return Source(
        file,
        entry.get("source", ""),
        columns,
        dict(entry.get("compute", {})),
        bool(entry.get("optional", False)),
        download,
        entry.get("year"),
        Form(**{name: str(entry[name]) for name in Form._fields if name in entry}),
        _same(entry, where, problems) if "same" in entry else None,
    )


def _same(entry: Mapping[str, Any], where: str, problems: list[Problem]) -> Same | None:
    """The check of codes of another year; it needs that year and its inhabitants."""
    raw = entry["same"]
    numbers = isinstance(raw, Mapping) and set(raw) == set(Same._fields) and all(isinstance(n, int | float) for n in raw.values())
    if not numbers or raw["within"] < 1.0 or raw["least"] < 0.0:
        problems.append(Problem(f"{where}.same", repr(raw), "within (a factor from 1) and least (inhabitants from 0)"))
        return None
    if "year" not in entry or "inwoners" not in entry.get("columns", {}):
        problems.append(Problem(f"{where}.same", "no year or no column inwoners", "a file of another year with inwoners"))
    return Same(float(raw["within"]), float(raw["least"]))
