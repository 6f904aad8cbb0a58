"""At random over the vacancies: the null strategy, with which the others are compared."""

import numpy as np

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies, cheapest

LOOKS = False


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """Each person in turn draws a lot among the homes that are left."""
    return cheapest(vacancies, queue, luck, np.zeros(vacancies.dwelling.size))
