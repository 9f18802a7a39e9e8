"""Forms of pages, as the tests send them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse

#: What tells a form of one version of something from that of the next.
VERSIONS = re.compile(r"version|number|version-\d+")
#: Kinds of fields into which one types.
TYPED_IN = ("text", "search", "url", "email", "date", "number", "tel")


def token_in(shown: HttpResponse) -> str:
    """Return the one-time token of the last form on a page that has one."""
    return re.findall(r'name="form_token" value="([0-9a-f]{32})"', shown.content.decode())[-1]


@dataclass
class Form:
    """A form of a page as a browser sees it: what it would send, the fields one types into, and what stands in them."""

    action: str
    sent: dict[str, str] = field(default_factory=dict)
    hidden: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)

    @property
    def version(self) -> dict[str, str]:
        """What it says of the version it was made for."""
        return {name: self.sent[name] for name in self.hidden if VERSIONS.fullmatch(name)}


class Forms(HTMLParser):
    """The forms of a page that are posted."""

    def __init__(self, page: str, at: str):
        super().__init__()
        self.at, self.found, self.now, self.select, self.area = at, [], None, "", ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        said = dict(attrs)
        if tag == "form":
            self.now = Form(said.get("action") or self.at) if said.get("method") == "post" else None
        name = said.get("name")
        if self.now is None:
            return
        if tag == "option" and self.select and ("selected" in said or self.select not in self.now.sent):
            self.now.sent[self.select] = said.get("value", "")
        if not name:
            return
        if tag == "select":
            self.select = name
        elif (tag == "textarea" and "hidden" not in said) or (
            tag == "input" and "hidden" not in said and said.get("type", "text") in TYPED_IN
        ):
            self.now.typed.append(name)
            self.now.known[name] = said.get("value") or ""
            self.area = name if tag == "textarea" else ""
        elif tag == "input" and (said.get("type") == "hidden" or "checked" in said):
            self.now.sent[name] = said.get("value", "on")
            self.now.hidden += [name] * (said.get("type") == "hidden")
        elif tag == "button":
            self.now.sent.setdefault(name, said.get("value", ""))

    def handle_data(self, data):
        if self.now and self.area:
            self.now.known[self.area] += data

    def handle_endtag(self, tag):
        if tag == "textarea":
            self.area = ""
        if tag == "form" and self.now:
            self.found.append(self.now)
            self.now = None
        if tag == "select":
            self.select = ""


def send(client: Any, address: str, said: Mapping[str, Any], *, page: str = "", **more: Any) -> HttpResponse:
    """Send a form as a browser does that has it from its ``page``: with the version it was made for."""
    shown = client.get(page or address).content.decode()
    form = next(one for one in Forms(shown, address).found if one.action == address)
    return client.post(address, form.version | dict(said), **more)
