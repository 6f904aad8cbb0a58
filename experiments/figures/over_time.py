"""Leefbaarheid by month, in every scenario and as the difference from the baseline."""

from typing import TYPE_CHECKING

import pandas as pd

from experiments.figures.style import INK, INKS, MONTHS, SOFT, Size, bands, end_labels, look_of, new_figure, note, ticks
from experiments.loaded import Tables
from experiments.prose import say, scenario_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def time_data(tables: Tables) -> pd.DataFrame:
    """Per scenario and month: the change since month 0, and the paired difference from the baseline."""
    t = tables["indicators"]
    t = t[(t.design == "") & (t.level == "gemeente")]
    t = t[t.period == ("month" if (t.period == "month").any() else "year")]
    wide = t.pivot_table(index=["scenario", "seed"], columns="month", values="leefbaarheid", sort=False)
    frames = []
    for what, values in (
        ("change", wide.sub(wide[0], axis=0)),
        ("difference", wide - wide.xs(tables.baseline).reindex(wide.index, level="seed")),
    ):
        frames.append(bands(values.stack().rename("value").reset_index()).assign(what=what))
    return pd.concat(frames, ignore_index=True)


def time(tables: Tables, language: str, size: Size) -> "Figure":
    """Leefbaarheid by month: change since month 0 (left), paired difference from the baseline (right)."""
    data, base = time_data(tables), scenario_name(tables.baseline)
    figure = new_figure(size.width, 4.1)
    left, right = figure.subplots(1, 2)
    for ax, what in ((left, "change"), (right, "difference")):
        ends = []
        for k, scenario in enumerate([tables.baseline, *tables.others]):
            part = data[(data.what == what) & (data.scenario == scenario)]
            if what == "difference" and k == 0:
                continue
            look = {"color": INK, "linestyle": "-"} if k == 0 else look_of(k - 1)
            ax.fill_between(part.month / MONTHS, part.low, part.high, color=look["color"], alpha=0.11, linewidth=0)
            ax.plot(part.month / MONTHS, part["mean"], lw=1.5, **look)
            ends.append((scenario_name(scenario), float(part["mean"].iloc[-1]), INK if k == 0 else INKS[(k - 1) % len(INKS)]))
        ax.axhline(0, color=SOFT, lw=0.8)
        ax.margins(x=0)
        ax.set_xlabel(say("years", language))
        ticks(ax, language, signed=True)
        if ends:
            end_labels(ax, float(data.month.max()) / MONTHS, ends)
    left.set_title(say("change_title", language))
    right.set_title(say("month_difference", language, base=base))
    left.set_ylabel(say("score", language))
    figure.supxlabel(note(tables, language), fontsize=8, color=SOFT)
    return figure
