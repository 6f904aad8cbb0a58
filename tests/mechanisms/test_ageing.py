"""Once a year a part of each age class passes to the next."""

import numpy as np
import pytest

from model.mechanisms import ageing
from model.randomness import Luck
from model.world import AgeClass


def grown_older(small_world, huidig, to_next, month=1):
    """Age classes before and after the step, of lived-in homes and of vacant ones."""
    world = small_world()
    d = world.dwellings
    before, lived = d.age_class.copy(), d.identity != 0
    ageing.step(world, ageing.Parameters(np.array(to_next)), huidig, Luck(1, month))
    return before, d.age_class, lived


def test_who_must_pass_on_passes_on_by_one_class(small_world, huidig):
    """Chance 1 for the youngest and 0 for the others: class 0 becomes 1, and who was 1 stays 1."""
    before, after, lived = grown_older(small_world, huidig, [1.0, 0.0, 0.0, 0.0])
    assert np.array_equal(after[lived], np.maximum(before[lived], AgeClass.VAN_35_TOT_65))


def test_a_vacant_home_does_not_grow_older(small_world, huidig):
    before, after, lived = grown_older(small_world, huidig, [1.0, 1.0, 1.0, 0.0])
    assert not lived.all() and np.array_equal(after[~lived], before[~lived])


@pytest.mark.parametrize(("month", "happens"), [(1, True), (2, False), (12, False), (13, True), (-11, False), (0, False)])
def test_it_happens_in_the_first_month_of_a_year_and_not_in_the_warm_up(small_world, huidig, month, happens):
    before, after, _ = grown_older(small_world, huidig, [1.0, 1.0, 1.0, 0.0], month)
    assert (before != after).any() == happens


def test_a_higher_chance_takes_the_same_people_and_more(small_world, huidig):
    before, few, _ = grown_older(small_world, huidig, [0.2, 0.2, 0.2, 0.0])
    _, many, _ = grown_older(small_world, huidig, [0.4, 0.4, 0.4, 0.0])
    assert (few > before).sum() < (many > before).sum()
    assert (many[few > before] > before[few > before]).all()


def test_the_share_that_passes_on_is_the_chance(small_world, huidig):
    """Of n in a class, n x 0.5 pass on, within five standard errors of a binomial."""
    before, after, lived = grown_older(small_world, huidig, [0.5, 0.0, 0.0, 0.0])
    young = lived & (before == AgeClass.TOT_35)
    n = young.sum()
    assert abs((after[young] > 0).sum() - 0.5 * n) < 5 * np.sqrt(0.25 * n)
