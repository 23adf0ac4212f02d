"""One ahead, one behind: in order, never further, and nothing that was raised gets lost."""

from __future__ import annotations

import threading
import time

import pytest

from samaritan.benchmark._overlap import Behind, ahead


def slowly(number: int) -> int:
    time.sleep(0.02)
    return number


def test_the_next_one_is_made_while_the_present_one_is_used() -> None:
    begun: list[int] = []
    second = threading.Event()

    def make(number: int) -> int:
        begun.append(number)
        if number == 1:
            second.set()
        return 10 * number

    made = ahead(range(4), make, lambda _: True)
    assert next(made) == 0
    assert second.wait(10)  # nobody has asked for it yet
    assert begun == [0, 1]
    assert list(made) == [10, 20, 30]
    assert begun == [0, 1, 2, 3]
    assert list(ahead([], make, bool)) == []


def test_what_is_not_early_waits_until_it_is_asked_for() -> None:
    begun: list[int] = []

    def make(number: int) -> int:
        begun.append(number)
        return slowly(number)

    made = ahead([1, 2, 3], make, lambda number: number == 3)
    assert next(made) == 1
    slowly(0)
    assert begun == [1]
    assert next(made) == 2
    slowly(0)
    assert begun == [1, 2, 3]
    assert list(made) == [3]


def test_what_making_raises_comes_at_its_turn() -> None:
    def make(number: int) -> float:
        return 1 / number

    made = ahead([2, 0, 1], make, lambda _: True)
    assert next(made) == 0.5
    with pytest.raises(ZeroDivisionError):
        next(made)


def test_who_stops_early_leaves_no_thread() -> None:
    made = ahead(range(100), slowly, lambda _: True)
    next(made)
    made.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]


def test_jobs_are_done_in_order_and_one_at_a_time() -> None:
    done: list[int] = []
    release = threading.Event()

    def slow() -> None:
        release.wait(10)
        done.append(0)

    with Behind() as behind:
        behind.do(slow)
        assert done == []  # this thread went on
        release.set()
        behind.do(lambda: done.append(1))
        assert done[0] == 0  # the second was not begun before the first was done
    assert done == [0, 1]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("behind")]


def test_what_a_job_raises_comes_out_at_the_next_or_at_the_end() -> None:
    def fail() -> None:
        raise OSError("full")

    with Behind() as behind:
        behind.do(fail)
        with pytest.raises(OSError, match="full"):
            behind.do(lambda: None)
    with pytest.raises(OSError, match="full"), Behind() as behind:
        behind.do(fail)


def test_an_interruption_waits_for_what_is_being_stored() -> None:
    stored: list[int] = []

    def interrupted() -> None:
        with Behind() as behind:
            behind.do(lambda: stored.append(slowly(1)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert stored == [1]


def test_an_interruption_is_not_hidden_by_a_job_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OSError("full")

    def interrupted() -> None:
        with Behind() as behind:
            behind.do(fail)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert caplog.messages == ["What was measured last is not stored: full"]
