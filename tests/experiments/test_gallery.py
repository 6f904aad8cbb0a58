"""The gallery: what is asked is checked first, every figure stands on one page that stands alone, files alone on request."""

import re

import pytest

from experiments import gallery
from experiments.figures import FIGURES, TOWN
from experiments.figures.style import COLUMN, PAGE
from experiments.prose import EN, NL
from model.parameters import Refused
from tests.experiments.test_report import study
from tests.experiments.undrawn import undrawn


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with undrawn():
        found = study(tmp_path_factory.mktemp("gallery"))
        gallery.main([str(found), "figures=zakken,kaart"])
    return found


def test_the_page_holds_each_figure_at_each_size_in_both_languages_and_needs_nothing_else(folder):
    page = (folder / gallery.FILE).read_text(encoding="utf-8")
    assert len(re.findall('<img style="width: 3.5in"', page)) == len(re.findall('<img style="width: 13.33in"', page)) == 2
    assert page.count("data:image/svg+xml;base64,") == 6 and "http" not in page and "<script" not in page
    links = re.findall('href="(figures/[^"]+)"', page)
    assert len(links) == 1 + 2 * 3 * 3 and all((folder / link).is_file() for link in links)
    assert 'id="kaart"' not in page  # this study has no map


def test_sizes_and_formats_write_files_and_no_page(folder):
    before = (folder / gallery.FILE).stat().st_mtime_ns
    (folder / "figures" / "rekening.csv").unlink(missing_ok=True)
    with undrawn():
        gallery.main([str(folder), "figures=rekening", "sizes=column", "formats=pdf"])
    written = {p.name for p in (folder / "figures").glob("rekening*")}
    assert written == {"rekening.csv", "rekening.column.nl.pdf", "rekening.column.en.pdf"}
    assert (folder / gallery.FILE).stat().st_mtime_ns == before


def test_what_is_not_known_is_refused_all_at_once(folder):
    known = gallery.opened(folder)[1]
    with pytest.raises(Refused) as refused:
        gallery.asked(["sizes=column,huge", "formats=gif", "colour=red"], known)
    assert [p.where for p in refused.value.problems] == ["sizes", "formats", "colour"]
    assert gallery.asked(["sizes=column,page"], known).sizes == (COLUMN, PAGE)


def test_a_folder_that_is_none_ends_with_code_2(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        gallery.main([str(tmp_path)])
    assert left.value.code == 2 and "no finished folder" in capsys.readouterr().err


@pytest.mark.parametrize("language", [NL, EN])
def test_every_figure_is_called_by_a_name_that_a_reader_knows(language):
    titles = {name: gallery.titled(name, language) for name in [*FIGURES, *TOWN]}
    assert not [name for name, title in titles.items() if title.lower() == name.replace("_", " ")]
    assert len(set(titles.values())) == len(titles)
