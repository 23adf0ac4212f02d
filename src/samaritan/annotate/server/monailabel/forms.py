"""Multipart forms, in and out, as MONAI Label's clients write and read them."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyio import to_thread
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from samaritan.annotate.server.refusal import RefusedError
from samaritan.core import FormatError, InputError

#: Files and fields of one form; clients send one of each, a DICOM series one file for each slice.
MOST_FILES = 2000
MOST_FIELDS = 20

#: Endings that an uploaded file may have, the longest first; its name is used for nothing else.
_ENDINGS = (
    ".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".mha", ".dcm", ".png", ".jpeg", ".jpg", ".bmp", ".tiff", ".tif", ".xml",
)  # fmt: skip

_COPIED = 1 << 20


@dataclass(frozen=True, eq=False)
class Form:
    """A request's form.

    Attributes:
        params: the field ``params`` (or ``wsi``), parsed.
        files: by the name of their field, in order.
    """

    params: Mapping[str, Any]
    files: tuple[tuple[str, UploadFile], ...]

    def file(self, name: str) -> UploadFile | None:
        """The first file of that field."""
        return next((file for field, file in self.files if field == name), None)


@asynccontextmanager
async def form_of(request: Request) -> AsyncIterator[Form]:
    """A request's form, or what stands in its place: JSON alone, or nothing. Temporary files go with it.

    Raises:
        RefusedError: 400; the form is damaged or has too many parts. 422; the parameters are no JSON object.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        yield Form(parameters(await request.body()), ())
        return
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS)
    except HTTPException as error:
        raise RefusedError(400, "message", f"The form cannot be read: {error.detail}") from error
    try:
        yield _form(form)
    finally:
        await form.close()


def _form(form: FormData) -> Form:
    text = form.get("params") or form.get("wsi") or "{}"
    files = tuple((name, value) for name, value in form.multi_items() if isinstance(value, UploadFile))
    return Form(parameters(text if isinstance(text, str) else b""), files)


def parameters(text: str | bytes) -> Mapping[str, Any]:
    """A JSON object.

    Raises:
        RefusedError: 422; it is something else.
    """
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise RefusedError(422, "message", "The parameters must be a JSON object.")
    return found


async def save(file: UploadFile, folder: Path, stem: str) -> Path:
    """Write an uploaded file into ``folder`` as ``stem`` and its own ending.

    Raises:
        FormatError: no image or mask has such an ending.
    """
    path = folder / f"{stem}{ending_of(file.filename or '')}"
    with path.open("wb") as target:
        while content := await file.read(_COPIED):
            await to_thread.run_sync(target.write, content)
    return path


def ending_of(name: str) -> str:
    """The ending of a file's name; ``.nii.gz`` where it has no name.

    Raises:
        FormatError: no image or mask has such an ending.
    """
    if not name:
        return ".nii.gz"
    for ending in _ENDINGS:
        if name.lower().endswith(ending):
            return ".nrrd" if ending == ".seg.nrrd" else ending
    raise FormatError(f"A file with that ending cannot be used; send one of {', '.join(_ENDINGS)}.")


def result_ending(params: Mapping[str, Any]) -> str:
    """The ending that a client wishes for a mask: NIfTI where it says nothing.

    Raises:
        InputError: no such format is written.
    """
    wished = params.get("result_extension") or ".nii.gz"
    if wished in {".nrrd", ".seg.nrrd"}:
        return ".nrrd"
    if wished in {".nii.gz", ".nii"}:
        return str(wished)
    raise InputError("The mask can be answered as .nii.gz, .nii or .nrrd (result_extension).")


def answer(params: Mapping[str, Any], name: str, content: bytes) -> Response:
    """Parameters and a mask in one body. MITK needs the parts in this order, and the content type as a part's last header."""
    boundary = secrets.token_hex(16)
    body = b"".join(
        (
            f'--{boundary}\r\nContent-Disposition: form-data; name="params"\r\n'.encode(),
            b"Content-Type: application/json\r\n\r\n",
            json.dumps(params).encode(),
            f'\r\n--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="{name}"\r\n'.encode(),
            b"Content-Type: application/octet-stream\r\n\r\n",
            content,
            f"\r\n--{boundary}--\r\n".encode(),
        )
    )
    return Response(body, headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
