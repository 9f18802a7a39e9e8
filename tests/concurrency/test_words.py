"""Words and the catalogue: two who tie in the same moment, and somebody who steps while a word is tied."""

from functools import partial

from cast import NOW
from hingepoint.domain.agreements import actions as agreements
from hingepoint.domain.agreements.models import Agreement, AgreementType
from hingepoint.domain.bridge import actions
from hingepoint.domain.bridge.rules import Choice
from hingepoint.records.agreements import AgreementState
from hingepoint.records.errors import Stale
from meeting import meet
from words import KEY, say, word


def tying(found, key: str = KEY):
    return partial(actions.settle, by=None, at=NOW, choices=[Choice(found.pk, 1, means=key)])


def test_of_two_who_tie_a_word_at_once_one_is_told(cast):
    found = word()
    say(cast.deal, found.key)
    one, other = meet(tying(found), tying(found, "cust.nda"))
    assert one.refused is None
    assert isinstance(other.refused, Stale)
    assert AgreementType.objects.meanings() == {found.key: KEY}


def test_two_words_tied_at_once_to_one_type_become_one_agreement(cast):
    words = word("Usage data shared"), word("Kostendaten")
    for found in words:
        say(cast.deal, found.key)
    one, other = meet(*(tying(found) for found in words))
    assert one.refused is other.refused is None
    assert Agreement.objects.get().type.key == KEY
    assert Agreement.objects.get().events.count() == 2


def test_who_steps_on_a_word_that_is_tied_in_the_same_moment_steps_on_the_type(cast):
    found = word()
    say(cast.deal, found.key, AgreementState.ASKED)
    step = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW)
    told = {"by": cast.seller, "at": NOW, "deal_id": cast.deal.pk, "type_key": found.key}
    one, other = meet(tying(found), partial(agreements.take_step, **told, step=step))
    assert one.refused is other.refused is None
    assert (other.result.type.key, Agreement.objects.get().state) == (KEY, "soft")


def test_a_step_kept_first_goes_along_with_the_word(cast):
    found = word()
    say(cast.deal, found.key, AgreementState.ASKED)
    step = agreements.Step(state=AgreementState.SOFT, occurred_at=NOW)
    told = {"by": cast.seller, "at": NOW, "deal_id": cast.deal.pk, "type_key": found.key}
    one, other = meet(partial(agreements.take_step, **told, step=step), tying(found))
    assert one.refused is other.refused is None
    assert (Agreement.objects.get().type.key, Agreement.objects.get().state) == (KEY, "soft")
