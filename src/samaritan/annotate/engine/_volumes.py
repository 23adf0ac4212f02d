"""Images that the model process holds, and the model applied to them."""

from __future__ import annotations

from collections import OrderedDict

from samaritan.annotate.engine.requests import ImageRef
from samaritan.annotate.engine.settings import EngineSettings
from samaritan.core import Plane, SliceView, Volume
from samaritan.io import read_volume
from samaritan.loading import Loaded
from samaritan.models._base import Segmenter, StackSegmenter, TrackingSegmenter
from samaritan.predict import EmbeddingCache, VolumePredictor
from samaritan.predict._embeddings import EmbeddingPool
from samaritan.predict.framing.square import ratio

#: Bytes of embeddings that are held for all planes together, 32 slices of most models; others come from the disk. One limit
#: for all is reached after a few questions, so that memory is flat from then on.
HELD = 32 * 2**22

#: Pixels so many times as long as wide are made square. Boxes gain from 1.5 on (docs/framing.md); clicks, which are asked with
#: boxes that nobody drew, were seen to lose at 2.4 and to gain at 8.
THICK = 3.0

#: So many planes of images are kept ready.
PLANES = 4


class Volumes:
    """Reads an image when something is asked about it, and keeps those that were looked at last.

    Voxels are held in the type of the file; a slice becomes float32 when the model looks at it.

    Args:
        settings: framing, and how much memory voxels may take.
        cache: where embeddings are kept on disk.
    """

    def __init__(self, settings: EngineSettings, cache: EmbeddingCache | None) -> None:
        self._framing = settings.framing
        self._limit = settings.volumes_gb * 1e9
        self._cache = cache
        self._held = EmbeddingPool(HELD)
        self._volumes: OrderedDict[ImageRef, Volume] = OrderedDict()
        self._predictors: OrderedDict[tuple[ImageRef, Plane], VolumePredictor] = OrderedDict()

    def volume(self, image: ImageRef) -> Volume:
        """The image; raises as :func:`samaritan.io.read_volume`."""
        if image not in self._volumes:
            for old in [one for one in self._volumes if one.key == image.key and one.stamp != image.stamp]:
                self._drop(old)
            self._volumes[image] = read_volume(image.path, volume=image.volume, series=image.series)
        self._volumes.move_to_end(image)
        while len(self._volumes) > 1 and sum(one.data.nbytes for one in self._volumes.values()) > self._limit:
            self._drop(next(iter(self._volumes)))
        return self._volumes[image]

    def predictor(self, loaded: Loaded, image: ImageRef, plane: Plane) -> VolumePredictor:
        """The model on one plane of an image, with the adapter's grey values where the image has none of its own.

        Raises:
            SamaritanError: as :func:`samaritan.io.read_volume`, and for an unknown plane or intensity policy.
        """
        volume = self.volume(image)
        key = (image, plane)
        if key not in self._predictors:
            self._predictors[key] = VolumePredictor(
                loaded.segmenter,
                volume,
                plane=plane,
                modality=image.modality,
                intensity=image.intensity or loaded.about.get("preparation", {}).get("intensity"),
                held=self._held.part(),
                cache=self._cache,
                framing=self._framing_for(loaded, volume, plane),
            )
        self._predictors.move_to_end(key)
        while len(self._predictors) > PLANES:
            self._predictors.popitem(last=False)
        return self._predictors[key]

    def embedded(self, image: ImageRef, plane: Plane, index: int) -> bool:
        """Whether the model has only to decode what is asked about that slice."""
        predictor = self._predictors.get((image, plane))
        return predictor is not None and predictor.embedded(index)

    def forget_model(self) -> None:
        """Another model will look at the images."""
        self._predictors.clear()
        self._held.clear()

    def _framing_for(self, loaded: Loaded, volume: Volume, plane: Plane) -> str:
        """``whole`` in place of ``square`` where pixels are not :data:`THICK`.

        So it is for models that relate slices, and for an adapter on the plane it learned from.
        """
        if self._framing != "square":
            return self._framing
        if ratio(SliceView.of(volume.geometry, plane).spacing[:2]) < THICK:
            return "whole"
        learned: Plane = loaded.about.get("preparation", {}).get("plane") or "auto"
        known = loaded.about and SliceView.of(volume.geometry, learned) == SliceView.of(volume.geometry, plane)
        return "whole" if known or _relates_slices(loaded.segmenter) else "square"

    def _drop(self, image: ImageRef) -> None:
        del self._volumes[image]
        for key in [key for key in self._predictors if key[0] == image]:
            del self._predictors[key]


def _relates_slices(segmenter: Segmenter) -> bool:
    """Whether what it says of a slice depends on others."""
    return isinstance(segmenter, TrackingSegmenter) or (isinstance(segmenter, StackSegmenter) and segmenter.depth > 1)
