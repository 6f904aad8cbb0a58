"""The words, numbers and units of figures and report, as Dutch and English write them; the texts stand in templates/."""

from collections.abc import Sequence
from functools import cache
from math import floor, isfinite, log10
from pathlib import Path
from typing import Any, NamedTuple

import yaml

NL, EN = "nl", "en"
TEMPLATES = Path(__file__).parent / "templates"


# Words


@cache
def _words() -> dict[str, Any]:
    return dict(yaml.safe_load((TEMPLATES / "words.yaml").read_text(encoding="utf-8")))


def pick(language: str, nl: str, en: str) -> str:
    """The text in the language."""
    return nl if language == NL else en


def say(key: str, language: str, **names: Any) -> str:
    """A text of words.yaml with its names filled in."""
    return pick(language, *_words()["texts"][key]).format(**names)


def word(kind: str, name: str, language: str) -> str:
    """What the reader calls `name`; a name without an entry is shown as it stands, without underscores."""
    entry = _words()[kind].get(name)
    return pick(language, *entry) if entry else name.replace("_", " ")


def scenario_name(name: str) -> str:
    """A scenario as the reader sees it; "geen" alone would read as "none"."""
    return "geen voorrang" if name == "geen" else name.replace("_", " ").replace("+", " + ")


def scenario_meaning(name: str, language: str) -> str:
    """What a scenario does, part by part; empty for unknown parts."""
    known = _words()["scenarios"]
    return " ".join(pick(language, *known[part]) for part in name.split("+") if part in known)


def phrase(text: str, language: str) -> str:
    """A text of the tables; `profiel x` is a profile."""
    if text.startswith("profiel "):
        return word("profiles", text.removeprefix("profiel "), language)
    return word("phrases", text, language)


def agreement(rank: float, language: str) -> str:
    """What a rank correlation says, in words: the first of words.yaml whose bound it reaches."""
    entries = _words()["agreement"] if isfinite(rank) else []
    return next((pick(language, nl, en) for bound, nl, en in entries if rank >= bound), "")


def source(text: str, language: str) -> str:
    """A source as the tables name it, or in the language where that is known."""
    entry = _words()["sources"].get(text)
    return pick(language, *entry) if entry else text


def joined(parts: Sequence[str], language: str) -> str:
    """a, b and c"""
    *first, last = parts
    return ", ".join(first) + say("and", language) + last if first else last


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


# Numbers


def grouped(x: float, decimals: int, language: str, sign: bool = False) -> str:
    """1.234,5 in Dutch and 1,234.5 in English; negative decimals round to tens, hundreds, ..."""
    value = round(x, decimals)
    text = f"{abs(value):,.{max(decimals, 0)}f}"
    if language == NL:
        text = text.translate(str.maketrans(",.", ".,"))
    return ("−" if value < 0 else "+" if sign and value > 0 else "") + text


def number(x: float, language: str, digits: int = 3) -> str:
    """Three meaningful digits at most, and whole numbers whole."""
    if not isfinite(x):
        return "–"
    if x == 0 or float(x).is_integer() or abs(x) >= 10.0 ** (digits - 1):
        return grouped(x, 0, language)
    decimals = digits - 1 - floor(log10(abs(x)))
    while decimals > 0 and round(x, decimals) == round(x, decimals - 1):
        decimals -= 1
    return grouped(x, min(decimals, 6), language)


def rounded(x: float, language: str) -> str:
    """Two meaningful digits: 1.400, 41, 2,9."""
    return grouped(x, 1 - floor(log10(abs(x))), language) if abs(x) >= 100.0 else number(x, language, 2)


def percent(x: float, language: str, decimals: int = 0) -> str:
    return grouped(100.0 * x, decimals, language) + "%" if isfinite(x) else "–"


def euro(x: float, language: str) -> str:
    """Euro, to three meaningful digits: € 8.130.000."""
    if not isfinite(x):
        return "–"
    decimals = min(0, 2 - floor(log10(abs(x)))) if x else 0
    return say("euro", language) + grouped(x, decimals, language)


class Unit(NamedTuple):
    """How a unit is shown: values are multiplied by `factor`; `points` is the unit of a difference."""

    factor: float
    text: str
    points: str


def unit(name: str, language: str) -> Unit:
    """Shares are shown as per cents, and their differences as percentage points."""
    text = word("units", name, language)
    if name.startswith("aandeel"):
        return Unit(100.0, text, pick(language, *_words()["points"]))
    return Unit(1.0, text, text)


def level(x: float, unit_name: str, language: str) -> str:
    """A value in its unit's own form, without the unit's name (but with % and €)."""
    if unit_name.startswith("aandeel"):
        return f"{number(100.0 * x, language)}%" if isfinite(x) else "–"
    return euro(x, language) if unit_name.startswith("euro") else number(x, language)


def precision(difference: float, low: float, high: float) -> int:
    """Decimals that an interval deserves: two digits of its half width; negative for tens, hundreds, ..."""
    scale = (high - low) / 2.0 if isfinite(low) and high > low else abs(difference)
    return min(6, 1 - floor(log10(scale))) if scale else 0


def interval(difference: float, low: float, high: float, factor: float, language: str) -> str:
    """+0,71 [+0,20; +1,22], as precise as the interval deserves."""
    if not isfinite(difference):
        return "–"
    if difference == low == high == 0.0:
        return "0"
    decimals = precision(factor * difference, factor * low, factor * high)
    d, lo, hi = (grouped(factor * x, decimals, language, sign=True) if isfinite(x) else "?" for x in (difference, low, high))
    return f"{d} [{lo}{say('between', language)}{hi}]"
