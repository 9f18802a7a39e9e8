"""A page as it is seen: pictures of it, and what is wrong with it."""

from __future__ import annotations


def looked_at(window, path, name, shortcomings, screenshots) -> list[str]:
    """Open a page, keep pictures of it, and return what is wrong with it."""
    window.open(path)
    screenshots(window, name)
    found = [f"{name}: {line}" for line in shortcomings(window)]
    screenshots(window, f"{name}-phone-dark")
    window.look(size="desktop", theme="light")
    return found
