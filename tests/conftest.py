"""What every test may ask for."""

from __future__ import annotations

import gc
import importlib
import os
import tempfile
from pathlib import Path

# Before Django reads its settings (so they are named here, not in pyproject.toml, which pytest-django
# reads first): tests never touch a person's data.
os.environ["DJANGO_SETTINGS_MODULE"] = "hingepoint.config.settings"
os.environ["HINGEPOINT_DATA_DIR"] = tempfile.mkdtemp(prefix="hingepoint-tests-")
os.environ.setdefault("HINGEPOINT_TIME_ZONE", "Europe/Paris")
os.environ.setdefault(
    "HINGEPOINT_SECURITY_CONTACT", "mailto:security@hinge.example"
)  # else there is no such page
os.environ.setdefault("HINGEPOINT_LIMITS_WIDER", "0")  # tests ask on and on; those of the limits set them
# Before numpy loads: with pytest on every core, threads of linear algebra only wait for each other (five times the time).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Before polars loads: handing a table of ten rows to another thread takes longer than reading it. On PostgreSQL .ci/run
# says two, so that nothing comes to rest on one thread's order.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import pytest

SHARED = Path(os.environ.get("HINGEPOINT_SHARED", Path(__file__).resolve().parents[2] / "shared"))


def pytest_configure() -> None:
    """Hash passwords cheaply, for the cast of every test has eight of them; make tables and compile templates once for
    all runs."""
    from django.conf import settings
    from django.test import Client

    from kept_tables import fill_new_databases
    from signing_in import sign_in

    fill_new_databases()
    Client.force_login = sign_in
    settings.COMPILED_TEMPLATES = Path(__file__).resolve().parents[1] / "build" / "templates"
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_ignore_collect(collection_path, config) -> bool | None:
    """Leave the tests with a browser unread where none is wanted."""
    return True if collection_path.name == "browser" and "not browser" in config.option.markexpr else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items) -> None:
    """Let ``-m oracle`` find every test that asks for another library's answer. Where PostgreSQL is asked, leave out tests of
    tables and pages that ask no database: they say the same as every day."""
    for one in items:
        if "oracle" in getattr(one, "fixturenames", ()):
            one.add_marker("oracle")
    if os.environ.get("HINGEPOINT_DATABASE_URL", "").startswith("postgres"):
        idle = {one for one in items if one.path.parent.name in ("domain", "web") and not _asks_tables(one)}
        config.hook.pytest_deselected(items=list(idle))
        items[:] = [one for one in items if one not in idle]


def _asks_tables(item) -> bool:
    return bool(item.get_closest_marker("django_db") or {"db", "transactional_db"} & set(item.fixturenames))


def pytest_collection_finish() -> None:
    """Tell the garbage collector that thousands of tests and the libraries stay: it need not look at them again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def lock_meter(request):
    """Hold every action of these folders to what a transaction may write (see ``locks.py``)."""
    if not _asks_tables(request.node):
        yield
        return
    import locks
    import snapshot

    snapshot.forget()
    says = request.node.get_closest_marker("holds")
    with locks.measured() as meter:
        yield
    if request.path.parent.name in ("domain", "jobs", "sync"):
        assert not (wrong := meter.wrong(says.args[0] if says else locks.MOST_ROWS)), "\n".join(wrong)


@pytest.fixture
def cast(db):
    """The small cast with two deals (see ``cast.py``)."""
    from snapshot import cast_again

    return cast_again()


@pytest.fixture(scope="session")
def installed_once(tmp_path_factory) -> Path:
    """The data folder of an installation in which Ann Berg can sign in, to be copied: making one is slow."""
    from installation import PASSWORD, Installation
    from kept_tables import put_tables

    empty = Installation(tmp_path_factory.mktemp("installed") / "data")
    put_tables(empty.folder)
    done = empty.run("createuser", "Ann@example.com", "--name", "Ann Berg", "--password", PASSWORD)
    assert (done.returncode, done.stdout) == (0, "Ann Berg can sign in as analyst with ann@example.com.\n")
    return empty.folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data sets beside the repository; tests that need them skip where they are absent."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"needs the real data sets in {SHARED / 'data'}; set HINGEPOINT_SHARED to their folder")
    return SHARED / "data"


@pytest.fixture(scope="session")
def oracle():
    """Return what imports a library that computes the same as we do. Only requirements/proof.txt holds those: without it
    the test skips, and where HINGEPOINT_ORACLES says "all", as .ci/run does, it fails."""
    if os.environ.get("HINGEPOINT_ORACLES") == "all":
        return importlib.import_module
    return lambda name: pytest.importorskip(name, reason=f"needs {name}: pip install 'hingepoint[proof]'")
