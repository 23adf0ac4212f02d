"""What docs/volumes.md shows must run."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

from samaritan import cli
from samaritan.predict.propagate import STRATEGIES

PAGE = (Path(__file__).parents[1] / "docs" / "volumes.md").read_text(encoding="utf-8")


@pytest.fixture
def scan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A ball of radius 11 in the middle of (64, 56, 25) voxels of 1 x 1 x 2 mm; the working folder."""
    i, j, k = np.indices((64, 56, 25))
    data = np.where((i - 32) ** 2 + (j - 28) ** 2 + 4 * (k - 12) ** 2 < 121, 200, 40).astype(np.int16)
    nib.save(nib.Nifti1Image(data, np.diag([1.0, 1, 2, 1])), tmp_path / "scan.nii.gz")  # type: ignore[no-untyped-call]
    monkeypatch.chdir(tmp_path)
    return tmp_path


COMMANDS = re.findall(r"```sh\n(.*?)```", PAGE, flags=re.DOTALL)[0].splitlines()


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_run(scan: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(sys, "argv", [*shlex.split(command), "-m", "tiny-litemedsam", "--quiet", "--no-preview"])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    assert not stop.value.code
    assert {path.name for path in scan.iterdir()} == {"scan.nii.gz", "scan_mask.nii.gz", "scan_mask.json"}


def test_the_session_runs(scan: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(example.replace("litemedsam", "tiny-litemedsam"), "volumes.md", "exec"), names)
    assert {12, 15} <= set(names["session"].found("organ")) | names["touched"]
    assert 15 in names["touched"]
    assert names["mask"].shape == (64, 56, 25)


def test_every_strategy_is_on_the_page() -> None:
    told = set(re.findall(r"^\| `(\w+)`", PAGE.split("## How a mask")[1].split("## Where")[0], flags=re.MULTILINE))
    assert told == set(STRATEGIES.names())
