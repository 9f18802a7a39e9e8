"""Which agreement to gain next: by signed findings where they help, else in the playbook's order."""

import datetime as dt

import pytest

from cast import NOW, TODAY
from discoveries import facts, finished_run
from hingepoint.analysis import metrics
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.strategy.next_best_choice import Candidate, choose
from hingepoint.domain.strategy.queries import in_force as strategy_in_force
from hingepoint.domain.strategy.queries import next_best
from hingepoint.records.agreements import AgreementState
from playbooks import in_force, written

SUPPORTIVE = metrics.parse("supportive:discount<=0.15")


def candidate(type_id, effect=None, **more):
    found = facts(f"type-{type_id}", "strong", effect, **more) if effect is not None else None
    return Candidate(type_id, f"Type {type_id}", position=type_id, facts=found)


def chosen(*candidates, metric=SUPPORTIVE, age_weeks=1.0, **known):
    return choose(candidates, metric, age_weeks=age_weeks, facts=known)


def test_the_largest_expected_gain_comes_first():
    best = chosen(candidate(1), candidate(2, 0.04), candidate(3, 0.09))
    assert best.type_id == 3
    assert best.low < best.effect < best.high
    assert best.similar == 412
    assert best.in_words.startswith("On 412 similar deals")


def test_what_was_seen_at_the_deals_age_and_in_its_segment_counts():
    late = {
        "timing": [
            {"landmark": "3w", "effect": 0.2, "ci": [0.19, 0.21]},
            {"landmark": "9w", "effect": 0.0, "ci": [-0.01, 0.01]},
        ]
    }
    fades = candidate(1, 0.1, **late)
    assert chosen(fades, candidate(2, 0.08)).type_id == 1
    assert chosen(fades, candidate(2, 0.08), age_weeks=6).type_id == 2
    small = {"segments": [{"by": "segment", "value": "SMB", "effect": 0.0, "ci": [-0.01, 0.01]}]}
    assert chosen(candidate(1, 0.1, **small), candidate(2, 0.08), segment="SMB").type_id == 2


def test_less_is_better_for_a_metric_like_discount():
    assert chosen(candidate(1, 0.05), candidate(2, -0.02), metric=metrics.parse("discount")).type_id == 2


def test_without_a_finding_that_helps_the_playbook_decides():
    best = chosen(candidate(2), candidate(1), candidate(3, -0.07))
    assert (best.type_id, best.effect) == (1, None)


def test_a_deal_that_needs_nothing_has_no_next_agreement():
    assert chosen() is None


@pytest.fixture
def book(cast):
    return in_force(cast, "cust.executive_meeting", "cust.data_access")


def sign(cast, key):
    run = finished_run(cast)
    run.metric = SUPPORTIVE.name
    run.save()
    discovery.decide(by=cast.analyst, at=NOW, run_id=run.pk, key=key, verdict="signed", note="Seen it.")


def test_only_signed_findings_decide(cast, book):
    assert (
        next_best.next_best(cast.seller, cast.deal.pk, today=TODAY).name == "Meeting with a senior executive"
    )
    sign(cast, "cust.data_access")
    best = next_best.next_best(cast.seller, cast.deal.pk, today=TODAY)
    assert best.name == "Early access to key data"
    assert best.effect > 0
    assert best.others == 1


def test_what_is_gained_or_not_needed_is_not_asked_again(cast, book):
    step = agreements.Step(state=AgreementState.NOT_NEEDED, occurred_at=NOW, reason="They know us.")
    agreements.take_step(
        by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.executive_meeting", step=step
    )
    best = next_best.next_best(cast.seller, cast.deal.pk, today=TODAY)
    assert (best.name, best.others) == ("Early access to key data", 0)


def test_a_foreign_deal_tells_nothing(cast, book):
    assert next_best.next_best(cast.seller, cast.foreign_deal.pk, today=TODAY) is None


def test_the_deal_page_says_what_decided(client, cast, book):
    client.force_login(cast.seller)
    page = f"/deals/{cast.deal.pk}/"
    assert b"It comes first in the playbook" in client.get(page).content
    sign(cast, "cust.data_access")
    assert b"similar deals (its age, its segment)" in client.get(page).content


def test_an_agreement_says_what_gaining_it_may_change_on_this_deal(client, cast, book):
    kind = AgreementType.objects.get(key="cust.data_access")
    address = f"/deals/{cast.deal.pk}/agreements/{kind.pk}/"
    client.force_login(cast.seller)
    assert b"What gaining it may change here" not in client.get(address).content
    sign(cast, "cust.data_access")
    found = next_best.standard_of(cast.seller, cast.deal.pk, kind.pk, today=TODAY).expected
    assert found.low < found.effect < found.high
    assert found.similar == 60  # gained it in the window that ends next for a deal of its age
    assert b"What gaining it may change here" in client.get(address).content
    assert next_best.standard_of(cast.stranger, cast.deal.pk, kind.pk, today=TODAY) == next_best.Standard()


def test_a_segment_of_fewer_than_five_deals_does_not_move_it():
    few = {"segments": [{"by": "segment", "value": "SMB", "effect": 0.0, "ci": [-0.01, 0.01], "deals": 4}]}
    assert chosen(candidate(1, 0.1, **few), segment="SMB").effect == chosen(candidate(1, 0.1)).effect


def test_the_matrix_follows_the_strategy(client, cast):
    first = in_force(cast, "cust.data_access", "cust.selected")
    client.force_login(cast.seller)
    shown = client.get("/matrix/?status=open")
    assert [column.key for column in shown.context["matrix"].columns] == ["cust.data_access", "cust.selected"]
    assert first.strategy.name in shown.content.decode()


def test_a_strategy_of_one_segment_gives_its_columns_to_that_segment(cast):
    large = written(cast, name="Grow", segment="Large")
    in_force(cast, "cust.nda", strategy=large)
    in_force(cast, "cust.data_access")
    assert strategy_in_force.in_force(cast.seller, segment="Large").pivotal == ("cust.nda",)
    assert strategy_in_force.in_force(cast.seller, segment="Small").pivotal == ("cust.data_access",)


def test_the_deals_list_counts_what_is_required(client, cast, book):
    step = agreements.Step(
        state=AgreementState.ASKED, occurred_at=NOW, needed_by=TODAY + dt.timedelta(days=4000)
    )
    agreements.take_step(by=cast.seller, at=NOW, deal_id=cast.deal.pk, type_key="cust.nda", step=step)
    client.force_login(cast.seller)
    tally = client.get("/deals/?status=open").context["list"].rows[0].tally
    assert (tally.standing, tally.recorded) == (0, 2)
