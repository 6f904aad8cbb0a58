"""What the terminal shows of a study: English words, and values in the unit that is named beside them."""

from types import SimpleNamespace

import pandas as pd

from experiments import show
from experiments.pages import typical_error
from experiments.prose import EN, NL


def test_one_is_singular():
    assert [show.counted(n, "worker") for n in (1, 2, 0)] == ["1 worker", "2 workers", "0 workers"]


def test_a_share_is_shown_in_the_per_cents_that_its_unit_names():
    row = pd.Series({"difference": 0.03, "low": 0.025, "high": 0.035, "relevant_difference": 0.02, "baseline_value": 0.5})
    part = row.to_frame().T.assign(scenario="spreiding")
    assert show._line(part, ["spreiding", "plafond"], "Soft landing", "aandeel geplaatsten") == [
        "Soft landing", "% of those placed", "50", "+3 [+2.5, +3.5]*!", "-",
    ]  # fmt: skip
    assert show.interval(row) == "+0.03 [+0.025, +0.035]*!"


def test_a_base_rate_is_told_in_english_and_says_when_it_is_far_off():
    of = SimpleNamespace(rij="E076", wat="vaak hinder van buren", eenheid="aandeel huishoudens", gepubliceerd=0.05, model=0.2)
    assert show._base_rate(SimpleNamespace(**vars(of), binnen_factor_2=False)) == (
        "E076  often bothered by neighbours (% of households): 5, 20 beyond a factor 2"
    )


def test_per_cents_of_an_error_stand_next_to_their_number():
    assert typical_error("inwoners", 1.4, EN) == "± 1.4% of inhabitants"
    assert typical_error("inwoners", 1.4, NL) == "± 1,4% van de inwoners"
    assert typical_error("p_koop", 8.0, EN) == "± 8 percentage points"
