"""Prompts as a person writes them on the command line."""

from __future__ import annotations

import re

from samaritan.core import PromptError
from samaritan.core.prompt import UNNAMED
from samaritan.prompts._target import TargetPrompt

BOX_FORM = "X0,Y0,X1,Y1[@SLICE][=LABEL], SLICE a number or a range A-B"
LINE_FORM = "X0,Y0,X1,Y1[@SLICE][=LABEL]"
POINT_FORM = "X,Y[,SLICE][:-][=LABEL], :- for a background point"


def parse_box(text: str, *, target: str = UNNAMED) -> TargetPrompt:
    """Read ``X0,Y0,X1,Y1[@SLICE][=LABEL]`` in the frame of the picture, such as ``30,40,80,90@12-15=liver``.

    Args:
        text: the argument.
        target: the target's name where the text has none.

    Raises:
        PromptError: another form, or an inverted box.
    """
    origin = f"--box {text}"
    said, _, name = text.partition("=")
    corners, at, depth = said.partition("@")
    x0, y0, x1, y1 = _numbers(corners, (4,), origin, BOX_FORM)
    if not at:
        return TargetPrompt(_name(text, name, target), origin, box=((x0, y0), (x1, y1)))
    span = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", depth)
    if span is None:
        raise PromptError(f"{origin}: {depth!r} is no slice; write {BOX_FORM}.")
    first, last = float(span[1]), float(span[2] or span[1])
    return TargetPrompt(_name(text, name, target), origin, box=((x0, y0, first), (x1, y1, last)))


def parse_line(text: str, *, target: str = UNNAMED) -> TargetPrompt:
    """Read ``X0,Y0,X1,Y1[@SLICE][=LABEL]``, both ends of the largest diameter, such as ``30,40,80,52@12=lesion``.

    Args:
        text: the argument.
        target: the target's name where the text has none.

    Raises:
        PromptError: another form.
    """
    origin = f"--line {text}"
    said, _, name = text.partition("=")
    ends, at, slice_ = said.partition("@")
    x0, y0, x1, y1 = _numbers(ends, (4,), origin, LINE_FORM)
    if not at:
        return TargetPrompt(_name(text, name, target), origin, line=((x0, y0), (x1, y1)))
    if re.fullmatch(r"\s*\d{1,6}\s*", slice_) is None:
        raise PromptError(f"{origin}: {slice_!r} is no slice; write {LINE_FORM}.")
    return TargetPrompt(_name(text, name, target), origin, line=((x0, y0, float(slice_)), (x1, y1, float(slice_))))


def parse_point(text: str, *, target: str = UNNAMED) -> TargetPrompt:
    """Read ``X,Y[,SLICE][:-][=LABEL]`` in the frame of the picture, such as ``30,40,12:-=liver``.

    Args:
        text: the argument.
        target: the target's name where the text has none.

    Raises:
        PromptError: another form.
    """
    origin = f"--point {text}"
    said, _, name = text.partition("=")
    place, colon, sign = said.partition(":")
    if colon and sign.strip() not in ("+", "-"):
        raise PromptError(f"{origin}: {sign!r} is no sign; write {POINT_FORM}.")
    point = _numbers(place, (2, 3), origin, POINT_FORM)
    return TargetPrompt(_name(text, name, target), origin, point=point, label=int(sign.strip() != "-"))


def _name(text: str, name: str, unnamed: str) -> str:
    return name.strip() if "=" in text else unnamed


def _numbers(text: str, counts: tuple[int, ...], origin: str, form: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(number) for number in text.split(","))
    except ValueError as error:
        raise PromptError(f"{origin}: {text!r} has something that is not a number; write {form}.") from error
    if len(numbers) not in counts:
        allowed = " or ".join(map(str, counts))
        raise PromptError(f"{origin}: received {len(numbers)} numbers, allowed are {allowed}; write {form}.")
    return numbers
