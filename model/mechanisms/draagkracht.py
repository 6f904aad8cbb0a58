"""Draaglast and draagkracht of a buurt, in hours a month, and what their balance does (m2; choices 1 and 3).

Draaglast is the help that vulnerable residents need and the time that incidents cost. Draagkracht is what residents give
each other, what facilities give, and the professional hours that are near. Load is their ratio; damage is load, relative
to the reference load, to the power `shape`: below one it saturates, one is linear, above one it is convex, and four is
close to a threshold. All shapes agree at the reference load. The evidence does not decide between them (E188). Left out: that
an hour of one kind of help can not always stand in for another.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.policies import Levers
from model.randomness import Luck
from model.world import Count, Place, TeamKind, World

WRITES = ("buurten.draaglast", "buurten.draagkracht", "buurten.damage", "buurten.team_hours", "buurten.spare_exact")
READS = (
    "persons.place", "persons.buurt", "persons.need", "buurten.wijk", "buurten.homes", "buurten.sociale_huur",
    "buurten.voorzieningen", "buurten.draaglast", "buurten.draagkracht", "buurten.informal_help", "buurten.team_hours",
    "wijken.gemeente", "wijken.homes", "gemeenten.sociale_huur", "teams.kind", "teams.gemeente", "teams.wijk", "teams.hours",
    "counts.incidenten",
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
def _ask(place, need, buurt, counts, hours_per_incident, draaglast):
    """Hours asked per buurt: the need of the vulnerable residents who are at home, and the time that incidents cost."""
    draaglast[:] = 0.0
    for row in range(place.size):
        if place[row] == Place.THUIS:
            draaglast[buurt[row]] += need[row]
    for b in range(draaglast.size):
        draaglast[b] += hours_per_incident * counts[b, Count.INCIDENTEN]


@kernel
def _share_teams(
    kind, gemeente_of_team, wijk_of_team, hours, gemeente, homes_in_wijk, stock_in_gemeente, wijk, homes, stock, near
):  # fmt: skip
    """Hours of teams that are near each buurt: of a wijk's teams by its part of the homes, of beheer by its part of the stock
    (homes of corporaties) in the gemeente.
    """
    in_wijk, of_beheer = np.zeros(homes_in_wijk.size), np.zeros(stock_in_gemeente.size)
    for team in range(kind.size):
        if kind[team] == TeamKind.BEHEER:
            of_beheer[gemeente_of_team[team]] += hours[team]
        else:
            in_wijk[wijk_of_team[team]] += hours[team]
    for b in range(near.size):
        w, g = wijk[b], gemeente[wijk[b]]
        per_home = in_wijk[w] / max(homes_in_wijk[w], 1.0)
        near[b] = per_home * homes[b] + of_beheer[g] * stock[b] / max(stock_in_gemeente[g], 1.0)


@kernel
def _balance(informal_help, voorzieningen, team_hours, draaglast, numbers, draagkracht, spare, wear):
    """What can be carried against what is asked, and what that does to the buurt."""
    p = unpacked(Parameters, numbers)
    for b in range(draaglast.size):
        draagkracht[b] = informal_help[b] + voorzieningen[b] + team_hours[b]
        spare[b] = draagkracht[b] - draaglast[b]
        wear[b] = damage(draaglast[b] / max(draagkracht[b], 1e-9), p.reference_load, p.shape, p.damage_limit)


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Hours asked and hours there are, per buurt."""
    persons, b, wijken, teams = world.persons, world.buurten, world.wijken, world.teams
    _ask(persons.place, persons.need, persons.buurt, world.counts, p.hours_per_incident, b.draaglast)
    _share_teams(
        teams.kind, teams.gemeente, teams.wijk, teams.hours, wijken.gemeente, wijken.homes, world.gemeenten.sociale_huur, b.wijk,
        b.homes, b.sociale_huur, b.team_hours,
    )  # fmt: skip
    _balance(b.informal_help, b.voorzieningen, b.team_hours, b.draaglast, packed(p), b.draagkracht, b.spare_exact, b.damage)
