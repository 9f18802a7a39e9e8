"""A connection with a CRM that does not answer."""

from cast import NOW
from hingepoint.domain.sync import actions
from hingepoint.domain.sync.models import Connection


def a_connection() -> Connection:
    """Return the one connection: its address is inside our network, where nobody allowed it to go."""
    given = {"user": "reader", "password": "canary-of-a-connection"}
    return Connection.objects.first() or actions.connect(
        by=None, at=NOW, crm="tryton", url="https://127.0.0.1:1", given=given
    )
