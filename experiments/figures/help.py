"""The load of help and its response by month, in every scenario and as the paired difference from the baseline."""

from typing import TYPE_CHECKING

import pandas as pd

from experiments.figures.style import (
    INK,
    INKS,
    MONTHS,
    SOFT,
    Size,
    bands,
    cut,
    end_labels,
    inches,
    laid_out,
    look_of,
    note,
    noted,
    ticks,
    wrapped,
)
from experiments.loaded import Tables
from experiments.prose import capital, say, scenario_name, unit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = ("druk_op_hulp", "reactietijd")
TEAMS = {"druk_wijkteam": "wijkteam", "druk_ambulant": "ambulant"}  # load of each kind of team that helps persons
FULL = 1.0  # load at which teams are asked for every hour that they have


def help_data(tables: Tables) -> pd.DataFrame:
    """Per measure, scenario and month: the level, and the paired difference from the baseline, each with its interval.

    The load of teams of one kind is hours asked over hours that there are; studies that keep no months of persons lack it.
    """
    frames = []
    for name, wide in _measured(tables).items():
        apart = wide - wide.xs(tables.baseline).reindex(wide.index, level="seed")
        for what, values in (("level", wide), ("difference", apart)):
            told = bands(values.stack().rename("value").reset_index())
            frames.append(told.assign(indicator=name, what=what, seeds=tables.seeds))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _measured(tables: Tables) -> dict[str, pd.DataFrame]:
    """What is shown, by name: a row per scenario and seed, a column per month."""
    t = tables["indicators"]
    t = t[(t.level == "gemeente") & (t.design == "")]
    t = t[t.period == ("month" if (t.period == "month").any() else "year")]
    long = {name: (t, name) for name in SHOWN if name in t and t[name].notna().any()}
    teams = tables["teams"].assign(load=lambda x: x.asked / x.hours.where(x.hours > 0))
    long |= {name: (teams[teams.kind == kind], "load") for name, kind in TEAMS.items() if (teams.kind == kind).any()}
    rows = ["scenario", "seed"]
    return {
        name: frame.pivot_table(index=rows, columns="month", values=value, sort=False).astype(float)
        for name, (frame, value) in long.items()
    }


def helping(tables: Tables, language: str, size: Size) -> "Figure | None":
    """Rows: load, response time, load of each kind of team. Left: their level. Right: the paired difference from the baseline."""
    data = help_data(tables)
    if data.empty:
        return None
    names = list(dict.fromkeys(data.indicator))
    panels = [(name, what) for name in names for what in _shown(name, tables, size)]
    across = 1 if size.narrow or not tables.others else 2
    down = len(panels) // across
    figure, size = laid_out(size, 3.5 + 12.5 * down)
    axes = figure.subplots(down, across, sharex=True, squeeze=False).ravel()
    full = False
    for ax, (name, what) in zip(axes, panels, strict=True):
        full |= _panel(ax, data[(data.indicator == name) & (data.what == what)], tables, what, language, size)
        _titled(ax, tables, name, what, language, (size.width - 0.4) / across - 0.8, size)
    for ax in axes[-across:]:
        ax.set_xlabel(say("years", language))
    told = say("help_note", language, note=capital(note(tables, language)), base=scenario_name(tables.baseline))
    noted(figure, " ".join([told, *([say("help_full", language)] if full else [])]), size)
    return figure


def _shown(name: str, tables: Tables, size: Size) -> tuple[str, ...]:
    """What is shown of a measure: in one column teams only have their level, so that the figure fits a page."""
    return ("level", "difference") if tables.others and not (size.narrow and name in TEAMS) else ("level",)


def _panel(ax: "Axes", data: pd.DataFrame, tables: Tables, what: str, language: str, size: Size) -> bool:
    """Lines with their bands; names at the ends of lines. Returns whether the line of full load is drawn."""
    ends, wide = [], max(inches(scenario_name(s), size.small, True) for s in (tables.baseline, *tables.others))
    for k, scenario in enumerate([tables.baseline, *tables.others]):
        part = data[data.scenario == scenario]
        if part.empty or (what == "difference" and k == 0):
            continue
        look = {"color": INK, "linestyle": "-"} if k == 0 else look_of(k - 1)
        if k == 0 or what == "difference":  # bands of levels lie over each other, and say nothing of differences
            ax.fill_between(part.month / MONTHS, part.low, part.high, color=look["color"], alpha=0.11, linewidth=0)
        ax.plot(part.month / MONTHS, part["mean"], **look)
        name = cut(scenario_name(scenario), min(wide, size.width / 5), size.small, True)
        ends.append((name, float(part["mean"].iloc[-1]), INK if k == 0 else INKS[(k - 1) % len(INKS)]))
    if what == "level":
        ax.set_ylim(bottom=max(0.0, ax.get_ylim()[0]))  # neither can be below 0, whatever a symmetrical interval says
    full = what == "level" and data.indicator.iloc[0] != "reactietijd" and ax.get_ylim()[0] < FULL < ax.get_ylim()[1]
    if full or what == "difference":
        ax.axhline(FULL if full else 0.0, color=SOFT, lw=size.scaled(0.8), ls=(0, (2, 2)) if full else "-")
    ax.margins(x=0)
    ax.locator_params(axis="x", nbins=6, integer=True)
    ticks(ax, language, "x")
    ticks(ax, language, signed=what == "difference")
    end_labels(ax, float(data.month.max()) / MONTHS, ends)
    return full


def _titled(ax: "Axes", tables: Tables, name: str, what: str, language: str, width: float, size: Size) -> None:
    """What a panel shows, and in which unit."""
    of_teams = name in TEAMS
    if what == "difference":
        title = say("help_difference", language, base=scenario_name(tables.baseline))
    else:
        title = say(name, language) if of_teams else str(tables.label(name)[language])
    ax.set_title(wrapped(title, width, size.font, True))
    ax.set_ylabel(unit("verhouding" if of_teams else tables.label(name).unit, language).text)
