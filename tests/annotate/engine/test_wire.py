"""What travels through the pipe comes out as it went in, and nothing else can come out."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from samaritan.annotate.engine import EngineSettings
from samaritan.annotate.engine._wire import HEAD, Answered, Failed, Progressed, Request, Use, pack, unpack
from samaritan.annotate.engine.requests import (
    Attention,
    CaseAnswer,
    CaseQuestion,
    ChainEnd,
    ImageRef,
    SliceAnswer,
    SliceQuestion,
    VolumeAnswer,
    VolumeQuestion,
)
from samaritan.core import Box, FormatError, MaskHint, Points, PromptSet

MASKS = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=3, max_side=9))
IMAGE = ImageRef("a", Path("/data/p\udce4th/a.nii.gz"), series="1", volume=2, modality="MR")
MASK = np.eye(5, 7, dtype=bool)
PROMPT = PromptSet(Points([[1, 2], [3, 4]], [1, 0]), Box((0, 1), (4, 6)), MaskHint.from_mask(MASK), "liver")


def through(message: object) -> Any:
    """Out of the pipe."""
    data = b"".join(pack(message))
    tree, arrays = HEAD.unpack(data[: HEAD.size])
    assert len(data) == HEAD.size + tree + arrays
    return unpack(data[HEAD.size : HEAD.size + tree], data[HEAD.size + tree :])


def same(one: Any, other: Any) -> bool:
    """Equal in types and values, arrays included."""
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, field.name), getattr(other, field.name)) for field in dataclasses.fields(one)
        )
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    return bool(one == other)


@pytest.mark.parametrize(
    "message",
    [
        EngineSettings(adapter=Path("x")),
        Request(1, SliceQuestion(IMAGE, "axial", 3, PROMPT, MASK, several=False, lane="a/1")),
        Request(2, VolumeQuestion(IMAGE, "coronal", {3: PROMPT, 9: PromptSet()}, {4: MASK}, (2, 9), lane="a/1")),
        Request(3, CaseQuestion(IMAGE, ("liver", "spleen"), 3)),
        Request(4, Attention(IMAGE, "sagittal", 7)),
        Request(5, Use(None)),
        Answered(1, SliceAnswer((MASK, ~MASK), (0.5, float(np.float32(0.25))), True, 0.1)),
        Answered(2, VolumeAnswer({3: MASK}, {3: 0.5}, (ChainEnd(3, -1, 1, "empty", expected=False),), 1.5)),
        Answered(3, CaseAnswer({"liver": np.zeros((3, 4, 5), bool)}, 0.5, 2.0)),
        Answered(4, None),
        Progressed(2, 1, 9),
        Failed(1, "InputError", "No."),
    ],
    ids=lambda message: type(getattr(message, "body", message)).__name__,
)
def test_messages(message: object) -> None:
    assert same(through(message), message)


@settings(max_examples=50)
@given(MASKS)
def test_masks_take_one_bit_per_voxel(mask: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
    body = VolumeAnswer({0: mask}, {}, (), 0.0)
    assert same(through(Answered(1, body)).body, body)
    _, arrays = HEAD.unpack(pack(Answered(1, body))[0][: HEAD.size])
    assert arrays == -(-mask.size // 8)


def test_turned_masks_keep_their_places() -> None:
    mask = np.zeros((6, 4), bool)
    mask[1, 2] = True
    answer = SliceAnswer((mask.T, mask[::-1]), (1.0, 1.0), False, 0.0)
    assert same(through(answer), answer)


def test_arrays_of_a_message_can_be_changed() -> None:
    (mask,) = through(SliceAnswer((MASK,), (1.0,), False, 0.0)).masks
    mask[:] = False
    assert MASK.any()


@pytest.mark.parametrize("value", [object(), {1: object()}, np.array([object()]), np.array(["text"])])
def test_other_things_do_not_travel(value: object) -> None:
    with pytest.raises(TypeError, match=r"do(es)? not travel"):
        pack(Answered(1, value))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "tree",
    [
        b"", b"{", b"[" * 100_000, b'{"class": "Popen", "fields": {}}', b'{"class": "Request", "fields": {"x": 1}}',
        b'{"array": "|O", "shape": [1]}', b'{"array": "<f4", "shape": [1000000000]}', b'{"class": "Box"}',
    ],
)  # fmt: skip
def test_frames_that_hold_something_else_are_refused(tree: bytes) -> None:
    with pytest.raises(FormatError, match="cannot be read"):
        unpack(tree, b"")


@given(st.integers(min_value=0), st.binary(max_size=3), st.binary(max_size=40))
def test_a_damaged_frame_is_read_or_refused(place: int, change: bytes, arrays: bytes) -> None:
    tree = pack(Request(1, SliceQuestion(IMAGE, "axial", 3, PROMPT, MASK)))[0][HEAD.size :]
    place %= len(tree)
    with contextlib.suppress(FormatError):
        unpack(tree[:place] + change + tree[place + len(change) :], arrays)
