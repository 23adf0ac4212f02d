"""What a run will need, told before it starts: memory and time, and what to change where memory is short.

Memory of tensors is counted exactly, by a step on tensors without memory. What the allocator of the C library adds to that is
an experience: blocks below 32 MB come from a heap that is fragmented after the first step.
"""

from __future__ import annotations

import logging
import math
import os
import time
from dataclasses import dataclass, field, replace

import torch

from samaritan.core import ResourceError
from samaritan.train._dry_run import Cost, dry_run
from samaritan.train._features import Trunk
from samaritan.train._memory import available_mb, held_mb
from samaritan.train._sampler import Drawn
from samaritan.train._step import Batch
from samaritan.train.loop import Loop

log = logging.getLogger(__name__)

#: The allocator's share on top of tensors, by device.
FRAGMENTATION = {"cpu": 0.3, "cuda": 0.1}

#: What libraries take when they are used for the first time, in MB: kernels, the autograd engine's thread, plots.
LIBRARIES_MB = 45.0

#: Steps of which the one with the most questions is taken.
LOOK_AHEAD = 8

#: A forward pass that took longer, in seconds, is not timed a second time.
LONG = 5.0

_MIB = 2**20


@dataclass(frozen=True)
class Forecast:
    """What a run will need.

    Attributes:
        peak_mb: most memory of one process, in MB (of 2**20 bytes); NaN where it cannot be foreseen.
        minutes: length of the run; NaN where it cannot be foreseen.
        steps: how many there will be, about.
        parts: what the memory is for, in MB; together they are ``peak_mb``.
        available_mb: what the process holds and can still have.
        advice: what would need less, best first.
    """

    peak_mb: float
    minutes: float
    steps: int
    parts: dict[str, float] = field(default_factory=dict)
    available_mb: float = math.inf
    advice: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """False where memory will not do."""
        return not self.peak_mb > self.available_mb

    def check(self) -> None:
        """Refuse a run that the machine cannot hold.

        Raises:
            ResourceError: with what to do.
        """
        if not self.fits:
            raise ResourceError(
                f"Training would need about {_size(self.peak_mb)} of memory ({self._largest()}), and there are "
                f"{_size(self.available_mb)}; {'; or '.join(self.advice)}."
            )

    def __str__(self) -> str:
        if math.isnan(self.peak_mb):
            return "Memory and time cannot be foreseen for this model."
        return (
            f"Forecast: about {_size(self.peak_mb)} of memory at most ({self._largest()}) of {_size(self.available_mb)} that "
            f"there are, {self.minutes:.1f} minutes for {self.steps} steps."
        )

    def _largest(self) -> str:
        first = sorted(self.parts, key=lambda name: -self.parts[name])[:2]
        return ", ".join(f"{name} {_size(self.parts[name])}" for name in first)


def forecast(loop: Loop, pictures: int) -> Forecast:
    """Foresee memory and time of a run that is ready to start. One picture is computed to see how fast the machine is.

    Args:
        loop: ready to run; stays as it is.
        pictures: versions of pictures that there are, whose features are stored where a part of the encoder never changes.

    Raises:
        InputError: nothing can be asked about the pictures.
    """
    drawn = _fullest(loop)
    try:
        cost = dry_run(loop.adapted, drawn, loop.config.precision, checkpointing=loop.config.gradient_checkpointing)
    except Exception as error:  # noqa: BLE001 - a network of somebody else may do what cannot be simulated, and can train still
        log.warning("Memory and time cannot be foreseen for this model: %s", error)
        return Forecast(math.nan, math.nan, 0)
    device = loop.adapted.network.position_grid.device
    parts = _parts(loop, cost, device)
    # processes of one machine share what it has left
    available = parts["process"] + available_mb(device) / int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    steps, minutes = _length(loop, cost, drawn[0], pictures)
    advice = _advice(loop, parts, len(drawn), available)
    return Forecast(sum(parts.values()), minutes, steps, parts, available, advice)


def _fullest(loop: Loop) -> list[Drawn]:
    """The pictures that go through the network at once, in that of the first steps which has the most questions."""
    config, world = loop.config, loop.accelerator.num_processes
    slots = range(config.batch)[:: world * config.accumulate]
    steps = [[loop.sampler.draw(step, slot, n) for n, slot in enumerate(slots)] for step in range(LOOK_AHEAD)]
    return max(steps, key=lambda drawn: sum(len(one.questions) for one in drawn))


def _parts(loop: Loop, cost: Cost, device: torch.device) -> dict[str, float]:
    trained = sum(p.numel() * p.element_size() for p in loop.adapted.named_trainable().values())
    step = max(cost.peak, cost.encoding)
    if loop.accelerator.num_processes > 1:
        step += trained  # gradients lie in DDP's buckets as well
    sizes = {
        "features": cost.features,
        "activations": cost.activations,
        "backward pass": max(step - cost.features - cost.activations, 0),
        "optimiser": 2 * trained,
        "best weights": trained,
        "allocator": FRAGMENTATION.get(device.type, 0.1) * step,
    }
    return {
        "process": held_mb(device),
        **{name: size / _MIB for name, size in sizes.items()},
        "libraries": LIBRARIES_MB,
    }


def _length(loop: Loop, cost: Cost, drawn: Drawn, pictures: int) -> tuple[int, float]:
    """Steps and minutes."""
    config = loop.config
    encode, forward = _speed(loop, drawn)
    step = forward * config.batch / loop.accelerator.num_processes * cost.ratio
    validation = config.max_validation * (encode + forward * (config.validations + 1)) if loop.validation else 0.0
    if config.budget_minutes is None:
        steps = config.steps or 1
        return steps, (steps * step + encode * min(pictures, steps * config.batch) + validation) / 60
    seconds = max(60 * config.budget_minutes - validation, 0.0)
    steps = max((seconds - encode * pictures) / step, seconds / (step + encode * config.batch))
    return round(steps), config.budget_minutes


def _speed(loop: Loop, drawn: Drawn) -> tuple[float, float]:
    """Seconds for one picture: in the part that never changes, and in a forward pass behind it."""
    trunk, frame = Trunk(loop.adapted, None, ""), loop.adapted.segmenter.frame
    asked = [replace(question, picture=0, rounds=1) for question in drawn.questions]
    encode = forward = math.inf
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        for _ in range(2):  # the first time, kernels are prepared
            batch = Batch()
            started = time.perf_counter()
            batch.add(drawn.example, asked, frame, trunk)
            between = time.perf_counter()
            loop.step(batch)
            loop.step.finish()
            ended = time.perf_counter()
            encode, forward = min(encode, between - started), min(forward, ended - between)
            if ended - started > LONG:
                break
    return encode, forward


def _advice(loop: Loop, parts: dict[str, float], pictures: int, available: float) -> tuple[str, ...]:
    """What would need less memory, best first."""
    config, world = loop.config, loop.accelerator.num_processes
    found = []
    each = sum(parts[name] for name in ("features", "activations", "allocator")) / pictures
    fitting = math.floor((available - sum(parts.values())) / each) + pictures
    if 1 <= fitting < pictures:
        rounds = math.ceil(config.batch / (fitting * world))
        found += [
            f"pass accumulate: {rounds}, which lets the pictures of a step go through the network in {rounds} parts, with the "
            "same result",
            f"take fewer pictures in a step (batch: {fitting * world})",
        ]
    if config.precision == "fp32":
        found.append("compute in half precision (precision: bf16)")
    if not loop.trunk.frozen:
        if not config.gradient_checkpointing and not loop.adapted.behaviour.hands_on:
            found.append("compute the encoder again in the backward pass (gradient_checkpointing: true)")
        found.append(
            "take a method that leaves the image encoder as it is (method: decoder): its answers are then stored"
        )
    return (*found, "take a smaller model or a machine with more memory")


def _size(megabytes: float) -> str:
    return f"{megabytes / 1024:.1f} GB" if megabytes >= 1000 else f"{megabytes:.0f} MB"
