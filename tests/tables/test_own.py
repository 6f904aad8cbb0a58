"""Own tables: the mapping, what is refused in words, and what becomes of them in the table of buurten."""

import json
import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.plan import read_town
from model import tables
from model.parameters import Refused
from model.tables.account import Line, settled
from model.tables.joining import BOUNDED, LEVEL, NO_HOMES, join, owners
from model.tables.own import KINDS, Codes, fields_of, read_own
from model.town import COLUMNS, ownership
from model.voorbeeldstad import voorbeeldstad

DOCS = Path(__file__).parents[2] / "docs"
DATA = Path(__file__).parents[3] / "shared" / "data"
real_tables = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real tables in {DATA.name}/ beside the project")
EXAMPLE = DOCS / "examples" / "own-tables"
CODES = Codes(
    2024,
    frozenset(["BU99990101", "BU99990102", "BU99990201", "BU88880101"]),
    frozenset(["WK999901", "WK999902", "WK888801"]),
    {2019: frozenset(["BU03630000", "WK036300"]), 2022: frozenset(["BU03630000"])},
)
BUURTEN = pd.DataFrame(
    {
        **dict.fromkeys(COLUMNS, np.nan),
        "code": ["BU99990101", "BU99990102", "BU99990201", "BU88880101"],
        "gemeente": ["GM9999", "GM9999", "GM9999", "GM8888"],
        "gemeente_naam": ["Voorbeeld", "Voorbeeld", "Voorbeeld", "Elders"],
        "naam": "Buurt", "wijk": "WK999901", "wijk_naam": "Wijk",
        "huishoudens": [200, 100, 400, 50],
        "inwoners": 500.0, "hh_grootte": 2.0, "p_eengezins": 50.0, "dichtheid": 3000.0, "p_oud": 20.0, "p_jong": 25.0,
        "p_koop": [50.0, 60.0, 40.0, 100.0],
        "p_corp": [40.0, 30.0, 30.0, 0.0],
        "woz_ratio": 1.0,
        "p_laag_ink": [40.0, 60.0, 40.0, 40.0],
        "p_hoog_ink": [20.0, 30.0, 20.0, 20.0],
    }
)[list(COLUMNS)]  # fmt: skip
NATIONAL_WOZ = 400.0


@pytest.fixture
def own(tmp_path):
    """`own(bezit="buurt,corporatie,...", ...)`: tables from CSV texts under our names; `lines` changes the mapping."""

    def make(lines=(), **texts):
        entries = []
        for name, text in texts.items():
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
            header = text.splitlines()[0].split(",")
            entries.append({"kind": name.split("_")[0], "file": f"{name}.csv", "columns": dict(zip(header, header, strict=True))})
        for entry, more in zip(entries, lines, strict=False):
            entry.update(more)
        return read_own({"tables": entries}, tmp_path, "own.yaml", CODES)

    return make


def told(make, *given, **texts):
    with pytest.raises(Refused) as refused:
        make(*given, **texts)
    return [str(p) for p in refused.value.problems]


# The example of the docs


def in_voorbeeldstad(rooms, mapping):
    """Voorbeeldstad with own tables, as `gemeente.eigen=...` makes it."""
    return read_town({"bron": "voorbeeldstad", "eigen": str(mapping)}, rooms)


def test_the_example_of_the_docs_is_joined_into_voorbeeldstad(rooms):
    town, plain = in_voorbeeldstad(rooms, EXAMPLE / "own.yaml"), voorbeeldstad(rooms.voorbeeldstad, rooms.town)
    at = town.buurten.set_index("code")
    assert at.at["BU99990104", "p_corp"] == pytest.approx(100 * 160 / 509)
    assert at.at["BU99990101", "p_1p"] == 58 and at.at["BU99990101", "score"] == -0.14
    assert at.at["BU99990101", "woz_ratio"] == pytest.approx(241 / rooms.voorbeeldstad.woz_national)
    row = town.buurten.index[town.buurten.code == "BU99990104"][0]
    mine = town.bezit[town.bezit.buurt == row]
    assert mine.aandeel.tolist() == [0.75, 0.25]
    assert town.corporaties.naam[mine.corporatie - 1].tolist() == ["Stichting Verzonnen Wonen", "De Bedachte Corporatie"]
    assert town.teams.fte.tolist() == [6.5, 3.0, 4.25] and town.synthetic
    assert town.teams.caseload.fillna(-1).tolist() == [22, 14.5, -1]
    assert town.observed.columns.tolist() == ["code", "klachten", "rapportcijfer"]
    of_places = town.imputed[town.imputed.attribuut == "ligging"].set_index("niveau").buurten
    assert of_places.to_dict() == {"buurt": 2, "gemeente": 23} and at.at["BU99990101", "x"] == 150_250
    assert town.shapes is None  # outlines of two buurten are no map
    assert re.fullmatch(r"complexen\.csv \(sha256 [0-9a-f]{12}, 2024\)", town.sources[1]) and len(town.sources) == 8
    assert set(town.hashes) == {path.name for path in EXAMPLE.iterdir()} - {"own.yaml"}
    elsewhere = ~town.buurten.code.isin(["BU99990101", "BU99990102", "BU99990104"])
    assert town.buurten.p_corp[elsewhere].equals(plain.buurten.p_corp[elsewhere])


def test_the_refusal_in_the_docs_is_what_is_said(rooms, tmp_path):
    for path in EXAMPLE.iterdir():
        data = path.read_bytes().replace(b"BU99990103,,2024", b"BU03630000,,2024")
        (tmp_path / path.name).write_bytes(data.replace(b' decimal: ",",', b"") if path.name == "own.yaml" else data)
    with pytest.raises(Refused) as refused:
        in_voorbeeldstad(rooms, tmp_path / "own.yaml")
    assert f"```\n{refused.value}\n```" in (DOCS / "own-tables.md").read_text(encoding="utf-8")


def test_the_docs_show_the_example_and_every_field():
    page = (DOCS / "own-tables.md").read_text(encoding="utf-8")
    mapping = (EXAMPLE / "own.yaml").read_text(encoding="utf-8")
    assert mapping.split("\n", 1)[1] in page and (EXAMPLE / "complexen.csv").read_text(encoding="utf-8") in page
    rows = [
        f"| `{kind}` | {name if ' ' in name else f'`{name}`'} | " + " | ".join(rest) + " |"
        for kind in KINDS for name, *rest in fields_of(kind)
    ]  # fmt: skip
    assert [line for line in page.splitlines() if re.match("[|] `(" + "|".join(KINDS) + ")`", line)] == rows


# The mapping


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"kind": "klacht"}, ".kind: found 'klacht'; possible: bezit, klachten, teams"),
        ({"file": ""}, ".file: found nothing"),
        ({"colums": {}}, ".colums: found an unknown name; possible: kind, file, columns"),
        ({"columns": {"buurt": "b"}}, ".columns: found no klachten"),
        ({"columns": {"buurt": "b", "klachten": "k", "fte": "f"}}, ".columns.fte: found a name that this kind has not"),
        ({"columns": {"buurt": "b", "klachten": None}}, ".columns.klachten: found None; possible: the name of a column"),
        ({"decimal": ";"}, ".decimal: found ';'; possible: '.', ','"),
        ({"thousands": "."}, ".thousands: found '.', which is the decimal mark too"),
        ({"encoding": "klingon"}, ".encoding: found 'klingon'; possible: 'utf-8', 'cp1252'"),
        ({"sheet": 2024}, ".sheet: found 2024 for k.csv; possible: only for a file of kind .xlsx"),
        ({"year": "twenty"}, ".year: found 'twenty'; possible: a year"),
        ({"complete": True}, ".complete: found kind klachten; possible: only for bezit"),
        ({"file": "none.csv"}, "none.csv: found no such file"),
    ],
)
def test_a_wrong_line_of_the_mapping_is_told(tmp_path, line, said):
    good = {"kind": "klachten", "file": "k.csv", "columns": {"buurt": "b", "klachten": "k"}}
    with pytest.raises(Refused) as refused:
        read_own({"tables": [{**good, **line}]}, tmp_path, "own.yaml", CODES)
    (problem,) = map(str, refused.value.problems)
    assert said in problem and (problem.startswith("own.yaml: tables[0]") or "none.csv" in problem)


@pytest.mark.parametrize("mapping", [None, [], {}, {"tables": []}, {"tables": {}}, {"tables": ["bezit"]}, {"tabels": []}])
def test_what_is_no_mapping_is_told(tmp_path, mapping):
    with pytest.raises(Refused, match=r"own\.yaml"):
        read_own(mapping, tmp_path, "own.yaml", CODES)


def test_kinds_of_which_any_column_will_do_need_one(own):
    assert "none of score, klasse; possible: at least one" in told(own, scores="buurt\nBU99990101\n")[0]
    assert "also a number column with a name of your own" in told(own, observed="buurt\nBU99990101\n")[0]


# Codes, years, and what is told twice


def test_codes_of_other_years_and_of_nowhere_are_told_in_words(own):
    lines = told(
        own,
        klachten="buurt,klachten\nBU03630000,1\nBU99990199,2\nBU77770000,3\nBU99990101,4\n",
        teams="wijk,soort,fte\nWK036300,wijkteam,1\n",
    )
    assert lines == [
        "klachten.csv, row 2, column buurt: found BU03630000, a code of 2019 and 2022; possible: a buurt of 2024",
        "klachten.csv, row 3, column buurt: found BU99990199, a code that no table knows; possible: a buurt of 2024, "
        "such as BU99990101",
        "klachten.csv, row 4, column buurt: found BU77770000, a code that no table knows; possible: a buurt of 2024",
        "teams.csv, row 2, column wijk: found WK036300, a code of 2019; possible: a wijk of 2024",
    ]  # fmt: skip


def test_a_table_of_several_years_is_refused(own):
    text = "buurt,klachten,jaar\nBU99990101,1,2023\nBU99990102,1,2023\nBU99990101,2,2022\n"
    assert told(own, klachten=text) == [
        "klachten.csv, row 4, column jaar: found 2022, a mix of years; possible: 2023, as in row 2"
    ]
    assert [line.split(": ")[0] for line in told(own, [{"year": 2022}], klachten=text)] == [
        "klachten.csv, row 2, column jaar", "klachten.csv, row 3, column jaar",
    ]  # fmt: skip


def test_tables_of_several_years_are_refused(own):
    (line,) = told(
        own, [{"year": 2024}], scores="buurt,score\nBU99990101,0\n", klachten="buurt,klachten,jaar\nBU99990101,1,2023\n"
    )
    assert (
        line
        == "own.yaml: tables: found tables of several years: scores.csv 2024, klachten.csv 2023; possible: tables of one year"
    )


def test_files_of_one_kind_are_put_together_unless_they_tell_the_same_value(own):
    head = "buurt,corporatie,woningen\n"
    both = own(bezit_a=head + "BU99990101,Een,10\n", bezit_b=head + "BU99990101,Twee,5\nBU99990102,Een,\n")
    assert both.bezit.woningen.fillna(-1).tolist() == [10, 5, -1]
    (line,) = told(own, bezit_a=head + "BU99990101,Een,10\n", bezit_b=head + "BU99990102,Een,1\nBU99990101,Een,5\n")
    assert line.startswith("bezit_b.csv, row 3, column woningen: found BU99990101 + Een again, as in bezit_a.csv")
    apart = own(buurten_a="buurt,woz\nBU99990101,300\n", buurten_b="buurt,p_1p\nBU99990101,40\n").buurten
    assert apart.loc["BU99990101", ["woz", "p_1p"]].tolist() == [300, 40]


def test_files_of_one_name_in_two_folders_are_told_apart(tmp_path):
    entries = []
    for folder, year, code in (("noord", 2024, "BU99990101"), ("zuid", 2024, "BU99990201")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "k.csv").write_text(f"buurt,klachten\n{code},1\n", encoding="utf-8")
        columns = {"buurt": "buurt", "klachten": "klachten"}
        entries.append({"kind": "klachten", "file": f"{folder}/k.csv", "columns": columns, "year": year})
    got = read_own({"tables": entries}, tmp_path, "own.yaml", CODES)
    assert got.hashes == {f"{f}/k.csv": sha256((tmp_path / f / "k.csv").read_bytes()).hexdigest() for f in ("noord", "zuid")}
    assert [source.split(" ")[0] for source in got.sources] == ["noord/k.csv", "zuid/k.csv"]
    entries[1]["year"] = 2023
    with pytest.raises(Refused, match=r"tables of several years: noord/k\.csv 2024, zuid/k\.csv 2023"):
        read_own({"tables": entries}, tmp_path, "own.yaml", CODES)
    entries[1] |= {"year": 2024, "file": "noord/../noord/k.csv"}
    with pytest.raises(Refused, match=r"noord/k\.csv, row 2, column klachten: found BU99990101 again, as in noord/k\.csv"):
        read_own({"tables": entries}, tmp_path, "own.yaml", CODES)


def test_all_problems_of_all_tables_are_told_at_once(own):
    lines = told(
        own,
        bezit="buurt,corporatie,woningen\nBU99990101,Een,-1\nBU99990101,Een,1\nBU99990102,,x\n",
        teams='wijk,soort,fte\nWK999901,politie,"1,5"\n',
        buurten="buurt,p_koop,p_corp\nBU99990101,60,60\n",
        scores="buurt,score\nBU99990101,7\n",
    )
    assert [line.split("; ")[0] for line in lines] == [
        "bezit.csv, row 2, column woningen: found -1",
        "bezit.csv, row 3, column buurt: found BU99990101 + Een again, as in row 2",
        "bezit.csv, row 4, column corporatie: found nothing",
        "teams.csv, row 2, column soort: found 'politie'",
        "teams.csv, row 2, column fte: found a decimal comma: '1,5'",
        "buurten.csv, row 2, column p_corp: found 120% together with p_koop",
        "scores.csv, row 2, column score: found 7",
    ]  # fmt: skip


# Outlines


def square(x, y, size=100.0):
    return {"type": "Polygon", "coordinates": [[[x, y], [x + size, y], [x + size, y + size], [x, y + size], [x, y]]]}


@pytest.fixture
def outlines(tmp_path):
    """`outlines((code, geometry), ..., crs=None)`: own tables with a GeoJSON of these features."""

    def make(*features, crs=None, column="code"):
        content = {
            "type": "FeatureCollection",
            "features": [{"type": "Feature", "properties": {"code": code}, "geometry": g} for code, g in features],
            **({"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}),
        }
        (tmp_path / "p.geojson").write_text(json.dumps(content), encoding="utf-8")
        entry = {"kind": "polygonen", "file": "p.geojson", "columns": {"buurt": column}}
        return read_own({"tables": [entry]}, tmp_path, "own.yaml", CODES)

    return make


def test_outlines_in_metres_are_read_whether_or_not_they_declare_it(outlines):
    one, two = ("BU99990101", square(150e3, 400e3)), ("BU99990102", square(151e3, 400e3))
    for crs in (None, "EPSG:28992", "urn:ogc:def:crs:EPSG::28992"):
        got = outlines(one, two, crs=crs).polygonen
        assert got.code.tolist() == ["BU99990101", "BU99990102"] and got.area.tolist() == [10_000, 10_000]


def test_outlines_in_another_crs_are_refused_with_what_was_found(outlines):
    one, two = ("BU99990101", square(5.5, 51.7, 0.01)), ("BU99990102", square(5.6, 51.7, 0.01))
    assert told(outlines, one, two) == [
        "p.geojson: found coordinates such as 5.5, 51.7 (degrees) everywhere; "
        "possible: EPSG:28992: x from 0 to 300000 m, y from 300000 to 630000 m"
    ]
    assert "found coordinates in WGS 84; possible: EPSG:28992" in told(outlines, one, crs="EPSG:4326")[0]
    assert "found coordinates in nonsense" in told(outlines, one, crs="nonsense")[0]


def test_every_wrong_feature_is_told(outlines):
    lines = told(
        outlines, ("BU99990101", square(150e3, 400e3)), ("BU99990102", square(5.5, 51.7)), ("BU99990101", square(150e3, 400e3)),
        ("BU9", square(150e3, 400e3)), ("BU99990201", None), ("BU88880101", {"type": "Point", "coordinates": [150e3, 400e3]}),
        (None, square(150e3, 400e3)), ("BU03630000", {"type": "Polygon", "coordinates": "?"}), column="code",
    )  # fmt: skip
    assert [line.split("; ")[0] for line in lines] == [
        "p.geojson, feature 2: found coordinates such as 5.5, 51.7 (degrees)",
        "p.geojson, feature 3, property code: found BU99990101 again, as in feature 1",
        "p.geojson, feature 4, property code: found 'BU9'",
        "p.geojson, feature 5: found no geometry",
        "p.geojson, feature 6: found a Point",
        "p.geojson, feature 7, property code: found nothing",
        "p.geojson, feature 8: found no geometry",
        "p.geojson, feature 8, property code: found BU03630000, a code of 2019 and 2022",
    ]


def test_a_property_that_is_not_there_and_a_broken_file_are_told(outlines, tmp_path):
    assert (
        "property statcode: found no such property; possible: code" in told(outlines, ("BU99990101", None), column="statcode")[0]
    )
    entry = {"kind": "polygonen", "file": "q.geojson", "columns": {"buurt": "code"}}
    for content in ("", "[1]", '{"features": 3}', "[" * 100_000, '{"features": [{"properties": {"code": "\\ud800"}}]}'):
        (tmp_path / "q.geojson").write_text(content, encoding="utf-8")
        with pytest.raises(Refused, match=r"q\.geojson"):
            read_own({"tables": [entry]}, tmp_path, "own.yaml", CODES)


def test_outlines_of_a_gpkg_are_read_and_its_crs_is_checked(tmp_path):
    import geopandas
    from shapely.geometry import box

    shapes = geopandas.GeoDataFrame({"code": ["BU99990101"]}, geometry=[box(150e3, 400e3, 151e3, 401e3)], crs="EPSG:28992")
    entry = {"kind": "polygonen", "file": "p.gpkg", "columns": {"buurt": "code"}}
    shapes.to_file(tmp_path / "p.gpkg", layer="buurten")
    assert read_own({"tables": [entry]}, tmp_path, "own.yaml", CODES).polygonen.area.tolist() == [1e6]
    shapes.to_file(tmp_path / "p.gpkg", layer="meer")
    with pytest.raises(Refused, match="2 layers; possible: `layer:` in the mapping, one of buurten, meer"):
        read_own({"tables": [entry]}, tmp_path, "own.yaml", CODES)
    shapes.to_crs("EPSG:4326").to_file(tmp_path / "p.gpkg", layer="graden")
    with pytest.raises(Refused, match="coordinates in WGS 84"):
        read_own({"tables": [{**entry, "layer": "graden"}]}, tmp_path, "own.yaml", CODES)


# Joining


def corp(joined):
    return joined.buurten.p_corp.round(6).tolist()


def test_own_stock_becomes_the_share_of_corporatie_homes_and_who_owns_them(own):
    got = own(
        bezit="buurt,corporatie,complex,woningen\nBU99990101,Een,a,30\nBU99990101,Een,b,30\nBU99990101,Twee,,20\nBU99990102,Twee,,\n"
    )
    joined = join(BUURTEN, got, NATIONAL_WOZ)
    assert corp(joined) == [40.0, 30.0, 30.0, 0.0]  # 80 of 200; the number of the second is empty, so it stays as it was
    assert joined.corporaties.values.tolist() == [["Een", "GM9999"], ["Twee", "GM9999"]]
    assert joined.bezit.values.tolist() == [[0, 1, 0.75], [0, 2, 0.25]]
    assert [(x.attribute, x.level, x.rows.tolist()) for x in joined.lines] == [("p_corp", LEVEL, [0])]
    every, bezit = owners(joined, *ownership(BUURTEN, {"GM9999": 1, "GM8888": 1}))
    assert every.naam.tolist() == ["Een", "Twee", "Corporatie 1 (Voorbeeld)", "Corporatie 1 (Elders)"]
    assert bezit.values.tolist() == [[0, 1, 0.75], [0, 2, 0.25], [1, 3, 1], [2, 3, 1], [3, 4, 1]]


def test_a_buurt_without_a_row_is_without_corporatie_homes_only_if_the_table_is_complete(own):
    text = "buurt,corporatie,woningen\nBU99990101,Een,60\nBU99990102,Een,\n"
    assert corp(join(BUURTEN, own(bezit=text), NATIONAL_WOZ)) == [30.0, 30.0, 30.0, 0.0]
    whole = join(BUURTEN, own([{"complete": True}], bezit=text), NATIONAL_WOZ)
    assert corp(whole) == [30.0, 30.0, 0.0, 0.0]  # the third has no row; the second has an empty number, which is not zero
    assert [(x.level, x.rows.tolist()) for x in whole.lines] == [(LEVEL, [0]), (NO_HOMES, [2])]
    assert whole.bezit.values.tolist() == [[0, 1, 1.0], [2, 1, 1.0]]


def test_complete_counts_only_if_every_table_of_stock_says_it(own):
    head = "buurt,corporatie,woningen\n"
    assert not own([{"complete": True}], bezit_a=head + "BU99990101,A,1\n", bezit_b=head + "BU99990102,A,1\n").complete
    assert own([{"complete": True}] * 2, bezit_a=head + "BU99990101,A,1\n", bezit_b=head + "BU99990102,A,1\n").complete


def test_own_stock_gives_way_to_koop_and_a_clash_is_told(own):
    joined = join(BUURTEN, own(bezit="buurt,corporatie,woningen\nBU99990101,Een,118\nBU99990102,Een,80\n"), NATIONAL_WOZ)
    assert corp(joined)[:2] == [50.0, 40.0]  # 59% and 80%, where koop leaves 50% and 40%
    clash = joined.lines[-1]
    assert (clash.level, clash.rows.tolist()) == (BOUNDED, [1]) and np.isnan(clash.error)  # by how much is no error of it


def test_measured_koop_keeps_the_part_of_corporaties_in_what_is_rented(own):
    joined = join(BUURTEN, own(buurten="buurt,p_koop,woz\nBU99990101,75,300\nBU99990102,,\n"), NATIONAL_WOZ)
    assert joined.buurten.p_koop.tolist() == [75.0, 60.0, 40.0, 100.0]
    assert corp(joined) == [20.0, 30.0, 30.0, 0.0]  # four fifths of the rented homes before and after
    assert joined.buurten.woz_ratio.tolist() == [0.75, 1.0, 1.0, 1.0]


def test_of_two_incomes_the_one_that_is_not_told_gives_way(own):
    joined = join(BUURTEN, own(buurten="buurt,p_laag_ink,p_hoog_ink\nBU99990101,90,\nBU99990102,,50\n"), NATIONAL_WOZ)
    assert joined.buurten.p_laag_ink.tolist()[:2] == [90.0, 48.0] and joined.buurten.p_hoog_ink.tolist()[:2] == [8.0, 50.0]


def test_incomes_of_which_nobody_told_stay_as_they_were_and_none_falls_below_nothing(own):
    """Buurt 2 has 99.2% low incomes by the official tables, which is more than the bound that is kept for what was told."""
    frame = BUURTEN.assign(p_laag_ink=[40.0, 99.2, 40.0, 40.0], p_hoog_ink=[20.0, 0.0, 20.0, 20.0])
    assert join(frame, own(klachten="buurt,klachten\nBU99990101,3\n"), NATIONAL_WOZ).buurten.equals(frame)
    text = "buurt,p_laag_ink,p_hoog_ink\nBU99990101,99.5,\nBU99990201,,98.4\nBU88880101,60,41\n"
    joined = join(frame, own(buurten=text), NATIONAL_WOZ).buurten
    assert joined.p_laag_ink.tolist() == [99.5, 99.2, 0.0, 60.0] and joined.p_hoog_ink.tolist() == [0.0, 0.0, 98.4, 41.0]


def test_an_own_density_of_nothing_is_the_least_there_is(own):
    """Distances are worked out from it: nothing may be divided by 0."""
    joined = join(BUURTEN, own(buurten="buurt,dichtheid\nBU99990101,0\nBU99990102,0.5\nBU99990201,7\n"), NATIONAL_WOZ)
    assert joined.buurten.dichtheid.tolist() == [1.0, 1.0, 7.0, 3000.0]


def test_complaints_and_other_numbers_are_kept_and_never_an_input(own):
    joined = join(
        BUURTEN, own(klachten="buurt,klachten\nBU99990102,7\n", observed="buurt,p_koop\nBU99990101,1.5\n"), NATIONAL_WOZ
    )
    pd.testing.assert_frame_equal(joined.buurten, BUURTEN)
    assert joined.observed.klachten.fillna(-1).tolist() == [-1, 7, -1, -1] and joined.observed.p_koop.iloc[0] == 1.5
    assert not joined.lines and not len(joined.bezit)
    assert list(join(BUURTEN, own(scores="buurt,score\nBU99990101,0\n"), NATIONAL_WOZ).observed) == ["code"]


def test_scores_are_of_the_buurt_itself(own):
    joined = join(BUURTEN, own(scores="buurt,score,klasse\nBU99990101,-0.5,\nBU99990102,,4\n"), NATIONAL_WOZ)
    assert joined.buurten.score.fillna(9).tolist() == [-0.5, 9, 9, 9] and joined.buurten.klasse.fillna(0).tolist() == [0, 4, 0, 0]


@real_tables
@pytest.mark.parametrize(
    "text", ["buurt,klachten\nBU03630000,3\n", "buurt,p_laag_ink\nBU03630000,99.5\n", "buurt,p_wmo\nBU03630000,123\n"]
)
def test_one_row_of_an_own_table_joins_amsterdam_and_the_rest_stays(of_2019, rooms, tmp_path, text):
    """BU03635604 has 99.2% low incomes there and no high ones."""
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    name = text.split("\n")[0].split(",")[1]
    kind = {"klachten": "klachten", "p_wmo": "observed"}.get(name, "buurten")
    mapping = {"tables": [{"kind": kind, "file": "own.csv", "columns": {"buurt": "buurt", name: name}}]}
    plain = tables.town(of_2019, ["GM0363"], rooms.tables, rooms.town)
    joined = tables.town(tables.with_own(of_2019, mapping, tmp_path, "own.yaml"), ["GM0363"], rooms.tables, rooms.town)
    rest = plain.buurten.code != "BU03630000"
    pd.testing.assert_frame_equal(joined.buurten[rest], plain.buurten[rest])
    official = list(plain.observed)
    pd.testing.assert_frame_equal(joined.observed.loc[rest, official], plain.observed[rest])
    assert set(joined.observed) - set(official) == ({"klachten"} if kind == "klachten" else set())
    found = joined.observed if kind != "buurten" else joined.buurten
    assert found.set_index("code").at["BU03630000", name] == float(text.split(",")[-1])


amounts = st.one_of(st.none(), st.integers(0, 600))


# The account: where each attribute of each buurt comes from

OFFICIAL = [
    Line("p_corp", "buurt", "CBS", np.array([0, 1])),
    Line("p_corp", "geschat binnen gemeente", "CBS", np.array([2, 3]), 11.0),
    Line("woz", "buurt", "CBS", np.array([0, 1, 2, 3])),
]


def test_what_an_own_table_tells_is_no_longer_counted_where_it_came_from_before(own):
    """Stock of buurten 0 and 2 (buurt 2 clashes with koop), complete: buurt 1 of that gemeente has none. WOZ of buurt 3."""
    got = own(
        [{"complete": True}],
        bezit="buurt,corporatie,woningen\nBU99990101,Een,60\nBU99990201,Een,320\n",
        buurten="buurt,woz\nBU88880101,300\n",
    )
    told = settled([*OFFICIAL, *join(BUURTEN, got, NATIONAL_WOZ).lines], BUURTEN.huishoudens)
    assert told[["attribuut", "niveau", "buurten", "huishoudens"]].values.tolist() == [
        ["p_corp", "geschat binnen gemeente", 1, 50],
        ["p_corp", LEVEL, 1, 200],
        ["p_corp", NO_HOMES, 1, 100],
        ["p_corp", BOUNDED, 1, 400],
        ["woz", "buurt", 3, 700],
        ["woz", LEVEL, 1, 50],
    ]
    assert told.zekerheid.iloc[0] == 11.0 and told.zekerheid[1:].isna().all()


def test_what_only_an_own_table_tells_is_unknown_elsewhere(own):
    told = settled(join(BUURTEN, own(scores="buurt,score\nBU99990101,-0.5\n"), NATIONAL_WOZ).lines, BUURTEN.huishoudens)
    assert told[["attribuut", "niveau", "huishoudens"]].values.tolist() == [["score", LEVEL, 200], ["score", "", 550]]


shares = st.one_of(st.just(""), st.integers(0, 45))


@settings(max_examples=30)  # each reads a file
@given(
    st.lists(st.tuples(shares, shares, shares), min_size=4, max_size=4), st.lists(amounts, min_size=4, max_size=4), st.booleans()
)
def test_every_attribute_accounts_for_every_household(tmp_path_factory, measured, stock, complete):
    """The law of the official tables (test_country.py), whatever own tables come on top."""
    folder, codes = tmp_path_factory.mktemp("own"), list(BUURTEN.code)
    named = {"buurten": ["buurt", "p_koop", "p_corp", "woz"], "bezit": ["buurt", "corporatie", "woningen"]}
    rows = {
        "buurten": [[c, k, m, w if w == "" else w + 1] for c, (k, m, w) in zip(codes, measured, strict=True)],
        "bezit": [[c, "A", "" if n is None else n] for c, n in zip(codes, stock, strict=True) if n != 0],
    }
    entries = []
    for kind, head in named.items():
        pd.DataFrame(rows[kind], columns=head).to_csv(folder / f"{kind}.csv", index=False)
        entries.append({"kind": kind, "file": f"{kind}.csv", "columns": {n: n for n in head}})
    entries[1]["complete"] = complete
    own_tables = read_own({"tables": [e for e in entries if rows[e["kind"]]]}, folder, "own.yaml", CODES)
    told = settled([*OFFICIAL, *join(BUURTEN, own_tables, NATIONAL_WOZ).lines], BUURTEN.huishoudens)
    sums = told.groupby("attribuut")[["buurten", "huishoudens"]].sum()
    assert (sums.buurten == 4).all() and (sums.huishoudens == 750).all() and (told.buurten > 0).all()
    assert {"p_corp", "woz"} <= set(sums.index)


@settings(max_examples=30)  # each reads a file
@given(
    st.dictionaries(st.tuples(st.sampled_from(sorted(CODES.buurten)), st.sampled_from("ABC")), amounts, min_size=1),
    st.booleans(),
    st.lists(st.floats(0, 100), min_size=4, max_size=4),
)
def test_whatever_stock_is_told_shares_stay_shares_and_every_buurt_has_owners(tmp_path_factory, stock, complete, koop):
    folder = tmp_path_factory.mktemp("own")
    rows = [f"{buurt},{who},{'' if n is None else n}" for (buurt, who), n in stock.items()]
    (folder / "b.csv").write_text("\n".join(["buurt,corporatie,woningen", *rows]) + "\n", encoding="utf-8")
    entry = {
        "kind": "bezit",
        "file": "b.csv",
        "complete": complete,
        "columns": {n: n for n in ("buurt", "corporatie", "woningen")},
    }
    frame = BUURTEN.assign(p_koop=koop, p_corp=[(100.0 - k) / 2 for k in koop])
    joined = join(frame, read_own({"tables": [entry]}, folder, "own.yaml", CODES), NATIONAL_WOZ)
    after = joined.buurten
    assert (
        (after.p_corp >= 0).all() and (after.p_koop + after.p_corp <= 100 + 1e-9).all() and (after.p_koop == frame.p_koop).all()
    )
    corporaties, bezit = owners(joined, *ownership(after, {"GM9999": 2, "GM8888": 1}))
    assert np.allclose(bezit.groupby("buurt").aandeel.sum(), 1) and set(bezit.buurt) == {0, 1, 2, 3}
    assert set(bezit.corporatie) == set(range(1, len(corporaties) + 1)) and (bezit.aandeel > 0).all()
    for k, code in enumerate(after.code):
        told = [n for (buurt, _), n in stock.items() if buurt == code]
        if told and None not in told:
            assert after.p_corp[k] == pytest.approx(min(100 - koop[k], 100 * sum(told) / frame.huishoudens[k]))
        elif told:
            assert after.p_corp[k] == frame.p_corp[k]
