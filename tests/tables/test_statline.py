"""StatLine on the loopback: a small server of the same shape, everything that can go wrong with it, and the cache behind it."""

import gzip
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import cbsodata
import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from experiments.plan import CONFIGS, vintage_of
from model import tables
from model.parameters import Refused
from model.tables.statline import default_cache, download, fetch
from model.tables.vintage import Download, read_vintage

DATA = Path(__file__).parents[3] / "shared" / "data"
PAGE = 3  # rows that the server gives at once; StatLine gives 10,000
TABLE = "12345NED"
COLUMNS = {"code": "WijkenEnBuurten", "naam": "WijkenEnBuurten", "inwoners": "AantalInwoners", "p_koop": "Koopwoningen"}
REGIONS = {
    "NL00": ("Nederland", 17_942_942, 57.0),
    "GM0828": ("Oss   ", 94_000, 63.0),
    "WK082801": ("Binnenstad", 6_000, 41.5),
    "BU08280101": ("Centrum", 3_500, 40.0),
    "BU08280102": ("Elzenburg", 40, None),  # suppressed: too few homes
    "BU08280103": ("Moleneind", 0, None),
    "BU08280104": ("Landweer", None, None),
}


class Server(ThreadingHTTPServer):
    """StatLine in small. Tests change `tables` and `failures` (part of a path: what is sent instead); `asked` is its log."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.tables: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self.failures: dict[str, tuple[int, bytes]] = {}
        self.asked: list[str] = []
        self.catalog = f"127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        for part, (status, body) in self.server.failures.items():
            if part in self.path:
                return self.send(status, body)
        url = urlsplit(self.path)
        root, kind, table, part = [*url.path.strip("/").split("/"), ""][:4]
        parts = self.server.tables.get(table)
        if (root, kind) != ("ODataFeed", "odata") or parts is None or (part and part not in parts):
            return self.send(404, b"<html>Not Found</html>")
        if not part:
            names = [{"name": name, "url": f"http://{self.server.catalog}{url.path}{name}"} for name in parts]
            return self.send(200, json.dumps({"odata.metadata": "", "value": names}).encode())
        return self.rows(parts[part], {key: values[0] for key, values in parse_qs(url.query).items()})

    def rows(self, rows: list[dict[str, Any]], query: dict[str, str]) -> None:
        select, skip = query.get("$select"), int(query.get("$skip", 0))
        page = [{k: v for k, v in row.items() if select is None or k in select.split(",")} for row in rows[skip : skip + PAGE]]
        answer: dict[str, Any] = {"odata.metadata": "", "value": page}
        if skip + PAGE < len(rows):
            asked = "".join(f"&{key}={quote(value)}" for key, value in query.items() if key != "$skip")
            answer["odata.nextLink"] = f"http://{self.server.catalog}{urlsplit(self.path).path}?$skip={skip + PAGE}{asked}"
        self.send(200, json.dumps(answer).encode())

    def send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the log of a test is its own."""


def padded(code: str) -> str:
    return code.ljust(10)


def as_statline(names: list[str], regions: dict[str, str], values: list[dict[str, Any]], year: int = 2024) -> dict[str, Any]:
    """A table in the parts that StatLine gives: numbered columns `names`, titles of `regions`, a row of values per region."""
    rows = [{"ID": k, "WijkenEnBuurten": padded(code), **row} for k, (code, row) in enumerate(zip(regions, values, strict=True))]
    text = [{k: v if k == "ID" or isinstance(v, str) else f"{'.' if v is None else v:>12}" for k, v in r.items()} for r in rows]
    properties = [{"Key": "WijkenEnBuurten", "Type": "GeoDetail"}, {"Key": "", "Type": "TopicGroup"}]
    return {
        "TableInfos": [{"Title": f"Kerncijfers {year}", "Period": str(year), "Modified": "2025-11-06T02:00:00"}],
        "UntypedDataSet": text,
        "TypedDataSet": rows,
        "DataProperties": properties + [{"Key": name, "Type": "Topic"} for name in names],
        "CategoryGroups": [],
        "WijkenEnBuurten": [{"Key": padded(code), "Title": title} for code, title in regions.items()],
    }


def small_table() -> dict[str, Any]:
    names = ["AantalInwoners_5", "Koopwoningen_47", "Huurwoning_53", "Huurwoning_61", "GemiddeldeWOZWaardeVanWoningen_39"]
    values = [{names[0]: inwoners, names[1]: koop, names[4]: 300} for _, inwoners, koop in REGIONS.values()]
    return as_statline(names, {code: title for code, (title, _, _) in REGIONS.items()}, values)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running server with the table `TABLE`, over plain HTTP; nothing in the test can reach anything but the loopback."""
    monkeypatch.setattr(cbsodata.options, "use_https", False)
    monkeypatch.setattr(cbsodata.options, "requests", {"proxies": {}})
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", f"a test that calls {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)
    with Server() as running:
        running.tables[TABLE] = small_table()
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def wanted(server: Server, **more: str) -> Download:
    return Download(TABLE, server.catalog, {**COLUMNS, **more})


def downloaded(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"code": str}).set_index("code")


def refused(server: Server, cache: Path, **more: str) -> str:
    """What is said of a download that fails; it leaves nothing behind."""
    with pytest.raises(Refused) as said:
        fetch(wanted(server, **more), cache)
    assert not cache.exists() or not list(cache.iterdir())
    return str(said.value)


def test_pages_are_joined_in_order_with_our_names_and_codes_without_blanks(server, tmp_path):
    frame = downloaded(fetch(wanted(server), tmp_path))
    assert list(frame.columns) == ["naam", "inwoners", "p_koop"]
    assert list(frame.index) == list(REGIONS) and len(REGIONS) > 2 * PAGE
    assert list(frame.naam) == [title.strip() for title, _, _ in REGIONS.values()]
    assert frame.inwoners["NL00"] == 17_942_942 and frame.p_koop["WK082801"] == 41.5


def test_what_is_not_published_stays_empty_and_zero_stays_zero(server, tmp_path):
    path = fetch(wanted(server), tmp_path)
    frame = downloaded(path)
    assert frame.inwoners["BU08280103"] == 0
    assert np.isnan(frame.inwoners["BU08280104"]) and np.isnan(frame.p_koop["BU08280102"])
    assert gzip.decompress(path.read_bytes()).decode().splitlines()[-1] == "BU08280104,Landweer,,"


def test_only_the_columns_that_are_needed_are_asked_and_of_the_typed_table(server, tmp_path):
    fetch(wanted(server), tmp_path)
    data = [parse_qs(urlsplit(path).query) for path in server.asked if "DataSet" in path]
    assert len(data) == 3 and not any("Untyped" in path for path in server.asked)
    assert {query["$select"][0] for query in data} == {"WijkenEnBuurten,AantalInwoners_5,Koopwoningen_47"}


def test_the_record_says_what_was_downloaded_and_when(server, tmp_path):
    path = fetch(wanted(server), tmp_path)
    record = json.loads((path.parent / "hashes.json").read_text(encoding="utf-8"))
    assert path == tmp_path / TABLE / f"{TABLE}.csv.gz" and record["file"] == path.name
    assert (record["title"], record["period"], record["modified"]) == ("Kerncijfers 2024", "2024", "2025-11-06T02:00:00")
    assert record["rows"] == len(REGIONS) and record["catalog"] == server.catalog and len(record["sha256"]) == 64
    assert record["columns"]["inwoners"] == "AantalInwoners_5" and record["downloaded"].endswith("+00:00")


def test_what_is_in_the_cache_is_not_asked_again(server, tmp_path):
    first = fetch(wanted(server), tmp_path)
    server.asked.clear()
    assert fetch(wanted(server), tmp_path) == first and server.asked == []


def test_the_same_table_has_the_same_hash_whenever_it_comes(server, tmp_path):
    assert fetch(wanted(server), tmp_path / "a").read_bytes() == fetch(wanted(server), tmp_path / "b").read_bytes()


def test_a_file_that_was_changed_is_refused_and_neither_used_nor_replaced(server, tmp_path):
    path = fetch(wanted(server), tmp_path)
    expected = json.loads((path.parent / "hashes.json").read_text(encoding="utf-8"))["sha256"]
    path.write_bytes(gzip.compress(b"code,naam,inwoners,p_koop\nNL00,Nederland,1,1\n"))
    server.asked.clear()
    with pytest.raises(Refused) as said:
        fetch(wanted(server), tmp_path)
    assert all(word in str(said.value) for word in (str(path), expected, f"delete the folder {path.parent}"))
    assert server.asked == [] and b"NL00,Nederland,1,1" in gzip.decompress(path.read_bytes())


@pytest.mark.parametrize("lost", ["hashes.json", f"{TABLE}.csv.gz"])
def test_a_download_of_which_a_part_is_gone_is_refused(server, tmp_path, lost):
    path = fetch(wanted(server), tmp_path)
    (path.parent / lost).unlink()
    with pytest.raises(Refused, match=r"no whole download .*possible: delete the folder"):
        fetch(wanted(server), tmp_path)


def test_a_record_that_is_no_json_is_refused(server, tmp_path):
    path = fetch(wanted(server), tmp_path)
    (path.parent / "hashes.json").write_text("[]", encoding="utf-8")
    with pytest.raises(Refused, match="no whole download"):
        fetch(wanted(server), tmp_path)


def test_a_cache_of_other_columns_or_another_catalog_is_refused_and_of_more_columns_used(server, tmp_path):
    path = fetch(wanted(server), tmp_path)
    with pytest.raises(Refused, match=r"a table without woz \(GemiddeldeWOZWaardeVanWoningen\); possible: delete"):
        fetch(wanted(server, woz="GemiddeldeWOZWaardeVanWoningen"), tmp_path)
    with pytest.raises(Refused, match=r"a table of 127\.0\.0\.1:\d+; possible: one of dataderden\.cbs\.nl"):
        fetch(wanted(server)._replace(catalog="dataderden.cbs.nl"), tmp_path)
    assert fetch(wanted(server)._replace(columns={"code": "WijkenEnBuurten"}), tmp_path) == path


def test_a_deleted_folder_is_downloaded_again(server, tmp_path):
    path = fetch(wanted(server), tmp_path)
    for file in path.parent.iterdir():
        file.unlink()
    path.parent.rmdir()
    server.tables[TABLE]["TypedDataSet"][0]["AantalInwoners_5"] = 18_000_000
    assert downloaded(fetch(wanted(server), tmp_path)).inwoners["NL00"] == 18_000_000


def test_a_stem_that_is_not_there_is_refused_with_what_is(server, tmp_path):
    said = refused(server, tmp_path, woz="GemiddeldeWoningwaarde")
    assert f"StatLine {TABLE}: woz: found no column GemiddeldeWoningwaarde" in said
    assert "GemiddeldeWOZWaardeVanWoningen_39" in said and "gemeente.data=FOLDER" in said


def test_a_stem_of_more_columns_is_refused_with_all_of_them(server, tmp_path):
    said = refused(server, tmp_path, p_corp="Huurwoning", woz="Nix")
    assert "more than one column Huurwoning; possible: Huurwoning_53, Huurwoning_61" in said
    assert "no column Nix" in said  # every problem at once


FAILURES = {
    "a table that does not exist": (f"{TABLE}/", 404, b"<html>Not Found</html>", "404"),
    "an error on the second page": ("skip=3", 500, b"query returns more than 10000 records", "500"),
    "an error in the titles of regions": ("/WijkenEnBuurten", 500, b"", "500"),
    "JSON that breaks off": ("skip=6", 200, b'{"odata.metadata": "", "value": [{"WijkenEnB', "JSONDecodeError"),
    "a page of a portal": ("TypedDataSet", 200, b"<html>Log in to the wifi</html>", "JSONDecodeError"),
    "JSON of another shape": ("DataProperties", 200, b'{"error": "busy"}', "KeyError"),
    "JSON that is a list": ("TypedDataSet", 200, b"[]", "TypeError"),
    "no information on the table": ("TableInfos", 200, b'{"value": []}', "IndexError"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_an_answer_that_can_not_be_used_is_one_refusal_that_says_what_to_do(server, tmp_path, case):
    part, status, body, reason = FAILURES[case]
    server.failures[part] = (status, body)
    said = refused(server, tmp_path / "cache")
    assert reason in said and TABLE in said and len(said.splitlines()) == 1
    assert f"a connection to {server.catalog}, or gemeente.data=FOLDER" in said


def test_no_connection_is_refused_in_the_same_words(server, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Refused, match=f"ConnectionError.*possible: a connection to {nobody}, or gemeente.data=FOLDER"):
            fetch(wanted(server)._replace(catalog=nobody), tmp_path)
    assert not list(tmp_path.iterdir()) and not server.asked


def test_rows_that_make_no_table_are_refused(server, tmp_path):
    whole = small_table()["TypedDataSet"]
    cases = {
        "no rows": [],
        "rows without Koopwoningen_47": [*whole, {"WijkenEnBuurten": "BU08280105", "AantalInwoners_5": 3}],
        "text in inwoners": [{**whole[0], "AantalInwoners_5": "     1200"}],
        "more than one row of GM0828": [*whole, whole[1]],
        "no title of BU99999999": [{**whole[0], "WijkenEnBuurten": "BU99999999"}],
    }
    for said, rows in cases.items():
        server.tables[TABLE]["TypedDataSet"] = rows
        assert f"StatLine {TABLE}: found {said}; possible: " in refused(server, tmp_path)


def test_a_cache_that_can_not_be_made_is_refused(server, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(Refused, match=r"gemeente\.cache: .*possible: a folder that can be written"):
        fetch(wanted(server), tmp_path / "file")


def test_two_downloads_at_once_both_end_with_one_whole_file(server, tmp_path):
    together, paths, errors = threading.Barrier(2, timeout=30), [], []
    answer = Handler.do_GET

    def last(path: str) -> bool:
        return "/WijkenEnBuurten?" in path and "skip=6" in path

    def meet(self: Handler) -> None:
        if last(self.path):
            together.wait()  # neither has written anything, and both will
        answer(self)

    def one() -> None:
        try:
            paths.append(fetch(wanted(server), tmp_path))
        except (Refused, AssertionError) as error:
            errors.append(error)

    server.RequestHandlerClass = type("Meeting", (Handler,), {"do_GET": meet})
    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == [] and paths == [tmp_path / TABLE / f"{TABLE}.csv.gz"] * 2
    assert sum(map(last, server.asked)) == 2
    assert [p.name for p in tmp_path.iterdir()] == [TABLE]  # the slower one took its own away
    assert len(downloaded(paths[0])) == len(REGIONS)


def test_the_default_cache_is_the_users(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_cache() == tmp_path / "wijkdraagkracht"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache" / "wijkdraagkracht"


def mapped(year: int, catalog: str) -> Any:
    """The vintage of a real mapping file, its tables on the server."""
    raw: Any = OmegaConf.to_container(OmegaConf.load(CONFIGS / "vintage" / f"{year}.yaml"))
    for entry in raw["statline"]["files"].values():
        entry["catalog"] = catalog
    return read_vintage(raw, str(year))


# The columns of 85984NED and 85618NED that the mapping files name, with the number that each has in its year.
NUMBERED = {
    2024: "AantalInwoners_5 k_15Tot25Jaar_9 k_25Tot45Jaar_10 k_65JaarOfOuder_12 HuishoudensTotaal_29 Eenpersoonshuishoudens_30 "
    "GemiddeldeHuishoudensgrootte_33 Bevolkingsdichtheid_34 GemiddeldeWOZWaardeVanWoningen_39 PercentageEengezinswoning_40 "
    "Koopwoningen_47 HuurwoningenTotaal_48 InBezitWoningcorporatie_49 k_40HuishoudensMetLaagsteInkomen_84 "
    "k_20HuishoudensMetHoogsteInkomen_85 PersonenPerSoortUitkeringBijstand_87 PercentageJongerenMetJeugdzorg_92 "
    "WmoClientenRelatief_94",
    2023: "AantalInwoners_5 k_15Tot25Jaar_9 k_25Tot45Jaar_10 k_65JaarOfOuder_12 HuishoudensTotaal_29 Eenpersoonshuishoudens_30 "
    "GemiddeldeHuishoudensgrootte_33 Bevolkingsdichtheid_34 GemiddeldeWOZWaardeVanWoningen_36 PercentageEengezinswoning_37 "
    "Koopwoningen_41 HuurwoningenTotaal_42 InBezitWoningcorporatie_43 k_40HuishoudensMetLaagsteInkomen_85 "
    "k_20HuishoudensMetHoogsteInkomen_86 PersonenPerSoortUitkeringBijstand_92 PercentageJongerenMetJeugdzorg_97 "
    "WmoClientenRelatief_99",
}


def kwb(year: int, regions: dict[str, str], values: list[dict[str, Any]]) -> dict[str, Any]:
    """Kerncijfers of a year from values by stem; a stem without a value is null."""
    names = NUMBERED[year].split()
    rows = [{name: row.get(name.rpartition("_")[0]) for name in names} for row in values]
    return as_statline(names, regions, rows, year)


@pytest.mark.parametrize(("year", "table"), [(2024, "85984NED"), (2023, "85618NED")])
def test_a_year_is_a_mapping_file_and_what_it_measures_is_not_estimated(rooms, server, tmp_path, year, table):
    """Two buurten by hand: what is measured comes as it is, incomes too; what is suppressed is of its wijk."""
    all_there = {
        "AantalInwoners": 200, "k_15Tot25Jaar": 20, "k_25Tot45Jaar": 60, "k_65JaarOfOuder": 50, "HuishoudensTotaal": 100,
        "Eenpersoonshuishoudens": 40, "GemiddeldeHuishoudensgrootte": 2.0, "Bevolkingsdichtheid": 3000,
        "GemiddeldeWOZWaardeVanWoningen": 300, "PercentageEengezinswoning": 60, "Koopwoningen": 50, "HuurwoningenTotaal": 50,
        "InBezitWoningcorporatie": 40, "k_40HuishoudensMetLaagsteInkomen": 45.5, "k_20HuishoudensMetHoogsteInkomen": 15.0,
        "WmoClientenRelatief": 70,
    }  # fmt: skip
    hidden = {**all_there, "Koopwoningen": None, "GemiddeldeWOZWaardeVanWoningen": None, "k_40HuishoudensMetLaagsteInkomen": None}
    regions = {"NL00": "Nederland", "GM0001": "Stad", "WK000100": "Noord", "BU00010000": "Dorp", "BU00010001": "Dijk"}
    land, wijk = {**all_there, "GemiddeldeWOZWaardeVanWoningen": 400}, {**all_there, "Koopwoningen": 55}
    server.tables[table] = kwb(year, regions, [land, all_there, wijk, all_there, hidden])
    read = tables.read(tmp_path, download(mapped(year, server.catalog), tmp_path))
    town = tables.town(read, ["GM0001"], rooms.tables, rooms.town)
    dorp, dijk = (town.buurten.iloc[k] for k in range(2))
    assert town.naam == "Stad" and town.vintage == year and list(town.buurten.naam) == ["Dorp", "Dijk"]
    assert (dorp.p_corp, dorp.p_laag_ink, dorp.p_hoog_ink, dorp.p_1p, dorp.woz_ratio) == (40.0, 45.5, 15.0, 40.0, 0.75)
    assert (dorp.p_jong, dorp.p_oud) == (25.0, 25.0)  # 20 + 60/2 and 50 of 200
    assert (dijk.p_koop, dijk.woz_ratio) == (55.0, 0.75)  # of its wijk
    assert town.observed.p_wmo.tolist() == [70, 70] and town.observed.bijstand.isna().all()
    assert town.sources == (f"CBS Kerncijfers wijken en buurten {year} ({table}), CC BY 4.0",)
    estimated = town.imputed[town.imputed.niveau.str.startswith("geschat")]
    assert dict(zip(estimated.attribuut, estimated.buurten, strict=True)) == {"p_laag_ink": 1}


@pytest.mark.skipif(not DATA.is_dir(), reason=f"needs the real tables in {DATA.name}/ beside the project")
def test_oss_is_the_same_from_a_folder_and_from_statline(of_2024, rooms, server, tmp_path, monkeypatch):
    """The real tables of 2024, served as StatLine serves them; compared is what both ways know from the same table."""
    stems = {
        "inwoners": "AantalInwoners", "inw_65plus": "k_65JaarOfOuder", "huishoudens": "HuishoudensTotaal",
        "hh_grootte": "GemiddeldeHuishoudensgrootte", "dichtheid_km2": "Bevolkingsdichtheid",
        "woz_keur": "GemiddeldeWOZWaardeVanWoningen", "p_koop": "Koopwoningen", "p_eengezins": "PercentageEengezinswoning",
    }  # fmt: skip
    monkeypatch.setattr(f"{__name__}.PAGE", 10_000)
    files = [DATA / f"{level}_2024_nl.csv{end}" for level, end in (("gemeenten", ""), ("wijken", ".gz"), ("buurten", ".gz"))]
    frame = pd.concat([pd.read_csv(file, low_memory=False) for file in files]).rename(columns=stems)
    values = frame[list(stems.values())].astype(object).where(frame[list(stems.values())].notna(), None).to_dict("records")
    server.tables["85984NED"] = kwb(2024, dict(zip(frame.code, frame.naam, strict=True)), values)
    online = tables.read(tmp_path, download(mapped(2024, server.catalog), tmp_path))
    first, second = (tables.town(t, ["GM0828"], rooms.tables, rooms.town).buurten for t in (of_2024, online))
    same = ["code", "naam", "wijk", "gemeente_naam", "huishoudens", "inwoners", "hh_grootte", "p_koop", "p_eengezins"]
    same += ["woz_ratio", "dichtheid", "p_oud"]
    pd.testing.assert_frame_equal(first[same], second[same])


def test_a_year_without_statline_says_that_it_needs_a_folder(tmp_path):
    with pytest.raises(Refused, match=r"2019 has no tables on StatLine here; possible: gemeente\.data=FOLDER"):
        download(vintage_of(2019), tmp_path)


def test_a_statline_section_is_checked_like_the_rest():
    files = {"kwb": {"table": "85984NED", "source": "CBS", "columns": {"naam": "WijkenEnBuurten"}}, "leeg": {"file": "a.csv"}}
    with pytest.raises(Refused) as said:
        read_vintage({"year": 2024, "statline": {"files": files, "chains": {"woz": ["kwb"]}}}, "jaar.yaml")
    for wrong in ("files.kwb.columns", "files.leeg.source", "files.leeg: found a file", "chains.woz: found 'kwb'"):
        assert f"jaar.yaml: statline: {wrong}" in str(said.value)
