"""The demo's first run of discovery, and the analyst's word on what it finds.

It runs in the background once the company is there: its pages say how far it is, and open meanwhile.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django_tasks import task

from hingepoint.analysis.discovery import Settings
from hingepoint.demo import planted, playbook
from hingepoint.domain.debts import actions as debts
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Finding, Run
from hingepoint.domain.people import queries as people
from hingepoint.records.findings import Status, Verdict
from hingepoint.records.people import Role

_GOOD_ENOUGH = ("strong", "moderate")
_HARMS = "It harms: who opens with a discount is asked for more. We stop it."


def ask(*, at: dt.datetime) -> None:
    """Queue the run on all deals, and behind it the analyst's signatures."""
    asked, made_from = Settings(metric=planted.SUPPORTIVE), discovery.Input(files={})
    run = discovery.ask_for_run(by=people.persona(Role.ANALYST), at=at, settings=asked, made_from=made_from)
    sign_in_background.enqueue(run.pk)


@task()
def sign_in_background(run_id: int) -> None:
    """The worker takes one task after the other: this one comes when the run has ended. What deals owe is counted then, by
    what the findings say that it is worth."""
    at = timezone.now()
    if Run.objects.filter(pk=run_id, status=Status.DONE).exists():
        sign(at=at, run_id=run_id)
    debts.read_debts(at=at, as_of=timezone.localdate(at))


def sign(*, at: dt.datetime, run_id: int) -> int:
    """Sign what a run found, with strong or moderate evidence, of the pivotal agreements and of the one that harms;
    return how many. Those that somebody has decided on already are left alone."""
    why = {key: f"As we judged when we chose it: {words}" for key, words in playbook.WHY.items()}
    why |= {planted.OPENING_DISCOUNT: _HARMS}
    found = Finding.objects.filter(run=run_id, key__in=why, grade__in=_GOOD_ENOUGH, verdict=Verdict.OPEN)
    analyst = people.persona(Role.ANALYST)
    for finding in found:
        discovery.decide(
            by=analyst, at=at, run_id=run_id, key=finding.key, verdict=Verdict.SIGNED, note=why[finding.key]
        )
    return len(found)
