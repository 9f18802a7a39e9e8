"""``hingepoint secrets``: what opens, and a new key."""

from click.testing import CliRunner

from hingepoint.cli import main


def said(*arguments) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["secrets", *arguments])
    return done.exit_code, done.output


def test_an_installation_without_secrets_has_none_locked(db):
    assert said("check") == (0, "0 secrets in the database, none of them locked.\n")
