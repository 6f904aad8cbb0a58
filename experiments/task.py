"""What a command does for one configuration, and how it ended."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class Ended(NamedTuple):
    """How a task ended: its exit code, and the folder that it leaves."""

    code: int = 0
    folder: Path | None = None


Task = Callable[[dict[str, Any]], Ended]  # of a resolved configuration


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
    from omegaconf import OmegaConf

    logging.getLogger("MESA").setLevel(logging.WARNING)
    plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True, enum_to_str=True)
    return plain
