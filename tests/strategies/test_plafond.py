"""`plafond`: spread, but never above a ceiling per buurt and per portiek."""

from model.strategies import plafond


def test_a_buurt_at_its_ceiling_takes_nobody(vacancies, queue, view, p, luck):
    """Six a year per 1,000 homes. Buurt 0 (1,000 homes) has had six: a seventh would be 7 > 6. Buurten 1 and 2 are free."""
    pairs = plafond.propose(vacancies(), queue(4), view(placed=[6.0, 0.0, 0.0]), p, luck)
    assert sorted(home for _, home in pairs) == [20, 30]


def test_the_last_place_below_the_ceiling_may_be_taken_once(vacancies, queue, view, p, luck):
    """Buurt 0 has had five, so one of its two homes is let; the other is left for a regular seeker."""
    full_elsewhere = view(placed=[5.0, 6.0, 6.0])
    pairs = plafond.propose(vacancies(), queue(4), full_elsewhere, p, luck)
    assert len(pairs) == 1 and pairs[0][1] in (10, 11)


def test_every_place_below_the_ceiling_may_be_taken(vacancies, queue, view, p, luck):
    """Buurt 0 has had four: both of its homes are let, and then it has had six."""
    pairs = plafond.propose(vacancies(), queue(4), view(placed=[4.0, 6.0, 6.0]), p, luck)
    assert sorted(home for _, home in pairs) == [10, 11]


def test_a_small_buurt_has_a_low_ceiling(vacancies, queue, view, p, luck):
    """Of 100 homes 6 per 1,000 is 0.6: no place at all. Of 200 it is 1.2: one place."""
    pairs = plafond.propose(vacancies(), queue(4), view(homes=[100.0, 200.0, 100.0]), p, luck)
    assert [home for _, home in pairs] == [20]


def test_a_portiek_with_a_known_person_takes_no_second(vacancies, queue, view, p, luck):
    homes = vacancies(known_in_portiek=[1, 0, 1, 1])
    assert [home for _, home in plafond.propose(homes, queue(4), view(), p, luck)] == [11]


def test_placements_of_this_month_count_for_the_portiek(vacancies, queue, view, p, luck):
    """All four homes in one portiek: one placement, and the ceiling of one is reached."""
    assert len(plafond.propose(vacancies(portiek=[7, 7, 7, 7]), queue(4), view(), p, luck)) == 1


def test_below_the_ceilings_placements_of_this_month_count_for_the_wijk(vacancies, queue, view, p, luck):
    """Three homes in each of two wijken with equal stock, each in a portiek of its own: four placements are two and two."""
    homes = vacancies(
        4,
        dwelling=[1, 2, 3, 4, 5, 6],
        buurt=[0, 0, 1, 2, 2, 2],
        portiek=[1, 2, 3, 4, 5, 6],
        rent=[1.0] * 6,
        months_vacant=[1] * 6,
        known_in_portiek=[0] * 6,
    )
    pairs = plafond.propose(homes, queue(4), view(), p, luck)
    assert sum(home <= 3 for _, home in pairs) == 2 and len(pairs) == 4


def test_below_the_ceilings_shares_are_relative_to_the_stock(vacancies, queue, view, p, luck):
    """Wijk 0 has 900 corporatie homes and 2 placements: 3/900. Wijk 1 has 100 and none: 1/100. Wijk 0 comes first."""
    stock = view(corporatie_homes=[450.0, 450.0, 100.0], placed=[1.0, 1.0, 0.0])
    [(_, home)] = plafond.propose(vacancies(reserved=1), queue(1), stock, p, luck)
    assert home in (10, 11, 20)


def test_below_the_ceilings_it_spreads(vacancies, queue, view, p, luck):
    """Wijk 0 has had two placements on 600 homes, wijk 1 none: home 30 goes first."""
    assert plafond.propose(vacancies(reserved=1), queue(1), view(placed=[1.0, 1.0, 0.0]), p, luck) == [(100, 30)]
