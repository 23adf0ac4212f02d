"""Lines of the tables: each method under each prompt, its seeds together, against the base and against decoder-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import mean as average
from statistics import median

from samaritan.bakeoff._gain import balanced, in_words, mean
from samaritan.bakeoff._raters import RaterScore
from samaritan.bakeoff._result import ArmResult
from samaritan.benchmark._row import Row
from samaritan.benchmark.compare import Comparison, compare, holm
from samaritan.benchmark.statistics import Summary

#: The method that others have to beat: it leaves the encoder alone.
SIMPLEST = "decoder"


@dataclass(frozen=True)
class Cost:
    """What a method costs, over its seeds.

    Attributes:
        trained: parameters.
        share: of the base's.
        adapter_bytes: size of the adapter file.
        minutes: of training, mean.
        steps: of training, mean.
        peak_mb: largest memory in training, MiB, the highest.
        encode_seconds: of a picture, median over seeds; None where unknown.
        decode_seconds: of a prompt, median over seeds; None where unknown.
    """

    trained: int
    share: float
    adapter_bytes: int
    minutes: float
    steps: float
    peak_mb: float
    encode_seconds: float | None
    decode_seconds: float | None

    @classmethod
    def of(cls, results: Sequence[ArmResult]) -> Cost:
        """Of the arms of one line."""
        first = results[0]
        return cls(
            trained=first.trained,
            share=first.share,
            adapter_bytes=first.adapter_bytes,
            minutes=average(one.minutes for one in results),
            steps=average(one.steps for one in results),
            peak_mb=max(one.peak_mb for one in results),
            encode_seconds=_median([one.encode_seconds for one in results]),
            decode_seconds=_median([one.decode_seconds for one in results]),
        )


@dataclass(frozen=True)
class Entry:
    """The arms of a method that differ in nothing but the seed.

    Attributes:
        label: the method as given, or "base".
        few: number of training patients; None for all.
        results: one for each seed.
        rows: of the test part, of all seeds; a seed counts as a repeat, so a patient's value is the mean over seeds.
        raters: scores where several raters drew a case, of all seeds.
        folders: of the arms.
    """

    label: str
    few: int | None
    results: tuple[ArmResult, ...]
    rows: tuple[Row, ...]
    raters: tuple[RaterScore, ...] = ()
    folders: tuple[str, ...] = ()

    def asked(self, prompt: str) -> list[Row]:
        """The rows under one prompt."""
        return [row for row in self.rows if row["prompt"] == prompt]


@dataclass(frozen=True)
class Line:
    """A line of a table.

    Attributes:
        label: the method as given, or "base".
        prompt: that the test part was asked with.
        few: number of training patients; None for all.
        dice: over test patients.
        cost: of training and inference.
        seeds: number of trainings behind it.
        to_base: this minus the base, on the same patients; None for the base.
        to_simplest: this minus decoder-only; None for it, and where it is not in the bake-off.
    """

    label: str
    prompt: str
    few: int | None
    dice: Summary
    cost: Cost
    seeds: int
    to_base: Comparison | None = None
    to_simplest: Comparison | None = None

    @property
    def words(self) -> str:
        """What the test says about the method, in words."""
        return in_words(self.to_base) if self.to_base else ""


@dataclass(frozen=True)
class PromptTable:
    """All lines under one prompt.

    Attributes:
        prompt: of the test part.
        base: the model as it is.
        lines: methods trained on all training patients, in the order in which they were given.
        few: methods trained on fewer, by number of patients.
    """

    prompt: str
    base: Line
    lines: tuple[Line, ...] = ()
    few: tuple[Line, ...] = field(default=())


def prompt_table(prompt: str, base: Entry, entries: Sequence[Entry], *, seed: int = 0) -> PromptTable:
    """Compare every entry with the base, and with decoder-only where it is there.

    Holm's correction is over the methods that are compared with the same arm, trained on as many patients, under one prompt.
    """
    sizes = dict.fromkeys(entry.few for entry in entries)
    lines = {few: _compared(prompt, base, [e for e in entries if e.few == few], seed) for few in sizes}
    few = [line for size in sorted(size for size in sizes if size is not None) for line in lines[size]]
    return PromptTable(prompt, _line(prompt, base, seed), tuple(lines.get(None, ())), tuple(few))


def _compared(prompt: str, base: Entry, entries: Sequence[Entry], seed: int) -> list[Line]:
    asked = [entry for entry in entries if entry.asked(prompt)]
    simplest = next((entry for entry in asked if entry.label == SIMPLEST), None)
    to_base = _against(prompt, asked, base, seed)
    to_simplest = _against(prompt, [entry for entry in asked if entry is not simplest], simplest, seed)
    return [
        replace(_line(prompt, e, seed), to_base=to_base.get(e.label), to_simplest=to_simplest.get(e.label))
        for e in asked
    ]


def _against(prompt: str, entries: Sequence[Entry], other: Entry | None, seed: int) -> Mapping[str, Comparison]:
    if other is None or not entries:
        return {}
    rows = other.asked(prompt)
    found = [compare(e.asked(prompt), rows, "dice", macro=balanced(rows), seed=seed) for e in entries]
    corrected = holm([one.p for one in found])
    return {e.label: replace(one, p_holm=p) for e, one, p in zip(entries, found, corrected, strict=True)}


def _line(prompt: str, entry: Entry, seed: int) -> Line:
    dice = mean(entry.asked(prompt), seed=seed)
    return Line(entry.label, prompt, entry.few, dice, Cost.of(entry.results), len(entry.results))


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None
