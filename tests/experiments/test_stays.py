"""Who waits where, from what a run keeps: by hand, and in the small study."""

import numpy as np
import pandas as pd
import pytest

from experiments.engine import stays
from experiments.engine.measure import Asked, Run
from experiments.loaded import load
from model.ledger import Event
from model.world import ByPlace, Count, Place


def a_run():
    """Two years: on average 3 of 12 places of opvang held; 4 got a home after 8 months each; nobody anywhere else."""
    places, counts = np.zeros((len(Place), len(ByPlace)), np.int64), np.zeros(len(Count), np.int64)
    of = places[Place.OPVANG]
    of[ByPlace.GEKOMEN], of[ByPlace.NAAR_HUIS], of[ByPlace.NAAR_HUIS_MAANDEN], of[ByPlace.GEWEIGERD] = 10, 4, 32, 2
    of[ByPlace.DAAR], of[ByPlace.DAAR_MAANDEN], counts[Count.PLAATSEN_OPVANG] = 3 * 24, 5 * 3 * 24, 12 * 24
    counts[Count.OPVANG_MAANDEN], counts[Count.BANK_MAANDEN] = 3 * 24, 24
    other = dict.fromkeys(set(Run._fields) - {"counts", "places"}, np.zeros(0))
    return Run(**other, counts=counts, places=places)


def test_places_people_and_stays_by_hand():
    """A stay at 800 and a place at 1,080 euro a month: 36 months a year are 67,680 euro; a couch at 300 euro has no place."""
    cents = np.zeros(len(Event), np.int64)
    cents[[Event.OPVANG_MAAND, Event.OPVANG_PLAATS, Event.BANK_MAAND]] = 80_000, 108_000, 30_000
    found = pd.DataFrame(stays.rows(Asked("k", "", "loting", 1, (), 24, "summary"), a_run(), cents)).set_index("kind")
    opvang, couch = found.loc["opvang"], found.loc["bank"]
    assert (opvang.places, opvang.there, opvang.occupancy) == (12, 3, 0.25)
    assert (opvang.came, opvang.got_home, opvang.found_full) == (5, 2, 1)
    assert (opvang.stay_months, opvang.waited_months) == (8, 5)
    assert (opvang.euro, couch.euro) == (67_680, 3_600)
    assert couch.there == 0 and pd.isna(couch.places) and pd.isna(couch.occupancy) and pd.isna(couch.stay_months)


def test_a_study_tells_it_of_its_own_scenarios(whole):
    found = load(whole)["stays"]
    assert len(found) == found.groupby(["scenario", "seed"]).ngroups * 7 and set(found.seed) == {1, 2, 3}
    d = load(whole)["differences"]
    told = d[(d.design == "") & (d.indicator == "bezetting_opvang")].set_index("scenario").value
    mine = found[(found.kind == "opvang")].groupby("scenario").occupancy.mean()
    assert found.there.sum() > 0 and mine[told.index].tolist() == pytest.approx(told.tolist()), "as its indicator has it"
