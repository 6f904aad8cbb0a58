"""Runs that are followed, and the same luck without something: did the event happen then too?"""

from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.asking import KRAPTE, OF_ONE, PLAATSING, Question

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from experiments.engine.measure import Ground
    from model.chronicle import Parameters
    from model.policies import Levers, Setting
    from model.world import World

ARRIVES = (
    "begin",
    "wachtrij",
    "andere_plek",
    "kwetsbaar",
    "geplaatst",
    "uitgezet",
    "huis_kwijt",
)  # after these somebody is at `place`
GOES = ("opgegeven", "hersteld", "vertrokken")


class Lived(NamedTuple):
    """One run with its log."""

    log: "pd.DataFrame"
    unseen: dict[str, int]
    homes: list[int]  # of each portiek
    last: int  # month
    stability: "list[tuple[np.ndarray, np.ndarray]]"  # of everyone at the end of each month from 0 on: identity, stability


class Change(NamedTuple):
    """What is taken away in a replay."""

    settings: "list[Setting]"
    spared: dict[str, Any]  # of `City`: the identities to whom something does not happen
    start: int  # the first month that can differ
    name: str  # of what is taken away
    said: str  # the end of "the same luck was lived again, but ..."


class Start(NamedTuple):
    """A world of month 0, from which any number of runs can be lived; `months` is how long each is."""

    of: "Ground"
    papers: "Parameters"
    months: int
    seed: int
    world: "World"


def started(of: "Ground", papers: "Parameters", months: int, seed: int) -> Start:
    """Build the world and live its warm-up, as a study does."""
    from experiments.engine.measure import month_zero

    return Start(of, papers, months, seed, month_zero(of, seed))


def lived(start: Start, settings: "list[Setting]", spared: dict[str, Any] | None = None) -> Lived:
    """The run of a study, followed from month 0 on; something does not happen to those who are spared it (see `City`)."""
    from model.chronicle import Chronicle
    from model.city import City

    of, papers, months, seed, world = start._replace(world=start.world.copy())
    with City(world, of.rooms, of.huidig, settings, seed, of.without, **(spared or {})) as city:
        chronicle, stability = Chronicle(city, papers), [_stability(world)]
        for _ in range(months):
            chronicle.run(1)
            stability.append(_stability(world))
        unseen = {str(event): n for event, n in chronicle.unseen.items()}
        return Lived(chronicle.table(), unseen, world.portieken.homes.tolist(), city.month, stability)


def _stability(world: "World") -> "tuple[np.ndarray, np.ndarray]":
    """Identity and stability of everyone in the table of persons now: copies, because columns are written in place."""
    rows = world.persons.identity.nonzero()[0]
    return world.persons.identity[rows], world.persons.stability[rows]


def stability_of(run: Lived, who: str) -> "pd.DataFrame":
    """month, stability: of one person, at the end of each month in which they are in the model."""
    import pandas as pd

    found = [(month, float(x)) for month, (people, values) in enumerate(run.stability) for x in values[people == int(who)]]
    return pd.DataFrame(found, columns=["month", "stability"])


def chosen(q: Question, told: Lived) -> str:
    """Identity of whom the history is about, empty for a portiek; raises `Refused` where there is no such one."""
    from model.parameters import Problem, Refused

    persons = told.log[told.log.profile != ""]
    if q.portiek is not None:
        if q.portiek >= len(told.homes):
            raise Refused([Problem("portiek", repr(q.portiek), f"a whole number from 0 to {len(told.homes) - 1}")])
        return ""
    if q.person:
        if not (persons.identity == q.person).any():
            raise Refused([Problem("person", q.person, f"a vulnerable resident of this run, as {persons.identity.iloc[0]}")])
        return q.person
    counted = persons[persons.event.isin(q.most)]
    if q.zonder in OF_ONE:  # only what came after it can be asked about
        counted = counted[counted.month > counted.identity.map(firsts(persons, q.zonder)).fillna(told.last)]
    numbers = counted.identity.value_counts()
    if numbers.empty:
        after = f" after {OF_ONE[q.zonder].event}" if q.zonder in OF_ONE else ""
        raise Refused([Problem("most", ", ".join(q.most), f"what happens to some vulnerable resident of this run{after}")])
    return str(min(numbers.index[numbers == numbers.max()], key=int))


def firsts(log: "pd.DataFrame", zonder: str) -> "pd.Series":
    """Month by identity of the first event of the kind that is taken away."""
    return log[log.event == OF_ONE[zonder].event].groupby("identity").month.first()


def asked_about(q: Question, log: "pd.DataFrame", who: str) -> Any:
    """The row of the event of the question: the first that fits. Raises `Refused` where there is none."""
    from model.parameters import Problem, Refused

    own = log[(log.identity == who) & (log.event != "begin")]
    if q.zonder in OF_ONE:
        if who not in (first := firsts(own, q.zonder)).index:
            raise Refused(
                [Problem("zonder", q.zonder, f"a person with {OF_ONE[q.zonder].event} in these months; {who} has none")]
            )
        own = own[own.month > first[who]]
    for event in [q.event] if q.event else q.most:
        rows = own[(own.event == event) & ((own.month == q.month) if q.month is not None else True)]
        if len(rows):
            return next(rows.itertuples())
    dates = ", ".join(f"{row.event} {row.date}" for row in own.itertuples())
    raise Refused([Problem("event, date", q.event or " or ".join(q.most), f"what happens to {who}: {dates or 'nothing'}")])


def changed(q: Question, log: "pd.DataFrame", huidig: "Levers", event: Any) -> Change:
    """What the replay is lived under."""
    from experiments.scenarios import settings_of
    from experiments.telling import say

    if q.zonder in OF_ONE:
        first = int(firsts(log, q.zonder)[event.identity])
        said = (say(f"{key}_{q.zonder}", q.language) for key in ("without", "change"))
        return Change(q.settings, spared(q.zonder, event.identity), first, *said)
    if q.zonder == KRAPTE:
        return with_hours(q, huidig)
    left = settings_of([part for part in q.parts if part != q.zonder], "scenario")
    return Change(left, {}, 1, *(say(key, q.language, name=q.zonder) for key in ("without_policy", "change_policy")))


def spared(zonder: str, who: str) -> dict[str, Any]:
    """What a city is told, so that this does not happen to one person."""
    return {OF_ONE[zonder].spared: (int(who),)}


def with_hours(q: Question, huidig: "Levers") -> Change:
    """A shortage of support is taken away from the start, or from the month that is given."""
    from experiments.telling import say
    from model.policies import FOREVER, Setting, levers_at

    lever, start = "ambulante_capaciteit", q.start or 1
    was = levers_at(start, huidig, q.settings).ambulante_capaciteit
    said = say("change_lever", q.language, start=q.said(start), name=lever, value=q.capacity, was=was)
    # After those of the scenario, so that it is what counts.
    line = Setting(lever, q.capacity, start, FOREVER, f"zonder {q.zonder}")
    name = say(f"without_{q.zonder}", q.language)
    return Change([*q.settings, line], {}, start, name, said if was != q.capacity else say("change_nothing", q.language))


# The answer


def answer(
    q: Question, told: "pd.DataFrame", replay: "pd.DataFrame", event: Any, change: Change, buurten: tuple[str, ...]
) -> str:
    """Whether the event happened in the replay too, and how much of it there is with and without."""
    from experiments.telling import called, day_of, say

    language, kind, kinds = q.language, called(event.event, 1, q.language), called(event.event, 2, q.language)
    amounts = {
        "with": number_of(told[told.identity == event.identity], event.event, change.start),
        "without": number_of(replay[replay.identity == event.identity], event.event, change.start),
        "town_with": number_of(told, event.event, change.start),
        "town_without": number_of(replay, event.event, change.start),
    }
    parts = [
        f"\n## {say('question', language, without=change.name)}",
        say("asked", language, event=kind, date=day_of(event.date, language), change=change.said),
        outcome(event, replay, buurten, language),
        say("of_person", language, events=kinds, start=q.said(change.start), **amounts),
        say("one_luck", language),
    ]
    return "\n\n".join(parts) + "\n"


def number_of(log: "pd.DataFrame", event: str, start: int) -> int:
    """How many events of the kind there are from month `start` on."""
    return int(((log.event == event) & (log.month >= start)).sum())


def outcome(event: Any, replay: "pd.DataFrame", buurten: tuple[str, ...], language: str) -> str:
    """What became of the event in the replay: the same, at another time, not, elsewhere, or nobody to whom it could happen."""
    from experiments.telling import called, day_of, home, place, say

    kind, own = called(event.event, 1, language), replay[replay.identity == event.identity]
    same = own[own.event == event.event]
    then = next(same[same.month == event.month].itertuples(), None)
    if then is not None:
        told = {"event": kind, "date": day_of(then.date, language)}
        if then.dwelling == event.dwelling:
            return say("happened", language, **told)
        return say("elsewhere_same", language, where=home(then, buurten, language), **told)
    state = state_before(own, event.month)
    if state is None:
        return say("never_there", language)
    if state.event in GOES:
        return say("gone", language)
    if state.place != "thuis":
        return say("elsewhere_waiting", language, where=place(state.place, language))
    if state.dwelling != event.dwelling:
        return say("elsewhere_home", language, where=home(state, buurten, language))
    if same.empty:
        return say("not_happened", language)
    nearest = min(same.itertuples(), key=lambda row: abs(row.month - event.month))
    return say("moved_in_time", language, event=kind, date=day_of(nearest.date, language))


def state_before(own: "pd.DataFrame", month: int) -> Any:
    """The row that says where this person is as `month` begins, or in it where there is none before; None if nowhere."""
    moves = own[own.event.isin([*ARRIVES, *GOES]) & (own.month <= month)]
    before = moves[moves.month < month]
    rows = list((before if len(before) else moves).itertuples())
    return rows[-1] if rows else None


# Over seeds


def over_seeds(q: Question, of: "Ground", months: int, event: Any, change: Change) -> "pd.DataFrame":
    """How many events of the kind there are with and without, one row per seed after the told one.

    The told person is in no other seed. Whom it is about there is chosen by profile and the first time that it happens, and never
    by the outcome.
    """
    import pandas as pd

    rows = []
    for seed in range(q.seed + 1, q.seed + 1 + q.seeds):
        month_zero = started(of, q.papers, months, seed)
        told = lived(month_zero, q.settings).log
        start, who = change.start, None
        if q.zonder in OF_ONE:
            first = firsts(told[told.profile == event.profile], q.zonder)
            first = first[first >= start].sort_values(kind="stable")
            if first.empty:
                continue
            start, who = int(first.iloc[0]), str(first.index[0])
        replay = lived(month_zero, change.settings, spared(q.zonder, who) if who else {}).log
        mine = [log[log.identity == who if who else log.profile == event.profile] for log in (told, replay)]
        rows.append((seed, who or "", start, *(number_of(own, event.event, start) for own in mine)))
    return pd.DataFrame(rows, columns=["seed", "identity", "from_month", "with_it", "without_it"])


def often(q: Question, table: "pd.DataFrame", event: Any, change: Change) -> str:
    """The seeds in words: how often, how many, and the paired difference with its interval."""
    from experiments.compare import paired
    from experiments.prose import interval, number
    from experiments.telling import called, say

    language = q.language
    parts = [f"\n## {say('seeds_title', language, n=q.seeds)}"]
    if table.empty:
        return "\n\n".join([*parts, say("seeds_none", language)]) + "\n"
    kind = f"seeds_{q.zonder}" if q.zonder in OF_ONE else "seeds_levers"
    parts.append(say(kind, language, start=q.said(change.start)))
    has, lacks = table.with_it.to_numpy(float), table.without_it.to_numpy(float)
    x = paired(lacks - has)
    found = {
        "some_with": int((has > 0).sum()), "some_without": int((lacks > 0).sum()), "pairs": len(table),
        "mean_with": number(has.mean(), language), "mean_without": number(lacks.mean(), language),
        "interval": interval(x.mean, x.low, x.high, 1.0, language),
    }  # fmt: skip
    sides = {"fewer": int((lacks < has).sum()), "equal": int((lacks == has).sum()), "more": int((lacks > has).sum())}
    parts.append(say("seeds_found", language, event=called(event.event, 1, language), **found))
    parts.append(say("seeds_sides", language, **sides))
    if q.zonder == PLAATSING:
        parts.append(say("seeds_waiting", language))
    return "\n\n".join(parts) + "\n"
