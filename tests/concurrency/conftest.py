"""Two connections at once, on PostgreSQL: SQLite gives an action the whole database (decision 0250)."""

from __future__ import annotations

import os

import pytest

ON_POSTGRES = os.environ.get("HINGEPOINT_DATABASE_URL", "").startswith("postgres")


def pytest_runtest_setup() -> None:
    if not ON_POSTGRES:
        pytest.skip("HINGEPOINT_DATABASE_URL names no PostgreSQL")


@pytest.fixture
def cast(transactional_db):
    """The small cast, written for everybody to see; afterwards the audit trail hangs together."""
    from cast import make_cast
    from hingepoint.domain.audit import queries as audit

    yield make_cast()
    assert audit.first_broken_link() is None
