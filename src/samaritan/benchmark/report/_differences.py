"""Which differences are real: arms in pairs, on the same patients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from samaritan.benchmark._row import Row
from samaritan.benchmark.compare import Comparison, all_pairs
from samaritan.benchmark.report._arms import Arm, Arms
from samaritan.benchmark.report._figures import Scale, nice_reach
from samaritan.benchmark.report._tables import group

#: Of a cell of the forest plot, in CSS pixels; the margin keeps dots at the ends whole.
WIDTH, MARGIN = 260, 18


@dataclass(frozen=True)
class Pair:
    """One line of the forest plot.

    Attributes:
        a: the arm whose score is the minuend.
        b: the arm that it is compared with.
        result: of the comparison.
    """

    a: Arm
    b: Arm
    result: Comparison


@dataclass(frozen=True)
class Differences:
    """All pairs, with Holm's correction over all of them.

    Attributes:
        reference: the arm that the others are compared with.
        main: the pairs that answer a question: each against the reference, and models under the same prompt.
        others: the rest.
        scale: from a difference of Dice to pixels of the plot.
        ticks: differences that the axis names.
    """

    reference: Arm
    main: tuple[Pair, ...]
    others: tuple[Pair, ...]
    scale: Scale
    ticks: tuple[float, ...]

    def between(self, a: Arm, b: Arm) -> Comparison | None:
        """``a`` minus ``b``, if the two were compared."""
        for pair in (*self.main, *self.others):
            if {pair.a, pair.b} == {a, b}:
                return (pair if pair.a == a else _turned(pair)).result
        return None


def compare_arms(rows: Sequence[Row], arms: Arms) -> Differences | None:
    """Compare Dice of all arms; None where no two of them have a measurement in common."""
    members = group(rows, Arm.of)
    found = all_pairs(
        {str(n): members.get(arm, []) for n, arm in enumerate(arms.all)},
        "dice",
        level="target",
        macro=(),
        seed=0,
        resamples=2000,
    )
    pairs = [Pair(arms.all[int(one.a)], arms.all[int(one.b)], one) for one in found if one.n_pairs]
    if not pairs:
        return None
    reference = next((arm for arm in arms.all if arm.prompt == arms.reference), arms.all[0])
    pairs = [_turned(pair) if pair.a == reference else pair for pair in pairs]
    main = [pair for pair in pairs if pair.b == reference or pair.a.prompt == pair.b.prompt]
    reach = nice_reach(
        [abs(v) for p in pairs for v in (p.result.difference, p.result.low, p.result.high) if math.isfinite(v)]
    )
    scale = Scale((-reach, reach), (MARGIN, WIDTH - MARGIN))
    others = tuple(pair for pair in pairs if pair not in main)
    return Differences(reference, tuple(main), others, scale, (-reach, -reach / 2, 0.0, reach / 2, reach))


def _turned(pair: Pair) -> Pair:
    """The same comparison the other way round."""
    r = pair.result
    turned = replace(
        r, a=r.b, b=r.a, mean_a=r.mean_b, mean_b=r.mean_a, difference=-r.difference, low=-r.high, high=-r.low,
        rank_biserial=-r.rank_biserial, cohens_dz=-r.cohens_dz,
    )  # fmt: skip
    return Pair(pair.b, pair.a, turned)
