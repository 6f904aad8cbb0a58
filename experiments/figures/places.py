"""Where things change: a panel per buurt, and maps of any indicator that buurten have."""

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.compare import compared
from experiments.figures import maps
from experiments.figures.style import INK, MONTHS, SOFT, Size, cut, inches, laid_out, legend_columns, look_of, ticks, wrapped
from experiments.loaded import Tables
from experiments.prose import number, say, scenario_name, unit

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from matplotlib.figure import Figure

# Per buurt

ACROSS = {"column": 3, "page": 5, "slide": 6}  # panels beside each other
MOST = {"column": 15, "page": 30, "slide": 18}  # buurten that are drawn one by one


def buurten_data(tables: Tables) -> pd.DataFrame:
    """Per buurt (the largest first), scenario and year: mean change of leefbaarheid since the start."""
    t = tables["indicators"]
    t = t[(t.design == "") & (t.level == "buurt")].assign(year=lambda x: np.ceil(x.month / MONTHS).astype(int))
    mean = t.groupby(["place", "scenario", "year"], sort=False).leefbaarheid.mean().unstack("year")
    change = mean.sub(mean[0], axis=0).stack().rename("change").reset_index()
    places = tables["places"][["code", "naam", "huishoudens"]]
    frame = places.merge(change, left_on="code", right_on="place").drop(columns="place")
    return frame.sort_values("huishoudens", ascending=False, kind="stable")


def buurten(tables: Tables, language: str, size: Size) -> "Figure | None":
    """Small multiples: change of leefbaarheid by year, one panel per buurt, one scale."""
    data = buurten_data(tables)
    if data.empty:
        return None
    shown = sorted(data.code.unique()[: MOST[size.name]])
    columns = min(ACROSS[size.name], len(shown))
    rows = -(-len(shown) // columns)
    legend = 1.3 * -(-(1 + len(tables.others)) // legend_columns(tables, size))
    foot, count = 3.6, data.code.nunique()
    figure, size = laid_out(size, 1.6 + legend + 6.6 * rows + foot, layout="none")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    high = figure.get_figheight()
    label = wrapped(say("change_axis", language), high - size.lines(1.6 + legend + foot), size.font)
    left = size.lines(0.6 + 1.0 * (1 + label.count("\n"))) + inches("−0,00", size.small) + size.lines(0.6)
    top, edges = 1 - size.lines(1.6 + legend) / high, {"left": left / size.width, "right": 1 - size.lines(0.4) / size.width}
    figure.subplots_adjust(**edges, top=top, bottom=size.lines(foot) / high, hspace=0.32, wspace=0.1)
    wide = (size.width - left) / columns - size.lines(0.6)
    for ax, code in zip(axes, shown, strict=False):
        _buurt(ax, data[data.code == code], tables, size)
        ax.set_title(cut(str(data[data.code == code].naam.iloc[0]), wide, size.small), fontsize=size.small, fontweight="normal")
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    axes[0].margins(x=0.02)
    axes[0].xaxis.get_major_locator().set_params(integer=True, nbins=3)
    axes[0].yaxis.get_major_locator().set_params(nbins=4)
    ticks(axes[0], language, signed=True)
    handles, names = axes[0].get_legend_handles_labels()
    look: dict[str, Any] = {"frameon": False, "handlelength": 2.6, "borderpad": 0.1, "borderaxespad": 0.2}
    figure.legend(handles, names, loc="upper left", ncols=legend_columns(tables, size), **look)
    middle = (size.lines(foot) / high + top) / 2.0
    figure.supylabel(label, x=0.0, y=middle, ha="left", va="center", multialignment="center")
    more = say("largest_buurten", language, most=len(shown), count=count) if count > len(shown) else ""
    said = wrapped(say("buurten_axis", language, n=tables.seeds) + more, size.width - size.lines(0.6), size.small)
    figure.supxlabel(said, y=size.lines(0.3) / high, fontsize=size.small)
    return figure


def _buurt(ax: Any, part: pd.DataFrame, tables: Tables, size: Size) -> None:
    looks = [{"color": INK, "linestyle": "-"}, *(look_of(k) for k in range(len(tables.others)))]
    ax.axhline(0, color=SOFT, lw=size.scaled(0.5))
    for look, scenario in zip(looks, [tables.baseline, *tables.others], strict=True):
        line = part[part.scenario == scenario]
        ax.plot(line.year, line.change, lw=size.scaled(1.0), label=scenario_name(scenario), **look)


# Maps


class Mapped(NamedTuple):
    """One indicator on the map: its levels' colours, whether 0 is their middle, and whether month 0 says anything."""

    indicator: str
    colours: str
    before: bool = True


MAPPED = {
    "kaart": Mapped("leefbaarheid", "viridis"),
    "kaart_draagkracht": Mapped("draagkracht", "viridis"),
    "kaart_draaglast": Mapped("draaglast", "viridis"),
    "kaart_plaatsingen": Mapped("plaatsingen", "viridis", before=False),
    "kaart_kwetsbaar": Mapped("aandeel_kwetsbaar", "viridis"),
}
BEFORE = "maand_0"  # columns of `map_data`
FEW = 3  # scenarios up to which each has a map of its own level besides its difference
UNSURE = "zonder_"  # before the name of a scenario: 1 where its difference can not be told from 0


def figures() -> dict[str, Any]:
    """Name -> what gives its data and what draws it."""
    return {name: (partial(map_data, shown=shown), partial(town_map, shown=shown)) for name, shown in MAPPED.items()}


def map_data(tables: Tables, shown: Mapped) -> pd.DataFrame:
    """Per drawn area: month 0, the baseline, and of each scenario its level, its difference and whether that may be 0.

    Means over seeds and over the households of an area, in the unit of the indicator, over the window of its label (horizon or
    last year); empty where too few households are known.
    """
    return pd.DataFrame(_areas(tables, shown).drop(columns="geometry"))


def _areas(tables: Tables, shown: Mapped) -> "GeoDataFrame":
    places = tables["places"]
    town = maps.areas(places, [], 0.0).set_index("vlak")
    after, start = _by_area(tables, shown, month_0=False), _by_area(tables, shown, month_0=True)
    town[BEFORE] = start.loc[tables.baseline].mean().reindex(town.index) if shown.before else np.nan
    scenarios = [tables.baseline, *tables.others]
    seeds = after.index.get_level_values("seed").unique()
    cube = np.stack([after.loc[s].reindex(seeds).to_numpy() for s in scenarios], axis=1)
    found = compared(cube, 0)
    for k, scenario in enumerate(scenarios):
        town[scenario] = pd.Series(found.value[k], after.columns).reindex(town.index)
        if k:
            town[_difference(scenario)] = pd.Series(found.difference[k], after.columns).reindex(town.index)
            held = ~((found.low[k] > 0) | (found.high[k] < 0))
            town[UNSURE + scenario] = pd.Series(np.where(np.isfinite(found.difference[k]), held, np.nan), after.columns).reindex(
                town.index
            )
    return town.reset_index()


def _difference(scenario: str) -> str:
    return f"verschil_{scenario}"


def _by_area(tables: Tables, shown: Mapped, month_0: bool) -> pd.DataFrame:
    """Per scenario and seed (rows) and drawn area (columns): the indicator, mean over households; no areas that are too small."""
    t = tables["indicators"]
    t = t[(t.design == "") & (t.level == "buurt") & (t.period == "year")]
    if month_0:
        t = t[(t.month == 0)]
    else:
        last = tables.label(shown.indicator).window == "last_year"
        t = t[t.month == t.month.max()] if last else t[t.month > 0]
    places = tables["places"].set_index("code")
    t = t[t[shown.indicator].notna() & t.place.isin(places.index)]
    t = t.groupby(["scenario", "seed", "place"], sort=False)[shown.indicator].mean().reset_index()
    homes = t.place.map(places.huishoudens)
    t = t.assign(vlak=t.place.map(places.vlak), homes=homes, total=homes * t[shown.indicator].astype(float))
    sums = t.groupby(["scenario", "seed", "vlak"])[["total", "homes"]].sum()
    return (sums.total / sums.homes).where(sums.homes >= _smallest(tables)).unstack("vlak")


def _smallest(tables: Tables) -> float:
    return tables.parameter("indicators.smallest_buurt_homes", 100.0)


def town_map(tables: Tables, language: str, size: Size, shown: Mapped) -> "Figure | None":
    """An indicator at month 0, under the baseline and under each scenario, and its differences, on one scale each."""
    if not tables.mapped or not tables.others or shown.indicator not in tables["indicators"]:
        return None
    town, scale = _areas(tables, shown), unit(tables.label(shown.indicator).unit, language)
    shown_as = [c for c in town if c in {BEFORE, tables.baseline, *tables.others} or str(c).startswith("verschil_")]
    town[shown_as] *= scale.factor
    cells, layers = _panels(tables, town, shown, language, size)
    said = _foot_text(tables, shown, language, size)
    foot = size.lines(4.6) + size.lines(1.0) * (1 + said.count("\n"))
    columns = 1 + max(column for _, column in cells)
    wide = size.width / columns - size.lines(1.0)
    lines = 1.2 + 1.1 * max(1 + wrapped(layer.title, wide, size.font, bold=True).count("\n") for layer in layers)
    page, land, drawn = maps.sheet_of(size, maps.extent(town), cells, foot, lines=lines), maps.land_of(town), []
    for k, layer in enumerate(layers):
        drawn.append(maps.panel(page, k, town, land, layer, language, size))
    maps.bar_and_north(page.maps[0], town, language, size)
    maps.write_names(page.maps, maps.names_of(town), size)
    _legends(page, layers, drawn, language, size)
    page.figure.text(
        size.lines(0.4) / size.width, size.lines(0.3) / page.figure.get_figheight(), said, fontsize=size.small, va="bottom"
    )
    return page.figure


def _panels(
    tables: Tables, town: "GeoDataFrame", shown: Mapped, language: str, size: Size
) -> tuple[list[tuple[int, int]], list[maps.Layer]]:
    """Where each map stands, and what it shows: levels first, then differences, under each other where they belong together."""
    from matplotlib.colors import Normalize

    scale, base = unit(tables.label(shown.indicator).unit, language), scenario_name(tables.baseline)
    each = len(tables.others) <= FEW
    names = ([BEFORE] if shown.before else []) + [tables.baseline]
    levels = [*names, *(tables.others if each else [])]
    differences = [_difference(s) for s in tables.others]
    most = float(np.nanmax(np.abs(town[differences].to_numpy()), initial=0.0)) or 0.01
    norm, by = maps.in_classes(pd.Series(town[levels].to_numpy().ravel())), Normalize(-most, most)
    when = say(f"window_{tables.label(shown.indicator).window}", language)
    titles = {BEFORE: say("map_before", language), tables.baseline: say("map_after", language, who=base, when=when)}
    titles |= {s: say("map_after", language, who=scenario_name(s), when=when) for s in tables.others}
    signed = shown.indicator == "leefbaarheid"
    layers = [maps.Layer(name, titles[name], "", scale.text, shown.colours, norm, signed) for name in levels]
    diverging = "PuOr" if tables.label(shown.indicator).better >= 0 else "PuOr_r"
    points = say("map_points", language, base=base, unit=scale.points)
    for s in tables.others:
        title = say("map_difference", language, who=scenario_name(s), base=base)
        layers.append(maps.Layer(_difference(s), title, "", points, diverging, by, True, hatched=UNSURE + s))
    return _cells(len(names), len(tables.others), each, size), layers


def _cells(names: int, others: int, each: bool, size: Size) -> list[tuple[int, int]]:
    """Row and column of every map: `names` of them apart, then the scenarios' levels if `each` has one, then differences."""
    if not each:
        across = {"column": 2, "page": 3, "slide": -(-(names + others) // 2)}[size.name]
        first = [(0, k) for k in range(names)]
        if size.height is not None:
            return [divmod(k, across) for k in range(names + others)]
        return first + [(1 + row, column) for row, column in (divmod(k, across) for k in range(others))]
    if size.narrow or (others == 1 and size.height is None):
        first = [(0, k) for k in range(names)]
        return first + [(1 + k, 0) for k in range(others)] + [(1 + k, 1) for k in range(others)]
    if size.height is not None:
        return [(0, k) for k in range(names + others)] + [(1, names + k) for k in range(others)]
    return [(0, k) for k in range(names)] + [(1, k) for k in range(others)] + [(2, k) for k in range(others)]


def _legends(page: maps.Sheet, layers: list[maps.Layer], drawn: list[Any], language: str, size: Size) -> None:
    """At the foot: what the colours of levels mean, and those of differences."""
    half = size.width / 2.0
    low = page.foot * page.figure.get_figheight() - size.lines(1.6)
    levels = [(a, d) for a, d in zip(layers, drawn, strict=True) if d is not None and not a.hatched]
    differences = [(a, d) for a, d in zip(layers, drawn, strict=True) if d is not None and a.hatched]
    for k, kind in enumerate((levels, differences)):
        if kind:
            bar = maps.bar_axes(page.figure, k * half + 0.1 * half, low, 0.8 * half, size)
            maps.colour_bar(bar, kind[0][1], kind[0][0], language, size, 0.9 * half)


def _foot_text(tables: Tables, shown: Mapped, language: str, size: Size) -> str:
    label = tables.label(shown.indicator)
    when = say(f"window_{label.window}", language)
    said = say("map_said", language, what=label[language], when=when, n=tables.seeds, homes=number(_smallest(tables), language))
    return wrapped(said, size.width - size.lines(0.8), size.small)
