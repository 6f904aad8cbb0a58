"""Whether a study's folder is still what its manifest says, by recomputing every hash in it (docs/sharing.md).

    python -m experiments.verify results/STUDY [results/ANOTHER ...]
    python -m experiments.verify results/STUDY --data DIR       the data files lie in DIR on this machine
    python -m experiments.verify results/STUDY --strict         other code or other packages count as different too

One line per check: ok, different, warning or not checked. A warning tells that this machine's code or packages are not those that
made the study: its tables may be whole all the same. What is not there is not checked, and never ok. Exit code 0 if nothing
differs, 1 if something does, 2 if a folder is no study. Nothing is run again.
"""

import argparse
import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from model.parameters import Problem, Refused

MANIFEST = "manifest.json"
UNSEALED = ("run", "seal")  # `run` is what differs between equal studies
SHOWN = 12  # characters of a hash that is as it should be
NEEDED = (  # what a check looks into
    ("results",), ("identity", "data"), ("identity", "config", "results"), ("identity", "config", "gemeente"), ("run", "tables"),
)  # fmt: skip


class Outcome(StrEnum):
    """What came of a check."""

    OK = "ok"
    DIFFERENT = "different"
    WARNING = "warning"
    NOT_CHECKED = "not checked"


class Check(NamedTuple):
    """One thing that was looked at, and what was found and expected."""

    outcome: Outcome
    what: str
    said: str

    def __str__(self) -> str:
        return f"{self.outcome:<12} {self.what}: {self.said}"


def seal(manifest: dict[str, Any]) -> str:
    """SHA-256 over the manifest as JSON in one canonical form, without `run` and `seal`.

    The same before it is written and after it is read. A hand that edits a number is noticed by it. It is no signature: who can
    recompute it can also replace it.
    """
    kept = json.loads(json.dumps({key: value for key, value in manifest.items() if key not in UNSEALED}))
    return hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def commit() -> str:
    try:
        out = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent, check=True)
        return out.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a finished study. Raises `Refused` if the folder is none."""
    expected = "the folder of a finished study (docs/results.md)"
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused([Problem(str(folder), f"no {MANIFEST} that can be read ({error.strerror})", expected)]) from error
    except ValueError as error:
        raise Refused([Problem(str(folder / MANIFEST), f"no JSON ({error})", expected)]) from error
    for path in NEEDED:
        inside = manifest
        for key in path:
            inside = inside.get(key) if isinstance(inside, dict) else None
        if not isinstance(inside, dict):
            raise Refused([Problem(str(folder / MANIFEST), f"a manifest without {'.'.join(path)}", expected)])
    return dict(manifest)


def verify(folder: Path, data: Path | None = None) -> list[Check]:
    """Every check of one study; `data` is where its data files lie, if not where the study found them.

    Raises `Refused` if the folder is no study.
    """
    manifest = read_manifest(folder)
    return [
        _sealed(manifest),
        _named(folder, manifest),
        _failed(manifest),
        *_tables(folder, manifest),
        *_data(manifest, data),
        *_code(manifest),
        *_packages(manifest),
    ]


def _sealed(manifest: dict[str, Any]) -> Check:
    if "seal" not in manifest:
        return Check(Outcome.NOT_CHECKED, MANIFEST, "it has no seal, so that nothing tells whether it was edited")
    return _same(MANIFEST, seal(manifest), manifest["seal"])


def _named(folder: Path, manifest: dict[str, Any]) -> Check:
    from experiments.plan import study_hash

    name, expected = folder.resolve().name, study_hash(manifest["identity"]["config"], manifest["identity"]["data"])
    if name.endswith(f"-{expected}"):
        return Check(Outcome.OK, "folder", f"{name} carries the hash of its configuration and data")
    return Check(Outcome.DIFFERENT, "folder", f"found {name}, expected a name that ends in -{expected}")


def _failed(manifest: dict[str, Any]) -> Check:
    found = manifest.get("failed")
    if found == 0:
        return Check(Outcome.OK, "failed", "none of its runs")
    return Check(Outcome.DIFFERENT, "failed", f"found {found} of its runs, expected none (docs/studies.md)")


def _tables(folder: Path, manifest: dict[str, Any]) -> Iterator[Check]:
    """Every table that is told or there."""
    from experiments.engine.store import REST  # runs of earlier questions, which are no part of this study

    told, there = manifest["results"], {path.name: path for path in folder.glob("*.parquet") if path.name != REST}
    for name in sorted({*told, *there}):
        if name not in there:
            yield Check(Outcome.DIFFERENT, name, f"found no such table, expected sha256 {told[name]}")
        elif name not in told:
            yield Check(Outcome.DIFFERENT, name, "found a table, expected none: the manifest does not know it")
        else:
            yield _same_file(name, there[name], told[name])


def _data(manifest: dict[str, Any], data: Path | None) -> Iterator[Check]:
    """Every data file that the study has read, by name.

    The files are hashed and not read as tables: one that was changed may be refused before its hash is known.
    """
    told, gemeente = manifest["identity"]["data"], manifest["identity"]["config"]["gemeente"] | manifest["run"]["tables"]
    if not told:
        drawn = gemeente["bron"] == "voorbeeldstad" and gemeente["eigen"] is None
        said = "the study has read no files: its town is drawn" if drawn else "found no files, expected those of the town"
        yield Check(Outcome.OK if drawn else Outcome.DIFFERENT, "data", said)
    for name, expected in told.items():
        path = _data_path(name, gemeente, data)
        if not path.is_file():
            yield Check(Outcome.NOT_CHECKED, name, f"no file {path}")
            continue
        check = _same_file(name, path, expected)
        ours = check.outcome is Outcome.DIFFERENT and name == _vintage_mapping(gemeente)
        yield check._replace(outcome=Outcome.WARNING) if ours else check  # that mapping comes with the code


def _vintage_mapping(gemeente: dict[str, Any]) -> str:
    """The name under which a study knows the mapping file of its year."""
    return f"mapping {gemeente['vintage']}.yaml" if gemeente["bron"] == "cbs" else ""


def _data_path(name: str, gemeente: dict[str, Any], data: Path | None) -> Path:
    """Where a data file of a manifest should lie."""
    from experiments.config import CONFIGS
    from model.tables import statline

    own = Path(gemeente["eigen"]) if gemeente["eigen"] is not None else None
    if name == _vintage_mapping(gemeente):
        return CONFIGS / "vintage" / name.removeprefix("mapping ")
    if own is not None and name == f"mapping {own.name}":
        return own
    if own is not None and name in (listed := _own_files(own)):
        return listed[name]
    if data is None and gemeente["data"] is None:
        return (Path(gemeente["cache"]) if gemeente["cache"] is not None else statline.default_cache()) / name
    return (data or Path(gemeente["data"])) / name


def _own_files(mapping: Path) -> dict[str, Path]:
    """Name -> path of the tables that a user's mapping lists; none if it is not there or can not be read."""
    try:
        lines = yaml.safe_load(mapping.read_text(encoding="utf-8"))["tables"]
        return {Path(line["file"]).name: mapping.parent / line["file"] for line in lines}
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError):
        return {}


def _code(manifest: dict[str, Any]) -> Iterator[Check]:
    """This code beside the code that made the study."""
    from experiments.engine import measure
    from model.jit import sources_hash

    for name, found in (("model", sources_hash()), ("runs", measure.version())):
        yield _same(name, found, manifest["identity"].get(name), "hash of its sources ", Outcome.WARNING)
    found, expected = commit(), manifest.get("commit")
    if "unknown" in (found, expected):
        yield Check(Outcome.NOT_CHECKED, "commit", f"found {found}, expected {expected}")
    else:
        yield _same("commit", found, expected, "", Outcome.WARNING)


def _packages(manifest: dict[str, Any]) -> Iterator[Check]:
    for name, expected in manifest.get("versions", {}).items():
        try:
            found = version(name)
        except PackageNotFoundError:
            found = "none"
        yield _same(name, found, expected, "", Outcome.WARNING)


def _same_file(what: str, path: Path, expected: str) -> Check:
    """A file by its hash; one that is there and can not be read is not what it should be."""
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return Check(Outcome.DIFFERENT, what, f"found a file that can not be read ({error.strerror}), expected sha256 {expected}")
    return _same(what, found, expected)


def _same(what: str, found: str, expected: Any, kind: str = "sha256 ", otherwise: Outcome = Outcome.DIFFERENT) -> Check:
    if found == expected:
        return Check(Outcome.OK, what, kind + found[:SHOWN])
    return Check(otherwise, what, f"found {kind}{found}, expected {expected}")


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code."""
    from experiments.refusal import refused

    parser = argparse.ArgumentParser(prog="python -m experiments.verify", description="Check a study's folder by its manifest.")
    parser.add_argument("studies", nargs="+", type=Path, metavar="STUDY", help="the folder of a finished study")
    parser.add_argument("--data", type=Path, metavar="DIR", help="where the data files lie on this machine")
    parser.add_argument("--strict", action="store_true", help="other code or other packages count as different")
    asked = parser.parse_args(arguments)
    with refused([]):
        _refuse_others(asked.studies)
        return max([_tell(study, asked.data, asked.strict) for study in asked.studies])


def _refuse_others(folders: list[Path]) -> None:
    """Raises one `Refused` with every folder that is no study."""
    problems: list[Problem] = []
    for folder in folders:
        try:
            read_manifest(folder)
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)


def _tell(folder: Path, data: Path | None, strict: bool) -> int:
    """Print the checks of one study; 1 if something differs, else 0."""
    checks = verify(folder, data)
    if strict:
        checks = [c._replace(outcome=Outcome.DIFFERENT) if c.outcome is Outcome.WARNING else c for c in checks]
    counts = Counter(check.outcome for check in checks)
    print(folder, *(f"  {check}" for check in checks), sep="\n")
    print("  " + ", ".join(f"{counts[outcome]} {outcome}" for outcome in Outcome))
    return int(counts[Outcome.DIFFERENT] > 0)


if __name__ == "__main__":
    raise SystemExit(main())
