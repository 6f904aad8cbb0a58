"""Leefbaarheid of a buurt: its start plus what people changed (m2, m34, m68; choice 9).

Two of the Leefbaarometer's five dimensions are made by people: sociale samenhang (ties and tolerance), and overlast en
onveiligheid. Incidents outweigh successes: nuisance, escalations, crises and placements that failed are remembered and fade
slowly, and a placement that went well counts for little (m34, m68). The score is a deviation from the national mean; what is
led with is the change since the last twelve months of the warm-up. Left out: change in the other three dimensions, because no
policy here invests in them.
"""

from typing import NamedTuple

from model.jit import kernel, rule
from model.packing import packed, unpacked
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


@rule
def weighed(bothered, reports, crises, escalations, failures, successes, p):
    """A month's events together, each weighed against a household that is often bothered."""
    trouble = bothered + p.weight_police * reports + p.weight_crisis * crises + p.weight_escalation * escalations
    return trouble + p.weight_failure * failures - p.weight_success * successes


@kernel
def _remember(counts, homes, ties, tolerance, numbers, samenhang, overlast):
    """Cohesion as it is; of nuisance a part is forgotten, and this month's events per 100 homes are added."""
    p = unpacked(Parameters, numbers)
    kept = p.memory_kept_per_month
    for b in range(homes.size):
        escalations = counts[b, Count.ESCALATIES_HUISHOUDENS] + counts[b, Count.ESCALATIES_PERSONEN]
        events = weighed(
            counts[b, Count.VAAK_HINDER], counts[b, Count.POLITIEMELDINGEN], counts[b, Count.CRISES], escalations,
            counts[b, Count.THUIS_VERLOREN], counts[b, Count.GELAND_ZACHT], p,
        )  # fmt: skip
        overlast[b] = kept * overlast[b] + (1.0 - kept) * (100.0 * events / max(homes[b], 1.0))
        samenhang[b] = 0.5 * (ties[b] + tolerance[b])


@kernel
def _warm_up(samenhang, overlast, months, samenhang_start, overlast_start):
    """One more month in the means that changes are counted from."""
    for b in range(months.size):
        months[b] += 1
        samenhang_start[b] += (samenhang[b] - samenhang_start[b]) / months[b]
        overlast_start[b] += (overlast[b] - overlast_start[b]) / months[b]


@kernel
def _mark(start, samenhang, samenhang_start, overlast, overlast_start, of_samenhang, of_overlast, out):
    for b in range(out.size):
        samenhang_change, overlast_change = samenhang[b] - samenhang_start[b], overlast[b] - overlast_start[b]
        out[b] = score(start[b], samenhang_change, overlast_change, of_samenhang, of_overlast)


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """Remember this month's incidents, forget a part of the old; score against the warm-up."""
    b = world.buurten
    _remember(world.counts, b.homes, b.ties, b.tolerance, packed(p), b.samenhang, b.overlast)
    if -12 < luck.month <= 0:
        _warm_up(b.samenhang, b.overlast, b.warm_months, b.samenhang_start, b.overlast_start)
    if luck.month < 0:  # no change yet to speak of
        b.score[:] = b.start_score
    else:
        _mark(
            b.start_score, b.samenhang, b.samenhang_start, b.overlast, b.overlast_start, p.score_of_samenhang,
            p.score_of_overlast, b.score,
        )  # fmt: skip
