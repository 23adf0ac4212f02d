"""Sources of tokens that say which target is meant; see :class:`samaritan.adapt._surgery.TokenSource`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from samaritan.adapt._names import indices_of, name_of
from samaritan.adapt._text import WIDTHS, TextKind, encode_text
from samaritan.core import ModelError

_log = logging.getLogger(__name__)

#: Size of the noise by which learned tokens differ at the start; equal ones would stay equal.
NOISE = 0.02


class TableTokens(nn.Module):
    """Learned tokens for each target.

    Args:
        labels: names of the targets.
        start: (hidden,) what every token starts from.
        count: tokens for each target.
        unnamed: above 0 there are tokens besides, for questions without a name or with one that was not learned; in training
            so many questions are asked without their name. They stand before the others.
    """

    def __init__(self, labels: Sequence[str], start: Tensor, count: int = 1, unnamed: float = 0.0) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.unnamed = unnamed
        noise = NOISE * torch.randn((unnamed > 0) + len(self.labels), count, len(start))
        self.table = nn.Parameter(start.detach() + noise.to(start))

    def forward(self, texts: Sequence[str | None]) -> Tensor:
        """Names of the targets of n prompts -> (n, 1, token, hidden).

        Raises:
            PromptError: a name was not learned, and there are no tokens for that.
        """
        return self.table[self._rows(texts).to(self.table.device)][:, None]

    def _rows(self, texts: Sequence[str | None]) -> Tensor:
        if not self.unnamed:
            return torch.tensor(indices_of(texts, self.labels))
        rows = torch.tensor([1 + self.labels.index(text) if text in self.labels else 0 for text in texts])
        return rows * (torch.rand(len(rows)) >= self.unnamed) if self.training else rows


class TextTokens(nn.Module):
    """A token for each text: S-SAM's text affine layer on a frozen text embedding.

    Embeddings of the known names belong to the adapter's state, so that it works without the text encoder; other texts are
    encoded when they are asked for.

    Args:
        labels: names of the targets.
        kind: of the text encoder.
        place: of the text encoder, where its kind has several.
        hidden: channels of the decoder's tokens.
        norm: behind the affine layer.
        stored: the embeddings will be filled in from a file, and are not computed.
    """

    embeddings: Tensor

    def __init__(
        self,
        labels: Sequence[str],
        kind: TextKind,
        place: str,
        hidden: int,
        norm: Literal["layer", "batch"],
        *,
        stored: bool,
    ) -> None:
        super().__init__()
        self.labels, self.kind, self.place = tuple(labels), kind, place
        self.affine = nn.Linear(WIDTHS[kind], hidden)
        self.norm = nn.LayerNorm(hidden) if norm == "layer" else NameNorm(hidden)
        known = torch.zeros(len(self.labels), WIDTHS[kind])
        if not stored:
            for number, label in enumerate(self.labels):
                known[number] = encode_text(label, kind, place)
        self.register_buffer("embeddings", known)

    def forward(self, texts: Sequence[str | None]) -> Tensor:
        """Names of the targets of n prompts -> (n, 1, 1, hidden).

        Raises:
            PromptError: a prompt names no target, and there are several.
            ModelError: a new text, and its encoder is not on this machine.
        """
        names = [name_of(text, self.labels) for text in texts]
        distinct = list(dict.fromkeys(names))
        vectors = torch.stack([self._embedding(name) for name in distinct])
        tokens: Tensor = self.norm(functional.relu(self.affine(vectors)))
        return tokens[[distinct.index(name) for name in names]][:, None, None]

    def _embedding(self, name: str) -> Tensor:
        if name in self.labels:
            return self.embeddings[self.labels.index(name)]
        known = ", ".join(map(repr, self.labels))
        try:
            found = encode_text(name, self.kind, self.place)
        except ModelError as error:
            raise ModelError(f"The adapter was trained on {known} and not on {name!r}. {error}") from error
        _log.warning("The adapter was trained on %s; %r is understood by its words alone.", known, name)
        return found.to(self.embeddings)


class NameNorm(nn.BatchNorm1d):
    """Batch normalisation over the distinct names of a call; a single name has no variance and takes the kept statistics."""

    def forward(self, tokens: Tensor) -> Tensor:
        """(name, hidden) -> the same shape."""
        if len(tokens) > 1:
            return super().forward(tokens)
        return functional.batch_norm(
            tokens, self.running_mean, self.running_var, self.weight, self.bias, training=False, eps=self.eps
        )
