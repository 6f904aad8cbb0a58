"""Before a study, while it runs, and when it has enough seeds."""

import numpy as np
import pytest

from experiments import dry
from experiments.engine import progress, study
from experiments.engine.differences import NAMES, window_rows
from experiments.engine.enough import enough
from experiments.engine.measure import Failed
from experiments.engine.progress import Progress
from experiments.loaded import load
from experiments.plan import plan
from tests.experiments.test_never_lost import tiny


def test_a_dry_run_counts_what_is_new_and_leaves_nothing_behind(tmp_path, capsys):
    p = tiny(tmp_path, "design.kind=grid", "design.over={quota:[0.1,0.2]}", "design.seeds=2", "design.months=12")
    dry.tell(p)
    told = capsys.readouterr().out
    assert "the study itself" in told and "your design" in told
    assert "11 worlds to build and warm up" not in told and "9 worlds to build and warm up" in told
    assert "MB in" in told and "ms a month" in told
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_after_the_study_finds_nothing_new(tmp_path, capsys):
    p = tiny(tmp_path, "seeds=2")
    study.run(p)
    dry.tell(p)
    told = capsys.readouterr().out
    assert "0 worlds to build" in told and "About 0 seconds" in told


def a_run(value):
    """A run whose indicators all have one value."""
    from experiments.engine.measure import Run

    nothing = np.zeros(0)
    return Run(nothing, np.full((2, len(NAMES)), value), *[nothing] * (len(Run._fields) - 2))


def test_progress_tells_the_headline_as_it_stands_and_how_long_it_takes(tmp_path, capsys):
    p = tiny(tmp_path)
    seen = Progress(p, total=12, known=0)
    own = {(a.scenario, a.seed): a for a in p.asked if a.design == ""}
    for seed, (base, other) in enumerate([(1.0, 3.0), (2.0, 4.5), (0.0, 2.5)], start=1):
        seen.add(own["loting", seed], a_run(base))
        seen.add(own["spreiding", seed], a_run(other))
    seen.add(own["concentratie", 1], Failed("no"))
    told = seen.headline("leefbaarheid")
    assert "3 seeds: spreiding +2.33 [+1.62, +3.05]" in told and "concentratie" not in told
    assert seen.summary().startswith("7 of 12 runs, 1 failed; ")
    seen.close()
    assert capsys.readouterr().err == "", "it spoke where nobody looks"


def test_a_log_gets_a_line_now_and_then(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(progress, "QUIET", 0.0)
    p = tiny(tmp_path)
    seen = Progress(p, total=12, known=0)
    seen.add(p.asked[0], a_run(1.0))
    told = capsys.readouterr().err
    assert told.startswith("1 of 12 runs; ") and told.count("\n") == 1


def test_the_window_of_each_indicator_is_the_one_that_it_is_compared_over():
    assert len(window_rows()) == len(NAMES)
    assert window_rows()[NAMES.index("leefbaarheid")] == 1 and window_rows()[NAMES.index("kosten")] == 0


@pytest.mark.slow
def test_seeds_are_added_until_the_order_is_settled_and_then_no_more(tmp_path, capsys):
    p = tiny(
        tmp_path, "scenarios=[geen]", "ranking.outcome=plaatsingen", "ranking.batch=10", "ranking.most=60", "months=12",
    )  # fmt: skip
    config = enough(p)
    told = capsys.readouterr().err.splitlines()
    assert config["seeds"] == 20, told  # 15 is the least that can settle anything
    assert "10 seeds: plaatsingen: " in told[0] and "1 of 1 pairs not separable with 10 seeds" in told[0]
    assert told[1].endswith("(settled)")
    settled = plan(config)
    assert settled.folder == p.folder
    outcome = study.run(settled)
    assert outcome.computed == 0, "the batches were not found"
    pair = load(settled.folder)["ranking"].iloc[0]
    assert (pair.verdict, pair.seeds, pair.indicator) == ("settled", 20, "plaatsingen")
    assert pair.first_group != pair.second_group


@pytest.mark.slow
def test_what_can_not_be_separated_ends_at_the_limit(tmp_path, capsys):
    p = tiny(tmp_path, "scenarios=[[loting,placebo]]", "ranking.outcome=escalaties", "ranking.batch=2", "ranking.most=4")
    assert enough(p)["seeds"] == 4
    assert "1 of 1 pairs not separable with 4 seeds" in capsys.readouterr().err
