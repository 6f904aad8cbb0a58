"""The books: people, homes and money. Stocks equal flows every month, and every event is paid for by somebody.

Money is booked in whole cents: events times unit cost, each event on the account of one payer, so that payers sum to the
total to the cent. Team hours are paid whether or not they are used. Prices have one year (docs/parameters.md); no discount.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np

from model.jit import kernel
from model.parameters import per
from model.world import NOBODY, Count, Payer, Place, World


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


@kernel
def _recount(identity, person, buurt, place, home, who, status, known, counts):
    """Count everyone afresh into `counts`; returns the first dwelling row whose person does not live there, else -1."""
    wrong = -1
    for i in range(identity.size):
        b = buurt[i]
        if identity[i] == 0:
            counts[b, Count.LEEG] += 1
            if person[i] != NOBODY and wrong < 0:
                wrong = i
            continue
        counts[b, Count.BEWOOND] += 1
        row = person[i]
        if row == NOBODY:
            continue
        counts[b, Count.PERSONEN_THUIS] += 1
        if status[row] == known:
            counts[b, Count.BEKENDEN_THUIS] += 1
        if (place[row] != Place.THUIS or home[row] != i or who[row] != identity[i]) and wrong < 0:
            wrong = i
    return wrong


def recount(world: World) -> None:
    """Put this month's stocks into the counters; raises `BooksDoNotClose` if somebody is in two places or in none."""
    d, persons, known = world.dwellings, world.persons, 1
    stocks = [Count.BEWOOND, Count.LEEG, Count.PERSONEN_THUIS, Count.BEKENDEN_THUIS]
    world.counts[:, stocks] = 0
    wrong = _recount(
        d.identity, d.person, d.buurt, persons.place, persons.dwelling, persons.identity, persons.status, known, world.counts
    )
    if wrong >= 0:
        raise BooksDoNotClose(f"month {world.month}: dwelling {wrong} and its person point at different places")
    at_home = int(np.count_nonzero(persons.place == Place.THUIS))
    if at_home != world.counts[:, Count.PERSONEN_THUIS].sum():
        raise BooksDoNotClose(
            f"month {world.month}: {at_home} persons are at home, homes hold {world.counts[:, Count.PERSONEN_THUIS].sum()}"
        )
    world.counts[-1, Count.PERSONEN_WACHTEND] = np.count_nonzero(persons.place > Place.THUIS)
    world.counts[-1, Count.WONINGZOEKENDEN] = world.seekers.rows


def check(before: np.ndarray, now: np.ndarray, month: int) -> None:
    """Stocks [buurten + 1, Count] of this month equal last month's plus flows; raises `BooksDoNotClose`."""
    total = now.sum(axis=0)
    accounts = {
        "bewoonde woningen": (
            now[:, Count.BEWOOND],
            before[:, Count.BEWOOND] + now[:, Count.BETROKKEN] - now[:, Count.VERTROKKEN],
        ),
        "woningen": (now[:, Count.BEWOOND] + now[:, Count.LEEG], before[:, Count.BEWOOND] + before[:, Count.LEEG]),
        "personen": (
            total[Count.PERSONEN_THUIS] + total[Count.PERSONEN_WACHTEND],
            before[:, Count.PERSONEN_THUIS].sum() + before[:, Count.PERSONEN_WACHTEND].sum()
            + total[Count.PERSONEN_INSTROOM] + total[Count.NIEUW_KWETSBAAR] + total[Count.DAKLOOS_GEWORDEN]
            - total[Count.HERSTELD] - total[Count.PERSONEN_VERTROKKEN] - total[Count.PERSONEN_AFGEHAAKT],
        ),
        "personen thuis": (
            now[:-1, Count.PERSONEN_THUIS],
            before[:-1, Count.PERSONEN_THUIS] + now[:-1, Count.NIEUW_KWETSBAAR] + now[:-1, Count.GEPLAATST]
            - now[:-1, Count.HERSTELD] - now[:-1, Count.PERSONEN_VERTROKKEN] - now[:-1, Count.THUIS_VERLOREN],
        ),
        "woningzoekenden": (
            total[Count.WONINGZOEKENDEN],
            before[:, Count.WONINGZOEKENDEN].sum() + total[Count.ZOEKERS_INSTROOM] - total[Count.ZOEKERS_AFGEHAAKT]
            - total[Count.VERHUURD_REGULIER],
        ),
    }  # fmt: skip
    for account, (stock, flows) in accounts.items():
        if not np.array_equal(stock, flows):
            where = np.flatnonzero(np.atleast_1d(stock != flows))[:5]
            raise BooksDoNotClose(f"month {month}: {account} in buurt {where.tolist()}: counted {stock}, from flows {flows}")
