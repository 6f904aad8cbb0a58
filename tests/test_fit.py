"""What the fit table tells: errors worked out by hand, the worst buurt by name, and what the world was not told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.fit import LIVED, by_buurt, compared, dissimilarity, fit, observed_against
from model.indicators import INDICATORS
from model.population import build
from model.world import Place, Status, TeamKind, Tenure


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
    assert table.waargenomen.tolist() == ["ses_woa"] and table.vergeleken[0] == 6
    assert table.rangcorrelatie[0] > 0.9
    assert table[["mediaan", "laagste", "hoogste"]].iloc[0].tolist() == [-43.0, -60.0, -24.0]
    assert compared(town, build(town, rooms, 1, 0.3, 0)).empty


def test_what_the_model_has_not_is_told_all_the_same(small_town, world):
    """Complaints are an indicator, which takes months; a mark of residents is in no model. Small buurten are told too."""
    town = small_town()
    known = pd.DataFrame({"code": town.buurten.code, "klachten": [9.0, np.nan, 3, 1, 4, np.nan], "cijfer": [7.0] * 6})
    table = compared(replace(town, observed=known), world).set_index("waargenomen")
    assert table.aantal.tolist() == [4, 6] and table.indicator.tolist() == ["klachten", ""]
    assert table.loc["klachten", ["mediaan", "laagste", "hoogste"]].tolist() == [3.5, 1.0, 9.0]
    assert (table.model == "").all() and (table.vergeleken == 0).all() and table.rangcorrelatie.isna().all()


def test_a_caseload_is_compared_with_known_residents_per_fte(small_town, world):
    told = pd.DataFrame([("WK01", 30.0), ("WK02", 10.0), ("WK03", 20.0)], columns=["wijk", "caseload"])
    town = replace(small_town(), teams=told.assign(soort="wijkteam", fte=2.0))
    world = world.copy()
    teams, persons = world.teams, world.persons
    teams.fte[teams.kind == TeamKind.WIJKTEAM] = [1.0, 2.0, 4.0]
    known = (persons.place == Place.THUIS) & (persons.status == Status.BEKEND)
    wijk = world.buurten.wijk[world.dwellings.buurt[persons.dwelling[known]]]
    per_fte = np.bincount(wijk, minlength=3) / [1.0, 2.0, 4.0]
    (row,) = compared(town, world).itertuples()
    assert (row.waargenomen, row.niveau, row.plaats, row.aantal, row.vergeleken) == ("caseload wijkteam", "wijk", "", 3, 3)
    assert (row.model_laagste, row.model_mediaan, row.model_hoogste) == tuple(sorted(per_fte))
    assert row.rangcorrelatie == pytest.approx(np.corrcoef([3, 1, 2], per_fte.argsort().argsort())[0, 1])


def test_a_caseload_of_few_wijken_has_a_row_for_each_and_no_order(small_town, world):
    """Welzijn has all vulnerable residents at home as clients, a wijkagent none, and a team without FTE no number per FTE."""
    rows = [("WK01", "welzijn", 1.0, 30.0), ("WK03", "welzijn", 1.0, 20.0), ("WK02", "wijkagent", 1.0, 9.0),
            ("WK02", "wijkteam", 0.0, 5.0), ("WK02", "ambulant", 1.0, np.nan)]  # fmt: skip
    town = replace(small_town(), teams=pd.DataFrame(rows, columns=["wijk", "soort", "fte", "caseload"]))
    world = build_with(town, world)
    table = compared(town, world)
    assert table.waargenomen.tolist() == ["caseload welzijn", "caseload welzijn", "caseload wijkagent", "caseload wijkteam"]
    assert table.plaats.tolist() == ["Werf", "Buiten", "Einde", "Einde"] and table.mediaan.tolist() == [30, 20, 9, 5]
    at_home = np.bincount(world.buurten.wijk[world.dwellings.buurt[world.persons.dwelling[world.persons.place == Place.THUIS]]])
    assert table.model_mediaan.tolist()[:2] == [at_home[0], at_home[2]]
    assert table.vergeleken.tolist() == [1, 1, 0, 0] and table.rangcorrelatie.isna().all()


def build_with(town, world):
    """The world with the staff that somebody counted, as `population` would build it."""
    world = world.copy()
    for r in town.teams.itertuples():
        mine = (world.teams.kind == TeamKind[r.soort.upper()]) & (world.teams.wijk == town.wijken.index(r.wijk))
        world.teams.fte[mine] = r.fte
    return world


def test_what_is_observed_is_ranked_against_indicators(small_town):
    """Complaints: 6, 12, 9 in buurten of 100, 300 and 150 corporatie homes are 0.06, 0.04 and 0.06 a home."""
    town = small_town(huishoudens=[200, 600, 300, 99, 150, 150], p_corp=[50.0, 50, 50, 50, 0, 50])
    observed = pd.DataFrame(
        {"code": town.buurten.code, "klachten": [6.0, 12, 9, 500, 3, np.nan], "p_eenzaam": [10.0, 20, 30, 40, 50, np.nan]}
    )
    indicators = pd.DataFrame(
        {"klachten": [30.0, 20, 25, 0, 9, 9], "banden": [0.9, 0.8, 0.7, 0.99, 0.6, 0.1], "leefbaarheid": 0.0}, town.buurten.code
    )
    table = observed_against(indicators[::-1], observed, town.buurten)
    assert table[["waargenomen", "indicator", "buurten", "verwacht"]].values.tolist() == [
        ["klachten", "klachten", 3, 1], ["p_eenzaam", "banden", 4, -1],
    ]  # fmt: skip
    assert table.rang.tolist() == pytest.approx([np.corrcoef([2.5, 1, 2.5], [3, 1, 2])[0, 1], -1.0])
    few = observed_against(indicators, observed[:2], town.buurten)
    assert few.rang.isna().all() and few.buurten.tolist() == [2, 2]
    for nothing in (observed[["code"]], pd.DataFrame()):
        assert observed_against(indicators, nothing, town.buurten).empty


def test_counterparts_are_indicators():
    assert {pair.model for pair in LIVED} <= set(INDICATORS) and {pair.expected for pair in LIVED} == {1, -1}


@given(st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6), st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6))
def test_a_rank_knows_no_scale_and_turns_with_its_sign(small_town, known, model):
    b = small_town(huishoudens=150).buurten

    def rank(values, of_model):
        observed = pd.DataFrame({"code": b.code, "p_wmo": values})
        return observed_against(pd.DataFrame({"aandeel_kwetsbaar": of_model}, b.code), observed, b).rang[0]

    first = rank(known, model)
    assert np.isnan(first) == (len(set(known)) == 1 or len(set(model)) == 1)
    assert rank(model, known) == pytest.approx(first, nan_ok=True)
    assert rank([-x for x in known], model) == pytest.approx(-first, nan_ok=True)
    assert np.isnan(first) or -1.0 - 1e-9 <= first <= 1.0 + 1e-9


def test_dissimilarity_is_the_share_that_would_have_to_move():
    assert dissimilarity(np.array([10.0, 0.0]), np.array([10.0, 10.0])) == 1.0
    assert dissimilarity(np.array([5.0, 5.0]), np.array([10.0, 10.0])) == 0.0
    assert dissimilarity(np.array([6.0, 2.0]), np.array([10.0, 10.0])) == pytest.approx(0.5 * (6 / 8 - 4 / 12 + 8 / 12 - 2 / 8))
