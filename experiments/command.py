"""What every command does around its task: help, the configuration that Hydra composes, refusals on one screen, exit codes."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Ended(NamedTuple):
    """How a task ended: its exit code, and the folder that it leaves."""

    code: int = 0
    folder: Path | None = None


Task = Callable[[dict[str, Any]], Ended]  # of a resolved configuration


def run(story: str, task: Task, arguments: list[str]) -> None:
    """Print the story if help is asked for, else do the task on the configuration that the arguments (`key=value`) compose.

    Leaves with the task's code, or with 2 where the arguments are refused. With -m the task is done for each point of the
    sweep, and the code is that of `experiments.sweeping`.
    """
    if any(arg in ("-h", "--help") for arg in arguments):
        print(story)
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # hydra hands its errors over instead of leaving with code 1
    from experiments.refusal import refuse_added_and_deleted, refused

    command = Command(task, arguments)
    with refused(arguments):
        refuse_added_and_deleted(arguments)
        _hydra(command)
    if command.code:
        raise SystemExit(command.code)


@dataclass
class Command:
    """What Hydra calls. Hydra drops what a task returns, so the exit code is kept here; a sweep sets it at its end."""

    task: Task
    arguments: list[str]
    code: int = 0

    def __call__(self, config: Any) -> None:
        """Do the task on the composed configuration; refusals of the task leave at once."""
        from experiments.refusal import refused

        with refused(self.arguments):
            self.code = self.task(resolved(config)).code


def resolved(config: Any) -> dict[str, Any]:
    """A composed configuration as plain data; raises OmegaConf's error if a value is missing."""
    import logging

    from omegaconf import OmegaConf

    logging.getLogger("MESA").setLevel(logging.WARNING)
    plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True, enum_to_str=True)
    return plain


def _hydra(command: Command) -> None:
    import hydra
    from hydra.core.config_store import ConfigStore
    from hydra.core.plugins import Plugins

    from experiments.config import CONFIGS, schema
    from experiments.sweeper import PLUGIN, Sweeper

    ConfigStore.instance().store("schema", schema())
    Plugins.instance().class_name_to_class[PLUGIN] = Sweeper
    sys.argv[1:] = command.arguments  # where hydra reads them
    hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="config")(command)()
