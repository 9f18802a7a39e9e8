"""What every enum here is made of: a value that is stored, and the word that a person reads."""

from __future__ import annotations

import enum
from typing import Self

from hingepoint.records.languages import label_of


class _WithChoices(enum.EnumMeta):
    @property
    def choices(cls) -> list[tuple[str, str]]:
        """Values with their words, in order: what a form offers and a column of a table may hold."""
        return [(member.value, member.label) for member in cls]  # type: ignore[var-annotated]

    @property
    def values(cls) -> list[str]:
        """The values, in order."""
        return [member.value for member in cls]  # type: ignore[var-annotated]


class Worded(enum.StrEnum, metaclass=_WithChoices):
    """A text from a short list. Each member is written ``NAME = "value", "Word"``, with a context behind it where
    the word has a namesake of another meaning.

    ``label`` is the word, the same wherever it is shown; the value is stored and never changes.
    """

    english: str
    context: str

    def __new__(cls, value: str, label: str = "", context: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.english, member.context = label, context
        return member

    @property
    def label(self) -> str:
        """The word, in the language spoken."""
        return label_of(self.english, self.context)
