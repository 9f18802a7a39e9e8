"""What the demo company's sponsor wrote to everybody in the last half year, and who read it."""

from __future__ import annotations

import datetime as dt

import numpy as np
from django.utils import timezone

from hingepoint.demo.company import Company
from hingepoint.domain.people.models import User
from hingepoint.domain.sponsorship import actions as sponsorship
from hingepoint.domain.strategy.models import PivotalAgreement
from hingepoint.records.people import Role

MONTHS = 6
#: Which share reads a message within a week.
READ = 0.78
_ABOUT = (
    "Last month {name} was missing where we needed it most. I asked three of you why; each time nobody had asked the customer for it.",
    "I sat in on a pipeline review. The deal that convinced me had {name} on paper before the first number was named.",
    "Two deals of this month closed without a discount. Both had {name} by their third week.",
)
_ASK = "Before your next talk write down what you will ask for, of whom and by which day."
_OFFER = "If a door stays shut, ask me to join, with one sentence on what for. The price stays with you."


def write(company: Company, *, at: dt.datetime) -> None:
    """Send a message on the fifth of each month, about one pivotal agreement after the other, and let people read it."""
    rng = np.random.default_rng([company.seed, *b"messages"])
    sponsor = User.objects.active().filter(role=Role.SPONSOR).order_by("pk").first()
    chosen = PivotalAgreement.objects.filter(playbook__published_at__isnull=False).select_related("type")
    names = [str(one.type) for one in chosen.order_by("position")]
    if sponsor is None or not names:
        return
    for number, day in enumerate(_days(company.ends_on)):
        name = names[number % len(names)]
        lines = (
            _ABOUT[number % len(_ABOUT)].format(name=name[:1].lower() + name[1:]),
            _ASK,
            _OFFER,
            sponsor.name,
        )
        sent_at = timezone.make_aware(dt.datetime.combine(day, dt.time(9)))
        told = {"subject": f"{day:%B}: {name}", "text": "\n\n".join(lines)}
        message = sponsorship.send(by=sponsor, at=sent_at, **told)
        for reader in message.readers.select_related("person").order_by("pk"):
            read_at = sent_at + dt.timedelta(days=float(rng.uniform(0.05, 7)))
            if rng.random() < READ and read_at < at:
                sponsorship.read(by=reader.person, at=read_at, message_id=message.pk)


def _days(ends_on: dt.date) -> list[dt.date]:
    """Return the fifth of each of the last months, the oldest first."""
    found, day = [], ends_on.replace(day=5)
    while len(found) < MONTHS:
        if day < ends_on:
            found.append(day)
        day = (day.replace(day=1) - dt.timedelta(days=1)).replace(day=5)
    return found[::-1]
