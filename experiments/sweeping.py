"""The folder of a sweep (`python -m experiments.run -m quota=0.1,0.3 ...`): what became of each job, and the index of all.

    python -m experiments.sweeping results/sweep-<hash>      make and print the index again: of jobs that ended since

Beside the index stands a page of it, report.html, with the differences of each job, figures and links to each job's own report.

Each job leaves a file, whatever process or machine it ran on, and the index is made of those. The folder is named after the
sweep's own jobs, so that the same command finds it again. docs/cluster.md says what the columns are.

Exit code 2 if any job was refused, else 1 if any failed or has not ended, else 0.
"""

import hashlib
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

RAN, REFUSED, FAILED, OPEN = "ran", "refused", "failed", "open"  # open: it has not ended, or its process was killed
BESIDE = ("workers", "results.folder")  # how and where, not what: they make no other sweep
SWEEP = "sweep.json"
DIFFERENCE = ["baseline", "scenario", "indicator", "unit", "better", "difference", "low", "high", "pairs", "relevant_difference"]
LINES = 40  # jobs in a printed table, and outcomes told one by one; the rest is counted


class Outcome(NamedTuple):
    """What became of a job. `differences`: rows of DIFFERENCE, of the gemeente and the headline indicators."""

    state: str
    message: str = ""
    folder: str = ""
    differences: list[dict[str, Any]] = []  # noqa: RUF012


def begin(results: Path, task: str, jobs: list[list[str]], swept: list[str]) -> Path:
    """The folder of a sweep of a task below the results, with the list of its jobs and without earlier outcomes."""
    points = [sorted(o for o in job if o.partition("=")[0] not in BESIDE or o.partition("=")[0] in swept) for job in jobs]
    folder = results / f"sweep-{hashlib.sha256(json.dumps([task, points]).encode()).hexdigest()[:10]}"
    shutil.rmtree(folder / "jobs", ignore_errors=True)
    (folder / "jobs").mkdir(parents=True)
    _put(folder / SWEEP, json.dumps({"task": task, "swept": swept, "jobs": jobs}, indent=1, ensure_ascii=False).encode())
    return folder


def name(job: list[str], swept: list[str]) -> str:
    """What sets a job apart from the others of its sweep."""
    return " ".join(override for override in job if override.partition("=")[0] in swept)


def leave(folder: Path, job: int, outcome: Outcome) -> None:
    """Write what became of a job, whole or not at all."""
    _put(folder / "jobs" / f"{job:06d}.json", json.dumps(outcome._asdict(), indent=1, ensure_ascii=False).encode())


def _put(path: Path, data: bytes) -> None:
    """Write a file in one go: a reader, or a process that is killed, never sees half of it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(data)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)


def of_study(config: dict[str, Any], state: str, folder: Path | None) -> Outcome:
    """The outcome of a job whose task has ended, with what its study's tables say now: a later job may replace them."""
    import pandas as pd

    from experiments.config import EXTENT

    message = "it was stopped, or some of its runs or checks failed" if state == FAILED else ""
    own = _configuration_of(folder) if folder is not None else None
    if folder is None or own is None:  # a part of a study, or a task that is none
        return Outcome(state, message, str(folder or ""))
    extent = [key for key in EXTENT if key != "seeds" or not config["ranking"]["batch"]]  # then seeds are as many as it took
    if any(own[key] != config[key] for key in extent):  # such studies have one folder
        return Outcome(state, message or "another job has replaced the tables in its folder", str(folder))
    table = pd.read_parquet(folder / "differences.parquet")
    main = (table.design == "") & (table.level == "gemeente") & (table.payer == "") & (table.profile == "")
    table = table[main & table.indicator.isin(config["robustness"]["indicators"])]
    label = pd.read_parquet(folder / "labels.parquet", columns=["name", "unit", "better"]).set_index("name")
    said = {name: table.indicator.map(label[name]) for name in label}
    table = table.rename(columns={"seeds": "pairs"}).assign(baseline=config["baseline"], **said)[DIFFERENCE]
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return Outcome(state, message, str(folder), rows)


def _configuration_of(folder: Path) -> dict[str, Any] | None:
    """The configuration of the study whose tables lie there; None where no tables lie."""
    path = folder / "manifest.json"
    return json.loads(path.read_text(encoding="utf-8"))["identity"]["config"] if path.is_file() else None


def index(folder: Path) -> "pd.DataFrame":
    """One row per job, scenario and headline indicator; one row for a job that has none. A column for each swept key."""
    import pandas as pd

    sweep = json.loads((folder / SWEEP).read_text(encoding="utf-8"))
    rows = []
    for number, job in enumerate(sweep["jobs"]):
        path = folder / "jobs" / f"{number:06d}.json"
        outcome = Outcome(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else Outcome(OPEN)
        given = dict(override.split("=", 1) for override in job)
        head = {"job": number} | {key: given[key] for key in sweep["swept"]}
        head |= {"state": outcome.state, "message": outcome.message, "folder": outcome.folder}
        rows += [head | told for told in outcome.differences or [dict.fromkeys(DIFFERENCE)]]
    columns = ["job", *sweep["swept"], "state", "message", "folder", *DIFFERENCE]
    found = pd.DataFrame(rows, columns=columns)
    for key in sweep["swept"]:  # numbers where all are; else as they were given
        numbers = pd.to_numeric(found[key], errors="coerce")
        found[key] = numbers if numbers.notna().all() else found[key]
    kinds = {**dict.fromkeys(("baseline", "scenario", "indicator", "unit"), "str"), "pairs": "Int32", "better": "Int32"}
    return found.astype({c: kinds.get(c, "float64") for c in DIFFERENCE})


def report(folder: Path) -> int:
    """Make the index and its page, print the index, and give the exit code."""
    from experiments import swept as page

    found = index(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as beside:
        found.to_parquet(Path(beside) / "index.parquet", index=False, compression="zstd")
        os.replace(Path(beside) / "index.parquet", folder / "index.parquet")
    page.write(folder)
    swept = list(found.columns[1 : found.columns.get_loc("state")])
    jobs = found.drop_duplicates("job")
    for line in [*tables(found, swept), *_not_ran(jobs, swept)]:
        print(line)
    count = jobs.state.value_counts()
    said = ", ".join(f"{count.get(state, 0)} {state}" for state in (RAN, REFUSED, FAILED, OPEN) if state != OPEN or OPEN in count)
    print(f"\n{len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}: {said}. Index: {folder / 'index.parquet'}")
    print(f"Report: {folder / page.FILES['nl']}")
    if OPEN in count:
        print(
            f"Open jobs have not ended or were killed. The same command goes on; python -m experiments.sweeping {folder} looks."
        )
    return 2 if REFUSED in count else 0 if set(count.index) == {RAN} else 1


def tables(found: "pd.DataFrame", swept: list[str]) -> list[str]:
    """A table of jobs x scenarios for each headline indicator."""
    from experiments.show import aligned, interval

    lines = []
    for (indicator, unit), rows in found[found.scenario.notna()].groupby(["indicator", "unit"], sort=False):
        scenarios = list(rows.scenario.unique())
        lines.append(f"\n{indicator} ({unit}): difference from the baseline, with 95% interval over paired seeds (* excludes 0)")
        body = [["job", " ".join(swept), *scenarios]]
        for job, own in list(rows.groupby("job", sort=False))[:LINES]:
            by = own.set_index("scenario")
            point = " ".join(str(own[key].iloc[0]) for key in swept)
            body.append([str(job), point, *(interval(by.loc[s]) if s in by.index else "-" for s in scenarios)])
        lines.append(aligned(body))
        if (more := rows.job.nunique() - LINES) > 0:
            lines.append(f"and {more} more jobs: see index.parquet")
    return lines


def _not_ran(jobs: "pd.DataFrame", swept: list[str]) -> list[str]:
    """One line for each job that was refused or failed."""
    bad = jobs[jobs.state.isin([REFUSED, FAILED])]
    lines = [
        f"Job {row['job']} ({' '.join(f'{key}={row[key]}' for key in swept)}) {row['state']}: {row['message']}"
        for row in bad[:LINES].to_dict("records")
    ]
    return ["", *lines] + ([f"and {len(bad) - LINES} more: see index.parquet"] if len(bad) > LINES else []) if lines else []


def main() -> None:
    """The command: the index of a sweep's folder, or what is wrong with that folder (exit code 2)."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return
    folder = Path(arguments[0])
    if not (folder / SWEEP).is_file():
        print(f"Refused.\n  {folder}: found no {SWEEP}; possible: the folder of a sweep, results/sweep-...", file=sys.stderr)
        raise SystemExit(2)
    raise SystemExit(report(folder))


if __name__ == "__main__":
    main()
