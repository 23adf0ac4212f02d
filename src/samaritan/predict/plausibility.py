"""What a person should be told about an image before trusting a mask on it."""

from __future__ import annotations

from samaritan.core import Volume
from samaritan.core.intensity import Scaling, canonical_modality

#: Fewer of the 256 grey values than this between the darkest and the brightest voxel is a warning.
LOW_CONTRAST = 16.0

#: Every CT holds air or fat, which are negative in Hounsfield units, and nothing in it reaches these limits.
HU_LIMITS = (-4096.0, 32767.0)

#: No other modality stores values below this beside positive ones; air is -1000.
LIKE_CT = -500.0


def image_warnings(volume: Volume, scaling: Scaling, modality: str | None = None) -> tuple[str, ...]:
    """Sentences about ``volume``: constant, little contrast, no Hounsfield units in a CT, or a CT that nobody says is one."""
    low, high = float(volume.data.min()), float(volume.data.max())
    found = [_contrast(low, high, scaling)]
    known = canonical_modality(modality) or volume.modality
    if known == "CT" and not volume.is_colour:
        found.append(_hounsfield(low, high))
    if known is None and low < LIKE_CT and high > 0 and not scaling.policy.startswith("window"):
        found.append(
            f"Values from {low:g} to {high:g} look like Hounsfield units, but nothing says that this is a CT, so the policy is "
            f"{scaling.policy}; for a CT pass --modality CT, or a window such as --intensity ct:lung."
        )
    return tuple(text for text in found if text)


def _contrast(low: float, high: float, scaling: Scaling) -> str | None:
    if low == high:
        return f"The image is constant (every voxel is {low:g}); any mask on it is a guess."
    span = 255.0 if scaling.is_flat else scaling.high - scaling.low
    grey = [min(max((value - scaling.low) * 255.0 / span, 0.0), 255.0) for value in (low, high)]
    if scaling.is_flat or grey[1] - grey[0] < LOW_CONTRAST:
        return (
            f"The image has little contrast under the intensity policy {scaling.policy}: its values {low:g}..{high:g} "
            f"become {grey[0]:.0f}..{grey[1]:.0f} of 255; choose another policy with --intensity."
        )
    return None


def _hounsfield(low: float, high: float) -> str | None:
    if low < 0 and low >= HU_LIMITS[0] and high <= HU_LIMITS[1]:
        return None
    return (
        f"The HU range is implausible for CT: values run from {low:g} to {high:g}; the file may hold an offset or a windowed "
        "picture, so check the rescale intercept or choose another policy with --intensity."
    )
