"""A public view is drawn up for strategies that look at it, and for no other."""

import numpy as np
import pytest

from model.public_view import UNSEEN
from model.strategies import find, looks, names

BLIND = [name for name in names() if not looks(name)]


def test_who_goes_by_rent_or_by_lot_alone_does_not_look():
    assert BLIND == ["concentratie", "geen", "loting"]


@pytest.mark.parametrize("name", names())
def test_no_view_is_drawn_up_for_who_does_not_look(small_city, name):
    city = small_city(strategie=name, months=2)
    assert (city.public_view is UNSEEN) == (name in BLIND) == (city.letting_round.view_of(0) is UNSEEN)


@pytest.mark.parametrize("name", BLIND)
def test_who_does_not_look_proposes_the_same_whatever_there_is_to_see(vacancies, queue, view, p, luck, name):
    propose = find(name).propose
    seen, unseen = (propose(vacancies(), queue(3), shown, p, luck) for shown in (view(placed=[9.0, 0.0, 3.0]), UNSEEN))
    assert np.array_equal(seen, unseen)
