"""Events are read one after the other, and none is passed over that was written slowly."""

import threading
import zlib
from contextlib import contextmanager

from django.db import connection, transaction

from cast import NOW
from hingepoint.domain.deals.models import DealEvent
from hingepoint.domain.deals.queries import feed


def note(deal, name: str) -> DealEvent:
    told = {"kind": "activity", "name": name, "occurred_at": NOW, "recorded_at": NOW}
    return DealEvent.objects.create(deal=deal, fingerprint=zlib.crc32(name.encode()), **told)


@contextmanager
def somebody_writes(deal, *names: str, in_vain: tuple[str, ...] = ()):
    """Have somebody else write events, which are on record only when this is over. Those ``in_vain`` are taken back at once."""
    written, may_commit = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            for name in in_vain:
                with transaction.atomic():
                    note(deal, name)
                    transaction.set_rollback(True)
            for name in names:
                note(deal, name)
            written.set()
            may_commit.wait()
        connection.close()

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    written.wait()
    try:
        yield
    finally:
        may_commit.set()
        thread.join()


class Reader:
    """A program that reads on from the last event it was given."""

    def __init__(self, viewer):
        self.viewer, self.names, self.last = viewer, [], 0

    def read_on(self) -> list[str]:
        lines = feed.events_after(self.viewer, after=self.last, size=100)
        self.last = lines[-1].id if lines else self.last
        self.names += [one.name for one in lines]
        return self.names


def test_an_event_that_is_committed_after_a_later_one_is_read_all_the_same(cast):
    reader = Reader(cast.sponsor)
    note(cast.deal, "before")
    with somebody_writes(cast.deal, "slow 1", "slow 2"):
        note(cast.foreign_deal, "quick")
        assert reader.read_on() == ["before"]
    assert reader.read_on() == ["before", "slow 1", "slow 2", "quick"]


def test_of_two_who_write_slowly_the_first_counts(cast):
    reader = Reader(cast.sponsor)
    with somebody_writes(cast.deal, "first"):
        with somebody_writes(cast.foreign_deal, "second"):
            note(cast.deal, "third")
            assert reader.read_on() == []
        assert reader.read_on() == []
    assert reader.read_on() == ["first", "second", "third"]


def test_what_was_taken_back_on_the_way_lets_nothing_be_passed_over(cast):
    reader = Reader(cast.sponsor)
    with somebody_writes(cast.deal, "slow", in_vain=("never",)):
        note(cast.foreign_deal, "quick")
        assert reader.read_on() == []
    assert reader.read_on() == ["slow", "quick"]


def test_where_nobody_writes_everything_is_read_at_once(cast):
    reader = Reader(cast.sponsor)
    for name in ("one", "two"):
        note(cast.deal, name)
        assert reader.read_on()[-1] == name
    with somebody_writes(cast.deal, in_vain=("never",)):
        assert reader.read_on() == ["one", "two"]
