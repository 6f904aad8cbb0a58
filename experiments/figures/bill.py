"""Who pays: from the baseline's bill to each scenario's, payer by payer; and who invests for whom (m44)."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.figures.style import (
    INK,
    SOFT,
    Size,
    cut,
    inches,
    laid_out,
    note,
    ticks,
    wrapped,
)
from experiments.findings import settling
from experiments.loaded import Tables
from experiments.prose import capital, grouped, interval, percent, say, scenario_name, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MORE, LESS = "#D55E00", "#0072B2"  # pays more, pays less
WHOLE = "#6b6b6b"  # all payers together
ACROSS = {"column": 1, "page": 2, "slide": 3}  # scenarios beside each other
BLOCK = {"column": 3, "page": 6, "slide": 6}  # scenarios beside each other in the matrix, at most
LINES = 34.0  # of type on a slide, at least: names and amounts leave room for bars
LEAST = 0.05  # side payments that are told, in the unit of the matrix


# From one bill to the other


def bill_data(tables: Tables) -> pd.DataFrame:
    """Euro per year by payer: the baseline's, and each scenario's difference with its interval; payer "" is all together."""
    d = tables.town
    mine = (d.indicator == "kosten") & (d.profile == "") & d.scenario.isin(tables.others)
    return d.loc[mine, ["payer", "scenario", "baseline_value", "value", "difference", "low", "high", "seeds"]]


def bill(tables: Tables, language: str, size: Size) -> "Figure | None":
    """A waterfall per scenario: from what all payers pay under the baseline, payer by payer, to what they pay then."""
    data = bill_data(tables)
    payers = [p for p in data.payer.unique() if p and (data[data.payer == p][["baseline_value", "value"]] != 0).any(axis=None)]
    if not payers:
        return None
    scale, scale_name = _euro_scale(float(data[["low", "high", "difference"]].abs().max(axis=None)), language)
    across = min(ACROSS[size.name], len(tables.others))
    down, rows = -(-len(tables.others) // across), len(payers) + 2
    base = scenario_name(tables.baseline)
    level = _euro_scale(float(data.baseline_value.max()), language)[1]
    told_note = capital(note(tables, language))
    said = say("bill_note", language, scale=scale_name, level=level, base=base, note=told_note)
    foot = 0.6 + 0.95 * (1 + wrapped(said, size.width, size.small).count("\n"))
    figure, size = laid_out(size, max(down * (rows * 1.3 + 3.8) + foot, LINES if size.height else 0.0), layout="none")
    said, high = wrapped(said, size.width - size.lines(0.6), size.small), figure.get_figheight()
    names, left = _payer_names(data, tables, payers, language, size)
    wide, tall = (size.width - left) / across, (high - size.lines(foot)) / down
    for k, scenario in enumerate(tables.others):
        row, column = divmod(k, across)
        part = data[data.scenario == scenario].set_index("payer")
        told = _told(part, payers, scale, language)
        room = max(inches(t, size.small, bold=True) for t in told) + size.lines(0.3)
        low = high - (row + 1) * tall + size.lines(1.9)
        box = (left + column * wide + size.lines(0.3), low, wide - room - size.lines(1.2), tall - size.lines(3.6))
        ax = figure.add_axes(tuple(np.array(box) / [size.width, high, size.width, high]))
        _waterfall(ax, part.loc[[*payers, ""]], payers, scale, size)
        ax.set(xlim=_reach(part, payers, scale), ylim=(rows - 0.4, -0.6))
        ax.set_title(cut(scenario_name(scenario), wide - size.lines(1.0), size.font, bold=True), loc="left")
        for y, text in enumerate(told, start=1):
            sure = part.low[[*payers, ""][y - 1]] > 0 or part.high[[*payers, ""][y - 1]] < 0
            weight = "bold" if sure else "normal"
            _beside(ax, 1.0 + room / box[2], y, text, size, ha="right", fontweight=weight)
        ax.set_yticks(range(rows), names if column == 0 else [""] * rows)
        ticks(ax, language, "x", signed=True)
    figure.text(size.lines(0.3) / size.width, size.lines(0.3) / high, said, fontsize=size.small, va="bottom", linespacing=1.3)
    return figure


def _payer_names(data: pd.DataFrame, tables: Tables, payers: list[str], language: str, size: Size) -> tuple[list[str], float]:
    """Rows of a waterfall, each payer with what it pays under the baseline, and the inches that they take."""
    base = data.drop_duplicates("payer").set_index("payer").baseline_value
    scale, scale_name = _euro_scale(float(base.max()), language)
    amounts = {p: grouped(base[p] / scale, 1 if base.max() / scale < 1000 else 0, language) for p in [*payers, ""]}
    total = say("bill_total", language, who=scenario_name(tables.baseline), euro=amounts[""], scale=scale_name)
    names = [total, *(f"{word('payers', p, language)} ({amounts[p]})" for p in payers), say("together", language)]
    most = 0.42 * size.width if size.narrow else 0.26 * size.width
    told = [wrapped(name, most, size.small) if k == 0 else cut(name, most, size.small) for k, name in enumerate(names)]
    return told, min(most, max(inches(name, size.small) for name in told)) + size.lines(0.8)


def _reach(part: pd.DataFrame, payers: list[str], scale: float) -> tuple[float, float]:
    """The ends of the axis of one scenario: running sums with their intervals."""
    before = part.difference[payers].cumsum().shift(fill_value=0.0)
    ends = [0.0]
    for column in ("difference", "low", "high"):
        ends += [*(before + part[column][payers]).dropna(), *part[column][[""]].dropna()]
    low, high = min(ends) / scale, max(ends) / scale
    room = 0.04 * (high - low) or 1.0
    return low - room, high + room


def _waterfall(ax: "Axes", part: pd.DataFrame, payers: list[str], scale: float, size: Size) -> None:
    """Bars that each begin where the last one ends, with the interval of each around its own end; the total from 0."""
    at, total = 0.0, len(payers) + 1
    ax.axvline(0, color=SOFT, lw=size.scaled(0.8), zorder=1)
    ax.plot([0], [0], marker="D", ms=size.scaled(3.6), color=WHOLE, zorder=4)
    for y, (payer, r) in enumerate(part.iterrows(), start=1):
        start = 0.0 if y == total else at
        colour = WHOLE if y == total else MORE if r.difference > 0 else LESS
        unsure = not (r.low > 0 or r.high < 0)
        look: dict[str, Any] = {"facecolor": "white", "edgecolor": colour, "hatch": "//////"} if unsure else {"facecolor": colour}
        ax.barh(y, r.difference / scale, left=start / scale, height=0.66, zorder=2, lw=size.scaled(0.6), **look)
        ax.hlines(y, (start + r.low) / scale, (start + r.high) / scale, color=INK, lw=size.scaled(1.0), zorder=3)
        at = start + r.difference
        if y < total:
            ax.plot([at / scale] * 2, [y - 0.33, y + 1.33 if payer else y], color=SOFT, lw=size.scaled(0.5), zorder=1)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.spines["left"].set_visible(False)
    ax.locator_params(axis="x", nbins=3 if ax.get_position().width * size.width > size.lines(9.0) else 2)


def _told(part: pd.DataFrame, payers: list[str], scale: float, language: str) -> list[str]:
    """Per row the difference with its interval."""
    rows = (part.loc[p] for p in [*payers, ""])
    return [interval(r.difference, r.low, r.high, 1.0 / scale, language) for r in rows]


def _beside(ax: "Axes", x: float, y: float, text: str, size: Size, **look: Any) -> None:
    """A text beside row y of the axes; x in shares of their width."""
    ax.text(x, y, text, transform=ax.get_yaxis_transform(), va="center", fontsize=size.small, **look)


def _euro_scale(most: float, language: str) -> tuple[float, str]:
    return (1e6, say("million", language)) if most >= 1e7 else (1e3, say("thousand", language))


# Who invests for whom


def pockets_data(tables: Tables) -> pd.DataFrame:
    """Euro a year that each payer pays more, per scenario, with interval, role and side payment; payer "" is all together."""
    return tables["pockets"]


class Matrix(NamedTuple):
    """Payers (rows) x scenarios (columns), and what the cells are measured by."""

    data: pd.DataFrame
    payers: list[str]
    scale: float
    most: float


def pockets(tables: Tables, language: str, size: Size) -> "Figure | None":
    """Payers x scenarios: who pays more, who less, and the smallest side payments after which nobody loses."""
    data = pockets_data(tables)
    payers = [p for p in data.payer.unique() if p and (data[data.payer == p].role != "unchanged").any()]
    if not payers:
        return None
    scale, scale_name = _euro_scale(float(data[["low", "high", "difference"]].abs().max(axis=None)), language)
    m = Matrix(data.set_index(["scenario", "payer"]), payers, scale, float(data.difference.abs().max()))
    wide = min(BLOCK[size.name], len(tables.others))
    blocks = [tables.others[k : k + wide] for k in range(0, len(tables.others), wide)]
    said = say("matrix_note", language, scale=scale_name, note=note(tables, language), base=scenario_name(tables.baseline))
    foot = 1.0 + 0.95 * (1 + wrapped(said, size.width - size.lines(0.6), size.small).count("\n"))
    cell = 2.6 if size.width / (wide + 1.5) > 22.0 * size.small / 120.0 else 3.5
    figure, size = laid_out(size, len(blocks) * (cell * (len(payers) + 2) + 3.0) + foot, layout="none")
    said, high = wrapped(said, size.width - size.lines(0.6), size.small), figure.get_figheight()
    left = min(0.26 * size.width, max(inches(word("payers", p, language), size.small) for p in payers) + size.lines(0.6))
    tall = (high - size.lines(foot)) / len(blocks)
    for k, block in enumerate(blocks):
        low = high - (k + 1) * tall + size.lines(0.3)
        box = (left, low, (size.width - left - size.lines(0.3)) * len(block) / wide, tall - size.lines(2.9))
        ax = figure.add_axes(tuple(np.array(box) / [size.width, high, size.width, high]))
        _matrix(ax, m, block, left, box[2] / len(block), language, size)
    figure.text(size.lines(0.3) / size.width, size.lines(0.3) / high, said, fontsize=size.small, va="bottom", linespacing=1.3)
    return figure


def _matrix(ax: "Axes", m: Matrix, scenarios: list[str], left: float, wide: float, language: str, size: Size) -> None:
    """One block: a column per scenario, a row per payer, all together, and whether side payments can settle it."""
    rows = [*m.payers, ""]
    for x, scenario in enumerate(scenarios):
        for y, payer in enumerate(rows):
            _cell(ax, x, y, m.data.loc[(scenario, payer)], m, wide, language, size)
        whole = m.data.loc[(scenario, "")]
        told = say(f"matrix_{settling(whole)}", language, share=percent(whole.possible_share, language))
        text = wrapped(told, wide - size.lines(0.3), size.small)
        ax.text(x, len(rows), text, ha="center", va="center", fontsize=size.small, color=INK, linespacing=1.1)
    ax.set(xlim=(-0.5, len(scenarios) - 0.5), ylim=(len(rows) + 0.5, -0.5))
    ax.xaxis.tick_top()
    heads = [wrapped(scenario_name(s), wide - size.lines(0.2), size.small, bold=True) for s in scenarios]
    ax.set_xticks(range(len(scenarios)), heads, fontweight="bold", color=INK)
    names = [*(word("payers", p, language) for p in m.payers), say("together", language), say("matrix_settled", language)]
    ax.set_yticks(range(len(rows) + 1), [wrapped(n, left - size.lines(0.5), size.small) for n in names], color=INK)
    ax.tick_params(length=0)
    ax.axhline(len(m.payers) - 0.5, color=INK, lw=size.scaled(0.9))
    for spine in ax.spines.values():
        spine.set_visible(False)


def _cell(ax: "Axes", x: int, y: int, r: pd.Series, m: Matrix, wide: float, language: str, size: Size) -> None:
    """Coloured by who pays more, the deeper the more; pale where that may be 0; with what is paid or got in return."""
    from matplotlib.colors import to_rgb
    from matplotlib.patches import Rectangle

    unsure = r.role == "open"
    depth = 0.12 + 0.5 * (not unsure) * abs(r.difference) / m.most if r.difference else 0.0
    colour = 1.0 - depth * (1.0 - np.array(to_rgb(MORE if r.difference > 0 else LESS)))
    look: dict[str, Any] = {"facecolor": colour, "edgecolor": "white", "lw": size.scaled(1.5)}
    ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1.0, 1.0, **look))
    told = interval(r.difference, r.low, r.high, 1.0 / m.scale, language)
    head, _, tail = told.partition(" ")
    lines = [told] if inches(told, size.small, bold=not unsure) <= wide - size.lines(0.4) else [head, tail]
    if r.name[1] and r.possible and abs(r.side_payment) >= LEAST * m.scale:
        paid = abs(r.side_payment) / m.scale
        amount = grouped(paid, 1 if paid < 10.0 else 0, language)
        lines.append(say("matrix_gets" if r.side_payment > 0 else "matrix_gives", language, euro=amount))
    text = "\n".join(line for line in lines if inches(line, size.small, bold=not unsure) <= wide)
    weight = "normal" if unsure or not r.difference else "bold"
    ink = SOFT if unsure else INK
    ax.text(x, y, text, ha="center", va="center", fontsize=size.small, color=ink, fontweight=weight, linespacing=1.15)
