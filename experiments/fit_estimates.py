"""Refits the numbers with which `model.tables.estimates` fills what tables do not say, and shows how well they do.

    python -m experiments.fit_estimates gemeente.data=DIR

Fitted are fractional logits (Papke and Wooldridge 1996), weighted by homes or households, on buurten of at least
`chain.LARGE` households: Amsterdam 2019, where corporatie homes and incomes are measured, and gemeenten and wijken of the
whole country. Cross-validated means: the wijk that is predicted was not in the fit, the total of the gemeente was known.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from experiments.config import composed
from experiments.plan import vintage_of
from experiments.refusal import refused
from model import tables
from model.fit import dissimilarity
from model.parameters import Problem, Refused
from model.rooms import Rooms, read_rooms
from model.tables import chain
from model.tables.estimates import PERSONS, features_of, mean_of, persons_features, residual, shift

CORPORATIE = ("corporatie_of_koop", "corporatie_of_woz", "corporatie_of_size")
PERSONS_LOW = ("persons_low_at_mean", "persons_low_of_koop", "persons_low_of_woz")
INCOME = ("koop", "woz", "size")
THRESHOLDS = (30, 45, 60, 75)
DRAWS = range(20)  # seeds over which the residual is judged: one draw is luck


class Sources(NamedTuple):
    """Measured buurten of Amsterdam 2019, and buurten and gemeenten of the country 2024, with what the model makes of them."""

    measured: pd.DataFrame
    country: pd.DataFrame
    gemeenten: pd.DataFrame
    part: float


def sources(folder: Path, rooms: Rooms) -> Sources:
    """The tables that numbers are fitted on. Raises `Refused` if one is not there."""
    then, now = tables.read(folder, vintage_of(2019)), tables.read(folder, vintage_of(2024))
    absent = [now.vintage.files[name].file for name in ("wijken_2022", "gemeenten_2020") if name not in now.frames]
    if absent:
        raise Refused([Problem("gemeente.data", f"no file {file} in {folder}", "a folder that holds it") for file in absent])
    kwb = then.frames["kwb"]
    amsterdam = tables.town(then, ["GM0363"], rooms.tables, rooms.town).buurten
    own = kwb[["p_koop", "p_corp", "p_laag_ink", "p_hoog_ink"]].rename(columns=lambda c: f"own_{c}")
    for frame, rows in (
        (amsterdam, kwb),
        (country := tables.town(now, ["NL"], rooms.tables, rooms.town).buurten, now.frames["wijken_2022"]),
    ):
        frame["persons"] = frame.wijk.map(rows[PERSONS]) / 100.0
        frame[["wijk_koop", "wijk_woz"]] = persons_features(frame, rooms.town)
    measured = amsterdam.join(own, on="code").query(f"huishoudens >= {chain.LARGE} and own_p_koop < 100")
    year_2020 = now.frames["gemeenten_2020"]
    gemeenten = now.frames["gemeenten"].join(year_2020[["p_corp", "p_laag_ink"]], how="inner")
    gemeenten["part"] = gemeenten.p_corp / (100.0 - year_2020.p_koop)
    gemeenten["woz_ratio"] = gemeenten.woz / chain.national(now.frames, ["gemeenten"], "woz")
    whole = kwb.loc["GM0363"]
    return Sources(measured, country, gemeenten, whole.p_corp / (100.0 - whole.p_koop))


def fractional_logit(features: np.ndarray, share: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Intercept and slopes [1 + k] of shares [n] on features [n, k]: Newton's method on the quasi-likelihood."""
    x = np.column_stack([np.ones(len(features)), features])
    slopes = np.zeros(x.shape[1])
    for _ in range(50):
        fitted = expit(x @ slopes)
        step = np.linalg.solve((x.T * (weights * fitted * (1 - fitted))) @ x, x.T @ (weights * (share - fitted)))
        slopes += step
        if np.abs(step).max() < 1e-10:
            return slopes
    raise ArithmeticError("no fit: the features do not tell the shares apart")


def left_out(features: np.ndarray, share: np.ndarray, weights: np.ndarray, group: pd.Series) -> np.ndarray:
    """Logits [n] without intercept, each from a fit without the rows of its own group."""
    logits = np.empty(len(features))
    for rows in group.groupby(group.to_numpy()).indices.values():
        rest = np.setdiff1d(np.arange(len(features)), rows)
        logits[rows] = features[rows] @ fractional_logit(features[rest], share[rest], weights[rest])[1:]
    return logits


def measures(estimate: np.ndarray, measured: np.ndarray, households: np.ndarray) -> dict[str, float]:
    """Errors and spread of shares [n] in percentage points; D is the dissimilarity index."""
    apart = np.abs(estimate - measured)
    found = {"MAE": apart.mean(), "median": np.median(apart), "r": np.corrcoef(estimate, measured)[0, 1], "sd": estimate.std()}
    found |= {f"p{q}": np.percentile(estimate, q) for q in (10, 25, 50, 75, 90)}
    found |= {f">={t}%": 100.0 * (estimate >= t).mean() for t in THRESHOLDS}
    return found | {"D": dissimilarity(estimate * households / 100.0, households.astype(float))}


class Corporatie(NamedTuple):
    """Buurten with a measured share of corporatie homes: features, part of rent, homes let, and the fit that left them out."""

    frame: pd.DataFrame
    features: np.ndarray
    rent: np.ndarray
    part: np.ndarray
    weights: np.ndarray
    logits: np.ndarray

    def estimate(self, logits: np.ndarray, total: float | np.ndarray, place: np.ndarray | None = None) -> np.ndarray:
        """% corporatie [n] of logits; `total` is the known part of rent of all, or [n] of the place of each."""
        place = np.zeros(len(logits)) if place is None else place
        return self.rent * expit(logits + shift(logits, self.weights, np.broadcast_to(total, len(logits)), place))


def corporatie(s: Sources, rooms: Rooms) -> Corporatie:
    """Amsterdam's buurten, with cross-validated logits."""
    frame = s.measured[s.measured.own_p_corp.notna()]
    rent = (100.0 - frame.p_koop).to_numpy()
    part = np.minimum(frame.own_p_corp.to_numpy() / rent, 1.0)
    features, weights = features_of(frame, rooms.town), frame.huishoudens.to_numpy() * rent
    return Corporatie(frame, features, rent, part, weights, left_out(features, part, weights, frame.wijk))


def between_gemeenten(s: Sources, rooms: Rooms, densities: tuple[float, float] = (0.0, np.inf)) -> np.ndarray:
    """Slopes of the corporatie part of rent over gemeenten (of some densities): the question asked of the rest of the country."""
    g = s.gemeenten[s.gemeenten.dichtheid.between(*densities)]
    return fractional_logit(features_of(g, rooms.town), g.part.to_numpy(), g.huishoudens.to_numpy())[1:]


def residual_sd(c: Corporatie, total: float) -> float:
    """The sd of the residual (logits) with which the cross-validated estimate varies as the measured shares do, by bisection."""
    low, high = 0.0, 4.0
    for _ in range(20):
        middle = (low + high) / 2
        sd = np.mean([with_residual(c, total, middle, seed).std() for seed in DRAWS])
        low, high = (middle, high) if sd < c.frame.own_p_corp.std(ddof=0) else (low, middle)
    return (low + high) / 2


def with_residual(c: Corporatie, total: float, sd: float, seed: int) -> np.ndarray:
    """The cross-validated estimate with one draw of a residual."""
    return c.estimate(c.logits + sd * residual(c.frame.code, seed), total)


def spread(s: Sources, rooms: Rooms) -> pd.DataFrame:
    """Amsterdam 2019: measured, and each estimate with the wijk left out. Residuals: the mean over draws."""
    c = corporatie(s, rooms)
    measured, households = c.frame.own_p_corp.to_numpy(), c.frame.huishoudens.to_numpy()
    between, ten = c.features @ between_gemeenten(s, rooms), c.frame.wijk.str[:7]
    parts = mean_of(pd.Series(c.part, ten.index), pd.Series(c.weights, ten.index), ten).to_numpy()
    in_tens = left_out(c.features, c.part, c.weights, ten)
    rows = {
        "measured": measured,
        "p_corp_est": c.rent * s.part,
        "slopes between gemeenten": c.estimate(between, s.part),
        "estimate": c.estimate(c.logits, s.part),
        "p_corp_est, tens of wijken": c.estimate(0.0 * in_tens, parts, ten.to_numpy()),
        "estimate, tens of wijken": c.estimate(in_tens, parts, ten.to_numpy()),
    }
    table = {name: measures(row, measured, households) for name, row in rows.items()}
    for share in (0.5, 1.0):
        sd = share * rooms.tables.corporatie_residual_sd
        drawn = [measures(with_residual(c, s.part, sd, seed), measured, households) for seed in DRAWS]
        table[f"estimate + {share} residual"] = pd.DataFrame(drawn).mean().to_dict()
    return pd.DataFrame(table).T


def corporatie_numbers(s: Sources, rooms: Rooms) -> dict[str, float]:
    """The numbers of room `tables` about corporatie homes."""
    c = corporatie(s, rooms)
    measured = c.frame.own_p_corp.to_numpy()
    sd = residual_sd(c, s.part)
    return dict(zip(CORPORATIE, fractional_logit(c.features, c.part, c.weights)[1:], strict=True)) | {
        "corporatie_residual_sd": sd,
        "corporatie_error": np.median(np.abs(c.estimate(c.logits, s.part) - measured)),
        "corporatie_error_of_residual": np.mean(
            [np.median(np.abs(with_residual(c, s.part, sd, seed) - measured)) for seed in DRAWS]
        ),
    }


class Incomes(NamedTuple):
    """Buurten with measured incomes: features, shares of low and high, households, what persons of the wijk tell (logits)."""

    frame: pd.DataFrame
    features: np.ndarray
    low: np.ndarray
    high: np.ndarray
    households: np.ndarray
    persons: np.ndarray


def incomes(s: Sources, rooms: Rooms, persons: np.ndarray) -> Incomes:
    """Amsterdam's buurten, with the persons of their wijk against the fit `persons` [3]."""
    frame = s.measured[s.measured.own_p_laag_ink.notna()]
    more = (logit(frame.persons) - persons[0] - frame[["wijk_koop", "wijk_woz"]] @ persons[1:]).fillna(0.0)
    low, high = frame.own_p_laag_ink.to_numpy() / 100.0, frame.own_p_hoog_ink.to_numpy() / 100.0
    return Incomes(frame, features_of(frame, rooms.town), low, high, frame.huishoudens.to_numpy(float), more.to_numpy())


def persons_fit(s: Sources) -> np.ndarray:
    """Persons with a low income per wijk of the country, on its koop and WOZ: intercept and slopes [3]."""
    wijken = s.country[s.country.persons.notna()].drop_duplicates("wijk")
    size = s.country.groupby("wijk").huishoudens.sum()
    return fractional_logit(
        wijken[["wijk_koop", "wijk_woz"]].to_numpy(), wijken.persons.to_numpy(), wijken.wijk.map(size).to_numpy()
    )


def income_numbers(s: Sources, rooms: Rooms) -> dict[str, float]:
    """The numbers about incomes of rooms `town` and `tables`.

    Slopes of low incomes are means of two fits (gemeenten, buurten of Amsterdam), those of high incomes of the buurten only.
    Intercepts give the country's 40% and 20%.
    """
    persons = persons_fit(s)
    i = incomes(s, rooms, persons)
    over = fractional_logit(
        features_of(s.gemeenten, rooms.town), s.gemeenten.p_laag_ink.to_numpy() / 100.0, s.gemeenten.huishoudens.to_numpy()
    )
    within, high = (fractional_logit(i.features, share, i.households) for share in (i.low, i.high))
    carried = fractional_logit(np.column_stack([i.features, i.persons]), i.low, i.households)[-1]
    left = logit(i.low) - within[0] - i.features @ within[1:]
    found = {"hh_size": np.average(s.gemeenten.hh_grootte, weights=s.gemeenten.huishoudens)}
    everywhere, size = features_of(s.country, rooms.town), s.country.huishoudens.to_numpy(float)
    for name, slopes, mean in (("low", (over[1:] + within[1:]) / 2, 0.4), ("high", high[1:], 0.2)):
        wanted = np.full(len(everywhere), mean)
        found[f"{name}_income_at_mean"] = shift(everywhere @ slopes, size, wanted, np.zeros(len(wanted)))[0]
        found |= {f"{name}_income_of_{f}": x for f, x in zip(INCOME, slopes, strict=True)}
    found |= dict(zip(PERSONS_LOW, persons, strict=True)) | {"low_income_of_persons": carried}
    found["high_income_of_low"] = fractional_logit(np.column_stack([i.features, left]), i.high, i.households)[-1]
    errors = income_errors(i, rooms)
    for ending, row in (("", "estimate"), ("_without_persons", "without persons of the wijk")):
        found |= {f"{name}_income_error{ending}": errors.at[row, name] for name in ("low", "high")}
    return found


def income_errors(i: Incomes, rooms: Rooms) -> pd.DataFrame:
    """Errors (percentage points) of income shares in Amsterdam, the wijk left out: without and with what is carried over."""
    total = np.full(len(i.low), np.average(i.low, weights=i.households))
    low, high = (left_out(i.features, share, i.households, i.frame.wijk) for share in (i.low, i.high))
    t, rows = rooms.tables, {}
    for name, carried in {"without persons of the wijk": 0.0, "estimate": t.low_income_of_persons}.items():
        more = carried * i.persons
        more = more + shift(low + more, i.households, total, np.zeros(len(low))) - rooms.town.low_income_at_mean
        apart = [
            100.0 * np.abs(expit(rooms.town.low_income_at_mean + low + more) - i.low),
            100.0 * np.abs(expit(rooms.town.high_income_at_mean + high + t.high_income_of_low * more) - i.high),
        ]
        rows[name] = {
            "low": np.median(apart[0]),
            "low MAE": apart[0].mean(),
            "high": np.median(apart[1]),
            "high MAE": apart[1].mean(),
        }
    return pd.DataFrame(rows).T


def numbers(s: Sources, rooms: Rooms) -> dict[str, float]:
    """Every fitted number, by name."""
    return corporatie_numbers(s, rooms) | income_numbers(s, rooms)


def stored(rooms: Rooms, name: str) -> float:
    """The number as the configuration has it."""
    return float(getattr(rooms.tables if hasattr(rooms.tables, name) else rooms.town, name))


def main(overrides: list[str]) -> None:
    """Prints refit against stored, and how well the estimates do."""
    config = composed(["gemeente=cbs", "gemeente.code=NL", *overrides])
    rooms = read_rooms(config["parameters"])
    if config["gemeente"]["data"] is None:
        raise Refused([Problem("gemeente.data", "nothing", "a folder with the tables (docs/data.md)")])
    s = sources(Path(config["gemeente"]["data"]), rooms)
    table = {name: (stored(rooms, name), value) for name, value in numbers(s, rooms).items()}
    print(pd.DataFrame(table, index=["stored", "refit"]).T.round(3).to_string())
    print(dict(zip(CORPORATIE, between_gemeenten(s, rooms).round(2), strict=True)), "over gemeenten")
    print(spread(s, rooms).round(2).to_string())
    print(income_errors(incomes(s, rooms, persons_fit(s)), rooms).round(2).to_string())


if __name__ == "__main__":
    with refused(sys.argv[1:]):
        main(sys.argv[1:])
