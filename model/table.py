"""Named NumPy columns, each with dtype, unit and meaning, declared in one place.

    class Dwellings(Table):
        rent: np.ndarray = column("f4", "euro/month", "kale huur")

A table allocates its columns, copies, compares and measures itself, and tells what it holds (for the data dictionary).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Self

import numpy as np
from numba import literal_unroll

from model.jit import kernel


@dataclass(frozen=True)
class Column:
    """What a column is: dtype, unit, meaning, the value of an empty row, values per row, and whether it is the occupant's."""

    dtype: str
    unit: str
    meaning: str
    initial: float = 0
    width: int = 1
    occupant: bool = False  # moves with, or is initialised for, whoever enters a dwelling


def column(dtype: str, unit: str, meaning: str, **more: Any) -> Any:
    """Declare a column of a `Table`; typed Any because the instance holds an array under the same name."""
    return Column(dtype, unit, meaning, **more)


@kernel
def _blank(rows, columns, blanks):
    """Give rows [n] of each column its blank; the columns are of several types, so that the loop over them is written out."""
    k = 0
    for column in literal_unroll(columns):
        blank = blanks[k]
        for row in rows:
            column[row] = blank
        k += 1  # noqa: SIM113 - numba writes out no loop over enumerate


@kernel
def _close_up(mask, columns):
    """Move the rows of each column that stay (bool [rows]) to its front, in their order; returns how many these are."""
    kept = 0
    for column in literal_unroll(columns):
        kept = 0
        for row in range(mask.size):
            column[kept] = column[row]
            kept += mask[row]
    return kept


@kernel
def in_order(number, identity):
    """Positions [n] by whole number [n], and of one number by identity [n]. Numbers lie close together: each has a pile of its
    own, and who comes to a pile goes under those with a higher identity. Few are on one pile, and most of these in order."""
    out, least = np.empty(number.size, np.int64), min(number) if number.size else 0
    piles = np.zeros((max(number) - least if number.size else 0) + 2, np.int64)
    for x in number:
        piles[x - least + 1] += 1
    piles = np.cumsum(piles)
    ends = piles.copy()
    for k in range(number.size):
        pile = number[k] - least
        at = ends[pile]
        while at > piles[pile] and identity[out[at - 1]] > identity[k]:
            out[at] = out[at - 1]
            at -= 1
        out[at] = k
        ends[pile] += 1
    return out


@kernel
def _merged(order, old, new):
    """The rows of `order` [m] of a column, counted through old and on through new."""
    return np.concatenate((old, new))[order]


class Table:
    """Columns of equal length. Rows are numbers; identity, where there is one, is a column."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        for name, c in self.columns().items():
            shape = (rows,) if c.width == 1 else (rows, c.width)
            setattr(self, name, np.full(shape, c.initial, dtype=c.dtype))

    @classmethod
    @cache
    def columns(cls) -> dict[str, Column]:
        """Declared columns in order of declaration."""
        return {name: c for name, c in vars(cls).items() if isinstance(c, Column)}

    @classmethod
    @cache
    def blanks(cls, but: tuple[str, ...]) -> tuple[Callable[..., tuple[np.ndarray, ...]], np.ndarray]:
        """What takes the columns that are not in `but` from a table, and the value (float64) of an empty row in each."""
        declared = {name: c.initial for name, c in cls.columns().items() if name not in but}
        return attrgetter(*declared), np.array(list(declared.values()), np.float64)

    def copy(self) -> Self:
        """A table of its own with equal content."""
        twin = object.__new__(type(self))
        twin.rows = self.rows
        for name in self.columns():
            setattr(twin, name, getattr(self, name).copy())
        return twin

    def grow(self, rows: int) -> None:
        """Add empty rows up to `rows`; what is there stays where it is."""
        for name, c in self.columns().items():
            old = getattr(self, name)
            new = np.full((rows, *old.shape[1:]), c.initial, dtype=c.dtype)
            new[: self.rows] = old
            setattr(self, name, new)
        self.rows = rows

    def keep(self, mask: np.ndarray) -> None:
        """Drop the rows where mask (bool [rows]) is False; the order of the others stays."""
        columns = self._held()
        self.rows = _close_up(mask, columns)
        for name, column in zip(self.columns(), columns, strict=True):
            setattr(self, name, column[: self.rows])

    def renew(self, order: np.ndarray, *new: np.ndarray) -> None:
        """Rows become those of `order` [m]: numbers of present rows, and on from the last of these numbers of new ones [n].

        `new` are the columns of the new rows, in order of declaration.
        """
        for name, more in zip(self.columns(), new, strict=True):
            setattr(self, name, _merged(order, getattr(self, name), more))
        self.rows = order.size

    def clear(self, rows: np.ndarray, but: tuple[str, ...] = ()) -> None:
        """Make rows (numbers [n]) empty again, except for the columns named in `but`."""
        if rows.size:
            columns, blanks = self.blanks(but)
            _blank(rows.astype(np.int64, copy=False), columns(self), blanks)

    def _held(self) -> tuple[np.ndarray, ...]:
        """All columns, in order of declaration."""
        return self.blanks(())[0](self)

    @property
    def nbytes(self) -> int:
        return sum(getattr(self, name).nbytes for name in self.columns())

    def differing(self, other: "Table") -> list[str]:
        """Names of columns that are not bit-equal."""
        return [
            name
            for name in self.columns()
            if getattr(self, name).tobytes() != getattr(other, name).tobytes()
        ]  # fmt: skip
