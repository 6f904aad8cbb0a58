"""Soft landing (m45): a year after a placement, not whether a home was let but how it went.

Soft: still in that home, no escalation, and some network. Who moved on by own choice, or recovered, within the
year is in neither number.
"""

from typing import NamedTuple

from model.jit import kernel
from model.policies import Levers
from model.randomness import Luck
from model.world import NEVER, ByProfile, Count, Place, World

WRITES = ("persons.placed",)


class Parameters(NamedTuple):
    after_months: int
    some_network: float


@kernel
def _look_back(
    month, after, some_network, place, placed, since, escalations, network, profile, dwelling, buurt, counts, by_profile
):
    for i in range(place.size):
        if placed[i] == NEVER or month < placed[i] + after:
            continue
        at_home = place[i] == Place.THUIS
        b = buurt[dwelling[i]] if at_home else counts.shape[0] - 1
        soft = at_home and since[i] == placed[i] and escalations[i] == 0 and network[i] >= some_network
        counts[b, Count.GELAND_BEOORDEELD] += 1
        by_profile[profile[i], ByProfile.GELAND_BEOORDEELD] += 1
        if soft:
            counts[b, Count.GELAND_ZACHT] += 1
            by_profile[profile[i], ByProfile.GELAND_ZACHT] += 1
        placed[i] = NEVER


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Look back on those who were placed so long ago."""
    persons = world.persons
    _look_back(
        luck.month, p.after_months, p.some_network, persons.place, persons.placed, persons.since, persons.escalations,
        persons.network, persons.profile, persons.dwelling, world.dwellings.buurt, world.counts, world.by_profile,
    )  # fmt: skip
