"""Tying the company's own words to the catalogue: everything that said the word says the type, and nothing is lost."""

import dataclasses
import datetime as dt

import pytest

import discoveries
import importing
import playbooks
import rules as detection_rules
from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementEvent, AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.bridge import actions, queries
from hingepoint.domain.bridge.rules import Choice, Joined
from hingepoint.domain.detection import actions as detection
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.discovery.models import Finding
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import SavedView
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.plans.models import Plan
from hingepoint.domain.proof import actions as proof
from hingepoint.domain.strategy.models import AskingRound, PivotalAgreement
from hingepoint.domain.strategy.queries.pivotal import newest_signed
from hingepoint.domain.trials.models import Trial
from hingepoint.records.agreements import AgreementState, Evidence
from hingepoint.records.errors import Hidden, Stale
from hingepoint.records.plans import Outcome
from words import KEY, kind, say, tie, word

LATER = NOW + dt.timedelta(days=40)
GAINED, ASKED, PLANNED, SOFT = (AgreementState(one) for one in ("gained", "asked", "planned", "soft"))


def stands(deal) -> list[tuple[str, str]]:
    """Return type and state of every agreement of a deal."""
    return list(deal.agreements.order_by("type__key").values_list("type__key", "state"))


# ---- what moves ----


def test_what_said_the_word_says_the_type(cast):
    found = word()
    first = say(cast.deal, found.key, ASKED)
    say(cast.deal, found.key, days=3)
    assert tie(found) == Joined(agreements=1, both=0, steps=2)
    assert stands(cast.deal) == [(KEY, "gained")]
    moved = Agreement.objects.get()
    assert (moved.pk, moved.said_as_id, moved.version) == (first.pk, found.pk, 2)
    assert [step.state for step in moved.events.order_by("pk")] == ["asked", "gained"]


def test_a_tied_word_is_offered_nowhere_and_means_its_type(cast):
    found = word()
    tie(found)
    assert found not in AgreementType.objects.in_use()
    assert AgreementType.objects.meant(key=found.key).key == KEY
    assert say(cast.deal, found.key, ASKED).type.key == KEY


def test_two_words_are_tied_to_one_type(cast):
    one, other = word("Usage data shared"), word("Kostendaten")
    say(cast.deal, one.key, ASKED)
    say(cast.deal, other.key, days=2)
    tie(one)
    assert tie(other) == Joined(agreements=1, both=1, steps=1)
    assert stands(cast.deal) == [(KEY, "gained")]


def test_words_tied_to_a_word_follow_it_to_the_catalogue(cast):
    one, own = word("Usage data shared"), word("Daten da")
    say(cast.deal, one.key)
    tie(one, own.key)
    assert stands(cast.deal) == [("Daten da", "gained")]
    tie(own)
    assert stands(cast.deal) == [(KEY, "gained")]
    assert AgreementType.objects.meanings() == {"Usage data shared": KEY, "Daten da": KEY}
    assert Agreement.objects.get().said_as == one


@pytest.mark.parametrize("days", [-3, 3])
def test_on_a_deal_with_both_the_later_word_counts_and_the_other_fills_what_it_leaves_empty(cast, days):
    found = word()
    say(cast.deal, KEY, reason="they trust us", person_name="Eva")
    say(cast.deal, found.key, SOFT, days=days, owed_in_return="a report")
    assert tie(found) == Joined(agreements=1, both=1, steps=1)
    one = Agreement.objects.get()
    assert one.state == ("soft" if days > 0 else "gained")
    assert (one.reason, one.owed_in_return, one.person_name) == ("they trust us", "a report", "Eva")
    assert one.gained_at == NOW
    assert (one.said_as, one.version) == (None, 2)
    assert sorted(one.events.values_list("state", flat=True)) == ["gained", "soft"]


def test_what_the_playbook_merely_asks_for_is_gained_by_the_word(cast):
    playbooks.in_force(cast)
    found = word()
    asked = Agreement.objects.get(deal=cast.deal, type__key=KEY)
    assert (asked.state, asked.required) == ("needed", True)
    say(cast.deal, found.key, days=-5)
    tie(found)
    asked.refresh_from_db()
    assert (asked.state, asked.required, asked.gained_at) == ("gained", True, NOW - dt.timedelta(days=5))
    assert asked.needed_by is not None


def test_a_fact_that_both_words_told_stands_twice_in_the_history(cast, tmp_path):
    importing.import_deals(tmp_path)
    rows = "A-1,Usage data shared,2025-01-10,gained,agreement\nA-1,cust.data_access,2025-01-10,gained,agreement\n"
    importing.import_events(tmp_path, "deal_id,agreement,at,state,kind\n" + rows)
    tie(kind("Usage data shared"))
    one = Agreement.objects.get(deal__key="A-1")
    assert [step.state for step in one.events.all()] == ["gained", "gained"]


def test_plans_of_both_are_numbered_by_when_they_were_written(cast):
    found = word()
    for number, key in enumerate((KEY, found.key, KEY)):
        told = {"type_key": key, "best": f"writing {number}"}
        plans.write_plan(by=cast.seller, at=NOW + dt.timedelta(days=number), deal_id=cast.deal.pk, **told)
    tie(found)
    written = Plan.objects.order_by("number").values_list("number", "parts__best__0__text")
    assert list(written) == [(1, "writing 0"), (2, "writing 1"), (3, "writing 2")]


def test_a_deals_plan_speaks_of_the_type(cast):
    found = word()
    Plan.objects.create(
        deal=cast.deal,
        written_at=NOW,
        parts={f"step:{found.key}": [{"text": "Call Bo"}], f"step:{KEY}": [{"text": "Ask Eva"}]},
    )
    tie(found)
    assert Plan.objects.get().parts == {f"step:{KEY}": [{"text": "Ask Eva"}, {"text": "Call Bo"}]}


def test_a_rule_finds_the_type_by_a_version_of_its_own_and_stays_on(cast):
    found = word()
    rule = detection_rules.switched_on(agreement=found.key)
    tie(found)
    rule.refresh_from_db()
    told = [(one.number, one.definition["agreement"]) for one in rule.versions.all()]
    assert (rule.type.key, rule.on, told) == (KEY, True, [(2, KEY), (1, found.key)])
    assert rule.versions.all()[0].tested_at == rule.versions.all()[1].tested_at
    detection_rules.log_arrives(cast.deal)
    detection.run_rules(at=LATER)
    assert KEY in [key for key, _ in stands(cast.deal)]


def test_a_playbooks_place_is_the_types_and_open_deals_are_asked_anew(cast):
    found = word()
    playbooks.in_force(cast, found.key)
    before = AskingRound.objects.get().number
    tie(found)
    assert PivotalAgreement.objects.get().type.key == KEY
    assert AskingRound.objects.get().number == before + 1
    assert Agreement.objects.get(deal=cast.deal, required=True).type.key == KEY


def test_saved_views_show_the_type(cast):
    found = word()
    query = "status=open&show=Usage+data+shared&show=cust.nda"
    people.save_view(
        by=cast.seller, at=NOW, page="matrix", name="Mine", query=query, shared=False, pinned=False
    )
    tie(found)
    assert SavedView.objects.get().query == "status=open&show=cust.data_access&show=cust.nda"


def test_the_trail_says_who_tied_what_and_what_became_one(cast):
    found = word()
    gone = say(cast.deal, found.key, days=1)
    kept = say(cast.deal, KEY, ASKED)
    tie(found, by=cast.analyst)
    told = AuditEvent.objects.filter(action__in=("tie", "take in", "join")).order_by("action")
    joined, taken, tied = told
    assert (joined.subject_id, joined.changes) == (
        str(kept.pk),
        {"was": gone.pk, "state": ["asked", "gained"]},
    )
    assert (taken.subject_id, tied.subject_id, tied.by_name) == (KEY, found.key, "Ada")
    assert tied.changes["tied to"] == [None, "Early access to key data"]
    assert (tied.changes["agreements"], tied.changes["both"]) == (1, 1)


# ---- steps are taken back as before ----


def test_the_last_step_of_one_made_of_two_is_taken_back_to_what_the_other_said(cast):
    found = word()
    say(cast.deal, KEY, ASKED, by=cast.seller)
    say(cast.deal, found.key, days=2, by=cast.seller)
    tie(found)
    one = Agreement.objects.get()
    assert agreements.undo_step(by=cast.seller, at=LATER, agreement_id=one.pk).state == "asked"
    assert agreements.undo_step(by=cast.seller, at=LATER, agreement_id=one.pk).state == "needed"
    with pytest.raises(agreements.NothingToUndo):
        agreements.undo_step(by=cast.seller, at=LATER, agreement_id=one.pk)


def test_a_step_that_did_not_count_is_taken_back_without_changing_the_state(cast):
    found = word()
    say(cast.deal, KEY, ASKED, days=5, by=cast.seller)
    say(cast.deal, found.key, SOFT, days=2, by=cast.seller)
    tie(found)
    one = Agreement.objects.get()
    assert one.state == "asked"
    assert agreements.undo_step(by=cast.seller, at=LATER, agreement_id=one.pk).state == "asked"


# ---- files ----

EVENTS = "deal_id,agreement,at,state,kind\nA-1,{0},2025-01-10,gained,agreement\n"


def test_later_files_mean_the_type_however_they_spell_the_word(cast, tmp_path):
    importing.import_deals(tmp_path)
    importing.import_events(tmp_path, EVENTS.format("Usage data shared"))
    tie(kind("Usage data shared"))
    again = importing.import_events(tmp_path, EVENTS.format("Usage data shared"))
    assert again.tables["events"]["created"] == 0
    more = EVENTS.format("usage_DATA shared").replace("A-1", "A-2")
    assert importing.import_events(tmp_path, more).new["types"] == 0
    assert Agreement.objects.get(deal__key="A-2").type.key == KEY
    assert not AgreementType.objects.get(key="Usage data shared").agreements.exists()


@pytest.mark.parametrize(("side", "guessed"), [("", True), ("internal", False)])
def test_whether_a_file_said_with_whom_is_known(cast, tmp_path, side, guessed):
    importing.import_deals(tmp_path)
    rows = f"deal_id,agreement,at,kind,side\nA-1,Rabattrunde,2025-01-10,agreement,{side}\n"
    importing.import_events(tmp_path, rows)
    row = kind("Rabattrunde")
    assert (row.side, row.side_guessed) == (side or "customer", guessed)


def test_an_import_whose_words_moved_whole_is_taken_back_and_the_tie_is_remembered(cast, tmp_path):
    importing.import_deals(tmp_path)
    batch = importing.import_events(tmp_path, EVENTS.format("Usage data shared")).batch
    tie(kind("Usage data shared"))
    imports.undo_import(by=None, at=LATER, batch_id=batch)
    assert not Agreement.objects.filter(deal__key="A-1").exists()
    assert AgreementType.objects.meanings() == {"Usage data shared": KEY}


def test_an_import_that_became_part_of_another_agreement_is_not_taken_back(cast, tmp_path):
    importing.import_deals(tmp_path)
    importing.import_events(tmp_path, EVENTS.format(KEY))
    batch = importing.import_events(tmp_path, EVENTS.format("Usage data shared").replace("10,", "12,")).batch
    tie(kind("Usage data shared"))
    with pytest.raises(imports.CannotUndo, match="1 agreement changed since"):
        imports.undo_import(by=None, at=LATER, batch_id=batch)


def test_nothing_is_tied_while_an_import_is_written(cast):
    facts = {"key": "1", "files": [{"table": "events", "name": "e.csv"}], "begun_at": LATER}
    ImportBatch.objects.create(state="importing", touched_at=LATER, **facts)
    with pytest.raises(actions.Busy):
        tie(word(), at=LATER)
    tie(kind("Usage data shared"), at=LATER + dt.timedelta(hours=1))


# ---- what stands in the way, and who may ----


def test_a_playbook_that_asks_for_both_is_said_and_nothing_is_tied(cast):
    found = word()
    playbooks.in_force(cast, KEY, found.key)
    with pytest.raises(
        actions.CannotTie, match="asks for “Usage data shared” and for “Early access"
    ) as refused:
        tie(found)
    assert list(refused.value.by_word) == [found.pk]
    found.refresh_from_db()
    assert (found.tied_to, found.version) == (None, 1)


def test_a_word_is_tied_neither_to_itself_nor_to_one_that_is_being_tied_or_hidden(cast):
    one, other = word("One"), word("Other")
    agreements.overlay_type(by=None, at=NOW, key="cust.nda", hidden=True)
    choices = [Choice(one.pk, 1, means="Other"), Choice(other.pk, 1, means=KEY)]
    with pytest.raises(actions.CannotTie):
        actions.settle(by=None, at=LATER, choices=choices)
    for key in ("One", "cust.nda", "no.such"):
        with pytest.raises(actions.CannotTie):
            tie(one, key)


def test_a_shipped_type_is_not_tied(cast):
    with pytest.raises(actions.CannotTie):
        tie(kind("cust.nda"))


@pytest.mark.parametrize("who", ["seller", "manager", "inside_partner", "disabled"])
def test_only_who_keeps_the_catalogue_ties(cast, who):
    found = word()
    with pytest.raises(actions.WordsNotYours):
        tie(found, by=getattr(cast, who))
    tie(found, by=cast.sponsor)
    with pytest.raises(Hidden):
        actions.untie(by=getattr(cast, who), at=LATER, key=found.key)
    with pytest.raises(Hidden):
        queries.words_page(getattr(cast, who))


def test_who_comes_later_is_told(cast):
    found = word()
    tie(found)
    with pytest.raises(Stale):
        actions.settle(by=None, at=LATER, choices=[Choice(found.pk, 1, means="cust.nda")])
    assert AgreementType.objects.meanings() == {found.key: KEY}


def test_nothing_said_is_said(cast):
    with pytest.raises(actions.NothingSaid):
        actions.settle(by=cast.analyst, at=LATER, choices=[])


def test_a_word_is_kept_with_the_side_that_was_said(cast):
    found = word("Rabattrunde")
    actions.settle(by=cast.analyst, at=LATER, choices=[Choice(found.pk, 1, side="internal")])
    found.refresh_from_db()
    assert (found.side, found.side_guessed, found.settled_at) == ("internal", False, LATER)
    assert found in AgreementType.objects.in_use()
    assert queries.unsettled(cast.analyst) == 0


# ---- untying ----


def test_untying_gives_back_what_came_by_the_word_alone_and_was_not_touched(cast):
    found = word()
    say(cast.deal, found.key)
    say(cast.foreign_deal, found.key)
    tie(found)
    say(cast.foreign_deal, KEY, AgreementState.KEPT, days=31)
    page = queries.untie_page(cast.analyst, found.key)
    assert (page.back, page.stay) == (1, 1)
    assert actions.untie(by=cast.analyst, at=LATER, key=found.key) == 1
    assert stands(cast.deal) == [(found.key, "gained")]
    assert stands(cast.foreign_deal) == [(KEY, "kept")]
    assert queries.unsettled(cast.analyst) == 1
    assert not Agreement.objects.filter(said_as__isnull=False).exists()


def test_untying_leaves_what_was_planned_since_and_asks_no_more_what_the_playbook_asked(cast):
    found = word()
    say(cast.deal, found.key, ASKED)
    say(cast.foreign_deal, found.key, ASKED)
    tie(found)
    playbooks.in_force(cast)
    plans.write_plan(by=cast.seller, at=LATER, deal_id=cast.deal.pk, type_key=KEY, best="the log")
    assert actions.untie(by=cast.analyst, at=LATER, key=found.key) == 1
    assert stands(cast.deal) == [(KEY, "asked")]
    back = Agreement.objects.get(type=found)
    assert (back.required, back.needed_by, back.asked_on) == (False, None, None)


def test_what_is_not_tied_is_not_untied(cast):
    for key in (word().key, KEY, "no.such"):
        with pytest.raises(actions.NotTied):
            actions.untie(by=cast.analyst, at=LATER, key=key)


def test_the_night_gathers_what_still_came_to_a_tied_word(cast):
    found = word()
    tie(found)
    late = Agreement.objects.create(deal=cast.deal, type=found, state=ASKED, changed_at=NOW)
    assert actions.gather(at=LATER) == 1
    late.refresh_from_db()
    assert late.type.key == KEY
    assert actions.gather(at=LATER) == 0


# ---- what is told before ----


def test_the_preview_says_what_the_act_then_does(cast):
    found = word(side="internal", side_guessed=False)
    say(cast.deal, KEY, ASKED)
    say(cast.deal, found.key)
    say(cast.foreign_deal, found.key)
    (effect,) = queries.effects(cast.analyst, [Choice(found.pk, 1, means=KEY)])
    assert effect.moved == Joined(agreements=2, both=1, steps=2)
    assert (effect.open_deals, effect.checks, effect.asked) == (2, 4, False)
    assert effect.differs == (
        "With whom: your files say inside your own company. From now on with the customer.",
        "Needed by the stage discover; your word had none.",
        "Checked again after 30 days, until now after 90: from its next check on.",
    )
    assert tie(found) == effect.moved


def test_the_most_used_word_stands_first_with_what_it_may_mean(cast):
    rare, often = word("Xyzzy"), word("Usage data shared")
    say(cast.deal, often.key)
    page = queries.words_page(cast.analyst)
    assert [(one.name, one.deals) for one in page.words] == [("Usage data shared", 1), ("Xyzzy", 0)]
    assert (page.words[0].sure.key, page.words[0].side, page.words[1].offers) == (KEY, "", ())
    assert page.words[0].likely_side == "customer"
    assert rare.key not in {one.key for one in page.words[0].offers}
    tie(often)
    page = queries.words_page(cast.analyst)
    assert [(one.name, one.means) for one in page.tied] == [("Usage data shared", "Early access to key data")]


def test_another_word_for_a_type_is_learnt_from_what_was_tied(cast):
    tie(word("Zahlenwerk"))
    other = word("Zahlenwerk erhalten")
    offers = next(one.offers for one in queries.words_page(cast.analyst).words if one.id == other.pk)
    assert [one.key for one in offers] == [KEY]
    assert offers[0].because == ("Its name says “Zahlenwerk”, another word for it.",)


def test_a_word_kept_is_looked_at_again_when_asked(cast):
    found = word("Xyzzy")
    actions.settle(by=None, at=LATER, choices=[Choice(found.pk, 1)])
    assert [one.key for one in queries.words_page(cast.analyst).own] == ["Xyzzy"]
    page = queries.words_page(cast.analyst, also="Xyzzy")
    assert ([one.key for one in page.words], page.own) == (["Xyzzy"], ())
    tie(found)
    assert dataclasses.astuple(queries.words_page(cast.analyst).tied[0])[:4] == (
        "Xyzzy",
        "Xyzzy",
        KEY,
        "Early access to key data",
    )


def test_persons_named_who_are_ones_own_say_that_it_is_inside(cast):
    found = word("Preisrunde")
    deal_ids = [cast.deal, cast.foreign_deal]
    for number in range(6):
        say(deal_ids[number % 2], found.key, SOFT, days=number, person_name="Lee")
    (one,) = queries.words_page(cast.analyst).words
    assert one.likely_side == "internal"
    assert AgreementEvent.objects.filter(counterpart="Lee").count() == 6


def test_proof_links_and_debriefs_of_both_stand_behind_the_one(cast):
    found = word()
    told = {"act": "send it", "person_name": "Bo", "due_on": NOW.date()}
    gone, kept = (say(cast.deal, key, ASKED, **told) for key in (found.key, KEY))
    for row in (gone, kept):
        proof.attach(by=cast.seller, at=NOW, agreement_id=row.pk, strength=Evidence.WRITTEN, words="Yes.")
        proof.ask_customer(by=cast.seller, at=NOW, agreement_id=row.pk)
        heard = plans.Heard(outcome=Outcome.CONTINUATION, held_at=NOW, learned="They wait.")
        plans.debrief(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key=row.type.key, heard=heard)
    tie(found)
    kept.refresh_from_db()
    assert (kept.proofs.count(), kept.confirmations.count(), kept.debriefs.count()) == (2, 2, 2)
    assert not Agreement.objects.filter(pk=gone.pk).exists()


def test_what_a_rule_found_under_the_word_is_still_called_wrong(cast):
    found = word()
    detection_rules.switched_on(agreement=found.key)
    say(cast.deal, KEY, ASKED, days=-10)
    detection_rules.log_arrives(cast.deal)
    detection.run_rules(at=NOW)
    tie(found)
    assert stands(cast.deal) == [(KEY, "gained")]
    one = Detection.objects.open().get()
    detection.reject(by=cast.seller, at=LATER, detection_id=one.pk)
    assert stands(cast.deal) == [(KEY, "asked")]


def test_a_signed_finding_on_the_word_counts_for_the_type(cast):
    found = word()
    row = discoveries.finished_run(cast).findings.first()
    Finding.objects.filter(pk=row.pk).update(key=found.key, verdict="signed")
    assert newest_signed([KEY], row.run.metric) == {}
    tie(found)
    assert newest_signed([KEY], row.run.metric) == {KEY: row}


def test_nothing_is_tied_while_a_trial_counts(cast):
    found = word()
    Trial.objects.filter(pk=discoveries.trial(cast).pk).update(agreement=KEY)
    with pytest.raises(actions.CannotTie, match="A trial of “Early access to key data” is under way"):
        tie(found)
