"""The world before the warm-up, from a town's tables: homes, households, ties, teams, and who is vulnerable already.

Who lives in a buurt is made by `synthesis`, so that its margins are met jointly. Homes stand in order of buurt, kind and
owner, as complexes and streets do, and are cut into portieken. Everything is drawn by identity, so that one seed gives one
world. How well the margins are met is told by `model.fit`.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from model import letting, synthesis
from model.jit import kernel
from model.mechanisms import inflow, leaving, settling, support, vulnerability
from model.mechanisms.publication import leefbaarheid_class
from model.parameters import per
from model.randomness import Luck, Stream, normal_of, uniform_at
from model.town import Parameters as Country
from model.town import Town
from model.world import (
    AgeClass,
    Buurten,
    Corporaties,
    DwellingKind,
    Dwellings,
    Gemeenten,
    Institutions,
    Persons,
    Place,
    Portieken,
    Profile,
    Seekers,
    Status,
    TeamKind,
    Teams,
    Tenure,
    Wijken,
    World,
)

HOUSEHOLD_ID = np.uint64(1 << 56)
INCOME_EDGES = np.array([0.0, 0.4, 0.8, 1.0])  # shares of the country's households below each edge of SesClass
CHUNK = 1 << 18  # rows that get their traits at a time: memory stays small, and nothing depends on it


class Parameters(NamedTuple):
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
    months_here_mean: float
    facility_hours_per_1000: float
    facility_spread: float
    queue_months: float
    seekers_wait_years: float
    places_per_1000: per(Place)  # type: ignore[valid-type]


class Blocks(NamedTuple):
    """The blocks that building a world needs."""

    town: Country
    synthesis: synthesis.Parameters
    population: Parameters
    inflow: inflow.Parameters
    vulnerability: vulnerability.Parameters
    support: support.Parameters
    leaving: leaving.Parameters
    settling: settling.Parameters
    letting: letting.Parameters


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
    odds = np.stack([p.population.eengezins_of_tenure, 1.0 - p.population.eengezins_of_tenure], axis=1)
    wanted = {"tenure": homes / np.maximum(total, 1)[:, None], "kind": np.stack([asked, 1.0 - asked], axis=1)}
    cells = synthesis.fitted(odds, wanted)
    single = np.rint(cells[:, :, DwellingKind.EENGEZINS] * total[:, None]).astype(np.int64)
    return homes, np.minimum(single, homes)


def _dwellings(town: Town, p: Blocks, luck: Luck) -> tuple[Dwellings, np.ndarray]:
    """Homes sorted by buurt and portiek with the household of each; an empty one has a leaver's stratum. And who is in [n]."""
    frame, p_ = town.buurten, p.population
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
    return d, np.where(lived, who, np.uint64(0))


STOCKS = np.array([Stream.STOCK_OF_VULNERABILITY, Stream.WHICH_PROFILE])
FILLS = np.array([Stream.EMPTY_HOME, Stream.WHICH_KIND, Stream.WHICH_DOOR])


def _traits(d: Dwellings, rows: slice, ses: np.ndarray, corp_excess: np.ndarray, p: Parameters, u: np.ndarray) -> None:
    """Rooms, rent, SES and months lived here of dwelling rows [n], from uniforms [4, n]; SES within its class of incomes."""
    social, koop = d.tenure[rows] == int(Tenure.SOCIALE_HUUR), d.tenure[rows] == int(Tenure.KOOP)
    rooms = np.clip(d.size[rows] + 1 + (u[0] * 3).astype(np.int64) - social, 1, 6)
    d.rooms[rows] = rooms
    low = INCOME_EDGES[ses]
    d.ses[rows] = normal_of(low + (INCOME_EDGES[ses + 1] - low) * u[1])
    rent = p.rent_mean + p.rent_per_room * (rooms - 3.0) - p.rent_of_corp_share * corp_excess + p.rent_spread * normal_of(u[2])
    d.rent[rows] = np.where(koop, 0.0, np.where(social, np.clip(rent, 300.0, 880.0), np.maximum(rent + 300.0, 880.0)))
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


def _ties(town: Town, d: Dwellings, portieken: Portieken, buurten: Buurten, p: Blocks, luck: Luck) -> None:
    """Whom residents may come to know; in another buurt the less likely, the further off it is."""
    n = buurten.rows
    across = 1000.0 * np.sqrt(buurten.inwoners / buurten.dichtheid)  # metres, as if it were a square
    a = np.concatenate([np.arange(n), town.near.a])
    b = np.concatenate([np.arange(n), town.near.b])
    metres = np.concatenate([across / 2.0, town.near.metres])
    order = np.lexsort((b, a))
    a, b, metres = a[order], b[order], metres[order]
    weight = buurten.homes[b] * np.exp(-metres / p.population.tie_decay)
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


def _move_in(d: Dwellings, who: np.ndarray, p: Blocks, luck: Luck) -> None:
    d.identity[:] = who
    d.tolerance[:], d.satisfaction[:] = p.settling.tolerance_rest, p.settling.content_rest
    empty = np.flatnonzero(who == 0)
    d.clear(empty, but=leaving.KEPT)
    d.months_vacant[empty] = 1


def _places(town: Town, d: Dwellings, p: Blocks, luck: Luck) -> tuple[Portieken, Buurten, Wijken, Gemeenten]:
    frame, n = town.buurten, len(town.buurten)
    number = {code: w for w, code in enumerate(town.wijken)}
    b = Buurten(n)
    b.wijk[:] = frame.wijk.map(number)
    b.first[:] = np.searchsorted(d.buurt, np.arange(n), side="left")
    b.last[:] = np.searchsorted(d.buurt, np.arange(n), side="right")
    b.homes[:] = b.last.astype(float) - b.first
    b.sociale_huur[:] = np.bincount(d.buurt[d.tenure == Tenure.SOCIALE_HUUR], minlength=n)
    b.inwoners[:] = frame.inwoners
    b.dichtheid[:] = frame.dichtheid
    spread = np.exp(p.population.facility_spread * normal_of(luck.draws(Stream.TOWN, np.arange(1, n + 1))))
    b.voorzieningen[:] = p.population.facility_hours_per_1000 * spread * b.inwoners / 1000.0
    t = p.town
    imputed = t.score_of_woz * np.log(frame.woz_ratio) + t.score_of_koop * (frame.p_koop / 100.0 - t.koop_share)
    of_class = np.where(frame.klasse.isna(), imputed, (frame.klasse - t.class_of_mean) * t.class_width)
    b.start_score[:] = np.where(frame.score.isna(), of_class, frame.score)  # choice 9: official score, class, imputed
    b.score[:] = b.start_score
    b.published_class[:] = leefbaarheid_class(b.score, t.class_width, t.class_of_mean)
    portieken = Portieken(int(d.portiek.max()) + 1)
    portieken.buurt[d.portiek] = d.buurt
    portieken.homes[:] = np.bincount(d.portiek)
    portieken.tolerance[:] = p.settling.tolerance_rest
    w = Wijken(len(number))
    w.inwoners[:] = np.bincount(b.wijk, weights=b.inwoners, minlength=w.rows)
    w.homes[:] = np.bincount(b.wijk, weights=b.homes, minlength=w.rows)
    gemeente = frame.gemeente.map({code: g for g, code in enumerate(town.gemeenten)}).to_numpy()
    w.gemeente[b.wijk] = gemeente
    g = Gemeenten(len(town.gemeenten))
    g.first[:] = np.searchsorted(gemeente, np.arange(g.rows), side="left")
    g.last[:] = np.searchsorted(gemeente, np.arange(g.rows), side="right")
    g.inwoners[:] = np.bincount(gemeente, weights=b.inwoners, minlength=g.rows)
    g.sociale_huur[:] = np.bincount(gemeente, weights=b.sociale_huur, minlength=g.rows)
    return portieken, b, w, g


def _corporaties(town: Town, d: Dwellings) -> Corporaties:
    c = Corporaties(len(town.corporaties))
    c.gemeente[:] = town.corporaties.gemeente.map({code: g for g, code in enumerate(town.gemeenten)})
    c.homes[:] = np.bincount(d.corporatie, minlength=c.rows + 1)[1:]
    return c


def _institutions(g: Gemeenten, p: Blocks) -> Institutions:
    """Places by inhabitants. In truth they stand in a few gemeenten that serve a region; no table here says which."""
    per_inhabitant = p.population.places_per_1000 / 1000.0
    kinds = np.flatnonzero(per_inhabitant)
    found = Institutions(kinds.size * g.rows)
    found.gemeente[:] = np.repeat(np.arange(g.rows), kinds.size)
    found.kind[:] = np.tile(kinds, g.rows)
    found.places[:] = g.inwoners[found.gemeente] * per_inhabitant[found.kind]
    return found


def _teams(town: Town, w: Wijken, c: Corporaties, p: Blocks) -> Teams:
    """Teams by inhabitants, beheer by homes; where somebody counted the staff of a wijk, as many as there are."""
    s, kinds = p.support, (TeamKind.WIJKTEAM, TeamKind.AMBULANT, TeamKind.WELZIJN, TeamKind.WIJKAGENT)
    per_inhabitant = (
        s.wijkteam_fte_per_inhabitant,
        s.ambulant_fte_per_inhabitant,
        s.welzijn_fte_per_inhabitant,
        s.wijkagent_fte_per_inhabitant,
    )
    teams = Teams(len(kinds) * w.rows + c.rows)
    teams.kind[:] = np.concatenate([np.repeat(kinds, w.rows), np.repeat(TeamKind.BEHEER, c.rows)])
    teams.gemeente[:] = np.concatenate([np.tile(w.gemeente, len(kinds)), c.gemeente])
    teams.wijk[:] = np.concatenate([np.tile(np.arange(w.rows), len(kinds)), np.arange(c.rows)])
    teams.fte[:] = np.concatenate([f * w.inwoners for f in per_inhabitant] + [c.homes / s.beheer_homes_per_fte])
    counted = town.teams[town.teams.fte.notna()]
    kind = counted.soort.map({k.name.lower(): i for i, k in enumerate(kinds)})
    wijk = counted.wijk.map({code: i for i, code in enumerate(town.wijken)})
    teams.fte[(kind * w.rows + wijk).to_numpy(np.int64)] = counted.fte
    return teams


def country_propensity(p: Blocks) -> tuple[np.ndarray, float]:
    """Mean over the country's households of the propensity for each profile [Profile], and of the onset ratio.

    SES is standard normal over the country, so that exp(-slope SES) has a known mean within each class of incomes.
    """
    v, slope = p.vulnerability, p.vulnerability.ses_slope
    cells = synthesis.fitted(synthesis.country_table(p.synthesis), synthesis.country_margins(p.synthesis, p.town))[0]
    edges = np.concatenate([[-np.inf], normal_of(INCOME_EDGES[1:-1]), [np.inf]])
    mean = np.exp(slope**2 / 2.0) * np.diff(ndtr(edges + slope)) / np.diff(INCOME_EDGES)
    weight = cells.sum(axis=1) @ mean  # [tenure, age]
    of = np.zeros(len(Profile))
    for tenure, age in np.ndindex(weight.shape):
        of += weight[tenure, age] * _propensities(v, tenure, age)
    onset = weight.sum(axis=1) @ np.where(np.arange(len(Tenure)) == Tenure.SOCIALE_HUUR, v.social_rent_ratio, 1.0)
    return of, float(onset)


def _propensities(v: vulnerability.Parameters, tenure: int, age: int) -> np.ndarray:
    """[Profile] propensities of a household of mean SES."""
    rest = (v.ses_slope, v.social_rent_ratio, v.elderly_ratio, v.old_ratio)
    return np.array([vulnerability.propensity(0.0, tenure, int(k), age, *rest) for k in Profile])


@kernel
def _vulnerable(keys, identity, ses, tenure, age_class, chances, slope, social_rent_ratio, homes, profile):
    """Dwelling rows of households that are vulnerable already, into `homes`, with their profile; returns how many.

    chances [2, Profile]: of a household of mean SES in its own home, below 65 and above.
    """
    found, each = 0, np.empty(chances.shape[1])
    for i in range(identity.size):
        if identity[i] == 0:
            continue
        ratio = vulnerability.propensity(ses[i], tenure[i], 0, 0, slope, social_rent_ratio, 1.0, 1.0)
        old = 1 if age_class[i] >= AgeClass.VAN_65_TOT_75 else 0
        total = 0.0
        for k in range(each.size):
            total += min(0.5, ratio * chances[old, k])
            each[k] = total
        if uniform_at(keys[0], identity[i]) < total:
            homes[found] = i
            profile[found] = np.searchsorted(each, uniform_at(keys[1], identity[i]) * total, side="right")
            found += 1
    return found


def _stock(world: World, p: Blocks, luck: Luck, of_country: np.ndarray) -> None:
    """Who is vulnerable before anything happens, independent of any strategy (choice 10).

    A household's chance is the country's share of its profile (`stock_share`), as often as its SES, tenure and age make it
    likelier than the country's households; so a poor town has more than the country, and a rich one less.
    """
    d, v = world.dwellings, p.vulnerability
    chances = np.stack([v.stock_share / of_country * _propensities(v, Tenure.KOOP, age) for age in (0, 2)])
    homes, profile = np.empty(d.rows, np.int64), np.empty(d.rows, np.int64)
    found = _vulnerable(
        luck.keys[STOCKS], d.identity, d.ses, d.tenure, d.age_class, chances, v.ses_slope, v.social_rent_ratio, homes, profile
    )
    homes = homes[:found]
    rows = vulnerability.add_at_home(world, v, luck, homes, profile[:found])
    known = luck.draws(Stream.STOCK_OF_VULNERABILITY, d.identity[homes] + np.uint64(1 << 50)) < v.known_share
    world.persons.status[rows[known]], world.persons.line[rows[known]] = Status.BEKEND, 1


def _queues(world: World, p: Blocks, seed: int, start: int) -> None:
    """Queues as they would stand: arrivals of earlier months, less who has given up since."""
    f = p.inflow
    for back in range(int(p.population.queue_months), 0, -1):
        luck = Luck(seed, start - back)
        inflow.add_persons(world, f, luck, world.persons_per_month * (1.0 - f.persons_give_up_per_month) ** back)
    stay = 1.0 - f.seekers_give_up_per_year / 12.0
    ago = range(int(12 * p.population.seekers_wait_years), 0, -1)
    months = [inflow.seekers_of(world, f, Luck(seed, start - back), world.seekers_per_month * stay**back) for back in ago]
    if months:
        inflow.add_seekers(world, months)


def build(town: Town, p: Blocks, seed: int, quota: float, warmup: int) -> World:
    """The world `warmup` months before month 0. `quota` is the study's: it sets the inflow for every scenario (choice 5, 8)."""
    luck = Luck(seed, -warmup)
    d, who = _dwellings(town, p, luck)
    _move_in(d, who, p, luck)
    portieken, buurten, wijken, gemeenten = _places(town, d, p, luck)
    corporaties = _corporaties(town, d)
    _ties(town, d, portieken, buurten, p, luck)
    vacated = p.leaving.turnover_per_year[Tenure.SOCIALE_HUUR] / 12.0 * buurten.sociale_huur.sum()
    of_country, onset = country_propensity(p)
    world = World(
        d, Persons(64), Seekers(0), portieken, buurten, wijken, gemeenten, corporaties, _institutions(gemeenten, p),
        _teams(town, wijken, corporaties, p), -warmup,
        mean_propensity=onset, persons_per_month=float(p.inflow.inflow_ratio * quota * vacated),
        seekers_per_month=float(p.inflow.seekers_per_home * vacated),
    )  # fmt: skip
    _stock(world, p, luck, of_country)
    _queues(world, p, seed, -warmup)
    world.counts[:] = 0
    return world
