"""`concentratie`: where it is cheapest, and where it stood empty longest."""

from model.strategies import concentratie


def test_the_cheapest_first_and_of_equal_rents_the_longest_empty(vacancies, queue, view, p, luck):
    """Homes 10 and 20 cost 500, of which 20 stands empty longer; then 11 at 620; then 30 at 700."""
    pairs = concentratie.propose(vacancies(), queue(4), view(), p, luck)
    assert pairs.tolist() == [[100, 20], [101, 10], [102, 11], [103, 30]]


def test_a_difference_of_less_than_ten_euro_does_not_count(vacancies, queue, view, p, luck):
    """501 and 509 are in one step of ten euro: the home that stands empty longer goes first."""
    homes = vacancies(rent=[501.0, 509.0, 600.0, 700.0], months_vacant=[1, 2, 1, 1])
    assert concentratie.propose(homes, queue(2), view(), p, luck).tolist() == [[100, 11], [101, 10]]


def test_the_load_of_the_buurt_does_not_count(vacancies, queue, view, p, luck):
    """All go to the cheap buurt, however many live there already."""
    homes = vacancies(rent=[400.0, 400.0, 500.0, 700.0], known_in_portiek=[5, 5, 0, 0])
    full = view(placed=[50.0, 0.0, 0.0], spare_hours=[-500.0, 100.0, 100.0])
    assert {home for _, home in concentratie.propose(homes, queue(2), full, p, luck)} == {10, 11}


def test_not_more_than_are_reserved(vacancies, queue, view, p, luck):
    assert len(concentratie.propose(vacancies(reserved=1), queue(4), view(), p, luck)) == 1
