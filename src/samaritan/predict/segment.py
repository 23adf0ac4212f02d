"""From an image file and what a person asked to a mask file, a preview and a record, all or none of them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from samaritan.core import (
    LabelMap,
    SamaritanError,
    SliceView,
    UsageError,
    Volume,
    atomic_path,
)
from samaritan.core.profile import part
from samaritan.io import check_target, read_volume, write_labels
from samaritan.models import Segmenter
from samaritan.predict._masks import is_joined, masks_to_write
from samaritan.predict._outputs import Outputs, plan_outputs
from samaritan.predict._record import describe
from samaritan.predict.cache import EmbeddingCache
from samaritan.predict.everywhere import check_names, predict_everywhere
from samaritan.predict.overlap import check_overlap
from samaritan.predict.planes import three_planes
from samaritan.predict.preview import preview as draw_preview
from samaritan.predict.request import Request
from samaritan.predict.runtimes import runtime_of
from samaritan.predict.segmentation import Segmentation
from samaritan.predict.statistics import statistics
from samaritan.predict.targets import predict
from samaritan.prompts import to_prompt_sets


@dataclass(frozen=True, eq=False)
class Segmented:
    """What was written.

    Attributes:
        segmentation: the result.
        outputs: the files.
        record: content of the JSON file.
    """

    segmentation: Segmentation
    outputs: Outputs
    record: dict[str, Any]


def segment_file(
    request: Request,
    segmenter: Segmenter,
    *,
    cache: EmbeddingCache | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Segmented:
    """Read, segment, write. Files appear only after everything has succeeded.

    Args:
        request: what and where.
        segmenter: the model.
        cache: see :class:`samaritan.predict.VolumePredictor`.
        progress: called with (slices done, slices in all), first while a DICOM series is read, then while it is segmented.

    Raises:
        InputError: the image cannot be used, or a prompt lies outside of it.
        UsageError: an unknown rule, plane, policy or framing, an output of no known format, or one that is an input.
        ResourceError: an output exists and may not be replaced, or cannot be written.
    """
    check_overlap(request.overlap)
    if request.planes not in ("one", "three"):
        raise UsageError(f"There is no choice of planes {request.planes!r}; use one or three.")
    asked = request.names or tuple(dict.fromkeys(item.target for item in request.prompts))
    names = asked if request.overlap == "separate" else None
    outputs = plan_outputs(request.image, request.output, names, preview=request.preview is not False)
    given = [request.image, *([request.prompt_file] if request.prompt_file else [])]
    outputs.check(given, overwrite=request.overwrite)
    with part("read"):
        volume = read_volume(
            request.image,
            volume=request.volume,
            series=request.series,
            prefer_qform=request.prefer_qform,
            progress=progress,
        )
    outputs.check(map(Path, volume.meta.get("files", ())), overwrite=request.overwrite)
    notes = _notes(volume, outputs)
    if volume.meta.get("burned_in") and request.preview is None:
        outputs = replace(outputs, preview=None)
        notes.append("The file says that text is burned into the image, so no preview was drawn; --preview draws it.")
    view = SliceView.of(volume.geometry, request.prepared_plane)
    segmentation = _segment(request, segmenter, volume, view, cache=cache, progress=progress)
    warnings = [*volume.meta.get("warnings", ()), *notes, *segmentation.warnings]
    if view.count > 1 and request.prepared_plane != request.plane:
        warnings.append(
            f"Slices are {view.plane}, as the adapter was trained; prompts were read on them (see --plane)."
        )
    files = {
        "image": _printable(request.image),
        "masks": {name or "all": _printable(path) for name, path in outputs.masks.items()},
        "preview": _printable(outputs.preview) if outputs.preview else None,
    }
    with part("measure"):
        measures = statistics(segmentation, volume, request.modality)
    about = describe(
        segmentation, measures, segmenter.card, warnings, adapter=request.adapter, runtime=runtime_of(segmenter)
    )
    record = {**files, **about}
    if is_joined(segmentation, outputs):
        for value, target in enumerate(record["targets"], start=1):
            target["value"] = value
    with part("write"):
        masks = masks_to_write(segmentation, outputs, request.terms)
        _write(masks, segmentation, volume, outputs, record, overwrite=request.overwrite)
    return Segmented(segmentation, outputs, record)


def _notes(volume: Volume, outputs: Outputs) -> list[str]:
    """What a person should know about the masks' formats; raises where they cannot be written for this image."""
    return list(dict.fromkeys(note for path in outputs.masks.values() for note in check_target(path, volume)))


def _segment(
    request: Request,
    segmenter: Segmenter,
    volume: Volume,
    view: SliceView,
    **run: Any,
) -> Segmentation:
    """Without prompts, or from them; ``run`` holds cache and progress."""
    common: dict[str, Any] = {
        "overlap": request.overlap, "plane": view.plane, "modality": request.modality,
        "intensity": request.prepared_intensity, **run,
    }  # fmt: skip
    if request.names:
        check_names(segmenter, request.names, request.adapter)
        return predict_everywhere(segmenter, volume, request.names, smooth_mm=request.smooth_mm, **common)
    targets = to_prompt_sets(request.prompts, view, keep_depth=request.propagation != "none")
    found = predict(segmenter, volume, targets, framing=request.framing, propagation=request.propagation, **common)
    if request.planes == "one":
        return found
    looks = {name: common[name] for name in ("modality", "intensity", "cache")}
    return three_planes(found, segmenter, volume, framing=request.framing, **looks)


def _printable(path: Path) -> str:
    """The file's name (never its folder, which may tell whose image it is); bytes that are no text become "?"."""
    return path.name.encode("utf-8", "replace").decode("utf-8")


def _write(
    masks: Iterable[tuple[Path, list[LabelMap]]], segmentation: Segmentation, volume: Volume, outputs: Outputs,
    record: dict[str, Any], *, overwrite: bool,
) -> None:  # fmt: skip
    """All files under temporary names first; they get their names together, the masks last."""
    with ExitStack() as files:
        for path, parts in masks:
            temporary = files.enter_context(atomic_path(path, overwrite=overwrite))
            try:
                write_labels(parts, temporary, like=volume, overwrite=True)
            except SamaritanError as error:
                raise type(error)(str(error).replace(str(temporary), str(path))) from error
        text = json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False)
        files.enter_context(atomic_path(outputs.record, overwrite=overwrite)).write_text(text + "\n", encoding="utf-8")
        if outputs.preview is not None:
            picture = io.BytesIO()
            draw_preview(segmentation, volume).save(picture, "PNG")
            files.enter_context(atomic_path(outputs.preview, overwrite=overwrite)).write_bytes(picture.getvalue())
