"""Frames as the codecs give them, from a process of their own where a codec is needed.

Decoders of JPEG, JPEG 2000, JPEG-LS and RLE are large, and crafted streams have crashed them before. So that the worst that
a file can do is to be refused, they run in a child with limits on memory and time; it dies with its stream, and this
process reads on. The child is this module again, run by ``python -m``: it gets one JSON line per file on standard input and
answers every frame with a JSON line, followed by the bytes of the pixels.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Self, cast

import numpy as np
from numpy.typing import NDArray

from samaritan.core import FormatError
from samaritan.io import _dicom_file
from samaritan.io._base import one_line

#: What the child may use: memory beyond that of the frame (bytes), and processor time for each frame (seconds).
MEMORY = 2**31
SECONDS = 60


class Decoder:
    """Decodes frames of DICOM files; a child is started for the first compressed one and ends with the context."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.communicate()

    def frames(self, dataset: Any, frames: Sequence[int]) -> Iterator[NDArray[Any]]:
        """For each of ``frames`` of a data set that was read from a file: (row, col[, 3]) stored values.

        Raises:
            FormatError: the pixels cannot be decoded, or are not those that the header declares.
        """
        from pydicom.pixels.utils import iter_pixels

        if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
            yield from self._decoded(dataset, frames)
        else:
            _check_length(dataset)
            bitwise = int(dataset.BitsAllocated) == 1
            yield from _bits(dataset, frames) if bitwise else iter_pixels(dataset, indices=list(frames))

    def _decoded(self, dataset: Any, frames: Sequence[int]) -> Iterator[NDArray[Any]]:
        from pydicom.encaps import parse_basic_offsets

        offsets, count = parse_basic_offsets(dataset.PixelData), int(dataset.get("NumberOfFrames") or 1)
        if offsets and len(offsets) != count:
            raise FormatError(
                f"the header declares {count} frames and the pixel data hold {len(offsets)}; export it again."
            )
        if self._child is None:
            self._child = subprocess.Popen(  # -P: never import from the working folder
                [sys.executable, "-P", "-m", __name__],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        syntax = dataset.file_meta.TransferSyntaxUID.name
        requests, answers = cast("IO[bytes]", self._child.stdin), cast("IO[bytes]", self._child.stdout)
        request = {"path": os.fspath(dataset.filename), "frames": list(frames)}
        try:
            requests.write(json.dumps(request).encode() + b"\n")
            requests.flush()
            for _ in frames:
                yield _receive(answers)
        except (BrokenPipeError, EOFError) as error:
            self.__exit__()
            self._child = None
            raise FormatError(
                f"the pixels are stored as {syntax} and stopped the decoder; the file is damaged or a trap."
            ) from error
        except FormatError as error:
            raise FormatError(
                f"the pixels are stored as {syntax}, which could not be decoded ({error}); decompress the file first."
            ) from error


def _check_length(dataset: Any) -> None:
    """Refuse whole frames beyond the declared ones: rows, columns or the number of frames are wrong."""
    from pydicom.pixels.utils import get_expected_length

    count = int(dataset.get("NumberOfFrames") or 1)
    expected, found = get_expected_length(dataset), len(dataset.get("PixelData") or b"")
    if count > 0 and found - expected >= max(expected // count, 2):
        raise FormatError(
            f"the header declares {expected} bytes of pixels and the file holds {found}; export it again."
        )


def _bits(dataset: Any, frames: Sequence[int]) -> Iterator[NDArray[Any]]:
    """Frames of one bit per pixel, which need not begin at a byte."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    stored = np.frombuffer(dataset.PixelData, np.uint8)
    for number in frames:
        byte, skip = divmod(number * rows * columns, 8)
        bits = np.unpackbits(stored[byte : byte + rows * columns // 8 + 2], bitorder="little")
        yield bits[skip : skip + rows * columns].reshape(rows, columns)


def _receive(stream: IO[bytes]) -> NDArray[Any]:
    answer = json.loads(stream.readline() or b"null")
    if answer is None:
        raise EOFError
    if "fault" in answer:
        raise FormatError(answer["fault"])
    kind, shape = np.dtype(answer["dtype"]), tuple(answer["shape"])
    size = kind.itemsize * math.prod(shape)
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return np.frombuffer(content, kind).reshape(shape)


def serve(requests: IO[bytes], answers: IO[bytes]) -> None:
    """The child: decode what is asked for until nobody asks any more."""
    from pydicom.pixels.utils import get_expected_length

    warnings.simplefilter("ignore")
    # RLE segments that are longer than the declared frame: rows or columns are wrong
    warnings.filterwarnings("error", message="The decoded RLE segment contains non-conformant")
    for line in requests:
        asked = json.loads(line)
        try:
            dataset = _dicom_file.load(Path(asked["path"]), pixels=True)
            for number in asked["frames"]:
                _limit(get_expected_length(dataset))
                _send(answers, _decode(dataset, number))
        except Exception as error:  # noqa: BLE001 - whatever a codec raises is the file's fault
            answers.write(json.dumps({"fault": one_line(error)}).encode() + b"\n")
        answers.flush()


def _decode(dataset: Any, number: int) -> NDArray[Any]:
    """One frame. A grey stream with more than the declared 8 bits would lose its upper ones without a word: refused."""
    from pydicom.pixels.utils import iter_pixels
    from pydicom.uid import RLELossless

    narrow = (
        dataset.BitsAllocated == 8
        and dataset.SamplesPerPixel == 1
        and dataset.PhotometricInterpretation != "PALETTE COLOR"
        and dataset.file_meta.TransferSyntaxUID != RLELossless
    )
    if narrow:
        dataset.BitsAllocated = 16
    values = next(iter(iter_pixels(dataset, indices=[number])))
    if not narrow:
        return values
    dataset.BitsAllocated = 8
    if values.max(initial=0) > 255 or values.min(initial=0) < -128:
        raise FormatError("the header declares 8 bits and the pixels have more")
    return values.astype(np.int8 if dataset.PixelRepresentation else np.uint8)


def _send(answers: IO[bytes], values: NDArray[Any]) -> None:
    about = {"dtype": values.dtype.str, "shape": values.shape}
    answers.write(json.dumps(about).encode() + b"\n" + np.ascontiguousarray(values).tobytes())


def _limit(size: int) -> None:
    """Bound memory and time from here on, where the system can."""
    try:
        import resource
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, hard))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY + 8 * size, hard))


if __name__ == "__main__":
    _replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a codec prints must not get among the pixels
    serve(sys.stdin.buffer, _replies)
