"""What ``samaritan adapt`` and ``samaritan bakeoff`` print."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn

from samaritan.show._terminal import console, errors, interval, table_of

if TYPE_CHECKING:
    from rich.console import Console

    from samaritan.bakeoff import Adapted, Bakeoff, BakeoffResult
    from samaritan.benchmark._progress import Reporter as ScoringReporter


class TrainingBar:
    """A bar over the training with loss, validation Dice and time left; then the benchmark's bar over the test part.

    Args:
        terminal: where it is drawn.
        quiet: draw and say nothing.
    """

    def __init__(self, terminal: Console, *, quiet: bool) -> None:
        self._terminal, self._quiet = terminal, quiet
        self._progress = _progress(terminal, quiet=quiet)
        self._task = self._progress.add_task("training", total=1.0, text="")
        self._scoring: Any = None

    def note(self, sentence: str) -> None:
        """Say it above the bar."""
        if not self._quiet:
            self._terminal.print(escape(sentence), soft_wrap=True, highlight=False)

    def step(self, number: int, done: float, loss: float, dice: float | None, minutes_left: float | None) -> None:
        """Move the bar."""
        self._progress.start()
        event = {"step": number, "loss": loss, "dice": dice, "minutes_left": minutes_left}
        self._progress.update(self._task, completed=done, text=_state(event))

    def scoring(self) -> ScoringReporter:
        """Take the bar away and return the next one."""
        from samaritan.benchmark._progress import Bar, Silent  # noqa: PLC0415 - imports torch

        self._progress.stop()
        if self._quiet:
            return Silent()
        self._scoring = Bar(self._terminal)
        self._scoring.__enter__()
        return self._scoring  # type: ignore[no-any-return]

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()
        if self._scoring is not None:
            self._scoring.__exit__(None, None, None)


class ArmsBar:
    """A bar over the arms of a bake-off, and one over what goes on in the present one.

    Args:
        terminal: where it is drawn.
        quiet: draw and say nothing.
    """

    def __init__(self, terminal: Console, *, quiet: bool) -> None:
        self._terminal, self._quiet = terminal, quiet
        self._progress = _progress(terminal, quiet=quiet)
        self._arms = self._progress.add_task("arms", total=None, text="")
        self._arm = self._progress.add_task("", total=1.0, text="", visible=False)

    def note(self, sentence: str) -> None:
        """Say it above the bars."""
        self._say(f"[yellow]note[/] {escape(sentence)}")

    def plan(self, arms: int, finished: int) -> None:
        """So many arms, of which so many are finished already."""
        self._progress.start()
        self._progress.update(self._arms, total=arms, completed=finished, text=f"{finished} of {arms}")
        self._planned, self._done = arms, finished

    def begin(self, arm: str) -> None:
        """An arm starts."""
        self._progress.update(self._arm, description=arm, completed=0.0, text="", visible=True)

    def event(self, event: Mapping[str, Any]) -> None:
        """Something happened in the arm."""
        if "note" in event:
            return
        if event.get("error"):
            self._say(f"[red]failed[/] {escape(str(event['error']))}")
        text = _state(event) if event.get("phase") == "training" else "scoring the test part"
        self._progress.update(self._arm, completed=float(event.get("done", 0)), text=text)

    def end(self, arm: str, error: str = "") -> None:
        """The arm is over."""
        if error:
            self._say(f"[red]failed[/] {escape(arm)}: {escape(error)}")
        else:
            self._done += 1
        self._progress.update(self._arms, completed=self._done, text=f"{self._done} of {self._planned}")

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._progress.stop()

    def _say(self, text: str) -> None:
        if not self._quiet:
            self._terminal.print(text, soft_wrap=True, highlight=False)


@contextmanager
def training_bar(quiet: bool) -> Iterator[TrainingBar]:
    """The bar of ``samaritan adapt``."""
    bar = TrainingBar(errors, quiet=quiet)
    try:
        yield bar
    finally:
        bar.close()


@contextmanager
def arms_bar(quiet: bool) -> Iterator[ArmsBar]:
    """The bar of ``samaritan bakeoff``."""
    bar = ArmsBar(errors, quiet=quiet)
    try:
        yield bar
    finally:
        bar.close()


def show_adapted(done: Adapted) -> None:
    """Dice before and after, what it cost, and where it is."""
    from samaritan.bakeoff._raters import SCORES, summarise_raters  # noqa: PLC0415
    from samaritan.bakeoff._words import memory, size  # noqa: PLC0415 - imports torch

    result = done.result
    if result is None:
        console.print("Interrupted; the same command continues.")
        return
    for gain in done.gains:
        pair = gain.paired
        low = f", 95 % interval {pair.low:.3f} to {pair.high:.3f}" if math.isfinite(pair.low) else ""
        p = f", p {pair.p:.2g}" if math.isfinite(pair.p) else ""
        patients = f"{pair.n_patients} test patient{'s' * (pair.n_patients != 1)}"
        console.print(
            f"Dice on {patients} ({escape(gain.prompt)}): {gain.before.mean:.3f} -> [bold]{gain.after.mean:.3f}[/] "
            f"(difference {pair.difference:+.3f}{low}{p}): {gain.words}",
            soft_wrap=True,
        )
    for prompt in dict.fromkeys(one.prompt for one in done.raters):
        own = [one for one in done.raters if one.prompt == prompt]
        means = (f"{title} {summarise_raters(own, name).mean:.3f}" for name, (title, _, _) in SCORES.items())
        answers = f"{own[0].samples} answer{'s' * (own[0].samples != 1)}"
        console.print(
            f"{answers} against {own[0].raters} raters ({escape(prompt)}): {', '.join(means)}", soft_wrap=True
        )
    console.print(
        f"{result.trained:,} trained parameters ({result.share:.2%} of the base), {size(result.adapter_bytes)}, "
        f"{result.steps} steps in {result.minutes:.1f} minutes, peak memory {memory(result.peak_mb)}",
        soft_wrap=True,
    )
    if done.failed:
        console.print(f"[red]{done.failed} test cases failed[/]; see test/results.csv")
    console.print(escape(str(done.folder / result.adapter)), soft_wrap=True)


def show_bakeoff(result: BakeoffResult, bakeoff: Bakeoff) -> None:
    """The tables, what failed, and where the report is."""
    from samaritan.bakeoff._words import COSTS, corrected_p, gain  # noqa: PLC0415 - imports torch

    for table in bakeoff.tables:
        scores = table_of(
            "method", f"Dice, prompt {escape(table.prompt)}", "gain over the base", "p (Holm)", "in words"
        )
        for line in (table.base, *table.lines):
            dice = interval(line.dice.mean, line.dice.low, line.dice.high)
            scores.add_row(*map(escape, (line.label, dice, gain(line.to_base), corrected_p(line.to_base), line.words)))
        console.print(scores)
    costs = table_of("method", *(title for title, _ in COSTS))
    for line in (bakeoff.tables[0].base, *bakeoff.tables[0].lines):
        costs.add_row(*map(escape, (line.label, *(cell(line.cost) for _, cell in COSTS))))
    console.print(costs)
    for arm, reason in result.failed.items():
        console.print(f"[red]failed[/] {escape(arm)}: {escape(reason)}", soft_wrap=True)
    if result.interrupted:
        console.print("Interrupted; the same command continues.")
    console.print(f"Report: {escape(str(result.report))}", soft_wrap=True)


def _progress(terminal: Console, *, quiet: bool) -> Progress:
    columns = (
        TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.percentage:3.0f} %"),
        TextColumn("{task.fields[text]}", markup=False),
    )  # fmt: skip
    return Progress(*columns, console=terminal, transient=True, disable=quiet or not terminal.is_terminal)


def _state(event: Mapping[str, Any]) -> str:
    parts = [f"step {event['step']}", f"loss {event['loss']:.3f}"]
    if event.get("dice") is not None:
        parts.append(f"Dice {event['dice']:.3f}")
    if event.get("minutes_left") is not None:
        parts.append(f"{event['minutes_left']:.1f} min left")
    return ", ".join(parts)
