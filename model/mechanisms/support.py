"""Hours of help, and whom they reach (m26-m29, m38, m42, m47; choice 2).

Need follows stability. Known persons ask hours of their line: the second line is ambulant help and FACT, the first the
wijkteam. Teams give what they have: under pressure everyone gets a part, response slows down convexly, and outreach
dies (m47). Travel takes ambulant hours, less where clients live close together: concentration has this in its favour.
After a year of stability help steps down a line, in the end to a waakvlam (m27, m29); an episode brings it back. Staff
who leave take trust with them (E158); who has little trust drops out of sight. Left out: fragmentation and short lines
(m40, m42), triage, specialisation.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, uniform_at
from model.world import Count, Place, Profile, Status, TeamKind, World

WRITES = (
    "persons.status", "persons.line", "persons.need", "persons.hours", "persons.trust", "persons.stable_months",
    "teams.asked", "teams.given", "wijken.response_days", "wijken.load",
)  # fmt: skip
STREAMS = np.array([Stream.OUTREACH, Stream.STAFF_TURNOVER, Stream.OUT_OF_SIGHT])


class Parameters(NamedTuple):
    need_hours: per(Profile)  # type: ignore[valid-type]
    need_waakvlam_hours: float
    need_at_worst: float
    need_least: float
    direct_hours_per_fte: float
    wijkteam_fte_per_inhabitant: float
    wijkteam_share: float
    ambulant_fte_per_inhabitant: float
    welzijn_fte_per_inhabitant: float
    wijkagent_fte_per_inhabitant: float
    beheer_homes_per_fte: float
    following_wijkteam: float
    following_ambulant: float
    travel_share_alone: float
    travel_density: float
    response_days: float
    load_threshold: float
    response_convexity: float
    stable_above: float
    months_to_step_down: int
    outreach_finds_per_hour: float
    staff_leave_per_year: float
    trust_lost_with_worker: float
    trust_gain_per_month: float
    trust_lost_in_crisis: float
    out_of_sight_per_month: float


@rule
def need_hours(published, stability, at_worst, least):
    """Hours of help a month: the profile's at stability 0.5, `at_worst` times that at 0, and never below `least` times."""
    return published * max(least, at_worst - 2.0 * (at_worst - 1.0) * stability)


@rule
def travel_share(clients_per_1000_homes, alone, density):
    """Part of ambulant hours that goes to travel: `alone` for scattered clients, half of that at `density`."""
    return alone / (1.0 + clients_per_1000_homes / density)


@rule
def response_days(load, base, threshold, convexity):
    """Days from a call to help: `base` until the threshold of utilisation, then convex in the excess (m47)."""
    excess = max(0.0, load - threshold)
    return base * (1.0 + convexity * excess * excess)


@kernel
def _ask(place, status, line, profile, stability, opname_days, dwelling, need, published, at_worst, least, waakvlam, buurt, wijk,
         asked):  # fmt: skip
    """Everyone's need, and the hours asked per [line, wijk]; the second line is asked of the ambulant pool."""
    for i in range(place.size):
        need[i] = 0.0
        if place[i] != Place.THUIS or opname_days[i] > 0:
            continue
        need[i] = need_hours(published[profile[i]], stability[i], at_worst, least)
        w = wijk[buurt[dwelling[i]]]
        if status[i] == Status.BEKEND:
            asked[TeamKind.AMBULANT if line[i] == 2 else TeamKind.WIJKTEAM, w] += need[i]
        elif status[i] == Status.SLAPEND:
            asked[TeamKind.WIJKTEAM, w] += waakvlam


@kernel
def _less_travel(clients_per_1000_homes, alone, density, hours):
    """Take travel off the ambulant hours [wijken]."""
    for w in range(hours.size):
        hours[w] *= 1.0 - travel_share(clients_per_1000_homes[w], alone, density)


@kernel
def _respond(load, p, out):
    """Response time [wijken]."""
    for w in range(load.size):
        out[w] = response_days(load[w], p.response_days, p.load_threshold, p.response_convexity)


@kernel
def _give(keys, place, status, line, episode, crisis, conflict, identity, dwelling, stability, opname_days, need, hours, trust,
          stable_months, coverage, find_chance, waakvlam, p, buurt, wijk, counts):  # fmt: skip
    """Give hours, move trust, step up or down between lines, and find those who did not ask."""
    given = np.zeros(coverage.shape)
    for i in range(place.size):
        hours[i] = 0.0
        if place[i] != Place.THUIS:
            continue
        b = buurt[dwelling[i]]
        w = wijk[b]
        if status[i] == Status.LATENT:
            if crisis[i] or conflict[i] or uniform_at(keys[0], identity[i]) < find_chance[w]:
                status[i], line[i], stable_months[i] = Status.BEKEND, 2 if crisis[i] else 1, 0
                counts[b, Count.GEVONDEN] += 1
            continue
        if opname_days[i] == 0:
            kind = TeamKind.AMBULANT if status[i] == Status.BEKEND and line[i] == 2 else TeamKind.WIJKTEAM
            asked = need[i] if status[i] == Status.BEKEND else waakvlam
            hours[i] = asked * coverage[kind, w]
            given[kind, w] += hours[i]
        if crisis[i]:
            trust[i] -= p.trust_lost_in_crisis * trust[i]
        if uniform_at(keys[1], identity[i]) < p.staff_leave_per_year / 12.0:
            trust[i] -= p.trust_lost_with_worker * trust[i]
        reached = hours[i] / need[i] if need[i] > 0.0 else 0.0
        trust[i] += p.trust_gain_per_month * min(1.0, reached) * (1.0 - trust[i])
        stable_months[i] = min(stable_months[i] + 1, 250) if stability[i] >= p.stable_above and not episode[i] else 0
        if episode[i]:
            status[i], line[i] = Status.BEKEND, 2
        elif uniform_at(keys[2], identity[i]) < p.out_of_sight_per_month * (1.0 - trust[i]):
            status[i], line[i], stable_months[i] = Status.LATENT, 0, 0
        elif status[i] == Status.BEKEND and stable_months[i] >= p.months_to_step_down:
            stable_months[i] = 0
            line[i] = max(0, line[i] - 1) if line[i] > 0 else 0
            if line[i] == 0:
                status[i] = Status.SLAPEND
    return given


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Ask, divide, give."""
    persons, dwellings, buurten, wijken, teams = world.persons, world.dwellings, world.buurten, world.wijken, world.teams
    waakvlam = p.need_waakvlam_hours if levers.waakvlam else 0.0
    asked = np.zeros((len(TeamKind), wijken.rows))
    _ask(
        persons.place, persons.status, persons.line, persons.profile, persons.stability, persons.opname_days, persons.dwelling,
        persons.need, p.need_hours, p.need_at_worst, p.need_least, waakvlam, dwellings.buurt, buurten.wijk, asked,
    )  # fmt: skip
    care = teams.kind <= int(TeamKind.AMBULANT)
    usable = np.zeros_like(asked)
    clients = 1000.0 * asked[TeamKind.AMBULANT] / p.need_hours.mean() / np.maximum(wijken.homes, 1.0)
    usable[teams.kind[care], teams.wijk[care]] = teams.hours[care]
    _less_travel(clients, p.travel_share_alone, p.travel_density, usable[TeamKind.AMBULANT])
    # A person's hours are kept in 32 bits: rounded down by so much that their sum never exceeds the hours there are.
    coverage = np.minimum(1.0, (1.0 - 1e-6) * usable / np.maximum(asked, 1e-9))
    wijken.load[:] = asked[:2].sum(axis=0) / np.maximum(usable[:2].sum(axis=0), 1e-9)
    _respond(wijken.load, p, wijken.response_days)
    spare = np.maximum(0.0, p.load_threshold - wijken.load) * usable[TeamKind.WIJKTEAM] * levers.outreach
    latent = np.bincount(buurten.wijk, weights=world.sum_at_home(persons.status == int(Status.LATENT)), minlength=wijken.rows)
    given = _give(
        luck.keys[STREAMS], persons.place, persons.status, persons.line,
        persons.episode, persons.crisis, persons.conflict, persons.identity, persons.dwelling, persons.stability,
        persons.opname_days, persons.need, persons.hours, persons.trust, persons.stable_months, coverage,
        spare * p.outreach_finds_per_hour / np.maximum(latent, 1), waakvlam, p, dwellings.buurt, buurten.wijk, world.counts,
    )  # fmt: skip
    teams.asked[care] = asked[teams.kind[care], teams.wijk[care]]
    teams.given[care] = given[teams.kind[care], teams.wijk[care]]
