"""A person's own language: pages and mails speak it to them."""

import datetime as dt

import pytest
from django.conf import settings
from django.urls import reverse

from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.domain.notices import letters
from hingepoint.domain.notices.models import Digest
from hingepoint.domain.people import actions
from hingepoint.domain.people.models import User
from hingepoint.records import conventions, languages
from hingepoint.records.languages import say
from hingepoint.web import jinja

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture
def _german_offered(monkeypatch):
    monkeypatch.setattr(settings, "OFFERED_LANGUAGES", ("en", "de"))
    monkeypatch.setattr(jinja, "_compiled", lambda language="": None)


def choose(client, language: str):
    return client.post(reverse("choose-language"), {"language": language})


@pytest.mark.usefixtures("_german_offered")
def test_what_one_chose_is_spoken_whatever_the_browser_asks_for(client, cast):
    client.force_login(cast.seller)
    assert choose(client, "de").status_code == 302
    page = client.get(reverse("account"), headers={"Accept-Language": "en"}).text
    assert '<html lang="de"' in page
    assert '<option value="de" selected>Deutsch' in page
    assert list(AuditEvent.objects.filter(action="choose language").values_list("changes", flat=True)) == [
        {"language": ["", "de"]}
    ]
    choose(client, "")
    assert '<html lang="en"' in client.get(reverse("account"), headers={"Accept-Language": "en"}).text


@pytest.mark.usefixtures("_german_offered")
def test_the_same_again_is_not_on_record(client, cast):
    client.force_login(cast.seller)
    for _ in range(2):
        choose(client, "de")
    assert AuditEvent.objects.filter(action="choose language").count() == 1


@pytest.mark.usefixtures("_german_offered")
def test_a_language_that_is_not_offered_cannot_be_chosen(client, cast):
    client.force_login(cast.seller)
    assert choose(client, "fr").status_code == 404
    assert User.objects.get(pk=cast.seller.pk).language == ""


def test_while_one_language_is_offered_nobody_is_asked_and_a_choice_of_before_rests(client, cast):
    User.objects.filter(pk=cast.seller.pk).update(language="de")
    client.force_login(cast.seller)
    page = client.get(reverse("account")).text
    assert '<html lang="en"' in page
    assert "choose-language" not in page
    assert reverse("choose-language") not in page
    assert User.objects.get(pk=cast.seller.pk).reads == "en"


@pytest.mark.usefixtures("_german_offered")
def test_a_mail_speaks_its_receivers_language(cast, mailoutbox):
    actions.choose_language(by=cast.seller, at=NOW, language="de")
    row = Digest.objects.create(
        user=User.objects.get(pk=cast.seller.pk), on=NOW.date(), lines=[], new=["a", "b"], made_at=NOW
    )
    letters.send(row, lambda page, about: f"/{page}")
    assert mailoutbox[0].subject.startswith("2 Neuigkeiten für Sie")
    assert mailoutbox[0].body.startswith(f"Guten Tag {cast.seller.name},")
    assert "Höchstens eine Mail am Tag" in mailoutbox[0].body


def test_a_shipped_name_is_said_until_the_company_has_its_own(cast):
    row = AgreementType.objects.get(key="cust.data_access")
    with languages.speaking("de"):
        assert f"{row}" == say("{what}", what=row) == "Früher Zugang zu den entscheidenden Daten"
        assert row.name == "Early access to key data"  # compared and stored it is the English one
        AgreementType.objects.filter(pk=row.pk).update(own_name="Numbers first")
        assert f"{AgreementType.objects.get(pk=row.pk)}" == "Numbers first"


def test_days_of_a_mail_are_written_by_the_language():
    day = dt.date(2026, 3, 2)
    assert conventions.weekday(day) == "Monday, 2 March"
    with languages.speaking("de"):
        assert conventions.weekday(day) == "Montag, 2. März"
        assert conventions.day_in_full(day) == "2. März 2026"
        assert conventions.month_and_year(day) == "März 26"
