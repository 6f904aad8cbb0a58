"""Who asks for a home: persons from institutions and from couches, and regular house-seekers.

Arrivals are exogenous (choice 6): how many come in a month, and who they are, depends on the seed, the month and their
ordinal alone, so that every scenario meets the same people. Each asks for a home in one gemeente: a person in that of
their own network, which lies where people live, and a seeker where homes of corporaties are. Blocked outflow keeps persons
in dear places and slowly costs them skills (m10, m11); who waits too long finds another way or gives up. The number of
statushouders swings from year to year (m15).

Institutions. Persons who wait may hold a share of the places of every kind; the others are for who stays to be treated or
protected. Where they hold that share, it is full for who came last: from opvang, vrouwenopvang, beschermd wonen, jeugdzorg and
kliniek they go to a couch or to parents, and ask again now and then; for a statushouder, whom the law does not let out, a place
is opened besides, at its price (`when_full`). In a full kliniek an acute opname is put off (`crisis`). Left out: who is in an
institution and not ready to leave, that emergency places are dearer than others (no row), places that are opened or closed over
the years, and seekers who ask in several gemeenten.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, normal_of, uniform, uniform_at
from model.world import NOBODY, AgeClass, ByPlace, ByProfile, Count, Persons, Place, Profile, Status, Wish, World

WRITES = ("persons.coping", "persons.place", "persons.since", "institutions.full")
READS = (
    "dwellings.buurt", "persons.identity", "persons.profile", "persons.place", "persons.dwelling", "persons.network_wijk",
    "persons.size", "persons.since", "persons.coping", "persons.opname_days", "seekers.identity", "seekers.gemeente",
    "buurten.wijk", "wijken.gemeente", "wijken.inwoners", "gemeenten.sociale_huur", "institutions.gemeente", "institutions.kind",
    "institutions.places",
)  # fmt: skip
PERSON_ID, SEEKER_ID = np.uint64(2 << 56), np.uint64(3 << 56)
FIRST_MONTH = 1000  # added to a month, so that the months of the warm-up are positive in an identity
AT_HOME = int(Place.THUIS)  # numba compares no column with an enumeration


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


COUNTERS = {  # what counts the months that are spent in a place, and the places that there are
    Place.OPVANG: (Count.OPVANG_MAANDEN, Count.PLAATSEN_OPVANG),
    Place.BESCHERMD_WONEN: (Count.BW_MAANDEN, Count.PLAATSEN_BW),
    Place.KLINIEK: (Count.KLINIEK_MAANDEN, Count.PLAATSEN_KLINIEK),
    Place.JEUGDZORG: (Count.JEUGDZORG_MAANDEN, Count.PLAATSEN_JEUGDZORG),
    Place.VROUWENOPVANG: (Count.VROUWENOPVANG_MAANDEN, Count.PLAATSEN_VROUWENOPVANG),
    Place.AZC: (Count.AZC_MAANDEN, Count.PLAATSEN_AZC),
    Place.BANK: (Count.BANK_MAANDEN, NOBODY),  # a couch is no institution
}
MONTHS_IN, PLACES_OF = np.array([COUNTERS.get(place, (NOBODY, NOBODY)) for place in Place], np.int64).T.copy()
# traits of a new person, in the order of `_draw_traits`
DRAWN = ("profile", "place", "debts", "coping", "network", "network_wijk", "age_class", "size", "wish", "participation")
DTYPES = tuple(np.dtype(Persons.columns()[name].dtype) for name in DRAWN)


@kernel
def _wait(place, profile, size, coping, network_wijk, gemeente, lost_per_month, came_before, since, counts,
          by_profile):  # fmt: skip
    """A month in the queue: skills are lost, except on a couch, and the month is counted [gemeenten] where it is spent.

    Children are all of a household but one. came_before: who has been in a kliniek since this month, or longer, is there under
    the Wlz.
    """
    for i in range(place.size):
        if place[i] <= Place.THUIS:
            continue
        if place[i] != Place.BANK:
            coping[i] *= 1.0 - lost_per_month
        counts[gemeente[network_wijk[i]], MONTHS_IN[place[i]]] += 1
        if place[i] == Place.OPVANG or place[i] == Place.VROUWENOPVANG:
            counts[gemeente[network_wijk[i]], Count.KIND_MAANDEN] += size[i] - 1
        if place[i] == Place.BANK and profile[i] == Profile.JONGERE_JEUGDZORG:
            counts[gemeente[network_wijk[i]], Count.BANK_JONGEREN_MAANDEN] += 1
        if place[i] == Place.KLINIEK and since[i] <= came_before:
            counts[gemeente[network_wijk[i]], Count.KLINIEK_LANG_MAANDEN] += 1
        by_profile[profile[i], ByProfile.WACHTEND] += 1


def identities(kind: np.uint64, month: int, count: int) -> np.ndarray:
    """Identities [count] of those who arrive in a month: kind, month and ordinal, and nothing else."""
    return kind | (np.uint64(month + FIRST_MONTH) << np.uint64(32)) | np.arange(1, count + 1, dtype=np.uint64)


@kernel
def cumulative_shares(weights):
    """Upper edges [n] between 0 and 1 of stretches in proportion to weights [n]; all 0 where nothing has weight."""
    edges = np.cumsum(weights)
    return edges / max(edges[-1], 1e-12)


def wijken_of_arrivals(world: World) -> np.ndarray:
    """Cumulative shares of the wijken in which persons have their network: by inhabitants, where there are homes to ask for."""
    w = world.wijken
    return cumulative_shares(w.inwoners * (world.gemeenten.sociale_huur[w.gemeente] > 0))


@kernel
def _draw_traits(u, edges, wijken, p, rows, profile, place, debts, coping, network, network_wijk, age_class, size, wish,
                 participation):  # fmt: skip
    """Traits in rows [n] of these columns, from uniforms [11, n]. Cumulative shares of profiles: `edges`, and of `wijken`."""
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
        age_class[i] = AgeClass.TOT_35 if u[7, k] < p.person_young_share else AgeClass.VAN_35_TOT_65
        if kind == Profile.JONGERE_JEUGDZORG:
            age_class[i] = AgeClass.TOT_35
        elif kind == Profile.KWETSBARE_OUDERE:
            age_class[i] = AgeClass.VANAF_75
        size[i] = 3 if kind == Profile.VROUW_GEZIN_OPVANG or kind == Profile.MULTIPROBLEEMGEZIN else 1


def draw_traits(
    p: Parameters, luck: Luck, who: np.ndarray, wijken: np.ndarray, rows: np.ndarray, columns: list[np.ndarray]
) -> np.ndarray:
    """Traits of newly arrived persons [n], by identity alone, into rows [n] of the columns DRAWN; returns their SES [n]."""
    shares = p.profile_share.copy()
    year = (luck.month + FIRST_MONTH) // 12
    swing = 2.0 * uniform(luck.seed, int(Stream.SHOCK_YEAR), year, int(Profile.STATUSHOUDER)) - 1.0
    shares[Profile.STATUSHOUDER] *= p.statushouder_swing**swing
    u = luck.several(Stream.PERSON_TRAITS, who, 11)
    _draw_traits(u, np.cumsum(shares) / shares.sum(), wijken, p, rows, *columns)
    return p.seeker_ses_mean - p.person_ses_below + p.seeker_ses_sd * normal_of(u[6])


def person_traits(p: Parameters, luck: Luck, who: np.ndarray, wijken: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of newly arrived persons [n], by identity alone; places follow from the profile.

    wijken: cumulative shares of the wijken in which they have their network.
    """
    columns = [np.zeros(who.size, dtype) for dtype in DTYPES]
    ses = draw_traits(p, luck, who, wijken, np.arange(who.size), columns)
    return {**dict(zip(DRAWN, columns, strict=True)), "ses": ses}


@kernel
def _draw_seekers(u, gemeenten, young_share, old_share, alone_share):
    """Gemeente, age and size [n] from uniforms [4, n]; gemeenten: cumulative shares of where they ask."""
    gemeente, age_class, size = np.empty(u.shape[1], np.uint16), np.empty(u.shape[1], np.uint8), np.empty(u.shape[1], np.uint8)
    for i in range(u.shape[1]):
        gemeente[i] = min(np.searchsorted(gemeenten, u[3, i], side="right"), gemeenten.size - 1)
        age_class[i] = AgeClass.VAN_35_TOT_65
        if u[1, i] < young_share:
            age_class[i] = AgeClass.TOT_35
        elif u[1, i] > 1.0 - old_share:
            age_class[i] = AgeClass.VAN_65_TOT_75
        size[i] = 1 if u[2, i] < alone_share else 2 if u[2, i] < 0.5 + alone_share / 2 else 3
    return gemeente, age_class, size


def seeker_traits(p: Parameters, luck: Luck, who: np.ndarray, gemeenten: np.ndarray) -> dict[str, np.ndarray]:
    """Columns of newly registered regular seekers [n], by identity alone; gemeenten: cumulative shares of where they ask."""
    u = luck.several(Stream.SEEKER_TRAITS, who, 4)
    gemeente, age_class, size = _draw_seekers(u, gemeenten, p.seeker_young_share, p.seeker_old_share, p.seeker_alone_share)
    ses = p.seeker_ses_mean + p.seeker_ses_sd * normal_of(u[0])
    since = np.full(who.size, luck.month, np.int16)
    return {"identity": who, "gemeente": gemeente, "ses": ses, "age_class": age_class, "size": size, "since": since}


@kernel
def _admit(month, rows, who, means, place, coping, network_wijk, gemeente, identity, ses, status, line, stability, since,
           waiting_since, counts, by_place):  # fmt: skip
    """Persons whose traits stand in rows [n] begin to wait, as stable as they have skills, and are counted."""
    for k, i in enumerate(rows):
        identity[i], ses[i], status[i], line[i], stability[i] = who[k], means[k], Status.BEKEND, 2, coping[i]
        since[i], waiting_since[i] = month, month
        by_place[place[i], ByPlace.GEKOMEN] += 1
        counts[gemeente[network_wijk[i]], Count.PERSONEN_INSTROOM] += 1


def add_persons(world: World, p: Parameters, luck: Luck, per_month: float) -> None:
    """This month's persons join the queue, each in the institution (or on the couch) that they come from."""
    count = luck.arrivals(Stream.HOW_MANY_PERSONS, per_month)
    who = identities(PERSON_ID, luck.month, count)
    rows, persons = world.new_persons(count), world.persons
    means = draw_traits(p, luck, who, wijken_of_arrivals(world), rows, [getattr(persons, name) for name in DRAWN])
    _admit(
        luck.month, rows, who, means, persons.place, persons.coping, persons.network_wijk, world.wijken.gemeente,
        persons.identity, persons.ses, persons.status, persons.line, persons.stability, persons.since, persons.waiting_since,
        world.gemeente_counts, world.by_place,
    )  # fmt: skip


def seekers_of(world: World, p: Parameters, luck: Luck, per_month: float) -> dict[str, np.ndarray]:
    """Columns of the regular seekers who register this month."""
    who = identities(SEEKER_ID, luck.month, luck.arrivals(Stream.HOW_MANY_SEEKERS, per_month))
    return seeker_traits(p, luck, who, cumulative_shares(world.gemeenten.sociale_huur))


@kernel
def _renewed(key, give_up, gemeente, identity, new_gemeente, new_identity, by_gemeente, counts):
    """Who waits after this, in order: the row of one who waited, or k after the last row for new seeker k.

    In each gemeente the new come last, in the order `by_gemeente`. Each, old or new, gives up with a chance of `give_up`.
    """
    out, found, old, new = np.empty(identity.size + new_identity.size, np.int64), 0, 0, 0
    while old + new < out.size:
        joins = by_gemeente[new] if new < new_identity.size else -1
        if joins < 0 or (old < identity.size and gemeente[old] <= new_gemeente[joins]):
            number, who, g = old, identity[old], gemeente[old]
            old += 1
        else:
            number, who, g = identity.size + joins, new_identity[joins], new_gemeente[joins]
            counts[g, Count.ZOEKERS_INSTROOM] += 1
            new += 1
        if uniform_at(key, who) < give_up:
            counts[g, Count.ZOEKERS_AFGEHAAKT] += 1
        else:
            out[found] = number
            found += 1
    return out[:found].copy()


def renew_queues(world: World, luck: Luck, months: list[dict[str, np.ndarray]], give_up: float) -> None:
    """Seekers of one month, or of several in order, join the queue of their gemeente; some find another way, or give up."""
    new = months[0]
    if len(months) > 1:
        new = {name: np.concatenate([month[name] for month in months]) for name in new}
    seekers, key = world.seekers, luck.key(Stream.WHO_GIVES_UP_WAITING)
    order = _renewed(
        key, give_up, seekers.gemeente, seekers.identity, new["gemeente"], new["identity"],
        np.argsort(new["gemeente"], kind="stable"), world.gemeente_counts,
    )  # fmt: skip
    seekers.renew(order, **new)


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
    return out[:found].copy()


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
    homes = dwelling[np.flatnonzero((opname_days > 0) & (place == AT_HOME))]
    for g in gemeente[wijk[buurt[homes]]]:
        room[g, Place.KLINIEK] -= 1


@kernel
def _find_beds(key, month, rows, identity, profile, network_wijk, opname_days, dwelling, buurt, wijk, gemeente, asks_at,
               when_full, per_month, share, of_gemeente, kind, places, place, since, full, counts, by_place):  # fmt: skip
    """Persons in rows [n] stay or go; those on a couch ask for a place of their kind, each with the chance `per_month`.

    Then institutions without room are full.
    """
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
    waiting = np.flatnonzero(persons.place > int(Place.THUIS))
    rows = waiting[np.lexsort((persons.identity[waiting], persons.since[waiting]))]
    _find_beds(
        luck.key(Stream.COUCH), luck.month, rows, persons.identity, persons.profile, persons.network_wijk, persons.opname_days,
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
    renew_queues(world, luck, [seekers_of(world, p, luck, world.seekers_per_month)], p.seekers_give_up_per_year / 12.0)
    i, persons = world.institutions, world.persons
    gone = _give_up(
        luck.key(Stream.WHO_GIVES_UP_WAITING), p.persons_give_up_per_month, persons.identity, persons.place,
        persons.network_wijk, world.wijken.gemeente, world.gemeente_counts, world.by_place,
    )  # fmt: skip
    persons.clear(gone)
    _count_places(i.gemeente, i.kind, i.places, world.gemeente_counts)
    find_beds(world, p, luck)
    _wait(
        persons.place, persons.profile, persons.size, persons.coping, persons.network_wijk, world.wijken.gemeente,
        p.skills_lost_per_month, luck.month - p.wlz_after_months, persons.since, world.gemeente_counts, world.by_profile,
    )  # fmt: skip
