"""Ties, tolerance, informal help and contentment of residents (m2, m31, m34, m59).

A tie is as strong as the time that both have lived there; it starts anew when one of them moves. Tolerance wears down under
nuisance, faster where the buurt is overburdened, and recovers slowly. Informal help follows ties and tolerance, and wears
in the same way. Contentment weighs a bad month more than a good one (m34). Left out: activities and initiatives.
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


@rule
def tie_strength(months_together, half_time):
    """Strength (0-1) of a tie: half after `half_time` months of both living there."""
    return months_together / (months_together + half_time)


@rule
def next_tolerance(tolerance, nuisance, damage, rest, recovery, wear):
    """Recovers towards its resting level, and wears with the nuisance that is noticed times the buurt's overload."""
    return min(1.0, max(0.0, tolerance + recovery * (rest - tolerance) - wear * damage * nuisance * tolerance))


@rule
def next_help(informal, wanted, tolerance, strength, damage, speed, wear):
    """Hours a month: moves towards what ties and tolerance bring, less what overload takes."""
    bring = wanted * 4.0 * strength * tolerance / (1.0 + wear * damage)
    return informal + speed * (bring - informal)


@kernel
def _live_together(identity, buurt, portiek, ties, age_class, months_here, nuisance, tolerance, informal, satisfaction, damage,
                   first, last, p, portiek_tolerance, portiek_homes, buurt_sums):  # fmt: skip
    portiek_tolerance[:] = 0.0
    for b in range(first.size):
        sum_tolerance, sum_ties, sum_help, sum_content, lived = 0.0, 0.0, 0.0, 0.0, 0
        overload = damage[b]
        for i in range(first[b], last[b]):
            if identity[i] == 0:
                portiek_tolerance[portiek[i]] += p.tolerance_rest
                continue
            here = np.float64(months_here[i])
            strength = 0.0
            for k in range(ties.shape[1]):
                strength += tie_strength(min(here, np.float64(months_here[ties[i, k]])), p.tie_months)
            strength /= ties.shape[1]
            t = next_tolerance(tolerance[i], nuisance[i], overload, p.tolerance_rest, p.tolerance_recovery, p.tolerance_wear)
            tolerance[i] = t
            h = next_help(informal[i], p.help_hours[age_class[i]], t, strength, overload, p.help_speed, p.help_wear)
            informal[i] = h
            mark = min(
                10.0, max(0.0, p.content_rest + p.content_of_ties * (strength - 0.5) - p.content_of_nuisance * nuisance[i])
            )
            speed = p.content_speed_up if mark > satisfaction[i] else p.content_speed_down
            satisfaction[i] += speed * (mark - satisfaction[i])
            portiek_tolerance[portiek[i]] += t
            sum_tolerance += t
            sum_ties += strength
            sum_help += h
            sum_content += satisfaction[i]
            lived += 1
        buurt_sums[b, 0], buurt_sums[b, 1] = sum_tolerance / max(lived, 1), sum_ties / max(lived, 1)
        buurt_sums[b, 2], buurt_sums[b, 3] = sum_help, sum_content / max(lived, 1)
    for j in range(portiek_tolerance.size):
        portiek_tolerance[j] /= max(portiek_homes[j], 1)


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of living beside each other."""
    d, b = world.dwellings, world.buurten
    sums = np.zeros((b.rows, 4))
    _live_together(
        d.identity, d.buurt, d.portiek, d.ties, d.age_class, d.months_here, d.nuisance, d.tolerance, d.informal_help,
        d.satisfaction, b.damage, b.first, b.last, p, world.portieken.tolerance, world.portieken.homes, sums,
    )  # fmt: skip
    b.tolerance[:], b.ties[:], b.informal_help[:], b.satisfaction[:] = sums.T
