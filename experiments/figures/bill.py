"""Who pays: euro per year by payer, in the baseline and in each scenario; and who invests for whom (m44)."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures.style import COLOURS, INK, MARKERS, SOFT, Size, legend_columns, new_figure, note, ticks
from experiments.findings import settling
from experiments.loaded import Tables
from experiments.prose import grouped, percent, say, scenario_name, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def bill_data(tables: Tables) -> pd.DataFrame:
    """Euro per year by payer: the baseline's, and each scenario's difference with its interval."""
    d = tables.town
    mine = (d.indicator == "kosten") & (d.profile == "") & d.scenario.isin(tables.others)
    return d.loc[mine, ["payer", "scenario", "baseline_value", "value", "difference", "low", "high", "seeds"]]


def bill(tables: Tables, language: str, size: Size) -> "Figure | None":
    """Who pays: the baseline's euro per year (left), the difference per scenario with its interval (right)."""
    data = bill_data(tables)
    payers = [p for p in data.payer.unique() if p and (data[data.payer == p][["baseline_value", "value"]] != 0).any(axis=None)]
    if not payers:
        return None
    data = data[data.payer.isin(payers)]
    figure = new_figure(size.width, 1.3 + len(payers) * (0.18 + 0.13 * len(tables.others)))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1.35])
    middles = -np.arange(len(payers)) * (len(tables.others) + 1.2)
    _bill_levels(left, data.drop_duplicates("payer").set_index("payer").baseline_value[payers], middles, language)
    left.set_yticks(middles, [word("payers", p, language) for p in payers], fontsize=8.5, color=INK)
    left.set_title(say("bill_base", language, base=scenario_name(tables.baseline)))
    scale, scale_name = _euro_scale(float(data[["low", "high", "difference"]].abs().max(axis=None)), language)
    right.axvline(0, color=SOFT, lw=0.9)
    for k, scenario in enumerate(tables.others):
        part = data[data.scenario == scenario].set_index("payer").reindex(payers)
        y, look = middles + (len(tables.others) - 1) / 2.0 - k, COLOURS[k % len(COLOURS)]
        right.hlines(y, part.low / scale, part.high / scale, color=look, lw=1.6)
        mark: dict[str, Any] = {"linestyle": "none", "marker": MARKERS[k % len(MARKERS)], "color": look, "ms": 4.8}
        right.plot(part.difference / scale, y, label=scenario_name(scenario), **mark)
    right.set_xlabel(say("bill_axis", language, scale=scale_name, note=note(tables, language)))
    right.set_title(say("bill_difference", language, base=scenario_name(tables.baseline)))
    ticks(right, language, "x", signed=True)
    for ax in (left, right):
        ax.tick_params(axis="y", length=0)
    figure.legend(loc="outside upper right", ncols=min(len(tables.others), legend_columns(tables, size)), frameon=False, fontsize=8.5)
    return figure


def _bill_levels(ax: "Axes", euros: pd.Series, middles: np.ndarray, language: str) -> None:
    """Bars of what each payer pays in the baseline, with the amount at their end."""
    scale, scale_name = _euro_scale(float(euros.max()), language)
    decimals = 0 if euros.max() / scale >= 100 else 1
    ax.barh(middles, euros / scale, height=0.5 * abs(middles[-1] / max(len(middles) - 1, 1) or 1.0), color="#8c8c8c")
    for y, value in zip(middles, euros / scale, strict=True):
        ax.text(value, y, " " + grouped(value, decimals, language), va="center", fontsize=8)
    ax.margins(x=0.15)
    ax.set_xlabel(say("bill_level", language, scale=scale_name))
    ticks(ax, language, "x")


def _euro_scale(most: float, language: str) -> tuple[float, str]:
    return (1e6, say("million", language)) if most >= 1e7 else (1e3, say("thousand", language))


MORE, LESS = "#D55E00", "#0072B2"
DIAMOND: Any = {"marker": "D", "ms": 4.2, "mfc": "white", "mec": INK, "mew": 0.9, "linestyle": "none"}


def pockets_data(tables: Tables) -> pd.DataFrame:
    """Euro a year that each payer pays more, per scenario, with interval, role and side payment; payer "" is all together."""
    return tables["pockets"]


def pockets(tables: Tables, language: str, size: Size) -> "Figure | None":
    """Who invests and who benefits: a panel per scenario, a bar per payer with its interval, and what side payments leave."""
    data = pockets_data(tables)
    payers = [p for p in data.payer.unique() if p and (data[data.payer == p].role != "unchanged").any()]
    if not payers:
        return None
    across = min(3, len(tables.others))
    down = -(-len(tables.others) // across)
    figure = new_figure(size.width, 0.75 + down * (1.0 + 0.24 * (len(payers) + 1)))
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    heights = np.append(-np.arange(len(payers)), -len(payers) - 0.6)
    scale, scale_name = _euro_scale(float(data[["low", "high", "difference"]].abs().max(axis=None)), language)
    for ax, scenario in zip(axes, tables.others, strict=False):
        _pocket(ax, data[data.scenario == scenario].set_index("payer").reindex([*payers, ""]), heights, scale)
        _title(ax, data[data.scenario == scenario], language)
        ticks(ax, language, "x", signed=True)
    for k, ax in enumerate(axes):
        ax.set_visible(k < len(tables.others))
        ax.tick_params(axis="x", labelbottom=k + across >= len(tables.others))  # nothing is drawn below it
        ax.tick_params(axis="y", labelcolor=INK)
    axes[0].set_yticks(heights, [*(word("payers", p, language) for p in payers), say("together", language)])
    figure.supxlabel(say("bill_axis", language, scale=scale_name, note=note(tables, language)), fontsize=8.5)
    figure.legend(handles=_roles(language), loc="outside upper right", ncols=4, frameon=False, fontsize=8.5)
    return figure


def _pocket(ax: "Axes", part: pd.DataFrame, heights: np.ndarray, scale: float) -> None:
    """Bars of one scenario; what an interval does not tell from 0 is light and hatched."""
    colours = np.where(part.difference > 0, MORE, LESS)
    for y, (payer, r), colour in zip(heights, part.iterrows(), colours, strict=True):
        unsure = r.role == "open"
        ax.barh(
            y, r.difference / scale, height=0.62, color=colour, alpha=0.35 if unsure else 1.0, hatch="////" if unsure else None
        )
        ax.hlines(y, r.low / scale, r.high / scale, color=INK, lw=1.1)
        if r.possible and payer and r.side_payment != 0.0:
            left = (r.difference - r.side_payment) / scale
            ax.plot(left, y, **DIAMOND)
    ax.axvline(0, color=SOFT, lw=0.9)
    ax.axhline(heights[-2] - 0.8, color=SOFT, lw=0.6)
    ax.tick_params(axis="y", length=0)


def _title(ax: "Axes", part: pd.DataFrame, language: str) -> None:
    """The scenario, and whether side payments can settle it."""
    whole = part[part.payer == ""].iloc[0]
    ax.set_title(scenario_name(whole.scenario), pad=16)
    told = say(f"pockets_{settling(whole)}", language, share=percent(whole.possible_share, language))
    ax.annotate(told, (0, 1), (0, 4), xycoords="axes fraction", textcoords="offset points", fontsize=7.8, color=SOFT)


def _roles(language: str) -> list[Any]:
    """What colours, hatches and diamonds mean."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Patch(color=MORE, label=say("pockets_more", language)),
        Patch(color=LESS, label=say("pockets_less", language)),
        Patch(facecolor="#c9c9c9", hatch="////", label=say("pockets_open", language)),
        Line2D([], [], label=say("pockets_after", language), **DIAMOND),
    ]
