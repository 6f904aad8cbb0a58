"""What can not be run is refused before anything runs: one screen, the key, what was found, what is possible, exit code 2."""

import sys

import pytest

from experiments import command
from experiments.config import composed, with_source
from experiments.run import main
from experiments.task import Ended

CASES = {
    "an unknown key": (["quotta=0.3"], "quotta", "quota"),
    "a mistyped number": (["seeds=abc"], "found 'abc'", "a whole number"),
    "a share beyond one": (["quota=1.5"], "quota: found 1.5", "from 0 to 1"),
    "an added key": (["+new=3"], "new", "without a plus"),
    "a deleted key": (["~seeds"], "seeds", "can be taken away"),
    "no value": (["seeds="], "seeds", "a whole number"),
    "an unknown source of towns": (["gemeente=foo"], "gemeente: found 'foo'", "voorbeeldstad"),
    "a gemeente without a code": (["gemeente=cbs"], "gemeente.code: found nothing", "gemeente.code="),
    "a folder that is not there": (["gemeente=cbs", "gemeente.code=GM0828", "gemeente.data=no/where"], "no/where", "a folder"),
    "a code without a source of towns": (["gemeente.code=GM0828", "gemeente.data=no/where"], "no/where", "a folder"),
    "a code beside a synthetic town": (["gemeente=voorbeeldstad", "gemeente.code=GM0828"], "found 'GM0828'", "gemeente=cbs"),
    "tables beside a synthetic town": (["gemeente=voorbeeldstad", "gemeente.data=DIR"], "found 'DIR'", "gemeente=cbs"),
    "tables without a code": (["gemeente.data=DIR"], "gemeente.code: found nothing", "gemeente.code="),
    "a code that is a number": (["gemeente=cbs", "gemeente.code=828"], "gemeente.code: found 828", "such as GM0828"),
    "no codes at all": (["gemeente=cbs", "gemeente.code=[]"], "gemeente.code: found []", "or NL"),
    "a year without a mapping": (["gemeente=cbs", "gemeente.code=GM0828", "gemeente.vintage=1999"], "found 1999", "2024"),
    "an unknown scenario": (["scenarios=[foo]"], "scenarios[0]: found 'foo'", "concentratie"),
    "two policies on one lever": (["scenarios=[[concentratie,spreiding]]"], "both set strategie", "one policy per lever"),
    "an unknown parameter": (["parameters.crisis.call_dayz.value=3"], "call_dayz", "call_days"),
    "a parameter out of range": (["parameters.crisis.call_days.value=300"], "found 300", "from 2 to 21"),
    "a parameter that is no number": (["parameters.crisis.call_days.value=veel"], "found 'veel'", "a number from 2 to 21"),
    "an unknown status": (["parameters.crisis.call_days.status=zeker"], "found 'zeker'", "published"),
    "an unknown mechanism": (["without=[fun]"], "without: found 'fun'", "nuisance"),
    "a lever of another kind": (["levers.driegesprek.value=3"], "found 3", "true or false"),
    "an unknown detail": (["results.detail=weekly"], "found 'weekly'", "monthly"),
    "an unknown question": (["experiment=nix"], "experiment: found 'nix'", "standaard"),
    "a shape beyond its range": (["robustness.shapes.lineair=9"], "robustness.shapes.lineair", "0.25 to 4"),
}


@pytest.mark.parametrize(("arguments", "found", "possible"), CASES.values(), ids=CASES.keys())
def test_it_is_refused_with_key_found_and_possible(arguments, found, possible, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(sys, "argv", ["experiments.run", *arguments, f"results.folder={tmp_path}/results"])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith("Refused; nothing has run.")
    assert found in said and possible in said
    assert "Traceback" not in said and len(said.splitlines()) <= 24
    assert not (tmp_path / "results").exists()


OWN = {
    "a mapping that is not there": (None, "own.yaml", "a mapping in YAML"),
    "a mapping that is no YAML": ("tables: [", "expected the node content", "a mapping in YAML"),
    "a mapping that is a list": ("- bezit", "['bezit']", "a mapping with tables"),
    "a mapping without tables": ("tabels: []", "own.yaml: found {'tabels': []}", "`tables:` with a list"),
    "a file that is not there": (
        "tables: [{kind: scores, file: none.csv, columns: {buurt: b, score: s}}]", "none.csv: found no such file", "a file",
    ),
    "more problems than a screen": (
        "tables: [{kind: scores, file: many.csv, columns: {buurt: b, score: s}}]",
        "many.csv, row 2, column s: found 9",
        "and 5 more",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("mapping", "found", "possible"), OWN.values(), ids=OWN)
def test_own_tables_that_can_not_be_read_are_refused_on_one_screen(mapping, found, possible, monkeypatch, capsys, tmp_path):
    (tmp_path / "many.csv").write_text(
        "b,s\n" + "".join(f"BU9999{(k - 1) % 5 + 1:02d}{(k - 1) // 5 + 1:02d},9\n" for k in range(1, 26)), encoding="utf-8"
    )
    if mapping is not None:
        (tmp_path / "own.yaml").write_text(mapping, encoding="utf-8")
    arguments = [f"gemeente.eigen={tmp_path}/own.yaml"]
    test_it_is_refused_with_key_found_and_possible(arguments, found, possible, monkeypatch, capsys, tmp_path)


def test_a_code_alone_means_real_tables_under_every_command_and_in_notebooks(monkeypatch):
    seen = []
    monkeypatch.setattr(sys, "argv", ["experiments.any"])
    command.run("", lambda config: seen.append(config["gemeente"]) or Ended(), ["gemeente.code=GM0828"])
    seen.append(composed(["gemeente.code=GM0363", "gemeente.vintage=2019"])["gemeente"])
    assert [(of["bron"], of["code"], of["vintage"]) for of in seen] == [("cbs", "GM0828", 2024), ("cbs", "GM0363", 2019)]
    assert with_source(["gemeente=cbs", "gemeente.code=NL"]) == ["gemeente=cbs", "gemeente.code=NL"]
    assert with_source(["gemeente.bron=cbs", "gemeente.code=NL"]) == ["gemeente.bron=cbs", "gemeente.code=NL"]
    assert with_source(["quota=0.2", "gemeente.eigen=own.yaml"]) == ["quota=0.2", "gemeente.eigen=own.yaml"]


def test_all_problems_are_told_at_once(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["experiments.run", "quota=2", "without=[fun]", "scenarios=[foo]", "months=3"])
    with pytest.raises(SystemExit):
        main()
    said = capsys.readouterr().err
    assert all(key in said for key in ("quota", "without", "scenarios[0]", "months"))


def test_help_tells_how_without_reading_any_configuration(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["experiments.run", "--help"])
    main()
    assert "python -m experiments.run" in capsys.readouterr().out
