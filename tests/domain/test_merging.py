"""One person of two: nothing that refers to somebody is lost, no rights widen unseen, both names stay on record."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

import assessing
import counting
import discoveries
import duties
import hindsights
import importing
import letting_in
import making
import playbooks
import pressed
import principled
import proposed
import raising
import reviewing
import rollouts
import rules as detection_rules
import sponsoring
import talks
from cast import NOW, PASSWORD, TODAY, deal, person
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementEvent
from hingepoint.domain.audit import queries as audit
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.escalations import actions as escalations
from hingepoint.domain.escalations.models import Approval, Escalation, Pulse
from hingepoint.domain.handovers import actions as handovers
from hingepoint.domain.hindsight import actions as hindsight
from hingepoint.domain.impact import actions as impact
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.involvement.models import Involvement
from hingepoint.domain.merging import actions, queries
from hingepoint.domain.merging.rules import Known, look_alike
from hingepoint.domain.negotiation import actions as negotiation
from hingepoint.domain.notices import actions as notices
from hingepoint.domain.notices.models import CalendarAddress, Chat, Digest, MailChoice, Quiet, SignalLeftOut
from hingepoint.domain.passkeys.models import Passkey
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import DifferentPeople, Membership, OtherName, SavedView, User
from hingepoint.domain.people.queries import person_in_files, person_page
from hingepoint.domain.people.rules import pointing_at
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.plans.models import Verdict
from hingepoint.domain.premortems import actions as premortems
from hingepoint.domain.pressures import actions as pressures
from hingepoint.domain.principles import actions as principles
from hingepoint.domain.principles.models import PrinciplesVersion
from hingepoint.domain.proof import actions as proof
from hingepoint.domain.questions import actions as questions
from hingepoint.domain.reviews import actions as reviews
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines.models import DaysOff, RoutineDue, RoutineVersion
from hingepoint.domain.second_factors import actions as second_factors
from hingepoint.domain.sessions.models import Session
from hingepoint.domain.sign_on.models import CompanyAccount, DirectoryPerson, SignOn
from hingepoint.domain.signals import actions as signals
from hingepoint.domain.team_chats import actions as team_chats
from hingepoint.domain.tokens import actions as tokens
from hingepoint.domain.trail import queries as trail
from hingepoint.domain.trials.models import TrialLook
from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import Stale
from hingepoint.records.escalations import Answer, ArguesFor
from hingepoint.records.notices import ChatService, NoticeKind
from hingepoint.records.people import Role
from hingepoint.records.plans import Outcome
from hingepoint.records.reviews import Became


def merge(kept: User, gone: User, *, by=None, wider=True, **more) -> User:
    actions.merge(by=by, at=NOW, kept=kept, gone=gone, wider=wider, **more)
    return User.objects.get(pk=kept.pk)


@pytest.fixture
def twice(cast):
    """Sanna, and the same person as another file names her: without address, with a deal of her own."""
    again = people.add_user(by=None, at=NOW, name="Sanna Ek", key="0051", role=Role.SELLER)
    deal("N-7", owner=again, team=cast.north)
    return cast.seller, again


# ---- every relation ----


def relations() -> list:
    return [(one.related_model, one.field.name) for one in pointing_at(User)]


def a_full_company(cast) -> None:
    """Make at least one row of every table that refers to people."""
    playbooks.in_force(cast)
    asked = {"act": "send it", "person_name": "Bo", "due_on": TODAY}
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, asked_of=cast.inside_partner, **asked)
    row = agreements.take_step(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step
    )
    proof.attach(by=cast.seller, at=NOW, agreement_id=row.pk, words="they wrote it")
    proof.ask_customer(by=cast.seller, at=timezone.now(), agreement_id=row.pk)
    for note in ("ask for the log", "and for the data"):
        coaching.write_note(by=cast.manager, at=NOW, deal_id=cast.deal.pk, to=cast.seller, note=note)
    plan = plans.write_plan(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", best="it"
    )
    plans.review_plan(by=cast.manager, at=NOW, plan_id=plan.pk, verdict=Verdict.APPROVED)
    heard = plans.Heard(Outcome.CONTINUATION, held_at=NOW)
    plans.debrief(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", heard=heard)
    exception = talks.an_exception(cast)
    escalations.answer(
        by=cast.inside_partner, at=NOW, escalation_id=exception.pk, answer=Answer.YES, chance=0.6
    )
    said = {"defended": True, "argues_for": ArguesFor.COMPANY}
    escalations.pulse(by=cast.inside_partner, at=NOW, escalation_id=exception.pk, **said)
    talks.a_role(cast)
    demand = talks.a_demand(cast)
    negotiation.give_reason(by=cast.seller, at=NOW, demand_id=demand.pk, why=negotiation.Why("their budget"))
    corridor = {"opening": Decimal(100), "target": Decimal(90), "walk_away": Decimal(80)}
    negotiation.set_corridor(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **corridor)
    detection_rules.log_arrives(cast.foreign_deal)
    detection_rules.switched_on()
    importing.finished_import(cast)
    importing.kept_mapping(cast)
    run = discoveries.finished_run(cast)
    found = {"run_id": run.pk, "key": Finding.objects.filter(run=run).first().key}
    discovery.decide(by=cast.analyst, at=NOW, verdict="signed", note="seen", **found)
    TrialLook.objects.create(trial=discoveries.trial(cast), by=cast.analyst, at=NOW, early=False, record={})
    duties.falls_due(cast.seller)
    duties.days_off(cast.seller)
    routine = duties.a_routine("message", role=Role.SPONSOR)
    RoutineVersion.objects.filter(routine=routine).update(put_by=cast.sponsor)
    DaysOff.objects.update(said_by=cast.seller)
    for step in ("Call Bo", "Call Bo again"):
        said = coaching.Said("Ask for the day", step, TODAY)
        coaching.hold_session(
            by=cast.manager, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", said=said
        )
    sponsoring.a_message(cast)
    adopted = principled.in_force()
    PrinciplesVersion.objects.update(published_by=cast.sponsor)
    principles.agree(by=cast.seller, at=NOW, number=adopted.number)
    people.save_view(by=cast.seller, at=NOW, page="deals", name="mine", query="")
    letting_in.link_of(letting_in.newcomer("Nils"), by=cast.analyst)
    actions.tell_apart(by=cast.analyst, at=NOW, one=cast.seller, other=cast.stranger)
    hindsights.view(hindsights.lost(cast, "N-8"), by=cast.seller)
    hindsight.set_limit(by=cast.sponsor, at=NOW, least_amount=Decimal(1))
    running = premortems.begin(by=cast.seller, at=NOW, deal_id=cast.deal.pk, until=TODAY)
    premortems.answer(by=cast.seller, at=NOW, premortem_id=running.pk, words="no money")
    questions.retire(by=cast.sponsor, at=NOW, key="pulse.taps")
    questions.ask_again(by=cast.sponsor, at=NOW, key="pulse.taps")
    gone_over = hindsights.handed_over(cast, "N-10")
    event = gone_over.events.filter(name="owner").last()
    handovers.confirm(by=cast.seller, at=NOW, deal_id=gone_over.pk, event_id=event.pk)
    rise = raising.a_raise()
    signals.give(by=cast.manager, at=NOW, raise_id=rise.pk, to=cast.sponsor.pk)
    anew = signals.set_limits(
        by=cast.analyst, at=NOW, signal="exceptions", since=TODAY.replace(day=1), reason="x"
    )
    signals.undo_limits(by=cast.analyst, at=NOW, signal="exceptions", limits_id=anew.pk, reason="y")
    counting.defined(by=cast.analyst)
    pressures.write_rule(by=cast.analyst, at=NOW, rule=pressed.NEWCOMER)
    pressures.take_back(by=cast.manager, at=NOW, tag_id=pressed.tagged(cast.deal, by=cast.seller).pk)
    rollouts.a_cost(row := rollouts.on_record(cast), cast)
    for doing, told in (
        (impact.take_back_cost, {"cost_id": row.costs.get().pk}),
        (impact.withdraw, {"because": "x"}),
    ):
        doing(by=cast.sponsor, at=NOW, rollout_id=row.pk, **told)
    assessing.open_round(cast)
    notices.renew_calendar(by=cast.seller, at=NOW)
    notices.choose_mail(by=cast.seller, at=NOW, wanted=True, hour=9, version=0)
    chat = {"service": ChatService.SLACK, "url": "https://hooks.slack.com/services/T0/B0/x"}
    notices.choose_chat(by=cast.seller, at=NOW, version=0, **chat)
    team_chats.choose(by=cast.manager, at=NOW, team_id=cast.north.pk, **chat)
    notices.be_quiet(by=cast.seller, at=NOW, kind=NoticeKind.ROUTINES, for_good=True)
    SignalLeftOut.objects.create(signal="single_thread", user=cast.seller, by=cast.seller, at=NOW)
    Digest.objects.create(user=cast.seller, on=TODAY, lines=[], new=[], made_at=NOW)
    making.asked_for(cast.seller)
    proposed.proposal(cast.seller, cast.deal)
    tokens.make(by=cast.seller, at=NOW, name="a script", scopes=["deals:read"])
    CompanyAccount.objects.create(user=cast.seller, issuer="x", subject="1", linked_at=NOW, came_at=NOW)
    DirectoryPerson.objects.create(user=cast.seller, user_name="x", made_at=NOW, changed_at=NOW)
    Passkey.objects.create(user=cast.seller, name="x", key="x", credential="x", made_at=NOW)
    SignOn.objects.create(pk=1, way_out=cast.seller)
    Session.objects.create(session_key="a-browser", user=cast.seller, session_data="", expire_date=NOW)
    second_factors.begin(by=cast.seller, at=NOW)
    review = reviewing.held(cast)
    (note,) = review.notes.filter(kind="commitment")
    reviews.settle(by=cast.seller, at=NOW, note_id=note.pk, became=Became.KEPT)
    OtherName.objects.create(user=cast.seller, key="x", name="X", was=10**9, merged_at=NOW)


def test_every_row_that_refers_to_somebody_refers_to_whom_they_became(cast):
    a_full_company(cast)
    everybody_else = {}
    gone = person("Gone", Role.ANALYST)
    touched = []
    for model, name in relations():
        newest = name in ("written_for", "coached")  # the two of coaching are never one
        row = model._base_manager.order_by("-pk" if newest else "pk").first()
        assert row is not None, f"make a row of {model.__name__}.{name} in a_full_company"
        if (model, name) not in (
            (DifferentPeople, "one"),
            (DifferentPeople, "other"),
        ):  # told anew: see below
            model._base_manager.filter(pk=row.pk).update(**{name: gone})
            touched.append((model, name, row.pk))
        everybody_else[model] = set(model._base_manager.values_list("pk", flat=True))
    kept = merge(person("Kept", Role.ANALYST), gone)
    for model, name, pk in touched:
        now = getattr(model._base_manager.get(pk=pk), f"{name}_id")
        assert now == kept.pk, f"{model.__name__}.{name}"
    for model, before in everybody_else.items():
        assert before <= set(model._base_manager.values_list("pk", flat=True)), f"{model.__name__} lost a row"
    assert not User.objects.filter(pk=gone.pk).exists()


def test_numbers_of_people_that_no_key_keeps_are_known():
    """A column that holds somebody's number without a key must say here what merging does with it."""
    from django.apps import apps

    held = {
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("domain").get_models()
        for field in model._meta.concrete_fields
        if field.name.endswith("id_number") or field.name == "was"
    }
    assert held == {
        "AuditEvent.by_id_number",  # stays: the trail keeps what was, and is read with OtherName.was
        "SentForm.by_id_number",  # stays: whoever sent it is signed out and sends it no more
        "SentRequest.by_id_number",  # stays: forgotten after a day
        "OtherName.was",
    }


# ---- what is known of them ----


def test_deals_steps_and_history_are_one_persons(cast, twice):
    kept, again = twice
    step = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW)
    taken = agreements.take_step(
        by=again, at=NOW, deal_id=Deal.objects.get(key="N-7").pk, type_key="cust.data_access", step=step
    )
    merge(kept, again, by=cast.analyst)
    assert set(Deal.objects.filter(owner=kept).values_list("key", flat=True)) == {"N-1", "N-7"}
    assert AgreementEvent.objects.get(agreement=taken).recorded_by == kept


def test_the_trail_keeps_both_names_and_holds_and_their_page_shows_both(cast, twice):
    kept, again = twice
    step = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW)
    where = {"deal_id": Deal.objects.get(key="N-7").pk, "type_key": "cust.data_access"}
    agreements.take_step(by=again, at=NOW, step=step, **where)
    before = list(AuditEvent.objects.values())
    merge(kept, again, by=cast.analyst)
    assert list(AuditEvent.objects.order_by("id").values())[: len(before)] == before
    assert audit.first_broken_link() is None
    page = person_page(cast.analyst, kept.pk, at=NOW)
    assert page.also == ("Sanna Ek",)
    assert [change.what for change in page.history].count("added the person") == 2
    merged = next(change for change in page.history if change.what == "merged two people into this one")
    assert ("person", "Sanna Ek", "Sanna") in {(one.field, one.before, one.after) for one in merged.changes}
    by_sanna = trail.trail(cast.analyst, trail.Wanted(person="Sanna"))
    assert "Sanna Ek" in {line.by for line in by_sanna.lines}


def test_what_they_entered_before_counts_as_theirs(cast, twice):
    from hingepoint.domain.home.queries.effort import questions

    kept, again = twice
    for number, who in enumerate(twice):
        at = NOW + dt.timedelta(minutes=number)
        people.save_view(by=who, at=at, page="deals", name=f"v{number}", query="")
    merge(kept, again)
    (week,) = questions(cast.analyst, now=NOW + dt.timedelta(hours=1))
    assert (week.people, week.dialogs) == (1, 2)


def test_files_that_name_either_mean_the_one(cast, twice, tmp_path):
    kept, again = twice
    merge(kept, again)
    rows = "deal_id,created,status,owner\nX-1,2026-01-05,open,0051\nX-2,2026-01-05,open,Sanna Ek\n"
    importing.import_deals(tmp_path, rows)
    assert set(Deal.objects.filter(key__startswith="X-").values_list("owner", flat=True)) == {kept.pk}
    assert person_in_files("0051") == kept


def test_an_import_before_is_still_taken_back(cast, twice, tmp_path):
    kept, again = twice
    rows = "deal_id,created,status,owner\nX-1,2026-01-05,open,0051\n"
    importing.import_deals(tmp_path, rows)
    report = importing.import_deals(tmp_path, rows.replace("0051", "Stig"))
    merge(kept, again)
    imports.undo_import(by=None, at=NOW, batch_id=report.batch)
    assert Deal.objects.get(key="X-1").owner == kept


def test_a_step_before_is_still_taken_back(cast, twice):
    kept, again = twice
    for whom in (again, cast.manager):
        step = agreements.Step(state=AgreementState.ASKED, occurred_at=NOW, asked_of=whom)
        agreements.take_step(by=kept, at=NOW, deal_id=cast.deal.pk, type_key="int.pursue", step=step)
    merge(kept, again)
    row = Agreement.objects.get(deal=cast.deal, type__key="int.pursue")
    assert agreements.undo_step(by=kept, at=NOW, agreement_id=row.pk).asked_of == kept


def test_a_task_begun_by_somebody_who_was_merged_goes_on(cast, twice):
    kept, again = twice
    number = again.pk
    merge(kept, again)
    assert User.objects.by_number(number) == kept
    assert User.objects.by_number(kept.pk) == kept


# ---- signing in ----


def test_who_has_no_address_takes_over_the_one_that_works(cast, twice):
    signs_in, owns = twice
    merged = merge(owns, signs_in)
    assert (merged.email, merged.check_password(PASSWORD)) == ("sanna@hinge.example", True)
    assert merged.deals.count() == 2


def test_of_two_addresses_the_one_that_signs_in_stays_and_the_other_is_known(cast):
    owns = people.add_user(by=None, at=NOW, name="Sanna Ek", email="s.ek@hinge.example", role=Role.SELLER)
    merged = merge(owns, cast.seller)
    assert (merged.email, merged.check_password(PASSWORD)) == ("sanna@hinge.example", True)
    assert OtherName.objects.get(user=merged).email == "s.ek@hinge.example"
    with pytest.raises(people.AddressTaken):
        people.set_address(by=None, at=NOW, user=cast.stranger, email="s.ek@hinge.example")


def test_a_session_of_who_went_ends(cast, client):
    again = person("Sanna2", Role.SELLER)
    client.force_login(again)
    merge(cast.seller, again)
    assert client.get("/deals/").url.startswith("/sign-in")


# ---- rights ----


def test_what_somebody_may_do_more_must_be_meant(cast, twice):
    kept, again = twice
    people.join_team(by=None, at=NOW, user=again, team=cast.south, since=TODAY, manages=True)
    deal("S-7", owner=again, team=cast.south)
    with pytest.raises(actions.WiderRights) as refused:
        merge(kept, again, wider=False)
    assert refused.value.gains == [
        "manages South",
        "sees 2 deals of Sanna Ek's",
    ]
    assert User.objects.filter(pk=again.pk).exists()
    merge(kept, again, wider=True)
    assert Membership.objects.filter(user=kept, team=cast.south, manages=True, until__isnull=True).exists()


def test_a_password_does_not_open_more_unseen(cast):
    sponsor = people.add_user(by=None, at=NOW, name="Sanna Ek", key="cso", role=Role.SPONSOR)
    with pytest.raises(actions.WiderRights) as refused:
        merge(sponsor, cast.seller, wider=False)
    assert refused.value.gains == [
        "is sponsor when signing in with sanna@hinge.example, which was a seller's until now"
    ]


def test_what_a_disabled_person_could_do_comes_back_only_if_meant(cast):
    with pytest.raises(actions.WiderRights) as refused:
        merge(cast.sponsor, cast.disabled, wider=False)
    assert refused.value.gains == ["does again what Dora did, who is disabled"]


def test_the_role_stays_that_of_who_is_kept(cast):
    gone = person("Otto2", Role.SPONSOR)
    assert merge(cast.seller, gone).role == Role.SELLER


def test_who_merges_is_a_keeper(cast, twice):
    for who in (cast.seller, cast.manager, cast.inside_partner, cast.disabled):
        with pytest.raises(people.NotAllowed):
            merge(*twice, by=who)


# ---- what is in the way ----


def test_who_coached_whom_are_two(cast):
    coaching.write_note(by=cast.manager, at=NOW, deal_id=cast.deal.pk, to=cast.seller, note="ask for the log")
    with pytest.raises(actions.TwoPeople, match="coached the other"):
        merge(cast.manager, cast.seller)
    assert CoachingNote.objects.count() == 1


def test_nobody_comes_to_answer_their_own_request(cast):
    talks.an_exception(cast)
    with pytest.raises(actions.TwoPeople, match="nobody answers their own"):
        merge(cast.seller, cast.inside_partner)


def test_a_disabled_person_does_not_swallow_one_who_works_here(cast):
    with pytest.raises(actions.TwoPeople, match="Keep Otto instead"):
        merge(cast.disabled, cast.sponsor)


def test_one_person_is_not_merged_with_themselves(cast):
    with pytest.raises(actions.TwoPeople):
        merge(cast.seller, User.objects.get(pk=cast.seller.pk))


def test_what_was_seen_before_somebody_changed_it_is_not_done(cast, twice):
    kept, again = twice
    people.change_role(by=None, at=NOW, user=User.objects.get(pk=kept.pk), role=Role.MANAGER)
    with pytest.raises(Stale):
        merge(kept, again, expected_version=1)


# ---- where one person has at most one ----


def test_two_times_in_one_team_are_the_longer_one(cast, twice):
    kept, again = twice
    people.join_team(by=None, at=NOW, user=again, team=cast.north, since=TODAY - dt.timedelta(days=400))
    merge(kept, again)
    (time,) = Membership.objects.filter(user=kept, team=cast.north)
    assert time.since == TODAY - dt.timedelta(days=400)


def test_views_of_one_name_both_stay(cast, twice):
    for one, query in zip(twice, ("a=1", "b=2"), strict=True):
        people.save_view(by=one, at=NOW, page="deals", name="mine", query=query)
    merge(*twice)
    views = SavedView.objects.filter(owner=twice[0]).order_by("name").values_list("name", "query")
    assert list(views) == [("mine", "a=1"), ("mine (2)", "b=2")]


def test_of_two_roles_on_one_deal_one_goes_on_and_the_other_is_history(cast):
    again = person("Max2", Role.MANAGER)
    talks.a_role(cast)
    talks.a_role(cast, executive=again)
    merge(cast.other_manager, again)
    rows = Involvement.objects.filter(executive=cast.other_manager).order_by("id")
    assert [row.ended_at for row in rows] == [None, NOW]


def test_who_is_asked_twice_answers_once(cast):
    again = person("Lee2", Role.INSIDE_PARTNER)
    made = talks.an_exception(cast)
    (first,) = made.approvals.filter(approver=cast.inside_partner)
    Approval.objects.create(
        escalation=made, approver=again, whom=first.whom, because=first.because, asked_at=NOW
    )
    merge(cast.inside_partner, again)
    answers = list(made.approvals.filter(approver=cast.inside_partner).values_list("answer", flat=True))
    assert answers == [Answer.WAITING, Answer.PASSED_ON]
    escalations.answer(by=cast.inside_partner, at=NOW, escalation_id=made.pk, answer=Answer.YES)
    assert Escalation.objects.get(pk=made.pk).state == "approved"


def test_of_two_pulses_about_one_request_the_later_counts(cast):
    again = person("Lee2", Role.INSIDE_PARTNER)
    made = talks.an_exception(cast)
    for who, at, for_whom in ((again, NOW, "customer"), (cast.inside_partner, talks.now(), "company")):
        Pulse.objects.create(escalation=made, partner=who, defended=True, argues_for=for_whom, at=at)
    merge(cast.inside_partner, again)
    assert [pulse.argues_for for pulse in Pulse.objects.all()] == ["company"]


def test_who_was_told_apart_from_one_is_told_apart_from_both(cast, twice):
    kept, again = twice
    actions.tell_apart(by=cast.analyst, at=NOW, one=again, other=cast.stranger)
    merge(kept, again)
    (row,) = DifferentPeople.objects.all()
    assert {row.one_id, row.other_id} == {kept.pk, cast.stranger.pk}


# ---- who looks like one person ----


ANNA = Known(1, "Anna Berg", "Anna Berg", "")


@pytest.mark.parametrize(
    ("other", "because"),
    [
        (Known(2, "ann@x.example", "Anna Berg", "ann@x.example"), ("the same name",)),
        (Known(2, "b", "BERG, Anna", ""), ("the same name",)),
        (Known(2, "b", "Ánna  Berg", ""), ("the same name",)),
        (
            Known(2, "b", "anna", "anna.berg@x.example"),
            ("the address of one reads like the name of the other",),
        ),
        (
            Known(2, "b", "ab", "berg_anna2@x.example"),
            ("the address of one reads like the name of the other",),
        ),
        (Known(2, "anna berg", "A. B.", ""), ("the id in the CRM of one is the name of the other",)),
        (Known(2, "b", "Anna Bergman", "anna.bergman@x.example"), ()),
        (Known(2, "b", "Anna", "anna@x.example"), ()),
    ],
)
def test_who_looks_like_anna_berg(other, because):
    assert [one.because for one in look_alike([ANNA, other])] == ([because] if because else [])


def test_an_id_of_15_characters_is_the_one_of_18():
    short, long = Known(1, "0055g00000ABcDe", "A", ""), Known(2, "0055g00000ABcDeAAK", "B", "")
    assert look_alike([short, long])[0].because == ("the same id in the CRM",)
    assert look_alike([short, Known(2, "0055g00000ABcDf", "B", "")]) == []


def test_a_key_that_is_the_address_of_another_is_one_person():
    found = look_alike([Known(1, "ann@x.example", "Ann", ""), Known(2, "b", "A", "Ann@X.example")])
    assert found[0].because == ("the same address",)


def test_a_name_that_many_have_is_no_sign():
    assert look_alike([Known(n, f"k{n}", "Sales", "") for n in range(7)]) == []


def test_pairs_are_offered_with_whom_to_keep_until_somebody_says_they_are_two(cast):
    again = people.add_user(by=None, at=NOW, name="SANNA", key="0051", role=Role.SELLER)
    (pair,) = queries.same_people(cast.analyst)
    assert (pair.kept.id, pair.gone.id, pair.because) == (cast.seller.pk, again.pk, ("the same name",))
    actions.tell_apart(by=cast.analyst, at=NOW, one=again, other=cast.seller)
    assert queries.same_people(cast.analyst) == []


def test_the_preview_counts_what_moves(cast, twice):
    page = queries.merge_page(cast.analyst, twice[0].pk, twice[1].pk)
    assert page.moves == ((1, "deal", "deals"),)
    assert page.address == "sanna@hinge.example"


def test_two_who_were_both_mailed_on_one_day_are_merged_and_how_the_kept_one_is_reached_stays(cast):
    both = {"kept": person("Kept", Role.SELLER), "gone": person("Gone", Role.SELLER)}
    for hour, user in enumerate(both.values(), start=8):
        notices.renew_calendar(by=user, at=NOW)
        notices.choose_mail(by=user, at=NOW, wanted=True, hour=hour, version=0)
        chat = {"service": ChatService.SLACK, "url": "https://hooks.slack.com/services/T0/B0/x"}
        notices.choose_chat(by=user, at=NOW, version=0, **chat)
        notices.be_quiet(by=user, at=NOW, kind=NoticeKind.ROUTINES, for_good=True)
        Digest.objects.create(user=user, on=TODAY, lines=[], new=[], made_at=NOW)
        SignalLeftOut.objects.create(signal="exceptions", user=user, by=user, at=NOW)
    Digest.objects.create(user=both["gone"], on=TODAY - dt.timedelta(days=1), lines=[], new=[], made_at=NOW)
    kept = merge(both["kept"], both["gone"])
    assert [one.hour for one in MailChoice.objects.all()] == [8]
    assert {one.on for one in Digest.objects.filter(user=kept)} == {TODAY, TODAY - dt.timedelta(days=1)}
    for model in (CalendarAddress, Chat, Quiet, SignalLeftOut):
        assert model.objects.get().user == kept


@pytest.mark.parametrize("who", ["kept", "gone"])
def test_what_was_due_of_both_is_due_once_and_done_if_either_did_it(cast, who):
    both = {"kept": person("Kept", Role.SELLER), "gone": person("Gone", Role.SELLER)}
    dues = {name: duties.falls_due(user) for name, user in both.items()}
    routines.do(by=both[who], at=NOW, due_id=dues[who].pk)
    kept = merge(both["kept"], both["gone"])
    left = RoutineDue.objects.get()
    assert (left.person, left.done_at) == (kept, NOW)
