"""Plans of OpenVINO: where a graph is cut."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from samaritan.core import ModelError
from samaritan.models._sam import SamSegmenter
from samaritan.predict.runtimes import openvino
from samaritan.predict.runtimes._graph import encoder_graph, parts_of, precisions_of


@pytest.mark.slow
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


@pytest.mark.slow
def test_signals_are_survived_after_models_have_come_and_gone() -> None:
    """Cores that went in another order than they came left the thread without its signal stack."""
    program = """
import faulthandler, gc, signal
faulthandler.enable()
from samaritan.predict.runtimes.openvino import core
a = core(); a.get_property("CPU", "FULL_DEVICE_NAME")
b = core(); b.get_property("CPU", "FULL_DEVICE_NAME")
del a; gc.collect()
del b; gc.collect()
signal.signal(signal.SIGTERM, lambda *_: print("survived"))
signal.raise_signal(signal.SIGTERM)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "survived\n"), done.stderr
