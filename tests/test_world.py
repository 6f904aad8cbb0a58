"""The tables of the city: what a row is, and that a copy is a world of its own."""

import numpy as np
import pytest

from model.world import Count, World

COLUMNS = [(table, name, column) for table, kind in World.tables().items() for name, column in kind.columns().items()]


@pytest.mark.parametrize(("table", "name", "column"), COLUMNS, ids=[f"{t}.{n}" for t, n, _ in COLUMNS])
def test_every_column_has_a_unit_and_a_meaning(table, name, column):
    assert column.unit and column.meaning
    assert np.array([column.initial]).astype(column.dtype)[0] == column.initial, "an empty row fits the type"


def test_a_copy_is_bit_equal_and_has_a_life_of_its_own(small_city):
    world = small_city(months=2).world
    twin = world.copy()
    assert world.differing(twin) == [] and twin.month == world.month
    twin.dwellings.tolerance[0] += 0.25
    twin.counts[0, Count.KLACHTEN] += 1
    twin.corporaties.carry[0] += 1.0
    assert world.differing(twin) == ["dwellings.tolerance", "corporaties.carry", "counts"]


def test_free_rows_are_used_before_the_table_grows(small_world):
    world = small_world()
    persons = world.persons
    taken = np.flatnonzero(persons.identity)
    persons.clear(taken[[2, 5]])
    free = np.flatnonzero(persons.identity == 0)
    rows = persons.rows
    assert np.array_equal(world.new_persons(2), free[:2]) and persons.rows == rows
    many = world.new_persons(rows)
    assert persons.rows > rows and np.unique(many).size == rows
    assert (persons.identity[many] == 0).all()


def test_the_start_is_the_same_for_the_same_seed_and_another_for_another(small_world):
    assert small_world(seed=1).differing(small_world(seed=1)) == []
    assert "dwellings.ses" in small_world(seed=1).differing(small_world(seed=2))


def test_in_the_lively_town_everything_happens(small_city, lively):
    """What other tests rely on: within two years there is no counter that stays at zero."""
    counts = small_city(rooms=lively, months=24).record.counts[:25]
    assert [count.name for count in Count if counts[..., count].sum() == 0] == []
