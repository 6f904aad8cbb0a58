"""A block of parameters comes out of its array as it went in: in Python, and in a kernel."""

from typing import NamedTuple

import numba
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import packing
from model.mechanisms import inflow
from model.packing import packed, unpacked
from tests.test_parameters import Bakery, Shop


@numba.njit
def unpack_in_a_kernel(numbers):
    return unpacked(Bakery, numbers)


def bakery(heat=220.5, ovens=3, open_sunday=True, price=(2.5, 3.25), sold_at=(Shop.MARKT, Shop.HOEK)):
    return Bakery(heat, ovens, open_sunday, np.array(price), np.array(sold_at, np.int64))


def test_a_number_per_code_takes_a_place_per_code():
    assert packed(bakery()).tolist() == [220.5, 3, 1, 2.5, 3.25, 5, 3]


@given(
    st.builds(
        bakery,
        heat=st.floats(allow_nan=False),
        ovens=st.integers(-(2**53), 2**53),
        open_sunday=st.booleans(),
        price=st.tuples(st.floats(allow_nan=False), st.floats(allow_nan=False)),
        sold_at=st.tuples(st.sampled_from(Shop), st.sampled_from(Shop)),
    )
)
def test_what_goes_in_comes_out_with_the_type_that_it_had(given):
    for found in (unpacked(Bakery, packed(given)), unpack_in_a_kernel(packed(given))):
        assert isinstance(found, Bakery)
        for name, wanted in given._asdict().items():
            assert np.array_equal(getattr(found, name), wanted)
            assert np.asarray(getattr(found, name)).dtype == np.asarray(wanted).dtype


def test_every_block_of_the_model_comes_out_as_it_went_in(rooms):
    blocks = [block for block in rooms if all(isinstance(v, int | float) or np.ndim(v) == 1 for v in block)]
    assert len(blocks) > 16  # every mechanism has one
    for block in blocks:
        found = unpacked(type(block), packed(block))
        assert all(np.array_equal(a, b) for a, b in zip(found, block, strict=True))


def test_codes_of_another_kind_can_be_looked_up_by_in_a_kernel(rooms):
    """`origin` holds a Place for each Profile: as a whole number, with which a kernel looks up."""
    origin = numba.njit(lambda numbers: unpacked(inflow.Parameters, numbers).origin)(packed(rooms.inflow))
    assert origin.dtype == np.int64 and origin.tolist() == rooms.inflow.origin.tolist()


def test_a_block_is_packed_once_and_never_taken_for_another():
    """The array is found again by the block itself: an equal block, or one that is made where another was, has its own."""
    first, equal = bakery(), bakery()
    assert packed(first) is packed(first) and packed(first) is not packed(equal)
    for heat in range(packing.KEPT + 10):  # each may be made in the memory of the one before
        assert packed(bakery(heat=heat))[0] == heat


def test_a_block_that_has_no_numbers_is_refused():
    class Words(NamedTuple):
        name: str

    with pytest.raises(ValueError, match="could not convert"):
        packed(Words("bakker"))
