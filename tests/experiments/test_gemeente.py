"""The command that shows a town: end to end on voorbeeldstad and on Oss, its tables, its page, and what it refuses."""

import json
import re
import sys
from pathlib import Path

import geopandas
import numpy as np
import pandas as pd
import pytest

from experiments import figures, gemeente, portrait
from experiments.figures import TOWN
from experiments.loaded import load_town
from experiments.prose import NL
from tests.experiments.test_report import Page

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
        "figures", "fit.parquet", "gemeente.en.html", "gemeente.html", "imputed.parquet", "manifest.json", "margins.parquet",
        "places.parquet",
    }  # fmt: skip
    drawn = {p.name for p in (shown / "figures").iterdir()}
    kinds = ("csv", "nl.svg", "en.svg", "nl.png", "en.png")
    assert drawn == {f"{name}.{kind}" for name in ("kaarten", "passing") for kind in kinds}  # nothing was filled in


def test_places_hold_what_is_drawn_and_the_world_as_built(shown):
    found = geopandas.read_parquet(shown / "places.parquet")
    assert set(found.niveau) == {"tegel"} and (found.vlak == found.code).all() and found.geometry.notna().all()
    counts = json.loads((shown / "manifest.json").read_text(encoding="utf-8"))["counts"]
    assert counts["households"] == found.huishoudens.sum() and counts["buurten"] == len(found) == 25
    assert 0.03 < found.kwetsbaar.sum() / found.huishoudens.sum() < 0.2


def test_margins_are_those_of_each_buurt(shown):
    tables = load_town(shown)
    got = tables.margins.pivot(index="code", columns="marge", values="gekregen")
    tenure = got[["aandeel koop", "aandeel vrije_huur", "aandeel sociale_huur"]].sum(axis=1)
    assert tenure.to_numpy() == pytest.approx(1.0)
    homes = tables.margins[tables.margins.marge == "huishoudens"]
    assert (homes.gevraagd == homes.gekregen).all()
    whole = np.average(got["aandeel koop"], weights=got["huishoudens"])
    assert whole == pytest.approx(tables.fit.set_index("marge").gekregen["aandeel koop"])


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


def test_the_terminal_shows_whatever_columns_a_table_has(capsys):
    frame = pd.DataFrame({"marge": ["koop"], "gevraagd": [0.5], "ergste buurt": ["Noord"]})
    assert gemeente.texts(frame) == [["marge", "gevraagd", "ergste buurt"], ["koop", "0.5", "Noord"]]


def test_a_code_alone_means_real_tables():
    assert gemeente.with_source(["gemeente.code=GM0828"]) == ["gemeente=cbs", "gemeente.code=GM0828"]
    assert gemeente.with_source(["gemeente=cbs", "gemeente.code=NL"]) == ["gemeente=cbs", "gemeente.code=NL"]
    assert gemeente.with_source(["quota=0.2"]) == ["quota=0.2"]


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
    assert re.search(r"ligging\s+buurt\s+100\.0%", told) and re.search(r"p_koop\s+wijk\s+0\.3%\s+10", told)
    assert str(tmp_path / "gemeente-GM0828-2024" / "gemeente.html") in told
    tables = load_town(tmp_path / "gemeente-GM0828-2024")
    assert set(tables.places.niveau) == {"buurt"}
    ruwaard = portrait.parts(tables, NL).rows[0]
    assert ruwaard[:2] == ["Ruwaard", "6.375"]  # the largest wijk of Oss
    for name, (data, draw) in TOWN.items():
        assert draw(tables, NL) is not None and len(data(tables)), name


def test_a_region_of_many_gemeenten_has_a_short_name(small_town):
    from dataclasses import replace

    town = replace(small_town(), code="+".join(f"GM{k:04d}" for k in range(30)))
    assert len(gemeente.short_code(town)) < 40
    assert gemeente.short_code(small_town()) == "GM0000"
