"""Is the server up and can it reach its database? For load balancers and containers."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpResponse
from django.views.decorators.cache import never_cache

from hingepoint import __version__


@never_cache
@login_not_required
def healthz(request):
    """Say ok, and which version this is, when the server is up and reaches its database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse(f"ok {__version__}\n", content_type="text/plain")
