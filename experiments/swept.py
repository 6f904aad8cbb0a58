"""The page of a sweep, in Dutch and in English: what was swept, what came of each job, and where its own report stands.

Every number comes from the sweep's index (docs/cluster.md); what is said around them stands in templates/.
"""

import json
import os
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from experiments import findings, pages, prose
from experiments.figures import draw_sweep
from experiments.figures.designs import SweptTables, axis_name, joined_baselines, level_name, levels
from experiments.prose import EN, NL, capital, interval, say, scenario_name, unit, word

FILES = {NL: "report.html", EN: "report.en.html"}
LONGEST = 200  # jobs in a table of the page; the rest stands in the index


class Job(NamedTuple):
    """One row of a table of jobs. `link`: from the page to the job's own report, "" where there is none."""

    name: str
    link: str
    values: list[str]
    cells: list[dict[str, str]]


def load_sweep(folder: Path) -> SweptTables:
    """Read a sweep's folder: its index and list of jobs, and of the first study that is there what made it."""
    index = pd.read_parquet(folder / "index.parquet")
    sweep = json.loads((folder / "sweep.json").read_text(encoding="utf-8"))
    manifests = (Path(place) / "manifest.json" for place in index.folder[index.scenario.notna()].unique())
    first: dict[str, Any] = next((json.loads(path.read_text(encoding="utf-8")) for path in manifests if path.is_file()), {})
    keys = ("town", "commit", "identity", "versions")
    scenarios = [str(s) for s in index.scenario.dropna().unique()]
    facts = {key: first[key] for key in keys if key in first} | {"sweep": sweep, "scenarios": scenarios, "seeds": seeds(index)}
    return SweptTables(facts, index, sweep["swept"])


def seeds(index: pd.DataFrame) -> list[str]:
    """How many pairs the differences of jobs have: one number, or from the fewest to the most."""
    pairs = index.pairs.dropna()
    return [] if pairs.empty else [f"{n} pairs" for n in sorted({int(pairs.min()), int(pairs.max())})]


def write(folder: Path) -> None:
    """Draw the figures and write report.html and report.en.html into a sweep's folder, from its index."""
    tables = load_sweep(folder)
    compared = bool(tables.index.scenario.notna().any())
    drawn = draw_sweep(tables, folder) if compared else []
    page = pages.template("sweep.html.j2")
    for language, file in reversed(FILES.items()):  # the Dutch page last: where it stands, all stands
        text = page.render(**content(tables, folder, language), figures=pictures(folder, tables, drawn, language))
        (folder / f".{file}").write_text(text, encoding="utf-8")
        os.replace(folder / f".{file}", folder / file)


def content(tables: SweptTables, folder: Path, language: str) -> dict[str, Any]:
    """All that the page tells, as texts and tables of texts."""
    index = tables.index
    jobs = index.drop_duplicates("job")
    count = jobs.state.value_counts()
    compared = index[index.scenario.notna()]
    return {
        "language": language,
        "t": lambda nl, en: prose.pick(language, nl, en),
        "town": tables.facts.get("town"),
        "jobs": len(jobs),
        "states": [f"{count[state]} {word('states', state, language)}" for state in count.index],
        "keys": keys(tables, language),
        "heads": [axis_name(key, language) for key in tables.swept],
        "scenarios": [scenario_name(str(s)) for s in compared.scenario.unique()],
        "baseline": joined_baselines(compared),
        "differences": differences(tables, folder, language),
        "bad": problems(tables, language),
        "more": max(0, len(jobs) - LONGEST),
        "task": tables.facts["sweep"]["task"],
        "commit": tables.facts.get("commit", ""),
        "model": tables.facts.get("identity", {}).get("model", ""),
        "other_file": FILES[EN if language == NL else NL],
    }


def keys(tables: SweptTables, language: str) -> list[tuple[str, str]]:
    """Each swept key with its values."""
    found = []
    for key in tables.swept:
        values = ", ".join(level_name(x, key, language) for x in levels(tables.index[key]))
        found.append((axis_name(key, language), values))
    return found


def differences(tables: SweptTables, folder: Path, language: str) -> list[dict[str, Any]]:
    """A table of jobs x scenarios for each headline indicator."""
    index = tables.index[tables.index.scenario.notna()]
    scenarios, found = list(index.scenario.unique()), []
    for (name, unit_name), rows in index.groupby(["indicator", "unit"], sort=False):
        shown = unit(str(unit_name), language)
        jobs = [
            _job(int(str(job)), own, scenarios, shown.factor, tables, folder, language)
            for job, own in list(rows.groupby("job", sort=False))[:LONGEST]
        ]
        found.append({"name": capital(word("short", str(name), language)), "key": str(name), "unit": shown.points, "jobs": jobs})
    return found


def _job(
    job: int, own: pd.DataFrame, scenarios: list[Any], factor: float, tables: SweptTables, folder: Path, language: str
) -> Job:
    first, by = own.iloc[0], {r.scenario: r for r in own.itertuples()}
    values = [level_name(first[key], key, language) for key in tables.swept]
    cells = [
        _cell(by[s], factor, language) if s in by else {"text": "–", "interval": "", "kind": "", "verdict": ""} for s in scenarios
    ]
    return Job(str(job), link(str(first.folder), folder), values, cells)


def _cell(row: Any, factor: float, language: str) -> dict[str, str]:
    """A difference with its interval, and in words what it comes to."""
    kind = findings.verdict(row.difference, row.low, row.high, row.relevant_difference)
    if row.difference == row.low == row.high == 0.0:
        kind = "equal"
    better = 0 if pd.isna(row.better) else int(row.better)
    head, _, tail = interval(row.difference, row.low, row.high, factor, language).partition(" [")
    verdict = findings.judgement(kind, row.difference, better, language) if isfinite(row.difference) else ""
    return {"text": head, "interval": "[" + tail if tail else "", "kind": kind, "verdict": verdict}


def link(study: str, folder: Path) -> str:
    """From the page of a sweep to the report of a study; "" where there is none."""
    report = Path(study) / FILES[NL]
    return os.path.relpath(report.resolve(), folder.resolve()).replace(os.sep, "/") if study and report.is_file() else ""


def problems(tables: SweptTables, language: str) -> list[tuple[str, str, str]]:
    """The jobs without differences: their values, state and message."""
    jobs = tables.index.drop_duplicates("job")
    bad = jobs[(jobs.state != "ran") | (jobs.message != "")]
    rows = []
    for row in bad.head(LONGEST).to_dict("records"):
        values = ", ".join(f"{axis_name(key, language)} = {level_name(row[key], key, language)}" for key in tables.swept)
        rows.append((values, word("states", row["state"], language), str(row["message"])))
    return rows


def pictures(folder: Path, tables: SweptTables, drawn: list[str], language: str) -> dict[str, dict[str, str]]:
    """The figures with caption and alternative text."""
    names = {"base": joined_baselines(tables.index[tables.index.scenario.notna()])}
    found = pages.pictures(folder, drawn, names, language)
    for name in drawn:
        kind, _, indicator = name.partition("_")
        found[name]["caption"] = say(f"sweep_{kind}", language, what=word("short", indicator, language), **names)
        found[name]["alt"] = word("alts", kind, language)
    return found
