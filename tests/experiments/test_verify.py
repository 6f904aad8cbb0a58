"""A study that was damaged, edited, renamed or made by other code or data is told so, and what is not there is never ok."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments import verify
from experiments.engine.store import REST
from experiments.plan import study_hash
from experiments.verify import Outcome

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=8,
)
MANIFESTS = st.dictionaries(st.text(max_size=6), JSON, max_size=5)


def with_manifest(folder, change):
    """The manifest of a folder, changed by hand."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(change(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")


def sealed_again(change):
    """A change after which the manifest is sealed anew: for what must be noticed by another check than the seal."""

    def changed(manifest):
        change(manifest)
        return manifest | {"seal": verify.seal(manifest)}

    return changed


def outcomes(folder, **told):
    return {check.what: check.outcome for check in verify.verify(folder, **told)}


def differing(folder):
    return {what for what, outcome in outcomes(folder).items() if outcome is Outcome.DIFFERENT}


def test_a_study_that_was_just_made_is_ok_in_every_check(whole, capsys):
    found = outcomes(whole)
    assert {what for what, outcome in found.items() if outcome is not Outcome.OK} <= {"commit"}  # unknown outside a clone
    assert {"manifest.json", "folder", "failed", "data", "model", "runs", "commit", "numpy", "indicators.parquet"} <= set(found)
    assert verify.main([str(whole)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == str(whole) and said[1].startswith("  ok           manifest.json: sha256 ")
    assert " ok, 0 different, 0 warning, " in said[-1]


@pytest.mark.parametrize("byte", [0, 100, -1])
def test_one_changed_byte_of_a_table_is_found(copy, byte, capsys):
    path = copy / "ledger.parquet"
    there = bytearray(path.read_bytes())
    expected = hashlib.sha256(there).hexdigest()
    there[byte] ^= 1
    path.write_bytes(there)
    assert differing(copy) == {"ledger.parquet"}
    assert verify.main([str(copy)]) == 1
    found = hashlib.sha256(there).hexdigest()
    assert f"different    ledger.parquet: found sha256 {found}, expected {expected}" in capsys.readouterr().out


def test_a_table_that_is_gone_and_one_that_is_new_are_found(copy):
    (copy / "fit.parquet").rename(copy / "fitting.parquet")
    assert differing(copy) == {"fit.parquet", "fitting.parquet"}


def test_runs_of_an_earlier_question_are_no_part_of_the_study(copy):
    shutil.copy(copy / "runs.parquet", copy / REST)
    assert REST not in outcomes(copy) and not differing(copy)


def test_a_study_with_runs_that_failed_is_not_ok(copy, capsys):
    with_manifest(copy, sealed_again(lambda m: m.update(failed=3)))
    assert differing(copy) == {"failed"} and verify.main([str(copy)]) == 1
    assert "different    failed: found 3 of its runs, expected none" in capsys.readouterr().out


def test_a_table_that_can_not_be_read_is_not_ok(copy):
    (copy / "fit.parquet").unlink()
    (copy / "fit.parquet").mkdir()
    assert differing(copy) == {"fit.parquet"}


def test_another_configuration_in_the_manifest_is_found_by_the_folders_name(copy):
    with_manifest(copy, sealed_again(lambda m: m["identity"]["config"].update(quota=0.99)))
    assert differing(copy) == {"folder"}


def test_a_renamed_folder_is_found_and_a_path_with_a_slash_is_not_a_rename(copy, monkeypatch):
    monkeypatch.chdir(copy)
    assert outcomes(Path("."))["folder"] is Outcome.OK
    monkeypatch.chdir(copy.parent)
    assert differing(copy.rename(copy.parent / "mine")) == {"folder"}


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m | {"seeds": [*m["seeds"], 99]},
        lambda m: m | {"baseline": "spreiding"},
        lambda m: {key: value for key, value in m.items() if key != "town"},
        lambda m: m | {"note": "added"},
    ],
    ids=["a number", "a word", "a key gone", "a key added"],
)
def test_a_hand_in_the_manifest_breaks_the_seal(copy, edit):
    with_manifest(copy, edit)
    assert differing(copy) == {"manifest.json"}


def test_a_manifest_without_a_seal_is_not_checked_and_does_not_fail(copy, capsys):
    with_manifest(copy, lambda m: {key: value for key, value in m.items() if key != "seal"})
    assert outcomes(copy)["manifest.json"] is Outcome.NOT_CHECKED
    assert verify.main([str(copy)]) == 0
    assert "not checked  manifest.json: it has no seal" in capsys.readouterr().out


def test_other_code_and_packages_warn_and_fail_only_if_strict(copy, capsys):
    def older(manifest):
        manifest["identity"] |= {"model": "0123456789abcdef", "runs": "fedcba9876543210"}
        manifest["commit"] = "f" * 40
        manifest["versions"] |= {"numpy": "1.0.0", "no-such-package": "2.0"}

    with_manifest(copy, sealed_again(older))
    warned = {what for what, outcome in outcomes(copy).items() if outcome is Outcome.WARNING}
    assert warned | {"commit"} == {"model", "runs", "commit", "numpy", "no-such-package"} and not differing(copy)
    assert verify.main([str(copy)]) == 0
    said = capsys.readouterr().out
    assert "warning      no-such-package: found none, expected 2.0" in said
    assert "expected 0123456789abcdef" in said and "expected fedcba9876543210" in said
    assert verify.main([str(copy), "--strict"]) == 1
    assert "different    model: found hash of its sources " in capsys.readouterr().out


def test_a_commit_that_nobody_knew_is_not_checked(copy):
    with_manifest(copy, sealed_again(lambda m: m.update(commit="unknown")))
    assert outcomes(copy)["commit"] is Outcome.NOT_CHECKED


@pytest.fixture
def of_files(copy, tmp_path):
    """The study as if it had read a table of a year, an own table in a folder and their mappings; and where they lie."""
    data, own = tmp_path / "data", tmp_path / "own"
    (own / "deep").mkdir(parents=True)
    data.mkdir()
    (data / "buurten.csv").write_text("code\nBU01\n", encoding="utf-8")
    (own / "deep" / "bezit.csv").write_text("b\nBU01\n", encoding="utf-8")
    (own / "own.yaml").write_text("tables: [{kind: bezit, file: deep/bezit.csv}]", encoding="utf-8")
    year = Path(verify.__file__).parents[1] / "configs" / "vintage" / "2024.yaml"
    named = {"buurten.csv": data / "buurten.csv", "bezit.csv": own / "deep" / "bezit.csv", "mapping own.yaml": own / "own.yaml"}
    named["mapping 2024.yaml"] = year

    def read_files(manifest):
        manifest["identity"]["config"]["gemeente"]["bron"] = "cbs"
        manifest["run"]["tables"] |= {"data": str(data), "eigen": str(own / "own.yaml")}
        manifest["identity"]["data"] = {n: hashlib.sha256(path.read_bytes()).hexdigest() for n, path in named.items()}

    with_manifest(copy, sealed_again(read_files))
    identity = verify.read_manifest(copy)["identity"]
    return copy.rename(copy.parent / f"standaard-{study_hash(identity['config'], identity['data'])}"), named


def test_data_that_are_still_there_and_the_same_are_ok(of_files):
    folder, named = of_files
    found = outcomes(folder)
    assert {found[name] for name in named} == {Outcome.OK} and not differing(folder)


@pytest.mark.parametrize("name", ["buurten.csv", "bezit.csv", "mapping own.yaml"])
def test_data_that_changed_differ_and_data_that_are_gone_are_not_checked(of_files, name):
    folder, named = of_files
    named[name].write_text(named[name].read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert differing(folder) == {name}
    named[name].unlink()
    assert outcomes(folder)[name] is Outcome.NOT_CHECKED and not differing(folder)


def test_data_may_lie_elsewhere(of_files, tmp_path, capsys):
    folder, named = of_files
    named["buurten.csv"].parent.rename(tmp_path / "moved")
    assert outcomes(folder)["buurten.csv"] is Outcome.NOT_CHECKED
    assert outcomes(folder, data=tmp_path / "moved")["buurten.csv"] is Outcome.OK
    assert verify.main([str(folder), "--data", str(tmp_path / "moved")]) == 0
    assert "ok           buurten.csv: sha256 " in capsys.readouterr().out


def test_downloads_are_looked_for_in_the_cache_and_never_downloaded(of_files, tmp_path):
    folder, named = of_files
    cache = tmp_path / "cache"
    with_manifest(folder, lambda m: m["run"]["tables"].update(data=None, cache=str(cache)) or m)
    assert outcomes(folder)["buurten.csv"] is Outcome.NOT_CHECKED and not cache.exists()
    shutil.copytree(named["buurten.csv"].parent, cache)
    assert outcomes(folder)["buurten.csv"] is Outcome.OK


def test_another_mapping_of_the_year_is_other_code_and_not_other_data(of_files):
    folder, _ = of_files
    with_manifest(folder, sealed_again(lambda m: m["identity"]["data"].update({"mapping 2024.yaml": "0" * 64})))
    assert outcomes(folder)["mapping 2024.yaml"] is Outcome.WARNING


def test_a_real_gemeente_without_data_files_in_its_manifest_is_not_ok(of_files):
    folder, _ = of_files
    with_manifest(folder, sealed_again(lambda m: m["identity"].update(data={})))
    assert differing(folder) == {"data", "folder"}  # a study is named after its data too


NO_STUDY = {
    "a folder that is not there": (None, "no manifest.json"),
    "no JSON": ("{", "no JSON"),
    "a list": ("[]", "a manifest without results"),
    "a town (docs/gemeente.md)": ('{"town": {}, "counts": {}}', "a manifest without results"),
    "an identity without a configuration": (
        '{"results": {}, "identity": {"data": {}}}',
        "a manifest without identity.config.results",
    ),
}


@pytest.mark.parametrize(("text", "said"), NO_STUDY.values(), ids=NO_STUDY)
def test_a_folder_that_is_no_study_is_refused_before_anything_is_checked(whole, tmp_path, text, said, capsys):
    folder = tmp_path / "other"
    if text is not None:
        folder.mkdir()
        (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        verify.main([str(whole), str(folder), str(tmp_path / "neither")])
    told = capsys.readouterr()
    assert left.value.code == 2
    assert said in told.err and "neither" in told.err and told.out == ""


def test_of_several_studies_one_that_differs_is_enough(whole, copy):
    (copy / "fit.parquet").unlink()
    assert verify.main([str(whole), str(copy)]) == 1
    assert verify.main([str(copy), str(whole)]) == 1


@given(MANIFESTS)
def test_the_seal_is_the_same_before_writing_and_after_reading(manifest):
    back = json.loads(json.dumps(manifest, indent=1, ensure_ascii=False))
    assert verify.seal(back) == verify.seal(manifest) == verify.seal(dict(reversed(manifest.items())))


@given(MANIFESTS, JSON)
def test_the_seal_does_not_know_the_run_or_itself(manifest, value):
    assert verify.seal(manifest | {"run": value, "seal": value}) == verify.seal(
        {key: inside for key, inside in manifest.items() if key not in ("run", "seal")}
    )


@given(MANIFESTS, MANIFESTS)
def test_two_manifests_have_one_seal_only_if_they_are_one(one, other):
    assert (verify.seal({"x": one}) == verify.seal({"x": other})) == (
        json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    )


def test_the_seal_by_hand():
    text = '{"identity":{"a":1},"seeds":[1,2]}'
    manifest = {"seeds": (1, 2), "run": {"started": "now"}, "identity": {"a": 1}, "seal": "x"}
    assert verify.seal(manifest) == hashlib.sha256(text.encode()).hexdigest()
