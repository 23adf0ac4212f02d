"""Names of public data sets, so that a checkpoint's training data and a benchmark's data can be compared.

A card says what its weights were trained on, a data set says where its images come from; both in these names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class PublicData:
    """A public data set, or a collection of such.

    Attributes:
        name: one word in lower case.
        title: what people call it.
        aliases: other names, in any case; also one word each.
        members: names of the data sets that it gathers, wholly or in part.
        overlaps: names of data sets with which it shares images without being made of them.
    """

    name: str
    title: str
    aliases: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    overlaps: tuple[str, ...] = ()


_GENERAL = (
    PublicData("sa-1b", "SA-1B, 11 million photographs"),
    PublicData("sa-v", "SA-V, 51,000 videos"),
    PublicData("sa-co", "SA-Co, images and videos with noun phrases"),
    PublicData("hqseg-44k", "HQSeg-44K, photographs with fine masks"),
)

#: Collections that medical checkpoints were trained on.
_COLLECTIONS = (
    PublicData("medsam-collection", "the public collection of MedSAM"),
    PublicData("cvpr2024-laptop", "training set of CVPR 2024 'Segment Anything in Medical Images on Laptop'"),
    PublicData("sa-med2d-20m", "SA-Med2D-20M"),
    PublicData("medsam2-collection", "the collection of MedSAM2"),
)

#: By name.
PUBLIC_DATA: Mapping[str, PublicData] = {data.name: data for data in (*_GENERAL, *_COLLECTIONS)}


def titles(names: Iterable[str]) -> list[str]:
    """What a person calls them; a sentence in place of a name stays as it is."""
    return [PUBLIC_DATA[name].title if name in PUBLIC_DATA else name for name in names]
