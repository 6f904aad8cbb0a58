"""Who is better and worse off than under the baseline, one by one, and how those fare who are worst off in each world."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments import survival
from experiments.figures.persons import SMALLEST_PROFILE, foot_note, under_axes
from experiments.figures.style import COLOURS, INK, LINE, MONTHS, PALE, SOFT, Size, cut, inches, laid_out, look_of, ticks, wrapped
from experiments.loaded import Tables
from experiments.prose import number, percent, say, scenario_name, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BETTER, WORSE = COLOURS[0], COLOURS[1]
BLOCKS = (  # groups that share an axis: few households and many buurten change
    ("huishoudens", "koop", "vrije_huur", "sociale_huur", "meer_geplaatst", "evenveel_geplaatst", "minder_geplaatst"),
    ("kwetsbare_bewoners",),
    ("buurten",),
)

LEAST_REACH = 0.01  # of an axis on which nothing differs
ROW, AXIS = 1.9, 2.2  # lines of type that a row of twins is high, and an axis below rows


# Twins


def twins_data(tables: Tables) -> pd.DataFrame:
    """Per scenario and group the shares of the matched that are better, equally and worse off than in the baseline.

    `net` is better less worse, with its interval over seeds; `matched` and `of` are means per run.
    """
    rows = []
    for (scenario, group), part in tables["twins"].groupby(["scenario", "group"], sort=False):
        counts = part[["better", "same", "worse", "matched"]].to_numpy(float)
        if not counts[:, 3].sum():
            continue
        shares = counts.sum(axis=0)[:3] / counts[:, 3].sum()
        net = survival.over_seeds(counts, lambda x: np.asarray((x[0] - x[2]) / max(x[3], 1.0)))
        rows.append((scenario, group, *shares, *(float(x) for x in net), *part[["matched", "of"]].mean(), len(part)))
    columns = ["scenario", "group", "better", "same", "worse", "net", "low", "high", "matched", "of", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def twins(tables: Tables, language: str, size: Size) -> "Figure | None":
    """Diverging bars, a panel per scenario: worse off to the left, better off to the right, and their difference."""
    data = twins_data(tables)
    shown = [s for s in tables.others if (data.scenario == s).any()]
    if not shown:
        return None
    blocks = [kept for block in BLOCKS if (kept := [g for g in block if (data.group == g).any()])]
    rows = sum(map(len, blocks))
    across = 1 if size.narrow else min(len(shown), 3)
    down = -(-len(shown) // across)
    figure, size = laid_out(size, down * (ROW * rows + AXIS * len(blocks) + 2.4) + 6.5, "none")
    wide, line = figure.get_figwidth(), size.lines(1.0) / figure.get_figheight()
    names = {
        g: wrapped(word("twins", g, language), 0.42 * wide if across == 1 else 0.25 * wide, size.small) for b in blocks for g in b
    }
    left = max(inches(n, size.small) for n in names.values()) / wide + 0.035
    bottom = (7.0 if size.narrow else 4.8) * line
    high, each = (1.0 - bottom) / down, (1.0 - left) / across
    for k, scenario in enumerate(shown):
        part = data[data.scenario == scenario].set_index("group")
        x, top = left + (k % across) * each, bottom + (down - k // across) * high - 1.6 * line
        title = cut(scenario_name(scenario), (each - 0.02) * wide, size.font, bold=True)
        figure.text(x, top + 0.3 * line, title, fontweight="bold", va="bottom")
        row = (high / line - 2.4 - AXIS * len(blocks)) / rows * line
        for block in blocks:
            box = (x, top - len(block) * row, each - 0.03, len(block) * row)
            ax = figure.add_axes(box)
            reach = float(data[data.group.isin(block)][["better", "worse", "low", "high"]].abs().max(axis=None)) or LEAST_REACH
            _bars(ax, part.reindex(block), reach, size, language)
            if k % across == 0:
                _names(ax, [names[g] for g in block], part.reindex(block), size, language)
            top -= len(block) * row + AXIS * line
    _twins_legend(figure, size, language)
    told = say("twins_note", language, n=int(data.seeds.max()), base=scenario_name(tables.baseline), **_same(tables, language))
    foot_note(figure, told, size)
    return figure


def _bars(ax: "Axes", part: pd.DataFrame, reach: float, size: Size, language: str) -> None:
    """Worse to the left, better to the right, in per cents of who was matched; a diamond is the difference of the two."""
    from matplotlib.ticker import MaxNLocator

    y = -np.arange(len(part))
    ax.barh(y, -100.0 * part.worse, height=0.62, color=WORSE, hatch="////", edgecolor="white", lw=0.3)
    ax.barh(y, 100.0 * part.better, height=0.62, color=BETTER)
    ax.hlines(y, 100.0 * part.low, 100.0 * part.high, color="white", lw=size.scaled(3.0))
    ax.hlines(y, 100.0 * part.low, 100.0 * part.high, color=INK, lw=size.scaled(1.2))
    ax.plot(100.0 * part.net, y, marker="D", ms=size.scaled(3.6), mfc="white", mec=INK, mew=size.scaled(0.9), linestyle="none")
    ax.axvline(0, color=SOFT, lw=size.scaled(0.8))
    limit = 112.0 * reach
    ax.set(xlim=(-limit, limit), ylim=(-len(part) + 0.4, 0.6), yticks=[])
    room = 0.8 * limit  # so that the texts of panels side by side stay apart
    edge = max(x for x in MaxNLocator(2, steps=[1, 2, 5, 10]).tick_values(0.0, room) if x <= room)
    ax.set_xticks([-edge, 0.0, edge])
    ticks(ax, language, "x")
    ax.xaxis.set_major_formatter(_unsigned(ax.xaxis.get_major_formatter()))
    ax.spines["left"].set_visible(False)


def _unsigned(signed: Any) -> Any:
    """Both sides of a diverging axis count up from 0."""
    from matplotlib.ticker import Formatter

    class Unsigned(Formatter):
        def set_locs(self, locs: Any) -> None:
            signed.set_locs(locs)

        def __call__(self, x: float, pos: int | None = None) -> str:
            return str(signed(abs(x), pos)) + ("%" if x else "")

    return Unsigned()


def _names(ax: "Axes", names: list[str], part: pd.DataFrame, size: Size, language: str) -> None:
    """Beside each row its group, and how many were matched of how many."""
    at: dict[str, Any] = {"textcoords": "offset points", "ha": "right", "annotation_clip": False, "fontsize": size.small}
    for k, (name, r) in enumerate(zip(names, part.itertuples(), strict=True)):
        below = say("twins_nobody", language)  # no such group in this world, as where no portiek got more than in the baseline
        if r.of > 0:
            below = say("twins_found", language, matched=number(round(r.matched), language), of=number(round(r.of), language),
                        share=percent(r.matched / r.of, language))  # fmt: skip
        shift = 0.5 * LINE * size.small * (name.count("\n") + 1)
        ax.annotate(name, (0, -k), (-5, shift * 0.08), xycoords=("axes fraction", "data"), va="bottom", color=INK, **at)
        ax.annotate(below, (0, -k), (-5, -1), xycoords=("axes fraction", "data"), va="top", color=SOFT, **at)


def _twins_legend(figure: "Figure", size: Size, language: str) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    diamond: dict[str, Any] = {"marker": "D", "mfc": "white", "mec": INK, "color": INK, "ms": size.scaled(3.6)}
    handles = [
        Patch(facecolor=WORSE, hatch="////", edgecolor="white", label=say("twins_worse", language)),
        Patch(color=BETTER, label=say("twins_better", language)),
        Line2D([], [], label=say("twins_net", language), **diamond),
    ]
    under_axes(figure, handles, 5.6 if size.narrow else 3.6, size)


def _same(tables: Tables, language: str) -> dict[str, str]:
    """What counts as the same, as the study says."""
    unknown = float("nan")
    found = {"mark": "same_mark", "stability": "same_stability", "score": "relevant_leefbaarheid"}
    return {name: number(tables.parameter(f"indicators.{key}", unknown), language) for name, key in found.items()}


# Fairness


class Measured(NamedTuple):
    """One thing that is measured of everyone and of groups, in every world: counts [seeds, groups, ...], added up over seeds.

    `value` makes [groups] of counts [groups, ...]. `shown` is the group to look at per scenario, where that is not the worst off:
    it is compared with itself.
    """

    panel: str
    better: int
    groups: list[str]
    value: Callable[[np.ndarray], np.ndarray]
    everyone: dict[str, np.ndarray]
    parts: dict[str, np.ndarray]
    shown: dict[str, int]

    def worst(self, scenario: str) -> int:
        """The group that is worst off in a world, over all seeds."""
        if scenario in self.shown:
            return self.shown[scenario]
        values = self.better * self.value(self.parts[scenario].sum(axis=0))
        return int(np.nanargmin(values)) if np.isfinite(values).any() else 0


def fairness_data(tables: Tables) -> pd.DataFrame:
    """Per panel and scenario: the value of everyone and of those worst off there, and the difference from the baseline.

    Who is worst off is found in each world by itself, over all seeds; the difference is between the worst off of both worlds, as
    these may be others. The buurt that receives most is compared with itself. Intervals are over paired seeds.
    """
    if tables["waits"].empty:
        return pd.DataFrame(columns=COLUMNS)
    rows = []
    for m in (_placed(tables), _neighbours(tables), _buurten(tables), _waiting(tables), _seekers(tables)):
        for scenario in (tables.baseline, *tables.others):
            if scenario not in m.parts:
                continue
            mine = m.worst(scenario)
            base = mine if m.shown else m.worst(tables.baseline)
            rows.append(_compared(m, "everyone", "", scenario, m.everyone[scenario], m.everyone[tables.baseline]))
            sides = m.parts[scenario][:, [mine]], m.parts[tables.baseline][:, [base]]
            rows.append(_compared(m, "worst", m.groups[mine], scenario, *sides))
    return pd.DataFrame(rows, columns=COLUMNS)


COLUMNS = ["panel", "better", "who", "group", "scenario", "value", "difference", "low", "high", "seeds"]


def _compared(m: Measured, who: str, group: str, scenario: str, mine: np.ndarray, base: np.ndarray) -> tuple[Any, ...]:
    both = np.concatenate([mine, base], axis=1)
    found = survival.over_seeds(both, lambda x: np.asarray(np.subtract(*m.value(x))))
    return m.panel, m.better, who, group, scenario, float(m.value(mine.sum(axis=0))[0]), *map(float, found), len(mine)


def _ratio(counts: np.ndarray) -> np.ndarray:
    return counts[:, 0] / np.where(counts[:, 1] > 0, counts[:, 1], np.nan)


def _cubes(rows: pd.DataFrame, tables: Tables, groups: str, names: list[str], columns: list[str]) -> dict[str, np.ndarray]:
    """Scenario -> [seeds, groups, columns] of the seeds that every scenario has; what has no row is 0."""
    scenarios = [s for s in (tables.baseline, *tables.others) if (rows.scenario == s).any()]
    seeds = sorted(set.intersection(*(set(rows.seed[rows.scenario == s]) for s in scenarios)))
    wide = rows.pivot_table(index=["scenario", "seed"], columns=groups, values=columns, aggfunc="sum")
    runs, cells = pd.MultiIndex.from_product([scenarios, seeds]), pd.MultiIndex.from_product([columns, names])
    cube = wide.reindex(index=runs, columns=cells).fillna(0.0).to_numpy(float)
    cube = cube.reshape(len(scenarios), len(seeds), len(columns), len(names)).transpose(0, 1, 3, 2)
    return dict(zip(scenarios, cube, strict=True))


def _placed(tables: Tables) -> Measured:
    """Placements that are still soft when the model looks back, by profile."""
    rows, after = tables["landing"], int(tables.parameter("landing.after_months", 0))
    groups, months = sorted(rows.profile.unique()), range(after + 1)
    cells = {}
    for name in ("events", "at_risk"):
        flat = rows[rows.month <= after].assign(cell=lambda x: x.profile + "@" + x.month.astype(str))
        cubes = _cubes(flat, tables, "cell", [f"{g}@{m}" for g in groups for m in months], [name])
        cells[name] = {s: cube.reshape(len(cube), len(groups), len(months)) for s, cube in cubes.items()}
    parts = {s: np.stack([cells["events"][s], cells["at_risk"][s]], axis=2) for s in cells["events"]}

    def value(x: np.ndarray) -> np.ndarray:
        return survival.curve(x[:, 0], x[:, 1])[:, -1]

    everyone = {s: c.sum(axis=1, keepdims=True) for s, c in parts.items()}
    placed = np.min([c[:, :, 1, 0].sum(axis=0) for c in parts.values()], axis=0)
    large = np.flatnonzero(placed >= min(SMALLEST_PROFILE, placed.max()))  # of few placements the worst would be luck
    return Measured("landing", 1, [groups[k] for k in large], value, everyone, {s: c[:, large] for s, c in parts.items()}, {})


def _waiting(tables: Tables) -> Measured:
    """Months that vulnerable residents who wait in the last year have waited so far, by profile."""
    rows = tables["waits"].assign(waited=lambda x: x.waiting * x.months)
    groups = sorted(rows.profile.unique())
    parts = _cubes(rows, tables, "profile", groups, ["waited", "waiting"])
    return Measured("waiting", -1, groups, _ratio, {s: c.sum(axis=1, keepdims=True) for s, c in parts.items()}, parts, {})


def _means(tables: Tables, level: str, name: str, last: bool) -> pd.DataFrame:
    """scenario, seed, place, value and 1 of an indicator over the horizon, or in the last year; unknown values have no row."""
    t = tables["indicators"]
    t = t[(t.design == "") & (t.level == level) & (t.month > (t.month.max() - MONTHS if last else 0))]
    t = t[t.period == ("year" if (t.period == "year").any() else "month")]
    rows = t.groupby(["scenario", "seed", "place"], sort=False)[name].mean().dropna().rename("value").reset_index()
    return rows.assign(number=1.0)


def _of_places(tables: Tables, panel: str, better: int, name: str, last: bool) -> Measured:
    """An indicator of the gemeente, and of its buurten that are large enough to be called the worst."""
    homes = tables["places"].set_index("code").huishoudens
    large = list(homes.index[homes >= min(tables.parameter("indicators.smallest_buurt_homes", 0), homes.max())])
    rows = _means(tables, "buurt", name, last)
    parts = _cubes(rows[rows.place.isin(large)], tables, "place", large, ["value", "number"])
    whole = _means(tables, "gemeente", name, last)
    everyone = _cubes(whole, tables, "place", sorted(whole.place.unique()), ["value", "number"])
    return Measured(panel, better, large, _ratio, everyone, parts, {})


def _buurten(tables: Tables) -> Measured:
    return _of_places(tables, "buurt", 1, "leefbaarheid", True)


def _neighbours(tables: Tables) -> Measured:
    """How many are often bothered, in the gemeente and in the buurt that receives most placements for its homes."""
    m, placed = (_of_places(tables, "neighbours", -1, name, False) for name in ("vaak_hinder", "plaatsingen"))
    social = tables["places"].set_index("code").p_corp[placed.groups].to_numpy(float)
    per_home = {s: np.nan_to_num(_ratio(cube.sum(axis=0)) * social, nan=-1.0) for s, cube in placed.parts.items()}
    return m._replace(shown={s: int(np.argmax(values)) for s, values in per_home.items()})


def _seekers(tables: Tables) -> Measured:
    """Months that regular seekers were registered when they got a home, mean over years; and those with a low income."""
    whole, low = (_means(tables, "gemeente", name, False) for name in ("wachttijd_regulier", "wachttijd_laag_inkomen"))
    places = sorted(whole.place.unique())
    everyone, parts = (_cubes(rows, tables, "place", places, ["value", "number"]) for rows in (whole, low))
    return Measured("seekers", -1, ["laag_inkomen"], _ratio, everyone, parts, {})


def fairness(tables: Tables, language: str, size: Size) -> "Figure | None":
    """A panel for each group: every scenario's mean of all and of those worst off, with the baseline's as dotted lines."""
    data = fairness_data(tables)
    if data.empty:
        return None
    panels = list(dict.fromkeys(data.panel))
    shown = [s for s in (tables.baseline, *tables.others) if (data.scenario == s).any()]
    across = 1 if size.narrow else 3 if size.height else 2
    down = -(-len(panels) // across)
    figure, size = laid_out(
        size, down * ((2.1 if size.narrow or len(shown) > 5 else 2.6) * len(shown) + 4.8) + (9.5 if size.narrow else 6.0), "none"
    )
    wide, line = figure.get_figwidth(), size.lines(1.0) / figure.get_figheight()
    left = min(1.05 * max(inches(scenario_name(s), size.small) for s in shown) + 0.12, 0.3 * wide) / wide
    bottom = (8.6 if size.narrow else 5.2) * line
    high, each = (1.0 - bottom) / down, (1.0 - left) / across
    for k, panel in enumerate(panels):
        low = bottom + (down - 1 - k // across) * high + 2.8 * line
        ax = figure.add_axes((left + (k % across) * each, low, each - 0.03, high - 4.6 * line))
        _fair(ax, data[data.panel == panel], shown, tables, size, language)
        ax.set_title(say(f"fair_{panel}", language))
        if k % across == 0:
            rows = [cut(scenario_name(s), 0.95 * left * wide - 0.06, size.small) for s in shown]
            ax.set_yticks(range(len(shown)), rows, color=INK)
    _fair_legend(figure, size, language)
    foot_note(figure, say("fair_note", language, n=int(data.seeds.max()), base=scenario_name(tables.baseline)), size)
    return figure


def _fair(ax: "Axes", part: pd.DataFrame, shown: list[str], tables: Tables, size: Size, language: str) -> None:
    """A row per scenario: a filled mark for all, an open one for those worst off with their name below it."""
    factor = 100.0 if part.panel.iloc[0] in ("landing", "neighbours") else 1.0
    for who, rows in part.groupby("who"):
        rows = rows.set_index("scenario").reindex(shown)
        if who == "everyone":
            ax.axvline(factor * rows.value.iloc[0], color=SOFT, lw=size.scaled(0.8), linestyle=(0, (1.2, 1.6)), zorder=1)
        for k, r in enumerate(rows.itertuples()):
            look = INK if k == 0 else look_of(k - 1)["color"]
            base = factor * (r.value - r.difference)
            if k:
                ends = [base + factor * r.low, base + factor * r.high]
                ax.plot(ends, [k, k], color=look, lw=size.scaled(1.4), solid_capstyle="butt", zorder=2)
            if k and who == "worst":
                ax.plot([base], [k], marker="|", ms=size.scaled(7.0), mew=size.scaled(1.1), color=INK, zorder=4)
            mark: dict[str, Any] = {"marker": "o", "ms": size.scaled(4.6), "mec": look, "mew": size.scaled(1.1), "zorder": 3}
            ax.plot([factor * r.value], [k], mfc=look if who == "everyone" else "white", linestyle="none", **mark)
            if who == "worst":
                ax.annotate(_group(tables, r.group, language), (factor * r.value, k), (0, -0.55 * size.small),
                            textcoords="offset points", ha="center", va="top", fontsize=size.small, color=SOFT,
                            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4}, zorder=5)  # fmt: skip
    for k, scenario in enumerate(shown):
        ends = factor * part[part.scenario == scenario].value
        ax.plot(ends, [k] * len(ends), color=PALE, lw=size.scaled(2.6), zorder=0)
    ax.set(ylim=(len(shown) - 0.25, -0.55), yticks=[])
    ax.margins(x=0.22)
    ax.locator_params(axis="x", nbins=5)
    ticks(ax, language, "x")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    after = f"{tables.parameter('landing.after_months', float('nan')):.0f}"
    told = say(f"fair_{part.panel.iloc[0]}_axis", language, after=after)
    ax.set_xlabel(f"{told} {'→' if part.better.iloc[0] > 0 else '←'}", fontsize=size.small)


def _group(tables: Tables, group: str, language: str) -> str:
    """The name of those worst off: a profile, a buurt, or seekers with a low income."""
    if group == "laag_inkomen":
        return say("fair_low_income", language)
    names = tables["places"].set_index("code").naam
    return str(names[group]) if group in names.index else word("profiles_short", group, language)


def _fair_legend(figure: "Figure", size: Size, language: str) -> None:
    from matplotlib.lines import Line2D

    mark: dict[str, Any] = {"marker": "o", "mec": INK, "color": INK, "linestyle": "none", "ms": size.scaled(4.6)}
    handles = [
        Line2D([], [], mfc=fill, label=say(f"fair_{who}", language), **mark)
        for who, fill in (("everyone", INK), ("worst", "white"))
    ]
    under_axes(figure, handles, 7.6 if size.narrow else 3.8, size)
