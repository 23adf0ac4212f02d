"""Files that claim to hold weights."""

from __future__ import annotations

import io
import json
import os
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from samaritan.core import ModelError
from samaritan.models._checkpoint import read_checkpoint

STATE = {"a.weight": torch.arange(6.0).reshape(2, 3), "a.bias": torch.ones(2), "count": torch.tensor(3)}
UNUSABLE = "cannot be used as weights: it is damaged, or something else than plain tensors"


def _same(state: dict[str, Tensor]) -> bool:
    return state.keys() == STATE.keys() and all(torch.equal(state[name], STATE[name]) for name in STATE)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda s: s,
        lambda s: {f"module.{k}": v for k, v in s.items()},
        lambda s: {f"module.model.{k}": v for k, v in s.items()},
        lambda s: {f"sam.{k}": v for k, v in s.items()},
        lambda s: {"model": s, "optimizer": {"state": {}, "lr": 0.1}, "epoch": 7},
        lambda s: {"state_dict": {f"module.{k}": v for k, v in s.items()}},
    ],
)
def test_wrappers_and_prefixes_come_off(tmp_path: Path, wrap: Callable[[Any], Any]) -> None:
    torch.save(wrap(STATE), tmp_path / "w.pth")

    assert _same(read_checkpoint(tmp_path / "w.pth"))


def test_a_prefix_that_not_every_name_has_stays(tmp_path: Path) -> None:
    torch.save({"model.a": torch.ones(1), "b": torch.ones(1)}, tmp_path / "w.pth")

    assert set(read_checkpoint(tmp_path / "w.pth")) == {"model.a", "b"}


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(STATE, tmp_path / "w.safetensors")

    assert _same(read_checkpoint(tmp_path / "w.safetensors"))


class _Command:
    """Unpickling this would create a file."""

    def __init__(self, sentinel: Path) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.sentinel}",)


def test_a_pickle_that_runs_a_command_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"
    torch.save({"a": torch.ones(1), "b": _Command(sentinel)}, tmp_path / "w.pth")

    with pytest.raises(ModelError, match=UNUSABLE):
        read_checkpoint(tmp_path / "w.pth")
    assert not sentinel.exists()


def _zip(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _saved(**options: Any) -> bytes:
    stream = io.BytesIO()
    torch.save(STATE, stream, **options)
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("storages"))
    return stream.getvalue()


DAMAGED = {
    "empty": b"",
    "short": b"PK",
    "html": b"<!DOCTYPE html><html><body>404: Not Found</body></html>",
    "text": b"version https://git-lfs.github.com/spec/v1\noid sha256:79d8\nsize 39370479\n",
    "truncated": _saved()[:-100],
    "half": _saved()[: len(_saved()) // 2],
    "other zip": _zip(readme=b"hello"),
    "nested zip": _zip(inner=_saved()),
    "bomb": _zip(**{"archive/data.pkl": b"\0" * 10_000_000}),
    "legacy pickle": _saved(_use_new_zipfile_serialization=False),
    "legacy tar": _tar(),
    "noise": bytes(range(256)) * 4,
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_and_foreign_files_get_one_wording(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "w.pth"
    path.write_bytes(DAMAGED[kind])

    with pytest.raises(ModelError, match=UNUSABLE) as caught:
        read_checkpoint(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "content", [{}, [torch.ones(1)], {"a": 1}, {"a": torch.ones(1), "b": "text"}, {1: torch.ones(1)}]
)
def test_other_content_than_tensors_is_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pth")

    with pytest.raises(ModelError, match=UNUSABLE):
        read_checkpoint(tmp_path / "w.pth")


def _safetensors(header: str, data: bytes = bytes(16), length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header.encode() + data


def _entry(begin: int, end: int, shape: list[int] | None = None) -> dict[str, Any]:
    return {"dtype": "F32", "shape": [(end - begin) // 4] if shape is None else shape, "data_offsets": [begin, end]}


BAD_SAFETENSORS = {
    "header of 2^40": _safetensors("{}", length=2**40),
    "header longer than the file": _safetensors("{}", length=1000),
    "header is not JSON": _safetensors("{nonsense}"),
    "overlap": _safetensors(json.dumps({"a": _entry(0, 12), "b": _entry(8, 16)})),
    "hole": _safetensors(json.dumps({"a": _entry(0, 4), "b": _entry(8, 16)})),
    "trailing bytes": _safetensors(json.dumps({"a": _entry(0, 16)}), bytes(20)),
    "too few bytes": _safetensors(json.dumps({"a": _entry(0, 16)}), bytes(12)),
    "duplicate keys": _safetensors(
        f'{{"a": {json.dumps(_entry(0, 16))}, "a": {json.dumps(_entry(0, 16))}}}', struct.pack("<4f", 1, 2, 3, 4)
    ),
    "shape product overflow": _safetensors(json.dumps({"a": _entry(0, 16, [2**33, 2**33])})),
    "shape disagrees": _safetensors(json.dumps({"a": _entry(0, 16, [5])})),
    "unknown type": _safetensors(json.dumps({"a": _entry(0, 16) | {"dtype": "F31"}})),
}


@pytest.mark.parametrize("kind", BAD_SAFETENSORS)
def test_bad_safetensors_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "w.safetensors"
    path.write_bytes(BAD_SAFETENSORS[kind])

    with pytest.raises(ModelError, match=UNUSABLE):
        read_checkpoint(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(tmp_path: Path, value: float) -> None:
    torch.save(STATE | {"b.weight": torch.tensor([1.0, value])}, tmp_path / "w.pth")

    with pytest.raises(ModelError, match=r"not finite numbers, first in b\.weight"):
        read_checkpoint(tmp_path / "w.pth")


def test_all_zero_weights_are_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(4), "b": torch.zeros(2, 2), "count": torch.tensor(3)}, tmp_path / "w.pth")

    with pytest.raises(ModelError, match="only zeros"):
        read_checkpoint(tmp_path / "w.pth")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_network(*_: Any) -> None:
        raise AssertionError("a network was asked")

    monkeypatch.setattr("socket.socket.connect", no_network)
    monkeypatch.setattr("socket.getaddrinfo", no_network)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "config.json").write_text('{"auto_map": {"AutoModel": "code.Model"}}')
    (tmp_path / "model" / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")

    with pytest.raises(ModelError, match="does not exist; give the weight file"):
        read_checkpoint(tmp_path / "no.pth")
    with pytest.raises(ModelError, match="is a folder; give the weight file"):
        read_checkpoint(tmp_path / "model")
    assert not (tmp_path / "ran").exists()
