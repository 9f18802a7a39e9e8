"""Routines on pages: what is due of me is done by one press, and who says what is required sees first whom it concerns."""

import datetime as dt

from django.urls import reverse
from django.utils import timezone

import duties
from budget import LARGEST
from hingepoint.analysis import intervals
from hingepoint.domain.premortems import actions as premortems
from hingepoint.domain.routines import actions as routines
from hingepoint.domain.routines.models import Routine, RoutineDue
from hingepoint.domain.routines.queries import kept
from hingepoint.records.people import Role
from hingepoint.records.routines import Kind, Rule

DAY = dt.timedelta(days=1)
TYPED = {
    "name": "Message to all",
    "kind": "own",
    "role": "sponsor",
    "cadence": "monthly",
    "weekday": "2",
    "required": "Five lines.",
    "stage": "",
    "days": "14",
}


def test_what_is_due_is_on_home_and_done_by_one_press(client, cast):
    due = duties.falls_due(cast.seller, due_at=timezone.now())
    client.force_login(cast.seller)
    assert 'hx-get="/due/"' in client.get("/").text
    assert "Debrief" in client.get(reverse("home-due")).text
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "my-routines"}
    assert "Debrief" in client.get(reverse("my-routines"), **piece).text
    assert client.post(reverse("do-routine", args=[due.pk]), {"next": "/"}).url == "/"
    due.refresh_from_db()
    assert due.done_at is not None
    assert "Debrief" not in client.get(reverse("my-routines"), **piece).text
    again = client.post(
        reverse("do-routine", args=[due.pk]), {"next": "https://elsewhere.example/"}, follow=True
    )
    assert again.redirect_chain[0][0] == reverse("routines")
    assert "It was done already." in again.text


def test_only_a_few_lines_stand_on_home(client, cast):
    for n in range(5):
        duties.falls_due(cast.seller, due_at=timezone.now() - n * DAY)
    client.force_login(cast.seller)
    piece = client.get(reverse("my-routines"), HTTP_HX_REQUEST="true", HTTP_HX_TARGET="my-routines").text
    assert (piece.count("</form>"), "And 2 others" in piece) == (3, True)
    assert client.get(reverse("my-routines")).text.count('action="/routines/due/') == 5


def test_a_sponsor_writes_a_routine_sees_whom_it_concerns_and_puts_it_in_force(client, cast):
    client.force_login(cast.sponsor)
    at = client.post(reverse("new-routine"), TYPED).url
    routine = Routine.objects.get()
    assert (at, routine.since, routine.weekday) == (reverse("routine", args=[routine.pk]), None, 2)
    assert not RoutineDue.objects.exists()
    page = client.get(at)
    assert page.context["page"].preview.people == 1
    assert "Every sponsor" in page.text
    assert "Every month, by its first Wednesday" in page.text
    force = reverse("put-routine-in-force", args=[routine.pk])
    refused = client.post(force, {"since": "2020-01-01"})
    assert refused.status_code == 422
    assert "nothing is required of days that have passed" in refused.text
    assert "2020-01-01" in refused.text
    client.post(force, {"since": timezone.localdate().isoformat()})
    assert set(RoutineDue.objects.values_list("person", flat=True)) == {cast.sponsor.pk}


def test_a_change_is_shown_beside_what_is_in_force(client, cast):
    routine = duties.drafted()
    client.force_login(cast.analyst)
    shown = client.get(reverse("routine", args=[routine.pk]))
    assert shown.context["page"].differences == (("How often", "Every week", "Every month"),)
    client.post(reverse("put-routine-in-force", args=[routine.pk]))
    routine.refresh_from_db()
    assert (routine.cadence, routine.draft) == ("monthly", None)


def test_a_draft_is_known_only_to_who_says_what_is_required(client, cast):
    routines.define(by=None, at=timezone.now(), rule=Rule("secret", "Secret", Kind.OWN, Role.SELLER))
    seen = {}
    for who in ("seller", "manager", "sponsor"):
        client.force_login(getattr(cast, who))
        seen[who] = "Secret" in client.get(reverse("routines")).text
    assert seen == {"seller": False, "manager": False, "sponsor": True}


def test_days_off_are_noted_and_taken_back(client, cast):
    client.force_login(cast.seller)
    day = timezone.localdate() + DAY
    typed = {"who": str(cast.seller.pk), "since": day.isoformat(), "last": day.isoformat()}
    client.post(reverse("days-off"), typed)
    [days] = cast.seller.days_off.all()
    assert (days.since, days.until) == (day, day + DAY)
    assert "Sanna" in client.get(reverse("days-off")).text
    client.post(reverse("drop-days-off", args=[days.pk]))
    assert not cast.seller.days_off.exists()
    wrong = client.post(reverse("days-off"), typed | {"last": (day - DAY).isoformat()})
    assert wrong.status_code == 422
    assert "The last day comes before the first." in wrong.text


def test_a_premortem_that_waits_stands_on_the_first_page_until_it_is_answered(client, cast):
    row = premortems.begin(
        by=cast.seller, at=timezone.now(), deal_id=cast.deal.pk, until=timezone.localdate()
    )
    at = reverse("premortem", args=[cast.deal.pk])
    piece = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "my-routines"}
    for who, there in (
        (cast.seller, True),
        (cast.manager, True),
        (cast.sponsor, True),
        (cast.analyst, False),
    ):
        client.force_login(who)
        assert (f'href="{at}"' in client.get(reverse("my-routines"), **piece).text) is there
    premortems.answer(by=cast.seller, at=timezone.now(), premortem_id=row.pk, words="The money went.")
    client.force_login(cast.seller)
    assert f'href="{at}"' not in client.get(reverse("my-routines")).text


def test_what_many_teams_kept_is_read_a_page_at_a_time(client, cast, monkeypatch):
    teams = [
        kept.TeamKept(f"Team {n:03}", "Plan", leads=False, share=intervals.share(3, 4)) for n in range(130)
    ]
    monkeypatch.setattr(kept, "kept_by_team", lambda viewer, today: teams)
    client.force_login(cast.sponsor)
    first, last = (client.get(reverse("routines"), {"page": page}).text for page in (1, 3))
    assert ("Team 000" in first, "Team 059" in first, "Team 060" in first) == (True, True, False)
    assert ("Team 119" in last, "Team 120" in last, "Team 129" in last) == (False, True, True)
    assert "130 rows, page 1 of 3" in first
    assert len(first.encode()) < LARGEST
