"""Files in, checked frames out."""

from pathlib import Path

import numpy as np
import pandas as pd

from model.parameters import Problem, Refused


def read_table(path: Path, columns: dict[str, str], compute: dict[str, str] | None = None) -> pd.DataFrame:
    """Columns (ours: theirs) of a file, indexed by code, with what is computed of them."""
    frame = pd.read_csv(path, dtype={columns["code"]: str}, low_memory=False)
    missing = [c for c in columns.values() if c not in frame]
    if missing:
        raise Refused([Problem(path.name, "columns " + ", ".join(frame), "also " + ", ".join(missing))])
    frame = frame[list(columns.values())].rename(columns={theirs: ours for ours, theirs in columns.items()})
    frame = frame.set_index("code")
    for name, expression in (compute or {}).items():
        frame[name] = frame.eval(expression).replace([np.inf, -np.inf], np.nan)
    return frame
