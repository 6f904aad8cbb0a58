"""Runs that wait to be written: how long, and what becomes of them when a person, a cluster or a disk stops the study."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from experiments.engine.measure import Asked, Run
from experiments.engine.store import Store, weight

LOST = 5.0  # seconds of work that may be lost when the process is killed; or a hundredth of the time that it has run,
LOST_AT_MOST = 60.0  # but never more than this
BUFFER = 4 << 20  # bytes of runs that wait to be written


class Stopped(Exception):
    """The study stops for a reason that is no fault of its runs; what is stored stays.

    `asked`: a person or a cluster wants it.
    """

    def __init__(self, told: str, asked: bool = False) -> None:
        super().__init__(told, asked)
        self.told, self.asked = told, asked

    def __str__(self) -> str:
        return self.told


class Keeper:
    """Runs that wait to be written, and the time since something was."""

    def __init__(self, store: Store) -> None:
        self.store, self.size = store, 0
        self.waiting: list[tuple[Asked, Run]] = []
        self.began = self.wrote = time.monotonic()

    def take(self, runs: list[tuple[Asked, Run]]) -> None:
        """Keep the runs of a job; write a chunk when enough waits, or long enough."""
        self.waiting += runs
        self.size += sum(weight(run) for _, run in runs)
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
        raise Stopped(
            f"Stopped. {len(store):,} runs are kept in {store.folder}; the same command goes on from there.", True
        ) from None
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
