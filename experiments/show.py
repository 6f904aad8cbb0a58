"""What a study says on the terminal: the town and its fit before, the comparison after. Reads results, not the model."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.compare import paired
from experiments.findings import verdict
from experiments.loaded import LINES, load
from experiments.prose import EN, phrase, say, unit, word

if TYPE_CHECKING:
    from experiments.loaded import Tables
    from experiments.pages import Grid
    from experiments.plan import Plan


def before(p: "Plan") -> None:
    """Which study this is."""
    c, town = p.config, p.town
    homes = int(town.buurten.huishoudens.sum())
    print(f"{town.naam} ({town.code}): {homes:,} households, {len(town.wijken)} wijken, {len(town.buurten)} buurten")
    compared = ", ".join(s for s in p.scenarios if s != p.baseline)
    print(f"{compared} compared with {p.baseline}; quota {c['quota']:.0%}; {counted(len(p.seeds), 'paired seed')}")
    designed, workers = counted(len(p.points) - 1, "design point"), counted(c["workers"], "worker")
    print(f"{c['warmup']} months of warm-up and {c['months']} months; {designed}; {workers}")


def counted(n: int, noun: str) -> str:
    """1 worker, 2 workers"""
    return f"{n:,} {noun}" + ("" if n == 1 else "s")


def after(folder: Path) -> int:
    """Fit, drift, model against published, differences, how sure they are, checks; returns 1 where a check failed."""
    from experiments import findings, pages

    table = load(folder)
    print_grid("Fit at month 0: margin asked and got", pages.fit(table["fit"], EN), say("fit_profiles", EN))
    print("\nDrift of the baseline: month 0 and the last year")
    print(aligned([_drift(r, table) for r in table.drift.itertuples()]))
    print("\nBase rates: published and model")
    print("\n".join(_base_rate(r) for r in table["validation"].itertuples()))
    if not table["observed"].empty:
        print_grid("Known of buurten, and the baseline's last year", pages.observed(table["observed"], table["labels"], EN))
    print(f"Share of incidents that vulnerable residents cause under {table.baseline}: {caused_by_persons(table)}")
    print(f"\nDifference from {table.baseline}, with 95% interval over paired seeds")
    print("(* excludes 0; ! lies beyond the difference that matters; . lies within it; per cents differ by percentage points)")
    print(comparison(table["differences"], table["labels"], table.manifest))
    print(f"\n{findings.order(table, EN)}\n{findings.pairing(table, EN)}")
    if (doubt := pages.doubt(table, EN)).rows:
        print_grid("Unsure numbers drawn together: is the variance of the differences of numbers, or of luck?", doubt)
    if not table["robustness"].empty:
        print("\nOver shapes of load -> damage and catchments of help: share with the same order / flipped / not separable")
        shares = [(r, f"{r.same:.0%}", f"{r.flipped:.0%}", f"{r.not_separable:.0%}") for r in table["robustness"].itertuples()]
        print(aligned([[r.scenario, r.indicator, *told] for r, *told in shares]))
    bad = table["checks"][~table["checks"].goed]
    good = "placebo and a run lived again exactly 0, people, homes and money close, no run failed"
    print("\nChecks: " + (good if bad.empty else "FAILED: " + ", ".join(bad.controle)))
    print(f"Report: {folder / 'report.html'}")
    return 0 if bad.empty else 1


def _drift(r: Any, table: "Tables") -> list[str]:
    """The baseline's indicator at month 0 and in its last year, in its unit."""
    label = table.label(r.indicator)
    shown = unit(label.unit, EN)
    return [str(label[EN]), shown.text, number(shown.factor * r.maand_0), number(shown.factor * r.laatste_jaar)]


def _base_rate(r: Any) -> str:
    """A published figure and the model's, in its unit."""
    shown = unit(r.eenheid, EN)
    beyond = "" if r.binnen_factor_2 else " beyond a factor 2"
    values = f"{number(shown.factor * r.gepubliceerd)}, {number(shown.factor * r.model)}"
    return f"{r.rij}  {phrase(r.wat, EN)} ({shown.text}): {values}{beyond}"


def print_grid(title: str, grid: "Grid", note: str = "") -> None:
    """A table of a page, under a title and above a note."""
    print(f"\n{title}")
    print(aligned([grid.head, *grid.rows]))
    if note:
        print(note)


def caused_by_persons(table: "Tables") -> str:
    """Mean over seeds with its interval: an output, never a parameter (choice 11)."""
    rows = table["indicators"]
    own = rows[(rows.scenario == table.baseline) & (rows.period == "year") & (rows.level == "gemeente") & (rows.month > 0)]
    x = paired(own.groupby("seed").aandeel_incidenten_personen.mean().to_numpy())
    return f"{x.mean:.1%} [{x.low:.1%}, {x.high:.1%}]"


def comparison(differences: pd.DataFrame, labels: pd.DataFrame, manifest: dict[str, Any]) -> str:
    """The table of differences: one line per indicator, one column per scenario."""
    whole = differences[(differences.design == "") & (differences.level == "gemeente") & (differences.profile == "")]
    scenarios = [s for s in manifest["scenarios"] if s != manifest["baseline"]]
    label = labels.set_index("name")
    rows = [["", "unit", str(manifest["baseline"]), *scenarios]]
    for name in LINES:
        rows.append(_line(whole[(whole.indicator == name) & (whole.payer == "")], scenarios, label.en[name], label.unit[name]))
    for payer in whole.payer[whole.payer != ""].unique():
        rows.append(_line(whole[whole.payer == payer], scenarios, f"  paid by {word('payers', payer, EN)}", "euro per jaar"))
    return aligned(rows)


def _line(part: pd.DataFrame, scenarios: list[str], label: str, unit_name: str) -> list[str]:
    by, shown = part.set_index("scenario"), unit(unit_name, EN)
    if by.empty:
        return [label, shown.text, "-"] + ["-"] * len(scenarios)
    told = [interval(by.loc[s], shown.factor) if s in by.index else "-" for s in scenarios]
    return [label, shown.text, number(shown.factor * by.baseline_value.iloc[0]), *told]


def interval(row: pd.Series, factor: float = 1.0) -> str:
    """A difference times the factor of its unit, with its interval.

    Marked * when 0 lies outside, ! when all of it matters, . when none of it does.
    """
    star = "*" if row.low > 0 or row.high < 0 else " "
    mark = {"relevant": "!", "small": "."}.get(verdict(row.difference, row.low, row.high, row.relevant_difference), " ")
    difference, low, high = (signed(factor * x) for x in (row.difference, row.low, row.high))
    return f"{difference} [{low}, {high}]{star}{mark}"


def number(x: float) -> str:
    """Three meaningful digits, thousands apart; what is left of rounding is nothing."""
    if not np.isfinite(x):
        return "-"
    if abs(x) < 1e-12:
        return "0"
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.3g}"


def signed(x: float) -> str:
    return number(x) if not np.isfinite(x) or x < 0 else "+" + number(x)


def aligned(rows: list[list[str]]) -> str:
    """Columns of equal width; the first two to the left, the others to the right."""
    widths = [max(len(r[k]) for r in rows) for k in range(len(rows[0]))]
    return "\n".join(
        "  ".join(c.ljust(w) if k < 2 else c.rjust(w) for k, (c, w) in enumerate(zip(r, widths, strict=True))).rstrip()
        for r in rows
    )
