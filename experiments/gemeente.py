"""A town before any simulation: what its tables say, what was filled in, and the world that is built from them.

    python -m experiments.gemeente                                                voorbeeldstad
    python -m experiments.gemeente gemeente.code=GM0828 gemeente.data=DIR         Oss, from the tables in DIR
    python -m experiments.gemeente gemeente.code=[GM0828,GM0796] gemeente.data=DIR      a region
    python -m experiments.gemeente gemeente.code=NL gemeente.data=DIR             the country, by wijk
    python -m experiments.gemeente gemeente.code=GM0363 gemeente.vintage=2019 gemeente.data=DIR    an earlier year

Writes results/gemeente-<code>-<vintage>/: maps, fit and imputation as figures, and a page (docs/gemeente.md). Takes every key of
docs/configuration.md; a code alone means gemeente=cbs. What can not be shown is refused (exit code 2).
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import command
from experiments.task import Ended

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from experiments.plan import Plan
    from model.town import Town
    from model.world import World

LONGEST = 40  # characters of a code in a folder's name: a region of many gemeenten is cut short


def main() -> None:
    """The command: help, or a town shown, or a refusal on one screen."""
    command.run(__doc__ or "", show_town, sys.argv[1:])


def show_town(config: dict[str, Any]) -> Ended:
    """Build the town and its world, write its folder, and print what it is."""
    from experiments import portrait
    from experiments.plan import plan

    p = plan(config)
    folder = Path(config["results"]["folder"]) / f"gemeente-{short_code(p.town)}-{p.town.vintage or 'synthetisch'}"
    tables = town_tables(p)
    shutil.rmtree(folder, ignore_errors=True)  # what an earlier version drew is not of this one
    folder.mkdir(parents=True)
    for name, table in tables.items():
        table.to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    (folder / "manifest.json").write_text(json.dumps(manifest(p), indent=1, ensure_ascii=False), encoding="utf-8")
    page = portrait.write(folder)
    print_town(p.town, tables)
    print(f"\nPage: {page}")
    return Ended(0, folder)


def short_code(town: "Town") -> str:
    """The town's code as part of a folder's name."""
    if len(town.code) <= LONGEST:
        return town.code
    return f"{town.gemeenten[0]}+{len(town.gemeenten) - 1}-{hashlib.sha256(town.code.encode()).hexdigest()[:8]}"


# Tables


def town_tables(p: "Plan") -> "dict[str, pd.DataFrame]":
    """What the folder holds: places (buurten, GeoParquet), margins (per buurt), fit, compared, imputed. One seed."""
    from experiments.engine.measure import blocks_of, built
    from experiments.engine.tables import places
    from experiments.plan import ground
    from model.fit import by_buurt, compared, fit

    world = built(ground(p), p.seeds[0])
    b = p.town.buurten
    found = places(p.town).assign(
        leefbaarheid=world.buurten.start_score, geschat=(b.klasse.isna() & b.score.isna()).to_numpy(), kwetsbaar=at_home(world)
    )
    return {
        "places": found,
        "margins": by_buurt(p.town, blocks_of(p.rooms), world),
        "fit": fit(p.town, blocks_of(p.rooms), world),
        "compared": compared(p.town, world),
        "imputed": p.town.imputed,
    }


def at_home(world: "World") -> "np.ndarray":
    """Vulnerable residents who live in a home of their own, per buurt [n]."""
    import numpy as np

    from model.world import Place

    homes = world.persons.dwelling[world.persons.place == Place.THUIS]
    return np.bincount(world.dwellings.buurt[homes], minlength=world.buurten.rows)


def manifest(p: "Plan") -> dict[str, Any]:
    """What the tables do not say: which town this is, how large, and what it was made of."""
    from model.jit import sources_hash

    b, country = p.town.buurten, p.rooms.town
    return {
        "town": {
            "code": p.town.code, "naam": p.town.naam, "synthetic": p.town.synthetic, "vintage": p.town.vintage,
            "sources": list(p.town.sources),
        },
        "counts": {
            "households": int(b.huishoudens.sum()), "inhabitants": int(b.inwoners.sum()), "gemeenten": len(p.town.gemeenten),
            "wijken": len(p.town.wijken), "buurten": len(b), "corporaties": len(p.town.corporaties),
        },
        "smallest": p.rooms.indicators.smallest_buurt_homes, "class_width": country.class_width,
        "seed": p.seeds[0], "data": p.data_hashes, "model": sources_hash(),
    }  # fmt: skip


# On the terminal


def print_town(town: "Town", tables: "dict[str, pd.DataFrame]") -> None:
    """Name and size, and the tables of the page: fit, what is known besides, and the imputation report with its sources."""
    from experiments import pages
    from experiments.prose import EN, say
    from experiments.show import print_grid

    b = town.buurten
    homes = int(b.huishoudens.sum())
    size = f"{len(b)} buurten, {len(town.wijken)} wijken, {len(town.corporaties)} corporaties"
    print(f"{town.naam} ({town.code}), {town.vintage or 'synthetic'}: {homes:,} households, {size}")
    print_grid("Fit before the warm-up: margin asked and got, one seed", pages.fit(tables["fit"], EN), say("fit_profiles", EN))
    if len(tables["compared"]):
        note = "\n".join(filter(None, [say("besides", EN), pages.caseload_note(tables["compared"], EN)]))
        print_grid("Known besides, and what the model has of it", pages.compared(tables["compared"], EN), note)
    if tables["imputed"].empty:
        print("\nNothing was filled in.")
        return
    grid = pages.imputed(tables["imputed"], EN)
    rows = [[*row, source or "-"] for row, source in zip(grid.rows, tables["imputed"].bron, strict=True)]
    print_grid("Where attributes come from", grid._replace(head=[*grid.head, "source"], rows=rows))


if __name__ == "__main__":
    main()
