"""Own tables end to end: from a mapping beside the real tables of Oss to the plan of a study and the world that it builds."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import yaml

from experiments.config import composed
from experiments.plan import plan
from model.population import build
from model.world import TeamKind

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real tables in {DATA.name}/ beside the project")
FILES = {
    "bezit.csv": "b,van,complex,n\nBU08280101,Invented Wonen,Zon,300\nBU08280101,Invented Wonen,Maan,150\n"
    "BU08280101,Bedacht Thuis,Ster,150\nBU08280102,Bedacht Thuis,Komeet,40\n",
    "teams.csv": "w;soort;fte\nWK082801;wijkteam;7,5\nWK082801;ambulant;3,0\nWK082802;wijkagent;1,5\n",
    "scores.csv": "b,s\nBU08280101,-0.21\n",
    "buurten.csv": "b,alleen,koop,woz\nBU08280101,61,20,\nBU08280102,,,199\n",
    "panel.csv": "b,cijfer\nBU08280101,6.4\n",
}
MAPPING = [
    {"kind": "bezit", "file": "bezit.csv", "columns": {"buurt": "b", "corporatie": "van", "complex": "complex", "woningen": "n"}},
    {
        "kind": "teams", "file": "teams.csv", "separator": ";", "decimal": ",",
        "columns": {"wijk": "w", "soort": "soort", "fte": "fte"},
    },
    {"kind": "scores", "file": "scores.csv", "columns": {"buurt": "b", "score": "s"}},
    {"kind": "buurten", "file": "buurten.csv", "columns": {"buurt": "b", "p_1p": "alleen", "p_koop": "koop", "woz": "woz"}},
    {"kind": "observed", "file": "panel.csv", "columns": {"buurt": "b", "rapportcijfer": "cijfer"}},
]  # fmt: skip


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """(with own tables, without)."""
    folder = tmp_path_factory.mktemp("own")
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "own.yaml").write_text(yaml.safe_dump({"tables": MAPPING}), encoding="utf-8")
    oss = ["gemeente=cbs", "gemeente.code=GM0828", f"gemeente.data={DATA}"]
    return plan(composed([*oss, f"gemeente.eigen={folder}/own.yaml"])), plan(composed(oss))


def test_what_was_measured_is_in_the_town_and_nothing_else_changed(plans):
    town, plain = plans[0].town, plans[1].town
    b, before = town.buurten.set_index("code"), plain.buurten.set_index("code")
    one, two = "BU08280101", "BU08280102"
    assert b.at[one, "p_koop"] == 20 and b.at[one, "p_1p"] == 61 and b.at[one, "score"] == -0.21
    assert b.at[one, "p_corp"] == pytest.approx(min(80.0, 100 * 600 / b.at[one, "huishoudens"]))
    assert b.at[two, "p_corp"] == pytest.approx(min(100 * 40 / b.at[two, "huishoudens"], 100 - b.at[two, "p_koop"]))
    assert b.at[two, "p_koop"] == before.at[two, "p_koop"]  # an empty cell is unknown
    assert 378 < 199 / b.at[two, "woz_ratio"] < 380  # CBS 2024: 379 thousand euro
    assert b.drop([one, two]).equals(before.drop([one, two]))


def test_owners_have_the_names_and_shares_of_their_complexes(plans):
    town = plans[0].town
    row = {code: k for k, code in enumerate(town.buurten.code)}
    mine = town.bezit.assign(naam=town.corporaties.naam.reindex(town.bezit.corporatie - 1).to_numpy()).set_index("buurt")
    assert dict(mine.loc[[row["BU08280101"]], ["naam", "aandeel"]].to_numpy()) == {"Invented Wonen": 0.75, "Bedacht Thuis": 0.25}
    assert dict(mine.loc[[row["BU08280102"]], ["naam", "aandeel"]].to_numpy()) == {"Bedacht Thuis": 1.0}
    assert set(mine.naam) > {"Invented Wonen", "Bedacht Thuis"}  # elsewhere owners are still unknown


def test_counted_teams_are_the_teams_of_the_world(plans, rooms):
    teams, plain = (build(p.town, rooms, 1, 0.3, 0).teams for p in plans)
    wijk = {code: w for w, code in enumerate(plans[0].town.wijken)}
    told = {
        (TeamKind.WIJKTEAM, "WK082801"): 7.5,
        (TeamKind.AMBULANT, "WK082801"): 3.0,
        (TeamKind.WIJKAGENT, "WK082802"): 1.5,
    }
    others = teams.kind != TeamKind.BEHEER  # of which there is one per corporatie
    for (kind, code), fte in told.items():
        mine = (teams.kind == kind) & (teams.wijk == wijk[code])
        assert teams.fte[mine].tolist() == [fte]
        others &= ~mine
    assert teams.fte[others].tolist() == plain.fte[np.flatnonzero(others)].tolist()


def test_the_account_the_comparison_and_the_hashes_name_the_own_tables(plans):
    own, plain = plans
    mine = own.town.imputed[own.town.imputed.niveau.str.startswith("eigen tabel")]
    assert {"p_corp", "p_koop", "p_1p", "woz", "score"} <= set(mine.attribuut)
    assert mine.bron.str.contains(r"^(?:bezit|buurten|scores)\.csv \(sha256 [0-9a-f]{12}\)$").all()
    assert own.town.observed.set_index("code").rapportcijfer.dropna().to_dict() == {"BU08280101": 6.4}
    for name, text in FILES.items():
        assert own.data_hashes[name] == hashlib.sha256(text.encode()).hexdigest()
    mappings = {name for name in own.data_hashes if name.startswith("mapping ")}  # the year's and the user's
    assert len(mappings) == 2 and set(own.data_hashes) - set(plain.data_hashes) - mappings == set(FILES)
