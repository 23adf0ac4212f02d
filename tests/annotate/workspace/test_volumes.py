from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from samaritan.annotate.workspace._volumes import count_of, sentence

nib: Any = nibabel


@pytest.mark.parametrize("kind", ["Nifti1Image", "Nifti2Image"])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("ending", [".nii", ".NII.gz"])
@pytest.mark.parametrize(("shape", "count"), [((4, 5, 6), 1), ((4, 5, 6, 7), 7), ((4, 5, 6, 1, 3), 1), ((4, 5), 1)])
def test_volumes_are_counted(
    tmp_path: Path, kind: str, order: str, ending: str, shape: tuple[int, ...], count: int
) -> None:
    made = getattr(nib, kind)
    header = made.header_class(endianness=order)
    image = made(np.zeros(shape, np.uint8), np.eye(4), header)
    content = image.to_bytes()
    path = tmp_path / f"a{ending}"
    path.write_bytes(gzip.compress(content, mtime=0) if ending.endswith("gz") else content)
    assert count_of(path) == count


@pytest.mark.parametrize(
    "content",
    [b"", b"no image", gzip.compress(b"short"), gzip.compress(b"x" * 400)[:30]],
    ids=[
        "empty",
        "no image",
        "short",
        "cut off",
    ],  # what is compressed bears the time, and would differ between workers
)
def test_what_cannot_be_read_is_said_later(tmp_path: Path, content: bytes) -> None:
    for name in ("a.nii", "a.nii.gz", "a.png"):
        (tmp_path / name).write_bytes(content)
        assert count_of(tmp_path / name) == 1
    assert count_of(tmp_path / "none.nii") == 1


def test_what_to_do_is_said() -> None:
    assert sentence("bold.nii", 3).startswith("bold.nii holds 3 volumes, and a case is one; save those that are wanted")
