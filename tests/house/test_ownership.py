"""A column has one owner: a mechanism changes what it lists in WRITES, and nothing else.

Who moves is the exception. `leaving` and `settling` empty and fill rows of dwellings, and tell the persons who lose or find a
home where they now are; `inflow` and `vulnerability` add and empty rows of persons (who recovers and falls ill again in one
month gets a new row, perhaps the same one), and `inflow` and `settling` those of seekers. So columns are compared for rows whose
identity was there before and is the same after.
"""

from collections import Counter, defaultdict

import numpy as np
import pytest

from model.city import MECHANISMS, City
from model.world import World

MOVING = ("leaving", "settling")
TABLES = World.tables()


def comparable(name: str, table: str, before: World, after: World) -> tuple[np.ndarray, np.ndarray]:
    """Rows before and after that hold the same subject and that the mechanism has no special leave to change."""
    old, new = getattr(before, table), getattr(after, table)
    if table == "seekers":
        _, rows_before, rows_after = np.intersect1d(old.identity, new.identity, return_indices=True)
        return rows_before, rows_after
    same = np.ones(old.rows, bool)
    if "identity" in old.columns():
        same &= old.identity == new.identity[: old.rows]
        if table == "persons" and name in MOVING:
            same &= old.place == new.place[: old.rows]
        if table == "persons" and name == "vulnerability":
            same &= old.since == new.since[: old.rows]
    rows = np.flatnonzero(same)
    return rows, rows


def changed_columns(name: str, before: World, after: World) -> set[str]:
    """`table.column` names that are not equal in comparable rows."""
    found = set()
    for table in TABLES:
        rows_before, rows_after = comparable(name, table, before, after)
        for column in getattr(before, table).columns():
            old, new = (getattr(getattr(before, table), column)[rows_before], getattr(getattr(after, table), column)[rows_after])
            if old.tobytes() != new.tobytes():
                found.add(f"{table}.{column}")
    return found


@pytest.fixture(scope="module")
def changed(small_city, lively) -> dict[str, set[str]]:
    """For each mechanism what it changed in two lively years and the year of warm-up before; counters only ever grow."""
    found: dict[str, set[str]] = defaultdict(set)
    city = small_city(rooms=lively, strategie="plafond", world=small_city(rooms=lively, warmup=12).world)

    def live(mechanism, *more):
        name = mechanism.__name__.rpartition(".")[2]
        before = city.world.copy()
        City.live(city, mechanism, *more)
        found[name] |= changed_columns(name, before, city.world)
        for counts in ("counts", "by_profile", "by_place"):
            assert (getattr(city.world, counts) >= getattr(before, counts)).all(), f"{name} takes from {counts}"
        for number in ("month", "mean_propensity", "persons_per_month", "seekers_per_month"):
            assert getattr(city.world, number) == getattr(before, number), f"{name} changes {number}"

    city.live = live
    city.run(24)
    return found


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_mechanism_changes_only_what_it_owns(changed, name):
    assert changed[name] - set(MECHANISMS[name].WRITES) == set()


WARM_UP_ONLY = {"buurten.samenhang_start", "buurten.overlast_start", "buurten.warm_months"}


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_mechanism_claims_only_what_it_changes(changed, name):
    assert set(MECHANISMS[name].WRITES) - changed[name] - WARM_UP_ONLY == set()


def test_no_column_has_two_owners():
    owners = Counter(column for module in MECHANISMS.values() for column in module.WRITES)
    assert [column for column, n in owners.items() if n > 1] == []


def test_what_is_owned_exists():
    known = {f"{table}.{column}" for table, kind in TABLES.items() for column in kind.columns()}
    assert {column for module in MECHANISMS.values() for column in module.WRITES} - known == set()


def test_homes_stay_what_and_where_they_are(small_city, lively):
    """What stands above `identity` is fixed at month 0, and so are the places."""
    city = small_city(rooms=lively, strategie="concentratie")
    before = city.world.copy()
    city.run(24)
    fixed = list(TABLES["dwellings"].columns())
    fixed = fixed[: fixed.index("identity")]
    assert set(fixed) & set(city.world.dwellings.differing(before.dwellings)) == set()
    assert "ties" in fixed and "rent" in fixed
    places = {
        "portieken": {"buurt", "homes"},
        "buurten": {"wijk", "first", "last", "homes", "sociale_huur", "inwoners", "dichtheid", "voorzieningen", "start_score"},
        "wijken": {"gemeente", "inwoners", "homes"},
        "gemeenten": set(TABLES["gemeenten"].columns()),
        "corporaties": {"gemeente", "homes"},
        "teams": {"kind", "gemeente", "wijk", "fte"},
    }
    for table, columns in places.items():
        assert columns & set(getattr(city.world, table).differing(getattr(before, table))) == set()
