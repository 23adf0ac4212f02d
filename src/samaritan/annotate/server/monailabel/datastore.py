"""The cases as a data store: what there is, images out, masks in and out."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response

from samaritan import io
from samaritan.annotate.messages import (
    MOST_OBJECTS,
    CaseSummary,
    Edit,
    EditRequest,
    Mark,
    NewLabel,
    Propose,
)
from samaritan.annotate.server.cases import announce
from samaritan.annotate.server.monailabel import outlines
from samaritan.annotate.server.monailabel.desk import Desk
from samaritan.annotate.server.monailabel.forms import form_of, save
from samaritan.annotate.server.monailabel.images import checksum, file_name, find, is_plain, write_nifti
from samaritan.annotate.server.ports import DocumentPort
from samaritan.annotate.server.refusal import RefusedError, nothing_here
from samaritan.annotate.workspace._labels import check_names
from samaritan.core import InputError, LabelMap, Volume

#: What the protocol calls masks that somebody finished, and those that are being worked on.
FINAL, ORIGINAL = "final", "original"

_ENDING = ".nii.gz"


class Kept(DocumentPort, Protocol):
    """What is needed of an open case beside its port."""

    def like(self) -> Volume:
        """Grid and meta data of the image."""
        ...


class Proposals(Protocol):
    """What is needed of the workspace beside its port."""

    def set_proposal(self, case: str, masks: Mapping[str, NDArray[np.bool_]]) -> None:
        """Keep masks that may be taken with :class:`~samaritan.annotate.messages.Propose`."""
        ...


def tags(case: CaseSummary) -> list[str]:
    """Under which tags a case has a mask; one that was accepted with nothing on it has an empty one."""
    if case.status == "accepted":
        return [FINAL]
    return [ORIGINAL] if case.objects else []


def status(cases: list[CaseSummary]) -> dict[str, Any]:
    """Counts, as ``info`` and ``/datastore/`` give them, of the cases that can be opened."""
    cases = [case for case in cases if not case.problem]
    kinds = [tag for case in cases for tag in tags(case)]
    counts = {tag: kinds.count(tag) for tag in (FINAL, ORIGINAL) if tag in kinds}
    return {"total": len(cases), "completed": counts.get(FINAL, 0), "label_tags": counts}


async def listing(desk: Desk, request: Request) -> Response:
    """GET /datastore/: counts; with ``output=all`` every image with its labels, with ``output=train`` those to learn from."""
    cases = await to_thread.run_sync(desk.parts.workspace.summaries)
    wished = request.query_params.get("output", "stats")
    if wished == "train":
        return JSONResponse([{"image": case.case, "label": case.case} for case in cases if FINAL in tags(case)])
    if wished != "all":
        return JSONResponse(status(cases))
    objects = {case.case: _object(case, desk.cases.label_values) for case in cases}
    return JSONResponse({"name": desk.parts.settings.folder, "description": "", "objects": objects})


def numbered(labels: Mapping[str, int]) -> dict[str, int]:
    """Name -> value in masks that clients get: 1, 2, 3 ..., since 3D Slicer takes the n-th name for the value n."""
    return {name: number for number, name in enumerate(labels, start=1)}


def _object(case: CaseSummary, labels: Mapping[str, int]) -> dict[str, Any]:
    info = {"name": case.name, "status": case.status, "note": case.note}
    masks = {tag: {"ext": _ENDING, "info": {"params": {"label_names": numbered(labels)}}} for tag in tags(case)}
    return {"image": {"ext": _ENDING, "info": info}, "labels": masks}


async def image(desk: Desk, request: Request) -> Response:
    """GET and HEAD /datastore/image: the file as it is where clients can read it, else as NIfTI on the same voxels."""
    case = await to_thread.run_sync(find, desk.cases, request.query_params.get("image", ""))
    ref = await to_thread.run_sync(desk.cases.image_ref, case.case)
    name = file_name(case, ref)
    if request.method == "HEAD":  # "is it there?"; a checksum is compared where one is given
        wished = request.query_params.get("check_sum")
        if wished and is_plain(ref) and wished.rpartition(":")[2] != (await to_thread.run_sync(checksum, ref.path))[7:]:
            raise nothing_here()
        return Response()
    if is_plain(ref):
        return FileResponse(ref.path, media_type="application/octet-stream", filename=name)
    folder = tempfile.TemporaryDirectory(prefix="samaritan-image-")
    path = Path(folder.name) / f"image{_ENDING}"
    try:
        await to_thread.run_sync(write_nifti, ref, path)
    except BaseException:
        folder.cleanup()
        raise
    done = BackgroundTask(folder.cleanup)
    return FileResponse(path, media_type="application/octet-stream", filename=name, background=done)


async def image_info(desk: Desk, request: Request) -> Response:
    """GET /datastore/image/info."""
    case = await to_thread.run_sync(find, desk.cases, request.query_params.get("image", ""))
    return JSONResponse(await to_thread.run_sync(about, desk, case))


def about(desk: Desk, case: CaseSummary) -> dict[str, Any]:
    """What a client is told of an image that it is to open. ``path`` is a bare name: QuPath calls the file so."""
    ref = desk.cases.image_ref(case.case)
    name = file_name(case, ref)
    told = {"name": name, "path": name, "status": case.status, "note": case.note}
    if is_plain(ref):  # 3D Slicer keeps what it has downloaded by name, and asks again where the checksum is another
        told["checksum"] = checksum(ref.path)
    return told


async def label(desk: Desk, request: Request) -> Response:
    """GET and HEAD /datastore/label: the mask by label on the image's own grid, as NIfTI, its values as :func:`numbered`."""
    name = request.query_params.get("label") or request.query_params.get("image", "")
    case = await to_thread.run_sync(find, desk.cases, name)
    if request.query_params.get("tag", FINAL) not in tags(case):
        raise RefusedError(
            404, "not-found", f"The case has no mask of that tag; it has {', '.join(tags(case)) or 'none'}."
        )
    if request.method == "HEAD":
        return Response()
    document = cast(Kept, await to_thread.run_sync(desk.parts.workspace.document, case.case))
    content = await to_thread.run_sync(_mask, document, dict(desk.cases.label_values))
    name = f'attachment; filename="{case.case}{_ENDING}"'
    return Response(content, media_type="application/octet-stream", headers={"Content-Disposition": name})


def _mask(document: Kept, labels: Mapping[str, int]) -> bytes:
    """The mask file for a client."""
    path = document.export("nifti")
    told = numbered(labels)
    if told == labels:
        return path.read_bytes()
    kept = io.read_labels(path)
    data = np.zeros_like(kept.data, np.uint16)
    for label, value in labels.items():
        data[kept.data == value] = told[label]
    with tempfile.TemporaryDirectory(prefix="samaritan-label-") as folder:
        copy = Path(folder) / f"label{_ENDING}"
        io.write_labels(LabelMap(data, kept.geometry), copy, like=document.like())
        return copy.read_bytes()


async def label_info(desk: Desk, request: Request) -> Response:
    """GET /datastore/label/info."""
    case = await to_thread.run_sync(find, desk.cases, request.query_params.get("label", ""))
    return JSONResponse({"name": case.name, "tags": tags(case), "status": case.status, "note": case.note})


async def save_label(desk: Desk, request: Request) -> Response:
    """PUT /datastore/label: the mask takes the place of the case's masks, and the case is accepted (tag "final").

    That is journaled, and one step to undo in the page.
    """
    case = await to_thread.run_sync(find, desk.cases, request.query_params.get("image", ""))
    tag = request.query_params.get("tag") or FINAL
    document = cast(Kept, await to_thread.run_sync(desk.parts.workspace.document, case.case))
    async with form_of(request) as form:
        file = form.file("label")
        if file is None:
            raise RefusedError(422, "message", "Send the mask as the file label.")
        with tempfile.TemporaryDirectory(prefix="samaritan-label-") as folder:
            path = await save(file, Path(folder), "label")
            masks = await to_thread.run_sync(read_masks, path, document.like(), form.params)
    async with desk.parts.order.of(case.case):
        await to_thread.run_sync(_replace, desk, case.case, document, masks)
        if tag == FINAL:
            await to_thread.run_sync(_commit, document, Mark(kind="mark", status="accepted"))
        await announce(desk.parts, case.case)
    kept = FINAL if tag == FINAL else ORIGINAL  # under which it can be fetched
    return JSONResponse({"image": case.case, "label": case.case, "tag": kept, "ts": int(time.time())})


def read_masks(path: Path, like: Volume, params: Mapping[str, Any]) -> dict[str, NDArray[np.bool_]]:
    """Label -> (i, j, k) bool of a mask file; names from ``label_info``, then ``label_names``, then the file's own.

    Raises:
        InputError: the file is no mask, or a value has no name.
        GeometryError: it does not lie on the image's grid.
    """
    if path.suffix == ".xml":
        return outlines.read(path, like)
    labelmap = io.read_labels(path, like=like)
    names = {**labelmap.names, **_names(params)}
    unnamed = [value for value in labelmap.labels() if value not in names]
    if unnamed:
        raise InputError(
            f"The mask has the value {unnamed[0]}, which has no name; give label_info with idx and name of each."
        )
    masks: dict[str, NDArray[np.bool_]] = {}
    for value in labelmap.labels():  # two segments of one name are both of that label
        here = labelmap.data == value
        masks[names[value]] = masks[names[value]] | here if names[value] in masks else here
    return masks


def _names(params: Mapping[str, Any]) -> dict[int, str]:
    """3D Slicer sends a list of name and idx, other clients name -> value."""
    listed, mapped = params.get("label_info"), params.get("label_names")
    pairs = (
        [(one.get("idx"), one.get("name")) for one in listed if isinstance(one, dict)]
        if isinstance(listed, list)
        else []
    )
    pairs += [(value, name) for name, value in mapped.items()] if isinstance(mapped, dict) else []
    return {value: name for value, name in reversed(pairs) if isinstance(value, int) and isinstance(name, str)}


def _replace(desk: Desk, case: str, document: Kept, masks: Mapping[str, NDArray[np.bool_]]) -> None:
    """Take the masks as if they had been proposed, in place of those that are there; what cannot be taken is refused before.

    Raises:
        UsageError: a name is none that a label can have.
        InputError: there are too many.
    """
    check_names(tuple(masks))
    objects = document.detail().objects
    added = set(masks) - {one.label for one in objects}
    if len(objects) + len(added) > MOST_OBJECTS:
        raise InputError(f"The mask holds {len(masks)} labels, and a case at most {MOST_OBJECTS} objects.")
    workspace = desk.parts.workspace
    known = {label.name for label in workspace.labels}
    for name in masks:
        if name not in known:
            workspace.add_label(NewLabel(name=name))
    cast(Proposals, workspace).set_proposal(case, masks)
    _commit(document, Propose(kind="propose", replace=True))


def _commit(document: Kept, edit: Edit) -> None:
    document.commit(EditRequest(revision=document.revision, request=secrets.token_hex(12), edit=edit))


async def not_taken(desk: Desk, _: Request) -> Response:
    """PUT /datastore/image: cases are the images of the folder."""
    folder = desk.parts.settings.folder
    raise RefusedError(
        501, "unsupported", f"Images are taken from the folder {folder!r}: put it there and start again."
    )
