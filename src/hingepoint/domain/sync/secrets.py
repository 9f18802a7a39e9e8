"""The secrets of a connection: one sealed text in its row, opened where the CRM is asked and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Mapping

from hingepoint.domain.secrets import rules
from hingepoint.domain.sync.models import Connection

_PURPOSE = str(Connection._meta.get_field("secrets"))


def seal(given: Mapping[str, str]) -> str:
    return rules.seal(json.dumps(dict(given)), purpose=_PURPOSE)


def unseal(sealed: str) -> dict[str, str]:
    """Return secrets by their names. Raises ``WrongKey``."""
    return json.loads(rules.unseal(sealed, purpose=_PURPOSE)) if sealed else {}
