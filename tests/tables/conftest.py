"""The real tables, read once for all tests that look at them. They are never changed: a test that needs others makes a copy."""

from pathlib import Path

import pytest

from experiments.plan import vintage_of
from model import tables

DATA = Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def of_2024() -> tables.Tables:
    """The country of 2024."""
    return tables.read(DATA, vintage_of(2024))


@pytest.fixture(scope="session")
def of_2019() -> tables.Tables:
    """Amsterdam of 2019."""
    return tables.read(DATA, vintage_of(2019))
