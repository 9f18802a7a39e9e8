"""The template environment: what every page may use without asking for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.template import engines
from django.template.backends.jinja2 import Jinja2
from django.urls import reverse
from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined

from hingepoint.records import languages
from hingepoint.records.links import may_be_linked
from hingepoint.reports.charts import numbers
from hingepoint.web import asking, assets, cookies, drafts, formats, looks
from hingepoint.web.sent import form_token
from hingepoint.web.tongues.loading import InLanguage

FILTERS = {
    "ago": formats.ago,
    "day": formats.day,
    "day_short": formats.day_short,
    "due": formats.due,
    "effect": numbers.effect,
    "effect_bare": numbers.effect_bare,
    "evidence": formats.evidence,
    "grade": formats.grade,
    "initials": formats.initials,
    "interval": numbers.interval,
    "is_late": formats.is_late,
    "last_day": formats.last_day,
    "moment": formats.moment,
    "money": formats.money,
    "money_short": formats.money_short,
    "number": numbers.number,
    "plural": numbers.plural,
    "points": numbers.points,
    "share": numbers.share,
    "signed": numbers.signed,
    "state": formats.state,
    "told": languages.told_again,
    "words": formats.words,
}


class ByLanguage(Jinja2):
    """Django's backend with an environment for each language spoken; English is that of the settings."""

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._english = self.env
        self._others: dict[str, Environment] = {}

    def get_template(self, template_name: str) -> Any:
        """Return a template in the language that is spoken now."""
        found = super().get_template(template_name)
        language = languages.spoken()
        if language != languages.ENGLISH:
            found.template = self._other(language).get_template(template_name)
        return found

    def _other(self, language: str) -> Environment:
        if language not in self._others:
            self._others[language] = self._english.overlay(
                loader=InLanguage(self._english.loader, language),
                bytecode_cache=_compiled(language),
            )
        return self._others[language]


def environment(**options: Any) -> Environment:
    """Return Hingepoint's Jinja2 environment; Django's settings name this function."""
    options["loader"] = PackageLoader("hingepoint.web", "templates")
    options.setdefault("trim_blocks", True)
    options.setdefault("lstrip_blocks", True)
    options["undefined"] = StrictUndefined  # a name that nobody gave is a mistake of ours, not an empty place
    options.setdefault("bytecode_cache", _compiled())
    env = Environment(**options)  # noqa: S701  (Django's backend sets autoescape)
    env.filters.update(FILTERS)
    env.globals.update(
        static=assets.address,
        url=url,
        query=query,
        may_be_linked=may_be_linked,
        messages_of=get_messages,
        draft_of=drafts.of,
        asks=asking.asks,
        theme_of=theme_of,
        page_numbers=page_numbers,
        form_token=form_token,
        language=languages.spoken,
        plural_form=languages.form_of,
        walk_away_open=looks.is_open,
        corridor_pairs=looks.corridor_pairs,
        SIDES=formats.SIDES,
        STATES=formats.STATES,
        GRADES=formats.GRADES,
        EVIDENCE=formats.EVIDENCE,
        REASONS=formats.REASONS,
        OUTCOMES=formats.OUTCOMES,
        STRATEGIES=formats.STRATEGIES,
    )
    return env


def _compiled(language: str = "") -> FileSystemBytecodeCache | None:
    """Return where compiled templates are kept from one start to the next; None where nothing can be written."""
    folder = settings.COMPILED_TEMPLATES
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:
        return None
    pattern = f"__jinja2_{language}%s.cache"
    return FileSystemBytecodeCache(str(folder), pattern) if os.access(folder, os.W_OK) else None


def warm() -> None:
    """Compile all templates, so that nobody's first page waits for its own."""
    env = cast(Jinja2, engines["jinja2"]).env
    for name in env.list_templates(extensions=["html"]):
        env.get_template(name)


def url(name: str, *args: Any, **kwargs: Any) -> str:
    """Return the address of a named route."""
    return reverse(name, args=args or None, kwargs=kwargs or None)


def query(request: HttpRequest, **changes: Any) -> str:
    """Return this page's query string with some parameters changed; None takes one out."""
    parameters = request.GET.copy()
    for name, value in changes.items():
        parameters.pop(name, None)
        if value is not None:
            parameters.setlist(name, list(value) if isinstance(value, list | tuple) else [str(value)])
    return f"?{parameters.urlencode()}" if parameters else "?"


def theme_of(request: HttpRequest | None) -> str:
    """Return the theme the reader chose: light, dark, or nothing, which follows the device."""
    chosen = request.COOKIES.get(cookies.named("theme"), "") if request else ""
    return chosen if chosen in ("light", "dark") else ""


def page_numbers(current: int, last: int) -> Iterator[int | None]:
    """Yield the page numbers worth offering, with None for a gap: 1 … 4 5 6 … 20."""
    near = {1, last, *range(current - 1, current + 2)}
    shown = sorted(page for page in near if 1 <= page <= last)
    for before, page in zip([0, *shown], shown, strict=False):
        if page - before > 1:
            yield None
        yield page
