"""What becomes public, and when: all that a strategy can know (choice 4).

Every month the books show complaints, placements, the published need of known persons and the load of teams. Leefbaarheid
is published as a class, once in some years, like the Leefbaarometer.
"""

from typing import NamedTuple

import numpy as np

from model.parameters import per
from model.policies import Levers
from model.randomness import Luck
from model.world import Count, Profile, Status, World

WRITES = (
    "buurten.complaints_seen", "buurten.need_seen", "buurten.placed_seen", "buurten.published_class", "wijken.caseload_seen",
)  # fmt: skip
READS = (
    "dwellings.buurt", "persons.profile", "persons.place", "persons.status", "persons.dwelling", "buurten.score",
    "buurten.complaints_seen", "buurten.need_seen", "buurten.placed_seen", "wijken.load", "wijken.caseload_seen",
    "counts.geplaatst", "counts.klachten",
)  # fmt: skip


class Parameters(NamedTuple):
    publish_every_months: int
    need_hours: per(Profile)  # type: ignore[valid-type]
    class_width: float
    class_of_mean: float


def leefbaarheid_class(score: np.ndarray, width: float, class_of_mean: float) -> np.ndarray:
    """Class 1-9 [n]: equal steps; `class_of_mean` is where the national mean lies on the scale (choice 9)."""
    return np.clip(np.floor(score / width + class_of_mean + 0.5), 1, 9).astype(np.uint8)


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Add this month at the front of what was seen; publish classes when it is time."""
    b, w, persons = world.buurten, world.wijken, world.persons
    known_need = world.sum_at_home(p.need_hours[persons.profile] * (persons.status == int(Status.BEKEND)))
    for seen, now in (
        (b.complaints_seen, world.buurt_counts[:, Count.KLACHTEN]),
        (b.placed_seen, world.buurt_counts[:, Count.GEPLAATST]),
        (b.need_seen, known_need),
        (w.caseload_seen, w.load),
    ):
        seen[:, 1:] = seen[:, :-1].copy()
        seen[:, 0] = now
    if luck.month % p.publish_every_months == 0:
        b.published_class[:] = leefbaarheid_class(b.score, p.class_width, p.class_of_mean)
