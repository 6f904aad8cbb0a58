"""Figures of a study, in Dutch and in English: one function each, from the tables of its folder and nothing else.

`draw_all(folder)` writes each as SVG and PNG with the data behind it as CSV. A new figure is one function that gives its
data, one that draws it, and one line in FIGURES.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from experiments.figures import bill, comparison, over_time, places
from experiments.figures.style import STYLE
from experiments.loaded import Tables, load
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
}


def draw_all(folder: Path, names: Iterable[str] = tuple(FIGURES)) -> list[str]:
    """Write the figures of a study's folder; returns the names of those there was something to draw for."""
    from matplotlib import rc_context

    tables = load(folder)
    out = folder / "figures"
    out.mkdir(exist_ok=True)
    drawn = []
    for name in names:
        data, draw = FIGURES[name]
        with rc_context(STYLE):
            figures = {language: draw(tables, language) for language in (NL, EN)}
            for language, figure in figures.items():
                if figure is not None:
                    _save(figure, out / f"{name}.{language}")
        if figures[NL] is not None:
            data(tables).to_csv(out / f"{name}.csv", index=False)
            drawn.append(name)
    return drawn


def _save(figure: "Figure", path: Path) -> None:
    """The same bytes for the same data: laid out once, no dates."""
    if figure.get_layout_engine() is not None:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
    figure.savefig(path.with_name(f"{path.name}.svg"), metadata={"Date": None, "Creator": None})
    figure.savefig(path.with_name(f"{path.name}.png"), dpi=DPI, metadata={"Software": None})
