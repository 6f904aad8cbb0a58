"""City as a mesa model: its clock, its agents, mesa's DataCollector, and letting go of its memory."""

import gc
import weakref

import mesa
import numpy as np
import pytest

from model.city import City
from model.world import Count, TeamKind


def test_a_step_is_a_month(small_city):
    city = small_city(warmup=3, months=0)
    assert isinstance(city, mesa.Model) and city.month == 0
    city.step()
    assert city.month == 1
    city.run(5)
    assert city.month == 6


def test_one_agent_per_organisation_and_none_per_household(small_city):
    kinds = sorted(type(agent).__name__ for agent in small_city().agents)
    assert kinds == ["Corporatie", "Corporatie", "Gemeente", "Politie", "Welzijn", "Zorgaanbieder"]


def test_mesas_data_collector_works_on_a_city(small_city):
    city = small_city()
    evictions = {"uitzettingen": lambda city: int(city.world.counts[:, Count.UITZETTINGEN].sum())}
    collector = mesa.DataCollector(model_reporters={"month": "month"} | evictions)
    for _ in range(3):
        city.step()
        collector.collect(city)
    frame = collector.get_model_vars_dataframe()
    assert frame.month.tolist() == [1, 2, 3]
    assert frame.uitzettingen.iloc[-1] == city.world.counts[:, Count.UITZETTINGEN].sum()


def test_the_record_keeps_month_zero_and_every_month(small_city):
    city = small_city(months=4, record=4)
    assert city.record.filled == 4 and city.record.counts.shape[0] == 5
    assert np.array_equal(city.record.counts[4], city.world.counts)


def columns_of(city):
    """Weak references to the world and to every column of its dwellings, persons and buurten, and to its counters."""
    world = city.world
    tables = (world.dwellings, world.persons, world.buurten)
    return [weakref.ref(thing) for thing in (world, world.counts, *(getattr(t, c) for t in tables for c in t.columns()))]


@pytest.fixture
def no_collector():
    """Python's garbage collector rests: what dies, dies because nobody holds it."""
    gc.disable()
    yield
    gc.enable()


def test_a_closed_city_frees_every_column_at_once(small_world, rooms, huidig, no_collector):
    city = City(small_world(), rooms, huidig)
    city.run(2)
    columns = columns_of(city)
    city.close()
    assert [column() for column in columns if column() is not None] == []


def test_to_close_twice_does_no_harm(small_world, rooms, huidig):
    city = City(small_world(), rooms, huidig)
    city.close()
    city.close()
    assert len(city.agents) == 0


def test_a_with_block_closes_the_city_also_when_it_fails(small_world, rooms, huidig, no_collector):
    columns = []
    with pytest.raises(ZeroDivisionError), City(small_world(), rooms, huidig) as city:
        columns += columns_of(city)
        _ = 1 / 0
    assert [column() for column in columns if column() is not None] == []


def test_a_city_that_nobody_closes_is_freed_all_the_same(small_world, rooms, huidig):
    """Mesa 3.3 by itself would keep it for ever, because it has agents (mesa issue 3179)."""
    city = City(small_world(), rooms, huidig)
    city.run(2)
    freed = [weakref.ref(city), *columns_of(city)]
    del city
    gc.collect()
    assert [thing() for thing in freed if thing() is not None] == []


def test_agents_are_numbered_from_one_also_those_that_are_added(small_city):
    city, other = small_city(), small_city()
    mesa.Agent(city)
    assert sorted(agent.unique_id for agent in city.agents) == [1, 2, 3, 4, 5, 6, 7]
    assert sorted(agent.unique_id for agent in other.agents) == [1, 2, 3, 4, 5, 6]


def test_levers_of_a_month_stand_in_the_city(small_city):
    city = small_city(strategie="spreiding", months=0)
    assert city.levers.strategie == "loting"
    city.step()
    assert city.levers.strategie == "spreiding"


def test_hours_follow_indications_unless_the_budget_is_fixed(small_city, rooms, huidig):
    """Twice the staff's hours were asked: at an elasticity of 1 twice as many are there, at 0.5 the root of it, at 0 no more."""

    def hours(elasticity, wijkbudget):
        following = rooms._replace(support=rooms.support._replace(hours_follow_indications=elasticity))
        city = small_city(rooms=following, huidig=huidig._replace(wijkbudget=wijkbudget))
        teams = city.world.teams
        ambulant = teams.kind == TeamKind.AMBULANT
        own = teams.fte[ambulant].sum() * rooms.support.direct_hours_per_fte
        teams.asked[ambulant] = 2.0 * own / ambulant.sum()
        for organisation in city.organisations:
            organisation.decide()
        return teams.hours[ambulant].sum() / own

    found = [hours(1.0, False), hours(0.5, False), hours(0.0, False), hours(1.0, True)]
    assert found == pytest.approx([2.0, 2.0**0.5, 1.0, 1.0])
