"""A password is not made of what everybody knows of the company."""

import pytest
from django.core.exceptions import ValidationError

from hingepoint.domain.people.passwords import NotOurWords

OURS = NotOurWords(["Nord Valve GmbH", "sales.nordvalve.example", "turbine"])


@pytest.mark.parametrize(
    "password",
    [
        "Hingepoint2026!",
        "hingepoint-hingepoint",
        "Nord-Valve-2026",
        "TURBINE123456",
        "turbineturbine",
        "Nordvalve!2026",
        "sales.turbine.1",
    ],
)
def test_a_word_of_ours_with_a_number_is_refused(password):
    with pytest.raises(ValidationError, match="more than a word of the company"):
        OURS.validate(password)


@pytest.mark.parametrize(
    "password", ["correct horse turbine", "x7#kQp29!vLm0a", "123456789012", "Hingepoint rains in spring"]
)
def test_what_holds_more_than_our_words_is_not(password):
    OURS.validate(password)


def test_words_of_two_letters_refuse_nothing():
    NotOurWords(["AG", "is"]).validate("is-is-is-is-1")
