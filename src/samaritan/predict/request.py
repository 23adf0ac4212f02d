"""What a person wants segmented, in the words of the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samaritan.core import Plane, PromptError, Term, UsageError
from samaritan.predict.overlap import Overlap
from samaritan.prompts import TargetPrompt, parse_box, parse_line, parse_point, read_prompts


@dataclass(frozen=True)
class Request:
    """What a person wants segmented, and where it goes.

    Attributes:
        image: a picture, a volume, a DICOM file or a folder with a DICOM series.
        prompts: boxes, points and rough masks of named targets.
        output: the mask; beside ``image`` and in its format where None.
        overlap: see :data:`samaritan.predict.overlap.Overlap`; with "separate" every target has a file of its own.
        plane: see :class:`samaritan.predict.VolumePredictor`.
        intensity: see :class:`samaritan.predict.VolumePredictor`.
        modality: see :class:`samaritan.predict.VolumePredictor`.
        framing: see :class:`samaritan.predict.VolumePredictor`.
        propagation: see :func:`samaritan.predict.predict`; by itself a volume is segmented beyond the prompted slices.
        planes: "one", or "three" that vote, see :func:`samaritan.predict.planes.three_planes`.
        names: targets that are looked for on every slice, without prompts; for adapters that were taught them.
        smooth_mm: see :func:`samaritan.predict.everywhere.predict_everywhere`; without prompts only.
        series: which DICOM series of a folder with several.
        volume: which volume of a 4D file.
        prefer_qform: take the qform of a NIfTI file for its grid where it and the sform disagree.
        preview: whether an overlay PNG is written; None = unless the image has text burned into it, which may be a name.
        overwrite: whether files that exist are replaced.
        prompt_file: where prompts came from, so that it is never overwritten.
        adapter: of an adapted model, what is known about the adapter in plain values, for the record; its ``preparation``
            gives plane and intensity policy where the request leaves them open.
    """

    image: Path
    prompts: tuple[TargetPrompt, ...]
    output: Path | None = None
    overlap: Overlap = "quality"
    plane: Plane = "auto"
    intensity: str | None = None
    modality: str | None = None
    framing: str = "whole"
    propagation: str = "auto"
    planes: str = "one"
    names: tuple[str, ...] = ()
    smooth_mm: float | None = None
    series: str | None = None
    volume: int | None = None
    prefer_qform: bool = False
    preview: bool | None = None
    overwrite: bool = False
    prompt_file: Path | None = None
    adapter: Mapping[str, Any] = field(default_factory=dict)

    @property
    def terms(self) -> dict[str, Term]:
        """Target -> its code, where a prompt gave one."""
        return {item.target: item.term for item in self.prompts if item.term is not None}

    @property
    def prepared_plane(self) -> Plane:
        """The plane in which slices are taken."""
        own: Plane = self.adapter.get("preparation", {}).get("plane") or "auto"
        return own if self.plane == "auto" else self.plane

    @property
    def prepared_intensity(self) -> str | None:
        """The intensity policy, or None where the image decides."""
        return self.intensity or self.adapter.get("preparation", {}).get("intensity")

    @classmethod
    def of(
        cls,
        image: Path | str,
        *,
        boxes: Sequence[str] = (),
        points: Sequence[str] = (),
        lines: Sequence[str] = (),
        prompt_file: Path | None = None,
        label: str | None = None,
        names: Sequence[str] = (),
        everywhere: bool = False,
        **settings: Any,
    ) -> Request:
        """A request in the words of the command line.

        Args:
            image: see the class.
            boxes: see :func:`samaritan.prompts.parse_box`.
            points: see :func:`samaritan.prompts.parse_point`.
            lines: see :func:`samaritan.prompts.parse_line`.
            prompt_file: see :func:`samaritan.prompts.read_prompts`.
            label: name of the target of those boxes, points and lines that name none.
            names: of targets to look for on every slice without prompts.
            everywhere: look for ``label``, or all targets that the adapter was taught, on every slice without prompts.
            settings: the other attributes.

        Raises:
            PromptError: nothing is asked, or a box, point or line cannot be read.
            UsageError: prompts beside ``names`` or ``everywhere``, ``everywhere`` without an adapter that answers without
                prompts, or smoothing without either.
            InputError: the prompt file cannot be used.
        """
        named = {"target": label} if label is not None else {}
        items = [parse_box(text, **named) for text in boxes] + [parse_point(text, **named) for text in points]
        items += [parse_line(text, **named) for text in lines]
        items += read_prompts(prompt_file) if prompt_file is not None else []
        sought = tuple(dict.fromkeys(names))
        if not all(name.strip() and name.isprintable() for name in sought):
            raise UsageError("--text takes the name of a target, in characters that can be shown; received none.")
        if items and (sought or everywhere):
            raise UsageError(
                "--everywhere and --text ask on every slice without prompts; leave --box, --point, --line and --prompts out."
            )
        if everywhere and not sought:
            sought = _taught(settings.get("adapter") or {}, label)
        if sought:
            _refuse_idle(settings)
        if settings.get("smooth_mm") is not None and not sought:
            raise UsageError("--smooth goes with --everywhere or --text; masks from prompts are not smoothed.")
        if not (items or sought):
            raise PromptError(
                "Nothing is asked; give at least one --box, --point, --line, --text or a file with --prompts."
            )
        return cls(Path(image), tuple(items), names=sought, prompt_file=prompt_file, **settings)


def _refuse_idle(settings: Mapping[str, Any]) -> None:
    """Options that only prompts give a meaning; ``auto`` propagation, the default, is no choice."""
    for name, option, idle in (
        ("framing", "--framing", "whole"),
        ("propagation", "--propagate", "auto"),
        ("planes", "--planes", "one"),
    ):
        if settings.get(name, idle) not in (idle, "none"):
            raise UsageError(
                f"{option} has no meaning with --everywhere and --text, which ask on every whole slice; leave it out."
            )


def _taught(adapter: Mapping[str, Any], label: str | None) -> tuple[str, ...]:
    """The targets that an adapter finds without prompts; ``label`` alone where one is named."""
    if "none" not in adapter.get("prompts", ()):
        what = (
            f"{adapter['name']} was trained with {', '.join(adapter.get('prompts', ()))}"
            if adapter
            else "there is none"
        )
        raise UsageError(f"--everywhere needs an adapter that was trained without prompts (-p none); {what}.")
    return (label,) if label is not None else tuple(adapter.get("labels") or ("target",))
