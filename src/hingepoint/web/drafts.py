"""What was typed comes back: forms that are refused, and forms that somebody else was faster with.

A view that takes a form is marked with the page that shows it::

    @drafts.kept("exception", "escalation_id")      # the page's route and what it takes of the address
    @require_POST
    def answer_exception(request, escalation_id): ...

It parses (``drafts.read(form)``), makes its one call and redirects. Where that raises Refused or Stale,
the page is shown again, with the status of ``answers.TABLE`` and the draft: everything that was typed, and
the words for each field. The page asks ``drafts.of(request, address)`` for it, by the address that the
form is sent to, since a page may hold many forms. Without a draft all is as the page knows it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import unquote

from django import forms
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.utils import pretty_name
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from markupsafe import escape

from hingepoint.records import conventions
from hingepoint.records.errors import OutOfDate, Refused, Stale
from hingepoint.records.languages import say, told_again, words_of
from hingepoint.web import answers
from hingepoint.web.requests import WholeNumber, whole_number

TOO_LARGE = words_of(
    "The file is larger than this server takes. Choose a smaller one; the rest is still here."
)
_NUMBERS = (WholeNumber, forms.FloatField, forms.DecimalField)
#: What tells one version of something from the next: never taken from a stale form.
VERSIONS = ("version", "number")


class Problems(dict[str, str]):
    """Words by field; a field with which nothing is wrong has none."""

    def __missing__(self, name: str) -> str:
        return ""


@dataclass(frozen=True)
class Draft:
    """What was sent to ``address`` and could not be kept. ``problems`` has words by field, those for the
    whole under an empty name; ``stale`` says that somebody else saved first, and ``current`` what stands."""

    address: str = ""
    typed: QueryDict = field(default_factory=QueryDict)
    problems: Problems = field(default_factory=Problems)
    stale: str = ""
    current: Any = None

    def __bool__(self) -> bool:
        return bool(self.address)

    def said(self, name: str, otherwise: Any = "") -> Any:
        """Return what was typed into a field; without a draft, what is known."""
        return self.typed.get(name, otherwise) if self and name not in self._newer else otherwise

    def all(self, name: str, otherwise: Iterable[Any] = ()) -> list[Any]:
        """Return all that was chosen of a field that takes several."""
        return self.typed.getlist(name) if self else list(otherwise)

    def ticked(self, name: str, otherwise: bool = False) -> bool:
        """Return whether a box was ticked; browsers do not send one that was not."""
        return name in self.typed if self else otherwise

    def over(self, known: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is known with all that was typed on top: boxes by being there, lists as lists."""
        if not self:
            return dict(known)
        as_sent = {name: self.said(name, known.get(name)) for name in self.typed}
        boxes = {name: name in self.typed for name, value in known.items() if isinstance(value, bool)}
        lists = {name: self.all(name) for name, value in known.items() if isinstance(value, list | tuple)}
        return {**known, **as_sent, **boxes, **lists}

    def both(self, now: Mapping[str, Any], labels: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Return label, what stands now and what was typed, for each field in which the two differ."""
        pairs = [(label, _plain(now.get(name)), self.said(name)) for name, label in labels.items()]
        return [pair for pair in pairs if self.stale and pair[1].split() != pair[2].split()]

    @property
    def _newer(self) -> Collection[str]:
        return VERSIONS if self.stale else ()


#: No form was sent, or it was kept.
NOTHING = Draft()


def _plain(value: Any) -> str:
    return "" if value is None else str(value)


def of(request: HttpRequest, address: str = "") -> Draft:
    """Return what could not be kept of the form that is sent to ``address``, the page's own unless said."""
    draft: Draft = getattr(request, "draft", NOTHING)
    return draft if draft.address == (address or request.path) else NOTHING


def blank(form: type[forms.BaseForm]) -> dict[str, Any]:
    """Return every field of a form with nothing in it; what was typed and what is known go on top."""
    return dict.fromkeys(form.base_fields, "")  # type: ignore[attr-defined]


# ---- reading ----


def read(*parts: forms.BaseForm) -> dict[str, Any]:
    """Return what forms say. Raises Refused, with words for every field that cannot be read."""
    valid = [part.is_valid() for part in parts]
    if all(valid):
        return {name: value for part in parts for name, value in part.cleaned_data.items()}
    words = {name: said for part in parts for name, said in problems_of(part).items()}
    raise Refused(next(iter(words.values())), by_field=words)


def version_of(sent: Mapping[str, str], name: str = "version") -> int:
    """Return the version that a form was made for. Raises OutOfDate where it says none that can be read: nothing is
    changed without knowing on what."""
    found = whole_number(sent.get(name))
    if found is None:
        raise OutOfDate
    return found


def problems_of(form: forms.BaseForm) -> dict[str, str]:
    """Return the first thing wrong with each field, and with the whole under an empty name."""
    return {
        "" if name == NON_FIELD_ERRORS else name: _words(errors[0], name, form.fields.get(name))
        for name, errors in form.errors.as_data().items()
    }


def offer(form: forms.BaseForm, name: str, choices: Sequence[tuple[str, str]]) -> None:
    """Let a field of ``form`` be chosen from (value, words) that are known only now."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def _djangos_own(asked: forms.Field) -> dict[str, Any]:
    """Return what Django itself says of a field of this kind; each class holds only what it adds."""
    kinds = reversed(type(asked).__mro__)
    return {
        code: words for kind in kinds for code, words in getattr(kind, "default_error_messages", {}).items()
    }


def _words(error: ValidationError, name: str, asked: forms.Field | None) -> str:
    """Return what is wrong, naming the field, in place of Django's own words; a form's words stand."""
    said = str(error.messages[0])
    if asked is None or error.message != _djangos_own(asked).get(error.code or "", error.message):
        return said
    label = told_again(str(asked.label or pretty_name(name)))
    limit: Any = (error.params or {}).get("limit_value")
    if error.code == "required":
        return say("{label} is needed.", label=label)
    if error.code == "invalid" and isinstance(asked, forms.DateField):
        return say("{label} is no day. Write it as 2026-03-31.", label=label)
    if error.code == "invalid" and isinstance(asked, _NUMBERS):
        return say("{label} is no number. Write digits only, as in 12.", label=label)
    if error.code == "max_length" and error.params:
        return say(
            "{label}: at most {limit} characters; these are {n}. Shorten it.",
            label=label,
            limit=conventions.number(limit),
            n=conventions.number(error.params["show_value"]),
        )
    if error.code in ("max_value", "min_value"):
        most = error.code == "max_value"
        words = words_of("{label}: at most {limit}.") if most else words_of("{label}: at least {limit}.")
        return say(words, label=label, limit=conventions.number(limit))
    return said


# ---- coming back ----


#: Where a form comes back: a route, or what makes the address of the request and what its address captures.
Page = str | Callable[[HttpRequest, Mapping[str, Any]], str]


def kept(
    page: Page = "",
    *captured: str,
    fields: Mapping[str, str] | None = None,
    too_large: str = TOO_LARGE,
    follow_next: bool = True,
) -> Callable:
    """Mark a view whose form comes back on ``page``, a route that takes ``captured`` of the view's own
    address; on its own address, if no page is named. A form that names its page in ``next`` comes back there,
    unless ``follow_next`` is off: buttons elsewhere that send the same lead to ``page``, where it is read first.
    ``fields`` names the fields of the form for those of the errors, where they differ; ``too_large`` is
    said when a file is larger than the server takes."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def respond(request: HttpRequest, **where: Any) -> HttpResponse:
            try:
                _require_all_arrived(request, too_large)
                return view(request, **where)
            except (Refused, Stale) as error:
                shown = _shown_again(request, error, _place(request, respond, where))
                if shown is None:
                    raise
                return shown

        respond.draft_page = (page, captured, fields or {}, follow_next)  # type: ignore[attr-defined]
        return respond

    return decorate


def flashed(page: str, *captured: str) -> Callable:
    """Mark a view of a button, with which nothing is typed: what is refused is said on the page it leads to."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def respond(request: HttpRequest, **where: Any) -> HttpResponse:
            try:
                return view(request, **where)
            except (Refused, Stale) as error:
                messages.error(request, told_again(error.args[0]))
                return redirect(page, **{name: where[name] for name in captured})

        return respond

    return decorate


def come_back(request: HttpRequest, words: str, *, status: int) -> HttpResponse | None:
    """Return the page of a form that was sent, with the draft and ``words``; None where it has no page."""
    match = request.resolver_match
    if match is None or not hasattr(match.func, "draft_page"):
        return None
    return _shown_again(request, Refused(words), _place(request, match.func, match.kwargs), status=status)


def _require_all_arrived(request: HttpRequest, too_large: str) -> None:
    """Raise Refused when a file was too large to be taken in: nothing is kept without it."""
    if request.method == "POST" and request.FILES is not None and getattr(request, "upload_too_large", False):
        raise Refused(too_large)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a form comes back: the address of its page, and what its fields are called there."""

    address: str
    fields: Mapping[str, str]


def _place(request: HttpRequest, view: Any, where: Mapping[str, Any]) -> _Place:
    page, captured, fields, follow_next = view.draft_page
    if callable(page):
        address = page(request, where)
    else:
        address = reverse(page, kwargs={name: where[name] for name in captured}) if page else ""
    named = ours(request, request.POST.get("next", "")) if follow_next else ""
    return _Place(named or address or request.get_full_path(), fields)


def ours(request: HttpRequest, address: str) -> str:
    """Return an address if it is one of ours, from the first slash on or in full, else nothing."""
    full = address.startswith(("/", "http"))  # what else Django takes for the name of a page
    ours = full and url_has_allowed_host_and_scheme(address, allowed_hosts={request.get_host()})
    return address if ours else ""


def _shown_again(
    request: HttpRequest, error: Refused | Stale, place: _Place, *, status: int = 0
) -> HttpResponse | None:
    """Return the page with the draft; None where it cannot be shown by itself."""
    answer = answers.answer_to(error)
    if request.method != "POST" or answer is None:
        return None
    problems = Problems({place.fields.get(name, name): words for name, words in answer.by_field.items()})
    stale = error if isinstance(error, Stale) else None
    draft = Draft(
        address=request.path,
        typed=request.POST,
        problems=Problems() if stale else problems,
        stale=answer.words if stale else "",
        current=stale.current if stale else None,
    )
    shown = _opened(request, place.address, draft)
    if shown is None or shown.status_code not in (200, 422) or not _says(shown, draft):
        return None
    shown.status_code = status or answer.status
    return shown


def _says(shown: HttpResponse, draft: Draft) -> bool:
    """Return whether a page says all that is wrong: its form may not be there any more."""
    page = shown.content.decode()
    return all(str(escape(words.partition("\n")[0])) in page for words in draft.problems.values())


def _opened(request: HttpRequest, address: str, draft: Draft) -> HttpResponse | None:
    """Return the page at an address as its viewer would open it, with a draft to show."""
    path, _, query = address.partition("?")
    path = unquote(path.partition("#")[0])
    if "\0" in path:
        return None
    try:
        match = resolve(path)
    except Resolver404:
        return None
    request.META["QUERY_STRING"] = query.partition("#")[0]
    opened = copy.copy(request)
    opened.method, opened.path, opened.path_info = "GET", path, path
    opened.GET = QueryDict(request.META["QUERY_STRING"])  # type: ignore[assignment]
    opened.resolver_match = match
    opened.draft = draft  # type: ignore[attr-defined]
    return match.func(opened, *match.args, **match.kwargs)
