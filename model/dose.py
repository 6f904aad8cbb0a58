"""More placements in one buurt at once: the dose by which its carrying capacity is measured (choice 3).

A dose of k puts k persons in k homes of corporaties in which regular households live, as if these homes had been let by
agreement. Which homes is settled by lot, on the identity of the household, and who comes by (buurt, ordinal). So a dose of
k + 1 is the dose of k with one placement more, under the same luck. The household that lived there leaves the town, as
every household does that moves. Left out: whether the home suits the household that comes.
"""

import numpy as np

from model import ledger
from model.mechanisms import inflow, leaving, settling
from model.parameters import Problem, Refused
from model.policies import Levers
from model.randomness import Luck, Stream
from model.rooms import Rooms
from model.world import NOBODY, ByPlace, Count, Status, Tenure, World

DOSE_ID = np.uint64(9 << 56)  # no other kind of identity begins so


def homes_for(world: World, buurt: int) -> np.ndarray:
    """Dwelling rows of a buurt in which a dose can place somebody: of a corporatie, with a regular household."""
    d, b = world.dwellings, world.buurten
    here = slice(b.first[buurt], b.last[buurt])
    regular = (d.tenure[here] == int(Tenure.SOCIALE_HUUR)) & (d.identity[here] != 0) & (d.person[here] == NOBODY)
    return np.flatnonzero(regular) + int(b.first[buurt])


def room_for(world: World) -> np.ndarray:
    """The largest dose of each buurt [buurten]."""
    return np.array([homes_for(world, buurt).size for buurt in range(world.buurten.rows)], np.int64)


def place_more(world: World, buurt: int, count: int, rooms: Rooms, levers: Levers, luck: Luck) -> np.ndarray:
    """Place `count` persons in the buurt, in the month of `luck`; returns the dwelling rows [count] that they got.

    Everything is booked, so that the month still closes. Raises `Refused` where the buurt has too few homes for it.
    """
    possible = homes_for(world, buurt)
    if not 0 <= count <= possible.size:
        expected = f"0 to {possible.size}: its homes of corporaties in which a regular household lives"
        raise Refused([Problem(f"doses, buurt {buurt}", f"{count} placements", expected)])
    if count == 0:
        return possible[:0]
    lots = luck.tickets(Stream.WHICH_HOME, buurt, world.dwellings.identity[possible])
    homes = possible[np.argsort(lots, kind="stable")[:count]]
    _move_out(world, homes)
    rows = _come(world, buurt, count, rooms, luck)
    # A letting is written once, in settling: what it sets of who enters holds here too.
    settling.come_home(world, rooms.settling, levers, luck, rows, homes)
    for name in leaving.STRATUM:  # before month 1 an entrant would keep the stratum of who left
        getattr(world.dwellings, name)[homes] = getattr(world.persons, name)[rows]
    ledger.recount(world)
    return homes


def _move_out(world: World, homes: np.ndarray) -> None:
    """Regular households in homes [n] of corporaties leave."""
    d = world.dwellings
    world.book(Count.VERTROKKEN, d.buurt[homes])
    world.book(Count.VERTROKKEN_SOCIAAL, d.buurt[homes])
    d.clear(homes, but=leaving.KEPT)


def _come(world: World, buurt: int, count: int, rooms: Rooms, luck: Luck) -> np.ndarray:
    """New persons with a network in the buurt's own gemeente; their rows [count]. They have waited for nothing yet."""
    persons, w = world.persons, world.wijken
    gemeente = world.buurten.gemeente[buurt]
    who = DOSE_ID | (np.uint64(buurt) << np.uint64(32)) | np.arange(1, count + 1, dtype=np.uint64)
    near = inflow.cumulative_shares(w.inwoners * (w.gemeente == gemeente))
    traits = inflow.person_traits(rooms.inflow, luck, who, near)
    rows = world.new_persons(count)
    for name, value in traits.items():
        getattr(persons, name)[rows] = value
    persons.identity[rows] = who
    persons.status[rows] = int(Status.BEKEND)
    persons.line[rows] = 2
    persons.stability[rows] = traits["coping"]
    persons.since[rows] = persons.waiting_since[rows] = luck.month
    world.book_in_gemeente(Count.PERSONEN_INSTROOM, np.full(count, gemeente))
    world.book_in_place(ByPlace.GEKOMEN, traits["place"])
    return rows
