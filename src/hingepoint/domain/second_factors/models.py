"""Second factors of people.

| field | who reads | who writes |
|---|---|---|
| secret | nobody; its person once, while they set it up | the program |
| recovery codes | nobody: digests alone; their person once, when they are made | the program |
| that there is one | its person, and who looks after people | its person; who looks after people takes it away |
"""

from __future__ import annotations

from django.db import models

from hingepoint.domain.people.models import User
from hingepoint.domain.secrets.rules import SealedField


class SecondFactor(models.Model):
    """An authenticator app of one person. It counts from ``confirmed_at`` on; ``last_step`` is the time step of the last code
    that was taken, ``wrong`` how many were wrong since."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    secret = SealedField()
    begun_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)
    wrong = models.PositiveIntegerField(default=0)
    blocked_until = models.DateTimeField(null=True)


class RecoveryCode(models.Model):
    """A code that lets somebody in once without their phone; only its digest is kept."""

    factor = models.ForeignKey(SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)
