"""What the README shows gives what it says, and what the documents name exists; tests/docs runs everything else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from samaritan.prompts import make_strategy, read_prompts

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.slow
def test_the_readme_s_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = blocks(ROOT / "README.md", "python")
    assert len(example.splitlines()) <= 11
    monkeypatch.chdir(tmp_path)
    exec(compile(example, "README.md", "exec"), {})
    dice, hd95 = map(float, re.findall(r"[\d.]+", capsys.readouterr().out.replace("HD95", "")))
    assert dice > 0.9
    assert hd95 < 10
    assert (tmp_path / "liver.nii.gz").stat().st_size > 0


def test_the_prompt_file_of_the_documents_is_read(tmp_path: Path) -> None:
    (example,) = blocks(ROOT / "docs" / "prompts.md", "json")
    path = tmp_path / "prompts.json"
    path.write_text(example, encoding="utf-8")
    assert {item.target for item in read_prompts(path)} == {t["name"] for t in json.loads(example)["targets"]}


def test_every_prompt_in_the_table_can_be_made() -> None:
    table = (ROOT / "docs" / "prompts.md").read_text(encoding="utf-8").split("## For a benchmark")[1]
    names = [
        name for row in re.findall(r"^\| (`.*?) \|", table, flags=re.MULTILINE) for name in re.findall("`(.*?)`", row)
    ]
    kinds = {"medsam": "box:jitter=medsam", "sam-med2d": "box:jitter=sam-med2d"}
    made = {make_strategy(kinds.get(name, name)).name for name in names}
    assert len(made) > 20


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
    assert [t for t in targets if not (document.parent / t).exists()] == []
