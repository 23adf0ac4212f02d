"""Options that several verbs share, and what they do with an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from samaritan.core.errors import InputError, UsageError
from samaritan.core.profile import Profile, profiling

Output = Annotated[Path, typer.Option("-o", "--output", help="Where results go.")]
Device = Annotated[str, typer.Option("-d", "--device", help="cpu, cuda, cuda:1 or mps.")]
Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Number of CPU threads.")]
RuntimeName = Annotated[
    str, typer.Option("--runtime", help="What runs the encoder: auto, torch, onnxruntime, openvino or compile.")
]
Fast = Annotated[bool, typer.Option("--fast", help="Allow reduced precision where the gate holds the masks.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Quiet = Annotated[bool, typer.Option("-q", "--quiet", help="No progress bar and no table.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace what is there (default: refuse).")]
Profiled = Annotated[bool, typer.Option("--profile", help="Tell where the time went.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show tracebacks.")]
PlaneName = Annotated[str, typer.Option("--plane", help="auto, axial, coronal or sagittal.")]
Intensity = Annotated[
    str | None,
    typer.Option(help="ct:NAME, window:CENTRE/WIDTH, percentile:LOW-HIGH, full or asis; chosen by modality otherwise."),
]
FramingName = Annotated[
    str,
    typer.Option(
        "--framing",
        help="Where the model looks: whole, zoom:F (F times the prompt), along:F, tiles:N, square (whole, with square "
        "pixels), auto; see docs/framing.md.",
    ),
]
Meta = Annotated[
    Path | None, typer.Option(help="YAML that describes data sets without a dataset.yaml, by folder name.")
]


def one_of(value: str, *allowed: str) -> Any:
    """``value`` if it is allowed.

    Raises:
        UsageError: with what is allowed.
    """
    if value not in allowed:
        raise UsageError(f"Received {value!r}; allowed are {', '.join(allowed)}.")
    return value


def numbers(name: str, text: str) -> list[int]:
    """Whole numbers with commas between them; none in an empty text.

    Raises:
        UsageError: something is no whole number.
    """
    try:
        return [int(number) for number in text.split(",") if number.strip()]
    except ValueError:
        raise UsageError(f"--{name} is a list of whole numbers such as 1,2,5; received {text!r}.") from None


def check_markdown(path: Path | None) -> None:
    """Refuse an impossible place before hours of work.

    Raises:
        InputError: its folder does not exist.
    """
    if path is not None and not path.resolve().parent.is_dir():
        raise InputError(f"There is no folder {path.parent} for --markdown; make it, or choose another one.")


@contextmanager
def profile_if(wanted: bool) -> Iterator[Profile | None]:
    """Record where time goes, or do not."""
    if not wanted:
        yield None
        return
    with profiling() as profile:
        yield profile


def emit(value: Any) -> None:
    """Print JSON for programs."""
    typer.echo(json.dumps(value, indent=2, default=str))
