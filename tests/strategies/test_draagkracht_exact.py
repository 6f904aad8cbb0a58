"""`draagkracht_exact`: the same rule, with a view that holds last month's latent value."""

import numpy as np

from model.public_view import public_view
from model.strategies import draagkracht, draagkracht_exact


def test_it_is_the_same_rule(vacancies, queue, view, p, luck):
    spare = view(homes=[1000.0, 200.0, 1000.0], spare_hours=[100.0, 60.0, 200.0])
    [(_, first), (_, second), *rest] = draagkracht_exact.propose(vacancies(), queue(4), spare, p, luck)
    assert (first, second) == (20, 30) and {home for _, home in rest} == {10, 11}
    assert draagkracht_exact.propose is draagkracht.propose


def test_only_it_asks_for_the_latent_value():
    assert draagkracht_exact.EXACT is True


def test_its_view_holds_last_months_latent_value_and_that_of_the_others_does_not(small_city, rooms):
    city = small_city(months=6)
    latent = city.world.buurten.spare_exact
    assert np.array_equal(public_view(city.world, rooms.public_view, city.luck, exact=True).spare_hours, latent)
    assert not np.isclose(public_view(city.world, rooms.public_view, city.luck, exact=False).spare_hours, latent).any()


def test_the_view_is_a_copy_that_a_strategy_may_spend(small_city, rooms):
    city = small_city(months=6)
    before = city.world.buurten.spare_exact.copy()
    public_view(city.world, rooms.public_view, city.luck, exact=True).spare_hours[:] = 0.0
    assert np.array_equal(city.world.buurten.spare_exact, before)


def test_in_a_city_only_this_strategy_gets_an_exact_view(small_city):
    views = {
        name: small_city(strategie=name, months=2).public_view.exact for name in ("loting", "draagkracht", "draagkracht_exact")
    }
    assert views == {"loting": False, "draagkracht": False, "draagkracht_exact": True}
