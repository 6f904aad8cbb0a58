"""The books: people, homes and money. Stocks equal flows every month, and every event is paid for by somebody.

Money is booked in whole cents: events times unit cost, each event on the account of one payer, so that payers sum to the
total to the cent. Team hours are paid whether or not they are used. All prices are those of one year, `price_year`
(docs/parameters.md); `discounted` brings later years to the first on request.

A place in an institution has a price in two parts. The fixed part (staff, building) is paid for every place, in use or
empty; the variable part for every month of somebody who waits there for a home. So a stay that ends sooner saves the
variable part alone, until places are closed, and a saving here is less than tariff times months (E172). Whoever else
lives in an institution is the same in every scenario and is left out of the variable part.
"""

from enum import IntEnum
from typing import Any, NamedTuple

import numpy as np

from model.jit import kernel
from model.parameters import per
from model.world import NOBODY, ByPlace, Count, Payer, Place, Status, Tenure, World


class BooksDoNotClose(AssertionError):
    """Somebody or something appeared or vanished; names the month, the buurt and the account."""


class Event(IntEnum):
    """What is paid for: the lines of the bill. A `_PLAATS` is a place for a month, a stay (`_MAAND`) somebody's month there.

    What is no place and no long stay has a price of its own, under the same name (`Tariff`). A stay is priced whole: fixed and
    variable part together.
    """

    OPVANG_MAAND = 0
    BW_MAAND = 1
    KLINIEK_MAAND = 2
    JEUGDZORG_MAAND = 3
    VROUWENOPVANG_MAAND = 4
    AZC_MAAND = 5
    BANK_MAAND = 6
    OPNAMEDAG = 7
    CRISISHULP = 8
    POLITIEMELDING = 9
    KLACHT = 10
    INTERVENTIE = 11
    VONNIS = 12
    UITZETTING = 13
    MUTATIE = 14
    WIJKTEAM_UUR = 15
    AMBULANT_UUR_WMO = 16
    AMBULANT_UUR_ZVW = 17
    WELZIJN_UUR = 18
    BEHEER_UUR = 19
    WIJKAGENT_UUR = 20
    HINDER_MAAND = 21
    NAZORG = 22
    RECHTSPRAAK = 23
    HUURDERVING = 24
    OPVANG_PLAATS = 25
    BW_PLAATS = 26
    KLINIEK_PLAATS = 27
    JEUGDZORG_PLAATS = 28
    VROUWENOPVANG_PLAATS = 29
    AZC_PLAATS = 30
    KLINIEK_LANG_MAAND = 31  # a month in a kliniek under the Wlz
    KLINIEK_LANG_PLAATS = 32  # the place of whoever is there under the Wlz


def _with_a_price(name: str) -> Any:
    """The events that have a price of their own, as codes of their own: an IntEnum."""
    return IntEnum(name, {event.name: int(event) for event in Event if "_LANG" not in event.name and "_PLAATS" not in event.name})


Tariff = _with_a_price("Tariff")

COUNTED_BY = {
    Event.OPVANG_MAAND: Count.OPVANG_MAANDEN,
    Event.BW_MAAND: Count.BW_MAANDEN,
    Event.KLINIEK_MAAND: Count.KLINIEK_MAANDEN,
    Event.JEUGDZORG_MAAND: Count.JEUGDZORG_MAANDEN,
    Event.VROUWENOPVANG_MAAND: Count.VROUWENOPVANG_MAANDEN,
    Event.AZC_MAAND: Count.AZC_MAANDEN,
    Event.BANK_MAAND: Count.BANK_MAANDEN,
    Event.OPNAMEDAG: Count.OPNAMEDAGEN,
    Event.CRISISHULP: Count.CRISISHULP,
    Event.POLITIEMELDING: Count.POLITIEMELDINGEN,
    Event.KLACHT: Count.KLACHTEN,
    Event.INTERVENTIE: Count.INTERVENTIES,
    Event.VONNIS: Count.VONNISSEN,
    Event.UITZETTING: Count.UITZETTINGEN,
    Event.MUTATIE: Count.VERTROKKEN_SOCIAAL,
    Event.WIJKTEAM_UUR: Count.WIJKTEAM_UREN,
    Event.AMBULANT_UUR_WMO: Count.AMBULANT_UREN,
    Event.AMBULANT_UUR_ZVW: Count.AMBULANT_UREN,
    Event.WELZIJN_UUR: Count.WELZIJN_UREN,
    Event.BEHEER_UUR: Count.BEHEER_UREN,
    Event.WIJKAGENT_UUR: Count.WIJKAGENT_UREN,
    Event.HINDER_MAAND: Count.VAAK_HINDER,
    Event.NAZORG: Count.NAZORG_LAAT,
    Event.RECHTSPRAAK: Count.VONNISSEN,
    Event.HUURDERVING: Count.LEEG_SOCIAAL,
    Event.OPVANG_PLAATS: Count.PLAATSEN_OPVANG,
    Event.BW_PLAATS: Count.PLAATSEN_BW,
    Event.KLINIEK_PLAATS: Count.PLAATSEN_KLINIEK,
    Event.JEUGDZORG_PLAATS: Count.PLAATSEN_JEUGDZORG,
    Event.VROUWENOPVANG_PLAATS: Count.PLAATSEN_VROUWENOPVANG,
    Event.AZC_PLAATS: Count.PLAATSEN_AZC,
    Event.KLINIEK_LANG_MAAND: Count.KLINIEK_LANG_MAANDEN,
    Event.KLINIEK_LANG_PLAATS: Count.KLINIEK_LANG_MAANDEN,
}

# A place and a stay there share one tariff: it is that of the event with the same name, but for what kind of event it is.
TARIFF_OF = {event: Event[event.name.replace("_LANG", "").replace("_PLAATS", "_MAAND")] for event in Event}
PLACE_OF = {  # a day of opname takes a bed of a kliniek, of which the fixed part is paid already
    Event.OPVANG_MAAND: Place.OPVANG,
    Event.BW_MAAND: Place.BESCHERMD_WONEN,
    Event.KLINIEK_MAAND: Place.KLINIEK,
    Event.JEUGDZORG_MAAND: Place.JEUGDZORG,
    Event.VROUWENOPVANG_MAAND: Place.VROUWENOPVANG,
    Event.AZC_MAAND: Place.AZC,
    Event.OPNAMEDAG: Place.KLINIEK,
}


class Year(IntEnum):
    """Years of prices."""

    J2011 = 0
    J2012 = 1
    J2013 = 2
    J2014 = 3
    J2015 = 4
    J2016 = 5
    J2017 = 6
    J2018 = 7
    J2019 = 8
    J2020 = 9
    J2021 = 10
    J2022 = 11
    J2023 = 12
    J2024 = 13
    J2025 = 14


class Parameters(NamedTuple):
    unit_euro: per(Tariff)  # type: ignore[valid-type]
    unit_year: per(Tariff, Year)  # type: ignore[valid-type]
    price_index: per(Year)  # type: ignore[valid-type]
    price_year: int
    fixed_share: per(Place)  # type: ignore[valid-type]
    break_even_occupancy: float
    payer: per(Event, Payer)  # type: ignore[valid-type]
    ambulant_zvw_share: float
    discount_rate: float


def euros(p: Parameters) -> np.ndarray:
    """Price of each tariff [Tariff] in euro of `price_year`: the published price, moved along the price index."""
    now = p.price_index[Year[f"J{p.price_year}"]]
    return p.unit_euro * now / p.price_index[p.unit_year]


def part_of_tariff(event: Event, p: Parameters) -> float:
    """Which part of its tariff an event costs: 1 for what is no stay.

    At break-even occupancy the fixed part of all places and the variable part of all stays make the tariff of each stay:
    fixed share x occupancy for a place, and 1 - fixed share for a stay.
    """
    place = PLACE_OF.get(TARIFF_OF[event])
    if place is None:
        return 1.0
    fixed = float(p.fixed_share[place])
    return fixed * p.break_even_occupancy if event.name.endswith("_PLAATS") else 1.0 - fixed


def prices(p: Parameters) -> np.ndarray:
    """Cents (int64) of one event [Event], in `price_year`."""
    euro, parts = euros(p)[list(TARIFF_OF.values())], np.array([part_of_tariff(event, p) for event in Event])
    return np.rint(100.0 * euro * parts).astype(np.int64)


def events(counts: np.ndarray, zvw_share: float) -> np.ndarray:
    """Paid events [..., Event] of counters [..., Count]; none is paid for twice.

    Ambulant hours are divided between two payers, whole hours each. Months in a kliniek under the Wlz, and the places that
    they take, are taken out of the other months and places there.
    """
    out = np.stack([counts[..., COUNTED_BY[event]] for event in Event], axis=-1)
    zvw = np.rint(zvw_share * out[..., Event.AMBULANT_UUR_ZVW]).astype(np.int64)
    out[..., Event.AMBULANT_UUR_ZVW] = zvw
    out[..., Event.AMBULANT_UUR_WMO] -= zvw
    out[..., Event.KLINIEK_MAAND] -= out[..., Event.KLINIEK_LANG_MAAND]
    held = np.minimum(out[..., Event.KLINIEK_LANG_MAAND], out[..., Event.KLINIEK_PLAATS])
    out[..., Event.KLINIEK_LANG_PLAATS] = held
    out[..., Event.KLINIEK_PLAATS] -= held
    return out


def bill(counts: np.ndarray, p: Parameters) -> np.ndarray:
    """Cents (int64) [..., Event, Payer] for counters [..., Count]."""
    on_account = np.zeros((len(Event), len(Payer)), np.int64)
    on_account[np.arange(len(Event)), p.payer] = 1
    return (events(counts, p.ambulant_zvw_share) * prices(p))[..., None] * on_account


def owed(counts: np.ndarray, p: Parameters) -> int:
    """Cents that all events of counters [..., Count] cost, in plain whole numbers: what the sum over payers must equal."""
    happened = events(counts, p.ambulant_zvw_share).reshape(-1, len(Event)).sum(axis=0).tolist()
    now, total = float(p.price_index[Year[f"J{p.price_year}"]]), 0
    for event in Event:
        tariff = TARIFF_OF[event]
        euro = float(p.unit_euro[tariff]) * now / float(p.price_index[p.unit_year[tariff]])
        total += happened[event] * round(100 * euro * part_of_tariff(event, p))
    return total


def discounted(cents: np.ndarray, rate: float, first: int = 0) -> np.ndarray:
    """Cents (int64) of years [years, ...] in money of the first year, each year's less by `rate` (share a year) than the last's.

    first: which year of the horizon the first entry is; year 0 is not discounted.

    Every entry is rounded to a whole cent by itself (halves to the even cent), and only then summed. So the sum over
    events and payers of a discounted bill lies within half a cent per entry of the total, discounted at once. With rate 0
    nothing changes.
    """
    if rate == 0.0:
        return cents.copy()
    factors = (1.0 + rate) ** -np.arange(first, first + cents.shape[0], dtype=float)
    return np.rint(cents * factors.reshape(-1, *[1] * (cents.ndim - 1))).astype(np.int64)


STOCKS = (
    Count.BEWOOND, Count.LEEG, Count.LEEG_SOCIAAL, Count.PERSONEN_THUIS, Count.BEKENDEN_THUIS, Count.PERSONEN_WACHTEND,
)  # fmt: skip


class Page(NamedTuple):
    """The counters of a month that is over, as in `World`."""

    counts: np.ndarray
    by_place: np.ndarray


@kernel
def _turn_page(counts, by_profile, by_place):
    """Copies of the counters and of who was in each place; for the next month the counters start at 0."""
    before, there = counts.copy(), by_place.copy()
    counts[:] = 0
    by_profile[:] = 0
    by_place[:, : ByPlace.DAAR] = 0  # the flows; who is there stays
    return before, there


def turn_page(world: World) -> Page:
    """Last month's counters; those of the world are ready for the next month."""
    return Page(*_turn_page(world.counts, world.by_profile, world.by_place))


@kernel
def _count_homes(identity, person, tenure):
    """How many homes [m] of a buurt are lived in, hold a person, and stand empty of a corporatie."""
    lived, held, empty = 0, 0, 0
    for i in range(identity.size):
        lived += identity[i] != 0
        held += person[i] != NOBODY
        empty += (identity[i] == 0) & (tenure[i] == Tenure.SOCIALE_HUUR)
    return lived, held, empty


@kernel
def _recount(identity, tenure, person, first, last, month, place, since, home, near, who, status, network_wijk, gemeente,
             seeker_gemeente, of_buurten, of_gemeenten, by_place):  # fmt: skip
    """Count everyone afresh, per buurt and per gemeente into their counters, and those who wait into `by_place`; returns a
    home whose person stands elsewhere, else -1, and how many more persons are at home than homes hold.

    Each person at home must stand in that home, under the same identity, and know its buurt. That the home is
    among the rows of that buurt is told from where these begin and end: to look up the buurt of each home took half of the time.
    If moreover as many homes hold a person as persons are at home, then nobody is in two places or in none.
    """
    for stock in STOCKS:
        of_buurten[:, stock] = 0
        of_gemeenten[:, stock] = 0
    by_place[:, ByPlace.DAAR] = 0
    by_place[:, ByPlace.DAAR_MAANDEN] = 0
    wrong, too_many = -1, 0
    for b in range(first.size):
        here = slice(first[b], last[b])
        lived, held, empty = _count_homes(identity[here], person[here], tenure[here])
        of_buurten[b, Count.BEWOOND] = lived
        of_buurten[b, Count.LEEG] = last[b] - first[b] - lived
        of_buurten[b, Count.LEEG_SOCIAAL] = empty
        of_buurten[b, Count.PERSONEN_THUIS] = held
        too_many -= held
    for row in range(place.size):
        i, there = home[row], near[row]
        if place[row] > Place.THUIS:
            of_gemeenten[gemeente[network_wijk[row]], Count.PERSONEN_WACHTEND] += 1
            by_place[place[row], ByPlace.DAAR] += 1
            by_place[place[row], ByPlace.DAAR_MAANDEN] += month - since[row]
        elif place[row] == Place.THUIS:
            too_many += 1
            of_buurten[there, Count.BEKENDEN_THUIS] += status[row] == Status.BEKEND
            if person[i] != row or who[row] != identity[i] or who[row] == 0 or not first[there] <= i < last[there]:
                wrong = i
    for g in range(of_gemeenten.shape[0]):  # seekers stand gemeente by gemeente
        seekers = np.searchsorted(seeker_gemeente, g + 1) - np.searchsorted(seeker_gemeente, g)
        of_gemeenten[g, Count.WONINGZOEKENDEN] = seekers
    return wrong, too_many


def recount(world: World) -> None:
    """Put this month's stocks into the counters; raises `BooksDoNotClose` if somebody is in two places or in none."""
    d, persons, b = world.dwellings, world.persons, world.buurten
    wrong, too_many = _recount(
        d.identity, d.tenure, d.person, b.first, b.last, world.month, persons.place, persons.since, persons.dwelling,
        persons.buurt, persons.identity, persons.status, persons.network_wijk, world.wijken.gemeente, world.seekers.gemeente,
        world.buurt_counts, world.gemeente_counts, world.by_place,
    )  # fmt: skip
    if wrong >= 0:
        raise BooksDoNotClose(f"month {world.month}: dwelling {wrong} and its person point at different places")
    if too_many:
        raise BooksDoNotClose(f"month {world.month}: {too_many} more persons are at home than homes hold")


class Account(NamedTuple):
    """A stock, and the flows that change it; it closes in every buurt by itself, or for each gemeente as a whole."""

    in_every_buurt: bool
    stock: tuple[Count, ...]
    inflow: tuple[Count, ...] = ()
    outflow: tuple[Count, ...] = ()


ACCOUNTS = {
    "bewoonde woningen": Account(True, (Count.BEWOOND,), (Count.BETROKKEN,), (Count.VERTROKKEN,)),
    "woningen": Account(True, (Count.BEWOOND, Count.LEEG)),
    "personen": Account(
        False, (Count.PERSONEN_THUIS, Count.PERSONEN_WACHTEND),
        (Count.PERSONEN_INSTROOM, Count.NIEUW_KWETSBAAR, Count.DAKLOOS_GEWORDEN),
        (Count.HERSTELD, Count.PERSONEN_VERTROKKEN, Count.PERSONEN_AFGEHAAKT),
    ),
    "personen thuis": Account(
        True, (Count.PERSONEN_THUIS,), (Count.NIEUW_KWETSBAAR, Count.GEPLAATST),
        (Count.HERSTELD, Count.PERSONEN_VERTROKKEN, Count.THUIS_VERLOREN),
    ),
    "woningzoekenden": Account(
        False, (Count.WONINGZOEKENDEN,), (Count.ZOEKERS_INSTROOM,), (Count.ZOEKERS_AFGEHAAKT, Count.VERHUURD_REGULIER)
    ),
}  # fmt: skip

# Lines [n, 4]: number of the account, counter, whether that is its stock, and its flow (1 in, -1 out).
LINES = np.array([
    line
    for k, account in enumerate(ACCOUNTS.values())
    for line in (
        *((k, int(c), 1, 0) for c in account.stock), *((k, int(c), 0, 1) for c in account.inflow),
        *((k, int(c), 0, -1) for c in account.outflow),
    )
])  # fmt: skip
IN_EVERY_BUURT = np.array([account.in_every_buurt for account in ACCOUNTS.values()])


@kernel
def _off(before, now, gemeente, lines, in_every_buurt):
    """Whether all accounts close, and how far each is from it: by row [rows, Account] and by gemeente [gemeenten, Account]."""
    off = np.zeros((now.shape[0], in_every_buurt.size), np.int64)
    for b in range(now.shape[0]):
        for line in range(lines.shape[0]):
            k, c = lines[line, 0], lines[line, 1]
            off[b, k] += (now[b, c] - before[b, c]) * lines[line, 2] - now[b, c] * lines[line, 3]
    together = off[gemeente.size :].copy()
    for b in range(gemeente.size):
        together[gemeente[b]] += off[b]
    closed = True
    for k in range(in_every_buurt.size):
        closed &= not (off[:, k] if in_every_buurt[k] else together[:, k]).any()
    return closed, off, together


def check(before: np.ndarray, now: np.ndarray, gemeente: np.ndarray, month: int) -> None:
    """Stocks [buurten + gemeenten, Count] of this month equal last month's plus flows; raises `BooksDoNotClose`.

    gemeente: of each buurt. Since every gemeente closes by itself, nobody waits in one and is housed in another.
    """
    closed, off, together = _off(before, now, gemeente, LINES, IN_EVERY_BUURT)
    if closed:
        return
    for k, (name, account) in enumerate(ACCOUNTS.items()):
        wrong = (off if account.in_every_buurt else together)[:, k]
        if wrong.any():
            where, level = np.flatnonzero(wrong)[:5], "buurt" if account.in_every_buurt else "gemeente"
            raise BooksDoNotClose(f"month {month}: {name} in {level} {where.tolist()}: off by {wrong[where].tolist()}")


@kernel
def _off_in_places(before, now):
    """Whether all places close, and how far each [Place] is from it."""
    off, closed = np.empty(now.shape[0], np.int64), True
    for k in range(now.shape[0]):
        went = now[k, ByPlace.NAAR_HUIS] + now[k, ByPlace.AFGEHAAKT] + now[k, ByPlace.NAAR_ELDERS]
        off[k] = now[k, ByPlace.DAAR] - before[k, ByPlace.DAAR] - now[k, ByPlace.GEKOMEN] + went
        closed &= off[k] == 0
    return closed, off


def check_places(before: np.ndarray, now: np.ndarray, month: int) -> None:
    """Who was in each kind of place, and who came and went, make who is there; raises `BooksDoNotClose`.

    before, now: `World.by_place` of two months. Persons at home are in the accounts above.
    """
    closed, off = _off_in_places(before, now)
    if not closed:
        where = [f"{place.name.lower()} by {off[place]}" for place in Place if off[place]]
        raise BooksDoNotClose(f"month {month}: who waits in a place: off in {', '.join(where)}")
