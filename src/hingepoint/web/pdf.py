"""A PDF as the answer to a request: shown in the browser, named so that it can be kept."""

from django.http import HttpResponse
from django.utils.text import slugify


def answer(body: bytes, name: str) -> HttpResponse:
    """Return a PDF to be shown, kept under ``name``."""
    shown = HttpResponse(body, content_type="application/pdf")
    shown["Content-Disposition"] = f'inline; filename="{slugify(name)[:80]}.pdf"'
    return shown
