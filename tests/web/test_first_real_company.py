"""A company's first day, from its own messy export to homes on which nothing is late, page by page.

An analyst brings the export and the sheet of people in, a seller of the export comes in by a link of her own, the
findings are computed, a strategy is put in force. Everything goes through the pages; only what a worker does in the
background is done here by its name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import messy
from cast import PASSWORD, person
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.discovery import actions as discovery
from hingepoint.domain.discovery.models import Run
from hingepoint.domain.imports import actions as imports
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.imports.rules import questions_of
from hingepoint.domain.people.models import User
from hingepoint.domain.strategy import actions as strategies
from hingepoint.domain.strategy.models import Strategy
from hingepoint.jobs import nightly
from hingepoint.records.deals import DealStatus
from hingepoint.records.findings import Status
from hingepoint.records.imports import ImportState
from hingepoint.records.people import Role
from hingepoint.web.bridge import OWN

CHOSEN = "three doors and a hinge"
PEOPLE = """\
name,address,role,manager,team
Ann Berg,ann.berg@mills.example,seller,Vera Holm,Nord
Bo Lind,bo.lind@mills.example,seller,Vera Holm,Nord
Çağla Öz,cagla.oz@mills.example,seller,Vera Holm,Nord
D'Arcy Moor,darcy.moor@mills.example,seller,Vera Holm,Süd
Vera Holm,vera.holm@mills.example,manager,,Nord
Otto Mills,otto.mills@mills.example,sponsor,,
"""


@dataclass
class Company:
    """What the first day made: the truth behind its export, and who goes in as whom."""

    truth: messy.Truth
    windows: dict[str, Client]

    def home(self, who: str):
        return self.windows[who].get("/")


@pytest.fixture
def company(db, settings, tmp_path) -> Company:
    """A fresh installation, in which nobody but Ada the analyst can sign in, after its first day."""
    settings.MEDIA_ROOT = tmp_path / "uploads"
    agreements.load_catalogue(by=None, at=timezone.now())
    person("Ada", Role.ANALYST)
    truth = messy.company(240)
    desk = Client()
    assert desk.post("/sign-in", {"username": "ada@hinge.example", "password": PASSWORD}).url == "/"
    bring_the_export(desk, messy.messy(truth, tmp_path / "export"))
    bring_the_people(desk)
    windows = {who: come_in(link) for who, link in links_for_all(desk).items()}
    meet_the_catalogue(desk)
    run_discovery(desk)
    put_a_strategy_in_force(desk)
    return Company(truth, windows | {"Ada": desk})


def bring_the_export(desk: Client, export: messy.Export) -> None:
    sent = {
        table: SimpleUploadedFile(path.name, Path(path).read_bytes())
        for table, path in (("deals", export.deals), ("events", export.events))
    }
    desk.post(reverse("imports"), sent)
    batch = checked()
    answers = {
        f"answer-{one.key}": "0" if one.word is None else str(one.options.index(messy.ASKED[one.word]))
        for one in questions_of(batch.report)
    }
    desk.post(reverse("answer-import", args=[batch.pk]), answers)
    batch = checked()
    desk.post(reverse("confirm-import", args=[batch.pk]))
    assert checked().state == ImportState.DONE


def checked() -> ImportBatch:
    """Do what the background worker does with the last import."""
    batch = ImportBatch.objects.latest("pk")
    imports.work(by=batch.by, at=timezone.now(), batch_id=batch.pk)
    return ImportBatch.objects.get(pk=batch.pk)


def bring_the_people(desk: Client) -> None:
    page = desk.post(reverse("people-sheet"), {"sheet": SimpleUploadedFile("people.csv", PEOPLE.encode())})
    shown = desk.get(page.url).content.decode()
    (as_shown,) = re.findall(r'name="shown" value="([^"]+)"', shown)
    stored = desk.post(f"{page.url}/store", {"shown": as_shown})
    assert stored.url == reverse("let-in")


def links_for_all(desk: Client) -> dict[str, str]:
    """Invite everybody who cannot sign in yet; return their links by first name."""
    ready = desk.get(reverse("let-in")).context["ready"]
    answer = desk.post(reverse("invite-people"), {"who": [one.person.id for one in ready], "way": "link"})
    links = re.findall(r"http://testserver(/welcome/[\w-]+)", answer.content.decode())
    found = {}
    for link in links:
        (name,) = re.findall(r"Welcome, ([\w'’&#;]+)", Client().get(link).content.decode())
        found[name] = link
    return found


def come_in(link: str) -> Client:
    window = Client()
    assert window.post(link, {"password": CHOSEN, "again": CHOSEN}).url == "/"
    return window


def meet_the_catalogue(desk: Client) -> None:
    """Say what the words of the files mean: what the page is sure of is taken, the others stay the company's own."""
    page = desk.get(reverse("words")).context
    answers = {}
    for word in page["page"].words:
        said = page["said"][word.id]
        answers[f"word-{word.id}"] = said["word"] or OWN
        answers[f"side-{word.id}"] = said["side"]
        answers[f"version-{word.id}"] = str(word.version)
    assert b"Sponsor named" in desk.post(reverse("look-at-words"), answers).content
    assert desk.post(reverse("settle-words"), answers).url == "/"


def run_discovery(desk: Client) -> None:
    desk.post(reverse("new-run"), {"metric": "won", "landmarks": "3w, 6w"})
    run = Run.objects.get()
    discovery.carry_out.func(run.pk)
    run.refresh_from_db()
    assert run.status == Status.DONE, run.problem


def put_a_strategy_in_force(desk: Client) -> None:
    """Write a strategy, choose the sponsor that the company's own word means as pivotal, publish, and let it hold from
    today."""
    told = {"name": "Sponsors first", "statement": "We sell with a sponsor.", "measure": "won"}
    desk.post(reverse("new-strategy"), told)
    strategy = Strategy.objects.get()
    where = {"strategy_id": strategy.pk}
    key = AgreementType.objects.get(name__iexact="sponsor named").tied_to.key
    assert key == "cust.deal_sponsor"
    desk.post(reverse("choose-pivotal", kwargs=where), {"key": key, "judgement": "We lose without one."})
    standard = {"needed_by": "days", "needed_days": "20", "evidence_wanted": "3", "recheck_days": "90"}
    desk.post(reverse("set-standard", kwargs=where | {"key": key}), standard)
    desk.post(reverse("publish-playbook", kwargs=where), {"note": "Our first playbook."})
    desk.post(reverse("put-in-force", kwargs=where), {"grace_days": "14"})
    strategies.ask_open_deals(at=timezone.now())
    nightly.ask_what_deals_need(at=timezone.now())


# ---- the first day ----


def open_deals(company: Company, owner: str) -> list[messy.Deal]:
    return [one for one in company.truth.deals if one.owner == owner and one.status == "open"]


def test_on_the_first_day_nothing_is_late_for_seller_manager_or_sponsor(company):
    seller, manager, sponsor = (company.home(who) for who in ("Ann", "Vera", "Otto"))
    day = seller.context["day"]
    assert day.deals == len(open_deals(company, "Ann Berg")) > 0
    assert (day.late, day.stale) == ((), ())
    assert day.old + len(day.again) > 0  # what was due before anybody asked is sorted out, not late
    assert manager.context["day"].late == ()
    assert "No agreement is late." in manager.content.decode()
    assert sponsor.context["day"].strategy == "Sponsors first"
    assert [one.name for one in sponsor.context["day"].pivotal] == ["Executive agrees to sponsor the deal"]
    for home in (seller, manager, sponsor):
        page = home.content.decode()
        assert "due late" not in page
        assert "tone-bad" not in page[page.index("<main") : page.index("</main>")]
    asked = Agreement.objects.filter(required=True, deal__status=DealStatus.OPEN)
    assert asked.count() == Deal.objects.open().count() > 0
    assert asked.overdue(timezone.localdate()).count() == 0


def test_everybody_of_the_sheet_can_sign_in_and_nobody_is_there_twice(company):
    names = [line.split(",")[0] for line in PEOPLE.splitlines()[1:]]
    assert sorted(User.objects.values_list("name", flat=True)) == sorted([*names, "Ada"])
    window = Client()
    signed_in = window.post("/sign-in", {"username": "cagla.oz@mills.example", "password": CHOSEN})
    assert signed_in.url == "/"
    assert window.get("/").context["day"].deals == len(open_deals(company, "Çağla Öz"))
