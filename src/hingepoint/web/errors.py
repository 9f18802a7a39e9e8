"""What a person sees when there is nothing to see, or when we failed."""

from django.shortcuts import render


def not_found(request, exception=None):
    """A foreign object and an absent one look the same."""
    return render(request, "errors/not_found.html", status=404)


def broken(request):
    return render(request, "errors/broken.html", status=500)
