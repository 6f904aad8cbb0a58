"""What people learn of each other by taking on cases together, and lose with those who leave."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import samenwerking
from model.mechanisms.samenwerking import cases_per_1000_homes, next_samenwerking
from model.world import Count

SHARE, CASES = st.floats(0, 1), st.floats(0, 20)


@pytest.fixture(scope="session")
def p():
    return samenwerking.Parameters(
        ceiling_today=0.5,
        ceiling_of_driehoek=0.3,
        ceiling_of_visie=0.1,
        learning_per_month=0.01,
        learning_per_case=0.02,
        most_cases=3.0,
        lost_per_year=0.12,
    )


def test_a_month_by_hand(p):
    """From 0.2 to a ceiling of 0.5: 1% of 0.3 learnt, 1% of 0.2 lost. Two cases add 4%, and no more than three count."""
    assert next_samenwerking(0.2, 0.0, 0.5, p) == pytest.approx(0.2 + 0.003 - 0.002)
    assert next_samenwerking(0.2, 2.0, 0.5, p) == pytest.approx(0.2 + 0.015 - 0.002)
    assert next_samenwerking(0.2, 9.0, 0.5, p) == next_samenwerking(0.2, 3.0, 0.5, p)
    assert next_samenwerking(0.8, 0.0, 0.5, p) == pytest.approx(0.8 - 0.008), "above the ceiling it is only lost"


def test_cases_by_hand():
    """Six in 1,500 homes are 4 per 1,000. A wijk without homes has none to speak of, and nothing is divided by zero."""
    assert cases_per_1000_homes(6, 1500.0) == 4.0
    assert cases_per_1000_homes(0, 0.0) == 0.0


@given(SHARE, CASES, CASES, SHARE)
def test_cases_teach_and_it_stays_between_nothing_and_all(p, now, cases, more, ceiling):
    few, many = sorted((cases, more))
    assert 0.0 <= next_samenwerking(now, few, ceiling, p) <= next_samenwerking(now, many, ceiling, p) + 1e-12 <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("changed", "most"), [({}, 0.5), ({"driehoek": True}, 0.8), ({"driehoek": True, "woonzorgvisie": True}, 0.9)]
)
def test_the_way_of_working_sets_the_ceiling(p, huidig, changed, most):
    assert samenwerking.ceiling(p, huidig._replace(**changed)) == pytest.approx(most)


def test_it_is_learnt_in_the_wijk_that_has_the_cases(small_world, p, huidig, luck):
    """One crisis in the first buurt: its wijk learns more than the others, by 2% of what is missing per case per 1,000 homes."""
    world = small_world()
    world.wijken.samenwerking[:] = 0.2
    world.counts[0, Count.CRISES] = 1
    samenwerking.step(world, p, huidig, luck)
    grown = world.wijken.samenwerking - 0.2
    first = world.buurten.wijk[0]
    cases = min(1000.0 / world.wijken.homes[first], 3.0)
    assert grown[first] == pytest.approx((0.01 + 0.02 * cases) * 0.3 - 0.002)
    assert np.delete(grown, first) == pytest.approx(0.003 - 0.002)
