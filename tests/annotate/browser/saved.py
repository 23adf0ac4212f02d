"""What lies on disk, once it says what the server acknowledged."""

from __future__ import annotations

import time
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.annotate.server import Server

#: Seconds until a mask file must have been written.
PATIENCE = 60.0


def saved_labels(server: Server, name: str) -> NDArray[Any]:
    """(i, j, k) values of the mask file on the image's own grid; waits until it holds what the server says."""
    case = server.client().open(name)
    path = next(iter((server.output / "masks").glob(f"{name}.*")), None)
    expected = case.labels() != 0
    end = time.monotonic() + PATIENCE
    while True:
        path = next(iter((server.output / "masks").glob(f"{name}.*")), None)
        if path is not None:
            image: Any = nib.load(path)
            values = np.asarray(image.dataobj)
            shown = np.asarray(nib.as_closest_canonical(nib.Nifti1Image(values, image.affine)).dataobj)  # type: ignore[no-untyped-call]
            if np.array_equal(shown != 0, expected):
                return values
        elif not expected.any():
            return np.zeros(_native(server, name), np.uint8)
        assert time.monotonic() < end, f"{path or name} does not hold what was acknowledged"
        time.sleep(0.1)


def saved_picture(server: Server, name: str) -> NDArray[Any]:
    """(row, column) values of the mask file of a picture; waits as :func:`saved_labels`."""
    expected = server.client().open(name).labels()[::-1, ::-1, 0].T != 0
    end = time.monotonic() + PATIENCE
    while True:
        for path in (server.output / "masks").glob(f"{name}.*"):
            values = np.asarray(Image.open(path))
            if np.array_equal(values != 0, expected):
                return values
        assert time.monotonic() < end, f"{name} does not hold what was acknowledged"
        time.sleep(0.1)


def saved_mask(server: Server, name: str) -> NDArray[np.bool_]:
    """(i, j, k) bool: any label."""
    return np.asarray(saved_labels(server, name) != 0)


def _native(server: Server, name: str) -> tuple[int, ...]:
    image: Any = nib.load(next(server.folder.rglob(f"{name}.nii*")))
    return tuple(image.shape)
