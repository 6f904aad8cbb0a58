"""A study before it runs: how many runs, how many of them are new, and how long and how large they are likely to be.

Time and size are measured on this machine, on one world of the study that lives a year; they are estimates for all that.
"""

import io
import time
from typing import NamedTuple

import pyarrow.parquet as pq

from experiments.engine.measure import Job, blocks, built, follows, summed_up
from experiments.engine.store import Store, table
from experiments.plan import Plan, ground, jobs
from experiments.show import aligned, number
from model.city import City
from model.followed import Kept
from model.indicators import INDICATORS

TRIED = 12  # months that are lived to measure


class Measured(NamedTuple):
    """What one world of the study costs here."""

    build: float  # seconds
    month: float  # seconds
    packed: float  # bytes on disk per byte of what a run keeps
    kept: int  # bytes that a run keeps of who was followed


def tell(p: Plan) -> None:
    """Print what the study would do."""
    todo, store = jobs(p), Store(p.folder, mend=False)
    kinds = {point.name: point.kind for point in p.points}
    every = p.asked
    rows = [["", "", "design points", "runs", "of which new"]]
    for kind in ("study", "shape", "screen", "draw", "design", "check"):
        of = [a for a in every if kinds.get(a.design, "check") == kind]
        new = len({a.key for a in of if a.key not in store})
        rows.append([NAMES[kind], "", str(len({a.design for a in of})), f"{len(of):,}", f"{new:,}"])
    print(aligned(rows))
    found = measured(p)
    missing = [job._replace(asked=tuple(a for a in job.asked if a.key not in store)) for job in todo]
    seconds = sum(lasts(p, job, found) for job in missing if job.asked) / p.config["workers"]
    size = sum(weighs(p, job, found) for job in todo)
    print(f"\n{sum(bool(job.asked) for job in missing):,} worlds to build and warm up, each shared by its scenarios")
    print(f"About {lasting(seconds)} on {p.config['workers']} workers, and {number(size / 1e6)} MB in {p.folder}")
    print(f"(measured here: {1000 * found.month:.1f} ms a month, {1000 * found.build:.0f} ms to build a world)")


NAMES = {
    "study": "the study itself", "shape": "shapes x catchments", "screen": "screened numbers", "draw": "draws of numbers",
    "design": "your design", "check": "checks",
}  # fmt: skip


def measured(p: Plan) -> Measured:
    """Build a world and live a year in it; what has to be compiled is compiled before the clock runs."""
    first, of = p.asked[0], ground(p)
    city = City(built(of, first.seed), of.rooms, of.huidig, [], first.seed, of.without, months=TRIED)
    city.run(1)
    city.close()
    began = time.perf_counter()
    world = built(of, first.seed)
    world_there = time.perf_counter()
    city = City(world, of.rooms, of.huidig, [], first.seed, of.without, months=TRIED, follow=follows(first.detail))
    city.run(TRIED)
    lived = time.perf_counter()
    run = summed_up(city.record, first._replace(months=TRIED), of.rooms)
    city.close()
    packed = io.BytesIO()
    pq.write_table(table([(first, run)]), packed, compression="zstd")
    kept = sum(getattr(run, name).nbytes for name in Kept._fields)  # grows with homes and persons, hardly with months
    packed_share = packed.getbuffer().nbytes / (run.indicators.nbytes + kept)
    return Measured(world_there - began, (lived - world_there) / TRIED, packed_share, kept)


def lasts(p: Plan, job: Job, found: Measured) -> float:
    """Seconds of one world with all that is asked of it."""
    months = p.config["warmup"] + sum(a.months for a in job.asked)
    return found.build + months * found.month


def weighs(p: Plan, job: Job, found: Measured) -> float:
    """Bytes of a world's runs on disk: as stored runs, and as rows of indicators."""
    places = {
        "gemeente": 1, "regiogemeente": len(p.town.gemeenten), "wijk": len(p.town.wijken), "buurt": len(p.town.buurten),
    }  # fmt: skip
    rows = sum(
        len(block.months) * places[block.level] for a in job.asked for block in blocks(a.detail, a.months, len(p.town.gemeenten))
    )
    followed = sum(follows(a.detail) for a in job.asked)
    return found.packed * (2.0 * rows * len(INDICATORS) * 4 + followed * found.kept)


def lasting(seconds: float) -> str:
    """40 seconds, 12 minutes, 7.5 hours."""
    if seconds < 100:
        return f"{number(seconds)} seconds"
    return f"{number(seconds / 60)} minutes" if seconds < 6000 else f"{number(seconds / 3600)} hours"
