"""`spreiding`: equal shares over wijken, relative to their corporatie homes."""

from collections import Counter

from model.strategies import spreiding


def test_the_wijk_with_the_fewest_placements_per_corporatie_home_comes_first(vacancies, queue, view, p, luck):
    """Both wijken have 600 corporatie homes; wijk 0 had two placements and wijk 1 none: (2+1)/600 against (0+1)/600."""
    [(person, home)] = spreiding.propose(vacancies(reserved=1), queue(1), view(placed=[1.0, 1.0, 0.0]), p, luck)
    assert (person, home) == (100, 30)


def test_shares_are_relative_to_the_stock(vacancies, queue, view, p, luck):
    """Wijk 0 has 900 homes and 2 placements: 3/900. Wijk 1 has 100 homes and none: 1/100. Wijk 0 comes first."""
    stock = view(corporatie_homes=[450.0, 450.0, 100.0], placed=[1.0, 1.0, 0.0])
    [(_, home)] = spreiding.propose(vacancies(reserved=1), queue(1), stock, p, luck)
    assert home in (10, 11, 20)


def test_placements_of_this_month_count(vacancies, queue, view, p, luck):
    """From an even start two persons go to two wijken: after the first, that wijk stands at 2/600 and the other at 1/600."""
    wijk = {10: 0, 11: 0, 20: 0, 30: 1}
    pairs = spreiding.propose(vacancies(reserved=2), queue(2), view(), p, luck)
    assert Counter(wijk[home] for _, home in pairs) == {0: 1, 1: 1}


def test_where_no_home_is_free_nobody_is_placed(vacancies, queue, view, p, luck):
    """The emptiest wijk has no vacancy: the other one takes all."""
    homes = vacancies(
        3,
        dwelling=[10, 11, 20],
        buurt=[0, 0, 1],
        portiek=[0, 1, 2],
        rent=[1, 1, 1],
        months_vacant=[1, 1, 1],
        known_in_portiek=[0, 0, 0],
    )
    pairs = spreiding.propose(homes, queue(3), view(placed=[9.0, 9.0, 0.0]), p, luck)
    assert sorted(home for _, home in pairs) == [10, 11, 20]
