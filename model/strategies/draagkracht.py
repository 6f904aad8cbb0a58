"""To the buurt with the most spare draagkracht per home, as far as the books show it (choice 4)."""

import numpy as np

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies, in_turn


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """Most spare hours per home first; each placement takes a published need of that buurt's spare hours."""
    spare, buurt = view.spare_hours.copy(), vacancies.buurt
    homes = np.maximum(view.homes, 1.0)[buurt]

    def taken(i: int) -> None:
        spare[buurt[i]] -= p.need_per_placement

    return in_turn(vacancies, queue, luck, lambda: -(spare[buurt] / homes), taken)
