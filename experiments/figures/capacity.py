"""How many placements buurten can carry: on the map, and the curves that it is read from."""

from functools import partial
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.carrying import FEWEST, SURE
from experiments.compare import paired
from experiments.figures import maps
from experiments.figures.style import COLOURS, INK, SOFT, Size, cut, inches, laid_out, ticks, wrapped
from experiments.prose import grouped, number, pick, unit

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = {"column": 3, "page": 5, "slide": 6}  # panels of curves beside each other
MOST = {"column": 15, "page": 30, "slide": 18}  # buurten whose curves are drawn
TALL = (14.0, 9.5, 8.0)  # lines of type that a row of panels is high: with one row, with two, with more
MAPPED = 3  # buurten with a result, from which there is something to see on a map


class CapacityTables(NamedTuple):
    """What `experiments.capacity` writes (docs/capacity.md). `facts` is its manifest."""

    facts: dict[str, Any]
    places: "GeoDataFrame"
    runs: pd.DataFrame
    found: pd.DataFrame


def load_capacity(folder: Path) -> CapacityTables:
    """Read the folder."""
    import geopandas

    facts = loads((folder / "manifest.json").read_text(encoding="utf-8"))
    frames = (pd.read_parquet(folder / f"{name}.parquet") for name in ("doses", "capacity"))
    return CapacityTables(facts, geopandas.read_parquet(folder / "places.parquet"), *frames)


def figures(outcomes: list[str]) -> dict[str, Any]:
    """Name -> what gives its data and what draws it: the map of all outcomes, and curves of each."""
    curves = {f"dosis_{name}": (partial(curve_data, outcome=name), partial(curves_of, outcome=name)) for name in outcomes}
    return {"capaciteit": (partial(map_data, outcomes=outcomes), partial(capacity_map, outcomes=outcomes)), **curves}


# Map


def map_data(tables: CapacityTables, outcomes: list[str]) -> pd.DataFrame:
    """Per buurt and outcome: the capacity and its interval."""
    return tables.found[tables.found.outcome.isin(outcomes)]


def classes(tables: CapacityTables) -> pd.DataFrame:
    """Which of the asked doses the capacity is, by code [buurten, outcomes]; their number where none was found.

    A dose is a whole number of placements, and so only near the one that was asked.
    """
    asked = np.array(tables.facts["doses"][:-1])
    t = tables.found[tables.found.seeds >= FEWEST]
    near = np.abs(t.capacity.to_numpy()[:, None] - asked).argmin(axis=1)
    return t.assign(step=np.where(np.isinf(t.capacity), len(asked), near)).pivot(index="code", columns="outcome", values="step")


def capacity_map(tables: CapacityTables, language: str, size: Size, outcomes: list[str]) -> "Figure | None":
    """A map per outcome: the dose beyond which one placement more does relevant harm. None for fewer than `MAPPED` buurten."""
    from matplotlib.colors import BoundaryNorm

    results = classes(tables)
    shown = [name for name in outcomes if name in results and results[name].count() >= MAPPED]
    if not shown or tables.places.geometry.isna().all():
        return None
    frame = tables.places.join(results[shown], on="code").join(_unsure(tables).add_suffix("_unsure"), on="code")
    town = maps.areas(frame, [*shown, *(f"{name}_unsure" for name in shown)], 1.0)
    said = wrapped(_caption(tables, town, shown, language), size.width - size.lines(0.6), size.small)
    page = maps.sheet(size, maps.extent(town), len(shown), foot=size.lines(1.2 * (2 + said.count("\n"))))
    land = maps.land_of(town)
    norm = BoundaryNorm(np.arange(len(tables.facts["doses"]) + 1) - 0.5, 256)
    per = pick(language, "plaatsingen per 1.000 woningen, ineens", "placements per 1,000 dwellings, at once")
    for k, name in enumerate(shown):
        layer = maps.Layer(name, _title(tables, name, language), "", per, "viridis", norm, middles=True)
        maps.panel(page, k, town, land, layer, language, size)
        _without_result(page.maps[k], town[town[name].isna()])
        unsure = town[town[f"{name}_unsure"] > 0.5].geometry.representative_point()
        dot: dict[str, Any] = {"ms": size.scaled(3.8), "mew": size.scaled(0.7), "mfc": "white", "mec": INK, "zorder": 7}
        page.maps[k].plot(unsure.x, unsure.y, "o", **dot)
        _name_classes(page.legends[k], tables, language)
    maps.bar_and_north(page.maps[0], town, language, size)
    maps.write_names(page.maps, maps.names_of(town), size)
    left, low = size.lines(0.3) / size.width, size.lines(0.3) / page.figure.get_figheight()
    page.figure.text(left, low, said, fontsize=size.small, va="bottom", linespacing=1.2)
    return page.figure


def _unsure(tables: CapacityTables) -> pd.DataFrame:
    """1 where resamples do not agree on whether a capacity is found, by code [buurten, outcomes]."""
    t = tables.found
    return t.assign(unsure=t.none.between(1 - SURE, SURE).astype(float)).pivot(index="code", columns="outcome", values="unsure")


def _without_result(ax: "Axes", areas: "GeoDataFrame") -> None:
    kept = ax.get_xlim(), ax.get_ylim()
    if len(areas):
        areas.plot(ax=ax, facecolor="none", edgecolor=maps.HATCH_INK, hatch=maps.HATCH, linewidth=0.0)
    ax.set(xlim=kept[0], ylim=kept[1])


def _name_classes(legend: "Axes", tables: CapacityTables, language: str) -> None:
    """Doses and "none" under the colours."""
    *doses, last = tables.facts["doses"]
    none = pick(language, f"geen tot {number(last, language)}", f"none to {number(last, language)}")
    legend.set_xticks(range(len(doses) + 1), [*(number(d, language) for d in doses), none])


def _title(tables: CapacityTables, name: str, language: str) -> str:
    return str(tables.facts["indicators"][name][language].partition(" (")[0])


def _caption(tables: CapacityTables, town: "GeoDataFrame", shown: list[str], language: str) -> str:
    """What the maps show, and the marks that are in them."""
    facts = tables.facts
    said = [
        pick(
            language,
            "Kleur: vanaf hoeveel plaatsingen één plaatsing meer relevante schade doet aan deze uitkomst; 0 is al bij de eerste.",
            "Colour: from how many placements one more does relevant harm to this outcome; 0 is at the very first.",
        )
    ]
    if any((town[f"{name}_unsure"] > 0.5).any() for name in shown):
        said.append(pick(language, "Open stip: onzeker of er een grens is.", "Open dot: unsure whether there is a limit."))
    if town[shown].isna().any(axis=None):
        nl = "Gearceerd: niet berekend, of te weinig corporatiewoningen voor elke dosis."
        said.append(pick(language, nl, "Hatched: not computed, or too few corporatie homes for every dose."))
    under = pick(
        language,
        "Strategie {baseline}, {months} maanden, gepaard over {seeds} seeds.",
        "Strategy {baseline}, {months} months, paired over {seeds} seeds.",
    )
    said.append(under.format(seeds=len(facts["seeds"]), months=facts["months"], baseline=facts["baseline"].replace("_", " ")))
    return " ".join(said)


# Curves


def curve_data(tables: CapacityTables, outcome: str) -> pd.DataFrame:
    """Per buurt (the largest first) and dose: mean change since dose 0 over paired seeds, with its 95% interval."""
    t = tables.runs[(tables.runs.place == "buurt") & (tables.runs.outcome == outcome)]
    rows = []
    for code, part in t.groupby("code", sort=False):
        wide = part.pivot(index="seed", columns="dose", values="value")
        for dose, change in wide.sub(wide[0.0], axis=0).items():
            rows.append((code, dose, *paired(change.to_numpy())[:3]))
    frame = pd.DataFrame(rows, columns=["code", "dose", "mean", "low", "high"])
    found = tables.found[tables.found.outcome == outcome].drop(columns=["outcome", "low", "high"])
    return frame.merge(found, on="code").sort_values(["homes", "code", "dose"], ascending=[False, True, True], kind="stable")


def curves_of(tables: CapacityTables, language: str, size: Size, outcome: str) -> "Figure | None":
    """Small multiples: what doses change, from where one more does relevant harm, and how much harm is just not relevant."""
    data, label = curve_data(tables, outcome), tables.facts["indicators"][outcome]
    if data.empty:
        return None
    shown = list(data.code.unique()[: MOST[size.name]])
    columns = min(ACROSS[size.name], len(shown))
    rows = -(-len(shown) // columns)
    tall = TALL[min(rows, len(TALL)) - 1]
    handles, labels = _key(data[data.code.isin(shown)], language, len(tables.facts["seeds"]), size)
    across = next(n for n in (3, 2, 1) if n == 1 or _wide(labels, n, size) <= size.width)
    lines = -(-len(labels) // across)
    foot = wrapped(_under(data, len(shown), language), size.width - size.lines(2.0), size.font)
    below = 3.2 + 1.3 * foot.count("\n")
    figure, size = laid_out(size, 2.0 + 1.4 * lines + tall * rows + below)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    scale, wide = unit(label["unit"], language), (size.width - size.lines(4.0)) / columns - size.lines(0.8)
    for ax, code in zip(axes, shown, strict=False):
        part = data[data.code == code]
        _curve(ax, part, label["better"], scale.factor, size)
        ax.set_title(cut(str(part.naam.iloc[0]), wide, size.small), fontsize=size.small, fontweight="normal")
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    axes[0].yaxis.get_major_locator().set_params(nbins=4)
    ticks(axes[0], language, signed=True)
    for ax in axes[max(0, len(shown) - columns) : len(shown)]:
        ax.tick_params(labelbottom=True)
    figure.legend(handles, labels, loc="outside upper left", ncols=across, frameon=False, borderpad=0.1)
    change = f"{_title(tables, outcome, language)}: {pick(language, 'verandering', 'change')} ({scale.points})"
    high = figure.get_figheight()
    room = high - size.lines(2.0 + 1.4 * lines + below)
    figure.supylabel(wrapped(change, room, size.font), y=(size.lines(below) + room / 2) / high, fontsize=size.font, ma="center")
    figure.supxlabel(foot)
    return figure


def _wide(labels: list[str], columns: int, size: Size) -> float:
    """Inches of a legend in so many columns, filled one column after another."""
    rows = -(-len(labels) // columns)
    widest = (max(inches(text, size.font) for text in labels[k : k + rows]) for k in range(0, len(labels), rows))
    return sum(wide + size.lines(3.0) for wide in widest)


def _under(data: pd.DataFrame, most: int, language: str) -> str:
    """Below the curves: what the doses are, which buurten are drawn, and that there are too few seeds where that is so."""
    said, count = pick(language, "plaatsingen per 1.000 woningen", "placements per 1,000 dwellings"), data.code.nunique()
    if count > most:
        said += pick(language, f"; de {most} grootste van {count} buurten", f"; the {most} largest of {count} buurten")
    if (data.seeds < FEWEST).any():
        nl = f"te weinig seeds voor een grens (minstens {FEWEST} waarin de uitkomst bekend is)"
        en = f"too few seeds for a limit (at least {FEWEST} in which the outcome is known)"
        said += "\n" + pick(language, nl, en)
    return said


def _curve(ax: "Axes", part: pd.DataFrame, better: int, factor: float, size: Size) -> None:
    """The dashed line starts where the limit lies: harm by placement is judged from there on, and not since the first."""
    row, since = part.iloc[0], just_not(part, better)
    ax.axhline(0, color=SOFT, lw=size.scaled(0.5))
    ax.fill_between(part.dose, factor * part.low, factor * part.high, color=COLOURS[0], alpha=0.2, linewidth=0)
    ax.plot(part.dose, factor * part["mean"], "o-", color=COLOURS[0], lw=size.scaled(1.1), ms=size.scaled(2.4))
    harm: dict[str, Any] = {"color": COLOURS[1], "lw": size.scaled(0.9), "linestyle": (0, (5, 1.5))}
    ax.plot(since.index, factor * since, **harm)
    if np.isfinite(row.capacity):
        ax.axvline(row.capacity, color=INK, lw=size.scaled(1.0), linestyle=(0, (1.2, 1.2)))


def just_not(part: pd.DataFrame, better: int) -> pd.Series:
    """Change, by dose, of harm that is just not relevant: from the limit on, or from the first dose where there is none.

    part: rows of `curve_data` of one buurt. Beyond a limit all means lie on the harmful side of it, as the rule asks of every
    step (`experiments.carrying.beyond`).
    """
    mean, limit = part.set_index("dose")["mean"], float(part.capacity.iloc[0])
    start = limit if np.isfinite(limit) else float(mean.index[0])
    doses = mean.index[mean.index >= start].to_numpy()
    return pd.Series(mean[start] - better * float(part.margin.iloc[0]) * (doses - start), doses)


def _key(drawn: pd.DataFrame, language: str, seeds: int, size: Size) -> tuple[list[Any], list[str]]:
    """Handles and texts of the legend: a limit only where one is drawn."""
    from matplotlib.lines import Line2D

    looks: list[dict[str, Any]] = [
        {"color": COLOURS[0], "marker": "o", "ms": size.scaled(2.4), "lw": size.scaled(1.1)},
        {"color": COLOURS[1], "lw": size.scaled(0.9), "linestyle": (0, (5, 1.5))},
        {"color": INK, "lw": size.scaled(1.0), "linestyle": (0, (1.2, 1.2))},
    ]
    n, limits = grouped(seeds, 0, language), np.isfinite(drawn.capacity).any()
    change = pick(language, f"verandering, 95%-interval over {n} seeds", f"change, 95% interval over {n} seeds")
    if not limits:
        texts = [change, pick(language, "schade die nog net niet relevant is", "harm that is just not relevant")]
    else:
        texts = [
            change,
            pick(
                language,
                "net geen relevante schade, vanaf de grens of vanaf 0",
                "just no relevant harm, from the limit or from 0",
            ),
            pick(
                language,
                "grens: hierna doet één plaatsing meer relevante schade",
                "limit: beyond it one placement more does relevant harm",
            ),
        ]
    return [Line2D([], [], **look) for look in looks[: len(texts)]], texts
