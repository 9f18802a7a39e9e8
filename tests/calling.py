"""Calling the API in tests: a program with the token of somebody of the cast."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client
from django.utils import timezone

from hingepoint.domain.tokens import actions
from hingepoint.records.tokens import SCOPES


def secret_of(user: Any, scopes: Any = tuple(SCOPES), **more: Any) -> str:
    """Return a new token of ``user`` that may do everything, or what is said."""
    at = more.pop("at", timezone.now())
    return actions.make(by=user, at=at, name="a script", scopes=scopes, **more)[1]


class Program:
    """A program that calls with a token."""

    def __init__(self, secret: str | None):
        self.client = Client(headers={"Authorization": f"Bearer {secret}"} if secret else {})

    def get(self, path: str, **query: Any):
        return self.client.get(f"/api{path}", query)

    def post(self, path: str, sent: Any = None, **headers: str):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        told = json.dumps({} if sent is None else sent)
        return self.client.post(f"/api{path}", told, content_type="application/json", headers=named)


def program(user: Any, scopes: Any = tuple(SCOPES), **more: Any) -> Program:
    return Program(secret_of(user, scopes, **more))
