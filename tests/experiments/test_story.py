"""Histories: who is chosen, how they are told in both languages, replays without something, what is refused, what is written."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from experiments import asking, figures, replay, story, telling
from experiments.config import composed
from experiments.engine.measure import month_zero
from experiments.plan import ground, plan
from experiments.prose import EN, NL
from experiments.scenarios import settings_of
from model.chronicle import OF_PORTIEK, Event
from model.city import City
from model.parameters import Refused
from model.world import Count
from tests.experiments.small import SMALL

TINY = [a for a in SMALL if not a.startswith("seeds=")]
TINY += ["months=60", "quota=0.9", "parameters.inflow.inflow_ratio.value=2", "parameters.crisis.patience_days.value=10"]
ASKED = {"baseline": "loting", "first_seed": 1, "months": 24}  # what a question needs of a configuration
BUURTEN = ("Hoogwerf", "Laagwerf")
COLUMNS = ["month", "date", "event", "identity", "profile", "place", "dwelling", "portiek", "buurt", "value"]


@pytest.fixture(scope="module")
def config():
    """A small town in which neighbours lose patience soon."""
    return composed(TINY)


def tell(config, folder, *arguments):
    """The history of a small town; its folder."""
    own, others = story.divided(list(arguments))
    assert not others
    return story.tell(own, config | {"results": config["results"] | {"folder": str(folder)}}).folder


def question(*arguments):
    return asking.question(story.divided(list(arguments))[0], ASKED)


def refusal(*arguments):
    with pytest.raises(Refused) as refused:
        question(*arguments)
    return str(refused.value)


def log(*rows):
    """Events of somebody with an addiction: (month, date, event), and what differs from living in dwelling 7."""
    usual = {"identity": "9", "profile": "verslaving", "place": "thuis", "dwelling": 7, "portiek": 3, "buurt": 1, "value": np.nan}
    return pd.DataFrame([dict(zip(COLUMNS, r, strict=False)) | usual | more for *r, more in rows], columns=COLUMNS)


# The command


@pytest.fixture(scope="module")
def told(config, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "DPI", 30)
        return tell(config, tmp_path_factory.mktemp("told"), "most=episode", "zonder=plaatsing", "seeds=2")


def test_a_history_is_written_whole(told):
    tables = {"gebeurtenissen.parquet", "stabiliteit.parquet", "toevallen.parquet"}
    assert {p.name for p in told.iterdir()} == {"verhaal.md", "manifest.json", "figures", *tables}
    ends = [f"{language}.{kind}" for language in (NL, EN) for kind in ("svg", "png")]
    drawn = [f"levensloop{size}.{end}" for size in ("", ".column") for end in ends]
    assert {p.name for p in (told / "figures").iterdir()} == {"levensloop.csv", *drawn}
    assert "(figures/levensloop.nl.svg)" in (told / "verhaal.md").read_text(encoding="utf-8")
    text = (told / "verhaal.md").read_text(encoding="utf-8")
    made = json.loads((told / "manifest.json").read_text(encoding="utf-8"))["question"]
    assert text.startswith("# Verhaal van een bewoner: ") and f"nummer {made['who']}" in text
    assert "Niemand in dit verhaal bestaat" in text and "Eén herhaling is één toeval" in text
    assert "In 2 andere toevallen" in text and "{" not in text and "nan" not in text


def test_the_parquet_has_both_runs_and_identities_as_text(told):
    events = pd.read_parquet(told / "gebeurtenissen.parquet")
    assert list(events.columns) == [*COLUMNS, "verloop"] and set(events.verloop) == {"verteld", "zonder"}
    who = json.loads((told / "manifest.json").read_text(encoding="utf-8"))["question"]["who"]
    own = events[events.identity == who]
    assert (own.verloop[own.event == "geplaatst"] == "verteld").all(), "without the placement nobody places this person"


def test_the_past_of_a_replay_is_equal_until_the_placement(told):
    events = pd.read_parquet(told / "gebeurtenissen.parquet")
    who = json.loads((told / "manifest.json").read_text(encoding="utf-8"))["question"]["who"]
    placed = events.month[(events.identity == who) & (events.event == "geplaatst")].iloc[0]
    before = [events[(events.verloop == v) & (events.month < placed)].drop(columns="verloop") for v in ("verteld", "zonder")]
    pd.testing.assert_frame_equal(*(b.reset_index(drop=True) for b in before))


def test_stability_is_that_of_the_person_month_by_month_and_the_same_until_the_replay_differs(told):
    manifest = json.loads((told / "manifest.json").read_text(encoding="utf-8"))
    start, table = manifest["asked"]["start"], pd.read_parquet(told / "stabiliteit.parquet")
    assert table.stability.between(0.0, 1.0).all() and not table.duplicated(["month", "verloop"]).any()
    before = [table[(table.verloop == v) & (table.month < start)].stability.tolist() for v in ("verteld", "zonder")]
    assert before[0] == before[1]


def test_a_portiek_is_told_in_english(config, tmp_path, capsys):
    folder = tell(config, tmp_path, "portiek=2", "language=en")
    assert folder.name == "loting-1-portiek-2"
    said = capsys.readouterr().out
    assert said.startswith("# History of portiek 2: ") and "Dwelling " in said and "{" not in said


@pytest.mark.parametrize(
    ("argument", "said"),
    [("person=12", "a vulnerable resident of this run"), ("portiek=99999", "a whole number from 0 to")],
)
def test_who_is_not_in_the_run_is_refused(config, tmp_path, argument, said):
    with pytest.raises(Refused, match=said):
        tell(config, tmp_path, argument)
    assert not list(tmp_path.iterdir())


def test_problems_of_question_and_configuration_are_told_together_and_the_code_is_2(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["experiments.story", "language=de", "quota=2"])
    with pytest.raises(SystemExit) as left:
        story.main()
    said = capsys.readouterr().err
    assert left.value.code == 2 and "language: found 'de'" in said and "quota: found 2.0" in said


def test_a_followed_run_is_that_of_the_study(config):
    p = plan(config)
    of, settings = ground(p), settings_of("spreiding", "")
    followed = replay.lived(replay.started(of, asking.parameters(), 12, 2), settings)
    with City(month_zero(of, 2), of.rooms, of.huidig, settings, 2, months=12) as city:
        city.run(12)
        counted = city.record.counts[1:, :, Count.ESCALATIES_PERSONEN].sum()
    assert (followed.log.event == "escalatie").sum() + followed.unseen["escalatie"] == counted > 5


# What is asked


def test_usually_it_is_about_escalations_and_crises_under_the_baseline_in_the_first_seed():
    q = question()
    assert (q.parts, q.seed, q.most, q.zonder, q.language) == (["loting"], 1, ["escalatie", "crisis"], "", NL)


@pytest.mark.parametrize("written", ["spreiding+driegesprek", "[spreiding,driegesprek]", "[spreiding, driegesprek]"])
def test_a_scenario_is_written_as_in_a_study_or_with_a_plus(written):
    q = question(f"scenario={written}", "zonder=driegesprek", "date=2026-03")
    assert q.parts == ["spreiding", "driegesprek"] and q.month == 15 and q.said(15) == "maart 2026"
    assert {s.lever for s in q.settings} == {"strategie", "driegesprek"}


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["scenario=toverstaf"], "scenario"), (["seed=-1"], "seed"), (["most=geluk"], "most"), (["person=x"], "person"),
        (["person=1", "portiek=2"], "person, portiek"), (["portiek=2", "zonder=krapte"], "zonder"),
        (["zonder=driegesprek"], "zonder"), (["most=klacht"], "most"),
        (["zonder=krapte", "capacity=9"], "capacity"), (["zonder=krapte", "capacity=x"], "capacity"),
        (["zonder=krapte", "from=0"], "from"), (["zonder=contactverlies", "from=3"], "from"),
        (["zonder=plaatsing", "capacity=2"], "capacity"), (["zonder=krapte", "from=25"], "from"), (["seeds=4"], "seeds"),
        (["zonder=krapte", "seeds=1"], "seeds"), (["zonder=krapte", "date=2026-13"], "date"), (["language=de"], "language"),
    ],
)  # fmt: skip
def test_what_can_not_be_asked_is_refused_by_its_key(arguments, key):
    assert refusal(*arguments).startswith(f"{key}: found ")


def test_every_problem_is_told_at_once():
    assert len(refusal("seed=x", "language=de", "scenario=toverstaf").splitlines()) == 3


# What is taken away

EVENT = SimpleNamespace(event="escalatie", identity="9", month=10, date="2025-10", dwelling=7, portiek=3, buurt=1, place="thuis")


@pytest.mark.parametrize(
    ("zonder", "taken", "spared", "said"),
    [
        ("plaatsing", "geplaatst", "passed_over", "deze bewoner krijgt nooit een huis aangeboden"),
        ("contactverlies", "uit_beeld", "kept_in_sight", "deze bewoner raakt nooit uit beeld bij wie helpt"),
    ],
)
def test_what_is_taken_away_of_one_person_is_so_from_its_first_time_on_and_of_nobody_else(huidig, zonder, taken, spared, said):
    q, events = question(f"zonder={zonder}"), log((4, "2025-04", taken, {}), (7, "2025-07", taken, {}))
    change = replay.changed(q, events, huidig, EVENT)
    assert (change.start, change.spared, change.said) == (4, {spared: (9,)}, said)
    assert change.settings == q.settings, "no lever is touched"


def test_only_what_came_after_a_loss_of_contact_can_be_asked_about():
    before, lost, after = (2, "2025-02", "escalatie", {}), (4, "2025-04", "uit_beeld", {}), (6, "2025-06", "crisis", {})
    q = question("zonder=contactverlies")
    assert replay.asked_about(q, log(before, lost, after), "9").month == 6
    with pytest.raises(Refused, match="uit_beeld in these months; 9 has none"):
        replay.asked_about(q, log(before, after), "9")
    with pytest.raises(Refused, match="happens to 9: nothing"):
        replay.asked_about(q, log(before, lost), "9")


def test_without_shortage_hours_are_what_is_asked_from_the_start_or_from_a_month_on(huidig):
    change = replay.changed(question("zonder=krapte"), log(), huidig, EVENT)
    assert (change.start, change.settings[-1].value) == (1, 5.0)
    change = replay.changed(question("zonder=krapte", "capacity=2", "from=13"), log(), huidig, EVENT)
    assert (change.start, change.settings[-1].value) == (13, 2.0)


def test_without_a_policy_the_others_stay(huidig):
    q = question("scenario=spreiding+driegesprek", "zonder=driegesprek")
    assert replay.changed(q, log(), huidig, EVENT).settings == settings_of("spreiding", "")


# What became of it

HERE, ELSEWHERE = {}, {"dwelling": 8, "buurt": 0}
OPVANG = {"place": "opvang", "dwelling": -1, "portiek": -1, "buurt": -1}
BEGIN, THEN = (0, "2024-12", "begin", HERE), (10, "2025-10-03", "escalatie")
ANSWERS = {
    "**Ja.** Ook in de herhaling is er een escalatie, op dezelfde plek: 3 oktober 2025.": [BEGIN, (*THEN, HERE)],
    "De naaste escalatie in de herhaling is van januari 2026.": [BEGIN, (13, "2026-01", "escalatie", HERE)],
    "**Nee.**": [BEGIN],
    "**Ja, maar elders.** De bewoner woont dan": [(4, "2025-04", "geplaatst", ELSEWHERE), (*THEN, ELSEWHERE)],
    "De bewoner woont dan in woning 8, portiek 3, buurt Hoogwerf.": [(4, "2025-04", "geplaatst", ELSEWHERE)],
    "niet thuis maar in de opvang": [(4, "2025-04", "wachtrij", OPVANG)],
    "De bewoner is dan niet thuis maar in de opvang": [BEGIN, (8, "2025-08", "uitgezet", {"place": "opvang"})],
    "vertrokken, hersteld of opgehouden": [BEGIN, (9, "2025-09", "hersteld", HERE)],
    "**Nee.** In de herhaling": [BEGIN, (10, "2025-10", "hersteld", HERE)],
    "komt in de herhaling dan niet voor": [(12, "2025-12", "kwetsbaar", HERE)],
}


@pytest.mark.parametrize(("said", "rows"), ANSWERS.items())
def test_the_answer_says_whether_it_happened_or_why_that_can_not_be_said(said, rows):
    assert said in replay.outcome(EVENT, log(*rows), BUURTEN, NL)


def test_numbers_over_seeds_are_paired_and_in_words():
    q = question("zonder=krapte", "seeds=4")
    change = replay.Change([], {}, 1, "krapte", "x")
    table = pd.DataFrame({"seed": [2, 3, 4, 5], "with_it": [4, 2, 0, 6], "without_it": [2, 2, 0, 4]})
    text = replay.often(q, table, EVENT, change)
    assert "in 3 van 4 met, en in 3 zonder. Gemiddeld 3 met en 2 zonder; verschil (zonder min met) −1,0 [−2,8;\u00a0+0,8]" in text
    assert "in 2 toevallen minder, in 2 evenveel en in 0 meer" in text
    assert "geen enkel toeval" in replay.often(q, table[:0], EVENT, change)


# Sentences


@pytest.mark.parametrize("language", [NL, EN])
@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_a_sentence_and_a_name(language, event):
    [row] = log((3, "2025-03-12", str(event), {"value": 2.0})).itertuples()
    text = telling.sentence(row, "de bewoner", telling.home(row, BUURTEN, language), language)
    assert text[0].isupper() and text.endswith(".") and "{" not in text
    assert ("de bewoner" in text.lower()) != (event in OF_PORTIEK)
    assert telling.called(str(event), 2, language)


def test_sentences_read_as_dutch_and_english():
    rows = list(
        log(
            (3, "2025-03-12", "opname", {"value": 9.0}),
            (3, "2025-03", "opname", {}),
            (5, "2025-05", "geplaatst", {"value": 8.0}),
            (6, "2025-06", "achterstand_einde", {"value": 1.0}),
            (6, "2025-06", "hulp_af", {"value": 0.0}),
        ).itertuples()
    )
    here = telling.home(rows[0], BUURTEN, NL)
    assert [telling.sentence(r, "de bewoner", here, NL) for r in rows] == [
        "Op 12 maart 2025 wordt de bewoner opgenomen, voor 9 dagen.",
        "In maart 2025 wordt de bewoner langdurig opgenomen.",
        "In mei 2025 krijgt de bewoner een huis, in woning 7, portiek 3, buurt Laagwerf, na 8 maanden wachten.",
        "In juni 2025 eindigt de huurachterstand van de bewoner, na 1 maand: betaald of afgesproken.",
        "In juni 2025 wordt de hulp aan de bewoner afgeschaald: alleen nog een waakvlam.",
    ]
    assert telling.sentence(rows[0], "the resident", "", EN) == "On 12 March 2025, the resident is admitted, for 9 days."


def test_a_portiek_tells_what_neighbours_did_under_no_home():
    portiek = {"identity": "", "profile": "", "place": "", "dwelling": -1}
    rows = log(
        (3, "2025-03", "gesprek", portiek | {"value": 1.0}),
        (3, "2025-03", "klacht", portiek | {"value": 2.0}),
        (3, "2025-03", "ruzie", portiek | {"value": 1.0}),
        (3, "2025-03", "interventie", portiek | {"value": 3.0}),
        (3, "2025-03-04", "crisis", {}),
    )
    assert telling.of_portiek(rows, NL).splitlines()[4:] == [
        "- In maart 2025 spreken buren in dit portiek elkaar aan op overlast: 1 gesprek.",
        "- In maart 2025 krijgt de corporatie 2 klachten over overlast in dit portiek.",
        "- In maart 2025 loopt overlast tussen huishoudens in dit portiek uit op 1 ruzie.",
        "- In maart 2025 grijpt de beheerder in volgens het overlastprotocol. Daarna is het 3 maanden rustiger in dit portiek.",
        "- Woning 7: Op 4 maart 2025 raakt bewoner 9 (verslaving) in crisis.",
    ]
    assert "2 complaints about nuisance" in telling.of_portiek(rows, EN)


def test_nobody_has_a_name_but_a_profile_and_a_number():
    with_person, without = log((1, "2025-01", "crisis", {}), (1, "2025-01", "achterstand", {"profile": ""})).itertuples()
    assert telling.person(with_person, NL) == "bewoner 9 (verslaving)" and telling.person(without, NL) == "huishouden 9"


def test_counts_are_in_words():
    happened = (("2024-12", "begin"), ("2025-01", "escalatie"), ("2025-02", "escalatie"), ("2025-02", "crisis"))
    rows = log(*((month, date, event, {}) for month, (date, event) in enumerate(happened)))
    assert telling.counts(rows, NL) == "In al die maanden: 2 escalaties en 1 crisis."
    assert "niets" in telling.counts(rows[:1], NL)
