"""Vacancies, a queue and a view made by hand: four homes in three buurten of two wijken.

home   buurt  wijk  portiek  rent  months vacant
10     0      0     0        500   1
11     0      0     1        620   4
20     1      0     2        500   3
30     2      1     3        700   1
"""

from collections.abc import Callable

import numpy as np
import pytest

from model.public_view import PublicView
from model.randomness import Luck
from model.strategies import Parameters, Queue, Vacancies

HOMES = {
    "dwelling": [10, 11, 20, 30],
    "buurt": [0, 0, 1, 2],
    "portiek": [0, 1, 2, 3],
    "rent": [500.0, 620.0, 500.0, 700.0],
    "months_vacant": [1, 4, 3, 1],
    "known_in_portiek": [0, 0, 0, 0],
}


@pytest.fixture(scope="session")
def vacancies() -> Callable[..., Vacancies]:
    """`vacancies(reserved=4, **columns)`."""

    def make(reserved: int = 4, **columns: list) -> Vacancies:
        return Vacancies(**{k: np.array(v) for k, v in {**HOMES, **columns}.items()}, reserved=reserved)

    return make


@pytest.fixture(scope="session")
def queue() -> Callable[..., Queue]:
    """`queue(n)`: persons in rows 100, 101, ... with identities 1, 2, ..."""

    def make(n: int) -> Queue:
        who = np.arange(n)
        return Queue(100 + who, (1 + who).astype(np.uint64), np.zeros(n, np.uint8), np.full(n, 6))

    return make


@pytest.fixture(scope="session")
def view() -> Callable[..., PublicView]:
    """`view(**fields)`: three buurten of 1,000 homes, in wijken 0, 0 and 1; nobody placed, nothing to spare."""

    def make(**fields: list) -> PublicView:
        plain = {
            "wijk": [0, 0, 1], "homes": [1000.0] * 3, "corporatie_homes": [300.0, 300.0, 600.0], "leefbaarheid_class": [6, 6, 6],
            "placed": [0.0] * 3, "complaints": [0.0] * 3, "caseload": [1.0] * 3, "spare_hours": [0.0] * 3,
        }  # fmt: skip
        return PublicView(**{k: np.array(v) for k, v in {**plain, **fields}.items()}, exact=False)

    return make


@pytest.fixture(scope="session")
def p() -> Parameters:
    return Parameters(ceiling_per_1000_homes=6.0, ceiling_per_portiek=1, need_per_placement=6.0)


@pytest.fixture(scope="session")
def luck() -> Luck:
    return Luck(1, 1)
