"""Checks what goes over the wire against an OpenAPI 3.0 description: the part of it that such descriptions use.

Null is taken where a text is described: HubSpot sends it for properties without a value, and its description
does not say so.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

TYPES = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}


class Spec:
    def __init__(self, said: Mapping[str, Any]):
        self.said = said

    def request(self, path: str, method: str) -> Mapping[str, Any]:
        asked = self.said["paths"][path][method.lower()]
        body = asked["requestBody"]["content"]["application/json"]["schema"]
        found: Mapping[str, Any] = body
        return found

    def reply(self, path: str, method: str, status: int) -> Mapping[str, Any]:
        answers = self.said["paths"][path][method.lower()]["responses"]
        if str(status) not in answers:
            return {"$ref": "#/components/schemas/Error"}
        return answers[str(status)]["content"]["application/json"]["schema"]

    def parameters(self, path: str, method: str) -> set[str]:
        said = self.said["paths"][path][method.lower()].get("parameters", ())
        return {each["name"] for each in said if each["in"] == "query"}

    def faults(self, value: Any, schema: Mapping[str, Any], where: str = "$") -> Iterator[str]:
        """Yield what does not agree."""
        if "$ref" in schema:
            yield from self.faults(value, self._named(schema["$ref"]), where)
            return
        kind = schema.get("type")
        if value is None and kind == "string":
            return
        if kind and (not isinstance(value, TYPES[kind]) or (kind != "boolean" and isinstance(value, bool))):
            yield f"{where}: {value!r} is not of type {kind}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is none of {schema['enum']}"
        if schema.get("format") == "date-time":
            dt.datetime.fromisoformat(value)
        yield from self._inside(value, schema, where)

    def _inside(self, value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
        if isinstance(value, list):
            for n, each in enumerate(value):
                yield from self.faults(each, schema.get("items", {}), f"{where}[{n}]")
        elif isinstance(value, dict):
            yield from (
                f"{where}: {name} is missing" for name in schema.get("required", ()) if name not in value
            )
            for name, each in value.items():
                yield from self._member(name, each, schema, where)

    def _member(self, name: str, value: Any, schema: Mapping[str, Any], where: str) -> Iterator[str]:
        known, more = schema.get("properties", {}), schema.get("additionalProperties")
        if name in known:
            yield from self.faults(value, known[name], f"{where}.{name}")
        elif isinstance(more, dict):
            yield from self.faults(value, more, f"{where}.{name}")
        elif known:
            yield f"{where}: {name} is not described"

    def _named(self, reference: str) -> Mapping[str, Any]:
        found: Any = self.said
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]
        return found
