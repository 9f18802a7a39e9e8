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


@pytest.fixture
def from_files(db, tmp_path):
    """Ann Berg and Bo Lind own deals of an imported file."""
    import importing

    rows = "deal_id,created,status,owner\nA-1,2026-01-05,open,Ann Berg\nA-2,2026-01-05,open,Ann Berg\n"
    importing.import_deals(tmp_path, rows + "A-3,2026-01-05,open,Bo Lind\n")


def people() -> dict[str, tuple[str | None, str, int]]:
    """Return everybody's address, role and number of deals, by name."""
    from hingepoint.domain.people.models import User

    return {user.name: (user.email, user.role, user.deals.count()) for user in User.objects.all()}


def typed(answer: str, *arguments: str):
    return CliRunner().invoke(cli.main, ["createuser", *arguments, "--password", PASSWORD], input=answer)


@pytest.mark.parametrize(
    "named",
    [
        ("ann@example.com", "--name", "Ann Berg"),
        ("ann.berg@example.com",),
        ("a@b.example", "--name", "BERG Ann"),
    ],
)
def test_who_owns_deals_is_offered_and_signs_in(from_files, named):
    done = typed("y\n", *named)
    assert "Ann Berg (seller) is here, owns 2 deals and cannot sign in yet." in done.stderr
    assert done.stdout == f"Ann Berg can sign in as analyst with {named[0]}.\n"
    assert people() == {"Ann Berg": (named[0], "analyst", 2), "Bo Lind": (None, "seller", 1)}


def test_who_is_somebody_else_is_made_beside_them(from_files):
    done = typed("n\n", "ann@example.com", "--name", "Ann Berg")
    assert done.exit_code == 0
    from hingepoint.domain.people.models import User

    made = User.objects.get(email="ann@example.com")
    assert (made.name, made.role, made.deals.count()) == ("Ann Berg", "analyst", 0)
    assert User.objects.filter(name="Ann Berg").count() == 2


def test_where_nobody_can_answer_the_two_ways_are_said_and_nobody_is_made(from_files):
    done = typed("", "ann@example.com", "--name", "Ann Berg")
    assert done.exit_code == 2
    assert 'Say --is "Ann Berg", or --new for somebody else.' in done.stderr
    assert people()["Ann Berg"] == (None, "seller", 2)


def test_programs_say_who_it_is(hingepoint, from_files):
    done = hingepoint(
        "createuser", "bo@x.example", "--is", "bo lind", "--role", "seller", "--password", PASSWORD
    )
    assert (done.exit_code, done.stdout) == (0, "Bo Lind can sign in as seller with bo@x.example.\n")
    assert people()["Bo Lind"] == ("bo@x.example", "seller", 1)


def test_programs_say_that_it_is_somebody_new(hingepoint, from_files):
    done = hingepoint("createuser", "ann.berg@x.example", "--name", "Ann", "--new", "--password", PASSWORD)
    assert done.exit_code == 0
    assert people()["Ann"] == ("ann.berg@x.example", "analyst", 0)


@pytest.mark.parametrize(
    ("named", "said"),
    [("Cy", "Nobody is called Cy, or several are."), ("Ann Berg", "Ann Berg can sign in already.")],
)
def test_who_is_named_must_be_there_and_not_sign_in_yet(hingepoint, from_files, named, said):
    hingepoint("createuser", "ann@x.example", "--is", "Ann Berg", "--password", PASSWORD)
    done = hingepoint("createuser", "b@x.example", "--is", named, "--password", PASSWORD)
    assert done.exit_code == 2
    assert said in done.stderr
    assert len(people()) == 2
