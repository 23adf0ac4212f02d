"""What a run is: everything that decides its numbers, and nothing else."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from samaritan.core import Config, Plane


class RunConfig(Config):
    """The settings of a benchmark; written resolved into the run folder, where a rerun must bring the same ones.

    Attributes:
        data: data sets as given: folders, collections, or names of built-in ones.
        models: names of registered models.
        prompts: texts that make prompt strategies (``box:margin=0.1``).
        adaptations: adapter files, or folders that ``samaritan adapt`` wrote; each is measured beside its model. An adapter's
            own preparation of images (intensity policy, plane) is used unless ``intensity`` or ``plane`` say otherwise.
        base: measure the models as they are, too; without, only adapted.
        weights: model name -> file of its weights, where they are not the ones the package finds.
        repeats: how often every prompt is drawn anew.
        seed: start of all randomness.
        split: a split.json: only cases of ``part`` are measured.
        part: "train", "val" or "test"; with a split "test" where nobody says, without one "all".
        limit: at most this many cases of each data set, the first ones.
        max_instances: at most this many objects of an instance-labelled image, a seeded sample; None takes all.
        max_slices: at most this many slices of each target, evenly spaced among its labelled ones. The score is then over
            these slices only (``sampled`` in the row), and distances are measured within slices. None takes all.
        min_pixels: a slice on which a target has fewer reference pixels is not prompted; its voxels still count.
        raters: the gold standard only, or everyone who drew.
        plane: in which plane volumes are sliced; "auto" is the one they were acquired in.
        intensity: policy that overrides the one of modality and data set.
        framing: which part of a slice the model looks at; see :mod:`samaritan.predict.framing`.
        meta: a table or YAML file that describes data without a dataset.yaml.
        propagate: how prompts about volumes reach slices on which nobody was asked; the choices are those of
            :class:`samaritan.predict.VolumeSession`.
        device: where networks run.
        threads: of the processor; None leaves it to torch.
        fast: allow reduced precision of the encoder where the gate holds (:mod:`samaritan.predict.runtimes`). Exact runtimes
            are interchangeable and no setting: a run may be continued on another one, and provenance.json tells which.
        nsd_tolerance: of the surface Dice, in mm (pixels where the image knows no spacing).
    """

    data: tuple[str, ...] = Field(min_length=1)
    models: tuple[str, ...] = Field(min_length=1)
    prompts: tuple[str, ...] = Field(min_length=1)
    adaptations: tuple[str, ...] = ()
    base: bool = True
    weights: dict[str, str] = Field(default_factory=dict)
    repeats: int = Field(default=1, ge=1)
    seed: int = Field(default=0, ge=0)
    split: str | None = None
    part: Literal["train", "val", "test", "all"] = "all"
    limit: int | None = Field(default=None, ge=1)
    max_instances: int | None = Field(default=100, ge=1)
    max_slices: int | None = Field(default=None, ge=1)
    min_pixels: int = Field(default=1, ge=1)
    raters: Literal["reference", "all"] = "reference"
    plane: Plane = "auto"
    intensity: str | None = None
    framing: str = "whole"
    meta: str | None = None
    propagate: str = "auto"
    device: str = "cpu"
    threads: int | None = Field(default=None, ge=1)
    fast: bool = False
    nsd_tolerance: float = Field(default=2.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _test_by_default(cls, content: Any) -> Any:
        if isinstance(content, dict) and content.get("split") is not None and content.get("part") is None:
            return content | {"part": "test"}
        return content

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.part != "all" and self.split is None:
            raise ValueError(f"part {self.part!r} is of a split; give the split.json that says which cases it has")
        if not self.base and not self.adaptations:
            raise ValueError("without base and without adaptations there is nothing to measure")
        return self

    def differences(self, other: RunConfig) -> list[str]:
        """Names of the settings in which ``other`` differs."""
        mine, theirs = self.model_dump(mode="json"), other.model_dump(mode="json")
        return [name for name in mine if mine[name] != theirs[name]]
