"""How a difference depends on what was varied: over two axes of a design or a sweep as cells, over one as lines.

A design or a sweep of one axis has scenarios as its second. Where points form no grid they are drawn one by one: nothing was
computed between them, so nothing is filled in.
"""

from collections.abc import Sequence
from functools import partial
from math import floor, isfinite, log10, prod
from numbers import Real
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.figures.style import COLOURS, INK, MARKERS, PALE, SOFT, Size, cut, inches, laid_out, noted, ticks, wrapped
from experiments.loaded import Tables
from experiments.prose import capital, grouped, number, say, scenario_name, unit, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILLED = 0.5  # share of all combinations from which points are a grid with holes, and not points by themselves
HATCH, HATCH_INK = "/////", "#6e6e6e"
DARK = 0.62  # of the largest difference, from which a number in a cell is white
WIDE = 10.0  # highest over lowest value from which an axis of points is logarithmic
TALLEST = 24.0  # lines of type of a panel of cells
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COLUMNS = ["difference", "low", "high", "seeds"]


class About(NamedTuple):
    """Which difference is shown: of an indicator, its unit, whether more is better (1, -1, 0), and from which baseline."""

    indicator: str
    unit: str
    better: int
    baseline: str
    relevant: float


class Plane(NamedTuple):
    """Differences over two axes. `rows`: across, up (values of the axes), scenario, difference, low, high, seeds.

    across, up   names of the axes; `up` is "" where it is the scenario
    fixed        at which value each further axis is held
    own          the study's own value of each axis, where there is one
    scattered    whether points form no grid; further axes are then not held
    """

    rows: pd.DataFrame
    across: str
    up: str
    fixed: dict[str, Any]
    own: dict[str, Any]
    scattered: bool
    about: About


# Data


def plane(frame: pd.DataFrame, paths: Sequence[str], own: dict[str, Any], about: About) -> Plane:
    """The first two of the axes (or the only one and the scenario), with the others held where the study has them, or near.

    frame: a column for each path, scenario, difference, low, high, seeds; one row per point and scenario.
    """
    across, up, *others = [*paths, ""] if len(paths) == 1 else paths
    points = frame.drop_duplicates(list(paths))
    scattered = len(paths) > 1 and len(points) < FILLED * prod(points[path].nunique() for path in paths)
    fixed = {} if scattered else {path: _nearest(levels(points[path]), own.get(path)) for path in others}
    for path, value in fixed.items():
        frame = frame[frame[path] == value]
    rows = frame.assign(across=frame[across], up=frame[up] if up else frame.scenario)
    return Plane(rows[["across", "up", "scenario", *COLUMNS]], across, up, fixed, own, scattered, about)


def levels(values: pd.Series) -> list[Any]:
    """The values of an axis: numbers from low to high, anything else in the order in which it comes."""
    found = list(dict.fromkeys(values.tolist()))
    return sorted(found) if all(_is_number(x) for x in found) else found


def _is_number(x: Any) -> bool:
    return isinstance(x, Real) and not isinstance(x, bool)


def _nearest(known: list[Any], value: Any) -> Any:
    """The level that is the value or, of numbers, lies nearest to it; else the first."""
    if value in known:
        return value
    return min(known, key=lambda x: abs(x - value)) if _is_number(value) and all(map(_is_number, known)) else known[0]


def plane_of(tables: Tables) -> Plane | None:
    """The design of a study on its first headline indicator; None where nothing was varied, or nothing compared."""
    designs, config = tables["designs"], tables.manifest["identity"]["config"]
    points = designs[designs.kind == "design"]
    paths = [path for path in designs.columns.drop(["design", "kind"]) if points[path].nunique() > 1]
    d = tables["differences"]
    indicator = config["robustness"]["indicators"][0]
    mine = (d.level == "gemeente") & (d.payer == "") & (d.profile == "") & (d.indicator == indicator)
    frame = d[mine & d.scenario.isin(tables.others)].merge(points[["design", *paths]], on="design")
    if not paths or frame.empty:
        return None
    label, study = tables.label(indicator), designs[designs.kind == "study"].iloc[0]
    about = About(indicator, str(label.unit), int(label.better), tables.baseline, float(frame.relevant_difference.iloc[0]))
    order = {name: k for k, name in enumerate(tables.others)}
    frame = frame.sort_values("scenario", key=lambda s: s.map(order), kind="stable")
    return plane(frame, paths, {path: study[path] for path in paths}, about)


def raster_data(tables: Tables) -> pd.DataFrame:
    """Per point of the design and scenario: the values of both axes, and the difference with its interval."""
    found = plane_of(tables)
    return pd.DataFrame() if found is None else told(found)


def told(p: Plane) -> pd.DataFrame:
    """The rows of a plane under the names of its axes, with what is held."""
    rows = p.rows.rename(columns={"across": p.across, **({"up": p.up} if p.up else {})})
    rows = rows if p.up else rows.drop(columns="up")
    return rows.assign(indicator=p.about.indicator, unit=p.about.unit, **{f"fixed {path}": v for path, v in p.fixed.items()})


def raster(tables: Tables, language: str, size: Size) -> "Figure | None":
    """The difference over two axes of the study's design."""
    found = plane_of(tables)
    return None if found is None else raster_of(found, language, size)


# Two axes


def raster_of(p: Plane, language: str, size: Size) -> "Figure":
    """A panel per scenario, and one of which scenario is best; colours are centred at zero and the same in all."""
    scenarios = list(dict.fromkeys(p.rows.scenario)) if p.up else [""]
    best = len(scenarios) > 1 and p.about.better != 0 and not p.scattered
    count = len(scenarios) + best
    across = _beside(count, size)
    down = -(-count // across)
    figure, size = laid_out(size, 9.0 + down * (_tall(p) + 2.6))
    axes = figure.subplots(down, across, sharex=True, sharey=True, squeeze=False).ravel()
    scale, room = _Scale.of(p, language), (size.width - 0.9) / across
    names = _called(p, scenarios, room, size) if best else []
    lettered = best and names[0] == LETTERS[0]
    for k, (ax, scenario) in enumerate(zip(axes, scenarios, strict=False)):
        part = p.rows[p.rows.scenario == scenario] if p.up else p.rows
        (_points if p.scattered else _cells)(ax, part, p, scale, language, room, size)
        title = (f"{names[k + 1]}: " if lettered else "") + scenario_name(scenario)
        ax.set_title(cut(title, room - 0.2, size.font, True) if p.up else "")
    if best:
        _best(axes[count - 1], p, names, scenarios, language, size)
    if p.up:
        figure.supylabel(axis_name(p.up, language), fontsize=size.font)
    _axes(list(axes), count, across, p, language, (size.width - 1.25) / across, size)
    _bar(figure, list(axes), scale, language, size)
    noted(figure, _note(p, scenarios, names, language), size)
    return figure


def _bar(figure: "Figure", axes: "list[Axes]", scale: "_Scale", language: str, size: Size) -> None:
    """What colours mean, below all panels."""
    bar = figure.colorbar(scale.mapped(), ax=axes, location="bottom", aspect=45, shrink=0.75, pad=0.02)
    bar.outline.set_visible(False)
    ticks(bar.ax, language, "x", signed=True)
    bar.ax.locator_params(nbins=4)
    bar.ax.set_xlabel(wrapped(scale.label, 0.72 * size.width, size.small), fontsize=size.small)


def _tall(p: Plane) -> float:
    """Lines of type that a panel is high."""
    return 14.0 if p.scattered else float(np.clip(1.9 * p.rows.up.nunique(), 4.0, TALLEST))


def _beside(count: int, size: Size) -> int:
    """How many panels stand beside each other."""
    if size.narrow:
        return 1 if count <= 4 else 2
    return count if count <= 3 else 2 if count == 4 else 3


class _Scale(NamedTuple):
    """From a difference to its colour and its text."""

    most: float
    factor: float
    decimals: int
    colours: str
    label: str

    @classmethod
    def of(cls, p: Plane, language: str) -> "_Scale":
        shown = unit(p.about.unit, language)
        most = shown.factor * float(p.rows.difference.abs().max()) or 1.0
        key = "raster_bar" if p.about.better else "raster_bar_neutral"
        what, base = word("short", p.about.indicator, language), scenario_name(p.about.baseline)
        label = say(key, language, what=what, unit=shown.points, base=base)
        colours = "PuOr_r" if p.about.better < 0 else "PuOr"
        return cls(most, shown.factor, min(6, 1 - floor(log10(most))), colours, capital(label))

    def mapped(self) -> Any:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        return ScalarMappable(Normalize(-self.most, self.most), self.colours)

    def sign(self, differences: np.ndarray) -> np.ndarray:
        """-1, 0 or 1 as the numbers are shown: what is shown as zero has no sign."""
        return np.sign(np.round(self.factor * differences, self.decimals))

    def text(self, difference: float, language: str) -> str:
        return grouped(self.factor * difference, self.decimals, language, sign=True)


def separable(rows: pd.DataFrame) -> pd.Series:
    """Whether each interval excludes zero; not where there is none."""
    return (rows.low > 0) | (rows.high < 0)


def _squares(part: pd.DataFrame, p: Plane, column: str) -> np.ndarray:
    """A column of rows as an array [up, across] over all levels; NaN where there is no point."""
    wide = part.pivot(index="up", columns="across", values=column)
    return wide.reindex(index=levels(p.rows.up), columns=levels(p.rows.across)).to_numpy(float)


def _cells(ax: "Axes", part: pd.DataFrame, p: Plane, scale: _Scale, language: str, width: float, size: Size) -> None:
    """Coloured cells with their number, hatched where they can not be told from zero, and a line where the sign turns."""
    values, sure = _squares(part, p, "difference"), _squares(part.assign(sure=separable(part)), p, "sure")
    colour = scale.mapped()
    roomy = inches(scale.text(-scale.most / scale.factor, language), size.small) < 0.92 * (width - 0.35) / values.shape[1]
    roomy &= _tall(p) / values.shape[0] > 1.2
    for (row, column), value in np.ndenumerate(values):
        known = isfinite(value)
        fill = colour.to_rgba(scale.factor * value) if known else PALE
        _cell(ax, row, column, fill, known and bool(sure[row, column] < 0.5))
        if roomy:
            ink = "white" if known and abs(scale.factor * value) > DARK * scale.most else INK
            box = {"facecolor": fill, "edgecolor": "none", "pad": 0.8}
            ax.text(column, row, scale.text(value, language) if known else "–", ha="center", va="center", fontsize=size.small,
                    color=ink, bbox=box)  # fmt: skip
    _borders(ax, scale.sign(values), p.up != "", size)


def _cell(ax: "Axes", row: int, column: int, fill: Any, hatched: bool) -> None:
    from matplotlib.patches import Rectangle

    corner = (column - 0.5, row - 0.5)
    ax.add_patch(Rectangle(corner, 1, 1, facecolor=fill, edgecolor="white", lw=0.5))
    if hatched:
        ax.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor=HATCH_INK, lw=0, hatch=HATCH))


def pale(colour: str) -> tuple[float, ...]:
    """The colour, light enough to read on."""
    from matplotlib.colors import to_rgb

    return tuple(1.0 - 0.5 * (1.0 - x) for x in to_rgb(colour))


def turns(kinds: np.ndarray, upward: bool = True) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The sides between neighbouring cells [up, across] of different kinds, as lines; unknown (NaN) and 0 differ from nothing.

    upward: whether cells above each other are compared too; scenarios are no order, so rows of scenarios are not.
    """
    found = []
    for (row, column), kind in np.ndenumerate(kinds):
        for next_row, next_column in ((row, column + 1), (row + 1, column))[: 2 if upward else 1]:
            if next_row < kinds.shape[0] and next_column < kinds.shape[1]:
                other = kinds[next_row, next_column]
                if isfinite(kind) and isfinite(other) and kind != 0 and other != 0 and kind != other:
                    at = (column + 0.5, row - 0.5) if next_row == row else (column - 0.5, row + 0.5)
                    found.append((at, (column + 0.5, row + 0.5)))
    return found


def _borders(ax: "Axes", kinds: np.ndarray, upward: bool, size: Size) -> None:
    from matplotlib.collections import LineCollection

    ax.add_collection(LineCollection(turns(kinds, upward), colors=INK, linewidths=size.scaled(2.2), capstyle="projecting"))
    ax.set(xlim=(-0.5, kinds.shape[1] - 0.5), ylim=(-0.5, kinds.shape[0] - 0.5))


def best_of(p: Plane, scenarios: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """([up, across]: 0 where none is better than the baseline and some equal, 1 where the baseline is best on average, else 2 +
    the place in `scenarios` of the best; whether that is sure against the baseline).

    Sure is a best scenario whose interval excludes zero, or a baseline that every scenario is told apart from. How sure the
    best is against another scenario the tables of designs do not say.
    """
    parts = [p.rows[p.rows.scenario == s] for s in scenarios]
    values = np.stack([p.about.better * _squares(part, p, "difference") for part in parts])
    sure = np.stack([_squares(part.assign(sure=separable(part)), p, "sure") for part in parts]) > 0.5
    known = np.isfinite(values).all(axis=0)
    best = np.where(known, np.nan_to_num(values, nan=-np.inf).argmax(axis=0), 0)
    wins = np.take_along_axis(values, best[None], axis=0)[0] > 0
    certain = np.where(wins, np.take_along_axis(sure, best[None], axis=0)[0], sure.all(axis=0))
    equal = np.take_along_axis(values, best[None], axis=0)[0] == 0
    return np.where(known, np.where(wins, best + 2, np.where(equal, 0, 1)), np.nan), certain & known & ~equal


def _called(p: Plane, scenarios: list[str], width: float, size: Size) -> list[str]:
    """What the baseline and the scenarios are called in a cell: their names where all fit, else letters."""
    names, room = [scenario_name(s) for s in (p.about.baseline, *scenarios)], 0.9 * (width - 0.35) / p.rows.across.nunique()
    return names if max(inches(name, size.small, True) for name in names) < room else list(LETTERS[: len(names)])


def _best(ax: "Axes", p: Plane, names: list[str], scenarios: list[str], language: str, size: Size) -> None:
    """Which scenario is best in each cell, by its colour and by its name or letter."""
    kinds, certain = best_of(p, scenarios)
    fills = [pale(colour) for colour in ("#8c8c8c", *COLOURS)]
    for (row, column), kind in np.ndenumerate(kinds):
        known = isfinite(kind) and kind > 0
        fill = fills[(int(kind) - 1) % len(fills)] if known else PALE
        _cell(ax, row, column, fill, known and not certain[row, column])
        text = names[int(kind) - 1] if known else "=" if kind == 0 else "–"
        ax.text(column, row, text, ha="center", va="center", fontsize=size.small, fontweight="bold", color=INK,
                bbox={"facecolor": fill, "edgecolor": "none", "pad": 0.8})  # fmt: skip
    _borders(ax, kinds, True, size)
    ax.set_title(say("raster_best", language))


def _points(ax: "Axes", part: pd.DataFrame, p: Plane, scale: _Scale, language: str, width: float, size: Size) -> None:
    """Points one by one: a triangle up is better and one down worse, a circle is not told from zero."""
    colour, sure = scale.mapped(), separable(part)
    better = p.about.better * part.difference > 0 if p.about.better else part.difference > 0
    for mark, which, area in (("o", ~sure, 14), ("^", sure & better, 30), ("v", sure & ~better, 30)):
        mine = part[which]
        ax.scatter(mine.across, mine.up, c=colour.to_rgba(scale.factor * mine.difference), marker=mark,
                   s=area * size.scaled(1.0) ** 2, edgecolors=INK, linewidths=size.scaled(0.5), zorder=3)  # fmt: skip
    for name, values, line in ((p.across, part.across, ax.axvline), (p.up, part.up, ax.axhline)):
        if _is_number(own := p.own.get(name)) and values.min() <= own <= values.max():
            line(float(own or 0.0), color=SOFT, lw=size.scaled(0.7), ls=(0, (3, 2)), zorder=1)


# Axes and notes


def _axes(axes: "list[Axes]", count: int, across: int, p: Plane, language: str, width: float, size: Size) -> None:
    """Names of the axes and their values, numbers as many as fit; what the study itself has stands in bold."""
    for k, ax in enumerate(axes):
        ax.set_visible(k < count)
        ax.tick_params(axis="x", labelbottom=k + across >= count)
        if k + across >= count:
            ax.set_xlabel(axis_name(p.across, language))
    if p.scattered:
        for which, values in (("x", p.rows.across), ("y", p.rows.up)):
            _numeric(axes[0], which, values, language)
        return
    for ax in axes[:count]:
        for spine in ax.spines.values():
            spine.set_visible(False)
        ax.tick_params(length=0, labelcolor=INK)
    for name, values, axis in ((p.across, p.rows.across, axes[0].xaxis), (p.up, p.rows.up, axes[0].yaxis)):
        room = width / values.nunique() if axis is axes[0].xaxis else size.width / 5.0
        names = _fitting([level_name(x, name, language) for x in levels(values)], _is_number(values.iloc[0]), room, size)
        axis.set_ticks(range(len(names)), names)
    if not p.up:
        axes[0].invert_yaxis()  # the first scenario on top
    for ax in axes[:count]:
        for name, values, axis in ((p.across, p.rows.across, ax.xaxis), (p.up, p.rows.up, ax.yaxis)):
            known = levels(values)
            for x, tick in zip(known, axis.get_major_ticks(len(known)), strict=True):
                tick.label1.set_fontweight("bold" if name in p.own and x == p.own[name] else "normal")


def _fitting(names: list[str], numbers: bool, room: float, size: Size) -> list[str]:
    """Names of levels that fit, each in so many inches: of numbers every so many, of texts what fits."""
    if not numbers:
        return [cut(name, room, size.small, True) for name in names]
    step = int(np.ceil(1.25 * max(inches(name, size.small, True) for name in names) / room))
    return [name if k % step == 0 else "" for k, name in enumerate(names)]


def _numeric(ax: "Axes", which: str, values: pd.Series, language: str) -> None:
    if values.min() > 0 and values.max() / values.min() >= WIDE:
        getattr(ax, f"set_{which}scale")("log")
    ticks(ax, language, which)


def axis_name(path: str, language: str) -> str:
    """A path as the reader knows it: a word for it, or its own name without what every path has."""
    short = path.removeprefix("parameters.").removesuffix(".value")
    return word("axes", short, language) if short == "quota" else short.removeprefix("levers.")


def level_name(x: Any, path: str, language: str) -> str:
    """A value of an axis; of the axis of scenarios ("") its name."""
    if not path:
        return scenario_name(str(x))
    if isinstance(x, bool | np.bool_):
        return say("yes" if x else "no", language)
    return number(float(x), language) if _is_number(x) else str(x)


def _note(p: Plane, scenarios: list[str], best: list[str], language: str) -> str:
    """What hatches, lines and marks mean, over how many seeds, and what is held. best: names in the panel of that, if any."""
    seeds = (int(p.rows.seeds.min()), int(p.rows.seeds.max()))
    n = str(seeds[0]) if seeds[0] == seeds[1] else f"{seeds[0]}–{seeds[1]}"
    parts = [say("raster_points" if p.scattered else "raster_cells", language, n=n)]
    if p.fixed:
        held = ", ".join(f"{axis_name(path, language)} = {level_name(x, path, language)}" for path, x in p.fixed.items())
        parts.append(say("raster_fixed", language, held=held))
    if best:
        names = [scenario_name(s) for s in (p.about.baseline, *scenarios)]
        if best != names:
            told_letters = ", ".join(f"{letter} = {name}" for letter, name in zip(best, names, strict=True))
            parts.append(say("raster_letters", language, letters=told_letters))
        parts.append(say("raster_best_note", language, base=names[0]))
    shown = ((p.across, p.rows.across), (p.up, p.rows.up))
    if not p.scattered and any(path in p.own and p.own[path] in set(values) for path, values in shown):
        parts.append(say("raster_own", language))
    return " ".join(parts)


# One axis


class SweptTables(NamedTuple):
    """A sweep, read from its folder (docs/cluster.md). `facts`: what it was made of; `index`: its index; `swept`: its keys."""

    facts: dict[str, Any]
    index: pd.DataFrame
    swept: list[str]


def figures_of_sweep(tables: SweptTables) -> dict[str, Any]:
    """Name -> what gives its data and what draws it: lines where one key was swept, cells per indicator where more were."""
    rows = tables.index[tables.index.scenario.notna()]
    if rows.empty:
        return {}
    keys = [key for key in tables.swept if rows[key].nunique() > 1]
    if len(keys) == 1:
        return {"lijn": (partial(line_data, key=keys[0]), partial(lines, key=keys[0]))}
    if not keys:
        return {}
    found = {}
    for name in rows.indicator.unique():
        of: dict[str, Any] = {"keys": keys, "indicator": name}
        found[f"raster_{name}"] = (partial(swept_data, **of), partial(swept_raster, **of))
    return found


def about_of(rows: pd.DataFrame) -> About:
    """What rows of one indicator of an index are about."""
    r = rows.iloc[0]
    better, baseline = 0 if pd.isna(r.better) else int(r.better), "" if pd.isna(r.baseline) else str(r.baseline)
    return About(str(r.indicator), str(r.unit), better, baseline, float(r.relevant_difference))


def plane_of_sweep(tables: SweptTables, keys: list[str], indicator: str) -> Plane:
    """One headline indicator of a sweep over its first two keys; others are held at their lowest value, words at the first."""
    rows = tables.index[tables.index.indicator == indicator].rename(columns={"pairs": "seeds"})
    return plane(rows, keys, {}, about_of(rows))


def swept_data(tables: SweptTables, keys: list[str], indicator: str) -> pd.DataFrame:
    """One headline indicator of a sweep: the values of both keys, and the difference with its interval."""
    return told(plane_of_sweep(tables, keys, indicator))


def swept_raster(tables: SweptTables, language: str, size: Size, keys: list[str], indicator: str) -> "Figure":
    """One headline indicator of a sweep over two keys."""
    return raster_of(plane_of_sweep(tables, keys, indicator), language, size)


def line_data(tables: SweptTables, key: str) -> pd.DataFrame:
    """Per headline indicator, scenario and value of the swept key: the difference with its interval."""
    rows = tables.index[tables.index.scenario.notna()]
    return rows[[key, "scenario", "indicator", "unit", "difference", "low", "high", "pairs", "relevant_difference"]]


def lines(tables: SweptTables, language: str, size: Size, key: str) -> "Figure":
    """A panel per headline indicator: the difference of each scenario, with its interval, over the swept values."""
    rows = tables.index[tables.index.scenario.notna()]
    names, scenarios = list(rows.indicator.unique()), list(rows.scenario.unique())
    across = 1 if size.narrow else min(2 if len(names) in (2, 4) else 3, len(names))
    down = -(-len(names) // across)
    figure, size = laid_out(size, 6.5 + 11.0 * down)
    axes = figure.subplots(down, across, sharex=True, squeeze=False).ravel()
    known = levels(rows[key])
    for k, ax in enumerate(axes):
        ax.set_visible(k < len(names))
        ax.tick_params(axis="x", labelbottom=k + across >= len(names))
        if k + across >= len(names):
            ax.set_xlabel(axis_name(key, language))
    for ax, name in zip(axes, names, strict=False):
        _line_panel(ax, rows[rows.indicator == name], key, known, scenarios, language, (size.width - 0.4) / across - 0.6, size)
    axes[0].set_xticks(range(len(known)), [level_name(x, key, language) for x in known])
    axes[0].set_xlim(-0.5, len(known) - 0.5)
    figure.legend(loc="outside upper left", ncols=3 if size.narrow else 4, frameon=False, fontsize=size.small)
    pairs = (int(rows.pairs.min()), int(rows.pairs.max()))
    n = str(pairs[0]) if pairs[0] == pairs[1] else f"{pairs[0]}–{pairs[1]}"
    base = joined_baselines(rows)
    noted(figure, say("lines_note", language, n=n, base=base), size)
    return figure


def joined_baselines(rows: pd.DataFrame) -> str:
    """The baselines of jobs, as the reader knows them."""
    return ", ".join(scenario_name(str(b)) for b in rows.baseline.dropna().unique())


def _line_panel(
    ax: "Axes", rows: pd.DataFrame, key: str, known: list[Any], scenarios: list[str], language: str, width: float, size: Size
) -> None:
    """Scenarios beside each other at every value, so that intervals do not cover each other."""
    about, shown = about_of(rows), unit(str(rows.unit.iloc[0]), language)
    relevant = shown.factor * about.relevant
    ax.axhspan(-relevant, relevant, color="#efefef", lw=0, zorder=0)
    ax.axhline(0, color=SOFT, lw=size.scaled(0.8), zorder=1)
    for k, scenario in enumerate(scenarios):
        part = rows[rows.scenario == scenario].drop_duplicates(key).set_index(key).reindex(known)
        x = np.arange(len(known)) + 0.5 * (k - (len(scenarios) - 1) / 2.0) / max(len(scenarios), 2)
        colour = COLOURS[k % len(COLOURS)]
        ax.vlines(x, shown.factor * part.low, shown.factor * part.high, color=colour, lw=size.scaled(1.3))
        label = scenario_name(scenario) if ax.get_subplotspec().is_first_row() and ax.get_subplotspec().is_first_col() else None  # type: ignore[union-attr]
        ax.plot(x, shown.factor * part.difference, color=colour, marker=MARKERS[k % len(MARKERS)], lw=size.scaled(0.8),
                ms=size.scaled(4.0), label=label)  # fmt: skip
    far = shown.factor * rows[["low", "high", "difference"]].abs().max(axis=None)
    if isfinite(far) and far > 0:
        ax.set_ylim(-1.1 * far, 1.1 * far)
    ticks(ax, language, signed=True)
    title = f"{capital(word('short', about.indicator, language))} ({shown.points})"
    ax.set_title(wrapped(title, width, size.font, True))
