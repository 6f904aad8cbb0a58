"""What becomes public, and when: all that a strategy can know (choice 4).

Every month the books show complaints, placements, the published need of known persons and the load of teams. Leefbaarheid
is published as a class, once in some years, like the Leefbaarometer. Left out: what professionals know and nobody writes down.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck
from model.world import Count, Place, Profile, Status, World

WRITES = (
    "buurten.complaints_seen", "buurten.need_seen", "buurten.placed_seen", "buurten.published_class", "wijken.caseload_seen",
)  # fmt: skip
READS = (
    "persons.profile", "persons.place", "persons.status", "persons.buurt", "buurten.score", "buurten.complaints_seen",
    "buurten.need_seen", "buurten.placed_seen", "wijken.load", "wijken.caseload_seen", "counts.geplaatst", "counts.klachten",
)  # fmt: skip


class Parameters(NamedTuple):
    publish_every_months: int
    need_hours: per(Profile)  # type: ignore[valid-type]
    class_width: float
    class_of_mean: float


def leefbaarheid_class(score: np.ndarray, width: float, class_of_mean: float) -> np.ndarray:
    """Class 1-9 [n]: equal steps; `class_of_mean` is where the national mean lies on the scale (choice 9)."""
    return np.clip(np.floor(score / width + class_of_mean + 0.5), 1, 9).astype(np.uint8)


@rule
def _put_in_front(seen, row, now):
    """This month at the front of a row of months; the last falls out."""
    for back in range(seen.shape[1] - 1, 0, -1):
        seen[row, back] = seen[row, back - 1]
    seen[row, 0] = now


@kernel
def _open_books(counts, known_need, load, complaints_seen, placed_seen, need_seen, caseload_seen):
    """What the books show of this month, at the front of the last twelve."""
    for b in range(known_need.size):
        _put_in_front(complaints_seen, b, counts[b, Count.KLACHTEN])
        _put_in_front(placed_seen, b, counts[b, Count.GEPLAATST])
        _put_in_front(need_seen, b, known_need[b])
    for w in range(load.size):
        _put_in_front(caseload_seen, w, load[w])


@kernel
def _known_need(place, status, profile, buurt, need_hours, buurten):
    """Published need [buurten] of the known persons at home: the norm of the profile."""
    out, known, found = np.zeros(buurten), np.empty(place.size, np.int64), 0
    for row in range(place.size):  # no branch here: a processor guesses wrongly who is known
        known[found] = row
        found += (place[row] == Place.THUIS) & (status[row] == Status.BEKEND)
    for row in known[:found]:
        out[buurt[row]] += need_hours[profile[row]]
    return out


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Add this month at the front of what was seen; publish classes when it is time."""
    b, w, persons = world.buurten, world.wijken, world.persons
    known_need = _known_need(persons.place, persons.status, persons.profile, persons.buurt, p.need_hours, b.rows)
    _open_books(world.counts, known_need, w.load, b.complaints_seen, b.placed_seen, b.need_seen, w.caseload_seen)
    if luck.month % p.publish_every_months == 0:
        b.published_class[:] = leefbaarheid_class(b.score, p.class_width, p.class_of_mean)
