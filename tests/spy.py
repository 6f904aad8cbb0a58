"""A world that notes what is read of it: `python -m tests.spy` prints the READS of every mechanism, ready to paste.

Kernels and rules run as the plain Python that they are written in, over columns that know their own name. An element that is
looked up, and a column that NumPy computes with, is read. A slice is only a part of a column, an assignment only writes, and
a counter that is added to is not read: it is looked up once for each time that it is assigned. Rows that are added, dropped
or emptied are moved as a whole, which reads nothing.

    python -m tests.spy            print
    python -m tests.spy --write    put them into the files of model/mechanisms, after WRITES
"""

import importlib
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numba.core.dispatcher import Dispatcher

from model.city import MECHANISMS, City
from model.policies import Levers
from model.randomness import Luck
from model.rooms import Rooms
from model.table import Table
from model.world import Count, World

ROOT = Path(__file__).parents[1]
COUNTS = "counts."  # how the name of a counter starts: counts.incidenten
SHAPE_ONLY = (np.empty_like, np.zeros_like, np.ones_like, np.full_like, np.shape, np.size, np.ndim)
SHAPE = ("shape", "size", "ndim", "dtype")
MONTHS = 6  # that are looked at: enough for every branch to be taken
MOVES = ("grow", "keep", "renew", "clear", "copy")


class Spied(np.lib.mixins.NDArrayOperatorsMixin):
    """A column, or a part of it, that notes in `seen` when it is read. Counters have no name until one of them is picked.

    It is no array itself, so that NumPy must ask for one, also to look up its elements in an ordinary array. How often an
    element of each counter was looked up, less how often one was assigned, stands in `picked`.
    """

    def __init__(self, array: np.ndarray, name: str, seen: set[str], picked: Counter[str]) -> None:
        self.array, self.name, self.seen, self.picked = array, name, seen, picked

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        self.seen.add(self.name)
        return np.array(self.array, dtype=dtype, copy=True if copy is None else copy)

    def __len__(self) -> int:
        return len(self.array)

    def __getattr__(self, name: str) -> Any:
        if name not in SHAPE:
            self.seen.add(self.name)
        return getattr(self.array, name)

    def __getitem__(self, index: Any) -> Any:
        found = self.array[plain(index)]
        note_all(index)
        parts = index if isinstance(index, tuple) else (index,)
        if isinstance(found, np.ndarray) and all(isinstance(k, slice | int | np.integer) for k in parts):
            return Spied(found, self.name_of(index), self.seen, self.picked)
        if self.name.startswith(COUNTS):
            self.picked[self.name_of(index)] += 1  # to use it, or to add to it
        else:
            self.seen.add(self.name)
        return found

    def name_of(self, index: Any) -> str:
        """Name of a part of this; of all counters, or all of one place, a part may be one counter."""
        parts = index if isinstance(index, tuple) else (index,)
        is_one = self.name == COUNTS and len(parts) == self.array.ndim and isinstance(parts[-1], int | np.integer)
        return COUNTS + Count(int(parts[-1])).name.lower() if is_one else self.name

    def __setitem__(self, index: Any, value: Any) -> None:
        in_place = isinstance(value, Spied) and value.name.startswith(COUNTS) and np.may_share_memory(value.array, self.array)
        note_all(index if in_place else (index, value))  # `counter += n` assigns the counter to itself
        if self.name.startswith(COUNTS) and not in_place:
            self.picked[self.name_of(index)] -= 1
        self.array[plain(index)] = plain(value)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = (), **more: Any) -> Any:
        for x in inputs:
            adds = isinstance(x, Spied) and x.name.startswith(COUNTS) and any(x is y for y in out)
            if not adds:
                note_all(x)
        note_all(more)
        found = getattr(ufunc, method)(*plain(inputs), **({"out": plain(out)} if out else {}), **plain(more))
        return out[0] if out else found

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in SHAPE_ONLY:
            note_all((args, kwargs))
        return function(*plain(args), **plain(kwargs))


def note_all(found: Any) -> None:
    """Note every spied array in here."""
    if isinstance(found, Spied):
        found.seen.add(found.name)
    elif isinstance(found, tuple | list):
        for x in found:
            note_all(x)
    elif isinstance(found, dict):
        note_all(list(found.values()))


def plain(found: Any) -> Any:
    """The same with ordinary arrays in it."""
    if isinstance(found, Spied):
        return found.array
    if type(found) in (tuple, list):
        return type(found)(plain(x) for x in found)
    return {name: plain(x) for name, x in found.items()} if isinstance(found, dict) else found


def dress(table: Table, name: str, seen: set[str] | None) -> None:
    """Make the columns of a table spied ones, or with None ordinary ones again."""
    for column in table.columns():
        held = plain(getattr(table, column))
        setattr(table, column, held if seen is None else Spied(held, f"{name}.{column}", seen, Counter()))


def dress_world(world: World, seen: set[str] | None, picked: Counter[str]) -> None:
    """The same for all tables and the counters."""
    for name in World.tables():
        dress(getattr(world, name), name, seen)
    counts: Any = plain(world.counts)
    world.counts = counts if seen is None else Spied(counts, COUNTS, seen, picked)


@contextmanager
def spied(world: World) -> Iterator[set[str]]:
    """What is read of this world, as `table.column` and `counts.counter`, while this lasts; in plain Python.

    Which elements of counters were read, and not only added to, is known at the end.
    """
    seen: set[str] = set()
    picked: Counter[str] = Counter()
    names = {id(getattr(world, name)): name for name in World.tables()}
    modules = [module for name, module in sys.modules.items() if name.split(".")[0] == "model"]

    def moved(way: str) -> Callable[..., Any]:
        original = getattr(Table, way)

        def move(table: Table, *args: Any, **more: Any) -> Any:
            note_all((args, more))
            name = names.get(id(table), "")
            if name:
                dress(table, name, None)
            found = original(table, *plain(args), **plain(more))
            if name:
                dress(table, name, seen)
            return found

        return move

    with pytest.MonkeyPatch.context() as patch, np.errstate(over="ignore"):
        for module in modules:
            for name, compiled in [(n, f) for n, f in vars(module).items() if isinstance(f, Dispatcher)]:
                patch.setattr(module, name, compiled.py_func)
        for way in MOVES:
            patch.setattr(Table, way, moved(way))
        dress_world(world, seen, picked)
        try:
            yield seen
        finally:
            seen.update(+picked)
            seen.discard(COUNTS)
            dress_world(world, None, picked)


def reads(city: City, months: int) -> dict[str, tuple[str, ...]]:
    """What each mechanism reads in so many months of a city, sorted."""
    found: dict[str, set[str]] = {name: set() for name in MECHANISMS}

    def live(mechanism: Any, *more: Any) -> None:
        name = mechanism.__name__.rpartition(".")[2]
        compiled, city.luck = city.luck, Luck(city.seed, city.world.month)
        with spied(city.world) as seen:
            City.live(city, mechanism, *more)
        city.luck = compiled
        found[name] |= seen

    city.live = live  # type: ignore[method-assign]
    city.run(months)
    order = [f"{table}.{column}" for table, kind in World.tables().items() for column in kind.columns()]
    order += [COUNTS + count.name.lower() for count in Count]
    return {name: tuple(x for x in order if x in columns) for name, columns in found.items()}


def measured(small_city: Callable[..., City], lively: Rooms, huidig: Levers) -> dict[str, tuple[str, ...]]:
    """What each mechanism reads around month 0, when the warm-up ends, in a town where whatever can happen does.

    Besides what `lively` raises, homes are lost soon and often, so many seekers come that some still wait after that, and the
    switch of choice 10 is on.
    """
    c = lively.crisis
    rooms = lively._replace(
        vulnerability=lively.vulnerability._replace(onset_load_slope=0.5),
        crisis=c._replace(
            opname_share=np.minimum(1.0, c.opname_share * 2),
            opname_days=60.0,
            long_opname_days=1.0,
            home_lost_after_long_opname=1.0,
        ),
    )
    rooms = rooms._replace(inflow=lively.inflow._replace(seekers_per_home=10.0 * lively.inflow.seekers_per_home))
    rooms = rooms._replace(arrears=lively.arrears._replace(judgment_from_months=2, judgment_per_month=0.8, averted_share=0.1))
    levers = huidig._replace(driegesprek=True, buurtinformatie=True)
    return reads(small_city(rooms=rooms, huidig=levers, quota=0.9, warmup=12, months=-2, strategie="plafond"), MONTHS)


def written(columns: tuple[str, ...]) -> str:
    """The line or lines of a READS, as ruff leaves them."""
    one = (
        "READS: tuple[str, ...] = ()" if not columns else f"READS = ({', '.join(map(repr, columns))}{',' * (len(columns) == 1)})"
    )
    one = one.replace("'", '"')
    if len(one) <= 130:
        return one + "\n"
    lines, line = [], "   "
    for column in columns:
        more = f' "{column}",'
        if len(line + more) > 129:
            lines.append(line)
            line = "   "
        line += more
    return "\n".join(["READS = (", *lines, line, ")  # fmt: skip"]) + "\n"


def put(path: Path, text: str) -> None:
    """Write READS into a mechanism, after its WRITES, in the place of one that is there."""
    pattern = r"^{}\b[^=\n]*= \((?:[^()]*)\)[^\n]*\n"
    source = re.sub(pattern.format("READS"), "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    after = re.search(pattern.format("WRITES"), source, flags=re.MULTILINE)
    if after is None:
        raise ValueError(f"{path} has no WRITES")
    path.write_text(source[: after.end()] + text + source[after.end() :], encoding="utf-8")


def declared(name: str) -> tuple[str, ...] | None:
    """READS of a mechanism; None where it does not say."""
    return getattr(importlib.import_module(f"model.mechanisms.{name}"), "READS", None)


class Options:
    """Says to the collected function below what the command was given."""

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments

    @pytest.fixture
    def write(self) -> bool:
        return "--write" in self.arguments


def test_reads_are_told(small_city: Callable[..., City], lively: Rooms, huidig: Levers, write: bool) -> None:
    """Collected only when this file is named, for the towns and numbers of tests/conftest.py."""
    for name, columns in measured(small_city, lively, huidig).items():
        print(f"# model/mechanisms/{name}.py\n{written(columns)}")
        if write:
            put(ROOT / "model" / "mechanisms" / f"{name}.py", written(columns))


if __name__ == "__main__":
    raise SystemExit(pytest.main(["-q", "-s", "-p", "no:cacheprovider", __file__], plugins=[Options(sys.argv[1:])]))
