"""How far an adaptation lifts Dice: the model as it is against the adapted one, on the same test patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samaritan.benchmark._row import Row
from samaritan.benchmark.compare import Comparison, compare
from samaritan.benchmark.report._numbers import plural
from samaritan.benchmark.statistics import FEW_PATIENTS, Summary, summarise


@dataclass(frozen=True)
class Gain:
    """Before and after under one prompt.

    Attributes:
        prompt: that both were asked with.
        before: Dice of the model as it is.
        after: Dice of the adapted model.
        paired: after minus before.
    """

    prompt: str
    before: Summary
    after: Summary
    paired: Comparison

    @property
    def words(self) -> str:
        """What the test says."""
        return in_words(self.paired)


def gains(before: Sequence[Row], after: Sequence[Row], *, seed: int = 0) -> list[Gain]:
    """One gain for each prompt that both were asked with, in the order of ``before``.

    Args:
        before: rows of the base.
        after: rows of the adapted model, of one adaptation.
        seed: of the bootstrap.
    """
    found = []
    for prompt in dict.fromkeys(row["prompt"] for row in before):
        old, new = ([row for row in rows if row["prompt"] == prompt] for rows in (before, after))
        if new:
            paired = compare(new, old, "dice", macro=balanced(old), seed=seed)
            found.append(Gain(prompt, mean(old, seed=seed), mean(new, seed=seed), paired))
    return found


def mean(rows: Sequence[Row], metric: str = "dice", *, seed: int = 0) -> Summary:
    """The mean of one arm under one prompt over patients; several data sets count equally."""
    return summarise(rows, (), metric, macro=balanced(rows), seed=seed)[0]


def balanced(rows: Sequence[Row]) -> tuple[str, ...]:
    """What has to count equally: data sets, where there are several."""
    return ("dataset",) if len({row["dataset"] for row in rows}) > 1 else ()


def in_words(paired: Comparison) -> str:
    """Whether an adapted model (a) was shown to be better than another (b), after the correction that ``paired`` carries."""
    if paired.better:
        return "helps" if paired.better == paired.a else "harms"
    if paired.n_patients < FEW_PATIENTS:
        return f"cannot be told ({plural(paired.n_patients, 'test patient')}, too few for a test)"
    if abs(paired.rank_biserial) == 1 and paired.n_different == paired.n_patients:
        way = "better" if (paired.rank_biserial > 0) == paired.best_is_high else "worse"
        return f"all {paired.n_patients} patients {way}, too few for a proof"
    if 0 < paired.n_different < FEW_PATIENTS:
        return f"does not help (only {paired.n_different} of {paired.n_patients} test patients change)"
    return "does not help (no difference shown)"
