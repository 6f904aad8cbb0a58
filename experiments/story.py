"""One person's or one portiek's course, in dates and sentences; and whether it would have gone so without something.

    python -m experiments.story                                 who has most escalations and crises under the baseline
    python -m experiments.story scenario=spreiding seed=3 most=opname       who is admitted most often under another scenario
    python -m experiments.story person=72057594037930542        one person, by number
    python -m experiments.story portiek=12 language=en          everyone in a portiek or street segment, in English
    python -m experiments.story zonder=plaatsing                the same luck without this person's placement
    python -m experiments.story zonder=krapte capacity=2 from=13    with twice the ambulant hours from month 13 on
    python -m experiments.story zonder=contactverlies seeds=20  how often it goes so, over 20 other seeds besides
    python -m experiments.story scenario=[spreiding,driegesprek] zonder=driegesprek     without one policy of the scenario

event=... and date=2027-03 say which event is asked about: by default the first escalation, or else the first crisis (after the
placement or the loss of contact that is taken away). Every key of docs/configuration.md can be given besides. Writes
results/verhaal-<study>/<scenario>-<seed>-<who>/, with a strip of that life as a figure (docs/story.md). What can not be told is
refused (exit code 2).
"""

import json
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import command
from experiments.asking import OWN, Question, question
from experiments.task import Ended

if TYPE_CHECKING:
    import pandas as pd

    from experiments.plan import Plan
    from experiments.replay import Lived


def main() -> None:
    """The command: help, or a history, or a refusal on one screen."""
    own, others = divided(sys.argv[1:])
    command.run(__doc__ or "", partial(tell, own), others)


def divided(arguments: list[str]) -> tuple[dict[str, str], list[str]]:
    """(what is this command's own, by key; the arguments that are the configuration's)."""
    parts = [(a, *a.partition("=")) for a in arguments]
    own = {key: value for _, key, mark, value in parts if mark and key in OWN}
    return own, [a for a, key, mark, _ in parts if not (mark and key in OWN)]


def tell(own: dict[str, str], config: dict[str, Any]) -> Ended:
    """Live the run, find whom it is about, tell it on the terminal and in its folder."""
    from experiments import replay
    from experiments.plan import ground

    p, q = _checked(own, config)
    of, months, buurten = ground(p), config["months"], tuple(p.town.buurten.naam)
    start = replay.started(of, q.papers, months, q.seed)
    told = replay.lived(start, q.settings)
    who = replay.chosen(q, told)
    text, runs, table, asked = course(p, q, told, who), {"verteld": told}, None, {}
    if q.zonder:
        event = replay.asked_about(q, told.log, who)
        change = replay.changed(q, told.log, p.huidig, event)
        runs["zonder"] = replay.lived(start, change.settings, change.spared)
        asked = {"event": event.event, "date": event.date, "start": change.start}
        text += replay.answer(q, told.log, runs["zonder"].log, event, change, buurten)
        if q.seeds:
            table = replay.over_seeds(q, of, months, event, change)
            text += replay.often(q, table, event, change)
    folder = Path(config["results"]["folder"]) / f"verhaal-{p.folder.name}" / folder_name(q, who)
    write(folder, text, runs, who, table, manifest_of(p, q, who) | ({"asked": asked} if asked else {}))
    if who:
        from experiments.figures import draw_story

        draw_story(folder)
    print(f"{text}\n{folder / 'verhaal.md'}")
    return Ended(0, folder)


def _checked(own: dict[str, str], config: dict[str, Any]) -> tuple["Plan", Question]:
    """The plan of the configuration and the question; raises one `Refused` with every problem of both."""
    from experiments.plan import plan
    from model.parameters import Refused

    problems = []
    try:
        q = question(own, config)
    except Refused as refused:
        problems += refused.problems
    try:
        p = plan(config)
    except Refused as refused:
        problems += refused.problems
    if problems:
        raise Refused(problems)
    return p, q


def write(
    folder: Path, text: str, runs: "dict[str, Lived]", who: str, seeds: "pd.DataFrame | None", manifest: dict[str, Any]
) -> None:
    """The folder, made anew: the history, the events and the person's stability of each run, the seeds, and what made it."""
    import pandas as pd

    from experiments.replay import stability_of

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "verhaal.md").write_text(text + (picture(manifest["question"]["language"]) if who else ""), encoding="utf-8")
    log = pd.concat([run.log.assign(verloop=name) for name, run in runs.items()], ignore_index=True)
    log.to_parquet(folder / "gebeurtenissen.parquet", index=False, compression="zstd")
    if who:
        course = pd.concat([stability_of(run, who).assign(verloop=name) for name, run in runs.items()], ignore_index=True)
        course.to_parquet(folder / "stabiliteit.parquet", index=False, compression="zstd")
    if seeds is not None:
        seeds.to_parquet(folder / "toevallen.parquet", index=False, compression="zstd")
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")


def picture(language: str) -> str:
    """The strip, as the history shows it."""
    from experiments.prose import say

    return f"\n![{say('strip_alt', language)}](figures/levensloop.{language}.svg)\n"


def folder_name(q: Question, who: str) -> str:
    """Scenario, seed, whom it is about, and without what."""
    about = f"portiek-{q.portiek}" if q.portiek is not None else f"bewoner-{who}"
    return "-".join(["+".join(q.parts), str(q.seed), about, *([f"zonder-{q.zonder}"] if q.zonder else [])])


def manifest_of(p: "Plan", q: Question, who: str) -> dict[str, Any]:
    """What made this history: question, configuration, data and code."""
    from experiments.config import EXECUTION
    from experiments.plan import settled
    from model.jit import sources_hash

    asked = q._asdict() | {"settings": [s._asdict() for s in q.settings], "papers": q.papers._asdict(), "who": who}
    made = {"scenarios": ["+".join(q.parts)], "seed": q.seed, "town": {"naam": p.town.naam, "code": p.town.code}}
    return made | {"question": asked, "config": settled(p.config, EXECUTION), "data": p.data_hashes, "model": sources_hash()}


def course(p: "Plan", q: Question, told: "Lived", who: str) -> str:
    """Title, what run it is, what is counted, and every event as a sentence."""
    from experiments import telling
    from experiments.prose import scenario_name, word
    from experiments.telling import say

    language, buurten = q.language, tuple(p.town.buurten.naam)
    if q.portiek is None:
        events = told.log[told.log.identity == who]
        profile = word("profiles", next(x for x in events.profile if x), language)
        title = say("title_person", language, profile=profile, identity=who)
        body = telling.of_person(events, buurten, language)
    else:
        events = told.log[told.log.portiek == q.portiek]
        where = {"homes": told.homes[q.portiek], "buurt": buurten[int(events.buurt.iloc[0])] if len(events) else "-"}
        title = say("title_portiek", language, portiek=q.portiek, **where)
        body = telling.of_portiek(events, language)
    run = say("run", language, town=p.town.naam, scenario=scenario_name("+".join(q.parts)), seed=q.seed, months=told.last,
              start=q.said(1))  # fmt: skip
    seen = f"{telling.counts(events, language)} {say('unseen', language, **told.unseen)}"
    return f"# {title}\n\n{say('synthetic', language)} {run}\n\n{seen}\n\n{body.strip()}\n"


if __name__ == "__main__":
    main()
