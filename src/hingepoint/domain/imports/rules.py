"""When an import is taken for stuck: what pages and actions decide by."""

from __future__ import annotations

import datetime as dt

#: An import whose worker has said nothing for so long is taken for stopped and may be started again.
SILENT = dt.timedelta(minutes=10)
