"""What demands and reasons say: what a demand is about, and whether its reason says anything beyond it.

A reason that only repeats the demand ("they want a lower price") leaves nothing to trade with. What is
judged is content, never length: a long sentence may repeat and two words may explain. The word lists
are English; a reason in another language counts as one, which errs on the friendly side.
"""

from __future__ import annotations

import re

from hingepoint.records.talks import Topic

#: Words that say what a text is about, as ``stems`` gives them.
_ABOUT: dict[Topic, frozenset[str]] = {
    Topic.PRICE: frozenset(
        [
            "price",
            "discount",
            "percent",
            "rate",
            "cheap",
            "cheaper",
            "expensive",
            "cost",
            "cut",
            "reduction",
            "reduce",
            "rebate",
            "low",
            "lower",
            "round",
            "figure",
            "offer",
            "money",
            "spend",
        ]
    ),
    Topic.PAYMENT: frozenset(
        ["pay", "payment", "day", "invoice", "instalment", "late", "later", "net", "prepay", "due", "credit"]
    ),
    Topic.EXTRAS: frozenset(
        [
            "free",
            "charge",
            "extra",
            "train",
            "service",
            "spare",
            "include",
            "support",
            "warranty",
            "year",
            "workshop",
            "licence",
            "on-top",
        ]
    ),
    Topic.DELIVERY: frozenset(
        [
            "deliver",
            "delivery",
            "early",
            "earlier",
            "soon",
            "sooner",
            "fast",
            "faster",
            "install",
            "installation",
            "go-live",
            "date",
            "week",
            "stock",
            "weekend",
            "quick",
            "quicker",
        ]
    ),
    Topic.LIABILITY: frozenset(
        [
            "liable",
            "liability",
            "penalty",
            "cap",
            "contract",
            "clause",
            "indemnity",
            "legal",
            "term",
            "text",
            "condition",
            "sla",
        ]
    ),
}

#: Words that carry no reason by themselves.
_EMPTY = frozenset(
    [
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "of",
        "to",
        "for",
        "from",
        "in",
        "on",
        "at",
        "by",
        "with",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "it",
        "its",
        "this",
        "that",
        "they",
        "them",
        "their",
        "he",
        "she",
        "his",
        "her",
        "we",
        "us",
        "our",
        "you",
        "your",
        "i",
        "my",
        "not",
        "no",
        "do",
        "does",
        "did",
        "so",
        "just",
        "only",
        "very",
        "too",
        "much",
        "more",
        "most",
        "less",
        "good",
        "better",
        "best",
        "want",
        "wish",
        "need",
        "ask",
        "request",
        "demand",
        "like",
        "get",
        "have",
        "has",
        "had",
        "give",
        "given",
        "must",
        "should",
        "would",
        "can",
        "could",
        "will",
        "because",
        "why",
        "reason",
        "customer",
        "client",
        "buyer",
        "procurement",
        "purchas",
        "side",
        "thing",
        "something",
        "some",
        "any",
        "all",
        "deal",
        "order",
        "product",
        "supplier",
        "now",
        "again",
        "than",
        "then",
        "if",
        "when",
        "there",
        "make",
        "take",
        "keep",
        "still",
        "really",
        "simply",
    ]
)


def stems(text: str) -> frozenset[str]:
    """Return the words of a text without endings, lower case."""
    return frozenset(_stem(word) for word in re.findall(r"[^\W\d_][\w-]*", text.lower()))


def _stem(word: str) -> str:
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word.removesuffix("e") if len(word) > 3 else word


_TOPIC_STEMS = {topic: frozenset(_stem(word) for word in words) for topic, words in _ABOUT.items()}
_NAMED = {topic.value: topic for topic in Topic}
_EMPTY_STEMS = frozenset(_stem(word) for word in _EMPTY)


def topic_of(name: str, words: str = "") -> Topic:
    """Return what a demand or concession is about: its name where that is a topic, else by its words."""
    if named := _NAMED.get(name.strip().lower()):
        return named
    said = stems(f"{name} {words}")
    hits = {topic: len(said & about) for topic, about in _TOPIC_STEMS.items()}
    best = max(hits, key=lambda topic: hits[topic])
    if not hits[best] and "%" in f"{name} {words}":
        return Topic.PRICE
    return best if hits[best] else Topic.OTHER


def content(text: str) -> frozenset[str]:
    """Return the stems of a text that carry meaning."""
    return stems(text) - _EMPTY_STEMS


def repeats(reason: str, *, demand: str, topic: Topic) -> bool:
    """Return whether a reason says nothing that the demand does not say already."""
    return not beyond(reason, demand=demand, topic=topic)


def beyond(reason: str, *, demand: str, topic: Topic) -> frozenset[str]:
    """Return the stems of what a reason says that the demand does not say already."""
    return content(reason) - content(demand) - _TOPIC_STEMS.get(topic, frozenset())


#: Two reasons share so much of their content to count as the same.
ALIKE = 0.4


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the share of stems that two contents have in common (Jaccard); 0 when both are empty."""
    return len(one & other) / len(one | other) if one or other else 0.0
