"""What a token of the API may be used for."""

from __future__ import annotations

from hingepoint.records.languages import ENGLISH, Reason, Sentence, reason, spoken
from hingepoint.records.words import Worded


class Topic(Worded):
    """What the API tells of and takes, each by itself."""

    DEALS = "deals", "Deals and events"
    AGREEMENTS = "agreements", "Agreements"
    TALKS = "talks", "Demands and concessions"
    PLANS = "plans", "Plans and debriefs"
    EXCEPTIONS = "exceptions", "Exceptions"
    FINDINGS = "findings", "Findings"
    PLAYBOOK = "playbook", "Strategies, playbooks and the catalogue"
    SIGNALS = "signals", "Signals and pressures"
    REVIEWS = "reviews", "Reviews"
    PEOPLE = "people", "People and teams"
    PROPOSALS = "proposals", "What an assistant proposes, for you to confirm"
    DIRECTORY = "directory", "People and groups of the company's directory (SCIM)"


#: Of what something can be written through the API; the rest is read only.
WRITTEN = (
    Topic.DEALS,
    Topic.AGREEMENTS,
    Topic.TALKS,
    Topic.PLANS,
    Topic.EXCEPTIONS,
    Topic.FINDINGS,
    Topic.SIGNALS,
    Topic.PROPOSALS,
    Topic.DIRECTORY,
)
READ, WRITE = "read", "write"


def scope(topic: Topic, access: str) -> str:
    """Return how a token names one thing that it may do: ``deals:read``."""
    return f"{topic}:{access}"


class _Small(Sentence):
    """A word in the middle of a sentence: small in English, as it stands in another language."""

    def said(self) -> str:
        return super().said().lower() if spoken() == ENGLISH else super().said()


def _small(one: Topic) -> Sentence:
    return _Small(one.label)


#: Every scope with its words, in order.
SCOPES: dict[str, Reason] = {scope(one, READ): reason("Read: {what}", what=_small(one)) for one in Topic} | {
    scope(one, WRITE): reason("Write: {what}", what=_small(one)) for one in WRITTEN
}


def allows(scopes: frozenset[str], topic: Topic, access: str) -> bool:
    """Return whether scopes let somebody read or write; who may write something may read it."""
    wanted = {scope(topic, access)} | ({scope(topic, WRITE)} if access == READ else set())
    return bool(scopes & wanted)
