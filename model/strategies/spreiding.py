"""Equal shares over wijken, relative to their corporatie homes (m6, seed 004: 'over álle stadswijken')."""

import numpy as np

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies, in_turn


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """The wijk with the fewest placements of the last year per corporatie home comes first."""
    placed = np.bincount(view.wijk, weights=view.placed)
    homes = np.maximum(np.bincount(view.wijk, weights=view.corporatie_homes), 1.0)
    wijk = view.wijk[vacancies.buurt]

    def taken(i: int) -> None:
        placed[wijk[i]] += 1

    return in_turn(vacancies, queue, luck, lambda: ((placed + 1) / homes)[wijk], taken)
