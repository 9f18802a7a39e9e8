"""Control charts: whether a series has changed, since when and by how much, at a known rate of false raises.

``run_lengths`` says how wide limits must be for a wanted rate of false raises; ``baseline`` what is usual, and how
well that is known; ``charts`` follows a series against it; ``change`` dates what has changed and says what a calm
chart would have shown; ``shares`` makes the shares of periods comparable; ``funnel`` compares units in one period.

No page reads ``shares`` (Laney), ``charts.cusums`` and ``charts.natural_limits`` (XmR): they are for notebooks, and for the comparisons of
``benchmarks``.
"""
