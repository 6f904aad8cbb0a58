"""`loting`: at random over the vacancies, the null strategy."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.randomness import Luck, Stream
from model.strategies import loting


def test_the_smallest_ticket_wins(vacancies, queue, view, p, luck):
    """One person, four homes: the home whose lot is smallest."""
    homes = vacancies()
    lots = luck.tickets(Stream.WHICH_HOME, 1, homes.dwelling)
    assert loting.propose(homes, queue(1), view(), p, luck).tolist() == [[100, homes.dwelling[np.argmin(lots)]]]


def test_who_comes_second_draws_among_what_is_left(vacancies, queue, view, p, luck):
    homes = vacancies()
    (_, first), (_, second) = loting.propose(homes, queue(2), view(), p, luck)
    left = homes.dwelling[homes.dwelling != first]
    assert second == left[np.argmin(luck.tickets(Stream.WHICH_HOME, 2, left))]


def test_not_more_than_are_reserved_and_the_first_in_the_queue_first(vacancies, queue, view, p, luck):
    assert [person for person, _ in loting.propose(vacancies(reserved=2), queue(5), view(), p, luck)] == [100, 101]


def test_rent_and_buurt_do_not_matter(vacancies, queue, view, p, luck):
    """Another rent, another view: the same homes."""
    other = vacancies(rent=[900.0, 300.0, 800.0, 400.0], months_vacant=[9, 1, 1, 9])
    busy = view(placed=[9.0, 0.0, 3.0], spare_hours=[-50.0, 10.0, 90.0])
    one, another = (loting.propose(*seen, p, luck) for seen in ((other, queue(3), busy), (vacancies(), queue(3), view())))
    assert one.tolist() == another.tolist()


def test_every_home_has_the_same_chance(vacancies, queue, view, p):
    homes = vacancies(reserved=1)
    won = [loting.propose(homes, queue(1), view(), p, Luck(seed, 1))[0][1] for seed in range(2000)]
    assert stats.chisquare(np.unique(won, return_counts=True)[1]).pvalue > 1e-4


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=12, unique=True), st.integers(1, 8), st.integers(0, 1000))
def test_one_vacancy_more_moves_a_person_only_if_somebody_chose_it(vacancies, queue, view, p, dwellings, persons, seed):
    """Luck stays with who has it: who goes elsewhere does so because the new home, or a home left for it, came free."""

    def propose(homes):
        n = len(homes)
        some = vacancies(
            n, dwelling=homes, buurt=[0] * n, portiek=[0] * n, rent=[1.0] * n, months_vacant=[1] * n, known_in_portiek=[0] * n
        )
        return dict(loting.propose(some, queue(persons), view(), p, Luck(seed, 1)).tolist())

    new = 10_001
    before, after = propose(dwellings), propose([*dwellings, new])
    if new not in after.values():
        assert after == before
    moved = [person for person in before if after[person] != before[person]]
    # A chain: the first to change takes the new home, the next may take what that person left, and so on.
    free = new
    for person in sorted(moved):
        assert after[person] == free
        free = before[person]
