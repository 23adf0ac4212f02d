"""A person who steps through candidates asks the same again, with one of them in place: the list must stay the same."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine._wire import pack
from samaritan.annotate.engine.requests import SliceAnswer, SliceQuestion

#: Lanes whose last answer is remembered.
LANES = 8


class LastAnswers:
    """The last answer of each of a few lanes."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[bytes, SliceAnswer]] = OrderedDict()

    def again(self, question: SliceQuestion) -> SliceAnswer | None:
        """The answer to the same prompts, if the mask that is there came from it; not encoded, and within no time."""
        prompts, answer = self._known.get(question.lane, (b"", None))
        if answer is None or question.current is None or prompts != _prompts(question):
            return None
        if not any(_made_of(question.current, mask) for mask in answer.masks):
            return None
        return replace(answer, encoded=False, seconds=0.0)

    def keep(self, question: SliceQuestion, answer: SliceAnswer) -> None:
        """Remember it, in place of the lane's last one."""
        if not question.lane:
            return
        self._known[question.lane] = _prompts(question), answer
        self._known.move_to_end(question.lane)
        while len(self._known) > LANES:
            self._known.popitem(last=False)

    def clear(self) -> None:
        """Another model answers from now on."""
        self._known.clear()


def _prompts(question: SliceQuestion) -> bytes:
    return b"".join(pack(replace(question, current=None)))


def _made_of(current: NDArray[np.bool_], mask: NDArray[np.bool_]) -> bool:
    """Whether a mask on the slice is a candidate, perhaps without pixels that other objects kept."""
    area = int(np.count_nonzero(current))
    return 0 < area <= int(np.count_nonzero(mask)) <= 2 * area and not bool((current & ~mask).any())
