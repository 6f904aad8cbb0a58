"""Tables of CBS StatLine, downloaded once into a cache folder and checked by their hash ever after.

    read(cache, download(vintage, cache))      the tables that the vintage names in its section `statline`

A table has a folder of its own, `<cache>/<table>/`, with `<table>.csv.gz` (our names, codes without blanks, empty where CBS
publishes nothing) and `hashes.json` (what it is, when it came, and the SHA-256 of the file). The folder is built beside its place
and then renamed, so that it is whole or absent, and of two downloads at once the first one stays. A file that is no longer
what was downloaded is refused: whoever wants a newer one deletes the folder.
"""

import difflib
import hashlib
import json
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from model.parameters import Problem, Refused
from model.tables.vintage import Download, Vintage

SECONDS = 120  # of silence, after which the server counts as gone
INFO = {"title": "Title", "period": "Period", "modified": "Modified"}  # ours: theirs, of what is kept about a table
INSTEAD = "gemeente.data=FOLDER with the tables (docs/data.md)"


class Answer(NamedTuple):
    """What StatLine said of a table: its columns (ours: theirs), its rows, the titles of its regions, and what it is."""

    names: dict[str, str]
    rows: list[dict[str, Any]]
    titles: dict[str, str]
    info: dict[str, Any]


def default_cache() -> Path:
    """The folder for downloads where the configuration names none: that of the user's caches (XDG)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wijkdraagkracht"


def download(vintage: Vintage, cache: Path) -> Vintage:
    """The downloaded half of a vintage, all its tables now in `cache`; raises `Refused` with every problem of every table."""
    if vintage.statline is None:
        raise Refused([Problem("gemeente.data", f"nothing, and {vintage.year} has no tables on StatLine here", INSTEAD)])
    problems: list[Problem] = []
    for source in vintage.statline.files.values():
        if source.statline is not None:
            try:
                fetch(source.statline, cache)
            except Refused as refused:
                problems += refused.problems
    if problems:
        raise Refused(problems)
    return vintage.statline


def fetch(wanted: Download, cache: Path) -> Path:
    """The file of a table in `cache`, downloaded if it is not there; raises `Refused`, also for a file that was changed."""
    if not (cache / wanted.table).is_dir():
        answer = _ask(wanted)
        _store(wanted, cache, _frame(wanted, answer), answer)
    return _checked(wanted, cache)


def _ask(wanted: Download) -> Answer:
    """The table as StatLine gives it; raises `Refused` if it does not."""
    import cbsodata  # here, because it sets up logging when it is imported

    table, catalog = wanted.table, wanted.catalog
    try:
        properties = cbsodata.get_meta(table, "DataProperties", catalog_url=catalog, timeout=SECONDS)
        names = _names(wanted, [p["Key"] for p in properties if p["Key"]])
        select = list(dict.fromkeys(names.values()))
        # `typed` means the opposite of what it says in cbsodata 1.3.5: False brings the TypedDataSet.
        parts = cbsodata.download_data(table, typed=False, select=select, catalog_url=catalog, timeout=SECONDS)
        titles = {t["Key"].strip(): t["Title"].strip() for t in parts[names["code"]]}
        return Answer(names, parts["TypedDataSet"], titles, parts["TableInfos"][0])
    except Refused:
        raise  # a ValueError too, but one that already says what is wrong
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        # No connection, an HTTP error or silence (OSError); no JSON (ValueError); JSON of another shape (the rest).
        found = f"nothing, and no table {table} from {catalog} ({type(error).__name__}: {error})"
        raise Refused([Problem("gemeente.data", found, f"a connection to {catalog}, or {INSTEAD}")]) from error


def _names(wanted: Download, properties: list[str]) -> dict[str, str]:
    """Ours -> the full name of theirs; refused is a stem that no column has, or more than one."""
    problems, names = [], {}
    for ours, stem in wanted.columns.items():
        found = [name for name in properties if _stem(name) == stem]
        if len(found) == 1:
            names[ours] = found[0]
            continue
        there = found or difflib.get_close_matches(stem, properties, n=8, cutoff=0.4) or properties
        said = f"{'more than one' if found else 'no'} column {stem}"
        problems.append(Problem(f"StatLine {wanted.table}: {ours}", said, ", ".join(there) + f", or {INSTEAD}"))
    if problems:
        raise Refused(problems)
    return names


def _stem(name: str) -> str:
    """The name of a column without its number: AantalInwoners_5 is AantalInwoners."""
    return re.sub(r"_\d+$", "", name)


def _frame(wanted: Download, answer: Answer) -> pd.DataFrame:
    """The table in our names, one row per region; numbers that CBS does not publish are nan, never zero."""
    absent = {name for name in answer.names.values() for row in answer.rows if name not in row}
    if absent or not answer.rows:
        found = "rows without " + ", ".join(sorted(absent)) if absent else "no rows"
        raise Refused([Problem(f"StatLine {wanted.table}", found, f"a value or null in each row, or {INSTEAD}")])
    frame = pd.DataFrame({ours: [row[theirs] for row in answer.rows] for ours, theirs in answer.names.items()})
    frame["code"] = frame["code"].str.strip()
    if "naam" in frame:
        frame["naam"] = frame["code"].map(answer.titles)
    numbers = [column for column in frame if column not in ("code", "naam")]
    text = [column for column in numbers if frame[column].map(lambda value: isinstance(value, str)).any()]
    twice = frame["code"][frame["code"].duplicated()].tolist()
    nameless = frame["code"][frame["naam"].isna()].tolist() if "naam" in frame else []
    wrong = [f"text in {column}" for column in text]
    wrong += [f"more than one row of {code}" for code in twice[:1]] + [f"no title of {code}" for code in nameless[:1]]
    if wrong:
        expected = f"one row per region with its title and numbers, or {INSTEAD}"
        raise Refused([Problem(f"StatLine {wanted.table}", found, expected) for found in wrong])
    return frame.astype(dict.fromkeys(numbers, float))


def _store(wanted: Download, cache: Path, frame: pd.DataFrame, answer: Answer) -> None:
    """Write the folder of a table: whole, or not at all."""
    file = Path(wanted.file).name
    told = {ours: answer.info.get(theirs, "") for ours, theirs in INFO.items()}
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{wanted.table}-", dir=cache) as beside:
            folder = Path(beside) / wanted.table
            folder.mkdir()
            # No time in the header, so that the same table has the same hash whenever it was downloaded.
            frame.to_csv(folder / file, index=False, compression={"method": "gzip", "mtime": 0})
            record = {
                "file": file, "sha256": _hash(folder / file), "rows": len(frame), "table": wanted.table,
                "catalog": wanted.catalog, **told, "downloaded": datetime.now(UTC).isoformat(timespec="seconds"),
                "columns": answer.names,
            }  # fmt: skip
            (folder / "hashes.json").write_text(json.dumps(record, indent=1, ensure_ascii=False), encoding="utf-8")
            _put(folder, cache / wanted.table)
    except OSError as error:
        raise Refused([Problem("gemeente.cache", f"{cache} ({error})", "a folder that can be written")]) from error


def _put(folder: Path, place: Path) -> None:
    """Rename a whole folder to its place, unless another download was first."""
    try:
        os.rename(folder, place)
    except OSError:
        if not place.is_dir():
            raise


def _checked(wanted: Download, cache: Path) -> Path:
    """The file of a table that is in the cache; refused if it is not what was downloaded, or holds other columns."""
    path = cache / wanted.file
    again = f"delete the folder {path.parent} to download it again"
    try:
        record = json.loads((path.parent / "hashes.json").read_text(encoding="utf-8"))
        expected, columns, catalog = record["sha256"], record["columns"], record["catalog"]
        found = _hash(path)
    except (OSError, ValueError, KeyError, TypeError) as error:
        broken = f"no whole download in {path.parent} ({type(error).__name__}: {error})"
        raise Refused([Problem("gemeente.cache", broken, again)]) from error
    if found != expected:
        raise Refused([Problem(f"gemeente.cache: {path}", f"SHA-256 {found}", f"{expected}, as it was downloaded: {again}")])
    lacking = [f"{ours} ({stem})" for ours, stem in wanted.columns.items() if _stem(columns.get(ours, "")) != stem]
    if lacking:
        raise Refused([Problem(f"gemeente.cache: {path}", "a table without " + ", ".join(lacking), again)])
    if catalog != wanted.catalog:
        raise Refused([Problem(f"gemeente.cache: {path}", f"a table of {catalog}", f"one of {wanted.catalog}: {again}")])
    return path


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
