"""SAM 3's detector: everything on a picture that a noun phrase names, or that looks like the content of a box.

Carion et al., "SAM 3: Segment Anything with Concepts", arXiv 2511.16719. The network is that of transformers; only the pooling
of a box's features is written anew here, since there it needs torchvision (:func:`roi_align`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from samaritan.core import InputError, ModelError, PromptError, PromptSet
from samaritan.core.prompt import UNNAMED
from samaritan.models._base import Embedding, Prediction, WeightCard
from samaritan.models._frame import Frame
from samaritan.models._weights import tensors_sha256

#: Instances that the network is surer of than this are found.
FOUND = 0.5

#: What stands for the phrase where only a box is given, as in training.
VISUAL = "visual"

#: Logit of a pixel where nothing was found.
ABSENT = -10.0

#: Length of a phrase in tokens, begin and end included.
TOKENS = 32

#: Text -> (1, :data:`TOKENS`) numbers of tokens and (1, TOKENS) mask, 1 where there is one.
Tokenizer = Callable[[str], tuple[Tensor, Tensor]]


def build_sam3(config: dict[str, Any] | None = None) -> nn.Module:
    """The detector with random weights; None is the published size of 840 million parameters.

    Raises:
        ModelError: the installed transformers is too old.
    """
    try:
        from transformers.models.sam3.configuration_sam3 import Sam3Config  # noqa: PLC0415  takes seconds
        from transformers.models.sam3.modeling_sam3 import Sam3GeometryEncoder, Sam3Model  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"SAM 3 needs transformers 5.3 or later ({error}); run pip install -U transformers."
        ) from error

    class GeometryEncoder(Sam3GeometryEncoder):
        """Of boxes; the same parameters under the same names."""

        def _encode_boxes(
            self, boxes: Tensor, boxes_mask: Tensor, boxes_labels: Tensor, vision_features: Tensor
        ) -> tuple[Tensor, Tensor]:
            """(1, box, 4) centre and size in 0..1 -> (1, box, hidden)."""
            rows, columns = vision_features.shape[-2:]
            corners = torch.cat([boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], dim=-1)
            places = corners[0] * corners.new_tensor([columns, rows, columns, rows])
            pooled = self.boxes_pool_project(roi_align(vision_features, places, self.roi_size)).flatten(1)[None]
            where = self.boxes_pos_enc_project(self._encode_box_coordinates(*boxes[0].unbind(-1)))[None]
            return self.boxes_direct_project(boxes) + pooled + where + self.label_embed(boxes_labels), boxes_mask

    network: Any = Sam3Model(Sam3Config(**(config or {})))
    network.geometry_encoder = GeometryEncoder(network.config.geometry_encoder_config)
    return network  # type: ignore[no-any-return]


def roi_align(features: Tensor, boxes: Tensor, size: int) -> Tensor:
    """Mean of the features in each of ``size`` x ``size`` parts of a box (He et al., Mask R-CNN, arXiv 1703.06870).

    Parts are sampled at so many points that no pixel is skipped, as torchvision does by default.

    Args:
        features: (1, channel, y, x).
        boxes: (box, 4) x0, y0, x1, y1 in pixels of the features, values at whole numbers.
        size: parts along a side.

    Returns:
        (box, channel, size, size).
    """
    return torch.cat([_pool(features, box, size) for box in boxes])


def _pool(features: Tensor, box: Tensor, size: int) -> Tensor:
    rows, columns = features.shape[-2:]
    x0, y0 = box[0], box[1]
    width, height = (box[2] - x0).clamp(min=1.0), (box[3] - y0).clamp(min=1.0)
    across, down = int(torch.ceil(width / size)), int(torch.ceil(height / size))
    x = x0 + (torch.arange(size * across, device=box.device, dtype=box.dtype) + 0.5) / across * width / size
    y = y0 + (torch.arange(size * down, device=box.device, dtype=box.dtype) + 0.5) / down * height / size
    x = 2 * x.clamp(0, columns - 1) / max(columns - 1, 1) - 1
    y = 2 * y.clamp(0, rows - 1) / max(rows - 1, 1) - 1
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)[None].to(features.dtype)
    points = functional.grid_sample(features, grid, mode="bilinear", padding_mode="border", align_corners=True)
    return functional.avg_pool2d(points, (down, across))


class Sam3Segmenter:
    """A :class:`samaritan.models.Segmenter` that is asked by the name of the target, by a box, or by both.

    The network answers with instances. Which of them is the target:
        * asked by name alone, all that it finds (surer than :data:`FOUND`), united: a name stands for a class. Nothing where it
          finds nothing.
        * asked with a box, the one instance whose own box agrees best with it, of those that it found, else of all. The box is
          an example as well, so that the others look like it.
    With three candidates that answer comes first, then for a name its two surest instances, for a box all that it found and the
    surest. Clicks and rough masks are refused.

    Args:
        name: in the registry.
        card: of its weights.
        network: of :func:`build_sam3`, on the device where it shall run.
        frame: from pictures to the network's square and back.
        tokenizer: of phrases.
    """

    def __init__(self, name: str, card: WeightCard, network: Any, frame: Frame, tokenizer: Tokenizer) -> None:
        self.name = name
        self.card = card
        self.network = network.eval()
        self.frame = frame
        self._tokenizer = tokenizer
        self._phrases: dict[str, tuple[Any, Tensor]] = {}

    @torch.inference_mode()
    def encode(self, picture: NDArray[np.float32]) -> Embedding:
        """(x, y, 3) float32 in 0..255 -> Embedding of three levels, the finest first.

        Raises:
            InputError: another shape, or values that are not finite.
        """
        pixels = self.frame.pixels(picture).to(self._device)
        levels = self.network.get_vision_features(pixels).fpn_hidden_states[:-1]  # the coarsest is not used
        features = {f"level{n}": level.contiguous() for n, level in enumerate(levels)}
        return Embedding(features, (picture.shape[0], picture.shape[1]))

    def encoder_fingerprint(self) -> str:
        """See :meth:`samaritan.models._base.RepeatableSegmenter.encoder_fingerprint`."""
        weights = tensors_sha256(self.network.vision_encoder.state_dict())
        return f"{self.name} {self.frame.describe()} weights={weights} torch {self._device.type}"

    @torch.inference_mode()
    def decode(
        self, embedding: Embedding, prompts: Sequence[PromptSet], *, multimask: bool = False
    ) -> list[Prediction]:
        """One Prediction per PromptSet, in order; each is answered by itself.

        Raises:
            PromptError: clicks, a rough mask, neither name nor box, or a box outside of the picture.
            InputError: the embedding is not of this model.
        """
        for prompt in prompts:
            _check(prompt)
            prompt.check_inside(embedding.shape)
        seen = self._vision(embedding)
        return [self._answer(seen, prompt, embedding.shape, multimask) for prompt in prompts]

    def _answer(self, seen: Any, prompt: PromptSet, shape: tuple[int, int], multimask: bool) -> Prediction:
        phrase, mask = self._phrase(_words(prompt) or VISUAL)
        example = None if prompt.box is None else self._example(prompt, shape)
        boxes = {} if example is None else {
            "input_boxes": torch.cat([(example[:2] + example[2:]) / 2, example[2:] - example[:2]])[None, None],
            "input_boxes_labels": torch.ones(1, 1, dtype=torch.long, device=self._device),
        }  # fmt: skip
        found = self.network(vision_embeds=seen, text_embeds=phrase, attention_mask=mask, **boxes)
        scores = found.pred_logits[0].sigmoid() * found.presence_logits[0].sigmoid()
        masks = found.pred_masks[0].float()
        first = _united(scores, masks) if example is None else _nearest(scores, masks, found.pred_boxes[0], example)
        chosen = [first]
        if multimask:
            surest = [(masks[n], scores[n]) for n in scores.argsort(descending=True, stable=True)[:2]]
            chosen += surest if example is None else [_united(scores, masks), surest[0]]
        low_res = torch.stack([mask for mask, _ in chosen])
        full = self.frame.restore(low_res[None], shape)[0]
        quality = np.array([float(score) for _, score in chosen], np.float32)
        return Prediction(full.cpu().numpy(), quality, low_res.cpu().numpy())

    def _example(self, prompt: PromptSet, shape: tuple[int, int]) -> Tensor:
        """(4,) x0, y0, x1, y1 of the box in 0..1 of the picture, up to the outer edges of its last pixels."""
        assert prompt.box is not None  # noqa: S101 the caller has looked
        size = np.array(shape, float)
        edges = np.concatenate([prompt.box.lo[:2] / size, (prompt.box.hi[:2] + 1) / size]).clip(0, 1)
        return torch.from_numpy(edges.astype(np.float32)).to(self._device)

    def _phrase(self, text: str) -> tuple[Any, Tensor]:
        """The encoded phrase and its mask, kept for the next picture."""
        if text not in self._phrases:
            tokens, mask = (one.to(self._device) for one in self._tokenizer(text))
            self._phrases[text] = self.network.get_text_features(tokens, attention_mask=mask), mask
        return self._phrases[text]

    def _vision(self, embedding: Embedding) -> Any:
        """What the network's own encoder gives, from what was kept of it."""
        from transformers.models.sam3.modeling_sam3 import Sam3VisionEncoderOutput  # noqa: PLC0415

        levels = [embedding.features.get(f"level{n}") for n in range(3)]
        cells = self.card.input_size // self.network.config.vision_config.backbone_config.patch_size
        sides = [cells * factor for factor in (4, 2, 1)]
        if any(level is None or level.shape[-1] != side for level, side in zip(levels, sides, strict=True)):
            received = {name: tuple(tensor.shape) for name, tensor in embedding.features.items()}
            raise InputError(f"The embedding is not of {self.name}: it holds {received}.")
        moved = [level.to(self._device) for level in levels if level is not None]
        places = [self.network.vision_encoder.neck.position_encoding(m.shape, m.device, m.dtype) for m in moved]
        # the coarsest level, which nothing looks at, stands at the end
        return Sam3VisionEncoderOutput(
            fpn_hidden_states=(*moved, moved[-1]), fpn_position_encoding=(*places, places[-1])
        )

    @property
    def _device(self) -> torch.device:
        return next(self.network.parameters()).device  # type: ignore[no-any-return]


def _check(prompt: PromptSet) -> None:
    """Refuse what the detector has no place for."""
    if prompt.points is not None or prompt.mask is not None:
        raise PromptError(
            "SAM 3 is asked here by the name of the target or by a box as an example, not by clicks or rough masks; take a SAM "
            "or SAM 2 model for these."
        )
    if not _words(prompt) and prompt.box is None:
        raise PromptError("SAM 3 needs the name of what to find, or a box as an example; give one of them.")


def _words(prompt: PromptSet) -> str | None:
    """The target's name as words; None where nobody named it."""
    return None if prompt.text in (None, UNNAMED) else " ".join(prompt.text.replace("_", " ").split())


def _united(scores: Tensor, masks: Tensor) -> tuple[Tensor, Tensor]:
    """All instances that were found, as one mask (y, x), and the surest one's score."""
    kept = masks[scores > FOUND]
    union = kept.amax(dim=0) if len(kept) else torch.full_like(masks[0], ABSENT)
    return union, scores.max()


def _nearest(scores: Tensor, masks: Tensor, boxes: Tensor, example: Tensor) -> tuple[Tensor, Tensor]:
    """The instance whose box agrees best with the example, of those that were found, else of all."""
    low, high = torch.maximum(boxes[:, :2], example[:2]), torch.minimum(boxes[:, 2:], example[2:])
    shared = (high - low).clamp(min=0).prod(dim=1)
    areas = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(dim=1)
    agreement = shared / (areas + (example[2:] - example[:2]).prod() - shared).clamp(min=1e-9)
    if bool((scores > FOUND).any()):
        agreement = torch.where(scores > FOUND, agreement, -1.0)
    best = int(agreement.argmax())
    return masks[best], scores[best]
