"""One life as a strip: where somebody stays, what happens and how stable it is, month by month; and the replay below it."""

from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.figures.style import COLOURS, INK, MONTHS, PALE, POINTS, SOFT, Size, cut, inches, laid_out, noted
from experiments.prose import capital, scenario_name, word
from experiments.prose import say as say_of_figures
from experiments.telling import called, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOLD, WITHOUT = "verteld", "zonder"  # the runs of a history
ARRIVES = ("begin", "wachtrij", "andere_plek", "kwetsbaar", "geplaatst", "uitgezet", "huis_kwijt")  # then somebody is at `place`
LEAVES_HOME = ("uitgezet", "huis_kwijt", "hersteld", "vertrokken")
OF_PORTIEK = ("klacht", "gesprek", "interventie")  # told of a portiek, and of no person
GOES = ("opgegeven", "hersteld", "vertrokken")
AT_HOME = ("begin", "kwetsbaar", "geplaatst")
SPANS = {  # lane: (event that begins it, event that ends it)
    "buiten_beeld": ("uit_beeld", "gevonden"),
    "dagbesteding": ("dagbesteding", "dagbesteding_kwijt"),
    "huurachterstand": ("achterstand", "achterstand_einde"),
}
MARKS = {  # lane: {event: marker}
    "hulp": {"hulp_op": "^", "hulp_af": "v"},
    "klacht": {"klacht": "|"},
    "gesprek": {"gesprek": "o"},
    "interventie": {"interventie": "s"},
    "episode": {"episode": "|"},
    "escalatie": {"escalatie": "X"},
    "crisis": {"crisis": "D"},
}
LANES = ("plek", "hulp", "buiten_beeld", "dagbesteding", "huurachterstand", "klacht", "gesprek", "interventie", "episode",
         "escalatie", "crisis", "opname")  # fmt: skip
INKS_OF = {"escalatie": "#a84a00", "crisis": "#8a1538", "opname": "#8a1538", "klacht": "#a84a00", "huurachterstand": "#8a5f00"}
PLACES = {  # fill and hatch: distinct in grey too
    "thuis": ("#cfe6d6", ""), "opvang": ("#f3c493", "//"), "beschermd_wonen": ("#cfc8ea", ".."), "kliniek": ("#e59b92", "xx"),
    "jeugdzorg": ("#bcd6ee", "\\\\"), "vrouwenopvang": ("#f0bcd6", "--"), "azc": ("#d8d2b0", "++"), "bank": ("#f7e59a", "||"),
    "": (PALE, ""),
}  # fmt: skip
DAYS = 30.4 * MONTHS  # in a year, as a strip has it


class StoryTables(NamedTuple):
    """One person's history, as `experiments.story` writes it (docs/story.md). `facts` is its manifest.

    events      of this person, and of whatever portiek: month, date, event, identity, place, portiek, value, verloop, ...
    stability   month, stability (0 to 1), verloop: at the end of each month in which the person is in the model
    """

    facts: dict[str, Any]
    events: pd.DataFrame
    stability: pd.DataFrame


def load_story(folder: Path) -> StoryTables:
    """Read the folder."""
    facts = loads((folder / "manifest.json").read_text(encoding="utf-8"))
    mine, near = ("identity", "==", facts["question"]["who"]), ("event", "in", list(OF_PORTIEK))
    log = pd.read_parquet(folder / "gebeurtenissen.parquet", filters=[[mine], [near]])
    return StoryTables(facts, log, pd.read_parquet(folder / "stabiliteit.parquet"))


# Data


def strip_data(tables: StoryTables) -> pd.DataFrame:
    """Per run and lane: from when until when (calendar years), what, and how many; a mark begins and ends at once."""
    rows = []
    for run in runs(tables):
        log = tables.events[tables.events.verloop == run].sort_values("month", kind="stable")
        own = log[log.identity == tables.facts["question"]["who"]]
        near = around(log[log.event.isin(OF_PORTIEK)], own)
        pieces = [*stays(own, tables), *spells(own, tables), *marks(own, tables), *marks(near, tables)]
        rows += [(run, *piece) for piece in pieces]
    return pd.DataFrame(rows, columns=["verloop", "lane", "from", "until", "what", "count"])


def around(near: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """What happens in a portiek in the months in which this person lives there as they begin."""
    moves = own[own.event.isin([*ARRIVES, *GOES])]
    at_home = (moves.place == "thuis") & ~moves.event.isin(GOES)
    moves = pd.DataFrame({"month": moves.month, "lives": moves.portiek.where(at_home, -1)}).drop_duplicates("month", keep="last")
    lived = pd.merge_asof(near, moves.astype({"month": near.month.dtype}), on="month", allow_exact_matches=False)
    return lived[lived.lives == lived.portiek]


def runs(tables: StoryTables) -> list[str]:
    """The told run, and the replay where there is one."""
    return [TOLD, *([WITHOUT] if tables.facts["question"]["zonder"] else [])]


def begins(tables: StoryTables) -> float:
    """The calendar year in which month 1 begins."""
    return float(tables.facts["question"]["papers"]["first_year"])


def ends(tables: StoryTables) -> float:
    """When the last month is over, in calendar years."""
    return begins(tables) + int(tables.facts["config"]["months"]) / MONTHS


def when(date: str, tables: StoryTables) -> float:
    """A date in calendar years, not before the first month; the middle of a month of which no day is known."""
    year, month, *day = map(int, date.split("-"))
    of_month = (day[0] - 1) / 31.0 if day else 0.5
    return max(begins(tables), year + (month - 1 + of_month) / MONTHS)


Piece = tuple[str, float, float, str, int]  # lane, from, until, what, how many


def stays(own: pd.DataFrame, tables: StoryTables) -> list[Piece]:
    """Where the person is (lane plek), and why they are in the model no longer (lane einde)."""
    found: list[Piece] = []
    place, since = None, begins(tables)
    for r in own.itertuples():
        if r.event not in ARRIVES and r.event not in GOES:
            continue
        at = begins(tables) if r.event == "begin" else when(str(r.date), tables)
        if place is not None and at > since:
            found.append(("plek", since, at, place, 1))
        if r.event in GOES:
            found.append(("einde", at, at, str(r.event), 1))
        place, since = (str(r.place) if r.event in ARRIVES else None), at
    return found if place is None else [*found, ("plek", since, ends(tables), place, 1)]


def spells(own: pd.DataFrame, tables: StoryTables) -> list[Piece]:
    """What lasts: spells out of sight, with day activity, in arrears, and opname."""
    found = [(lane, *piece, "", 1) for lane, (start, end) in SPANS.items() for piece in _between(own, start, end, tables)]
    for r in own[own.event == "opname"].itertuples():
        at = when(str(r.date), tables)
        days = float(r.value) if pd.notna(r.value) else 0.0  # of one that costs the home the days are not known
        found.append(("opname", at, min(ends(tables), at + days / DAYS), "" if days else "lang", 1))
    return found


def _between(own: pd.DataFrame, start: str, end: str, tables: StoryTables) -> list[tuple[float, float]]:
    """Spells from one event to the other. One that ends without a beginning was there since the person came to live there."""
    found, since, home = [], None, begins(tables)
    for r in own.itertuples():
        at = begins(tables) if r.event == "begin" else when(str(r.date), tables)
        if r.event in AT_HOME:
            home = at
        if r.event == start:
            since = at
        elif r.event == end:
            found.append((home if since is None else since, at))
            since = None
        elif r.event in LEAVES_HOME and since is not None:
            found.append((since, at))
            since = None
    return found if since is None else [*found, (since, ends(tables))]


def marks(own: pd.DataFrame, tables: StoryTables) -> list[Piece]:
    """What happens at one moment; of a portiek, how often in that month."""
    lanes = {event: lane for lane, events in MARKS.items() for event in events}
    found: list[Piece] = []
    for r in own[own.event.isin(list(lanes))].itertuples():
        at, count = when(str(r.date), tables), int(r.value) if r.event in ("klacht", "gesprek") else 1
        found.append((lanes[str(r.event)], at, at, str(r.event), count))
    return found


# Drawing


def strip(tables: StoryTables, language: str, size: Size) -> "Figure | None":
    """One strip of the told run, and one below of the replay; None for a portiek, which is no one life."""
    if not tables.facts["question"]["who"]:
        return None
    data = strip_data(tables)
    lanes = [lane for lane in LANES if lane == "plek" or (data.lane == lane).any()]
    told = runs(tables)
    figure, size = laid_out(size, 5.0 + len(told) * (1.45 * len(lanes) + 6.8))
    left = max(inches(word("lanes", lane, language), size.small) for lane in lanes)
    ratios = [part for _ in told for part in (1.45 * len(lanes), 3.4)]
    axes = figure.subplots(2 * len(told), 1, sharex=True, height_ratios=ratios)
    for k, run in enumerate(told):
        band, line = axes[2 * k], axes[2 * k + 1]
        _strip(band, data[data.verloop == run], lanes, language, size)
        title = cut(_title(tables, run, language), size.width - 0.3, size.font, True)
        band.annotate(title, (0, 1), (-POINTS * left, size.scaled(4)), xycoords="axes fraction", textcoords="offset points",
                      fontsize=size.font, fontweight="bold")  # fmt: skip
        _stability(line, tables, run, language, size)
        _asked(band, line, tables, run, language, size)
    first, last = begins(tables), ends(tables)
    axes[-1].set_xlim(first, last)
    step = 1 if (last - first) * inches("20000", size.small) < size.width - 1.6 else 2
    years = np.arange(int(first), int(last) + 1, step)
    axes[-1].set_xticks(years, [str(y) for y in years])
    noted(figure, say_of_figures("strip_note" if len(told) == 1 else "strip_note_two", language), size)
    return figure


def _title(tables: StoryTables, run: str, language: str) -> str:
    """Who it is and under what; of the replay, without what."""
    q = tables.facts["question"]
    if run == WITHOUT:
        return say_of_figures("strip_without", language, without=_without(q["zonder"], language))
    profile = next((str(x) for x in tables.events.profile if x), "")
    names = {"profile": capital(word("profiles", profile, language)), "scenario": scenario_name("+".join(q["parts"]))}
    return say_of_figures("strip_told", language, seed=q["seed"], **names)


def _without(zonder: str, language: str) -> str:
    """What the replay lacks, inside a sentence."""
    known = ("plaatsing", "krapte", "contactverlies")
    return say(f"without_{zonder}", language) if zonder in known else say("without_policy", language, name=scenario_name(zonder))


def _strip(ax: "Axes", data: pd.DataFrame, lanes: list[str], language: str, size: Size) -> None:
    """A lane for each kind of thing, named on the left, with how often on the right."""
    for row, lane in enumerate(lanes):
        part = data[data.lane == lane]
        ax.axhline(row, color="#efefef", lw=size.scaled(0.8), zorder=0)
        if lane == "plek":
            _places(ax, part, row, language, size)
            _gone(ax, data[data.lane == "einde"], row, language, size)
        elif lane in MARKS:
            _marks(ax, part, row, lane, size)
        else:
            _spells(ax, part, row, lane, size)
        if lane != "plek":
            at: dict[str, Any] = {"xycoords": ax.get_yaxis_transform(), "textcoords": "offset points", "va": "center"}
            ink = INK if len(part) else SOFT
            ax.annotate(f"{part['count'].sum()}×", (1.0, row), (size.scaled(4), 0), fontsize=size.small, color=ink, **at)
    ax.set_yticks(range(len(lanes)), [word("lanes", lane, language) for lane in lanes])
    ax.set_ylim(len(lanes) - 0.4, -0.6)
    ax.tick_params(axis="both", length=0, labelcolor=INK, labelbottom=False)
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


def _places(ax: "Axes", part: pd.DataFrame, row: int, language: str, size: Size) -> None:
    """Bands of places, named inside where the name fits."""
    span = size.width - 1.7
    whole = max(float(part["until"].max() - part["from"].min()), 1.0) if len(part) else 1.0
    for _, start, end, place in part[["lane", "from", "until", "what"]].itertuples(index=False):
        fill, hatch = PLACES.get(place, PLACES[""])
        ax.barh(row, end - start, left=start, height=0.86, color=fill, hatch=hatch * 2, edgecolor="#8a8a8a", lw=size.scaled(0.5))
        name = word("stays", place or "elders", language)
        if inches(name, size.small) < 0.92 * span * (end - start) / whole:
            ax.text((start + end) / 2, row, name, ha="center", va="center", fontsize=size.small, color=INK, clip_on=True,
                    bbox={"facecolor": fill, "edgecolor": "none", "pad": 0.6})  # fmt: skip


def _gone(ax: "Axes", part: pd.DataFrame, row: int, language: str, size: Size) -> None:
    """Why somebody is in the model no longer, behind their last place."""
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    for at, event in part[["from", "what"]].itertuples(index=False):
        ax.annotate(called(event, 1, language), (at, row), (size.scaled(4), 0), textcoords="offset points", va="center",
                    fontsize=size.small, color=SOFT, bbox=box)  # fmt: skip


def _marks(ax: "Axes", part: pd.DataFrame, row: int, lane: str, size: Size) -> None:
    ink = INKS_OF.get(lane, INK)
    for event, marker in MARKS[lane].items():
        at = part.loc[part.what == event, "from"]
        if at.empty:
            continue  # an empty line has a place in the corner of the figure, and the layout makes room for that
        ax.plot(at, np.full(len(at), row), linestyle="none", marker=marker, color=ink, ms=size.scaled(5.0), mew=size.scaled(1.0),
                mec=ink if marker in "|X" else "white", clip_on=False)  # fmt: skip


def _spells(ax: "Axes", part: pd.DataFrame, row: int, lane: str, size: Size) -> None:
    look: dict[str, Any] = {"color": "#bdbdbd", "hatch": "////", "edgecolor": "#6e6e6e"} if lane == "buiten_beeld" else {
        "color": INKS_OF.get(lane, COLOURS[0])}  # fmt: skip
    for _, start, end, what in part[["lane", "from", "until", "what"]].itertuples(index=False):
        if what == "lang":  # it cost the home, so that the band of places says how long
            ax.plot([start], [row], marker=">", color=look["color"], ms=size.scaled(5.0), mec="white", clip_on=False)
        ax.barh(row, max(end - start, 0.02), left=start, height=0.5, lw=0, **look)


def _stability(ax: "Axes", tables: StoryTables, run: str, language: str, size: Size) -> None:
    """Stability at the end of each month, with gaps where the person is not in the model."""
    own = tables.stability[tables.stability.verloop == run]
    months = np.arange(int(tables.facts["config"]["months"]) + 1)
    values = own.set_index("month").stability.reindex(months).to_numpy(float)
    x = begins(tables) + months / MONTHS
    ax.fill_between(x, 0, values, color=COLOURS[0], alpha=0.14, lw=0)
    ax.plot(x, values, color=COLOURS[0], lw=size.scaled(1.3))
    ax.set(ylim=(0, 1), yticks=[0, 1])
    ax.set_ylabel(say_of_figures("strip_stability", language), fontsize=size.small, rotation=0, ha="right", va="center")


def _asked(band: "Axes", line: "Axes", tables: StoryTables, run: str, language: str, size: Size) -> None:
    """The event that the question is about, and from when the replay can differ."""
    asked = tables.facts.get("asked")
    if not asked:
        return
    event = when(asked["date"], tables)
    change = begins(tables) + (int(asked["start"]) - 1) / MONTHS
    for ax in (band, line):
        ax.axvline(event, color=INK, lw=size.scaled(0.8), ls=(0, (1, 1.5)), zorder=1)
        if run == WITHOUT:
            ax.axvline(change, color=COLOURS[1], lw=size.scaled(1.0), ls=(0, (4, 2)), zorder=1)
    named = {TOLD: (event, say_of_figures("strip_asked", language, event=called(asked["event"], 1, language)), INK),
             WITHOUT: (change, say_of_figures("strip_from", language), "#a84a00")}  # fmt: skip
    at, text, ink = named[run]
    far = at - begins(tables) > inches(text, size.small) / (size.width - 1.8) * (ends(tables) - begins(tables))
    line.annotate(text, (at, 0.97), (size.scaled(-3 if far else 3), 0), xycoords=line.get_xaxis_transform(), va="top",
                  ha="right" if far else "left", textcoords="offset points", fontsize=size.small, color=ink,
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
