"""Slack and Teams played on loopback: they take what their documents describe, and refuse what is anything else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hingepoint.records.notices import ChatService
from hooks import listening


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


# ---- Slack: docs.slack.dev/reference/block-kit ----


class Plain(Strict):
    type: Literal["plain_text"]
    text: Annotated[str, Field(min_length=1, max_length=150)]


class Mrkdwn(Strict):
    type: Literal["mrkdwn"]
    text: Annotated[str, Field(min_length=1, max_length=3000)]
    verbatim: bool


class Header(Strict):
    type: Literal["header"]
    text: Plain


class Section(Strict):
    type: Literal["section"]
    text: Mrkdwn


class Context(Strict):
    type: Literal["context"]
    elements: Annotated[list[Mrkdwn], Field(min_length=1, max_length=10)]


class SlackMessage(Strict):
    text: Annotated[str, Field(max_length=40_000)]
    blocks: Annotated[
        list[Annotated[Header | Section | Context, Field(discriminator="type")]], Field(max_length=50)
    ]


# ---- Teams: an Adaptive Card 1.4 in the envelope of a Workflow ----


class OpenUrl(Strict):
    type: Literal["Action.OpenUrl"]
    url: Annotated[str, Field(pattern="^https?://")]
    title: str = ""


class TextRun(Strict):
    type: Literal["TextRun"]
    text: str
    size: Literal["default", "small", "medium", "large", "extraLarge"] = "default"
    weight: Literal["default", "lighter", "bolder"] = "default"
    isSubtle: bool = False
    selectAction: OpenUrl | None = None


class RichTextBlock(Strict):
    type: Literal["RichTextBlock"]
    inlines: Annotated[list[TextRun], Field(min_length=1)]


class AdaptiveCard(Strict):
    schema_: Literal["http://adaptivecards.io/schemas/adaptive-card.json"] = Field(alias="$schema")
    type: Literal["AdaptiveCard"]
    version: Literal["1.4"]
    body: list[RichTextBlock]
    actions: list[OpenUrl]


class Attachment(Strict):
    contentType: Literal["application/vnd.microsoft.card.adaptive"]
    contentUrl: None
    content: AdaptiveCard


class TeamsMessage(Strict):
    type: Literal["message"]
    attachments: Annotated[list[Attachment], Field(min_length=1, max_length=1)]


SHAPES: dict[ChatService, type[BaseModel]] = {
    ChatService.SLACK: SlackMessage,
    ChatService.TEAMS: TeamsMessage,
}
TAKEN = {ChatService.SLACK: (200, b"ok"), ChatService.TEAMS: (202, b"")}


@contextmanager
def chat(service: ChatService, *, refuse: int = 0) -> Iterator[tuple[str, list[dict]]]:
    """Serve a chat on loopback; yield its HOST:PORT and the messages it took. ``refuse``: with which status it answers all."""
    took: list[dict] = []

    def answer(handler) -> None:
        body = handler.body
        status, said = TAKEN[service]
        try:
            SHAPES[service].model_validate_json(body)
        except ValidationError:
            status, said = 400, b"invalid_blocks"
        if refuse:
            status, said = refuse, b"channel_is_archived"
        if status < 300:
            took.append(json.loads(body))
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(said)))
        handler.end_headers()
        handler.wfile.write(said)

    with listening(answer) as (place, _):
        yield place, took


def reached(settings, *places: str, **more) -> None:
    """Let this installation have an address, and reach chats on loopback."""
    told = {"address": "https://hinge.example", "allow_outbound": list(places)} | more
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update=told)
