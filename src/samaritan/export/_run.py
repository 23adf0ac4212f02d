"""Run the graphs of a folder as its users do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from samaritan.export._graphs import ENDINGS, Target
from samaritan.predict.runtimes.onnxruntime import session
from samaritan.predict.runtimes.openvino import core

Array = NDArray[Any]

#: Named arrays -> the graph's outputs.
Graph = Callable[[dict[str, Array]], list[Array]]


class Graphs(NamedTuple):
    """Both graphs of a folder on one runtime."""

    runtime: str
    encoder: Graph
    decoder: Graph

    def encode(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """(1, 3, side, side) -> (1, hidden, cells, cells)."""
        return self.encoder({"pixels": pixels})[0]

    def decode(self, features: Array, points: Array, labels: Array) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Logits (n, 1, grid, grid) and quality (n, 1)."""
        logits, quality = self.decoder({"features": features, "points": points, "labels": labels})
        return logits, quality


def open_graphs(folder: Path, to: Target, threads: int) -> Iterator[Graphs]:
    """The folder's graphs on every runtime of this machine that reads them."""
    if to == "onnx" and find_spec("onnxruntime"):
        yield Graphs(
            "onnxruntime", *(_onnxruntime(folder / f"{name}.onnx", threads) for name in ("encoder", "decoder"))
        )
    if find_spec("openvino"):
        paths = [folder / f"{name}{ENDINGS[to]}" for name in ("encoder", "decoder")]
        yield Graphs("openvino", *(_openvino(path, threads) for path in paths))


def _onnxruntime(path: Path, threads: int) -> Graph:
    running = session(path.read_bytes(), threads)
    return lambda arrays: list(running.run(None, arrays))


def _openvino(path: Path, threads: int) -> Graph:
    # without the hint processors with bf16 compute in it, and masks change
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads}
    compiled = core().compile_model(path, "CPU", settings)
    return lambda arrays: [np.array(found) for found in compiled(arrays).values()]
