"""A sheet of people: who is meant, what is new, changed, unchanged and rejected, and stored as a whole or not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from cast import NOW, PASSWORD, TODAY, person
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import Membership, Team, User
from hingepoint.domain.sheets import actions
from hingepoint.domain.sheets.reading import path_of, plan_of
from hingepoint.domain.sheets.rules import Plan
from hingepoint.records.errors import Stale
from hingepoint.records.people import Role
from letting_in import newcomer, sheet

HEAD = "name,address,role,manager,team,from,until\n"


def plan(cast, text: str, head: str = HEAD) -> Plan:
    return plan_of(sheet(cast, head + text), by_id=cast.analyst.pk, at=NOW)


def told(found: Plan) -> dict[str, list[tuple[str, str, str]]]:
    """Return what changes, by name of the person."""
    return {
        one.name: [(each.what, each.before, each.after) for each in one.differences]
        for one in found.people
        if one.kind != "unchanged"
    }


def refused(found: Plan) -> list[tuple[int | None, str, str]]:
    return [(one.row, one.column, one.expected) for one in found.problems]


def store(cast, text: str, head: str = HEAD, **options):
    batch = sheet(cast, head + text)
    shown = plan_of(batch, by_id=cast.analyst.pk, at=NOW).fingerprint()
    return actions.store_sheet(by=cast.analyst, at=NOW, batch_id=batch.pk, shown=shown, **options)


# ---- what a sheet says ----


def test_somebody_new_comes_with_role_address_and_team(cast):
    found = plan(cast, "Nina Ek,Nina@Hinge.example,Seller,Maud,North,2026-01-05,\n")
    assert told(found) == {
        "Nina Ek": [("role", "", "seller"), ("team", "", "North from 5 Jan 2026")],
    }
    assert [one.kind for one in found.people] == ["new", "unchanged"]


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ("Sanna,sanna@hinge.example,seller,,North,,", []),
        ("Sanna,,,,,,", []),
        ("Sanna Ek,sanna@hinge.example,,,,,", [("name", "Sanna", "Sanna Ek")]),
        ("Sanna,,Manager,,,,", [("role", "seller", "manager")]),
        ("Sanna,,account executive,,,,", []),
        ("Sanna,,,,NORTH,,", []),
        ("Sanna,,,,North,2026-01-05,", [("team", "North from 2 Mar 2026", "North from 5 Jan 2026")]),
        (
            "Sanna,,,,North,,2026-04-01",
            [("team", "North from 2 Mar 2026", "North from 2 Mar 2026 until 1 Apr 2026")],
        ),
        (
            "Sanna,,,,South,2026-04-01,",
            [
                ("team", "", "South from 1 Apr 2026"),
                ("team", "North from 2 Mar 2026", "North from 2 Mar 2026 until 1 Apr 2026"),
            ],
        ),
        (
            "Sanna,,,,West,2025-01-01,2025-06-01",
            [("team", "", "West from 1 Jan 2025 until 1 Jun 2025")],
        ),
    ],
)
def test_what_a_row_about_sanna_changes(cast, row, changes):
    assert told(plan(cast, row + "\n")) == ({row.split(",")[0]: changes} if changes else {})


def test_the_manager_of_a_row_manages_the_team(cast):
    found = plan(cast, "Sanna,,,Max,North,,\n")
    assert told(found) == {"Max": [("manages", "", "North from 2 Mar 2026")]}


def test_without_a_team_the_team_is_the_managers(cast):
    found = plan(cast, "Nina Ek,,,Maud,,,\n")
    assert told(found)["Nina Ek"] == [("role", "", "seller"), ("team", "", "Maud's team from 2 Mar 2026")]


def test_a_manager_who_is_new_may_stand_below_their_people(cast):
    found = plan(cast, "Nina Ek,,,Vera Holm,West,,\nVera Holm,vera@hinge.example,manager,,West,,\n")
    assert told(found)["Vera Holm"] == [("role", "", "manager"), ("manages", "", "West from 2 Mar 2026")]


def test_several_rows_of_one_person_are_their_times(cast):
    rows = (
        "Nina Ek,n@hinge.example,,,West,2024-01-01,2025-01-01\nNina Ek,n@hinge.example,,,East,2025-01-01,\n"
    )
    assert told(plan(cast, rows))["Nina Ek"] == [
        ("role", "", "seller"),
        ("team", "", "West from 1 Jan 2024 until 1 Jan 2025"),
        ("team", "", "East from 1 Jan 2025"),
    ]


def test_somebody_is_found_by_address_before_name_and_by_their_id(cast):
    people.add_user(by=None, at=NOW, name="Otto P", key="0051", role=Role.SELLER)
    found = plan(cast, "O. Preuss,sanna@hinge.example,\nOtto Preuss,,0051\n", head="name,e-mail,crm id\n")
    assert {one.name: one.id for one in found.people} == {
        "O. Preuss": cast.seller.pk,
        "Otto Preuss": User.objects.get(key="0051").pk,
    }


# ---- what is rejected ----


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ("Nina,not an address,,,,,", "address", "an e-mail address such as ann@example.com"),
        ("Nina,,wizard,,,,", "role", "one of sponsor, manager, seller, analyst, inside partner"),
        (
            "Nina,,,Nobody,North,,",
            "manager",
            "somebody who is here or in this sheet, by one name, address or id",
        ),
        ("Nina,,,,North,2026-01-05,2026-01-05", "until", "a day after 2026-01-05"),
        ("Nina,,,,North,,2026-01-05", "from", "the day from which they were in North"),
        ("Nina,,,,,2026-01-05,", "team", "the team that the days speak of"),
        ("Nina,,,,North,31.31.2026,", "from", "a date such as 2024-03-31, of a year from 1900 to 2199"),
        (",nina@hinge.example,,,,,", "name", "a value, not an empty cell"),
        (
            "Sanna,other@hinge.example,,,,,",
            "address",
            "sanna@hinge.example, which is Sanna's. Change it on their page, or give their id",
        ),
        ("Ada,,seller,,,,", "role", "your own role as it is: somebody else changes it"),
    ],
)
def test_a_row_that_cannot_be_used_is_rejected(cast, row, column, expected):
    found = plan(cast, row + "\n")
    assert refused(found) == [(2, column, expected)]
    assert (found.rejected, found.people) == (1, ())


def test_a_name_that_two_have_needs_an_address(cast):
    people.add_user(by=None, at=NOW, name="Sanna", key="2", role=Role.SELLER)
    assert refused(plan(cast, "Sanna,,manager,,,,\n")) == [
        (2, "name", "an address or id as well: several people are called so")
    ]
    assert told(plan(cast, "Sanna,sanna@hinge.example,manager,,,,\n")) == {
        "Sanna": [("role", "seller", "manager")]
    }


def test_who_is_here_twice_is_merged_first(cast):
    newcomer("Sanna Ek", email=None)
    found = plan(cast, "Sanna Ek,sanna@hinge.example,,,,,\n")
    assert refused(found) == [(2, "name", "one person: Sanna Ek is here twice. Merge the two first")]


def test_rows_of_one_person_that_contradict_each_other_are_rejected(cast):
    found = plan(cast, "Nina,n@hinge.example,seller,,,,\nNina,n@hinge.example,manager,,,,\n")
    assert refused(found) == [(3, "role", "seller, as in row 2")]
    assert [one.role for one in found.people] == ["seller"]


def test_nobody_begins_twice_in_one_team(cast):
    found = plan(cast, "Nina,,,,West,2026-01-05,\nNina,,,,West,2026-02-05,\n")
    assert refused(found) == [(3, "from", "2026-01-05, as in another row about West")]


def test_a_row_that_names_a_rejected_manager_is_rejected_too(cast):
    found = plan(cast, "Nina,,,Vera,West,,\nVera,vera at hinge,manager,,West,,\n")
    assert [row for row, *_ in refused(found)] == [2, 3]
    assert found.people == ()


def test_our_own_words_alone_make_somebody_see_everything(cast):
    for word in ("executive", "CRO", "RevOps"):
        assert plan(cast, f"Nina,,{word},,,,\n").rejected == 1
    assert told(plan(cast, "Nina,,Sponsor,,,,\n")) == {"Nina": [("role", "", "sponsor")]}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("who,email\nNina,n@x.example\n", "has no column 'name'"),
        ("name,from,team\nNina,01/02/2026,West\n", "may be day/month or month/day"),
        ("%PDF-1.4", "is a PDF document"),
        ("", "is empty"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_and_not_kept(cast, settings, text, words):
    kept = set((settings.MEDIA_ROOT / "imports").glob("*"))
    with pytest.raises(imports.CannotImport, match=words):
        sheet(cast, text)
    assert not ImportBatch.objects.exists()
    assert set((settings.MEDIA_ROOT / "imports").glob("*")) == kept


def test_who_says_how_dates_are_written_is_believed(cast):
    batch = sheet(cast, "name,from,team\nNina,01/02/2026,West\n", date_format="day-first")
    (nina,) = plan_of(batch, by_id=cast.analyst.pk, at=NOW).people
    assert nina.joins[0].since == dt.date(2026, 2, 1)


# ---- storing ----


def test_what_was_shown_is_stored_and_the_file_goes(cast, django_capture_on_commit_callbacks):
    rows = (
        "Nina Ek,nina@hinge.example,Seller,Vera Holm,West,2026-01-05,\nVera Holm,,manager,,West,2026-01-01,\n"
    )
    batch = sheet(cast, HEAD + rows)
    shown = plan_of(batch, by_id=cast.analyst.pk, at=NOW).fingerprint()
    with django_capture_on_commit_callbacks(execute=True):
        counts = actions.store_sheet(by=cast.analyst, at=NOW, batch_id=batch.pk, shown=shown)
    assert counts == {"new": 2, "changed": 0, "left out": 0}
    nina, vera = User.objects.get(name="Nina Ek"), User.objects.get(name="Vera Holm")
    assert (nina.email, nina.role, nina.can_sign_in) == ("nina@hinge.example", "seller", False)
    times = Membership.objects.filter(team__name="West").order_by("user__name")
    assert list(times.values_list("user", "manages", "since")) == [
        (nina.pk, False, dt.date(2026, 1, 5)),
        (vera.pk, True, dt.date(2026, 1, 1)),
    ]
    assert Team.objects.get(name="West").path == f"/{Team.objects.get(name='West').pk}/"
    assert not path_of(batch).exists()


def test_the_same_sheet_again_changes_nothing(cast):
    rows = (
        "Nina Ek,nina@hinge.example,Seller,Vera Holm,West,2026-01-05,\n"
        "Vera Holm,,manager,,West,2026-01-01,\nSanna,,,,South,2026-04-01,\nStig,,,,West,2020-01-01,2021-01-01\n"
    )
    store(cast, rows)
    assert plan(cast, rows).changes_nothing


def test_a_manager_sees_the_deals_of_the_team_that_the_sheet_gave_them(cast):
    store(cast, "Sanna,,,Max,North,,\n")
    assert (
        Deal.objects.visible_to(User.objects.get(pk=cast.other_manager.pk)).filter(pk=cast.deal.pk).exists()
    )


def test_a_password_and_deals_stay_as_they_are(cast):
    store(cast, "Sanna Ek,sanna@hinge.example,manager,,,,\n")
    cast.seller.refresh_from_db()
    assert (cast.seller.name, cast.seller.role, cast.seller.check_password(PASSWORD)) == (
        "Sanna Ek",
        "manager",
        True,
    )
    assert cast.seller.deals.count() == 1


def test_rows_that_cannot_be_used_stop_all_unless_they_are_left_out(cast):
    rows = "Nina,nina@hinge.example,,,,,\nNora,,wizard,,,,\n"
    with pytest.raises(imports.CannotImport, match="1 row cannot be used"):
        store(cast, rows)
    assert not User.objects.filter(name="Nina").exists()
    assert store(cast, rows, leave_out=True) == {"new": 1, "changed": 0, "left out": 1}


def test_what_cannot_be_stored_half_way_is_not_stored_at_all(cast, monkeypatch):
    batch = sheet(cast, HEAD + "Nina,nina@hinge.example,,,West,,\nNora,nora@hinge.example,,,West,,\n")
    shown = plan_of(batch, by_id=cast.analyst.pk, at=NOW).fingerprint()
    before = (User.objects.count(), Team.objects.count(), AuditEvent.objects.count())
    join = people.join_team

    def fails_for_nora(**facts):
        if facts["user"].name == "Nora":
            raise people.AlreadyMember("Nora is in West already.")
        return join(**facts)

    monkeypatch.setattr(people, "join_team", fails_for_nora)
    with pytest.raises(people.AlreadyMember):
        actions.store_sheet(by=cast.analyst, at=NOW, batch_id=batch.pk, shown=shown)
    assert (User.objects.count(), Team.objects.count(), AuditEvent.objects.count()) == before
    assert ImportBatch.objects.get().state == "checked"


def test_a_sheet_is_not_stored_when_people_changed_since_it_was_shown(cast):
    batch = sheet(cast, HEAD + "Sanna,,manager,,,,\n")
    shown = plan_of(batch, by_id=cast.analyst.pk, at=NOW).fingerprint()
    people.change_role(by=None, at=NOW, user=cast.seller, role=Role.ANALYST)
    with pytest.raises(Stale):
        actions.store_sheet(by=cast.analyst, at=NOW, batch_id=batch.pk, shown=shown)


def test_a_sheet_is_stored_once(cast):
    batch = sheet(cast, HEAD + "Nina,,,,,,\n")
    shown = plan_of(batch, by_id=cast.analyst.pk, at=NOW).fingerprint()
    actions.store_sheet(by=cast.analyst, at=NOW, batch_id=batch.pk, shown=shown)
    with pytest.raises(imports.CannotImport, match="stored already"):
        actions.store_sheet(by=cast.analyst, at=NOW, batch_id=batch.pk, shown=shown)


def test_each_person_has_what_changed_on_their_page(cast):
    store(cast, "Sanna,,manager,,,,\n")
    (event,) = AuditEvent.objects.filter(subject="user", subject_id=cast.seller.pk, action="change role")
    assert (event.by_name, event.changes) == ("Ada", {"role": ["seller", "manager"]})


def test_who_keeps_no_people_brings_none(cast):
    for who in (cast.seller, cast.manager, cast.inside_partner, cast.disabled):
        with pytest.raises(people.NotAllowed):
            actions.bring_sheet(by=who, at=NOW, sent=SimpleUploadedFile("p.csv", b"name\nNina\n"))


def test_a_sheet_is_no_import_of_deals(cast):
    batch = sheet(cast, HEAD + "Nina,,,,,,\n")
    with pytest.raises(imports.CannotImport):
        imports.confirm(by=cast.analyst, at=NOW, batch_id=batch.pk)
    shown = plan_of(batch, by_id=cast.analyst.pk, at=NOW).fingerprint()
    actions.store_sheet(by=cast.analyst, at=NOW, batch_id=batch.pk, shown=shown)
    with pytest.raises(imports.CannotUndo, match="not taken back"):
        imports.undo_import(by=cast.analyst, at=NOW, batch_id=batch.pk)


def test_an_excel_sheet_is_read_like_the_csv(cast, tmp_path):
    from hingepoint.connectors import files

    path = tmp_path / "people.xlsx"
    rows = [("Nina Ek", "nina@hinge.example", "West", dt.date(2026, 1, 5))]
    files.write_table((["name", "email", "team", "from"], rows), path, "xlsx")
    sent = SimpleUploadedFile("people.xlsx", path.read_bytes())
    batch = actions.bring_sheet(by=cast.analyst, at=NOW, sent=sent)
    found = plan_of(batch, by_id=cast.analyst.pk, at=NOW)
    assert told(found) == {"Nina Ek": [("role", "", "seller"), ("team", "", "West from 5 Jan 2026")]}


def test_a_new_person_in_a_sheet_is_the_one_who_comes_with_deals_later(cast, tmp_path):
    import importing

    store(cast, "Nina Ek,nina@hinge.example,0077\n", head="name,address,crm id\n")
    importing.import_deals(tmp_path, "deal_id,created,status,owner\nX-1,2026-01-05,open,0077\n")
    assert Deal.objects.get(key="X-1").owner.email == "nina@hinge.example"


def test_a_day_that_somebody_was_in_before_stays_in_history(cast):
    store(cast, "Sanna,,,,South,2026-04-01,\n")
    old = Membership.objects.get(user=cast.seller, team=cast.north)
    assert (old.since, old.until) == (TODAY, dt.date(2026, 4, 1))


def test_a_second_sponsor_by_sheet_is_seen_before(cast):
    person("Olga", Role.SELLER)
    assert told(plan(cast, "Olga,,sponsor,,,,\n")) == {"Olga": [("role", "seller", "sponsor")]}
