from __future__ import annotations

import signal
import threading

import pytest

from samaritan.train._stop import Stop, stoppable


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_is_noted_and_the_second_ends(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stoppable() as stop:
        seen = [stop.asked]
        signal.raise_signal(number)
        assert [*seen, stop.asked] == [False, True]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
    assert signal.getsignal(number) == before


def test_in_another_thread_nothing_is_noted() -> None:
    before = signal.getsignal(signal.SIGINT)
    seen: list[Stop] = []

    def work() -> None:
        with stoppable() as stop:
            assert signal.getsignal(signal.SIGINT) == before
            seen.append(stop)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert [stop.asked for stop in seen] == [False]
