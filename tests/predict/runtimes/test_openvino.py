"""Plans of OpenVINO: where a graph is cut."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from samaritan.core import ModelError
from samaritan.models._sam import SamSegmenter
from samaritan.predict.runtimes import openvino
from samaritan.predict.runtimes._graph import encoder_graph, parts_of, precisions_of


def test_a_mixture_is_two_models_and_fp32_parts_are_the_whole(tiny: SamSegmenter) -> None:
    network = tiny.network
    plans = openvino.plans(network)
    assert plans[0] == "bf16"
    assert plans[-1] == "bf16>layers.3.blocks.0"
    assert [precisions_of(plan) for plan in plans[:2]] == [["bf16"], ["f32", "bf16"]]

    pixels = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        expected = network.encode(pixels)
    for plan, tolerance in (("f32", 1e-4), (plans[-1], 0.1)):
        encoder = openvino.open_encoder(openvino.build(network, plan), network, plan, 1)
        first = encoder(pixels)
        encoder(torch.zeros_like(pixels))  # must not write into the answer before
        assert (first - expected).abs().max() < tolerance * expected.abs().max()

    graph = encoder_graph(network)
    assert str(Path(__file__).parents[3]).encode() not in graph
    assert b"site-packages" not in graph
    with pytest.raises(ModelError, match="has no step nowhere"):
        parts_of(graph, "bf16>nowhere")
