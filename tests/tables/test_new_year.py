"""A new year is a mapping file: no line of code, whatever its files and columns are called."""

import pandas as pd
import pytest
import yaml

from model import tables
from model.parameters import Refused
from model.tables.vintage import read_vintage
from tests.tables import invented

MAPPING = """
year: 2030
files:
  gebieden:                                  # all levels in one file, as a Dutch Excel writes it
    file: gebieden_2030.csv
    source: an invented publisher
    separator: ";"
    decimal: ","
    encoding: cp1252
    columns: {code: gwb_code, naam: regio, inwoners: a_inw, inw_65plus: a_65_oo, huishoudens: a_hh, hh_grootte: g_hhgro,
      dichtheid: bev_dich, woz: g_woz, p_koop: p_koopw, p_eengezins: p_1gezw, buurtcijfer: rapportcijfer}
    compute: {p_oud: 100 * inw_65plus / inwoners}
  bezit: {file: bezit.csv, source: an invented publisher, year: 2028, columns: {code: gm, p_koop: koop, p_corp: corp, p_laag_ink: laag}}
  klassen: {file: klassen.csv, source: an invented publisher, optional: true, columns: {code: wk, klasse: klasse_2030}}
chains: {hh_grootte: [gebieden], dichtheid: [gebieden], woz: [gebieden], p_koop: [gebieden], p_eengezins: [gebieden],
  p_oud: [gebieden], p_corp: [bezit], p_laag_ink: [bezit], klasse: [klassen]}
observed: {gebieden: [buurtcijfer]}          # a column without a meaning for the model: any number, shown beside it
"""  # noqa: E501
NAMES = {"code": "gm", "p_koop": "koop", "p_corp": "corp", "p_laag_ink": "laag"}


@pytest.fixture
def folder(tmp_path):
    of, mapping = invented.tables(), yaml.safe_load(MAPPING)
    areas = pd.concat([of[name] for name in invented.PER_LEVEL]).assign(buurtcijfer="7.5")
    theirs = areas.rename(columns=mapping["files"]["gebieden"]["columns"]).replace(r"\.", ",", regex=True)
    theirs.to_csv(tmp_path / "gebieden_2030.csv", sep=";", index=False, encoding="cp1252")
    of["tenure"].rename(columns=NAMES).to_csv(tmp_path / "bezit.csv", index=False)
    of["classes"].rename(columns={"code": "wk", "klasse": "klasse_2030"}).to_csv(tmp_path / "klassen.csv", index=False)
    return tmp_path


def test_a_town_of_another_year_is_the_same_under_other_names(folder, tmp_path_factory, rooms):
    named = tables.read(folder, read_vintage(yaml.safe_load(MAPPING), "2030.yaml"))
    plain = invented.write(tmp_path_factory.mktemp("plain"), invented.tables())
    usual = tables.read(plain, read_vintage(invented.MAPPING, "2030.yaml"))
    for codes in (["GM0001"], ["GM0001", "GM0003"], ["NL"]):
        town, same = (tables.town(t, codes, rooms.tables, rooms.town) for t in (named, usual))
        pd.testing.assert_frame_equal(town.buurten, same.buurten)
        assert town.bezit.equals(same.bezit) and town.vintage == 2030 and town.sources == ("an invented publisher",)
        assert (town.observed.buurtcijfer == 7.5).all()
    assert set(named.hashes) == {"gebieden_2030.csv", "bezit.csv", "klassen.csv"}


WRONG = {
    "a mark that can not be": (("separator", "#"), "files.gebieden.separator: found '#'; possible: ',', ';'"),
    "a key that is none": (("seperator", ";"), "files.gebieden.seperator: found an unknown name; possible: catalog"),
    "a check of codes without a factor": (("same", {"least": 5}), "files.gebieden.same: found {'least': 5}; possible: within"),
    "a check of codes of the year itself": (("same", {"within": 1.6, "least": 500}), "files.gebieden.same: found no year"),
    "a source that is not named": (("source", None), "files.gebieden.source: found nothing"),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_entry_is_refused_by_its_key(change, said):
    mapping = yaml.safe_load(MAPPING)
    key, value = change
    mapping["files"]["gebieden"][key] = value
    if value is None:
        del mapping["files"]["gebieden"][key]
    with pytest.raises(Refused) as refused:
        read_vintage(mapping, "2030.yaml")
    assert said in str(refused.value)


def test_a_year_without_what_a_town_needs_is_refused_by_name():
    mapping = yaml.safe_load(MAPPING)
    del mapping["chains"]["woz"], mapping["files"]["gebieden"]["columns"]["inwoners"], mapping["files"]["gebieden"]["compute"]
    with pytest.raises(Refused) as refused:
        read_vintage(mapping, "2030.yaml")
    said = str(refused.value)
    assert "2030.yaml: chains.woz: found nothing; possible: names of files, nearest first" in said
    assert "2030.yaml: files: found none that counts buurten; possible: one with the columns naam, huishoudens, inwoners" in said


def test_a_column_without_a_declared_meaning_is_refused_unless_it_is_only_observed(folder):
    mapping = yaml.safe_load(MAPPING)
    del mapping["observed"]
    with pytest.raises(Refused, match=r"gebieden_2030\.csv, column buurtcijfer: found a name without a declared meaning"):
        tables.read(folder, read_vintage(mapping, "2030.yaml"))
