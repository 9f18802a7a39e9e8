"""What a finding must survive: the record put right, and the share of faulty entries that would take it away."""

import dataclasses
import functools
from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

import faults
from hingepoint.analysis import discovery
from hingepoint.analysis.discovery import findings, result
from hingepoint.analysis.discovery.judging import contamination, grading, pipeline, verdicts
from hingepoint.analysis.discovery.reading import history, late_closes
from hingepoint.analysis.discovery.sums import study
from hingepoint.analysis.discovery.telling import words
from histories import plain, world

WON = discovery.Settings(metric="won")
ONE_CELL = np.ones(1, dtype=bool)


@functools.cache
def summed():
    """Return a small study, its sums and the fit of what is graded."""
    prepared = study.prepare(history.read(*plain(900), WON), WON)
    sums = study.sum_up(prepared, WON)
    judged = np.ones(len(prepared.history.types), dtype=bool)
    within = sums.main.within(sums.cells.everything())
    return prepared, sums, study.next_window(prepared, within, judged, ~judged, WON)


def laid_out():
    """Return all rows of the small study with a column for each seller but the first, and whose deal each is of."""
    prepared, sums, _ = summed()
    blocks = list(sums.blocks)
    values = np.vstack([one.values for one in blocks])
    seller = np.concatenate([one.seller for one in blocks])
    deal = np.concatenate([one.deal for one in blocks])
    return values, (seller[:, None] == np.unique(seller)).astype(float), prepared.history.won[deal]


# ---- faulty entries ----


def test_entries_that_count_as_they_are_give_the_effect_that_was_estimated():
    prepared, sums, fit = summed()
    for place, one in contamination.reweighted(prepared, sums, fit, [2, 0]).items():
        effect, variance = one.effect(1.0, 1.0)
        assert effect == pytest.approx(fit.effects[place], rel=1e-6)
        assert variance == pytest.approx(np.diag(fit.inverse)[fit.targets[place]], rel=1e-6)


@pytest.mark.parametrize(("in_won", "in_others"), [(0.7, 1.0), (1.0, 1.4)])
def test_a_share_of_faulty_entries_is_the_regression_on_the_sums_to_expect(in_won, in_others):
    """Independently: dummies for sellers, and an entry times itself counting as one entry."""
    prepared, sums, fit = summed()
    place = prepared.history.types.index("helps")
    values, sellers, won = laid_out()
    columns = [prepared.layout.covariates + place, prepared.layout.covariates + prepared.layout.types + place]
    weight = np.where(won, in_won, in_others)
    moved = values.copy()
    moved[:, columns] *= weight[:, None]
    everything = np.hstack([moved[:, :-1], sellers])
    products = everything.T @ everything
    for column in columns:
        products[column, column] = (values[:, column] * weight).sum()
    expected = np.linalg.lstsq(products, everything.T @ values[:, -1], rcond=1e-12)[0][columns[1]]
    found = contamination.reweighted(prepared, sums, fit, [place])[place].effect(in_won, in_others)[0]
    assert found == pytest.approx(expected, rel=1e-4)


def test_the_share_that_takes_a_finding_away_is_the_largest_with_which_it_stands():
    prepared, sums, fit = summed()
    place = prepared.history.types.index("helps")
    one = contamination.reweighted(prepared, sums, fit, [place])[place]
    fault = contamination.HELPFUL[0]
    share = contamination.worst_share(one, fault, lambda effect, grown: effect > 0.02)
    assert one.effect(*fault.weights(share - 1e-4))[0] > 0.02 > one.effect(*fault.weights(share + 1e-4))[0]
    assert contamination.worst_share(one, fault, lambda effect, grown: True) is None
    assert contamination.worst_share(one, fault, lambda effect, grown: False) == pytest.approx(0.0, abs=1e-6)


def test_a_finding_made_by_entries_after_the_win_says_that_fewer_of_them_would_take_it_away():
    deals, events = plain(1_500)
    written = faults.back_dated(deals, events, ["idle"], share=0.6).drop("recorded_at")
    finding = discovery.discover(deals, written, settings=WON).finding("idle")
    won = deals.filter(pl.col("status") == "won")["deal_id"].implode()
    honest, all_of_them = (
        some.filter((pl.col("agreement") == "idle") & pl.col("deal_id").is_in(won)).height
        for some in (events, written)
    )
    assert (finding.grade, len(finding.details.doubts)) == ("weak", 1)
    (told,) = [one for one in finding.details.breaks if one.fault == "written_after_the_win"]
    assert 0 < told.share < 1 - honest / all_of_them
    assert (
        told.in_words
        == f"It stands unless more than {told.share:.0%} of its entries in won deals were written after the win."
    )
    assert finding.to_dict()["breaks"][0]["share"] == pytest.approx(finding.details.breaks[0].share, rel=1e-6)


# ---- the record put right ----


def test_the_sums_of_some_rows_are_those_of_all_without_the_others():
    prepared, sums, _ = summed()
    values, _, won = laid_out()
    picked = study.picked(prepared, won)
    np.testing.assert_allclose(picked.products[0], values[won].T @ values[won])
    rest = sums.main.less(picked)
    np.testing.assert_allclose(rest.products[0], values[~won].T @ values[~won], atol=1e-6)
    assert rest.within(ONE_CELL).rows == (~won).sum()


def test_a_lost_deal_is_dead_three_usual_gaps_after_its_last_sign_of_life():
    deals, events = plain(300)
    lived = history.read(deals, events, WON)
    died = late_closes.died(lived)
    lost = lived.decided & ~lived.won
    assert np.isinf(died[~lost]).all()
    place = int(np.nonzero(lost & (np.isfinite(lived.gained).sum(axis=1) == 2))[0][0])
    last = lived.gained[place][np.isfinite(lived.gained[place])].max()
    assert died[place] == pytest.approx(last + 3 * last / 2)


def test_entries_that_lost_deals_lack_are_told_from_open_ones():
    """Of 40 entries of won and 120 of lost deals 60 are left of the lost ones: open deals have 1.6 times as many."""
    assert pipeline._kept(np.log(160 / 100), 0.0, 100.0, 60.0) == pytest.approx((0.5, 0.5))
    likely, least = pipeline._kept(np.log(160 / 100), 0.1, 100.0, 60.0)
    assert (likely, least) == (
        pytest.approx(0.5),
        pytest.approx(60 / (60 + np.expm1(np.log(1.6) + 0.1645) * 100)),
    )
    assert pipeline._kept(np.log(1.07), 0.05, 100.0, 60.0) == (1.0, 1.0)


@functools.cache
def seen(fault):
    lived = world(4_000, 3)
    deals, events = fault(lived)
    return discovery.discover(deals, events, settings=WON)


def closed_late(lived):
    return faults.lost_closed_late(lived.deals()), lived.events()


def everything_cleared(lived):
    deals = lived.deals()
    return deals, faults.lost_with_the_deal(deals, lived.events(), list(lived.keys), share=0.5)


def strong(found):
    return {one.agreement for one in found.findings if one.grade == "strong"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "repair"), [(closed_late, "closed_when_died"), (everything_cleared, "lost_log")]
)
def test_what_is_strong_has_survived_the_repair_that_the_audit_asks_for(fault, repair):
    lived, found = world(4_000, 3), seen(fault)
    assert strong(found)
    assert strong(found) <= set(lived.of("lever", "harmful"))
    for key in strong(found):
        repairs = found.finding(key).details.repairs
        assert (repair, True) in [(one.repair, one.survived) for one in repairs]
        assert all(one.survived for one in repairs)


@pytest.mark.slow
def test_levers_stay_strong_where_lost_deals_are_closed_late():
    assert len(strong(seen(closed_late)) & set(world(4_000, 3).levers)) >= 4


@pytest.mark.slow
def test_entries_cleared_from_lost_deals_are_told_with_their_share():
    (told,) = [one for one in seen(everything_cleared).audit if one.check == "lost_log"]
    assert told.state == "fault"
    share = int(told.in_words.split("about ")[1].split("%")[0])
    assert 40 <= share <= 60, "half of them were cleared"


def judged(**changes):
    """Return a type with a clear effect, and that sign as sure as its place among the best or worst."""
    one = grading.Judged(
        null=None,
        posterior=None,
        effects=np.array([0.1]),
        errors=np.array([0.01]),
        sampling=np.array([0.01]),
        p_adjusted=np.array([0.001]),
        false_sign=np.array([0.001]),
        order=grading.Order(
            p_top=np.array([0.95]),
            p_bottom=np.array([0.0]),
            low=np.array([0.09]),
            expected=np.array([0.1]),
            place=np.array([1]),
            between=np.array([[1, 1]]),
        ),
    )
    given = {name: np.array([value]) for name, value in changes.items()}
    ordered = {name: given.pop(name) for name in list(given) if hasattr(one.order, name)}
    return dataclasses.replace(one, order=dataclasses.replace(one.order, **ordered), **given)


ALL_PASSED = grading.Checks(*[True] * 10)


@pytest.mark.parametrize(
    ("changes", "grade"),
    [
        ({}, "strong"),
        ({"p_top": 0.5}, "moderate"),
        ({"effects": -0.1, "p_bottom": 0.95}, "strong"),
        ({"effects": -0.1, "p_bottom": 0.5}, "moderate"),
    ],
)
def test_strong_for_harm_needs_what_strong_for_help_needs(changes, grade):
    assert grading.grade(judged(**changes), 0, ALL_PASSED) == grade


#: What a moderate finding must withstand too.
SOUND = ["trusted", "lasting", "borne_out"]


@pytest.mark.parametrize(
    "check", [field.name for field in dataclasses.fields(grading.Checks) if field.name not in SOUND]
)
def test_a_check_that_fails_leaves_nothing_strong(check):
    failed = dataclasses.replace(ALL_PASSED, **{check: False})
    assert grading.grade(judged(), 0, failed) == "moderate"


@pytest.mark.parametrize("check", SOUND)
@pytest.mark.parametrize("changes", [{}, {"p_top": 0.5}, {"effects": -0.1, "p_bottom": 0.95}])
def test_what_is_clear_and_not_sound_is_worth_a_test_and_no_more_whichever_way(changes, check):
    doubted = dataclasses.replace(ALL_PASSED, **{check: False})
    assert grading.grade(judged(**changes), 0, doubted) == "weak"


@pytest.mark.parametrize(
    ("effect", "expected", "stands"),
    [(0.1, 0.06, True), (0.1, 0.04, False), (0.1, -0.09, False), (-0.1, -0.06, True), (-0.1, -0.04, False)],
)
def test_half_of_an_effect_must_be_borne_out_by_all_looks_whatever_a_pack_says(effect, expected, stands):
    own = judged(effects=effect, expected=expected)
    assert own.borne_out.tolist() == [stands]
    for told in (-1.0, 0.0, 1.0):
        elsewhere = dataclasses.replace(own.order, expected=np.array([told]))
        assert dataclasses.replace(own, order=elsewhere, alone=own.order).borne_out.tolist() == [stands]


def test_a_repair_that_a_finding_does_not_survive_is_why_it_is_not_strong():
    fell = result.Repair("lost_log", False, "with the log put right, nothing is left")
    stood = result.Repair("after_close_left_out", True, "it stands")
    prepared = summed()[0]
    empty = dict.fromkeys(field.name for field in dataclasses.fields(verdicts.Verdicts))
    one = verdicts.Verdicts(
        **{
            **empty,
            "prepared": prepared,
            "doubts": {},
            "leaning": {},
            "repairs": {0: (stood, fell), 1: (stood,)},
        }
    )
    assert (one.doubted(0), one.doubted(1)) == ((fell.in_words,), ())


@pytest.mark.parametrize(
    ("more", "survived", "trusted"), [(True, True, True), (True, False, False), (False, True, False)]
)
def test_what_open_deals_have_more_often_can_be_moderate_if_it_survives_repairs(more, survived, trusted):
    prepared = summed()[0]
    first = prepared.history.types[0]
    empty = dict.fromkeys(field.name for field in dataclasses.fields(verdicts.Verdicts))
    said = {"doubts": {first: ("more often",)}, "leaning": {}, "more": {first} if more else ()}
    repaired = {0: (result.Repair("lost_log", survived, "with the log put right"),)}
    one = verdicts.Verdicts(**{**empty, **said, "prepared": prepared, "repairs": repaired})
    assert one._trusted(0) is trusted


@pytest.mark.parametrize(
    ("false_sign", "ever", "stands", "said"),
    [
        (0.01, 0.04, True, (words.NOT_LASTING,)),
        (0.01, 0.09, False, (words.NOT_BORNE_OUT,)),
        (0.01, 0.09, True, ()),
        (0.2, 0.04, False, ()),
    ],
)
def test_other_looks_are_named_that_leave_less_than_half_of_a_clear_effect(false_sign, ever, stands, said):
    judged = SimpleNamespace(
        effects=np.array([0.1]), false_sign=np.array([false_sign]), borne_out=np.array([stands])
    )
    estimates = SimpleNamespace(ever=SimpleNamespace(effects=np.array([ever])))
    given = {"judged": judged, "estimates": estimates, "doubts": {}, "leaning": {}, "repairs": {}}
    empty = dict.fromkeys(field.name for field in dataclasses.fields(verdicts.Verdicts))
    one = verdicts.Verdicts(**{**empty, **given, "prepared": summed()[0]})
    assert one.against(0) == said


def test_what_leans_on_the_win_speaks_against_types_that_help_only():
    prepared = summed()[0]
    first, second = prepared.history.types[:2]
    empty = dict.fromkeys(field.name for field in dataclasses.fields(verdicts.Verdicts))
    said = {"doubts": {}, "leaning": {first: ("leans",), second: ("leans",)}, "repairs": {}}
    judged = SimpleNamespace(effects=np.array([0.1, -0.1]))
    one = verdicts.Verdicts(**{**empty, **said, "prepared": prepared, "judged": judged})
    assert (one.doubted(0), one.doubted(1)) == (("leans",), ())


@pytest.mark.parametrize(
    ("said", "proposed"),
    [
        ({}, True),
        ({"confirmed": False}, False),
        ({"doubts": ("it may be entered with the win",)}, False),
        ({"turned": SimpleNamespace(since=0.1)}, True),
        ({"turned": SimpleNamespace(since=-0.1)}, False),
    ],
)
def test_only_what_is_confirmed_undoubted_and_has_not_turned_is_proposed(said, proposed):
    details = SimpleNamespace(turned=said.get("turned"), doubts=said.get("doubts", ()))
    found = SimpleNamespace(confirmed=said.get("confirmed", True), harmful=False, effect=0.1, details=details)
    assert findings._may_be_proposed(found) is proposed


# ---- what an analyst may name ----


@pytest.mark.parametrize(("key", "passed"), [("helps", 0), ("idle", 1)])
def test_negative_controls_are_counted_and_left_out_of_the_set(key, passed):
    settings = dataclasses.replace(WON, negative_controls=(key, "not there"))
    found = discovery.discover(*plain(1_500), settings=settings)
    finding = found.finding(key)
    assert (found.controls.named, found.controls.tested, found.controls.passed) == (2, 1, passed)
    assert found.to_dict()["controls"]["passed"] == passed
    assert (finding.grade, finding.excluded_because) == ("excluded", "negative_control")
    assert key not in [one.agreement for one in found.pivotal]
    assert ("it passed" in finding.in_words) == bool(passed)
    assert (found.controls.in_words in found.warnings) == (not passed)


def test_a_control_that_fails_leaves_strong_only_what_is_larger():
    failed = dataclasses.replace(ALL_PASSED, beyond_controls=False)
    assert grading.grade(judged(), 0, failed) == "moderate"


def test_a_negative_control_cannot_be_marked_otherwise_too():
    with pytest.raises(discovery.DiscoveryError, match="a cannot be a negative control"):
        discovery.Settings(negative_controls=("a",), mechanical=("a",))


def test_what_an_unmeasured_cause_is_compared_with_is_a_fact_about_deals():
    found = discovery.discover(*plain(900), settings=WON)
    named = {one.covariate for finding in found.findings for one in finding.details.against}
    named |= {one.details.benchmark for one in found.findings}
    assert named - {None} <= {"size", "calendar", "segment"}
    assert named & {"size", "calendar", "segment"}
