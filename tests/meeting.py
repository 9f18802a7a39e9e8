"""Two people who act in the same moment, each on a connection of their own."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

_WRITES = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM) "?domain_', re.IGNORECASE)


@dataclass
class Part:
    """What one of the two does, how far it is, and how it ended: with a result or refused with an error."""

    act: Callable[[], Any]
    result: Any = None
    refused: Exception | None = None
    pid: int = 0
    begun: threading.Event = field(default_factory=threading.Event)
    about_to_keep: threading.Event = field(default_factory=threading.Event)
    may_keep: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    wrote: bool = False

    def run(self) -> None:
        try:
            connection.ensure_connection()
            self.pid = connection.connection.info.backend_pid
            self._stop_before_it_is_kept()
            self.begun.set()
            with connection.execute_wrapper(self._notice):
                self.result = self.act()
        except Exception as error:
            self.refused = error
        finally:
            connection.close()
            for event in (self.begun, self.about_to_keep, self.ended):
                event.set()

    def _notice(self, execute, sql, params, many, context):
        self.wrote = self.wrote or bool(_WRITES.match(sql))
        return execute(sql, params, many, context)

    def _stop_before_it_is_kept(self) -> None:
        commit = connection._commit

        def kept() -> None:
            if self.wrote and not self.about_to_keep.is_set():
                self.about_to_keep.set()
                self.may_keep.wait()
            commit()

        connection._commit = kept


def meet(first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Part, Part]:
    """Let ``second`` begin when ``first`` has written and not yet committed; ``first`` commits when ``second``
    waits for it, or stands before its own commit. So each has read before the other is kept, if nothing makes
    it wait."""
    one, other = Part(first), Part(second)
    other.may_keep.set()
    threads = [threading.Thread(target=part.run, daemon=True) for part in (one, other)]
    threads[0].start()
    one.about_to_keep.wait()
    threads[1].start()
    other.begun.wait()
    try:
        while not (other.about_to_keep.is_set() or _waits(other.pid)):
            time.sleep(0.01)
    finally:
        one.may_keep.set()
    for thread in threads:
        thread.join()
    return one, other


def _waits(pid: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s", [pid])
        found = cursor.fetchone()
    return bool(found and found[0])
