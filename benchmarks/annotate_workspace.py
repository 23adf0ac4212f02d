"""What an edit costs on a large volume, without the model: opening, the slice edits, undo, saving, and a journal of many edits.

Usage: python benchmarks/annotate_workspace.py [--shape 512,512,400] [--edits 1000] [--folder DIR]

A made-up int16 volume is written to DIR (a temporary folder otherwise) and annotated with made-up answers. Prints a table of
milliseconds and the peak of memory. Times depend on the machine and on what else it does; the table says which CPU it was.
"""

from __future__ import annotations

import argparse
import platform
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from numpy.typing import NDArray

from samaritan.annotate.engine.requests import SliceAnswer, VolumeAnswer
from samaritan.annotate.messages import AddObject, Ask, EditRequest, Paint, Point, Prompts, Propagate, Redo, Undo
from samaritan.annotate.workspace import Document, Workspace


class Bench:
    """One volume and what is done to it."""

    def __init__(self, folder: Path, shape: tuple[int, int, int]) -> None:
        self.folder, self.shape, self.count = folder, shape, 0
        self.rows: list[tuple[str, float]] = []
        grids = np.ogrid[tuple(slice(0, size) for size in shape)]
        self.blob = sum(((grid - size / 2) / (size / 3)) ** 2 for grid, size in zip(grids, shape, strict=True)) < 1
        self.affine = np.diag([-0.7, -0.7, 1.0, 1.0])

    def timed(self, what: str, call: Callable[[], Any]) -> Any:
        """Call, and keep how long it took."""
        start = time.perf_counter()
        result = call()
        self.rows.append((what, (time.perf_counter() - start) * 1000))
        return result

    def volume(self) -> None:
        """Write the image."""
        data = np.random.default_rng(0).normal(0, 30, self.shape).astype(np.int16) + 100 * self.blob.astype(np.int16)
        (self.folder / "in").mkdir(exist_ok=True)
        image: Any = nibabel.Nifti1Image
        nibabel.save(image(data, self.affine), self.folder / "in" / "volume.nii")

    def open(self) -> tuple[Workspace, Document]:
        """The project and its only case."""
        workspace = Workspace(self.folder / "in", self.folder / "out", ("organ",))
        return workspace, workspace.document(workspace.summaries()[0].case)

    def do(self, document: Document, edit: Any, answer: Any = None) -> Any:
        """One edit, as the server does it."""
        self.count += 1
        request = EditRequest(revision=document.revision, request=f"request-{self.count}", edit=edit)
        return document.commit(request, answer)

    def mm(self, *ijk: float) -> tuple[float, float, float]:
        """Where a voxel lies."""
        x, y, z = (self.affine @ [*ijk, 1])[:3].tolist()
        return x, y, z

    def slices(self, document: Document) -> None:
        """One ask, one stroke, undo and redo in every plane."""
        middle = [size // 2 for size in self.shape]
        for plane, axis in (("axial", 2), ("coronal", 1), ("sagittal", 0)):
            prompts = Prompts(points=(Point(at=self.mm(*middle)),))
            ask = Ask(kind="ask", object=1, plane=plane, prompts=prompts)  # type: ignore[arg-type]
            question: Any = self.timed(f"{plane}: question", lambda ask=ask: document.question(ask))
            mask = np.ascontiguousarray(np.take(self.blob, middle[axis], axis=axis))
            answer = SliceAnswer((mask if axis == 2 else mask[:, ::-1],), (0.9,), encoded=True, seconds=0.1)
            self.timed(f"{plane}: ask", lambda ask=ask, answer=answer: self.do(document, ask, answer))
            end = [place + 40 * (other != axis) for other, place in enumerate(middle)]
            path = (self.mm(*middle), self.mm(*end))
            stroke = Paint(kind="paint", object=1, plane=question.plane, path=path, radius=8, erase=True)
            self.timed(f"{plane}: stroke", lambda stroke=stroke: self.do(document, stroke))
            self.timed(f"{plane}: undo", lambda: self.do(document, Undo(kind="undo")))
            self.timed(f"{plane}: redo", lambda: self.do(document, Redo(kind="redo")))

    def whole(self, document: Document) -> None:
        """The whole volume at once, and what is written of it."""
        masks: dict[int, NDArray[np.bool_]] = {
            k: np.ascontiguousarray(self.blob[:, :, k]) for k in range(self.shape[2]) if self.blob[:, :, k].any()
        }
        edit = Propagate(kind="propagate", object=1, plane="axial")
        self.timed("propagate", lambda: self.do(document, edit, VolumeAnswer(masks, {}, (), 0.1)))
        self.timed("propagate: undo", lambda: self.do(document, Undo(kind="undo")))
        self.timed("propagate: redo", lambda: self.do(document, Redo(kind="redo")))
        self.timed("label bytes", document.label_bytes)
        self.timed("save the mask, compressed", document.save)

    def many(self, document: Document, edits: int) -> None:
        """Small strokes all over the volume."""
        rng = np.random.default_rng(1)
        start = time.perf_counter()
        for _ in range(edits):
            at = self.mm(*(int(rng.integers(0, size)) for size in self.shape))
            self.do(document, Paint(kind="paint", object=1, plane="axial", path=(at,), radius=6, erase=True))
        self.rows.append((f"stroke, mean of {edits}", (time.perf_counter() - start) * 1000 / max(edits, 1)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shape", default="512,512,400", help="voxels along i, j, k")
    parser.add_argument("--edits", type=int, default=1000, help="strokes in the long journal")
    parser.add_argument("--folder", type=Path, help="where to work; it must be empty")
    options = parser.parse_args()
    i, j, k = (int(size) for size in options.shape.split(","))
    with tempfile.TemporaryDirectory() as temporary:
        bench = Bench(options.folder or Path(temporary), (i, j, k))
        bench.volume()
        workspace, document = bench.timed("open", bench.open)
        bench.do(document, AddObject(kind="add-object", label="organ"))
        bench.slices(document)
        bench.whole(document)
        bench.many(document, options.edits)
        journal = sum(path.stat().st_size for path in (bench.folder / "out" / "journal").iterdir())
        bench.timed("close", workspace.close)
        workspace, _ = bench.timed("open again, from the snapshot", bench.open)
        workspace.close()
        for snapshot in (bench.folder / "out" / ".samaritan" / "snapshots").rglob("*.safetensors"):
            snapshot.unlink()
        workspace, _ = bench.timed("open again, from the journal alone", bench.open)
        workspace.close()
    print(f"{i} x {j} x {k} int16, {platform.processor() or platform.machine()}, Python {platform.python_version()}")
    print("| what | ms |\n|---|---:|")
    for what, milliseconds in bench.rows:
        print(f"| {what} | {milliseconds:.1f} |")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"\npeak memory {peak:.2f} GiB; journal {journal / 2**20:.1f} MiB after {bench.count} edits")


if __name__ == "__main__":
    main()
