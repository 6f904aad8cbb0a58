"""Leefbaarheid of a buurt: its start plus what people changed (m2, m34, m68; choice 9).

Two of the Leefbaarometer's five dimensions are made by people: sociale samenhang (ties and tolerance), and overlast en
onveiligheid. Incidents outweigh successes: nuisance, escalations, crises and placements that failed are remembered and fade
slowly, and a placement that went well counts for little (m34, m68). The other
three dimensions stay, because no policy here invests in them. The score is a deviation from the national mean; what is
led with is the change since the last twelve months of the warm-up.
"""

from typing import NamedTuple

import numpy as np

from model.jit import rule
from model.policies import Levers
from model.randomness import Luck
from model.world import Count, World

WRITES = (
    "buurten.score", "buurten.samenhang", "buurten.overlast", "buurten.samenhang_start", "buurten.overlast_start",
    "buurten.warm_months",
)  # fmt: skip
READS = (
    "buurten.homes", "buurten.start_score", "buurten.samenhang", "buurten.overlast", "buurten.samenhang_start",
    "buurten.overlast_start", "buurten.warm_months", "buurten.tolerance", "buurten.ties", "counts.vaak_hinder",
    "counts.escalaties_huishoudens", "counts.escalaties_personen", "counts.politiemeldingen", "counts.crises",
    "counts.geland_zacht", "counts.thuis_verloren",
)  # fmt: skip


class Parameters(NamedTuple):
    memory_kept_per_month: float
    weight_escalation: float
    weight_crisis: float
    weight_police: float
    weight_failure: float
    weight_success: float
    score_of_samenhang: float
    score_of_overlast: float


@rule
def score(start, samenhang_change, overlast_change, of_samenhang, of_overlast):
    """Leefbaarheid: the start, plus what cohesion adds, less what nuisance takes."""
    return start + of_samenhang * samenhang_change - of_overlast * overlast_change


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Remember this month's incidents, forget a part of the old; score against the warm-up."""
    b, c = world.buurten, world.buurt_counts
    events = c[:, Count.VAAK_HINDER] + p.weight_police * c[:, Count.POLITIEMELDINGEN] + p.weight_crisis * c[:, Count.CRISES]
    events = events + p.weight_escalation * (c[:, Count.ESCALATIES_HUISHOUDENS] + c[:, Count.ESCALATIES_PERSONEN])
    events = events + p.weight_failure * c[:, Count.THUIS_VERLOREN] - p.weight_success * c[:, Count.GELAND_ZACHT]
    felt = 100.0 * events / np.maximum(b.homes, 1.0)
    kept = p.memory_kept_per_month
    b.overlast[:] = kept * b.overlast + (1.0 - kept) * felt
    b.samenhang[:] = 0.5 * (b.ties + b.tolerance)
    if -12 < luck.month <= 0:
        b.warm_months[:] += 1
        b.samenhang_start[:] += (b.samenhang - b.samenhang_start) / b.warm_months
        b.overlast_start[:] += (b.overlast - b.overlast_start) / b.warm_months
    if luck.month < 0:  # no change yet to speak of
        b.score[:] = b.start_score
        return
    b.score[:] = score(
        b.start_score, b.samenhang - b.samenhang_start, b.overlast - b.overlast_start, p.score_of_samenhang, p.score_of_overlast
    )
