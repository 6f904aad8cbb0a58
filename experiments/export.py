"""A study's tables for other programs: CSV, an Excel workbook, netCDF (docs/sharing.md).

    python -m experiments.export results/STUDY                      all three, into results/STUDY/export
    python -m experiments.export results/STUDY --xlsx --to DIR      only the workbook, into DIR
    python -m experiments.export results/STUDY --excel-nl           CSV as a Dutch Excel opens it: semicolons, decimal commas

CSV is UTF-8 with decimal points. What is unknown is an empty cell. What is infinite is inf, in Excel a text, as it has no such
number. What a format can not hold is left out and told: polygons, columns of lists, tables of runs, and in Excel a table with
more rows than a sheet takes. A file is whole or absent: it is written beside its place and then moved there. Exit code 1 if it
can not be written, 2 if the folder is no study.
"""

import argparse
import math
import os
import re
import subprocess
import sys
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments import bundle, netcdf
from experiments.engine.store import REST, WHOLE
from experiments.verify import read_manifest
from experiments.workbook import text_cell

if TYPE_CHECKING:
    from openpyxl import Workbook

KEPT_AS_PARQUET = (Path(WHOLE).stem, Path(REST).stem)  # their rows are lists: one run each, to go on from, not to read
MOST_ROWS = 2**20  # of a sheet of Excel, its header among them
BATCH = 16_384  # rows at a time
NUMBER = r"^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$"  # a text that is a number
FORMULA = r"^([=+\-@\t\r])"

SHEETS = {
    "checks": ("controles die in deze studie zijn gedaan", "checks done in this study"),
    "designs": ("punten van het ontwerp", "design points"),
    "differences": ("verschil met de baseline, met 95%-interval", "difference from the baseline, with 95% interval"),
    "flows": ("waar kwetsbare bewoners waren en een jaar later zijn", "where vulnerable residents were and are a year later"),
    "fit": ("gevraagde en gekregen marges van de stad", "margins of the town, asked and got"),
    "imputed": ("wat niet gemeten was en is ingevuld", "what was not measured and is filled in"),
    "indicators": ("elke indicator per run, periode en plaats", "every indicator per run, period and place"),
    "labels": ("eenheid en naam van elke indicator", "unit and name of each indicator"),
    "landing": ("hoe lang plaatsingen een zachte landing blijven", "how long placements stay a soft landing"),
    "ledger": ("euro per gebeurtenis en betaler", "euro per event and payer"),
    "parameters": ("elk getal met zijn bron", "every number with its source"),
    "places": ("buurten en hun kenmerken", "buurten and what is fixed of them"),
    "observed": ("wat van buurten bekend is naast het model", "what is known of buurten beside the model"),
    "pockets": ("wie betaalt meer, wie minder, en wat dat rechtzet", "who pays more, who less, and what makes it good"),
    "ranking": ("staat de volgorde van scenario's vast", "whether the order of scenarios is settled"),
    "twins": ("hoeveel huishoudens beter, gelijk en slechter af zijn", "how many households are better, the same and worse off"),
    "stays": ("waar mensen op een woning wachten, en hoe lang", "where people wait for a home, and for how long"),
    "robustness": ("aandelen met dezelfde volgorde, omgekeerd, niet te scheiden", "shares same order, flipped, not separable"),
    "teams": ("uren die hulp heeft, gevraagd wordt en geeft", "hours that help has, is asked and gives"),
    "validation": ("model naast gepubliceerd", "model beside published"),
    "waits": ("wie wacht en hoe lang al, per profiel", "who waits and for how long, per profile"),
    "variance": ("spreiding door getallen en door toeval", "variance of numbers and of luck"),
}


class Failed(Exception):
    """A file that could not be read or written, and why."""


def export(folder: Path, to: Path, kinds: list[str]) -> Iterator[str]:
    """Write each of the kinds (`WRITERS`) into `to`; tells what was left out and what was written, as it goes.

    Raises `Refused` if the folder is no study, `Failed` if a file can not be read or written.
    """
    manifest = read_manifest(folder)
    yield from _left_out(folder)
    for kind in kinds:
        yield from WRITERS[kind](folder, manifest, to)


class Source(NamedTuple):
    """Where a table lies: a file of its own, or one of several in a file (`experiments.bundle`)."""

    path: Path
    name: str
    bundled: bool

    def columns(self, schema: pa.Schema) -> list[str]:
        """Columns of the table that hold one number, text or date per row."""
        mine = bundle.columns_of(schema)[self.name] if self.bundled else schema.names
        return [name for name in mine if name in _plain_columns(schema)]

    def batches(self, file: pq.ParquetFile) -> Iterator[dict[str, pa.Array]]:
        """The plain columns by name, some rows at a time. A number that is unknown is empty."""
        columns = self.columns(file.schema_arrow)
        pieces = bundle.pieces(file, self.name, BATCH, columns) if self.bundled else file.iter_batches(BATCH, columns=columns)
        for batch in pieces:
            yield {name: _without_nan(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}

    def rows(self) -> int:
        if not self.bundled:
            return int(pq.read_metadata(self.path).num_rows)
        with netcdf.opened(self.path) as file:
            return sum(batch.num_rows for batch in bundle.pieces(file, self.name, BATCH, []))


def tables(folder: Path) -> dict[str, Source]:
    """The tables that others can read, by name."""
    found: dict[str, Source] = {}
    for path in sorted(folder.glob("*.parquet")):
        with _reading(path):
            parts = bundle.columns_of(pq.read_schema(path))
        if path.stem not in KEPT_AS_PARQUET:
            found |= {name: Source(path, name, bool(parts)) for name in parts or [path.stem]}
    return dict(sorted(found.items()))


def _left_out(folder: Path) -> list[str]:
    """What neither CSV nor Excel can hold."""
    found = []
    for name in KEPT_AS_PARQUET:
        if (path := folder / f"{name}.parquet").is_file():
            found.append(f"left out: {name}, of which a row is lists; it is in {path.name}")
    for name, source in tables(folder).items():
        schema = pq.read_schema(source.path)
        if others := [column for column in schema.names if column not in _plain_columns(schema)]:
            found.append(f"left out: {', '.join(others)} of {name}, which holds polygons or lists; it is in {source.path.name}")
    return found


def _plain_columns(schema: pa.Schema) -> list[str]:
    """Columns that hold one number, text or date per row."""
    binary = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
    return [f.name for f in schema if not (pa.types.is_nested(f.type) or any(is_kind(f.type) for is_kind in binary))]


def _without_nan(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_nan(column), None, column) if pa.types.is_floating(column.type) else column


def _shortest(column: pa.Array) -> pa.Array:
    """Single precision as the fewest decimals that stand for it: 0.1, and not 0.10000000149."""
    return column.cast(pa.string()).cast(pa.float64()) if column.type == pa.float32() else column


def _is_text(column: pa.Array) -> bool:
    return pa.types.is_string(column.type) or pa.types.is_large_string(column.type)


@contextmanager
def _reading(what: Path) -> Iterator[None]:
    """Turn what goes wrong with files into one `Failed` that names the file."""
    try:
        yield
    except (OSError, pa.ArrowInvalid) as error:
        raise Failed(f"{what}: {error}") from error


@contextmanager
def _in_place(target: Path) -> Iterator[Path]:
    """A name beside the target to write to: moved to the target at the end, removed if anything goes wrong.

    Raises `Failed` if a file can not be read or written.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    with _reading(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield beside
            os.replace(beside, target)
        finally:
            beside.unlink(missing_ok=True)


def _csv(folder: Path, manifest: dict[str, Any], to: Path) -> Iterator[str]:
    """A file per table: UTF-8, commas, decimal points, texts as they are."""
    for name, source in tables(folder).items():
        target = to / "csv" / f"{name}.csv"
        with _in_place(target) as beside, beside.open("wb") as out:
            _write_csv(source, out, ",", lambda column: column)
        yield f"written: {target}"


def _csv_nl(folder: Path, manifest: dict[str, Any], to: Path) -> Iterator[str]:
    """A file per table as a Dutch Excel opens it: semicolons, decimal commas, a byte order mark, no formulas."""
    for name, source in tables(folder).items():
        target = to / "csv-nl" / f"{name}.csv"
        with _in_place(target) as beside, beside.open("wb") as out:
            out.write(BOM_UTF8)
            _write_csv(source, out, ";", _dutch)
        yield f"written: {target}"


def _write_csv(source: Source, out: BinaryIO, delimiter: str, change: Callable[[pa.Array], pa.Array]) -> None:
    """A table into an open file, some rows at a time, with a change to each column."""
    from pyarrow.csv import CSVWriter, WriteOptions

    with netcdf.opened(source.path) as file:
        names = source.columns(file.schema_arrow)
        schema = pa.schema([(name, change(pa.array([], file.schema_arrow.field(name).type)).type) for name in names])
        with CSVWriter(out, schema, write_options=WriteOptions(delimiter=delimiter)) as csv:
            for columns in source.batches(file):
                csv.write_batch(pa.record_batch([change(column) for column in columns.values()], schema=schema))


def _dutch(column: pa.Array) -> pa.Array:
    """Numbers with a decimal comma, those in columns of texts too; an apostrophe before what Excel would take for a formula."""
    if pa.types.is_floating(column.type):
        return pc.replace_substring(column.cast(pa.string()), ".", ",")
    if not _is_text(column):
        return column
    safe = pc.replace_substring_regex(column, FORMULA, r"'\1")
    return pc.if_else(pc.match_substring_regex(column, NUMBER), pc.replace_substring(column, ".", ","), safe)


def _xlsx(folder: Path, manifest: dict[str, Any], to: Path) -> Iterator[str]:
    """One workbook: `leesmij`, and a sheet per table that fits."""
    from openpyxl import Workbook

    target = to / f"{folder.resolve().name}.xlsx"
    with _in_place(target) as beside:
        sources = tables(folder)
        rows = {name: source.rows() for name, source in sources.items()}
        fitting = {name: count for name, count in rows.items() if count < MOST_ROWS}
        long = [
            f"left out of Excel: {name}, of {count} rows where a sheet takes {MOST_ROWS - 1}; it is in {sources[name].path.name},"
            " and in CSV with --csv"
            for name, count in rows.items()
            if name not in fitting
        ]
        book = Workbook(write_only=True)
        try:
            _leesmij(book, folder, manifest, fitting, _left_out(folder) + long)
            for name in fitting:
                _sheet(book, sources[name])
            book.save(beside)
        except OSError:
            _give_up(book)
            raise
    yield from long
    yield f"written: {target}"


def _give_up(book: "Workbook") -> None:
    """Close the sheets of a workbook that could not be written; left open they complain when Python forgets them."""
    from openpyxl.utils.exceptions import WorkbookAlreadySaved

    for sheet in book.worksheets:
        with suppress(OSError, ValueError, WorkbookAlreadySaved):
            sheet.close()


def _leesmij(book: "Workbook", folder: Path, manifest: dict[str, Any], rows: dict[str, int], left_out: list[str]) -> None:
    """The first sheet: which study this is, what the sheets are, what is not here, and the unit of every indicator."""
    question = manifest["identity"]["config"]["vraag"]
    labels = pq.read_table(folder / "labels.parquet").to_pylist()
    unknown = ("zie docs/results.md", "see docs/results.md")
    lines: list[list[Any]] = [
        ["Uitkomsten van een simulatie, geen metingen", "Outcomes of a simulation, not measurements"],
        [],
        ["vraag", question["nl"]],
        ["question", question["en"]],
        ["studie / study", folder.resolve().name],
        ["plaats / town", f"{manifest['town']['naam']} ({manifest['town']['code']})"],
        ["baseline", manifest["baseline"]],
        ["scenario's / scenarios", ", ".join(manifest["scenarios"])],
        ["seeds", ", ".join(map(str, manifest["seeds"]))],
        ["maanden / months", manifest["identity"]["config"]["months"]],
        ["versie / version (commit)", manifest["commit"]],
        [
            "leeg, inf / empty, inf",
            "leeg is onbekend; inf is oneindig, hier een tekst, die Excel in berekeningen overslaat",
            "empty is unknown; inf is infinite, here a text, which Excel skips in sums and means",
        ],
        [],
        ["blad / sheet", "wat", "what", "rijen / rows"],
        *([name, *SHEETS.get(name, unknown), count] for name, count in rows.items()),
        [],
        ["niet in dit bestand / not in this file"] if left_out else [],
        *([line] for line in left_out),
        [],
        ["indicator", "nl", "en", "eenheid / unit", "beter / better (+1, -1, 0)", "venster / window"],
        *([one[key] for key in ("name", "nl", "en", "unit", "better", "window")] for one in labels),
    ]
    sheet = book.create_sheet("leesmij")
    for letter, width in zip("ABCDEF", (32, 60, 60, 38, 24, 18), strict=True):
        sheet.column_dimensions[letter].width = width
    for line in lines:
        sheet.append([text_cell(sheet, value) if isinstance(value, str) else value for value in line])


def _sheet(book: "Workbook", source: Source) -> None:
    """A table as a sheet, some rows at a time."""
    sheet = book.create_sheet(source.name[:31])
    sheet.freeze_panes = "A2"
    with netcdf.opened(source.path) as file:
        sheet.append([text_cell(sheet, column) for column in source.columns(file.schema_arrow)])
        for columns in source.batches(file):
            for row in zip(*(_cells(sheet, column) for column in columns.values()), strict=True):
                sheet.append(row)


def _cells(sheet: Any, column: pa.Array) -> list[Any]:
    values = _shortest(column).to_pylist()
    if _is_text(column):
        return [text_cell(sheet, value) for value in values]
    if pa.types.is_floating(column.type) and pc.any(pc.is_inf(column)).as_py():
        return [str(value) if value in (math.inf, -math.inf) else value for value in values]
    return values


def _netcdf(folder: Path, manifest: dict[str, Any], to: Path) -> Iterator[str]:
    """One file with the indicators and the differences as cubes.

    Written by a process of its own: on a full disk HDF5 ends the process that uses it.
    """
    target = to / f"{folder.resolve().name}.nc"
    with _in_place(target) as beside:
        command = [sys.executable, "-m", "experiments.netcdf", str(folder.resolve()), str(beside.resolve())]
        done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[1], check=False)
        if done.returncode != 0:
            raise OSError(_why(done))
    yield f"written: {target}"


def _why(done: "subprocess.CompletedProcess[str]") -> str:
    """Why a process could not write netCDF, in one line: its own words, those of HDF5 if that ended it, or what it said last."""
    by_hdf5 = re.search(r"error message = '([^']+)'", done.stderr)
    last = by_hdf5[1] if by_hdf5 else "".join(done.stderr.splitlines()[-1:])
    return done.stdout.strip() or last or f"its writer ended with code {done.returncode}"


WRITERS: dict[str, Callable[[Path, dict[str, Any], Path], Iterator[str]]] = {
    "csv": _csv,
    "xlsx": _xlsx,
    "netcdf": _netcdf,
    "excel_nl": _csv_nl,
}
USUAL = ["csv", "xlsx", "netcdf"]


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    from experiments.refusal import refused

    parser = argparse.ArgumentParser(prog="python -m experiments.export", description="A study's tables for other programs.")
    parser.add_argument("study", type=Path, metavar="STUDY", help="the folder of a finished study")
    parser.add_argument("--csv", action="store_true", help="a CSV file per table: UTF-8, commas, decimal points")
    parser.add_argument("--xlsx", action="store_true", help="one Excel workbook, a sheet per table")
    parser.add_argument("--netcdf", action="store_true", help="one netCDF-4 file with indicators and differences as cubes")
    parser.add_argument("--excel-nl", action="store_true", help="a CSV file per table: semicolons, decimal commas")
    parser.add_argument("--to", type=Path, metavar="DIR", help="where the files go; STUDY/export if not given")
    asked = parser.parse_args(arguments)
    kinds = [kind for kind in WRITERS if getattr(asked, kind)] or USUAL
    with refused([]):
        try:
            for line in export(asked.study, asked.to or asked.study / "export", kinds):
                print(line, flush=True)
        except Failed as failed:
            print(f"Could not export {asked.study}: {failed}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
