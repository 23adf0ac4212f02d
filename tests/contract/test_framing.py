"""The four points of Framing's contract, over every registered framing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from samaritan.core import Box, MaskHint, Points, PromptSet, Window
from samaritan.models._base import Prediction
from samaritan.predict.framing import FRAMINGS, OUTSIDE, make_framing
from samaritan.predict.framing._looks import look
from samaritan.predict.framing._stretched import Stretched

NAMES = [
    "whole",
    "zoom:1",
    "zoom:1.5",
    "zoom:20",
    "tiles:1",
    "tiles:2",
    "tiles:5",
    "along:1",
    "along:3",
    "auto",
    "auto:2",
    "square",
]
Shape = tuple[int, int]

#: Size of pixels (x, y), mm; a framing that sees the difference answers with other pixels than its window has.
SPACINGS = [(1.0, 1.0), (1.0, 6.5), (3.0, 1.0)]


class Teller:
    """Answers with logits that name the pixel and the part, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Window, PromptSet]] = []

    def __call__(self, window: Window, prompts: Sequence[PromptSet]) -> list[Prediction]:
        self.asked += [(window, prompt) for prompt in prompts]
        x, y = np.indices(window.shown if isinstance(window, Stretched) else window.size)
        logits = np.sin(x + window.low[0]) + np.cos(2.0 * (y + window.low[1])) + 1e-3 * window.size[0]
        found = np.stack([logits, logits - 1]).astype(np.float32)
        quality = np.array([0.5 + 0.001 * window.low[0], 0.4], np.float32)
        return [Prediction(found, quality, np.zeros((2, 4, 4), np.float32)) for _ in prompts]


@st.composite
def questions(draw: st.DrawFn) -> tuple[Shape, list[PromptSet]]:
    shape = draw(st.tuples(st.integers(1, 60), st.integers(1, 60)))
    place = st.tuples(*(st.floats(-0.5, n - 0.5, width=16) for n in shape))
    prompts: list[PromptSet] = []
    for kind in draw(st.lists(st.sampled_from(["box", "point", "both", "mask", "none"]), min_size=1, max_size=4)):
        corners = np.array(draw(st.tuples(place, place)))
        box = Box(corners.min(axis=0), corners.max(axis=0)) if kind in ("box", "both") else None
        labels = draw(st.sampled_from([[1], [1, 0], [0]])) if kind == "point" else [1, 0]
        points = Points([draw(place) for _ in labels], labels) if kind in ("point", "both") else None
        seen = np.random.default_rng(len(prompts)).random(shape) < 0.05
        prompts.append(PromptSet(points, box, MaskHint.from_mask(seen) if kind == "mask" else None))
    return shape, prompts


def test_every_registered_framing_is_tested() -> None:
    assert {name.partition(":")[0] for name in NAMES} == set(FRAMINGS.names())


@pytest.mark.parametrize("name", NAMES)
def test_a_name_makes_the_framing_again(name: str) -> None:
    assert make_framing(name).name == name
    assert make_framing(make_framing(name).name) == make_framing(name)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25)
@given(questions(), st.sampled_from(SPACINGS))
def test_looks_and_answers(name: str, question: tuple[Shape, list[PromptSet]], spacing: tuple[float, float]) -> None:
    shape, prompts = question
    teller = Teller()
    framing = make_framing(name, spacing)
    together = look(framing, shape, prompts, teller)
    for window, prompt in teller.asked:  # that something of the prompt lies there is checked by look
        assert all(0 <= first < last <= n for first, last, n in zip(window.low, window.high, shape, strict=True))
        prompt.check_inside(window.shown if isinstance(window, Stretched) else window.size)
    for prompt, answer in zip(prompts, together, strict=True):
        single = Teller()
        (alone,) = look(framing, shape, [prompt], single)
        assert 1 <= len(single.asked) == len({window for window, _ in single.asked})
        assert np.array_equal(answer.logits, alone.logits)
        assert np.array_equal(answer.quality, alone.quality)
        assert answer.logits.shape == (2, *shape)
        assert answer.logits.dtype == np.float32
        assert answer.quality.shape == (2,)
        seen = np.zeros(shape, bool)
        for window, _ in single.asked:
            seen[window.slices] = True
        assert (answer.logits[:, ~seen] <= OUTSIDE).all()
