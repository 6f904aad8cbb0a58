"""Equal shares over wijken, relative to their corporatie homes (m6, seed 004: 'over álle stadswijken')."""

import numpy as np

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies, least_loaded


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """The wijk with the fewest placements of the last year per corporatie home comes first."""
    placed = np.bincount(view.wijk, weights=view.placed)
    homes = np.maximum(np.bincount(view.wijk, weights=view.corporatie_homes), 1.0)
    return least_loaded(vacancies, queue, luck, view.wijk[vacancies.buurt], placed + 1.0, homes, 1.0)
