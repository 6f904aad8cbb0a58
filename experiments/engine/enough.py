"""How many seeds are enough: batches of paired seeds until the order of scenarios on one outcome is settled, or a limit.

The certificate holds however often one looks (experiments/ranking.py), so looking after every batch costs nothing.
Only the study itself is lived here; its folder is the study's own, which then finds these runs.
"""

import sys
from dataclasses import replace
from typing import Any

import numpy as np

from experiments.engine import study
from experiments.engine.differences import NAMES, certificate, window_rows
from experiments.engine.store import Store
from experiments.plan import MAIN, Plan
from experiments.ranking import Certificate, stop


def enough(p: Plan) -> dict[str, Any]:
    """Live batches of seeds until the order is settled; returns the configuration with the number of seeds that it took."""
    ranking, count = p.config["ranking"], 0
    while True:
        count = min(count + ranking["batch"], ranking["most"])
        seeds = list(range(p.config["first_seed"], p.config["first_seed"] + count))
        now = replace(p, seeds=seeds, points=[p.points[0]._replace(seeds=count)])
        outcome = study.run(now, tabled=False)
        found = of_store(now, Store(p.folder))
        order = " > ".join(" = ".join(group) for group in found.groups)
        print(f"{count} seeds: {ranking['outcome']}: {order} ({told(found)})", file=sys.stderr)
        if stop(found, ranking["most"]) or outcome.failed:
            return p.config | {"seeds": count}


def told(found: Certificate) -> str:
    """The certificate in a word."""
    open_pairs = int((found.pairs.verdict == "open").sum())
    return "settled" if found.settled else f"{open_pairs} of {len(found.pairs)} pairs not separable with {found.seeds} seeds"


def of_store(p: Plan, store: Store) -> Certificate:
    """The certificate of the study's own runs."""
    k = NAMES.index(p.config["ranking"]["outcome"])
    values = np.full((len(p.seeds), len(p.scenarios)), np.nan)
    for a in p.asked:
        if a.design == MAIN and a.key in store:
            values[p.seeds.index(a.seed), list(p.scenarios).index(a.scenario)] = store.run(a.key).windows[window_rows()[k], k]
    return certificate(p, values)
