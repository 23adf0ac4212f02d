from __future__ import annotations

import io

from rich.console import Console

from samaritan.benchmark._progress import Bar


def test_the_work_ahead_is_counted_in_slices() -> None:
    with Bar(Console(file=io.StringIO())) as bar:
        bar.plan(3)
        bar.begin("a", 10)
        assert bar.total == 30  # two more like this one
        for _ in range(10):
            bar.step()
        bar.end()
        bar.begin("b", 20)
        assert bar.total == 10 + 20 + 15
        bar.end()  # failed at once: no slice of it was done


def test_no_terminal_no_bar_but_failures_are_said() -> None:
    stream = io.StringIO()
    with Bar(Console(file=stream)) as bar:
        bar.plan(1)
        bar.begin("set [case]", 1)
        bar.end()
        bar.begin("the next one", 1)
        bar.fail("set [case]", "mask.png is [cut] off.")  # scored behind it
    assert stream.getvalue() == "failed set [case]: mask.png is [cut] off.\n"
