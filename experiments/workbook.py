"""The tables of a report as an Excel workbook: numbers as numbers, in the units and the words of the page.

    python -m experiments.workbook results/STUDY      writes report.xlsx (Dutch) and report.en.xlsx beside the report

`experiments.run` writes both. `experiments.export` gives the raw tables instead, all of them, under their own names.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments import report
from experiments.findings import judgement, verdict
from experiments.loaded import Tables, load
from experiments.pages import typical_error
from experiments.prose import capital, phrase, say, scenario_name, unit, word

if TYPE_CHECKING:
    from openpyxl import Workbook

WIDEST, NARROWEST = 60, 9  # characters of a column
DIGITS = 10  # meaningful digits: single precision shows no more, and a small number stays what it is
LONGEST = 32_767  # characters in a cell of Excel
CUT = " [cut: longer than a cell of Excel]"
STARTS = ("=", "+", "-", "@", "\t", "\r", "#")  # of a cell that Excel may take for a formula or an error


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m experiments.workbook", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="the folder of a finished study")
    folder = parser.parse_args().folder
    if not (folder / "manifest.json").is_file():
        sys.exit(f"{folder}: found no manifest.json; expected the folder of a finished study")
    for path in write(folder):
        print(f"written: {path}")


def write(folder: Path) -> list[Path]:
    """Write the workbook in Dutch and its English twin; returns where they are."""
    tables = load(folder)
    return [_written(tables, language, folder / name) for language, name in report.WORKBOOKS.items()]


def _written(tables: Tables, language: str, path: Path) -> Path:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, table in SHEETS.items():
        frame = table(tables, language)
        if len(frame):
            _sheet(book, capital(say(f"sheet_{name}", language)), frame)
    passing = path.with_name(f".{path.name}")
    book.save(passing)
    os.replace(passing, path)
    return path


def _sheet(book: "Workbook", title: str, frame: pd.DataFrame) -> None:
    """One table, its head bold and always in sight."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "B2"
    for k, name in enumerate(frame, start=1):
        longest = max([len(str(name)), *(len(x) for x in frame[name] if isinstance(x, str))])
        sheet.column_dimensions[get_column_letter(k)].width = min(max(longest + 2, NARROWEST), WIDEST)
    head = [WriteOnlyCell(sheet, capital(str(name))) for name in frame]
    for cell in head:
        cell.font, cell.alignment = Font(bold=True), Alignment(wrap_text=True, vertical="top")
    sheet.append(head)
    for row in frame.itertuples(index=False):
        sheet.append([text_cell(sheet, x) if isinstance(x, str) else _number(x) for x in row])


def _number(x: Any) -> Any:
    """A number as Excel takes it; what is unknown is an empty cell, and what has no end is said in words."""
    if isinstance(x, bool | np.bool_):
        return bool(x)
    if pd.isna(x):
        return None
    return float(f"{x:.{DIGITS}g}") if np.isfinite(x) else str(x)


def text_cell(sheet: Any, text: str | None) -> Any:
    """A text that stays a text. Names come from users' tables, and one that begins with = would be run as a formula."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if not text:
        return None
    shown = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)
    shown = shown if len(shown) <= LONGEST else shown[: LONGEST - len(CUT)] + CUT
    if not shown.startswith(STARTS):
        return shown
    cell = WriteOnlyCell(sheet, shown)
    cell.data_type = "s"
    cell.quotePrefix = True  # it stays a text when someone edits the cell
    return cell


# The sheets


def differences(tables: Tables, language: str) -> pd.DataFrame:
    """Every difference of the study itself for the whole gemeente, in the units of the page."""
    return _told(tables, tables.town[tables.town.scenario.isin(tables.others)], language)


def per_buurt(tables: Tables, language: str) -> pd.DataFrame:
    """Differences per buurt."""
    d = tables["differences"]
    mine = d[(d.design == "") & (d.level == "buurt") & d.scenario.isin(tables.others)]
    names = tables["places"].set_index("code").naam
    told = _told(tables, mine, language)
    told.insert(0, "buurt", mine.place.map(names).to_numpy())
    return told.drop(columns=[say("payer", language), say("profile_column", language)])


def _told(tables: Tables, rows: pd.DataFrame, language: str) -> pd.DataFrame:
    """Rows of differences in words, and in units in which shares are per cents."""
    labels = tables["labels"].set_index("name")
    label = labels.loc[rows.indicator]
    units = [unit(u, language) for u in label.unit]
    factor = np.array([u.factor for u in units])
    verdicts = [
        judgement(verdict(r.difference, r.low, r.high, r.relevant_difference), r.difference, int(better), language)
        for r, better in zip(rows.itertuples(), label.better, strict=True)
    ]
    base = say("baseline", language, base=scenario_name(tables.baseline))
    return pd.DataFrame({
        say("indicator", language): label[language].to_numpy(),
        say("payer", language): [word("payers", p, language) if p else "" for p in rows.payer],
        say("profile_column", language): [word("profiles", p, language) if p else "" for p in rows.profile],
        say("unit", language): [u.text if u.text == u.points else f"{u.text} ({u.points})" for u in units],
        "scenario": rows.scenario.map(scenario_name).to_numpy(),
        base: factor * rows.baseline_value.to_numpy(),
        **{say(f"column_{name}", language): factor * rows[name].to_numpy()
           for name in ("difference", "low", "high", "relevant_difference")},
        say("verdict", language): verdicts,
        "seeds": rows.seeds.to_numpy(),
    })  # fmt: skip


def events(tables: Tables, language: str) -> pd.DataFrame:
    """What is paid for, in euro a year."""
    t = report.event_differences(tables)
    return t.assign(
        event=[word("events", e, language) for e in t.event],
        payer=[word("payers", p, language) for p in t.payer],
        scenario=t.scenario.map(scenario_name),
    ).rename(
        columns={name: say(name, language) for name in ("event", "payer")}
        | {"baseline": say("baseline", language, base=scenario_name(tables.baseline))}
        | {name: say(f"column_{name}", language) for name in ("difference", "low", "high")}
    )


def _plain(name: str) -> Callable[[Tables, str], pd.DataFrame]:
    """A table as it stands, its columns and texts in the language, and its numbers in the units that stand beside them."""

    def table(tables: Tables, language: str) -> pd.DataFrame:
        frame = DRAWN_UP[name](tables, language) if name in DRAWN_UP else tables[name]
        return _translated(_scaled(frame, language), tables["labels"].set_index("name")[language], KINDS.get(name, {}), language)

    return table


def _scaled(frame: pd.DataFrame, language: str) -> pd.DataFrame:
    """Shares as per cents, wherever a row says in which unit its numbers are."""
    if "eenheid" not in frame:
        return frame
    factor = np.array([unit(u, language).factor for u in frame.eenheid])
    return frame.assign(**{name: factor * frame[name] for name in VALUES if name in frame})


def _drift(tables: Tables, language: str) -> pd.DataFrame:
    """The baseline at month 0 and in its last year, each row with its unit."""
    frame = tables.drift.copy()
    frame.insert(1, "eenheid", tables["labels"].set_index("name").unit[frame.indicator].to_numpy())
    factor = np.array([unit(u, language).factor for u in frame.eenheid])
    return frame.assign(maand_0=factor * frame.maand_0, laatste_jaar=factor * frame.laatste_jaar)


def _imputed(tables: Tables, language: str) -> pd.DataFrame:
    """What was filled in, the typical error with its unit."""
    t = tables["imputed"]
    errors = [typical_error(r.attribuut, getattr(r, "zekerheid", np.nan), language) for r in t.itertuples()]
    return t.assign(zekerheid=errors)


def _stays(tables: Tables, language: str) -> pd.DataFrame:
    """Where people wait; what of the places they hold as per cents."""
    return tables["stays"].assign(occupancy=lambda x: 100.0 * x.occupancy)


def _parameters(tables: Tables, language: str) -> pd.DataFrame:
    """Every number, as a number where it is one."""
    t = tables["parameters"]
    return t.assign(waarde=[pd.to_numeric(x, errors="coerce") if _is_number(x) else x for x in t.waarde])


def _is_number(text: str) -> bool:
    return bool(np.isfinite(pd.to_numeric(text, errors="coerce")))


def _translated(frame: pd.DataFrame, label: "pd.Series[str]", kinds: dict[str, str], language: str) -> pd.DataFrame:
    """kinds: column -> the section of words.yaml that has its codes; names that one could type stay as they are."""

    def told(column: str, x: Any) -> Any:
        if not isinstance(x, str) or column in AS_THEY_ARE:
            return x
        if column in ("scenario", "first", "second"):
            return scenario_name(x)
        if column == "indicator":
            return str(label.get(x, x))
        kind = kinds.get(column)
        return word(kind, x, language) if kind else phrase(x, language)

    shown = {column: [told(column, x) for x in frame[column]] for column in frame}
    return pd.DataFrame(shown, columns=list(frame)).rename(columns=lambda c: c if "." in c else word("columns", c, language))


def record(tables: Tables, language: str) -> pd.DataFrame:
    """What is needed to run the study again."""
    return pd.DataFrame(report.record(tables, language), columns=[say("what", language), say("value", language)])


AS_THEY_ARE = ("parameter", "design")
VALUES = ("gepubliceerd", "model", "gevraagd", "gekregen", "fout", "p95", "slechtste_fout")  # in the unit of their row
DRAWN_UP = {"drift": _drift, "imputed": _imputed, "stays": _stays, "parameters": _parameters}
KINDS = {
    "pockets": {"payer": "payers", "role": "roles"},
    "ranking": {"verdict": "settled"},
    "validation": {"eenheid": "units"},
    "fit": {"eenheid": "units"},
    "drift": {"eenheid": "units"},
    "stays": {"kind": "stays"},
    "parameters": {"status": "statuses"},
    "designs": {"kind": "points_of"},
}
SHEETS: dict[str, Callable[[Tables, str], pd.DataFrame]] = {
    "differences": differences,
    "buurten": per_buurt,
    "events": events,
    **{name: _plain(name) for name in (
        "pockets", "robustness", "variance", "ranking", "validation", "fit", "imputed", "observed", "drift", "checks",
        "stays", "parameters", "designs",
    )},
    "record": record,
}  # fmt: skip


if __name__ == "__main__":
    main()
