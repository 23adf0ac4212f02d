"""Masks: of a slice or a volume from points and boxes, or of a whole case by an adapted model."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from samaritan import io
from samaritan.annotate.engine.requests import CaseQuestion, ChainEnd
from samaritan.annotate.server.monailabel import outlines
from samaritan.annotate.server.monailabel import said as protocol
from samaritan.annotate.server.monailabel.desk import Desk, Mode, Proposing
from samaritan.annotate.server.monailabel.forms import Form, answer, form_of, result_ending, save
from samaritan.annotate.server.monailabel.images import Target, target_of
from samaritan.annotate.server.refusal import RefusedError
from samaritan.core import InputError, LabelMap, UsageError

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Found:
    """A mask on the image's own grid, and what to say about it."""

    labelmap: LabelMap
    params: Mapping[str, Any]


async def infer(desk: Desk, request: Request) -> Response:
    """POST /infer/{model}: the mask as multipart beside its parameters, or alone where ``output`` says so."""
    mode = desk.mode(request.path_params["model"])
    async with form_of(request) as form:
        if form.file("label") is not None:
            raise InputError(
                "Masks are asked for with points and boxes (foreground, background, roi), not with scribbles."
            )
        target = await asked_about(desk, request, form)
        params = dict(form.params)
    ending = ".dcm" if request.query_params.get("output") == "dicom_seg" else result_ending(params)
    found = await found_by(desk, mode, target, params)
    if request.query_params.get("output") == "json":
        return JSONResponse(dict(found.params))
    content = await to_thread.run_sync(written, found.labelmap, target, ending)
    name = f"mask-{secrets.token_hex(6)}{ending}"  # clients keep it under this name in a folder that they share
    if request.query_params.get("output") in {"image", "dicom_seg"}:
        kind = "application/dicom" if ending == ".dcm" else "application/octet-stream"
        return Response(content, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
    return answer(found.params, name, content)


async def outlined(desk: Desk, request: Request) -> Response:
    """POST /infer/wsi/{model} and /infer/wsi_v2/{model}: outlines for QuPath, from its clicks and rectangle."""
    mode = desk.mode(request.path_params["model"])
    if request.query_params.get("output", "asap") != "asap":
        raise InputError("Outlines are answered in the form of ASAP (output=asap).")
    async with form_of(request) as form:
        target = await asked_about(desk, request, form)
        params, smallest = outlines.prompts(form.params), form.params.get("min_poly_area")
    outlines.picture_of(target.like)
    labels = {label.name: label.colour for label in desk.parts.workspace.labels}
    params.setdefault("label", next(iter(labels), "object"))
    found = await found_by(desk, mode, target, params)
    [(name, value)] = dict(found.params["label_names"]).items()
    least = float(smallest) if isinstance(smallest, int | float) else 0.0
    mask = found.labelmap.data[:, :, 0] == value
    content = await to_thread.run_sync(outlines.write, mask, name, labels.get(name, "#ffb000"), least)
    return Response(content, media_type="application/xml")


async def asked_about(desk: Desk, request: Request, form: Form) -> Target:
    """The image of a request: of a session, sent with it, or one of the cases.

    Raises:
        RefusedError: 404, there is none such; 422, none is named.
    """
    session, image = request.query_params.get("session_id"), request.query_params.get("image")
    if session:
        kept = await to_thread.run_sync(desk.sessions.get, session)
        if kept is None:
            raise RefusedError(404, "not-found", "There is no such session any more; make another one.")
        return kept
    if (file := form.file("file")) is not None:
        return await sent(desk, file)
    if not image:
        raise RefusedError(422, "message", "Name an image or a session, or send a file.")
    return await to_thread.run_sync(target_of, desk.cases, image)


async def sent(desk: Desk, file: UploadFile) -> Target:
    """An image that comes with a question: kept under its content's name, since the next click brings it again."""
    digest = hashlib.sha256()
    while content := await file.read(1 << 20):
        digest.update(content)
    await file.seek(0)
    name = f"file-{digest.hexdigest()[:32]}"
    kept = await to_thread.run_sync(desk.sessions.get, name)
    if kept is not None:
        return kept
    await _keep(desk, [file], name)
    kept = await to_thread.run_sync(desk.sessions.get, name)
    assert kept is not None  # noqa: S101 - it was used a moment ago
    return kept


async def _keep(desk: Desk, files: Sequence[UploadFile], name: str | None = None) -> str:
    """Write one image, or the files of a series, and make a session of it; returns the session's id."""
    folder = await to_thread.run_sync(desk.sessions.folder)
    try:
        place = folder / "image"
        place.mkdir()
        paths = [await save(file, place, f"image-{number:05d}") for number, file in enumerate(files)]
        return await to_thread.run_sync(desk.sessions.add, paths[0] if len(paths) == 1 else place, folder, name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


async def found_by(desk: Desk, mode: Mode, target: Target, params: Mapping[str, Any]) -> Found:
    """Ask the model; raises as the engine, and PromptError or UsageError for what cannot be asked."""
    started = time.perf_counter()
    if mode == "auto":
        found = await _proposed(desk, target)
    else:
        told = protocol.read(params)
        _check_taught(desk, told)
        lane = f"monai-label/{str(params.get('client_id'))[:64]}/{target.ref.key}"
        ask = _slice if mode == "slice" else _volume
        mask, about = await ask(desk, target, told, lane)
        labelmap = LabelMap(mask.astype(np.uint8), target.like.geometry, {1: told.label})
        found = Found(labelmap, {"label_names": {told.label: 1}, **about})
    return Found(found.labelmap, {**found.params, "latencies": {"total": round(time.perf_counter() - started, 3)}})


def _check_taught(desk: Desk, told: protocol.Said) -> None:
    """A model that was taught boxes alone answers a click with nothing, or with anything.

    Raises:
        UsageError: there are clicks and no box.
    """
    state = desk.parts.engine.state
    if told.roi is None and len(told.points) and "points" not in state.prompts:
        raise UsageError(
            f"{state.name} was taught with {' and '.join(state.prompts)}, not with points: add a box (roi), or start "
            "samaritan annotate with a model that takes points (samaritan models)."
        )


async def _slice(desk: Desk, target: Target, told: protocol.Said, lane: str) -> tuple[Mask, dict[str, Any]]:
    geometry = target.like.geometry
    question = protocol.slice_question(told, target.ref, geometry, lane)
    got = await desk.parts.engine.ask(question)
    mask = np.zeros(geometry.shape, bool)
    protocol.stack(geometry).insert(mask, question.index, got.masks[0])
    return mask, {"slice": question.index, "quality": [round(value, 4) for value in got.qualities]}


async def _volume(desk: Desk, target: Target, told: protocol.Said, lane: str) -> tuple[Mask, dict[str, Any]]:
    """Propagate; slices that were told what does not belong to the object are then corrected, and propagated from."""
    geometry, engine = target.like.geometry, desk.parts.engine
    view = protocol.stack(geometry)
    question = protocol.volume_question(told, target.ref, geometry, lane)
    got = await engine.propagate(question, _nobody)
    fixed = {}
    for index in protocol.said_slices(told, positive=False):
        mask = got.masks.get(index)
        if mask is not None:
            asked = protocol.correction(told, question, geometry, index, mask)
            fixed[index] = (await engine.ask(asked)).masks[0]
    if fixed:
        got = await engine.propagate(protocol.with_fixed(question, fixed), _nobody)
    volume = np.zeros(geometry.shape, bool)
    for index, mask in got.masks.items():
        view.insert(volume, index, mask)
    return volume, {"slices": len(got.masks), "stops": [_sentence(end) for end in got.stops]}


def _sentence(end: ChainEnd) -> str:
    """Slices as the client counts them, along k of its file."""
    return f"{'Up' if end.step > 0 else 'Down'} from slice {end.start} to {end.last}: {end.reason}."


async def _proposed(desk: Desk, target: Target) -> Found:
    names = tuple(label.name for label in desk.parts.workspace.labels)
    question = CaseQuestion(target.ref, names, repeats=1, lane=f"monai-label/{target.ref.key}")
    got = await cast(Proposing, desk.parts.engine).propose(question)
    data = np.zeros(target.like.geometry.shape, np.uint8)
    values = {name: value for value, name in enumerate(got.masks, start=1)}
    for name, mask in got.masks.items():
        data[mask & (data == 0)] = values[name]
    labelmap = LabelMap(data, target.like.geometry, {value: name for name, value in values.items()})
    return Found(labelmap, {"label_names": values, "uncertainty": round(got.uncertainty, 4)})


def _nobody(done: int, total: int) -> None:
    """Clients of the protocol wait for the answer and ask for no progress."""


def written(labelmap: LabelMap, target: Target, ending: str) -> bytes:
    """The mask as a file of that ending, on the image's own grid; raises as :func:`samaritan.io.write_labels`."""
    with tempfile.TemporaryDirectory(prefix="samaritan-mask-") as folder:
        path = Path(folder) / f"mask{ending}"
        io.write_labels(labelmap, path, like=target.like)
        return path.read_bytes()


async def make_session(desk: Desk, request: Request) -> Response:
    """PUT /session/: keep the image that is sent, one file or those of a series, until nobody asks about it any more."""
    async with form_of(request) as form:
        if not form.files:
            raise RefusedError(422, "message", "Send the image as one file, or a series as several.")
        name = await _keep(desk, [file for _, file in form.files])
    return JSONResponse({"session_id": name, "session_info": desk.sessions.about(name)})


async def get_session(desk: Desk, request: Request) -> Response:
    """GET /session/{id}."""
    about = await to_thread.run_sync(desk.sessions.about, request.path_params["session"])
    if about is None:
        raise RefusedError(404, "not-found", "There is no such session any more; make another one.")
    if request.query_params.get("update_ts", "").lower() == "true":
        desk.sessions.get(request.path_params["session"])
    return JSONResponse(about)


async def remove_session(desk: Desk, request: Request) -> Response:
    """DELETE /session/{id}."""
    about = desk.sessions.about(request.path_params["session"])
    with suppress(OSError):
        await to_thread.run_sync(desk.sessions.remove, request.path_params["session"])
    return JSONResponse(about or {})
