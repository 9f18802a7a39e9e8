"""An installation of its own for every test of the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from installation import PASSWORD, Installation


@pytest.fixture(scope="session")
def installed_once(tmp_path_factory) -> Path:
    installation = Installation(tmp_path_factory.mktemp("installed") / "data")
    done = installation.run("createuser", "ann@example.com", "--name", "Ann Berg", "--password", PASSWORD)
    assert done.returncode == 0, done.stderr
    return installation.folder


@pytest.fixture
def installation(installed_once, tmp_path) -> Installation:
    """An installation in which one person, the analyst Ann Berg, can sign in."""
    return Installation(Path(shutil.copytree(installed_once, tmp_path / "data")))


@pytest.fixture
def empty_installation(tmp_path) -> Installation:
    return Installation(tmp_path / "data")
