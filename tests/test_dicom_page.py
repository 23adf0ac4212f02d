"""What docs/dicom.md shows runs, on a made-up series, and what it says of the files is so."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from samaritan import cli
from samaritan.core import PromptError
from samaritan.io import read_labels, read_volume
from samaritan.prompts import read_prompts

from .io.conftest import save_dicom_file

PAGE = (Path(__file__).parents[1] / "docs" / "dicom.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^samaritan (segment .*)$", PAGE, flags=re.MULTILINE)

#: A miniature that asks only where it was told to; what it answers does not matter here.
QUICKLY = ("-m", "tiny-litemedsam", "--propagate", "none", "--no-preview")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ct").mkdir()
    for k in range(6):
        pixels = np.random.default_rng(k).integers(900, 1000, (24, 32)).astype(np.int16)
        pixels[6:14, 8:20] += 200
        save_dicom_file(tmp_path / "ct" / f"{k}.dcm", pixels, ImagePositionPatient=[0.0, 0.0, 2.5 * k])
    (prompts,) = re.findall(r"```json\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "prompts.json").write_text(prompts)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
def test_the_page_runs(place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(COMMANDS) == 5
    for command in COMMANDS:
        monkeypatch.setattr(sys, "argv", ["samaritan", *shlex.split(command), *QUICKLY])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code, command
    text = capsys.readouterr()
    assert "SECRET" not in text.out + text.err
    image = read_volume("ct")
    assert read_labels("ct_mask.dcm", like=image).names == {1: "liver"}
    contours = read_labels("liver.rtstruct.dcm", like=image)
    assert np.array_equal(contours.data, read_labels("ct_mask.dcm", like=image).data)
    assert np.array_equal(contours.data, read_labels("liver-again.nii.gz", like=image).data)
    assert [item.SegmentLabel for item in pydicom.dcmread("overlapping.dcm").SegmentSequence] == ["node 7", "liver"]
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    exec(compile(example, "dicom.md", "exec"), {})
    assert "'Lymph node, station 7'" in capsys.readouterr().out
    assert np.array_equal(
        read_labels("organs.rtstruct.dcm", like=image).data, read_labels("organs.dcm", like=image).data
    )


def test_no_output_but_dicom_itself_tells_who_it_is(
    place: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (place / "SECRET^NAME").mkdir()
    folder = (place / "ct").rename(place / "SECRET^NAME" / "ct")
    for options in (["--json"], ["--debug"], ["--profile"]):
        output = place / f"m{options[0]}.nii.gz"
        arguments = [
            "segment",
            str(folder),
            "--box",
            "5,3,25,18@1-2",
            "-o",
            str(output),
            "-m",
            "tiny-litemedsam",
            *options,
        ]
        monkeypatch.setattr(sys, "argv", ["samaritan", *arguments])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        assert not stop.value.code
    said: Any = capfd.readouterr()
    assert "SECRET" not in said.out + said.err
    for path in place.glob("m--*"):
        assert b"SECRET" not in path.read_bytes()
        assert b"1901" not in path.read_bytes() or path.suffix == ".png"
    assert len(list(place.glob("m--*"))) == 9


def test_the_code_of_the_prompt_file_is_read(place: Path) -> None:
    node, liver = read_prompts("prompts.json")
    assert node.term is not None
    assert (node.term.type.scheme, node.term.category.value) == ("99LAB", "91723000")
    assert liver.term is None
    content = json.loads(Path("prompts.json").read_text())
    content["targets"][0]["code"]["value"] = "1" * 17
    Path("prompts.json").write_text(json.dumps(content))
    with pytest.raises(PromptError, match=r"targets\.0\.code: The value '1+' of a code"):
        read_prompts("prompts.json")
