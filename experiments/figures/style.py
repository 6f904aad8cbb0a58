"""What the figures share: colours, dashes and markers, and how lines, ticks, names and notes are drawn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.compare import paired
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
    "svg.fonttype": "path", "figure.facecolor": "white", "hatch.linewidth": 0.6,
}  # fmt: skip
MONTHS = 12  # in a year


def new_figure(width: float, height: float, layout: Any = "constrained") -> "Figure":
    """An empty figure, in inches, outside any window."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


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
    low, high = ax.get_ylim()
    inches = ax.get_figure().get_figheight() * 0.7  # type: ignore[union-attr]
    heights = apart([y for _, y, _ in ends], 0.17 * (high - low) / inches)
    for (name, y, colour), place in zip(ends, heights, strict=True):
        ax.annotate(
            name, xy=(x, y), xytext=(1.035, (place - low) / (high - low)), textcoords="axes fraction", color=colour,
            fontsize=8.5, va="center", annotation_clip=False, fontweight="bold",
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


def note(tables: Tables, language: str) -> str:
    """What the bands and intervals are, and over how many seeds."""
    return say("note", language, n=tables.seeds)


def bands(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean and 95% interval over seeds, per scenario and month. frame: scenario, seed, month, value."""
    wide = frame.pivot_table(index=["scenario", "month"], columns="seed", values="value", sort=False)
    rows = [(*key, *paired(values)[:3]) for key, values in zip(wide.index, wide.to_numpy(), strict=True)]
    return pd.DataFrame(rows, columns=["scenario", "month", "mean", "low", "high"])


def legend_columns(tables: Tables) -> int:
    """Columns of a legend of all scenarios: one line where the names fit, else two."""
    names = [scenario_name(s) for s in (tables.baseline, *tables.others)]
    return len(names) if sum(len(n) + 10 for n in names) <= 125 else -(-len(names) // 2)


def short(name: str, most: int) -> str:
    """The name, cut off where it is longer than fits."""
    return name if len(name) <= most else name[: most - 1].rstrip() + "…"
