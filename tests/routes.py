"""Every route of the pages: who opens it, and an address of it with something there to see."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

import assessing
import connecting
import counting
import discoveries
import duties
import hindsights
import hooks
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
import rules
import sponsoring
import talks
import words
from cast import NOW, TODAY
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.detection.models import Detection
from hingepoint.domain.notices import actions as notices
from hingepoint.domain.plans import actions as plans
from hingepoint.domain.proof import actions as proof
from hingepoint.domain.proof.rules import token_of
from hingepoint.domain.strategy import actions as strategies
from hingepoint.records.agreements import AgreementState
from hingepoint.records.reviews import ReviewKind

EVERYBODY = {"seller", "manager", "sponsor", "stranger", "other_manager", "analyst", "inside_partner"}
SELLING = EVERYBODY - {"inside_partner"}
KEEPERS = {"sponsor", "analyst"}
LEADS_NORTH = {"sponsor", "manager"}
SEES_SANNAS_DEAL = {"seller", "manager", "sponsor", "analyst"}

#: route -> (who may GET it, arguments of its address from the cast). None: it is open to the world.
PAGES: dict[str, tuple[set[str] | None, dict]] = {
    "healthz": (None, {}),
    "security-txt": (None, {}),
    "sign-in": (None, {}),
    "forgotten": (None, {}),
    "home": (EVERYBODY, {}),
    "search": (EVERYBODY, {}),
    "debt": (SELLING, {}),
    "debts-file": (SELLING, {}),
    "home-due": (EVERYBODY, {}),
    "home-pictures": (SELLING - {"analyst"}, {}),
    "people": (EVERYBODY, {}),
    "new-person": (KEEPERS, {}),
    "person": (EVERYBODY, {"user_id": "seller"}),
    "let-in": (KEEPERS, {}),
    "welcome": (None, {"token": "a_way_in"}),
    "people-sheet": (KEEPERS, {}),
    "sheet": (KEEPERS, {"batch_id": "a_sheet"}),
    "same-people": (KEEPERS, {}),
    "merge-people": (KEEPERS, {"kept_id": "seller", "gone_id": "stranger"}),
    "teams": (EVERYBODY, {}),
    "trail": (KEEPERS, {}),
    "account": (EVERYBODY, {}),
    "notices": (EVERYBODY, {}),
    "proposals": (EVERYBODY, {}),
    "calendar": (None, {"token": "a_calendar"}),
    "second-factor": (EVERYBODY, {}),
    "sign-in-code": (None, {}),
    "passkeys": (EVERYBODY, {}),
    "begin-sign-on": (None, {}),
    "sign-on-back": (None, {}),
    "sign-on": (KEEPERS, {}),
    "connections": (KEEPERS, {}),
    "new-connection": (KEEPERS, {"crm": "tryton"}),
    "connection": (KEEPERS, {"connection_id": "a_connection"}),
    "say-words": (KEEPERS, {"connection_id": "a_connection"}),
    "tokens": (EVERYBODY, {}),
    "webhooks": (KEEPERS, {}),
    "webhook": (KEEPERS, {"webhook_id": "a_webhook"}),
    "imports": (KEEPERS, {}),
    "import": (KEEPERS, {"batch_id": "finished_import"}),
    "import-progress": (KEEPERS, {"batch_id": "finished_import"}),
    "import-problems": (KEEPERS, {"batch_id": "finished_import"}),
    "undo-import": (KEEPERS, {"batch_id": "finished_import"}),
    "data-health": (KEEPERS, {}),
    "demo-story": (set(), {}),  # only in the demo company
    "manual": (EVERYBODY, {}),
    "manual-file": (EVERYBODY, {"name": "how-to/examples/bpic2012.yaml"}),
    "components": (set(), {}),  # only where somebody works on Hingepoint: tests/web/test_hardening.py
    "deals": (SELLING, {}),
    "matrix": (SELLING, {}),
    "matrix-columns": (SELLING, {}),
    "deal": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "deal-history": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "record-agreement": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "deal-work": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "deal-trail": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "talks": (SELLING, {}),
    "deal-plan": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "deal-plan-pdf": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "write-deal-plan": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "talk-plan": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "talk-plan-pdf": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "prepare-talk": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "debrief": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "deal-talks": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "log-demand": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "demand": (SEES_SANNAS_DEAL, {"deal_id": "deal", "demand_id": "a_demand"}),
    "concede": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "deal-help": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "ask-exception": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "agree-role": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "exceptions": (EVERYBODY, {}),
    "my-roles": (EVERYBODY, {}),
    "exception": (SEES_SANNAS_DEAL | {"inside_partner"}, {"escalation_id": "an_exception"}),
    "change-exception": (SEES_SANNAS_DEAL, {"escalation_id": "an_exception"}),
    "exception-rules": (SELLING, {}),
    "brief-pdf": (SEES_SANNAS_DEAL | {"other_manager"}, {"involvement_id": "a_role"}),
    "brief": (SEES_SANNAS_DEAL | {"other_manager"}, {"involvement_id": "a_role"}),
    "agreement": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "proof-file": (set(), {"proof_id": 0}),  # who sees its deal: tests/web/test_proof.py
    "confirm": (None, {"token": "a_link"}),
    "card": (None, {"token": "a_card"}),
    "export": (EVERYBODY, {"table": "deals", "format": "csv"}),
    "made-file": ({"seller"}, {"number": "a_made_file"}),
    "take-made-file": ({"seller"}, {"number": "a_made_file"}),
    "discovery": (SELLING, {}),
    "discovery-readiness": (KEEPERS, {}),
    "new-run": ({"analyst"}, {}),
    "run": (KEEPERS, {"run_id": "second_run"}),
    "run-progress": (KEEPERS, {"run_id": "second_run"}),
    "compare-runs": (KEEPERS, {"run_id": "second_run"}),
    "export-run": (KEEPERS, {"run_id": "second_run", "name": "report.html"}),
    "run-pack": ({"analyst"}, {"run_id": "second_run"}),
    "finding": (KEEPERS, {"run_id": "second_run", "key": "cust.data_access"}),
    "deals-behind": (KEEPERS, {"run_id": "second_run", "key": "cust.data_access"}),
    "evidence": (KEEPERS, {"run_id": "second_run"}),
    "plan-evidence": (KEEPERS, {"run_id": "second_run", "key": "cust.references"}),
    "trial": (KEEPERS | {"manager", "other_manager"}, {"trial_id": "a_trial"}),
    "strategies": (SELLING, {}),
    "new-strategy": (KEEPERS, {}),
    "own-metrics": (KEEPERS, {}),
    "new-own-metric": (KEEPERS, {}),
    "edit-own-metric": (KEEPERS, {"key": "an_own_metric"}),
    "strategy": (SELLING, {"strategy_id": "a_strategy"}),
    "strategy-results": (KEEPERS, {"strategy_id": "a_strategy"}),
    "strategy-agreements": (KEEPERS, {"strategy_id": "a_strategy"}),
    "strategy-advice": (KEEPERS, {"strategy_id": "a_strategy"}),
    "strategy-forecast": (KEEPERS, {"strategy_id": "a_strategy"}),
    "strategy-routines": (SELLING, {"strategy_id": "a_strategy"}),
    "asking-progress": (SELLING, {}),
    "put-in-force": (KEEPERS, {"strategy_id": "a_strategy"}),
    "sort-out": (SELLING, {}),
    "edit-strategy": (KEEPERS, {"strategy_id": "a_strategy"}),
    "set-target": (KEEPERS, {"strategy_id": "a_strategy"}),
    "playbook": (SELLING, {"strategy_id": "a_strategy"}),
    "pivotal": (SELLING, {"strategy_id": "a_strategy", "key": "cust.data_access"}),
    "compare-playbooks": (SELLING, {"strategy_id": "a_strategy"}),
    "choose-pivotal": (KEEPERS, {"strategy_id": "a_strategy"}),
    "set-standard": (KEEPERS, {"strategy_id": "a_strategy", "key": "cust.data_access"}),
    "publish-playbook": (KEEPERS, {"strategy_id": "a_strategy"}),
    "signals": (SELLING, {}),
    "signal": (SELLING, {"key": "a_raised_signal"}),
    "signal-deals": (SELLING, {"key": "exceptions"}),
    "reviews": (SELLING, {}),
    "asked-before": (SELLING, {}),
    "review": (SEES_SANNAS_DEAL, {"review_id": "a_live_review"}),
    "review-now": (SEES_SANNAS_DEAL, {"review_id": "a_live_review"}),
    **{f"pack-{kind}": (SEES_SANNAS_DEAL, {"review_id": "a_pipeline_review"}) for kind in ("pdf", "slides")},
    "self-assessments": (KEEPERS, {}),
    "self-assessment": (KEEPERS, {"round_id": "a_closed_round"}),
    "self-assessment-pdf": (KEEPERS, {"round_id": "a_closed_round"}),
    "self-assessment-codes": (KEEPERS, {"round_id": "a_round_by_code"}),
    "answer-self-assessment": (None, {"token": "a_round_link"}),
    "own-self-assessment": (None, {"key": "an_own_key"}),
    "sponsorship": (SELLING, {}),
    "sponsorship-now": (SELLING, {}),
    "unread-message": (EVERYBODY, {}),
    "new-message": ({"sponsor"}, {}),
    "message": (EVERYBODY, {"message_id": "a_message"}),
    "principles": (EVERYBODY, {}),
    "principles-asked": (EVERYBODY, {}),
    "principles-version": (EVERYBODY, {"number": "a_principles_version"}),
    "principles-draft": (KEEPERS, {}),
    "new-principle": (KEEPERS, {}),
    "edit-principle": (KEEPERS, {"key": "a_principle"}),
    "coaching": (SELLING, {}),
    "coaching-managers": (SELLING - {"seller", "stranger"}, {}),
    "coach": ({"manager"}, {"deal_id": "deal", "type_id": "a_type"}),
    "my-handovers": (SELLING, {}),
    **{route: (SEES_SANNAS_DEAL, {"deal_id": "deal"}) for route in ("handover", "handover-pdf")},
    "questions": (KEEPERS, {}),
    "question": (KEEPERS, {"key": "a_question"}),
    "premortem": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "decision-diary": (EVERYBODY, {}),
    "hindsights": (SELLING, {}),
    "hindsight": (SEES_SANNAS_DEAL, {"deal_id": "a_lost_deal"}),
    "routines": (EVERYBODY, {}),
    "my-routines": (EVERYBODY, {}),
    "new-routine": (KEEPERS, {}),
    "routine": (KEEPERS, {"routine_id": "a_routine"}),
    "edit-routine": (KEEPERS, {"routine_id": "a_routine"}),
    "days-off": (EVERYBODY, {}),
    "rollouts": (EVERYBODY, {}),
    "plan-rollout": (KEEPERS, {}),
    "enter-rollout": (KEEPERS, {}),
    "rollout": (EVERYBODY, {"rollout_id": "a_rollout"}),
    "rollout-card": (EVERYBODY, {"rollout_id": "a_rollout"}),
    "rollout-starts": (EVERYBODY, {"rollout_id": "a_rollout"}),
    "pressures": (SELLING, {}),
    "pressure": (SELLING, {"slug": "cost-and-risk-buyers"}),
    "pressure-deals": (SELLING, {"slug": "globalization"}),
    "deal-pressures": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "pressure-rules": (KEEPERS, {}),
    "new-pressure-rule": (KEEPERS, {}),
    "pressure-rule": (KEEPERS, {"rule_id": "a_pressure_rule"}),
    "edit-pressure-rule": (KEEPERS, {"rule_id": "a_pressure_rule"}),
    "rules": (KEEPERS, {}),
    "new-rule": (KEEPERS, {}),
    "rule": (KEEPERS, {"rule_id": "a_rule"}),
    "edit-rule": (KEEPERS, {"rule_id": "a_rule"}),
    "definitions": (KEEPERS, {}),
    "definitions-file": (KEEPERS, {}),
    "to-confirm": (SELLING, {}),
    "deal-found": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "catalogue": (EVERYBODY, {}),
    "agreement-type": (EVERYBODY, {"key": "cust.data_access"}),
    "add-agreement-type": (KEEPERS, {}),
    "words": (KEEPERS, {}),
    "untie-word": (KEEPERS, {"key": "a_tied_word"}),
}

#: route -> (who may POST to it, arguments). A GET changes nothing: it answers 405.
CHANGES: dict[str, tuple[set[str] | None, dict]] = {
    "make-file": (EVERYBODY, {"table": "deals", "format": "csv"}),
    "sign-out": (None, {}),
    "sign-out-elsewhere": (EVERYBODY, {}),
    "choose-language": (EVERYBODY, {}),
    "choose-mail": (EVERYBODY, {}),
    "be-quiet": (EVERYBODY, {}),
    "leave-out-signal": (EVERYBODY, {}),
    "answer-mail": (set(), {"digest_id": 0}),  # whose mail it is: tests/web/test_notices.py
    "choose-chat": (EVERYBODY, {}),
    "leave-chat": (set(), {}),  # of who has one: tests/web/test_chat.py
    "try-chat": (set(), {}),  # the same
    "choose-team-chat": (
        KEEPERS | {"manager", "other_manager"},
        {},
    ),  # for which team: tests/web/test_team_chat.py
    "leave-team-chat": (set(), {"team_id": 0}),  # of who leads a team that has one: the same
    "try-team-chat": (set(), {"team_id": 0}),
    "renew-calendar": (EVERYBODY, {}),
    "confirm-proposal": ({"seller"}, {"proposal_id": "a_proposal"}),
    "refuse-proposal": ({"seller"}, {"proposal_id": "a_proposal"}),
    "end-calendar": (EVERYBODY, {}),
    "make-token": (EVERYBODY, {}),
    "revoke-token": (set(), {"token_id": 0}),  # only one's own
    "theme": (None, {}),
    "become": (set(), {"role": "sponsor"}),  # only in the demo company
    "change-role": (KEEPERS, {"user_id": "stranger"}),
    "begin-second-factor": (EVERYBODY, {}),
    "confirm-second-factor": (EVERYBODY, {}),
    "change-second-factor": (EVERYBODY, {}),
    "take-second-factor-away": (set(), {"user_id": "stranger"}),  # of who has one
    "begin-passkey": (EVERYBODY, {}),
    "add-passkey": (EVERYBODY, {}),
    "remove-passkey": (set(), {"passkey_id": 0}),  # only one's own: tests/web/test_passkeys.py
    "begin-passkey-sign-in": (None, {}),
    "sign-in-by-passkey": (None, {}),
    "save-sign-on": (KEEPERS, {}),
    "let-only-sign-on": (KEEPERS, {}),
    "add-sign-on-group": (KEEPERS, {}),
    "drop-sign-on-group": (set(), {"line_id": 0}),  # of one that is there: tests/web/test_sign_on.py
    "set-active": (KEEPERS, {"user_id": "stranger"}),
    "set-address": (KEEPERS, {"user_id": "stranger"}),
    "set-addresses": (KEEPERS, {}),
    "invite-people": (KEEPERS, {}),
    "revoke-invitation": (KEEPERS, {"user_id": "stranger"}),
    "store-sheet": (KEEPERS, {"batch_id": "a_sheet"}),
    "tell-apart": (KEEPERS, {"one_id": "seller", "other_id": "stranger"}),
    "join-team": (KEEPERS, {"user_id": "stranger"}),
    "move-team": (KEEPERS, {}),
    "cancel-run": ({"analyst"}, {"run_id": "second_run"}),
    "continue-run": ({"analyst"}, {"run_id": "second_run"}),
    "repeat-run": ({"analyst"}, {"run_id": "second_run"}),
    "decide-finding": ({"analyst"}, {"run_id": "second_run"}),
    "draw-lots": ({"analyst"}, {"run_id": "second_run", "key": "cust.references"}),
    "look-at-trial": ({"analyst"}, {"trial_id": "a_trial"}),
    "retire-strategy": (KEEPERS, {"strategy_id": "a_strategy"}),
    "draft-playbook": (KEEPERS, {"strategy_id": "a_strategy"}),
    "drop-pivotal": (KEEPERS, {"strategy_id": "a_strategy", "key": "cust.data_access"}),
    "save-view": (EVERYBODY, {}),
    "drop-view": (set(), {"view_id": 0}),  # only one's own
    "undo-step": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "quick-step": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "add-proof": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "withdraw-proof": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type", "proof_id": 0}),
    "ask-customer": (SEES_SANNAS_DEAL, {"deal_id": "deal", "type_id": "a_type"}),
    "ask-for-code": (None, {"token": "a_link"}),  # of ours nobody: tests/web/test_confirm_by_code.py
    "mail-link": (
        set(),
        {"deal_id": 0, "type_id": 0, "confirmation_id": 0},
    ),  # tests/web/test_link_by_mail.py
    "revoke-link": (set(), {"confirmation_id": 0}),  # who sees its deal: tests/web/test_confirm.py
    "set-corridor": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "look-at-walk-away": (set(), {"deal_id": "deal"}),  # where one is set: tests/web/test_looks.py
    "review-plan": (SEES_SANNAS_DEAL, {"plan_id": "a_plan"}),  # who approves: tests/web/test_review_plan.py
    "take-back-talk": (SEES_SANNAS_DEAL, {"deal_id": "deal", "event_id": "a_demand"}),
    "answer-exception": ({"inside_partner"}, {"escalation_id": "an_exception"}),
    "exception-way": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "withdraw-exception": (SEES_SANNAS_DEAL, {"escalation_id": "an_exception"}),
    "bring-back": (SEES_SANNAS_DEAL, {"escalation_id": "a_returned_exception"}),
    "give-pulse": ({"inside_partner"}, {"escalation_id": "an_exception"}),
    "draft-rules": (KEEPERS, {}),
    "set-rule-limits": (KEEPERS, {}),
    "add-rule": (KEEPERS, {}),
    "drop-rule": (KEEPERS, {"rule_id": 0}),
    "publish-rules": (KEEPERS, {}),
    "note-activity": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "take-back-activity": (SEES_SANNAS_DEAL, {"deal_id": "deal", "event_id": 0}),
    "end-role": (SEES_SANNAS_DEAL, {"involvement_id": "a_role"}),
    "write-coaching-note": ({"seller", "manager"}, {"deal_id": "deal"}),
    "ask-again": (KEEPERS, {"key": "a_question"}),
    "begin-premortem": ({"seller", "manager"}, {"deal_id": "deal"}),
    "confirm-handover": ({"seller"}, {"deal_id": "a_deal_handed_over"}),
    "set-hindsight-limit": (KEEPERS, {}),
    "take-steps": (SELLING, {}),
    "answer-request": (set(), {"agreement_id": 0}),  # who was asked: tests/web/test_home.py
    **{
        f"{doing}-raise": (LEADS_NORTH, {"key": "exceptions", "raise_id": "a_raise"})
        for doing in ("answer", "decide", "give", "mute", "unmute")
    },
    "set-limits": (KEEPERS, {"key": "exceptions"}),
    "undo-limits": (KEEPERS, {"key": "exceptions", "limits_id": "limits_set_anew"}),
    **{f"{doing}-review": (LEADS_NORTH, {"review_id": "a_planned_review"}) for doing in ("move", "open")},
    **{route: (LEADS_NORTH, {"review_id": "a_live_review"}) for route in ("turn-clock", "end-review")},
    "sit-in-review": (SEES_SANNAS_DEAL, {"review_id": "a_live_review"}),
    **{
        f"{doing}-in-review": (SEES_SANNAS_DEAL, {"review_id": "a_live_review", "place": 1})
        for doing in ("decide", "commit")
    },
    "add-to-minutes": (SEES_SANNAS_DEAL, {"review_id": "a_held_review"}),
    "settle-commitment": (SEES_SANNAS_DEAL, {"note_id": "a_commitment"}),
    "close-self-assessment": (KEEPERS, {"round_id": "an_open_round"}),
    "renew-self-assessment": (KEEPERS, {"round_id": "an_open_round"}),
    "put-routine-in-force": (KEEPERS, {"routine_id": "a_routine"}),
    "read-message": (EVERYBODY - {"sponsor"}, {"message_id": "a_message"}),
    "accept-role": ({"seller"}, {"involvement_id": "a_proposed_role"}),
    "agree-principles": (EVERYBODY, {"number": "a_principles_version"}),
    **{f"{doing}-principles": (KEEPERS, {}) for doing in ("draft", "test", "archive", "publish")},
    "drop-principles-draft": (KEEPERS, {}),
    **{route: (KEEPERS, {"key": "a_principle"}) for route in ("leave-principle-out", "move-principle-up")},
    "end-routine": (KEEPERS, {"routine_id": "a_routine"}),
    "do-routine": ({"seller"}, {"due_id": "a_due"}),
    "drop-days-off": (LEADS_NORTH | {"seller", "analyst"}, {"days_id": "days_off"}),
    **{f"{doing}-rollout": (KEEPERS, {"rollout_id": "a_rollout"}) for doing in ("seal", "withdraw")},
    "note-rollout-cost": (KEEPERS, {"rollout_id": "a_rollout"}),
    "take-back-rollout-cost": (KEEPERS, {"rollout_id": "a_rollout", "cost_id": "a_rollout_cost"}),
    "tag-pressure": (SEES_SANNAS_DEAL, {"deal_id": "deal"}),
    "take-back-pressure": (SEES_SANNAS_DEAL, {"deal_id": "deal", "tag_id": "a_tag"}),
    **{
        f"{doing}-pressure-rule": (KEEPERS, {"rule_id": "a_pressure_rule"})
        for doing in ("preview", "switch", "take-back")
    },
    "test-rule": (KEEPERS, {"rule_id": "a_rule"}),
    "switch-rule": (KEEPERS, {"rule_id": "a_rule"}),
    "take-back-rule": (KEEPERS, {"rule_id": "a_rule"}),
    "judge-found": (SEES_SANNAS_DEAL, {"detection_id": "a_found_one"}),
    "confirm-found": (SELLING, {}),
    **{
        name: (KEEPERS, {"connection_id": "a_connection"})
        for name in (
            "test-connection",
            "rehearse-connection",
            "switch-connection",
            "set-pace",
            "believe-gone",
        )
    },
    "set-writing-back": (KEEPERS, {"connection_id": "a_connection"}),
    "add-webhook": (KEEPERS, {}),
    **{
        f"{doing}-webhook": (KEEPERS, {"webhook_id": "a_webhook"})
        for doing in ("change", "switch", "test", "drop")
    },
    "renew-webhook-secret": (KEEPERS, {"webhook_id": "a_webhook"}),
    "send-webhook-again": (KEEPERS, {"delivery_id": "a_hook_message"}),
    "renew-token": (KEEPERS, {"connection_id": "a_connection"}),
    "forget-connection": (KEEPERS, {"connection_id": "a_connection"}),
    "set-card-hosts": (KEEPERS, {"connection_id": "a_connection"}),
    "renew-card-key": (KEEPERS, {"connection_id": "a_connection"}),
    "read-import-as": (KEEPERS, {"batch_id": "finished_import"}),
    "answer-import": (KEEPERS, {"batch_id": "finished_import"}),
    "confirm-import": (KEEPERS, {"batch_id": "finished_import"}),
    "discard-import": (KEEPERS, {"batch_id": "finished_import"}),
    "save-mapping": (KEEPERS, {"batch_id": "finished_import"}),
    "drop-mapping": (KEEPERS, {"mapping_id": "kept_mapping"}),
    "look-at-words": (KEEPERS, {}),
    "settle-words": (KEEPERS, {}),
    "leave-team": (KEEPERS, {"user_id": "stranger", "membership_id": "stranger_membership"}),
}


def address(route: str, arguments: dict, cast, known: dict | None = None) -> str:
    """Return an address of a route, with what it needs to show something made for it; ``known`` holds what was made
    for other addresses, for whoever walks them all."""
    known = {} if known is None else known

    def value(name):
        if name == "stranger_membership":
            return cast.stranger.memberships.get().pk
        if name == "second_run":
            return [discoveries.finished_run(cast) for _ in range(2)][-1].pk
        if name == "a_trial":
            return discoveries.trial(cast).pk
        if name == "a_connection":
            return connecting.a_connection().pk
        if name == "a_webhook":
            return hooks.a_webhook().pk
        if name == "a_hook_message":
            return hooks.a_message_given_up().pk
        if name == "a_card":
            return connecting.a_card(cast.deal)
        if name == "a_made_file":
            return making.a_made_file(cast.seller).pk
        if name == "finished_import":
            return importing.finished_import(cast).pk
        if name == "a_way_in":
            return letting_in.link_of(letting_in.newcomer("Nils"), by=cast.analyst)
        if name == "a_proposal":
            return proposed.proposal(cast.seller, cast.deal).pk
        if name == "a_calendar":
            return notices.renew_calendar(by=cast.seller, at=NOW)
        if name == "a_tied_word":
            words.tie(found := words.word("Usage data/shared"))
            return found.key
        if name == "a_sheet":
            return letting_in.sheet(cast, "name,email\nNina,nina@hinge.example\n").pk
        if name == "kept_mapping":
            return importing.kept_mapping(cast).pk
        if name == "an_open_round":
            return assessing.open_round(cast).pk
        if name == "a_round_by_code":
            return assessing.open_round(cast, by_code=True).pk
        if name == "a_closed_round":
            return assessing.closed_round(cast, leaders=6, field=7).pk
        if name == "a_round_link":
            return assessing.link(assessing.open_round(cast))
        if name == "an_own_key":
            return assessing.answered(assessing.open_round(cast))
        if name == "a_link":
            return link_to(cast)
        if name in ("a_demand", "an_exception", "a_returned_exception", "a_role"):
            return getattr(talks, name)(cast).pk
        if name in ("a_planned_review", "a_live_review", "a_held_review"):
            make = {
                "a_planned_review": reviewing.planned,
                "a_live_review": reviewing.live,
                "a_held_review": reviewing.held,
            }
            return make[name](cast).pk
        if name == "a_pipeline_review":
            return reviewing.held(cast, kind=ReviewKind.PIPELINE).pk
        if name == "a_commitment":
            return reviewing.commitment(cast, reviewing.live(cast)).pk
        if name in ("a_raise", "a_raised_signal"):
            found = raising.a_raise()
            return found.pk if name == "a_raise" else found.signal
        if name == "limits_set_anew":
            return raising.limits_set_anew(cast).pk
        if name in ("a_rollout", "a_rollout_cost"):
            row = rollouts.on_record(cast)
            return row.pk if name == "a_rollout" else rollouts.a_cost(row, cast).pk
        if name == "a_rule":
            return rules.written().pk
        if name == "a_pressure_rule":
            return pressed.switched_on().pk
        if name == "a_routine":
            return duties.drafted().pk
        if name == "a_principles_version":
            return principled.in_force().number
        if name == "a_message":
            return sponsoring.a_message(cast).pk
        if name == "a_proposed_role":
            return sponsoring.a_proposed_role(cast).pk
        if name == "a_question":
            return "plan.protect"
        if name == "a_principle":
            return principled.drafted(principled.VALUE).texts[0]["key"]
        if name == "a_lost_deal":
            return hindsights.lost(cast).pk
        if name == "a_deal_handed_over":
            return hindsights.handed_over(cast).pk
        if name == "a_due":
            return duties.falls_due(cast.seller).pk
        if name == "days_off":
            return duties.days_off(cast.seller).pk
        if name == "a_tag":
            return pressed.tagged(cast.deal).pk
        if name == "a_found_one":
            rules.log_arrives(cast.deal)
            rules.switched_on()
            return Detection.objects.get().pk
        if name == "an_own_metric":
            return counting.defined(by=cast.analyst).key
        if name == "a_strategy":
            strategy = playbooks.in_force(cast).strategy
            strategies.draft_playbook(by=cast.sponsor, at=NOW, strategy=strategy)
            return strategy.pk
        if name == "a_plan":
            told = {"type_key": "cust.data_access", "best": "the log"}
            return plans.write_plan(by=cast.seller, at=NOW, deal_id=cast.deal.pk, **told).pk
        if name == "a_type":
            return AgreementType.objects.get(key="cust.data_access").pk
        found = getattr(cast, name, name) if isinstance(name, str) else name
        return getattr(found, "pk", found)

    for name in arguments.values():
        if name not in known:
            known[name] = value(name)
    return reverse(route, kwargs={key: known[name] for key, name in arguments.items()})


def link_to(cast) -> str:
    """Return what a link carries by which a customer confirms an agreement of Sanna's deal."""
    step = agreements.Step(
        state=AgreementState.ASKED, occurred_at=NOW, act="send it", person_name="Bo", due_on=TODAY
    )
    asked = agreements.take_step(
        by=None, at=NOW, deal_id=cast.deal.pk, type_key="cust.data_access", step=step
    )
    return token_of(proof.ask_customer(by=cast.seller, at=timezone.now(), agreement_id=asked.pk))
