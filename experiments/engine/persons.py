"""Tables of persons and households of the study itself, one run after the other: flows, landings, waits, twins, teams, stays.

Runs of a seed stand together with the baseline first, so that a household or person can be put beside itself under the same
luck while no more than two runs are at hand: the country has eight million homes.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from experiments import bundle
from experiments.engine import stays
from experiments.engine.differences import NAMES, last_year
from experiments.engine.measure import Asked, Run, follows
from experiments.engine.rows import Pairs, Streamed
from experiments.plan import Plan
from model.followed import EMPTY, HARD, LOST, MARK_STEPS, STABILITY_STEPS, TEAM, YEAR
from model.ledger import prices
from model.world import Place, Profile, TeamKind, Tenure

OUTSIDE, CAME = "buiten", "gekomen"  # in flows: not vulnerable or not in town, and who has joined the queue since
PLACES = [OUTSIDE, *(place.name.lower() for place in Place if place != Place.AFWEZIG), CAME]
PROFILES = [profile.name.lower() for profile in Profile]
MARKS = 10 * MARK_STEPS  # codes above this are no mark
ROUNDING = 1e-9  # of the difference of two marks that were kept in steps
RUN = {"scenario": pa.string(), "seed": pa.int32()}
TABLES = {
    "flows": {**RUN, "year": pa.int32(), "from": pa.string(), "to": pa.string(), "persons": pa.int64()},
    "landing": {
        **RUN, "profile": pa.string(), "month": pa.int32(), "at_risk": pa.int64(), "events": pa.int64(), "censored": pa.int64(),
    },
    "waits": {**RUN, "profile": pa.string(), "waiting": pa.float64(), "months": pa.float64()},
    "twins": {
        **RUN, "group": pa.string(), "better": pa.int64(), "same": pa.int64(), "worse": pa.int64(), "matched": pa.int64(),
        "of": pa.int64(), "only_baseline": pa.int64(), "only_scenario": pa.int64(),
    },
    "teams": {**RUN, "month": pa.int32(), "kind": pa.string(), **dict.fromkeys(TEAM, pa.float64())},
    "stays": {**RUN, "kind": pa.string(), **dict.fromkeys(stays.NUMBERS, pa.float64())},
}  # fmt: skip


class Side(NamedTuple):
    """The members of a group in one run, NaN or False for who is not in it any more."""

    value: np.ndarray  # float [n]
    here: np.ndarray  # bool [n]


class PersonTables:
    """The file that rows of persons and households are streamed into; a study whose runs followed nobody has only their stays."""

    def __init__(self, p: Plan, folder: Path) -> None:
        self.p, self.file, self.cents = p, Streamed(folder / "persons.parquet"), prices(p.rooms.ledger)
        self.schema = bundle.schema_of({name: pa.schema(columns) for name, columns in TABLES.items()})
        self.baseline: tuple[int, Asked, Run] | None = None

    def __enter__(self) -> "PersonTables":
        self.file.__enter__()
        self.file.add(self.schema.empty_table())
        return self

    def __exit__(self, *failure: Any) -> None:
        self.file.__exit__(*failure)

    def take(self, pairs: Pairs) -> None:
        """Take runs of the study itself, in (seed, scenario) order."""
        rows: dict[str, list[pa.Table]] = {name: [] for name in TABLES}
        for a, run in pairs:
            for name, columns in self._of(a, run):
                rows[name].append(_rows(name, a, columns))
        for name, parts in rows.items():
            if parts:  # of many runs together, because a column of a few rows takes more than its bytes
                self.file.add(bundle.rows_of(self.schema, name, pa.concat_tables(parts).combine_chunks()))

    def _of(self, a: Asked, run: Run) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each table's columns of one run."""
        yield "stays", stays.rows(a, run, self.cents)
        if not follows(a.detail):
            return
        for name, rows in (("flows", flow_rows), ("landing", landing_rows), ("waits", wait_rows), ("teams", team_rows)):
            yield name, rows(run)
        if a.scenario == self.p.baseline:
            self.baseline = (a.seed, a, run)
        elif self.baseline is not None and self.baseline[0] == a.seed:
            yield "twins", self._twins(a, run)

    def _twins(self, a: Asked, run: Run) -> dict[str, Any]:
        assert self.baseline is not None
        _, base_asked, base = self.baseline
        matters = self.p.rooms.indicators
        rows = [*household_rows(base, run, matters.same_mark), vulnerable_row(base, run, matters.same_stability)]
        score = NAMES.index("leefbaarheid")
        one, other = (last_year(self.p, x, r)[:, score] for x, r in ((base_asked, base), (a, run)))
        sides = [Side(value, np.isfinite(value)) for value in (one, other)]
        rows.append(("buurten", *ledger(sides[0], sides[1], matters.relevant_leefbaarheid)))
        return dict(zip(list(TABLES["twins"])[2:], map(list, zip(*rows, strict=True)), strict=True))


def _rows(name: str, a: Asked, columns: dict[str, Any]) -> pa.Table:
    """Rows of one table, of one run; unknown is null."""
    size = len(next(iter(columns.values())))
    values = {"scenario": [a.scenario] * size, "seed": [a.seed] * size} | columns
    return pa.table({key: pa.array(column, TABLES[name][key], from_pandas=True) for key, column in values.items()})


def flow_rows(run: Run) -> dict[str, Any]:
    """Persons per year by where they were and where a year later; a pair that nobody made has no row."""
    year, start, end = np.nonzero(run.flows)
    places = np.array(PLACES, object)
    return {"year": year + 1, "from": places[start], "to": places[end], "persons": run.flows[year, start, end]}


def landing_rows(run: Run) -> dict[str, Any]:
    """Placements by profile and months since: at risk at the start of that month, no longer soft in it, last seen at its end."""
    followed = run.landings.sum(axis=2)
    at_risk = followed[::-1].cumsum(axis=0)[::-1]
    profile, month = np.nonzero(at_risk.T)
    counts = {"at_risk": at_risk, "events": run.landings[:, :, HARD], "censored": run.landings[:, :, LOST]}
    names = np.array(PROFILES, object)[profile]
    return {"profile": names, "month": month} | {name: found[month, profile] for name, found in counts.items()}


def wait_rows(run: Run) -> dict[str, Any]:
    """Per profile who waits in the last year: how many on average, and months that they have waited so far; unknown of nobody."""
    persons, waited = run.waits.astype(float).T
    months = max(1, min(YEAR, len(run.landings) - 1))
    return {"profile": PROFILES, "waiting": persons / months, "months": waited / np.where(persons > 0, persons, np.nan)}


def team_rows(run: Run) -> dict[str, Any]:
    """Per month and kind of team that helps persons: hours that there are, are asked and are given, all teams together."""
    months, kinds, _ = run.teams.shape
    names = [kind.name.lower() for kind in TeamKind][:kinds]
    hours = {name: run.teams[:, :, k].ravel() for k, name in enumerate(TEAM)}
    return {"month": np.repeat(np.arange(1, months + 1), kinds), "kind": names * months} | hours


def household_rows(base: Run, run: Run, same: float) -> Iterator[tuple[Any, ...]]:
    """Households of month 0: all, by tenure, and by whether more or fewer were placed in their portiek than in the baseline.

    Raises `ValueError` where the two runs are not of one town.
    """
    if base.homes.shape != run.homes.shape:
        raise ValueError(f"homes {run.homes.shape} beside {base.homes.shape}: not of one town")
    was = base.homes[0] != EMPTY
    one, other = (Side(r.homes[0][was] / MARK_STEPS, r.homes[0][was] <= MARKS) for r in (base, run))
    tenure, more = base.homes[1][was], run.homes[2][was].astype(int) - base.homes[2][was]
    groups: dict[str, np.ndarray] = {"huishoudens": np.ones(tenure.size, bool)}
    groups |= {kind.name.lower(): tenure == int(kind) for kind in Tenure}
    groups |= {"meer_geplaatst": more > 0, "evenveel_geplaatst": more == 0, "minder_geplaatst": more < 0}
    for name, mine in groups.items():
        yield name, *ledger(Side(one.value[mine], one.here[mine]), Side(other.value[mine], other.here[mine]), same)


def vulnerable_row(base: Run, run: Run, same: float) -> tuple[Any, ...]:
    """Persons who are vulnerable and in town at the end of both runs, by their own stability; `of` is who is so in either."""
    everyone = np.union1d(base.persons, run.persons)
    return ("kwetsbare_bewoners", *ledger(_among(everyone, base), _among(everyone, run), same))


def _among(everyone: np.ndarray, run: Run) -> Side:
    at = np.searchsorted(everyone, run.persons)
    value, here = np.zeros(everyone.size), np.zeros(everyone.size, bool)
    value[at], here[at] = run.stability / STABILITY_STEPS, True
    return Side(value, here)


def ledger(base: Side, scenario: Side, same: float) -> tuple[int, int, int, int, int, int, int]:
    """Better, same (no further apart than `same`), worse, matched, of, and who is there in one of the two alone."""
    both = base.here & scenario.here
    more = (scenario.value - base.value)[both]
    near = np.abs(more) <= same + ROUNDING
    counts = ((more > 0) & ~near, near, (more < 0) & ~near, both, np.ones_like(both), base.here & ~both, scenario.here & ~both)
    return tuple(int(np.count_nonzero(part)) for part in counts)  # type: ignore[return-value]
