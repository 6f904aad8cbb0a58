"""Who enters a home, and with what: persons, regular seekers, the market; in the warm-up with the leaver's stratum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from model.mechanisms import leaving, settling
from model.mechanisms.settling import Lettings, between_nodes, frailty, node_at
from model.randomness import Luck, Stream, exponential_at
from model.world import NEVER, NOBODY, ByPlace, ByProfile, Count, Place, Profile, Tenure

STRATUM = ("ses", "age_class", "size")


@pytest.fixture(scope="module")
def p(rooms):
    """The market stands still, unless a test says so."""
    return rooms.settling._replace(months_vacant=np.full(3, 1e12))


def let(person=None, seeker=None, home=None) -> Lettings:
    """One letting, to a person or to a seeker."""
    some, none = np.array([home], np.int64), np.zeros(0, np.int64)
    if person is not None:
        return Lettings(np.array([person]), some, none, none)
    return Lettings(none, none, np.array([seeker]), some)


def vacant(world, wijk=0) -> int:
    """A corporatie home in that wijk, emptied for the occasion."""
    d = world.dwellings
    home = int(np.flatnonzero((d.tenure == Tenure.SOCIALE_HUUR) & (world.buurten.wijk[d.buurt] == wijk))[0])
    d.clear(np.array([home]), but=leaving.KEPT)
    return home


@pytest.fixture
def waiting(one_person):
    """One person who waits in opvang since month 3, with a network in wijk 0."""
    return one_person(
        place=Place.OPVANG, dwelling=NOBODY, identity=99, since=3, waiting_since=3, network=0.8, network_wijk=0, ses=-1.5,
        age_class=0, size=3, escalations=2,
    )  # fmt: skip


def test_frailty_has_mean_one_and_the_variance_of_its_shape():
    """A gamma with shape 0.4 has mean 1 and variance 1 / 0.4 = 2.5, within five standard errors."""
    draws = frailty(0.4, 1, np.arange(1, 100_001, dtype=np.uint64))
    assert draws.min() >= 0.0
    assert draws.mean() == pytest.approx(1.0, abs=5 * np.sqrt(2.5 / draws.size))
    assert draws.var() == pytest.approx(2.5, rel=0.1)


@given(st.floats(0.13, 1.2), st.integers(0, 10**6))
def test_frailty_is_the_quantile_of_the_gamma_that_it_says(shape, seed):
    """Within two millionths of what scipy gives for the same luck."""
    shape = round(shape, 2)
    who = np.arange(1, 50, dtype=np.uint64)
    u = np.clip(Luck(seed, 0).draws(Stream.FRAILTY, who), 1e-12, 1 - 1e-12)
    assert frailty(shape, seed, who) == pytest.approx(stats.gamma.ppf(u, shape) / shape, rel=2e-6)


def test_a_uniform_lies_among_the_nodes_where_its_logarithms_say():
    """From 1e-12 at the first to 1 - 1e-12 at the last; -log(1 - u) is 1 at 27.63 of the 30.95 between them."""
    assert node_at(0.0, 100) == node_at(1e-12, 100) == pytest.approx(0.0, abs=1e-9)
    assert node_at(1.0 - 1e-12, 100) == pytest.approx(100.0, rel=1e-5)
    assert node_at(1.0 - np.exp(-1.0), 100) == pytest.approx(89.28, abs=0.005)


def test_between_two_nodes_logarithms_of_quantiles_lie_on_a_line():
    """A quarter on from 2 to 6 is 3; behind the last node it is the quantile there."""
    found = [between_nodes(at, np.array([0.0, 2.0, 6.0])) for at in (0.0, 1.25, 2.0, 2.5)]
    assert np.log(found) == pytest.approx([0.0, 3.0, 6.0, 6.0])


def test_frailty_of_shape_one_is_exponential():
    """At a uniform u that is -log(1 - u)."""
    key, who = Luck(1, 0).key(Stream.FRAILTY), np.arange(1, 50, dtype=np.uint64)
    assert frailty(1.0, 1, who) == pytest.approx([exponential_at(key, one, 1.0) for one in who], rel=2e-6)


def test_frailty_is_lifelong():
    """The same household has it in every month, alone or among others."""
    who = np.array([5, 6, 7], np.uint64)
    assert frailty(0.4, 1, who)[1] == frailty(0.4, 1, who[1:2])[0]
    assert frailty(0.4, 2, who)[1] != frailty(0.4, 1, who)[1]


def test_a_person_who_is_placed_has_a_home(waiting, p, huidig):
    world, home = waiting, vacant(waiting)
    settling.step(world, p, huidig, Luck(1, 9), let(person=0, home=home))
    d, persons = world.dwellings, world.persons
    assert (d.identity[home], d.person[home]) == (99, 0)
    assert (persons.place[0], persons.dwelling[0], persons.since[0], persons.placed[0]) == (Place.THUIS, home, 9, 9)
    assert persons.escalations[0] == 0
    buurt = d.buurt[home]
    assert [world.counts[buurt, c] for c in (Count.GEPLAATST, Count.BETROKKEN, Count.WACHT_PERSONEN_MAANDEN)] == [1, 1, 6]
    assert world.by_profile[Profile.PSYCHISCH, ByProfile.GEPLAATST] == 1
    assert world.by_place[Place.OPVANG, [ByPlace.NAAR_HUIS, ByPlace.NAAR_HUIS_MAANDEN]].tolist() == [1, 6]


@pytest.mark.parametrize(("wijk", "network"), [(0, 0.8), (1, 0.4)])
def test_a_network_in_another_wijk_is_worth_less(waiting, p, huidig, wijk, network):
    """Kept by half: 0.8 becomes 0.4."""
    settling.step(waiting, p._replace(network_kept_elsewhere=0.5), huidig, Luck(1, 9), let(person=0, home=vacant(waiting, wijk)))
    assert waiting.persons.network[0] == pytest.approx(network)


def test_a_placement_that_is_still_to_be_looked_back_on_stays_the_one_that_counts(waiting, p, huidig):
    waiting.persons.placed[0] = 2
    settling.step(waiting, p, huidig, Luck(1, 9), let(person=0, home=vacant(waiting)))
    assert waiting.persons.placed[0] == 2 and waiting.persons.since[0] == 9


@pytest.mark.parametrize("month", [-5, 0, 1])
def test_until_month_0_who_enters_takes_the_leavers_stratum(waiting, p, huidig, month):
    """Month 0 equals the tables; from month 1 on people bring what they are."""
    world, home = waiting, vacant(waiting)
    d = world.dwellings
    d.ses[home], d.age_class[home], d.size[home] = 0.7, 2, 1
    settling.step(world, p, huidig, Luck(1, month), let(person=0, home=home))
    lives_there = [float(getattr(d, n)[home]) for n in STRATUM]
    assert lives_there == pytest.approx([-1.5, 0, 3] if month > 0 else [0.7, 2, 1])


def test_a_seeker_who_gets_a_home_leaves_the_queue(small_world, p, huidig):
    world = small_world()
    home, row = vacant(world), 4
    queue = world.seekers.identity.tolist()
    traits = [float(getattr(world.seekers, n)[row]) for n in STRATUM]
    since = int(world.seekers.since[row])
    settling.step(world, p, huidig, Luck(1, 5), let(seeker=row, home=home))
    d = world.dwellings
    assert d.identity[home] == queue[row] and d.person[home] == NOBODY
    assert [float(getattr(d, n)[home]) for n in STRATUM] == traits
    assert world.seekers.identity.tolist() == queue[:row] + queue[row + 1 :]
    buurt = d.buurt[home]
    assert [world.counts[buurt, c] for c in (Count.VERHUURD_REGULIER, Count.WACHT_REGULIER_MAANDEN)] == [1, 5 - since]


@pytest.mark.parametrize(("ses", "low"), [(-0.6, True), (-0.4, False)])
def test_the_waiting_of_low_incomes_is_counted_besides(small_world, p, huidig, ses, low):
    """Below -0.5 is a low income: four months of waiting in both counts, or in one."""
    world = small_world()
    home = vacant(world)
    world.seekers.ses[0], world.seekers.since[0] = ses, 5
    settling.step(world, p._replace(low_income_below_ses=-0.5), huidig, Luck(1, 9), let(seeker=0, home=home))
    names = (Count.VERHUURD_REGULIER, Count.WACHT_REGULIER_MAANDEN, Count.VERHUURD_LAAG_INKOMEN, Count.WACHT_LAAG_INKOMEN_MAANDEN)
    assert [world.counts[world.dwellings.buurt[home], c] for c in names] == ([1, 4, 1, 4] if low else [1, 4, 0, 0])


def test_who_enters_starts_with_a_clean_slate(small_world, p, huidig, luck):
    world = small_world()
    home = vacant(world)
    settling.step(world, p, huidig, luck, let(seeker=0, home=home))
    d = world.dwellings
    assert (d.months_here[home], d.arrears[home], d.incidents[home], d.months_vacant[home]) == (0, 0, 0, 0)
    assert (d.tolerance[home], d.satisfaction[home]) == pytest.approx((p.tolerance_rest, p.content_rest))
    assert d.frailty[home] == pytest.approx(frailty(p.frailty_shape, luck.seed, d.identity[home : home + 1])[0])


def test_the_market_fills_homes_for_sale_and_private_rent_only(small_world, p, huidig, luck, no_lettings):
    world = small_world()
    d = world.dwellings
    social = d.tenure == Tenure.SOCIALE_HUUR
    empty = d.identity == 0
    settling.step(world, p._replace(months_vacant=np.ones(3)), huidig, luck, no_lettings)
    assert (empty & ~social).any() and np.array_equal(d.identity == 0, empty & social)
    assert world.counts[:, Count.BETROKKEN].sum() == (empty & ~social).sum()


def test_a_home_on_the_market_stands_empty_for_so_many_months_on_average(small_world, p, huidig, luck, no_lettings):
    """Four months: of many empty homes a quarter is sold each month, within five standard errors."""
    world = small_world()
    d = world.dwellings
    d.identity[d.tenure == Tenure.KOOP] = 0
    n = int((d.tenure == Tenure.KOOP).sum())
    settling.step(world, p._replace(months_vacant=np.array([4.0, 1e12, 1e12])), huidig, luck, no_lettings)
    assert abs(world.counts[:, Count.BETROKKEN].sum() - n / 4) < 5 * np.sqrt(n * 0.25 * 0.75)


def buyers(small_world, p, huidig, luck, no_lettings, fall=0.0, sold_at_once=3):
    """Identity and SES by home of the market's entrants, in a town that has fallen by so much; and what the leavers' SES was."""
    world = small_world()
    d = world.dwellings
    for_sale = np.flatnonzero((d.tenure == Tenure.KOOP) & (d.identity != 0))[:sold_at_once]
    d.identity[for_sale] = 0
    before = d.ses[for_sale].copy()
    world.buurten.score[:] = world.buurten.start_score - fall
    settling.step(world, p._replace(months_vacant=np.ones(3), entry_ses_of_fall=0.8), huidig, luck, no_lettings)
    return d.identity[for_sale], d.ses[for_sale], before


def test_a_buyer_is_keyed_by_home_and_month(small_world, p, huidig, luck, no_lettings):
    """Three homes for sale or one: the first has the same buyer. In another month it is somebody else."""
    (first, *_), ses, _ = buyers(small_world, p, huidig, luck, no_lettings, sold_at_once=3)
    (alone,), alone_ses, _ = buyers(small_world, p, huidig, luck, no_lettings, sold_at_once=1)
    assert first == alone and ses[0] == alone_ses[0]
    (later,), *_ = buyers(small_world, p, huidig, Luck(1, 2), no_lettings, sold_at_once=1)
    assert later != alone


def test_where_leefbaarheid_has_fallen_buyers_are_less_well_off(small_world, p, huidig, luck, no_lettings):
    """A fall of 0.5 takes 0.8 x 0.5 = 0.4 SD off every buyer; spread around what the seller was."""
    _, steady, before = buyers(small_world, p, huidig, luck, no_lettings, 0.0, 100)
    _, fallen, _ = buyers(small_world, p, huidig, luck, no_lettings, 0.5, 100)
    assert fallen == pytest.approx(steady - 0.4, abs=1e-5)
    spread = steady - before
    assert spread.std() == pytest.approx(p.entry_ses_spread, rel=0.3) and abs(spread.mean()) < 5 * p.entry_ses_spread / 10


def test_buyers_are_as_old_as_the_parameters_say(small_world, p, huidig, luck, no_lettings):
    """Half under 35, half above; of a few hundred, within five standard errors."""
    world = small_world()
    d = world.dwellings
    sold = d.tenure == Tenure.KOOP
    d.identity[sold] = 0
    half = p._replace(months_vacant=np.ones(3), entry_age=np.array([0.5, 0.5, 0.0, 0.0]))
    settling.step(world, half, huidig, luck, no_lettings)
    ages = np.bincount(d.age_class[sold], minlength=4) / sold.sum()
    assert ages == pytest.approx([0.5, 0.5, 0.0, 0.0], abs=5 * np.sqrt(0.25 / sold.sum()))
    assert ages[2:].sum() == 0


def test_never_placed_stays_never_placed_without_a_letting(waiting, p, huidig, no_lettings):
    settling.step(waiting, p, huidig, Luck(1, 9), no_lettings)
    assert waiting.persons.placed[0] == NEVER and waiting.persons.place[0] == Place.OPVANG
