"""The whole picture, as the family's authors do it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from samaritan.core import PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing._base import FRAMINGS, Look, Shape, nothing


@dataclass(frozen=True)
class Whole:
    """``whole``: one look at everything; one encoding per picture, whatever the number of prompts."""

    @property
    def name(self) -> str:
        """``whole``."""
        return "whole"

    @property
    def prompted(self) -> bool:
        """No."""
        return False

    def next(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Sequence[Window]:  # noqa: ARG002
        """The picture, once."""
        return () if looks else (Window.whole(shape),)

    def fuse(self, prompt: PromptSet, shape: Shape, looks: Sequence[Look]) -> Prediction:  # noqa: ARG002
        """The answer as it is, its logits on the network's grid included."""
        return looks[0].answer


@FRAMINGS.register("whole")
def make(text: str) -> Whole:
    """``whole``."""
    nothing("whole", text)
    return Whole()
