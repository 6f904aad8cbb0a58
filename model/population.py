"""The world before the warm-up, from a town's tables: homes and households, places, teams, queues, and who is vulnerable already.

Who lives in a buurt is made by `synthesis`, so that its margins are met jointly, and housed by `homes`. Everything is drawn by
identity, so that one seed gives one world. How well the margins are met is told by `model.fit`.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtr

from model import letting, synthesis
from model.homes import INCOME_EDGES, dwellings, tie
from model.homes import Blocks as HomeBlocks
from model.homes import Parameters as HomeParameters
from model.jit import kernel
from model.mechanisms import inflow, leaving, settling, support, vulnerability
from model.mechanisms.publication import leefbaarheid_class
from model.parameters import per
from model.randomness import Luck, Stream, normal_of, uniform_at
from model.town import Parameters as Country
from model.town import Town, identities_of
from model.world import (
    AgeClass,
    Buurten,
    Corporaties,
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

STOCKS = np.array([Stream.STOCK_OF_VULNERABILITY, Stream.WHICH_PROFILE])
QUALITY, TOGETHER = np.uint64(1 << 61), np.uint64(1 << 62)  # other lots than those of facilities
BEFORE = -1000  # the month whose luck makes a town: before every warm-up, so that none changes it


class Parameters(NamedTuple):
    """What stands around the homes at the start."""

    facility_hours_per_1000: float
    facility_spread: float
    queue_months: float
    seekers_wait_years: float
    places_per_1000: per(Place)  # type: ignore[valid-type]
    samenwerking_mean: float
    samenwerking_spread: float


class Blocks(NamedTuple):
    """The blocks that building a world needs."""

    town: Country
    synthesis: synthesis.Parameters
    homes: HomeParameters
    population: Parameters
    inflow: inflow.Parameters
    vulnerability: vulnerability.Parameters
    support: support.Parameters
    leaving: leaving.Parameters
    settling: settling.Parameters
    letting: letting.Parameters


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
    spread = np.exp(p.population.facility_spread * normal_of(luck.draws(Stream.TOWN, identities_of(frame.code))))
    b.kwaliteit[:] = normal_of(luck.draws(Stream.TOWN, identities_of(frame.code) + QUALITY))
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
    w = Wijken(len(number))
    w.inwoners[:] = np.bincount(b.wijk, weights=b.inwoners, minlength=w.rows)
    w.homes[:] = np.bincount(b.wijk, weights=b.homes, minlength=w.rows)
    lot = normal_of(luck.draws(Stream.TOWN, identities_of(pd.Series(town.wijken)) + TOGETHER))
    w.samenwerking[:] = np.clip(p.population.samenwerking_mean + p.population.samenwerking_spread * lot, 0.0, 1.0)
    gemeente = frame.gemeente.map({code: g for g, code in enumerate(town.gemeenten)}).to_numpy()
    b.gemeente[:] = w.gemeente[b.wijk] = gemeente
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
    for back in range(int(12 * p.population.seekers_wait_years), 0, -1):
        inflow.renew_queues(world, f, Luck(seed, start - back), world.seekers_per_month * stay**back, give_up=0.0)


def build(town: Town, p: Blocks, seed: int, quota: float, warmup: int) -> World:
    """The world `warmup` months before month 0. `quota` is the study's: it sets the inflow for every scenario (choice 5, 8)."""
    luck = Luck(seed, BEFORE)
    of_homes = HomeBlocks(*(getattr(p, name) for name in HomeBlocks._fields))
    d = dwellings(town, of_homes, luck)
    portieken, buurten, wijken, gemeenten = _places(town, d, p, luck)
    corporaties = _corporaties(town, d)
    tie(town, d, portieken, buurten, of_homes, luck)
    vacated = p.leaving.turnover_per_year[Tenure.SOCIALE_HUUR] / 12.0 * buurten.sociale_huur.sum()
    of_country, onset = country_propensity(p)
    world = World(
        d, Persons(64), Seekers(0), portieken, buurten, wijken, gemeenten, corporaties, _institutions(gemeenten, p),
        _teams(town, wijken, corporaties, p), -warmup,
        mean_propensity=onset, persons_per_month=float(p.inflow.inflow_ratio * quota * vacated),
        seekers_per_month=float(p.inflow.seekers_per_home * vacated),
    )  # fmt: skip
    _stock(world, p, Luck(seed, -warmup), of_country)
    _queues(world, p, seed, -warmup)
    world.counts[:] = 0
    return world
