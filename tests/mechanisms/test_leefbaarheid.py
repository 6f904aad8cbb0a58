"""Leefbaarheid: the start plus what people changed; incidents are remembered and fade."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import leefbaarheid
from model.mechanisms.leefbaarheid import score, weighed
from model.randomness import Luck
from model.world import Count

NUMBER, WEIGHT = st.floats(-2, 2), st.floats(0.0, 2.0)


def test_score_by_hand():
    """0.1 + 0.6 x 0.05 - 0.02 x 2 = 0.09."""
    assert score(0.1, 0.05, 2.0, 0.6, 0.02) == pytest.approx(0.09)


@given(NUMBER, NUMBER, NUMBER, NUMBER, NUMBER, WEIGHT, WEIGHT)
def test_cohesion_raises_it_and_nuisance_lowers_it(
    start, samenhang, more_samenhang, overlast, more_overlast, of_samenhang, of_overlast
):
    little, much = sorted((samenhang, more_samenhang))
    quiet, loud = sorted((overlast, more_overlast))
    assert score(start, little, loud, of_samenhang, of_overlast) <= score(start, much, quiet, of_samenhang, of_overlast) + 1e-12


@given(NUMBER)
def test_no_change_leaves_it_where_it_started(start):
    assert score(start, 0.0, 0.0, 0.6, 0.02) == start


@pytest.fixture(scope="module")
def p():
    return leefbaarheid.Parameters(
        memory_kept_per_month=0.9,
        weight_escalation=5.0,
        weight_crisis=3.0,
        weight_police=2.0,
        weight_failure=3.0,
        weight_success=0.3,
        score_of_samenhang=0.6,
        score_of_overlast=0.02,
    )


def test_events_by_hand(p):
    """Four often bothered, and one of each: 4 + 2 (police) + 3 (crisis) + 5 (escalation) + 3 (failed) - 0.3 (success) = 16.7."""
    assert weighed(4, 1, 1, 1, 1, 1, p) == pytest.approx(16.7)


def quiet_town(small_world):
    """Ties and tolerance at 0.4 and 0.6, hence cohesion 0.5, as at the start."""
    world = small_world()
    b = world.buurten
    b.ties[:], b.tolerance[:], b.samenhang_start[:] = 0.4, 0.6, 0.5
    return world


def test_overlast_by_hand(small_world, p, huidig, luck):
    """In buurt 0: one often bothered, an escalation (5), a crisis (3) and a police report (2). A tenth of it is felt at once."""
    world = quiet_town(small_world)
    b = world.buurten
    for count in (Count.VAAK_HINDER, Count.ESCALATIES_PERSONEN, Count.CRISES, Count.POLITIEMELDINGEN):
        world.counts[0, count] = 1
    felt = 100.0 * (1 + 5 + 3 + 2) / b.homes[0]
    leefbaarheid.step(world, p, huidig, luck)
    assert b.overlast[0] == pytest.approx(0.1 * felt) and (b.overlast[1:] == 0.0).all()
    assert b.score[0] == pytest.approx(b.start_score[0] - 0.02 * 0.1 * felt)
    assert b.score[1:] == pytest.approx(b.start_score[1:])


def test_an_escalation_of_households_weighs_as_much_as_one_around_a_person(small_world, p, huidig, luck):
    felt = []
    for count in (Count.ESCALATIES_HUISHOUDENS, Count.ESCALATIES_PERSONEN):
        world = quiet_town(small_world)
        world.counts[:-1, count] = 4
        leefbaarheid.step(world, p, huidig, luck)
        felt.append(world.buurten.overlast.tolist())
    assert felt[0] == felt[1] and min(felt[0]) > 0


def test_what_happened_fades(small_world, p, huidig):
    """After three quiet months 0.9 ** 3 of it is left."""
    world = quiet_town(small_world)
    world.buurten.overlast[:] = 10.0
    for month in (1, 2, 3):
        leefbaarheid.step(world, p, huidig, Luck(1, month))
    assert world.buurten.overlast == pytest.approx(np.full(6, 10.0 * 0.9**3))


def test_the_start_is_the_mean_of_the_last_twelve_months_of_the_warm_up(small_world, p, huidig):
    """Cohesion of 0.1, 0.2, ..., 1.2 in months -11 to 0: the mean is 0.65. Month -12 does not count, nor does month 1.

    Old trouble fades from 10: its start is the mean of 10 x 0.9^2 to 10 x 0.9^13, and in month 1 10 x 0.9^14 is left.
    """
    world = quiet_town(small_world)
    b = world.buurten
    b.samenhang_start[:], b.overlast[:] = 0.0, 10.0
    for month, level in [(-12, 9.0), *((m, 0.1 * (m + 12)) for m in range(-11, 1)), (1, 9.0)]:
        b.ties[:] = b.tolerance[:] = level
        leefbaarheid.step(world, p, huidig, Luck(1, month))
        if month < 0:
            assert np.array_equal(b.score, b.start_score), "until month 0 the score is that of the tables"
    assert b.samenhang_start == pytest.approx(np.full(6, 0.65))
    assert b.warm_months.tolist() == [12.0] * 6
    felt_before = 10.0 * np.mean([0.9**k for k in range(2, 14)])
    assert b.overlast_start == pytest.approx(np.full(6, felt_before))
    assert b.score == pytest.approx(b.start_score + 0.6 * (9.0 - 0.65) - 0.02 * (10.0 * 0.9**14 - felt_before))


def test_a_placement_that_failed_is_remembered_ten_times_as_much_as_one_that_went_well(small_world, p, huidig, luck):
    """Of 3 and of -0.3 per 100 homes a tenth is felt at once, and one that fails takes ten that go well to make up for."""
    felt = []
    for failed, landed in ((1, 0), (0, 1), (1, 10)):
        world = quiet_town(small_world)
        world.counts[0, Count.THUIS_VERLOREN], world.counts[0, Count.GELAND_ZACHT] = failed, landed
        leefbaarheid.step(world, p, huidig, luck)
        felt.append(world.buurten.overlast[0] * world.buurten.homes[0] / 100.0)
    assert felt == pytest.approx([0.3, -0.03, 0.0], abs=1e-12)
