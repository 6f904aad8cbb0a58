"""The report of a study: one page in Dutch and its English twin, each in one file that needs nothing else.

Every number comes from the tables of the study's folder; what is said around them stands in templates/.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments import findings, pages, prose
from experiments.compare import paired
from experiments.figures import draw_all
from experiments.loaded import Tables, load
from experiments.pages import Grid
from experiments.prose import EN, NL, grouped, interval, joined, level, number, percent, phrase, say, unit, word

FILES = {NL: "report.html", EN: "report.en.html"}
WORKBOOKS = {NL: "report.xlsx", EN: "report.en.xlsx"}  # experiments/workbook.py writes them
RUN = ("started", "seconds", "runs", "workers", "python")  # of the manifest; where its tables lay concerns nobody else
TOP = 5  # numbers that move the headline most


class Cell(NamedTuple):
    """A difference with its interval and what it means."""

    difference: str
    interval: str
    verdict: str
    kind: str


class Line(NamedTuple):
    """One row of a table of differences."""

    name: str
    unit: str
    baseline: str
    cells: list[Cell | None]


def write(folder: Path) -> None:
    """Draw the figures and write report.html and report.en.html into a study's folder."""
    drawn = draw_all(folder)
    tables = load(folder)
    page = pages.template("report.html.j2")
    for language, file in reversed(FILES.items()):  # the Dutch page last: where it stands, all stands
        workbook = WORKBOOKS[language] if (folder / WORKBOOKS[language]).is_file() else ""
        shown = pictures(folder, tables, drawn, language)
        text = page.render(**content(tables, language), figures=shown, workbook=workbook)
        (folder / f".{file}").write_text(text, encoding="utf-8")
        os.replace(folder / f".{file}", folder / file)


def content(tables: Tables, language: str) -> dict[str, Any]:
    """All that the page tells, as texts and tables of texts."""
    return {
        "language": language,
        "t": lambda nl, en: prose.pick(language, nl, en),
        "n": lambda x: number(float(x), language),
        "manifest": tables.manifest,
        "config": tables.manifest["identity"].get("config", {}),
        "town": tables.manifest["town"],
        "size": size(tables, language),
        "baseline": prose.scenario_name(tables.baseline),
        "seeds": tables.seeds,
        "scenarios": scenarios(tables, language),
        "lead": findings.lead(tables, language),
        "answer": findings.answer(tables, language) if tables.others else [],
        "elsewhere": findings.elsewhere(tables, language),
        "placements": findings.placements(tables, language),
        "costs": findings.costs(tables, language),
        "glance": pages.glance(tables, language),
        "sturdy": pages.sturdy(tables, language),
        "doubt": pages.doubt(tables, language),
        "draws": drawn(tables, language),
        "order": findings.order(tables, language),
        "pairing": findings.pairing(tables, language),
        "chance": chance(tables, language),
        "shares": shares(tables, language),
        "points": points(tables),
        "differences": differences(tables, language),
        "by_payer": by_payer(tables, language),
        "by_profile": by_profile(tables, language),
        "events": events(tables, language),
        "stays": stays(tables, language),
        "landing_months": number(tables.parameter("landing.after_months", float("nan")), language),
        "told_pockets": findings.pockets(tables, language),
        "pockets": pockets(tables, language),
        "discount": percent(tables.parameter("ledger.discount_rate", 0.0), language, 2),
        "price_year": str(int(tables.parameter("ledger.price_year", 0))),
        "validation": validation(tables, language),
        "fit": pages.fit(tables["fit"], language),
        "fit_profiles": say("fit_profiles", language),
        "imputed": pages.imputed(tables["imputed"], language),
        "drift": drift(tables, language),
        "observed": pages.observed(tables["observed"], tables["labels"], language),
        "checks": checks(tables, language),
        "statuses": statuses(tables, language),
        "influence": influence(tables, language),
        "record": record(tables, language),
        "other_file": FILES[EN if language == NL else NL],
    }


def pictures(folder: Path, tables: Tables, drawn: list[str], language: str) -> dict[str, dict[str, str]]:
    """The figures, with what their captions name."""
    names = {
        "town": tables.manifest["town"]["naam"],
        "base": prose.scenario_name(tables.baseline),
        "n": str(tables.seeds),
        "threshold": number(tables.parameter("indicators.relevant_leefbaarheid", float("nan")), language),
        "area": word("areas", pages.drawn_as(tables["places"]), language),
    }
    return pages.pictures(folder, drawn, names, language)


def size(tables: Tables, language: str) -> dict[str, str]:
    """How large the town is."""
    places = tables["places"]
    wijken = places.wijk_code if "wijk_code" in places else places.code.str[:8]
    counts = {"households": places.huishoudens.sum(), "wijken": wijken.nunique(), "buurten": len(places)}
    return {name: grouped(float(value), 0, language) for name, value in counts.items()}


def scenarios(tables: Tables, language: str) -> list[tuple[str, str]]:
    """Name and meaning of the baseline and of each scenario."""
    every = [tables.baseline, *tables.others]
    return [(prose.scenario_name(s), " ".join(part_of(tables, part, language) for part in s.split("+"))) for s in every]


def part_of(tables: Tables, part: str, language: str) -> str:
    """What a strategy or policy does: in our words where there are any, else which levers it moves, and when."""
    known = prose.scenario_meaning(part, language)
    lines = [] if known else tables.manifest.get("policies", {}).get(part, [])
    moved = [
        say("lever_until" if r["until"] else "lever_from", language, lever=r["lever"], value=_lever_value(r["value"], language),
            first=r["from"], last=(r["until"] or 0) - 1)
        for r in lines
    ]  # fmt: skip
    return known or (
        say("levers_moved", language, name=prose.scenario_name(part), parts=joined(moved, language)) if moved else ""
    )


def _lever_value(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return say("yes" if value else "no", language)
    return number(float(value), language) if isinstance(value, int | float) else str(value)


def chance(tables: Tables, language: str) -> dict[str, str]:
    """How many of the shown intervals exclude zero, and how many would by chance alone."""
    rows = [r for name in tables.lines for r in tables.whole(name).itertuples() if np.isfinite(r.low)]
    outside = sum(r.low > 0 or r.high < 0 for r in rows)
    return {"shown": str(len(rows)), "outside": str(outside), "expected": grouped(0.05 * len(rows), 1, language)}


# Differences


def cell(row: Any, factor: float, better: int, language: str) -> Cell:
    """One scenario on one line."""
    text = interval(row.difference, row.low, row.high, factor, language)
    head, _, tail = text.partition(" [")
    kind = findings.verdict(row.difference, row.low, row.high, row.relevant_difference)
    kind = "equal" if text == "0" else kind
    return Cell(head, "[" + tail if tail else "", findings.judgement(kind, row.difference, better, language), kind)


def line(tables: Tables, rows: pd.DataFrame, name: str, label: pd.Series, language: str) -> Line | None:
    """A line of a table of differences; none where nothing was measured."""
    if rows.empty:
        return None
    shown, by = unit(label.unit, language), {str(r.scenario): r for r in rows.itertuples()}
    cells = [cell(by[s], shown.factor, int(label.better), language) if s in by else None for s in tables.others]
    text = shown.text if shown.text == shown.points else f"{shown.text} ({shown.points})"
    return Line(name, text, level(rows.baseline_value.iloc[0], label.unit, language), cells)


def differences(tables: Tables, language: str) -> list[Line]:
    """The headline indicators."""
    found = []
    for name in tables.lines:
        label = tables.label(name)
        found.append(line(tables, tables.whole(name), str(label[language]), label, language))
    return [x for x in found if x]


def by_payer(tables: Tables, language: str) -> list[Line]:
    """Costs per payer."""
    d, label = tables.town, tables.label("kosten")
    payers = [p for p in d[d.indicator == "kosten"].payer.unique() if p]
    found = [line(tables, tables.whole("kosten", payer=p), word("payers", p, language), label, language) for p in payers]
    return [x._replace(unit="") for x in found if x]


def by_profile(tables: Tables, language: str) -> list[Line]:
    """Soft landing per profile."""
    d, label = tables.town, tables.label("zachte_landing")
    profiles = [p for p in d[d.indicator == "zachte_landing"].profile.unique() if p]
    found = [
        line(tables, tables.whole("zachte_landing", profile=p), word("profiles", p, language), label, language) for p in profiles
    ]
    return [x._replace(unit="") for x in found if x]


def stays(tables: Tables, language: str) -> Grid:
    """Where people wait for a home: under the baseline, and how many more or fewer are there under each scenario."""
    t, rows = tables["stays"], []
    for kind, part in t.groupby("kind", sort=False):
        base = part[part.scenario == tables.baseline].mean(numeric_only=True)
        there = part.pivot_table(index="seed", columns="scenario", values="there")
        if not there.to_numpy().any():
            continue
        texts = [interval(*paired((there[s] - there[tables.baseline]).to_numpy())[:3], 1.0, language) for s in tables.others]
        numbers = [number(base[name], language) for name in ("places", "there", "stay_months", "found_full")]
        rows.append([word("stays", str(kind), language), *numbers, prose.euro(base.euro, language), *texts])
    head = [say(f"stays_{k}", language) for k in ("kind", "places", "there", "months", "full", "euro")]
    return Grid([*head, *map(prose.scenario_name, tables.others)], rows)


def event_differences(tables: Tables) -> pd.DataFrame:
    """What is paid for, the dearest first: event, payer, scenario, the baseline's euro a year, and the paired difference."""
    t = tables["ledger"]
    t = t[t.design == ""].assign(euro=lambda x: x.euro * 12.0 / x.months)
    wide = t.pivot_table(index=["event", "payer"], columns=["scenario", "seed"], values="euro", fill_value=0.0)
    rows = [
        (*key, scenario, values[tables.baseline].mean(), *paired((values[scenario] - values[tables.baseline]).to_numpy())[:3])
        for key, values in wide.iterrows()
        for scenario in tables.others
    ]
    frame = pd.DataFrame(rows, columns=["event", "payer", "scenario", "baseline", "difference", "low", "high"])
    return frame.sort_values("baseline", ascending=False, kind="stable", ignore_index=True)


def events(tables: Tables, language: str) -> Grid:
    """What is paid for: the baseline's euro per year, the dearest first, and each scenario's difference with its interval."""
    head = [say("event", language), say("payer", language), say("baseline", language, base=prose.scenario_name(tables.baseline))]
    rows = []
    for (event, payer), part in event_differences(tables).groupby(["event", "payer"], sort=False):
        texts = [interval(r.difference, r.low, r.high, 1.0, language) for r in part.itertuples()]
        base = prose.euro(part.baseline.iloc[0], language)
        rows.append([word("events", event, language), word("payers", payer, language), base, *texts])
    return Grid([*head, *map(prose.scenario_name, tables.others)], rows)


def pockets(tables: Tables, language: str) -> Grid:
    """Who pays more and who less, and the side payments after which nobody loses; without payers who pay the same."""
    rows = []
    for r in tables["pockets"].itertuples():
        if r.role == "unchanged" and r.payer:
            continue
        rows.append([
            prose.scenario_name(r.scenario),
            word("payers", r.payer, language) if r.payer else say("together", language),
            interval(r.difference, r.low, r.high, 1.0, language),
            say(f"role_{r.role}", language),
            _payment(r, language),
        ])  # fmt: skip
    return Grid(["scenario", *(say(k, language) for k in ("payer", "euro_more", "role", "side_payment"))], rows)


def _payment(r: Any, language: str) -> str:
    """Gets or pays so much; what is 0 or can not be is a dash, and the row of all says why."""
    if not r.payer:
        return say("balanced" if r.possible else "whole_loses", language)
    if not r.possible or r.side_payment == 0.0:
        return "–"
    return say("gets" if r.side_payment > 0.0 else "gives", language, euro=prose.euro(abs(r.side_payment), language))


# Robustness and what moves the headline


def shares(tables: Tables, language: str) -> Grid:
    """The three shares, per indicator and scenario."""
    rows = [
        [
            word("short", r.indicator, language),
            prose.scenario_name(r.scenario),
            *(percent(x, language) for x in (r.same, r.flipped, r.not_separable)),
        ]
        for r in tables["robustness"].sort_values("indicator", kind="stable", key=_in_order(tables)).itertuples()
    ]
    return Grid([say("indicator", language), "scenario", *(say(k, language) for k in ("same", "flipped", "not_separable"))], rows)


def _in_order(tables: Tables) -> Any:
    order = {name: k for k, name in enumerate(tables.lines)}
    return lambda names: names.map(order).fillna(len(order))


def points(tables: Tables) -> dict[str, int]:
    """How many combinations, seeds in each, and years that each is followed."""
    t, config = tables["robustness"], tables.manifest["identity"]["config"]
    if t.empty:
        return {}
    return {"points": int(t.points.max()), "seeds": int(t.seeds.min()), "years": config["robustness"]["months"] // 12}


def drawn(tables: Tables, language: str) -> dict[str, Any]:
    """How often which numbers were drawn together."""
    t, config = tables["variance"], tables.manifest["identity"]["config"]["draws"]
    if t.empty:
        return {}
    sizes = {"draws": int(t.draws.min()), "seeds": int(t.seeds.min()), "years": config["months"] // 12}
    return sizes | {"numbers": len(config["parameters"]), "names": ", ".join(config["parameters"])}


def influence(tables: Tables, language: str) -> dict[str, Any]:
    """The assumed or unverified numbers that move the headline most, over their whole range."""
    t = tables["parameters"]
    t = t[t.verschuiving.notna()]
    if t.empty:
        return {}
    name = tables.manifest["identity"].get("config", {}).get("robustness", {}).get("indicators", ["leefbaarheid"])[0]
    shown = unit(tables.label(name).unit, language)
    unsure = t[t.status.isin(["assumed", "unverified"])].sort_values("verschuiving", ascending=False, kind="stable").head(TOP)
    rows = [
        [r.parameter, str(r.waarde), f"{number(r.van, language)} – {number(r.tot, language)}",
         word("statuses", r.status, language), number(shown.factor * r.verschuiving, language)]
        for r in unsure.itertuples()
    ]  # fmt: skip
    head = [say(k, language) for k in ("parameter", "value", "range", "status")] + [say("shift", language, unit=shown.points)]
    return {"indicator": word("short", name, language), "screened": len(t), "table": Grid(head, rows)}


def statuses(tables: Tables, language: str) -> dict[str, Any]:
    """How many numbers of the model have which status."""
    counts = tables["parameters"].status.value_counts()
    parts = [f"{grouped(float(n), 0, language)} {word('statuses', s, language)}" for s, n in counts.items()]
    assumed = int(counts.get("assumed", 0))
    total = int(counts.sum())
    return {
        "total": grouped(float(total), 0, language),
        "assumed": grouped(float(assumed), 0, language),
        "share": percent(assumed / total, language) if total else "–",
        "parts": prose.joined(parts, language) if parts else "",
    }


# The model beside what is known


def validation(tables: Tables, language: str) -> dict[str, Any]:
    """Model against published."""
    t, head = tables["validation"], ("row", "what", "unit", "published", "model", "within")
    rows = [
        [r.rij, phrase(r.wat, language), unit(r.eenheid, language).text, level(r.gepubliceerd, r.eenheid, language),
         level(r.model, r.eenheid, language), say("yes" if r.binnen_factor_2 else "no", language)]
        for r in t.itertuples()
    ]  # fmt: skip
    return {"table": Grid([say(k, language) for k in head], rows), "within": int(t.binnen_factor_2.sum()), "of": len(t)}


def drift(tables: Tables, language: str) -> Grid:
    """The baseline at month 0 and in its last year."""
    rows = []
    for r in tables.drift.itertuples():
        label = tables.label(r.indicator)
        values = [level(x, label.unit, language) for x in (r.maand_0, r.laatste_jaar)]
        rows.append([str(label[language]), unit(label.unit, language).text, *values])
    return Grid([say(k, language) for k in ("indicator", "unit", "month_0", "last_year")], rows)


def checks(tables: Tables, language: str) -> dict[str, Any]:
    """What was checked in this study."""
    t = tables["checks"]
    rows = [
        [
            prose.capital(phrase(r.controle, language)),
            phrase(r.wat, language),
            number(r.waarde, language),
            say("good" if r.goed else "failed", language),
        ]
        for r in t.itertuples()
    ]
    return {"table": Grid([say(k, language) for k in ("check", "what", "outcome", "verdict")], rows), "good": bool(t.goed.all())}


def record(tables: Tables, language: str) -> list[tuple[str, str]]:
    """What is needed to run the study again."""
    m = tables.manifest
    config, run = m["identity"].get("config", {}), m.get("run", {})
    rows: Iterable[tuple[str, Any]] = (
        ("study", config.get("name")),
        ("town", f"{m['town']['naam']} ({m['town']['code']})"),
        ("sources", "; ".join(prose.source(s, language) for s in m["town"].get("sources", []))),
        ("scenarios", ", ".join(m["scenarios"])),
        ("baseline_word", tables.baseline),
        ("seeds", f"{len(m['seeds'])} ({', '.join(map(str, m['seeds'][:40]))}{', …' if len(m['seeds']) > 40 else ''})"),
        ("months", config.get("months")),
        ("warmup", config.get("warmup")),
        ("quota", percent(config["quota"], language) if "quota" in config else None),
        ("without", ", ".join(config.get("without", []))),
        ("commit", m.get("commit")),
        ("model", m["identity"].get("model")),
        ("data", "; ".join(f"{k}: {v}" for k, v in m["identity"].get("data", {}).items())),
        ("versions", ", ".join(f"{k} {v}" for k, v in m.get("versions", {}).items())),
        (
            "run",
            ", ".join(f"{say(f'run_{k}', language)} {run[k]}" for k in RUN if k in run),
        ),
    )
    return [(say(f"record_{name}", language), str(value)) for name, value in rows if value not in (None, "")]
