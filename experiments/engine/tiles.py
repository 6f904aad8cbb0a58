"""What a map shows of a town: its polygons, else equal tiles that are laid out here.

    drawn(town)                   its polygons, else a tile per buurt
    tiles(codes, x, y, groups)    equal squares, near centres that are known, else in a block per group

Tiles are for the eye alone: nothing that is simulated depends on where one stands. Where buurten lie, and which lie near each
other, is told by `model.tables.places`.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from model.town import Town

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

BESIDE, ABOVE = 0.5, 1.0  # tiles left free between blocks: above each stands its name
AT_ONCE = 1000  # tiles that are assigned in one go; an assignment grows with the cube of its size


def drawn(town: Town) -> "GeoDataFrame":
    """What a map of the town shows: code, niveau (buurt, wijk or tegel), geometry."""
    b = town.buurten
    return town.shapes if town.shapes is not None else tiles(b.code, b.x.to_numpy(float), b.y.to_numpy(float), b.wijk)


def tiles(codes: pd.Series, x: np.ndarray, y: np.ndarray, groups: pd.Series) -> "GeoDataFrame":
    """A tile map: code, niveau (tegel), geometry. One square of side 1 per code, none over another, the same every time.

    Codes with a centre (x, y [n]) take the squares of a compact grid that lie nearest to it, all together. Codes without
    stand below those, in one block per group, in reading order.
    """
    import geopandas
    import shapely

    codes, groups = codes.reset_index(drop=True), groups.reset_index(drop=True)
    corner = np.empty((len(codes), 2))
    known = np.isfinite(x) & np.isfinite(y)
    corner[known] = _gridded(np.column_stack([x, y])[known])
    below = corner[known][:, 1].min() - 1.0 if known.any() else 0.0
    corner[~known] = _in_blocks(groups[~known]) + np.array([0.0, below])
    left, low = corner.T
    return geopandas.GeoDataFrame(
        {"code": codes, "niveau": "tegel"}, geometry=shapely.box(left, low, left + 1.0, low + 1.0), crs=None
    )


def _gridded(points: np.ndarray) -> np.ndarray:
    """Corners [n, 2] of squares for points [n, 2], in a grid of about the proportions of the points."""
    n = len(points)
    if n == 0:
        return points
    low, size = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1.0)
    columns = int(np.clip(round(np.sqrt(n * size[0] / size[1])), 1, n))
    rows = -(-n // columns)
    corner = np.empty((n, 2))
    _assign((points - low) / size * [columns, rows], np.arange(n), (0, 0, columns, rows), corner)
    return corner


def _assign(points: np.ndarray, who: np.ndarray, cells: tuple[int, int, int, int], corner: np.ndarray) -> None:
    """Give points `who` the cells of a block (left, low, right, high) that they lie nearest to; a large block in halves."""
    left, low, right, high = cells
    if (right - left) * (high - low) <= AT_ONCE:
        across, up = np.meshgrid(np.arange(left, right), np.arange(low, high))
        grid = np.column_stack([across.ravel(), up.ravel()])
        apart = ((points[who][:, None, :] - (grid + 0.5)[None, :, :]) ** 2).sum(axis=2)
        mine, cell = linear_sum_assignment(apart)
        corner[who[mine]] = grid[cell]
        return
    axis = 0 if right - left >= high - low else 1
    middle = (left + right) // 2 if axis == 0 else (low + high) // 2
    halves = [(left, low, middle, high), (middle, low, right, high)] if axis == 0 else [
        (left, low, right, middle), (left, middle, right, high)
    ]  # fmt: skip
    room = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in halves]
    first = min(room[0], max(len(who) - room[1], round(len(who) * room[0] / sum(room))))
    order = who[np.argsort(points[who, axis], kind="stable")]
    _assign(points, order[:first], halves[0], corner)
    _assign(points, order[first:], halves[1], corner)


def _in_blocks(groups: pd.Series) -> np.ndarray:
    """Corners [n, 2] of squares in one block per group, all of one height, in rows of a sheet about twice as wide as high."""
    if groups.empty:
        return np.zeros((0, 2))
    block, _ = pd.factorize(groups)
    many = np.bincount(block)
    deep = max(1, round(np.sqrt(many.mean())))
    wide = -(-many // deep)
    left, top = np.zeros(len(many)), np.zeros(len(many))
    line = max(np.sqrt(2.0 * (wide + BESIDE).sum() * (deep + ABOVE)), wide.max())
    for k in range(1, len(many)):
        left[k], top[k] = left[k - 1] + wide[k - 1] + BESIDE, top[k - 1]
        if left[k] + wide[k] > line:
            left[k], top[k] = 0.0, top[k - 1] - deep - ABOVE
    rank = pd.Series(block).groupby(block).cumcount().to_numpy()
    return np.column_stack([left[block] + rank % wide[block], top[block] - 1.0 - rank // wide[block]])
