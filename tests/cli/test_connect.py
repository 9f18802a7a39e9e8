"""``hingepoint connect`` and ``hingepoint sync``."""

import json

import pytest
from click.testing import CliRunner

from fake_crm import FakeCrm, plug_in
from hingepoint.cli import main
from hingepoint.cli.connect import _secrets as secrets_of
from hingepoint.connectors.exchange import NotSignedIn
from hingepoint.connectors.source import SignIn
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.sync.models import Connection


@pytest.fixture
def crm(db, monkeypatch) -> FakeCrm:
    made = FakeCrm()
    made.user("u1", "Sanna Sol", email="sanna@hinge.example")
    made.open_deal("d1")
    plug_in(monkeypatch, made)
    monkeypatch.setattr("hingepoint.cli.serve.bring_database_up_to_date", lambda: None)
    return made


def run(*arguments: str, given: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(main, list(arguments), input=given)
    return done.exit_code, done.output


def test_a_crm_is_connected_tried_and_read(crm):
    code, said = run("connect", "fake1", "https://crm.example", "--dry-run", "--on", given="canary-token\n")
    assert code == 0, said
    assert "Changes of stage" in said
    assert "1  deals would come" in said
    assert "canary-token" not in said
    assert not Deal.objects.exists()
    code, said = run("sync", "Fake 1", "--once")
    assert code == 0, said
    assert "Fake 1: up to date." in said
    assert Deal.objects.get().key == "d1"


def test_the_result_of_a_run_is_one_object(crm):
    run("connect", "fake1", "https://crm.example", given="t")
    code, said = run("sync", "Fake 1", "--once", "--format", "json")
    told = json.loads(said)
    assert (code, told["read"]["deals"], told["brought"]["deals_created"]) == (0, 1, 1)


def test_the_same_name_again_gives_another_token(crm):
    run("connect", "fake1", "https://crm.example", given="first")
    before = Connection.objects.get().secrets
    code, said = run("connect", "fake1", "https://crm.example", given="second")
    assert (code, Connection.objects.count()) == (0, 1), said
    assert Connection.objects.get().secrets != before


@pytest.mark.parametrize(
    "arguments",
    [
        ("https://other.example",),
        ("https://crm.example", "--option", "database=other"),
        ("https://crm.example", "--since", "2026-01-01"),
    ],
)
def test_the_same_name_at_another_address_is_refused_and_its_token_goes_nowhere(crm, arguments):
    run("connect", "fake1", "https://crm.example", "--option", "database=sales", given="first")
    before = Connection.objects.get().secrets
    code, said = run("connect", "fake1", *arguments, given="second")
    assert code == 2
    assert "Fake 1 is there already, at https://crm.example, database sales" in said
    assert Connection.objects.get().secrets == before


def test_an_address_inside_the_network_is_allowed_by_calling_it_again(crm):
    run("connect", "fake1", "https://10.0.0.5", given="first")
    code, said = run(
        "connect", "fake1", "https://10.0.0.5", "--allow-outbound", "10.0.0.5:443", given="first"
    )
    assert (code, Connection.objects.get().allowed) == (0, ["10.0.0.5:443"]), said


def test_a_private_key_of_several_lines_stands_in_the_file_of_the_token(crm, tmp_path):
    pem = "-----BEGIN PRIVATE KEY-----\nMIIB=\nAAB=\n-----END PRIVATE KEY-----"
    file = tmp_path / "token.txt"
    file.write_text(f"client_id=app\nprivate_key={pem}\nuser = ida@example.com\n")
    way = SignIn("jwt", "Key", {"client_id": "App", "user": "User", "private_key": "Key"})
    assert secrets_of(way, file) == {
        "client_id": "app", "user": "ida@example.com", "private_key": pem,
    }  # fmt: skip


def test_a_run_that_fails_says_why_in_one_sentence(crm):
    run("connect", "fake1", "https://crm.example", given="t")

    def end(number: int) -> None:
        raise NotSignedIn("The CRM does not take this sign-in.")

    crm.before_page = end
    code, said = run("sync", "Fake 1", "--once")
    assert (code, said.splitlines()[0]) == (2, "Fake 1: The CRM does not take this sign-in.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("connect", "nothing", "https://crm.example"), "is no CRM that is known here"),
        (("connect", "fake1", "crm.example"), "beginning with https://"),
        (("connect", "fake1", "https://crm.example", "--stage", "Nowhere=won"), "has no stage 'Nowhere'"),
        (("connect", "fake1", "https://crm.example", "--stage", "Proposal"), "write NAME=VALUE"),
        (("sync", "nobody", "--once"), "There is no connection 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_said(crm, arguments, words):
    code, said = run(*arguments, given="t")
    assert code == 2
    assert words in said
