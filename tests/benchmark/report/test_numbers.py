from __future__ import annotations

import math

import pytest

from samaritan.benchmark.report._numbers import count, difference, distance, fraction, p_value, plural, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (fraction(0.87345), "0.873"),
        (fraction(1.0, 2), "1.00"),
        (fraction(math.nan), "\N{EN DASH}"),
        (difference(0.0123), "+0.012"),
        (difference(-0.0123), "\N{MINUS SIGN}0.012"),
        (distance(1.234), "1.23"),
        (distance(12.34), "12.3"),
        (distance(123.4), "123"),
        (distance(None), "\N{EN DASH}"),
        (seconds(0.0012), "1.2 ms"),
        (seconds(0.85), "850 ms"),
        (seconds(0.9999), "1.00 s"),
        (seconds(42.0), "42.0 s"),
        (seconds(744.0), "12.4 min"),
        (p_value(0.0312), "0.031"),
        (p_value(0.0001), "< 0.001"),
        (p_value(math.nan), "\N{EN DASH}"),
        (count(999), "999"),
        (count(12345), "12\N{NARROW NO-BREAK SPACE}345"),
        (plural(1, "case"), "1 case"),
        (plural(3, "case"), "3 cases"),
        (plural(2, "box", "boxes"), "2 boxes"),
    ],
)
def test_numbers_read_well(text: str, expected: str) -> None:
    assert text == expected
