"""Who enters a home: the lettings that corporaties decided, and buyers and tenants on the market (m1, m3, m12).

Carries out what institutions propose, and fills homes for sale and private rent. Buyers and market tenants are keyed by
(dwelling, month), so that a letting elsewhere never changes who they are; where leefbaarheid has fallen they are less
well-off. During the warm-up whoever enters gets the leaver's stratum, so that month 0 equals the tables (choice 8). Left out:
prices, and homes that are sold, split, built or pulled down.
"""

import math
from functools import cache
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, normal_at, several, stream_key, uniform_at
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
# the columns of homes that change when somebody moves in
ENTERED = attrgetter("identity", "ses", "age_class", "size", "frailty", "tolerance", "satisfaction", "months_vacant")
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


@cache
def _log_quantiles(shape: float) -> np.ndarray:
    """Logarithm of a gamma's quantile (mean 1) at NODES: equal steps of log(-log(1 - u)).

    Against that coordinate it is almost straight in both tails, so that a line between two nodes is within 1e-6 of it.
    """
    return np.log(gammaincinv(shape, -np.expm1(-np.exp(np.linspace(*NODES)))) / shape)


@rule
def node_at(u, last):
    """Where a uniform lies among nodes 0 to `last`, between two of them or on one."""
    low, high = NODES[0], NODES[1]
    return (np.log(-np.log1p(-max(u, 1e-12))) - low) / (high - low) * last


@rule
def between_nodes(at, log_quantiles):
    """The quantile there, by a line between the nodes on either side."""
    k = min(int(at), log_quantiles.size - 2)
    return np.exp(log_quantiles[k] + min(at - k, 1.0) * (log_quantiles[k + 1] - log_quantiles[k]))


@kernel
def _frailties(seed, who, log_quantiles):
    """Of each of `who` [n] the quantile at the one uniform that they have for life.

    Step by step for all of them, so that nobody's logarithm waits until somebody's quantile is looked up.
    """
    key, out = stream_key(seed, Stream.FRAILTY, 0), np.empty(who.size)
    for i in range(who.size):
        out[i] = node_at(uniform_at(key, who[i]), log_quantiles.size - 1)
    for i in range(who.size):
        out[i] = between_nodes(out[i], log_quantiles)
    return out


def frailty(shape: float, seed: int, who: np.ndarray) -> np.ndarray:
    """Lifelong proneness to cause incidents [n]: gamma with mean 1, by identity alone; relative error below 1e-6."""
    return _frailties(seed, who, _log_quantiles(shape))


@rule
def move_in(home, who, prone, means, age, persons, month, p, of_homes, count):
    """A household, as `prone` as its frailty, moves into a home; until month 0 it takes the SES, age and size of who left."""
    identity, ses, age_class, size, frailty, tolerance, satisfaction, months_vacant = of_homes
    identity[home], frailty[home] = who, prone
    tolerance[home], satisfaction[home], months_vacant[home] = p.tolerance_rest, p.content_rest, 0
    if month > 0:
        ses[home], age_class[home], size[home] = means, age, persons
    count[Count.BETROKKEN] += 1


@kernel
def _place(month, seed, rows, homes, numbers, contract_until, log_quantiles, of_homes, buurt, wijk, person, identity, ses,
           age_class, size, place, dwelling, near, profile, network_wijk, network, waiting_since, since, escalations, contract,
           placed, counts, by_profile, by_place):  # fmt: skip
    """Persons in rows [n] come home, placed by agreement or let to in their turn, and that is booked."""
    p, prone = unpacked(Parameters, numbers), _frailties(seed, identity[rows], log_quantiles)
    for k in range(rows.size):
        i, home = rows[k], homes[k]
        b, count = buurt[home], counts[buurt[home]]
        count[Count.GEPLAATST] += 1
        count[Count.WACHT_PERSONEN_MAANDEN] += month - waiting_since[i]
        by_profile[profile[i], ByProfile.GEPLAATST] += 1
        by_place[place[i], ByPlace.NAAR_HUIS] += 1
        by_place[place[i], ByPlace.NAAR_HUIS_MAANDEN] += month - since[i]
        person[home], dwelling[i], near[i], place[i] = i, home, b, Place.THUIS
        since[i], escalations[i], contract[i] = month, 0, contract_until
        if network_wijk[i] != wijk[b]:
            network[i] *= np.float32(p.network_kept_elsewhere)
        if placed[i] == NEVER:  # a placement that is still to be looked back on stays the one that counts
            placed[i] = month
        move_in(home, identity[i], prone[k], ses[i], age_class[i], size[i], month, p, of_homes, count)


@kernel
def _let(month, seed, rows, homes, numbers, log_quantiles, of_homes, buurt, identity, ses, age_class, size, since,
         counts):  # fmt: skip
    """Regular seekers in rows [n] move in; those with a low income are counted besides. Returns who stays in the queue."""
    p, prone = unpacked(Parameters, numbers), _frailties(seed, identity[rows], log_quantiles)
    stay = np.ones(since.size, np.bool_)
    for k in range(rows.size):
        i, home = rows[k], homes[k]
        count, waited, stay[i] = counts[buurt[home]], month - since[i], False
        count[Count.VERHUURD_REGULIER] += 1
        count[Count.WACHT_REGULIER_MAANDEN] += waited
        if ses[i] < p.low_income_below_ses:
            count[Count.VERHUURD_LAAG_INKOMEN] += 1
            count[Count.WACHT_LAAG_INKOMEN_MAANDEN] += waited
        move_in(home, identity[i], prone[k], ses[i], age_class[i], size[i], month, p, of_homes, count)
    return stay


@kernel
def _sold_or_let(key, month, identity, tenure, months_vacant):
    """Rows [n] of empty homes outside the corporaties that somebody enters this month, and who that is."""
    homes, empty, found = np.empty(identity.size, np.int64), 0, 0
    for i in range(identity.size):
        if identity[i] == 0:
            homes[empty] = i
            empty += 1
    for i in homes[:empty]:
        homes[found] = i
        entered = uniform_at(key, np.uint64(i)) < 1.0 / max(1.0, months_vacant[tenure[i]])
        found += entered & (tenure[i] != Tenure.SOCIALE_HUUR)
    who = np.empty(found, np.uint64)
    for k in range(found):
        who[k] = MARKET_ID | (np.uint64(homes[k]) << np.uint64(16)) | np.uint64(month + FIRST_MONTH)
    return homes[:found], who


@kernel
def _market(month, seed, refill, traits, numbers, log_quantiles, of_homes, buurt, tenure, score, start_score, counts):
    """Buyers and tenants on the market move in: about as well-off as who left, and less so where leefbaarheid fell.

    `refill` and `traits` are keys of luck. What takes only luck is reckoned before the homes, which lie far apart in memory: so
    nobody waits for the one in the midst of the other.
    """
    p, (identity, ses, _, size) = unpacked(Parameters, numbers), of_homes[:4]
    homes, who = _sold_or_let(refill, month, identity, tenure, p.months_vacant)
    prone, edges = _frailties(seed, who, log_quantiles), np.cumsum(p.entry_age) / p.entry_age.sum()
    z, u = several(traits, who, 2)
    for k in range(who.size):
        z[k] = normal_at(z[k])
    for k, home in enumerate(homes):
        fall = score[buurt[home]] - start_score[buurt[home]]
        means = ses[home] + p.entry_ses_of_fall * fall + p.entry_ses_spread * z[k]
        age = min(np.searchsorted(edges, u[k], side="right"), edges.size - 1)
        move_in(home, who[k], prone[k], means, age, size[home], month, p, of_homes, counts[buurt[home]])


def come_home(world: World, p: Parameters, levers: Levers, luck: Luck, rows: np.ndarray, homes: np.ndarray) -> None:
    """Persons in rows [n] move into homes [n], placed by agreement or let to in their turn."""
    persons, d = world.persons, world.dwellings
    contract_until = luck.month + p.contract_months if levers.driepartijencontract else NEVER
    _place(
        luck.month, luck.seed, rows, homes, packed(p), contract_until, _log_quantiles(p.frailty_shape), ENTERED(d), d.buurt,
        world.buurten.wijk, d.person, persons.identity, persons.ses, persons.age_class, persons.size, persons.place,
        persons.dwelling, persons.buurt, persons.profile, persons.network_wijk, persons.network, persons.waiting_since,
        persons.since, persons.escalations, persons.contract, persons.placed, world.counts, world.by_profile, world.by_place,
    )  # fmt: skip


def step(world: World, p: Parameters, levers: Levers, luck: Luck, lettings: Lettings) -> None:
    """Persons, regular seekers and the market move in; no home is let to two of these."""
    come_home(world, p, levers, luck, lettings.persons, lettings.person_homes)
    d, b, seekers = world.dwellings, world.buurten, world.seekers
    log_quantiles, of_homes = _log_quantiles(p.frailty_shape), ENTERED(d)
    stay = _let(
        luck.month, luck.seed, lettings.seekers, lettings.seeker_homes, packed(p), log_quantiles, of_homes, d.buurt,
        seekers.identity, seekers.ses, seekers.age_class, seekers.size, seekers.since, world.counts,
    )  # fmt: skip
    seekers.keep(stay)
    _market(
        luck.month, luck.seed, luck.key(Stream.MARKET_REFILL), luck.key(Stream.MARKET_TRAITS), packed(p), log_quantiles,
        of_homes, d.buurt, d.tenure, b.score, b.start_score, world.counts,
    )  # fmt: skip
