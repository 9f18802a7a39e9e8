"""A connection with a CRM that does not answer."""

from django.utils import timezone

from cast import NOW
from hingepoint.domain.sync import actions, cards
from hingepoint.domain.sync.models import Connection


def a_connection() -> Connection:
    """Return the one connection: its address is inside our network, where nobody allowed it to go."""
    given = {"user": "reader", "password": "canary-of-a-connection"}
    return Connection.objects.first() or actions.connect(
        by=None, at=NOW, crm="tryton", url="https://127.0.0.1:1", given=given
    )


def a_card(deal) -> str:
    """Return what opens the card of a deal: the last part of its address."""
    made = a_connection()
    made.card_keys = cards.sealed(cards.with_new_key(made, today=NOW.date(), at_once=True))
    made.write_back, made.write_fields = ["card"], {"card": "hp_card"}
    made.save()
    return cards.sign(made, deal.pk, until=timezone.localdate() + cards.LASTS)
