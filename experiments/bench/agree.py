"""Whether the three ways of computing the frozen month come to the same numbers."""

import numpy as np

from experiments.bench.arrays import Arrays
from experiments.bench.frozen import Columns, Parameters, start
from experiments.bench.objects import Objects


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
