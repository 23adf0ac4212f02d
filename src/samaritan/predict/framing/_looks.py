"""Prompts of one picture, part by part: what several prompts want to see is encoded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from samaritan.core import MaskHint, PromptError, PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing._base import Framing, Look, Shape

#: Asks prompts at (x, y, 0) of a part of the picture.
Ask = Callable[[Window, Sequence[PromptSet]], list[Prediction]]


def look(framing: Framing, shape: Shape, prompts: Sequence[PromptSet], ask: Ask) -> list[Prediction]:
    """One answer per prompt, at the size of the picture.

    Args:
        framing: decides what is looked at.
        shape: size (x, y) of the picture.
        prompts: at (x, y, 0) of the picture. A mask hint "model" is ``low_res`` of an earlier answer of a framing, which lies
            on the picture's own pixels (y, x).
        ask: asks about one part.

    Raises:
        PromptError: a mask hint "model" lies on another grid.
    """
    seen: list[list[Look]] = [[] for _ in prompts]
    drawn = [_on_pixels(prompt, shape) for prompt in prompts]
    while True:
        wanted = [framing.next(prompt, shape, seen[n]) for n, prompt in enumerate(prompts)]
        askers: dict[Window, list[int]] = {}
        for n, windows in enumerate(wanted):
            for window in windows:
                askers.setdefault(window, []).append(n)
        if not askers:
            return [framing.fuse(prompt, shape, seen[n]) for n, prompt in enumerate(prompts)]
        found = {}
        for window, numbers in askers.items():
            answers = ask(window, [_lowered(drawn[n], window) for n in numbers])
            found.update({(n, window): answer for n, answer in zip(numbers, answers, strict=True)})
        for n, windows in enumerate(wanted):
            seen[n] += [Look(window, found[n, window]) for window in windows]


def _lowered(prompt: PromptSet, window: Window) -> PromptSet:
    lowered = window.lower(prompt)
    if lowered is None:
        raise ValueError(f"A framing looks at {window}, where nothing of the prompt lies.")
    return lowered


def _on_pixels(prompt: PromptSet, shape: Shape) -> PromptSet:
    """The prompt with logits that were fed back lying on the picture's pixels, so that any part can be cut from them."""
    hint = prompt.mask
    if hint is None or hint.frame == "image":
        return prompt
    if hint.logits.shape != shape[::-1]:
        raise PromptError(
            f"Under this framing a mask hint on the grid of the model is low_res of an earlier answer, {shape[::-1]} (y, x); "
            f"received {hint.logits.shape}."
        )
    return replace(prompt, mask=MaskHint(np.ascontiguousarray(hint.logits.T)))
