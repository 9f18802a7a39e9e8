"""Addresses of people that come with deals: read, kept to one person each, and taken back."""

from __future__ import annotations

import pytest

import importing
from cast import NOW
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User

HEAD = "deal_id,created,status,owner,{column},manager,manager email\n"
ROW = "A-1,2026-01-05,open,Anna Berg,Anna@Hinge.example,Vera Holm,vera@hinge.example\n"


def bring(folder, rows: str = ROW, column: str = "owner email", name: str = "deals.csv"):
    path = importing.write(folder, name, HEAD.format(column=column) + rows)
    return importing.run(importing.Files(deals=path))


def addresses() -> dict[str, str | None]:
    return dict(User.objects.values_list("name", "email"))


@pytest.mark.parametrize(
    "column", ["owner email", "Owner_Email", "Opportunity Owner: Email", "Sales Rep Email"]
)
def test_the_address_beside_the_owner_is_theirs(db, tmp_path, column):
    report = bring(tmp_path, column=column.replace("Opportunity Owner: Email", "Opportunity Owner Email"))
    assert addresses() == {"Anna Berg": "anna@hinge.example", "Vera Holm": "vera@hinge.example"}
    assert (report.new["people"], report.new["addresses"]) == (2, 0)
    assert Deal.objects.get().extra == {}


def test_an_address_in_place_of_the_name_is_one(db, tmp_path):
    bring(tmp_path, "A-1,2026-01-05,open,Anna@Hinge.example,,,\n")
    assert addresses() == {"Anna@Hinge.example": "anna@hinge.example"}


def test_somebody_known_by_their_address_owns_the_deals(cast, tmp_path):
    bring(tmp_path, "A-1,2026-01-05,open,S. Ek,sanna@hinge.example,,\n")
    assert Deal.objects.get(key="A-1").owner == cast.seller
    assert "S. Ek" not in addresses()


def test_somebody_without_address_gets_one_and_nobody_elses_changes(cast, tmp_path):
    people.add_user(by=None, at=NOW, name="Anna Berg", role="seller")
    report = bring(tmp_path, ROW + "A-2,2026-01-05,open,Stig,other@hinge.example,,\n")
    assert addresses()["Anna Berg"] == "anna@hinge.example"
    assert addresses()["Stig"] == "stig@hinge.example"
    assert report.new["addresses"] == 1


@pytest.mark.parametrize(
    "rows",
    [
        "A-1,2026-01-05,open,Anna Berg,a@x.example,,\nA-2,2026-01-05,open,Anna Berg,b@x.example,,\n",
        "A-1,2026-01-05,open,Anna Berg,no address,,\n",
        "A-1,2026-01-05,open,Anna Berg,sanna@hinge.example,,\nA-2,2026-01-05,open,Sanna,sanna@hinge.example,,\n",
    ],
)
def test_an_address_that_is_not_clearly_theirs_is_asked_for(db, tmp_path, rows):
    if "Sanna" in rows:
        people.add_user(by=None, at=NOW, name="Anna Berg", role="seller")
        people.add_user(by=None, at=NOW, name="Sanna", email="sanna@hinge.example", role="seller")
    bring(tmp_path, rows)
    assert addresses()["Anna Berg"] is None


def test_two_names_do_not_get_one_address(db, tmp_path):
    bring(tmp_path, "A-1,2026-01-05,open,Anna,x@x.example,,\nA-2,2026-01-05,open,Bo,x@x.example,,\n")
    assert sorted(addresses().values(), key=str) == [None, "x@x.example"]


def test_the_same_file_again_changes_nothing(db, tmp_path):
    bring(tmp_path)
    assert bring(tmp_path).changes_nothing


def test_taken_back_people_and_addresses_go(cast, tmp_path):
    known = people.add_user(by=None, at=NOW, name="Vera Holm", role="manager")
    report = bring(tmp_path)
    imports.undo_import(by=None, at=NOW, batch_id=report.batch)
    known.refresh_from_db()
    assert known.email is None
    assert "Anna Berg" not in addresses()


def test_who_was_invited_since_stays_with_their_address(cast, tmp_path):
    known = people.add_user(by=None, at=NOW, name="Vera Holm", role="manager")
    report = bring(tmp_path)
    people.invite(by=cast.analyst, at=NOW, users=list(User.objects.filter(email__startswith="vera")))
    people.invite(by=cast.analyst, at=NOW, users=list(User.objects.filter(email__startswith="anna")))
    imports.undo_import(by=None, at=NOW, batch_id=report.batch)
    known.refresh_from_db()
    assert known.email == "vera@hinge.example"
    assert addresses()["Anna Berg"] == "anna@hinge.example"


def test_somebody_whom_a_rule_or_a_note_names_is_not_taken_back(cast, tmp_path):
    """Relations without a name of their own count too: they were forgotten, and the database refused."""
    report = bring(tmp_path)
    anna = User.objects.get(name="Anna Berg")
    strategies = importing.kept_mapping(cast)
    type(strategies).objects.filter(pk=strategies.pk).update(by=anna)
    imports.undo_import(by=None, at=NOW, batch_id=report.batch)
    assert "Anna Berg" in addresses()
