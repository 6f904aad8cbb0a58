"""How many placements can a buurt carry? The number per 1,000 dwellings beyond which one more does relevant harm.

    python -m experiments.capacity                                          every buurt of voorbeeldstad, about two minutes
    python -m experiments.capacity buurten=[BU99990402,BU99990503] doses=[0,5,10,20,40,80] seeds=16
    python -m experiments.capacity outcomes=[crises,uitzettingen] months=120 margin.placements.value=20
    python -m experiments.capacity gemeente.code=GM0828 gemeente.data=DIR buurten=[BU08280101] workers=4

Puts more persons in homes of a buurt at month 0, lives on under the same luck and compares (docs/capacity.md). The keys
buurten, doses, outcomes and margin stand in configs/capacity.yaml; all keys of docs/configuration.md can be given as well,
and the town lives under `baseline`. Writes results/capaciteit-<code>-<hash>/: runs, capacities, a map and curves. The same
command finds its runs again, also with other outcomes or another margin, and draws anew. What can not be is refused (exit 2).
"""

import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments import command
from experiments.task import Ended

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from experiments.engine.doses import Doses
    from experiments.pages import Grid
    from experiments.plan import Plan

OWN = "capacity.yaml"  # of configs/
KEYS = ("buurten", "doses", "outcomes", "margin")
RUNS, FOUND, FIRST = "doses.parquet", "capacity.parquet", "manifest.json"


class Margin(NamedTuple):
    """What harm is relevant, and how intervals are made."""

    placements: float
    resamples: int


class Question(NamedTuple):
    """What is asked besides the configuration of a study. `buurten` is empty for all that have room for every dose."""

    buurten: list[str]
    doses: list[float]
    outcomes: list[str]
    margin: Margin


# The command


def main() -> None:
    """The command: help, or capacities, or a refusal on one screen."""
    from experiments.refusal import refused

    if any(arg in ("-h", "--help") for arg in sys.argv[1:]):
        print(__doc__)
        return
    with refused(sys.argv[1:]):
        own, study = apart(sys.argv[1:])
        asked = question(own)
    command.run(__doc__ or "", partial(capacities, asked), study)


def apart(arguments: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The keys of this command with what the arguments change, and the arguments of a study, its own defaults first."""
    from omegaconf import OmegaConf

    from experiments.config import CONFIGS
    from model.parameters import Problem, Refused

    own = OmegaConf.load(CONFIGS / OWN)
    mine = [a for a in arguments if a.partition("=")[0].partition(".")[0] in KEYS]
    unknown = [key for key in (a.partition("=")[0] for a in mine) if OmegaConf.select(own, key) is None]
    if unknown:
        raise Refused([Problem(key, "an unknown key", f"those of configs/{OWN}") for key in unknown])
    size = [f"{key}={value}" for key, value in own.study.items()]
    found: Any = OmegaConf.to_container(OmegaConf.merge(own, OmegaConf.from_dotlist(mine)))
    return found, [*size, *(a for a in arguments if a not in mine)]


def question(own: dict[str, Any]) -> Question:
    """The checked question; raises one `Refused` with every problem that shows without a town."""
    from model.indicators import INDICATORS
    from model.parameters import Problem, Refused, read

    problems, doses, buurten = [], own["doses"], own["buurten"]
    numbers = isinstance(doses, list) and all(isinstance(d, int | float) and not isinstance(d, bool) for d in doses)
    if not numbers or len(doses) < 2 or doses[0] != 0 or any(b <= a for a, b in pairwise(doses)):
        problems.append(Problem("doses", repr(doses), "a list of numbers that rises from 0, as [0,10,20]"))
    if buurten != "all" and not (isinstance(buurten, list) and buurten and all(isinstance(b, str) for b in buurten)):
        problems.append(Problem("buurten", repr(buurten), "all, or a list of codes"))
    known = [name for name, i in INDICATORS.items() if i.better]
    named = own["outcomes"] if isinstance(own["outcomes"], list) else [own["outcomes"]]
    problems += [Problem("outcomes", repr(name), ", ".join(known)) for name in named or ["none"] if name not in known]
    try:
        margin = read(Margin, own["margin"], "margin")
    except Refused as refused:
        problems += refused.problems
    if problems:
        raise Refused(problems)
    return Question([] if buurten == "all" else buurten, [float(d) for d in doses], list(dict.fromkeys(named)), margin)


def capacities(asked: Question, config: dict[str, Any]) -> Ended:
    """Live what is not there yet, find the capacities, draw and print them."""
    from experiments.figures import draw_capacity
    from experiments.plan import plan

    p = plan(config)
    folder = Path(config["results"]["folder"]) / f"capaciteit-{p.town.code[:40]}-{run_hash(asked, p)}"
    if whole(folder):
        print(f"Found finished: {folder}")
    elif config["dry"]:
        print(f"Would be lived: {len(asked.doses) - 1} doses of each buurt, {len(p.seeds)} seeds, {config['months']} months")
        return Ended(0, folder)
    else:
        write_runs(asked, p, folder)
    import pandas as pd

    found = table(asked, p, pd.read_parquet(folder / RUNS))
    forget_drawn(folder)
    found.to_parquet(folder / FOUND, index=False)
    draw_capacity(folder, asked.outcomes)
    tell(folder, asked)
    return Ended(0, folder)


def forget_drawn(folder: Path) -> None:
    """Remove what was drawn of the folder: another question has other outcomes, or another margin."""
    shutil.rmtree(folder / "figures", ignore_errors=True)
    for path in folder.glob("gallery.*"):
        path.unlink()


def run_hash(asked: Question, p: "Plan") -> str:
    """Name of what is lived: configuration, buurten, doses, data and code. Outcomes and margin only look at it."""
    return _hash(identity(asked, p))[:10]


def identity(asked: Question, p: "Plan") -> dict[str, Any]:
    """What makes two sets of runs the same."""
    from experiments import plan
    from experiments.engine.doses import source

    own = {"buurten": sorted(set(asked.buurten)), "doses": asked.doses, "code": hashlib.sha256(source()).hexdigest()[:16]}
    return json.loads(json.dumps(plan.identity(p) | own, default=str))


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def whole(folder: Path) -> bool:
    """Whether runs lie finished in the folder: the manifest is written last, and names what it belongs to."""
    if not (folder / FIRST).is_file() or not (folder / RUNS).is_file():
        return False
    told = json.loads((folder / FIRST).read_text(encoding="utf-8"))
    return told["runs"] == hashlib.sha256((folder / RUNS).read_bytes()).hexdigest()


# Runs


def ladder(asked: Question, p: "Plan", room: "np.ndarray", homes: "np.ndarray") -> dict[int, tuple[int, ...]]:
    """How many placements each dose is, by row of the buurt. room [buurten] is the most that each can take; homes are dwellings.

    With all buurten, those that are too small to tell or have no room for every dose are left out. Raises `Refused` where
    that holds for a buurt that was named.
    """
    from model.parameters import Problem, Refused

    found: dict[int, tuple[int, ...]] = {}
    problems = []
    rows = {code: row for row, code in enumerate(p.town.buurten.code)}
    for code in asked.buurten or rows:
        if code not in rows:
            problems.append(Problem("buurten", repr(code), ", ".join(list(rows)[:30])))
            continue
        row = rows[code]
        counts = tuple(round(dose * float(homes[row]) / 1000.0) for dose in asked.doses)
        if len(set(counts)) < len(counts):
            enough = "so many that each dose is at least one placement more"
            problems.append(Problem(f"buurten, {code}", f"{homes[row]:g} dwellings", enough))
        elif counts[-1] > room[row]:
            possible = f"at most {room[row]}: homes of corporaties with a regular household, under every seed"
            problems.append(Problem(f"doses, {code}", f"{counts[-1]} placements ({asked.doses[-1]:g} per 1,000)", possible))
        elif asked.buurten or homes[row] >= p.rooms.indicators.smallest_buurt_homes:
            found[row] = counts
    if problems and (asked.buurten or not found):
        raise Refused(problems)
    return found


def write_runs(asked: Question, p: "Plan", folder: Path) -> None:
    """Live every dose under every seed and write the folder: runs, places, and the manifest last."""
    import pandas as pd

    from experiments.engine import doses
    from experiments.engine.folder import write_json
    from experiments.engine.tables import places
    from experiments.plan import ground

    began = time.time()
    to_live = doses.Doses(ground(p), tuple(p.scenarios[p.baseline]), p.config["months"], {})
    if asked.buurten:  # codes and sizes that are wrong are so before any town is built
        ladder(asked, p, *[p.town.buurten.huishoudens.to_numpy()] * 2)
    room, homes = doses.room(to_live, p.seeds, p.config["workers"])
    to_live = to_live._replace(counts=ladder(asked, p, room, homes))
    before(p, to_live)
    frames = list(lived(p, to_live, homes))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    order = ["place", "outcome", "code", "seed", "dose"]
    runs = pd.concat(frames).sort_values(order, kind="stable", ignore_index=True)
    runs.to_parquet(folder / RUNS, index=False, compression="zstd")
    places(p.town).to_parquet(folder / "places.parquet", index=False)
    write_json(folder / FIRST, manifest(asked, p, to_live, folder) | {"seconds": round(time.time() - began, 1)})


def lived(p: "Plan", to_live: "Doses", homes: "np.ndarray") -> Iterator["pd.DataFrame"]:
    """Runs as rows, while they come: code, seed, homes, placements, dose (per 1,000 dwellings), place, outcome, value."""
    from experiments.engine.doses import UNDOSED, live

    b, jobs = p.town.buurten, len(p.seeds) * (len(to_live.counts) + 1)
    began = told = time.monotonic()
    for done, (job, found) in enumerate(live(to_live, p.seeds, p.config["workers"]), start=1):
        if job.buurt == UNDOSED:
            for row in to_live.counts:
                yield _rows(b.code.iloc[row], homes[row], job.seed, (0,), found[[row]])
        else:
            counts = to_live.counts[job.buurt][1:]
            yield _rows(b.code.iloc[job.buurt], homes[job.buurt], job.seed, counts, found)
        now = time.monotonic()
        if now - told > 5.0 or done == jobs:
            told = now
            left = (now - began) / done * (jobs - done)
            print(f"  {done} of {jobs} (buurt, seed); {now - began:.0f} s, {left:.0f} s to go", file=sys.stderr, flush=True)


def _rows(code: str, homes: float, seed: int, counts: tuple[int, ...], found: "np.ndarray") -> "pd.DataFrame":
    """found: indicators [doses, places, I] of one buurt under one seed."""
    import numpy as np
    import pandas as pd

    from experiments.engine.doses import PLACES
    from model.indicators import INDICATORS

    shape = found.shape
    placements = np.repeat(np.array(counts), shape[1] * shape[2])
    return pd.DataFrame(
        {
            "code": code, "seed": seed, "homes": homes, "placements": placements, "dose": 1000.0 * placements / homes,
            "place": np.tile(np.repeat(PLACES, shape[2]), shape[0]), "outcome": np.tile(list(INDICATORS), shape[0] * shape[1]),
            "value": found.ravel(),
        }
    )  # fmt: skip


def before(p: "Plan", to_live: "Doses") -> None:
    """What is going to be lived."""
    from experiments.scenarios import scenario_name
    from experiments.show import counted

    doses = max(len(counts) for counts in to_live.counts.values()) - 1
    print(f"{p.town.naam} ({p.town.code}): {len(to_live.counts)} of {len(p.town.buurten)} buurten, with room for every dose")
    runs = len(p.seeds) * (1 + doses * len(to_live.counts))
    workers = counted(p.config["workers"], "worker")
    print(f"{counted(runs, 'run')} of {p.config['months']} months under {scenario_name(p.baseline)}, {workers}")


def manifest(asked: Question, p: "Plan", to_live: "Doses", folder: Path) -> dict[str, Any]:
    """What the tables do not say: which town and which runs these are."""
    from model.indicators import INDICATORS

    labels = {name: {"nl": i.nl, "en": i.en, "unit": i.unit, "better": i.better} for name, i in INDICATORS.items()}
    return {
        "identity": identity(asked, p), "town": {"code": p.town.code, "naam": p.town.naam, "synthetic": p.town.synthetic},
        "seeds": p.seeds, "months": p.config["months"], "doses": asked.doses, "baseline": p.baseline,
        "buurten": [str(p.town.buurten.code.iloc[row]) for row in to_live.counts], "indicators": labels,
        "runs": hashlib.sha256((folder / RUNS).read_bytes()).hexdigest(),
    }  # fmt: skip


# Capacities


def table(asked: Question, p: "Plan", runs: "pd.DataFrame") -> "pd.DataFrame":
    """A row per buurt and outcome: its margin, and `experiments.carrying.Capacity`; `last` is the last dose."""
    import numpy as np
    import pandas as pd

    from experiments.carrying import Capacity, capacity
    from model.indicators import INDICATORS

    b, rows = p.town.buurten.set_index("code"), []
    own = runs[(runs.place == "buurt") & runs.outcome.isin(asked.outcomes)]
    for (code, outcome), part in own.groupby(["code", "outcome"], sort=False):
        wide = part.pivot(index="seed", columns="dose", values="value")
        values, doses, label = wide.to_numpy(), wide.columns.to_numpy(float), INDICATORS[str(outcome)]
        baseline = float(np.nanmean(values[:, 0])) if np.isfinite(values[:, 0]).any() else np.nan
        margin = label.relevant_difference(p.rooms.indicators, baseline) / asked.margin.placements
        found = capacity(values, doses, label.better, margin, asked.margin.resamples)
        rows.append((code, b.naam[code], int(part.homes.iloc[0]), outcome, baseline, margin, doses[-1], *found))
    columns = ["code", "naam", "homes", "outcome", "baseline", "margin", "last"]
    return pd.DataFrame(rows, columns=[*columns, *Capacity._fields])


# On the terminal


def tell(folder: Path, asked: Question) -> None:
    """The table of capacities, what the rest of the gemeente notices, and where the figures are."""
    import pandas as pd

    from experiments.carrying import FEWEST
    from experiments.pages import Grid
    from experiments.show import print_grid

    found, runs = pd.read_parquet(folder / FOUND), pd.read_parquet(folder / RUNS)
    by = {(row.code, row.outcome): row for row in found.itertuples()}
    rows = [
        [str(naam), code, f"{homes:,}", *(told(by[code, outcome]) for outcome in asked.outcomes)]
        for code, naam, homes in found[["code", "naam", "homes"]].drop_duplicates("code").itertuples(index=False)
    ]
    words = (
        "capacity [95% interval over seeds] share of resamples in which none is found; -: none found up to the last dose; "
        "1: harm is relevant from the first placement\nharm is relevant where "
        f"{asked.margin.placements:g} placements more per 1,000 dwellings move the outcome by its relevant difference"
    )
    if (found.seeds < FEWEST).any():
        words += f"\ntoo few seeds: a limit and its interval ask {FEWEST} at least, in which the outcome is known at every dose"
    print_grid(
        "Placements per 1,000 dwellings beyond which one more does relevant harm",
        Grid(["buurt", "", "homes", *asked.outcomes], rows),
        words,
    )
    print(bends(found, asked.outcomes))
    print_grid("The rest of the gemeente at the last dose, mean over buurten", spilled(runs, asked.outcomes))
    print(f"\nMap and curves: {folder / 'figures'}")


def told(row: Any) -> str:
    """10 [0, -] 35% 1"""
    import numpy as np

    from experiments.carrying import FEWEST

    def dose(x: float) -> str:
        return "-" if np.isinf(x) else f"{x:.0f}"

    if row.seeds < FEWEST:
        return f"too few seeds ({row.seeds})"
    return f"{dose(row.capacity)} [{dose(row.low)}, {dose(row.high)}] {row.none:.0%}{' 1' if row.first else ''}"


def bends(found: "pd.DataFrame", outcomes: list[str]) -> str:
    """Of how many buurten the curve bends upwards: elsewhere a capacity is where a straight line crosses the margin."""
    from experiments.carrying import FEWEST, SURE

    told = []
    for outcome in outcomes:
        part = found[(found.outcome == outcome) & (found.seeds >= FEWEST)]
        told.append(f"{outcome} {int((part.rises >= SURE).sum())} of {len(part)}")
    return f"harm by placement is larger at the last step than at the first, in {SURE:.0%} of resamples: {', '.join(told)}"


def spilled(runs: "pd.DataFrame", outcomes: list[str]) -> "Grid":
    """Difference at the last dose in the rest of the gemeente, per outcome: mean over buurten, paired over seeds."""
    from experiments.compare import paired
    from experiments.pages import Grid
    from experiments.show import number, signed

    rest, rows = runs[(runs.place == "rest") & runs.outcome.isin(outcomes)], []
    for outcome in outcomes:
        wide = rest[rest.outcome == outcome].sort_values("dose").groupby(["seed", "code"]).value.agg(["first", "last"])
        x = paired((wide["last"] - wide["first"]).groupby("seed").mean().to_numpy())
        rows.append([outcome, "", number(wide["first"].mean()), f"{signed(x.mean)} [{signed(x.low)}, {signed(x.high)}]"])
    return Grid(["outcome", "", "undosed", "difference"], rows)


if __name__ == "__main__":
    main()
