"""Every page: one block a subject, in the order of the navigation."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from hingepoint.web import agreements
from hingepoint.web import bridge
from hingepoint.web import catalogue
from hingepoint.web import coaching
from hingepoint.web import cockpit
from hingepoint.web import components
from hingepoint.web import deals
from hingepoint.web import definitions
from hingepoint.web import detection
from hingepoint.web import discovery
from hingepoint.web import escalations
from hingepoint.web import exports
from hingepoint.web import health
from hingepoint.web import home
from hingepoint.web import imports
from hingepoint.web import involvement
from hingepoint.web import let_in
from hingepoint.web import manual
from hingepoint.web import merging
from hingepoint.web import negotiation
from hingepoint.web import people
from hingepoint.web import people_sheet
from hingepoint.web import plans
from hingepoint.web import playbook
from hingepoint.web import proof
from hingepoint.web import register
from hingepoint.web import saved_views
from hingepoint.web import search
from hingepoint.web import sign_in
from hingepoint.web import sorting
from hingepoint.web import strategy
from hingepoint.web import theme
from hingepoint.web import trail
from hingepoint.web import trials

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("sign-in", sign_in.SignIn.as_view(), name="sign-in"),
    path("sign-out", LogoutView.as_view(), name="sign-out"),
    path("demo/as/<str:role>", sign_in.become, name="become"),
    path("demo/story", manual.story, name="demo-story"),
    path("theme", theme.theme, name="theme"),
    path("", home.home, name="home"),
    path("search", search.search, name="search"),
    path("pictures/", home.pictures, name="home-pictures"),
    path("old/", sorting.sort_out, name="sort-out"),
    # deals
    path("deals/", deals.deals, name="deals"),
    path("matrix/", deals.matrix, name="matrix"),
    path("matrix/columns", deals.matrix_columns, name="matrix-columns"),
    path("deals/<int:deal_id>/", cockpit.deal, name="deal"),
    path("deals/<int:deal_id>/history", cockpit.deal_history, name="deal-history"),
    path("deals/<int:deal_id>/agreements/new", cockpit.record_agreement, name="record-agreement"),
    path("deals/<int:deal_id>/trail", trail.deal_trail, name="deal-trail"),
    path("deals/<int:deal_id>/work", cockpit.deal_work, name="deal-work"),
    path("deals/<int:deal_id>/corridor", negotiation.set_corridor, name="set-corridor"),
    path("deals/<int:deal_id>/talks", negotiation.deal_talks, name="deal-talks"),
    path(
        "deals/<int:deal_id>/talks/<int:event_id>/take-back",
        negotiation.take_back_talk,
        name="take-back-talk",
    ),
    path("deals/<int:deal_id>/demands/new", negotiation.log_demand, name="log-demand"),
    path("deals/<int:deal_id>/demands/<int:demand_id>/", negotiation.demand, name="demand"),
    path("deals/<int:deal_id>/concessions/new", negotiation.concede, name="concede"),
    path("deals/<int:deal_id>/help", escalations.deal_help, name="deal-help"),
    path("deals/<int:deal_id>/exceptions/new", escalations.ask_exception, name="ask-exception"),
    path("deals/<int:deal_id>/exceptions/way", escalations.exception_way, name="exception-way"),
    path("deals/<int:deal_id>/executives/new", involvement.agree_role, name="agree-role"),
    path("deals/<int:deal_id>/executives/activity", involvement.note_activity, name="note-activity"),
    path(
        "deals/<int:deal_id>/executives/<int:event_id>/take-back",
        involvement.take_back_activity,
        name="take-back-activity",
    ),
    path("deals/<int:deal_id>/coaching", coaching.write_note, name="write-coaching-note"),
    path("views/save", saved_views.save_view, name="save-view"),
    path("views/<int:view_id>/drop", saved_views.drop_view, name="drop-view"),
    path("export/<slug:table>.<slug:format>", exports.export, name="export"),
    # agreements
    path("deals/<int:deal_id>/agreements/<int:type_id>/", agreements.agreement, name="agreement"),
    path("deals/<int:deal_id>/agreements/<int:type_id>/undo", agreements.undo_step, name="undo-step"),
    path("deals/<int:deal_id>/agreements/<int:type_id>/quick", register.quick_step, name="quick-step"),
    path("deals/<int:deal_id>/agreements/<int:type_id>/proof", proof.add_proof, name="add-proof"),
    path(
        "deals/<int:deal_id>/agreements/<int:type_id>/proof/<int:proof_id>/withdraw",
        proof.withdraw_proof,
        name="withdraw-proof",
    ),
    path("deals/<int:deal_id>/agreements/<int:type_id>/link", proof.ask_customer, name="ask-customer"),
    path("agreements/together", register.take_steps, name="take-steps"),
    path("agreements/<int:agreement_id>/answer", register.answer_request, name="answer-request"),
    path("links/<int:confirmation_id>/revoke", proof.revoke_link, name="revoke-link"),
    path("files/<int:proof_id>", proof.proof_file, name="proof-file"),
    path("confirm/<str:token>", proof.confirm, name="confirm"),
    # plans
    path("talks/", plans.talks, name="talks"),
    path("deals/<int:deal_id>/plan", plans.deal_plan, name="deal-plan"),
    path("deals/<int:deal_id>/plan.pdf", plans.deal_plan_pdf, name="deal-plan-pdf"),
    path("deals/<int:deal_id>/plan/write", plans.write_deal_plan, name="write-deal-plan"),
    path("deals/<int:deal_id>/agreements/<int:type_id>/plan", plans.talk_plan, name="talk-plan"),
    path("deals/<int:deal_id>/agreements/<int:type_id>/plan.pdf", plans.talk_plan_pdf, name="talk-plan-pdf"),
    path("deals/<int:deal_id>/agreements/<int:type_id>/plan/write", plans.prepare_talk, name="prepare-talk"),
    path("deals/<int:deal_id>/agreements/<int:type_id>/debrief", plans.debrief, name="debrief"),
    path("plans/<int:plan_id>/review", plans.review_plan, name="review-plan"),
    # escalations and executives
    path("exceptions/", escalations.exceptions, name="exceptions"),
    path("exceptions/rules/", escalations.rules, name="exception-rules"),
    path("exceptions/rules/draft", escalations.draft_rules, name="draft-rules"),
    path("exceptions/rules/limits", escalations.set_rule_limits, name="set-rule-limits"),
    path("exceptions/rules/add", escalations.add_rule, name="add-rule"),
    path("exceptions/rules/<int:rule_id>/drop", escalations.drop_rule, name="drop-rule"),
    path("exceptions/rules/publish", escalations.publish_rules, name="publish-rules"),
    path("exceptions/<int:escalation_id>/", escalations.exception, name="exception"),
    path("exceptions/<int:escalation_id>/change", escalations.change_exception, name="change-exception"),
    path("exceptions/<int:escalation_id>/answer", escalations.answer_exception, name="answer-exception"),
    path(
        "exceptions/<int:escalation_id>/withdraw", escalations.withdraw_exception, name="withdraw-exception"
    ),
    path("exceptions/<int:escalation_id>/back", escalations.bring_back, name="bring-back"),
    path("exceptions/<int:escalation_id>/pulse", escalations.pulse, name="give-pulse"),
    path("executives/", involvement.my_roles, name="my-roles"),
    path("executives/<int:involvement_id>/brief", involvement.brief, name="brief"),
    path("executives/<int:involvement_id>/brief.pdf", involvement.brief_pdf, name="brief-pdf"),
    path("executives/<int:involvement_id>/end", involvement.end_role, name="end-role"),
    # detection
    path("rules/", detection.rules, name="rules"),
    path("rules/new", detection.new_rule, name="new-rule"),
    path("rules/<int:rule_id>/", detection.rule, name="rule"),
    path("rules/<int:rule_id>/edit", detection.edit_rule, name="edit-rule"),
    path("rules/<int:rule_id>/test", detection.test_rule, name="test-rule"),
    path("rules/<int:rule_id>/switch", detection.switch_rule, name="switch-rule"),
    path("rules/<int:rule_id>/take-back", detection.take_back_rule, name="take-back-rule"),
    path("deals/<int:deal_id>/found", detection.deal_found, name="deal-found"),
    path("to-confirm/", detection.to_confirm, name="to-confirm"),
    path("to-confirm/together", detection.confirm_found, name="confirm-found"),
    path("to-confirm/<int:detection_id>", detection.judge_found, name="judge-found"),
    # definitions
    path("definitions/", definitions.definitions, name="definitions"),
    path("definitions/playbook.yaml", definitions.definitions_file, name="definitions-file"),
    # catalogue
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/new", catalogue.add_type, name="add-agreement-type"),
    path("catalogue/<path:key>", catalogue.agreement_type, name="agreement-type"),
    # bridge
    path("words/", bridge.words, name="words"),
    path("words/look", bridge.look_at_words, name="look-at-words"),
    path("words/settle", bridge.settle_words, name="settle-words"),
    path("words/untie/<path:key>", bridge.untie_word, name="untie-word"),
    # strategy
    path("strategy/", strategy.strategies, name="strategies"),
    path("strategy/new", strategy.new_strategy, name="new-strategy"),
    path("strategy/<int:strategy_id>/", strategy.strategy, name="strategy"),
    path("strategy/<int:strategy_id>/routines", strategy.routines, name="strategy-routines"),
    path("strategy/<int:strategy_id>/edit", strategy.edit_strategy, name="edit-strategy"),
    path("strategy/<int:strategy_id>/target", strategy.set_target, name="set-target"),
    path("strategy/<int:strategy_id>/in-force", strategy.put_in_force, name="put-in-force"),
    path("strategy/asking", strategy.asking_progress, name="asking-progress"),
    path("strategy/<int:strategy_id>/retire", strategy.retire_strategy, name="retire-strategy"),
    # playbook
    path("strategy/<int:strategy_id>/playbook/", playbook.playbook, name="playbook"),
    path("strategy/<int:strategy_id>/playbook/draft", playbook.draft_playbook, name="draft-playbook"),
    path("strategy/<int:strategy_id>/playbook/choose", playbook.choose_pivotal, name="choose-pivotal"),
    path("strategy/<int:strategy_id>/playbook/publish", playbook.publish_playbook, name="publish-playbook"),
    path("strategy/<int:strategy_id>/playbook/compare", playbook.compare_playbooks, name="compare-playbooks"),
    path(
        "strategy/<int:strategy_id>/playbook/<path:key>/standard", playbook.set_standard, name="set-standard"
    ),
    path("strategy/<int:strategy_id>/playbook/<path:key>/drop", playbook.drop_pivotal, name="drop-pivotal"),
    path("strategy/<int:strategy_id>/playbook/<path:key>/", playbook.pivotal, name="pivotal"),
    # discovery
    path("discovery/", discovery.discovery, name="discovery"),
    path("discovery/readiness", discovery.readiness, name="discovery-readiness"),
    path("discovery/new", discovery.new_run, name="new-run"),
    path("discovery/<int:run_id>/", discovery.run, name="run"),
    path("discovery/<int:run_id>/progress", discovery.progress, name="run-progress"),
    path("discovery/<int:run_id>/cancel", discovery.cancel_run, name="cancel-run"),
    path("discovery/<int:run_id>/continue", discovery.continue_run, name="continue-run"),
    path("discovery/<int:run_id>/repeat", discovery.repeat_run, name="repeat-run"),
    path("discovery/<int:run_id>/decide", discovery.decide, name="decide-finding"),
    path("discovery/<int:run_id>/compare", discovery.compare, name="compare-runs"),
    path("discovery/<int:run_id>/export/<str:name>", discovery.export, name="export-run"),
    path("discovery/<int:run_id>/evidence", trials.evidence_needed, name="evidence"),
    path("discovery/trials/<int:trial_id>", trials.trial, name="trial"),
    path("discovery/trials/<int:trial_id>/look", trials.look_at_trial, name="look-at-trial"),
    path("discovery/<int:run_id>/<path:key>/plan", trials.plan_evidence, name="plan-evidence"),
    path("discovery/<int:run_id>/<path:key>/lots", trials.draw_lots, name="draw-lots"),
    path("discovery/<int:run_id>/<path:key>/deals-behind", discovery.deals_behind, name="deals-behind"),
    path("discovery/<int:run_id>/<path:key>/", discovery.finding, name="finding"),
    # imports
    path("imports/", imports.imports, name="imports"),
    path("imports/<int:batch_id>/", imports.import_, name="import"),
    path("imports/<int:batch_id>/progress", imports.progress, name="import-progress"),
    path("imports/<int:batch_id>/problems.csv", imports.problems, name="import-problems"),
    path("imports/<int:batch_id>/read-as", imports.read_as, name="read-import-as"),
    path("imports/<int:batch_id>/answer", imports.answer, name="answer-import"),
    path("imports/<int:batch_id>/confirm", imports.confirm, name="confirm-import"),
    path("imports/<int:batch_id>/discard", imports.discard, name="discard-import"),
    path("imports/<int:batch_id>/undo", imports.undo, name="undo-import"),
    path("imports/<int:batch_id>/mapping", imports.save_mapping, name="save-mapping"),
    path("imports/mappings/<int:mapping_id>/drop", imports.drop_mapping, name="drop-mapping"),
    path("data-health/", imports.data_health, name="data-health"),
    # people
    path("people/", people.people, name="people"),
    path("people/new", people.new_person, name="new-person"),
    path("people/let-in", let_in.let_in, name="let-in"),
    path("people/addresses", let_in.set_addresses, name="set-addresses"),
    path("people/invite", let_in.invite_people, name="invite-people"),
    path("welcome/<str:token>", let_in.welcome, name="welcome"),
    path("people/same", merging.same_people, name="same-people"),
    path("people/<int:kept_id>/merge/<int:gone_id>", merging.merge_people, name="merge-people"),
    path("people/<int:one_id>/apart/<int:other_id>", merging.tell_apart, name="tell-apart"),
    path("people/sheet", people_sheet.people_sheet, name="people-sheet"),
    path("people/sheet/<int:batch_id>", people_sheet.sheet, name="sheet"),
    path("people/sheet/<int:batch_id>/store", people_sheet.store_sheet, name="store-sheet"),
    path("people/<int:user_id>/", people.person, name="person"),
    path("people/<int:user_id>/address", let_in.set_address, name="set-address"),
    path("people/<int:user_id>/invitation/revoke", let_in.revoke_invitation, name="revoke-invitation"),
    path("people/<int:user_id>/role", people.change_role, name="change-role"),
    path("people/<int:user_id>/active", people.set_active, name="set-active"),
    path("people/<int:user_id>/teams", people.join_team, name="join-team"),
    path("people/<int:user_id>/teams/<int:membership_id>/end", people.leave_team, name="leave-team"),
    path("teams/", people.teams, name="teams"),
    path("teams/move", people.move_team, name="move-team"),
    path("trail/", trail.trail, name="trail"),
    path("account/", people.account, name="account"),
    # manual
    path("docs/", manual.manual, name="manual"),
    path("docs/files/<path:name>", manual.attachment, name="manual-file"),
    path("docs/<path:page>", manual.manual, name="manual"),
    # components
    path("components", components.show, name="components"),
]
