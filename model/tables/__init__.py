"""Real tables in, a `Town` out.

    tables = read(folder, vintage)               all tables of a year, checked, for the whole country
    town(tables, ["GM0828"], p, country)         one gemeente, a region of several, or ["NL"]

Which file holds what stands in `configs/vintage`; a new year is a file there. What a table does not know is filled along a
declared chain and counted (`chain`); what no table knows per buurt is estimated (`estimates`), and said to be.
"""

import hashlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model.parameters import Problem, Refused
from model.tables import chain, estimates, places
from model.tables.reading import read_table
from model.tables.vintage import Vintage
from model.town import IMPUTED, Town, near_in_wijk, ownership
from model.town import Parameters as Country

SUPPRESSED = "onderdrukt: weggelaten"


class Parameters(NamedTuple):
    """How real tables are completed."""

    homes_per_corporatie: float
    corporatie_of_koop: float
    corporatie_of_woz: float
    corporatie_of_size: float
    corporatie_residual: float
    corporatie_residual_sd: float
    corporatie_residual_seed: int
    corporatie_error: float
    corporatie_error_of_residual: float
    persons_low_at_mean: float
    persons_low_of_koop: float
    persons_low_of_woz: float
    low_income_of_persons: float
    high_income_of_low: float
    low_income_error: float
    high_income_error: float
    least_drawn: float


class Tables(NamedTuple):
    """The checked tables of one vintage, each indexed by code; rows of all levels. `folder` holds polygons too."""

    vintage: Vintage
    folder: Path
    frames: dict[str, pd.DataFrame]
    hashes: dict[str, str]  # file -> SHA-256


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
                problems.append(
                    Problem("gemeente.data", f"no file {source.file} in {folder}", "a folder that holds it (docs/data.md)")
                )
            continue
        try:
            frames[name] = read_table(path, source.columns, source.compute)
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return Tables(vintage, folder, frames, _hashes(folder, vintage))


def _hashes(folder: Path, vintage: Vintage) -> dict[str, str]:
    """SHA-256 of each file of the vintage that is there, polygons and neighbours too."""
    names = [s.file for s in vintage.files.values()] + [s["file"] for s in vintage.shapes]
    names += [vintage.neighbours["file"]] if vintage.neighbours else []
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names if (folder / name).is_file()}


def known_gemeenten(tables: Tables) -> pd.Series:
    """Names of the gemeenten of the vintage, by code."""
    rows = [f.loc[f.index.str.startswith("GM"), "naam"] for f in tables.frames.values() if "naam" in f]
    return pd.concat(rows).groupby(level=0).first()


def checked_codes(tables: Tables, codes: list[str]) -> list[str]:
    """Codes of gemeenten, all of them for NL; raises `Refused` for what the tables do not hold, with what is near."""
    known = known_gemeenten(tables)
    if codes == ["NL"]:
        return list(known.index)
    problems = []
    for code in codes:
        if code not in known.index:
            by_name = known[known.str.lower() == str(code).lower()]
            near = by_name if len(by_name) else known[known.index.str[:4] == str(code)[:4]]
            told = ", ".join(f"{c} ({n})" for c, n in (near if len(near) else known).iloc[:8].items())
            problems.append(
                Problem("gemeente.code", repr(code), f"NL alone, or a gemeente of {tables.vintage.year} such as {told}")
            )
    if problems:
        raise Refused(problems)
    return list(dict.fromkeys(codes))


def town(tables: Tables, codes: list[str], p: Parameters, country: Country) -> Town:
    """The town of some gemeenten. Raises `Refused` for an unknown code."""
    gemeenten = checked_codes(tables, codes)
    names = known_gemeenten(tables)
    mine = _buurten(tables, gemeenten)
    filled = {a: chain.fill(mine.code, tables.frames, c, a, _upto(a)) for a, c in tables.vintage.chains.items()}
    frame = _frame(tables, mine, filled, country)
    report = _left_out(tables, gemeenten, frame) + _report(tables, frame, filled)
    frame, estimated = estimates.complete(frame, filled, tables, country, p)
    ground = places.read(tables.folder, tables.vintage, _columns(tables, "x", "y"))
    frame, located = places.located(ground, frame, _columns(tables, "inwoners", "dichtheid").reset_index())
    counts = {
        g: max(1, round(float((part.huishoudens * part.p_corp).sum()) / 100.0 / p.homes_per_corporatie))
        for g, part in frame.groupby("gemeente", sort=False)
    }
    shapes = places.shapes_of(ground, frame, p.least_drawn)
    sources = [*(tables.vintage.files[n].source for n in tables.frames), *places.sources(ground, frame)]
    whole = codes == ["NL"]
    return Town(
        code="NL" if whole else "+".join(gemeenten),
        naam="Nederland" if whole else ", ".join(names[g] for g in gemeenten),
        synthetic=False,
        buurten=frame,
        corporaties=(owned := ownership(frame, counts))[0],
        bezit=owned[1],
        near=near_in_wijk(frame),
        vintage=tables.vintage.year,
        observed=_observed(tables, frame),
        imputed=pd.DataFrame(report + estimated + located, columns=IMPUTED),
        shapes=shapes,
        sources=tuple(dict.fromkeys(sources)),
        hashes=tables.hashes,
    )


def _columns(tables: Tables, *names: str) -> pd.DataFrame:
    """Columns of the tables that have them all, of all places, by code; empty if none has."""
    frames = [f[list(names)] for f in tables.frames.values() if set(names) <= set(f)]
    found = pd.concat(frames) if frames else pd.DataFrame(columns=list(names), dtype=float)
    return found[~found.index.duplicated()].rename_axis("code")


def _upto(attribute: str) -> str:
    """How far a chain goes: a class belongs to its own wijk; a share of one-person households to its own buurt."""
    return {"klasse": "wijk", "p_1p": "buurt"}.get(attribute, "land")


def _buurten(tables: Tables, gemeenten: list[str]) -> pd.DataFrame:
    """Inhabited buurten of the gemeenten: code, households and what else their own row says, sorted by code."""
    parts = []
    for frame in tables.frames.values():
        if {"huishoudens", "naam"} <= set(frame):
            here = frame.index.str.startswith("BU") & ("GM" + frame.index.str[2:6]).isin(gemeenten)
            parts.append(frame.loc[here & (frame.huishoudens > 0), ["naam", "huishoudens", "inwoners"]])
    found = pd.concat(parts).sort_index()
    return found.rename_axis("code").reset_index()


def _frame(tables: Tables, mine: pd.DataFrame, filled: dict[str, chain.Filled], country: Country) -> pd.DataFrame:
    """What tables say of each buurt, in the columns of `Town`."""
    names = pd.concat([f["naam"] for f in tables.frames.values() if "naam" in f]).groupby(level=0).first()
    wijk, gemeente = chain.code_at(mine.code, "wijk"), chain.code_at(mine.code, "gemeente")
    none = pd.Series(np.nan, index=mine.index)

    def value(attribute: str) -> pd.Series:
        return filled[attribute].values if attribute in filled else none

    woz = value("woz") / chain.national(tables.frames, tables.vintage.chains["woz"], "woz")
    size = value("hh_grootte")
    # Shares of counts that CBS rounds to five can lie beyond 100% in small buurten.
    return pd.DataFrame(
        {
            "code": mine.code, "naam": mine.naam, "wijk": wijk, "wijk_naam": wijk.map(names), "gemeente": gemeente,
            "gemeente_naam": gemeente.map(names), "huishoudens": mine.huishoudens.astype(np.int64),
            "inwoners": mine.inwoners.fillna(mine.huishoudens * size), "hh_grootte": size, "p_1p": value("p_1p").clip(0.0, 100.0),
            "p_koop": value("p_koop"), "p_corp": none, "p_eengezins": value("p_eengezins"), "woz_ratio": woz,
            "dichtheid": value("dichtheid").clip(lower=1.0), "p_oud": value("p_oud").clip(0.0, 100.0),
            "p_jong": value("p_jong").fillna(100.0 * country.share_15_34).clip(0.0, 100.0),
            "p_laag_ink": none, "p_hoog_ink": none,
            "klasse": value("klasse"), "score": none, "x": none, "y": none,
        }
    )  # fmt: skip


def _report(tables: Tables, frame: pd.DataFrame, filled: dict[str, chain.Filled]) -> list[tuple[Any, ...]]:
    """One line per attribute, level and file: buurten and households that have it from there, and the typical error."""
    rows = []
    for attribute, f in filled.items():
        if attribute in estimates.ESTIMATED:
            continue
        steps = tables.vintage.chains[attribute]
        for (level, name), mine in frame.groupby([f.level, f.file], sort=False):
            error = chain.typical_error(tables.frames, steps, attribute, level) if level else float("nan")
            rows.append(
                (
                    attribute,
                    level,
                    tables.vintage.files[name].source if name else "",
                    len(mine),
                    int(mine.huishoudens.sum()),
                    error,
                )
            )
    return rows


def _left_out(tables: Tables, gemeenten: list[str], frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Buurten whose households are suppressed: nobody can be put there; the gemeente's own total tells how many are missed."""
    rows = []
    for name, table in tables.frames.items():
        if "huishoudens" not in table:
            continue
        here = table.index.str.startswith("BU") & ("GM" + table.index.str[2:6]).isin(gemeenten)
        unknown = table.index[here & table.huishoudens.isna()]
        if len(unknown):
            totals = [t.huishoudens.reindex(gemeenten) for t in tables.frames.values() if "naam" in t and "huishoudens" in t]
            total = pd.concat(totals, axis=1).bfill(axis=1).iloc[:, 0].sum()
            missed = max(0, int(total - frame.huishoudens.sum()))
            rows.append(("huishoudens", SUPPRESSED, tables.vintage.files[name].source, len(unknown), missed, float("nan")))
    return rows


def _observed(tables: Tables, frame: pd.DataFrame) -> pd.DataFrame:
    """What is known besides, of the buurten themselves."""
    found = pd.DataFrame({"code": frame.code})
    for name, columns in tables.vintage.observed.items():
        if name in tables.frames:
            for column in columns:
                found[column] = frame.code.map(tables.frames[name][column])
    return found
