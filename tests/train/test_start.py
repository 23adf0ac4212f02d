from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from samaritan.adapt import attach, base_sha256, read_adapter
from samaritan.adapt._file import AdapterFile, AdapterHeader
from samaritan.core import ModelError
from samaritan.models._sam import SamSegmenter
from samaritan.train import TrainConfig, TrainResult, fit
from samaritan.train._start import labels_after, take_over


def adapter(digest: str, state: dict[str, torch.Tensor], **changes: Any) -> AdapterFile:
    content = {"method": "class-prompt", "base": "tiny-litemedsam", "base_sha256": digest, "labels": ("liver",)}
    return AdapterFile(AdapterHeader(**(content | changes)), state)


def test_new_targets_stand_behind_those_that_are_known() -> None:
    assert labels_after(adapter("x", {}), ["spleen", "liver", "kidney"]) == ("liver", "spleen", "kidney")


def test_targets_that_are_new_start_anew(segmenter: SamSegmenter) -> None:
    digest = base_sha256(segmenter)
    adapted = attach(segmenter, "class-prompt", labels=["liver", "spleen"])
    (name,) = [name for name in adapted.state() if name.startswith("token.")]
    before = adapted.state()
    learned = before | {name: torch.full_like(before[name][:1], 7.0)}
    settings = adapted.config.model_dump(mode="json")
    take_over(adapted, adapter(digest, learned, settings=settings), digest)
    assert (adapted.state()[name][0] == 7).all()
    assert adapted.state()[name][1].equal(before[name][1])


def test_another_method_other_settings_and_another_base_are_refused(segmenter: SamSegmenter) -> None:
    digest = base_sha256(segmenter)
    adapted = attach(segmenter, "class-prompt", labels=["liver"])
    settings = adapted.config.model_dump(mode="json")
    for changes in ({"method": "decoder"}, {"settings": {**settings, "tokens": 2}}):
        with pytest.raises(ModelError, match="cannot go on"):
            take_over(adapted, adapter(digest, adapted.state(), **({"settings": settings} | changes)), digest)
    with pytest.raises(ModelError, match="another base"):
        take_over(adapted, adapter("0" * 64, adapted.state(), settings=settings), digest)


def trained(data: Path, out: Path, **changes: Any) -> TrainResult:
    config = TrainConfig(
        data=(str(data),), model="tiny-litemedsam", method="decoder", steps=3, batch=2, validations=1, variants=1,
        threads=1, **changes,
    )  # fmt: skip
    return fit(config, out)


@pytest.mark.usefixtures("quick")
def test_training_goes_on_where_the_adapter_is(data: Path, tmp_path: Path) -> None:
    first = trained(data, tmp_path / "one")
    second = trained(data, tmp_path / "two", start=str(first.adapter), split=str(first.split))
    assert second.base_dice == pytest.approx(first.best_dice)
    assert second.base_dice != pytest.approx(first.base_dice)
    assert read_adapter(second.adapter).header.labels == read_adapter(first.adapter).header.labels
