"""The background task of imports; ``hingepoint serve`` runs it in its worker."""

from django.utils import timezone
from django_tasks import task

from hingepoint.domain.imports import actions
from hingepoint.domain.people.models import User


@task()
def work_on_import(batch_id: int, by_id: int) -> None:
    actions.work(by=User.objects.by_number(by_id), at=timezone.now(), batch_id=batch_id)
