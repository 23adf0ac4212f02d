"""ONNX Runtime on the processor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from samaritan.predict.runtimes._base import RUNTIMES, Encoder, Runtime

if TYPE_CHECKING:
    from torch import Tensor

    from samaritan.models._sam_network import SamNetwork


def build(network: SamNetwork, _plan: str) -> bytes:
    """The graph itself: a session optimises it within a fraction of a second."""
    from samaritan.predict.runtimes._graph import encoder_graph  # noqa: PLC0415  imports torch

    return encoder_graph(network)


def session(graph: bytes, threads: int) -> Any:
    """An inference session with so many threads."""
    import onnxruntime  # noqa: PLC0415  optional

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3  # errors; warnings are about tensors that it folds away
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def open_encoder(payload: bytes, _network: SamNetwork, _plan: str, threads: int) -> Encoder:
    """A session over the graph."""
    import torch  # noqa: PLC0415  listing runtimes must not import torch

    running = session(payload, threads)

    def encode(pixels: Tensor) -> Tensor:
        (features,) = running.run(None, {"pixels": pixels.contiguous().numpy()})
        return torch.from_numpy(features)

    return encode


RUNTIMES.add("onnxruntime", Runtime("onnxruntime", "ONNX Runtime, fp32", 2, "onnxruntime", build, open_encoder))
