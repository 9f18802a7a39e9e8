"""``hingepoint webhook``: add, list and test."""

import json

from click.testing import CliRunner

from hingepoint.cli import main
from hingepoint.domain.webhooks.models import Webhook

ADDRESS = "https://127.0.0.1:1/hook"


def said(*arguments) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["webhook", *arguments])
    return done.exit_code, done.output


def test_one_is_added_with_its_secret_listed_and_tested(cast):
    code, secret = said("add", "warehouse", ADDRESS, "--kind", "signal.raised")
    assert (code, secret[:6]) == (0, "whsec_")
    assert Webhook.objects.get().kinds == ["signal.raised"]
    assert said("list") == (0, f"warehouse: {ADDRESS}, on; 0 waiting, 0 given up; told: a signal rose\n")
    code, words = said("test", "warehouse")
    assert (code, words.split(":")[0]) == (2, "No answer")
    assert json.loads(said("list", "--format", "json")[1])["webhooks"][0]["waiting"] == 1


def test_what_cannot_be_is_one_sentence(cast):
    assert said("list") == (0, "No program is told anything.\n")
    for arguments, words in (
        (("add", "x", "http://a.example/"), "https://"),
        (("add", "", ADDRESS), "Give it a name"),
        (("add", "x", ADDRESS, "--kind", "y"), "nothing that is told"),
        (("test", "x"), "no webhook called"),
    ):
        code, told = said(*arguments)
        assert (code, words in told) == (2, True), told
