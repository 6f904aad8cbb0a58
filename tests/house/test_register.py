"""The register of mechanisms (configs/mechanisms.yaml): whole, about things that exist, and with switches that work.

What is named there is looked up in the source, so that a rule, parameter or test that gets another name can not stay behind.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

from experiments.switches import SWITCHES, register, switched
from model.city import MECHANISMS
from model.policies import Levers, checked
from model.rooms import blocks
from model.strategies import names

ROOT = Path(__file__).parents[2]
CLAIM = ("what", "sign", "delay", "threshold", "grade", "seeds", "state")
PRESENT = ("file", "rules", "parameters", "tests")
GRADES = {"A", "B", "C", "D", "A/B", "B/C", "C/D", "none"}
SEEDS = {"000", "001", "002", "003", "004"}
REGISTER = register()
IN = [m for m, entry in REGISTER.items() if entry["state"] == "in"]


def files(entry: dict) -> list[Path]:
    """The model files of an entry."""
    named = entry["file"] if isinstance(entry["file"], list) else [entry["file"]]
    return [ROOT / "model" / name for name in named]


@cache
def defined(path: Path) -> frozenset[str]:
    """Functions and classes at the top of a file, and methods as Class.method."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
    return frozenset(found)


def test_every_mechanism_of_the_inventory_has_an_entry_in_order():
    assert list(REGISTER) == [f"m{k}" for k in range(1, 69)]


@pytest.mark.parametrize("m", REGISTER)
def test_an_entry_says_what_is_claimed_and_what_came_of_it(m):
    entry = REGISTER[m]
    more = {"in": {*PRESENT, *SWITCHES, "note", "to_come"}}.get(entry["state"], {"why"})
    assert set(CLAIM) <= set(entry) and set(entry) - set(CLAIM) <= more
    assert all(isinstance(entry[key], str) and entry[key].strip() for key in CLAIM if key != "seeds")
    assert entry["grade"] in GRADES
    assert entry["seeds"] and set(entry["seeds"]) <= SEEDS
    assert entry["state"] in ("in", "lever", "out", "todo")
    if entry["state"] != "in":
        assert entry["why"].strip()


@pytest.mark.parametrize("m", IN)
def test_every_file_and_every_rule_exists(m):
    entry = REGISTER[m]
    assert [path.name for path in files(entry) if not path.is_file()] == []
    known = frozenset().union(*(defined(path) for path in files(entry)))
    assert entry["rules"] and set(entry["rules"]) - known == set()
    idle = [path.name for path in files(entry) if not defined(path) & set(entry["rules"])]
    assert idle == [], "a file without a rule that carries it"


@pytest.mark.parametrize("m", IN)
def test_every_parameter_exists(m):
    known = {f"{room}.{name}" for room, block in blocks().items() for name in block._fields}
    entry = REGISTER[m]
    assert (entry["parameters"] or entry.get("levers")) and set(entry["parameters"]) - known == set()
    assert set(entry.get("neutral", {})) <= set(entry["parameters"])


@pytest.mark.parametrize("m", IN)
def test_every_test_exists(m):
    assert REGISTER[m]["tests"]
    for node in REGISTER[m]["tests"]:
        path, _, function = node.partition("::")
        assert function in defined(ROOT / path), node


@pytest.mark.parametrize("m", IN)
def test_what_is_in_the_model_can_be_switched_off(m):
    entry = REGISTER[m]
    assert any(entry.get(key) for key in SWITCHES)
    assert entry.get("without", "inflow") in MECHANISMS
    for lever, value in entry.get("levers", {}).items():
        assert checked(lever, value, m, names()) == value


def test_no_two_switches_give_one_number_two_values():
    values: dict[str, set] = {}
    for entry in REGISTER.values():
        for path, value in {**entry.get("neutral", {}), **entry.get("levers", {})}.items():
            values.setdefault(path, set()).add(value)
    assert [path for path, found in values.items() if len(found) > 1] == []


@pytest.fixture(scope="module")
def busy(huidig) -> Levers:
    """Levers under which every mechanism has something to do."""
    return huidig._replace(
        strategie="spreiding", driegesprek=True, buurtinformatie=True, woonladder=0.5, screening=0.5, nakoming=0.8, driehoek=True,
        woonzorgvisie=True, contextgericht=True, driepartijencontract=True, belnummer=True, maatwerk=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def lived(small_city, lively, busy):
    """Six lively months of a world of its own, with two of warm-up, in which these are switched off.

    Wijkteams are so large that some wijken have time to spare (m38), and others not (m47).
    """
    larger = lively.support.wijkteam_fte_per_inhabitant * 12
    roomy = lively._replace(support=lively.support._replace(wijkteam_fte_per_inhabitant=larger))

    def live(*off: str, wijkbudget: bool = False):
        rooms, levers, files_off = switched(roomy, busy._replace(wijkbudget=wijkbudget), off)
        return small_city(rooms=rooms, huidig=levers, off=files_off, warmup=2, months=6, quota=0.9, record=0).world

    return live


@pytest.fixture(scope="module")
def with_all(lived):
    """By whether teams have a fixed budget and freedom: some mechanisms work only then, and others only without."""
    return {wijkbudget: lived(wijkbudget=wijkbudget) for wijkbudget in (False, True)}


@pytest.mark.parametrize("m", IN)
def test_what_is_switched_off_makes_a_difference(lived, with_all, m):
    """By itself: a switch that changes nothing would show a share of nothing."""
    wijkbudget = "wijkbudget" in REGISTER[m].get("note", "")
    assert lived(m, wijkbudget=wijkbudget).differing(with_all[wijkbudget]) != []


def test_what_is_not_named_is_not_touched(lively, busy):
    rooms, levers, off = switched(lively, busy, ())
    assert rooms is lively and levers == busy and off == frozenset()
    rooms, levers, off = switched(lively, busy, ("m25",))
    moved = {name for name in blocks() if getattr(rooms, name) is not getattr(lively, name)}
    assert moved == {"stability"} and levers == busy and off == frozenset()
    assert rooms.stability._replace(gain_of_help=lively.stability.gain_of_help) == lively.stability


def test_everything_is_in_or_a_lever_to_come_or_left_out_with_a_reason():
    assert {entry["state"] for entry in REGISTER.values()} <= {"in", "lever", "out"}
    assert [m for m, entry in REGISTER.items() if entry["state"] != "in" and not entry["why"]] == []
