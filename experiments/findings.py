"""What a study found: verdicts (an interval against 0 and against the difference that matters), and sentences of them."""

from math import isfinite
from typing import NamedTuple

import pandas as pd

from experiments.loaded import Tables
from experiments.prose import (
    capital,
    grouped,
    interval,
    joined,
    number,
    percent,
    precision,
    rounded,
    say,
    scenario_name,
    unit,
    word,
)

HEADLINE = ("leefbaarheid", "escalaties", "zachte_landing")


def verdict(difference: float, low: float, high: float, relevant: float) -> str:
    """'relevant', 'unsure' (not 0, perhaps large enough), 'small', 'inseparable' or 'unknown' (no interval)."""
    if not (isfinite(low) and isfinite(high)):
        return "unknown"
    if low > relevant or high < -relevant:
        return "relevant"
    if -relevant <= low and high <= relevant:
        return "small"
    return "inseparable" if low <= 0.0 <= high else "unsure"


def direction(difference: float, better: int, language: str) -> str:
    """better or worse; higher or lower where neither is better; the same where nothing differs."""
    if difference == 0.0:
        return say("equal", language)
    if better == 0:
        return say("higher" if difference > 0 else "lower", language)
    return say("better" if difference * better > 0 else "worse", language)


def judgement(kind: str, difference: float, better: int, language: str) -> str:
    """The verdict in a cell of a table."""
    return say(f"cell_{kind}", language, way=direction(difference, better, language))


class Finding(NamedTuple):
    """One scenario on one indicator."""

    scenario: str
    kind: str
    difference: float
    text: str
    way: str


def findings(rows: pd.DataFrame, label: pd.Series, language: str) -> list[Finding]:
    """The rows of one indicator, with their verdict and their interval as text."""
    factor = unit(label.unit, language).factor
    return [
        Finding(
            scenario_name(r.scenario),
            verdict(r.difference, r.low, r.high, r.relevant_difference),
            r.difference,
            interval(r.difference, r.low, r.high, factor, language),
            direction(r.difference, int(label.better), language),
        )
        for r in rows.itertuples()
    ]


def clause(found: list[Finding], baseline: str, language: str) -> str:
    """How the scenarios do on one indicator: each that stands out, then those that do not, together."""
    parts = []
    for kind in ("relevant", "unsure"):
        for f in found:
            if f.kind == kind:
                parts.append(
                    say(f"clause_{kind}", language, who=f.scenario, way=f.way, base=scenario_name(baseline), text=f.text)
                )
    for kind in ("small", "inseparable", "unknown"):
        group = [f for f in found if f.kind == kind]
        if group:
            names = joined([f.scenario for f in group], language)
            parts.append(say(f"clause_{kind}", language, who=names, text=_largest(group, language)))
    return "; ".join(parts)


def _largest(group: list[Finding], language: str) -> str:
    if len(group) == 1:
        return group[0].text
    most = max(group, key=lambda f: abs(f.difference) if isfinite(f.difference) else -1.0)
    return say("largest", language, who=most.scenario, text=most.text)


def sentence(tables: Tables, name: str, language: str) -> str:
    """'op leefbaarheid (score; een verschil telt vanaf 0,02): ...' without a full stop; what is not measured is said."""
    rows, label = tables.whole(name), tables.label(name)
    short = word("short", name, language)
    if rows.empty:
        return say("absent", language, what=short)
    shown = unit(label.unit, language)
    threshold = number(shown.factor * rows.relevant_difference.iloc[0], language, 2)
    told = clause(findings(rows, label, language), tables.baseline, language)
    return say("topic", language, what=short, unit=shown.points, threshold=threshold, clause=told)


def answer(tables: Tables, language: str) -> list[str]:
    """Two sentences: leefbaarheid; the other headline indicators."""
    first, *rest = (sentence(tables, name, language) for name in HEADLINE)
    return [capital(first) + ".", capital("; ".join(rest)) + "."]


def lead(tables: Tables, language: str) -> str:
    """The answer before its numbers."""
    kinds = {name: findings(tables.whole(name), tables.label(name), language) for name in HEADLINE}
    names = {"base": scenario_name(tables.baseline), "over": joined([word("short", n, language) for n in kinds], language)}
    for kind in ("relevant", "unsure"):
        hits = [
            f"{f.scenario} ({word('short', n, language)}: {f.way})" for n, group in kinds.items() for f in group if f.kind == kind
        ]
        if hits:
            return say(f"lead_{kind}", language, hits=joined(hits, language), **names)
    found = {f.kind for group in kinds.values() for f in group}
    if not found:
        return say("lead_none", language)
    if found == {"small"}:
        return say("lead_small", language, **names)
    return say("lead_mixed" if "small" in found else "lead_inseparable", language, **names)


def elsewhere(tables: Tables, language: str) -> list[str]:
    """Differences that matter, or may, on the indicators that the answer does not name (costs have their own sentence)."""
    told = []
    for name in (n for n in tables.lines if n not in (*HEADLINE, "kosten")):
        label = tables.label(name)
        group = [f for f in findings(tables.whole(name), label, language) if f.kind in ("relevant", "unsure")]
        parts = [f"{f.scenario} {f.text} ({say(f'cell_{f.kind}', language, way=f.way)})" for f in group]
        if parts:
            told.append(f"{word('short', name, language)} ({unit(label.unit, language).points}): {'; '.join(parts)}")
    return told


def placements(tables: Tables, language: str) -> list[str]:
    """Scenarios that place more or fewer persons than the baseline, so that not only the places differ."""
    if not (tables["labels"].name == "plaatsingen").any():
        return []
    label = tables.label("plaatsingen")
    found = [f for f in findings(tables.whole("plaatsingen"), label, language) if f.kind in ("relevant", "unsure")]
    return [f"{f.scenario}: {f.text} {unit(label.unit, language).points}" for f in found]


def costs(tables: Tables, language: str) -> list[str]:
    """Per scenario: so much a year more or less, with its interval and what that means."""

    def more(x: float) -> str:
        key = "no_more" if x == 0 else "more" if x > 0 else "less"
        return say(key, language, euro=say("euro", language) + grouped(abs(x), 0, language))

    told = []
    for r in tables.whole("kosten").itertuples():
        meaning = judgement(verdict(r.difference, r.low, r.high, r.relevant_difference), r.difference, -1, language)
        decimals = precision(r.difference, r.low, r.high)
        middle, low, high = (round(x, decimals) if isfinite(x) else x for x in (r.difference, r.low, r.high))
        ends = " " + say("from_to", language, low=more(low), high=more(high)) if isfinite(low) else ""
        told.append(f"{scenario_name(r.scenario)}: {more(middle)}{ends} ({meaning})")
    return told


def settling(whole: pd.Series) -> str:
    """Whether those who win can make good what others lose, of all payers together: yes, no, or maybe (not separable)."""
    return "maybe" if whole.role == "open" else "yes" if whole.possible else "no"


def pockets(tables: Tables, language: str) -> list[str]:
    """Per scenario: who invests, who benefits, what all pay together, and whether those who win can make good who loses."""
    told = []
    for scenario in tables.others:
        rows = tables["pockets"][tables["pockets"].scenario == scenario].set_index("payer")
        if rows.empty:
            continue
        names = {
            role: [word("payers", str(k), language) for k in rows.index[rows.role == role] if k]
            for role in ("invests", "benefits")
        }
        sides = {role: joined(of, language) if of else say("nobody", language) for role, of in names.items()}
        whole = rows.loc[""]
        total = interval(whole.difference, whole.low, whole.high, 1.0, language)
        settled = say(f"settle_{settling(whole)}", language, share=percent(whole.possible_share, language))
        told.append(say("pockets", language, who=scenario_name(scenario), total=total, settled=settled, **sides))
    return told


def order(tables: Tables, language: str) -> str:
    """Whether the order of scenarios on the chosen outcome is settled, and as far as it is, which it is."""
    t = tables["ranking"]
    name, error = str(t.indicator.iloc[0]), tables.manifest["identity"]["config"]["ranking"]["error"]
    sides = [t[[side, f"{side}_group"]].set_axis(["scenario", "group"], axis=1) for side in ("first", "second")]
    groups = pd.concat(sides).drop_duplicates().groupby("group").scenario
    texts = [say("order_same", language).join(scenario_name(s) for s in of) for _, of in groups]
    still_open = int((t.verdict == "open").sum())
    key = "order_settled" if not still_open else "order_open" if len(texts) > 1 else "order_none"
    return say(
        key, language, what=word("short", name, language), error=percent(error, language), n=str(tables.seeds),
        open=str(still_open), pairs=str(len(t)), order=say("order_before", language).join(texts),
    )  # fmt: skip


def pairing(tables: Tables, language: str) -> str:
    """How many times as many seeds unpaired scenarios would need, per headline indicator: over scenarios."""
    parts = []
    for name in HEADLINE:
        ratios = [r for r in tables.whole(name).variance_ratio if isfinite(r)]
        if ratios:
            low, high = (rounded(x, language) for x in (min(ratios), max(ratios)))
            parts.append(f"{word('short', name, language)} {low if low == high else f'{low}–{high}'}")
    return say("pairing", language, parts=joined(parts, language)) if parts else ""
