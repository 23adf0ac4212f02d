"""Where a picture and the network's square meet: the only place with (row, column) order.

A picture is (x, y[, c]) with pixel centres at whole numbers; the network sees (channel, y, x), the longest side resized to
``side`` and the rest padded at the bottom and at the right (or, for MedSAM, stretched to the square).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from samaritan.core import Box, InputError, MaskHint, PromptError

#: Of the channels red, green and blue over ImageNet, in 0..255.
IMAGENET_MEAN, IMAGENET_DEVIATION = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)

#: How a picture is resized.
Interpolation = Literal["linear", "cubic", "nearest"]

#: How a mask is given back to a model.
Hints = Literal["logits", "probabilities"]


def min_max(pixels: Tensor) -> Tensor:
    """0..1 between the picture's own darkest and brightest value, over all channels (LiteMedSAM, MedSAM)."""
    low, high = pixels.min(), pixels.max()
    return (pixels - low) / (high - low).clamp(min=1e-8)


def imagenet(pixels: Tensor) -> Tensor:
    """Zero mean and unit variance over ImageNet, per channel (SAM)."""
    mean = pixels.new_tensor(IMAGENET_MEAN).view(1, 3, 1, 1)
    deviation = pixels.new_tensor(IMAGENET_DEVIATION).view(1, 3, 1, 1)
    return (pixels - mean) / deviation


def centred(pixels: Tensor) -> Tensor:
    """0..255 as -1..1 (SAM 3)."""
    return pixels / 127.5 - 1


@dataclass(frozen=True)
class Frame:
    """How pictures, positions and masks travel between a picture and the network's square.

    Attributes:
        side: of the square that the encoder sees, in pixels.
        grid: side of the mask logits that the decoder answers with.
        normalise: (1, 3, y, x) 0..255 -> the encoder's input; runs after resizing and before padding.
        keep_aspect: longest side and padding; False stretches both sides to the square.
        interpolation: of the picture: "linear" and "cubic" smooth where they shrink, "nearest" takes single pixels.
        hints: what the prompt encoder takes of a mask, its "logits" or "probabilities".
    """

    side: int
    grid: int
    normalise: Callable[[Tensor], Tensor]
    keep_aspect: bool = True
    interpolation: Interpolation = "linear"
    hints: Hints = "logits"

    def describe(self) -> str:
        """What happens to a picture before the encoder sees it, the same text for the same treatment."""
        normalise = f"{self.normalise.__module__}.{getattr(self.normalise, '__qualname__', repr(self.normalise))}"
        return f"side={self.side} {self.interpolation} keep_aspect={self.keep_aspect} normalise={normalise}"

    def fit(self, shape: tuple[int, int]) -> tuple[int, int]:
        """Size (x, y) inside the square of a picture of ``shape`` (x, y); at least one pixel."""
        if not self.keep_aspect:
            return self.side, self.side
        x, y = (max(1, int(n * self.side / max(shape) + 0.5)) for n in shape)
        return x, y

    def pixels(self, picture: NDArray[np.float32]) -> Tensor:
        """(x, y, 3) 0..255 -> (1, 3, side, side), normalised and padded with zeros.

        Raises:
            InputError: not (x, y, 3) with at least one pixel, or not finite.
        """
        array = np.asarray(picture, dtype=np.float32)
        if array.ndim != 3 or array.shape[2] != 3 or not array.size:
            raise InputError(f"A picture is (x, y, 3) with at least 1 pixel; received shape {array.shape}.")
        if not np.isfinite(array).all():
            raise InputError("The picture has values that are not finite; replace NaN and infinity first.")
        rows_first = torch.from_numpy(np.ascontiguousarray(array.transpose(2, 1, 0)))[None]
        fitted = self._resize(rows_first, self.fit(array.shape[:2]), self.interpolation)
        return self._pad(self.normalise(fitted), 0.0)

    def positions(self, places: NDArray[np.float64], shape: tuple[int, int], anchor: float = 0.5) -> Tensor:
        """Positions in a picture -> positions in the square, where the prompt encoder adds half a pixel itself.

        As in segment-anything a position is multiplied by the ratio of the sizes. Where that enlarges, a pixel becomes
        several, and a box that ended at the first of them would lose the rest: weights were trained with boxes around
        enlarged masks, which end at the last one.

        Args:
            places: (n, 2 or more) positions x, y, ...
            shape: size (x, y) of the picture.
            anchor: which of the pixels that one became: 0 the first (lower corner of a box), 1 the last (upper corner),
                0.5 the middle (a click).

        Returns:
            (n, 2) float32 x, y.
        """
        ratio = np.asarray(self.fit(shape)) / np.asarray(shape)
        moved = np.asarray(places)[:, :2] * ratio + anchor * np.maximum(ratio - 1, 0)
        return torch.from_numpy(moved.astype(np.float32))

    def box(self, box: Box, shape: tuple[int, int]) -> Tensor:
        """A box on a picture of ``shape`` (x, y) -> (4,) float32 x0, y0, x1, y1 in the square."""
        ends = [self.positions(box.lo[None], shape, anchor=0), self.positions(box.hi[None], shape, anchor=1)]
        return torch.cat(ends).flatten()

    def hint(self, mask: MaskHint, shape: tuple[int, int]) -> Tensor:
        """A mask hint of a picture of ``shape`` (x, y) -> (1, grid, grid) logits, or probabilities where :attr:`hints` says so.

        Outside the picture it is background, as surely as the hint's own background.

        Raises:
            PromptError: the hint's shape is not that of its frame.
        """
        logits = self._fitting(mask, shape)
        if mask.frame == "model":
            given = torch.from_numpy(logits.copy())[None]
        else:
            rows_first = torch.from_numpy(np.ascontiguousarray(logits.T))[None, None]
            square = self._pad(self._resize(rows_first, self.fit(shape)), min(0.0, float(logits.min())))
            given = self._resize(square, (self.grid, self.grid))[0]
        return given.sigmoid() if self.hints == "probabilities" else given

    def drawn(self, mask: MaskHint, shape: tuple[int, int]) -> Tensor:
        """A mask on a picture of ``shape`` (x, y) -> (1, side, side), 1 where at least half of a pixel is target, else 0.

        Raises:
            PromptError: the mask's shape is not that of its frame.
        """
        inside = (self._fitting(mask, shape) > 0).astype(np.float32)
        fitted = self._resize(torch.from_numpy(np.ascontiguousarray(inside.T))[None, None], self.fit(shape))
        return self._pad((fitted >= 0.5).float(), 0.0)[0]

    def shrink(self, array: NDArray[np.float32]) -> NDArray[np.float32]:
        """(x, y[, c]) -> the size that the encoder would see, where that is smaller; smoothed, so that masks become soft."""
        x, y = array.shape[:2]
        size = self.fit((x, y))
        if size[0] >= x and size[1] >= y:
            return np.asarray(array, np.float32)
        channels = array.reshape(x, y, -1)
        rows_first = torch.from_numpy(np.ascontiguousarray(channels.transpose(2, 1, 0), np.float32))[None]
        small = self._resize(rows_first, size)[0].numpy().transpose(2, 1, 0)
        return np.ascontiguousarray(small.reshape(*size, *array.shape[2:]))

    def reference(self, masks: NDArray[np.float32]) -> Tensor:
        """(n, x, y) masks in 0..1 of a picture -> (n, grid, grid), background around the picture."""
        rows_first = torch.from_numpy(np.ascontiguousarray(masks.transpose(0, 2, 1), np.float32))[:, None]
        square = self._pad(self._resize(rows_first, self.fit((masks.shape[1], masks.shape[2]))), 0.0)
        return self._resize(square, (self.grid, self.grid))[:, 0]

    def inside(self, shape: tuple[int, int]) -> Tensor:
        """(grid, grid) float32, 1 where the logits belong to a picture of ``shape`` (x, y) and 0 where they are padding."""
        x, y = (-(-n * self.grid // self.side) for n in self.fit(shape))
        area = torch.zeros(self.grid, self.grid)
        area[:y, :x] = 1.0
        return area

    def restore(self, low_res: Tensor, shape: tuple[int, int]) -> Tensor:
        """(n, candidate, grid, grid) logits -> (n, candidate, x, y) at the picture's own size."""
        if self.keep_aspect and self.grid != self.side:
            low_res = functional.interpolate(low_res, (self.side, self.side), mode="bilinear", align_corners=False)
        x, y = self.fit(shape)  # of the whole square nothing is cut off, so its resolution does not matter
        inside = low_res[..., :y, :x]
        full = functional.interpolate(inside, (shape[1], shape[0]), mode="bilinear", align_corners=False)
        return full.transpose(-1, -2).contiguous()

    def _fitting(self, mask: MaskHint, shape: tuple[int, int]) -> NDArray[np.float32]:
        """The logits of a mask hint.

        Raises:
            PromptError: their shape is not that of the hint's frame.
        """
        logits = np.asarray(mask.logits, dtype=np.float32)
        allowed = shape if mask.frame == "image" else (self.grid, self.grid)
        if logits.shape != tuple(allowed):
            raise PromptError(f"A mask hint in the {mask.frame} frame needs shape {allowed}; received {logits.shape}.")
        return logits

    def _resize(self, picture: Tensor, size: tuple[int, int], how: Interpolation = "linear") -> Tensor:
        """(1, channel, y, x) -> size (x, y); smoothed where it shrinks, and never beyond what the picture holds."""
        target = (size[1], size[0])
        if how == "nearest":
            return functional.interpolate(picture, target, mode="nearest")
        if how == "cubic":  # the smoothing kind is Keys' kernel with a = -0.5 at any size
            fine = functional.interpolate(picture, target, mode="bicubic", align_corners=False, antialias=True)
            return fine.clamp(picture.min(), picture.max())
        shrinks = any(new < old for new, old in zip(target, picture.shape[-2:], strict=True))
        return functional.interpolate(picture, target, mode="bilinear", align_corners=False, antialias=shrinks)

    def _pad(self, fitted: Tensor, value: float) -> Tensor:
        rows, cols = fitted.shape[-2:]
        return functional.pad(fitted, (0, self.side - cols, 0, self.side - rows), value=value)
