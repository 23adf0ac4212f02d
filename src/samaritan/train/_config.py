"""What a training run is: everything that decides its result, and nothing else."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from samaritan.core import Config, Plane

#: How long a run takes where nobody says.
DEFAULT_MINUTES = 10.0

Augmentation = Literal["auto", "all", "upright", "still", "none"]


class TrainConfig(Config):
    """The settings of a training run; written resolved beside the adapter.

    Attributes:
        data: data sets as given: folders, collections, or names of built-in ones.
        meta: a YAML file that describes data without a dataset.yaml.
        model: name of the base.
        weights: a file of the base's weights, where it is not the one the package finds.
        method: name of the adaptation method.
        settings: of the method; its defaults otherwise.
        start: an adapter of the same method, settings and base to go on from; targets that it does not know start anew.
        prompts: texts that make prompt strategies; each question takes one of them at random.
        minutes: length of the run; the learning rate follows the clock.
        steps: length of the run in optimiser steps instead, which makes it repeatable bit for bit.
        split: a split.json to take instead of making one.
        fractions: of the patients that train, validate and test.
        train_cases: train on so many patients only (few-shot); the other parts stay.
        raters: "reference" trains on the gold standard, "random" on one rater's mask drawn for each question.
        seed: start of all randomness.
        batch: pictures in a step, over all processes.
        targets: questions about one picture in a step, at most.
        accumulate: parts in which a step's pictures go through the network, to save memory.
        rate: learning rate of the method's own modules.
        base_rate: learning rate of the base's own parameters, where the method trains any.
        warmup: share of the run in which the learning rate rises.
        weight_decay: of AdamW.
        clip: largest norm of the gradient.
        precision: "bf16" computes the network in bfloat16 where it can.
        gradient_checkpointing: compute the part of the encoder that trains again in the backward pass instead of keeping what
            it computed: much less memory, about a third more time, the same result.
        dice: weight of the Dice loss.
        bce: weight of the cross entropy.
        focal: exponent of focal loss in place of plain cross entropy; 0 is plain.
        quality: weight of the squared error of the estimated IoU.
        augment: "all" takes flips, quarter turns, small affine changes and grey values; "upright" no turns, "still" no flips
            either (for names with a left and a right); "auto" chooses by
            modality (microscopes and pictures of surfaces know no upright); "none".
        variants: augmented versions of each picture, so that their features can be stored; None fits the number to the budget.
        max_slices: of a volume, evenly spaced among its labelled ones.
        max_instances: objects of an instance-labelled picture, a seeded sample.
        validations: how often the validation part is scored.
        max_validation: pictures of the validation part that are scored, evenly spaced.
        patience: stop after so many validations without a gain; None never stops early.
        checkpoint_steps: optimiser steps between checkpoints.
        plane: in which plane volumes are sliced.
        intensity: policy that overrides the one of modality and data set.
        device: where the network runs.
        threads: of the processor; None leaves it to torch.
        features: folder for stored features, to be shared by runs; None keeps them in the run's own folder until it ends.
    """

    data: tuple[str, ...] = Field(min_length=1)
    meta: str | None = None
    model: str = "litemedsam"
    weights: str | None = None
    method: str = "lora"
    settings: dict[str, Any] = Field(default_factory=dict)
    start: str | None = None
    prompts: tuple[str, ...] = Field(default=("box:jitter=0.05",), min_length=1)
    minutes: float | None = Field(default=None, gt=0)
    steps: int | None = Field(default=None, ge=1)
    split: str | None = None
    fractions: tuple[float, float, float] = (0.6, 0.2, 0.2)
    train_cases: int | None = Field(default=None, ge=1)
    raters: Literal["reference", "random"] = "reference"
    seed: int = Field(default=0, ge=0)
    batch: int = Field(default=4, ge=1)
    targets: int = Field(default=2, ge=1)
    accumulate: int = Field(default=1, ge=1)
    rate: float = Field(default=1e-3, gt=0)
    base_rate: float = Field(default=3e-4, gt=0)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0)
    precision: Literal["fp32", "bf16"] = "fp32"
    gradient_checkpointing: bool = False
    dice: float = Field(default=1.0, ge=0)
    bce: float = Field(default=1.0, ge=0)
    focal: float = Field(default=0.0, ge=0)
    quality: float = Field(default=0.1, ge=0)
    augment: Augmentation = "auto"
    variants: int | None = Field(default=None, ge=1)
    max_slices: int = Field(default=8, ge=1)
    max_instances: int = Field(default=30, ge=1)
    validations: int = Field(default=5, ge=1)
    max_validation: int = Field(default=6, ge=1)
    patience: int | None = Field(default=None, ge=1)
    checkpoint_steps: int = Field(default=50, ge=1)
    plane: Plane = "auto"
    intensity: str | None = None
    device: str = "cpu"
    threads: int | None = Field(default=None, ge=1)
    features: str | None = None

    @model_validator(mode="after")
    def _one_budget(self) -> Self:
        if self.minutes is not None and self.steps is not None:
            raise ValueError("a run is as long as minutes or as steps say; give one of them")
        return self

    @property
    def budget_minutes(self) -> float | None:
        """Minutes of the run; None where steps decide."""
        return None if self.steps is not None else (self.minutes or DEFAULT_MINUTES)
