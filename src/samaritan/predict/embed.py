"""Embeddings of whole data made in advance, so that later questions cost the decoder alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from samaritan.core import Plane, ResourceError, SamaritanError, SliceView, UsageError, Volume
from samaritan.datasets import open_datasets
from samaritan.datasets._base import Case
from samaritan.io import read_volume
from samaritan.models._base import Segmenter
from samaritan.predict.cache import LIMIT, EmbeddingCache
from samaritan.predict.framing import make_framing
from samaritan.predict.volume import VolumePredictor


@dataclass(frozen=True)
class Item:
    """One image to be encoded.

    Attributes:
        name: for messages.
        read: gives the image.
        slices: which slices of a view are wanted.
        modality: what the data set says about the image.
        intensity: what it says about grey values.
    """

    name: str
    read: Callable[[], Volume]
    slices: Callable[[SliceView], Sequence[int]]
    modality: str | None = None
    intensity: str | None = None


@dataclass
class Embedded:
    """What was done.

    Attributes:
        encoded: slices (or parts of slices) that the encoder saw.
        known: those whose embeddings were there already.
        failed: image -> why it could not be encoded.
    """

    encoded: int = 0
    known: int = 0
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 all well, 1 some images failed."""
        return int(bool(self.failed))


def items_of(data: Sequence[str], meta: Path | None = None, *, every_slice: bool = False) -> list[Item]:
    """Images behind paths and built-in names.

    Args:
        data: image files, and whatever :func:`samaritan.datasets.open_datasets` takes.
        meta: see there.
        every_slice: all slices of volumes with a reference, not only those on which it has something.

    Raises:
        SamaritanError: as :func:`samaritan.datasets.open_datasets`.
    """
    pictures = [Path(text) for text in data if Path(text).is_file()]
    others = [text for text in data if not Path(text).is_file()]
    items = [Item(path.name, partial(read_volume, path), _all) for path in pictures]
    datasets = open_datasets(others, meta) if others or not items else []
    return items + [_item(case, every_slice) for dataset in datasets for case in dataset.cases]


def embed(
    items: Sequence[Item],
    segmenter: Segmenter,
    cache: EmbeddingCache,
    *,
    plane: Plane = "auto",
    intensity: str | None = None,
    framing: str = "whole",
    progress: Callable[[str, int, int], None] | None = None,
) -> Embedded:
    """Put the embeddings of all images into the cache. What is there already is left, so that a stopped run goes on.

    Args:
        items: the images.
        segmenter: the model.
        cache: where embeddings go.
        plane: see :class:`VolumePredictor`.
        intensity: goes before what the data say.
        framing: which parts of a slice are encoded: ``whole``, ``square`` or ``tiles``; others depend on prompts.
        progress: called with (image, slices done, slices of the image).

    Raises:
        UsageError: embeddings of this model cannot be kept, or the framing depends on prompts.
        ResourceError: the cache is too small for the data, or cannot be written.
    """
    if cache.key(segmenter, []) is None:
        raise UsageError(
            f"Embeddings of {segmenter.name} cannot be kept: its encoder may answer differently to the same picture."
        )
    if make_framing(framing).prompted:
        raise UsageError(
            f"The framing {framing} depends on prompts, which embed has none of; use whole, square or tiles here "
            "(samaritan segment keeps what it encodes)."
        )
    done = Embedded()
    for item in items:
        try:
            volume = item.read()
            predictor = VolumePredictor(
                segmenter,
                volume,
                plane=plane,
                modality=item.modality,
                intensity=intensity or item.intensity,
                cache=cache,
                framing=framing,
            )
            slices = item.slices(predictor.view)
            for number, index in enumerate(slices, start=1):
                predictor.embed(index)
                _check_room(cache, done.encoded + predictor.encode_calls)
                if progress is not None:
                    progress(item.name, number, len(slices))
        except ResourceError:
            raise
        except SamaritanError as error:
            done.failed[item.name] = str(error)
            continue
        done.encoded += predictor.encode_calls
        done.known += predictor.read_calls
    return done


def _check_room(cache: EmbeddingCache, encoded: int) -> None:
    """What is made now must not push out what was made a moment ago.

    Raises:
        ResourceError: it would, or nothing can be written.
    """
    store = cache.store
    if encoded and store.full:
        raise ResourceError(f"The embeddings cannot be kept in {store.folder}; see the warning.")
    if store.limit is not None and store.written > store.limit * 0.9:
        raise ResourceError(
            f"The cache holds {store.limit / 1e9:g} GB, which {encoded} slices have filled; raise {LIMIT}, "
            "pass --half-cache, or give less data."
        )


def _item(case: Case, every_slice: bool) -> Item:
    slices = _all if every_slice else lambda view: _drawn(case, view)
    return Item(f"{case.dataset} {case.case_id}", case.read_image, slices, case.modality, case.intensity)


def _all(view: SliceView) -> range:
    return range(view.count)


def _drawn(case: Case, view: SliceView) -> list[int]:
    """Slices on which any reference has something."""
    wanted: set[int] = set()
    for read in case.read_references.values():
        labels = read().data
        wanted.update(np.flatnonzero(labels.any(axis=view.axes[:2])).tolist())
    return sorted(wanted)
