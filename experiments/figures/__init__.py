"""Figures of a study and of a town, in Dutch and in English: one function each, from the tables of a folder and nothing else.

`draw_all(folder)` writes those of a study, `draw_town(folder)` those of a town and `draw_capacity` those of carrying capacities,
each as SVG and PNG with the data behind it as CSV. A new figure is one function that gives its data, one that draws it, and one
line in FIGURES or TOWN.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments.figures import bill, capacity, comparison, over_time, places, town
from experiments.figures.style import STYLE
from experiments.loaded import Tables, TownTables, load, load_town
from experiments.prose import EN, NL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 160

Draw = Callable[[Tables, str], "Figure | None"]
FIGURES: dict[str, tuple[Callable[[Tables], pd.DataFrame], Draw]] = {
    "leefbaarheid": (over_time.time_data, over_time.time),
    "verschillen": (comparison.forest_data, comparison.forest),
    "robuustheid": (comparison.robustness_data, comparison.robustness),
    "buurten": (places.buurten_data, places.buurten),
    "kaart": (places.map_data, places.town_map),
    "rekening": (bill.bill_data, bill.bill),
    "zakken": (bill.pockets_data, bill.pockets),
}


TOWN: dict[str, tuple[Callable[[TownTables], pd.DataFrame], Callable[[TownTables, str], "Figure | None"]]] = {
    "kaarten": (town.maps_data, town.town_maps),
    "kern": (town.core_data, town.core_maps),
    "passing": (town.fit_data, town.fit),
    "herkomst": (town.imputation_data, town.imputation),
}


def draw_all(folder: Path, names: Iterable[str] = tuple(FIGURES)) -> list[str]:
    """Write the figures of a study's folder; returns the names of those there was something to draw for."""
    return _write(load(folder), {name: FIGURES[name] for name in names}, folder / "figures")


def draw_town(folder: Path) -> list[str]:
    """Write the figures of a town's folder; returns the names of those there was something to draw for."""
    return _write(load_town(folder), TOWN, folder / "figures")


def draw_capacity(folder: Path, outcomes: list[str]) -> list[str]:
    """Write the figures of carrying capacities; returns the names of those there was something to draw for."""
    return _write(capacity.load_capacity(folder), capacity.figures(outcomes), folder / "figures")


def _write(tables: Any, figures: dict[str, Any], out: Path) -> list[str]:
    from matplotlib import rc_context

    out.mkdir(exist_ok=True)
    drawn = []
    for name, (data, draw) in figures.items():
        with rc_context(STYLE):
            made = {language: draw(tables, language) for language in (NL, EN)}
            for language, figure in made.items():
                if figure is not None:
                    _save(figure, out / f"{name}.{language}")
        if made[NL] is not None:
            data(tables).to_csv(out / f"{name}.csv", index=False)
            drawn.append(name)
    return drawn


def _save(figure: "Figure", path: Path) -> None:
    """The same bytes for the same data: laid out once, no dates."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    figure.savefig(path.with_name(f"{path.name}.svg"), dpi=DPI, metadata={"Date": None, "Creator": None})
    figure.savefig(path.with_name(f"{path.name}.png"), dpi=DPI, metadata={"Software": None})
