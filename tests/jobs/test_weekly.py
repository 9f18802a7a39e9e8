"""What is checked every week."""

import pytest

from cast import NOW
from hingepoint.domain.audit.models import AuditEvent
from hingepoint.jobs import weekly


def test_an_altered_trail_is_a_job_that_failed_and_a_sound_one_is_not(cast):
    weekly.check_the_audit_trail(at=NOW)
    first = AuditEvent.objects.earliest("id")
    AuditEvent.objects.filter(pk=first.pk).update(by_name="Nobody")
    with pytest.raises(weekly.TrailBroken, match=f"altered or cut at entry {first.pk}"):
        weekly.check_the_audit_trail(at=NOW)
