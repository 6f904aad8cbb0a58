"""The tables of a report in Excel: numbers as numbers, texts as texts."""

import pandas as pd
import pytest
from openpyxl import load_workbook

from experiments import report, workbook
from tests.experiments.test_report import study


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    folder = study(tmp_path_factory.mktemp("studie") / "s", town="=HYPERLINK(1)")
    return {path.name: load_workbook(path) for path in workbook.write(folder)}


def test_there_is_a_dutch_and_an_english_workbook_with_the_same_sheets_in_the_same_order(books):
    dutch, english = (books[name] for name in report.WORKBOOKS.values())
    assert dutch.sheetnames[:3] == ["Verschillen", "Per buurt", "Waarvoor betaald"]
    assert english.sheetnames[:3] == ["Differences", "Per buurt", "What is paid for"]
    assert len(dutch.sheetnames) == len(english.sheetnames)


def test_a_difference_stands_there_as_a_number_in_the_unit_of_the_page(books):
    rows = frame(books["report.xlsx"]["Verschillen"])
    soft = rows[(rows.Indicator == "zachte_landing (nl)") & (rows.Profiel.isna())].iloc[0]
    assert soft.Eenheid == "% van de geplaatsten (procentpunt)"
    assert (soft.Loting, soft.Verschil, soft["Ondergrens 95%"]) == pytest.approx((47.4, -1.0, -4.0))  # 100 times the share
    costs = rows[(rows.Indicator == "kosten (nl)") & rows.Betaler.isna()].iloc[0]
    assert costs.Verschil == pytest.approx(52_345.0)


def test_what_is_paid_for_is_the_mean_over_seeds_and_its_paired_difference(books):
    rows = frame(books["report.en.xlsx"]["What is paid for"])
    mine = rows[(rows.Payer == "care office (Wlz)") & (rows.Scenario == "concentratie")].iloc[0]
    assert mine.Loting == pytest.approx(12 * (1000 + 2) / 24)  # seeds 1, 2 and 3, each 1000 + seed over 24 months
    assert mine.Difference == pytest.approx(12 * 1000 / 24)


def test_a_small_number_stays_what_it_is_and_what_is_unknown_is_an_empty_cell():
    assert [workbook._number(x) for x in (1e-7, 0.1 + 0.2, float("nan"), float("inf"))] == [1e-7, 0.3, None, "inf"]


def test_a_name_that_looks_like_a_formula_stays_a_text(books):
    cells = [c for row in books["report.xlsx"]["Verantwoording"].iter_rows() for c in row if str(c.value).startswith("=")]
    assert cells and all(c.data_type == "s" for c in cells)


def test_numbers_stand_in_the_unit_that_their_row_names(books):
    beside = frame(books["report.xlsx"]["Naast publicaties"]).set_index("Bron")
    assert beside.loc["E1", ["Eenheid", "Gepubliceerd", "Model"]].tolist() == ["% van de huishoudens", 5.0, 6.69]
    assert beside.loc["E2", ["Eenheid", "Gepubliceerd"]].tolist() == ["maanden", 72.0]
    drift = frame(books["report.xlsx"]["Verloop"])
    assert drift.Eenheid.notna().all() and len(drift)
    assert frame(books["report.xlsx"]["Waar mensen wachten"])["Bezet door wie wacht, %"].iloc[0] == 50.0  # 6 of 12


def test_names_that_one_could_type_stay_as_they_are_and_codes_are_words(books):
    numbers = frame(books["report.xlsx"]["Getallen"]).set_index("Getal")
    assert numbers.loc["indicators.relevant_leefbaarheid", "Waarde"] == 0.02
    assert "crisis.harm_days" in [c.value.lower() for c in next(books["report.xlsx"]["Ontwerp"].iter_rows(max_row=1))]
    assert set(frame(books["report.xlsx"]["Ontwerp"]).Soort) == {"de studie zelf", "eigen ontwerp"}
    assert set(frame(books["report.xlsx"]["Verrekening"]).Rol) <= {
        "investeert",
        "heeft voordeel",
        "gelijk",
        "niet te onderscheiden van 0",
    }


def frame(sheet):
    """A sheet as a table."""
    head, *rows = sheet.values
    return pd.DataFrame(rows, columns=head)
