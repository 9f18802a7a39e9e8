"""SCIM 2.0 (RFC 7643, 7644): the company's directory looks after people and groups by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import scim2_models as scim
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError
from scim2_models import Context
from scim2_models.path import CompareOperator, Comparison

from hingepoint.api import scim_shapes as shapes
from hingepoint.api.callers import AsksTooOften, let_pass, who
from hingepoint.domain.directory import actions, queries
from hingepoint.domain.people.queries import User, keeps_people
from hingepoint.records.directory import GroupThere, PersonThere
from hingepoint.records.errors import Hidden, Refused, Stale
from hingepoint.records.tokens import WRITE, Topic, allows
from hingepoint.web import limits, security_log
from hingepoint.web.requests import whole_number

MEDIA_TYPE = "application/scim+json"
#: What a directory may send at once: a group with some ten thousand members.
MOST_BYTES = 4_000_000
#: What went wrong -> status and, where the standard has one, its name.
PROBLEMS: dict[type[Exception], tuple[int, str | None]] = {
    Hidden: (404, None),
    Stale: (412, None),
    actions.ThereAlready: (409, "uniqueness"),
    actions.Needed: (403, None),
    Refused: (400, "invalidValue"),
}
View: TypeAlias = Callable[..., HttpResponse]


class _Said(Exception):
    """Ends a request with a status and words."""

    def __init__(self, status: int, words: str, kind: str | None = None):
        self.status, self.words, self.kind = status, words, kind
        super().__init__(words)


def _answer(status: int, body: dict[str, Any] | None, **headers: str) -> HttpResponse:
    text = "" if body is None else json.dumps(body)
    return HttpResponse(text, status=status, content_type=MEDIA_TYPE, headers=headers)


def _problem(status: int, words: str, kind: str | None = None) -> HttpResponse:
    told = scim.Error(status=status, scim_type=kind, detail=words).model_dump(mode="json")
    extra = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    return _answer(status, told, **extra)


def _opened(**by_method: View) -> View:
    """Return the view of an address: for the directory's own program alone, and every problem as the standard has it."""

    @csrf_exempt
    @login_not_required
    def respond(request: HttpRequest, **where: Any) -> HttpResponse:
        try:
            viewer = _program(request)
            view = by_method.get(request.method or "")
            if view is None:
                return _not_allowed(by_method)
            return view(request, viewer, **where)
        except _Said as said:
            return _problem(said.status, said.words, said.kind)
        except AsksTooOften as error:
            security_log.too_often(request, who=error.who)
            answer = _problem(429, error.words)
            answer.headers["Retry-After"] = str(error.seconds)
            return answer
        except scim.SCIMException as wrong:
            told = wrong.to_error()
            return _problem(told.status or 400, told.detail or "", told.scim_type)
        except ValidationError as wrong:
            first = scim.Error.from_validation_errors(wrong)[0]
            return _problem(first.status or 400, first.detail or "", first.scim_type)
        except tuple(PROBLEMS) as problem:
            status, kind = next(told for of, told in PROBLEMS.items() if isinstance(problem, of))
            return _problem(status, "There is no such resource." if status == 404 else str(problem), kind)

    return respond


def _not_allowed(by_method: Iterable[str]) -> HttpResponse:
    answer = _problem(405, "This is not offered here.")
    answer.headers["Allow"] = ", ".join(by_method)
    return answer


def _program(request: HttpRequest) -> User:
    """Return as whom the directory's program acts: only the token of a service, with this scope alone, of one that keeps people."""
    caller = who(request)
    if caller is None:
        raise _Said(401, "Send a token that works in the header Authorization, as Bearer.")
    own = caller.token.service and keeps_people(caller.user)
    if not own or not allows(caller.scopes, Topic.DIRECTORY, WRITE):
        raise _Said(
            403, "This takes the token of a program of its own, an analyst's, that may write the directory."
        )
    let_pass(caller, limits.PROGRAMS)
    return caller.user


def _base(request: HttpRequest) -> str:
    return request.build_absolute_uri("/scim/v2")


def _sent(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > MOST_BYTES:
        raise _Said(413, "That is more than is taken at once.")
    try:
        found = json.loads(request.body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise _Said(400, "The body must be a JSON object.", "invalidSyntax")
    return found


def _number(text: str) -> int:
    found = whole_number(text)
    if found is None:
        raise Hidden("no such number")
    return found


def _expected(request: HttpRequest) -> int | None:
    """Return the version that the sender knows, None where they do not say. Raises Stale for what was never one."""
    said = request.headers.get("If-Match", "").strip()
    if said in ("", "*"):
        return None
    found = whole_number(said.removeprefix("W/").strip('"'))
    if found is None:
        raise Stale
    return found


def _shown(request: HttpRequest, status: int, told: dict[str, Any]) -> HttpResponse:
    """Answer with one resource, or that it is as it was known."""
    version = told["meta"]["version"]
    if request.method == "GET" and request.headers.get("If-None-Match") == version:
        return _answer(304, None, ETag=version)
    model = shapes.Person if told["meta"]["resourceType"] == "User" else shapes.Group
    more = {"Location": told["meta"]["location"]} if status == 201 else {}
    return _answer(status, _dumped(model, told, _asked(request)), ETag=version, **more)


def _asked(request: HttpRequest) -> dict[str, str]:
    """Return what is asked of a list or a resource: in the address, or in the body of a search."""
    if not request.path.endswith("/.search"):
        return request.GET.dict()
    sent = _sent(request)
    return {
        name: ",".join(map(str, one)) if isinstance(one, list) else str(one) for name, one in sent.items()
    }


def _dumped(model: Any, told: dict[str, Any], asked: Mapping[str, str]) -> dict[str, Any]:
    wanted = {name: asked[name] for name in ("attributes", "excludedAttributes") if asked.get(name)}
    chosen = scim.ResponseParameters[model].model_validate(wanted) if wanted else None
    resource = model.model_validate(told)
    return resource.model_dump(
        mode="json", scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=chosen
    )


# ---- lists ----


def _listed(
    request: HttpRequest,
    model: Any,
    find: Callable[..., list[Any]],
    told: Callable[[Any, str], dict[str, Any]],
    known: dict[str, str],
) -> HttpResponse:
    """Answer with a page of what a filter finds."""
    asked, base = _asked(request), _base(request)
    text = asked.get("filter", "")
    rule = scim.ScimFilter[model](text) if text else None
    rows = find(**_by_database(rule, known))
    found = [told(row, base) for row in rows]
    if rule is not None:
        found = [one for one in found if rule.match(model.model_validate(one))]
    begin = max(1, _count(asked, "startIndex", 1))
    most = min(max(0, _count(asked, "count", shapes.MOST_RESULTS)), shapes.MOST_RESULTS)
    page = found[begin - 1 : begin - 1 + most]
    return _answer(
        200,
        {
            "schemas": [str(scim.ListResponse.__schema__)],
            "totalResults": len(found),
            "startIndex": begin,
            "itemsPerPage": len(page),
            "Resources": [_dumped(model, one, asked) for one in page],
        },
    )


def _by_database(rule: Any, known: dict[str, str]) -> dict[str, Any]:
    """Return what the database can look for, where a filter asks for one thing by its name; all else is compared one by one."""
    asked = rule.ast if rule is not None else None
    if not isinstance(asked, Comparison) or asked.op != CompareOperator.eq:
        return {}
    name = str(asked.attr_path).rpartition(":")[2].lower()
    if name not in known or not isinstance(asked.value, str):
        return {}
    value = whole_number(asked.value) if name == "id" else asked.value
    return {known[name]: -1 if value is None else value}


def _count(asked: Mapping[str, str], name: str, otherwise: int) -> int:
    said = asked.get(name, "")
    if not said:
        return otherwise
    number = whole_number(said.removeprefix("-"))
    if number is None:
        raise _Said(400, f"{name} is a whole number.", "invalidValue")
    return -number if said.startswith("-") else number


# ---- people ----


def _list_people(request: HttpRequest, viewer: User) -> HttpResponse:
    def find(**which: Any) -> list[PersonThere]:
        return queries.people(viewer, **which)

    return _listed(request, shapes.Person, find, shapes.person_told, queries.PEOPLE_BY)


def _add_person(request: HttpRequest, viewer: User) -> HttpResponse:
    sent = shapes.Whole.model_validate(_sent(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    number = actions.add_person(by=viewer, at=timezone.now(), said=shapes.said_of(sent))
    return _shown(request, 201, _person(request, viewer, number))


def _person(request: HttpRequest, viewer: User, number: int) -> dict[str, Any]:
    return shapes.person_told(queries.person(viewer, number), _base(request))


def _show_person(request: HttpRequest, viewer: User, key: str) -> HttpResponse:
    return _shown(request, 200, _person(request, viewer, _number(key)))


def _read_at(request: HttpRequest, known: PersonThere | GroupThere) -> int:
    """Return the version that a patch is laid over: the one that was read a moment ago, and the sender's if they say one."""
    expected = _expected(request)
    return known.version if expected is None else expected


#: The one entry of a list, by a word of it, and what is said of that entry: ``emails[type eq "work"].value``.
_ENTRY = re.compile(r'(\w+)\[(\w+) eq "([^"]*)"\]\.(\w+)')


def _patched(request: HttpRequest, model: Any, now: Any) -> None:
    """Lay a patch over a resource. An entry of which something is said is made where it is not there: Entra ID means that."""
    sent = _sent(request)
    operations, there = sent.get("Operations"), now.model_dump(mode="json")
    if isinstance(operations, list):
        sent["Operations"] = [_with_entry(one, there) for one in operations]
    scim.PatchOp[model].model_validate(sent, scim_ctx=Context.RESOURCE_PATCH_REQUEST).patch(now)


def _with_entry(operation: Any, there: dict[str, Any]) -> Any:
    path = operation.get("path") if isinstance(operation, dict) else None
    asked = _ENTRY.fullmatch(path) if isinstance(path, str) else None
    if asked is None or str(operation.get("op")).lower() == "remove":
        return operation
    attribute, mark, word, part = asked.groups()
    if any(one.get(mark) == word for one in there.get(attribute) or ()):
        return operation
    return {"op": "add", "path": attribute, "value": [{mark: word, part: operation.get("value")}]}


def _keep_person(
    request: HttpRequest, viewer: User, number: int, sent: scim.User, version: int | None
) -> HttpResponse:
    told: dict[str, Any] = {"number": number, "version": version, "said": shapes.said_of(sent)}
    actions.change_person(by=viewer, at=timezone.now(), **told)
    return _shown(request, 200, _person(request, viewer, number))


def _drop_person(request: HttpRequest, viewer: User, key: str) -> HttpResponse:
    number, version = _number(key), _expected(request)
    actions.drop_person(by=viewer, at=timezone.now(), number=number, version=version)
    return _answer(204, None)


# ---- groups ----


def _list_groups(request: HttpRequest, viewer: User) -> HttpResponse:
    def find(**which: Any) -> list[GroupThere]:
        return queries.groups(viewer, **which)

    return _listed(request, shapes.Group, find, shapes.group_told, queries.GROUPS_BY)


def _group(request: HttpRequest, viewer: User, number: int) -> dict[str, Any]:
    return shapes.group_told(queries.group(viewer, number), _base(request))


def _facts(group: shapes.Group) -> dict[str, Any]:
    """Return what a directory says of a group."""
    members = {whole_number(one.value) for one in group.members or () if one.value}
    if None in members:
        raise actions.Unreadable("A member of the group is nobody whom the directory told of.")
    name = " ".join((group.display_name or "").split())[:200]
    return {"name": name, "external_id": group.external_id or "", "members": members}


def _add_group(request: HttpRequest, viewer: User) -> HttpResponse:
    sent = shapes.Group.model_validate(_sent(request), scim_ctx=Context.RESOURCE_CREATION_REQUEST)
    number = actions.add_group(by=viewer, at=timezone.now(), **_facts(sent))
    return _shown(request, 201, _group(request, viewer, number))


def _show_group(request: HttpRequest, viewer: User, key: str) -> HttpResponse:
    return _shown(request, 200, _group(request, viewer, _number(key)))


def _keep_group(
    request: HttpRequest, viewer: User, number: int, sent: shapes.Group, version: int | None
) -> HttpResponse:
    actions.change_group(by=viewer, at=timezone.now(), number=number, version=version, **_facts(sent))
    return _shown(request, 200, _group(request, viewer, number))


def _drop_group(request: HttpRequest, viewer: User, key: str) -> HttpResponse:
    number, version = _number(key), _expected(request)
    actions.drop_group(by=viewer, at=timezone.now(), number=number, version=version)
    return _answer(204, None)


# ---- changed whole, or by a patch ----


def _changed(
    model: Any,
    known: Callable[[User, int], Any],
    told: Callable[[Any, str], Any],
    keep: Callable[..., HttpResponse],
) -> tuple[View, View]:
    """Return the views that replace a resource and that lay a patch over it."""

    def replace(request: HttpRequest, viewer: User, key: str) -> HttpResponse:
        number = _number(key)
        known(viewer, number)
        sent = model.model_validate(_sent(request), scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST)
        return keep(request, viewer, number, sent, _expected(request))

    def patch(request: HttpRequest, viewer: User, key: str) -> HttpResponse:
        there = known(viewer, _number(key))
        now = model.model_validate(told(there, _base(request)))
        _patched(request, model, now)
        return keep(request, viewer, there.number, now, _read_at(request, there))

    return replace, patch


_replace_person, _patch_person = _changed(shapes.Whole, queries.person, shapes.person_told, _keep_person)
_replace_group, _patch_group = _changed(shapes.Group, queries.group, shapes.group_told, _keep_group)


# ---- what there is ----


def _described(resources: Callable[[], list[Any]], model: Any) -> tuple[View, View]:
    """Return the views of a list of descriptions, and of one."""

    def dumped(request: HttpRequest) -> list[dict[str, Any]]:
        base, found = _base(request), resources()
        for one in found:
            place = "Schemas" if model is scim.Schema else "ResourceTypes"
            one.meta = scim.Meta(resource_type=model.__name__, location=f"{base}/{place}/{one.id}")
        return [one.model_dump(mode="json", scim_ctx=Context.RESOURCE_QUERY_RESPONSE) for one in found]

    def all_of_them(request: HttpRequest, viewer: User) -> HttpResponse:
        if "filter" in request.GET:
            raise _Said(403, "These are not filtered.")
        found = dumped(request)
        told = {"schemas": [str(scim.ListResponse.__schema__)], "totalResults": len(found)}
        return _answer(200, told | {"startIndex": 1, "itemsPerPage": len(found), "Resources": found})

    def one_of_them(request: HttpRequest, viewer: User, key: str) -> HttpResponse:
        found = next((one for one in dumped(request) if one["id"] == key), None)
        if found is None:
            raise Hidden("no such description")
        return _answer(200, found)

    return all_of_them, one_of_them


def _service(request: HttpRequest, viewer: User) -> HttpResponse:
    found = shapes.service()
    found.meta = scim.Meta(
        resource_type="ServiceProviderConfig", location=f"{_base(request)}/ServiceProviderConfig"
    )
    return _answer(200, found.model_dump(mode="json", scim_ctx=Context.RESOURCE_QUERY_RESPONSE))


def _nothing(request: HttpRequest, viewer: User) -> HttpResponse:
    raise Hidden("no such address")


def _both_at_once(request: HttpRequest, viewer: User) -> HttpResponse:
    raise _Said(501, "Search people and groups each by themselves.")


_schemas, _schema = _described(shapes.schemas, scim.Schema)
_types, _type = _described(shapes.resource_types, scim.ResourceType)
_EVERY_METHOD = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), _nothing)

urlpatterns = [
    path("ServiceProviderConfig", _opened(GET=_service), name="scim-service"),
    path("Schemas", _opened(GET=_schemas), name="scim-schemas"),
    path("Schemas/<str:key>", _opened(GET=_schema), name="scim-schema"),
    path("ResourceTypes", _opened(GET=_types), name="scim-types"),
    path("ResourceTypes/<str:key>", _opened(GET=_type), name="scim-type"),
    path(".search", _opened(POST=_both_at_once), name="scim-find"),
    path("Users/.search", _opened(POST=_list_people), name="scim-find-people"),
    path("Groups/.search", _opened(POST=_list_groups), name="scim-find-groups"),
    path("Users", _opened(GET=_list_people, POST=_add_person), name="scim-people"),
    path(
        "Users/<str:key>",
        _opened(GET=_show_person, PUT=_replace_person, PATCH=_patch_person, DELETE=_drop_person),
        name="scim-person",
    ),
    path("Groups", _opened(GET=_list_groups, POST=_add_group), name="scim-groups"),
    path(
        "Groups/<str:key>",
        _opened(GET=_show_group, PUT=_replace_group, PATCH=_patch_group, DELETE=_drop_group),
        name="scim-group",
    ),
    re_path(r"^[\s\S]*$", _opened(**_EVERY_METHOD)),
]
