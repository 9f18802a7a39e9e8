"""In whose place somebody answers a pre-mortem."""

from __future__ import annotations

from collections.abc import Collection

from hingepoint.domain.deals.models import Deal
from hingepoint.domain.hindsight.rules import side_of
from hingepoint.domain.people.models import User
from hingepoint.domain.premortems.models import PreMortemAnswer
from hingepoint.records.premortems import Place


def place_of(user: User, deal: Deal, told: Collection[PreMortemAnswer]) -> Place | None:
    """Return in whose place ``user``, who sees the deal, answers: the seller's, the manager's, else as the one more. None where
    that place is taken, or they have answered."""
    side = side_of(user, deal)
    place = Place(side.value) if side else Place.OTHER
    taken = any(one.by_id == user.pk or one.place == place for one in told)
    return None if taken else place
