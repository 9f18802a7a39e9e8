"""Newcomers, links and sheets of people, in two words each."""

from __future__ import annotations

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from cast import NOW
from hingepoint.domain.imports.models import ImportBatch
from hingepoint.domain.people import actions as people
from hingepoint.domain.people.models import User
from hingepoint.domain.sheets import actions as sheets
from hingepoint.records.people import Role


def newcomer(name: str, *, role: Role = Role.SELLER, email: str | None = "", **facts) -> User:
    """Somebody who is here and cannot sign in, as files make them; with an address unless it is None."""
    address = f"{name.lower().replace(' ', '.')}@hinge.example" if email == "" else email
    return people.add_user(by=None, at=NOW, name=name, role=role, email=address, **facts)


def link_of(user: User, *, by: User, at=None) -> str:
    """Return what a fresh link for somebody carries."""
    return people.invite(by=by, at=at or timezone.now(), users=[user])[user.pk]


def sheet(cast, text: str, *, name: str = "people.csv", at=NOW, **options) -> ImportBatch:
    """A sheet that was brought and waits to be stored."""
    sent = SimpleUploadedFile(name, text.encode())
    return sheets.bring_sheet(by=cast.analyst, at=at, sent=sent, **options)
