"""One volume under one model: every slice is encoded at most once, however many targets, prompts and clicks follow."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from samaritan.core import InputError, Plane, PromptSet, SliceView, UsageError, Volume, Window
from samaritan.core.intensity import choose
from samaritan.core.profile import part
from samaritan.models._base import (
    Embedding,
    Memory,
    Prediction,
    Segmenter,
    StackSegmenter,
    Track,
    TrackingSegmenter,
)
from samaritan.predict._embeddings import Embeddings, Held
from samaritan.predict.cache import EmbeddingCache
from samaritan.predict.framing import make_framing
from samaritan.predict.framing._looks import look
from samaritan.predict.framing._stretched import Stretched
from samaritan.predict.plausibility import image_warnings


class VolumePredictor:
    """A segmenter applied to the slices of one volume (a 2D image is a volume of one slice).

    Args:
        segmenter: the model.
        volume: the image.
        plane: which slices are shown to the model; "auto" takes the plane the volume was acquired in, else axial.
        modality: what the caller knows about the image; ``volume.modality`` otherwise.
        intensity: intensity policy such as ``ct:lung`` (see :func:`samaritan.core.intensity.choose`), or None.
        keep: how many embeddings of whole slices are held, at least those of one stack; the least recently used goes first.
        held: where embeddings are held in memory, in place of the last ``keep`` ones.
        cache: where embeddings are kept on disk; None keeps none.
        framing: which part of a slice the model looks at: ``whole``, ``square``, ``zoom:1.5``, ``auto``; see
            :mod:`samaritan.predict.framing`.

    Attributes:
        view: from voxels to pictures and back.
        scaling: the grey-value limits, fitted once on the whole volume, whatever part of a slice is looked at.
        framing: which part of a slice the model looks at.
        encode_calls: how many pictures the network's encoder saw: slices, and with a framing parts of them.
        encode_seconds: how long it ran in all.
        read_calls: how many pictures were read from the cache instead.
        warnings: sentences about the image that a person should see (constant image, implausible Hounsfield units).

    Raises:
        UsageError: an unknown plane, intensity policy or framing.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        volume: Volume,
        *,
        plane: Plane = "auto",
        modality: str | None = None,
        intensity: str | None = None,
        keep: int = 1,
        held: Held | None = None,
        cache: EmbeddingCache | None = None,
        framing: str = "whole",
    ) -> None:
        self.segmenter = segmenter
        self.volume = volume
        self.view = SliceView.of(volume.geometry, plane)
        self.framing = make_framing(framing, self.view.spacing[:2])
        with part("prepare"):
            self.scaling = choose(volume, modality, intensity).fit(volume)
            self.warnings = image_warnings(volume, self.scaling, modality)
        self.encode_calls = 0
        self.encode_seconds = 0.0
        self.read_calls = 0
        self._depth = min(segmenter.depth, self.view.count) if isinstance(segmenter, StackSegmenter) else 1
        self._cache = cache
        self._embeddings: Held = Embeddings(max(self._depth, keep)) if held is None else held

    def picture(self, index: int, window: Window | None = None) -> NDArray[np.float32]:
        """Slice ``index``, or a part of it, as the model sees it, (x, y, 3) float32 in 0..255.

        Raises:
            InputError: there is no such slice, or it holds NaN.
        """
        self._check(index)
        with part("prepare"):
            return self._picture(index, window)

    def _picture(self, index: int, window: Window | None) -> NDArray[np.float32]:
        voxels = self.view.slice(self.volume.data, index)
        if window is not None:
            voxels = voxels[window.slices]
        # One memory layout whatever the file's axis order, so that the network's answer is the same to the last bit.
        picture = np.ascontiguousarray(self.scaling.apply(voxels))
        if isinstance(window, Stretched):
            picture = window.show(picture)
        if not np.isfinite(picture).all():
            raise InputError(f"Slice {index} holds values that are not finite; replace NaN and Inf in the image first.")
        return picture

    def embedding(self, index: int, window: Window | None = None) -> Embedding:
        """The encoded slice, or part of it, computed once and kept for the next calls; raises as :meth:`picture`."""
        if window == Window.whole(self.view.shape):
            window = None
        return self._embeddings.get((index, window)) or self._encode(index, window)

    def embed(self, index: int) -> None:
        """Encode all that the framing looks at on slice ``index`` without a prompt; raises as :meth:`picture`."""
        for window in self.framing.next(PromptSet(), self.view.shape, []):
            self.embedding(index, window)

    def embedded(self, index: int) -> bool:
        """Whether a prompt on slice ``index`` finds in memory all that the framing looks at; such embeddings count as used."""
        windows = [] if self.framing.prompted else self.framing.next(PromptSet(), self.view.shape, [])
        keys = [None if window == Window.whole(self.view.shape) else window for window in windows]
        return bool(keys) and all(self._embeddings.get((index, key)) is not None for key in keys)

    def _check(self, index: int) -> None:
        if not 0 <= index < self.view.count:
            raise InputError(
                f"There is no slice {index}; the {self.view.plane} slices run from 0 to {self.view.count - 1}."
            )

    def _encode(self, index: int, window: Window | None) -> Embedding:
        """Encode a slice, for depth-aware models with the same part of the others of its stack."""
        self._check(index)
        wanted, seen = self._stack(index)
        pictures = [self.picture(k, window) for k in seen]
        encoded = self._read_or_run(pictures)
        self._embeddings.add({(k, window): encoded[k - seen[0]] for k in wanted})
        return encoded[index - seen[0]]

    def _read_or_run(self, pictures: Sequence[NDArray[np.float32]]) -> list[Embedding]:
        """The embeddings of one stack, from the cache where they are there."""
        if self._cache is None:
            return self._run(pictures)
        with part("cache"):
            key = self._cache.key(self.segmenter, pictures)
            found = None if key is None else self._cache.read(key, pictures)
            if key is None or found is None:
                before = self._cache.key(self.segmenter, [])
                encoded = self._run(pictures)
                # a runtime that refused its work only now has left it to torch
                same = self._cache.key(self.segmenter, []) == before
                return self._cache.write(key, encoded) if key is not None and same else encoded
        self.read_calls += len(pictures)
        return found

    def _run(self, pictures: Sequence[NDArray[np.float32]]) -> list[Embedding]:
        started = time.perf_counter()
        with part("encode"):
            encoded = self._encoded(pictures)
        self.encode_seconds += time.perf_counter() - started
        self.encode_calls += len(pictures)
        return encoded

    def _encoded(self, pictures: Sequence[NDArray[np.float32]]) -> list[Embedding]:
        if self._depth > 1 and isinstance(self.segmenter, StackSegmenter):
            return self.segmenter.encode_stack(pictures)
        return [self.segmenter.encode(pictures[0])]

    def _stack(self, index: int) -> tuple[range, range]:
        """Slices whose embeddings belong to the stack of ``index``, and those that are encoded for it.

        Stacks lie side by side; the last one reaches back so that it is as high as the others, but the slices below keep the
        embedding of their own stack, whatever is asked first.
        """
        first = index - index % self._depth
        last = min(first + self._depth, self.view.count)
        return range(first, last), range(last - self._depth, last)

    def decode(self, index: int, prompts: Sequence[PromptSet], *, multimask: bool = False) -> list[Prediction]:
        """One Prediction per prompt, at the slice's size; prompts are at (x, y, 0) of its picture.

        Without prompts nothing is encoded. Prompts that look at the same part share its embedding. Where the framing is not
        ``whole``, ``low_res`` lies on the picture's own pixels (y, x), to be fed back to this predictor as it is.

        Raises:
            InputError: as :meth:`picture`.
            PromptError: a prompt lies outside the picture, or a mask hint does not fit it.
        """
        for prompt in prompts:  # before the encoder, which is the expensive part
            prompt.check_inside(self.view.shape)

        def ask(window: Window, lowered: Sequence[PromptSet]) -> list[Prediction]:
            embedding = self.embedding(index, window)
            with part("decode"):
                return self.segmenter.decode(embedding, lowered, multimask=multimask)

        if self.framing.name == "whole":  # nothing to cut, and logits are fed back on the network's grid
            return ask(Window.whole(self.view.shape), prompts) if prompts else []
        return look(self.framing, self.view.shape, prompts, ask)

    def follow(self, index: int, tracks: Sequence[Track]) -> list[tuple[Prediction, Memory]]:
        """One answer per target of a model with a memory, and what it will remember of this slice.

        Raises:
            InputError: as :meth:`picture`.
            PromptError: a prompt lies outside the picture.
            UsageError: the model has no memory, or the framing is not ``whole``: memories of parts do not lie on each other.
        """
        if self.framing.name != "whole":
            raise UsageError(f"Memories need whole slices, and the framing is {self.framing.name}.")
        if not isinstance(self.segmenter, TrackingSegmenter):
            raise UsageError(f"{self.segmenter.name} has no memory; ask it slice by slice.")
        for track in tracks:
            if track.prompt is not None:
                track.prompt.check_inside(self.view.shape)
        embedding = self.embedding(index)
        with part("decode"):
            return self.segmenter.follow(embedding, tracks)
