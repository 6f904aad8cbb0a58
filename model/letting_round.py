"""One month's round of letting: the homes that corporatie by corporatie are offered, and who waits for them.

Looked up once for all corporaties. First each places persons in its reserved homes (`institutions.Corporatie`), then what is left
goes to the line of its gemeente (`letting`).
"""

import numpy as np

from model import access, letting
from model.jit import kernel
from model.letting import Homes, Line
from model.mechanisms.settling import Lettings
from model.policies import Levers
from model.public_view import UNSEEN, PublicView
from model.randomness import Luck
from model.strategies import Pairs, Queue, Vacancies
from model.table import in_order
from model.world import NOBODY, Status, Tenure, World

NONE = np.zeros(0, np.int64)


class LettingRound:
    """What the corporaties need in one month: homes to let, who waits where, and what may be known.

    Looked up and sorted once for all, and handed out in slices: by corporatie what is offered, by gemeente everything else.
    `reserved` says how many homes of each corporatie go by agreement; until that is decided, none.
    """

    def __init__(self, world: World, view: PublicView, reserves: bool, candidates: np.ndarray) -> None:
        self.world, self.view = world, view
        self._views: dict[int, PublicView] = {}
        self.homes, self.vacancies, self.agreed, self.owned = homes_to_let(world)
        self.reserved = [0] * world.corporaties.rows
        self.queue, self.waiting = queues(world, candidates)
        self.line, self.in_line = lines(world, self.queue.person[:0] if reserves else self.queue.person)
        self._edges, self._first = self.owned.tolist(), self.waiting.tolist()
        self._last = self._first[1:]  # of each gemeente the end of its queue, which moves up as persons are placed

    @property
    def offered(self) -> np.ndarray:
        """Rows of the homes [n] that are to let, corporatie by corporatie."""
        return self.homes.dwelling

    def vacancies_of(self, corporatie: int, reserved: int) -> Vacancies:
        """Homes that it has to let, in order of their rows, as a strategy sees them."""
        mine, (dwelling, buurt, portiek, rent, months_vacant, known, _) = self._homes_in(corporatie), self.vacancies
        return Vacancies(dwelling[mine], buurt[mine], portiek[mine], rent[mine], months_vacant[mine], known[mine], reserved)

    def queue_of(self, gemeente: int) -> Queue:
        """Who may be proposed in one gemeente and has no home yet."""
        there, (person, identity, profile, waiting_months) = slice(self._first[gemeente], self._last[gemeente]), self.queue
        return Queue(person[there], identity[there], profile[there], waiting_months[there])

    def view_of(self, gemeente: int) -> PublicView:
        """The public view of one gemeente; it starts at that gemeente's own first buurt and wijk."""
        if self.view is UNSEEN:
            return UNSEEN
        if gemeente not in self._views:
            g = self.world.gemeenten
            self._views[gemeente] = self.view.part(int(g.first[gemeente]), int(g.last[gemeente]))
        return self._views[gemeente]

    def place(self, corporatie: int, gemeente: int, pairs: Pairs) -> None:
        """These persons have these homes; raises ValueError where somebody, or a home, was not there to be proposed."""
        pairs = np.asarray(pairs, np.int64)
        if pairs.ndim != 2 or pairs.shape[1] != 2:
            raise ValueError(f"proposed is an array of shape {pairs.shape}: it must be pairs of a person and a home")
        agreed, left = _place(
            pairs, self._edges[corporatie], self._edges[corporatie + 1], self.offered, self.homes.free, self.agreed,
            self._first[gemeente], self._last[gemeente], *self.queue,
        )  # fmt: skip
        if not agreed:
            told = pairs[:, 1].tolist()
            raise ValueError(f"proposed are homes {told}: each must be offered by this corporatie, and be named once")
        if left < 0:
            raise ValueError(f"proposed are persons {pairs[:, 0].tolist()}: each must wait in this gemeente, and be named once")
        self._last[gemeente] = left

    def let(self, p: letting.Parameters, desk: access.Parameters, luck: Luck) -> Lettings:
        """What is left goes to those in the line, corporatie after corporatie; returns all lettings, also those by agreement."""
        c, line = self.world.corporaties, self.line
        found = letting.let(p, luck, self.homes, line, self.owned, self.in_line, c.gemeente)
        access.remember(desk, self.owned, self.homes.free, found, c.voorrang, c.weerstand)
        return Lettings(*_lettings(self.offered, self.agreed, found, line.row, line.person))

    def _homes_in(self, corporatie: int) -> slice:
        return slice(self._edges[corporatie], self._edges[corporatie + 1])


@kernel
def _agree(persons, homes, first, last, offered, free, agreed):
    """Homes [n], from first to last among those offered, go to persons [n]; False where one was not there."""
    for k, home in enumerate(homes):
        at = first
        while at < last and offered[at] != home:
            at += 1
        if at == last or not free[at]:
            return False
        free[at], agreed[at] = False, persons[k]
    return True


@kernel
def _take_out(persons, first, last, person, identity, profile, waiting_months):
    """Persons [n] leave a queue, which stands from first to last in its columns, and who stands behind them moves up.

    Returns where the queue ends now, or -1 where somebody did not stand in it.
    """
    for who in persons:
        at = first
        while at < last and person[at] != who:
            at += 1
        if at == last:
            return -1
        last -= 1
        for j in range(at, last):
            person[j], identity[j], profile[j] = person[j + 1], identity[j + 1], profile[j + 1]
            waiting_months[j] = waiting_months[j + 1]
    return last


@kernel
def _place(pairs, first, last, offered, free, agreed, head, tail, person, identity, profile, waiting_months):
    """(whether all homes of pairs [n, 2] were there, where the queue from head to tail ends now): `_agree`, `_take_out`."""
    persons, homes = pairs[:, 0], pairs[:, 1]
    there = _agree(persons, homes, first, last, offered, free, agreed)
    return there, _take_out(persons, head, tail, person, identity, profile, waiting_months)


@kernel
def _lettings(offered, agreed, found, row, is_person):
    """(persons, their homes, seekers, their homes) of homes [n] that are let: by agreement, or to who was `found` in the line."""
    persons, seekers = np.empty((2, offered.size), np.int64), np.empty((2, offered.size), np.int64)
    placed, let = 0, 0
    for k, home in enumerate(offered):
        if agreed[k] != NOBODY:
            persons[0, placed], persons[1, placed], placed = agreed[k], home, placed + 1
        elif found[k] >= 0 and is_person[found[k]]:
            persons[0, placed], persons[1, placed], placed = row[found[k]], home, placed + 1
        elif found[k] >= 0:
            seekers[0, let], seekers[1, let], let = row[found[k]], home, let + 1
    return persons[0, :placed], persons[1, :placed], seekers[0, :let], seekers[1, :let]


@kernel
def _long_vacant(months_vacant):
    """Rows [n] of homes that stand empty and did so before this month, ascending.

    Few do, so that eight at a time are passed over.
    """
    rows, found, last = np.empty(months_vacant.size, np.int64), 0, months_vacant.size // 8 * 8
    for k, eight in enumerate(months_vacant[:last].view(np.uint64)):
        if eight != 0:
            for i in range(8 * k, 8 * k + 8):
                rows[found] = i
                found += months_vacant[i] > 0
    for i in range(last, months_vacant.size):
        rows[found] = i
        found += months_vacant[i] > 0
    return rows[:found]


@kernel
def _offered(identity, tenure, months_vacant, corporatie, corporaties):
    """Rows [n] of corporatie homes that stood empty before this month: by corporatie (k has number k + 1), and there by row.

    Also returns where each corporatie starts [corporaties + 1].
    """
    rows, found = _long_vacant(months_vacant), 0
    starts = np.zeros(corporaties + 2, np.int64)
    for i in rows:
        if identity[i] == 0 and tenure[i] == Tenure.SOCIALE_HUUR:
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
def _known_in_portiek(home, portiek, person, status):
    """How many known persons live in the portiek of a home: rows of one portiek stand together."""
    i, known = home, 0
    while i > 0 and portiek[i - 1] == portiek[home]:
        i -= 1
    while i < portiek.size and portiek[i] == portiek[home]:
        known += person[i] >= 0 and status[person[i]] == Status.BEKEND
        i += 1
    return known


@kernel
def _homes_to_let(identity, tenure, buurt, portiek, rent, months_vacant, person, corporatie, gemeente, first, score, status):
    """Columns of `Homes`, those of `Vacancies` that are not among them, who gets each home by agreement (nobody yet), and where
    each corporatie starts. A buurt is numbered in its gemeente, whose own starts at `first`."""
    homes, owned = _offered(identity, tenure, months_vacant, corporatie, gemeente.size)
    many = homes.size
    block, price, empty = np.empty(many, portiek.dtype), np.empty(many, rent.dtype), np.empty(many, months_vacant.dtype)
    number, mark, known = np.empty(many, np.int64), np.empty(many, np.float32), np.empty(many, np.int64)
    for k, i in enumerate(homes):
        block[k], price[k], empty[k], mark[k] = portiek[i], rent[i], months_vacant[i], score[buurt[i]]
        number[k] = np.int64(buurt[i]) - np.int64(first[gemeente[corporatie[i] - 1]])
        known[k] = _known_in_portiek(i, portiek, person, status)
    return (homes, price, mark, np.ones(many, np.bool_)), (number, block, empty, known), np.full(many, NOBODY), owned


def homes_to_let(world: World) -> tuple[Homes, Vacancies, np.ndarray, np.ndarray]:
    """Homes [n] that are to let, as those see them to whom they are offered, and as strategies do; none is reserved yet. Who
    gets each by agreement (nobody yet), and where those of each corporatie start [corporaties + 1]."""
    d, c = world.dwellings, world.corporaties
    columns, (buurt, portiek, months_vacant, known), agreed, owned = _homes_to_let(
        d.identity, d.tenure, d.buurt, d.portiek, d.rent, d.months_vacant, d.person, d.corporatie, c.gemeente,
        world.gemeenten.first, world.buurten.score, world.persons.status,
    )  # fmt: skip
    homes = Homes(*columns)
    return homes, Vacancies(homes.dwelling, buurt, portiek, homes.rent, months_vacant, known, 0), agreed, owned


@kernel
def _queue(rows, month, identity, profile, waiting_since, network_wijk, gemeente, gemeenten):
    """Columns of a `Queue` of persons in rows [n], and where in it each gemeente starts."""
    rows = rows[in_order(waiting_since[rows].astype(np.int64), identity[rows])]
    asks, starts = np.empty(rows.size, np.int64), np.zeros(gemeenten + 1, np.int64)
    for k, i in enumerate(rows):
        asks[k] = gemeente[network_wijk[i]]
        starts[asks[k] + 1] += 1
    rows = rows[in_order(asks, np.arange(rows.size))]
    who, kind, months = np.empty(rows.size, identity.dtype), np.empty(rows.size, profile.dtype), np.empty(rows.size, np.int64)
    for k, i in enumerate(rows):
        who[k], kind[k], months[k] = identity[i], profile[i], month - waiting_since[i]
    return (rows, who, kind, months), np.cumsum(starts)


def queues(world: World, rows: np.ndarray) -> tuple[Queue, np.ndarray]:
    """(persons in rows [n] as strategies see them, where each gemeente starts [gemeenten + 1]): by the gemeente in which they ask
    for a home, there first come first, and those of one month by identity."""
    p = world.persons
    columns, starts = _queue(
        rows, world.month, p.identity, p.profile, p.waiting_since, p.network_wijk, world.wijken.gemeente, world.gemeenten.rows
    )
    return Queue(*columns), starts


@kernel
def _seekers(gemeente, gemeenten):
    """(row, whether a person, whether housed) of all seekers, and where each gemeente starts: they stand in that order."""
    many = gemeente.size
    starts = np.searchsorted(gemeente, np.arange(gemeenten + 1))
    return np.arange(many), np.zeros(many, np.bool_), np.zeros(many, np.bool_), starts


def lines(world: World, persons: np.ndarray) -> tuple[Line, np.ndarray]:
    """(the line, where in it each gemeente starts [gemeenten + 1]) of all seekers and of persons [m] in queue order."""
    s, p, w, gemeenten = world.seekers, world.persons, world.wijken, world.gemeenten.rows
    if not persons.size:
        row, person, housed, starts = _seekers(s.gemeente, gemeenten)
        return Line(row, person, s.identity, s.ses, housed), starts
    row, person, identity, ses, starts = _line(
        s.gemeente, s.since, s.identity, s.ses, persons, p.network_wijk, w.gemeente, p.waiting_since, p.identity, p.ses, gemeenten
    )
    return Line(row, person, identity, ses, np.zeros(row.size, bool)), starts


@kernel
def _line(gemeente, since, identity, ses, persons, network_wijk, of_wijk, waiting_since, person_identity, person_ses, gemeenten):
    """By gemeente, and there by when they came; seekers before persons of the same month. Both are in that order."""
    many = gemeente.size + persons.size
    row, person = np.empty(many, np.int64), np.zeros(many, np.bool_)
    who, means = np.empty(many, identity.dtype), np.empty(many, ses.dtype)
    starts, s, m = np.zeros(gemeenten + 1, np.int64), 0, 0
    for k in range(many):
        g = np.int64(gemeente[s]) if s < gemeente.size else gemeenten
        asks = np.int64(of_wijk[network_wijk[persons[m]]]) if m < persons.size else gemeenten
        if m < persons.size and (asks < g or (asks == g and waiting_since[persons[m]] < since[s])):
            g, i = asks, persons[m]
            row[k], person[k], who[k], means[k] = i, True, person_identity[i], person_ses[i]
            m += 1
        else:
            row[k], who[k], means[k] = s, identity[s], ses[s]
            s += 1
        starts[g + 1] += 1
    return row, person, who, means, np.cumsum(starts)


def candidates(world: World, p: access.Parameters, levers: Levers, luck: Luck, passed_over: np.ndarray = NONE) -> np.ndarray:
    """Rows of the waiting persons who may be proposed this month; not those whose identity is in `passed_over` (see `City`)."""
    rows = access.may_be_proposed(world, p, levers, luck)
    return rows[~np.isin(world.persons.identity[rows], passed_over)] if passed_over.size else rows
