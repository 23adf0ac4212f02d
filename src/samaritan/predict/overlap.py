"""Who gets a voxel that several targets claim: decided by a rule that has a name, counted, and never in silence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from samaritan.core import UsageError

#: Who gets a voxel that two targets claim. "quality": the target with the higher logit there (the model is surer of it), the
#: earlier one where they are equal. "first" and "last": the earlier or the later one in the order given. "refuse": an overlap
#: is an error. "separate": nobody gives way, every target keeps its own mask, and the label map shows the surer one.
Overlap = Literal["quality", "first", "last", "refuse", "separate"]

Logits = NDArray[np.float32]

_Rule = Callable[[Logits, Logits], Any]


def _surer(new: Logits, old: Logits) -> NDArray[np.bool_]:
    return new > old


#: rule -> ``wins(new, old)``: where a later target takes a voxel from an earlier one
_RULES: dict[Overlap, _Rule] = {
    "quality": _surer,
    "first": lambda _new, _old: False,
    "last": lambda _new, _old: True,
    "refuse": lambda _new, _old: False,
    "separate": _surer,
}


def check_overlap(rule: str) -> None:
    """Refuse an unknown rule.

    Raises:
        UsageError: with the names that exist.
    """
    if rule not in get_args(Overlap):
        raise UsageError(f"There is no overlap rule {rule!r}; use one of {', '.join(get_args(Overlap))}.")


class SliceLabels:
    """The labels of one slice, to which masks are added target after target.

    Only the winning logits are held, so that memory does not grow with the number of targets.

    Attributes:
        labels: (x, y) uint16, 0 = background.
        contested: (x, y) bool, claimed by more than one target.
    """

    def __init__(self, shape: tuple[int, int], rule: Overlap) -> None:
        self.labels = np.zeros(shape, np.uint16)
        self.contested = np.zeros(shape, bool)
        self._logits = np.full(shape, -np.inf, np.float32)
        self._wins = _RULES[rule]

    def add(self, label: int, logits: Logits) -> list[int]:
        """Add (x, y) ``logits`` of target ``label`` and name the labels that hold some of its voxels already.

        Targets come in ascending order, each with all its masks before the next; masks of one target are united.
        """
        claim = logits > 0
        own = self.labels == label
        taken = claim & (self.labels > 0) & ~own
        self.contested |= taken
        gained = claim & (~taken | self._wins(logits, self._logits))
        held = np.where(own, np.maximum(logits, self._logits), logits)
        self._logits = np.where(gained, held, self._logits)
        rivals = [int(rival) for rival in np.unique(self.labels[taken])]
        self.labels[gained] = label
        return rivals
