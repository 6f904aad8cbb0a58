"""Jobs on a few processes: persistent workers that know the study, and what is done when one of them dies."""

import logging
import pickle
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

import joblib
from joblib.externals.loky.process_executor import TerminatedWorkerError

from experiments.engine.keeper import Stopped
from experiments.engine.measure import Asked, Failed, Ground, Job, Run, live, version
from experiments.plan import Plan, ground

Lived = list[tuple[Asked, Run | Failed]]
_ground: Callable[[dict[str, Any]], Ground]  # of this process: what a worker knows of the study
_wanted: str  # and the code that it is to be lived with


def _begin(told: bytes) -> None:
    """Tell a worker once what all its jobs share: a plan, as pickle writes it."""
    global _ground, _wanted
    logging.getLogger("MESA").setLevel(logging.WARNING)
    p: Plan
    wanted, p = pickle.loads(told)
    last: list[Any] = [None, None]

    def of(values: dict[str, Any]) -> Ground:
        if last[0] != values:
            last[:] = values, ground(p, values)
        return last[1]

    _ground = of
    _wanted = wanted


def _lived(number: int, job: Job) -> tuple[int, Lived]:
    if version() != _wanted:
        raise Stopped("The code has changed since this study began. What is stored stays; give the same command again.")
    return number, list(live(_ground(job.values), job.seed, job.asked))


def results(p: Plan, todo: Iterable[Job]) -> Iterator[Lived]:
    """What each job yields, as it comes. The first is lived here, so that workers find compiled kernels."""
    todo, workers = iter(todo), p.config["workers"]
    light = replace(p, town=replace(p.town, shapes=None))
    told = pickle.dumps((version(), light))  # bytes, which joblib can compare with the last study's
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


def _parallel(told: bytes, todo: Iterator[Job], workers: int, flying: dict[int, Job]) -> Iterator[Lived]:
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


def _by_itself(told: bytes, job: Job) -> Lived:
    """A job that was under way when a worker died, once more and alone: is it this one that kills?"""
    try:
        return next(_parallel(told, iter([job]), 2, {}))
    except TerminatedWorkerError as error:
        return [(a, Failed(f"The worker process died, perhaps for want of memory: {error}")) for a in job.asked]
