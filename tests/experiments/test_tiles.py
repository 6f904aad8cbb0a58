"""Tiles: equal, one per buurt, never one over another, and where a reader would look for them."""

import hypothesis
import numpy as np
import pandas as pd
from hypothesis import strategies as st

from experiments.engine import tiles
from model.voorbeeldstad import voorbeeldstad


def overlaps(shapes):
    a, b = shapes.sindex.query(shapes.geometry, predicate="intersects")
    touching = a < b
    return shapes.geometry.to_numpy()[a[touching]], shapes.geometry.to_numpy()[b[touching]]


def none_over_another(shapes):
    first, second = overlaps(shapes)
    return all(x.intersection(y).area < 1e-9 for x, y in zip(first, second, strict=True))


@hypothesis.given(st.integers(1, 60), st.integers(1, 8), st.floats(0, 1), st.integers(0, 1000))
def test_tiles_are_equal_one_per_buurt_and_never_over_another(count, groups, known, seed):
    luck = np.random.default_rng(seed)
    codes = pd.Series([f"BU{k}" for k in range(count)])
    x, y = luck.uniform(0, 5000, count), luck.uniform(0, 3000, count)
    x[luck.uniform(size=count) >= known] = np.nan
    group = pd.Series(luck.integers(0, groups, count).astype(str))
    shapes = tiles.tiles(codes, x, y, group)
    assert list(shapes.code) == list(codes) and set(shapes.niveau) == {"tegel"}
    assert np.allclose(shapes.area, 1.0) and none_over_another(shapes)
    assert tiles.tiles(codes, x, y, group).geometry.equals(shapes.geometry)


def test_tiles_keep_the_order_of_a_street_and_of_a_square():
    codes = pd.Series(list("abcd"))
    street = tiles.tiles(codes, np.array([30.0, 10.0, 40.0, 20.0]), np.zeros(4), codes)
    assert np.argsort(street.centroid.x).tolist() == [1, 3, 0, 2]
    square = tiles.tiles(codes, np.array([0.0, 9.0, 0.0, 9.0]), np.array([0.0, 0.0, 9.0, 9.0]), codes)
    assert square.centroid.x.tolist() == [0.5, 1.5, 0.5, 1.5] and square.centroid.y.tolist() == [0.5, 0.5, 1.5, 1.5]


def test_many_tiles_are_assigned_in_halves(monkeypatch):
    monkeypatch.setattr(tiles, "AT_ONCE", 16)
    luck = np.random.default_rng(1)
    x, y = luck.uniform(0, 100, 300), luck.uniform(0, 100, 300)
    codes = pd.Series(range(300)).astype(str)
    shapes = tiles.tiles(codes, x, y, codes)
    assert none_over_another(shapes)
    assert np.corrcoef(x, shapes.centroid.x)[0, 1] > 0.95 and np.corrcoef(y, shapes.centroid.y)[0, 1] > 0.95


def test_voorbeeldstad_is_drawn_in_a_block_per_wijk(rooms):
    town = voorbeeldstad(rooms.voorbeeldstad, rooms.town)
    shapes = tiles.drawn(town)
    assert len(shapes) == len(town.buurten) and none_over_another(shapes)
    blocks = shapes.assign(wijk=town.buurten.wijk).dissolve("wijk")
    assert (blocks.geom_type == "Polygon").all()  # one piece each
    assert not blocks.sindex.query(blocks.geometry, predicate="intersects")[0].size > len(blocks)  # a gap between
