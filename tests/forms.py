"""Forms of pages, as the tests send them."""

from __future__ import annotations

import re

from django.http import HttpResponse


def token_in(shown: HttpResponse) -> str:
    """Return the one-time token of the last form on a page that has one."""
    return re.findall(r'name="form_token" value="([0-9a-f]{32})"', shown.content.decode())[-1]
