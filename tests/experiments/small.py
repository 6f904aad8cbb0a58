"""A study that takes seconds, with every kind of design point."""

from experiments.config import composed
from experiments.plan import plan

SMALL = [
    "parameters.voorbeeldstad.households.value=600", "parameters.voorbeeldstad.wijken.value=3",
    "parameters.voorbeeldstad.buurten.value=6",
    "seeds=3", "months=24", "warmup=12", "robustness.seeds=2", "robustness.months=12",
    "robustness.shape_weights={verzadigend:0,afnemend:1,lineair:2,convex:0,drempel:0}",
    "robustness.catchment_weights={vast:1,gemengd:1,volgend:0}", "screen.parameters=[nuisance.incidents_per_month]",
    "draws.parameters=[crisis.harm_days,crisis.patience_days]", "draws.number=4", "draws.months=12",
]  # fmt: skip


def small(folder, *more):
    """Its plan, with results in a folder and perhaps more settings."""
    return plan(composed([*SMALL, f"results.folder={folder}", *more]))
