"""From what a scanner measured to the 0..255 that a network saw in training.

One policy per modality, fitted once per volume (not per slice, which would make grey values jump between slices), and
written into every result as a short text such as ``window 40/400``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from samaritan.core._percentiles import nonzero_percentiles
from samaritan.core.errors import UsageError
from samaritan.core.volume import Volume

#: Modalities by their common names; free text such as "MR T1 (brain)" is led to one of them by :func:`canonical_modality`.
MODALITIES = (
    "CT", "MR", "PET", "ultrasound", "X-ray", "mammography", "OCT", "endoscopy", "dermoscopy", "fundus",
    "photography", "histopathology", "microscopy", "electron microscopy", "other",
)  # fmt: skip

#: CT windows (centre, width) in Hounsfield units: soft tissue, lung and bone as in MedSAM (arXiv 2304.12306) and the usual
#: radiology presets for the rest. "lung-medsam" is the centre that the MedSAM paper prints.
CT_WINDOWS: dict[str, tuple[float, float]] = {
    "soft-tissue": (40, 400),
    "lung": (-600, 1500),
    "lung-medsam": (-160, 1500),
    "mediastinum": (40, 400),
    "liver": (60, 160),
    "brain": (40, 80),
    "bone": (400, 1800),
    "angio": (300, 600),
}

#: Robust limits, of the non-zero voxels, as in MedSAM and LiteMedSAM for everything but CT and colour.
PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True)
class Intensity:
    """A policy: how the limits are found.

    Attributes:
        kind: "window" (fixed limits), "percentile" (of the non-zero voxels), "full" (minimum to maximum) or "asis" (0..255).
        low: lower limit, or lower percentile.
        high: upper limit, or upper percentile.
    """

    kind: Literal["window", "percentile", "full", "asis"]
    low: float = 0.0
    high: float = 255.0

    def __str__(self) -> str:
        if self.kind == "window":
            return f"window {(self.low + self.high) / 2:g}/{self.high - self.low:g}"
        return f"percentile {self.low:g}-{self.high:g}" if self.kind == "percentile" else self.kind

    def fit(self, volume: Volume) -> Scaling:
        """Find the limits for one volume; percentiles that coincide (a two-valued image) give way to "full".

        Where the file says that small values are bright (DICOM's MONOCHROME1, in ``meta["inverted"]``), they are shown so.
        """
        low, high = self._limits(volume)
        if self.kind == "percentile" and low == high:
            return Intensity("full").fit(volume)
        inverted = bool(volume.meta.get("inverted"))
        return Scaling(low, high, f"{self}, inverted" if inverted else str(self), inverted)

    def _limits(self, volume: Volume) -> tuple[float, float]:
        if self.kind in ("window", "asis"):
            return self.low, self.high
        if self.kind == "full":
            return float(volume.data.min()), float(volume.data.max())
        return nonzero_percentiles(volume.data, (self.low, self.high))


@dataclass(frozen=True)
class Scaling:
    """Limits that were found; ``low`` becomes 0 and ``high`` 255, or the reverse where ``inverted``.

    ``low == high`` (a constant image) gives zeros.
    """

    low: float
    high: float
    policy: str
    inverted: bool = False

    @property
    def is_flat(self) -> bool:
        """True when there is no contrast to scale."""
        return self.high <= self.low

    def apply(self, picture: NDArray[Any]) -> NDArray[np.float32]:
        """(x, y) grey or (x, y, 3) -> (x, y, 3) float32 in 0..255."""
        values = picture.astype(np.float32)
        if self.is_flat:
            values = np.zeros_like(values)
        else:
            values = np.clip((values - np.float32(self.low)) * np.float32(255.0 / (self.high - self.low)), 0, 255)
            values = 255 - values if self.inverted else values
        return values if values.ndim == 3 else np.repeat(values[..., None], 3, axis=-1)


def canonical_modality(text: str | None) -> str | None:
    """A free text such as "MR T1 (brain), 3D" -> a name of :data:`MODALITIES`, or None for no text."""
    if not text:
        return None
    lowered = text.lower()
    for pattern, name in _MODALITY_PATTERNS:
        if re.search(pattern, lowered):
            return name
    return "other"


def choose(volume: Volume, modality: str | None = None, override: str | None = None) -> Intensity:
    """The policy for a volume: ``override`` if given, else by modality, else by what the voxels are.

    Args:
        volume: the image.
        modality: what the data set says; ``volume.modality`` otherwise.
        override: ``ct:lung`` (a name of :data:`CT_WINDOWS`), ``window:CENTRE/WIDTH``, ``percentile:LOW-HIGH``, ``full``
            or ``asis``.

    Raises:
        UsageError: an override that is none of these.
    """
    if override:
        return parse(override)
    if volume.is_colour:
        return Intensity("asis")
    if (canonical_modality(modality) or volume.modality) == "CT" and volume.data.dtype != np.uint8:
        return parse("ct:soft-tissue")
    return Intensity("percentile", *PERCENTILES)


def parse(text: str) -> Intensity:
    """Read a policy from text; see :func:`choose`.

    Raises:
        UsageError: the text is none of the forms.
    """
    if text in ("full", "asis"):
        return Intensity("full") if text == "full" else Intensity("asis")
    if text.startswith("ct:") and text[3:] in CT_WINDOWS:
        centre, width = CT_WINDOWS[text[3:]]
        return Intensity("window", centre - width / 2, centre + width / 2)
    number = r"(-?\d+(?:\.\d+)?)"
    if (match := re.fullmatch(f"window:{number}/{number}", text)) and float(match[2]) > 0:
        centre, width = float(match[1]), float(match[2])
        return Intensity("window", centre - width / 2, centre + width / 2)
    if (match := re.fullmatch(f"percentile:{number}-{number}", text)) and 0 <= float(match[1]) < float(match[2]) <= 100:
        return Intensity("percentile", float(match[1]), float(match[2]))
    raise UsageError(
        f"Unknown intensity policy {text!r}; use ct:NAME (NAME one of {', '.join(CT_WINDOWS)}), window:CENTRE/WIDTH, "
        "percentile:LOW-HIGH, full or asis."
    )


# The first that fits; two-letter codes are those of the DICOM attribute Modality (PS3.3 C.7.3.1.1.1).
_MODALITY_PATTERNS = (
    (r"\belectron\b|\b(ss)?tem\b|\bsem\b|^em$", "electron microscopy"),
    (r"histopath|histology|h&e|bright-field stained|^sm$", "histopathology"),
    (r"microscop|smear|cytolog|^gm$", "microscopy"),
    (r"dermo|dermat|^dms$", "dermoscopy"),
    (r"fundus|^op$", "fundus"),
    (r"\boct\b|optical coherence|^opt$", "OCT"),
    (r"colonoscop|endoscop|laparoscop|^es$", "endoscopy"),
    (r"mammo|^mg$", "mammography"),
    (r"x[- ]?ray|^(cr|dx|xr|xa|rf|px)$|radiograph", "X-ray"),
    (r"ultrasound|^us$|sonograph", "ultrasound"),
    (r"\bpet\b|^pt$", "PET"),
    (r"\bct\b|computed tomograph", "CT"),
    (r"\bmri?\b|magnetic|^t[12]|^flair$", "MR"),
    (r"photo|^xc$", "photography"),
)
