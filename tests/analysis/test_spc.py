"""Control charts: published numbers, planted truths, and what a calm series must not do."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import medpar
from hingepoint.analysis.spc import adjusting, baseline, change, charts, funnel, run_lengths, shares


def autocorrelated(rng: np.random.Generator, series: int, points: int, alike: float) -> np.ndarray:
    """Return series of an AR(1) with standard deviation 1, a row each."""
    noise = rng.standard_normal((series, points))
    found = noise.copy()
    for place in range(1, points):
        found[:, place] = alike * found[:, place - 1] + math.sqrt(1 - alike**2) * noise[:, place]
    return found


def a_baseline(points: int = 24, alike: float = 0.0) -> baseline.Baseline:
    return baseline.Baseline(level=0.0, spread=1.0, points=points, alike=alike)


class TestRunLengths:
    @pytest.mark.parametrize(
        ("weight", "limit", "shift", "length"),
        [
            (0.1, 2.814, 0.0, 500),
            (0.1, 2.814, 0.5, 31.3),
            (0.1, 2.814, 1.0, 10.33),
            (0.1, 2.814, 2.0, 4.36),
            (0.2, 2.962, 0.0, 500),
            (0.2, 2.962, 0.5, 41.8),
            (0.2, 2.962, 1.0, 10.5),
        ],
    )
    def test_an_ewma_runs_as_long_as_lucas_and_saccucci_tabled(self, weight, limit, shift, length):
        assert run_lengths.ewma(limit=limit, weight=weight, shift=shift) == pytest.approx(length, rel=5e-3)

    @pytest.mark.parametrize(("shift", "length"), [(0.0, 465), (0.5, 38.0), (1.0, 10.4), (2.0, 4.01)])
    def test_a_cusum_runs_as_long_as_tabled(self, shift, length):
        assert run_lengths.cusum(shift=shift) == pytest.approx(length, rel=5e-3)

    @pytest.mark.parametrize(
        ("weight", "length", "limit"),
        [
            *(
                (0.1, 120, 2.231),
                (0.1, 400, 2.731),
                (0.1, 1200, 3.119),
                (0.1, 4000, 3.492),
                (0.1, 12000, 3.798),
            ),
            *(
                (0.2, 120, 2.435),
                (0.2, 400, 2.886),
                (0.2, 1200, 3.243),
                (0.2, 4000, 3.591),
                (0.2, 12000, 3.881),
            ),
        ],
    )
    def test_limits_give_the_wanted_run_length(self, weight, length, limit):
        assert run_lengths.limit_for(length, weight=weight) == pytest.approx(limit, abs=6e-4)

    @pytest.mark.parametrize(
        ("limit", "delay"), [(2.231, 7.6), (2.731, 9.9), (3.119, 12.1), (3.492, 14.7), (3.798, 17.4)]
    )
    def test_wider_limits_see_a_shift_of_one_deviation_later(self, limit, delay):
        assert run_lengths.ewma(limit=limit, weight=0.1, shift=1.0) == pytest.approx(delay, abs=0.06)

    def test_an_ewma_of_weight_one_is_shewharts_chart(self):
        assert run_lengths.ewma(limit=3.0, weight=0.999999) == pytest.approx(370.4, rel=1e-3)

    def test_every_chart_takes_its_part_of_the_budget(self):
        assert run_lengths.budget(charts=40, points_a_quarter=13) == 520
        assert run_lengths.budget(charts=40, points_a_quarter=3, raises_a_quarter=0.5) == 240

    def test_a_budget_that_would_raise_all_the_time_is_refused(self):
        with pytest.raises(ValueError, match=r"every 3\.0 points"):
            run_lengths.limit_for(3)


class TestBaseline:
    def test_level_spread_and_likeness_of_five_points_are_those_worked_out_by_hand(self):
        found = baseline.estimate(np.array([1.0, 2.0, 4.0, 3.0, 5.0]))
        # around 3: -2 -1 1 0 2; r = (2 - 1 + 0 + 0) / 10 = .1; rho = .1 + 1.3 / 5 = .36
        assert found.level == 3.0
        assert found.alike == pytest.approx(0.36)
        together = 5 + 2 * (4 * 0.36 + 3 * 0.36**2 + 2 * 0.36**3 + 0.36**4)
        assert found.spread == pytest.approx(math.sqrt(10 / (5 - together / 5)))

    def test_points_that_repel_each_other_count_as_unlike(self):
        assert baseline.estimate(np.array([1.0, -1.0] * 20)).alike == 0.0

    def test_a_baseline_of_one_point_is_refused(self):
        with pytest.raises(ValueError, match="two points"):
            baseline.estimate(np.array([1.0]))

    def test_with_unlike_points_the_spread_is_the_textbooks_plus_the_error_of_the_level(self):
        spread = baseline.smoothed_spread(a_baseline(points=24), 0.1, 3)
        wanted = [math.sqrt(0.1 / 1.9 * (1 - 0.9 ** (2 * t)) + (1 - 0.9**t) ** 2 / 24) for t in (1, 2, 3)]
        assert spread == pytest.approx(wanted, rel=1e-12)

    @pytest.mark.parametrize("alike", [1e-9, 0.4])
    def test_with_alike_points_the_spread_is_that_of_simulated_lines(self, alike):
        spread = baseline.smoothed_spread(a_baseline(points=20, alike=alike), 0.2, 10)
        rng = np.random.default_rng(3)
        series = autocorrelated(rng, 20_000, 30, alike)
        lines = [
            charts.smooth(row[20:], start=row[:20].mean(), weight=0.2)[-1] - row[:20].mean() for row in series
        ]
        assert spread[-1] == pytest.approx(np.std(lines), rel=0.02)


class TestChart:
    def test_the_line_and_limits_are_those_of_the_handbooks_example(self):
        """NIST/SEMATECH e-Handbook 6.3.2.4: centre 50, s 2.0539, weight .3, 3 sigma: limits 47.4115 to 52.5884."""
        data = [
            52,
            47,
            53,
            49.3,
            50.1,
            47,
            51,
            50.1,
            51.2,
            50.5,
            49.6,
            47.6,
            49.9,
            51.3,
            47.8,
            51.2,
            52.6,
            52.4,
        ]
        data += [53.6, 52.1]
        known = baseline.Baseline(level=50.0, spread=2.0539, points=10**9, alike=0.0)
        chart = charts.follow(np.array(data), baseline=known, limit=3.0, weight=0.3)
        assert (chart.low[-1], chart.high[-1]) == pytest.approx((47.4115, 52.5884), abs=2e-4)
        assert chart.line[:4] == pytest.approx([50.6, 49.52, 50.56, 50.18], abs=5e-3)
        assert chart.line[-1] == pytest.approx(51.99, abs=5e-3)
        assert not chart.outside.any()

    def test_a_cusum_adds_what_lies_beyond_its_reference(self):
        upper, lower = charts.cusums(np.array([10.0, 10, 10, 11, 12, 13]), level=10, reference=0.5)
        assert upper.tolist() == [0, 0, 0, 0.5, 2, 4.5]
        assert lower.tolist() == [0] * 6

    def test_single_points_have_the_limits_of_their_moving_range(self):
        found = charts.natural_limits(np.array([10.0, 12.0, 11.0, 13.0]))
        # moving ranges 2 1 2, mean 5/3, over 1.128379
        assert (found.centre, found.high) == (11.5, pytest.approx(11.5 + 3 * (5 / 3) / 1.128379, rel=1e-6))
        assert found.low == pytest.approx(23 - found.high)

    def test_a_month_without_news_leaves_the_line_where_it_was(self):
        line = charts.smooth(np.array([1.0, np.nan, 1.0]), start=0.0, weight=0.5)
        assert line.tolist() == [0.5, 0.5, 0.75]

    def test_a_raise_stands_until_three_points_in_a_row_were_inside(self):
        outside = np.array([0, 1, 0, 0, 1, 0, 0, 0, 0, 1], bool)
        known = np.ones(len(outside), bool)
        assert charts.standing(outside, known=known).tolist() == [False] + [True] * 6 + [False] * 2 + [True]

    def test_a_month_that_is_not_known_does_not_count_as_one_inside(self):
        outside = np.array([True, False, False, False, False, False])
        known = np.array([True, True, False, True, False, True])
        assert charts.standing(outside, known=known).tolist() == [True] * 5 + [False]

    def test_a_raise_that_stands_says_when_it_was_seen_first(self):
        series = np.concatenate([np.tile([1.0, -1.0], 12), np.full(12, 4.0)])
        chart = charts.chart_of(series, baseline_points=24, limit=2.8)
        first = int(np.flatnonzero(chart.outside)[0])
        assert chart.is_raised
        assert chart.raised_at == first
        assert charts.chart_of(series[:24], baseline_points=24, limit=2.8).raised_at is None

    def test_a_baseline_of_eleven_points_never_raises(self):
        series = np.concatenate([np.tile([1.0, -1.0], 6)[:11], np.full(20, 50.0)])
        assert not charts.chart_of(series, baseline_points=11, limit=2.8).outside.any()
        assert charts.chart_of(np.append(0.0, series), baseline_points=12, limit=2.8).outside.any()

    @pytest.mark.parametrize(
        ("points", "alike", "published"),
        [
            *((24, 0.0, 0.100), (52, 0.0, 0.095), (104, 0.0, 0.090)),
            *((24, 0.3, 0.166), (52, 0.3, 0.135), (104, 0.3, 0.125)),
            *((24, 0.5, 0.191), (52, 0.5, 0.141), (104, 0.5, 0.113)),
        ],
    )
    def test_a_calm_series_is_raised_as_seldom_as_was_measured_elsewhere(self, points, alike, published):
        """A limit of 2.814 promises .108 false raises in 52 points, of a baseline that is known and points that are unlike."""
        raised = self.raised(points, alike, lambda usual: baseline.estimate(usual))
        assert raised == pytest.approx(published, abs=self.luck(published))

    @pytest.mark.parametrize(("points", "published"), [(12, 0.141), (24, 0.123), (52, 0.119), (104, 0.110)])
    def test_the_error_of_the_level_widens_limits_as_was_measured_elsewhere(self, points, published):
        def unlike(usual: np.ndarray) -> baseline.Baseline:
            return baseline.Baseline(usual.mean(), usual.std(ddof=1), len(usual), 0.0)

        assert self.raised(points, 0.0, unlike) == pytest.approx(published, abs=self.luck(published))

    @pytest.mark.parametrize(
        ("points", "alike", "published"),
        [(12, 0.0, 0.441), (24, 0.0, 0.321), (52, 0.0, 0.221), (104, 0.0, 0.167), (24, 0.5, 0.775)],
    )
    def test_limits_that_take_the_baseline_for_known_raise_several_times_as_often(
        self, points, alike, published
    ):
        def known(usual: np.ndarray) -> baseline.Baseline:
            return baseline.Baseline(usual.mean(), usual.std(ddof=1), 10**9, 0.0)

        assert self.raised(points, alike, known) == pytest.approx(published, abs=self.luck(published))

    SERIES = 400

    def raised(self, points, alike, usual):
        """Return the share of calm series that are raised within 52 points after the usual ones."""
        series = autocorrelated(np.random.default_rng(11), self.SERIES, points + 52, alike)
        found = [
            charts.follow(row[points:], baseline=usual(row[:points]), limit=2.814).outside.any()
            for row in series
        ]
        return np.mean(found)

    def luck(self, share):
        return 3 * math.sqrt(share * (1 - share) / self.SERIES)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_a_step_of_two_deviations_is_seen_within_a_few_points(self, sign):
        rng = np.random.default_rng(5)
        series = autocorrelated(rng, 200, 24 + 20, 0.0)
        series[:, 24:] += 2 * sign
        seen = [charts.chart_of(row, baseline_points=24, limit=2.814).outside for row in series]
        firsts = [np.flatnonzero(one)[0] + 1 for one in seen if one.any()]
        assert len(firsts) >= 196
        assert np.mean(firsts) < 7

    def test_a_chart_with_a_worse_side_raises_there_alone(self):
        series = np.concatenate([np.tile([1.0, -1.0], 12), np.full(8, 4.0)])
        usual, after = baseline.estimate(series[:24]), series[24:]
        up, down = (charts.follow(after, baseline=usual, limit=2.8, side=side) for side in (1, -1))
        assert up.is_raised
        assert not down.outside.any()
        assert not charts.follow(-after, baseline=usual, limit=2.8, side=1).outside.any()
        assert charts.follow(-after, baseline=usual, limit=2.8, side=-1).is_raised

    def test_a_spread_is_drawn_to_that_of_charts_like_it_by_variance(self):
        own = baseline.Baseline(level=5.0, spread=1.0, points=13, alike=0.3)
        drawn = baseline.drawn_to(own, spread=2.0, alike=0.0, worth=12)
        assert (drawn.level, drawn.points) == (5.0, 13)
        assert drawn.spread == pytest.approx(math.sqrt((12 * 1 + 12 * 4) / 24))
        assert drawn.alike == pytest.approx(0.15)
        assert baseline.drawn_to(own, spread=0.1, alike=0.0, worth=12, steadiest=0.9).spread == 0.9


class TestAdjusting:
    """What is usual of deals like these, from what was known of them."""

    @staticmethod
    def deals(rng: np.random.Generator, number: int) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "segment": rng.choice(["a", "b"], number),
                "initial_amount": np.exp(rng.standard_normal(number)),
                "team": rng.choice(["x", "y"], number),
            }
        )

    def test_shares_of_kinds_of_deals_are_recovered_and_a_place_is_none(self):
        rng = np.random.default_rng(1)
        rows = self.deals(rng, 8000)
        kind, place = (rows[name].to_numpy() for name in ("segment", "team"))
        true = np.where(kind == "a", 0.1, 0.4)
        values = (rng.random(8000) < true + 0.2 * (place == "x")).astype(float)
        found = adjusting.expected(values, rows, np.ones(8000, bool), kind="share")
        assert found[kind == "a"].mean() == pytest.approx(0.2, abs=0.02)
        assert found[kind == "b"].mean() == pytest.approx(0.5, abs=0.02)
        assert found[place == "x"].mean() == pytest.approx(found[place == "y"].mean(), abs=0.02)

    def test_means_follow_size_and_only_the_usual_time_is_asked(self):
        rng = np.random.default_rng(2)
        rows = self.deals(rng, 4000)
        size = np.log(rows["initial_amount"].to_numpy())
        usual = np.arange(4000) < 2000
        values = 1 + 0.5 * size + np.where(usual, 0.0, 10.0)
        found = adjusting.expected(values, rows, usual, kind="mean")
        assert found == pytest.approx(1 + 0.5 * size, abs=0.02)

    def test_few_deals_count_as_average_ones(self):
        rows = self.deals(np.random.default_rng(3), 40)
        values = np.arange(40.0)
        assert adjusting.expected(values, rows, np.ones(40, bool), kind="mean") == pytest.approx(
            np.full(40, 19.5)
        )

    def test_a_deal_that_says_nothing_counts_as_an_average_one(self):
        rows = self.deals(np.random.default_rng(4), 500).with_columns(
            initial_amount=pl.when(pl.int_range(pl.len()) < 5).then(None).otherwise("initial_amount")
        )
        values = np.nan_to_num(np.log(rows["initial_amount"].to_numpy().astype(float)), nan=0.0)
        found = adjusting.expected(values, rows.drop("segment"), np.ones(500, bool), kind="mean")
        assert found[:5] == pytest.approx(np.full(5, values.mean()), abs=1e-6)


class TestChange:
    def test_a_change_began_before_it_was_seen(self):
        series = np.concatenate([np.tile([0.1, -0.1], 12), np.full(6, 1.0), np.full(6, 9.0)])
        chart = charts.chart_of(series, baseline_points=24, limit=2.8)
        assert change.date_change(chart).since == 6
        assert change.date_change(chart, began_by=chart.raised_at).since <= chart.raised_at < 6

    @pytest.mark.parametrize(("alike", "step"), [(0.0, 1.5), (0.3, 2.0)])
    def test_the_interval_of_the_date_holds_the_true_date(self, alike, step):
        rng = np.random.default_rng(2)
        held = []
        for row in autocorrelated(rng, 300, 54, alike):
            row[34:] += step
            chart = charts.chart_of(row, baseline_points=24, limit=2.814)
            if chart.outside[10:].any():
                found = change.date_change(chart)
                held.append((found.earliest <= 10 <= found.latest, found.low <= step <= found.high))
        dates, sizes = np.mean(held, axis=0)
        assert len(held) > 200
        assert dates > 0.94
        assert sizes > 0.90

    def test_a_clean_step_is_dated_to_the_point_and_sized_exactly(self):
        series = np.concatenate([np.tile([0.1, -0.1], 12), np.zeros(6), np.full(6, 3.0)])
        chart = charts.chart_of(series, baseline_points=24, limit=2.8)
        found = change.date_change(chart)
        assert (found.since, found.earliest, found.latest) == (6, 6, 6)
        assert found.size == pytest.approx(3.0)
        assert found.low < 3.0 < found.high

    def test_points_after_the_raise_can_be_left_out(self):
        series = np.concatenate([np.tile([0.1, -0.1], 12), np.full(6, 3.0), np.full(6, -9.0)])
        chart = charts.chart_of(series, baseline_points=24, limit=2.8)
        assert change.date_change(chart, until=6).size == pytest.approx(3.0)

    def test_a_change_without_a_point_is_refused(self):
        chart = charts.follow(np.array([np.nan]), baseline=a_baseline(), limit=2.8)
        with pytest.raises(ValueError, match="one point"):
            change.date_change(chart)

    def test_what_a_calm_chart_would_have_shown_is_what_simulated_charts_show(self):
        chart = charts.follow(np.zeros(20), baseline=a_baseline(points=24), limit=2.814)
        told = change.chance_to_show(chart, change=1.0, since=8, rng=np.random.default_rng(1))
        rng = np.random.default_rng(9)
        points = rng.standard_normal((4000, 44))
        points[:, 32:] += 1.0
        half = chart.high
        shown = [
            (np.abs(charts.smooth(row[24:], start=row[:24].mean()) - row[:24].mean()) > half).any()
            for row in points
        ]
        assert told == pytest.approx(np.mean(shown), abs=0.03)
        assert 0.3 < told < 0.9

    def test_a_larger_change_is_never_told_a_smaller_chance_and_each_is_told_as_by_itself(self):
        chart = charts.follow(np.zeros(20), baseline=a_baseline(points=24), limit=2.814)
        noise = np.random.default_rng(1).standard_normal((2000, 60))  # more than its points: the rest is left
        told = change.chances_to_show(chart, changes=(0.5, 1.0, 1.5), since=8, noise=noise)
        assert told == sorted(told)
        assert told[1] == pytest.approx(
            change.chance_to_show(chart, change=1.0, since=8, rng=np.random.default_rng(7)), abs=0.03
        )

    @pytest.mark.parametrize("side", [1, -1, 0])
    @pytest.mark.parametrize("alike", [0.0, 0.4])
    def test_the_same_draws_followed_one_by_one_show_as_many(self, side, alike):
        usual = a_baseline(points=24, alike=alike)
        chart = charts.follow(np.zeros(20), baseline=usual, limit=2.4, weight=0.2, side=side)
        noise = np.random.default_rng(3).standard_normal((300, 44))
        points = noise @ np.linalg.cholesky(usual.correlations(20) + 1e-12 * np.eye(44)).T * usual.spread

        def is_raised(row, change):
            moved = row[24:] - row[:24].mean() + np.where(np.arange(20) >= 8, change, 0.0)
            line, half = charts.smooth(moved, start=0.0, weight=0.2), chart.high - usual.level
            return bool(((line > half) & (side >= 0) | (line < -half) & (side <= 0)).any())

        changes = (-1.5, 0.0, 0.4, 1.5)
        shown = [np.mean([is_raised(row, change) for row in points]) for change in changes]
        assert change.chances_to_show(chart, changes=changes, since=8, noise=noise) == pytest.approx(shown)
        assert len(set(shown)) >= 3

    def test_a_trial_chart_would_have_shown_nothing(self):
        chart = charts.follow(np.zeros(20), baseline=a_baseline(points=11), limit=2.814)
        assert change.chance_to_show(chart, change=9.0, since=0, rng=np.random.default_rng(1)) == 0.0


class TestShares:
    def test_laneys_limits_are_those_of_the_published_example(self):
        found = shares.laney_p(np.array([2.0, 3, 1, 4, 2]), np.full(5, 50.0))
        assert found.beyond == pytest.approx(1.1726025689)
        assert found.high == pytest.approx([0.1543472310] * 5)
        assert found.low.tolist() == [0.0] * 5

    def test_a_rate_varies_as_a_poisson_count_does(self):
        found = shares.laney_u(np.array([4.0, 9, 4, 9]), np.full(4, 2.0))
        # mean 3.25 a unit; sqrt(3.25 / 2) = 1.2748; z = -.9806 1.9611/2 ...; ranges 2.5 / 1.2748 each
        assert found.centre == 3.25
        assert found.beyond == pytest.approx(2.5 / math.sqrt(3.25 / 2) / (2 / math.sqrt(math.pi)))
        assert found.high == pytest.approx([3.25 + 3 * found.beyond * math.sqrt(3.25 / 2)] * 4)

    def test_periods_of_different_size_stand_on_one_scale(self):
        z = shares.standardised(np.array([10.0, 30, 20, 0]), np.array([100.0, 300, 100, 0]), usual=2)
        assert z[:2].tolist() == [0, 0]
        assert z[2] == pytest.approx(0.1 / math.sqrt(0.1 * 0.9 / 100))
        assert math.isnan(z[3])

    def test_what_never_happened_is_calm_until_it_does(self):
        z = shares.standardised(np.array([0.0, 0, 0, 5]), np.array([50.0, 50, 50, 50]), usual=3)
        assert z[:3].tolist() == [0, 0, 0]
        assert z[3] > 3

    def test_a_share_of_nothing_is_refused(self):
        with pytest.raises(ValueError, match="two periods"):
            shares.laney_p(np.array([0.0, 0.0]), np.array([0.0, 0.0]))


class TestFunnel:
    def test_units_that_differ_by_chance_alone_have_no_spread_of_their_own(self):
        rng = np.random.default_rng(4)
        counts = rng.integers(20, 200, 400).astype(float)
        found = funnel.of_shares(rng.binomial(counts.astype(int), 0.3).astype(float), counts)
        assert found.phi < 1.0  # winsorised
        assert found.between == 0.0
        assert np.array_equal(found.z, found.naive)
        assert found.apart(0.95).mean() == pytest.approx(0.05, abs=0.025)

    def test_the_spread_between_units_is_recovered_and_names_fewer(self):
        rng = np.random.default_rng(4)
        counts = np.full(400, 400.0)
        true = np.clip(rng.normal(0.3, 0.06, 400), 0.05, 0.95)
        found = funnel.of_shares(rng.binomial(400, true).astype(float), counts)
        assert found.between == pytest.approx(0.06 * 0.83, abs=0.012)  # winsorised tails take a sixth away
        assert (np.abs(found.naive) > 3.09).mean() > 0.2
        assert found.apart().mean() < 0.04

    def test_a_unit_that_knows_little_is_drawn_to_the_whole(self):
        hits = np.array([30.0, 60, 10, 90, 2, 55, 40, 70])
        counts = np.array([100.0, 100, 100, 100, 4, 100, 100, 100])
        found = funnel.of_shares(hits, counts)
        pulled = (found.shrunk - found.centre) / (hits / counts - found.centre)
        assert np.all((pulled > 0) & (pulled < 1))
        assert pulled[4] < pulled[0]

    def test_dispersion_follows_the_formula_of_the_additive_model(self):
        z, weights = np.array([-3.0, -1.0, 1.0, 3.0]), np.array([1.0, 2.0, 3.0, 4.0])
        phi, between = funnel.dispersion(z, weights, winsorised=0.0)
        assert phi == 5.0
        assert between == pytest.approx(math.sqrt((4 * 5 - 3) / (10 - 30 / 10)))

    def test_dispersion_of_stays_in_54_hospitals_is_the_published_one(self):
        """Spiegelhalter (2005): square root, 10% winsorised, additive. Of 25 hospitals outside 99.8% limits two are left."""
        observed, expected = np.array(medpar.OBSERVED, float), np.array(medpar.EXPECTED)
        naive = 2 * (np.sqrt(observed) - np.sqrt(expected))
        phi, between = funnel.dispersion(naive, 4 * expected)
        assert phi == pytest.approx(9.30, abs=0.005)
        assert between**2 == pytest.approx(0.00786, abs=5e-6)
        limit = stats.norm.ppf(0.999)
        low, high = stats.chi2.ppf(0.001, 2 * expected) / 2, stats.chi2.ppf(0.999, 2 * expected + 2) / 2
        assert ((observed < low) | (observed > high)).sum() == 25
        adjusted = (np.sqrt(observed / expected) - 1) / np.sqrt(1 / (4 * expected) + between**2)
        assert (np.abs(adjusted) > limit).sum() == 2

    def test_a_funnel_of_nothing_is_refused(self):
        with pytest.raises(ValueError, match="one unit"):
            funnel.of_shares(np.array([0.0]), np.array([0.0]))
