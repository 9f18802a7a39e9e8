"""The pictures of the signals: what is drawn is what was read, in the unit people read."""

import datetime as dt
import math
from dataclasses import replace

import numpy as np
import pytest

import raising
from hingepoint.analysis.signals import SIGNALS
from hingepoint.analysis.signals.engine.places import COMPANY
from hingepoint.analysis.signals.shape import (
    Driver,
    Earlier,
    Place,
    Reading,
    Rules,
    Series,
    State,
    Told,
    WouldHaveShown,
)
from hingepoint.analysis.spc.charts import chart_of
from hingepoint.reports.charts import control
from hingepoint.web import formats, signal_pictures, signal_words

TIMES = signal_pictures.Times("month", dt.date(2025, 8, 31))
SHARES, MEANS = SIGNALS["exceptions"], SIGNALS["account_margins"]


def drawn(one: Reading, *, signal=SHARES, times=TIMES, silent_since=None, rules=()) -> control.Course:
    told = Told(signal, one.state, (one,), silent_since=silent_since, rules=rules)
    found = signal_pictures.course(told, one, times)
    assert found is not None
    return found


def raised(**facts) -> Reading:
    """Began in June 2025 within May to July, seen at the end of July."""
    days = {
        "since": dt.date(2025, 6, 1),
        "earliest": dt.date(2025, 5, 1),
        "latest": dt.date(2025, 7, 1),
        "seen": dt.date(2025, 7, 31),
    }
    return raising.reading(raising.NORTH, State.RAISED, **(days | facts))


class TestPoints:
    def test_a_month_is_drawn_as_if_its_deals_were_alike(self):
        """Six of twenty, five expected, a quarter usual: half a quarter more than expected of harder deals."""
        points = drawn(raising.reading(raising.NORTH)).points
        assert len(points) == 18
        assert points[0].value == pytest.approx(0.30)
        harder = raising.reading(raising.NORTH)
        usual = np.array([5.0] * 12 + [6.0] * 6)
        harder = replace(harder, series=replace(harder.series, usual=usual))
        assert drawn(harder).points[-1].value == pytest.approx(0.25)

    def test_months_are_named_and_years_stand_where_they_begin(self):
        points = drawn(raising.reading(raising.NORTH)).points
        assert (points[0].period, points[-1].period) == ("Mar 2024", "Aug 2025")
        assert [point.tick for point in points if point.tick] == ["2025", "Aug"]
        assert points[10].tick == "2025"

    def test_the_line_leaves_its_limits_in_the_picture_where_it_does_in_the_chart(self):
        one = raising.reading(raising.NORTH)
        found = drawn(one).points[12:]
        assert [point.line > point.high for point in found] == one.chart.outside.tolist()
        assert one.chart.outside.any()

    def test_a_score_is_worth_the_error_of_a_month_of_the_usual_size(self):
        one = raising.reading(raising.NORTH)
        point = drawn(one).points[-1]
        worth = math.sqrt(0.25 * 0.75 / 20)
        assert point.line == pytest.approx(0.25 + (one.chart.line[-1] - one.chart.baseline.level) * worth)
        assert point.high == pytest.approx(0.25 + (one.chart.high[-1] - one.chart.baseline.level) * worth)

    def test_the_usual_time_has_no_limits(self):
        assert {(p.line, p.low, p.high) for p in drawn(raising.reading(raising.NORTH)).points[:12]} == {
            (None, None, None)
        }

    def test_a_single_month_has_a_wider_band_the_fewer_there_were(self):
        one = raising.reading(raising.NORTH)
        counts = np.array([80.0, *raising.COUNTS[1:]])
        points = drawn(replace(one, series=replace(one.series, counts=counts))).points
        few, many = points[1].single, points[0].single
        half = 3 * one.chart.baseline.spread * math.sqrt(0.25 * 0.75 / 80)
        assert many == pytest.approx((max(0.25 - half, 0), 0.25 + half))
        assert few[1] - 0.25 == pytest.approx(2 * half)

    def test_a_month_without_units_leaves_a_gap(self):
        one = raising.reading(raising.NORTH)
        counts = np.array([0.0, *raising.COUNTS[1:]])
        first = drawn(replace(one, series=replace(one.series, counts=counts))).points[0]
        assert (first.value, first.count, first.single) == (None, 0, None)

    def test_months_of_too_few_answers_hide_no_others(self):
        one = raising.reading(raising.NORTH)
        gone = np.array([np.nan, *np.full(17, 5.0)])
        hidden = replace(one.series, counts=np.array([0.0, *raising.COUNTS[1:]]), usual=gone)
        points = drawn(replace(one, series=hidden)).points
        assert points[0].value is None
        assert all(point.value is not None for point in points[1:])

    def test_a_logarithm_is_drawn_as_the_ratio(self):
        one = raising.reading(COMPANY, baseline=math.log(0.9))
        assert drawn(one, signal=SIGNALS["shrinking_contracts"]).usual == pytest.approx(0.9)

    def test_the_spread_of_means_is_told_by_the_companys_scores(self):
        counts, scores = np.full(6, 16.0), np.array([1.0, -1.0, 2.0, -2.0, 0.5, -0.5])
        usual = counts * 0.4
        series = Series(COMPANY, 650, counts, usual + scores * 0.08 * 4, usual, scores, 6)
        told = Told(MEANS, State.CALM, (Reading(COMPANY, State.CALM, 0.4, 0.4, None, series=series),))
        assert signal_pictures.spread_of(told) == pytest.approx(0.08)


class TestChange:
    def test_only_the_months_since_it_began_are_red(self):
        points = drawn(raised()).points
        assert [point.period for point in points if point.flagged] == ["Jun 2025", "Jul 2025", "Aug 2025"]

    def test_a_calm_place_has_nothing_red(self):
        found = drawn(raising.reading(raising.NORTH))
        assert found.change is None
        assert not any(point.flagged for point in found.points)

    def test_the_band_of_days_reaches_from_the_earliest_to_the_end_of_the_latest(self):
        change = drawn(raised()).change
        assert (change.since, change.earliest, change.latest) == (15, 14, 17)
        assert change.words == "began May to July 2025"

    def test_the_level_since_is_the_usual_one_and_the_size(self):
        change = drawn(raised(size=0.1)).change
        assert change.level == pytest.approx(0.35)
        assert change.now == "now 30.0%"


class TestStates:
    def test_a_month_that_is_counted_in_part_is_hollow_and_moves_nothing(self):
        one = raised()
        scores = np.array([*raising.SCORES[:-1], np.nan])
        series = replace(one.series, scores=scores)
        found = drawn(replace(one, series=series))
        *_, before, last = found.points
        assert (last.value, last.count, last.going) == (pytest.approx(0.3), 20, True)
        assert (last.line, last.low, last.high, last.flagged) == (None, None, None, False)
        assert (before.going, before.flagged) == (False, True)
        assert control.table(found).rows[0][5] == "Not all counted yet"
        assert "last Jul 2025" in control.description(found)
        wide, phone = (
            control.draw(found, metric="Requests", size=size) for size in (control.WIDE, control.NARROW)
        )
        assert (
            wide.count('class="f-surface s-quiet-solid"')
            == phone.count('class="f-surface s-quiet-solid"')
            == 1
        )
        assert "Aug 2025: 30.0% on 20. Not all counted yet." in wide

    def test_a_silent_source_is_hatched_from_the_day_after_its_last_news(self):
        found = drawn(raising.reading(raising.NORTH, State.STALE), silent_since=dt.date(2025, 7, 31))
        assert found.silent_from == 17
        assert "Jul" in found.points[-2].period

    def test_few_points_have_limits_for_trial(self):
        few = raising.reading(raising.NORTH, chart=chart_of(raising.SCORES, baseline_points=6, limit=2.5))
        few = replace(few, series=replace(few.series, baseline=6))
        assert drawn(few).trial
        assert not drawn(raising.reading(raising.NORTH)).trial

    def test_new_rules_stand_as_a_line_at_their_day(self):
        rules = (Rules(dt.date(2020, 1, 1), "1"), Rules(dt.date(2024, 6, 16), "2"))
        assert drawn(raising.reading(raising.NORTH), rules=rules).breaks == ((3.5, "rules 2"),)

    def test_limits_set_anew_stand_as_a_line_with_their_reason_below(self):
        anew = (Rules(dt.date(2024, 6, 1), reason="Two teams became one."),)
        assert drawn(raising.reading(raising.NORTH), rules=anew).breaks == ((3.0, "limits set anew"),)
        now = raising.reading(raising.NORTH)
        told = Told(SHARES, State.CALM, (one := replace(now, earlier=(Earlier(now.series),)),), rules=anew)
        assert signal_words.other_rules(told, one).startswith(
            "Limits were set anew from 1 Jun 2024: Two teams became one. Before, 30.0% was usual"
        )

    def test_rules_new_within_the_month_before_stand_at_the_edge(self):
        rules = (Rules(dt.date(2024, 2, 16), "2"),)
        assert drawn(raising.reading(raising.NORTH), rules=rules).breaks == ((0.0, "rules 2"),)

    def test_the_time_under_earlier_rules_is_drawn_with_its_own_limits_and_never_joined(self):
        """Fifteen months of half as many requests, a month in which the rules changed, and the eighteen of now."""
        counts, scores = np.full(15, 20.0), np.tile([0.5, -0.5, 1.0], 5)
        then = Series(raising.NORTH, 634, counts, counts * 0.1, counts * 0.1, scores, 12)
        era = Earlier(then, chart_of(scores, baseline_points=12, limit=2.5))
        one = raising.reading(raising.NORTH, earlier=(era,))
        found = drawn(one, rules=(Rules(dt.date(2024, 2, 10), "2"),))
        assert [len(found.points), found.points[0].period, found.points[15].period] == [
            34,
            "Nov 2022",
            "Feb 2024",
        ]
        assert (found.points[15].value, found.points[15].count) == (None, 0)
        assert found.breaks == ((pytest.approx(15 + 9 / 29), "rules 2"),)
        assert [point.usual for point in found.points] == [pytest.approx(0.1)] * 15 + [None] * 19
        assert [point.low is not None for point in found.points[:15]] == [False] * 12 + [True] * 3
        assert found.points[14].high < found.points[33].high
        assert found.points[16:] == drawn(raising.reading(raising.NORTH)).points or found.points[17].value
        picture = control.draw(found, metric="Requests")
        assert "Before the dashed line 10.0% was usual." in picture
        told = Told(SHARES, State.CALM, (one,), rules=(Rules(dt.date(2024, 2, 10), "2"),))
        assert signal_words.other_rules(told, one).startswith(
            "Rules 2 hold since 10 Feb 2024. Before, 10.0% was usual"
        )
        assert signal_words.other_rules(told, raising.reading(raising.NORTH)) == ""

    def test_a_place_whose_series_is_not_kept_has_no_picture(self):
        bare = raising.reading(raising.NORTH, series=None, chart=None)
        told = Told(SHARES, State.CALM, (bare,))
        assert signal_pictures.picture(told, bare, TIMES, names={}) is None
        assert signal_pictures.tile(told, TIMES) == ""

    def test_desk_phone_and_table_tell_the_same_numbers(self):
        one = raised()
        told = Told(SHARES, State.RAISED, (one,))
        found = signal_pictures.picture(told, one, TIMES, names={})
        assert found.desk != found.phone
        assert 'width="356"' in found.phone  # 330 user units
        newest = found.table.rows[0]
        assert (newest[0], newest[1], newest[2], newest[5]) == ("Aug 2025", "30.0%", "20", "Raised")
        assert "Aug 2025: 30.0% on 20. Raised." in found.desk
        assert "30.0% on 20" not in found.phone  # nothing hovers on a phone: its numbers are in the table


class TestWords:
    def test_a_raise_says_where_how_much_and_since_when(self):
        told = Told(SHARES, State.RAISED, (raised(),))
        assert signal_words.headline(told, "month", {}) == (
            "North: 30.0% now, 25.0% is usual. Like for like that is +10.0 points since June 2025 (May to July 2025)."
        )

    def test_a_place_known_by_a_key_is_told_by_its_name(self):
        manager = Place("manager", "u7")
        assert signal_words.place_name(manager, {manager: "Maud"}) == "Maud"
        assert signal_words.place_name(COMPANY, {}) == "The company"

    def test_a_calm_page_that_could_hardly_have_seen_it_says_so(self):
        would = WouldHaveShown(0.10, dt.date(2025, 7, 1), 0.84)
        told = Told(SHARES, State.CALM, (raising.reading(COMPANY),), would_have_shown=would)
        assert signal_words.certificate(told, "month") == (
            "Had it become worse by 10 points since July 2025, this page would have raised it by now with a chance of 84%."
        )
        blind = replace(told, would_have_shown=replace(would, chance=0.31))
        assert "would hardly have seen it: with a chance of 31%" in signal_words.certificate(blind, "month")

    def test_a_chart_that_could_see_none_of_its_changes_says_so(self):
        chances = [
            WouldHaveShown(moved, dt.date(2025, 7, 1), chance)
            for moved, chance in ((0.05, 0.02), (0.1, 0.11), (0.15, 0.4))
        ]
        few = replace(raising.reading(COMPANY), certificate=tuple(chances))
        assert not signal_words.could_see(few)
        assert signal_words.blind(SHARES, few, "month") == (
            "Too little happens here for a monthly chart: even had it become worse by 15 points since July 2025, it would have "
            "been raised with a chance of 40% only. Calm says little."
        )
        assert signal_words.could_see(
            replace(few, certificate=(*chances[:2], replace(chances[2], chance=0.5)))
        )

    def test_no_news_is_never_called_calm(self):
        told = Told(
            SHARES, State.STALE, (raising.reading(COMPANY, State.STALE),), silent_since=dt.date(2025, 5, 3)
        )
        said = signal_words.headline(told, "month", {})
        assert said == "No news since 3 May 2025, so this page does not say calm."

    @pytest.mark.parametrize(("unit", "said"), [("share", "41.7%"), ("money", "0"), ("number", "0.4")])
    def test_drivers_are_told_in_their_unit(self, unit, said):
        assert signal_words.driver_value(Driver("x", unit, None, 0.417), 0.417) == said

    def test_money_is_told_in_its_currency_and_of_several_in_none(self):
        spent = Driver("given a month without a plan", "money", None, 41_700.0, "USD")
        assert signal_words.driver_value(spent, spent.since) == "$41.7k"
        assert formats.one_currency(["", "EUR"]) == formats.one_currency([]) == "EUR"
        assert formats.one_currency(["USD", "EUR"]) is None

    def test_a_ratio_moves_in_points_of_itself(self):
        signal = SIGNALS["shrinking_contracts"]
        assert signal_words.change(signal, math.log(0.8), math.log(0.9)) == "−18.0 points"


class TestWhere:
    def drawn(self, *states: tuple[str, State], **facts):
        places = [raising.reading(Place("team", name), state, **facts) for name, state in states]
        told = Told(SIGNALS["exceptions"], State.RAISED, tuple(places))
        return signal_pictures.where(told, places, names={}, address=lambda place: f"?place={place.name}")

    def test_places_stand_beside_each_other_with_what_is_usual(self):
        found = self.drawn(("North", State.RAISED), ("South", State.CALM))
        for picture in found:
            assert 'href="?place=North"' in picture
            assert "2 places. Raised: North." in picture

    def test_only_what_is_raised_is_a_diamond_so_that_it_is_told_without_colour(self):
        raised, calm = (
            self.drawn(("North", state), ("South", State.CALM)) for state in (State.RAISED, State.CALM)
        )
        assert calm[0].count("<circle") == 2
        assert raised[0].count("<circle") == 1
        assert "s-bad-solid" in raised[0]
        assert "bad-solid" not in calm[0]

    def test_one_place_has_nothing_beside_it(self):
        assert self.drawn(("North", State.RAISED)) is None

    def test_places_without_an_interval_are_not_drawn(self):
        assert self.drawn(("North", State.CALM), ("South", State.CALM), ci=None) is None
