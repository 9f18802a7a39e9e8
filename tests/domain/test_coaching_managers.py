"""Who coaches the managers: who leads whom is known to all who lead, when somebody was coached to the two, sums from five on."""

import datetime as dt
from dataclasses import replace

import pytest

import playbooks
from cast import NOW, TODAY, deal, person, team
from hingepoint.domain.agreements.models import AgreementType
from hingepoint.domain.coaching import actions as coaching
from hingepoint.domain.coaching.queries import managers
from hingepoint.domain.home.queries import coaching_time
from hingepoint.domain.people import actions as people
from hingepoint.domain.strategy.queries import pivotal
from hingepoint.records.people import Role

DAY = dt.timedelta(days=1)
KEY = "cust.data_access"
SAID = coaching.Said("Name a day", "Call Bo about the log", TODAY + 3 * DAY)


def hold(by, row, *, key=KEY, **how):
    return coaching.hold_session(by=by, at=NOW, deal_id=row.pk, type_key=key, said=SAID, **how)


@pytest.fixture
def head(cast):
    """Hedda, who leads Maud and Max."""
    user = person("Hedda", Role.MANAGER)
    people.join_team(by=None, at=NOW, user=user, team=cast.north.parent, since=TODAY, manages=True)
    return user


def lines(viewer):
    found = managers.managers_coached(viewer, today=TODAY + DAY)
    return {one.manager: (one.leader, one.told, one.last_on) for one in found.led} if found else None


def test_when_a_manager_was_coached_is_told_to_the_two_alone(cast, head):
    hold(head, cast.deal, to_manager=True)
    assert lines(head) == {
        "Hedda": ("", True, None),
        "Maud": ("Hedda", True, TODAY),
        "Max": ("Hedda", True, None),
    }
    assert lines(cast.manager) == {"Maud": ("Hedda", True, TODAY)}
    assert lines(cast.other_manager) == {"Max": ("Hedda", True, None)}
    assert lines(cast.sponsor) == {
        "Hedda": ("", True, None),
        "Maud": ("Hedda", False, None),
        "Max": ("Hedda", False, None),
    }
    assert lines(cast.analyst)["Hedda"] == ("", False, None)
    for who in ("seller", "inside_partner", "disabled"):
        assert lines(getattr(cast, who)) is None


@pytest.mark.parametrize(("coaching_managers", "told"), [(4, None), (5, (5, 7, 5))])
def test_what_managers_give_goes_up_of_five_who_coached_or_more(cast, coaching_managers, told):
    for n in range(5):
        manager, seller = person(f"Mia{n}", Role.MANAGER), person(f"Sam{n}", Role.SELLER)
        unit = team(f"Unit {n}", parent=cast.north.parent, manager=manager, sellers=(seller,))
        if n < coaching_managers:
            hold(manager, deal(f"U-{n}", owner=seller, team=unit))
    for who in (cast.sponsor, cast.analyst):
        given = managers.managers_coached(who, today=TODAY + DAY).given
        assert (given.managers and (given.managers, given.of, given.sessions)) == told
    assert managers.managers_coached(cast.manager, today=TODAY).given is None


def test_time_is_told_by_agreement_of_five_people_and_gain_by_value_gap_and_effect(cast, monkeypatch):
    playbooks.in_force(cast, KEY, "cust.reference_right")
    kinds = {key: AgreementType.objects.get(key=key).pk for key in (KEY, "cust.reference_right")}
    sellers = [person(f"Nils{n}", Role.SELLER) for n in range(5)]
    for n, seller in enumerate(sellers):
        people.join_team(by=None, at=NOW, user=seller, team=cast.north, since=TODAY, manages=False)
        row = deal(f"C-{n}", owner=seller, team=cast.north)
        hold(cast.manager, row)
        if n < 3:
            hold(cast.manager, row, key="cust.reference_right")
    effects = {kinds[KEY]: 0.1, kinds["cust.reference_right"]: -0.3}
    real = pivotal.pivotal_lines

    def with_effects(*args):
        behind = {"run_id": 1, "grade": "", "low": None, "high": None, "metric": "", "unit": "", "better": ""}
        more = {"in_words": "", "chosen_by": True}
        told = {pk: pivotal.Behind(effect=effect, **behind, **more) for pk, effect in effects.items()}
        return [replace(one, behind=told[one.type_id]) for one in real(*args)]

    monkeypatch.setattr(coaching_time, "pivotal_lines", with_effects)
    found = coaching_time.coaching_time(cast.sponsor, today=TODAY + DAY)
    assert (found.people, found.told) == (5, True)
    shown = {one.key: (one.time, one.gain) for one in found.lines}
    assert shown[KEY] == (5 / 8, pytest.approx(0.25))  # the same deals need both, and 0.3 is three times 0.1
    assert shown["cust.reference_right"] == (None, pytest.approx(0.75))  # of three people nothing is told
    assert [one.key for one in found.lines] == ["cust.reference_right", KEY]
    assert coaching_time.coaching_time(cast.manager, today=TODAY) is None


def test_without_a_signed_finding_no_gain_is_told(cast):
    playbooks.in_force(cast)
    [line] = coaching_time.coaching_time(cast.sponsor, today=TODAY).lines
    assert (line.time, line.gain) == (None, None)
