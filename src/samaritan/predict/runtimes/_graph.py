"""The encoder as an ONNX graph: what can be one, what it is known by, and cutting it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from samaritan.core import ModelError, SamaritanError
from samaritan.models._anatomy import steps
from samaritan.models._sam_network import SamNetwork
from samaritan.models._weights import tensors_sha256

#: Version of what this file makes; part of every key.
VERSION = 1

#: Of the operators; what both runtimes read since years.
OPSET = 18

#: Modules of these packages compute what their class and tensors say, and nothing else.
_PLAIN = ("torch.", "transformers.", "samaritan.models.")

#: The graph that was written last, by fingerprint: several runtimes and plans are made from one.
_written: dict[str, bytes] = {}


def obstacle(network: SamNetwork) -> str | None:
    """Why the encoder cannot be a static graph of one picture, as the end of a sentence; None where it can."""
    if network.position_grid.device.type != "cpu":
        return f"the model runs on {network.position_grid.device}"
    if network.stack > 1:
        return f"{network.adaptation} looks at {network.stack} slices together"
    if any(module._forward_hooks or module._forward_pre_hooks for module in network.image_encoder.modules()):
        who = network.adaptation or "something"
        return f"{who} listens to the encoder while it runs"
    return None


def fingerprint(network: SamNetwork) -> str:
    """Hash of the function that the encoder computes: its tensors, its modules, and the settings of what is attached.

    Adaptations that leave the encoder alone, or are folded into it, need no settings and share what is prepared.
    """
    encoder = network.image_encoder
    classes = [(path, f"{type(m).__module__}.{type(m).__qualname__}") for path, m in encoder.named_modules()]
    plain = all(name.startswith(_PLAIN) for _, name in classes)
    said = [VERSION, torch.__version__, classes, None if plain else network.encoder_recipe]
    buffers = {f"buffer.{name}": tensor for name, tensor in encoder.named_buffers()}
    said.append(tensors_sha256({**encoder.state_dict(), **buffers}))
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def stamp(network: SamNetwork) -> int:
    """A number that changes when somebody changes, replaces or listens to a part of the encoder; costs no reading."""
    encoder = network.image_encoder
    tensors = [(id(t), t._version) for t in (*encoder.parameters(), *encoder.buffers()) if not t.is_inference()]
    hooks = [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in encoder.modules()]
    return hash((tuple(tensors), tuple(hooks), network.stack, network.adaptation))


def encoder_graph(network: SamNetwork) -> bytes:
    """The encoder as ONNX: input "pixels" (1, 3, side, side), output "features" (1, hidden, cells, cells).

    Raises:
        ModelError: an operator of it cannot be written, or the packages that write it are missing.
    """
    mark = fingerprint(network)
    if mark in _written:
        return _written[mark]
    side = int(network.prompt_encoder.input_image_size)
    pixels = torch.zeros(1, 3, side, side)
    model = export_onnx(network.encode, (pixels,), ["pixels"], ["features"], parent=network)
    _keep_boundaries(model, network)
    _written.clear()
    _written[mark] = bytes(model.SerializeToString())
    return _written[mark]


def export_onnx(
    function: Callable[..., Any],
    inputs: tuple[Tensor, ...],
    input_names: list[str],
    output_names: list[str],
    *,
    parent: nn.Module,
    dynamic: Any = None,
) -> Any:
    """A function of tensors as an onnx.ModelProto.

    Args:
        function: what is written; its weights are those of ``parent``.
        inputs: an example.
        input_names: their names.
        output_names: of what it gives.
        parent: the module that owns the weights.
        dynamic: as ``dynamic_shapes`` of torch.onnx.export.

    Raises:
        ModelError: an operator of it cannot be written, or the packages that write it are missing.
    """
    try:
        with _quiet(), torch.no_grad():
            program = torch.onnx.export(
                _Module(function, parent).eval(), inputs, dynamo=True, opset_version=OPSET, input_names=input_names,
                output_names=output_names, dynamic_shapes=dynamic, verbose=False,
            )  # fmt: skip
    except SamaritanError:
        raise
    except ImportError as error:
        raise ModelError(f"Writing a graph needs {error.name}; run pip install 'samaritan[fast]'.") from error
    except Exception as error:
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise ModelError(f"The network cannot be written as a graph ({type(error).__name__}: {reason}).") from error
    assert program is not None  # noqa: S101  for mypy: without a file name it returns the program
    return program.model_proto


class _Module(nn.Module):
    def __init__(self, function: Callable[..., Any], parent: nn.Module) -> None:
        super().__init__()
        self.network = parent
        self._function = function

    def forward(self, *inputs: Tensor) -> Any:
        with _PlainAttention():
            return self._function(*inputs)


class _PlainAttention(TorchFunctionMode):
    """Writes attention as two products and a softmax: the fused kernel's memory order breaks views behind it."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is not functional.scaled_dot_product_attention:
            return func(*args, **kwargs)
        query, key, value = args[:3]
        scores = (query * (kwargs.get("scale") or query.shape[-1] ** -0.5)) @ key.transpose(-2, -1)
        mask = kwargs.get("attn_mask")
        return torch.softmax(scores if mask is None else scores + mask, dim=-1) @ value


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's progress lines, and its warnings about packages that we do not want."""
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _keep_boundaries(model: Any, network: SamNetwork) -> None:
    """Note where each step of the encoder ends, and remove the exporter's notes, which hold paths of this machine."""
    ends: dict[str, str] = {}
    for path, _ in steps(network):
        for node in model.graph.node:
            notes = {note.key: note.value for note in node.metadata_props}
            scopes = notes.get("pkg.torch.onnx.name_scopes", "")
            if f"'network.{path}'" in scopes:
                ends[path.removeprefix("image_encoder.")] = node.output[0]
    strip(model)
    model.metadata_props.add(key="steps", value=json.dumps(ends))


def strip(model: Any) -> None:
    """Remove the exporter's notes from a graph."""
    for item in (model, model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer,
                 *model.graph.input, *model.graph.output):  # fmt: skip
        del item.metadata_props[:]
        if hasattr(item, "doc_string"):
            item.doc_string = ""


def precisions_of(plan: str) -> list[str]:
    """Precision of each part: of "f32" and "bf16" the whole, of "bf16>STEP" fp32 up to and with the step and bf16 behind it."""
    return [plan] if plan in ("f32", "bf16") else ["f32", "bf16"]


def parts_of(graph: bytes, plan: str) -> list[tuple[bytes, str]]:
    """The graph cut as a plan says, each part with its precision.

    Raises:
        ModelError: the encoder has no such step.
    """
    precisions = precisions_of(plan)
    if len(precisions) == 1:
        return [(graph, plan)]
    import onnx  # noqa: PLC0415  optional
    from onnx.utils import Extractor  # noqa: PLC0415

    model = onnx.load_from_string(graph)
    ends = json.loads(next(note.value for note in model.metadata_props if note.key == "steps"))
    step = plan.removeprefix("bf16>")
    if step not in ends:
        raise ModelError(f"The encoder has no step {step}.")
    extractor = Extractor(onnx.shape_inference.infer_shapes(model))
    cut = ends[step]
    pieces = [extractor.extract_model(["pixels"], [cut]), extractor.extract_model([cut], ["features"])]
    return [(piece.SerializeToString(), precision) for piece, precision in zip(pieces, precisions, strict=True)]
