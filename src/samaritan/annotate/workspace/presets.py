"""Windows that a viewer offers: the one that models see first, then those of radiology."""

from __future__ import annotations

from samaritan.annotate.messages import Preset
from samaritan.core import Volume
from samaritan.core.intensity import CT_WINDOWS, Intensity, canonical_modality, choose

#: Twins of another window, or the misprint of a paper, which no person needs.
_NOT_OFFERED = ("lung-medsam", "mediastinum")

#: Hounsfield units of what looks like air: the windows of CT are offered where nobody said what the values are.
_AIR = -900

#: The name of the window that was fitted to the image.
FITTED = "as the model sees it"


def presets(volume: Volume, modality: str | None = None, intensity: str | None = None) -> tuple[Preset, ...]:
    """Named windows for a grey image, the default first; none for colours, which are shown as they are.

    Args:
        volume: the image.
        modality: what is known about it; the file's own otherwise.
        intensity: the policy of its data set, see :func:`samaritan.core.intensity.choose`.

    Raises:
        UsageError: ``intensity`` is no policy.
    """
    if volume.is_colour:
        return ()
    scaling = choose(volume, modality, intensity).fit(volume)
    offered = [(FITTED, scaling.low, scaling.high)]
    if window := volume.meta.get("window"):
        offered.append(("as stored in the file", *_ends(*window)))
    full = Intensity("full").fit(volume)
    kind = canonical_modality(modality) or volume.modality
    if volume.data.dtype.itemsize > 1 and (kind == "CT" or (kind is None and full.low <= _AIR)):
        offered += [(name, *_ends(*window)) for name, window in CT_WINDOWS.items() if name not in _NOT_OFFERED]
    offered.append(("full range", full.low, full.high))
    return tuple(Preset(name=name, low=low, high=high if high > low else low + 1) for name, low, high in offered)


def _ends(centre: float, width: float) -> tuple[float, float]:
    return centre - width / 2, centre + width / 2
