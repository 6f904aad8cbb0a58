"""The event log: it changes nothing, misses nothing that columns show, follows identity, and counts who comes back."""

import numpy as np
import pandas as pd
import pytest

from model.chronicle import OF_PORTIEK, Chronicle, Event, Parameters, date, repeaters
from model.city import City
from model.world import NOBODY, Count, Place, Profile, Status

P = Parameters(day_activity=0.5, first_year=2025)


@pytest.fixture(scope="module")
def lived(small_world, lively, huidig):
    """Three years of the lively town: the city, its chronicle, the log, and counters added up over the months."""
    city = City(small_world(rooms=lively), lively, huidig, [], 1)
    chronicle, counts = Chronicle(city, P), 0
    for _ in range(36):
        chronicle.run(1)
        counts = counts + city.world.counts.sum(axis=0)
    yield city, chronicle, chronicle.table(), counts
    city.close()


def of(log, *events):
    return log[log.event.isin(events)]


def test_to_be_followed_changes_no_bit(small_city, lively):
    followed, alone = small_city(rooms=lively), small_city(rooms=lively)
    Chronicle(followed, P).run(12)
    alone.run(12)
    assert followed.world.differing(alone.world) == []


def test_everything_that_can_happen_happens_in_the_lively_town(lived):
    rare = {Event.DAGBESTEDING}  # welzijn has few hours, so that day activity rather fades; see the test of the threshold
    assert set(lived[2].event) | rare == set(Event)


def test_placements_are_those_of_the_counter(lived):
    assert len(of(lived[2], Event.GEPLAATST)) == lived[3][Count.GEPLAATST]


def test_of_who_comes_to_the_queue_only_those_are_missing_who_give_up_in_that_month(lived):
    _, _, log, counts = lived
    missing = counts[Count.PERSONEN_INSTROOM] - len(of(log, Event.WACHTRIJ))
    assert missing == counts[Count.PERSONEN_AFGEHAAKT] - len(of(log, Event.OPGEGEVEN))
    assert 0 < missing < 0.1 * counts[Count.PERSONEN_INSTROOM]


def test_of_who_recovers_or_leaves_only_those_are_missing_who_fell_ill_in_that_month(lived):
    """Who recovers and moves away in one month is told as one who moves away."""
    _, _, log, counts = lived
    gone = counts[Count.HERSTELD] + counts[Count.PERSONEN_VERTROKKEN] - len(of(log, Event.HERSTELD, Event.VERTROKKEN))
    assert 0 <= gone <= counts[Count.NIEUW_KWETSBAAR] - len(of(log, Event.KWETSBAAR)) < 0.1 * counts[Count.NIEUW_KWETSBAAR]


def test_escalations_and_crises_are_those_of_the_counters_less_what_could_not_be_seen(lived):
    _, chronicle, log, counts = lived
    for event, counter in ((Event.ESCALATIE, Count.ESCALATIES_PERSONEN), (Event.CRISIS, Count.CRISES)):
        assert len(of(log, event)) + chronicle.unseen[event] == counts[counter]
        assert 0 <= chronicle.unseen[event] < 0.1 * counts[counter]


def test_homes_lost_are_those_of_the_counters(lived):
    _, _, log, counts = lived
    lost = of(log, Event.UITGEZET, Event.HUIS_KWIJT)
    assert len(lost) == counts[Count.THUIS_VERLOREN] + counts[Count.DAKLOOS_GEWORDEN]
    assert (of(log, Event.UITGEZET).place == "opvang").all()


def test_what_neighbours_and_the_beheerder_did_is_told_portiek_by_portiek(lived):
    """As often as it was counted; it has a portiek and its buurt, and no person or home."""
    city, _, log, counts = lived
    for event, counter in ((Event.GESPREK, Count.GESPREKKEN), (Event.KLACHT, Count.KLACHTEN),
                           (Event.RUZIE, Count.ESCALATIES_HUISHOUDENS)):  # fmt: skip
        assert of(log, event).value.sum() == counts[counter] > 0
    assert len(of(log, Event.INTERVENTIE)) == counts[Count.INTERVENTIES] > 0
    told = of(log, *OF_PORTIEK)
    assert (told.identity == "").all() and (told.profile == "").all() and (told.dwelling == NOBODY).all()
    assert np.array_equal(told.buurt, city.world.portieken.buurt[told.portiek])


def test_who_is_placed_in_the_month_of_arrival_came_from_where_the_model_let_them_wait(small_city, lively):
    """Also those whose like come from an institution, and who slept on a couch themselves. Few come, so that few wait."""
    inflow = lively.inflow._replace(couch_share=np.full(len(Profile), 1.0), couch_asks_per_month=0.0, inflow_ratio=0.5)
    nobody_else = lively.arrears._replace(start_per_year=0.0, nuisance_judgment=0.0)
    access = lively.access._replace(exclusion_of_overload=0.0, exclusion_of_resistance=0.0)
    crisis = lively.crisis._replace(home_lost_after_long_opname=0.0)
    city = small_city(rooms=lively._replace(inflow=inflow, arrears=nobody_else, access=access, crisis=crisis), quota=0.9)
    chronicle = Chronicle(city, P)
    chronicle.run(12)
    log = chronicle.table()
    placed = of(log, Event.GEPLAATST)
    at_once = of(log, Event.WACHTRIJ).merge(placed[placed.value == 0], on=["identity", "month"])
    assert len(at_once) > 3 and (at_once.place_x == "bank").all()


def test_opnames_have_the_days_that_the_model_counts(small_city, lively):
    """Exact where nobody leaves a home: of who leaves, the rest of the opname is spent elsewhere or not at all."""
    city, counts = small_city(rooms=lively, off=("leaving",)), 0
    chronicle = Chronicle(city, P)
    for _ in range(12):
        chronicle.run(1)
        counts = counts + city.world.counts.sum(axis=0)
    log = chronicle.table()
    opnames, back = of(log, Event.OPNAME), of(log, Event.UIT_OPNAME)
    assert chronicle.unseen == {"escalatie": 0, "crisis": 0}
    assert len(opnames) == counts[Count.OPNAMEN] > 50
    assert opnames.value.sum() - city.world.persons.opname_days.sum() == counts[Count.OPNAMEDAGEN]
    assert len(back) == len(opnames) - np.count_nonzero(city.world.persons.opname_days)


def test_an_opname_that_is_put_off_is_not_told_as_one(small_city, lively):
    """One bed of the kliniek is for who waits or is in opname, so that it is full in most months."""
    city = small_city(rooms=lively._replace(inflow=lively.inflow._replace(places_for_waiting=0.1)), off=("leaving",), months=12)
    counts = city.record.counts[1:].sum(axis=(0, 1))
    followed = small_city(rooms=city.rooms, off=("leaving",))
    chronicle = Chronicle(followed, P)
    chronicle.run(12)
    assert counts[Count.OPNAMEN_UITGESTELD] > 50
    assert len(of(chronicle.table(), Event.OPNAME)) == counts[Count.OPNAMEN]


def test_an_episode_that_goes_on_began_on_the_day_that_its_days_say(small_city, lively):
    """The onset is drawn again by the chronicle; the model's own column says the same where it can."""
    city = small_city(rooms=lively)
    chronicle = Chronicle(city, P)
    chronicle.run(1)
    log, persons = chronicle.table(), city.world.persons
    began = of(log, Event.EPISODE).set_index("identity").date
    rows = [k for k in np.flatnonzero(persons.episode == 1) if str(persons.identity[k]) in began.index]
    assert len(rows) > 5
    for k in rows:
        assert began[str(persons.identity[k])] == date(1, 31.0 - float(persons.episode_days[k]), 2025)


def test_nobody_is_placed_who_has_a_home_or_leaves_who_has_none(lived):
    """Each person's course hangs together, also where a row of the table was used again."""
    for _, course in of(lived[2], *COURSE).groupby("identity"):
        housed = None
        for row in course.itertuples():
            if row.event in (Event.GEPLAATST, Event.KWETSBAAR):
                assert housed is not True
                housed = True
            elif row.event in (Event.UITGEZET, Event.HUIS_KWIJT, Event.HERSTELD, Event.VERTROKKEN):
                assert housed is not False
                housed = False if row.event in (Event.UITGEZET, Event.HUIS_KWIJT) else None
            elif row.event == Event.BEGIN:
                housed = row.place == "thuis"
            else:
                assert housed is not True
                housed = False


COURSE = (
    Event.BEGIN, Event.WACHTRIJ, Event.OPGEGEVEN, Event.HERSTELD, Event.KWETSBAAR, Event.UITGEZET, Event.HUIS_KWIJT,
    Event.VERTROKKEN, Event.GEPLAATST,
)  # fmt: skip


@pytest.fixture
def still(small_city):
    """A town in which no mechanism is at work, its chronicle, and the row of a vulnerable resident at home."""
    city = small_city()
    return city, Chronicle(city, P), int(np.flatnonzero(city.world.persons.place == Place.THUIS)[0])


def pass_a_month(city, chronicle):
    """A month ends in which nothing happened but what the test wrote."""
    city.world.month += 1
    chronicle.look()


def after(still, **columns):
    """The events of the next month, after these columns of that resident were written."""
    city, chronicle, row = still
    for name, value in columns.items():
        getattr(city.world.persons, name)[row] = value
    pass_a_month(city, chronicle)
    log = chronicle.table()
    return log[log.month == city.month]


def test_nothing_happens_in_a_still_town(still):
    assert after(still).empty


def test_help_that_comes_and_goes(still):
    city, chronicle, row = still
    persons = city.world.persons
    told = []
    for status, line in (
        ("LATENT", 0),
        ("BEKEND", 1),
        ("BEKEND", 2),
        ("BEKEND", 1),
        ("SLAPEND", 0),
        ("BEKEND", 2),
        ("LATENT", 0),
    ):
        persons.status[row], persons.line[row] = Status[status], line
        pass_a_month(city, chronicle)
        log = chronicle.table()
        told.append([(r.event, r.value) for r in log[log.month == city.month].itertuples()])
    assert told[1:6] == [
        [("gevonden", 1.0)], [("hulp_op", 2.0)], [("hulp_af", 1.0)], [("hulp_af", 0.0)], [("hulp_op", 2.0)],
    ]  # fmt: skip
    assert [event for event, _ in told[6]] == ["uit_beeld"]


def test_day_activity_is_gained_at_the_threshold_and_lost_below_it(still):
    city, chronicle, row = still
    for participation in (0.4, 0.5, 0.49):
        city.world.persons.participation[row] = participation
        pass_a_month(city, chronicle)
    log = chronicle.table()
    assert list(log[log.month >= 2].event) == ["dagbesteding", "dagbesteding_kwijt"]


def test_days_of_an_episode_are_told_where_columns_have_them(still):
    """One that ran on from last month, with patience until day 4.5, becomes a crisis after 9.2 days: the 10th."""
    city, chronicle, row = still
    persons = city.world.persons
    persons.episode[row], persons.patience_day[row], persons.memory[row] = 1, 4.5, 1.0
    pass_a_month(city, chronicle)
    told = after(still, conflict=1, crisis=1, episode=0, episode_days=9.2, memory=0.9, hours=1.0, need=1.0)
    assert [(r.event, r.date) for r in told.itertuples()][:2] == [("escalatie", "2025-02-05"), ("crisis", "2025-02-10")]


def test_a_row_that_is_used_again_is_another_person(still):
    city, _, row = still
    persons, d = city.world.persons, city.world.dwellings
    old, home = persons.identity[row], persons.dwelling[row]
    d.person[home] = NOBODY
    new = int(d.identity[(d.person == NOBODY) & (d.identity != 0) & (d.identity != old)][0])
    found = after(still, identity=new, profile=Profile.LVB, place=Place.OPVANG, dwelling=NOBODY, waiting_since=1, since=1)
    told = {(r.event, r.identity, r.profile, r.dwelling) for r in found.itertuples()}
    lost = int(np.flatnonzero(d.identity == new)[0])
    assert {t[:2] for t in told} == {("hersteld", str(old)), ("uitgezet", str(new))}
    assert ("uitgezet", str(new), "lvb", lost) in told, "who was an ordinary household is in the opvang"


def test_who_recovers_and_becomes_vulnerable_within_a_month_does_both(still):
    found = after(still, since=1, memory=0.0)
    assert list(found.event) == ["hersteld", "kwetsbaar"]


def test_arrears_of_an_ordinary_household_begin_and_end(still):
    city, chronicle, _ = still
    home = int(np.flatnonzero((city.world.dwellings.person == NOBODY) & (city.world.dwellings.identity != 0))[0])
    for months in (1, 4, 0):
        city.world.dwellings.arrears[home] = months
        pass_a_month(city, chronicle)
    rows = chronicle.table().query("month > 0")
    assert [(r.month, r.event, r.value, r.dwelling, r.profile) for r in rows.itertuples()] == [
        (1, "achterstand", 1.0, home, ""),
        (3, "achterstand_einde", 4.0, home, ""),
    ]
    assert rows.portiek.unique().tolist() == [city.world.dwellings.portiek[home]]


def test_a_month_that_is_left_out_is_noticed(small_city):
    city = small_city()
    chronicle = Chronicle(city, P)
    city.run(2)
    with pytest.raises(ValueError, match="look after each month"):
        chronicle.look()


def test_dates_count_from_january_of_the_first_year():
    assert [date(m, np.nan, 2025) for m in (-1, 0, 1, 12, 13)] == ["2024-11", "2024-12", "2025-01", "2025-12", "2026-01"]
    assert date(2, 0.2, 2025) == "2025-02-01" and date(2, 28.0, 2025) == "2025-02-28"


def test_identities_are_whole_although_they_are_large(lived):
    log = lived[2]
    assert all(text.isdecimal() and int(text) > 0 for text in log.identity.unique() if text)
    alive = {str(i) for i in lived[0].world.persons.identity if i}
    assert alive <= set(log.identity)


def test_somebody_who_is_kept_in_sight_never_drops_out_and_the_past_is_equal(small_world, lively, huidig):
    """Until the month in which they drop out of sight in the other town, all is bit-equal; a twin keeps them in sight too."""
    shy = lively._replace(support=lively.support._replace(out_of_sight_per_month=0.4, trust_gain_per_month=0.0))
    with City(small_world(), shy, huidig, [], 1) as city:
        chronicle = Chronicle(city, P)
        chronicle.run(24)
        lost = chronicle.table().query("event == 'uit_beeld'")
    who, months = lost.identity.iloc[-1], lost.month[lost.identity == lost.identity.iloc[-1]]
    with (
        City(small_world(), shy, huidig, [], 1) as city,
        City(small_world(), shy, huidig, [], 1, kept_in_sight=(int(who),)) as kept,
    ):
        city.run(months.iloc[0] - 1)
        followed = Chronicle(kept, P)
        followed.run(months.iloc[0] - 1)
        assert kept.world.differing(city.world) == []
        city.step()
        followed.run(1)
        assert kept.world.differing(city.world), "in this month the one loses contact and the other does not"
        followed.run(24 - kept.month)
        found = followed.table()
        assert not ((found.identity == who) & (found.event == "uit_beeld")).any() and (found.event == "uit_beeld").any()
        with kept.fork([]) as twin:
            assert twin.kept_in_sight.tolist() == [int(who)]


def test_somebody_who_is_passed_over_waits_and_the_others_are_housed(small_world, lively, huidig):
    world = small_world(rooms=lively)
    who = int(world.persons.identity[np.flatnonzero(world.persons.place > Place.THUIS)[0]])
    with City(world, lively, huidig, [], 1, passed_over=(who,)) as city, city.fork([]) as twin:
        for each in (city, twin):
            chronicle = Chronicle(each, P)
            chronicle.run(12)
            placed = of(chronicle.table(), Event.GEPLAATST)
            assert str(who) not in set(placed.identity) and len(placed) > 10


def reports(*rows):
    return pd.DataFrame(rows, columns=["month", "event", "identity"])


def test_repeaters_are_persons_with_an_earlier_report_in_the_twelve_months_before():
    """In year 2: a had one 12 months before; b 13 months before, which is too long; c has two in one month; d one."""
    log = reports(
        (8, "crisis", "a"), (20, "escalatie", "a"),
        (3, "escalatie", "b"), (16, "crisis", "b"),
        (14, "escalatie", "c"), (14, "crisis", "c"),
        (24, "crisis", "d"), (18, "episode", "d"),
    )  # fmt: skip
    [row] = repeaters(log, 0, 24).itertuples()
    assert (row.from_month, row.persons, row.repeaters, row.reports, row.of_repeaters) == (13, 4, 2, 5, 3)
    assert (row.E088, row.E089) == (0.5, 0.6)


def test_only_years_with_twelve_months_before_them_are_told():
    log = reports((30, "crisis", "a"))
    assert list(repeaters(log, 0, 36).from_month) == [13, 25] and list(repeaters(log, 1, 35).from_month) == []
    assert list(repeaters(log, -12, 12).from_month) == [1]
    assert repeaters(log, 0, 36).E088.isna().tolist() == [True, False]
