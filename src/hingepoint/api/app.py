"""The list of subjects, and the addresses under ``/api/``."""

from __future__ import annotations

from functools import lru_cache, wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from hingepoint.api import (
    agreements,
    deals,
    exceptions,
    findings,
    people,
    plans,
    playbook,
    problems,
    reviews,
    signals,
    talks,
)
from hingepoint.web import answers

#: Grows with what is added; what stands is not changed or taken away within one major number.
VERSION = "1.0.0"
SUBJECTS = (
    people.you,
    people.subject,
    deals.subject,
    agreements.subject,
    talks.subject,
    plans.subject,
    exceptions.subject,
    findings.subject,
    playbook.subject,
    signals.subject,
    reviews.subject,
)

api = NinjaAPI(
    title="Hingepoint",
    version=VERSION,
    description="What pages show and take, for programs, with the rights of the person whose token they carry.",
    openapi_url=None,
    docs_url=None,
    urls_namespace="api",
)
for _subject in SUBJECTS:
    api.add_router("", _subject)
for _kind in (Exception, problems.HttpError, problems.ValidationError, answers.Http404):
    api.exception_handler(_kind)(problems.answer)


@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """Return the OpenAPI document: problems have the media type of their own."""
    told = dict(api.get_openapi_schema(path_prefix="api/"))
    for operations in told["paths"].values():
        for operation in operations.values():
            operation["responses"] = {
                str(code): _typed(code, one) for code, one in operation["responses"].items()
            }
    return told


def _typed(code: int, response: dict[str, Any]) -> dict[str, Any]:
    if code < 400:
        return response
    schema = response["content"]["application/json"]["schema"]
    return {"description": problems.TITLES[code], "content": {problems.MEDIA_TYPE: {"schema": schema}}}


@require_safe
@login_not_required
def openapi(request: HttpRequest) -> HttpResponse:
    """Hand out the document of the API, to anybody: it holds nothing of the company."""
    return JsonResponse(document())


@csrf_exempt
@login_not_required
def nothing(request: HttpRequest) -> HttpResponse:
    """Answer for every address that is none of the API."""
    return problems.problem(404, answers.NOTHING_HERE)


def _open(pattern: URLPattern) -> URLPattern:
    """Let tokens, not sessions, open an address; another method is answered as a problem too."""
    view = pattern.callback

    @wraps(view)
    def answered(request: HttpRequest, **named: Any) -> HttpResponse:
        response = view(request, **named)
        if isinstance(response, HttpResponseNotAllowed):
            said = problems.problem(405, problems.METHOD)
            said.headers["Allow"] = response.headers["Allow"]
            return said
        return response

    return URLPattern(pattern.pattern, csrf_exempt(login_not_required(answered)), name=f"api-{pattern.name}")


urlpatterns = [
    path("openapi.json", openapi, name="api-document"),
    *(_open(one) for one in api.urls[0] if isinstance(one, URLPattern) and one.name != "api-root"),
    re_path(r"^[\s\S]*$", nothing),  # a line break in an address, too
]
