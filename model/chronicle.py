"""The event log of a city, on request: what happened to whom, found by comparing the columns of two months.

    chronicle = Chronicle(city, p)
    chronicle.run(120)              # or `city.step()` and `chronicle.look()`, month by month
    log = chronicle.table()

A chronicle only reads. Nothing in the model knows of it, so that a city that nobody follows pays nothing, and one that is
followed lives the same bits. Who is who follows identity, because rows of persons are used again.

Of a portiek it tells what neighbours said and did about nuisance: that has no person and no home, and stands under the portiek.

What a comparison of months can not show: a judgment that ends in an agreement, and what happens to somebody in the very month
in which they leave or recover, because their row is empty at its end; `Chronicle.unseen` counts the latter. Where the model has
a day, the date has one: the onset of an episode, a crisis, an opname and its end, and an escalation of an episode that had begun
in an earlier month. Of other events only the month is known.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from model.mechanisms import crisis
from model.mechanisms.inflow import FIRST_MONTH, PERSON_ID, person_traits
from model.randomness import Stream
from model.world import NEVER, NOBODY, Count, Place, Profile, Status, World, month_days

if TYPE_CHECKING:
    from model.city import City

YEAR = 12  # months
NO_PROFILE, UNKNOWN = 255, 255  # a household without a vulnerable resident; a place that no column shows
ORDINAL = np.uint64(32)  # bits of an identity in which those who arrive in a month are numbered; above them stands the month


class Parameters(NamedTuple):
    day_activity: float
    first_year: int


class Event(StrEnum):
    """What can happen, in the order in which it does within a month. `value` of the log is between brackets."""

    BEGIN = "begin"  # there when the log begins [months in this place]
    WACHTRIJ = "wachtrij"  # joins the queue of persons, from `place`
    ANDERE_PLEK = "andere_plek"  # waits elsewhere from now on, in `place`: the opvang is full, or has room again
    OPGEGEVEN = "opgegeven"  # finds another way, or gives up waiting [months waited]
    HERSTELD = "hersteld"  # is no longer vulnerable
    KWETSBAAR = "kwetsbaar"  # becomes vulnerable at home
    GEVONDEN = "gevonden"  # a team gets to know of them [line of help]
    UIT_BEELD = "uit_beeld"  # drops out of sight
    HULP_OP = "hulp_op"  # help is stepped up [line of help]
    HULP_AF = "hulp_af"  # help is stepped down [line of help; 0 is a waakvlam]
    DAGBESTEDING = "dagbesteding"  # day activity is gained
    DAGBESTEDING_KWIJT = "dagbesteding_kwijt"
    EPISODE = "episode"  # an episode begins
    GESPREK = "gesprek"  # in a portiek: neighbours speak to each other about nuisance [conversations]
    KLACHT = "klacht"  # in a portiek: complaints to the corporatie [complaints]
    RUZIE = "ruzie"  # in a portiek: a complaint starts a conflict between households [conflicts]
    INTERVENTIE = "interventie"  # in a portiek: the beheerder steps in under the overlastprotocol [months that it works]
    ESCALATIE = "escalatie"  # between a vulnerable resident and the neighbours
    CRISIS = "crisis"
    OPNAME = "opname"  # [days of it]
    UIT_OPNAME = "uit_opname"  # comes home from opname
    ACHTERSTAND = "achterstand"  # arrears begin [months of arrears]
    ACHTERSTAND_EINDE = "achterstand_einde"  # arrears end, paid or by agreement [months of arrears that there were]
    UITGEZET = "uitgezet"  # the home is lost by eviction, to `place`
    HUIS_KWIJT = "huis_kwijt"  # the home is lost otherwise, to `place`
    VERTROKKEN = "vertrokken"  # a vulnerable resident moves away or dies
    HUISHOUDEN_WEG = "huishouden_weg"  # so does a household without one
    GEPLAATST = "geplaatst"  # a person gets a home [months waited]
    HUISHOUDEN_KOMT = "huishouden_komt"  # a household without a vulnerable resident moves in


OF_PORTIEK = (Event.GESPREK, Event.KLACHT, Event.RUZIE, Event.INTERVENTIE)  # that have no person and no home
ORDER = {event: k for k, event in enumerate(Event)}
REPORTS = (Event.ESCALATIE, Event.CRISIS)  # what neighbours, family or police report as somebody in distress
SEEN = (
    "identity", "profile", "place", "status", "line", "dwelling", "since", "waiting_since", "participation", "memory", "episode",
    "episode_days", "patience_day", "opname_days", "conflict", "crisis", "need", "hours",
)  # fmt: skip


class Moment(NamedTuple):
    """What a chronicle remembers of the end of a month."""

    month: int
    persons: dict[str, np.ndarray]  # the columns SEEN of everyone [n], by identity
    household: np.ndarray  # identity of who lives in each dwelling
    arrears: np.ndarray  # months, of each dwelling


class Folk(NamedTuple):
    """Everyone [n] who is in the table of persons now, beside what they were a month ago."""

    now: dict[str, np.ndarray]
    was: dict[str, np.ndarray]  # as an empty row where they were not there
    known: np.ndarray  # whether they were there
    home: np.ndarray  # dwelling in which they lived this month, before anyone moved; NOBODY is none


class Chronicle:
    """Follows a city from its present month on; ask `look()` after each month, or let it `run()`."""

    def __init__(self, city: "City", p: Parameters) -> None:
        self.city, self.p, self.first = city, p, city.month
        self.unseen = dict.fromkeys(REPORTS, 0)
        self._parts: list[dict[str, np.ndarray]] = []
        self._last = moment(city.world)
        self._begin()

    def run(self, months: int) -> None:
        """Live a number of months and look at each."""
        for _ in range(months):
            self.city.step()
            self.look()

    def look(self) -> None:
        """Find what happened in the month that has just ended; raises ValueError if one was left out."""
        now = moment(self.city.world)
        if now.month != self._last.month + 1:
            raise ValueError(f"the chronicle is at month {self._last.month} and the city at {now.month}: look after each month")
        folk = compared(self._last, now)
        self._come_and_go(folk, now)
        self._help(folk)
        self._distress(folk)
        self._portieken()
        self._homes(now)
        self._last = now

    def table(self) -> pd.DataFrame:
        """The log, in order of month, event and identity: one row per event.

        month      of the model, 1 is January of `p.first_year`
        date       ISO 8601: year-month, or year-month-day where the model has a day
        event      of `Event`
        identity   in decimals, as text: it does not fit in a float; empty where a portiek is meant
        profile, place    names; empty where there is none, or where no column shows it
        dwelling, portiek, buurt    rows of the world; -1 is none
        value      see `Event`; NaN where it has none
        """
        parts = {name: np.concatenate([part[name] for part in self._parts]) for name in self._parts[0]}
        order = np.lexsort((parts["identity"], parts["event"], parts["month"]))
        part = {name: values[order] for name, values in parts.items()}
        d, home = self.city.world.dwellings, part["dwelling"]
        portiek = np.where(home != NOBODY, d.portiek[home].astype(np.int64), part["portiek"])
        return pd.DataFrame(
            {
                "month": part["month"],
                "date": [date(int(m), day, self.p.first_year) for m, day in zip(part["month"], part["day"], strict=True)],
                "event": np.array(list(Event), object)[part["event"]],
                "identity": np.where(part["identity"] != 0, part["identity"].astype(str), ""),
                "profile": _names(Profile, NO_PROFILE)[part["profile"]],
                "place": _names(Place, UNKNOWN)[part["place"]],
                "dwelling": home,
                "portiek": portiek,
                "buurt": np.where(portiek != NOBODY, self.city.world.portieken.buurt[portiek].astype(np.int64), NOBODY),
                "value": part["value"],
            }
        )

    def _add(
        self,
        event: Event,
        identity: np.ndarray,
        profile: np.ndarray | int,
        place: np.ndarray | int,
        dwelling: np.ndarray | int,
        value: np.ndarray | float = np.nan,
        day: np.ndarray | float = np.nan,
        portiek: np.ndarray | int = NOBODY,
    ) -> None:
        """Rows [n] of the log, for this month; `day` counts from its start, and `portiek` is for what has no dwelling."""
        n = identity.size
        given = {"month": self.city.month, "event": ORDER[event], "profile": profile, "place": place, "dwelling": dwelling,
                 "portiek": portiek}  # fmt: skip
        part = {name: np.broadcast_to(np.asarray(v, np.int64), n) for name, v in given.items()}
        more = {name: np.broadcast_to(np.asarray(v, np.float64), n) for name, v in {"value": value, "day": day}.items()}
        self._parts.append({"identity": identity, **part, **more})

    def _of(
        self,
        event: Event,
        folk: dict[str, np.ndarray],
        which: np.ndarray,
        home: np.ndarray,
        value: np.ndarray | None = None,
        day: np.ndarray | None = None,
        place: int | None = None,
    ) -> None:
        """The event for those of `folk` [n] whom `which` (bool [n]) marks; home, value and day are [n] too."""
        self._add(
            event, folk["identity"][which], folk["profile"][which], folk["place"][which] if place is None else place,
            home[which], np.nan if value is None else value[which], np.nan if day is None else day[which],
        )  # fmt: skip

    def _begin(self) -> None:
        """Who is there when the log begins."""
        now = self._last.persons
        there = np.where(now["since"] == NEVER, np.nan, self._last.month - now["since"].astype(float))
        self._of(Event.BEGIN, now, np.ones(there.size, bool), now["dwelling"], there)

    def _come_and_go(self, folk: Folk, now: Moment) -> None:
        """The queue, vulnerability that arises and passes, homes that are found and lost."""
        this, was, month = folk.now, folk.was, now.month
        home_now, home_then = this["place"] == int(Place.THUIS), was["place"] == int(Place.THUIS)
        waited = month - this["waiting_since"].astype(float)
        arrivals = (PERSON_ID >> ORDINAL) | np.uint64(month + FIRST_MONTH)
        new, arrives = ~folk.known, this["identity"] >> ORDINAL == arrivals
        at_once = new & home_now & (this["waiting_since"] == month)  # came, or lost a home, and was placed in one month
        came = {**this, "place": self._came_from(this, at_once & arrives)}
        self._of(Event.WACHTRIJ, came, new & arrives & (~home_now | at_once), np.full(new.size, NOBODY))
        elsewhere = folk.known & ~home_now & ~home_then & (was["place"] != this["place"])
        self._of(Event.ANDERE_PLEK, this, elsewhere, np.full(new.size, NOBODY))
        self._of(Event.KWETSBAAR, this, new & home_now & ~at_once, this["dwelling"])
        sudden = new & ~arrives & (~home_now | at_once)  # a household of which nothing was known loses its home
        home = np.where(sudden, self._home_of(this["identity"], sudden), folk.home)
        lost = (home_then | sudden) & ~home_now
        evicted = this["place"] == int(Place.OPVANG)
        moved = (home_then & home_now & (was["dwelling"] != this["dwelling"])) | (sudden & at_once)
        self._of(Event.UITGEZET, this, lost & evicted, home)
        self._of(Event.HUIS_KWIJT, this, lost & ~evicted, home)
        self._of(Event.HUIS_KWIJT, this, moved, home, place=UNKNOWN)
        placed = home_now & ((folk.known & ~home_then) | at_once | moved)
        self._of(Event.GEPLAATST, this, placed, this["dwelling"], waited)
        self._gone(now)

    def _came_from(self, folk: dict[str, np.ndarray], which: np.ndarray) -> np.ndarray:
        """Place [n] in which those whom `which` marks waited before they were placed: drawn again by the model's own rule."""
        place, anywhere = folk["place"].copy(), np.ones(1)  # where the network lies decides nothing of it
        place[which] = person_traits(self.city.rooms.inflow, self.city.luck, folk["identity"][which], anywhere)["place"]
        return place

    def _home_of(self, identity: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Dwelling [n] in which those whom `which` marks lived a month ago, else NOBODY."""
        out = np.full(identity.size, NOBODY, np.int64)
        for k in np.flatnonzero(which):  # evictions of a month are few
            homes = np.flatnonzero(self._last.household == identity[k])
            out[k] = homes[0] if homes.size else NOBODY
        return out

    def _gone(self, now: Moment) -> None:
        """Who was in the table of persons a month ago and is not, or is there anew."""
        then = self._last.persons
        here, at = _find(now.persons["identity"], then["identity"])
        home = then["dwelling"]
        housed = then["place"] == int(Place.THUIS)
        other = now.persons["profile"][at] != then["profile"]
        anew = here & housed & (other | ((now.persons["dwelling"][at] == home) & (now.persons["since"][at] == now.month)))
        stays = housed & (now.household[home] == then["identity"])
        waited = now.month - then["waiting_since"].astype(float)
        self._of(Event.HERSTELD, then, (~here & stays) | anew, home)
        self._of(Event.OPGEGEVEN, then, ~here & ~housed, home, waited)
        self._of(Event.VERTROKKEN, then, ~here & housed & ~stays, home)

    def _help(self, folk: Folk) -> None:
        """What professionals know and do, and day activity; of those who are at home and stayed there."""
        now, was = folk.now, folk.was
        stayed = folk.known & (now["place"] == int(Place.THUIS)) & (was["dwelling"] == now["dwelling"])
        hidden_now, hidden_then = now["status"] == int(Status.LATENT), was["status"] == int(Status.LATENT)
        line, change = now["line"].astype(float), now["line"].astype(int) - was["line"].astype(int)
        both = stayed & ~hidden_now & ~hidden_then
        woken = (was["status"] == int(Status.SLAPEND)) & (now["status"] == int(Status.BEKEND))
        asleep = (was["status"] == int(Status.BEKEND)) & (now["status"] == int(Status.SLAPEND))
        self._of(Event.GEVONDEN, now, stayed & hidden_then & ~hidden_now, folk.home, line)
        self._of(Event.UIT_BEELD, now, stayed & ~hidden_then & hidden_now, folk.home)
        self._of(Event.HULP_OP, now, both & (woken | (change > 0)), folk.home, line)
        self._of(Event.HULP_AF, now, both & ~woken & (asleep | (change < 0)), folk.home, line)
        active, was_active = (x["participation"] >= self.p.day_activity for x in (now, was))
        self._of(Event.DAGBESTEDING, now, stayed & active & ~was_active, folk.home)
        self._of(Event.DAGBESTEDING_KWIJT, now, stayed & ~active & was_active, folk.home)

    def _distress(self, folk: Folk) -> None:
        """Episodes and what they come to."""
        now, was, luck = folk.now, folk.was, self.city.luck
        days = month_days(luck.month)
        began = now["memory"] > was["memory"]  # it fades, except when an episode begins
        start = np.where(began, luck.draws(Stream.ONSET_DAY, now["identity"]) * days, 0.0)
        patience = np.where(was["episode"] == 1, was["patience_day"], np.nan)
        over = start + now["episode_days"]
        in_crisis = now["crisis"] == 1
        self._of(Event.EPISODE, now, began, folk.home, day=start)
        self._of(Event.ESCALATIE, now, now["conflict"] == 1, folk.home, day=patience)
        self._of(Event.CRISIS, now, in_crisis, folk.home, day=over)
        stay = self._stays(now, in_crisis, folk.home)
        self._of(Event.OPNAME, now, stay != 0, folk.home, stay, over)
        back = over + stay
        home = (now["place"] == int(Place.THUIS)) & (now["opname_days"] == 0)
        self._of(Event.UIT_OPNAME, now, home & (stay > 0) & (now["dwelling"] == folk.home), folk.home, day=back)
        ended = home & (was["opname_days"] > 0) & (was["dwelling"] == now["dwelling"])
        self._of(Event.UIT_OPNAME, now, ended, folk.home, day=was["opname_days"].astype(float))
        for event, count in ((Event.ESCALATIE, Count.ESCALATIES_PERSONEN), (Event.CRISIS, Count.CRISES)):
            seen = now["conflict" if event is Event.ESCALATIE else "crisis"].sum()
            self.unseen[event] += int(self.city.world.buurt_counts[:, count].sum()) - int(seen)

    def _stays(self, now: dict[str, np.ndarray], in_crisis: np.ndarray, home: np.ndarray) -> np.ndarray:
        """Days of opname [n] that each crisis, in dwelling `home` [n], comes to: 0 is none, NaN one that cost the home.

        What is left of an opname stands in a column, its whole length does not; it is drawn again by the model's own rule.
        """
        p, keys, world = self.city.rooms.crisis, self.city.luck.keys, self.city.world
        i, out = world.institutions, np.zeros(in_crisis.size)
        no_bed = crisis.without_bed((i.kind, i.gemeente, i.full), world.buurten.gemeente)
        for k in np.flatnonzero(in_crisis & ~no_bed[world.dwellings.buurt[home]]):
            if now["place"][k] != int(Place.THUIS):
                out[k] = np.nan if now["place"][k] == int(Place.KLINIEK) else 0.0
                continue
            need, share = float(now["need"][k]), float(p.opname_share[now["profile"][k]])
            helped = min(1.0, float(now["hours"][k]) / need) if need > 0.0 else 0.0
            out[k] = crisis.opname_stay(keys, now["identity"][k], share, helped, p)
        return out

    def _portieken(self) -> None:
        """What neighbours and the beheerder did about nuisance, portiek by portiek."""
        portieken, works = self.city.world.portieken, self.city.rooms.nuisance.intervention_months
        for event, values in (
            (Event.GESPREK, portieken.conversations),
            (Event.KLACHT, portieken.complaints),
            (Event.RUZIE, portieken.conflicts),
            (Event.INTERVENTIE, portieken.intervention * (portieken.intervention == works)),  # one that is older works shorter
        ):
            where = np.flatnonzero(values)
            nobody = np.zeros(where.size, np.uint64)
            self._add(event, nobody, NO_PROFILE, UNKNOWN, NOBODY, values[where], portiek=where)

    def _homes(self, now: Moment) -> None:
        """Arrears of whoever stays, and households without a vulnerable resident who come and go."""
        then, d, persons = self._last, self.city.world.dwellings, self.city.world.persons
        same = (then.household == now.household) & (now.household != 0)
        home_place = int(Place.THUIS)
        for event, which, months in (
            (Event.ACHTERSTAND, same & (then.arrears == 0) & (now.arrears > 0), now.arrears),
            (Event.ACHTERSTAND_EINDE, same & (then.arrears > 0) & (now.arrears == 0), then.arrears),
        ):
            homes = np.flatnonzero(which)
            row = d.person[homes]
            profile = np.where(row == NOBODY, NO_PROFILE, persons.profile[row])
            self._add(event, now.household[homes], profile, home_place, homes, months[homes])
        changed = then.household != now.household
        people = np.concatenate([then.persons["identity"], now.persons["identity"]])
        for event, who in ((Event.HUISHOUDEN_WEG, then.household), (Event.HUISHOUDEN_KOMT, now.household)):
            homes = np.flatnonzero(changed & (who != 0))
            homes = homes[~np.isin(who[homes], people)]
            place = home_place if event is Event.HUISHOUDEN_KOMT else UNKNOWN
            self._add(event, who[homes], NO_PROFILE, place, homes)


def moment(world: World) -> Moment:
    """What is remembered of a world: copies, because columns are written in place."""
    persons = world.persons
    rows = np.flatnonzero(persons.identity)
    rows = rows[np.argsort(persons.identity[rows])]
    columns = {name: getattr(persons, name)[rows] for name in SEEN}
    return Moment(world.month, columns, world.dwellings.identity.copy(), world.dwellings.arrears.copy())


def compared(then: Moment, now: Moment) -> Folk:
    """Everyone of now beside what they were. Who recovered and became vulnerable again within the month counts as new.

    Either at home, or by losing it: then the profile, which nobody changes otherwise, may be another one.
    """
    there, at = _find(then.persons["identity"], now.persons["identity"])
    this = now.persons
    same_home = (this["place"] == int(Place.THUIS)) & (then.persons["dwelling"][at] == this["dwelling"])
    known = there & (then.persons["profile"][at] == this["profile"]) & ~(same_home & (this["since"] == now.month))
    was = {name: np.where(known, values[at], np.zeros(1, values.dtype)) for name, values in then.persons.items()}
    was["dwelling"] = np.where(known, was["dwelling"], NOBODY)
    home = np.where(known & (was["place"] == int(Place.THUIS)), was["dwelling"], this["dwelling"])
    return Folk(this, was, known, home.astype(np.int64))


def _find(among: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(whether each of `who` [n] is among the sorted identities [m], and where; a position that exists where it is not)."""
    at = np.minimum(np.searchsorted(among, who), max(among.size - 1, 0))
    return (among[at] == who, at) if among.size else (np.zeros(who.size, bool), at)


def _names(codes: type[Place] | type[Profile], none: int) -> np.ndarray:
    """Lower-case names by code, and nothing for the code `none`."""
    out = np.full(none + 1, "", object)
    for code in codes:
        out[code] = code.name.lower()
    return out


def date(month: int, day: float, first_year: int) -> str:
    """ISO 8601: 2025-03, or 2025-03-14 where `day` (counted from the start of the month) is known."""
    years, of_year = divmod(month - 1, YEAR)
    text = f"{first_year + years}-{of_year + 1:02d}"
    if np.isnan(day):
        return text
    return f"{text}-{min(int(day) + 1, month_days(month)):02d}"


def repeaters(log: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Rows E088 and E089 for each whole calendar year of which the log has the 12 months before as well.

    A report is an escalation or a crisis in the log; the police record hears of a part of them. Of the persons with a report in a
    year, `E088` is the share who had, before one of those reports, another in the 12 months before it; `E089` is the share of the
    year's reports that is of those persons. Shares are NaN in a year without reports. `first` is the month at whose end the log
    begins, and `last` the last month that it covers.
    """
    reports = log[log.event.isin(REPORTS)].sort_values("month", kind="stable")
    since = reports.month - reports.groupby("identity").month.shift()
    reports = reports.assign(year=(reports.month - 1) // YEAR, again=since <= YEAR)
    rows = []
    for year in range(-(-(first + YEAR) // YEAR), last // YEAR):
        of_year = reports[reports.year == year]
        per_person = of_year.groupby("identity").again.agg(["any", "size"])
        again = per_person[per_person["any"]]
        rows.append((year * YEAR + 1, len(per_person), len(again), int(per_person["size"].sum()), int(again["size"].sum())))
    found = pd.DataFrame(rows, columns=["from_month", "persons", "repeaters", "reports", "of_repeaters"])
    return found.assign(E088=found.repeaters / found.persons, E089=found.of_repeaters / found.reports)
