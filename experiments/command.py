"""What every command does around its task: help, the configuration that Hydra composes, refusals on one screen, exit codes."""

import os
import sys

from experiments.task import Command, Task


def run(story: str, task: Task, arguments: list[str]) -> None:
    """Print the story if help is asked for, else do the task on the configuration that the arguments (`key=value`) compose.

    A code of a gemeente alone means gemeente=cbs, under every command (`experiments.config.with_source`).
    Leaves with the task's code, or with 2 where the arguments are refused. With -m the task is done for each point of the
    sweep, and the code is that of `experiments.sweeping`.
    """
    if any(arg in ("-h", "--help") for arg in arguments):
        print(story)
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # hydra hands its errors over instead of leaving with code 1
    from experiments.config import with_source
    from experiments.refusal import refuse_added_and_deleted, refused

    command = Command(task, with_source(arguments))
    with refused(arguments):
        refuse_added_and_deleted(arguments)
        _hydra(command)
    if command.code:
        raise SystemExit(command.code)


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
