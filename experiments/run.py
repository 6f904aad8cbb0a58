"""One study: scenarios x seeds, paired.

    python -m experiments.run                                   the default study on voorbeeldstad
    python -m experiments.run experiment=alle_strategieen       another question (configs/experiment)
    python -m experiments.run gemeente=cbs gemeente.code=GM0828 gemeente.data=DIR      a real gemeente
    python -m experiments.run scenarios=[plafond,[spreiding,driegesprek]] quota=0.2 seeds=32 months=60 workers=4
    python -m experiments.run parameters.draagkracht.shape.value=2 without=[crisis]    other numbers, other mechanisms
    python -m experiments.run -m quota=0.1,0.3                  one study for each value

Every key of docs/configuration.md can be given as key=value. What can not be is refused before anything runs (exit code 2).
"""

import sys
from typing import Any

from experiments import command
from experiments.task import Ended


def main() -> None:
    """The command: help, or a study, or a refusal on one screen."""
    command.run(__doc__ or "", study, sys.argv[1:])


def study(config: dict[str, Any]) -> Ended:
    """A whole paired study; the code is 1 where some of its runs failed, a check did, or it was stopped."""
    from experiments import dry, printing, report, show, workbook
    from experiments.engine import study as engine
    from experiments.engine.enough import enough
    from experiments.plan import plan

    p = plan(config)
    show.before(p)
    if config["dry"]:
        dry.tell(p)
        return Ended(0, p.folder)
    try:
        if config["ranking"]["batch"]:
            p = plan(enough(p))
        if engine.found(p):
            print(f"Found finished: {p.folder}")
        else:
            outcome = engine.run(p)
            print(outcome.told(p.folder))
            if not outcome.written:
                return Ended(int(outcome.failed > 0), p.folder)
    except engine.Stopped as stopped:
        print(stopped, file=sys.stderr)
        if stopped.asked:
            raise SystemExit(1) from None  # a sweep stops too
        return Ended(1, p.folder)
    if not (p.folder / report.FILES["nl"]).is_file():
        workbook.write(p.folder)
        report.write(p.folder)
    unprinted = [page for page in map(p.folder.joinpath, report.FILES.values()) if not page.with_suffix(".pdf").is_file()]
    if config["results"]["pdf"] and unprinted:
        printing.print_pages(unprinted)
    return Ended(show.after(p.folder), p.folder)


if __name__ == "__main__":
    main()
