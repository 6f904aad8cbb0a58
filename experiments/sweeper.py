"""Hydra's side of a sweep (`-m`): which jobs compose, what runs in each, and where Hydra and its launchers put their files.

A job may run in another process or on another machine. It gets all that it needs with it, and what it came to is what it
leaves in the sweep's folder (experiments.sweeping).
"""

import sys
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from hydra.plugins import sweeper
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from experiments import sweeping
from experiments.refusal import told, unknown_key
from experiments.sweeping import FAILED, RAN, REFUSED, Outcome
from experiments.task import Command, Task, resolved

PLUGIN = "hydra_plugins.wijkdraagkracht.Sweeper"  # its name in configs/hydra/sweeper; Hydra takes plugins of that package only


@dataclass(frozen=True)
class Point:
    """What a launcher runs, wherever that is: the task on one job's configuration. Whatever happens is left as an outcome."""

    task: Task
    folder: Path  # of the sweep, absolute
    jobs: tuple[tuple[int, str], ...]  # number and name of the jobs that are launched, in the order in which they are

    def __call__(self, config: Any) -> None:
        """Do the task; nothing is raised, since a launcher would drop the other jobs."""
        from hydra.core.hydra_config import HydraConfig

        hydra = HydraConfig.get()
        number, name = self.jobs[hydra.job.num]
        print(f"\n{name}")
        sweeping.leave(self.folder, number, self.outcome(config, name, list(hydra.overrides.task)))

    def outcome(self, config: Any, name: str, overrides: list[str]) -> Outcome:
        """What the task came to."""
        try:
            plain = resolved(config)
            code, folder = self.task(plain)
            return sweeping.of_study(plain, RAN if code == 0 else FAILED, folder)
        except Exception as error:
            lines = told(error, overrides)
            if lines is None:
                traceback.print_exc()
                return Outcome(FAILED, " ".join(f"{type(error).__name__}: {error}".split()))
            return refusal(name, lines)


def refusal(name: str, lines: list[str]) -> Outcome:
    """The outcome of a job that is refused, told on the terminal as well."""
    print(f"Refused: {name}", *lines, sep="\n  ", file=sys.stderr)
    return Outcome(REFUSED, "; ".join(lines))


class Sweeper(sweeper.Sweeper):
    """A grid of jobs like Hydra's basic sweeper makes; each job that does not compose is refused by itself."""

    def __init__(self, max_batch_size: int | None, params: dict[str, str] | None = None) -> None:
        self.max_batch_size, self.params = max_batch_size, params or {}

    def setup(self, *, hydra_context: HydraContext, task_function: Any, config: DictConfig) -> None:
        """Take what Hydra gives. The launcher is made once it is known which jobs it gets."""
        self.context, self.whole, self.command = hydra_context, config, task_function

    def sweep(self, arguments: list[str]) -> None:
        """Run all jobs that can be run and print the index; the command gets the exit code.

        Raises what Hydra has against a key that does not exist, before anything runs.
        """
        command: Command = self.command
        jobs, swept = self._expanded(arguments)
        wrong = dict(refused_by_hydra(self.context.config_loader, self.whole, jobs))
        for error in (error for errors in wrong.values() for error in errors):
            if unknown_key(error):
                raise error
        folder = sweeping.begin(Path(self.whole.results.folder), command.task.__name__, jobs, swept)
        names = [f"Job {number} of {len(jobs)}: {sweeping.name(job, swept)}" for number, job in enumerate(jobs)]
        for number, errors in wrong.items():
            lines = [line for error in errors for line in told(error, jobs[number]) or []]
            sweeping.leave(folder, number, refusal(names[number], lines))
        good = [number for number in range(len(jobs)) if number not in wrong]
        point = Point(command.task, folder.resolve(), tuple((number, names[number]) for number in good))
        self._launch(point, [jobs[number] for number in good])
        command.code = sweeping.report(folder)

    def _expanded(self, arguments: list[str]) -> tuple[list[list[str]], list[str]]:
        """The overrides of every job, and the keys that are swept."""
        from hydra._internal.core_plugins.basic_sweeper import BasicSweeper  # late: Hydra's search for plugins makes it anew

        parser = OverridesParser.create(config_loader=self.context.config_loader)
        own = [f"{key}={value}" for key, value in self.params.items()]
        overrides = parser.parse_overrides([*own, *self._workers(arguments), *arguments])
        swept = [o.get_key_element() for o in overrides if o.is_sweep_override()]
        return BasicSweeper.split_arguments(overrides, None)[0], swept

    def _workers(self, arguments: list[str]) -> list[str]:
        """Joblib lives as many studies at a time as it has processes: one worker each, unless the user says otherwise."""
        beside = self.whole.hydra.launcher._target_.endswith(".JoblibLauncher")
        return ["workers=1"] if beside and not any(a.startswith("workers=") for a in arguments) else []

    def _launch(self, point: Point, jobs: list[list[str]]) -> None:
        """Hand the jobs to the launcher, in batches if the user wants that."""
        from hydra.core.plugins import Plugins

        _place_of_hydra(self.whole, point.folder / "hydra")
        launcher = Plugins.instance().instantiate_launcher(self.context, point, self.whole)
        size = self.max_batch_size or max(len(jobs), 1)
        for first in range(0, len(jobs), size):
            try:
                launcher.launch(jobs[first : first + size], initial_job_idx=first)
            except Exception as error:  # a process that died; what the others came to lies in the sweep's folder
                print(f"The launcher stopped: {type(error).__name__}: {error}", file=sys.stderr)


def _place_of_hydra(config: DictConfig, folder: Path) -> None:
    """Put the files of Hydra and its launchers there, unless the user says where. Jobs compose anew, from the overrides."""
    overrides = config.hydra.overrides.hydra
    if not any(override.startswith("hydra.sweep.dir=") for override in overrides):
        config.hydra.sweep.dir = str(folder)
        quoted = str(folder).replace("'", "\\'")
        overrides.append(f"hydra.sweep.dir='{quoted}'")
    folder = Path(config.hydra.sweep.dir)
    folder.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(config, folder / "multirun.yaml")


def refused_by_hydra(loader: Any, config: DictConfig, jobs: list[list[str]]) -> Iterator[tuple[int, list[Exception]]]:
    """Number and errors of each job that Hydra would refuse.

    Composing takes a second, so that is done once for each choice of groups, and each value is tried once on what was composed.
    """
    composed: dict[tuple[str, ...], DictConfig | Exception] = {}
    tried: dict[tuple[str, ...], Exception | None] = {}
    for number, job in enumerate(jobs):
        groups, values = _parted(loader, job)
        if groups not in composed:
            composed[groups] = _composed(loader, config, groups)
        base = composed[groups]
        if isinstance(base, Exception):
            yield number, [base]
            continue
        for value in values:
            if (*groups, value) not in tried:
                tried[(*groups, value)] = _against(base, value)
        errors = [error for value in values if (error := tried[(*groups, value)])]
        if errors:
            yield number, errors


def _parted(loader: ConfigLoaderImpl, job: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The overrides that choose a file of a group, and those that give a value."""
    groups: list[str] = []
    values: list[str] = []
    for override, line in zip(OverridesParser.create().parse_overrides(job), job, strict=True):
        group = loader.repository.group_exists(override.key_or_group) and not isinstance(override.value(), dict)
        (groups if group else values).append(line)
    return tuple(groups), values


def _composed(loader: ConfigLoaderImpl, config: DictConfig, groups: tuple[str, ...]) -> DictConfig | Exception:
    try:
        return loader.load_sweep_config(config, list(groups))
    except (HydraException, OmegaConfBaseException) as error:
        return error


def _against(base: DictConfig, value: str) -> Exception | None:
    """What Hydra has against an override of a value."""
    try:
        ConfigLoaderImpl._apply_overrides_to_config(OverridesParser.create().parse_overrides([value]), base)
    except (HydraException, OmegaConfBaseException) as error:
        return error
    return None
