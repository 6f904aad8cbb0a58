"""The command that shows a town: end to end on voorbeeldstad and on Oss, its tables, its page, and what it refuses."""

import json
import re
import sys
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest

from experiments import figures, gemeente, pages, portrait
from experiments.figures import TOWN, drawn
from experiments.figures.places import MAPPED
from experiments.figures.style import PAGE
from experiments.figures.town import MAPS, PANELS, SHADES, class_source
from experiments.loaded import load_town
from experiments.plan import vintage_of
from experiments.prose import EN, NL, phrase, word
from model.fit import BUILT, CLIENTS, LIVED, Compared
from model.tables import DRAWN, OF_SIZE, WITHOUT_PERSONS, account, chain, joining
from model.tables.own import MEASURED
from model.tables.schema import FIELDS
from tests.experiments.test_report import Page

DOCS = Path(__file__).parents[2] / "docs"
DATA = Path(__file__).parents[3] / "shared" / "data"
real_tables = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real tables in {DATA.name}/ beside the project")


def show(monkeypatch, folder, *arguments):
    monkeypatch.setattr(sys, "argv", ["experiments.gemeente", *arguments, f"results.folder={folder}"])
    monkeypatch.setattr(figures, "DPI", 30)
    gemeente.main()


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shown")
    with pytest.MonkeyPatch.context() as patch:
        show(patch, folder)
    return folder / "gemeente-GM9999-synthetisch"


def test_voorbeeldstad_is_written_whole(shown):
    assert {p.name for p in shown.iterdir()} == {
        "compared.parquet", "figures", "fit.parquet", "gemeente.en.html", "gemeente.html", "imputed.parquet", "manifest.json",
        "margins.parquet", "places.parquet",
    }  # fmt: skip
    drawn = {p.name for p in (shown / "figures").iterdir()}
    kinds = ("csv", "nl.svg", "en.svg", "nl.png", "en.png")
    assert drawn == {f"{name}.{kind}" for name in ("kaarten", "passing") for kind in kinds}  # nothing was filled in


def test_leefbaarheid_has_the_colours_that_it_has_in_a_study_and_no_edition_where_none_was_read(shown):
    assert MAPS["leefbaarheid"][1] == MAPPED["kaart"].colours
    assert class_source(load_town(shown)) == ""
    assert "Leefbaarheid bij de start is" not in (shown / "gemeente.html").read_text(encoding="utf-8")


def test_places_hold_what_is_drawn_and_the_world_as_built(shown):
    found = geopandas.read_parquet(shown / "places.parquet")
    assert set(found.niveau) == {"tegel"} and (found.vlak == found.code).all() and found.geometry.notna().all()
    counts = json.loads((shown / "manifest.json").read_text(encoding="utf-8"))["counts"]
    assert counts["households"] == found.huishoudens.sum() and counts["buurten"] == len(found) == 25
    assert 0.03 < found.kwetsbaar.sum() / found.huishoudens.sum() < 0.2


def test_margins_are_those_of_each_buurt(shown):
    tables = load_town(shown)
    got = tables.margins.pivot(index="code", columns="marge", values="gekregen")
    assert got[["koop", "vrije_huur", "sociale_huur"]].sum(axis=1).to_numpy() == pytest.approx(1.0)
    homes = tables.places.set_index("code").huishoudens[got.index]
    assert np.average(got.koop, weights=homes) == pytest.approx(tables.fit.set_index("marge").gekregen["koop"])
    assert set(PANELS) <= set(tables.margins.marge)


def test_the_page_stands_alone_in_both_languages(shown):
    for language, file in portrait.FILES.items():
        text = (shown / file).read_text(encoding="utf-8")
        page = Page(text)
        assert dict(page.tags)["html"]["lang"] == language and "http" not in text.replace("http-equiv", "")
        assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
        assert all(a["alt"] and a["src"].startswith("data:") for tag, a in page.tags if tag == "img")
        local = [a["href"] for tag, a in page.tags if tag == "a" and not a["href"].startswith("#")]
        assert all((shown / href).is_file() for href in local)
        assert not re.search(r"\{\w+\}|\{\{|None|nan", page.text)
        assert "Voorbeeldstad" in page.text


def test_every_text_of_the_tables_is_escaped(shown, tmp_path, monkeypatch):
    monkeypatch.setattr(portrait, "draw_town", lambda folder: [])
    for path in shown.glob("*.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = geopandas.read_parquet(shown / "places.parquet").assign(wijk_naam="<script>alert(1)</script>")
    found.to_parquet(tmp_path / "places.parquet")
    text = portrait.write(tmp_path).read_text(encoding="utf-8")
    assert "<script>" not in text and "&lt;script&gt;" in text


FIT = pd.DataFrame(
    [
        ("koop", "aandeel huishoudens", 0.6274, 0.6269, 0.000495, 0.00212, "Huisseling", 0.00259),
        ("profiel verslaving", "aandeel huishoudens", 0.007, 0.00712, np.nan, np.nan, "", np.nan),
        ("gemiddelde huishoudgrootte", "personen", 2.19, 2.187, np.nan, np.nan, "", np.nan),
        ("huishoudens", "aantal", 42820.0, 42820.0, 0.0, 0.0, "", 0.0),
    ],
    columns=["marge", "eenheid", "gevraagd", "gekregen", "fout", "p95", "slechtste", "slechtste_fout"],
)


def test_shares_are_per_cents_and_their_errors_percentage_points():
    assert pages.fit(FIT, NL).rows == [
        ["Koopwoningen", "62,7%", "62,7%", "0,05", "0,2", "Huisseling (0,3)"],
        ["Profiel: verslaving", "0,70%", "0,71%", "", "", ""],
        ["Gemiddelde huishoudgrootte (personen)", "2,19", "2,19", "", "", ""],
        ["Huishoudens", "42.820", "42.820", "", "", ""],
    ]
    assert pages.fit(FIT, EN).rows[0] == ["Owner-occupied homes", "62.7%", "62.7%", "0.05", "0.2", "Huisseling (0.3)"]


def test_what_is_known_besides_says_in_words_whether_the_model_is_right():
    values, unknown = (0.5, -1.25, 2.0), (np.nan,) * 3
    frame = pd.DataFrame(
        [
            Compared("ses_woa", "buurt", "", 400, *values, "gemiddelde SES", "leefbaarheid", *values, 390, 0.94),
            Compared("ses_spreiding", "buurt", "", 400, *values, "spreiding SES", "", *values, 390, -0.36),
            Compared("klachten", "buurt", "", 1, 31, 31, 31, "", "klachten", *unknown, 0, np.nan),
            Compared("cijfer", "buurt", "", 0, *unknown, "", "", *unknown, 0, np.nan),
            Compared("caseload welzijn", "wijk", "", 3, 20, 10, 30, "kwetsbare bewoners thuis per fte", "", 4, 1.5, 9, 3, 0.5),
            Compared("caseload welzijn", "wijk", "Noord", 1, 2, 2, 2, "kwetsbare bewoners thuis per fte", "", 3, 3, 3, 1, np.nan),
            Compared("caseload wijkagent", "wijk", "", 3, 20, 10, 30, "", "", *unknown, 0, np.nan),
        ]
    )
    assert [row[1:] for row in pages.compared(frame, NL).rows] == [
        ["400 buurten", "0,5 (−1,25 tot 2)", "gemiddelde status van de huishoudens", "390", "0,94", "bijna dezelfde volgorde"],
        ["400 buurten", "0,5 (−1,25 tot 2)", "verschillen in status tussen huishoudens", "390", "−0,36",
         "omgekeerde volgorde: hier klopt het model niet"],
        ["1 buurt", "31", "overlastklachten per jaar: pas bekend als er maanden zijn gesimuleerd", "–", "–", ""],
        ["0 buurten", "–", "geen tegenhanger in het model", "–", "–", ""],
        ["3 wijken", "20 (10 tot 30)", "kwetsbare bewoners thuis per fte: 4 (1,5 tot 9)", "3", "0,50",
         "grotendeels dezelfde volgorde"],
        ["1 wijk", "2", "kwetsbare bewoners thuis per fte: 3", "1", "–", "geen volgorde: minder dan drie wijken"],
        ["3 wijken", "20 (10 tot 30)", "geen tegenhanger in het model", "–", "–", ""],
    ]  # fmt: skip
    assert [row[0] for row in pages.compared(frame, EN).rows[4:6]] == ["Caseload of welzijn", "Caseload of welzijn (Noord)"]
    assert pages.caseload_note(frame, NL) and not pages.caseload_note(frame[:4], NL)


def test_everything_that_can_be_known_besides_has_words():
    official = {c for year in (2019, 2023, 2024) for v in (vintage_of(year),) for names in v.observed.values() for c in names}
    pairs = [*BUILT, *LIVED]
    told = {*official, *CLIENTS.values(), *(f"caseload {kind}" for kind in FIELDS["soort"].choices)}
    told |= {p.observed for p in pairs} | {p.model for p in BUILT} | {p.model for p in LIVED if p not in BUILT}
    same = {"leefbaarheid", "aandeel_kwetsbaar"}  # these have another counterpart that is known sooner, so that they are not told
    for language in (NL, EN):
        assert not [name for name in told - same if phrase(name, language) == name.replace("_", " ") and "per fte" not in name]


def test_an_own_table_is_shown_beside_the_model(monkeypatch, capsys, tmp_path):
    """The example of the docs: two wijken have a caseload of a kind at most, and no number of a panel is in the model."""
    monkeypatch.setattr(portrait, "draw_town", lambda folder: [])
    show(monkeypatch, tmp_path, f"gemeente.eigen={DOCS / 'examples' / 'own-tables' / 'own.yaml'}")
    told = capsys.readouterr().out
    assert re.search(r"Rapportcijfer\s+2 buurten\s+6\.75 \(6\.4 to 7\.1\)\s+no counterpart in the model", told)
    assert re.search(r"Caseload of the wijkteam \(Wijk A\)\s+1 wijk\s+22\s+known vulnerable residents per fte: \d", told)
    assert re.search(r"Nuisance complaints a year\s+2 buurten\s+17\.5 \(4 to 31\).*known only when months are simulated", told)
    page = (tmp_path / "gemeente-GM9999-synthetisch" / "gemeente.html").read_text(encoding="utf-8")
    assert "Rapportcijfer" in page and "Caseload: opgegeven cliënten per fte" in page and not re.search("None|>nan", page)


def test_a_little_is_neither_nothing_nor_all():
    assert [pages.part_of(x, NL) for x in (0.0, 0.0001, 0.5, 0.9999, 1.0)] == ["0,0%", "< 0,1%", "50,0%", "> 99,9%", "100,0%"]
    assert pages.typical_error("dichtheid", 1401.0, NL) == "± 1.400 inwoners per km²"
    assert pages.typical_error("woz", 41.0, EN) == "± 41 thousand euro" and pages.typical_error("woz", np.nan, NL) == ""


def test_every_level_and_attribute_of_the_imputation_report_has_words_and_every_level_a_colour():
    estimated = {"geschat binnen wijk", "geschat binnen gemeente", "geschat zonder totaal"}
    estimated |= {f"{level}, {WITHOUT_PERSONS}" for level in estimated} | {OF_SIZE, DRAWN}
    levels = {*chain.LEVELS, *estimated, joining.LEVEL, joining.NO_HOMES, joining.BOUNDED}
    assert set(SHADES) == {*levels, ""}
    told = {*levels, account.SUPPRESSED, *MEASURED, "score", "klasse", "ligging", "inwoners"}
    for language in (NL, EN):
        assert not [name for name in told - {joining.LEVEL} if phrase(name, language) == name.replace("_", " ")]
        assert not [
            name for name in (*MEASURED, "ligging", "inwoners") if word("errors", name, language) == name.replace("_", " ")
        ]


def test_help_tells_how_without_reading_any_configuration(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["experiments.gemeente", "--help"])
    gemeente.main()
    assert "python -m experiments.gemeente" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gemeente.code=GM0828"], "gemeente.data"),
        (["gemeente.code=GM0828", "gemeente.data=no/where"], "no/where"),
        (["gemeente=nix"], "voorbeeldstad"),
        pytest.param(["gemeente.code=GM9998", f"gemeente.data={DATA}"], "GM9998", marks=real_tables),
        pytest.param(["gemeente.code=oss", f"gemeente.data={DATA}"], "GM0828 (Oss)", marks=real_tables),
    ],
)
def test_what_can_not_be_shown_is_refused_on_one_screen(arguments, said, monkeypatch, capsys, tmp_path):
    with pytest.raises(SystemExit) as left:
        show(monkeypatch, tmp_path / "results", *arguments)
    told = capsys.readouterr().err
    assert left.value.code == 2 and said in told
    assert "Traceback" not in told and len(told.splitlines()) <= 24 and not (tmp_path / "results").exists()


@real_tables
def test_oss_is_shown_with_its_own_polygons_all_figures_and_where_these_come_from(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(portrait, "draw_town", lambda folder: [])  # drawn below, in one language
    show(monkeypatch, tmp_path, "gemeente.code=GM0828", f"gemeente.data={DATA}")
    told = capsys.readouterr().out
    assert "Oss (GM0828), 2024: 42,820 households, 99 buurten, 23 wijken" in told
    assert re.search(r"Share of owner-occupied homes\s+value of the wijk\s+10\s+110\s+0\.3%\s+± 8 percentage points\s+CBS", told)
    assert re.search(r"Owner-occupied homes\s+62\.7%\s+62\.7%\s+0\.\d+\s+0\.\d\s+Huisseling \(0\.3\)", told)
    assert str(tmp_path / "gemeente-GM0828-2024" / "gemeente.html") in told
    tables = load_town(tmp_path / "gemeente-GM0828-2024")
    assert set(tables.places.niveau) == {"buurt"}
    ruwaard = portrait.parts(tables, NL).rows[0]
    assert ruwaard[:2] == ["Ruwaard", "6.375"]  # the largest wijk of Oss
    assert class_source(tables) == "Leefbaarometer 2.0, 2016"
    page = (tmp_path / "gemeente-GM0828-2024" / "gemeente.html").read_text(encoding="utf-8")
    assert "de klasse van de wijk volgens Leefbaarometer 2.0, 2016." in Page(page).text.replace("\n", " ")
    for name, (data, draw) in TOWN.items():
        assert drawn(draw, tables, NL, PAGE) is not None and len(data(tables)), name


def test_a_region_of_many_gemeenten_has_a_short_name(small_town):
    from dataclasses import replace

    town = replace(small_town(), code="+".join(f"GM{k:04d}" for k in range(30)))
    assert len(gemeente.short_code(town)) < 40
    assert gemeente.short_code(small_town()) == "GM0000"
