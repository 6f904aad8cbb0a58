"""One month's round of letting: the homes that corporatie by corporatie are offered, and who waits for them.

Looked up once for all corporaties. First each places persons in its reserved homes (`institutions.Corporatie`), then what is left
goes to the line of its gemeente (`letting`).
"""

from itertools import pairwise

import numpy as np

from model import access, letting
from model.jit import kernel
from model.letting import Homes, Line
from model.mechanisms.settling import Lettings
from model.policies import Levers
from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Queue, Vacancies
from model.world import Place, Status, Tenure, World

NONE = np.zeros(0, np.int64)


class LettingRound:
    """What the corporaties need in one month: homes to let, who waits where, and what may be known.

    Looked up and sorted once for all, and handed out in slices: by corporatie what is offered, by gemeente everything else.
    """

    def __init__(self, world: World, view: PublicView, reserves: bool, candidates: np.ndarray) -> None:
        self.world, self.view, self.reserves = world, view, reserves
        self._views: dict[int, PublicView] = {}
        self.offered, by_corporatie = offered_homes(world)
        self.homes, self.vacancies = described(world, self.offered)
        self.queue, self.waits = queue_of(world, candidates), np.ones(candidates.size, bool)
        self.line, self.in_line = line_of(world, candidates[:0] if reserves else candidates)
        waiting = np.searchsorted(asks_in(world, candidates), np.arange(world.gemeenten.rows + 1))
        self.owned = by_corporatie
        self._owned, self._waiting = slices(by_corporatie), slices(waiting)
        self._placed: list[tuple[np.ndarray, np.ndarray]] = []  # persons and their homes
        self._less: set[int] = set()  # gemeenten where not everyone waits any more

    def many(self, corporatie: int) -> int:
        """How many homes it has to let."""
        mine = self._owned[corporatie]
        return int(mine.stop - mine.start)

    def homes_of(self, corporatie: int) -> Homes:
        """Homes that it has to let, in order of their rows."""
        return Homes(*[column[self._owned[corporatie]] for column in self.homes])

    def vacancies_of(self, corporatie: int, reserved: int) -> Vacancies:
        """The same homes, as a strategy sees them."""
        v, mine = self.vacancies, self._owned[corporatie]
        return Vacancies(
            v.dwelling[mine], v.buurt[mine], v.portiek[mine], v.rent[mine],
            v.months_vacant[mine], v.known_in_portiek[mine], reserved,
        )  # fmt: skip

    def queue_of(self, gemeente: int) -> Queue:
        """Who may be proposed in one gemeente and has no home yet."""
        mine = self._waiting[gemeente]
        queue = Queue(*[column[mine] for column in self.queue])
        if gemeente not in self._less:
            return queue
        waits = self.waits[mine]
        return Queue(*[column[waits] for column in queue])

    def view_of(self, gemeente: int) -> PublicView:
        """The public view of one gemeente; it starts at that gemeente's own first buurt and wijk."""
        if gemeente not in self._views:
            g = self.world.gemeenten
            self._views[gemeente] = self.view.part(int(g.first[gemeente]), int(g.last[gemeente]))
        return self._views[gemeente]

    def place(self, corporatie: int, gemeente: int, persons: np.ndarray, homes: np.ndarray) -> None:
        """These persons have these homes; raises ValueError where somebody, or a home, was not there to be proposed."""
        mine, there = self._owned[corporatie], self._waiting[gemeente]
        if not _cross_off(self.offered[mine], homes, self.homes.free[mine]):
            raise ValueError(f"proposed are homes {homes.tolist()}: each must be offered by this corporatie, and be named once")
        if not _cross_off(self.queue.person[there], persons, self.waits[there]):
            raise ValueError(f"proposed are persons {persons.tolist()}: each must wait in this gemeente, and be named once")
        self._less.add(gemeente)
        self._placed.append((persons, homes))

    def let(self, p: letting.Parameters, desk: access.Parameters, luck: Luck) -> Lettings:
        """What is left goes to those in the line, corporatie after corporatie; returns all lettings, also those by agreement."""
        c, line = self.world.corporaties, self.line
        found = letting.let(p, luck, self.homes, line, self.owned, self.in_line, c.gemeente)
        access.remember(desk, self.owned, self.homes.free, found, c.voorrang, c.weerstand)
        let = found >= 0
        places, homes = found[let], self.offered[let]
        rows, person = line.row[places], line.person[places]
        persons, person_homes = zip(*self._placed, (rows[person], homes[person]), strict=True)
        return Lettings(np.concatenate(persons), np.concatenate(person_homes), rows[~person], homes[~person])


@kernel
def _cross_off(rows, gone, there):
    """`there` [n] becomes False for each of `gone` among rows [n]; returns whether all of them were there."""
    for row in gone:
        k = 0
        while k < rows.size and rows[k] != row:
            k += 1
        if k == rows.size or not there[k]:
            return False
        there[k] = False
    return True


def slices(edges: np.ndarray) -> list[slice]:
    """The stretches between edges [n + 1]."""
    return [slice(a, b) for a, b in pairwise(edges.tolist())]


@kernel
def _describe(homes, buurt, portiek, rent, months_vacant, corporatie, gemeente, first, score):
    """Of homes in rows [n]: portiek, rent, months vacant, and buurt, which is numbered in its gemeente, with its score."""
    many = homes.size
    block, price, empty = np.empty(many, portiek.dtype), np.empty(many, rent.dtype), np.empty(many, months_vacant.dtype)
    number, mark = np.empty(many, np.int64), np.empty(many, np.float32)
    for k, i in enumerate(homes):
        block[k], price[k], empty[k], mark[k] = portiek[i], rent[i], months_vacant[i], score[buurt[i]]
        number[k] = np.int64(buurt[i]) - np.int64(first[gemeente[corporatie[i] - 1]])
    return block, price, empty, number, mark


def described(world: World, homes: np.ndarray) -> tuple[Homes, Vacancies]:
    """Homes in rows [n], as those see them to whom they are offered, and as strategies do; none is reserved yet."""
    d, c = world.dwellings, world.corporaties
    portiek, rent, months_vacant, buurt, score = _describe(
        homes, d.buurt, d.portiek, d.rent, d.months_vacant, d.corporatie, c.gemeente, world.gemeenten.first, world.buurten.score
    )
    known = _known_in_portiek(homes, d.portiek, d.person, world.persons.status)
    free = np.ones(homes.size, bool)
    return Homes(homes, rent, score, free), Vacancies(homes, buurt, portiek, rent, months_vacant, known, 0)


def queue_of(world: World, rows: np.ndarray) -> Queue:
    """Persons in rows [n], as strategies see them."""
    persons = world.persons
    return Queue(rows, persons.identity[rows], persons.profile[rows], world.month - persons.waiting_since[rows])


def line_of(world: World, persons: np.ndarray) -> tuple[Line, np.ndarray]:
    """(the line, where in it each gemeente starts [gemeenten + 1]) of all seekers and of persons in rows [m]."""
    s, p = world.seekers, world.persons
    if not persons.size:
        starts = np.searchsorted(s.gemeente, np.arange(world.gemeenten.rows + 1, dtype=np.uint16))
        return Line(np.arange(s.rows), np.zeros(s.rows, bool), s.identity, s.ses, np.zeros(s.rows, bool)), starts
    row, person, identity, ses, starts = _line(
        s.gemeente, s.since, s.identity, s.ses, persons, asks_in(world, persons), p.waiting_since, p.identity, p.ses,
        world.gemeenten.rows,
    )  # fmt: skip
    return Line(row, person, identity, ses, np.zeros(row.size, bool)), starts


@kernel
def _line(gemeente, since, identity, ses, persons, asks, waiting_since, person_identity, person_ses, gemeenten):
    """By gemeente, and there by when they came; seekers before persons of the same month. Both are in that order."""
    many = gemeente.size + persons.size
    row, person = np.empty(many, np.int64), np.zeros(many, np.bool_)
    who, means = np.empty(many, identity.dtype), np.empty(many, ses.dtype)
    starts, s, m = np.zeros(gemeenten + 1, np.int64), 0, 0
    for k in range(many):
        g = gemeente[s] if s < gemeente.size else gemeenten
        if m < persons.size and (asks[m] < g or (asks[m] == g and waiting_since[persons[m]] < since[s])):
            g, i = asks[m], persons[m]
            row[k], person[k], who[k], means[k] = i, True, person_identity[i], person_ses[i]
            m += 1
        else:
            row[k], who[k], means[k] = s, identity[s], ses[s]
            s += 1
        starts[g + 1] += 1
    return row, person, who, means, np.cumsum(starts)


def candidates(world: World, p: access.Parameters, levers: Levers, luck: Luck, passed_over: np.ndarray = NONE) -> np.ndarray:
    """Rows of the waiting persons who may be proposed this month; not those whose identity is in `passed_over` (see `City`)."""
    rows = np.flatnonzero(world.persons.place > int(Place.THUIS))
    rows = in_queue_order(world, rows[access.may_be_proposed(world, p, levers, luck, rows)])
    return rows[~np.isin(world.persons.identity[rows], passed_over)] if passed_over.size else rows


def in_queue_order(world: World, rows: np.ndarray) -> np.ndarray:
    """Persons in rows [n] by gemeente; there first come first, and those of one month by identity."""
    persons = world.persons
    return rows[np.lexsort((persons.identity[rows], persons.waiting_since[rows], asks_in(world, rows)))]


def asks_in(world: World, persons: np.ndarray) -> np.ndarray:
    """Gemeente in which each of the persons in rows [n] asks for a home: that of their network."""
    return world.wijken.gemeente[world.persons.network_wijk[persons]]


def offered_homes(world: World) -> tuple[np.ndarray, np.ndarray]:
    """(rows of corporatie homes that stood empty before this month, where each corporatie starts [corporaties + 1])."""
    d = world.dwellings
    return _offered(d.identity, d.tenure, d.months_vacant, d.corporatie, world.corporaties.rows)


@kernel
def _offered(identity, tenure, months_vacant, corporatie, corporaties):
    """By corporatie, and there by row; corporatie k has number k + 1."""
    rows, found = np.empty(identity.size, np.int64), 0
    starts = np.zeros(corporaties + 2, np.int64)
    for i in range(identity.size):
        if identity[i] == 0 and months_vacant[i] > 0 and tenure[i] == Tenure.SOCIALE_HUUR:
            rows[found] = i
            found += 1
            starts[corporatie[i] + 1] += 1
    starts = np.cumsum(starts)
    out, at = np.empty(found, np.int64), starts.copy()
    for i in rows[:found]:
        out[at[corporatie[i]]] = i
        at[corporatie[i]] += 1
    return out, starts[1:]


@kernel
def _known_in_portiek(homes, portiek, person, status):
    """Known persons [n] who live in the portiek of each of homes [n]: rows of one portiek stand together."""
    out = np.zeros(homes.size, np.int64)
    for k, home in enumerate(homes):
        i = home
        while i > 0 and portiek[i - 1] == portiek[home]:
            i -= 1
        while i < portiek.size and portiek[i] == portiek[home]:
            out[k] += person[i] >= 0 and status[person[i]] == Status.BEKEND
            i += 1
    return out
