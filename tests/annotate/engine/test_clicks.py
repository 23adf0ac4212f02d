"""Clicks for a model that knows boxes only, with a model whose answers are written down here."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from samaritan.annotate.engine import clicks
from samaritan.core import Box, MaskHint, Points, PromptSet

SHAPE = (120, 90)


def disc(x: float, y: float, radius: float) -> NDArray[np.bool_]:
    """(x, y) bool."""
    columns, rows = np.indices(SHAPE)
    return np.asarray((columns - x) ** 2 + (rows - y) ** 2 <= radius**2)


class BoxModel:
    """Answers the disc that fits a box best, surer the better it fits; where none does, all of the box, and unsure."""

    def __init__(self, *discs: NDArray[np.bool_], prompts: tuple[str, ...] = ("box",)) -> None:
        self.discs = discs
        self.asked: list[PromptSet] = []
        self.segmenter: Any = SimpleNamespace(card=SimpleNamespace(prompts=prompts))
        self.view: Any = SimpleNamespace(shape=SHAPE, spacing=(1.0, 1.0, 1.0))
        self.framing: Any = SimpleNamespace(name="whole")

    def decode(self, index: int, prompts: Sequence[PromptSet]) -> list[Any]:
        """One answer for each box."""
        self.asked += prompts
        return [self._answer(prompt.box) for prompt in prompts if prompt.box is not None]

    def _answer(self, box: Box) -> Any:
        inside = np.zeros(SHAPE, bool)
        low, high = np.rint(box.lo[:2]).astype(int), np.rint(box.hi[:2]).astype(int) + 1
        inside[low[0] : high[0], low[1] : high[1]] = True
        fits = [np.count_nonzero(one & inside) / np.count_nonzero(_square(one) | inside) for one in self.discs]
        best = int(np.argmax(fits))
        mask, sharp = (self.discs[best], 8.0) if fits[best] > 0.2 else (inside, 0.5)
        logits = np.where(mask, sharp, -sharp).astype(np.float32)
        return SimpleNamespace(logits=logits[None], quality=np.array([min(fits[best] + 0.2, 1.0)]))


def _square(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    box = clicks.box_of(mask)
    found = np.zeros(SHAPE, bool)
    low, high = box.lo[:2].astype(int), box.hi[:2].astype(int) + 1
    found[low[0] : high[0], low[1] : high[1]] = True
    return found


def at(*places: tuple[float, float], outside: Sequence[tuple[float, float]] = ()) -> PromptSet:
    """Clicks inside the object, and outside it."""
    return PromptSet(points=Points([*places, *outside], [1] * len(places) + [0] * len(outside)))


@pytest.mark.parametrize("radius", [5, 12, 30])
@pytest.mark.parametrize("place", [(60, 45), (63, 42)])
def test_a_click_finds_the_object_whatever_its_size(radius: float, place: tuple[float, float]) -> None:
    target = disc(60, 45, radius)
    masks = clicks.masks_at(BoxModel(target), 0, at(place))  # type: ignore[arg-type]
    np.testing.assert_array_equal(masks[0][0], target)
    assert masks[0][1] == max(quality for _, quality in masks)


@pytest.mark.parametrize(("framing", "pixel"), [("whole", (1.0, 1.0)), ("square", (1.0, 6.0))])
def test_squares_around_a_click_are_square_as_the_model_sees_them(framing: str, pixel: tuple[float, float]) -> None:
    model = BoxModel(disc(60, 45, 12))
    model.view.spacing, model.framing.name = (1.0, 6.0, 1.0), framing
    clicks.masks_at(model, 0, at((60, 45)))  # type: ignore[arg-type]
    asked = [prompt.box for prompt in model.asked[: len(clicks.REACHES)] if prompt.box is not None]
    sides = np.array([(box.hi - box.lo)[:2] * pixel for box in asked])
    inside = [(box.lo[:2] > 0).all() and (box.hi[:2] < np.array(SHAPE) - 1).all() for box in asked]
    assert sum(inside) > 2  # the others reach the picture's edge
    np.testing.assert_allclose(sides[inside, 0], sides[inside, 1])


def test_clicks_outside_choose_the_smaller_of_two_objects() -> None:
    small, large = disc(60, 45, 8), disc(60, 45, 30)
    model = BoxModel(small, large)
    both = {int(mask.sum()) for mask, _ in clicks.masks_at(model, 0, at((60, 45)))}  # type: ignore[arg-type]
    assert both == {int(small.sum()), int(large.sum())}
    masks = clicks.masks_at(model, 0, at((60, 45), outside=[(60, 65)]))  # type: ignore[arg-type]
    np.testing.assert_array_equal(masks[0][0], small)
    assert not any(mask[60, 65] for mask, _ in masks)


def test_clicks_far_apart_choose_the_object_that_holds_them_all() -> None:
    small, large = disc(60, 45, 8), disc(60, 45, 30)
    masks = clicks.masks_at(BoxModel(small, large), 0, at((60, 45), (80, 45)))  # type: ignore[arg-type]
    np.testing.assert_array_equal(masks[0][0], large)


def test_no_answer_holds_the_click() -> None:
    class Elsewhere(BoxModel):
        def _answer(self, box: Box) -> Any:
            logits = np.where(disc(100, 80, 5), 8.0, -8.0).astype(np.float32)
            return SimpleNamespace(logits=logits[None], quality=np.array([0.9]))

    assert clicks.masks_at(Elsewhere(disc(1, 1, 1)), 0, at((20, 20))) == []  # type: ignore[arg-type]


def test_every_box_lies_in_the_picture_and_carries_the_label() -> None:
    model = BoxModel(disc(3, 86, 3))
    clicks.masks_at(model, 0, PromptSet(points=Points([(2, 87)], [1]), text="liver"))  # type: ignore[arg-type]
    assert {asked.text for asked in model.asked} == {"liver"}
    for asked in model.asked:
        assert asked.points is None
        asked.check_inside((*SHAPE, 1))


@pytest.mark.parametrize(
    ("prompt", "prompts", "needed"),
    [
        (at((5, 5)), ("box",), True),
        (at((5, 5), outside=[(9, 9)]), ("box",), True),
        (at((5, 5)), ("box", "points"), False),
        (at((5, 5)), ("text",), False),
        (at(outside=[(9, 9)]), ("box",), False),
        (PromptSet(points=at((5, 5)).points, box=Box([1, 1], [9, 9])), ("box",), False),
        (PromptSet(mask=MaskHint.from_mask(disc(9, 9, 3))), ("box",), False),
        (PromptSet(box=Box([1, 1], [9, 9])), ("box",), False),
    ],
)
def test_it_is_for_clicks_alone_and_models_of_boxes(prompt: PromptSet, prompts: tuple[str, ...], needed: bool) -> None:
    assert clicks.is_needed(BoxModel(disc(5, 5, 2), prompts=prompts), prompt) is needed  # type: ignore[arg-type]
