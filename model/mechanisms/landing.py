"""Soft landing (m45): a year after a placement, not whether a home was let but how it went.

Soft: still in that home, no escalation, and some network. Who moved on by own choice, or recovered, within the
year is in neither number. Left out: how the person looks back on it, and the neighbours.
"""

from typing import NamedTuple

from model.jit import kernel
from model.policies import Levers
from model.randomness import Luck
from model.world import NEVER, ByProfile, Count, Place, World

WRITES = ("persons.placed",)
READS = (
    "dwellings.buurt", "persons.profile", "persons.place", "persons.dwelling", "persons.network_wijk", "persons.since",
    "persons.placed", "persons.network", "persons.escalations", "wijken.gemeente",
)  # fmt: skip


class Parameters(NamedTuple):
    after_months: int
    some_network: float


@kernel
def _look_back(
    month, after, some_network, place, placed, since, escalations, network, network_wijk, profile, dwelling, buurt, gemeente,
    in_buurten, in_gemeenten, by_profile,
):  # fmt: skip
    """Count per buurt; of who has no home now, in the gemeente in which they ask for one."""
    for i in range(place.size):
        if placed[i] == NEVER or month < placed[i] + after:
            continue
        at_home = place[i] == Place.THUIS
        soft = at_home and since[i] == placed[i] and escalations[i] == 0 and network[i] >= some_network
        if at_home:
            in_buurten[buurt[dwelling[i]], Count.GELAND_BEOORDEELD] += 1
        else:
            in_gemeenten[gemeente[network_wijk[i]], Count.GELAND_BEOORDEELD] += 1
        by_profile[profile[i], ByProfile.GELAND_BEOORDEELD] += 1
        if soft:
            in_buurten[buurt[dwelling[i]], Count.GELAND_ZACHT] += 1
            by_profile[profile[i], ByProfile.GELAND_ZACHT] += 1
        placed[i] = NEVER


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Look back on those who were placed so long ago."""
    persons = world.persons
    _look_back(
        luck.month, p.after_months, p.some_network, persons.place, persons.placed, persons.since, persons.escalations,
        persons.network, persons.network_wijk, persons.profile, persons.dwelling, world.dwellings.buurt, world.wijken.gemeente,
        world.buurt_counts, world.gemeente_counts, world.by_profile,
    )  # fmt: skip
