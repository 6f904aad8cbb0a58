"""More placements in a buurt at once: who comes where, that doses nest under one luck, and that the books close."""

import numpy as np
import pytest

from model import ledger
from model.dose import DOSE_ID, homes_for, place_more, room_for
from model.homes import HOUSEHOLD_ID
from model.mechanisms.inflow import PERSON_ID, SEEKER_ID
from model.mechanisms.settling import MARKET_ID
from model.parameters import Refused
from model.randomness import Luck
from model.world import NOBODY, ByProfile, Count, Place, Status, Tenure

HOOGWERF = 0  # 150 homes, 60% of corporaties


@pytest.fixture(scope="module")
def zero(small_city):
    """The world of month 0."""
    return small_city(warmup=12).world


def dosed(world, rooms, huidig, count, buurt=HOOGWERF, seed=1):
    """A copy of the world with a dose, and the homes that it took."""
    twin = world.copy()
    return twin, place_more(twin, buurt, count, rooms, huidig, Luck(seed, world.month))


def test_a_dose_takes_homes_of_corporaties_in_which_regular_households_live(zero, rooms, huidig):
    world, homes = dosed(zero, rooms, huidig, 12)
    d = zero.dwellings
    assert len(set(homes)) == 12
    assert (d.buurt[homes] == HOOGWERF).all() and (d.tenure[homes] == Tenure.SOCIALE_HUUR).all()
    assert (d.identity[homes] != 0).all() and (d.person[homes] == NOBODY).all()
    row = world.dwellings.person[homes]
    assert (world.persons.place[row] == Place.THUIS).all() and (world.persons.dwelling[row] == homes).all()


def test_who_comes_is_a_known_person_placed_this_month_with_columns_of_an_entrant(zero, rooms, huidig):
    world, homes = dosed(zero, rooms, huidig, 5)
    d, persons, row = world.dwellings, world.persons, world.dwellings.person[homes]
    assert (persons.status[row] == Status.BEKEND).all() and (persons.line[row] == 2).all()
    assert (persons.placed[row] == 0).all() and (persons.since[row] == 0).all() and (persons.waiting_since[row] == 0).all()
    assert (d.months_here[homes] == 0).all() and (d.arrears[homes] == 0).all()
    assert d.tolerance[homes] == pytest.approx(rooms.settling.tolerance_rest)
    for name in ("identity", "ses", "age_class", "size"):
        assert (getattr(d, name)[homes] == getattr(persons, name)[row]).all()


def test_nobody_else_is_touched(zero, rooms, huidig):
    world, homes = dosed(zero, rooms, huidig, 8)
    others = np.ones(zero.dwellings.rows, bool)
    others[homes] = False
    for name in zero.dwellings.columns():
        assert (getattr(world.dwellings, name)[others] == getattr(zero.dwellings, name)[others]).all()
    there = np.flatnonzero(zero.persons.identity)
    for name in zero.persons.columns():
        assert (getattr(world.persons, name)[there] == getattr(zero.persons, name)[there]).all()
    assert world.seekers.differing(zero.seekers) == []


def test_one_more_is_the_same_dose_with_one_placement_more(zero, rooms, huidig):
    (fewer, four), (more, five) = (dosed(zero, rooms, huidig, count) for count in (4, 5))
    assert (five[:4] == four).all()
    same, other = (w.dwellings.person[four] for w in (fewer, more))
    for name in ("identity", "profile", "coping", "network", "network_wijk", "ses"):
        assert (getattr(fewer.persons, name)[same] == getattr(more.persons, name)[other]).all()


def test_other_luck_takes_other_homes(zero, rooms, huidig):
    assert set(dosed(zero, rooms, huidig, 10, seed=1)[1]) != set(dosed(zero, rooms, huidig, 10, seed=2)[1])


def test_identities_are_in_a_range_of_their_own(zero, rooms, huidig):
    world, homes = dosed(zero, rooms, huidig, 3, buurt=2)
    assert list(world.dwellings.identity[homes]) == [int(DOSE_ID) | (2 << 32) | ordinal for ordinal in (1, 2, 3)]
    kinds = [int(kind) >> 56 for kind in (HOUSEHOLD_ID, PERSON_ID, SEEKER_ID, MARKET_ID, DOSE_ID)]
    assert len(set(kinds)) == 5 and not set(zero.dwellings.identity >> np.uint64(56)) & {kinds[-1]}


def test_the_books_close_in_the_month_of_the_dose_and_after_it(rooms, small_city):
    city = small_city(warmup=12, months=-1)
    before, there = city.world.counts.copy(), city.world.by_place.copy()
    city.step()
    place_more(city.world, HOOGWERF, 20, rooms, city.levers, city.luck)
    world = city.world
    ledger.check(before, world.counts, world.buurten.gemeente, world.month)
    ledger.check_places(there, world.by_place, world.month)
    assert world.counts[HOOGWERF, Count.GEPLAATST] >= 20 and world.by_profile[:, ByProfile.GEPLAATST].sum() >= 20
    city.run(12)  # a city closes its books every month


def test_in_a_region_a_dose_has_its_network_in_its_own_gemeente(small_town, small_world, rooms, huidig):
    """Else somebody who loses the home would wait in another gemeente, whose books would not close."""
    town = small_town(gemeente=["GM0000"] * 5 + ["GM0001"], gemeente_naam=["Proefstad"] * 5 + ["Naast"])
    world = small_world(town=town)
    homes = place_more(world, 5, 4, rooms, huidig, Luck(1, 0))
    row = world.dwellings.person[homes]
    assert (world.wijken.gemeente[world.persons.network_wijk[row]] == 1).all()


def test_no_placement_changes_no_bit(zero, rooms, huidig):
    world, homes = dosed(zero, rooms, huidig, 0)
    assert homes.size == 0 and world.differing(zero) == []


def test_more_than_there_are_homes_for_is_refused_in_words(zero, rooms, huidig):
    most = int(room_for(zero)[HOOGWERF])
    assert most == homes_for(zero, HOOGWERF).size > 0
    dosed(zero, rooms, huidig, most)
    with pytest.raises(Refused, match=f"{most + 1} placements; possible: 0 to {most}"):
        dosed(zero, rooms, huidig, most + 1)
