"""What SCIM 2.0 sends and gets here: the attributes that are kept, and how they become what we know of people and groups.

What a directory sends besides (telephones, addresses, its own numbers) is taken without complaint and not kept.
"""

from __future__ import annotations

from typing import Annotated, Any

import scim2_models as scim
from pydantic import Field
from scim2_models import CaseExact, Context, Mutability, Required, Uniqueness
from scim2_models.resources.user import GroupMembership

from hingepoint.records.directory import GroupThere, PersonThere, Said

MOST_RESULTS = 200
#: What a directory may send of somebody; ``Person`` below is what is kept and given back.
Whole = scim.User[scim.EnterpriseUser]


class Name(scim.ComplexAttribute):
    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(scim.ComplexAttribute):
    value: str | None = None
    type: str | None = None
    primary: bool | None = None


class Person(scim.Resource[Any]):
    """Somebody of the company, as far as Hingepoint keeps it."""

    __schema__ = scim.URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    display_name: str | None = None
    title: str | None = None
    active: Annotated[bool | None, Required.true] = None
    emails: list[Email] | None = None
    groups: Annotated[list[GroupMembership] | None, Mutability.read_only] = None


class Member(scim.ComplexAttribute):
    """Somebody in a group, by their number; how they are called is theirs to say."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[scim.Reference[scim.User] | None, Mutability.immutable] = Field(
        None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(None, examples=["User"])


class Group(scim.Resource[Any]):
    """A group of the company; groups in groups are not kept."""

    __schema__ = scim.URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[Member] | None = None


_KEPT = dict.fromkeys(("userName", "displayName", "title")) | {
    "name": ("formatted", "familyName", "givenName"),
    "emails": ("value", "type", "primary"),
}


def _kept(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of all that was sent."""
    found: dict[str, Any] = {}
    for name, parts in _KEPT.items():
        value = sent.get(name)
        if parts and isinstance(value, dict):
            value = {part: value[part] for part in parts if part in value}
        elif parts and isinstance(value, list):
            value = [{part: one[part] for part in parts if part in one} for one in value]
        if value not in (None, {}, []):
            found[name] = value
    return found


def said_of(person: scim.User) -> Said:
    """Return what the directory says of somebody."""
    told = _kept(person.model_dump(mode="json", scim_ctx=Context.DEFAULT))
    name = told.get("name", {})
    parts = " ".join(filter(None, (name.get("givenName"), name.get("familyName"))))
    called = told.get("displayName") or name.get("formatted") or parts or person.user_name or ""
    return Said(
        user_name=person.user_name or "",
        name=" ".join(called.split())[:200],
        mail=_mail(told),
        title=str(told.get("title", ""))[:200],
        active=person.active is not False,
        external_id=person.external_id or "",
        told=told,
    )


def _mail(told: dict[str, Any]) -> str:
    """Return by which address somebody is known: the first of theirs, the name they sign in with if that is one."""
    mails = sorted(told.get("emails", ()), key=lambda one: one.get("primary") is not True)
    found = next((one["value"] for one in mails if one.get("value")), "")
    user_name = told.get("userName", "")
    return (found or (user_name if "@" in user_name else "")).strip().lower()


def person_told(person: PersonThere, base: str) -> dict[str, Any]:
    """Return somebody as they are sent."""
    groups = [
        {"value": str(number), "$ref": f"{base}/Groups/{number}", "display": name, "type": "direct"}
        for number, name in person.groups
    ]
    facts = {"active": person.active, "groups": groups or None, "externalId": person.external_id or None}
    return {**person.told, "id": str(person.number), **facts, "meta": _meta("User", person, base)}


def group_told(group: GroupThere, base: str) -> dict[str, Any]:
    """Return a group as it is sent."""
    members = [
        {"value": str(number), "$ref": f"{base}/Users/{number}", "type": "User"} for number in group.members
    ]
    return {
        "id": str(group.number),
        "displayName": group.name,
        "externalId": group.external_id or None,
        "members": members or None,
        "meta": _meta("Group", group, base),
    }


def _meta(kind: str, row: PersonThere | GroupThere, base: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "created": row.made_at.isoformat(),
        "lastModified": row.changed_at.isoformat(),
        "location": f"{base}/{kind}s/{row.number}",
        "version": f'W/"{row.version}"',
    }


def service() -> scim.ServiceProviderConfig:
    """Return what this service can do."""
    return scim.ServiceProviderConfig.model_validate(
        {
            "documentationUri": "https://www.rfc-editor.org/rfc/rfc7644",
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MOST_RESULTS},
            "changePassword": {"supported": False},
            "sort": {"supported": False},
            "etag": {"supported": True},
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Token of a program",
                    "description": "Made under Tokens for programs, with the right to write the company's directory.",
                    "primary": True,
                }
            ],
        }
    )


def resource_types() -> list[scim.ResourceType]:
    """Return the two kinds; people are called as the standard has it."""
    people = scim.ResourceType.from_resource(Person)
    people.id, people.name, people.endpoint = "User", "User", scim.Reference("/Users")
    return [people, scim.ResourceType.from_resource(Group)]


def schemas() -> list[scim.Schema]:
    return [Person.to_schema(), Group.to_schema()]
