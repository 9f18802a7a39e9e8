"""The manual of the running version, shown by the product itself: no internet needed."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from django.conf import settings
from django.http import FileResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from hingepoint.analysis.signals import SIGNALS
from hingepoint.records.errors import Hidden
from hingepoint.records.languages import say, words_of

#: The package carries the manual; a clone of the repository has it beside ``src/``.
PACKAGED = Path(__file__).resolve().parent.parent / "manual"
FOLDER = PACKAGED if PACKAGED.is_dir() else Path(__file__).resolve().parents[3] / "docs"

SECTIONS = words_of(
    (
        ("tutorial", "Learn"),
        ("how-to", "Do"),
        ("explanation", "Understand"),
        ("reference", "Look up"),
        ("decisions", "Why it is so"),
    )
)

ATTACHED = {".png", ".yaml", ".csv", ".ipynb"}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the manual: its title and its text as HTML."""

    title: str
    html: Markup


def manual(request, page: str = "index"):
    """A page of this manual."""
    if page not in pages():
        raise Hidden("no such page")
    chapters = [
        (
            words,
            [(pages()[name], reverse("manual", args=[name]), name == page) for name in in_section(folder)],
        )
        for folder, words in SECTIONS
    ]
    return render(request, "manual/manual.html", {"page": read(page), "chapters": chapters})


def story(request):
    """What the demo company's data was built with; other companies have no such page."""
    if not settings.ENVIRONMENT.demo:
        raise Hidden("no such page")
    from hingepoint.demo.story import what_was_built

    told = what_was_built(timezone.localdate()).markdown()
    html = _markdown().render(told)
    page = Page(say("What this data was built with"), Markup(html))  # noqa: S704 (our own text, HTML in it off)
    return render(request, "manual/manual.html", {"page": page, "chapters": []})


def attachment(request, name: str):
    """A picture or an example file of this manual."""
    if name not in attachments():
        raise Hidden("no such page")
    return FileResponse((FOLDER / name).open("rb"))


@cache
def pages() -> dict[str, str]:
    """Return ``{name: title}`` of every page; a name is the path below docs/ without ``.md``."""
    found = sorted(FOLDER.rglob("*.md"), key=_order)
    return {path.relative_to(FOLDER).with_suffix("").as_posix(): _title(path) for path in found}


def _order(path: Path) -> tuple[str, ...]:
    """Return by what pages are ordered: by name, those of the ten signals as everywhere else, from 1 to 10."""
    is_signal = path.parent.name == "signals" and path.stem in SIGNALS
    return (*path.parts[:-1], f"{SIGNALS[path.stem].number:02d}" if is_signal else path.name)


@cache
def attachments() -> frozenset[str]:
    """Return the path below docs/ of every file that pages may link to."""
    found = (path for path in FOLDER.rglob("*") if path.suffix in ATTACHED)
    return frozenset(path.relative_to(FOLDER).as_posix() for path in found)


def in_section(folder: str) -> list[str]:
    return [name for name in pages() if name.startswith(f"{folder}/")]


def _title(path: Path) -> str:
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("# "):
            return line.removeprefix("# ").strip()
    raise ValueError(f"{path} has no title")


def _markdown() -> MarkdownIt:
    """Return what turns our texts into HTML; a table scrolls within itself, by keyboard too."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    begin = '<div class="table-scroll" role="group" aria-label="Table" tabindex="0">\n<table>\n'
    markdown.add_render_rule("table_open", lambda *_: begin)
    markdown.add_render_rule("table_close", lambda *_: "</table>\n</div>\n")
    return markdown


@cache
def read(name: str) -> Page:
    """Return one page, its links turned into addresses of the product."""
    markdown = _markdown()
    text = (FOLDER / f"{name}.md").read_text("utf-8")
    if text.startswith("<!--"):
        text = text.partition("-->")[2]
    tokens = markdown.parse(text)
    _anchor_headings(tokens)
    _turn_links(tokens, name)
    html = markdown.renderer.render(tokens, markdown.options, {})
    return Page(pages()[name], Markup(html))  # noqa: S704 (our own text, HTML in it off)


def _anchor_headings(tokens: list[Token]) -> None:
    for heading, words in pairwise(tokens):
        if heading.type == "heading_open":
            heading.attrSet("id", anchor(words.content))


def anchor(heading: str) -> str:
    """Return the fragment by which a heading is reached, as code hosts make it."""
    kept = "".join(c for c in heading.lower() if c.isalnum() or c in " -_")
    return kept.strip().replace(" ", "-")


def _turn_links(tokens: list[Token], name: str) -> None:
    for token in tokens:
        _turn_links(token.children or [], name)
        for attribute in ("href", "src"):
            target = token.attrGet(attribute)
            if target and "://" not in str(target) and not str(target).startswith("#"):
                token.attrSet(attribute, _address(str(target), name))


def _address(target: str, name: str) -> str:
    """Return the product's address for a relative link written on page ``name``."""
    path, _, fragment = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
    if posixpath.splitext(path)[1] in ATTACHED:
        return reverse("manual-file", args=[path])
    address = reverse("manual", args=[path.removesuffix(".md")])
    return f"{address}#{fragment}" if fragment else address
