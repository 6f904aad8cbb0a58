"""The page of a town before any simulation, in Dutch and in English: each in one file that needs nothing else.

Every number comes from the tables of the town's folder; what is said around them stands in templates/.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments import pages, prose
from experiments.figures import draw_town, maps
from experiments.figures.town import class_source
from experiments.loaded import TownTables, load_town
from experiments.pages import Grid
from experiments.prose import EN, NL, grouped, number, percent, say, word

FILES = {NL: "gemeente.html", EN: "gemeente.en.html"}
LONGEST = 60  # rows of the table of places


def write(folder: Path) -> Path:
    """Draw the figures and write gemeente.html and gemeente.en.html into a town's folder; returns the Dutch page."""
    drawn = draw_town(folder)
    tables = load_town(folder)
    page = pages.template("gemeente.html.j2")
    for language, file in FILES.items():
        names = {
            "town": tables.facts["town"]["naam"],
            "smallest": number(tables.facts["smallest"], language),
            "area": word("areas", pages.drawn_as(tables.places), language),
            "seed": str(tables.facts["seed"]),
        }
        text = page.render(**content(tables, language), figures=pages.pictures(folder, drawn, names, language))
        (folder / file).write_text(text, encoding="utf-8")
    return folder / FILES[NL]


def content(tables: TownTables, language: str) -> dict[str, Any]:
    """All that the page tells, as texts and tables of texts."""
    facts = tables.facts
    return {
        "language": language,
        "t": lambda nl, en: prose.pick(language, nl, en),
        "town": facts["town"],
        "size": {name: grouped(float(n), 0, language) for name, n in facts["counts"].items()},
        "seed": facts["seed"],
        "undrawn": undrawn(tables, language),
        "tiled": pages.drawn_as(tables.places) == "tegel",
        "class_source": class_source(tables),
        "parts": parts(tables, language),
        "shown": LONGEST,
        "fit": pages.fit(tables.fit, language),
        "fit_profiles": say("fit_profiles", language),
        "compared": pages.compared(tables.compared, language),
        "besides": say("besides", language),
        "caseload_note": pages.caseload_note(tables.compared, language),
        "suppressed": suppressed(tables, language),
        "imputed": pages.imputed(tables.imputed, language),
        "record": record(tables, language),
        "other_file": FILES[EN if language == NL else NL],
    }


def undrawn(tables: TownTables, language: str) -> str:
    """Share of households in buurten without a place on the map; empty if all have one."""
    share = tables.places.huishoudens[tables.places.geometry.isna()].sum() / tables.places.huishoudens.sum()
    return percent(share, language, 1) if share > 0 else ""


def suppressed(tables: TownTables, language: str) -> str:
    """How many buurten are left out since their households are suppressed, and about how many households these have."""
    lines = tables.imputed[tables.imputed.attribuut == "huishoudens"]
    if lines.empty:
        return ""
    buurten, homes = int(lines.buurten.sum()), int(lines.huishoudens.sum())
    return say(
        "suppressed" if homes else "suppressed_none",
        language,
        buurten=grouped(buurten, 0, language),
        homes=grouped(homes, 0, language),
    )


def parts(tables: TownTables, language: str) -> Grid:
    """The wijken of a town, or the gemeenten of a country, the largest first: what the maps show, in numbers."""
    p = tables.places
    by, named = ("gemeente", "gemeente_naam") if p.gemeente.nunique() > maps.COUNTRY else ("wijk_code", "wijk_naam")
    homes = p.groupby(by).huishoudens.sum().sort_values(ascending=False, kind="stable").head(LONGEST)
    groups, rows = dict(iter(p.groupby(by))), []
    for code, total in homes.items():
        mine = groups[code]

        def mean(column: str, mine: pd.DataFrame = mine) -> float:
            return float(np.average(mine[column], weights=mine.huishoudens))

        vulnerable = 1000.0 * mine.kwetsbaar.sum() / total
        shares = [percent(mean(c) / 100.0, language) for c in ("p_koop", "p_corp", "p_laag_ink")]
        score = grouped(mean("leefbaarheid"), 2, language, sign=True)
        rows.append(
            [
                maps.plain_name(str(mine[named].iloc[0])),
                grouped(float(total), 0, language),
                *shares,
                score,
                grouped(vulnerable, 0, language),
            ]
        )
    head = ["part", "households", "part_koop", "part_corp", "part_low", "part_score", "part_vulnerable"]
    return Grid([say(k, language) for k in head], rows)


def record(tables: TownTables, language: str) -> list[tuple[str, str]]:
    """What is needed to make the page again."""
    facts = tables.facts
    rows = {
        "town": f"{facts['town']['naam']} ({facts['town']['code']})",
        "vintage": facts["town"]["vintage"] or "",
        "sources": "; ".join(prose.source(s, language) for s in facts["town"]["sources"]),
        "seeds": facts["seed"],
        "model": facts["model"],
        "data": "; ".join(f"{k}: {v}" for k, v in facts["data"].items()),
    }
    return [(say(f"record_{name}", language), str(value)) for name, value in rows.items() if value != ""]
