"""How well it goes with a vulnerable resident (m25, m28, m55, m62; E127).

Stability moves slowly towards what a person's skills, help, network and day activity carry, less debts, loneliness and
the stance of neighbours. A home by itself repairs neither debts nor loneliness: neither is in the rule for having a home.
Day activity grows where welzijn has hours for it and shrinks in an episode. Left out: course of addiction, treatment.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.policies import Levers
from model.randomness import Luck
from model.world import Place, TeamKind, World

WRITES = ("persons.stability", "persons.network", "persons.participation")


class Parameters(NamedTuple):
    speed_per_month: float
    gain_of_help: float
    gain_of_network: float
    gain_of_participation: float
    cost_of_debts: float
    cost_of_stance: float
    cost_of_load: float
    cost_of_episode: float
    network_from_ties_per_month: float
    participation_per_welzijn_hour: float
    participation_lost_in_episode: float
    participation_lost_per_month: float


@rule
def carried_stability(coping, coverage, network, participation, debts, tolerance, damage, p):
    """The stability (0-1) that this life carries; help counts for what it covers of the need."""
    level = coping + p.gain_of_help * coverage + p.gain_of_network * (network - 0.5)
    level += p.gain_of_participation * (participation - 0.5) - p.cost_of_debts * debts
    level -= p.cost_of_stance * (0.5 - tolerance) + p.cost_of_load * (damage - 1.0)
    return min(1.0, max(0.0, level))


@kernel
def _live(place, dwelling, coping, need, hours, debts, episode, opname_days, stability, network, participation,
          buurt, wijk, tolerance, ties, damage, welzijn_per_person, p):  # fmt: skip
    for i in range(place.size):
        if place[i] == Place.AFWEZIG:
            continue
        if place[i] != Place.THUIS:
            stability[i] += p.speed_per_month * (coping[i] - stability[i])
            continue
        b = buurt[dwelling[i]]
        coverage = hours[i] / need[i] if need[i] > 0.0 else 0.0
        level = carried_stability(
            coping[i], min(1.0, coverage), network[i], participation[i], debts[i], tolerance[b], damage[b], p
        )
        stability[i] += p.speed_per_month * (level - stability[i])
        network[i] += p.network_from_ties_per_month * (ties[b] - network[i]) * participation[i]
        if episode[i]:
            stability[i] = max(0.0, stability[i] - p.cost_of_episode)
            participation[i] -= p.participation_lost_in_episode * participation[i]
        else:
            offered = min(1.0, p.participation_per_welzijn_hour * welzijn_per_person[wijk[b]])
            participation[i] += offered * (1.0 - participation[i]) - p.participation_lost_per_month * participation[i]


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of ordinary life for persons at home and in institutions."""
    persons, dwellings, buurten, teams = world.persons, world.dwellings, world.buurten, world.teams
    at_home = np.bincount(buurten.wijk, weights=world.sum_at_home(np.ones(persons.rows)), minlength=world.wijken.rows)
    welzijn = np.zeros(world.wijken.rows)
    mine = teams.kind == int(TeamKind.WELZIJN)
    welzijn[teams.wijk[mine]] = teams.hours[mine]
    _live(
        persons.place, persons.dwelling, persons.coping, persons.need, persons.hours, persons.debts, persons.episode,
        persons.opname_days, persons.stability, persons.network, persons.participation, dwellings.buurt,
        buurten.wijk, buurten.tolerance, buurten.ties, buurten.damage, welzijn / np.maximum(at_home, 1), p,
    )  # fmt: skip
