"""Adapted models in a run, and runs over one part of a split; on networks of a few thousand parameters."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import samaritan.benchmark.run as run_module
from samaritan.adapt import AdapterHeader, attach, base_sha256, save_adapter
from samaritan.benchmark._config import RunConfig
from samaritan.benchmark._markdown import write_markdown_table
from samaritan.benchmark._row import VOLATILE
from samaritan.benchmark.compare_runs import read_arms
from samaritan.benchmark.report import render
from samaritan.benchmark.report._run import Run
from samaritan.benchmark.run import RunResult, run_benchmark
from samaritan.benchmark.statistics import read_rows
from samaritan.core import InputError, ModelError, UsageError
from samaritan.datasets import Case, Dataset, make_split
from samaritan.models import load_model

MODEL = "tiny-litemedsam"

MakeAdapter = Callable[..., str]


@pytest.fixture
def make_adapter(tmp_path: Path) -> MakeAdapter:
    """``make_adapter("vessels", seed=1, method="lora", ...)`` -> path of a folder with an adapter of random values."""

    def make(name: str, *, seed: int = 0, method: str = "lora", model: str = MODEL, **header: Any) -> str:
        segmenter: Any = load_model(model)
        digest = base_sha256(segmenter)
        adapted = attach(segmenter, method, labels=header.get("labels", ()))
        generator = torch.Generator().manual_seed(seed)
        state = {
            key: value + 0.3 * torch.randn(value.shape, generator=generator) for key, value in adapted.state().items()
        }
        settings = adapted.config.model_dump(mode="json")
        content = {"method": method, "settings": settings, "base": model, "base_sha256": digest} | header
        path = tmp_path / "adapters" / name
        save_adapter(path / "adapter.safetensors", AdapterHeader.model_validate(content), state, overwrite=True)
        return str(path)

    return make


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> list[Dataset]:
    """What runs find, whatever they ask for."""
    found: list[Dataset] = []
    monkeypatch.setattr(run_module, "open_datasets", lambda args, meta: list(found))
    monkeypatch.setattr("samaritan.benchmark.report.write_report", lambda run: run / "report.html")
    return found


@pytest.fixture
def cases(data: list[Dataset], make_case: Any, two_targets: Any) -> list[Case]:
    """Three volumes of two targets, as a data set."""
    two_targets = two_targets[:, :, 2:5]
    noise = [np.random.default_rng(n).integers(0, 60, two_targets.shape) for n in range(3)]
    images = [(np.where(two_targets > 0, 180, 10) + one).astype(np.uint8) for one in noise]
    names = {1: "left", 3: "right"}
    made = [
        make_case(name, two_targets, names=names, image=image, spacing=(1, 1, 3))
        for name, image in zip("abc", images, strict=True)
    ]
    data.append(Dataset("phantoms", tuple(made), "folders", "MR"))
    return made


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., RunResult]:
    def start(*adapters: str, out: str = "run", **settings: Any) -> RunResult:
        content = {"data": ("memory",), "models": (MODEL,), "prompts": ("box", "points:2")} | settings
        return run_benchmark(RunConfig.model_validate(content | {"adaptations": adapters}), tmp_path / out)

    return start


def rows_of(done: RunResult) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k not in VOLATILE} for row in read_rows(done.run)]


def of(rows: list[dict[str, Any]], adaptation: str) -> list[dict[str, Any]]:
    return [{k: v for k, v in row.items() if k != "adaptation"} for row in rows if row["adaptation"] == adaptation]


def test_base_and_adapted_models_answer_the_same_questions(run: Any, cases: Any, make_adapter: MakeAdapter) -> None:
    done = run(make_adapter("one", seed=1), make_adapter("two", seed=2))
    rows = rows_of(done)
    assert (done.n_ok, done.n_failed, len(rows)) == (9, 0, 3 * 3 * 2 * 2)
    assert list(dict.fromkeys(row["adaptation"] for row in rows)) == ["none", "one", "two"]
    asked = [[(row["target"], row["prompt"], row["interactions"], row["slices"]) for row in of(rows, name)] for name in
             ("none", "one", "two")]  # fmt: skip
    assert asked[0] == asked[1] == asked[2]
    dice = [[row["dice"] for row in of(rows, name)] for name in ("none", "one", "two")]
    assert dice[0] != dice[1] != dice[2] != dice[0]
    assert of(rows, "none") == of(rows_of(run(out="base")), "none")  # an adapter leaves the base alone
    alone = run(str(Path(done.run).parent / "adapters" / "two"), out="alone", base=False)
    assert of(rows_of(alone), "two") == of(rows, "two")
    assert {row["adaptation"] for row in rows_of(alone)} == {"two"}


@pytest.mark.slow
def test_a_run_continues_and_a_changed_adapter_is_measured_anew(
    run: Any, cases: list[Case], data: list[Dataset], make_adapter: MakeAdapter
) -> None:
    one, two = make_adapter("one", seed=1), make_adapter("two", seed=2)
    first = run(one, two)
    assert run(one, two).encode_calls == 0
    marks = [json.loads(line) for line in (first.run / "cases.jsonl").read_text().splitlines()]
    assert [(mark["case_id"], mark["adaptation"]) for mark in marks[:4]] == [
        ("a", "none"), ("a", "one"), ("a", "two"), ("b", "none"),
    ]  # fmt: skip
    before = rows_of(first)
    make_adapter("two", seed=3)
    again = run(one, two)
    assert again.encode_calls == first.encode_calls // 3
    after = rows_of(again)
    assert of(after, "none") == of(before, "none")
    assert of(after, "one") == of(before, "one")
    assert [row["dice"] for row in of(after, "two")] != [row["dice"] for row in of(before, "two")]
    assert [(row["case_id"], row["adaptation"]) for row in after] == [
        (row["case_id"], row["adaptation"]) for row in before
    ]
    previews = [json.loads(line)["key"][7] for line in (first.run / "previews.jsonl").read_text().splitlines()]
    assert previews == (["none"] * 4 + ["one"] * 4 + ["two"] * 4) * 3


def test_other_adapters_are_other_settings(run: Any, cases: Any, make_adapter: MakeAdapter) -> None:
    run(make_adapter("one"))
    with pytest.raises(InputError, match=r"other settings \(adaptations\)"):
        run(make_adapter("two"))
    with pytest.raises(InputError, match=r"other settings \(base\)"):
        run(make_adapter("one"), base=False)


def test_a_run_folder_of_an_earlier_version_continues(run: Any, cases: Any, tmp_path: Path) -> None:
    first = run()
    for name in ("cases.jsonl", "config.yaml"):
        lines = (tmp_path / "run" / name).read_text()
        for word in ('"adaptation":"none",', "split: null\n", "part: all\n", "base: true\n"):
            lines = lines.replace(word, "")
        (tmp_path / "run" / name).write_text(lines)
    assert run().encode_calls == 0
    assert first.encode_calls > 0


def test_wrong_adapters_are_refused_before_the_folder_is_made(
    run: Any, cases: Any, make_adapter: MakeAdapter, tmp_path: Path
) -> None:
    one = make_adapter("one")
    for adapters, error, message in (
        ((one, f"{one}/adapter.safetensors"), UsageError, "are both called 'one'; rename one"),
        ((make_adapter("none"),), UsageError, "cannot be called 'none'"),
        ((make_adapter("sam", model="tiny-sam"),), UsageError, "adapts tiny-sam, which is not among the models"),
        ((make_adapter("other", base_sha256="0" * 64),), ModelError, "other weights"),
        ((str(tmp_path / "nothing"),), InputError, "There is no adapter"),
    ):
        with pytest.raises(error, match=message):
            run(*adapters)
    assert not (tmp_path / "run").exists()


def test_every_adapter_goes_to_its_own_model(run: Any, cases: Any, make_adapter: MakeAdapter) -> None:
    done = run(make_adapter("s", model="tiny-sam"), make_adapter("l"), models=("tiny-sam", MODEL), limit=1)
    systems = list(dict.fromkeys((row["model"], row["adaptation"]) for row in rows_of(done)))
    assert systems == [("tiny-sam", "none"), ("tiny-sam", "s"), (MODEL, "none"), (MODEL, "l")]


def test_images_are_prepared_as_the_adapter_was_trained(run: Any, cases: Any, make_adapter: MakeAdapter) -> None:
    own = make_adapter("own", preparation={"plane": "coronal", "intensity": "window:100/300"})
    rows = rows_of(run(own, limit=1))
    seen = {row["adaptation"]: (row["plane"], row["intensity"]) for row in rows}
    assert seen == {"none": ("axial", "asis"), "own": ("coronal", "window 100/300")}
    done = run(own, limit=1, out="said", plane="sagittal", intensity="full")
    assert {row["plane"] for row in rows_of(done)} == {"sagittal"}
    assert len({row["intensity"] for row in rows_of(done)}) == 1
    run_of_own = Run.read(done.run.parent / "run")
    pictures = {line["key"][7]: line["picture"] for line in run_of_own.previews.values()}
    assert pictures["none"] != pictures["own"]
    assert all((run_of_own.folder / name).is_file() for name in pictures.values())


def test_a_target_that_the_adapter_was_not_taught_fails_with_a_sentence(
    run: Any, cases: Any, make_adapter: MakeAdapter
) -> None:
    done = run(make_adapter("names", method="class-prompt", labels=("left",)), limit=1)
    rows = rows_of(done)
    assert {(row["adaptation"], row["status"]) for row in rows} == {("none", "ok"), ("names", "failed")}
    (sentence,) = {row["error"] for row in rows if row["status"] == "failed"}
    assert "right" in sentence
    assert "left" in sentence
    assert (done.n_ok, done.n_failed, done.exit_code) == (1, 1, 1)


@pytest.mark.slow
def test_the_adaptation_is_told_beside_the_model(
    run: Any, cases: Any, make_adapter: MakeAdapter, tmp_path: Path
) -> None:
    header = {"prompts": ("points:2",), "data": {"datasets": ["retinas"]}, "labels": ("left", "right")}
    done = run(make_adapter("vessels", **header))
    assert list(read_arms([done.run])) == [
        f"{MODEL}, box", f"{MODEL}, points:2", f"{MODEL} + vessels, box", f"{MODEL} + vessels, points:2",
    ]  # fmt: skip
    provenance = json.loads((done.run / "provenance.json").read_text())
    assert provenance["adaptations"]["vessels"]["method"] == "lora"
    assert len(provenance["adaptations"]["vessels"]["sha256"]) == 64
    page = render(Run.read(done.run))
    assert f"{MODEL} + vessels" in page
    assert "Training data of vessels.</b> retinas." in page
    table = write_markdown_table(done.run, tmp_path / "table.md").read_text()
    assert rf"## {MODEL} + vessels" in table
    assert f"-m {MODEL} -a vessels -p box" in table
    assert str(tmp_path) not in table


def test_a_part_of_a_split_is_measured(run: Any, cases: Any, data: list[Dataset], tmp_path: Path) -> None:
    file = tmp_path / "split.json"
    split = make_split(data, seed=2)
    split.write(file)
    for part in ("train", "val", "test"):
        done = run(split=str(file), part=part, out=part)
        assert {row["case_id"] for row in rows_of(done)} == {case.case_id for case in split.part(data, part)}
    assert {row["case_id"] for row in rows_of(run(split=str(file), part="all", out="all"))} == set("abc")
    default = run(split=str(file), out="default")
    assert rows_of(default) == rows_of(run(split=str(file), part="test", out="test"))
    assert RunConfig.read(default.run / "config.yaml").part == "test"


def test_a_split_that_does_not_fit_is_refused(run: Any, cases: Any, data: list[Dataset], tmp_path: Path) -> None:
    file = tmp_path / "split.json"
    file.write_text('{"parts": {"train": {"phantoms": ["a"]}, "test": {"phantoms": ["b"]}}}')
    with pytest.raises(InputError, match=r"no part for 1 cases of the data .phantoms/c"):
        run(split=str(file))
    file.write_text('{"parts": {"train": {"phantoms": ["a", "b", "c"]}, "test": {}}}')
    with pytest.raises(InputError, match=r"The part 'test' of .*split\.json holds no case"):
        run(split=str(file))
    with pytest.raises(InputError, match=r"none\.json"):
        run(split=str(tmp_path / "none.json"))
    assert not (tmp_path / "run").exists()
