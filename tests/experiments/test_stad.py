"""A town on Mesa's own road: the numbers of a study in a DataCollector and from batch_run, and memory that comes back."""

import gc
import shlex
import sys

import mesa
import numpy as np
import pandas as pd
import pytest

from experiments.bench.rows import resident
from experiments.config import composed
from experiments.engine.measure import Asked, live
from experiments.plan import ground, plan
from experiments.run import main
from experiments.scenarios import settings_of
from experiments.stad import USUAL, Stad, over_seeds
from model.city import give_back
from model.indicators import INDICATORS
from model.parameters import Refused
from tests.experiments.test_refusal import CASES

SMALL = (
    "parameters.voorbeeldstad.households.value=600 parameters.voorbeeldstad.wijken.value=3 "
    "parameters.voorbeeldstad.buurten.value=6 warmup=12"
)
MILLION = (
    "parameters.voorbeeldstad.households.value=1000000 parameters.voorbeeldstad.wijken.value=26 "
    "parameters.voorbeeldstad.buurten.value=1500 warmup=12"
)


def months(overrides=SMALL, length=24, **more):
    """What the DataCollector has after some months."""
    with Stad(overrides, **more) as city:
        city.run(length)
        return city.datacollector.get_model_vars_dataframe()


def of_a_study(item, seed, *overrides):
    """Two years as a study measures them: all indicators of the gemeente by month, month 0 first, in single precision."""
    of = ground(plan(composed([*shlex.split(SMALL), *overrides])))
    asked = Asked("", "", "", seed, tuple(settings_of(item, "")), 24, "monthly")
    [(_, run)] = live(of, seed, (asked,))
    return pd.DataFrame(run.indicators[:25], columns=list(INDICATORS))


def test_the_collector_holds_the_very_numbers_of_a_study():
    found = months(f"{SMALL} quota=0.2", strategie="spreiding", beleid="driegesprek", seed=3, indicators=list(INDICATORS))
    study = of_a_study(["spreiding", "driegesprek"], 3, "quota=0.2")
    pd.testing.assert_frame_equal(found.astype(np.float32), study, check_exact=True)


def test_row_k_is_month_k_and_the_usual_indicators_are_there_unasked():
    found = months(seed=1, length=5)
    assert tuple(found.columns) == USUAL
    assert list(found.index) == [0, 1, 2, 3, 4, 5]


def test_equal_seeds_start_from_one_month_zero_and_part_later():
    frames = [months(strategie=name, seed=2, length=60, indicators=list(INDICATORS)) for name in ("concentratie", "spreiding")]
    pd.testing.assert_series_equal(frames[0].loc[0], frames[1].loc[0], check_exact=True)
    assert not frames[0].loc[60].equals(frames[1].loc[60])
    assert not months(seed=4, length=0).loc[0].equals(months(seed=2, length=0).loc[0])


def test_strategie_and_beleid_hold_from_month_one_and_quota_during_the_warm_up():
    with Stad(f"{SMALL} quota=0.5", strategie="plafond", beleid="driegesprek+buurtinformatie", quota=0.1, seed=1) as city:
        assert (city.levers.strategie, city.levers.quota, city.levers.driegesprek) == ("loting", 0.1, False)
        city.step()
        assert (city.levers.strategie, city.levers.quota, city.levers.driegesprek) == ("plafond", 0.1, True)
        assert city.levers.buurtinformatie


def test_a_mechanism_that_is_off_was_off_in_the_warm_up():
    with Stad(f"{SMALL} without=[crisis]", seed=1) as city:
        city.run(3)
        assert not city.world.persons.crisis.any() and not city.world.persons.home_lost.any()


def test_another_number_makes_another_town():
    other = months(f"{SMALL} parameters.nuisance.incidents_per_month.value=0.15", seed=1)
    assert not other.equals(months(seed=1))


NAMES = ("an unknown key", "a mistyped number", "an added key", "a parameter out of range", "a gemeente without a code")


@pytest.mark.parametrize("name", NAMES)
def test_what_the_command_refuses_is_refused_in_its_words(name, monkeypatch, capsys):
    arguments, _, _ = CASES[name]
    monkeypatch.setattr(sys, "argv", ["experiments.run", *arguments])
    with pytest.raises(SystemExit):
        main()
    said = [line.strip() for line in capsys.readouterr().err.splitlines()[1:]]
    with pytest.raises(Refused) as refused:
        Stad(shlex.join(arguments), seed=1)
    assert str(refused.value).splitlines() == said


def test_all_problems_are_told_at_once():
    with pytest.raises(Refused) as refused:
        Stad("quota=2 without=[fun]", strategie="spreidin", beleid="driegesprk", seed=-1, indicators=["leefbarheid"])
    said = str(refused.value)
    for found in ("quota: found 2", "'fun'", "'spreidin'", "'driegesprk'", "seed: found -1", "'leefbarheid'"):
        assert found in said


@pytest.mark.parametrize("seed", [None, 1.5, "1", 10**10])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(Refused, match="seed: found"):
        Stad(SMALL, seed=seed)


def test_there_is_no_seed_by_default():
    with pytest.raises(TypeError, match="seed"):
        Stad(SMALL)


def test_one_name_of_an_indicator_is_no_list_of_names():
    with pytest.raises(Refused, match="a list of names"):
        Stad(SMALL, seed=1, indicators="leefbaarheid")


# ---- batch_run ----


def batch(seeds, number_processes=1, **parameters):
    """Rows of every twelfth month of two years, in the order of the design."""
    keys = [*parameters, "seed", "Step"]
    found = mesa.batch_run(
        Stad, **over_seeds({"overrides": SMALL, **parameters}, seeds), max_steps=24, data_collection_period=12,
        number_processes=number_processes, display_progress=False,
    )  # fmt: skip
    return pd.DataFrame(found).sort_values(keys).set_index(keys)[list(USUAL)]


def test_batch_run_gives_the_numbers_of_each_run_by_itself():
    found = batch([1, np.int64(2)], strategie=["loting", "spreiding"], quota=[0.1, 0.3])
    assert len(found) == 2 * 2 * 2 * 3
    for (strategie, quota, seed), rows in found.groupby(level=["strategie", "quota", "seed"]):
        alone = months(strategie=strategie, quota=quota, seed=seed).loc[[0, 12, 24]]
        assert np.array_equal(rows.to_numpy(), alone.to_numpy(), equal_nan=True)


@pytest.mark.slow
def test_batch_run_gives_the_same_on_two_processes():
    design = {"strategie": ["loting", "concentratie"], "beleid": ["", "driegesprek"]}
    pd.testing.assert_frame_equal(batch([1, 2], 2, **design), batch([1, 2], 1, **design), check_exact=True)


def test_batch_run_without_seeds_is_refused():
    with pytest.raises((Refused, TypeError), match="seed"):
        mesa.batch_run(Stad, parameters={"overrides": SMALL}, max_steps=1, display_progress=False)


# ---- memory ----


def living():
    gc.collect()
    return sum(issubclass(type(thing), Stad) for thing in gc.get_objects())


def test_batch_run_which_closes_nothing_leaves_no_town_behind():
    before = living()
    batch([1, 2, 3], strategie=["loting"])
    assert living() == before


def test_what_was_collected_stays_after_closing():
    found = months(seed=1, length=2)
    assert len(found) == 3 and found.leefbaarheid.notna().all()


@pytest.mark.slow
@pytest.mark.skipif(not resident("VmRSS"), reason="this system does not tell how much memory a process holds (/proc)")
def test_a_million_households_give_their_memory_back_each_time():
    months(seed=1, length=1)  # whatever is loaded and compiled once
    gc.collect()
    give_back()  # what earlier tests left free would be taken first, and not be seen as held
    start = resident("VmRSS")
    for seed in (1, 2):
        with Stad(MILLION, seed=seed) as city:
            city.run(2)
            assert city.world.dwellings.rows >= 1_000_000
            held = resident("VmRSS") - start
        assert held > 80  # MB: else there was nothing to give back
        assert resident("VmRSS") - start < held / 4


def test_a_scenario_that_switches_on_what_is_off_is_refused():
    with pytest.raises(Refused, match="strategie"):
        Stad(f"{SMALL} without=[m67]", strategie="plafond", seed=1)
