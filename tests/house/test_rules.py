"""Every rule is what it says in plain Python: the compiled function and its `py_func` give the same value."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Callable

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

import model.mechanisms
from model.mechanisms import settling
from model.randomness import Luck, Stream
from model.world import AgeClass, Profile, Status, Tenure

MODULES = [f"model.mechanisms.{m.name}" for m in pkgutil.iter_modules(model.mechanisms.__path__)] + ["model.letting"]


def gives_something(function: Callable) -> bool:
    """Whether it returns a value; what gives nothing is a part of a kernel, and writes in its columns."""
    nodes = ast.walk(ast.parse(inspect.getsource(function)))
    return any(isinstance(node, ast.Return) and node.value is not None for node in nodes)


def rules(module: str) -> list[str]:
    """Names of the compiled scalar functions that a module defines; a kernel releases the GIL, a rule has no need to."""
    found = vars(importlib.import_module(module)).items()
    mine = [(n, f) for n, f in found if isinstance(f, Dispatcher) and f.py_func.__module__ == module]
    return [n for n, f in mine if not f.targetoptions.get("nogil") and gives_something(f.py_func)]


RULES = [(module, name) for module in MODULES for name in rules(module)]

SHARE = st.floats(0.01, 1.0)
ARGUMENTS = {
    "keys": st.integers(0, 1000).map(lambda seed: np.array([Luck(seed, 1).key(stream) for stream in Stream])),
    "who": st.integers(1, 2**60).map(np.uint64),
    "log_quantiles": st.floats(0.25, 4).map(settling._log_quantiles),
    "at": st.floats(0, settling.NODES[2] + 9),
    "u": st.floats(0, 1, exclude_max=True),
    "ses": st.floats(-3, 3),
    "score": st.floats(-1, 1),
    "start": st.floats(-1, 1),
    "samenhang_change": st.floats(-1, 1),
    "overlast_change": st.floats(-5, 5),
    "memory": st.floats(0, 5),
    "stability_slope": st.floats(0, 9),
    "debts": st.booleans(),
    "driegesprek": st.booleans(),
    "waakvlam": st.booleans(),
    "status": st.sampled_from([int(s) for s in Status]),
    "tenure": st.sampled_from([int(t) for t in Tenure]),
    "profile": st.sampled_from([int(p) for p in Profile]),
    "age_class": st.sampled_from([int(a) for a in AgeClass]),
    "debts_ratio": st.floats(1, 9),
    "end": st.floats(0, 60),
    "response": st.floats(0, 60),
    "harm": st.floats(0, 60),
    "patience": st.floats(0, 60),
    "load": st.floats(0, 5),
    "damage": st.floats(0, 10),
    "limit": st.floats(1, 30),
    "shape": st.floats(0.25, 4),
    "months_together": st.floats(0, 600),
    "half_time": st.floats(1, 100),
    "nuisance": st.floats(0, 10),
    "satisfaction": st.floats(0, 10),
    "frailty": st.floats(0, 20),
    "published": st.floats(1, 20),
    "clients_per_1000_homes": st.floats(0, 500),
    "density": st.floats(1, 100),
    "convexity": st.floats(1, 40),
}  # what is not named here lies between 0 and 1


@pytest.mark.parametrize(("module", "name"), RULES, ids=[f"{m.rpartition('.')[2]}.{n}" for m, n in RULES])
def test_a_rule_is_what_it_says(rooms, plain_python, module, name):
    rule = getattr(importlib.import_module(module), name)
    block = getattr(rooms, module.rpartition(".")[2])
    arguments = [
        st.just(block) if argument == "p" else ARGUMENTS.get(argument, SHARE)
        for argument in inspect.signature(rule.py_func).parameters
    ]

    @hypothesis.settings(max_examples=40)
    @hypothesis.given(st.tuples(*arguments))
    def agree(values):
        with plain_python():
            written = rule.py_func(*values)
        assert rule(*values) == pytest.approx(written, rel=1e-12, abs=1e-15)

    agree()


def test_rules_are_found():
    """If the way that rules are made changes, this file must not fall silent."""
    assert len(RULES) >= 15
