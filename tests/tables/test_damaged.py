"""Whatever happens to the tables, the answer is a refusal in words or a whole town: never a traceback, never a zero that nobody
measured.
"""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import tables
from model.fit import fit
from model.parameters import Refused
from model.population import build
from model.tables.vintage import read_vintage
from model.town import COLUMNS, UNKNOWN_ALLOWED
from tests.tables import invented

VINTAGE = read_vintage(invented.MAPPING, "2030.yaml")
CHAINED = ["hh_grootte", "dichtheid", "woz", "p_koop", "p_eengezins", "p_oud"]
EMPTY = ["", ".", "x", "-99997"]
NUMBERS = ["0", "1", "2", "7", "100", "400", "20000", "12.5", "12,5", "101", "-5", "1e12"]
CELLS = [*EMPTY * 5, *NUMBERS, "veel", "nan", "#N/A", " ", "BU00010101"]
SHAPES = {name: (len(frame), list(frame)) for name, frame in invented.tables().items()}


def anywhere(draw):
    """(table, column, rows) at random."""
    name = draw(st.sampled_from(list(SHAPES)))
    rows, columns = SHAPES[name]
    some = draw(st.one_of(st.just(list(range(rows))), st.lists(st.integers(0, rows - 1), min_size=1, max_size=3, unique=True)))
    numbers = [column for column in columns if column not in ("code", "naam")]
    return name, draw(st.sampled_from([*numbers * 4, *columns])), some


@st.composite
def damages(draw):
    """One thing that went wrong: (kind, table, column, rows, cell)."""
    kind = draw(st.sampled_from(["cells"] * 12 + ["rows", "column", "file", "double", "nowhere"]))
    return kind, *anywhere(draw), draw(st.sampled_from(CELLS))


def damaged(of, damage):
    kind, name, column, rows, cell = damage
    if name not in of or kind == "file":
        return {n: frame for n, frame in of.items() if n != name}
    frame = of[name].copy()
    rows = [row for row in rows if row < len(frame)]
    if kind == "cells" and column in frame:
        frame.loc[frame.index[rows], column] = cell
    if kind == "nowhere":
        frame.loc[frame.index[rows[:1]], "code"] = "BU77770101"
    frame = frame.drop(columns=column, errors="ignore") if kind == "column" else frame
    frame = frame.drop(index=frame.index[rows]) if kind == "rows" else frame
    frame = pd.concat([frame, frame.iloc[rows]]) if kind == "double" else frame
    return {**of, name: frame.reset_index(drop=True)}


def number(cell):
    return np.nan if str(cell).strip() in EMPTY else float(cell)


def values(of, attribute):
    """[code -> number] of all areas, worked out apart from the model; a later table never repeats a code."""
    areas = pd.concat([of[n] for n in invented.PER_LEVEL]).set_index("code")
    if attribute == "p_oud":
        share = 100.0 * areas.inw_65plus.map(number) / areas.inwoners.map(number)
        return share.replace(np.inf, np.nan)
    return areas[attribute].map(number)


def of_the_chain(of, attribute, code):
    """Own value, else that of the wijk, the gemeente (its row, else its wijken by households), the country: its gemeenten by
    households, else wijken, else buurten.
    """
    known, households = values(of, attribute), values(of, "huishoudens")
    for place in (code, "WK" + code[2:8], "GM" + code[2:6]):
        if not np.isnan(known.get(place, np.nan)):
            return known[place]
    for start in ("WK" + code[2:6], "GM", "WK", "BU"):
        mine = known.index.str.startswith(start) & known.notna() & (households > 0)
        if mine.any():
            return np.average(known[mine], weights=households[mine])
    raise AssertionError(f"a town without any {attribute}")


def is_whole(town, world, of):
    b = town.buurten
    assert b[[c for c in COLUMNS if c not in UNKNOWN_ALLOWED]].notna().all().all()
    households = values(of, "huishoudens")
    inside = households.index.str.startswith("BU") & ("GM" + households.index.str[2:6]).isin(town.gemeenten)
    asked = households[inside & (households > 0)].sort_index()
    assert b.code.tolist() == asked.index.tolist() and b.huishoudens.tolist() == asked.tolist()
    d = world.dwellings
    assert np.bincount(d.buurt[d.identity != 0], minlength=len(b)).tolist() == asked.tolist()
    assert ((d.ties >= 0) & (d.ties < d.rows)).all()
    for attribute in CHAINED:
        right = pd.Series([of_the_chain(of, attribute, code) for code in b.code])
        if attribute == "woz":
            found = b.woz_ratio * of_the_chain(of, attribute, "NL00NL00NL")
        else:
            found = b[attribute]
            right = right.clip(0.0, 100.0) if attribute.startswith("p_") else right
            right = right.clip(lower=1.0) if attribute == "dichtheid" else right
        assert found.tolist() == pytest.approx(right.tolist()), attribute
    assert ((b.p_koop + b.p_corp) <= 100 + 1e-9).all() and ((b.p_laag_ink + b.p_hoog_ink) <= 100 + 1e-9).all()


def is_told(refused):
    """Every problem says where: a file (row, column), a key of the configuration or an attribute; and what is possible."""
    assert refused.problems
    for problem in refused.problems:
        assert re.search(r"\.csv|gemeente\.(code|data)|tables of \w+", problem.where), problem
        assert problem.found and problem.expected


def town_of(of, codes, folder, rooms):
    """The town, its world and how well that fits, all the way from files."""
    town = tables.town(tables.read(invented.write(folder, of), VINTAGE), codes, rooms.tables, rooms.town)
    world = build(town, rooms, 1, 0.3, 0)
    return town, world, fit(town, rooms, world).set_index("marge")


@given(st.lists(damages(), max_size=3), st.sampled_from([["GM0001"], ["GM0002"], ["GM0003"], ["GM0001", "GM0003"], ["NL"]]))
def test_damaged_tables_give_a_refusal_in_words_or_a_whole_town(rooms, tmp_path_factory, wrong, codes):
    of = invented.tables()
    for damage in wrong:
        of = damaged(of, damage)
    try:
        town, world, got = town_of(of, codes, tmp_path_factory.mktemp("damaged"), rooms)
    except Refused as refused:
        assert wrong, refused
        is_told(refused)
    else:
        assert got.gevraagd["huishoudens"] == got.gekregen["huishoudens"] == town.buurten.huishoudens.sum()
        is_whole(town, world, of)


# Cases with names. Rows: of the table, from 0; [] is all of them.
ALL = ["NL"]
HARMLESS = {
    "no class of any wijk": (ALL, [("file", "classes", "klasse", [], "")]),
    "no tenure of any gemeente": (ALL, [("file", "tenure", "p_corp", [], "")]),
    "inhabitants of no buurt": (ALL, [("cells", "buurten", "inwoners", [], "")]),
    "koop suppressed in every buurt": (ALL, [("cells", "buurten", "p_koop", [], ".")]),
    "koop of the country only": (["GM0001"], [("cells", n, "p_koop", rows, "") for n, rows in
                                 (("buurten", []), ("wijken", []), ("gemeenten", [0]))]),
    "all koop": (ALL, [("cells", n, "p_koop", [], "100") for n in (*invented.PER_LEVEL, "tenure")]),
    "all rent": (ALL, [("cells", n, "p_koop", [], "0") for n in (*invented.PER_LEVEL, "tenure")]),
    "nothing rented, yet corporatie homes": (
        ALL, [("cells", "tenure", "p_koop", [], "100")],
    ),
    "no corporatie homes": (ALL, [("cells", "tenure", "p_corp", [], "0")]),
    "households without inhabitants": (
        ALL, [("cells", "buurten", "dichtheid", [], "0"), ("cells", "buurten", "inwoners", [], "0")],
    ),
    "only old people": (ALL, [("cells", "buurten", "inw_65plus", [], "20000")]),
    "one household per buurt": (ALL, [("cells", "buurten", "huishoudens", [], "1")]),
    "two households": (["GM0003"], [("cells", "buurten", "huishoudens", [], "1")]),
    "stock of a buurt of nowhere": (ALL, [("nowhere", "tenure", "code", [0], "")]),
}  # fmt: skip
REFUSED = {
    "no WOZ value at any level": (
        ALL, [("cells", n, "woz", [], "") for n in invented.PER_LEVEL],
        "buurten.csv, wijken.csv, gemeenten.csv: found no woz of any buurt, wijk or gemeente",
    ),
    "a wijk without a row": (
        ["GM0002"], [("rows", "wijken", "code", [2], "")],
        "found no row of WK000201, the wijk of BU00020101, BU00020102; possible: a row with its name",
    ),
    "a gemeente without a row, in the country": (
        ALL, [("rows", "gemeenten", "code", [1], "")], "found no row of GM0002, the gemeente of BU00020101",
    ),
    "a gemeente without buurten, in the country": (
        ALL, [("rows", "buurten", "code", [9, 10], "")], "gemeente.code: found GM0003, of which no buurt has households",
    ),
    "a buurt of nowhere": (ALL, [("nowhere", "buurten", "code", [0], "")], "found no row of WK777701, the wijk of BU77770101"),
    "no households": (["GM0001"], [("cells", "buurten", "huishoudens", [], "0")], "GM0001, of which no buurt has households"),
    "one household": (
        ["GM0003"], [("cells", "buurten", "huishoudens", [9], "1"), ("cells", "buurten", "huishoudens", [10], "")],
        "tables of Derde: found households: 1 in all; possible: two at least",
    ),
    "a decimal comma": (ALL, [("cells", "wijken", "hh_grootte", [1], "2,0")], "row 3, column hh_grootte: found a decimal comma"),
    "a negative number": (ALL, [("cells", "buurten", "inwoners", [0], "-210")], "row 2, column inwoners: found -210"),
    "more than all": (ALL, [("cells", "tenure", "p_corp", [2], "101")], "tenure.csv, row 4, column p_corp: found 101"),
    "more people than there are": (ALL, [("cells", "buurten", "huishoudens", [0], "1e12")], "column huishoudens: found '1e12'"),
    "a buurt twice": (ALL, [("double", "buurten", "code", [0], "")], "buurten.csv, row 13, column code: found BU00010101 again"),
    "no table of gemeenten": (ALL, [("file", "gemeenten", "code", [], "")], "gemeente.data: found no file gemeenten.csv"),
}  # fmt: skip


def spoilt(wrong):
    of = invented.tables()
    for kind, name, column, rows, cell in wrong:
        of = damaged(of, (kind, name, column, rows or list(range(len(of[name]))), cell))
    return of


@pytest.mark.parametrize(("codes", "wrong"), HARMLESS.values(), ids=HARMLESS)
def test_what_can_be_filled_gives_a_whole_town(codes, wrong, tmp_path, rooms):
    of = spoilt(wrong)
    town, world, _ = town_of(of, codes, tmp_path, rooms)
    is_whole(town, world, of)


@pytest.mark.parametrize(("codes", "wrong", "said"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_filled_is_refused_by_name(codes, wrong, said, tmp_path, rooms):
    with pytest.raises(Refused) as refused:
        town_of(spoilt(wrong), codes, tmp_path, rooms)
    assert said in str(refused.value)
    is_told(refused.value)
