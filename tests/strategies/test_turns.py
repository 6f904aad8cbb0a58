"""The turns of persons: the two fast ways give what `in_turn` gives, which asks for every cost again before every turn."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model.randomness import Luck
from model.strategies import cheapest, in_turn, least_loaded

COSTS = st.lists(st.sampled_from([0.0, 1.0, 2.5, np.inf]), max_size=12)
GROUPS = st.lists(st.integers(0, 3), max_size=12)
LOADS = st.lists(st.integers(-3, 3), min_size=4, max_size=4)
SIZES = st.lists(st.sampled_from([1.0, 2.0, 7.0]), min_size=4, max_size=4)


def homes(vacancies, count, reserved):
    """So many vacancies; where they are does not matter here."""
    plain = dict.fromkeys(("buurt", "portiek", "rent", "months_vacant", "known_in_portiek"), [1] * count)
    return vacancies(reserved, dwelling=[10 + k for k in range(count)], **plain)


@given(COSTS, st.integers(0, 9), st.integers(0, 9), st.integers(0, 1000))
def test_the_cheapest_is_what_in_turn_gives_where_costs_stay(vacancies, queue, costs, reserved, persons, seed):
    offered, cost, luck = homes(vacancies, len(costs), reserved), np.array(costs), Luck(seed, 1)
    expected = in_turn(offered, queue(persons), luck, lambda: cost, lambda i: None)
    assert [tuple(pair) for pair in cheapest(offered, queue(persons), luck, cost)] == expected


@given(GROUPS, LOADS, SIZES, st.integers(0, 9), st.integers(0, 9), st.integers(0, 1000))
def test_the_least_loaded_is_what_in_turn_gives_where_a_placement_adds_to_its_group(
    vacancies, queue, groups, loads, sizes, reserved, persons, seed
):
    offered, group, size, luck = homes(vacancies, len(groups), reserved), np.array(groups, int), np.array(sizes), Luck(seed, 1)
    load = np.array(loads, float)

    def taken(i: int) -> None:
        load[group[i]] += 1.5

    found = [tuple(pair) for pair in least_loaded(offered, queue(persons), luck, group, load, size, 1.5)]
    assert load.tolist() == loads, "what a strategy hands over is not changed"
    assert found == in_turn(offered, queue(persons), luck, lambda: load[group] / size[group], taken)
