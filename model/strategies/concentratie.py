"""Where vacancies are cheapest and soonest (m7): what happens when nobody looks at the buurt."""

import numpy as np

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies, cheapest

LOOKS = False


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """The lowest rent first, and of equal rents (per ten euro) the home that has stood empty longest."""
    return cheapest(vacancies, queue, luck, np.floor(vacancies.rent / 10.0) - vacancies.months_vacant / 1000.0)
