"""Metrics on the distances between two surfaces: NSD, HD95, ASSD. The surface is defined in :class:`MaskPair`."""

from __future__ import annotations

import numpy as np

from samaritan.evaluate._base import EmptyPolicy, metric
from samaritan.evaluate._pair import MaskPair

#: A miss and a false alarm cost the image's diagonal: left out, as some libraries do, they would improve the mean.
_DISTANCE = EmptyPolicy(both="undefined", pred="diagonal", ref="diagonal")

#: Sums such as 20 * 0.1 end one unit in the last place above 2: a distance of exactly the tolerance is within it.
_ROUNDING = 1 + 1e-9


@metric(
    "nsd",
    title="NSD",
    higher_is_better=True,
    empty=EmptyPolicy(both=1.0, pred=0.0, ref=0.0),
    definition=(
        "Normalised surface Dice: the share of the area of both surfaces that lies within the tolerance of the other surface "
        "(Nikolov et al. 2018, arXiv 1809.04430; equal to the surface-distance package; contour length in 2D)."
    ),
)
def nsd(pair: MaskPair) -> float:
    """Normalised surface Dice at ``pair.nsd_tolerance``, 0 to 1."""
    near, total = pair.surface_areas(pair.nsd_tolerance * _ROUNDING)
    return near / total


@metric(
    "hd95_mm",
    title="HD95",
    unit="mm",
    higher_is_better=False,
    empty=_DISTANCE,
    definition=(
        "The larger of the two directed 95th percentiles of surface distances, percentiles interpolated linearly "
        "(Huttenlocher et al. 1993; percentile of each direction, then the maximum, as in MONAI and MetricsReloaded)."
    ),
)
def hd95(pair: MaskPair) -> float:
    """95th percentile Hausdorff distance, in the unit of the pair."""
    return max(float(np.percentile(distances, 95)) for distances in pair.surface_distances)


@metric(
    "assd_mm",
    title="ASSD",
    unit="mm",
    higher_is_better=False,
    empty=_DISTANCE,
    definition="Average symmetric surface distance: mean over the border voxels of both masks together (Heimann et al. 2009).",
)
def assd(pair: MaskPair) -> float:
    """Average symmetric surface distance, in the unit of the pair."""
    return float(np.concatenate(pair.surface_distances).mean())
