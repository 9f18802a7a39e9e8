"""Every place where people are asked something stands in the list of questions."""

import asked
from hingepoint.records.questions import BY_KEY, QUESTIONS


def test_every_form_says_what_it_asks_or_why_it_asks_nobody():
    found = {name for name, _ in asked.forms_of_pages()}
    assert found == set(asked.ASKS) | set(asked.ASKS_NOBODY)
    assert not set(asked.ASKS) & set(asked.ASKS_NOBODY)


def test_every_field_of_a_form_that_asks_is_a_question_or_says_why_not():
    for name, form in asked.forms_of_pages():
        if name in asked.ASKS:
            assert set(asked.ASKS[name]) - {"*"} == set(form.base_fields), name


def test_every_field_names_a_question_and_every_question_is_asked_somewhere():
    named = {key for fields in asked.ASKS.values() for key in fields.values() if not key.startswith("-")}
    several = {key for key in named if "." not in key}
    assert named - several <= set(BY_KEY)
    somewhere = named | asked.BY_BUTTON
    nowhere = [one.key for one in QUESTIONS if not {one.key, one.form.value} & somewhere]
    assert nowhere == []
