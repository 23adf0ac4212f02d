"""OpenVINO on the processor: fp32, and mixtures with bf16 for ``--fast``.

A plan is "f32", "bf16", or "bf16>STEP": fp32 up to and with a step of the encoder (:func:`samaritan.models._anatomy.steps`) and
bf16 behind it. Each part is a compiled model of its own: the plugin has no precision for single nodes.
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING, Any

from samaritan.predict.runtimes._base import RUNTIMES, Encoder, Runtime

if TYPE_CHECKING:
    from torch import Tensor

    from samaritan.models._sam_network import SamNetwork

#: Shares of the encoder's steps that stay fp32 in the mixtures. In LiteMedSAM errors of the first and the third stage move
#: masks most (docs/decisions/0011), so bf16 goes to the end; behind the last of these there is nothing to be gained.
SHARES = (0.5, 0.75, 0.85, 0.9)

_LENGTH = struct.Struct("<Q")


def plans(network: SamNetwork) -> list[str]:
    """bf16 everywhere, and behind a share of the steps."""
    from samaritan.models._anatomy import steps  # noqa: PLC0415  imports torch

    names = [path.removeprefix("image_encoder.") for path, _ in steps(network)]
    if len(names) < 2:
        return ["bf16"]
    last = len(names) - 1  # something is left behind the cut
    ends = [names[min(max(1, round(share * len(names))), last) - 1] for share in SHARES]
    return list(dict.fromkeys(["bf16", *(f"bf16>{end}" for end in ends)]))


def build(network: SamNetwork, plan: str) -> bytes:
    """Compiled models, one behind the other, each after its length."""
    from samaritan.predict.runtimes._graph import encoder_graph, parts_of  # noqa: PLC0415  imports torch

    packed = b""
    for graph, precision in parts_of(encoder_graph(network), plan):
        compiled = core().compile_model(core().read_model(graph), "CPU", _settings(precision, 0))
        blob = compiled.export_model().getvalue()
        packed += _LENGTH.pack(len(blob)) + blob
    return packed


def open_encoder(payload: bytes, _network: SamNetwork, plan: str, threads: int) -> Encoder:
    """A request for each part; its output is copied, since the next picture overwrites it."""
    import torch  # noqa: PLC0415  listing runtimes must not import torch

    from samaritan.predict.runtimes._graph import precisions_of  # noqa: PLC0415  imports torch

    chain = [
        core().import_model(part, "CPU", _settings(precision, threads)).create_infer_request()
        for part, precision in zip(_unpack(payload), precisions_of(plan), strict=True)
    ]

    def encode(pixels: Tensor) -> Tensor:
        features = pixels.contiguous().numpy()
        for request in chain:
            features = request.infer([features], share_inputs=True, share_outputs=True)[0]
        return torch.from_numpy(features.copy())

    return encode


@cache
def core() -> Any:
    """One for the process, never given up.

    Each plugin puts a signal stack in place of the one before and puts that one back when it goes. Where a first one goes
    before a second, the thread is left with a stack that is no longer mapped, and the next Ctrl-C ends in a segmentation fault.
    """
    import openvino  # noqa: PLC0415  optional

    return openvino.Core()


def _settings(precision: str, threads: int) -> dict[str, Any]:
    """One stream; ``threads`` 0 leaves their number open."""
    hints: dict[str, Any] = {"INFERENCE_PRECISION_HINT": precision, "NUM_STREAMS": 1}
    return hints | ({"INFERENCE_NUM_THREADS": threads} if threads else {})


def _unpack(payload: bytes) -> list[bytes]:
    parts, at = [], 0
    while at < len(payload):
        (length,) = _LENGTH.unpack_from(payload, at)
        at += _LENGTH.size
        parts.append(payload[at : at + length])
        at += length
    return parts


RUNTIMES.add(
    "openvino", Runtime("openvino", "OpenVINO, fp32 or with bf16 parts", 1, "openvino", build, open_encoder, plans)
)
