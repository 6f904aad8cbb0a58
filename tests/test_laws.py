"""Laws that hold in every run, whatever the configuration: books, luck, placebo, policies, and that no strategy is favoured."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model import ledger
from model.city import MECHANISMS
from model.policies import FOREVER, Setting
from model.strategies import names
from model.world import Count, TeamKind

quotas = st.floats(0.0, 1.0)
switched_off = st.sets(st.sampled_from(sorted(set(MECHANISMS) - {"leaving", "settling"})), max_size=4)


def digest(city) -> str:
    """One hash of everything that a city is."""
    world = city.world
    parts = [getattr(getattr(world, t), c).tobytes() for t in world.tables() for c in getattr(world, t).columns()]
    return hashlib.sha256(b"".join([*parts, world.counts.tobytes(), city.record.counts.tobytes()])).hexdigest()


@settings(max_examples=12)
@given(seed=st.integers(0, 10**6), quota=quotas, strategie=st.sampled_from(names()), off=switched_off, busy=st.booleans())
def test_people_homes_and_money_balance_every_month(small_city, lively, rooms, seed, quota, strategie, off, busy):
    """`City.step` itself raises when a stock is not last month's plus flows; here it lives through random configurations."""
    chosen = lively if busy else rooms
    city = small_city(strategie=strategie, quota=quota, seed=seed, off=tuple(off), months=14, rooms=chosen)
    world = city.world
    assert np.array_equal(world.counts[:-1, Count.BEWOOND] + world.counts[:-1, Count.LEEG], world.buurten.homes)
    for month in city.record.counts[: city.record.filled + 1]:
        booked = ledger.bill(month.sum(axis=0), chosen.ledger)
        assert booked.sum() == ledger.owed(month.sum(axis=0), chosen.ledger)
        assert (month >= 0).all()


@settings(max_examples=8)
@given(seed=st.integers(0, 10**6), share=st.floats(0.0, 1.0), capacity=st.floats(0.0, 3.0))
def test_hours_given_never_exceed_hours_there_are(small_city, rooms, huidig, seed, share, capacity):
    changed = rooms._replace(support=rooms.support._replace(following_wijkteam=share, following_ambulant=1.0 - share))
    city = small_city(seed=seed, rooms=changed, huidig=huidig._replace(ambulante_capaciteit=capacity))
    for _ in range(6):
        city.step()
        teams = city.world.teams
        assert (teams.given <= teams.hours * (1 + 1e-9)).all()
        assert city.world.persons.hours.sum() <= teams.given.sum() * (1 + 1e-5)  # less: some have left since
        beheer = teams.hours[teams.kind == TeamKind.BEHEER].sum()
        done = changed.nuisance.intervention_hours * city.world.counts[:, Count.INTERVENTIES].sum()
        assert done <= beheer


def test_the_books_notice_a_person_who_vanishes(small_city):
    city = small_city(months=2)
    row = np.flatnonzero(city.world.persons.place > 1)[0]
    city.world.persons.clear(np.array([row]))
    with pytest.raises(ledger.BooksDoNotClose, match="personen"):
        city.step()


def test_the_books_notice_a_person_in_two_places(small_city):
    city = small_city(months=2)
    home = np.flatnonzero(city.world.dwellings.person >= 0)[0]
    city.world.persons.dwelling[city.world.dwellings.person[home]] = home + 1
    with pytest.raises(ledger.BooksDoNotClose, match="different places"):
        ledger.recount(city.world)


def test_the_same_seed_twice_gives_one_hash_and_another_seed_another(small_city, lively):
    once, twice, other = (small_city(seed=s, months=12, rooms=lively) for s in (7, 7, 8))
    assert digest(once) == digest(twice) != digest(other)


def test_a_placebo_policy_differs_by_exactly_zero_in_every_column(small_city, lively, huidig):
    same = [Setting(lever, value, 3, FOREVER, "placebo") for lever, value in huidig._asdict().items() if lever != "strategie"]
    with_placebo, without = small_city(months=15, rooms=lively, settings=same), small_city(months=15, rooms=lively)
    assert with_placebo.world.differing(without.world) == []


@pytest.mark.parametrize(
    "lever, value", [("strategie", "concentratie"), ("quota", 0.9), ("driegesprek", True), ("waakvlam", False)]
)
def test_a_policy_from_month_m_leaves_the_months_before_bit_equal(small_city, lively, lever, value):
    late = small_city(months=7, rooms=lively, settings=[Setting(lever, value, 8, FOREVER, "late")])
    never = small_city(months=7, rooms=lively)
    assert late.world.differing(never.world) == []
    late.run(12), never.run(12)
    assert late.world.differing(never.world) != []


def test_arrivals_are_the_same_people_under_every_strategy(small_city, lively):
    """Choice 6: who comes depends on seed, month and ordinal, not on what was decided."""
    arrivals = []
    for strategie in ("loting", "concentratie", "geen"):
        city = small_city(strategie=strategie, months=12, rooms=lively)
        arrivals.append(city.record.counts[:, -1, [Count.PERSONEN_INSTROOM, Count.ZOEKERS_INSTROOM]].tolist())
    assert arrivals[0] == arrivals[1] == arrivals[2]


def test_a_strategy_never_gets_a_latent_column_but_in_the_exact_scenario(small_city):
    """Choice 4: turning every latent number upside down changes nothing that a strategy sees, unless it is `exact`."""
    for strategie, sees in (("draagkracht", False), ("draagkracht_exact", True)):
        city = small_city(strategie=strategie, months=5)
        city.prepare_lettings()
        before = city.public_view
        world = city.world
        for name in ("draagkracht", "draaglast", "damage", "tolerance", "spare_exact", "score", "informal_help"):
            getattr(world.buurten, name)[:] = -getattr(world.buurten, name)
        world.persons.stability[:] = 0.0
        city.prepare_lettings()
        same = all(np.array_equal(a, b) for a, b in zip(before, city.public_view, strict=True))
        assert same is not sees


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_mechanism_can_be_switched_off_and_does_something(small_city, lively, mechanism):
    off = small_city(off=(mechanism,), months=14, rooms=lively)
    assert off.world.differing(small_city(months=14, rooms=lively).world) != []


def test_the_warm_up_holds_composition(small_city):
    """Choice 8: whoever enters gets the leaver's stratum, so that month 0 equals the tables."""
    city = small_city(warmup=24, months=0)
    start = small_city(warmup=24, months=-24)
    for name in ("ses", "age_class", "size", "tenure", "rent"):
        assert np.array_equal(getattr(city.world.dwellings, name), getattr(start.world.dwellings, name))
    assert (city.world.dwellings.identity != start.world.dwellings.identity).mean() > 0.1


def test_where_more_seek_they_wait_longer(small_city, rooms):
    """m9: the mean months in the queue of who gets a home by regular letting, in the last two of six years, in the same town."""
    waited = []
    for per_home in (0.5, 2.0):
        scarce = rooms._replace(inflow=rooms.inflow._replace(seekers_per_home=per_home, seekers_give_up_per_year=0.0))
        kept = small_city(rooms=scarce, months=72).record.counts[48:].sum(axis=(0, 1))
        waited.append(kept[Count.WACHT_REGULIER_MAANDEN] / kept[Count.VERHUURD_REGULIER])
    assert waited[1] > waited[0] + 6.0


@pytest.mark.slow
def test_concentratie_can_win_and_can_lose(small_city, small_town, rooms):
    """Choice 1, on two buurten with enlarged load: the shape of load -> damage decides which strategy wears people less.

    Two buurten of equal size; one has the cheaper homes, so that concentratie fills it. Under a saturating curve the second
    person in a burdened buurt does little more harm, under a convex one much more.
    """
    town = small_town(
        corporaties=1, buurten=2, wijk=["WK01", "WK02"], wijk_naam=["A", "B"], huishoudens=400, inwoners=850, hh_grootte=2.1,
        p_koop=30.0, p_corp=[65.0, 55.0], p_eengezins=30.0, p_laag_ink=50.0, p_hoog_ink=12.0, woz_ratio=1.0, dichtheid=4000.0,
        p_oud=20.0, p_jong=25.0, klasse=6.0,
    )  # fmt: skip
    wear = {}
    for shape in (0.25, 4.0):
        heavy = rooms._replace(
            homes=rooms.homes._replace(rent_of_corp_share=900.0, rent_spread=20.0),
            vulnerability=rooms.vulnerability._replace(stock_share=rooms.vulnerability.stock_share * 0.1),
            support=rooms.support._replace(need_hours=rooms.support.need_hours * 6),
            inflow=rooms.inflow._replace(inflow_ratio=3.0, persons_give_up_per_month=0.01),
            draagkracht=rooms.draagkracht._replace(shape=shape, reference_load=1.0, damage_limit=1e9),
            neighbourhood=rooms.neighbourhood._replace(tolerance_wear=0.05),
            leaving=rooms.leaving._replace(turnover_per_year=rooms.leaving.turnover_per_year * 2),
        )
        for strategie in ("concentratie", "spreiding"):
            cities = [small_city(strategie=strategie, quota=0.4, seed=s, months=60, town=town, rooms=heavy) for s in range(1, 5)]
            wear[shape, strategie] = np.array([c.world.buurten.damage.mean() for c in cities])
    assert (wear[0.25, "concentratie"] < wear[0.25, "spreiding"]).all()
    assert (wear[4.0, "concentratie"] > wear[4.0, "spreiding"]).all()
