"""The whole path on a small town: same bytes for any number of workers, books that close, a placebo that does nothing."""

import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from experiments.engine import study
from experiments.loaded import load
from tests.experiments.small import small


def tables(p):
    return {path.name: path.read_bytes() for path in sorted(p.folder.glob("*.parquet"))}


@pytest.mark.slow
def test_one_and_two_workers_give_equal_bytes(finished, tmp_path):
    other = small(tmp_path, "workers=2")
    study.run(other)
    assert other.folder.name == finished.folder.name
    assert tables(other) == tables(finished)
    one, two = (json.loads((p.folder / "manifest.json").read_text()) for p in (finished, other))
    assert {k: v for k, v in one.items() if k != "run"} == {k: v for k, v in two.items() if k != "run"}


def test_a_finished_study_is_found_and_another_one_is_not(finished, tmp_path):
    assert study.found(finished)
    assert not study.found(small(finished.folder.parent, "quota=0.2"))
    assert not study.found(small(finished.folder.parent, "seeds=4"))
    assert small(finished.folder.parent, "seeds=4", "workers=7").folder == finished.folder


def test_the_placebo_is_exactly_zero_and_the_books_close(finished):
    checks = pd.read_parquet(finished.folder / "checks.parquet").set_index("controle")
    assert checks.goed.all()
    assert checks.waarde["placebo"] == 0.0 and checks.waarde["geld"] == 0.0
    assert checks.waarde["mensen_en_woningen"] > 0


def test_all_scenarios_start_from_one_month_zero(finished):
    rows = pd.read_parquet(finished.folder / "indicators.parquet")
    start = rows[(rows.month == 0) & (rows.design == "")].drop(columns="scenario")
    keys = ["seed", "period", "level", "place"]
    assert (start.groupby(keys).nunique(dropna=False) == 1).all().all()
    assert set(rows.month[rows.period == "month"]) == set(range(25))


def test_the_ledger_sums_to_the_costs_that_are_compared(finished):
    ledger = pd.read_parquet(finished.folder / "ledger.parquet")
    differences = pd.read_parquet(finished.folder / "differences.parquet")
    own = ledger[(ledger.design == "") & (ledger.scenario == "loting")]
    a_year = own.groupby("seed").euro.sum().mean() / 2
    told = differences[(differences.design == "") & (differences.indicator == "kosten") & (differences.level == "gemeente")]
    assert told[told.payer == ""].baseline_value.iloc[0] == pytest.approx(a_year)
    payers = told[(told.payer != "") & (told.scenario == "spreiding")]
    assert payers.difference.sum() == pytest.approx(
        told[(told.payer == "") & (told.scenario == "spreiding")].difference.iloc[0], abs=1e-6
    )


def test_every_design_point_and_every_share_is_there(finished):
    rows = pd.read_parquet(finished.folder / "differences.parquet")
    grid = {f"vorm={v}, toedeling={w}" for v in ("afnemend", "lineair") for w in ("vast", "gemengd")} - {
        "vorm=lineair, toedeling=gemengd"
    }
    screen = {f"nuisance.incidents_per_month={end}" for end in ("laag", "hoog")}
    draws = {f"trekking {k:04}" for k in range(1, 5)}
    assert set(rows.design) == {""} | grid | screen | draws
    split = load(finished.folder)["variance"]
    assert (
        set(split.scenario) == {"concentratie", "spreiding", "draagkracht"}
        and (split.draws == 4).all()
        and (split.seeds == 2).all()
    )
    shares = load(finished.folder)["robustness"]
    assert np.allclose(shares[["same", "flipped", "not_separable"]].sum(axis=1), 1.0)
    assert (shares.points == 4).all()
    numbers = pd.read_parquet(finished.folder / "parameters.parquet")
    assert numbers[numbers.verschuiving.notna()].parameter.tolist() == ["nuisance.incidents_per_month"]


def test_few_files_and_a_manifest_that_verifies(finished):
    manifest = json.loads((finished.folder / "manifest.json").read_text())
    for name, told in manifest["results"].items():
        assert hashlib.sha256((finished.folder / name).read_bytes()).hexdigest() == told
    assert len(list(finished.folder.iterdir())) < 20
    assert [path.name for path in finished.folder.parent.iterdir()] == [finished.folder.name]
    assert [path.name for path in finished.folder.iterdir() if path.is_dir()] == []
