"""The notebook of docs/ runs as it stands, and shows what it says."""

import re
import socket
from pathlib import Path

import nbformat
import pytest

from experiments.notebook import NOTEBOOK, executed, texts


@pytest.fixture(scope="module")
def stored():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.mark.slow
def test_every_cell_runs_and_says_what_is_stored(stored):
    try:
        socket.create_server(("127.0.0.1", 0)).close()
    except OSError as error:
        pytest.skip(f"a kernel needs a port on this machine itself, and gets none: {error}")
    assert texts(executed(NOTEBOOK)) == texts(stored), "run `python -m experiments.notebook`"


def test_it_was_stored_as_executed_from_top_to_bottom(stored):
    code = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert sum("image/png" in output.get("data", {}) for cell in code for output in cell.outputs) == 1
    assert NOTEBOOK.stat().st_size < 250_000


def test_it_tells_nothing_of_the_machine_that_made_it(stored):
    said = nbformat.writes(stored)
    assert not re.search(r"/(home|tmp|root|Users|usr)/|[A-Z]:\\\\", re.sub(r'"image/png": "[^"]*"', "", said))
    assert str(Path.home()) not in said and "execution" not in {key for cell in stored.cells for key in cell.metadata}
    assert stored.metadata.language_info == {"name": "python"}


def test_its_links_lead_somewhere(stored):
    text = "\n".join(cell.source for cell in stored.cells if cell.cell_type == "markdown")
    targets = re.findall(r"\]\(([^)#:]+)\)", text)
    assert targets and all((NOTEBOOK.parent / target).exists() for target in targets)
