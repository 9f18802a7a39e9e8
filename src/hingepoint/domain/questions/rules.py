"""Which questions are not asked any more: read by every form that asks one."""

from __future__ import annotations

from hingepoint.domain.questions.models import RetiredQuestion


def retired() -> frozenset[str]:
    """Return the keys of the questions that are not asked any more. One SQL query."""
    return frozenset(RetiredQuestion.objects.in_force().values_list("key", flat=True))


def is_asked(key: str) -> bool:
    """Return whether a question is asked. One SQL query."""
    return not RetiredQuestion.objects.in_force().filter(key=key).exists()
