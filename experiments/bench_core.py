"""A frozen month (ties, tolerance, nuisance and moves) written three times, to compare ways of computing.

It resembles the model's month but is not it: rules and numbers stand here and stay as they are while the model changes,
so that ratios measured this year and next year compare the same work. Whoever changes a rule here starts a new series.

The three ways are kernels over columns (`Columns`), one mesa agent per household (`Objects`) and plain NumPy over whole
columns in single precision (`Arrays`). Kernels and objects call the same scalar rules: objects call the plain Python
function of each (`.py_func`). NumPy writes the same formulas over arrays. All three meet the same luck, the
counter-based hash of `model.randomness`, and so must come to the same numbers: `differences` looks for any.

Left out on purpose: vacancies (who leaves is followed at once by another household), vulnerability, help and money.
"""

import math
from typing import NamedTuple

import mesa
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


# ---- one: kernels over columns; small loops per buurt, so that they vectorise and its columns stay in cache ----


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
        self.now = Columns.copied(s)
        self.caused, self.in_portiek = np.zeros_like(s.incidents), np.zeros(s.portieken, np.int32)
        self.caused_in_portiek = np.zeros_like(self.in_portiek)
        widest = int((s.last - s.first).max())
        self.scratch, self.other = np.zeros((2, widest)), np.zeros((TIES, widest), s.since.dtype)
        self.leavers = np.zeros(s.identity.size, np.int64)
        self.counts = np.zeros((s.first.size, len(COUNTS)), np.int64)

    @staticmethod
    def copied(s: Start) -> dict[str, np.ndarray]:
        """Own copies of the columns that change."""
        return {name: getattr(s, name).copy() for name in (*COMPARED, "frailty")}

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


# ---- two: a mesa agent per household, in plain Python ----

plain_tie_strength = tie_strength.py_func
plain_next_nuisance = next_nuisance.py_func
plain_next_tolerance = next_tolerance.py_func
plain_mark = mark.py_func
plain_next_satisfaction = next_satisfaction.py_func
plain_complaint_probability = complaint_probability.py_func
plain_incident_rate = incident_rate.py_func
plain_incident_count = incident_count.py_func
plain_move_probability = move_probability.py_func
plain_frailty_of = frailty_of.py_func


class Portiek:
    """Incidents heard in a portiek: last month's, and this month's so far."""

    __slots__ = ("caused", "incidents")

    def __init__(self) -> None:
        self.incidents, self.caused = 0, 0


class Buurt:
    """What the households of a buurt add up to this month."""

    __slots__ = ("control", "counts", "fall", "homes", "strength", "tolerance")

    def __init__(self, homes: int) -> None:
        self.homes, self.control, self.fall = homes, 0.0, 0.0
        self.begin()

    def begin(self) -> None:
        self.strength, self.tolerance, self.counts = 0.0, 0.0, [0] * len(COUNTS)


class Household(mesa.Agent):
    """A household that first notices and then acts. Whoever moves out is followed, in the same object, by another."""

    model: "Objects"

    def __init__(self, model: "Objects", row: int, buurt: Buurt, portiek: Portiek) -> None:
        super().__init__(model)
        self.row, self.buurt, self.portiek, self.ties = row, buurt, portiek, list[Household]()
        s = model.s
        self.identity, self.since, self.incidents = int(s.identity[row]), int(s.since[row]), int(s.incidents[row])
        self.frailty, self.ses, self.mobility = float(s.frailty[row]), float(s.ses[row]), float(s.mobility[row])
        self.tolerance, self.nuisance = float(s.tolerance[row]), float(s.nuisance[row])
        self.satisfaction = float(s.satisfaction[row])

    def notice(self) -> None:
        """Hear last month's incidents, feel them, complain or not."""
        p, month, here, buurt = self.model.p, self.model.month, self.since, self.buurt
        others, known = 0, 0.0
        for tie in self.ties:
            others += tie.incidents
            known += plain_tie_strength(month - max(here, tie.since), p.tie_months)
        strength = known / TIES
        heard = self.portiek.incidents - self.incidents + p.tie_weight * others
        self.nuisance = felt = plain_next_nuisance(self.nuisance, heard, p.memory_kept)
        self.tolerance = tolerance = plain_next_tolerance(
            self.tolerance, felt, p.tolerance_rest, p.tolerance_recovery, p.tolerance_wear
        )
        deserved = plain_mark(strength, felt, p.content_rest, p.content_of_ties, p.content_of_nuisance)
        self.satisfaction = plain_next_satisfaction(self.satisfaction, deserved, p.content_speed_down, p.content_speed_up)
        buurt.strength += strength
        buurt.tolerance += tolerance
        if felt >= p.often_bothered_from:
            buurt.counts[BOTHERED] += 1
        if self.model.given[0][self.row] < plain_complaint_probability(felt, tolerance, p.complaint_per_incident):
            buurt.counts[COMPLAINTS] += 1

    def act(self) -> None:
        """Cause incidents, and stay or move."""
        p, given, buurt = self.model.p, self.model.given, self.buurt
        rate = plain_incident_rate(p.incidents_per_month, self.frailty, buurt.control)
        self.incidents = count = plain_incident_count(given[1][self.row], rate)
        if count:
            self.portiek.caused += count
            buurt.counts[INCIDENTS] += count
        chance = plain_move_probability(
            self.mobility,
            self.satisfaction,
            self.ses,
            buurt.fall,
            p.discontent_from,
            p.discontent_slope,
            p.selective_slope,
        )
        if given[2][self.row] < chance:
            buurt.counts[MOVES] += 1
            self.replace()

    def replace(self) -> None:
        """Another household takes over the home."""
        p, self.since = self.model.p, self.model.month
        self.identity = NEWCOMER + (self.since << 32) + self.row
        self.model.identities[self.row] = self.identity
        self.frailty = plain_frailty_of(uniform_at(self.model.newcomer_key, np.uint64(self.identity)))
        self.tolerance, self.nuisance, self.satisfaction = p.tolerance_rest, 0.0, p.content_rest


class Objects(mesa.Model):
    """The city as mesa agents; `step` lives one month.

    Luck is drawn by a kernel for all at once and handed over, which costs an object about what `self.random.random()`
    would: to compute the hash itself, in Python, would make it slower and flatter the kernels.
    """

    def __init__(self, s: Start, p: Parameters, seed: int) -> None:
        super().__init__(rng=0)
        self.s, self.p, self.luck_seed, self.month = s, p, seed, 0
        self.given: list[list[float]] = []
        self.identities, self.newcomer_key = s.identity.copy(), np.uint64(0)
        self.buurten = [Buurt(int(t - f)) for f, t in zip(s.first, s.last, strict=True)]
        self.portieken = [Portiek() for _ in range(s.portieken)]
        buurt = np.repeat(np.arange(s.first.size), s.last - s.first).tolist()
        self.homes = [Household(self, i, self.buurten[b], self.portieken[s.portiek[i]]) for i, b in enumerate(buurt)]
        for home, rows in zip(self.homes, s.ties.tolist(), strict=True):
            home.ties = [self.homes[row] for row in rows]

    def step(self) -> None:
        self.month += 1
        luck = Luck(self.luck_seed, self.month)
        self.given = [luck.draws(stream, self.identities).tolist() for stream in STREAMS[:3]]
        self.newcomer_key = luck.key(STREAMS[3])
        for buurt in self.buurten:
            buurt.begin()
        self.agents.do("notice")
        for buurt in self.buurten:
            buurt.control = self.p.control_of_ties * buurt.strength / buurt.homes
            buurt.fall = max(0.0, self.p.tolerance_rest - buurt.tolerance / buurt.homes)
        self.agents.do("act")
        for portiek in self.portieken:
            portiek.incidents, portiek.caused = portiek.caused, 0

    @property
    def counts(self) -> np.ndarray:
        return np.array([buurt.counts for buurt in self.buurten])

    def column(self, name: str) -> np.ndarray:
        """An attribute of all households, as the column [n] that it would be."""
        return np.array([getattr(home, name) for home in self.homes], getattr(self.s, name).dtype)

    def columns(self) -> dict[str, np.ndarray]:
        return {name: self.column(name) for name in COMPARED}


# ---- three: plain NumPy over whole columns, in single precision ----

GOLDEN, MIX_A, MIX_B = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def uniforms(key: np.uint64, identity: np.ndarray) -> np.ndarray:
    """`model.randomness.uniform_at` for a column [n] at once, in place where it can be."""
    z = identity * GOLDEN
    z += key
    z ^= z >> np.uint64(30)
    z *= MIX_A
    z ^= z >> np.uint64(27)
    z *= MIX_B
    z ^= z >> np.uint64(31)
    z >>= np.uint64(11)
    return z * (1.0 / 9007199254740992.0)


def incident_counts(u: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """`incident_count` for columns [n]: those who cause none are done at the first comparison."""
    out = np.zeros(u.size, np.uint8)
    some = np.flatnonzero(u >= 1.0 - rate)
    u, rate, p = u[some], rate[some], np.exp(-rate[some])
    total, count = p.copy(), 0
    while (more := u >= total).any() and count < 100:
        count += 1
        out[some[more]] += 1
        p = p * (rate / np.float32(count))
        total = total + p
    return out


class Arrays:
    """The city as whole arrays; `step` lives one month. Ties lie column by column, which suits NumPy best."""

    def __init__(self, s: Start, p: Parameters, seed: int) -> None:
        self.s, self.p, self.seed, self.month = s, p, seed, 0
        self.now = Columns.copied(s)
        self.ties = np.ascontiguousarray(s.ties.T).astype(np.intp)  # the index type that NumPy need not convert
        self.portiek, self.sizes = s.portiek.astype(np.intp), s.last - s.first
        self.in_portiek = np.zeros(s.portieken, np.float32)
        self.counts = np.zeros((s.first.size, len(COUNTS)), np.int64)

    def step(self) -> None:
        self.month += 1
        keys = keys_of(self.seed, self.month)
        strength = self.strength()
        self.notice(keys[0], strength)
        ties, tolerance = self.per_buurt(strength) / self.sizes, self.per_buurt(self.now["tolerance"]) / self.sizes
        fall = np.maximum(0.0, self.p.tolerance_rest - tolerance)
        self.cause(keys[1], self.to_homes(1.0 - self.p.control_of_ties * ties))
        self.move(keys[2], keys[3], self.to_homes(fall))

    def per_buurt(self, values: np.ndarray) -> np.ndarray:
        """Sums [b] of a column [n]."""
        return np.add.reduceat(values, self.s.first, dtype=np.int64 if values.dtype == bool else np.float64)

    def to_homes(self, values: np.ndarray) -> np.ndarray:
        """A value [b] of the buurt, for each home [n]."""
        return np.repeat(values.astype(np.float32), self.sizes)

    def strength(self) -> np.ndarray:
        """Mean strength of ties [n]."""
        since, total = self.now["since"], np.zeros(self.portiek.size, np.float32)
        for other in self.ties:
            together = (self.month - np.maximum(since, since[other])).astype(np.float32)
            total += together / (together + self.p.tie_months)
        total /= TIES
        return total

    def notice(self, key: np.uint64, strength: np.ndarray) -> None:
        """Hear last month's incidents, feel them, complain or not."""
        p, d = self.p, self.now
        heard = np.zeros(self.portiek.size, np.float32)
        for other in self.ties:
            heard += d["incidents"][other]
        heard *= p.tie_weight
        heard += self.in_portiek[self.portiek]
        heard -= d["incidents"]
        d["nuisance"] = felt = p.memory_kept * d["nuisance"] + (1.0 - p.memory_kept) * heard
        old = d["tolerance"]
        new = old + p.tolerance_recovery * (p.tolerance_rest - old) - p.tolerance_wear * felt * old
        d["tolerance"] = np.clip(new, 0.0, 1.0, out=new)
        deserved = p.content_rest + p.content_of_ties * (strength - 0.5) - p.content_of_nuisance * felt
        deserved = np.clip(deserved, 0.0, 10.0, out=deserved)
        deserved -= d["satisfaction"]
        deserved *= np.where(deserved > 0.0, np.float32(p.content_speed_up), np.float32(p.content_speed_down))
        d["satisfaction"] += deserved
        self.counts[:, BOTHERED] = self.per_buurt(felt >= p.often_bothered_from)
        chance = p.complaint_per_incident * felt * (1.0 - new)
        self.counts[:, COMPLAINTS] = self.per_buurt(uniforms(key, d["identity"]) < chance)

    def cause(self, key: np.uint64, calm: np.ndarray) -> None:
        """Incidents of this month."""
        rate = self.p.incidents_per_month * self.now["frailty"] * calm
        self.now["incidents"] = caused = incident_counts(uniforms(key, self.now["identity"]), rate)
        self.counts[:, INCIDENTS] = np.add.reduceat(caused, self.s.first, dtype=np.int64)
        some = np.flatnonzero(caused)
        self.in_portiek = np.bincount(self.portiek[some], caused[some], self.s.portieken).astype(np.float32)

    def move(self, key: np.uint64, newcomer_key: np.uint64, fall: np.ndarray) -> None:
        """Stay, or leave the home to another household."""
        p, d, s = self.p, self.now, self.s
        chance = s.mobility * (1.0 + p.discontent_slope * np.maximum(0.0, p.discontent_from - d["satisfaction"]))
        chance *= 1.0 + p.selective_slope * np.maximum(0.0, s.ses) * fall
        leaves = uniforms(key, d["identity"]) < chance
        self.counts[:, MOVES] = self.per_buurt(leaves)
        homes = np.flatnonzero(leaves)
        d["identity"][homes] = np.uint64(NEWCOMER + (self.month << 32)) + homes.astype(np.uint64)
        d["since"][homes] = self.month
        d["frailty"][homes] = 3.0 * uniforms(newcomer_key, d["identity"][homes]) ** 2
        d["tolerance"][homes], d["nuisance"][homes], d["satisfaction"][homes] = p.tolerance_rest, 0.0, p.content_rest

    def columns(self) -> dict[str, np.ndarray]:
        return {name: self.now[name] for name in COMPARED}


# ---- they agree ----


def differences(households: int = 1_000, months: int = 24, seed: int = 1) -> list[str]:
    """What differs between the ways of computing, month by month in words; empty if nothing does.

    Whole numbers (counters, identities, months, incidents) must be equal, floats to 1e-6.
    """
    p = Parameters()
    s = start(households, p, seed)
    ways: dict[str, Columns | Objects | Arrays] = {
        "kernels": Columns(s, p, seed),
        "objects": Objects(s, p, seed),
        "numpy": Arrays(s, p, seed),
    }
    found = []
    for month in range(1, months + 1):
        for way in ways.values():
            way.step()
        wanted, counts = ways["kernels"].columns(), ways["kernels"].counts
        for name, way in ways.items():
            if not np.array_equal(way.counts, counts):
                found.append(f"month {month}: counters of {name}: {way.counts.sum(0)}, of kernels: {counts.sum(0)}")
            found += [f"month {month}: {c} of {name}" for c, v in way.columns().items() if not _equal(v, wanted[c])]
    for way in ways.values():
        if isinstance(way, Objects):
            way.remove_all_agents()
    return found


def _equal(a: np.ndarray, b: np.ndarray) -> bool:
    return np.allclose(a, b, rtol=1e-6, atol=1e-6) if a.dtype.kind == "f" else np.array_equal(a, b)
