"""A town as a mesa model that builds itself, for notebooks (docs/mesa.ipynb) and for Mesa's own `batch_run`.

    from experiments.stad import Stad

    city = Stad("quota=0.2", strategie="draagkracht", seed=1)    # month 0: built, and warmed up
    city.run(120)
    months = city.datacollector.get_model_vars_dataframe()       # row k is month k
    city.close()

`mesa.batch_run(Stad, **over_seeds({"strategie": ["loting", "spreiding"]}, [1, 2]), max_steps=24)` gives month 24 of four runs.
Runs of equal seed and equal numbers start from one and the same month 0 and meet the same luck, whatever their strategy:
compare them in pairs.

The mesa agents are the organisations that decide: Gemeente, Zorgaanbieder, Welzijn, Politie, and every Corporatie. A
household is a row of `city.world.dwellings` and no agent.
"""

import shlex
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import lru_cache, partial
from inspect import signature
from numbers import Integral
from typing import Any

import mesa

from experiments import switches
from experiments.config import WHOLE, composed
from experiments.engine.measure import month_zero
from experiments.plan import Plan, ground, plan
from experiments.refusal import in_words, refuse_added_and_deleted
from experiments.scenarios import HUIDIG, settings_of
from model.city import City
from model.indicators import INDICATORS, Period, Record
from model.parameters import Problem, Refused
from model.policies import Setting
from model.world import World

USUAL = ("leefbaarheid", "oordeel_bewoners", "escalaties", "uitzettingen", "opnamedagen", "plaatsingen", "zachte_landing")


class Stad(City):
    """A town at month 0, whose `datacollector` keeps indicators of the whole town, by month.

        overrides    what the command would be given: `key=value`, separated by spaces (docs/configuration.md)
        strategie    from month 1 on; `huidig` leaves today's
        beleid       policies besides (configs/policy), joined by a plus
        quota        short for `quota=...` among the overrides, and goes before it
        seed         of all luck; there is no default, because runs that share one by accident look alike
        indicators   names from docs/indicators.md; rates are per year, and what did not happen in a month is NaN

    Keys that concern a study of many runs (`seeds`, `scenarios`, `months`) are checked, and have no use here. Raises
    `Refused` with every problem, in the words of the command.
    """

    def __init__(
        self,
        overrides: str = "",
        *,
        strategie: str = HUIDIG,
        beleid: str = "",
        quota: float | None = None,
        seed: int,
        indicators: Sequence[str] = USUAL,
    ) -> None:
        words = shlex.split(overrides) + ([] if quota is None else [f"quota={quota}"])
        p, settings = _checked(words, [strategie, *filter(None, beleid.split("+"))], seed, indicators)
        of = ground(p)
        super().__init__(month_zero(of, int(seed)), of.rooms, of.huidig, settings, int(seed), of.without)
        self.town = p.town
        self.datacollector = mesa.DataCollector(model_reporters={name: partial(of_month, name=name) for name in indicators})
        self._collect()

    def step(self) -> None:
        """One month, and what is measured of it."""
        super().step()
        self._collect()

    def _collect(self) -> None:
        self.this_month = month_of(self.world)
        self.datacollector.collect(self)


def over_seeds(parameters: Mapping[str, Any], seeds: Sequence[int]) -> dict[str, Any]:
    """Arguments for the `batch_run` of the installed Mesa: every combination of the parameters with every seed.

    Mesa 3.5 takes seeds as `rng` and would overwrite a parameter of that name; before, they are a parameter like others.
    """
    if "rng" in signature(mesa.batch_run).parameters:
        return {"parameters": dict(parameters), "rng": list(seeds)}
    return {"parameters": {**parameters, "seed": list(seeds)}}


def month_of(world: World) -> Period:
    """The month that has just ended, for all places as one."""
    record = Record(world, 0)
    record.add(world)
    return record.period([slice(0, 1)], "town")


def of_month(city: Stad, name: str) -> float:
    """An indicator of this month; what a `DataCollector` asks."""
    return float(INDICATORS[name].compute(city.this_month)[0, 0])


def _checked(words: list[str], scenario: list[str], seed: Any, indicators: Sequence[str]) -> tuple[Plan, list[Setting]]:
    """The plan of the configuration and the lines of the scenario; raises one `Refused` with every problem."""
    low, high = WHOLE["first_seed"]
    asked = [indicators] if isinstance(indicators, str) else indicators
    problems = [Problem("indicators", repr(i), ", ".join(INDICATORS)) for i in asked if i not in INDICATORS]
    if isinstance(indicators, str):
        problems.append(Problem("indicators", repr(indicators), "a list of names; for batch_run a list of lists"))
    if not isinstance(seed, Integral) or not low <= int(seed) <= high:
        problems.append(Problem("seed", repr(seed), f"a whole number from {low} to {high}; batch_run takes over_seeds(...)"))
    try:
        settings = settings_of(scenario, "strategie and beleid")
    except Refused as refused:
        problems += refused.problems
    try:
        found = plan(_configuration(words))
    except Refused as refused:
        problems += refused.problems
    if not problems:
        problems += switches.clashes(found.config["without"], {"strategie and beleid": settings})
    if problems:
        raise Refused(problems)
    return found, settings


def _configuration(words: list[str]) -> dict[str, Any]:
    """The configuration with these overrides; raises `Refused` in the words of the command."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    refuse_added_and_deleted(words)
    try:
        return deepcopy(_composed(tuple(words)))
    except (HydraException, OmegaConfBaseException) as error:
        raise Refused([in_words(error, words)]) from error


@lru_cache(maxsize=32)
def _composed(words: tuple[str, ...]) -> dict[str, Any]:
    """To compose takes several times as long as ten years of voorbeeldstad do."""
    return composed(list(words))
