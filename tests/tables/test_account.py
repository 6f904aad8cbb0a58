"""The imputation report of a town: inhabitants are counted too, and no two lines differ without words that say why."""

from copy import deepcopy

import pytest

from model import tables
from model.tables import OF_SIZE, WITHOUT_PERSONS
from model.tables.vintage import read_vintage
from tests.tables import invented


@pytest.fixture
def town(tmp_path, rooms):
    """Factory of the town of a gemeente; of the wijken, only Noord (WK000101) knows how many persons have a low income."""

    def make(code, **parameters):
        of, mapping = invented.tables(), deepcopy(invented.MAPPING)
        mapping["files"]["classes"]["columns"]["p_laag_pers"] = "p_laag_pers"
        of["classes"]["p_laag_pers"] = of["classes"].code.map({"WK000101": "45"}).fillna("")
        read = tables.read(invented.write(tmp_path, of), read_vintage(mapping, "2030.yaml"))
        return tables.town(read, [code], rooms.tables._replace(**parameters), rooms.town)

    return make


def told(town, attribute):
    mine = town.imputed[town.imputed.attribuut == attribute].set_index("niveau")
    return mine[["buurten", "huishoudens"]].T.to_dict("list"), mine


def test_inhabitants_that_are_households_times_size_are_counted(town):
    """Haven: 20 households of unknown size and number; its wijk has 1.8 persons a household. In large buurten that product is
    off by 0% (Aarde), 2.4% (Eiland), 2.4% (Ijs) and 2.7% (Curve)."""
    tweede = town("GM0002")
    counts, lines = told(tweede, "inwoners")
    assert counts == {"buurt": [3, 270], OF_SIZE: [1, 20]}
    assert tweede.buurten.set_index("code").inwoners["BU00020202"] == pytest.approx(36.0)
    assert lines.zekerheid[OF_SIZE] == pytest.approx(100 * (8 / 330 + 10 / 410) / 2)
    assert lines.bron["buurt"] == "invented" and told(town("GM0001"), "inwoners")[0] == {"buurt": [4, 330]}


@pytest.mark.parametrize("attribute", ["p_laag_ink", "p_hoog_ink"])
def test_incomes_that_are_estimated_without_those_of_persons_say_so(town, rooms, attribute):
    counts, lines = told(town("GM0001"), attribute)
    level = {"p_laag_ink": "geschat binnen gemeente", "p_hoog_ink": "geschat zonder totaal"}[attribute]
    assert counts == {level: [2, 160], f"{level}, {WITHOUT_PERSONS}": [2, 170]}
    name = {"p_laag_ink": "low_income_error", "p_hoog_ink": "high_income_error"}[attribute]
    assert lines.zekerheid.tolist() == [getattr(rooms.tables, name), getattr(rooms.tables, f"{name}_without_persons")]


def test_what_is_equally_sure_is_one_line(town):
    counts, _ = told(town("GM0001", low_income_error_without_persons=2.9, low_income_error=2.9), "p_laag_ink")
    assert counts == {"geschat binnen gemeente": [4, 330]}
