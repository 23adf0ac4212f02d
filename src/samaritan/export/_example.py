"""Segment what a box encloses, with the graphs beside this file.

    python example.py PICTURE.png x0,y0,x1,y1 MASK.png

Needs numpy, Pillow, and onnxruntime or openvino. What the numbers mean is in recipe.json beside this file.
"""

import json
import sys
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HERE = Path(__file__).parent
RECIPE = json.loads((HERE / "recipe.json").read_text(encoding="utf-8"))
FIT, SIDE = RECIPE["picture"], RECIPE["picture"]["side"]


@cache
def core() -> Any:
    """OpenVINO, once: cores that go in another order than they came leave Ctrl-C without its stack."""
    import openvino

    return openvino.Core()


def load(name: str) -> Callable[..., list[NDArray[Any]]]:
    """A graph of this folder as a function of named arrays."""
    if RECIPE["to"] == "onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(HERE / f"{name}.onnx", providers=["CPUExecutionProvider"])
        return lambda **arrays: session.run(None, arrays)
    model = core().compile_model(HERE / f"{name}.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return lambda **arrays: list(model(arrays).values())


def resize(array: NDArray[Any], size: Sequence[int] | NDArray[Any], how: str, *, smooth: bool) -> NDArray[Any]:
    """(y, x, c) -> size (y, x), nearest, linear or cubic; if smooth, over all that a pixel covers where it shrinks."""
    low, high = array.min(), array.max()
    for axis, new in enumerate(size):
        old = array.shape[axis]
        if how == "nearest":
            array = np.take(array, np.arange(new) * old // new, axis)
            continue
        centres = (np.arange(new)[:, None] + 0.5) * old / new
        reach = max(old / new, 1) if smooth else 1
        far = abs(np.arange(old) + 0.5 - centres) / reach
        weights = np.maximum(0, 1 - far)
        if how == "cubic":
            weights = np.where(far < 1, (1.5 * far - 2.5) * far**2 + 1, ((2.5 - 0.5 * far) * far - 4) * far + 2) * (
                far < 2
            )
        array = np.moveaxis(np.tensordot(weights / weights.sum(1, keepdims=True), array, (1, axis)), 0, axis)
    clipped: NDArray[Any] = np.clip(array, low, high)
    return clipped


def read(path: str) -> NDArray[Any]:
    """A file -> (y, x, 3) in 0..255."""
    image: Image.Image = Image.open(path)
    if colour := image.mode not in ("1", "L", "I", "I;16", "F"):
        image = image.convert("RGB")
    values, how = np.asarray(image, np.float64), RECIPE["intensity"]["colour" if colour else "grey"]
    low, high = how["low"], how["high"]
    if how["kind"] == "percentile":
        low, high = np.percentile(values[values != 0], (low, high)) if values.any() else (0, 0)
    if how["kind"] == "full" or (how["kind"] == "percentile" and low == high):
        low, high = values.min(), values.max()
    values = np.clip((values - low) * (255 / max(high - low, 1e-8)), 0, 255)
    return values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=2)


def segment(
    picture: NDArray[Any], box: Sequence[float], encoder: Callable[..., Any], decoder: Callable[..., Any]
) -> NDArray[np.bool_]:
    """(y, x, 3) in 0..255 and x0, y0, x1, y1 (pixels, both corners inside) -> (y, x) bool."""
    shape = np.array(picture.shape[:2])
    size = (
        np.maximum(1, (shape * SIDE / shape.max() + 0.5).astype(int)) if FIT["keep_aspect"] else np.array([SIDE, SIDE])
    )
    pixels = resize(picture, size, FIT["interpolation"], smooth=True)
    if FIT["normalise"]["kind"] == "min-max":
        pixels = (pixels - pixels.min()) / max(pixels.max() - pixels.min(), FIT["normalise"]["least"])
    else:
        pixels = (pixels - FIT["normalise"]["mean"]) / FIT["normalise"]["deviation"]
    square = np.zeros((1, 3, SIDE, SIDE), np.float32)
    square[0, :, : size[0], : size[1]] = pixels.transpose(2, 0, 1)

    ratio = (size / shape)[::-1]
    corners = np.reshape(box, (1, 2, 2)) * ratio
    corners[:, 1] += np.maximum(ratio - 1, 0)  # the last of the pixels that one became
    labels = np.array([[2, 3]])
    if RECIPE["decoder"]["boxes end with no point"]:
        corners, labels = np.concatenate([corners, np.zeros((1, 1, 2))], axis=1), np.array([[2, 3, -1]])
    (features,) = encoder(pixels=square)
    logits = decoder(features=features, points=corners.astype(np.float32), labels=labels)[0][0, 0, :, :, None]
    if FIT["keep_aspect"]:
        logits = resize(logits, (SIDE, SIDE), "linear", smooth=False)[: size[0], : size[1]]
    return resize(logits, shape, "linear", smooth=False)[..., 0] > 0


if __name__ == "__main__":
    mask = segment(read(sys.argv[1]), [float(n) for n in sys.argv[2].split(",")], load("encoder"), load("decoder"))
    Image.fromarray(mask.astype(np.uint8) * 255).save(sys.argv[3])
