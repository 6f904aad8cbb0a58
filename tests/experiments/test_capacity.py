"""Carrying capacity: on curves made by hand, from a small town end to end, and what the command refuses."""

import sys
from functools import partial

import geopandas
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from shapely.geometry import box

from experiments import capacity as of_command
from experiments import figures
from experiments.carrying import FEWEST, Capacity, beyond, capacity, harm
from experiments.compare import CONFIDENCE
from experiments.config import composed
from experiments.engine.doses import PLACES, UNDOSED, Doses, live, room, without
from experiments.engine.measure import month_zero
from experiments.figures import capacity as drawing
from experiments.figures.style import PAGE, SIZES
from experiments.plan import ground
from experiments.prose import EN, NL
from model.city import City
from model.indicators import INDICATORS, Record, measure
from model.parameters import Refused
from tests.experiments.small import SMALL, small

DOSES = np.array([0.0, 10.0, 20.0, 40.0])


def seeds_of(curve, spread=(0.0,) * 4):
    """Outcomes [seeds, doses] of which less is better: a curve, and seeds that lie beside it by a constant."""
    return np.array([np.asarray(curve, float) + x for x in spread])


# By hand


def test_harm_is_the_paired_difference_by_placement():
    values = np.array([[1.0, 2.0, 2.0, 6.0]])
    assert harm(values, DOSES, -1).tolist() == [[0.1, 0.0, 0.2]]
    assert harm(values, DOSES, +1).tolist() == [[-0.1, 0.0, -0.2]]


def test_linear_harm_below_the_margin_finds_none():
    found = capacity(seeds_of(DOSES / 16.0, (0.0, 3.0, -3.0, 1.0)), DOSES, -1, 0.1, 200)
    assert (found.capacity, found.low, found.high, found.none) == (np.inf, np.inf, np.inf, 1.0)
    assert not found.first and found.rises == 0.0 and found.seeds == 4


def test_a_threshold_is_found_at_its_step_whatever_differs_between_towns():
    found = capacity(seeds_of(np.maximum(0.0, DOSES - 20.0), (0.0, 3.0, -3.0, 1.0)), DOSES, -1, 0.1, 200)
    assert (found.capacity, found.low, found.high, found.none, found.first) == (20.0, 20.0, 20.0, 0.0, False)


def test_relevant_harm_from_the_first_placement_is_capacity_zero():
    found = capacity(seeds_of(0.5 * DOSES), DOSES, -1, 0.1, 200)
    assert (found.capacity, found.first, found.first_sure) == (0.0, True, 1.0)


def test_harm_that_saturates_has_no_capacity_but_is_told():
    """One more does ever less: no dose from which harm stays relevant, and yet the first placements did harm."""
    found = capacity(seeds_of([0.0, 5.0, 5.5, 5.6]), DOSES, -1, 0.1, 200)
    assert np.isinf(found.capacity) and found.first and found.rises == 0.0


def test_a_dip_on_the_way_moves_the_capacity_beyond_it():
    assert beyond(np.array([0.2, 0.0, 0.2]), DOSES, 0.1) == 20.0
    assert beyond(np.array([[0.2, 0.2, 0.2], [0.0, 0.1, 0.1]]), DOSES, 0.1).tolist() == [0.0, np.inf]


def test_the_interval_spans_what_seeds_disagree_on():
    """Half of the seeds have a threshold at 20 and half have none: resamples find it where enough of the first are drawn."""
    values = np.concatenate([seeds_of(np.maximum(0.0, DOSES - 20.0)), seeds_of(0.0 * DOSES)])
    found = capacity(values, DOSES, -1, 0.4, 2000)
    assert (found.capacity, found.low, found.high) == (20.0, 20.0, np.inf)
    # More than 0.4 needs at least four of eight draws from half of the seeds: P(Bin(8, 1/2) <= 3) = 93/256 find none.
    assert found.none == pytest.approx(93 / 256, abs=0.03)


def test_a_seed_with_an_unknown_value_is_left_out_and_with_too_few_left_there_is_no_result():
    values = seeds_of(np.maximum(0.0, DOSES - 20.0), (0.0, 1.0, 2.0, 3.0, 4.0))
    values[2, 1] = np.nan
    assert capacity(values, DOSES, -1, 0.1, 200)[4:] == (False, 0.0, 1.0, 4)
    values[1, 0] = np.nan
    assert np.isnan(capacity(values, DOSES, -1, 0.1, 200)[:4]).all() and capacity(values, DOSES, -1, 0.1, 200).seeds == 3


def test_two_seeds_that_agree_by_luck_are_too_few_and_are_not_called_sure():
    """Change at doses 0, 20, 40: [0, -4, 0] and [0, 4, 9]. The mean, [0, 0, 4.5], lies below 40 times a margin of 0.15.

    Harm of the last step is 0.2 and 0.25 under the one seed and the other, and so above the margin in every resample of
    these two: a limit at 20 that none of them doubts, of a curve that at 40 can not be told from 0.
    """
    values, doses = np.array([[0.0, -4.0, 0.0], [0.0, 4.0, 9.0]]), np.array([0.0, 20.0, 40.0])
    for two in (values, values[[0, 0]], values[[1, 1]]):
        assert harm(two, doses, -1).mean(axis=0)[1] > 0.15
    found = capacity(values, doses, -1, 0.15, 200)
    assert found == (*(pytest.approx(np.nan, nan_ok=True),) * 4, False, *(pytest.approx(np.nan, nan_ok=True),) * 2, 2)
    assert of_command.told(found) == "too few seeds (2)"


def test_from_the_fewest_seeds_on_no_end_of_an_interval_is_one_seed_alone():
    tail = (1.0 - CONFIDENCE) / 2.0
    assert (1 / FEWEST) ** FEWEST < tail < (1 / (FEWEST - 1)) ** (FEWEST - 1)


# Drawn


def tables_of(values, margin=0.1, doses=DOSES, buurten=4):
    """Tables of as many buurten as asked, with the same outcomes [seeds, doses] each."""
    codes = [f"BU{k}" for k in range(buurten)]
    seeds = list(range(1, len(values) + 1))
    found = [(c, f"Buurt {c}", 100, "crises", 1.0, margin, doses[-1], *capacity(values, doses, -1, margin, 200)) for c in codes]
    runs = [
        (c, s, 100, d, d, "buurt", "crises", x)
        for c in codes for s, row in zip(seeds, values, strict=True) for d, x in zip(doses, row, strict=True)
    ]  # fmt: skip
    label = {"nl": "Crises", "en": "Crises", "unit": "per 1.000 woningen per jaar", "better": -1}
    places = {"code": codes, "naam": codes, "vlak": codes, "niveau": "buurt", "huishoudens": 100, "x": 0.0}
    places |= {"wijk_code": codes, "wijk_naam": codes, "gemeente": "GM1", "gemeente_naam": "T"}
    shapes = [box(1000 * k, 0, 1000 * k + 1000, 1000) for k in range(buurten)]
    return drawing.CapacityTables(
        {"doses": list(doses), "seeds": seeds, "months": 12, "baseline": "loting", "indicators": {"crises": label}},
        geopandas.GeoDataFrame(places, geometry=shapes, crs="EPSG:28992"),
        pd.DataFrame(runs, columns=["code", "seed", "homes", "placements", "dose", "place", "outcome", "value"]),
        pd.DataFrame(found, columns=["code", "naam", "homes", "outcome", "baseline", "margin", "last", *Capacity._fields]),
    )


THRESHOLD = seeds_of(np.maximum(0.0, DOSES - 20.0), (0.0, 3.0, -3.0, 1.0))


def texts(figure):
    found = [text.get_text() for text in figure.findobj(Text) if text.get_visible()]
    return " ".join(found)


def test_a_few_buurten_make_no_map_and_too_few_seeds_neither():
    def mapped(tables):
        return figures.drawn(partial(drawing.capacity_map, outcomes=["crises"]), tables, NL, PAGE)

    assert mapped(tables_of(THRESHOLD, buurten=2)) is None
    assert mapped(tables_of(THRESHOLD[:2])) is None
    assert mapped(tables_of(THRESHOLD)) is not None


def test_a_caption_names_only_the_marks_that_are_on_the_map():
    whole = tables_of(THRESHOLD)
    luck = np.concatenate([THRESHOLD, seeds_of(0.0 * DOSES)])
    part = tables_of(luck, margin=0.4)
    part = part._replace(found=part.found[:3])
    said = [
        texts(figures.drawn(partial(drawing.capacity_map, outcomes=["crises"]), t, EN, PAGE)).replace("\n", " ")
        for t in (whole, part)
    ]
    assert "Open dot" not in said[0] and "Hatched" not in said[0]
    assert "Open dot" in said[1] and "Hatched" in said[1]


def test_beyond_a_limit_the_curve_lies_on_the_harmful_side_of_the_line_that_is_drawn():
    """The mean [0, -4, 0, 3] is below 0.1 x dose everywhere, and yet every placement beyond 10 does more than 0.1 of harm."""
    tables = tables_of(seeds_of([0.0, -4.0, 0.0, 3.0]))
    part = drawing.curve_data(tables, "crises").query("code == 'BU0'")
    line, mean = drawing.just_not(part, -1), part.set_index("dose")["mean"]
    assert part.capacity.iloc[0] == 10.0
    assert line.to_dict() == pytest.approx({10.0: -4.0, 20.0: -3.0, 40.0: -1.0})
    assert (mean[line.index[1:]] > line.iloc[1:]).all()
    none = drawing.curve_data(tables_of(seeds_of(DOSES / 16.0)), "crises").query("code == 'BU0'")
    assert drawing.just_not(none, -1).to_dict() == pytest.approx({0.0: 0.0, 10.0: 1.0, 20.0: 2.0, 40.0: 4.0})


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize(("buurten", "seeds"), [(1, 2), (1, 4), (7, 4)])
def test_texts_of_curves_lie_beside_each_other_and_a_limit_is_named_only_where_there_is_one(size, buurten, seeds):
    tables = tables_of(THRESHOLD[:seeds], buurten=buurten)
    figure = figures.drawn(partial(drawing.curves_of, outcome="crises"), tables, NL, size)
    renderer = FigureCanvasAgg(figure).get_renderer()
    beside = [figure.legends[0], figure._supylabel, figure._supxlabel]
    boxes = [artist.get_window_extent(renderer) for artist in beside]
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])
    assert all(figure.bbox.x0 <= b.x0 and b.x1 <= figure.bbox.x1 and b.y1 <= figure.bbox.y1 for b in boxes)
    assert ("te weinig seeds" in texts(figure)) == (seeds < FEWEST)
    assert any("grens:" in text.get_text() for text in figure.legends[0].get_texts()) == (seeds >= FEWEST)


# Lived


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """The two buurten of a small town with most room, with doses of 0, 1 and 4 placements."""
    p = small(tmp_path_factory.mktemp("doses"), "months=12")
    doses = Doses(ground(p), tuple(p.scenarios[p.baseline]), 12, {})
    most, _ = room(doses, [1, 2], 1)
    return p, doses._replace(counts=dict.fromkeys(sorted(int(b) for b in np.argsort(most)[-2:]), (0, 1, 4)))


@pytest.fixture(scope="module")
def lived(asked):
    return dict(live(asked[1], [1, 2], 1))


def test_every_buurt_has_every_dose_there_and_in_the_rest(asked, lived):
    buurten = list(asked[1].counts)
    assert set(lived) == {(seed, buurt) for seed in (1, 2) for buurt in (UNDOSED, *buurten)}
    assert lived[1, buurten[0]].shape == (2, len(PLACES), len(INDICATORS))


def test_dose_zero_is_the_run_without_a_dose(asked, lived):
    doses = asked[1]
    of = doses.ground
    with City(month_zero(of, 1), of.rooms, of.huidig, list(doses.settings), 1, of.without, months=12) as city:
        city.run(12)
        found = measure(city.record.period([slice(1, 13)], "buurt"))[0]
    assert lived[1, UNDOSED][:, 0].tobytes() == found.tobytes()  # of one year, horizon and last year are one


def test_a_dose_is_seen_where_it_is_given(asked, lived):
    share = list(INDICATORS).index("aandeel_kwetsbaar")
    for buurt in asked[1].counts:
        assert lived[1, buurt][-1, 0, share] > lived[1, UNDOSED][buurt, 0, share]


def test_two_workers_give_the_same_bytes(asked, lived):
    for job, found in live(asked[1], [1], 2):
        assert found.tobytes() == lived[job].tobytes()


def test_the_rest_is_the_gemeente_without_the_buurt(small_city):
    """By hand: what is counted in the other buurten, and the mean of their states by homes."""
    city = small_city(months=6, warmup=12)
    record: Record = city.record
    part, of = record.period([slice(1, 7)], "buurt"), city.world.buurten.gemeente
    rest = without(record.period([slice(1, 7)], "gemeente"), part, of)
    others = np.arange(6) != 2
    both = part.counts[0][others].sum(axis=0) + record.counts[1:7, 6].sum(axis=0)
    assert (rest.counts[0, 2] == both).all()
    score = np.average(part.states["score"][0][others], weights=part.homes[others])
    assert rest.states["score"][0, 2] == pytest.approx(score)
    assert rest.states["draaglast"][0, 2] == pytest.approx(part.states["draaglast"][0][others].sum())
    assert rest.homes[2] == part.homes[others].sum()


# The command


def of(*arguments):
    """The question that arguments ask."""
    return of_command.question(of_command.apart(list(arguments))[0])


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """A small town that lives for a year under two seeds, on one worker."""
    folder = tmp_path_factory.mktemp("capacity")
    few = ["seeds=2", "months=12", "workers=1", "parameters.indicators.smallest_buurt_homes.value=20"]
    return composed([*SMALL, *few, f"results.folder={folder}"])


def test_tables_and_curves_are_written_and_another_question_finds_the_runs_and_forgets_what_was_drawn(
    monkeypatch, config, capsys
):
    monkeypatch.setattr(figures, "DPI", 30)
    folder = of_command.capacities(of("doses=[0,20,60]", "outcomes=[escalaties]"), config).folder
    drawn = {path.name for path in (folder / "figures").iterdir()}
    kinds = ("csv", "nl.svg", "en.svg", "nl.png", "en.png")
    assert drawn == {f"dosis_escalaties.{kind}" for kind in kinds}
    runs, found = (pd.read_parquet(folder / f"{name}.parquet") for name in ("doses", "capacity"))
    assert len(runs) == runs.code.nunique() * 3 * 2 * len(PLACES) * len(INDICATORS)
    assert set(found.outcome) == {"escalaties"} and set(found.code) == set(runs.code)
    said = capsys.readouterr().out
    assert "Found finished" not in said and "too few seeds (2)" in said and found.capacity.isna().all()
    (folder / "gallery.html").write_text("of the first margin")
    monkeypatch.setattr(figures, "draw_capacity", lambda *_: [])  # drawn once is enough
    others = of("doses=[0,20,60]", "outcomes=[crises]", "margin.placements.value=20")
    assert of_command.capacities(others, config).folder == folder and "Found finished" in capsys.readouterr().out
    assert set(pd.read_parquet(folder / "capacity.parquet").outcome) == {"crises"}
    assert not (folder / "figures").exists() and not (folder / "gallery.html").exists()


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ("doses=[10,20]", "doses: found [10, 20]"),
        ("doses=[0,20,20]", "rises from 0"),
        ("outcomes=[plaatsingen]", "outcomes: found 'plaatsingen'"),
        ("margin.placements.value=0", "margin.placements.value: found 0"),
        ("margin.placement=3", "margin.placement: found an unknown key"),
    ],
)
def test_what_can_not_be_is_refused_with_code_2(monkeypatch, capsys, argument, said):
    monkeypatch.setattr(sys, "argv", ["experiments.capacity", argument])
    with pytest.raises(SystemExit) as left:
        of_command.main()
    assert left.value.code == 2 and said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["buurten=[BU0]"], "buurten: found 'BU0'"), (["buurten=[BU99990101]", "doses=[0,1000]"], "doses, BU99990101: found")],
)
def test_a_named_buurt_that_is_not_there_or_has_no_room_is_refused(config, arguments, said):
    with pytest.raises(Refused, match=said):
        of_command.capacities(of(*arguments), config)


def test_arguments_of_a_study_go_on_to_it_after_the_defaults_of_this_command():
    own, study = of_command.apart(["months=24", "buurten=[BU1,BU2]", "gemeente.code=GM0828"])
    assert own["buurten"] == ["BU1", "BU2"] and own["doses"][0] == 0
    assert study == ["seeds=6", "months=60", "months=24", "gemeente.code=GM0828"]


def test_with_all_buurten_those_without_room_are_left_out_and_a_named_one_is_refused(asked):
    p, _ = asked
    homes = np.full(len(p.town.buurten), 100.0)
    most = np.where(np.arange(len(homes)) == 2, 3, 50)
    margin = of_command.Margin(10.0, 200)
    everywhere = of_command.ladder(of_command.Question([], [0.0, 10.0, 40.0], ["crises"], margin), p, most, homes)
    assert 2 not in everywhere and set(everywhere.values()) == {(0, 1, 4)}
    named = of_command.Question([p.town.buurten.code.iloc[2]], [0.0, 10.0, 40.0], ["crises"], margin)
    with pytest.raises(Refused, match=r"4 placements .40 per 1,000.; possible: at most 3"):
        of_command.ladder(named, p, most, homes)
