"""A sweep: bad points refuse only themselves, every launcher leaves the same index, and the same sweep is found again."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from hydra import initialize_config_dir
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode

from experiments import command, figures, sweeping
from experiments.config import CONFIGS, composed, schema
from experiments.sweeper import refused_by_hydra
from experiments.sweeping import FAILED, RAN, REFUSED, Outcome
from experiments.task import Ended
from tests.experiments.small import SMALL

ROOT = Path(__file__).parents[2]
SWEEP = ["-m", *SMALL, "seeds=2", "months=12", "robustness.seeds=0", "screen.seeds=0", "draws.seeds=0", "quota=0.1,7,veel"]
HEADLINE = ["leefbaarheid", "leefbaarheid_slechtste", "escalaties", "zachte_landing", "opnamedagen", "kosten"]
TASK = """
import os, sys
from experiments import command
from experiments.task import Ended

def task(config):
    if config["quota"] == 0.9:
        os._exit(9)
    print("workers", config["workers"])
    return Ended()

if __name__ == "__main__":
    command.run("", task, sys.argv[1:])
"""


def python(*arguments):
    """What a command says, and the code with which it leaves."""
    out = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
    return out.returncode, out.stdout, out.stderr


@pytest.fixture(scope="module")
def swept(tmp_path_factory):
    """A sweep of real studies over three quotas, of which the plan refuses one and Hydra another: (its folder, code, said)."""
    results = tmp_path_factory.mktemp("swept")
    code, out, err = python("-m", "experiments.run", *SWEEP, f"results.folder={results}")
    (folder,) = results.glob("sweep-*")
    return folder, code, out, err


@pytest.mark.slow
def test_a_good_job_runs_and_each_bad_one_is_refused_in_words(swept):
    _, code, out, err = swept
    assert code == 2
    assert "3 jobs: 1 ran, 2 refused, 0 failed" in out
    for text in (out, err):  # when it happens, and again at the end
        assert "quota: found 7.0; possible: a share from 0 to 1" in text
        assert "quota: found 'veel'; possible: a number" in text
    assert "Traceback" not in err


@pytest.mark.slow
def test_the_index_joins_each_job_with_the_differences_of_its_study(swept):
    index = pd.read_parquet(swept[0] / "index.parquet")
    assert index.groupby("job").state.first().tolist() == [RAN, REFUSED, REFUSED]
    assert index.groupby("job").quota.first().tolist() == ["0.1", "7", "veel"]
    own = index[index.state == RAN]
    differences = pd.read_parquet(Path(own.folder.iloc[0]) / "differences.parquet")
    main = differences[(differences.level == "gemeente") & (differences.payer == "") & (differences.profile == "")]
    expected = main[main.indicator.isin(HEADLINE)]
    assert list(zip(own.scenario, own.indicator, strict=True)) == list(zip(expected.scenario, expected.indicator, strict=True))
    for column, source in {"difference": "difference", "low": "low", "high": "high", "pairs": "seeds"}.items():
        assert own[column].astype(float).tolist() == pytest.approx(expected[source].tolist(), nan_ok=True)


@pytest.mark.slow
def test_nothing_but_the_study_and_the_sweep_lies_in_the_results(swept):
    assert sorted(path.name.partition("-")[0] for path in swept[0].parent.iterdir()) == ["standaard", "sweep"]
    assert sorted(path.name for path in swept[0].iterdir()) == [
        "hydra", "index.parquet", "jobs", "report.en.html", "report.html", "sweep.json",
    ]  # fmt: skip


@pytest.mark.slow
def test_the_page_of_a_sweep_tells_each_job_and_leads_to_its_report(swept):
    folder, *_ = swept
    index = pd.read_parquet(folder / "index.parquet")
    assert set(index.baseline.dropna()) == {"loting"} and set(index.better.dropna()) <= {-1, 0, 1}
    for file, words in (("report.html", "geweigerd"), ("report.en.html", "refused")):
        text = (folder / file).read_text(encoding="utf-8")
        assert text.count(words) >= 2 and "a share from 0 to 1" in text and "http" not in text
        (link,) = set(re.findall(r'href="(\.\./[^"]+)"', text))
        assert (folder / link).resolve() == (Path(index.folder[0]) / "report.html").resolve()


@pytest.mark.slow
def test_another_launcher_finds_the_same_sweep_and_its_finished_study(swept):
    folder, *_ = swept
    (study,) = folder.parent.glob("standaard-*/manifest.json")
    before, lived = pd.read_parquet(folder / "index.parquet"), study.read_bytes()
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    code, out, _ = python("-m", "experiments.run", *SWEEP, *launcher, f"results.folder={folder.parent}")
    assert code == 2 and "1 ran, 2 refused" in out
    assert study.read_bytes() == lived
    assert list(folder.parent.glob("sweep-*")) == [folder]
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "index.parquet"), before)


@pytest.mark.slow
def test_a_job_whose_process_dies_stays_open_and_joblib_gives_each_study_one_worker(tmp_path):
    (tmp_path / "task.py").write_text(TASK)
    launcher = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweeper.max_batch_size=1"]
    code, out, err = python(tmp_path / "task.py", "-m", "quota=0.9,0.1", *launcher, f"results.folder={tmp_path}")
    assert code == 1
    assert "2 jobs: 1 ran, 0 refused, 0 failed, 1 open" in out and "workers 1" in out
    assert "The launcher stopped: TerminatedWorkerError" in err


@pytest.mark.slow
def test_a_job_of_submitit_leaves_its_outcome_from_a_process_of_its_own(tmp_path):
    (tmp_path / "task.py").write_text(TASK)
    launcher = "hydra/launcher=submitit_local"
    code, out, _ = python(tmp_path / "task.py", "-m", "quota=0.1,veel", launcher, f"results.folder={tmp_path}")
    assert code == 2 and "2 jobs: 1 ran, 1 refused" in out
    (log,) = tmp_path.glob("sweep-*/hydra/.submitit/*/*_log.out")
    assert "Job 0 of 2: quota=0.1" in log.read_text()


def lives(task, arguments, tmp_path):
    """The exit code of a command in this process."""
    try:
        command.run("", task, [*arguments, f"results.folder={tmp_path}"])
    except SystemExit as left:
        return left.code
    return 0


def moody(config):
    """A task that fails in two ways."""
    if config["quota"] == 0.5:
        raise RuntimeError("a fault\nof two lines")
    return Ended(int(config["quota"] == 0.6))


@pytest.fixture(autouse=True)
def own_arguments(monkeypatch):
    """Hydra reads sys.argv, which a command sets."""
    monkeypatch.setattr(sys, "argv", ["experiments.run"])


def test_a_failing_job_stops_no_other_and_the_code_is_1(tmp_path):
    assert lives(moody, ["-m", "quota=0.5,0.6,0.1"], tmp_path) == 1
    (path,) = tmp_path.glob("sweep-*/index.parquet")
    index = pd.read_parquet(path)
    assert index.quota.tolist() == [0.5, 0.6, 0.1]
    assert index.state.tolist() == [FAILED, FAILED, RAN]
    assert index.message.tolist() == [
        "RuntimeError: a fault of two lines",
        "it was stopped, or some of its runs or checks failed",
        "",
    ]
    assert index.scenario.isna().all()


def test_without_a_sweep_the_code_of_the_task_is_the_code_of_the_command(tmp_path):
    assert lives(moody, ["quota=0.6"], tmp_path) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["quotta=1,2"], "quotta: found an unknown key; possible: quota"),
        (["quota=0.1,0.2", "+new=1,2"], "without a plus"),
        (["quota=0.1,0.2", "~seeds"], "can be taken away"),
        (["quota=0.1,0.2", "hydra/launcher=none"], "hydra/launcher: found 'none'; possible: basic, joblib, slurm"),
    ],
)
def test_what_is_wrong_with_every_job_refuses_the_whole_sweep_at_once(arguments, said, tmp_path, capsys):
    assert lives(moody, ["-m", *arguments], tmp_path) == 2
    err = capsys.readouterr().err
    assert err.startswith("Refused; nothing has run.") and said in err
    assert not list(tmp_path.iterdir())


def test_a_sweep_is_named_after_its_jobs_and_not_after_how_or_where_they_run(tmp_path):
    def name(job, task="study", swept=("quota",)):
        return sweeping.begin(tmp_path, task, [job], list(swept)).name

    one = name(["quota=0.1", "months=24"])
    assert one == name(["months=24", "quota=0.1", "workers=8", "results.folder=elsewhere"])
    assert one != name(["quota=0.2", "months=24"])
    assert one != name(["quota=0.1", "months=24"], task="show_town")
    assert name(["workers=1"], swept=["workers"]) != name(["workers=2"], swept=["workers"])


def test_values_are_refused_on_one_composition_as_hydra_refuses_them_on_its_own():
    jobs = [
        ["gemeente=voorbeeldstad", "quota=0.1", "gemeente.code=[GM0828,GM0796]", "gemeente={vintage: 2023}"],
        ["gemeente=voorbeeldstad", "quota=veel"],
        ["gemeente=nowhere", "quota=0.1"],
        ["gemeente=voorbeeldstad", "robustness.shapes={lineair:1}", "gemeente.bron=dorp"],
    ]
    ConfigStore.instance().store("schema", schema())
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        config = loader.load_configuration("config", [], run_mode=RunMode.MULTIRUN)
        found = {number: str(errors[0]) for number, errors in refused_by_hydra(loader, config, jobs)}
        expected = {}
        for number, job in enumerate(jobs):
            try:
                loader.load_sweep_config(config, job)
            except HydraException as error:
                expected[number] = str(error)
    assert list(expected) == [1, 2, 3]
    assert found == expected


def test_a_sweep_that_is_still_running_has_open_jobs_and_is_looked_at_by_command(tmp_path, monkeypatch, capsys):
    folder = sweeping.begin(tmp_path, "study", [["quota=0.1"], ["quota=0.2"]], ["quota"])
    row = {"scenario": "spreiding", "indicator": "kosten", "unit": "euro per jaar", "difference": -1500.0, "low": -2000.0,
           "high": None, "pairs": 2, "relevant_difference": 10.0}  # fmt: skip
    sweeping.leave(folder, 1, Outcome(RAN, "", "results/x", [row]))
    monkeypatch.setattr(sys, "argv", ["experiments.sweeping", str(folder)])
    with pytest.raises(SystemExit) as left:
        sweeping.main()
    said = capsys.readouterr().out
    assert left.value.code == 1
    assert "kosten (euro per jaar)" in said and "-1,500 [-2,000, -]" in said
    assert "2 jobs: 1 ran, 0 refused, 0 failed, 1 open" in said


def differing(tmp_path, points, swept):
    """A sweep whose jobs have ended with differences that follow from their quota: (values of the keys) per point."""
    jobs = [[f"{key}={value}" for key, value in zip(swept, point, strict=True)] for point in points]
    folder = sweeping.begin(tmp_path, "study", jobs, swept)
    for k, point in enumerate(points):
        off = 0.05 if point[0] < 0.2 else -0.03
        row = {"baseline": "loting", "scenario": "spreiding", "indicator": "leefbaarheid", "unit": "score", "better": 1,
               "difference": off, "low": off - 0.01, "high": off + 0.01, "pairs": 4, "relevant_difference": 0.02}  # fmt: skip
        sweeping.leave(folder, k, Outcome(RAN, "", "", [row]))
    assert sweeping.report(folder) == 0
    return folder, (folder / "report.html").read_text(encoding="utf-8")


def test_two_swept_keys_are_drawn_as_cells(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "DPI", 30)
    points = [(q, d) for q in (0.1, 0.3) for d in (20, 40)]
    folder, text = differing(tmp_path, points, ["quota", "parameters.crisis.harm_days.value"])
    assert [path.name for path in (folder / "figures").glob("*.csv")] == ["raster_leefbaarheid.csv"]
    data = pd.read_csv(folder / "figures" / "raster_leefbaarheid.csv")
    assert data.difference.tolist() == [0.05, 0.05, -0.03, -0.03]
    assert "crisis.harm_days" in text and "+0,050" in text and "[+0,040;\xa0+0,060]" in text and "relevant, beter" in text


def test_one_swept_key_is_drawn_as_a_line(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "DPI", 30)
    folder, text = differing(tmp_path, [(0.1,), (0.3,)], ["quota"])
    assert sorted(path.name for path in (folder / "figures").iterdir()) == [
        "lijn.csv", "lijn.en.png", "lijn.en.svg", "lijn.nl.png", "lijn.nl.svg",
    ]  # fmt: skip
    assert "data:image/svg+xml" in text


def test_a_folder_that_is_no_sweep_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["experiments.sweeping", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        sweeping.main()
    assert left.value.code == 2 and "found no sweep.json" in capsys.readouterr().err


def test_tables_that_a_later_job_has_replaced_are_not_taken_for_those_of_this_job(tmp_path):
    config = composed(["seeds=4", f"results.folder={tmp_path}"])
    assert sweeping.of_study(config, RAN, tmp_path / "x") == Outcome(RAN, folder=str(tmp_path / "x"))
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "manifest.json").write_text(json.dumps({"identity": {"config": config | {"seeds": 8}}}))
    assert "another job" in sweeping.of_study(config, RAN, tmp_path / "x").message


def test_the_slurm_launcher_reserves_what_a_study_uses():
    GlobalHydra.instance().clear()
    ConfigStore.instance().store("schema", schema())
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        loader = GlobalHydra.instance().config_loader()
        given = ["hydra/launcher=slurm", "hydra.launcher.partition=cpu", "workers=6"]
        launcher = loader.load_configuration("config", given, run_mode=RunMode.MULTIRUN).hydra.launcher
        assert launcher.cpus_per_task == 6 and launcher.partition == "cpu" and launcher.max_num_timeout > 0
        assert launcher._target_.endswith("SlurmLauncher")
