"""Who enters a home: the lettings that corporaties decided, and buyers and tenants on the market (m1, m3, m12).

Carries out what institutions propose, and fills homes for sale and private rent. Buyers and market tenants are keyed by
(dwelling, month), so that a letting elsewhere never changes who they are; where leefbaarheid has fallen they are less
well-off. During the warm-up whoever enters gets the leaver's stratum, so that month 0 equals the tables (choice 8).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import gammaincinv, ndtri

from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream
from model.world import NEVER, AgeClass, ByProfile, Count, Place, Tenure, World

WRITES: tuple[str, ...] = ()  # it fills rows
MARKET_ID = np.uint64(4 << 56)
FIRST_MONTH = 1000


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


class Lettings(NamedTuple):
    """What the corporaties decided: persons [n] and seekers [m] by row, with the dwelling row that each gets."""

    persons: np.ndarray
    person_homes: np.ndarray
    seekers: np.ndarray
    seeker_homes: np.ndarray


def frailty(shape: float, seed: int, who: np.ndarray) -> np.ndarray:
    """Lifelong proneness to cause incidents [n]: gamma with mean 1, by identity alone."""
    u = Luck(seed, 0).draws(Stream.FRAILTY, who)
    return gammaincinv(shape, np.clip(u, 1e-12, 1 - 1e-12)) / shape


def enter(world: World, p: Parameters, luck: Luck, homes: np.ndarray, who: np.ndarray, traits: dict[str, np.ndarray]) -> None:
    """Households `who` [n] move into dwelling rows `homes` [n]; in the warm-up they take the leaver's stratum."""
    d = world.dwellings
    d.identity[homes] = who
    d.frailty[homes] = frailty(p.frailty_shape, luck.seed, who)
    d.tolerance[homes] = p.tolerance_rest
    d.satisfaction[homes] = p.content_rest
    d.months_vacant[homes] = 0
    if luck.month > 0:
        for name, value in traits.items():
            getattr(d, name)[homes] = value
    np.add.at(world.counts[:, Count.BETROKKEN], d.buurt[homes], 1)


def _place(world: World, p: Parameters, luck: Luck, rows: np.ndarray, homes: np.ndarray) -> None:
    persons, d = world.persons, world.dwellings
    buurt = d.buurt[homes]
    np.add.at(world.counts[:, Count.GEPLAATST], buurt, 1)
    np.add.at(world.counts[:, Count.WACHT_PERSONEN_MAANDEN], buurt, luck.month - persons.waiting_since[rows].astype(np.int64))
    np.add.at(world.by_profile[:, ByProfile.GEPLAATST], persons.profile[rows], 1)
    enter(world, p, luck, homes, persons.identity[rows], {n: getattr(persons, n)[rows] for n in ("ses", "age_class", "size")})
    d.person[homes] = rows
    persons.place[rows] = Place.THUIS
    persons.dwelling[rows] = homes
    elsewhere = persons.network_wijk[rows] != world.buurten.wijk[buurt]
    persons.network[rows[elsewhere]] *= np.float32(p.network_kept_elsewhere)
    persons.since[rows] = luck.month
    persons.escalations[rows] = 0
    fresh = rows[persons.placed[rows] == NEVER]  # a placement that is still to be looked back on stays the one that counts
    persons.placed[fresh] = luck.month


def _let(world: World, p: Parameters, luck: Luck, rows: np.ndarray, homes: np.ndarray) -> None:
    seekers, buurt = world.seekers, world.dwellings.buurt[homes]
    np.add.at(world.counts[:, Count.VERHUURD_REGULIER], buurt, 1)
    waited = luck.month - seekers.since[rows].astype(np.int64)
    np.add.at(world.counts[:, Count.WACHT_REGULIER_MAANDEN], buurt, waited)
    low = seekers.ses[rows] < p.low_income_below_ses
    np.add.at(world.counts[:, Count.VERHUURD_LAAG_INKOMEN], buurt[low], 1)
    np.add.at(world.counts[:, Count.WACHT_LAAG_INKOMEN_MAANDEN], buurt[low], waited[low])
    enter(world, p, luck, homes, seekers.identity[rows], {n: getattr(seekers, n)[rows] for n in ("ses", "age_class", "size")})
    stay = np.ones(seekers.rows, bool)
    stay[rows] = False
    seekers.keep(stay)


def _market(world: World, p: Parameters, luck: Luck) -> None:
    d, b = world.dwellings, world.buurten
    empty = np.flatnonzero(d.identity == 0)
    empty = empty[d.tenure[empty] != Tenure.SOCIALE_HUUR]
    chance = 1.0 / np.maximum(1.0, p.months_vacant[d.tenure[empty]])
    homes = empty[luck.draws(Stream.MARKET_REFILL, empty.astype(np.uint64)) < chance]
    who = MARKET_ID | (homes.astype(np.uint64) << np.uint64(16)) | np.uint64(luck.month + FIRST_MONTH)
    u = luck.several(Stream.MARKET_TRAITS, who, 2)
    fall = (b.score - b.start_score)[d.buurt[homes]]
    ses = d.ses[homes] + p.entry_ses_of_fall * fall + p.entry_ses_spread * ndtri(np.clip(u[0], 1e-9, 1 - 1e-9))
    edges = np.cumsum(p.entry_age) / p.entry_age.sum()
    age = np.minimum(np.searchsorted(edges, u[1], side="right"), len(AgeClass) - 1).astype(np.uint8)
    enter(world, p, luck, homes, who, {"ses": ses, "age_class": age})


def step(world: World, p: Parameters, levers: Levers, luck: Luck, lettings: list[Lettings]) -> None:
    """Persons, regular seekers and the market move in."""
    _place(world, p, luck, np.concatenate([x.persons for x in lettings]), np.concatenate([x.person_homes for x in lettings]))
    _let(world, p, luck, np.concatenate([x.seekers for x in lettings]), np.concatenate([x.seeker_homes for x in lettings]))
    _market(world, p, luck)
