"""How a map is drawn: areas coloured by a value, with a legend, names where they fit, a scale bar and an arrow to the north.

An area is what buurten are drawn in: a polygon of a buurt or of a whole wijk, or a tile (column `vlak` of places). Values of
buurten in one area are averaged over their households. A sheet is laid out in inches, so that maps of one place stand at equal
size with room for exactly what belongs to them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.figures.style import INK, POINTS, SMALLEST, SOFT, Size, inches, new_figure, ticks, wrapped
from experiments.prose import grouped

if TYPE_CHECKING:
    from geopandas import GeoDataFrame, GeoSeries
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEUTRAL, EDGE, BORDER, HATCH_INK = "#d6d6d6", "#8a8a8a", "#3a3a3a", "#6e6e6e"
HATCH = "//////"
MANY = 2000  # areas from which a map is a bitmap inside the drawing
PIXELS = 1500  # detail of such a map along its longest side
COUNTRY = 5  # gemeenten above which a map shows these, and not their wijken
FEW_WIJKEN = 3  # wijken up to which buurten are named
FEW = 60  # groups up to which their borders are drawn thick
ROUND = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)  # lengths of a scale bar, metres
TALLEST = 9.4  # inches of a sheet on paper: A4 with its caption
HEAD, LEGEND, GAP = 3.6, 4.4, 0.8  # lines of type above, below and beside each map
ACROSS = {"column": 2, "page": 3, "slide": 6}  # maps beside each other at most
CORE, CORE_ROOM, CORE_SMALL = 0.7, 0.05, 0.5  # share of households along each side, room around, and what is a small part
BUILT_UP = 0.5  # of the density in which the median household lives: what is less dense does not belong to a core
NUDGES = ((0, 0), (0, 5), (0, -5), (0, 8), (0, -8))  # points by which a name may move to fit
HIGH = 1.15  # height of a name, in its type
ROOMY = {True: 3.0, False: 1.5}  # how many times a name, and a number, fits into an area that it may stand in
INSIDE = 0.9  # share of a name that lies in its own area
AROUND = 0.02  # of a map's size left free around it, and three times that below for the scale bar


class Layer(NamedTuple):
    """One map. `norm`: from value to colour; `note` stands under the title, `unit` under the legend.

    hatched   column of shares: areas above one half are hatched; "" for none
    middles   whether the legend names the middle of each class, and not its borders
    """

    column: str
    title: str
    note: str
    unit: str
    colours: str
    norm: Any
    signed: bool = False
    hatched: str = ""
    middles: bool = False


class Sheet(NamedTuple):
    """A page of maps of the same extent, each with the axes of its legend; `foot` is the height left free below (0 to 1).

    across   inches that each map is wide
    """

    figure: "Figure"
    maps: "list[Axes]"
    legends: "list[Axes]"
    foot: float
    across: float


# Data


def areas(places: "GeoDataFrame", columns: Sequence[str], smallest: float) -> "GeoDataFrame":
    """One row per drawn area: vlak, niveau, names, huishoudens, the columns, geometry.

    places: one row per buurt, with vlak, niveau and geometry. A value is the mean over the households of which it is known; it
    is empty where an area has fewer than `smallest` of these.
    """
    import geopandas

    mine = places[places.geometry.notna()]
    kept = [c for c in ("niveau", "naam", "wijk_code", "wijk_naam", "gemeente", "gemeente_naam", "x", "geometry") if c in mine]
    found = mine.drop_duplicates("vlak").set_index("vlak")[kept]
    found["huishoudens"] = mine.groupby("vlak").huishoudens.sum()
    for column in columns:
        known = mine[mine[column].notna()]
        homes = known.groupby("vlak").huishoudens.sum()
        total = (known[column].astype(float) * known.huishoudens).groupby(known.vlak).sum()
        found[column] = (total / homes).where(homes >= smallest)
    found["naam"] = found.naam.where(found.niveau != "wijk", found.wijk_naam)
    town = geopandas.GeoDataFrame(found.reset_index(), geometry="geometry", crs=places.crs)
    if len(town) > MANY:
        x0, y0, x1, y1 = town.total_bounds
        town["geometry"] = town.geometry.simplify(max(x1 - x0, y1 - y0) / PIXELS)
    return town


def extent(town: "GeoDataFrame") -> tuple[float, float, float, float]:
    """Bounds of a map of the whole town; over blocks of tiles with room for the names of the first row."""
    x0, y0, x1, y1 = town.total_bounds
    return (x0, y0, x1, y1 + (0.8 if in_blocks(town) else 0.0))


def in_blocks(town: "GeoDataFrame") -> bool:
    """Whether buurten are tiles, in blocks of which nothing but their order is known."""
    return bool((town.niveau == "tegel").any() and town.x.isna().all())


def core(town: "GeoDataFrame") -> tuple[float, float, float, float] | None:
    """Bounds of where most people live, if that is a small part of the map: then it is worth maps of its own; else None."""
    if (town.niveau == "tegel").any() or town.gemeente.nunique() > COUNTRY:
        return None
    middle = town.geometry.centroid
    (left, right), (low, high) = (middle_most(values, town.huishoudens, CORE) for values in (middle.x, middle.y))
    left, low, right, high = _with_what_is_built_on_to_it(town, (left, low, right, high))
    x, y = CORE_ROOM * (right - left), CORE_ROOM * (high - low)
    x0, y0, x1, y1 = town.total_bounds
    small = (right - left + 2 * x) * (high - low + 2 * y) < CORE_SMALL * (x1 - x0) * (y1 - y0)
    return (left - x, low - y, right + x, high + y) if small else None


def _with_what_is_built_on_to_it(town: "GeoDataFrame", bounds: tuple[float, float, float, float]) -> Any:
    """Bounds widened until they cut through no area that is built up: half a wijk on a map is worse than none."""
    from shapely import box

    dense = town.huishoudens / town.area
    order = dense.argsort()
    half = np.searchsorted(town.huishoudens.iloc[order].cumsum(), town.huishoudens.sum() / 2.0)
    built = town[dense >= BUILT_UP * dense.iloc[order].iloc[half]]
    while True:
        x0, y0, x1, y1 = built[built.intersects(box(*bounds))].total_bounds
        wider = (min(bounds[0], x0), min(bounds[1], y0), max(bounds[2], x1), max(bounds[3], y1))
        if wider == bounds or np.isnan(x0):
            return bounds
        bounds = wider


def middle_most(values: pd.Series, homes: pd.Series, share: float) -> tuple[float, float]:
    """The shortest span of values [n] that holds a share of the households [n]."""
    order = values.argsort()
    x, part = values.iloc[order].to_numpy(), homes.iloc[order].cumsum().to_numpy() / homes.sum()
    first = np.concatenate([[0.0], part[:-1]])
    last = np.minimum(np.searchsorted(part, first + share - 1e-9), len(x) - 1)
    fits = part[last] - first >= share - 1e-9
    k = np.flatnonzero(fits)[np.argmin((x[last] - x)[fits])]
    return float(x[k]), float(x[last[k]])


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
    sides = int(np.clip(np.ceil(most / width - 0.5), 2, 4))
    borders = width * (np.arange(2 * sides + 2) - sides - 0.5)
    return BoundaryNorm(borders, 256, extend=_beyond(values.dropna(), borders))


def _beyond(values: pd.Series, borders: Any) -> Any:
    low, high = bool((values < borders[0]).any()), bool((values > borders[-1]).any())
    return "both" if low and high else "min" if low else "max" if high else "neither"


# A sheet


def sheet(size: Size, bounds: Sequence[float], count: int, foot: float, layers: Sequence[Layer] = ()) -> Sheet:
    """An empty page for so many maps of an extent (x0, y0, x1, y1), in the columns that make them largest.

    foot: inches left free below. Where the layers are given, there is no more room around each map than their words need.
    """

    def room(columns: int) -> tuple[float, float]:
        return room_of(layers, size.width / columns - size.lines(GAP), size) if layers else (HEAD, LEGEND)

    def height(columns: int) -> float:
        return _tall(size, bounds, -(-count // columns), columns, foot, *room(columns))

    columns = max(range(1, min(ACROSS[size.name], count) + 1), key=lambda c: (round(height(c), 3), c))
    return sheet_of(size, bounds, [divmod(k, columns) for k in range(count)], foot, *room(columns))


def room_of(layers: Sequence[Layer], across: float, size: Size) -> tuple[float, float]:
    """Lines of type that maps so many inches wide need above them for titles and notes, and below for their legends."""
    titles, notes, units = (
        1 + max(wrapped(text, across, points, bold=points == size.font).count("\n") for text in texts)
        for texts, points in (
            ([layer.title for layer in layers], size.font),
            ([layer.note for layer in layers], size.small),
            ([layer.unit for layer in layers], size.small),
        )
    )
    return 0.8 + 1.0 * (titles + notes), 2.5 + 0.95 * units


def sheet_of(
    size: Size, bounds: Sequence[float], cells: Sequence[tuple[int, int]], foot: float, lines: float = HEAD, legend: float = 0.0
) -> Sheet:
    """As `sheet`, with the row and column of each map given, and how many lines of type there are above and below each.

    Without lines for a legend the maps share what is drawn in the foot.
    """
    x0, y0, x1, y1 = bounds
    rows, columns = (1 + max(cell[k] for cell in cells) for k in (0, 1))
    head, below = size.lines(lines), size.lines(legend)
    tall = _tall(size, bounds, rows, columns, foot, lines, legend)
    total = size.height or rows * (head + tall + below) + foot
    across = size.width / columns - size.lines(GAP)
    figure, maps, keys = new_figure(size.width, total, layout="none"), [], []
    for row, column in cells:
        left = column * size.width / columns + size.lines(GAP) / 2
        low = total - (row + 1) * (head + tall + below) + below
        ax = figure.add_axes((left / size.width, low / total, across / size.width, tall / total))
        ax.set_xlim(x0 - AROUND * (x1 - x0), x1 + AROUND * (x1 - x0))
        ax.set_ylim(y0 - 3 * AROUND * (y1 - y0), y1 + AROUND * (y1 - y0))
        ax.set_aspect("equal")
        maps.append(ax)
        if legend:
            keys.append(bar_axes(figure, left + 0.08 * across, low - size.lines(1.2), 0.84 * across, size))
    return Sheet(figure, maps, keys, foot / total, across)


def bar_axes(figure: "Figure", left: float, low: float, wide: float, size: Size) -> "Axes":
    """Axes for a bar of colours, in inches from the left and from below."""
    width, height = figure.get_size_inches()
    return figure.add_axes((left / width, low / height, wide / width, size.lines(0.75) / height))


def _tall(size: Size, bounds: Sequence[float], rows: int, columns: int, foot: float, lines: float, legend: float) -> float:
    """Inches that each map is high: as its extent asks for the width it has, or as there is room for."""
    x0, y0, x1, y1 = bounds
    wide, high = (x1 - x0) * (1 + 2 * AROUND), (y1 - y0) * (1 + 4 * AROUND)
    room = ((size.height or TALLEST) - foot) / rows - size.lines(lines + legend)
    return min((size.width / columns - size.lines(GAP)) * high / wide, room)


def panel(page: Sheet, k: int, town: "GeoDataFrame", land: "GeoSeries", layer: Layer, language: str, size: Size) -> Any:
    """The k-th map, with its legend if it has one; neutral where the value is unknown, and on `land` where nobody lives.

    Returns what was coloured, from which a legend can be made; None where no value is known.
    """
    ax, drawn = page.maps[k], None
    known, raster = town[layer.column].notna(), len(town) > MANY
    kept = ax.get_xlim(), ax.get_ylim()
    thin = {"edgecolor": EDGE, "linewidth": 0.1 if raster else 0.3, "rasterized": raster}
    if len(land):
        land.plot(ax=ax, facecolor=NEUTRAL, edgecolor="none", rasterized=raster)
    if (~known).any():
        town[~known].plot(ax=ax, facecolor=NEUTRAL, **thin)
    if known.any():
        town[known].plot(column=layer.column, ax=ax, cmap=layer.colours, norm=layer.norm, **thin)
        drawn = ax.collections[-1]
    if page.legends and drawn is None:
        page.legends[k].set_axis_off()
    elif page.legends:
        colour_bar(page.legends[k], drawn, layer, language, size, page.across)
    estimated = town[known & (town[layer.hatched] > 0.5)] if layer.hatched else town[:0]
    if len(estimated):
        estimated.plot(ax=ax, facecolor="none", edgecolor=HATCH_INK, hatch=HATCH, linewidth=0.0, rasterized=raster)
    ax.set(xlim=kept[0], ylim=kept[1])
    ax.set_axis_off()
    _head(ax, layer, page.across, size)
    return drawn


def _head(ax: "Axes", layer: Layer, across: float, size: Size) -> None:
    """Title and note above a map, as many lines as they need."""
    said = wrapped(layer.note, across, size.small) if layer.note else ""
    above = size.scaled(3.0) + (1 + said.count("\n")) * 1.2 * size.small * bool(said)
    title = wrapped(layer.title, across, size.font, bold=True)
    at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "va": "baseline", "linespacing": 1.1}
    ax.annotate(said, (0, 1), (0, size.scaled(3.0)), fontsize=size.small, color=SOFT, **at)
    ax.annotate(title, (0, 1), (0, above), fontweight="bold", fontsize=size.font, **at)


def land_of(town: "GeoDataFrame") -> "GeoSeries":
    """The whole of a real place, with what lies between its areas; nothing on tiles."""
    import geopandas

    if (town.niveau == "tegel").any():
        return geopandas.GeoSeries([])
    return geopandas.GeoSeries([_filled(town.geometry.union_all())])


def borders_of(town: "GeoDataFrame", by: str) -> "GeoSeries":
    """The outer borders of the areas that share a value of `by`."""
    return town[[by, "geometry"]].dissolve(by).geometry.map(_filled).boundary


def _filled(shape: Any) -> Any:
    """A shape without its holes."""
    from shapely import MultiPolygon, Polygon

    return MultiPolygon([Polygon(part.exterior) for part in getattr(shape, "geoms", [shape])])


def colour_bar(legend: "Axes", drawn: Any, layer: Layer, language: str, size: Size, across: float) -> None:
    """What the colours mean, with the unit below it in at most so many inches."""
    from matplotlib.ticker import MaxNLocator

    whole: Any = legend.get_figure()
    bar = whole.colorbar(drawn, cax=legend, orientation="horizontal")
    borders = getattr(layer.norm, "boundaries", None)
    if borders is None:
        bar.set_ticks(MaxNLocator(4))
    else:
        middles = (borders[1:] + borders[:-1]) / 2
        every = max(1 if len(middles) < 7 else 2, _every(legend, borders, size))  # counted from the middle class
        every = len(middles) - 1 if every > len(middles) // 2 else every  # where the middle would stand alone: both ends
        first = (len(middles) // 2) % every if every < len(middles) - 1 else 0
        named = middles[first::every] if layer.middles else borders[:: _every(legend, borders, size)]
        bar.set_ticks(list(named))
        bar.ax.tick_params(length=0)
    bar.ax.minorticks_off()
    bar.ax.tick_params(pad=size.scaled(1.5))
    bar.outline.set_visible(False)
    bar.set_label(wrapped(layer.unit, across, size.small), fontsize=size.small, labelpad=size.scaled(1.5))
    ticks(bar.ax, language, axis="x", signed=layer.signed)


def _every(legend: "Axes", borders: np.ndarray, size: Size) -> int:
    """One of how many borders is named, so that their names do not touch."""
    wide = legend.get_position().width * size.width
    widest = max(inches(f"{b:+.6g}", size.small) for b in np.round(borders, 6)) + size.lines(0.35)
    return int(np.ceil((len(borders) - 1) * widest / wide)) or 1


def outlines(ax: "Axes", borders: "GeoSeries", width: float) -> None:
    """Lines, in points for a few areas and half of that for many."""
    kept = ax.get_xlim(), ax.get_ylim()
    many = len(borders) > FEW
    borders.plot(ax=ax, color=BORDER, linewidth=width / 2 if many else width, rasterized=many)
    ax.set(xlim=kept[0], ylim=kept[1])


def bar_and_north(ax: "Axes", town: "GeoDataFrame", language: str, size: Size) -> None:
    """A scale bar of a round length, and an arrow to the north (the grid of EPSG:28992); none on tiles."""
    from matplotlib.text import OffsetFrom

    if (town.niveau == "tegel").any():
        return
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    length, x, y = [m for m in ROUND if m <= max((x1 - x0) / 5, ROUND[0])][-1], x0 + 0.02 * (x1 - x0), y0 + 0.02 * (y1 - y0)
    on: dict[str, Any] = {"path_effects": _halo(3.0), "zorder": 8}
    ax.plot([x, x + length], [y, y], color=INK, lw=size.scaled(2.0), solid_capstyle="butt", **on)
    text = f"{grouped(length / 1000, 0, language)} km" if length >= 1000 else f"{length} m"
    ax.text(x + length, y, f"  {text}", ha="left", va="center", fontsize=size.small, **on)
    arrow = {"arrowstyle": "-|>", "color": INK, "lw": size.scaled(1.0), "path_effects": _halo(3.0), "shrinkA": 0, "shrinkB": 0}
    at: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points", "ha": "center"}
    ax.annotate("N", (0.03, 1.0), (0.0, 0.0), va="top", fontsize=size.small, fontweight="bold", **at, **on)
    tip, tail = ((0.0, -lines * size.small) for lines in (1.1, 2.6))
    points: dict[str, Any] = {
        "xycoords": OffsetFrom(ax.texts[-1], (0.5, 1.0)),
        "textcoords": OffsetFrom(ax.texts[-1], (0.5, 1.0)),
    }
    ax.annotate("", xy=tip, xytext=tail, arrowprops=arrow, zorder=8, **points)


def _halo(width: float) -> list[Any]:
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=width, foreground="white")]


# Names


def names_of(town: "GeoDataFrame") -> pd.DataFrame:
    """What is written on a map, the largest first: naam, x, y, the room (width) it may take, and the shape that it may cover.

    No shape for tiles in blocks, and for gemeenten of a country: these may cover others.

    A name stands where the people of its area live on average, or in the part of the area that lies nearest to that.

    Gemeenten of a country, wijken of a town, or its buurten where it has few wijken. Above blocks of tiles: only if it is no
    wider than its block, since another stands beside it.
    """
    import geopandas

    whole, town = town, town[town.huishoudens > 0]
    by, named = ("vlak", "naam") if town.wijk_code.nunique() <= FEW_WIJKEN else ("wijk_code", "wijk_naam")
    by, named = ("gemeente", "gemeente_naam") if town.gemeente.nunique() > COUNTRY else (by, named)
    middle, homes = town.geometry.representative_point(), town.huishoudens
    frame = town[[by, named]].assign(homes=homes, x=middle.x * homes, y=middle.y * homes).join(town.bounds)
    kinds = {named: "first", "homes": "sum", "x": "sum", "y": "sum", "minx": "min", "maxx": "max", "maxy": "max"}
    sums = frame.groupby(by).agg(kinds).sort_values("homes", ascending=False, kind="stable")
    sums = sums.rename(columns={named: "naam"})
    if in_blocks(town):
        wide = sums.maxx - sums.minx
        return pd.DataFrame(
            {"naam": sums.naam, "x": sums.minx + wide / 2, "y": sums.maxy + 0.4, "room": wide + 0.3, "shape": None}
        )
    sums["x"], sums["y"] = sums.x / sums.homes, sums.y / sums.homes
    mean = geopandas.GeoSeries(geopandas.points_from_xy(*sums.loc[town[by], ["x", "y"]].to_numpy().T), town.index, town.crs)
    apart = town.geometry.distance(mean)
    nearest = apart.groupby(town[by]).idxmin()[sums.index]
    outside, inside_it = apart[nearest].to_numpy() > 0, middle[nearest]
    x = np.where(outside, inside_it.x, sums.x)
    shapes = None if by == "gemeente" else whole[[by, "geometry"]].dissolve(by).geometry.reindex(sums.index).to_numpy()
    y = np.where(outside, inside_it.y, sums.y)
    return pd.DataFrame({"naam": sums.naam, "x": x, "y": y, "room": np.inf, "shape": shapes})


def write_names(axes: Sequence["Axes"], named: pd.DataFrame, size: Size, most: int = 30, numbered: bool = False) -> list[str]:
    """Write names on maps of one extent, the first ones first, and the same on each: where they fit on the first map.

    A name fits inside the map and over no other name, in an area that is so much larger that its colours can be seen. One that
    does not becomes a number where that is asked and a number fits; else it is left out. Returns the names of numbers 1, 2, ...
    """
    if not axes:
        return []
    ax, key = axes[0], list[str]()
    ax.apply_aspect()  # else names are placed on a map that is stretched over its whole axes
    taken = _taken(ax)
    (x0, x1), (y0, y1) = ax.get_xlim(), ax.get_ylim()
    for place in named[named.x.between(x0, x1) & named.y.between(y0, y1)].itertuples(index=False):
        text = plain_name(place.naam)
        found = _fitting(ax, text, place, ROOMY[True], taken, size)
        if found is None and numbered and (found := _fitting(ax, str(len(key) + 1), place, ROOMY[False], taken, size)):
            key.append(text)
            text = str(len(key))
        if found is not None:
            spot, nudge, box = found
            taken.append(box.padded(1.0))
            for each in axes:
                each.annotate(
                    text, spot, nudge, "data", "offset points", fontsize=_points(size), ha="center", va="center", color=INK,
                    zorder=9, path_effects=_halo(1.6), annotation_clip=False,
                )  # fmt: skip
        if len(taken) >= most:
            break
    return key


def _taken(ax: "Axes") -> list[Any]:
    """Where texts and arrows stand on a map, in pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure: Any = ax.get_figure(root=True)
    kept = figure.canvas
    drawing = FigureCanvasAgg(figure).get_renderer()  # once: a text by itself makes a bitmap of the whole figure
    figure.set_canvas(kept)  # else every map that is drawn from here on draws the whole figure
    found = [text.get_window_extent(drawing) for text in ax.texts]
    return [box for box in found if box.width > 0]


def _points(size: Size) -> float:
    """Type of names on a map."""
    return max(SMALLEST, 0.62 * size.font)


def _fitting(ax: "Axes", text: str, place: Any, roomy: float, taken: list[Any], size: Size) -> Any:
    """Where a text fits near a place (a row of `names_of`): spot, points beside it, and the box it takes; None for nowhere."""
    from shapely import maximum_inscribed_circle

    inside, spots = ax.get_window_extent(), [(place.x, place.y)]
    if place.shape is not None:
        spots.append(maximum_inscribed_circle(place.shape).coords[0])
    width = place.room / abs(ax.get_xlim()[1] - ax.get_xlim()[0]) * inside.width
    for spot in spots:
        for nudge in NUDGES:
            box = _box(ax, text, spot, nudge, size)
            fits = inside.x0 <= box.x0 and box.x1 <= inside.x1 and inside.y0 <= box.y0 and box.y1 <= inside.y1
            free = fits and box.width <= width and not any(box.overlaps(other) for other in taken)
            if free and (place.shape is None or _lies_in(box.transformed(ax.transData.inverted()), place.shape, roomy)):
                return spot, nudge, box
    return None


def _box(ax: "Axes", text: str, spot: Any, nudge: Any, size: Size) -> Any:
    """The box in pixels of a text so many points beside a spot of a map."""
    from matplotlib.transforms import Bbox

    dots = ax.get_figure(root=True).dpi  # type: ignore[union-attr]
    x, y = ax.transData.transform(spot) + np.array(nudge) * dots / POINTS
    wide, high = inches(text, _points(size)) * dots / 2, HIGH * _points(size) * dots / POINTS / 2
    return Bbox([[x - wide, y - high], [x + wide, y + high]])


def _lies_in(text: Any, shape: Any, roomy: float) -> bool:
    """Whether nearly all of a text's box lies in a shape that is so many times larger."""
    from shapely import box

    covered = box(*text.extents)
    return shape.area >= roomy * covered.area and shape.intersection(covered).area >= INSIDE * covered.area


def plain_name(name: str) -> str:
    """ "Wijk 05 Ribbelt - Stokhorst" as people say it."""
    head, _, tail = name.partition(" ")
    number, _, rest = tail.partition(" ")
    return rest if head == "Wijk" and number.isdigit() and rest else name
