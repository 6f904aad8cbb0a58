"""An episode, and what it comes to, as competing times in days (m22, m26, m27, m31-m33, m66; choice 12).

An episode starts on a day of the month; each recent episode makes the next one likelier, so that few people cause most reports
(E088-E089 are left to check that). From its first day four clocks run: it ends by itself, somebody calls for help (after which
a team needs its response time), it becomes a crisis, and the neighbours' patience ends in an escalation. Whichever comes first
counts; clocks that have not run out carry over the end of the month. A crisis becomes crisis help at home or an opname of a
number of days; the home is kept, unless a long opname ends it. Where those who wait for a home hold the beds of the kliniek,
the opname is put off, and it is crisis help at home (m10). Reachability works through the time to the call, and not on
admissions directly (m26; trials are sober: E153). What neighbours bear grows when they were told, for which the person must
consent, and when a fix outside the rules takes their fear away (m31, m33); but who was told of a severe course expects more
danger (E184). A number to call keeps some escalations from the police (m32). Left out: crises of those without a home.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, exponential_at, uniform, uniform_at
from model.world import ByProfile, Count, Place, Profile, Status, World, month_days

WRITES = (
    "persons.memory", "persons.episode", "persons.episode_days", "persons.end_day", "persons.call_day", "persons.harm_day",
    "persons.patience_day", "persons.opname_days", "persons.escalations", "persons.conflict", "persons.crisis",
    "persons.home_lost",
)  # fmt: skip
READS = (
    "dwellings.portiek", "dwellings.identity", "dwellings.tolerance", "persons.identity", "persons.profile", "persons.place",
    "persons.status", "persons.dwelling", "persons.buurt", "persons.stability", "persons.memory", "persons.trust",
    "persons.contract", "persons.need", "persons.hours", "persons.episode", "persons.end_day", "persons.call_day",
    "persons.harm_day", "persons.patience_day", "persons.opname_days", "persons.escalations", "buurten.wijk", "buurten.gemeente",
    "wijken.response_days", "institutions.gemeente", "institutions.kind", "institutions.full",
)  # fmt: skip


class Parameters(NamedTuple):
    episodes_per_year: per(Profile)  # type: ignore[valid-type]
    stability_slope: float
    memory_slope: float
    memory_kept_per_month: float
    episode_days: per(Profile)  # type: ignore[valid-type]
    call_days: float
    latent_call_ratio: float
    lost_contact_call_ratio: float
    reachability_gain: float
    harm_days: float
    patience_days: float
    tolerance_rest: float
    consent_share: float
    informed_patience_gain: float
    disclosed_fear: float
    fix_patience_gain: float
    number_keeps_from_police: float
    contract_call_gain: float
    opname_share: per(Profile)  # type: ignore[valid-type]
    opname_less_with_help: float
    opname_days: float
    long_opname_days: float
    home_lost_after_long_opname: float
    police_at_crisis: float
    police_at_escalation: float


@rule
def episode_probability(per_year, stability, memory, stability_slope, memory_slope):
    """Chance of a new episode this month: more when stability is low, and more after recent episodes."""
    hazard = per_year / 12.0 * np.exp(stability_slope * (0.5 - stability)) * (1.0 + memory_slope * memory)
    return 1.0 - np.exp(-hazard)


@rule
def usual_highest(per_year, stability_slope):
    """No chance of a new episode, without recent ones, lies above a line between these two, of stability 0 and of 1."""
    above = 1.0 + 1e-9  # the last bit of an exponential is not certain
    hazard = above * per_year / 12.0
    return hazard * np.exp(0.5 * stability_slope), hazard * np.exp(-0.5 * stability_slope)


@rule
def may_start(lot, worst, best, stability, memory, p):
    """Whether an episode may start by the draw `lot`: most do not, which a line tells below which the exponential bends."""
    highest = (worst + stability * (best - worst)) * (1.0 + p.memory_slope * memory)
    return (lot < highest) | (stability < 0.0) | (stability > 1.0)


@rule
def starts(lot, per_year, worst, best, stability, memory, p):
    """Whether an episode starts by the draw `lot`."""
    return may_start(lot, worst, best, stability, memory, p) and lot < episode_probability(
        per_year, stability, memory, p.stability_slope, p.memory_slope
    )


@rule
def call_days(status, trust, waakvlam, reachable, p):
    """Mean days from onset until somebody calls for help; reachability and trust shorten it, lost contact lengthens it."""
    days = p.call_days * (1.0 - p.reachability_gain * reachable * trust)
    if status == Status.LATENT:
        return days * p.latent_call_ratio
    if status == Status.SLAPEND and not waakvlam:
        return days * p.lost_contact_call_ratio
    return days


@rule
def consents(seed, who, p):
    """Whether this person agrees that neighbours are told: once for life."""
    return uniform(seed, Stream.CONSENT, 0, who) < p.consent_share


@rule
def bearing(tolerance, known, informed, fix, memory, p):
    """How long neighbours bear it, as a ratio of the mean: their tolerance, and what they were told of a person who is known."""
    if not known:
        return 2.0 * tolerance
    told = (1.0 + p.informed_patience_gain) * (1.0 - p.disclosed_fear * min(1.0, memory)) if informed else 1.0
    return 2.0 * tolerance * told * (1.0 + (p.fix_patience_gain if fix else 0.0))


@kernel
def patience_around(home, portiek, identity, tolerance, rest):
    """Mean tolerance (0-1) in the portiek of a home; where nobody lives it is at `rest`. A portiek's homes lie together."""
    first = home
    while first > 0 and portiek[first - 1] == portiek[home]:
        first -= 1
    total, after = np.float32(0.0), first
    while after < portiek.size and portiek[after] == portiek[home]:
        total = np.float32(total + (tolerance[after] if identity[after] != 0 else rest))
        after += 1
    return np.float32(total / (after - first))


@rule
def outcome(end, response, harm, patience):
    """(day it is over, crisis?, escalation?) from four days counted on one clock."""
    over = min(end, response)
    crisis = harm < over
    if crisis:
        over = harm
    return over, crisis, patience < over


@rule
def clocks(keys, who, start, course, call, harm, patience):
    """The four days of a new episode that starts on day `start`, from the mean of each: end, call, harm, patience."""
    return (
        start + exponential_at(keys[Stream.COURSE], who, course),
        start + exponential_at(keys[Stream.CALL], who, call),
        start + exponential_at(keys[Stream.HARM], who, harm),
        start + exponential_at(keys[Stream.PATIENCE], who, patience),
    )


@rule
def opname_stay(keys, who, share, helped, p):
    """Days of opname that a crisis comes to; 0 is crisis help at home."""
    if uniform_at(keys[Stream.OPNAME], who) >= share * (1.0 - p.opname_less_with_help * helped):
        return 0
    return min(1 + int(exponential_at(keys[Stream.OPNAME_DAYS], who, p.opname_days)), 2000)


@rule
def spend_opname(i, spent, buurt, kind, opname_days, counts, by_profile):
    """Book the days of this month that person i spends in opname."""
    opname_days[i] -= spent
    counts[buurt, Count.OPNAMEDAGEN] += spent
    by_profile[kind, ByProfile.OPNAMEDAGEN] += spent


@kernel
def without_bed(of_institutions, gemeente):
    """bool [buurten]: the kliniek of a buurt's gemeente has no bed this month, because those who wait for a home hold them.

    of_institutions: kind, gemeente and whether it is full, of each.
    """
    kind, gemeente_of_institution, full = of_institutions
    out = np.zeros(gemeente.size, np.bool_)
    for i in range(kind.size):
        if kind[i] == Place.KLINIEK and full[i] != 0:
            out |= gemeente == gemeente_of_institution[i]
    return out


@kernel
def _begin_month(key, identity, profile, place, stability, memory, episode, episode_days, opname_days, conflict, crisis, worst,
                 best, p):  # fmt: skip
    """Last month is over and memory fades; rows [n] of persons at home in an episode or opname, or in whom one may start.

    There is no branch here, because a processor guesses wrongly who is at home. What is looked up comes first, so that it then
    computes eight persons at once.
    """
    rows, may, found = np.empty(identity.size, np.int64), np.empty(identity.size, np.bool_), 0
    low, high, faded = np.empty(identity.size), np.empty(identity.size), np.empty_like(memory)
    conflict[:], crisis[:], episode_days[:] = 0, 0, 0.0
    for i in range(identity.size):
        low[i], high[i] = worst[profile[i]], best[profile[i]]
    for i in range(identity.size):
        faded[i] = memory[i] * p.memory_kept_per_month
        may[i] = may_start(uniform_at(key, identity[i]), low[i], high[i], stability[i], faded[i], p)
    memory[:] = faded
    for i in range(identity.size):
        at_home = place[i] == Place.THUIS
        episode[i] = episode[i] * at_home
        rows[found] = i
        found += at_home & (may[i] | (episode[i] != 0) | (opname_days[i] > 0))
    return rows[:found]


@kernel
def _who_is_in_one(key, rows, identity, profile, stability, memory, episode, opname_days, worst, best, p):
    """Of rows [n]: those in opname [a], those in an episode [b], and those in whom one starts this month [c]."""
    away, ill, new = np.empty(rows.size, np.int64), np.empty(rows.size, np.int64), np.empty(rows.size, np.int64)
    aways, ills, news = 0, 0, 0
    for i in rows:
        kind = profile[i]
        away[aways], ill[ills], new[news] = i, i, i
        if opname_days[i] > 0:
            aways += 1
        elif episode[i] != 0:
            ills += 1
        else:
            news += starts(
                uniform_at(key, identity[i]), p.episodes_per_year[kind], worst[kind], best[kind], stability[i], memory[i], p
            )
    return away[:aways], ill[:ills], new[:news]


@kernel
def _bears_around(new, dwelling, portiek, identity, tolerance, rest):
    """`patience_around` the homes [n] of those in rows `new` [n], in a loop of its own, because homes lie far apart in memory."""
    around = np.empty(new.size, np.float32)
    for k in range(new.size):
        around[k] = patience_around(dwelling[new[k]], portiek, identity, tolerance, rest)
    return around


@kernel
def _start(seed, keys, month, days, new, around, identity, profile, status, contract, stability, trust, memory, clock, levers, p):
    """Start the clocks of those in rows `new` [n], and remember the episode; returns the day on which each starts [n]."""
    waakvlam, reachable, informed, fix = levers
    end_day, call_day, harm_day, patience_day = clock
    start = np.empty(new.size)
    for k in range(new.size):
        i = new[k]
        start[k] = uniform_at(keys[Stream.ONSET_DAY], identity[i]) * days
        told = informed and consents(seed, identity[i], p)
        bears = bearing(around[k], status[i] != Status.LATENT, told, fix, memory[i], p)
        call = call_days(status[i], trust[i], waakvlam, reachable, p)
        call *= 1.0 - p.contract_call_gain if month < contract[i] else 1.0
        memory[i] += 1.0
        end_day[i], call_day[i], harm_day[i], patience_day[i] = clocks(
            keys, identity[i], start[k], p.episode_days[profile[i]], call, p.harm_days * (0.5 + stability[i]),
            p.patience_days * bears,
        )  # fmt: skip
    return start


@kernel
def _escalate(keys, i, kind, b, identity, to_police, conflict, patience_day, escalations, counts, by_profile):
    """The patience of the neighbours of person i, of profile `kind` in buurt b, is over; some call the police."""
    conflict[i] = 1
    patience_day[i] = np.inf
    escalations[i] = min(escalations[i] + 1, 250)
    counts[b, Count.ESCALATIES_PERSONEN] += 1
    by_profile[kind, ByProfile.ESCALATIES] += 1
    if uniform_at(keys[Stream.POLICE], identity[i]) < to_police:
        counts[b, Count.POLITIEMELDINGEN] += 1


@kernel
def _come_to_crisis(keys, i, kind, b, identity, left, helped, no_bed, p, crisis, opname_days, home_lost, counts, by_profile):
    """Person i is in crisis with so many days of the month `left`: crisis help at home, or an opname if there is a bed."""
    who = identity[i]
    crisis[i] = 1
    counts[b, Count.CRISES] += 1
    by_profile[kind, ByProfile.CRISES] += 1
    if uniform_at(keys[Stream.POLICE], who + np.uint64(1 << 60)) < p.police_at_crisis:
        counts[b, Count.POLITIEMELDINGEN] += 1
    stay = opname_stay(keys, who, p.opname_share[kind], helped, p)
    put_off = stay > 0 and no_bed
    counts[b, Count.OPNAMEN_UITGESTELD] += put_off
    if stay == 0 or put_off:
        counts[b, Count.CRISISHULP] += 1
        return
    counts[b, Count.OPNAMEN] += 1
    opname_days[i] = stay
    spend_opname(i, min(stay, left), b, kind, opname_days, counts, by_profile)
    if stay > p.long_opname_days and uniform_at(keys[Stream.HOME_LOST], who) < p.home_lost_after_long_opname:
        home_lost[i] = 1


@kernel
def _episodes(seed, keys, month, days, identity, profile, place, status, dwelling, contract, stability, trust, hours, need,
              memory, episode, episode_days, clock, opname_days, escalations, conflict, crisis, home_lost, buurt, portiek,
              lives_at, tolerance, wijk, response_days, of_institutions, gemeente, levers, numbers, counts,
              by_profile):  # fmt: skip
    """A month of who is in opname, of episodes that go on and that start, and of what they come to.

    clock: the days, counted from the start of the month, of end, call, harm and patience of each person. levers: waakvlam,
    bereikbaarheid, buurtinformatie, maatwerk and belnummer.
    """
    p, (waakvlam, reachable, informed, fix, number) = unpacked(Parameters, numbers), levers
    end_day, call_day, harm_day, patience_day = clock
    worst, best = usual_highest(p.episodes_per_year, p.stability_slope)
    no_bed = without_bed(of_institutions, gemeente)
    rows = _begin_month(keys[Stream.EPISODE_ONSET], identity, profile, place, stability, memory, episode, episode_days,
                        opname_days, conflict, crisis, worst, best, p)  # fmt: skip
    away, ill, new = _who_is_in_one(keys[Stream.EPISODE_ONSET], rows, identity, profile, stability, memory, episode, opname_days,
                                    worst, best, p)  # fmt: skip
    around = _bears_around(new, dwelling, portiek, lives_at, tolerance, p.tolerance_rest)
    starting = _start(seed, keys, month, days, new, around, identity, profile, status, contract, stability, trust, memory, clock,
                      (waakvlam, reachable, informed, fix), p)  # fmt: skip
    for i in away:
        spend_opname(i, min(days, opname_days[i]), buurt[i], profile[i], opname_days, counts, by_profile)
    for i in new:
        counts[buurt[i], Count.EPISODES] += 1
    to_police = p.police_at_escalation * (1.0 - (p.number_keeps_from_police if number else 0.0))
    running, since = np.concatenate((ill, new)), np.concatenate((np.zeros(ill.size), starting))
    for k in range(running.size):
        i = running[k]
        kind, b = profile[i], buurt[i]
        over, is_crisis, is_conflict = outcome(end_day[i], call_day[i] + response_days[wijk[b]], harm_day[i], patience_day[i])
        episode_days[i] = max(0.0, min(over, days) - since[k])
        if is_conflict and patience_day[i] < days:
            _escalate(keys, i, kind, b, identity, to_police, conflict, patience_day, escalations, counts, by_profile)
        episode[i] = over >= days
        for c in range(len(clock)):  # which run on into next month, or stop
            clock[c][i] = clock[c][i] - days if episode[i] else np.inf
        if is_crisis and not episode[i]:
            helped = min(1.0, hours[i] / need[i]) if need[i] > 0.0 else 0.0
            _come_to_crisis(keys, i, kind, b, identity, days - int(over), helped, no_bed[b], p, crisis, opname_days, home_lost,
                            counts, by_profile)  # fmt: skip


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of episodes at home."""
    persons, dwellings, buurten, places = world.persons, world.dwellings, world.buurten, world.institutions
    _episodes(
        luck.seed, luck.keys, luck.month, month_days(luck.month), persons.identity, persons.profile,
        persons.place, persons.status, persons.dwelling, persons.contract, persons.stability, persons.trust, persons.hours,
        persons.need, persons.memory, persons.episode, persons.episode_days,
        (persons.end_day, persons.call_day, persons.harm_day, persons.patience_day), persons.opname_days, persons.escalations,
        persons.conflict, persons.crisis, persons.home_lost, persons.buurt, dwellings.portiek, dwellings.identity,
        dwellings.tolerance, buurten.wijk, world.wijken.response_days, (places.kind, places.gemeente, places.full),
        buurten.gemeente, (levers.waakvlam, levers.bereikbaarheid, levers.buurtinformatie, levers.maatwerk, levers.belnummer),
        packed(p), world.counts, world.by_profile,
    )  # fmt: skip
