"""A seller says what happened to an agreement."""

import datetime as dt

import pytest
from django.utils import timezone

from cast import NOW, TODAY
from hingepoint.domain.agreements import actions
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals import actions as deals
from hingepoint.records.agreements import AgreementState, Evidence
from playbooks import in_force

GAINED = {
    "state": "gained",
    "act": "send the cost data",
    "person_name": "Bo Berg",
    "due_on": "2999-04-01",
    "evidence": "3",
}


def kind() -> AgreementType:
    return AgreementType.objects.get(key="cust.data_access")


def address(cast, deal=None) -> str:
    return f"/deals/{(deal or cast.deal).pk}/agreements/{kind().pk}/"


def post(client, user, cast, *, version=0, **said):
    client.force_login(user)
    return client.post(address(cast), {"version": version, **said})


def test_an_agreement_is_gained_with_act_person_date_and_evidence(client, cast):
    answer = post(client, cast.seller, cast, **GAINED)
    assert answer.url == f"/deals/{cast.deal.pk}/"
    agreement = Agreement.objects.get()
    assert (agreement.state, agreement.act, agreement.evidence) == ("gained", "send the cost data", 3)
    assert AuditEvent.objects.filter(subject="agreement", by_name="Sanna").count() == 1


@pytest.mark.parametrize(
    ("absent", "field"),
    [("act", "act"), ("person_name", "person"), ("due_on", "due_on"), ("evidence", "evidence")],
)
def test_what_is_missing_is_named_in_its_place_and_nothing_typed_is_lost(client, cast, absent, field):
    answer = post(
        client, cast.seller, cast, **{name: value for name, value in GAINED.items() if name != absent}
    )
    assert answer.status_code == 422
    assert set(answer.context["problems"]) == {field}
    assert not Agreement.objects.exists()
    if absent != "act":
        assert b"send the cost data" in answer.content


def offered(client, cast, query="") -> list[str]:
    """Return the states that the form offers, and check that its keys are those of them."""
    client.force_login(cast.seller)
    context = client.get(address(cast) + query).context
    states = [str(state) for state, _, _ in context["steps"]]
    assert sorted(context["step_keys"].values()) == sorted(states)
    return states


def test_the_form_offers_what_can_follow_now(client, cast):
    assert offered(client, cast) == ["planned", "asked", "soft", "gained", "declined", "needed", "not_needed"]
    post(client, cast.seller, cast, **GAINED)
    assert offered(client, cast) == ["gained", "kept", "broken", "renegotiated", "lapsed"]


def test_what_was_said_stays_on_offer(client, cast):
    assert "kept" in offered(client, cast, "?state=kept")


@pytest.mark.parametrize("state", ["declined", "not_needed"])
def test_a_no_says_why(client, cast, state):
    assert post(client, cast.seller, cast, state=state).context["problems"].keys() == {"reason"}
    post(client, cast.seller, cast, state=state, reason="they buy from stock")
    assert Agreement.objects.get().state == state


@pytest.mark.parametrize("state", ["planned", "asked", "soft"])
def test_the_way_there_needs_nothing_more(client, cast, state):
    post(client, cast.seller, cast, state=state)
    assert Agreement.objects.get().state == state


@pytest.mark.parametrize("named", ["occurred_on", "due_on"])
def test_gained_with_a_past_day_asks_whether_it_was_agreed_then(client, cast, named):
    told = GAINED | {named: "2026-02-12"}
    asked = post(client, cast.seller, cast, **told)
    assert (asked.status_code, list(asked.context["problems"])) == (422, ["agreed"])
    assert "Was it agreed on 12 Feb 2026, or is it agreed today" in asked.content.decode()
    assert 'name="agreed_on" type="date" value="2026-02-12"' in asked.content.decode()
    assert not Agreement.objects.exists()
    post(client, cast.seller, cast, **told, agreed="then", agreed_on="2026-02-10")
    step = AgreementEvent.objects.get()
    days = [timezone.localdate(moment) for moment in (step.occurred_at, step.recorded_at)]
    assert days == [dt.date(2026, 2, 10), timezone.localdate()]
    assert ", written " in client.get(address(cast)).content.decode()


def test_agreed_today_is_dated_today_and_for_a_day_to_come(client, cast):
    told = GAINED | {"agreed": "today"}
    refused = post(client, cast.seller, cast, **(told | {"due_on": "2026-02-12"}))
    assert list(refused.context["problems"]) == ["due_on"]
    post(client, cast.seller, cast, **told, occurred_on="2026-02-12")
    assert timezone.localdate(AgreementEvent.objects.get().occurred_at) == timezone.localdate()


def test_what_was_agreed_has_no_day_that_is_to_come(client, cast):
    told = GAINED | {"occurred_on": "2026-02-12", "agreed": "then", "agreed_on": "2999-01-01"}
    assert "not come yet" in post(client, cast.seller, cast, **told).context["problems"]["agreed_on"]


@pytest.mark.parametrize("state", ["asked", "kept", "broken"])
def test_other_steps_may_name_a_past_day_without_a_question(client, cast, state):
    post(client, cast.seller, cast, **(GAINED | {"state": state, "occurred_on": "2026-02-12"}))
    assert timezone.localdate(AgreementEvent.objects.get().occurred_at) == dt.date(2026, 2, 12)


def test_the_points_and_checks_are_kept(client, cast):
    post(client, cast.seller, cast, state="soft", judged="on", points=["act", "date"], checks=["0", "3"])
    agreement = Agreement.objects.get()
    assert (agreement.quality, agreement.points_met, agreement.checks_met) == (2, ["act", "date"], [0, 3])


def test_the_person_is_chosen_from_the_customers_people_only(client, cast):
    bo = deals.add_contact(by=None, at=NOW, account=cast.account, key="bo", name="Bo Berg")
    other = deals.add_account(by=None, at=NOW, key="O", name="Other")
    eve = deals.add_contact(by=None, at=NOW, account=other, key="eve", name="Eve")
    post(client, cast.seller, cast, state="asked", person=bo.pk)
    assert Agreement.objects.get().person == bo
    post(client, cast.seller, cast, version=1, state="soft", person=eve.pk)
    assert Agreement.objects.get().person == bo


def test_a_day_to_come_is_refused(client, cast):
    answer = post(client, cast.seller, cast, state="asked", occurred_on="2999-01-01")
    assert "not come yet" in answer.context["problems"]["occurred_on"]


def test_a_late_save_shows_both_versions_and_loses_nothing(client, cast):
    post(client, cast.seller, cast, state="asked")
    post(client, cast.manager, cast, version=1, state="soft", note="she told me at the fair")
    late = post(client, cast.seller, cast, version=1, state="planned", act="open the books")
    assert late.status_code == 409
    content = late.content.decode()
    assert "Kind words" in content
    assert "she told me at the fair" in content
    assert "open the books" in content
    assert Agreement.objects.get().state == "soft"
    again = post(client, cast.seller, cast, version=late.context["said"]["version"], state="planned")
    assert again.status_code == 302
    assert Agreement.objects.get().state == "planned"


def test_two_first_steps_at_once_are_not_merged(client, cast):
    post(client, cast.manager, cast, state="asked")
    assert post(client, cast.seller, cast, state="soft").status_code == 409


@pytest.mark.parametrize(
    "said",
    [{}, {"state": "married"}, {"state": "asked", "version": "x"}, {"state": "asked", "due_on": "soon"}],
)
def test_what_makes_no_sense_is_refused(client, cast, said):
    assert post(client, cast.seller, cast, **said).status_code == 422
    assert not Agreement.objects.exists()


@pytest.mark.parametrize("who", ["stranger", "other_manager", "inside_partner"])
def test_a_stranger_changes_nothing(client, cast, who):
    assert post(client, getattr(cast, who), cast, **GAINED).status_code == 404
    assert not Agreement.objects.exists()


def test_an_inside_partner_reads_what_was_asked_of_them(client, cast):
    step = actions.Step(state=AgreementState.ASKED, occurred_at=NOW, asked_of=cast.inside_partner)
    actions.take_step(by=None, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)
    client.force_login(cast.inside_partner)
    answer = client.get(address(cast))
    assert answer.status_code == 200
    assert b'name="state"' not in answer.content
    assert client.post(address(cast), {"version": 1, **GAINED}).status_code == 404


def test_in_the_dialog_a_save_refreshes_the_list_behind_it(client, cast):
    client.force_login(cast.seller)
    headers = {"HX-Request": "true", "HX-Target": "agreement-dialog"}
    shown = client.get(address(cast), headers=headers)
    assert b"<html" not in shown.content
    saved = client.post(address(cast), {"version": 0, **GAINED}, headers=headers)
    assert (saved.status_code, saved["HX-Refresh"]) == (204, "true")


def test_a_step_is_taken_back_and_both_lines_stay(client, cast):
    post(client, cast.seller, cast, state="asked", act="send it", needed_by="2026-04-01")
    post(client, cast.seller, cast, version=1, **GAINED)
    client.post(f"{address(cast)}undo", {"version": 2})
    agreement = Agreement.objects.get()
    assert (agreement.state, agreement.act, agreement.gained_at) == ("asked", "send it", None)
    assert agreement.needed_by == dt.date(2026, 4, 1)
    steps = client.get(address(cast)).context["page"].steps
    assert [(step.state, step.undone, step.takes_back) for step in steps] == [
        ("asked", False, True),
        ("gained", True, False),
        ("asked", False, False),
    ]


def test_a_late_undo_takes_nothing_back(client, cast):
    post(client, cast.seller, cast, state="asked")
    post(client, cast.manager, cast, version=1, state="soft")
    client.post(f"{address(cast)}undo", {"version": 1})
    assert Agreement.objects.get().state == "soft"


def test_steps_are_taken_back_one_by_one_until_none_is_left(client, cast):
    post(client, cast.seller, cast, state="asked")
    post(client, cast.seller, cast, version=1, state="soft")
    for version in (2, 3, 4):
        client.post(f"{address(cast)}undo", {"version": version})
    assert Agreement.objects.get().state == "needed"
    assert b"no step to take back" in client.get(address(cast)).content


def test_what_the_playbook_wants_stands_beside_the_form(client, cast):
    in_force(cast, evidence_wanted=3, questions=["Who keeps the log?"], counterpart="Plant manager")
    step = actions.Step(
        state=AgreementState.GAINED, occurred_at=NOW, act="send it", person_name="Bo", due_on=TODAY, evidence=Evidence.TOLD
    )  # fmt: skip
    taken = actions.take_step(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step
    )
    client.force_login(cast.seller)
    told = client.get(f"/deals/{cast.deal.pk}/agreements/{taken.type_id}/").text
    assert "Who keeps the log?" in told
    assert "from Plant manager" in told
    assert "Its evidence is weaker so far: they said it." in told


def test_an_agreement_is_shown_as_it_was(client, cast):
    said = {"deal_id": cast.deal.pk, "type_key": "cust.data_access"}
    early, late = NOW - dt.timedelta(days=9), NOW
    for at, state in ((early, AgreementState.PLANNED), (late, AgreementState.ASKED)):
        taken = actions.take_step(
            by=cast.seller, at=at, step=actions.Step(state=state, occurred_at=at), **said
        )
    client.force_login(cast.seller)
    page = f"/deals/{cast.deal.pk}/agreements/{taken.type_id}/"
    told = client.get(f"{page}?as_of={(early + dt.timedelta(days=1)).date()}").text
    assert "As it was on 22 Feb 2026" in told
    assert "Planned" in told
    assert ">Asked<" not in told
    assert '<form method="post" action="/deals' not in told
    before = client.get(f"{page}?as_of={(early - dt.timedelta(days=1)).date()}").text
    assert "Nothing was said about it by then" in before
