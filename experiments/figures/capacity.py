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
from experiments.figures.style import COLOURS, INK, SOFT, Size, cut, inches, laid_out, ticks, wrapped
from experiments.prose import grouped, number, pick, unit

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ACROSS = {"column": 3, "page": 5, "slide": 6}  # panels of curves beside each other
MOST = {"column": 15, "page": 30, "slide": 18}  # buurten whose curves are drawn


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
    said = wrapped(_caption(tables, language), size.width - size.lines(0.6), size.small)
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
    shown = list(data.code.unique()[: MOST[size.name]])
    columns = min(ACROSS[size.name], len(shown))
    rows = -(-len(shown) // columns)
    handles, labels = _key(language, len(tables.facts["seeds"]), size)
    across = 3 if sum(inches(text, size.font) + size.lines(3.0) for text in labels) < size.width else 1
    figure, size = laid_out(size, 4.5 + 1.4 * 3 / across + 8.0 * rows)
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
    figure.supylabel(pick(language, "verandering", "change") + f" ({scale.points})")
    per = pick(language, "plaatsingen per 1.000 woningen", "placements per 1,000 dwellings")
    count, most = data.code.nunique(), len(shown)
    more = pick(language, f"; de {most} grootste van {count} buurten", f"; the {most} largest of {count} buurten")
    said = f"{_title(tables, outcome, language)}: {per}{more if count > most else ''}"
    figure.supxlabel(wrapped(said, size.width, size.font))
    return figure


def _curve(ax: "Axes", part: pd.DataFrame, better: int, factor: float, size: Size) -> None:
    row = part.iloc[0]
    ax.axhline(0, color=SOFT, lw=size.scaled(0.5))
    ax.fill_between(part.dose, factor * part.low, factor * part.high, color=COLOURS[0], alpha=0.2, linewidth=0)
    ax.plot(part.dose, factor * part["mean"], "o-", color=COLOURS[0], lw=size.scaled(1.1), ms=size.scaled(2.4))
    harm: dict[str, Any] = {"color": COLOURS[1], "lw": size.scaled(0.9), "linestyle": (0, (5, 1.5))}
    ax.plot(part.dose, -better * factor * row.margin * part.dose, **harm)
    if np.isfinite(row.capacity):
        ax.axvline(row.capacity, color=INK, lw=size.scaled(1.0), linestyle=(0, (1.2, 1.2)))


def _key(language: str, seeds: int, size: Size) -> tuple[list[Any], list[str]]:
    from matplotlib.lines import Line2D

    looks: list[dict[str, Any]] = [
        {"color": COLOURS[0], "marker": "o", "ms": size.scaled(2.4), "lw": size.scaled(1.1)},
        {"color": COLOURS[1], "lw": size.scaled(0.9), "linestyle": (0, (5, 1.5))},
        {"color": INK, "lw": size.scaled(1.0), "linestyle": (0, (1.2, 1.2))},
    ]
    n = grouped(seeds, 0, language)
    texts = pick(
        language,
        f"verandering, 95%-interval over {n} seeds|schade die nog net niet relevant is|vanaf hier is één meer relevante schade",
        f"change, 95% interval over {n} seeds|harm that is just not relevant|from here one more is relevant harm",
    )
    return [Line2D([], [], **look) for look in looks], texts.split("|")
