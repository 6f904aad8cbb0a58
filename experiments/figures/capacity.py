"""How many placements buurten can carry: on the map, and the curves that it is read from."""

from functools import partial
from json import loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.carrying import SURE
from experiments.compare import paired
from experiments.figures import maps
from experiments.figures.style import COLOURS, INK, SOFT, Size, new_figure, short, ticks
from experiments.prose import grouped, number, pick, unit

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MANY = 30  # buurten whose curves are drawn


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
    t = tables.found[tables.found.seeds > 1]
    near = np.abs(t.capacity.to_numpy()[:, None] - asked).argmin(axis=1)
    return t.assign(step=np.where(np.isinf(t.capacity), len(asked), near)).pivot(index="code", columns="outcome", values="step")


def capacity_map(tables: CapacityTables, language: str, size: Size, outcomes: list[str]) -> "Figure | None":
    """A map per outcome: the dose beyond which one placement more does relevant harm."""
    from matplotlib.colors import BoundaryNorm

    shown = [name for name in outcomes if name in classes(tables)]
    if not shown or tables.places.geometry.isna().all():
        return None
    frame = tables.places.join(classes(tables)[shown], on="code").join(_unsure(tables).add_suffix("_unsure"), on="code")
    town = maps.areas(frame, [*shown, *(f"{name}_unsure" for name in shown)], 1.0)
    page, land = maps.sheet(maps.extent(town), len(shown), foot=0.75), maps.land_of(town)
    norm = BoundaryNorm(np.arange(len(tables.facts["doses"]) + 1) - 0.5, 256)
    per = pick(language, "plaatsingen per 1.000 woningen, ineens", "placements per 1,000 dwellings, at once")
    for ax, legend, name in zip(page.maps, page.legends, shown, strict=True):
        layer = maps.Layer(name, _title(tables, name, language), "", per, "viridis", norm, middles=True)
        maps.panel(ax, legend, town, land, layer, language)
        _without_result(ax, town[town[name].isna()])
        unsure = town[town[f"{name}_unsure"] > 0.5].geometry.representative_point()
        ax.plot(unsure.x, unsure.y, "o", ms=4.5, mfc="white", mec=INK, mew=0.9, zorder=7)
        _name_classes(legend, tables, language)
    maps.bar_and_north(page.maps[0], town, language)
    maps.write_names(page.maps, maps.names_of(town))
    page.figure.text(0.5, 0.5 * page.foot, _caption(tables, language), fontsize=8, ha="center", va="center", linespacing=1.5)
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
    legend.set_xticks(range(len(doses) + 1), [*(number(d, language) for d in doses), none], fontsize=7.5)


def _title(tables: CapacityTables, name: str, language: str) -> str:
    return short(tables.facts["indicators"][name][language].partition(" (")[0], 44)


def _caption(tables: CapacityTables, language: str) -> str:
    facts = tables.facts
    names = {"seeds": len(facts["seeds"]), "months": facts["months"], "baseline": facts["baseline"].replace("_", " ")}
    return pick(
        language,
        "Kleur: vanaf hoeveel plaatsingen één plaatsing meer relevante schade doet aan deze uitkomst; 0 is al bij de eerste.\n"
        "Open stip: onzeker of er een grens is. Gearceerd: niet berekend, of te weinig corporatiewoningen voor elke dosis.\n"
        "Strategie {baseline}, {months} maanden, gepaard over {seeds} seeds.",
        "Colour: from how many placements one more does relevant harm to this outcome; 0 is at the very first.\n"
        "Open dot: unsure whether there is a limit. Hatched: not computed, or too few corporatie homes for every dose.\n"
        "Strategy {baseline}, {months} months, paired over {seeds} seeds.",
    ).format(**names)


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
    """Small multiples: what doses change, the harm that is just relevant, and where one more does more than that."""
    data, label = curve_data(tables, outcome), tables.facts["indicators"][outcome]
    if data.empty:
        return None
    shown = list(data.code.unique()[:MANY])
    columns = min(5, len(shown))
    rows = -(-len(shown) // columns)
    height = 1.25 + 1.45 * rows
    figure = new_figure(size.width, height)
    axes = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    scale = unit(label["unit"], language)
    for ax, code in zip(axes, shown, strict=False):
        _curve(ax, data[data.code == code], label["better"], scale.factor)
    for ax in axes[len(shown) :]:
        ax.set_visible(False)
    ticks(axes[0], language, signed=True)
    for ax in axes[max(0, len(shown) - columns) : len(shown)]:
        ax.tick_params(labelbottom=True)
    handles, labels = _key(language, len(tables.facts["seeds"]))
    figure.legend(handles, labels, loc="outside upper center", ncols=3 if columns > 3 else 1, frameon=False, fontsize=8.5)
    figure.supylabel(pick(language, "verandering", "change") + f" ({scale.points})", fontsize=8.5)
    per = pick(language, "plaatsingen per 1.000 woningen", "placements per 1,000 dwellings")
    count = data.code.nunique()
    more = pick(language, f"; de {MANY} grootste van {count} buurten", f"; the {MANY} largest of {count} buurten")
    figure.supxlabel(f"{_title(tables, outcome, language)}: {per}{more if count > MANY else ''}", fontsize=8.5)
    return figure


def _curve(ax: "Axes", part: pd.DataFrame, better: int, factor: float) -> None:
    row = part.iloc[0]
    ax.axhline(0, color=SOFT, lw=0.6)
    ax.fill_between(part.dose, factor * part.low, factor * part.high, color=COLOURS[0], alpha=0.2, linewidth=0)
    ax.plot(part.dose, factor * part["mean"], "o-", color=COLOURS[0], lw=1.3, ms=3)
    ax.plot(part.dose, -better * factor * row.margin * part.dose, color=COLOURS[1], lw=1.0, linestyle=(0, (5, 1.5)))
    if np.isfinite(row.capacity):
        ax.axvline(row.capacity, color=INK, lw=1.2, linestyle=(0, (1.2, 1.2)))
    ax.set_title(short(str(row.naam), 24), fontsize=7.5)


def _key(language: str, seeds: int) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    looks: list[dict[str, Any]] = [
        {"color": COLOURS[0], "marker": "o", "ms": 3, "lw": 1.3},
        {"color": COLOURS[1], "lw": 1.0, "linestyle": (0, (5, 1.5))},
        {"color": INK, "lw": 1.2, "linestyle": (0, (1.2, 1.2))},
    ]
    n = grouped(seeds, 0, language)
    texts = pick(
        language,
        f"verandering, 95%-interval over {n} seeds|schade die nog net niet relevant is|vanaf hier is één meer relevante schade",
        f"change, 95% interval over {n} seeds|harm that is just not relevant|from here one more is relevant harm",
    )
    return [Line2D([], [], **look) for look in looks], texts.split("|")
