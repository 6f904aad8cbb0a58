"""The tables that a study keeps, made of its runs (docs/results.md says what each column is)."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments import compare
from experiments.measure import Job, Run, blocks_of, month_zero
from experiments.plan import LATE, MAIN, PLACEBO, Plan, jobs
from model.fit import fit
from model.indicators import BESIDES, INDICATORS
from model.ledger import Event
from model.rooms import blocks
from model.tables.places import area_of, drawn
from model.town import Town
from model.world import ByProfile, Count, Payer, Profile

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

NAMES = [*INDICATORS, *(b[0] for b in BESIDES)]
Runs = list[tuple[Job, dict[str, Run]]]


def study_tables(p: Plan, todo: list[Job], results: list[dict[str, Run]]) -> dict[str, pd.DataFrame]:
    """Name -> table; see docs/results.md."""
    pairs = list(zip(todo, results, strict=True))
    shown = [(job, runs) for job, runs in pairs if job.design not in (LATE, PLACEBO)]
    indicators = pd.concat([t for job, runs in shown for t in _indicator_rows(p, job, runs)], ignore_index=True)
    ledger = pd.concat([_ledger_rows(job, name, r) for job, runs in shown for name, r in runs.items()], ignore_index=True)
    table = compare.differences(
        _values(p, shown), ["design", "indicator", "window", "level", "place", "profile", "payer"], p.baseline
    )
    table["relevant_difference"] = [_relevant(p, i, b) for i, b in zip(table.indicator, table.baseline_value, strict=True)]
    weights = grid_weights(p)
    headline = p.config["robustness"]["indicators"]
    parameters = parameter_table(p)
    moved = compare.influence(table, headline[0]).merge(parameters, on="parameter", how="left", suffixes=("", "_range"))
    built = _world_fit(p)
    return {
        "indicators": indicators,
        "ledger": ledger,
        "differences": table,
        "labels": labels(),
        "robustness": compare.three_shares(table, weights, headline),
        "validation": against_published(p, pairs),
        "checks": checks(p, pairs),
        "influence": moved,
        "fit": built,
        "drift": drift(p, shown),
        "imputed": p.town.imputed,
        "parameters": parameters,
    }


def _frame(
    p: Plan, job: Job, scenario: str, period: str, months: list[int], level: str, places_: list[str], values: np.ndarray
) -> pd.DataFrame:
    """Wide rows for values [months, places, indicators]."""
    rows = len(months) * len(places_)
    frame = pd.DataFrame(values.reshape(rows, -1).astype(np.float32), columns=list(INDICATORS))
    keys = {
        "design": job.design, "scenario": scenario, "seed": np.int32(job.seed), "period": period,
        "month": np.repeat(np.array(months, np.int32), len(places_)), "level": level, "place": places_ * len(months),
        "profile": "", "payer": "",
    }  # fmt: skip
    for k, (name, value) in enumerate(keys.items()):
        frame.insert(k, name, value)
    return frame


def _indicator_rows(p: Plan, job: Job, runs: dict[str, Run]) -> list[pd.DataFrame]:
    codes, wijken = list(p.town.buurten.code), p.town.wijken
    last = job.months
    years = [0] + [min(m + 12, last) for m in range(0, last, 12)]
    frames = []
    for name, r in runs.items():
        if job.monthly:
            frames.append(_frame(p, job, name, "month", list(range(last + 1)), "gemeente", [p.town.code], r.months[:, None]))
        frames.append(_frame(p, job, name, "year", years, "gemeente", [p.town.code], r.gemeente[:, None]))
        if job.design == MAIN:
            if len(p.town.gemeenten) > 1:
                frames.append(_frame(p, job, name, "year", years, "regiogemeente", p.town.gemeenten, r.gemeenten))
            frames.append(_frame(p, job, name, "year", years, "wijk", wijken, r.wijken))
        by_month = job.everything
        frames.append(
            _frame(
                p,
                job,
                name,
                "month" if by_month else "year",
                list(range(last + 1)) if by_month else years,
                "buurt",
                codes,
                r.buurten,
            )
        )
    return frames


def _ledger_rows(job: Job, scenario: str, r: Run) -> pd.DataFrame:
    """Euro per event and payer over the whole horizon."""
    cents = r.cents.sum(axis=0)
    event, payer = np.nonzero(cents)
    return pd.DataFrame(
        {
            "design": job.design, "scenario": scenario, "seed": np.int32(job.seed),
            "event": [list(Event)[e].name.lower() for e in event], "payer": [list(Payer)[k].name.lower() for k in payer],
            "euro": cents[event, payer] / 100.0, "months": np.int32(job.months),
        }
    )  # fmt: skip


def _values(p: Plan, shown: Runs) -> pd.DataFrame:
    """What is compared: one value per design, scenario, seed, indicator, window and place."""
    window = {name: i.window for name, i in INDICATORS.items()} | {b[0]: b[6] for b in BESIDES}
    rows: list[tuple[Any, ...]] = []
    for job, runs in shown:
        for scenario, r in runs.items():
            head = (job.design, scenario, job.seed)
            for k, name in enumerate(NAMES):
                rows.append(
                    (
                        *head,
                        name,
                        window[name],
                        "gemeente",
                        p.town.code,
                        "",
                        "",
                        r.windows[0 if window[name] == "horizon" else 1, k],
                    )
                )
            if job.design != MAIN:
                continue
            per_year = r.cents.sum(axis=(0, 1)) / 100.0 * 12.0 / job.months
            for payer in Payer:
                rows.append((*head, "kosten", "horizon", "gemeente", p.town.code, "", payer.name.lower(), per_year[payer]))
            for profile in Profile:
                due = r.profiles[profile, ByProfile.GELAND_BEOORDEELD]
                soft = r.profiles[profile, ByProfile.GELAND_ZACHT] / due if due else np.nan
                rows.append((*head, "zachte_landing", "horizon", "gemeente", p.town.code, profile.name.lower(), "", soft))
            for name in ("leefbaarheid", "plaatsingen", "escalaties"):
                k = list(INDICATORS).index(name)
                for place, value in zip(
                    p.town.buurten.code,
                    r.buurten[-1, :, k] if not job.everything else r.buurten[-12:, :, k].mean(axis=0),
                    strict=True,
                ):
                    rows.append((*head, name, "last_year", "buurt", place, "", "", value))
    return pd.DataFrame(
        rows, columns=["design", "scenario", "seed", "indicator", "window", "level", "place", "profile", "payer", "value"]
    )


def _relevant(p: Plan, name: str, baseline: float) -> float:
    block = p.rooms.indicators
    if name in INDICATORS:
        return INDICATORS[name].relevant_difference(block, baseline)
    kind = next(b[5] for b in BESIDES if b[0] == name)
    return float(getattr(block, kind) * (abs(baseline) if kind == "relevant_ratio" else 1.0))


def label_rows() -> list[tuple[str, str, str, str, int, str]]:
    """Name, unit, Dutch and English label, whether more is better, and over which window it is compared."""
    rows = [(i.name, i.unit, i.nl, i.en, i.better, i.window) for i in INDICATORS.values()]
    return rows + [(n, unit, nl, en, better, window) for n, unit, nl, en, better, _, window in BESIDES]


def labels() -> pd.DataFrame:
    """What a reader needs to know of each indicator."""
    return pd.DataFrame(label_rows(), columns=["name", "unit", "nl", "en", "better", "window"])


def grid_weights(p: Plan) -> dict[str, float]:
    """Weight of each point of the design of choice 1; the study itself stands for the point that it is."""
    robust = p.config["robustness"]
    weights = {}
    for shape, w in robust["shape_weights"].items():
        for catchment, v in robust["catchment_weights"].items():
            name = f"vorm={shape}, verzorging={catchment}"
            if name in p.designs:
                weights[name] = w * v
            elif w * v > 0:
                weights[MAIN] = w * v
    return weights


def against_published(p: Plan, pairs: Runs) -> pd.DataFrame:
    """Model against published, from the baseline and from the check with late signals."""

    def means(design: str, scenario: str) -> dict[str, float]:
        runs = [r[scenario] for job, r in pairs if job.design == design]
        values = pd.DataFrame([r.windows[0] for r in runs], columns=NAMES).mean().to_dict()
        years = p.config["months"] / 12.0
        reports = np.mean([r.counts[Count.POLITIEMELDINGEN] for r in runs]) / years
        values["politiemeldingen_per_inwoner"] = 1000.0 * reports / p.town.buurten.inwoners.sum()
        return values

    return compare.against_published(means(MAIN, p.baseline), means(LATE, LATE))


def checks(p: Plan, pairs: Runs) -> pd.DataFrame:
    """What was checked in this very study, with its outcome."""
    base, placebo = next((r[p.baseline], r[PLACEBO]) for job, r in pairs if job.design == PLACEBO)
    twins = [(np.asarray(a), np.asarray(b)) for a, b in zip(base, placebo, strict=True)]
    largest = max(float(np.nanmax(np.abs(a - b), initial=0.0)) for a, b in twins)
    same = all(np.array_equal(a, b, equal_nan=True) for a, b in twins)
    paid = [(int(r.cents.sum()), int(r.owed)) for _, runs in pairs for r in runs.values()]
    months = sum(job.months * len(runs) + job.warmup for job, runs in pairs)
    rows = [
        ("placebo", "grootste verschil tussen de baseline en een placebobeleid", largest, same),
        (
            "mensen_en_woningen",
            "maanden waarin bewoners, personen, woningzoekenden en woningen sluitend zijn geteld",
            months,
            True,
        ),
        (
            "geld",
            "grootste verschil in centen tussen gebeurtenissen maal prijs en de som over betalers",
            max(abs(a - b) for a, b in paid),
            all(a == b for a, b in paid),
        ),
    ]
    return pd.DataFrame(rows, columns=["controle", "wat", "waarde", "goed"]).astype({"waarde": float})


def parameter_table(p: Plan) -> pd.DataFrame:
    """Every number of the study with its papers, one row per number."""
    rows = []
    for room in blocks():
        for name, entry in p.config["parameters"][room].items():
            values = entry["value"] if isinstance(entry["value"], dict) else {"": entry["value"]}
            for code, value in values.items():
                source = entry["source"][code] if isinstance(entry["source"], dict) else entry["source"]
                status = entry["status"][code] if isinstance(entry["status"], dict) else entry["status"]
                path = f"{room}.{name}" + (f".{code}" if code else "")
                rows.append((path, str(value), entry["unit"], float(entry["range"][0]), float(entry["range"][1]), source, status))
    return pd.DataFrame(rows, columns=["parameter", "waarde", "eenheid", "van", "tot", "bron", "status"])


def _world_fit(p: Plan) -> pd.DataFrame:
    return fit(p.town, blocks_of(p.rooms), month_zero(jobs(p)[0]))


def drift(p: Plan, shown: Runs) -> pd.DataFrame:
    """How far the baseline has moved from month 0 to its last year, mean over seeds."""
    wanted = ["aandeel_kwetsbaar", "leefbaarheid", "verdraagzaamheid", "banden", "draagkracht", "draaglast", "druk_op_hulp"]
    runs = np.stack([r[p.baseline].gemeente for job, r in shown if job.design == MAIN])[..., [NAMES.index(n) for n in wanted]]
    return pd.DataFrame({"indicator": wanted, "maand_0": runs[:, 0].mean(axis=0), "laatste_jaar": runs[:, -1].mean(axis=0)})


def places(town: Town) -> "GeoDataFrame":
    """Buurten with what is fixed of them, and what each is drawn in: `vlak` (code of its polygon or tile), niveau, geometry."""
    import geopandas

    shapes = drawn(town)
    frame = town.buurten.rename(columns={"wijk": "wijk_code"}).assign(vlak=area_of(shapes, town.buurten))
    whole = frame.merge(shapes.rename(columns={"code": "vlak"}), on="vlak", how="left")
    return geopandas.GeoDataFrame(whole, geometry="geometry", crs=shapes.crs)
