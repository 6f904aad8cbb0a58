"""A policy is data: which lever, which value, from which month, until which month, and from what source.

`Levers` are what can be chosen; their defaults (today's way, `huidig`) stand in `configs/levers`. A scenario is a list
of policies; two policies that move one lever in one month are refused, because one of them would be lost unseen.
"""

from typing import Any, NamedTuple

from model.parameters import Problem, Refused

FOREVER = 1_000_000


class Levers(NamedTuple):
    """What gemeente, corporaties and zorgaanbieders can choose, as it stands in one month."""

    strategie: str  # how vacancies meet persons: a file of model/strategies
    quota: float  # share of vacated corporatie homes that is reserved for persons
    vroegsignalering: bool  # contact at 3 weeks of arrears instead of 2 months (m35)
    driegesprek: bool  # corporatie, gemeente and zorg speak before an eviction (m37)
    overlastprotocol: bool  # the beheerder acts on complaints (m36)
    waakvlam: bool  # a dormant contact is kept after down-scaling (m27)
    bereikbaarheid: float  # share of persons who can reach their worker directly (m26)
    buurtinformatie: bool  # neighbours are told, with consent (m31)
    outreach: bool  # teams with time to spare look for those who do not ask (m38)
    ambulante_capaciteit: float  # ambulant hours, as a ratio of today's
    woonladder: float  # share of persons for whom a home comes only after months in an institution (m18)
    screening: float  # skills (0-1) below which nobody is proposed for a home (m23)
    nakoming: float  # share of the quota that is delivered: agreements that bind or do not (m51)
    driehoek: bool  # corporatie, gemeente and zorg take on cases together (m42, m43)
    woonzorgvisie: bool  # they share definitions and numbers (m50, m52)
    wijkbudget: bool  # teams have a fixed budget and freedom; otherwise hours follow indications that end (m28, m39, m41)
    contextgericht: bool  # guidance looks at neighbours and tenancy too (m30)
    driepartijencontract: bool  # client, zorg and corporatie sign together (m22)
    belnummer: bool  # neighbours have a number to call (m32)
    maatwerk: bool  # a fix outside the rules is allowed (m33)
    sociaal_beheer: float  # hours of beheerders, as a ratio of today's (m4)


BOUNDS: dict[str, tuple[float, float]] = {
    "quota": (0, 1), "bereikbaarheid": (0, 1), "ambulante_capaciteit": (0, 5), "woonladder": (0, 1), "screening": (0, 1),
    "nakoming": (0, 1), "sociaal_beheer": (0, 5),
}  # fmt: skip


class Setting(NamedTuple):
    """One line of a policy: the lever has this value in months start <= m < end."""

    lever: str
    value: Any
    start: int
    end: int
    policy: str


def setting(policy: str, line: dict[str, Any], strategies: list[str]) -> Setting:
    """The checked line of a policy file; raises `Refused`."""
    where = f"policies.{policy}"
    known = {"lever", "value", "from", "until", "source"}
    if set(line) - known or not {"lever", "value", "from", "source"} <= set(line):
        raise Refused([Problem(where, repr(line), "lever, value, from, source and, if it ends, until")])
    lever, value, start, end = line["lever"], line["value"], line["from"], line.get("until", FOREVER)
    if type(start) is not int or type(end) is not int or not 1 <= start < end:
        raise Refused([Problem(where, f"from {start!r} until {end!r}", "whole months, from 1 on, from before until")])
    return Setting(lever, checked(lever, value, f"{where}.{lever}", strategies), start, end, policy)


def checked(lever: str, value: Any, where: str, strategies: list[str]) -> Any:
    """The lever's value in its own type; raises `Refused` for an unknown lever or an impossible value."""
    kinds = Levers.__annotations__
    if not isinstance(lever, str) or lever not in kinds:
        raise Refused([Problem(where, repr(lever), ", ".join(kinds))])
    if lever == "strategie":
        if value not in strategies:
            raise Refused([Problem(where, repr(value), ", ".join(strategies))])
        return value
    if kinds[lever] is bool:
        if not isinstance(value, bool):
            raise Refused([Problem(where, repr(value), "true or false")])
        return value
    low, high = BOUNDS[lever]
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise Refused([Problem(where, repr(value), f"a number from {low} to {high}")])
    return float(value)


def refuse_clashes(settings: list[Setting], where: str) -> None:
    """Raises `Refused` when two policies move one lever in one month."""
    problems = [
        Problem(
            where,
            f"policies {a.policy} and {b.policy} both set {a.lever} in month {max(a.start, b.start)}",
            "one policy per lever",
        )
        for i, a in enumerate(settings)
        for b in settings[i + 1 :]
        if a.lever == b.lever and a.start < b.end and b.start < a.end
    ]
    if problems:
        raise Refused(problems)


def levers_at(month: int, huidig: Levers, settings: list[Setting]) -> Levers:
    """The levers of one month: today's way, with what the scenario's policies have changed by then."""
    changed = {s.lever: s.value for s in settings if s.start <= month < s.end}
    return huidig._replace(**changed) if changed else huidig
