"""Where buurten lie: polygons, centres and neighbours, worked out by hand and on the real tables."""

from pathlib import Path

import geopandas
import hypothesis
import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st
from shapely.geometry import box

from experiments.engine import tiles
from experiments.plan import vintage_of
from model import tables
from model.parameters import Refused
from model.tables import places

DATA = Path(__file__).parents[3] / "shared" / "data"
real_tables = pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real tables in {DATA.name}/ beside the project")
NO_PAIRS = pd.DataFrame({"a": [], "b": []}, dtype=str)
CODES = ["BU00010101", "BU00010102", "BU00010201", "BU00020101"]


def frame(codes=CODES, homes=100, dichtheid=1000.0, inwoners=1000.0):
    code = pd.Series(codes)
    return pd.DataFrame(
        {
            "code": code, "wijk": "WK" + code.str[2:8], "gemeente": "GM" + code.str[2:6], "huishoudens": homes,
            "inwoners": inwoners, "dichtheid": dichtheid,
        }
    )  # fmt: skip


def ground(shapes=None, points=None, touching=NO_PAIRS, touch_m=0.0):
    """shapes: code -> (x0, y0, x1, y1) in metres; points: code -> (x, y)."""
    shapes = shapes or {}
    polygons = geopandas.GeoDataFrame(
        {"code": list(shapes), "niveau": ["wijk" if c.startswith("WK") else "buurt" for c in shapes], "bron": "by hand"},
        geometry=[box(*s) for s in shapes.values()],
        crs=places.RD,
    )
    told = pd.DataFrame(points or {}, index=["x", "y"], dtype=float).T
    return places.Ground(polygons, places._points(polygons, told), touching, touch_m)


def row_of_squares(codes=CODES, side=100.0):
    return {c: (k * side, 0.0, (k + 1) * side, side) for k, c in enumerate(codes)}


# What is drawn


def test_buurten_are_drawn_by_their_own_polygons():
    shapes = places.shapes_of(ground(row_of_squares()), frame(), 0.9)
    assert list(shapes.code) == CODES and set(shapes.niveau) == {"buurt"}


def test_a_gemeente_without_polygons_of_buurten_is_drawn_by_wijk_beside_one_that_has_them():
    g = ground({**row_of_squares(CODES[:3]), "WK000201": (300, 0, 400, 100)})
    shapes = places.shapes_of(g, frame(), 0.9)
    assert dict(zip(shapes.code, shapes.niveau, strict=True)) == {**dict.fromkeys(CODES[:3], "buurt"), "WK000201": "wijk"}
    assert list(places.area_of(shapes, frame())) == [*CODES[:3], "WK000201"]


def test_all_is_drawn_by_wijk_where_most_people_have_no_polygon_of_their_buurt():
    g = ground({**row_of_squares(CODES[:3]), "WK000201": (300, 0, 400, 100)})
    shapes = places.shapes_of(g, frame(homes=[100, 100, 100, 900]), 0.9)
    assert dict(zip(shapes.code, shapes.niveau, strict=True)) == dict.fromkeys(["WK000101", "WK000102", "WK000201"], "wijk")
    assert shapes.set_index("code").geometry["WK000101"].area == pytest.approx(200 * 100)  # two buurten as one wijk


def test_what_leaves_out_too_many_households_is_no_map():
    wijk_only = ground({"WK000101": (0, 0, 200, 100)})
    assert places.shapes_of(wijk_only, frame(homes=[450, 450, 50, 50]), 0.9) is not None
    assert places.shapes_of(wijk_only, frame(homes=[400, 400, 100, 100]), 0.9) is None
    assert places.shapes_of(ground(), frame(), 0.9) is None


def test_own_polygons_go_first_in_any_coordinate_system_that_is_named(tmp_path):
    vintage = vintage_of(2024)
    own = geopandas.GeoDataFrame({"code": ["BU08280000"]}, geometry=[box(164000, 419000, 164500, 419500)], crs=places.RD)
    read = places.read(tmp_path, vintage, pd.DataFrame(columns=["x", "y"], dtype=float), own.to_crs("EPSG:4326"))
    assert read.polygons.geometry.iloc[0].area == pytest.approx(250_000, rel=1e-3)
    assert read.points.loc["BU08280000"].to_numpy() == pytest.approx([164_250, 419_250], abs=1)
    with pytest.raises(Refused, match="coordinate system"):
        places.read(tmp_path, vintage, pd.DataFrame(columns=["x", "y"], dtype=float), own.set_crs(None, allow_override=True))


# Centres


def test_a_centre_is_the_best_that_is_known_and_says_which():
    codes = [*CODES[:3], "BU00010301", "BU00020101"]
    g = ground({CODES[0]: (0, 0, 100, 100)}, points={"WK000102": (500.0, 500.0)})
    found = places.centres(g, frame(codes))
    assert list(found.niveau) == ["buurt", "gemeente", "wijk", "gemeente", ""]
    assert found[["x", "y"]].iloc[0].tolist() == [50.0, 50.0]
    assert found[["x", "y"]].iloc[2].tolist() == [500.0, 500.0]  # alone in its wijk: in the middle of it
    assert found[["x", "y"]].iloc[4].isna().all()  # nothing of its gemeente has a place
    between = found[["x", "y"]].iloc[[1, 3]].mean()
    assert between.tolist() == pytest.approx([275.0, 275.0])  # around the mean of the two that are known


def test_buurten_without_a_place_are_laid_out_at_the_distance_that_their_areas_imply():
    """Two buurten of 1 km2: seeds at radius sqrt(1/2 / pi) and sqrt(3/2 / pi) km, a golden angle apart, then centred."""
    inner, outer = np.sqrt(0.5 / np.pi), np.sqrt(1.5 / np.pi)
    apart = 1000 * np.sqrt(inner**2 + outer**2 - 2 * inner * outer * np.cos(places.GOLDEN_ANGLE))
    two = frame(CODES[:2])
    put = places.laid_out(two, two.wijk)
    assert np.hypot(*(put[0] - put[1])) == pytest.approx(apart)
    assert put.sum(axis=0) == pytest.approx([0.0, 0.0], abs=1e-9)


def test_located_tells_the_level_of_each_buurt():
    g = ground({CODES[0]: (0, 0, 100, 100)}, points={"WK000102": (500.0, 500.0)})
    _, rows = places.located(g, frame(homes=[10, 20, 30, 40]), 1000.0)
    assert {r.level: r.rows.tolist() for r in rows} == {"buurt": [0], "gemeente": [1], "wijk": [2], "": [3]}


# Neighbours


def placed(mine, g):
    return mine.join(places.centres(g, mine)[["x", "y"]])


def test_buurten_that_touch_are_neighbours_and_metres_are_between_centres():
    g = ground(row_of_squares())
    found = places.neighbours(g, placed(frame(), g), nearest=2)
    assert found.values.tolist() == [[0, 1, 100], [1, 0, 100], [1, 2, 100], [2, 1, 100], [2, 3, 100], [3, 2, 100]]


def test_what_the_list_tells_of_a_gemeente_goes_before_its_polygons_but_not_across_its_border():
    g = ground(row_of_squares(), touching=pd.DataFrame({"a": CODES[:2], "b": [CODES[2]] * 2}))
    found = places.neighbours(g, placed(frame(), g), nearest=1)
    assert set(zip(found.a, found.b, strict=True)) == {(0, 2), (2, 0), (1, 2), (2, 1), (2, 3), (3, 2)}


def test_borders_drawn_apart_are_one_border_within_the_limit():
    shapes = {CODES[0]: (0, 0, 100, 100), CODES[1]: (150, 0, 250, 100)}
    near, far = (ground(shapes, touch_m=m) for m in (60.0, 40.0))
    two = frame(CODES[:2])
    assert len(places.neighbours(near, placed(two, near), nearest=0)) == 2
    assert places.neighbours(far, placed(two, far), nearest=0).empty


def test_without_borders_the_nearest_are_neighbours_and_without_a_place_nobody_is():
    points = {c: (float(x), 0.0) for c, x in zip(CODES[:3], (0, 10, 100), strict=True)}
    g = ground(points=points)
    found = places.neighbours(g, placed(frame(), g), nearest=1)
    assert found.values.tolist() == [[0, 1, 10], [1, 0, 10], [1, 2, 90], [2, 1, 90]]


@hypothesis.given(st.integers(0, 40), st.integers(1, 6), st.integers(0, 1000))
def test_neighbours_are_symmetrical_sorted_and_never_oneself(count, nearest, seed):
    luck = np.random.default_rng(seed)
    mine = frame([f"BU0001{k:04d}" for k in range(count)])
    mine["x"], mine["y"] = luck.uniform(0, 1000, count), luck.uniform(0, 1000, count)
    found = places.neighbours(ground(), mine, nearest)
    pairs = list(zip(found.a, found.b, strict=True))
    assert pairs == sorted(set(pairs)) and set(pairs) == {(b, a) for a, b in pairs}
    assert (found.a != found.b).all()
    assert found.groupby("a").size().reindex(range(count), fill_value=0).min() >= min(nearest, count - 1) if count else True


# Real places


@pytest.fixture(scope="module")
def real(of_2024, rooms):
    return lambda codes: (tables.town(of_2024, codes, rooms.tables, rooms.town), of_2024.ground)


@real_tables
@pytest.mark.parametrize(
    ("codes", "levels", "named"), [(["GM0828"], {"buurt"}, "buurt"), (["GM0114"], {"wijk"}, "wijk"), (["GM1992"], {"tegel"}, "")]
)
def test_real_gemeenten_have_valid_shapes_and_centres_in_rd(real, codes, levels, named):
    town, _ = real(codes)
    shapes = tiles.drawn(town)
    assert set(shapes.niveau) == levels and shapes.is_valid.all() and shapes.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    assert (places.area_of(shapes, town.buurten) != "").all()
    told = town.imputed[town.imputed.attribuut == "ligging"]
    assert list(told.niveau) == [named] and told.huishoudens.sum() == town.buurten.huishoudens.sum()
    if named:
        assert shapes.crs == places.RD
        assert town.buurten.x.between(0, 290_000).all() and town.buurten.y.between(300_000, 625_000).all()


@real_tables
def test_oss_and_den_bosch_are_neighbours_across_their_border(real):
    town, ground = real(["GM0828", "GM0796"])
    found = places.neighbours(ground, town.buurten, 5)
    gemeente = town.buurten.gemeente.to_numpy()
    across = found[gemeente[found.a] != gemeente[found.b]]
    names = town.buurten.wijk_naam.to_numpy()
    assert {"Geffen", "Nuland"} <= set(names[across.a])
    assert found.a.nunique() == len(town.buurten) and 3 <= len(found) / len(town.buurten) <= 7


@real_tables
def test_the_country_is_drawn_by_wijk_and_every_buurt_with_a_place_has_neighbours(real):
    town, ground = real(["NL"])
    assert set(town.shapes.niveau) == {"wijk"} and {"WK0363AA", "WK082800"} <= set(town.shapes.code)
    drawn = places.area_of(town.shapes, town.buurten) != ""
    assert town.buurten.huishoudens[drawn].sum() > 0.98 * town.buurten.huishoudens.sum()
    found = places.neighbours(ground, town.buurten, 5)
    assert found.a.nunique() == town.buurten.x.notna().sum() and not found.duplicated(["a", "b"]).any()
    error = town.imputed[(town.imputed.attribuut == "ligging") & (town.imputed.niveau == "wijk")].zekerheid.item()
    assert 300 < error < 1500  # metres; measured: about 1,000
