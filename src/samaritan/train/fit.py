"""From settings to an adapter file: open the data, split it, attach the method, train, save."""

from __future__ import annotations

import hashlib
import logging
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator

from samaritan.adapt import AdapterHeader, save_adapter
from samaritan.adapt._file import IMAGE_DIGITS
from samaritan.core import ModelError
from samaritan.train._config import TrainConfig
from samaritan.train._curve import draw_curve
from samaritan.train._folder import TrainFolder
from samaritan.train._memory import peak_mb
from samaritan.train._prepare import VERSION, Preparation, Prepared
from samaritan.train._progress import Reporter, Silent
from samaritan.train._stop import stoppable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainResult:
    """How a training run ended.

    Attributes:
        out: the folder.
        adapter: the file.
        split: which cases trained, validated, and are left for the test.
        steps: optimiser steps.
        minutes: of training, validations included.
        peak_mb: largest memory of the process.
        trained: parameters that were trained.
        own: those of the method's own modules among them.
        base: parameters of the base.
        adapter_bytes: size of the file.
        base_dice: on the validation part before training; NaN without one.
        best_dice: on the validation part, of the state that was kept; NaN without one.
        best_step: when that was.
        stored: last module of the encoder whose features were stored; "" where none were.
        interrupted: True when a person stopped it; run again to go on.
    """

    out: Path
    adapter: Path
    split: Path
    steps: int
    minutes: float
    peak_mb: float
    trained: int
    own: int
    base: int
    adapter_bytes: int
    base_dice: float
    best_dice: float
    best_step: int
    stored: str
    interrupted: bool = False


def fit(
    config: TrainConfig,
    out: Path,
    *,
    resume: bool = False,
    force: bool = False,
    overwrite: bool = False,
    progress: Reporter | None = None,
) -> TrainResult:
    """Train an adaptation and leave it in the folder ``out``.

    A folder that holds an unfinished run with the same settings is continued from its last checkpoint; a finished one is left
    as it is. Under torchrun all processes share the work, and the first one writes.

    Args:
        config: the settings.
        out: folder of the run.
        resume: refuse to start anew where there is nothing to continue.
        force: continue although settings or data differ.
        overwrite: start anew, whatever the folder holds.
        progress: is told what happens.

    Raises:
        UsageError: an unknown prompt, model, method or data set.
        InputError: the data cannot be used (no masks, too few cases, leaks), or ``out`` holds something else than this run.
        ModelError: weights are missing or wrong, or the loss stays not finite.
        ResourceError: ``out`` cannot be written or is in use, the disk is full, or memory is too small.
    """
    if config.threads is not None:
        torch.set_num_threads(config.threads)
    accelerator = Accelerator(cpu=config.device == "cpu")
    folder = TrainFolder(out)
    hold = folder.held(config, resume=resume, force=force, overwrite=overwrite)
    with hold if accelerator.is_main_process else nullcontext():
        accelerator.wait_for_everyone()
        ended = folder.read_result()
        if ended is not None:
            if accelerator.is_main_process:
                folder.tidy()  # where a kill came between the result and this
            return _result(folder, ended)
        return _Run(Preparation(config, folder, accelerator, progress or Silent()).prepare(force=force)).train()


@dataclass(eq=False)
class _Run:
    """Trains what is ready, and saves what comes out."""

    ready: Prepared

    def train(self) -> TrainResult:
        folder, loop = self.ready.folder, self.ready.loop
        interrupted = False
        try:
            with stoppable() as loop.stop:
                loop.run()
        except KeyboardInterrupt:
            interrupted = True
        except ModelError:
            self._keep()
            raise
        if not interrupted:
            self._keep()
        result = self._describe()
        if loop.accelerator.is_main_process and not interrupted:
            draw_curve(folder.path / "log.csv", folder.curve)
            folder.write_result(result)
            folder.tidy()
        loop.table.close()
        loop.accelerator.wait_for_everyone()
        return _result(folder, result | {"interrupted": interrupted})

    def _keep(self) -> None:
        """Write the adapter: the state of the best validation, else the last one."""
        loop = self.ready.loop
        if loop.best:
            loop.adapted.load_state(loop.best)
        loop.adapted.train(False)
        if loop.accelerator.is_main_process:
            content = loop.adapted.state(training=False)
            save_adapter(self.ready.folder.adapter, self._header(), content, overwrite=True)

    def _header(self) -> AdapterHeader:
        config, state = self.ready.loop.config, self.ready.loop.state
        card = self.ready.loop.adapted.segmenter.card
        policies = {case.intensity for dataset in self.ready.datasets for case in dataset.cases}
        licences = sorted({dataset.licence for dataset in self.ready.datasets if dataset.licence})
        return AdapterHeader(
            method=config.method,
            settings=self.ready.loop.adapted.config.model_dump(mode="json"),
            base=config.model,
            base_sha256=self.ready.digest,
            labels=self.ready.labels,
            prompts=config.prompts,
            preparation={
                "intensity": config.intensity or (policies.pop() if len(policies) == 1 else None),
                "plane": config.plane, "input_size": card.input_size, "normalisation": card.normalisation,
            },
            data={
                "datasets": [dataset.name for dataset in self.ready.datasets], "cases": len(self.ready.prints),
                "sha256": hashlib.sha256(repr(sorted(self.ready.prints.items())).encode()).hexdigest(),
                "sources": sorted({source for dataset in self.ready.datasets for source in dataset.sources}),
                **{part: [digest[:IMAGE_DIGITS] for digest in images] for part, images in self.ready.images.items()},
            },
            training={
                "steps": state.step, "best_step": state.best_step, "seed": config.seed, "version": VERSION,
                "minutes": round(state.seconds / 60, 2), "validation_dice": _rounded(state.best_dice),
                "validation_dice_before": _rounded(state.base_dice),
            },
            licence=f"that of the training data: {'; '.join(licences)}" if licences else "",
            trained=self.ready.loop.adapted.counts().trained,
            created=datetime.now(UTC).date().isoformat(),
        )  # fmt: skip

    def _describe(self) -> dict[str, Any]:
        state, counts, folder = self.ready.loop.state, self.ready.loop.adapted.counts(), self.ready.folder
        return {
            "steps": state.step, "minutes": state.seconds / 60, "peak_mb": peak_mb(), **asdict(counts),
            "adapter_bytes": folder.adapter.stat().st_size if folder.adapter.is_file() else 0,
            "base_dice": _rounded(state.base_dice), "best_dice": _rounded(state.best_dice),
            "best_step": state.best_step, "stored": self.ready.loop.trunk.name,
        }  # fmt: skip


def _result(folder: TrainFolder, found: dict[str, Any]) -> TrainResult:
    numbers = {name: float("nan") if found[name] is None else found[name] for name in ("base_dice", "best_dice")}
    return TrainResult(folder.path, folder.adapter, folder.split, **(found | numbers))


def _rounded(value: float) -> float | None:
    return round(value, 6) if abs(value) < float("inf") else None
