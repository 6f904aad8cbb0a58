"""What each column of a table may hold, declared once: for the checks, for the words of a refusal and for the docs.

A column has one of our names (`FIELDS`), whatever a file calls it. Bounds are what is possible, not what is likely: they catch
euros where thousands are meant, a share where a percentage is meant, and a minus sign.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import pandera.pandas as pa

# Country, gemeente, wijk, buurt. Letters are legal (BU0363AA01). CBS and RIVM write the country as NL00 or NL01.
CODES = {"land": "NL0[01]", "gemeente": "GM[0-9A-Z]{4}", "wijk": "WK[0-9A-Z]{6}", "buurt": "BU[0-9A-Z]{8}"}
SPELLED = {
    "land": "NL00",
    "gemeente": "GM and 4 digits or capitals",
    "wijk": "WK and 6 digits or capitals",
    "buurt": "BU and 8 digits or capitals",
}


class Field(NamedTuple):
    """A column: `kind` is code, text, count, percent or number; `choices` are the levels of a code, or the words of a text."""

    kind: str
    meaning: str
    unit: str = ""
    low: float = -np.inf
    high: float = np.inf
    empty: bool = True
    choices: tuple[str, ...] = ()

    @property
    def numeric(self) -> bool:
        """Whether cells are numbers."""
        return self.kind not in ("code", "text")

    @property
    def words(self) -> str:
        """What is possible in a cell, as a refusal says it."""
        if self.kind == "code":
            kind = f"the code of a {self.choices[0]}: " if len(self.choices) == 1 else "a code: "
            said = kind + " or ".join(SPELLED[level] for level in self.choices)
        elif self.kind == "text":
            said = "one of " + ", ".join(self.choices) if self.choices else "a text"
        else:
            span = f" from {self.low:.15g} to {self.high:.15g}" if np.isfinite(self.high) else ""
            said = ("a whole number" if self.kind == "count" else "a number") + span + (f" ({self.unit})" if self.unit else "")
        return said + (" or an empty cell" if self.empty else "")


def _count(meaning: str, high: float, unit: str = "", empty: bool = True) -> Field:
    return Field("count", meaning, unit, 0.0, high, empty)


def _percent(meaning: str) -> Field:
    return Field("percent", meaning, "%", 0.0, 100.0)


COUNTRY = 20_000_000.0  # more than there are inhabitants: the row of the country is in the tables too
ANY_NUMBER = Field("number", "a number of your own, shown beside the model")

FIELDS = {
    "code": Field("code", "CBS code of the place", empty=False, choices=("buurt", "wijk", "gemeente", "land")),
    "buurt": Field("code", "CBS code of the buurt", empty=False, choices=("buurt",)),
    "wijk": Field("code", "CBS code of the wijk", empty=False, choices=("wijk",)),
    "naam": Field("text", "name", empty=False),
    "inwoners": _count("inhabitants", COUNTRY),
    "inw_15_24": _count("inhabitants of 15 to 24", COUNTRY),
    "inw_25_44": _count("inhabitants of 25 to 44", COUNTRY),
    "inw_65plus": _count("inhabitants of 65 and over", COUNTRY),
    "huishoudens": _count("households", COUNTRY),
    "hh_1p": _count("one-person households", COUNTRY),
    "hh_grootte": Field("number", "mean household size", "persons", 1.0, 15.0),
    "dichtheid": Field("number", "inhabitants per km2 of land", "per km2", 0.0, 200_000.0),
    "woz": Field("number", "mean WOZ value of homes", "1000 euro", 1.0, 20_000.0),
    "p_koop": _percent("koop, of dwellings"),
    "p_corp": _percent("let by corporaties, of dwellings"),
    "p_eengezins": _percent("single-family homes, of dwellings"),
    "p_1p": _percent("one-person households, of households"),
    "p_oud": _percent("65 and over, of inhabitants"),
    "p_jong": _percent("15 to 34, of inhabitants"),
    "p_15_24": _percent("15 to 24, of inhabitants"),
    "p_25_44": _percent("25 to 44, of inhabitants"),
    "p_laag_ink": _percent("among the 40% lowest incomes of the country, of households"),
    "p_hoog_ink": _percent("among the 20% highest incomes of the country, of households"),
    "p_laag_pers": _percent("persons among the 40% lowest incomes of the country, of persons"),
    "bijstand": _count("persons with bijstand", COUNTRY),
    "p_wmo": Field("number", "Wmo clients", "per 1000 inhabitants", 0.0, 1000.0),
    "p_jeugdzorg": _percent("with jeugdzorg, of the young"),
    "ses_woa": Field("number", "SES-WOA score", "score", -5.0, 5.0),
    "ses_spreiding": Field("number", "spread of SES-WOA", "score", 0.0, 5.0),
    "p_ernst_geluid_buren": _percent("severe noise nuisance from neighbours, of adults"),
    "p_eenzaam": _percent("lonely, of adults"),
    "p_ernstig_eenzaam": _percent("severely lonely, of adults"),
    "p_mantelzorger": _percent("mantelzorgers, of adults"),
    "p_moeite_rondkomen": _percent("trouble making ends meet, of adults"),
    "klasse": Field("count", "published leefbaarheid class", "class", 1.0, 9.0),
    "score": Field("number", "leefbaarheid, deviation from the national mean", "score", -3.0, 3.0),
    "x": Field("number", "centre, east (EPSG:28992)", "m", 0.0, 300_000.0),
    "y": Field("number", "centre, north (EPSG:28992)", "m", 300_000.0, 630_000.0),
    "corporatie": Field("text", "name of the corporatie", empty=False),
    "complex": Field("text", "name or number of the complex"),
    "woningen": _count("homes that the corporatie lets", 100_000.0, "homes"),
    "klachten": _count("complaints about nuisance in a year", 100_000.0, "a year"),
    "jaar": Field("count", "year of the row", "", 1990.0, 2100.0, empty=False),
    "soort": Field("text", "kind of team", empty=False, choices=("wijkteam", "ambulant", "welzijn", "wijkagent")),
    "fte": Field("number", "size of the team", "fte", 0.0, 1000.0, empty=False),
    "caseload": Field("number", "clients per fte", "clients", 0.0, 1000.0),
}  # fmt: skip


class Finding(NamedTuple):
    """Something wrong in a table: row of the file (0: the file as a whole), column ("": the row as a whole; ours), in words."""

    row: int
    column: str
    found: str
    expected: str


def schema(fields: Mapping[str, Field], key: Sequence[str]) -> "pa.DataFrameSchema":
    """Pandera's schema of a frame with these columns, in which `key` is unique."""
    import pandera.pandas as pa  # half a second to import: only who reads a table pays

    def column(field: Field) -> pa.Column:
        if field.kind == "code":
            checks = [pa.Check.str_matches("^(" + "|".join(CODES[level] for level in field.choices) + ")$")]
        elif field.kind == "text":
            checks = [pa.Check.isin(field.choices)] if field.choices else []
        else:
            checks = [pa.Check.in_range(field.low, field.high)] if np.isfinite(field.high) else []
        if field.kind == "count":
            checks.append(pa.Check(lambda values: values == np.floor(values), name="whole"))
        return pa.Column(float if field.numeric else None, checks, nullable=field.empty)

    return pa.DataFrameSchema({name: column(field) for name, field in fields.items()}, unique=list(key) or None)


def check(
    frame: pd.DataFrame, raw: pd.DataFrame, fields: Mapping[str, Field], key: Sequence[str], line: str = "row"
) -> list[Finding]:
    """What the schema finds in a frame [row of the file, our columns]; `raw` holds the cells as the file has them.

    `line` is what a row is called.
    """
    from pandera.errors import SchemaErrors

    try:
        schema({n: fields[n] for n in frame}, [k for k in key if k in frame]).validate(frame, lazy=True)
    except SchemaErrors as wrong:
        cases = wrong.failure_cases
    else:
        return []
    twice = cases.check == "multiple_fields_uniqueness"
    cells = cases[~twice].drop_duplicates(["index", "column"])
    found = [
        Finding(int(row), name, told(raw.at[row, name]), fields[name].words)
        for row, name in zip(cells["index"], cells["column"], strict=True)
    ]
    return found + (_doubles(frame, key, line) if twice.any() else [])


def _doubles(frame: pd.DataFrame, key: Sequence[str], line: str) -> list[Finding]:
    """Every row whose key stands in an earlier row. Rows without a key are found for being empty."""
    full = frame[frame[key[0]].notna()]
    names = [k for k in key if k in full]
    first = pd.Series(full.index, index=full.index).groupby([full[k] for k in names], dropna=False).transform("first")
    again = full.index[full.duplicated(names)]
    once = f"each {' + '.join(names)} once"
    return [
        Finding(
            int(row),
            names[0],
            f"{' + '.join(str(v) for v in full.loc[row, names].dropna())} again, as in {line} {first[row]}",
            once,
        )
        for row in again
    ]


def told(cell: object) -> str:
    """A cell as a refusal shows it."""
    plain = cell.strip() if isinstance(cell, str) else str(cell)
    if cell is None or plain in ("", "nan", "None"):
        return "nothing" if not isinstance(cell, str) or not plain else repr(cell)
    digits = plain.lstrip("+-").replace(".", "", 1).isdecimal()
    said = repr(cell) if isinstance(cell, str) and not digits else plain
    return said if len(said) <= 60 else said[:57] + "..."
