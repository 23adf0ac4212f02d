"""SAM 2 and SAM 2.1 of Meta, four sizes each: photographs and videos, 1024 pixels.

Ravi et al., "SAM 2: Segment Anything in Images and Videos", arXiv 2408.00714. SAM 2.1 are the same networks, trained longer and
with more of what is hard; their memory knows times and absence.
"""

from __future__ import annotations

from typing import NamedTuple

from samaritan.models._base import WeightCard
from samaritan.models._sam2_family import Sam2Weights, enter, words
from samaritan.models._source import HubFile, WeightSource

URL = "https://github.com/facebookresearch/sam2"

#: Release -> folder of its files.
FOLDERS = {"2": "072824", "2.1": "092824"}


class _Line(NamedTuple):
    release: str
    size: str
    parameters: int
    bytes: int
    sha256: str


#: Checksums and sizes are those that the hub shows of the authors' files.
TABLE = (
    _Line("2", "tiny", 38_945_986, 155_906_050, "65b50056e05bcb13694174f51bb6da89c894b57b75ccdf0ba6352c597c5d1125"),
    _Line("2", "small", 46_043_842, 184_309_650, "95949964d4e548409021d47b22712d5f1abf2564cc0c3c765ba599a24ac7dce3"),
    _Line(
        "2", "base-plus", 80_833_666, 323_493_298, "d0bb7f236400a49669ffdd1be617959a8b1d1065081789d7bbff88eded3a8071"
    ),
    _Line("2", "large", 224_430_130, 897_952_466, "7442e4e9b732a508f80e141e7c2913437a3610ee0c77381a66658c3a445df87b"),
    _Line("2.1", "tiny", 38_962_498, 156_008_466, "7402e0d864fa82708a20fbd15bc84245c2f26dff0eb43a4b5b93452deb34be69"),
    _Line("2.1", "small", 46_060_354, 184_416_285, "6d1aa6f30de5c92224f8172114de081d104bbd23dd9dc5c58996f0cad5dc4d38"),
    _Line(
        "2.1", "base-plus", 80_850_178, 323_606_802, "a2345aede8715ab1d5d31b4a509fb160c5a4af1970f199d9054ccfb746c004c5"
    ),
    _Line("2.1", "large", 224_446_642, 898_083_611, "2647878d5dfa5098f2f8649825738a9345572bae2d4350a2468587ece47dd318"),
)


def _published(line: _Line) -> Sam2Weights:
    name, file = f"sam{line.release}-{line.size}", f"sam{line.release}_hiera_{line.size.replace('-', '_')}.pt"
    card = WeightCard(
        name=name,
        title=f"SAM {line.release} {line.size}: Hiera with a memory, for photographs and videos",
        url=URL,
        sha256=line.sha256,
        size=line.bytes,
        licence="Apache-2.0",
        training_data=("sa-1b", "sa-v", "videos that the authors licensed"),
        input_size=1024,
        normalisation=words(1024),
        prompts=("box", "points", "mask"),
        paper="arXiv 2408.00714",
        parameters=line.parameters,
    )
    source = WeightSource(
        name=name,
        file=file,
        url=URL,
        sha256=line.sha256,
        size=line.bytes,
        download=f"https://dl.fbaipublicfiles.com/segment_anything_2/{FOLDERS[line.release]}/{file}",
        hub=HubFile(f"facebook/sam{line.release}-hiera-{line.size}", file),
    )
    return Sam2Weights(card, source, line.size, revised=line.release == "2.1")


for _line in TABLE:
    enter(_published(_line))
