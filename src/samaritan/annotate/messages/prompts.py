"""What a person draws to say what an object is."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from samaritan.annotate.messages._base import Message, Mm


class Point(Message):
    """A click; ``positive`` where it belongs to the object."""

    at: Mm
    positive: bool = True


class Scribble(Message):
    """A free line through voxels that belong to the object, or do not."""

    path: Annotated[tuple[Mm, ...], Field(min_length=1, max_length=2000)]
    positive: bool = True


class Corners(Message):
    """Two opposite corners of a box on one slice."""

    a: Mm
    b: Mm


class Prompts(Message):
    """All that was said about one object on one slice of one plane. A lasso is a closed line, given as a rough mask."""

    points: Annotated[tuple[Point, ...], Field(max_length=200)] = ()
    scribbles: Annotated[tuple[Scribble, ...], Field(max_length=50)] = ()
    box: Corners | None = None
    lasso: Annotated[tuple[Mm, ...], Field(max_length=2000)] = ()
