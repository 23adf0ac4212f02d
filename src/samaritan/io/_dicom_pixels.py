"""What the stored numbers of a DICOM frame mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError, InputError
from samaritan.io._decode import Decoder

#: Modalities whose values are measurements; MONOCHROME1 ("low is white") is inverted for all others, where the picture counts.
QUANTITATIVE = ("CT", "MR", "PT", "NM")


@dataclass
class Frames:
    """Collects frames into one array whose type is as small as the values allow.

    Attributes:
        data: (i, j, k[, 3]).
        padded: per slice, where the stored value means "no data", as packed bits; filled by :meth:`finish`.
    """

    data: NDArray[Any]
    padded: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    lowest: float = np.inf

    @classmethod
    def empty(cls, dataset: Any, count: int) -> Frames:
        """Room for ``count`` frames like those of ``dataset``."""
        shape = (int(dataset.Columns), int(dataset.Rows), count)
        if is_colour(dataset):
            return cls(np.zeros((*shape, 3), np.uint8))
        if _is_rescaled(dataset) or int(dataset.PixelRepresentation):
            return cls(np.zeros(shape, np.int16, order="F"))  # a slice in one piece, as in NIfTI
        return cls(np.zeros(shape, np.uint8 if int(dataset.BitsStored) <= 8 else np.uint16, order="F"))

    def put(self, index: int, values: NDArray[Any], padding: NDArray[np.bool_] | None) -> None:
        """Enter one (row, col[, 3]) frame as slice ``index``."""
        if values.shape[:2] != (self.data.shape[1], self.data.shape[0]) or values.ndim != self.data.ndim - 1:
            raise FormatError(
                f"a frame of {values.shape} pixels does not fit the declared size {self.data.shape[1::-1]}"
            )
        fits = np.result_type(self.data.dtype, _small_type(values, self.data.dtype.kind == "i"))
        if fits != self.data.dtype:
            self.data = self.data.astype(fits)
        self.data[:, :, index] = values.swapaxes(0, 1)
        if padding is not None and padding.any():
            self.padded[index] = np.packbits(padding.T)
            values = values[~padding]
        if values.size:
            self.lowest = min(self.lowest, float(values.min()))

    def finish(self) -> NDArray[Any]:
        """The array, with padding set to the smallest value that is none, so that it stays out of windows."""
        if np.isfinite(self.lowest):
            shape = self.data.shape[:2]
            for index, bits in self.padded.items():
                where = np.unpackbits(bits, count=shape[0] * shape[1]).reshape(shape).astype(bool)
                self.data[:, :, index][where] = self.lowest
        return self.data


def is_colour(dataset: Any) -> bool:
    """RGB, YBR or a palette."""
    return int(dataset.get("SamplesPerPixel", 1)) > 1 or dataset.PhotometricInterpretation == "PALETTE COLOR"


def is_inverted(dataset: Any) -> bool:
    """Whether :func:`frame_values` turns the picture's values round, so that high is bright."""
    return dataset.PhotometricInterpretation == "MONOCHROME1" and dataset.get("Modality") not in QUANTITATIVE


def frame_values(
    dataset: Any, frames: Sequence[int], decoder: Decoder
) -> Iterator[tuple[NDArray[Any], NDArray[np.bool_] | None]]:
    """For each of ``frames``: (row, col[, 3]) values in the scanner's unit, and where they are padding.

    Raises:
        InputError: a rescale slope of 0, or colours of more than 8 bits.
        FormatError: the pixels cannot be decoded, or are not those that the header declares.
    """
    for number, stored in zip(frames, decoder.frames(dataset, frames), strict=True):
        if is_colour(dataset):
            yield _colours(dataset, stored), None
        else:
            yield _rescaled(dataset, stored, number), _padding(dataset, stored)


def window(dataset: Any, frame: int) -> tuple[float, float] | None:
    """The first (centre, width) that the file recommends, for the values that :func:`frame_values` gives."""
    source = _group(dataset, frame, "FrameVOILUTSequence") or dataset
    centre, width = _first(source.get("WindowCenter")), _first(source.get("WindowWidth"))
    if centre is None or width is None or width <= 0:
        return None
    return (_ends(dataset, frame) - centre if is_inverted(dataset) else centre), width


def _rescaled(dataset: Any, stored: NDArray[Any], frame: int) -> NDArray[Any]:
    from pydicom.pixels.processing import apply_modality_lut

    if "ModalityLUTSequence" in dataset:
        values = np.asarray(apply_modality_lut(stored, dataset))
    else:
        slope, intercept = _slope(dataset, frame)
        whole = slope.is_integer() and intercept.is_integer() and stored.dtype.kind in "iu"
        values = stored.astype(np.int64) * int(slope) + int(intercept) if whole else stored * slope + intercept
        values = values if whole else values.astype(np.float32)
    return _ends(dataset, frame) - values if is_inverted(dataset) else values


def _slope(dataset: Any, frame: int) -> tuple[float, float]:
    source = _group(dataset, frame, "PixelValueTransformationSequence") or dataset
    slope, intercept = source.get("RescaleSlope"), source.get("RescaleIntercept")
    slope, intercept = (
        1.0 if slope in (None, "") else float(slope),
        0.0 if intercept in (None, "") else float(intercept),
    )
    if slope == 0 or not np.isfinite([slope, intercept]).all():
        raise InputError(f"the rescale slope {slope:g} and intercept {intercept:g} give no image; export it again.")
    return slope, intercept


def _ends(dataset: Any, frame: int) -> int | float:
    """Smallest plus largest value that the stored bits can mean: v -> ends - v turns the picture round."""
    bits, signed = int(dataset.BitsStored), int(dataset.PixelRepresentation)
    slope, intercept = _slope(dataset, frame)
    ends = (-1 if signed else 2**bits - 1) * slope + 2 * intercept
    return int(ends) if ends.is_integer() else ends


def _padding(dataset: Any, stored: NDArray[Any]) -> NDArray[np.bool_] | None:
    value = dataset.get("PixelPaddingValue")
    if value is None:
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    low, high = sorted((int(value), int(value if limit is None else limit)))
    return np.asarray((stored >= low) & (stored <= high))


def _colours(dataset: Any, stored: NDArray[Any]) -> NDArray[np.uint8]:
    from pydicom.pixels.processing import apply_color_lut

    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        stored = np.asarray(apply_color_lut(stored, dataset))[..., :3]
        if stored.max(initial=0) > 255:
            stored = stored >> 8
    elif stored.dtype != np.uint8:
        raise InputError(f"colours of {8 * stored.dtype.itemsize} bits are not read; convert the image to 8 bits.")
    return stored.astype(np.uint8)


def _group(dataset: Any, frame: int, name: str) -> Any:
    """A functional group of an enhanced multi-frame file: the frame's own, else the shared one, else None."""
    own = dataset.get("PerFrameFunctionalGroupsSequence")
    shared = dataset.get("SharedFunctionalGroupsSequence")
    for item in (own[frame] if own else None, shared[0] if shared else None):
        if item is not None and item.get(name):
            return item.get(name)[0]
    return None


def _is_rescaled(dataset: Any) -> bool:
    return "ModalityLUTSequence" in dataset or _slope(dataset, 0) != (1.0, 0.0)


def _small_type(values: NDArray[Any], signed: bool) -> np.dtype[Any]:
    """The smallest type that holds the values, a signed one if asked for or needed."""
    if values.dtype.kind == "f":
        return values.dtype
    low, high = int(values.min()), int(values.max())
    return np.min_scalar_type(min(low, -high - 1) if signed or low < 0 else high)


def _first(value: Any) -> float | None:
    if value is None or value == "":
        return None
    return float(value if isinstance(value, (int, float, str)) else value[0])
