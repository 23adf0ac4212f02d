"""The command line as a person meets it: verbs, exit codes, one sentence for each mistake."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from samaritan import cli
from samaritan.core import Geometry, LabelMap
from samaritan.io import read_labels, write_labels

Run = Callable[..., int]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the entry point with arguments; returns the exit code."""

    def call(*arguments: object) -> int:
        monkeypatch.setattr(sys, "argv", ["samaritan", *map(str, arguments)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        return int(stop.value.code or 0)

    return call


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Three pictures of a bright ellipse, with masks."""
    folder = tmp_path / "discs"
    rows, columns = np.mgrid[:40, :60]
    for number in range(3):
        mask = ((columns - 25 - number) / 12) ** 2 + ((rows - 18) / 8) ** 2 < 1
        for name, picture in (("images", mask * 150 + 50), ("masks", mask)):
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(picture.astype(np.uint8)).save(folder / name / f"case{number}.png")
    return folder


@pytest.fixture
def brain(tmp_path: Path) -> Path:
    """A small volume with an oblique-free but anisotropic grid."""
    path = tmp_path / "brain.nii.gz"
    voxels = np.random.default_rng(0).integers(0, 200, (20, 24, 6)).astype(np.uint8)
    write_labels(LabelMap(voxels, Geometry((20, 24, 6), np.diag([1.0, 1.0, 4.0, 1.0]))), path)
    return path


def samaritan(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from samaritan.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, **settings)  # type: ignore[call-overload, no-any-return]


def test_segment_writes_the_mask_on_the_source_s_grid(
    run: Run, brain: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(
        "segment", brain, "--box", "4,5,14,15@2-3=core", "--point", "9,9,3=core", "-m", "tiny-litemedsam", "--json"
    )
    record = json.loads(capsys.readouterr().out)
    written = read_labels(brain.with_name("brain_mask.nii.gz"))
    assert code == 0
    assert written.geometry.shape == (20, 24, 6)
    assert np.array_equal(written.geometry.affine, np.diag([1.0, 1.0, 4.0, 1.0]))
    assert written.labels() == [1]
    assert [t["name"] for t in record["targets"]] == ["core"]
    assert [s["slice"] for s in record["targets"][0]["slices"]] == [2, 3]
    assert brain.with_name("brain_mask_preview.png").stat().st_size > 0


def test_segment_refuses_to_replace_and_then_does(run: Run, brain: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("segment", brain, "--box", "4,5,14,15@2", "-m", "tiny-litemedsam", "--no-preview", "-q")
    assert run(*arguments) == 0
    assert run(*arguments) == 5
    assert "--overwrite" in capsys.readouterr().err
    assert run(*arguments, "--overwrite") == 0


def test_benchmark_compare_and_continue(
    run: Run, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    arguments = ("benchmark", dataset, "-m", "tiny-litemedsam", "-p", "box", "-p", "clicks:2", "-o", out)
    assert run(*arguments) == 0
    printed = capsys.readouterr().out
    assert "clicks:2" in printed
    assert "report.html" in printed.replace("\n", "")
    rows = (out / "results.jsonl").read_text(encoding="utf-8")
    assert len(rows.splitlines()) == 6
    assert run(*arguments, "-q") == 0
    assert (out / "results.jsonl").read_text(encoding="utf-8") == rows
    assert run("compare", out, "--json") == 0
    table = json.loads(capsys.readouterr().out)
    assert [c["n_patients"] for c in table["comparisons"]] == [3]


def test_one_bad_case_ends_with_1_and_the_rest_is_scored(run: Run, dataset: Path, tmp_path: Path) -> None:
    (dataset / "images" / "case1.png").write_bytes(b"not a picture")
    out = tmp_path / "run"
    assert run("benchmark", dataset, "-m", "tiny-litemedsam", "-o", out, "-q") == 1
    rows = [json.loads(line) for line in (out / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted((r["case_id"], r["status"]) for r in rows) == [("case0", "ok"), ("case1", "failed"), ("case2", "ok")]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("segmnt",), 2, "segment"),
        (("segment", "{brain}"), 3, "--box"),
        (("segment", "{missing}", "--box", "1,1,2,2"), 3, "missing.png"),
        (("segment", "{brain}", "--box", "1,1,99,2@1"), 3, "outside"),
        (("segment", "{brain}", "--box", "9,9,2,2@1"), 3, "inverted"),
        (("segment", "{brain}", "--box", "1,1,5,5@1", "--intensity", "bright"), 2, "intensity"),
        (("segment", "{brain}", "--box", "1,1,5,5@1", "--plane", "frontal"), 2, "coronal"),
        (("segment", "{brain}", "--box", "1,1,5,5@1", "-m", "litemedsan"), 2, "litemedsam"),
        (("segment", "{brain}", "--prompts", "{missing}"), 3, "missing.png"),
        (("segment", "{brain}", "--prompts", "{pipe}"), 3, "a pipe"),
        (("segment", "{pipe}", "--box", "1,1,5,5"), 3, "a pipe"),
        (("segment", "{brain}", "--box", "1,1,nan,5@1"), 3, "nan"),
        (("segment", "{brain}", "--box", "1,1,5,5@1=\udcff"), 3, "not text"),
        (("segment", "{brain}", "--point", "2,2,1", "--point", "2,2,1:-"), 3, "both target and background"),
        (("segment", "{brain}", "--box", "1,1,5,5@1", "-o", "{brain}"), 2, "an input itself"),
        (("segment", "{brain}", "--box", "1,1,5,5@1", "-o", "{brain}/mask.nii.gz"), 5, "cannot be written"),
        (("benchmark", "{data}", "-o", "{out}", "-p", "boks"), 2, "box"),
        (("benchmark", "{data}", "-o", "{out}", "-m", "litemedsan"), 2, "litemedsam"),
        (("benchmark", "{data}", "-o", "{out}", "--device", "gpu"), 2, "cpu"),
        (("benchmark", "{data}", "-o", "{out}", "--intensity", "bright"), 2, "intensity"),
        (("benchmark", "{data}", "-o", "{out}", "--meta", "{missing}"), 3, "missing.png"),
        (("benchmark", "{data}", "-o", "{brain}"), 5, "brain.nii.gz"),
        (("benchmark", "{missing}", "-o", "{out}"), 3, "missing.png"),
        (("benchmark", "{data}", "-o", "{data}/run"), 3, "inside"),
        (("benchmark", "{data}", "-o", "{out}", "--repeats", "0"), 3, "repeats"),
        (("benchmark", "{data}", "-o", "{out}", "--markdown", "{missing}/table.md"), 3, "--markdown"),
        (("compare", "{missing}"), 3, "results.jsonl"),
        (("compare", "{missing}", "--level", "voxel"), 2, "instance"),
        (("datasets", "samples/nuclear"), 2, "nuclei"),
        (("models", "show", "sam-vit-z"), 2, "sam-vit-b"),
    ],
)
def test_mistakes_get_one_sentence_and_their_exit_code(
    run: Run,
    dataset: Path,
    brain: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    words: str,
) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    places = {
        "brain": brain, "data": dataset, "out": tmp_path / "out", "missing": tmp_path / "missing.png",
        "pipe": tmp_path / "pipe.png",
    }  # fmt: skip
    before = set(tmp_path.rglob("*"))
    filled = [argument.format(**places) for argument in arguments]
    tiny = ["-m", "tiny-litemedsam"] if filled[0] in ("segment", "benchmark") and "-m" not in filled else []
    assert run(*filled, *tiny) == code
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said
    assert set(tmp_path.rglob("*")) == before


def test_a_failed_case_is_said_even_when_quiet(
    run: Run, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (dataset / "masks" / "case1.png").write_bytes(b"")
    assert run("benchmark", dataset, "-m", "tiny-litemedsam", "-o", tmp_path / "run", "-q") == 1
    assert "1 of the cases failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "new\nline",
        "quote'\"",
        "-dash",
        "[bold]",
        "<script>",
        "\U0001f600\u05e8",
        "bad\udcff",
        "x" * 251,
        "a." + "y" * 249,
    ],
)
def test_any_name_of_a_file_works(
    name: str, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.eye(30, dtype=np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / f"{name}.png")
    command = ("segment", "--box=1,1,9,9=" + "q" * 99, "-m", "tiny-litemedsam", "--overlap", "separate", "-q")
    assert run(*command, "--", f"{name}.png") == 0, capsys.readouterr().err
    assert len(list(tmp_path.glob("*_mask*"))) == 3


def test_a_full_disk_leaves_nothing(
    run: Run, brain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    (tmp_path / "out").mkdir()
    out = tmp_path / "out" / "mask.nii.gz"
    assert run("segment", brain, "--box", "4,5,14,15@2", "-m", "tiny-litemedsam", "-o", out) == 5
    assert "No space left" in capsys.readouterr().err
    assert list(out.parent.iterdir()) == []


def test_no_home_no_zone_and_a_plain_locale() -> None:
    done = samaritan("models", env={"LC_ALL": "C", "PYTHONUTF8": "0", "TZ": "Nowhere/Bad"})
    assert done.returncode == 0
    assert done.stderr == ""
    assert "litemedsam" in done.stdout


@pytest.mark.parametrize("verb", ["models", "datasets", "doctor"])
def test_json_is_json(run: Run, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(verb, "--json") == 0
    assert json.loads(capsys.readouterr().out)


def test_interrupted_ends_with_130(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("samaritan.doctor.examine", stop)
    assert run("doctor") == 130
    assert "Traceback" not in capsys.readouterr().err


def test_the_unexpected_gets_a_sentence_and_with_debug_its_traceback(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr("samaritan.doctor.examine", fail)
    assert run("doctor") == 1
    assert "--debug" in capsys.readouterr().err
    monkeypatch.setattr(sys, "argv", ["samaritan", "doctor", "--debug"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


@pytest.mark.parametrize("verb", [[], ["segment"], ["benchmark"], ["compare"], ["models"], ["datasets"], ["doctor"]])
def test_help_imports_no_torch(verb: list[str]) -> None:
    report = "import atexit, sys; atexit.register(lambda: 'torch' in sys.modules and print('TORCH'))"
    code = f"{report}; from samaritan.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *verb, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "TORCH" not in done.stdout


def test_a_closed_pipe_is_silent() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", "from samaritan.cli import main; main()", "models", "--json"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert b"Traceback" not in done.stderr


def test_no_escape_codes_without_a_terminal(tmp_path: Path) -> None:
    done = samaritan("models", env={**os.environ, "TERM": "dumb", "HOME": str(tmp_path)})
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "litemedsam" in done.stdout
