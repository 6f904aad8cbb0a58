"""A mechanism says what it reads, as it says what it writes: READS is what a spied world shows in lively months."""

import numpy as np
import pytest

from experiments import causal
from model.city import MECHANISMS
from model.institutions import provide_beheer
from model.mechanisms import leaving
from model.randomness import Luck
from model.strategies import names
from model.world import Count, World
from tests.spy import declared, measured, put, reads, spied, written


@pytest.fixture(scope="module")
def seen(small_city, lively, huidig):
    return measured(small_city, lively, huidig)


@pytest.mark.parametrize("name", MECHANISMS)
def test_a_mechanism_says_what_it_reads(request, name):
    assert declared(name) is not None, "python -m tests.spy --write"
    assert declared(name) == request.getfixturevalue("seen")[name]


def test_the_institutions_read_what_the_diagram_says(small_city, lively, huidig):
    """All that they and the strategies read of what mechanisms write."""
    found: set[str] = set()
    for strategie in names():
        city = small_city(rooms=lively, huidig=huidig._replace(woonladder=0.5), warmup=2, strategie=strategie, months=2)
        city.begin_month()
        city.luck = Luck(city.seed, city.month)
        city.live(leaving)
        with spied(city.world) as seen:
            for organisation in city.organisations:
                organisation.decide()
            provide_beheer(city.world, city.rooms.support.direct_hours_per_fte, city.levers.sociaal_beheer)
            city.prepare_lettings()
            for corporatie in city.corporaties:
                corporatie.decide()
        found |= seen
    owned = {column for columns in causal.declared("WRITES").values() for column in columns or ()}
    assert found & {*owned, "teams.asked"} == set(causal.INSTITUTIONS_READ)


@pytest.fixture
def world(small_world) -> World:
    return small_world()


def test_an_element_and_a_computation_are_read_and_an_assignment_is_not(world):
    with spied(world) as seen:
        world.persons.need[0] = 3.0
        world.buurten.score[:] = 0.0
        world.portieken.incidents[:] = world.portieken.complaints
        assert seen == {"portieken.complaints"}
        assert world.persons.trust[0] >= 0.0
        assert world.dwellings.tenure.size == world.dwellings.rows
        part = world.dwellings.ses[2:9]
        assert seen == {"portieken.complaints", "persons.trust"}, "a part of a column is not read yet"
        assert np.isfinite(part.mean())
        np.zeros(world.buurten.rows)[world.buurten.wijk]
        assert "buurten.wijk" in seen, "to look something up by a column is to read it"
        seen.discard("buurten.wijk")
        world.buurten.ties[:] += 1.0
        world.buurten.tolerance[np.array([0, 1])]
        assert seen == {"portieken.complaints", "persons.trust", "dwellings.ses", "buurten.ties", "buurten.tolerance"}


def test_a_counter_that_is_added_to_is_not_read_and_one_that_is_used_is(world):
    with spied(world) as seen:
        world.counts[0, Count.KLACHTEN] += 1
        world.gemeente_counts[:, Count.WIJKTEAM_UREN] += 2
        row = world.counts[1]
        row[Count.CRISES] += 1
        assert seen == set()
        assert (world.buurt_counts[:, Count.INCIDENTEN] * 2).sum() >= 0
        assert seen == {"counts.incidenten"}
    assert world.counts[0, Count.KLACHTEN] == 1 and world.counts[1, Count.CRISES] == 1


def test_an_element_of_a_counter_that_is_used_is_read(world):
    with spied(world) as seen:
        world.counts[0, Count.KLACHTEN] += world.counts[0, Count.GEPLAATST]
        column, row = world.buurt_counts[:, Count.EPISODES], world.counts[1]
        column[2] += 1 + row[Count.OPNAMEN]
        world.counts[0, Count.CRISES] = 3
    assert seen == {"counts.geplaatst", "counts.opnamen"}


def test_rows_that_move_are_not_read_and_the_world_is_an_ordinary_one_afterwards(world):
    with spied(world) as seen:
        world.persons.grow(world.persons.rows + 10)
        world.seekers.keep(np.ones(world.seekers.rows, bool))
        world.persons.clear(np.array([0]))
        assert seen == set()
        assert world.persons.identity[0] == 0
    assert seen == {"persons.identity"}
    assert type(world.persons.identity) is np.ndarray and type(world.counts) is np.ndarray


def test_a_spied_city_lives_as_any_other(small_city, lively):
    """To look changes nothing."""
    looked_at = small_city(rooms=lively, months=1)
    alone = small_city(rooms=lively, world=looked_at.world)
    reads(looked_at, 1)
    alone.luck = None
    alone.step()
    for name in ("place", "profile", "status", "dwelling", "identity"):
        assert np.array_equal(getattr(looked_at.world.persons, name), getattr(alone.world.persons, name))
    assert np.array_equal(looked_at.world.counts, alone.world.counts)


def test_reads_are_written_as_the_house_writes_them():
    assert written(()) == "READS: tuple[str, ...] = ()\n"
    assert written(("persons.need",)) == 'READS = ("persons.need",)\n'
    assert written(("a.b", "c.d")) == 'READS = ("a.b", "c.d")\n'
    long = written(tuple(f"persons.column_{k}" for k in range(20)))
    assert all(len(line) <= 130 for line in long.splitlines()) and long.endswith(")  # fmt: skip\n")


def test_reads_are_put_after_writes_and_replaced_the_next_time(tmp_path):
    path = tmp_path / "made_up.py"
    path.write_text('WRITES = (\n    "persons.need",\n)  # fmt: skip\nSTREAMS = (1, 2)\n')
    put(path, written(tuple(f"persons.column_{k}" for k in range(20))))
    put(path, written(("persons.trust",)))
    assert path.read_text() == 'WRITES = (\n    "persons.need",\n)  # fmt: skip\nREADS = ("persons.trust",)\nSTREAMS = (1, 2)\n'
