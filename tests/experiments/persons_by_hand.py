"""Tables of persons and households of a tiny study, as docs/results.md has them: each scenario a little worse than the last."""

import pandas as pd

PROFILES = ("psychisch", "lvb")
GROUPS = ("huishoudens", "koop", "vrije_huur", "sociale_huur", "meer_geplaatst", "evenveel_geplaatst", "minder_geplaatst",
          "kwetsbare_bewoners", "buurten")  # fmt: skip


def person_rows(scenarios, seeds):
    """flows, landing, waits, twins and stays; the first scenario is the baseline, and each next one does a little worse."""
    runs = [(k, s, seed) for k, s in enumerate(scenarios) for seed in seeds]
    return {
        "flows": pd.DataFrame(
            [row for k, s, seed in runs for year in (1, 2) for row in flows(s, seed, year, k)],
            columns=["scenario", "seed", "year", "from", "to", "persons"],
        ),
        "landing": pd.DataFrame(
            [row for k, s, seed in runs for profile in PROFILES for row in landings(s, seed, profile, k)],
            columns=["scenario", "seed", "profile", "month", "at_risk", "events", "censored"],
        ),
        "waits": pd.DataFrame(
            [(s, seed, p, 10.0 + k, 6.0 + 2.0 * k + n) for k, s, seed in runs for n, p in enumerate(PROFILES)],
            columns=["scenario", "seed", "profile", "waiting", "months"],
        ),
        "twins": pd.DataFrame(
            [(s, seed, group, 10, 80, 10 + 2 * k + seed, 100 + 2 * k + seed, 150 + 2 * k + seed, 3, 2)
             for k, s, seed in runs if k for group in GROUPS],
            columns=["scenario", "seed", "group", "better", "same", "worse", "matched", "of", "only_baseline", "only_scenario"],
        ),
        "teams": pd.DataFrame(
            [(s, seed, month, kind, 100.0, 80.0 + 10 * k + seed, 70.0) for k, s, seed in runs for month in range(1, 25)
             for kind in ("wijkteam", "ambulant")],
            columns=["scenario", "seed", "month", "kind", "hours", "asked", "given"],
        ),
        "stays": pd.DataFrame(
            [(s, seed, "opvang", 12.0, 6.0 + k, (6.0 + k) / 12.0, 5.0, 4.0, 0.5, 0.0, 1.0, 8.0 + k, 5.0, 67_680.0 + 1000.0 * k)
             for k, s, seed in runs],
            columns=["scenario", "seed", "kind", "places", "there", "occupancy", "came", "got_home", "gave_up", "went_elsewhere",
                     "found_full", "stay_months", "waited_months", "euro"],
        ),
    }  # fmt: skip


def flows(scenario, seed, year, more):
    """One year: of 20 in opvang 15 come home, and of 100 at home a few lose that."""
    ways = {("thuis", "thuis"): 90, ("thuis", "buiten"): 8, ("thuis", "opvang"): 2 + more, ("buiten", "thuis"): 9,
            ("gekomen", "thuis"): 6, ("gekomen", "opvang"): 4, ("opvang", "thuis"): 15, ("opvang", "opvang"): 4,
            ("opvang", "buiten"): 1}  # fmt: skip
    return [(scenario, seed, year, *way, persons) for way, persons in ways.items()]


def landings(scenario, seed, profile, more):
    """Of 40 placements one is no longer soft every second month, one more in month 3 for each scenario, and 20 are lost in 12."""
    left, rows = 40, []
    for month in range(14):
        events = int(month % 2 == 0 and month > 0) + (more if month == 3 else 0)
        censored = 20 if month == 12 else left - events if month == 13 else 0
        rows.append((scenario, seed, profile, month, left, events, censored))
        left -= events + censored
    return rows
