"""What becomes public: the books every month, a class of leefbaarheid once in some years."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import publication
from model.mechanisms.publication import leefbaarheid_class
from model.randomness import Luck
from model.world import Count, Place, Profile, Status


def test_classes_by_hand():
    """The mean lies at 6.68, in class 7 (6.5 to 7.5). A step is 0.15: half a class is 0.075, and the scale ends at 1 and 9."""
    scores = np.array([0.0, -0.02, -0.03, 0.12, 0.13, -9.0, 9.0])
    assert leefbaarheid_class(scores, 0.15, 6.68).tolist() == [7, 7, 6, 7, 8, 1, 9]


@given(st.floats(-2, 2), st.floats(-2, 2))
def test_a_better_score_is_never_a_lower_class(score, other):
    low, high = leefbaarheid_class(np.array(sorted((score, other))), 0.15, 6.68)
    assert 1 <= low <= high <= 9


@pytest.fixture(scope="module")
def p(rooms):
    need = np.zeros(len(Profile))
    need[Profile.PSYCHISCH] = 7.0
    return rooms.publication._replace(need_hours=need, publish_every_months=24)


def test_the_newest_month_stands_in_front_and_the_thirteenth_is_forgotten(one_person, p, huidig):
    """Month m has m complaints: after 14 months the books show 14, 13, ..., 3."""
    world = one_person()
    for month in range(1, 15):
        world.counts[:-1, Count.KLACHTEN] = month
        publication.step(world, p, huidig, Luck(1, month))
    assert world.buurten.complaints_seen.tolist() == [[float(m) for m in range(14, 2, -1)]] * 6


def test_placements_and_load_are_booked_too(one_person, p, huidig, luck):
    world = one_person()
    world.counts[:-1, Count.GEPLAATST] = np.arange(6)
    world.wijken.load[:] = [0.5, 1.0, 1.5]
    publication.step(world, p, huidig, luck)
    assert world.buurten.placed_seen[:, 0].tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert world.wijken.caseload_seen[:, 0].tolist() == [0.5, 1.0, 1.5]


@pytest.mark.parametrize(
    ("columns", "seen"),
    [
        ({"status": Status.BEKEND}, 7.0),
        ({"status": Status.LATENT}, 0.0),  # nobody knows
        ({"status": Status.SLAPEND}, 0.0),
        ({"place": Place.OPVANG, "dwelling": -1}, 0.0),  # not in the wijk
    ],
)
def test_only_the_published_need_of_the_known_who_live_there_is_seen(one_person, p, huidig, luck, columns, seen):
    """The norm of the profile, and not what this person really needs."""
    world = one_person(need=11.0, **columns)
    publication.step(world, p, huidig, luck)
    assert world.buurten.need_seen[:, 0].sum() == seen


@pytest.mark.parametrize(("month", "published"), [(23, False), (24, True), (25, False), (48, True)])
def test_a_class_is_published_once_in_two_years(one_person, p, huidig, month, published):
    world = one_person()
    before = world.buurten.published_class.copy()
    world.buurten.score[:] = -0.6
    publication.step(world, p, huidig, Luck(1, month))
    expected = leefbaarheid_class(world.buurten.score, p.class_width, p.class_of_mean)
    assert (before != expected).all()
    assert np.array_equal(world.buurten.published_class, expected if published else before)
