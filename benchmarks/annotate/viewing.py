"""A page with nothing but the viewer (``web/test/viewer/harness``), built and served under the server's content policy."""

from __future__ import annotations

import functools
import http.server
import json
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from benchmarks.chromium import CHROMIUM
from samaritan.annotate.server.headers import HEADERS

WEB = Path(__file__).parents[2] / "web"
HARNESS = WEB / "test" / "viewer" / "harness"


def missing() -> str | None:
    """What the page cannot be built or shown without, in words."""
    if CHROMIUM is None:
        return "there is no chromium on this machine"
    if not _vite().exists():
        return "the page's packages are not installed; run npm ci in web/"
    return None


class Site:
    """The page on this machine's loopback, until the ``with`` block ends.

    Args:
        folder: an empty one, for the built page and its cases.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cases = folder / "cases"

    def __enter__(self) -> Site:
        command = [str(_vite()), "build", str(HARNESS), "--config", str(HARNESS / "vite.config.ts")]
        subprocess.run([*command, "--outDir", str(self.folder)], check=True, cwd=WEB, capture_output=True)
        self.cases.mkdir()
        handler = functools.partial(_Handler, directory=str(self.folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def url(self, viewer: str) -> str:
        """Of the page with the viewer "niivue" or "canvas", or with the one that it chooses ("")."""
        return f"http://127.0.0.1:{self._server.server_port}/index.html?viewer={viewer}"


def write_case(
    folder: Path,
    name: str,
    voxels: NDArray[Any],
    affine: NDArray[Any],
    labels: NDArray[np.uint8] | None = None,
    **words: Any,
) -> None:
    """Write what the page's ``harness.open(name)`` reads.

    Args:
        folder: :attr:`Site.cases`.
        name: of the case.
        voxels: (i, j, k), or (i, j, k, 3) uint8 colours, on the shown grid.
        affine: (4, 4), voxel centre -> RAS+ mm.
        labels: (i, j, k) object numbers; none where left out.
        words: fields of the page's ``Picture`` that differ from a volume in mm with the axial plane.
    """
    if voxels.ndim == 4:
        voxels = np.ascontiguousarray(voxels).view([(c, np.uint8) for c in "RGB"])[..., 0]
    image = nibabel.Nifti1Image(voxels, affine)  # type: ignore[no-untyped-call]
    image.to_filename(folder / f"{name}.nii")
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    about = {"shape": voxels.shape, "affine": affine.tolist(), "spacing": spacing.tolist()}
    about |= {"unit": "mm", "colour": voxels.dtype.fields is not None, "plane": "axial"} | words
    (folder / f"{name}.json").write_text(json.dumps(about))
    labels = np.zeros(voxels.shape, np.uint8) if labels is None else labels
    (folder / f"{name}.labels").write_bytes(labels.tobytes(order="F"))


def _vite() -> Path:
    return WEB / "node_modules" / ".bin" / "vite"


class _Handler(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        pass
