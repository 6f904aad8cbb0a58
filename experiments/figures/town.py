"""A town before any simulation: six maps, how well the built world fits its tables, and what was filled in."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures import maps
from experiments.figures.style import INK, SOFT, new_figure, short, ticks
from experiments.loaded import TownTables
from experiments.prose import capital, number, percent, phrase, say, unit, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = {"buurt": "#1f3b73", "wijk": "#4f7fb5", "gemeente": "#9db8d2", "land": "#cdd9e5", "": "#e3e3e3"}
ESTIMATED = ("#b35806", "#f1a340", "#fee0b6")  # levels that are not a place's own figures
MARGINS = 6  # panels of the fit


# Maps

MAPS = {  # column of places: (attribute of the imputation report, colours)
    "p_koop": ("p_koop", "viridis_r"),
    "p_corp": ("p_corp", "viridis_r"),
    "p_vrij": ("p_corp", "viridis_r"),
    "leefbaarheid": ("klasse", "PuOr"),
    "kwetsbaar": ("", "viridis_r"),
    "p_laag_ink": ("p_laag_ink", "viridis_r"),
}


def maps_data(tables: TownTables) -> pd.DataFrame:
    """Per drawn area: households and what the maps show of it; empty where too few households are known."""
    return pd.DataFrame(_areas(tables).drop(columns="geometry"))


def _areas(tables: TownTables) -> Any:
    places = tables.places
    places = places.assign(
        p_vrij=(100.0 - places.p_koop - places.p_corp).clip(lower=0.0),
        kwetsbaar=1000.0 * places.kwetsbaar / places.huishoudens,
        geschat=places.geschat.astype(float),
    )
    return maps.areas(places, [*MAPS, "geschat"], tables.facts["smallest"])


def town_maps(tables: TownTables, language: str) -> "Figure | None":
    """Six maps: tenure, leefbaarheid, vulnerable residents, low incomes."""
    town = _areas(tables)
    if town.empty:
        return None
    rows, columns, height = maps.grid(len(MAPS), town, 10.0)
    figure = new_figure(10, rows * height + 0.7)
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    by = "gemeente" if town.gemeente.nunique() > 5 else "wijk_naam"
    for ax, (column, (attribute, colours)) in zip(axes, MAPS.items(), strict=True):
        norm = maps.around_zero(town[column], tables.facts["class_width"]) if column == "leefbaarheid" else None
        layer = maps.Layer(
            column, say(f"map_{column}", language), say(f"map_{column}_unit", language), colours,
            norm or maps.in_classes(town[column]), column == "leefbaarheid", "geschat" if column == "leefbaarheid" else "",
        )  # fmt: skip
        maps.panel(ax, town, layer, language)
        maps.outlines(ax, town, by)
        ax.set_title(_origin(tables, attribute, language), loc="right", fontsize=7, color=SOFT, fontweight="normal")
    maps.bar_and_north(axes[0], town, language)
    _map_note(figure, tables, town, language)
    maps.write_names(figure, list(axes), maps.names_of(town), 30)
    return figure


def _origin(tables: TownTables, attribute: str, language: str) -> str:
    """Where most of an attribute comes from: own figures of buurten, or something else."""
    lines = tables.imputed[tables.imputed.attribuut == attribute]
    if lines.empty:
        return say("origin_model" if not attribute else "origin_drawn", language)
    largest = lines.loc[lines.huishoudens.idxmax()]
    level = phrase(largest.niveau, language) if largest.niveau else say("unknown", language)
    return say("origin", language, level=level, share=percent(largest.huishoudens / lines.huishoudens.sum(), language))


def _map_note(figure: "Figure", tables: TownTables, town: Any, language: str) -> None:
    from matplotlib.patches import Patch

    few = say("map_few", language, homes=number(tables.facts["smallest"], language))
    keys = [Patch(facecolor=maps.NEUTRAL, edgecolor=maps.EDGE, label=few)]
    if (town.geschat > 0.5).any():
        keys.append(Patch(facecolor="white", edgecolor="#4a4a4a", hatch=maps.HATCH, label=say("map_estimated", language)))
    figure.legend(handles=keys, loc="outside lower center", ncols=2, frameon=False, fontsize=8)
    figure.supxlabel(source_line(tables, language), fontsize=7, color=SOFT)


def source_line(tables: TownTables, language: str) -> str:
    """The sources of the town, in lines of a page's width."""
    from textwrap import fill

    return fill(say("sources", language, sources="; ".join(tables.facts["town"]["sources"])), 170)


# Fit


def fit_data(tables: TownTables) -> pd.DataFrame:
    """Per buurt and margin: asked and got."""
    return tables.margins


def fit(tables: TownTables, language: str) -> "Figure | None":
    """Asked against got per buurt, a panel per margin, with the mean and the largest deviation."""
    margins = list(tables.margins.marge.unique())[:MARGINS]
    if not margins:
        return None
    rows = -(-len(margins) // 3)
    figure = new_figure(10, 0.4 + 3.3 * rows)
    axes = figure.subplots(rows, 3, squeeze=False).ravel()
    for ax, name in zip(axes, margins, strict=False):
        part = tables.margins[tables.margins.marge == name]
        _asked_and_got(ax, part[part.huishoudens >= tables.facts["smallest"]], name, language)
    for ax in axes[len(margins) :]:
        ax.set_visible(False)
    smallest = number(tables.facts["smallest"], language)
    figure.supxlabel(say("fit_axis", language, homes=smallest), fontsize=8.5)
    figure.supylabel(say("fit_got", language), fontsize=8.5)
    return figure


def _asked_and_got(ax: "Axes", part: pd.DataFrame, name: str, language: str) -> None:
    shown = unit(part.eenheid.iloc[0], language) if len(part) else unit("aantal", language)
    asked, got = shown.factor * part.gevraagd, shown.factor * part.gekregen
    if part.empty:
        ax.set_visible(False)
        return
    low, high = min(asked.min(), got.min()), max(asked.max(), got.max())
    room = 0.05 * (high - low) or 1.0
    ax.plot([low - room, high + room], [low - room, high + room], color=SOFT, lw=0.8)
    ax.scatter(asked, got, s=9, color="#0072B2", alpha=0.45, linewidths=0, rasterized=len(part) > maps.MANY)
    ax.set(xlim=(low - room, high + room), ylim=(low - room, high + room), aspect="equal")
    ax.set_title(f"{capital(phrase(name, language))} ({shown.text})", fontsize=8.5)
    ax.locator_params(nbins=5)
    ticks(ax, language, "x")
    ticks(ax, language, "y")
    apart = (got - asked).abs()
    worst = part.loc[apart.idxmax()]
    mean = float(np.average(apart, weights=part.huishoudens))
    told = say(
        "fit_error", language, mean=number(mean, language, 2), most=number(apart.max(), language, 2), unit=shown.points,
        where=short(str(worst.naam), 24),
    )  # fmt: skip
    ax.text(0.04, 0.97, told, transform=ax.transAxes, va="top", fontsize=7.2, color=INK)


# Imputation


def imputation_data(tables: TownTables) -> pd.DataFrame:
    """Per attribute and level: share of households, and the typical error of that level."""
    t = tables.imputed
    return t.assign(aandeel=t.huishoudens / t.groupby("attribuut").huishoudens.transform("sum"))


def imputation(tables: TownTables, language: str) -> "Figure | None":
    """Per attribute the share of households whose value is that of the buurt, its wijk, ... with the typical error."""
    data = imputation_data(tables)
    if data.empty:
        return None
    names = list(dict.fromkeys(data.attribuut))
    other = [level for level in dict.fromkeys(data.niveau) if level not in SHADES]
    colours = SHADES | {level: ESTIMATED[k % len(ESTIMATED)] for k, level in enumerate(other)}
    figure = new_figure(10, 1.3 + 0.34 * len(names))
    ax = figure.subplots()
    for level in [x for x in ("buurt", "wijk", "gemeente", "land", *other, "") if (data.niveau == x).any()]:
        left = [data[(data.attribuut == n) & data.niveau.isin(_before(level, other))].aandeel.sum() for n in names]
        wide = [data[(data.attribuut == n) & (data.niveau == level)].aandeel.sum() for n in names]
        label = phrase(level, language) if level else say("unknown", language)
        ax.barh(range(len(names)), wide, left=left, color=colours[level], label=label, height=0.72)
    for k, name in enumerate(names):
        ax.text(1.01, k, _errors(data[data.attribuut == name], name, language), va="center", fontsize=7.5, color=INK)
    ax.set_yticks(range(len(names)), [capital(phrase(n, language)) for n in names])
    ax.set(xlim=(0, 1), xticks=np.linspace(0, 1, 6))
    ax.set_xticklabels([percent(x, language) for x in np.linspace(0, 1, 6)])
    ax.invert_yaxis()
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(say("imputed_axis", language))
    ax.set_title(say("imputed_error", language), loc="right", fontsize=7.5, fontweight="normal", x=1.32)
    figure.legend(loc="outside upper left", ncols=4, frameon=False, fontsize=8)
    return figure


def _before(level: str, other: list[str]) -> list[str]:
    order = ["buurt", "wijk", "gemeente", "land", *other, ""]
    return order[: order.index(level)]


def _errors(lines: pd.DataFrame, name: str, language: str) -> str:
    """The typical errors of the levels that are not the buurt itself."""
    told = lines[lines.zekerheid.notna()]
    text = word("errors", name, language)
    return "; ".join(f"{phrase(r.niveau, language)}: ± {number(r.zekerheid, language, 2)} {text}" for r in told.itertuples())
