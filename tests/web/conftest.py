"""What tests of pages may ask for."""

from __future__ import annotations

import pytest
from django.template.backends import jinja2
from django.test.signals import template_rendered


@pytest.fixture(autouse=True)
def _contexts_of_answers(monkeypatch):
    """Give ``answer.context`` to tests: Django's client learns it from its own templates only."""
    render = jinja2.Template.render

    def told(self, context=None, request=None):
        template_rendered.send(sender=self, template=self, context=context or {})
        return render(self, context, request)

    monkeypatch.setattr(jinja2.Template, "render", told)
