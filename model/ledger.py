"""The books: people, homes and money. Stocks equal flows every month, and every event is paid for by somebody.

Money is booked in whole cents: events times unit cost, each event on the account of one payer, so that payers sum to the
total to the cent. Team hours are paid whether or not they are used. Prices have one year (docs/parameters.md); no discount.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from model.jit import kernel
from model.parameters import per
from model.world import NOBODY, Count, Payer, Place, Status, World


class BooksDoNotClose(AssertionError):
    """Somebody or something appeared or vanished; names the month, the buurt and the account."""


class Event(IntEnum):
    """What is paid for."""

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
}


class Parameters(NamedTuple):
    unit_euro: per(Event)  # type: ignore[valid-type]
    payer: per(Event, Payer)  # type: ignore[valid-type]
    ambulant_zvw_share: float


def events(counts: np.ndarray, zvw_share: float) -> np.ndarray:
    """Paid events [..., Event] of counters [..., Count]; ambulant hours are divided between two payers, whole hours each."""
    out = np.stack([counts[..., COUNTED_BY[event]] for event in Event], axis=-1)
    zvw = np.rint(zvw_share * out[..., Event.AMBULANT_UUR_ZVW]).astype(np.int64)
    out[..., Event.AMBULANT_UUR_ZVW] = zvw
    out[..., Event.AMBULANT_UUR_WMO] -= zvw
    return out


def bill(counts: np.ndarray, p: Parameters) -> np.ndarray:
    """Cents (int64) [..., Event, Payer] for counters [..., Count]."""
    cents = np.rint(100.0 * p.unit_euro).astype(np.int64)
    on_account = np.zeros((len(Event), len(Payer)), np.int64)
    on_account[np.arange(len(Event)), p.payer] = 1
    return (events(counts, p.ambulant_zvw_share) * cents)[..., None] * on_account


def owed(counts: np.ndarray, p: Parameters) -> int:
    """Cents that all events cost together, in plain whole numbers: what the sum over payers must equal."""
    prices = [round(100 * float(euro)) for euro in p.unit_euro]
    happened = events(counts, p.ambulant_zvw_share)
    return sum(int(happened[event]) * prices[event] for event in Event)


STOCKS = [int(c) for c in (Count.BEWOOND, Count.LEEG, Count.PERSONEN_THUIS, Count.BEKENDEN_THUIS, Count.PERSONEN_WACHTEND)]


@kernel
def _recount(identity, person, buurt, first, last, place, home, who, status, network_wijk, gemeente, counts,
             waiting):  # fmt: skip
    """Count everyone afresh, per buurt into `counts` and those who wait into `waiting` [gemeenten]; returns a home whose
    person stands elsewhere, else -1, and how many more persons are at home than homes hold.

    Each person at home must stand in that home, under the same identity; if moreover as many homes hold a person as
    persons are at home, then nobody is in two places or in none.
    """
    wrong, too_many = -1, 0
    for b in range(first.size):
        lived, held = (identity[first[b] : last[b]] != 0).sum(), (person[first[b] : last[b]] != NOBODY).sum()
        counts[b, Count.BEWOOND] += lived
        counts[b, Count.LEEG] += last[b] - first[b] - lived
        counts[b, Count.PERSONEN_THUIS] += held
        too_many -= held
    for row in range(place.size):
        i = home[row]
        if place[row] > Place.THUIS:
            waiting[gemeente[network_wijk[row]]] += 1
        elif place[row] == Place.THUIS:
            too_many += 1
            counts[buurt[i], Count.BEKENDEN_THUIS] += status[row] == Status.BEKEND
            if person[i] != row or who[row] != identity[i] or who[row] == 0:
                wrong = i
    return wrong, too_many


def recount(world: World) -> None:
    """Put this month's stocks into the counters; raises `BooksDoNotClose` if somebody is in two places or in none."""
    d, persons, b = world.dwellings, world.persons, world.buurten
    world.counts[:, STOCKS] = 0
    in_gemeenten = world.gemeente_counts
    wrong, too_many = _recount(
        d.identity,
        d.person,
        d.buurt,
        b.first,
        b.last,
        persons.place,
        persons.dwelling,
        persons.identity,
        persons.status,
        persons.network_wijk,
        world.wijken.gemeente,
        world.counts,
        in_gemeenten[:, Count.PERSONEN_WACHTEND],
    )
    if wrong >= 0:
        raise BooksDoNotClose(f"month {world.month}: dwelling {wrong} and its person point at different places")
    if too_many:
        raise BooksDoNotClose(f"month {world.month}: {too_many} more persons are at home than homes hold")
    ends = np.searchsorted(world.seekers.gemeente, np.arange(world.gemeenten.rows + 1))
    in_gemeenten[:, Count.WONINGZOEKENDEN] = np.diff(ends)


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

# [Count, Account]: which counters are an account's stock, and which its flows (1 in, -1 out).
STOCK_OF, FLOWS_OF = np.zeros((2, len(Count), len(ACCOUNTS)), np.int64)
for _k, _account in enumerate(ACCOUNTS.values()):
    STOCK_OF[list(_account.stock), _k] = 1
    FLOWS_OF[list(_account.inflow), _k], FLOWS_OF[list(_account.outflow), _k] = 1, -1


@kernel
def _off(before, now, stock_of, flows_of):
    """How far each account [rows, Account] is from closing."""
    off = np.zeros((now.shape[0], stock_of.shape[1]), np.int64)
    for b in range(now.shape[0]):
        for c in range(now.shape[1]):
            for k in range(stock_of.shape[1]):
                off[b, k] += (now[b, c] - before[b, c]) * stock_of[c, k] - now[b, c] * flows_of[c, k]
    return off


def check(before: np.ndarray, now: np.ndarray, gemeente: np.ndarray, month: int) -> None:
    """Stocks [buurten + gemeenten, Count] of this month equal last month's plus flows; raises `BooksDoNotClose`.

    gemeente: of each buurt. Since every gemeente closes by itself, nobody waits in one and is housed in another.
    """
    off = _off(before, now, STOCK_OF, FLOWS_OF)
    together = off[gemeente.size :].copy()
    np.add.at(together, gemeente, off[: gemeente.size])
    for k, (name, account) in enumerate(ACCOUNTS.items()):
        wrong = (off if account.in_every_buurt else together)[:, k]
        if wrong.any():
            where, level = np.flatnonzero(wrong)[:5], "buurt" if account.in_every_buurt else "gemeente"
            raise BooksDoNotClose(f"month {month}: {name} in {level} {where.tolist()}: off by {wrong[where].tolist()}")
