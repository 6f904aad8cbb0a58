"""Files in, checked frames out: CSV (also .gz), XLSX and parquet, official tables and a user's own alike.

A file is refused with all that is wrong with it: row and column as an editor or Excel shows them (the header is row 1), what
was found, what is possible. Empty is never zero: an empty cell, or what CBS writes for one (`EMPTY`), is NaN.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model.parameters import Problem, Refused
from model.tables.files import LARGEST, PLAIN, Form, read_grid
from model.tables.schema import ANY_NUMBER, FIELDS, Field, Finding, check, told

MOST = 1000  # problems listed of one file; more are counted
EMPTY = ("", ".", "x", "-99997", "-99999999")
SENTINELS = (-99997.0, -99999999.0)


class Rows(NamedTuple):
    """A table under our names: values (NaN where empty or wrong) and cells as the file has them [row of the file, column]."""

    frame: pd.DataFrame
    findings: list[Finding]


def read_table(
    path: Path,
    columns: Mapping[str, str],
    compute: Mapping[str, str] | None = None,
    form: Form = PLAIN,
    largest: int = LARGEST,
    free: Sequence[str] = (),
) -> pd.DataFrame:
    """Columns (ours: theirs) of a file, indexed by code, with what is computed (ours: expression of ours, pandas `eval`).

    `free` names columns that may hold any number, where `FIELDS` does not know them.
    Numbers are floats, NaN where empty and where an expression divides by zero. Raises `Refused` with all problems.
    """
    rows = read_rows(path, columns, ("code",), {**dict.fromkeys(free, ANY_NUMBER), **FIELDS}, form, largest)
    if rows.findings:
        raise Refused(as_problems(path.name, columns, rows.findings))
    frame = rows.frame.set_index("code")
    for name, expression in (compute or {}).items():
        frame[name] = _computed(frame, name, expression, path.name)
    return frame


def _computed(frame: pd.DataFrame, name: str, expression: str, file: str) -> pd.Series:
    try:
        found = pd.Series(frame.eval(expression, engine="python"), index=frame.index, dtype=float)
    except (NameError, SyntaxError, TypeError, ValueError, KeyError, AttributeError, NotImplementedError) as error:
        possible = "an expression of " + ", ".join(frame.select_dtypes("number"))
        raise Refused([Problem(f"{file}, compute {name}", f"{expression!r} ({error})", possible)]) from error
    return found.replace([np.inf, -np.inf], np.nan)


def read_rows(
    path: Path, columns: Mapping[str, str], key: Sequence[str], fields: Mapping[str, Field], form: Form, largest: int = LARGEST
) -> Rows:
    """Columns (ours: theirs) of a file, checked against their fields, and that `key` is unique.

    Raises `Refused` only if there is no table to look at; what is wrong inside it is in `findings`.
    """
    unknown = [name for name in columns if name not in fields]
    if unknown:
        known = ", ".join(fields)
        raise Refused([Problem(f"{path.name}, column {name}", "a name without a declared meaning", known) for name in unknown])
    grid = read_grid(path, set(columns.values()), form, largest)
    names = {theirs: name for name, theirs in columns.items()}
    findings = [f._replace(column=names.get(f.column, f.column)) for f in grid.findings] + _absent(grid.header, columns)
    if not grid.cells.shape[0] and not any(f.row for f in findings):
        found = "no rows below the header" if grid.header else "an empty file"
        findings = [Finding(0, "", found, "a header and rows"), *findings]
    ours = {name: theirs for name, theirs in columns.items() if theirs in grid.cells}
    raw = pd.DataFrame({name: grid.cells[theirs] for name, theirs in ours.items()}, index=grid.cells.index)
    values = {}
    for name in ours:
        read = _numbers if fields[name].numeric else _texts
        values[name], wrong = read(raw[name], name, fields[name], form)
        findings += _new(wrong, findings)
    frame = pd.DataFrame(values, index=raw.index)
    return Rows(frame, findings + _new(check(frame, raw, fields, key), findings))


def _new(findings: list[Finding], before: list[Finding]) -> list[Finding]:
    """Findings about cells that nothing is said of yet: one cause is told once."""
    known = {(f.row, f.column) for f in before}
    return [f for f in findings if (f.row, f.column) not in known]


def as_problems(
    file: str, columns: Mapping[str, str], findings: Sequence[Finding], words: tuple[str, str] = ("row", "column")
) -> list[Problem]:
    """Findings in the order of the file, under the names that the file uses, no more than `MOST`."""
    order = {name: k for k, name in enumerate(columns)}
    inside = sorted(findings, key=lambda f: (f.row, order.get(f.column, -1)))
    problems = []
    for f in inside[:MOST]:
        row = f", {words[0]} {f.row}" if f.row else ""
        column = f", {words[1]} {columns.get(f.column, f.column)}" if f.column else ""
        problems.append(Problem(file + row + column, f.found, f.expected))
    if len(inside) > MOST:
        problems.append(Problem(file, f"{len(inside) - MOST} problems more", "none"))
    return problems


def _absent(header: list[str], columns: Mapping[str, str]) -> list[Finding]:
    """Columns that the header lacks, with what is near, or has twice."""
    if not header:
        return []
    lower = {h.lower(): h for h in header if h}
    found = []
    for name, theirs in columns.items():
        if theirs not in header:
            near = [lower[n] for n in difflib.get_close_matches(theirs.lower(), list(lower), 3)]
            shown = "near it: " + ", ".join(near) if near else "there are: " + ", ".join(list(lower.values())[:12])
            possible = _separator_hint(header) or f"a column {theirs!r}, or its right name in the mapping"
            found.append(Finding(0, name, f"no such column; {shown}", possible))
        elif header.count(theirs) > 1:
            found.append(Finding(1, name, f"{header.count(theirs)} columns of this name", "one"))
    return found


def _separator_hint(header: list[str]) -> str:
    for mark, written in ((";", '";"'), ("\t", '"\\t"'), ("|", '"|"')):
        if len(header) == 1 and mark in header[0]:
            return f"columns apart: `separator: {written}` in the mapping"
    return ""


def _texts(cells: pd.Series, name: str, field: Field, form: Form) -> tuple[pd.Series, list[Finding]]:
    """Texts without blanks around them; empty is NaN."""
    said = [_said(cell) if there else None for cell, there in zip(cells, cells.notna(), strict=True)]
    return pd.Series(said, index=cells.index, dtype="str"), []


def _said(cell: Any) -> str | None:
    """A cell as text: Excel keeps 12 as 12.0."""
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell) if whole else cell).strip() or None


def _numbers(cells: pd.Series, name: str, field: Field, form: Form) -> tuple[pd.Series, list[Finding]]:
    """Floats of the cells: numbers as they are, texts as `form` writes numbers; NaN where empty, and where wrong (in words)."""
    is_text = np.array([isinstance(cell, str) for cell in cells], dtype=bool)
    value, legal = np.empty(len(cells)), np.ones(len(cells), dtype=bool)
    value[~is_text] = [_as_float(cell) for cell in cells[~is_text]]
    which, texts = pd.factorize(cells[is_text])  # few numbers differ, and looking at texts is slow
    if len(texts):
        values, good = _parsed(pd.Series(texts, dtype="str").str.strip(), field, form)
        value[is_text], legal[is_text] = values[which], good[which]
    value[np.isin(value, SENTINELS)] = np.nan
    wrong = ~legal | np.isinf(value)
    findings = [Finding(int(row), name, *_why(cells.at[row], field, form)) for row in cells.index[wrong]]
    return pd.Series(np.where(wrong, np.nan, value), index=cells.index), findings


def _parsed(text: pd.Series, field: Field, form: Form) -> tuple[np.ndarray, np.ndarray]:
    """(value, whether that is a way to write a number) of stripped texts; an empty one is a legal NaN."""
    mark = re.escape(form.decimal)
    whole = f"[0-9]{{1,3}}({re.escape(form.thousands)}[0-9]{{3}})+|[0-9]+" if form.thousands else "[0-9]+"
    legal = text.str.fullmatch(rf"[+-]?(({whole})({mark}[0-9]*)?|{mark}[0-9]+)([eE][+-]?[0-9]+)?").to_numpy(bool)
    if field.kind == "count" and not form.thousands:  # 1.000 is one, or a thousand
        legal = legal & ~text.str.fullmatch(rf"[+-]?[0-9]{{1,3}}({mark}[0-9]{{3}})+").to_numpy(bool)
    plain = text.where(legal)
    if form.thousands:
        plain = plain.str.replace(form.thousands, "", regex=False)
    value = pd.to_numeric(plain.str.replace(form.decimal, ".", regex=False)).to_numpy(float)
    empty = text.isin(EMPTY).to_numpy(bool)
    return np.where(empty, np.nan, value), legal | empty


def _as_float(cell: Any) -> float:
    """A cell that is no text; inf for what is no number either, so that it is found."""
    if cell is None or cell is pd.NaT:
        return np.nan
    if isinstance(cell, bool | np.bool_ | bytes):
        return np.inf
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return np.inf


def _why(cell: Any, field: Field, form: Form) -> tuple[str, str]:
    """(found, expected) for a cell that is no number."""
    if not isinstance(cell, str):
        return told(cell), field.words
    text = cell.strip()
    if re.fullmatch(r"[+-]?[0-9.,]*[0-9][0-9.,]*", text) and ("," in text or "." in text):
        if "," in text and "." in text:
            last = max(text, key=lambda c: text.rfind(c) if c in ".," else -1)
            said = f'`decimal: "{last}"` and `thousands: "{"." if last == "," else ","}"`'
            return f"two kinds of marks: {text!r}", f"plain digits, or {said} in the mapping"
        mark = "," if "," in text else "."
        if field.kind == "count" and re.fullmatch(r"[+-]?[0-9]{1,3}([.,][0-9]{3})+", text):
            return f"{text!r}, of which the mark may part thousands", f'plain digits, or `thousands: "{mark}"` in the mapping'
        kind, right = ("a decimal comma", "a decimal point") if mark == "," else ("a decimal point", "a decimal comma")
        return f"{kind}: {text!r}", f'{right}, or `decimal: "{mark}"` in the mapping'
    return f"text: {told(cell)}", field.words
