"""What every command does around its task: help, the configuration that Hydra composes, refusals on one screen."""

import os
import sys
from collections.abc import Callable
from typing import Any


def run(story: str, task: Callable[[dict[str, Any]], None], arguments: list[str]) -> None:
    """Print the story if help is asked for, else do the task on the configuration that the arguments (`key=value`) compose.

    With -m the task is done for each point of the sweep. Leaves with code 2 where anything is refused.
    """
    if any(arg in ("-h", "--help") for arg in arguments):
        print(story)
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # hydra hands its errors over instead of leaving with code 1
    from experiments.refusal import refuse_added_and_deleted, refused

    with refused(arguments):
        refuse_added_and_deleted(arguments)
        _hydra(task, arguments)


def _hydra(task: Callable[[dict[str, Any]], None], arguments: list[str]) -> None:
    import logging

    import hydra
    from hydra.core.config_store import ConfigStore
    from omegaconf import OmegaConf

    from experiments.config import CONFIGS, schema
    from experiments.refusal import refused

    def job(config: Any) -> None:
        logging.getLogger("MESA").setLevel(logging.WARNING)
        with refused(arguments):
            plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True, enum_to_str=True)
            task(plain)

    ConfigStore.instance().store("schema", schema())
    sys.argv[1:] = arguments  # where hydra reads them
    hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="config")(job)()
