"""``hingepoint createuser`` and ``setpassword``."""

from __future__ import annotations

import pytest

from installation import PASSWORD


@pytest.fixture
def ann(hingepoint):
    hingepoint("createuser", "ann@example.com", "--name", "Ann Berg", "--password", PASSWORD)
    return "ann@example.com"


def test_a_person_is_created_under_the_name_before_the_at_sign(hingepoint):
    done = hingepoint("createuser", "Bea@example.com", "--role", "seller", "--password", PASSWORD)
    assert (done.exit_code, done.stdout) == (0, "Bea can sign in as seller with bea@example.com.\n")


def test_the_first_person_is_created_on_an_empty_machine(installed_once):
    assert (installed_once / "hingepoint.sqlite3").exists()


def test_an_address_is_used_once(hingepoint, ann):
    done = hingepoint("createuser", ann, "--password", PASSWORD)
    assert done.exit_code == 2
    assert done.stderr == "Error: There is a person with the address ann@example.com already.\n"


def test_an_easy_password_is_refused(hingepoint):
    done = hingepoint("createuser", "bea@example.com", "--password", "password1")
    assert done.exit_code == 2
    assert "too short" in done.stderr


def test_a_forgotten_password_is_replaced(hingepoint, ann):
    done = hingepoint("setpassword", ann.upper(), "--password", "another tin roof")
    assert (done.exit_code, done.stdout) == (0, "Ann Berg can sign in with the new password.\n")


def test_nobody_gets_a_password_by_a_typing_error(hingepoint, ann):
    done = hingepoint("setpassword", ann.replace("n", "m"), "--password", "another tin roof")
    assert (done.exit_code, done.stderr) == (2, "Error: Nobody signs in with amm@example.com.\n")
