"""Lots: the same seed draws the same, and every draw is fair."""

from hingepoint.analysis.trials import lots

TEAMS = ["North", "South", "East", "West", "Centre", "Overseas", "Islands"]


def test_the_same_seed_gives_the_same_order_however_teams_are_given():
    assert lots.order(TEAMS, seed=5) == lots.order(reversed(TEAMS), seed=5)
    assert lots.order(TEAMS, seed=5) != lots.order(TEAMS, seed=6)
    assert sorted(lots.order(TEAMS, seed=5)) == sorted(TEAMS)


def test_every_team_is_as_likely_to_start_first():
    firsts = [lots.order(TEAMS, seed=seed)[0] for seed in range(1_400)]
    assert all(150 < firsts.count(team) < 255 for team in TEAMS)


def test_steps_take_all_teams_and_differ_by_one_at_most():
    found = lots.steps(lots.order(TEAMS, seed=1), 3)
    assert sorted(team for step in found for team in step) == sorted(TEAMS)
    assert [len(step) for step in found] == [3, 2, 2]


def test_half_of_the_deals_are_drawn_and_seeds_draw_independently():
    keys = [f"D-{n}" for n in range(4_000)]
    one, two = ([lots.is_drawn(key, seed=seed) for key in keys] for seed in (1, 2))
    assert 1_900 < sum(one) < 2_100
    assert 900 < sum(a and b for a, b in zip(one, two, strict=True)) < 1_100
