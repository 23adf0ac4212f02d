"""What is written beside a mask, so that a stranger can tell how it was made and make it again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from samaritan.core import Geometry, PromptSet
from samaritan.models import WeightCard
from samaritan.predict._course import Course
from samaritan.predict.segmentation import Segmentation

_PACKAGES = ("samaritan", "torch", "transformers", "numpy")


def describe(
    segmentation: Segmentation,
    measures: Mapping[str, Mapping[str, Any]],
    card: WeightCard,
    warnings: Sequence[str],
    *,
    adapter: Mapping[str, Any] | None = None,
    runtime: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Everything about a segmentation but its files, ready for JSON.

    Args:
        segmentation: the result.
        measures: of each target, see :func:`samaritan.predict.statistics.statistics`.
        card: of the model's weights.
        warnings: all sentences to pass on: of the file and of the segmentation.
        adapter: of an adapted model, what is known about the adapter.
        runtime: what ran the encoder.
    """
    geometry = segmentation.view.geometry
    areas = segmentation.areas()
    return {
        "grid": {
            "shape": list(geometry.shape),
            "spacing": [round(s, 6) for s in geometry.spacing],
            "unit": geometry.unit,
            "orientation": geometry.orientation if geometry.unit == "mm" else None,
            "affine": geometry.affine.tolist(),
        },
        "model": {
            "name": card.name,
            "sha256": card.sha256,
            "licence": card.licence,
            "trained_for": list(card.prompts),
            "training_data": list(card.training_data),
        },
        "adapter": dict(adapter) if adapter else None,
        "runtime": dict(runtime) if runtime else None,
        "intensity": {
            "policy": segmentation.intensity,
            "low": segmentation.scaling.low,
            "high": segmentation.scaling.high,
        },
        "plane": segmentation.plane,
        "planes": dict(segmentation.planes) if segmentation.planes else None,
        "framing": segmentation.framing,
        "propagation": segmentation.course.strategy if segmentation.course else "none",
        "overlap": {"rule": segmentation.overlap, "voxels": segmentation.overlap_voxels},
        "targets": [_target(segmentation, name, areas[name]) | dict(measures[name]) for name in segmentation.targets],
        "warnings": list(warnings),
        "encode_calls": segmentation.encode_calls,
        "cached": segmentation.read_calls,
        "encode_seconds": round(segmentation.encode_seconds, 3),
        "seconds": round(segmentation.seconds, 3),
        "versions": {name: _version(name) for name in _PACKAGES},
    }


def _target(segmentation: Segmentation, name: str, areas: dict[int, int]) -> dict[str, Any]:
    voxels = sum(areas.values())
    qualities = segmentation.quality[name]
    origins = segmentation.course.origins[name] if segmentation.course else {}
    return {
        "name": name,
        "value": 1 if segmentation.overlap == "separate" else segmentation.targets.index(name) + 1,
        "voxels": voxels,
        **_size(segmentation, voxels),
        "quality": _finite(float(np.mean(list(qualities.values())))) if qualities else None,
        "slices": [
            {
                "slice": index,
                "pixels": areas.get(index, 0),
                "quality": _finite(quality),
                "from": origins.get(index) or _origin(segmentation, name, index),
            }
            for index, quality in sorted(qualities.items())
        ],
        "prompts": [
            _prompt(segmentation, prompt, index)
            for index in sorted(segmentation.prompts)
            for prompt in segmentation.prompts[index].get(name, ())
        ],
        "propagation": _propagation(segmentation.course, name) if segmentation.course else None,
    }


def _origin(segmentation: Segmentation, name: str, index: int) -> str:
    """Where a mask came from on a slice that no chain reached: a prompt, the other planes, or the target's name."""
    if name in segmentation.prompts.get(index, {}):
        return "prompt"
    return "vote" if segmentation.planes else "name"


def _propagation(course: Course, name: str) -> dict[str, Any]:
    """How far each chain of slices went, and why no further."""
    return {
        "strategy": course.strategy,
        "slices_prompted": course.prompted(name),
        "slices_visited": course.visited[name],
        "chains": [
            {
                "from": stop.start,
                "towards": "higher" if stop.step > 0 else "lower",
                "last": stop.last,
                "stop": stop.reason,
            }
            for stop in course.stops[name]
        ],
    }


def _size(segmentation: Segmentation, voxels: int) -> dict[str, float | None]:
    """Millilitres of a volume, square millimetres of a picture; None where the file knows no spacing."""
    geometry, view = segmentation.view.geometry, segmentation.view
    if view.count > 1:
        return {"volume_ml": round(voxels * geometry.voxel_volume / 1000, 4) if geometry.unit == "mm" else None}
    area = voxels * view.spacing[0] * view.spacing[1]
    return {"area_mm2": round(area, 4) if geometry.unit == "mm" else None}


def _prompt(segmentation: Segmentation, prompt: PromptSet, index: int) -> dict[str, Any]:
    geometry = segmentation.view.geometry
    lifted = segmentation.view.lift(prompt, index)
    said: dict[str, Any] = {"slice": index}
    if lifted.box is not None:
        low, high = lifted.box.lo, lifted.box.hi
        said["box"] = {"from": _place(low, geometry), "to": _place(high, geometry)}
    if lifted.points is not None:
        labels = lifted.points.labels.tolist()
        places = zip(lifted.points.ijk, labels, strict=True)
        said["points"] = [{**_place(ijk, geometry), "label": label} for ijk, label in places]
    if lifted.mask is not None:
        said["mask_pixels"] = int((lifted.mask.logits > 0).sum())
    return said


def _place(ijk: NDArray[np.float64], geometry: Geometry) -> dict[str, list[float]]:
    place = {"voxel": [round(float(v), 4) for v in ijk]}
    if geometry.unit == "mm":
        place["mm"] = [round(float(v), 4) for v in geometry.to_world(ijk)[0]]
    return place


def _finite(value: float) -> float | None:
    return round(value, 5) if math.isfinite(value) else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
