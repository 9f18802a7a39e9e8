"""Discovery, knowing nothing of the story, finds what was planted."""

import datetime as dt

import pytest

from hingepoint.analysis import discovery
from hingepoint.demo import planted
from hingepoint.demo.company import simulate
from hingepoint.records.findings import Grade

CONFIRMED = (Grade.STRONG, Grade.MODERATE)


@pytest.fixture(scope="module")
def found(whole):
    return discovery.discover(
        whole.deals, whole.events, settings=discovery.Settings(metric=planted.SUPPORTIVE)
    )


@pytest.mark.slow
def test_most_pivotal_agreements_are_confirmed(found):
    confirmed = {f.agreement for f in found.findings if f.grade in CONFIRMED and f.effect > 0}
    assert len(confirmed & {lever.key for lever in planted.PIVOTAL}) >= 5


@pytest.mark.slow
def test_no_decoy_is_confirmed_or_proposed(found):
    confirmed = {f.agreement for f in found.findings if f.grade in CONFIRMED}
    assert not confirmed & planted.DECOYS
    assert not {p.agreement for p in found.pivotal} & planted.DECOYS


@pytest.mark.slow
def test_the_opening_discount_is_found_to_harm(found):
    harmful = [f for f in found.findings if f.agreement == planted.OPENING_DISCOUNT]
    assert harmful[0].grade in CONFIRMED
    assert harmful[0].effect < 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", [8, 10])
def test_in_other_companies_no_decoy_is_confirmed_either(seed):
    company = simulate(ends_on=dt.date(2026, 11, 25), seed=seed)
    found = discovery.discover(
        company.deals, company.events, settings=discovery.Settings(metric=planted.SUPPORTIVE)
    )
    confirmed = {f.agreement for f in found.findings if f.grade in CONFIRMED}
    assert not confirmed & planted.DECOYS
    assert (
        len(confirmed & {lever.key for lever in planted.PIVOTAL}) >= 3
    )  # in company 10 a fourth stands at the edge
