"""Wrong pockets, by hand: all win, the whole wins and one loses, the whole loses."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from experiments import pockets
from experiments.engine import study
from experiments.pockets import BENEFITS, INVESTS, OPEN, UNCHANGED, side_payments
from tests.experiments.small import small

PAYERS = ["gemeente", "verzekeraar", "corporatie"]


def table(*seeds):
    """The rows of one scenario, by payer: what each payer pays more than the baseline, seed by seed."""
    euros = np.zeros((len(seeds), 2, 3))
    euros[:, 0], euros[:, 1] = 500.0, 500.0 + np.array(seeds)
    return pockets.table(euros, ["geen", "plan"], "geen", PAYERS).set_index("payer")


def test_where_all_win_nobody_pays_anybody():
    found = table((-10.0, -20.0, -30.0), (-12.0, -18.0, -30.0))
    assert found.side_payment.tolist() == [0.0, 0.0, 0.0, 0.0] and found.possible.all()
    assert found.role.tolist() == [OPEN, BENEFITS, BENEFITS, BENEFITS]  # two seeds: 10 and 12 may be luck, 18 and 20 not
    assert found.difference[""] == -60.0 and found.possible_share[""] == 1.0


def test_who_loses_gets_it_back_from_those_who_win_in_proportion():
    """The gemeente pays 100 more; the others win 300 and 100, so they give 75 and 25, and keep 225 and 75."""
    found = table((100.0, -300.0, -100.0), (100.0, -300.0, -100.0))
    assert found.side_payment.tolist() == [100.0, -75.0, -25.0, 0.0]
    assert found.role.tolist() == [INVESTS, BENEFITS, BENEFITS, BENEFITS]
    assert (found.difference - found.side_payment)[PAYERS].tolist() == [0.0, -225.0, -75.0]


def test_where_the_whole_loses_no_payment_can_do_it():
    """100 + 20 - 90 = 30 more in the mean; in one seed of four it is 100 - 90 - 20 = -10."""
    found = table((100.0, 20.0, -90.0), (100.0, 20.0, -90.0), (100.0, 60.0, -90.0), (100.0, -20.0, -90.0))
    assert found.side_payment.isna().all() and not found.possible.any()
    assert (found.possible_share == 0.25).all() and found.difference[""] == 30.0


def test_a_payer_who_pays_the_same_in_every_seed_is_unchanged():
    assert table((0.0, -5.0, 5.0), (0.0, -4.0, 4.0)).role.tolist() == [UNCHANGED, OPEN, OPEN, UNCHANGED]


def test_with_one_seed_nothing_is_separable():
    found = table((100.0, -300.0, 0.0))
    assert found.role.tolist() == [OPEN, OPEN, OPEN, OPEN] and found.side_payment.tolist() == [100.0, -100.0, 0.0, 0.0]


def test_a_seed_of_which_a_run_is_missing_does_not_count():
    assert (table((100.0, -300.0, 0.0), (np.nan, np.nan, np.nan), (100.0, -300.0, 0.0)).seeds == 2).all()


@given(arrays(np.int64, 5, elements=st.integers(-(10**9), 10**9)))
def test_side_payments_sum_to_nothing_and_leave_nobody_worse_off(cents):
    """Or there are none, exactly where the whole loses."""
    found = side_payments(cents / 100.0)
    if cents.sum() > 0:
        assert np.isnan(found).all()
    else:
        assert abs(found.sum()) < 1e-4 and (cents / 100.0 - found <= 1e-4).all()
        assert (np.sign(found) * np.sign(cents) >= 0).all()  # losers only receive, and winners only pay


def test_a_study_keeps_them_and_they_are_the_differences_of_the_payers(finished):
    found = pd.read_parquet(finished.folder / "pockets.parquet").set_index(["scenario", "payer"])
    d = pd.read_parquet(finished.folder / "differences.parquet")
    d = d[(d.design == "") & (d.indicator == "kosten") & (d.level == "gemeente")].set_index(["scenario", "payer"])
    assert set(found.index) == set(d.index)
    assert np.allclose(found.difference, d.difference[found.index]) and np.allclose(found.low, d.low[found.index])


def test_a_discounted_study_costs_less_and_its_books_close(finished, tmp_path):
    """At 10% the second of two years counts for 1 / 1.1: the whole for less, and the books before that as they were."""
    few = ["seeds=2", "robustness.seeds=0", "screen.seeds=0", "draws.seeds=0", "scenarios=[spreiding]", "workers=1"]
    other = small(tmp_path, *few, "parameters.ledger.discount_rate.value=0.1")
    study.run(other)
    checks = pd.read_parquet(other.folder / "checks.parquet").set_index("controle")
    assert checks.goed["geld"] and checks.waarde["geld"] == 0.0
    euros = [_of_one_run(folder) for folder in (finished.folder, other.folder)]
    assert euros[0] / 1.1 < euros[1] < euros[0]
    assert euros[1] == pytest.approx(euros[0] * (1 + 1 / 1.1) / 2, rel=0.02)  # both years cost about the same


def _of_one_run(folder):
    ledger = pd.read_parquet(folder / "ledger.parquet")
    return ledger[(ledger.design == "") & (ledger.scenario == "spreiding") & (ledger.seed == 1)].euro.sum()
