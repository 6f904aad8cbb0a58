"""A study: its runs on a few workers, stored as they come, and the tables that are made of them.

Whatever is whole on disk is never computed again: a study that was killed, or is asked for more seeds, scenarios or design
points, computes what is missing. Tables are made anew from all runs, in (design point, seed, scenario) order, and put in
place at once: the manifest goes first and comes last, so a folder with a manifest is finished. See docs/studies.md.
"""

import hashlib
import json
import logging
import os
import pickle
import platform
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import joblib
from filelock import FileLock, Timeout
from joblib.externals.loky.process_executor import TerminatedWorkerError

from experiments import tables
from experiments.measure import Asked, Failed, Ground, Job, Run, live
from experiments.plan import Plan, asked, ground, identity, jobs
from experiments.progress import Progress
from experiments.store import FOLDER, REST, WHOLE, Store, in_groups, weight
from experiments.verify import seal
from model.indicators import COMPARED
from model.parameters import Problem, Refused

FIRST, NEXT, STATE, FAILURES, LOCK = "manifest.json", ".next", "study.json", "failures.json", ".lock"
LOST = 5.0  # seconds of work that may be lost when the process is killed; or a hundredth of the time that it has run,
LOST_AT_MOST = 60.0  # but never more than this
BUFFER = 16 << 20  # bytes of runs that wait to be written
PACKAGES = ("mesa", "numpy", "numba", "scipy", "pandas", "pyarrow", "hydra-core")


class Outcome(NamedTuple):
    """What a call has done."""

    computed: int
    failed: int
    missing: int  # left to others: parts of this study that were not asked for
    written: bool  # whether the tables stand


class Stopped(Exception):
    """The study stops for a reason that is no fault of its runs; what is stored stays."""


def found(p: Plan) -> bool:
    """Whether this very study lies finished in its folder."""
    path = p.folder / FIRST
    if not path.is_file():
        return False
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False  # a damaged manifest: the tables are made again
    return told.get("identity") == plain(identity(p)) and not told.get("failed")


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
        _note_failures(p, failed)
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


# Workers

_ground: Callable[[dict[str, Any]], Ground]  # of this process: what a worker knows of the study


def _begin(told: bytes) -> None:
    """Tell a worker once what all its jobs share: a plan, as pickle writes it."""
    global _ground
    logging.getLogger("MESA").setLevel(logging.WARNING)
    p: Plan = pickle.loads(told)
    last: list[Any] = [None, None]

    def of(values: dict[str, Any]) -> Ground:
        if last[0] != values:
            last[:] = values, ground(p, values)
        return last[1]

    _ground = of


def _lived(number: int, job: Job) -> tuple[int, list[tuple[Asked, Run | Failed]]]:
    return number, list(live(_ground(job.values), job.seed, job.asked))


def results(p: Plan, todo: Iterable[Job]) -> Iterator[list[tuple[Asked, Run | Failed]]]:
    """What each job yields, as it comes. The first is lived here, so that workers find compiled kernels."""
    todo, workers = iter(todo), p.config["workers"]
    told = pickle.dumps(p._replace(town=replace(p.town, shapes=None)))  # bytes, which joblib can compare with the last study's
    _begin(told)
    for job in todo if workers == 1 else islice(todo, 1):
        yield _lived(0, job)[1]
    while workers > 1:
        flying: dict[int, Job] = {}
        try:
            yield from _parallel(told, todo, workers, flying)
            return
        except TerminatedWorkerError:
            for job in flying.values():
                yield _by_itself(told, job)


def _parallel(
    told: bytes, todo: Iterator[Job], workers: int, flying: dict[int, Job]
) -> Iterator[list[tuple[Asked, Run | Failed]]]:
    """Jobs on persistent workers; `flying` holds what has been handed out and has not come back."""

    def handed_out() -> Iterator[Any]:
        for number, job in enumerate(todo):
            flying[number] = job
            yield joblib.delayed(_lived)(number, job)

    with joblib.parallel_config("loky", inner_max_num_threads=1, initializer=_begin, initargs=(told,)):
        parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
        for number, outcome in parallel(handed_out()):
            del flying[number]
            yield outcome


def _by_itself(told: bytes, job: Job) -> list[tuple[Asked, Run | Failed]]:
    """A job that was under way when a worker died, once more and alone: is it this one that kills?"""
    try:
        return next(_parallel(told, iter([job]), 2, {}))
    except TerminatedWorkerError as error:
        return [(a, Failed(f"The worker process died, perhaps for want of memory: {error}")) for a in job.asked]


def _live_all(p: Plan, todo: list[Job], store: Store, keep: "Keeper") -> tuple[int, list[tuple[Asked, Failed]]]:
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
        for outcome in results(p, still()):
            for a, x in outcome:
                progress.add(a, x)
                if isinstance(x, Failed):
                    failed.append((a, x))
                else:
                    keep.add(a, x)
    finally:
        progress.close()
    return progress.done - len(failed), failed


class Keeper:
    """Runs that wait to be written, and the time since something was."""

    def __init__(self, store: Store) -> None:
        self.store, self.size = store, 0
        self.waiting: list[tuple[Asked, Run]] = []
        self.began = self.wrote = time.monotonic()

    def add(self, asked: Asked, run: Run) -> None:
        """Keep a run; write a chunk when enough waits, or long enough."""
        self.waiting.append((asked, run))
        self.size += weight(run)
        now = time.monotonic()
        if self.size >= BUFFER or now - self.wrote > min(max(LOST, 0.01 * (now - self.began)), LOST_AT_MOST):
            self.write()

    def write(self) -> None:
        """Write what waits."""
        if self.waiting:
            self.store.append(self.waiting)
        self.waiting, self.size, self.wrote = [], 0, time.monotonic()


@contextmanager
def stored(store: Store) -> Iterator[Keeper]:
    """Runs are kept while it lasts, and what waits is written at its end: also when a person or a cluster stops it."""
    keep = Keeper(store)
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, _stop) if main else None
    try:
        try:
            yield keep
        finally:
            keep.write()
    except KeyboardInterrupt:
        raise Stopped(f"Stopped. {len(store):,} runs are kept in {store.folder}; the same command goes on from there.") from None
    except OSError as error:
        raise Stopped(
            f"{store.folder}: {error.strerror or error}. {len(store):,} runs are whole and kept; {len(keep.waiting)} that waited "
            "to be written are lost. Make room and give the same command again."
        ) from error
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


def _stop(*_: Any) -> None:
    raise KeyboardInterrupt


# The folder


def prepare(p: Plan) -> None:
    """The study's folder, of this version of the code; raises `Refused` where nothing can be written."""
    state = {"model": identity(p)["model"], "runs": identity(p)["runs"]}
    path = p.folder / FOLDER / STATE
    try:
        told = kept_in(path) or kept_in(p.folder / FIRST).get("identity", {})
        if told and {name: told.get(name) for name in state} != state:
            aside = _aside(p.folder, str(told.get("model", "unknown"))[:8])
            print(
                f"{p.folder} was made by another version of the code ({told.get('model')}, now {state['model']}). "
                f"It was kept as {aside}; all runs are computed anew.",
                file=sys.stderr,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, state | {"identity": identity(p)})
    except OSError as error:
        found = f"{p.folder}, which can not be written ({error.strerror or error})"
        raise Refused([Problem("results.folder", found, "a folder with room where files may be written")]) from error


def kept_in(path: Path) -> dict[str, Any]:
    """A JSON file of ours, or nothing where it is absent or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _aside(folder: Path, version: str) -> Path:
    """Put a folder aside under a name that no other has."""
    name = f"{folder.name}.{version}"
    taken = {path.name for path in folder.parent.iterdir()}
    free = next(n for n in (name, *(f"{name}-{k}" for k in range(2, 10_000))) if n not in taken)
    return folder.rename(folder.with_name(free))


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
        _write(folder / FIRST, manifest(p, folder, failed, started))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise Stopped(
            f"{p.folder}: {error.strerror or error}. All {len(store):,} runs are kept; the tables were not written. "
            "Make room and give the same command again."
        ) from error
    _put_in_place(p.folder, folder)
    store.clear(chunks)
    return True


def _put_in_place(study: Path, made: Path) -> None:
    """Replace a study's tables. Whenever this is killed, all runs are in runs.parquet or in chunks."""
    for name in (FIRST, "report.html", "report.en.html"):
        (study / name).unlink(missing_ok=True)
    shutil.rmtree(study / "figures", ignore_errors=True)
    names = sorted((path.name for path in made.iterdir()), key=lambda name: (name == FIRST, name != WHOLE))
    for name in names:
        os.replace(made / name, study / name)
    if REST not in names:
        (study / REST).unlink(missing_ok=True)
    made.rmdir()


def manifest(p: Plan, folder: Path, failed: int, started: float) -> dict[str, Any]:
    """What the tables do not say: which study this is, and the hash of each table. `run` differs from run to run."""
    found = {
        "identity": plain(identity(p)),
        "town": {"code": p.town.code, "naam": p.town.naam, "synthetic": p.town.synthetic, "sources": list(p.town.sources)},
        "seeds": p.seeds,
        "scenarios": list(p.scenarios),
        "baseline": p.baseline,
        "indicators": list(COMPARED),
        "failed": failed,
        "commit": _commit(),
        "versions": {name: version(name) for name in PACKAGES},
        "results": {path.name: _digest(path) for path in sorted(folder.glob("*.parquet")) if path.name != REST},
        "run": {
            "started": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(started)),
            "seconds": round(time.time() - started, 1),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "runs": len(asked(p)) - failed,
            "workers": p.config["workers"],
            "tables": {name: p.config["gemeente"][name] for name in ("data", "cache", "eigen")},
        },
    }
    return found | {"seal": seal(found)}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _note_failures(p: Plan, failed: list[tuple[Asked, Failed]]) -> None:
    """Record what failed, with all that is needed to live it again; what failed before and is whole now goes."""
    path = p.folder / FAILURES
    if not failed:
        path.unlink(missing_ok=True)
        return
    values = {point.name: point.values for point in p.points}
    told = [
        {
            "design": a.design, "values": values.get(a.design, {}), "scenario": a.scenario, "seed": a.seed, "months": a.months,
            "settings": [s._asdict() for s in a.settings], "key": a.key, "traceback": x.traceback,
        }
        for a, x in failed
    ]  # fmt: skip
    _write(path, {"identity": plain(identity(p)), "failed": told})


def _write(path: Path, content: dict[str, Any]) -> None:
    """A JSON file, whole or not at all."""
    passing = path.with_name(f".{path.name}.{os.getpid()}")
    with open(passing, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(passing, path)


def plain(value: Any) -> Any:
    """As JSON would give it back."""
    return json.loads(json.dumps(value))


def _commit() -> str:
    try:
        out = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent, check=True)
        return out.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
