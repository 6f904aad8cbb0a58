"""Filling an attribute along its declared chain (buurt, wijk, gemeente, country), and the account of what was filled.

What is suppressed or missing is never zero: it is taken from the next level, and counted. How sure that is, is measured on
the tables themselves: where a buurt's own value is known, how far does the level's value lie from it?
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

LEVELS = ("buurt", "wijk", "gemeente", "land")
LARGE = 100  # households from which a buurt counts when errors are measured: CBS rounds, and small buurten are noise


class Filled(NamedTuple):
    """An attribute of buurten: values [n]; level and file that each came from ("" where it is unknown)."""

    values: pd.Series
    level: pd.Series
    file: pd.Series

    def at(self, rows: np.ndarray) -> "Filled":
        """Of the buurten of some rows (numbers [m]), which become rows 0, 1, ..."""
        return Filled(*(part.iloc[rows].reset_index(drop=True) for part in self))


def code_at(buurt: pd.Series, level: str) -> pd.Series:
    """Code of the place of a level in which each buurt lies: it stands in the buurt's own code."""
    if level == "wijk":
        return "WK" + buurt.str[2:8]
    if level == "gemeente":
        return "GM" + buurt.str[2:6]
    return buurt if level == "buurt" else pd.Series("NL00", index=buurt.index)


def national(frames: dict[str, pd.DataFrame], chain: list[str], attribute: str) -> float:
    """The country's value: its own row in a table of the chain, else the mean over gemeenten, else over wijken, by size."""
    return of_country(frames, chain, attribute)[0]


def of_country(frames: dict[str, pd.DataFrame], chain: list[str], attribute: str) -> tuple[float, str]:
    """The country's value as in `national`, and the file that it comes from; nan and "" where none knows it."""
    for name in reversed(chain):
        frame = frames.get(name)
        if frame is not None and "NL00" in frame.index and not np.isnan(frame.at["NL00", attribute]):
            return float(frame.at["NL00", attribute]), name
    for start in ("GM", "WK", "BU"):
        for name in reversed(chain):
            known = _sized(frames[name], attribute, start) if name in frames else None
            if known is not None and len(known):
                return float(np.average(known[attribute], weights=known["size"])), name
    return float("nan"), ""


def _sized(frame: pd.DataFrame, attribute: str, start: str) -> pd.DataFrame:
    """Known values of the places whose code starts so, by code, and their `size` above 0: households, else inhabitants."""
    size = frame["huishoudens"] if "huishoudens" in frame else frame.get("inwoners", pd.Series(1.0, index=frame.index))
    mine = frame.index.str.startswith(start) & frame[attribute].notna() & (size > 0)
    return pd.DataFrame({attribute: frame[attribute], "size": size})[mine]


def means_of_wijken(frame: pd.DataFrame, attribute: str) -> pd.Series:
    """The mean of the wijken of each gemeente of which a table knows any, by size; by code of the gemeente."""
    known = _sized(frame, attribute, "WK")
    gemeente = "GM" + known.index.str[2:6]
    return (known[attribute] * known["size"]).groupby(gemeente).sum() / known["size"].groupby(gemeente).sum()


def fill(
    buurt: pd.Series,
    frames: dict[str, pd.DataFrame],
    chain: list[str],
    attribute: str,
    upto: str = "land",
    whole: dict[str, pd.DataFrame] | None = None,
) -> Filled:
    """Values for buurten (codes [n]) along the chain, no further than level `upto`.

    `whole`: the tables with the wijken too that can not be joined, for the values of gemeenten and the country.
    """
    values = pd.Series(np.nan, index=buurt.index)
    level, file = pd.Series("", index=buurt.index), pd.Series("", index=buurt.index)
    for place in LEVELS[: LEVELS.index(upto) + 1]:
        if values.notna().all():
            break
        codes = code_at(buurt, place)
        used = frames if whole is None or place in ("buurt", "wijk") else whole
        for name, known in _known(used, chain, attribute, place):
            found = codes.map(known)
            new = values.isna() & found.notna()
            if new.any():
                values, level, file = values.where(~new, found), level.where(~new, place), file.where(~new, name)
    return Filled(values, level, file)


def _known(frames: dict[str, pd.DataFrame], chain: list[str], attribute: str, place: str) -> list[tuple[str, pd.Series]]:
    """(file, values by code) at a level, nearest first. A gemeente without a row anywhere has the mean of its wijken."""
    if place == "land":
        value, name = of_country(frames, chain, attribute)
        return [(name, pd.Series({"NL00": value}))]
    there = [name for name in chain if name in frames]
    rows = [(name, frames[name][attribute]) for name in there]
    return rows + [(name, means_of_wijken(frames[name], attribute)) for name in there] if place == "gemeente" else rows


def typical_errors(frames: dict[str, pd.DataFrame], chain: list[str], attribute: str) -> dict[str, float]:
    """Median distance between the own value of large buurten and that of each level, over the country; nan if unknown."""
    known = first_of(frames, chain, attribute).dropna()
    households = first_of(frames, list(frames), "huishoudens").reindex(known.index)
    own = known[known.index.str.startswith("BU") & (households >= LARGE)]
    errors = dict.fromkeys(LEVELS, float("nan"))
    for level in LEVELS[1:] if len(own) else ():
        levels = [values for _, values in _known(frames, chain, attribute, level)]
        other = code_at(pd.Series(own.index, index=own.index), level).map(pd.concat(levels).groupby(level=0).first())
        errors[level] = float((own - other).abs().median())
    return errors


def first_of(frames: dict[str, pd.DataFrame], names: list[str], column: str) -> pd.Series:
    """A column of some tables by code: of the first of them that has a value; the others do not count."""
    parts = [frames[name][column] for name in names if name in frames and column in frames[name]]
    return pd.concat(parts).groupby(level=0).first() if parts else pd.Series(dtype=float, index=pd.Index([], dtype=str))
