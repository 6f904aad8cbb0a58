"""Who asks for a home: persons from institutions and from couches, and regular house-seekers.

Arrivals are exogenous (choice 6): how many come in a month, and who they are, depends on the seed, the month and their
ordinal alone, so that every scenario meets the same people. Each asks for a home in one gemeente: a person in that of
their own network, which lies where people live, and a seeker where homes of corporaties are. Blocked outflow keeps persons
in dear places (m10). A stay in an institution slowly costs skills, and so does a long opname while the home is kept (m11). Who
waits too long finds another way or gives up. The number of statushouders swings from year to year (m15).

Institutions. Persons who wait may hold a share of the places of every kind; the others are for who stays to be treated or
protected. Where they hold that share, it is full for who came last: from opvang, vrouwenopvang, beschermd wonen, jeugdzorg and
kliniek they go to a couch or to parents, and ask again now and then; for a statushouder, whom the law does not let out, a place
is opened besides, at its price (`when_full`). In a full kliniek an acute opname is put off (`crisis`). Left out: who is in an
institution and not ready to leave, that emergency places are dearer than others (no row), places that are opened or closed over
the years, and seekers who ask in several gemeenten.
"""

from operator import attrgetter
from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, normal_at, several, uniform, uniform_at
from model.table import in_order
from model.world import (
    COUNTERS,
    NOBODY,
    AgeClass,
    ByPlace,
    ByProfile,
    Count,
    Persons,
    Place,
    Profile,
    Status,
    Wish,
    World,
    month_days,
)

WRITES = ("persons.coping", "persons.place", "persons.since", "institutions.full")
READS = (
    "dwellings.buurt", "persons.identity", "persons.profile", "persons.place", "persons.dwelling", "persons.network_wijk",
    "persons.size", "persons.since", "persons.coping", "persons.opname_days", "seekers.identity", "seekers.gemeente",
    "buurten.wijk", "wijken.gemeente", "wijken.inwoners", "gemeenten.sociale_huur", "institutions.gemeente", "institutions.kind",
    "institutions.places",
)  # fmt: skip
PERSON_ID, SEEKER_ID = np.uint64(2 << 56), np.uint64(3 << 56)
FIRST_MONTH = 1000  # added to a month, so that the months of the warm-up are positive in an identity


class Parameters(NamedTuple):
    inflow_ratio: float
    profile_share: per(Profile)  # type: ignore[valid-type]
    origin: per(Profile, Place)  # type: ignore[valid-type]
    statushouder_swing: float
    debts_share: per(Profile)  # type: ignore[valid-type]
    coping_mean: per(Profile)  # type: ignore[valid-type]
    network_mean: per(Profile)  # type: ignore[valid-type]
    network_in_town: float
    skills_lost_per_month: float
    persons_give_up_per_month: float
    seekers_per_home: float
    seekers_give_up_per_year: float
    seeker_ses_mean: float
    seeker_ses_sd: float
    seeker_young_share: float
    seeker_old_share: float
    seeker_alone_share: float
    coping_spread: float
    network_spread: float
    person_young_share: float
    person_ses_below: float
    couch_share: per(Profile)  # type: ignore[valid-type]
    wish_peers_share: per(Profile)  # type: ignore[valid-type]
    day_activity_share: per(Profile)  # type: ignore[valid-type]
    places_for_waiting: float
    when_full: per(Place, Place)  # type: ignore[valid-type]
    asks_at: per(Profile, Place)  # type: ignore[valid-type]
    couch_asks_per_month: float
    wlz_after_months: int


MONTHS_IN, PLACES_OF = np.array([COUNTERS.get(place, (NOBODY, NOBODY)) for place in Place], np.int64).T.copy()
DRAWN = ("profile", "place", "debts", "coping", "network", "network_wijk", "age_class", "size", "wish", "participation", "ses")
DRAWN_OF = attrgetter(*DRAWN)  # these columns of a table of persons, in this order


@rule
def children(size, alone):
    """Children in a household of this size: of one adult who is `alone` with them, else of two."""
    return max(0, int(size) - (1 if alone else 2))  # a size is a byte, which knows no negative numbers


@kernel
def _wait(days, place, profile, size, coping, opname_days, network_wijk, gemeente, lost_per_month, came_before, since, counts,
          by_profile):  # fmt: skip
    """A month in the queue: skills are lost, except on a couch, and the month is counted [gemeenten] where it is spent.

    Who has a home and spends all `days` of the month in opname loses skills too. Who comes from a vrouwenopvang is alone with the
    children. came_before: who has been in a kliniek since this month, or longer, is there under the Wlz.
    """
    for i in range(place.size):
        if place[i] <= Place.THUIS:
            if opname_days[i] >= days:
                coping[i] *= 1.0 - lost_per_month
            continue
        if place[i] != Place.BANK:
            coping[i] *= 1.0 - lost_per_month
        counts[gemeente[network_wijk[i]], MONTHS_IN[place[i]]] += 1
        if place[i] == Place.OPVANG or place[i] == Place.VROUWENOPVANG:
            counts[gemeente[network_wijk[i]], Count.KIND_MAANDEN] += children(size[i], profile[i] == Profile.VROUW_GEZIN_OPVANG)
        if place[i] == Place.BANK and profile[i] == Profile.JONGERE_JEUGDZORG:
            counts[gemeente[network_wijk[i]], Count.BANK_JONGEREN_MAANDEN] += 1
        if place[i] == Place.KLINIEK and since[i] <= came_before:
            counts[gemeente[network_wijk[i]], Count.KLINIEK_LANG_MAANDEN] += 1
        by_profile[profile[i], ByProfile.WACHTEND] += 1


@kernel
def identities(kind, month, count):
    """Identities [count] of those who arrive in a month: kind (uint64), month and ordinal, and nothing else."""
    return kind | (np.uint64(month + FIRST_MONTH) << np.uint64(32)) | np.arange(1, count + 1).astype(np.uint64)


@kernel
def cumulative_shares(weights):
    """Upper edges [n] between 0 and 1 of stretches in proportion to weights [n]; all 0 where nothing has weight."""
    edges = np.cumsum(weights)
    return edges / max(edges[-1], 1e-12)


@kernel
def wijken_of_arrivals(inwoners, gemeente, sociale_huur):
    """Cumulative shares of the wijken in which persons have their network: by inhabitants, where there are homes to ask for."""
    return cumulative_shares(inwoners * (sociale_huur[gemeente] > 0))


@kernel
def profile_shares(seed, month, p):
    """Shares [Profile] of who arrives in this month: that of statushouders swings from year to year."""
    shares, year = p.profile_share.copy(), (month - 1) // 12  # month 1 is a January
    swing = 2.0 * uniform(seed, Stream.SHOCK_YEAR, year, np.uint64(Profile.STATUSHOUDER)) - 1.0
    shares[Profile.STATUSHOUDER] *= p.statushouder_swing**swing
    return shares


@kernel
def draw_traits(key, who, shares, wijken, p, rows, columns):
    """Traits of newly arrived persons `who` [n], by identity alone, into rows [n] of the columns DRAWN.

    shares: weights of the profiles. wijken: cumulative shares of the wijken in which they have their network.
    """
    profile, place, debts, coping, network, network_wijk, age_class, size, wish, participation, ses = columns
    u, edges = several(key, who, 11), cumulative_shares(shares)
    for k, i in enumerate(rows):
        kind = min(np.searchsorted(edges, u[0, k], side="right"), edges.size - 1)
        profile[i], debts[i] = kind, u[1, k] < p.debts_share[kind]
        place[i] = Place.BANK if u[8, k] < p.couch_share[kind] else p.origin[kind]
        wish[i] = Wish.BIJ_LOTGENOTEN if u[9, k] < p.wish_peers_share[kind] else Wish.ZELFSTANDIG
        participation[i] = u[10, k] < p.day_activity_share[kind]
        coping[i] = min(1.0, max(0.0, p.coping_mean[kind] + p.coping_spread * (u[2, k] - 0.5)))
        near = min(1.0, max(0.0, p.network_mean[kind] + p.network_spread * (u[3, k] - 0.5)))
        network[i] = near if u[4, k] < p.network_in_town else 0.0
        network_wijk[i] = min(np.searchsorted(wijken, u[5, k], side="right"), wijken.size - 1)
        ses[i] = p.seeker_ses_mean - p.person_ses_below + p.seeker_ses_sd * normal_at(u[6, k])
        age_class[i] = AgeClass.TOT_35 if u[7, k] < p.person_young_share else AgeClass.VAN_35_TOT_65
        if kind == Profile.JONGERE_JEUGDZORG:
            age_class[i] = AgeClass.TOT_35
        elif kind == Profile.KWETSBARE_OUDERE:
            age_class[i] = AgeClass.VANAF_75
        size[i] = 3 if kind == Profile.VROUW_GEZIN_OPVANG or kind == Profile.MULTIPROBLEEMGEZIN else 1


def person_traits(p: Parameters, luck: Luck, who: np.ndarray, wijken: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of newly arrived persons [n], by identity alone; places follow from the profile.

    wijken: cumulative shares of the wijken in which they have their network.
    """
    columns = {name: np.zeros(who.size, Persons.columns()[name].dtype) for name in DRAWN}
    shares = profile_shares(luck.seed, luck.month, p)
    draw_traits(luck.key(Stream.PERSON_TRAITS), who, shares, wijken, p, np.arange(who.size), tuple(columns.values()))
    return columns


@kernel
def _admit(seed, month, key, rows, numbers, inwoners, sociale_huur, gemeente, identity, status, line, stability, coping, since,
           waiting_since, place, network_wijk, drawn, counts, by_place):  # fmt: skip
    """Persons arrive in rows [n] and begin to wait, as stable as they have skills, and are counted."""
    who, wijken = identities(PERSON_ID, month, rows.size), wijken_of_arrivals(inwoners, gemeente, sociale_huur)
    p = unpacked(Parameters, numbers)
    draw_traits(key, who, profile_shares(seed, month, p), wijken, p, rows, drawn)
    for k, i in enumerate(rows):
        identity[i], status[i], line[i], stability[i] = who[k], Status.BEKEND, 2, coping[i]
        since[i], waiting_since[i] = month, month
        by_place[place[i], ByPlace.GEKOMEN] += 1
        counts[gemeente[network_wijk[i]], Count.PERSONEN_INSTROOM] += 1


def add_persons(world: World, p: Parameters, luck: Luck, per_month: float) -> None:
    """This month's persons join the queue, each in the institution (or on the couch) that they come from."""
    rows = world.new_persons(luck.arrivals(Stream.HOW_MANY_PERSONS, per_month))
    persons, wijken = world.persons, world.wijken
    _admit(
        luck.seed, luck.month, luck.key(Stream.PERSON_TRAITS), rows, packed(p), wijken.inwoners, world.gemeenten.sociale_huur,
        wijken.gemeente, persons.identity, persons.status, persons.line, persons.stability, persons.coping, persons.since,
        persons.waiting_since, persons.place, persons.network_wijk, DRAWN_OF(persons), world.gemeente_counts, world.by_place,
    )  # fmt: skip


@kernel
def draw_seekers(key, month, who, gemeenten, p):
    """Columns of newly registered regular seekers `who` [n], by identity alone, in the order of the table.

    gemeenten: cumulative shares of where they ask for a home.
    """
    u, n = several(key, who, 4), who.size
    gemeente, ses, age_class, size = np.empty(n, np.uint16), np.empty(n, np.float32), np.empty(n, np.uint8), np.empty(n, np.uint8)
    for i in range(n):
        gemeente[i] = min(np.searchsorted(gemeenten, u[3, i], side="right"), gemeenten.size - 1)
        ses[i] = p.seeker_ses_mean + p.seeker_ses_sd * normal_at(u[0, i])
        age_class[i] = AgeClass.VAN_35_TOT_65
        if u[1, i] < p.seeker_young_share:
            age_class[i] = AgeClass.TOT_35
        elif u[1, i] > 1.0 - p.seeker_old_share:
            age_class[i] = AgeClass.VAN_65_TOT_75
        size[i] = 1 if u[2, i] < p.seeker_alone_share else 2 if u[2, i] < 0.5 + p.seeker_alone_share / 2 else 3
    return who, gemeente, ses, age_class, size, np.full(n, month, np.int16)


@kernel
def _gives_up(key, identity, chance):
    """Whether each [n] finds another way, or gives up."""
    out = np.empty(identity.size, np.bool_)
    for i in range(identity.size):
        out[i] = uniform_at(key, identity[i]) < chance
    return out


@kernel
def _queue(key, give_up, gemeente, identity, new_gemeente, new_identity, counts):
    """Who waits after this, in order: the row of one who waited, or k after the last row for new seeker k.

    In each gemeente the new come last. Each, old or new, gives up with a chance of `give_up`.
    """
    gone, new_gone = _gives_up(key, identity, give_up), _gives_up(key, new_identity, give_up)
    turn = in_order(new_gemeente.astype(np.int64), new_identity)
    out, found, old, new = np.empty(identity.size + turn.size, np.int64), 0, 0, 0
    for g in range(counts.shape[0]):
        while old < identity.size and gemeente[old] == g:
            out[found] = old
            found += not gone[old]
            counts[g, Count.ZOEKERS_AFGEHAAKT] += gone[old]
            old += 1
        while new < turn.size and new_gemeente[turn[new]] == g:
            out[found] = identity.size + turn[new]
            found += not new_gone[turn[new]]
            counts[g, Count.ZOEKERS_AFGEHAAKT] += new_gone[turn[new]]
            counts[g, Count.ZOEKERS_INSTROOM] += 1
            new += 1
    return out[:found]


@kernel
def _register(month, traits, patience, count, give_up, numbers, sociale_huur, gemeente, identity, counts):
    """(order of the queue after this, columns of `count` new seekers); `traits` and `patience` are keys of luck."""
    p, gemeenten = unpacked(Parameters, numbers), cumulative_shares(sociale_huur)
    new = draw_seekers(traits, month, identities(SEEKER_ID, month, count), gemeenten, p)
    return _queue(patience, give_up, gemeente, identity, new[1], new[0], counts), new


def renew_queues(world: World, p: Parameters, luck: Luck, per_month: float, give_up: float) -> None:
    """This month's regular seekers join the queue of their gemeente; some find another way, or give up."""
    seekers = world.seekers
    order, new = _register(
        luck.month, luck.key(Stream.SEEKER_TRAITS), luck.key(Stream.WHO_GIVES_UP_WAITING),
        luck.arrivals(Stream.HOW_MANY_SEEKERS, per_month), give_up, packed(p), world.gemeenten.sociale_huur,
        seekers.gemeente,
        seekers.identity, world.gemeente_counts,
    )  # fmt: skip
    seekers.renew(order, *new)


@kernel
def _give_up(key, chance, identity, place, network_wijk, gemeente, counts, by_place):
    """Rows of the waiting persons who find another way, or give up; they are counted [gemeenten, Place]."""
    out, found = np.empty(place.size, np.int64), 0
    for i in range(place.size):
        if place[i] > Place.THUIS and uniform_at(key, identity[i]) < chance:
            counts[gemeente[network_wijk[i]], Count.PERSONEN_AFGEHAAKT] += 1
            by_place[place[i], ByPlace.AFGEHAAKT] += 1
            out[found] = i
            found += 1
    return out[:found]


@rule
def move(i, elsewhere, month, place, since, by_place):
    """Person i waits elsewhere from now on."""
    by_place[place[i], ByPlace.NAAR_ELDERS] += 1
    by_place[elsewhere, ByPlace.GEKOMEN] += 1
    place[i], since[i] = elsewhere, month


@kernel
def _stay_or_go(month, rows, network_wijk, gemeente, when_full, room, limited, place, since, counts, by_place):
    """Persons in rows [n], who are in the order in which they came, stay while there is room [gemeenten, Place], or go elsewhere.

    Returns who of them sleep on a couch since last month.
    """
    on_couch = np.zeros(rows.size, np.bool_)
    for k, i in enumerate(rows):
        g, here = gemeente[network_wijk[i]], place[i]
        on_couch[k] = here == Place.BANK
        if not limited[here]:
            continue
        if room[g, here] > 0:
            room[g, here] -= 1
            continue
        elsewhere = when_full[here]
        if elsewhere == here:  # nobody is refused: a place is opened besides
            counts[g, Count.NOODPLAATSEN] += 1
            counts[g, Count.PLAATSEN_MAANDEN] += 1
            counts[g, PLACES_OF[here]] += 1
            continue
        counts[g, Count.GEWEIGERD] += 1
        by_place[here, ByPlace.GEWEIGERD] += 1
        move(i, elsewhere, month, place, since, by_place)
    return rows[on_couch]


@kernel
def _room_for_waiting(gemeente, kind, places, share, gemeenten):
    """(room [gemeenten, Place] for persons who wait: a share of the places of institutions, rounded up; [Place] whether it is an
    institution).
    """
    room, limited = np.zeros((gemeenten, PLACES_OF.size), np.int64), np.zeros(PLACES_OF.size, np.bool_)
    for i in range(kind.size):
        room[gemeente[i], kind[i]] = np.ceil(share * places[i])
        limited[kind[i]] = True
    return room, limited


@kernel
def _hold_beds(opname_days, place, dwelling, buurt, wijk, gemeente, room):
    """Persons with a home who are in a kliniek now take room [gemeenten, Place] too."""
    rows, found = np.empty(place.size, np.int64), 0
    for i in range(place.size):
        rows[found] = i
        found += (opname_days[i] > 0) & (place[i] == Place.THUIS)
    for g in gemeente[wijk[buurt[dwelling[rows[:found]]]]]:
        room[g, Place.KLINIEK] -= 1


@kernel
def _in_order_of_coming(place, since, identity):
    """Rows of the persons who wait for a home, who came first in their present place first; of one month by identity."""
    rows, found = np.empty(place.size, np.int64), 0
    for i in range(place.size):
        rows[found] = i
        found += place[i] > Place.THUIS
    rows = rows[:found]
    return rows[in_order(since[rows].astype(np.int64), identity[rows])]


@kernel
def _find_beds(key, month, identity, profile, network_wijk, opname_days, dwelling, buurt, wijk, gemeente, asks_at,
               when_full, per_month, share, of_gemeente, kind, places, place, since, full, counts, by_place):  # fmt: skip
    """Who waits stays or goes; those on a couch ask for a place of their kind, each with the chance `per_month`.

    Then institutions without room are full.
    """
    rows = _in_order_of_coming(place, since, identity)
    room, limited = _room_for_waiting(of_gemeente, kind, places, share, counts.shape[0])
    for i in _stay_or_go(month, rows, network_wijk, gemeente, when_full, room, limited, place, since, counts, by_place):
        g, wanted = gemeente[network_wijk[i]], asks_at[profile[i]]
        if room[g, wanted] > 0 and uniform_at(key, identity[i]) < per_month:
            room[g, wanted] -= 1
            move(i, wanted, month, place, since, by_place)
    _hold_beds(opname_days, place, dwelling, buurt, wijk, gemeente, room)
    for i in range(kind.size):
        full[i] = room[of_gemeente[i], kind[i]] <= 0


def find_beds(world: World, p: Parameters, luck: Luck) -> None:
    """One rule for all institutions: where those who wait hold what they may, who came last waits elsewhere (`when_full`).

    Who sleeps on a couch asks for a place now and then, the longest first. What has no room left after this is full this month.
    """
    persons, i = world.persons, world.institutions
    _find_beds(
        luck.key(Stream.COUCH), luck.month, persons.identity, persons.profile, persons.network_wijk, persons.opname_days,
        persons.dwelling, world.dwellings.buurt, world.buurten.wijk, world.wijken.gemeente, p.asks_at, p.when_full,
        p.couch_asks_per_month, p.places_for_waiting, i.gemeente, i.kind, i.places, persons.place, persons.since, i.full,
        world.gemeente_counts, world.by_place,
    )  # fmt: skip


@kernel
def _count_places(gemeente, kind, places, counts):
    """Places that institutions [n] have this month, whoever is in them: those of a gemeente together, and by kind."""
    together = np.zeros(counts.shape[0])
    for i in range(kind.size):
        together[gemeente[i]] += places[i]
        counts[gemeente[i], PLACES_OF[kind[i]]] += np.int64(np.rint(places[i]))
    for g in range(together.size):
        counts[g, Count.PLAATSEN_MAANDEN] += np.int64(np.rint(together[g]))


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of arrivals, giving up, and waiting."""
    add_persons(world, p, luck, world.persons_per_month)
    renew_queues(world, p, luck, world.seekers_per_month, p.seekers_give_up_per_year / 12.0)
    i, persons, gemeente, counts = world.institutions, world.persons, world.wijken.gemeente, world.gemeente_counts
    gone = _give_up(
        luck.key(Stream.WHO_GIVES_UP_WAITING), p.persons_give_up_per_month, persons.identity, persons.place,
        persons.network_wijk, gemeente, counts, world.by_place,
    )  # fmt: skip
    persons.clear(gone)
    _count_places(i.gemeente, i.kind, i.places, counts)
    find_beds(world, p, luck)
    _wait(
        month_days(luck.month), persons.place, persons.profile, persons.size, persons.coping, persons.opname_days,
        persons.network_wijk, gemeente, p.skills_lost_per_month, luck.month - p.wlz_after_months, persons.since, counts,
        world.by_profile,
    )  # fmt: skip
