"""What the fit table tells: errors worked out by hand, the worst buurt by name, and what the world was not told."""

import numpy as np
import pandas as pd
import pytest

from model.fit import by_buurt, compared, dissimilarity, fit
from model.population import build
from model.world import Tenure


@pytest.fixture(scope="module")
def world(small_town, rooms):
    return build(small_town(), rooms, 1, 0.3, 0)


def test_errors_are_distances_between_what_a_buurt_asked_and_got(small_town, rooms, world):
    """Owners of three buurten are turned into tenants: the margins tell by how much, and where."""
    world = world.copy()
    d = world.dwellings
    before = fit(small_town(), rooms, world).set_index("marge")
    gone = np.flatnonzero((d.buurt == 0) & (d.tenure == Tenure.KOOP) & (d.identity != 0))[:15]
    d.tenure[gone] = Tenure.VRIJE_HUUR
    table = fit(small_town(), rooms, world).set_index("marge")
    assert before.fout["koop"] < 0.005 and before.slechtste_fout["koop"] < 0.01
    assert table.gekregen["koop"] == pytest.approx(before.gekregen["koop"] - 15 / 600)
    assert table.slechtste["koop"] == "Hoogwerf" and table.slechtste_fout["koop"] == pytest.approx(0.1, abs=0.01)


def test_shares_per_buurt_are_of_its_own_households(small_town, rooms, world):
    table = by_buurt(small_town(), rooms, world)
    of_tenure = table[table.marge.isin(["koop", "vrije_huur", "sociale_huur"])].groupby("code")[["gevraagd", "gekregen"]].sum()
    assert of_tenure.to_numpy() == pytest.approx(np.ones((6, 2)))
    koop = table[table.marge == "koop"]
    assert koop.gevraagd.tolist() == pytest.approx([0.30, 0.45, 0.55, 0.20, 0.70, 0.80])
    assert np.abs(koop.gekregen - koop.gevraagd).max() < 1 / 60


def test_what_is_known_besides_is_ranked_against_the_world(small_town, rooms):
    town = small_town(huishoudens=[150, 120, 120, 110, 100, 100])
    known = pd.DataFrame({"code": town.buurten.code, "ses_woa": -town.buurten.p_laag_ink})
    table = compared(type(town)(**{**vars(town), "observed": known}), build(town, rooms, 1, 0.3, 0))
    assert table.waargenomen.tolist() == ["ses_woa"] and table.buurten[0] == 6
    assert table.rangcorrelatie[0] > 0.9
    assert compared(town, build(town, rooms, 1, 0.3, 0)).empty


def test_dissimilarity_is_the_share_that_would_have_to_move():
    assert dissimilarity(np.array([10.0, 0.0]), np.array([10.0, 10.0])) == 1.0
    assert dissimilarity(np.array([5.0, 5.0]), np.array([10.0, 10.0])) == 0.0
    assert dissimilarity(np.array([6.0, 2.0]), np.array([10.0, 10.0])) == pytest.approx(0.5 * (6 / 8 - 4 / 12 + 8 / 12 - 2 / 8))
