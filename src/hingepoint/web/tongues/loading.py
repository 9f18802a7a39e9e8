"""Templates as another loader finds them, in one language."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import BaseLoader, Environment

from hingepoint.records import languages
from hingepoint.web.tongues import sentences


class InLanguage(BaseLoader):
    """Loads what another loader does, and says it in a language."""

    def __init__(self, english: BaseLoader | None, language: str) -> None:
        assert english is not None
        self.english, self.language = english, language

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str | None, Callable[[], bool] | None]:
        source, filename, is_fresh = self.english.get_source(environment, template)
        return sentences.translated(source, languages.catalogue(self.language)), filename, is_fresh

    def list_templates(self) -> list[str]:
        return self.english.list_templates()
