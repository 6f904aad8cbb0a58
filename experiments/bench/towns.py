"""What is measured: its size, and the towns that it is measured on."""

from dataclasses import replace
from typing import Any, NamedTuple

import pandas as pd
from omegaconf import OmegaConf

from experiments.bench.rows import ROOT
from experiments.engine.measure import Ground
from experiments.scenarios import read_levers
from model.policies import Levers
from model.rooms import Rooms, read_rooms
from model.town import Town
from model.voorbeeldstad import voorbeeldstad

SEED = 1
TOWN = 12_000  # households of one town; what is larger is a region of such gemeenten, so that buurten keep their size


class Size(NamedTuple):
    """How much is measured; months are per round."""

    rounds: int
    town: int  # households of one town
    month_towns: int
    month_months: int
    objects_households: int
    objects_months: int
    kernel_months: int  # of the kernels beside those objects: they are hundreds of times faster
    numpy_households: int
    numpy_months: int
    share_towns: int
    share_months: int
    help_rounds: int
    country_towns: int
    triad_numbers: int
    sizes: tuple[int, ...]  # towns side by side
    sizes_months: int  # of one town, in a round
    study_rounds: int
    overhead_households: int
    overhead_months: int
    overhead_few: int  # design points
    overhead_points: int
    worker_households: int
    worker_months: int
    worker_runs: int
    flat_households: int
    flat_months: int
    flat_few: int  # runs
    flat_many: int
    shared_households: int
    shared_months: int


FULL = Size(
    rounds=5, town=TOWN, month_towns=8, month_months=24, objects_households=10_000, objects_months=6, kernel_months=600,
    numpy_households=1_000_000, numpy_months=8, share_towns=3, share_months=120, help_rounds=9, country_towns=698,
    triad_numbers=16_000_000, sizes=(1, 8, 80, 698), sizes_months=192,
    study_rounds=3, overhead_households=1_000, overhead_months=120, overhead_few=2, overhead_points=50,
    worker_households=10_000, worker_months=120, worker_runs=80, flat_households=600, flat_months=24, flat_few=100,
    flat_many=2_000, shared_households=10_000, shared_months=120,
)  # fmt: skip
QUICK = Size(
    rounds=3, town=1_000, month_towns=2, month_months=12, objects_households=480, objects_months=3, kernel_months=30,
    numpy_households=20_000, numpy_months=3, share_towns=1, share_months=12, help_rounds=2, country_towns=3,
    triad_numbers=100_000, sizes=(1, 2, 3), sizes_months=6,
    study_rounds=1, overhead_households=600, overhead_months=12, overhead_few=1, overhead_points=2,
    worker_households=600, worker_months=12, worker_runs=8, flat_households=600, flat_months=12, flat_few=8,
    flat_many=16, shared_households=600, shared_months=12,
)  # fmt: skip


def settings() -> tuple[Rooms, Levers]:
    """The model's own numbers, and today's levers."""
    configs = ROOT / "configs"
    loaded = {path.stem: OmegaConf.load(path) for path in sorted((configs / "parameters").glob("*.yaml"))}
    plain: Any = OmegaConf.to_container(OmegaConf.create({"parameters": loaded}), resolve=True)
    levers: Any = OmegaConf.to_container(OmegaConf.load(configs / "levers" / "huidig.yaml"))
    return read_rooms(plain["parameters"]), read_levers(levers, float(OmegaConf.load(configs / "config.yaml").quota))


def towns(rooms: Rooms, households: int, count: int) -> Town:
    """`count` voorbeeldsteden of so many households side by side, each a gemeente of its own with its own corporaties."""
    one = voorbeeldstad(rooms.voorbeeldstad._replace(households=households), rooms.town)

    def copy(k: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        b, owners, owned, tail = one.buurten, one.corporaties, one.bezit, f"-{k}"
        return (
            b.assign(code=b.code + tail, wijk=b.wijk + tail, gemeente=b.gemeente + tail),
            owners.assign(gemeente=owners.gemeente + tail),
            owned.assign(buurt=owned.buurt + k * len(b), corporatie=owned.corporatie + k * len(owners)),
        )

    parts = [pd.concat(frames, ignore_index=True) for frames in zip(*map(copy, range(count)), strict=True)]
    return replace(one, buurten=parts[0], corporaties=parts[1], bezit=parts[2])


def ground(town: int, count: int) -> Ground:
    """What worlds of such towns are made of."""
    rooms, huidig = settings()
    return Ground(towns(rooms, town, count), rooms, huidig, warmup=36, without=frozenset())


def households(of: Ground) -> int:
    """Households that the tables ask for."""
    return int(of.town.buurten.huishoudens.sum())
