"""Ties, tolerance, informal help and contentment of residents (m2, m5, m34, m59, m61).

A tie is as strong as the time that both have lived there, and grows faster where people meet and do things together; it
starts anew when one of them moves. Tolerance wears down under
nuisance, faster where the buurt is overburdened, and recovers slowly. Informal help follows ties and tolerance, and wears
in the same way; who has more means can give a little more (m5). Contentment weighs a bad month more than a good one (m34).
Left out: initiatives of residents, and ties that cross a buurt.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck
from model.world import AgeClass, World

WRITES = (
    "dwellings.tolerance", "dwellings.informal_help", "dwellings.satisfaction", "portieken.tolerance", "buurten.tolerance",
    "buurten.ties", "buurten.informal_help", "buurten.satisfaction",
)  # fmt: skip
READS = (
    "dwellings.portiek", "dwellings.ties", "dwellings.identity", "dwellings.ses", "dwellings.age_class", "dwellings.months_here",
    "dwellings.tolerance", "dwellings.informal_help", "dwellings.satisfaction", "dwellings.nuisance", "portieken.tolerance",
    "portieken.homes", "buurten.first", "buurten.last", "buurten.inwoners", "buurten.voorzieningen", "buurten.damage",
)  # fmt: skip


class Parameters(NamedTuple):
    tie_months: float
    tolerance_rest: float
    tolerance_recovery: float
    tolerance_wear: float
    help_hours: per(AgeClass)  # type: ignore[valid-type]
    help_speed: float
    help_wear: float
    content_rest: float
    content_of_ties: float
    content_of_nuisance: float
    content_speed_down: float
    content_speed_up: float
    help_of_ses: float
    meeting_gain: float
    meeting_reference: float


@rule
def tie_strength(months_together, half_time):
    """Strength (0-1) of a tie: half after `half_time` months of both living there."""
    return months_together / (months_together + half_time)


@rule
def tie_half_time(months, meeting, gain, reference):
    """Months to half a tie: `months` with as many hours of meeting places and clubs as the `reference`, shorter with more."""
    return months / (1.0 + gain * (meeting / reference - 1.0))


@rule
def next_tolerance(tolerance, nuisance, damage, rest, recovery, wear):
    """Recovers towards its resting level, and wears with the nuisance that is noticed times the buurt's overload."""
    return min(1.0, max(0.0, tolerance + recovery * (rest - tolerance) - wear * damage * nuisance * tolerance))


@rule
def next_help(informal, wanted, tolerance, strength, damage, speed, wear):
    """Hours a month: moves towards what ties and tolerance bring, less what overload takes."""
    bring = wanted * 4.0 * strength * tolerance / (1.0 + wear * damage)
    return informal + speed * (bring - informal)


@rule
def mark(strength, nuisance, rest, of_ties, of_nuisance):
    """The mark (0-10) that this month deserves: more with strong ties, less with nuisance."""
    return min(10.0, max(0.0, rest + of_ties * (strength - 0.5) - of_nuisance * nuisance))


@kernel
def _tie_strengths(ties, here, months_here, half_time):
    """Mean strength [m] of the ties of the homes of a buurt, where people live for `here` [m] months; months_here [all]."""
    strength, together = np.zeros(here.size), np.empty_like(here)
    for k in range(ties.shape[1]):
        for i in range(here.size):
            together[i] = min(here[i], months_here[ties[i, k]])
        for i in range(here.size):  # apart from the look-ups, because the machine then does several at once
            strength[i] += tie_strength(np.float64(together[i]), half_time)
    for i in range(here.size):
        strength[i] /= ties.shape[1]
    return strength


@kernel
def _bear_and_help(lived, strength, age_class, ses, nuisance, damage, p, tolerance, informal, satisfaction):
    """Tolerance, informal help and contentment of the residents [m] of a buurt; vacant homes stay as they are."""
    for i in range(lived.size):
        t = next_tolerance(tolerance[i], nuisance[i], damage, p.tolerance_rest, p.tolerance_recovery, p.tolerance_wear)
        tolerance[i] = t if lived[i] else tolerance[i]
    for i in range(lived.size):
        wanted = p.help_hours[age_class[i]] * max(0.0, 1.0 + p.help_of_ses * ses[i])
        h = next_help(informal[i], wanted, tolerance[i], strength[i], damage, p.help_speed, p.help_wear)
        informal[i] = h if lived[i] else informal[i]
    for i in range(lived.size):
        wanted = mark(strength[i], nuisance[i], p.content_rest, p.content_of_ties, p.content_of_nuisance)
        speed = p.content_speed_up if wanted > satisfaction[i] else p.content_speed_down
        satisfaction[i] += (speed if lived[i] else 0.0) * (wanted - satisfaction[i])


@kernel
def _live_together(identity, portiek, ties, age_class, ses, months_here, nuisance, tolerance, informal, satisfaction, damage,
                   meeting, first, last, p, portiek_tolerance, portiek_homes, buurt_sums):  # fmt: skip
    """Buurt by buurt, so that its columns stay near; sums per buurt are mean tolerance, ties, all help, mean contentment."""
    portiek_tolerance[:] = 0.0
    for b in range(first.size):
        here = slice(first[b], last[b])
        lived, t, h, content = identity[here] != 0, tolerance[here], informal[here], satisfaction[here]
        half_time = tie_half_time(p.tie_months, meeting[b], p.meeting_gain, p.meeting_reference)
        strength = _tie_strengths(ties[here], months_here[here], months_here, half_time)
        _bear_and_help(lived, strength, age_class[here], ses[here], nuisance[here], damage[b], p, t, h, content)
        there = portiek[here]
        sum_tolerance, sum_ties, sum_help, sum_content = 0.0, 0.0, 0.0, 0.0
        for i in range(lived.size):
            portiek_tolerance[there[i]] += t[i] if lived[i] else p.tolerance_rest
            one = 1.0 if lived[i] else 0.0
            sum_tolerance += one * t[i]
            sum_ties += one * strength[i]
            sum_help += one * h[i]
            sum_content += one * content[i]
        people = max(lived.sum(), 1)
        buurt_sums[b, 0], buurt_sums[b, 1] = sum_tolerance / people, sum_ties / people
        buurt_sums[b, 2], buurt_sums[b, 3] = sum_help, sum_content / people
    for j in range(portiek_tolerance.size):
        portiek_tolerance[j] /= max(portiek_homes[j], 1)


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of living beside each other."""
    d, b = world.dwellings, world.buurten
    sums = np.zeros((b.rows, 4))
    _live_together(
        d.identity, d.portiek, d.ties, d.age_class, d.ses, d.months_here, d.nuisance, d.tolerance, d.informal_help,
        d.satisfaction, b.damage, 1000.0 * b.voorzieningen / np.maximum(b.inwoners, 1.0), b.first, b.last, p,
        world.portieken.tolerance, world.portieken.homes, sums,
    )  # fmt: skip
    b.tolerance[:], b.ties[:], b.informal_help[:], b.satisfaction[:] = sums.T
