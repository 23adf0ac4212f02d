"""One pass through the network: pictures and questions in, losses out. A plain module, so that it can be distributed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from samaritan.adapt import Adaptation
from samaritan.models._frame import Frame
from samaritan.train._examples import Example
from samaritan.train._features import Trunk
from samaritan.train._loss import Weights, mask_losses
from samaritan.train._questions import Question


@dataclass(eq=False)
class Batch:
    """Pictures with questions about them.

    Attributes:
        pixels: per picture (slice, 3, side, side), the encoder's input; one slice, or those that are encoded together.
        features: per picture the features of the part of the encoder that never changes, slice by slice.
        questions: about the pictures, by their number.
        places: per picture the slice that is asked about; the first where nothing is said.
    """

    pixels: list[Tensor] = field(default_factory=list)
    features: list[Tensor] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def add(self, example: Example, questions: Sequence[Question], frame: Frame, trunk: Trunk) -> None:
        """Take an example and questions about it."""
        pixels = [frame.pixels(picture.astype(np.float32)) for picture in example.pictures]
        self.pixels.append(torch.cat(pixels))
        self.features.append(torch.cat([trunk.features(one) for one in pixels]))
        self.places.append(example.place)
        self.questions += questions


class Step(nn.Module):
    """Losses of a batch under an adapted model.

    Args:
        adapted: the model.
        trunk: its encoder in two parts.
        weights: of the loss's parts.
        precision: "bf16" computes the network in bfloat16.
    """

    def __init__(self, adapted: Adaptation, trunk: Trunk, weights: Weights, precision: str) -> None:
        super().__init__()
        self.network = adapted.network
        self._adapted = adapted
        self._trunk = trunk
        self._weights = weights
        self._bf16 = precision == "bf16"

    def forward(self, batch: Batch) -> dict[str, Tensor]:
        """Mean losses over pictures, each the mean of its questions: "total", "dice", "bce", "quality" and maybe "penalty"."""
        frame = self._adapted.segmenter.frame
        device = self.network.position_grid.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._bf16):
            embeddings, owners = self._embed(batch, device)
            for number, (question, owner) in enumerate(zip(batch.questions, owners, strict=True)):
                self._adapted.behaviour.ask([number])
                self._converse(question, embeddings[owner : owner + 1].detach())
            parts: dict[str, list[Tensor]] = defaultdict(list)
            order: list[int] = []
            for members in _alike(batch.questions):
                chosen = [batch.questions[n] for n in members]
                features = embeddings[[owners[n] for n in members]]
                self._adapted.behaviour.ask(members)
                logits, quality = self._decode(features, chosen, device)
                wanted = torch.cat([frame.reference(q.mask[None]) for q in chosen]).to(device)
                inside = torch.stack([frame.inside(q.shape) for q in chosen]).to(device)
                losses = mask_losses(logits[:, 0], quality[:, 0], wanted, inside, self._weights)
                for name, values in losses.items():
                    parts[name].append(values)
                order += members
            found = _mean_over_pictures(parts, order, batch.questions)
            penalty = self._adapted.behaviour.penalty()
        if penalty is not None:
            found["penalty"] = penalty.float()
            found["total"] = found["total"] + found["penalty"]
        return found

    def finish(self) -> None:
        """Forget the batch; after the backward pass, which may compute parts of it again."""
        self._adapted.behaviour.finish()

    @torch.no_grad()
    def answer(self, batch: Batch) -> Tensor:
        """The logits (1, 1, grid, grid) of a batch of one question after its last round, as at inference."""
        device = self.network.position_grid.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self._bf16):
            self._adapted.behaviour.look(batch.pixels[0].to(device))
            place = batch.places[0] if batch.places else 0
            embedding = self._run(batch.features[0].to(device), len(batch.features[0]))[place : place + 1]
            question = batch.questions[0]
            self._converse(question, embedding)
            logits, _ = self._decode(embedding, [question], device)
            self._adapted.behaviour.finish()
        return logits

    def _embed(self, batch: Batch, device: torch.device) -> tuple[Tensor, list[int]]:
        """Embeddings, and for each question the number of its own."""
        behaviour = self._adapted.behaviour
        owners = [question.picture for question in batch.questions]
        if behaviour.per_target:
            frame = self._adapted.segmenter.frame
            features = torch.cat([batch.features[n] for n in owners])
            pixels = torch.cat([batch.pixels[n] for n in owners]).to(device)
            masks = torch.stack([frame.reference(q.mask[None]) for q in batch.questions]).to(device)
            behaviour.observe(pixels, masks)
            owners = list(range(len(owners)))
        else:
            features = torch.cat(batch.features)
            starts = np.cumsum([0, *map(len, batch.features)])
            places = batch.places or [0] * len(batch.features)
            owners = [int(starts[n]) + places[n] for n in owners]
        depths = {len(one) for one in batch.features}
        if len(depths) > 1:  # stacks of different depth cannot share a batch
            return torch.cat([self._run(one.to(device), len(one)) for one in batch.features]), owners
        return self._run(features.to(device), depths.pop()), owners

    def _run(self, features: Tensor, depth: int) -> Tensor:
        """Stored features -> image embeddings, ``depth`` neighbouring slices behind each other."""
        self.network.depth = depth
        try:
            return self._trunk.embed(features)
        finally:
            self.network.depth = 1

    def _converse(self, question: Question, embedding: Tensor) -> None:
        """Ask and correct until the round that trains."""
        frame = self._adapted.segmenter.frame
        for _ in range(question.rounds - 1):
            with torch.no_grad():
                logits, _ = self._decode(embedding, [question], embedding.device)
            full = frame.restore(logits.float(), question.shape)[0, 0]
            question.correct(full.cpu().numpy(), logits[0, 0].float().cpu().numpy())

    def _decode(self, features: Tensor, questions: Sequence[Question], device: torch.device) -> tuple[Tensor, Tensor]:
        prompts = self._adapted.segmenter.prompt_tensors([q.prompt for q in questions], questions[0].shape)
        if any(q.shape != questions[0].shape for q in questions):  # positions depend on each picture's size
            single = [self._adapted.segmenter.prompt_tensors([q.prompt], q.shape) for q in questions]
            prompts = type(prompts).join(single)
        return self.network.decode(features, prompts.to(device), multimask=False)


def _alike(questions: Sequence[Question]) -> list[list[int]]:
    """Numbers of questions that can be decoded together: as many points, with or without a box, with or without a mask."""
    kinds: dict[tuple[int, bool, bool], list[int]] = defaultdict(list)
    for number, question in enumerate(questions):
        prompt = question.prompt
        kinds[len(prompt.points) if prompt.points else 0, prompt.box is not None, prompt.mask is not None].append(
            number
        )
    return list(kinds.values())


def _mean_over_pictures(
    parts: dict[str, list[Tensor]], order: Sequence[int], questions: Sequence[Question]
) -> dict[str, Tensor]:
    """Each picture counts the same, whatever the number of its questions; so shares of a step add up to the whole."""
    pictures = np.array([questions[n].picture for n in order])
    counts = np.bincount(pictures)
    weights = 1 / (counts[pictures] * np.count_nonzero(counts))
    found = {}
    for name, values in parts.items():
        joined = torch.cat(values)
        found[name] = (joined * torch.as_tensor(weights, dtype=joined.dtype, device=joined.device)).sum()
    return found
