"""The world before the warm-up, from a town's tables: homes, households, ties, teams, and who is vulnerable already.

Everything is drawn by identity, so that one seed gives one world. What is asked of a margin and what came out is listed by
`fit`. Household sizes and ages are national distributions, tilted just so far that each buurt's own mean is met.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from model import letting
from model.jit import kernel
from model.mechanisms import inflow, leaving, settling, support, vulnerability
from model.mechanisms.publication import leefbaarheid_class
from model.parameters import per
from model.randomness import Luck, Stream, normal_of, uniform_at
from model.town import Parameters as Country
from model.town import Town, to_total
from model.world import (
    AgeClass,
    Buurten,
    Corporaties,
    Dwellings,
    Gemeenten,
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
BLOCK = 1 << 17  # homes that are looked at together, where every home needs many numbers: memory, never results
SIZES = np.array([1.0, 2.0, 3.0, 4.0, 5.3])  # 5 stands for five and more


class Parameters(NamedTuple):
    homes_per_portiek: int
    size_1: float
    size_2: float
    size_3: float
    size_4: float
    size_5: float
    age_share: per(AgeClass)  # type: ignore[valid-type]
    ses_of_woz: float
    ses_of_tenure: per(Tenure)  # type: ignore[valid-type]
    ses_spread: float
    ses_spread_of_mean: float
    rent_mean: float
    rent_per_room: float
    rent_of_corp_share: float
    rent_spread: float
    months_here_mean: float
    facility_hours_per_1000: float
    facility_spread: float
    queue_months: float
    seekers_wait_years: float


class Blocks(NamedTuple):
    """The blocks that building a world needs."""

    town: Country
    population: Parameters
    inflow: inflow.Parameters
    vulnerability: vulnerability.Parameters
    support: support.Parameters
    leaving: leaving.Parameters
    settling: settling.Parameters
    letting: letting.Parameters


def tilted(shares: np.ndarray, values: np.ndarray, mean: float) -> np.ndarray:
    """Shares [k] closest to the given ones (least relative entropy) whose mean of values [k] is `mean`."""
    low, high = values.min() + 0.02, values.max() - 0.02
    target = min(high, max(low, mean))

    def tilt(slope: float) -> np.ndarray:
        weights = shares * np.exp(slope * (values - values.mean()))
        return weights / weights.sum()

    return tilt(brentq(lambda s: float(tilt(s) @ values) - target, -60.0, 60.0))


def vacancy_share(tenure: int, p: Blocks) -> float:
    """Share of homes that stand empty at a month's end when turnover and months vacant are in balance."""
    months = p.settling.months_vacant[tenure] - (0.0 if tenure == Tenure.SOCIALE_HUUR else 1.0)  # the market may fill at once
    out = p.leaving.turnover_per_year[tenure] / 12.0 * months
    return out / (1.0 + out)


@kernel
def _tie(key, first, last, portiek, buurt_first, buurt_last, wijk_first, wijk_last, ties):
    """Six neighbours of each home: three in its portiek, two near by in the buurt, one in the wijk; never itself."""
    for i in range(portiek.size):
        for k in range(6):
            if k < 3:
                low, high = first[portiek[i]], last[portiek[i]]
            elif k < 5:
                low, high = max(buurt_first[i], i - 60), min(buurt_last[i], i + 61)
            else:
                low, high = wijk_first[i], wijk_last[i]
            if high - low < 2:
                low, high = wijk_first[i], wijk_last[i]
            if high - low < 2:
                low, high = 0, portiek.size
            span = high - low - 1
            j = low + int(uniform_at(key, np.uint64(i) * np.uint64(8) + np.uint64(k)) * span)
            ties[i, k] = j if j < i else j + 1


def _homes(town: Town, p: Blocks) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(buurt, tenure, households) rows: homes per buurt and tenure, with the vacant ones on top of the households."""
    rows = []
    for k, b in enumerate(town.buurten.itertuples()):
        shares = np.array([b.p_koop, max(0.0, 100.0 - b.p_koop - b.p_corp), b.p_corp])
        households = to_total(shares, int(b.huishoudens))
        rows += [(k, t, households[t], round(households[t] / (1.0 - vacancy_share(t, p)))) for t in Tenure]
    buurt, tenure, lived, homes = np.array(rows).T
    return (
        np.repeat(buurt, homes),
        np.repeat(tenure, homes),
        np.concatenate([np.arange(h) < n for n, h in zip(lived, homes, strict=True)]),
    )


def _portieken(buurt: np.ndarray, per_portiek: int) -> np.ndarray:
    """Portiek of each home: runs of about `per_portiek` homes within a buurt."""
    portiek = np.empty(buurt.size, np.int64)
    start = 0
    for b in np.unique(buurt):
        mine = np.flatnonzero(buurt == b)
        count = max(1, round(mine.size / per_portiek))
        portiek[mine] = start + np.arange(mine.size) * count // mine.size
        start += count
    return portiek


def _assign(shares: np.ndarray, rank: np.ndarray) -> np.ndarray:
    """Codes [n] in the given shares, the lowest ranks getting the first code."""
    codes = np.empty(rank.size, np.int64)
    codes[np.argsort(rank, kind="stable")] = np.repeat(np.arange(shares.size), to_total(shares, rank.size))
    return codes


def _dwellings(town: Town, p: Blocks, luck: Luck) -> tuple[Dwellings, np.ndarray]:
    """Homes sorted by buurt and portiek, with a household in each: empty ones keep the stratum of who left. And who is in."""
    buurt, tenure, lived = _homes(town, p)
    n = buurt.size
    who = HOUSEHOLD_ID | np.arange(1, n + 1, dtype=np.uint64)
    u = luck.several(Stream.HOUSEHOLD_TRAITS, who, 7)
    # Homes of one owner stand together: sorted by tenure with a little noise, in blocks that lots put in order.
    order = np.lexsort((u[0], tenure, buurt))
    tenure, lived = tenure[order], lived[order]
    d = Dwellings(n)
    d.buurt[:] = buurt
    d.tenure[:] = tenure
    d.portiek[:] = _portieken(buurt, p.population.homes_per_portiek)
    frame = town.buurten
    corp_share = frame.p_corp.to_numpy()[buurt] / 100.0
    p_ = p.population
    national_size = np.array([p_.size_1, p_.size_2, p_.size_3, p_.size_4, p_.size_5])
    for k, b in enumerate(frame.itertuples()):
        mine = np.flatnonzero(buurt == k)
        sizes = _assign(tilted(national_size, SIZES, b.hh_grootte), u[1][mine]) + 1
        d.size[mine] = sizes
        old = p_.age_share[2] + p_.age_share[3]
        wanted = min(0.9, old * (b.p_oud / 100.0) / p.town.share_65plus)
        ages = p_.age_share * np.where(np.arange(4) >= 2, wanted / old, (1 - wanted) / (1 - old))
        d.age_class[mine] = _assign(ages, u[2][mine] - 0.5 * (sizes >= 3))  # families are seldom old
    d.rooms[:] = np.clip(d.size + 1 + (u[3] * 3).astype(np.int64) - (tenure == Tenure.SOCIALE_HUUR), 1, 6)
    mean = p_.ses_of_woz * np.log(frame.woz_ratio.to_numpy())[buurt] + p_.ses_of_tenure[tenure]
    spread = np.clip(p_.ses_spread - p_.ses_spread_of_mean * mean, 0.3, 1.5)
    d.ses[:] = mean + spread * normal_of(u[4])
    social = tenure == Tenure.SOCIALE_HUUR
    rent = p_.rent_mean + p_.rent_per_room * (d.rooms - 3.0) - p_.rent_of_corp_share * (corp_share - p.town.corp_share)
    rent = rent + p_.rent_spread * normal_of(u[5])
    d.rent[:] = np.where(
        tenure == Tenure.KOOP, 0.0, np.where(social, np.clip(rent, 300.0, 880.0), np.maximum(rent + 300.0, 880.0))
    )
    d.months_here[:] = np.minimum(600, -p_.months_here_mean * np.log(1.0 - u[6])).astype(np.uint16)
    for k, owners in town.bezit.groupby("buurt"):
        mine = np.flatnonzero(social & (buurt == k))
        which = np.searchsorted(np.cumsum(owners.aandeel), (np.arange(mine.size) + 0.5) / max(mine.size, 1))
        d.corporatie[mine] = owners.corporatie.to_numpy()[np.minimum(which, len(owners) - 1)]
    return d, np.where(lived, who, np.uint64(0))


def _move_in(d: Dwellings, who: np.ndarray, p: Blocks, luck: Luck) -> None:
    d.identity[:] = who
    d.frailty[:] = settling.frailty(
        p.settling.frailty_shape, luck.seed, HOUSEHOLD_ID | np.arange(1, who.size + 1, dtype=np.uint64)
    )
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
    b.start_score[:] = np.where(frame.klasse.isna(), imputed, (frame.klasse - t.class_of_mean) * t.class_width)
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


def _teams(w: Wijken, c: Corporaties, p: Blocks) -> Teams:
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
    return teams


def _stock(world: World, p: Blocks, luck: Luck) -> None:
    """Who is vulnerable before anything happens: by profile, SES and tenure, independent of any strategy (choice 10).

    A block of homes at a time, since ten numbers for every household of a country do not fit; blocks change nothing.
    """
    d, v = world.dwellings, p.vulnerability
    lived = np.flatnonzero(d.identity != 0)
    blocks = np.array_split(lived, max(1, lived.size // BLOCK))
    total = np.zeros(len(Profile))
    for homes in blocks:
        vulnerability.add_up(_weights(d, homes, v), total)
    scale = v.stock_share / np.maximum(total / max(lived.size, 1), 1e-12)
    found, profile = [], []
    for homes in blocks:
        chance, who = np.minimum(_weights(d, homes, v) * scale, 0.5), d.identity[homes]
        chosen = luck.draws(Stream.STOCK_OF_VULNERABILITY, who) < chance.sum(axis=1)
        found.append(homes[chosen])
        profile.append(vulnerability.pick_profiles(chance[chosen], luck.draws(Stream.WHICH_PROFILE, who[chosen])))
    homes = np.concatenate(found)
    rows = vulnerability.add_at_home(world, v, luck, homes, np.concatenate(profile))
    known = luck.draws(Stream.STOCK_OF_VULNERABILITY, d.identity[homes] + np.uint64(1 << 50)) < v.known_share
    world.persons.status[rows[known]], world.persons.line[rows[known]] = Status.BEKEND, 1


def _weights(d: Dwellings, homes: np.ndarray, v: vulnerability.Parameters) -> np.ndarray:
    """[n, Profile] share-weighted propensity of the households in rows `homes` [n]."""
    return vulnerability.propensities(
        d.ses[homes], d.tenure[homes], d.age_class[homes], v.stock_share, v.ses_slope, v.social_rent_ratio, v.elderly_ratio,
        v.old_ratio,
    )  # fmt: skip


def _queues(world: World, p: Blocks, seed: int, start: int) -> None:
    """Queues as they would stand: arrivals of earlier months, less who has given up since."""
    f = p.inflow
    for back in range(int(p.population.queue_months), 0, -1):
        luck = Luck(seed, start - back)
        inflow.add_persons(world, f, luck, world.persons_per_month * (1.0 - f.persons_give_up_per_month) ** back)
    for back in range(int(12 * p.population.seekers_wait_years), 0, -1):
        inflow.add_seekers(
            world, f, Luck(seed, start - back), world.seekers_per_month * (1.0 - f.seekers_give_up_per_year / 12.0) ** back
        )


def build(town: Town, p: Blocks, seed: int, quota: float, warmup: int) -> World:
    """The world `warmup` months before month 0. `quota` is the study's: it sets the inflow for every scenario (choice 5, 8)."""
    luck = Luck(seed, -warmup)
    d, who = _dwellings(town, p, luck)
    _move_in(d, who, p, luck)
    portieken, buurten, wijken, gemeenten = _places(town, d, p, luck)
    corporaties = _corporaties(town, d)
    first = np.searchsorted(d.portiek, np.arange(portieken.rows), side="left")
    last = np.searchsorted(d.portiek, np.arange(portieken.rows), side="right")
    wijk_first = np.array([buurten.first[buurten.wijk == w].min() for w in range(wijken.rows)], np.int64)
    wijk_last = np.array([buurten.last[buurten.wijk == w].max() for w in range(wijken.rows)], np.int64)
    wijk = buurten.wijk[d.buurt]
    _tie(
        luck.key(Stream.TIES), first, last, d.portiek.astype(np.int64), buurten.first[d.buurt].astype(np.int64),
        buurten.last[d.buurt].astype(np.int64), wijk_first[wijk], wijk_last[wijk], d.ties,
    )  # fmt: skip
    vacated = p.leaving.turnover_per_year[Tenure.SOCIALE_HUUR] / 12.0 * buurten.sociale_huur.sum()
    ratio = np.exp(-p.vulnerability.ses_slope * d.ses) * np.where(
        d.tenure == Tenure.SOCIALE_HUUR, p.vulnerability.social_rent_ratio, 1.0
    )
    world = World(
        d, Persons(64), Seekers(0), portieken, buurten, wijken, gemeenten, corporaties, _teams(wijken, corporaties, p), -warmup,
        mean_propensity=float(ratio[d.identity != 0].mean()), persons_per_month=float(p.inflow.inflow_ratio * quota * vacated),
        seekers_per_month=float(p.inflow.seekers_per_home * vacated),
    )  # fmt: skip
    _stock(world, p, luck)
    _queues(world, p, seed, -warmup)
    world.counts[:] = 0
    return world


def fit(town: Town, p: Blocks, world: World) -> pd.DataFrame:
    """Margins asked of the tables and got in the world: margin, unit, asked, got (one row each)."""
    d, frame = world.dwellings, town.buurten
    lived = d.identity != 0
    households = frame.huishoudens.to_numpy(float)
    p_ = p.population
    sizes = np.array([p_.size_1, p_.size_2, p_.size_3, p_.size_4, p_.size_5])
    rows = [("huishoudens", "aantal", households.sum(), lived.sum())]
    shares = np.bincount(d.tenure[lived], minlength=3) / lived.sum()
    asked = [frame.p_koop, (100 - frame.p_koop - frame.p_corp).clip(lower=0), frame.p_corp]
    rows += [
        (f"aandeel {t.name.lower()}", "aandeel", np.average(a, weights=households) / 100, shares[t])
        for t, a in zip(Tenure, asked, strict=True)
    ]
    by_buurt = np.bincount(d.buurt[lived & (d.tenure == Tenure.SOCIALE_HUUR)], minlength=len(frame)) / np.bincount(
        d.buurt[lived], minlength=len(frame)
    )
    worst = np.abs(by_buurt - frame.p_corp / 100)[households >= 100]
    rows.append(
        ("grootste afwijking aandeel corporatie, buurten >= 100 huishoudens", "aandeel", 0.0, worst.max() if worst.size else 0.0)
    )
    corp = frame.p_corp.to_numpy() / 100
    rows.append(
        (
            "clustering corporatie (dissimilariteit)",
            "index",
            dissimilarity(corp * households, households),
            dissimilarity(by_buurt * households, households),
        )
    )
    rows.append(
        (
            "gemiddelde huishoudgrootte",
            "personen",
            np.average(frame.hh_grootte, weights=households),
            SIZES[d.size[lived] - 1].mean(),
        )
    )
    got = np.bincount(np.minimum(d.size[lived], 5), minlength=6)[1:] / lived.sum()
    national = tilted(sizes / sizes.sum(), SIZES, float(np.average(frame.hh_grootte, weights=households)))
    rows += [(f"huishoudens van {k + 1}{'+' if k == 4 else ''}", "aandeel", national[k], got[k]) for k in range(5)]
    old = float(np.average(frame.p_oud, weights=households) / 100 / p.town.share_65plus * p_.age_share[2:].sum())
    rows.append(("huishoudens van 65 en ouder", "aandeel", old, (d.age_class[lived] >= 2).mean()))
    at_home = world.persons.place == Place.THUIS
    stock = np.bincount(world.persons.profile[at_home], minlength=len(Profile)) / lived.sum()
    rows += [(f"profiel {k.name.lower()}", "aandeel huishoudens", p.vulnerability.stock_share[k], stock[k]) for k in Profile]
    return pd.DataFrame(rows, columns=["marge", "eenheid", "gevraagd", "gekregen"])


def dissimilarity(part: np.ndarray, whole: np.ndarray) -> float:
    """Share of `part` [n] that would have to move to be spread as the rest of `whole` [n]."""
    rest = whole - part
    return float(0.5 * np.abs(part / max(part.sum(), 1e-12) - rest / max(rest.sum(), 1e-12)).sum())
