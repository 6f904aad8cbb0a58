"""What a study says is the same in every format: read back as its user would, compared with the Parquet rows."""

import csv
import json
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xarray as xr

from experiments import bundle, export, netcdf, verify
from experiments.bundle import BUNDLES

KEYS = ["design", "scenario", "seed", "period", "month", "level", "place", "profile", "payer"]
EVIL = ["=HYPERLINK(\"http://x\")", "+1+1", "-2+3", "@SUM(A1)", "#REF!", "a\x07b"]  # fmt: skip
EDGES = pa.array([np.nan, np.inf, -np.inf, 1.5, None])  # nan and null both: other writers than pandas keep them apart
OWN = [("design", "==", "")]


@pytest.fixture(scope="module")
def exported(whole, tmp_path_factory):
    """Everything that the study exports, in its own folder."""
    folder = shutil.copytree(whole, tmp_path_factory.mktemp("exported") / whole.name)
    assert export.main([str(folder)]) == 0 and export.main([str(folder), "--excel-nl"]) == 0
    return folder / "export"


class Odd(NamedTuple):
    """A study of odd tables, where they were exported to, and what was said of that."""

    folder: Path
    to: Path
    said: str


@pytest.fixture(scope="module")
def odd(whole, tmp_path_factory):
    """A short study with a question and names like formulas, a name too long for a cell, infinite numbers and lists."""
    folder = Path(shutil.copytree(whole, tmp_path_factory.mktemp("odd") / whole.name))
    for name in ("indicators", "ledger", "differences"):
        pq.write_table(pq.read_table(folder / f"{name}.parquet").slice(0, 12), folder / f"{name}.parquet")
    rewritten(folder, "indicators", klachten=np.float32(0.1))
    rewritten(folder, "places", naam=EVIL, wijk_naam="x" * 40_000)
    pq.write_table(pa.table({"x": EDGES}), folder / "more.parquet")
    pq.write_table(pa.table({"a": [1], "months": [[1.0, 2.0]]}), folder / "other.parquet")
    shutil.copy(folder / "runs.parquet", folder / "runs-besides.parquet")
    manifest = verify.read_manifest(folder)
    manifest["identity"]["config"]["vraag"]["nl"] = "=1+1"
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with redirect_stdout(StringIO()) as said:
        assert export.main([str(folder), "--csv", "--xlsx", "--excel-nl", "--to", str(folder.parent / "to")]) == 0
    return Odd(folder, folder.parent / "to", said.getvalue())


@pytest.fixture(scope="module")
def book(odd):
    """Its workbook."""
    return openpyxl.load_workbook(odd.to / f"{odd.folder.name}.xlsx")


@pytest.fixture
def short(copy):
    """A study with two indicators and no design points: a cube of it takes a moment."""
    rows = pd.read_parquet(copy / "indicators.parquet", columns=[*KEYS, "klachten", "leefbaarheid"], filters=OWN)
    rows.to_parquet(copy / "indicators.parquet", index=False)
    pd.read_parquet(copy / "differences.parquet", filters=OWN).to_parquet(copy / "differences.parquet", index=False)
    return copy


def table(folder, name):
    """A table's plain columns, texts that are empty as unknown: what a sheet or a CSV file can say."""
    file = bundle.file_of(name)
    frame = bundle.read(folder / f"{file}.parquet")[name] if file in BUNDLES else pd.read_parquet(folder / f"{file}.parquet")
    return frame.drop(columns="geometry", errors="ignore").replace("", np.nan)


def rewritten(folder, name, **columns):
    """A table of a folder with other columns; a value per row, or one for all."""
    frame = pq.read_table(folder / f"{name}.parquet").to_pandas().assign(**columns)
    frame.to_parquet(folder / f"{name}.parquet", index=False)


def same(found, expected):
    """Two frames by value: numbers to the digits that a text of them has, and what is unknown in the same cells."""
    assert list(found) == list(expected) and len(found) == len(expected)
    for name in expected:
        assert (found[name].isna().to_numpy() == expected[name].isna().to_numpy()).all(), name
        if pd.api.types.is_float_dtype(expected[name]):
            kind = expected[name].dtype
            np.testing.assert_allclose(
                found[name].to_numpy(float).astype(kind), expected[name].to_numpy(), rtol=1e-15, err_msg=name
            )
        else:
            known = expected[name].notna()
            assert found[name][known].astype(str).tolist() == expected[name][known].astype(str).tolist(), name


NAMES = (
    "checks", "designs", "differences", "fit", "flows", "indicators", "labels", "landing", "ledger", "parameters", "places",
    "pockets", "ranking", "robustness", "stays", "teams", "twins", "validation", "variance", "waits",
)  # fmt: skip
WITHOUT_ROWS = ("imputed", "observed")  # in a town that is drawn


@pytest.mark.parametrize("name", NAMES)
def test_csv_holds_every_row_as_it_is(whole, exported, name):
    found = pd.read_csv(exported / "csv" / f"{name}.csv", dtype={"waarde": str} if name == "parameters" else None)
    expected = table(whole, name)
    if name == "checks":
        found["goed"] = found.goed.astype(bool)
    same(found, expected)


def test_excel_holds_every_row_of_every_table_as_it_is(whole, exported):
    with pd.ExcelFile(exported / f"{whole.name}.xlsx") as book:
        for name in NAMES:
            same(
                pd.read_excel(book, sheet_name=name, dtype={"waarde": str} if name == "parameters" else None), table(whole, name)
            )


@pytest.mark.parametrize("name", ["indicators", "differences", "labels"])
def test_dutch_csv_opens_with_semicolons_and_decimal_commas(whole, exported, name):
    path = exported / "csv-nl" / f"{name}.csv"
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # by which Excel knows UTF-8
    same(pd.read_csv(path, sep=";", decimal=",", encoding="utf-8-sig"), table(whole, name))


def test_a_number_in_dutch_csv_has_a_comma_even_in_a_column_of_texts(exported):
    found = pd.read_csv(exported / "csv-nl" / "parameters.csv", sep=";", dtype=str, encoding="utf-8-sig").set_index("parameter")
    assert found.waarde["town.low_income_of_koop"] == "-1,54"
    assert not found.waarde.str.startswith("'").any()


def test_single_precision_is_written_as_short_as_it_is_known(odd):
    assert set(pd.read_csv(odd.to / "csv" / "indicators.csv", dtype=str).klachten) == {"0.1"}
    assert set(pd.read_csv(odd.to / "csv-nl" / "indicators.csv", sep=";", dtype=str).klachten) == {"0,1"}
    assert set(pd.read_excel(odd.to / f"{odd.folder.name}.xlsx", sheet_name="indicators").klachten) == {0.1}


@pytest.mark.parametrize("name", WITHOUT_ROWS)
def test_a_table_without_rows_keeps_its_header(whole, exported, name):
    header = pq.read_schema(whole / f"{name}.parquet").names
    with (exported / "csv" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [header]
    assert pd.read_excel(exported / f"{whole.name}.xlsx", sheet_name=name).columns.tolist() == header


def test_the_first_sheet_says_what_the_workbook_is(whole, exported):
    book = openpyxl.load_workbook(exported / f"{whole.name}.xlsx", read_only=True)
    assert book.sheetnames == ["leesmij", *sorted([*WITHOUT_ROWS, *NAMES])]
    lines = [[cell for cell in row if cell is not None] for row in book["leesmij"].values]
    said = {line[0]: line[1:] for line in lines if line}
    manifest = verify.read_manifest(whole)
    assert said["vraag"] == [manifest["identity"]["config"]["vraag"]["nl"]]
    assert said["question"] == [manifest["identity"]["config"]["vraag"]["en"]]
    assert said["baseline"] == ["loting"] and said["seeds"] == ["1, 2, 3"] and said["maanden / months"] == [24]
    assert said["ledger"] == ["euro per gebeurtenis en betaler", "euro per event and payer", len(table(whole, "ledger"))]
    assert said["opnamedagen"][0] == "Opnamedagen" and "dagen per 1.000 woningen per jaar" in said["opnamedagen"]
    assert "left out: geometry of places, which holds polygons or lists; it is in places.parquet" in said
    assert not any(str(whole.parent) in str(line) for line in lines)  # nobody's folders


def test_a_text_that_begins_like_a_formula_stays_a_text(odd, book):
    cells = [row[1] for row in book["places"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == [*EVIL[:5], "a\ufffdb"]  # a workbook can not hold a control character
    assert {cell.data_type for cell in cells} == {"s"} and all(cell.quotePrefix for cell in cells[:5])
    plain = pd.read_csv(odd.to / "csv" / "places.csv").naam.tolist()
    assert plain == EVIL  # data are data: CSV is for programs
    for_excel = pd.read_csv(odd.to / "csv-nl" / "places.csv", sep=";", encoding="utf-8-sig").naam.tolist()
    assert for_excel == ["'" + EVIL[0], "'+1+1", "'-2+3", "'@SUM(A1)", "#REF!", "a\x07b"]


def test_a_question_that_begins_like_a_formula_stays_a_text(book):
    cells = {row[0].value: row[1] for row in book["leesmij"].iter_rows()}
    assert cells["vraag"].value == "=1+1" and cells["vraag"].data_type == "s"


def test_a_text_longer_than_a_cell_says_that_it_is_cut(book):
    header, first = [[cell.value for cell in row] for row in book["places"].iter_rows(max_row=2)]
    found = first[header.index("wijk_naam")]
    assert len(found) == 32_767 and found.endswith("[cut: longer than a cell of Excel]")


def test_unknown_is_empty_and_infinite_is_a_word(odd, book):
    assert [row[0] for row in book["more"].iter_rows(min_row=2, values_only=True)][:4] == [None, "inf", "-inf", 1.5]
    assert (odd.to / "csv" / "more.csv").read_text(encoding="utf-8").splitlines() == ['"x"', "", "inf", "-inf", "1.5", ""]


def test_a_variance_ratio_that_is_infinite_is_so_in_every_format(whole, exported):
    expected = np.isinf(table(whole, "differences").variance_ratio)
    assert 0 < expected.sum() < len(expected)
    path = exported / f"{whole.name}.xlsx"
    assert (pd.read_excel(path, sheet_name="differences", dtype=str).variance_ratio == "inf").tolist() == expected.tolist()
    assert np.isinf(pd.read_csv(exported / "csv" / "differences.csv").variance_ratio).tolist() == expected.tolist()
    groups = xr.open_datatree(path.with_suffix(".nc"), engine="h5netcdf")["differences"].values()
    assert sum(int(np.isinf(group.variance_ratio).sum()) for group in groups) == expected.sum()
    assert all("infinite where the difference never varies" in group.variance_ratio.attrs["en"] for group in groups)


def test_a_table_longer_than_a_sheet_is_left_out_and_told(whole, tmp_path, monkeypatch, capsys):
    rows = len(table(whole, "labels"))  # the large tables have more
    for most, fits in ((rows + 1, True), (rows, False)):  # a header takes a row
        monkeypatch.setattr(export, "MOST_ROWS", most)
        assert export.main([str(whole), "--xlsx", "--to", str(tmp_path)]) == 0
        book = openpyxl.load_workbook(tmp_path / f"{whole.name}.xlsx", read_only=True)
        assert ("labels" in book.sheetnames) is fits and "indicators" not in book.sheetnames
        said = capsys.readouterr().out
        told = f"where a sheet takes {most - 1}; it is in indicators.parquet, and in CSV with --csv"
        assert f"left out of Excel: indicators, of {len(table(whole, 'indicators'))} rows {told}" in said
        assert ("left out of Excel: labels" in said) is not fits
        assert any(told in str(row) for row in book["leesmij"].values)


def test_runs_and_columns_of_lists_are_left_out_and_told(odd):
    for name in ("runs", "runs-besides"):
        assert f"left out: {name}, of which a row is lists; it is in {name}.parquet\n" in odd.said
        assert not (odd.to / "csv" / f"{name}.csv").exists()
    assert "left out: months of other, which holds polygons or lists; it is in other.parquet\n" in odd.said
    assert (odd.to / "csv" / "other.csv").read_text(encoding="utf-8") == '"a"\n1\n'


def test_every_file_that_is_written_is_told(odd):
    told = {Path(line.removeprefix("written: ")) for line in odd.said.splitlines() if line.startswith("written: ")}
    assert told == {path for path in odd.to.rglob("*") if path.is_file()}


def long_of(path, group):
    """A group of a netCDF file as rows: its coordinates and values, without rows that are unknown in every variable."""
    with xr.open_dataset(path, group=group, engine="h5netcdf") as cube:
        return cube.to_dataframe().dropna(how="all", subset=list(cube.data_vars)).reset_index()


def test_netcdf_holds_every_indicator_of_every_row_and_nothing_else(whole, exported):
    path, rows = exported / f"{whole.name}.nc", table(whole, "indicators").fillna(dict.fromkeys(KEYS, ""))
    names = [name for name in rows if name not in KEYS]
    groups = rows.groupby(["period", "level"])
    assert set(xr.open_datatree(path, engine="h5netcdf")["indicators"]) == {"_".join(pair) for pair in groups.groups}
    for (period, level), expected in groups:
        found = long_of(path, f"indicators/{period}_{level}")
        dims = ["design", "scenario", "seed", "month", "place"]
        pair = expected.merge(found, on=dims, how="outer", suffixes=("", "_found"), indicator=True)
        assert (pair._merge == "both").all() and len(pair) == len(expected) == len(found)
        for name in names:
            assert found[name].dtype == np.float32
            assert np.array_equal(pair[name], pair[f"{name}_found"], equal_nan=True), name


def test_netcdf_holds_every_difference_and_nothing_else(whole, exported):
    path, rows = exported / f"{whole.name}.nc", pd.read_parquet(whole / "differences.parquet")
    for (window, level), expected in rows.groupby(["window", "level"]):
        found = long_of(path, f"differences/{window}_{level}")
        dims = [d for d in ("design", "scenario", "indicator", "place", "profile", "payer") if d in found]
        pair = expected.merge(found, on=dims, how="outer", suffixes=("", "_found"), indicator=True)
        assert (pair._merge == "both").all()
        for name in ("value", "baseline_value", "difference", "low", "high", "seeds", "variance_ratio", "relevant_difference"):
            assert np.array_equal(pair[name].astype(float), pair[f"{name}_found"], equal_nan=True), name


def test_what_was_not_run_is_unknown_in_netcdf(whole, exported):
    with xr.open_dataset(exported / f"{whole.name}.nc", group="indicators/year_gemeente", engine="h5netcdf") as cube:
        assert cube.escalaties.dims == ("design", "scenario", "seed", "month", "place")
        assert cube.escalaties.sel(design="").notnull().all()
        points = cube.escalaties.drop_sel(design="")  # two seeds of a year, where the study has three seeds of two years
        assert points.sel(seed=3).isnull().all() and points.sel(month=24).isnull().all()
        assert points.sel(seed=[1, 2], month=[0, 12]).notnull().all()


def test_a_variable_says_its_unit_and_both_its_names_and_the_file_what_study_it_is(whole, exported):
    tree = xr.open_datatree(exported / f"{whole.name}.nc", engine="h5netcdf")
    told = tree["indicators/year_buurt"].opnamedagen.attrs
    labels = pd.read_parquet(whole / "labels.parquet").set_index("name").loc["opnamedagen"]
    assert told["units"] == labels.unit and told["nl"] == labels.nl and told["en"] == told["long_name"] == labels.en
    assert told["window"] == labels.window and told["better"] == labels.better
    manifest = verify.read_manifest(whole)
    assert json.loads(tree.attrs["config"]) == manifest["identity"]["config"]
    assert tree.attrs["baseline"] == "loting" and tree.attrs["seeds"].tolist() == [1, 2, 3]
    assert tree.attrs["study"] == whole.name and tree.attrs["model"] == manifest["identity"]["model"]
    assert tree.attrs["runs"] == manifest["identity"]["runs"]
    places = pd.read_parquet(whole / "places.parquet", columns=["code", "naam"])
    assert tree["indicators/year_buurt"].place_name.values.tolist() == places.naam.tolist()
    assert tree["differences/horizon_gemeente"].unit.sel(indicator="opnamedagen") == labels.unit


def test_netcdf_is_the_same_however_the_rows_are_cut_into_groups(short):
    for name, rows in (("one", 10_000), ("other", 50)):
        pq.write_table(pq.read_table(short / "indicators.parquet"), short / "indicators.parquet", row_group_size=rows)
        netcdf.write(short, verify.read_manifest(short), short / f"{name}.nc")
    assert xr.open_datatree(short / "one.nc").identical(xr.open_datatree(short / "other.nc"))


def test_profiles_and_payers_are_dimensions_where_they_are_used(short, tmp_path):
    rows = pd.read_parquet(short / "indicators.parquet")
    more = rows[(rows.level == "wijk")].assign(payer="politie", klachten=np.float32(5.0))
    pd.concat([rows, more]).to_parquet(short / "indicators.parquet", index=False)
    netcdf.write(short, verify.read_manifest(short), tmp_path / "x.nc")
    tree = xr.open_datatree(tmp_path / "x.nc", engine="h5netcdf")
    assert tree["indicators/year_wijk"].klachten.dims[-1] == "payer" and "payer" not in tree["indicators/year_buurt"].dims
    assert (tree["indicators/year_wijk"].klachten.sel(payer="politie") == 5.0).all()


def test_rows_that_a_cube_can_not_hold_both_are_no_cube(short, tmp_path, capsys):
    rows = pd.read_parquet(short / "indicators.parquet")
    pd.concat([rows, rows.iloc[:1]]).to_parquet(short / "indicators.parquet", index=False)
    with pytest.raises(ValueError, match="indicators/month_gemeente with the same design, scenario, seed, month, place"):
        netcdf.write(short, verify.read_manifest(short), tmp_path / "x.nc")
    assert export.main([str(short), "--netcdf", "--to", str(tmp_path / "out")]) == 1
    assert "no cube can hold both" in capsys.readouterr().err and list((tmp_path / "out").iterdir()) == []


def test_without_a_flag_three_kinds_are_written_into_the_study_and_do_not_change_it(exported):
    folder = exported.parent
    assert {path.name for path in exported.iterdir()} == {"csv", "csv-nl", f"{folder.name}.xlsx", f"{folder.name}.nc"}
    assert verify.main([str(folder)]) == 0


def test_a_folder_that_is_no_study_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        export.main([str(tmp_path), "--to", str(tmp_path / "out")])
    assert left.value.code == 2 and "no manifest.json that can be read" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_place_that_is_no_folder_is_told(whole, tmp_path, capsys):
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert export.main([str(whole), "--to", str(tmp_path / "file")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"Could not export {whole}: ") and "file" in said and "Traceback" not in said


@pytest.mark.parametrize("flag", ["--csv", "--xlsx"])
def test_a_damaged_table_is_told_and_leaves_no_half_file(copy, tmp_path, flag, capsys):
    there = (copy / "indicators.parquet").read_bytes()
    (copy / "indicators.parquet").write_bytes(there[: len(there) // 2])
    assert export.main([str(copy), flag, "--to", str(tmp_path / "out")]) == 1
    assert "indicators.parquet" in capsys.readouterr().err
    assert not [path for path in (tmp_path / "out").rglob("*") if path.name.startswith(".")]


FULL = """
import resource, sys
from experiments.export import main
resource.setrlimit(resource.RLIMIT_FSIZE, (75_000, 75_000))
study, to = sys.argv[1:]
print([main([study, flag, "--to", to]) for flag in ("--csv", "--xlsx", "--netcdf")])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs limits on the size of files, to write as on a disk that is full")
def test_a_full_disk_is_told_and_what_was_there_stays(whole, tmp_path):
    targets = [tmp_path / "csv" / "differences.csv", tmp_path / f"{whole.name}.xlsx", tmp_path / f"{whole.name}.nc"]
    targets[0].parent.mkdir()
    for target in targets:
        target.write_text("the last export", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(whole), str(tmp_path)],
        capture_output=True, text=True, cwd=Path(__file__).parents[2], check=True,
    )  # fmt: skip
    assert done.stdout.splitlines()[-1] == "[1, 1, 1]"
    for target, said in zip(targets, done.stderr.splitlines(), strict=True):
        assert said.startswith("Could not export") and target.name in said and "too large" in said
        assert target.read_text(encoding="utf-8") == "the last export"
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
