"""``hingepoint createuser`` and ``setpassword``."""

from __future__ import annotations

from installation import PASSWORD


def test_the_first_person_is_created_on_an_empty_machine(empty_installation):
    done = empty_installation.run("createuser", "Bea@example.com", "--password", PASSWORD)
    assert (done.returncode, done.stdout) == (0, "Bea can sign in as analyst with bea@example.com.\n")


def test_an_address_is_used_once(installation):
    done = installation.run("createuser", "ann@example.com", "--password", PASSWORD)
    assert done.returncode == 2
    assert done.stderr == "Error: There is a person with the address ann@example.com already.\n"


def test_an_easy_password_is_refused(installation):
    done = installation.run("createuser", "bea@example.com", "--password", "password1")
    assert done.returncode == 2
    assert "too short" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_forgotten_password_is_replaced(installation):
    done = installation.run("setpassword", "ANN@example.com", "--password", "another tin roof")
    assert (done.returncode, done.stdout) == (0, "Ann Berg can sign in with the new password.\n")


def test_nobody_gets_a_password_by_a_typing_error(installation):
    done = installation.run("setpassword", "amn@example.com", "--password", "another tin roof")
    assert (done.returncode, done.stderr) == (2, "Error: Nobody signs in with amn@example.com.\n")
