"""Vulnerable residents as persons: where they go in a year, and how long a placement stays a soft landing."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments import survival
from experiments.figures.style import (
    COLOURS, INK, LINE, MONTHS, PALE, POINTS, SOFT, Size, apart, inches, laid_out, look_of, wrapped,
)  # fmt: skip
from experiments.loaded import Tables
from experiments.prose import capital, grouped, percent, rounded, say, scenario_name, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HOME, OUTSIDE = "thuis", "buiten"
ORDER = (
    HOME, "opvang", "vrouwenopvang", "beschermd_wonen", "kliniek", "jeugdzorg", "azc", "bank", OUTSIDE,
)  # fmt: skip
KINDS = {"home": COLOURS[0], "lost": COLOURS[1], "stays": "#b8b8b8", "outside": "#dedede"}
SMALLEST_PROFILE = 30  # placements over all seeds: of fewer, a curve is a staircase that says nothing
AT_RISK_EVERY = 12  # months


# Flows


def flows_data(tables: Tables) -> pd.DataFrame:
    """Persons by where they were at the start of a year and where a year later: mean per year over the horizon and the seeds."""
    rows = tables["flows"]
    runs = rows.groupby("scenario").agg(seeds=("seed", "nunique"), years=("year", "max"))
    mean = rows.groupby(["scenario", "from", "to"], sort=False).persons.sum().reset_index()
    mean["persons"] /= mean.scenario.map(runs.seeds * runs.years)
    return mean.assign(seeds=mean.scenario.map(runs.seeds), years=mean.scenario.map(runs.years))


def flows(tables: Tables, language: str, size: Size) -> "Figure | None":
    """An alluvial per scenario on one scale, the start of a year on the left and a year later on the right."""
    data = flows_data(tables)
    if data.empty:
        return None
    shown = [s for s in (tables.baseline, *tables.others) if (data.scenario == s).any()]
    drawn = [data[(data.scenario == s) & ~((data["from"] == HOME) & (data["to"] == HOME))] for s in shown]
    across = 1 if size.narrow else min(len(shown), 2 if size.height is None else 3)
    down = -(-len(shown) // across)
    figure, size = laid_out(size, 25.0 * down + 3.5, "none")
    tall = figure.get_figheight()
    below = size.lines(3.2) / tall
    most = max(max(part.groupby(side).persons.sum().sum() for side in ("from", "to")) for part in drawn)
    for k, (scenario, part) in enumerate(zip(shown, drawn, strict=True)):
        high = (1.0 - below) / down
        box = ((k % across) / across, below + (down - 1 - k // across) * high, 1.0 / across, high - size.lines(3.0) / tall)
        ax = figure.add_axes(box)
        whole = data[(data.scenario == scenario) & (data["from"] == HOME) & (data["to"] == HOME)].persons.sum()
        _alluvial(ax, part, most, size, language)
        _flows_title(figure, box, scenario, whole, size, language)
    _kinds(figure, size, language)
    _foot(figure, say("flows_note", language, n=int(data.seeds.max()), years=int(data.years.max())), size)
    return figure


def _flows_title(figure: "Figure", box: tuple[float, ...], scenario: str, stayed: float, size: Size, language: str) -> None:
    left, top = box[0] + 0.012, box[1] + box[3]
    line = size.lines(1.0) / figure.get_figheight()
    figure.text(left, top + 1.6 * line, scenario_name(scenario), fontweight="bold", va="bottom")
    told = say("flows_stayed", language, n=rounded(stayed, language))
    figure.text(left, top + 0.55 * line, told, fontsize=size.small, color=SOFT, va="bottom")


def _alluvial(ax: "Axes", part: pd.DataFrame, most: float, size: Size, language: str) -> None:
    """Ribbons between two columns of places; heights are persons, `most` of them fill the axes but for the gaps."""
    wide = ax.get_figure().get_figwidth() * ax.get_position().width  # type: ignore[union-attr]
    names = {p: word("persons_places", p, language) for p in ORDER}
    side = max(inches(f"{name} 99,9", size.small) for name in names.values()) + 0.1
    room = side / max(wide - 2.0 * side, 0.4)
    gap = 0.035 * most
    ends = {way: _stacked(part.groupby(way).persons.sum(), gap) for way in ("from", "to")}
    at = {way: {p: top for p, (top, _) in ends[way].items()} for way in ends}
    order = {p: k for k, p in enumerate(ORDER)}
    rows = part.assign(a=part["from"].map(order), b=part["to"].map(order)).sort_values(["a", "b"])
    for r in rows.itertuples():
        start, end = r._2, r.to
        _ribbon(ax, at["from"][start], at["to"][end], r.persons, KINDS[_kind(start, end)])
        at["from"][start] -= r.persons
        at["to"][end] -= r.persons
    low, high = -(most + 8 * gap), gap
    line = size.lines(0.9) * (high - low) / (ax.get_position().height * ax.get_figure().get_figheight())  # type: ignore[union-attr]
    for way, x, align in (("from", -0.02, "right"), ("to", 1.02, "left")):
        middles = [top - persons / 2.0 for top, persons in ends[way].values()]
        for (place, (top, persons)), y in zip(ends[way].items(), apart(middles, line), strict=True):
            ax.plot([x + 0.02 * (1 if x < 0 else -1)] * 2, [top, top - persons], color=INK, lw=size.scaled(2.2), solid_capstyle="butt")
            ax.text(x, y, f"{names[place]} {_persons(persons, language)}", ha=align, va="center", fontsize=size.small)
    ax.set(xlim=(-room, 1.0 + room), ylim=(low, high))
    ax.axis("off")


def _persons(x: float, language: str) -> str:
    return rounded(x, language) if x >= 100.0 else grouped(x, 0 if x >= 9.95 else 1, language)


def _stacked(persons: pd.Series, gap: float) -> dict[str, tuple[float, float]]:
    """Place -> (top, persons), from the top down in ORDER."""
    found, top = {}, 0.0
    for place in ORDER:
        if place in persons.index:
            found[place] = (top, float(persons[place]))
            top -= float(persons[place]) + gap
    return found


def _kind(start: str, end: str) -> str:
    if OUTSIDE in (start, end):
        return "outside"
    return "home" if end == HOME else "lost" if start == HOME else "stays"


def _ribbon(ax: "Axes", left: float, right: float, persons: float, colour: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    points = [(0, left), (0.5, left), (0.5, right), (1, right), (1, right - persons), (0.5, right - persons), (0.5, left - persons)]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    shape = Path([*points, (0, left - persons), (0, left)], codes)
    ax.add_patch(PathPatch(shape, facecolor=colour, edgecolor="white", lw=0.2, alpha=0.85))


def _kinds(figure: "Figure", size: Size, language: str) -> None:
    """What the colours of ribbons mean."""
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=say(f"flows_{kind}", language)) for kind, colour in KINDS.items()]
    widest = max(inches(str(h.get_label()), size.small) for h in handles) + 4.0 * size.small / POINTS
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, size.lines(0.9) / figure.get_figheight()), frameon=False,
        ncols=max(1, min(4, int(size.width // widest))), fontsize=size.small, handlelength=1.2, columnspacing=1.2,
    )  # fmt: skip


def _foot(figure: "Figure", text: str, size: Size) -> None:
    """What is drawn, of how many, at the foot."""
    told = wrapped(text, size.width - 0.2, size.small)
    figure.text(0.1 / size.width, 0.25 * size.lines(1.0) / figure.get_figheight(), told, fontsize=size.small, color=SOFT, va="bottom")
