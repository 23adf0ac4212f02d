"""Adapter files: what is written is read again, and what is wrong is refused by name."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from samaritan.adapt import AdapterHeader, attach, base_sha256, load_adapter, read_adapter, save_adapter
from samaritan.adapt._file import KEY, adapter_bytes
from samaritan.core import (
    FormatError,
    InputError,
    ModelError,
    ResourceError,
    SamaritanError,
    UnknownNameError,
    UsageError,
)
from samaritan.models import MODELS
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork
from samaritan.models._tinyvit import TinyViT, TinyViTConfig


@pytest.fixture
def header(tiny_sam: SamSegmenter) -> AdapterHeader:
    return AdapterHeader(method="lora", base="tiny-sam", base_sha256=base_sha256(tiny_sam), labels=("liver",))


@pytest.fixture
def state(tiny_sam: SamSegmenter) -> dict[str, Tensor]:
    adapted = attach(tiny_sam, "lora")
    generator = torch.Generator().manual_seed(0)
    found = {name: torch.randn(tensor.shape, generator=generator) for name, tensor in adapted.state().items()}
    adapted.detach()
    return found


@pytest.fixture
def path(tmp_path: Path, header: AdapterHeader, state: dict[str, Tensor]) -> Path:
    save_adapter(tmp_path / "a.safetensors", header, state)
    return tmp_path / "a.safetensors"


def _raw(path: Path, text: str | None) -> Path:
    """A safetensors file whose header for this package is ``text``."""
    save_file({"x": torch.zeros(1)}, path, metadata=None if text is None else {KEY: text})
    return path


def test_what_is_written_is_read(path: Path, header: AdapterHeader, state: dict[str, Tensor]) -> None:
    file = read_adapter(path)

    assert file.header == header
    assert file.state.keys() == state.keys()
    assert all(torch.equal(tensor, state[name]) for name, tensor in file.state.items())


def test_the_same_content_gives_the_same_bytes(header: AdapterHeader, state: dict[str, Tensor]) -> None:
    assert adapter_bytes(header, state) == adapter_bytes(header, dict(reversed(state.items())))


def test_loading_fills_in_every_tensor(path: Path, tiny_sam: SamSegmenter, state: dict[str, Tensor]) -> None:
    loaded = load_adapter(path, tiny_sam)

    assert all(torch.equal(tensor, state[name]) for name, tensor in loaded.state().items())
    assert loaded.surgery.labels == ("liver",)
    assert not any(module.training for module in tiny_sam.network.modules())


def test_nothing_is_overwritten_unasked(path: Path, header: AdapterHeader, state: dict[str, Tensor]) -> None:
    before = path.read_bytes()
    with pytest.raises(ResourceError):
        save_adapter(path, header, {})
    assert path.read_bytes() == before

    save_adapter(path, header, {"x": torch.ones(1)}, overwrite=True)
    assert read_adapter(path).state["x"].item() == 1
    assert [p.name for p in path.parent.iterdir()] == [path.name]


# files that are damaged
def test_there_is_no_file(tmp_path: Path) -> None:
    for absent in (tmp_path / "none.safetensors", tmp_path):
        with pytest.raises(InputError, match="There is no adapter"):
            read_adapter(absent)


@pytest.mark.parametrize("keep", [0, 4, 8, 200, -1])
def test_truncated(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FormatError, match="damaged or not a safetensors file"):
        read_adapter(path)


def _layout(start: int, end: int, shape: list[int]) -> dict[str, Any]:
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    ("index", "size"),
    [
        ({"a": _layout(0, 8, [2]), "b": _layout(4, 12, [2])}, 12),  # two tensors overlap
        ({"a": _layout(0, 8, [2])}, 20),  # bytes behind the last tensor
        ({"a": _layout(0, 8, [3])}, 8),  # shape and size differ
        ({"a": _layout(0, 8, [2**40, 2**40])}, 8),  # the product overflows
        ({"a": _layout(8, 16, [2])}, 16),  # a hole before the first tensor
    ],
)
def test_layouts_that_cannot_be(tmp_path: Path, index: dict[str, Any], size: int) -> None:
    text = json.dumps({"__metadata__": {KEY: "{}"}, **index}).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(size))
    with pytest.raises(FormatError, match="damaged or not a safetensors file"):
        read_adapter(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 a zip", struct.pack("<Q", 2**40) + b"{}", struct.pack("<Q", 4) + b"[1]]"]
)
def test_not_a_safetensors_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(FormatError, match="damaged or not a safetensors file"):
        read_adapter(tmp_path / "a.safetensors")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, FormatError, "is not an adapter"),
        ("not JSON", FormatError, "not JSON"),
        ("[" * 100_000, FormatError, "not JSON"),
        ("[]", InputError, "settings that do not fit"),
        ("{}", InputError, "method: Field required"),
        ('{"version": 2}', FormatError, "layout 2.*up to 1"),
        ('{"version": 0, "method": "lora", "base": "b", "base_sha256": ""}', InputError, "version"),
        ('{"method": "lora", "base": "b", "base_sha256": "", "magic": 1}', InputError, "magic"),
    ],
)
def test_headers_that_are_none(tmp_path: Path, text: str | None, error: type[SamaritanError], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        read_adapter(_raw(tmp_path / "a.safetensors", text))
    assert "a.safetensors" in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_values_that_are_not_finite(
    tmp_path: Path, header: AdapterHeader, state: dict[str, Tensor], value: float
) -> None:
    name = sorted(state)[3]
    state[name].view(-1)[-1] = value
    save_adapter(tmp_path / "a.safetensors", header, state)
    with pytest.raises(FormatError, match="not finite") as caught:
        read_adapter(tmp_path / "a.safetensors")
    assert name in str(caught.value)


# files that do not belong to the model
def _refused(
    tmp_path: Path, segmenter: SamSegmenter, header: AdapterHeader, state: dict[str, Tensor],
    error: type[SamaritanError], message: str,
) -> None:  # fmt: skip
    digest = base_sha256(segmenter)
    save_adapter(tmp_path / "refused.safetensors", header, state)
    with pytest.raises(error, match=message):
        load_adapter(tmp_path / "refused.safetensors", segmenter)
    assert segmenter.network.adaptation is None
    assert base_sha256(segmenter) == digest


def _with(header: AdapterHeader, **changes: Any) -> AdapterHeader:
    return header.model_copy(update=changes)


def test_another_method_or_model(
    tmp_path: Path, tiny_sam: SamSegmenter, header: AdapterHeader, state: dict[str, Tensor]
) -> None:
    cases: list[tuple[dict[str, Any], type[SamaritanError], str]] = [
        ({"method": "lara"}, UnknownNameError, "did you mean .*lora"),
        ({"method": "decoder"}, ModelError, "does not fit decoder: own.*is not of this method"),
        ({"base": "litemedsam"}, ModelError, "adapts litemedsam, not tiny-sam; pass -m litemedsam"),
        ({"base_sha256": "0" * 64}, ModelError, "other weights of tiny-sam .hash 000000000000"),
        ({"settings": {"rank": 8}}, ModelError, r"\(4, 32\) instead of \(8, 32\)"),
        ({"settings": {"blocks": "0"}}, ModelError, "layers.1.attn.qkv.* is not of this method"),
        ({"settings": {"blocks": "7"}}, SamaritanError, "has 2"),
        ({"settings": {"ranks": 8}}, InputError, "ranks"),
    ]
    for number, (changes, error, message) in enumerate(cases):
        (tmp_path / str(number)).mkdir()
        _refused(tmp_path / str(number), tiny_sam, _with(header, **changes), state, error, message)


def test_tensors_that_do_not_fit(
    tmp_path: Path, tiny_sam: SamSegmenter, header: AdapterHeader, state: dict[str, Tensor]
) -> None:
    name = sorted(state)[0]
    missing = {n: t for n, t in state.items() if n != name}
    cases = [
        (missing, f"{name} is missing"),
        ({**state, "own.more": torch.zeros(2)}, "own.more is not of this method"),
        ({**state, name: state[name][..., :1]}, f"{name} is .* instead of"),
        ({}, "is missing"),
    ]
    for number, (tensors, message) in enumerate(cases):
        (tmp_path / str(number)).mkdir()
        _refused(tmp_path / str(number), tiny_sam, header, tensors, ModelError, message)


def test_other_targets_than_the_method_learned(tmp_path: Path, tiny_sam: SamSegmenter, header: AdapterHeader) -> None:
    adapted = attach(tiny_sam, "class-prompt", labels=("liver", "spleen"))
    state = adapted.state()
    adapted.detach()
    for number, labels in enumerate((("liver",), ("liver", "spleen", "kidney"))):
        other = _with(header, method="class-prompt", labels=labels)
        (tmp_path / str(number)).mkdir()
        _refused(tmp_path / str(number), tiny_sam, other, state, ModelError, "instead of")


def test_a_model_that_is_adapted_already(path: Path, tiny_sam: SamSegmenter) -> None:
    load_adapter(path, tiny_sam)
    with pytest.raises(UsageError, match="adapted already, with lora"):  # and not that its weights are others
        load_adapter(path, tiny_sam)


# what it costs
def test_low_rank_updates_of_litemedsam_take_little_room(header: AdapterHeader) -> None:
    config = TinyViTConfig()
    with torch.device("meta"):
        network = SamNetwork(TinyViT(config), side=256, cells=256 // config.stride)
    segmenter = SamSegmenter("litemedsam", MODELS.get("litemedsam").card, network, None)  # type: ignore[arg-type]
    adapted = attach(segmenter, "lora", {"train": ()})
    size = len(adapter_bytes(header, {n: torch.zeros(t.shape) for n, t in adapted.state().items()}))

    assert adapted.counts().trained == 16 * (2 * 128 + 6 * 160 + 2 * 320)
    assert 4 * adapted.counts().trained < size < 130_000


def test_an_adapter_of_a_published_size_holds_no_base(vit_network: Callable[[str], SamSegmenter]) -> None:
    adapted = attach(vit_network("b"), "lora", {"train": ()})

    assert sum(tensor.numel() for tensor in adapted.state().values()) == 147_456


@pytest.mark.slow
def test_loading_is_quick_and_runs_nothing_that_is_stored(path: Path) -> None:
    code = f"""
import sys, time
from samaritan.models import load_model
segmenter = load_model("tiny-sam")
def watch(event, arguments):
    if event == "pickle.find_class":
        raise SystemExit("pickle")
sys.addaudithook(watch)
began = time.process_time()
from samaritan.adapt import load_adapter
load_adapter({str(path)!r}, segmenter)
took = time.process_time() - began
assert took < 1, took
assert "peft" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
