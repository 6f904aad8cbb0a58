"""What acts on what, from what mechanisms declare to write and to read: docs/causal.md and docs/images/causal.svg.

A mechanism acts on another when it writes a column, or adds to a counter, that the other reads. Columns that no mechanism
writes are of three kinds: where homes and teams are does not change; who lives in which row is changed by those that move
rows (MOVERS); and the hours of teams are put there by the institutions.
"""

import hashlib
import importlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import networkx as nx

from experiments.figures.style import COLOURS, INK, INKS, PALE, SOFT, STYLE, new_figure
from model.city import MECHANISMS
from model.world import Count, World

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE = Path(__file__).parent.parent / "docs" / "images" / "causal.svg"
INSTITUTIONS = "institutions"
INSTITUTIONS_READ = (
    "dwellings.person",
    "dwellings.months_vacant",
    "persons.place",
    "persons.status",
    "persons.since",
    "persons.coping",
    "buurten.score",
    "buurten.complaints_seen",
    "buurten.need_seen",
    "buurten.placed_seen",
    "buurten.spare_exact",
    "wijken.load",
    "wijken.caseload_seen",
    "teams.asked",
)  # of what mechanisms write, by all strategies together; a test compares it with what is read
ORDER = (*list(MECHANISMS)[:3], INSTITUTIONS, *list(MECHANISMS)[3:])  # as City.step has it
MOVERS = {
    "inflow": ("persons", "seekers"),
    "vulnerability": ("persons",),
    "leaving": ("dwellings", "persons"),
    "settling": ("dwellings", "persons", "seekers"),
}  # who adds, empties or fills rows
COUNTS, ROWS = "counts.", "(rows)"
NAMES = {"counts": "counters", **{name: name for name in World.tables()}}


class Flow(NamedTuple):
    """One thing that changes, who changes it, and who reads it."""

    name: str  # table.column, counts.counter, or table.(rows)
    writers: tuple[str, ...]
    readers: tuple[str, ...]


def declared(what: str) -> dict[str, tuple[str, ...] | None]:
    """WRITES or READS of every mechanism; None where it does not say."""
    return {name: getattr(importlib.import_module(f"model.mechanisms.{name}"), what, None) for name in MECHANISMS}


def undeclared() -> list[str]:
    """Mechanisms that do not say what they read."""
    return [name for name, columns in declared("READS").items() if columns is None]


def flows() -> list[Flow]:
    """All that changes and is read or written by a mechanism, by table and in the order of its columns."""
    writes, reads = declared("WRITES"), {**declared("READS"), INSTITUTIONS: INSTITUTIONS_READ}
    owner = {column: name for name, columns in writes.items() for column in columns or ()}
    readers: dict[str, list[str]] = {column: [] for column in owner}
    for name, columns in reads.items():
        for thing in dict.fromkeys(_thing(column, owner) for column in columns or ()):
            if thing:
                readers.setdefault(thing, []).append(name)
    found = [Flow(thing, _writers(thing, owner, who), tuple(who)) for thing, who in readers.items()]
    return sorted(found, key=lambda flow: _place(flow.name))


def _thing(column: str, owner: dict[str, str]) -> str:
    """What a column that is read stands for: itself, the rows of its table, or nothing where it never changes."""
    table, _, name = column.partition(".")
    if column in owner or column.startswith(COUNTS) or column == "teams.hours":
        return column
    moves = any(table in tables for tables in MOVERS.values())
    fixed = table == "dwellings" and not World.tables()[table].columns()[name].occupant
    return f"{table}.{ROWS}" if moves and not fixed else ""


def _writers(thing: str, owner: dict[str, str], readers: list[str]) -> tuple[str, ...]:
    table, _, name = thing.partition(".")
    if thing in owner:
        return (owner[thing],)
    if name == ROWS:
        return tuple(mover for mover, tables in MOVERS.items() if table in tables)
    if thing.startswith(COUNTS):
        return tuple(m for m in MECHANISMS if m not in readers and _mentions(m, name))
    return (INSTITUTIONS,)


def _mentions(mechanism: str, counter: str) -> bool:
    """Whether it books this counter: it names it, and does not read it."""
    path = Path(str(importlib.import_module(f"model.mechanisms.{mechanism}").__file__))
    return re.search(rf"\bCount\.{counter.upper()}\b", path.read_text(encoding="utf-8")) is not None


def _place(thing: str) -> tuple[int, int]:
    """Where a thing stands among tables and columns."""
    table, _, name = thing.partition(".")
    tables = [*World.tables(), "counts"]
    columns = [c.name.lower() for c in Count] if table == "counts" else list(World.tables()[table].columns())
    return tables.index(table), columns.index(name) if name in columns else -1


def graph(found: list[Flow]) -> Any:
    """Which mechanism acts on which other one, as a directed graph; an edge knows through what. Rows are left out: see `page`."""
    acts: Any = nx.DiGraph()
    acts.add_nodes_from(ORDER)
    for flow in [f for f in found if not f.name.endswith(ROWS)]:
        for a in flow.writers:
            for b in flow.readers:
                if a != b:
                    through = acts.get_edge_data(a, b, {"through": []})["through"]
                    acts.add_edge(a, b, through=[*through, flow.name])
    return acts


def between(found: list[Flow]) -> list[Flow]:
    """The things through which one mechanism acts on another."""
    return [f for f in found if set(f.readers) - set(f.writers) or (f.readers and len(f.writers) > 1)]


def digest(found: list[Flow]) -> str:
    """What the picture was drawn of; it stands in the picture, because its bytes depend on the version of matplotlib."""
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]


def page() -> str:
    """docs/causal.md."""
    from experiments.pages import rows

    found = flows()
    acts = graph(found)
    silent = undeclared()
    circles: list[set[str]] = sorted(nx.strongly_connected_components(acts), key=len)
    loops = sorted(circles[-1], key=ORDER.index)
    story = (
        "# What acts on what\n\nFrom what each file of `model/mechanisms` declares in `WRITES` and `READS`, which tests compare"
        " with what it does. Mechanisms stand in the order of the month; a column that is read before it is written holds last"
        " month's value. What never changes (where homes and teams are) is left out, and so is what a mechanism keeps for"
        f" itself. Who lives or waits where is read by nearly all, and changed by {_list(tuple(MOVERS))}.\n\n"
        "![Mechanisms, what they write, and who reads it](images/causal.svg)\n"
    )
    if silent:
        story += f"\nWhat these read is not declared yet: {', '.join(f'`{name}`' for name in silent)}.\n"
    if len(loops) > 1:
        story += f"\nIn loops with each other stand {', '.join(f'`{name}`' for name in loops)}.\n"
    through = [[f"`{a}`", f"`{b}`", ", ".join(f"`{x}`" for x in acts.edges[a, b]["through"])] for a in ORDER for b in ORDER
               if acts.has_edge(a, b)]  # fmt: skip
    one = [[f"`{f.name}`", _list(f.writers), _list(f.readers)] for f in found]
    return (
        story + "\n## Who acts on whom\n\n" + rows(["mechanism", "acts on", "through"], through)
        + f"\n## Through what\n\n`{ROWS}` is who lives there or waits: rows that are added, filled and emptied.\n\n"
        + rows(["column or counter", "written by", "read by"], one)
    )  # fmt: skip


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def draw(path: Path = PICTURE) -> None:
    """The picture: who writes, what by table, and who reads, in three lanes."""
    import matplotlib as mpl

    found = flows()
    shown = found if undeclared() else between(found)
    with mpl.rc_context(STYLE):
        figure = new_figure(11.0, 1.2 + 0.235 * (len(shown) + len({_table(f) for f in shown})), layout=None)
        ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        _lanes(ax, shown)
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path, metadata={"Date": None, "Description": digest(found)})


def _table(flow: Flow) -> str:
    return flow.name.partition(".")[0]


def _lanes(ax: "Axes", shown: list[Flow]) -> None:
    tables, inks = list(dict.fromkeys(_table(f) for f in shown)), (*COLOURS, INK, SOFT, *INKS)
    colour = {table: inks[k % len(inks)] for k, table in enumerate(tables)}
    heights, y = {}, 0.0
    for table in tables:
        y -= 1.0
        ax.text(0.5, y, NAMES[table], ha="center", va="center", fontsize=9, fontweight="bold", color=INK)
        for flow in [f for f in shown if _table(f) == table]:
            y -= 1.0
            heights[flow.name] = y
            label = flow.name.partition(".")[2].replace(ROWS, "who is there (read by most)")
            ax.text(0.5, y, label, ha="center", va="center", fontsize=8, color=INK)
    step = y / (len(ORDER) + 0.5)
    place = {name: step * (k + 0.75) for k, name in enumerate(ORDER)}
    for flow in shown:
        for name in flow.writers:
            _curve(ax, (0.17, place[name]), (0.39, heights[flow.name]), colour[_table(flow)])
        for name in flow.readers if not flow.name.endswith(ROWS) else ():
            _curve(ax, (0.61, heights[flow.name]), (0.83, place[name]), colour[_table(flow)])
    _names(ax, place)
    ax.set(xlim=(0.0, 1.0), ylim=(y - 1.0, 1.8))
    ax.axis("off")


def _names(ax: "Axes", place: dict[str, float]) -> None:
    for x, side, head in ((0.16, "right", "writes"), (0.84, "left", "reads")):
        ax.text(x, 0.9, head, ha=side, va="center", fontsize=9, color=SOFT)
        for name, y in place.items():
            box = {"boxstyle": "round,pad=0.35", "facecolor": PALE, "edgecolor": "none"}
            ax.text(x, y, name, ha=side, va="center", fontsize=9.5, fontweight="bold", color=INK, bbox=box)
    ax.text(0.5, 0.9, "what, by table", ha="center", va="center", fontsize=9, color=SOFT)


def _curve(ax: "Axes", a: tuple[float, float], b: tuple[float, float], colour: str) -> None:
    """A line that leaves and arrives level."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path as Line

    middle = (a[0] + b[0]) / 2.0
    line = Line([a, (middle, a[1]), (middle, b[1]), b], [Line.MOVETO, Line.CURVE4, Line.CURVE4, Line.CURVE4])
    ax.add_patch(PathPatch(line, facecolor="none", edgecolor=colour, linewidth=0.9, alpha=0.75))
