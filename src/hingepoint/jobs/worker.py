"""The background worker: runs the queued tasks one after another, and ends with the server that began it.

``hingepoint serve`` starts it as ``python -m hingepoint.jobs.worker`` with a pipe as standard input.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hingepoint.config.settings")
    import django
    from django.core.management import call_command

    django.setup()
    from hingepoint.jobs import schedule, webhooks

    for lane in schedule.LANES:
        at_work = {"over": threading.Event(), "lane": lane}
        threading.Thread(target=schedule.keep_time, kwargs=at_work, daemon=True).start()
    threading.Thread(target=webhooks.keep_delivering, args=(threading.Event(),), daemon=True).start()
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    call_command("db_worker", queue_name="*", reload=False, startup_delay=False, verbosity=0)


def _end_with_the_server() -> None:
    """Wait until the server's end of the pipe closes, which also happens when it is killed.

    The first signal lets the current task finish; the second ends it, and it is kept as failed.
    """
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(8)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
