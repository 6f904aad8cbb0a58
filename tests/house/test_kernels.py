"""Every kernel is what it says in plain Python: a month of each mechanism, compiled and interpreted, gives the same world."""

import numpy as np
import pytest

from model import ledger
from model.city import MECHANISMS, City
from model.randomness import Luck
from model.world import World

TOLERANCE = 1e-6  # relative, of floats


def same(a: np.ndarray, b: np.ndarray) -> bool:
    """Integers equal; floats to the tolerance, and in single precision to four roundings of the largest value in the column."""
    if a.dtype.kind in "iub":
        return np.array_equal(a, b)
    largest = np.abs(a[np.isfinite(a)]).max(initial=1.0)
    return a.shape == b.shape and np.allclose(a, b, rtol=TOLERANCE, atol=4 * np.finfo(a.dtype).eps * largest)


def differences(one: World, other: World) -> list[str]:
    """Columns and counters of which two worlds are not the same."""
    pairs = {
        f"{t}.{c}": (getattr(getattr(one, t), c), getattr(getattr(other, t), c))
        for t in World.tables()
        for c in getattr(one, t).columns()
    }
    pairs |= {n: (getattr(one, n), getattr(other, n)) for n in ("counts", "by_profile", "by_place")}
    return [name for name, (a, b) in pairs.items() if not same(a, b)]


@pytest.fixture(scope="module")
def city(small_city, lively) -> City:
    """A lively town at the end of its first year: the next month is one in which people grow older."""
    return small_city(rooms=lively, months=12)


@pytest.fixture(scope="module")
def moments(small_city, lively, city) -> dict[str, tuple]:
    """For each mechanism the world that it finds in month 13, and all that it is given."""
    found: dict[str, tuple] = {}
    busy = small_city(rooms=lively, world=city.world)

    def live(mechanism, *more):
        name = mechanism.__name__.rpartition(".")[2]
        found[name] = (mechanism, busy.world.copy(), getattr(lively, name), busy.levers, busy.luck, more)
        City.live(busy, mechanism, *more)

    busy.live = live
    busy.step()
    return found


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_mechanism_is_what_it_says(plain_python, moments, name):
    mechanism, world, p, levers, luck, more = moments[name]
    compiled, written = world.copy(), world.copy()
    mechanism.step(compiled, p, levers, luck, *more)
    with plain_python():
        mechanism.step(written, p, levers, Luck(luck.seed, luck.month), *more)
    assert differences(compiled, written) == []
    if name not in ("landing", "publication"):  # in some months these have nothing to do
        assert compiled.differing(world) != [], "a month in which nothing happens shows nothing"


def test_a_month_of_the_whole_city_is_what_it_says(plain_python, small_city, lively, city):
    """With letting and books, which are no mechanisms."""
    compiled = small_city(rooms=lively, world=city.world, months=1)
    with plain_python():
        written = small_city(rooms=lively, world=city.world, months=1)
    assert compiled.month == written.month == 13
    assert differences(compiled.world, written.world) == []
    assert np.array_equal(ledger.bill(compiled.world.counts, lively.ledger), ledger.bill(written.world.counts, lively.ledger))


def test_the_world_at_the_start_is_what_it_says(plain_python, small_world):
    compiled = small_world()
    with plain_python():
        written = small_world()
    assert differences(compiled, written) == []
