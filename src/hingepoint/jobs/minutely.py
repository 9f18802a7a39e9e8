"""What is looked at every minute and done where it is due: one line a job, called with ``at``."""

from hingepoint.domain.home import actions as home
from hingepoint.domain.sync import actions as sync

JOBS = (home.make_missing_answers, sync.sync_what_is_due)
