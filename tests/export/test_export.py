"""A folder appears whole and right, or not at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from samaritan.adapt import AdapterCard, AdapterHeader, attach, base_sha256, load_adapted, save_adapter
from samaritan.core import Box, ModelError, PromptSet, ResourceError, UsageError
from samaritan.core.intensity import choose
from samaritan.export import Parity, _export, export_model
from samaritan.export._run import open_graphs
from samaritan.io import read_volume
from samaritan.models._sam import SamSegmenter
from samaritan.models._sam_network import SamNetwork
from samaritan.predict.runtimes._gate import dice
from samaritan.predict.runtimes._graph import encoder_graph
from samaritan.predict.runtimes.onnxruntime import session
from tests.export.conftest import fresh

FILES = ["decoder.onnx", "encoder.onnx", "example.py", "parity.json", "parity.md", "recipe.json"]
#: Run before the example: what it must do without.
FORBID = """
import sys
class Forbidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "samaritan", "scipy"}:
            raise AssertionError(name + " was imported")
sys.meta_path.insert(0, Forbidden())
import runpy
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
def test_the_folder_holds_what_the_report_says(exported: tuple[Path, Parity]) -> None:
    folder, parity = exported
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]
    assert parity.holds
    assert len(parity.pictures) == 5
    kinds = {(row.runtime, row.kind) for row in parity.rows}
    assert {kind for runtime, kind in kinds if runtime == "onnxruntime"} == {
        "box", "loose box", "point", "several points", "box and point",
    }  # fmt: skip
    assert ("example.py", "box") in kinds
    assert all(error < 1e-4 for error in (*parity.embedding_error.values(), *parity.logits_error.values()))
    said = json.loads((folder / "parity.json").read_text())
    assert said == json.loads(json.dumps(parity.data()))
    assert "| onnxruntime | several points | 5 | 1.0000" in (folder / "parity.md").read_text()
    for name in FILES:
        assert str(Path(__file__).parents[2]).encode() not in (folder / name).read_bytes()


@pytest.mark.slow
def test_the_recipe_says_how_to_prepare(exported: tuple[Path, Parity]) -> None:
    recipe = json.loads((exported[0] / "recipe.json").read_text())
    assert recipe["model"]["base_sha256"] == base_sha256(fresh())
    assert recipe["model"]["licence"] == "Apache-2.0"
    assert recipe["adapter"] is None
    assert (recipe["picture"]["side"], recipe["picture"]["keep_aspect"]) == (64, True)
    assert recipe["picture"]["normalise"]["kind"] == "min-max"
    assert recipe["intensity"]["grey"] == {"kind": "percentile", "low": 0.5, "high": 99.5}
    assert recipe["intensity"]["CT in Hounsfield units"] == {"kind": "window", "low": -160.0, "high": 240.0}
    assert recipe["mask"]["grid"] == 64


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.slow
def test_the_example_runs_without_torch_and_gives_the_mask(
    exported: tuple[Path, Parity], tmp_path: Path, mode: str
) -> None:
    values = np.random.default_rng(0).integers(0, 255, (9, 13, 3)).astype(np.uint8)
    Image.fromarray(values).resize((130, 90)).convert(mode).save(tmp_path / "picture.png")
    command = [sys.executable, "-c", FORBID, str(exported[0] / "example.py"), "picture.png", "20,10,90,70", "mask.png"]
    subprocess.run(command, cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": ""})
    found = np.asarray(Image.open(tmp_path / "mask.png")) > 0
    volume = read_volume(tmp_path / "picture.png")
    picture = choose(volume).fit(volume).apply(volume.data[:, :, 0])
    segmenter = fresh()
    (expected,) = segmenter.decode(segmenter.encode(picture), [PromptSet(box=Box([20, 10], [90, 70]))])
    assert 0 < found.sum() < found.size
    assert dice(found.T, expected.masks[0]) >= 0.99


@pytest.mark.slow
def test_graphs_that_answer_otherwise_are_refused(
    exported: tuple[Path, Parity], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sabotage(exported[0], monkeypatch)
    with pytest.raises(ModelError, match=r"do not give its masks: Dice 0\.\d+ with .* nothing was written"):
        export_model(fresh(), tmp_path / "out" / "tiny")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_what_is_there_is_kept(
    exported: tuple[Path, Parity], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_pictures: None
) -> None:
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "precious.txt").write_text("mine")
    with pytest.raises(ResourceError, match="exists already; choose another name or pass --overwrite"):
        export_model(fresh(), folder)
    with pytest.raises(ResourceError, match="not a folder that samaritan export wrote"):
        export_model(fresh(), folder, overwrite=True)
    (folder / "recipe.json").write_text("{}")
    with monkeypatch.context() as patch:
        _sabotage(exported[0], patch)
        with pytest.raises(ModelError):
            export_model(fresh(), folder, overwrite=True)
    assert sorted(path.name for path in folder.iterdir()) == ["precious.txt", "recipe.json"]
    monkeypatch.setattr(_export, "write_graphs", _copy_of(exported[0]))
    export_model(fresh(), folder, overwrite=True)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


@pytest.mark.parametrize(
    ("method", "settings", "words"),
    [
        ("med-sa", {"depth": 3}, "med-sa looks at 3 slices together"),
        ("ua-sam", {}, "ua-sam listens to the encoder"),
        ("class-prompt", {}, "class-prompt asks for targets by name"),
        ("prompt-free", {}, "prompt-free asks for targets by name"),
    ],
)
def test_methods_that_no_graph_can_hold_are_refused_by_name(
    method: str, settings: dict[str, int], words: str, tmp_path: Path
) -> None:
    card = _adapter(tmp_path, method, settings)
    segmenter, _ = load_adapted(None, card.path)
    with pytest.raises(ModelError, match=f"{words}.*such as lora"):
        export_model(segmenter, tmp_path / "out", adapter=card)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_folded_adapter_is_in_the_graphs(tmp_path: Path, few_pictures: None) -> None:
    card = _adapter(tmp_path, "lora", {}, name="tiny-sam", spread=0.2)
    segmenter, _ = load_adapted(None, card.path)
    folder = tmp_path / "out"
    assert export_model(segmenter, folder, to="openvino", adapter=card).holds
    recipe = json.loads((folder / "recipe.json").read_text())
    assert recipe["labels"] == ["liver"]
    assert recipe["plane"] == "coronal"
    assert recipe["intensity"]["grey"] == {"kind": "window", "low": -40.0, "high": 120.0}
    assert recipe["model"]["base_sha256"] == base_sha256(fresh("tiny-sam"))
    assert recipe["adapter"] == {
        "name": "adapter", "method": "lora", "sha256": card.sha256, "licence": "CC-BY-4.0", "folded": True,
    }  # fmt: skip
    assert recipe["picture"]["normalise"]["mean"] == [123.675, 116.28, 103.53]
    (graphs,) = open_graphs(folder, "openvino", 1)
    _check_features(segmenter, graphs.encode)


@pytest.mark.slow
def test_an_adapter_that_cannot_be_folded_is_in_the_graphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_export, "PICTURES", 1)
    card = _adapter(tmp_path, "med-sa", {}, name="tiny-sam", spread=0.2)
    segmenter, adapted = load_adapted(None, card.path)
    assert not adapted.merged
    folder = tmp_path / "out"
    assert export_model(segmenter, folder, adapter=card).holds
    recipe = json.loads((folder / "recipe.json").read_text())
    assert (recipe["adapter"]["method"], recipe["adapter"]["folded"]) == ("med-sa", False)
    _check_features(segmenter, next(open_graphs(folder, "onnx", 1)).encode)


@pytest.mark.slow
def test_adapters_beside_an_encoder_are_in_its_graph(tmp_path: Path) -> None:
    segmenter, adapted = load_adapted(None, _adapter(tmp_path, "sam-med2d", {}, name="tiny-sam", spread=0.2).path)
    assert not adapted.merged
    assert _export.unexportable(segmenter.network) is None
    running = session(encoder_graph(segmenter.network), 1)
    _check_features(segmenter, lambda pixels: running.run(None, {"pixels": pixels})[0])


def _check_features(segmenter: SamSegmenter, encode: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> None:
    """Those of the adapted network, and not of its base."""
    pixels = torch.rand(1, 3, segmenter.frame.side, segmenter.frame.side)
    with torch.inference_mode():
        own, base = (one.network.encode(pixels).numpy() for one in (segmenter, fresh(segmenter.name)))
    assert np.abs(encode(pixels.numpy()) - own).max() < 1e-4 * np.abs(own).max()
    assert np.abs(own - base).max() > 1e-2 * np.abs(own).max()


def test_an_adapter_that_nothing_is_known_of_is_refused(tmp_path: Path) -> None:
    segmenter = fresh()
    attach(segmenter, "lora")
    with pytest.raises(UsageError, match="is adapted with lora; say with which adapter"):
        export_model(segmenter, tmp_path / "out")


def _adapter(
    folder: Path, method: str, settings: dict[str, int], name: str = "tiny-litemedsam", spread: float = 0.0
) -> AdapterCard:
    segmenter = fresh(name)
    digest = base_sha256(segmenter)
    adapted = attach(segmenter, method, settings, labels=("liver",))
    generator = torch.Generator().manual_seed(0)
    state = {
        key: tensor + spread * torch.randn(tensor.shape, generator=generator) if tensor.is_floating_point() else tensor
        for key, tensor in adapted.state(training=False).items()
    }
    header = AdapterHeader(
        method=method, settings=adapted.config.model_dump(mode="json"), base=name, base_sha256=digest, labels=("liver",),
        preparation={"intensity": "window:40/160", "plane": "coronal"}, licence="CC-BY-4.0",
    )  # fmt: skip
    path = folder / "adapter.st"
    save_adapter(path, header, state)
    return AdapterCard.read(path)


def _copy_of(folder: Path) -> Callable[[SamNetwork, Path, str], None]:
    def write(_network: SamNetwork, place: Path, _to: str) -> None:
        for name in ("encoder.onnx", "decoder.onnx"):
            (place / name).write_bytes((folder / name).read_bytes())

    return write


def _sabotage(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Graphs of which one weight is turned round (scaled it would be normalised away)."""
    import onnx

    model = onnx.load(folder / "encoder.onnx")
    floats = [tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT]
    largest = max(floats, key=lambda tensor: len(tensor.raw_data))
    weights = np.frombuffer(largest.raw_data, np.float32).copy()
    largest.raw_data = weights[::-1].tobytes()

    def write(network: SamNetwork, place: Path, to: str) -> None:
        _copy_of(folder)(network, place, to)
        onnx.save(model, place / "encoder.onnx")

    patch.setattr(_export, "write_graphs", write)
    patch.setattr(_export, "PICTURES", 5)


@pytest.mark.slow
def test_sam_2_is_exported_with_its_own_order_of_points(tmp_path: Path, few_pictures: None) -> None:
    """Its three maps travel as one tensor, and every question ends with a place that is no point."""
    parity = export_model(fresh("tiny-sam2"), tmp_path / "sam2", to="onnx")
    assert parity.holds
    recipe = json.loads((tmp_path / "sam2" / "recipe.json").read_text())
    assert recipe["encoder"]["features"] == [1, 128, 8, 8]
    assert recipe["decoder"]["boxes end with no point"]
    assert recipe["decoder"]["labels mean"]["-1"].endswith("behind all others")
    assert len(recipe["mask"]["steps"]) == 2
