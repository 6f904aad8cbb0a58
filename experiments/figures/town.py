"""A town before any simulation: six maps, how well the built world fits its tables, and what was filled in."""

from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures import maps
from experiments.figures.style import INK, SOFT, Size, new_figure, ticks
from experiments.loaded import TownTables
from experiments.pages import points
from experiments.prose import capital, number, percent, phrase, rounded, say, source, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHADES = {  # of every level of the imputation report: own tables green, figures of CBS blue, estimates orange, the less sure red
    "eigen tabel": "#1b7837", "eigen tabel (volledig): geen corporatiewoningen": "#7fbf7b",
    "eigen tabel, begrensd door p_koop": "#c7e9b4", "buurt": "#1f3b73", "wijk": "#4f7fb5", "gemeente": "#9db8d2",
    "land": "#cdd9e5", "geschat binnen wijk": "#b35806", "geschat binnen gemeente": "#f1a340",
    "geschat zonder totaal": "#fee0b6", "geschat binnen wijk, zonder inkomens van personen": "#99000d",
    "geschat binnen gemeente, zonder inkomens van personen": "#ef6548",
    "geschat zonder totaal, zonder inkomens van personen": "#fdbb84", "huishoudens maal grootte": "#8c6d31",
    "getrokken uit marges": "#bcbddc", "": "#e3e3e3",
}  # fmt: skip
OWN = (  # levels that are not off
    "buurt", "", "eigen tabel", "eigen tabel (volledig): geen corporatiewoningen", "getrokken uit marges",
)  # fmt: skip
PANELS = ("koop", "sociale_huur", "eengezins", "huishoudens van 1", "leeftijd vanaf_75", "inkomen laag")  # of the fit
EXACT = 1e-9  # a share that is off by less is not off: this is how far numbers are exact


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


def town_maps(tables: TownTables, language: str, size: Size) -> "Figure | None":
    """Six maps: tenure, leefbaarheid, vulnerable residents, low incomes."""
    town = _areas(tables)
    return None if town.empty else _sheet(tables, town, maps.extent(town), language)


def core_data(tables: TownTables) -> pd.DataFrame:
    """Of `maps_data` the areas where most people live."""
    town = _areas(tables)
    x0, y0, x1, y1 = maps.core(town) or town.total_bounds
    return pd.DataFrame(town.cx[x0:x1, y0:y1].drop(columns="geometry"))


def core_maps(tables: TownTables, language: str, size: Size) -> "Figure | None":
    """The same maps of where most people live, where that is a small part of the town."""
    town = _areas(tables)
    bounds = None if town.empty else maps.core(town)
    return None if bounds is None else _sheet(tables, town, bounds, language)


def _sheet(tables: TownTables, town: Any, bounds: Any, language: str) -> "Figure":
    sources = source_lines(tables, language)
    page = maps.sheet(bounds, len(MAPS), foot=0.35 + 0.14 * len(sources))
    gemeenten, land = town.gemeente.nunique(), maps.land_of(town)
    lines = [(maps.borders_of(town, "wijk_code"), 0.6)] if gemeenten <= maps.COUNTRY else []
    if gemeenten > 1:
        lines.append((maps.borders_of(town, "gemeente"), 1.4 if lines else 0.6))
    for ax, legend, column in zip(page.maps, page.legends, MAPS, strict=True):
        maps.panel(ax, legend, town, land, _layer(tables, town, column, language), language)
        for borders, width in lines:
            maps.outlines(ax, borders, width)
    maps.bar_and_north(page.maps[0], town, language)
    maps.write_names(page.maps, maps.names_of(town))
    _foot(page, tables, town, sources, language)
    return page.figure


def _layer(tables: TownTables, town: Any, column: str, language: str) -> maps.Layer:
    attribute, colours = MAPS[column]
    title, unit_of = say(f"map_{column}", language), say(f"map_{column}_unit", language)
    note = _origin(tables, attribute, language)
    if column != "leefbaarheid":
        return maps.Layer(column, title, note, unit_of, colours, maps.in_classes(town[column]))
    norm = maps.around_zero(town[column], tables.facts["class_width"])
    return maps.Layer(column, title, note, unit_of, colours, norm, signed=True, hatched="geschat", middles=True)


def _origin(tables: TownTables, attribute: str, language: str) -> str:
    """Where most of an attribute comes from: own figures of buurten, or something else."""
    lines = tables.imputed[tables.imputed.attribuut == attribute]
    if lines.empty:
        return say("origin_model" if not attribute else "origin_drawn", language)
    largest = lines.loc[lines.huishoudens.idxmax()]
    level = phrase(largest.niveau, language) if largest.niveau else say("unknown", language)
    return say("origin", language, level=level, share=percent(largest.huishoudens / lines.huishoudens.sum(), language))


def _foot(page: maps.Sheet, tables: TownTables, town: Any, sources: list[str], language: str) -> None:
    """What grey and hatching mean, and the sources."""
    from matplotlib.patches import Patch

    few = say("map_few", language, homes=number(tables.facts["smallest"], language))
    keys = [Patch(facecolor=maps.NEUTRAL, edgecolor=maps.EDGE, label=few)]
    if (town.geschat > 0.5).any():
        keys.append(Patch(facecolor="white", edgecolor=maps.HATCH_INK, hatch=maps.HATCH, label=say("map_estimated", language)))
    at: Any = {"loc": "upper left", "bbox_to_anchor": (0.005, page.foot), "borderaxespad": 0.0}
    page.figure.legend(handles=keys, ncols=2, frameon=False, fontsize=7.5, handlelength=2.2, **at)
    page.figure.text(0.01, 0.005, "\n".join(sources), fontsize=6.5, color=SOFT, va="bottom", linespacing=1.25)


def source_lines(tables: TownTables, language: str) -> list[str]:
    """The sources of the town, in lines of a page's width."""
    return wrap(say("sources", language, sources="; ".join(source(s, language) for s in tables.facts["town"]["sources"])), 185)


# Fit


def fit_data(tables: TownTables) -> pd.DataFrame:
    """Per buurt and margin: asked and got."""
    return tables.margins


def fit(tables: TownTables, language: str, size: Size) -> "Figure | None":
    """Asked against got per large buurt, a panel for each of `PANELS`, with the errors that the table of fit gives."""
    figure = new_figure(size.width, 7.0)
    axes = figure.subplots(2, 3).ravel()
    m, told = tables.margins, tables.fit.set_index("marge")
    large = m[m.huishoudens >= min(tables.facts["smallest"], m.huishoudens.max())]
    for ax, name in zip(axes, PANELS, strict=True):
        _asked_and_got(ax, large[large.marge == name], language)
        ax.set_title(word("panels", name, language), fontsize=9)
        ax.text(0.04, 0.97, _error(told.loc[name], language), transform=ax.transAxes, va="top", fontsize=7.2, color=INK)
    figure.supxlabel(say("fit_axis", language, homes=number(tables.facts["smallest"], language)), fontsize=8.5)
    figure.supylabel(say("fit_got", language), fontsize=8.5)
    return figure


def _asked_and_got(ax: "Axes", part: pd.DataFrame, language: str) -> None:
    asked, got = 100.0 * part.gevraagd, 100.0 * part.gekregen
    low, high = min(asked.min(), got.min()), max(asked.max(), got.max())
    room = 0.05 * (high - low) or 1.0
    ends = (low - room, high + room)
    ax.plot(ends, ends, color=SOFT, lw=0.8)
    ax.scatter(asked, got, s=9, color="#0072B2", alpha=0.45, linewidths=0, rasterized=len(part) > maps.MANY)
    ax.set(xlim=ends, ylim=ends, aspect="equal")
    ax.locator_params(nbins=5)
    ticks(ax, language, "x")
    ticks(ax, language, "y")


def _error(told: pd.Series, language: str) -> str:
    """The mean error over buurten, and the largest with its buurt, in lines that stay above the dots."""
    if told.slechtste_fout < EXACT:
        return say("fit_exact", language)
    worst = say("fit_worst", language, most=points(told.slechtste_fout, language), where=told.slechtste)
    return "\n".join([say("fit_mean", language, mean=points(told.fout, language)), *wrap(worst, 42)])


# Imputation


def imputation_data(tables: TownTables) -> pd.DataFrame:
    """Per attribute and level: share of households, and the typical error of that level."""
    t = tables.imputed
    return t.assign(aandeel=t.huishoudens / t.groupby("attribuut").huishoudens.transform("sum"))


def imputation(tables: TownTables, language: str, size: Size) -> "Figure | None":
    """Per attribute the share of households whose value is that of the buurt, its wijk, ... with the typical error."""
    data = imputation_data(tables)
    data = data[data.attribuut != "huishoudens"]  # of those left out there is no share
    if data.empty:
        return None
    names = list(dict.fromkeys(data.attribuut))
    order = [level for level in SHADES if (data.niveau == level).any()]
    columns = min(3, len(order))
    top = 0.3 + 0.18 * -(-len(order) // columns)
    height = top + 0.32 * len(names) + 0.55
    figure = new_figure(size.width, height, layout="none")
    ax = figure.add_axes((0.2, 0.55 / height, 0.48, 0.32 * len(names) / height))
    wide = data.pivot_table(index="attribuut", columns="niveau", values="aandeel", aggfunc="sum", fill_value=0.0)
    wide = wide.reindex(index=names, columns=order)
    left = wide.cumsum(axis=1) - wide
    for level in order:
        label = phrase(level, language) if level else say("unknown", language)
        ax.barh(range(len(names)), wide[level], left=left[level], color=SHADES[level], label=label, height=0.72)
    for k, name in enumerate(names):
        _errors(ax, k, data[(data.attribuut == name) & ~data.niveau.isin(OWN)], language)
    ax.set_yticks(range(len(names)), [capital(phrase(n, language)) for n in names])
    ax.set(xlim=(0, 1), xticks=np.linspace(0, 1, 6), ylim=(len(names) - 0.4, -0.6))
    ax.set_xticklabels([percent(x, language) for x in np.linspace(0, 1, 6)])
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(say("imputed_axis", language))
    ax.text(1.03, 1.01, say("imputed_error", language), transform=ax.transAxes, fontsize=8, va="bottom", fontweight="bold")
    figure.legend(loc="upper left", ncols=columns, frameon=False, fontsize=8, borderaxespad=0.2)
    return figure


def _errors(ax: "Axes", k: int, told: pd.DataFrame, language: str) -> None:
    """Beside row k: the typical error of each level but `OWN`, behind a mark in its colour, and the unit."""
    at, known = 1.03, told[told.zekerheid.notna()]
    for r in known.itertuples():
        ax.plot([at], [k], marker="s", markersize=6, color=SHADES[r.niveau], clip_on=False)
        ax.text(at + 0.02, k, f"± {rounded(r.zekerheid, language)}", va="center", fontsize=7.5)
        at += 0.15
    if len(told):
        text = word("errors", str(known.attribuut.iloc[0]), language) if len(known) else say("not_measured", language)
        ax.text(at, k, text, va="center", fontsize=7.5, color=SOFT)
