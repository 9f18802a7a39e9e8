"""Light, dark, or as the device: kept in a cookie, so that the first paint is right."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from hingepoint.records.errors import Hidden
from hingepoint.web.shell import THEMES

A_YEAR = 365 * 24 * 3600


@require_POST
@login_not_required
def theme(request):
    """Keep the choice of light, dark or the device's own."""
    chosen = request.POST.get("theme")
    if chosen not in THEMES:
        raise Hidden("no such page")
    back = request.META.get("HTTP_REFERER", "/")
    ours = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
    response = HttpResponseRedirect(back if ours else "/")
    response.set_cookie("theme", chosen, max_age=A_YEAR, samesite="Lax", secure=request.is_secure())
    return response
