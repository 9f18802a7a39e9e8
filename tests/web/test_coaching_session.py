"""A session starts from the queue in one click, with what is known filled in."""

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from budget import LARGEST
from cast import TODAY
from hingepoint.analysis import intervals
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.coaching.models import CoachingSession
from hingepoint.domain.coaching.queries import sessions
from hingepoint.records.agreements import AgreementState

DAY = dt.timedelta(days=1)


def asked(cast) -> None:
    now = timezone.now()
    told = {"act": "send it", "person_name": "Bo", "due_on": timezone.localdate() + DAY}
    step = agreements.Step(state=AgreementState.ASKED, occurred_at=now, **told)
    agreements.take_step(by=None, at=now, deal_id=cast.deal.pk, type_key="cust.data_access", step=step)


def test_a_manager_starts_from_the_queue_and_keeps_one_next_step(client, cast):
    asked(cast)
    where = [cast.deal.pk, AgreementType.objects.get(key="cust.data_access").pk]
    client.force_login(cast.manager)
    at = reverse("coach", args=where)
    assert f'href="{at}"' in client.get(reverse("coaching")).text
    page = client.get(at)
    assert "Coach Sanna" in page.text
    assert page.context["said"]["evidence"].endswith(
        f"asked: send it, by {timezone.localdate() + DAY:%-d %b}"
    )
    day = timezone.localdate() + 7 * DAY
    typed = {
        "behaviour": "Name a day",
        "next_step": "Call Bo",
        "next_on": day.isoformat(),
        "evidence": "seen",
    }
    assert client.post(at, typed).url == reverse("coaching")
    held = CoachingSession.objects.get()
    assert (held.coach, held.coached, held.behaviour, held.next_on) == (
        cast.manager,
        cast.seller,
        "Name a day",
        day,
    )
    mine = client.get(reverse("coaching")).text
    assert "Call Bo" in mine
    assert f'href="{at}"' not in mine
    assert "Call Bo" in client.get(reverse("coaching"), {"with": cast.seller.pk}).text
    for who, reads in {"seller": True, "sponsor": False, "stranger": False, "other_manager": False}.items():
        client.force_login(getattr(cast, who))
        assert ("Call Bo" in client.get(reverse("coaching")).text) is reads, who


def test_what_was_typed_stays_when_the_day_has_passed(client, cast):
    where = [cast.deal.pk, AgreementType.objects.get(key="cust.data_access").pk]
    client.force_login(cast.manager)
    typed = {"behaviour": "Name a day", "next_step": "Call Bo", "next_on": TODAY.isoformat()}
    refused = client.post(reverse("coach", args=where), typed)
    assert refused.status_code == 422
    assert "Choose today or a later day." in refused.text
    assert "Call Bo" in refused.text


def test_who_coaches_the_managers_comes_as_a_piece_and_is_a_page(client, cast):
    at = reverse("coaching-managers")
    client.force_login(cast.sponsor)
    assert f'hx-get="{at}"' in client.get(reverse("coaching")).text
    piece = client.get(at, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="coaching-managers").text
    assert "<html" not in piece
    for text in (piece, client.get(at).text):
        assert "Maud" in text
        assert "What managers give is shown once 5 of them have coached." in text or "of 2 managers" in text
    client.force_login(cast.seller)
    assert f'hx-get="{at}"' not in client.get(reverse("coaching")).text
    assert client.get(at).status_code == 404


def test_who_is_coached_in_many_regions_is_read_a_page_at_a_time(client, cast, monkeypatch):
    units = [sessions.Upward(f"Region {n:03}", 9, 12, 30, intervals.share(20, 30)) for n in range(130)]
    monkeypatch.setattr(sessions, "upward", lambda viewer, today: units)
    client.force_login(cast.sponsor)
    first, last = (client.get(reverse("coaching"), {"page": page}).text for page in (1, 3))
    assert ("Region 059" in first, "Region 060" in first, "Region 129" in last) == (True, False, True)
    assert len(first.encode()) < LARGEST
