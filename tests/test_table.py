"""A table is a set of declared columns of one length."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.table import Table, column, in_order


class Bakers(Table):
    """Three columns, one of them two values wide."""

    identity: np.ndarray = column("u8", "-", "who bakes")
    loaves: np.ndarray = column("f4", "per day", "what they bake", initial=2.5)
    ovens: np.ndarray = column("u1", "row", "two ovens", width=2)


@pytest.fixture
def bakers() -> Bakers:
    table = Bakers(3)
    table.identity[:] = [7, 8, 9]
    table.ovens[:] = [[1, 2], [3, 4], [5, 6]]
    return table


def test_a_new_table_is_empty_rows_of_the_declared_type():
    table = Bakers(4)
    assert list(table.columns()) == ["identity", "loaves", "ovens"]
    assert (table.identity.dtype, table.loaves.dtype, table.ovens.dtype) == (np.uint64, np.float32, np.uint8)
    assert table.identity.tolist() == [0, 0, 0, 0] and table.loaves.tolist() == [2.5] * 4
    assert table.ovens.shape == (4, 2)


def test_a_copy_has_a_life_of_its_own(bakers):
    twin = bakers.copy()
    assert twin.differing(bakers) == [] and twin.rows == 3
    twin.loaves[0] = 9.0
    assert bakers.loaves[0] == 2.5


def test_differing_names_the_columns_that_are_not_bit_equal(bakers):
    twin = bakers.copy()
    twin.ovens[2, 1] = 0
    twin.loaves[0] = np.nextafter(np.float32(2.5), np.float32(3.0))  # the last bit is enough
    assert bakers.differing(twin) == ["loaves", "ovens"]


def test_growing_adds_empty_rows_at_the_end(bakers):
    bakers.grow(5)
    assert bakers.rows == 5
    assert bakers.identity.tolist() == [7, 8, 9, 0, 0] and bakers.loaves.tolist() == [2.5] * 5
    assert bakers.ovens.tolist() == [[1, 2], [3, 4], [5, 6], [0, 0], [0, 0]]


def test_new_rows_have_what_is_given_and_may_stand_anywhere(bakers):
    """Of 7, 8 and 9 and the new 10, 11 and 12 (numbers 3, 4 and 5): 7 10 11 9 12."""
    new = (np.array([10, 11, 12], np.uint64), np.array([1, 2, 3], np.float32), np.full((3, 2), 9, np.uint8))
    bakers.renew(np.array([0, 3, 4, 2, 5]), *new)
    assert bakers.rows == 5
    assert bakers.identity.tolist() == [7, 10, 11, 9, 12] and bakers.loaves.tolist() == [2.5, 1.0, 2.0, 2.5, 3.0]
    assert bakers.ovens.tolist() == [[1, 2], [9, 9], [9, 9], [5, 6], [9, 9]]


@given(st.lists(st.tuples(st.integers(-3, 5), st.integers(1, 2**62)), max_size=30, unique_by=lambda x: x[1]))
def test_in_order_is_by_number_and_of_one_number_by_identity(people):
    number, identity = np.array(people, np.int64).reshape(-1, 2).T
    assert in_order(number, identity.astype(np.uint64)).tolist() == sorted(range(len(people)), key=people.__getitem__)


@given(st.integers(0, 8), st.integers(0, 5), st.data())
def test_rows_become_those_of_the_order(rows, more, data):
    order = data.draw(st.permutations(range(rows + more)))[: data.draw(st.integers(0, rows + more))]
    table = Bakers(rows)
    table.identity[:] = np.arange(rows)
    new = Bakers(more)
    new.identity[:], new.loaves[:] = np.arange(rows, rows + more), 1.0
    table.renew(np.array(order, np.int64), new.identity, new.loaves, new.ovens)
    assert table.identity.tolist() == order and table.rows == len(order) == table.ovens.shape[0]
    assert table.loaves.tolist() == [2.5 if k < rows else 1.0 for k in order]
    assert (table.identity.dtype, table.loaves.dtype) == (np.uint64, np.float32)


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_keeping_some_rows_keeps_their_order(mask):
    table = Bakers(len(mask))
    table.identity[:] = np.arange(1, len(mask) + 1)
    table.ovens[:, 1] = np.arange(len(mask))
    table.keep(np.array(mask))
    stay = [i for i, kept in enumerate(mask) if kept]
    assert table.rows == len(stay)
    assert table.identity.tolist() == [i + 1 for i in stay] and table.ovens[:, 1].tolist() == stay


def test_clearing_makes_rows_empty_except_for_what_stays(bakers):
    bakers.loaves[:] = 1.0
    bakers.clear(np.array([0, 2]), but=("ovens",))
    assert bakers.identity.tolist() == [0, 8, 0] and bakers.loaves.tolist() == [2.5, 1.0, 2.5]
    assert bakers.ovens.tolist() == [[1, 2], [3, 4], [5, 6]]


def test_a_table_knows_its_size_in_memory():
    assert Bakers(10).nbytes == 10 * (8 + 4 + 2 * 1)
