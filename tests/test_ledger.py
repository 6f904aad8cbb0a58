"""The books close: people and homes to the number, money to the cent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model import ledger
from model.ledger import COUNTED_BY, BooksDoNotClose, Event, bill, check, events, owed, recount
from model.world import NOBODY, Count, Payer, Place, Status

COUNTS = arrays(np.int64, (3, len(Count)), elements=st.integers(0, 10**6))


def test_a_bill_by_hand(rooms):
    """Three days of opname at 450 euro for the insurer and two complaints at 75 euro for the corporatie: 1,350 and 150."""
    p = rooms.ledger
    unit = p.unit_euro.copy()
    unit[Event.OPNAMEDAG], unit[Event.KLACHT] = 450.0, 75.0
    counts = np.zeros(len(Count), np.int64)
    counts[Count.OPNAMEDAGEN], counts[Count.KLACHTEN] = 3, 2
    cents = bill(counts, p._replace(unit_euro=unit))
    assert cents[Event.OPNAMEDAG, Payer.ZORGVERZEKERAAR] == 135_000
    assert cents[Event.KLACHT, Payer.CORPORATIE] == 15_000
    assert cents.sum() == 150_000


@given(COUNTS)
def test_payers_together_pay_events_times_unit_cost_to_the_cent(rooms, counts):
    p = rooms.ledger
    cents_each = np.rint(100.0 * p.unit_euro).astype(np.int64)
    cents, happened = bill(counts, p), events(counts, p.ambulant_zvw_share)
    assert cents.dtype == np.int64
    assert np.array_equal(cents.sum(axis=-1), happened * cents_each)
    assert int(cents.sum()) == sum(int(n) * int(c) for n, c in zip(happened.sum(axis=0), cents_each, strict=True))


@given(COUNTS)
def test_every_event_is_on_the_account_of_one_payer(rooms, counts):
    cents = bill(counts, rooms.ledger)
    for event in Event:
        others = np.arange(len(Payer)) != rooms.ledger.payer[event]
        assert (cents[:, event, others] == 0).all()


@given(COUNTS, st.floats(0.0, 1.0))
def test_ambulant_hours_are_divided_between_two_payers_and_none_is_lost(counts, share):
    divided = events(counts, share)
    wmo, zvw = divided[:, Event.AMBULANT_UUR_WMO], divided[:, Event.AMBULANT_UUR_ZVW]
    assert np.array_equal(wmo + zvw, counts[:, Count.AMBULANT_UREN])
    assert (wmo >= 0).all() and (zvw >= 0).all()
    assert (np.abs(zvw - share * counts[:, Count.AMBULANT_UREN]) <= 0.5 + 1e-6).all()


@given(COUNTS)
def test_other_events_are_what_was_counted(counts):
    happened = events(counts, 0.3)
    for event in Event:
        if event not in (Event.AMBULANT_UUR_WMO, Event.AMBULANT_UUR_ZVW):
            assert np.array_equal(happened[:, event], counts[:, COUNTED_BY[event]])


@given(COUNTS)
def test_what_payers_pay_together_is_what_is_owed(rooms, counts):
    """`owed` counts another way, in plain whole numbers: events times price."""
    prices = {e: round(100 * float(rooms.ledger.unit_euro[e])) for e in Event}
    happened = events(counts[0], rooms.ledger.ambulant_zvw_share)
    by_hand = sum(int(happened[e]) * prices[e] for e in Event)
    assert owed(counts[0], rooms.ledger) == by_hand == int(bill(counts[0], rooms.ledger).sum())


def test_every_event_has_a_counter():
    assert set(COUNTED_BY) == set(Event)


def test_nothing_happens_nothing_is_paid(rooms):
    assert bill(np.zeros((2, len(Count)), np.int64), rooms.ledger).sum() == 0


@pytest.fixture(scope="module")
def months(small_city, lively):
    """Counters of a year of a lively town."""
    return small_city(rooms=lively, months=12).record.counts[:13]


def test_the_books_of_a_real_year_close(months):
    for month in range(1, 13):
        check(months[month - 1], months[month], ONE_GEMEENTE, month)


ONE_GEMEENTE = np.zeros(6, np.int64)  # of each of the six buurten
IN_THE_BOOKS = (
    Count.BEWOOND, Count.LEEG, Count.BETROKKEN, Count.VERTROKKEN, Count.PERSONEN_THUIS, Count.NIEUW_KWETSBAAR, Count.GEPLAATST,
    Count.HERSTELD, Count.PERSONEN_VERTROKKEN, Count.THUIS_VERLOREN, Count.DAKLOOS_GEWORDEN, Count.VERHUURD_REGULIER,
)  # fmt: skip
OF_HOMES = (Count.BEWOOND, Count.LEEG, Count.BETROKKEN, Count.VERTROKKEN)
IN_THE_BOOKS_OF_THE_GEMEENTE = (
    Count.PERSONEN_WACHTEND, Count.WONINGZOEKENDEN, Count.PERSONEN_INSTROOM, Count.ZOEKERS_INSTROOM, Count.PERSONEN_AFGEHAAKT,
    Count.ZOEKERS_AFGEHAAKT,
)  # fmt: skip


@pytest.mark.parametrize("error", [-1, 1])
@pytest.mark.parametrize("buurt", [0, 3, 5])
@pytest.mark.parametrize("count", IN_THE_BOOKS, ids=lambda c: c.name)
def test_one_too_many_or_too_few_in_a_buurt_is_found(months, count, buurt, error):
    wrong = months[6].copy()
    wrong[buurt, count] += error
    where = rf" in buurt \[{buurt}\]" if count in OF_HOMES else ""
    with pytest.raises(BooksDoNotClose, match=f"month 6: .*{where}"):
        check(months[5], wrong, ONE_GEMEENTE, 6)


@pytest.mark.parametrize("error", [-1, 1])
@pytest.mark.parametrize("count", IN_THE_BOOKS_OF_THE_GEMEENTE, ids=lambda c: c.name)
def test_one_too_many_or_too_few_in_a_queue_is_found(months, count, error):
    wrong = months[6].copy()
    wrong[-1, count] += error
    with pytest.raises(BooksDoNotClose, match="month 6"):
        check(months[5], wrong, ONE_GEMEENTE, 6)


def test_a_household_that_changes_buurt_without_moving_is_found(months):
    """The totals of the gemeente still close; the buurten do not."""
    wrong = months[6].copy()
    wrong[0, Count.BEWOOND] += 1
    wrong[1, Count.BEWOOND] -= 1
    with pytest.raises(BooksDoNotClose, match="bewoonde woningen"):
        check(months[5], wrong, ONE_GEMEENTE, 6)


@pytest.fixture
def world(small_city):
    return small_city(months=3).world


def test_recount_counts_everyone_once(world):
    recount(world)
    d = world.dwellings
    for b in range(world.buurten.rows):
        here = d.buurt == b
        assert world.counts[b, Count.BEWOOND] == (here & (d.identity != 0)).sum()
        assert world.counts[b, Count.LEEG] == (here & (d.identity == 0)).sum()
        rows = d.person[here & (d.person != NOBODY)]
        assert world.counts[b, Count.PERSONEN_THUIS] == rows.size
        assert world.counts[b, Count.BEKENDEN_THUIS] == (world.persons.status[rows] == Status.BEKEND).sum()
    assert world.counts[:, Count.BEKENDEN_THUIS].sum() > 0


def at_home(world) -> int:
    """The row of some person who lives at home."""
    return int(np.flatnonzero(world.persons.place == Place.THUIS)[0])


def moved_without_telling(world):
    world.persons.dwelling[at_home(world)] += 1


def left_without_telling(world):
    world.persons.place[at_home(world)] = Place.OPVANG


def somebody_elses_identity(world):
    world.persons.identity[at_home(world)] += np.uint64(1)


def home_forgets_its_person(world):
    world.dwellings.person[world.persons.dwelling[at_home(world)]] = NOBODY


def vacant_home_keeps_its_person(world):
    world.dwellings.identity[world.persons.dwelling[at_home(world)]] = 0


@pytest.mark.parametrize(
    "mistake",
    [moved_without_telling, left_without_telling, somebody_elses_identity, home_forgets_its_person, vacant_home_keeps_its_person],
)
def test_who_is_in_two_places_or_in_none_is_found(world, mistake):
    mistake(world)
    with pytest.raises(BooksDoNotClose):
        recount(world)


def test_a_city_refuses_to_go_on_with_books_that_do_not_close(small_city, monkeypatch):
    city = small_city(months=1)
    honest = ledger.recount

    def careless(world):
        honest(world)
        world.counts[2, Count.BEWOOND] -= 1

    monkeypatch.setattr(ledger, "recount", careless)
    with pytest.raises(BooksDoNotClose):
        city.step()
