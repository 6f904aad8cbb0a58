"""Ties, tolerance, informal help and contentment of residents (m2, m5, m34, m59, m61).

A tie is as strong as the time that both have lived there, and grows faster where there are places to meet and do things
together; it starts anew when one of them moves. Tolerance wears down under nuisance, faster where the buurt is overburdened, and
recovers slowly. Informal help (burenhulp and mantelzorg in one) follows ties and tolerance, and wears in the same way; who has
more means can give a little more (m5). Contentment weighs a bad month more than a good one (m34). Left out: initiatives of
residents, and who comes to know whom anew: the six homes of a tie are fixed.
"""

from typing import NamedTuple

import numpy as np

from model.jit import adding, kernel, part, read_soon, rule
from model.packing import packed, unpacked
from model.parameters import per
from model.policies import Levers
from model.randomness import Luck
from model.world import AgeClass, Dwellings, World

WRITES = (
    "dwellings.tolerance", "dwellings.informal_help", "dwellings.satisfaction", "buurten.tolerance", "buurten.ties",
    "buurten.informal_help", "buurten.satisfaction",
)  # fmt: skip
READS = (
    "dwellings.ties", "dwellings.identity", "dwellings.ses", "dwellings.age_class", "dwellings.months_here",
    "dwellings.tolerance", "dwellings.informal_help", "dwellings.satisfaction", "dwellings.nuisance", "buurten.first",
    "buurten.last", "buurten.inwoners", "buurten.voorzieningen", "buurten.damage",
)  # fmt: skip
AHEAD = np.uint64(128)  # homes: so long before they are needed, their ties are fetched
TIES = Dwellings.columns()["ties"].width  # known to the compiler, which then writes the loop over them out


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


@part
def _strength_by_months(half_time, by_months):
    """Strength of a tie after 0, 1, 2, ... months, into by_months: a division per month costs less than one per tie."""
    for months in range(by_months.size):
        by_months[months] = tie_strength(np.float64(months), half_time)


@part
def _tie_strengths(first, last, ties, months_here, by_months, strength):
    """Mean strength of the ties of each home of a buurt, into strength, where the first stands at 0.

    A tie is as strong as that of who lived here least, since strength grows with the months.
    """
    for i in range(first, last):
        read_soon(ties, i + AHEAD)
        own, together = by_months[months_here[i]], 0.0
        for k in range(TIES):
            together += min(own, by_months[months_here[ties[i, k]]])
        strength[i - first] = together / TIES


@part
def _bear_and_help(first, last, identity, strength, age_class, ses, nuisance, damage, p, tolerance, informal, satisfaction):
    """Tolerance, informal help and contentment of the residents of a buurt; vacant homes stay as they are."""
    young, middle, old, oldest = p.help_hours[0], p.help_hours[1], p.help_hours[2], p.help_hours[3]
    for i in range(first, last):
        lived, tied = identity[i] != 0, strength[i - first]
        t = next_tolerance(tolerance[i], nuisance[i], damage, p.tolerance_rest, p.tolerance_recovery, p.tolerance_wear)
        tolerance[i] = t if lived else tolerance[i]
        age = age_class[i]  # chosen, not looked up: so the machine does several homes at once
        hours = young if age == 0 else middle if age == 1 else old if age == 2 else oldest
        wanted = hours * max(0.0, 1.0 + p.help_of_ses * ses[i])
        h = next_help(informal[i], wanted, tolerance[i], tied, damage, p.help_speed, p.help_wear)
        informal[i] = h if lived else informal[i]
        deserved = mark(tied, nuisance[i], p.content_rest, p.content_of_ties, p.content_of_nuisance)
        speed = p.content_speed_up if deserved > satisfaction[i] else p.content_speed_down
        satisfaction[i] += (speed if lived else 0.0) * (deserved - satisfaction[i])


@adding
def _sum_up(first, last, identity, tolerance, strength, informal, satisfaction):
    """Mean tolerance and ties, all help and mean contentment of who lives in a buurt."""
    people, sum_tolerance, sum_ties, sum_help, sum_content = 0, 0.0, 0.0, 0.0, 0.0
    for i in range(first, last):  # nothing is added of a vacant home: a sum without branches
        lived = identity[i] != 0
        people += lived
        sum_tolerance += tolerance[i] if lived else 0.0
        sum_ties += strength[i - first] if lived else 0.0
        sum_help += informal[i] if lived else 0.0
        sum_content += satisfaction[i] if lived else 0.0
    people = max(people, 1)
    return sum_tolerance / people, sum_ties / people, sum_help, sum_content / people


@kernel
def _live_together(identity, ties, age_class, ses, months_here, nuisance, tolerance, informal, satisfaction, first, last,
                   voorzieningen, inwoners, damage, numbers, of_buurten):  # fmt: skip
    """Buurt by buurt, so that its columns stay near; of_buurten: mean tolerance, mean ties, all help, mean contentment."""
    p, (mean_tolerance, mean_ties, all_help, mean_content) = unpacked(Parameters, numbers), of_buurten
    by_months, strength = np.empty(np.int64(months_here.max()) + 1), np.empty(np.int64((last - first).max()))
    for b in range(first.size):
        begin, end = np.uint64(first[b]), np.uint64(last[b])
        meeting = 1000.0 * voorzieningen[b] / max(inwoners[b], 1.0)
        _strength_by_months(tie_half_time(p.tie_months, meeting, p.meeting_gain, p.meeting_reference), by_months)
        _tie_strengths(begin, end, ties, months_here, by_months, strength)
        _bear_and_help(begin, end, identity, strength, age_class, ses, nuisance, damage[b], p, tolerance, informal, satisfaction)
        mean_tolerance[b], mean_ties[b], all_help[b], mean_content[b] = _sum_up(
            begin, end, identity, tolerance, strength, informal, satisfaction
        )


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of living beside each other."""
    d, b = world.dwellings, world.buurten
    _live_together(
        d.identity, d.ties, d.age_class, d.ses, d.months_here, d.nuisance, d.tolerance, d.informal_help, d.satisfaction, b.first,
        b.last, b.voorzieningen, b.inwoners, b.damage, packed(p), (b.tolerance, b.ties, b.informal_help, b.satisfaction),
    )  # fmt: skip
