"""The training loop: one for all methods, on one device or on many, and a kill costs at most what the last checkpoint lacks."""

from __future__ import annotations

import logging
import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from samaritan.adapt import Adaptation
from samaritan.core import ModelError, UsageError
from samaritan.train._checkpoint import Checkpoint, Checkpoints
from samaritan.train._config import TrainConfig
from samaritan.train._features import Trunk
from samaritan.train._log import TrainingLog
from samaritan.train._memory import peak_mb
from samaritan.train._optimiser import Optimiser
from samaritan.train._progress import Reporter
from samaritan.train._rate import factor
from samaritan.train._sampler import Sampler
from samaritan.train._step import Batch, Step
from samaritan.train._stop import Stop
from samaritan.train._validate import Validation

T = TypeVar("T")

log = logging.getLogger(__name__)

#: A step whose loss or gradient is not finite is left out; after so many in a row the run stops.
MOST_LOST = 5


@dataclass(eq=False)
class State:
    """What changes while a run goes on, beside the tensors.

    Attributes:
        step: optimiser steps done.
        seconds: time spent, earlier sessions included.
        lost: steps in a row that had to be left out.
        base_dice: validation Dice before training; NaN without a validation part.
        best_dice: best validation Dice.
        best_step: when.
        stale: validations since then.
        validated: validations done.
    """

    step: int = 0
    seconds: float = 0.0
    lost: int = 0
    base_dice: float = math.nan
    best_dice: float = -math.inf
    best_step: int = 0
    stale: int = 0
    validated: int = 0


@dataclass(eq=False)
class Loop:
    """Steps, validations and checkpoints of one run.

    Attributes:
        config: the settings.
        adapted: the model.
        trunk: its encoder in two parts.
        step: the module that is trained.
        sampler: draws what each step trains on.
        validation: scores the model.
        checkpoints: where the run is kept.
        table: the log.
        accelerator: devices and processes.
        progress: is told what happens.
        record: what else a checkpoint says (versions of a picture, fingerprints of the data).
        state: what has been done.
        best: tensors of the best validation; empty before.
        stop: whether a person wants the run to end.
    """

    config: TrainConfig
    adapted: Adaptation
    trunk: Trunk
    step: Step
    sampler: Sampler
    validation: Validation
    checkpoints: Checkpoints
    table: TrainingLog
    accelerator: Accelerator
    progress: Reporter
    record: dict[str, Any] = field(default_factory=dict)
    state: State = field(default_factory=State)
    best: dict[str, Tensor] = field(default_factory=dict)
    stop: Stop = field(default_factory=Stop)
    _saved: int = 0
    _good: dict[str, Tensor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._optimiser = Optimiser(self.adapted, self.config)
        self._module: Any = self.step
        world = self.accelerator.num_processes
        if self.config.batch % world:
            raise UsageError(
                f"A batch of {self.config.batch} cannot be shared evenly by {world} processes; choose a multiple of {world}."
            )
        if world > 1:
            self._module = nn.parallel.DistributedDataParallel(self.step, find_unused_parameters=True)

    @property
    def done(self) -> float:
        """Share of the run, 0..1."""
        budget = self.config.budget_minutes
        share = self.state.step / (self.config.steps or 1) if budget is None else self.state.seconds / (60 * budget)
        return min(share, 1.0)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a checkpoint, as if nothing had happened."""
        tensors = checkpoint.tensors
        self.state = State(**checkpoint.record["state"])
        self.adapted.load_state(_part(tensors, "now."))
        self.best = _part(tensors, "best.")
        self._optimiser.restore(_part(tensors, "optimiser."))
        self._saved = self.state.step

    def run(self) -> None:
        """Train until the budget is spent, or validation has not gained for long.

        Raises:
            ModelError: the loss stays not finite; the last good state is in the checkpoint.
            ResourceError: the disk is full, or memory runs out.
            KeyboardInterrupt: a person wanted it to end; a checkpoint was written.
        """
        if self.accelerator.is_main_process:
            self.table.cut(self.state.step or -1)  # what an earlier session logged behind its last checkpoint
        if self.state.step == 0:
            self._begin()
        while self.done < 1 and not self._tired():
            row = self._timed(self._train_step)
            if self.done * self.config.validations >= self.state.validated + 1 or self.done >= 1:
                row["val_dice"] = self._timed(self._validate)
            self._record(row)
            stop = self._agreed(self.stop.asked) > 0
            if stop or self.state.step - self._saved >= self.config.checkpoint_steps:
                self.save()
            if stop:
                raise KeyboardInterrupt
        self.save()

    def save(self) -> None:
        """Write a checkpoint."""
        if self._saved == self.state.step or not self.accelerator.is_main_process:
            return
        tensors = {f"now.{name}": tensor for name, tensor in self.adapted.state().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        tensors |= {f"optimiser.{name}": tensor for name, tensor in self._optimiser.state().items()}
        self.checkpoints.write(self.state.step, tensors, self.record | {"state": asdict(self.state)})
        self._saved = self.state.step

    def _timed(self, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        try:
            return work()
        finally:
            self.state.seconds += self._agreed(time.perf_counter() - started)

    def _agreed(self, value: float) -> float:
        """The main process's number, so that all processes end together."""
        if self.accelerator.num_processes == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        torch.distributed.broadcast(shared, 0)
        return float(shared.item())

    def _begin(self) -> None:
        if self.validation:
            self.state.base_dice = self._timed(self._score)
            self._record({"val_dice": self.state.base_dice})

    def _train_step(self) -> dict[str, float]:
        """One optimiser step; its pictures are shared out over processes and over parts that go one after the other."""
        self.adapted.behaviour.progress = self.done
        self.adapted.train(True)
        rate = self._optimiser.begin(factor(self.done, self.config.warmup))
        sums = self._accumulate()
        norm = self._optimiser.clip()
        self.state.step += 1
        if math.isfinite(norm) and math.isfinite(sums["total"]):
            if not self.best:
                self._good = self.adapted.state()
            self._optimiser.step()
            self.state.lost = 0
        else:
            self._lose(norm, sums["total"])
        return {
            "rate": rate, "loss": sums["total"], "dice_loss": sums["dice"], "bce_loss": sums["bce"],
            "iou_loss": sums["quality"], "penalty": sums.get("penalty", 0.0), "grad_norm": norm,
        }  # fmt: skip

    def _accumulate(self) -> dict[str, float]:
        """Gradients of the step's pictures, and their mean losses."""
        config, world, rank = self.config, self.accelerator.num_processes, self.accelerator.process_index
        mine = range(config.batch)[rank::world]
        parts = [slots for n in range(config.accumulate) if (slots := mine[n :: config.accumulate])]
        sums: dict[str, float] = defaultdict(float)
        with torch.random.fork_rng(devices=[]):
            for number, slots in enumerate(parts):
                torch.manual_seed(_mix(config.seed, self.state.step, number, rank))
                batch = self._batch(slots)
                share = len(slots) / len(mine)  # the mean over processes is taken when gradients are united
                with self._module.no_sync() if world > 1 and slots is not parts[-1] else nullcontext():
                    losses = self._module(batch)
                    (losses["total"] * share).backward()
                self.step.finish()
                for name, value in losses.items():
                    sums[name] += float(value.detach().item()) * share
        return {name: self._mean(value) for name, value in sums.items()}

    def _mean(self, value: float) -> float:
        if self.accelerator.num_processes == 1:
            return value
        shared = torch.tensor([value], dtype=torch.float64)
        torch.distributed.all_reduce(shared)
        return float(shared.item()) / int(self.accelerator.num_processes)

    def _batch(self, slots: Iterable[int]) -> Batch:
        batch, frame = Batch(), self.adapted.segmenter.frame
        for slot in slots:
            drawn = self.sampler.draw(self.state.step, slot, len(batch.pixels))
            batch.add(drawn.example, drawn.questions, frame, self.trunk)
        return batch

    def _lose(self, norm: float, loss: float) -> None:
        """Leave a step out; after too many in a row go back to weights whose loss was a number, and stop."""
        self.state.lost += 1
        log.warning("Step %d is left out: its loss is %s and its gradient %s.", self.state.step, loss, norm)
        if self.state.lost >= MOST_LOST:
            if kept := self.best or self._good:
                self.adapted.load_state(kept)
            self.save()
            raise ModelError(
                f"Training stopped at step {self.state.step}: the loss was not finite {MOST_LOST} times in a row. The last "
                "good state is kept; lower the learning rate, use fp32, or check the images."
            )

    def _score(self) -> float:
        dice = self.validation(self.adapted, self.trunk, self.step)
        return self._agreed(dice)

    def _validate(self) -> float:
        self.state.validated = int(self.done * self.config.validations)
        if not self.validation:
            return math.nan
        dice = self._score()
        if dice > self.state.best_dice:
            self.state.best_dice, self.state.best_step, self.state.stale = dice, self.state.step, 0
            self.best, self._good = self.adapted.state(), {}
        else:
            self.state.stale += 1
        return dice

    def _tired(self) -> bool:
        return self.config.patience is not None and self.state.stale >= self.config.patience

    def _record(self, row: dict[str, float]) -> None:
        if not self.accelerator.is_main_process:
            return
        state, done = self.state, self.done
        clock = {
            "minutes": state.seconds / 60, "seconds_per_step": state.seconds / max(state.step, 1), "peak_mb": peak_mb(),
        }  # fmt: skip
        self.table.add({"step": state.step, "progress": done, **clock, **row})
        left = state.seconds / done * (1 - done) / 60 if done > 0 else None
        dice = row.get("val_dice", math.nan)
        known = dice if math.isfinite(dice) else (state.best_dice if math.isfinite(state.best_dice) else None)
        self.progress.step(state.step, done, row.get("loss", math.nan), known, left)


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _mix(*numbers: int) -> int:
    """One seed from several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
