"""A process that runs studies in children of its own, so that a test can kill many of them without waiting for imports.

    python -m tests.experiments.forked          reads one JSON list of overrides per line, answers with the child's id

Chunks are written after every job here, so that a kill strikes between two of them.
"""

import json
import os
import signal
import sys
import traceback

from experiments.config import composed
from experiments.engine import keeper, study
from experiments.engine.measure import live
from experiments.plan import ground, plan


def child(overrides: list[str]) -> int:
    """One study; the exit code is 0 when its tables stand."""
    p = plan(composed(overrides))
    return 0 if study.found(p) or study.run(p).written else 1


def main() -> None:
    """Compile what a study needs, then fork a child for each line."""
    keeper.LOST = keeper.LOST_AT_MOST = 0.0
    p = plan(composed(json.loads(sys.stdin.readline())))
    for _ in live(ground(p), p.seeds[0], tuple(p.asked)[: len(p.scenarios)]):
        pass
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                code = child(json.loads(line))
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(code)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
