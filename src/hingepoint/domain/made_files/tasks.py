"""The background task of files; ``hingepoint serve`` runs it in its worker."""

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.made_files import actions


@task()
def make_in_background(number: int) -> None:
    actions.make(at=timezone.now(), number=number)
