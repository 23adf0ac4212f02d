from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from samaritan.adapt import AdapterCard, AdapterHeader, attach, base_sha256, load_adapted, save_adapter
from samaritan.core import Box, FormatError, InputError, ModelError, PromptSet
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter

MakeAdapter = Callable[..., Path]


@pytest.fixture
def make_adapter(tmp_path: Path, tiny_litemedsam: SamSegmenter) -> MakeAdapter:
    """``make_adapter("vessels", labels=..., ...)``: a folder as training leaves it, with an adapter that changes answers."""

    def make(name: str, **header: Any) -> Path:
        digest = base_sha256(tiny_litemedsam)
        adapted = attach(tiny_litemedsam, "lora")
        generator = torch.Generator().manual_seed(0)
        state = {key: 0.3 * torch.randn(value.shape, generator=generator) for key, value in adapted.state().items()}
        adapted.detach()
        settings = adapted.config.model_dump(mode="json")
        content = {"method": "lora", "settings": settings, "base": "tiny-litemedsam", "base_sha256": digest} | header
        path = tmp_path / name / "adapter.safetensors"
        save_adapter(path, AdapterHeader.model_validate(content), state)
        return path

    return make


def answer(segmenter: Any) -> Any:
    picture = np.random.default_rng(0).uniform(0, 255, (30, 20, 3)).astype(np.float32)
    return segmenter.decode(segmenter.encode(picture), [PromptSet(box=Box((3, 3), (20, 12)))])[0].logits


def test_a_file_and_its_folder_are_the_same_adapter(make_adapter: MakeAdapter) -> None:
    path = make_adapter("vessels")
    by_file, by_folder = AdapterCard.read(path), AdapterCard.read(path.parent)
    assert by_file == by_folder
    assert (by_file.name, by_file.size) == ("vessels", path.stat().st_size)
    assert by_file.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    renamed = path.rename(path.parent / "best.safetensors")
    assert AdapterCard.read(renamed).name == "best"


def test_every_call_gives_a_model_of_its_own(make_adapter: MakeAdapter) -> None:
    path = make_adapter("vessels")
    base = load_model("tiny-litemedsam")
    first, adapted = load_adapted(None, path.parent)
    second, _ = load_adapted("tiny-litemedsam", path)
    assert first.network is not second.network
    assert adapted.method.card.name == "lora"
    assert np.array_equal(answer(first), answer(second))
    assert np.abs(answer(first) - answer(base)).max() > 1e-3
    adapted.detach()
    assert np.array_equal(answer(first), answer(base))


def test_another_model_is_refused_before_its_weights_are_read(make_adapter: MakeAdapter) -> None:
    path = make_adapter("vessels")
    with pytest.raises(ModelError, match="adapts tiny-litemedsam, not tiny-sam; pass -m tiny-litemedsam"):
        load_adapted("tiny-sam", path)


def test_other_weights_are_refused(make_adapter: MakeAdapter) -> None:
    with pytest.raises(ModelError, match="other weights of tiny-litemedsam"):
        load_adapted(None, make_adapter("vessels", base_sha256="0" * 64))


def test_what_is_no_adapter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(InputError, match=r"empty holds no adapter\.safetensors; give the file or the folder"):
        load_adapted(None, tmp_path / "empty")
    with pytest.raises(InputError, match=r"There is no adapter .*none"):
        AdapterCard.read(tmp_path / "none")
    with pytest.raises(FormatError, match=r"text\.safetensors"):
        AdapterCard.read(tmp_path / "text.safetensors")


def test_preparation(make_adapter: MakeAdapter) -> None:
    plain = AdapterCard.read(make_adapter("plain"))
    assert (plain.plane, plain.intensity) == ("auto", None)
    own = AdapterCard.read(
        make_adapter("own", preparation={"plane": "coronal", "intensity": "ct:lung", "input_size": 64})
    )
    assert (own.plane, own.intensity) == ("coronal", "ct:lung")


@pytest.mark.parametrize("preparation", [{"plane": "oblique"}, {"intensity": "ct:mars"}, {"intensity": 3}])
def test_a_preparation_that_does_not_exist_is_refused(make_adapter: MakeAdapter, preparation: dict[str, Any]) -> None:
    with pytest.raises(FormatError, match=r"adapter\.safetensors was made"):
        AdapterCard.read(make_adapter("odd", preparation=preparation))


def test_records_name_no_path(make_adapter: MakeAdapter, tmp_path: Path) -> None:
    card = AdapterCard.read(make_adapter("vessels", labels=("vessel",), training={"steps": 7}))
    assert card.summary() == {
        "name": "vessels", "sha256": card.sha256, "method": "lora", "base": "tiny-litemedsam", "labels": ["vessel"],
    }  # fmt: skip
    told = card.provenance()
    assert (told["training"], told["sha256"], told["size"]) == ({"steps": 7}, card.sha256, card.size)
    assert str(tmp_path) not in str(told)
