"""MedSAM2: SAM 2.1 tiny, trained on volumes and videos of eleven kinds of medical images, 512 pixels.

Ma et al., "MedSAM2: Segment Anything in 3D Medical Images and Videos", arXiv 2504.03600. (Medical SAM 2, arXiv 2408.00874, is
another model.) Grey values are windowed to 0..255 as for MedSAM, then pictures are stretched and normalised as SAM 2's. Prompts
are a box, or a mask, on one slice in the middle of the target, which is followed up and down.
"""

from __future__ import annotations

from samaritan.models._base import WeightCard
from samaritan.models._sam2_family import Sam2Weights, enter, words
from samaritan.models._source import HubFile, WeightSource

CARD = WeightCard(
    name="medsam2",
    title="MedSAM2: SAM 2.1 tiny for volumes and videos of medical images",
    url="https://github.com/bowang-lab/MedSAM2",
    sha256=None,
    size=None,
    licence="CC-BY-SA-4.0",  # of the weights, as the hub says; the authors' code is Apache-2.0
    training_data=("medsam2-collection",),
    inherited_data=("sa-1b", "sa-v"),
    input_size=512,
    normalisation=words(512),
    prompts=("box", "points", "mask"),
    paper="arXiv 2504.03600",
    parameters=38_962_498,
)

SOURCE = WeightSource(
    name=CARD.name,
    file="MedSAM2_latest.pt",
    url=CARD.url,
    sha256=None,
    size=None,
    hub=HubFile("wanglab/MedSAM2", "MedSAM2_latest.pt"),
)

enter(Sam2Weights(CARD, SOURCE, "tiny"))
