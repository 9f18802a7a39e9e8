"""Text files: which encoding, decided from all of the file."""

from __future__ import annotations

import codecs
import contextlib
import re
from pathlib import Path

import charset_normalizer

from hingepoint.connectors.files.opening import CHUNK, Limits
from hingepoint.connectors.files.problems import FileProblem

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

#: Letters and signs of western European languages: text of only these is windows-1252 and not a cousin.
_WESTERN = set(
    "äöüßÄÖÜéèêëÉÈÊàâáãåæÀÂÁÃÅÆçÇîïíìÎÏÍôóòõøÔÓÒÕØœŒûùúÛÙÚñÑÿ€£§°²³µ·–—‘’‚“”„«»…•©®™¿¡ºª´¨\xa0ðþýÐÞÝ×½¼¾"
)


def encoding_of(path: Path, *, name: str, wanted: str, limits: Limits) -> tuple[str, str]:
    """Return ``(encoding, how it was found)`` of the text file ``path``; reads the whole file.

    Raises ``FileProblem`` when it is not text in that or any known encoding, or holds NUL bytes.
    """
    with path.open("rb") as file:
        start = file.read(4096)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), "")
    encoding = marked or wanted or _wide(start) or "utf-8"
    how = "byte order mark" if marked else "mapping" if wanted else "whole file"
    failed = _first_undecodable(path, encoding, name, limits)
    if failed is None:
        return encoding, how
    if marked or wanted:
        raise FileProblem(
            name, f"is not {encoding} text (row {failed}).", "Say the right `encoding` in the mapping."
        )
    guess = _guess(path, name)
    if _first_undecodable(path, guess, name, limits) is not None:
        raise FileProblem(name, "is not text in an encoding we know.", "Save it as UTF-8.")
    return guess, "guessed from the letters: check names with accents"


def _wide(start: bytes) -> str:
    """Return UTF-16 without a byte order mark, when every other byte of the start is NUL."""
    if len(start) < 8 or b"\x00" not in start[:64]:
        return ""
    head = start[: len(start) // 2 * 2]
    even, odd = head[::2].count(0) / (len(head) / 2), head[1::2].count(0) / (len(head) / 2)
    if odd > 0.7 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.7 and odd < 0.1 else ""


def _first_undecodable(path: Path, encoding: str, name: str, limits: Limits) -> int | None:
    """Return the row of the first byte that is not ``encoding``, None when all are; refuses NUL and endless lines."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, run = 1, 0
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                return line + error.object[: error.start].count(b"\n")
            except UnicodeError:
                return line
            if "\x00" in text:
                row = line + text[: text.index("\x00")].count("\n")
                raise FileProblem(
                    name, f"holds NUL bytes (line {row}).", "It is damaged or not text: export it again."
                )
            breaks = text.count("\n")
            line += breaks
            run = _run(text, run)
            if run > limits.line:
                raise FileProblem(
                    name,
                    f"has a line of more than {limits.line:,} characters (line {line}).",
                    "Export it again.",
                )
            if not chunk:
                return None


def _run(text: str, run: int) -> int:
    """Return how many characters the line at the end of ``text`` has, ``run`` being what it had before."""
    last = max(text.rfind("\n"), text.rfind("\r"))
    return run + len(text) if last < 0 else len(text) - last - 1


def _guess(path: Path, name: str) -> str:
    sample = _telling_lines(path)
    western = sample.decode("windows-1252", "replace")
    if all(char in _WESTERN for char in western if ord(char) > 127):
        _refuse_two_encodings(sample, name)
        return "windows-1252"
    best = charset_normalizer.from_bytes(sample, cp_exclusion=["utf_7", "utf_16", "utf_32"]).best()
    if best is None:
        raise FileProblem(name, "is not text in an encoding we know.", "Save it as UTF-8, or say `encoding`.")
    return best.encoding.replace("_", "-")


def _refuse_two_encodings(lines: bytes, name: str) -> None:
    """Refuse Western text of which single lines are UTF-8: files of two programs, put together."""
    for line in lines.splitlines():
        with contextlib.suppress(UnicodeDecodeError):
            shown = line.decode("utf-8")[:60]
            raise FileProblem(
                name,
                f"mixes two encodings: the line “{shown}” is UTF-8 and others are not.",
                "Save the whole file as UTF-8.",
            )


def _telling_lines(path: Path, most: int = 100_000) -> bytes:
    """Return the lines that are not plain ASCII, up to ``most`` bytes."""
    found = bytearray()
    with path.open("rb") as file:
        while (chunk := file.read(CHUNK)) and len(found) < most:
            for line in re.findall(rb"[^\r\n]*[\x80-\xff][^\r\n]*", chunk):
                found += line[:2000] + b"\n"
                if len(found) >= most:
                    break
    return bytes(found[:most])
