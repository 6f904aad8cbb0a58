"""Regular letting: which house-seeker gets which vacant corporatie home (m1, m3, m12; E053, E121).

Homes are offered in the order of a lot. Passend toewijzen: a home below the rent limit goes to the longest waiting with a
low income first, a dearer one to the others; where there is no such seeker it goes to anyone. Who can afford to wait
refuses an offer in a buurt where leefbaarheid is poor, and the more so the poorer it is: the selective step in.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.randomness import Luck, Stream, uniform_at


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


@kernel
def _offer(key, rent, identity, score, seekers, ses, p, taken, out):
    """out[k] becomes the position of the seeker who takes home k, or stays -1. Seekers stand in queue order; see `taken`."""
    head = np.zeros(2, np.int64)
    for k in range(rent.size):
        first = 0 if p.passend_toewijzen and rent[k] <= p.rent_limit else 1
        offers = 0
        for turn in range(2):
            low = (first + turn) % 2 == 0  # first those for whom the home is meant, then the others
            group = 0 if low else 1
            j = head[group]
            at_head = True
            while j < seekers.size and offers < p.offers and out[k] < 0:
                mine = (ses[j] < p.low_income_below_ses) == low or not p.passend_toewijzen
                if mine and not taken[j]:  # who refuses keeps the place in the queue
                    offers += 1
                    u = uniform_at(key + identity[k], seekers[j])
                    if u >= refusal_probability(
                        ses[j], score[k], p.refusal, p.refusal_of_poor_score, p.refusal_of_ses, p.refusal_most
                    ):
                        taken[j] = True
                        out[k] = j
                at_head = at_head and (taken[j] or not mine)
                j += 1
                if at_head:
                    head[group] = j
            if out[k] >= 0 or not p.passend_toewijzen:
                break


def let(
    p: Parameters,
    luck: Luck,
    dwelling: np.ndarray,
    rent: np.ndarray,
    score: np.ndarray,
    who: np.ndarray,
    ses: np.ndarray,
    taken: np.ndarray | None = None,
) -> np.ndarray:
    """Position in the queue [n] of who takes each home, -1 for nobody.

    dwelling, rent (euro/month), score (leefbaarheid of the buurt): [n]; who (uint64), ses: [m], longest waiting first.
    `taken` (bool [m]) says who has a home already, and gets those who find one here.
    """
    taken = np.zeros(who.size, bool) if taken is None else taken
    order = np.argsort(luck.tickets(Stream.WHICH_HOME, 0, dwelling), kind="stable")
    found = np.full(dwelling.size, -1, np.int64)
    _offer(luck.key(Stream.REFUSAL), rent[order], dwelling[order].astype(np.uint64), score[order], who, ses, p, taken, found)
    out = np.full(dwelling.size, -1, np.int64)
    out[order] = found
    return out
