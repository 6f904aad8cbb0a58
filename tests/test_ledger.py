"""The books close: people and homes to the number, money to the cent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from model import ledger
from model.ledger import (
    COUNTED_BY,
    PLACE_OF,
    TARIFF_OF,
    BooksDoNotClose,
    Event,
    Tariff,
    Year,
    bill,
    check,
    check_places,
    discounted,
    euros,
    events,
    owed,
    prices,
    recount,
    turn_page,
)  # fmt: skip
from model.world import NOBODY, ByPlace, Count, Payer, Place, Status, Tenure

COUNTS = arrays(np.int64, (3, len(Count)), elements=st.integers(0, 10**6))


@pytest.fixture
def priced(rooms):
    """The block with some prices of 2024, and the fixed share of some places; the other prices as they are."""

    def of(fixed=(), occupancy=0.9, **euro):
        unit, year, share = rooms.ledger.unit_euro.copy(), rooms.ledger.unit_year.copy(), rooms.ledger.fixed_share.copy()
        for name, value in euro.items():
            unit[Tariff[name.upper()]], year[Tariff[name.upper()]] = value, Year.J2024
        for place, value in dict(fixed).items():
            share[place] = value
        return rooms.ledger._replace(
            unit_euro=unit, unit_year=year, fixed_share=share, break_even_occupancy=occupancy, price_year=2024
        )

    return of


def counted(**counts):
    """Counters of the whole: those that are named, and 0."""
    out = np.zeros(len(Count), np.int64)
    for name, value in counts.items():
        out[Count[name.upper()]] = value
    return out


def test_a_bill_by_hand(priced):
    """Three calls to the police at 400 euro and two complaints at 75 euro for the corporatie: 1,200 and 150."""
    cents = bill(counted(politiemeldingen=3, klachten=2), priced(politiemelding=400.0, klacht=75.0))
    assert cents[Event.POLITIEMELDING, Payer.POLITIE_JUSTITIE] == 120_000
    assert cents[Event.KLACHT, Payer.CORPORATIE] == 15_000
    assert cents.sum() == 135_000


def test_a_place_costs_its_fixed_part_and_a_stay_its_variable_part(priced):
    """Ten places of opvang at 2,000 euro a month, 60% fixed, break-even at 90%: 10 x 1,080 stays, 7 months of 800 go."""
    p = priced({Place.OPVANG: 0.6}, opvang_maand=2000.0)
    full, fewer, empty = (bill(counted(plaatsen_opvang=10, opvang_maanden=n), p)[:, Payer.GEMEENTE_OPVANG] for n in (9, 2, 0))
    assert full[Event.OPVANG_PLAATS] == fewer[Event.OPVANG_PLAATS] == empty[Event.OPVANG_PLAATS] == 1_080_000
    assert full[Event.OPVANG_MAAND] == 9 * 80_000 and empty[Event.OPVANG_MAAND] == 0
    assert full.sum() - fewer.sum() == 7 * 80_000  # where 7 tariffs would be 14,000 euro
    assert full.sum() == 9 * 200_000  # at break-even occupancy the tariff of those who are there pays for all


def test_a_long_stay_in_a_kliniek_is_the_zorgkantoors_and_is_paid_once(priced):
    """Four months and six places at 10,000 euro, half fixed, no empty beds; three of the months are long."""
    p = priced({Place.KLINIEK: 0.5}, occupancy=1.0, kliniek_maand=10_000.0)
    cents = bill(counted(kliniek_maanden=4, kliniek_lang_maanden=3, plaatsen_kliniek=6), p)
    assert cents[:, Payer.ZORGKANTOOR].sum() == 3 * 500_000 + 3 * 500_000
    assert cents[:, Payer.ZORGVERZEKERAAR].sum() == 1 * 500_000 + 3 * 500_000
    assert cents.sum() == 4 * 500_000 + 6 * 500_000


def test_a_day_of_opname_costs_the_variable_part_of_a_bed_that_is_there_anyway(priced):
    p = priced({Place.KLINIEK: 0.7}, opnamedag=450.0)
    assert bill(counted(opnamedagen=2), p)[Event.OPNAMEDAG, Payer.ZORGVERZEKERAAR] == 2 * 13_500


def test_a_vacant_home_costs_rent_and_a_judgment_costs_corporatie_and_court(priced):
    cents = bill(counted(leeg_sociaal=3, vonnissen=1), priced(huurderving=640.0, vonnis=1500.0, rechtspraak=600.0))
    assert cents[:, Payer.CORPORATIE].sum() == 3 * 64_000 + 150_000
    assert cents[:, Payer.POLITIE_JUSTITIE].sum() == 60_000


def test_prices_are_brought_to_one_year(rooms):
    """7,500 euro of 2014 at an index from 99.4 to 130.3 are 9,831.49 euro of 2024; a price of 2024 stays what it is."""
    index = rooms.ledger.price_index.copy()
    index[Year.J2014], index[Year.J2024] = 99.4, 130.3
    year = np.full(len(Tariff), Year.J2024)
    year[Tariff.UITZETTING] = Year.J2014
    unit = np.full(len(Tariff), 7500.0)
    p = rooms.ledger._replace(unit_euro=unit, unit_year=year, price_index=index, price_year=2024)
    assert round(euros(p)[Tariff.UITZETTING], 2) == 9831.49 and euros(p)[Tariff.KLACHT] == 7500.0
    assert euros(p._replace(price_year=2014))[Tariff.UITZETTING] == 7500.0


def test_every_year_that_a_study_may_choose_has_an_index(parameters):
    low, high = parameters["ledger"]["price_year"]["range"]
    assert [f"j{year}" for year in range(low, high + 1)] == list(parameters["ledger"]["price_index"]["value"])


def test_every_stay_has_places_and_both_have_one_tariff():
    for tariff, place in PLACE_OF.items():
        parts = {event.name for event in Event if TARIFF_OF[event] == tariff}
        assert tariff.name in parts and (tariff.name.replace("_MAAND", "_PLAATS") in parts or tariff == Tariff.OPNAMEDAG), place


def test_a_price_of_our_own_is_marked_assumed(parameters):
    """A price has a row of the evidence table, or is called assumed and may be anything within a factor of three."""
    of = parameters["ledger"]["unit_euro"]
    for name, source in of["source"].items():
        low, high = of["range"][name]
        assert source.startswith("E") or (of["status"][name] == "assumed" and high >= 3 * low), name
        assert parameters["ledger"]["unit_year"]["status"][name] != "published" or source.startswith("E"), name


def test_discounting_by_hand():
    """At 2.25% 100 euro of the first year stay 100 euro; those of the second are 97.80, of the third 95.65."""
    cents = np.full((3, 1, 1), 10_000)
    assert discounted(cents, 0.0225).ravel().tolist() == [10_000, 9_780, 9_565]
    assert discounted(cents[:1], 0.0225, first=2).item() == 9_565
    assert np.array_equal(discounted(cents, 0.0), cents)


@given(arrays(np.int64, (4, 3, 2), elements=st.integers(0, 10**9)), st.floats(0.0, 0.1))
def test_a_discounted_bill_is_off_by_half_a_cent_per_entry_at_most(cents, rate):
    found = discounted(cents, rate)
    at_once = sum(float(cents[k].sum()) / (1.0 + rate) ** k for k in range(4))
    assert abs(found.sum() - at_once) <= 0.5 * cents.size + 1e-3
    assert (found >= 0).all() and (found <= cents).all()


@given(COUNTS)
def test_payers_together_pay_events_times_unit_cost_to_the_cent(rooms, counts):
    p = rooms.ledger
    cents_each = prices(p)
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


DIVIDED = (
    Event.AMBULANT_UUR_WMO, Event.AMBULANT_UUR_ZVW, Event.KLINIEK_MAAND, Event.KLINIEK_PLAATS, Event.KLINIEK_LANG_PLAATS,
)  # fmt: skip


@given(COUNTS)
def test_months_and_places_of_a_kliniek_are_divided_and_none_is_lost(counts):
    divided = events(counts, 0.3)
    assert np.array_equal(
        divided[:, Event.KLINIEK_MAAND] + divided[:, Event.KLINIEK_LANG_MAAND], counts[:, Count.KLINIEK_MAANDEN]
    )
    places = divided[:, Event.KLINIEK_PLAATS], divided[:, Event.KLINIEK_LANG_PLAATS]
    assert np.array_equal(sum(places), counts[:, Count.PLAATSEN_KLINIEK]) and (np.array(places) >= 0).all()


@given(COUNTS)
def test_other_events_are_what_was_counted(counts):
    happened = events(counts, 0.3)
    for event in Event:
        if event not in DIVIDED:
            assert np.array_equal(happened[:, event], counts[:, COUNTED_BY[event]])


@given(COUNTS)
def test_what_payers_pay_together_is_what_is_owed(rooms, counts):
    """`owed` counts another way, in plain whole numbers: events times price."""
    cents = prices(rooms.ledger).tolist()
    happened = events(counts[0], rooms.ledger.ambulant_zvw_share)
    by_hand = sum(int(happened[e]) * cents[e] for e in Event)
    assert owed(counts[0], rooms.ledger) == by_hand == int(bill(counts[0], rooms.ledger).sum())
    assert owed(counts, rooms.ledger) == sum(owed(one, rooms.ledger) for one in counts) == int(bill(counts, rooms.ledger).sum())


def test_the_lines_of_the_bill_with_a_price_of_their_own_are_the_tariffs():
    assert len(Tariff) == 25 and all(Event[tariff.name] == tariff for tariff in Tariff)
    assert [event for event in Event if event.name not in Tariff.__members__] == list(Event)[25:]


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


@pytest.mark.parametrize("flow", [ByPlace.GEKOMEN, ByPlace.NAAR_HUIS, ByPlace.AFGEHAAKT, ByPlace.NAAR_ELDERS, ByPlace.DAAR])
def test_who_came_and_went_make_who_is_there_and_one_too_many_is_found(small_city, lively, flow):
    """In every kind of place, over a year in which people come and go in all of them."""
    record = small_city(rooms=lively, months=12).record
    came = record.by_place[1:, :, ByPlace.GEKOMEN].sum(axis=0)
    assert (came[Place.OPVANG :] > 0).all() and came[: Place.OPVANG].sum() == 0
    assert (record.by_place[..., ByPlace.DAAR].sum(axis=1) == record.counts[..., Count.PERSONEN_WACHTEND].sum(axis=1)).all()
    for month in range(1, 13):
        check_places(record.by_place[month - 1], record.by_place[month], month)
    wrong = record.by_place[6].copy()
    wrong[Place.KLINIEK, flow] += 1
    with pytest.raises(BooksDoNotClose, match=r"month 6: .*kliniek"):
        check_places(record.by_place[5], wrong, 6)


@pytest.fixture
def world(small_city):
    return small_city(months=3).world


def test_a_page_is_turned(world):
    """What was counted is handed over, and counted anew from 0; who waits in a place stays there."""
    counts, by_place = world.counts.copy(), world.by_place.copy()
    page = turn_page(world)
    assert np.array_equal(page.counts, counts) and np.array_equal(page.by_place, by_place) and counts.any()
    assert not world.counts.any() and not world.by_profile.any() and not world.by_place[:, : ByPlace.DAAR].any()
    assert np.array_equal(world.by_place[:, ByPlace.DAAR :], by_place[:, ByPlace.DAAR :]) and by_place[:, ByPlace.DAAR].any()


def test_recount_counts_everyone_once(world):
    recount(world)
    d = world.dwellings
    for b in range(world.buurten.rows):
        here = d.buurt == b
        assert world.counts[b, Count.BEWOOND] == (here & (d.identity != 0)).sum()
        assert world.counts[b, Count.LEEG] == (here & (d.identity == 0)).sum()
        vacant = here & (d.identity == 0) & (d.tenure == Tenure.SOCIALE_HUUR)
        assert world.counts[b, Count.LEEG_SOCIAAL] == vacant.sum()
        rows = d.person[here & (d.person != NOBODY)]
        assert world.counts[b, Count.PERSONEN_THUIS] == rows.size
        assert world.counts[b, Count.BEKENDEN_THUIS] == (world.persons.status[rows] == Status.BEKEND).sum()
    assert world.counts[:, Count.BEKENDEN_THUIS].sum() > 0 and world.counts[:, Count.LEEG_SOCIAAL].sum() > 0


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
