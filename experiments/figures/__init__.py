"""Figures of a study and of a town, in Dutch and in English: one function each, from the tables of a folder and nothing else.

`draw_all(folder)` writes those of a study, `draw_town(folder)` those of a town, `draw_capacity` those of carrying capacities,
`draw_story` that of a history and `draw_sweep` those of a sweep: for a page as SVG and PNG with the data behind it as CSV, and
in other sizes (`style.SIZES`) and formats on request. A new figure is one function that gives its data, one that draws it, and
one line in FIGURES or TOWN.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from experiments import bundle
from experiments.figures import (
    bill,
    capacity,
    comparison,
    designs,
    doubt,
    fairness,
    help,
    over_time,
    persons,
    places,
    story,
    town,
)  # fmt: skip
from experiments.figures.style import COLUMN, PAGE, Size, style_of
from experiments.loaded import Tables, TownTables, load, load_town
from experiments.prose import EN, NL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DPI = 200
FORMATS = ("svg", "png", "pdf")
WRITTEN = ("svg", "png")  # unless more is asked for

Draw = Callable[[Tables, str, Size], "Figure | None"]
FIGURES: dict[str, tuple[Callable[[Tables], pd.DataFrame], Draw]] = {
    "leefbaarheid": (over_time.time_data, over_time.time),
    "verschillen": (comparison.forest_data, comparison.forest),
    "robuustheid": (comparison.robustness_data, comparison.robustness),
    "buurten": (places.buurten_data, places.buurten),
    **places.figures(),
    "rekening": (bill.bill_data, bill.bill),
    "zakken": (bill.pockets_data, bill.pockets),
    "raster": (designs.raster_data, designs.raster),
    "hulp": (help.help_data, help.helping),
    "onzekerheid": (doubt.doubt_data, doubt.doubt),
    "stromen": (persons.flows_data, persons.flows),
    "landing": (persons.landing_data, persons.landing),
    "tweeling": (fairness.twins_data, fairness.twins),
    "eerlijk": (fairness.fairness_data, fairness.fairness),
}
SELDOM = ("kaart_draagkracht", "kaart_draaglast", "kaart_kwetsbaar")  # drawn where they are named, and in the gallery

TOWN: dict[str, tuple[Callable[[TownTables], pd.DataFrame], Callable[[TownTables, str, Size], "Figure | None"]]] = {
    "kaarten": (town.maps_data, town.town_maps),
    "kern": (town.core_data, town.core_maps),
    "passing": (town.fit_data, town.fit),
    "herkomst": (town.imputation_data, town.imputation),
}


def draw_all(
    folder: Path, names: Iterable[str] = (), sizes: Iterable[Size] = (PAGE,), formats: Iterable[str] = WRITTEN
) -> list[str]:
    """Write the figures of a study's folder (those named, or all but SELDOM); returns the names of those that could be drawn."""
    asked = tuple(names) or tuple(name for name in FIGURES if name not in SELDOM)
    return write(load(folder), {name: FIGURES[name] for name in asked}, folder / "figures", sizes, formats)


def draw_town(folder: Path) -> list[str]:
    """Write the figures of a town's folder; returns the names of those there was something to draw for."""
    return write(load_town(folder), TOWN, folder / "figures")


def draw_capacity(folder: Path, outcomes: list[str]) -> list[str]:
    """Write the figures of carrying capacities; returns the names of those there was something to draw for."""
    return write(capacity.load_capacity(folder), capacity.figures(outcomes), folder / "figures")


def draw_story(folder: Path) -> list[str]:
    """Write the strip of one person's history; returns the names of those there was something to draw for."""
    figures = {"levensloop": (story.strip_data, story.strip)}
    return write(story.load_story(folder), figures, folder / "figures", (PAGE, COLUMN))


def draw_sweep(tables: designs.SweptTables, folder: Path) -> list[str]:
    """Write the figures of a sweep; returns the names of those there was something to draw for."""
    figures = designs.figures_of_sweep(tables)
    return write(tables, figures, folder / "figures") if figures else []


def drawn(draw: Callable[..., "Figure | None"], tables: Any, language: str, size: Size) -> "Figure | None":
    """One figure, in the style of its size and laid out once; None where there is nothing to draw."""
    from matplotlib import rc_context

    with rc_context(style_of(size)):
        figure = draw(tables, language, size)
        if figure is not None and figure.get_layout_engine() is not None:
            figure.draw_without_rendering()
            figure.set_layout_engine("none")
    return figure


def write(
    tables: Any, figures: dict[str, Any], out: Path, sizes: Iterable[Size] = (PAGE,), formats: Iterable[str] = WRITTEN
) -> list[str]:
    """Write figures {name: (data, draw)} of tables into a folder; returns the names of those there was something to draw for."""
    out.mkdir(exist_ok=True)
    found, sizes, formats = [], tuple(sizes), tuple(formats)
    for name, (data, draw) in figures.items():
        mine, used = _noted(tables)
        made = {(size, language): drawn(draw, mine, language, size) for size in sizes for language in (NL, EN)}
        if all(figure is None for figure in made.values()):
            continue
        data(mine).to_csv(out / f"{name}.csv", index=False)
        source = provenance(tables, used)
        for (size, language), figure in made.items():
            if figure is not None:
                _save(figure, out / file_name(name, size, language), formats, name, source, size)
        found.append(name)
    return found


def file_name(name: str, size: Size, language: str) -> str:
    """Of a figure, without its ending: that for a page goes without a word about its size."""
    return f"{name}.{language}" if size == PAGE else f"{name}.{size.name}.{language}"


def _save(figure: "Figure", path: Path, formats: tuple[str, ...], title: str, source: str, size: Size) -> None:
    """The same bytes for the same data: no dates, and the provenance in the file itself."""
    from matplotlib import rc_context

    told = {"svg": {"Title": title, "Description": source, "Date": None, "Creator": None},
            "png": {"Title": title, "Description": source, "Software": None},
            "pdf": {"Title": title, "Subject": source, "Creator": None, "Producer": None, "CreationDate": None}}  # fmt: skip
    with rc_context(style_of(size)):
        for kind in formats:
            figure.savefig(path.with_name(f"{path.name}.{kind}"), dpi=DPI, metadata=told[kind])


# Where a figure comes from


class Noted(dict[str, pd.DataFrame]):
    """Tables that note which of them were read."""

    def __init__(self, frames: dict[str, pd.DataFrame]) -> None:
        super().__init__(frames)
        self.used: set[str] = set()

    def __getitem__(self, name: str) -> pd.DataFrame:
        self.used.add(name)
        return super().__getitem__(name)


def _noted(tables: Any) -> tuple[Any, set[str]]:
    """The tables, and the names of those that are read from now on (all, where a folder's tables are always read whole)."""
    if not isinstance(tables, Tables):
        return tables, {name for name in tables._fields if name != "facts"}
    frames = Noted(tables.frames)
    return replace(tables, frames=frames), frames.used


def provenance(tables: Any, used: set[str]) -> str:
    """What a figure was made of, on one line: study, seeds, scenarios, commit, hash of the code, and hashes of its tables."""
    facts = tables.manifest if isinstance(tables, Tables) else tables.facts
    identity, hashes = facts.get("identity", {}), facts.get("results", {})
    seeds = facts.get("seeds", [facts["seed"]] if "seed" in facts else [])
    parts = {
        "study": identity.get("config", {}).get("name"),
        "town": " ".join(str(facts["town"].get(k, "")) for k in ("naam", "code", "vintage")).strip() if "town" in facts else None,
        "scenarios": ", ".join(facts.get("scenarios", [])),
        "baseline": facts.get("baseline"),
        "seeds": ", ".join(map(str, seeds)),
        "commit": facts.get("commit"),
        "code": identity.get("model", facts.get("model")),
        "tables": ", ".join(f"{name} {hashes.get(f'{bundle.file_of(name)}.parquet', '')[:12]}".strip() for name in sorted(used)),
    }  # fmt: skip
    return "; ".join(f"{name}: {value}" for name, value in parts.items() if value)
