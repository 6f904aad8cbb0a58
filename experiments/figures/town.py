"""A town before any simulation: six maps, how well the built world fits its tables, and what was filled in."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures import maps
from experiments.figures.style import INK, SOFT, Size, inches, laid_out, ticks, wrapped
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
ACROSS = {"column": 2, "page": 3, "slide": 3}  # panels of the fit beside each other
EXACT = 1e-9  # a share that is off by less is not off: this is how far numbers are exact


# Maps

CLASS = "klasse"  # attribute of the imputation report: the published class of leefbaarheid
MAPS = {  # column of places: (attribute of the imputation report, colours)
    "p_koop": ("p_koop", "viridis_r"),
    "p_corp": ("p_corp", "viridis_r"),
    "p_vrij": ("p_corp", "viridis_r"),
    "leefbaarheid": ("klasse", "viridis"),  # as in the maps of a study: dark is low
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
    return None if town.empty else _sheet(tables, town, maps.extent(town), language, size)


def core_data(tables: TownTables) -> pd.DataFrame:
    """Of `maps_data` the areas where most people live."""
    town = _areas(tables)
    x0, y0, x1, y1 = maps.core(town) or town.total_bounds
    return pd.DataFrame(town.cx[x0:x1, y0:y1].drop(columns="geometry"))


def core_maps(tables: TownTables, language: str, size: Size) -> "Figure | None":
    """The same maps of where most people live, where that is a small part of the town."""
    town = _areas(tables)
    bounds = None if town.empty else maps.core(town)
    return None if bounds is None else _sheet(tables, town, bounds, language, size)


def _sheet(tables: TownTables, town: Any, bounds: Any, language: str, size: Size) -> "Figure":
    sources = wrapped(source_line(tables, language), size.width - size.lines(0.6), size.small)
    keys = _keys(tables, town, language)
    across = 1 if sum(inches(k.get_label(), size.small) + size.lines(3.5) for k in keys) > size.width else len(keys)
    layers, land = [_layer(tables, town, column, language) for column in MAPS], maps.land_of(town)
    lines, low = _borders(town, size), size.lines(0.4 + 1.0 * (1 + sources.count("\n")))
    page, named = _named(town, bounds, layers, low + size.lines(0.6 + 1.3 * -(-len(keys) // across)), language, size)
    for k, layer in enumerate(layers):
        maps.panel(page, k, town, land, layer, language, size)
        for borders, width in lines:
            maps.outlines(page.maps[k], borders, width)
    at: Any = {"loc": "upper left", "bbox_to_anchor": (0.005, page.foot), "borderaxespad": 0.0, "borderpad": 0.0}
    page.figure.legend(handles=keys, ncols=across, frameon=False, fontsize=size.small, handlelength=2.2, **at)
    foot: Any = {"fontsize": size.small, "va": "bottom", "linespacing": 1.25}
    page.figure.text(0.01, low / page.figure.get_figheight(), named, color=INK, **foot)
    page.figure.text(0.01, 0.005, sources, color=SOFT, **foot)
    return page.figure


def _named(town: Any, bounds: Any, layers: list[maps.Layer], foot: float, language: str, size: Size) -> tuple[maps.Sheet, str]:
    """An empty sheet with names, scale and north on it, and the names of the numbers that stand where no name fits.

    foot: inches below the maps besides those names. More lines of these leave less room for the maps, and so more numbers.
    """
    lines, places = 0, maps.names_of(town)
    while True:
        page = maps.sheet(size, bounds, len(layers), foot + size.lines(1.05 * lines), layers)
        maps.bar_and_north(page.maps[0], town, language, size)
        key = [
            f"{k} {name}".replace(" ", "\u00a0")
            for k, name in enumerate(maps.write_names(page.maps, places, size, numbered=True), 1)
        ]
        told = wrapped("; ".join(key), size.width - size.lines(0.6), size.small)
        if not key or 1 + told.count("\n") <= lines:
            return page, told
        lines = 1 + told.count("\n")


def _borders(town: Any, size: Size) -> list[tuple[Any, float]]:
    """Borders of wijken, unless the map is of a country, and of gemeenten where it shows more than one; with their width."""
    gemeenten = town.gemeente.nunique()
    lines = [(maps.borders_of(town, "wijk_code"), size.scaled(0.5))] if gemeenten <= maps.COUNTRY else []
    if gemeenten > 1:
        lines.append((maps.borders_of(town, "gemeente"), size.scaled(1.2 if lines else 0.5)))
    return lines


def _layer(tables: TownTables, town: Any, column: str, language: str) -> maps.Layer:
    attribute, colours = MAPS[column]
    title, unit_of = say(f"map_{column}", language), say(f"map_{column}_unit", language)
    note = _origin(tables, attribute, language)
    if attribute == CLASS and (published := class_source(tables)):
        note = f"{published}; {note}"
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


def class_source(tables: TownTables) -> str:
    """Where classes of leefbaarheid come from, with its year and without its licence; empty where none was published."""
    lines = tables.imputed[tables.imputed.attribuut == CLASS]
    known = lines.bron.dropna()
    return " / ".join(dict.fromkeys(text.partition(" (")[0] for text in known if text))


def _keys(tables: TownTables, town: Any, language: str) -> list[Any]:
    """What grey and hatching mean."""
    from matplotlib.patches import Patch

    few = say("map_few", language, homes=number(tables.facts["smallest"], language))
    keys = [Patch(facecolor=maps.NEUTRAL, edgecolor=maps.EDGE, label=few)]
    if (town.geschat > 0.5).any():
        keys.append(Patch(facecolor="white", edgecolor=maps.HATCH_INK, hatch=maps.HATCH, label=say("map_estimated", language)))
    return keys


def source_line(tables: TownTables, language: str) -> str:
    """The sources of the town."""
    return say("sources", language, sources="; ".join(source(s, language) for s in tables.facts["town"]["sources"]))


# Fit


def fit_data(tables: TownTables) -> pd.DataFrame:
    """Per buurt and margin: asked and got."""
    return tables.margins


def fit(tables: TownTables, language: str, size: Size) -> "Figure | None":
    """Asked against got per large buurt, a panel for each of `PANELS`, with the errors that the table of fit gives."""
    across = ACROSS[size.name]
    down = -(-len(PANELS) // across)
    figure, size = laid_out(size, 4.0 + down * (4.2 + 0.66 * size.width / across / size.lines(1.0)))
    axes = figure.subplots(down, across).ravel()
    m, told, wide = tables.margins, tables.fit.set_index("marge"), size.width / across - size.lines(3.6)
    large = m[m.huishoudens >= min(tables.facts["smallest"], m.huishoudens.max())]
    for ax, name in zip(axes, PANELS, strict=True):
        _asked_and_got(ax, large[large.marge == name], language, size)
        said = wrapped(_error(told.loc[name], language), wide, size.small)
        at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "bottom", "linespacing": 1.1}
        ax.annotate(said, (0, 1), (0, size.scaled(2.0)), fontsize=size.small, color=SOFT, **at)
        ax.set_title(word("panels", name, language), pad=size.scaled(4.0) + (1 + said.count("\n")) * 1.25 * size.small)
    said = say("fit_axis", language, homes=number(tables.facts["smallest"], language))
    figure.supxlabel(wrapped(said, size.width - size.lines(0.5), size.small), fontsize=size.small)
    figure.supylabel(say("fit_got", language))
    return figure


def _asked_and_got(ax: "Axes", part: pd.DataFrame, language: str, size: Size) -> None:
    asked, got = 100.0 * part.gevraagd, 100.0 * part.gekregen
    low, high = min(asked.min(), got.min()), max(asked.max(), got.max())
    room = 0.05 * (high - low) or 1.0
    ends = (low - room, high + room)
    ax.plot(ends, ends, color=SOFT, lw=size.scaled(0.7))
    ax.scatter(asked, got, s=size.scaled(2.6) ** 2, color="#0072B2", alpha=0.45, linewidths=0, rasterized=len(part) > maps.MANY)
    ax.set(xlim=ends, ylim=ends, aspect="equal")
    ax.locator_params(nbins=4)
    ticks(ax, language, "x")
    ticks(ax, language, "y")


def _error(told: pd.Series, language: str) -> str:
    """The mean error over buurten, and the largest with its buurt."""
    if told.slechtste_fout < EXACT:
        return say("fit_exact", language)
    worst = say("fit_worst", language, most=points(told.slechtste_fout, language), where=told.slechtste)
    return f"{say('fit_mean', language, mean=points(told.fout, language))} {worst}"


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
    labels = [phrase(level, language) if level else say("unknown", language) for level in order]
    widest = max(inches(label, size.small) for label in labels) + size.lines(2.6)
    columns = max(1, min(3, int(size.width // widest)))
    legend, row = 1.25 * -(-len(order) // columns), 2.6 if size.narrow else 1.7
    figure, size = laid_out(size, legend + 2.4 + row * len(names) + 3.2, layout="none")
    high, room = figure.get_figheight(), size.lines(8.6 if size.narrow else 15.0)
    ax = figure.add_axes(
        (room / size.width, size.lines(3.2) / high, (0.25 if size.narrow else 0.42), size.lines(row * len(names)) / high)
    )
    _levels(ax, data, names, order, labels)
    for k, name in enumerate(names):
        _errors(ax, k, data[(data.attribuut == name) & ~data.niveau.isin(OWN)], language, size)
    ax.set_yticks(
        range(len(names)),
        [wrapped(capital(phrase(n, language)), room - size.lines(0.6), size.small) for n in names],
        linespacing=0.95,
    )
    ax.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6))
    steps = np.linspace(0, 1, 3 if size.narrow else 6)
    ax.set_xticks(steps, [percent(x, language) for x in steps])
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.set_xlabel(say("imputed_axis", language))
    head = wrapped(say("imputed_error", language), 0.3 * size.width, size.small, bold=True)
    ax.text(1.03, 1.01, head, transform=ax.transAxes, fontsize=size.small, va="bottom", fontweight="bold")
    at: Any = {"loc": "upper left", "borderaxespad": 0.2, "borderpad": 0.1, "handlelength": 1.6, "columnspacing": 1.2}
    figure.legend(ncols=columns, frameon=False, fontsize=size.small, **at)
    return figure


def _levels(ax: "Axes", data: pd.DataFrame, names: list[str], order: list[str], labels: list[str]) -> None:
    """Per attribute a bar of the levels that its values come from."""
    wide = data.pivot_table(index="attribuut", columns="niveau", values="aandeel", aggfunc="sum", fill_value=0.0)
    wide = wide.reindex(index=names, columns=order)
    left = wide.cumsum(axis=1) - wide
    for level, label in zip(order, labels, strict=True):
        ax.barh(range(len(names)), wide[level], left=left[level], color=SHADES[level], label=label, height=0.74)


def _errors(ax: "Axes", k: int, told: pd.DataFrame, language: str, size: Size) -> None:
    """Beside row k: the typical error of each level but `OWN`, behind a mark in its colour, and the unit."""
    inch = 1.0 / (ax.get_position().width * size.width)  # in shares of the axis
    at, known = 1.0 + size.lines(0.5) * inch, told[told.zekerheid.notna()]
    for r in known.itertuples():
        text = f"± {rounded(r.zekerheid, language)}"
        ax.plot([at], [k], marker="s", ms=size.scaled(4.5), color=SHADES[r.niveau], clip_on=False, linestyle="none")
        ax.text(at + size.lines(0.5) * inch, k, text, va="center", fontsize=size.small)
        at += (inches(text, size.small) + size.lines(1.3)) * inch
    if len(told):
        text = word("errors", str(known.attribuut.iloc[0]), language) if len(known) else say("not_measured", language)
        ax.text(at - size.lines(0.2) * inch, k, text, va="center", fontsize=size.small, color=SOFT)
