"""Spread over wijken, with a ceiling per buurt and per portiek; both ceilings are assumed."""

import numpy as np

from model.jit import kernel
from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies, in_turn


@kernel
def _cost(wijk, per_wijk, corporatie_homes, buurt, per_buurt, homes, in_portiek, p):
    """Placements per corporatie home of the wijk of each vacancy [n], with one more; inf where that is above a ceiling."""
    out = np.empty(wijk.size)
    for i in range(wijk.size):
        full = (per_buurt[buurt[i]] + 1) * 1000.0 > p.ceiling_per_1000_homes * homes[buurt[i]]
        full |= in_portiek[i] + 1 > p.ceiling_per_portiek
        out[i] = np.inf if full else (per_wijk[wijk[i]] + 1) / corporatie_homes[wijk[i]]
    return out


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """As `spreiding`, but never above a ceiling: a reserved home that finds no room goes to a regular seeker."""
    per_wijk = np.bincount(view.wijk, weights=view.placed)
    homes = np.maximum(np.bincount(view.wijk, weights=view.corporatie_homes), 1.0)
    per_buurt, in_portiek = view.placed.copy(), vacancies.known_in_portiek.astype(float)
    wijk, buurt = view.wijk[vacancies.buurt], vacancies.buurt

    def cost() -> np.ndarray:
        return _cost(wijk, per_wijk, homes, buurt, per_buurt, view.homes, in_portiek, p)

    def taken(i: int) -> None:
        per_wijk[wijk[i]] += 1
        per_buurt[buurt[i]] += 1
        in_portiek[vacancies.portiek == vacancies.portiek[i]] += 1

    return in_turn(vacancies, queue, luck, cost, taken)
