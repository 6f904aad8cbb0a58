"""What is measured: one function each of what kernels counted over a period, with unit, labels and what difference matters.

A `Period` holds counters summed, and states averaged, over some months for some places; the same functions serve a month,
a year and the whole horizon, so that no average of averages can creep in. Rates are per year.
"""

from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from model.followed import Followed
from model.jit import kernel
from model.world import COUNTERS, NOBODY, Count, World

STATES = (
    "score",
    "start_score",
    "draagkracht",
    "draaglast",
    "tolerance",
    "ties",
    "satisfaction",
)
HELD = tuple(months for months, places in COUNTERS.values() if places != NOBODY)  # of who could go home, in an institution
CITY_STATES = ("response_days", "load", "samenwerking")
SUMS = ("draagkracht", "draaglast")  # of several buurten these add up; others are averaged
_ADD_UP = np.array([[name in SUMS] for name in STATES + CITY_STATES])
_of_buurten, _of_wijken = attrgetter(*STATES), attrgetter(*CITY_STATES)  # tuples of columns


class Parameters(NamedTuple):
    relevant_leefbaarheid: float
    relevant_share: float
    relevant_ratio: float
    relevant_months: float
    smallest_buurt_homes: int
    same_mark: float
    same_stability: float


class Period(NamedTuple):
    """Counters [periods, places, Count] summed over `months` each; states {name: [periods, places]} averaged."""

    counts: np.ndarray
    states: dict[str, np.ndarray]
    months: np.ndarray  # [periods, 1], or [periods, places]
    homes: np.ndarray  # [places]
    social: np.ndarray  # [places] corporatie homes

    def per_year(self, count: Count) -> np.ndarray:
        return self.counts[..., count] * 12.0 / self.months

    def per_1000_homes(self, count: Count) -> np.ndarray:
        return 1000.0 * self.per_year(count) / np.maximum(self.homes, 1.0)

    def per_1000_social(self, count: Count) -> np.ndarray:
        return 1000.0 * self.per_year(count) / np.where(self.social > 0, self.social, np.nan)

    def mean_stock(self, count: Count) -> np.ndarray:
        return self.counts[..., count] / self.months

    def ratio(self, above: Count, below: Count) -> np.ndarray:
        """NaN where nothing happened: unknown is not zero."""
        under = self.counts[..., below].astype(float)
        return self.counts[..., above] / np.where(under > 0, under, np.nan)


@dataclass(frozen=True)
class Label:
    """What a reader needs to know of what is measured.

    `better` is +1 if more is better, -1 if less, 0 if neither; `window` is the stretch of months over which scenarios are
    compared: the whole horizon for what happens, the last year for what has built up.
    """

    name: str
    unit: str
    nl: str
    en: str
    better: int
    relevant: str  # the parameter that says what difference matters
    window: str

    def relevant_difference(self, p: "Parameters", baseline: float) -> float:
        """The difference that matters, in the indicator's own unit; a ratio is of the baseline's value."""
        value = getattr(p, self.relevant)
        return float(value * abs(baseline)) if self.relevant == "relevant_ratio" else float(value)


@dataclass(frozen=True)
class Indicator(Label):
    """What is measured of a period."""

    compute: Callable[[Period], np.ndarray]


INDICATORS: dict[str, Indicator] = {}


def indicator(
    unit: str, nl: str, en: str, better: int = -1, relevant: str = "relevant_ratio", window: str = "horizon"
) -> Callable:
    """Register the function below under its own name."""

    def register(compute: Callable[[Period], np.ndarray]) -> Callable[[Period], np.ndarray]:
        INDICATORS[compute.__name__] = Indicator(compute.__name__, unit, nl, en, better, relevant, window, compute)
        return compute

    return register


@indicator(
    "score",
    "Leefbaarheid (afwijking van landelijk gemiddelde)",
    "Leefbaarheid (deviation from national mean)",
    1,
    "relevant_leefbaarheid",
    window="last_year",
)
def leefbaarheid(x: Period) -> np.ndarray:
    return x.states["score"]


@indicator(
    "score",
    "Verandering van leefbaarheid sinds de start",
    "Change in leefbaarheid since the start",
    1,
    "relevant_leefbaarheid",
    window="last_year",
)
def leefbaarheid_verandering(x: Period) -> np.ndarray:
    return x.states["score"] - x.states["start_score"]


@indicator(
    "0-10",
    "Oordeel van bewoners over hun buurt",
    "Residents' mark for their neighbourhood",
    1,
    "relevant_leefbaarheid",
    window="last_year",
)
def oordeel_bewoners(x: Period) -> np.ndarray:
    return x.states["satisfaction"]


@indicator("per 1.000 corporatiewoningen per jaar", "Overlastklachten bij de corporatie", "Nuisance complaints to the landlord")
def klachten(x: Period) -> np.ndarray:
    return x.per_1000_social(Count.KLACHTEN)


@indicator("per 1.000 corporatiewoningen per jaar", "Klachten over kwetsbare bewoners", "Complaints about vulnerable residents")
def klachten_over_personen(x: Period) -> np.ndarray:
    return x.per_1000_social(Count.KLACHTEN_PERSONEN)


@indicator("aandeel huishoudens", "Heeft vaak hinder van buren", "Often bothered by neighbours", -1, "relevant_share")
def vaak_hinder(x: Period) -> np.ndarray:
    return x.ratio(Count.VAAK_HINDER, Count.BEWOOND)


@indicator(
    "aandeel",
    "Aandeel incidenten door kwetsbare bewoners",
    "Share of incidents caused by vulnerable residents",
    0,
    "relevant_share",
)
def aandeel_incidenten_personen(x: Period) -> np.ndarray:
    return x.ratio(Count.INCIDENTEN_PERSONEN, Count.INCIDENTEN)


@indicator("per 1.000 woningen per jaar", "Escalaties", "Escalations")
def escalaties(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.ESCALATIES_HUISHOUDENS) + x.per_1000_homes(Count.ESCALATIES_PERSONEN)


@indicator("per 1.000 woningen per jaar", "Escalaties rond kwetsbare bewoners", "Escalations around vulnerable residents")
def escalaties_personen(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.ESCALATIES_PERSONEN)


@indicator("per 1.000 woningen per jaar", "Meldingen verward gedrag bij de politie", "Police reports of confused behaviour")
def politiemeldingen(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.POLITIEMELDINGEN)


@indicator("per 1.000 woningen per jaar", "Crises", "Crises")
def crises(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.CRISES)


@indicator("per 1.000 woningen per jaar", "Opnamen", "Admissions (opnamen)")
def opnamen(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.OPNAMEN)


@indicator("dagen per 1.000 woningen per jaar", "Opnamedagen", "Days of opname")
def opnamedagen(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.OPNAMEDAGEN)


@indicator("per 1.000 corporatiewoningen per jaar", "Huisuitzettingen", "Evictions")
def uitzettingen(x: Period) -> np.ndarray:
    return x.per_1000_social(Count.UITZETTINGEN)


@indicator("per 1.000 corporatiewoningen per jaar", "Vonnissen", "Eviction judgments")
def vonnissen(x: Period) -> np.ndarray:
    return x.per_1000_social(Count.VONNISSEN)


@indicator("aandeel corporatiewoningen", "Huurachterstand", "Rent arrears", -1, "relevant_share")
def achterstanden(x: Period) -> np.ndarray:
    return x.mean_stock(Count.ACHTERSTANDEN) / np.where(x.social > 0, x.social, np.nan)


@indicator("aandeel geplaatsten", "Zachte landing na 12 maanden", "Soft landing at 12 months", 1, "relevant_share")
def zachte_landing(x: Period) -> np.ndarray:
    return x.ratio(Count.GELAND_ZACHT, Count.GELAND_BEOORDEELD)


@indicator(
    "maanden", "Wachttijd van geplaatste kwetsbare bewoners", "Waiting time of placed vulnerable residents", -1, "relevant_months"
)
def wachttijd_personen(x: Period) -> np.ndarray:
    return x.ratio(Count.WACHT_PERSONEN_MAANDEN, Count.GEPLAATST)


@indicator(
    "maanden", "Inschrijfduur van reguliere woningzoekenden", "Registration time of regular seekers", -1, "relevant_months"
)
def wachttijd_regulier(x: Period) -> np.ndarray:
    return x.ratio(Count.WACHT_REGULIER_MAANDEN, Count.VERHUURD_REGULIER)


@indicator(
    "maanden",
    "Inschrijfduur van woningzoekenden met een laag inkomen",
    "Registration time of seekers with a low income",
    -1,
    "relevant_months",
)
def wachttijd_laag_inkomen(x: Period) -> np.ndarray:
    return x.ratio(Count.WACHT_LAAG_INKOMEN_MAANDEN, Count.VERHUURD_LAAG_INKOMEN)


@indicator("personen", "Wachtende kwetsbare bewoners", "Vulnerable residents waiting")
def personen_wachtend(x: Period) -> np.ndarray:
    return x.mean_stock(Count.PERSONEN_WACHTEND)


@indicator(
    "aandeel plaatsen",
    "Plaatsen in instellingen, bezet door wie op een woning wacht",
    "Places in institutions that are held by those who wait for a home",
    -1,
    "relevant_share",
)
def verstopping(x: Period) -> np.ndarray:
    held = sum(x.counts[..., c] for c in HELD)
    places = x.counts[..., Count.PLAATSEN_MAANDEN].astype(float)
    return held / np.where(places > 0, places, np.nan)


@indicator("huishoudens", "Reguliere woningzoekenden", "Regular seekers waiting")
def woningzoekenden(x: Period) -> np.ndarray:
    return x.mean_stock(Count.WONINGZOEKENDEN)


@indicator("per 1.000 corporatiewoningen per jaar", "Plaatsingen", "Placements", 0)
def plaatsingen(x: Period) -> np.ndarray:
    return x.per_1000_social(Count.GEPLAATST)


@indicator(
    "aandeel huishoudens", "Kwetsbare bewoners thuis", "Vulnerable residents at home", 0, "relevant_share", window="last_year"
)
def aandeel_kwetsbaar(x: Period) -> np.ndarray:
    return x.ratio(Count.PERSONEN_THUIS, Count.BEWOOND)


@indicator("aandeel per jaar", "Mutatiegraad corporatiewoningen", "Turnover of corporatie homes", 0, "relevant_share")
def mutatiegraad(x: Period) -> np.ndarray:
    return x.per_1000_social(Count.VERTROKKEN_SOCIAAL) / 1000.0


@indicator("uren per woning per maand", "Draagkracht", "Draagkracht (hours there are)", 1, window="last_year")
def draagkracht(x: Period) -> np.ndarray:
    return x.states["draagkracht"] / np.maximum(x.homes, 1.0)


@indicator("uren per woning per maand", "Draaglast", "Draaglast (hours needed)", window="last_year")
def draaglast(x: Period) -> np.ndarray:
    return x.states["draaglast"] / np.maximum(x.homes, 1.0)


@indicator("0-1", "Verdraagzaamheid", "Tolerance", 1, "relevant_share", window="last_year")
def verdraagzaamheid(x: Period) -> np.ndarray:
    return x.states["tolerance"]


@indicator("0-1", "Sterkte van banden", "Strength of ties", 1, "relevant_share", window="last_year")
def banden(x: Period) -> np.ndarray:
    return x.states["ties"]


@indicator("dagen", "Reactietijd van hulp", "Response time of help")
def reactietijd(x: Period) -> np.ndarray:
    return x.states["response_days"]


@indicator(
    "verhouding", "Gevraagde uren hulp ten opzichte van aanbod", "Hours of help asked over hours there are", -1, "relevant_share"
)
def druk_op_hulp(x: Period) -> np.ndarray:
    return x.states["load"]


@indicator(
    "per 1.000 woningen per jaar", "Gesprekken tussen buren over hinder", "Conversations between neighbours about nuisance", 0
)
def gesprekken(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.GESPREKKEN)


@indicator("aandeel kwetsbare bewoners thuis", "Eenzaam", "Lonely", -1, "relevant_share")
def eenzaamheid(x: Period) -> np.ndarray:
    return x.ratio(Count.EENZAAM, Count.PERSONEN_THUIS)


@indicator("aandeel kwetsbare bewoners thuis", "Problematische schulden", "Problematic debts", -1, "relevant_share")
def schulden(x: Period) -> np.ndarray:
    return x.ratio(Count.SCHULDEN, Count.PERSONEN_THUIS)


@indicator("per 1.000 woningen per jaar", "Uit beeld geraakt bij de hulp", "Dropped out of sight of help")
def contact_verloren(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.CONTACT_VERLOREN)


@indicator("maanden per jaar", "Kindmaanden in opvang", "Child-months in opvang")
def kindmaanden(x: Period) -> np.ndarray:
    return x.per_year(Count.KIND_MAANDEN)


@indicator("maanden per jaar", "Maanden op een bank bij anderen", "Months on somebody's couch")
def bankmaanden(x: Period) -> np.ndarray:
    return x.per_year(Count.BANK_MAANDEN)


@indicator("personen per jaar", "Vond een instelling vol", "Found an institution full")
def geweigerd(x: Period) -> np.ndarray:
    return x.per_year(Count.GEWEIGERD)


@indicator("keer per jaar", "Overgeslagen bij de toewijzing", "Passed over in allocation")
def uitgesloten(x: Period) -> np.ndarray:
    return x.per_year(Count.UITGESLOTEN)


@indicator("0-1", "Samenwerking in de wijk", "Working as one in the wijk", 1, "relevant_share", window="last_year")
def samenwerking(x: Period) -> np.ndarray:
    return x.states["samenwerking"]


@indicator(
    "aandeel plaatsen", "Plaatsen in de opvang, bezet door wie op een woning wacht",
    "Places in shelters held by those who wait for a home", -1, "relevant_share",
)  # fmt: skip
def bezetting_opvang(x: Period) -> np.ndarray:
    return x.ratio(Count.OPVANG_MAANDEN, Count.PLAATSEN_OPVANG)


@indicator(
    "aandeel plaatsen", "Plaatsen in beschermd wonen, bezet door wie op een woning wacht",
    "Places in sheltered housing held by those who wait for a home", -1, "relevant_share",
)  # fmt: skip
def bezetting_bw(x: Period) -> np.ndarray:
    return x.ratio(Count.BW_MAANDEN, Count.PLAATSEN_BW)


@indicator(
    "aandeel plaatsen", "Plaatsen in klinieken, bezet door wie op een woning wacht",
    "Beds in clinics held by those who wait for a home", -1, "relevant_share",
)  # fmt: skip
def bezetting_kliniek(x: Period) -> np.ndarray:
    return x.ratio(Count.KLINIEK_MAANDEN, Count.PLAATSEN_KLINIEK)


@indicator(
    "aandeel plaatsen", "Plaatsen in de jeugdzorg, bezet door wie op een woning wacht",
    "Places in youth care held by those who wait for a home", -1, "relevant_share",
)  # fmt: skip
def bezetting_jeugdzorg(x: Period) -> np.ndarray:
    return x.ratio(Count.JEUGDZORG_MAANDEN, Count.PLAATSEN_JEUGDZORG)


@indicator(
    "aandeel plaatsen", "Plaatsen in de vrouwenopvang, bezet door wie op een woning wacht",
    "Places in women's shelters held by those who wait for a home", -1, "relevant_share",
)  # fmt: skip
def bezetting_vrouwenopvang(x: Period) -> np.ndarray:
    return x.ratio(Count.VROUWENOPVANG_MAANDEN, Count.PLAATSEN_VROUWENOPVANG)


@indicator(
    "aandeel plaatsen", "Plaatsen in azc's, bezet door wie op een woning wacht",
    "Places in asylum centres held by those who wait for a home", -1, "relevant_share",
)  # fmt: skip
def bezetting_azc(x: Period) -> np.ndarray:
    return x.ratio(Count.AZC_MAANDEN, Count.PLAATSEN_AZC)


@indicator("per 1.000 woningen per jaar", "Uitgestelde opnamen: geen bed vrij", "Opnamen put off: no bed free")
def opnamen_uitgesteld(x: Period) -> np.ndarray:
    return x.per_1000_homes(Count.OPNAMEN_UITGESTELD)


@indicator("plaatsen", "Noodplaatsen boven op de plaatsen die er zijn", "Emergency places besides those that there are")
def noodplaatsen(x: Period) -> np.ndarray:
    return x.mean_stock(Count.NOODPLAATSEN)


# Two more are made of several places, or of money, and are filled where a run is summed up (experiments.engine.measure).
BESIDES = {
    label.name: label
    for label in (
        Label(
            "leefbaarheid_slechtste", "score", "Leefbaarheid van de slechtste buurt", "Leefbaarheid of the worst buurt", 1,
            "relevant_leefbaarheid", "last_year",
        ),
        Label(
            "kosten", "euro per jaar", "Kosten, alle betalers samen", "Costs, all payers together", -1, "relevant_ratio",
            "horizon",
        ),
    )
}  # fmt: skip
COMPARED: dict[str, Label] = {**INDICATORS, **BESIDES}  # in the order in which a run keeps them


@kernel
def _keep_counts(month, counts, by_profile, by_place, kept, kept_by_profile, kept_by_place):
    """A month's counters into those of all months, which are smaller numbers; False if one is too large for them."""
    fits = True
    for row in range(counts.shape[0]):
        for c in range(counts.shape[1]):
            kept[month, row, c] = counts[row, c]
            fits &= kept[month, row, c] == counts[row, c]
    kept_by_profile[month], kept_by_place[month] = by_profile, by_place
    return fits


@kernel
def _keep_states(month, of_buurten, of_wijken, wijk, kept):
    """A month's columns of buurten, and for each buurt those of its wijk, into kept [months, states, buurten]."""
    for b in range(wijk.size):
        for s in range(len(of_buurten)):
            kept[month, s, b] = of_buurten[s][b]
        for s in range(len(of_wijken)):
            kept[month, len(of_buurten) + s, b] = of_wijken[s][wijk[b]]


@kernel
def _sum_counts(counts, months, place, total):
    """Counters of every period into total [periods, places, Count]; months [periods, 2]: first, and after the last."""
    for t in range(months.shape[0]):
        for month in range(months[t, 0], months[t, 1]):
            for row in range(place.size):
                if place[row] != NOBODY:
                    mine, whole = counts[month, row], total[t, place[row]]
                    for c in range(mine.size):
                        whole[c] += mine[c]


@kernel
def _mean_states(states, months, place, weights, total):
    """States of every period into total [states, periods, places]: mean over its months, times weights [states, buurten]."""
    over_months = np.empty(states.shape[2])
    for s in range(states.shape[1]):
        for t in range(months.shape[0]):
            over_months[:] = 0.0
            for month in range(months[t, 0], months[t, 1]):
                for b in range(over_months.size):
                    over_months[b] += states[month, s, b]
            for b in range(over_months.size):
                total[s, t, place[b]] += over_months[b] / (months[t, 1] - months[t, 0]) * weights[s, b]


class Record:
    """Counters and states of every month from `first` on, row 0 being the state at `first`; filled by `City`.

    counts    int32 [months + 1, buurten + gemeenten, Count], as in `World`; sums are taken in 64 bits
    states    float64 [months + 1, STATES + CITY_STATES, buurten]
    followed  persons and households, where they are asked for (`model.followed`), else None
    """

    def __init__(self, world: World, months: int, follow: bool = False) -> None:
        b = world.buurten
        self.first, self.filled = world.month, 0
        self.counts = np.zeros((months + 1, *world.counts.shape), np.int32)
        self.by_profile = np.zeros((months + 1, *world.by_profile.shape), np.int64)
        self.by_place = np.zeros((months + 1, *world.by_place.shape), np.int64)
        self.states = np.zeros((months + 1, len(STATES) + len(CITY_STATES), b.rows))
        self.followed = Followed(world, months) if follow else None
        self.homes, self.social, self.gemeenten = b.homes.copy(), b.sociale_huur.copy(), world.gemeenten.rows
        inside, gemeenten = np.zeros(b.rows, np.int64), np.arange(world.gemeenten.rows)
        outside = np.full(gemeenten.size, NOBODY)
        self._places = {  # at each level, the place of each row of the counters; what has no buurt has no wijk either
            "town": np.concatenate([inside, np.zeros_like(gemeenten)]),
            "gemeente": np.concatenate([world.buurten.gemeente, gemeenten]),
            "wijk": np.concatenate([b.wijk, outside]),
            "buurt": np.concatenate([np.arange(b.rows), outside]),
        }

    def copy(self) -> "Record":
        """A record of its own with equal content; months that are still to come take no memory until they are kept."""
        twin = copy(self)
        for name in ("counts", "by_profile", "by_place", "states"):
            mine = getattr(self, name)
            theirs = np.zeros(mine.shape, mine.dtype)
            theirs[: self.filled + 1] = mine[: self.filled + 1]
            setattr(twin, name, theirs)
        twin.followed = self.followed.copy() if self.followed is not None else None
        return twin

    def add(self, world: World) -> None:
        """Keep the month that has just ended. Raises `OverflowError` rather than keep a wrong number."""
        k = world.month - self.first
        fits = _keep_counts(k, world.counts, world.by_profile, world.by_place, self.counts, self.by_profile, self.by_place)
        if not fits:
            raise OverflowError(f"month {world.month}: a counter is too large for the record")
        _keep_states(k, _of_buurten(world.buurten), _of_wijken(world.wijken), world.buurten.wijk, self.states)
        if self.followed is not None and k > 0:
            self.followed.add(world)
        self.filled = k

    def period(self, months: list[slice], level: str) -> Period:
        """Sums and means over stretches of months, for the places of a level: town (all as one), gemeente, wijk or buurt."""
        bounds = np.array([m.indices(self.counts.shape[0])[:2] for m in months])
        place = self._places[level]
        places = int(place.max()) + 1
        counts = np.zeros((len(months), places, len(Count)), np.int64)
        _sum_counts(self.counts, bounds, place, counts)
        in_buurt = place[: self.homes.size]
        homes, social = (np.bincount(in_buurt, weights, places) for weights in (self.homes, self.social))
        states = np.zeros((len(STATES + CITY_STATES), len(months), places))
        _mean_states(self.states, bounds, in_buurt, np.where(_ADD_UP, 1.0, self.homes), states)
        states /= np.where(_ADD_UP[..., None], 1.0, np.maximum(homes, 1.0))
        return Period(counts, dict(zip(STATES + CITY_STATES, states, strict=True)), np.diff(bounds), homes, social)


def place_by_place(periods: list[Period]) -> Period:
    """All places of all periods, one after the other, as the places of one: what is measured of a place needs no other."""
    shapes = [x.counts.shape[:2] for x in periods]

    def laid_out(parts: Iterable[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.broadcast_to(part, shape).ravel() for part, shape in zip(parts, shapes, strict=True)])

    return Period(
        np.concatenate([x.counts.reshape(-1, len(Count)) for x in periods])[None],
        {name: np.concatenate([x.states[name].ravel() for x in periods])[None] for name in periods[0].states},
        laid_out(x.months for x in periods)[None],
        laid_out(x.homes for x in periods),
        laid_out(x.social for x in periods),
    )


def measure(period: Period) -> np.ndarray:
    """All indicators: float64 [periods, places, indicators]."""
    found = np.empty((*period.counts.shape[:2], len(INDICATORS)))
    for k, measured in enumerate(INDICATORS.values()):
        found[..., k] = measured.compute(period)
    return found
