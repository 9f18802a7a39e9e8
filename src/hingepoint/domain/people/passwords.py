"""What a password may not be made of: the words that whoever knows the company tries first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError

from hingepoint.records.languages import say

#: So many letters must be left when our words are taken out of a password.
LEAST = 6
_PRODUCT = "hingepoint"
_SHORTEST = 4  # shorter ones stand in good passwords by chance


class NotOurWords:
    """Refuses a password that holds little beside the words of the company: its name, its servers', its own list."""

    def __init__(self, words: Sequence[str]):
        parts = {part for word in (_PRODUCT, *words) for part in re.findall(r"[^\W\d_]+", word.lower())}
        self.words = sorted((part for part in parts if len(part) >= _SHORTEST), key=len, reverse=True)

    def validate(self, password: str, user: Any = None) -> None:
        left = password.lower()
        for word in self.words:
            left = left.replace(word, " ")
        if len(left) < len(password) and len(re.findall(r"[^\W\d_]", left)) < LEAST:
            raise ValidationError(self.get_help_text(), code="our_words")

    def get_help_text(self) -> str:
        return say("A password is more than a word of the company or of this product with a number.")
