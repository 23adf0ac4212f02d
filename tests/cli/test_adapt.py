"""``samaritan adapt`` as a person meets it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from .conftest import Run

TINY = ("-m", "tiny-litemedsam", "--steps", "2", "--train", "batch=1", "--train", "variants=1")


@pytest.fixture
def discs(tmp_path: Path) -> Path:
    """Six pictures of an ellipse, with masks."""
    folder = tmp_path / "discs"
    rows, columns = np.mgrid[:32, :40]
    for number in range(6):
        mask = ((columns - 15 - number) / 9) ** 2 + ((rows - 16) / 6) ** 2 < 1
        picture = mask * 120 + 60 + np.random.default_rng(number).normal(0, 10, mask.shape)
        for name, pixels in (("images", picture.clip(0, 255)), ("masks", mask)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name / f"case{number}.png")
    return folder


@pytest.mark.slow
def test_it_trains_scores_and_tells(
    run: Run, discs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    arguments = ("adapt", discs, "--method", "lora", "--set", "rank=2", *TINY, "--split", "0.5,0.16,0.34", "-o", out)
    assert run(*arguments) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Dice on 2 test patients (box): 0." in printed
    assert "cannot be told (2 test patients, too few for a test)" in printed
    assert "36,768 trained parameters" in printed
    assert "adapter.safetensors" in printed
    before = (out / "adapter.safetensors").read_bytes()
    assert run(*arguments, "--json") == 0  # all is there: nothing is trained again
    facts = json.loads(capsys.readouterr().out)
    assert (out / "adapter.safetensors").read_bytes() == before
    assert facts["settings"] == {"rank": 2}
    assert (facts["steps"], facts["trained"]) == (2, 36768)
    (gain,) = facts["dice"]
    assert gain["difference"] == pytest.approx(gain["after"] - gain["before"])

    shutil.rmtree(out / "test")
    with monkeypatch.context() as second:
        second.setenv("RANK", "1")  # as torchrun starts the other processes: the first one scores and tells
        assert run(*arguments) == 0
    assert capsys.readouterr().out == ""
    assert not (out / "test").exists()

    image = discs / "images" / "case0.png"
    mask = tmp_path / "mask.png"
    assert run("segment", image, "--box", "5,8,25,24", "-a", out, "-o", mask, "--json", "--no-preview") == 0
    record = json.loads(capsys.readouterr().out)
    assert record["adapter"]["method"] == "lora"

    bench = ("benchmark", discs, "-a", out, "--split", out / "split.json", "-o", tmp_path / "run", "-q")
    assert run(*bench) == 0
    rows = [json.loads(line) for line in (tmp_path / "run" / "results.jsonl").read_text("utf-8").splitlines()]
    assert sorted({(row["case_id"], row["adaptation"]) for row in rows}) == sorted(
        {(row["case_id"], name) for row in rows for name in ("none", "out")}
    )
    assert len({row["case_id"] for row in rows}) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("{data}", "--method", "lorra"), 2, "lora"),
        (("{data}", "--set", "rang=2"), 3, "rang"),
        (("{data}", "--set", "rank"), 2, "key=value"),
        (("{data}", "-p", "boks"), 2, "box"),
        (("{data}", "--test-prompt", "boks"), 2, "box"),
        (("{data}", "-m", "litemedsan"), 2, "litemedsam"),
        (("{data}", "--minutes", "1"), 2, "one of the two"),
        (("{data}", "--train", "bach=1"), 3, "bach"),
        (("{data}", "--train", "seed=1"), 2, "option of its own"),
        (("{data}", "--split", "half"), 2, "0.6,0.2,0.2"),
        (("{data}", "--split", "0.5,0.5,0.5"), 2, "add up"),
        (("{data}", "--train-cases", "99"), 3, "99"),
        (("{data}", "--raters", "both"), 3, "raters"),
        (("{data}", "--resume"), 3, "no training run to resume"),
        (("{data}", "--device", "gpu"), 2, "cpu"),
        (("{missing}",), 3, "missing"),
        (("{one}",), 3, "at least 2 patients"),
        (("{empty}",), 3, "mask"),
        (("{data}", "-o", "{data}/out"), 3, "inside"),
        (("{data}", "-o", "{full}"), 3, "notes.txt"),
        (("{data}", "-o", "{full}", "--overwrite"), 3, "notes.txt"),
    ],
)
def test_mistakes_get_one_sentence_and_their_exit_code(
    run: Run,
    discs: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    places = {"data": discs, "missing": tmp_path / "missing", "one": tmp_path / "one", "empty": tmp_path / "empty",
              "full": tmp_path / "full"}  # fmt: skip
    for name, cases in (("one", ["case0"]), ("empty", ["case0", "case1", "case2"])):
        for kind in ("images", "masks"):
            (places[name] / kind).mkdir(parents=True)
            for case in cases:
                target = places[name] / kind / f"{case}.png"
                if (name, kind) == ("empty", "masks"):
                    Image.fromarray(np.zeros((32, 40), np.uint8)).save(target)
                else:
                    shutil.copy(discs / kind / f"{case}.png", target)
    places["full"].mkdir()
    (places["full"] / "notes.txt").write_text("mine")
    filled = [argument.format(**places) for argument in arguments]
    rest = [] if "-o" in filled else ["-o", str(tmp_path / "out")]
    model = [word for word in TINY if not ("-m" in filled and word in TINY[:2])]
    assert run("adapt", *filled, *model, *rest) == code
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert (places["full"] / "notes.txt").read_text() == "mine"
