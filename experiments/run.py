"""One study: scenarios x seeds, paired.

    python -m experiments.run                                   the default study on voorbeeldstad
    python -m experiments.run experiment=alle_strategieen       another question (configs/experiment)
    python -m experiments.run gemeente=cbs gemeente.code=GM0828 gemeente.data=DIR      a real gemeente
    python -m experiments.run scenarios=[plafond,[spreiding,driegesprek]] quota=0.2 seeds=32 months=60 workers=4
    python -m experiments.run parameters.draagkracht.shape.value=2 without=[crisis]    other numbers, other mechanisms
    python -m experiments.run -m quota=0.1,0.3                  one study for each value

Every key of docs/configuration.md can be given as key=value. What can not be is refused before anything runs (exit code 2).
"""

import os
import sys
from typing import Any


def main() -> None:
    """The command: help, or a study, or a refusal on one screen."""
    if any(arg in ("-h", "--help") for arg in sys.argv[1:]):
        print(__doc__)
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # hydra hands its errors over instead of leaving with code 1
    from experiments.refusal import refused

    with refused(sys.argv[1:]):
        _hydra()


def _hydra() -> None:
    import hydra
    from hydra.core.config_store import ConfigStore

    from experiments.config import CONFIGS, Config
    from experiments.refusal import refuse_added_and_deleted

    refuse_added_and_deleted(sys.argv[1:])
    ConfigStore.instance().store("schema", Config)
    hydra.main(version_base="1.3", config_path=str(CONFIGS), config_name="config")(study)()


def study(config: Any) -> None:
    """One job of Hydra: a whole paired study, or a refusal."""
    import logging

    from omegaconf import OmegaConf

    from experiments.refusal import refused

    logging.getLogger("MESA").setLevel(logging.WARNING)
    with refused(sys.argv[1:]):
        plain: Any = OmegaConf.to_container(config, resolve=True, throw_on_missing=True, enum_to_str=True)

        from experiments import report, show
        from experiments import study as engine
        from experiments.plan import plan

        p = plan(plain)
    show.before(p)
    if engine.found(p):
        print(f"Found finished: {p.folder}")
    else:
        engine.run(p)
    report.write(p.folder)
    show.after(p.folder)


if __name__ == "__main__":
    main()
