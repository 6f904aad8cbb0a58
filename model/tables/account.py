"""Where each attribute of each buurt comes from, and how sure that is.

`Line` says of which buurten; `settled(lines, households)` makes the imputation report of them, in which the levels of one
attribute together are all buurten, each once.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from model.town import IMPUTED

SUPPRESSED = "onderdrukt: weggelaten"


class Line(NamedTuple):
    """An attribute of the buurten `rows` (row numbers) comes from `level` of `source`; `error` is what that is off typically."""

    attribute: str
    level: str
    source: str
    rows: np.ndarray
    error: float = np.nan


def settled(lines: list[Line], households: pd.Series) -> pd.DataFrame:
    """Columns of `IMPUTED`, the lines of an attribute together. households: of every buurt [n], index 0, 1, ...

    A buurt that two lines name belongs to the later one. Level "" holds the buurten that no line of the attribute names.
    """
    counted = []
    for attribute in dict.fromkeys(line.attribute for line in lines):
        free = np.ones(len(households), bool)
        found = []
        for line in reversed([x for x in lines if x.attribute == attribute]):
            found.append(line._replace(rows=line.rows[free[line.rows]]))
            free[line.rows] = False
        found.reverse()
        counted += [x for x in [*found, Line(attribute, "", "", np.flatnonzero(free))] if len(x.rows)]
    report = [(x.attribute, x.level, x.source, len(x.rows), int(households.iloc[x.rows].sum()), x.error) for x in counted]
    return pd.DataFrame(report, columns=IMPUTED)


def left_out(buurten: int, households: int) -> pd.DataFrame:
    """The line about buurten in which nobody can be put, since their households are suppressed; nothing if there are none."""
    line = ("huishoudens", SUPPRESSED, "", buurten, households, np.nan)
    return pd.DataFrame([line] if buurten else [], columns=IMPUTED)
