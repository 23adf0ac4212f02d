from __future__ import annotations

from samaritan.annotate.engine import Restarts


def test_pauses_double_until_it_is_given_up() -> None:
    restarts = Restarts(most=4, within=60, first=0.5)
    assert [restarts.pause(now) for now in (0, 1, 2, 3)] == [0.5, 1.0, 2.0, None]


def test_deaths_long_ago_do_not_count() -> None:
    restarts = Restarts(most=3, within=60, first=0.5)
    assert [restarts.pause(now) for now in (0, 70, 140, 210)] == [0.5] * 4


def test_after_giving_up_a_person_may_start_it_anew() -> None:
    restarts = Restarts(most=2, within=60, first=0.5)
    assert [restarts.pause(now) for now in (0, 1, 2)] == [0.5, None, 0.5]
