"""City as a mesa model: its clock, its agents, mesa's DataCollector, and letting go of its memory."""

import gc
import weakref

import mesa
import numpy as np

from model.city import City
from model.world import Count


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
    collector = mesa.DataCollector(model_reporters={"leefbaarheid": "leefbaarheid", "uitzettingen": "uitzettingen"})
    for _ in range(3):
        city.step()
        collector.collect(city)
    frame = collector.get_model_vars_dataframe()
    assert len(frame) == 3
    assert frame.leefbaarheid.iloc[-1] == np.average(city.world.buurten.score, weights=city.world.buurten.homes)
    assert frame.uitzettingen.iloc[-1] == city.world.counts[:, Count.UITZETTINGEN].sum()


def test_the_record_keeps_month_zero_and_every_month(small_city):
    city = small_city(months=4, record=4)
    assert city.record.filled == 4 and city.record.counts.shape[0] == 5
    assert np.array_equal(city.record.counts[4], city.world.counts)


def test_a_closed_city_lets_go_of_its_world(small_world, rooms, huidig):
    city = City(small_world(), rooms, huidig)
    city.step()
    columns = weakref.ref(city.world.dwellings)
    city.close()
    gc.collect()
    assert columns() is None


def test_levers_of_a_month_stand_in_the_city(small_city):
    city = small_city(strategie="spreiding", months=0)
    assert city.levers.strategie == "loting"
    city.step()
    assert city.levers.strategie == "spreiding"
