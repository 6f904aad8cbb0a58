"""Rows of indicators and of the ledger, of some runs at a time, and files that such rows are streamed into."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from experiments.engine.measure import Asked, Run, blocks
from experiments.engine.store import GROUP
from experiments.plan import Plan
from model.indicators import INDICATORS
from model.ledger import Event
from model.world import Payer

Pairs = list[tuple[Asked, Run]]


class Streamed:
    """A Parquet file that is written piece by piece; where a row group ends depends on the rows alone."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, 0
        self.waiting: list[pa.Table] = []
        self.writer: pq.ParquetWriter | None = None

    def __enter__(self) -> "Streamed":
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self._flush()
        if self.writer is not None:
            self.writer.close()

    def add(self, rows: pa.Table) -> None:
        """Take rows; they are written once a row group is full."""
        self.waiting.append(rows)
        self.size += rows.nbytes
        if self.size >= GROUP:
            self._flush()

    def _flush(self) -> None:
        if not self.waiting:
            return
        if self.writer is None:
            schema = self.waiting[0].schema
            keys = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_integer(field.type)]
            self.writer = pq.ParquetWriter(
                self.path,
                schema,
                compression="zstd",
                use_dictionary=keys,  # measured numbers hardly repeat, and looking for what does costs more than it saves
                write_statistics=keys,  # a reader picks rows by these
                write_page_checksum=True,
            )
        rows = pa.concat_tables(self.waiting)
        self.writer.write_table(rows, row_group_size=max(1, rows.num_rows))
        self.waiting, self.size = [], 0


class Keys(NamedTuple):
    """What stands beside the indicators of one run [rows]."""

    period: pa.Array
    month: pa.Array
    level: pa.Array
    place: pa.Array


def keys_of(p: Plan, detail: str, months: int) -> Keys:
    """Period, last month, level and place of each row of a run."""
    of_level = {
        "gemeente": [p.town.code], "regiogemeente": p.town.gemeenten, "wijk": p.town.wijken, "buurt": list(p.town.buurten.code),
    }  # fmt: skip
    period, month, level, place = [], [], [], []
    for block in blocks(detail, months, len(p.town.gemeenten)):
        codes = of_level[block.level]
        rows = len(block.months) * len(codes)
        period.append(np.full(rows, block.period))
        month.append(np.repeat(np.array(block.months, np.int32), len(codes)))
        level.append(np.full(rows, block.level))
        place.append(np.tile(np.array(codes), len(block.months)))
    text = [pa.array(np.concatenate(parts), pa.string()) for parts in (period, level, place)]
    return Keys(text[0], pa.array(np.concatenate(month)), text[1], text[2])


def indicator_rows(keys_of: Callable[[str, int], Keys], pairs: Pairs) -> pa.Table:
    """Wide rows: the keys of each run by its detail and months, and one column per indicator."""
    keys = [keys_of(a.detail, a.months) for a, _ in pairs]
    lengths = [len(run.indicators) for _, run in pairs]
    values = np.concatenate([run.indicators for _, run in pairs])

    def joined(name: str) -> pa.Array:
        return pa.concat_arrays([getattr(k, name) for k in keys])

    nothing = pa.repeat("", len(values))
    columns = {
        "design": _repeated([a.design for a, _ in pairs], lengths),
        "scenario": _repeated([a.scenario for a, _ in pairs], lengths),
        "seed": pa.array(np.repeat(np.array([a.seed for a, _ in pairs], np.int32), lengths)),
        "period": joined("period"), "month": joined("month"), "level": joined("level"), "place": joined("place"),
        "profile": nothing, "payer": nothing,
    }  # fmt: skip
    return pa.table(columns | {name: pa.array(values[:, k]) for k, name in enumerate(INDICATORS)})


def _repeated(texts: list[str], lengths: list[int]) -> pa.Array:
    """Each text as often as its length says."""
    codes = pa.array(np.repeat(np.arange(len(texts), dtype=np.int32), lengths))
    return pa.array(texts, pa.string()).take(codes)


def ledger_rows(pairs: Pairs) -> pa.Table:
    """Euro per event and payer over the whole horizon, discounted if the study discounts."""
    events, payers = ([member.name.lower() for member in kind] for kind in (Event, Payer))
    booked = [np.nonzero(run.cents) for _, run in pairs]
    lengths = [len(event) for event, _ in booked]
    return pa.table({
        "design": _repeated([a.design for a, _ in pairs], lengths),
        "scenario": _repeated([a.scenario for a, _ in pairs], lengths),
        "seed": pa.array(np.repeat(np.array([a.seed for a, _ in pairs], np.int32), lengths)),
        "event": pa.array([events[e] for event, _ in booked for e in event], pa.string()),
        "payer": pa.array([payers[k] for _, payer in booked for k in payer], pa.string()),
        "euro": pa.array(np.concatenate([run.cents[at] for (_, run), at in zip(pairs, booked, strict=True)]) / 100.0),
        "months": pa.array(np.repeat(np.array([a.months for a, _ in pairs], np.int32), lengths)),
    })  # fmt: skip
