"""What no table says per buurt, estimated from what they do say: corporatie homes and incomes."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from model.tables import chain
from model.town import Parameters as Country
from model.town import income_shares

if TYPE_CHECKING:
    from model.tables import Tables

ESTIMATED = ("p_corp", "p_laag_ink", "p_hoog_ink")


def complete(
    frame: pd.DataFrame, filled: dict[str, chain.Filled], tables: "Tables", country: Country
) -> tuple[pd.DataFrame, list[tuple[Any, ...]]]:
    """The frame with the shares of `ESTIMATED`, and lines for the imputation report."""
    frame = frame.copy()
    rows: list[tuple[Any, ...]] = []
    low, high = income_shares(frame.p_koop.to_numpy() / 100.0, frame.woz_ratio.to_numpy(), country)
    for attribute, model in (("p_laag_ink", low), ("p_hoog_ink", high)):
        own = filled.get(attribute)
        known = own.level.eq("buurt") if own is not None else pd.Series(False, index=frame.index)
        values = pd.Series(100.0 * model, index=frame.index)
        frame[attribute] = own.values.where(known, values) if own is not None else values
        for level, mine in (("buurt", known), ("geschat uit koop en WOZ", ~known)):
            if mine.any():
                rows.append((attribute, level, "", int(mine.sum()), int(frame.huishoudens[mine].sum()), float("nan")))
    corp = filled["p_corp"]
    known = corp.level.eq("buurt")
    rent = 100.0 - frame.p_koop
    if "gemeenten_2020" in tables.frames:
        g = tables.frames["gemeenten_2020"]
        part = frame.gemeente.map(g.p_corp / g.p_huur)
    else:
        part = pd.Series(np.nan, index=frame.index)
    part = part.fillna(country.corp_share / (1 - country.koop_share))
    frame["p_corp"] = np.minimum(corp.values.where(known, rent * part), rent)
    for level, mine in (("buurt", known), ("geschat uit gemeente", ~known)):
        if mine.any():
            rows.append(("p_corp", level, "", int(mine.sum()), int(frame.huishoudens[mine].sum()), float("nan")))
    frame["p_hoog_ink"] = np.minimum(frame.p_hoog_ink, 100.0 - frame.p_laag_ink)
    return frame, rows
