"""How a map is drawn: areas coloured by a value, with a legend, names where they fit, a scale bar and an arrow to the north.

An area is what buurten are drawn in: a polygon of a buurt or of a whole wijk, or a tile (column `vlak` of places). Values of
buurten in one area are averaged over their households.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.figures.style import INK, ticks
from experiments.prose import grouped

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEUTRAL, EDGE, BORDER = "#d6d6d6", "#8a8a8a", "#3a3a3a"
HATCH = "//////"
MANY = 2000  # areas from which a map is a bitmap inside the drawing
ROUND = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)  # lengths of a scale bar, metres


class Layer(NamedTuple):
    """One map. `norm`: from value to colour; `unit` stands under its legend; `hatched`: column of areas to hatch, or ""."""

    column: str
    title: str
    unit: str
    colours: str
    norm: Any
    signed: bool = False
    hatched: str = ""


# Data


def areas(places: "GeoDataFrame", columns: Sequence[str], smallest: float) -> "GeoDataFrame":
    """One row per drawn area: vlak, niveau, naam, wijk_naam, gemeente, gemeente_naam, huishoudens, the columns, geometry.

    places: one row per buurt, with vlak, niveau and geometry. A value is the mean over the households of which it is known; it
    is empty where an area has fewer than `smallest` of these.
    """
    import geopandas

    mine = places[places.geometry.notna()]
    kept = ["niveau", "naam", "wijk_naam", "gemeente", "gemeente_naam", "geometry"]
    found = mine.drop_duplicates("vlak").set_index("vlak")[[c for c in kept if c in mine]]
    found["huishoudens"] = mine.groupby("vlak").huishoudens.sum()
    for column in columns:
        known = mine[mine[column].notna()]
        homes = known.groupby("vlak").huishoudens.sum()
        total = (known[column].astype(float) * known.huishoudens).groupby(known.vlak).sum()
        found[column] = (total / homes).where(homes >= smallest)
    if "naam" in found and "wijk_naam" in found:
        found["naam"] = found.naam.where(found.niveau != "wijk", found.wijk_naam)
    return geopandas.GeoDataFrame(found.reset_index(), geometry="geometry", crs=places.crs)


def in_classes(values: pd.Series, most: int = 6) -> Any:
    """A norm of classes with round borders that hold all but the outermost hundredths of the values."""
    from matplotlib.colors import BoundaryNorm
    from matplotlib.ticker import MaxNLocator

    known = values.dropna()
    low, high = np.percentile(known, [1, 99]) if len(known) else (0.0, 1.0)
    borders = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, max(high, low + 1e-6))
    return BoundaryNorm(borders, 256, extend=_beyond(known, borders))


def around_zero(values: pd.Series, width: float) -> Any:
    """A norm of classes of a width, the middle one around zero, as many on both sides."""
    from matplotlib.colors import BoundaryNorm

    most = float(np.percentile(values.dropna().abs(), 99)) if values.notna().any() else width
    sides = int(np.clip(np.ceil(most / width - 0.5), 1, 4))
    borders = width * (np.arange(2 * sides + 2) - sides - 0.5)
    return BoundaryNorm(borders, 256, extend=_beyond(values.dropna(), borders))


def _beyond(values: pd.Series, borders: np.ndarray) -> str:
    low, high = bool((values < borders[0]).any()), bool((values > borders[-1]).any())
    return "both" if low and high else "min" if low else "max" if high else "neither"


# Drawing


def panel(ax: "Axes", town: "GeoDataFrame", layer: Layer, language: str) -> None:
    """One map with its legend below; neutral where the value is unknown or nobody lives."""
    known, raster = town[layer.column].notna(), len(town) > MANY
    thin = {"edgecolor": EDGE, "linewidth": 0.1 if raster else 0.3, "rasterized": raster}
    _ground(ax, town, raster)
    if (~known).any():
        town[~known].plot(ax=ax, facecolor=NEUTRAL, **thin)
    if known.any():
        town[known].plot(column=layer.column, ax=ax, cmap=layer.colours, norm=layer.norm, **thin)
        _legend(ax, layer, language)
    estimated = town[known & (town[layer.hatched] > 0.5)] if layer.hatched else town[:0]
    if len(estimated):
        estimated.plot(ax=ax, facecolor="none", edgecolor="#4a4a4a", hatch=HATCH, linewidth=0.0, rasterized=raster)
    ax.set_title(layer.title)
    ax.set_axis_off()


def _ground(ax: "Axes", town: "GeoDataFrame", raster: bool) -> None:
    """What lies between the areas of real places: land where nobody lives."""
    import geopandas
    from shapely import Polygon

    if (town.niveau == "tegel").any():
        return
    whole = town.geometry.union_all()
    filled = geopandas.GeoSeries([Polygon(part.exterior) for part in getattr(whole, "geoms", [whole])])
    filled.plot(ax=ax, facecolor=NEUTRAL, edgecolor="none", rasterized=raster)


def _legend(ax: "Axes", layer: Layer, language: str) -> None:
    from matplotlib.ticker import MaxNLocator

    whole: Any = ax.get_figure()
    bar = whole.colorbar(ax.collections[-1], ax=ax, location="bottom", shrink=0.72, aspect=28, pad=0.015)
    borders = getattr(layer.norm, "boundaries", None)
    bar.set_ticks(MaxNLocator(5) if borders is None else list(borders))
    bar.ax.tick_params(length=0 if borders is not None else 3, labelsize=7.5)
    bar.outline.set_visible(False)
    bar.set_label(layer.unit, fontsize=8)
    ticks(bar.ax, language, axis="x", signed=layer.signed)


def outlines(ax: "Axes", town: "GeoDataFrame", by: str) -> None:
    """Thicker lines around the areas that share a value of `by`."""
    groups = town.dissolve(by)
    groups.boundary.plot(ax=ax, color=BORDER, linewidth=0.35 if len(groups) > 60 else 0.7, rasterized=len(town) > MANY)


def bar_and_north(ax: "Axes", town: "GeoDataFrame", language: str) -> None:
    """A scale bar of a round length, and an arrow to the north (the grid of EPSG:28992); none on tiles."""
    if (town.niveau == "tegel").any():
        return
    x0, y0, x1, y1 = town.total_bounds
    length, y = [m for m in ROUND if m <= max((x1 - x0) / 5, ROUND[0])][-1], y0 - 0.02 * (y1 - y0)
    ax.plot([x0, x0 + length], [y, y], color=INK, lw=2.5, solid_capstyle="butt")
    text = f"{grouped(length / 1000, 0, language)} km" if length >= 1000 else f"{length} m"
    ax.text(x0 + length, y, f" {text}", ha="left", va="center", fontsize=7.5)
    at: dict[str, Any] = {"xycoords": "axes fraction", "arrowprops": {"arrowstyle": "-|>", "color": INK, "lw": 1.2}}
    ax.annotate("", xy=(0.03, 0.93), xytext=(0.03, 0.8), **at)
    ax.text(0.03, 0.94, "N", transform=ax.transAxes, ha="center", va="bottom", fontsize=9, fontweight="bold")


# Names


def names_of(town: "GeoDataFrame") -> "GeoDataFrame":
    """What is written on a map, the largest first: naam, geometry. Gemeenten of a country, wijken of a town, else its areas."""
    by = "gemeente_naam" if town.gemeente.nunique() > 5 else "wijk_naam" if town.wijk_naam.nunique() > 3 else "naam"
    groups = town[[by, "huishoudens", "geometry"]].dissolve(by, aggfunc="sum").sort_values("huishoudens", ascending=False)
    return groups.reset_index().rename(columns={by: "naam"})


def write_names(figure: "Figure", axes: Sequence["Axes"], named: "GeoDataFrame", most: int = 30) -> None:
    """Write names on maps of the same extent, each where it fits: inside its map and over no other name."""
    from matplotlib.patheffects import withStroke

    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for ax in axes:
        taken: list[Any] = []
        inside = ax.get_window_extent()
        for name, point in zip(named.naam, named.geometry.representative_point(), strict=True):
            if len(taken) == most:
                break
            text = ax.text(
                point.x, point.y, plain_name(name), fontsize=6.2, ha="center", va="center", color=INK, zorder=9,
                path_effects=[withStroke(linewidth=1.6, foreground="white")],
            )  # fmt: skip
            box = text.get_window_extent().padded(1.0)
            fits = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
            if not fits or any(box.overlaps(other) for other in taken):
                text.remove()
            else:
                taken.append(box)


def plain_name(name: str) -> str:
    """ "Wijk 05 Ribbelt - Stokhorst" as people say it."""
    head, _, tail = name.partition(" ")
    number, _, rest = tail.partition(" ")
    return rest if head == "Wijk" and number.isdigit() and rest else name


def grid(count: int, town: "GeoDataFrame", width: float) -> tuple[int, int, float]:
    """Rows, columns and inches of height per row for so many maps of a town on a page of a width."""
    x0, y0, x1, y1 = town.total_bounds
    tall = (y1 - y0) / max(x1 - x0, 1e-9)
    columns = min(count, 2 if count in (2, 4) or (count > 4 and tall < 0.95) else 3)
    return -(-count // columns), columns, min(5.4, 0.94 * width / columns * tall + 0.75)
