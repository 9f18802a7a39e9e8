"""Definitions as a file: take them away, see what a file would change, bring it in."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from hingepoint.domain.definitions import actions, queries, schema
from hingepoint.reports.charts.numbers import plural


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
            raise schema.DefinitionsUnusable([f"{file.name} is too large to be a file of definitions."])
        try:
            return file.read().decode("utf-8")
        except UnicodeDecodeError:
            raise schema.DefinitionsUnusable([f"{file.name} is no text in UTF-8."]) from None


def definitions(request: HttpRequest) -> HttpResponse:
    """Take definitions away as a file; check one, see what it changes, bring it in."""
    if not queries.may_keep(request.user):
        raise Http404("not theirs to keep")
    if request.method != "POST":
        return render(request, "definitions/definitions.html", {"differences": None})
    form = DefinitionsForm(request.POST, request.FILES)
    try:
        text = form.said() if form.is_valid() else ""
        wanted = schema.parse(text)
        if "bring_in" in request.POST:
            found = actions.bring_in(by=request.user, at=timezone.now(), wanted=wanted)
            messages.info(
                request, f"Brought in, as drafts: {plural(len(found), 'change')}. Nothing is in force yet."
            )
            return redirect("definitions")
        context = {"differences": queries.differences(wanted), "text": text}
        return render(request, "definitions/definitions.html", context)
    except schema.DefinitionsUnusable as refused:
        context = {"differences": None, "problems": refused.problems}
        return render(request, "definitions/definitions.html", context, status=422)


def definitions_file(request: HttpRequest) -> HttpResponse:
    """Hand out what is defined, as YAML."""
    if not queries.may_keep(request.user):
        raise Http404("not theirs to keep")
    response = HttpResponse(schema.as_yaml(queries.defined()), content_type="application/yaml; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="playbook.yaml"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
