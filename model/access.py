"""Who of those who wait may be proposed for a home this month (m12, m18, m23, m46).

Gates of the woonladder hold a part of persons in an institution for some months first; screening keeps out who has few skills.
At the desk agreements meet people: where many homes go by agreement, those who disappoint regular seekers every day resist,
and where teams are overloaded gatekeepers look away; both pass over the persons with the least skills first. Nobody is refused
for ever: who is passed over waits, and is asked again next month.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck, Stream, stream_key, uniform_at
from model.world import Count, Place, World


class Parameters(NamedTuple):
    gate_months: per(Place)  # type: ignore[valid-type]
    exclusion_of_resistance: float
    exclusion_of_overload: float
    overload_from: float
    resistance_speed: float
    resistance_slope: float
    accepted_share: float
    share_kept_per_month: float


@rule
def exclusion_probability(resistance, load, coping, p):
    """Chance to be passed over this month: more with resistance at the desk and overloaded teams, and with few skills."""
    overload = max(0.0, load - p.overload_from)
    return min(1.0, (p.exclusion_of_resistance * resistance + p.exclusion_of_overload * overload) * (1.0 - coping))


@rule
def next_resistance(resistance, share, p):
    """Resistance (0-1) next month: moves to what a share of lettings by agreement above the accepted one brings about."""
    wanted = min(1.0, max(0.0, p.resistance_slope * (share - p.accepted_share)))
    return resistance + p.resistance_speed * (wanted - resistance)


@kernel
def _remember(owned, free, found, numbers, voorrang, weerstand):
    p = unpacked(Parameters, numbers)
    for c in range(voorrang.size):
        by_agreement, let = 0, 0
        for k in range(owned[c], owned[c + 1]):
            by_agreement += not free[k]
            let += not free[k] or found[k] >= 0
        if let > 0:
            voorrang[c] = p.share_kept_per_month * voorrang[c] + (1.0 - p.share_kept_per_month) * by_agreement / let
        weerstand[c] = next_resistance(weerstand[c], voorrang[c], p)


def remember(
    p: Parameters, owned: np.ndarray, free: np.ndarray, found: np.ndarray, voorrang: np.ndarray, weerstand: np.ndarray
) -> None:
    """What those at the desk of each corporatie [c] have seen of late, and how much they resist.

    Of the homes [n] that were to let, those of a corporatie start at owned [c + 1]. What is not `free` has gone by agreement, and
    `found` says who in the line has got one (-1: nobody).
    """
    _remember(owned, free, found, packed(p), voorrang, weerstand)


@kernel
def _means(gemeente, weight, value, gemeenten):
    """Mean [gemeenten] of a value of what lies in each [n], by weight [n]; 0 where nothing has weight."""
    total, weights = np.zeros(gemeenten), np.zeros(gemeenten)
    for i in range(gemeente.size):
        total[gemeente[i]] += weight[i] * value[i]
        weights[gemeente[i]] += weight[i]
    return total / np.maximum(weights, 1.0)


@kernel
def _may_be_proposed(seed, key, month, identity, place, since, coping, network_wijk, landlord_gemeente, landlord_homes, weerstand,
                     gemeente, inwoners, load_of_wijk, woonladder, screening, numbers, counts):  # fmt: skip
    """Rows [n], ascending; counts who is passed over [gemeenten]."""
    p = unpacked(Parameters, numbers)
    resistance = _means(landlord_gemeente, landlord_homes, weerstand, counts.shape[0])
    load = _means(gemeente, inwoners, load_of_wijk, counts.shape[0])
    for_life = stream_key(seed, Stream.LADDER, 0)
    rows, found = np.empty(place.size, np.int64), 0
    for i in range(place.size):
        if place[i] <= Place.THUIS or coping[i] < screening:
            continue
        climbs = uniform_at(for_life, identity[i]) < woonladder
        if climbs and (place[i] == Place.BANK or month - since[i] < p.gate_months[place[i]]):
            continue
        g = gemeente[network_wijk[i]]
        if uniform_at(key, identity[i]) < exclusion_probability(resistance[g], load[g], coping[i], p):
            counts[g, Count.UITGESLOTEN] += 1
            continue
        rows[found] = i
        found += 1
    return rows[:found].copy()


def may_be_proposed(world: World, p: Parameters, levers: Levers, luck: Luck) -> np.ndarray:
    """Rows [n] of the waiting persons for whom corporaties are asked this month, ascending."""
    persons, c, w = world.persons, world.corporaties, world.wijken
    return _may_be_proposed(
        luck.seed, luck.key(Stream.EXCLUSION), luck.month, persons.identity, persons.place, persons.since, persons.coping,
        persons.network_wijk, c.gemeente, c.homes, c.weerstand, w.gemeente, w.inwoners, w.load,
        levers.woonladder, levers.screening, packed(p), world.gemeente_counts,
    )  # fmt: skip
