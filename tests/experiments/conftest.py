"""The small study (tests/experiments/small.py), run once for all tests.

finished   its plan
whole      its folder, which no test changes
copy       a copy of its folder, to be changed
"""

import shutil
from pathlib import Path

import pytest

from experiments.engine import study
from tests.experiments.small import small


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """The plan of the small study, run with one worker."""
    p = small(tmp_path_factory.mktemp("one"), "workers=1")
    study.run(p)
    return p


@pytest.fixture(scope="session")
def whole(finished):
    """The folder of the small study."""
    return finished.folder


@pytest.fixture
def copy(whole, tmp_path):
    """A copy of that folder."""
    return Path(shutil.copytree(whole, tmp_path / whole.name))
