"""A small town that lives in milliseconds, and what is needed to build it.

    parameters     every block of configs/parameters, as read from YAML: {room: {name: entry}}
    rooms          the same, checked and typed: what the model takes
    lively         `rooms` with rates raised, so that in 600 households everything happens within a year
    huidig         the levers of today
    small_town     factory of a Town of six buurten and 600 households
    small_world    factory of its World before the warm-up
    small_city     factory of a City that lives in it
    plain_python   context in which no kernel or rule of the model is compiled
    luck           the luck of month 1 under seed 1
    one_person     factory of a town with one vulnerable resident alone

The factories give a new object at every call, so that a test may change what it gets. All are session-scoped, which lets
hypothesis tests use them too.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np
import pandas as pd
import pytest
from numba.core.dispatcher import Dispatcher
from omegaconf import OmegaConf

from experiments.bench.towns import SEED, ground
from experiments.engine import measure
from model.city import City
from model.mechanisms import settling
from model.policies import FOREVER, Levers, Setting
from model.population import build
from model.randomness import Luck
from model.rooms import Rooms, read_rooms
from model.town import Town, near_in_wijk, ownership
from model.world import NOBODY, Place, Profile, Status, World

CONFIGS = Path(__file__).parents[1] / "configs" / "parameters"

# Same examples every time: a red test stays red, and a slow machine makes nothing fail.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, max_examples=60)
hypothesis.settings.load_profile("house")


def pytest_sessionstart(session: pytest.Session) -> None:
    """With `-n`, live a small study before workers start, so that they find its kernels compiled.

    Each would spend half a minute on compiling the same. Also, numba's cache bears many readers but one writer only: it names the
    code of a new signature by number, and two processes that do so at once can take each other's code for their own.
    """
    options = session.config.option
    if getattr(options, "numprocesses", None) and not options.collectonly and not hasattr(session.config, "workerinput"):
        asked = measure.Asked("warm", "", "huidig", SEED, (), 12, "monthly")
        assert not any(isinstance(x, measure.Failed) for _, x in measure.live(ground(600, 1), SEED, (asked,)))


BUURTEN = {
    "code": ["BU01", "BU02", "BU03", "BU04", "BU05", "BU06"],
    "naam": ["Hoogwerf", "Laagwerf", "Oosteinde", "Westeinde", "De Plas", "Het Veld"],
    "wijk": ["WK01", "WK01", "WK02", "WK02", "WK02", "WK03"],
    "wijk_naam": ["Werf", "Werf", "Einde", "Einde", "Einde", "Buiten"],
    "huishoudens": [150, 100, 120, 80, 60, 90],
    "inwoners": [300, 210, 260, 170, 140, 220],
    "hh_grootte": [2.0, 2.1, 2.2, 2.1, 2.3, 2.4],
    "p_koop": [30.0, 45.0, 55.0, 20.0, 70.0, 80.0],
    "p_corp": [60.0, 40.0, 30.0, 75.0, 15.0, 10.0],
    "woz_ratio": [0.75, 0.85, 1.0, 0.7, 1.2, 1.4],
    "dichtheid": [6000.0, 5000.0, 4000.0, 7000.0, 2000.0, 800.0],
    "p_oud": [18.0, 20.0, 22.0, 15.0, 25.0, 24.0],
    "klasse": [5.0, 5.0, 6.0, 6.0, 6.0, np.nan],
    "score": [np.nan] * 6,
    "gemeente": ["GM0000"] * 6,
    "gemeente_naam": ["Proefstad"] * 6,
    "p_1p": [np.nan] * 6,
    "p_eengezins": [20.0, 40.0, 70.0, 10.0, 90.0, 95.0],
    "p_jong": [30.0, 26.0, 24.0, 32.0, 20.0, 18.0],
    "p_laag_ink": [55.0, 46.0, 40.0, 60.0, 30.0, 24.0],
    "p_hoog_ink": [10.0, 14.0, 18.0, 8.0, 28.0, 36.0],
    "x": [1000.0, 1400.0, 1800.0, 1000.0, 1400.0, 3000.0],
    "y": [1000.0, 1000.0, 1000.0, 1600.0, 1600.0, 3000.0],
}


@pytest.fixture(scope="session")
def parameters() -> dict[str, dict[str, Any]]:
    """Every block of `configs/parameters` as plain data, {room: {name: entry}}. Copy before you change anything."""
    raw = {path.stem: OmegaConf.load(path) for path in sorted(CONFIGS.glob("*.yaml"))}
    container = OmegaConf.to_container(OmegaConf.create({"parameters": raw}), resolve=True)
    return container["parameters"]  # type: ignore[index,call-overload,return-value]


@pytest.fixture(scope="session")
def rooms(parameters: dict[str, dict[str, Any]]) -> Rooms:
    """All parameter blocks with the values of the configuration."""
    return read_rooms(parameters)


BEDS = np.array([{Place.KLINIEK: 30, Place.AZC: 3}.get(place, 6) for place in Place])  # times the places: all can be full


@pytest.fixture(scope="session")
def lively(rooms: Rooms) -> Rooms:
    """Rooms in which rare things are common; ratios between profiles stay."""
    v, c, a = rooms.vulnerability, rooms.crisis, rooms.arrears
    return rooms._replace(
        inflow=rooms.inflow._replace(
            inflow_ratio=6.0, persons_give_up_per_month=0.05, seekers_give_up_per_year=0.6, places_for_waiting=1.0
        ),
        vulnerability=v._replace(stock_share=v.stock_share * 4, remission_per_year=0.6),
        crisis=c._replace(
            episodes_per_year=c.episodes_per_year * 6, harm_days=20.0, patience_days=15.0, opname_share=c.opname_share * 2,
            long_opname_days=10.0, home_lost_after_long_opname=0.5,
        ),
        nuisance=rooms.nuisance._replace(incidents_per_month=0.3, complaint_per_incident=0.2),
        arrears=a._replace(
            start_per_year=1.0, judgment_per_month=0.3, nuisance_judgment=0.3, nuisance_incidents=3
        ),
        leaving=rooms.leaving._replace(turnover_per_year=rooms.leaving.turnover_per_year * 3, harm_per_late_day=0.1),
        support=rooms.support._replace(months_to_step_down=4, outreach_finds_per_hour=0.06),
        landing=rooms.landing._replace(after_months=3),
        population=rooms.population._replace(places_per_1000=rooms.population.places_per_1000 * BEDS),
        publication=rooms.publication._replace(publish_every_months=6),
    )  # fmt: skip


@pytest.fixture(scope="session")
def huidig() -> Levers:
    """Today's way of helping, at a quota of 0.30; nobody has gates of the woonladder to pass."""
    return Levers(
        strategie="loting", quota=0.30, vroegsignalering=True, driegesprek=False, overlastprotocol=True, waakvlam=True,
        bereikbaarheid=0.3, buurtinformatie=False, outreach=True, ambulante_capaciteit=1.0, woonladder=0.0,
        screening=0.0, nakoming=1.0, driehoek=False, woonzorgvisie=False, wijkbudget=False, contextgericht=False,
        driepartijencontract=False, belnummer=False, maatwerk=False, sociaal_beheer=1.0,
    )  # fmt: skip


@pytest.fixture(scope="session")
def small_town() -> Callable[..., Town]:
    """`small_town(corporaties=2, buurten=6, **columns)`: six buurten in three wijken, 600 households; or the first of them.

    A column of `model.town.COLUMNS` given by name replaces that of the table: one value for all buurten, or one for each.
    """

    def make(corporaties: int = 2, buurten: int = 6, **columns: Any) -> Town:
        frame = pd.DataFrame({name: values[:buurten] for name, values in BUURTEN.items()}).assign(**columns)
        owned = ownership(frame, dict.fromkeys(frame.gemeente.unique(), corporaties))
        return Town("GM0000", "Proefstad", True, frame, *owned, near_in_wijk(frame))

    return make


@pytest.fixture(scope="session")
def small_world(rooms: Rooms, small_town: Callable[..., Town]) -> Callable[..., World]:
    """`small_world(seed=1, quota=0.3, warmup=0, town=None, rooms=None)`: the world at month `-warmup`."""

    def make(seed: int = 1, quota: float = 0.3, warmup: int = 0, town: Town | None = None, rooms: Rooms = rooms) -> World:
        return build(town or small_town(), rooms, seed, quota, warmup)

    return make


@pytest.fixture(scope="session")
def small_city(rooms: Rooms, huidig: Levers, small_world: Callable[..., World]) -> Iterator[Callable[..., City]]:
    """`small_city(...)`: a City, closed for you at the end.

    strategie   from month 1 on, as a scenario's name would set it; None leaves today's
    settings    more lines of policy (`model.policies.Setting`)
    off         names of mechanisms that are switched off
    months      how many months it lives before you get it, the warm-up not counted
    warmup      months before month 0, lived under `huidig` (so that `city.month` is `months` when you get it)
    world       start from a copy of this world, instead of building one from `town`, `seed` and `quota`
    record      how many months are kept in `city.record`
    follow      whether persons and households are kept there too
    town, rooms, huidig, quota, seed    as elsewhere
    """
    cities: list[City] = []

    def make(
        strategie: str | None = None,
        settings: list[Setting] | None = None,
        off: frozenset[str] | tuple[str, ...] = (),
        months: int = 0,
        warmup: int = 0,
        seed: int = 1,
        quota: float = 0.3,
        town: Town | None = None,
        rooms: Rooms = rooms,
        huidig: Levers = huidig,
        world: World | None = None,
        record: int = 120,
        follow: bool = False,
    ) -> City:
        lines = list(settings or [])
        if strategie is not None:
            lines.append(Setting("strategie", strategie, 1, FOREVER, strategie))
        start = world.copy() if world is not None else small_world(seed, quota, warmup, town, rooms)
        city = City(start, rooms, huidig._replace(quota=quota), lines, seed, frozenset(off), record, follow=follow)
        city.run(months - start.month if world is None else months)
        cities.append(city)
        return city

    yield make
    for city in cities:
        city.close()


@pytest.fixture(scope="session")
def plain_python() -> Callable[[], AbstractContextManager[None]]:
    """`with plain_python(): ...` runs the model as it is written: every compiled function is replaced by its `py_func`."""

    @contextmanager
    def interpreted() -> Iterator[None]:
        modules = [m for name, m in sys.modules.items() if name.split(".")[0] == "model"]
        with pytest.MonkeyPatch.context() as patch, np.errstate(over="ignore"):  # wrapping around is what the mixer is for
            for module in modules:
                for name, compiled in [(n, f) for n, f in vars(module).items() if isinstance(f, Dispatcher)]:
                    patch.setattr(module, name, compiled.py_func)
            yield

    return interpreted


@pytest.fixture(scope="session")
def no_lettings() -> settling.Lettings:
    """What corporaties decide when they decide nothing."""
    none = np.zeros(0, np.int64)
    return settling.Lettings(none, none, none, none)


@pytest.fixture(scope="session")
def luck() -> Luck:
    return Luck(1, 1)


@pytest.fixture(scope="session")
def one_person(small_world: Callable[..., World]) -> Callable[..., World]:
    """`one_person(**columns)`: a town with one vulnerable resident (row 0), known, at home, with the columns given.

    Nobody waits; nobody else is vulnerable. Unless told otherwise all that is measured from 0 to 1 stands at 0.5.
    """

    def make(**columns: float) -> World:
        world = small_world()
        persons, d = world.persons, world.dwellings
        persons.clear(np.arange(persons.rows))
        d.person[:] = NOBODY
        world.seekers.keep(np.zeros(world.seekers.rows, bool))
        home = int(np.flatnonzero(d.identity != 0)[0])
        plain = {
            "identity": d.identity[home], "dwelling": home, "place": Place.THUIS, "status": Status.BEKEND, "line": 2,
            "profile": Profile.PSYCHISCH, "stability": 0.5, "coping": 0.5, "network": 0.5, "trust": 0.5, "participation": 0.5,
        }  # fmt: skip
        for name, value in {**plain, **columns}.items():
            getattr(persons, name)[0] = value
        if persons.place[0] == Place.THUIS:
            d.person[persons.dwelling[0]] = 0
            persons.buurt[0] = d.buurt[persons.dwelling[0]]
        return world

    return make
