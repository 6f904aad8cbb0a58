"""Reading tables: what is right comes out as it stands, and all that is wrong is told at once, by row and column."""

import gzip
import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.plan import vintage_of
from model.parameters import Refused
from model.tables.files import Form
from model.tables.reading import MOST, read_table
from model.tables.schema import FIELDS

DATA = Path(__file__).parents[3] / "shared" / "data"
VINTAGES = (2019, 2024)
COLUMNS = {"code": "code", "naam": "naam", "inwoners": "aantal", "p_koop": "koop"}
HEADER = ["code", "naam", "aantal", "koop"]
GOOD = [
    ["BU0363AA01", "Verzonnen Noord", "120", "50.5"],
    ["BU03630002", "Bedacht", "", "100"],
    ["WK036300", "Fantasie, de", "3000", "."],
    ["GM0363", "Café", "0", "0"],
    ["NL00", "Land", "17000000", "57"],
]
VALUES = {"inwoners": [120, np.nan, 3000, 0, 17_000_000], "p_koop": [50.5, 100, np.nan, 0, 57]}


def as_csv(rows, separator=","):
    file = io.StringIO()
    pd.DataFrame(rows).to_csv(file, header=False, index=False, sep=separator, lineterminator="\n")
    return file.getvalue()


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.fixture
def table(tmp_path):
    """`table(row, ...)`: a CSV with the header and these lines, and a path to it."""
    return lambda *lines, name="t.csv": write(tmp_path, name, "\n".join([",".join(HEADER), *lines]) + "\n")


def problems(path, columns=COLUMNS, **given):
    with pytest.raises(Refused) as refused:
        read_table(path, columns, **given)
    return [str(p) for p in refused.value.problems]


def good(frame):
    return list(frame.index) == [r[0] for r in GOOD] and all(
        np.array_equal(frame[name], values, equal_nan=True) for name, values in VALUES.items()
    )


# What is right


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "T.CSV", "t.xlsx", "t.parquet"])
def test_the_same_table_comes_out_of_every_kind_of_file(tmp_path, name):
    path = tmp_path / name
    numbers = pd.DataFrame(GOOD, columns=HEADER).assign(aantal=VALUES["inwoners"], koop=VALUES["p_koop"])
    if name == "t.xlsx":
        numbers.to_excel(path, index=False)
    elif name == "t.parquet":
        numbers.to_parquet(path)
    else:
        text = as_csv([HEADER, *GOOD]).encode()
        path.write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    frame = read_table(path, COLUMNS)
    assert good(frame) and frame.naam.tolist() == [row[1] for row in GOOD]


@pytest.mark.parametrize("empty", ["", "  ", ".", "x", "-99997", "-99999999", "-99997.0"])
def test_what_cbs_writes_for_suppressed_is_empty_and_never_zero(table, empty):
    frame = read_table(table(f"BU00000001  ,A,{empty},{empty}"), COLUMNS)
    assert frame.loc["BU00000001", ["inwoners", "p_koop"]].isna().all()


def test_sentinels_of_suppressed_are_empty_in_excel_too(tmp_path):
    pd.DataFrame([["BU00000001", "A", -99997, -99999999.0]], columns=HEADER).to_excel(tmp_path / "t.xlsx", index=False)
    assert read_table(tmp_path / "t.xlsx", COLUMNS)[["inwoners", "p_koop"]].isna().all(axis=None)


def test_marks_of_a_dutch_excel_are_read_as_the_mapping_says(tmp_path):
    text = "code;naam;aantal;koop\nBU00000001;A;1.250;12,5\nBU00000002;Caf\xe9;12.345.678;,5\n"
    path = write(tmp_path, "t.csv", text.encode("cp1252"))
    frame = read_table(path, COLUMNS, form=Form(";", ",", ".", "cp1252"))
    assert frame.inwoners.tolist() == [1250, 12_345_678] and frame.p_koop.tolist() == [12.5, 0.5]
    assert frame.naam.tolist() == ["A", "Café"]


def test_a_byte_order_mark_and_empty_lines_are_no_part_of_the_table(table):
    path = table("BU00000001,A,1,2", "", ",,,", "BU00000002,B,3,4")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_table(path, COLUMNS).inwoners.tolist() == [1, 3]


def test_what_is_computed_is_empty_where_it_divides_by_zero(table):
    frame = read_table(table("BU00000001,A,10,4", "BU00000002,B,10,0", "BU00000003,C,0,0", "BU00000004,D,,4"), COLUMNS,
                       {"ratio": "inwoners / p_koop"})  # fmt: skip
    assert frame.ratio.iloc[0] == 2.5 and frame.ratio.iloc[1:].isna().all()


# What is wrong


@pytest.mark.parametrize(
    ("cells", "column", "found", "expected"),
    [
        ('"12,5",50', "aantal", "a decimal comma: '12,5'", '`decimal: ","`'),
        ('12,"50,5"', "koop", "a decimal comma: '50,5'", '`decimal: ","`'),
        ("1.000,50", "aantal", "'1.000', of which the mark may part thousands", '`thousands: "."`'),
        ('"1.234,5",50', "aantal", "two kinds of marks: '1.234,5'", '`decimal: ","` and `thousands: "."`'),
        ("-3,50", "aantal", "-3", "a whole number from 0 to 20000000 or an empty cell"),
        ("1.5,50", "aantal", "1.5", "a whole number"),
        ("1,100.5", "koop", "100.5", "a number from 0 to 100 (%) or an empty cell"),
        ("veel,50", "aantal", "text: 'veel'", "a whole number"),
        ("1,inf", "koop", "text: 'inf'", "a number from 0 to 100"),
        ("1,nan", "koop", "text: 'nan'", "an empty cell"),
        ("1,NA", "koop", "text: 'NA'", "an empty cell"),
        ("1,1e999", "koop", "text: '1e999'", "a number from 0 to 100"),
        ("1_0,1", "aantal", "text: '1_0'", "a whole number"),
        ("0x1A,1", "aantal", "text: '0x1A'", "a whole number"),
    ],
)
def test_a_wrong_number_is_told_by_file_row_and_column(table, cells, column, found, expected):
    told = problems(table("BU00000001,A,1,2", "BU00000002,B," + cells))
    assert len(told) == 1
    assert told[0].startswith(f"t.csv, row 3, column {column}: found {found}") and expected in told[0]


@pytest.mark.parametrize("code", ["0363AA01", "BU0363", "bu03630001", "BU0363 001", "XX03630001", "8280101", "BU036300012"])
def test_a_wrong_code_is_told_with_what_a_code_is(table, code):
    (told,) = problems(table(f"{code},A,1,2"))
    assert told.startswith("t.csv, row 2, column code: found ") and code in told and "BU and 8 digits or capitals" in told


def test_a_row_without_a_code_and_a_code_a_second_time_are_told(table):
    told = problems(table("BU00000001,A,1,2", ",B,1,2", "BU00000001 ,C,1,2", ",D,1,2"))
    assert told[0].startswith("t.csv, row 3, column code: found nothing")
    assert told[1].startswith("t.csv, row 4, column code: found BU00000001 again, as in row 2; possible: each code once")
    assert told[2].startswith("t.csv, row 5, column code: found nothing") and len(told) == 3


def test_all_problems_are_told_at_once_in_the_order_of_the_file(table):
    told = problems(
        table('BU1,A,"1,5",-1', "", "BU00000002,,x,101", "BU00000003,C,1", '"BU00000004","two', 'lines",1,2', "BU00000005,E,-1,2")
    )
    assert [p.split(":")[0] for p in told] == [
        "t.csv, row 2, column code", "t.csv, row 2, column aantal", "t.csv, row 2, column koop",
        "t.csv, row 4, column naam", "t.csv, row 4, column koop", "t.csv, row 5", "t.csv, row 8, column aantal",
    ]  # fmt: skip
    assert "found 3 cells; possible: 4" in told[5]


def test_more_problems_than_a_screen_can_hold_are_counted(table):
    told = problems(table(*(f"BU{k:08d},A,-1,-1" for k in range(MOST))))
    assert len(told) == MOST + 1 and f"found {MOST} problems more" in told[-1]


def test_a_missing_column_is_told_with_what_is_near_and_the_rest_is_checked_too(tmp_path):
    told = problems(write(tmp_path, "t.csv", "code,naam,Aantallen,koop\nBU00000001,A,1,-2\n"))
    assert told[0].startswith("t.csv, column aantal: found no such column; near it: Aantallen; possible: a column 'aantal'")
    assert told[1].startswith("t.csv, row 2, column koop: found -2")


def test_a_column_that_is_there_twice_is_told(tmp_path):
    (told,) = problems(write(tmp_path, "t.csv", "code,naam,aantal,koop,aantal\nBU00000001,A,1,2,3\n"))
    assert told.startswith("t.csv, row 1, column aantal: found 2 columns of this name")


def test_another_separator_is_told_with_what_to_write(tmp_path):
    told = problems(write(tmp_path, "t.csv", "code;naam;aantal;koop\nBU00000001;A;1;2\n"))
    assert all('`separator: ";"` in the mapping' in p for p in told) and len(told) == 4


def test_bytes_of_another_encoding_are_told_by_row_and_column(table):
    path = table("BU00000001,A,1,2", "BU00000002,Cafe,1,2", "BU00000003,Zuid,1,2")
    path.write_bytes(path.read_bytes().replace(b"Cafe", b"Caf\xe9").replace(b"Zuid", b"Z\xfcid"))
    told = problems(path)
    assert told[0].startswith("t.csv, row 3, column naam: found byte 0xE9 in 'Caf?', which is not utf-8") and "cp1252" in told[0]
    assert told[1].startswith("t.csv, row 4, column naam: found byte 0xFC") and len(told) == 2


def test_a_text_in_utf_16_is_told_once(table):
    path = table("BU00000001,A,1,2")
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert "`encoding: utf-16`" in problems(path)[0] and len(problems(path)) == 1
    assert read_table(path, COLUMNS, form=Form(encoding="utf-16")).inwoners.tolist() == [1]


def test_a_quote_that_is_never_closed_is_told_where_it_opens(table):
    (told,) = problems(table("BU00000001,A,1,2", 'BU00000002,"B,1,2', "BU00000003,C,1,2"))
    assert told.startswith("t.csv, row 3: found a row that does not end well")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.csv", b"", "an empty file"),
        ("t.csv", b"\n\n", "an empty file"),
        ("t.csv", b"code,naam,aantal,koop\n", "no rows below the header"),
        ("t.csv.gz", b"code", "can not be read or unpacked"),
        ("t.csv.gz", gzip.compress(b"code,naam,aantal,koop\nBU00000001,A,1,2\n", mtime=0)[:-4], "can not be read or unpacked"),
        ("t.xlsx", b"code", "does not open as XLSX"),
        ("t.parquet", b"", "does not open as parquet"),
        ("t.xls", b"code", "a file of kind .xls; possible: .csv, .csv.gz, .xlsx, .parquet"),
    ],
)
def test_what_is_no_table_is_told_by_name(tmp_path, name, content, said):
    (told,) = problems(write(tmp_path, name, content))
    assert told.startswith(name) and said in told


def test_a_missing_file_and_a_folder_are_told(tmp_path):
    (tmp_path / "map.csv").mkdir()
    assert "no such file" in problems(tmp_path / "t.csv")[0] and "a folder" in problems(tmp_path / "map.csv")[0]


def test_a_name_without_a_declared_meaning_is_refused(table):
    assert "column geluk: found a name without a declared meaning" in problems(table("BU00000001,A,1,2"), {"geluk": "aantal"})[0]


@pytest.mark.parametrize("expression", ["inwoner / 2", "inwoners +", "naam * 2.5", "inwoners.nothing"])
def test_an_expression_that_can_not_be_computed_is_told(table, expression):
    (told,) = problems(table("BU00000001,A,1,2"), compute={"half": expression})
    assert told.startswith("t.csv, compute half: found") and "inwoners, p_koop" in told


# Excel and parquet


@pytest.fixture
def sheet(tmp_path):
    """`sheet(row, ...)`: a workbook with these rows below the header, as Excel cells."""

    def make(*rows, more=()):
        book = openpyxl.Workbook()
        for row in [HEADER, *rows]:
            book.active.append(row)
        for name in more:
            book.create_sheet(name)
        book.save(tmp_path / "t.xlsx")
        return tmp_path / "t.xlsx"

    return make


def test_excel_cells_that_are_no_numbers_are_told(sheet):
    day = pd.Timestamp("2024-01-12").to_pydatetime()
    told = problems(sheet(["BU00000001", "A", True, day], [], ["BU00000002", "B", "12,5", "=1/2"], [8280101, "C", 1.5, "#N/A"]))
    assert [p.split(";")[0] for p in told] == [
        "t.xlsx, row 2, column aantal: found True",
        "t.xlsx, row 2, column koop: found 2024-01-12 00:00:00",
        "t.xlsx, row 4, column aantal: found a decimal comma: '12,5'",
        "t.xlsx, row 4, column koop: found a formula without a value",
        "t.xlsx, row 5, column code: found 8280101",
        "t.xlsx, row 5, column aantal: found 1.5",
        "t.xlsx, row 5, column koop: found text: '#N/A'",
    ]


def test_a_workbook_of_several_sheets_needs_a_name(sheet):
    path = sheet(["BU00000001", "A", 1, 2], more=["2023"])
    assert "found 2 sheets; possible: `sheet:` in the mapping, one of Sheet, 2023" in problems(path)[0]
    assert "no sheet '2022'" in problems(path, form=Form(sheet="2022"))[0]
    assert read_table(path, COLUMNS, form=Form(sheet="Sheet")).inwoners.tolist() == [1]


def test_parquet_cells_that_are_no_numbers_are_told(tmp_path):
    frame = pd.DataFrame({"code": ["BU00000001"], "naam": ["A"], "aantal": [[1, 2]], "koop": [b"12"]})
    frame.to_parquet(tmp_path / "t.parquet")
    told = problems(tmp_path / "t.parquet")
    assert told[0].startswith("t.parquet, row 2, column aantal") and told[1].startswith("t.parquet, row 2, column koop")


# Files that unpack to more than there is room for


def test_a_gz_bomb_is_refused_in_little_memory(tmp_path):
    path = tmp_path / "t.csv.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(64):
            file.write(bytes(2**20))
    tracemalloc.start()
    told = problems(path, largest=48 * 2**20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "t.csv.gz: found more than 48 MB once unpacked" in told[0] and peak < 8 * 2**20


def test_an_xlsx_bomb_is_refused(sheet):
    path = sheet(["BU00000001", "A", 1, 2])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/media/more.bin", bytes(4 * 2**20))
    assert path.stat().st_size < 2**20
    assert "more than 2 MB once unpacked" in problems(path, largest=2 * 2**20)[0]


def test_a_parquet_bomb_is_refused(tmp_path):
    same = pa.array(np.zeros(2**20), type=pa.float64())
    pq.write_table(pa.table(dict.fromkeys(["code", "naam", "aantal", "koop"], same)), tmp_path / "t.parquet")
    assert (tmp_path / "t.parquet").stat().st_size < 2**20
    assert "more than 16 MB once unpacked" in problems(tmp_path / "t.parquet", largest=16 * 2**20)[0]


def test_a_sheet_that_claims_a_row_beyond_excel_is_refused(sheet):
    path = sheet(["BU00000001", "A", 1, 2])
    with zipfile.ZipFile(path) as parts:
        content = {name: parts.read(name) for name in parts.namelist()}
    with zipfile.ZipFile(path, "w") as parts:
        for name, data in content.items():
            parts.writestr(name, data.replace(b'<row r="2"', b'<row r="99999999999"').replace(b'r="A2"', b'r="A99999999999"'))
    assert "t.xlsx: found more than 1048576 rows" in problems(path)[0]


def test_a_csv_of_more_rows_than_there_can_be_is_refused(tmp_path):
    told = problems(write(tmp_path, "t.csv.gz", gzip.compress(b"code,naam,aantal,koop\n" + b"\n" * 1_048_576 + b",,,1\n")))
    assert "t.csv.gz: found more than 1048576 rows" in told[0]


# Laws

EMPTY = ["", " ", ".", "x", "-99997", "-99999999", "-99997.0"]
BAD = ["-3", "12,5", "veel", "nan", "inf", "-inf", "1e999", "1_0", "0x1A", "True", "١٢", "1 2", "--1", "\x00", "1.000.000", "3e7"]
spots = st.tuples(st.integers(1, len(GOOD)), st.sampled_from([2, 3]))


@given(st.dictionaries(spots, st.sampled_from(EMPTY + BAD), max_size=6), st.permutations(range(4)), st.booleans())
def test_damaged_cells_are_empty_or_told_and_the_others_stay_as_they_are(tmp_path_factory, damage, order, double):
    rows = [HEADER, *[list(row) for row in GOOD]] + ([GOOD[0]] if double else [])
    for (row, column), cell in damage.items():
        rows[row][column] = cell
    path = write(tmp_path_factory.mktemp("t"), "t.csv", as_csv([[row[k] for k in order] for row in rows]))
    bad = {(row, column) for (row, column), cell in damage.items() if cell in BAD}
    if bad or double:
        told = problems(path)
        for row, column in bad:
            assert any(p.startswith(f"t.csv, row {row + 1}, column {HEADER[column]}: found ") for p in told)
        assert len(told) == len(bad) + double
        return
    frame = read_table(path, COLUMNS)
    for (row, column), name in [((r, c), n) for r in range(1, len(GOOD) + 1) for c, n in ((2, "inwoners"), (3, "p_koop"))]:
        value = np.nan if (row, column) in damage else VALUES[name][row - 1]
        assert np.array_equal(frame[name].iloc[row - 1], value, equal_nan=True)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The good table as bytes of each kind of file."""
    folder = tmp_path_factory.mktemp("whole")
    numbers = pd.DataFrame(GOOD, columns=HEADER).assign(aantal=VALUES["inwoners"], koop=VALUES["p_koop"])
    numbers.to_excel(folder / "t.xlsx", index=False)
    numbers.to_parquet(folder / "t.parquet", write_page_checksum=True)
    text = as_csv([HEADER, *GOOD]).encode()
    return {"t.csv": text, "t.csv.gz": gzip.compress(text), **{n: (folder / n).read_bytes() for n in ("t.xlsx", "t.parquet")}}


@pytest.mark.parametrize("name", ["t.csv.gz", "t.xlsx", "t.parquet"])
@given(data=st.data())
def test_damaged_packed_files_are_refused_or_read_as_they_were(whole, tmp_path_factory, name, data):
    """Formats that carry checksums: a byte that is changed or cut off is noticed, or does not matter."""
    content = bytearray(whole[name])
    for place, byte in data.draw(st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), max_size=4)):
        content[place] = byte
    content = content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content
    try:
        frame = read_table(write(tmp_path_factory.mktemp("t"), name, bytes(content)), COLUMNS)
    except Refused as refused:
        assert refused.problems and all(p.where.startswith(name) and p.found and p.expected for p in refused.problems)
    else:
        assert good(frame) or name == "t.parquet"  # the footer of parquet has no checksum


@given(st.binary(max_size=4), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_csv_with_bytes_put_in_or_cut_off_gives_a_table_or_a_refusal(whole, tmp_path_factory, more, place, cut):
    text = whole["t.csv"]
    place, cut = place % len(text), cut % len(text)
    content = (text[:place] + more + text[place:])[: cut if cut > place else None]
    try:
        frame = read_table(write(tmp_path_factory.mktemp("t"), "t.csv", content), COLUMNS)
    except Refused as refused:
        assert refused.problems and all(p.where.startswith("t.csv") and p.found and p.expected for p in refused.problems)
    else:
        touched = {content[:place].count(b"\n"), content[: place + len(more)].count(b"\n"), content.count(b"\n")}
        for k, row in enumerate(GOOD, 1):
            if k < min(touched):
                assert frame.index[k - 1] == row[0]
                assert np.array_equal(frame.iloc[k - 1][["inwoners", "p_koop"]].astype(float),
                                      [VALUES["inwoners"][k - 1], VALUES["p_koop"][k - 1]], equal_nan=True)  # fmt: skip


# The real tables


@pytest.mark.parametrize("year", VINTAGES)
def test_every_column_of_a_vintage_has_a_declared_meaning(year):
    for source in vintage_of(year).files.values():
        assert set(source.columns) <= set(FIELDS), source.file


@pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real tables in {DATA.name}/ beside the project")
@pytest.mark.parametrize("year", VINTAGES)
def test_real_tables_are_read_as_pandas_reads_them(year):
    for source in vintage_of(year).files.values():
        frame = read_table(DATA / source.file, source.columns, source.compute)
        plain = pd.read_csv(DATA / source.file, dtype={source.columns["code"]: str}, low_memory=False)
        assert frame.index.tolist() == plain[source.columns["code"]].str.strip().tolist()
        for ours in set(source.columns) - {"code"}:
            theirs = plain[source.columns[ours]]
            if FIELDS[ours].numeric:
                assert np.array_equal(frame[ours], theirs, equal_nan=True), (source.file, ours)
            else:
                assert frame[ours].tolist() == theirs.tolist(), (source.file, ours)
