"""What `experiments.story` is asked: its own keys, checked before anything runs."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from model.chronicle import Parameters
    from model.parameters import Problem
    from model.policies import Setting

OWN = ("scenario", "seed", "person", "portiek", "most", "zonder", "event", "date", "from", "capacity", "seeds", "language")
PLAATSING, KRAPTE, CONTACTVERLIES = "plaatsing", "krapte", "contactverlies"
Made = TypeVar("Made")


class Taken(NamedTuple):
    """What is taken away of one person, from its first time on."""

    event: str
    spared: str  # as `City` calls those to whom it does not happen


OF_ONE = {PLAATSING: Taken("geplaatst", "passed_over"), CONTACTVERLIES: Taken("uit_beeld", "kept_in_sight")}


class Question(NamedTuple):
    """What is asked, checked; an empty text and None are not asked."""

    parts: list[str]  # of the scenario
    settings: "list[Setting]"
    seed: int
    person: str
    portiek: int | None
    most: list[str]  # events
    zonder: str
    event: str
    month: int | None  # of the event that is asked about
    start: int | None  # from which month on levers are changed
    capacity: float  # ambulant hours when they are not short, as a ratio of today's
    seeds: int
    language: str
    papers: "Parameters"

    def said(self, month: int) -> str:
        """The month in words: maart 2027."""
        from experiments.telling import day_of
        from model.chronicle import date

        return day_of(date(month, float("nan"), self.papers.first_year), self.language)


class Keys:
    """The command's own keys, read one by one; what is wrong is kept in `problems`."""

    def __init__(self, own: dict[str, str]) -> None:
        self.own = own
        self.problems: list[Problem] = []

    def refuse(self, key: str, expected: str, found: str = "") -> None:
        from model.parameters import Problem

        self.problems.append(Problem(key, found or repr(self.own.get(key)), expected))

    def text(self, key: str, pattern: str, expected: str) -> str:
        """Empty where it is not given, or wrong."""
        found = self.own.get(key, "")
        if key in self.own and not re.fullmatch(pattern, found):
            self.refuse(key, expected)
            return ""
        return found

    def whole(self, key: str, low: int, high: int) -> int | None:
        """None where it is not given, or wrong."""
        expected = f"a whole number from {low} to {high}"
        found = self.text(key, r"\d{1,10}", expected)
        if not found or low <= int(found) <= high:
            return int(found) if found else None
        self.refuse(key, expected)
        return None

    def one_of(self, key: str, known: list[str]) -> str:
        """Empty where it is not given, or wrong."""
        return self.text(key, "|".join(map(re.escape, known)), ", ".join(known))

    def made(self, make: Callable[[], Made], otherwise: Made) -> Made:
        """What `make` gives, unless it is refused."""
        from model.parameters import Refused

        try:
            return make()
        except Refused as refused:
            self.problems += refused.problems
            return otherwise


def question(own: dict[str, str], config: dict[str, Any]) -> Question:
    """The checked question; raises one `Refused` with every problem."""
    from experiments.config import WHOLE
    from experiments.prose import EN, NL
    from experiments.scenarios import HUIDIG, settings_of
    from model.chronicle import OF_PORTIEK, REPORTS, Event
    from model.parameters import Refused

    keys, papers, events = Keys(own), parameters(), [str(event) for event in Event if event not in OF_PORTIEK]
    parts = [part.strip() for part in re.split(r"[,+]", own.get("scenario", config["baseline"]).strip("[] ")) if part.strip()]
    _refuse_together(keys)
    seed = keys.whole("seed", *WHOLE["first_seed"])
    most = keys.one_of("most", events)
    date = keys.text("date", r"\d{4}-(0[1-9]|1[0-2])", "a year and month, as 2027-03")
    year, month = map(int, date.split("-")) if date else (papers.first_year, 0)
    found = Question(
        parts=parts,
        settings=keys.made(lambda: settings_of(parts, "scenario"), []),
        seed=config["first_seed"] if seed is None else seed,
        person=keys.text("person", r"\d{1,20}", "the number of a person, as a history or gebeurtenissen.parquet has it"),
        portiek=keys.whole("portiek", 0, 10**9),
        most=[most] if most else [str(event) for event in REPORTS],
        zonder=keys.one_of("zonder", [PLAATSING, KRAPTE, CONTACTVERLIES, *(part for part in parts if part != HUIDIG)]),
        event=keys.one_of("event", events),
        month=(year - papers.first_year) * 12 + month if date else None,
        start=keys.whole("from", 1, config["months"]),
        capacity=keys.made(lambda: _capacity(own), 1.0),
        seeds=keys.whole("seeds", *WHOLE["seeds"]) or 0,
        language=keys.one_of("language", [NL, EN]) or NL,
        papers=papers,
    )
    if keys.problems:
        raise Refused(keys.problems)
    return found


def _refuse_together(keys: Keys) -> None:
    """Keys that can not be given together, or not alone."""
    whom = [key for key in ("person", "portiek", "most") if key in keys.own]
    if len(whom) > 1:
        keys.refuse(", ".join(whom), "one of them: whom the history is about", "more than one")
    if "portiek" in keys.own and "zonder" in keys.own:
        keys.refuse("zonder", "a history of a person: it is asked of one, not of a portiek")
    for key in ("seeds", "event", "date"):
        if key in keys.own and "zonder" not in keys.own:
            keys.refuse(key, "zonder=... besides, which it belongs to")
    for key in ("from", "capacity"):
        if key in keys.own and keys.own.get("zonder") != KRAPTE:
            keys.refuse(key, f"zonder={KRAPTE} besides, which it belongs to")


def _capacity(own: dict[str, str]) -> float:
    """Hours as a ratio of today's; the lever's upper bound where nothing is said."""
    from model.policies import BOUNDS, checked

    text = own.get("capacity", str(BOUNDS["ambulante_capaciteit"][1]))
    number: Any = float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else text
    value: float = checked("ambulante_capaciteit", number, "capacity", [])
    return value


def parameters() -> "Parameters":
    """How histories are told (configs/story.yaml)."""
    import yaml

    from experiments.config import CONFIGS
    from model.chronicle import Parameters
    from model.parameters import read

    return read(Parameters, yaml.safe_load((CONFIGS / "story.yaml").read_text(encoding="utf-8")), "configs/story.yaml")
