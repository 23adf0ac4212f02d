from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from samaritan.core import Geometry, Volume
from samaritan.datasets._thumbnail import Thumbnail


def scene(seed: int, shape: tuple[int, ...] = (150, 120)) -> NDArray[np.float64]:
    """Smooth random structure between 0 and 255, as tissue has it, in a vignette that all scenes share."""
    noise = np.random.default_rng(seed).normal(size=shape)
    fine = ndimage.gaussian_filter(noise, 4)
    axes = np.meshgrid(*[np.linspace(-1, 1, size) for size in shape], indexing="ij")
    bright = 140 * (sum(axis**2 for axis in axes) < 0.9) + 25 * fine / fine.std()
    return np.asarray(np.clip(bright, 0, 255), np.float64)


def look(data: NDArray[Any]) -> Thumbnail:
    data = data if data.ndim != 2 else data[:, :, None]
    shape = (data.shape[0], data.shape[1], data.shape[2])
    return Thumbnail.of(Volume(data, Geometry.from_spacing(shape, 1, "px")))


def similarity(one: NDArray[Any], other: NDArray[Any]) -> float:
    first, second = look(one).detail, look(other).detail
    assert first is not None
    assert second is not None
    return float(first @ second)


def jpeg(picture: NDArray[np.float64], quality: int) -> NDArray[np.uint8]:
    stream = io.BytesIO()
    Image.fromarray(picture.astype(np.uint8)).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


def resized(picture: NDArray[np.float64], factor: float) -> NDArray[np.float32]:
    size = (int(picture.shape[1] * factor), int(picture.shape[0] * factor))
    return np.asarray(Image.fromarray(picture.astype(np.float32)).resize(size, Image.Resampling.BILINEAR))


def test_a_copy_is_recognised_however_it_was_saved() -> None:
    picture = scene(0)
    noise = np.random.default_rng(1).normal(0, 5, picture.shape)
    copies: list[NDArray[Any]] = [
        jpeg(picture, 90), jpeg(picture, 20), picture * 0.4 + 30, (picture * 16).astype(np.uint16), -1000 + 3 * picture,
        resized(picture, 0.7), resized(picture, 1.5), np.clip(picture + noise, 0, 255),
        np.repeat(picture.astype(np.uint8)[:, :, None, None], 3, axis=3),
    ]  # fmt: skip
    assert min(similarity(picture, copy) for copy in copies) > 0.98


def test_other_images_of_the_same_kind_are_not_taken_for_copies() -> None:
    scenes = [scene(seed) for seed in range(8)]
    found = [similarity(scenes[i], scenes[j]) for i in range(8) for j in range(i)]
    assert max(found) < 0.9


def test_volumes_are_compared_as_a_whole() -> None:
    one, other = scene(0, (40, 44, 20)), scene(1, (40, 44, 20))
    assert similarity(one, one * 2 - 700) == pytest.approx(1, abs=1e-5)
    assert similarity(one, one + np.random.default_rng(0).normal(0, 3, one.shape)) > 0.98
    assert similarity(one, other) < 0.95
    first, flat = look(one).detail, look(one[:, :, 0]).detail
    assert first is not None
    assert flat is not None
    assert (first.size, flat.size) == (32**3, 64**2)


def test_a_constant_image_looks_like_nothing() -> None:
    for value in (0, 7, 255):
        assert look(np.full((30, 20), value, np.uint8)).detail is None
    assert look(np.full((9, 9, 5), -1024.1, np.float32)).detail is None
    one_pixel = np.zeros((30, 20), np.uint8)
    one_pixel[4, 5] = 1
    assert look(one_pixel).detail is not None


def test_the_hash_is_of_the_voxels() -> None:
    picture = scene(0).astype(np.uint8)
    changed = picture.copy()
    changed[3, 4] ^= 1
    assert look(picture).sha256 == look(picture.copy(order="F")).sha256
    assert len({look(image).sha256 for image in (picture, changed, picture.T, picture.astype(np.uint16))}) == 4
