"""Put parts of one study, computed apart, together: the same bytes as one study would have given.

    python -m experiments.merge results/a results/b --to results                 two halves of the seeds, say
    python -m experiments.merge results/a results/b --to results gemeente.data=DIR     tables that lie elsewhere here

Each part is the folder of a study, finished or not. The whole has the seeds and scenarios of all parts, and whatever else
is given as key=value (docs/configuration.md). Nothing is computed: what no part has is told, and the command of the whole
study computes it. The parts stay as they are.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from experiments.refusal import refused


def main(arguments: list[str] | None = None) -> None:
    """The command; leaves with 2 where the parts are no parts of one study, with 1 where runs are missing."""
    parser = argparse.ArgumentParser(
        prog="python -m experiments.merge", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="+", metavar="FOLDER or key=value")
    parser.add_argument("--to", type=Path, default=Path("results"), help="where the folder of the whole study goes")
    given = parser.parse_args(arguments)
    overrides = [text for text in given.parts if "=" in text and not Path(text).is_dir()]
    with refused(overrides):
        raise SystemExit(merge([Path(text) for text in given.parts if text not in overrides], given.to, overrides))


def merge(parts: list[Path], to: Path, overrides: list[str]) -> int:
    """Merge parts into a study below `to`; returns 0, or 1 where runs are missing. Raises `Refused`."""
    from experiments import report, show
    from experiments.engine import study as engine
    from experiments.engine.store import Store
    from experiments.plan import plan
    from model.parameters import Problem, Refused

    p = plan(whole(parts, to, overrides))
    if p.data_hashes != identity(parts[0])["data"]:
        raise Refused([Problem("gemeente.data", "other tables than those of the parts", "gemeente.data=DIR with the same ones")])
    taken = engine.take(p, parts)
    store = Store(p.folder)
    missing = [a for a in p.asked if a.key not in store]
    print(f"{taken:,} runs taken into {p.folder}; {len(missing):,} of {len(p.asked):,} are missing")
    if missing:
        for a in missing[:10]:
            print(f"  missing: {a.design or 'the study itself'}, {a.scenario}, seed {a.seed}", file=sys.stderr)
        print("The command of the whole study computes them, and only them.", file=sys.stderr)
        return 1
    try:
        engine.finish(p, time.time())
    except engine.Stopped as stopped:
        print(stopped, file=sys.stderr)
        return 1
    report.write(p.folder)
    return show.after(p.folder)


def whole(parts: list[Path], to: Path, overrides: list[str]) -> dict[str, Any]:
    """The configuration of the whole: that of the first part, with the seeds and scenarios of all. Raises `Refused`."""
    from omegaconf import OmegaConf

    from experiments.config import schema
    from model.parameters import Problem, Refused

    told = [identity(part) for part in parts]
    first = told[0]
    for part, other in zip(parts, told, strict=True):
        if (other["model"], other["runs"]) != (first["model"], first["runs"]):
            raise Refused([Problem(str(part), f"made by code {other['model']}", f"parts of one code, as {first['model']}")])
        if alike(other) != alike(first):
            differing = [name for name in alike(first) if alike(other)[name] != alike(first)[name]]
            raise Refused([Problem(str(part), f"another {', '.join(differing)}", f"parts of one study, as {parts[0]}")])
    config = json.loads(json.dumps(first["config"]))
    seeds = sorted({s for t in told for s in range(t["config"]["first_seed"], t["config"]["first_seed"] + t["config"]["seeds"])})
    if seeds != list(range(seeds[0], seeds[0] + len(seeds))):
        raise Refused([Problem("seeds", f"{seeds}", "parts whose seeds follow each other, without a gap")])
    config |= {"first_seed": seeds[0], "seeds": len(seeds), "workers": 1, "part": 0, "parts": 1, "dry": False}
    scenarios = [scenario for t in told for scenario in t["config"]["scenarios"]]
    config["scenarios"] = [s for k, s in enumerate(scenarios) if s not in scenarios[:k]]
    config["results"]["folder"] = str(to)
    config["gemeente"] |= {"data": None, "cache": None, "eigen": None}
    merged = OmegaConf.merge(schema(), config, OmegaConf.from_dotlist(overrides))
    return OmegaConf.to_container(merged, enum_to_str=True)  # type: ignore[return-value]


def alike(told: dict[str, Any]) -> dict[str, Any]:
    """What parts of one study have in common."""
    return {k: v for k, v in told["config"].items() if k not in ("seeds", "first_seed", "scenarios")} | {"data": told["data"]}


def identity(folder: Path) -> dict[str, Any]:
    """What a folder, finished or not, says of its study. Raises `Refused`."""
    from experiments.engine.folder import FIRST, kept_in
    from experiments.engine.store import FOLDER, STATE
    from model.parameters import Problem, Refused

    found = (kept_in(folder / FOLDER / STATE) or kept_in(folder / FIRST)).get("identity")
    if not found:
        raise Refused([Problem(str(folder), "no study", "the folder of a study, finished or not (docs/studies.md)")])
    return dict(found)


if __name__ == "__main__":
    main()
