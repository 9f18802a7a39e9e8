"""Deals against agreements: what a cell shows, which columns, what the summary counts."""

import datetime as dt

import budget
from cast import NOW, TODAY, deal
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.agreements.queries import matrix as matrix_queries
from hingepoint.records.agreements import AgreementState, Evidence

GAINED = {"act": "send it", "person_name": "Bo", "due_on": dt.date(2999, 1, 1), "evidence": Evidence.WRITTEN}


def say(found, state, key="cust.data_access", **facts):
    step = actions.Step(state=state, occurred_at=NOW, **facts)
    actions.take_step(by=None, at=NOW, deal_id=found.pk, type_key=key, step=step)


def matrix(client, user, query="status=open"):
    client.force_login(user)
    return client.get(f"/matrix/?{query}")


def test_a_cell_shows_state_evidence_and_how_late(client, cast):
    say(cast.deal, AgreementState.ASKED, needed_by=TODAY - dt.timedelta(days=400))
    answer = matrix(client, cast.seller, "status=open&show=cust.data_access&show=cust.executive_meeting")
    found, empty = answer.context["matrix"].rows[0].cells
    assert (found.state, found.late) == ("asked", True)
    assert empty is None
    assert b"d late" in answer.content


def test_the_first_starter_types_stand_in_until_somebody_chooses(client, cast):
    shown = matrix(client, cast.seller).context["matrix"]
    assert len(shown.columns) == 8
    assert not shown.chosen


def test_the_address_keeps_the_chosen_columns_in_the_order_of_the_sale(client, cast):
    answer = matrix(client, cast.seller, "show=cust.selected&show=cust.data_access&show=no.such.type")
    assert [column.key for column in answer.context["matrix"].columns] == [
        "cust.data_access",
        "cust.selected",
    ]


def test_choosing_columns_keeps_the_filters(client, cast):
    client.force_login(cast.seller)
    answer = client.get("/matrix/columns?q=acme&show=cust.selected")
    assert b'name="q" value="acme"' in answer.content
    assert answer.context["shown"] == ["cust.selected"]


def test_hidden_types_are_no_columns(client, cast):
    AgreementType.objects.filter(key="cust.data_access").update(hidden=True)
    assert not matrix(client, cast.seller, "show=cust.data_access").context["matrix"].columns


def test_the_summary_counts_the_whole_selection_and_leaves_out_what_is_not_needed(client, cast):
    say(cast.deal, AgreementState.GAINED, **GAINED)
    say(deal("N-2", owner=cast.seller, team=cast.north), AgreementState.NOT_NEEDED, reason="they know us")
    deal("N-3", owner=cast.seller, team=cast.north)
    say(cast.foreign_deal, AgreementState.GAINED, **GAINED)
    column = matrix(client, cast.manager, "show=cust.data_access").context["matrix"].columns[0]
    assert (column.standing, column.of) == (1, 2)


def test_the_counts_are_those_of_a_count_by_hand(client, cast):
    keys = ("cust.data_access", "cust.nda", "cust.selected")
    standing = {
        AgreementState.GAINED: GAINED,
        AgreementState.KEPT: GAINED,
        AgreementState.RENEGOTIATED: GAINED,
    }
    states = [*standing, AgreementState.NOT_NEEDED, AgreementState.ASKED, AgreementState.LAPSED, None]
    stands, counts = dict.fromkeys(keys, 0), dict.fromkeys(keys, 0)
    for n in range(21):
        found = deal(f"C-{n}", owner=cast.seller, team=cast.north)
        for place, key in enumerate(keys):
            state = states[(n * (place + 1)) % len(states)]
            if state:
                say(found, state, key=key, reason="as ever", **standing.get(state, {}))
            stands[key] += state in standing
            counts[key] += state != AgreementState.NOT_NEEDED
    shown = "&".join(f"show={key}" for key in keys)
    columns = matrix(client, cast.seller, f"q=C-&{shown}").context["matrix"].columns
    assert {one.key: (one.standing, one.of) for one in columns} == {k: (stands[k], counts[k]) for k in keys}


def test_the_counts_of_a_large_selection_come_after_the_page(client, cast, monkeypatch):
    monkeypatch.setattr(matrix_queries, "COUNTED_AT_ONCE", 0)
    say(cast.deal, AgreementState.GAINED, **GAINED)
    answer = matrix(client, cast.seller, "show=cust.data_access")
    assert b"Counting 1 deal" in answer.content
    headers = {"HX-Request": "true", "HX-Target": "matrix-summary"}
    counted = client.get("/matrix/?show=cust.data_access", headers=headers).content
    assert counted.strip().startswith(b'<tr class="summary"')
    assert b"1 of 1" in counted


def test_old_agreements_ask_to_be_checked_again(client, cast):
    say(cast.deal, AgreementState.GAINED, **GAINED)
    cell = matrix(client, cast.seller, "show=cust.data_access").context["matrix"].rows[0].cells[0]
    assert cell.recheck  # gained in March 2026 and to be asked again after 30 days


def test_a_stranger_sees_an_empty_matrix_not_a_foreign_one(client, cast):
    answer = matrix(client, cast.stranger)
    assert b"N-1" not in answer.content


def alike(agreement, found) -> Agreement:
    """Return the same agreement of another deal, to be stored."""
    told = {
        field.attname: getattr(agreement, field.attname)
        for field in Agreement._meta.concrete_fields
        if not (field.primary_key or field.generated)
    }
    return Agreement(**told | {"deal_id": found.pk})


def test_it_costs_twelve_queries_and_100_kilobytes_at_most(client, cast, django_assert_max_num_queries):
    keys = list(AgreementType.objects.filter(starter=True).values_list("key", flat=True)[:8])
    first, *others = (
        deal(f"P-{n}", owner=cast.seller, team=cast.north, account=cast.account) for n in range(50)
    )
    for key in keys:
        say(first, AgreementState.GAINED, key=key, **GAINED)
    Agreement.objects.bulk_create(alike(one, other) for other in others for one in first.agreements.all())
    twelve = list(AgreementType.objects.values_list("key", flat=True)[:12])
    for who in ("seller", "manager", "sponsor", "analyst"):
        client.force_login(getattr(cast, who))
        for columns in (keys, twelve):
            with django_assert_max_num_queries(budget.STATEMENTS):
                answer = client.get("/matrix/", {"status": "open", "show": columns})
            assert len(answer.content) < budget.LARGEST, who
