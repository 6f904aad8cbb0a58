"""Incidents that everyone causes, who notices them, and what they do about it (m4, m30, m36; choice 11).

Every household causes incidents at a base rate times its lifelong frailty, less where social control is strong; persons
add to it only on the days of an episode, less where guidance looks at the neighbours as well (m30). Who lives in the same
portiek, and whom one has ties with, notices last month's incidents, less in a stock of good quality (m4). A social tenant
who is bothered and has little tolerance left speaks to the neighbour (E073) or complains to the landlord; some complaints
are the start of a conflict between households. Under the overlastprotocol the beheerders of a gemeente intervene as far as
their hours go, and for some months the portiek is quieter. The share that persons cause is an output. Left out: nuisance
that is not from neighbours (traffic, nightlife, crime), and complaints of owners and private tenants, of which no landlord
keeps count.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, part, rule
from model.packing import packed, unpacked
from model.policies import Levers
from model.randomness import Luck, Stream, poisson_at, uniform_at
from model.world import Count, Dwellings, Place, TeamKind, Tenure, World

WRITES = (
    "dwellings.incidents", "dwellings.incidents_before", "dwellings.nuisance", "portieken.incidents",
    "portieken.person_incidents", "portieken.complaints", "portieken.conversations", "portieken.conflicts",
    "portieken.intervention",
)  # fmt: skip
READS = (
    "dwellings.buurt", "dwellings.portiek", "dwellings.tenure", "dwellings.ties", "dwellings.identity", "dwellings.frailty",
    "dwellings.tolerance", "dwellings.incidents", "dwellings.nuisance", "persons.identity", "persons.place", "persons.dwelling",
    "persons.need", "persons.hours", "persons.episode_days", "portieken.buurt", "portieken.incidents",
    "portieken.person_incidents", "portieken.complaints", "portieken.conversations", "portieken.conflicts",
    "portieken.intervention", "buurten.gemeente", "buurten.first", "buurten.last", "buurten.kwaliteit", "buurten.ties",
    "teams.kind", "teams.gemeente", "teams.hours",
)  # fmt: skip
TIES = Dwellings.columns()["ties"].width  # known to the compiler, which then writes the loop over them out


class Parameters(NamedTuple):
    incidents_per_month: float
    frailty_shape: float
    control_of_cohesion: float
    incidents_per_episode_month: float
    tie_weight: float
    memory_kept_per_month: float
    often_bothered_from: float
    complaint_per_incident: float
    conflict_per_complaint: float
    intervention_hours: float
    intervention_months: int
    intervention_effect: float
    quality_hushes: float
    addressed_share: float
    conversation_effect: float
    context_effect: float


@rule
def incident_rate(base, frailty, control, intervention_effect):
    """Incidents a month that one household causes."""
    return base * frailty * (1.0 - control) * (1.0 - intervention_effect)


@rule
def episode_rate(per_month, days, guided, intervention_effect):
    """Incidents in a month with so many days of an episode: less by what guidance prevents, and where an intervention works."""
    return per_month * days / 30.0 * (1.0 - guided) * (1.0 - intervention_effect)


@rule
def complaint_probability(nuisance, tolerance, per_incident):
    """Chance that a bothered social tenant complains this month: what they notice, times the tolerance that is gone."""
    return min(1.0, per_incident * nuisance * (1.0 - tolerance))


@rule
def conflict_probability(tolerance, per_complaint):
    """Chance that a complaint is the start of a conflict: convex in the tolerance that is gone."""
    return per_complaint * (1.0 - tolerance) * (1.0 - tolerance)


@rule
def conversation_probability(tolerance, addressed_share):
    """Chance that who would complain speaks to the neighbour instead (E073); half as likely at half the tolerance."""
    return min(1.0, 2.0 * addressed_share * tolerance)


@part
def _hear(first, last, portiek, ties, incidents, in_portiek, tie_weight, heard_share, heard):
    """Last month's incidents that reach the homes of a buurt, of others in the portiek and through ties, into heard [from 0]."""
    for i in range(first, last):
        of_ties = 0
        for k in range(TIES):
            of_ties += incidents[ties[i, k]]
        of_others = np.float64(in_portiek[portiek[i]]) - incidents[i]
        heard[i - first] = heard_share * of_others + tie_weight * of_ties


@part
def _remember(first, last, key, identity, tenure, tolerance, heard, p, nuisance, complains):
    """What residents of a buurt heard becomes what they notice; which social tenants have had enough, into complains [from 0].

    Returns how many are bothered often.
    """
    often = 0
    for i in range(first, last):
        felt = p.memory_kept_per_month * nuisance[i] + (1.0 - p.memory_kept_per_month) * heard[i - first]
        chance = complaint_probability(felt, tolerance[i], p.complaint_per_incident)
        may = (identity[i] != 0) & (heard[i - first] != 0.0) & (tenure[i] == Tenure.SOCIALE_HUUR)
        complains[i - first] = may & (uniform_at(key, identity[i]) < chance)
        often += (identity[i] != 0) & (felt >= p.often_bothered_from)
        nuisance[i] = felt if identity[i] != 0 else nuisance[i]
    return often


@part
def _complain(first, last, keys, identity, portiek, tolerance, complains, in_portiek, by_persons, told, nuisance, counts, b, p):
    """Those in a buurt who have had enough speak to the neighbour, or complain; some complaints start a conflict.

    told: complaints, conversations and conflicts of each portiek.
    """
    complaints, conversations, conflicts = told
    for i in range(first, last):
        if not complains[i - first]:
            continue
        who, j = identity[i], portiek[i]
        if uniform_at(keys[Stream.CONVERSATION], who) < conversation_probability(tolerance[i], p.addressed_share):
            nuisance[i] *= 1.0 - p.conversation_effect
            conversations[j] += 1
            counts[b, Count.GESPREKKEN] += 1
            continue
        complaints[j] += 1
        counts[b, Count.KLACHTEN] += 1
        if in_portiek[j] > 0 and uniform_at(keys[Stream.COMPLAINT_CAUSE], who) * in_portiek[j] < by_persons[j]:
            counts[b, Count.KLACHTEN_PERSONEN] += 1
        elif uniform_at(keys[Stream.CONFLICT], who) < conflict_probability(tolerance[i], p.conflict_per_complaint):
            conflicts[j] += 1
            counts[b, Count.ESCALATIES_HUISHOUDENS] += 1


@kernel
def _notice(keys, identity, portiek, tenure, ties, tolerance, incidents, nuisance, first, last, in_portiek, by_persons,
            told, quality, counts, numbers):  # fmt: skip
    """Buurt by buurt: hear, remember, speak or complain."""
    p, most = unpacked(Parameters, numbers), np.int64((last - first).max())
    heard, complains = np.empty(most), np.empty(most, np.bool_)
    for said in told:
        said[:] = 0
    for b in range(first.size):
        begin, end = np.uint64(first[b]), np.uint64(last[b])
        heard_share = np.exp(-p.quality_hushes * quality[b])
        _hear(begin, end, portiek, ties, incidents, in_portiek, p.tie_weight, heard_share, heard)
        counts[b, Count.VAAK_HINDER] += _remember(
            begin, end, keys[Stream.COMPLAINT], identity, tenure, tolerance, heard, p, nuisance, complains
        )
        _complain(begin, end, keys, identity, portiek, tolerance, complains, in_portiek, by_persons, told, nuisance, counts, b, p)


@kernel
def share_served(complaints, buurt, gemeente, of_teams, hours_each):
    """Share [gemeenten] of the portieken with complaints that the hours of the beheerders there suffice for.

    gemeente [buurten]; of_teams: kind, gemeente and hours of each team. An intervention takes so many hours each.
    """
    kind, team_gemeente, team_hours = of_teams
    hours = np.zeros(np.int64(gemeente.max()) + 1)
    noisy = np.zeros(hours.size)
    for t in range(kind.size):
        if kind[t] == TeamKind.BEHEER:
            hours[team_gemeente[t]] += team_hours[t]
    for j in range(complaints.size):
        if complaints[j] > 0:
            noisy[gemeente[buurt[j]]] += 1.0
    return np.minimum(1.0, hours / np.maximum(hours_each * noisy, 1e-9))


@kernel
def _intervene(key, complaints, intervention, buurt, gemeente, of_teams, allowed, hours_each, months, counts):
    """A month less of what works already; a new intervention, where it is `allowed` and as far as there are hours for it."""
    chance = allowed * share_served(complaints, buurt, gemeente, of_teams, hours_each)
    for j in range(complaints.size):
        if intervention[j] > 0:
            intervention[j] -= 1
        if complaints[j] > 0 and uniform_at(key, np.uint64(j)) < chance[gemeente[buurt[j]]]:
            intervention[j] = months
            counts[buurt[j], Count.INTERVENTIES] += 1


@kernel
def _cause(key, identity, portiek, frailty, incidents, before, first, last, in_portiek, intervention, ties, counts, numbers):
    """Buurt by buurt: first who causes any where no intervention works, which few do, then how many there are; `before`
    keeps last month's incidents.
    """
    p = unpacked(Parameters, numbers)
    in_portiek[:] = 0
    for b in range(first.size):
        begin, end = np.uint64(first[b]), np.uint64(last[b])
        control = p.control_of_cohesion * ties[b]
        for i in range(begin, end):
            before[i] = incidents[i]
            rate = incident_rate(p.incidents_per_month, frailty[i], control, 0.0)
            incidents[i] = (uniform_at(key, identity[i]) >= 1.0 - rate) & (identity[i] != 0)
        for i in range(begin, end):
            if incidents[i]:
                calm = p.intervention_effect if intervention[portiek[i]] > 0 else 0.0
                rate = incident_rate(p.incidents_per_month, frailty[i], control, calm)
                count = min(poisson_at(key, identity[i], rate), 100)
                incidents[i] = count
                in_portiek[portiek[i]] += count
                counts[b, Count.INCIDENTEN] += count


@kernel
def _cause_in_episode(
    key, identity, place, dwelling, episode_days, hours, need, buurt, portiek, incidents, in_portiek, by_persons, intervention,
    counts, per_month, context_effect, intervention_effect,
):  # fmt: skip
    by_persons[:] = 0
    for i in range(identity.size):
        if place[i] != Place.THUIS or episode_days[i] <= 0.0:
            continue
        home, covered = dwelling[i], min(1.0, hours[i] / need[i]) if need[i] > 0.0 else 0.0
        calm = intervention_effect if intervention[portiek[home]] > 0 else 0.0
        rate = episode_rate(per_month, episode_days[i], context_effect * covered, calm)
        count = min(poisson_at(key, identity[i], rate), 100)
        incidents[home] += count
        in_portiek[portiek[home]] += count
        by_persons[portiek[home]] += count
        counts[buurt[home], Count.INCIDENTEN] += count
        counts[buurt[home], Count.INCIDENTEN_PERSONEN] += count


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Notice last month's incidents, complain, intervene; then cause this month's."""
    d, persons, portieken, b, teams = world.dwellings, world.persons, world.portieken, world.buurten, world.teams
    told = (portieken.complaints, portieken.conversations, portieken.conflicts)
    _notice(
        luck.keys, d.identity, d.portiek, d.tenure, d.ties, d.tolerance, d.incidents, d.nuisance, b.first, b.last,
        portieken.incidents, portieken.person_incidents, told, b.kwaliteit, world.counts, packed(p),
    )  # fmt: skip
    _intervene(
        luck.key(Stream.INTERVENTION), portieken.complaints, portieken.intervention, portieken.buurt, b.gemeente,
        (teams.kind, teams.gemeente, teams.hours), levers.overlastprotocol, p.intervention_hours,
        p.intervention_months, world.counts,
    )  # fmt: skip
    _cause(
        luck.key(Stream.INCIDENTS), d.identity, d.portiek, d.frailty, d.incidents, d.incidents_before, b.first, b.last,
        portieken.incidents, portieken.intervention, b.ties, world.counts, packed(p),
    )  # fmt: skip
    _cause_in_episode(
        luck.key(Stream.EPISODE_INCIDENTS), persons.identity, persons.place, persons.dwelling, persons.episode_days,
        persons.hours, persons.need, d.buurt, d.portiek, d.incidents, portieken.incidents, portieken.person_incidents,
        portieken.intervention, world.counts, p.incidents_per_episode_month, p.context_effect * levers.contextgericht,
        p.intervention_effect,
    )  # fmt: skip
