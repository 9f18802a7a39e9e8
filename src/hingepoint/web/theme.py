"""Light, dark, or as the device: kept in a cookie, so that the first paint is right."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpResponseRedirect
from django.views.decorators.http import require_POST

from hingepoint.records.errors import Hidden
from hingepoint.web import answers, cookies
from hingepoint.web.shell import THEMES


@require_POST
@login_not_required
def theme(request):
    """Keep the choice of light, dark or the device's own."""
    chosen = request.POST.get("theme")
    if chosen not in THEMES:
        raise Hidden("no such page")
    response = HttpResponseRedirect(answers.came_from(request) or "/")
    cookies.keep(response, "theme", chosen, days=365)
    return response
