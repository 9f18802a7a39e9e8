"""``hingepoint createuser`` and ``setpassword``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from hingepoint import cli
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


def test_programs_read_who_was_created(hingepoint):
    done = hingepoint(
        "createuser", "Bea@example.com", "--role", "seller", "--password", PASSWORD, "--format", "json"
    )
    told = json.loads(done.stdout)
    assert told.pop("version")
    assert told == {"schema": 1, "name": "Bea", "email": "bea@example.com", "role": "seller"}


def test_programs_read_whose_password_was_set(hingepoint, ann):
    done = hingepoint("setpassword", ann, "--password", "another tin roof", "--format", "json")
    told = json.loads(done.stdout)
    assert (told["name"], told["email"]) == ("Ann Berg", ann)


def test_a_password_is_asked_for_beside_the_result(db):
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    asked = ["createuser", "cleo@example.com", "--format", "json"]
    done = CliRunner().invoke(cli.main, asked, input=typed)
    assert json.loads(done.stdout)["name"] == "cleo"
    assert "Password (12 characters or more)" in done.stderr
    assert PASSWORD not in done.output


def test_what_is_refused_prints_no_result(hingepoint, ann):
    done = hingepoint("createuser", ann, "--password", PASSWORD, "--format", "json")
    assert (done.exit_code, done.stdout) == (2, "")
