"""A frozen month (ties, tolerance, nuisance and moves) written three times, to compare ways of computing.

It resembles the model's month but is not it: rules and numbers stand here and stay as they are while the model changes,
so that ratios measured this year and next year compare the same work. Whoever changes a rule here starts a new series.

Here are its rules, the city that it starts from, and the first of the three ways: kernels over columns (in one file with
their rules, because numba's cache notices changes in a kernel's own file only). The others are one mesa agent per
household (`objects`) and plain NumPy over whole columns in single precision (`arrays`). Kernels and objects call the
same scalar rules: objects call the plain Python function of each (`.py_func`). NumPy writes the same formulas over
arrays. All three meet the same luck, the counter-based hash of `model.randomness`, and so must come to the same numbers:
`agree` looks for any that differ.

Left out on purpose: vacancies (who leaves is followed at once by another household), vulnerability, help and money.
"""

import math
from typing import NamedTuple

import numpy as np

from model.jit import kernel, rule
from model.randomness import Luck, Stream, uniform_at

STREAMS = (Stream.COMPLAINT, Stream.INCIDENTS, Stream.WHO_LEAVES, Stream.FRAILTY)
COUNTS = ("often bothered", "complaints", "incidents", "moves")
BOTHERED, COMPLAINTS, INCIDENTS, MOVES = range(len(COUNTS))
TIES = 6
HOMES_PER_BUURT, HOMES_PER_PORTIEK, BUURTEN_PER_WIJK = 480, 12, 5
# Columns that change, and that must come out equal.
COMPARED = ("identity", "since", "incidents", "tolerance", "nuisance", "satisfaction")
NEWCOMER = 1 << 56  # added to month and home, so that whoever moves in has an identity of their own


class Parameters(NamedTuple):
    """Numbers of the frozen month; they resemble those of the model and are never tuned again."""

    tie_months: float = 36.0
    tie_weight: float = 0.15
    memory_kept: float = 0.7
    often_bothered_from: float = 1.15
    complaint_per_incident: float = 0.035
    incidents_per_month: float = 0.06
    control_of_ties: float = 0.5
    tolerance_rest: float = 0.6
    tolerance_recovery: float = 0.05
    tolerance_wear: float = 0.02
    content_rest: float = 7.6
    content_of_ties: float = 1.5
    content_of_nuisance: float = 0.6
    content_speed_down: float = 0.3
    content_speed_up: float = 0.1
    discontent_from: float = 6.5
    discontent_slope: float = 0.4
    selective_slope: float = 4.0


# ---- rules: scalar and pure; none calls another, so that `.py_func` of each is plain Python throughout ----


@rule
def tie_strength(months_together, half_time):
    """Strength (0-1) of a tie: half after `half_time` months of both living there."""
    return months_together / (months_together + half_time)


@rule
def next_nuisance(nuisance, heard, kept):
    """Incidents noticed (per month), a recent mean."""
    return kept * nuisance + (1.0 - kept) * heard


@rule
def next_tolerance(tolerance, nuisance, rest, recovery, wear):
    """Tolerance (0-1): recovers towards its rest, and wears with the nuisance that is noticed."""
    return min(1.0, max(0.0, tolerance + recovery * (rest - tolerance) - wear * nuisance * tolerance))


@rule
def mark(strength, nuisance, rest, of_ties, of_nuisance):
    """The mark (0-10) that this month by itself deserves."""
    return min(10.0, max(0.0, rest + of_ties * (strength - 0.5) - of_nuisance * nuisance))


@rule
def next_satisfaction(satisfaction, deserved, speed_down, speed_up):
    """Own mark (0-10) for living here: falls faster than it rises."""
    return satisfaction + (speed_up if deserved > satisfaction else speed_down) * (deserved - satisfaction)


@rule
def complaint_probability(nuisance, tolerance, per_incident):
    """Chance of a complaint this month."""
    return per_incident * nuisance * (1.0 - tolerance)


@rule
def incident_rate(base, frailty, control):
    """Incidents a month that one household causes."""
    return base * frailty * (1.0 - control)


@rule
def incident_count(u, rate):
    """Poisson count by inversion of one uniform; most end at the first comparison, without an exponential."""
    if u < 1.0 - rate:
        return 0
    p = math.exp(-rate)
    total, count = p, 0
    while u >= total and count < 100:
        count += 1
        p *= rate / count
        total += p
    return count


@rule
def move_probability(mobility, satisfaction, ses, fall, discontent_from, discontent_slope, selective_slope):
    """Chance to leave this month: more when discontented, and more for the better-off where tolerance has fallen."""
    discontent = 1.0 + discontent_slope * max(0.0, discontent_from - satisfaction)
    return min(1.0, mobility * discontent * (1.0 + selective_slope * max(0.0, ses) * fall))


@rule
def frailty_of(u):
    """Proneness to cause incidents: skewed, mean 1."""
    return 3.0 * u * u


# ---- the city that all three start from ----


class Start(NamedTuple):
    """Columns of month 0; rows sorted by buurt and portiek. [n] per household, [b] per buurt, [j] per portiek."""

    first: np.ndarray  # [b] first row
    last: np.ndarray  # [b] row after the last
    portiek: np.ndarray  # [n] uint32
    portieken: int
    ties: np.ndarray  # [n, 6] uint32 rows of other households
    identity: np.ndarray  # [n] uint64
    since: np.ndarray  # [n] int16 month of moving in
    frailty: np.ndarray  # [n] float32 ratio, mean 1
    ses: np.ndarray  # [n] float32 SD
    mobility: np.ndarray  # [n] float32 per month
    tolerance: np.ndarray  # [n] float32 0-1
    nuisance: np.ndarray  # [n] float32 incidents per month
    satisfaction: np.ndarray  # [n] float32 0-10
    incidents: np.ndarray  # [n] uint8 this month

    def copied(self) -> dict[str, np.ndarray]:
        """Own copies of the columns that change."""
        return {name: getattr(self, name).copy() for name in (*COMPARED, "frailty")}


def start(households: int, p: Parameters, seed: int = 1) -> Start:
    """A city of buurten of 480 homes and portieken of 12; who leads which life is drawn by identity."""
    n, luck = households, Luck(seed, 0)
    identity = np.arange(1, n + 1, dtype=np.uint64)
    u = [luck.draws(Stream.HOUSEHOLD_TRAITS, identity + np.uint64(k << 48)) for k in range(4)]
    buurten = max(1, round(n / HOMES_PER_BUURT))
    first = (np.arange(buurten) * n // buurten).astype(np.int64)
    last = np.append(first[1:], n)
    row = np.arange(n)
    buurt = np.searchsorted(first, row, side="right") - 1
    portiek = buurt * (n // HOMES_PER_PORTIEK + 1) + (row - first[buurt]) // HOMES_PER_PORTIEK
    portiek = np.unique(portiek, return_inverse=True)[1]
    return Start(
        first, last, portiek.astype(np.uint32), int(portiek[-1]) + 1,
        _ties(luck, portiek, first[buurt], last[buurt], buurt // BUURTEN_PER_WIJK), identity,
        (-600.0 * u[0] * u[0]).astype(np.int16), frailty_of.py_func(u[1]).astype(np.float32),
        (4.0 * u[2] - 2.0).astype(np.float32),
        (0.002 + 0.01 * u[3]).astype(np.float32), np.full(n, p.tolerance_rest, np.float32), np.zeros(n, np.float32),
        np.full(n, p.content_rest, np.float32), np.zeros(n, np.uint8),
    )  # fmt: skip


def _ties(luck: Luck, portiek: np.ndarray, first: np.ndarray, last: np.ndarray, wijk: np.ndarray) -> np.ndarray:
    """Rows [n, 6] of six others: three in the portiek, two near by in the buurt, one in the wijk."""
    row = np.arange(portiek.size)
    edges = [
        (np.searchsorted(portiek, portiek), np.searchsorted(portiek, portiek, side="right")),
        (np.maximum(first, row - 60), np.minimum(last, row + 61)),
        (np.searchsorted(wijk, wijk), np.searchsorted(wijk, wijk, side="right")),
    ]
    out = np.empty((row.size, TIES), np.uint32)
    for k, reach in enumerate((0, 0, 0, 1, 1, 2)):
        low, high = edges[reach]
        alone = high - low < 2  # in a portiek of one home: ties are near by in the buurt
        low, high = np.where(alone, edges[1][0], low), np.where(alone, edges[1][1], high)
        draw = luck.draws(Stream.TIES, (row * 8 + k).astype(np.uint64))
        other = low + (draw * (high - low - 1)).astype(np.int64)
        out[:, k] = np.where(other < row, other, other + 1)
    return out


def keys_of(seed: int, month: int) -> np.ndarray:
    """The uint64 keys [4] of this month's luck."""
    return np.array([Luck(seed, month).key(stream) for stream in STREAMS])


# ---- kernels over columns; small loops per buurt, so that they vectorise and its columns stay in cache ----


@kernel
def _hear(tie_weight, ties, portiek, own, incidents, in_portiek, heard):
    """Last month's incidents of others that each household of one buurt [m] hears."""
    for i in range(heard.size):
        others = 0
        for k in range(TIES):
            others += incidents[ties[i, k]]
        heard[i] = np.float64(in_portiek[portiek[i]] - own[i]) + tie_weight * others


@kernel
def _know(month, tie_months, ties, own, since, other, strength):
    """Mean strength of the ties of each household of one buurt [m]; `other` [6, m] is scratch."""
    for k in range(TIES):
        row = other[k]
        for i in range(strength.size):
            row[i] = since[ties[i, k]]
    strength[:] = 0.0
    for k in range(TIES):
        row = other[k]
        for i in range(strength.size):
            strength[i] += tie_strength(np.float64(month - max(own[i], row[i])), tie_months)
    for i in range(strength.size):
        strength[i] /= TIES


@kernel
def _feel(p, heard, strength, nuisance, tolerance, satisfaction):
    """Nuisance, tolerance and mark of one buurt [m] after this month."""
    for i in range(heard.size):
        felt = next_nuisance(nuisance[i], heard[i], p.memory_kept)
        tolerance[i] = next_tolerance(tolerance[i], felt, p.tolerance_rest, p.tolerance_recovery, p.tolerance_wear)
        deserved = mark(strength[i], felt, p.content_rest, p.content_of_ties, p.content_of_nuisance)
        satisfaction[i] = next_satisfaction(satisfaction[i], deserved, p.content_speed_down, p.content_speed_up)
        nuisance[i] = felt


@kernel
def _complain(key, p, identity, nuisance, tolerance, counts):
    """Count who is often bothered, and who complains."""
    bothered, complaints = 0, 0
    for i in range(identity.size):
        chance = complaint_probability(nuisance[i], tolerance[i], p.complaint_per_incident)
        bothered += nuisance[i] >= p.often_bothered_from
        complaints += uniform_at(key, identity[i]) < chance
    counts[BOTHERED], counts[COMPLAINTS] = bothered, complaints


@kernel
def _cause(key, per_month, control, identity, frailty, portiek, draw, caused, in_portiek):
    """Incidents of this month; returns how many. First who causes any (it vectorises), then how many, for those few."""
    for i in range(identity.size):
        draw[i] = uniform_at(key, identity[i])
        caused[i] = draw[i] >= 1.0 - incident_rate(per_month, frailty[i], control)
    total = 0
    for i in range(identity.size):
        if caused[i]:
            count = incident_count(draw[i], incident_rate(per_month, frailty[i], control))
            caused[i] = count
            in_portiek[portiek[i]] += count
            total += count
    return total


@kernel
def _choose(key, p, fall, identity, mobility, satisfaction, ses, margin, first, leavers, left):
    """Rows of who leaves, into `leavers` from place `left` on; returns the next free place. `margin` [m] is scratch."""
    for i in range(identity.size):
        margin[i] = uniform_at(key, identity[i]) - move_probability(
            mobility[i], satisfaction[i], ses[i], fall, p.discontent_from, p.discontent_slope, p.selective_slope
        )
    for i in range(identity.size):
        if margin[i] < 0.0:
            leavers[left] = first + i
            left += 1
    return left


@kernel
def _mean(values):
    """Mean of [m], in four sums, because one sum would wait for each addition in turn."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    fours = values.size // 4
    for i in range(fours):
        a += values[4 * i]
        b += values[4 * i + 1]
        c += values[4 * i + 2]
        d += values[4 * i + 3]
    for i in range(4 * fours, values.size):
        a += values[i]
    return (a + b + c + d) / values.size


@kernel
def _replace(month, key, p, leavers, identity, since, frailty, tolerance, nuisance, satisfaction):
    """Another household takes over each home that was left."""
    for i in leavers:
        identity[i] = np.uint64(NEWCOMER) + (np.uint64(month) << np.uint64(32)) + np.uint64(i)
        since[i] = month
        frailty[i] = frailty_of(uniform_at(key, identity[i]))
        tolerance[i], nuisance[i], satisfaction[i] = p.tolerance_rest, 0.0, p.content_rest


@kernel
def _live(month, keys, p, first, last, portiek, ties, ses, mobility, identity, since, frailty, tolerance, nuisance,
          satisfaction, incidents, in_portiek, caused, caused_in_portiek, scratch, other, leavers, counts):  # fmt: skip
    """A month of the whole city. What is caused and what is heard are two columns: no buurt waits for another."""
    caused_in_portiek[:] = 0
    left = 0
    for b in range(first.size):
        f, t = first[b], last[b]
        heard, strength, here = scratch[0, : t - f], scratch[1, : t - f], identity[f:t]
        _hear(p.tie_weight, ties[f:t], portiek[f:t], incidents[f:t], incidents, in_portiek, heard)
        _know(month, p.tie_months, ties[f:t], since[f:t], since, other, strength)
        _feel(p, heard, strength, nuisance[f:t], tolerance[f:t], satisfaction[f:t])
        _complain(keys[0], p, here, nuisance[f:t], tolerance[f:t], counts[b])
        control = p.control_of_ties * _mean(strength)
        fall = max(0.0, p.tolerance_rest - _mean(tolerance[f:t]))
        counts[b, INCIDENTS] = _cause(
            keys[1],
            p.incidents_per_month,
            control,
            here,
            frailty[f:t],
            portiek[f:t],
            heard,
            caused[f:t],
            caused_in_portiek,
        )
        stayed = left
        left = _choose(keys[2], p, fall, here, mobility[f:t], satisfaction[f:t], ses[f:t], heard, f, leavers, left)
        counts[b, MOVES] = left - stayed
    _replace(month, keys[3], p, leavers[:left], identity, since, frailty, tolerance, nuisance, satisfaction)


class Columns:
    """The city as columns; `step` lives one month."""

    def __init__(self, s: Start, p: Parameters, seed: int) -> None:
        self.s, self.p, self.seed, self.month = s, p, seed, 0
        self.now = s.copied()
        self.caused, self.in_portiek = np.zeros_like(s.incidents), np.zeros(s.portieken, np.int32)
        self.caused_in_portiek = np.zeros_like(self.in_portiek)
        widest = int((s.last - s.first).max())
        self.scratch, self.other = np.zeros((2, widest)), np.zeros((TIES, widest), s.since.dtype)
        self.leavers = np.zeros(s.identity.size, np.int64)
        self.counts = np.zeros((s.first.size, len(COUNTS)), np.int64)

    def step(self) -> None:
        self.month += 1
        s, d = self.s, self.now
        _live(
            self.month, keys_of(self.seed, self.month), self.p, s.first, s.last, s.portiek, s.ties, s.ses, s.mobility,
            d["identity"], d["since"], d["frailty"], d["tolerance"], d["nuisance"], d["satisfaction"], d["incidents"],
            self.in_portiek, self.caused, self.caused_in_portiek, self.scratch, self.other, self.leavers, self.counts,
        )  # fmt: skip
        d["incidents"], self.caused = self.caused, d["incidents"]
        self.in_portiek, self.caused_in_portiek = self.caused_in_portiek, self.in_portiek

    def columns(self) -> dict[str, np.ndarray]:
        return {name: self.now[name] for name in COMPARED}
