"""Homes with a household in each, from a town's margins; their portieken, owners and ties.

Homes stand in order of buurt, kind and tenure, as streets and complexes do, and are cut into portieken. An empty home keeps the
stratum of who left. Everything is drawn by identity, so that one seed gives one town.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from model import synthesis
from model.jit import kernel
from model.mechanisms import leaving, settling
from model.parameters import per
from model.randomness import Luck, Stream, normal_of, uniform_at
from model.town import Parameters as Country
from model.town import Town
from model.world import Buurten, DwellingKind, Dwellings, Portieken, Tenure

HOUSEHOLD_ID = np.uint64(1 << 56)
INCOME_EDGES = np.array([0.0, 0.4, 0.8, 1.0])  # shares of the country's households below each edge of SesClass
CHUNK = 1 << 18  # rows that get their traits at a time: memory stays small, and nothing depends on it
FILLS = np.array([Stream.EMPTY_HOME, Stream.WHICH_KIND, Stream.WHICH_DOOR])


class Parameters(NamedTuple):
    """What homes are like, and who may come to know whom."""

    homes_per_portiek: per(DwellingKind)  # type: ignore[valid-type]
    portiek_of_density: float
    portiek_density: float
    portiek_least: float
    eengezins_of_tenure: per(Tenure)  # type: ignore[valid-type]
    family_home_ratio: float
    tie_decay: float
    rent_mean: float
    rent_per_room: float
    rent_of_corp_share: float
    rent_spread: float
    rent_lowest: float
    rent_of_free_sector: float
    rent_free_above_social: float
    months_here_mean: float


class Blocks(NamedTuple):
    """The blocks that building homes needs."""

    town: Country
    synthesis: synthesis.Parameters
    homes: Parameters
    leaving: leaving.Parameters
    settling: settling.Parameters


def vacancy_share(tenure: int, p: Blocks) -> float:
    """Share of homes that stand empty at a month's end when turnover and months vacant are in balance."""
    months = p.settling.months_vacant[tenure] - (0.0 if tenure == Tenure.SOCIALE_HUUR else 1.0)  # the market may fill at once
    out = p.leaving.turnover_per_year[tenure] / 12.0 * months
    return out / (1.0 + out)


@kernel
def _fill(keys, first, homes, households, eengezins, wish, kind, tenure, size, age, ses, lived):
    """Homes of each buurt from households [buurt, tenure, cell] and homes [buurt, tenure], of which `eengezins` are.

    An empty home keeps the stratum of a household of its buurt and tenure. Larger households have the single-family homes
    more often, in proportion to wish [size]. A buurt's homes stand by kind and tenure, as streets and complexes do, and by lot
    within those.
    """
    for b in range(homes.shape[0]):
        n = homes[b].sum()
        cell, owner, sort = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
        lives, lot = np.empty(n, np.bool_), np.empty(n)
        i = 0
        for t in range(homes.shape[1]):
            start = i
            for c in range(households.shape[2]):
                for _ in range(households[b, t, c]):
                    cell[i], lives[i] = c, True
                    i += 1
            there = i - start
            while i - start < homes[b, t]:
                cell[i] = cell[start + int(uniform_at(keys[0], np.uint64(first[b] + i)) * there)]
                lives[i] = False
                i += 1
            for k in range(start, i):
                u = uniform_at(keys[1], np.uint64(first[b] + k))
                lot[k] = -np.log(1.0 - u) / wish[cell[k] // 12]
            by_lot = np.argsort(lot[start:i])
            for k in range(i - start):
                owner[start + by_lot[k]] = t
                sort[start + by_lot[k]] = DwellingKind.EENGEZINS if k < eengezins[b, t] else DwellingKind.MEERGEZINS
        for k in range(n):
            lot[k] = 3 * sort[k] + owner[k] + uniform_at(keys[2], np.uint64(first[b] + k))
        by_door = np.argsort(lot)
        for k in range(n):
            row, j = first[b] + k, by_door[k]
            kind[row], tenure[row], lived[row] = sort[j], owner[j], lives[j]
            size[row], age[row], ses[row] = cell[j] // 12 + 1, cell[j] // 3 % 4, cell[j] % 3


@kernel
def _cut(first, kind, aim, portiek):
    """Portiek of each home: runs of one kind of about aim [buurt, kind] homes; a run too short for one joins its neighbour."""
    base = 0
    for b in range(aim.shape[0]):
        rows = kind[first[b] : first[b + 1]]
        many = rows.size - rows.sum()  # single-family homes come first
        parts, others = int(many / aim[b, 0] + 0.5), int((rows.size - many) / aim[b, 1] + 0.5)
        if parts + others == 0 and rows.size > 0:
            parts = 1
        for i in range(rows.size):
            if i < many or others == 0:
                at = i * parts // many if i < many and parts > 0 else max(parts - 1, 0)
            else:
                at = parts + (i - many) * others // (rows.size - many)
            portiek[first[b] + i] = base + at
        base += parts + others
    return base


@kernel
def _tie(key, first, last, portiek, buurt, buurt_first, buurt_last, start, other, edge, ties):
    """Six neighbours of each home: three in its portiek, two near by in the buurt, one in this or a near buurt; never itself.

    The last one's buurt is drawn from other [pairs], with cumulative weights edge [pairs] between start[b] and start[b + 1].
    """
    for i in range(portiek.size):
        b = np.int64(buurt[i])
        for k in range(6):
            who = np.uint64(i) * np.uint64(8) + np.uint64(k)
            if k < 3:
                low, high = np.int64(first[portiek[i]]), np.int64(last[portiek[i]])
            elif k < 5:
                low, high = max(buurt_first[b], np.int64(i - 60)), min(buurt_last[b], np.int64(i + 61))
            else:
                u = uniform_at(key, who + np.uint64(1))
                at = start[b] + np.searchsorted(edge[start[b] : start[b + 1]], u, side="right")
                near = other[min(at, start[b + 1] - 1)]
                low, high = buurt_first[near], buurt_last[near]
            if high - low < 2 and low <= i < high:
                low, high = buurt_first[b], buurt_last[b]
            if high - low < 2 and low <= i < high:
                low, high = np.int64(0), np.int64(portiek.size)
            inside = low <= i < high
            j = low + int(uniform_at(key, who) * (high - low - (1 if inside else 0)))
            ties[i, k] = j + 1 if inside and j >= i else j


def _homes(asked: np.ndarray, households: np.ndarray, p: Blocks) -> tuple[np.ndarray, np.ndarray]:
    """(homes, single-family homes) [buurt, tenure]: vacant homes on top of households [buurt, tenure].

    asked: share [buurt] of single-family homes. They are divided over tenures by the country's odds.
    """
    vacant = np.array([vacancy_share(t, p) for t in Tenure])
    homes = np.rint(households / (1.0 - vacant)).astype(np.int64)
    total = homes.sum(axis=1)
    odds = np.stack([p.homes.eengezins_of_tenure, 1.0 - p.homes.eengezins_of_tenure], axis=1)
    wanted = {"tenure": homes / np.maximum(total, 1)[:, None], "kind": np.stack([asked, 1.0 - asked], axis=1)}
    cells = synthesis.fitted(odds, wanted)
    single = np.rint(cells[:, :, DwellingKind.EENGEZINS] * total[:, None]).astype(np.int64)
    return homes, np.minimum(single, homes)


def dwellings(town: Town, p: Blocks, luck: Luck) -> Dwellings:
    """Homes sorted by buurt and portiek with the household of each; an empty one has a leaver's stratum."""
    frame, p_ = town.buurten, p.homes
    cells = synthesis.fitted(synthesis.country_table(p.synthesis), synthesis.margins(frame, p.synthesis, p.town))
    counts = synthesis.whole(cells, frame.huishoudens.to_numpy(), luck)
    homes, single = _homes(frame.p_eengezins.to_numpy() / 100.0, counts.sum(axis=(2, 3, 4)), p)
    first = np.concatenate([[0], np.cumsum(homes.sum(axis=1))])
    d = Dwellings(int(first[-1]))
    ses, lived = np.empty(d.rows, np.uint8), np.empty(d.rows, bool)
    wish = p_.family_home_ratio ** np.arange(synthesis.SIZES.size)
    _fill(
        luck.keys[FILLS], first, homes, counts.reshape(*homes.shape, -1), single, wish, d.kind, d.tenure, d.size,
        d.age_class, ses, lived,
    )  # fmt: skip
    d.buurt[:] = np.repeat(np.arange(len(frame)), np.diff(first))
    sparse = np.minimum(1.0, frame.dichtheid.to_numpy() / p_.portiek_density) ** p_.portiek_of_density
    aim = p_.homes_per_portiek * sparse[:, None]
    _cut(first, d.kind, np.maximum(aim, p_.portiek_least), d.portiek)
    corp_share = frame.p_corp.to_numpy() / 100.0
    who = HOUSEHOLD_ID | np.arange(1, d.rows + 1, dtype=np.uint64)
    for start in range(0, d.rows, CHUNK):
        rows = slice(start, start + CHUNK)
        _traits(
            d,
            rows,
            ses[rows],
            corp_share[d.buurt[rows]] - p.town.corp_share,
            p_,
            luck.several(Stream.HOUSEHOLD_TRAITS, who[rows], 4),
        )
        d.frailty[rows] = settling.frailty(p.settling.frailty_shape, luck.seed, who[rows])
    _owners(d, town.bezit, len(frame))
    d.identity[:] = np.where(lived, who, np.uint64(0))
    d.tolerance[:], d.satisfaction[:] = p.settling.tolerance_rest, p.settling.content_rest
    empty = np.flatnonzero(~lived)
    d.clear(empty, but=leaving.KEPT)
    d.months_vacant[empty] = 1
    return d


def _traits(d: Dwellings, rows: slice, ses: np.ndarray, corp_excess: np.ndarray, p: Parameters, u: np.ndarray) -> None:
    """Rooms, rent, SES and months lived here of dwelling rows [n], from uniforms [4, n]; SES within its class of incomes."""
    social, koop = d.tenure[rows] == int(Tenure.SOCIALE_HUUR), d.tenure[rows] == int(Tenure.KOOP)
    rooms = np.clip(d.size[rows] + 1 + (u[0] * 3).astype(np.int64) - social, 1, 6)
    d.rooms[rows] = rooms
    low = INCOME_EDGES[ses]
    d.ses[rows] = normal_of(low + (INCOME_EDGES[ses + 1] - low) * u[1])
    rent = p.rent_mean + p.rent_per_room * (rooms - 3.0) - p.rent_of_corp_share * corp_excess + p.rent_spread * normal_of(u[2])
    of_social, of_free = np.clip(rent, p.rent_lowest, p.rent_of_free_sector), rent + p.rent_free_above_social
    d.rent[rows] = np.where(koop, 0.0, np.where(social, of_social, np.maximum(of_free, p.rent_of_free_sector)))
    d.months_here[rows] = np.minimum(600, -p.months_here_mean * np.log(1.0 - u[3]))


def _owners(d: Dwellings, bezit: pd.DataFrame, buurten: int) -> None:
    """Corporatie of each home of sociale huur: a buurt's owners one after the other, by their shares."""
    bezit = bezit.sort_values(["buurt", "corporatie"])
    social = np.flatnonzero(d.tenure == int(Tenure.SOCIALE_HUUR))
    stock = np.bincount(d.buurt[social], minlength=buurten)
    buurt = bezit.buurt.to_numpy()
    ends = np.rint(bezit.groupby("buurt", sort=False).aandeel.cumsum().clip(upper=1.0).to_numpy() * stock[buurt]).astype(np.int64)
    starts = np.where(np.concatenate([[True], buurt[1:] != buurt[:-1]]), 0, np.concatenate([[0], ends[:-1]]))
    d.corporatie[social] = np.repeat(bezit.corporatie.to_numpy(), ends - starts)


def tie(town: Town, d: Dwellings, portieken: Portieken, buurten: Buurten, p: Blocks, luck: Luck) -> None:
    """Whom residents may come to know; in another buurt the less likely, the further off it is."""
    n = buurten.rows
    across = 1000.0 * np.sqrt(buurten.inwoners / buurten.dichtheid)  # metres, as if it were a square
    a = np.concatenate([np.arange(n), town.near.a])
    b = np.concatenate([np.arange(n), town.near.b])
    metres = np.concatenate([across / 2.0, town.near.metres])
    order = np.lexsort((b, a))
    a, b, metres = a[order], b[order], metres[order]
    weight = buurten.homes[b] * np.exp(-metres / p.homes.tie_decay)
    weight[(a == b)] += 1e-9  # a buurt far from all others has itself
    start = np.searchsorted(a, np.arange(n + 1))
    edge = np.cumsum(weight)
    below = np.concatenate([[0.0], edge])[start]
    edge = (edge - below[a]) / (below[a + 1] - below[a])
    rows = np.arange(portieken.rows)
    _tie(
        luck.key(Stream.TIES), np.searchsorted(d.portiek, rows, side="left"), np.searchsorted(d.portiek, rows, side="right"),
        d.portiek, d.buurt, buurten.first.astype(np.int64), buurten.last.astype(np.int64), start, b, edge, d.ties,
    )  # fmt: skip
