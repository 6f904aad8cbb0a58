"""The world of month 0: the country's vulnerable residents as a town differs from it, official scores, one seed one world."""

import numpy as np
import pytest

from model.population import build, country_propensity


def test_one_seed_gives_one_world_and_another_seed_another(small_town, rooms):
    town = small_town()
    world = build(town, rooms, 1, 0.3, 0)
    assert build(town, rooms, 1, 0.3, 0).differing(world) == []
    assert "dwellings.ses" in build(town, rooms, 2, 0.3, 0).differing(world)


def test_an_official_score_goes_before_the_class_of_the_wijk(small_town, rooms):
    w = build(small_town(score=[0.31, *[np.nan] * 5]), rooms, 1, 0.3, 0)
    t = rooms.town
    assert w.buurten.start_score[0] == pytest.approx(0.31)
    assert w.buurten.start_score[1] == pytest.approx((5 - t.class_of_mean) * t.class_width)


def test_without_a_slope_the_countrys_onset_ratio_is_that_of_its_social_rent(rooms):
    v = rooms.vulnerability._replace(ses_slope=0.0, social_rent_ratio=2.0, old_ratio=1.0)
    of, onset = country_propensity(rooms._replace(vulnerability=v))
    assert onset == pytest.approx(0.71 + 0.29 * 2.0)
    assert of[:8] == pytest.approx(np.full(8, onset)) and of[8] < 0.28 * v.elderly_ratio * 2.0


def test_a_poor_town_has_more_vulnerable_residents_than_the_country_and_a_rich_one_less(small_town, rooms):
    many = {"huishoudens": 3000, "inwoners": 6000}
    share = {}
    for name, low, high in (("poor", 62.0, 6.0), ("country", 40.0, 20.0), ("rich", 20.0, 45.0)):
        w = build(small_town(p_laag_ink=low, p_hoog_ink=high, p_koop=57.0, p_corp=29.0, **many), rooms, 1, 0.3, 0)
        share[name] = np.mean(w.dwellings.person[w.dwellings.identity != 0] >= 0)
    assert share["country"] == pytest.approx(rooms.vulnerability.stock_share.sum(), rel=0.06)
    assert share["poor"] > 1.15 * share["country"] and share["rich"] < 0.9 * share["country"]


def test_facilities_hang_on_the_code_and_the_seed_and_neither_on_the_town_around_nor_on_the_warm_up(small_town, rooms):
    alone = build(small_town(buurten=1), rooms, 1, 0.3, 12).buurten.voorzieningen[0]
    assert build(small_town(), rooms, 1, 0.3, 36).buurten.voorzieningen[0] == pytest.approx(alone)
    assert build(small_town(buurten=1), rooms, 2, 0.3, 12).buurten.voorzieningen[0] != pytest.approx(alone)


def test_the_length_of_the_warm_up_makes_no_other_homes(small_town, rooms):
    short, long = (build(small_town(), rooms, 1, 0.3, months).dwellings for months in (12, 36))
    assert np.array_equal(short.ses, long.ses) and np.array_equal(short.ties, long.ties)
