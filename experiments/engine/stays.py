"""Where persons wait for a home, kind by kind: places, who is there, how long, who came and who went."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from experiments.engine.measure import Asked, Run
from model.mechanisms.inflow import COUNTERS
from model.world import NOBODY, ByPlace

FLOWS = {
    "came": ByPlace.GEKOMEN, "got_home": ByPlace.NAAR_HUIS, "gave_up": ByPlace.AFGEHAAKT, "went_elsewhere": ByPlace.NAAR_ELDERS,
    "found_full": ByPlace.GEWEIGERD,
}  # fmt: skip
COLUMNS = ["scenario", "seed", "kind", "places", "there", "occupancy", *FLOWS, "stay_months", "waited_months"]


def table(pairs: Iterable[tuple[Asked, Run]]) -> pd.DataFrame:
    """A row for each run and kind of place; a couch is a place without places. NaN where nobody was.

    Places and who is there are means over the months, and flows are persons a year. `stay_months` is how long those who got a
    home had been there, `waited_months` how long those who are there have been there so far.
    """
    rows = [row for asked, run in pairs for row in _rows(asked, run)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _rows(asked: Asked, run: Run) -> Iterator[tuple[Any, ...]]:
    for place, (_, places) in COUNTERS.items():
        of, months = run.places[place].astype(float), asked.months
        there, size = of[ByPlace.DAAR] / months, run.counts[places] / months if places != NOBODY else np.nan
        flows = [of[flow] * 12.0 / months for flow in FLOWS.values()]
        yield (
            asked.scenario, asked.seed, place.name.lower(), size, there, there / size if size else np.nan, *flows,
            _mean(of[ByPlace.NAAR_HUIS_MAANDEN], of[ByPlace.NAAR_HUIS]), _mean(of[ByPlace.DAAR_MAANDEN], of[ByPlace.DAAR]),
        )  # fmt: skip


def _mean(total: float, number: float) -> float:
    return total / number if number else np.nan
