"""What is looked at every minute and done where it is due: one line a job, called with ``at``."""

from hingepoint.domain.sync import actions as sync

JOBS = (sync.sync_what_is_due,)
