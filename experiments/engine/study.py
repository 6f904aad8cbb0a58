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
from experiments.engine.folder import FAILURES, FIRST, found, manifest, note_failures, prepare, put_in_place, write_json
from experiments.engine.keeper import Keeper, Stopped, stored
from experiments.engine.measure import Asked, Failed, Job
from experiments.engine.progress import Progress
from experiments.engine.store import Store, in_groups
from experiments.plan import Plan, asked, jobs

LOCK, NEXT = ".lock", ".next"  # in the study's folder: who works on it first, and its tables while they are made


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
        if not self.written:
            lines.append(f"{self.missing:,} runs of other parts are missing: no tables yet. The command without part makes them.")
        return "\n".join(lines)


def run(p: Plan, tabled: bool = True) -> Outcome:
    """Live what is missing, and write the tables once all is there, if asked. Raises `Refused` or `Stopped`, in words."""
    started = time.time()
    prepare(p)
    store = Store(p.folder)
    for told in store.damaged:
        print(told, file=sys.stderr)
    mine = [job for k, job in enumerate(jobs(p)) if not p.config["part"] or k % p.config["parts"] == p.config["part"] - 1]
    lock = FileLock(p.folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print("Another process works on this study; they share the work.", file=sys.stderr)
        random.shuffle(mine)
    try:
        with stored(store) as keep:
            done, failed = _live_all(p, mine, store, keep)
        store.refresh()
        note_failures(p, failed)
        missing = sum(a.key not in store for a in asked(p)) - len(failed)
        if not tabled or (missing > 0 and p.config["part"]):
            return Outcome(done, len(failed), missing, False)
        with lock:  # whoever was not first waits here, and then finds the tables made
            return Outcome(done, len(failed), 0, finish(p, store, len(failed), started))
    finally:
        lock.release(force=True)


def take(p: Plan, folders: list[Path]) -> int:
    """Take the runs that this study asks for from other folders, such as those of other machines; returns how many were new.

    The folders stay as they are. Runs of other configurations, data or code have other keys and are left.
    """
    prepare(p)
    store, wanted, new = Store(p.folder), [a.key for a in asked(p)], 0
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
    progress, failed = Progress(p, total, known - total), []

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
                if isinstance(x, Failed):
                    failed.append((a, x))
                else:
                    keep.add(a, x)
    finally:
        progress.close()
    return progress.done - len(failed), failed


def finish(p: Plan, store: Store, failed: int, started: float) -> bool:
    """Make the tables from the stored runs and put them in place. False where there is nothing to make them of."""
    if found(p):  # another process was here first, with all that this one has
        store.clear(store.written)
        return True
    if not any(a.key in store for a in asked(p)):
        return False
    folder = p.folder / NEXT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    chunks = store.known_chunks()
    try:
        tables.write(p, store, folder, failed)
        write_json(folder / FIRST, manifest(p, folder, failed, started))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Stopped(
            f"{p.folder}: {error.strerror or error}. All {len(store):,} runs are kept; the tables were not written. "
            "Make room and give the same command again."
        ) from error
    put_in_place(p.folder, folder)
    store.clear(chunks)
    return True
