"""The report of a tiny study made by hand: its numbers are the tables', nothing is fetched, nothing is run."""

import json
import re
from html.parser import HTMLParser
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from experiments import bundle, findings, pockets, prose, report
from experiments.bundle import BUNDLES
from experiments.loaded import LINES, load
from experiments.pages import glance, sturdy
from experiments.prose import EN, NL
from tests.experiments.persons_by_hand import person_rows
from tests.experiments.undrawn import undrawn

BASE, SCENARIOS, SEEDS, MONTHS = "loting", ["concentratie", "spreiding+driegesprek"], [1, 2, 3], 24
SHARES = ("zachte_landing",)
DIFFERENCES = {  # indicator: (baseline, difference, half width, what matters), for every scenario unless told otherwise
    "leefbaarheid": (-0.01, 0.05, 0.01, 0.02),
    "escalaties": (9.25, -0.2, 0.1, 0.46),
    "zachte_landing": (0.474, -0.01, 0.03, 0.02),
    "kosten": (8_131_925.0, 52_345.0, 21_000.0, 406_596.0),
}
PAYERS, PROFILES, BUURTEN = ("gemeente_wmo", "zorgkantoor", "corporatie"), ("psychisch", "lvb"), ["BU01", "BU02", "BU03"]


def study(folder, scenarios=SCENARIOS, mapped=False, empty=False, town="Teststad", changed=None):
    """A finished study's folder, in the schema of docs/results.md."""
    folder.mkdir(parents=True, exist_ok=True)
    frames = {
        "indicators": indicators([BASE, *scenarios]),
        "differences": differences(scenarios, changed or {}),
        "labels": pd.DataFrame(
            [label(n) for n in (*LINES, "plaatsingen", "druk_op_hulp", "reactietijd")],
            columns=["name", "unit", "nl", "en", "better", "window"],
        ),
        "ledger": pd.DataFrame(
            [
                ("", s, seed, "opname", p, 1000.0 * (k + 1) + seed, MONTHS)
                for k, s in enumerate([BASE, *scenarios])
                for seed in SEEDS
                for p in PAYERS
            ],
            columns=["design", "scenario", "seed", "event", "payer", "euro", "months"],
        ),
        "robustness": pd.DataFrame(
            [(s, i, 0.1, 0.25, 0.05, 0.7, 15, 4) for s in scenarios for i in ("leefbaarheid", "kosten")],
            columns=["scenario", "indicator", "difference", "same", "flipped", "not_separable", "points", "seeds"],
        ),
        "validation": pd.DataFrame(
            [
                ("E1", "vaak hinder van buren", "aandeel huishoudens", 0.05, 0.0669, True),
                ("E2", "iets", "maanden", 72.0, 1.5, False),
            ],
            columns=["rij", "wat", "eenheid", "gepubliceerd", "model", "binnen_factor_2"],
        ),
        "checks": pd.DataFrame([("placebo", "grootste verschil", 0.0, True)], columns=["controle", "wat", "waarde", "goed"]),
        "fit": pd.DataFrame(
            [("huishoudens van 1", "aandeel", 0.366, 0.369)], columns=["marge", "eenheid", "gevraagd", "gekregen"]
        ),
        "variance": pd.DataFrame(
            [
                (s, n, 0.02, 1e-4, 3e-4, 0.25, -0.01, 0.05, 0.875, 16, 2)
                for s in scenarios
                for n in ("leefbaarheid", "escalaties")
            ],
            columns=[
                "scenario",
                "indicator",
                "mean",
                "parameters",
                "luck",
                "share_parameters",
                "low",
                "high",
                "same_sign",
                "draws",
                "seeds",
            ],
        ),
        "ranking": pd.DataFrame(
            [
                (one, other, 3, 0.05, -1.0, 1.0, 0.5, "settled" if one == BASE else "open", "leefbaarheid", int(one != BASE), 1)
                for one, other in combinations([BASE, *scenarios], 2)
            ],
            columns=[
                "first",
                "second",
                "seeds",
                "difference",
                "low",
                "high",
                "e_value",
                "verdict",
                "indicator",
                "first_group",
                "second_group",
            ],
        ),
        "designs": designs(),
        "observed": pd.DataFrame(
            [("p_wmo", "aandeel_kwetsbaar", 25, 0.63, 1), ("p_eenzaam", "banden", 25, -0.1, -1)],
            columns=["waargenomen", "indicator", "buurten", "rang", "verwacht"],
        ),
        "imputed": pd.DataFrame([("p_koop", "wijk", 2, 1234)], columns=["attribuut", "niveau", "buurten", "huishoudens"]),
        "parameters": pd.DataFrame(
            [
                ("landing.after_months", "12", "months", 3.0, 60.0, "x", "seed", np.nan, np.nan, np.nan),
                ("indicators.relevant_leefbaarheid", "0.02", "score", 0.0, 1.0, "x", "assumed", np.nan, np.nan, np.nan),
                ("a.b", "5", "hours", 1.0, 9.0, "x", "assumed", 0.1, 0.2, 0.1),
                ("c.d", "5", "hours", 1.0, 9.0, "x", "published", 0.1, 0.4, 0.3),
                ("e.f", "5", "hours", 1.0, 9.0, "x", "assumed", np.nan, np.nan, np.nan),
            ],
            columns=["parameter", "waarde", "eenheid", "van", "tot", "bron", "status", "laag", "hoog", "verschuiving"],
        ),
    }
    frames["pockets"] = pocket_rows(scenarios)
    frames |= person_rows([BASE, *scenarios], SEEDS)
    if empty:
        frames |= {name: frames[name].iloc[:0] for name in ("robustness", "imputed", "variance", "observed")}
        frames["parameters"] = frames["parameters"].assign(verschuiving=np.nan)
    for name, parts in BUNDLES.items():
        bundle.write(folder / f"{name}.parquet", {part: frames.pop(part) for part in parts})
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    places(mapped).to_parquet(folder / "places.parquet", index=False)
    (folder / "manifest.json").write_text(json.dumps(manifest(scenarios, town)), encoding="utf-8")
    return folder


def pocket_rows(scenarios):
    """The first scenario wins as a whole, the others lose; each has three seeds, of which one or two say otherwise."""
    luck = np.array([-20_000.0, 0.0, 20_000.0])
    euros = np.zeros((3, 1 + len(scenarios), len(PAYERS)))
    for k in range(len(scenarios)):
        euros[:, k + 1] = [(30_000.0 + x, 0.0, (-90_000.0 if k == 0 else 5_000.0) + x / 10) for x in luck]
    return pockets.table(euros, [BASE, *scenarios], BASE, list(PAYERS))


def manifest(scenarios, town):
    config = {
        "name": "test", "vraag": {"nl": "Wat is de vraag?", "en": "What is the question?"}, "quota": 0.3, "months": MONTHS,
        "warmup": 12, "without": [], "robustness": {"indicators": ["leefbaarheid"], "months": 60},
        "ranking": {"outcome": "leefbaarheid", "error": 0.05}, "draws": {"months": 60, "parameters": ["a.b", "c.d"]},
    }  # fmt: skip
    return {
        "identity": {"config": config, "data": {"x.csv": "abc"}, "model": "0123abcd"},
        "town": {"code": "GM0001", "naam": town, "synthetic": True, "sources": ["drawn by hand"]},
        "seeds": SEEDS, "scenarios": [BASE, *scenarios], "baseline": BASE, "commit": "deadbeef", "versions": {"numpy": "2"},
        "run": {"seconds": 1.0},
    }  # fmt: skip


def label(name):
    better = 1 if name in ("leefbaarheid", "leefbaarheid_slechtste", "zachte_landing") else 0 if name == "plaatsingen" else -1
    unit = (
        "aandeel geplaatsten"
        if name in SHARES
        else "euro per jaar"
        if name == "kosten"
        else "score"
        if better == 1
        else "maanden"
    )
    return (name, unit, f"{name} (nl)", f"{name} (en)", better, "horizon")


def indicators(scenarios):
    rows, luck = [], np.random.default_rng(1)
    for k, scenario in enumerate(scenarios):
        for seed in SEEDS:
            head = ("", scenario, seed)
            rows += [
                (*head, "month", m, "gemeente", "GM0001", 0.01 * k * (m > 0) + 0.001 * luck.normal() * (m > 0))
                for m in range(MONTHS + 1)
            ]
            rows += [
                (*head, "year", m, level, place, 0.01 * k * (m > 0))
                for m in (0, 12, 24)
                for level, place in (("gemeente", "GM0001"), *(("buurt", b) for b in BUURTEN))
            ]
    frame = pd.DataFrame(rows, columns=["design", "scenario", "seed", "period", "month", "level", "place", "leefbaarheid"])
    worse = 0.01 * frame.scenario.map({name: k for k, name in enumerate(scenarios)})
    received = frame.place.map({"GM0001": 10.0, "BU01": 5.0, "BU02": 20.0, "BU03": 50.0})
    measured = {"vaak_hinder": 0.05 + worse, "plaatsingen": received, "wachttijd_regulier": 70.0 + 100 * worse,
                "wachttijd_laag_inkomen": 60.0 + 200 * worse, "druk_op_hulp": 0.9 + frame.leefbaarheid,
                "reactietijd": 5.0 + frame.leefbaarheid}  # fmt: skip
    return frame.assign(profile="", payer="", **measured)


def designs():
    """A grid of two quotas and two numbers of days, besides the study itself."""
    rows = [("", "study", 0.3, 40.0)]
    rows += [(f"q={q}, d={d}", "design", q, d) for q in (0.1, 0.3) for d in (20.0, 40.0)]
    return pd.DataFrame(rows, columns=["design", "kind", "quota", "crisis.harm_days"])


def differences(scenarios, changed):
    """changed: (indicator, scenario) -> (difference, half width)."""
    rows = []

    def add(indicator, scenario, level="gemeente", place="GM0001", profile="", payer=""):
        base, difference, half, relevant = DIFFERENCES.get(indicator, (10.0, 0.1, 0.5, 1.0))
        difference, half = changed.get((indicator, scenario), (difference, half))
        row = ("", indicator, "horizon", level, place, profile, payer, scenario, base + difference, base, difference)
        rows.append((*row, difference - half, difference + half, len(SEEDS), relevant))

    for scenario in scenarios:
        for name in LINES:
            add(name, scenario)
        for payer in PAYERS:
            add("kosten", scenario, payer=payer)
        for profile in PROFILES:
            add("zachte_landing", scenario, profile=profile)
        for place in BUURTEN:
            add("leefbaarheid", scenario, level="buurt", place=place)
    for r in designs().itertuples():
        for k, scenario in enumerate(scenarios if r.kind == "design" else ()):
            off = 0.01 * (k + 1) * (1 if r.quota < 0.2 else -1)  # the sign turns between the quotas
            row = (r.design, "leefbaarheid", "horizon", "gemeente", "GM0001", "", "", scenario, off, 0.0, off)
            rows.append((*row, off - 0.005, off + 0.015, 2, 0.02))
    columns = [
        "design", "indicator", "window", "level", "place", "profile", "payer", "scenario", "value", "baseline_value",
        "difference", "low", "high", "seeds", "relevant_difference",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns).assign(variance_ratio=12.6)


def places(mapped):
    frame = pd.DataFrame(
        {
            "code": BUURTEN,
            "naam": ["Noord", "Zuid <b>", "Klein"],
            "wijk_code": "WK01",
            "wijk_naam": "W",
            "huishoudens": [900, 500, 20],
            "p_corp": [30.0, 40.0, 10.0],
        }
    )
    if not mapped:
        return frame
    import geopandas
    from shapely.geometry import box

    frame = frame.assign(vlak=BUURTEN, niveau="buurt", gemeente="GM01", gemeente_naam="T")
    return geopandas.GeoDataFrame(frame, geometry=[box(k * 1000, 0, k * 1000 + 900, 800) for k in range(3)], crs=28992)


class Page(HTMLParser):
    """What a page loads and says."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.words, self.open = [], [], [], []
        self.feed(text)
        self.text = re.sub(r"[ \n]+", " ", "".join(self.words))

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))

    def handle_data(self, data):
        if not self.open or self.open[-1] != "style":
            self.words.append(data)

    def handle_endtag(self, tag):
        self.open = self.open[: len(self.open) - 1 - self.open[::-1].index(tag)]


def rewritten(folder):
    """The folder with its report, whose figures are blank: what they look like is tested with them."""
    with undrawn():
        report.write(folder)
    return folder


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = study(tmp_path_factory.mktemp("report"), mapped=True)
    return rewritten(folder)


@pytest.fixture(scope="module")
def pages(written):
    return {language: Page((written / file).read_text(encoding="utf-8")) for language, file in report.FILES.items()}


def test_the_page_stands_alone(written, pages):
    for language, file in report.FILES.items():
        text = (written / file).read_text(encoding="utf-8")
        assert "http" not in text.replace("http-equiv", "") and "url(" not in text and "@import" not in text
        page = pages[language]
        assert not {"script", "link", "iframe"} & {tag for tag, _ in page.tags}
        assert all(a["src"].startswith("data:image/svg+xml;base64,") for tag, a in page.tags if tag == "img")
        local = [a["href"] for tag, a in page.tags if tag == "a" and not a["href"].startswith("#")]
        assert all((written / href).is_file() for href in local)


def test_the_page_can_be_read_by_ear_and_by_keyboard(pages):
    for language, page in pages.items():
        assert dict(page.tags)["html"]["lang"] == language
        assert all(a["alt"] for tag, a in page.tags if tag == "img")
        assert sum(tag == "img" for tag, _ in page.tags) == 15
        assert all("scope" in a for tag, a in page.tags if tag == "th")
        assert page.headings[0] == 1 and all(b - a <= 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
        ids = [a["id"] for _, a in page.tags if "id" in a]
        assert len(ids) == len(set(ids))
        assert all(a["href"][1:] in ids for tag, a in page.tags if tag == "a" and a["href"].startswith("#"))


def test_the_numbers_are_those_of_the_tables(pages):
    nl, en = pages[NL].text, pages[EN].text
    assert "+0,050" in nl and "[+0,040;\xa0+0,060]" in nl and "+0.050" in en and "[+0.040,\xa0+0.060]" in en
    assert "−0,20" in nl and "[−0,30;\xa0−0,10]" in nl
    assert "47,4%" in nl and "−1,0" in nl and "[−4,0;\xa0+2,0]" in nl  # shares as per cents
    assert "€\xa052.000 per jaar meer [van €\xa031.000 per jaar meer tot €\xa073.000 per jaar meer]" in nl
    assert "€52,000 a year more" in en
    assert "€\xa08.130.000" in nl and "€8,130,000" in en
    assert "6,69%" in nl and "1 van de 2" in nl and "1 of the 2" in en
    assert "Van de 5 getallen in het model zijn er 3 (60%) aangenomen" in nl
    assert "15 combinaties" in nl and "houdt in 25% daarvan hetzelfde teken, keert om in 5%" in nl and "in 70%" in nl
    assert "1.234" in nl and "1,234" in en
    assert "deadbeef" in nl and "0123abcd" in en and "SYNTHETISCH" in nl and "SYNTHETIC" in en
    assert "Wat is de vraag?" in nl and "What is the question?" in en


def test_the_answer_at_a_glance_gives_verdicts_and_adds_only_what_stands_out(tmp_path):
    changed = {("klachten", "plafond"): (-3.0, 1.0), ("uitzettingen", "plafond"): (-1.5, 1.0), ("kosten", "plafond"): (0.0, 0.0)}
    tables = load(study(tmp_path, scenarios=["plafond"], changed=changed))
    assert glance(tables, NL) == (
        ["plafond"],
        [
            ("Leefbaarheid", [("beter", "relevant")]),
            ("Escalaties", [("telt niet", "small")]),
            ("Zachte landing", [("niet te zeggen", "inseparable")]),
            ("Kosten van alle betalers samen", [("precies gelijk", "equal")]),
            ("Overlastklachten", [("beter", "relevant")]),
            ("Huisuitzettingen", [("misschien beter", "unsure")]),
        ],
    )


def test_how_sturdy_the_answer_is_gives_the_range_over_scenarios(tmp_path):
    tables = load(study(tmp_path))
    t = tables["robustness"]
    first = t.scenario == SCENARIOS[0]
    tables.frames["robustness"] = t.assign(same=t.same.where(~first, 0.1), flipped=t.flipped.where(~first, 0.2))
    assert "keeps its sign in 10% to 25% of them, flips in 5% to 20%, and" in sturdy(tables, EN)
    tables.frames["robustness"] = t.iloc[:0]
    assert sturdy(tables, EN) == ""


def kept_by_year(folder):
    """Make of a tiny study one with `results.detail=summary`: nobody is followed, and nothing stands by month."""
    t = pd.read_parquet(folder / "indicators.parquet")
    t[t.period == "year"].to_parquet(folder / "indicators.parquet", index=False)
    persons = bundle.read(folder / "persons.parquet")
    persons |= {name: persons[name].iloc[:0] for name in ("flows", "landing", "waits", "twins")}
    bundle.write(folder / "persons.parquet", persons)
    d = pd.read_parquet(folder / "differences.parquet")
    d[d.profile == ""].to_parquet(folder / "differences.parquet", index=False)
    return folder


def holes(text):
    """Headings, lists, tables and paragraphs of a page in which nothing stands, and links within it that lead nowhere."""
    body = text[text.index("<main") :]
    empty = re.findall(r"<h([23])[^>]*>([^<]*)</h\1>\s*(?=<h2|</section>|</main>)|<h3[^>]*>([^<]*)</h3>\s*(?=<h3)", body)
    empty += re.findall(r"<(tbody|ul|p|dl)[^>]*>\s*</\1>", body)
    return empty + sorted(set(re.findall(r'href="#([^"]+)"', body)) - set(re.findall(r'id="([^"]+)"', body)))


def test_no_heading_stands_above_nothing_in_a_study_of_eight_scenarios_with_everything(tmp_path):
    folder = rewritten(study(tmp_path, scenarios=[f"scenario_{n}" for n in "abcdefgh"], mapped=True))
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert holes(text) == [] and {"places", "fair", "landing", "help"} <= set(re.findall(r'<h2 id="(\w+)"', text))


def test_no_heading_stands_above_nothing_in_a_study_of_one_scenario_kept_by_year_without_designs(tmp_path):
    folder = rewritten(kept_by_year(study(tmp_path, scenarios=["plafond"], empty=True)))
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert holes(text) == [] and not {"fair", "landing"} & set(re.findall(r'<h2 id="(\w+)"', text))
    assert holes(text.replace("<main", "<main><h2>x</h2><h2>y</h2><ul></ul>")) == [("2", "x", ""), "ul"]


def test_only_unsure_numbers_are_named_as_moving_the_headline(written):
    table = report.content(load(written), NL)["influence"]["table"]
    assert [row[0] for row in table.rows] == ["a.b"] and table.rows[0][-1] == "0,1"


def test_the_bill_is_per_year_and_paired(written):
    grid = report.events(load(written), NL)
    assert grid.rows[0][2] == "€\xa0501" and grid.rows[0][3] == "+500 [+500;\xa0+500]"


def test_who_invests_and_what_makes_it_good_is_told(written):
    tables = load(written)
    grid = report.pockets(tables, EN)
    assert [row[1] for row in grid.rows[:3]] == ["gemeente (Wmo)", "corporatie", "all payers together"]
    assert [row[4] for row in grid.rows[:3]] == ["gets €30,000", "pays €30,000", "nobody loses on average"]
    assert [row[4] for row in grid.rows[3:]] == ["–", "–", "not possible on average: the whole loses"]
    assert "concentratie" in findings.pockets(tables, NL)[0] and "minder betalen corporatie" in findings.pockets(tables, NL)[0]


def test_names_are_escaped(tmp_path):
    evil = "<script>alert(1)</script>"
    folder = study(tmp_path, scenarios=["spreiding", evil], town=f"Stad {evil} $x$", mapped=True)
    rewritten(folder)
    for file in report.FILES.values():
        text = (folder / file).read_text(encoding="utf-8")
        assert "<script" not in text and "&lt;script&gt;" in text and "$x$" in text


def test_a_study_without_designs_screens_or_gaps_says_so(tmp_path):
    folder = rewritten(study(tmp_path, empty=True, scenarios=["plafond"]))
    page = Page((folder / "report.html").read_text(encoding="utf-8")).text
    assert "niet doorgelicht" in page and "geen andere vormen" in page and "geen ontbrekende kenmerken" in page
    assert "No such screen was done" in (folder / "report.en.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("difference", "low", "high", "relevant", "kind"),
    [
        (0.05, 0.04, 0.06, 0.02, "relevant"),
        (-0.05, -0.06, -0.04, 0.02, "relevant"),
        (0.03, 0.01, 0.05, 0.02, "unsure"),
        (0.01, 0.005, 0.015, 0.02, "small"),
        (0.0, -0.01, 0.01, 0.02, "small"),
        (0.0, 0.0, 0.0, 0.0, "small"),
        (0.01, -0.01, 0.03, 0.02, "inseparable"),
        (0.01, np.nan, np.nan, 0.02, "unknown"),
    ],
)
def test_a_verdict_weighs_the_interval_against_zero_and_against_what_matters(difference, low, high, relevant, kind):
    assert findings.verdict(difference, low, high, relevant) == kind


def told(folder, language, changed):
    tables = load(study(folder, scenarios=["plafond"], changed={(i, "plafond"): v for i, v in changed.items()}))
    return findings.lead(tables, language), " ".join(findings.answer(tables, language))


SMALL = {"leefbaarheid": (0.001, 0.002), "escalaties": (0.0, 0.1), "zachte_landing": (0.0, 0.01)}
VAGUE = {"leefbaarheid": (0.001, 0.2), "escalaties": (0.0, 3.0), "zachte_landing": (0.0, 0.4)}


def test_a_relevant_difference_leads(tmp_path):
    lead, answer = told(tmp_path, NL, SMALL | {"leefbaarheid": (-0.05, 0.01)})
    assert lead == "Een verschil dat ertoe doet, vergeleken met loting: plafond (leefbaarheid: slechter)."
    assert "plafond is duidelijk slechter dan loting (−0,050 [−0,060;\xa0−0,040])" in answer


def test_fewer_escalations_are_better_and_unsure_is_said(tmp_path):
    lead, answer = told(tmp_path, EN, SMALL | {"escalaties": (-0.6, 0.3)})
    assert lead.startswith("A difference that may be large enough to matter") and "plafond (escalations: better)" in lead
    assert "but whether by enough to matter is not certain" in answer


def test_too_small_is_said(tmp_path):
    lead, answer = told(tmp_path, NL, SMALL)
    assert (
        lead
        == "Geen enkel scenario verschilt op leefbaarheid, escalaties en zachte landing zoveel van loting dat het ertoe doet."
    )
    assert answer.count("bij plafond is het verschil te klein om ertoe te doen") == 3


def test_not_separable_is_said(tmp_path):
    lead, answer = told(tmp_path, NL, VAGUE)
    assert lead == "Geen enkel scenario is op leefbaarheid, escalaties en zachte landing te onderscheiden van loting."
    assert answer.count("bij plafond is geen verschil aan te tonen") == 3


def test_some_small_and_some_not_separable_is_said(tmp_path):
    lead, _ = told(tmp_path, EN, SMALL | {"zachte_landing": (0.0, 0.4)})
    assert lead.endswith("the differences are too small, or cannot be told apart from chance.")


@pytest.mark.parametrize(
    ("value", "nl", "en"),
    [
        (1234.5, "1.234", "1,234"),
        (0.0669, "0,0669", "0.0669"),
        (-61.07, "−61,1", "−61.1"),
        (0.02, "0,02", "0.02"),
        (np.nan, "–", "–"),
        (3.0, "3", "3"),
    ],
)
def test_numbers_are_written_as_the_language_does(value, nl, en):
    assert (prose.number(value, NL), prose.number(value, EN)) == (nl, en)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ((0.71, 0.2024, 1.2174), "+0,71 [+0,20;\xa0+1,22]"),
        ((23016.3, -46016.6, 92049.2), "+23.000 [−46.000;\xa0+92.000]"),
        ((0.0, 0.0, 0.0), "0"),
        ((5.0, np.nan, np.nan), "+5,0 [?;\xa0?]"),
    ],
)
def test_an_interval_is_as_precise_as_it_deserves(values, text):
    assert prose.interval(*values, 1.0, NL) == text


def test_the_report_tells_whose_variance_it_is_and_whether_the_order_is_settled(tmp_path):
    tables = load(study(tmp_path / "s"))
    nl, en = (report.content(tables, language) for language in (NL, EN))
    assert ["Leefbaarheid (score)", "concentratie", "+0,020 [−0,010;\xa0+0,050]", "25%", "88%"] in nl["doubt"].rows
    assert en["draws"] == {"draws": 16, "seeds": 2, "years": 5, "numbers": 2, "names": "a.b, c.d"}
    assert en["order"] == (
        "The order on leefbaarheid is not settled. Not separable with 3 seeds: 1 of 3 pairs. "
        "What is settled: loting before concentratie together with spreiding + driegesprek."
    )
    assert nl["pairing"].endswith("leefbaarheid 13, escalaties 13 en zachte landing 13.")
    assert en["observed"].rows[1] == ["% lonely (RIVM)", "banden", "25", "opposite order", "−0.10"]


def test_a_report_without_draws_says_that_it_was_not_examined(tmp_path):
    rewritten(study(tmp_path / "s", empty=True))
    text = (tmp_path / "s" / "report.en.html").read_text(encoding="utf-8")
    assert "How unsure the answer is because numbers are unsure was not examined" in text
    assert "Does the model put buurten in the order that is known?" not in text


def test_a_difference_that_no_draw_shows_is_told_as_such(tmp_path):
    folder = study(tmp_path / "s")
    tables = load(folder)
    tables.frames["variance"] = tables["variance"].assign(mean=0.0, low=0.0, high=0.0, share_parameters=np.nan)
    assert report.content(tables, EN)["doubt"].rows[0][2:] == ["no difference in any draw", "–", "–"]


def test_drift_is_the_baseline_at_month_0_and_in_its_last_year(tmp_path):
    folder = study(tmp_path / "s")
    rows = pd.read_parquet(folder / "indicators.parquet")
    base = rows[(rows.scenario == BASE) & (rows.period == "year") & (rows.level == "gemeente")]
    drift = load(folder).drift.set_index("indicator").loc["leefbaarheid"]
    assert drift.maand_0 == base[base.month == 0].leefbaarheid.mean()
    assert drift.laatste_jaar == base[base.month == MONTHS].leefbaarheid.mean()
