"""Towns: the margins that voorbeeldstad is drawn from, and Oss from its real tables."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from experiments.plan import vintage_of
from model import tables
from model.fit import dissimilarity, fit
from model.parameters import Refused
from model.population import build
from model.voorbeeldstad import voorbeeldstad as drawn

DATA = Path(__file__).parents[3] / "shared" / "data"
real_tables = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real tables in {DATA.name}/ beside the project")


@pytest.fixture(scope="module")
def voorbeeldstad(rooms):
    return drawn(rooms.voorbeeldstad, rooms.town)


@pytest.fixture(scope="module")
def real(of_2024, rooms):
    """`real(code)`: a gemeente of 2024."""
    return lambda code: tables.town(of_2024, [code], rooms.tables, rooms.town)


def weighted(town, column):
    return np.average(town.buurten[column], weights=town.buurten.huishoudens)


def test_voorbeeldstad_has_its_published_margins_and_says_that_it_is_synthetic(voorbeeldstad):
    town = voorbeeldstad
    assert town.synthetic and "synthetisch" in town.naam
    assert (town.buurten.huishoudens.sum(), len(town.wijken), len(town.buurten)) == (12_000, 5, 25)
    assert weighted(town, "p_koop") == pytest.approx(57, abs=1)
    assert weighted(town, "p_corp") == pytest.approx(29, abs=1)
    assert weighted(town, "hh_grootte") == pytest.approx(2.2, abs=0.02)
    corp = town.buurten.p_corp / 100
    assert 0.36 <= dissimilarity(corp * town.buurten.huishoudens, town.buurten.huishoudens) <= 0.50  # measured: 0.40-0.48
    assert (town.buurten.p_koop + town.buurten.p_corp <= 100).all()


def test_the_town_is_the_same_in_every_study(rooms, voorbeeldstad):
    assert drawn(rooms.voorbeeldstad, rooms.town).buurten.equals(voorbeeldstad.buurten)


def test_margins_asked_are_margins_got(rooms, voorbeeldstad):
    got = fit(voorbeeldstad, rooms, build(voorbeeldstad, rooms, 1, 0.3, 36)).set_index("marge")
    apart = (got.gevraagd - got.gekregen).abs()
    assert apart["huishoudens"] == 0
    assert apart[got.eenheid == "aandeel huishoudens"].max() < 0.005
    assert apart["gemiddelde huishoudgrootte"] < 0.02
    assert apart["clustering corporatie (dissimilariteit)"] < 0.01
    assert got.fout.max() < 0.01 and got.slechtste_fout.max() < 0.04  # over buurten of 100 households and more


@real_tables
def test_oss_is_oss(real):
    """Totals of the gemeente (CBS 2024), its 23 wijken, and what is known of corporatie homes (28% in 2020)."""
    town = real("GM0828")
    assert town.naam == "Oss" and not town.synthetic
    assert town.buurten.huishoudens.sum() == pytest.approx(42_815, rel=0.002)
    assert len(town.wijken) == 23 and len(town.buurten) == 99
    assert weighted(town, "p_koop") == pytest.approx(63, abs=1)
    assert weighted(town, "p_corp") == pytest.approx(28, abs=1.5)
    assert town.buurten.klasse.notna().all()
    assert set(town.shapes.code) >= set(town.buurten.code[town.buurten.huishoudens >= 100])


@real_tables
def test_what_is_suppressed_is_filled_from_its_wijk_and_counted(real):
    town = real("GM0828")
    assert town.buurten[["p_koop", "p_corp", "woz_ratio", "hh_grootte", "p_oud"]].notna().all().all()
    filled = town.imputed[(town.imputed.attribuut == "p_koop") & (town.imputed.niveau != "buurt")]
    assert filled.buurten.sum() == 10 and (filled.niveau == "wijk").all()


@real_tables
def test_margins_of_oss_are_met(real, rooms):
    town = real("GM0828")
    got = fit(town, rooms, build(town, rooms, 1, 0.3, 36)).set_index("marge")
    apart = (got.gevraagd - got.gekregen).abs()
    assert apart["huishoudens"] == 0
    assert apart[got.eenheid == "aandeel huishoudens"].max() < 0.005
    assert got.p95.max() < 0.025


@real_tables
@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("GM9998", "gemeente of 2024"),
        ("GM796", r"such as GM0796 \('s-Hertogenbosch\)"),
        ("Oss", r"such as GM0828 \(Oss\)"),
        ("Den Bosch", r"GM0796 \('s-Hertogenbosch\)"),
    ],
)
def test_a_gemeente_that_does_not_exist_is_refused_with_what_is_like_it(real, code, said):
    with pytest.raises(Refused, match=said):
        real(code)


def test_a_missing_folder_file_or_column_is_refused_by_name(tmp_path):
    with pytest.raises(Refused, match="a folder"):
        tables.read(tmp_path / "none", vintage_of(2024))
    with pytest.raises(Refused, match=r"buurten_2024_nl\.csv\.gz"):
        tables.read(tmp_path, vintage_of(2024))
    if DATA.is_dir():
        for source in vintage_of(2024).files.values():
            shutil.copy(DATA / source.file, tmp_path / source.file)
        text = (tmp_path / "gemeenten_2024_nl.csv").read_text(encoding="utf-8")
        (tmp_path / "gemeenten_2024_nl.csv").write_text(text.replace("woz_keur", "waarde", 1), encoding="utf-8")
        with pytest.raises(Refused, match="woz_keur"):
            tables.read(tmp_path, vintage_of(2024))
