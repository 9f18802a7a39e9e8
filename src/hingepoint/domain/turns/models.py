"""Forms that were sent, so that one sent twice is kept once."""

from __future__ import annotations

from django.db import models


class SentForm(models.Model):
    """What a form made when it was first sent, or where it ``led_to``. ``key`` tells its one-time token and what it said: a form that
    somebody went back to and filled in anew is another one."""

    by_id_number = models.BigIntegerField()  # no foreign key: the subject of people stands above
    key = models.BigIntegerField()
    made = models.CharField(max_length=40)  # the table of what it made
    made_id = models.BigIntegerField()
    led_to = models.CharField(max_length=1000, blank=True, default="")
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["by_id_number", "key"], name="one_form_once")]
