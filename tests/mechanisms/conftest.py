"""What the tests of mechanisms share: the luck of month 1, today's levers, and one person alone in a quiet town."""

from collections.abc import Callable

import numpy as np
import pytest

from model.randomness import Luck
from model.world import NOBODY, Place, Profile, Status, World


@pytest.fixture(scope="session")
def luck() -> Luck:
    return Luck(1, 1)


@pytest.fixture(scope="session")
def one_person(small_world: Callable[..., World]) -> Callable[..., World]:
    """`one_person(**columns)`: a town with one vulnerable resident (row 0), known, at home, with the columns given.

    Nobody waits; nobody else is vulnerable. Unless told otherwise all that is measured from 0 to 1 stands at 0.5.
    """

    def make(**columns: float) -> World:
        world = small_world()
        persons, d = world.persons, world.dwellings
        persons.clear(np.arange(persons.rows))
        d.person[:] = NOBODY
        world.seekers.keep(np.zeros(world.seekers.rows, bool))
        home = int(np.flatnonzero(d.identity != 0)[0])
        plain = {
            "identity": d.identity[home], "dwelling": home, "place": Place.THUIS, "status": Status.BEKEND, "line": 2,
            "profile": Profile.PSYCHISCH, "stability": 0.5, "coping": 0.5, "network": 0.5, "trust": 0.5, "participation": 0.5,
        }  # fmt: skip
        for name, value in {**plain, **columns}.items():
            getattr(persons, name)[0] = value
        if persons.place[0] == Place.THUIS:
            d.person[persons.dwelling[0]] = 0
        return world

    return make
