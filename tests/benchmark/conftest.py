"""Data sets in memory and a model whose answers can be worked out by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import samaritan.benchmark.run as run_module
from samaritan.benchmark._config import RunConfig
from samaritan.core import Geometry, LabelMap, PromptSet, Volume
from samaritan.datasets import REFERENCE, Case, Dataset
from samaritan.evaluate import METRICS, EmptyPolicy, Metric
from samaritan.models._base import Embedding, Prediction, WeightCard

Labels = NDArray[np.unsignedinteger[Any]]

CARD = WeightCard(
    name="threshold", title="bright pixels under the prompt", url="", sha256=None, size=None, licence="Apache-2.0",
    training_data=(), input_size=0, normalisation="none", prompts=("box", "points"), paper="", parameters=0,
)  # fmt: skip


@dataclass
class Threshold:
    """Answers with what is brighter than 100 inside the box or within 3 pixels of a positive click; counts its calls.

    Candidate 1 of three is the one it rates best, candidate 2 the one that is right; the others are empty.
    """

    name: str = "threshold"
    card: WeightCard = CARD
    network: torch.nn.Module = field(default_factory=torch.nn.Identity)
    encoded: int = 0
    batches: list[int] = field(default_factory=list)

    def encode(self, picture: NDArray[np.float32]) -> Embedding:
        self.encoded += 1
        return Embedding({"image": torch.from_numpy(picture[..., 0].copy())}, (picture.shape[0], picture.shape[1]))

    def decode(
        self, embedding: Embedding, prompts: Sequence[PromptSet], *, multimask: bool = False
    ) -> list[Prediction]:
        self.batches.append(len(prompts))
        grey = embedding.features["image"].numpy()
        return [self._one(grey, prompt, multimask) for prompt in prompts]

    @staticmethod
    def _one(grey: NDArray[np.float32], prompt: PromptSet, multimask: bool) -> Prediction:
        x, y = np.indices(grey.shape)
        allowed = np.zeros(grey.shape, bool)
        if prompt.box is not None:
            (x0, y0, _), (x1, y1, _) = prompt.box.lo, prompt.box.hi
            allowed |= (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        if prompt.points is not None:
            for (px, py, _), label in zip(prompt.points.ijk, prompt.points.labels, strict=True):
                near = (x - px) ** 2 + (y - py) ** 2 <= 3**2
                allowed = allowed | near if label else allowed & ~near
        right = np.where(allowed & (grey > 100), 5.0, -5.0).astype(np.float32)
        nothing = np.full_like(right, -5.0)
        logits = np.stack([nothing, nothing, right] if multimask else [right])
        quality = np.array([0.2, 0.9, 0.5] if multimask else [0.8], np.float32)
        return Prediction(logits, quality, np.zeros((len(logits), 4, 4), np.float32))


@pytest.fixture
def threshold() -> Threshold:
    return Threshold()


MakeCase = Callable[..., Case]


@pytest.fixture
def make_case(tmp_path: Path) -> MakeCase:
    """``make_case(case_id, labels, ...)``: the image is 200 where there is a label and dark elsewhere."""

    def make(
        case_id: str,
        labels: Labels | Mapping[str, Labels],
        *,
        spacing: tuple[float, float, float] | None = None,
        names: Mapping[int, str] | None = None,
        instances: bool = False,
        image: NDArray[Any] | None = None,
    ) -> Case:
        by_rater = labels if isinstance(labels, Mapping) else {REFERENCE: labels}
        first = next(iter(by_rater.values()))
        shape = (first.shape[0], first.shape[1], first.shape[2])
        geometry = Geometry.from_spacing(shape, spacing or (1, 1, 1), "mm" if spacing else "px")
        voxels = np.where(first > 0, 200, 10).astype(np.uint8) if image is None else image
        file = tmp_path / "sources" / f"{case_id}.bin"
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(voxels.tobytes())
        return Case(
            dataset="phantoms",
            case_id=case_id,
            patient_id=case_id,
            modality="MR",
            sources=(file,),
            read_image=lambda: Volume(voxels, geometry),
            read_references={
                rater: (lambda data=data: LabelMap(data, geometry))  # type: ignore[misc]
                for rater, data in by_rater.items()
            },
            instances=instances,
            names=names or {},
            intensity="asis",
        )

    return make


@dataclass
class Bench:
    """Runs the benchmark on cases in memory."""

    out: Path
    model: Threshold
    cases: list[Case] = field(default_factory=list)

    def run(
        self, *prompts: str, overwrite: bool = False, runtime: str = "auto", **settings: Any
    ) -> run_module.RunResult:
        return run_module.run_benchmark(
            self.config(*prompts, **settings), self.out, overwrite=overwrite, runtime=runtime
        )

    def config(self, *prompts: str, **settings: Any) -> RunConfig:
        return RunConfig(data=("memory",), models=("threshold",), prompts=prompts or ("box",), **settings)


@pytest.fixture
def bench(tmp_path: Path, threshold: Threshold, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A benchmark whose data sets are ``bench.cases``, without a report."""
    bench = Bench(tmp_path / "run", threshold)
    monkeypatch.setattr(
        run_module, "open_datasets", lambda args, meta: [Dataset("phantoms", tuple(bench.cases), "folders", "MR")]
    )
    monkeypatch.setattr(run_module, "load_model", lambda name, **_: threshold)
    monkeypatch.setattr("samaritan.benchmark.report.write_report", lambda run: run / "report.html")
    return bench


def _block(shape: tuple[int, int, int], *blocks: tuple[int, tuple[slice, ...]]) -> Labels:
    labels = np.zeros(shape, np.uint8)
    for value, place in blocks:
        labels[place] = value
    return labels


@pytest.fixture
def two_targets() -> Labels:
    """(20, 16, 6): label 1 on slices 1..3, label 3 on slices 3..5; label 2 is absent."""
    s = np.s_
    return _block((20, 16, 6), (1, s[2:8, 3:9, 1:4]), (3, s[12:17, 4:12, 3:6]))


@pytest.fixture
def picture() -> Labels:
    """(20, 16, 1): one label."""
    return _block((20, 16, 1), (1, np.s_[4:12, 5:10, 0:1]))


@pytest.fixture
def plate() -> Labels:
    """(30, 24, 1): six objects of 4 x 4 pixels."""
    s = np.s_
    blocks = [
        (1 + n, s[3 + 9 * (n % 3) : 7 + 9 * (n % 3), 4 + 10 * (n // 3) : 8 + 10 * (n // 3), 0:1]) for n in range(6)
    ]
    return _block((30, 24, 1), *blocks)


@pytest.fixture
def added_metric(monkeypatch: pytest.MonkeyPatch) -> str:
    """A metric that somebody wrote: predicted voxels in relation to those of the reference."""
    name = "share"
    entry = Metric(
        name, "Share", "", True, EmptyPolicy(1.0, 0.0, "undefined"), lambda pair: pair.n_pred / pair.n_ref, "P / R."
    )
    METRICS.names()  # the room is discovered first
    monkeypatch.setitem(METRICS._entries, name, entry)
    return name
