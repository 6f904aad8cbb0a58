"""Where leefbaarheid changes: a panel per buurt, and the map."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures import maps
from experiments.figures.style import INK, MONTHS, SOFT, Size, legend_columns, look_of, new_figure, short, ticks
from experiments.loaded import Tables
from experiments.prose import number, say, scenario_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MANY = 30  # buurten that are drawn one by one


# Per buurt


def buurten_data(tables: Tables) -> pd.DataFrame:
    """Per buurt (the largest first), scenario and year: mean change of leefbaarheid since month 0."""
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
    shown = sorted(data.code.unique()[:MANY])
    columns = min(5, len(shown))
    rows = -(-len(shown) // columns)
    height = 1.2 + 1.3 * rows
    figure = new_figure(size.width, height, layout="none")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    figure.subplots_adjust(
        left=0.075,
        right=0.99,
        top=1 - (0.55 if legend_columns(tables, size) > len(tables.others) else 0.75) / height,
        bottom=0.5 / height,
        hspace=0.3,
        wspace=0.12,
    )
    looks = [{"color": INK, "linestyle": "-"}, *(look_of(k) for k in range(len(tables.others)))]
    for ax, code in zip(axes, shown, strict=False):
        part = data[data.code == code]
        ax.axhline(0, color=SOFT, lw=0.6)
        for look, scenario in zip(looks, [tables.baseline, *tables.others], strict=True):
            line = part[part.scenario == scenario]
            ax.plot(line.year, line.change, lw=1.1, label=scenario_name(scenario) if code == shown[0] else None, **look)
        ax.set_title(short(str(part.naam.iloc[0]), 26), fontsize=7.5)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    axes[0].margins(x=0.02)
    axes[0].xaxis.get_major_locator().set_params(integer=True, nbins=3)
    axes[0].set_yticks(axes[0].get_yticks()[1:-1])
    ticks(axes[0], language, signed=True)
    figure.legend(loc="upper center", ncols=legend_columns(tables, size), frameon=False, fontsize=8.5, handlelength=3.2)
    figure.supylabel(say("change_axis", language), fontsize=8.5, x=0.005)
    count = data.code.nunique()
    more = say("largest_buurten", language, most=MANY, count=count) if count > MANY else ""
    figure.supxlabel(say("buurten_axis", language, n=tables.seeds) + more, fontsize=8.5, y=0.05 / height)
    return figure


# Map


def map_data(tables: Tables) -> pd.DataFrame:
    """Per drawn area: the baseline's leefbaarheid in the last year and each scenario's difference; unknown for small areas."""
    return pd.DataFrame(_areas(tables).drop(columns="geometry"))


def _areas(tables: Tables) -> Any:
    d = tables["differences"]
    d = d[(d.design == "") & (d.level == "buurt") & (d.indicator == "leefbaarheid")]
    frame = tables["places"].set_index("code")
    frame = frame.assign(baseline=d.drop_duplicates("place").set_index("place").baseline_value)
    for scenario in tables.others:
        frame[scenario] = d[d.scenario == scenario].set_index("place").difference
    return maps.areas(frame.reset_index(), ["baseline", *tables.others], _smallest(tables))


def _smallest(tables: Tables) -> float:
    return tables.parameter("indicators.smallest_buurt_homes", 100.0)


def town_map(tables: Tables, language: str, size: Size) -> "Figure | None":
    """The baseline's level and each scenario's difference in leefbaarheid, last year, on the map."""
    from matplotlib.colors import Normalize

    if not tables.mapped or not tables.others:
        return None
    town, base = _areas(tables), scenario_name(tables.baseline)
    page = maps.sheet(maps.extent(town), 1 + len(tables.others), foot=0.3)
    most = float(np.nanmax(np.abs(town[tables.others].to_numpy()), initial=0.0)) or 0.01
    level, by = say("map_level", language, base=base), Normalize(-most, most)
    score, points = say("score", language), say("score_points", language)
    layers = [maps.Layer("baseline", level, "", score, "viridis", maps.in_classes(town.baseline), True)]
    for scenario in tables.others:
        title = say("map_difference", language, who=scenario_name(scenario), base=base)
        layers.append(maps.Layer(scenario, title, "", points, "PuOr", by, True))
    land = maps.land_of(town)
    for ax, legend, layer in zip(page.maps, page.legends, layers, strict=True):
        maps.panel(ax, legend, town, land, layer, language)
    maps.bar_and_north(page.maps[0], town, language)
    maps.write_names(page.maps, maps.names_of(town))
    said = say("map_axis", language, n=tables.seeds, homes=number(_smallest(tables), language))
    page.figure.text(0.5, 0.5 * page.foot, said, fontsize=8.5, ha="center", va="center")
    return page.figure
