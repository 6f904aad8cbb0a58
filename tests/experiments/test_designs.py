"""Designs by hand, the laws of their sampling, what they refuse, and how they are written on the command line."""

import copy
import shlex
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from experiments.config import composed
from experiments.designs import Point, design_points, draw_points, with_values
from experiments.scenarios import read_levers
from model.parameters import Refused
from model.rooms import Rooms, read_rooms
from model.strategies import names
from model.world import Profile


@pytest.fixture(scope="module")
def config():
    """The default study."""
    return composed([])


def design(kind, over=None, **more):
    standard = {"points": [], "number": 16, "seed": 1, "scale": "auto", "where": [], "seeds": 4, "months": 60}
    return {"kind": kind, "over": over or {}} | standard | more


def draws(*parameters, **more):
    standard = {"kind": "sobol", "number": 16, "seed": 1, "scale": "auto", "where": [], "seeds": 2, "months": 60}
    return standard | {"parameters": list(parameters)} | more


def values(points):
    return [tuple(point.values.values()) for point in points]


def column(points, path):
    return np.array([point.values[path] for point in points])


def problems(make, *arguments):
    """What is refused, as {where: (found, possible)}; of two problems in one place the last."""
    with pytest.raises(Refused) as refused:
        make(*arguments)
    return {p.where: (p.found, p.expected) for p in refused.value.problems}


# Listed designs, by hand


def test_a_grid_is_all_combinations_the_last_path_fastest(config):
    points = design_points(design("grid", {"quota": [0.1, 0.3], "levers.driegesprek": [True, False]}), config)
    assert points == [
        Point("quota=0.1, levers.driegesprek=true", {"quota": 0.1, "levers.driegesprek": True}),
        Point("quota=0.1, levers.driegesprek=false", {"quota": 0.1, "levers.driegesprek": False}),
        Point("quota=0.3, levers.driegesprek=true", {"quota": 0.3, "levers.driegesprek": True}),
        Point("quota=0.3, levers.driegesprek=false", {"quota": 0.3, "levers.driegesprek": False}),
    ]


def test_a_zip_goes_through_its_lists_side_by_side(config):
    points = design_points(design("zip", {"quota": [0.1, 0.3], "crisis.harm_days": [20, 60]}), config)
    assert values(points) == [(0.1, 20.0), (0.3, 60.0)]
    assert [p.name for p in points] == ["quota=0.1, crisis.harm_days=20", "quota=0.3, crisis.harm_days=60"]


def test_a_list_gives_each_point_its_own_paths(config):
    given = [{"quota": 0.1}, {"crisis.opname_share.psychisch": 0.2, "letting.passend_toewijzen": False}]
    assert [p.values for p in design_points(design("list", points=given), config)] == given


def test_values_take_the_type_that_the_model_holds(config):
    over = {"crisis.harm_days": [20], "landing.after_months": [6.0], "levers.strategie": ["spreiding"], "quota": [1]}
    (point,) = design_points(design("grid", over), config)
    assert [type(v) for v in point.values.values()] == [float, int, str, float]


def test_a_path_may_be_written_as_on_the_command_line_of_a_study_or_level_by_level(config):
    plain = design_points(design("grid", {"crisis.harm_days": [20, 60]}), config)
    assert design_points(design("grid", {"parameters.crisis.harm_days": [20, 60]}), config) == plain
    assert design_points(design("grid", {"crisis": {"harm_days": [20, 60]}}), config) == plain


def test_no_design_is_no_points(config):
    assert design_points(design("none"), config) == []
    assert design_points(design("grid", {"quota": [0.1]}, seeds=0), config) == []
    assert draw_points(draws(), config) == draw_points(draws("crisis.harm_days", kind="none"), config) == []


# Filters


@pytest.mark.parametrize(
    ("where", "left"),
    [
        (["quota <= 0.3 or crisis.harm_days > 50"], [(0.1, 20), (0.1, 60), (0.3, 20), (0.3, 60), (0.5, 60)]),
        (["quota <= 0.3", "crisis.harm_days > 50"], [(0.1, 60), (0.3, 60)]),
        (["0.1 < quota < 0.5 and not parameters.crisis.harm_days == 60"], [(0.3, 20)]),
        (["quota * 100 >= `crisis.harm_days`"], [(0.3, 20), (0.5, 20)]),
        (["quota in [0.1, 0.5] and crisis.harm_days < 1e2"], [(0.1, 20), (0.1, 60), (0.5, 20), (0.5, 60)]),
    ],
)
def test_only_points_that_pass_every_filter_are_left(config, where, left):
    over = {"quota": [0.1, 0.3, 0.5], "crisis.harm_days": [20, 60]}
    assert values(design_points(design("grid", over, where=where), config)) == left


def test_filters_know_words_and_yes_and_no(config):
    over = {"levers.strategie": ["loting", "spreiding"], "levers.driegesprek": [True, False]}
    for where in (
        "levers.strategie == 'loting' and levers.driegesprek == true",
        'not levers.strategie != "loting" and levers.driegesprek',
    ):
        assert values(design_points(design("grid", over, where=[where]), config)) == [("loting", True)]


def test_a_filter_sees_the_studys_own_value_where_a_point_gives_none(config):
    given = [{"quota": 0.1}, {"crisis.harm_days": 60}]  # the study has a quota of 0.3
    assert values(design_points(design("list", points=given, where=["quota > 0.2"]), config)) == [(60.0,)]


def test_a_filter_leaves_the_names_of_sampled_points_as_they_are(config):
    whole = design_points(design("sobol", {"quota": None}), config)
    some = design_points(design("sobol", {"quota": None}, where=["quota > 0.5"]), config)
    assert some == [p for p in whole if p.values["quota"] > 0.5] and len(some) == 8


@pytest.mark.parametrize(
    "where",
    [
        "harm_days > 5", "quota", "quota + 1", "0.1 < 0.3", "quota >", "quota = 0.3", "quota == np.pi", "@config", "index > 0",
        "quota.max() > 0", "__import__('os')", "levers.driegesprek", "quota > 'a'", "(quota", "", "quota if quota else quota",
        "[x for x in quota]", "quota[0] > 0", "'quota'", "quota & 1", "quota > 0\nquota < 1",
    ],
)  # fmt: skip
def test_a_filter_that_does_not_say_yes_or_no_of_each_point_is_refused(config, where):
    told = problems(design_points, design("grid", {"quota": [0.1, 0.3]}, where=["quota > 0", where]), config)
    assert len(told) == 1 and next(iter(told)).startswith("design.where")


@given(st.text("quota <>=0.1()'\"`@[]{}:,;#\\\n+-*/&|~!%^if not and or in lambda", max_size=30))
def test_whatever_is_written_as_a_filter_it_filters_or_is_refused(config_of_laws, text):
    try:
        found = design_points(design("grid", {"quota": [0.1, 0.3]}, where=[text]), config_of_laws)
    except Refused:
        return
    assert found


# Laws of sampling


@pytest.fixture(scope="session")
def config_of_laws(parameters):
    """What designs read of a configuration; session-scoped, so that hypothesis may use it."""
    return {"parameters": parameters, "levers": composed([])["levers"], "quota": 0.3}


RANGES = {
    "quota": (0, 1),
    "levers.ambulante_capaciteit": (0, 5),
    "crisis.harm_days": (13, 120),
    "landing.after_months": (3, 60),
    "inflow.profile_share.lvb": (0, 1),
    "settling.low_income_below_ses": (-1.5, 0.5),
}


@given(
    st.sampled_from(["lhs", "sobol"]), st.integers(0, 6), st.integers(0, 2**31), st.sampled_from(["linear", "auto"]),
    st.sets(st.sampled_from(sorted(set(RANGES) - {"landing.after_months"})), min_size=1),
)  # fmt: skip
def test_samples_have_their_number_and_lie_in_their_ranges_and_are_the_same_again(
    config_of_laws, kind, power, seed, scale, paths
):
    wanted = design(kind, dict.fromkeys(sorted(paths)), number=2**power, seed=seed, scale=scale)
    points = design_points(wanted, config_of_laws)
    assert len(points) == 2**power and points == design_points(copy.deepcopy(wanted), config_of_laws)
    assert [p.name for p in points] == [f"punt {k:04d}" for k in range(1, 2**power + 1)]
    for path in paths:
        low, high = RANGES[path]
        assert all(type(x) is float and low <= x <= high for x in column(points, path).tolist())


@given(st.integers(1, 60), st.integers(0, 2**31), st.sampled_from(["linear", "log"]))
def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_axis(config_of_laws, number, seed, scale):
    over = {"quota": [0.1, 0.9], "crisis.harm_days": None}
    points = design_points(design("lhs", over, number=number, seed=seed, scale=scale), config_of_laws)
    for path, (low, high) in {"quota": (0.1, 0.9), "crisis.harm_days": (13, 120)}.items():
        x = column(points, path)
        share = np.log(x / low) / np.log(high / low) if scale == "log" else (x - low) / (high - low)
        assert sorted(np.floor(share * number).astype(int)) == list(range(number))


@given(st.integers(0, 6), st.integers(1, 3), st.integers(0, 2**31))
def test_more_points_extend_a_sobol_sequence_under_the_same_names(config_of_laws, power, more, seed):
    paths = ["crisis.harm_days", "support.response_days", "draagkracht.shape"]
    few = draw_points(draws(*paths, number=2**power, seed=seed), config_of_laws)
    many = draw_points(draws(*paths, number=2 ** (power + more), seed=seed), config_of_laws)
    assert many[: len(few)] == few and len(many) == len(few) * 2**more
    assert few[0].name == "trekking 0001"


@given(st.integers(0, 2**31))
def test_a_sobol_sequence_is_in_balance_on_a_log_scale_where_a_range_is_above_zero(config_of_laws, seed):
    """16 points: eight on either side of the geometric mean of 13 and 120, and of the middle of -1.5 and 0.5."""
    points = draw_points(draws("crisis.harm_days", "settling.low_income_below_ses", seed=seed), config_of_laws)
    assert (column(points, "crisis.harm_days") < np.sqrt(13 * 120)).sum() == 8
    assert (column(points, "settling.low_income_below_ses") < -0.5).sum() == 8


@given(st.integers(0, 2**31))
def test_another_seed_is_another_sample(config_of_laws, seed):
    one, two = (draw_points(draws("crisis.harm_days", seed=s), config_of_laws) for s in (seed, seed + 1))
    assert values(one) != values(two)


def test_whole_numbers_are_drawn_whole_and_each_as_often(config):
    """On a linear scale 1000 slices of a Latin hypercube give each of three, four, five the same part, the ends too."""
    over = {"landing.after_months": [3, 5], "quota": None}
    x = column(design_points(design("lhs", over, number=999, scale="linear"), config), "landing.after_months")
    assert x.dtype == np.int64 and np.bincount(x).tolist() == [0, 0, 0, 333, 333, 333]


def test_a_number_is_whole_if_the_model_says_so_and_not_because_somebody_wrote_it_without_a_point(config):
    x = column(draw_points(draws("crisis.harm_days"), composed(["parameters.crisis.harm_days.value=50"])), "crisis.harm_days")
    assert type(config["parameters"]["crisis"]["harm_days"]["value"]) is int and not np.allclose(x, np.rint(x))


# With values


def same(a: Rooms, b: Rooms) -> bool:
    return all(
        type(x) is type(y) and np.array_equal(x, y) for one, two in zip(a, b, strict=True) for x, y in zip(one, two, strict=True)
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("crisis.harm_days", 20), ("landing.after_months", 6), ("letting.passend_toewijzen", False),
        ("crisis.opname_share.verslaving", 0.5), ("inflow.origin.psychisch", "opvang"), ("ledger.payer.opnamedag", "rijk"),
        ("nuisance.frailty_shape", 0.7), ("settling.frailty_shape", 0.7), ("support.need_hours.lvb", 9),
        ("support.direct_hours_per_fte", 80),
    ],
)  # fmt: skip
def test_a_point_is_the_study_with_that_value_on_the_command_line(rooms, huidig, config, path, value):
    """Those that follow another parameter too: settling.frailty_shape is that of nuisance, publication's need that of support."""
    (point,) = design_points(design("grid", {path: [value]}), config)
    room, name, *code = path.split(".")
    key = ".".join(["parameters", room, name, "value", *code])
    there = read_rooms(composed([f"{key}={str(value).lower()}"])["parameters"])
    found, levers = with_values(rooms, huidig, point.values)
    assert same(found, there) and not same(found, rooms) and levers == huidig


def test_what_follows_another_parameter_keeps_a_value_of_its_own(rooms, huidig):
    both, _ = with_values(rooms, huidig, {"nuisance.frailty_shape": 0.7, "settling.frailty_shape": 0.2})
    assert (both.nuisance.frailty_shape, both.settling.frailty_shape) == (0.7, 0.2)
    own = rooms._replace(settling=rooms.settling._replace(frailty_shape=0.2))
    assert with_values(own, huidig, {"nuisance.frailty_shape": 0.7})[0].settling.frailty_shape == 0.2


def test_levers_and_quota_of_a_point_are_those_of_today_and_nothing_is_changed_in_place(rooms, huidig, parameters):
    found, levers = with_values(rooms, huidig, {"quota": 0, "levers.driegesprek": True, "crisis.opname_share.lvb": 0.9})
    assert levers == huidig._replace(quota=0.0, driegesprek=True) and type(levers.quota) is float
    assert found.crisis.opname_share[Profile.LVB] == 0.9
    assert same(rooms, read_rooms(parameters)) and not huidig.driegesprek


def test_todays_levers_may_be_another_strategy(rooms, config):
    today = read_levers(config["levers"], config["quota"])
    assert with_values(rooms, today, {"levers.strategie": "spreiding"})[1].strategie == "spreiding"


# What is refused


def test_every_problem_of_a_grid_is_told_at_once(config):
    over = {
        "crisis.harm_days": [20, 200], "quota": [1.2], "levers.strategie": ["lotto"], "levers.driegesprek": [1],
        "landing.after_months": [6.5], "crisis.harmdays": [20],
    }  # fmt: skip
    told = problems(design_points, design("grid", over, where=["bread > 1"]), config)
    assert {where: found for where, (found, _) in told.items()} == {
        "design.where": "an unknown name, 'bread'",
        "design.over": "'crisis.harmdays'",
        "design.over.crisis.harm_days": "200",
        "design.over.quota": "1.2",
        "design.over.levers.strategie": "'lotto'",
        "design.over.levers.driegesprek": "1",
        "design.over.landing.after_months": "6.5",
    }
    assert told["design.over.crisis.harm_days"][1] == "a number from 13 to 120"
    assert told["design.over.landing.after_months"][1] == "a whole number from 3 to 60"
    assert told["design.over.levers.strategie"][1] == ", ".join(names())


@pytest.mark.parametrize(
    ("path", "possible"),
    [
        ("crisis.harmdays", "crisis.harm_days, "),
        ("harm_days", "crisis.harm_days, "),
        ("crisis.opname_share", "crisis.opname_share.psychisch, crisis.opname_share.verslaving, "),
        ("crisis.opname_share.oud", "crisis.opname_share.lvb, "),
        ("crisis.harm_days.value", "crisis.harm_days, "),
        ("crisis", "crisis.episodes_per_year, crisis.stability_slope, "),
        ("levers.quota", "quota, "),
        ("stability.harm_days", "crisis.harm_days, "),
        ("zzz", "quota, levers.<name> or <room>.<parameter>"),
        ("town.koop_share", "another room: town makes the town's tables"),
        ("voorbeeldstad.households", "another room: voorbeeldstad makes the town's tables"),
        ("tables.least_drawn", "another room: tables makes the town's tables"),
    ],
)
def test_an_unknown_path_is_refused_with_those_that_are_like_it(config, path, possible):
    told = problems(design_points, design("grid", {path: [1]}), config)
    assert told.keys() == {"design.over"} and told["design.over"][0] == repr(path)
    assert told["design.over"][1].startswith(possible)


@pytest.mark.parametrize(
    ("wrong", "where", "found"),
    [
        (design("none", {"quota": [0.1]}), "design.kind", "none, with values to vary"),
        (design("factorial", {"quota": [0.1]}), "design.kind", "'factorial'"),
        (design("grid"), "design.over", "{}"),
        (design("grid", "quota"), "design.over", "'quota'"),
        (design("grid", {"quota": 0.1}), "design.over.quota", "0.1"),
        (design("grid", {"quota": []}), "design.over.quota", "[]"),
        (design("grid", {"quota": {}}), "design.over.quota", "{}"),
        (design("grid", {"quota": [0.1, 0.1]}), "design", "1 of 2 points that are there already, such as quota=0.1"),
        (design("grid", {"crisis.harm_days": [20], "parameters.crisis.harm_days": [60]}), "design.over",
         "'crisis.harm_days' more than once"),
        (design("grid", {"quota": [0.1]}, where=["quota > 1"]), "design.where", "none of 1 points left"),
        (design("zip", {"quota": [0.1, 0.2], "crisis.harm_days": [20]}), "design.over", "2 of quota, 1 of crisis.harm_days"),
        (design("list"), "design.points", "[]"),
        (design("list", points=[{}]), "design.points[0]", "{}"),
        (design("list", points=[0.1]), "design.points[0]", "0.1"),
        (design("list", points=[{"quota": 0.1}, {"quota": 2}]), "design.points[1].quota", "2"),
        (design("list", points=[{"quota": 0.1}, {"quota": 0.1, "crisis.harm_days": 40}]), "design",
         "1 of 2 points that are there already, such as quota=0.1, crisis.harm_days=40"),
        (design("sobol", {"quota": None}, number=20), "design.number", "20"),
        (design("lhs", {"quota": None}, number=0), "design.number", "0"),
        (design("lhs", {"quota": None}, seed=-1), "design.seed", "-1"),
        (design("lhs", {"quota": None}, scale="cubic"), "design.scale", "'cubic'"),
        (design("lhs", {"quota": None}, scale="log"), "design.over.quota", "from 0 on a log scale"),
        (design("lhs", {"quota": [0.3, 0.1]}), "design.over.quota", "from 0.3 to 0.1"),
        (design("lhs", {"quota": [0.1, 0.2, 0.3]}), "design.over.quota", "[0.1, 0.2, 0.3]"),
        (design("lhs", {"quota": [0.1, 2]}), "design.over.quota", "2"),
        (design("lhs", {"levers.driegesprek": None}), "design.over.levers.driegesprek",
         "levers.driegesprek, which is false here"),
        (design("sobol", {"levers.strategie": None}), "design.over.levers.strategie", "levers.strategie, which is loting here"),
        (design("lhs", {"ledger.payer.opnamedag": None}), "design.over.ledger.payer.opnamedag",
         "ledger.payer.opnamedag, which is zorgverzekeraar here"),
        (design("lhs", {"leaving.late_days_zorg": None}), "design.over.leaving.late_days_zorg", "from 14 to 14"),
        (design("sobol", {"landing.after_months": [3, 5]}), "design",
         "13 of 16 points that are there already, such as punt 0004"),
    ],
)  # fmt: skip
def test_a_design_that_can_not_be_is_refused_in_its_own_place(config, wrong, where, found):
    told = problems(design_points, wrong, config)
    assert told.keys() == {where} and told[where][0] == found


def test_the_nearest_powers_of_two_are_named(config):
    told = problems(draw_points, draws("crisis.harm_days", number=20), config)
    assert told["draws.number"][1].startswith("16 or 32, ")


@pytest.mark.parametrize(
    ("wrong", "where", "found"),
    [
        (draws("quota"), "draws.parameters", "'quota'"),
        (draws("levers.bereikbaarheid"), "draws.parameters", "'levers.bereikbaarheid'"),
        (draws("crisis.harm_days", "parameters.crisis.harm_days"), "draws.parameters", "'crisis.harm_days' 2 times"),
        (draws("crisis.harm_days", kind="grid"), "draws.kind", "'grid'"),
        (draws("voorbeeldstad.households"), "draws.parameters", "'voorbeeldstad.households'"),
        (draws("letting.passend_toewijzen"), "draws.parameters.letting.passend_toewijzen",
         "letting.passend_toewijzen, which is true here"),
        (draws("settling.low_income_below_ses", scale="log"), "draws.parameters.settling.low_income_below_ses",
         "from -1.5 on a log scale"),
    ],
)  # fmt: skip
def test_draws_that_can_not_be_are_refused_in_their_own_place(config, wrong, where, found):
    told = problems(draw_points, wrong, config)
    assert told.keys() == {where} and told[where][0] == found


# On the command line


@dataclass
class Design:
    kind: str = "none"
    over: Any = field(default_factory=dict)
    points: list[dict[str, Any]] = field(default_factory=list)
    number: int = 16
    seed: int = 1
    scale: str = "auto"
    where: list[str] = field(default_factory=list)
    seeds: int = 4
    months: int = 60


@dataclass
class Schema:
    design: Design = field(default_factory=Design)


def read_design(line: str) -> dict[str, Any]:
    """The design that a line of a shell gives, by way of a schema whose `over` takes new keys."""
    schema = OmegaConf.structured(Schema)
    OmegaConf.set_struct(schema.design.over, False)
    ConfigStore.instance().store("designs_of_a_test", schema)
    GlobalHydra.instance().clear()
    with initialize(config_path=None, version_base="1.3"):
        node = compose("designs_of_a_test", shlex.split(line))
    return OmegaConf.to_container(node.design, resolve=True)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("design.kind=grid 'design.over={quota:[0.1,0.3],crisis.harm_days:[20]}'",
         ["quota=0.1, crisis.harm_days=20", "quota=0.3, crisis.harm_days=20"]),
        ("design.kind=grid 'design.over.quota=[0.1,0.3]' 'design.over.crisis.harm_days=[20]'",
         ["quota=0.1, crisis.harm_days=20", "quota=0.3, crisis.harm_days=20"]),
        ("design.kind=zip 'design.over={levers.driegesprek:[true,false],levers.strategie:[loting,spreiding]}'",
         ["levers.driegesprek=true, levers.strategie=loting", "levers.driegesprek=false, levers.strategie=spreiding"]),
        ("design.kind=list 'design.points=[{quota:0.1,levers.driegesprek:true},{crisis.opname_share.lvb:0.2}]'",
         ["quota=0.1, levers.driegesprek=true", "crisis.opname_share.lvb=0.2"]),
        ("design.kind=sobol 'design.over={quota:[0.1,0.3],crisis.harm_days:null}' design.number=2", ["punt 0001", "punt 0002"]),
        ("""design.kind=grid 'design.over={quota:[0.1,0.3],crisis.harm_days:[20,60]}'
            'design.where=["quota < 0.2","crisis.harm_days >= 60"]'""", ["quota=0.1, crisis.harm_days=60"]),
        ("""design.kind=grid 'design.over={levers.strategie:[loting,spreiding]}'
            "design.where=[\\"levers.strategie == 'loting'\\"]\"""", ["levers.strategie=loting"]),
        ("design.kind=grid 'design.over={quota:[0.1]}' design.over=null 'design.over={crisis.harm_days:[20]}'",
         ["crisis.harm_days=20"]),
    ],
)  # fmt: skip
def test_a_design_is_read_from_a_line_of_a_shell(config, line, named):
    assert [point.name for point in design_points(read_design(line), config)] == named
