"""``hingepoint audit``: was the trail altered, and what proves it outside."""

from __future__ import annotations

from pathlib import Path

import click

from hingepoint.cli import UNUSABLE
from hingepoint.cli.common import format_option, print_json, start_django
from hingepoint.cli.serve import require_database
from hingepoint.reports.charts.numbers import plural


@click.command(short_help="Verify the audit trail, or anchor it outside.")
@click.argument("what", type=click.Choice(["verify", "anchor"]))
@click.option(
    "--anchors",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File of anchors. Without it, that of HINGEPOINT_AUDIT_ANCHORS if there is one.",
)
@format_option
@click.pass_context
def audit(ctx: click.Context, what: str, anchors: Path | None, as_format: str) -> None:
    """VERIFY reads the whole audit trail and says whether it holds; ANCHOR prints the line that proves it later.

    Each line of the trail carries a digest of all lines before it, so that one that was changed or removed shows. Who can
    write the database could make all digests anew: that shows against anchors kept where they cannot write. The setting
    HINGEPOINT_AUDIT_ANCHORS names a file to which every night adds one.

    Ends with exit code 2 when the trail does not hold.

    \b
    Example:
      hingepoint audit verify --anchors /mnt/elsewhere/anchors.txt
    """
    start_django()
    require_database()
    if what == "anchor":
        _print_anchor(as_format)
    elif not _holds(_known(anchors), as_format):
        ctx.exit(UNUSABLE)


def _print_anchor(as_format: str) -> None:
    from django.utils import timezone

    from hingepoint.domain.audit import queries

    line = queries.anchor(timezone.now())
    if as_format == "json":
        print_json({"anchor": line})
    else:
        click.echo(line)


def _holds(known: dict[int, str], as_format: str) -> bool:
    """Say whether the trail holds against what is known of it; return it."""
    from hingepoint.domain.audit import queries

    broken, length = queries.first_broken_link(known), queries.length()
    if as_format == "json":
        print_json({"holds": broken is None, "broken_at": broken, "lines": length, "anchors": len(known)})
    elif broken is None:
        held = f", and {plural(len(known), 'anchor')} with it" if known else ". No anchors were given"
        click.echo(f"The trail holds: {plural(length, 'line')}{held}.")
    else:
        click.echo(
            f"The trail is broken at line {broken}: it or one before it was changed, added or removed. "
            "Compare it with a backup from before."
        )
    return broken is None


def _known(anchors: Path | None) -> dict[int, str]:
    """Return the anchors of a file, else of the settings' file; none where neither is named. Raises ClickException for a file
    that is not there, which may have been taken away, and for what is no anchor."""
    from django.conf import settings

    from hingepoint.domain.audit.rules import read_anchors

    file = anchors or settings.ENVIRONMENT.audit_anchors
    if file is None:
        return {}
    if not file.exists():
        raise click.ClickException(
            f"{file} is not there. HINGEPOINT_AUDIT_ANCHORS names it; the first night makes it."
        )
    try:
        return read_anchors(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{file}: {error}") from None
