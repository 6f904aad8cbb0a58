"""Draaglast and draagkracht of a buurt, in hours a month, and what their balance does (m2; choices 1 and 3).

Draaglast is the help that vulnerable residents need and the time that incidents cost. Draagkracht is what residents give
each other, what facilities give, and the professional hours that are near. Load is their ratio; damage is load, relative
to the reference load, to the power `shape`: below one it saturates, one is linear, above one it is convex, and four is
close to a threshold. All shapes agree at the reference load. The evidence does not decide between them (E188).
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.policies import Levers
from model.randomness import Luck
from model.world import Count, TeamKind, World

WRITES = ("buurten.draaglast", "buurten.draagkracht", "buurten.damage", "buurten.team_hours", "buurten.spare_exact")
READS = (
    "dwellings.buurt", "persons.place", "persons.dwelling", "persons.need", "buurten.wijk", "buurten.homes",
    "buurten.sociale_huur", "buurten.voorzieningen", "buurten.draaglast", "buurten.draagkracht", "buurten.informal_help",
    "buurten.team_hours", "wijken.gemeente", "wijken.homes", "gemeenten.sociale_huur", "teams.kind", "teams.gemeente",
    "teams.wijk", "teams.hours", "counts.incidenten",
)  # fmt: skip


class Parameters(NamedTuple):
    shape: float
    reference_load: float
    damage_limit: float
    hours_per_incident: float


@rule
def damage(load, reference, shape, limit):
    """Wear relative to the reference load; 1 at the reference for every shape."""
    return min(limit, (load / reference) ** shape)


@kernel
def _wear(draaglast, draagkracht, p, out):
    for b in range(out.size):
        out[b] = damage(draaglast[b] / max(draagkracht[b], 1e-9), p.reference_load, p.shape, p.damage_limit)


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Hours asked and hours there are, per buurt."""
    b, teams, gemeenten, gemeente = world.buurten, world.teams, world.gemeenten, world.gemeente_of_buurt
    b.draaglast[:] = world.sum_at_home(world.persons.need) + p.hours_per_incident * world.buurt_counts[:, Count.INCIDENTEN]
    in_wijk = teams.kind != int(TeamKind.BEHEER)
    per_wijk = np.bincount(teams.wijk[in_wijk], weights=teams.hours[in_wijk], minlength=world.wijken.rows)
    per_home = per_wijk / np.maximum(world.wijken.homes, 1.0)
    beheer = np.bincount(teams.gemeente[~in_wijk], weights=teams.hours[~in_wijk], minlength=gemeenten.rows)[gemeente]
    social = np.maximum(gemeenten.sociale_huur, 1.0)[gemeente]
    b.team_hours[:] = per_home[b.wijk] * b.homes + beheer * b.sociale_huur / social
    b.draagkracht[:] = b.informal_help + b.voorzieningen + b.team_hours
    b.spare_exact[:] = b.draagkracht - b.draaglast
    _wear(b.draaglast, b.draagkracht, p, b.damage)
