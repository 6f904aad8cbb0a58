"""Several tables in one Parquet file, told apart by its column `table`: a study keeps few files, however many tables.

    persons.parquet       flows, landing, waits, twins, teams, stays: where people are, and for whom it gets better or worse
    robustness.parquet    robustness, variance, ranking: how sure the answer is

A column that a table does not have is empty in its rows; the file itself says which columns belong to which table. Read one with
`read(path)["flows"]`, or in any tool: keep the rows of one `table` and drop what is empty.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import pandas as pd

BUNDLES = {
    "persons": ("flows", "landing", "waits", "twins", "teams", "stays"),
    "robustness": ("robustness", "variance", "ranking"),
}  # fmt: skip
WHICH, TOLD = "table", b"tables"


def file_of(table: str) -> str:
    """The name of the file that holds a table."""
    return next((file for file, parts in BUNDLES.items() if table in parts), table)


def schema_of(tables: dict[str, pa.Schema]) -> pa.Schema:
    """The schema of a file that holds tables of these schemas; a column of several tables has the wider of its types."""
    whole = pa.unify_schemas([pa.schema([(WHICH, pa.string())]), *tables.values()], promote_options="permissive")
    return whole.with_metadata({TOLD: json.dumps({name: schema.names for name, schema in tables.items()})})


def rows_of(whole: pa.Schema, name: str, rows: pa.Table) -> pa.Table:
    """Rows of one table as rows of the file."""
    columns = [
        pa.repeat(pa.scalar(name, pa.string()), len(rows)) if field.name == WHICH
        else rows[field.name].cast(field.type) if field.name in rows.column_names
        else pa.nulls(len(rows), field.type)
        for field in whole
    ]  # fmt: skip
    return pa.Table.from_arrays(columns, schema=whole)


def write(path: Path, frames: "dict[str, pd.DataFrame]") -> None:
    """Write frames as one file."""
    tables = {name: pa.Table.from_pandas(frame, preserve_index=False) for name, frame in frames.items()}
    whole = schema_of({name: table.schema.remove_metadata() for name, table in tables.items()})
    pq.write_table(pa.concat_tables([rows_of(whole, name, table) for name, table in tables.items()]), path, compression="zstd")


def columns_of(schema: pa.Schema) -> dict[str, list[str]]:
    """The columns of each table in a file; empty for a file that is one table."""
    return dict(json.loads((schema.metadata or {}).get(TOLD, b"{}")))


def read(path: Path) -> "dict[str, pd.DataFrame]":
    """Every table of a file."""
    whole = pq.read_table(path)
    return {name: _part(whole, name).select(columns).to_pandas() for name, columns in columns_of(whole.schema).items()}


def pieces(file: pq.ParquetFile, name: str, rows: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of one table of a file, some rows at a time."""
    for batch in file.iter_batches(rows, columns=[WHICH, *columns]):
        yield _part(batch, name).select(columns)


def _part(whole: pa.Table, name: str) -> pa.Table:
    return whole.filter(pc.equal(whole[WHICH], name))
