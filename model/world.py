"""Every table and column of the city, and the codes that stand in them.

One row per dwelling; whoever lives there has their columns in that row, and a vacant home is a row with identity 0.
A vulnerable resident has a row in `persons` besides, and is found there also without a home. Rows of dwellings are
sorted by buurt and portiek and never move. The data dictionary in `docs/columns.md` is generated from this file.

Outside kernels a column is compared with `int(Place.THUIS)`: NumPy takes microseconds to see that an enum is a number.
"""

from dataclasses import dataclass, field, fields
from enum import IntEnum
from typing import Any, Self

import numpy as np

from model.jit import kernel
from model.table import Table, column

NEVER = -10_000  # a month that lies before everything
NOBODY = -1  # no row
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Tenure(IntEnum):
    """Eigendom."""

    KOOP = 0
    VRIJE_HUUR = 1
    SOCIALE_HUUR = 2


class AgeClass(IntEnum):
    """Age of the reference person (E218)."""

    TOT_35 = 0
    VAN_35_TOT_65 = 1
    VAN_65_TOT_75 = 2
    VANAF_75 = 3


class SesClass(IntEnum):
    """Incomes of the country: the 40% lowest, the 40% above them, the 20% highest (CBS)."""

    LAAG = 0
    MIDDEN = 1
    HOOG = 2


class DwellingKind(IntEnum):
    """Single-family or not (CBS)."""

    EENGEZINS = 0
    MEERGEZINS = 1


class Profile(IntEnum):
    """The leading profile of a vulnerable resident."""

    PSYCHISCH = 0
    VERSLAVING = 1
    LVB = 2
    ECONOMISCH_DAKLOOS = 3
    JONGERE_JEUGDZORG = 4
    UITSTROOM_BW = 5
    VROUW_GEZIN_OPVANG = 6
    STATUSHOUDER = 7
    KWETSBARE_OUDERE = 8
    MULTIPROBLEEMGEZIN = 9


class Place(IntEnum):
    """Where a vulnerable resident is; AFWEZIG is an empty row of the table."""

    AFWEZIG = 0
    THUIS = 1
    OPVANG = 2
    BESCHERMD_WONEN = 3
    KLINIEK = 4
    JEUGDZORG = 5
    VROUWENOPVANG = 6
    AZC = 7
    BANK = 8  # on somebody's couch


class Wish(IntEnum):
    """How a vulnerable resident wants to live (E040)."""

    ZELFSTANDIG = 0
    BIJ_LOTGENOTEN = 1  # near peers


class Status(IntEnum):
    """What the professionals know of a vulnerable resident."""

    LATENT = 0
    BEKEND = 1
    SLAPEND = 2  # known before, and now only a waakvlam


class TeamKind(IntEnum):
    """Kinds of support staff."""

    WIJKTEAM = 0
    AMBULANT = 1
    WELZIJN = 2
    BEHEER = 3
    WIJKAGENT = 4


CARE = 2  # kinds of teams that help persons: wijkteam and ambulant come first in TeamKind


class Payer(IntEnum):
    """Who pays."""

    GEMEENTE_WMO = 0
    GEMEENTE_OPVANG = 1
    GEMEENTE_JEUGD = 2
    ZORGVERZEKERAAR = 3
    ZORGKANTOOR = 4
    CORPORATIE = 5
    POLITIE_JUSTITIE = 6
    RIJK = 7
    HUISHOUDEN = 8
    BUREN = 9


class Eviction(IntEnum):
    """Why a household must leave at the end of this month."""

    NONE = 0
    ARREARS = 1
    NUISANCE = 2


class Count(IntEnum):
    """What kernels count each month, per buurt; what has no buurt (queues, hours) in a row of its gemeente, after all buurten."""

    BEWOOND = 0
    LEEG = 1
    PERSONEN_THUIS = 2
    BEKENDEN_THUIS = 3
    VERTROKKEN = 4
    BETROKKEN = 5
    VERTROKKEN_SOCIAAL = 6
    VERHUURD_REGULIER = 7
    WACHT_REGULIER_MAANDEN = 8
    GEPLAATST = 9
    WACHT_PERSONEN_MAANDEN = 10
    INCIDENTEN = 11
    INCIDENTEN_PERSONEN = 12
    VAAK_HINDER = 13
    KLACHTEN = 14
    KLACHTEN_PERSONEN = 15
    INTERVENTIES = 16
    ESCALATIES_HUISHOUDENS = 17
    ESCALATIES_PERSONEN = 18
    POLITIEMELDINGEN = 19
    EPISODES = 20
    CRISES = 21
    CRISISHULP = 22
    OPNAMEN = 23
    OPNAMEDAGEN = 24
    ACHTERSTANDEN = 25
    VONNISSEN = 26
    UITZETTINGEN = 27
    UITZETTINGEN_OVERLAST = 28
    NIEUW_KWETSBAAR = 29
    HERSTELD = 30
    GELAND_BEOORDEELD = 31
    GELAND_ZACHT = 32
    PERSONEN_VERTROKKEN = 33
    THUIS_VERLOREN = 34
    GEVONDEN = 35
    BANK_MAANDEN = 36
    OPVANG_MAANDEN = 37
    BW_MAANDEN = 38
    KLINIEK_MAANDEN = 39
    JEUGDZORG_MAANDEN = 40
    VROUWENOPVANG_MAANDEN = 41
    AZC_MAANDEN = 42
    PERSONEN_WACHTEND = 43
    WONINGZOEKENDEN = 44
    PERSONEN_INSTROOM = 45
    ZOEKERS_INSTROOM = 46
    PERSONEN_AFGEHAAKT = 47
    ZOEKERS_AFGEHAAKT = 48
    WIJKTEAM_UREN = 49
    AMBULANT_UREN = 50
    WELZIJN_UREN = 51
    BEHEER_UREN = 52
    WIJKAGENT_UREN = 53
    NAZORG_LAAT = 54
    DAKLOOS_GEWORDEN = 55
    VERHUURD_LAAG_INKOMEN = 56
    WACHT_LAAG_INKOMEN_MAANDEN = 57
    PLAATSEN_MAANDEN = 58
    GESPREKKEN = 59
    GEWEIGERD = 60
    UITGESLOTEN = 61
    EENZAAM = 62
    SCHULDEN = 63
    CONTACT_VERLOREN = 64
    INDICATIES_AFGELOPEN = 65
    KIND_MAANDEN = 66
    BANK_JONGEREN_MAANDEN = 67
    # for the bill: places by kind, months in a kliniek that fall under the Wlz, and vacant homes of corporaties
    PLAATSEN_OPVANG = 68
    PLAATSEN_BW = 69
    PLAATSEN_KLINIEK = 70
    PLAATSEN_JEUGDZORG = 71
    PLAATSEN_VROUWENOPVANG = 72
    PLAATSEN_AZC = 73
    KLINIEK_LANG_MAANDEN = 74
    LEEG_SOCIAAL = 75
    # where an institution is full: opnamen for which no bed is free, and places that are opened besides
    OPNAMEN_UITGESTELD = 76
    NOODPLAATSEN = 77


COUNTERS = {  # what counts the months that are spent in a place, and the places that there are
    Place.OPVANG: (Count.OPVANG_MAANDEN, Count.PLAATSEN_OPVANG),
    Place.BESCHERMD_WONEN: (Count.BW_MAANDEN, Count.PLAATSEN_BW),
    Place.KLINIEK: (Count.KLINIEK_MAANDEN, Count.PLAATSEN_KLINIEK),
    Place.JEUGDZORG: (Count.JEUGDZORG_MAANDEN, Count.PLAATSEN_JEUGDZORG),
    Place.VROUWENOPVANG: (Count.VROUWENOPVANG_MAANDEN, Count.PLAATSEN_VROUWENOPVANG),
    Place.AZC: (Count.AZC_MAANDEN, Count.PLAATSEN_AZC),
    Place.BANK: (Count.BANK_MAANDEN, NOBODY),  # a couch is no institution
}


class ByProfile(IntEnum):
    """What is counted per profile."""

    GEPLAATST = 0
    GELAND_BEOORDEELD = 1
    GELAND_ZACHT = 2
    CRISES = 3
    OPNAMEDAGEN = 4
    ESCALATIES = 5
    WACHTEND = 6


class ByPlace(IntEnum):
    """What is counted per place where persons wait for a home: who came, less who went, is by how much DAAR changes."""

    GEKOMEN = 0  # from outside, from a home that is lost, or from another place
    NAAR_HUIS = 1  # got a home
    NAAR_HUIS_MAANDEN = 2  # how long those had been in this place
    AFGEHAAKT = 3  # found another way, or gave up
    NAAR_ELDERS = 4  # wait in another place from now on
    GEWEIGERD = 5  # found it full
    DAAR = 6  # are there at the end of the month
    DAAR_MAANDEN = 7  # how long those have been there so far


class Dwellings(Table):
    """A home and who lives there. Fixed at month 0: everything above `identity`."""

    buurt: np.ndarray = column("u2", "row", "row in buurten")
    portiek: np.ndarray = column("u4", "row", "row in portieken: portiek or street segment of about 12 homes")
    tenure: np.ndarray = column("u1", "Tenure", "koop, vrije huur or sociale huur")
    corporatie: np.ndarray = column("u2", "number", "which corporatie owns it; 0 where it is no sociale huur")
    kind: np.ndarray = column("u1", "DwellingKind", "single-family home (eengezins) or not (meergezins)")
    rooms: np.ndarray = column("u1", "rooms", "size of the home")
    rent: np.ndarray = column("f4", "euro/month", "kale huur; 0 for koop")
    ties: np.ndarray = column("u4", "row", "six dwellings whose residents these residents may come to know", width=6)
    identity: np.ndarray = column("u8", "-", "who lives here; 0 is vacant", occupant=True)
    person: np.ndarray = column("i4", "row", "row in persons of a vulnerable resident, else -1", initial=NOBODY, occupant=True)
    ses: np.ndarray = column("f4", "SD", "socio-economic position, national mean 0 and SD about 1", occupant=True)
    age_class: np.ndarray = column("u1", "AgeClass", "age of the reference person", occupant=True)
    size: np.ndarray = column("u1", "persons", "household size", occupant=True)
    frailty: np.ndarray = column("f4", "ratio", "lifelong proneness to cause incidents, mean 1", initial=1, occupant=True)
    months_here: np.ndarray = column("u2", "months", "how long they live here", occupant=True)
    tolerance: np.ndarray = column("f4", "0-1", "how much of each other neighbours bear", initial=0.5, occupant=True)
    informal_help: np.ndarray = column("f4", "hours/month", "burenhulp and mantelzorg given in the buurt", occupant=True)
    satisfaction: np.ndarray = column("f4", "0-10", "own mark for living here", initial=7.6, occupant=True)
    incidents: np.ndarray = column("u1", "per month", "incidents that they caused this month", occupant=True)
    incidents_before: np.ndarray = column(
        "u1", "per month", "incidents of last month: of these neighbours complain now", occupant=True
    )
    nuisance: np.ndarray = column("f4", "per month", "incidents noticed, recent mean", occupant=True)
    arrears: np.ndarray = column("u1", "months", "months of rent arrears", occupant=True)
    eviction: np.ndarray = column("u1", "Eviction", "must leave at the end of this month, and why", occupant=True)
    months_vacant: np.ndarray = column("u1", "months", "how long it stands empty")


class Persons(Table):
    """A kwetsbare bewoner, or a vulnerable household, with one leading profile, at home or waiting."""

    identity: np.ndarray = column("u8", "-", "0 is an empty row")
    profile: np.ndarray = column("u1", "Profile", "leading profile")
    place: np.ndarray = column("u1", "Place", "where they are")
    status: np.ndarray = column("u1", "Status", "latent, bekend or slapend: only the known are seen by a strategy")
    dwelling: np.ndarray = column("i4", "row", "row in dwellings when at home, else -1", initial=NOBODY)
    buurt: np.ndarray = column("u2", "row", "row in buurten of that home, so that nobody need look it up; only when at home")
    network_wijk: np.ndarray = column("u2", "row", "wijk of their own network; they ask for a home in its gemeente")
    ses: np.ndarray = column("f4", "SD", "socio-economic position")
    age_class: np.ndarray = column("u1", "AgeClass", "age of the reference person")
    size: np.ndarray = column("u1", "persons", "household size")
    since: np.ndarray = column("i2", "month", "in the present place since", initial=NEVER)
    waiting_since: np.ndarray = column("i2", "month", "in the queue since", initial=NEVER)
    placed: np.ndarray = column("i2", "month", "placed by agreement, and not yet looked back on; far past if none", initial=NEVER)
    debts: np.ndarray = column("u1", "0/1", "problematic debts")
    wish: np.ndarray = column("u1", "Wish", "how they want to live")
    coping: np.ndarray = column(
        "f4", "0-1", "skills for living on one's own; a long stay in an institution costs them", initial=0.5
    )
    stability: np.ndarray = column("f4", "0-1", "how well it goes", initial=0.5)
    memory: np.ndarray = column("f4", "episodes", "recent episodes, fading: they make the next one likelier")
    network: np.ndarray = column("f4", "0-1", "people to fall back on", initial=0.5)
    trust: np.ndarray = column("f4", "0-1", "trust in professionals", initial=0.5)
    participation: np.ndarray = column("f4", "0-1", "day activity and clubs")
    contract: np.ndarray = column("i2", "month", "bound by a three-party contract until; far past if none", initial=NEVER)
    line: np.ndarray = column("u1", "0-2", "second line (2), first line (1), or none but a waakvlam (0)")
    need: np.ndarray = column("f4", "hours/month", "help that is needed")
    hours: np.ndarray = column("f4", "hours/month", "professional help that is given")
    stable_months: np.ndarray = column("u1", "months", "how long it has gone well")
    episode: np.ndarray = column("u1", "0/1", "in an episode at the end of this month")
    episode_days: np.ndarray = column("f4", "days", "days in an episode this month")
    end_day: np.ndarray = column("f4", "day", "the episode ends by itself, counted from the start of the month", initial=np.inf)
    call_day: np.ndarray = column("f4", "day", "somebody calls for help", initial=np.inf)
    harm_day: np.ndarray = column("f4", "day", "it becomes a crisis", initial=np.inf)
    patience_day: np.ndarray = column("f4", "day", "the neighbours' patience ends", initial=np.inf)
    opname_days: np.ndarray = column("i2", "days", "days of opname still to come; the home is kept meanwhile")
    escalations: np.ndarray = column("u1", "number", "escalations since the last placement, or ever at home")
    conflict: np.ndarray = column("u1", "0/1", "an escalation this month")
    crisis: np.ndarray = column("u1", "0/1", "a crisis this month")
    home_lost: np.ndarray = column("u1", "0/1", "the home is given up at the end of this month")


class Seekers(Table):
    """A regular house-seeker; rows stand gemeente by gemeente, and in each in the order of its queue."""

    identity: np.ndarray = column("u8", "-", "who seeks")
    gemeente: np.ndarray = column("u2", "row", "gemeente in which they ask for a home")
    ses: np.ndarray = column("f4", "SD", "socio-economic position: their means")
    age_class: np.ndarray = column("u1", "AgeClass", "age of the reference person")
    size: np.ndarray = column("u1", "persons", "household size")
    since: np.ndarray = column("i2", "month", "registered since", initial=NEVER)


class Portieken(Table):
    """A portiek or street segment."""

    buurt: np.ndarray = column("u2", "row", "row in buurten")
    incidents: np.ndarray = column("u2", "per month", "incidents caused here this month")
    person_incidents: np.ndarray = column("u2", "per month", "of which by persons in an episode")
    complaints: np.ndarray = column("u2", "per month", "complaints to the landlord this month")
    conversations: np.ndarray = column("u2", "per month", "neighbours who spoke to each other about nuisance this month")
    conflicts: np.ndarray = column("u2", "per month", "complaints that started a conflict between households this month")
    intervention: np.ndarray = column("u1", "months", "months that the intervention under the overlastprotocol still works")
    homes: np.ndarray = column("u2", "homes", "how many homes")


class Buurten(Table):
    """A CBS buurt."""

    wijk: np.ndarray = column("u2", "row", "number of the wijk")
    gemeente: np.ndarray = column("u2", "row", "gemeente of that wijk")
    first: np.ndarray = column("u4", "row", "first row in dwellings")
    last: np.ndarray = column("u4", "row", "row after the last in dwellings")
    homes: np.ndarray = column("f8", "homes", "homes")
    sociale_huur: np.ndarray = column("f8", "homes", "homes of corporaties")
    inwoners: np.ndarray = column("f8", "persons", "inhabitants at month 0")
    dichtheid: np.ndarray = column("f8", "inhabitants/km2", "density")
    kwaliteit: np.ndarray = column(
        "f8", "SD", "quality of the stock: how little neighbours hear of each other; no table tells, so drawn"
    )
    voorzieningen: np.ndarray = column("f8", "hours/month", "help that meeting places, clubs and day activity give")
    start_score: np.ndarray = column(
        "f8",
        "score",
        "leefbaarheid as the tables have it, which the last year of the warm-up stands for: deviation from the national mean",
    )
    score: np.ndarray = column("f8", "score", "leefbaarheid now: start plus what changed since that year")
    published_class: np.ndarray = column("u1", "class 1-9", "last published leefbaarheid class")
    samenhang: np.ndarray = column("f8", "0-1", "sociale samenhang: ties and tolerance")
    overlast: np.ndarray = column("f8", "index", "overlast en onveiligheid as perceived, fading")
    samenhang_start: np.ndarray = column("f8", "0-1", "its mean over the last 12 warm-up months")
    overlast_start: np.ndarray = column("f8", "index", "its mean over the last 12 warm-up months")
    warm_months: np.ndarray = column("f8", "months", "warm-up months in that mean")
    draaglast: np.ndarray = column("f8", "hours/month", "help that is needed")
    draagkracht: np.ndarray = column("f8", "hours/month", "help that residents, facilities and teams can give")
    damage: np.ndarray = column("f8", "ratio", "wear by the balance of the two; 1 at the reference load", initial=1)
    tolerance: np.ndarray = column("f8", "0-1", "mean tolerance", initial=0.5)
    ties: np.ndarray = column("f8", "0-1", "mean strength of ties")
    informal_help: np.ndarray = column("f8", "hours/month", "informal help by all who live here")
    satisfaction: np.ndarray = column("f8", "0-10", "residents' own mark", initial=7.6)
    team_hours: np.ndarray = column("f8", "hours/month", "professional hours that are near")
    complaints_seen: np.ndarray = column("f8", "per month", "complaints of each of the last 12 months", width=12)
    need_seen: np.ndarray = column("f8", "hours/month", "published need of the known persons, last 12 months", width=12)
    placed_seen: np.ndarray = column("f8", "persons", "placements of each of the last 12 months", width=12)
    spare_exact: np.ndarray = column("f8", "hours/month", "draagkracht less draaglast: latent")


class Wijken(Table):
    """A CBS wijk, with the lines of support in it."""

    gemeente: np.ndarray = column("u2", "row", "gemeente that it lies in")
    inwoners: np.ndarray = column("f8", "persons", "inhabitants at month 0")
    homes: np.ndarray = column("f8", "homes", "homes")
    response_days: np.ndarray = column("f8", "days", "from a call to help at the door", initial=3)
    load: np.ndarray = column("f8", "ratio", "hours asked over hours there are")
    samenwerking: np.ndarray = column("f8", "0-1", "how far those who help and let homes here work as one")
    caseload_seen: np.ndarray = column("f8", "ratio", "load of each of the last 12 months", width=12)


class Gemeenten(Table):
    """A gemeente: it has its own hours of help and its own queues, and its corporaties house nobody else's."""

    first: np.ndarray = column("u2", "row", "first row in buurten")
    last: np.ndarray = column("u2", "row", "row after the last in buurten")
    inwoners: np.ndarray = column("f8", "persons", "inhabitants at month 0")
    sociale_huur: np.ndarray = column("f8", "homes", "homes of corporaties")


class Corporaties(Table):
    """A corporatie in one gemeente; row k has number k + 1 in `dwellings.corporatie`."""

    gemeente: np.ndarray = column("u2", "row", "gemeente in which it has its homes")
    homes: np.ndarray = column("f8", "homes", "homes that it owns")
    carry: np.ndarray = column("f8", "homes", "fraction of a quota home that is kept for next month")
    voorrang: np.ndarray = column("f8", "share", "lettings by agreement of late, as a share of all")
    weerstand: np.ndarray = column("f8", "0-1", "resistance of those at the desk, who disappoint regular seekers")


class Institutions(Table):
    """All places of one kind of institution in a gemeente."""

    gemeente: np.ndarray = column("u2", "row", "gemeente")
    kind: np.ndarray = column("u1", "Place", "opvang, beschermd wonen, kliniek, jeugdzorg, vrouwenopvang or AZC")
    places: np.ndarray = column("f8", "persons", "places, by inhabitants")
    full: np.ndarray = column("u1", "0/1", "those who wait for a home hold what they may hold: no room for somebody new")


class Teams(Table):
    """A team of one kind in one wijk (beheer: of one corporatie); `support.following_*` say how far hours go to clients."""

    kind: np.ndarray = column("u1", "TeamKind", "kind of team")
    gemeente: np.ndarray = column("u2", "row", "gemeente that it works for")
    wijk: np.ndarray = column("u2", "row", "wijk that it works in; for beheer the corporatie")
    fte: np.ndarray = column("f8", "FTE", "staff")
    hours: np.ndarray = column("f8", "hours/month", "hours there are this month")
    asked: np.ndarray = column("f8", "hours/month", "hours asked")
    given: np.ndarray = column("f8", "hours/month", "hours given")


def month_days(month: int) -> int:
    """Days of a month; month 1 is a January, and February has 28 in every year."""
    return MONTH_DAYS[(month - 1) % 12]


@kernel
def _book(counts, column, rows):
    """One more in column `column` of counts for each of rows [n]."""
    for row in rows:
        counts[row, column] += 1


@kernel
def _sum_at_home(place, dwelling, buurt, weight, out):
    """Add weight [persons] of everyone at home to their buurt in out [buurten]."""
    for i in range(place.size):
        if place[i] == Place.THUIS:
            out[buurt[dwelling[i]]] += weight[i]


@kernel
def _first_free(identity, count):
    """The lowest rows where identity is 0: so many, or as many as there are."""
    out, found = np.empty(count, np.int64), 0
    for i in range(identity.size):
        if found == count:
            break
        if identity[i] == 0:
            out[found] = i
            found += 1
    return out[:found]


@dataclass
class World:
    """The state of the city at the end of a month; `counts` [buurten + gemeenten, Count] and the two below are this month's."""

    dwellings: Dwellings
    persons: Persons
    seekers: Seekers
    portieken: Portieken
    buurten: Buurten
    wijken: Wijken
    gemeenten: Gemeenten
    corporaties: Corporaties
    institutions: Institutions
    teams: Teams
    month: int
    mean_propensity: float  # mean over the country's households of the onset ratio: it holds onset to the national level
    persons_per_month: float  # expected arrivals: exogenous, and the same under every scenario (choice 6)
    seekers_per_month: float
    counts: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.int64))
    by_profile: np.ndarray = field(default_factory=lambda: np.zeros((len(Profile), len(ByProfile)), np.int64))
    by_place: np.ndarray = field(default_factory=lambda: np.zeros((len(Place), len(ByPlace)), np.int64))

    def __post_init__(self) -> None:
        if not self.counts.size:
            self.counts = np.zeros((self.buurten.rows + self.gemeenten.rows, len(Count)), np.int64)

    @classmethod
    def tables(cls) -> dict[str, type[Table]]:
        """Name and class of every table."""
        return {f.name: f.type for f in fields(cls) if isinstance(f.type, type) and issubclass(f.type, Table)}

    def copy(self) -> Self:
        """A world of its own with equal content."""
        parts: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        twins: dict[str, Any] = {n: v if isinstance(v, int | float) else v.copy() for n, v in parts.items()}
        return type(self)(**twins)

    def differing(self, other: Self) -> list[str]:
        """`table.column` names that are not bit-equal."""
        names = [f"{t}.{c}" for t in self.tables() for c in getattr(self, t).differing(getattr(other, t))]
        counters = ("counts", "by_profile", "by_place")
        return names + [n for n in counters if getattr(self, n).tobytes() != getattr(other, n).tobytes()]

    @property
    def nbytes(self) -> int:
        """Memory of all columns, in bytes."""
        return sum(getattr(self, t).nbytes for t in self.tables())

    @property
    def buurt_counts(self) -> np.ndarray:
        """The counters of buurten [buurten, Count]: a part of `counts`, not a copy."""
        return self.counts[: self.buurten.rows]

    @property
    def gemeente_counts(self) -> np.ndarray:
        """The counters of what has no buurt [gemeenten, Count]: a part of `counts`, not a copy."""
        return self.counts[self.buurten.rows :]

    def new_persons(self, count: int) -> np.ndarray:
        """Rows [count] of `persons` that are free, lowest first; the table grows when there are not enough."""
        rows = _first_free(self.persons.identity, count)
        if rows.size < count:
            self.persons.grow(self.persons.rows + max(count - rows.size, self.persons.rows // 4, 64))
            rows = _first_free(self.persons.identity, count)
        return rows

    def book(self, count: Count, buurt: np.ndarray) -> None:
        """Count an event in each of the buurten [n]; a buurt that is named twice counts twice."""
        _book(self.counts, int(count), buurt)

    def book_in_gemeente(self, count: Count, gemeente: np.ndarray) -> None:
        """Count an event that has no buurt in each of the gemeenten [n]."""
        _book(self.gemeente_counts, int(count), gemeente)

    def book_in_place(self, what: ByPlace, place: np.ndarray) -> None:
        """Count this of each person who is in one of the places [n]."""
        _book(self.by_place, int(what), place)

    def sum_at_home(self, weight: np.ndarray) -> np.ndarray:
        """Sum per buurt (float64 [buurten]) of a weight [persons] over the vulnerable residents who are at home."""
        out = np.zeros(self.buurten.rows)
        _sum_at_home(self.persons.place, self.persons.dwelling, self.dwellings.buurt, weight, out)
        return out
