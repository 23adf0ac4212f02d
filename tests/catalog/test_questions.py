"""The ten questions of docs/catalogue/README.md, answered by hand from the survey's list.

Titles were read in the list itself, not in what the program says. Where a title leaves open what the paper does, what was
decided stands beside it.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from samaritan import cli

PAGE = Path(__file__).parents[2] / "docs" / "catalogue" / "README.md"

#: Question number -> beginnings of the titles of its answer.
BY_HAND = {
    # of eight papers on ultrasound with code; E-BayesSAM adapts to be sure of its masks, EchoONE and MemSAM change the network
    1: [
        "FM-Adapt: Foundation model adaptation",
        "Beyond Adapting SAM: Towards End-to-End Ultrasound",  # stands in the list under its earlier title, SAMUS, too
        "Ultrasound SAM Adapter",
    ],
    2: ["Can SAM Segment Polyps?"],
    # titles of 2025 that name SAM 2 and volumes; one picture of an MR scan (SAMba-UNet) is no volume
    3: [
        "Comparing SAM 2 and SAM 3 for Zero-Shot Segmentation of 3D",
        "SAM2-3dMed",
        "SAM2Med3D",
        "Accelerating Volumetric Medical Image Annotation",
        "Semi-automated segmentation of magnitude images in 4D flow MR",
        "MedSAM2: Segment Anything in 3D",
        "Using Segment Anything Model 2 for Zero-Shot 3D",
        "Self-Prompting Driven SAM2 for 3D",
        "RFMedSAM2",
    ],
    4: [
        "SAM-OCTA2",
        "SAM-OCTA: Prompting",
        "SAM-OCTA: A Fine-Tuning Strategy",
        "An Accurate and Efficient Neural Network for OCTA",
    ],
    5: [
        "pFedSAM",
        "A Federated Learning-Friendly Approach",
        "FedFMS",  # stands twice in the list
        "Where to Begin?",
    ],
    6: ["GlanceSeg", "GazeSAM"],
    7: ["Polyp-SAM++"],
    8: ["SegAnyPET", "Segment anything model for head and neck tumor segmentation with CT, PET and MRI"],
    9: ["SemiSAM-O1", "SAM-driven cross prompting", "AutoPromptSeg"],  # the list has no code of the last one
    # not in the list: methods of this package whose card has a paper of 2024 or later, without those for uncertainty
    10: ["S-SAM", "Uncertainty-Aware Adapter", "DoRA"],
}


def asked() -> dict[int, tuple[str, str]]:
    """Number -> command and shown answer, from the page."""
    found = re.findall(
        r"### (\d+)\. [^\n]+\?\n\n```bash\n(samaritan papers [^\n]+)\n```\n\n```text\n(.*?)```",
        PAGE.read_text("utf-8"),
        re.DOTALL,
    )
    return {int(number): (command, answer) for number, command, answer in found}


def test_there_are_ten() -> None:
    assert list(asked()) == list(BY_HAND) == list(range(1, 11))


@pytest.mark.parametrize("number", BY_HAND)
def test_the_answer_is_the_one_found_by_hand(
    number: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command, shown = asked()[number]
    monkeypatch.setenv("SAMARITAN_CATALOGUE", str(tmp_path / "none.yaml"))
    monkeypatch.setattr(sys, "argv", [*shlex.split(command), "--json"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    answer = json.loads(capsys.readouterr().out)
    titles = [record["title"] for record in answer]
    missing = [start for start in BY_HAND[number] if not any(title.startswith(start) for title in titles)]
    wrong = [title for title in titles if not any(title.startswith(start) for start in BY_HAND[number])]
    assert (missing, wrong) == ([], [])
    assert len(titles) == len(BY_HAND[number])
    for record in answer:
        assert f"{record['key']} " in shown  # the page shows this answer
        assert record["month"] in shown


@pytest.mark.snippets
def test_what_the_page_shows_is_what_its_blocks_print() -> None:
    spec = importlib.util.spec_from_file_location("answers", PAGE.parents[2] / "scripts" / "catalogue" / "answers.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    text = PAGE.read_text(encoding="utf-8")
    assert script.filled(text) == text, "run python scripts/catalogue/answers.py"
