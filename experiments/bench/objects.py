"""The frozen month by one mesa agent per household, in plain Python."""

import mesa
import numpy as np

from experiments.bench.frozen import (
    BOTHERED,
    COMPARED,
    COMPLAINTS,
    COUNTS,
    INCIDENTS,
    MOVES,
    NEWCOMER,
    STREAMS,
    TIES,
    Parameters,
    Start,
    complaint_probability,
    frailty_of,
    incident_count,
    incident_rate,
    mark,
    move_probability,
    next_nuisance,
    next_satisfaction,
    next_tolerance,
    tie_strength,
)
from model.randomness import Luck, uniform_at

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
