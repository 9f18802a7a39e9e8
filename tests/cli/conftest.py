"""Two ways to call ``hingepoint``: as a program on an installation of its own, and within the tests."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result

from hingepoint import cli
from installation import Installation


@pytest.fixture
def installation(installed_once, tmp_path) -> Installation:
    """An installation in which one person, the analyst Ann Berg, can sign in."""
    return Installation(installed_once).copy(tmp_path / "data")


@pytest.fixture
def empty_installation(tmp_path) -> Installation:
    return Installation(tmp_path / "data")


@pytest.fixture
def hingepoint(db):
    """Return ``run(*arguments) -> Result``: the command on the tests' own database, which takes a tenth of
    the time of a program. Use an installation where starting, files or the end of a program matter."""

    def run(*arguments) -> Result:
        return CliRunner().invoke(cli.main, list(map(str, arguments)))

    return run
