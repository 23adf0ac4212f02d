"""Positions at other sizes: nothing where the size is the same, shapes, constants, and halves between neighbours."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from samaritan.models._positions import resize_positions

POSITION, ROWS, OTHER = (
    "image_encoder.pos_embed",
    "image_encoder.layers.1.attn.rel_pos_h",
    "image_encoder.neck.conv1.weight",
)


def needed(cells: int) -> dict[str, Tensor]:
    shapes = {POSITION: (1, cells, cells, 3), ROWS: (2 * cells - 1, 5), OTHER: (4, 3, 1, 1)}
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def state(cells: int, values: Tensor | None = None) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.rand(tensor.shape, generator=generator) if values is None else values.expand(tensor.shape)
        for name, tensor in needed(cells).items()
    }


def test_the_same_size_is_the_same_tensor() -> None:
    given = state(8)
    found = resize_positions(given, needed(8))
    assert all(found[name] is tensor for name, tensor in given.items())


@pytest.mark.parametrize("cells", [1, 4, 8, 13, 32])
def test_shapes_are_those_that_are_needed_and_constants_stay(cells: int) -> None:
    found = resize_positions(state(8, torch.tensor(0.3)), needed(cells))
    assert {name: tensor.shape for name, tensor in found.items()} == {n: t.shape for n, t in needed(cells).items()}
    for tensor in found.values():
        torch.testing.assert_close(tensor, torch.full_like(tensor, 0.3))


def test_values_lie_between_their_neighbours_and_axes_are_not_swapped() -> None:
    ramp = torch.arange(4.0)
    given = {POSITION: (10 * ramp[:, None] + ramp)[None, ..., None], ROWS: torch.arange(7.0)[:, None]}
    small = {POSITION: torch.empty(1, 2, 2, 1), ROWS: torch.empty(3, 1)}
    found = resize_positions(given, small)
    torch.testing.assert_close(found[POSITION][0, :, :, 0], torch.tensor([[5.5, 7.5], [25.5, 27.5]]))
    torch.testing.assert_close(found[ROWS][:, 0], torch.tensor([2 / 3, 3, 16 / 3]))


def test_nothing_else_may_differ() -> None:
    with pytest.raises(ValueError, match="no position"):
        resize_positions({OTHER: torch.zeros(4, 3, 1, 1)}, {OTHER: torch.zeros(4, 2, 1, 1)})
