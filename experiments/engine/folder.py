"""The folder of a study: whether it lies finished, of which code it is, and how its tables come into place at once.

The manifest goes first and comes last: a folder with a manifest is finished.
"""

import hashlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Container
from importlib.metadata import version
from pathlib import Path
from socket import gethostname
from typing import Any

import psutil

from experiments.engine.measure import Asked, Failed
from experiments.engine.store import FOLDER, REST, STATE, WHOLE
from experiments.plan import Plan, identity
from experiments.verify import commit, seal
from model.indicators import COMPARED
from model.parameters import Problem, Refused
from model.policies import FOREVER

FIRST, FAILURES, NEXT = "manifest.json", "failures.json", ".next"
PACKAGES = ("mesa", "numpy", "numba", "scipy", "pandas", "pyarrow", "hydra-core")


def found(p: Plan) -> bool:
    """Whether this very study lies finished in its folder."""
    path = p.folder / FIRST
    if not path.is_file():
        return False
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False  # a damaged manifest: the tables are made again
    same = told.get("identity") == plain(identity(p)) and not told.get("failed")
    return same and all(_is(p.folder / name, digest) for name, digest in told["results"].items())


def _is(path: Path, digest: str) -> bool:
    """Whether a table is there and whole."""
    return path.is_file() and _digest(path) == digest


def prepare(p: Plan) -> None:
    """The study's folder, of this version of the code; raises `Refused` where nothing can be written."""
    state = {"model": identity(p)["model"], "runs": identity(p)["runs"]}
    path = p.folder / FOLDER / STATE
    try:
        told = kept_in(path) or kept_in(p.folder / FIRST).get("identity", {})
        if told and {name: told.get(name) for name in state} != state:
            aside = _aside(p.folder, str(told.get("model", "unknown"))[:8])
            print(
                f"{p.folder} was made by another version of the code ({told.get('model')}, now {state['model']}). "
                f"It was kept as {aside}; all runs are computed anew.",
                file=sys.stderr,
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, state | {"identity": identity(p)})
    except OSError as error:
        found = f"{p.folder}, which can not be written ({error.strerror or error})"
        raise Refused([Problem("results.folder", found, "a folder with room where files may be written")]) from error


def kept_in(path: Path) -> dict[str, Any]:
    """A JSON file of ours, or nothing where it is absent or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _aside(folder: Path, version: str) -> Path:
    """Put a folder aside under a name that no other has."""
    name = f"{folder.name}.{version}"
    taken = {path.name for path in folder.parent.iterdir()}
    free = next(n for n in (name, *(f"{name}-{k}" for k in range(2, 10_000))) if n not in taken)
    return folder.rename(folder.with_name(free))


def being_made(study: Path) -> Path:
    """Where this process makes the tables of a study."""
    return study / f"{NEXT}.{gethostname()}.{os.getpid()}"


def put_in_place(study: Path, made: Path) -> None:
    """Replace a study's tables by those in `made`, which are whole. Where this is killed, `roll_forward` goes on."""
    names = sorted((path.name for path in made.iterdir()), key=lambda name: (name == FIRST, name))
    if WHOLE in names and REST not in names:  # once the new runs are in place, the rest in place belongs to them
        (study / REST).unlink(missing_ok=True)
    for path in (study / FIRST, *study.glob("report.*"), *study.glob("gallery.*")):  # they tell of the tables before
        path.unlink(missing_ok=True)
    shutil.rmtree(study / "figures", ignore_errors=True)
    for name in names:
        os.replace(made / name, study / name)
    to_disk(study)
    made.rmdir()


def roll_forward(study: Path) -> None:
    """Put tables in place that a killed process had made whole; take away those that it had not."""
    for made in sorted(study.glob(f"{NEXT}.*")):
        host, _, pid = made.name.removeprefix(f"{NEXT}.").rpartition(".")
        if host == gethostname() and psutil.pid_exists(int(pid)) and int(pid) != os.getpid():
            continue
        if (made / FIRST).is_file():  # it is written last and moved last
            put_in_place(study, made)
        elif host == gethostname():
            shutil.rmtree(made)


def to_disk(folder: Path) -> None:
    """Let the disk itself have a folder's names, and what its files hold."""
    for path in (*(p for p in folder.iterdir() if p.is_file()), folder):
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def manifest(p: Plan, folder: Path, failed: int, started: float) -> dict[str, Any]:
    """What the tables do not say: which study this is, and the hash of each table. `run` differs from run to run."""
    found = {
        "identity": plain(identity(p)),
        "town": {"code": p.town.code, "naam": p.town.naam, "synthetic": p.town.synthetic, "sources": list(p.town.sources)},
        "seeds": p.seeds,
        "scenarios": list(p.scenarios),
        "baseline": p.baseline,
        "policies": _policies(p),
        "indicators": list(COMPARED),
        "failed": failed,
        "commit": commit(),
        "versions": {name: version(name) for name in PACKAGES},
        "results": {path.name: _digest(path) for path in sorted(folder.glob("*.parquet")) if path.name != REST},
        "run": {
            "started": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(started)),
            "seconds": round(time.time() - started, 1),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "runs": len(p.asked) - failed,
            "workers": p.config["workers"],
            "tables": {name: p.config["gemeente"][name] for name in ("data", "cache", "eigen")},
        },
    }
    return found | {"seal": seal(found)}


def _policies(p: Plan) -> dict[str, list[dict[str, Any]]]:
    """What each policy of a scenario changes: lever, value, first month and the month in which it ends, or null."""
    lines = dict.fromkeys(line for settings in p.scenarios.values() for line in settings)
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        end = None if line.end == FOREVER else line.end
        found.setdefault(line.policy, []).append({"lever": line.lever, "value": line.value, "from": line.start, "until": end})
    return found


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def note_failures(p: Plan, failed: list[tuple[Asked, Failed]], whole: Container[str]) -> None:
    """Record what failed, with all that is needed to live it again; what failed before and is whole now goes."""
    path = p.folder / FAILURES
    mine = {a.key for a, _ in failed}
    earlier = [x for x in kept_in(path).get("failed", []) if x["key"] not in whole and x["key"] not in mine]
    if not failed and not earlier:
        path.unlink(missing_ok=True)
        return
    values = {point.name: point.values for point in p.points}
    told = [
        {
            "design": a.design, "values": values.get(a.design, {}), "scenario": a.scenario, "seed": a.seed, "months": a.months,
            "settings": [s._asdict() for s in a.settings], "key": a.key, "traceback": x.traceback,
        }
        for a, x in failed
    ]  # fmt: skip
    write_json(path, {"identity": plain(identity(p)), "failed": earlier + told})


def write_json(path: Path, content: dict[str, Any]) -> None:
    """A JSON file, whole or not at all."""
    passing = path.with_name(f".{path.name}.{gethostname()}.{os.getpid()}")
    with open(passing, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(passing, path)


def plain(value: Any) -> Any:
    """As JSON would give it back."""
    return json.loads(json.dumps(value))
