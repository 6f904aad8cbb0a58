"""The tables that a study keeps, made of its runs in one pass (docs/results.md says what each column is).

Runs are read, turned into rows and written piece by piece, in (design point, seed, scenario) order, so that memory does
not grow with their number and equal studies are equal bytes.
"""

from contextlib import ExitStack
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from experiments import compare, designs, ranking
from experiments.measure import Asked, Run, blocks, blocks_of, month_zero
from experiments.plan import LATE, MAIN, PLACEBO, Plan, asked, ground
from experiments.store import GROUP, REST, TEXTS, Store, in_groups, table
from model.fit import fit, observed_against
from model.indicators import BESIDES, INDICATORS
from model.ledger import Event
from model.rooms import blocks as rooms_of_parameters
from model.tables.places import area_of, drawn
from model.town import Town
from model.world import ByProfile, Count, Payer, Profile

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

NAMES = [*INDICATORS, *(b[0] for b in BESIDES)]
BY_BUURT = ("leefbaarheid", "plaatsingen", "escalaties")  # compared per buurt as well, in the study itself
DRIFT = ("aandeel_kwetsbaar", "leefbaarheid", "verdraagzaamheid", "banden", "draagkracht", "draaglast", "druk_op_hulp")
NUMBERS = ("value", "baseline_value", "difference", "low", "high", "variance_ratio")  # of `compare.Compared`
Pairs = list[tuple[Asked, Run]]


def write(p: Plan, store: Store, folder: Path, failed: int) -> None:
    """Write every table of a study into a folder, from the runs that are whole. `failed` is told among the checks."""
    books, found = Books(p), Findings(p)
    with ExitStack() as files:
        runs = files.enter_context(Streamed(folder / WHOLE, TEXTS))
        indicators, ledger, differences = (
            files.enter_context(Streamed(folder / f"{name}.parquet")) for name in ("indicators", "ledger", "differences")
        )
        for design, group in groupby((a for a in asked(p) if a.key in store), key=lambda a: a.design):
            shown, values = design not in (LATE, PLACEBO), Values(p, design)
            for pairs in in_groups((a, store.run(a.key)) for a in group):
                runs.add(table(pairs))
                books.take(pairs)
                if shown:
                    indicators.add(indicator_rows(p, pairs))
                    ledger.add(ledger_rows(pairs))
                    values.take(pairs)
            if shown:
                differences.add(pa.Table.from_pandas(found.compared(values), preserve_index=False))
    _write_rest(p, store, folder)
    headline = p.config["robustness"]["indicators"]
    near = found.near()
    parameters = parameter_table(p)
    frames: dict[str, pd.DataFrame] = {
        "labels": labels(),
        "robustness": compare.three_shares(near, grid_weights(p), headline),
        "variance": found.variance(),
        "ranking": found.ranking(),
        "validation": books.against_published(),
        "checks": books.checks(failed),
        "influence": compare.influence(near, headline[0]).merge(parameters, on="parameter", how="left", suffixes=("", "_range")),
        "fit": fit(p.town, blocks_of(p.rooms), month_zero(ground(p), p.seeds[0])),
        "drift": books.drift(),
        "observed": books.observed(),
        "imputed": p.town.imputed,
        "parameters": parameters,
        "designs": design_table(p),
    }
    for name, frame in frames.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    places(p.town).to_parquet(folder / "places.parquet", index=False)


def _write_rest(p: Plan, store: Store, folder: Path) -> None:
    """Runs that an earlier question asked for are kept, so that going back to it computes nothing."""
    rest = store.besides(a.key for a in asked(p))
    if rest:
        with Streamed(folder / REST, TEXTS) as file:
            for pairs in in_groups(map(store.row, rest)):
                file.add(table(pairs))


class Streamed:
    """A Parquet file that is written piece by piece; where a row group ends depends on the rows alone.

    `repeating`: the columns of which equal values are stored once; True is all of them.
    """

    def __init__(self, path: Path, repeating: list[str] | bool = True) -> None:
        self.path, self.repeating, self.size = path, repeating, 0
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
            self.writer = pq.ParquetWriter(
                self.path,
                self.waiting[0].schema,
                compression="zstd",
                use_dictionary=self.repeating,
                write_page_checksum=True,
            )
        rows = pa.concat_tables(self.waiting)
        self.writer.write_table(rows, row_group_size=max(1, rows.num_rows))
        self.waiting, self.size = [], 0


# Indicators and ledger


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


def indicator_rows(p: Plan, pairs: Pairs) -> pa.Table:
    """Wide rows: the keys, and one column per indicator."""
    known: dict[tuple[str, int], Keys] = {}
    for a, _ in pairs:
        if (a.detail, a.months) not in known:
            known[a.detail, a.months] = keys_of(p, a.detail, a.months)
    keys = [known[a.detail, a.months] for a, _ in pairs]
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
    return pa.DictionaryArray.from_arrays(codes, pa.array(texts, pa.string())).cast(pa.string())


def ledger_rows(pairs: Pairs) -> pa.Table:
    """Euro per event and payer over the whole horizon."""
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


# Comparison


class Values:
    """What is compared of one design point: [seeds, scenarios, V], and what each of the V is. Unknown is NaN."""

    def __init__(self, p: Plan, design: str) -> None:
        self.p, self.design = p, design
        self.what = _compared(p, design == MAIN)
        self.seeds = {seed: k for k, seed in enumerate(p.seeds)}
        self.scenarios = {name: k for k, name in enumerate(p.scenarios)}
        self.array = np.full((len(self.seeds), len(self.scenarios), len(self.what)), np.nan)

    def take(self, pairs: Pairs) -> None:
        """Take the values of some runs."""
        for a, run in pairs:
            self.array[self.seeds[a.seed], self.scenarios[a.scenario]] = self._of(a, run)

    def _of(self, a: Asked, run: Run) -> np.ndarray:
        head = run.windows[window_rows(), np.arange(len(NAMES))]
        if self.design != MAIN:
            return head
        a_year = run.cents.sum(axis=0) / 100.0 * 12.0 / a.months
        judged, soft = run.profiles[:, ByProfile.GELAND_BEOORDEELD], run.profiles[:, ByProfile.GELAND_ZACHT]
        landed = np.where(judged > 0, soft / np.maximum(judged, 1), np.nan)
        by_buurt = last_year(self.p, a, run)
        return np.concatenate([head, a_year, landed, *(by_buurt[:, NAMES.index(name)] for name in BY_BUURT)])


def last_year(p: Plan, a: Asked, run: Run) -> np.ndarray:
    """Indicators of each buurt in the last year [buurten, I]; with every month kept, the mean over its months."""
    last, buurten = 12 if a.detail == "full" else 1, len(p.town.buurten)
    return run.indicators[-last * buurten :].reshape(last, buurten, -1).mean(axis=0, dtype=float)


@cache
def window_rows() -> np.ndarray:
    """Row of `Run.windows` over which each indicator is compared."""
    window = [i.window for i in INDICATORS.values()] + [b[6] for b in BESIDES]
    return np.array([0 if w == "horizon" else 1 for w in window])


def _compared(p: Plan, whole: bool) -> pd.DataFrame:
    """What is compared: every indicator for the gemeente; in the study itself also per payer, profile and buurt."""
    windows = ["horizon" if k == 0 else "last_year" for k in window_rows()]
    rows = [(name, window, "gemeente", p.town.code, "", "") for name, window in zip(NAMES, windows, strict=True)]
    if whole:
        rows += [("kosten", "horizon", "gemeente", p.town.code, "", k.name.lower()) for k in Payer]
        rows += [("zachte_landing", "horizon", "gemeente", p.town.code, k.name.lower(), "") for k in Profile]
        rows += [(name, "last_year", "buurt", code, "", "") for name in BY_BUURT for code in p.town.buurten.code]
    return pd.DataFrame(rows, columns=["indicator", "window", "level", "place", "profile", "payer"])


class Findings:
    """Differences from the baseline, design point by design point, and what is made of them over design points."""

    def __init__(self, p: Plan) -> None:
        self.p = p
        self.kind = {point.name: point.kind for point in p.points}
        self.headline = [NAMES.index(name) for name in p.config["robustness"]["indicators"]]
        self._near: list[pd.DataFrame] = []
        self._drawn: list[np.ndarray] = []

    def compared(self, values: Values) -> pd.DataFrame:
        """The rows of one design point: paired differences with their interval, what pairing won, and whether they matter."""
        names, base = np.array(list(values.scenarios), object), values.scenarios[self.p.baseline]
        c = compare.compared(values.array, base)
from experiments.store import GROUP, REST, TEXTS, Store, in_groups, table
from model.fit import fit, observed_against
        self._keep(values, frame, base)
        return frame

    def _keep(self, values: Values, frame: pd.DataFrame, base: int) -> None:
        kind = self.kind[values.design]
        if kind == "study":
            self._study = values.array[:, :, NAMES.index(self.p.config["ranking"]["outcome"])]
        if kind in ("study", "shape", "screen"):
            whole = (frame.level == "gemeente") & (frame.payer == "") & (frame.profile == "")
            self._near.append(frame[whole & frame.indicator.isin([NAMES[k] for k in self.headline])])
        if kind == "draw":
            seeds = self.p.config["draws"]["seeds"]
            of = values.array[:seeds][:, :, self.headline]
            self._drawn.append(of - of[:, [base]])

    def ranking(self) -> pd.DataFrame:
        """The certificate of the order of scenarios on the chosen outcome, pair by pair, with the group of each."""
        found = certificate(self.p, self._study)
        group = {name: k for k, names in enumerate(found.groups) for name in names}
        of_pairs = {f"{side}_group": found.pairs[side].map(group) for side in ("first", "second")}
        return found.pairs.assign(indicator=self.p.config["ranking"]["outcome"], **of_pairs)

    def near(self) -> pd.DataFrame:
        """The headline's differences in the study itself, over shapes and catchments, and of screened numbers."""
        return pd.concat(self._near, ignore_index=True)

    def variance(self) -> pd.DataFrame:
        """Per scenario and headline indicator: how much of the variance of a difference is of numbers, and how much of luck."""
        columns = ["scenario", "indicator", *compare.Split._fields]
        if not self._drawn:
            return pd.DataFrame({name: pd.Series(dtype=object if k < 2 else float) for k, name in enumerate(columns)})
        drawn = np.stack(self._drawn)  # [draws, seeds, scenarios, headline]
        rows = [
            (scenario, NAMES[index], *compare.split(drawn[:, :, k, h]))
            for k, scenario in enumerate(self.p.scenarios) if scenario != self.p.baseline
            for h, index in enumerate(self.headline)
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)


def relevant(p: Plan, name: str, baseline: float) -> float:
    block = p.rooms.indicators
    if name in INDICATORS:
        return INDICATORS[name].relevant_difference(block, baseline)
    kind = next(b[5] for b in BESIDES if b[0] == name)
    return float(getattr(block, kind) * (abs(baseline) if kind == "relevant_ratio" else 1.0))


def certificate(p: Plan, values: np.ndarray) -> ranking.Certificate:
    """How sure the order of scenarios is: values [seeds, scenarios] of the chosen outcome."""
    asked_for = p.config["ranking"]
    at_baseline = values[:, list(p.scenarios).index(p.baseline)]
    matters = relevant(p, asked_for["outcome"], float(np.nanmean(at_baseline)))
    better = next(row[4] for row in label_rows() if row[0] == asked_for["outcome"])
    return ranking.certificate(values, list(p.scenarios), asked_for["error"], matters, better)


# Checks


class Books:
    """What is checked in this very study, run by run: money, the placebo, base rates, drift."""

    def __init__(self, p: Plan) -> None:
        self.p, self.months, self.cents = p, 0, 0
        self.twins: dict[str, Run] = {}
        self.rates: dict[str, list[np.ndarray]] = {MAIN: [], LATE: []}
        self.reports: dict[str, list[int]] = {MAIN: [], LATE: []}
        self.drifted: list[np.ndarray] = []
        self.by_buurt = np.zeros((len(p.town.buurten), len(INDICATORS)))

    def take(self, pairs: Pairs) -> None:
        """Take some runs into the books."""
        for a, run in pairs:
            self.months += a.months
            self.cents = max(self.cents, abs(int(run.cents.sum()) - int(run.owed)))
            if a.design == PLACEBO:
                self.twins[a.scenario] = run
            if (a.design == MAIN and a.scenario == self.p.baseline) or a.design == LATE:
                self.rates[a.design].append(run.windows[0])
                self.reports[a.design].append(int(run.counts[Count.POLITIEMELDINGEN]))
            if a.design == MAIN and a.scenario == self.p.baseline:
                self.drifted.append(self._ends(a, run))
                self.by_buurt += last_year(self.p, a, run)

    def _ends(self, a: Asked, run: Run) -> np.ndarray:
        """Indicators of the gemeente at month 0 and in the last year [2, I]."""
        first = 0
        for block in blocks(a.detail, a.months, len(self.p.town.gemeenten)):
            if (block.period, block.level) == ("year", "gemeente"):
                return run.indicators[[first, first + len(block.months) - 1]].astype(float)
            first += len(block.months)  # what stands before it is the gemeente by month
        raise ValueError(f"no year of the gemeente in a run of detail {a.detail}")

    def checks(self, failed: int) -> pd.DataFrame:
        """What was checked, with its outcome."""
        rows = [
            ("placebo", "grootste verschil tussen de baseline en een placebobeleid", *self._placebo()),
            (
                "mensen_en_woningen",
                "maanden waarin bewoners, personen, woningzoekenden en woningen sluitend zijn geteld",
                self.months,
                True,
            ),
            (
                "geld",
                "grootste verschil in centen tussen gebeurtenissen maal prijs en de som over betalers",
                self.cents,
                not self.cents,
            ),
            ("volledig", "runs die niet zijn gelukt", failed, not failed),
        ]
        return pd.DataFrame(rows, columns=["controle", "wat", "waarde", "goed"]).astype({"waarde": float})

    def _placebo(self) -> tuple[float, bool]:
        """The largest difference of a run from the same run with a policy that changes nothing; NaN where a run is missing."""
        if set(self.twins) != {self.p.baseline, PLACEBO}:
            return np.nan, False
        pairs = list(zip(self.twins[self.p.baseline], self.twins[PLACEBO], strict=True))
        largest = max(float(np.nanmax(np.abs(a - b), initial=0.0)) for a, b in pairs)
        return largest, all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)

    def against_published(self) -> pd.DataFrame:
        """Model against published, from the baseline and from the check with late signals."""

        def means(design: str) -> dict[str, float]:
            if not self.rates[design]:
                return dict.fromkeys([*NAMES, "politiemeldingen_per_inwoner"], np.nan)
            found = pd.DataFrame(self.rates[design], columns=NAMES).mean().to_dict()
            a_year = np.mean(self.reports[design]) / (self.p.config["months"] / 12.0)
            return found | {"politiemeldingen_per_inwoner": 1000.0 * a_year / self.p.town.buurten.inwoners.sum()}

        return compare.against_published(means(MAIN), means(LATE))

    def observed(self) -> pd.DataFrame:
        """What is known of buurten against what the baseline makes of them in its last year, mean over seeds."""
        mean = self.by_buurt / max(len(self.drifted), 1)
        indicators = pd.DataFrame(mean, index=self.p.town.buurten.code, columns=list(INDICATORS))
        return observed_against(indicators, self.p.town.observed, self.p.town.buurten)

    def drift(self) -> pd.DataFrame:
        """How far the baseline has moved from month 0 to its last year, mean over seeds."""
        ends = np.stack(self.drifted).mean(axis=0)[:, [NAMES.index(name) for name in DRIFT]]
        return pd.DataFrame({"indicator": DRIFT, "maand_0": ends[0], "laatste_jaar": ends[1]})


# The study


def design_table(p: Plan) -> pd.DataFrame:
    """Every design point: its kind, and the value of whatever varies over the study."""
    paths = list(dict.fromkeys(path for point in p.points for path in point.values))
    rows = [
        (point.name, point.kind, *(point.values.get(path, designs.own_value(path, p.config)) for path in paths))
        for point in p.points
    ]
    return pd.DataFrame(rows, columns=["design", "kind", *paths])


def label_rows() -> list[tuple[str, str, str, str, int, str]]:
    """Name, unit, Dutch and English label, whether more is better, and over which window it is compared."""
    rows = [(i.name, i.unit, i.nl, i.en, i.better, i.window) for i in INDICATORS.values()]
    return rows + [(n, unit, nl, en, better, window) for n, unit, nl, en, better, _, window in BESIDES]


def labels() -> pd.DataFrame:
    """What a reader needs to know of each indicator."""
    return pd.DataFrame(label_rows(), columns=["name", "unit", "nl", "en", "better", "window"])


def grid_weights(p: Plan) -> dict[str, float]:
    """Weight of each point of the design of choice 1; the study itself stands for the point that it is."""
    robust, points = p.config["robustness"], {point.name for point in p.points}
    weights = {}
    for shape, w in robust["shape_weights"].items():
        for catchment, v in robust["catchment_weights"].items():
            name = f"vorm={shape}, verzorging={catchment}"
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
                rows.append((path, str(value), entry["unit"], float(entry["range"][0]), float(entry["range"][1]), source, status))
    return pd.DataFrame(rows, columns=["parameter", "waarde", "eenheid", "van", "tot", "bron", "status"])


def places(town: Town) -> "GeoDataFrame":
    """Buurten with what is fixed of them, and what each is drawn in: `vlak` (code of its polygon or tile), niveau, geometry."""
    import geopandas

    shapes = drawn(town)
    frame = town.buurten.rename(columns={"wijk": "wijk_code"}).assign(vlak=area_of(shapes, town.buurten))
    whole = frame.merge(shapes.rename(columns={"code": "vlak"}), on="vlak", how="left")
    return geopandas.GeoDataFrame(whole, geometry="geometry", crs=shapes.crs)
