"""A study: its runs on a few workers, stored as they come, and the tables that are made of them.

Whatever is whole on disk is never computed again: a study that was killed, or is asked for more seeds, scenarios or design
points, computes what is missing. Tables are made anew from all runs, in (design point, seed, scenario) order, and put in
place at once. See docs/studies.md.
"""

import random
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from experiments.engine import tables, workers
from experiments.engine.folder import (
    FAILURES,
    FIRST,
    being_made,
    found,
    manifest,
    note_failures,
    prepare,
    put_in_place,
    roll_forward,
    to_disk,
    write_json,
)
from experiments.engine.keeper import Keeper, Stopped, stored
from experiments.engine.measure import Asked, Failed, Job
from experiments.engine.progress import Progress
from experiments.engine.store import Store, in_groups
from experiments.plan import MAIN, Plan, jobs

LOCK = ".lock"  # in the study's folder: who works on it first


class Outcome(NamedTuple):
    """What a call has done."""

    computed: int
    failed: int
    missing: int  # left to others: parts of this study that were not asked for
    written: bool  # whether the tables stand

    def told(self, folder: Path) -> str:
        """What was done, in words."""
        lines = [f"{self.computed:,} runs computed, {self.failed:,} failed"]
        if self.failed:
            lines.append(f"What failed, with its configuration: {folder / FAILURES}. The same command tries these again.")
        if not self.written and self.missing:
            lines.append(f"{self.missing:,} runs of other parts are missing: no tables yet. The command without part makes them.")
        elif not self.written:
            lines.append("No tables: no seed of the study itself has both the baseline and another scenario.")
        return "\n".join(lines)


def run(p: Plan, tabled: bool = True) -> Outcome:
    """Live what is missing, and write the tables once all is there, if asked. Raises `Refused` or `Stopped`, in words."""
    started = time.time()
    prepare(p)
    mine = [job for k, job in enumerate(jobs(p)) if not p.config["part"] or k % p.config["parts"] == p.config["part"] - 1]
    lock = lock_of(p)
    try:
        lock.acquire(timeout=0)
        roll_forward(p.folder)
    except Timeout:
        print("Another process works in this folder; what both are asked for, they share.", file=sys.stderr)
        random.shuffle(mine)
    try:
        store = Store(p.folder)
        with stored(store) as keep:
            done, failed = _live_all(p, mine, store, keep)
        store.refresh()
        failed = [(a, x) for a, x in failed if a.key not in store]
        note_failures(p, failed, store)
        missing = len({a.key for a in p.asked} - set(store))
        print(*store.damaged, sep="\n", end="\n" if store.damaged else "", file=sys.stderr)
        if not tabled or (missing > len(failed) and p.config["part"]):
            return Outcome(done, len(failed), missing - len(failed), False)
        return Outcome(done, len(failed), missing - len(failed), finish(p, started))
    finally:
        lock.release(force=True)


def lock_of(p: Plan) -> FileLock:
    """Who has it puts tables in place; the same object within a process."""
    return FileLock(p.folder / LOCK, is_singleton=True)


def take(p: Plan, folders: list[Path]) -> int:
    """Take the runs that this study asks for from other folders, such as those of other machines; returns how many were new.

    The folders stay as they are. Runs of other configurations, data or code have other keys and are left.
    """
    prepare(p)
    store, wanted, new = Store(p.folder), [a.key for a in p.asked], 0
    for folder in folders:
        other = Store(folder, mend=False)
        for told in other.damaged:
            print(told, file=sys.stderr)
        missing = dict.fromkeys(key for key in wanted if key in other and key not in store)
        for pairs in in_groups(map(other.row, missing)):
            store.append(pairs)
            new += len(pairs)
    return new


def _live_all(p: Plan, todo: list[Job], store: Store, keep: Keeper) -> tuple[int, list[tuple[Asked, Failed]]]:
    """Live what the store has not; returns how many runs were lived and those that failed."""
    missing = [job._replace(asked=tuple(a for a in job.asked if a.key not in store)) for job in todo]
    known = sum(len(job.asked) for job in todo)
    missing = [job for job in missing if job.asked]
    total = sum(len(job.asked) for job in missing)
    if not total:
        return 0, []
    progress = Progress(p, total, known - total)
    failed: list[tuple[Asked, Failed]] = []

    def still() -> Iterator[Job]:
        for job in missing:
            store.refresh()
            left = tuple(a for a in job.asked if a.key not in store)
            if left:
                yield job._replace(asked=left)

    try:
        for outcome in workers.results(p, still()):
            for a, x in outcome:
                progress.add(a, x)
            failed += [(a, x) for a, x in outcome if isinstance(x, Failed)]
            keep.take([(a, x) for a, x in outcome if not isinstance(x, Failed)])
    finally:
        progress.close()
    return progress.done - len(failed), failed


def finish(p: Plan, started: float) -> bool:
    """Make the tables from the stored runs and put them in place. False where the study itself has nothing to compare."""
    with lock_of(p):  # whoever was not first waits here, and then finds the tables made
        roll_forward(p.folder)
        store = Store(p.folder)  # as it is now: another process may have replaced the files that this one knew
        if found(p):
            store.clear(store.chunks_settled())
            return True
        if not comparable(p, store):
            return False
        made = being_made(p.folder)
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir()
        missing = len({a.key for a in p.asked} - set(store))
        try:
            tables.write(p, store, made, missing)
            write_json(made / FIRST, manifest(p, made, missing, started))
            to_disk(made)
        except KeyboardInterrupt:
            shutil.rmtree(made, ignore_errors=True)
            raise Stopped(
                f"Stopped. All {len(store):,} runs are kept in {p.folder}; the same command writes the tables.", asked=True
            ) from None
        except OSError as error:
            shutil.rmtree(made, ignore_errors=True)
            raise Stopped(
                f"{p.folder}: {error.strerror or error}. All {len(store):,} runs are kept; the tables were not written. "
                "Make room and give the same command again."
            ) from error
        put_in_place(p.folder, made)
        store.clear(store.chunks_known())
        return True


def comparable(p: Plan, store: Store) -> bool:
    """Whether some seed of the study itself has the baseline and another scenario."""
    there = [(a.seed, a.scenario) for a in p.asked if a.design == MAIN and a.key in store]
    seeds = {seed for seed, scenario in there if scenario == p.baseline}
    return any(seed in seeds and scenario != p.baseline for seed, scenario in there)
