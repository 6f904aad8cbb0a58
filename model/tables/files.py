"""Files as they stand: CSV (also .gz), XLSX and parquet, opened without trust.

A file is measured before it is loaded, so that a small file which unpacks to a huge one is refused. Whatever a parser raises on
damaged bytes becomes a refusal that names the file. Rows are numbered as an editor or Excel shows them: the header is row 1.
"""

import codecs
import csv
import gzip
import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from model.parameters import Problem, Refused
from model.tables.schema import Finding, told

LARGEST = 64 * 2**20  # bytes of a file once unpacked; the national tables of CBS take a sixth
MOST_ROWS = 1_048_576  # a sheet of Excel has no more: a table that has is damaged, or made to keep us busy
FOREIGN = re.compile("[\udc80-\udcff]")  # how Python keeps bytes that are not of the encoding


class Form(NamedTuple):
    """How a file writes what it says. `separator` and `encoding` are of CSV, `sheet` is of XLSX ("": the only one)."""

    separator: str = ","
    decimal: str = "."
    thousands: str = ""
    encoding: str = "utf-8"
    sheet: str = ""


PLAIN = Form()
MARKS = {
    "separator": (",", ";", "\t", "|"),
    "decimal": (".", ","),
    "thousands": ("", ".", ",", " ", "'"),
    "encoding": ("utf-8", "cp1252", "latin-1", "utf-16"),
}  # what a form can be


class Grid(NamedTuple):
    """A file as it stands: its header, cells of the wanted columns [row of the file, their name], what is wrong already."""

    header: list[str]
    cells: pd.DataFrame
    findings: list[Finding]


def read_grid(path: Path, wanted: set[str], form: Form, largest: int) -> Grid:
    """The wanted columns of a file. Raises `Refused` where there is no table to look at."""
    if not path.is_file():
        found = "a folder" if path.is_dir() else "no such file"
        raise Refused([Problem(path.name, f"{found} in {path.parent}", "a file")])
    readers: dict[str, Callable[[Path, set[str], Form, int], Grid]]
    readers = {".csv": _csv, ".csv.gz": _csv, ".xlsx": _xlsx, ".parquet": _parquet}
    for suffix, reader in readers.items():
        if path.name.lower().endswith(suffix):
            return reader(path, wanted, form, largest)
    raise Refused([Problem(path.name, f"a file of kind {path.suffix or 'unknown'}", ", ".join(readers))])


def too_large(path: Path, largest: int) -> Refused:
    """The refusal of a file that would not fit."""
    found = f"more than {largest / 2**20:.4g} MB once unpacked"
    return Refused([Problem(path.name, found, "less: only the rows and columns needed")])


def too_long(path: Path) -> Refused:
    """The refusal of a table with more rows than places can have."""
    return Refused([Problem(path.name, f"more than {MOST_ROWS} rows", "less: only the rows needed")])


@contextmanager
def opened_as(path: Path, kind: str) -> Iterator[None]:
    """Words for whatever a library raises on a damaged file."""
    try:
        yield
    except Refused:
        raise
    except Exception as error:  # parsers of others raise what they like on damaged bytes: there is no list to catch by
        said = f"{type(error).__name__}: {error}".replace(str(path), path.name)[:200]
        raise Refused([Problem(path.name, f"a file that does not open as {kind} ({said})", f"a whole {kind} file")]) from error


def unpacked(path: Path, largest: int) -> bytes:
    """The bytes of a file, .gz or not. It is measured in small pieces before any of it is kept."""
    opener: Any = gzip.open if path.name.lower().endswith(".gz") else open
    try:
        with opener(path, "rb") as file:
            size = 0
            while piece := file.read(2**20):
                size += len(piece)
                if size > largest:
                    raise too_large(path, largest)
        with opener(path, "rb") as file:
            return bytes(file.read())
    except (OSError, EOFError, zlib.error) as error:
        raise Refused([Problem(path.name, f"a file that can not be read or unpacked ({error})", "a whole file")]) from error


def _text(path: Path, encoding: str, largest: int) -> tuple[str, bool]:
    """The text of a file, and whether it has bytes that are not of the encoding (kept, to be found cell by cell)."""
    data = unpacked(path, largest)
    codec = "utf-8-sig" if encoding == "utf-8" else encoding
    if codec != "utf-16" and data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise Refused([Problem(path.name, "a text in utf-16", f"one in {encoding}, or `encoding: utf-16` in the mapping")])
    try:
        return data.decode(codec), False
    except UnicodeDecodeError:
        pass
    try:
        return data.decode(codec, errors="surrogateescape"), True
    except UnicodeDecodeError as error:
        row = 1 + data[: error.start].decode(codec, errors="replace").count("\n")
        raise Refused([Problem(f"{path.name}, row {row}", f"bytes that are not {encoding}", f"text in {encoding}")]) from error


def _csv(path: Path, wanted: set[str], form: Form, largest: int) -> Grid:
    text, damaged = _text(path, form.encoding, largest)
    header: list[str] = []
    places: list[int] = []
    kept: dict[int, list[str]] = {}
    findings: list[Finding] = []
    reader, row = csv.reader(io.StringIO(text, newline=""), delimiter=form.separator, strict=True), 1
    try:
        for cells in reader:
            if row > MOST_ROWS:
                raise too_long(path)
            if damaged:
                findings += _foreign(row, cells, header, form.encoding)
            if not any(map(str.strip, cells)):
                pass  # an empty line, or what Excel leaves of one
            elif not header:
                header = [cell.strip() for cell in cells]
                places = [header.index(name) for name in wanted if name in header]
            elif len(cells) == len(header):
                kept[row] = [cells[k] for k in places]
            else:
                findings.append(Finding(row, "", f"{len(cells)} cells", f"{len(header)}, as in the header"))
            row = reader.line_num + 1
    except csv.Error as error:
        findings.append(Finding(row, "", f"a row that does not end well ({error})", "quotes in pairs, and cells of normal size"))
    columns = [header[k] for k in places]
    return Grid(header, pd.DataFrame(list(kept.values()), index=list(kept), columns=columns, dtype=object), findings)


def _foreign(row: int, cells: list[str], header: list[str], encoding: str) -> list[Finding]:
    """Cells with bytes of another encoding; those bytes are taken out, so that what remains is text."""
    found = []
    for k, cell in enumerate(cells):
        if bad := FOREIGN.search(cell):
            byte = f"byte 0x{ord(bad.group()) - 0xDC00:02X}"
            cells[k] = FOREIGN.sub("?", cell)
            other = ", or `encoding: cp1252` (or what it is) in the mapping" if encoding == "utf-8" else ""
            name = header[k] if k < len(header) else cells[k]
            found.append(Finding(row, name, f"{byte} in {told(cells[k])}, which is not {encoding}", f"text in {encoding}{other}"))
    return found


def _xlsx(path: Path, wanted: set[str], form: Form, largest: int) -> Grid:
    with opened_as(path, "XLSX"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and validations that it leaves out
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > largest:
                raise too_large(path, largest)
        header, frame = _sheet(path, wanted, form.sheet, values=True)
        findings: list[Finding] = []
        if frame.isna().to_numpy().any():
            _, formulas = _sheet(path, wanted, form.sheet, values=False)
            for row, name in np.argwhere((frame.isna() & formulas.reindex(frame.index).notna()).to_numpy()):
                said = "a formula without a value", "a value: open the file in Excel or LibreOffice and save it"
                findings.append(Finding(int(frame.index[row]), str(frame.columns[name]), *said))
        return Grid(header, frame, findings)


def _sheet(path: Path, wanted: set[str], name: str, values: bool) -> tuple[list[str], pd.DataFrame]:
    """Header and cells of a sheet: the values that Excel computed and kept, or the formulas."""
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=values)
    try:
        sheets = {sheet.title: sheet for sheet in book.worksheets}
        if name not in sheets and (name or len(sheets) != 1):
            found = f"no sheet {name!r}" if name else f"{len(sheets)} sheets"
            raise Refused([Problem(path.name, found, "`sheet:` in the mapping, one of " + ", ".join(sheets))])
        sheet = sheets[name] if name else next(iter(sheets.values()))
        sheet.reset_dimensions()  # what a file says of its own size is not to be trusted
        top = next(iter(sheet.iter_rows(max_row=1, values_only=True)), ())
        header = ["" if cell is None else str(cell).strip() for cell in top]
        places = {theirs: header.index(theirs) for theirs in wanted if theirs in header}
        lines, rows = [], []
        for row, cells in enumerate(sheet.iter_rows(min_row=2, max_col=max(len(header), 1), values_only=True), start=2):
            if row > MOST_ROWS:
                raise too_long(path)
            if any(cell is not None and cell != "" for cell in cells):
                lines.append([cells[k] for k in places.values()])
                rows.append(row)
    finally:
        book.close()
    return header, pd.DataFrame(lines, columns=list(places), index=rows, dtype=object)


def _parquet(path: Path, wanted: set[str], form: Form, largest: int) -> Grid:
    """Parquet has no header row; rows are counted as if it had."""
    import pyarrow.parquet as pq

    with opened_as(path, "parquet"):
        file = pq.ParquetFile(path)
        header = [str(name) for name in file.schema_arrow.names]
        once = [name for name in header if name in wanted and header.count(name) == 1]
        if file.metadata.num_rows > MOST_ROWS:
            raise too_long(path)
        groups = [file.metadata.row_group(k) for k in range(file.metadata.num_row_groups)]
        # a run of equal values takes no bytes in the file, but eight per row as soon as it is read
        if sum(g.total_byte_size for g in groups) + 8 * file.metadata.num_rows * max(len(once), 1) > largest:
            raise too_large(path, largest)
        # a long text that repeats is then kept once
        texts = [name for name in once if str(file.schema_arrow.field(name).type) in ("string", "large_string")]
        table = pq.ParquetFile(path, read_dictionary=texts, page_checksum_verification=True).read(columns=once)
        frame = table.to_pandas(ignore_metadata=True)[once].astype(object)
    return Grid(header, frame.set_axis(range(2, len(frame) + 2)), [])
