"""One arm: train an adaptation, then score the test part before and after it."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from samaritan.adapt import Adaptation, load_adapted
from samaritan.bakeoff._check import check, check_overwrite
from samaritan.bakeoff._config import ArmConfig
from samaritan.bakeoff._gain import Gain, gains
from samaritan.bakeoff._panel import ask_panel
from samaritan.bakeoff._raters import SCORES as RATER_SCORES
from samaritan.bakeoff._raters import RaterScore, read_scores, summarise_raters, write_scores
from samaritan.bakeoff._result import FILE, SCORES, ArmResult
from samaritan.bakeoff._timing import time_inference
from samaritan.benchmark import RunConfig, run_benchmark
from samaritan.benchmark._progress import Reporter as ScoringReporter
from samaritan.benchmark._row import UNADAPTED, Row
from samaritan.benchmark.statistics import read_rows
from samaritan.core import InputError, write_text
from samaritan.datasets import Case, Split, open_datasets
from samaritan.models import MODELS, load_model
from samaritan.models._base import Segmenter
from samaritan.predict.runtimes import with_runtime
from samaritan.train import Reporter as TrainingReporter
from samaritan.train import TrainResult, fit


class Reporter(TrainingReporter, Protocol):
    """Is told what happens in an arm: notes and steps of the training, then the scoring."""

    def scoring(self) -> ScoringReporter:
        """The training is over; what is returned is told about the scoring."""
        ...


@dataclass(frozen=True)
class Adapted:
    """How an arm ended.

    Attributes:
        result: its numbers; None when it was interrupted.
        gains: Dice before and after under each prompt; empty for a base, or when it was interrupted.
        failed: cases without scores.
        folder: where everything lies.
        raters: scores of cases that several raters drew.
        elsewhere: True in the other processes of a training that torchrun shares out: the first one scores and tells.
    """

    result: ArmResult | None
    gains: list[Gain]
    failed: int
    folder: Path
    raters: list[RaterScore] = field(default_factory=list)
    elsewhere: bool = False

    @property
    def exit_code(self) -> int:
        """0 all well, 1 some test cases failed, 130 interrupted."""
        return 130 if self.result is None and not self.elsewhere else int(self.failed > 0)

    def facts(self) -> dict[str, Any]:
        """Everything in plain values, for programs."""
        numbers = {} if self.result is None else self.result.model_dump(mode="json") | {"share": self.result.share}
        gained = [
            {
                "prompt": one.prompt, "patients": one.paired.n_patients, "before": one.before.mean,
                "after": one.after.mean, "difference": one.paired.difference, "low": _number(one.paired.low),
                "high": _number(one.paired.high), "p": _number(one.paired.p), "words": one.words,
            }
            for one in self.gains
        ]  # fmt: skip
        raters = [
            {"prompt": p} | {name: _number(summarise_raters(own, name).mean) for name in RATER_SCORES}
            for p in dict.fromkeys(one.prompt for one in self.raters)
            if (own := [one for one in self.raters if one.prompt == p])
        ]
        return {"folder": str(self.folder), "failed": self.failed, **numbers, "dice": gained, "raters": raters}


def adapt_and_score(
    config: ArmConfig,
    out: Path,
    progress: Reporter,
    *,
    resume: bool = False,
    force: bool = False,
    overwrite: bool = False,
    runtime: str = "auto",
) -> Adapted:
    """Train, then score the test part through the benchmark: same prompts and cases before and after.

    Args:
        config: the settings.
        out: the arm's folder; the adapter and the course of its training lie in it, the scores in ``out``/test.
        progress: is told what happens.
        resume: refuse to start anew where there is nothing to continue; without it a run that was stopped goes on too.
        force: continue although settings or data differ.
        overwrite: start anew, whatever the folder holds.
        runtime: what runs the encoders while the test part is scored; see
            :func:`samaritan.predict.runtimes.with_runtime`. Training runs on torch.

    Raises:
        UsageError: an unknown name, or settings that do not go together.
        InputError: the data cannot be used, or the folder holds another run.
        ModelError: weights are missing or wrong, or the training diverged.
        ResourceError: memory or disk do not suffice, or the folder is in use.
    """
    check(config.train, config.score, out, runtime)
    if overwrite:
        check_overwrite(out)
    trained = None
    if config.adapt:
        trained = fit(config.train, out, resume=resume, force=force, overwrite=overwrite, progress=progress)
        if trained.interrupted:
            return Adapted(None, [], 0, out)
        if not first_process():
            return Adapted(None, [], 0, out, elsewhere=True)
    split = config.train.split if trained is None else str(trained.split)
    if split is None:
        raise InputError("The base is measured on the test part of a split; give the file.")
    run = run_benchmark(
        _run_config(config, split, trained),
        out / SCORES,
        overwrite=overwrite,
        progress=progress.scoring(),
        runtime=runtime,
    )
    if run.interrupted:
        return Adapted(None, [], run.n_failed, out)
    result = _result(config, out, split, trained, runtime)
    write_text(out / FILE, result.model_dump_json(indent=1) + "\n")
    return Adapted(result, _gains(config, out), run.n_failed, out, read_scores(out))


def first_process() -> bool:
    """Whether this is the process that writes and tells; torchrun numbers the others from 1."""
    return os.environ.get("RANK", "0") == "0"


def base_rows(rows: list[Row]) -> list[Row]:
    """Those of the model as it is."""
    return [row for row in rows if row["adaptation"] == UNADAPTED]


def adapted_rows(rows: list[Row]) -> list[Row]:
    """Those of an adapted model."""
    return [row for row in rows if row["adaptation"] != UNADAPTED]


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _gains(config: ArmConfig, out: Path) -> list[Gain]:
    rows = read_rows(out / SCORES)
    before = base_rows(read_rows(config.base) if config.base else rows)
    return gains(before, adapted_rows(rows), seed=config.score.seed)


def _run_config(config: ArmConfig, split: str, trained: TrainResult | None) -> RunConfig:
    train, score = config.train, config.score
    return RunConfig.parse(
        {
            "data": train.data, "meta": train.meta, "models": [train.model], "prompts": score.prompts,
            "adaptations": [] if trained is None else [str(trained.adapter)],
            "base": trained is None or config.base is None,
            "weights": {train.model: train.weights} if train.weights else {},
            "split": split, "part": "test", "seed": score.seed, "max_slices": score.max_slices,
            "max_instances": score.max_instances, "plane": train.plane, "intensity": train.intensity,
            "device": train.device, "threads": train.threads,
        },
        f"The arm {config.label}",
    )  # fmt: skip


def _result(config: ArmConfig, out: Path, split: str, trained: TrainResult | None, runtime: str) -> ArmResult:
    """Time the model and ask it about cases of several raters, then put everything together."""
    train, segmenter, adapted = config.train, *_model(config, trained)
    cases = _test_cases(config, split)
    if panel := ask_panel(with_runtime(segmenter, runtime), adapted, cases, config):
        write_scores(out, panel)
    target = None
    if adapted is not None:
        target = next(iter(adapted.surgery.labels), None)
    # on torch, for all arms alike: what is prepared for the base is often not for an adapted encoder
    timing = time_inference(segmenter, cases[0], train, target)
    common = ArmResult(
        label=config.label, seed=train.seed, base_parameters=MODELS.get(train.model).card.parameters,
        encode_seconds=timing.encode, decode_seconds=timing.decode,
    )  # fmt: skip
    if trained is None:
        return common
    return common.model_copy(
        update={
            "method": train.method, "settings": dict(train.settings), "train_cases": train.train_cases,
            "steps": trained.steps, "minutes": trained.minutes, "peak_mb": trained.peak_mb, "trained": trained.trained,
            "base_parameters": trained.base, "adapter_bytes": trained.adapter_bytes, "adapter": trained.adapter.name,
            "best_dice": _number(trained.best_dice),
        }
    )  # fmt: skip


def _model(config: ArmConfig, trained: TrainResult | None) -> tuple[Segmenter, Adaptation | None]:
    train = config.train
    if trained is None:
        return load_model(train.model, weights=train.weights, device=train.device), None
    return load_adapted(train.model, trained.adapter, weights=train.weights, device=train.device)


def _test_cases(config: ArmConfig, split: str) -> list[Case]:
    datasets = open_datasets(config.train.data, Path(config.train.meta) if config.train.meta else None)
    return Split.read(split).part(datasets, "test")
