"""The trail verified from the command line, and against what was kept elsewhere."""

import datetime as dt
import json

import pytest
from click.testing import CliRunner

from cast import NOW
from hingepoint.cli import main
from hingepoint.domain.audit import queries
from hingepoint.domain.audit.models import AuditEvent, AuditHead
from hingepoint.domain.audit.rules import digest_of, read_anchors
from hingepoint.domain.people import actions as people
from hingepoint.jobs import nightly


def said(*arguments) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["audit", *arguments])
    return done.exit_code, done.output


def written_anew(changed: AuditEvent) -> None:
    """Make every digest anew after a line was altered, as somebody could who writes the database."""
    after = ""
    for event in AuditEvent.objects.order_by("id"):
        event.digest = after = digest_of(event, after=after)
        event.save(update_fields=["digest"])
    AuditHead.objects.update(digest=after)


@pytest.fixture
def altered(cast):
    """Two changes, an anchor after each, and then the first one altered with all digests made anew."""
    kept = []
    for name in ("Renamed", "Renamed again"):
        people.rename(by=cast.analyst, at=NOW, user=cast.stranger, name=name, title="")
        kept.append(queries.anchor(NOW))
    first = AuditEvent.objects.order_by("id").first()
    first.reason = "never happened like this"
    first.save(update_fields=["reason"])
    written_anew(first)
    return "\n".join(kept)


def test_a_trail_that_was_written_anew_holds_alone_and_breaks_against_its_anchors(altered, tmp_path):
    file = tmp_path / "anchors.txt"
    file.write_text(altered)
    assert said("verify")[0] == 0
    code, words = said("verify", "--anchors", str(file))
    assert code == 2
    assert words.startswith("The trail is broken at line ")


def test_a_trail_that_nobody_touched_holds_with_its_anchors(cast, tmp_path):
    people.rename(by=cast.analyst, at=NOW, user=cast.stranger, name="Renamed", title="")
    file = tmp_path / "anchors.txt"
    file.write_text(said("anchor")[1])
    code, words = said("verify", "--anchors", str(file), "--format", "json")
    lines = AuditEvent.objects.count()
    told = json.loads(words)
    assert (code, told["holds"], told["broken_at"], told["lines"], told["anchors"]) == (
        0,
        True,
        None,
        lines,
        1,
    )


def test_a_trail_that_was_put_back_to_an_earlier_day_is_shorter_than_its_anchor(cast):
    people.rename(by=cast.analyst, at=NOW, user=cast.stranger, name="Renamed", title="")
    length = AuditHead.objects.get().length
    last = AuditEvent.objects.order_by("id").last()
    assert queries.first_broken_link({length + 1: "0" * 64}) == last.pk + 1


def test_the_night_adds_an_anchor_where_the_settings_name_a_file(cast, settings, tmp_path):
    file = tmp_path / "anchors.txt"
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"audit_anchors": file})
    people.rename(by=cast.analyst, at=NOW, user=cast.stranger, name="Renamed", title="")
    nightly.anchor_trail(at=NOW)
    nightly.anchor_trail(at=NOW + dt.timedelta(days=1))
    assert len(file.read_text().splitlines()) == 2
    assert read_anchors(file.read_text()) == {AuditHead.objects.get().length: AuditHead.objects.get().digest}
    assert said("verify") == (
        0,
        f"The trail holds: {AuditEvent.objects.count()} lines, and 1 anchor with it.\n",
    )


def test_an_anchor_that_was_written_after_the_trail_was_altered_does_not_undo_the_first():
    first, second = "a" * 64, "b" * 64
    assert read_anchors(f"2026-01-01 4 {first}\n2026-01-02 4 {second}\n") == {4: first}


def test_anchors_that_are_gone_are_missed(cast, settings, tmp_path):
    gone = tmp_path / "anchors.txt"
    settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"audit_anchors": gone})
    code, words = said("verify")
    assert code != 0
    assert f"{gone} is not there." in " ".join(words.split())


def test_what_is_no_anchor_is_named_by_its_line(cast, tmp_path):
    file = tmp_path / "anchors.txt"
    file.write_text("\n2026-01-01T00:00:00+00:00 4 nonsense\n")
    code, words = said("verify", "--anchors", str(file))
    assert code != 0
    assert "Line 2 is no anchor; expected a time, a length and a digest." in words
