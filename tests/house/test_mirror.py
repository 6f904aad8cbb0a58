"""The tests mirror the model by file name, and every rule is worked out by hand in the file that mirrors its own."""

from pathlib import Path

import pytest

from tests.house.test_rules import RULES

ROOT = Path(__file__).parents[2]
MIRRORED = [p for room in ("mechanisms", "strategies") for p in sorted((ROOT / "model" / room).glob("[!_]*.py"))]


def mirror(path: Path) -> Path:
    return ROOT / "tests" / path.relative_to(ROOT / "model").parent / f"test_{path.name}"


@pytest.mark.parametrize("path", MIRRORED, ids=lambda p: f"{p.parent.name}.{p.stem}")
def test_every_mechanism_and_every_strategy_has_its_tests(path):
    assert mirror(path).is_file()


@pytest.mark.parametrize(("module", "name"), RULES, ids=[f"{m.rpartition('.')[2]}.{n}" for m, n in RULES])
def test_every_rule_has_a_case_by_hand(module, name):
    path = ROOT / Path(*module.split(".")).with_suffix(".py")
    assert f"{name}(" in mirror(path).read_text(encoding="utf-8")
