"""A number without papers is refused: missing, unknown, mistyped or out of range, and all of it at once."""

import copy
from enum import IntEnum
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.parameters import ENTRY, STATUSES, Problem, Refused, per, range_of, read
from model.rooms import blocks, read_rooms


class Bread(IntEnum):
    WIT = 0
    BRUIN = 1


class Shop(IntEnum):
    HOEK = 3
    MARKT = 5


class Bakery(NamedTuple):
    heat: float
    ovens: int
    open_sunday: bool
    price: per(Bread)  # type: ignore[valid-type]
    sold_at: per(Bread, Shop)  # type: ignore[valid-type]


def entry(value, bounds=(0, 10)):
    return {"value": value, "unit": "-", "range": list(bounds), "source": "a baker", "status": "assumed"}


@pytest.fixture
def entries():
    return {
        "heat": entry(2.5),
        "ovens": entry(3),
        "open_sunday": entry(True, (0, 1)),
        "price": entry({"wit": 1.0, "bruin": 2}),
        "sold_at": entry({"wit": "markt", "bruin": "hoek"}),
    }


def problems(entries) -> list[Problem]:
    with pytest.raises(Refused) as refused:
        read(Bakery, entries, "parameters.bakery")
    return refused.value.problems


def test_a_block_is_read_into_its_types(entries):
    block = read(Bakery, entries, "parameters.bakery")
    assert block.heat == 2.5 and block.ovens == 3 and block.open_sunday is True
    assert block.price.dtype == np.float64 and block.price.tolist() == [1.0, 2.0]
    assert block.sold_at.dtype == np.int64 and block.sold_at.tolist() == [Shop.MARKT, Shop.HOEK]


def test_arrays_are_indexed_by_the_code_and_not_by_the_order_in_the_file(entries):
    entries["price"] = entry({"bruin": 2.0, "wit": 1.0})
    assert read(Bakery, entries, "x").price[Bread.WIT] == 1.0


def test_each_code_may_have_a_range_of_its_own(entries):
    entries["price"] = entry({"wit": 1.0, "bruin": 20.0}) | {"range": {"wit": [0, 2], "bruin": [10, 30]}}
    assert read(Bakery, entries, "x").price.tolist() == [1.0, 20.0]
    entries["price"]["value"]["wit"] = 20.0
    del entries["price"]["range"]["bruin"]
    [first, *rest] = problems(entries)
    assert first.where == "parameters.bakery.price.value.wit" and first.expected == "a number from 0 to 2" and not rest
    entries["price"]["value"]["wit"] = 1.0
    [problem] = problems(entries)
    assert problem.where == "parameters.bakery.price.range.bruin" and problem.found == "None"


def test_a_whole_number_for_a_float_becomes_a_float(entries):
    """Else every kernel would be compiled a second time for it."""
    entries["heat"] = entry(2)
    assert type(read(Bakery, entries, "x").heat) is float


def test_a_float_that_is_whole_may_stand_for_an_int(entries):
    entries["ovens"] = entry(3.0)
    assert type(read(Bakery, entries, "x").ovens) is int


def test_what_is_missing_is_refused(entries):
    del entries["heat"]
    assert [(p.where, p.found) for p in problems(entries)] == [("parameters.bakery.heat", "nothing")]


def test_what_is_unknown_is_refused_and_the_known_names_are_told(entries):
    entries["heet"] = entry(1.0)
    [problem] = problems(entries)
    assert problem.where == "parameters.bakery.heet" and "heat" in problem.expected


@pytest.mark.parametrize("value", [-0.001, 10.001, float("nan"), float("inf"), -float("inf")])
def test_what_is_out_of_range_is_refused(entries, value):
    entries["heat"] = entry(value)
    [problem] = problems(entries)
    assert problem.where == "parameters.bakery.heat.value" and problem.expected == "a number from 0 to 10"


@pytest.mark.parametrize("value", [0, 10])
def test_the_ends_of_the_range_are_in_it(entries, value):
    entries["heat"] = entry(value)
    assert read(Bakery, entries, "x").heat == value


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("heat", "2.5", "a number from 0 to 10"),
        ("heat", None, "a number from 0 to 10"),
        ("heat", True, "a number from 0 to 10"),  # in Python True is 1; here it is a slip of the pen
        ("heat", [1.0], "a number from 0 to 10"),
        ("ovens", 2.5, "a whole number from 0 to 10"),
        ("ovens", True, "a whole number from 0 to 10"),
        ("open_sunday", 1, "true or false"),
        ("open_sunday", "yes", "true or false"),
        ("price", 1.0, "one number for each of wit, bruin"),
        ("price", {"wit": 1.0}, "one number for each of wit, bruin"),
        ("price", {"wit": 1.0, "bruin": 1.0, "grijs": 1.0}, "one number for each of wit, bruin"),
        ("price", {"wit": 1.0, "bruin": "2"}, "a number from 0 to 10"),
        ("price", {"wit": 1.0, "bruin": 11}, "a number from 0 to 10"),
        ("sold_at", {"wit": "markt", "bruin": "kelder"}, "hoek, markt"),
        ("sold_at", {"wit": "markt", "bruin": 3}, "hoek, markt"),
    ],
)
def test_a_wrong_type_is_refused_with_what_is_possible(entries, name, value, expected):
    entries[name] = entry(value)
    [problem] = problems(entries)
    assert problem.where.startswith(f"parameters.bakery.{name}.value") and problem.expected == expected


@pytest.mark.parametrize("paper", ENTRY)
def test_every_paper_must_be_there(entries, paper):
    del entries["heat"][paper]
    [problem] = problems(entries)
    assert problem.where == "parameters.bakery.heat" and paper in problem.expected


@pytest.mark.parametrize("bare", [2.5, "2.5", None, [1, 2]])
def test_a_bare_value_is_not_an_entry(entries, bare):
    entries["heat"] = bare
    [problem] = problems(entries)
    assert problem.where == "parameters.bakery.heat"


def test_an_unknown_status_is_refused(entries):
    entries["heat"]["status"] = "guessed"
    [problem] = problems(entries)
    assert problem.where.endswith("heat.status") and problem.expected == ", ".join(STATUSES)


def test_every_problem_is_told_at_once(entries):
    del entries["heat"]
    entries["heet"] = entry(1.0)
    entries["ovens"] = entry(-1)
    entries["open_sunday"] = entry("no")
    entries["price"] = entry({"wit": 99, "bruin": 1})
    where = [p.where.removeprefix("parameters.bakery.") for p in problems(entries)]
    assert where == ["heat", "heet", "ovens.value", "open_sunday.value", "price.value.wit"]


def test_a_refusal_reads_as_one_line_per_problem(entries):
    entries["heat"], entries["ovens"] = entry(11), entry(0.5)
    with pytest.raises(Refused) as refused:
        read(Bakery, entries, "parameters.bakery")
    assert str(refused.value).splitlines() == [
        "parameters.bakery.heat.value: found 11; possible: a number from 0 to 10",
        "parameters.bakery.ovens.value: found 0.5; possible: a whole number from 0 to 10",
    ]


@given(st.floats(allow_nan=False), st.floats(-100, 100), st.floats(0, 100))
def test_a_number_is_read_exactly_when_it_lies_in_its_range(value, low, width):
    class One(NamedTuple):
        x: float

    entries = {"x": entry(value, (low, low + width))}
    if low <= value <= low + width:
        assert read(One, entries, "x").x == value
    else:
        with pytest.raises(Refused):
            read(One, entries, "x")


def test_the_configuration_is_accepted_as_it_stands(parameters, rooms):
    assert set(parameters) == set(blocks()) == set(rooms._fields)


def test_every_range_of_the_configuration_holds_its_value_and_has_a_source(parameters):
    """`read` checks the value; here: the range is an interval, and source and unit are words."""
    for room, entries in parameters.items():
        for name, found in entries.items():
            codes = found["value"] if isinstance(found["value"], dict) else [""]
            assert all(low <= high for low, high in (range_of(found, code) for code in codes)), f"{room}.{name}"
            assert str(found["source"]).strip() and str(found["unit"]).strip(), f"{room}.{name}"


def test_problems_of_several_rooms_are_told_at_once(parameters):
    wrong = copy.deepcopy(parameters)
    wrong["bakery"] = {}
    del wrong["landing"]
    wrong["draagkracht"]["shape"]["value"] = 99
    del wrong["ledger"]["payer"]
    with pytest.raises(Refused) as refused:
        read_rooms(wrong)
    where = {p.where for p in refused.value.problems}
    assert where == {
        "parameters.bakery",
        "parameters.landing.after_months",
        "parameters.landing.some_network",
        "parameters.draagkracht.shape.value",
        "parameters.ledger.payer",
    }
