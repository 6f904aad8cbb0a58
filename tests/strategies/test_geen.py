"""`geen`: no reserved share."""

from model.strategies import geen, reserves
from model.world import ByProfile


def test_nobody_is_placed_by_agreement(vacancies, queue, view, p, luck):
    assert geen.propose(vacancies(), queue(5), view(), p, luck) == []


def test_persons_queue_with_everyone_else():
    assert geen.RESERVES is False and not reserves("geen") and reserves("loting")


def test_in_a_city_persons_get_homes_by_regular_letting_only(small_city, lively):
    """Nothing is reserved, so nothing is carried over; persons who wait longest still get a home now and then."""
    city = small_city(strategie="geen", rooms=lively, months=24)
    assert (city.world.corporaties.carry == 0.0).all()
    assert city.record.by_profile[..., ByProfile.GEPLAATST].sum() > 0
