"""Who of those who wait may be proposed: gates, screening, and who is passed over at the desk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.access import exclusion_probability, may_be_proposed, next_resistance
from model.world import Count, Place

SHARE = st.floats(0, 1)


@pytest.fixture(scope="module")
def p(rooms):
    gates = np.zeros(len(Place))
    gates[Place.OPVANG] = 6
    return rooms.access._replace(
        gate_months=gates, exclusion_of_resistance=0.5, exclusion_of_overload=0.2, overload_from=1.0, resistance_speed=0.1,
        resistance_slope=2.0, accepted_share=0.2,
    )  # fmt: skip


def test_exclusion_by_hand(p):
    """Half the resistance, a fifth of the overload, for who has no skills; half of it for who has half."""
    assert exclusion_probability(0.4, 0.9, 0.0, p) == pytest.approx(0.2)
    assert exclusion_probability(0.4, 2.0, 0.0, p) == pytest.approx(0.4)
    assert exclusion_probability(0.4, 2.0, 0.5, p) == pytest.approx(0.2)
    assert exclusion_probability(1.0, 9.0, 0.0, p) == 1.0


@given(SHARE, st.floats(0, 5), SHARE, SHARE)
def test_the_hardest_cases_are_passed_over_first(p, resistance, load, coping, other):
    low, high = sorted((coping, other))
    assert 0.0 <= exclusion_probability(resistance, load, high, p) <= exclusion_probability(resistance, load, low, p) <= 1.0


def test_resistance_by_hand(p):
    """A share of 0.5 by agreement is 0.3 above what is accepted, and brings 0.6 about; a month goes a tenth of the way."""
    assert next_resistance(0.0, 0.5, p) == pytest.approx(0.06)
    assert next_resistance(0.6, 0.1, p) == pytest.approx(0.54)
    assert next_resistance(1.0, 1.0, p) == 1.0


def queue(one_person, **columns):
    world = one_person(place=Place.OPVANG, dwelling=-1, **columns)
    world.corporaties.weerstand[:], world.wijken.load[:] = 0.0, 0.0
    return world


@pytest.mark.parametrize(
    ("place", "since", "woonladder", "may"),
    [
        (Place.OPVANG, -5, 1.0, True),  # six months in opvang: through the gate
        (Place.OPVANG, -4, 1.0, False),
        (Place.OPVANG, -4, 0.0, True),  # Housing First
        (Place.BANK, -99, 1.0, False),  # a couch is no step of the ladder
        (Place.BANK, -99, 0.0, True),
    ],
)
def test_gates_of_the_woonladder(one_person, p, huidig, luck, place, since, woonladder, may):
    world = queue(one_person, since=since)
    world.persons.place[0] = place
    found = may_be_proposed(world, p, huidig._replace(woonladder=woonladder), luck)
    assert found.tolist() == [0] * may


@pytest.mark.parametrize(("screening", "may"), [(0.0, True), (0.49, True), (0.51, False)])
def test_screening_keeps_out_who_has_few_skills(one_person, p, huidig, luck, screening, may):
    world = queue(one_person, coping=0.5, since=-99)
    assert may_be_proposed(world, p, huidig._replace(screening=screening), luck).tolist() == [0] * may
    assert world.counts[:, Count.UITGESLOTEN].sum() == 0, "that is a rule, and nobody at a desk"


def test_who_is_passed_over_is_counted_and_waits(one_person, p, huidig, luck):
    world = queue(one_person, coping=0.0, since=-99)
    world.corporaties.weerstand[:] = 1.0
    sure = p._replace(exclusion_of_resistance=1.0)
    assert may_be_proposed(world, sure, huidig, luck).tolist() == []
    assert world.counts[-1, Count.UITGESLOTEN] == 1 and world.persons.place[0] == Place.OPVANG


def test_where_much_goes_by_agreement_resistance_grows_and_the_quota_is_not_delivered_in_full(small_city, lively):
    """Against the same town where a fifth of the agreement is kept: less resistance, fewer placements."""
    from model.policies import FOREVER, Setting

    fifth = [Setting("nakoming", 0.2, 1, FOREVER, "vrijblijvend")]
    assert lively.access.accepted_share < 0.3
    kept, broken = (small_city(rooms=lively, quota=0.6, settings=s, months=24) for s in (None, fifth))
    assert kept.world.corporaties.weerstand.mean() > broken.world.corporaties.weerstand.mean()
    placed = [c.record.counts[:, :, Count.GEPLAATST].sum() for c in (kept, broken)]
    assert placed[0] > placed[1] > 0
