"""What the pages share: templates, plain tables, and figures that stand inside the page."""

from base64 import b64encode
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd

from experiments import prose
from experiments.findings import HEADLINE, direction, verdict
from experiments.prose import grouped, number, percent, phrase, say, unit, word

if TYPE_CHECKING:
    from jinja2 import Template

    from experiments.loaded import Tables


class Grid(NamedTuple):
    """A plain table: its head, and rows of texts, the first of each being the row's name."""

    head: list[str]
    rows: list[list[str]]


def rows(head: list[str], body: list[list[Any]]) -> str:
    """A Markdown table; bars inside cells are escaped."""
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(str(c).replace("|", "\\|") for c in line) + " |" for line in lines) + "\n"


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
    """What is known besides the margins: its values, what the model has like it, and how far both stand in the same order."""
    rows = [
        [
            _known(r, language),
            say(f"{'one' if r.aantal == 1 else 'many'}_{r.niveau}", language, n=number(r.aantal, language)),
            _values(r.mediaan, r.laagste, r.hoogste, language),
            _counterpart(r, language),
            number(r.vergeleken, language) if r.model else "–",
            grouped(r.rangcorrelatie, 2, language) if isfinite(r.rangcorrelatie) else "–",
            _order(r, language),
        ]
        for r in table.itertuples()
    ]
    return Grid(
        [say(k, language) for k in ("known", "of_how_many", "values", "model", "compared", "same_order", "reading")], rows
    )


def doubt(tables: "Tables", language: str) -> Grid:
    """Per headline indicator and scenario: how far the difference goes over draws of unsure numbers, and whose variance it is."""
    t, rows = tables["variance"], []
    for name in HEADLINE:
        shown = unit(tables.label(name).unit, language)
        for r in t[t.indicator == name].itertuples():
            same = r.mean == r.low == r.high == 0.0
            rows.append([
                prose.capital(f"{word('short', name, language)} ({shown.points})"),
                prose.scenario_name(r.scenario),
                say("in_no_draw", language) if same else prose.interval(r.mean, r.low, r.high, shown.factor, language),
                "–" if same else percent(r.share_parameters, language),
                "–" if same else percent(r.same_sign, language),
            ])  # fmt: skip
    return Grid([say(k, language) for k in ("indicator", "scenario", "over_draws", "of_numbers", "same_sign")], rows)


class Glance(NamedTuple):
    """The answer as a table: scenarios, and per outcome a (verdict in words, its kind) for each of them."""

    head: list[str]
    rows: list[tuple[str, list[tuple[str, str]]]]


def glance(tables: "Tables", language: str) -> Glance:
    """The headline indicators and costs, and every other outcome on which some scenario does or may differ by enough."""
    named, rows = (*HEADLINE, "kosten"), []
    for name in (*named, *(n for n in tables.lines if n not in named)):
        found = {str(r.scenario): _seen(r, int(tables.label(name).better), language) for r in tables.whole(name).itertuples()}
        if found and (name in named or {"relevant", "unsure"} & {kind for _, kind in found.values()}):
            cells = [found.get(s, ("–", "unknown")) for s in tables.others]
            rows.append((prose.capital(word("short", name, language)), cells))
    return Glance([prose.scenario_name(s) for s in tables.others], rows)


def _seen(r: Any, better: int, language: str) -> tuple[str, str]:
    kind = verdict(r.difference, r.low, r.high, r.relevant_difference)
    kind = "equal" if r.difference == r.low == r.high == 0.0 else kind
    return say(f"glance_{kind}", language, way=direction(r.difference, better, language)), kind


def sturdy(tables: "Tables", language: str) -> str:
    """How far the headline keeps its sign over other shapes and catchments: the range of each share; "" where none were run."""
    t = tables["robustness"]
    t = t[t.indicator.isin(HEADLINE)]
    if t.empty:
        return ""
    ends = {
        key: (percent(t[key].min(), language), percent(t[key].max(), language)) for key in ("same", "flipped", "not_separable")
    }
    told = {key: low if low == high else say("between_shares", language, low=low, high=high) for key, (low, high) in ends.items()}
    over = prose.joined([word("short", name, language) for name in HEADLINE if (t.indicator == name).any()], language)
    return say("sturdy", language, points=str(int(t.points.max())), base=prose.scenario_name(tables.baseline), over=over, **told)


def observed(table: pd.DataFrame, labels: pd.DataFrame, language: str) -> Grid:
    """What is known of buurten beside what the baseline makes of them: do both put buurten in the same order?"""
    label = labels.set_index("name")[language]
    rows = [
        [
            prose.capital(phrase(r.waargenomen, language)),
            str(label.get(r.indicator, r.indicator)),
            number(r.buurten, language),
            say("expected_same" if r.verwacht > 0 else "expected_opposite", language),
            grouped(r.rang, 2, language) if isfinite(r.rang) else "–",
        ]
        for r in table.itertuples()
    ]
    return Grid([say(k, language) for k in ("known", "model", "buurten", "expected", "same_order")], rows)


def caseload_note(table: pd.DataFrame, language: str) -> str:
    """What a comparison of caseloads can not say; nothing where there is none."""
    return say("caseload_note", language) if (table.niveau == "wijk").any() else ""


def _known(r: Any, language: str) -> str:
    name = prose.capital(phrase(r.waargenomen, language))
    return f"{name} ({r.plaats})" if r.plaats else name


def _values(median: float, low: float, high: float, language: str) -> str:
    """The median and the range; one number where all are equal."""
    if not low < high:
        return number(median, language)
    low_text, high_text = number(low, language), number(high, language)
    return say("median_and_range", language, median=number(median, language), low=low_text, high=high_text)


def _counterpart(r: Any, language: str) -> str:
    """What the model has like it: in the world as built, with its values if they are of the same kind; or later; or not."""
    if not r.model:
        return say("lived_only", language, what=phrase(r.indicator, language)) if r.indicator else say("no_counterpart", language)
    if r.niveau == "buurt" or not r.vergeleken:
        return phrase(r.model, language)
    return f"{phrase(r.model, language)}: {_values(r.model_mediaan, r.model_laagste, r.model_hoogste, language)}"


def _order(r: Any, language: str) -> str:
    """What the order says in words, or why there is none."""
    if not r.model or isfinite(r.rangcorrelatie):
        return prose.agreement(r.rangcorrelatie, language)
    return say("too_few" if r.plaats else "no_order", language)


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
    unit_of_error = word("errors", attribute, language)
    apart = "" if unit_of_error.startswith("%") else " "
    return f"± {prose.rounded(error, language)}{apart}{unit_of_error}" if isfinite(error) else ""
