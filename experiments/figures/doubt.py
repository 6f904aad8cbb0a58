"""Where the uncertainty of each headline difference comes from: numbers that nobody knows exactly, or luck."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures.style import COLOURS, INK, PALE, SOFT, Size, laid_out, noted, ticks, wrapped
from experiments.loaded import Tables
from experiments.prose import capital, percent, say, scenario_name, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REACH = 4.0  # differences that matter, beyond which an interval is cut off
ROOM = 0.16  # share of a bar that its percentage takes at least


def doubt_data(tables: Tables) -> pd.DataFrame:
    """Per headline indicator and scenario: the split of the variance, and the difference also in units of what matters.

    `scaled_mean`, `scaled_low`, `scaled_high`: over the draws, right is better; unknown where nothing is said to matter.
    """
    known = tables.town[(tables.town.payer == "") & (tables.town.profile == "")]
    found = tables["variance"].merge(known[["indicator", "scenario", "relevant_difference"]], on=["indicator", "scenario"])
    found = found.merge(tables["labels"][["name", "unit", "better"]], left_on="indicator", right_on="name").drop(columns="name")
    scale = found.better.where(found.better != 0, 1) / found.relevant_difference.where(found.relevant_difference > 0)
    for column in ("mean", "low", "high"):
        found[f"scaled_{column}"] = found[column] * scale
    swapped = scale < 0  # the lowest is then the best end
    found.loc[swapped, ["scaled_low", "scaled_high"]] = found.loc[swapped, ["scaled_high", "scaled_low"]].to_numpy()
    order = {name: k for k, name in enumerate(tables.lines)}
    return found.sort_values("indicator", key=lambda names: names.map(order), kind="stable", ignore_index=True)


def doubt(tables: Tables, language: str, size: Size) -> "Figure | None":
    """Left: how much of the variance is of numbers and how much of luck. Right: how far the difference goes over the draws."""
    data = doubt_data(tables)
    if data.empty:
        return None
    names = list(dict.fromkeys(data.indicator))
    heights = np.arange(len(data)) + 1.3 * (data.indicator.map({name: k for k, name in enumerate(names)}) + 1)
    figure, size = laid_out(size, 7.5 + 1.25 * float(heights.iloc[-1]))
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1, 1.1])
    _shares(left, data, heights, language, size)
    _reach(right, data, heights, language, size)
    for name in names:
        top = float(heights[data.indicator == name].min()) - 1.0
        told = capital(word("short", name, language))
        left.text(0.0, top, told, fontweight="bold", fontsize=size.font, va="center", color=INK, in_layout=False)
        right.axhline(top - 0.75, color=PALE, lw=size.scaled(0.8))
        left.axhline(top - 0.75, color=PALE, lw=size.scaled(0.8))
    left.set_yticks(heights, [scenario_name(s) for s in data.scenario])
    left.set_ylim(float(heights.iloc[-1]) + 0.8, -0.5)
    left.set_zorder(right.get_zorder() + 1)  # a long name stands over the panel beside it
    left.patch.set_visible(False)
    for ax in (left, right):
        ax.tick_params(axis="y", length=0, labelcolor=INK)
        ax.spines["left"].set_visible(False)
    figure.legend(loc="outside upper left", ncols=2, frameon=False, fontsize=size.small)
    noted(figure, say("doubt_note", language, draws=int(data.draws.min()), n=int(data.seeds.min())), size)
    return figure


def _shares(ax: "Axes", data: pd.DataFrame, heights: pd.Series, language: str, size: Size) -> None:
    """Two parts of a whole; nothing where the difference does not vary."""
    known = data[data.share_parameters.notna()]
    numbers, y = known.share_parameters.to_numpy(), heights[known.index]
    ax.barh(y, numbers, height=0.78, color=COLOURS[0], label=say("doubt_numbers", language))
    ax.barh(y, 1.0 - numbers, left=numbers, height=0.78, color=PALE, edgecolor="#a8a8a8", hatch="////", lw=0,
            label=say("doubt_luck", language))  # fmt: skip
    for at, share in zip(y, numbers, strict=True):
        inside = share >= ROOM
        look: dict[str, Any] = {"color": "white" if inside else INK, "ha": "right" if inside else "left"}
        box = None if inside else {"facecolor": PALE, "edgecolor": "none", "pad": 0.4}
        ax.text(share - 0.015 if inside else share + 0.02, at, percent(share, language), va="center", fontsize=size.small,
                bbox=box, **look)  # fmt: skip
    for at in heights[data.share_parameters.isna()]:
        ax.text(0.0, at, "–", va="center", fontsize=size.small, color=SOFT)
    ax.set(xlim=(0, 1), xticks=[0, 0.5, 1.0])
    ax.set_xticklabels([percent(x, language) for x in (0, 0.5, 1.0)])
    ax.set_xlabel(say("doubt_share", language))


def _reach(ax: "Axes", data: pd.DataFrame, heights: pd.Series, language: str, size: Size) -> None:
    """The difference over the draws, in units of the difference that matters."""
    ends = data[["scaled_low", "scaled_high"]].abs().max(axis=None)
    reach = float(np.clip(1.08 * ends, 1.25, REACH)) if np.isfinite(ends) else REACH
    ax.axvspan(-1, 1, color="#efefef", lw=0, zorder=0)
    ax.axvline(0, color=SOFT, lw=size.scaled(0.9), zorder=1)
    for y, r in zip(heights, data.itertuples(), strict=True):
        if not np.isfinite(r.scaled_mean):
            continue
        low, high = (float(np.clip(x, -reach, reach)) for x in (r.scaled_low, r.scaled_high))
        ax.plot([low, high], [y, y], color=COLOURS[0], lw=size.scaled(1.6), solid_capstyle="butt")
        for end, cut, mark in ((low, r.scaled_low < -reach, "<"), (high, r.scaled_high > reach, ">")):
            if cut:
                ax.plot([end], [y], marker=mark, color=COLOURS[0], ms=size.scaled(4.5), clip_on=False)
        ax.plot([float(np.clip(r.scaled_mean, -reach, reach))], [y], marker="o", ms=size.scaled(4.2), color=COLOURS[0],
                mec="white", mew=size.scaled(0.6), clip_on=False)  # fmt: skip
    ax.set_xlim(-reach, reach)
    ax.locator_params(axis="x", nbins=4 if size.narrow else 8)
    ticks(ax, language, "x", signed=True)
    ax.set_xlabel(wrapped(say("doubt_axis", language), 0.35 * size.width, size.font))
