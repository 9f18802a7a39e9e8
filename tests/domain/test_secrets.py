"""Secrets in the database are encrypted with a key outside it, which can be changed."""

import secrets as random

import pytest
from pydantic import ValidationError

from hingepoint.config.environment import Environment
from hingepoint.domain.secrets import rules

FIRST, SECOND = random.token_urlsafe(48), random.token_urlsafe(48)
WORD, HERE = "open sesame", "domain.Door.word"


@pytest.fixture
def keys(settings):
    """Set the keys of this installation, the one for new secrets first."""

    def put(*values):
        settings.ENVIRONMENT = settings.ENVIRONMENT.model_copy(update={"secrets_key": ",".join(values)})

    put(FIRST)
    return put


def test_what_was_sealed_opens_and_does_not_show(keys):
    sealed = rules.seal(WORD, purpose=HERE)
    assert WORD not in sealed
    assert rules.unseal(sealed, purpose=HERE) == WORD
    assert rules.seal(WORD, purpose=HERE) != sealed  # two people with one word are not told by it


def test_another_key_opens_nothing_and_says_what_to_do(keys):
    sealed = rules.seal(WORD, purpose=HERE)
    keys(SECOND)
    with pytest.raises(rules.WrongKey, match="HINGEPOINT_SECRETS_KEY"):
        rules.unseal(sealed, purpose=HERE)


@pytest.mark.parametrize("place", [0, 12, 40, -2])
def test_an_altered_secret_opens_nothing(keys, place):
    sealed = rules.seal(WORD, purpose=HERE)
    altered = list(sealed)
    altered[place] = "A" if altered[place] != "A" else "B"
    with pytest.raises(rules.WrongKey):
        rules.unseal("".join(altered), purpose=HERE)


def test_a_secret_copied_into_another_column_does_not_open_there(keys):
    with pytest.raises(rules.WrongKey):
        rules.unseal(rules.seal(WORD, purpose=HERE), purpose="domain.Gate.word")


def test_a_new_key_goes_before_the_old_one_until_all_is_sealed_anew(keys):
    before = rules.seal(WORD, purpose=HERE)
    keys(SECOND, FIRST)
    anew = rules.sealed_anew(before, purpose=HERE)
    keys(SECOND)
    assert rules.unseal(anew, purpose=HERE) == WORD
    with pytest.raises(rules.WrongKey):
        rules.unseal(before, purpose=HERE)


def test_without_a_setting_a_key_is_made_once_and_kept_private(tmp_path):
    here = Environment(data_dir=tmp_path, secrets_key="")
    assert (
        here.effective_secrets_keys()
        == here.effective_secrets_keys()
        == [(tmp_path / "secrets.key").read_text()]
    )
    assert (tmp_path / "secrets.key").stat().st_mode & 0o077 == 0


def test_a_key_that_is_soon_guessed_is_refused_without_saying_it():
    with pytest.raises(ValidationError) as refused:
        Environment(secrets_key=f"{FIRST},hunter2")
    assert "at least 32 characters" in str(refused.value)
    assert "hunter2" not in str(refused.value)
