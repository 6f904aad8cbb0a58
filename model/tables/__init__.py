"""Real tables in, a `Town` out.

    tables = read(folder, vintage)               all tables of a year, checked, for the whole country
    tables = with_own(tables, mapping, ...)      the user's own tables beside them
    town(tables, ["GM0828"], p, country)         one gemeente, a region of several, or ["NL"]
    drawn_with_own(town, mapping, ...)           a drawn town with the user's own tables

Which file holds what stands in `configs/vintage`; a new year is a file there. What a table does not know is filled along a
declared chain and counted (`chain`); what no table knows per buurt is estimated (`estimates`), and said to be; what the user
measured goes before both (`joining`).
"""

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model.parameters import Problem, Refused
from model.tables import chain, estimates, places
from model.tables.account import Line, left_out, settled
from model.tables.joining import join, owners
from model.tables.own import MEASURED, Codes, Own, read_own
from model.tables.sources import Part, Tables, read, with_own
from model.tables.vintage import COUNTED, NEEDED
from model.town import Parameters as Country
from model.town import Town, near_in_wijk, ownership

__all__ = ["Parameters", "Tables", "drawn_with_own", "read", "town", "with_own"]

DRAWN = "getrokken uit marges"
OF_SIZE = "huishoudens maal grootte"
WITHOUT_PERSONS = "zonder inkomens van personen"
NEAREST = 5  # gemeenten that are offered for a code that is unknown


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
    low_income_error_without_persons: float
    high_income_error_without_persons: float
    least_drawn: float
    least_of_country: float
    nearest_buurten: int


def checked_codes(tables: Tables, codes: list[str], least: float) -> list[str]:
    """Codes of gemeenten, all of them for NL; raises `Refused` for what the tables do not hold, with what is near.

    least: share of the country's households that tables of the country hold.
    """
    known = tables.gemeenten
    if codes == ["NL"]:
        _whole_country(tables, least)
        return sorted({*known.index, *("GM" + tables.buurten.index.str[2:6])})
    problems = [
        Problem("gemeente.code", repr(code), f"NL alone, or a gemeente of {tables.vintage.year} such as {_like(code, known)}")
        for code in codes
        if code not in known.index
    ]
    if problems:
        raise Refused(problems)
    return list(dict.fromkeys(codes))


def _like(code: str, known: pd.Series) -> str:
    """Gemeenten whose code or name is like what was found, the likest first: by code where it begins as one, else by name."""
    coded = code[:2].upper() == "GM"
    wanted = code.upper() if coded else code.lower()
    of_text = pd.Series(known.index, known.index if coded else known.str.lower())
    word = max(wanted.split(), key=len, default=wanted)
    near = difflib.get_close_matches(wanted, list(of_text.index), n=NEAREST) + [text for text in of_text.index if word in text]
    codes = of_text[list(dict.fromkeys(near))] if near else known.index
    return ", ".join(f"{c} ({known[c]})" for c in codes[:NEAREST])


def _whole_country(tables: Tables, least: float) -> None:
    """Raises `Refused` where the buurten hold less than the share `least` of the country's households, by its own row."""
    counted = tables.counted.huishoudens
    have = tables.buurten.huishoudens.sum()
    if have < least * counted.get("NL00", 0.0):
        there = ", ".join(f"{c} ({n})" for c, n in tables.gemeenten.iloc[:8].items())
        found = f"NL, of which the tables of {tables.vintage.year} hold {have:.0f} of {counted['NL00']:.0f} households"
        raise Refused([Problem("gemeente.code", found, f"a gemeente that they hold, such as {there}")])


def town(tables: Tables, codes: list[str], p: Parameters, country: Country) -> Town:
    """The town of some gemeenten. Raises `Refused` for an unknown code."""
    gemeenten = checked_codes(tables, codes, p.least_of_country)
    local = tables.part(gemeenten)
    frame, lines = _completed(tables, local, gemeenten, p, country)
    missed = _left_out(tables, local, gemeenten, frame)
    sources = [*(tables.vintage.files[n].source for n in tables.frames), *places.sources(local.ground, frame)]
    corporaties, bezit = ownership(frame, _corporaties(frame, p))
    whole = codes == ["NL"]
    found = Town(
        code="NL" if whole else "+".join(gemeenten),
        naam="Nederland" if whole else ", ".join(tables.names[g] for g in gemeenten),
        synthetic=False,
        buurten=frame,
        corporaties=corporaties,
        bezit=bezit,
        near=_near(local.ground, frame, p),
        vintage=tables.vintage.year,
        observed=local.observed(frame.code),
        imputed=_imputed(missed, lines, frame),
        shapes=places.shapes_of(local.ground, frame, p.least_drawn),
        sources=tuple(dict.fromkeys(sources)),
        hashes=tables.hashes,
    )
    return found if tables.own is None else _measured(found, tables.own, tables.national["woz"], missed, lines)


def drawn_with_own(town: Town, mapping: Mapping[str, Any], folder: Path, where: str, woz: float, p: Parameters) -> Town:
    """A town that no vintage holds (`model.voorbeeldstad`) with own tables, as a real one has them by way of `with_own`.

    `woz`: national mean WOZ value (1000 euro). Raises `Refused` with all problems of all tables.
    """
    own = read_own(mapping, folder, where, Codes(town.naam, frozenset(town.buurten.code), frozenset(town.wijken), {}))
    every = town.buurten.index.to_numpy()
    lines = [Line(attribute, DRAWN, "", every) for attribute in MEASURED]
    if own.polygonen is not None:
        ground = places.of_own(own.polygonen)
        frame, located = places.located(ground, town.buurten, float("nan"))
        near, shapes = places.neighbours(ground, frame, p.nearest_buurten), places.shapes_of(ground, frame, p.least_drawn)
        town, lines = replace(town, buurten=frame, near=near, shapes=shapes), lines + located
    return _measured(town, own, woz, left_out(0, 0), lines)


def _measured(town: Town, own: Own, woz: float, missed: pd.DataFrame, lines: list[Line]) -> Town:
    """The town with what was measured in the place of what was taken from elsewhere; its places stay."""
    joined = join(town.buurten, own, woz)
    count = {str(g): int(n) for g, n in town.corporaties.groupby("gemeente").size().items()}
    corporaties, bezit = owners(joined, *ownership(joined.buurten, count))
    return replace(
        town,
        buurten=joined.buurten,
        corporaties=corporaties,
        bezit=bezit,
        teams=own.teams[own.teams.wijk.isin(town.wijken)],
        observed=_beside(town.observed, joined.observed),
        imputed=_imputed(missed, lines + joined.lines, joined.buurten),
        sources=tuple(dict.fromkeys([*town.sources, *own.sources])),
        hashes={**town.hashes, **own.hashes},
    )


def _near(ground: places.Ground, frame: pd.DataFrame, p: Parameters) -> pd.DataFrame:
    """Pairs of buurten that lie near each other; a buurt of which no place is known has those of its wijk."""
    placed = places.neighbours(ground, frame, p.nearest_buurten)
    wijk = near_in_wijk(frame)
    lost = frame.x.isna().to_numpy()
    return pd.concat([placed, wijk[lost[wijk.a] | lost[wijk.b]]], ignore_index=True)


def _beside(official: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """What is known besides: own values first, where a name is that of an official column too."""
    if official.empty:
        return own
    both = own.set_index("code").combine_first(official.set_index("code"))
    return both.loc[own.code, list(dict.fromkeys([*official, *own]))[1:]].reset_index()


def _imputed(missed: pd.DataFrame, lines: list[Line], frame: pd.DataFrame) -> pd.DataFrame:
    """The imputation report of `Town`."""
    report = pd.concat([missed, settled(lines, frame.huishoudens)], ignore_index=True)
    return report.astype({"buurten": int, "huishoudens": int, "zekerheid": float})  # where none is measured pandas guesses


def _corporaties(frame: pd.DataFrame, p: Parameters) -> dict[str, int]:
    """How many corporaties work in each gemeente, by their homes there."""
    homes = (frame.huishoudens * frame.p_corp / 100.0).groupby(frame.gemeente, sort=False).sum()
    return {str(g): max(1, round(float(n) / p.homes_per_corporatie)) for g, n in homes.items()}


def _completed(
    tables: Tables, local: Part, gemeenten: list[str], p: Parameters, country: Country
) -> tuple[pd.DataFrame, list[Line]]:
    """The buurten of the gemeenten in the columns of `Town`, nothing missing, and where that comes from."""
    mine = local.buurten[local.buurten.huishoudens > 0].rename_axis("code").reset_index()
    filled = dict(local.filled)
    if problems := _uninhabited(tables, gemeenten, mine) + _unnamed(tables, mine) + _unknown(tables, filled):
        raise Refused(problems)
    filled["p_jong"] = _of_country(filled.get("p_jong"), mine, 100.0 * country.share_15_34)
    frame = _frame(tables, mine, filled)
    told = [*_told(tables, filled), *_inhabitants(tables, mine)]
    frame, estimated = estimates.complete(frame, filled, local, country, p)
    frame, located = places.located(local.ground, frame, tables.layout_error)
    return frame, told + _named_by_persons(estimated, p) + located


def _uninhabited(tables: Tables, gemeenten: list[str], mine: pd.DataFrame) -> list[Problem]:
    """Gemeenten of which no buurt has households: nothing can be simulated there."""
    possible = f"a gemeente with households in buurten of {tables.vintage.year}"
    inhabited = set(chain.code_at(mine.code, "gemeente"))
    empty = [g for g in gemeenten if g not in inhabited]
    return [Problem("gemeente.code", f"{g}, of which no buurt has households", possible) for g in empty]


def _unnamed(tables: Tables, mine: pd.DataFrame) -> list[Problem]:
    """Wijken and gemeenten that only the codes of their buurten know: rows were lost, or a code is wrong."""
    files = ", ".join(tables.vintage.files[name].file for name, frame in tables.frames.items() if "naam" in frame)
    problems = []
    for level in ("wijk", "gemeente"):
        code = chain.code_at(mine.code, level)
        nameless = tables.names.reindex(code).isna().to_numpy()
        for lost, buurten in mine.code[nameless].groupby(code):
            problems.append(Problem(files, f"no row of {lost}, the {level} of {', '.join(buurten[:8])}", "a row with its name"))
    return problems


def _unknown(tables: Tables, filled: dict[str, chain.Filled]) -> list[Problem]:
    """Attributes that no level of their chain knows, not even the country."""
    return [
        Problem(
            ", ".join(tables.vintage.files[name].file for name in tables.vintage.chains[attribute]),
            f"no {attribute} of any buurt, wijk or gemeente",
            "a value from which the others can be filled",
        )
        for attribute in NEEDED
        if filled[attribute].values.isna().any()
    ]


def _of_country(known: chain.Filled | None, mine: pd.DataFrame, share: float) -> chain.Filled:
    """What is known, and the country's share where no table says anything."""
    if known is None:
        known = chain.Filled(pd.Series(np.nan, index=mine.index), *(pd.Series("", index=mine.index) for _ in range(2)))
    empty = known.values.isna()
    return chain.Filled(known.values.fillna(share), known.level.where(~empty, "land"), known.file)


def _frame(tables: Tables, mine: pd.DataFrame, filled: dict[str, chain.Filled]) -> pd.DataFrame:
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
            "woz_ratio": value("woz") / tables.national["woz"], "dichtheid": value("dichtheid").clip(lower=1.0),
            "p_oud": value("p_oud"), "p_jong": value("p_jong"), "p_laag_ink": none,
            "p_hoog_ink": none, "klasse": value("klasse"), "score": none, "x": none, "y": none,
        }
    )  # fmt: skip


def _told(tables: Tables, filled: dict[str, chain.Filled]) -> list[Line]:
    """One line per attribute, level and file, with the typical error."""
    lines = []
    for attribute, f in filled.items():
        if attribute in estimates.ESTIMATED:
            continue
        for (level, name), mine in pd.DataFrame({"level": f.level, "file": f.file}).groupby(["level", "file"], sort=False):
            source = tables.vintage.files[name].source if name else ""
            error = tables.errors.get((attribute, level), float("nan"))
            lines.append(Line(attribute, level, source, mine.index.to_numpy(), error))
    return lines


def _inhabitants(tables: Tables, mine: pd.DataFrame) -> list[Line]:
    """Of which buurten inhabitants were counted, and of which they are households times household size."""
    counts = [n for n, f in tables.frames.items() if set(COUNTED) <= set(f) and f.index.str.startswith("BU").any()]
    source = ", ".join(dict.fromkeys(tables.vintage.files[n].source for n in counts))
    known = mine.inwoners.notna()
    return [
        Line("inwoners", "buurt", source, np.flatnonzero(known)),
        Line("inwoners", OF_SIZE, "", np.flatnonzero(~known), _error_of_size(tables)),
    ]


def _error_of_size(tables: Tables) -> float:
    """How far households times household size lie from the inhabitants of large buurten: median distance, in % of these."""
    b = tables.buurten.join(tables.filled["hh_grootte"].values.rename("size"))
    b = b[(b.huishoudens >= chain.LARGE) & (b.inwoners > 0)]
    return float((100.0 * (b.huishoudens * b["size"] / b.inwoners - 1.0)).abs().median())


def _named_by_persons(lines: list[Line], p: Parameters) -> list[Line]:
    """Estimates of incomes, those made without what is known of persons of the wijk by that name: they are less sure."""
    errors = {
        "p_laag_ink": (p.low_income_error, p.low_income_error_without_persons),
        "p_hoog_ink": (p.high_income_error, p.high_income_error_without_persons),
    }

    def without(line: Line) -> bool:
        known, unknown = errors.get(line.attribute, (np.nan, np.nan))
        return line.error == unknown != known

    return [line._replace(level=f"{line.level}, {WITHOUT_PERSONS}") if without(line) else line for line in lines]


def _left_out(tables: Tables, local: Part, gemeenten: list[str], frame: pd.DataFrame) -> pd.DataFrame:
    """Buurten whose households are suppressed; the gemeente's own total tells how many households are missed."""
    unknown = int(local.buurten.huishoudens.isna().sum())
    total = tables.counted.huishoudens.reindex(gemeenten).sum() if unknown else 0
    return left_out(unknown, max(0, int(total - frame.huishoudens.sum())))
