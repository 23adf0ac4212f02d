"""SAM's image encoder at another input size: its positions resized, everything else as it is.

As in SAMed (Zhang and Liu, arXiv 2304.13785) the absolute positions are interpolated linearly along both axes, and the relative
positions of the blocks without windows along their distances. Blocks with windows keep theirs: a map that is smaller than a
window is filled up to one, as any last window is.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor
from torch.nn import functional


def resize_positions(state: Mapping[str, Tensor], needed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of one input size as those of another.

    Args:
        state: a network's tensors by their names in it.
        needed: those of the same network at another size; shapes alone are looked at.

    Returns:
        ``state`` with ``pos_embed`` (1, y, x, width) and ``rel_pos_h``, ``rel_pos_w`` (2 size - 1, channel) in the shapes of
        ``needed``; where a shape is the same, the very same tensor.
    """
    return {name: _resized(name, tensor, needed[name]) for name, tensor in state.items()}


def _resized(name: str, tensor: Tensor, needed: Tensor) -> Tensor:
    if tensor.shape == needed.shape:
        return tensor
    if name.endswith("pos_embed"):
        channels_first = tensor.permute(0, 3, 1, 2)
        fitted = functional.interpolate(channels_first, needed.shape[1:3], mode="bilinear", align_corners=False)
        return fitted.permute(0, 2, 3, 1).contiguous()
    if name.endswith(("rel_pos_h", "rel_pos_w")):
        fitted = functional.interpolate(tensor.T[None], needed.shape[0], mode="linear", align_corners=False)
        return fitted[0].T.contiguous()
    raise ValueError(f"{name} has shape {tuple(tensor.shape)}, needed is {tuple(needed.shape)}, and it is no position.")
