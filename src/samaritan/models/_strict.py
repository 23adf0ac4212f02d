"""Tensors of a file as those of a network: all of them, or a refusal that names what does not fit and whose they are."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from samaritan.core import ModelError
from samaritan.models._base import MODELS
from samaritan.models._frame import IMAGENET_DEVIATION, IMAGENET_MEAN
from samaritan.models._keys import from_hub, published_names
from samaritan.models._weights import in_words, kind_of, misfits

#: What old files of SAM hold besides weights; pictures are normalised by the card.
_CONSTANTS = {"pixel_mean": IMAGENET_MEAN, "pixel_std": IMAGENET_DEVIATION}


def given_tensors(
    network: nn.Module, state: Mapping[str, Tensor], spare: Mapping[str, tuple[int, ...]], origin: str
) -> dict[str, Tensor]:
    """Every tensor of a network, in single precision, from a file in the layout of its authors or of the model hub.

    Args:
        network: names and shapes are looked at, values are not.
        state: all tensors of the file.
        spare: tensors of the published file that the network does not use, with their shapes; all of them or none.
        origin: names the file in messages.

    Returns:
        Name in the network -> tensor.

    Raises:
        ModelError: a tensor is missing, unknown or of another shape, or a constant has another value.
    """
    tensors = published_tensors(state, origin)
    names = published_names(network.state_dict())
    given = {name: kind_of(tensor) for name, tensor in tensors.items()}
    needed = {names[ours]: kind_of(tensor) for ours, tensor in network.state_dict().items()}
    if any(name in given for name in spare):
        needed |= {name: f"{shape} float" for name, shape in spare.items()}
    faults = misfits(needed, given)
    if faults:
        owners = owners_of(tensors)
        whose = f"the weights of {' or '.join(owners)}" if owners else "weights of another model"
        raise ModelError(f"{origin} holds {whose}, {in_words(faults)}; choose the model that they belong to.")
    return {ours: _single(tensors[theirs]) for ours, theirs in names.items()}


def published_tensors(state: Mapping[str, Tensor], origin: str) -> dict[str, Tensor]:
    """Tensors under the names of their authors, from a file in their layout or in that of the model hub.

    Raises:
        ModelError: a constant among them has another value than pictures are prepared with.
    """
    return _without_constants(from_hub(state, origin), origin)


def owners_of(state: Mapping[str, Tensor]) -> list[str]:
    """Names of the models whose published files have exactly these names and shapes."""
    shapes = {name: tuple(tensor.shape) for name, tensor in state.items()}
    entries = [MODELS.get(name) for name in MODELS.names()]
    return [one.card.name for one in entries if one.may_hold(shapes) and one.layout and one.layout() == shapes]


def _single(tensor: Tensor) -> Tensor:
    return tensor.float().contiguous() if tensor.is_floating_point() else tensor


def _without_constants(state: dict[str, Tensor], origin: str) -> dict[str, Tensor]:
    for name, values in _CONSTANTS.items():
        tensor = state.pop(name, None)
        if tensor is not None and not torch.equal(tensor.flatten().float(), torch.tensor(values)):
            raise ModelError(
                f"{origin} was trained with {name} {tensor.flatten().tolist()} in place of {list(values)}; its pictures "
                "would be normalised in another way, so it is not used."
            )
    return state
