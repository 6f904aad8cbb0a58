"""Hours of help, and whom they reach (m22, m26-m29, m35, m38-m42, m47; choice 2).

Need follows stability. Known persons ask hours of their line: the second line is ambulant help and FACT, the first the
wijkteam. Teams give what they have: part of it is lost where organisations work apart (m40), travel takes ambulant hours,
less where clients live close together, and who is in an episode goes first (triage). Under pressure response slows down
convexly, outreach dies and more staff leave (m47), who take trust with them (E158). After a year of stability help steps
down a line, in the end to a waakvlam (m27, m29); an episode brings it back. Where hours follow indications, an indication
ends after its term and is not always renewed (m28); a team with a fixed budget and freedom decides by need, counts what
people can do themselves (m41) and keeps hours for prevention (m39). Who has little trust drops out of sight, less often where
the worker can be reached directly (m26), and not while a three-party contract holds (m22). Arrears and complaints tell of those
whom nobody knows, as far as signals are shared (m35).
Left out: specialisation, and help that is refused.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, uniform_at
from model.world import CARE, Count, Place, Profile, Status, TeamKind, World

WRITES = (
    "persons.status", "persons.line", "persons.need", "persons.hours", "persons.trust", "persons.stable_months",
    "teams.asked", "teams.given", "wijken.response_days", "wijken.load",
)  # fmt: skip
READS = (
    "dwellings.portiek", "dwellings.arrears", "persons.identity", "persons.profile", "persons.place", "persons.status",
    "persons.dwelling", "persons.buurt", "persons.stability", "persons.trust", "persons.contract", "persons.line",
    "persons.need", "persons.hours", "persons.stable_months", "persons.episode", "persons.opname_days", "persons.conflict",
    "persons.crisis", "portieken.complaints", "buurten.wijk", "wijken.homes", "wijken.load", "wijken.samenwerking", "teams.kind",
    "teams.wijk", "teams.hours",
)  # fmt: skip
NOBODY_KEPT = np.zeros(0, np.uint64)


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
    contact_kept_by_reach: float
    fragmentation_loss: float
    short_lines_gain: float
    triage: float
    turnover_of_load: float
    signal_finds_per_month: float
    indication_months: float
    indication_not_renewed: float
    own_contribution: float
    prevention_share: float
    hours_follow_indications: float


@rule
def need_hours(published, stability, at_worst, least):
    """Hours of help a month: the profile's at stability 0.5, `at_worst` times that at 0, and never below `least` times."""
    return published * max(least, at_worst - 2.0 * (at_worst - 1.0) * stability)


@rule
def travel_share(clients_per_1000_homes, alone, density):
    """Part of ambulant hours that goes to travel: `alone` for scattered clients, half of that at `density`."""
    return alone / (1.0 + clients_per_1000_homes / density)


@rule
def response_days(load, samenwerking, base, threshold, convexity, short_lines_gain):
    """Days from a call to help: `base` until the threshold of utilisation, then convex in the excess (m47); short lines help."""
    excess = max(0.0, load - threshold)
    return base * (1.0 + convexity * excess * excess) * (1.0 - short_lines_gain * samenwerking)


@rule
def hours_left(samenwerking, fragmentation_loss):
    """Part of the hours that reaches people: the more organisations work apart, the more goes to each other (m40)."""
    return 1.0 - fragmentation_loss * (1.0 - samenwerking)


@rule
def coverages(hours, urgent, other, triage):
    """Parts (0-1) of what is asked that urgent and other persons get of a team's hours.

    Without triage (0) both get an equal part; with full triage (1) the urgent come first and the others share the rest.
    """
    equal = min(1.0, hours / max(urgent + other, 1e-9))
    first = min(1.0, hours / max(urgent, 1e-9))
    rest = min(1.0, max(0.0, hours - urgent) / max(other, 1e-9))
    return equal + triage * (first - equal), equal + triage * (rest - equal)


@rule
def drop_out_probability(trust, reachable, p):
    """Chance to drop out of sight this month: less with trust, and where who helps can be reached directly (m26)."""
    return p.out_of_sight_per_month * (1.0 - trust) * (1.0 - p.contact_kept_by_reach * reachable)


@rule
def asks(bekend, line, episode, need, waakvlam):
    """(urgent, kind of team, hours) of what one person asks: who sleeps asks the waakvlam of the wijkteam."""
    kind = TeamKind.AMBULANT if bekend and line == 2 else TeamKind.WIJKTEAM
    return 1 if bekend and episode else 0, kind, need if bekend else waakvlam


@kernel
def _who_is_known(place, status, buurt, wijk, latent):
    """Rows [n] at home whom nobody knows, and [n] whom somebody knows; latent [wijken] gets how many nobody knows.

    There is no branch here, because a processor guesses wrongly who is at home and who is known.
    """
    unknown, known = np.empty(place.size, np.int64), np.empty(place.size, np.int64)
    unknowns, knowns = 0, 0
    for i in range(place.size):
        at_home, nobody_knows = place[i] == Place.THUIS, status[i] == Status.LATENT
        unknown[unknowns], known[knowns] = i, i
        unknowns += at_home & nobody_knows
        knowns += at_home & (not nobody_knows)
    for i in unknown[:unknowns]:
        latent[wijk[buurt[i]]] += 1
    return unknown[:unknowns], known[:knowns]


@kernel
def _needs(place, profile, stability, opname_days, buurt, own_contribution, samenwerking, p, wijk):
    """Everyone's need [persons]: first what is looked up, so that a processor then computes eight at once."""
    published, asked, out = np.empty(place.size), np.empty(place.size), np.empty(place.size, np.float32)
    for i in range(place.size):
        published[i], asked[i] = p.need_hours[profile[i]], 1.0 - own_contribution * samenwerking[wijk[buurt[i]]]
    for i in range(place.size):
        hours = np.float32(need_hours(published[i], stability[i], p.need_at_worst, p.need_least))
        out[i] = np.float32(hours * asked[i]) * ((place[i] == Place.THUIS) & (opname_days[i] == 0))
    return out


@kernel
def _ask(known, status, line, episode, opname_days, buurt, need, waakvlam, wijk, asked):
    """Add the hours asked per [urgent, line, wijk] by the known persons in rows `known` [n]; of each, hours and where in `asked`.

    The second line is asked of the ambulant pool.
    """
    hours, where, sums = np.empty(known.size), np.empty(known.size, np.int64), asked.reshape(asked.size)
    for k in range(known.size):
        i = known[k]
        urgent, kind, wanted = asks(status[i] == Status.BEKEND, line[i], episode[i], need[i], waakvlam)
        where[k] = (urgent * asked.shape[1] + kind) * asked.shape[2] + wijk[buurt[i]]
        hours[k] = wanted if opname_days[i] == 0 else 0.0
        sums[where[k]] += hours[k]
    return hours, where


@kernel
def _hours_at_hand(kind, team_wijk, hours, asked, homes, samenwerking, p):
    """Hours [line, wijk] that reach people: what the teams have, less travel of the ambulant and what gets lost between them."""
    usable, mean_need = np.zeros(asked.shape[1:]), p.need_hours.sum() / p.need_hours.size
    for t in range(kind.size):
        if kind[t] < CARE:
            usable[kind[t], team_wijk[t]] = hours[t]
    for w in range(homes.size):
        hours_asked = asked[0, TeamKind.AMBULANT, w] + asked[1, TeamKind.AMBULANT, w]
        clients_per_1000_homes = 1000.0 * hours_asked / mean_need / max(homes[w], 1.0)
        usable[TeamKind.AMBULANT, w] *= 1.0 - travel_share(clients_per_1000_homes, p.travel_share_alone, p.travel_density)
        for k in range(CARE):
            usable[k, w] *= hours_left(samenwerking[w], p.fragmentation_loss)
    return usable


@kernel
def _keep_for_outreach(asked, usable, latent, kept_share, outreach, p, finds):
    """Take hours for prevention off those of the wijkteam; finds [wijken]: the chance that somebody latent is found.

    Idle hours count too: what is left below the threshold of utilisation.
    """
    for w in range(latent.size):
        kept = kept_share * usable[TeamKind.WIJKTEAM, w]
        usable[TeamKind.WIJKTEAM, w] -= kept
        hours_asked = asked[0, TeamKind.WIJKTEAM, w] + asked[1, TeamKind.WIJKTEAM, w]
        idle = max(0.0, p.load_threshold * usable[TeamKind.WIJKTEAM, w] - hours_asked)
        finds[w] = (kept + idle * outreach) * p.outreach_finds_per_hour / max(latent[w], 1)


@kernel
def _divide(asked, usable, samenwerking, p, load, coverage, days, leave):
    """Load [wijken], coverage [urgent, line, wijk], response time [wijken] and the chance that a worker leaves [wijken]."""
    for w in range(load.size):
        hours_asked = (asked[0, 0, w] + asked[1, 0, w]) + (asked[0, 1, w] + asked[1, 1, w])
        load[w] = hours_asked / max(usable[0, w] + usable[1, w], 1e-9)
        for k in range(coverage.shape[1]):
            # A person's hours are kept in 32 bits: rounded down by so much that their sum never exceeds the hours there are.
            other, urgent = asked[0, k, w], asked[1, k, w]
            coverage[1, k, w], coverage[0, k, w] = coverages((1.0 - 1e-6) * usable[k, w], urgent, other, p.triage)
        days[w] = response_days(
            load[w], samenwerking[w], p.response_days, p.load_threshold, p.response_convexity, p.short_lines_gain
        )
        excess = max(0.0, load[w] - p.load_threshold)
        leave[w] = p.staff_leave_per_year / 12.0 * (1.0 + p.turnover_of_load * excess)


@kernel
def _may_be_found(keys, unknown, crisis, conflict, identity, find_chance, signal_chance, buurt, wijk):
    """Those of rows `unknown` [n] of whom a crisis, a conflict, outreach or a signal may tell; of most, the draws say not."""
    who, outreach, signal = np.empty(unknown.size, np.uint64), np.empty(unknown.size), np.empty(unknown.size)
    reaching, telling = keys[Stream.OUTREACH], keys[Stream.SIGNAL]
    seen, out, found = np.empty(unknown.size, np.bool_), np.empty(unknown.size, np.int64), 0
    for k in range(unknown.size):
        i = unknown[k]
        w = wijk[buurt[i]]
        who[k], outreach[k], signal[k], seen[k] = identity[i], find_chance[w], signal_chance[w], crisis[i] | conflict[i]
    for k in range(unknown.size):
        seen[k] |= (uniform_at(reaching, who[k]) < outreach[k]) | (uniform_at(telling, who[k]) < signal[k])
    for k in range(unknown.size):
        out[found] = unknown[k]
        found += seen[k]
    return out[:found]


@kernel
def _find(keys, unknown, status, line, crisis, conflict, identity, dwelling, stable_months, find_chance, signal_chance, arrears,
          complaints, buurt, portiek, wijk, counts):  # fmt: skip
    """Find some of those in rows `unknown` [n]: by a crisis or conflict, by a signal, or by outreach."""
    rows = _may_be_found(keys, unknown, crisis, conflict, identity, find_chance, signal_chance, buurt, wijk)
    owes, told = np.empty(rows.size, np.bool_), np.empty(rows.size, np.bool_)
    for k in range(rows.size):  # homes lie far apart, and loops that do nothing else fetch many at once
        owes[k] = arrears[dwelling[rows[k]]] > 0
    for k in range(rows.size):
        told[k] = owes[k] | (complaints[portiek[dwelling[rows[k]]]] > 0)
    for k in range(rows.size):
        i = rows[k]
        who, w = identity[i], wijk[buurt[i]]
        signal = uniform_at(keys[Stream.SIGNAL], who) < signal_chance[w]
        found = (crisis[i] != 0) | (conflict[i] != 0) | (uniform_at(keys[Stream.OUTREACH], who) < find_chance[w])
        if found | (signal & told[k]):
            status[i], line[i], stable_months[i] = Status.BEKEND, 2 if crisis[i] else 1, 0
            counts[buurt[i], Count.GEVONDEN] += 1


@kernel
def _give(known, asked, where, coverage, hours):
    """Give hours to those in rows `known` [n], who asked so many; returns the sums [line, wijk]."""
    given, covered = np.zeros(coverage.shape[1:]), coverage.reshape(coverage.size)
    hours[:], sums = 0.0, given.reshape(given.size)
    for k in range(known.size):
        hours[known[k]] = asked[k] * covered[where[k]]
        sums[where[k] % given.size] += hours[known[k]]
    return given


@kernel
def _trust(keys, known, crisis, identity, need, hours, trust, leave, reachable, p, buurt, wijk):
    """Move the trust of those in rows `known` [n]; returns who would drop out of sight (bool [n])."""
    who, leaves, before = np.empty(known.size, np.uint64), np.empty(known.size), np.empty(known.size, np.float32)
    needs, gets, ill = np.empty(known.size, np.float32), np.empty(known.size, np.float32), np.empty(known.size, np.bool_)
    after, lost = np.empty(known.size, np.float32), np.empty(known.size, np.bool_)
    turnover, sight = keys[Stream.STAFF_TURNOVER], keys[Stream.OUT_OF_SIGHT]
    for k in range(known.size):
        i = known[k]
        who[k], leaves[k], before[k] = identity[i], leave[wijk[buurt[i]]], trust[i]
        needs[k], gets[k], ill[k] = need[i], hours[i], crisis[i] != 0
    for k in range(known.size):
        has = before[k]
        shaken = np.float32(has - p.trust_lost_in_crisis * has)
        has = shaken if ill[k] else has
        left = np.float32(has - p.trust_lost_with_worker * has)
        has = left if uniform_at(turnover, who[k]) < leaves[k] else has
        reached = gets[k] / needs[k] if needs[k] > 0.0 else 0.0
        has = np.float32(has + p.trust_gain_per_month * min(1.0, reached) * (1.0 - has))
        after[k] = has
        lost[k] = uniform_at(sight, who[k]) < drop_out_probability(has, reachable, p)
    for k in range(known.size):
        trust[known[k]] = after[k]
    return lost


@kernel
def _keep_in_sight(kept, known, identity, lost):
    """Of those in rows `known` [n], whoever has an identity in `kept` [m] does not drop out of sight."""
    for who in kept:
        for k in range(known.size):
            lost[k] &= identity[known[k]] != who


@kernel
def _step_up_or_down(keys, month, known, lost, status, line, episode, identity, contract, stability, stable_months, not_renewed,
                     p, buurt, counts):  # fmt: skip
    """Let those in rows `known` [n] step up or down between lines; of these `lost` (bool [n]) drop out of sight if they may."""
    who, ended = np.empty(known.size, np.uint64), np.empty(known.size, np.bool_)
    moves, found, key = np.empty(known.size, np.int64), 0, keys[Stream.INDICATION]
    for k in range(known.size):
        who[k] = identity[known[k]]
    for k in range(known.size):
        ended[k] = uniform_at(key, who[k]) < not_renewed
    for k in range(known.size):
        i = known[k]
        bekend, free = status[i] == Status.BEKEND, month >= contract[i]
        stable_months[i] = min(stable_months[i] + 1, 250) * ((stability[i] >= p.stable_above) & (episode[i] == 0))
        ended[k] &= free & bekend
        moves[found] = k
        ready = bekend & (stable_months[i] >= p.months_to_step_down)
        found += (episode[i] != 0) | (free & lost[k]) | ended[k] | ready
    for k in moves[:found]:
        i = known[k]
        if episode[i]:
            status[i], line[i] = Status.BEKEND, 2
        elif (month >= contract[i]) & lost[k]:
            status[i], line[i], stable_months[i] = Status.LATENT, 0, 0
            counts[buurt[i], Count.CONTACT_VERLOREN] += 1
        else:
            counts[buurt[i], Count.INDICATIES_AFGELOPEN] += ended[k]
            stable_months[i] = 0
            line[i] = max(0, line[i] - 1) if line[i] > 0 else 0
            if line[i] == 0:
                status[i] = Status.SLAPEND


@kernel
def _write_down(asked, given, kind, wijk, team_asked, team_given):
    """What was asked of each team that helps persons, and what it gave."""
    for t in range(kind.size):
        if kind[t] < CARE:
            team_asked[t] = asked[0, kind[t], wijk[t]] + asked[1, kind[t], wijk[t]]
            team_given[t] = given[kind[t], wijk[t]]


@kernel
def _help(keys, month, place, status, line, profile, episode, crisis, conflict, identity, dwelling, contract, stability,
          opname_days, need, hours, trust, stable_months, arrears, complaints, buurt, portiek, wijk, homes, samenwerking, load,
          response, kind, team_wijk, team_hours, team_asked, team_given, waakvlam, reachable, own_contribution, kept_share,
          outreach, not_renewed, kept_in_sight, numbers, counts):  # fmt: skip
    """Ask, divide, give."""
    p, asked, latent = unpacked(Parameters, numbers), np.zeros((2, CARE, homes.size)), np.zeros(homes.size, np.int64)
    coverage, leave, finds = np.empty(asked.shape), np.empty(homes.size), np.empty(homes.size)
    unknown, known = _who_is_known(place, status, buurt, wijk, latent)
    need[:] = _needs(place, profile, stability, opname_days, buurt, own_contribution, samenwerking, p, wijk)
    wanted, where = _ask(known, status, line, episode, opname_days, buurt, need, waakvlam, wijk, asked)
    usable = _hours_at_hand(kind, team_wijk, team_hours, asked, homes, samenwerking, p)
    _keep_for_outreach(asked, usable, latent, kept_share, outreach, p, finds)
    _divide(asked, usable, samenwerking, p, load, coverage, response, leave)
    _find(keys, unknown, status, line, crisis, conflict, identity, dwelling, stable_months, finds,
          p.signal_finds_per_month * samenwerking, arrears, complaints, buurt, portiek, wijk, counts)  # fmt: skip
    given = _give(known, wanted, where, coverage, hours)
    lost = _trust(keys, known, crisis, identity, need, hours, trust, leave, reachable, p, buurt, wijk)
    _keep_in_sight(kept_in_sight, known, identity, lost)
    _step_up_or_down(keys, month, known, lost, status, line, episode, identity, contract, stability, stable_months, not_renewed,
                     p, buurt, counts)  # fmt: skip
    _write_down(asked, given, kind, team_wijk, team_asked, team_given)


def step(world: World, p: Parameters, levers: Levers, luck: Luck, kept_in_sight: np.ndarray = NOBODY_KEPT) -> None:
    """Ask, divide, give; whose identities are `kept_in_sight` never drop out of sight (see `City`)."""
    q, d, wijken, teams = world.persons, world.dwellings, world.wijken, world.teams
    waakvlam = p.need_waakvlam_hours if levers.waakvlam else 0.0
    kept_share = p.prevention_share * levers.wijkbudget * levers.outreach
    not_renewed = 0.0 if levers.wijkbudget else p.indication_not_renewed / p.indication_months
    _help(
        luck.keys, luck.month, q.place, q.status, q.line, q.profile, q.episode, q.crisis, q.conflict, q.identity,
        q.dwelling, q.contract, q.stability, q.opname_days, q.need, q.hours, q.trust, q.stable_months, d.arrears,
        world.portieken.complaints, q.buurt, d.portiek, world.buurten.wijk, wijken.homes, wijken.samenwerking, wijken.load,
        wijken.response_days, teams.kind, teams.wijk, teams.hours, teams.asked, teams.given, waakvlam, levers.bereikbaarheid,
        p.own_contribution * levers.wijkbudget, kept_share, levers.outreach, not_renewed, kept_in_sight, packed(p), world.counts,
    )  # fmt: skip
