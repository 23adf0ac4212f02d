"""Prompts about volumes, from the run's settings to its rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import samaritan.benchmark.run as run_module
from samaritan.benchmark._follow import Steps
from samaritan.benchmark._row import VOLATILE, key
from samaritan.core import UnknownNameError, UsageError
from samaritan.models import load_model

VOLUMES = ("centre-box", "boxes-every:2", "slices:2", "box3d", "points3d:3", "clicks3d:2", "line")


def rows_of(run: Path, *, timed: bool = True) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / "results.jsonl").read_text().splitlines()]
    return rows if timed else [{name: row[name] for name in row if name not in VOLATILE} for row in rows]


def test_one_box_finds_the_target_on_all_its_slices(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets, spacing=(1, 1, 3), names={1: "left", 3: "right"})]
    result = bench.run("centre-box")
    assert (result.n_ok, result.n_failed) == (1, 0)
    rows = rows_of(bench.out)
    assert [(row["target"], row["dice"], row["nsd"], row["interactions"], row["slices"]) for row in rows] == [
        ("left", 1.0, 1.0, 1, 1), ("right", 1.0, 1.0, 1, 1),
    ]  # fmt: skip
    left, right = rows
    assert (left["voxels"], left["unit"], left["propagation"]) == (108, "mm", "auto")
    assert left["dice_by_distance"] == [1.0, 1.0]
    ends = [(c["step"], c["start"], c["last"], c["edge"]) for c in left["chains"]]
    assert ends == [(-1, 2, 1, 1), (1, 2, 3, 3)]
    assert all("empty" in chain["reason"] for chain in left["chains"])
    assert right["chains"][1]["reason"] == "reached the end of the volume"


def test_all_targets_of_a_case_share_its_embeddings(bench: Any, make_case: Any, plate: Any) -> None:
    volume = np.repeat(plate, 5, axis=2)  # six targets on the same five slices
    bench.cases = [make_case("a", volume)]
    bench.run("centre-box")
    rows = rows_of(bench.out)
    assert {row["dice"] for row in rows} == {1.0}
    assert {row["case_calls"] for row in rows} == {bench.model.encoded}
    assert bench.model.encoded <= 2 * 5


def test_pictures_and_volumes_in_one_run(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets)]
    bench.run("box", *VOLUMES, repeats=2)
    rows = rows_of(bench.out)
    assert [(row["label"], row["prompt"], row["repeat"]) for row in rows] == [
        (label, prompt, repeat) for label in (1, 3) for prompt in ("box", *VOLUMES) for repeat in (0, 1)
    ]
    assert len({key(row) for row in rows}) == len(rows)
    assert {row["propagation"] for row in rows if row["prompt"] == "box"} == {None}
    acts = {row["prompt"]: row["interactions"] for row in rows if row["label"] == 1}
    assert acts["box3d"] == acts["line"] == acts["centre-box"] == 1
    assert acts["boxes-every:2"] == acts["slices:2"] == 2


def test_a_target_alone_gets_what_it_gets_beside_others(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets)]
    bench.run("box", *VOLUMES)
    both = [row for row in rows_of(bench.out, timed=False) if row["prompt"] == "clicks3d:2" and row["label"] == 3]
    alone = two_targets.copy()
    alone[alone == 1] = 0
    image = np.where(two_targets > 0, 200, 10).astype(np.uint8)
    bench.cases = [make_case("a", alone, image=image)]
    bench.run("clicks3d:2", overwrite=True)
    differing = ("case_calls",)
    assert [{n: v for n, v in row.items() if n not in differing} for row in rows_of(bench.out, timed=False)] == [
        {n: v for n, v in row.items() if n not in differing} for row in both
    ]


def test_clicks_correct_round_by_round(bench: Any, make_case: Any, two_targets: Any) -> None:
    """The model sees 3 pixels around a click: every click adds what the ones before have missed."""
    bench.cases = [make_case("a", two_targets)]
    bench.run("clicks3d:4:start=click")
    row = rows_of(bench.out)[1]  # 5 x 8 pixels
    by_round = row["dice_by_round"]
    assert len(by_round) == len(row["nsd_by_round"]) == 5
    assert by_round[0] < by_round[-1] == pytest.approx(row["dice"])
    assert row["interactions_by_round"] == [1, 2, 3, 4, 5]
    assert row["dice_auc"] == pytest.approx(np.trapezoid(by_round) / 4)
    assert 2 <= row["interactions"] <= 5


def test_small_slices_are_not_prompted_and_count(bench: Any, make_case: Any, two_targets: Any) -> None:
    labels = two_targets.copy()
    labels[2:8, 3:9, 3] = 0
    labels[2, 3, 3] = 1
    bench.cases = [make_case("a", labels)]
    bench.run("boxes-every:1", min_pixels=2)
    row = rows_of(bench.out)[0]
    assert (row["slices"], row["voxels"]) == (2, 73)
    assert row["dice"] == pytest.approx(2 * 72 / (72 + 73))  # the last box is where the person says that it ends


def test_objects_in_space_are_united(bench: Any, make_case: Any, plate: Any) -> None:
    bench.cases = [make_case("a", np.repeat(plate, 3, axis=2), instances=True, names={1: "nucleus"})]
    bench.run("centre-box")
    rows = rows_of(bench.out)
    assert [(row["level"], row["instance"]) for row in rows] == [
        ("target", None),
        *(("instance", n) for n in range(1, 7)),
    ]
    assert (rows[0]["dice"], rows[0]["interactions"], rows[0]["voxels"]) == (1.0, 6, 6 * 16 * 3)


def test_a_cut_run_goes_on(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case(name, two_targets) for name in "ab"]
    bench.run(*VOLUMES)
    whole = rows_of(bench.out, timed=False)
    for name in ("results.jsonl", "cases.jsonl"):
        file = bench.out / name
        file.write_bytes(file.read_bytes()[:-40])
    (bench.out / ".embeddings").mkdir()
    assert bench.run(*VOLUMES).n_ok == 2
    assert rows_of(bench.out, timed=False) == whole
    assert not (bench.out / ".embeddings").exists()


def test_propagation_is_a_setting(bench: Any, make_case: Any, two_targets: Any) -> None:
    bench.cases = [make_case("a", two_targets)]
    bench.run("centre-box", propagate="none")
    row = rows_of(bench.out)[0]
    assert (row["propagation"], row["dice"]) == ("none", pytest.approx(2 * 36 / (36 + 108)))


def test_what_cannot_be_is_refused_before_anything_is_written(bench: Any) -> None:
    with pytest.raises(UsageError, match=r"centre-box are scored .* max_slices"):
        bench.run("box", "centre-box", max_slices=3)
    with pytest.raises(UnknownNameError):
        bench.run("centre-box", propagate="forwards")
    assert not bench.out.exists()


def test_a_picture_is_encoded_once_for_all_prompts(
    bench: Any, make_case: Any, two_targets: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Embeddings are kept until the case is done, and every prompt is told what it would have needed by itself."""
    tiny = load_model("tiny-litemedsam")
    tiny.name = "threshold"  # as the run's settings call it
    encode, encoded = tiny.encode, []

    def counted(picture: Any) -> Any:
        encoded.append(1)
        return encode(picture)

    monkeypatch.setattr(tiny, "encode", counted)
    monkeypatch.setattr(run_module, "load_model", lambda name, **_: tiny)
    image = (np.where(two_targets > 0, 200, 10) + np.arange(6)).astype(np.uint8)  # no two pictures alike
    bench.cases = [make_case("a", two_targets, image=image)]
    result = bench.run("box", "boxes-every:1", "slices:2", "clicks3d:2", propagate="none", runtime="torch")
    assert result.encode_calls == len(encoded) == 5  # slices 1..5
    calls = {row["prompt"]: row["case_calls"] for row in rows_of(bench.out)}
    assert (calls["box"], calls["boxes-every:1"]) == (None, 5)
    assert calls["slices:2"] <= 4
    assert not (bench.out / ".embeddings").exists()


def test_a_bar_that_counts_slices_gets_as_many_as_planned() -> None:
    told: list[int] = []
    steps = Steps(7, lambda: told.append(1))
    for share in (0.1, 0.5, 0.5, 1.0, 1.0):
        steps.tell(share)
    assert len(told) == 7


def test_steps_are_counted_for_each_pass(bench: Any, make_case: Any, two_targets: Any) -> None:
    planned: list[int] = []
    stepped: list[int] = []

    class Reporter:
        def plan(self, units: int) -> None: ...
        def begin(self, title: str, slices: int) -> None:
            planned.append(slices)

        def step(self) -> None:
            stepped.append(1)

        def end(self) -> None: ...
        def fail(self, title: str, error: str) -> None: ...

    bench.cases = [make_case("a", two_targets)]
    run_module.run_benchmark(bench.config("box", "centre-box", "clicks3d:2"), bench.out, progress=Reporter())
    assert planned == [15]
    assert len(stepped) == 15
