"""What a program relies on: lists in parts, looks back, versions, keys, problems, many events at once."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

import discoveries
import raising
import talks
from api.operations import OPERATIONS
from calling import program, secret_of
from cast import NOW, TODAY, deal, person
from hingepoint.analysis.signals.shape import Lacked, Unjudged
from hingepoint.api.app import document
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.merging import actions as merging
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.people import actions as people
from hingepoint.domain.tokens import actions as tokens
from hingepoint.domain.tokens.models import SentRequest, Token
from hingepoint.records.agreements import AgreementState
from hingepoint.records.people import Role

pytestmark = pytest.mark.django_db
STEP = {"state": "planned", "occurred_at": NOW.isoformat()}


def event(deal_id: int, day: int = 1, **facts) -> dict:
    told = {"kind": "activity", "name": "meeting", "occurred_at": f"2026-02-{day:02}T10:00:00Z"}
    return {"deal_id": deal_id, **told, **facts}


def steps_of(cast) -> str:
    kind = AgreementType.objects.get(key="cust.data_access")
    return f"/deals/{cast.deal.pk}/agreements/{kind.pk}"


# ---- lists ----


def test_a_list_is_read_part_by_part_each_line_once(cast):
    for number in range(5):
        deal(f"X-{number}", owner=cast.seller)
    called, seen, cursor = program(cast.seller), [], None
    for _ in range(3):
        part = called.get("/deals", size=2, **({"cursor": cursor} if cursor else {})).json()
        seen += [one["key"] for one in part["items"]]
        cursor = part["next"]
    assert seen == ["N-1", *(f"X-{number}" for number in range(5))]
    assert cursor is None


def all_of(called, path: str, meanwhile=lambda: None, **asked) -> list[dict]:
    """Return a list read part by part to its end; ``meanwhile`` is done after each part."""
    part = called.get(path, **asked).json()
    found = part["items"]
    while part["next"]:
        meanwhile()
        part = called.get(path, **asked, cursor=part["next"]).json()
        found += part["items"]
    return found


def test_colleagues_are_read_each_once_whoever_comes_and_goes_meanwhile(cast):
    everybody = {user.name for user in cast.everybody().values() if user}
    comers = iter(["Aaron", "Abel", "Abba", "Adam"])

    def comes():
        if name := next(comers, None):
            person(name, Role.SELLER)

    found = [one["name"] for one in all_of(program(cast.analyst), "/people", comes, size=2)]
    assert found == sorted(found)
    assert len(found) == len(set(found))
    assert everybody <= set(found)


def test_colleagues_are_read_on_after_one_who_was_merged_meanwhile(cast):
    called = program(cast.analyst)
    twin = people.add_user(by=None, at=NOW, name="Ada", role=Role.SELLER, key="twin")
    part = called.get("/people", size=2).json()
    assert [one["name"] for one in part["items"]] == ["Ada", "Ada"]
    merging.merge(by=None, at=NOW, kept=cast.analyst, gone=twin, wider=True)
    assert called.get("/people", size=1, cursor=part["next"]).json()["items"][0]["name"] == "Dora"
    assert called.get("/people", cursor="c999999").status_code == 404


def test_exceptions_and_runs_are_read_to_the_first_one(cast):
    for days in (30, 60, 90):
        talks.an_exception(cast, wanted=f"{days} days to pay")
        discoveries.finished_run(cast)
    called = program(cast.sponsor)
    for path in ("/exceptions", "/runs"):
        numbers = [one["id"] for one in all_of(called, path, size=2)]
        assert numbers == sorted(numbers, reverse=True)
        assert len(set(numbers)) == len(numbers) == 3


def test_new_events_are_read_on_from_the_last_cursor(cast):
    called = program(cast.seller)
    called.post("/events", {"events": [event(cast.deal.pk, day) for day in (1, 2, 3)]})
    first = called.get("/events", size=2).json()
    assert [one["occurred_at"][:10] for one in first["items"]] == ["2026-02-01", "2026-02-02"]
    called.post("/events", {"events": [event(cast.deal.pk, 1, name="late news")]})
    rest = called.get("/events", cursor=first["next"]).json()
    assert [one["name"] for one in rest["items"]] == ["meeting", "late news"]


def test_filters_narrow_as_those_of_the_page(cast):
    deal("BIG", owner=cast.seller, amount=900_000, segment="Enterprise")
    called = program(cast.seller)
    assert [one["key"] for one in called.get("/deals", amount_from="500000").json()["items"]] == ["BIG"]
    assert [one["key"] for one in called.get("/deals", segment="Enterprise").json()["items"]] == ["BIG"]
    assert called.get("/deals", status="won").json()["items"] == []


def test_a_deal_is_read_as_it_was(cast):
    called, path = program(cast.seller), f"/deals/{cast.deal.pk}"
    moved = event(cast.deal.pk, 20, kind="stage", name="Proposal")
    called.post("/events", {"events": [moved]})
    before = called.get(path, as_of="2026-02-10", known="now").json()
    after = called.get(path, as_of="2026-02-25", known="now").json()
    assert (before["stage"], after["stage"]) == ("", "Proposal")
    assert called.get(path, as_of="2026-02-25").json()["stage"] == ""  # not on record by then


# ---- versions ----


def test_a_step_on_an_old_version_is_refused_and_changes_nothing(cast):
    called, path = program(cast.seller), steps_of(cast)
    first = called.post(f"{path}/steps", STEP, If_Match='"0"')
    assert first["ETag"] == '"1"'
    assert called.post(f"{path}/steps", STEP, If_Match=first["ETag"])["ETag"] == '"2"'
    late = called.post(f"{path}/steps", {**STEP, "state": "not_needed"}, If_Match=first["ETag"])
    assert late.status_code == 412
    assert late.json()["type"] == "urn:hingepoint:problem:changed-meanwhile"
    assert called.get(path).json()["line"]["state"] == "planned"


@pytest.mark.parametrize("name", sorted(name for name, one in OPERATIONS.items() if one.version is not None))
def test_a_change_that_does_not_say_on_which_version_is_refused(cast, name):
    operation = OPERATIONS[name]
    path, told, before = operation.path(cast), operation.sent(cast), AuditEvent.objects.count()
    said = program(getattr(cast, min(operation.may))).post(path, told)
    assert (said.status_code, said.json()["type"]) == (428, "urn:hingepoint:problem:version-needed")
    assert "ETag" in said.json()["detail"]
    made = AuditEvent.objects.exclude(subject="token").count()
    assert made == before


def test_each_operation_that_takes_a_version_asks_for_it():
    asks = {
        told["operationId"]
        for methods in document()["paths"].values()
        for told in methods.values()
        if any(one["name"] == "If-Match" for one in told.get("parameters", ()))
    }
    assert asks == {name for name, one in OPERATIONS.items() if one.version is not None}
    told = [one for methods in document()["paths"].values() for one in methods.values()]
    assert asks == {one["operationId"] for one in told if "428" in one["responses"]}


def test_a_plan_that_somebody_wrote_meanwhile_is_not_written_over(cast):
    path = f"/deals/{cast.deal.pk}/plans"
    kind = AgreementType.objects.get(key="cust.data_access").pk
    mine, theirs = program(cast.seller), program(cast.manager)
    sent = {"type_id": kind, "best": "the log"}
    assert "number" in str(mine.post(path, sent).json()["errors"])
    (first,) = mine.post(path, sent | {"number": 0}).json()
    assert theirs.post(path, sent | {"number": first["number"], "best": "all logs"}).status_code == 200
    late = mine.post(path, sent | {"number": first["number"], "best": "half of it"})
    assert late.status_code == 409
    assert [one["best"] for one in mine.get(path).json()] == ["all logs"]


# ---- what was said is read back ----


def test_a_concession_is_read_back_as_it_was_said(cast):
    called, path = program(cast.seller), f"/deals/{cast.deal.pk}"
    asked = called.post(f"{path}/demands", {"topic": "price", "words": "10 percent off"}).json()["demands"][0]
    told = {
        "topic": "price",
        "what": "5 percent",
        "value": "5000.00",
        "in_return": "a year more",
        "demand_id": asked["id"],
        "final": True,
        "worth": 3,
        "occurred_at": NOW.isoformat(),
    }
    assert called.post(f"{path}/concessions", told).status_code == 200
    log = called.get(f"{path}/negotiation").json()
    (given,) = log["concessions"]
    assert {name: given[name] for name in ("topic", "what", "in_return", "demand_id", "final", "worth")} == {
        name: told[name] for name in ("topic", "what", "in_return", "demand_id", "final", "worth")
    }
    assert (Decimal(given["value"]), given["by"], given["round"]) == (5000, "Sanna", 1)
    assert dt.datetime.fromisoformat(given["at"]) == NOW
    assert (log["demands"][0]["answered"], Decimal(log["conceded"])) == (True, 5000)


def test_a_debrief_takes_the_step_and_notes_the_demand(cast):
    called, path = program(cast.seller), steps_of(cast)
    told = {
        "type_id": int(path.rpartition("/")[2]),
        "outcome": "gained",
        "held_at": NOW.isoformat(),
        "act": "send the log",
        "person_name": "Bo Lind",
        "due_on": (TODAY + dt.timedelta(days=3)).isoformat(),
        "evidence": 2,
        "demand": "a later start",
        "reason": "the line stands still",
        "learned": "their year ends in June",
    }
    kept = called.post(f"/deals/{cast.deal.pk}/debriefs", told)
    assert (kept.status_code, kept.json()["outcome"]) == (200, "gained"), kept.content
    line = called.get(path).json()["line"]
    assert (line["state"], line["act"], line["person"], line["due_on"], line["evidence"]) == (
        "gained", "send the log", "Bo Lind", told["due_on"], 2,
    )  # fmt: skip
    (demand,) = called.get(f"/deals/{cast.deal.pk}/negotiation").json()["demands"]
    assert (demand["words"], [one["text"] for one in demand["whys"]]) == (
        "a later start", ["the line stands still"],
    )  # fmt: skip


def test_a_signal_is_read_with_its_numbers(cast):
    called = program(cast.sponsor)
    for one in called.get("/signals").json()["signals"]:
        assert (one["state"], one["reading"], bool(one["needs"])) == ("no_data", None, True)
    row = raising.a_raise()
    listed = {one["key"]: one for one in called.get("/signals").json()["signals"]}
    raised = listed[row.signal]["reading"]
    page = called.get(f"/signals/{row.signal}").json()
    assert raised == page["reading"]
    assert raised in page["places"]
    assert raised["ci"][0] <= raised["reading"] <= raised["ci"][1]
    assert raised["baseline"] is not None


def test_places_without_a_reading_are_read_with_what_they_have(cast):
    small = Unjudged(raising.SOUTH, 6, 30)
    raising.keep({raising.DAY: raising.with_told(unjudged=(small,))}, as_of=raising.DAY)
    page = program(cast.sponsor).get("/signals/exceptions").json()
    assert page["unjudged"] == [{"place": {"level": "team", "name": "South"}, "units": 6, "periods": 30}]
    assert "South" not in {one["place"]["name"] for one in page["places"]}


def test_agreements_that_deals_lacked_are_read_with_their_counts(cast):
    lacked = Lacked("cust.budget", (12, 20), (8, 40), 0.4, (0.141, 0.606), True)
    raising.keep({raising.DAY: raising.with_told(lacked=(lacked,))}, as_of=raising.DAY)
    page = program(cast.sponsor).get("/signals/exceptions").json()
    assert page["lacked"] == [
        {
            "agreement": "cust.budget",
            "behind": [12, 20],
            "kept": [8, 40],
            "more": 0.4,
            "ci": [0.141, 0.606],
            "surely": True,
        }
    ]


def test_findings_of_a_run_are_read_and_decided_on_with_their_facts(cast):
    run = discoveries.finished_run(cast)
    called, path = program(cast.analyst), f"/runs/{run.pk}/findings"
    found = {one["key"]: one for one in called.get(path).json()}
    assert set(found) == {one["agreement"] for one in discoveries.FINDINGS}
    one = found["cust.data_access"]
    assert (one["verdict"], one["facts"]["effect"], one["facts"]["grade"]) == ("", 0.083, "strong")
    read = called.get(f"{path}/cust.data_access")
    assert read.json()["facts"] == one["facts"]
    told = {"verdict": "signed", "note": "Seen in the deals."}
    signed = called.post(f"{path}/cust.data_access/decision", told, If_Match=read["ETag"])
    assert (signed.status_code, signed.json()["verdict"]) == (200, "signed"), signed.content
    late = called.post(f"{path}/cust.data_access/decision", told, If_Match=read["ETag"])
    assert late.status_code == 412
    (signed_one,) = called.get("/findings").json()
    assert (signed_one["key"], signed_one["note"]) == ("cust.data_access", "Seen in the deals.")
    excluded = called.post(f"{path}/int.kickoff/decision", told, If_Match='"1"')
    assert excluded.status_code == 422


def test_a_raise_is_told_whether_it_led_to_a_decision(cast):
    row = raising.a_raise()
    called, path = program(cast.sponsor), f"/signals/{row.signal}/raises/{row.pk}/decision"
    assert called.post(path, {"led": "led"}).status_code == 422  # a yes says which
    page = called.post(path, {"led": "led", "words": "We price anew."}).json()
    (told,) = page["raises"]
    assert told["decision"] == "led"
    assert told["steps"][-1]["words"] == "We price anew."


# ---- keys ----


def test_a_request_sent_twice_with_its_key_is_carried_out_once(cast):
    called = program(cast.seller)
    told = {"topic": "other", "words": "a later start", "second": True}
    first, again = (
        called.post(f"/deals/{cast.deal.pk}/demands", told, Idempotency_Key="k-1") for _ in range(2)
    )
    assert DealEvent.objects.filter(kind="demand").count() == 1
    assert again.content == first.content
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first


def test_a_key_with_another_request_is_refused(cast):
    called, path = program(cast.seller), f"/deals/{cast.deal.pk}/demands"
    called.post(path, {"topic": "price"}, Idempotency_Key="k-1")
    other = called.post(path, {"topic": "risk"}, Idempotency_Key="k-1")
    assert other.status_code == 422
    assert "another request" in other.json()["errors"]["Idempotency-Key"]
    assert DealEvent.objects.filter(kind="demand").count() == 1


def test_keys_of_two_people_are_two(cast):
    for user in (cast.seller, cast.manager):
        told = {"topic": "price", "second": True}
        program(user).post(f"/deals/{cast.deal.pk}/demands", told, Idempotency_Key="k")
    assert DealEvent.objects.filter(kind="demand").count() == 2


def test_a_token_that_may_do_less_is_not_given_the_answer_of_another(cast):
    path, told = f"/deals/{cast.deal.pk}/demands", {"topic": "price"}
    assert program(cast.seller).post(path, told, Idempotency_Key="k").status_code == 200
    said = program(cast.seller, ["people:read"]).post(path, told, Idempotency_Key="k")
    assert said.status_code == 422
    assert "demands" not in said.json()


def test_what_failed_may_be_sent_again_with_its_key(cast):
    called, path = program(cast.seller), f"/deals/{cast.deal.pk}/demands"
    assert called.post(path, {"topic": "other"}, Idempotency_Key="k").status_code == 422
    assert not SentRequest.objects.exists()
    assert called.post(path, {"topic": "price"}, Idempotency_Key="k").status_code == 200


def test_an_answer_is_kept_for_a_day(cast):
    called, path = program(cast.seller), f"/deals/{cast.deal.pk}/demands"
    called.post(path, {"topic": "price"}, Idempotency_Key="k")
    assert tokens.forget_answers(at=timezone.now() + dt.timedelta(hours=23)) == 0
    assert tokens.forget_answers(at=timezone.now() + dt.timedelta(hours=25)) == 1


# ---- problems ----


def test_each_problem_names_the_field_in_words(cast):
    said = program(cast.seller).post(f"/deals/{cast.deal.pk}/demands", {"topic": "other"})
    assert (said.status_code, said["Content-Type"]) == (422, "application/problem+json")
    assert said.json()["errors"] == {"words": "Say in a few words what they ask for."}


def test_what_is_not_documented_is_refused_not_passed_over(cast):
    said = program(cast.seller).post(f"/deals/{cast.deal.pk}/demands", {"topic": "price", "prise": 3})
    assert said.json()["errors"] == {"body.sent.prise": "Extra inputs are not permitted"}


def test_the_same_demand_again_is_asked_about(cast):
    called, path = program(cast.seller), f"/deals/{cast.deal.pk}/demands"
    assert called.post(path, {"topic": "price"}).status_code == 200
    assert called.post(path, {"topic": "price"}).status_code == 409
    assert called.post(path, {"topic": "price", "second": True}).status_code == 200


def test_another_method_and_no_json_are_problems_too(cast):
    called = program(cast.seller)
    wrong = called.post("/deals", {})
    assert (wrong.status_code, wrong["Allow"]) == (405, "GET")
    broken = called.client.post("/api/events", "{", content_type="application/json")
    assert broken.status_code == 400
    assert {wrong["Content-Type"], broken["Content-Type"]} == {"application/problem+json"}


def test_a_fault_of_ours_is_a_problem_that_tells_nothing(cast, monkeypatch, caplog):
    def fails(*args, **named):
        raise RuntimeError("the walk-away price is 7")

    monkeypatch.setattr("hingepoint.domain.people.queries.teams", fails)
    said = program(cast.seller).get("/teams")
    assert said.status_code == 500
    assert "walk-away" not in said.content.decode()
    assert "walk-away" in caplog.text


# ---- many events ----


def test_events_sent_again_change_nothing(cast):
    called = program(cast.seller)
    sent = {"events": [event(cast.deal.pk, day) for day in range(1, 11)]}
    assert called.post("/events", sent).json() == {"new": 10}
    assert called.post("/events", sent).json() == {"new": 0}
    assert AuditEvent.objects.filter(action="note events").count() == 1


def test_one_foreign_deal_among_many_events_takes_none(cast):
    sent = {"events": [event(cast.deal.pk), event(cast.foreign_deal.pk), event(10**9)]}
    said = program(cast.seller).post("/events", sent)
    assert said.status_code == 422
    words = "There is no such deal, or it is not yours to see."
    assert said.json()["errors"] == {"events.1.deal_id": words, "events.2.deal_id": words}
    assert not DealEvent.objects.exists()


def test_a_demand_does_not_come_among_events(cast):
    said = program(cast.seller).post("/events", {"events": [event(cast.deal.pk, kind="demand")]})
    assert said.json()["errors"] == {"events.0.kind": "This kind is noted by itself, not among other events."}


def test_a_thousand_events_are_one_call_of_few_statements(cast, django_assert_max_num_queries):
    called = program(cast.seller)
    sent = {"events": [event(cast.deal.pk, 1, note=str(number)) for number in range(1000)]}
    with django_assert_max_num_queries(40):
        assert called.post("/events", sent).json() == {"new": 1000}
    assert called.post("/events", {"events": sent["events"] * 2}).status_code == 422


# ---- what stays inside ----


def test_limits_and_reasons_of_the_lane_leave_by_no_operation(cast):
    Corridor.objects.create(deal=cast.deal, opening=977_003, target=977_002, walk_away=977_001, set_at=NOW)
    talks.an_exception(cast)
    called = program(cast.sponsor)
    for path in ("", "/negotiation", "/agreements", "/exceptions", "/people", "/next-steps"):
        told = called.get(f"/deals/{cast.deal.pk}{path}")
        assert told.status_code == 200
        assert b"97700" not in told.content
        assert b"lane_why" not in told.content


# ---- tokens ----


def test_only_the_digest_of_a_token_is_kept(cast):
    secret = secret_of(cast.seller)
    row = Token.objects.get()
    assert secret.startswith(row.begins)
    assert secret not in str(Token.objects.values().get())
    assert "make" in AuditEvent.objects.filter(subject="token").values_list("action", flat=True)


def test_use_is_noted_rarely(cast):
    called = program(cast.seller)
    called.get("/me")
    used_at = Token.objects.get().used_at
    called.get("/me")
    assert Token.objects.get().used_at == used_at is not None


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"scopes": []}, "scopes"),
        ({"scopes": ["deals:read", "deals:reed"]}, "scopes"),
        ({"days": 400}, "days"),
        ({"name": " "}, "name"),
    ],
)
def test_a_token_without_sense_is_refused(cast, wrong, field):
    told = {"by": cast.seller, "at": NOW, "name": "x", "scopes": ["deals:read"]} | wrong
    with pytest.raises(tokens.Refused) as refused:
        tokens.make(**told)
    assert refused.value.field == field


def test_nobody_revokes_the_token_of_somebody_else(cast):
    token, _ = tokens.make(by=cast.seller, at=NOW, name="x", scopes=["deals:read"])
    with pytest.raises(tokens.Hidden):
        tokens.revoke(by=cast.analyst, at=NOW, token_id=token.pk)
    tokens.revoke(by=cast.seller, at=NOW, token_id=token.pk)


def test_a_step_of_a_program_that_acts_for_nobody_is_not_by_hand(cast):
    told = {"by": cast.analyst, "at": timezone.now(), "name": "crm", "scopes": ["agreements:write"]}
    _, secret = tokens.make_for_service(role="analyst", **told)
    from calling import Program

    Program(secret).post(f"{steps_of(cast)}/steps", STEP, If_Match='"0"')
    step = agreements.Step(
        state=AgreementState.ASKED, occurred_at=NOW, act="send", person_name="Bo", due_on=TODAY
    )
    row = agreements.take_step(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step
    )
    assert list(row.events.order_by("id").values_list("origin", flat=True)) == ["api", "hand"]
