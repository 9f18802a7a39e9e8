"""Companies to look at: a small one that every test may read, and the whole one, made once."""

import datetime as dt

import pytest

from hingepoint.demo.company import Company, simulate

ENDS_ON = dt.date(2026, 6, 26)


@pytest.fixture(scope="session")
def small() -> Company:
    return simulate(ends_on=ENDS_ON, sellers=20)


@pytest.fixture(scope="session")
def whole() -> Company:
    return simulate(ends_on=ENDS_ON)
