"""Four small experiments that show how the model works, each with a picture, its numbers and what it says.

  python -m experiments.lessons                            all four, into results/lessons
  python -m experiments.lessons spiral seeds=8             one of person, spiral, buurten, mechanisms
  python -m experiments.lessons results.folder=docs        what docs/lessons/README.md shows

person      one placed person under little and under much help, in the same town under the same luck
spiral      forty placements more per 1,000 homes in one buurt, with and without the feedbacks m2 and m3
buurten     two buurten with the same load of which one holds, and what goes with holding over all buurten
mechanisms  what the headline does when each mechanism of the register is switched off
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.task import Ended

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    from experiments.engine.measure import Ground
    from experiments.plan import Plan
    from model.parameters import Refused
    from model.policies import Setting
    from model.world import World

LITTLE, MUCH = 0.3, 2.0  # ambulant hours as a ratio of today's
FOLLOWED = 96  # months at most, after a placement
PLACED_WITHIN = 24  # months in which persons of the first lesson are placed
DOSE = 40.0  # placements per 1,000 homes
FEEDBACKS = ["m2", "m3"]
ALIKE = 0.05  # loads that differ by less than this part are the same
SHORT = 60  # months of a run with a mechanism switched off
HEADLINE = ("escalaties", "leefbaarheid_verandering")
EXPLAIN = {
    "samenwerking": "working as one",
    "kwaliteit": "quality of the stock",
    "voorzieningen": "meeting places, hours per 1,000 inhabitants",
    "ties": "strength of ties",
    "corporatie": "share of corporatie homes",
    "hours": "professional hours per home",
}


class Lesson(NamedTuple):
    """What a lesson shows: a picture, the data behind it, and what it says."""

    figure: "Figure"
    data: "pd.DataFrame"
    says: str


def main(arguments: list[str] | None = None) -> None:
    """The lessons that are named, or all."""
    from experiments import command

    given = sys.argv[1:] if arguments is None else arguments
    named = [a for a in given if a in LESSONS]
    command.run(__doc__ or "", lambda config: write(config, named or list(LESSONS)), [a for a in given if a not in LESSONS])


def write(config: dict[str, Any], names: list[str]) -> Ended:
    """Give lessons, and write each picture, its data and the page that shows them."""
    from matplotlib import rc_context

    from experiments.figures.style import STYLE
    from experiments.plan import plan

    p = plan(config)
    folder = Path(config["results"]["folder"]) / "lessons"
    folder.mkdir(parents=True, exist_ok=True)
    page = ["# Four lessons", "", (__doc__ or "").split("\n", 1)[0], ""]
    for name in names:
        with rc_context(STYLE):
            lesson = LESSONS[name](p)
            lesson.figure.savefig(folder / f"{name}.svg", metadata={"Date": None, "Creator": None})
        lesson.data.to_csv(folder / f"{name}.csv", index=False)
        print(f"{name}: {lesson.says}\n", flush=True)
        page += [f"## {name.capitalize()}", "", f"`.venv/bin/python -m experiments.lessons {name}`", ""]
        page += [f"![{name}]({name}.svg)", "", lesson.says, "", f"Data: [{name}.csv]({name}.csv).", ""]
    (folder / "README.md").write_text("\n".join(page), encoding="utf-8")
    print(folder / "README.md")
    return Ended(0, folder)


def lived(this: "Ground", world: "World", seed: int, settings: "list[Setting]", months: int) -> "Iterator[World]":
    """A world of month 0, and the same world at the end of each month; the world that is given stays as it is."""
    from model.city import City

    with City(world.copy(), this.rooms, this.huidig, settings, seed, this.without) as city:
        yield city.world
        for _ in range(months):
            city.step()
            yield city.world


def from_month_one(lever: str, value: Any) -> "list[Setting]":
    """A lever that stands elsewhere from month 1 on."""
    from model.policies import FOREVER, Setting

    return [Setting(lever, value, 1, FOREVER, "lesson")]


def _too_small(lesson: str, found: str) -> "Refused":
    """What a lesson says of a town, or a horizon, that shows nothing."""
    from model.parameters import Problem, Refused

    return Refused([Problem(f"lesson {lesson}", found, "a larger town, more seeds or more months")])


# ---- one person ----


def person(p: "Plan") -> Lesson:
    """The same person under little and under much help: of who stays longest the one whose difference is the median."""
    import pandas as pd

    from experiments.engine.measure import month_zero
    from experiments.plan import ground

    this, frames = ground(p), []
    for seed in p.seeds:
        world = month_zero(this, seed)
        for told, ratio in (("little help", LITTLE), ("much help", MUCH)):
            settings = from_month_one("ambulante_capaciteit", ratio)
            months = [_of_placed(w) for w in lived(this, world, seed, settings, p.config["months"])]
            frames.append(pd.concat(months).assign(seed=seed, help=told))
    every = pd.concat(frames, ignore_index=True)
    both = every.groupby(["seed", "identity"]).filter(lambda x: x.help.nunique() == 2 and x.homes.nunique() == 1)
    wide = both.pivot_table(index=["seed", "identity"], columns="help", values="stability")
    wide = wide[both.groupby(["seed", "identity"]).month.nunique().reindex(wide.index) > PLACED_WITHIN]
    if len(wide) < 2:
        raise _too_small("person", f"{len(wide)} persons whom both worlds place in the same home")
    both = both.set_index(["seed", "identity"]).loc[wide.index].reset_index()
    gain = (wide["much help"] - wide["little help"]).sort_values()
    stay = both.groupby(["seed", "identity", "help"]).month.nunique().unstack().min(axis=1)
    horizon = min(FOLLOWED, int(stay.max()) - 1)  # months after the placement
    stayed = gain[stay[gain.index] > horizon]
    typical = stayed.index[len(stayed) // 2]
    one = both[(both.seed == typical[0]) & (both.identity == typical[1])]
    rates = both.groupby("help")[["crisis", "conflict"]].mean() * 12.0
    says = (
        f"Ambulant hours at {LITTLE:g} and at {MUCH:g} times today's, for {len(gain)} persons whom both worlds place in "
        f"the same home "
        f"within {PLACED_WITHIN} months. With much help their stability is {gain.mean():+.2f} on average ({gain.min():+.2f} to "
        f"{gain.max():+.2f}), crises go from {rates.crisis['little help']:.2f} to {rates.crisis['much help']:.2f} a year and "
        f"escalations from {rates.conflict['little help']:.2f} to {rates.conflict['much help']:.2f}. {len(stayed)} of them live "
        f"there for {horizon / 12.0:.2g} years in both; the line shows the one of these with the median difference "
        f"({gain[typical]:+.2f}). Who moves on or loses the home is in neither."
    )
    return Lesson(_draw_person(one, both, horizon), one.drop(columns="homes"), says)


def _of_placed(world: "World") -> "pd.DataFrame":
    """How it goes this month with persons whom an agreement placed early in the run and who still live there."""
    import numpy as np
    import pandas as pd

    from model.mechanisms.inflow import PERSON_ID
    from model.world import Place

    persons = world.persons
    came = (persons.identity >> np.uint64(56)) == (PERSON_ID >> np.uint64(56))
    early = (persons.since >= 1) & (persons.since <= PLACED_WITHIN)
    rows = np.flatnonzero(came & early & (persons.place == int(Place.THUIS)))
    columns = ["identity", "stability", "need", "hours", "crisis", "conflict", "since"]
    found = {name: getattr(persons, name)[rows] for name in columns}
    return pd.DataFrame(found | {"homes": persons.dwelling[rows], "month": world.month})


def _draw_person(one: "pd.DataFrame", both: "pd.DataFrame", horizon: int) -> "Figure":
    """Stability by years since the placement, until the horizon (months): of one person, and of all who are still there."""
    from experiments.figures.style import SOFT, end_labels, look_of, new_figure

    figure = new_figure(9, 3.6)
    figure.get_layout_engine().set(wspace=0.12)  # type: ignore[union-attr, call-arg]  # room for the names of the left panel's lines
    axes = figure.subplots(1, 2, sharey=True)
    for ax, frame, title in ((axes[0], one, "One person"), (axes[1], both, "All who can be compared, mean")):
        ends = []
        for k, (told, part) in enumerate(frame.groupby("help")):
            line = part.assign(months=part.month - part.since).groupby("months").stability.mean()
            line = line[line.index <= horizon]
            ax.plot(line.index / 12.0, line, lw=1.6, **look_of(k))
            ends.append((str(told), float(line.iloc[-1]), look_of(k)["color"]))
            if ax is axes[0]:
                events = part[(part.crisis > 0) & (part.month - part.since <= horizon)]
                ax.plot((events.month - events.since) / 12.0, events.stability, "x", color=look_of(k)["color"], ms=7)
        ax.set_title(title)
        ax.set_xlabel("years since the placement")
        ax.margins(x=0)
        ax.set_ylim(0, 1)
        end_labels(ax, horizon / 12.0, ends)
    axes[0].set_ylabel("stability (0-1)")
    figure.supxlabel("x: a crisis. Same town, same luck; persons drop out of the mean when they move on.", fontsize=8, color=SOFT)
    return figure


# ---- the spiral ----


def spiral(p: "Plan") -> Lesson:
    """What a buurt does with a dose of placements, with the feedbacks and without them."""
    import pandas as pd

    from experiments.plan import ground
    from experiments.switches import switched

    own = ground(p)
    rooms, huidig, off = switched(own.rooms, own.huidig, FEEDBACKS)
    without = own._replace(rooms=rooms, huidig=huidig, without=own.without | off)
    rows = []
    for told, this in (("with feedback", own), ("without feedback", without)):
        for seed in p.seeds:
            rows += [(told, seed, month, x) for month, x in enumerate(_response(this, seed, p.config["months"]))]
    data = pd.DataFrame(rows, columns=["scenario", "seed", "month", "value"])
    last = data[data.month > data.month.max() - 12].groupby(["scenario", "seed"]).value.mean().unstack(0)
    mean = data[data.scenario == "with feedback"].pivot(index="month", columns="seed", values="value").rolling(12).mean()
    worst = int(mean.mean(axis=1).idxmin())
    back = (mean.iloc[-1] - mean.loc[worst]).to_numpy()
    gap = (last["with feedback"] - last["without feedback"]).to_numpy()
    says = (
        f"{DOSE:g} placements more per 1,000 homes in the buurt with most corporatie homes, at month 0, against the same luck "
        f"without them ({last.shape[0]} seeds). In the last year the dose still costs "
        f"{last['with feedback'].mean():+.4f} with the "
        f"feedbacks {' and '.join(FEEDBACKS)} and {last['without feedback'].mean():+.4f} without them: a difference of "
        f"{gap.mean():+.4f} (standard error {_error(gap):.4f}). "
        + ("The feedbacks deepen what is left of it. " if gap.mean() < -2.0 * _error(gap) else "That is not told from luck. ")
        + f"The worst twelve months end in month {worst}, at {mean.loc[worst].mean():+.4f}; by the last year {back.mean():+.4f} "
        f"has come back (standard error {_error(back):.4f}). Switched off, the feedbacks are off in the warm-up too, so that the "
        "two lines do not start from one town."
    )
    return Lesson(_draw_spiral(data), data, says)


def _error(values: "np.ndarray") -> float:
    """Standard error of a mean over seeds."""
    return float(values.std(ddof=1) / values.size**0.5)


def _response(this: "Ground", seed: int, months: int) -> list[float]:
    """Score of the dosed buurt less its score without the dose, month by month."""
    import numpy as np

    from experiments.engine.measure import month_zero
    from model.dose import place_more, room_for
    from model.randomness import Luck

    world = month_zero(this, seed)
    buurt = int(np.argmax(world.buurten.sociale_huur))
    count = min(round(DOSE * world.buurten.homes[buurt] / 1000.0), int(room_for(world)[buurt]))
    dosed = world.copy()
    place_more(dosed, buurt, count, this.rooms, this.huidig, Luck(seed, 0))
    plain, more = ([float(w.buurten.score[buurt]) for w in lived(this, start, seed, [], months)] for start in (world, dosed))
    return [b - a for a, b in zip(plain, more, strict=True)]


def _draw_spiral(data: "pd.DataFrame") -> "Figure":
    from experiments.figures.style import INKS, SOFT, bands, end_labels, look_of, new_figure

    figure = new_figure(7.5, 3.6)
    ax, ends = figure.subplots(), []
    for k, (told, part) in enumerate(bands(data).groupby("scenario", sort=False)):
        ax.fill_between(part.month / 12.0, part.low, part.high, color=look_of(k)["color"], alpha=0.12, linewidth=0)
        ax.plot(part.month / 12.0, part["mean"], lw=1.6, **look_of(k))
        ends.append((str(told), float(part["mean"].iloc[-1]), INKS[k]))
    ax.axhline(0, color=SOFT, lw=0.8)
    ax.margins(x=0)
    ax.set_title("Leefbaarheid of the dosed buurt, less that without the dose")
    ax.set_xlabel("years since the dose")
    ax.set_ylabel("score")
    end_labels(ax, data.month.max() / 12.0, ends)
    figure.supxlabel("Mean and 95% interval over paired seeds.", fontsize=8, color=SOFT)
    return figure


# ---- two buurten ----


def buurten(p: "Plan") -> Lesson:
    """Two buurten under the same load of which one holds, and what goes with holding over all buurten and seeds."""
    import numpy as np
    import pandas as pd

    from experiments.engine.measure import month_zero
    from experiments.plan import ground

    this, frames = ground(p), []
    smallest = this.rooms.indicators.smallest_buurt_homes
    for seed in p.seeds:
        months = [_of_buurten(w) for w in lived(this, month_zero(this, seed), seed, [], p.config["months"])]
        mean = sum(months[1:]) / (len(months) - 1)
        frames.append(mean.assign(change=months[-1].score - months[0].score, seed=seed, naam=list(p.town.buurten.naam)))
    data = pd.concat(frames, ignore_index=True)
    data = data[data.homes >= smallest].reset_index(drop=True)
    x = data[["load", *EXPLAIN]]
    z = (x - x.mean()) / x.std().replace(0.0, 1.0)
    fitted = np.linalg.lstsq(np.column_stack([np.ones(len(z)), z]), data.change, rcond=None)
    effect = pd.Series(fitted[0][1:], ["load", *EXPLAIN]).sort_values(key=abs, ascending=False)
    a, b = _alike(data)
    apart = ", ".join(_unlike(data, a, b)) or "nothing that shows in two decimals"
    says = (
        f"{data.naam[a]} and {data.naam[b]} (seed {data.seed[a]}) bear {data.load[a]:.2f} and {data.load[b]:.2f} hours "
        f"a month per home. "
        f"The first changes by {data.change[a]:+.3f}, the second by {data.change[b]:+.3f}. They differ in: {apart}. "
        f"Over {len(data)} "
        f"buurten and seeds a straight line explains {_explained(z, data.change, fitted[0]):.0%} of the change; per "
        f"standard deviation: "
        + ", ".join(f"{EXPLAIN.get(name, 'load')} {value:+.4f}" for name, value in effect.items())
        + ". Professional hours follow clients, so they stand for load as well. No buurt is told to be an exception; what is "
        "left is luck and what this line does not hold."
    )
    return Lesson(_draw_buurten(data, a, b, effect), data, says)


def _of_buurten(world: "World") -> "pd.DataFrame":
    """What a buurt bears and has, this month."""
    import pandas as pd

    b = world.buurten
    return pd.DataFrame({
        "homes": b.homes, "score": b.score, "load": b.draaglast / b.homes, "samenwerking": world.wijken.samenwerking[b.wijk],
        "kwaliteit": b.kwaliteit, "voorzieningen": 1000.0 * b.voorzieningen / b.inwoners, "ties": b.ties,
        "corporatie": b.sociale_huur / b.homes, "hours": b.team_hours / b.homes,
    })  # fmt: skip


def _alike(data: "pd.DataFrame") -> tuple[int, int]:
    """Rows of the two buurten of one seed with the same load of which one holds and the other falls; who holds comes first.

    Only the more burdened half counts: without a load there is nothing to hold against. Of all such pairs the one whose changes
    lie furthest apart for buurten of their size, since small ones swing most.
    """
    heavy = data[data.load >= data.load.median()]
    pairs = heavy.reset_index().merge(heavy.reset_index(), on="seed", suffixes=("", "_b"))
    pairs = pairs[(pairs.change >= 0) & (pairs.change_b < 0) & ((pairs.load / pairs.load_b - 1.0).abs() < ALIKE)]
    if pairs.empty:
        raise _too_small("buurten", "no two burdened buurten with the same load of which one holds")
    best = pairs.loc[((pairs.change - pairs.change_b) / (1.0 / pairs.homes + 1.0 / pairs.homes_b) ** 0.5).idxmax()]
    return int(best["index"]), int(best["index_b"])


def _unlike(data: "pd.DataFrame", a: int, b: int) -> list[str]:
    """What rows a and b differ in, as far as two decimals show it."""
    shown = {name: (f"{data[name][a]:.2f}", f"{data[name][b]:.2f}") for name in EXPLAIN}
    return [f"{EXPLAIN[name]} {first} against {second}" for name, (first, second) in shown.items() if first != second]


def _explained(z: "pd.DataFrame", y: "pd.Series", coefficients: "np.ndarray") -> float:
    """Part of the variance of y that a straight line through the columns of z explains."""
    left = y - coefficients[0] - z.to_numpy() @ coefficients[1:]
    return float(1.0 - left.var() / y.var())


def _draw_buurten(data: "pd.DataFrame", a: int, b: int, effect: "pd.Series") -> "Figure":
    from experiments.figures.style import COLOURS, INKS, SOFT, new_figure

    figure = new_figure(9.5, 3.8)
    left, right = figure.subplots(1, 2)
    left.plot(data.load, data.change, "o", ms=3.5, color="#9a9a9a", alpha=0.6, mew=0)
    for row, k, told in ((a, 0, "holds"), (b, 1, "does not")):
        left.plot(data.load[row], data.change[row], "os"[k], ms=8, color=COLOURS[k])
        left.annotate(
            f"{data.naam[row]}: {told}", (data.load[row], data.change[row]), xytext=(8, 8 - 18 * k), textcoords="offset points",
            color=INKS[k], fontweight="bold", fontsize=8.5,
        )  # fmt: skip
    left.axhline(0, color=SOFT, lw=0.8)
    left.set_title("Each point: a buurt under one seed")
    left.set_xlabel("draaglast, hours a month per home")
    left.set_ylabel("change of leefbaarheid, score")
    names = [EXPLAIN.get(str(name), "load (draaglast)") for name in effect.index][::-1]
    right.barh(names, effect.to_numpy()[::-1], color=COLOURS[0], height=0.6)
    right.axvline(0, color=SOFT, lw=0.8)
    right.set_title("Change per SD, others equal")
    right.set_xlabel("score")
    right.locator_params(axis="x", nbins=5)
    return figure


# ---- mechanisms ----


def mechanisms(p: "Plan") -> Lesson:
    """The headline with each mechanism switched off, against the same seeds with all on."""
    import joblib
    import numpy as np
    import pandas as pd
    from scipy import stats

    from experiments.switches import register, switch, switchable

    names = ["", *(m for m in switchable() if "strategie" not in switch([m]).levers)]
    seeds = p.seeds
    jobs = [joblib.delayed(_without)(p, name, seed) for name in names for seed in seeds]
    found = joblib.Parallel(n_jobs=p.config["workers"])(jobs)
    columns = ["mechanism", "seed", *HEADLINE, "difference"]
    data = pd.DataFrame(list(found), columns=columns)
    own = data[data.mechanism == ""].set_index("seed")
    off = data[data.mechanism != ""].set_index(["mechanism", "seed"])
    change = off - own.drop(columns="mechanism").reindex(off.index, level="seed")
    mean, error = change.groupby("mechanism").mean(), change.groupby("mechanism").std() / np.sqrt(len(seeds))
    table = mean.assign(error=error.escalaties, what=[register()[m]["what"] for m in mean.index]).reset_index()
    table = table.sort_values("escalaties", key=abs, ascending=False, ignore_index=True)
    base = own.escalaties.mean()
    most = "; ".join(
        f"{r.mechanism} ({r.what[0].lower()}{r.what[1:]}) {100 * r.escalaties / base:+.0f}% (se {100 * r.error / base:.0f})"
        for r in table[:5].itertuples()
    )
    per_seed = off.difference.unstack("seed")
    sure = per_seed.mean(axis=1).abs() > stats.t.ppf(0.975, len(seeds) - 1) * per_seed.std(axis=1) / np.sqrt(len(seeds))
    turned = int((sure & (np.sign(per_seed.mean(axis=1)) != np.sign(own.difference.mean()))).sum())
    says = (
        f"Escalations per 1,000 homes a year are {base:.1f} over {SHORT} months and {len(seeds)} seeds. Switched off "
        f"alone, these "
        f"move them most: {most}. The difference of `draagkracht` from `{p.baseline}` is {own.difference.mean():+.2f} "
        f"(standard error "
        f"{_error(own.difference.to_numpy()):.2f}). {_turned(turned, len(per_seed))} "
        f"{_idle(int((change.abs().groupby('mechanism').max() == 0.0).all(axis=1).sum()))}"
        "What moves little here may still matter for somebody: the table has the mean of a town."
    )
    return Lesson(_draw_mechanisms(table, base), table, says)


def _turned(turned: int, tried: int) -> str:
    """How many mechanisms give the difference the other sign when they are off, with an interval that leaves out zero."""
    many, verb = turned or "none", "gives" if turned < 2 else "give"
    return f"Switched off alone, {many} of the {tried} mechanisms surely {verb} it the other sign."


def _idle(idle: int) -> str:
    """How many mechanisms change nothing at all when they are off."""
    return f"{idle} of them change not one number here: today's levers leave them nothing to do. " if idle else ""


def _without(p: "Plan", name: str, seed: int) -> tuple[Any, ...]:
    """(name, seed, headline indicators of the baseline, escalations under `draagkracht` less those of the baseline)."""
    from experiments.engine.measure import Asked, Run, live
    from experiments.plan import ground
    from experiments.scenarios import settings_of
    from experiments.switches import switched
    from model.indicators import COMPARED

    own = ground(p)
    rooms, huidig, off = switched(own.rooms, own.huidig, [name] if name else [])
    this = own._replace(rooms=rooms, huidig=huidig, without=own.without | off)
    scenarios = (p.baseline, "draagkracht")
    asked = [Asked(s, "", s, seed, tuple(settings_of(s, "lessons")), SHORT, "summary") for s in scenarios]
    runs = {}
    for a, run in live(this, seed, tuple(asked)):
        if not isinstance(run, Run):
            raise RuntimeError(run.traceback)
        runs[a.scenario] = dict(zip(COMPARED, run.windows[0], strict=True))
    base = runs[p.baseline]
    return (name, seed, *(base[k] for k in HEADLINE), runs["draagkracht"]["escalaties"] - base["escalaties"])


def _draw_mechanisms(table: "pd.DataFrame", base: float) -> "Figure":
    from textwrap import fill

    from experiments.figures.style import COLOURS, SOFT, new_figure

    shown = table[:24][::-1]
    figure = new_figure(8.5, 0.8 + 0.36 * len(shown))
    ax = figure.subplots()
    ax.errorbar(
        100 * shown.escalaties / base, range(len(shown)), xerr=100 * 1.96 * shown.error / base, fmt="o", ms=4.5, color=COLOURS[0],
        ecolor=SOFT, elinewidth=1,
    )  # fmt: skip
    ax.axvline(0, color=SOFT, lw=0.8)
    ax.set_yticks(range(len(shown)), [fill(f"{r.mechanism}  {r.what}", 64) for r in shown.itertuples()])
    ax.set_ylim(-0.7, len(shown) - 0.3)
    ax.set_xlabel("change of escalations when it is switched off, %")
    ax.set_title(f"The {len(shown)} mechanisms that move escalations most")
    figure.supxlabel("Lines: 95% interval over paired seeds, where it is wider than the point.", fontsize=8, color=SOFT)
    return figure


LESSONS: dict[str, Callable[["Plan"], Lesson]] = {
    "person": person, "spiral": spiral, "buurten": buurten, "mechanisms": mechanisms,
}  # fmt: skip


if __name__ == "__main__":
    main()
