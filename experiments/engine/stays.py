"""Where persons wait for a home, kind by kind: places, who is there, how long, who came and who went."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from experiments.engine.measure import Asked, Run
from model.ledger import Event
from model.world import COUNTERS, NOBODY, ByPlace, Count, Place

FLOWS = {
    "came": ByPlace.GEKOMEN, "got_home": ByPlace.NAAR_HUIS, "gave_up": ByPlace.AFGEHAAKT, "went_elsewhere": ByPlace.NAAR_ELDERS,
    "found_full": ByPlace.GEWEIGERD,
}  # fmt: skip
NUMBERS = ("places", "there", "occupancy", *FLOWS, "stay_months", "waited_months", "euro")


def rows(asked: Asked, run: Run, cents: np.ndarray) -> dict[str, list[Any]]:
    """Columns of a run, a row for each kind of place; a couch is a place without places. Unknown where nobody was.

    Places and who is there are means over the months, and flows are persons a year. `stay_months` is how long those who got a
    home had been there, `waited_months` how long those who are there have been there so far.
    `euro` a year is what blocked outflow costs, undiscounted: the places that they hold and their stay there, at `cents` [Event].
    """
    columns = map(list, zip(*_rows(asked, run, cents), strict=True))
    return dict(zip(("kind", *NUMBERS), columns, strict=True))


def _rows(asked: Asked, run: Run, cents: np.ndarray) -> Iterator[tuple[Any, ...]]:
    for place, (held, places) in COUNTERS.items():
        of, months = run.places[place].astype(float), asked.months
        there, size = of[ByPlace.DAAR] / months, run.counts[places] / months if places != NOBODY else np.nan
        occupied = run.counts[held] / run.counts[places] if places != NOBODY and run.counts[places] else np.nan
        flows = [of[flow] * 12.0 / months for flow in FLOWS.values()]
        yield (
            place.name.lower(), size, there, occupied, *flows,
            _mean(of[ByPlace.NAAR_HUIS_MAANDEN], of[ByPlace.NAAR_HUIS]), _mean(of[ByPlace.DAAR_MAANDEN], of[ByPlace.DAAR]),
            run.counts[held] * 12.0 / months * _a_month(place, cents) / 100.0,
        )  # fmt: skip


def _a_month(place: Place, cents: np.ndarray) -> float:
    """Cents of a month of somebody there: the stay, and the place that it takes where there are places."""
    kind = Count(COUNTERS[place][0]).name.removesuffix("_MAANDEN")
    parts = [event for event in Event if event.name in (f"{kind}_MAAND", f"{kind}_PLAATS")]
    return float(cents[parts].sum())


def _mean(total: float, number: float) -> float:
    return total / number if number else np.nan
