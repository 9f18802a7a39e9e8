"""Two results of discovery hold the same findings, to 1e-9 unless a test says why not."""

import dataclasses
import math


def numbers(result):
    """Return every number of every finding, by where it stands."""
    found = {}

    def look(value, place):
        if isinstance(value, float):
            found[place] = value
        elif isinstance(value, tuple):
            for number, one in enumerate(value):
                look(one, (*place, number))
        elif dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                look(getattr(value, field.name), (*place, field.name))

    for finding in result.findings:
        look(finding, (finding.agreement,))
    return found


def assert_same(one, two, *, within=1e-9):
    first, second = numbers(one), numbers(two)
    assert first.keys() == second.keys()
    far = {
        place: (first[place], second[place])
        for place in first
        if not math.isclose(first[place], second[place], rel_tol=within, abs_tol=within)
        and not (math.isnan(first[place]) and math.isnan(second[place]))
    }
    assert not far, far
    assert [one.grade for one in one.findings] == [two.grade for two in two.findings]
    assert [one.agreement for one in one.pivotal] == [two.agreement for two in two.pivotal]
