from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from samaritan.core import Geometry, UsageError, Volume
from samaritan.core.intensity import CT_WINDOWS, MODALITIES, Intensity, Scaling, canonical_modality, choose, parse


def volume(data: object, modality: str | None = None) -> Volume:
    array: NDArray[Any] = np.asarray(data)
    i, j, k = (*array.shape, 1, 1)[:3]
    return Volume(array.reshape(i, j, k, *array.shape[3:]), Geometry.from_spacing((i, j, k), (1, 1, 1)), modality)


CT = volume(np.array([[-1000, -160, 40, 240, 3000]], np.int16), "CT")


def test_soft_tissue_window_by_hand() -> None:
    scaling = choose(CT).fit(CT)
    assert scaling.policy == "window 40/400"
    grey = scaling.apply(CT.data[:, :, 0])
    assert grey.shape == (1, 5, 3)
    assert grey.dtype == np.float32
    assert np.allclose(grey[0, :, 0], [0, 0, 127.5, 255, 255])
    assert np.array_equal(grey[..., 0], grey[..., 2])


@pytest.mark.parametrize(
    ("image", "modality", "override", "expected"),
    [
        (CT, None, None, "window 40/400"),
        (CT, "MR", None, "percentile 0.5-99.5"),  # what the data set says counts more than the file
        (CT, None, "ct:lung", "window -600/1500"),
        (CT, None, "full", "full"),
        (volume(np.arange(9, dtype=np.int16)), "abdominal CT", None, "window 40/400"),
        (volume(np.arange(9, dtype=np.uint8)), "CT", None, "percentile 0.5-99.5"),  # somebody windowed it already
        (volume(np.arange(9.0)), "MR T1 (brain), 3D", None, "percentile 0.5-99.5"),
        (volume(np.arange(9.0)), None, None, "percentile 0.5-99.5"),
        (volume(np.zeros((2, 2, 1, 3), np.uint8)), "CT", None, "asis"),
    ],
)
def test_policy_by_modality_colour_and_override(
    image: Volume, modality: str | None, override: str | None, expected: str
) -> None:
    assert str(choose(image, modality, override)) == expected


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("window:40/400", -160, 240), ("window:-600/1500", -1350, 150), ("window:0.5/1", 0, 1), ("ct:brain", 0, 80)],
)
def test_windows_from_text(text: str, low: float, high: float) -> None:
    policy = parse(text)
    assert (policy.low, policy.high) == (low, high)


@pytest.mark.parametrize("name", CT_WINDOWS)
def test_every_preset_is_readable(name: str) -> None:
    centre, width = CT_WINDOWS[name]
    assert str(parse(f"ct:{name}")) == f"window {centre:g}/{width:g}"


@pytest.mark.parametrize(
    "text", ["ct:knee", "window:40", "window:40/0", "window:40/-1", "percentile:5-5", "percentile:1-101", "percent", ""]
)
def test_unknown_policy_is_refused_with_what_exists(text: str) -> None:
    with pytest.raises(UsageError, match=r"ct:NAME .*window:CENTRE/WIDTH"):
        parse(text)


def test_percentiles_are_of_the_voxels_that_are_not_zero() -> None:
    data = np.concatenate([np.zeros(10_000), np.arange(1, 201)])
    scaling = Intensity("percentile", 0.5, 99.5).fit(volume(data))
    low, high = np.percentile(np.arange(1, 201), (0.5, 99.5))
    assert (scaling.low, scaling.high) == pytest.approx((low, high))


def test_image_of_two_values_keeps_its_contrast() -> None:
    image = volume(np.array([0, 0, 0, 255, 255], np.uint8))
    grey = choose(image).fit(image).apply(image.data[:, :, 0])
    assert grey[:, 0, 0].tolist() == [0, 0, 0, 255, 255]


@pytest.mark.parametrize("value", [0, 7, -1000])
def test_constant_image_becomes_black_without_a_warning(value: int) -> None:
    image = volume(np.full((3, 3), value, np.int16))
    scaling = choose(image).fit(image)
    assert scaling.is_flat
    assert set(np.unique(scaling.apply(image.data[:, :, 0]))) == {0.0}


def test_colour_stays_exactly_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    assert np.array_equal(Scaling(0, 255, "asis").apply(picture), picture)


@pytest.mark.parametrize("policy", ["full", "percentile:0-100", "window:20/40"])
def test_negative_film_is_shown_as_a_positive(policy: str) -> None:
    film = volume(np.array([0, 10, 40], np.uint16))
    scaling = parse(policy).fit(Volume(film.data, film.geometry, "X-ray", {"inverted": True}))
    grey = scaling.apply(film.data[:, :, 0])[:, 0, 0]
    plain = parse(policy).fit(film).apply(film.data[:, :, 0])[:, 0, 0]
    assert scaling.policy.endswith(", inverted")
    assert np.array_equal(grey, 255 - plain)
    assert plain.max() > plain.min()


@given(st.sampled_from(["full", "asis", "ct:soft-tissue", "percentile:1-99"]), st.integers(0, 1000))
@settings(max_examples=20)
def test_grey_values_stay_in_range_and_in_order(policy: str, seed: int) -> None:
    data = np.sort(np.random.default_rng(seed).normal(0, 500, 50))
    image = volume(data)
    before = data.copy()
    grey = parse(policy).fit(image).apply(image.data[:, :, 0])[:, 0, 0]
    assert grey.min() >= 0
    assert grey.max() <= 255
    assert (np.diff(grey) >= 0).all()
    assert np.array_equal(data, before)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("CT (upper abdomen), DICOM series", "CT"), ("contrast-enhanced CT", "CT"), ("MR T1 (brain), 3D", "MR"),
        ("T1w MRI", "MR"), ("MR (brain stem)", "MR"), ("FLAIR", "MR"), ("PET/CT", "PET"), ("OCT (retina B-scans)", "OCT"),
        ("optical coherence tomography", "OCT"), ("colonoscopy (endoscopy), 2D RGB", "endoscopy"),
        ("fundus photography, 2D RGB", "fundus"), ("clinical photography", "photography"), ("chest X-ray, 2D", "X-ray"),
        ("chest x ray", "X-ray"), ("DX", "X-ray"), ("MG", "mammography"), ("US", "ultrasound"),
        ("electron microscopy (ssTEM), 2D slices", "electron microscopy"),
        ("phase-contrast light microscopy", "microscopy"), ("bright-field stained tissue (H&E-like)", "histopathology"),
        ("histopathology (H&E, several organs)", "histopathology"), ("dermoscopy", "dermoscopy"), ("thermal", "other"),
        ("", None), (None, None),
    ],
)  # fmt: skip
def test_modality_from_free_text(text: str | None, name: str | None) -> None:
    assert canonical_modality(text) == name


@pytest.mark.parametrize("name", MODALITIES)
def test_canonical_names_stay_what_they_are(name: str) -> None:
    assert canonical_modality(name) == name
