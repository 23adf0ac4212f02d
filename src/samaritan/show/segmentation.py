"""What ``samaritan segment`` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from samaritan.show._terminal import console, errors, table_of

if TYPE_CHECKING:
    from samaritan.predict import Segmentation
    from samaritan.predict.segment import Segmented


@contextmanager
def slices_bar(quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar over slices on terminals; yields ``update(done, total)``."""
    columns = (TextColumn("slices"), BarColumn(), MofNCompleteColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=quiet or not errors.is_terminal) as progress:
        task = progress.add_task("slices", total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def show_segmentation(done: Segmented) -> None:
    """What was segmented, how large and how sure; then the files."""
    from samaritan.predict.preview import describe_size  # noqa: PLC0415 - imports torch

    table = table_of("target", "slices", "size", "model's own IoU estimate")
    for target in done.record["targets"]:
        size = describe_size(done.segmentation, target["voxels"])
        quality = "-" if target["quality"] is None else f"{target['quality']:.2f}"
        table.add_row(escape(target["name"]), str(len(target["slices"])), size, quality)
    console.print(table)
    console.print(f"[dim]{escape(_effort(done.segmentation))}[/]")
    for warning in done.record["warnings"]:
        console.print(f"[yellow]note[/] {escape(warning)}", soft_wrap=True)
    for path in done.outputs.all():
        console.print(escape(str(path)), soft_wrap=True)


def _effort(segmentation: Segmentation) -> str:
    """How often the encoder ran, and what it was shown."""
    calls = segmentation.encode_calls
    cached = f", {segmentation.read_calls} from the cache" if segmentation.read_calls else ""
    return f"{calls} encoder call{'' if calls == 1 else 's'}{cached}; framing {segmentation.framing}"
