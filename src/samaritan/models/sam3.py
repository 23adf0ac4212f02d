"""SAM 3, the entry for people who have its weights: text and example boxes.

Meta hands the weights out one by one, under terms of its own; nothing here can be fetched without an account that was let in.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from samaritan.core import ModelError
from samaritan.models._base import MODELS, ModelEntry, Segmenter, WeightCard
from samaritan.models._source import HubFile, WeightSource, find_companion

if TYPE_CHECKING:
    from torch import Tensor

    from samaritan.models._sam3 import Tokenizer

#: Side of the network's square, and of its mask logits.
SIDE, GRID = 1008, 288

#: The detector's tensors begin so in the published file; the other two are of the tracker for videos.
DETECTOR, UNUSED = "detector_model.", ("tracker_model.", "tracker_neck.")

VOCABULARY = "tokenizer.json"

SOURCE = WeightSource(
    name="sam3",
    file="model.safetensors",
    url="https://huggingface.co/facebook/sam3",
    sha256=None,
    size=None,
    hub=HubFile("facebook/sam3", "model.safetensors", gated=True),
    companions=(VOCABULARY,),
)

CARD = WeightCard(
    name="sam3",
    title="SAM 3: finds what a word names or an example box shows; weights on request",
    url=SOURCE.url,
    sha256=SOURCE.sha256,
    size=SOURCE.size,
    licence="LicenseRef-SAM-License",
    training_data=("sa-co", "external sets of photographs that the paper does not all name"),
    inherited_data=(),
    input_size=SIDE,
    normalisation=f"stretched to {SIDE} x {SIDE}, 0..255 to -1..1",
    prompts=("text", "box"),
    paper="arXiv 2511.16719",
    parameters=840_376_374,
)


def load(weights: Path | None, device: str, *, allow_unverified: bool = False) -> Segmenter:
    """Read, compare and load; see :func:`samaritan.models.load_model`."""
    from samaritan.models._weights import read_weights  # noqa: PLC0415

    vocabulary = find_companion(SOURCE, VOCABULARY, weights)
    state = read_weights(SOURCE, weights, allow_unverified=allow_unverified)
    if vocabulary is None:
        raise ModelError(
            f"{CARD.name} also needs {VOCABULARY} from {SOURCE.url}; put it beside the weights, or run `samaritan models pull "
            f"{CARD.name}`."
        )
    return assemble(state, read_tokenizer(vocabulary), device, origin=str(weights or SOURCE.file))


def assemble(
    state: dict[str, Tensor],
    tokenizer: Tokenizer,
    device: str,
    *,
    origin: str,
    config: dict[str, Any] | None = None,
    side: int = SIDE,
) -> Segmenter:
    """The detector filled with ``state``, under its published names or without their beginning.

    Args:
        state: all tensors of the file; those of the tracker are left out.
        tokenizer: of phrases.
        device: where it shall run.
        origin: names the file in messages.
        config: of a smaller network; None is the published one.
        side: of its square in pixels.

    Raises:
        ModelError: a tensor is missing, unknown or of another shape.
    """
    import torch  # noqa: PLC0415  listing models must not import torch

    from samaritan.models._frame import Frame, centred  # noqa: PLC0415
    from samaritan.models._sam3 import Sam3Segmenter, build_sam3  # noqa: PLC0415
    from samaritan.models._weights import load_strictly  # noqa: PLC0415

    with torch.random.fork_rng(devices=[]):
        network = build_sam3(config)
    kept = {name.removeprefix(DETECTOR): tensor for name, tensor in state.items() if not name.startswith(UNUSED)}
    load_strictly(network, kept, {name: name for name in network.state_dict()}, origin)
    frame = Frame(side, side * GRID // SIDE, centred, keep_aspect=False)
    return Sam3Segmenter(CARD.name, CARD, network.to(device), frame, tokenizer)


def read_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer of phrases from its file.

    Raises:
        ModelError: the file is damaged or something else.
    """
    import torch  # noqa: PLC0415
    from tokenizers import Tokenizer as Reader  # noqa: PLC0415

    from samaritan.models._sam3 import TOKENS  # noqa: PLC0415

    try:
        reader = Reader.from_file(str(path))
    except Exception as error:  # the library raises its own bare Exception
        raise ModelError(f"{path} cannot be used as {VOCABULARY} ({error}); get it again from {SOURCE.url}.") from error
    reader.enable_truncation(TOKENS)
    reader.enable_padding(length=TOKENS)

    def tokens(text: str) -> tuple[Tensor, Tensor]:
        encoded = reader.encode(text)
        return torch.tensor([encoded.ids]), torch.tensor([encoded.attention_mask])

    return tokens


def layout() -> dict[str, tuple[int, ...]]:
    """Names and shapes of the detector's tensors in the published file."""
    from samaritan.models._sam3 import build_sam3  # noqa: PLC0415
    from samaritan.models._weights import published_layout  # noqa: PLC0415

    return published_layout(build_sam3, lambda names: {name: f"{DETECTOR}{name}" for name in names})


MODELS.add(CARD.name, ModelEntry(CARD, load, SOURCE, layout, begins=DETECTOR, unused=UNUSED))
