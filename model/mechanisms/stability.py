"""How well it goes with a vulnerable resident (m20, m25, m30, m55, m62; E127).

Stability moves slowly towards what a person's skills, help, network and day activity carry, less debts, loneliness, the
stance of neighbours, and for who wishes peers near, living without any known to help (m20). A home by itself repairs neither
debts nor loneliness: a network grows from day activity among neighbours, and from guidance that looks at neighbours too
(m30). Day activity grows where welzijn has hours for it and shrinks in an episode. Left out: course of
addiction, treatment, and loneliness of residents who are not vulnerable.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
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
def _portieken(rows, dwelling, portiek):
    """Portiek [n] of the persons in rows [n]. Homes lie far apart, and a loop that does nothing else fetches many at once."""
    out = np.empty(rows.size, portiek.dtype)
    for k in range(rows.size):
        out[k] = portiek[dwelling[rows[k]]]
    return out


@kernel
def _as_wished(place, status, wish, dwelling, buurt, portiek, portieken, in_buurt):
    """bool [persons]: whether those at home live as they wish; in_buurt [buurten] gets how many are at home.

    Who wishes peers near needs somebody else in the portiek whom help knows. There is no branch in the first loop, because a
    processor guesses wrongly who is at home, who is known and who wishes peers near.
    """
    as_wished, known_near = np.ones(place.size, np.bool_), np.zeros(portieken, np.uint16)
    known, wishing, knowns, wishes = np.empty(place.size, np.int64), np.empty(place.size, np.int64), 0, 0
    for i in range(place.size):
        at_home = place[i] == Place.THUIS
        known[knowns], wishing[wishes] = i, i
        knowns += at_home & (status[i] != Status.LATENT)
        wishes += at_home & (wish[i] != Wish.ZELFSTANDIG)
        in_buurt[buurt[i]] += at_home
    at_known, at_wishing = _portieken(known[:knowns], dwelling, portiek), _portieken(wishing[:wishes], dwelling, portiek)
    for j in at_known:
        known_near[j] += 1
    for k in range(wishes):
        as_wished[wishing[k]] = known_near[at_wishing[k]] > (status[wishing[k]] != Status.LATENT)
    return as_wished


@kernel
def _offered(kind, team_wijk, hours, in_buurt, wijk, wijken, per_hour):
    """Day activity (0-1) [buurten] that welzijn offers: it shares its hours among all at home in the wijk."""
    in_wijk, each, offered = np.zeros(wijken, np.int64), np.zeros(wijken), np.empty(wijk.size)
    for b in range(wijk.size):
        in_wijk[wijk[b]] += in_buurt[b]
    for t in range(kind.size):
        if kind[t] == TeamKind.WELZIJN:
            each[team_wijk[t]] = hours[t] / max(in_wijk[team_wijk[t]], 1)
    for b in range(wijk.size):
        offered[b] = min(1.0, per_hour * each[wijk[b]])
    return offered


@kernel
def _around(buurt, of_buurten):
    """What the buurt of each person is like: each of `of_buurten` [buurten] as [persons]."""
    tolerance, ties, damage, offered = of_buurten
    bears, knows, worn, offers = np.empty(buurt.size), np.empty(buurt.size), np.empty(buurt.size), np.empty(buurt.size)
    for i in range(buurt.size):
        b = buurt[i]
        bears[i], knows[i], worn[i], offers[i] = tolerance[b], ties[b], damage[b], offered[b]
    return bears, knows, worn, offers


@kernel
def _after_a_month(place, around, as_wished, coping, need, hours, debts, episode, stability, network, participation, context, p):
    """Stability, network and participation [persons] after this month, kept in 32 bits at every step.

    A month at home is computed for everyone, and who is elsewhere does not get it: without a branch a processor does eight
    persons at once.
    """
    tolerance, ties, damage, offered = around
    well, people, days = np.empty_like(stability), np.empty_like(network), np.empty_like(participation)
    for i in range(stability.size):
        at_home, elsewhere = place[i] == Place.THUIS, (place[i] != Place.THUIS) & (place[i] != Place.AFWEZIG)
        now, near, active, skills = stability[i], network[i], participation[i], coping[i]
        coverage = min(1.0, hours[i] / need[i]) if need[i] > 0.0 else 0.0
        level = carried_stability(skills, coverage, near, active, debts[i], as_wished[i], tolerance[i], damage[i], p)
        goes = np.float32(now + p.speed_per_month * (level - now))
        drops = np.float32(max(0.0, goes - p.cost_of_episode))
        back = np.float32(now + p.speed_per_month * (skills - now))
        met = np.float32(near + p.network_from_ties_per_month * max(0.0, ties[i] - near) * active)
        guided = np.float32(met + p.network_from_guidance_per_month * coverage * max(0.0, ties[i] - met))
        idle = np.float32(active - p.participation_lost_in_episode * active)
        busy = np.float32(active + (offered[i] * (1.0 - active) - p.participation_lost_per_month * active))
        ill = episode[i] != 0
        well[i] = (drops if ill else goes) if at_home else (back if elsewhere else now)
        people[i] = (guided if context else met) if at_home else near
        days[i] = (idle if ill else busy) if at_home else active
    return well, people, days


@kernel
def _live(place, status, dwelling, coping, need, hours, wish, debts, episode, stability, network, participation, buurt, portiek,
          portieken, wijk, wijken, tolerance, ties, damage, kind, team_wijk, team_hours, context, numbers, counts):  # fmt: skip
    p = unpacked(Parameters, numbers)
    in_buurt, lonely = np.zeros(tolerance.size, np.int64), np.zeros(tolerance.size, np.int64)
    as_wished = _as_wished(place, status, wish, dwelling, buurt, portiek, portieken, in_buurt)
    offered = _offered(kind, team_wijk, team_hours, in_buurt, wijk, wijken, p.participation_per_welzijn_hour)
    around = _around(buurt, (tolerance, ties, damage, offered))
    stability[:], network[:], participation[:] = _after_a_month(
        place, around, as_wished, coping, need, hours, debts, episode, stability, network, participation, context, p
    )
    for i in range(place.size):
        lonely[buurt[i]] += (place[i] == Place.THUIS) & (network[i] < p.lonely_below)
    for b in range(lonely.size):
        counts[b, Count.EENZAAM] += lonely[b]


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of ordinary life for persons at home and in institutions."""
    q, d, b, teams = world.persons, world.dwellings, world.buurten, world.teams
    _live(
        q.place, q.status, q.dwelling, q.coping, q.need, q.hours, q.wish, q.debts, q.episode, q.stability, q.network,
        q.participation, q.buurt, d.portiek, world.portieken.rows, b.wijk, world.wijken.rows, b.tolerance, b.ties, b.damage,
        teams.kind, teams.wijk, teams.hours, levers.contextgericht, packed(p), world.counts,
    )  # fmt: skip
