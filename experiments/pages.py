"""What the pages share: templates, plain tables, and figures that stand inside the page."""

from base64 import b64encode
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from experiments import prose
from experiments.prose import level, number, percent, phrase, say, unit, word

if TYPE_CHECKING:
    from jinja2 import Template


class Grid(NamedTuple):
    """A plain table: its head, and rows of texts, the first of each being the row's name."""

    head: list[str]
    rows: list[list[str]]


def template(name: str) -> "Template":
    """A template of templates/, in which every text is escaped and nothing may be missing."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(prose.TEMPLATES)
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(name)


def pictures(folder: Path, drawn: list[str], names: dict[str, str], language: str) -> dict[str, dict[str, str]]:
    """Per drawn figure: its SVG as a data address, its caption with the names filled in, and its alternative text."""
    return {
        name: {
            "source": "data:image/svg+xml;base64,"
            + b64encode((folder / "figures" / f"{name}.{language}.svg").read_bytes()).decode(),
            "caption": word("captions", name, language).format(**names),
            "alt": word("alts", name, language),
            "file": f"figures/{name}.csv",
        }
        for name in drawn
    }


def drawn_as(places: pd.DataFrame) -> str:
    """What most households are drawn in on a map: buurt, wijk or tegel; "" where nothing is drawn."""
    homes = places.groupby("niveau").huishoudens.sum() if "niveau" in places else pd.Series(dtype=float)
    return "" if homes.empty else str(homes.idxmax())


HEADS = {"marge": "margin", "eenheid": "unit", "gevraagd": "asked", "gekregen": "got"}


def fit(table: pd.DataFrame, language: str) -> Grid:
    """Margins asked and got at month 0, and whatever else the table tells of each: numbers in the unit of their margin."""

    def cell(column: str, value: Any, of: str) -> str:
        if column == "eenheid":
            return unit(value, language).text
        if isinstance(value, str):
            return prose.capital(phrase(value, language))
        return level(float(value), of, language)

    rows = [[cell(c, x, row["eenheid"]) for c, x in row.items()] for row in table.to_dict("records")]
    return Grid([say(HEADS[c], language) if c in HEADS else word("columns", c, language) for c in table], rows)


def imputed(table: pd.DataFrame, language: str) -> Grid:
    """Where each attribute comes from, for how many, and how sure that is where it was measured."""
    share = table.huishoudens / table.groupby("attribuut").huishoudens.transform("sum")
    rows = [
        [
            prose.capital(phrase(r.attribuut, language)),
            phrase(r.niveau, language) if r.niveau else say("unknown", language),
            number(r.buurten, language),
            number(r.huishoudens, language),
            percent(part, language, 1),
            typical_error(r.attribuut, getattr(r, "zekerheid", float("nan")), language),
        ]
        for r, part in zip(table.itertuples(), share, strict=True)
    ]
    heads = ("attribute", "filled", "buurten", "households", "share_of_households", "typical_error")
    return Grid([say(k, language) for k in heads], rows)


def typical_error(attribute: str, error: float, language: str) -> str:
    """How far values of a level usually lie from a buurt's own, with the unit of the attribute; nothing where unknown."""
    return f"± {number(error, language, 2)} {word('errors', attribute, language)}" if isfinite(error) else ""
