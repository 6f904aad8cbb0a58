"""Residents grow older (m14): once a year a part of each age class passes to the next.

Left out: births, couples that form or part, and children who leave home.
"""

from typing import NamedTuple

from model.jit import kernel
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, uniform_at
from model.world import AgeClass, World

WRITES = ("dwellings.age_class",)
READS = ("dwellings.identity", "dwellings.age_class")


class Parameters(NamedTuple):
    to_next_class_per_year: per(AgeClass)  # type: ignore[valid-type]


@kernel
def _grow_older(key, identity, age_class, to_next):
    """Who lives somewhere passes to the next class by chance.

    The chance of each class has a name, and there is no branch, so that several households are looked at at once.
    """
    young, grown, old = to_next[AgeClass.TOT_35], to_next[AgeClass.VAN_35_TOT_65], to_next[AgeClass.VAN_65_TOT_75]
    for i in range(identity.size):
        age = age_class[i]
        chance = young if age == AgeClass.TOT_35 else grown if age == AgeClass.VAN_35_TOT_65 else old
        passes = uniform_at(key, identity[i]) < chance
        age_class[i] = age + (passes & (identity[i] != 0) & (age < AgeClass.VANAF_75))


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """In the first month of each year; the warm-up holds composition (choice 8)."""
    if luck.month > 0 and luck.month % 12 == 1:
        dwellings = world.dwellings
        _grow_older(luck.key(Stream.AGEING), dwellings.identity, dwellings.age_class, p.to_next_class_per_year)
