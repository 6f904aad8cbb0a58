"""Where leefbaarheid changes: a panel per buurt, and the map."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures.style import INK, MONTHS, SOFT, legend_columns, look_of, new_figure, short, ticks
from experiments.loaded import Tables
from experiments.prose import grouped, number, say, scenario_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
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


def buurten(tables: Tables, language: str) -> "Figure | None":
    """Small multiples: change of leefbaarheid by year, one panel per buurt, one scale."""
    data = buurten_data(tables)
    if data.empty:
        return None
    shown = sorted(data.code.unique()[:MANY])
    columns = min(5, len(shown))
    rows = -(-len(shown) // columns)
    height = 1.2 + 1.3 * rows
    figure = new_figure(10, height, layout="none")
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    figure.subplots_adjust(
        left=0.075,
        right=0.99,
        top=1 - (0.55 if legend_columns(tables) > len(tables.others) else 0.75) / height,
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
    figure.legend(loc="upper center", ncols=legend_columns(tables), frameon=False, fontsize=8.5, handlelength=3.2)
    figure.supylabel(say("change_axis", language), fontsize=8.5, x=0.005)
    count = data.code.nunique()
    more = say("largest_buurten", language, most=MANY, count=count) if count > MANY else ""
    figure.supxlabel(say("buurten_axis", language, n=tables.seeds) + more, fontsize=8.5, y=0.05 / height)
    return figure


# Map


def map_data(tables: Tables) -> pd.DataFrame:
    """Per buurt: the baseline's leefbaarheid in the last year and each scenario's difference; unknown for small buurten."""
    d = tables["differences"]
    d = d[(d.design == "") & (d.level == "buurt") & (d.indicator == "leefbaarheid")]
    frame = tables["places"][["code", "naam", "huishoudens"]].set_index("code")
    frame = frame.assign(baseline=d.drop_duplicates("place").set_index("place").baseline_value)
    for scenario in tables.others:
        frame[scenario] = d[d.scenario == scenario].set_index("place").difference
    values = ["baseline", *tables.others]
    frame[values] = frame[values].where(frame.huishoudens >= _smallest(tables), np.nan)
    return pd.DataFrame(frame.reset_index())


def _smallest(tables: Tables) -> float:
    return tables.parameter("indicators.smallest_buurt_homes", 100.0)


def town_map(tables: Tables, language: str) -> "Figure | None":
    """The baseline's level and each scenario's difference in leefbaarheid, last year, on the map."""
    if not tables.mapped or not tables.others:
        return None
    data, base = map_data(tables), scenario_name(tables.baseline)
    town = tables["places"][["code", "geometry"]].merge(data, on="code")
    count = 1 + len(tables.others)
    columns = min(count, 2 if count in (2, 4) else 3)
    rows = -(-count // columns)
    x0, y0, x1, y1 = town.total_bounds
    figure = new_figure(10, 0.4 + rows * min(5.0, 8.2 / columns * (y1 - y0) / max(x1 - x0, 1.0) + 0.45))
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    most = float(np.nanmax(np.abs(data[tables.others].to_numpy()), initial=0.0)) or 0.01
    _panel(axes[0], town, "baseline", None, say("map_level", language, base=base), language)
    _bar_and_north(axes[0], town, language)
    for ax, scenario in zip(axes[1:], tables.others, strict=False):
        _panel(ax, town, scenario, most, say("map_difference", language, who=scenario_name(scenario), base=base), language)
        ax.set(xlim=axes[0].get_xlim(), ylim=axes[0].get_ylim())
    for ax in axes[count:]:
        ax.set_visible(False)
    figure.supxlabel(say("map_axis", language, n=tables.seeds, homes=number(_smallest(tables), language)), fontsize=8.5)
    return figure


def _panel(ax: "Axes", town: pd.DataFrame, column: str, most: float | None, title: str, language: str) -> None:
    """One map: a sequential scale, or a diverging one from -most to most."""
    from matplotlib.ticker import MaxNLocator

    many = len(town) > 2000
    unknown, known = town[town[column].isna()], town[town[column].notna()]
    if len(unknown):
        unknown.plot(ax=ax, facecolor="#f2f2f2", edgecolor="#9a9a9a", hatch="////", linewidth=0.3, rasterized=many)
    if len(known):
        ends = {"cmap": "cividis"} if most is None else {"cmap": "PuOr", "vmin": -most, "vmax": most}
        known.plot(column=column, ax=ax, edgecolor="#8a8a8a", linewidth=0.1 if many else 0.35, rasterized=many, **ends)
        whole: Any = ax.get_figure()
        bar = whole.colorbar(ax.collections[-1], ax=ax, shrink=0.7, pad=0.01, ticks=MaxNLocator(5))
        bar.outline.set_visible(False)
        ticks(bar.ax, language, signed=True)
    ax.set_title(title)
    ax.set_axis_off()


def _bar_and_north(ax: "Axes", town: pd.DataFrame, language: str) -> None:
    """A scale bar of a round length, and an arrow to the north (the grid of EPSG:28992)."""
    x0, y0, x1, y1 = town.total_bounds
    rounds = [m for m in (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000) if m <= max((x1 - x0) / 5, 100)]
    length, y = rounds[-1], y0 - 0.02 * (y1 - y0)
    ax.plot([x0, x0 + length], [y, y], color=INK, lw=2.5, solid_capstyle="butt")
    text = f"{grouped(length / 1000, 0, language)} km" if length >= 1000 else f"{length} m"
    ax.text(x0 + length / 2, y - 0.02 * (y1 - y0), text, ha="center", va="top", fontsize=8)
    at: dict[str, Any] = {"xycoords": "axes fraction", "arrowprops": {"arrowstyle": "-|>", "color": INK, "lw": 1.2}}
    ax.annotate("", xy=(0.03, 0.93), xytext=(0.03, 0.8), **at)
    ax.text(0.03, 0.94, "N", transform=ax.transAxes, ha="center", va="bottom", fontsize=9, fontweight="bold")
