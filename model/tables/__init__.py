"""Real tables in, a `Town` out.

    tables = read(folder, vintage)               all tables of a year, checked, for the whole country
    tables = with_own(tables, mapping, ...)      the user's own tables beside them
    town(tables, ["GM0828"], p, country)         one gemeente, a region of several, or ["NL"]

Which file holds what stands in `configs/vintage`; a new year is a file there. What a table does not know is filled along a
declared chain and counted (`chain`); what no table knows per buurt is estimated (`estimates`), and said to be; what the user
measured goes before both (`joining`).
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from model.parameters import Problem, Refused
from model.tables import chain, estimates, places
from model.tables.account import Line, left_out, settled
from model.tables.joining import join, owners
from model.tables.sources import Tables, read, with_own
from model.town import Parameters as Country
from model.town import Town, near_in_wijk, ownership

__all__ = ["Parameters", "Tables", "read", "town", "with_own"]


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
    nearest_buurten: int


def checked_codes(tables: Tables, codes: list[str]) -> list[str]:
    """Codes of gemeenten, all of them for NL; raises `Refused` for what the tables do not hold, with what is near."""
    known = tables.gemeenten
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
    frame, lines = _completed(tables, gemeenten, p, country)
    sources = [*(tables.vintage.files[n].source for n in tables.frames), *places.sources(tables.ground, frame)]
    observed, more = tables.observed(frame.code), {}
    joined = None
    if tables.own is not None:
        joined = join(frame, tables.own, tables.national("woz"))
        frame, lines = joined.buurten, lines + joined.lines
        observed, sources = observed.merge(joined.observed, on="code"), sources + list(tables.own.sources)
        more["teams"] = tables.own.teams[tables.own.teams.wijk.isin(frame.wijk)]
    estimated = ownership(frame, _corporaties(frame, p))
    corporaties, bezit = estimated if joined is None else owners(joined, *estimated)
    near = places.neighbours(tables.ground, frame, p.nearest_buurten)
    whole = codes == ["NL"]
    return Town(
        code="NL" if whole else "+".join(gemeenten),
        naam="Nederland" if whole else ", ".join(tables.names[g] for g in gemeenten),
        synthetic=False,
        buurten=frame,
        corporaties=corporaties,
        bezit=bezit,
        near=near if len(near) else near_in_wijk(frame),
        vintage=tables.vintage.year,
        observed=observed,
        imputed=pd.concat([_left_out(tables, gemeenten, frame), settled(lines, frame.huishoudens)], ignore_index=True),
        shapes=places.shapes_of(tables.ground, frame, p.least_drawn),
        sources=tuple(dict.fromkeys(sources)),
        hashes=tables.hashes,
        **more,
    )


def _corporaties(frame: pd.DataFrame, p: Parameters) -> dict[str, int]:
    """How many corporaties work in each gemeente, by their homes there."""
    homes = (frame.huishoudens * frame.p_corp / 100.0).groupby(frame.gemeente, sort=False).sum()
    return {str(g): max(1, round(float(n) / p.homes_per_corporatie)) for g, n in homes.items()}


def _completed(tables: Tables, gemeenten: list[str], p: Parameters, country: Country) -> tuple[pd.DataFrame, list[Line]]:
    """The buurten of the gemeenten in the columns of `Town`, nothing missing, and where that comes from."""
    b = tables.buurten
    mine = b[("GM" + b.index.str[2:6]).isin(gemeenten) & (b.huishoudens > 0)].rename_axis("code").reset_index()
    filled = {a: f.of(mine.code) for a, f in tables.filled.items()}
    frame = _frame(tables, mine, filled, country)
    told = _told(tables, frame, filled)
    frame, estimated = estimates.complete(frame, filled, tables, country, p)
    frame, located = places.located(tables.ground, frame, tables.layout_error)
    return frame, told + estimated + located


def _frame(tables: Tables, mine: pd.DataFrame, filled: dict[str, chain.Filled], country: Country) -> pd.DataFrame:
    """What tables say of each buurt; what they do not say is empty."""
    wijk, gemeente = chain.code_at(mine.code, "wijk"), chain.code_at(mine.code, "gemeente")
    none = pd.Series(np.nan, index=mine.index)

    def value(attribute: str) -> pd.Series:
        found = filled[attribute].values if attribute in filled else none
        # Shares of counts that CBS rounds to five can lie beyond 100% in small buurten.
        return found.clip(0.0, 100.0) if attribute.startswith("p_") else found

    size = value("hh_grootte")
    return pd.DataFrame(
        {
            "code": mine.code, "naam": mine.naam, "wijk": wijk, "wijk_naam": wijk.map(tables.names), "gemeente": gemeente,
            "gemeente_naam": gemeente.map(tables.names), "huishoudens": mine.huishoudens.astype(np.int64),
            "inwoners": mine.inwoners.fillna(mine.huishoudens * size), "hh_grootte": size, "p_1p": value("p_1p"),
            "p_koop": value("p_koop"), "p_corp": none, "p_eengezins": value("p_eengezins"),
            "woz_ratio": value("woz") / tables.national("woz"), "dichtheid": value("dichtheid").clip(lower=1.0),
            "p_oud": value("p_oud"), "p_jong": value("p_jong").fillna(100.0 * country.share_15_34), "p_laag_ink": none,
            "p_hoog_ink": none, "klasse": value("klasse"), "score": none, "x": none, "y": none,
        }
    )  # fmt: skip


def _told(tables: Tables, frame: pd.DataFrame, filled: dict[str, chain.Filled]) -> list[Line]:
    """One line per attribute, level and file, with the typical error."""
    lines = []
    for attribute, f in filled.items():
        if attribute in estimates.ESTIMATED:
            continue
        for (level, name), mine in frame.groupby([f.level, f.file], sort=False):
            source = tables.vintage.files[name].source if name else ""
            error = tables.errors.get((attribute, level), float("nan"))
            lines.append(Line(attribute, level, source, mine.index.to_numpy(), error))
    return lines


def _left_out(tables: Tables, gemeenten: list[str], frame: pd.DataFrame) -> pd.DataFrame:
    """Buurten whose households are suppressed; the gemeente's own total tells how many households are missed."""
    b = tables.buurten
    unknown = int((("GM" + b.index.str[2:6]).isin(gemeenten) & b.huishoudens.isna()).sum())
    totals = [t.huishoudens.reindex(gemeenten) for t in tables.frames.values() if {"huishoudens", "naam"} <= set(t)]
    total = pd.concat(totals, axis=1).bfill(axis=1).iloc[:, 0].sum() if unknown else 0
    return left_out(unknown, max(0, int(total - frame.huishoudens.sum())))
