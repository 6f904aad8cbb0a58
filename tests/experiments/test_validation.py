"""The table of model against published: what is measured by hand-made logs, and the whole command on a small town."""

import pandas as pd
import pytest

from experiments import validation
from experiments.validation import ROWS, beside, first_year, of_buurten
from model.chronicle import Event
from tests.experiments.small import small


def person(identity, debts=0, network=0.5, participation=0.9):
    return {"identity": identity, "debts": debts, "network": network, "participation": participation}


def test_the_first_year_by_hand():
    """Four placed in month 1; one loses the home in month 13, one after that. Of two with debts one has them a year later."""
    log = [(1, Event.GEPLAATST, k) for k in range(4)] + [
        (13, Event.UITGEZET, 0),
        (14, Event.HUIS_KWIJT, 1),
        (20, Event.GEPLAATST, 9),
    ]
    events = pd.DataFrame(log, columns=["month", "event", "identity"])
    then = pd.DataFrame([person(1, debts=1), person(2, debts=1), person(3)])
    after = pd.DataFrame([person(1, debts=1, network=0.1), person(2, participation=0.1), person(3)])
    nobody = then.iloc[:0]
    placed = {1: (then, nobody), 13: (nobody, after), 24: (nobody, nobody)}
    found = first_year(events, placed, lonely_below=0.4, active_from=0.5)
    assert found == pytest.approx({"still_housed": 0.75, "debts_kept": 0.5, "lonely": 1 / 3, "idle": 1 / 3})


def test_buurten_by_hand():
    """All 60 homes of the weakest buurt are left, and 40 came by; in one of four the share fell; the most burdened one held."""
    start = pd.DataFrame({"homes": [60.0, 40.0, 90.0, 90.0], "score": [-0.5, 0.0, 0.1, 0.2], "load": 1.0, "share": 0.1})
    later = start.assign(score=[-0.5, -0.5, 0.1, 0.2])
    end = start.assign(load=[3.0, 1.0, 1.0, 1.0], share=[0.2, 0.05, 0.1, 0.1])
    assert of_buurten(start, later, end, width=0.15) == pytest.approx({"weak_change": 40.0 / 60.0, "fell": 0.25, "exceptions": 1})


def test_a_row_is_within_a_factor_two_or_it_is_not():
    seeds = pd.DataFrame([{row.key: row.published for row in ROWS}, {row.key: 3.0 * row.published for row in ROWS}])
    table = beside(seeds)
    assert table.model.tolist() == pytest.approx([2.0 * row.published for row in ROWS])
    assert table.within.all()
    assert not beside(4.0 * seeds).within.drop(table.index[table.unit == "relative"]).any()


def test_the_whole_command(tmp_path, capsys):
    """Two seeds of two years of a small town: every row has a figure, or is unknown because nothing happened."""
    p = small(tmp_path, "months=36", "seeds=2", "workers=1")
    validation.compare(p.config)
    told = capsys.readouterr().out
    [path] = tmp_path.glob("validatie-*.csv")
    assert pd.read_csv(path).evidence.tolist() == [row.evidence for row in ROWS]
    assert told.count("published") == len(ROWS) + 1 and "E051" in told
