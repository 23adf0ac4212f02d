import threading

import pytest

from samaritan.core.profile import part, profiling


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test sets; one element."""
    now = [100.0]
    monkeypatch.setattr("samaritan.core.profile.time.perf_counter", lambda: now[0])
    return now


def test_inner_parts_are_taken_from_outer_ones_and_the_rest_is_told(clock: list[float]) -> None:
    with profiling() as profile:
        clock[0] += 1
        for _ in range(2):
            with part("score"):
                clock[0] += 2
                with part("decode"):
                    clock[0] += 3
                    with part("encode"):
                        clock[0] += 4
                clock[0] += 0.5
    clock[0] += 100
    assert {row["part"]: row["seconds"] for row in profile.table()} == {
        "encode": 8.0, "decode": 6.0, "score": 5.0, "other": 1.0,
    }  # fmt: skip
    assert profile.total == 20
    assert sum(row["share"] for row in profile.table()) == pytest.approx(1)


def test_what_runs_beside_is_told_apart(clock: list[float]) -> None:
    def work() -> None:
        with part("read"):
            clock[0] += 5

    with profiling() as profile:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        with part("read"):
            clock[0] += 1
    read, other = profile.table()
    assert (read["seconds"], read["beside"]) == (6, 5)
    assert (other["part"], other["seconds"]) == ("other", 5)


def test_an_error_ends_a_part(clock: list[float]) -> None:
    with profiling() as profile:
        with pytest.raises(ZeroDivisionError), part("read"):
            clock[0] /= len(profile.beside)
        with part("write"):
            clock[0] += 1
    assert dict(profile.seconds) == {"read": 0, "write": 1}


def test_nothing_is_recorded_without_a_profile(clock: list[float]) -> None:
    with part("read"):
        clock[0] += 1
    with profiling() as profile:
        pass
    with part("read"):
        clock[0] += 1
    assert dict(profile.seconds) == {}
