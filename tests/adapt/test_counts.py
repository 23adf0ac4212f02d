"""Numbers of parameters on SAM's published sizes, against formulas in width D and depth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from samaritan.adapt import attach
from samaritan.models._sam import SamSegmenter

Vit = Callable[[str], SamSegmenter]

DECODER = 4_058_340

#: Size -> width, depth, channels of a head.
SHAPES = {"b": (768, 12, 64), "l": (1024, 24, 64), "h": (1280, 32, 80)}

#: Method, settings, and its trained parameters in width and depth, without parts of the base.
OWN: list[tuple[str, dict[str, Any], Callable[[int, int], int]]] = [
    ("lora", {}, lambda width, depth: depth * 2 * 2 * 4 * width),
    ("lora", {"rank": 16, "targets": ("q", "k", "v")}, lambda width, depth: depth * 3 * 2 * 16 * width),
    ("dora", {}, lambda width, depth: depth * (4 * (width + 3 * width) + 3 * width)),
    ("vera", {}, lambda width, depth: depth * (256 + 3 * width)),
    ("oft", {}, lambda width, depth: depth * width // 16 * (16 * 15 // 2)),
    ("ia3", {}, lambda width, depth: depth * (3 * width + 4 * width)),
]


@pytest.mark.parametrize(("size", "count"), [("b", 93_735_472), ("l", 312_342_832), ("h", 641_090_608)])
def test_sam_is_counted_as_published(vit_network: Vit, size: str, count: int) -> None:
    counts = attach(vit_network(size), "decoder").counts()

    assert counts.base == count
    assert counts.trained == DECODER
    assert counts.own == 0
    assert counts.share == DECODER / count


@pytest.mark.parametrize(("method", "settings", "formula"), OWN)
@pytest.mark.parametrize("size", SHAPES)
def test_own_parameters_follow_the_formula(
    vit_network: Vit, size: str, method: str, settings: dict[str, Any], formula: Callable[[int, int], int]
) -> None:
    width, depth, _ = SHAPES[size]
    counts = attach(vit_network(size), method, settings).counts()

    assert counts.own == formula(width, depth)
    assert counts.trained == counts.own + DECODER


@pytest.mark.parametrize(("size", "count"), [("b", 147_456), ("h", 655_360)])
def test_lora_as_published(vit_network: Vit, size: str, count: int) -> None:
    assert attach(vit_network(size), "lora").counts().own == count


def test_full_fine_tuning_is_all_but_the_prompt_encoder(vit_network: Vit) -> None:
    counts = attach(vit_network("b"), "full").counts()

    assert counts.trained == 93_729_252
    assert counts.base - counts.trained == 6_220


@pytest.mark.parametrize("size", SHAPES)
def test_norms(vit_network: Vit, size: str) -> None:
    width, depth, _ = SHAPES[size]

    assert attach(vit_network(size), "norms", {"train": ("norms",)}).counts().trained == depth * 2 * 2 * width


@pytest.mark.parametrize("size", SHAPES)
def test_biases(vit_network: Vit, size: str) -> None:
    width, depth, _ = SHAPES[size]
    block = 2 * width + 3 * width + width + 4 * width + width  # two norms, qkv, proj, lin1, lin2

    counts = attach(vit_network(size), "biases", {"train": ("biases",)}).counts()
    assert counts.trained == width + depth * block + 2 * 256  # patch embedding, blocks, the neck's two norms


@pytest.mark.parametrize("size", SHAPES)
def test_late_layers(vit_network: Vit, size: str) -> None:
    width, _, channels = SHAPES[size]
    block = 12 * width**2 + 13 * width
    positions = 2 * (2 * 14 - 1) * channels + 2 * (2 * 64 - 1) * channels  # a windowed block, then a global one
    neck = 256 * width + 256 * 256 * 9 + 2 * 2 * 256

    assert attach(vit_network(size), "late-layers").counts().trained == 2 * block + positions + neck + DECODER


def test_parts_that_overlap_count_once(vit_network: Vit) -> None:
    adapted = attach(vit_network("b"), "full", {"train": ("encoder", "neck", "norms", "biases", "position", "decoder")})

    assert adapted.counts().trained == 93_729_252
