"""From settings to an adapter: what a run promises, on a task that a miniature can learn."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from samaritan.adapt import METHODS, attach, load_adapter, read_adapter
from samaritan.core import InputError, ModelError, ResourceError, UnknownNameError, UsageError
from samaritan.datasets import Split, image_fingerprint, open_datasets
from samaritan.models import load_model
from samaritan.models._sam import SamSegmenter
from samaritan.prompts import make_prompt
from samaritan.train import Silent, TrainConfig, TrainResult, fit
from samaritan.train._examples import examples_of
from samaritan.train._features import Trunk
from samaritan.train._log import read_log
from samaritan.train._loss import Weights
from samaritan.train._step import Step
from samaritan.train._validate import Validation
from samaritan.train.loop import Loop

pytestmark = pytest.mark.usefixtures("quick")


def config(data: Path, **changes: Any) -> TrainConfig:
    settings: dict[str, Any] = {
        "data": (str(data),), "model": "tiny-litemedsam", "steps": 2, "batch": 2, "validations": 1, "max_validation": 2,
        "variants": 1, "prompts": ("box",), "checkpoint_steps": 1000,
    }  # fmt: skip
    return TrainConfig(**(settings | changes))


@pytest.fixture
def loops(monkeypatch: pytest.MonkeyPatch) -> list[Loop]:
    """The loops that run, in order."""
    seen: list[Loop] = []
    run = Loop.run

    def remember(self: Loop) -> None:
        seen.append(self)
        run(self)

    monkeypatch.setattr(Loop, "run", remember)
    return seen


def write(folder: Path, name: str, image: np.ndarray[Any, Any], **masks: np.ndarray[Any, Any]) -> None:
    """Arrays are rows first, as in files."""
    for kind, array in {"images": image, **masks}.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(array.astype(np.uint8)).save(folder / kind / f"{name}.png")


@pytest.fixture(scope="module")
def discs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bright discs in a dark noise."""
    folder = tmp_path_factory.mktemp("discs")
    for number in range(10):
        rng = np.random.default_rng(number)
        rows, columns = np.mgrid[:64, :64]
        row, column = rng.integers(20, 44, 2)
        mask = (rows - row) ** 2 + (columns - column) ** 2 < rng.integers(12, 18) ** 2
        write(folder, f"p{number}", mask * 150 + rng.uniform(0, 60, mask.shape), masks=mask)
    return folder


#: With these the miniature of SAM finds discs within two seconds.
LEARNING: dict[str, Any] = {
    "model": "tiny-sam", "method": "full", "steps": 40, "batch": 4, "rate": 3e-3, "base_rate": 3e-3, "validations": 5,
    "augment": "none", "max_validation": 6,
}  # fmt: skip


@pytest.fixture(scope="module")
def learned(discs: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    """A run that learned to find discs."""
    with pytest.MonkeyPatch().context() as patch:
        patch.setattr(sys.modules["samaritan.train.fit"], "draw_curve", lambda *_: None)
        patch.setattr("samaritan.train._log.find_spec", lambda name: None)
        return fit(config(discs, **LEARNING), tmp_path_factory.mktemp("learned") / "run")


def test_the_loss_falls_and_dice_rises(learned: TrainResult) -> None:
    rows = read_log(learned.out / "log.csv")
    losses = [row["loss"] for row in rows if "loss" in row]
    assert np.mean(losses[-8:]) < 0.5 * np.mean(losses[:8])
    assert learned.base_dice < 0.4
    assert learned.best_dice > 0.8


def test_the_state_that_is_kept_is_the_best_and_gives_its_dice_again(learned: TrainResult, discs: Path) -> None:
    scores = {row["step"]: row["val_dice"] for row in read_log(learned.out / "log.csv") if "val_dice" in row}
    assert list(scores) == [0, 8, 16, 24, 32, 40]
    trained = {step: dice for step, dice in scores.items() if step}
    assert learned.best_dice == pytest.approx(max(trained.values()), abs=1e-6)
    assert trained[learned.best_step] == max(trained.values())
    assert learned.base_dice == pytest.approx(scores[0], abs=1e-6)

    segmenter = load_model("tiny-sam")
    assert isinstance(segmenter, SamSegmenter)
    adapted = load_adapter(learned.adapter, segmenter)
    datasets = open_datasets((str(discs),), None)
    settings = TrainConfig.read(learned.out / "config.yaml")
    examples = examples_of(Split.read(learned.split).part(datasets, "val"), segmenter, settings)
    trunk = Trunk(adapted, None, "")
    score = Validation(examples, [make_prompt("box")], settings.seed, settings.max_validation)
    again = score(adapted, trunk, Step(adapted, trunk, Weights(), "fp32"))
    assert again == pytest.approx(learned.best_dice, abs=1e-5)


def test_the_folder_and_the_header_say_what_came_out(learned: TrainResult, discs: Path) -> None:
    left = {path.name for path in learned.out.iterdir()}
    assert {"adapter.safetensors", "config.yaml", "split.json", "log.csv", "result.json"} <= left
    assert not left & {"checkpoints", "features"}
    header = read_adapter(learned.adapter).header
    assert (header.method, header.base, header.labels) == ("full", "tiny-sam", ("label_1",))
    assert header.training["validation_dice"] == pytest.approx(learned.best_dice)
    assert header.training["best_step"] == learned.best_step
    assert header.data["cases"] == len(Split.read(learned.split).part(open_datasets((str(discs),), None), "train")) == 6
    for part in ("train", "val"):
        cases = Split.read(learned.split).part(open_datasets((str(discs),), None), part)
        assert header.data[part] == sorted(image_fingerprint(case)[:16] for case in cases)
    assert learned.trained == header.trained
    assert learned.adapter_bytes == learned.adapter.stat().st_size


def test_a_finished_run_is_left_as_it_is(learned: TrainResult) -> None:
    before = learned.adapter.stat().st_mtime_ns
    started = time.perf_counter()
    again = fit(TrainConfig.read(learned.out / "config.yaml"), learned.out)
    assert time.perf_counter() - started < 2
    assert again == learned
    assert learned.adapter.stat().st_mtime_ns == before


@pytest.mark.parametrize("method", ["lora", "decoder"])
def test_the_frozen_base_stays_bit_for_bit(data: Path, tmp_path: Path, loops: list[Loop], method: str) -> None:
    plain = load_model("tiny-litemedsam")
    assert isinstance(plain, SamSegmenter)
    before = plain.network.state_dict()
    result = fit(config(data, method=method, rate=0.01, base_rate=0.01), tmp_path / "run")
    adapted = loops[0].adapted
    tuned = set(adapted.surgery.tuned)
    changed = load_file(result.adapter)
    segmenter = adapted.detach()
    after = {name: tensor for name, tensor in segmenter.network.state_dict().items() if name not in tuned}
    assert len(after) >= len(before) - len(tuned)
    assert all(torch.equal(tensor, before[name]) for name, tensor in after.items())
    assert changed
    assert any(tensor.abs().sum() > 0 for tensor in changed.values())


def test_parts_of_a_step_add_up_to_the_step(data: Path, tmp_path: Path) -> None:
    whole, parts = (
        fit(config(data, batch=4, steps=3, accumulate=n, method="decoder"), tmp_path / str(n)) for n in (1, 2)
    )
    first, second = (read_log(result.out / "log.csv") for result in (whole, parts))
    for one, other in zip(first, second, strict=True):
        for name in {"loss", "dice_loss", "bce_loss", "iou_loss", "grad_norm", "val_dice"} & one.keys():
            assert one[name] == pytest.approx(other[name], rel=1e-4), name
    weights, again = (load_file(result.adapter) for result in (whole, parts))
    # softmax does not see a shift of all keys: the gradient of their bias is rounding, which AdamW blows up to a whole step
    felt = [name for name in weights if not name.endswith("k_proj.bias")]
    assert all(torch.allclose(weights[name], again[name], rtol=1e-3, atol=1e-5) for name in felt)


def test_patience_stops_early(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = iter([0.3, 0.5, 0.6, 0.6, 0.2, 0.9])  # before training, then two that gain and two that do not
    monkeypatch.setattr(Loop, "_score", lambda self: next(scores))
    result = fit(config(data, steps=10, validations=10, patience=2, method="decoder"), tmp_path / "run")
    assert (result.steps, result.best_step, result.best_dice, result.base_dice) == (4, 2, 0.6, 0.3)


def test_the_best_state_is_kept_when_later_ones_are_worse(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loops: list[Loop]
) -> None:
    scores, states = iter([0.3, 0.5, 0.9, 0.4, 0.8]), []

    def score(self: Loop) -> float:
        states.append(self.adapted.state())
        return next(scores)

    monkeypatch.setattr(Loop, "_score", score)
    result = fit(config(data, steps=4, validations=4, method="decoder", rate=0.01, base_rate=0.01), tmp_path / "run")
    kept = load_file(result.adapter)
    assert all(torch.equal(kept[name], states[2][name]) for name in kept)
    assert any(not torch.equal(kept[name], states[4][name]) for name in kept)


def test_a_run_ends_when_its_time_is_over(data: Path, tmp_path: Path) -> None:
    started = time.perf_counter()
    result = fit(config(data, steps=None, minutes=0.6 / 60, variants=None, method="decoder"), tmp_path / "run")
    assert time.perf_counter() - started < 20
    assert 0.6 / 60 <= result.minutes < 6 / 60
    rows = read_log(result.out / "log.csv")
    assert rows[-1]["progress"] == 1
    assert "val_dice" in rows[-1]
    assert rows[-1]["rate"] < 0.2 * max(row.get("rate", 0) for row in rows)


@pytest.mark.filterwarnings("ignore:overflow encountered")
@pytest.mark.slow
def test_a_poisoned_learning_rate_stops_and_keeps_the_last_good_weights(
    data: Path, tmp_path: Path, loops: list[Loop]
) -> None:
    with pytest.raises(ModelError, match=r"not finite 5 times in a row\. .*lower the learning rate"):
        fit(config(data, steps=30, rate=1e30, base_rate=1e30, method="decoder", warmup=0), tmp_path / "run")
    kept = load_file(tmp_path / "run" / "adapter.safetensors")
    plain = load_model("tiny-litemedsam")
    assert isinstance(plain, SamSegmenter)
    untouched = plain.network.state_dict()
    assert kept
    assert all(torch.equal(tensor, untouched[name.removeprefix("base.")]) for name, tensor in kept.items())
    # what was refused for its rate goes on from there with a lower one
    lower = config(data, steps=30, method="decoder", warmup=0)
    result = fit(lower, tmp_path / "run", force=True)
    assert result.steps == 30
    assert math.isfinite(result.best_dice)


def case_with(folder: Path, name: str, values: list[int]) -> None:
    rng = np.random.default_rng(int(name[1:]))
    mask = np.zeros((40, 32), np.uint8)
    for place, value in enumerate(values):
        mask[4 + 18 * place : 16 + 18 * place, 4:24] = value
    write(folder, name, mask * 60 + rng.uniform(0, 60, mask.shape), masks=mask)


def split_of(folder: Path, **parts: list[str]) -> str:
    path = folder.parent / "split.json"
    content = {
        "version": 1, "seed": 0, "fractions": [0.6, 0.2, 0.2], "patients": {},
        "parts": {part: {folder.name: names} for part, names in parts.items()},
    }  # fmt: skip
    path.write_text(json.dumps(content))
    return str(path)


@pytest.mark.parametrize("where", ["val", "test"])
def test_names_that_were_not_trained_are_refused_where_names_are_asked(tmp_path: Path, where: str) -> None:
    folder = tmp_path / "data"
    for number in range(4):
        case_with(folder, f"p{number}", [1, 2] if number == 3 else [1])
    (folder / "dataset.yaml").write_text("labels: {1: liver, 2: spleen}\n")
    others = {"val": ["p2"], "test": ["p3"]} if where == "test" else {"val": ["p3"], "test": ["p2"]}
    split = split_of(folder, train=["p0", "p1"], **others)
    with pytest.raises(InputError, match="training part holds no spleen, which the validation or test part asks for"):
        fit(config(folder, split=split, method="class-prompt", prompts=("none",)), tmp_path / "run")
    # a box does not care for names; and the refused run left nothing that is in the way
    assert fit(config(folder, split=split, method="decoder"), tmp_path / "run").steps == 2


def test_a_shared_prompt_teaches_nothing_and_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="everything asks about no target"):
        fit(config(data, prompts=("box", "everything")), tmp_path / "run")


@pytest.mark.parametrize(
    "changes", [{"method": "lorra"}, {"model": "tiny-litemedsan"}, {"prompts": ("bocks",)}, {"settings": {"rang": 2}}]
)
@pytest.mark.slow
def test_a_mistake_costs_nothing_but_its_correction(data: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises((UnknownNameError, UsageError, InputError)):
        fit(config(data, **changes), tmp_path / "run")
    assert fit(config(data), tmp_path / "run").steps == 2


def test_memory_that_is_short_is_said_before_the_run_is_written_down(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Short:
        def check(self) -> None:
            raise ResourceError("Training would need about 12 GB.")

    with monkeypatch.context() as patch:
        patch.setattr("samaritan.train._prepare.forecast", lambda *_, **__: Short())
        with pytest.raises(ResourceError, match="12 GB"):
            fit(config(data), tmp_path / "run")
    assert fit(config(data, accumulate=2), tmp_path / "run").steps == 2


@pytest.mark.parametrize("method", METHODS.names())
@pytest.mark.slow
def test_every_method_takes_steps_and_leaves_an_adapter_that_loads(
    data: Path, tmp_path: Path, method: str, loops: list[Loop]
) -> None:
    by_name = "name" in METHODS.get(method).card.prompts
    result = fit(config(data, method=method, prompts=("none",) if by_name else ("box", "point")), tmp_path / "run")
    assert result.steps == 2
    losses = [row["loss"] for row in read_log(result.out / "log.csv") if "loss" in row]
    assert np.isfinite(losses).all()
    assert math.isfinite(result.best_dice)
    state = loops[0].adapted.state(training=False)
    segmenter = load_model("tiny-litemedsam")
    assert isinstance(segmenter, SamSegmenter)
    found = load_adapter(result.adapter, segmenter).state(training=False)
    assert found.keys() == state.keys()
    assert all(torch.equal(found[name], state[name]) for name in state)
    assert result.trained == sum(parameter.numel() for parameter in loops[0].adapted.named_trainable().values()) > 0


@pytest.mark.parametrize("method", ["lora", "decoder"])
@pytest.mark.slow
def test_half_precision_trains_nearly_the_same(data: Path, tmp_path: Path, method: str) -> None:
    logs = {}
    for precision in ("fp32", "bf16"):
        result = fit(config(data, method=method, precision=precision), tmp_path / precision)
        logs[precision] = [row["loss"] for row in read_log(result.out / "log.csv") if "loss" in row]
        assert {tensor.dtype for tensor in load_file(result.adapter).values() if tensor.is_floating_point()} == {
            torch.float32
        }
    assert logs["bf16"] == pytest.approx(logs["fp32"], rel=0.05)
    assert logs["bf16"] != logs["fp32"]


def test_stored_features_do_not_change_a_run(data: Path, tmp_path: Path, loops: list[Loop]) -> None:
    shared = str(tmp_path / "shared")
    runs = [fit(config(data, method="decoder", features=shared), tmp_path / name) for name in ("first", "second")]
    runs.append(fit(config(data, method="decoder"), tmp_path / "alone"))
    one, two, three = (load_file(run.adapter) for run in runs)
    assert all(torch.equal(one[name], two[name]) and torch.equal(one[name], three[name]) for name in one)
    assert loops[0].trunk.computed > 0
    assert (loops[1].trunk.computed, loops[1].trunk.read > 0) == (0, True)
    assert any(path.is_file() for path in Path(shared).rglob("*")), "a shared folder stays"


def test_random_raters_are_trained_on(tmp_path: Path, loops: list[Loop]) -> None:
    folder = tmp_path / "data"
    for number in range(5):
        rng = np.random.default_rng(number)
        small, large = np.zeros((40, 32), np.uint8), np.zeros((40, 32), np.uint8)
        small[10:20, 8:18], large[6:30, 4:28] = 1, 1
        image = large * 100 + rng.uniform(0, 60, large.shape)
        write(folder, f"p{number}", image)
        for rater, mask in (("anna", small), ("bob", large)):
            place = folder / "masks_raters" / rater
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(mask).save(place / f"p{number}.png")
    areas: dict[str, set[int]] = {}
    for raters in ("reference", "random"):
        fit(config(folder, raters=raters, batch=4, augment="none"), tmp_path / raters)
        drawn = [loops[-1].sampler.draw(step, slot, 0) for step in range(6) for slot in range(4)]
        areas[raters] = {int(question.mask.sum()) for one in drawn for question in one.questions}
    assert areas["random"] == {100, 576}
    assert areas["reference"] == {338}, "the mean of both"


def test_depth_adapters_learn_from_stacks_of_slices(tmp_path: Path, loops: list[Loop]) -> None:
    nibabel = pytest.importorskip("nibabel")
    folder = tmp_path / "data"
    for number in range(3):
        rng = np.random.default_rng(number)
        mask = np.zeros((24, 20, 5), np.uint8)
        mask[6:16, 5:15, 1:4] = 1
        for kind, array in (("images", mask * 90 + rng.uniform(0, 60, mask.shape)), ("masks", mask)):
            (folder / kind).mkdir(parents=True, exist_ok=True)
            image = nibabel.Nifti1Image(np.asarray(array, np.float32 if kind == "images" else np.uint8), np.eye(4))
            nibabel.save(image, folder / kind / f"p{number}.nii.gz")
    settings = {"depth": 3}
    fit(config(folder, method="med-sa", settings=settings, rate=0.01, steps=3), tmp_path / "run")
    after = loops[0].adapted.state()
    segmenter = load_model("tiny-litemedsam")
    assert isinstance(segmenter, SamSegmenter)
    before = attach(segmenter, "med-sa", settings, seed=0).state()
    deep = [name for name in after if "depth" in name]
    assert deep
    assert sum(not torch.equal(after[name], before[name]) for name in deep) >= len(deep) / 2
    assert {len(loops[0].sampler.draw(step, 0, 0).example.pictures) for step in range(4)} == {3}


def test_a_person_is_told_what_trains_and_how_it_goes(data: Path, tmp_path: Path) -> None:
    class Listener(Silent):
        def __init__(self) -> None:
            self.notes: list[str] = []
            self.steps: list[tuple[int, float]] = []

        def note(self, sentence: str) -> None:
            self.notes.append(sentence)

        def step(self, number: int, done: float, loss: float, dice: float | None, minutes_left: float | None) -> None:
            self.steps.append((number, done))

    listener = Listener()
    fit(config(data, method="decoder", steps=4), tmp_path / "run", progress=listener)
    assert listener.steps == [(0, 0), (1, 0.25), (2, 0.5), (3, 0.75), (4, 1)]
    assert "decoder on tiny-litemedsam" in listener.notes[0]
    assert "image embeddings never change and are stored, 1 version of" in listener.notes[1]
