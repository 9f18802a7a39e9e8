"""``hingepoint backup`` and ``restore`` on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass

import pytest

from installation import PASSWORD, Installation

SERVER = os.environ.get("HINGEPOINT_DATABASE_URL", "")

pytestmark = [
    pytest.mark.skipif(
        not SERVER.startswith("postgres"), reason="HINGEPOINT_DATABASE_URL names no PostgreSQL"
    ),
    pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not installed"),
]


@dataclass(frozen=True)
class OnPostgres(Installation):
    url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "HINGEPOINT_DATABASE_URL": self.url}

    def ask(self, statement: str) -> list[tuple]:
        import psycopg

        with psycopg.connect(self.url) as connection:
            answered = connection.execute(statement)
            while answered.nextset():
                pass  # of several statements the last one answers
            return answered.fetchall() if answered.description else []


@pytest.fixture
def new_database():
    """Return a function that makes an empty database and gives its address."""
    import psycopg

    names: list[str] = []

    def make() -> str:
        names.append(f"hingepoint_{uuid.uuid4().hex[:12]}")
        server.execute(f"CREATE DATABASE {names[-1]}")
        return f"{SERVER.rpartition('/')[0]}/{names[-1]}"

    with psycopg.connect(SERVER, autocommit=True) as server:
        yield make
        for name in names:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def installation(new_database, tmp_path) -> OnPostgres:
    made = OnPostgres(tmp_path / "data", new_database())
    done = made.run("createuser", "ann@example.com", "--name", "Ann Berg", "--password", PASSWORD)
    assert done.returncode == 0, done.stderr
    return made


def people(installation: OnPostgres) -> list[str]:
    return [name for (name,) in installation.ask("SELECT name FROM domain_user ORDER BY id")]


def test_a_backup_restored_elsewhere_holds_the_same(installation, new_database, tmp_path):
    assert installation.run("backup", tmp_path / "monday").returncode == 0
    elsewhere = OnPostgres(tmp_path / "elsewhere", new_database())
    done = elsewhere.run("restore", tmp_path / "monday")
    assert done.returncode == 0, done.stderr
    assert people(elsewhere) == ["Ann Berg"]
    assert elsewhere.run("doctor").returncode == 0


def test_a_database_in_use_is_replaced_only_by_force(installation, tmp_path):
    installation.run("backup", tmp_path / "monday")
    installation.run("createuser", "bea@example.com", "--name", "Bea Lind", "--password", PASSWORD)
    refused = installation.run("restore", tmp_path / "monday")
    assert refused.returncode == 2
    assert people(installation) == ["Ann Berg", "Bea Lind"]

    assert installation.run("restore", tmp_path / "monday", "--force").returncode == 0
    assert people(installation) == ["Ann Berg"]


def test_what_is_not_a_backup_is_refused_and_changes_nothing(installation, tmp_path):
    (tmp_path / "odd").write_bytes(b"PGDMP and nothing more")
    refused = installation.run("restore", tmp_path / "odd", "--force")
    assert refused.returncode == 2
    assert "Traceback" not in refused.stderr
    assert people(installation) == ["Ann Berg"]


def test_who_may_read_the_views_still_may_after_a_restore_and_an_upgrade(installation, tmp_path):
    role = f"bi_{uuid.uuid4().hex[:12]}"
    installation.ask(
        f"CREATE ROLE {role}; GRANT USAGE ON SCHEMA hingepoint_bi TO {role};"
        f"GRANT SELECT ON ALL TABLES IN SCHEMA hingepoint_bi TO {role};"
        f"ALTER DEFAULT PRIVILEGES IN SCHEMA hingepoint_bi GRANT SELECT ON TABLES TO {role}"
    )
    try:
        assert installation.run("backup", tmp_path / "monday").returncode == 0
        done = installation.run("restore", tmp_path / "monday", "--force")
        assert done.returncode == 0, done.stderr
        reads = f"SET ROLE {role}; SELECT count(*) FROM hingepoint_bi."
        assert installation.ask(reads + "deals") == installation.ask(reads + "events") == [(0,)]

        installation.ask("COMMENT ON VIEW hingepoint_bi.deals IS 'of another version'")
        assert installation.run("createuser", "bea@example.com", "--password", PASSWORD).returncode == 0
        assert installation.ask(reads + "deals") == [(0,)]
        with pytest.raises(Exception, match="permission denied"):
            installation.ask(f"SET ROLE {role}; SELECT count(*) FROM domain_deal")
    finally:
        installation.ask(f"DROP OWNED BY {role}; DROP ROLE {role}")
