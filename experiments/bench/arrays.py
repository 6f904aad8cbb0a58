"""The frozen month by plain NumPy over whole columns, in single precision."""

import numpy as np

from experiments.bench.frozen import (
    BOTHERED,
    COMPARED,
    COMPLAINTS,
    COUNTS,
    INCIDENTS,
    MOVES,
    NEWCOMER,
    TIES,
    Parameters,
    Start,
    keys_of,
)

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
        self.now = s.copied()
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
