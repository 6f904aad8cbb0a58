"""Model beside published for the rows that are left for validation: never fitted to, shown as they come out.

    python -m experiments.validation                    the baseline of the default study
    python -m experiments.validation seeds=8 quota=0.2

Prints the table, and writes it as results/validatie-<hash>.csv. A row is far off where the model lies outside a factor two of
what is published; nothing is tuned for it. Rows that say a sign or a word only are told as such, and a row for which the model
has no figure says why. docs/validation.md says what the rows that are far off come from.

  E088, E089   repeaters among persons with a report: who has another in the 12 months before, and how many reports are theirs
  E126, E127   a year after a placement: still in a home, debts as they were, lonely, no day activity
  E093-E102    the eviction funnel: evictions with late signals (2013) and with early ones (2021, 2022), the years between,
               judgments averted, share for arrears, and how far evictions for arrears and others fell
  E055         persistence: change over two years in homes of buurten whose score is below a limit (the lowest fifth at month 0)
  E051, E052   buurten where the share of vulnerable residents fell, and whether exceptions to decline exist
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.task import Ended

if TYPE_CHECKING:
    import pandas as pd

    from experiments.plan import Plan
    from model.city import City
    from model.world import World

YEAR = 12
LOOKED_AT = 24  # the month up to which persistence is measured: two years
WEAK = 0.2  # of the buurten, by score at month 0, that stand for an insufficient class: few towns have any of that class


class Row(NamedTuple):
    """One published figure; `key` is the column of a seed's measurements that stands beside it, or `why` says why none does."""

    evidence: str
    what: str
    unit: str
    published: float
    key: str
    why: str = ""


A_YEAR = "per 1,000 corporatie homes a year"  # evictions over the 2,295,414 homes of E113
BETWEEN = (
    "a year in which part of the corporaties signalled early: the model has late signals for all (E093) or early ones (E099)"
)
NOTHING = "nothing of it happened in these seeds"
CORONA = "corporaties held back in the corona year, and the model has no such restraint"

ROWS = (
    Row("E088", "persons with a report who had another in the 12 months before", "share", 0.382, "repeaters"),
    Row("E089", "reports that are theirs", "share", 0.66, "reports_of_repeaters"),
    Row("E126", "placed persons who still have a home after a year", "share", 0.972, "still_housed"),
    Row("E127", "debts at the placement that are there a year later", "share", 0.65, "debts_kept"),
    Row("E127", "moderately or very lonely a year after", "share", 0.67, "lonely"),
    Row("E127", "no fixed day activity a year after", "share", 0.5, "idle"),
    Row("E093", "evictions with late signals (set by hand, 2013)", A_YEAR, 3.1, "evicted_late"),
    Row("E094", "evictions, 2016", A_YEAR, 2.09, "", BETWEEN),
    Row("E095", "evictions, 2017", A_YEAR, 1.61, "", BETWEEN),
    Row("E096", "evictions, 2018", A_YEAR, 1.31, "", BETWEEN),
    Row("E097", "evictions, 2020", A_YEAR, 0.75, "", CORONA),
    Row("E098", "evictions with early signals (2021)", A_YEAR, 0.61, "evicted"),
    Row("E099", "evictions with early signals (2022)", A_YEAR, 0.52, "evicted"),
    Row("E100", "judgments averted with late signals (2013)", "share", 0.70, "averted_late"),
    Row("E100", "judgments averted (2017)", "share", 0.73, "averted"),
    Row("E101", "evictions for arrears with late signals (2013)", "share", 0.88, "for_arrears_late"),
    Row("E102", "evictions for arrears (2021)", "share", 0.58, "for_arrears"),
    Row("E102", "fall of evictions for arrears, from late to early signals (2013-2021)", "share", 0.87, "fall_of_arrears"),
    Row("E102", "fall of other evictions, from late to early signals (2013-2021)", "share", 0.30, "fall_of_others"),
    Row("E055", "change in two years of homes below what was the lowest fifth of scores", "relative", -0.02, "weak_change"),
    Row("E052", "buurten where the share of vulnerable residents fell", "share", 0.25, "fell"),
)


def main(arguments: list[str] | None = None) -> None:
    """Measure the baseline beside what is published."""
    from experiments import command

    command.run(__doc__ or "", compare, sys.argv[1:] if arguments is None else arguments)


def compare(config: dict[str, Any]) -> Ended:
    """Live the baseline for each seed, print the table and write it."""
    import joblib
    import pandas as pd

    from experiments.plan import plan
    from experiments.show import number

    p = plan(config)
    jobs = [joblib.delayed(measured)(p, seed) for seed in p.seeds]
    seeds = pd.DataFrame(joblib.Parallel(n_jobs=config["workers"])(jobs))
    table = beside(seeds)
    for row in table.itertuples():
        if row.why:
            print(f"{row.evidence}  {row.what} ({row.unit}): published {number(row.published)}; not compared: {row.why}")
            continue
        told = "" if row.within else "   outside a factor two"
        figures = f"published {number(row.published)}, model {number(row.model)} [{number(row.low)}, {number(row.high)}]"
        print(f"{row.evidence}  {row.what} ({row.unit}): {figures}{told}")
    exceptions = int((seeds.exceptions > 0).sum())
    print(f"E051  burdened buurten that do not decline exist in {exceptions} of {len(seeds)} seeds (published: they exist)")
    place = Path(config["results"]["folder"])
    place.mkdir(parents=True, exist_ok=True)
    path = place / f"validatie-{p.folder.name.rpartition('-')[2]}.csv"
    table.to_csv(path, index=False)
    print(path)
    return Ended(0, place)


def beside(seeds: "pd.DataFrame") -> "pd.DataFrame":
    """Each row with the model's mean over seeds, its range over seeds, and whether the mean lies within a factor two.

    A row that can not be compared has no figures, and `why`.
    A change is compared by its distance from none, so that it is within where both are small: less than five percentage points.
    """
    import numpy as np
    import pandas as pd

    found = []
    for row in ROWS:
        values = seeds[row.key].to_numpy(float) if row.key else np.array([np.nan])
        if np.isnan(values).all():
            found.append((*row[:4], *[np.nan] * 3, pd.NA, row.why or NOTHING))
            continue
        mean = float(np.nanmean(values))
        near = abs(mean - row.published) < 0.05 if row.unit == "relative" else 0.5 <= mean / row.published <= 2.0
        found.append((*row[:4], mean, float(np.nanmin(values)), float(np.nanmax(values)), bool(near), ""))
    columns = ["evidence", "what", "unit", "published", "model", "low", "high", "within", "why"]
    return pd.DataFrame(found, columns=columns).astype({"within": "boolean"})


def measured(p: "Plan", seed: int) -> dict[str, float]:
    """All keys of ROWS for one seed of the baseline; NaN where nothing happened to measure it on."""
    from experiments.asking import parameters
    from experiments.engine.measure import month_zero
    from experiments.plan import ground
    from experiments.scenarios import settings_of
    from model.chronicle import Chronicle, repeaters
    from model.city import City

    this, months = ground(p), p.config["months"]
    world = month_zero(this, seed)
    with City(world.copy(), this.rooms, this.huidig, p.scenarios[p.baseline], seed, this.without, months) as city:
        log, placed = Chronicle(city, parameters()), {}
        start = buurten(city.world)
        for month in range(1, months + 1):
            log.run(1)
            placed[month] = came(city.world, 0), came(city.world, YEAR)
            if month == LOOKED_AT:
                later = buurten(city.world)
        events = log.table()
        again = repeaters(events, 0, months)
        found = {"repeaters": float(again.E088.mean()), "reports_of_repeaters": float(again.E089.mean())}
        found |= first_year(events, placed, this.rooms.stability.lonely_below, log.p.day_activity)
        found |= of_buurten(start, later, buurten(city.world), this.rooms.publication.class_width)
        early = evictions(city)
    late = [*p.scenarios[p.baseline], *settings_of("laat_signaal", "validation")]
    with City(world, this.rooms, this.huidig, late, seed, this.without, months) as city:
        city.run(months)
        return found | funnel(evictions(city), early)


def came(world: "World", ago: int) -> "pd.DataFrame":
    """Persons from a queue who came to their present home so many months ago."""
    import numpy as np
    import pandas as pd

    from model.mechanisms.inflow import PERSON_ID
    from model.world import Place

    persons, kind = world.persons, np.uint64(56)
    mine = (persons.place == int(Place.THUIS)) & (persons.since == world.month - ago)
    rows = np.flatnonzero(mine & (persons.identity >> kind == PERSON_ID >> kind))
    return pd.DataFrame({name: getattr(persons, name)[rows] for name in ("identity", "debts", "network", "participation")})


def first_year(
    events: "pd.DataFrame", placed: "dict[int, tuple[pd.DataFrame, pd.DataFrame]]", lonely_below: float, active_from: float
) -> dict[str, float]:
    """E126 and E127: of placements with a year behind them, who lost the home in it; of who still lives there, how it is."""
    import pandas as pd

    from model.chronicle import Event

    homes = events[(events.event == Event.GEPLAATST) & (events.month <= max(placed) - YEAR)][["identity", "month"]]
    lost = events[events.event.isin([Event.UITGEZET, Event.HUIS_KWIJT])][["identity", "month"]]
    both = homes.merge(lost, on="identity", suffixes=("", "_lost"))
    failed = both[(both.month_lost > both.month) & (both.month_lost <= both.month + YEAR)].drop_duplicates(["identity", "month"])
    then = pd.concat([now.assign(month=month) for month, (now, _) in placed.items()])
    after = pd.concat([year_on.assign(month=month - YEAR) for month, (_, year_on) in placed.items()])
    kept = then[then.debts == 1].merge(after, on=["identity", "month"], suffixes=("", "_after"))
    return {
        "still_housed": 1.0 - len(failed) / max(len(homes), 1),
        "debts_kept": float(kept.debts_after.mean()),
        "lonely": float((after.network < lonely_below).mean()),
        "idle": float((after.participation < active_from).mean()),
    }


def evictions(city: "City") -> dict[str, float]:
    """What E093 to E102 are about, over the whole horizon."""
    import numpy as np

    from model.world import Count

    total = city.record.counts[1:].sum(axis=(0, 1), dtype=float)
    years = (len(city.record.counts) - 1) / YEAR
    evicted, judged, nuisance = (total[c] for c in (Count.UITZETTINGEN, Count.VONNISSEN, Count.UITZETTINGEN_OVERLAST))
    return {
        "evicted": 1000.0 * evicted / years / city.record.social.sum(),
        "averted": 1.0 - evicted / judged if judged else np.nan,
        "for_arrears": 1.0 - nuisance / evicted if evicted else np.nan,
    }


def funnel(late: dict[str, float], early: dict[str, float]) -> dict[str, float]:
    """E093 to E102: the keys of `evictions` with early and with late signals, and how far evictions fell between the two."""
    import numpy as np

    def fall(share: Callable[[dict[str, float]], float]) -> float:
        before, after = share(late) * late["evicted"], share(early) * early["evicted"]
        return 1.0 - after / before if before else np.nan

    falls = {"fall_of_arrears": fall(lambda x: x["for_arrears"]), "fall_of_others": fall(lambda x: 1.0 - x["for_arrears"])}
    return early | {f"{key}_late": value for key, value in late.items()} | falls


def buurten(world: "World") -> "pd.DataFrame":
    """What is compared of buurten: homes, score, load, and the share of vulnerable residents."""
    import numpy as np
    import pandas as pd

    b = world.buurten
    share = world.sum_at_home(np.ones(world.persons.rows)) / b.homes
    return pd.DataFrame({"homes": b.homes, "score": b.score, "load": b.draaglast / b.homes, "share": share})


def of_buurten(start: "pd.DataFrame", later: "pd.DataFrame", end: "pd.DataFrame", width: float) -> dict[str, float]:
    """E051, E052 and E055. An exception is a buurt in the most burdened quarter that does not decline by a tenth of a class."""
    weak = [frame.homes[frame.score <= start.score.quantile(WEAK)].sum() for frame in (start, later)]
    burdened = end.load >= end.load.quantile(0.75)
    return {
        "weak_change": weak[1] / weak[0] - 1.0,
        "fell": float((end.share < start.share).mean()),
        "exceptions": int((burdened & (end.score - start.score > -0.1 * width)).sum()),
    }


if __name__ == "__main__":
    main()
