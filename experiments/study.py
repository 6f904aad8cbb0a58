"""A study: its jobs on a few workers, and the tables that are kept. Run whole, or found finished.

Results stand in (design point, seed, scenario) order, so that the tables are the same bytes whatever the workers were.
They are written beside the folder and moved into place at the end: a study that was killed leaves no half folder.
"""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import joblib
from tqdm import tqdm

from experiments.measure import Job, Run, live
from experiments.plan import Plan, identity, jobs
from experiments.tables import NAMES, places, study_tables

FIRST = "manifest.json"


def found(p: Plan) -> bool:
    """Whether this very study lies finished in its folder."""
    path = p.folder / FIRST
    if not path.is_file():
        return False
    return json.loads(path.read_text(encoding="utf-8")).get("identity") == _plain(identity(p))


def run(p: Plan) -> None:
    """Live all jobs and write the folder."""
    started = time.time()
    todo = jobs(p)
    results = live_all(todo, p.config["workers"])
    folder = p.folder.with_name(f".{p.folder.name}.{os.getpid()}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write(p, todo, results, folder, started)
    if p.folder.exists():
        shutil.rmtree(p.folder)
    folder.rename(p.folder)


def live_all(todo: list[Job], workers: int) -> list[dict[str, Run]]:
    """Results in the order of the jobs. The first job is lived here, so that workers find compiled kernels."""
    runs = sum(len(job.scenarios) for job in todo)
    results: list[dict[str, Run]] = [{} for _ in todo]
    with tqdm(total=runs, unit="run", disable=None, desc="runs") as bar:
        results[0] = live(todo[0])
        bar.update(len(todo[0].scenarios))
        rest = range(1, len(todo))
        with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
            parallel = joblib.Parallel(n_jobs=workers, return_as="generator_unordered", batch_size=1)
            for k, result in (
                parallel(joblib.delayed(_numbered)(k, todo[k]) for k in rest) if workers > 1 else map(_numbered, rest, todo[1:])
            ):
                results[k] = result
                bar.update(len(result))
    return results


def _numbered(k: int, job: Job) -> tuple[int, dict[str, Run]]:
    return k, live(job)


def write(p: Plan, todo: list[Job], results: list[dict[str, Run]], folder: Path, started: float) -> None:
    """All tables of a study into a folder; the manifest last."""
    tables = study_tables(p, todo, results)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    places(p.town).to_parquet(folder / "places.parquet", index=False)
    packages = ("mesa", "numpy", "numba", "scipy", "pandas", "pyarrow", "hydra-core")
    manifest = {
        "identity": _plain(identity(p)),
        "town": {"code": p.town.code, "naam": p.town.naam, "synthetic": p.town.synthetic, "sources": list(p.town.sources)},
        "seeds": p.seeds,
        "scenarios": list(p.scenarios),
        "baseline": p.baseline,
        "indicators": NAMES,
        "commit": _commit(),
        "versions": {name: version(name) for name in packages},
        "results": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.parquet"))},
        "run": {
            "started": time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(started)),
            "seconds": round(time.time() - started, 1),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "runs": sum(map(len, results)),
            "workers": p.config["workers"],
        },
    }
    (folder / FIRST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")


def _plain(value: Any) -> Any:
    """As JSON would give it back."""
    return json.loads(json.dumps(value))


def _commit() -> str:
    try:
        out = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent, check=True)
        return out.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
