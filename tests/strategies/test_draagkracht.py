"""`draagkracht`: to the buurt with most spare hours per home, as far as the view shows it."""

from model.strategies import draagkracht


def test_the_buurt_with_most_spare_hours_per_home_comes_first(vacancies, queue, view, p, luck):
    """Per home: buurt 0 has 100/1000 = 0.1, buurt 1 has 60/200 = 0.3, buurt 2 has 200/1000 = 0.2."""
    spare = view(homes=[1000.0, 200.0, 1000.0], spare_hours=[100.0, 60.0, 200.0])
    pairs = draagkracht.propose(vacancies(reserved=2), queue(2), spare, p, luck)
    assert pairs.tolist() == [[100, 20], [101, 30]]


def test_each_placement_takes_its_need_from_what_is_spare(vacancies, queue, view, p, luck):
    """Per 1,000 homes: buurt 0 has 20, buurt 2 has 17. The first goes to 0 and leaves 20 - 6 = 14; the second goes to 2 (17)."""
    spare = view(spare_hours=[20.0, -100.0, 17.0])
    (_, first), (_, second), (_, third) = draagkracht.propose(vacancies(reserved=3), queue(3), spare, p, luck)
    assert first in (10, 11) and second == 30 and third in {10, 11} - {first}


def test_a_buurt_that_is_overburdened_is_the_last_resort(vacancies, queue, view, p, luck):
    """Nowhere is anything spare: the home that is least short still goes, because the quota binds."""
    short = view(spare_hours=[-30.0, -10.0, -20.0])
    pairs = draagkracht.propose(vacancies(reserved=2), queue(2), short, p, luck)
    assert [home for _, home in pairs] == [20, 30]  # -10; then buurt 1 has no home left, and -20 beats -30


def test_the_view_is_not_changed(vacancies, queue, view, p, luck):
    """What one corporatie sees is what the next one sees."""
    seen = view(spare_hours=[20.0, 10.0, 17.0])
    draagkracht.propose(vacancies(), queue(4), seen, p, luck)
    assert seen.spare_hours.tolist() == [20.0, 10.0, 17.0]


def test_without_exact_knowledge():
    assert not getattr(draagkracht, "EXACT", False)
