"""Nothing is lost and nothing is computed twice: real processes that are killed, full disks, damaged files, two at once."""

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from experiments.config import composed
from experiments.engine import keeper, study, workers
from experiments.engine import store as stored_runs
from experiments.engine.store import FOLDER, REST, WHOLE, Store
from experiments.plan import plan

ROOT = Path(__file__).parents[2]
TINY = [
    "parameters.voorbeeldstad.households.value=600", "parameters.voorbeeldstad.wijken.value=3",
    "parameters.voorbeeldstad.buurten.value=6", "scenarios=[spreiding,concentratie]",
    "seeds=4", "months=12", "warmup=12", "robustness.seeds=0", "draws.kind=none", "workers=1",
]  # fmt: skip
KILLS = 30


def tiny(folder, *more):
    return plan(composed([*TINY, f"results.folder={folder}", *more]))


def content(folder):
    """Every table of a finished study, and its manifest without what differs from run to run."""
    manifest = json.loads((folder / "manifest.json").read_text())
    return {p.name: p.read_bytes() for p in folder.glob("*.parquet")} | {
        "manifest": {k: v for k, v in manifest.items() if k != "run"}
    }


class Forks:
    """Children that run a study, one at a time; each can be killed."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.experiments.forked"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.say(TINY)
        assert self.answer() == "ready"

    def say(self, overrides: list[str]) -> None:
        self.process.stdin.write(json.dumps(overrides) + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        return self.process.stdout.readline().strip()

    def start(self, *more: str) -> int:
        """Start a study; returns the child's id."""
        self.say([*TINY, *more])
        return int(self.answer())

    def end(self) -> int:
        """Wait for the child; its exit code, or minus the signal that ended it."""
        return int(self.answer())


@pytest.fixture(scope="module")
def forks():
    """A process that forks studies."""
    found = Forks()
    yield found
    found.process.stdin.close()
    found.process.wait(timeout=30)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    """A study that nothing disturbed."""
    p = tiny(tmp_path_factory.mktemp("unbroken"))
    study.run(p)
    return p


@pytest.mark.slow
def test_a_study_that_is_killed_at_any_moment_ends_in_the_bytes_of_an_unbroken_one(forks, unbroken, tmp_path):
    began = time.monotonic()
    forks.start(f"results.folder={tmp_path / 'clock'}")
    assert forks.end() == 0
    lasts = time.monotonic() - began
    luck, kills = random.Random(20261122), 0
    folder, whole = tmp_path / "killed", 0
    while kills < KILLS:
        pid = forks.start(f"results.folder={folder}")
        time.sleep(luck.uniform(0.0, 0.8 * lasts))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        code = forks.end()
        kills += code == -signal.SIGKILL
        assert code in (0, -signal.SIGKILL)
        mine = folder / unbroken.folder.name
        kept = len(Store(mine)) if mine.exists() else 0
        assert kept >= whole, "what was whole on disk is gone"
        whole = kept
        if code == 0:
            assert content(mine) == content(unbroken.folder)
            shutil.rmtree(folder)
            whole = 0
    forks.start(f"results.folder={folder}")
    assert forks.end() == 0
    assert content(folder / unbroken.folder.name) == content(unbroken.folder)
    assert not (folder / unbroken.folder.name / FOLDER).exists()


@pytest.mark.slow
def test_the_command_killed_with_two_workers_goes_on_and_leaves_no_worker_behind(unbroken, tmp_path):
    command = [sys.executable, "-m", "experiments.run", *TINY, "workers=2", f"results.folder={tmp_path}"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    time.sleep(5.0)  # it has started, and workers with it
    process.kill()
    process.wait()
    deadline = time.monotonic() + 20
    while in_session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not in_session(process.pid)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert content(tmp_path / unbroken.folder.name) == content(unbroken.folder)


def in_session(leader: int) -> list[int]:
    """Processes of the session that `leader` started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, session = path.read_text().rpartition(")")[2].split()[0::3][:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == leader and state != "Z":
            found.append(int(path.parent.name))
    return found


@pytest.mark.slow
def test_two_processes_on_one_study_share_the_work_and_end_in_the_same_bytes(forks, unbroken, tmp_path):
    other = Forks()
    try:
        for process in (forks, other):
            process.start(f"results.folder={tmp_path}")
        assert [forks.end(), other.end()] == [0, 0]
    finally:
        other.process.stdin.close()
        other.process.wait(timeout=30)
    assert content(tmp_path / unbroken.folder.name) == content(unbroken.folder)


def test_a_process_that_is_asked_to_stop_keeps_what_it_has(forks, unbroken, tmp_path):
    pid = forks.start(f"results.folder={tmp_path}", "seeds=30")
    chunks = tmp_path / unbroken.folder.name / FOLDER
    while not any(chunks.glob("[!.]*.arrow")):
        time.sleep(0.01)
    os.kill(pid, signal.SIGTERM)
    assert forks.end() == 1
    assert 0 < len(Store(chunks.parent)) < 30 * 3


def test_more_seeds_scenarios_and_design_points_compute_only_what_is_new(unbroken, tmp_path):
    first = study.run(tiny(tmp_path, "seeds=2", "scenarios=[spreiding]"))
    assert first.computed == 2 * 2 + 2 + 2 + 1  # the study, late signals, the placebo and its twin, one lived again
    assert study.run(tiny(tmp_path, "scenarios=[spreiding]")).computed == 2 * 2
    assert study.run(tiny(tmp_path)).computed == 4
    assert content(tmp_path / unbroken.folder.name) == content(unbroken.folder)
    more = tiny(tmp_path, "design.kind=grid", "design.over={quota:[0.1,0.3]}", "design.seeds=2", "design.months=12")
    assert more.folder == tmp_path / unbroken.folder.name
    assert study.run(more).computed == 2 * 2 * 3
    besides = tiny(tmp_path, "design.kind=grid", "design.over={quota:[0.1,0.2,0.3]}", "design.seeds=2", "design.months=12")
    assert study.run(besides).computed == 2 * 3
    study.run(more)
    designs = pd.read_parquet(more.folder / "designs.parquet")
    assert designs.design.tolist() == ["", "quota=0.1", "quota=0.3"] and designs.quota.tolist() == [0.3, 0.1, 0.3]


def test_going_back_to_an_earlier_question_computes_nothing(unbroken, tmp_path):
    shutil.copytree(unbroken.folder, tmp_path / unbroken.folder.name)
    fewer = tiny(tmp_path, "scenarios=[spreiding]")
    assert study.run(fewer).computed == 0
    assert (fewer.folder / REST).is_file()
    again = tiny(tmp_path)
    assert not study.found(again)
    assert study.run(again).computed == 0
    assert content(again.folder) == content(unbroken.folder)


def test_parts_of_a_study_fill_one_folder_and_the_last_command_makes_the_tables(unbroken, tmp_path):
    outcomes = [study.run(tiny(tmp_path, "parts=3", f"part={k}")) for k in (1, 2, 3)]
    assert [o.written for o in outcomes] == [False, False, True]
    assert sum(o.computed for o in outcomes) == len(unbroken.asked)
    assert content(tmp_path / unbroken.folder.name) == content(unbroken.folder)


def test_halves_that_were_computed_apart_merge_into_the_same_bytes(unbroken, tmp_path):
    from experiments.merge import merge

    study.run(tiny(tmp_path / "a", "seeds=2"))
    study.run(tiny(tmp_path / "b", "seeds=2", "first_seed=3"))
    halves = [tmp_path / name / unbroken.folder.name for name in "ab"]
    before = [content(half) for half in halves]
    assert merge(halves, tmp_path / "whole", []) == 0
    assert content(tmp_path / "whole" / unbroken.folder.name) == content(unbroken.folder)
    assert [content(half) for half in halves] == before


def test_a_missing_half_is_told_and_nothing_is_written(unbroken, tmp_path, capsys):
    from experiments.merge import merge

    study.run(tiny(tmp_path / "a", "seeds=2"))
    assert merge([tmp_path / "a" / unbroken.folder.name], tmp_path / "whole", ["seeds=4"]) == 1
    told = capsys.readouterr()
    assert "6 of 17 are missing" in told.out and "missing: the study itself, loting, seed 3" in told.err
    assert not (tmp_path / "whole" / unbroken.folder.name / "manifest.json").exists()


@pytest.mark.slow
def test_a_disk_that_is_full_loses_nothing_that_was_whole(forks, unbroken, tmp_path):
    told = subprocess.run(
        [sys.executable, "-c", LIMITED.format(tiny=TINY, folder=str(tmp_path))], cwd=ROOT, capture_output=True, text=True
    )
    assert told.returncode == 3, told.stderr
    assert "File too large" in told.stdout and "Make room and give the same command again" in told.stdout
    kept = len(Store(tmp_path / unbroken.folder.name))
    assert 0 < kept < len(unbroken.asked)
    forks.start(f"results.folder={tmp_path}")
    assert forks.end() == 0
    assert content(tmp_path / unbroken.folder.name) == content(unbroken.folder)


LIMITED = """
import resource, sys
from experiments.engine import keeper, study
from experiments.config import composed
from experiments.plan import plan
from experiments.engine.store import Store
keeper.LOST = keeper.LOST_AT_MOST = 0.0
p = plan(composed([*{tiny}, "results.folder={folder}"]))
append, chunks = Store.append, []
def limited(store, runs):
    chunks.append(runs)
    if len(chunks) == 3:  # from the third chunk on no file may be larger than a kilobyte
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
    append(store, runs)
Store.append = limited
try:
    study.run(p)
except study.Stopped as stopped:
    print(stopped)
    sys.exit(3)
"""


def test_a_disk_that_is_full_when_tables_are_written_keeps_all_runs(unbroken, tmp_path, monkeypatch):
    p = tiny(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(study.tables, "write", full)
        with pytest.raises(study.Stopped, match=r"No space left on device. All 17 runs are kept; the tables were not written"):
            study.run(p)
    assert study.run(p).computed == 0
    assert content(p.folder) == content(unbroken.folder)


@pytest.mark.parametrize("where", ["a file", "read-only"])
def test_a_folder_that_can_not_be_written_is_refused_before_anything_runs(where, tmp_path, monkeypatch):
    from model.parameters import Refused

    folder = tmp_path / "results"
    if where == "a file":
        folder.write_text("not a folder")
    else:
        folder.mkdir()
        folder.chmod(0o500)
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write everywhere")
    monkeypatch.setattr(study, "_live_all", lambda *_: pytest.fail("something ran"))
    with pytest.raises(Refused, match=r"results.folder: found .* can not be written"):
        study.run(tiny(folder))


@pytest.mark.parametrize("damage", ["cut short", "a byte changed", "emptied"])
def test_a_damaged_chunk_is_put_aside_and_only_its_runs_are_computed_again(damage, unbroken, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(keeper, "LOST", 0.0)
    monkeypatch.setattr(keeper, "LOST_AT_MOST", 0.0)
    study.run(tiny(tmp_path, "parts=2", "part=1"))
    chunks = sorted((tmp_path / unbroken.folder.name / FOLDER).glob("*.arrow"))
    assert len(chunks) > 1
    spoil(chunks[0], damage)
    before, lost = len(unbroken.asked), 0
    outcome = study.run(tiny(tmp_path))
    told = capsys.readouterr().err
    assert f"{chunks[0]}: damaged" in told and "computed again" in told
    lost = outcome.computed
    assert 0 < lost < before
    assert content(tmp_path / unbroken.folder.name) == content(unbroken.folder)


def spoil(path: Path, damage: str) -> None:
    content = bytearray(path.read_bytes())
    if damage == "cut short":
        content = content[: len(content) // 2]
    elif damage == "emptied":
        content = bytearray()
    else:
        content[len(content) // 3] ^= 0x55
    path.write_bytes(content)


@pytest.mark.parametrize("damage", ["cut short", "a byte changed"])
def test_a_finished_study_with_damaged_runs_is_mended_when_it_is_extended(damage, unbroken, tmp_path, capsys):
    shutil.copytree(unbroken.folder, tmp_path / unbroken.folder.name)
    p = tiny(tmp_path, "seeds=5")
    spoil(p.folder / WHOLE, damage)
    study.run(p)
    assert "damaged" in capsys.readouterr().err
    again = tiny(tmp_path)
    study.run(again)
    assert content(again.folder)[WHOLE] == content(unbroken.folder)[WHOLE]


def test_a_damaged_manifest_makes_the_tables_anew_and_computes_nothing(unbroken, tmp_path):
    shutil.copytree(unbroken.folder, tmp_path / unbroken.folder.name)
    p = tiny(tmp_path)
    (p.folder / "manifest.json").write_text('{"identity": {')
    assert not study.found(p)
    assert study.run(p).computed == 0
    assert content(p.folder) == content(unbroken.folder)


def test_another_version_of_the_code_keeps_the_old_study_aside(unbroken, tmp_path, monkeypatch, capsys):
    shutil.copytree(unbroken.folder, tmp_path / unbroken.folder.name)
    from experiments import plan as planning

    monkeypatch.setattr(planning, "version", lambda: "another")
    monkeypatch.setattr(workers, "version", lambda: "another")
    p = tiny(tmp_path)
    assert study.run(p).computed == len(p.asked)
    told = capsys.readouterr().err
    assert "made by another version of the code" in told and "It was kept as" in told
    [aside] = [path for path in tmp_path.iterdir() if path != p.folder]
    assert content(aside) == content(unbroken.folder)


class Unlucky(RuntimeError):
    pass


@pytest.fixture
def failing(monkeypatch):
    """One run fails: concentratie with seed 3."""
    from experiments.engine import measure

    summed_up = measure.summed_up

    def fail(record, a, rooms):
        if (a.scenario, a.seed) == ("concentratie", 3):
            raise Unlucky("this run can not be")
        return summed_up(record, a, rooms)

    with monkeypatch.context() as patch:
        patch.setattr(measure, "summed_up", fail)
        yield patch


def test_a_run_that_fails_is_recorded_and_the_rest_goes_on(unbroken, tmp_path, failing):
    p = tiny(tmp_path)
    outcome = study.run(p)
    assert (outcome.computed, outcome.failed, outcome.written) == (16, 1, True)
    [told] = json.loads((p.folder / "failures.json").read_text())["failed"]
    assert (told["scenario"], told["seed"], told["design"]) == ("concentratie", 3, "")
    assert "Unlucky: this run can not be" in told["traceback"] and told["settings"][0]["lever"] == "strategie"
    checks = pd.read_parquet(p.folder / "checks.parquet").set_index("controle")
    assert checks.waarde["volledig"] == 1 and not checks.goed["volledig"]
    rows = pd.read_parquet(p.folder / "differences.parquet")
    whole = rows[(rows.indicator == "escalaties") & (rows.level == "gemeente")].set_index("scenario").seeds
    assert whole.to_dict() == {"spreiding": 4, "concentratie": 3}
    assert not study.found(p)
    failing.undo()
    assert study.run(p).computed == 1, "what had failed was not tried again, or something else was"
    assert not (p.folder / "failures.json").exists()
    assert content(p.folder) == content(unbroken.folder)


def test_a_worker_that_dies_takes_only_its_own_job_along(unbroken, tmp_path):
    p = tiny(tmp_path, "workers=2")
    lived = workers._lived
    workers._lived = dies_for_seed_three
    try:
        outcome = study.run(p)
    finally:
        workers._lived = lived
    assert outcome.failed == 3 and outcome.computed == 14
    told = json.loads((p.folder / "failures.json").read_text())["failed"]
    assert {(t["seed"], "worker process died" in t["traceback"]) for t in told} == {(3, True)}
    assert study.run(p).computed == 3
    assert content(p.folder) == content(unbroken.folder)


def dies_for_seed_three(number, job):
    """As `workers._lived`, in a worker that the system kills when it lives seed 3."""
    if job.seed == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return lived_as_ever(number, job)


lived_as_ever = workers._lived


def test_a_process_that_waits_while_another_puts_runs_in_place_loses_none_of_them(unbroken, tmp_path):
    """It has looked at the folder before, and the files that it knows are replaced."""
    study.run(tiny(tmp_path, "seeds=2"))
    waits = tiny(tmp_path, "seeds=2", "scenarios=[spreiding]")
    store = Store(waits.folder)
    study.run(tiny(tmp_path))
    assert len(Store(waits.folder)) == len(unbroken.asked)
    assert study.finish(waits, 0.0)
    assert len(Store(waits.folder)) == len(unbroken.asked), "runs of another question are gone"
    assert {key: store.run(key).owed for key in store}, "a store that knew the old files does not find its runs"


@pytest.mark.parametrize("after", [0, 1, 15, 18])
def test_tables_that_a_killed_process_had_made_are_put_in_place_by_the_next(after, unbroken, tmp_path, monkeypatch):
    """Killed after so many renames: no run of this or of an earlier question is lost."""
    shutil.copytree(unbroken.folder, tmp_path / unbroken.folder.name)
    fewer, done = tiny(tmp_path, "scenarios=[spreiding]"), [0]
    replace = os.replace

    def killed(source, target):
        if ".next." in str(source):
            done[0] += 1
            if done[0] > after:
                raise KeyboardInterrupt
        replace(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", killed)
        with contextlib.suppress(KeyboardInterrupt, keeper.Stopped):
            study.run(fewer)
    assert study.run(fewer).computed == 0
    assert len(Store(fewer.folder)) == len(unbroken.asked)
    assert not list(fewer.folder.glob(".next*"))
    assert study.run(tiny(tmp_path)).computed == 0
    assert content(fewer.folder) == content(unbroken.folder)


@pytest.mark.parametrize("name", [WHOLE, "differences.parquet"])
def test_a_finished_study_of_which_a_table_is_damaged_or_gone_is_not_found_and_is_mended(name, unbroken, tmp_path):
    p = tiny(tmp_path)
    for spoilt in (True, False):
        shutil.copytree(unbroken.folder, p.folder)
        spoil(p.folder / name, "a byte changed") if spoilt else (p.folder / name).unlink()
        assert not study.found(p)
        study.run(p)
        assert study.found(p)
        assert content(p.folder) == content(unbroken.folder)
        shutil.rmtree(p.folder)


def test_a_study_in_which_every_baseline_fails_has_no_tables_and_says_why(tmp_path, monkeypatch):
    from experiments.engine import measure

    summed_up = measure.summed_up
    monkeypatch.setattr(
        measure, "summed_up", lambda record, a, rooms: 1 / 0 if a.scenario == "loting" else summed_up(record, a, rooms)
    )
    p = tiny(tmp_path)
    outcome = study.run(p)
    assert not outcome.written and outcome.failed == 5
    assert "No tables: no seed of the study itself has both the baseline" in outcome.told(p.folder)
    assert "division by zero" in (p.folder / "failures.json").read_text()


def test_code_that_changes_while_a_study_runs_stops_it(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "version", iter(["before", "after"]).__next__)
    with pytest.raises(study.Stopped, match="The code has changed since this study began"):
        study.run(tiny(tmp_path))


def test_a_number_that_moves_others_along_has_another_key_than_the_number_alone(tmp_path):
    """settling.tolerance_rest follows neighbourhood.tolerance_rest, unless a point gives it a value of its own."""
    leader, follower = "neighbourhood.tolerance_rest:0.35", "settling.tolerance_rest:0.6"
    point = f"design.points=[{{{leader}}},{{{leader},{follower}}}]"
    p = tiny(tmp_path, "design.kind=list", point, "design.seeds=2", "design.months=12")
    alone, both = ({a.key for a in p.asked if a.design == q.name} for q in p.points[1:])
    assert not alone & both


@pytest.mark.parametrize("wrong", [
    "robustness.indicators=[]", "screen.parameters=[voorbeeldstad.households]", "part=3", "ranking.batch=1",
    "ranking.outcome=geluk", "draws.number=15", "design.kind=grid",
])  # fmt: skip
def test_what_could_only_fail_after_a_night_is_refused_before(wrong, tmp_path):
    from model.parameters import Refused

    with pytest.raises(Refused, match=wrong.split("=")[0].split(".")[0]):
        tiny(tmp_path, "draws.kind=sobol", "draws.parameters=[crisis.harm_days]", wrong)


def test_a_chunk_is_read_in_batches_and_gives_back_every_run(unbroken, tmp_path, monkeypatch):
    monkeypatch.setattr(stored_runs, "BATCH", 4)
    whole, chunked = Store(unbroken.folder), Store(tmp_path)
    lived = [whole.row(key) for key in whole]
    chunked.append(lived)
    (chunk,) = (tmp_path / FOLDER).glob("*.arrow")
    assert pa.ipc.open_file(chunk).num_record_batches == -(-len(lived) // 4)
    found = Store(tmp_path)
    assert set(found) == set(whole)
    for asked, run in reversed(lived):
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(found.run(asked.key), run, strict=True))
