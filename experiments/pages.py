"""What the pages share: templates, plain tables, and figures that stand inside the page."""

from base64 import b64encode
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from experiments import prose
from experiments.prose import grouped, number, percent, phrase, say, unit, word

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


SMALL = 0.01  # a share below this needs a digit more


def fit(table: pd.DataFrame, language: str) -> Grid:
    """Margins asked and got, each in its unit, and the errors of shares over buurten in percentage points."""
    told = [c for c in ("fout", "p95", "slechtste") if c in table]
    rows = [
        [_margin(r, language), _asked(r.gevraagd, r, language), _asked(r.gekregen, r, language)]
        + [_off(r, column, language) for column in told]
        for r in table.itertuples()
    ]
    return Grid([say(k, language) for k in ("margin", "asked", "got")] + [say(f"fit_{k}", language) for k in told], rows)


def _margin(r: Any, language: str) -> str:
    """The name of a margin, with its unit where its value does not show that."""
    text = phrase(r.marge, language)
    text = say("profile", language, name=text) if r.marge.startswith("profiel ") else prose.capital(text)
    return (
        text
        if r.eenheid in ("aantal", "index") or r.eenheid.startswith("aandeel")
        else f"{text} ({unit(r.eenheid, language).text})"
    )


def _asked(x: float, r: Any, language: str) -> str:
    if r.eenheid.startswith("aandeel"):
        return percent(x, language, 1 if r.gevraagd >= SMALL else 2)
    return grouped(x, 0 if r.eenheid == "aantal" else 2, language)


def _off(r: Any, column: str, language: str) -> str:
    """One error of a share, in percentage points; the worst buurt with its own."""
    x = r.slechtste_fout if column == "slechtste" else getattr(r, column)
    if not r.eenheid.startswith("aandeel") or not isfinite(x):
        return ""
    return f"{r.slechtste} ({points(x, language)})" if column == "slechtste" else points(x, language)


def points(share: float, language: str) -> str:
    """A difference of shares in percentage points: hundredths below a tenth, else tenths."""
    return grouped(100.0 * share, 2 if 0.0 < share < 0.00095 else 1, language)


def compared(table: pd.DataFrame, language: str) -> Grid:
    """What is known besides the margins: how far the buurten of the world stand in the same order."""
    rows = [
        [
            prose.capital(phrase(r.waargenomen, language)),
            phrase(r.model, language),
            number(r.buurten, language),
            grouped(r.rangcorrelatie, 2, language) if isfinite(r.rangcorrelatie) else "–",
            prose.agreement(r.rangcorrelatie, language),
        ]
        for r in table.itertuples()
    ]
    return Grid([say(k, language) for k in ("known", "model", "buurten", "same_order", "reading")], rows)


def imputed(table: pd.DataFrame, language: str) -> Grid:
    """Where each attribute comes from, for how many, and how sure that is where it was measured."""
    homes = table.groupby("attribuut").huishoudens.sum().drop("huishoudens", errors="ignore").max()
    rows = [
        [
            prose.capital(phrase(r.attribuut, language)),
            phrase(r.niveau, language) if r.niveau else say("unknown", language),
            grouped(r.buurten, 0, language),
            grouped(r.huishoudens, 0, language),
            part_of(r.huishoudens / homes, language),
            typical_error(r.attribuut, getattr(r, "zekerheid", float("nan")), language),
        ]
        for r in table.itertuples()
    ]
    heads = ("attribute", "filled", "buurten", "households", "share_of_households", "typical_error")
    return Grid([say(k, language) for k in heads], rows)


def part_of(share: float, language: str) -> str:
    """A share in tenths of a per cent that does not say none, or all, where it is a little."""
    text = percent(share, language, 1)
    least, most = percent(0.001, language, 1), percent(0.999, language, 1)
    return f"< {least}" if 0.0 < share < 0.0005 else f"> {most}" if 0.9995 <= share < 1.0 else text


def typical_error(attribute: str, error: float, language: str) -> str:
    """How far values of a level usually lie from a buurt's own, with the unit of the attribute; nothing where unknown."""
    return f"± {prose.rounded(error, language)} {word('errors', attribute, language)}" if isfinite(error) else ""
