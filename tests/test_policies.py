"""A policy is data: a lever, a value, from a month, until a month; one policy per lever at a time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import strategies
from model.parameters import Refused
from model.policies import BOUNDS, FOREVER, Levers, Setting, checked, levers_at, refuse_clashes, setting

NAMES = strategies.names()
SWITCHES = [name for name, kind in Levers.__annotations__.items() if kind is bool]


def line(**changed):
    return {"lever": "driegesprek", "value": True, "from": 1, "source": "m37"} | changed


def refusal(call, *args) -> str:
    with pytest.raises(Refused) as refused:
        call(*args)
    return str(refused.value)


def test_a_line_becomes_a_setting():
    assert setting("goed", line(), NAMES) == Setting("driegesprek", True, 1, FOREVER, "goed")
    assert setting("goed", line(until=13), NAMES) == Setting("driegesprek", True, 1, 13, "goed")


@pytest.mark.parametrize("missing", ["lever", "value", "from", "source"])
def test_a_line_without_lever_value_month_or_source_is_refused(missing):
    short = {k: v for k, v in line().items() if k != missing}
    assert "lever, value, from, source" in refusal(setting, "kort", short, NAMES)


def test_an_unknown_word_in_a_line_is_refused():
    assert "policies.extra" in refusal(setting, "extra", line(tot=12), NAMES)


@pytest.mark.parametrize(("start", "end"), [(0, 10), (-3, 10), (5, 5), (6, 5), (1.0, 5), ("1", 5), (1, 2.5), (1, None)])
def test_months_are_whole_from_one_on_and_in_order(start, end):
    """Month 0 is the same for all scenarios, so that no policy starts before month 1."""
    assert "whole months" in refusal(setting, "maand", {**line(), "from": start, "until": end}, NAMES)


def test_an_unknown_lever_is_refused_with_the_known():
    said = refusal(checked, "toverstaf", True, "policies.x", NAMES)
    assert all(lever in said for lever in Levers._fields)


@pytest.mark.parametrize("lever", SWITCHES)
@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_a_switch_is_true_or_false(lever, value):
    assert checked(lever, True, "x", NAMES) is True
    assert "true or false" in refusal(checked, lever, value, "x", NAMES)


@pytest.mark.parametrize("lever", list(BOUNDS))
def test_a_number_lies_within_its_bounds(lever):
    low, high = BOUNDS[lever]
    assert checked(lever, low, "x", NAMES) == low and checked(lever, high, "x", NAMES) == high
    for value in (low - 0.01, high + 0.01, float("nan"), "0.3", None, True):
        assert f"a number from {low} to {high}" in refusal(checked, lever, value, "x", NAMES)


def test_a_whole_number_becomes_a_float():
    """Else a kernel would be compiled a second time for it."""
    assert type(checked("quota", 1, "x", NAMES)) is float


def test_a_strategy_is_a_file_of_model_strategies():
    assert [checked("strategie", name, "x", NAMES) for name in NAMES] == NAMES
    assert "loting" in refusal(checked, "strategie", "willekeur", "x", NAMES)


def test_every_lever_can_be_checked(huidig):
    """Each has a kind that `checked` knows, and today's value passes."""
    for lever, value in huidig._asdict().items():
        assert checked(lever, value, "x", NAMES) == value


def test_two_policies_on_one_lever_in_one_month_are_refused():
    a, b = Setting("quota", 0.2, 1, 24, "laag"), Setting("quota", 0.4, 23, 99, "hoog")
    assert "policies laag and hoog both set quota in month 23" in refusal(refuse_clashes, [a, b], "scenarios.x")


def test_every_clash_is_told():
    one, two, three = (Setting("quota", q, 1, 24, name) for q, name in ((0.1, "a"), (0.2, "b"), (0.3, "c")))
    with pytest.raises(Refused) as refused:
        refuse_clashes([one, two, three], "x")
    assert len(refused.value.problems) == 3


def test_one_lever_after_another_and_two_levers_at_once_are_fine(huidig):
    settings = [
        Setting("quota", 0.2, 1, 24, "eerst"),
        Setting("quota", 0.4, 24, FOREVER, "dan"),
        Setting("driegesprek", True, 1, FOREVER, "praten"),
    ]
    refuse_clashes(settings, "x")
    assert [levers_at(m, huidig, settings).quota for m in (0, 1, 23, 24, 500)] == [0.3, 0.2, 0.2, 0.4, 0.4]
    assert [levers_at(m, huidig, settings).driegesprek for m in (0, 1, 500)] == [False, True, True]


MONTH = st.integers(1, 40)


@given(MONTH, MONTH, st.integers(-36, 60))
def test_a_setting_holds_from_its_first_month_until_its_last(huidig, start, length, month):
    policy = Setting("bereikbaarheid", 0.9, start, start + length, "x")
    wanted = 0.9 if start <= month < start + length else huidig.bereikbaarheid
    now = levers_at(month, huidig, [policy])
    assert now.bereikbaarheid == wanted
    assert now._replace(bereikbaarheid=0.0) == huidig._replace(bereikbaarheid=0.0), "no other lever moves"


@given(MONTH, MONTH, MONTH, MONTH)
def test_settings_clash_exactly_when_some_month_has_both(start, length, other_start, other_length):
    a = Setting("quota", 0.1, start, start + length, "a")
    b = Setting("quota", 0.2, other_start, other_start + other_length, "b")
    if set(range(a.start, a.end)) & set(range(b.start, b.end)):
        refusal(refuse_clashes, [a, b], "x")
    else:
        refuse_clashes([a, b], "x")


@given(st.integers(0, 100))
def test_without_policies_every_month_is_as_today(huidig, month):
    assert levers_at(month, huidig, []) == huidig
