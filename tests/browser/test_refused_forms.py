"""Forms that are refused, as people see them: what is wrong on top and at the field, nothing typed lost."""

import pytest

import talks
from hingepoint.domain.escalations import actions as escalations

#: name of the picture -> who, the page, what is typed by field, the button.
REFUSED = {
    "agreement": (
        "seller",
        "/deals/{deal}/agreements/{type}/",
        {"act": "send the stoppage log", "state": "gained"},
        "Save",
    ),
    "ask-exception": (
        "seller",
        "/deals/{deal}/exceptions/new",
        {"reason": "Their budget ends in March"},
        "Send the request",
    ),
    "executive": (
        "seller",
        "/deals/{deal}/executives/new",
        {"not_to_say": "No dates for the second line"},
        "Agree the role",
    ),
    "rule": ("analyst", "/rules/new", {"name": "A log came in", "confidence": "400"}, "Save"),
    "person": ("analyst", "/people/new", {"name": "Nora", "email": "nora"}, "Add this person"),
}


def fill(page, typed: dict[str, str]) -> None:
    for name, text in typed.items():
        field = page.locator(f"main [name={name}]").first
        if field.get_attribute("type") == "radio":
            page.locator(f"main [name={name}][value={text}]").check()
        else:
            field.fill(text)


@pytest.mark.parametrize("form", REFUSED)
def test_a_refused_form_says_what_is_wrong_and_keeps_the_rest(visit, axe, screenshots, cast, form):
    from hingepoint.domain.agreements.models import AgreementType

    who, path, typed, button = REFUSED[form]
    window = visit(getattr(cast, who))
    kind = AgreementType.objects.get(key="cust.data_access").pk
    page = window.open(path.format(deal=cast.deal.pk, type=kind))
    fill(page, typed)
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()
    assert page.locator("main .callout[role=alert]").evaluate("el => el === document.activeElement")
    assert page.locator("[aria-invalid=true]").count() >= 1
    for name, text in typed.items():
        kept = page.locator(f"main [name={name}]").first
        assert text in (
            kept.input_value(),
            page.locator(f"main [name={name}]:checked").evaluate_all("els => els.map(el => el.value)[0]"),
        )
    assert axe(page) == []
    for size, theme in (("desktop", "light"), ("desktop", "dark"), ("phone", "light"), ("phone", "dark")):
        window.look(size=size, theme=theme)
        assert not window.is_too_wide()
        screenshots(window, f"refused-{form}-{size}-{theme}")
    expected_of_a_refusal(window)


def expected_of_a_refusal(window) -> None:
    """Chromium complains of every answer of 400 and more; here that is what is looked at."""
    window.complaints = [
        one for one in window.complaints if "status of 4" not in one and "Error Code 403" not in one
    ]


def test_in_the_dialog_a_refused_step_stays_and_so_does_one_without_an_answer(visit, screenshots, cast):
    window = visit(cast.seller)
    page = window.open("/matrix/?status=open&show=cust.data_access")
    page.locator("table.matrix td a").first.click()
    dialog = page.locator("#agreement-dialog")
    dialog.locator("[name=act]").fill("send the stoppage log")
    dialog.locator("[name=state][value=gained]").check()
    dialog.get_by_role("button", name="Save", exact=True).click()
    dialog.get_by_text("To count as gained: by when.").first.wait_for()
    assert dialog.locator("[name=act]").input_value() == "send the stoppage log"
    screenshots(window, "refused-dialog")

    window.context.clear_cookies()
    dialog.get_by_role("button", name="Save", exact=True).click()
    dialog.locator(".notice .toast").wait_for()
    assert dialog.locator("[name=act]").input_value() == "send the stoppage log"
    screenshots(window, "signed-out-dialog")
    expected_of_a_refusal(window)


def test_somebody_else_was_faster(visit, axe, screenshots, cast):
    from hingepoint.domain.escalations.models import Kind

    made = talks.an_exception(cast)
    window = visit(cast.seller)
    page = window.open(f"/exceptions/{made.pk}/change")
    page.locator("[name=reason]").fill("Their budget ends in March")
    wish = escalations.Wish(kind=Kind.TERMS, wanted="90 days to pay", reason="The board asks for it")
    escalations.revise(by=cast.seller, at=talks.now(), escalation_id=made.pk, wish=wish)
    with page.expect_navigation():
        page.get_by_role("button", name="Send the change").click()
    page.get_by_text("Somebody else changed this a moment ago").wait_for()
    assert page.locator("[name=reason]").input_value() == "Their budget ends in March"
    assert "The board asks for it" in page.locator(".both-versions").inner_text()
    assert axe(page) == []
    for size, theme in (("desktop", "light"), ("phone", "dark")):
        window.look(size=size, theme=theme)
        assert not window.is_too_wide()
        screenshots(window, f"stale-exception-{size}-{theme}")
    expected_of_a_refusal(window)


def test_who_was_signed_out_sees_what_they_typed(visit, axe, screenshots, cast):
    window = visit(cast.seller)
    page = window.open(f"/deals/{cast.deal.pk}/exceptions/new")
    page.locator("[name=reason]").fill("Their budget ends in March")
    window.context.clear_cookies(name="sessionid")
    with page.expect_navigation():
        page.get_by_role("button", name="Send the request").click()
    page.get_by_text("You were signed out meanwhile").wait_for()
    assert page.get_by_text("Their budget ends in March").is_visible()
    assert axe(page) == []
    for size, theme in (("desktop", "light"), ("phone", "dark")):
        window.look(size=size, theme=theme)
        assert not window.is_too_wide()
        screenshots(window, f"signed-out-{size}-{theme}")
    expected_of_a_refusal(window)
