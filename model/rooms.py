"""The parameter blocks of all rooms, read from one configuration."""

from collections.abc import Mapping
from typing import Any, NamedTuple, get_type_hints

from model import (
    access,
    homes,
    indicators,
    ledger,
    letting,
    population,
    public_view,
    strategies,
    synthesis,
    tables,
    town,
    voorbeeldstad,
)
from model.mechanisms import (
    ageing,
    arrears,
    crisis,
    draagkracht,
    inflow,
    landing,
    leaving,
    leefbaarheid,
    neighbourhood,
    nuisance,
    publication,
    samenwerking,
    settling,
    stability,
    support,
    vulnerability,
)
from model.parameters import Problem, Refused, read


class Rooms(NamedTuple):
    """One block per room, under the name that it has in `configs/parameters`."""

    town: town.Parameters
    voorbeeldstad: voorbeeldstad.Parameters
    tables: tables.Parameters
    synthesis: synthesis.Parameters
    homes: homes.Parameters
    population: population.Parameters
    inflow: inflow.Parameters
    vulnerability: vulnerability.Parameters
    ageing: ageing.Parameters
    support: support.Parameters
    stability: stability.Parameters
    crisis: crisis.Parameters
    nuisance: nuisance.Parameters
    arrears: arrears.Parameters
    neighbourhood: neighbourhood.Parameters
    draagkracht: draagkracht.Parameters
    leefbaarheid: leefbaarheid.Parameters
    landing: landing.Parameters
    publication: publication.Parameters
    samenwerking: samenwerking.Parameters
    leaving: leaving.Parameters
    settling: settling.Parameters
    access: access.Parameters
    letting: letting.Parameters
    strategies: strategies.Parameters
    public_view: public_view.Parameters
    ledger: ledger.Parameters
    indicators: indicators.Parameters


def blocks() -> dict[str, type]:
    """Name and class of every block."""
    return get_type_hints(Rooms)


def read_rooms(parameters: Mapping[str, Mapping[str, Any]]) -> Rooms:
    """All blocks, checked; raises one `Refused` with every problem of every room."""
    problems = [Problem(f"parameters.{n}", "an unknown room", ", ".join(blocks())) for n in parameters if n not in blocks()]
    values: dict[str, Any] = {}
    for name, block in blocks().items():
        try:
            values[name] = read(block, parameters.get(name, {}), f"parameters.{name}")
        except Refused as refused:
            problems += refused.problems
    if problems:
        raise Refused(problems)
    return Rooms(**values)
