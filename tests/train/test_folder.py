"""The folder of a run."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from samaritan.core import InputError, ResourceError
from samaritan.datasets import Split, make_split, open_datasets
from samaritan.train import TrainConfig
from samaritan.train._folder import TrainFolder

NEW = {"resume": False, "force": False, "overwrite": False}


@pytest.fixture
def split(data: Path) -> Split:
    return make_split(open_datasets((str(data),), None), seed=0)


def config(**changes: Any) -> TrainConfig:
    return TrainConfig(data=("here",), steps=3, **changes)


def begun(out: Path, split: Split) -> TrainFolder:
    folder = TrainFolder(out)
    with folder.held(config(), **NEW):
        folder.begin(config(), split, force=False)
    return folder


def test_nothing_is_left_behind_a_run_that_was_refused(tmp_path: Path, split: Split) -> None:
    folder = TrainFolder(tmp_path / "out")
    with pytest.raises(ZeroDivisionError), folder.held(config(seed=7), **NEW):
        raise ZeroDivisionError
    assert {path.name for path in folder.path.iterdir()} <= {".lock"}
    begun(folder.path, split)  # with other settings, and without --force
    assert TrainConfig.read(folder.config) == config()


def test_what_has_begun_goes_on_with_its_own_settings_alone(tmp_path: Path, split: Split) -> None:
    folder = begun(tmp_path, split)
    with folder.held(config(threads=2, checkpoint_steps=9, features="there"), **NEW):
        pass  # none of these decides what comes out
    with (
        pytest.raises(InputError, match=r"other settings \(rate was 0\.001, is 0\.1\); .*--force .*--overwrite"),
        folder.held(config(rate=0.1), **NEW),
    ):
        pass
    with folder.held(config(rate=0.1), **NEW | {"force": True}):
        folder.begin(config(rate=0.1), split, force=True)
    assert TrainConfig.read(folder.config).rate == 0.1


def test_a_split_that_is_there_stays(tmp_path: Path, split: Split) -> None:
    folder = begun(tmp_path, split)
    before = folder.split.read_bytes()
    folder.begin(config(), Split.read(folder.split), force=True)
    assert folder.split.read_bytes() == before


def test_overwriting_removes_all_of_a_run_and_nothing_else(tmp_path: Path, split: Split) -> None:
    folder = begun(tmp_path / "run", split)
    folder.checkpoints.mkdir()
    (folder.checkpoints / "old").write_text("")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("")
    (folder.path / "link").symlink_to(outside)
    with folder.held(config(seed=1), **NEW | {"overwrite": True}):
        assert not folder.config.is_file()
        assert not folder.checkpoints.exists()
        folder.begin(config(seed=1), split, force=False)
        assert {path.name for path in folder.path.iterdir()} == {".lock", "link", "config.yaml", "split.json"}
    assert TrainConfig.read(folder.config).seed == 1
    assert (outside / "kept").is_file()


def test_an_overwriting_run_that_is_refused_gives_the_earlier_one_back(tmp_path: Path, split: Split) -> None:
    folder = begun(tmp_path, split)
    folder.adapter.write_bytes(b"trained for hours")
    with suppress(ZeroDivisionError), folder.held(config(seed=1), **NEW | {"overwrite": True}):
        (tmp_path / "log.csv").write_text("of the new one")
        raise ZeroDivisionError
    assert {path.name for path in tmp_path.iterdir()} == {"config.yaml", "split.json", "adapter.safetensors"}
    assert folder.adapter.read_bytes() == b"trained for hours"
    assert TrainConfig.read(folder.config) == config()


@pytest.mark.parametrize("moves", range(6))
def test_a_kill_while_runs_are_exchanged_loses_neither(
    tmp_path: Path, split: Split, moves: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = begun(tmp_path, split)
    folder.adapter.write_bytes(b"trained for hours")
    left, move = [moves], Path.replace

    def replace(path: Path, target: Path) -> Path:
        if path.suffix in {".yaml", ".json", ".safetensors"} and not path.name.startswith(".tmp"):
            left[0] -= 1
            if left[0] < 0:
                raise SystemExit  # from here on nothing is moved any more
        return move(path, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(SystemExit), folder.held(config(seed=1), **NEW | {"overwrite": True}):
        raise SystemExit
    monkeypatch.undo()
    with folder.held(config(), **NEW):
        assert folder.adapter.read_bytes() == b"trained for hours"
        assert TrainConfig.read(folder.config) == config()


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_that_are_no_run_are_refused_and_stay(tmp_path: Path, overwrite: bool) -> None:
    (tmp_path / "thesis.tex").write_text("")
    with (
        pytest.raises(InputError, match=r"no training run \(thesis\.tex\)"),
        TrainFolder(tmp_path).held(config(), **NEW | {"overwrite": overwrite}),
    ):
        pass
    assert (tmp_path / "thesis.tex").is_file()


def test_a_folder_that_is_in_use_is_refused(tmp_path: Path) -> None:
    folder = TrainFolder(tmp_path)
    with folder.held(config(), **NEW), pytest.raises(ResourceError), folder.held(config(), **NEW):
        pass


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with (
        pytest.raises(ResourceError, match="Could not make the folder"),
        TrainFolder(tmp_path / "out").held(config(), **NEW),
    ):
        pass


def test_a_result_counts_only_beside_its_adapter(tmp_path: Path) -> None:
    folder = TrainFolder(tmp_path)
    assert folder.read_result() is None
    folder.write_result({"steps": 3, "best_dice": None})
    assert folder.read_result() is None
    folder.adapter.write_bytes(b"")
    assert folder.read_result() == {"steps": 3, "best_dice": None}
