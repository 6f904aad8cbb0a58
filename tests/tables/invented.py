"""An invented country of three gemeenten, five wijken and eleven buurten (one of them empty), as cells of files.

tables()                       name of the table -> DataFrame of texts, under our names
write(folder, tables)          each as <name>.csv
MAPPING                        the mapping file of a year that holds these
"""

from pathlib import Path
from typing import Any

import pandas as pd

COLUMNS = ["code", "naam", "inwoners", "inw_65plus", "huishoudens", "hh_grootte", "dichtheid", "woz", "p_koop", "p_eengezins"]
BUURTEN = """
BU00010101 Aarde    210  40 100 2.1 3000 250 40 50
BU00010102 Bries    120  20  60 2.0 5000 200 20 10
BU00010103 Wolk       0   0   0   .    .   .  .  .
BU00010201 Curve    260  60 110 2.3 1200 380 80 95
BU00010202 Dauw      90   5  60 1.5 8000 150  0  0
BU00020101 Eiland   330  90 140 2.3  900 420 75 90
BU00020102 Fjord    150  30  70 2.1 2500 300 55 60
BU00020201 Golf     100  45  60 1.7 6000 180 10  5
BU00020202 Haven      .   .  20   .    .   .  .  .
BU00030001 Ijs      410 100 160 2.5  150 500 90 99
BU00030002 Jonk      40   5  15   .   80   .  .  .
"""
WIJKEN = """
WK000101 Noord 330  60 160 2.1 3600 230 33 35
WK000102 Zuid  350  65 170 2.0 1600 300 50 62
WK000201 Oost  480 120 210 2.3 1150 380 68 80
WK000202 West  140  50  80 1.8 5000 190 15 10
WK000300 Land  450 105 175 2.5  140 490 88 97
"""
GEMEENTEN = """
GM0001 Eerste 680 125 330 2.1 2200 265 42 49
GM0002 Tweede 620 170 290 2.1 1400 330 54 61
GM0003 Derde  450 105 175 2.5  140 490 88 97
"""
TENURE = """
GM0001 42 45 48
GM0002 55 30 41
GM0003 88  5 25
"""
CLASSES = """
WK000101 5
WK000102 7
WK000201 8
WK000300 9
"""
AREA: dict[str, Any] = {
    "source": "invented",
    "columns": {name: name for name in COLUMNS},
    "compute": {"p_oud": "100 * inw_65plus / inwoners"},
}
PER_LEVEL = ["buurten", "wijken", "gemeenten"]
MAPPING: dict[str, Any] = {
    "year": 2030,
    "files": {
        **{name: {**AREA, "file": f"{name}.csv"} for name in PER_LEVEL},
        "tenure": {
            "file": "tenure.csv", "source": "invented", "optional": True, "year": 2028,
            "columns": {name: name for name in ("code", "p_koop", "p_corp", "p_laag_ink")},
        },
        "classes": {
            "file": "classes.csv", "source": "invented", "optional": True, "columns": {"code": "code", "klasse": "klasse"},
        },
    },
    "chains": {
        **dict.fromkeys(("hh_grootte", "dichtheid", "woz", "p_koop", "p_eengezins", "p_oud"), PER_LEVEL),
        "p_corp": ["tenure"], "p_laag_ink": ["tenure"], "klasse": ["classes"],
    },
}  # fmt: skip


def tables() -> dict[str, pd.DataFrame]:
    """The tables as cells, under our names."""
    of = {"buurten": BUURTEN, "wijken": WIJKEN, "gemeenten": GEMEENTEN, "tenure": TENURE, "classes": CLASSES}
    found = {}
    for name, text in of.items():
        rows = [["" if cell == "." else cell for cell in line.split()] for line in text.strip().splitlines()]
        found[name] = pd.DataFrame(rows, columns=list(MAPPING["files"][name]["columns"]), dtype=object)
    return found


def write(folder: Path, of: dict[str, pd.DataFrame], **form: str) -> Path:
    """Each table as a CSV file in the folder."""
    for name, frame in of.items():
        frame.to_csv(folder / f"{name}.csv", index=False, **form)
    return folder
