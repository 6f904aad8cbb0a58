"""How well it goes with a vulnerable resident (m20, m25, m30, m53, m55, m62; E127).

Stability moves slowly towards what a person's skills, help, network and day activity carry, less debts, loneliness, the
stance of neighbours, and for who wishes peers near, living without any known to help (m20). A home by itself repairs neither
debts nor loneliness: a network grows from day activity among neighbours, and from guidance that looks at neighbours too
(m30). Day activity grows where welzijn has hours for it and shrinks in an episode. Left out: course of
addiction, treatment, and loneliness of residents who are not vulnerable.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.policies import Levers
from model.randomness import Luck
from model.world import Count, Place, Status, TeamKind, Wish, World

WRITES = ("persons.stability", "persons.network", "persons.participation")
READS = (
    "dwellings.portiek", "persons.place", "persons.status", "persons.dwelling", "persons.buurt", "persons.debts", "persons.wish",
    "persons.coping", "persons.stability", "persons.network", "persons.participation", "persons.need", "persons.hours",
    "persons.episode", "buurten.wijk", "buurten.damage", "buurten.tolerance", "buurten.ties", "teams.kind", "teams.wijk",
    "teams.hours",
)  # fmt: skip


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
    gain_of_wish: float
    network_from_guidance_per_month: float
    lonely_below: float


@rule
def carried_stability(coping, coverage, network, participation, debts, as_wished, tolerance, damage, p):
    """The stability (0-1) that this life carries; help counts for what it covers of the need."""
    level = coping + p.gain_of_help * coverage + p.gain_of_network * (network - 0.5)
    level += p.gain_of_participation * (participation - 0.5) - p.cost_of_debts * debts
    level -= p.cost_of_stance * (0.5 - tolerance) + p.cost_of_load * (damage - 1.0) + (0.0 if as_wished else p.gain_of_wish)
    return min(1.0, max(0.0, level))


@kernel
def _by_place(place, buurt, wijk, in_wijk):
    """Rows [n] of persons at home and [n] of those elsewhere; how many live at home, in_wijk [wijken].

    There is no branch here, because a processor guesses wrongly who is at home.
    """
    at_home, elsewhere, homes, others = np.empty(place.size, np.int64), np.empty(place.size, np.int64), 0, 0
    for i in range(place.size):
        at_home[homes], elsewhere[others] = i, i
        homes += place[i] == Place.THUIS
        others += (place[i] != Place.THUIS) & (place[i] != Place.AFWEZIG)
        in_wijk[wijk[buurt[i]]] += place[i] == Place.THUIS
    return at_home[:homes], elsewhere[:others]


@kernel
def _as_wished(at_home, status, wish, dwelling, portiek, portieken):
    """bool [persons]: whether those at home live as they wish.

    Who wishes peers near needs somebody else in the portiek whom help knows.
    """
    as_wished, known_near = np.ones(status.size, np.bool_), np.zeros(portieken, np.int32)
    known, wishing, knowns, wishes = np.empty(at_home.size, np.int64), np.empty(at_home.size, np.int64), 0, 0
    for i in at_home:
        known[knowns], wishing[wishes] = i, i
        knowns += status[i] != Status.LATENT
        wishes += wish[i] != Wish.ZELFSTANDIG
    for i in known[:knowns]:
        known_near[portiek[dwelling[i]]] += 1
    for i in wishing[:wishes]:
        as_wished[i] = known_near[portiek[dwelling[i]]] > (status[i] != Status.LATENT)
    return as_wished


@kernel
def _welzijn_each(kind, team_wijk, hours, in_wijk):
    """Hours [wijken] that welzijn has for each person at home."""
    each = np.zeros(in_wijk.size)
    for t in range(kind.size):
        if kind[t] == TeamKind.WELZIJN:
            each[team_wijk[t]] = hours[t] / max(in_wijk[team_wijk[t]], 1)
    return each


@kernel
def _live(place, status, dwelling, coping, need, hours, wish, debts, episode, stability, network, participation, buurt, portiek,
          portieken, wijk, wijken, tolerance, ties, damage, kind, team_wijk, team_hours, context, p, counts):  # fmt: skip
    in_wijk, lonely = np.zeros(wijken, np.int64), np.zeros(tolerance.size, np.int64)
    at_home, elsewhere = _by_place(place, buurt, wijk, in_wijk)
    as_wished = _as_wished(at_home, status, wish, dwelling, portiek, portieken)
    welzijn_each = _welzijn_each(kind, team_wijk, team_hours, in_wijk)
    for i in elsewhere:
        stability[i] += p.speed_per_month * (coping[i] - stability[i])
    for i in at_home:
        b = buurt[i]
        coverage = min(1.0, hours[i] / need[i]) if need[i] > 0.0 else 0.0
        level = carried_stability(
            coping[i], coverage, network[i], participation[i], debts[i], as_wished[i], tolerance[b], damage[b], p
        )
        stability[i] += p.speed_per_month * (level - stability[i])
        network[i] += p.network_from_ties_per_month * max(0.0, ties[b] - network[i]) * participation[i]
        if context:
            network[i] += p.network_from_guidance_per_month * coverage * max(0.0, ties[b] - network[i])
        lonely[b] += network[i] < p.lonely_below
        if episode[i]:
            stability[i] = max(0.0, stability[i] - p.cost_of_episode)
            participation[i] -= p.participation_lost_in_episode * participation[i]
        else:
            offered = min(1.0, p.participation_per_welzijn_hour * welzijn_each[wijk[b]])
            participation[i] += offered * (1.0 - participation[i]) - p.participation_lost_per_month * participation[i]
    for b in range(lonely.size):
        counts[b, Count.EENZAAM] += lonely[b]


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of ordinary life for persons at home and in institutions."""
    q, d, b, teams = world.persons, world.dwellings, world.buurten, world.teams
    _live(
        q.place, q.status, q.dwelling, q.coping, q.need, q.hours, q.wish, q.debts, q.episode, q.stability, q.network,
        q.participation, q.buurt, d.portiek, world.portieken.rows, b.wijk, world.wijken.rows, b.tolerance, b.ties, b.damage,
        teams.kind, teams.wijk, teams.hours, levers.contextgericht, p, world.counts,
    )  # fmt: skip
