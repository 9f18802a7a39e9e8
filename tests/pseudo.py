"""A language made for tests: every sentence stands in ⟦brackets⟧, so that what nobody can translate is seen."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hingepoint.records import po_files
from hingepoint.records.languages import Catalogue

LANGUAGE = "xx"


class Bracketed(Catalogue):
    """Says every sentence in brackets. A sentence that is made of places alone has nothing to say."""

    def told(self, words: str) -> str:
        context, of, word = words.rpartition(po_files.OF)
        return f"{context}{of}⟦{word}⟧"

    def forms(self, one: str, many: str) -> tuple[str, ...]:
        return f"⟦{one}⟧", f"⟦{many}⟧"


class _Texts(HTMLParser):
    """Collects what stands outside of brackets, as a reader sees or hears it."""

    SPOKEN = {"title", "aria-label", "alt", "placeholder", "data-label"}
    UNSEEN = {"script", "style"}

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.depth, self.unseen = 0, 0

    def handle_starttag(self, tag, attrs):
        self.unseen += tag in self.UNSEEN
        for name, value in attrs:
            if name in self.SPOKEN and value:
                self.outside.append(re.sub(r"⟦[^⟦⟧]*(⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧", " ", value))

    def handle_endtag(self, tag):
        self.unseen -= tag in self.UNSEEN

    def handle_data(self, data):
        if self.unseen:
            return
        for part in re.split(r"([⟦⟧])", data):
            if part in "⟦⟧":
                self.depth += {"⟦": 1, "⟧": -1}.get(part, 0)
            elif not self.depth:
                self.outside.append(part)


def words_outside(page: str, known: set[str]) -> list[str]:
    """Return the texts of a page that no sentence holds and that are none of the ``known`` values: they need a ``say``."""
    texts = _Texts()
    texts.feed(page)
    said = [" ".join(text.split()) for text in texts.outside]
    for value in sorted(known, key=len, reverse=True):
        said = [text.replace(value, " ") for text in said]
    return sorted({text.strip() for text in said if re.search(r"[A-Za-z]{2}", text)})
