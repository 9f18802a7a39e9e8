"""What each of the ten signals counts: the tables from which the manual's page is made."""

import datetime as dt

import pytest
from polars.testing import assert_frame_equal

import specs
from hingepoint.analysis import signals
from hingepoint.analysis.signals.engine import facts

SPECS = specs.signals()
CASES = [(spec.name, case) for spec in SPECS for case in spec.cases]


def test_every_signal_has_its_specification_in_the_papers_order():
    assert [spec.name for spec in SPECS] == list(signals.SIGNALS)
    assert [signal.number for signal in signals.SIGNALS.values()] == list(range(1, 11))
    assert all(spec.text and spec.cases for spec in SPECS)


@pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}: {case.words}" for name, case in CASES])
def test_what_is_counted(name, case):
    known = facts.from_log(
        case.frame("deals") if "deals" in case.tables else specs.no_deals(),
        case.frame("events"),
        case.frame("routines"),
        as_of=dt.date(2026, 12, 31),
    )
    wanted = case.frame("counted")
    found = signals.SIGNALS[name].units(known).select(wanted.columns)
    assert_frame_equal(found, wanted, check_row_order=False, abs_tol=1e-9, check_dtypes=True)
