"""The scenarios against the baseline: the headline indicators on one axis, and how often their sign holds."""

from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures.style import COLOURS, INK, INKS, MARKERS, PALE, SOFT, Size, new_figure, note, short, ticks
from experiments.loaded import Tables
from experiments.prose import euro, interval, number, percent, say, scenario_name, unit, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHARES = {"same": (COLOURS[0], "", "white"), "flipped": (COLOURS[4], "////", INK), "not_separable": (PALE, "", INK)}


# Differences from the baseline


def forest_data(tables: Tables) -> pd.DataFrame:
    """The headline rows of differences, also in units of the difference that matters, with right = better."""
    rows = pd.concat([tables.whole(name) for name in tables.lines], ignore_index=True)
    rows = rows.merge(tables["labels"][["name", "unit", "better"]], left_on="indicator", right_on="name", how="left")
    scale = rows.better.where(rows.better != 0, 1) / rows.relevant_difference.where(rows.relevant_difference > 0)
    for column in ("difference", "low", "high"):
        rows[f"scaled_{column}"] = rows[column] * scale
    columns = ["indicator", "unit", "scenario", "baseline_value", "difference", "low", "high", "relevant_difference", "seeds"]
    return rows[[*columns, "scaled_difference", "scaled_low", "scaled_high"]]


def forest(tables: Tables, language: str, size: Size) -> "Figure | None":
    """All headline indicators on one axis, in units of the difference that matters."""
    data, base = forest_data(tables), scenario_name(tables.baseline)
    if data.empty:
        return None
    names = list(dict.fromkeys(data.indicator))
    block = len(tables.others) + 0.8
    height = 0.95 + max(0.18 * block, 0.45) * len(names)
    figure = new_figure(size.width, height, layout="none")
    longest = max(len(short(scenario_name(s), 28)) for s in tables.others)
    texts = [interval(r.difference, r.low, r.high, unit(r.unit, language).factor, language) for r in data.itertuples()]
    wide = max(0.2, 0.63 - 0.0068 * longest - 0.0062 * max(map(len, texts)))  # what labels, names and intervals leave
    ax = figure.add_axes((0.33, 0.75 / height, wide, 1.0 - 0.8 / height))
    reach = float(np.nanmax(np.abs(data[["scaled_low", "scaled_high", "scaled_difference"]].to_numpy()), initial=1.0))
    limit = min(max(1.25, 1.08 * reach), 4.0)
    ax.axvspan(-1, 1, color=PALE, lw=0, zorder=0)
    ax.axvline(0, color=SOFT, lw=0.9, zorder=1)
    for i, name in enumerate(names):
        label, part = tables.label(name), data[data.indicator == name].set_index("scenario")
        _forest_name(ax, label, part.relevant_difference.iloc[0], -i * block - (len(tables.others) - 1) / 2.0, language)
        for k, scenario in enumerate(tables.others):
            if scenario in part.index:
                _forest_row(ax, part.loc[scenario], k, -i * block - k, limit, unit(label.unit, language).factor, language)
        if i:
            ax.axhline(-i * block + 0.9, color=PALE, lw=0.8)
    ax.set(xlim=(-limit, limit), ylim=(-(len(names)) * block + 0.9, 0.9), yticks=[])
    ax.spines["left"].set_visible(False)
    ticks(ax, language, "x", signed=True)
    ax.set_xlabel(say("forest_axis", language, base=base, note=note(tables, language)))
    return figure


def _forest_name(ax: "Axes", label: pd.Series, relevant: float, y: float, language: str) -> None:
    """Left of the axis: the indicator, its unit, and from where a difference counts."""
    shown = unit(label.unit, language)
    at: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "ha": "right"}
    threshold = euro(relevant, language) if label.unit.startswith("euro") else number(shown.factor * relevant, language, 2)
    name = str(label[language]).split(" (")[0] if label.unit == "score" else str(label[language])
    below = say("counts_from", language, unit=shown.points, threshold=threshold)
    ax.text(-0.03, y + 0.02, fill(name, 44), fontsize=8.5, va="bottom", **at)
    ax.text(-0.03, y - 0.02, below, fontsize=7, color=SOFT, va="top", **at)


def _forest_row(ax: "Axes", row: pd.Series, k: int, y: float, limit: float, factor: float, language: str) -> None:
    colour, marker, width = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)], ax.get_position().width
    at, low, high = (float(np.clip(row[f"scaled_{c}"], -limit, limit)) for c in ("difference", "low", "high"))
    ax.plot([low, high], [y, y], color=colour, lw=1.6, solid_capstyle="butt", zorder=3)
    outside = abs(row.scaled_difference) > limit
    marker = (">" if at > 0 else "<") if outside else marker
    ax.plot([at], [y], marker=marker, color=colour, ms=6 if outside else 4.8, clip_on=False, zorder=4, linestyle="none")
    across: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "fontsize": 8, "va": "center"}
    ax.text(
        1.0 + 0.015 / width, y, short(scenario_name(str(row.name)), 28), color=INKS[k % len(INKS)], fontweight="bold", **across
    )
    ax.text(1.0 + (0.66 - width) / width, y, interval(row.difference, row.low, row.high, factor, language), ha="right", **across)


# Robustness


def robustness_data(tables: Tables) -> pd.DataFrame:
    """The three shares, as they stand."""
    return tables["robustness"]


def robustness(tables: Tables, language: str, size: Size) -> "Figure | None":
    """The three shares over shapes and catchments, per indicator and scenario."""
    data = robustness_data(tables)
    if data.empty:
        return None
    names = list(dict.fromkeys(data.indicator))
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(size.width, 0.8 + rows * (0.55 + 0.26 * data.scenario.nunique()))
    figure.get_layout_engine().set(wspace=0.07)  # type: ignore[union-attr, call-arg]
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for ax, name in zip(axes, names, strict=False):
        _shares(ax, data[data.indicator == name], language, label=name == names[0])
        ax.set_title(word("short", name, language), fontsize=8.5)
    for ax in axes[len(names) :]:
        ax.set_visible(False)
    axes[0].invert_yaxis()
    figure.legend(loc="outside upper center", ncols=3, frameon=False, fontsize=8.5)
    figure.supxlabel(say("shares_axis", language, points=int(data.points.max()), n=int(data.seeds.min())), fontsize=8.5)
    return figure


def _shares(ax: "Axes", part: pd.DataFrame, language: str, label: bool) -> None:
    names, start = [scenario_name(s) for s in part.scenario], np.zeros(len(part))
    for kind, (colour, hatch, ink) in SHARES.items():
        width = part[kind].to_numpy(float)
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": "white", "lw": 0.5, "height": 0.72}
        ax.barh(names, width, left=start, label=say(kind, language) if label else None, **look)
        for y, (at, w) in enumerate(zip(start, width, strict=True)):
            if w >= 0.06:
                box = {"facecolor": colour, "edgecolor": "none", "pad": 0.6}
                ax.text(at + w / 2, y, percent(w, language), ha="center", va="center", fontsize=7.5, color=ink, bbox=box)
        start = start + width
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1.0], [percent(x, language) for x in (0, 0.5, 1.0)])
    ax.tick_params(axis="y", length=0, labelcolor=INK)
