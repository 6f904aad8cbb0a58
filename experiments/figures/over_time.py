"""Outcomes over time: what every scenario comes to, and its paired difference from the baseline."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from experiments.figures.style import (
    INK,
    INKS,
    MONTHS,
    PAGE,
    SOFT,
    Size,
    bands,
    end_labels,
    inches,
    laid_out,
    legend_columns,
    look_of,
    note,
    ticks,
    wrapped,
)
from experiments.loaded import Tables
from experiments.prose import capital, number, say, scenario_name, unit, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

OUTCOMES = {  # and whether its months are drawn; what happens seldom is drawn by year
    "leefbaarheid": True, "escalaties": False, "zachte_landing": False, "wachttijd_personen": False, "druk_op_hulp": True,
}  # fmt: skip
FEW = 4  # scenarios that are named at the ends of their lines
WIDEST = 1.15  # inches that such a name takes at most on a page


def time_data(tables: Tables) -> pd.DataFrame:
    """Per outcome, scenario and month: its level, and the paired difference from the baseline, with 95% intervals over seeds.

    A year stands at its last month; outcomes that are drawn by month start at month 0.
    """
    t = tables["indicators"]
    t = t[(t.design == "") & (t.level == "gemeente")]
    frames = []
    for name, monthly in OUTCOMES.items():
        if name not in t or t[name].isna().all():
            continue
        period = "month" if monthly and (t.period == "month").any() else "year"
        part = t[(t.period == period) & ((t.month > 0) | monthly)]
        wide = part.pivot_table(index=["scenario", "seed"], columns="month", values=name, sort=False)
        base = wide.xs(tables.baseline, level="scenario").reindex(wide.index, level="seed")
        for what, values in (("level", wide), ("difference", wide - base)):
            long = values.stack().rename("value").reset_index()
            frames.append(bands(long).assign(what=what, outcome=name))
    return pd.concat(frames, ignore_index=True)[["outcome", "what", "scenario", "month", "mean", "low", "high"]]


def time(tables: Tables, language: str, size: Size) -> "Figure":
    """A row per outcome (on a slide a column): level by scenario, and difference from the baseline with its paired band."""
    data = time_data(tables)
    names = list(dict.fromkeys(data.outcome))
    across, direct = size.height is not None, _direct(tables, size)
    legend = 0.0 if direct else 1.5 * -(-(1 + len(tables.others)) // legend_columns(tables, size))
    figure, size = laid_out(size, 4.5 + legend + (24.0 if across else 9.5 * len(names)))
    rows, columns = (2, len(names)) if across else (len(names), 2)
    axes = figure.subplots(rows, columns, sharex=True, squeeze=False)
    wide = size.width / columns - size.lines(2.5)
    for k, name in enumerate(names):
        pair = axes[:, k] if across else axes[k]
        _pair(pair, data[data.outcome == name], tables, language, size)
        _threshold(pair[1], tables, name, language, size)
        pair[0].set_title(_title(tables, name, wide, language, size))
        if k == 0:
            said = say("bill_difference", language, base=scenario_name(tables.baseline))
            pair[1].set_title(wrapped(said, wide, size.font, bold=True))
        if direct:
            _name_lines(pair, data[data.outcome == name], tables, language)
    for ax in axes[-1]:
        ax.margins(x=0)
    if not direct:
        _legend(figure, axes[0, 0], tables, size)
    said = say("time_note_slide" if across else "time_note", language, note=note(tables, language))
    said = f"{say('years', language)}\n{wrapped(said, size.width - size.lines(0.5), size.small)}"
    figure.supxlabel(said, fontsize=size.small)
    return figure


def _pair(pair: Any, data: pd.DataFrame, tables: Tables, language: str, size: Size) -> None:
    """The two panels of one outcome: levels as lines, differences as lines with their bands."""
    factor = unit(tables.label(str(data.outcome.iloc[0])).unit, language).factor
    for ax, what in zip(pair, ("level", "difference"), strict=True):
        for k, scenario in enumerate([tables.baseline, *tables.others]):
            part = data[(data.what == what) & (data.scenario == scenario)]
            look = {"color": INK, "linestyle": "-"} if k == 0 else look_of(k - 1)
            years = part.month / MONTHS
            if what == "level":
                ax.plot(years, factor * part["mean"], label=scenario_name(scenario), **look)
            elif k:
                ax.fill_between(years, factor * part.low, factor * part.high, color=look["color"], alpha=0.13, linewidth=0)
                ax.plot(years, factor * part["mean"], **look)
        ax.yaxis.get_major_locator().set_params(nbins=4)
        ax.xaxis.get_major_locator().set_params(nbins=6, integer=True)
        ticks(ax, language, signed=what == "difference")
    pair[1].axhline(0, color=SOFT, lw=size.scaled(0.7), zorder=1)


def _threshold(ax: "Axes", tables: Tables, name: str, language: str, size: Size) -> None:
    """From where a difference counts: in words, and as lines where the axis reaches so far."""
    rows, label = tables.whole(name), tables.label(name)
    if rows.empty:
        return
    matters = unit(label.unit, language).factor * float(rows.relevant_difference.iloc[0])
    low, high = ax.get_ylim()
    for y in (-matters, matters):
        if low < y < high:
            ax.axhline(y, color=SOFT, lw=size.scaled(0.6), linestyle=(0, (1.2, 2.0)), zorder=1)
    shown = unit(label.unit, language)
    what = "" if shown.points == shown.text else f" {shown.points}"
    said = say("counts", language, threshold=number(matters, language, 2)) + what
    ax.annotate(
        said, (0, 1), (size.scaled(2.0), -size.scaled(1.0)), xycoords="axes fraction", textcoords="offset points", va="top",
        fontsize=size.small, color=SOFT,
    )  # fmt: skip


def _title(tables: Tables, name: str, wide: float, language: str, size: Size) -> str:
    shown = unit(tables.label(name).unit, language)
    return wrapped(f"{capital(word('short', name, language))} ({shown.text})", wide, size.font, bold=True)


def _direct(tables: Tables, size: Size) -> bool:
    """Whether names fit at the ends of lines."""
    if size != PAGE or len(tables.others) > FEW:
        return False
    return max(inches(scenario_name(s), size.small, bold=True) for s in tables.others) <= WIDEST


def _name_lines(pair: Any, data: pd.DataFrame, tables: Tables, language: str) -> None:
    """The baseline is named where its level ends, the others where their differences end."""
    factor = unit(tables.label(str(data.outcome.iloc[0])).unit, language).factor
    last = data[data.month == data.month.max()].set_index(["what", "scenario"])["mean"] * factor
    x = float(data.month.max()) / MONTHS
    ends = [(scenario_name(s), float(last["difference", s]), INKS[k % len(INKS)]) for k, s in enumerate(tables.others)]
    end_labels(pair[1], x, [e for e in ends if np.isfinite(e[1])])
    if np.isfinite(last["level", tables.baseline]):
        end_labels(pair[0], x, [(scenario_name(tables.baseline), float(last["level", tables.baseline]), INK)])


def _legend(figure: "Figure", ax: "Axes", tables: Tables, size: Size) -> None:
    handles, names = ax.get_legend_handles_labels()
    figure.legend(
        handles,
        names,
        loc="outside upper left",
        ncols=legend_columns(tables, size),
        frameon=False,
        handlelength=2.6,
        borderpad=0.1,
    )
