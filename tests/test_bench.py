"""The benchmarks: three ways of computing agree, and the command prints every row."""

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from experiments.bench import __main__ as bench
from experiments.bench import bounds, frozen, towns
from experiments.bench.agree import differences
from experiments.bench.arrays import uniforms
from model.mechanisms import nuisance
from model.randomness import Luck, Stream


@pytest.mark.parametrize(("households", "seed"), [(481, 1), (1_000, 2)])
def test_kernels_objects_and_numpy_agree(households, seed):
    assert differences(households, months=18, seed=seed) == []


def test_something_happens_in_the_frozen_month():
    p = frozen.Parameters()
    city = frozen.Columns(frozen.start(2_000, p), p, seed=1)
    for _ in range(6):
        city.step()
    assert (city.counts.sum(axis=0) > 0).all()
    assert (city.now["since"] > 0).any()


@pytest.mark.parametrize("households", [481, 2_000])  # 481: a portiek of one home
def test_ties_are_others_and_exist(households):
    ties = frozen.start(households, frozen.Parameters()).ties
    assert ties.max() < households
    assert (ties != np.arange(households)[:, None]).all()


def test_numpy_draws_the_same_luck():
    luck, who = Luck(5, 7), np.array([1, 2, 1 << 63], np.uint64)
    assert np.array_equal(uniforms(luck.key(Stream.TIES), who), luck.draws(Stream.TIES, who))


def test_tiled_towns_keep_the_size_of_buurten():
    rooms, _ = towns.settings()
    one, three = towns.towns(rooms, 1_000, 1), towns.towns(rooms, 1_000, 3)
    assert three.buurten.huishoudens.tolist() == one.buurten.huishoudens.tolist() * 3
    assert three.buurten.code.is_unique
    assert len(three.wijken) == 3 * len(one.wijken)
    assert len(three.gemeenten) == 3 and len(three.corporaties) == 3 * len(one.corporaties)


def test_the_bytes_of_passes_are_those_of_whole_columns(monkeypatch):
    """Six ties of 4 bytes and an identity of 8 are read; a mark of 4 is read and written."""
    monkeypatch.setattr(bounds, "PASSES", {"a kernel": (("ties", "identity", "satisfaction"), ("satisfaction",))})
    assert bounds.bytes_of_passes() == 24 + 8 + 4 + 4


def test_quick_prints_its_rows(capsys):
    """All but those that live whole studies: `overhead`, `workers`, `flat` and `files`."""
    bench.main(["--quick", "--only", *(name for name in bench.ROWS if name not in ("overhead", "workers", "flat", "files"))])
    shown = capsys.readouterr().out
    for what in (
        "full month",
        "mesa agent",
        "NumPy",
        "outside kernels",
        "Memory",
        "help",
        "Month 0 shared",
        "Months shared",
        "in a town and in a country",
        "bandwidth",
    ):
        assert what in shown
    assert shown.count("agree") == shown.count("all three ways") == 2
    assert isinstance(nuisance._notice, Dispatcher)  # timers are taken away again
