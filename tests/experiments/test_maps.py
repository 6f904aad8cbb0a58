"""What maps are made of: areas and their means, classes, where most people live, and names that never overlap."""

import geopandas
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import box

from experiments.figures import maps
from experiments.figures.style import PAGE, SIZES
from experiments.prose import EN, NL


def places(**columns):
    """Three buurten: two in one wijk that is drawn whole, one drawn by itself."""
    frame = {
        "code": ["BU1", "BU2", "BU3"], "naam": ["Noord", "Zuid", "Oost"], "huishoudens": [300, 100, 50],
        "wijk_code": ["WK1", "WK1", "WK2"], "wijk_naam": ["Wijk 01 Dorp", "Wijk 01 Dorp", "Veld"], "gemeente": "GM1",
        "gemeente_naam": "T", "vlak": ["WK1", "WK1", "BU3"], "niveau": ["wijk", "wijk", "buurt"], "x": 0.0,
    }  # fmt: skip
    shapes = [box(0, 0, 2000, 1000), box(0, 0, 2000, 1000), box(2000, 0, 3000, 1000)]
    return geopandas.GeoDataFrame({**frame, **columns}, geometry=shapes, crs="EPSG:28992")


def tiles(names, x=np.nan):
    shapes = [box(1.5 * k, 0, 1.5 * k + 1, 1) for k in range(len(names))]
    frame = {"code": names, "naam": names, "wijk_code": names, "wijk_naam": names, "vlak": names, "huishoudens": 100, "x": x}
    return geopandas.GeoDataFrame({**frame, "gemeente": "GM1", "gemeente_naam": "T", "niveau": "tegel"}, geometry=shapes)


def test_buurten_in_one_area_are_averaged_over_their_households():
    town = maps.areas(places(p=[10.0, 50.0, 30.0]), ["p"], smallest=0).set_index("vlak")
    assert town.p.to_dict() == {"WK1": (300 * 10 + 100 * 50) / 400, "BU3": 30.0}
    assert town.huishoudens.to_dict() == {"WK1": 400, "BU3": 50}
    assert town.naam.to_dict() == {"WK1": "Wijk 01 Dorp", "BU3": "Oost"}


def test_too_few_households_or_none_known_is_empty_and_not_zero():
    town = maps.areas(places(p=[10.0, np.nan, 30.0]), ["p"], smallest=100).set_index("vlak")
    assert town.p["WK1"] == 10.0 and np.isnan(town.p["BU3"])
    assert maps.areas(places(p=[10.0, np.nan, 30.0]), ["p"], smallest=301).p.isna().all()


def test_classes_have_round_borders_around_the_values():
    norm = maps.in_classes(pd.Series([3.0, 41.0, 97.0]))
    assert norm.boundaries.tolist() == [0, 20, 40, 60, 80, 100] and norm.extend == "neither"
    assert maps.in_classes(pd.Series([np.nan])).boundaries.size >= 2


def test_leefbaarheid_has_as_many_classes_on_both_sides_of_the_mean():
    norm = maps.around_zero(pd.Series([-0.4, 0.1]), width=0.15)
    middles = (norm.boundaries[1:] + norm.boundaries[:-1]) / 2
    assert middles == pytest.approx([-0.45, -0.30, -0.15, 0.0, 0.15, 0.30, 0.45])
    assert maps.around_zero(pd.Series([-9.0, 0.1]), width=0.15).extend == "min"


def test_where_most_people_live_is_the_shortest_span_that_holds_them():
    x, homes = pd.Series([0.0, 50.0, 52.0, 53.0, 100.0]), pd.Series([10, 30, 30, 20, 10])
    assert maps.middle_most(x, homes, 0.5) == (52.0, 53.0)
    assert maps.middle_most(x, homes, 0.6) == (50.0, 52.0)
    assert maps.middle_most(x, homes, 0.8) == (50.0, 53.0)
    assert maps.middle_most(x, homes, 1.0) == (0.0, 100.0)


def test_a_small_core_gets_maps_of_its_own_and_tiles_do_not():
    far = [box(k * 100, 0, k * 100 + 100, 100) for k in range(4)] + [box(9000, 9000, 9100, 9100)]
    names = list("abcde")
    town = tiles(names).assign(niveau="buurt", huishoudens=[100, 100, 100, 100, 1]).set_geometry(far)
    x0, _, x1, y1 = maps.core(town)
    assert x0 < 100 and x1 < 1000 and y1 < 1000
    assert maps.core(town.assign(niveau="tegel")) is None
    assert maps.core(town.assign(huishoudens=100).iloc[[0, 4]]) is None  # half here, half there: no core


def test_the_core_cuts_through_nothing_that_is_built_up_and_leaves_fields_out():
    """A row of dense areas of 1 km: 70% of households live in the first seven, the others touch these; then a wide field."""
    row = [box(1000 * k, 0, 1000 * k + 1000, 1000) for k in range(10)] + [box(10_000, 0, 40_000, 20_000)]
    town = tiles(list("abcdefghijk")).assign(niveau="buurt", huishoudens=[100] * 10 + [60]).set_geometry(row)
    x0, y0, x1, y1 = maps.core(town)
    assert x0 < 0 and 10_000 < x1 < 11_000 and y0 < 0 and 1000 < y1 < 1100


@pytest.mark.parametrize("count", [1, 2, 4, 6, 7])
@pytest.mark.parametrize("bounds", [(0, 0, 1, 1), (0, 0, 3, 1), (0, 0, 1, 3)])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_sheet_keeps_its_maps_apart_true_to_scale_and_on_the_page(size, count, bounds):
    page = maps.sheet(size, bounds, count, foot=0.5)
    wide, high = page.figure.get_size_inches()
    assert len(page.maps) == len(page.legends) == count and wide == size.width and high <= (size.height or maps.TALLEST) + 1e-9
    boxes = [ax.get_position() for ax in [*page.maps, *page.legends]]
    assert all(0 <= b.x0 < b.x1 <= 1 and page.foot <= b.y0 < b.y1 <= 1 for b in boxes)
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    (x0, x1), (y0, y1) = page.maps[0].get_xlim(), page.maps[0].get_ylim()
    assert x0 < bounds[0] and y1 > bounds[3]
    across, up = boxes[0].width * wide / (x1 - x0), boxes[0].height * high / (y1 - y0)
    assert up <= across * (1 + 1e-6)  # a map is never stretched: where height is short, room is left beside it


@pytest.mark.parametrize("language", [NL, EN])
def test_a_map_draws_with_its_legend_scale_and_north(language):
    town = maps.areas(places(p=[10.0, 50.0, np.nan], e=[1.0, 1.0, 0.0]), ["p", "e"], smallest=0)
    page = maps.sheet(PAGE, maps.extent(town), 1, foot=0.3)
    layer = maps.Layer("p", "Koop", "wijk", "%", "viridis_r", maps.in_classes(town.p), hatched="e")
    maps.panel(page, 0, town, maps.land_of(town), layer, language, PAGE)
    maps.outlines(page.maps[0], maps.borders_of(town, "wijk_code"), 0.6)
    maps.bar_and_north(page.maps[0], town, language, PAGE)
    said = [text.get_text() for text in page.maps[0].texts]
    assert {"Koop", "wijk", "N"} <= set(said) and any(text.strip() == "500 m" for text in said)
    assert page.legends[0].get_xlabel() == "%"
    assert any(c.get_hatch() for c in page.maps[0].collections)


def written(ax):
    return [text.get_text() for text in ax.texts]


def test_names_never_overlap_and_the_largest_go_first():
    named = pd.DataFrame(
        {"naam": ["Groot", "Klein", "Ver"], "x": [0.5, 0.5005, 0.1], "y": [0.5, 0.5, 0.9], "room": np.inf, "shape": None}
    )
    crowd = pd.concat([named, pd.DataFrame({"naam": ["Veel"] * 30, "x": 0.5, "y": 0.5, "room": np.inf, "shape": None})])
    page = maps.sheet(PAGE, (0, 0, 1, 1), 1, foot=0.1)
    maps.write_names(page.maps, crowd, PAGE)
    assert written(page.maps[0])[0] == "Groot" and "Ver" in written(page.maps[0])
    boxes = [text.get_window_extent() for text in page.maps[0].texts]
    assert len(boxes) < 10 and not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def named_in(shape, naam="De Groote Wielen"):
    """A place to name, in the middle of a shape."""
    return pd.DataFrame({"naam": [naam], "x": shape.centroid.x, "y": shape.centroid.y, "room": np.inf, "shape": [shape]})


def test_a_name_stands_in_its_own_area_or_becomes_a_number_with_a_key_or_is_left_out():
    """On a map of 7 inches for 100 units: the name takes about 9 by 1.3 units, a number 0.8 by 1.3."""
    for shape, numbered, on_map, key in (
        (box(30, 30, 60, 60), True, ["De Groote Wielen"], []),
        (box(30, 30, 33, 33), True, ["1"], ["De Groote Wielen"]),
        (box(30, 30, 33, 33), False, [], []),
        (box(30, 30, 30.5, 30.5), True, [], []),
    ):
        page = maps.sheet(PAGE, (0, 0, 100, 100), 1, foot=0.1)
        assert maps.write_names(page.maps, named_in(shape), PAGE, numbered=numbered) == key
        assert written(page.maps[0]) == on_map


def test_every_map_of_a_sheet_has_the_same_names_and_numbers():
    wide, small = box(10, 60, 90, 90), box(10, 10, 16, 16)
    page = maps.sheet(PAGE, (0, 0, 100, 100), 6, foot=0.1)
    assert maps.write_names(page.maps, pd.concat([named_in(wide, "Noord"), named_in(small)]), PAGE, numbered=True)
    assert {tuple(written(ax)) for ax in page.maps} == {("Noord", "1")}


def test_there_is_no_more_room_around_a_map_than_its_words_need():
    layer = maps.Layer("p", "Koop", "eigen cijfer", "%", "viridis", None)
    long = layer._replace(note="eigen cijfer van de buurt en van haar wijk, " * 3, unit="% van de woningen " * 8)
    head, below = maps.room_of([layer], 2.3, PAGE)
    assert head < maps.HEAD and below < maps.LEGEND
    more = maps.room_of([layer, long], 2.3, PAGE)
    assert more[0] >= head + 2 and more[1] > below + 1


def test_a_name_above_a_block_of_tiles_is_no_wider_than_the_block():
    town = tiles(["A", "B", "C", "Een naam die veel te lang is voor haar tegel"])
    page = maps.sheet(PAGE, maps.extent(town), 6, foot=0.1)
    maps.write_names(page.maps[:1], maps.names_of(town), PAGE)
    assert written(page.maps[0]) == ["A", "B", "C"]


def test_wijken_of_one_name_in_two_gemeenten_keep_their_own_place():
    town = tiles(list("abcd"), x=0.0).assign(wijk_naam="Centrum", niveau="buurt", gemeente=["G1", "G1", "G2", "G2"])
    assert len(maps.names_of(town)) == 4


def test_the_name_of_a_ring_stands_in_the_ring_and_not_in_its_middle():
    ring = [box(0, 0, 1, 1), box(9, 0, 10, 1), box(4, 0, 5, 1)]
    town = tiles(list("abc"), x=0.0).assign(niveau="buurt", wijk_code=["R", "R", "M"], huishoudens=[100, 90, 500])
    town = pd.concat([town, tiles(list("defg"), x=0.0).assign(niveau="buurt")]).reset_index(drop=True)
    town.loc[:2, "geometry"] = ring
    named = maps.names_of(geopandas.GeoDataFrame(town)).set_index("naam")
    assert named.x["a"] == pytest.approx(0.5)  # the mean lies at 4.76, in another wijk


@pytest.mark.parametrize(
    ("name", "plain"), [("Wijk 05 Ribbelt - Stokhorst", "Ribbelt - Stokhorst"), ("Wijk A", "Wijk A"), ("Jordaan", "Jordaan")]
)
def test_names_are_written_as_people_say_them(name, plain):
    assert maps.plain_name(name) == plain
