"""What people ask on a volume, sorted for propagation: where chains start, and how far they may go.

A target with several boxes that have depth (two kidneys under one name) is several strands, each with its own bounds; their
masks are united in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from samaritan.core import Points, PromptError, PromptSet, SliceView
from samaritan.predict.session import join_points
from samaritan.prompts._gather import nearest_box, some_points

#: A target prompted on so many slices, none left out between them, is taken as prompted from end to end.
COMPLETE = 3


@dataclass(eq=False)
class Strand:
    """One connected stretch of a target.

    Attributes:
        target: its name.
        prompts: slice -> prompts at (x, y, 0) of its picture.
        corrections: the same for slices with clicks alone, of a target that has boxes or masks on others: they are about the
            mask that comes from there.
        bounds: first and last slice, where a person said so.
    """

    target: str
    prompts: dict[int, tuple[PromptSet, ...]] = field(default_factory=dict)
    bounds: tuple[int, int] | None = None
    corrections: dict[int, tuple[PromptSet, ...]] = field(default_factory=dict)


def strands_of(view: SliceView, targets: Mapping[str, Sequence[PromptSet]]) -> list[Strand]:
    """Prompts in voxel positions of the volume -> strands, in the order of the targets.

    A box with depth is asked on every slice that it crosses, and bounds its strand; points on those slices join it,
    or of several boxes on a slice the nearest.

    Raises:
        PromptError: as :func:`lowered`.
    """
    found = []
    for name, prompts in targets.items():
        pieces = [lowered(view, name, prompt) for prompt in prompts]
        deep = [Strand(name, {k: (p,) for k, p in piece.items()}, _span(piece)) for piece in pieces if _is_deep(piece)]
        rest = Strand(name)
        for index, prompt in ((k, p) for piece in pieces if not _is_deep(piece) for k, p in piece.items()):
            _place(index, prompt, deep, rest)
        if rest.prompts:
            rest.bounds = _complete(rest.prompts)
            _set_apart(rest)
            deep.append(rest)
        found += deep
    return found


def _set_apart(strand: Strand) -> None:
    """Move clicks alone to the corrections, where other slices have more than clicks."""
    clicked = {k for k, asked in strand.prompts.items() if all(p.box is None and p.mask is None for p in asked)}
    if clicked != strand.prompts.keys():
        strand.corrections = {k: strand.prompts.pop(k) for k in sorted(clicked)}


def lowered(view: SliceView, name: str, prompt: PromptSet) -> dict[int, PromptSet]:
    """Slice -> prompt at (x, y, 0) of its picture.

    Raises:
        PromptError: the prompt lies outside the image; the message names the target.
    """
    try:
        return view.lower(prompt)
    except PromptError as error:
        raise PromptError(f"Target {name!r}: {error}") from error


def _is_deep(pieces: Mapping[int, PromptSet]) -> bool:
    return sum(piece.box is not None for piece in pieces.values()) > 1


def _span(pieces: Mapping[int, PromptSet]) -> tuple[int, int]:
    boxed = [index for index, piece in pieces.items() if piece.box is not None]
    return min(boxed), max(boxed)


def _place(index: int, prompt: PromptSet, deep: Iterable[Strand], rest: Strand) -> None:
    """Give a prompt to the strands whose bounds it lies in, each point to the one with the nearest box; else to ``rest``.

    A box stays whole and stands beside the box nearest to its centre; so does a mask, near the first point it comes with.
    """
    over = [one for one in deep if one.bounds and one.bounds[0] <= index <= one.bounds[1]]
    if not over:
        rest.prompts[index] = (*rest.prompts.get(index, ()), prompt)
        return
    boxes = [box for one in over if (box := one.prompts[index][0].box)]
    if prompt.box is not None:
        (owner,) = nearest_box(Points([(prompt.box.lo + prompt.box.hi) / 2], [1]), boxes)
        over[owner].prompts[index] += (prompt,)
        return
    owners = nearest_box(prompt.points, boxes)
    for number in np.unique(owners[:1] if prompt.mask else owners):
        points = prompt.points if prompt.mask else some_points(prompt.points, owners == number)
        first, *others = over[number].prompts[index]
        joined = replace(first, points=join_points(first.points, points), mask=prompt.mask or first.mask)
        over[number].prompts[index] = (joined, *others)


def _complete(prompts: Mapping[int, object]) -> tuple[int, int] | None:
    first, last = min(prompts), max(prompts)
    return (first, last) if len(prompts) >= COMPLETE and len(prompts) == last - first + 1 else None
