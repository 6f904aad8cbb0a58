"""Vulnerable residents as persons: where they go in a year, and how long a placement stays a soft landing."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments import survival
from experiments.figures.style import (
    COLOURS,
    INK,
    LINE,
    MONTHS,
    POINTS,
    SOFT,
    Size,
    apart,
    cut,
    inches,
    laid_out,
    look_of,
    wrapped,
)
from experiments.loaded import Tables
from experiments.prose import capital, grouped, number, percent, rounded, say, scenario_name, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HOME, OUTSIDE, CAME = "thuis", "buiten", "gekomen"
ORDER = (
    HOME, CAME, "opvang", "vrouwenopvang", "beschermd_wonen", "kliniek", "jeugdzorg", "azc", "bank", OUTSIDE,
)  # fmt: skip
AT_HOME = {"stayed": (HOME, HOME), "new": (OUTSIDE, HOME), "gone": (HOME, OUTSIDE)}  # many, and told in words
KINDS = {"home": COLOURS[0], "lost": COLOURS[1], "came": COLOURS[4], "stays": "#8c8c8c", "outside": "#d2d2d2"}
SMALLEST_PROFILE = 30  # placements over all seeds: of fewer, a curve is a staircase that says nothing
AT_RISK_EVERY = 12  # months
TALLEST = 72.0  # lines of type of all panels of flows together: of many scenarios each panel is lower


# Flows


def flows_data(tables: Tables) -> pd.DataFrame:
    """Persons by where they were at the start of a year and where a year later: mean per year over the horizon and the seeds."""
    rows = tables["flows"]
    runs = rows.groupby("scenario").agg(seeds=("seed", "nunique"), years=("year", "max"))
    total = rows.groupby(["scenario", "from", "to"], sort=False).persons.sum().reset_index()
    found = total.merge(runs.reset_index(), on="scenario", how="left")  # keeps numbers numbers where nobody was followed
    return found.assign(persons=found.persons / (found.seeds * found.years))


def flows(tables: Tables, language: str, size: Size) -> "Figure | None":
    """An alluvial per scenario on one scale, the start of a year on the left and a year later on the right."""
    data = flows_data(tables)
    if data.empty:
        return None
    shown = [s for s in (tables.baseline, *tables.others) if (data.scenario == s).any()]
    way = pd.MultiIndex.from_frame(data[["from", "to"]])
    drawn = [data[(data.scenario == s) & ~way.isin(list(AT_HOME.values()))] for s in shown]
    across = 1 if size.narrow else min(len(shown), 2 if size.height is None else 3)
    down = -(-len(shown) // across)
    each = max(11.0, min(17.5 if size.narrow else 24.0, TALLEST / down))
    figure, size = laid_out(size, each * down + (7.0 if size.narrow else 4.5), "none")
    tall = figure.get_figheight()
    below = size.lines(6.4 if size.narrow else 4.4) / tall
    most = max(max(part.groupby(side).persons.sum().sum() for side in ("from", "to")) for part in drawn)
    for k, (scenario, part) in enumerate(zip(shown, drawn, strict=True)):
        high = (1.0 - below) / down
        box = ((k % across) / across, below + (down - 1 - k // across) * high, 1.0 / across, high - size.lines(3.8) / tall)
        ax = figure.add_axes(box)
        own = data[data.scenario == scenario].set_index(["from", "to"]).persons
        left_out = {name: rounded(float(own.get(way, 0.0)), language) for name, way in AT_HOME.items()}
        _alluvial(ax, part, most, size, language)
        _flows_title(figure, box, scenario, left_out, size, language)
    _kinds(figure, size, language)
    foot_note(figure, say("flows_note", language, n=int(data.seeds.max()), years=int(data.years.max())), size)
    return figure


def _flows_title(
    figure: "Figure", box: tuple[float, ...], scenario: str, left_out: dict[str, str], size: Size, language: str
) -> None:
    left, top = box[0] + 0.012, box[1] + box[3]
    line = size.lines(1.0) / figure.get_figheight()
    figure.text(left, top + 2.4 * line, scenario_name(scenario), fontweight="bold", va="bottom")
    told = wrapped(say("flows_stayed", language, **left_out), (box[2] - 0.02) * size.width, size.small)
    figure.text(left, top + 2.3 * line, told, fontsize=size.small, color=SOFT, va="top")


def _alluvial(ax: "Axes", part: pd.DataFrame, most: float, size: Size, language: str) -> None:
    """Ribbons between two columns of places; heights are persons, `most` of them fill the axes but for the gaps."""
    wide = ax.get_figure().get_figwidth() * ax.get_position().width  # type: ignore[union-attr]
    names = {p: word("stays", p, language) for p in ORDER}
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
    for way, x, align in (("from", -0.05, "right"), ("to", 1.05, "left")):
        middles = [top - persons / 2.0 for top, persons in ends[way].values()]
        for (place, (top, persons)), y in zip(ends[way].items(), apart(middles, line), strict=True):
            ax.plot([0.0 if x < 0 else 1.0] * 2, [top, top - persons], color=INK, lw=size.scaled(2.2), solid_capstyle="butt")
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
    return "home" if end == HOME else "lost" if start == HOME else "came" if start == CAME else "stays"


def _ribbon(ax: "Axes", left: float, right: float, persons: float, colour: str) -> None:
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    points = [
        (0, left),
        (0.5, left),
        (0.5, right),
        (1, right),
        (1, right - persons),
        (0.5, right - persons),
        (0.5, left - persons),
    ]
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    shape = Path([*points, (0, left - persons), (0, left)], codes)
    ax.add_patch(PathPatch(shape, facecolor=colour, edgecolor="white", lw=0.2, alpha=0.85))


def _kinds(figure: "Figure", size: Size, language: str) -> None:
    """What the colours of ribbons mean."""
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=say(f"flows_{kind}", language)) for kind, colour in KINDS.items()]
    under_axes(figure, handles, 4.2 if size.narrow else 2.4, size)


def under_axes(figure: "Figure", handles: list[Any], lines: float, size: Size) -> None:
    """A legend in as few lines as it needs, so many lines of type above the foot."""
    figure.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, size.lines(lines) / figure.get_figheight()), frameon=False,
        ncols=_columns([str(h.get_label()) for h in handles], size), fontsize=size.small, handlelength=1.6, columnspacing=1.2,
    )  # fmt: skip


def _columns(names: list[str], size: Size) -> int:
    """How many names of a legend stand beside each other."""
    widest = max(inches(name, size.small) for name in names) + 4.6 * size.small / POINTS
    return max(1, min(len(names), int(size.width // widest)))


def foot_note(figure: "Figure", text: str, size: Size) -> None:
    """What is drawn, of how many, at the foot."""
    told = wrapped(text, 0.94 * size.width - 0.2, size.small)
    figure.text(
        0.1 / size.width, 0.25 * size.lines(1.0) / figure.get_figheight(), told, fontsize=size.small, color=SOFT, va="bottom"
    )


# Landing


class Curve(NamedTuple):
    """One scenario's share of placements that are still soft [months + 1], with its band, and how many are at risk."""

    share: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: np.ndarray


def landing_data(tables: Tables) -> pd.DataFrame:
    """Per scenario, profile ("" is all) and month since placement: the share that is still soft, its band, and how many are left.

    Product-limit estimate over all seeds together; profiles with fewer than `SMALLEST_PROFILE` placements are left out.
    """
    rows, frames = tables["landing"], []
    for (scenario, profile), part in _by_profile(rows):
        events, at_risk = (_wide(part, rows, name) for name in ("events", "at_risk"))
        if at_risk[:, 0].sum() < SMALLEST_PROFILE:
            continue
        both = np.stack([events, at_risk], axis=1)
        share, low, high = survival.over_seeds(both, lambda x: survival.curve(x[0], x[1]))
        known = at_risk.sum(axis=0) >= SMALLEST_PROFILE  # beyond this a curve is of a few
        found = {"share": share, "low": np.maximum(low, 0.0), "high": np.minimum(high, 1.0), "at_risk": at_risk.sum(axis=0)}
        frame = pd.DataFrame({name: values[known] for name, values in found.items()})
        frames.append(frame.assign(scenario=scenario, profile=profile, month=np.flatnonzero(known), seeds=len(events)))
    columns = ["scenario", "profile", "month", "share", "low", "high", "at_risk", "seeds"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _by_profile(rows: pd.DataFrame) -> Any:
    """Scenario and profile with their rows: all profiles together, as "", first."""
    together = rows.groupby(["scenario", "seed", "month"], sort=False)[["at_risk", "events", "censored"]].sum().reset_index()
    every = pd.concat([together.assign(profile=""), rows], ignore_index=True)
    return every.groupby(["scenario", "profile"], sort=False)


def _wide(part: pd.DataFrame, rows: pd.DataFrame, name: str) -> np.ndarray:
    """Counts [seeds, months + 1] of one scenario and profile; seeds of the scenario that have none count as 0."""
    seeds = rows.seed[rows.scenario == part.scenario.iloc[0]].unique()
    wide = part.pivot_table(index="seed", columns="month", values=name, aggfunc="sum", fill_value=0)
    return wide.reindex(index=seeds, columns=range(int(rows.month.max()) + 1), fill_value=0).to_numpy(float)


def landing(tables: Tables, language: str, size: Size) -> "Figure | None":
    """Share of placements that are still soft by months since: all, and per profile; below each how many are at risk."""
    data = landing_data(tables)
    if data.empty:
        return None
    shown = [s for s in (tables.baseline, *tables.others) if (data.scenario == s).any()]
    profiles = list(dict.fromkeys(data.profile))
    across = 4 if size.height else 3
    down = -(-len(profiles) // across)
    under = (len(shown) + 2.2) * 0.86  # lines of numbers at risk
    legend = -(-len(shown) // _columns([scenario_name(s) for s in shown], size))
    at_foot = (6.4 if size.narrow else 3.6) + 1.3 * legend
    figure, size = laid_out(size, down * (8.5 + under) + at_foot + 0.6, "none")
    tall, wide = figure.get_figheight(), figure.get_figwidth()
    names = max(inches(scenario_name(s), size.small) for s in shown)
    left = min(names + 2.6 * size.small / POINTS, 0.3 * wide) / wide
    foot, line = size.lines(at_foot) / tall, size.lines(1.0) / tall
    high, each = (1.0 - foot) / down, (1.0 - left) / across
    months, after = _horizon(data), tables.parameter("landing.after_months", float("nan"))
    for k, profile in enumerate(profiles):
        row = down - 1 - k // across
        low = foot + row * high + under * line
        box = (left + (k % across) * each, low, each - 2.6 * size.small / POINTS / wide, high - (under + 2.9) * line)
        ax = figure.add_axes(box)
        _curves(ax, data[data.profile == profile], shown, months, language)
        title = capital(word("profiles_short", profile, language)) if profile else say("landing_all", language)
        ax.set_title(wrapped(title, box[2] * wide, size.font, bold=True))
        ax.axvline(after, color=SOFT, lw=size.scaled(0.7), linestyle=(0, (1.2, 1.6)), zorder=0)
        ax.tick_params(labelleft=k % across == 0)
        _numbers_at_risk(ax, data[data.profile == profile], shown, months, k % across == 0, size, language)
    _landing_legend(figure, shown, size)
    foot_note(figure, say("landing_note", language, n=int(data.seeds.max()), after=number(after, language)), size)
    return figure


def _horizon(data: pd.DataFrame) -> int:
    """Months that are drawn: as far as most curves go, in whole years."""
    reach = data.groupby(["scenario", "profile"]).month.max().median()
    return max(MONTHS, int(reach) // MONTHS * MONTHS)


def _curves(ax: "Axes", part: pd.DataFrame, shown: list[str], months: int, language: str) -> None:
    for k, scenario in enumerate(shown):
        one = part[(part.scenario == scenario) & (part.month <= months)]
        look = {"color": INK, "linestyle": "-"} if k == 0 else look_of(k - 1)
        ax.fill_between(one.month, one.low, one.high, step="post", color=look["color"], alpha=0.12, linewidth=0)
        ax.step(one.month, one.share, where="post", **look)
    ticks = np.arange(0, months + 1, AT_RISK_EVERY if months <= 4 * MONTHS else 2 * AT_RISK_EVERY)
    ax.set(xlim=(0, months), ylim=(0, 1.02), yticks=(0, 0.5, 1.0), xticks=ticks)
    ax.set_yticklabels([percent(x, language) for x in (0, 0.5, 1.0)])


def _numbers_at_risk(
    ax: "Axes", part: pd.DataFrame, shown: list[str], months: int, first: bool, size: Size, language: str
) -> None:
    """A line of numbers per scenario, below the months to which they belong."""
    step = size.small * LINE
    for k, scenario in enumerate(shown):
        one = part[part.scenario == scenario].set_index("month").at_risk
        colour = INK if k == 0 else look_of(k - 1)["color"]
        at: dict[str, Any] = {"textcoords": "offset points", "fontsize": size.small, "va": "top", "annotation_clip": False}
        below = -(1.5 + k) * step - 3.0
        for month in ax.get_xticks():
            if month in one.index:
                text = grouped(float(one[month]), 0, language)
                ax.annotate(text, (month, 0), (0, below), xycoords=("data", "axes fraction"), ha="center", color=colour, **at)
        if first and k == 0:
            months_at = (-size.small * 2.0, -5.0)
            ax.annotate(say("record_months", language), (0, 0), months_at, xycoords="axes fraction", ha="right", color=SOFT, **at)
        if first:
            room = ax.get_position().x0 * ax.get_figure().get_figwidth() - 2.2 * size.small / POINTS  # type: ignore[union-attr]
            name = cut(scenario_name(scenario), room, size.small)
            ax.annotate(name, (0, 0), (-size.small * 2.0, below), xycoords="axes fraction", ha="right", color=colour, **at)


def _landing_legend(figure: "Figure", shown: list[str], size: Size) -> None:
    from matplotlib.lines import Line2D

    looks = [{"color": INK, "linestyle": "-"}, *(look_of(k) for k in range(len(shown) - 1))]
    handles = [Line2D([], [], label=scenario_name(s), **look) for s, look in zip(shown, looks, strict=True)]
    under_axes(figure, handles, 5.6 if size.narrow else 3.0, size)
