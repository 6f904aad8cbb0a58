"""What the figures share: their sizes, colours, dashes and markers, and how lines, ticks, names and notes are drawn.

A figure is made at the size at which it is printed, so its type is as large on paper as it says: nothing is scaled afterwards.
Heights are counted in lines of type (`Size.lines`), which hold for a column, a page and a slide alike.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.compare import compared
from experiments.loaded import Tables
from experiments.prose import grouped, say, scenario_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")  # Okabe-Ito
INKS = ("#005a8e", "#a84a00", "#00704f", "#96507b", "#8a5f00", "#1f6f9c")  # the same, dark enough to read as text
DASHES = ("-", (0, (5, 1.5)), (0, (1.2, 1.2)), (0, (6, 1.5, 1.2, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 3)))
MARKERS = ("o", "s", "^", "D", "v", "P")
INK, SOFT, PALE = "#1a1a1a", "#595959", "#e6e6e6"
STYLE: Any = {
    "font.family": "DejaVu Sans", "font.size": 9, "axes.titlesize": 9.5, "axes.titleweight": "bold", "axes.labelsize": 8.5,
    "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "axes.edgecolor": SOFT,
    "text.color": INK, "axes.labelcolor": INK, "xtick.color": SOFT, "ytick.color": SOFT, "xtick.labelsize": 8,
    "ytick.labelsize": 8, "axes.unicode_minus": True, "text.parse_math": False, "svg.hashsalt": "wijkdraagkracht",
    "text.hinting": "none",  # type is as wide at every resolution, so that what fits fits
    "svg.fonttype": "path", "pdf.fonttype": 42, "figure.facecolor": "white", "hatch.linewidth": 0.6,
}  # fmt: skip
MONTHS = 12  # in a year
POINTS = 72.0  # in an inch
SMALLEST = 6.0  # points of type on paper
MEASURED = 64.0  # points at which text is measured
HINTED = 1.02  # how much wider small text may be drawn, on a grid of pixels
LINE = 1.35  # height of a line of type, in its font size


# Sizes


class Size(NamedTuple):
    """A size of paper or screen: inches wide, inches high (None: as high as the figure needs), points of its base font."""

    name: str
    width: float
    height: float | None
    font: float

    @property
    def small(self) -> float:
        """Points of the smaller type: ticks, notes, names inside a drawing."""
        return max(SMALLEST, 0.86 * self.font)

    @property
    def narrow(self) -> bool:
        """Whether panels that stand beside each other on a page stand below each other here."""
        return self.width < 5.0

    def scaled(self, points: float) -> float:
        """Widths of lines, sizes of marks and distances in points, as they are on a page."""
        return points * self.font / PAGE.font

    def lines(self, count: float) -> float:
        """Inches that so many lines of base type are high."""
        return count * LINE * self.font / POINTS

    def fitting(self, count: float) -> "Size":
        """This size, in type small enough for so many lines where the height is fixed, but never below `SMALLEST`."""
        if self.height is None or self.lines(count) <= self.height:
            return self
        return self._replace(font=max(SMALLEST, self.font * self.height / self.lines(count)))


COLUMN = Size("column", 3.5, None, 7.0)  # 89 mm: one column of an article
PAGE = Size("page", 7.2, None, 8.0)  # 183 mm: its full width, and that of a report on A4
SLIDE = Size("slide", 13.33, 7.5, 16.0)
SIZES = {size.name: size for size in (COLUMN, PAGE, SLIDE)}


def style_of(size: Size) -> Any:
    """What matplotlib is told for a size: type, lines and marks in proportion."""
    plain = {f"{axis}tick.{key}": size.scaled(v) for axis in "xy" for key, v in TICKS.items()}
    return {
        **STYLE, **plain, "font.size": size.font, "axes.titlesize": size.font, "axes.labelsize": size.font,
        "figure.labelsize": size.font, "figure.titlesize": size.font, "legend.fontsize": size.font,
        "legend.columnspacing": 1.0, "legend.handletextpad": 0.5, "xtick.labelsize": size.small,
        "ytick.labelsize": size.small, "lines.linewidth": size.scaled(1.3), "lines.markersize": size.scaled(4.5),
        "axes.linewidth": size.scaled(0.7), "axes.labelpad": size.scaled(3.0), "axes.titlepad": size.scaled(4.0),
        "hatch.linewidth": size.scaled(0.45), "patch.linewidth": size.scaled(0.8),
    }  # fmt: skip


TICKS = {"major.size": 2.8, "major.width": 0.7, "major.pad": 2.5, "minor.size": 1.6, "minor.width": 0.5}


def new_figure(width: float, height: float, layout: Any = "constrained") -> "Figure":
    """An empty figure, in inches, outside any window."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def laid_out(size: Size, count: float, layout: Any = "constrained") -> "tuple[Figure, Size]":
    """An empty figure so many lines high, and the size whose type it takes (smaller where a fixed height asks that).

    Call it inside the style of a size (`experiments.figures.drawn` does), before anything else that draws.
    """
    from matplotlib import rcParams

    size = size.fitting(count)
    rcParams.update(style_of(size))
    figure, pad = new_figure(size.width, size.height or size.lines(count), layout), size.scaled(3.0) / POINTS
    if layout == "constrained":
        figure.get_layout_engine().set(w_pad=pad, h_pad=pad, wspace=0.02, hspace=0.02)  # type: ignore[union-attr, call-arg]
    return figure, size


# Text


@lru_cache(maxsize=4096)
def inches(text: str, points: float, bold: bool = False) -> float:
    """How wide a text is, on its longest line."""
    font = _font(bold)
    wide = 0.0
    for line in text.split("\n"):
        font.set_text(line, 0.0)
        wide = max(wide, font.get_width_height()[0] / 64.0)
    return HINTED * wide * points / (MEASURED * POINTS)


@lru_cache(maxsize=2)
def _font(bold: bool) -> Any:
    """What measures text, apart from what draws it: the font at a size at which rounding does not count."""
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")))
    font.set_size(MEASURED, POINTS)
    return font


def wrapped(text: str, width: float, points: float, bold: bool = False) -> str:
    """The text in lines of at most so many inches; a word that is longer stands alone."""
    lines: list[str] = []
    for part in text.split("\n"):
        line = ""
        for word in part.split(" "):
            longer = f"{line} {word}".strip()
            if line and inches(longer, points, bold) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return "\n".join(lines)


def cut(text: str, width: float, points: float, bold: bool = False) -> str:
    """The text, cut off where it is wider than so many inches."""
    kept = text
    while len(kept) > 1 and inches(kept, points, bold) > width:
        kept = kept.rstrip("…")[:-1].rstrip(" +_") + "…"
    return kept


# Lines and their names


def look_of(scenario: int) -> dict[str, Any]:
    """Colour, dash and marker of the k-th scenario: distinct in grey too."""
    k = scenario % len(COLOURS)
    return {"color": COLOURS[k], "linestyle": DASHES[k]}


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Heights of labels, moved apart as little as keeps their order and a gap between them."""
    order = sorted(range(len(heights)), key=lambda k: heights[k])
    groups: list[list[Any]] = []  # [labels, centre]
    for k in order:
        groups.append([[k], heights[k]])
        while len(groups) > 1 and groups[-1][1] - groups[-2][1] < gap * (len(groups[-1][0]) + len(groups[-2][0])) / 2.0:
            b, a = groups.pop(), groups.pop()
            n, m = len(a[0]), len(b[0])
            groups.append([a[0] + b[0], (a[1] * n + b[1] * m) / (n + m)])
    placed = list(heights)
    for members, centre in groups:
        for rank, k in enumerate(members):
            placed[k] = centre + (rank - (len(members) - 1) / 2.0) * gap
    return placed


def end_labels(ax: "Axes", x: float, ends: list[tuple[str, float, str]]) -> None:
    """Names at line ends, in the colour of their line, with a thin leader where they were moved."""
    from matplotlib import rcParams

    low, high = ax.get_ylim()
    points = rcParams["xtick.labelsize"]
    tall = ax.get_figure(root=True).get_figheight() * ax.get_position().height  # type: ignore[union-attr]
    heights = apart([y for _, y, _ in ends], LINE * points / POINTS * (high - low) / tall)
    for (name, y, colour), place in zip(ends, heights, strict=True):
        ax.annotate(
            name, xy=(x, y), xytext=(1.035, (place - low) / (high - low)), textcoords="axes fraction", color=colour,
            fontsize=points, va="center", annotation_clip=False, fontweight="bold",
            arrowprops={"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 1, "relpos": (0, 0.5)},
        )  # fmt: skip


def ticks(ax: "Axes", language: str, axis: str = "y", signed: bool = False) -> None:
    """Tick labels as the language writes numbers, with the digits that the steps need."""
    from matplotlib.ticker import Formatter

    class InLanguage(Formatter):
        decimals = 0

        def set_locs(self, locs: Any) -> None:
            step = abs(locs[1] - locs[0]) if len(locs) > 1 else 1.0
            self.decimals = next((d for d in range(7) if abs(round(step, d) - step) < 1e-3 * step), 6)

        def __call__(self, x: float, pos: int | None = None) -> str:
            return grouped(float(x), self.decimals, language, sign=signed)

    getattr(ax, f"{axis}axis").set_major_formatter(InLanguage())


# What is drawn


def note(tables: Tables, language: str) -> str:
    """What the bands and intervals are, and over how many seeds."""
    return say("note", language, n=tables.seeds)


def noted(figure: "Figure", text: str, size: Size) -> None:
    """A note under a figure, over its whole width."""
    figure.supxlabel(wrapped(text, 0.93 * size.width, size.small), fontsize=size.small, color=SOFT)


def bands(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95% interval over seeds, per scenario and month. frame: scenario, seed, month, value."""
    wide = frame.pivot_table(index=["scenario", "month"], columns="seed", values="value", sort=False)
    values = wide.to_numpy().T
    found = compared(np.stack([np.zeros_like(values), values], axis=1), 0)  # against nothing: the values themselves
    table = pd.DataFrame({"mean": found.difference[1], "low": found.low[1], "high": found.high[1]}, wide.index)
    return table.reset_index()


def legend_columns(tables: Tables, size: Size) -> int:
    """Columns of a legend of all scenarios: as few lines as the names need."""
    names = [scenario_name(s) for s in (tables.baseline, *tables.others)]
    widest = max(inches(n, size.font) for n in names) + 4.3 * size.font / POINTS  # with its line and the gap to the next
    return max(1, min(len(names), int((size.width - 0.1) // widest)))
