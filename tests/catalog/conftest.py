"""A dozen made-up papers, so that the tests do not depend on what the catalogue holds today."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from samaritan.catalog import Implementation, Paper, Tags

#: Marks that turn the direction of writing, which no record may have.
DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

LORA = Implementation(room="adapt", name="lora", file="src/samaritan/adapt/lora.py")


def paper(key: str, title: str, month: str, **more: object) -> Paper:
    facets = {name: more.pop(name) for name in Tags.model_fields if name in more}
    record = {"authors": ("A. Lee",), "tags": {name: (words,) for name, words in facets.items()}, **more}
    return Paper.model_validate({"key": key, "title": title, "month": month, **record})


@pytest.fixture(scope="session")
def papers() -> list[Paper]:
    return made_up()


def made_up() -> list[Paper]:
    code = "https://github.com/someone/something"
    return [
        paper(
            "wu2024ultrasound",
            "Low-Rank SAM for Breast Ultrasound",
            "2024-07",
            family="peft",
            modality="ultrasound",
            code=code,
        ),
        paper("li2024echo", "EchoSAM: LoRA for Echocardiography", "2024-01", family="peft", modality="ultrasound"),
        paper(
            "ma2025medsam2",
            "MedSAM2: Segment Anything in 3D Images",
            "2025-04",
            dimension="3d",
            base_model="sam2",
            code=code,
        ),
        paper("ono2024sam", "Segment Anything Model 2 for Polyps", "2024-08", modality="endoscopy", base_model="sam2"),
        paper("ray2023few", "Few-Shot Segmentation of Brain Tumours", "2023-09", supervision="few-shot", modality="mr"),
        paper(
            "horst2023cellvit",
            "CellViT: Transformers for Nuclei",
            "2023-06",
            authors=("F. Hörst", "M. Rempe"),
            others=True,
        ),
        paper("kim2023mri", "Prompting SAM on Knee MRI", "2023-05", modality="mr", venue="Medical Image Analysis"),
        paper(
            "zhang2023customized",
            "Customized Segment Anything Model",
            "2023-04",
            family="peft",
            implemented=(LORA,),
            arxiv="2304.13785",
        ),
    ]


def said() -> st.SearchStrategy[str]:
    """Any text that may be a title."""
    letters = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=DIRECTIONS)
    return st.text(letters, min_size=1).filter(lambda text: any(map(str.isalnum, text)))
