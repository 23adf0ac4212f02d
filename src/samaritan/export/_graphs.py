"""The prompt encoder and the mask decoder as one graph, and both graphs as files."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from samaritan.models._prompt_tensors import PromptTensors
from samaritan.models._sam_network import SamNetwork
from samaritan.predict.runtimes._graph import encoder_graph, export_onnx, strip
from samaritan.predict.runtimes.openvino import core

Target = Literal["onnx", "openvino"]

#: What a folder is written for -> ending of its graphs, and the packages that writing and checking them takes.
ENDINGS: dict[Target, str] = {"onnx": ".onnx", "openvino": ".xml"}
PACKAGES: dict[Target, tuple[str, ...]] = {
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "openvino": ("onnx", "onnxscript", "openvino"),
}

#: Labels of the points as in segment-anything, and what they mean.
LABELS = {
    "-1": "no point: exactly one at (0, 0) where a prompt has no box, none where it has one",
    "0": "background",
    "1": "target",
    "2": "lower corner of a box (smallest x and y)",
    "3": "upper corner of a box (largest x and y)",
}


def decoder_graph(network: SamNetwork) -> bytes:
    """Prompt encoder and mask decoder as ONNX, for any number n of prompts with k points each.

    Inputs "features" (1, channel, cells, cells), "points" (n, k, 2) float32 x, y in the network's square and "labels" (n, k)
    int64, see :data:`LABELS`; outputs "logits" (n, 1, grid, grid) and "quality" (n, 1), the estimated IoU.

    Raises:
        ModelError: an operator of it cannot be written, or the packages that write it are missing.
    """

    def decode(features: Tensor, points: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        network.asked = PromptTensors(points[:, None], labels[:, None])  # adaptations may look at the prompts
        network.sparse = sparse = network.prompt_encoder.tokens(points[:, None], labels[:, None])
        try:
            low_res, quality = network.mask_decoder(
                image_embeddings=features.expand(points.shape[0], -1, -1, -1),
                image_positional_embeddings=network.position_grid,
                sparse_prompt_embeddings=sparse,
                dense_prompt_embeddings=network.empty.reshape(1, -1, 1, 1),
                multimask_output=False,
            )
        finally:
            network.asked = network.sparse = None
        return low_res[:, 0], quality[:, 0]

    # sizes of 0 and 1 are what an exporter takes for constants
    features = torch.zeros(1, network.channels, network.cells, network.cells)
    example = (features, torch.ones(3, 2, 2), torch.tensor([[2, 3]] * 3))
    prompts = {0: torch.export.Dim("n"), 1: torch.export.Dim("k")}
    names = ["features", "points", "labels"], ["logits", "quality"]
    model = export_onnx(decode, example, *names, parent=network, dynamic=(({}, prompts, prompts),))
    strip(model)
    return bytes(model.SerializeToString())


def write_graphs(network: SamNetwork, folder: Path, to: Target) -> None:
    """Write ``encoder`` and ``decoder`` into a folder, single precision.

    Raises:
        ModelError: as :func:`decoder_graph`.
    """
    for name, graph in (("encoder", encoder_graph(network)), ("decoder", decoder_graph(network))):
        path = folder / f"{name}{ENDINGS[to]}"
        if to == "onnx":
            path.write_bytes(graph)
        else:
            import openvino  # noqa: PLC0415  optional

            openvino.save_model(core().read_model(graph), path, compress_to_fp16=False)
