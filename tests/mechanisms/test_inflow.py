"""Arrivals depend on the seed, the month and their ordinal alone: every scenario meets the same people."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.mechanisms import inflow
from model.mechanisms.inflow import children
from model.randomness import Luck, Stream
from model.world import NEVER, AgeClass, ByPlace, ByProfile, Count, Place, Profile, Seekers, Status

MONTH = st.integers(-108, 2000)
EVEN = np.array([1 / 3, 2 / 3, 1.0])  # cumulative shares of three wijken, or gemeenten


@given(MONTH, st.integers(0, 50), st.integers(0, 50))
def test_an_identity_is_the_kind_the_month_and_the_ordinal(month, few, more):
    """The first few of a month are the same, however many come."""
    low, high = sorted((few, more))
    assert np.array_equal(inflow.identities(inflow.PERSON_ID, month, low), inflow.identities(inflow.PERSON_ID, month, high)[:low])


def test_no_two_arrivals_share_an_identity():
    kinds = (inflow.PERSON_ID, inflow.SEEKER_ID)
    everyone = np.concatenate([inflow.identities(k, m, 200) for k in kinds for m in range(-108, 240)])
    assert np.unique(everyone).size == everyone.size and (everyone > 0).all()


@given(MONTH, st.integers(0, 100))
def test_traits_follow_from_identity_alone(rooms, month, seed):
    """Asked for one by one or together, the same person has the same traits."""
    luck, who = Luck(seed, month), inflow.identities(inflow.PERSON_ID, month, 6)
    together = inflow.person_traits(rooms.inflow, luck, who, EVEN)
    alone = [inflow.person_traits(rooms.inflow, luck, who[k : k + 1], EVEN) for k in range(6)]
    for name, values in together.items():
        assert np.array_equal(values, np.concatenate([one[name] for one in alone])), name


def test_the_traits_of_many_are_those_of_the_parameters(rooms):
    """Shares of profiles over many years, and debts and skills within a profile, within five standard errors."""
    p = rooms.inflow._replace(statushouder_swing=1.0)
    who = inflow.identities(inflow.PERSON_ID, 1, 20_000)
    traits = inflow.person_traits(p, Luck(1, 1), who, EVEN)
    share = np.bincount(traits["profile"], minlength=len(Profile)) / who.size
    wanted = p.profile_share / p.profile_share.sum()
    assert (np.abs(share - wanted) < 5 * np.sqrt(wanted / who.size)).all()
    for profile in Profile:
        mine = traits["profile"] == profile
        couch = traits["place"][mine] == Place.BANK
        assert (traits["place"][mine][~couch] == p.origin[profile]).all()
        share = 1.0 if p.origin[profile] == Place.BANK else p.couch_share[profile]
        assert couch.mean() == pytest.approx(share, abs=5 * 0.5 / np.sqrt(mine.sum()))
        assert traits["wish"][mine].mean() == pytest.approx(p.wish_peers_share[profile], abs=5 * 0.5 / np.sqrt(mine.sum()))
        assert traits["debts"][mine].mean() == pytest.approx(p.debts_share[profile], abs=5 * 0.5 / np.sqrt(mine.sum()))
        assert traits["coping"][mine].mean() == pytest.approx(p.coping_mean[profile], abs=0.02)


def test_families_are_families_and_youths_are_young(rooms):
    traits = inflow.person_traits(rooms.inflow, Luck(1, 1), inflow.identities(inflow.PERSON_ID, 1, 5000), EVEN)
    profile, age = traits["profile"], traits["age_class"]
    family = np.isin(profile, (Profile.VROUW_GEZIN_OPVANG, Profile.MULTIPROBLEEMGEZIN))
    assert np.array_equal(traits["size"] > 1, family) and set(traits["size"].tolist()) == {1, 3}
    assert (age[profile == Profile.JONGERE_JEUGDZORG] == AgeClass.TOT_35).all()
    assert (age[profile == Profile.KWETSBARE_OUDERE] == AgeClass.VANAF_75).all()
    others = age[~np.isin(profile, (Profile.JONGERE_JEUGDZORG, Profile.KWETSBARE_OUDERE))]
    assert set(others.tolist()) == {AgeClass.TOT_35, AgeClass.VAN_35_TOT_65}


def test_some_have_their_network_in_town_and_the_others_have_none(rooms):
    """Seven in ten; from 0 to 1."""
    p = rooms.inflow._replace(network_in_town=0.7, network_mean=np.full(len(Profile), 0.3))
    traits = inflow.person_traits(p, Luck(1, 1), inflow.identities(inflow.PERSON_ID, 1, 20_000), EVEN)
    here = traits["network"] > 0.0
    assert here.mean() == pytest.approx(0.7, abs=5 * np.sqrt(0.21 / here.size))
    assert traits["network"][here].mean() == pytest.approx(0.3, abs=0.01) and traits["network"].max() <= 1.0


def test_networks_lie_where_people_live_and_seekers_ask_where_homes_are(rooms):
    """Shares of a half, three tenths and a fifth, within five standard errors; the same person keeps all other traits."""
    shares = np.array([0.5, 0.3, 0.2])
    luck, p, n = Luck(1, 1), rooms.inflow, 20_000
    persons, seekers = (inflow.identities(kind, 1, n) for kind in (inflow.PERSON_ID, inflow.SEEKER_ID))
    uneven = inflow.cumulative_shares(10.0 * shares)
    for draw, who, column in ((inflow.person_traits, persons, "network_wijk"), (seeker_traits, seekers, "gemeente")):
        traits, elsewhere = draw(p, luck, who, uneven), draw(p, luck, who, EVEN)
        assert np.bincount(traits[column]) / n == pytest.approx(shares, abs=5 * 0.5 / np.sqrt(n))
        assert all(np.array_equal(traits[k], elsewhere[k]) for k in traits if k != column)


def test_shares_of_nothing_are_nothing():
    assert inflow.cumulative_shares(np.array([2.0, 0.0, 6.0])).tolist() == [0.25, 0.25, 1.0]
    assert inflow.cumulative_shares(np.zeros(2)).tolist() == [0.0, 0.0]


def seeker_traits(p, luck, who, gemeenten):
    """Columns of newly registered seekers, by name."""
    drawn = inflow.draw_seekers(luck.key(Stream.SEEKER_TRAITS), luck.month, who, gemeenten, p)
    return dict(zip(Seekers.columns(), drawn, strict=True))


def test_the_seekers_of_many_years_are_those_of_the_parameters(rooms):
    """Shares within five standard errors; persons are less well-off than regular seekers."""
    p = rooms.inflow._replace(seeker_young_share=0.45, seeker_old_share=0.12, seeker_alone_share=0.5)
    who = inflow.identities(inflow.SEEKER_ID, 1, 20_000)
    traits = seeker_traits(p, Luck(1, 9), who, EVEN)
    ages = np.bincount(traits["age_class"], minlength=4) / who.size
    sizes = np.bincount(traits["size"], minlength=4) / who.size
    assert ages == pytest.approx([0.45, 0.43, 0.12, 0.0], abs=5 * np.sqrt(0.25 / who.size))
    assert sizes == pytest.approx([0.0, 0.5, 0.25, 0.25], abs=5 * np.sqrt(0.25 / who.size))
    assert traits["ses"].mean() == pytest.approx(p.seeker_ses_mean, abs=5 * p.seeker_ses_sd / np.sqrt(who.size))
    assert traits["ses"].std() == pytest.approx(p.seeker_ses_sd, rel=0.03)
    assert (traits["since"] == 9).all()
    persons = inflow.person_traits(p, Luck(1, 9), inflow.identities(inflow.PERSON_ID, 1, 20_000), EVEN)
    assert persons["ses"].mean() < traits["ses"].mean() and persons["ses"].std() == pytest.approx(p.seeker_ses_sd, rel=0.03)


def test_the_number_of_statushouders_swings_from_year_to_year(rooms):
    """Between 1/1.55 and 1.55 of the mean, the same for all months of a year."""
    p, who = rooms.inflow._replace(statushouder_swing=1.55), inflow.identities(inflow.PERSON_ID, 1, 4000)

    def share(month):
        return (inflow.person_traits(p, Luck(1, month), who, EVEN)["profile"] == Profile.STATUSHOUDER).mean()

    years = [share(8 + 12 * year) for year in range(30)]
    mean = p.profile_share[Profile.STATUSHOUDER] / p.profile_share.sum()
    assert min(years) < 0.8 * mean and max(years) > 1.2 * mean
    assert min(years) > mean / 1.55 * 0.85 and max(years) < mean * 1.55 * 1.15


def test_arrivals_do_not_depend_on_the_town_that_they_find(one_person, small_world, rooms, huidig):
    """An empty queue and a full one: the same persons and seekers arrive, with the same traits."""
    p = rooms.inflow._replace(persons_give_up_per_month=0.0, seekers_give_up_per_year=0.0)
    arrived = []
    for world in (one_person(), small_world()):
        world.persons_per_month, world.seekers_per_month = 4.0, 6.0
        before = set(world.persons.identity.tolist()) | set(world.seekers.identity.tolist())
        for month in range(1, 7):
            inflow.step(world, p, huidig, Luck(1, month))
        persons = world.persons
        new = [i for i in np.flatnonzero(persons.identity) if int(persons.identity[i]) not in before]
        rows = sorted(
            (int(persons.identity[i]), int(persons.profile[i]), float(persons.ses[i]), int(persons.since[i])) for i in new
        )
        s = world.seekers
        queue = [
            (int(s.identity[i]), float(s.ses[i]), int(s.since[i])) for i in range(s.rows) if int(s.identity[i]) not in before
        ]
        arrived.append((rows, queue))
    assert arrived[0] == arrived[1] and len(arrived[0][0]) > 10 and len(arrived[0][1]) > 15


def test_who_arrives_is_known_and_waits_from_this_month(one_person, rooms, huidig):
    world = one_person()
    world.persons_per_month, world.seekers_per_month = 20.0, 5.0
    p = rooms.inflow._replace(persons_give_up_per_month=0.0, seekers_give_up_per_year=0.0, skills_lost_per_month=0.0)
    inflow.step(world, p, huidig, Luck(1, 7))
    persons = world.persons
    new = persons.place > Place.THUIS
    assert new.sum() == world.counts[-1, Count.PERSONEN_INSTROOM] > 0
    assert world.seekers.rows == world.counts[-1, Count.ZOEKERS_INSTROOM]
    assert (persons.status[new] == Status.BEKEND).all() and (persons.dwelling[new] == -1).all()
    assert (persons.waiting_since[new] == 7).all() and (persons.since[new] == 7).all() and (persons.placed[new] == NEVER).all()
    assert (persons.stability[new] == persons.coping[new]).all()


def test_a_long_stay_in_an_institution_costs_skills_and_a_couch_does_not(one_person, rooms, huidig, luck):
    """0.5 x (1 - 0.01) = 0.495 in opvang and in a whole month of opname; 0.5 at home, in a shorter opname and on a couch."""
    p = rooms.inflow._replace(skills_lost_per_month=0.01, persons_give_up_per_month=0.0)
    room = {"couch_asks_per_month": 0.0, "places_for_waiting": 10.0}
    p = p._replace(**room)
    kept = {}
    home, april = Place.THUIS, Luck(1, 4)
    for place, days, when in ((home, 0, luck), (home, 30, luck), (home, 31, luck), (home, 29, april), (home, 30, april),
                              (Place.OPVANG, 0, luck), (Place.BANK, 0, luck)):  # fmt: skip
        world = one_person(place=place, coping=0.5, opname_days=days)
        world.persons_per_month = world.seekers_per_month = 0.0
        inflow.step(world, p, huidig, when)
        kept[place, days, when.month] = float(world.persons.coping[0])
    assert list(kept.values()) == pytest.approx([0.5, 0.5, 0.495, 0.5, 0.495, 0.495, 0.5])


@pytest.mark.parametrize(
    ("place", "count"),
    [
        (Place.OPVANG, Count.OPVANG_MAANDEN),
        (Place.KLINIEK, Count.KLINIEK_MAANDEN),
        (Place.BANK, Count.BANK_MAANDEN),
        (Place.AZC, Count.AZC_MAANDEN),
    ],
)
def test_a_month_of_waiting_is_counted_where_it_is_spent(one_person, rooms, huidig, luck, place, count):
    world = one_person(place=place)
    world.persons_per_month = world.seekers_per_month = 0.0
    p = rooms.inflow._replace(persons_give_up_per_month=0.0, couch_asks_per_month=0.0, places_for_waiting=10.0)
    inflow.step(world, p, huidig, luck)
    months = world.counts[-1, Count.BANK_MAANDEN : Count.AZC_MAANDEN + 1]
    assert world.counts[-1, count] == 1 and months.sum() == 1
    assert world.by_profile[Profile.PSYCHISCH, ByProfile.WACHTEND] == 1


@pytest.mark.parametrize(("months", "long"), [(11, 0), (12, 1)])
def test_a_thirteenth_month_in_a_kliniek_falls_under_the_wlz(one_person, rooms, huidig, luck, months, long):
    """The month of arrival is the first; a stay elsewhere never falls under the Wlz here."""
    p = rooms.inflow._replace(persons_give_up_per_month=0.0, wlz_after_months=12)
    found = {}
    for place in (Place.KLINIEK, Place.BESCHERMD_WONEN):
        world = one_person(place=place, since=luck.month - months)
        world.persons_per_month = world.seekers_per_month = 0.0
        inflow.step(world, p, huidig, luck)
        found[place] = world.counts[-1, Count.KLINIEK_LANG_MAANDEN]
    assert found == {Place.KLINIEK: long, Place.BESCHERMD_WONEN: 0}


def test_who_gives_up_is_gone_and_who_lives_at_home_stays(small_world, rooms, huidig, luck):
    world = small_world()
    world.persons_per_month = world.seekers_per_month = 0.0
    persons = world.persons
    waiting, at_home, seekers = ((persons.place > Place.THUIS).sum(), (persons.place == Place.THUIS).sum(), world.seekers.rows)
    inflow.step(world, rooms.inflow._replace(persons_give_up_per_month=1.0, seekers_give_up_per_year=12.0), huidig, luck)
    assert world.counts[-1, Count.PERSONEN_AFGEHAAKT] == waiting > 0
    assert world.counts[-1, Count.ZOEKERS_AFGEHAAKT] == seekers > 0
    assert world.seekers.rows == 0
    assert (persons.place > Place.THUIS).sum() == 0 and (persons.place == Place.THUIS).sum() == at_home


def test_the_queue_keeps_its_order(small_world, rooms, huidig, luck):
    """Who gives up leaves a gap that closes; new seekers come last."""
    world = small_world()
    before = world.seekers.identity.tolist()
    inflow.step(world, rooms.inflow._replace(seekers_give_up_per_year=3.0), huidig, luck)
    after = world.seekers.identity.tolist()
    stayed = [i for i in before if i in set(after)]
    assert 0 < len(stayed) < len(before)
    assert after[: len(stayed)] == stayed


def test_places_of_institutions_follow_inhabitants(small_city, small_town, rooms):
    """1,300 inhabitants at 2 places of beschermd wonen per 1,000; counted every month, whoever is in them."""
    town = small_town()
    city = small_city(town=town, months=2)
    i, people = city.world.institutions, town.buurten.inwoners.sum()
    assert i.places[i.kind == Place.BESCHERMD_WONEN] == pytest.approx([2.0 * people / 1000])
    assert i.places.sum() == pytest.approx(rooms.population.places_per_1000.sum() * people / 1000)
    assert city.world.counts[:, Count.PLAATSEN_MAANDEN].sum() == round(i.places.sum())
    assert city.world.counts[:, Count.PLAATSEN_BW].sum() == round(2.0 * people / 1000)


INSTITUTIONS = (
    Place.OPVANG, Place.BESCHERMD_WONEN, Place.KLINIEK, Place.JEUGDZORG, Place.VROUWENOPVANG, Place.AZC,
)  # fmt: skip


def waiting(one_person, places, count, kind=Place.OPVANG):
    """So many persons in a kind of institution, the first the longest, in a town with so many places there."""
    world = one_person(place=kind, dwelling=-1, since=-9)
    persons = world.persons
    for row in range(count):
        persons.identity[row], persons.place[row], persons.since[row] = 1000 + row, kind, row - 9
    world.institutions.places[world.institutions.kind == kind] = places
    world.by_place[:] = 0
    return world


@given(
    st.lists(st.tuples(st.sampled_from(Place), st.integers(-9, 3), st.integers(1, 2**62)), max_size=30, unique_by=lambda x: x[2])
)
def test_who_waits_stands_in_order_of_coming(people):
    """By month and then by identity, wherever their rows are; nobody else stands there."""
    place, since, identity = np.array(people, np.int64).reshape(-1, 3).T
    columns = place.astype(np.uint8), since.astype(np.int16), identity.astype(np.uint64)
    waiting = [row for row, (where, *_) in enumerate(people) if where > Place.THUIS]
    assert inflow._in_order_of_coming(*columns).tolist() == sorted(waiting, key=lambda row: people[row][1:])


@pytest.mark.parametrize("kind", [kind for kind in INSTITUTIONS if kind != Place.AZC])
def test_who_came_last_finds_an_institution_full_and_waits_elsewhere(one_person, rooms, luck, kind):
    """Three of six places are for who waits: of five the two that came last go to a couch, and their stay begins anew."""
    world = waiting(one_person, 6, 5, kind)
    inflow.find_beds(world, rooms.inflow._replace(places_for_waiting=0.5, couch_asks_per_month=0.0), luck)
    assert world.persons.place[:5].tolist() == [kind] * 3 + [Place.BANK] * 2
    assert world.persons.since[:5].tolist() == [-9, -8, -7, luck.month, luck.month]
    assert world.counts[-1, Count.GEWEIGERD] == 2 and world.counts[-1, Count.NOODPLAATSEN] == 0
    assert world.by_place[kind, [ByPlace.GEWEIGERD, ByPlace.NAAR_ELDERS]].tolist() == [2, 2]
    assert world.by_place[Place.BANK, ByPlace.GEKOMEN] == 2
    assert world.institutions.full[world.institutions.kind == kind].tolist() == [1]


def test_a_statushouder_is_not_refused_and_a_place_is_opened_besides(one_person, rooms, luck):
    """Three of six places are for who waits; for the other two of five there are emergency places, at the price of a place."""
    world = waiting(one_person, 6, 5, Place.AZC)
    inflow.find_beds(world, rooms.inflow._replace(places_for_waiting=0.5), luck)
    assert (world.persons.place[:5] == Place.AZC).all() and (world.persons.since[:5] == [-9, -8, -7, -6, -5]).all()
    more = (Count.NOODPLAATSEN, Count.PLAATSEN_AZC, Count.PLAATSEN_MAANDEN, Count.GEWEIGERD)
    assert [world.counts[-1, c] for c in more] == [2, 2, 2, 0]


@pytest.mark.parametrize(
    ("profile", "door"),
    [
        (Profile.PSYCHISCH, Place.OPVANG), (Profile.UITSTROOM_BW, Place.BESCHERMD_WONEN),
        (Profile.VROUW_GEZIN_OPVANG, Place.VROUWENOPVANG), (Profile.JONGERE_JEUGDZORG, Place.OPVANG),
    ],
)  # fmt: skip
def test_who_sleeps_on_a_couch_takes_a_free_place_of_their_kind_the_longest_first(one_person, rooms, luck, profile, door):
    world = waiting(one_person, 6, 5, door)
    world.persons.place[:5], world.persons.profile[:5] = Place.BANK, profile
    inflow.find_beds(world, rooms.inflow._replace(places_for_waiting=0.5, couch_asks_per_month=1.0), luck)
    assert world.persons.place[:5].tolist() == [door] * 3 + [Place.BANK] * 2
    assert world.counts[-1, Count.GEWEIGERD] == 0 and world.by_place[door, ByPlace.GEKOMEN] == 3


@pytest.mark.parametrize(("in_opname", "full"), [(0, 0), (30, 1)])
def test_a_kliniek_is_full_for_an_opname_when_those_who_wait_and_those_in_opname_hold_its_beds(
    one_person, rooms, luck, in_opname, full
):
    """Three of six beds; two wait there, so that one more in opname makes it full. Nobody who waits is sent away for that."""
    world = waiting(one_person, 6, 2, Place.KLINIEK)
    persons, home = world.persons, int(np.flatnonzero(world.dwellings.identity)[0])
    persons.identity[2], persons.place[2], persons.dwelling[2], persons.opname_days[2] = 1002, Place.THUIS, home, in_opname
    inflow.find_beds(world, rooms.inflow._replace(places_for_waiting=0.5), luck)
    assert world.institutions.full[world.institutions.kind == Place.KLINIEK].tolist() == [full]
    assert (persons.place[:2] == Place.KLINIEK).all()


def test_half_of_who_arrives_has_day_activity(rooms):
    """E146; whole or not at all, as for who becomes vulnerable at home."""
    p = rooms.inflow._replace(day_activity_share=np.full(len(Profile), 0.5))
    found = inflow.person_traits(p, Luck(1, 1), inflow.identities(inflow.PERSON_ID, 1, 20_000), EVEN)["participation"]
    assert set(found.tolist()) == {0.0, 1.0} and found.mean() == pytest.approx(0.5, abs=5 * 0.5 / np.sqrt(found.size))


def test_children_by_hand():
    """A mother of two; the parents of one; a couple, and somebody alone."""
    assert [children(3, True), children(3, False), children(2, False), children(1, False), children(1, True)] == [2, 1, 0, 0, 0]


def test_children_in_opvang_and_youths_on_couches_are_counted(one_person, rooms, huidig, luck):
    """Of three who come from a vrouwenopvang two are children, of three others in the opvang one; a couple has none."""
    still = {"persons_give_up_per_month": 0.0, "couch_asks_per_month": 0.0, "places_for_waiting": 10.0}
    for columns, count, months in (
        ({"place": Place.VROUWENOPVANG, "profile": Profile.VROUW_GEZIN_OPVANG, "size": 3}, Count.KIND_MAANDEN, 2),
        ({"place": Place.OPVANG, "size": 3}, Count.KIND_MAANDEN, 1),
        ({"place": Place.OPVANG, "size": 2}, Count.KIND_MAANDEN, 0),
        ({"place": Place.OPVANG, "size": 1}, Count.KIND_MAANDEN, 0),
        ({"place": Place.BANK, "profile": Profile.JONGERE_JEUGDZORG, "size": 1}, Count.BANK_JONGEREN_MAANDEN, 1),
    ):
        world = one_person(dwelling=-1, **columns)
        world.persons_per_month = world.seekers_per_month = 0.0
        inflow.step(world, rooms.inflow._replace(**still), huidig, luck)
        assert world.counts[-1, count] == months
