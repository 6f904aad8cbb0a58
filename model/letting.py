"""Regular letting: which house-seeker gets which vacant corporatie home (m1, m3, m12; E053, E121).

Homes are offered in the order of a lot. Passend toewijzen: a home below the rent limit goes to the longest waiting with a
low income first, a dearer one to the others; where there is no such seeker it goes to anyone. Who can afford to wait
refuses an offer in a buurt where leefbaarheid is poor, and the more so the poorer it is: the selective step in.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.randomness import Luck, Stream, ticket, uniform_at


class Parameters(NamedTuple):
    rent_limit: float
    low_income_below_ses: float
    passend_toewijzen: bool
    offers: int
    refusal: float
    refusal_of_poor_score: float
    refusal_of_ses: float
    refusal_most: float


@rule
def refusal_probability(ses, score, base, of_score, of_ses, most):
    """Chance that an offer is refused: `base` at mean SES and leefbaarheid."""
    return min(most, max(0.0, base * np.exp(of_ses * ses - of_score * score)))


class Homes(NamedTuple):
    """Homes [n] that are to let this month, corporatie by corporatie."""

    dwelling: np.ndarray
    rent: np.ndarray  # euro/month
    score: np.ndarray  # leefbaarheid of the buurt
    free: np.ndarray  # not let by agreement


class Line(NamedTuple):
    """Everyone [m] to whom may be let without an agreement, by gemeente; there who waits longest stands first."""

    row: np.ndarray  # in seekers, or in persons
    person: np.ndarray  # whether it is a person
    identity: np.ndarray
    ses: np.ndarray
    housed: np.ndarray  # has found a home this month


@kernel
def _offer(key, home, rent, score, line, ses, p, housed, head):
    """Position in the line of who takes this home, -1 for nobody; nobody before head [2] is to be asked any more."""
    first = 0 if p.passend_toewijzen and rent <= p.rent_limit else 1
    offers = 0
    for turn in range(2):
        low = (first + turn) % 2 == 0  # first those for whom the home is meant, then the others
        group = 0 if low else 1
        j = head[group]
        at_head = True
        while j < line.size and offers < p.offers:
            mine = (ses[j] < p.low_income_below_ses) == low or not p.passend_toewijzen
            if mine and not housed[j]:  # who refuses keeps the place in the queue
                offers += 1
                refusal = refusal_probability(ses[j], score, p.refusal, p.refusal_of_poor_score, p.refusal_of_ses, p.refusal_most)
                if uniform_at(key + home, line[j]) >= refusal:
                    housed[j] = True
                    return j
            at_head = at_head and (housed[j] or not mine)
            j += 1
            if at_head:
                head[group] = j
        if not p.passend_toewijzen:
            break
    return -1


@kernel
def _let(lots, refusals, dwelling, rent, score, free, line, ses, p, housed, out):
    """Homes of one corporatie are offered in the order of their lots."""
    lot, head = np.empty(dwelling.size, np.uint64), np.zeros(2, np.int64)
    for k in range(dwelling.size):
        lot[k] = ticket(lots, 0, dwelling[k])
    for k in np.argsort(lot):
        out[k] = _offer(refusals, np.uint64(dwelling[k]), rent[k], score[k], line, ses, p, housed, head) if free[k] else -1


@kernel
def _each_lets(lots, refusals, owned, in_line, gemeente, dwelling, rent, score, free, line, ses, numbers, housed):
    """Corporaties let one after the other: who has found a home at one is passed over by the next."""
    p, out = unpacked(Parameters, numbers), np.empty(dwelling.size, np.int64)
    for c in range(gemeente.size):
        mine, first = slice(owned[c], owned[c + 1]), in_line[gemeente[c]]
        here, found = slice(first, in_line[gemeente[c] + 1]), out[mine]
        _let(lots, refusals, dwelling[mine], rent[mine], score[mine], free[mine], line[here], ses[here], p, housed[here], found)
        for k in range(found.size):
            if found[k] >= 0:
                found[k] += first
    return out


def let(
    p: Parameters, luck: Luck, homes: Homes, line: Line, owned: np.ndarray, in_line: np.ndarray, gemeente: np.ndarray
) -> np.ndarray:
    """Position in the line [n] of who takes each home, -1 for nobody; `line.housed` says who has a home, and is kept true.

    owned [corporaties + 1] and in_line [gemeenten + 1] say where the homes of each corporatie start, and the line of each
    gemeente; gemeente [corporaties] which of these lines a corporatie serves.
    """
    lots, refusals = luck.key(Stream.WHICH_HOME), luck.key(Stream.REFUSAL)
    return _each_lets(lots, refusals, owned, in_line, gemeente, *homes, line.identity, line.ses, packed(p), line.housed)
