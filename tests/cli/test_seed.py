"""``hingepoint seed``: a world from a file, or one clear message."""

import json

import pytest
from click.testing import CliRunner

from hingepoint.cli import main
from hingepoint.demo.world import example
from hingepoint.domain.coaching.models import CoachingNote
from hingepoint.domain.deals.models import Deal
from hingepoint.domain.negotiation.models import Corridor
from hingepoint.domain.plans.models import Debrief, Plan


def seed(*arguments):
    return CliRunner().invoke(main, ["seed", *map(str, arguments)])


@pytest.mark.django_db(transaction=True)
def test_a_world_comes_in_whole_with_what_is_confidential():
    answer = seed(example(), "--format", "json")
    assert answer.exit_code == 0
    assert json.loads(answer.stdout)["deals"] == Deal.objects.count() > 0
    assert Corridor.objects.count() == 2
    assert CoachingNote.objects.get().written_for.name
    assert Plan.objects.of_talks().get().parts["questions"]
    assert Plan.objects.of_deals().get().parts["risks"]
    assert Debrief.objects.get().outcome == "continuation"


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_database_in_use_is_left_alone_unless_told_otherwise():
    assert seed(example()).exit_code == 0
    refused = seed(example())
    assert refused.exit_code == 2
    assert "--reset" in refused.output
    assert seed(example(), "--reset").exit_code == 0


@pytest.mark.django_db(transaction=True)
def test_a_wrong_world_names_the_place_and_changes_nothing(tmp_path):
    world = tmp_path / "world.yaml"
    world.write_text(example().read_text("utf-8").replace("walk_away: 116000", "walk_away: 999000"), "utf-8")
    answer = seed(world)
    assert answer.exit_code == 2
    assert "corridor" in answer.output
    assert not Deal.objects.exists()
