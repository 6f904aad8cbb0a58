"""The scenarios against the baseline: the headline indicators on one axis, and how often their sign holds."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.figures.style import (
    COLOURS,
    INK,
    INKS,
    MARKERS,
    PALE,
    SOFT,
    Size,
    cut,
    inches,
    laid_out,
    note,
    ticks,
    wrapped,
)
from experiments.loaded import Tables
from experiments.prose import Unit, capital, interval, number, percent, say, scenario_name, unit, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHARES = {"same": (COLOURS[0], "", "white"), "flipped": (COLOURS[4], "////", INK), "not_separable": (PALE, "", INK)}
ACROSS = {"column": 1, "page": 2, "slide": 2}  # columns of the forest
PANELS = {"column": 2, "page": 3, "slide": 4}  # panels of shares beside each other
HEAD = 2.0  # lines of a block's head: its name, and its unit
EDGE = 3.0  # how many times the difference that matters the axis shows at most


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


class Shape(NamedTuple):
    """How the forest is laid out, in inches: one of its columns is a name, an axis and an interval wide.

    limit   end of the axis, in differences that matter
    """

    wide: float
    name: float
    axis: float
    text: float
    limit: float


def forest(tables: Tables, language: str, size: Size) -> "Figure | None":
    """All headline indicators in units of the difference that matters: a block each, a row per scenario."""
    data = forest_data(tables)
    if data.empty:
        return None
    names = list(dict.fromkeys(data.indicator))
    block = HEAD + 0.9 + 1.1 * len(tables.others)
    across = min(ACROSS[size.name], len(names))
    down = -(-len(names) // across)
    said = say("forest_note", language, base=scenario_name(tables.baseline), note=note(tables, language))
    below = wrapped(said, size.width - size.lines(0.6), size.small)
    foot = 2.4 + 0.9 * (1 + below.count("\n"))
    figure, size = laid_out(size, 1.6 + down * block + foot, layout="none")
    below = wrapped(said, size.width - size.lines(0.6), size.small)
    high, shape = figure.get_figheight(), _shape(data, tables, size, across, language)
    for column in range(across):
        left = (column * size.width / across + shape.name + size.lines(0.4)) / size.width
        ax = figure.add_axes((left, size.lines(foot) / high, shape.axis / size.width, size.lines(down * block) / high))
        _forest_axis(ax, shape, down * block, language, size)
        for row, name in enumerate(names[column * down : (column + 1) * down]):
            _block(ax, data[data.indicator == name], tables, row * block, shape, language, size)
    figure.text(
        size.lines(0.3) / size.width, size.lines(0.3) / high, below, fontsize=size.small, color=INK, va="bottom", linespacing=1.3
    )
    return figure


def _shape(data: pd.DataFrame, tables: Tables, size: Size, across: int, language: str) -> Shape:
    """Names and intervals get what they need, at most; the axis gets the rest."""
    wide = size.width / across - size.lines(0.8)
    texts = [interval(r.difference, r.low, r.high, _shown(r.unit, language).factor, language) for r in data.itertuples()]
    text = max(inches(t, size.small, bold=True) for t in texts) + size.lines(0.5)
    longest = max(inches(scenario_name(s), size.small, bold=True) for s in tables.others) + size.lines(0.5)
    name = min(longest, max(0.2 * wide, 0.8 * wide - text))
    reach = float(np.nanmax(np.abs(data[["scaled_low", "scaled_high", "scaled_difference"]].to_numpy()), initial=1.0))
    return Shape(wide, name, wide - name - text, text, min(max(1.25, 1.08 * reach), EDGE))


def _shown(name: str, language: str) -> Unit:
    """As `unit`, with euro in thousands: an axis is not to give way to zeros."""
    found = unit(name, language)
    return Unit(1e-3, *[f"{say('thousand', language)} {found.text}"] * 2) if name.startswith("euro") else found


def _forest_axis(ax: "Axes", shape: Shape, rows: float, language: str, size: Size) -> None:
    """Differences that matter, and their better side; y counts lines of type from the top."""
    ax.set(xlim=(-shape.limit, shape.limit), ylim=(rows, 0), yticks=[])
    close = shape.axis / (2.0 * shape.limit) < size.lines(1.2)
    steps = (-3, -2, -1, 0, 1, 2, 3) if shape.axis > size.lines(7.0) else (-1, 1) if close else (-1, 0, 1)
    ax.set_xticks([x for x in steps if abs(x) <= shape.limit])
    ax.spines["left"].set_visible(False)
    ticks(ax, language, "x", signed=True)
    across: dict[str, Any] = {"transform": ax.get_xaxis_transform(), "fontsize": size.small, "color": SOFT, "va": "bottom"}
    gap = size.lines(0.3) / shape.axis * 2 * shape.limit
    ax.text(-gap, 1.0, say("worse_side", language), ha="right", **across)
    ax.text(gap, 1.0, say("better_side", language), ha="left", **across)


def _block(ax: "Axes", part: pd.DataFrame, tables: Tables, top: float, shape: Shape, language: str, size: Size) -> None:
    """One indicator: its name with from where a difference counts, and a row per scenario."""
    label, by = tables.label(str(part.indicator.iloc[0])), part.set_index("scenario")
    shown, relevant = _shown(label.unit, language), float(part.relevant_difference.iloc[0])
    threshold = number(shown.factor * relevant, language, 2)
    counts = say("counts_from", language, unit=shown.points, threshold=threshold)
    name = capital(str(label[language]).split(" (")[0])
    left, first = -(shape.name + size.lines(0.1)) / shape.axis, top + HEAD + 0.75
    points = size.font if inches(name, size.font, bold=True) <= shape.wide else size.small
    at: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "va": "center"}
    ax.text(left, top + 0.75, cut(name, shape.wide, points, bold=True), fontsize=points, fontweight="bold", **at)
    ax.text(left, top + 1.7, cut(counts, shape.wide, size.small), fontsize=size.small, color=SOFT, **at)
    rows = [first - 0.6, first + 1.1 * len(tables.others) - 0.5]
    ax.fill_betweenx(rows, -1, 1, color=PALE, lw=0, zorder=0)
    ax.plot([0, 0], rows, color=SOFT, lw=size.scaled(0.8), zorder=1)
    for k, scenario in enumerate(tables.others):
        if scenario in by.index:
            _row(ax, by.loc[scenario], k, first + 1.1 * k, shape, shown.factor, language, size)


def _row(ax: "Axes", row: pd.Series, k: int, y: float, shape: Shape, factor: float, language: str, size: Size) -> None:
    """One scenario: name, interval, and in words; open where the interval holds 0, bold where it lies beyond what matters."""
    colour, marker, limit = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)], shape.limit
    at, low, high = (float(np.clip(row[f"scaled_{c}"], -limit, limit)) for c in ("difference", "low", "high"))
    ax.plot([low, high], [y, y], color=colour, lw=size.scaled(1.5), solid_capstyle="butt", zorder=3)
    outside, open_ = abs(row.scaled_difference) > limit, not (row.low > 0 or row.high < 0)
    marker = (">" if at > 0 else "<") if outside else marker
    face = "white" if open_ else colour
    ax.plot([at], [y], marker=marker, color=colour, mfc=face, ms=size.scaled(4.6), clip_on=False, zorder=4, linestyle="none")
    ends = sorted((row.scaled_low, row.scaled_high))
    matters = ends[0] > 1 or ends[1] < -1
    across: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "fontsize": size.small, "va": "center"}
    name = cut(scenario_name(str(row.name)), shape.name - size.lines(0.3), size.small, bold=True)
    ax.text(-(shape.name + size.lines(0.1)) / shape.axis, y, name, color=INKS[k % len(INKS)], fontweight="bold", **across)
    told = interval(row.difference, row.low, row.high, factor, language)
    weight = "bold" if matters else "normal"
    ax.text(1.0 + shape.text / shape.axis, y, told, ha="right", fontweight=weight, **across)


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
    columns = min(PANELS[size.name], len(names))
    rows = -(-len(names) // columns)
    figure, size = laid_out(size, 5.5 + rows * (3.0 + 1.5 * data.scenario.nunique()))
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    wide = (size.width - _name_room(data, size)) / columns - size.lines(1.0)
    for ax, name in zip(axes, names, strict=False):
        _shares(ax, data[data.indicator == name], language, size, label=name == names[0])
        title = wrapped(capital(word("short", name, language)), wide, size.small, bold=True)
        ax.set_title(title, fontsize=size.small)
    for ax in axes[len(names) :]:
        ax.set_visible(False)
    axes[0].invert_yaxis()
    keys = [inches(say(kind, language), size.font) + size.lines(2.8) for kind in SHARES]
    figure.legend(
        loc="outside upper left", ncols=3 if sum(keys) < size.width else 1, frameon=False, handlelength=1.6, columnspacing=1.2
    )
    said = say("shares_axis", language, points=int(data.points.max()), n=int(data.seeds.min()))
    figure.supxlabel(wrapped(said, size.width, size.small), fontsize=size.small)
    return figure


def _name_room(data: pd.DataFrame, size: Size) -> float:
    """Inches that the names of scenarios take at most."""
    return min(max(inches(scenario_name(s), size.small) for s in data.scenario), 0.3 * size.width) + size.lines(0.5)


def _shares(ax: "Axes", part: pd.DataFrame, language: str, size: Size, label: bool) -> None:
    names, start = range(len(part)), np.zeros(len(part))
    for kind, (colour, hatch, ink) in SHARES.items():
        width = part[kind].to_numpy(float)
        look: dict[str, Any] = {"color": colour, "hatch": hatch, "edgecolor": "white", "lw": 0.4, "height": 0.78}
        ax.barh(names, width, left=start, label=say(kind, language) if label else None, **look)
        for y, (at, w) in enumerate(zip(start, width, strict=True)):
            if w >= 0.15:
                box = {"facecolor": colour, "edgecolor": "none", "pad": size.scaled(0.5)}
                told: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": size.small, "color": ink, "bbox": box}
                ax.text(at + w / 2, y, percent(w, language), **told)
        start = start + width
    room = _name_room(part, size)
    ax.set_yticks(names, [cut(scenario_name(s), room, size.small) for s in part.scenario])
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1.0], [percent(x, language) for x in (0, 0.5, 1.0)])
    ax.tick_params(axis="y", length=0, labelcolor=INK)
