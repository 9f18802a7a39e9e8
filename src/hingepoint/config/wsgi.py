"""The WSGI application that ``hingepoint serve`` hands to its server."""

import multiprocessing
import os
import threading

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hingepoint.config.settings")
application = get_wsgi_application()

from hingepoint.config import settings  # noqa: E402  (after Django has read them)
from hingepoint.web.jinja import warm  # noqa: E402

settings.limit_what_pages_wait_for()


def _end_with(parent) -> None:
    parent.join()
    os._exit(1)


if server := multiprocessing.parent_process():  # should it be killed, free the port
    threading.Thread(target=_end_with, args=(server,), daemon=True).start()
    threading.Thread(target=warm, daemon=True).start()
