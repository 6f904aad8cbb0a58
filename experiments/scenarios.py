"""Scenarios by name: a strategy, a policy file, or a list of policies; each becomes lines that set levers from a month on."""

from pathlib import Path
from typing import Any

import yaml

from model.parameters import Problem, Refused
from model.policies import FOREVER, Levers, Setting, checked, refuse_clashes, setting
from model.strategies import find, names

POLICIES = Path(__file__).parent.parent / "configs" / "policy"
HUIDIG = "huidig"


def policy_names() -> list[str]:
    """All policies, by file name."""
    return sorted(path.stem for path in POLICIES.glob("*.yaml"))


def read_levers(levers: dict[str, Any], quota: float) -> Levers:
    """`huidig` from its table; raises `Refused`."""
    problems: list[Problem] = []
    values: dict[str, Any] = {"quota": float(quota)}
    wanted = [name for name in Levers._fields if name != "quota"]
    for name in [*wanted, *levers]:
        if name not in levers or name not in wanted:
            problems.append(Problem(f"levers.{name}", "missing" if name in wanted else "an unknown lever", ", ".join(wanted)))
            continue
        try:
            values[name] = checked(name, levers[name]["value"], f"levers.{name}.value", names())
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(list(dict.fromkeys(problems)))
    return Levers(**values)


def scenario_name(item: Any) -> str:
    """The name under which a scenario stands in results: policies joined by a plus."""
    return "+".join(map(str, item)) if isinstance(item, list) else str(item)


def settings_of(item: Any, where: str) -> list[Setting]:
    """Lines of one scenario (a name, or a list of names); raises `Refused` for an unknown name or a clash."""
    lines: list[Setting] = []
    problems: list[Problem] = []
    for name in item if isinstance(item, list) else [item]:
        if name == HUIDIG:
            continue
        if name in names():
            lines.append(Setting("strategie", name, 1, FOREVER, str(name)))
            if not getattr(find(str(name)), "RESERVES", True):
                lines.append(Setting("quota", 0.0, 1, FOREVER, str(name)))
        elif name in policy_names():
            try:
                lines += read_policy(str(name))
            except Refused as refused:
                problems += refused.problems
        else:
            known = f"a strategy ({', '.join(names())}), a policy ({', '.join(policy_names())}) or {HUIDIG}"
            problems.append(Problem(where, repr(name), known))
    if problems:
        raise Refused(problems)
    refuse_clashes(lines, where)
    return lines


def read_policy(name: str) -> list[Setting]:
    """The lines of a policy file; raises `Refused`, naming the file."""
    content = yaml.safe_load((POLICIES / f"{name}.yaml").read_text(encoding="utf-8"))
    if not isinstance(content, dict) or set(content) != {"levers"} or not isinstance(content["levers"], list):
        raise Refused([Problem(f"configs/policy/{name}.yaml", repr(content)[:80], "one key, levers, with a list of lines")])
    return [setting(name, line, names()) for line in content["levers"]]
