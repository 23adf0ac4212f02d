"""What people ask on a volume, sorted for propagation: where chains start, and how far they may go.

A target with several boxes that have depth (two kidneys under one name) is several strands, each with its own bounds; their
masks are united in the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from samaritan.core import PromptError, PromptSet, SliceView

#: A target prompted on so many slices, none left out between them, is taken as prompted from end to end.
COMPLETE = 3

OnSlices = dict[int, tuple[PromptSet, ...]]


@dataclass(eq=False)
class Strand:
    """One connected stretch of a target.

    Attributes:
        target: its name.
        prompts: slice -> prompts at (x, y, 0) of its picture.
        corrections: the same; asked when there is a mask to correct.
        bounds: first and last slice, where a person said so.
    """

    target: str
    prompts: OnSlices = field(default_factory=dict)
    corrections: OnSlices = field(default_factory=dict)
    bounds: tuple[int, int] | None = None


def strands_of(view: SliceView, targets: Mapping[str, Sequence[PromptSet]]) -> list[Strand]:
    """Prompts in voxel positions of the volume -> strands, in the order of the targets.

    A box with depth is asked on the middle slice that it crosses, and bounds its strand. Prompts without a box on other slices
    within those bounds correct what is found there.

    Raises:
        PromptError: as :func:`lowered`.
    """
    found = []
    for name, prompts in targets.items():
        pieces = [lowered(view, name, prompt) for prompt in prompts]
        deep = [_bounded(name, piece) for piece in pieces if _is_deep(piece)]
        flat = [piece for piece in pieces if not _is_deep(piece)]
        rest = Strand(name)
        for index, prompt in ((index, prompt) for piece in flat for index, prompt in piece.items()):
            _place(index, prompt, deep, rest)
        if rest.prompts:
            rest.bounds = _complete(rest.prompts)
            deep.append(rest)
        found += deep
    return found


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


def _bounded(name: str, pieces: Mapping[int, PromptSet]) -> Strand:
    """The strand of a box with depth, and what was said together with it."""
    boxed = sorted(index for index, piece in pieces.items() if piece.box is not None)
    middle = boxed[len(boxed) // 2]
    strand = Strand(name, {middle: (pieces[middle],)}, bounds=(boxed[0], boxed[-1]))
    for index, piece in pieces.items():
        if index != middle and piece.points is not None:
            strand.corrections[index] = (PromptSet(piece.points, text=piece.text),)
    return strand


def _place(index: int, prompt: PromptSet, deep: Iterable[Strand], rest: Strand) -> None:
    """Give a prompt to the strand whose bounds it lies in, else to the one without bounds."""
    for strand in deep:
        if strand.bounds is not None and strand.bounds[0] <= index <= strand.bounds[1]:
            strand.corrections[index] = (*strand.corrections.get(index, ()), prompt)
            return
    rest.prompts[index] = (*rest.prompts.get(index, ()), prompt)


def _complete(prompts: Mapping[int, object]) -> tuple[int, int] | None:
    first, last = min(prompts), max(prompts)
    return (first, last) if len(prompts) >= COMPLETE and len(prompts) == last - first + 1 else None
