"""A year after a placement: still in that home, no escalation, some network."""

import pytest

from model.mechanisms import landing
from model.randomness import Luck
from model.world import NEVER, NOBODY, ByProfile, Count, Place, Profile

PLACED = {"placed": 3, "since": 3, "escalations": 0, "network": 0.2}


def looked_back(one_person, huidig, month=15, **columns):
    """(judged, soft) of one person placed in month 3, whose network must be 0.15 at least."""
    world = one_person(**{**PLACED, **columns})
    landing.step(world, landing.Parameters(after_months=12, some_network=0.15), huidig, Luck(1, month))
    return world, (int(world.counts[:, Count.GELAND_BEOORDEELD].sum()), int(world.counts[:, Count.GELAND_ZACHT].sum()))


def test_a_soft_landing(one_person, huidig):
    world, (judged, soft) = looked_back(one_person, huidig)
    assert (judged, soft) == (1, 1)
    buurt = world.dwellings.buurt[world.persons.dwelling[0]]
    assert world.counts[buurt, Count.GELAND_ZACHT] == 1
    of_profile = world.by_profile[Profile.PSYCHISCH]
    assert (of_profile[ByProfile.GELAND_BEOORDEELD], of_profile[ByProfile.GELAND_ZACHT]) == (1, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"escalations": 1},
        {"network": 0.1},
        {"since": 9},  # moved to another home since
        {"place": Place.OPVANG, "dwelling": NOBODY, "since": 9},
    ],
)
def test_a_hard_landing(one_person, huidig, columns):
    _, landed = looked_back(one_person, huidig, **columns)
    assert landed == (1, 0)


def test_who_lost_the_home_is_counted_for_the_gemeente(one_person, huidig):
    world, _ = looked_back(one_person, huidig, place=Place.OPVANG, dwelling=NOBODY)
    assert world.counts[-1, Count.GELAND_BEOORDEELD] == 1


@pytest.mark.parametrize(("month", "judged"), [(3, 0), (14, 0), (15, 1), (16, 1)])
def test_not_before_the_year_is_over(one_person, huidig, month, judged):
    assert looked_back(one_person, huidig, month)[1][0] == judged


def test_it_is_looked_back_on_once(one_person, huidig):
    world, _ = looked_back(one_person, huidig)
    assert world.persons.placed[0] == NEVER
    landing.step(world, landing.Parameters(12, 0.15), huidig, Luck(1, 27))
    assert world.counts[:, Count.GELAND_BEOORDEELD].sum() == 1


def test_who_was_never_placed_is_never_judged(one_person, huidig):
    assert looked_back(one_person, huidig, placed=NEVER)[1] == (0, 0)
