"""A study as one netCDF-4 file: cubes of values with named dimensions (docs/sharing.md says how to open it).

    python -m experiments.netcdf results/STUDY FILE      what `experiments.export --netcdf` does in a process of its own

A group of the file holds the rows of one level: `indicators/<period>_<level>` and `differences/<window>_<level>`. What has no row
is NaN, and what is infinite stays so. Tables are read one row group and one column at a time, so that beside a few bytes per row
no more than one variable is held in memory.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.verify import read_manifest


class Form(NamedTuple):
    """How the rows of a table become cubes: two columns name the group, some are its dimensions, the numbers its variables."""

    table: str
    group: tuple[str, str]
    dims: tuple[str, ...]


FORMS = (
    Form("indicators", ("period", "level"), ("design", "scenario", "seed", "month", "place", "profile", "payer")),
    Form("differences", ("window", "level"), ("design", "scenario", "indicator", "place", "profile", "payer")),
)
ONLY_IF_USED = ("profile", "payer")  # no dimension of a group in which they are always ""
DESCRIBED = {
    "value": ("waarde in het scenario", "value in the scenario"),
    "baseline_value": ("waarde in de baseline", "value in the baseline"),
    "difference": ("verschil met de baseline", "difference from the baseline"),
    "low": ("ondergrens van het 95%-interval van het verschil", "lower end of the 95% interval of the difference"),
    "high": ("bovengrens van het 95%-interval van het verschil", "upper end of the 95% interval of the difference"),
    "seeds": ("gepaarde seeds", "paired seeds"),
    "variance_ratio": (
        "hoeveel keer zoveel seeds een ongepaarde vergelijking zou vragen; oneindig waar het verschil nooit varieert",
        "how many times as many seeds an unpaired comparison would take; infinite where the difference never varies",
    ),
    "relevant_difference": ("verschil dat er toe doet", "difference that matters"),
}
NAMED = {"code": "naam", "wijk_code": "wijk_naam", "gemeente": "gemeente_naam"}  # columns of places: code and name

Axes = dict[str, dict[str, list[Any]]]  # group -> dimension -> its values, in the order of the cube
Cells = dict[str, tuple[np.ndarray, np.ndarray]]  # group -> rows of a row group, and the cell of the flat cube that each fills


def write(folder: Path, manifest: dict[str, Any], target: Path) -> None:
    """Write the indicators and differences of a study's folder into `target`. Raises OSError if that fails."""
    import h5netcdf
    import xarray as xr

    labels = pd.read_parquet(folder / "labels.parquet").set_index("name")
    names = _names(folder, manifest)
    with ExitStack() as stack:
        tables = {form: stack.enter_context(opened(folder / f"{form.table}.parquet")) for form in FORMS}
        axes = {form: _axes(table, form) for form, table in tables.items()}
        nodes = {group: xr.Dataset(coords=_coordinates(dims, names, labels)) for a in axes.values() for group, dims in a.items()}
        root = xr.Dataset(attrs=facts(folder, manifest))
        xr.DataTree.from_dict({"/": root, **nodes}).to_netcdf(target, engine="h5netcdf")
        file = stack.enter_context(h5netcdf.File(target, "a"))
        for form, table in tables.items():
            for group, name, cube in _cubes(table, form, axes[form]):
                variable = file[group].create_variable(
                    name, tuple(axes[form][group]), cube.dtype, data=cube, fillvalue=cube.dtype.type(np.nan), compression="gzip",
                    shuffle=True,
                )  # fmt: skip
                variable.attrs.update(_described(name, labels))


def opened(path: Path) -> pq.ParquetFile:
    """A table to be read piece by piece. Reading ahead would keep all that was read in memory."""
    return pq.ParquetFile(path, pre_buffer=False)


def facts(folder: Path, manifest: dict[str, Any]) -> dict[str, Any]:
    """What is known of the whole study, as attributes of a file; what has a structure of its own is JSON."""
    identity, question = manifest["identity"], manifest["identity"]["config"]["vraag"]
    return {
        "title": question["en"],
        "title_nl": question["nl"],
        "study": folder.resolve().name,
        "town": manifest["town"]["naam"],
        "town_code": manifest["town"]["code"],
        "baseline": manifest["baseline"],
        "scenarios": list(manifest["scenarios"]),
        "seeds": np.array(manifest["seeds"], np.int64),
        "config": json.dumps(identity["config"], ensure_ascii=False),
        "data": json.dumps(identity["data"], ensure_ascii=False),
        "results": json.dumps(manifest["results"], ensure_ascii=False),
        "versions": json.dumps(manifest["versions"], ensure_ascii=False),
        "model": identity["model"],
        "runs": identity["runs"],
        "commit": manifest["commit"],
        "seal": manifest.get("seal", ""),
    }


def _names(folder: Path, manifest: dict[str, Any]) -> dict[str, str]:
    """Code -> name of every place."""
    found = {manifest["town"]["code"]: manifest["town"]["naam"]}
    columns = [c for pair in NAMED.items() for c in pair]
    places = pq.read_table(folder / "places.parquet", columns=columns)
    for code, name in NAMED.items():
        found |= dict(zip(places[code].to_pylist(), places[name].to_pylist(), strict=True))
    return found


def _keys(table: pq.ParquetFile, form: Form) -> Iterator[pd.DataFrame]:
    """The columns that say where a row belongs, of each row group in turn."""
    for piece in range(table.num_row_groups):
        yield table.read_row_group(piece, columns=[*form.group, *form.dims]).to_pandas()


def _axes(table: pq.ParquetFile, form: Form) -> Axes:
    """The dimensions of every group: numbers in order, texts as they first appear."""
    found: dict[str, dict[str, dict[Any, None]]] = {}
    for keys in _keys(table, form):
        for pair, rows in keys.groupby(list(form.group), sort=False):
            axes = found.setdefault(_group(form, pair), {dim: {} for dim in form.dims})
            for dim, axis in axes.items():
                axis.update(dict.fromkeys(rows[dim].unique().tolist()))
    return {
        group: {dim: _ordered(axis) for dim, axis in axes.items() if dim not in ONLY_IF_USED or list(axis) != [""]}
        for group, axes in found.items()
    }


def _group(form: Form, pair: Any) -> str:
    return f"{form.table}/{'_'.join(pair)}"


def _ordered(axis: dict[Any, None]) -> list[Any]:
    return list(axis) if any(isinstance(value, str) for value in axis) else sorted(axis)


def _coordinates(axes: dict[str, list[Any]], names: dict[str, str], labels: pd.DataFrame) -> dict[str, Any]:
    """Coordinates of a group: its dimensions, the names of places, and what each indicator is."""
    found: dict[str, Any] = dict(axes)
    found["place_name"] = ("place", [names.get(code, "") for code in axes["place"]])
    if "indicator" in axes:
        for column in ("unit", "nl", "en"):
            found[column] = ("indicator", labels[column].reindex(axes["indicator"]).fillna("").tolist())
    return found


def _cubes(table: pq.ParquetFile, form: Form, axes: Axes) -> Iterator[tuple[str, str, np.ndarray]]:
    """Group, variable and its cube, NaN where there is no row; single precision where the table has it."""
    cells = _all_cells(table, form, axes)
    shapes = {group: tuple(map(len, dims.values())) for group, dims in axes.items()}
    for field in table.schema_arrow:
        if field.name in (*form.group, *form.dims) or not (pa.types.is_floating(field.type) or pa.types.is_integer(field.type)):
            continue
        kind = np.float32 if field.type == pa.float32() else np.float64
        cubes = {group: np.full(shape, np.nan, kind) for group, shape in shapes.items()}
        for piece, found in enumerate(cells):
            values = table.read_row_group(piece, columns=[field.name]).column(0).to_numpy()
            for group, (rows, where) in found.items():
                cubes[group].reshape(-1)[where] = values[rows]
        for group, cube in cubes.items():
            yield group, field.name, cube


def _all_cells(table: pq.ParquetFile, form: Form, axes: Axes) -> list[Cells]:
    """The cells of each row group. Raises ValueError if two rows have one cell: then one of them would be lost."""
    pieces = [_cells(keys, form, axes) for keys in _keys(table, form)]
    for group, dims in axes.items():
        where = [cells[group][1] for cells in pieces if group in cells]
        seen = np.zeros(np.prod([len(axis) for axis in dims.values()]), bool)
        for cell in where:
            seen[cell] = True
        if seen.sum() != sum(map(len, where)):
            raise ValueError(f"{form.table}.parquet has rows of {group} with the same {', '.join(dims)}: no cube can hold both")
    return pieces


def _cells(keys: pd.DataFrame, form: Form, axes: Axes) -> Cells:
    """Which rows belong to which group, and to which cell of its cube."""
    found: Cells = {}
    for pair, rows in keys.groupby(list(form.group), sort=False).indices.items():
        dims = axes[_group(form, pair)]
        at = [pd.Index(axis).get_indexer(pd.Index(keys[dim].iloc[rows])) for dim, axis in dims.items()]
        where = np.ravel_multi_index(at, tuple(map(len, dims.values())))
        found[_group(form, pair)] = rows.astype(np.int32), where
    return found


def _described(name: str, labels: pd.DataFrame) -> dict[str, Any]:
    """Attributes of a variable: unit and labels of an indicator, or what a column of the differences is."""
    if name in labels.index:
        label = labels.loc[name]
        told = {"units": label.unit, "long_name": label.en, "nl": label.nl, "en": label.en, "window": label.window}
        return {**told, "better": np.int32(label.better)}
    if name in DESCRIBED:
        nl, en = DESCRIBED[name]
        return {"long_name": en, "nl": nl, "en": en}
    return {}


def main() -> None:
    """Write the file; where that fails, say why on standard output and leave with code 1."""
    folder, target = map(Path, sys.argv[1:])
    try:
        write(folder, read_manifest(folder), target)
    except (OSError, RuntimeError, pa.ArrowInvalid) as error:  # HDF5 tells of a full disk by either of the first two
        print(os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error, flush=True)
        os._exit(1)  # and nothing else: what is still open in HDF5 can not be closed


if __name__ == "__main__":
    main()
