"""Who enters a home: the lettings that corporaties decided, and buyers and tenants on the market (m1, m3, m12).

Carries out what institutions propose, and fills homes for sale and private rent. Buyers and market tenants are keyed by
(dwelling, month), so that a letting elsewhere never changes who they are; where leefbaarheid has fallen they are less
well-off. During the warm-up whoever enters gets the leaver's stratum, so that month 0 equals the tables (choice 8).
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv

from model.jit import kernel
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, normal_of, stream_key, uniform_at
from model.world import NEVER, AgeClass, ByPlace, ByProfile, Count, Place, Tenure, World

WRITES: tuple[str, ...] = ()  # it fills rows
READS = (
    "dwellings.buurt", "dwellings.tenure", "dwellings.identity", "dwellings.ses", "dwellings.size", "persons.identity",
    "persons.profile", "persons.place", "persons.network_wijk", "persons.ses", "persons.age_class", "persons.size",
    "persons.since", "persons.waiting_since", "persons.placed", "persons.network", "seekers.identity", "seekers.ses",
    "seekers.age_class", "seekers.size", "seekers.since", "buurten.wijk", "buurten.start_score", "buurten.score",
)  # fmt: skip
MARKET_ID = np.uint64(4 << 56)
FIRST_MONTH = 1000
NODES = (math.log(1e-12), math.log(-math.log(1e-12)), 16_384)  # from u = 1e-12 to u = 1 - 1e-12


class Parameters(NamedTuple):
    months_vacant: per(Tenure)  # type: ignore[valid-type]
    frailty_shape: float
    tolerance_rest: float
    content_rest: float
    entry_age: per(AgeClass)  # type: ignore[valid-type]
    entry_ses_spread: float
    entry_ses_of_fall: float
    network_kept_elsewhere: float
    low_income_below_ses: float
    contract_months: int


class Lettings(NamedTuple):
    """What the corporaties decided: persons [n] and seekers [m] by row, with the dwelling row that each gets."""

    persons: np.ndarray
    person_homes: np.ndarray
    seekers: np.ndarray
    seeker_homes: np.ndarray


class Entrants(NamedTuple):
    """Households that move into dwelling rows `homes` [n], with the traits that they bring."""

    homes: np.ndarray
    identity: np.ndarray
    ses: np.ndarray
    age_class: np.ndarray
    size: np.ndarray


@cache
def _log_quantiles(shape: float) -> np.ndarray:
    """Logarithm of a gamma's quantile (mean 1) at NODES: equal steps of log(-log(1 - u)).

    Against that coordinate it is almost straight in both tails, so that a line between two nodes is within 1e-6 of it.
    """
    return np.log(gammaincinv(shape, -np.expm1(-np.exp(np.linspace(*NODES)))) / shape)


@kernel
def _frailties(seed, who, low, high, log_quantiles):
    """The quantile at the one uniform that each of `who` [n] has for life, by a line between the nodes on either side."""
    key, out = stream_key(seed, Stream.FRAILTY, 0), np.empty(who.size)
    last = log_quantiles.size - 1
    for i in range(who.size):
        u = max(uniform_at(key, who[i]), 1e-12)
        at = (np.log(-np.log1p(-u)) - low) / (high - low) * last
        k = min(int(at), last - 1)
        out[i] = np.exp(log_quantiles[k] + min(at - k, 1.0) * (log_quantiles[k + 1] - log_quantiles[k]))
    return out


def frailty(shape: float, seed: int, who: np.ndarray) -> np.ndarray:
    """Lifelong proneness to cause incidents [n]: gamma with mean 1, by identity alone; relative error below 1e-6."""
    return _frailties(seed, who, NODES[0], NODES[1], _log_quantiles(shape))


@kernel
def _move_in(homes, new_identity, new_ses, new_age_class, new_size, frailties, tolerance_rest, content_rest, keep_stratum, buurt,
             identity, ses, age_class, size, frailty, tolerance, satisfaction, months_vacant, counts):  # fmt: skip
    """Households move into homes [n]; with `keep_stratum` they take that of who left."""
    for k, i in enumerate(homes):
        identity[i], frailty[i], tolerance[i], satisfaction[i] = new_identity[k], frailties[k], tolerance_rest, content_rest
        months_vacant[i] = 0
        if not keep_stratum:
            ses[i], age_class[i], size[i] = new_ses[k], new_age_class[k], new_size[k]
        counts[buurt[i], Count.BETROKKEN] += 1


def _enter(world: World, p: Parameters, luck: Luck, new: Entrants) -> None:
    """They move in; in the warm-up they take the leaver's stratum."""
    d = world.dwellings
    _move_in(
        *new, frailty(p.frailty_shape, luck.seed, new.identity), p.tolerance_rest, p.content_rest, luck.month <= 0, d.buurt,
        d.identity, d.ses, d.age_class, d.size, d.frailty, d.tolerance, d.satisfaction, d.months_vacant, world.counts,
    )  # fmt: skip


@kernel
def _place(month, rows, homes, network_kept_elsewhere, contract_until, buurt, wijk, person, place, dwelling, near, profile,
           network_wijk, network, waiting_since, since, escalations, contract, placed, counts, by_profile,
           by_place):  # fmt: skip
    """Persons in rows [n] come home, and the agreement is booked."""
    for k in range(rows.size):
        i, home = rows[k], homes[k]
        b = buurt[home]
        counts[b, Count.GEPLAATST] += 1
        counts[b, Count.WACHT_PERSONEN_MAANDEN] += month - waiting_since[i]
        by_profile[profile[i], ByProfile.GEPLAATST] += 1
        by_place[place[i], ByPlace.NAAR_HUIS] += 1
        by_place[place[i], ByPlace.NAAR_HUIS_MAANDEN] += month - since[i]
        person[home], dwelling[i], near[i], place[i] = i, home, b, Place.THUIS
        since[i], escalations[i], contract[i] = month, 0, contract_until
        if network_wijk[i] != wijk[b]:
            network[i] *= np.float32(network_kept_elsewhere)
        if placed[i] == NEVER:  # a placement that is still to be looked back on stays the one that counts
            placed[i] = month


@kernel
def _book_lettings(month, rows, homes, since, ses, low_income_below_ses, buurt, counts):
    """Seekers in rows [n] stop waiting; those with a low income are counted besides. Returns who stays in the queue."""
    for k in range(rows.size):
        b, waited = buurt[homes[k]], month - since[rows[k]]
        counts[b, Count.VERHUURD_REGULIER] += 1
        counts[b, Count.WACHT_REGULIER_MAANDEN] += waited
        if ses[rows[k]] < low_income_below_ses:
            counts[b, Count.VERHUURD_LAAG_INKOMEN] += 1
            counts[b, Count.WACHT_LAAG_INKOMEN_MAANDEN] += waited
    stay = np.ones(since.size, np.bool_)
    stay[rows] = False
    return stay


@kernel
def _sold_or_let(key, month, identity, tenure, months_vacant):
    """Rows [n] of empty homes outside the corporaties that somebody enters this month, and who that is."""
    homes, found = np.empty(identity.size, np.int64), 0
    for i in range(identity.size):
        if identity[i] != 0 or tenure[i] == Tenure.SOCIALE_HUUR:
            continue
        if uniform_at(key, np.uint64(i)) < 1.0 / max(1.0, months_vacant[tenure[i]]):
            homes[found] = i
            found += 1
    who = np.empty(found, np.uint64)
    for k in range(found):
        who[k] = MARKET_ID | (np.uint64(homes[k]) << np.uint64(16)) | np.uint64(month + FIRST_MONTH)
    return homes[:found].copy(), who


@kernel
def _market_traits(homes, age_luck, normal, entry_age, ses_of_fall, ses_spread, buurt, score, start_score, ses):
    """SES and age class [n] of who comes to homes [n]: about as well-off as who left, and less so where leefbaarheid fell."""
    new_ses, age_class = np.empty(homes.size), np.empty(homes.size, np.uint8)
    edges = np.cumsum(entry_age) / entry_age.sum()
    for k, i in enumerate(homes):
        fall = score[buurt[i]] - start_score[buurt[i]]
        new_ses[k] = ses[i] + ses_of_fall * fall + ses_spread * normal[k]
        age_class[k] = min(np.searchsorted(edges, age_luck[k], side="right"), edges.size - 1)
    return new_ses, age_class


def _persons(world: World, p: Parameters, levers: Levers, luck: Luck, rows: np.ndarray, homes: np.ndarray) -> Entrants:
    """Persons in rows [n], placed by agreement or let to in their turn."""
    persons, d = world.persons, world.dwellings
    contract_until = luck.month + p.contract_months if levers.driepartijencontract else NEVER
    _place(
        luck.month, rows, homes, p.network_kept_elsewhere, contract_until, d.buurt, world.buurten.wijk, d.person, persons.place,
        persons.dwelling, persons.buurt, persons.profile, persons.network_wijk, persons.network, persons.waiting_since,
        persons.since, persons.escalations, persons.contract, persons.placed, world.counts, world.by_profile, world.by_place,
    )  # fmt: skip
    return Entrants(homes, persons.identity[rows], persons.ses[rows], persons.age_class[rows], persons.size[rows])


def _seekers(world: World, p: Parameters, luck: Luck, rows: np.ndarray, homes: np.ndarray) -> Entrants:
    """Regular seekers in rows [n], who leave the queue."""
    seekers = world.seekers
    stay = _book_lettings(
        luck.month, rows, homes, seekers.since, seekers.ses, p.low_income_below_ses, world.dwellings.buurt, world.counts
    )
    new = Entrants(homes, seekers.identity[rows], seekers.ses[rows], seekers.age_class[rows], seekers.size[rows])
    seekers.keep(stay)
    return new


def _market(world: World, p: Parameters, luck: Luck) -> Entrants:
    """Buyers and tenants on the market."""
    d, b = world.dwellings, world.buurten
    homes, who = _sold_or_let(luck.key(Stream.MARKET_REFILL), luck.month, d.identity, d.tenure, p.months_vacant)
    u = luck.several(Stream.MARKET_TRAITS, who, 2)
    ses, age_class = _market_traits(
        homes, u[1], normal_of(u[0]), p.entry_age, p.entry_ses_of_fall, p.entry_ses_spread, d.buurt, b.score, b.start_score, d.ses
    )
    return Entrants(homes, who, ses, age_class, d.size[homes])


def step(world: World, p: Parameters, levers: Levers, luck: Luck, lettings: Lettings) -> None:
    """Persons, regular seekers and the market move in; no home is let to two of these."""
    new = (
        _persons(world, p, levers, luck, lettings.persons, lettings.person_homes),
        _seekers(world, p, luck, lettings.seekers, lettings.seeker_homes),
        _market(world, p, luck),
    )
    _enter(world, p, luck, Entrants(*map(np.concatenate, zip(*new, strict=True))))
