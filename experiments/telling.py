"""Events of a chronicle as dated sentences, in Dutch or English; the words stand in templates/story.yaml. Knows no model."""

from functools import cache
from typing import Any

import pandas as pd
import yaml

from experiments.prose import NL, TEMPLATES, capital, grouped, joined, pick, word


@cache
def _words() -> dict[str, Any]:
    return dict(yaml.safe_load((TEMPLATES / "story.yaml").read_text(encoding="utf-8")))


def say(key: str, language: str, **names: Any) -> str:
    """A text of story.yaml with its names filled in."""
    return pick(language, *_words()["texts"][key]).format(**names)


def called(event: str, count: int, language: str) -> str:
    """An event inside a sentence: escalatie, escalaties."""
    nl, nl_many, en, en_many = _words()["names"][event]
    return pick(language, nl, en) if count == 1 else pick(language, nl_many, en_many)


def place(name: str, language: str) -> str:
    """Where somebody stays, inside a sentence."""
    return pick(language, *_words()["places"][name])


def day_of(date: str, language: str) -> str:
    """12 maart 2025 for 2025-03-12, and maart 2025 for 2025-03."""
    year, month, *day = date.split("-")
    name = _words()["months"][language][int(month) - 1]
    return " ".join([*(str(int(d)) for d in day), name, year])


def when(date: str, language: str) -> str:
    """The begin of a sentence: Op 12 maart 2025, In maart 2025."""
    return f"{say('on_day' if date.count('-') == 2 else 'in_month', language)} {day_of(date, language)}"


def person(row: Any, language: str) -> str:
    """Somebody by profile and number; a household by number."""
    if not row.profile:
        return say("household", language, identity=row.identity)
    return say("resident", language, identity=row.identity, profile=word("profiles", row.profile, language))


def counts(events: pd.DataFrame, language: str) -> str:
    """How often each thing happened: 2 escalaties, 1 crisis and 3 opnamen."""
    found = events[events.event != "begin"].event.value_counts(sort=False)
    if found.empty:
        return say("nothing", language)
    parts = [f"{n} {called(str(event), int(n), language)}" for event, n in found.items()]
    return say("counted", language, counts=joined(parts, language))


def home(row: Any, buurten: tuple[str, ...], language: str) -> str:
    """Dwelling, portiek and buurt, inside a sentence."""
    return say("home", language, dwelling=row.dwelling, portiek=row.portiek, buurt=buurten[row.buurt])


def amount(value: float, unit: str, language: str) -> str:
    """1 maand, 8 maanden."""
    nl, nl_many, en, en_many = _words()["units"][unit]
    word_of = pick(language, nl, en) if value == 1 else pick(language, nl_many, en_many)
    return f"{grouped(value, 0, language)} {word_of}"


def sentence(row: Any, who: str, where: str, language: str) -> str:
    """One event; `who` is its subject and `where` its home."""
    key = {"begin": "begin_thuis" if row.place == "thuis" else "begin_elders"}.get(row.event, row.event)
    known = pd.notna(row.value)  # of a long opname that costs the home the days are not
    if key == "opname" and not known:
        key = "opname_lang"
    start = say("at_start", language) if row.event == "begin" else when(row.date, language)
    line = pick(language, *_words()["lines"][int(row.value)]) if "{line}" in _words()["events"][key][0] else ""
    units = _words()["units"]
    told = {unit: amount(row.value, unit, language) for unit in units} if known else dict.fromkeys(units, "")
    names = told | {
        "When": start if language == NL else f"{start},",
        "who": who,
        "home": where,
        "line": line,
        "place": place(row.place, language),
    }
    return capital(pick(language, *_words()["events"][key]).format(**names))


def by_year(events: pd.DataFrame, lines: list[str]) -> str:
    """Sentences [n] of events [n] as lists under the years in which they happen; how it is at the start stands above them."""
    parts: list[str] = []
    heading = ""
    for row, line in zip(events.itertuples(), lines, strict=True):
        year = "" if row.event == "begin" else row.date[:4]
        if year != heading:
            heading = year
            parts.append(f"\n## {year}\n")
        parts.append(f"- {line}")
    return "\n".join(["", *parts])


def of_person(events: pd.DataFrame, buurten: tuple[str, ...], language: str) -> str:
    """The course of one person, from all their events."""
    who = say("the_resident", language)
    lines = [sentence(r, who, home(r, buurten, language) if r.dwelling >= 0 else "", language) for r in events.itertuples()]
    return by_year(events, lines)


def of_portiek(events: pd.DataFrame, language: str) -> str:
    """What happens in one portiek: in which home, if in one, stands before each sentence, and who is meant in it."""
    lines = []
    for r in events.itertuples():
        told = sentence(r, person(r, language), say("here", language), language)
        lines.append((say("at", language, dwelling=r.dwelling) if r.dwelling >= 0 else "") + told)
    return by_year(events, lines)
