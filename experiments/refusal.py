"""Refusals on one screen: which key, what was found, what is possible; no traceback, exit code 2."""

import difflib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model.parameters import Problem

FULL_KEY = r"full_key: (\S+)"
SCREEN = 20  # problems shown; the rest is counted


@contextmanager
def refused(overrides: list[str]) -> Iterator[None]:
    """Turn every refusal inside into one screen of words and exit code 2."""
    try:
        yield
    except Exception as error:
        lines = told(error, overrides)
        if lines is None:
            raise
        _leave(lines)


def told(error: Exception, overrides: list[str]) -> list[str] | None:
    """A refusal in words, one line per problem; None where the error is no refusal but a fault."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    if isinstance(error, HydraException | OmegaConfBaseException):
        return [str(in_words(error, overrides))]
    problems = getattr(error, "problems", None) if isinstance(error, ValueError) else None
    return None if problems is None else [str(problem) for problem in problems]


def _leave(lines: list[str]) -> None:
    print("Refused; nothing has run.", file=sys.stderr)
    for line in lines[:SCREEN]:
        print("  " + line, file=sys.stderr)
    if len(lines) > SCREEN:
        print(f"  and {len(lines) - SCREEN} more", file=sys.stderr)
    raise SystemExit(2)


def refuse_added_and_deleted(arguments: list[str]) -> None:
    """Hydra would accept `+new=3` in spite of the schema, and let `~key` delete."""
    from model.parameters import Problem, Refused

    for argument in arguments:
        key = argument.lstrip("+~").partition("=")[0]
        if argument.startswith("+"):
            raise Refused([Problem(key, f"an added key ({argument})", "only keys that exist, without a plus")])
        if argument.startswith("~"):
            raise Refused([Problem(key, f"a deleted key ({argument})", "only changed values; no key can be taken away")])


def in_words(error: Exception, overrides: list[str]) -> "Problem":
    """A configuration error of Hydra or OmegaConf as: key, what was found, what is possible."""
    from model.parameters import Problem

    texts = _texts(error)
    text = "\n".join(texts)
    given = dict(o.split("=", 1) for o in overrides if "=" in o)
    if full := unknown_key(error):
        possible = "what --cfg hydra shows" if full.startswith("hydra.") else ", ".join(siblings(full))
        return Problem(full, "an unknown key", possible)
    if match := re.search(r"In '[^']*': Could not find '([^']+)'|Could not find '([^']+)'", text):
        group, _, found = (match.group(1) or match.group(2)).rpartition("/")
        options = re.search(r"Available options[^:]*:\s*((?:\n?\s*\S+)+?)(?:\nConfig search path|\Z)", text)
        return Problem(group, f"'{found}'", ", ".join(options.group(1).split()) if options else "see configs/" + group)
    if match := re.search(r"Missing mandatory value: (\S+)", text):
        key = _first(FULL_KEY, text) or match.group(1)
        return Problem(key, "nothing", f"a value for it ({key}=...)")
    if match := re.search(
        r"Value '([^']*)' (?:of type '[^']*' )?(?:could not be|is not a valid)[^\n]*?(?:to |a valid |type )'?([A-Za-z\[\], ]+)",
        text,
    ):
        return Problem(_first(FULL_KEY, text) or "?", f"'{match.group(1)}'", _kind(match.group(2).strip(), text))
    if match := re.search(r"Invalid value '([^']*)', expected one of \[([^\]]*)\]", text):
        return Problem(_first(FULL_KEY, text) or "?", f"'{match.group(1)}'", match.group(2))
    if match := re.search(r"Error merging override (\S+?)=(.*)", text):
        key, inside = match.group(1), siblings(match.group(1) + ".")
        return Problem(key, f"'{match.group(2)}'", f"a value for one of {', '.join(f'{key}.{name}' for name in inside)}")
    if match := re.search(r"Error parsing override '([^']*)'", text):
        return Problem(match.group(1), "no value", "key=value (docs/configuration.md)")
    at = _first(FULL_KEY, text)
    said = texts[0].splitlines()[0]
    found = f"{given[at]!r} ({said})" if at in given else said
    return Problem(at or "configuration", found, "a value that fits (docs/configuration.md)")


def unknown_key(error: Exception) -> str | None:
    """The whole name of the key that does not exist, where that is what the error says."""
    text = "\n".join(_texts(error))
    match = re.search(r"Could not override '([^']+)'|Key '([^']+)' (?:is )?not in", text)
    return (_first(FULL_KEY, text) or match.group(1) or match.group(2)) if match else None


def _texts(error: Exception) -> list[str]:
    """What the error says, and what its causes say."""
    chain: BaseException | None = error
    texts = []
    while chain is not None:
        texts.append(str(chain))
        chain = chain.__cause__ or chain.__context__
    return texts


def _kind(kind: str, text: str) -> str:
    return {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}.get(kind, kind)


def _first(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match.group(1) if match else None


def siblings(key: str) -> list[str]:
    """Keys that stand where `key` was looked for, the likest first; at most a screenful."""
    from experiments.config import composed

    node: Any = composed([])
    parent, _, name = key.rpartition(".")
    for part in parent.split(".") if parent else []:
        if not isinstance(node, dict) or part not in node:
            break
        node = node[part]
    names = list(map(str, node)) if isinstance(node, dict) else []
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return (near + [n for n in names if n not in near])[:30]
