"""The chain of an attribute: buurt, wijk, gemeente, country; what is missing is taken from the next, and never zero."""

import numpy as np
import pandas as pd
import pytest

from model.tables.chain import code_at, fill, national, typical_errors

BUURT = pd.Series(["BU00010101", "BU00010102", "BU00010201", "BU0363AA01"])


def table(**rows):
    return pd.DataFrame.from_dict(rows, orient="index", columns=["p_koop", "huishoudens"])


FRAMES = {
    "buurten": table(BU00010101=[60.0, 100], BU00010102=[np.nan, 100], BU00010201=[np.nan, 50], BU0363AA01=[np.nan, 10]),
    "wijken": table(WK000101=[50.0, 200], WK000102=[np.nan, 50]),
    "gemeenten": table(GM0001=[40.0, 300], GM0002=[80.0, 100]),
}
CHAIN = ["buurten", "wijken", "gemeenten"]


def test_the_code_of_a_buurt_tells_its_wijk_and_gemeente_letters_included():
    assert code_at(BUURT, "wijk").tolist() == ["WK000101", "WK000101", "WK000102", "WK0363AA"]
    assert code_at(BUURT, "gemeente").tolist() == ["GM0001", "GM0001", "GM0001", "GM0363"]


def test_each_buurt_takes_the_nearest_level_that_knows():
    filled = fill(BUURT, FRAMES, CHAIN, "p_koop")
    assert filled.level.tolist() == ["buurt", "wijk", "gemeente", "land"]
    assert filled.values.tolist() == [60.0, 50.0, 40.0, 50.0]  # the country: (300 x 40 + 100 x 80) / 400
    assert filled.file.tolist() == ["buurten", "wijken", "gemeenten", "gemeenten"]


def test_a_gemeente_without_a_row_has_the_mean_of_its_wijken_by_size():
    """Wijken of 100 and 300 households with 20% and 60%: (100 x 20 + 300 x 60) / 400 = 50%. A row of the gemeente goes before."""
    wijken = {"wijken": table(WK000101=[20.0, 100], WK000102=[60.0, 300], WK000103=[np.nan, 900], WK000201=[99.0, 50])}
    buurt = pd.Series(["BU00010401"])
    filled = fill(buurt, wijken, CHAIN, "p_koop")
    assert (filled.values[0], filled.level[0], filled.file[0]) == (50.0, "gemeente", "wijken")
    filled = fill(buurt, {**wijken, "gemeenten": table(GM0001=[40.0, 300])}, CHAIN, "p_koop")
    assert (filled.values[0], filled.level[0], filled.file[0]) == (40.0, "gemeente", "gemeenten")


def test_a_wijk_that_is_not_joined_still_counts_in_its_gemeente():
    whole = {"wijken": table(WK000101=[20.0, 100], WK000102=[60.0, 300])}
    joined = {"wijken": whole["wijken"].drop(index="WK000102")}
    filled = fill(pd.Series(["BU00010101", "BU00010201"]), joined, CHAIN, "p_koop", whole=whole)
    assert filled.values.tolist() == [20.0, 50.0] and filled.level.tolist() == ["wijk", "gemeente"]


def test_a_chain_may_end_early_and_then_says_nothing():
    filled = fill(BUURT, FRAMES, CHAIN, "p_koop", upto="wijk")
    assert filled.values.isna().tolist() == [False, False, True, True] and filled.level.tolist()[2:] == ["", ""]


def test_the_row_of_the_country_goes_before_a_mean():
    assert national(FRAMES, CHAIN, "p_koop") == 50.0
    assert national({**FRAMES, "kwb": table(NL00=[57.0, 8e6])}, [*CHAIN, "kwb"], "p_koop") == 57.0


def test_zero_is_a_value_and_empty_is_not():
    frames = {"buurten": table(BU00010101=[0.0, 100], BU00010102=[np.nan, 100])}
    filled = fill(BUURT[:2], frames, ["buurten"], "p_koop", upto="buurt")
    assert filled.values.iloc[0] == 0.0 and np.isnan(filled.values.iloc[1])


def test_how_sure_a_level_is_is_the_typical_distance_to_what_buurten_have_themselves():
    """Three buurten of one wijk (50%): 40, 55 and 90 are 10, 5 and 40 off, so the median is 10; a small one does not count."""
    frames = {
        "buurten": table(BU00010101=[40.0, 100], BU00010102=[55.0, 200], BU00010103=[90.0, 300], BU00010104=[0.0, 20]),
        "wijken": table(WK000101=[50.0, 620]),
    }
    found = typical_errors(frames, ["buurten", "wijken"], "p_koop")
    assert found["wijk"] == pytest.approx(10.0) and np.isnan(found["buurt"])
