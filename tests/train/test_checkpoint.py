from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import samaritan.train._checkpoint as checkpoint_module
from samaritan.core import FormatError, ResourceError, write_bytes
from samaritan.train._checkpoint import (
    Checkpoints,
    optimiser_tensors,
    read_checkpoint,
    restore_optimiser,
)


def tensors(step: int) -> dict[str, Tensor]:
    return {
        "weight": torch.full((3, 2), float(step)),
        "generator": torch.arange(5, dtype=torch.uint8),
        "count": torch.tensor(step),
    }


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path / "new")
    assert store.latest() is None
    transposed = torch.arange(6.0).view(2, 3).T
    store.write(7, {**tensors(7), "transposed": transposed}, {"rng": {"state": 2**127 + 1}, "loss": 0.1})
    found = store.latest()
    assert found is not None
    assert (found.step, found.record) == (7, {"rng": {"state": 2**127 + 1}, "loss": 0.1})
    assert found.tensors.keys() == {"weight", "generator", "count", "transposed"}
    assert all(torch.equal(found.tensors[name], tensor) for name, tensor in tensors(7).items())
    assert torch.equal(found.tensors["transposed"], transposed)
    assert found.tensors["generator"].dtype == torch.uint8


def test_only_the_newest_are_kept(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path, keep=2)
    for step in (9, 10, 101):
        store.write(step, tensors(step), {})
    assert names(tmp_path) == ["checkpoint-10.safetensors", "checkpoint-101.safetensors"]


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_one_is_skipped(tmp_path: Path, share: float, caplog: pytest.LogCaptureFixture) -> None:
    store = Checkpoints(tmp_path)
    for step in (1, 2):
        store.write(step, tensors(step), {})
    newest = tmp_path / "checkpoint-2.safetensors"
    newest.write_bytes(newest.read_bytes()[: int(share * newest.stat().st_size)])
    with caplog.at_level(logging.WARNING):
        found = store.latest()
    assert found is not None
    assert found.step == 1
    assert "checkpoint-2.safetensors is damaged" in caplog.text
    store.write(3, tensors(3), {})
    assert names(tmp_path) == ["checkpoint-2.safetensors", "checkpoint-3.safetensors"]


def test_every_flipped_bit_is_found(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path)
    store.write(1, tensors(1), {"seed": 3})
    path = tmp_path / "checkpoint-1.safetensors"
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with pytest.raises(FormatError, match="is damaged"):
            read_checkpoint(path)


def test_a_foreign_safetensors_file_is_no_checkpoint(tmp_path: Path) -> None:
    save_file(tensors(1), tmp_path / "checkpoint-1.safetensors")
    assert Checkpoints(tmp_path).latest() is None


def test_later_ones_are_removed_after_an_earlier_one_was_taken(tmp_path: Path) -> None:
    store = Checkpoints(tmp_path)
    for step in (1, 2, 50):
        store.write(step, tensors(step), {})
    store.write(3, tensors(3), {})
    assert names(tmp_path) == ["checkpoint-2.safetensors", "checkpoint-3.safetensors"]


def test_a_full_disk_leaves_the_previous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Checkpoints(tmp_path, keep=1)
    store.write(1, tensors(1), {})

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as stream:
            stream.write(content[: len(content) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(ResourceError, match=r"checkpoint-2\.safetensors: No space left on device"):
            store.write(2, tensors(2), {})
    assert names(tmp_path) == ["checkpoint-1.safetensors"]
    found = store.latest()
    assert found is not None
    assert found.step == 1


def test_a_failed_rename_leaves_the_previous(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Checkpoints(tmp_path, keep=1)
    store.write(1, tensors(1), {})

    def refuse(self: Path, target: Path) -> Path:
        raise OSError(116, "Stale file handle")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        with pytest.raises(ResourceError, match="Stale file handle"):
            store.write(2, tensors(2), {})
    assert names(tmp_path) == ["checkpoint-1.safetensors"]


def test_the_old_one_goes_only_when_the_new_one_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Checkpoints(tmp_path, keep=1)
    store.write(1, tensors(1), {})
    seen: list[list[str]] = []

    def watch(path: Path, content: bytes) -> None:
        seen.append(names(tmp_path))
        write_bytes(path, content)

    monkeypatch.setattr(checkpoint_module, "write_bytes", watch)
    store.write(2, tensors(2), {})
    assert seen == [["checkpoint-1.safetensors"]]
    assert names(tmp_path) == ["checkpoint-2.safetensors"]


def test_leftovers_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".tmp-abc.safetensors").write_bytes(b"half")
    Checkpoints(tmp_path).write(1, tensors(1), {})
    assert names(tmp_path) == ["checkpoint-1.safetensors"]


def network_and_optimiser() -> tuple[nn.ModuleDict, torch.optim.AdamW, list[str]]:
    torch.manual_seed(0)
    network = nn.ModuleDict({"a": nn.Linear(3, 4), "b": nn.Linear(4, 1), "idle": nn.Linear(1, 1)})
    named = dict(network.named_parameters())
    names = sorted(named, key=lambda name: not name.startswith("b"))
    groups: list[dict[str, Any]] = [
        {"params": [named[n] for n in names[:2]], "lr": 1e-2},
        {"params": [named[n] for n in names[2:]]},
    ]
    return network, torch.optim.AdamW(groups, weight_decay=0.1), names


def train(network: nn.ModuleDict, optimiser: torch.optim.Optimizer, count: int) -> None:
    for number in range(count):
        optimiser.zero_grad()
        network["b"](network["a"](torch.ones(2, 3) * number)).square().mean().backward()
        optimiser.step()


def test_an_optimiser_goes_on_exactly(tmp_path: Path) -> None:
    network, optimiser, parts = network_and_optimiser()
    train(network, optimiser, 3)
    held = optimiser_tensors(optimiser, parts)
    assert set(held) == {
        f"{key}.{name}"
        for key in ("step", "exp_avg", "exp_avg_sq")
        for name in ("a.weight", "a.bias", "b.weight", "b.bias")  # "idle" never had a gradient: AdamW keeps nothing
    }
    assert held["exp_avg.b.weight"].shape == (1, 4)
    assert held["step.b.weight"] == 3
    Checkpoints(tmp_path).write(3, {**held, **{f"now.{n}": p for n, p in network.named_parameters()}}, {})
    train(network, optimiser, 3)

    again, fresh, _ = network_and_optimiser()
    found = Checkpoints(tmp_path).latest()
    assert found is not None
    again.load_state_dict({n.removeprefix("now."): t for n, t in found.tensors.items() if n.startswith("now.")})
    restore_optimiser(fresh, parts, {name: found.tensors[name] for name in held})
    train(again, fresh, 3)
    assert all(torch.equal(mine, theirs) for mine, theirs in zip(again.parameters(), network.parameters(), strict=True))
    mine, theirs = optimiser_tensors(fresh, parts), optimiser_tensors(optimiser, parts)
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in theirs)


def test_state_is_copied_not_shared() -> None:
    network, optimiser, parts = network_and_optimiser()
    train(network, optimiser, 1)
    held = {name: tensor.clone() for name, tensor in optimiser_tensors(optimiser, parts).items()}
    kept = {name: tensor.clone() for name, tensor in held.items()}
    restore_optimiser(optimiser, parts, held)
    train(network, optimiser, 1)
    assert all(torch.equal(held[name], kept[name]) for name in kept)


def test_state_of_an_unknown_parameter_is_refused() -> None:
    _, optimiser, parts = network_and_optimiser()
    with pytest.raises(FormatError, match=r"exp_avg of 'c\.weight', which does not train"):
        restore_optimiser(optimiser, parts, {"exp_avg.c.weight": torch.zeros(1)})
