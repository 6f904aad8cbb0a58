"""No reserved share: persons queue with everyone, by how long they have waited."""

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Pairs, Parameters, Queue, Vacancies

RESERVES = LOOKS = False


def propose(vacancies: Vacancies, queue: Queue, view: PublicView, p: Parameters, luck: Luck) -> Pairs:
    """Nobody is placed by agreement."""
    return []
