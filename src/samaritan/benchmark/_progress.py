"""How far a run is, and how long it will take: counted in slices, since a volume takes a hundred times a picture."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Reporter(Protocol):
    """Is told what happens in a run."""

    def plan(self, units: int) -> None:
        """So many cases (times models) are to be done."""

    def begin(self, title: str, slices: int) -> None:
        """A case starts, with so many slices."""

    def step(self) -> None:
        """One slice is done."""

    def end(self) -> None:
        """The case has all answers."""

    def fail(self, title: str, error: str) -> None:
        """The case has no scores; ``error`` says why. May come from another thread, and when the next case has begun."""


class Silent:
    """Tells nobody."""

    def plan(self, units: int) -> None:
        """Nothing."""

    def begin(self, title: str, slices: int) -> None:
        """Nothing."""

    def step(self) -> None:
        """Nothing."""

    def end(self) -> None:
        """Nothing."""

    def fail(self, title: str, error: str) -> None:
        """Nothing."""


class Bar:
    """A progress bar with the time left, on terminals; elsewhere only failures are written, one line each.

    The slices of cases that are not opened yet are taken to be as many as those of the cases so far.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.percentage:3.0f} %"),
            TextColumn("case {task.fields[case]}/{task.fields[cases]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=None, case=0, cases=0)
        self._units = 0
        self._begun = 0
        self._announced = 0
        self._done = 0
        self._title = ""

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def plan(self, units: int) -> None:
        """So many cases (times models) are to be done."""
        self._units = units
        self._progress.update(self._task, cases=units)

    def begin(self, title: str, slices: int) -> None:
        """A case starts, with so many slices."""
        self._title = title
        self._begun += 1
        self._announced = self._done + slices
        self._update()

    def step(self) -> None:
        """One slice is done."""
        self._done += 1
        self._update()

    def end(self) -> None:
        """The case has all answers."""
        self._announced = self._done

    def fail(self, title: str, error: str) -> None:
        """The case has no scores; ``error`` says why."""
        message = f"[red]failed[/] {escape(title)}: {escape(error)}"
        self._console.print(message, soft_wrap=True, highlight=False)

    @property
    def total(self) -> float:
        """Slices of the whole run, as far as can be told."""
        return self._announced + (self._units - self._begun) * self._announced / max(self._begun, 1)

    def _update(self) -> None:
        self._progress.update(
            self._task, description=self._title, completed=self._done, total=self.total, case=self._begun
        )
