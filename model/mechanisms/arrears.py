"""Rent arrears, judgments and evictions in corporatie homes (m22, m30, m35, m37; E099-E105).

Arrears start more often at low SES and with problematic debts. Contact ends them: sooner when signals are taken up at three
weeks instead of two months (E105), as they always are under a three-party contract (m22), and for persons whose help looks at
the tenancy too (m30). After some months a judgment may follow; most are averted by an agreement, more with a driegesprek and
with help at hand. Arrears of so many months are debts, which end with help and not with a home (E127). Somebody who causes
many incidents about which neighbours complain may be brought to court for that; this is rare (E112). Neighbours complain this
month of what they heard last month, so that the incidents of last month are the ones that count. What an eviction does to who
loses the home is in `leaving`. Left out: evictions by private landlords and banks.
"""

from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.packing import packed, unpacked
from model.policies import Levers
from model.randomness import Luck, Stream, uniform_at
from model.world import NOBODY, Count, Eviction, Place, Tenure, World

WRITES = ("dwellings.arrears", "dwellings.eviction", "persons.debts")
READS = (
    "dwellings.buurt", "dwellings.portiek", "dwellings.tenure", "dwellings.identity", "dwellings.person", "dwellings.ses",
    "dwellings.incidents_before", "dwellings.arrears", "persons.identity", "persons.place", "persons.buurt", "persons.debts",
    "persons.contract", "persons.need", "persons.hours", "portieken.complaints",
)  # fmt: skip
REACH = -3.0  # SD: few have less means


class Parameters(NamedTuple):
    start_per_year: float
    ses_slope: float
    debts_ratio: float
    end_per_month: float
    early_end_ratio: float
    tenancy_gain: float
    judgment_from_months: int
    judgment_per_month: float
    averted_share: float
    averted_by_driegesprek: float
    averted_by_help: float
    nuisance_incidents: int
    nuisance_judgment: float
    debts_end_per_year: float


@rule
def start_probability(ses, debts, per_year, ses_slope, debts_ratio):
    """Chance that arrears start this month."""
    return min(1.0, per_year / 12.0 * np.exp(-ses_slope * ses) * (debts_ratio if debts else 1.0))


@rule
def end_probability(early, guided, p):
    """Chance that arrears end this month: more by an early signal, and by guidance (0-1) that looks at the tenancy."""
    return min(1.0, p.end_per_month * (p.early_end_ratio if early else 1.0) * (1.0 + p.tenancy_gain * guided))


@rule
def averted_probability(base, driegesprek, helped, by_driegesprek, by_help):
    """Chance that a judgment is averted; each road closes part of what is left."""
    left = (1.0 - base) * (1.0 - (by_driegesprek if driegesprek else 0.0)) * (1.0 - by_help * helped)
    return 1.0 - left


@rule
def usual_highest(p):
    """Chances that arrears start are not higher than this without debts, nor with them, but for who has means below `REACH`."""
    above = 1.0 + 1e-9  # the last bit of an exponential is not certain
    without = above * start_probability(REACH, False, p.start_per_year, p.ses_slope, p.debts_ratio)
    return without, max(without, above * start_probability(REACH, True, p.start_per_year, p.ses_slope, p.debts_ratio))


@kernel
def _may_change(key, identity, tenure, ses, person, incidents, arrears, p):
    """Homes [n] of social tenants who have arrears, cause much or may fall behind; of most, the draw tells at once."""
    without, with_debts = usual_highest(p)
    may, homes, found = np.empty(identity.size, np.bool_), np.empty(identity.size, np.int64), 0
    for i in range(identity.size):
        starts = uniform_at(key, identity[i]) < (without if person[i] == NOBODY else with_debts)
        looked_at = starts | (ses[i] < REACH) | (arrears[i] != 0) | (incidents[i] >= p.nuisance_incidents)
        may[i] = looked_at & (tenure[i] == Tenure.SOCIALE_HUUR) & (identity[i] != 0)
    for i in range(identity.size):  # no branch here: a processor guesses wrongly who may
        homes[found] = i
        found += may[i]
    return homes[:found]


@kernel
def _pay(keys, month, identity, tenure, ses, person, buurt, portiek, incidents, complaints, arrears, eviction, debts, contract,
         hours, need, early, driegesprek, contextgericht, numbers, counts):  # fmt: skip
    """Fall behind, come clear, or be judged and evicted."""
    p = unpacked(Parameters, numbers)
    homes = _may_change(keys[Stream.ARREARS_START], identity, tenure, ses, person, incidents, arrears, p)
    for i in homes:
        who, b, row = identity[i], buurt[i], person[i]
        indebted, helped, told = False, 0.0, early
        if row != NOBODY:
            indebted, told = debts[row] == 1, early | (month < contract[row])
            helped = min(1.0, hours[row] / need[row]) if need[row] > 0.0 else 0.0
        judged, reason = False, Eviction.ARREARS
        if arrears[i] == 0:
            if uniform_at(keys[Stream.ARREARS_START], who) < start_probability(
                ses[i], indebted, p.start_per_year, p.ses_slope, p.debts_ratio
            ):
                arrears[i] = 1
        elif uniform_at(keys[Stream.ARREARS_END], who) < end_probability(told, helped if contextgericht else 0.0, p):
            arrears[i] = 0
        else:
            arrears[i] = min(arrears[i] + 1, 250)
            if row != NOBODY and arrears[i] >= p.judgment_from_months:
                debts[row] = 1
            judged = arrears[i] >= p.judgment_from_months and uniform_at(keys[Stream.JUDGMENT], who) < p.judgment_per_month
        if arrears[i] > 0:
            counts[b, Count.ACHTERSTANDEN] += 1
        if not judged and incidents[i] >= p.nuisance_incidents and complaints[portiek[i]] > 0:
            judged, reason = uniform_at(keys[Stream.NUISANCE_JUDGMENT], who) < p.nuisance_judgment, Eviction.NUISANCE
        if not judged:
            continue
        counts[b, Count.VONNISSEN] += 1
        averted = averted_probability(p.averted_share, driegesprek, helped, p.averted_by_driegesprek, p.averted_by_help)
        if uniform_at(keys[Stream.AVERTED], who) < averted:
            if reason == Eviction.ARREARS:
                arrears[i] = 0  # the agreement is about the rent
            continue
        eviction[i] = reason
        counts[b, Count.UITZETTINGEN] += 1
        if reason == Eviction.NUISANCE:
            counts[b, Count.UITZETTINGEN_OVERLAST] += 1


@kernel
def _repay(key, identity, place, buurt, hours, need, debts, per_year, counts):
    """Debts of persons at home end, as far as help covers the need; what is left is counted."""
    owing, found = np.empty(identity.size, np.int64), 0
    for i in range(identity.size):  # no branch here: a processor guesses wrongly who has debts
        owing[found] = i
        found += (place[i] == Place.THUIS) & (debts[i] != 0)
    for i in owing[:found]:
        covered = min(1.0, hours[i] / need[i]) if need[i] > 0.0 else 0.0
        if uniform_at(key, identity[i]) < per_year / 12.0 * covered:
            debts[i] = 0
        counts[buurt[i], Count.SCHULDEN] += debts[i]


def step(world: World, p: Parameters, levers: Levers, luck: Luck) -> None:
    """A month of paying, falling behind, judgments and agreements."""
    d, persons = world.dwellings, world.persons
    _pay(
        luck.keys, luck.month, d.identity, d.tenure, d.ses, d.person, d.buurt, d.portiek, d.incidents_before,
        world.portieken.complaints, d.arrears, d.eviction, persons.debts, persons.contract, persons.hours, persons.need,
        levers.vroegsignalering, levers.driegesprek, levers.contextgericht, packed(p), world.counts,
    )  # fmt: skip
    _repay(
        luck.key(Stream.DEBTS), persons.identity, persons.place, persons.buurt, persons.hours, persons.need, persons.debts,
        p.debts_end_per_year, world.counts,
    )  # fmt: skip
