"""Regular letting: who waits longest, in the homes that suit; who refuses keeps the place in the queue."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import letting
from model.city import City
from model.institutions import reserved
from model.letting import Homes, Line, refusal_probability
from model.mechanisms import leaving, settling
from model.randomness import Luck, Stream, uniform_at
from model.world import NOBODY, Count, Place, Status

CHEAP, DEAR = 500.0, 800.0  # the limit of passend toewijzen is 630
RICH, POOR = 0.5, -1.0  # a low income is below -0.5


@pytest.fixture(scope="session")
def p(rooms):
    """Nobody refuses, unless a test says so."""
    return rooms.letting._replace(refusal=0.0, passend_toewijzen=True, rent_limit=630.0, low_income_below_ses=-0.5, offers=12)


def offered(rents, score=0.0, free=None) -> Homes:
    """Homes in rows 10, 11, ..., all of them free unless said otherwise."""
    homes, scores = 10 + np.arange(len(rents)), np.full(len(rents), score, np.float32)
    return Homes(homes, np.array(rents, np.float32), scores, np.ones(len(rents), bool) if free is None else np.array(free))


def waiting(ses) -> Line:
    """Seekers 1, 2, ... in rows 0, 1, ..., none of whom has a home."""
    rows = np.arange(len(ses))
    nobody = np.zeros(len(ses), bool)
    return Line(rows, nobody, (1 + rows).astype(np.uint64), np.array(ses, np.float32), nobody.copy())


def let(p, luck, homes, line, owned=None) -> np.ndarray:
    """Homes of one corporatie, or of several in one gemeente, of which those of each start at `owned`."""
    owned = np.array([0, homes.dwelling.size] if owned is None else owned)
    return letting.let(p, luck, homes, line, owned, np.array([0, line.row.size]), np.zeros(owned.size - 1, np.int64))


def lettings(p, rents, ses, luck=None, score=0.0) -> list[int]:
    """For each home (rows 10, 11, ...) the position in the queue of who gets it, -1 for nobody."""
    return let(p, luck or Luck(1, 1), offered(rents, score), waiting(ses)).tolist()


def test_a_cheap_home_goes_to_the_longest_waiting_low_income(p):
    assert lettings(p, [CHEAP], [RICH, POOR, POOR]) == [1]


def test_a_dear_home_goes_to_the_longest_waiting_of_the_others(p):
    assert lettings(p, [DEAR], [POOR, RICH, RICH]) == [1]


def test_each_to_their_own(p):
    """Cheap and dear together: the first low income and the first other, whatever the lot of the homes."""
    for seed in range(10):
        assert lettings(p, [DEAR, CHEAP], [POOR, POOR, RICH], Luck(seed, 1)) == [2, 0]


@pytest.mark.parametrize(("rent", "ses"), [(CHEAP, RICH), (DEAR, POOR)])
def test_where_nobody_suits_it_goes_to_anyone(p, rent, ses):
    assert lettings(p, [rent], [ses, ses]) == [0]


def test_the_limit_itself_is_cheap_and_the_income_limit_itself_is_not_low(p):
    assert lettings(p, [630.0], [-0.5, -0.51]) == [1]


def test_without_passend_toewijzen_the_longest_waiting_gets_it(p):
    for rent in (CHEAP, DEAR):
        assert lettings(p._replace(passend_toewijzen=False), [rent], [RICH, POOR]) == [0]


def test_more_homes_than_seekers_leaves_homes(p):
    assert sorted(lettings(p, [CHEAP, CHEAP, DEAR], [POOR])) == [-1, -1, 0]


def test_who_has_a_home_already_is_not_asked(p):
    line = waiting([POOR, POOR, POOR])
    line.housed[0] = True
    assert let(p, Luck(1, 1), offered([CHEAP]), line).tolist() == [1]
    assert line.housed.tolist() == [True, True, False]


def test_who_found_a_home_at_one_corporatie_is_passed_over_by_the_next(p):
    """Two let one after the other, the second two homes in an order of lots."""
    line = waiting([POOR, POOR, POOR, POOR])
    found = let(p, Luck(1, 1), offered([CHEAP, CHEAP, CHEAP]), line, owned=[0, 1, 3]).tolist()
    assert found[0] == 0 and sorted(found[1:]) == [1, 2]
    assert line.housed.tolist() == [True, True, True, False]


def test_each_gemeente_has_a_line_of_its_own(p):
    """Two corporaties in two gemeenten: the second begins at the head of its own line."""
    line, owned, in_line = waiting([POOR, POOR, POOR, POOR]), np.array([0, 1, 2]), np.array([0, 3, 4])
    found = letting.let(p, Luck(1, 1), offered([CHEAP, CHEAP]), line, owned, in_line, np.array([0, 1]))
    assert found.tolist() == [0, 3]


def test_a_home_that_is_let_by_agreement_is_offered_to_nobody_else(p):
    assert let(p, Luck(1, 1), offered([CHEAP, CHEAP, CHEAP], free=[False, True, False]), waiting([POOR, POOR])).tolist() == [
        -1,
        0,
        -1,
    ]


def test_no_homes_and_no_seekers(p):
    assert lettings(p, [], [POOR]) == [] and lettings(p, [CHEAP], []) == [-1]


def test_refusal_by_hand():
    """Base 0.4; SES +1 in a buurt at -0.2: 0.4 x exp(0.4 x 1 + 1.5 x 0.2) = 0.4 x exp(0.7) = 0.8055."""
    assert refusal_probability(0.0, 0.0, 0.4, 1.5, 0.4, 0.95) == pytest.approx(0.4)
    assert refusal_probability(1.0, -0.2, 0.4, 1.5, 0.4, 0.95) == pytest.approx(0.4 * np.exp(0.7))
    assert refusal_probability(3.0, -1.0, 0.4, 1.5, 0.4, 0.95) == 0.95  # somebody always says yes in the end


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-1, 1), st.floats(-1, 1), st.floats(0.1, 0.9))
def test_the_better_off_and_the_poorer_buurt_meet_more_refusals(ses, other_ses, score, other_score, base):
    low, high = sorted((ses, other_ses))
    poor, good = sorted((score, other_score))
    assert refusal_probability(high, poor, base, 1.5, 0.4, 0.95) >= refusal_probability(low, good, base, 1.5, 0.4, 0.95)
    args = (ses, score, base, 1.5, 0.4, 0.95)
    assert refusal_probability(*args) == pytest.approx(refusal_probability.py_func(*args))


def refuses(luck: Luck, home: int, seeker: int, chance: float) -> bool:
    """The luck of one offer: that of this seeker for this home."""
    return uniform_at(np.uint64(luck.key(Stream.REFUSAL) + np.uint64(home)), np.uint64(seeker)) < chance


def test_who_refuses_keeps_the_place_in_the_queue(p):
    """Seeker 1 refuses home 10 and would take home 11. 10 goes to seeker 2; 11 is first offered to seeker 1, and not to 3."""
    half = p._replace(refusal=0.5, refusal_of_ses=0.5, refusal_of_poor_score=0.5)

    def case(seed: int) -> bool:
        luck = Luck(seed, 1)
        first, second = luck.tickets(Stream.WHICH_HOME, 0, np.array([10, 11]))
        chance = refusal_probability(POOR, 0.0, 0.5, 0.5, 0.5, 0.95)
        answers = [refuses(luck, home, who, chance) for home, who in ((10, 1), (11, 1), (10, 2))]
        return first < second and answers == [True, False, False]

    seed = next(seed for seed in range(1000) if case(seed))
    assert lettings(half, [CHEAP, CHEAP], [POOR, POOR, POOR], Luck(seed, 1)) == [1, 0]


def test_after_so_many_offers_the_home_waits_a_month(p):
    """One offer a home, and the head of the queue refuses it: nobody else is asked."""
    one = p._replace(refusal=0.5, refusal_of_ses=0.5, refusal_of_poor_score=0.5, offers=1)
    chance = refusal_probability(POOR, 0.0, 0.5, 0.5, 0.5, 0.95)
    for seed in range(20):
        expected = -1 if refuses(Luck(seed, 1), 10, 1, chance) else 0
        assert lettings(one, [CHEAP], [POOR, POOR], Luck(seed, 1)) == [expected]


def as_told(p, rents, ses, luck, score) -> list[int]:
    """The rule in plain words: homes in the order of a lot; first those whom it suits, then the others; so many offers."""
    homes = [10 + k for k in range(len(rents))]
    lots = luck.tickets(Stream.WHICH_HOME, 0, np.array(homes))
    taken: set[int] = set()
    found = [-1] * len(rents)
    for k in np.argsort(lots):
        poor_first = rents[k] <= p.rent_limit
        suits = [j for j in range(len(ses)) if (ses[j] < p.low_income_below_ses) == poor_first]
        asked = suits + [j for j in range(len(ses)) if j not in suits]
        waiting = [j for j in (asked if p.passend_toewijzen else range(len(ses))) if j not in taken]
        for j in waiting[: p.offers]:
            chance = refusal_probability(
                np.float32(ses[j]), np.float32(score), p.refusal, p.refusal_of_poor_score, p.refusal_of_ses, p.refusal_most
            )
            if not refuses(luck, homes[k], j + 1, chance):
                taken.add(j)
                found[k] = j
                break
    return found


RENTS = st.lists(st.sampled_from([CHEAP, DEAR]), max_size=12)
SES = st.lists(st.sampled_from([-1.5, -1.0, 0.0, 1.5]), max_size=15)


@given(RENTS, SES, st.integers(0, 10_000), st.floats(0.0, 0.9), st.booleans(), st.integers(1, 5))
def test_letting_is_as_told(p, rents, ses, seed, refusal, passend, offers):
    mine = p._replace(refusal=refusal, passend_toewijzen=passend, offers=offers)
    luck = Luck(seed, 1)
    found = lettings(mine, rents, ses, luck, score=-0.25)
    assert found == as_told(mine, rents, ses, luck, -0.25)
    housed = [j for j in found if j >= 0]
    assert len(housed) == len(set(housed)), "no seeker gets two homes"


@given(RENTS, SES, st.integers(0, 10_000))
def test_when_nobody_refuses_no_home_stands_empty_while_somebody_waits(p, rents, ses, seed):
    found = lettings(p._replace(offers=40), rents, ses, Luck(seed, 1))
    assert sum(j >= 0 for j in found) == min(len(rents), len(ses))


@pytest.mark.parametrize("strategie", ["geen", "loting", "plafond"])
def test_in_a_city_no_home_is_let_twice_and_nobody_gets_two(small_city, lively, strategie):
    """Two corporaties, each with its own homes, and one queue: what they decide together never clashes."""
    city = small_city(rooms=lively, strategie=strategie)
    let_by_both = 0

    def live(mechanism, *more):
        nonlocal let_by_both
        if mechanism is settling:
            d, [decided] = city.world.dwellings, more
            homes = np.concatenate([decided.person_homes, decided.seeker_homes])
            assert (d.corporatie[homes] > 0).all() and (d.identity[homes] == 0).all() and (d.months_vacant[homes] > 0).all()
            for chosen in (decided.persons, decided.seekers, homes):
                assert np.unique(chosen).size == chosen.size
            let_by_both += set(d.corporatie[homes]) == {1, 2}
        City.live(city, mechanism, *more)

    city.live = live
    city.run(24)
    assert let_by_both > 0, "both let homes in one month, else this says little"


def test_over_the_years_the_quota_is_kept(small_city, lively):
    """Fractions carry over: never more persons placed than 30% of the homes that were offered, give or take one a corporatie."""
    nobody_passed_over = lively._replace(access=lively.access._replace(exclusion_of_resistance=0.0, exclusion_of_overload=0.0))
    city = small_city(rooms=nobody_passed_over, strategie="loting")
    offered = placed = 0
    for _ in range(36):
        city.step()
        offered += city.letting_round.offered.size
        placed += int(city.world.counts[:, Count.GEPLAATST].sum())
    assert placed <= 0.3 * offered + 2
    assert placed >= 0.25 * offered, "the queue of the lively town is long enough to fill it"


def test_fractions_of_a_reserved_home_carry_over(small_world, huidig):
    """A quota of 0.3 that is kept by half: 0.5 and 0.15 of 4 homes make 1.1, one home; 0.9 and 0.15 of none make no home."""
    world, levers = small_world(), huidig._replace(quota=0.3, nakoming=0.5)
    world.corporaties.carry[:] = 0.5, 0.9
    assert reserved(world, levers, np.array([0, 4, 4])) == [1, 0]
    assert world.corporaties.carry.tolist() == pytest.approx([0.1, 0.9])


def test_strategies_see_the_known_persons_of_each_portiek(small_city, lively):
    """Counted by going through all persons, for every home that is offered."""
    city = small_city(rooms=lively, strategie="loting", months=12)
    city.begin_month()
    city.live(leaving)
    city.prepare_lettings()
    persons, portiek, seen = city.world.persons, city.world.dwellings.portiek, city.letting_round.vacancies
    known = (persons.place == Place.THUIS) & (persons.status == Status.BEKEND)
    lives_in = portiek[persons.dwelling[known]]
    assert seen.known_in_portiek.tolist() == [(lives_in == portiek[home]).sum() for home in seen.dwelling]
    assert seen.known_in_portiek.sum() > 0


def as_array(persons, homes):
    """As the fast ways of turns hand pairs over."""
    return np.array([persons, homes]).T


def as_list(persons, homes):
    """As a strategy may that pairs by itself."""
    return list(zip(persons, homes, strict=True))


@pytest.fixture
def letting_round(small_city, lively):
    """A month in which nobody has been placed yet."""
    nobody_passed_over = lively._replace(access=lively.access._replace(exclusion_of_resistance=0.0, exclusion_of_overload=0.0))
    city = small_city(rooms=nobody_passed_over, months=12)
    city.begin_month()
    city.live(leaving)
    city.prepare_lettings()
    return city.letting_round


@pytest.mark.parametrize("made", [as_array, as_list])
@pytest.mark.parametrize("what", ["a person twice", "a home twice", "somebody who does not wait", "a home of another"])
def test_a_strategy_can_only_propose_what_it_was_given(letting_round, what, made):
    now, world = letting_round, letting_round.world
    (one, two, *_), (here, there, *_) = now.queue_of(0).person.tolist(), now.vacancies_of(0, 0).dwelling.tolist()
    stranger, elsewhere = int(np.flatnonzero(world.persons.place == Place.THUIS)[0]), int(now.vacancies_of(1, 0).dwelling[0])
    persons, homes = {
        "a person twice": ([one, one], [here, there]), "a home twice": ([one, two], [here, here]),
        "somebody who does not wait": ([one, stranger], [here, there]), "a home of another": ([one, two], [here, elsewhere]),
    }[what]  # fmt: skip
    with pytest.raises(ValueError, match="named once"):
        now.place(0, 0, made(persons, homes))


@pytest.mark.parametrize("pairs", [[1, 2], [(1, 2, 3)], [[(1, 2)]]])
def test_a_strategy_must_propose_pairs(letting_round, pairs):
    with pytest.raises(ValueError, match="pairs of a person and a home"):
        letting_round.place(0, 0, pairs)


@pytest.mark.parametrize("made", [as_array, as_list])
def test_who_is_placed_waits_no_more_and_the_home_is_not_free(letting_round, made):
    """The queue keeps its order, and each person gets the home that was proposed."""
    now = letting_round
    waiting, homes = now.queue_of(0), now.vacancies_of(0, 0).dwelling
    left = [k for k in range(waiting.person.size) if k not in (0, 2)]
    expected = [column[left].tolist() for column in waiting]
    chosen, given = waiting.person[[2, 0]].tolist(), homes[:2].tolist()
    now.place(0, 0, made(chosen, given))
    assert [column.tolist() for column in now.queue_of(0)] == expected
    assert now.homes.free[: homes.size].tolist() == [False, False] + [True] * (homes.size - 2)
    assert now.agreed[:2].tolist() == chosen and (now.agreed[2:] == NOBODY).all()


def test_the_queue_goes_by_when_they_came_and_then_by_identity(letting_round):
    persons = letting_round.world.persons
    rows = letting_round.queue_of(0).person.tolist()
    assert rows == sorted(rows, key=lambda i: (persons.waiting_since[i], persons.identity[i])) and len(rows) > 2
