"""`without=[m26]`: what it sets in the worlds of a study, what it refuses, and that it is part of what a run is."""

from dataclasses import replace

import numpy as np
import pytest

from experiments import switches
from experiments.plan import ground, identity
from experiments.scenarios import settings_of
from model.city import MECHANISMS
from model.parameters import Refused
from tests.experiments.small import small


@pytest.fixture
def registered(monkeypatch):
    """A register of three made-up entries."""
    entries = {
        "m1": {"state": "in", "neutral": {"crisis.call_days": 99, "vulnerability.stock_share": 0}},
        "m2": {"state": "in", "levers": {"waakvlam": False}, "without": "ageing"},
        "m3": {"state": "out", "why": "Nobody knows."},
    }
    monkeypatch.setattr(switches, "register", lambda: entries)
    return entries


def test_numbers_get_their_neutral_value_also_outside_their_range_and_for_every_code(registered, rooms, huidig):
    found, levers, off = switches.switched(rooms, huidig, ["m1"])
    assert found.crisis.call_days == 99.0 and type(found.crisis.call_days) is float
    assert found.vulnerability.stock_share.tolist() == [0.0] * rooms.vulnerability.stock_share.size
    assert rooms.vulnerability.stock_share.sum() > 0, "the study's own numbers stay"
    assert levers == huidig and off == frozenset()


def test_levers_and_whole_files_are_switched_too_and_together(registered, rooms, huidig):
    found, levers, off = switches.switched(rooms, huidig, ["m2", "m1", "crisis"])
    assert not levers.waakvlam and off == {"ageing", "crisis"} and found.crisis.call_days == 99.0


def test_a_number_that_follows_another_follows_it_here_too(monkeypatch, rooms, huidig):
    entry = {"m1": {"state": "in", "neutral": {"neighbourhood.tolerance_rest": 0.2}}}
    monkeypatch.setattr(switches, "register", lambda: entry)
    found, _, _ = switches.switched(rooms, huidig, ["m1"])
    assert found.neighbourhood.tolerance_rest == found.settling.tolerance_rest == 0.2


def test_what_is_unknown_or_has_no_switch_is_refused_with_words(registered):
    unknown, without_switch, number = switches.problems(["crisis", "m1", "m9", "m3", 3])
    assert unknown.found == "'m9'" and "crisis" in unknown.expected and unknown.expected.endswith("m1, m2")
    assert without_switch.found == "'m3', which can not be switched off (out: Nobody knows.)"
    assert number.where == "without" and number.found == "3"


def test_a_scenario_that_would_switch_it_on_again_is_refused(registered):
    scenarios = {"huidig": [], "off": settings_of("huidig", "")}
    assert switches.clashes(["m1", "m2", "ageing"], scenarios) == []
    line = settings_of("driegesprek", "")[0]._replace(lever="waakvlam", value=True)
    (problem,) = switches.clashes(["m1", "m2"], {"huidig": [], "brandend": [line]})
    assert problem.found == "'m2', which holds waakvlam at False, while brandend sets it to True"
    assert switches.clashes(["m2"], {"uit": [line._replace(value=False)]}) == []


def test_a_study_without_a_mechanism_has_worlds_of_its_own(tmp_path):
    whole, without = small(tmp_path), small(tmp_path, "without=[m26,m14]")
    of = ground(without)
    assert of.rooms.crisis.reachability_gain == 0.0 and of.without == {"ageing"}
    assert ground(without, {"crisis.reachability_gain": 0.9}).rooms.crisis.reachability_gain == 0.0, "off at every design point"
    assert without.rooms.crisis.reachability_gain == whole.rooms.crisis.reachability_gain > 0.0, "the configuration is as given"
    assert whole.folder != without.folder
    assert not {a.key for a in whole.asked} & {a.key for a in without.asked}


def test_the_order_of_names_makes_no_other_run_and_another_neutral_value_does(tmp_path, monkeypatch):
    def keys(p):
        return [a.key for a in replace(p).asked], identity(p)["without"]

    p = small(tmp_path, "without=[m26,crisis]")
    turned = replace(p, config=p.config | {"without": ["crisis", "m26"]})
    before = keys(p)
    assert keys(turned)[0] == before[0]
    other = switches.register() | {"m26": {"state": "in", "neutral": {"crisis.reachability_gain": 0.01}}}
    monkeypatch.setattr(switches, "register", lambda: other)
    after = keys(p)
    assert not set(before[0]) & set(after[0]) and before[1] != after[1]


def test_without_the_register_keys_are_what_they_were():
    assert switches.told(["crisis", "ageing"]) == ["crisis", "ageing"]


def test_a_study_refuses_what_can_not_be_switched_off(tmp_path):
    with pytest.raises(Refused) as refused:
        small(tmp_path, "without=[m99,m19,crisis]")
    assert [p.found.split(",")[0] for p in refused.value.problems if p.where == "without"] == ["'m99'", "'m19'"]


@pytest.mark.parametrize("control", ["laat_signaal", "placebo"])
def test_the_controls_of_a_study_bear_every_switch(control):
    """A control that moved a lever which a switch holds would undo the switch, or no longer be a control."""
    for m in switches.switchable():
        assert switches.clashes([m], {control: settings_of(control, control)}) == []


def test_every_mechanism_file_is_a_switch_of_its_own():
    assert switches.problems(MECHANISMS) == []
    assert all(switches.switch([name]) == ({}, {}, frozenset({name})) for name in MECHANISMS)


def test_no_switch_leaves_a_number_that_is_none(rooms, huidig):
    """All at once: every number is still a number of its own kind, so that no kernel is compiled a second time."""
    found, _, _ = switches.switched(rooms, huidig, switches.switchable())
    for block, own in zip(found, rooms, strict=True):
        for value, before in zip(block, own, strict=True):
            assert type(value) is type(before)
            assert np.isfinite(np.asarray(value, float)).all()
