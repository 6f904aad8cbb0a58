"""The runs of a study on disk: found by content, appended in chunks, whole or not there at all.

    results/<study>/runs/<hash>.arrow       chunks of an unfinished study; the name is the SHA-256 of the content
    results/<study>/runs.parquet            all runs of a finished study, in (design point, seed, scenario) order
    results/<study>/runs-besides.parquet    runs that an earlier question asked for and the last one did not, if there are any

A chunk is written beside its place, flushed to the disk and then renamed, so that a process that is killed leaves it whole
or leaves nothing. Processes never write to one file: two of them on one study can not harm each other. What is damaged is
put aside, named, and computed again; everything else stays.
"""

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BufferedReader
from itertools import accumulate, pairwise
from pathlib import Path
from socket import gethostname
from typing import Any, NamedTuple

import numpy as np
import psutil
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.engine.measure import Asked, Run
from model.followed import TEAM
from model.indicators import COMPARED, INDICATORS
from model.ledger import Event
from model.world import CARE, ByPlace, ByProfile, Count, Payer, Place, Profile

FOLDER, WHOLE, REST, STATE = "runs", "runs.parquet", "runs-besides.parquet", "study.json"
CHUNK = ".arrow"  # Arrow as it lies in memory: a chunk is read once and thrown away, and Parquet costs three times as much
GROUP = 2 << 20  # bytes of a row group of runs.parquet: what a reader holds at once
BUFFER = 1 << 20  # bytes of a chunk that are written at once: Arrow itself makes a hundred small writes of a run
BATCH = 32  # runs of a chunk that are read at once
AT_HAND = 2  # row groups that are kept open
SHAPES = {
    "indicators": (np.float32, (-1, len(INDICATORS))),
    "windows": (np.float64, (2, len(COMPARED))),
    "profiles": (np.int64, (len(Profile), len(ByProfile))),
    "places": (np.int64, (len(Place), len(ByPlace))),
    "cents": (np.int64, (len(Event), len(Payer))),
    "booked": (np.int64, ()),
    "owed": (np.int64, ()),
    "counts": (np.int64, (len(Count),)),
    "flows": (np.int32, (-1, len(Place) + 1, len(Place))),
    "landings": (np.int32, (-1, len(Profile), 2)),
    "waits": (np.int64, (-1, 2)),
    "homes": (np.uint8, (3, -1)),
    "persons": (np.uint64, (-1,)),
    "stability": (np.uint8, (-1,)),
    "teams": (np.float32, (-1, CARE, len(TEAM))),
}
assert tuple(SHAPES) == Run._fields
pa.set_memory_pool(pa.system_memory_pool())  # the pool that Arrow would choose keeps what it once had, thread by thread
OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)  # a worker has one core
HEAD = [("key", pa.string()), ("design", pa.string()), ("scenario", pa.string()), ("seed", pa.int32()), ("months", pa.int32()),
        ("detail", pa.string())]  # fmt: skip
SCHEMA = pa.schema(HEAD + [(name, pa.list_(pa.from_numpy_dtype(kind))) for name, (kind, _) in SHAPES.items()])


class Where(NamedTuple):
    """The row group of a finished file, or the batch of a chunk, in which a run lies."""

    path: Path
    group: int


class Store:
    """The whole runs of one study. `damaged` tells, in words, what was found damaged, and put aside if it is to be mended."""

    def __init__(self, folder: Path, mend: bool = True) -> None:
        self.folder, self.chunks, self.mend = folder, folder / FOLDER, mend
        self.damaged: list[str] = []
        self._where: dict[str, Where] = {}
        self._known: set[Path] = set()
        self._open: OrderedDict[Where, dict[str, tuple[Asked, Run]]] = OrderedDict()
        self.refresh()

    def __contains__(self, key: object) -> bool:
        return key in self._where

    def __iter__(self) -> Iterator[str]:
        return iter(self._where)

    def __len__(self) -> int:
        return len(self._where)

    def besides(self, asked: Iterable[str]) -> list[str]:
        """Keys of the runs that are not asked for; those that lie together stand together."""
        return sorted(self._where.keys() - set(asked), key=lambda key: (self._where[key], key))

    def refresh(self) -> None:
        """Take in what other processes have written since."""
        found = [path for path in (self.folder / WHOLE, self.folder / REST) if path.is_file()]
        found += sorted(path for path in self.chunks.glob(f"*{CHUNK}") if not path.name.startswith("."))
        for path in found:
            if path not in self._known:
                self._take_in(path)

    def look_again(self) -> None:
        """Index everything anew: the finished files may have been replaced since."""
        self._where, self._known = {}, set()
        self._open.clear()
        self.refresh()

    def _take_in(self, path: Path) -> None:
        """Index a file; what of it is damaged is put aside, and what of runs.parquet is whole stays in use."""
        try:
            groups = _keys_of_chunk(path) if path.suffix == CHUNK else _keys_of_groups(path)
        except FileNotFoundError:
            return  # another process has just put it into runs.parquet
        except (OSError, pa.ArrowException) as error:
            if getattr(error, "errno", None) is not None:
                raise  # the disk does not answer, which says nothing of what it holds
            self._put_aside(path, error)
            return
        self._known.add(path)
        for k, keys in enumerate(groups):
            if keys is None:
                self.damaged.append(
                    f"{path}: part {k + 1} of {len(groups)} is damaged. Its runs are computed again, the others stay"
                )
                continue
            self._where |= dict.fromkeys(keys, Where(path, k))

    def _put_aside(self, path: Path, error: Exception) -> None:
        aside = path.with_name(f"{path.name}.damaged")
        if self.mend:
            with suppress(FileNotFoundError):  # another process has done so
                os.replace(path, aside)
        self._known.add(path)
        self.damaged.append(
            f"{path}: damaged ({_first_line(error)}). Its runs are computed again; the file is kept as {aside.name}"
        )

    def append(self, runs: list[tuple[Asked, Run]]) -> None:
        """Write runs as one chunk, whole or not at all. Raises `OSError` where the disk does not take it."""
        batches = [runs[k : k + BATCH] for k in range(0, len(runs), BATCH)]
        try:
            name = self._put(batches)
        except FileNotFoundError:  # another process has just put its tables in place and the folder of chunks away
            name = self._put(batches)
        self._known.add(self.chunks / name)
        for k, part in enumerate(batches):
            self._where |= dict.fromkeys((asked.key for asked, _ in part), Where(self.chunks / name, k))

    def _put(self, batches: list[list[tuple[Asked, Run]]]) -> str:
        """Write a chunk batch by batch; returns its name, which only its content tells."""
        self.chunks.mkdir(parents=True, exist_ok=True)
        passing = self.chunks / f".passing{CHUNK}.{gethostname()}.{os.getpid()}"
        try:
            with (
                pa.BufferedOutputStream(pa.OSFile(str(passing), "wb"), BUFFER) as file,
                pa.ipc.new_file(file, SCHEMA, options=OPTIONS) as chunk,
            ):
                for part in batches:
                    chunk.write_table(table(part))
            with open(passing, "rb") as written:
                os.fsync(written.fileno())
                name = _named(written)
            os.replace(passing, self.chunks / name)
        except OSError:
            passing.unlink(missing_ok=True)
            raise
        return name

    def chunks_known(self) -> set[Path]:
        """The chunks whose runs are in this index."""
        return {path for path in self._known if path.parent == self.chunks}

    def chunks_settled(self) -> set[Path]:
        """The chunks all of whose runs lie in a finished file as well."""
        finished = set(Store._keys_in(self.folder / WHOLE)) | set(Store._keys_in(self.folder / REST))
        return {path for path in self.chunks_known() if finished.issuperset(*_keys_of_chunk(path))}

    @staticmethod
    def _keys_in(path: Path) -> list[str]:
        return list(pq.read_table(path, columns=["key"]).column("key").to_pylist()) if path.is_file() else []

    def clear(self, chunks: set[Path]) -> None:
        """Take away chunks whose runs lie in a finished file, what killed processes left half, and the folder if that is all."""
        for path in chunks:
            path.unlink(missing_ok=True)
        for path in self.chunks.glob(f".*{CHUNK}.{gethostname()}.*"):
            if not psutil.pid_exists(int(path.name.rpartition(".")[2])):
                path.unlink(missing_ok=True)
        if not any(CHUNK in path.name for path in self.chunks.glob("*")):
            (self.chunks / STATE).unlink(missing_ok=True)
            for path in self.chunks.glob(".study.json.*"):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # another process has just written a chunk
                self.chunks.rmdir()

    def run(self, key: str) -> Run:
        """One run; those that lie near it are kept at hand. Raises `KeyError` where there is none."""
        return self.row(key)[1]

    def row(self, key: str) -> tuple[Asked, Run]:
        """A run with where it stands in its study (without the settings of its scenario)."""
        try:
            return self._near(self._where[key])[key]
        except (KeyError, FileNotFoundError, pa.ArrowInvalid):  # another process has put all runs into one file meanwhile
            self.look_again()
            return self._near(self._where[key])[key]

    def _near(self, where: Where) -> dict[str, tuple[Asked, Run]]:
        if where not in self._open:
            self._open[where] = _runs(_read(where.path, where.group))
            while len(self._open) > AT_HAND:
                self._open.popitem(last=False)
        self._open.move_to_end(where)
        return self._open[where]


def table(runs: Iterable[tuple[Asked, Run]]) -> pa.Table:
    """Runs as rows, every array as a list."""
    runs = list(runs)
    columns: list[Any] = [pa.array([getattr(asked, name) for asked, _ in runs], kind) for name, kind in HEAD]
    for name, (kind, _) in SHAPES.items():
        parts = [np.ascontiguousarray(getattr(run, name), kind).ravel() for _, run in runs]
        offsets = pa.array(accumulate((part.size for part in parts), initial=0), pa.int32())
        columns.append(pa.ListArray.from_arrays(offsets, pa.array(np.concatenate(parts) if len(parts) > 1 else parts[0])))
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def in_groups(runs: Iterable[tuple[Asked, Run]]) -> Iterator[list[tuple[Asked, Run]]]:
    """Runs in groups of about `GROUP` bytes; where a group ends depends on the runs alone."""
    group: list[tuple[Asked, Run]] = []
    size = 0
    for asked, run in runs:
        group.append((asked, run))
        size += weight(run)
        if size >= GROUP:
            yield group
            group, size = [], 0
    if group:
        yield group


def weight(run: Run) -> int:
    """Bytes of a run's arrays."""
    return sum(part.nbytes for part in run)


def _runs(found: pa.Table) -> dict[str, tuple[Asked, Run]]:
    columns = []
    for name, (_, shape) in SHAPES.items():
        lists = found.column(name).combine_chunks()
        values, offsets = lists.values.to_numpy(), lists.offsets.to_numpy()
        columns.append([values[a:b].reshape(shape) for a, b in pairwise(offsets)])
    heads = found.select([name for name, _ in HEAD]).to_pylist()
    return {h["key"]: (Asked(settings=(), **h), Run(*parts)) for h, *parts in zip(heads, *columns, strict=True)}


def _read(path: Path, group: int = 0) -> pa.Table:
    """A batch of a chunk, or a row group of a finished file."""
    if path.suffix == CHUNK:
        with pa.OSFile(str(path)) as file:
            return pa.Table.from_batches([pa.ipc.open_file(file).get_batch(group)])
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read_row_group(group)


def _keys_of_chunk(path: Path) -> list[list[str]]:
    """The keys of each batch of a chunk; raises `OSError` or `pa.ArrowException` where the chunk is not whole."""
    with open(path, "rb") as file:
        if _named(file) != path.name:
            raise OSError("its content is not what its name says")
        with pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=[0])) as chunk:
            return [chunk.get_batch(k).column("key").to_pylist() for k in range(chunk.num_record_batches)]


def _keys_of_groups(path: Path) -> list[list[str] | None]:
    """The keys of each row group of a finished file, all of whose pages are read; None for one that is not whole."""
    groups: list[list[str] | None] = []
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for k in range(file.num_row_groups):
            try:
                groups.append(list(file.read_row_group(k).column("key").to_pylist()))
            except (OSError, pa.ArrowException):
                groups.append(None)
    return groups


def _named(chunk: BufferedReader) -> str:
    return f"{hashlib.file_digest(chunk, 'sha256').hexdigest()[:24]}{CHUNK}"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
