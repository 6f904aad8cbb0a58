"""The tables of a year, read and checked once for the whole country, with what is worked out of them once.

A town is a selection of rows (`Tables.part`). What a chain fills, how far a level lies from what buurten have themselves, and
where everything lies, is the same for every town of the year.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model.parameters import Problem, Refused
from model.tables import chain, places
from model.tables.own import Codes, Own, read_own
from model.tables.reading import read_table
from model.tables.vintage import COUNTED, Vintage

NEAR_END = {"klasse": "wijk", "p_1p": "buurt"}  # chains that end early: a class is of its wijk, who lives alone of the buurt


class Part(NamedTuple):
    """What the tables know of some gemeenten: rows of these only, so that nothing is looked up in a whole country.

    frames    as in `Tables`
    buurten   as in `Tables`
    filled    attribute -> what its chain fills in for the inhabited buurten [n], in the order of `buurten`
    ground    as in `Tables`
    """

    vintage: Vintage
    frames: dict[str, pd.DataFrame]
    buurten: pd.DataFrame
    filled: dict[str, chain.Filled]
    ground: places.Ground

    def observed(self, codes: pd.Series) -> pd.DataFrame:
        """What is known besides, of buurten [n] themselves."""
        found = pd.DataFrame({"code": codes})
        for name, columns in self.vintage.observed.items():
            if name in self.frames:
                found = found.join(self.frames[name][columns], on="code")
        return found


class _Rows:
    """Row numbers by gemeente of a table whose rows have one code or more. Worked out once: looking at texts is slow."""

    def __init__(self, *codes: pd.Index | pd.Series) -> None:
        self._found = [pd.Series(0, range(len(c))).groupby(c.astype(str).str[2:6].to_numpy()).indices for c in codes]

    def of(self, gemeenten: list[str]) -> np.ndarray:
        """Row numbers of the gemeenten (codes), in order, each once."""
        found = [rows[code[2:6]] for rows in self._found for code in gemeenten if code[2:6] in rows]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)


class _Where(NamedTuple):
    """Where each gemeente stands in all that `Part` holds; `inhabited` are the rows of what was filled in."""

    frames: dict[str, _Rows]
    buurten: _Rows
    inhabited: _Rows
    polygons: _Rows
    points: _Rows
    touching: _Rows


@dataclass(frozen=True, eq=False)
class Tables:
    """The checked tables of one vintage, each indexed by code; rows of all levels.

    frames    name of the file in the vintage -> its columns under our names
    whole     the same with the wijken that were left out of `frames`, because their code is of another place by now
    reused    year -> codes of those wijken
    hashes    file -> SHA-256 of every file that was read
    own       the user's own tables, if there are any
    """

    vintage: Vintage
    folder: Path
    frames: dict[str, pd.DataFrame]
    whole: dict[str, pd.DataFrame]
    reused: dict[int, frozenset[str]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    own: Own | None = None

    @cached_property
    def names(self) -> pd.Series:
        """Name of each gemeente, wijk and buurt, by code."""
        return pd.concat([f["naam"] for f in self.frames.values() if "naam" in f]).groupby(level=0).first()

    @cached_property
    def gemeenten(self) -> pd.Series:
        """Names of the gemeenten, by code."""
        return self.names[self.names.index.str.startswith("GM")]

    @cached_property
    def counted(self) -> pd.DataFrame:
        """naam, huishoudens (empty where suppressed) and inwoners of every place, by code."""
        return self.columns(*COUNTED)

    @cached_property
    def buurten(self) -> pd.DataFrame:
        """The same of every buurt, by code in order."""
        return self.counted[self.counted.index.str.startswith("BU")].sort_index()

    @cached_property
    def filled(self) -> dict[str, chain.Filled]:
        """Every attribute of every inhabited buurt, along its chain; rows by code."""
        codes = pd.Series(self.buurten.index[self.buurten.huishoudens > 0])
        codes.index = pd.Index(codes)
        chains = self.vintage.chains.items()
        return {a: chain.fill(codes, self.frames, c, a, NEAR_END.get(a, "land"), self.whole) for a, c in chains}

    @cached_property
    def national(self) -> dict[str, float]:
        """The country's value of each attribute of the chains."""
        return {a: chain.national(self.whole, c, a) for a, c in self.vintage.chains.items()}

    @cached_property
    def errors(self) -> dict[tuple[str, str], float]:
        """Typical error of each (attribute, level) of the chains, in the attribute's unit; nan if it can not be told."""
        found = {a: chain.typical_errors(self.frames, c, a) for a, c in self.vintage.chains.items()}
        return {(a, level): error for a, errors in found.items() for level, error in errors.items()}

    @cached_property
    def ground(self) -> places.Ground:
        """Polygons, centres and neighbours."""
        own = self.own.polygonen if self.own is not None else None
        return places.read(self.folder, self.vintage, self.columns("x", "y"), own, self.reused)

    @cached_property
    def layout_error(self) -> float:
        """How far (metres) the centre of its wijk puts a buurt off, typically."""
        return places.layout_error(self.ground, self.columns("inwoners", "dichtheid").reset_index())

    def columns(self, *names: str) -> pd.DataFrame:
        """Columns of the tables that have them all, of all places, by code; empty if none has."""
        frames = [f[list(names)] for f in self.frames.values() if set(names) <= set(f)]
        found = pd.concat(frames) if frames else pd.DataFrame(columns=list(names), dtype=float)
        return found[~found.index.duplicated()].rename_axis("code")

    def part(self, gemeenten: list[str]) -> Part:
        """What is known of some gemeenten (codes); rows in the order that they have here."""
        where, g = self._where, self.ground
        inhabited = where.inhabited.of(gemeenten)
        ground = g._replace(
            polygons=g.polygons.iloc[where.polygons.of(gemeenten)],
            points=g.points.iloc[where.points.of(gemeenten)],
            touching=g.touching.iloc[where.touching.of(gemeenten)],
        )
        return Part(
            self.vintage,
            {name: frame.iloc[where.frames[name].of(gemeenten)] for name, frame in self.frames.items()},
            self.buurten.iloc[where.buurten.of(gemeenten)],
            {attribute: known.at(inhabited) for attribute, known in self.filled.items()},
            ground,
        )

    @cached_property
    def _where(self) -> _Where:
        g, b = self.ground, self.buurten
        return _Where(
            {name: _Rows(frame.index) for name, frame in self.frames.items()},
            _Rows(b.index),
            _Rows(b.index[b.huishoudens > 0]),
            _Rows(g.polygons.code),
            _Rows(g.points.index),
            _Rows(g.touching.a, g.touching.b),
        )


def read(folder: Path, vintage: Vintage) -> Tables:
    """All tables of the vintage that lie in the folder. Raises `Refused` with all problems of all files."""
    if not folder.is_dir():
        raise Refused([Problem("gemeente.data", repr(str(folder)), "a folder with the tables (docs/data.md)")])
    problems: list[Problem] = []
    frames: dict[str, pd.DataFrame] = {}
    for name, source in vintage.files.items():
        path = folder / source.file
        if not path.is_file():
            if not source.optional:
                where = "a folder that holds it (docs/data.md)"
                problems.append(Problem("gemeente.data", f"no file {source.file} in {folder}", where))
            continue
        try:
            frames[name] = read_table(path, source.columns, source.compute, source.form, free=vintage.observed.get(name, []))
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    same, reused = dict(frames), dict[int, frozenset[str]]()
    for name, frame in frames.items():
        year, codes = vintage.files[name].year, _reused(frames, vintage, name)
        if year is not None and codes:
            same[name], reused[year] = frame.drop(index=list(codes)), reused.get(year, frozenset()) | codes
    return Tables(vintage, folder, same, frames, reused, _hashes(folder, vintage))


def _reused(frames: dict[str, pd.DataFrame], vintage: Vintage, name: str) -> frozenset[str]:
    """Codes of wijken of a file of another year that are of another place in the vintage, by their inhabitants."""
    check = vintage.files[name].same
    now = chain.first_of(frames, [n for n, s in vintage.files.items() if s.year in (None, vintage.year)], "inwoners")
    if check is None:
        return frozenset()
    then = frames[name].inwoners[frames[name].index.str.startswith("WK")]
    both = pd.DataFrame({"then": then, "now": now.reindex(then.index)}).dropna()
    small, large = both.min(axis=1), both.max(axis=1)
    return frozenset(both.index[(large >= check.least) & (large > check.within * small)])


def with_own(tables: Tables, mapping: Mapping[str, Any], folder: Path, where: str) -> Tables:
    """The tables with the user's own beside them (docs/own-tables.md); raises `Refused` with all problems of all of them."""
    kinds = {start: frozenset(tables.names.index[tables.names.index.str.startswith(start)]) for start in ("BU", "WK")}
    others = {
        source.year: frozenset(tables.frames[name].index) - kinds["BU"] - kinds["WK"]
        for name, source in tables.vintage.files.items()
        if name in tables.frames and source.year not in (None, tables.vintage.year)
    }
    own = read_own(mapping, folder, where, Codes(tables.vintage.year, kinds["BU"], kinds["WK"], others))
    return replace(tables, hashes={**tables.hashes, **own.hashes}, own=own)


def _hashes(folder: Path, vintage: Vintage) -> dict[str, str]:
    """SHA-256 of each file of the vintage that is there, polygons and neighbours too."""
    names = [s.file for s in vintage.files.values()] + [s["file"] for s in vintage.shapes]
    names += [vintage.neighbours["file"]] if vintage.neighbours else []
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names if (folder / name).is_file()}
