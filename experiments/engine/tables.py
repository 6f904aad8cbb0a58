"""The tables that a study keeps, made of its runs in one pass (docs/results.md says what each column is).

Runs are read, turned into rows and written piece by piece, in (design point, seed, scenario) order, so that memory does
not grow with their number and equal studies are equal bytes.
"""

from contextlib import ExitStack
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from experiments import bundle, compare, designs, pockets
from experiments.engine.books import Books
from experiments.engine.differences import Findings, Values
from experiments.engine.measure import blocks_of, month_zero
from experiments.engine.persons import PersonTables
from experiments.engine.rows import Streamed, indicator_rows, keys_of, ledger_rows
from experiments.engine.store import REST, WHOLE, Store, in_groups, table
from experiments.engine.tiles import drawn
from experiments.plan import CHECKS, MAIN, Plan, ground
from model.fit import fit
from model.indicators import COMPARED
from model.parameters import range_of
from model.rooms import blocks as rooms_of_parameters
from model.tables.places import area_of
from model.town import Town

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def write(p: Plan, store: Store, folder: Path, failed: int) -> None:
    """Write every table of a study into a folder, from the runs that are whole. `failed` is told among the checks."""
    books, found, keys = Books(p), Findings(p), cache(partial(keys_of, p))
    with ExitStack() as files:
        runs = files.enter_context(Streamed(folder / WHOLE))
        indicators, ledger, differences = (
            files.enter_context(Streamed(folder / f"{name}.parquet")) for name in ("indicators", "ledger", "differences")
        )
        persons = files.enter_context(PersonTables(p, folder))
        for design, group in groupby((a for a in p.asked if a.key in store), key=lambda a: a.design):
            shown, values = design not in CHECKS, found.values_of(design)
            for pairs in in_groups((a, store.run(a.key)) for a in group):
                runs.add(table(pairs))
                books.take(pairs)
                if design == MAIN:
                    persons.take(pairs)
                if shown:
                    indicators.add(indicator_rows(keys, pairs))
                    ledger.add(ledger_rows(pairs))
                    values.take(pairs)
                del pairs  # before the next group is read: two at once would be the most that a study holds
            if shown and values.known:
                differences.add(found.compared(values))
            if design == MAIN:
                of_payers = pockets_of(p, values)
    _write_rest(p, store, folder)
    headline = p.config["robustness"]["indicators"]
    near = found.near()
    frames: dict[str, pd.DataFrame] = {
        "labels": labels(),
        "validation": books.against_published(),
        "checks": books.checks(failed),
        "pockets": of_payers,
        "fit": fit(p.town, blocks_of(p.rooms), month_zero(ground(p), next(a.seed for a in p.asked if a.key in store))),
        "observed": books.observed(),
        "imputed": p.town.imputed,
        "parameters": parameter_table(p).merge(compare.influence(near, headline[0]), on="parameter", how="left"),
        "designs": design_table(p),
    }
    sure = {
        "robustness": compare.three_shares(near, grid_weights(p), headline),
        "variance": found.variance(),
        "ranking": found.ranking(),
    }
    bundle.write(folder / "robustness.parquet", sure)
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    places(p.town).to_parquet(folder / "places.parquet", index=False)


def pockets_of(p: Plan, values: Values) -> pd.DataFrame:
    """Who pays more and who pays less in the study itself, and what would make it good."""
    mine = np.flatnonzero((values.what["indicator"] == "kosten") & (values.what["payer"] != ""))
    return pockets.table(values.array[:, :, mine], list(values.scenarios), p.baseline, list(values.what["payer"][mine]))


def _write_rest(p: Plan, store: Store, folder: Path) -> None:
    """Runs that an earlier question asked for are kept, so that going back to it computes nothing."""
    rest = store.besides(a.key for a in p.asked)
    if rest:
        with Streamed(folder / REST) as file:
            for pairs in in_groups(map(store.row, rest)):
                file.add(table(pairs))


def design_table(p: Plan) -> pd.DataFrame:
    """Every design point: its kind, and the value of whatever varies over the study."""
    paths = list(dict.fromkeys(path for point in p.points for path in point.values))
    rows = [
        (point.name, point.kind, *(point.values.get(path, designs.own_value(path, p.config)) for path in paths))
        for point in p.points
    ]
    return pd.DataFrame(rows, columns=["design", "kind", *paths])


def labels() -> pd.DataFrame:
    """What a reader needs to know of each indicator."""
    names = ["name", "unit", "nl", "en", "better", "window"]
    return pd.DataFrame([[getattr(label, name) for name in names] for label in COMPARED.values()], columns=names)


def grid_weights(p: Plan) -> dict[str, float]:
    """Weight of each point of the design of choice 1; the study itself stands for the point that it is."""
    robust, points = p.config["robustness"], {point.name for point in p.points}
    weights = {}
    for shape, w in robust["shape_weights"].items():
        for catchment, v in robust["catchment_weights"].items():
            name = f"vorm={shape}, toedeling={catchment}"
            if name in points:
                weights[name] = w * v
            elif w * v > 0:
                weights[MAIN] = w * v
    return weights


def parameter_table(p: Plan) -> pd.DataFrame:
    """Every number of the study with its papers, one row per number."""
    rows = []
    for room in rooms_of_parameters():
        for name, entry in p.config["parameters"][room].items():
            values = entry["value"] if isinstance(entry["value"], dict) else {"": entry["value"]}
            for code, value in values.items():
                source = entry["source"][code] if isinstance(entry["source"], dict) else entry["source"]
                status = entry["status"][code] if isinstance(entry["status"], dict) else entry["status"]
                path = f"{room}.{name}" + (f".{code}" if code else "")
                rows.append((path, str(value), entry["unit"], *map(float, range_of(entry, code)), source, status))
    return pd.DataFrame(rows, columns=["parameter", "waarde", "eenheid", "van", "tot", "bron", "status"])


def places(town: Town) -> "GeoDataFrame":
    """Buurten with what is fixed of them, and what each is drawn in: `vlak` (code of its polygon or tile), niveau, geometry."""
    import geopandas

    shapes = drawn(town)
    frame = town.buurten.rename(columns={"wijk": "wijk_code"}).assign(vlak=area_of(shapes, town.buurten))
    whole = frame.merge(shapes.rename(columns={"code": "vlak"}), on="vlak", how="left")
    return geopandas.GeoDataFrame(whole, geometry="geometry", crs=shapes.crs)
