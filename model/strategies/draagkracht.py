"""To the buurt with the most spare draagkracht per home, as far as the books show it (choice 4)."""

import numpy as np

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies, least_loaded


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """Most spare hours per home first; each placement takes a published need of that buurt's spare hours."""
    homes = np.maximum(view.homes, 1.0)
    return least_loaded(vacancies, queue, luck, vacancies.buurt, -view.spare_hours, homes, p.need_per_placement)
