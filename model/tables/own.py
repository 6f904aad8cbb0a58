"""A user's own tables, read by a mapping and checked against the codes of the vintage (docs/own-tables.md).

    own = read_own(mapping, folder, where, codes)     every table checked; refused with all problems of all of them

`joining` then puts what they say into the table of buurten.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from model.parameters import Problem, Refused
from model.tables.files import LARGEST, MARKS, PLAIN, Form
from model.tables.polygons import read_polygons
from model.tables.reading import as_problems, read_rows
from model.tables.schema import ANY_NUMBER, FIELDS, Finding
from model.town import TEAMS

WHOLE = 101.0  # % that parts of one whole may be together: each may be rounded up


class Kind(NamedTuple):
    """A kind of own table. `one_of`: at least one of these has to be there. `free`: any other column may be added."""

    meaning: str
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    key: tuple[str, ...] = ("buurt",)
    free: bool = False


MEASURED = (
    "p_koop", "p_corp", "p_eengezins", "hh_grootte", "p_1p", "p_oud", "p_jong", "p_laag_ink", "p_hoog_ink", "woz", "dichtheid",
)  # fmt: skip
PARTS = (("p_koop", "p_corp"), ("p_oud", "p_jong"), ("p_laag_ink", "p_hoog_ink"))  # of one whole: not above 100 together
KINDS = {
    "bezit": Kind(
        "stock of corporaties", ("buurt", "corporatie", "woningen"), ("complex", "jaar"), key=("buurt", "corporatie", "complex")
    ),
    "klachten": Kind("complaints about nuisance", ("buurt", "klachten"), ("jaar",)),
    "teams": Kind("teams and their caseload", ("wijk", "soort", "fte"), ("caseload", "jaar"), key=("wijk", "soort")),
    "scores": Kind("official leefbaarheid of buurten", ("buurt",), ("jaar",), one_of=("score", "klasse")),
    "buurten": Kind("measured composition of buurten", ("buurt",), ("jaar",), one_of=MEASURED),
    "observed": Kind("other numbers, only shown beside the model", ("buurt",), ("jaar",), free=True),
    "polygonen": Kind("outlines of buurten (GeoJSON or GPKG, EPSG:28992)", ("buurt",)),
}
OPTIONS: dict[str, type | tuple[type, ...]] = {
    "kind": str, "file": str, "columns": Mapping, "year": int, "sheet": (str, int), "layer": str, "separator": str,
    "decimal": str, "thousands": str, "encoding": str, "complete": bool,
}  # fmt: skip
TYPE_WORDS: dict[type | tuple[type, ...], str] = {
    str: "a text", Mapping: "our name: name in the file", int: "a year", (str, int): "the name of a sheet", bool: "true or false",
}  # fmt: skip
ONLY_FOR = {"sheet": (".xlsx",), "separator": (".csv", ".csv.gz"), "encoding": (".csv", ".csv.gz"), "layer": (".gpkg",)}


class Codes(NamedTuple):
    """What codes there are: `of` the vintage's year or of a drawn town, and of other years (year -> codes of any level)."""

    of: int | str
    buurten: frozenset[str]
    wijken: frozenset[str]
    others: Mapping[int, frozenset[str]]


class Entry(NamedTuple):
    """One checked line of the mapping. `name`: path of the file from the folder of the mapping."""

    kind: str
    path: Path
    name: str
    columns: dict[str, str]
    form: Form
    year: int | None
    complete: bool
    layer: str


class Own(NamedTuple):
    """Own tables. Frames are empty where there is none; polygons are None.

    bezit      [buurt, corporatie, complex, woningen]          teams     [wijk, soort, fte, caseload]
    klachten, scores, buurten, observed                        indexed by code of the buurt
    polygonen  GeoDataFrame [code, geometry] (EPSG:28992)
    complete   whether `bezit` holds all homes that corporaties let in the gemeenten it names
    sources    per table: its file, the start of its sha256, its year where it is told
    of         kind -> the sources of that kind, as one text
    hashes     file (path from the folder of the mapping) -> sha256
    """

    bezit: pd.DataFrame
    klachten: pd.DataFrame
    teams: pd.DataFrame
    scores: pd.DataFrame
    buurten: pd.DataFrame
    observed: pd.DataFrame
    polygonen: Any
    complete: bool
    sources: tuple[str, ...]
    of: dict[str, str]
    hashes: dict[str, str]


def read_own(mapping: Mapping[str, Any], folder: Path, where: str, codes: Codes, largest: int = LARGEST) -> Own:
    """The own tables of a parsed mapping; file names are relative to `folder`, `where` names the mapping in refusals.

    Raises `Refused` with every problem of the mapping, or else with every problem of all tables.
    """
    problems: list[Problem] = []
    tables: list[tuple[Entry, pd.DataFrame]] = []
    for entry in _entries(mapping, folder, where):
        try:
            tables.append((entry, _read(entry, codes, largest)))
        except Refused as refused:
            problems += refused.problems
    problems += _mixed_years(tables, where)
    for kind in KINDS:
        mine = [(entry, table) for entry, table in tables if entry.kind == kind]
        problems += _told_twice(mine, KINDS[kind].key) if len(mine) > 1 else []
    if problems:
        raise Refused(problems)
    return _gathered(tables)


def _entries(mapping: Mapping[str, Any], folder: Path, where: str) -> list[Entry]:
    """The lines of the mapping. Raises `Refused` with all that is wrong with them."""
    lines = mapping.get("tables") if isinstance(mapping, Mapping) else None
    if not isinstance(lines, list | tuple) or not lines or len(mapping) > 1:
        raise Refused(
            [Problem(where, repr(mapping)[:60], "`tables:` with a list of tables (docs/own-tables.md), and nothing else")]
        )
    problems = []
    for k, line in enumerate(lines):
        problems += _wrong_line(line, f"{where}: tables[{k}]")
    if problems:
        raise Refused(problems)
    return [_entry(line, folder) for line in lines]


def _entry(line: Mapping[str, Any], folder: Path) -> Entry:
    form = Form(**{name: str(line[name]) for name in Form._fields if name in line})
    columns = {str(ours): str(theirs).strip() for ours, theirs in line["columns"].items()}
    path = folder / line["file"]
    name = Path(os.path.relpath(path, folder)).as_posix()
    return Entry(line["kind"], path, name, columns, form, line.get("year"), line.get("complete", False), line.get("layer", ""))


def _wrong_line(line: Any, where: str) -> list[Problem]:
    """What is wrong with one line, before any file is opened."""
    if not isinstance(line, Mapping):
        return [Problem(where, repr(line), "a line with kind, file, columns")]
    wrong = [Problem(f"{where}.{name}", "an unknown name", ", ".join(OPTIONS)) for name in line if name not in OPTIONS]
    wrong += [Problem(f"{where}.{name}", "nothing", "an entry") for name in ("kind", "file", "columns") if not line.get(name)]
    for name, kind in OPTIONS.items():
        if name in line and (not isinstance(line[name], kind) or (isinstance(line[name], bool) and kind is not bool)):
            wrong.append(Problem(f"{where}.{name}", repr(line[name]), TYPE_WORDS[kind]))
    if wrong:
        return wrong
    if line["kind"] not in KINDS:
        return [Problem(f"{where}.kind", repr(line["kind"]), ", ".join(KINDS))]
    return _wrong_columns(line, where) + _wrong_options(line, where)


def _wrong_columns(line: Mapping[str, Any], where: str) -> list[Problem]:
    kind, given = KINDS[line["kind"]], line["columns"]
    possible = kind.needed + kind.one_of + kind.optional
    here = f"{where}.columns"
    wrong = [
        Problem(here, f"no {name}", f"a column for each of {', '.join(kind.needed)}") for name in kind.needed if name not in given
    ]
    if kind.one_of and not set(kind.one_of) & set(given):
        wrong.append(Problem(here, "none of " + ", ".join(kind.one_of), "at least one of them"))
    for name, theirs in given.items():
        if not isinstance(theirs, str | int | float) or isinstance(theirs, bool):
            wrong.append(Problem(f"{here}.{name}", repr(theirs), "the name of a column in the file"))
        if name not in possible and (not kind.free or not str(name).isidentifier() or name == "code"):
            named = "another name of your own (letters, digits, _)" if kind.free else ", ".join(possible)
            wrong.append(Problem(f"{here}.{name}", "a name that this kind has not", named))
    if kind.free and set(given) <= set(possible):
        wrong.append(Problem(here, "only " + ", ".join(map(str, given)), "also a number column with a name of your own"))
    return wrong


def _wrong_options(line: Mapping[str, Any], where: str) -> list[Problem]:
    """Options that this file can not have, and marks that can not be."""
    name = str(line["file"]).lower()
    wrong = [
        Problem(f"{where}.{option}", f"{line[option]!r} for {line['file']}", f"only for a file of kind {', '.join(kinds)}")
        for option, kinds in ONLY_FOR.items()
        if option in line and not name.endswith(kinds)
    ]
    for option, possible in MARKS.items():
        if option in line and line[option] not in possible:
            wrong.append(Problem(f"{where}.{option}", repr(line[option]), ", ".join(map(repr, possible))))
    if line.get("thousands") and line["thousands"] == line.get("decimal", PLAIN.decimal):
        wrong.append(Problem(f"{where}.thousands", f"{line['thousands']!r}, which is the decimal mark too", "another mark"))
    if "complete" in line and line["kind"] != "bezit":
        wrong.append(Problem(f"{where}.complete", f"kind {line['kind']}", "only for bezit"))
    return wrong


def _read(entry: Entry, codes: Codes, largest: int) -> pd.DataFrame:
    """The table [row of the file, our columns]. Raises `Refused` with all its problems."""
    kind = KINDS[entry.kind]
    if entry.kind == "polygonen":
        frame, findings = read_polygons(entry.path, entry.columns["buurt"], entry.layer, largest)
        words = ("feature", "property")
    else:
        free = {name: ANY_NUMBER for name in entry.columns if kind.free and name not in kind.needed + kind.optional}
        key = [name for name in (*kind.key, "jaar") if name in entry.columns]
        frame, findings = read_rows(entry.path, entry.columns, key, {**FIELDS, **free}, entry.form, largest)
        words = ("row", "column")
    known = {(f.row, f.column) for f in findings}
    more = _unknown_codes(frame, codes) + _other_years(frame, entry.year) + _above_whole(frame)
    findings = findings + [f for f in more if (f.row, f.column) not in known]
    if findings:
        raise Refused(as_problems(entry.name, entry.columns, findings, words))
    return frame


def _unknown_codes(frame: pd.DataFrame, codes: Codes) -> list[Finding]:
    """Codes that the vintage has not, in words: a code of another year, or of nowhere."""
    found = []
    for level, known in (("buurt", codes.buurten), ("wijk", codes.wijken)):
        if level not in frame:
            continue
        mine = frame[level].dropna()
        near = {code[2:6]: code for code in sorted(known, reverse=True)}
        for row, code in mine[~mine.isin(known)].items():
            years = [str(year) for year, others in codes.others.items() if code in others]
            said = f"{code}, a code of {' and '.join(years)}" if years else f"{code}, a code that no table knows"
            like = f", such as {near[code[2:6]]}" if code[2:6] in near else ""
            found.append(Finding(int(row), level, said, f"a {level} of {codes.of}{like}"))
    return found


def _other_years(frame: pd.DataFrame, year: int | None) -> list[Finding]:
    """Rows of another year than the mapping says, or than the first row."""
    if "jaar" not in frame or frame.jaar.isna().all():
        return []
    first = frame.jaar.dropna()
    right = float(year) if year is not None else first.iloc[0]
    why = "as the mapping says" if year is not None else f"as in row {first.index[0]}"
    others = first[first != right]
    return [Finding(int(row), "jaar", f"{value:.0f}, a mix of years", f"{right:.0f}, {why}") for row, value in others.items()]


def _above_whole(frame: pd.DataFrame) -> list[Finding]:
    found = []
    for one, other in PARTS:
        if one in frame and other in frame:
            together = frame[one] + frame[other]
            for row, value in together[together > WHOLE].items():
                found.append(Finding(int(row), other, f"{value:.4g}% together with {one}", "100% at most"))
    return found


def _mixed_years(tables: list[tuple[Entry, pd.DataFrame]], where: str) -> list[Problem]:
    years = [(entry.name, year) for entry, table in tables if (year := _year(entry, table)) is not None]
    if len({year for _, year in years}) < 2:
        return []
    told = ", ".join(f"{file} {year}" for file, year in years)
    return [Problem(f"{where}: tables", f"tables of several years: {told}", "tables of one year")]


def _year(entry: Entry, table: pd.DataFrame) -> int | None:
    if entry.year is not None or "jaar" not in table:
        return entry.year
    return int(table.jaar.iloc[0])


def _told_twice(tables: list[tuple[Entry, pd.DataFrame]], key: tuple[str, ...]) -> list[Problem]:
    """Values of one kind that stand in two files."""
    problems: list[Problem] = []
    seen: dict[str, pd.Series] = {}
    for entry, table in tables:
        parts = table.reindex(columns=list(key)).astype(object)
        keys = parts.where(parts.notna(), "").agg(lambda row: " + ".join(filter(None, row)), axis=1)
        findings = []
        for name in table.columns.difference([*key, "jaar"]):
            mine = pd.Series(entry.name, index=keys[table[name].notna()])
            before = seen.get(name, mine.iloc[:0])
            for row, code in keys[keys.isin(before.index) & table[name].notna()].items():
                findings.append(
                    Finding(int(row), name, f"{code} again, as in {before[code]}", f"each {' + '.join(key)} in one file")
                )
            seen[name] = pd.concat([before, mine[~mine.index.isin(before.index)]])
        problems += as_problems(entry.name, entry.columns, findings)
    return problems


def _gathered(tables: list[tuple[Entry, pd.DataFrame]]) -> Own:
    frames: dict[str, pd.DataFrame] = {}
    sources: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind in KINDS:
        mine = [table.drop(columns="jaar", errors="ignore") for entry, table in tables if entry.kind == kind]
        columns = list(KINDS[kind].needed + KINDS[kind].optional + KINDS[kind].one_of)
        frames[kind] = pd.concat(mine, ignore_index=True) if mine else pd.DataFrame(columns=columns)
    hashes: dict[str, str] = {}
    for entry, table in tables:
        with entry.path.open("rb") as file:
            hashes[entry.name] = hashlib.file_digest(file, "sha256").hexdigest()
        year = _year(entry, table)
        sources[entry.kind].append(f"{entry.name} (sha256 {hashes[entry.name][:12]}{f', {year}' if year else ''})")
    per_buurt = {k: frames[k].groupby("buurt").first() for k in ("klachten", "scores", "buurten", "observed")}
    return Own(
        bezit=frames["bezit"].reindex(columns=["buurt", "corporatie", "complex", "woningen"]),
        teams=frames["teams"].reindex(columns=TEAMS),
        polygonen=frames["polygonen"].rename(columns={"buurt": "code"}) if sources["polygonen"] else None,
        complete=all(entry.complete for entry, _ in tables if entry.kind == "bezit") and bool(sources["bezit"]),
        sources=tuple(source for told in sources.values() for source in told),
        of={kind: ", ".join(told) for kind, told in sources.items() if told},
        hashes=hashes,
        **per_buurt,
    )


def fields_of(kind: str) -> list[tuple[str, str, str, str]]:
    """(name, how much it is needed, what is possible, meaning) of each field of a kind: for docs/own-tables.md."""
    of = KINDS[kind]
    needs = [(of.needed, "yes"), (of.one_of, "one of these at least"), (of.optional if kind != "polygonen" else (), "no")]
    rows = [(name, need, FIELDS[name].words, FIELDS[name].meaning) for names, need in needs for name in names]
    return rows + ([("any other name", "one at least", ANY_NUMBER.words, ANY_NUMBER.meaning)] if of.free else [])
