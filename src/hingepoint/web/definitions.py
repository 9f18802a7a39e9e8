"""Definitions as a file: take them away, see what a file would change, bring it in."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from hingepoint.domain.definitions import actions, queries, schema
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import reason, say
from hingepoint.reports.charts.numbers import plural
from hingepoint.web import drafts
from hingepoint.web.requests import Request


class DefinitionsForm(forms.Form):
    """A file, or the text of one that was checked a moment ago."""

    file = forms.FileField(required=False)
    text = forms.CharField(required=False, max_length=schema.MOST_BYTES)

    def said(self) -> str:
        """Return the text. Raises DefinitionsUnusable."""
        file = self.cleaned_data["file"]
        if file is None:
            return self.cleaned_data["text"]
        if file.size > schema.MOST_BYTES:
            raise schema.DefinitionsUnusable(
                [reason("{file} is too large to be a file of definitions.", file=file.name)]
            )
        try:
            return file.read().decode("utf-8")
        except UnicodeDecodeError:
            raise schema.DefinitionsUnusable(
                [reason("{file} is no text in UTF-8.", file=file.name)]
            ) from None


@drafts.kept()
def definitions(request: Request) -> HttpResponse:
    """Take definitions away as a file; check one, see what it changes, bring it in."""
    if not queries.may_keep(request.user):
        raise Hidden("not theirs to keep")
    if request.method != "POST":
        return _show(request)
    form = DefinitionsForm(request.POST, request.FILES)
    drafts.read(form)
    text = form.said()
    wanted = schema.parse(text)
    if "bring_in" not in request.POST:
        return _show(request, differences=queries.differences(wanted), text=text)
    changes = actions.bring_in(by=request.user, at=timezone.now(), wanted=wanted)
    messages.info(
        request,
        say(
            "Brought in, as drafts: {changes}. Nothing is in force yet.",
            changes=plural(len(changes), "change"),
        ),
    )
    return redirect("definitions")


def _show(request: Request, *, differences: Any = None, text: str = "") -> HttpResponse:
    context = {"differences": differences, "text": text, "draft": drafts.of(request)}
    return render(request, "definitions/definitions.html", context)


def definitions_file(request: Request) -> HttpResponse:
    """Hand out what is defined, as YAML."""
    if not queries.may_keep(request.user):
        raise Hidden("not theirs to keep")
    response = HttpResponse(schema.as_yaml(queries.defined()), content_type="application/yaml; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="playbook.yaml"'
    return response
