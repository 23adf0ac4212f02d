"""What ``samaritan embed`` prints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from samaritan.show._terminal import console, errors

if TYPE_CHECKING:
    from samaritan.core.store import ArrayStore
    from samaritan.predict.embed import Embedded


@contextmanager
def images_bar(images: int, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A bar over images on terminals; yields ``update(image, slices done, slices of the image)``."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=quiet or not errors.is_terminal) as progress:
        task = progress.add_task("images", total=images)
        ended: dict[str, None] = {}

        def update(image: str, done: int, total: int) -> None:
            if done == total:
                ended[image] = None
            progress.update(task, description=f"{image} {done}/{total}", completed=len(ended))

        yield update


def show_embedded(done: Embedded, store: ArrayStore, *, quiet: bool) -> None:
    """What was encoded, what failed, and how much the cache holds now."""
    for image, why in done.failed.items():
        errors.print(f"[red]failed[/] {escape(image)}: {escape(why)}", soft_wrap=True)
    if quiet:
        return
    size = store.size()
    console.print(
        f"{done.encoded} slices encoded, {done.known} were there already; {escape(str(store.folder))} holds "
        f"{size.entries} entries, {size.bytes / 1e9:.2f} GB.",
        soft_wrap=True,
    )
