"""Everybody in turn, each after asking to see our walk-away."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse


def open_walk_away(client, deal):
    return client.post(reverse("look-at-walk-away", args=[deal.pk]))


def everybody(client, cast, deal) -> Iterator[tuple[str, object]]:
    """Sign everybody in, one after the other, and let them ask for the walk-away of a deal."""
    for who, user in cast.everybody().items():
        client.logout()
        if user:
            client.force_login(user)
        open_walk_away(client, deal)
        yield who, user
