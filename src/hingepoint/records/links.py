"""Which addresses may be linked: one rule for all that a person, a file, a CRM or a program brings."""

from __future__ import annotations

import re

#: A web address with a host and nobody's name before it, without spaces and signs that are not seen. So that Python and the
#: tables of Rust read it alike, it names no class of either language but ``\s``.
PATTERN = r"(?i)^https?://[^\s\x00-\x1f\x7f/?#@\\]+(?:[/?#][^\s\x00-\x1f\x7f]*)?$"
EXPECTED = "an address that begins with https:// or http://"


def may_be_linked(text: str) -> bool:
    """Return whether a page may show ``text`` as a link: a browser runs what begins with ``javascript:``, and colleagues click."""
    return re.fullmatch(PATTERN, text) is not None
