"""Spread over wijken, with a ceiling per buurt and per portiek; both ceilings are assumed."""

import numpy as np

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies, in_turn


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """As `spreiding`, but never above a ceiling: a reserved home that finds no room goes to a regular seeker."""
    per_wijk = np.bincount(view.wijk, weights=view.placed)
    homes = np.maximum(np.bincount(view.wijk, weights=view.corporatie_homes), 1.0)
    per_buurt, in_portiek = view.placed.copy(), vacancies.known_in_portiek.astype(float)
    wijk, buurt = view.wijk[vacancies.buurt], vacancies.buurt

    def cost() -> np.ndarray:
        full = (per_buurt + 1)[buurt] * 1000.0 > p.ceiling_per_1000_homes * view.homes[buurt]
        full |= in_portiek + 1 > p.ceiling_per_portiek
        return np.where(full, np.inf, ((per_wijk + 1) / homes)[wijk])

    def taken(i: int) -> None:
        per_wijk[wijk[i]] += 1
        per_buurt[buurt[i]] += 1
        in_portiek[vacancies.portiek == vacancies.portiek[i]] += 1

    return in_turn(vacancies, queue, luck, cost, taken)
