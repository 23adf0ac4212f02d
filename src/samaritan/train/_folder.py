"""The folder of a training run: what it holds, and whether a run may go on in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from samaritan.core import InputError, ResourceError, exclusive, read_text, write_text
from samaritan.datasets import Split
from samaritan.train._config import TrainConfig

#: Settings that may differ when a run goes on: they do not decide what comes out.
FREE = frozenset({"device", "threads", "features", "checkpoint_steps", "weights", "gradient_checkpointing"})


#: What a run writes.
FILES = ("config.yaml", "split.json", "adapter.safetensors", "result.json", "curve.png", "log.csv")
FOLDERS = ("checkpoints", "features", "tensorboard")

#: Where an earlier run waits until the one that shall replace it has begun; what says that all of it is there; where it ends.
ASIDE, WHOLE, TRASH = ".replaced", ".whole", ".trash"

#: What may lie in a folder beside a run.
OURS = frozenset({".lock", ASIDE, TRASH})


@dataclass(frozen=True)
class TrainFolder:
    """Names of the files of a training run.

    Attributes:
        path: the folder.
    """

    path: Path

    @property
    def config(self) -> Path:
        """Resolved settings."""
        return self.path / "config.yaml"

    @property
    def split(self) -> Path:
        """Which cases train, validate and test."""
        return self.path / "split.json"

    @property
    def adapter(self) -> Path:
        """What the run is for."""
        return self.path / "adapter.safetensors"

    @property
    def result(self) -> Path:
        """How the run ended; there only when it has."""
        return self.path / "result.json"

    @property
    def curve(self) -> Path:
        """Picture of the log."""
        return self.path / "curve.png"

    @property
    def checkpoints(self) -> Path:
        """Where to go on from."""
        return self.path / "checkpoints"

    @property
    def features(self) -> Path:
        """Stored features, unless several runs share a folder of them."""
        return self.path / "features"

    @contextmanager
    def held(self, config: TrainConfig, *, resume: bool, force: bool, overwrite: bool) -> Iterator[None]:
        """Hold the folder of a new run, or of an earlier one with the same settings.

        Args:
            config: of the run.
            resume: refuse to start anew.
            force: go on although settings differ.
            overwrite: start anew, whatever the folder holds.

        Raises:
            InputError: it holds a run with other settings, or files that are no run; or there is nothing to resume.
            ResourceError: another process holds it, or it cannot be written.
        """
        if resume and not self.config.is_file():
            raise InputError(f"{self.path} holds no training run to resume; leave out --resume to start one.")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ResourceError(f"Could not make the folder {self.path}: {error.strerror or error}.") from error
        with exclusive(self.path / ".lock"):
            self._settle()
            if overwrite and self.config.is_file():
                self._set_aside()
            else:
                self._check(config, force=force)
            try:
                yield
            finally:
                self._settle()

    def begin(self, config: TrainConfig, split: Split, *, force: bool) -> None:
        """Say what run this is. Before that, nothing is in the folder: what was refused can be tried with other settings.

        Args:
            config: of the run.
            split: of the data.
            force: the settings may be others than before.

        Raises:
            ResourceError: it cannot be written.
        """
        if force or not self.config.is_file():
            config.write(self.config)
        if not self.split.is_file():
            split.write(self.split)
        self._settle()

    def read_result(self) -> dict[str, Any] | None:
        """How the run ended; None while it has not."""
        if not (self.result.is_file() and self.adapter.is_file()):
            return None
        return dict(json.loads(read_text(self.result)))

    def write_result(self, result: dict[str, Any]) -> None:
        """Say how the run ended."""
        write_text(self.result, json.dumps(result, indent=2, default=str))

    def tidy(self) -> None:
        """Remove what only an unfinished run needs."""
        shutil.rmtree(self.features, ignore_errors=True)
        shutil.rmtree(self.checkpoints, ignore_errors=True)

    def _check(self, config: TrainConfig, *, force: bool) -> None:
        if not self.config.is_file():
            strangers = [child.name for child in self.path.iterdir() if child.name not in OURS]
            if strangers:
                raise InputError(
                    f"{self.path} holds files that are no training run ({', '.join(sorted(strangers)[:5])}); choose another "
                    "folder, or pass --overwrite."
                )
            return
        before = TrainConfig.read(self.config).model_dump(mode="json")
        now = config.model_dump(mode="json")
        changed = [name for name in now if name not in FREE and now[name] != before[name]]
        if changed and not force:
            differences = "; ".join(f"{name} was {before[name]}, is {now[name]}" for name in changed)
            raise InputError(
                f"{self.path} holds a training run with other settings ({differences}); use them again, choose another folder, "
                "or pass --force to go on with the new ones or --overwrite to start anew."
            )

    def _set_aside(self) -> None:
        aside = self.path / ASIDE
        aside.mkdir()
        _move(self.path, aside)
        (aside / WHOLE).touch()

    def _settle(self) -> None:
        """The earlier run goes when its successor has begun, and comes back when that was refused or killed before."""
        aside, trash = self.path / ASIDE, self.path / TRASH
        shutil.rmtree(trash, ignore_errors=True)
        if not aside.is_dir():
            return
        whole = (aside / WHOLE).is_file()
        if whole and self.config.is_file():
            aside.rename(trash)
            shutil.rmtree(trash, ignore_errors=True)
            return
        if whole:  # what lies here is of the successor
            _clear(self.path)
            (aside / WHOLE).unlink()
        _move(aside, self.path)
        aside.rmdir()


def _move(source: Path, target: Path) -> None:
    for name in (*FILES, *FOLDERS):
        if (source / name).exists():
            (source / name).replace(target / name)


def _clear(path: Path) -> None:
    """Remove what runs write, and nothing else."""
    for name in FILES:
        (path / name).unlink(missing_ok=True)
    for name in FOLDERS:
        shutil.rmtree(path / name, ignore_errors=True)
