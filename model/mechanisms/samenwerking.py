"""How far those who help and let homes in a wijk work as one (m40, m42, m43, m50, m52).

One stock carries five mechanisms. It grows where people take on cases together, up to what the way of working allows
(driehoek, woonzorgvisie), and falls as staff leave and take what they knew of each other with them (E158). It is read by
`support`: little of it means hours lost to fragmentation, slow response and signals that stay where they arose. Wijken start
apart, because no table tells how well people work together there, and drift together slowly: half-way takes years. Left out:
trust between two organisations in particular, personal leadership, and what meetings cost.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.policies import Levers
from model.randomness import Luck
from model.world import Count, World

WRITES = ("wijken.samenwerking",)
READS = ("buurten.wijk", "wijken.homes", "wijken.samenwerking", "counts.escalaties_personen", "counts.crises", "counts.vonnissen")


class Parameters(NamedTuple):
    ceiling_today: float
    ceiling_of_driehoek: float
    ceiling_of_visie: float
    learning_per_month: float
    learning_per_case: float
    most_cases: float
    lost_per_year: float


def ceiling(p: Parameters, levers: Levers) -> float:
    """The most (0-1) that a way of working allows."""
    more = p.ceiling_of_driehoek * levers.driehoek + p.ceiling_of_visie * levers.woonzorgvisie
    return float(min(1.0, p.ceiling_today + more))


@rule
def next_samenwerking(now, cases, ceiling, p):
    """Next month's stock (0-1) after `cases` joint cases per 1,000 homes: learnt by doing, lost with those who leave."""
    learning = p.learning_per_month + p.learning_per_case * min(cases, p.most_cases)
    return now + learning * max(0.0, ceiling - now) - p.lost_per_year / 12.0 * now


@rule
def cases_per_1000_homes(cases, homes):
    """This month's cases that take more than one organisation, by the homes of the wijk."""
    return 1000.0 * cases / max(homes, 1.0)


@kernel
def _learn(counts, wijk, homes, ceiling, numbers, stock):
    """A month for every wijk, of the crises, escalations around persons and judgments in its buurten."""
    p, cases = unpacked(Parameters, numbers), np.zeros(stock.size)
    for b in range(wijk.size):
        cases[wijk[b]] += counts[b, Count.CRISES] + counts[b, Count.ESCALATIES_PERSONEN] + counts[b, Count.VONNISSEN]
    for w in range(stock.size):
        stock[w] = next_samenwerking(stock[w], cases_per_1000_homes(cases[w], homes[w]), ceiling, p)


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of working together, or of losing those who did."""
    _learn(world.counts, world.buurten.wijk, world.wijken.homes, ceiling(p, levers), packed(p), world.wijken.samenwerking)
