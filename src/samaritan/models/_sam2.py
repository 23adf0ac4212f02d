"""SAM 2 around any Hiera: single pictures as SAM, and targets followed from slice to slice.

Ravi et al., "SAM 2: Segment Anything in Images and Videos", arXiv 2408.00714.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.core import MaskHint, ModelError, PromptError, PromptSet
from samaritan.models._base import Embedding, Memory, Prediction, Track
from samaritan.models._frame import Frame, imagenet
from samaritan.models._hiera import HieraConfig, HieraEncoder
from samaritan.models._levels import Levels, pack, unpack
from samaritan.models._mask_decoder import MaskDecoder
from samaritan.models._prompt_encoder import PromptEncoder
from samaritan.models._prompt_tensors import PromptTensors
from samaritan.models._sam import CHUNK, SamSegmenter, evaluating, kind_of
from samaritan.models._sam2_decoder import Sam2MaskDecoder, Sam2PromptEncoder, single
from samaritan.models._sam2_tracker import ABSENT, POINTERS, SCALE, SHIFT, Recalled, Tracker, TrackerConfig, whole
from samaritan.models._sam_network import DecoderConfig, SamNetwork

#: Pixels of the network's square to a cell of the image embedding.
STRIDE = 16

#: Up to so many clicks leave open what is meant, and the best of three candidates is the answer; a box counts as two.
AMBIGUOUS = 1


def frame_of(side: int) -> Frame:
    """Pictures are stretched to the square, as the authors have it, and normalised as SAM's."""
    return Frame(side, side // 4, imagenet, keep_aspect=False)


class Found(NamedTuple):
    """What was found of n targets on a slice.

    Attributes:
        low_res: (n, 1, grid, grid) logits.
        quality: (n, 1) estimated IoU.
        memory: (n, M, y, x).
        pointer: (n, C).
    """

    low_res: Tensor
    quality: Tensor
    memory: Tensor
    pointer: Tensor


class Sam2Network(SamNetwork):
    """SAM 2 as one plain module.

    Args:
        hiera: size of the image encoder.
        side: of its input in pixels.
        decoder: size of the prompt encoder and the mask decoder.
        tracker: size of the memory.
    """

    prompt_encoder_type: ClassVar[type[PromptEncoder]] = Sam2PromptEncoder

    def __init__(
        self,
        hiera: HieraConfig,
        side: int,
        decoder: DecoderConfig | None = None,
        tracker: TrackerConfig | None = None,
    ) -> None:
        super().__init__(HieraEncoder(hiera), side, side // STRIDE, decoder)
        self.no_memory_embedding = nn.Parameter(torch.zeros(1, 1, hiera.hidden))
        self.tracker = Tracker(tracker or TrackerConfig())
        self.side = side

    def new_mask_decoder(self, config: DecoderConfig) -> MaskDecoder:
        """See :meth:`SamNetwork.new_mask_decoder`."""
        return Sam2MaskDecoder(config.hidden, config.heads, config.mlp)

    @property
    def channels(self) -> int:
        """See :mod:`samaritan.models._levels`."""
        return 4 * super().channels

    @property
    def empty(self) -> Tensor:
        """(1, hidden) what is added to each cell where there is neither a mask hint nor a memory."""
        return super().empty + self.no_memory_embedding[0]

    @property
    def feature_shapes(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the features of a picture's embedding."""
        hidden, cells = super().channels, self.cells
        return {
            "image": (1, hidden, cells, cells),
            "finer": (1, hidden // 4, 2 * cells, 2 * cells),
            "finest": (1, hidden // 8, 4 * cells, 4 * cells),
        }

    def split(self, features: Tensor) -> dict[str, Tensor]:
        """What :meth:`encode` gives for one picture -> its three maps."""
        return unpack(features)._asdict()

    def join(self, features: Mapping[str, Tensor]) -> Tensor:
        """The inverse of :meth:`split`."""
        return pack(*(features[name] for name in Levels._fields))

    def embed_prompts(self, prompts: PromptTensors) -> tuple[Tensor | None, Tensor]:
        """See :meth:`SamNetwork.embed_prompts`; the dense part says that there are no memories."""
        sparse, dense = super().embed_prompts(prompts)
        return sparse, dense + self.no_memory_embedding[0, 0][:, None, None]

    def follow(self, features: Tensor, pasts: Sequence[Recalled], prompts: PromptTensors | None) -> Found:
        """Find n targets on one picture.

        Args:
            features: (1, 4 C, y, x), packed.
            pasts: of the n targets, with equal counts; nothing to recall where a prompt says all.
            prompts: of the n targets, of one kind; None where the pasts say all.
        """
        hidden, decoder = super().channels, self.mask_decoder
        image, fine = features[:, :hidden], features[:, hidden:]
        recalled = any(pasts[0].counts)
        seen = self.tracker.recall(image, pasts) if recalled else image.expand(len(pasts), -1, -1, -1)
        sparse, dense = self._question(prompts, len(pasts), recalled=recalled)
        asked = decoder.asked(len(pasts), sparse)
        masks, quality, tokens = decoder.answer_and_tokens(asked, seen + dense, fine, self.position_grid)
        self.asked = self.sparse = None
        low_res, quality, maker = _choose(masks, quality, tokens, several=_clicks(prompts) <= AMBIGUOUS)
        present = self.tracker.present(tokens)
        low_res = torch.where(present[..., None, None], low_res, ABSENT)
        memory = self.tracker.remember(image, whole(low_res, self.side, sure=prompts is not None), present)
        return Found(low_res, quality, memory, self.tracker.point(maker, present))

    def take(self, features: Tensor, masks: Tensor, texts: Sequence[str | None]) -> Found:
        """Take masks as what is found of n targets on one picture; the decoder only makes their pointers.

        Args:
            features: (1, 4 C, y, x), packed.
            masks: (n, 1, side, side), 0 or 1.
            texts: names of the n targets.
        """
        hidden, decoder, tracker = super().channels, self.mask_decoder, self.tracker
        image, fine = features[:, :hidden], features[:, hidden:]
        asked = replace(self._nothing(len(masks)), masks=tracker.mask_downsample(masks), texts=tuple(texts))
        sparse, dense = self._question(asked, len(masks), recalled=True)  # the picture as it is, without "no memories"
        question = decoder.asked(len(masks), sparse)
        _, _, tokens = decoder.answer_and_tokens(question, image + dense, fine, self.position_grid)
        self.asked = self.sparse = None
        grid = 4 * self.cells
        low_res = functional.interpolate(masks * SCALE + SHIFT, (grid, grid), mode="bilinear", antialias=True)
        present = masks.flatten(1).any(1, keepdim=True)
        memory = tracker.remember(image, whole(low_res, self.side, sure=True), present)
        pointer = tracker.point(tokens[:, 2], present & tracker.present(tokens))
        return Found(low_res, torch.ones_like(present, dtype=low_res.dtype), memory, pointer)

    def _nothing(self, count: int) -> PromptTensors:
        """Prompts that say nothing: one point each that is none, as in training."""
        nothing = self.no_memory_embedding.new_zeros(count, 1, 1, 2)
        labels = torch.full((count, 1, 1), -1, device=nothing.device)
        return PromptTensors(nothing, labels, texts=(None,) * count)

    def _question(self, prompts: PromptTensors | None, count: int, *, recalled: bool) -> tuple[Tensor | None, Tensor]:
        """Tokens and dense part of n questions; one without a prompt has two tokens that are no points, as in training."""
        self.asked = prompts or self._nothing(count)
        self.sparse, dense = super().embed_prompts(self.asked) if recalled else self.embed_prompts(self.asked)
        return self.sparse, dense


class Sam2Segmenter(SamSegmenter):
    """A :class:`samaritan.models.TrackingSegmenter` over a :class:`Sam2Network`."""

    network: Sam2Network

    @torch.inference_mode()
    def follow(self, embedding: Embedding, tracks: Sequence[Track]) -> list[tuple[Prediction, Memory]]:
        """See :meth:`samaritan.models.TrackingSegmenter.follow`.

        As the authors' tracker: all slices with a prompt are looked at, of the others the last six, and fifteen pointers;
        without a prompt, or with one click, the best of three candidates is the answer; a mask that a prompt led to is
        remembered as it is, black and white. A mask that a person drew is the answer itself, with logits of +-10 and a quality
        of 1, whatever the past; with points or a box, or as logits of the model, it is a hint and goes through the decoder.

        Raises:
            PromptError: a prompt lies outside the picture, a mask does not fit it, or a track has neither a prompt nor a past
                that is looked at.
            InputError: the embedding is not of this model.
            ModelError: an attached adaptation has replaced the mask decoder.
        """
        if not isinstance(self.network.mask_decoder, Sam2MaskDecoder):
            raise ModelError(
                f"{self.network.adaptation} has replaced the mask decoder of {self.name}, so it cannot follow targets; "
                "segment slice by slice."
            )
        features = self._features(embedding)
        for track in tracks:
            if track.prompt is not None:
                track.prompt.check_inside(embedding.shape)
        pasts = [_recall(track) for track in tracks]
        found: dict[int, tuple[Prediction, Memory]] = {}
        with evaluating(self.network):
            for chunk in _alike(tracks, pasts):
                prompts = [prompt for i in chunk if (prompt := tracks[i].prompt) is not None]
                drawn = [mask for prompt in prompts if (mask := _drawn(prompt)) is not None]
                if drawn:
                    kept = self._taken(features, prompts, drawn, embedding.shape)
                else:
                    tensors = self.prompt_tensors(prompts, embedding.shape).to(self._device) if prompts else None
                    answer = self.network.follow(features, [pasts[i] for i in chunk], tensors)
                    kept = self._kept(answer, embedding.shape, prompted=bool(prompts))
                found.update(zip(chunk, kept, strict=True))
        return [found[i] for i in range(len(tracks))]

    def _taken(
        self, features: Tensor, prompts: Sequence[PromptSet], drawn: Sequence[MaskHint], shape: tuple[int, int]
    ) -> Iterator[tuple[Prediction, Memory]]:
        """Answer and memory of each drawn mask; the answer is the drawing to the pixel, not what the square leaves of it."""
        masks = torch.stack([self.frame.drawn(mask, shape) for mask in drawn]).to(self._device)
        found = self.network.take(features, masks, [prompt.text for prompt in prompts])
        for mask, (prediction, memory) in zip(drawn, self._kept(found, shape, prompted=True), strict=True):
            logits = ((mask.logits > 0) * SCALE + SHIFT).astype(np.float32)
            yield replace(prediction, logits=logits[None]), memory

    def _kept(self, found: Found, shape: tuple[int, int], *, prompted: bool) -> Iterator[tuple[Prediction, Memory]]:
        """Answer and memory of each target of a chunk."""
        predictions = self._predictions(found.low_res, found.quality, shape)
        for number, prediction in enumerate(predictions):
            kept = slice(number, number + 1)
            features = {"memory": found.memory[kept].clone(), "pointer": found.pointer[kept].clone()}
            yield prediction, Memory(features, prompted)


def _recall(track: Track) -> Recalled:
    """What of a track's past is looked at.

    Raises:
        PromptError: nothing is, and there is no prompt.
    """
    past = Recalled(track.past)
    if track.prompt is None and not any(past.counts):
        raise PromptError(
            "A target needs a prompt on this slice, or a slice where it was found before: one with a prompt, or one at most "
            f"{POINTERS} slices back; received {len(track.past)} others."
        )
    return past


def _alike(tracks: Sequence[Track], pasts: Sequence[Recalled]) -> Iterator[list[int]]:
    """Indices of tracks that can run together, at most :data:`CHUNK` at a time."""
    kinds: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, (track, past) in enumerate(zip(tracks, pasts, strict=True)):
        prompt = track.prompt
        if prompt is not None and _drawn(prompt) is not None:
            kinds["drawn",].append(index)
        else:
            kinds[past.counts, None if prompt is None else kind_of(prompt)].append(index)
    for members in kinds.values():
        yield from (members[i : i + CHUNK] for i in range(0, len(members), CHUNK))


def _drawn(prompt: PromptSet) -> MaskHint | None:
    """The mask of a prompt that is nothing but a mask on the picture; None of any other."""
    alone = prompt.points is None and prompt.box is None
    return prompt.mask if alone and prompt.mask is not None and prompt.mask.frame == "image" else None


def _clicks(prompts: PromptTensors | None) -> int:
    """How many clicks a prompt is; a box counts as two."""
    if prompts is None:
        return 0
    return (0 if prompts.labels is None else prompts.labels.shape[2]) + (0 if prompts.boxes is None else 2)


def _choose(masks: Tensor, quality: Tensor, tokens: Tensor, *, several: bool) -> tuple[Tensor, Tensor, Tensor]:
    """The answer to each of n questions.

    Args:
        masks: (n, 1, 4, y, x).
        quality: (n, 1, 4).
        tokens: (n, T, C) as :meth:`Sam2MaskDecoder.answer_and_tokens` gives them.
        several: the best candidate is meant, and not the single mask.

    Returns:
        Logits (n, 1, y, x), estimated IoU (n, 1), and the token (n, C) that stands for the target.
    """
    if not several:
        low_res, estimate = single(masks, quality)
        return low_res[:, 0], estimate[:, 0], tokens[:, 2]
    best = quality[:, 0, 1:].argmax(-1) + 1
    rows = torch.arange(len(best), device=best.device)
    return masks[rows, 0, best][:, None], quality[rows, 0, best][:, None], tokens[rows, 2 + best]
