"""Every figure of a folder at the sizes of paper and screen, on one page to look at and to take from.

    python -m experiments.gallery results/STUDY                             gallery.html, with all sizes and formats
    python -m experiments.gallery results/STUDY sizes=column formats=pdf    only the files, for an article
    python -m experiments.gallery results/STUDY figures=kaart,rekening      some of the figures
    python -m experiments.gallery results/gemeente-GM0828-2022              a town, or a folder of carrying capacities

Sizes are column (89 mm), page (183 mm) and slide (13.33 x 7.5 inches); formats are svg, png and pdf. Files go into the folder's
figures/, each with its provenance inside it, and the data behind each figure beside it as CSV. What is no such folder, or names
what is not known, is refused (exit code 2).
"""

import os
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any, NamedTuple

from experiments import pages
from experiments.bundle import BUNDLES
from experiments.figures import FIGURES, FORMATS, TOWN, capacity, file_name, write
from experiments.figures.style import PAGE, SIZES, Size
from experiments.loaded import Tables, load, load_town
from experiments.prose import EN, NL, capital, pick, word
from experiments.refusal import refused

FILE = "gallery.html"


class Asked(NamedTuple):
    """What is to be drawn. `page`: whether a page is made of it."""

    figures: dict[str, Any]
    sizes: tuple[Size, ...]
    formats: tuple[str, ...]
    page: bool


def main(arguments: list[str] | None = None) -> None:
    """The command: help, or figures written, or a refusal on one screen."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or any(a in ("-h", "--help") for a in given):
        print(__doc__)
        return
    with refused(given):
        folder = Path(given[0])
        tables, known = opened(folder)
        wanted = asked(given[1:], known)
        found = make(folder, tables, wanted)
    print(f"{len(found)} figures: {folder / 'figures'}")
    if wanted.page:
        print(f"Page: {folder / FILE}")


def opened(folder: Path) -> tuple[Any, dict[str, Any]]:
    """The tables of a folder and the figures that it can give; raises `Refused` where it is no finished folder."""
    from model.parameters import Problem, Refused

    has = {path.name for path in folder.glob("*")} if folder.is_dir() else set()
    if {"manifest.json", "differences.parquet", *(f"{name}.parquet" for name in BUNDLES)} <= has:
        return load(folder), FIGURES
    if {"manifest.json", "margins.parquet"} <= has:
        return load_town(folder), TOWN
    if {"manifest.json", "doses.parquet", "capacity.parquet"} <= has:
        tables = capacity.load_capacity(folder)
        return tables, capacity.figures(list(dict.fromkeys(tables.found.outcome)))
    raise Refused(
        [
            Problem(
                str(folder),
                "no finished folder of this version",
                "that of a study, of a town (experiments.gemeente) or of capacities",
            )
        ]
    )


def asked(given: list[str], known: dict[str, Any]) -> Asked:
    """Arguments as key=a,b; raises one `Refused` with every word that is not known."""
    from model.parameters import Problem, Refused

    may: dict[str, list[str]] = {"sizes": list(SIZES), "formats": list(FORMATS), "figures": list(known)}
    chosen, problems = dict(may), []
    for text in given:
        key, _, value = text.partition("=")
        words = value.split(",")
        if key not in may:
            problems.append(Problem(key, "an unknown key", ", ".join(f"{k}=..." for k in may)))
            continue
        problems += [Problem(key, repr(w), ", ".join(may[key])) for w in words if w not in may[key]]
        chosen[key] = words
    if problems:
        raise Refused(problems)
    figures = {name: known[name] for name in chosen["figures"]}
    files_only = any(text.startswith(("sizes=", "formats=")) for text in given)
    return Asked(figures, tuple(SIZES[s] for s in chosen["sizes"]), tuple(chosen["formats"]), not files_only)


def make(folder: Path, tables: Any, wanted: Asked) -> list[str]:
    """Write the figures, and the page if it is wanted; returns the names of those there was something to draw for."""
    found = write(tables, wanted.figures, folder / "figures", wanted.sizes, wanted.formats)
    if wanted.page:
        text = pages.template("gallery.html.j2").render(**content(folder, tables, found, wanted))
        (folder / f".{FILE}").write_text(text, encoding="utf-8")
        os.replace(folder / f".{FILE}", folder / FILE)
    return found


def content(folder: Path, tables: Any, found: list[str], wanted: Asked) -> dict[str, Any]:
    """What the page shows: per figure and size its picture in both languages, and links to its files."""
    facts = tables.manifest if isinstance(tables, Tables) else tables.facts
    return {
        "t": lambda nl, en: {"nl": nl, "en": en},
        "town": facts["town"]["naam"],
        "languages": (NL, EN),
        "figures": [
            {
                "name": name,
                "title": {language: titled(name, language) for language in (NL, EN)},
                "alt": {language: word("alts", name, language) for language in (NL, EN)},
                "data": f"figures/{name}.csv",
                "sizes": [shown(folder, name, size, wanted.formats) for size in wanted.sizes],
            }
            for name in found
        ],
    }


def shown(folder: Path, name: str, size: Size, formats: tuple[str, ...]) -> dict[str, Any]:
    """One figure at one size: width in inches, what it is called, and per language its picture and its files."""
    return {
        "name": size.name,
        "title": {language: called(size, language) for language in (NL, EN)},
        "width": size.width,
        "languages": {
            language: {
                "picture": picture(folder / "figures" / file_name(name, size, language)),
                "files": [(kind, f"figures/{file_name(name, size, language)}.{kind}") for kind in formats],
            }
            for language in (NL, EN)
        },
    }


def titled(name: str, language: str) -> str:
    """A figure as the reader knows it; one without a title of its own by its name."""
    return capital(word("titles", name, language))


def called(size: Size, language: str) -> str:
    """A size as the reader knows it."""
    millimetres = round(size.width * 25.4)
    if size.height is not None:
        return pick(language, "Dia (16:9)", "Slide (16:9)")
    if size == PAGE:
        return pick(language, f"Pagina ({millimetres} mm)", f"Page ({millimetres} mm)")
    return pick(language, f"Kolom ({millimetres} mm)", f"Column ({millimetres} mm)")


def picture(path: Path) -> str:
    """The drawing as an address that holds it."""
    return "data:image/svg+xml;base64," + b64encode(path.with_name(f"{path.name}.svg").read_bytes()).decode()


if __name__ == "__main__":
    main()
