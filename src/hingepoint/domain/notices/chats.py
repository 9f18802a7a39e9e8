"""What the mail of a day tells, as a message for a chat: its shape, and handing it to the address of a channel.

Names of deals come from customers. In both shapes they stand where nothing in them becomes a link, a mention or a heading:
escaped and verbatim in Slack (Block Kit), in a run of text, which knows no markup, in Teams (an Adaptive Card).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any
from urllib.parse import urlsplit

from hingepoint.connectors import outgoing
from hingepoint.domain.notices.letters import LED, VAIN, Link, and_more
from hingepoint.domain.notices.rules import Group
from hingepoint.domain.webhooks.rules import BadAddress, require_address, taken
from hingepoint.records.errors import Refused
from hingepoint.records.languages import told_again, words_of
from hingepoint.records.notices import ChatService

Post = Callable[..., outgoing.Said]
SECONDS, MOST_BYTES = 15.0, 1_000
#: Slack takes so many signs in one part of a message; a line of ours is far shorter.
_MOST_SIGNS = 2_900
#: Where the addresses of channels are: what ends otherwise belongs to somebody else.
HOSTS = {
    ChatService.SLACK: ("hooks.slack.com", "hooks.slack-gov.com"),
    ChatService.TEAMS: (".logic.azure.com", ".api.powerplatform.com", ".webhook.office.com"),
}
WHERE = words_of(
    "At most one message a day comes, and none when nothing is new. Choose the hour, what it tells, or none at all."
)
_NOTICES, _LAST = words_of("Mail, chat and calendar"), words_of("your last messages")


class NotTaken(Refused):
    """The chat did not take a message; the words say what it answered."""


def require_channel(service: ChatService, url: str, allowed: Collection[str]) -> None:
    """Refuse an address that is none of a channel of this chat, unless its host and port were allowed by name."""
    require_address(url, allowed)
    place = urlsplit(url)
    host = place.hostname or ""
    known = any(host == one or (one[0] == "." and host.endswith(one)) for one in HOSTS[service])
    if not known and f"{host}:{place.port or (443 if place.scheme == 'https' else 80)}" not in allowed:
        raise BadAddress(
            f"This is no address of a channel in {service.label}: these end in {HOSTS[service][0].lstrip('.')}."
        )


def tell(
    service: ChatService, url: str, message: dict[str, Any], *, allowed: Collection[str], post: Post
) -> None:
    """Hand a message to a channel. Raises NotTaken."""
    try:
        body = json.dumps(message, ensure_ascii=False).encode()
        headers = {"content-type": "application/json", "user-agent": "Hingepoint/1"}
        said = post(url, body, headers, allowed=allowed, seconds=SECONDS, most_bytes=MOST_BYTES)
    except (outgoing.AddressRefused, outgoing.NoAnswer) as problem:
        raise NotTaken(str(problem)) from None
    if not taken(said.status):
        words = "".join(one if one.isprintable() else " " for one in said.text)[:200]
        raise NotTaken(f"{service.label} answered {said.status}: {words}")


def message(
    service: ChatService,
    title: str,
    groups: Sequence[Group],
    link: Link,
    *,
    where: str = WHERE,
    led: bool = True,
) -> dict[str, Any]:
    """Return the message of a day in the shape of its chat; ``where`` says how to have another, ``led`` asks what it led to."""
    asked = LED if led and groups else ""
    return {ChatService.SLACK: _slack, ChatService.TEAMS: _teams}[service](
        title, groups, link, told_again(asked), told_again(where)
    )


def _lines(group: Group, link: Link) -> list[tuple[str, str]]:
    """Return what is told of one kind, and where each leads: its lines, how many more there are, and whether to leave it out."""
    told = [(line.words, link(line.page, line.about)) for line in group.lines]
    more = [(and_more(group.more), link("home", ()))] if group.more else []
    return [*told, *more, *([(told_again(VAIN), f"{link('notices', ())}#kinds")] if group.vain else [])]


# ---- Slack: Block Kit ----


def _slack(title: str, groups: Sequence[Group], link: Link, asked: str, says: str) -> dict[str, Any]:
    parts = [
        _mrkdwn("\n".join([f"*{_plain(group.kind.label)}*", *_slack_lines(group, link)])) for group in groups
    ]
    blocks = [{"type": "section", "text": part} for part in parts]
    head = {"type": "header", "text": {"type": "plain_text", "text": title[:150]}}
    notices = link("notices", ())
    led = [_mrkdwn(f"{asked} {_link(f'{notices}#mails', told_again(_LAST))}")] if asked else []
    where = _mrkdwn(f"{says} {_link(notices, told_again(_NOTICES))}")
    foot = {"type": "context", "elements": [*led, where]}
    return {"text": _plain(title), "blocks": [head, *blocks, foot]}


def _slack_lines(group: Group, link: Link) -> list[str]:
    return [f"• {_link(url, words)}" for words, url in _lines(group, link)]


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text[:_MOST_SIGNS], "verbatim": True}


def _link(url: str, words: str) -> str:
    return f"<{url}|{_plain(words[:400])}>"


def _plain(words: str) -> str:
    """Return words in which Slack reads nothing: its three signs escaped, those of its markup made look-alikes."""
    escaped = words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.translate({ord("*"): "∗", ord("_"): "ˍ", ord("~"): "∼", ord("`"): "ˋ", ord("|"): "∣"})


# ---- Teams: an Adaptive Card ----


def _teams(title: str, groups: Sequence[Group], link: Link, asked: str, says: str) -> dict[str, Any]:
    body = [_run([_text(title, size="large", weight="bolder")])]
    for group in groups:
        body.append(_run([_text(group.kind.label, weight="bolder")]))
        body += [_run([_text(words, url=url)]) for words, url in _lines(group, link)]
    notices = link("notices", ())
    led = [_run([_text(asked, url=f"{notices}#mails")])] if asked else []
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [*body, *led, _run([_text(says, isSubtle=True)])],
        "actions": [{"type": "Action.OpenUrl", "title": told_again(_NOTICES), "url": notices}],
    }
    attached = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attached]}


def _run(inlines: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": inlines}


def _text(words: str, *, url: str = "", **look: Any) -> dict[str, Any]:
    opens = {"selectAction": {"type": "Action.OpenUrl", "url": url}} if url else {}
    return {"type": "TextRun", "text": words, **look, **opens}
