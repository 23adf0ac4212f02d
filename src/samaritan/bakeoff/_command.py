"""The command that a bake-off's settings come from."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from samaritan.bakeoff._config import BakeoffConfig, ScoreConfig
from samaritan.benchmark._markdown import place
from samaritan.core import Config

#: Settings of a training -> the option that they have of their own; the others are given with --train.
OPTIONS = {
    "model": "-m", "weights": "--weights", "prompts": "-p", "minutes": "--budget", "steps": "--steps", "split": "--split",
    "fractions": "--split", "raters": "--raters", "seed": "--split-seed", "meta": "--meta", "plane": "--plane",
    "intensity": "--intensity", "device": "--device", "threads": "--threads",
}  # fmt: skip

#: Names of files; of a foreign one only its name is said.
FILES = ("weights", "split", "meta", "features")

#: Each arm's own, or said elsewhere.
UNSAID = ("data", "method", "settings", "train_cases")


def command(config: BakeoffConfig, folder: Path, markdown: Path) -> str:
    """The command line that makes the page ``markdown`` from a bake-off in ``folder``, without what is as nobody said."""
    words = ["samaritan", "bakeoff", *map(place, config.train.data)]
    words += [word for text in config.methods for word in ("--methods", text)]
    for name, value in _changed(config.train):
        if name not in UNSAID:
            words += _option(name, value)
    words += _scoring(config)
    words += ["--seeds", ",".join(map(str, config.seeds))]
    words += ["--few", ",".join(map(str, config.few))] if config.few else []
    return shlex.join([*words, "-o", place(str(folder)), "--markdown", place(str(markdown))])


def _option(name: str, value: Any) -> list[str]:
    said = place(value) if name in FILES and value is not None else _text(value)
    if name == "prompts":
        return [word for prompt in value for word in ("-p", prompt)]
    return [OPTIONS[name], said] if name in OPTIONS else ["--train", f"{name}={said}"]


def _scoring(config: BakeoffConfig) -> Iterator[str]:
    changed = dict(_changed(config.score))
    trained_with = dict(_changed(config.train)).get("prompts")
    if config.score.prompts != (trained_with or ScoreConfig().prompts):
        for prompt in config.score.prompts:
            yield from ("--test-prompt", prompt)
    for name in ("max_slices", "max_instances"):
        if name in changed:
            yield from (f"--{name.replace('_', '-')}", _text(changed[name]))


def _changed(config: Config) -> Iterator[tuple[str, Any]]:
    """Settings that are not the default."""
    for name, field in type(config).model_fields.items():
        value = getattr(config, name)
        if field.is_required() or value != field.get_default(call_default_factory=True):
            yield name, value


def _text(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ",".join(map(_text, value))
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
