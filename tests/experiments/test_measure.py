"""Runs of one world: months that are shared, runs that are kept apart, and one that fails without the others."""

import numpy as np
import pytest

from experiments.engine import measure
from experiments.engine.measure import Asked, Failed, Ground, blocks, live
from model.city import City
from model.policies import FOREVER, Setting

MONTHS = 14


@pytest.fixture
def ground(small_town, lively, huidig):
    return Ground(small_town(), lively, huidig, 6, frozenset())


@pytest.fixture
def lived_months(monkeypatch):
    """How many months any city has lived, the warm-up included."""
    count = [0]
    step = City.begin_month

    def counted(city):
        count[0] += 1
        return step(city)

    monkeypatch.setattr(City, "begin_month", counted)
    return count


def asked(name, *settings, months=MONTHS, detail="monthly", apart=False):
    return Asked(name, "", name, 1, tuple(settings), months, detail, apart)


def from_month(month, strategie="concentratie"):
    return Setting("strategie", strategie, month, FOREVER, strategie)


def equal(a, b):
    return all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


def test_scenarios_that_part_in_month_9_share_eight_months_and_end_as_if_each_had_lived_alone(ground, lived_months):
    base, late, early = asked("base"), asked("late", from_month(9)), asked("early", from_month(1, "spreiding"))
    together = {a.key: run for a, run in live(ground, 1, (base, late, early))}
    assert lived_months[0] == 6 + MONTHS + MONTHS + (MONTHS - 8)
    for a in (base, late, early):
        [(_, alone)] = live(ground, 1, (a,))
        assert equal(together[a.key], alone), a.key
    assert not equal(together["base"], together["late"])


def test_a_shorter_run_is_the_beginning_of_a_longer_one(ground, lived_months):
    short, long = asked("short", months=12), asked("long")
    found = {a.key: run for a, run in live(ground, 1, (short, long))}
    assert lived_months[0] == 6 + MONTHS
    [(_, alone)] = live(ground, 1, (short,))
    assert equal(found["short"], alone)


def test_a_run_that_is_kept_apart_lives_its_own_months_and_is_the_same(ground, lived_months):
    placebo = asked("placebo", Setting("driegesprek", ground.huidig.driegesprek, 1, FOREVER, "placebo"), apart=True)
    found = {a.key: run for a, run in live(ground, 1, (asked("base"), placebo))}
    assert lived_months[0] == 6 + 2 * MONTHS
    assert equal(found["base"], found["placebo"])


def test_a_run_that_fails_takes_only_those_along_that_share_its_months(ground, monkeypatch):
    prepare = City.prepare_lettings

    def fails(city):
        if city.levers.strategie == "concentratie" and city.month == 10:
            raise RuntimeError("month 10 can not be")
        prepare(city)

    monkeypatch.setattr(City, "prepare_lettings", fails)
    found = {a.key: x for a, x in live(ground, 1, (asked("bad", from_month(3)), asked("base"), asked("other", from_month(12))))}
    assert isinstance(found["bad"], Failed) and "month 10 can not be" in found["bad"].traceback
    assert not isinstance(found["base"], Failed) and not isinstance(found["other"], Failed)


def test_a_world_that_can_not_be_built_fails_all_its_runs(ground, monkeypatch):
    monkeypatch.setattr(measure, "built", lambda *_: 1 / 0)
    found = list(live(ground, 1, (asked("a"), asked("b"))))
    assert [type(x) for _, x in found] == [Failed, Failed] and "ZeroDivisionError" in found[0][1].traceback


def test_what_summary_keeps_is_part_of_what_monthly_keeps(ground):
    found = {a.key: run for a, run in live(ground, 1, (asked("monthly"), asked("summary", detail="summary")))}
    buurten, years = 6, (0, 12, MONTHS)
    assert [b.months for b in blocks("summary", MONTHS, 1)] == [years, years]
    gemeente, by_buurt = found["summary"].indicators[: len(years)], found["summary"].indicators[len(years) :]
    first = MONTHS + 1
    assert np.array_equal(gemeente, found["monthly"].indicators[first : first + len(years)], equal_nan=True)
    assert np.array_equal(by_buurt, found["monthly"].indicators[-len(years) * buurten :], equal_nan=True)


def test_full_keeps_every_buurt_in_every_month(ground):
    [(_, run)] = live(ground, 1, (asked("full", detail="full"),))
    assert [b.level for b in blocks("full", MONTHS, 1)] == ["gemeente", "gemeente", "wijk", "buurt"]
    assert len(run.indicators) == (MONTHS + 1) + 3 + 3 * 3 + 6 * (MONTHS + 1)
